#include "client/show.h"

#include <stdlib.h>

#include "base/text.h"

void show_object(json_t *result, const struct view_field *fields)
{
    if (json_is_object(result)) {
        view_object(result, fields);
    } else {
        show_done(result, fields);
    }
}

void show_members(json_t *result, const struct view_field *columns)
{
    static const struct view_field head[] = {{"household", "household", 0},
                                             {"head_name", "head", 0},
                                             {"head_id", "  identity number", 0},
                                             {"members", NULL, VIEW_HIDDEN},
                                             {NULL, NULL, 0}};
    json_t *members = json_object_get(result, "members");

    view_object(result, head);
    putchar('\n');
    if (json_array_size(members) > 0) {
        view_list(members, columns);
    } else {
        puts("no members are on record");
    }
}

void show_import(json_t *result, const struct view_field *fields)
{
    static const struct view_field headings[] = {
        {"heading", "HEADING", 0}, {"becomes", "BECOMES", 0}, {NULL, NULL, 0}};
    static const struct view_field words[] = {
        {"heading", "HEADING", 0}, {"word", "WORD", 0},           {"column", "COLUMN", 0},
        {"becomes", "BECOMES", 0}, {"rows", "ROWS", VIEW_NUMBER}, {NULL, NULL, 0}};
    view_object(result, fields);
    if (!json_is_true(json_object_get(result, "dry_run"))) {
        return;
    }
    if (json_array_size(json_object_get(result, "headings")) > 0) {
        putchar('\n');
        view_list(json_object_get(result, "headings"), headings);
    }
    if (json_array_size(json_object_get(result, "words")) > 0) {
        putchar('\n');
        view_list(json_object_get(result, "words"), words);
    }
    puts("nothing was taken: this was a dry run");
}

void show_text(json_t *result, const struct view_field *fields)
{
    const char *text = json_string_value(json_object_get(result, "text"));
    (void)fields;
    fputs(text ? text : "", stdout);
}

void show_done(json_t *result, const struct view_field *fields)
{
    if (json_is_object(result) && json_object_size(result) > 0) {
        view_object(result, fields);
    } else {
        puts("done");
    }
}

/* ---- status ---- */

/* "2017 to 2026 published, 2027 provisional": runs of years of one state. */
static json_t *calendar_spans(json_t *calendars)
{
    struct strbuf text = STRBUF_INIT;
    size_t count = json_array_size(calendars);
    json_t *spans;

    for (size_t i = 0, last; i < count; i = last + 1) {
        json_t *first = json_array_get(calendars, i);
        json_t *state = json_object_get(first, "state");
        json_int_t year = json_integer_value(json_object_get(first, "year"));

        for (last = i; last + 1 < count; last++) {
            json_t *next = json_array_get(calendars, last + 1);
            json_int_t expected = year + (json_int_t)(last + 1 - i);

            if (!json_equal(json_object_get(next, "state"), state) ||
                json_integer_value(json_object_get(next, "year")) != expected) {
                break;
            }
        }
        strbuf_addf(&text, "%s%lld", i > 0 ? ", " : "", (long long)year);
        if (last > i) {
            strbuf_addf(&text, " to %lld", (long long)year + (long long)(last - i));
        }
        strbuf_addc(&text, ' ');
        cell_plain(state, &text);
    }
    spans = json_stringn(strbuf_text(&text), text.len);
    strbuf_free(&text);
    return spans;
}

/* Warnings are strings, or objects with a message. */
static void warnings(json_t *list)
{
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        struct strbuf text = STRBUF_INIT;
        json_t *message = json_object_get(item, "message");

        strbuf_addz(&text, "warning: ");
        cell_plain(message ? message : item, &text);
        term_wrap(strbuf_str(&text), 0, 9, TONE_WARN);
        putchar('\n');
        strbuf_free(&text);
    }
}

/* What `--check` asked for has nothing else. */
static bool is_check(json_t *result)
{
    return !json_object_get(result, "version");
}

static void show_alarms(json_t *alarms)
{
    size_t i;
    json_t *alarm;

    if (json_array_size(alarms) == 0) {
        puts("all is well");
    }
    json_array_foreach(alarms, i, alarm)
    {
        struct strbuf text = STRBUF_INIT;
        cell_plain(alarm, &text);
        puts(strbuf_text(&text));
        strbuf_free(&text);
    }
}

bool show_status_good(json_t *result)
{
    return !is_check(result) || json_array_size(json_object_get(result, "alarms")) == 0;
}

static void show_help(const char *help)
{
    term_put(stdout, TONE_FAINT, STR("# "));
    term_put(stdout, TONE_FAINT, str_of(help));
    putchar('\n');
}

/* Bytes and counts whole, whatever their size: up to 2^53 each integer is one. */
static void show_value(double value)
{
    bool whole = value > -0x1p53 && value < 0x1p53 && value == (double)(long long)value;

    printf(whole ? "%.0f\n" : "%.10g\n", value);
}

/* One sample a line, as `name{label="value"}  value`, and what it is once a family. */
void show_metrics(json_t *result, const struct view_field *fields)
{
    size_t i, k;
    json_t *family, *sample, *label;
    const char *key;

    (void)fields;
    json_array_foreach(json_object_get(result, "metrics"), i, family)
    {
        if (json_array_size(json_object_get(family, "samples")) > 0) {
            show_help(json_string_value(json_object_get(family, "help")));
        }
        json_array_foreach(json_object_get(family, "samples"), k, sample)
        {
            struct strbuf name = STRBUF_INIT;
            const char *open = "{";
            strbuf_addz(&name, json_string_value(json_object_get(sample, "name")));
            json_object_foreach(json_object_get(sample, "labels"), key, label)
            {
                strbuf_addf(&name, "%s%s=\"%s\"", open, key, json_string_value(label));
                open = ",";
            }
            strbuf_addz(&name, *open == ',' ? "}" : "");
            printf("%-56s ", strbuf_text(&name));
            show_value(json_number_value(json_object_get(sample, "value")));
            strbuf_free(&name);
        }
    }
}

void show_status(json_t *result, const struct view_field *fields)
{
    if (is_check(result)) {
        show_alarms(json_object_get(result, "alarms"));
        return;
    }
    json_t *copy = json_copy(result);
    json_t *calendars = json_object_get(result, "calendars");

    if (json_array_size(calendars) > 0) {
        json_object_set_new(copy, "calendars", calendar_spans(calendars));
    }
    view_object(copy, fields);
    warnings(json_object_get(result, "warnings"));
    json_decref(copy);
}

/* ---- explain ---- */

/* Columns of a step; `text` goes on below itself where the terminal ends. */
struct columns {
    size_t result, rule, value;
};

static const struct {
    const char *result;
    enum term_tone tone;
} marks[] = {
    {"passed", TONE_GOOD},
    {"failed", TONE_BAD},
    {"not-reached", TONE_FAINT},
    {"computed", TONE_STRONG},
};

static enum term_tone mark_tone(const char *result)
{
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (result && strcmp(result, marks[i].result) == 0) {
            return marks[i].tone;
        }
    }
    return TONE_PLAIN;
}

static size_t wider(size_t width, json_t *value)
{
    struct strbuf text = STRBUF_INIT;
    size_t own;

    cell_plain(value, &text);
    own = text_width(strbuf_str(&text));
    strbuf_free(&text);
    return own > width ? own : width;
}

/* The value in a column of `width`, with two blanks behind. */
static size_t put_column(json_t *value, size_t width, enum term_tone tone)
{
    struct strbuf text = STRBUF_INIT;
    size_t own;

    if (value && !json_is_null(value)) {
        cell_plain(value, &text);
    }
    own = text_width(strbuf_str(&text));
    term_put(stdout, tone, strbuf_str(&text));
    strbuf_free(&text);
    printf("%*s", (int)(width > own ? width - own : 0) + 2, "");
    return width + 2;
}

static bool is_there(json_t *value)
{
    return value && !json_is_null(value) && !(json_is_string(value) && !json_string_length(value));
}

/* "name = value (2026-01-31, import)" */
static void fact_line(json_t *fact, size_t indent)
{
    struct strbuf text = STRBUF_INIT;
    json_t *on = json_object_get(fact, "on"), *source = json_object_get(fact, "source");

    cell_plain(json_object_get(fact, "name"), &text);
    strbuf_addz(&text, " = ");
    cell_plain(json_object_get(fact, "value"), &text);
    if (is_there(on) || is_there(source)) {
        strbuf_addz(&text, " (");
        if (is_there(on)) {
            cell_plain(on, &text);
        }
        strbuf_addz(&text, is_there(on) && is_there(source) ? ", " : "");
        if (is_there(source)) {
            cell_plain(source, &text);
        }
        strbuf_addc(&text, ')');
    }
    printf("%*s", (int)indent, "");
    term_wrap(strbuf_str(&text), indent, indent + 2, TONE_FAINT);
    putchar('\n');
    strbuf_free(&text);
}

static void step_lines(json_t *step, const struct columns *columns)
{
    struct strbuf text = STRBUF_INIT;
    json_t *clause = json_object_get(step, "clause"), *fact;
    const char *result = json_string_value(json_object_get(step, "result"));
    size_t at = 2, i;

    fputs("  ", stdout);
    at += put_column(json_object_get(step, "result"), columns->result, mark_tone(result));
    at += put_column(json_object_get(step, "rule"), columns->rule, TONE_PLAIN);
    if (columns->value > 0) {
        at += put_column(json_object_get(step, "value"), columns->value, TONE_STRONG);
    }
    cell_plain(json_object_get(step, "text"), &text);
    if (is_there(clause)) {
        strbuf_addz(&text, " [");
        cell_plain(clause, &text);
        strbuf_addc(&text, ']');
    }
    /* On a narrow terminal the text gets lines of its own. */
    if (term_width() > 0 && at + 30 > term_width()) {
        at = 6;
        fputs("\n      ", stdout);
    }
    term_wrap(strbuf_str(&text), at, at, TONE_PLAIN);
    putchar('\n');
    strbuf_free(&text);
    json_array_foreach(json_object_get(step, "facts"), i, fact)
    {
        fact_line(fact, at + 2);
    }
}

/* `policy` is a name, or an object with one. */
static void check_line(json_t *result)
{
    struct strbuf text = STRBUF_INIT;
    json_t *policy = json_object_get(result, "policy");

    cell_plain(json_object_get(result, "subject"), &text);
    strbuf_addz(&text, " on ");
    cell_plain(json_object_get(result, "on"), &text);
    strbuf_addz(&text, ", policy ");
    cell_plain(json_is_object(policy) ? json_object_get(policy, "name") : policy, &text);
    term_put(stdout, TONE_STRONG, strbuf_str(&text));
    putchar('\n');
    strbuf_free(&text);
}

void show_explain(json_t *result, const struct view_field *fields)
{
    struct columns columns = {0};
    json_t *steps = json_object_get(result, "steps"), *step;
    size_t i;

    (void)fields;
    check_line(result);
    json_array_foreach(steps, i, step)
    {
        json_t *value = json_object_get(step, "value");

        columns.result = wider(columns.result, json_object_get(step, "result"));
        columns.rule = wider(columns.rule, json_object_get(step, "rule"));
        columns.value = is_there(value) ? wider(columns.value, value) : columns.value;
    }
    json_array_foreach(steps, i, step)
    {
        step_lines(step, &columns);
    }
}

/* ---- queue ---- */

void show_taken(json_t *result, const struct view_field *fields)
{
    json_t *items = json_object_get(result, "items");
    json_t *until = json_object_get(result, "lease_until");
    bool any = json_array_size(items) > 0;

    if (any) {
        view_list(items, fields);
    } else {
        fputs(is_there(until) ? "none: leased" : "none\n", stdout);
    }
    if (!is_there(until)) {
        return;
    }
    fputs(any ? "leased until " : " to another until ", stdout);
    term_put(stdout, TONE_STRONG, str_of(json_string_value(until)));
    putchar('\n');
}

void show_message(json_t *message, const struct view_field *fields)
{
    static const struct {
        const char *key;
        size_t width;
    } columns[] = {{"id", 8}, {"created_on", 10}, {"kind", 15}};
    struct strbuf body = STRBUF_INIT;

    (void)fields;
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        put_column(json_object_get(message, columns[i].key), columns[i].width, TONE_PLAIN);
    }
    cell_body(json_object_get(message, "body"), &body);
    term_put(stdout, TONE_FAINT, strbuf_str(&body));
    putchar('\n');
    strbuf_free(&body);
}

/* ---- verify ---- */

void show_verify(json_t *result, const struct view_field *fields)
{
    json_t *failures = json_object_get(result, "failures");
    size_t count = json_array_size(failures);

    view_list(failures, fields);
    printf("%lld checked, %zu failure%s\n",
           (long long)json_integer_value(json_object_get(result, "checked")), count,
           count == 1 ? "" : "s");
}

bool show_verify_good(json_t *result)
{
    json_t *failures = json_object_get(result, "failures");

    return json_is_array(failures) && json_array_size(failures) == 0;
}

/* ---- return ---- */

static const struct view_field refusal_columns[] = {
    {"line", "LINE", VIEW_NUMBER}, {"task", "TASK", VIEW_NUMBER},     {"reason", "REASON", 0},
    {"message", "WHY", VIEW_BODY}, {"message_zh", NULL, VIEW_HIDDEN}, {NULL, NULL, 0}};

void show_return(json_t *result, const struct view_field *fields)
{
    json_int_t more = json_integer_value(json_object_get(result, "more"));

    view_object(result, fields);
    view_list(json_object_get(result, "rejected"), refusal_columns);
    if (more > 0) {
        printf("and %lld more\n", (long long)more);
    }
}

bool show_return_good(json_t *result)
{
    return json_integer_value(json_object_get(result, "bad")) == 0;
}

/* head_found is null where no head was asked for. */
bool show_chain_good(json_t *result)
{
    return json_is_true(json_object_get(result, "ok")) &&
           !json_is_false(json_object_get(result, "head_found"));
}
