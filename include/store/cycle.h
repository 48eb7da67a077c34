/* store/cycle: the rounds of review of each household, open and past. */
#pragma once

#include "base/names.h"
#include "rules/cycle.h"
#include "store/store.h"

enum cycle_state {
    CYCLE_OPEN,
    CYCLE_SATISFIED,
    CYCLE_ANSWERED,
    CYCLE_MISSED,
    CYCLE_SUPERSEDED,
    CYCLE_ENDED
};
extern const struct names cycle_states;

struct cycle_row {
    int64_t cycle; /* 0: not there */
    int64_t household_id;
    struct date anchor_on;
    struct cycle_dates dates;
    struct date decided_on; /* the day whose policy gave the dates */
    enum cycle_state state;
    struct date closed_on;
    int64_t task; /* 0: not opened yet */
    struct date
        rolled_on; /* what a new calendar gave, where the deadline could not go back so far */
    /* Of the household, filled by store_cycles_to_open() alone: */
    struct str household;
    int64_t township;
};

/* Sets row->cycle. */
bool store_cycle_insert(struct store *s, struct cycle_row *row, struct error *err);
bool store_cycle_update(struct store *s, const struct cycle_row *row, struct error *err);
/* The task that the cycle has from now on. */
bool store_cycle_set_task(struct store *s, int64_t cycle, int64_t task, struct error *err);
bool store_cycle_get(struct store *s, int64_t cycle, struct cycle_row *row, struct error *err);
/* The open cycle of a household. */
bool store_cycle_open_of(struct store *s, int64_t household_id, struct cycle_row *row,
                         struct error *err);
/* The latest satisfied step on this anchor, 0 where there is none: superseded and open ones aside.
 */
bool store_cycle_last_step(struct store *s, int64_t household_id, struct date anchor, int *step,
                           struct error *err);
/* Open cycles without a task whose opens_on is not after `day`, in order of (opens_on, cycle),
 * after *opens_on / *after; at most `limit`, in the arena. */
bool store_cycles_to_open(struct store *s, struct arena *a, struct date day,
                          struct date opens_after, int64_t after, int limit,
                          struct cycle_row **rows, int *count, struct error *err);
/* Open cycles with due_on in [from, to] in order of (due_on, cycle), after (after_due, after). */
bool store_cycles_due(struct store *s, struct arena *a, struct date from, struct date to,
                      struct date after_due, int64_t after, int limit, struct cycle_row **rows,
                      int *count, struct error *err);
/* All cycles of a household in order. */
bool store_cycles_of(struct store *s, struct arena *a, int64_t household_id,
                     struct cycle_row **rows, int *count, struct error *err);
