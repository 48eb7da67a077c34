/* work/recalculate: open deadlines after a calendar changed (contract.md 3.2).
 *
 * Every open cycle is computed anew by its own policy; each deadline that moved is recorded and
 * told to its township. No recomputation makes a task late: a deadline moves to the next working
 * day at the earliest. Doing it twice changes nothing more, so a kill in between only repeats it.
 */
#pragma once

#include "store/cycle.h"
#include "store/task.h"
#include "work/job.h"

struct recalculation {
    struct date from, to;  /* deadlines in this span are looked at */
    struct date after_due; /* cursor */
    int64_t after;
    bool tasks; /* cycles are done, tasks without a cycle are under way */
    int64_t moved;
};

struct recalculation recalculation_begin(void);
/* One slice in a transaction of its own; *more: call again. The last one takes off the mark
 * "recalculate" of the store's meta, which whoever changes a calendar sets in the same commit. */
bool recalculate_slice(struct recalculation *r, struct work *w, struct actor actor, bool *more,
                       struct error *err);
/* One open cycle, in the transaction under way. */
bool recalculate_cycle(struct work *w, struct actor actor, struct cycle_row *cycle,
                       struct error *err);
/* One open task, in the transaction under way: the deadline of one without a cycle, and the day of
 * the next rung. */
bool recalculate_task(struct work *w, struct actor actor, struct task_row *task, struct error *err);
/* The whole recomputation that a changed calendar left to do, if any: at start and on reload. */
bool recalculate_pending(struct work *w, struct actor actor, struct error *err);
