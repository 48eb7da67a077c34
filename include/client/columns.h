/* client/columns: a list as a table for people, a page at a time, by libsmartcols.
 *
 * The widths come from the heading and the first page, so that the pages stand below each other and
 * none is kept. On a terminal too narrow for them a body gives way, then headings that are wider
 * than their cells, then the columns that may be cut, the widest first; what was cut ends with an
 * ellipsis. A later cell that is wider widens its column from there on; one that may be cut, where
 * the terminal has room. */
#pragma once

#include "base/arena.h"
#include "client/cell.h"

struct columns {
    const struct view_field *fields; /* of the table; NULL: the keys of the first item */
    struct column *column;           /* those that some item of the first page has */
    size_t count;
    bool own;         /* the fields are the first item's keys */
    bool begun;       /* the heading stands */
    bool provisional; /* some day so far was */
    struct arena arena;
};

void columns_begin(struct columns *c, const struct view_field *fields);
/* Prints a page; the heading before the first that has items. */
void columns_page(struct columns *c, json_t *items);
/* The footnote, if one is due. */
void columns_end(struct columns *c);
/* The keys of an object as fields of their own names; owned by the arena. */
const struct view_field *columns_of(json_t *object, struct arena *arena);

/* A table of libsmartcols as all of them are; and a cell of it. */
struct libscols_table;
struct libscols_line;
struct libscols_table *columns_table(void);
void columns_cell(struct libscols_line *line, size_t at, const char *text, enum term_tone tone);
void columns_print(struct libscols_table *table);
