/* work/subject: one household as `verify` looks at it: everything that is on record of it, the
 * moment at which it was read, and where a failure is written down. */
#pragma once

#include "store/cycle.h"
#include "store/household.h"
#include "store/proof.h"
#include "store/task.h"
#include "work/verify.h"

/* What holds of all households read in one slice. */
struct subject_moment {
    struct date today;
    struct run_row last; /* the latest run; day DATE_NONE: none */
    bool recalculating;  /* a calendar changed, the deadlines are being computed anew */
    bool importing;      /* an import is being applied */
};

struct subject {
    struct work *w;
    struct arena *a;
    const struct subject_moment *moment;
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
    struct proof_history h;
};

/* Reads everything but `moment`, `result` and `row`, which the caller gives. */
bool subject_load(struct subject *s, struct error *err);
/* Writes the failure of s->word down, up to VERIFY_FAILURES of them. */
void subject_fail(const struct subject *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The latest day whose run is past the phase; DATE_NONE: no run is. */
struct date subject_ran(const struct subject *s, enum run_phase phase);
/* NULL: not the household's. */
const struct task_row *subject_task(const struct subject *s, int64_t task);
/* The context of what was decided on a day about cycles of an anchor; false, with the failure
 * written down, where no policy was in force. */
bool subject_context(const struct subject *s, struct date decided_on, struct date anchor,
                     struct cycle_context *context);
/* Whether an admission has ended: what is on record before it belongs to another one. */
bool subject_readmitted(const struct subject *s);
