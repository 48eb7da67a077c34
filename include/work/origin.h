/* work/origin: where each fact of a household comes from, for explanations (contract.md section 5).
 *
 * Whoever changes a fact says so with it, after its entry of the audit (store/origin.h). The day of
 * an origin is the day on which something happened where that is known, else the day of the record;
 * where the two differ the source names the latter too: "report 3, recorded 2018-05-03". Sources:
 * "import", "default: none was given", "report N", "review of task N", "decision of task N",
 * "terminate" (or another act) "on the ground G", "resume", "set by hand", "derived". */
#pragma once

#include "rules/household.h"
#include "store/household.h"
#include "store/origin.h"
#include "work/work.h"

struct member_origin {
    struct str member;         /* "": all that it had by then */
    struct fact_origin origin; /* of its latest change */
    struct member_origin *before;
};
struct origins {
    struct fact_origin facts[FACT_COUNT];
    struct member_origin *members; /* the last named first */
};

/* All that the household was added with is from the import; but a tier that was not given. */
bool origin_added(struct work *w, const struct household_row *row, struct error *err);
/* Each fact in which `now` differs from `old` is from `cause`, of which source, reference, ground
 * and, for a fact that is no day itself, `on` are given. */
bool origin_changed(struct work *w, const struct household_row *old,
                    const struct household_row *now, struct origin_row cause, struct error *err);
/* A correction led from `old` to `now`: what it gave back is from where it was before. */
bool origin_corrected(struct work *w, const struct household_row *old,
                      const struct household_row *now, struct error *err);

/* All in the arena. */
bool origins_load(struct work *w, struct arena *a, const struct household_row *row,
                  struct origins *out, struct error *err);
/* NULL where the member is not named. */
const struct fact_origin *origins_member(const struct origins *o, struct str member);
