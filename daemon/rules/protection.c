#include "rules/protection.h"

/* What must all hold, in the order in which an auditor asks it. */
enum condition { IN_FORCE, IN_DIBAO, ON_LIST, CONDITION_COUNT };

static bool condition_holds(enum condition which, const struct policy *policy,
                            const struct household_facts *facts)
{
    switch (which) {
    case IN_FORCE:
        return policy->continuity;
    case IN_DIBAO:
        return facts->status == STATUS_ACTIVE;
    case ON_LIST:
        return policy->protected_set >> facts->register_state & 1;
    default:
        return false;
    }
}

static void trace_condition(enum condition which, enum trace_result result,
                            const struct policy *policy, const struct household_facts *facts,
                            struct trace *t)
{
    static const char *const text[CONDITION_COUNT] = {
        "the policy in force has a continuity rule",
        "the household is active in dibao",
        "its register state is one that the policy protects",
    };

    if (!t)
        return;
    trace_step(t, TRACE_PROTECTION, result, policy->continuity_source, NULL, "%s", text[which]);
    if (which == IN_FORCE)
        trace_fact(t, "policy", policy->name, DATE_NONE, NULL);
    else if (which == IN_DIBAO)
        trace_fact(t, "status", names_text(&statuses, (int)facts->status), DATE_NONE, NULL);
    else
        trace_fact(t, "register", names_text(&register_states, (int)facts->register_state),
                   DATE_NONE, NULL);
}

bool protection_holds(const struct policy *policy, const struct household_facts *facts,
                      const char **clause, struct trace *t)
{
    bool holds = true;

    for (enum condition i = IN_FORCE; i < CONDITION_COUNT; i++) {
        enum trace_result result = TRACE_NOT_REACHED;
        if (holds) {
            holds = condition_holds(i, policy, facts);
            result = holds ? TRACE_PASSED : TRACE_FAILED;
        }
        trace_condition(i, result, policy, facts, t);
    }
    trace_step(t, TRACE_PROTECTION, TRACE_COMPUTED, policy->continuity_source,
               holds ? "protected" : "not-protected",
               holds ? "the allowance goes on without a break" : "the household is not protected");
    if (clause)
        *clause = holds ? policy->continuity_source : NULL;
    return holds;
}
