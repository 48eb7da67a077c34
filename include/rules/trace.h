/* rules/trace: why a decision is what it is, step by step.
 *
 * The functions that decide take a struct trace and note what they do; with NULL they note nothing
 * and cost nothing. `reviewctl explain` runs the same functions with a trace: there is no second
 * engine that could disagree. A trace owns its texts, in an arena of its own. */
#pragma once

#include "base/arena.h"
#include "base/names.h"
#include "rules/date.h"

/* The closed table of rules (doc/protocol.md): the `rule` of a step. Names in trace_rules. */
enum trace_rule {
    TRACE_POLICY,       /* policy: the version in force on the day of the decision */
    TRACE_HOUSEHOLD,    /* household: the facts on record, each with its day and source */
    TRACE_TIER,         /* tier.in-force: the tier in force and where it comes from */
    TRACE_TIER_RULE,    /* tier.rule: one ordered rule of the policy tried */
    TRACE_ANCHOR,       /* anchor: the day from which cycles are counted */
    TRACE_INTERVAL,     /* interval: anchor + k × interval, or the k-th period end */
    TRACE_CLAMP,        /* clamp: to the month's end */
    TRACE_ROLL,         /* roll: a day off passed over; one step for each day */
    TRACE_REPORT,       /* report: a reported change that opened or joined a triggered review */
    TRACE_WORKING,      /* working-days: a number of working days after a day */
    TRACE_DUE,          /* due: the deadline that results */
    TRACE_LEAD,         /* lead: opens_on */
    TRACE_PROVISIONAL,  /* provisional: a year without a published calendar was examined */
    TRACE_CANDIDATE,    /* candidate: a nominal date passed over, and why */
    TRACE_BEFORE_ENTRY, /* before-entry: a nominal date before the entry, of which nothing is known
                         */
    TRACE_POSTPONED,    /* postponed: the deadline was postponed */
    TRACE_LATE,         /* late: whether the task is late today */
    TRACE_CONDITION,    /* protection.condition: one condition of the continuity rule */
    TRACE_PROTECTION,   /* protection.in-force: protected or not */
    TRACE_INCOME,   /* protection.income: countable income a head, and the limit it is held to */
    TRACE_GROUND,   /* protection.ground: whether the facts bear a ground out */
    TRACE_ENDING,   /* protection.ending: whether an act may rest on its ground */
    TRACE_CAMPAIGN, /* register: one step of the year's campaign */
    TRACE_ALERT,    /* alert: a rung and its day */
    TRACE_RULE_COUNT
};
extern const struct names trace_rules;

enum trace_result { TRACE_PASSED, TRACE_FAILED, TRACE_NOT_REACHED, TRACE_COMPUTED };
extern const struct names trace_results;

struct trace_fact {
    const char *name;
    const char *value;
    struct date on;     /* the day of the fact, or DATE_NONE */
    const char *source; /* where it comes from: "import", "review", … or NULL */
};

struct trace_step {
    enum trace_rule rule;
    enum trace_result result;
    const char *text;   /* English, one line */
    const char *clause; /* "二(四)3", "Civil Code 203", "local"; or NULL */
    const char *value;  /* what the step gives: a date, a word; or NULL */
    struct trace_fact *facts;
    int fact_count;
};

struct trace {
    struct arena arena;
    struct trace_step *steps;
    int count;
    int cap;
};

#define TRACE_INIT                                                                                 \
    (struct trace)                                                                                 \
    {                                                                                              \
        ARENA_INIT, 0, 0, 0                                                                        \
    }

/* Adds a step; clause and value are copied and may be NULL. Nothing happens where t is NULL. */
void trace_step(struct trace *t, enum trace_rule rule, enum trace_result result, const char *clause,
                const char *value, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Gives the clause to those steps from number `from` on that have none. */
void trace_clause(struct trace *t, int from, const char *clause);
/* Adds a fact to the last step. All texts are copied; `source` may be NULL. */
void trace_fact(struct trace *t, const char *name, const char *value, struct date on,
                const char *source);
void trace_free(struct trace *t);
