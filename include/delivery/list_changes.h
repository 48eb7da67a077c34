/* delivery/list_changes: what a division's queue has told it since its last list, read for the
 * next.
 *
 * One table has a function for each kind of message that makes its body a line in Chinese. A kind
 * that is not in it is told all the same, by its words. */
#pragma once

#include "delivery/list.h"
#include "delivery/list_place.h"

/* The tasks that alerts speak of, ascending, each once. */
struct change_told_tasks {
    int64_t *tasks;
    int count;
};

/* Appends to list->changes what the queued messages up to number `until` say, and gives the tasks
 * that their alerts speak of: those stand in the list's sections. */
bool list_changes(struct work *w, struct arena *a, struct places *places, struct list *list,
                  int64_t until, struct change_told_tasks *alerted, struct error *err);

/* Appends one change, which then owns nothing of its own: texts are of the list's arena. `group`
 * orders the kinds, 0 first. */
void list_change_put(struct arena *a, struct list *list, int group, struct list_change change);
/* list->changes in their order. */
void list_changes_sort(struct list *list);
