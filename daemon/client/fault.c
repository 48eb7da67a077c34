#include "client/fault.h"

#include <errno.h>

#include "client/cell.h"

static void put_line(const char *label, json_t *value, enum term_tone tone)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_addz(&text, label);
    cell_plain(value, &text);
    term_put(stderr, tone, strbuf_str(&text));
    fputc('\n', stderr);
    strbuf_free(&text);
}

/* A message of several lines has a fault on each but the first. */
static void put_message(json_t *message)
{
    const char *line = json_string_value(message), *end = line + json_string_length(message);

    while (line && line <= end) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        const char *to = feed ? feed : end;
        json_t *one = json_stringn(line, (size_t)(to - line));

        put_line("", one, TONE_PLAIN);
        json_decref(one);
        line = to + 1;
    }
}

void fault_own(const struct error *err)
{
    fprintf(stderr, "%s: ", program_invocation_short_name);
    term_put(stderr, TONE_PLAIN, str_of(err->message));
    fputc('\n', stderr);
}

/* "FILE: line N: column: reason: message". */
static void row(json_t *fault, const char *file)
{
    struct strbuf text = STRBUF_INIT;
    json_t *column = json_object_get(fault, "column");

    if (file) {
        strbuf_addf(&text, "%s: ", file);
    }
    strbuf_addz(&text, "line ");
    cell_plain(json_object_get(fault, "line"), &text);
    strbuf_addz(&text, ": ");
    if (json_string_length(column) > 0) {
        cell_plain(column, &text);
        strbuf_addz(&text, ": ");
    }
    cell_plain(json_object_get(fault, "reason"), &text);
    strbuf_addz(&text, ": ");
    cell_plain(json_object_get(fault, "message"), &text);
    term_put(stderr, TONE_PLAIN, strbuf_str(&text));
    fputc('\n', stderr);
    strbuf_free(&text);
}

void fault_rows(json_t *data, const char *file)
{
    json_int_t more = json_integer_value(json_object_get(data, "more"));
    json_t *fault;
    size_t i;

    json_array_foreach(json_object_get(data, "faults"), i, fault)
    {
        row(fault, file);
    }
    if (more > 0) {
        fprintf(stderr, "and %lld more\n", (long long)more);
    }
}

void fault_answer(json_t *error, const char *file)
{
    json_t *data = json_object_get(error, "data");
    json_t *clause = json_object_get(data, "clause"), *reason = json_object_get(data, "reason");

    fault_rows(data, file);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    put_message(json_object_get(error, "message"));
    if (json_is_string(reason)) {
        put_line("reason: ", reason, TONE_FAINT);
    }
    if (json_is_string(clause)) {
        put_line("clause: ", clause, TONE_STRONG);
    }
}
