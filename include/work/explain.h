/* work/explain: every date and decision as a chain of steps, by the functions that decide.
 *
 * An explanation of a household covers its tier, its open cycle with the task of it, and its
 * protection; one of a task the chain that gave its deadline: the cycle of a regular review, the
 * reports and working days of a triggered one, the campaign of a register task. Facts carry their
 * day and source (work/origin). */
#pragma once

#include "rules/trace.h"
#include "work/household.h"

struct explanation {
    char *subject; /* "household 5001…" or "task 7" */
    struct date on;
    const struct policy *policy; /* in force on that day */
    struct trace trace;
};

/* bad `household`/`task`: not-found. The caller frees the explanation. */
bool explain_household(struct work *w, struct str household, struct explanation *out,
                       struct error *err);
bool explain_task(struct work *w, int64_t task, struct explanation *out, struct error *err);
/* Whether it is protected on a day, by the facts as they are now; *clause NULL where it is not. */
bool explain_protection(struct work *w, struct str household, struct date on, bool *is_protected,
                        const char **clause, struct explanation *out, struct error *err);
void explanation_free(struct explanation *e);
