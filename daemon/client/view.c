#include "client/view.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

#include "base/arena.h"

#define PREFIX_HASH 12
#define BODY_MAX 200 /* bytes */
#define ABSENT "-"
#define PROVISIONAL "*"

typedef enum term_tone tone_of(json_t *value);
typedef void text_of(json_t *item, json_t *value, struct strbuf *out);

json_t *view_get(json_t *object, const char *path)
{
    const char *dot;

    while (object && (dot = strchr(path, '.'))) {
        object = json_object_getn(object, path, (size_t)(dot - path));
        path = dot + 1;
    }
    return object ? json_object_get(object, path) : NULL;
}

static void add_dump(json_t *value, struct strbuf *out)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    strbuf_addz(out, text ? text : "");
    free(text);
}

static bool is_list_of_objects(json_t *value)
{
    return json_is_array(value) && json_is_object(json_array_get(value, 0));
}

static void add_list(json_t *list, struct strbuf *out)
{
    size_t i;
    json_t *item;

    if (json_array_size(list) == 0)
        strbuf_addz(out, ABSENT);
    json_array_foreach(list, i, item)
    {
        strbuf_addz(out, i > 0 ? ", " : "");
        view_text(item, out);
    }
}

void view_text(json_t *value, struct strbuf *out)
{
    if (json_is_string(value))
        term_clean(out, (struct str){json_string_value(value), json_string_length(value)});
    else if (!value || json_is_null(value))
        strbuf_addz(out, ABSENT);
    else if (json_is_boolean(value))
        strbuf_addz(out, json_is_true(value) ? "yes" : "no");
    else if (json_is_array(value) && !is_list_of_objects(value))
        add_list(value, out);
    else
        add_dump(value, out);
}

static void text_plain(json_t *item, json_t *value, struct strbuf *out)
{
    (void)item;
    view_text(value, out);
}

/* A prediction is never shown as published (spec.md 3.2): the mark is explained below. */
static bool is_provisional(json_t *item)
{
    return json_is_true(json_object_get(item, "provisional"));
}

void view_footnote(bool provisional)
{
    if (provisional)
        puts(PROVISIONAL " provisional: the calendar of that year is not published");
}

static void text_due(json_t *item, json_t *value, struct strbuf *out)
{
    view_text(value, out);
    if (json_is_string(value) && is_provisional(item))
        strbuf_addz(out, PROVISIONAL);
}

static void text_hash(json_t *item, json_t *value, struct strbuf *out)
{
    (void)item;
    if (json_is_string(value) && json_string_length(value) > PREFIX_HASH)
        strbuf_add(out, json_string_value(value), PREFIX_HASH);
    else
        view_text(value, out);
}

/* A list's body can be as long as a book: enough to know it by. --json has it whole. */
void view_body(json_t *value, struct strbuf *out)
{
    struct strbuf whole = STRBUF_INIT;
    size_t len;

    view_text(value, &whole);
    len = whole.len;
    if (len > BODY_MAX)
        for (len = BODY_MAX; len > 0 && ((unsigned char)whole.data[len] & 0xC0) == 0x80; len--)
            ;
    strbuf_add(out, strbuf_text(&whole), len);
    strbuf_addz(out, len < whole.len ? "…" : "");
    strbuf_free(&whole);
}

static void text_body(json_t *item, json_t *value, struct strbuf *out)
{
    (void)item;
    view_body(value, out);
}

static enum term_tone tone_left(json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) < 0 ? TONE_BAD : TONE_PLAIN;
}

static enum term_tone tone_yes(json_t *value)
{
    return json_is_true(value) ? TONE_GOOD : TONE_PLAIN;
}

static const struct {
    text_of *text;
    tone_of *tone; /* may be NULL */
    int flags;     /* of the column */
} forms[] = {
    [VIEW_PLAIN] = {text_plain, NULL, 0},
    [VIEW_NUMBER] = {text_plain, NULL, SCOLS_FL_RIGHT},
    [VIEW_LEFT] = {text_plain, tone_left, SCOLS_FL_RIGHT},
    [VIEW_DUE] = {text_due, NULL, 0},
    [VIEW_YES] = {text_plain, tone_yes, SCOLS_FL_TRUNC},
    [VIEW_SHORT] = {text_plain, NULL, SCOLS_FL_TRUNC},
    [VIEW_HASH] = {text_hash, NULL, 0},
    [VIEW_BODY] = {text_body, NULL, SCOLS_FL_TRUNC},
    [VIEW_HIDDEN] = {text_plain, NULL, SCOLS_FL_HIDDEN},
};

static struct libscols_table *new_table(void)
{
    struct libscols_table *table = scols_new_table();

    if (!table)
        abort();
    scols_table_enable_colors(table, term_colours());
    scols_table_enable_noencoding(table, 1); /* view_text() has cleaned it */
    return table;
}

static void set_cell(struct libscols_line *line, size_t column, const char *text,
                     enum term_tone tone)
{
    if (scols_line_set_data(line, column, text) != 0)
        abort();
    if (term_sequence(tone))
        scols_cell_set_color(scols_line_get_cell(line, column), term_sequence(tone));
}

static void print_table(struct libscols_table *table)
{
    scols_print_table(table);
    scols_unref_table(table);
}

/* ---- lists --------------------------------------------------------------------------------- */

static bool any_has(json_t *items, const char *key)
{
    size_t i;
    json_t *item;

    json_array_foreach(items, i, item)
    {
        if (view_get(item, key))
            return true;
    }
    return false;
}

static void add_column(struct libscols_table *table, const struct view_field *field)
{
    struct libscols_column *column =
        scols_table_new_column(table, field->title, 0.1, forms[field->form].flags);

    if (!column)
        abort();
    if (term_colours())
        scols_cell_set_color(scols_column_get_header(column), term_sequence(TONE_STRONG));
}

static void add_row(struct libscols_table *table, json_t *item,
                    const struct view_field *const *columns, size_t count)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    struct strbuf text = STRBUF_INIT;

    if (!line)
        abort();
    for (size_t i = 0; i < count; i++) {
        json_t *value = view_get(item, columns[i]->key);
        tone_of *tone = forms[columns[i]->form].tone;

        strbuf_reset(&text);
        forms[columns[i]->form].text(item, value, &text);
        set_cell(line, i, strbuf_text(&text), tone ? tone(value) : TONE_PLAIN);
    }
    strbuf_free(&text);
}

/* The keys of an object as fields of their own names; owned by the arena. */
static const struct view_field *fields_of(json_t *object, struct arena *arena)
{
    struct view_field *fields =
        arena_alloc(arena, (json_object_size(object) + 1) * sizeof(struct view_field));
    size_t n = 0;
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        char *title = arena_copy(arena, str_of(key));

        for (char *c = title; *c; c++)
            *c = *c == '_' ? ' ' : *c;
        fields[n++] =
            (struct view_field){key, title, json_is_number(value) ? VIEW_NUMBER : VIEW_PLAIN};
    }
    return fields;
}

bool view_list(json_t *items, const struct view_field *fields, bool heading)
{
    struct arena arena = ARENA_INIT;
    struct libscols_table *table;
    const struct view_field **columns;
    size_t count = 0, i;
    bool provisional = false;
    json_t *item;

    if (json_array_size(items) == 0)
        return false;
    if (!fields)
        fields = fields_of(json_array_get(items, 0), &arena);
    for (i = 0; fields[i].key; i++)
        ;
    columns = arena_alloc(&arena, i * sizeof(columns[0]));
    table = new_table();
    scols_table_enable_noheadings(table, !heading);
    for (i = 0; fields[i].key; i++) {
        if (fields[i].form == VIEW_HIDDEN || !any_has(items, fields[i].key))
            continue;
        add_column(table, &fields[i]);
        columns[count++] = &fields[i];
    }
    json_array_foreach(items, i, item)
    {
        add_row(table, item, columns, count);
        provisional |= is_provisional(item);
    }
    print_table(table);
    arena_free(&arena);
    return provisional;
}

/* ---- objects ------------------------------------------------------------------------------- */

static void add_pair(struct libscols_table *table, json_t *object, json_t *value,
                     const struct view_field *field)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    struct strbuf text = STRBUF_INIT;
    tone_of *tone = forms[field->form].tone;

    if (!line)
        abort();
    forms[field->form].text(object, value, &text);
    set_cell(line, 0, field->title, TONE_STRONG);
    set_cell(line, 1, strbuf_text(&text), tone ? tone(value) : TONE_PLAIN);
    strbuf_free(&text);
}

/* Whether some field of the table shows the key, alone or by a path through it. */
static bool is_known(const struct view_field *fields, const char *key)
{
    size_t len = strlen(key);

    for (; fields && fields->key; fields++)
        if (strncmp(fields->key, key, len) == 0 &&
            (fields->key[len] == '\0' || fields->key[len] == '.'))
            return true;
    return false;
}

void view_object(json_t *object, const struct view_field *fields)
{
    struct arena arena = ARENA_INIT;
    struct libscols_table *table = new_table();
    const struct view_field *own = fields_of(object, &arena), *f;
    json_t *value;

    scols_table_enable_noheadings(table, 1);
    if (!scols_table_new_column(table, "label", 0, 0) ||
        !scols_table_new_column(table, "value", 0, SCOLS_FL_WRAP))
        abort();
    for (f = fields; f && f->key; f++) {
        value = view_get(object, f->key);
        if (value && f->form != VIEW_HIDDEN && !is_list_of_objects(value))
            add_pair(table, object, value, f);
    }
    for (f = own; f->key; f++) {
        value = json_object_get(object, f->key);
        if (!is_known(fields, f->key) && !is_list_of_objects(value))
            add_pair(table, object, value, f);
    }
    print_table(table);
    view_footnote(is_provisional(object));
    for (f = own; f->key; f++) {
        value = json_object_get(object, f->key);
        if (!is_list_of_objects(value) || is_known(fields, f->key))
            continue;
        putchar('\n');
        term_put(stdout, TONE_STRONG, str_of(f->title));
        putchar('\n');
        view_footnote(view_list(value, NULL, true));
    }
    arena_free(&arena);
}
