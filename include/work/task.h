/* work/task: the life of a task.
 *
 * A task opens, is done, is cancelled, opens again, gets another deadline and climbs its ladder
 * here and nowhere else: nobody but work/task writes its state, done_on, outcome, due_on,
 * original_due_on, rolled_on, raised and alert_on. What may follow what is one table, task_next().
 *
 * All of it works in the transaction under way, by the policies and the calendar of w->rules. A
 * row is what the store holds; it follows what is written. What the table forbids fails with
 * internal: callers refuse, in words of their own, what people ask for in vain. */
#pragma once

#include "store/task.h"
#include "work/work.h"

enum task_event {
    TASK_EVENT_OPEN,   /* a new one; of the register's also one that was cancelled, by its number */
    TASK_EVENT_MOVE,   /* another deadline */
    TASK_EVENT_RAISE,  /* a rung of its ladder (contract.md 3.8) */
    TASK_EVENT_DONE,   /* reviewed or decided */
    TASK_EVENT_CANCEL, /* there is nothing to do any more */
    TASK_EVENT_REOPEN  /* what had closed it was taken back (3.10) */
};
extern const struct names task_events;
#define TASK_ABSENT (-1) /* the state before the first */

/* The table: the state, an enum task_state, that follows `state` (or TASK_ABSENT); false where the
 * event cannot befall it. */
bool task_next(int state, enum task_event event, enum task_state *next);

/* Opens a task of which the caller fills kind, household_id, household, township, its cycle or
 * year, opened_on, nominal_due_on and due_on; `task` and `state` too where it is a cancelled one,
 * and 0 where it is new: then it gets its number. It stands on no list yet, and its ladder begins,
 * at once with the highest rung that has passed. Audited as task.open. */
bool task_open(struct work *w, struct actor actor, struct task_row *task, struct error *err);

struct task_deadline {
    struct date due_on, original_due_on, rolled_on; /* as in struct task_row */
};
/* A deadline that differs begins its ladder anew (3.8). Where it stands, the rungs ahead are
 * counted anew by the calendar of today. */
bool task_move(struct work *w, struct task_row *task, const struct task_deadline *to,
               struct error *err);

/* Back to the deadline that it had before a postponement, and to the rung that had been raised for
 * it (3.10). */
bool task_move_back(struct work *w, struct task_row *task, const struct task_deadline *to,
                    int raised, struct error *err);

/* The task of an entry that is computed anew (3.3): the caller has changed opened_on and
 * nominal_due_on; its ladder begins anew where the deadline differs. */
bool task_resettle(struct work *w, struct task_row *task, struct date due_on, struct error *err);

/* The rung to raise on a day, borrowed from the policy, and NULL for none: noted as raised, with
 * the day of the next. */
bool task_raise(struct work *w, struct task_row *task, struct date on,
                const struct alert_rung **rung, struct error *err);

/* `outcome` is an enum outcome. */
bool task_done(struct work *w, struct task_row *task, int outcome, struct date on,
               struct error *err);
bool task_cancel(struct work *w, struct task_row *task, struct error *err);
/* With the deadline and the rung that it had, and nothing said of it. */
bool task_reopen(struct work *w, struct task_row *task, struct error *err);
