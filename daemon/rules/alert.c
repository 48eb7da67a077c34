#include "rules/alert.h"

struct date alert_day(const struct alert_rung *rung, const struct calendar *calendar,
                      struct date due_on)
{
    return calendar_add_working(calendar, due_on, rung->working_days, NULL, NULL);
}

/* Rungs ascend strictly in working days (policy_read checks it), so do their days: the walk can end
 * at the first rung that is still ahead. */
int alert_due(const struct policy *policy, const struct calendar *calendar, struct date due_on,
              int raised, struct date today, struct date *next_on)
{
    int passed = -1;

    *next_on = DATE_NONE;
    for (int i = raised < 0 ? 0 : raised + 1; i < policy->rung_count; i++) {
        struct date day = alert_day(&policy->rungs[i], calendar, due_on);
        if (date_cmp(day, today) > 0) {
            *next_on = day;
            break;
        }
        passed = i;
    }
    return passed;
}
