#include "control/method.h"

#include "control/methods.h"
#include "rules/household.h"
#include "store/division.h"

#define INTEGER_MAX ((json_int_t)1 << 53) /* what every JSON reader keeps exactly (RFC 8785) */

/* ---- the table ---- */

static const struct word bound_text[] = {{"unsaid", NULL},    {"nowhere", NULL}, {"whole", NULL},
                                         {"household", NULL}, {"task", NULL},    {"division", NULL},
                                         {"items", NULL}};
const struct names bounds = NAMES_TABLE("bound", bound_text);

const struct method *const methods[] = {
    methods_status,     methods_import,
    methods_return,     methods_household,
    methods_find,       methods_doubt,
    methods_task,       methods_explain,
    methods_queue,      methods_standards,
    methods_run,        methods_admin,
    methods_audit,      methods_change,
    methods_protection, methods_register,
    methods_metrics,    methods_person,
    methods_backup,     methods_division,
    methods_discover,   NULL,
};

const struct method *method_find(struct str name)
{
    for (const struct method *const *family = methods; *family; family++) {
        for (const struct method *m = *family; m->name; m++) {
            if (str_is(name, m->name)) {
                return m;
            }
        }
    }
    return NULL;
}

/* ---- parameters ---- */

static struct str text_of(const json_t *value)
{
    if (!json_is_string(value)) {
        return STR_NONE;
    }
    return (struct str){json_string_value(value), json_string_length(value)};
}

static bool is_text(const json_t *value)
{
    struct str text = text_of(value);
    int characters = 0;

    for (size_t i = 0; i < text.len; i++) {
        characters += ((unsigned char)text.data[i] & 0xC0) != 0x80; /* the first byte of one */
    }
    return characters > 0 && characters <= METHOD_TEXT_MAX;
}

static const char *const must_be[] = {
    [PARAM_STRING] = "a text of 1 to 2000 characters",
    [PARAM_DIVISION] = "a text of 2 to 12 digits",
    [PARAM_DATE] = "a day such as \"2026-11-24\"",
    [PARAM_INTEGER] = "an integer from 1 to 2^53",
    [PARAM_COUNT] = "an integer from 0 to 2^53",
    [PARAM_BOOLEAN] = "true or false",
    [PARAM_FILE] = "{\"fd\": n}",
    [PARAM_FILE_BACK] = "{\"fd\": n}",
    [PARAM_FILE_OUT] = "{\"fd\": n}",
    [PARAM_TEXTS] = "a list of 1 to 1000 texts of 1 to 2000 characters",
    [PARAM_WORD] = "one of: ",
};

bool param_is_file(const struct param *p)
{
    return p->type == PARAM_FILE || p->type == PARAM_FILE_BACK || p->type == PARAM_FILE_OUT;
}

/* Whether a value is one of the parameter. */
static bool is_one(const struct param *p, const json_t *value)
{
    json_int_t number = json_integer_value(value);
    size_t count = json_array_size(value), good = 0;
    json_t *fd;

    switch (p->type) {
    case PARAM_STRING:
        return is_text(value);
    case PARAM_DIVISION:
        return division_code(text_of(value)) != 0;
    case PARAM_DATE:
        return date_is(date_parse(text_of(value)));
    case PARAM_INTEGER:
    case PARAM_COUNT:
        return json_is_integer(value) && number >= (p->type == PARAM_INTEGER) &&
               number <= INTEGER_MAX;
    case PARAM_BOOLEAN:
        return json_is_boolean(value);
    case PARAM_FILE:
    case PARAM_FILE_BACK:
    case PARAM_FILE_OUT:
        fd = json_object_get(value, "fd");
        return json_object_size(value) == 1 && json_is_integer(fd) && json_integer_value(fd) >= 0;
    case PARAM_TEXTS:
        while (good < count && is_text(json_array_get(value, good))) {
            good++;
        }
        return count > 0 && count <= METHOD_TEXTS && good == count;
    case PARAM_WORD:
        return json_is_string(value) && names_find(p->words, text_of(value)) >= 0;
    }
    return false;
}

void method_type_text(const struct param *p, struct strbuf *out)
{
    strbuf_addz(out, must_be[p->type]);
    if (p->type == PARAM_WORD) {
        names_list(p->words, out);
    }
}

static const struct param *param_find(const struct method *m, const char *name)
{
    for (const struct param *p = m->params; p && p->name; p++) {
        if (strcmp(p->name, name) == 0) {
            return p;
        }
    }
    return NULL;
}

bool method_check(const struct method *m, json_t *params, struct error *err)
{
    struct strbuf text = STRBUF_INIT;
    const char *name;
    json_t *value;
    bool ok = true;

    if (params && !json_is_object(params)) {
        return error_say(err, SAY_PARAMS_OBJECT, arg_z(m->name));
    }
    json_object_foreach(params, name, value)
    {
        const struct param *p = param_find(m, name);

        if (!p) {
            for (p = m->params; p && p->name; p++) {
                strbuf_addf(&text, "%s%s", text.len > 0 ? ", " : "", p->name);
            }
            ok = error_set(err, REASON_BAD_ARGUMENT, "%s has no parameter \"%.64s\"; it takes %s",
                           m->name, name, text.len > 0 ? strbuf_text(&text) : "none");
        } else if (!json_is_null(value) && !is_one(p, value)) {
            /* null is what absent looks like in our own answers: a caller may hand it back. */
            method_type_text(p, &text);
            ok = error_set(err, REASON_BAD_ARGUMENT, "%s must be %s", p->name, strbuf_text(&text));
        }
        if (!ok) {
            strbuf_free(&text);
            return false;
        }
    }
    for (const struct param *p = m->params; p && p->name; p++) {
        value = json_object_get(params, p->name);
        if (p->required && (!value || json_is_null(value))) {
            return error_say(err, SAY_PARAM_MISSING, arg_z(m->name), arg_z(p->name),
                             arg_z(p->help));
        }
    }
    return true;
}

/* ---- what a call was given ---- */

static json_t *given(const struct call *c, const char *name)
{
    json_t *value = json_object_get(c->params, name);

    return json_is_null(value) ? NULL : value;
}

struct str call_str(const struct call *c, const char *name)
{
    return text_of(given(c, name));
}

int64_t call_division(const struct call *c, const char *name)
{
    return division_code(call_str(c, name));
}

struct date call_date(const struct call *c, const char *name)
{
    return date_parse(call_str(c, name));
}

int64_t call_int(const struct call *c, const char *name)
{
    json_t *value = given(c, name);

    return json_is_integer(value) ? json_integer_value(value) : -1;
}

bool call_bool(const struct call *c, const char *name)
{
    return json_is_true(given(c, name));
}

int call_texts(struct call *c, const char *name, struct str **texts)
{
    json_t *list = given(c, name), *value;
    size_t i;

    *texts = arena_alloc(&c->arena, (json_array_size(list) + 1) * sizeof **texts);
    json_array_foreach(list, i, value)
    {
        (*texts)[i] = text_of(value);
    }
    return (int)json_array_size(list);
}

int call_word(const struct call *c, const char *name)
{
    const struct param *p = param_find(c->method, name);
    json_t *value = given(c, name);

    return p && p->words && value ? names_find(p->words, text_of(value)) : -1;
}

int call_fd(struct call *c, const char *name)
{
    json_t *index = json_object_get(given(c, name), "fd");
    json_int_t i = json_is_integer(index) ? json_integer_value(index) : -1;
    int fd;

    if (i < 0 || i >= c->fd_count) {
        return -1;
    }
    fd = c->fds[i];
    c->fds[i] = -1;
    return fd;
}

int call_limit(const struct call *c)
{
    int64_t limit = call_int(c, "limit");

    return limit < 1 || limit > c->page ? c->page : (int)limit;
}

struct actor call_actor(const struct call *c)
{
    return (struct actor){c->peer->uid, c->peer->who};
}

/* ---- JSON of the common types ---- */

json_t *json_day(struct date d)
{
    char text[DATE_TEXT];

    return date_is(d) ? json_string(date_text(d, text)) : json_null();
}

json_t *json_str(struct str s)
{
    json_t *value = s.data ? json_stringn(s.data, s.len) : json_null();

    /* jansson refuses what is no UTF-8. Nothing such gets into the store; should it, one cell is
     * lost and not the answer. */
    return value ? value : json_string("\xEF\xBF\xBD");
}

json_t *json_division(int64_t code)
{
    char text[DIVISION_TEXT];

    return code ? json_string(division_text(code, text)) : json_null();
}

json_t *json_money(int64_t fen)
{
    struct strbuf text = STRBUF_INIT;
    json_t *value;

    if (fen == FEN_UNKNOWN) {
        return json_null();
    }
    strbuf_addfen(&text, fen);
    value = json_str(strbuf_str(&text));
    strbuf_free(&text);
    return value;
}
