/* The year's adjustment of the poverty register (spec 3.6; 二(四)3 按年进行动态调整, 应扶尽扶,
 * 应保尽保). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/register.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ADJUST REGISTER_ADJUSTMENT
#define CANDIDATE REGISTER_CANDIDATE
#define DIBAO DIBAO_CANDIDATE

static struct policy_set *set;
static const struct policy *shipped;
static struct calendar *calendar;

static struct date day(const char *text)
{
    return date_parse(str_of(text));
}

static void assert_day(struct date d, const char *want)
{
    char text[DATE_TEXT];
    assert_string_equal(date_text(d, text), want);
}

/* The shipped steps, and of the notice for 2026 the days that the cases touch. */
static int set_up(void **state)
{
    struct faults faults = {0};

    (void)state;
    set = policy_set_load("conf/policy", &faults);
    assert_non_null(set);
    shipped = policy_set_at(set, 0);
    calendar = calendar_new();
    for (int year = 2017; year <= 2026; year++) {
        calendar_publish(calendar, year);
    }
    for (int i = 1; i <= 7; i++) {
        calendar_add(calendar, date_of(2026, 10, i), DAY_HOLIDAY, STR("国庆节"), NULL);
    }
    calendar_add(calendar, day("2026-10-10"), DAY_WORKDAY, STR("国庆节"), NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    calendar_free(calendar);
    policy_set_free(set);
    return 0;
}

/* ---- the steps ---- */

/* Default: opens 1 September; visits by 31 October; township by 15 November; county by 30 November;
 * closes 31 December. `due_on` is the township's step, rolled. */
static void default_steps(void **state)
{
    static const struct {
        int year;
        const char *opens, *visits_until, *due_on, *county_by, *closes;
        bool provisional;
    } cases[] = {
        {2017, "2017-09-01", "2017-10-31", "2017-11-15", "2017-11-30", "2017-12-31", false},
        {2018, "2018-09-01", "2018-10-31", "2018-11-15", "2018-11-30", "2018-12-31", false},
        {2019, "2019-09-01", "2019-10-31", "2019-11-15", "2019-11-30", "2019-12-31", false},
        {2020, "2020-09-01", "2020-10-31", "2020-11-16", "2020-11-30", "2020-12-31", false},
        {2025, "2025-09-01", "2025-10-31", "2025-11-17", "2025-11-30", "2025-12-31", false},
        {2026, "2026-09-01", "2026-10-31", "2026-11-16", "2026-11-30", "2026-12-31", false},
        {2027, "2027-09-01", "2027-10-31", "2027-11-15", "2027-11-30", "2027-12-31", true},
        {2031, "2031-09-01", "2031-10-31", "2031-11-17", "2031-11-30", "2031-12-31", true},
        {2200, "", "", "", "", "", false}, /* beyond the range of rules/date */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct campaign c = register_campaign(shipped, calendar, cases[i].year, NULL);
        print_message("%d\n", cases[i].year);
        assert_int_equal(c.year, cases[i].year);
        assert_day(c.opens, cases[i].opens);
        assert_day(c.visits_until, cases[i].visits_until);
        assert_day(c.due_on, cases[i].due_on);
        assert_day(c.county_by, cases[i].county_by);
        assert_day(c.closes, cases[i].closes);
        assert_int_equal(c.provisional, cases[i].provisional);
    }
}

/* Weekends, holidays and make-up days under the township's step; always to the following day. */
static void rolled(void **state)
{
    static const struct {
        struct month_day township_by;
        int year;
        const char *due_on;
    } cases[] = {
        {{11, 14}, 2026, "2026-11-16"}, /* Saturday */
        {{11, 15}, 2026, "2026-11-16"}, /* Sunday */
        {{11, 16}, 2026, "2026-11-16"},
        {{10, 1}, 2026, "2026-10-08"}, /* 国庆节 */
        {{10, 7}, 2026, "2026-10-08"},
        {{10, 10}, 2026, "2026-10-10"}, /* a Saturday that is worked */
        {{10, 11}, 2026, "2026-10-12"},
        {{12, 31}, 2022, "2023-01-02"}, /* over the end of the year */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = *shipped;
        policy.register_steps.township_by = cases[i].township_by;
        policy.roll = ROLL_PRECEDING; /* is for reviews */
        struct campaign c = register_campaign(&policy, calendar, cases[i].year, NULL);
        print_message("%s\n", cases[i].due_on);
        assert_day(c.due_on, cases[i].due_on);
        assert_false(c.provisional);
    }
}

static void traced(void **state)
{
    static const struct {
        enum trace_rule rule;
        const char *text, *value;
    } want[] = {
        {TRACE_CAMPAIGN, "the year's roll is taken on 2026-09-01", "2026-09-01"},
        {TRACE_CAMPAIGN, "household visits until 2026-10-31", "2026-10-31"},
        {TRACE_CAMPAIGN, "the township's step is by 2026-11-15", "2026-11-15"},
        {TRACE_ROLL, NULL, NULL}, /* the Sunday */
        {TRACE_CAMPAIGN, "so the township's tasks are due on 2026-11-16", "2026-11-16"},
        {TRACE_CAMPAIGN, "the county's step is by 2026-11-30", "2026-11-30"},
        {TRACE_CAMPAIGN, "the year's adjustment closes on 2026-12-31", "2026-12-31"},
        {TRACE_CAMPAIGN,
         "a decision takes effect after 7 calendar days of public notice, counted from the next "
         "day",
         NULL},
    };
    struct trace t = TRACE_INIT;

    (void)state;
    register_campaign(shipped, calendar, 2026, &t);
    assert_int_equal(t.count, COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_int_equal(t.steps[i].rule, want[i].rule);
        if (want[i].rule != TRACE_CAMPAIGN) {
            continue;
        }
        assert_string_equal(t.steps[i].text, want[i].text);
        assert_string_equal(t.steps[i].clause, shipped->register_steps.source);
        assert_int_equal(t.steps[i].value != NULL, want[i].value != NULL);
        if (want[i].value) {
            assert_string_equal(t.steps[i].value, want[i].value);
        }
    }
    trace_free(&t);
}

/* ---- who has which task ---- */

static void tasks(void **state)
{
    static const struct {
        enum status status;
        enum register_state state;
        int count;
        enum register_kind want[2];
    } cases[] = {
        /* registered or returned: in dibao or not, closed or not */
        {STATUS_ACTIVE, REGISTER_REGISTERED, 1, {ADJUST}},
        {STATUS_ACTIVE, REGISTER_RETURNED, 1, {ADJUST}},
        {STATUS_SUSPENDED, REGISTER_REGISTERED, 1, {ADJUST}},
        {STATUS_SUSPENDED, REGISTER_RETURNED, 1, {ADJUST}},
        {STATUS_CLOSED, REGISTER_REGISTERED, 1, {ADJUST}},
        {STATUS_CLOSED, REGISTER_RETURNED, 1, {ADJUST}},
        /* active dibao households off the register: 应扶尽扶 */
        {STATUS_ACTIVE, REGISTER_NONE, 1, {CANDIDATE}},
        {STATUS_ACTIVE, REGISTER_EXITED, 1, {CANDIDATE}},
        {STATUS_SUSPENDED, REGISTER_NONE, 0, {0}},
        {STATUS_SUSPENDED, REGISTER_EXITED, 0, {0}},
        {STATUS_CLOSED, REGISTER_NONE, 0, {0}},
        {STATUS_CLOSED, REGISTER_EXITED, 0, {0}},
        /* register-only households: 应保尽保 */
        {STATUS_REGISTER_ONLY, REGISTER_REGISTERED, 2, {ADJUST, DIBAO}},
        {STATUS_REGISTER_ONLY, REGISTER_RETURNED, 2, {ADJUST, DIBAO}},
        {STATUS_REGISTER_ONLY, REGISTER_EXITED, 1, {DIBAO}},
        {STATUS_REGISTER_ONLY, REGISTER_NONE, 1, {DIBAO}},
    };
    enum register_kind got[2];

    (void)state;
    assert_int_equal(COUNT(cases), statuses.count * register_states.count);
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("%s %s\n", names_text(&statuses, (int)cases[i].status),
                      names_text(&register_states, (int)cases[i].state));
        assert_int_equal(register_tasks(cases[i].status, cases[i].state, got), cases[i].count);
        for (int k = 0; k < cases[i].count; k++) {
            assert_int_equal(got[k], cases[i].want[k]);
        }
    }
}

/* ---- decisions ---- */

static const struct decided {
    enum register_kind kind;
    enum register_state state;
    enum decision decision;
    enum register_state after;
} allowed[] = {
    {ADJUST, REGISTER_REGISTERED, DECISION_KEEP, REGISTER_REGISTERED},
    {ADJUST, REGISTER_REGISTERED, DECISION_EXIT, REGISTER_EXITED},
    {ADJUST, REGISTER_RETURNED, DECISION_KEEP, REGISTER_RETURNED},
    {ADJUST, REGISTER_RETURNED, DECISION_EXIT, REGISTER_EXITED},
    {CANDIDATE, REGISTER_NONE, DECISION_ADD, REGISTER_REGISTERED},
    {CANDIDATE, REGISTER_NONE, DECISION_NOT_ELIGIBLE, REGISTER_NONE},
    {CANDIDATE, REGISTER_EXITED, DECISION_RETURN, REGISTER_RETURNED},
    {CANDIDATE, REGISTER_EXITED, DECISION_NOT_ELIGIBLE, REGISTER_EXITED},
    {DIBAO, REGISTER_NONE, DECISION_APPLY, REGISTER_NONE},
    {DIBAO, REGISTER_NONE, DECISION_NOT_ELIGIBLE, REGISTER_NONE},
    {DIBAO, REGISTER_REGISTERED, DECISION_APPLY, REGISTER_REGISTERED},
    {DIBAO, REGISTER_REGISTERED, DECISION_NOT_ELIGIBLE, REGISTER_REGISTERED},
    {DIBAO, REGISTER_EXITED, DECISION_APPLY, REGISTER_EXITED},
    {DIBAO, REGISTER_EXITED, DECISION_NOT_ELIGIBLE, REGISTER_EXITED},
    {DIBAO, REGISTER_RETURNED, DECISION_APPLY, REGISTER_RETURNED},
    {DIBAO, REGISTER_RETURNED, DECISION_NOT_ELIGIBLE, REGISTER_RETURNED},
};

static const struct decided *find(enum register_kind kind, enum register_state state,
                                  enum decision decision)
{
    for (size_t i = 0; i < COUNT(allowed); i++) {
        if (allowed[i].kind == kind && allowed[i].state == state &&
            allowed[i].decision == decision) {
            return &allowed[i];
        }
    }
    return NULL;
}

/* Every kind, state and decision: what is not in the table is refused. */
static void decide(void **state)
{
    int taken = 0;

    (void)state;
    for (int i = 0; i < register_kinds.count * register_states.count * decisions.count; i++) {
        enum decision decision = (enum decision)(i % decisions.count);
        enum register_state from = (enum register_state)(i / decisions.count % 4);
        enum register_kind kind = (enum register_kind)(i / decisions.count / 4);
        enum register_state after = REGISTER_NONE;
        struct error err = ERROR_INIT;
        const struct decided *want = find(kind, from, decision);
        assert_int_equal(register_decide(kind, from, decision, &after, &err), want != NULL);
        assert_int_equal(err.reason, want ? REASON_NONE : REASON_BAD_ARGUMENT);
        if (want) {
            assert_int_equal(after, want->after);
        }
        taken += want != NULL;
        error_clear(&err);
    }
    assert_int_equal(taken, COUNT(allowed));
}

static void refusals(void **state)
{
    static const struct {
        enum register_kind kind;
        enum register_state state;
        enum decision decision;
        const char *want;
    } cases[] = {
        {ADJUST, REGISTER_REGISTERED, DECISION_ADD,
         "add does not answer a register-adjustment of a household whose register state is "
         "registered: that takes keep or exit"},
        {CANDIDATE, REGISTER_NONE, DECISION_RETURN,
         "return does not answer a register-candidate of a household whose register state is none: "
         "that takes add or not-eligible"},
        {CANDIDATE, REGISTER_EXITED, DECISION_ADD,
         "add does not answer a register-candidate of a household whose register state is exited: "
         "that takes return or not-eligible"},
        {DIBAO, REGISTER_REGISTERED, DECISION_KEEP,
         "keep does not answer a dibao-candidate of a household whose register state is "
         "registered: that takes apply or not-eligible"},
        {ADJUST, REGISTER_EXITED, DECISION_KEEP,
         "a household whose register state is exited has no register-adjustment to decide"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum register_state after;
        struct error err = ERROR_INIT;
        assert_false(
            register_decide(cases[i].kind, cases[i].state, cases[i].decision, &after, &err));
        assert_string_equal(err.message, cases[i].want);
        error_clear(&err);
    }
}

/* 7 calendar days of notice, counted from the next day: working or not. */
static void effect(void **state)
{
    static const struct {
        int notice_days;
        const char *on, *want;
    } cases[] = {
        {7, "2018-11-05", "2018-11-13"}, /* notice on 6 to 12 November */
        {7, "2018-12-31", "2019-01-08"}, {7, "2020-02-25", "2020-03-04"},
        {7, "2026-09-30", "2026-10-08"}, /* over the holidays */
        {0, "2018-11-05", "2018-11-06"}, {1, "2018-11-05", "2018-11-07"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = *shipped;
        policy.register_steps.notice_days = cases[i].notice_days;
        assert_day(register_effect(&policy, day(cases[i].on)), cases[i].want);
    }
}

/* The words are those of contract.md section 2 and 5. */
static void words(void **state)
{
    static const char *const kinds[] = {"register-adjustment", "register-candidate",
                                        "dibao-candidate"};
    static const char *const answers[] = {"keep", "exit", "return", "add", "apply", "not-eligible"};

    (void)state;
    assert_int_equal(register_kinds.count, COUNT(kinds));
    assert_int_equal(decisions.count, COUNT(answers));
    for (int i = 0; i < (int)COUNT(kinds); i++) {
        assert_string_equal(names_text(&register_kinds, i), kinds[i]);
    }
    for (int i = 0; i < (int)COUNT(answers); i++) {
        assert_string_equal(names_text(&decisions, i), answers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_steps), cmocka_unit_test(rolled), cmocka_unit_test(traced),
        cmocka_unit_test(tasks),         cmocka_unit_test(decide), cmocka_unit_test(refusals),
        cmocka_unit_test(effect),        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests_name("register", tests, set_up, tear_down);
}
