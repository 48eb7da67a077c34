#include "work/explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/alert.h"
#include "rules/protection.h"
#include "rules/tier.h"

static void explain_tier(struct work *w, struct arena *a, const struct household_view *view,
                         const struct policy *policy, struct trace *t)
{
    static const char *const from[] = {
        [TIER_GIVEN] = "given by hand or by the import",
        [TIER_DERIVED] = "derived from the members and the income",
        [TIER_DEFAULT] = "no members and none given: quarterly until they are known"};
    (void)w;
    if (view->row.tier_source == TIER_DERIVED) {
        struct household_facts facts = household_facts_of(a, view);
        enum tier_source source;
        tier_derive(policy, &facts, &source, t);
    }
    trace_step(t, TRACE_TIER, TRACE_COMPUTED, policy->tiers_source,
               names_text(&tiers, (int)view->row.tier), "%s: reviewed every %d months (%s)",
               names_text(&tiers, (int)view->row.tier), tier_months(view->row.tier),
               from[view->row.tier_source]);
}

static void explain_facts(const struct household_view *view, struct trace *t)
{
    const struct household_row *r = &view->row;
    trace_fact(t, "status", names_text(&statuses, (int)r->status), DATE_NONE, "import");
    trace_fact(t, "register", names_text(&register_states, (int)r->register_state), DATE_NONE,
               "import");
    char text[DATE_TEXT];
    if (date_is(r->approved_on)) {
        trace_fact(t, "approved_on", date_text(r->approved_on, text), r->approved_on, "import");
    }
    if (date_is(r->last_review_on)) {
        trace_fact(t, "last_review_on", date_text(r->last_review_on, text), r->last_review_on,
                   "review");
    }
}

static void explain_postponed(const struct task_row *task, const struct policy *policy,
                              struct trace *t)
{
    char from[DATE_TEXT], to[DATE_TEXT];
    if (task->due_on.day != task->original_due_on.day) {
        trace_step(t, TRACE_POSTPONED, TRACE_COMPUTED, policy->postpone_source,
                   date_text(task->due_on, to), "the deadline of %s was postponed to %s",
                   date_text(task->original_due_on, from), to);
    }
}

static void explain_late(struct work *w, const struct task_row *task, struct trace *t)
{
    char today[DATE_TEXT], due[DATE_TEXT];
    bool late = cycle_is_late(task->state == TASK_OPEN, task->due_on, work_today(w));
    trace_step(t, TRACE_LATE, late ? TRACE_PASSED : TRACE_FAILED, NULL, late ? "late" : "not late",
               "task %lld is %s: deadline %s, today %s", (long long)task->task,
               late                       ? "late"
               : task->state == TASK_OPEN ? "open and not late"
                                          : names_text(&task_states, (int)task->state),
               date_text(task->due_on, due), date_text(work_today(w), today));
}

static void explain_alerts(struct work *w, const struct task_row *task, const struct policy *policy,
                           struct trace *t)
{
    char day[DATE_TEXT];
    for (int i = 0; task->state == TASK_OPEN && i < policy->rung_count; i++) {
        const struct alert_rung *rung = &policy->rungs[i];
        struct date on = alert_day(rung, w->rules->calendar, task->due_on);
        trace_step(t, TRACE_ALERT, i <= task->raised ? TRACE_PASSED : TRACE_NOT_REACHED,
                   policy->alerts_source, date_text(on, day), "%s, to the %s, on %s", rung->name,
                   names_text(&alert_targets, (int)rung->to), day);
    }
}

static bool explain_task_steps(struct work *w, struct arena *a, int64_t number,
                               const struct policy *policy, struct trace *t, struct error *err)
{
    struct task_row task;
    if (!store_task_get(w->store, a, number, &task, err)) {
        return false;
    }
    explain_postponed(&task, policy, t);
    explain_late(w, &task, t);
    explain_alerts(w, &task, policy, t);
    return true;
}

/* The dates of a cycle by the functions that decided them, under the policy of that day. */
static bool explain_cycle(struct work *w, struct arena *a, const struct household_view *view,
                          const struct cycle_row *cycle, struct trace *t, struct error *err)
{
    struct cycle_context context;
    struct cycle_dates dates;
    const struct policy *policy = policy_on(w->rules->policies, cycle->decided_on, t, err);
    if (!policy || !household_context(w, a, &view->row, cycle->decided_on, &context, err)) {
        return false;
    }
    context.anchor = cycle->anchor_on;
    return cycle_at(&context, cycle->dates.step, cycle->dates.tier, &dates, t, err) &&
           (!cycle->task || explain_task_steps(w, a, cycle->task, policy, t, err));
}

static void explain_protection(struct arena *a, const struct household_view *view,
                               const struct policy *policy, struct trace *t)
{
    struct household_facts facts = household_facts_of(a, view);
    protection_holds(policy, &facts, NULL, t);
}

static bool explain_view(struct work *w, struct arena *a, const struct household_view *view,
                         const struct cycle_row *cycle, struct explanation *out, struct error *err)
{
    struct trace *t = &out->trace;
    out->on = work_today(w);
    out->policy = policy_on(w->rules->policies, out->on, NULL, err);
    if (!out->policy) {
        return false;
    }
    explain_tier(w, a, view, out->policy, t);
    explain_facts(view, t);
    if (cycle->cycle) {
        if (!explain_cycle(w, a, view, cycle, t, err)) {
            return false;
        }
    } else {
        trace_step(t, TRACE_DUE, TRACE_NOT_REACHED, NULL, NULL,
                   "no review is due: the household is %s",
                   names_text(&statuses, (int)view->row.status));
    }
    explain_protection(a, view, out->policy, t);
    return true;
}

bool explain_household(struct work *w, struct str household, struct explanation *out,
                       struct error *err)
{
    struct arena a = ARENA_INIT;
    struct household_view view;
    *out = (struct explanation){.trace = TRACE_INIT};
    bool ok = household_load(w, &a, household, &view, err);
    if (ok && view.row.id == 0) {
        ok = error_set(err, REASON_NOT_FOUND, "there is no household \"%.*s\"", STR_ARG(household));
    }
    if (ok) {
        struct strbuf subject = STRBUF_INIT;
        strbuf_addf(&subject, "household %.*s", STR_ARG(household));
        out->subject = xstrdup(strbuf_text(&subject));
        strbuf_free(&subject);
        ok = explain_view(w, &a, &view, &view.cycle, out, err);
    }
    arena_free(&a);
    if (!ok) {
        explanation_free(out);
    }
    return ok;
}

static bool task_case(struct work *w, struct arena *a, int64_t task, struct household_view *view,
                      struct cycle_row *cycle, struct error *err)
{
    struct task_row row;
    if (!store_task_get(w->store, a, task, &row, err)) {
        return false;
    }
    if (row.task == 0) {
        return error_set(err, REASON_NOT_FOUND, "there is no task %lld", (long long)task);
    }
    *cycle = (struct cycle_row){0};
    return household_load(w, a, row.household, view, err) &&
           (row.cycle == 0 || store_cycle_get(w->store, row.cycle, cycle, err));
}

bool explain_task(struct work *w, int64_t task, struct explanation *out, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct household_view view;
    struct cycle_row cycle;
    *out = (struct explanation){.trace = TRACE_INIT};
    bool ok = task_case(w, &a, task, &view, &cycle, err);
    if (ok) {
        char subject[40];
        snprintf(subject, sizeof subject, "task %lld", (long long)task);
        out->subject = xstrdup(subject);
        ok = explain_view(w, &a, &view, &cycle, out, err);
    }
    arena_free(&a);
    if (!ok) {
        explanation_free(out);
    }
    return ok;
}

void explanation_free(struct explanation *e)
{
    free(e->subject);
    trace_free(&e->trace);
    *e = (struct explanation){0};
}
