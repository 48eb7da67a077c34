#include "work/review.h"

#include <stdlib.h>

#include "base/canon.h"
#include "store/event.h"
#include "store/quarantine.h"
#include "store/report.h"
#include "work/cessation.h"
#include "work/household.h"
#include "work/task.h"

/* What a review works with, loaded once. */
struct review_case {
    struct arena arena;
    struct actor actor;
    const struct review_request *request;
    struct task_row task;      /* the one that is answered */
    struct task_row regular;   /* the household's open regular review; task 0: none */
    struct task_row triggered; /* its open triggered review; task 0: none */
    struct household_row household;
    struct cycle_row cycle; /* its open cycle */
    struct cycle_context context;
    struct date today, on;
};

static bool refuse_closed(const struct task_row *task, struct error *err)
{
    if (task->outcome >= 0) {
        return error_say(err, SAY_TASK_CLOSED_AS, arg_number(task->task),
                         arg_word(&task_states, (int)task->state),
                         arg_word(&outcomes, task->outcome), date_arg(task->done_on));
    }
    if (task->state == TASK_CANCELLED) {
        return error_say(err, SAY_TASK_CANCELLED, arg_number(task->task));
    }
    return error_say(err, SAY_TASK_CLOSED, arg_number(task->task),
                     arg_word(&task_states, (int)task->state));
}

/* What refuses a review of each kind of task that is decided. */
static const enum say decided[] = {
    [TASK_REGISTER_ADJUSTMENT] = SAY_IS_ADJUSTMENT,
    [TASK_REGISTER_CANDIDATE] = SAY_IS_REGISTER_CANDIDATE,
    [TASK_DIBAO_CANDIDATE] = SAY_IS_DIBAO_CANDIDATE,
};

static bool load_task(struct work *w, struct review_case *c, struct error *err)
{
    if (!store_task_get(w->store, &c->arena, c->request->task, &c->task, err)) {
        return false;
    }
    if (c->task.task == 0) {
        return error_say(err, SAY_NO_TASK, arg_number(c->request->task));
    }
    if (c->task.state != TASK_OPEN) {
        return refuse_closed(&c->task, err);
    }
    if (c->task.kind != TASK_REGULAR_REVIEW && c->task.kind != TASK_TRIGGERED_REVIEW) {
        return error_put(err, NULL,
                         sentence_of(decided[c->task.kind], arg_number(c->task.task), ARG_LAST));
    }
    return true;
}

static bool load(struct work *w, struct review_case *c, struct error *err)
{
    int64_t id;
    if (!load_task(w, c, err)) {
        return false;
    }
    id = c->task.household_id;
    return store_household_get(w->store, &c->arena, id, &c->household, err) &&
           household_settle_now(w, c->actor, &c->household, err) &&
           store_cycle_open_of(w->store, id, &c->cycle, err) &&
           store_task_open_of(w->store, &c->arena, id, TASK_REGULAR_REVIEW, &c->regular, err) &&
           store_task_open_of(w->store, &c->arena, id, TASK_TRIGGERED_REVIEW, &c->triggered, err) &&
           household_context(w, &c->arena, &c->household, c->on, &c->context, err);
}

/* The day of a review (contract.md 3, "Which day counts"). */
static bool check_day(const struct review_case *c, struct error *err)
{
    bool regular = c->task.kind == TASK_REGULAR_REVIEW;
    struct date first = regular ? c->cycle.dates.opens_on : c->task.opened_on;
    if (date_cmp(c->on, c->today) > 0) {
        return error_say(err, SAY_REVIEW_AFTER_TODAY, date_arg(c->on), date_arg(c->today));
    }
    if (date_cmp(c->on, first) < 0) {
        return regular ? error_say_by(err, c->context.policy->tiers_source,
                                      SAY_REVIEW_BEFORE_WINDOW, date_arg(c->on), date_arg(first))
                       : error_say_by(err, c->context.policy->triggered_source,
                                      SAY_REVIEW_BEFORE_REPORT, date_arg(c->on), date_arg(first));
    }
    if (date_is(c->household.last_review_on) && date_cmp(c->on, c->household.last_review_on) < 0) {
        return error_say(err, SAY_REVIEW_BEFORE_LAST, date_arg(c->on),
                         date_arg(c->household.last_review_on));
    }
    return true;
}

static void audit_case(struct strbuf *out, const struct review_case *c)
{
    char done[DATE_TEXT], due[DATE_TEXT], last[DATE_TEXT], anchor[DATE_TEXT];
    struct canon j = canon_open(out);
    canon_str(&j, "anchor_on",
              date_is(c->household.anchor_on) ? str_of(date_text(c->household.anchor_on, anchor))
                                              : STR_NONE);
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
            .rolled_on = DATE_NONE,
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

static bool close_cycle(struct work *w, struct review_case *c, enum cycle_state state,
                        struct error *err)
{
    c->cycle.state = state;
    c->cycle.closed_on = c->on;
    if (state == CYCLE_SATISFIED && c->cycle.task == 0) {
        c->cycle.task = c->task.task; /* a triggered review, before the run opened the regular */
    }
    return store_cycle_update(w->store, &c->cycle, err) &&
           store_quarantine_clear(w->store, c->household.id, RUN_OPEN, err);
}

static bool begin_next(struct work *w, struct review_case *c, const struct cycle_dates *dates,
                       struct review_result *result, struct error *err)
{
    result->nominal_due_on = dates->nominal;
    result->due_on = dates->due_on;
    return store_household_update(w->store, &c->household, err) &&
           household_begin_cycle(w, c->actor, &c->household, dates, c->on, err);
}

/* The review is the regular one: it satisfies the open cycle (3.4). */
static bool next_by_review(struct work *w, struct review_case *c, struct review_result *result,
                           struct error *err)
{
    struct cycle_next next = {0};
    if (!cycle_after_review(&c->context, c->cycle.dates.step, c->on, &next, NULL, err)) {
        return false;
    }
    bool ok = close_cycle(w, c, CYCLE_SATISFIED, err) && record_jumps(w, c, &next, result, err) &&
              begin_next(w, c, &next.dates, result, err);
    cycle_next_free(&next);
    return ok;
}

/* An early triggered review restarts the count: its day is the new anchor (3.4). The superseded
 * cycle has a task where the window opened between the review's own day and the day on which it was
 * entered. */
static bool next_by_restart(struct work *w, struct review_case *c, struct review_result *result,
                            struct error *err)
{
    struct cycle_dates dates;
    c->household.anchor_on = c->context.anchor = c->on;
    return cycle_first(&c->context, &dates, NULL, err) &&
           (c->regular.task == 0 || task_cancel(w, &c->regular, err)) &&
           close_cycle(w, c, CYCLE_SUPERSEDED, err) && begin_next(w, c, &dates, result, err);
}

static bool next_unmoved(struct work *w, struct review_case *c, struct review_result *result,
                         struct error *err)
{
    result->nominal_due_on = c->cycle.dates.nominal;
    result->due_on = c->cycle.dates.due_on;
    return store_household_update(w->store, &c->household, err);
}

static bool next_cycle(struct work *w, struct review_case *c, struct review_result *result,
                       struct error *err)
{
    if (c->cycle.cycle == 0) {
        return store_household_update(w->store, &c->household, err);
    }
    if (date_cmp(c->cycle.dates.opens_on, c->on) <= 0) {
        return next_by_review(w, c, result, err);
    }
    return cycle_restarts(c->context.policy, c->on, c->cycle.dates.opens_on)
               ? next_by_restart(w, c, result, err)
               : next_unmoved(w, c, result, err);
}

/* The task answered, and the one of the other kind that the same review answers: the regular one
 * where its window is open, the triggered one where its report was recorded by then. */
static bool close_tasks(struct work *w, struct review_case *c, struct error *err)
{
    struct task_row *other = c->task.kind == TASK_REGULAR_REVIEW ? &c->triggered : &c->regular;
    bool answered =
        other->task &&
        date_cmp(other->kind == TASK_REGULAR_REVIEW ? c->cycle.dates.opens_on : other->opened_on,
                 c->on) <= 0;
    int outcome = (int)c->request->outcome;
    return task_done(w, &c->task, outcome, c->on, err) &&
           (!answered || task_done(w, other, outcome, c->on, err));
}

static bool completed(struct work *w, struct review_case *c, struct error *err)
{
    c->household.last_review_on = c->on;
    c->household.history = HISTORY_KNOWN;
    return store_report_last(w->store, c->household.id, c->on, &c->household.reports_seen, err);
}

static bool satisfy(struct work *w, struct review_case *c, struct review_result *result,
                    struct error *err)
{
    return check_day(c, err) && close_tasks(w, c, err) && completed(w, c, err) && say(w, c, err) &&
           next_cycle(w, c, result, err);
}

static bool terminate(struct work *w, struct review_case *c, struct review_result *result,
                      struct error *err)
{
    int ground = names_find(&grounds, c->request->ground);
    (void)result; /* a household that is closed has no next date */
    if (ground < 0) {
        return error_say(err, SAY_TERMINATION_NEEDS_GROUND, arg_words(&grounds));
    }
    struct cessation_request request = {ACT_TERMINATE, (enum ground)ground, c->on,
                                        c->request->remark};
    if (!check_day(c, err) ||
        !cessation_apply(w, c->actor, &c->household, &request, c->task.task, err) ||
        !task_done(w, &c->task, (int)c->request->outcome, c->on, err) || !completed(w, c, err)) {
        return false;
    }
    return store_household_update(w->store, &c->household, err) && say(w, c, err);
}

/* opens_on of the next cycle by the grid: a postponement must end before it. */
static bool next_opens(struct review_case *c, struct date *opens_on, struct error *err)
{
    struct cycle_next next = {0};
    *opens_on = DATE_NONE;
    if (c->task.kind != TASK_REGULAR_REVIEW) {
        return true;
    }
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
    if (c->task.kind == TASK_REGULAR_REVIEW) {
        c->cycle.rolled_on = DATE_NONE;
        /* A working day: this asks whether its year is published. */
        c->cycle.dates.due_on = calendar_roll(w->rules->calendar, p.to, ROLL_FOLLOWING,
                                              &c->cycle.dates.provisional, NULL);
        if (!store_cycle_update(w->store, &c->cycle, err)) {
            return false;
        }
    }
    result->nominal_due_on = c->task.nominal_due_on;
    result->due_on = p.to;
    struct task_deadline to = {p.to, c->task.original_due_on, DATE_NONE};
    return task_move(w, &c->task, &to, err) && say(w, c, err);
}

static const struct {
    bool (*record)(struct work *, struct review_case *, struct review_result *, struct error *);
    const char *action; /* in the audit */
} outcome_table[] = {
    [OUTCOME_CONTINUE] = {satisfy, "review"},
    [OUTCOME_ADJUST] = {satisfy, "review"},
    [OUTCOME_TERMINATE] = {terminate, "review"},
    [OUTCOME_POSTPONE] = {postpone, "review.postpone"},
};

static bool origins(struct work *w, const struct review_case *c, const struct household_row *was,
                    struct error *err)
{
    char text[DATE_TEXT];
    const struct household_row *h = &c->household;
    struct origin_row origin = {.household_id = h->id,
                                .fact = FACT_LAST_REVIEW,
                                .value = str_of(date_text(h->last_review_on, text)),
                                .on = h->last_review_on,
                                .source = ORIGIN_REVIEW,
                                .reference = c->task.task};
    bool ok = !date_is(h->last_review_on) || store_origin_put(w->store, &origin, err);
    if (!ok || !date_is(h->anchor_on) || h->anchor_on.day == was->anchor_on.day) {
        return ok;
    }
    origin.fact = FACT_ANCHOR;
    origin.value = str_of(date_text(h->anchor_on, text));
    origin.on = h->anchor_on;
    return store_origin_put(w->store, &origin, err);
}

static bool record(struct work *w, struct review_case *c, struct review_result *result,
                   struct error *err)
{
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    if (!load(w, c, err)) {
        return false;
    }
    if (c->request->outcome != OUTCOME_POSTPONE && date_is(c->request->to)) {
        return error_say(err, SAY_TO_WITHOUT_POSTPONE);
    }
    audit_case(&before, c);
    const struct household_row was = c->household;
    bool ok = store_event_note(w->store, c->household.id, EVENT_REVIEW, c->today, err) &&
              outcome_table[c->request->outcome].record(w, c, result, err);
    if (ok) {
        audit_case(&after, c);
        ok = work_audit(w, c->actor, outcome_table[c->request->outcome].action,
                        c->household.household, strbuf_str(&before), strbuf_str(&after), err) &&
             (c->request->outcome == OUTCOME_POSTPONE || origins(w, c, &was, err));
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
    *result = (struct review_result){.task = request->task,
                                     .outcome = request->outcome,
                                     .nominal_due_on = DATE_NONE,
                                     .due_on = DATE_NONE};
    bool ok = record(w, &c, result, err);
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
