#include "delivery/return_row.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/division.h"
#include "work/campaign.h"
#include "work/cessation.h"
#include "work/review.h"

static bool in_scope(const struct return_scope *scope, const struct task_row *task)
{
    bool in = scope->count == 0;
    for (int i = 0; i < scope->count && !in; i++) {
        in = division_within(scope->divisions[i], task->division) ||
             division_within(scope->divisions[i], task->township);
    }
    return in;
}

/* Refusals that say something of the machine and nothing of the row. */
static bool is_machine(enum reason reason)
{
    return reason == REASON_STORAGE || reason == REASON_RUN_HELD || reason == REASON_BUSY;
}

/* ---- what the row would leave on record ---- */

/* A register decision has no ground of its own: what stands under 理由 belongs to the remark. */
static struct str remark_of(struct return_case *c, const struct return_row *row)
{
    if (row->outcome < OUTCOME_DECISIONS || row->ground.len == 0) {
        return row->remark;
    }
    return row->remark.len == 0 ? row->ground
                                : str_of(arena_format(c->arena, "%.*s；%.*s", STR_ARG(row->ground),
                                                      STR_ARG(row->remark)));
}

static bool agrees(struct str says, struct str is)
{
    return says.len == 0 || str_equal(says, is);
}

static bool agrees_day(struct date says, struct date is)
{
    return !date_is(says) || (date_is(is) && date_cmp(says, is) == 0);
}

/* ---- what is on record ---- */

/* An entry that closed or postponed a task, and whether the row says the same. */
struct said {
    bool found, same;
    const char *at;
    struct str who;
};

static void see(struct said *r, bool same, const char *at, struct str who)
{
    if (!r->found || (same && !r->same)) {
        *r = (struct said){true, same, at, who};
    }
}

static bool see_task(struct return_case *c, const struct return_row *row,
                     const struct task_row *task, struct said *r, struct error *err)
{
    struct review_row *rows;
    struct decision_row d;
    int count;
    if (task->year) {
        if (!store_decision_get(c->w->store, c->arena, task->task, &d, err)) {
            return false;
        }
        if (d.task) {
            see(r,
                row->outcome == OUTCOME_DECISIONS + (int)d.decision && agrees_day(row->day, d.on) &&
                    agrees(remark_of(c, row), d.remark),
                d.recorded_at, d.who);
        }
        return true;
    }
    if (!store_reviews_of(c->w->store, c->arena, task->task, &rows, &count, err)) {
        return false;
    }
    for (int i = count - 1; i >= 0; i--) { /* the latest first: it closed the task */
        const struct review_row *v = &rows[i];
        bool same = (int)v->outcome == row->outcome &&
                    agrees_day(row->day, v->outcome == OUTCOME_POSTPONE ? v->to : v->on) &&
                    agrees(row->ground, v->ground) && agrees(row->remark, v->remark);
        if (!v->corrected) {
            see(r, same, v->recorded_at, v->who);
        }
    }
    return true;
}

/* A review closes the household's other review task along with its own, a decision those of earlier
 * years: what was said stands with the task that it was said of. */
static bool see_closed_along(struct return_case *c, const struct return_row *row,
                             const struct task_row *task, struct said *r, struct error *err)
{
    struct task_row *tasks;
    int count;
    if (!store_tasks_of(c->w->store, c->arena, task->household_id, &tasks, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        const struct task_row *t = &tasks[i];
        bool along = t->task != task->task && t->state == TASK_DONE &&
                     date_cmp(t->done_on, task->done_on) == 0 && t->outcome == task->outcome &&
                     (t->year != 0) == (task->year != 0);
        if (along && !see_task(c, row, t, r, err)) {
            return false;
        }
    }
    return true;
}

/* Whether the row says what is recorded, though the task was cancelled since; in *why that the task
 * is done and the row says otherwise. */
static bool compare(struct return_case *c, const struct return_row *row,
                    const struct task_row *task, bool *same, struct error *why, struct error *err)
{
    struct said r = {.at = NULL};
    if (!see_task(c, row, task, &r, err) ||
        (task->state == TASK_DONE && !r.found && !see_closed_along(c, row, task, &r, err))) {
        return false;
    }
    *same = r.found && r.same;
    if (task->state == TASK_DONE && !*same) {
        char at[17] = " "; /* "2026-11-21 09:15" */
        if (r.at) {
            snprintf(at, sizeof at, "%.10s %.5s", r.at, r.at + 11);
        }
        error_say(why, SAY_TASK_DONE_OTHERWISE, arg_number(task->task),
                  arg_word(&outcomes, task->outcome), date_arg(task->done_on), arg_text(r.who),
                  arg_z(at));
    }
    return true;
}

/* ---- the row ---- */

/* The task, or in *why that there is none for this caller, or that the row means another. */
static bool find_task(struct return_case *c, const struct return_row *row, struct task_row *task,
                      struct error *why, struct error *err)
{
    bool lost = false;
    long long n = row->task;
    if (!store_task_get(c->w->store, c->arena, row->task, task, err) ||
        (task->task == 0 && !store_task_lost(c->w->store, row->task, &lost, err))) {
        return false;
    }
    if (lost) {
        error_say(why, SAY_TASK_LOST, arg_number(n));
    } else if (task->task == 0) {
        error_say(why, SAY_NO_TASK, arg_number(n));
    } else if (!in_scope(&c->scopes[0], task) || !in_scope(&c->scopes[1], task)) {
        error_say(why, SAY_NO_TASK, arg_number(n));
        c->others = true;
        c->household = task->household;
        c->township = task->township;
    } else if (!return_is_household(c->arena, row->cells[RETURN_HOUSEHOLD], task->household)) {
        /* A row names its task three ways: in one that slipped in a sheet they do not agree. */
        error_say(why, SAY_ANOTHER_HOUSEHOLD, arg_text(row->household), arg_number(n));
    } else if (!return_is_head(c->arena, row->cells[RETURN_HEAD], task->head_name)) {
        error_say(why, SAY_ANOTHER_HEAD, arg_text(str_trim(row->cells[RETURN_HEAD])),
                  arg_number(n));
    }
    return true;
}

/* In a savepoint of its own, like a change among others of one commit (work/writer). */
static bool record_row(struct return_case *c, const struct return_row *row, struct error *why,
                       struct error *err)
{
    struct store *s = c->w->store;
    if (!store_savepoint(s, err)) {
        return false;
    }
    const bool postpone = row->outcome == OUTCOME_POSTPONE;
    const struct str remark = remark_of(c, row);
    bool ok;
    if (row->outcome < OUTCOME_DECISIONS) {
        const struct review_request request = {
            .task = row->task,
            .outcome = (enum outcome)row->outcome,
            .on = postpone ? DATE_NONE : row->day,
            .to = postpone ? row->day : DATE_NONE,
            .ground = row->ground.len ? row->ground : STR_NONE,
            .remark = remark.len ? remark : STR_NONE,
        };
        struct review_result result = {0};
        ok = review_record(c->w, c->actor, &request, &result, why);
        review_result_free(&result);
    } else {
        const struct decide_request request = {
            .task = row->task,
            .decision = (enum decision)(row->outcome - OUTCOME_DECISIONS),
            .on = row->day,
            .remark = remark.len ? remark : STR_NONE,
        };
        struct decide_result result = {0};
        ok = campaign_decide(c->w, c->actor, &request, &result, why);
        free(result.household);
    }
    if (ok) {
        return store_release(s, err);
    }
    if (!store_in_transaction(s) || is_machine(why->reason)) {
        if (store_in_transaction(s)) {
            store_rollback_to(s);
        }
        error_move(err, why);
        err->reason = is_machine(err->reason) ? err->reason : REASON_STORAGE;
        return false;
    }
    store_rollback_to(s);
    return cessation_record_hold_once(c->w, err);
}

bool return_row_record(struct return_case *c, const struct return_row *row,
                       enum return_effect *effect, struct error *why, struct error *err)
{
    struct task_row task = {0};
    bool same = false;
    c->others = false;
    if (!find_task(c, row, &task, why, err)) {
        return false;
    }
    bool ok = why->reason != REASON_NONE || compare(c, row, &task, &same, why, err);
    if (ok && !same && why->reason == REASON_NONE) {
        ok = record_row(c, row, why, err);
    }
    if (ok && why->reason == REASON_INTERNAL) {
        log_put(LOG_ERR, "event=return-fault task=%lld: %s", (long long)row->task, why->message);
    }
    *effect = why->reason != REASON_NONE ? RETURN_REJECTED
              : same                     ? RETURN_UNCHANGED
                                         : RETURN_RECORDED;
    return ok;
}
