/* work/review: the outcome of a task (contract.md 3.4, section 5 `review`). */
#pragma once

#include "store/task.h"
#include "work/work.h"

struct review_request {
    int64_t task;
    enum outcome outcome;
    struct date on; /* the review's own day; DATE_NONE: today */
    struct date to; /* of a postponement */
    struct str ground, remark;
};

struct review_result {
    int64_t task;
    char *household; /* malloc'ed, as are the lists */
    enum outcome outcome;
    struct date nominal_due_on, due_on; /* of the next cycle (of this task for a postponement) */
    struct date *missed, *answered;     /* nominal dates jumped */
    int missed_count, answered_count;
};

/* Records it in the transaction under way. Errors: not-found, conflict (task not open),
 * bad-argument, too-early, too-late, protected. */
bool review_record(struct work *w, struct actor actor, const struct review_request *request,
                   struct review_result *result, struct error *err);
void review_result_free(struct review_result *result);
