#include "work/explain.h"

#include <stdlib.h>

#include "rules/alert.h"
#include "rules/protection.h"
#include "rules/register.h"
#include "rules/tier.h"
#include "store/report.h"

/* What an explanation works with. */
struct explaining {
    struct work *w;
    struct arena arena;
    struct household_view view;
    struct origins origins;
    struct household_facts facts;
    struct task_row task; /* task 0: of the household */
    struct explanation *out;
    const struct policy *told; /* the last one that the trace named */
};

/* The policy of a day; a step where it is another than the one that was named last. */
static const struct policy *explain_policy(struct explaining *s, struct date day, struct error *err)
{
    const struct policy *policy = policy_on(s->w->rules->policies, day, NULL, err);
    if (policy && policy != s->told) {
        policy_on(s->w->rules->policies, day, &s->out->trace, NULL);
        s->told = policy;
    }
    return policy;
}

/* ---- the household ---- */

static void day_fact(struct explaining *s, enum fact which, struct date day)
{
    char text[DATE_TEXT];
    if (date_is(day)) {
        household_fact(&s->out->trace, s->origins.facts, which, date_text(day, text));
    }
}

static const char *tier_from(const struct explaining *s)
{
    bool present = household_present(&s->facts) > 0;
    switch (s->view.row.tier_source) {
    case TIER_GIVEN:
        return "given";
    case TIER_DERIVED:
        return present ? "derived from the members and the income"
                       : "as it was when the last present member went";
    case TIER_DEFAULT:
    default:
        if (date_is(s->view.row.settle_by)) {
            return "not known yet: its members and income are waited for, and it is not late";
        }
        return present ? "no rule holds: quarterly until the facts are known"
                       : "no members and none given: quarterly until they are known";
    }
}

/* ---- what every task has ---- */

/* A calendar that came late makes no task late, and no late one punctual (3.2). */
static void explain_floor(struct explaining *s, struct date rolled, struct date due_on)
{
    char from[DATE_TEXT], to[DATE_TEXT];
    if (date_is(rolled)) {
        trace_step(
            &s->out->trace, TRACE_DUE, TRACE_COMPUTED, NULL, date_text(due_on, to),
            date_cmp(rolled, due_on) > 0
                ? "the calendar gave %s when the task was late: the deadline stays %s, for a "
                  "recomputation never makes a late one punctual"
                : "the calendar gave %s when that was over or the day itself: the deadline is "
                  "%s, for a recomputation never makes a task late",
            date_text(rolled, from), to);
    }
}

/* Postponed, late or not, and the ladder. */
static void explain_progress(struct explaining *s, const struct policy *policy)
{
    char from[DATE_TEXT], to[DATE_TEXT];
    const struct task_row *task = &s->task;
    struct trace *t = &s->out->trace;
    if (task->due_on.day != task->original_due_on.day) {
        trace_step(t, TRACE_POSTPONED, TRACE_COMPUTED, policy->postpone_source,
                   date_text(task->due_on, to), "the deadline of %s was postponed to %s",
                   date_text(task->original_due_on, from), to);
    }
    bool late = cycle_is_late(task->state == TASK_OPEN, task->due_on, s->out->on);
    trace_step(t, TRACE_LATE, late ? TRACE_PASSED : TRACE_FAILED, NULL, late ? "late" : "not late",
               "task %lld is %s: deadline %s, today %s", (long long)task->task,
               late                       ? "late"
               : task->state == TASK_OPEN ? "open and not late"
                                          : names_text(&task_states, (int)task->state),
               date_text(task->due_on, from), date_text(s->out->on, to));
    const struct policy *today = s->out->policy;
    for (int i = 0; task->state == TASK_OPEN && i < today->rung_count; i++) {
        const struct alert_rung *rung = &today->rungs[i];
        struct date on = alert_day(rung, s->w->rules->calendar, task->due_on);
        trace_step(t, TRACE_ALERT, i <= task->raised ? TRACE_PASSED : TRACE_NOT_REACHED,
                   today->alerts_source, date_text(on, from), "%s, to the %s, on %s", rung->name,
                   names_text(&alert_targets, (int)rung->to), from);
    }
}

/* ---- the chain of each kind of deadline ---- */

/* The dates of a cycle by the functions that decided them, under the policy of that day. */
static bool explain_cycle(struct explaining *s, const struct cycle_row *cycle, struct error *err)
{
    struct cycle_context context;
    struct cycle_dates dates;
    const struct policy *policy = explain_policy(s, cycle->decided_on, err);
    if (!policy ||
        !household_context(s->w, &s->arena, &s->view.row, cycle->decided_on, &context, err)) {
        return false;
    }
    context.anchor = cycle->anchor_on;
    context.origins = s->origins.facts;
    const struct household_row *row = &s->view.row;
    bool entered = cycle->decided_on.day == row->entered_on.day;
    bool unknown = entered && row->history == HISTORY_UNKNOWN && cycle->state == CYCLE_OPEN;
    struct cycle_entry entry = {row->entered_on, DATE_NONE, true};
    struct cycle_entered first;
    if (unknown) { /* the dates passed over before the entry belong to the chain */
        struct tier_span span = {DATE_NONE, cycle->dates.tier};
        context.tiers = &span;
        context.tier_count = 1;
    }
    if (!(unknown ? cycle_enter(&context, &entry, &first, &s->out->trace, err)
                  : cycle_at(&context, cycle->dates.step, cycle->dates.tier, &dates, &s->out->trace,
                             err)) ||
        (cycle->task && s->task.task == 0 &&
         !store_task_get(s->w->store, &s->arena, cycle->task, &s->task, err))) {
        return false;
    }
    if (entered && row->tier_source == TIER_DEFAULT && date_is(cycle->rolled_on)) {
        char was[DATE_TEXT], due[DATE_TEXT];
        trace_step(&s->out->trace, TRACE_DUE, TRACE_COMPUTED, policy->grace_source,
                   date_text(cycle->dates.due_on, due),
                   "the deadline is %s and not %s: the first working day after the grace of its "
                   "entry, %d working days, for a tier that is not known makes nobody late",
                   due, date_text(cycle->rolled_on, was), policy->grace_days);
    } else {
        explain_floor(s, cycle->rolled_on, cycle->dates.due_on);
    }
    if (s->task.task) {
        explain_progress(s, policy);
    }
    return true;
}

static void explain_report(struct explaining *s, const struct report_row *r, bool first)
{
    char on[DATE_TEXT], recorded[DATE_TEXT];
    struct trace *t = &s->out->trace;
    const char *source = arena_copy(&s->arena, r->source);
    date_text(r->recorded_on, recorded);
    trace_step(t, TRACE_REPORT, r->corrected ? TRACE_FAILED : TRACE_PASSED,
               s->told->triggered_source, recorded, "report %lld, recorded on %s, %s%s",
               (long long)r->report, recorded,
               first ? "opened the review" : "joined it and moves no deadline",
               r->corrected ? "; it was taken back" : "");
    trace_fact(t, "kind", names_text(&report_kinds, (int)r->kind), r->on, source);
    if (r->member.data) {
        trace_fact(t, "member", arena_copy(&s->arena, r->member), r->on, source);
    }
    if (r->asset.data) {
        trace_fact(t, "asset", arena_copy(&s->arena, r->asset), r->on, source);
    }
    if (r->on.day != r->recorded_on.day) {
        trace_fact(t, "on", date_text(r->on, on), r->on, source);
    }
}

static bool explain_triggered(struct explaining *s, struct error *err)
{
    struct report_row *reports;
    bool provisional = false;
    int count;
    char from[DATE_TEXT], due_text[DATE_TEXT];
    const struct task_row *task = &s->task;
    struct trace *t = &s->out->trace;
    const struct policy *policy = explain_policy(s, task->opened_on, err);
    if (!policy || !store_reports_of(s->w->store, &s->arena, s->view.row.id, task->task, &reports,
                                     &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        explain_report(s, &reports[i], i == 0);
    }
    int first = t->count, days = policy->triggered_working_days;
    struct date due =
        calendar_add_working(s->w->rules->calendar, task->opened_on, days, &provisional, t);
    trace_clause(t, first, policy->triggered_source);
    trace_step(t, TRACE_WORKING, TRACE_COMPUTED, policy->triggered_source, date_text(due, due_text),
               "%d working days after %s, the day recorded", days,
               date_text(task->opened_on, from));
    trace_step(t, TRACE_DUE, TRACE_COMPUTED, policy->triggered_source, due_text,
               "the deadline is %s", due_text);
    if (provisional) {
        trace_step(t, TRACE_PROVISIONAL, TRACE_COMPUTED, NULL, due_text,
                   "provisional: a calendar is not published, weekends alone are counted");
    }
    explain_floor(s, task->rolled_on, task->original_due_on);
    explain_progress(s, policy);
    return true;
}

static bool explain_register(struct explaining *s, struct error *err)
{
    struct trace *t = &s->out->trace;
    const struct policy *policy = explain_policy(s, s->task.opened_on, err);
    if (!policy) {
        return false;
    }
    struct campaign c = register_campaign(policy, s->w->rules->calendar, s->task.year, t);
    char due[DATE_TEXT];
    trace_step(t, TRACE_DUE, TRACE_COMPUTED, policy->register_steps.source,
               date_text(c.due_on, due), "the deadline is %s", due);
    if (c.provisional) {
        trace_step(t, TRACE_PROVISIONAL, TRACE_COMPUTED, NULL, due,
                   "provisional: a calendar is not published, weekends alone are counted");
    }
    explain_floor(s, s->task.rolled_on, s->task.original_due_on);
    explain_progress(s, policy);
    return true;
}

/* ---- protection ---- */

static bool explain_continuity(struct explaining *s, bool *is, const char **clause,
                               struct error *err)
{
    const struct policy *policy = explain_policy(s, s->out->on, err);
    *is = policy && protection_holds(policy, &s->facts, clause, &s->out->trace);
    return policy != NULL;
}

/* ---- what is explained ---- */

static bool explain_load(struct explaining *s, struct str household, struct error *err)
{
    if (!household_load(s->w, &s->arena, household, &s->view, err)) {
        return false;
    }
    if (s->view.row.id == 0) {
        return error_say(err, SAY_NO_HOUSEHOLD, arg_text(household));
    }
    if (!origins_load(s->w, &s->arena, &s->view.row, &s->origins, err)) {
        return false;
    }
    s->view.origins = &s->origins;
    s->facts = household_facts_of(&s->arena, &s->view);
    s->out->policy = explain_policy(s, s->out->on, err);
    return s->out->policy != NULL;
}

static bool explain_all(struct explaining *s, const struct cycle_row *cycle, struct error *err)
{
    bool is, ok = true;
    const struct household_row *r = &s->view.row;
    struct trace *t = &s->out->trace;
    const char *tier = names_text(&tiers, (int)r->tier);
    trace_step(t, TRACE_HOUSEHOLD, TRACE_COMPUTED, NULL, NULL, "what is on record");
    household_fact(t, s->origins.facts, FACT_STATUS, names_text(&statuses, (int)r->status));
    household_fact(t, s->origins.facts, FACT_REGISTER,
                   names_text(&register_states, (int)r->register_state));
    day_fact(s, FACT_APPROVED, r->approved_on);
    day_fact(s, FACT_LAST_REVIEW, r->last_review_on);
    if (r->tier_source != TIER_GIVEN) {
        enum tier_source source;
        tier_derive(s->out->policy, &s->facts, &source, t);
    }
    trace_step(t, TRACE_TIER, TRACE_COMPUTED, s->out->policy->tiers_source, tier,
               "%s: reviewed every %d months (%s)", tier, tier_months(r->tier), tier_from(s));
    household_fact(t, s->origins.facts, FACT_TIER, tier);
    if (cycle->cycle) {
        ok = explain_cycle(s, cycle, err);
    } else if (s->task.task) {
        ok = s->task.year ? explain_register(s, err) : explain_triggered(s, err);
    } else {
        trace_step(t, TRACE_DUE, TRACE_NOT_REACHED, NULL, NULL,
                   "no review is due: the household is %s", names_text(&statuses, (int)r->status));
    }
    return ok && explain_continuity(s, &is, NULL, err);
}

static struct explaining explain_begin(struct work *w, struct date on, struct explanation *out)
{
    *out = (struct explanation){.on = on, .trace = TRACE_INIT};
    return (struct explaining){.w = w, .arena = ARENA_INIT, .out = out};
}

static bool explain_end(struct explaining *s, bool ok)
{
    arena_free(&s->arena);
    if (!ok) {
        explanation_free(s->out);
    }
    return ok;
}

bool explain_household(struct work *w, struct str household, struct explanation *out,
                       struct error *err)
{
    struct explaining s = explain_begin(w, work_today(w), out);
    out->subject = xstrdup(arena_format(&s.arena, "household %.*s", STR_ARG(household)));
    bool ok = explain_load(&s, household, err) && explain_all(&s, &s.view.cycle, err);
    return explain_end(&s, ok);
}

bool explain_task(struct work *w, int64_t task, struct explanation *out, struct error *err)
{
    struct explaining s = explain_begin(w, work_today(w), out);
    struct cycle_row cycle = {0};
    out->subject = xstrdup(arena_format(&s.arena, "task %lld", (long long)task));
    bool ok = store_task_get(w->store, &s.arena, task, &s.task, err);
    if (ok && s.task.task == 0) {
        ok = error_say(err, SAY_NO_TASK, arg_number(task));
    }
    ok = ok && (s.task.cycle == 0 || store_cycle_get(w->store, s.task.cycle, &cycle, err)) &&
         explain_load(&s, s.task.household, err) && explain_all(&s, &cycle, err);
    return explain_end(&s, ok);
}

bool explain_protection(struct work *w, struct str household, struct date on, bool *is_protected,
                        const char **clause, struct explanation *out, struct error *err)
{
    struct explaining s = explain_begin(w, on, out);
    out->subject =
        xstrdup(arena_format(&s.arena, "protection of household %.*s", STR_ARG(household)));
    bool ok = explain_load(&s, household, err) && explain_continuity(&s, is_protected, clause, err);
    return explain_end(&s, ok);
}

void explanation_free(struct explanation *e)
{
    free(e->subject);
    trace_free(&e->trace);
    *e = (struct explanation){0};
}
