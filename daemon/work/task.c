#include "work/task.h"

#include "base/canon.h"
#include "rules/alert.h"
#include "store/run.h"

static const struct word event_text[] = {{"open", NULL}, {"move", NULL},   {"raise", NULL},
                                         {"done", NULL}, {"cancel", NULL}, {"reopen", NULL}};
const struct names task_events = NAMES_TABLE("task event", event_text);

bool task_next(int state, enum task_event event, enum task_state *next)
{
    enum { NO, OPEN, DONE, CANCELLED }; /* one above enum task_state */
    static const uint8_t table[][4] = {
        /*                     absent, open,      done, cancelled */
        [TASK_EVENT_OPEN] = {OPEN, NO, NO, OPEN},      [TASK_EVENT_MOVE] = {NO, OPEN, NO, NO},
        [TASK_EVENT_RAISE] = {NO, OPEN, NO, NO},       [TASK_EVENT_DONE] = {NO, DONE, NO, NO},
        [TASK_EVENT_CANCEL] = {NO, CANCELLED, NO, NO}, [TASK_EVENT_REOPEN] = {NO, NO, OPEN, OPEN},
    };
    uint8_t to = table[event][state + 1];
    if (to == NO) {
        return false;
    }
    *next = (enum task_state)(to - 1);
    return true;
}

static bool step(struct task_row *task, enum task_event event, struct error *err)
{
    int state = task->task ? (int)task->state : TASK_ABSENT;
    return task_next(state, event, &task->state) ||
           error_say(err, SAY_TASK_EVENT, arg_number(task->task), arg_word(&task_states, state),
                     arg_word(&task_events, (int)event));
}

/* The day on which the daily run looks at the task next: that of the first rung above the highest
 * raised, or `today` where one of them has passed. Where the clock went back behind a run, no run
 * comes before that one's day again: what it would have told has passed as well. */
static bool next_alert(struct work *w, const struct task_row *task, struct date today,
                       struct date *alert_on, struct error *err)
{
    const struct policy *policy = work_policy(w, today, err);
    struct run_row last;
    if (!policy || !store_run_last_done(w->store, &last, err)) {
        return false;
    }
    struct date on = date_is(last.day) && date_cmp(last.day, today) > 0 ? last.day : today;
    if (alert_due(policy, w->rules->calendar, task->due_on, task->raised, on, alert_on) >= 0) {
        *alert_on = on;
    }
    return true;
}

bool task_open(struct work *w, struct actor actor, struct task_row *task, struct error *err)
{
    bool again = task->task != 0;
    if (!step(task, TASK_EVENT_OPEN, err)) {
        return false;
    }
    task->original_due_on = task->due_on;
    task->rolled_on = task->listed_on = task->done_on = DATE_NONE;
    task->outcome = task->raised = -1;
    if (!next_alert(w, task, task->opened_on, &task->alert_on, err) ||
        !(again ? store_task_update(w->store, task, err)
                : store_task_insert(w->store, task, err))) {
        return false;
    }
    char due[DATE_TEXT], nominal[DATE_TEXT], opened[DATE_TEXT];
    struct strbuf after = STRBUF_INIT;
    struct canon c = canon_open(&after);
    canon_str(&c, "due_on", str_of(date_text(task->due_on, due)));
    canon_str(&c, "kind", str_of(names_text(&task_kinds, (int)task->kind)));
    canon_str(&c, "nominal_due_on", str_of(date_text(task->nominal_due_on, nominal)));
    canon_str(&c, "opened_on", str_of(date_text(task->opened_on, opened)));
    canon_int(&c, "task", task->task);
    canon_close(&c);
    bool ok = work_audit(w, actor, "task.open", task->household, STR_NONE, strbuf_str(&after), err);
    strbuf_free(&after);
    return ok;
}

static bool set_deadline(struct work *w, struct task_row *task, const struct task_deadline *to,
                         int raised, struct error *err)
{
    struct task_row was = *task;
    if (!step(task, TASK_EVENT_MOVE, err)) {
        return false;
    }
    task->due_on = to->due_on;
    task->original_due_on = to->original_due_on;
    task->rolled_on = to->rolled_on;
    task->raised = raised;
    if (!next_alert(w, task, work_today(w), &task->alert_on, err)) {
        return false;
    }
    bool same = task->due_on.day == was.due_on.day &&
                task->original_due_on.day == was.original_due_on.day &&
                task->rolled_on.day == was.rolled_on.day && task->raised == was.raised &&
                task->alert_on.day == was.alert_on.day;
    return same || store_task_update(w->store, task, err);
}

bool task_move(struct work *w, struct task_row *task, const struct task_deadline *to,
               struct error *err)
{
    int raised = to->due_on.day == task->due_on.day ? task->raised : -1;
    return set_deadline(w, task, to, raised, err);
}

bool task_move_back(struct work *w, struct task_row *task, const struct task_deadline *to,
                    int raised, struct error *err)
{
    return set_deadline(w, task, to, raised, err);
}

bool task_resettle(struct work *w, struct task_row *task, struct date due_on, struct error *err)
{
    if (!step(task, TASK_EVENT_MOVE, err)) {
        return false;
    }
    task->raised = due_on.day == task->due_on.day ? task->raised : -1;
    task->due_on = task->original_due_on = due_on;
    task->rolled_on = DATE_NONE;
    return next_alert(w, task, work_today(w), &task->alert_on, err) &&
           store_task_update(w->store, task, err);
}

bool task_raise(struct work *w, struct task_row *task, struct date on,
                const struct alert_rung **rung, struct error *err)
{
    const struct policy *policy = work_policy(w, on, err);
    if (!policy || !step(task, TASK_EVENT_RAISE, err)) {
        return false;
    }
    int due =
        alert_due(policy, w->rules->calendar, task->due_on, task->raised, on, &task->alert_on);
    *rung = due >= 0 ? &policy->rungs[due] : NULL;
    task->raised = due >= 0 ? due : task->raised;
    return store_task_raised(w->store, task->task, task->raised, task->alert_on, err);
}

bool task_done(struct work *w, struct task_row *task, int outcome, struct date on,
               struct error *err)
{
    if (!step(task, TASK_EVENT_DONE, err)) {
        return false;
    }
    task->done_on = on;
    task->outcome = outcome;
    task->alert_on = DATE_NONE;
    return store_task_update(w->store, task, err);
}

bool task_cancel(struct work *w, struct task_row *task, struct error *err)
{
    if (!step(task, TASK_EVENT_CANCEL, err)) {
        return false;
    }
    task->alert_on = DATE_NONE;
    return store_task_update(w->store, task, err);
}

bool task_reopen(struct work *w, struct task_row *task, struct error *err)
{
    if (!step(task, TASK_EVENT_REOPEN, err)) {
        return false;
    }
    task->done_on = DATE_NONE;
    task->outcome = -1;
    return next_alert(w, task, work_today(w), &task->alert_on, err) &&
           store_task_update(w->store, task, err);
}
