/* work/invariant: what must hold of every household, as tables of a word, its clause and its check.
 *
 * The words are stable: `verify` answers with them, and doc/protocol.md lists them out of these
 * tables. A check looks at one household with everything that is on record of it, computes with the
 * functions that decide (rules/), and consults the record where a date depends on what was so then.
 * It writes each failure down; false is for a store that fails alone. */
#pragma once

#include "store/cycle.h"
#include "store/household.h"
#include "store/row_check.h"
#include "store/task.h"
#include "work/verify.h"

/* What holds of all households read in one slice. */
struct check_moment {
    struct date today;
    struct run_row last; /* the latest run; day DATE_NONE: none */
    bool recalculating;  /* a calendar changed, the deadlines are being computed anew */
    bool importing;      /* an import is being applied */
};

struct household_check {
    struct work *w;
    struct arena *a;
    const struct check_moment *moment;
    struct verify_result *result;
    const char *word; /* of the invariant at hand */
    struct household_row row;
    struct cycle_row *cycles; /* in order of number */
    int cycle_count;
    const struct cycle_row *open; /* the open cycle; NULL: none */
    struct task_row *tasks;
    int task_count;
    struct member_row *members;
    int member_count;
    struct tier_span *spans;
    int span_count;
    struct row_history h;
};

/* Reads everything but `moment`, `result` and `row`, which the caller gives. */
bool check_load(struct household_check *s, struct error *err);
/* Writes the failure of s->word down, up to VERIFY_FAILURES of them. */
void check_fail(const struct household_check *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The latest day whose run is past the phase; DATE_NONE: no run is. */
struct date check_ran(const struct household_check *s, enum run_phase phase);
/* NULL: not the household's. */
const struct task_row *check_task(const struct household_check *s, int64_t task);
/* The context of what was decided on a day about cycles of an anchor; false, with the failure
 * written down, where no policy was in force. */
bool check_context(const struct household_check *s, struct date decided_on, struct date anchor,
                   struct cycle_context *context);
/* Whether an admission has ended: what is on record before it belongs to another one. */
bool check_readmitted(const struct household_check *s);

typedef bool invariant_check(const struct household_check *s, struct error *err);

struct invariant {
    const char *word;   /* NULL: the end of a table */
    const char *clause; /* of the product's specification */
    const char *what;
    invariant_check *check; /* NULL: of the store as a whole, work/verify */
};

extern const struct invariant invariants_household[], invariants_cycle[], invariants_task[],
    invariants_record[], invariants_store[];
/* All five, NULL-terminated. */
extern const struct invariant *const invariants[];
