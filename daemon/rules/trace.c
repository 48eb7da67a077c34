#include "rules/trace.h"

#include <stdlib.h>

static const struct word rule_names[] = {
    [TRACE_POLICY] = {"policy", NULL},
    [TRACE_HOUSEHOLD] = {"household", NULL},
    [TRACE_TIER] = {"tier.in-force", NULL},
    [TRACE_TIER_RULE] = {"tier.rule", NULL},
    [TRACE_ANCHOR] = {"anchor", NULL},
    [TRACE_INTERVAL] = {"interval", NULL},
    [TRACE_CLAMP] = {"clamp", NULL},
    [TRACE_ROLL] = {"roll", NULL},
    [TRACE_REPORT] = {"report", NULL},
    [TRACE_WORKING] = {"working-days", NULL},
    [TRACE_DUE] = {"due", NULL},
    [TRACE_LEAD] = {"lead", NULL},
    [TRACE_PROVISIONAL] = {"provisional", NULL},
    [TRACE_CANDIDATE] = {"candidate", NULL},
    [TRACE_BEFORE_ENTRY] = {"before-entry", NULL},
    [TRACE_POSTPONED] = {"postponed", NULL},
    [TRACE_LATE] = {"late", NULL},
    [TRACE_CONDITION] = {"protection.condition", NULL},
    [TRACE_PROTECTION] = {"protection.in-force", NULL},
    [TRACE_INCOME] = {"protection.income", NULL},
    [TRACE_GROUND] = {"protection.ground", NULL},
    [TRACE_ENDING] = {"protection.ending", NULL},
    [TRACE_CAMPAIGN] = {"register", NULL},
    [TRACE_ALERT] = {"alert", NULL},
};
_Static_assert(sizeof(rule_names) / sizeof(rule_names[0]) == TRACE_RULE_COUNT, "a name each");
const struct names trace_rules = NAMES_TABLE("rule", rule_names);

static const struct word result_names[] = {
    [TRACE_PASSED] = {"passed", NULL},
    [TRACE_FAILED] = {"failed", NULL},
    [TRACE_NOT_REACHED] = {"not-reached", NULL},
    [TRACE_COMPUTED] = {"computed", NULL},
};
const struct names trace_results = NAMES_TABLE("result", result_names);

static const char *copy(struct trace *t, const char *text)
{
    return text ? arena_copy(&t->arena, str_of(text)) : NULL;
}

void trace_step(struct trace *t, enum trace_rule rule, enum trace_result result, const char *clause,
                const char *value, const char *format, ...)
{
    if (!t) {
        return;
    }
    if (t->count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        t->steps = xrealloc(t->steps, (size_t)t->cap * sizeof(t->steps[0]));
    }
    struct strbuf text = STRBUF_INIT;
    va_list args;
    va_start(args, format);
    strbuf_vaddf(&text, format, args);
    va_end(args);
    t->steps[t->count++] = (struct trace_step){
        .rule = rule,
        .result = result,
        .text = arena_copy(&t->arena, strbuf_str(&text)),
        .clause = copy(t, clause),
        .value = copy(t, value),
    };
    strbuf_free(&text);
}

void trace_clause(struct trace *t, int from, const char *clause)
{
    for (int i = from; t && i < t->count; i++) {
        if (!t->steps[i].clause) {
            t->steps[i].clause = copy(t, clause);
        }
    }
}

void trace_fact(struct trace *t, const char *name, const char *value, struct date on,
                const char *source)
{
    if (!t || t->count == 0) {
        return;
    }
    struct trace_step *step = &t->steps[t->count - 1];
    int n = step->fact_count;
    /* An arena cannot grow an array: it moves to one of twice the size at each power of two. */
    if ((n & (n - 1)) == 0) {
        size_t cap = n ? (size_t)n * 2 : 1;
        struct trace_fact *facts = arena_alloc(&t->arena, cap * sizeof(facts[0]));
        if (n) {
            memcpy(facts, step->facts, (size_t)n * sizeof(facts[0]));
        }
        step->facts = facts;
    }
    step->facts[step->fact_count++] = (struct trace_fact){
        .name = copy(t, name),
        .value = copy(t, value),
        .on = on,
        .source = copy(t, source),
    };
}

void trace_free(struct trace *t)
{
    free(t->steps);
    arena_free(&t->arena);
    *t = TRACE_INIT;
}
