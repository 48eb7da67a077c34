/* client/view: JSON results as tables for people, by libsmartcols.
 *
 * A list has columns, an object has labelled fields; which, says a table of struct view_field. What
 * the daemon adds later and no table knows is shown by its own name, not dropped. */
#pragma once

#include <jansson.h>

#include "client/term.h"

enum view_form {
    VIEW_PLAIN,  /* text, numbers, yes and no; "-" for null */
    VIEW_NUMBER, /* to the right */
    VIEW_LEFT,   /* days left: to the right, red below zero */
    VIEW_DUE,    /* a day that may rest on a year without calendar: the item's `provisional` */
    VIEW_YES,    /* a boolean whose true deserves to be seen */
    VIEW_SHORT,  /* may be cut where the terminal is narrow */
    VIEW_HASH,   /* its first 12 digits */
    VIEW_BODY,   /* whatever room is left */
    VIEW_HIDDEN  /* said elsewhere */
};

struct view_field {
    const char *key;   /* "policy.name" goes down; NULL ends the table */
    const char *title; /* of the column, or the label */
    enum view_form form;
};

/* One table of an array of objects; columns that no item has are left out. fields NULL: the keys of
 * the first item. `heading` false: goes on with a table that was begun. An empty array: nothing.
 * True where some item is provisional: view_footnote() is then due behind the last page. */
bool view_list(json_t *items, const struct view_field *fields, bool heading);
/* What the mark of a provisional day means, where there was one. */
void view_footnote(bool provisional);

/* An object as label and value; fields that it lacks are left out; arrays of objects stand below as
 * tables of their own. */
void view_object(json_t *object, const struct view_field *fields);

/* The value at a path of keys; NULL where there is none. */
json_t *view_get(json_t *object, const char *path);
/* A value as text: appended to `out`. */
void view_text(json_t *value, struct strbuf *out);
/* The beginning of a value that can be long. */
void view_body(json_t *value, struct strbuf *out);
