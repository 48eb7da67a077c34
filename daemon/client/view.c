#include "client/view.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

#include "client/columns.h"

static void add_pair(struct libscols_table *table, json_t *object, const struct view_field *field)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    struct strbuf text = STRBUF_INIT;
    enum term_tone tone = cell_text(object, field, &text);

    if (!line) {
        abort();
    }
    columns_cell(line, 0, field->title, TONE_STRONG);
    columns_cell(line, 1, strbuf_text(&text), tone);
    strbuf_free(&text);
}

void view_list(json_t *items, const struct view_field *fields)
{
    struct columns columns;

    columns_begin(&columns, fields);
    columns_page(&columns, items);
    columns_end(&columns);
}

/* Whether some field of the table shows the key, alone or by a path through it. */
static bool is_known(const struct view_field *fields, const char *key)
{
    size_t len = strlen(key);

    for (; fields && fields->key; fields++) {
        if (strncmp(fields->key, key, len) == 0 &&
            (fields->key[len] == '\0' || fields->key[len] == '.')) {
            return true;
        }
    }
    return false;
}

void view_object(json_t *object, const struct view_field *fields)
{
    struct arena arena = ARENA_INIT;
    struct libscols_table *table = columns_table();
    const struct view_field *own = columns_of(object, &arena), *f;
    json_t *value;

    scols_table_enable_noheadings(table, 1);
    if (!scols_table_new_column(table, "label", 0, 0) ||
        !scols_table_new_column(table, "value", 0, SCOLS_FL_WRAP)) {
        abort();
    }
    for (f = fields; f && f->key; f++) {
        value = cell_get(object, f->key);
        if (value && f->form != VIEW_HIDDEN && !cell_is_table(value)) {
            add_pair(table, object, f);
        }
    }
    for (f = own; f->key; f++) {
        value = json_object_get(object, f->key);
        if (!is_known(fields, f->key) && !cell_is_table(value)) {
            add_pair(table, object, f);
        }
    }
    columns_print(table);
    cell_footnote(cell_is_provisional(object));
    for (f = own; f->key; f++) {
        value = json_object_get(object, f->key);
        if (!cell_is_table(value) || is_known(fields, f->key)) {
            continue;
        }
        putchar('\n');
        term_put(stdout, TONE_STRONG, str_of(f->title));
        putchar('\n');
        view_list(value, NULL);
    }
    arena_free(&arena);
}
