/* work/report: reported changes (contract.md 3.7, 主动发现) and the triggered reviews that they
 * open.
 */
#pragma once

#include "store/report.h"
#include "work/household.h"

struct report_request {
    struct str household;
    enum report_kind kind;                    /* not REPORT_AGE: that is the calendar's own */
    struct str member;                        /* data NULL: none in particular */
    struct date on;                           /* the day it happened; DATE_NONE: today */
    int64_t income, pension, employment_cost; /* fen; FEN_UNKNOWN: not named */
    struct str asset, source;
    int age; /* of REPORT_AGE, else 0 */
};
struct report_result {
    int64_t report, task;
    bool joined; /* an open triggered review, whose deadline stands */
    struct date due_on;
    enum tier tier; /* after the change */
};

/* Records the report in the transaction under way: changes the facts it names, derives the tier
 * anew, opens the triggered review or joins the open one. Errors: not-found (household, member),
 * bad-argument, conflict (closed household, member not present). */
bool report_record(struct work *w, struct actor actor, const struct report_request *request,
                   struct report_result *result, struct error *err);
/* An import says that a member died or moved out on a day (DATE_NONE: today): where it was the last
 * present one of a household with an allowance, the same review opens as by a report, and proposes
 * all-members-gone (3.3). The member's row has changed already. */
bool report_imported(struct work *w, struct actor actor, struct str household, struct str member,
                     enum member_status status, struct date on, struct error *err);
