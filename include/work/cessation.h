/* work/cessation: what ends or interrupts an allowance, and the refusals (contract.md 3.5). */
#pragma once

#include "rules/protection.h"
#include "rules/trace.h"
#include "work/household.h"

struct cessation_request {
    enum act act;
    enum ground ground;
    struct date on; /* its protection and policy are those of this day */
    struct str remark;
};

/* Decides, and applies in the transaction under way: status, cycle, tasks (all but the register
 * adjustment and `done_task`, which the caller closes) and the record of the ending. Errors:
 * conflict (status), protected, bad-argument. A refusal by the continuity rule is noted in w->hold.
 */
bool cessation_apply(struct work *w, struct actor actor, struct household_row *row,
                     const struct cessation_request *request, int64_t done_task, struct error *err);
/* A change of status by household.suspend and household.close; and back by household.resume. */
bool cessation_change(struct work *w, struct actor actor, struct str household,
                      const struct cessation_request *request, struct error *err);
bool cessation_resume(struct work *w, struct actor actor, struct str household, struct error *err);

/* The writer, after it undid a refused change: records the hold that it noted, if any, in the
 * transaction under way. */
bool cessation_record_hold(struct work *w, struct error *err);
/* The same for a file that may come again: a hold that the same caller met for the same household,
 * act, ground and day is not recorded a second time. */
bool cessation_record_hold_once(struct work *w, struct error *err);

/* Act and ground as explained: the same decision with its trace, nothing applied. */
bool cessation_explain(struct work *w, struct str household,
                       const struct cessation_request *request, struct trace *t, struct error *err);
