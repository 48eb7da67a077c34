#include "delivery/words.h"

#include "rules/protection.h"
#include "rules/register.h"
#include "store/task.h"

static const char *const outcome_text[] = {
    [OUTCOME_CONTINUE] = "继续",
    [OUTCOME_ADJUST] = "调整",
    [OUTCOME_TERMINATE] = "终止",
    [OUTCOME_POSTPONE] = "延期",
    [OUTCOME_DECISIONS + DECISION_KEEP] = "保留",
    [OUTCOME_DECISIONS + DECISION_EXIT] = "退出",
    [OUTCOME_DECISIONS + DECISION_RETURN] = "返贫",
    [OUTCOME_DECISIONS + DECISION_ADD] = "纳入",
    [OUTCOME_DECISIONS + DECISION_APPLY] = "申请低保",
    [OUTCOME_DECISIONS + DECISION_NOT_ELIGIBLE] = "不符合",
};
static const char *const ground_text[GROUND_COUNT] = {
    [GROUND_ALL_MEMBERS_GONE] = "全员消亡或迁出",
    [GROUND_MEMBER_CHANGE] = "人员变动",
    [GROUND_INCOME_CLEARLY_ABOVE] = "收入明显超标",
    [GROUND_ASSETS_CLEARLY_ABOVE] = "财产明显超标",
    [GROUND_INCOME_ABOVE] = "收入超标",
    [GROUND_ASSETS_ABOVE] = "财产超标",
    [GROUND_TRANSFERRED] = "转特困供养",
    [GROUND_VOLUNTARY] = "自愿放弃",
    [GROUND_FRAUD] = "骗保",
    [GROUND_OTHER] = "其他",
};
const struct names outcomes_zh = NAMES_TABLE("outcome", outcome_text);
const struct names grounds_zh = NAMES_TABLE("ground", ground_text);

/* The socket's words of the four; those of the decisions are rules/register's. */
static const char *const review_text[OUTCOME_DECISIONS] = {"continue", "adjust", "terminate",
                                                           "postpone"};
static const struct names reviews = NAMES_TABLE("outcome", review_text);

int words_outcome(struct str word)
{
    int value = names_find(&outcomes_zh, word);
    if (value < 0) {
        value = names_find(&reviews, word);
    }
    if (value < 0 && (value = names_find(&decisions, word)) >= 0) {
        value += OUTCOME_DECISIONS;
    }
    return value;
}

int words_ground(struct str word)
{
    int value = names_find(&grounds_zh, word);
    return value >= 0 ? value : names_find(&grounds, word);
}
