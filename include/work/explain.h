/* work/explain: every date and decision as a chain of steps, by the functions that decide. */
#pragma once

#include "rules/trace.h"
#include "work/household.h"

struct explanation {
    char *subject; /* "household 5001…" or "task 7" */
    struct date on;
    const struct policy *policy; /* in force today */
    struct trace trace;
};

/* bad `household`/`task`: not-found. The caller frees the explanation. */
bool explain_household(struct work *w, struct str household, struct explanation *out,
                       struct error *err);
bool explain_task(struct work *w, int64_t task, struct explanation *out, struct error *err);
void explanation_free(struct explanation *e);
