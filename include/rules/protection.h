/* rules/protection: the continuity rule (spec.md 3.5; circular 二(四)3,
 * 连续享受最低生活保障兜底政策). */
#pragma once

#include "rules/policy.h"

/* Whether the policy protects the household on its day: it has a continuity rule, the household is
 * active in dibao and its register state is on the policy's list. Traces each condition. *clause
 * (may be NULL) is the clause that protects, or NULL. */
bool protection_holds(const struct policy *policy, const struct household_facts *facts,
                      const char **clause, struct trace *t);
