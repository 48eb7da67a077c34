/* rules/protection: the continuity rule (contract.md 3.5; circular 二(四)3,
 * 连续享受最低生活保障兜底政策). */
#pragma once

#include "rules/policy.h"

/* Whether the policy protects the household on its day: it has a continuity rule, the household is
 * active in dibao and its register state is on the policy's list. Traces each condition. *clause
 * (may be NULL) is the clause that protects, or NULL. */
bool protection_holds(const struct policy *policy, const struct household_facts *facts,
                      const char **clause, struct trace *t);
/* How many the policy (NULL: none) protects of households counted by status and register state. */
int64_t protection_count(const struct policy *policy, int64_t counts[4][4]);

/* What ends or interrupts an allowance. */
enum act { ACT_TERMINATE, ACT_CLOSE, ACT_SUSPEND };
extern const struct names acts; /* "terminate", "close", "suspend" */

/* The grounds of contract.md 3.5: the first four stand against protection, all stand without it. */
enum ground {
    GROUND_ALL_MEMBERS_GONE,
    GROUND_MEMBER_CHANGE,
    GROUND_INCOME_CLEARLY_ABOVE,
    GROUND_ASSETS_CLEARLY_ABOVE,
    GROUND_INCOME_ABOVE,
    GROUND_ASSETS_ABOVE,
    GROUND_TRANSFERRED,
    GROUND_VOLUNTARY,
    GROUND_FRAUD,
    GROUND_OTHER,
    GROUND_COUNT
};
extern const struct names grounds;
/* The words of the shipped policies' assets; a policy may have others (rules/policy). */
extern const struct names known_assets;
/* Such a word as an argument of a sentence. */
struct arg asset_arg(const char *word);

/* What a ground is held against. */
struct cessation_facts {
    struct household_facts household;
    bool member_left; /* a death or a moving out recorded since the last completed review */
    struct date member_left_on; /* its day, DATE_NONE where there is none */
    const char *const *assets;  /* words of the assets on record, asset_count of them */
    const struct fact_origin *asset_origins; /* of each, for a trace; may be NULL */
    int asset_count;
    int64_t standard;  /* dibao standard, fen a head and year; 0 or less: not known */
    int standard_year; /* whose standard: the latest year not after the decision's */
    bool has_remark;
};

/* income − pension − employment cost of the whole household, in fen a year (二(二)3), never below
 * 0. The pension counts as income after policy->pension_until. Unknown deductions are 0; -1 where
 * the income is unknown or nobody is present. A head it is this divided by the present members:
 * what is held against the limit is the quotient itself, not cut to fen. */
int64_t countable_income(const struct policy *policy, struct date on,
                         const struct household_facts *facts);

/* Whether `act` on the day `on` may rest on `ground`. While protected only the first four may, each
 * borne out by the facts, and no unknown fact bears anything out; "above" is judged exactly, the
 * ratio taken to the millionth; without protection every ground
 * may, but `other` needs a remark and all-members-gone must be borne out. Refused: protected, with
 * the continuity clause and what would end the protection; without protection bad-argument (no
 * remark) or conflict (somebody is present, or nobody on record). Traces the protection, the income
 * and its limit, each of the four grounds, and last the answer (TRACE_ENDING, "allowed" or
 * "refused"). */
bool cessation_allowed(const struct policy *policy, struct date on, enum act act,
                       enum ground ground, const struct cessation_facts *facts, struct trace *t,
                       struct error *err);
