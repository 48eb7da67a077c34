/* rules/alert: the ladder of an open task (contract.md 3.8). */
#pragma once

#include "rules/policy.h"

/* The day of a rung: its working days before or after due_on. */
struct date alert_day(const struct alert_rung *rung, const struct calendar *calendar,
                      struct date due_on);

/* The rung to raise on `today`: the highest whose day is not after today, if it is above `raised`
 * (the highest raised so far for this deadline, -1 for none); else -1. *next_on is the day of the
 * first rung above the answer (or above `raised`), DATE_NONE when none is left. */
int alert_due(const struct policy *policy, const struct calendar *calendar, struct date due_on,
              int raised, struct date today, struct date *next_on);
