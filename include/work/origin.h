/* work/origin: where each fact of a household comes from, for explanations (contract.md section 5).
 *
 * Read from what is on record: its audit, which says each change in order, and its reports, which
 * say the day on which something happened. The day of an origin is that day where it is known, else
 * the day of the record; where the two differ the source names the latter too: "report 3, recorded
 * 2018-05-03". Sources: "import", "report N", "review of task N", "decision of task N", "terminate"
 * (or another act) "on the ground G", "resume", "set by hand", "derived", "correction". */
#pragma once

#include "rules/household.h"
#include "store/household.h"
#include "work/work.h"

struct member_origin {
    struct str member;
    struct fact_origin origin; /* of its latest change */
    struct member_origin *before;
};
struct origins {
    struct fact_origin facts[FACT_COUNT];
    struct member_origin *members; /* the last named first */
};

/* All in the arena. */
bool origins_load(struct work *w, struct arena *a, const struct household_row *row,
                  struct origins *out, struct error *err);
/* NULL where the member is not named. */
const struct fact_origin *origins_member(const struct origins *o, struct str member);
