#include "work/invariant.h"

#include <stdlib.h>

bool check_load(struct household_check *s, struct error *err)
{
    struct store *store = s->w->store;
    s->open = NULL;
    if (!store_cycles_of(store, s->a, s->row.id, &s->cycles, &s->cycle_count, err) ||
        !store_tasks_of(store, s->a, s->row.id, &s->tasks, &s->task_count, err) ||
        !store_members(store, s->a, s->row.id, &s->members, &s->member_count, err) ||
        !store_tier_spans(store, s->a, s->row.id, s->row.tier, &s->spans, &s->span_count, err) ||
        !store_row_check_history(store, s->a, s->row.id, &s->h, err)) {
        return false;
    }
    for (int i = 0; i < s->cycle_count; i++) {
        if (s->cycles[i].state == CYCLE_OPEN) {
            s->open = &s->cycles[i];
        }
    }
    return true;
}

void check_fail(const struct household_check *s, const char *format, ...)
{
    struct verify_result *r = s->result;
    if (r->failure_count == VERIFY_FAILURES) {
        return;
    }
    struct strbuf what = STRBUF_INIT;
    struct str household = s->row.household;
    va_list args;
    va_start(args, format);
    strbuf_vaddf(&what, format, args);
    va_end(args);
    r->failures = xrealloc(r->failures, (size_t)(r->failure_count + 1) * sizeof *r->failures);
    r->failures[r->failure_count++] = (struct verify_failure){
        s->word, household.data ? xstrndup(household.data, household.len) : NULL,
        xstrdup(strbuf_text(&what))};
    strbuf_free(&what);
}

struct date check_ran(const struct household_check *s, enum run_phase phase)
{
    const struct run_row *last = &s->moment->last;
    return !date_is(last->day) || last->phase > phase ? last->day : date_plus(last->day, -1);
}

const struct task_row *check_task(const struct household_check *s, int64_t task)
{
    for (int i = 0; i < s->task_count; i++) {
        if (s->tasks[i].task == task) {
            return &s->tasks[i];
        }
    }
    return NULL;
}

bool check_context(const struct household_check *s, struct date decided_on, struct date anchor,
                   struct cycle_context *context)
{
    struct error why = ERROR_INIT;
    *context = (struct cycle_context){.policy = work_policy(s->w, decided_on, &why),
                                      .calendar = s->w->rules->calendar,
                                      .anchor = anchor,
                                      .tiers = s->spans,
                                      .tier_count = s->span_count};
    if (!context->policy) {
        check_fail(s, "%s", why.message);
        error_clear(&why);
    }
    return context->policy != NULL;
}

bool check_readmitted(const struct household_check *s)
{
    for (int i = 0; i < s->cycle_count; i++) {
        if (s->cycles[i].state == CYCLE_ENDED && (s->open || i + 1 < s->cycle_count)) {
            return true;
        }
    }
    for (int i = 0; i < s->h.cessation_count; i++) { /* of one without a cycle, or taken back */
        bool closing = s->h.endings[i].act != ACT_SUSPEND;
        if (closing && (s->h.endings[i].corrected || s->row.status != STATUS_CLOSED)) {
            return true;
        }
    }
    return false;
}

const struct invariant invariants_store[] = {
    {"set-aside", "4", "no household is set aside by the daily run; each is named with its reason",
     NULL},
    {"counts-kept", "3.4, 6",
     "the counts that are kept of households, open and late tasks are those that are counted",
     NULL},
    {"office-month", "6", "so are each township's tasks done and done on time in each month", NULL},
    {"message-count", "6", "so are the messages in each state", NULL},
    {"run-days", "4", "every day from the first run to the last has its run", NULL},
    {0},
};

const struct invariant *const invariants[] = {invariants_household, invariants_cycle,
                                              invariants_task,      invariants_record,
                                              invariants_store,     NULL};
