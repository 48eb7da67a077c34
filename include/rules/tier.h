/* rules/tier: how often a household is reviewed (contract.md 3.3; circular 二(四)3, 分类管理).
 *
 * The policy's ordered rules look at the present members and the income; the first that holds gives
 * the tier. An unknown fact matches no rule. */
#pragma once

#include "rules/policy.h"

/* The tier that the rules derive. Without present members or with no rule that holds: quarterly and
 * *source TIER_DEFAULT; else TIER_DERIVED. Traces each rule: passed, failed, not-reached. */
enum tier tier_derive(const struct policy *policy, const struct household_facts *facts,
                      enum tier_source *source, struct trace *t);
