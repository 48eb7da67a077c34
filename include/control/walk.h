/* control/walk: a list of what households give, some several items and most none. */
#pragma once

#include "control/methods.h"
#include "control/sources.h"

/* The households of a scope as struct household_row, in bytewise order of their numbers, behind
 * `after` ("" from the start). `page` as of sources_open(). */
bool walk_open(struct sources **sources, struct call *c, struct work *w, const struct scope *scope,
               struct str after, int page, struct error *err);

/* Appends a household's items. */
typedef bool walk_items(struct call *c, struct work *w, const struct household_row *row, void *self,
                        json_t *items, struct error *err);
/* A page of the items of the households of a scope, by household; the answer {items, next}. It
 * looks at a limited number of households, so that a page may be short while `next` is given. */
bool walk_households(struct call *c, struct work *w, const struct scope *scope, walk_items *give,
                     void *self, json_t **result, struct error *err);
