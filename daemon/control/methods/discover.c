/* rpc.discover: the table as an OpenRPC document (spec.open-rpc.org). */
#include "control/methods.h"

static json_t *words_schema(const struct names *words)
{
    json_t *list = json_array();

    for (int i = 0; i < words->count; i++) {
        if (words->words[i].text && *words->words[i].text) {
            json_array_append_new(list, json_string(words->words[i].text));
        }
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

#define FILE_SCHEMA                                                                                \
    "{\"type\": \"object\", \"properties\": {\"fd\": {\"type\": \"integer\", \"minimum\": 0}}, "   \
    "\"required\": [\"fd\"], \"additionalProperties\": false}"

/* JSON Schema of each type of parameter; NULL: by its words. */
static const char *const schemas[] = {
    [PARAM_STRING] = "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 2000}",
    [PARAM_DIVISION] = "{\"type\": \"string\", \"pattern\": \"^[1-9][0-9]{1,11}$\"}",
    [PARAM_DATE] = "{\"type\": \"string\", \"format\": \"date\"}",
    [PARAM_INTEGER] = "{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 9007199254740992}",
    [PARAM_COUNT] = "{\"type\": \"integer\", \"minimum\": 0, \"maximum\": 9007199254740992}",
    [PARAM_BOOLEAN] = "{\"type\": \"boolean\"}",
    [PARAM_FILE] = FILE_SCHEMA,
    [PARAM_FILE_BACK] = FILE_SCHEMA,
    [PARAM_FILE_OUT] = FILE_SCHEMA,
    [PARAM_TEXTS] = "{\"type\": \"array\", \"minItems\": 1, \"maxItems\": 1000, \"items\": "
                    "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 2000}}",
    [PARAM_WORD] = NULL,
};

static json_t *schema_of(const struct param *p)
{
    return schemas[p->type] ? methods_tree(str_of(schemas[p->type])) : words_schema(p->words);
}

static json_t *params_json(const struct method *m)
{
    json_t *list = json_array();

    for (const struct param *p = m->params; p && p->name; p++) {
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o}", "name", p->name,
                                              "description", p->help, "required", (int)p->required,
                                              "schema", schema_of(p)));
    }
    return list;
}

static json_t *method_json(const struct method *m)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:{s:s, s:s, s:{s:s}}, s:s, s:s}", "name", m->name,
                     "summary", m->summary, "paramStructure", "by-name", "params", params_json(m),
                     "result", "name", "result", "description", m->result_help, "schema", "type",
                     "object", "x-role", names_text(&roles, (int)m->least), "x-bound",
                     names_text(&bounds, (int)m->bound));
}

static bool discover_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    json_t *list = json_array();

    (void)c;
    (void)w;
    (void)err;
    for (const struct method *const *family = methods; *family; family++) {
        for (const struct method *m = *family; m->name; m++) {
            json_array_append_new(list, method_json(m));
        }
    }
    *result = json_pack("{s:s, s:{s:s, s:s}, s:o}", "openrpc", "1.3.2", "info", "title", "reviewd",
                        "version", REVIEWD_VERSION, "methods", list);
    return true;
}

const struct method methods_discover[] = {
    {.name = "rpc.discover",
     .least = ROLE_VIEWER,
     .bound = BOUND_NOWHERE,
     .how = METHOD_QUERY,
     .summary = "This description, for programs",
     .run = discover_run,
     .result_help =
         "An OpenRPC document, made from the table that the service itself checks calls "
         "by. `x-role` is the least role that may call, `x-bound` how an account that is "
         "bound to divisions is held to them. doc/openrpc.json is this document."},
    {.name = NULL},
};
