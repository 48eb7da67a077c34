/* delivery/list_steps: the steps of the register's year on a list (contract.md 3.6). They are days
 * of the policy, not messages: a list says those that came since the list before it, and those that
 * are less than SECTION_DUE_DAYS away. */
#pragma once

#include "delivery/list.h"

/* `undecided`: the office's open register tasks of the year before list->date's, and of its own
 * year; -1 each where that is not known. */
bool list_steps(struct work *w, struct arena *a, struct list *list, const int64_t undecided[2],
                struct error *err);
