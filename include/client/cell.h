/* client/cell: one value of a JSON result as text for people, in a column or behind a label. */
#pragma once

#include <jansson.h>

#include "client/term.h"

enum view_form {
    VIEW_PLAIN,  /* text, numbers, yes and no; "-" for null */
    VIEW_NUMBER, /* to the right */
    VIEW_AT,     /* an instant: a narrow terminal may cut its seconds and offset */
    VIEW_LEFT,   /* days left: to the right, red below zero */
    VIEW_DUE,    /* a day that may rest on a year without calendar: the item's `provisional` */
    VIEW_YES,    /* a boolean whose true deserves to be seen */
    VIEW_CODE,   /* of a division: without trailing zeros, as it may be typed */
    VIEW_WORD,   /* of a closed list; may be cut, and some words have a colour */
    VIEW_KIND,   /* a word of a task's kind: cut, it can still be told from the others */
    VIEW_SHORT,  /* may be cut where the terminal is narrow */
    VIEW_HASH,   /* its first 12 digits */
    VIEW_BODY,   /* whatever room is left */
    VIEW_HIDDEN  /* said elsewhere, or in CSV alone */
};

struct view_field {
    const char *key;   /* "policy.name" goes down; NULL ends the table */
    const char *title; /* of the column, or the label */
    enum view_form form;
};

/* The value at a path of keys; NULL where there is none. */
json_t *cell_get(json_t *object, const char *path);
/* A value as text: appended to `out`. */
void cell_plain(json_t *value, struct strbuf *out);
/* The beginning of a value that can be long: of an object "key=value key=value". */
void cell_body(json_t *value, struct strbuf *out);
/* The field of an item in its form: appended to `out`. */
enum term_tone cell_text(json_t *item, const struct view_field *field, struct strbuf *out);
/* Whether it is an array of objects: a table of its own. */
bool cell_is_table(json_t *value);
bool cell_to_right(enum view_form form);
/* The columns that a narrow terminal leaves of it at least; 0 where it may not be cut: numbers,
 * codes and days are whole or wrong. */
size_t cell_cut_least(enum view_form form);
/* A prediction is never shown as published (contract.md 3.2). */
bool cell_is_provisional(json_t *item);
/* What the mark of a provisional day means, where there was one. */
void cell_footnote(bool provisional);
