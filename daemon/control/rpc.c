#include "control/rpc.h"

static json_t *response(json_t *id)
{
    json_t *r = json_object();
    json_object_set_new(r, "jsonrpc", json_string("2.0"));
    json_object_set_new(r, "id", id ? json_incref(id) : json_null());
    return r;
}

json_t *rpc_result(json_t *id, json_t *result)
{
    json_t *r = response(id);
    json_object_set_new(r, "result", result ? result : json_null());
    return r;
}

static json_t *fault(json_t *id, int code, const char *message, json_t *data)
{
    json_t *r = response(id), *e = json_object();
    json_object_set_new(e, "code", json_integer(code));
    json_object_set_new(e, "message", json_string(message));
    if (data) {
        json_object_set_new(e, "data", data);
    }
    json_object_set_new(r, "error", e);
    return r;
}

json_t *rpc_fault(json_t *id, enum rpc_code code, const char *message)
{
    enum reason reason = code == RPC_METHOD_NOT_FOUND ? REASON_NOT_FOUND : REASON_BAD_ARGUMENT;
    json_t *data = json_object();
    json_object_set_new(data, "reason", json_string(reason_name(reason)));
    return fault(id, code, message, data);
}

json_t *rpc_refusal(json_t *id, enum rpc_code code, const struct error *err, json_t *data)
{
    enum reason reason = err->reason == REASON_NONE ? REASON_INTERNAL : err->reason;
    json_t *all = json_object();
    json_object_set_new(all, "reason", json_string(reason_name(reason)));
    if (err->clause) {
        json_object_set_new(all, "clause", json_string(err->clause));
    }
    if (data) {
        json_object_update_missing(all, data);
        json_decref(data);
    }
    /* A message can quote what came from outside; a text that is no UTF-8 makes json_string() NULL.
     */
    json_t *message = json_string(err->message ? err->message : reason_name(reason));
    json_t *r = fault(id, code ? (int)code : RPC_REFUSED, "", all);
    json_object_set_new(json_object_get(r, "error"), "message",
                        message ? message : json_string(reason_name(reason)));
    return r;
}

json_t *rpc_progress(json_t *id, const char *phase, int64_t done, int64_t total)
{
    json_t *params = json_object(), *n = json_object();
    json_object_set_new(params, "id", id ? json_incref(id) : json_null());
    json_object_set_new(params, "phase", json_string(phase));
    json_object_set_new(params, "done", json_integer(done));
    json_object_set_new(params, "total", total < 0 ? json_null() : json_integer(total));
    json_object_set_new(n, "jsonrpc", json_string("2.0"));
    json_object_set_new(n, "method", json_string("progress"));
    json_object_set_new(n, "params", params);
    return n;
}

/* About as many as there are commas, colons and brackets outside of texts. */
static bool too_many_values(struct str text)
{
    int count = 0;
    bool in_text = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (in_text && c == '\\') {
            i++;
        } else if (c == '"') {
            in_text = !in_text;
        } else if (!in_text) {
            count += c == ',' || c == ':' || c == '[' || c == '{';
        }
    }
    return count > RPC_VALUES_MAX;
}

bool rpc_line_parse(struct rpc_line *line, struct str text, json_t **answer)
{
    json_error_t why;
    *line = (struct rpc_line){0};
    if (too_many_values(text)) {
        *answer = rpc_fault(NULL, RPC_PARSE_ERROR, "a line holds at most 32768 values");
        return false;
    }
    json_t *root = json_loadb(text.data ? text.data : "", text.len,
                              JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
    *answer = NULL;
    if (!root) {
        struct strbuf message = STRBUF_INIT;
        strbuf_addf(&message, "parse error at byte %d: %s", why.position, why.text);
        /* The text may quote a piece of a broken character. */
        json_t *check = json_string(strbuf_text(&message));
        *answer = rpc_fault(NULL, RPC_PARSE_ERROR, check ? strbuf_text(&message) : "parse error");
        json_decref(check);
        strbuf_free(&message);
        return false;
    }
    bool batch = json_is_array(root);
    size_t count = batch ? json_array_size(root) : 1;
    if (count == 0 || count > RPC_BATCH_MAX) {
        *answer = rpc_fault(NULL, RPC_INVALID_REQUEST,
                            count ? "a batch holds at most 100 calls" : "the batch is empty");
        json_decref(root);
        return false;
    }
    *line = (struct rpc_line){root, batch, count};
    return true;
}

void rpc_line_free(struct rpc_line *line)
{
    json_decref(line->root);
    *line = (struct rpc_line){0};
}

/* Why it is no request; NULL where it is one. */
static const char *invalid(json_t *root)
{
    if (!json_is_object(root)) {
        return "a request is an object";
    }
    const char *version = json_string_value(json_object_get(root, "jsonrpc"));
    json_t *id = json_object_get(root, "id"), *params = json_object_get(root, "params");
    if (!version || strcmp(version, "2.0") != 0) {
        return "jsonrpc must be \"2.0\"";
    }
    if (!json_is_string(json_object_get(root, "method"))) {
        return "method must be a string";
    }
    if (id && !json_is_string(id) && !json_is_number(id) && !json_is_null(id)) {
        return "id must be a string, a number or null";
    }
    return params && !json_is_object(params) && !json_is_array(params)
               ? "params must be an object or an array"
               : NULL;
}

bool rpc_call_at(const struct rpc_line *line, size_t index, struct rpc_call *call, json_t **answer)
{
    json_t *root = line->batch ? json_array_get(line->root, index) : line->root;
    const char *why = invalid(root);
    json_t *id = json_object_get(root, "id"), *method = json_object_get(root, "method");
    *call = (struct rpc_call){0};
    *answer = NULL;
    if (why) {
        bool usable = json_is_string(id) || json_is_number(id);
        *answer = rpc_fault(usable ? id : NULL, RPC_INVALID_REQUEST, why);
        return false;
    }
    *call = (struct rpc_call){id,
                              {json_string_value(method), json_string_length(method)},
                              json_object_get(root, "params")};
    return true;
}
