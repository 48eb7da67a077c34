/* rules/register: the year's adjustment of the poverty register (contract.md 3.6; 二(四)3,
 * 按年进行动态调整). */
#pragma once

#include "rules/policy.h"

enum register_kind { REGISTER_ADJUSTMENT, REGISTER_CANDIDATE, DIBAO_CANDIDATE };
extern const struct names
    register_kinds; /* the task kinds of contract.md section 2, in this order */

enum decision {
    DECISION_KEEP,
    DECISION_EXIT,
    DECISION_RETURN,
    DECISION_ADD,
    DECISION_APPLY,
    DECISION_NOT_ELIGIBLE
};
extern const struct names decisions; /* "keep", "exit", "return", "add", "apply", "not-eligible" */

/* The days of one year's campaign; DATE_NONE outside the range of rules/date. */
struct campaign {
    int year;
    struct date opens, visits_until;
    struct date due_on; /* the township's step, rolled to the following working day */
    struct date county_by, closes;
    bool provisional; /* due_on: a year without published calendar was examined */
};
/* Traces one TRACE_CAMPAIGN step for each day, TRACE_ROLL steps before the deadline. */
struct campaign register_campaign(const struct policy *policy, const struct calendar *calendar,
                                  int year, struct trace *t);

/* The tasks of a household on the roll, 0 to 2 in `kinds`, and their number: an adjustment where it
 * is registered or returned, in dibao or not, closed or not; a register-candidate where it is
 * active in dibao and none or exited; a dibao-candidate where it is register-only. */
int register_tasks(enum status status, enum register_state state, enum register_kind kinds[2]);

/* Whether the decision answers a task of the kind for a household in the state; *after is the
 * register state once it takes effect. Else bad-argument naming what is allowed. */
bool register_decide(enum register_kind kind, enum register_state state, enum decision decision,
                     enum register_state *after, struct error *err);

/* The day on which a decision of `on` takes effect: the day after notice_days calendar days of
 * public notice, which are counted from the next day. */
struct date register_effect(const struct policy *policy, struct date on);
