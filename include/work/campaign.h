/* work/campaign: the year's adjustment of the poverty register (contract.md 3.6). */
#pragma once

#include "store/campaign.h"
#include "work/household.h"

struct decide_request {
    int64_t task;
    enum decision decision;
    struct date on; /* DATE_NONE: today */
    struct str remark;
};
struct decide_result {
    int64_t task;
    char *household; /* malloc'ed */
    enum decision decision;
    struct date effect_on;
    enum register_state after;
};
/* Records the decision in the transaction under way; it takes effect after its public notice.
 * Earlier years' open tasks of the kind are closed with it, as late. Errors: not-found, conflict,
 * too-early, bad-argument. */
bool campaign_decide(struct work *w, struct actor actor, const struct decide_request *request,
                     struct decide_result *result, struct error *err);

/* After a change of status or register state from `before` (NULL: it is new): a household that
 * comes to qualify for a kind between the opening and the visits' date gets its task the same day.
 */
bool campaign_qualify(struct work *w, struct actor actor, const struct household_row *before,
                      const struct household_row *row, struct error *err);
/* After an event of `on` was taken back that had changed its status or register state: the year's
 * tasks above number `last_task` that it does not qualify for any more are cancelled; what it would
 * have got from a roll taken since opens today. */
bool campaign_corrected(struct work *w, struct actor actor, const struct household_row *row,
                        struct date on, int64_t last_task, struct error *err);
