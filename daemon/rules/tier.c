#include "rules/tier.h"

static bool in_set(unsigned set, unsigned value)
{
    return set == 0 || (set >> value & 1);
}

static bool member_fits(const struct tier_condition *c, const struct member_facts *m)
{
    return in_set(c->work_ability_set, m->work_ability) && in_set(c->health_set, m->health);
}

/* *decided is the member that settles it: the first that fits for "any", the first that does not
 * for "every"; NULL where it took all of them. */
static bool condition_holds(const struct tier_condition *c, const struct household_facts *facts,
                            const struct member_facts **decided)
{
    bool any = c->who == TIER_ANY_MEMBER;

    *decided = NULL;
    for (int i = 0; i < facts->member_count; i++) {
        const struct member_facts *m = &facts->members[i];
        if (m->status != MEMBER_PRESENT || member_fits(c, m) != any) {
            continue;
        }
        *decided = m;
        return any;
    }
    return !any;
}

/* What a rule came to, and what decided it, for the trace. */
struct verdict {
    bool holds;
    const char *why;
    const struct tier_condition *condition;
    const struct member_facts *member;
    bool income;
};

static struct verdict rule_try(const struct tier_rule *rule, const struct household_facts *facts)
{
    struct verdict v = {.holds = true, .why = "every condition holds"};

    for (int i = 0; i < rule->condition_count; i++) {
        v.condition = &rule->conditions[i];
        if (condition_holds(v.condition, facts, &v.member)) {
            continue;
        }
        v.holds = false;
        v.why = v.condition->who == TIER_ANY_MEMBER ? "no present member fits"
                                                    : "a present member does not fit";
        return v;
    }
    v.income = rule->income_kind_set != 0;
    if (!in_set(rule->income_kind_set, facts->income_kind)) {
        v.holds = false;
        v.member = NULL;
        v.why = facts->income_kind == INCOME_UNKNOWN ? "the kind of income is not known"
                                                     : "the income is of another kind";
    }
    return v;
}

static const char *known(const char *text)
{
    return *text ? text : "unknown";
}

static void trace_member(const struct verdict *v, struct trace *t)
{
    struct fact_origin from =
        v->member->origin ? *v->member->origin : (struct fact_origin){DATE_NONE, NULL};
    struct strbuf number = STRBUF_INIT;

    strbuf_addstr(&number, v->member->member);
    trace_fact(t, "member", strbuf_text(&number), from.on, from.source);
    strbuf_free(&number);
    if (v->condition->work_ability_set) {
        trace_fact(t, "work_ability",
                   known(names_text(&work_abilities, (int)v->member->work_ability)), from.on,
                   from.source);
    }
    if (v->condition->health_set) {
        trace_fact(t, "health", known(names_text(&healths, (int)v->member->health)), from.on,
                   from.source);
    }
}

static void trace_rule_tried(const struct tier_rule *rule, const struct verdict *v,
                             const struct household_facts *facts, struct trace *t)
{
    if (!t) {
        return;
    }
    trace_step(t, TRACE_TIER_RULE, v->holds ? TRACE_PASSED : TRACE_FAILED, rule->source,
               v->holds ? names_text(&tiers, (int)rule->tier) : NULL, "%s: %s", rule->name, v->why);
    if (v->member) {
        trace_member(v, t);
    }
    if (v->income) {
        household_fact(t, facts->origins, FACT_INCOME_KIND,
                       known(names_text(&income_kinds, (int)facts->income_kind)));
    }
}

static void trace_rules_left(const struct policy *policy, int from, const char *why,
                             struct trace *t)
{
    for (int i = from; t && i < policy->tier_rule_count; i++) {
        trace_step(t, TRACE_TIER_RULE, TRACE_NOT_REACHED, policy->tier_rules[i].source, NULL,
                   "%s: %s", policy->tier_rules[i].name, why);
    }
}

enum tier tier_derive(const struct policy *policy, const struct household_facts *facts,
                      enum tier_source *source, struct trace *t)
{
    bool present = household_present(facts) > 0;

    for (int i = 0; present && i < policy->tier_rule_count; i++) {
        const struct tier_rule *rule = &policy->tier_rules[i];
        struct verdict v = rule_try(rule, facts);
        trace_rule_tried(rule, &v, facts, t);
        if (!v.holds) {
            continue;
        }
        trace_rules_left(policy, i + 1, "an earlier rule holds", t);
        *source = TIER_DERIVED;
        return rule->tier;
    }
    if (!present) {
        trace_rules_left(policy, 0, "the household has no present member", t);
    }
    *source = TIER_DEFAULT;
    /* A version may drop even this tier; then its own table says what stands for it. */
    return policy->tiers[TIER_QUARTERLY].kept ? TIER_QUARTERLY
                                              : policy->tiers[TIER_QUARTERLY].mapped;
}
