/* work/task: what may befall a task in which state, its ladder and its entry in the audit
 * (contract.md 3.4, 3.8, 3.10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/sample.h"
#include "work/task.h"

static struct sample m;
static struct work w;
static struct clock hour;
static struct settings settings;
static struct error err;
static struct household_row h;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed without a word");
    }
}

/* Tuesday, 2026-11-24: no holiday for weeks around. */
#define TODAY date_of(2026, 11, 24)

static int setup(void **state)
{
    struct faults faults = {0};
    struct calendar *calendar = calendar_new();
    struct policy_set *policies = policy_set_load("conf/policy", &faults);
    (void)state;
    assert_non_null(policies);
    calendar_publish(calendar, 2026);
    clock_init_manual(&hour, TODAY.day * INT64_C(86400));
    sample_folder(&m);
    must(sample_open(&m, &err));
    must(sample_divisions(&m, &err));
    h = sample_household(STR("h1"));
    must(store_household_insert(m.s, &h, &err));
    w = (struct work){.store = m.s,
                      .rules = rulebook_new(policies, calendar),
                      .clock = &hour,
                      .settings = &settings};
    must(store_begin(m.s, &err));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_rollback(m.s);
    rulebook_drop(w.rules);
    error_clear(&err);
    sample_remove(&m);
    return 0;
}

/* A triggered review of today that is due in 10 working days. */
static struct task_row triggered(void)
{
    return (struct task_row){.kind = TASK_TRIGGERED_REVIEW,
                             .household_id = h.id,
                             .household = h.household,
                             .township = h.township,
                             .opened_on = TODAY,
                             .nominal_due_on = date_of(2026, 12, 8),
                             .due_on = date_of(2026, 12, 8)};
}

static struct task_row open_one(void)
{
    struct task_row task = triggered();
    must(task_open(&w, ACTOR_CLOCK, &task, &err));
    return task;
}

/* A task in a state: an enum task_state, or TASK_ABSENT. */
static struct task_row in_state(int state)
{
    if (state == TASK_ABSENT) {
        return triggered();
    }
    struct task_row task = open_one();
    if (state == TASK_DONE) {
        must(task_done(&w, &task, OUTCOME_CONTINUE, TODAY, &err));
    } else if (state == TASK_CANCELLED) {
        must(task_cancel(&w, &task, &err));
    }
    return task;
}

static bool befalls(struct task_row *task, enum task_event event)
{
    const struct alert_rung *rung;
    struct date later = date_of(2026, 12, 15);
    switch (event) {
    case TASK_EVENT_OPEN:
        return task_open(&w, ACTOR_CLOCK, task, &err);
    case TASK_EVENT_MOVE:
        return task_move(&w, task, &(struct task_deadline){later, task->due_on, DATE_NONE}, &err);
    case TASK_EVENT_RAISE:
        return task_raise(&w, task, TODAY, &rung, &err);
    case TASK_EVENT_DONE:
        return task_done(&w, task, OUTCOME_ADJUST, TODAY, &err);
    case TASK_EVENT_CANCEL:
        return task_cancel(&w, task, &err);
    case TASK_EVENT_REOPEN:
        return task_reopen(&w, task, &err);
    }
    return false;
}

static struct task_row stored(int64_t task)
{
    struct task_row row;
    must(store_task_get(m.s, &m.a, task, &row, &err));
    return row;
}

static void same_day(struct date a, struct date b)
{
    assert_int_equal(a.day, b.day);
}

/* Every event in every state: it leads where the table says, on disk as in the row, or it fails and
 * nothing has changed. */
static void test_transitions(void **state)
{
    enum { NO = -2 };
    static const int states[] = {TASK_ABSENT, TASK_OPEN, TASK_DONE, TASK_CANCELLED};
    static const int to[][4] = {
        [TASK_EVENT_OPEN] = {TASK_OPEN, NO, NO, TASK_OPEN},
        [TASK_EVENT_MOVE] = {NO, TASK_OPEN, NO, NO},
        [TASK_EVENT_RAISE] = {NO, TASK_OPEN, NO, NO},
        [TASK_EVENT_DONE] = {NO, TASK_DONE, NO, NO},
        [TASK_EVENT_CANCEL] = {NO, TASK_CANCELLED, NO, NO},
        [TASK_EVENT_REOPEN] = {NO, NO, TASK_OPEN, TASK_OPEN},
    };
    (void)state;
    assert_int_equal(task_events.count, sizeof to / sizeof *to);
    for (int event = 0; event < task_events.count; event++) {
        for (int i = 0; i < 4; i++) {
            enum task_state next = TASK_OPEN;
            bool may = task_next(states[i], (enum task_event)event, &next);
            assert_int_equal(may, to[event][i] != NO);
            assert_true(!may || (int)next == to[event][i]);

            must(store_savepoint(m.s, &err));
            struct task_row task = in_state(states[i]);
            struct task_row was = task.task ? stored(task.task) : (struct task_row){0};
            if (befalls(&task, (enum task_event)event)) {
                assert_true(may);
                assert_int_equal(task.state, to[event][i]);
                assert_int_equal(stored(task.task).state, to[event][i]);
            } else {
                assert_false(may);
                assert_int_equal(err.reason, REASON_INTERNAL);
                assert_non_null(strstr(err.message, names_text(&task_events, event)));
                error_clear(&err);
                if (task.task) {
                    struct task_row is = stored(task.task);
                    assert_int_equal(is.state, was.state);
                    same_day(is.due_on, was.due_on);
                    same_day(is.done_on, was.done_on);
                    same_day(is.alert_on, was.alert_on);
                }
            }
            store_rollback_to(m.s);
        }
    }
}

/* 3.8: the ladder begins with the first rung ahead; a task that enters past several raises the
 * highest, today. Rungs: 5 working days before, the day, 1, 5 and 15 after. */
static void test_open_begins_the_ladder(void **state)
{
    (void)state;
    struct task_row task = stored(open_one().task);
    assert_int_equal(task.raised, -1);
    same_day(task.alert_on, date_of(2026, 12, 1));
    same_day(task.original_due_on, date_of(2026, 12, 8));
    assert_false(date_is(task.listed_on) || date_is(task.done_on) || date_is(task.rolled_on));
    assert_int_equal(task.outcome, -1);
    must(task_cancel(&w, &task, &err));

    struct task_row late = triggered();
    late.due_on = date_of(2026, 11, 16);
    must(task_open(&w, ACTOR_CLOCK, &late, &err));
    same_day(late.alert_on, TODAY);
    const struct alert_rung *rung;
    must(task_raise(&w, &late, TODAY, &rung, &err));
    assert_string_equal(rung->name, "escalated-district");
    late = stored(late.task);
    assert_int_equal(late.raised, 3);
    same_day(late.alert_on, date_of(2026, 12, 7));
    must(task_raise(&w, &late, TODAY, &rung, &err));
    assert_null(rung);
    assert_int_equal(late.raised, 3);
}

/* A register task that was cancelled opens again under its number, and as if it were new. */
static void test_open_again(void **state)
{
    (void)state;
    struct task_row task = triggered();
    task.kind = TASK_REGISTER_ADJUSTMENT;
    task.year = 2026;
    must(task_open(&w, ACTOR_CLOCK, &task, &err));
    must(store_tasks_listed(m.s, h.township, TODAY, &err));
    task = stored(task.task);
    same_day(task.listed_on, TODAY);
    must(task_cancel(&w, &task, &err));
    int64_t number = task.task;
    task.opened_on = date_of(2026, 11, 30);
    must(task_open(&w, ACTOR_CLOCK, &task, &err));
    assert_int_equal(task.task, number);
    task = stored(number);
    same_day(task.opened_on, date_of(2026, 11, 30));
    assert_false(date_is(task.listed_on));
}

/* Another deadline has a ladder of its own; where it stands, what was raised stays raised. */
static void test_move(void **state)
{
    (void)state;
    struct task_row task = open_one();
    const struct alert_rung *rung;
    must(task_raise(&w, &task, date_of(2026, 12, 8), &rung, &err));
    assert_string_equal(rung->name, "due-today");

    struct task_deadline same = {task.due_on, task.due_on, date_of(2026, 12, 7)};
    must(task_move(&w, &task, &same, &err));
    task = stored(task.task);
    assert_int_equal(task.raised, 1);
    same_day(task.alert_on, date_of(2026, 12, 9));
    same_day(task.rolled_on, date_of(2026, 12, 7));

    /* A holiday before the next rung moves it, though the deadline stands. */
    assert_true(
        calendar_add(w.rules->calendar, date_of(2026, 12, 9), DAY_HOLIDAY, STR("假"), NULL));
    must(task_move(&w, &task, &same, &err));
    same_day(stored(task.task).alert_on, date_of(2026, 12, 10));

    struct task_deadline other = {date_of(2026, 12, 25), task.original_due_on, DATE_NONE};
    must(task_move(&w, &task, &other, &err));
    task = stored(task.task);
    assert_int_equal(task.raised, -1);
    same_day(task.due_on, date_of(2026, 12, 25));
    same_day(task.original_due_on, date_of(2026, 12, 8));
    same_day(task.alert_on, date_of(2026, 12, 18));
}

/* 3.10: what was done or cancelled by mistake stands as it did, and its ladder goes on from the
 * rung that was raised. */
static void test_reopen(void **state)
{
    (void)state;
    struct task_row task = open_one();
    const struct alert_rung *rung;
    must(task_raise(&w, &task, date_of(2026, 12, 1), &rung, &err));
    must(task_done(&w, &task, OUTCOME_CONTINUE, TODAY, &err));
    struct task_row done = stored(task.task);
    assert_int_equal(done.outcome, OUTCOME_CONTINUE);
    same_day(done.done_on, TODAY);
    assert_false(date_is(done.alert_on));

    clock_set(&hour, date_of(2026, 12, 9).day * INT64_C(86400));
    must(task_reopen(&w, &task, &err));
    task = stored(task.task);
    assert_int_equal(task.outcome, -1);
    assert_false(date_is(task.done_on));
    assert_int_equal(task.raised, 0);
    same_day(task.alert_on, date_of(2026, 12, 9));
}

/* Each opening is in the audit, whoever opens. */
static void test_open_is_audited(void **state)
{
    struct audit_row *rows;
    int count;
    (void)state;
    struct task_row task = open_one();
    must(store_audit_list(m.s, &m.a, h.household, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].action, "task.open");
    struct str expect = str_of(arena_format(&m.a,
                                            "{\"due_on\":\"2026-12-08\",\"kind\":\"triggered-"
                                            "review\",\"nominal_due_on\":\"2026-12-08\","
                                            "\"opened_on\":\"2026-11-24\",\"task\":%lld}",
                                            (long long)task.task));
    assert_true(str_equal(rows[0].after, expect));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_transitions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_begins_the_ladder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_move, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reopen, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_is_audited, setup, teardown),
    };
    return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
