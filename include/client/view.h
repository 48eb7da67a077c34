/* client/view: JSON results for people, as tables and labelled lines.
 *
 * A list has columns, an object has labelled fields; which, says a table of struct view_field. What
 * the daemon adds later to an object and no table knows is shown by its own name, not dropped. */
#pragma once

#include "client/cell.h"

/* One table of an array of objects; columns that no item has are left out. fields NULL: the keys of
 * the first item. An empty array: nothing. */
void view_list(json_t *items, const struct view_field *fields);

/* An object as label and value; fields that it lacks are left out; arrays of objects stand below as
 * tables of their own. */
void view_object(json_t *object, const struct view_field *fields);
