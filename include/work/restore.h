/* work/restore: the start of a store that came back from a backup (contract.md section 6). */
#pragma once

#include "work/work.h"

/* At start, before anything else reads the store: where it is a backup it becomes the store from
 * here on, in one transaction: a new epoch, numbers of tasks and messages beyond everything that
 * can have been given since the copy was made, a row in `restored`, an entry in the audit. Else
 * nothing happens. */
bool restore_pending(struct work *w, struct error *err);
