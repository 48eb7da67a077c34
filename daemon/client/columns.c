#include "client/columns.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

#include "base/text.h"

#define BODY_LEAST 16   /* columns of a body before any other gives way */
#define HEADING_LEAST 4 /* columns that are left of a heading at least */
#define ELLIPSIS "…"

struct column {
    const struct view_field *field;
    size_t width;
    size_t content; /* of the widest cell so far */
};

struct libscols_table *columns_table(void)
{
    struct libscols_table *table = scols_new_table();

    if (!table) {
        abort();
    }
    scols_table_enable_colors(table, term_colours());
    scols_table_enable_noencoding(table, 1); /* cell_text() has cleaned it */
    return table;
}

void columns_cell(struct libscols_line *line, size_t at, const char *text, enum term_tone tone)
{
    if (scols_line_set_data(line, at, text) != 0) {
        abort();
    }
    if (term_sequence(tone)) {
        scols_cell_set_color(scols_line_get_cell(line, at), term_sequence(tone));
    }
}

void columns_print(struct libscols_table *table)
{
    scols_print_table(table);
    scols_unref_table(table);
}

/* ---- widths ---- */

static size_t width_of(json_t *item, const struct view_field *field)
{
    struct strbuf text = STRBUF_INIT;
    size_t width;

    cell_text(item, field, &text);
    width = text_width(strbuf_str(&text));
    strbuf_free(&text);
    return width;
}

static size_t total_width(const struct columns *c)
{
    size_t total = c->count - 1; /* blanks between */

    for (size_t i = 0; i < c->count; i++) {
        total += c->column[i].width;
    }
    return total;
}

/* Widens the columns to what the page needs. Once the heading stands, those that may be cut take no
 * more than what the terminal has left. */
static void widen(struct columns *c, json_t *items)
{
    size_t room = c->begun ? term_width() : 0, total = total_width(c), i;
    json_t *item;

    json_array_foreach(items, i, item)
    {
        for (struct column *col = c->column; col < c->column + c->count; col++) {
            size_t width = width_of(item, col->field);
            size_t more = width > col->width ? width - col->width : 0;

            if (width > col->content) {
                col->content = width;
            }
            if (room > 0 && cell_cut_least(col->field->form) > 0 && total + more > room) {
                more = room > total ? room - total : 0;
            }
            col->width += more;
            total += more;
        }
    }
}

/* What a column can give for the others: the one that has whatever room is left, */
static size_t least_body(const struct column *col)
{
    return col->field->form == VIEW_BODY ? BODY_LEAST : col->width;
}

/* a heading without its cells losing anything, */
static size_t least_heading(const struct column *col)
{
    return col->content > HEADING_LEAST ? col->content : HEADING_LEAST;
}

/* and a cell. */
static size_t least_cell(const struct column *col)
{
    size_t least = cell_cut_least(col->field->form);

    return least > 0 ? least : col->width;
}

/* Takes from the widest column that has more than it needs, one by one, until the line fits. Of two
 * as wide the latter gives: names stand in front. */
static void narrow(struct columns *c, size_t room, size_t least(const struct column *))
{
    for (size_t total = total_width(c); room > 0 && total > room; total--) {
        struct column *widest = NULL;

        for (struct column *col = c->column; col < c->column + c->count; col++) {
            if (col->width > least(col) && (!widest || col->width >= widest->width)) {
                widest = col;
            }
        }
        if (!widest) {
            return;
        }
        widest->width--;
    }
}

/* Cuts what is wider than its column, and shows that it did. */
static void cut(struct strbuf *text, size_t width)
{
    struct str s = strbuf_str(text);
    size_t len = 0, columns = 0;

    if (text_width(s) <= width) {
        return;
    }
    while (len < s.len) {
        size_t next = 1, own;

        while (len + next < s.len && ((unsigned char)s.data[len + next] & 0xC0) == 0x80) {
            next++;
        }
        own = text_width((struct str){s.data + len, next});
        if (columns + own + 1 > width) {
            break;
        }
        columns += own;
        len += next;
    }
    text->len = len;
    strbuf_addz(text, ELLIPSIS);
}

/* ---- pages ---- */

static bool any_has(json_t *items, const char *key)
{
    size_t i;
    json_t *item;

    json_array_foreach(items, i, item)
    {
        if (cell_get(item, key)) {
            return true;
        }
    }
    return false;
}

const struct view_field *columns_of(json_t *object, struct arena *arena)
{
    struct view_field *fields =
        arena_alloc(arena, (json_object_size(object) + 1) * sizeof(struct view_field));
    size_t n = 0;
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        char *title = arena_copy(arena, str_of(key));
        size_t len = strlen(key);
        enum view_form form = json_is_number(value)                          ? VIEW_NUMBER
                              : len > 3 && strcmp(key + len - 3, "_at") == 0 ? VIEW_AT
                                                                             : VIEW_PLAIN;

        for (char *c = title; *c; c++) {
            *c = *c == '_' ? ' ' : *c;
        }
        fields[n++] = (struct view_field){key, title, form};
    }
    return fields;
}

void columns_begin(struct columns *c, const struct view_field *fields)
{
    *c = (struct columns){.fields = fields};
}

/* The columns that the first page has, as wide as their headings; for names of later pages there is
 * some room. */
static void choose(struct columns *c, json_t *items)
{
    size_t count = 0;

    c->own = !c->fields;
    if (c->own) {
        c->fields = columns_of(json_array_get(items, 0), &c->arena);
    }
    while (c->fields[count].key) {
        count++;
    }
    c->column = arena_alloc(&c->arena, count * sizeof(c->column[0]));
    for (const struct view_field *f = c->fields; f->key; f++) {
        size_t width = text_width(str_of(f->title));

        if (f->form == VIEW_HIDDEN || !any_has(items, f->key)) {
            continue;
        }
        if (f->form == VIEW_SHORT && width < cell_cut_least(f->form)) {
            width = cell_cut_least(f->form);
        }
        c->column[c->count++] = (struct column){f, width, 0};
    }
}

/* A heading that is a member's own name has capitals as those of the tables have. */
static void heading(const struct columns *c, const struct column *column, struct strbuf *out)
{
    strbuf_addz(out, column->field->title);
    for (size_t i = 0; c->own && i < out->len; i++) {
        if (out->data[i] >= 'a' && out->data[i] <= 'z') {
            out->data[i] = (char)(out->data[i] - 'a' + 'A');
        }
    }
    cut(out, column->width);
}

static void add_column(const struct columns *c, struct libscols_table *table,
                       const struct column *column)
{
    int flags = cell_to_right(column->field->form) ? SCOLS_FL_RIGHT : 0;
    struct strbuf title = STRBUF_INIT;
    struct libscols_column *made;

    heading(c, column, &title);
    made = scols_table_new_column(table, strbuf_text(&title), (double)column->width, flags);
    if (!made) {
        abort();
    }
    if (term_colours()) {
        scols_cell_set_color(scols_column_get_header(made), term_sequence(TONE_STRONG));
    }
    strbuf_free(&title);
}

static void add_row(struct columns *c, struct libscols_table *table, json_t *item)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    struct strbuf text = STRBUF_INIT;

    if (!line) {
        abort();
    }
    for (size_t i = 0; i < c->count; i++) {
        enum term_tone tone;

        strbuf_reset(&text);
        tone = cell_text(item, c->column[i].field, &text);
        if (cell_cut_least(c->column[i].field->form) > 0) {
            cut(&text, c->column[i].width);
        }
        columns_cell(line, i, strbuf_text(&text), tone);
    }
    strbuf_free(&text);
    c->provisional |= cell_is_provisional(item);
}

void columns_page(struct columns *c, json_t *items)
{
    struct libscols_table *table;
    json_t *item;
    size_t i;

    if (json_array_size(items) == 0) {
        return;
    }
    if (!c->begun) {
        choose(c, items);
    }
    if (c->count == 0) {
        return;
    }
    widen(c, items);
    if (!c->begun) {
        narrow(c, term_width(), least_body);
        narrow(c, term_width(), least_heading);
        narrow(c, term_width(), least_cell);
    }
    table = columns_table();
    /* The widths are made here: libsmartcols' own way to make room cuts without a sign. */
    scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    scols_table_enable_noheadings(table, c->begun);
    for (i = 0; i < c->count; i++) {
        add_column(c, table, &c->column[i]);
    }
    json_array_foreach(items, i, item)
    {
        add_row(c, table, item);
    }
    columns_print(table);
    c->begun = true;
}

void columns_end(struct columns *c)
{
    cell_footnote(c->provisional);
    arena_free(&c->arena);
    *c = (struct columns){0};
}
