/* delivery/list_words: the Chinese words of the lists. Each table goes by the English one of the
 * same enum. */
#pragma once

#include "base/arena.h"
#include "base/names.h"
#include "rules/policy.h"

extern const struct names sections_zh;     /* 逾期, 七日内到期, 新增, 其余 */
extern const struct names task_kinds_zh;   /* 定期复核, 触发复核, 建档立卡调整, … */
extern const struct names tier_rhythms_zh; /* 按年复核, 按半年复核, 按季度复核 */
extern const struct names tiers_zh;        /* 年, 半年, 季度 */
extern const struct names report_kinds_zh; /* 患病, 意外事故, 死亡, … */
extern const struct names event_kinds_zh;  /* 复核, 情况变化, … : what can be corrected */

/* What protection forbids, in a few characters. */
#define FORBIDS_ZH "不得终止、停发、注销"

/* A source of the policy files as it stands on a list: those that are written in English there, in
 * Chinese; any other as it is. */
const char *clause_zh(const char *source);

/* What the policy's continuity rule forbids, by which clause, and what stands against it (3.5): one
 * paragraph in the arena. NULL for a policy without such a rule. */
const char *protection_zh(struct arena *a, const struct policy *policy);
