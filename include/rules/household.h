/* rules/household: the words for a household and its members, and the facts that rules look at
 * (contract.md sections 2 and 5). Money is in fen (1/100 yuan) a year for the household. */
#pragma once

#include "base/names.h"
#include "rules/trace.h"

enum status { STATUS_ACTIVE, STATUS_SUSPENDED, STATUS_CLOSED, STATUS_REGISTER_ONLY };
enum register_state { REGISTER_NONE, REGISTER_REGISTERED, REGISTER_EXITED, REGISTER_RETURNED };
enum income_kind { INCOME_UNKNOWN, INCOME_STABLE, INCOME_VARIABLE };
enum health { HEALTH_UNKNOWN, HEALTH_HEALTHY, HEALTH_CHRONIC, HEALTH_SERIOUS_ILLNESS };
enum disability {
    DISABILITY_UNKNOWN,
    DISABILITY_NONE,
    DISABILITY_1,
    DISABILITY_2,
    DISABILITY_3,
    DISABILITY_4
};
enum work_ability { WORK_UNKNOWN, WORK_NONE, WORK_PARTIAL, WORK_FULL };
enum member_status { MEMBER_PRESENT, MEMBER_DIED, MEMBER_MOVED_OUT };
enum tier { TIER_ANNUAL, TIER_SEMI_ANNUAL, TIER_QUARTERLY, TIER_COUNT };
/* Where a tier comes from: the import or a hand-set change; the policy's rules; neither facts nor a
 * given tier, so quarterly by default. */
enum tier_source { TIER_GIVEN, TIER_DERIVED, TIER_DEFAULT };

/* Whether a household's reviews before its entry are known (contract.md 3.4, Import). */
enum history { HISTORY_KNOWN, HISTORY_UNKNOWN };

extern const struct names histories;
extern const struct names statuses, register_states, income_kinds, healths, disabilities,
    work_abilities, member_statuses, tiers, tier_sources;
/* In the tables the UNKNOWN values are "" (an empty cell, NULL in SQL). */

/* 12, 6, 3. */
int tier_months(enum tier tier);

/* Where a fact comes from, for explanations alone: no decision looks at it. */
struct fact_origin {
    struct date on;     /* the day it happened, or was recorded where that is not known */
    const char *source; /* "import", "report 3", … or NULL */
};
enum fact {
    FACT_STATUS,
    FACT_REGISTER,
    FACT_TIER,
    FACT_APPROVED,
    FACT_LAST_REVIEW,
    FACT_ANCHOR,
    FACT_INCOME_KIND,
    FACT_INCOME,
    FACT_PENSION,
    FACT_EMPLOYMENT_COST,
    FACT_COUNT,
    /* What an origin can be of besides: all that a household was added with; all the members that
     * it has by then; one of them. */
    FACT_HOUSEHOLD = FACT_COUNT,
    FACT_MEMBERS,
    FACT_MEMBER
};
extern const struct names fact_names;

struct member_facts {
    struct str member; /* its number within the household */
    enum health health;
    enum disability disability;
    enum work_ability work_ability;
    enum member_status status;
    struct date birth_on;             /* DATE_NONE: unknown */
    const struct fact_origin *origin; /* NULL: not asked for */
};

#define FEN_UNKNOWN (-1)

struct household_facts {
    enum status status;
    enum register_state register_state;
    enum income_kind income_kind;
    int64_t income, pension, employment_cost; /* fen; FEN_UNKNOWN */
    const struct member_facts *members;
    int member_count;
    const struct fact_origin *origins; /* [FACT_COUNT]; NULL: not asked for */
};

/* Adds a fact of the household, by its name and with its origin, to the trace's last step. */
void household_fact(struct trace *t, const struct fact_origin *origins, enum fact which,
                    const char *value);

/* Members with status present. */
int household_present(const struct household_facts *facts);
