/* work/correct: what was entered wrongly is taken back (contract.md 3.10). */
#pragma once

#include "store/division.h"
#include "store/event.h"
#include "work/household.h"

struct correct_result {
    enum event_kind kind;               /* what was taken back */
    struct date on;                     /* the day it was entered */
    struct date nominal_due_on, due_on; /* of the open cycle as it is again; DATE_NONE: none */
};
/* Reverses the household's latest event in the transaction under way and recomputes what followed:
 * a deadline that the calendar has moved since, a task that would have opened since, the derived
 * tier. Messages sent stand; the township's queue is told. Errors: not-found, conflict (nothing to
 * take back), bad-argument (no reason). */
bool correct_latest(struct work *w, struct actor actor, struct str household, struct str reason,
                    struct correct_result *result, struct error *err);
