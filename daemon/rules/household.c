#include "rules/household.h"

static const char *const status_text[] = {"active", "suspended", "closed", "register-only"};
static const char *const register_text[] = {"none", "registered", "exited", "returned"};
static const char *const income_kind_text[] = {"", "stable", "variable"};
static const char *const health_text[] = {"", "healthy", "chronic", "serious-illness"};
static const char *const disability_text[] = {"", "none", "1", "2", "3", "4"};
static const char *const work_ability_text[] = {"", "none", "partial", "full"};
static const char *const member_status_text[] = {"present", "died", "moved-out"};
static const char *const tier_text[] = {"annual", "semi-annual", "quarterly"};
static const char *const tier_source_text[] = {"given", "derived", "default"};

const struct names statuses = NAMES_TABLE("status", status_text);
const struct names register_states = NAMES_TABLE("register", register_text);
const struct names income_kinds = NAMES_TABLE("income_kind", income_kind_text);
const struct names healths = NAMES_TABLE("health", health_text);
const struct names disabilities = NAMES_TABLE("disability", disability_text);
const struct names work_abilities = NAMES_TABLE("work_ability", work_ability_text);
const struct names member_statuses = NAMES_TABLE("status", member_status_text);
const struct names tiers = NAMES_TABLE("tier", tier_text);
const struct names tier_sources = NAMES_TABLE("tier_source", tier_source_text);

void household_fact(struct trace *t, const struct fact_origin *origins, enum fact which,
                    const char *value)
{
    static const char *const names[] = {
        [FACT_STATUS] = "status",
        [FACT_REGISTER] = "register",
        [FACT_TIER] = "tier",
        [FACT_APPROVED] = "approved_on",
        [FACT_LAST_REVIEW] = "last_review_on",
        [FACT_ANCHOR] = "anchor_on",
        [FACT_INCOME_KIND] = "income_kind",
        [FACT_INCOME] = "income",
        [FACT_PENSION] = "pension",
        [FACT_EMPLOYMENT_COST] = "employment_cost",
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == FACT_COUNT, "a name each");

    trace_fact(t, names[which], value, origins ? origins[which].on : DATE_NONE,
               origins ? origins[which].source : NULL);
}

int tier_months(enum tier tier)
{
    static const int months[TIER_COUNT] = {12, 6, 3};

    return months[tier];
}

int household_present(const struct household_facts *facts)
{
    int present = 0;

    for (int i = 0; i < facts->member_count; i++) {
        present += facts->members[i].status == MEMBER_PRESENT;
    }
    return present;
}
