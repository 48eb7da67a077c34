#include "work/recalculate.h"

#include "base/canon.h"
#include "rules/register.h"
#include "work/household.h"
#include "work/task.h"
#include "work/tell.h"

#define BATCH 256

struct recalculation recalculation_begin(void)
{
    return (struct recalculation){
        .from = date_of(1900, 1, 1), .to = date_of(2199, 12, 31), .after_due = DATE_NONE};
}

static void moved_json(struct strbuf *out, const struct cycle_row *cycle, struct date due,
                       struct date opens)
{
    char text[DATE_TEXT];
    struct canon c = canon_open(out);
    canon_str(&c, "due_on", str_of(date_text(due, text)));
    canon_str(&c, "nominal_due_on", str_of(date_text(cycle->dates.nominal, text)));
    canon_str(&c, "opens_on", str_of(date_text(opens, text)));
    canon_close(&c);
}

/* The queue is told of a deadline that an office has been given; one not yet opened is only
 * recorded. */
static bool tell_moved(struct work *w, const struct task_row *task, struct date was,
                       struct error *err)
{
    struct tell_facts facts = {
        .household = task->household, .task = task->task, .was = was, .due_on = task->due_on};
    return tell(w, TELL_DEADLINE_MOVED, task->township, work_today(w), &facts, NULL, err);
}

static bool move_task(struct work *w, struct arena *a, const struct cycle_row *cycle,
                      struct error *err)
{
    struct task_row task;
    if (!store_task_get(w->store, a, cycle->task, &task, err)) {
        return false;
    }
    if (task.state != TASK_OPEN || task.due_on.day == cycle->dates.due_on.day) {
        return true;
    }
    struct date was = task.due_on;
    struct task_deadline to = {cycle->dates.due_on, cycle->dates.due_on, task.rolled_on};
    if (task.original_due_on.day != was.day) {
        to.original_due_on = task.original_due_on; /* it was postponed, and stays so */
    }
    return task_move(w, &task, &to, err) && tell_moved(w, &task, was, err);
}

/* What a recomputation makes of a deadline where the calendar gives `to`: it makes no task late, so
 * that the new one is at least the next working day, and no late one punctual, which stays where it
 * was unless the day is past as well (3.2). */
static struct date recomputed(const struct work *w, struct date due, struct date to)
{
    struct date today = work_today(w);
    if (date_cmp(due, today) < 0) {
        return date_cmp(to, today) < 0 ? to : due;
    }
    return date_later(to, calendar_add_working(w->rules->calendar, today, 1, NULL, NULL));
}

/* The deadline by a calendar that gives `rolled`. One that an earlier calendar could not move so
 * far, to *rolled_on, moves only if this one says otherwise, or where the working day that it got
 * instead is off after all. */
static struct date by_calendar(const struct work *w, struct date rolled, struct date due,
                               struct date *rolled_on)
{
    struct date was = date_is(*rolled_on) ? *rolled_on : due;
    if (rolled.day != was.day) {
        due = recomputed(w, due, rolled);
        *rolled_on = due.day == rolled.day ? DATE_NONE : rolled;
    } else if (date_cmp(due, rolled) > 0 && !calendar_is_working(w->rules->calendar, due)) {
        due =
            recomputed(w, due, calendar_roll(w->rules->calendar, due, ROLL_FOLLOWING, NULL, NULL));
    }
    return due;
}

/* A task without a cycle: a triggered review counts its working days anew, a register task rolls
 * its step anew, by the policy of the day it opened. */
static bool recompute_task(struct work *w, struct actor actor, struct task_row *task,
                           int64_t *moved, struct error *err)
{
    const struct calendar *calendar = w->rules->calendar;
    const struct policy *policy = work_policy(w, task->opened_on, err);
    struct date was = task->due_on;
    struct task_deadline to = {was, task->original_due_on, task->rolled_on};
    if (!policy) {
        return false;
    }
    if (task->kind == TASK_REGULAR_REVIEW) {
        /* its cycle's */
    } else if (was.day != task->original_due_on.day) { /* postponed */
        struct date due = calendar_roll(calendar, was, ROLL_FOLLOWING, NULL, NULL);
        to.due_on = due.day == was.day ? due : recomputed(w, was, due);
    } else {
        struct date rolled = task->year
                                 ? register_campaign(policy, calendar, task->year, NULL).due_on
                                 : calendar_add_working(calendar, task->opened_on,
                                                        policy->triggered_working_days, NULL, NULL);
        to.due_on = to.original_due_on = by_calendar(w, rolled, was, &to.rolled_on);
    }
    if (!task_move(w, task, &to, err)) {
        return false;
    }
    if (to.due_on.day == was.day) {
        return true;
    }
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    struct cycle_row dates = {.dates = {.nominal = task->nominal_due_on}};
    moved_json(&before, &dates, was, task->opened_on);
    moved_json(&after, &dates, to.due_on, task->opened_on);
    bool ok =
        tell_moved(w, task, was, err) && work_audit(w, actor, "deadline.move", task->household,
                                                    strbuf_str(&before), strbuf_str(&after), err);
    ++*moved;
    strbuf_free(&before);
    strbuf_free(&after);
    return ok;
}

/* A postponed deadline was chosen by a person: it only gives way where it is no working day any
 * more. */
static bool postponed(struct work *w, struct arena *a, const struct cycle_row *cycle, bool *is,
                      struct error *err)
{
    struct task_row task = {0};
    if (cycle->task && !store_task_get(w->store, a, cycle->task, &task, err)) {
        return false;
    }
    *is = cycle->task && date_cmp(task.due_on, task.original_due_on) != 0;
    return true;
}

static bool recompute(struct work *w, struct arena *a, struct actor actor, struct cycle_row *cycle,
                      int64_t *moved, struct error *err)
{
    struct household_row row;
    struct cycle_context context;
    struct cycle_dates dates;
    struct date rolled_on = cycle->rolled_on;
    bool by_hand;
    if (!store_household_get(w->store, a, cycle->household_id, &row, err) ||
        !household_context(w, a, &row, cycle->decided_on, &context, err)) {
        return false;
    }
    context.anchor = cycle->anchor_on;
    if (!cycle_at(&context, cycle->dates.step, cycle->dates.tier, &dates, NULL, err) ||
        !postponed(w, a, cycle, &by_hand, err)) {
        return false;
    }
    if (by_hand) {
        struct date was = cycle->dates.due_on;
        bool provisional = dates.provisional;
        struct date due =
            calendar_roll(w->rules->calendar, was, ROLL_FOLLOWING, &provisional, NULL);
        dates = cycle->dates;
        dates.provisional = provisional;
        dates.due_on = due.day == was.day ? was : recomputed(w, was, due);
    } else {
        struct date rolled = dates.due_on;
        dates.due_on = by_calendar(w, rolled, cycle->dates.due_on, &cycle->rolled_on);
        dates.opens_on = date_plus(dates.opens_on, dates.due_on.day - rolled.day);
    }
    if (cycle->task) {
        dates.opens_on = cycle->dates.opens_on; /* it has opened */
    } else if (date_is(row.settle_by) && row.tier_source == TIER_DEFAULT) {
        dates.opens_on = date_later(dates.opens_on, date_plus(row.settle_by, 1)); /* 3.3 */
    }
    bool same = dates.due_on.day == cycle->dates.due_on.day &&
                dates.opens_on.day == cycle->dates.opens_on.day;
    if (same && dates.provisional == cycle->dates.provisional &&
        rolled_on.day == cycle->rolled_on.day) {
        return true;
    }
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    moved_json(&before, cycle, cycle->dates.due_on, cycle->dates.opens_on);
    moved_json(&after, cycle, dates.due_on, dates.opens_on);
    cycle->dates = dates;
    bool ok = store_cycle_update(w->store, cycle, err) &&
              (!cycle->task || move_task(w, a, cycle, err)) &&
              (same || work_audit(w, actor, "deadline.move", row.household, strbuf_str(&before),
                                  strbuf_str(&after), err));
    *moved += !same;
    strbuf_free(&before);
    strbuf_free(&after);
    return ok;
}

bool recalculate_cycle(struct work *w, struct actor actor, struct cycle_row *cycle,
                       struct error *err)
{
    struct arena a = ARENA_INIT;
    int64_t moved = 0;
    bool ok = recompute(w, &a, actor, cycle, &moved, err);
    arena_free(&a);
    return ok;
}

bool recalculate_task(struct work *w, struct actor actor, struct task_row *task, struct error *err)
{
    int64_t moved = 0;
    return recompute_task(w, actor, task, &moved, err);
}

static bool batch_cycles(struct recalculation *r, struct work *w, struct actor actor, int *count,
                         struct error *err)
{
    struct arena list = ARENA_INIT, a = ARENA_INIT;
    struct cycle_row *rows;
    bool ok = store_cycles_due(w->store, &list, r->from, r->to, r->after_due, r->after, BATCH,
                               &rows, count, err);
    for (int i = 0; ok && i < *count; i++) {
        r->after_due = rows[i].dates.due_on;
        r->after = rows[i].cycle;
        ok = recompute(w, &a, actor, &rows[i], &r->moved, err);
        arena_reset(&a);
    }
    arena_free(&a);
    arena_free(&list);
    return ok;
}

static bool batch_tasks(struct recalculation *r, struct work *w, struct actor actor, int *count,
                        struct error *err)
{
    struct arena list = ARENA_INIT;
    struct task_row *rows;
    bool ok = store_tasks_due(w->store, &list, 0, r->from, r->to, r->after_due, r->after, BATCH,
                              &rows, count, err);
    for (int i = 0; ok && i < *count; i++) {
        r->after_due = rows[i].due_on;
        r->after = rows[i].task;
        ok = recompute_task(w, actor, &rows[i], &r->moved, err);
    }
    arena_free(&list);
    return ok;
}

/* First the open cycles with their tasks, then the tasks that have none. */
static bool batch(struct recalculation *r, struct work *w, struct actor actor, bool *more,
                  struct error *err)
{
    int count;
    if (!(r->tasks ? batch_tasks : batch_cycles)(r, w, actor, &count, err)) {
        return false;
    }
    *more = count == BATCH || !r->tasks;
    if (count < BATCH && !r->tasks) {
        r->tasks = true;
        r->after_due = DATE_NONE;
        r->after = 0;
    }
    return true;
}

bool recalculate_slice(struct recalculation *r, struct work *w, struct actor actor, bool *more,
                       struct error *err)
{
    int64_t until = job_now() + JOB_SLICE_NS;
    *more = true;
    if (!store_begin(w->store, err)) {
        return false;
    }
    bool ok = true;
    while (ok && *more && job_now() < until) {
        ok = batch(r, w, actor, more, err);
    }
    ok = ok && (*more || store_meta_set(w->store, "recalculate", "0", err));
    if (ok && store_commit(w->store, err)) {
        return true;
    }
    store_rollback(w->store);
    return false;
}

bool recalculate_pending(struct work *w, struct actor actor, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct recalculation r = recalculation_begin();
    char *mark;
    bool ok = store_meta_get(w->store, &a, "recalculate", &mark, err);
    bool more = ok && mark && strcmp(mark, "1") == 0;
    while (ok && more) {
        ok = recalculate_slice(&r, w, actor, &more, err);
    }
    arena_free(&a);
    return ok;
}
