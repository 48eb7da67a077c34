#include "work/review.h"

#include <stdlib.h>

#include "base/canon.h"
#include "rules/alert.h"
#include "work/household.h"

/* What a review works with, loaded once. */
struct review_case {
    struct arena arena;
    struct actor actor;
    const struct review_request *request;
    struct task_row task;
    struct household_row household;
    struct cycle_row cycle;
    struct cycle_context context;
    struct date today, on;
};

static bool load(struct work *w, struct review_case *c, struct error *err)
{
    if (!store_task_get(w->store, &c->arena, c->request->task, &c->task, err)) {
        return false;
    }
    if (c->task.task == 0) {
        return error_set(err, REASON_NOT_FOUND, "there is no task %lld",
                         (long long)c->request->task);
    }
    if (c->task.state != TASK_OPEN) {
        char day[DATE_TEXT];
        return error_set(err, REASON_CONFLICT, "task %lld is %s already%s%s%s%s",
                         (long long)c->task.task, names_text(&task_states, (int)c->task.state),
                         date_is(c->task.done_on) ? ": " : "",
                         c->task.outcome >= 0 ? names_text(&outcomes, c->task.outcome) : "",
                         date_is(c->task.done_on) ? " on " : "", date_text(c->task.done_on, day));
    }
    if (c->task.kind != TASK_REGULAR_REVIEW) {
        return error_set(err, REASON_CONFLICT, "task %lld is a %s, no regular review",
                         (long long)c->task.task, names_text(&task_kinds, (int)c->task.kind));
    }
    return store_household_get(w->store, &c->arena, c->task.household_id, &c->household, err) &&
           store_cycle_get(w->store, c->task.cycle, &c->cycle, err) &&
           household_context(w, &c->arena, &c->household, c->on, &c->context, err);
}

/* The day of a review (spec.md 3, "Which day counts"). */
static bool check_day(const struct review_case *c, struct error *err)
{
    char on[DATE_TEXT], limit[DATE_TEXT];
    date_text(c->on, on);
    if (date_cmp(c->on, c->today) > 0) {
        return error_set(err, REASON_BAD_ARGUMENT, "the review's day %s is after today, %s", on,
                         date_text(c->today, limit));
    }
    if (date_cmp(c->on, c->cycle.dates.opens_on) < 0) {
        return error_set_clause(err, REASON_TOO_EARLY, c->context.policy->tiers_source,
                                "the review's day %s is before the window opens on %s", on,
                                date_text(c->cycle.dates.opens_on, limit));
    }
    if (date_is(c->household.last_review_on) && date_cmp(c->on, c->household.last_review_on) < 0) {
        return error_set(err, REASON_TOO_EARLY,
                         "the review's day %s is before the last review on %s", on,
                         date_text(c->household.last_review_on, limit));
    }
    return true;
}

static void audit_task(struct strbuf *out, const struct review_case *c)
{
    char done[DATE_TEXT], due[DATE_TEXT], last[DATE_TEXT];
    struct canon j = canon_open(out);
    canon_str(&j, "done_on",
              date_is(c->task.done_on) ? str_of(date_text(c->task.done_on, done)) : STR_NONE);
    canon_str(&j, "due_on", str_of(date_text(c->task.due_on, due)));
    canon_str(&j, "ground", c->task.state == TASK_DONE ? c->request->ground : STR_NONE);
    canon_str(&j, "last_review_on",
              date_is(c->household.last_review_on)
                  ? str_of(date_text(c->household.last_review_on, last))
                  : STR_NONE);
    canon_int(&j, "missed_cycles", c->household.missed_cycles);
    canon_str(&j, "outcome",
              c->task.outcome >= 0 ? str_of(names_text(&outcomes, c->task.outcome)) : STR_NONE);
    canon_str(&j, "state", str_of(names_text(&task_states, (int)c->task.state)));
    canon_int(&j, "task", c->task.task);
    canon_close(&j);
}

static bool say(struct work *w, struct review_case *c, struct error *err)
{
    char at[CLOCK_TEXT];
    clock_format(clock_now(w->clock), at);
    struct review_row row = {
        .task = c->task.task,
        .household_id = c->household.id,
        .outcome = c->request->outcome,
        .on = c->on,
        .to = c->request->to,
        .ground = c->request->ground,
        .remark = c->request->remark,
        .recorded_at = at,
        .uid = c->actor.uid,
        .who = str_of(c->actor.who),
    };
    return store_review_insert(w->store, &row, err);
}

/* The nominal dates that the review jumped stand on record as cycles of their own (3.4). */
static bool record_jumps(struct work *w, struct review_case *c, const struct cycle_next *next,
                         struct review_result *result, struct error *err)
{
    size_t room = (size_t)(next->jump_count + 1);
    result->missed = xcalloc(room, sizeof *result->missed);
    result->answered = xcalloc(room, sizeof *result->answered);
    for (int i = 0; i < next->jump_count; i++) {
        const struct cycle_jump *jump = &next->jumps[i];
        struct cycle_row row = {
            .household_id = c->household.id,
            .anchor_on = c->cycle.anchor_on,
            .dates = jump->dates,
            .decided_on = c->on,
            .state = jump->missed ? CYCLE_MISSED : CYCLE_ANSWERED,
            .closed_on = c->on,
        };
        if (!store_cycle_insert(w->store, &row, err)) {
            return false;
        }
        if (jump->missed) {
            result->missed[result->missed_count++] = jump->dates.nominal;
            c->household.missed_cycles++;
        } else {
            result->answered[result->answered_count++] = jump->dates.nominal;
        }
    }
    return true;
}

static bool close_cycle(struct work *w, struct review_case *c, struct error *err)
{
    c->cycle.state = CYCLE_SATISFIED;
    c->cycle.closed_on = c->on;
    c->task.state = TASK_DONE;
    c->task.done_on = c->on;
    c->task.outcome = (int)c->request->outcome;
    c->task.alert_on = DATE_NONE;
    c->household.last_review_on = c->on;
    return store_cycle_update(w->store, &c->cycle, err) &&
           store_task_update(w->store, &c->task, err) && say(w, c, err);
}

static bool satisfy(struct work *w, struct review_case *c, struct review_result *result,
                    struct error *err)
{
    struct cycle_next next = {0};
    if (!check_day(c, err) ||
        !cycle_after_review(&c->context, c->cycle.dates.step, c->on, &next, NULL, err)) {
        return false;
    }
    bool ok = close_cycle(w, c, err) && record_jumps(w, c, &next, result, err) &&
              store_household_update(w->store, &c->household, err) &&
              household_begin_cycle(w, c->actor, &c->household, &next.dates, c->on, err);
    result->nominal_due_on = next.dates.nominal;
    result->due_on = next.dates.due_on;
    cycle_next_free(&next);
    return ok;
}

/* opens_on of the next cycle by the grid: a postponement must end before it. */
static bool next_opens(struct review_case *c, struct date *opens_on, struct error *err)
{
    struct cycle_next next = {0};
    if (!cycle_after_review(&c->context, c->cycle.dates.step, c->cycle.dates.opens_on, &next, NULL,
                            err)) {
        return false;
    }
    *opens_on = next.dates.opens_on;
    cycle_next_free(&next);
    return true;
}

static bool postpone(struct work *w, struct review_case *c, struct review_result *result,
                     struct error *err)
{
    struct str reason = c->request->remark.len ? c->request->remark : c->request->ground;
    struct postponement p = {
        .today = c->today,
        .due_on = c->task.due_on,
        .original = c->task.original_due_on,
        .postponed = date_cmp(c->task.due_on, c->task.original_due_on) != 0,
        .to = c->request->to,
        .has_reason = str_trim(reason).len > 0,
    };
    if (!next_opens(c, &p.next_opens_on, err) ||
        !cycle_postpone(c->context.policy, w->rules->calendar, &p, NULL, err)) {
        return false;
    }
    /* A new deadline has a ladder of its own (3.8). */
    c->task.due_on = c->cycle.dates.due_on = p.to;
    c->task.raised = -1;
    if (alert_due(c->context.policy, w->rules->calendar, p.to, -1, c->today, &c->task.alert_on) >=
        0) {
        c->task.alert_on = c->today;
    }
    result->nominal_due_on = c->task.nominal_due_on;
    result->due_on = c->task.due_on;
    return store_cycle_update(w->store, &c->cycle, err) &&
           store_task_update(w->store, &c->task, err) && say(w, c, err);
}

static bool (*const outcomes_do[])(struct work *, struct review_case *, struct review_result *,
                                   struct error *) = {
    [OUTCOME_CONTINUE] = satisfy,
    [OUTCOME_ADJUST] = satisfy,
    [OUTCOME_TERMINATE] = NULL,
    [OUTCOME_POSTPONE] = postpone,
};

static bool record(struct work *w, struct review_case *c, struct review_result *result,
                   struct error *err)
{
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    if (!load(w, c, err)) {
        return false;
    }
    if (!outcomes_do[c->request->outcome]) {
        return error_set(err, REASON_NOT_ALLOWED, "this version does not end an allowance yet");
    }
    if (c->request->outcome != OUTCOME_POSTPONE && date_is(c->request->to)) {
        return error_set(err, REASON_BAD_ARGUMENT, "`to` belongs to a postponement");
    }
    audit_task(&before, c);
    bool ok = outcomes_do[c->request->outcome](w, c, result, err);
    if (ok) {
        audit_task(&after, c);
        ok = work_audit(w, c->actor,
                        c->request->outcome == OUTCOME_POSTPONE ? "review.postpone" : "review",
                        c->household.household, strbuf_str(&before), strbuf_str(&after), err);
        result->household = xstrndup(c->household.household.data, c->household.household.len);
    }
    strbuf_free(&before);
    strbuf_free(&after);
    return ok;
}

bool review_record(struct work *w, struct actor actor, const struct review_request *request,
                   struct review_result *result, struct error *err)
{
    struct date today = work_today(w);
    struct review_case c = {.actor = actor,
                            .request = request,
                            .today = today,
                            .on = date_is(request->on) ? request->on : today};
    *result = (struct review_result){.task = request->task, .outcome = request->outcome};
    bool ok = w->held ? error_set(err, REASON_RUN_HELD,
                                  "the daily run is held: reviewctl run --confirm first")
                      : record(w, &c, result, err);
    if (!ok) {
        review_result_free(result);
    }
    arena_free(&c.arena);
    return ok;
}

void review_result_free(struct review_result *result)
{
    free(result->household);
    free(result->missed);
    free(result->answered);
    *result = (struct review_result){0};
}
