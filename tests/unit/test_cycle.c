/* rules/cycle: every example of contract.md 3.4 by its own dates, and each refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules/cycle.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Short words, so that a case of a table stays on its line. */
#define ANN BASIS_ANNIVERSARY
#define CAL BASIS_CALENDAR
#define FOLLOW ROLL_FOLLOWING
#define PRECEDE ROLL_PRECEDING
#define YEAR TIER_ANNUAL
#define HALF TIER_SEMI_ANNUAL
#define QUARTER TIER_QUARTERLY
#define BAD REASON_BAD_ARGUMENT

static struct calendar *calendar;

static struct date day(const char *text)
{
    return *text ? date_parse(str_of(text)) : DATE_NONE;
}

static void assert_day(struct date d, const char *want)
{
    char text[DATE_TEXT];
    assert_string_equal(date_text(d, text), want);
}

/* The days of the notices for 2025 and 2026 that the cases touch; 2024 without its holidays. */
static int set_up(void **state)
{
    (void)state;
    static const struct {
        const char *first, *last;
        enum day_kind kind;
        const char *name;
    } notices[] = {
        {"2025-01-28", "2025-02-04", DAY_HOLIDAY, "春节"},
        {"2025-05-01", "2025-05-05", DAY_HOLIDAY, "劳动节"},
        {"2025-10-01", "2025-10-08", DAY_HOLIDAY, "国庆节"},
        {"2026-01-01", "2026-01-03", DAY_HOLIDAY, "元旦"},
        {"2026-01-04", "2026-01-04", DAY_WORKDAY, "元旦"},
        {"2026-02-28", "2026-02-28", DAY_WORKDAY, "春节"},
        {"2026-05-01", "2026-05-05", DAY_HOLIDAY, "劳动节"},
        {"2026-10-01", "2026-10-07", DAY_HOLIDAY, "国庆节"},
        {"2026-10-10", "2026-10-10", DAY_WORKDAY, "国庆节"},
    };
    calendar = calendar_new();
    for (int year = 2024; year <= 2026; year++) {
        calendar_publish(calendar, year);
    }
    for (size_t i = 0; i < COUNT(notices); i++) {
        for (struct date d = day(notices[i].first); date_cmp(d, day(notices[i].last)) <= 0;
             d = date_plus(d, 1)) {
            if (!calendar_add(calendar, d, notices[i].kind, str_of(notices[i].name), NULL)) {
                return -1;
            }
        }
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    calendar_free(calendar);
    return 0;
}

static struct policy policy_of(enum basis basis, enum roll roll)
{
    return (struct policy){
        .name = "test",
        .basis = basis,
        .basis_source = "二(四)3",
        .roll = roll,
        .roll_source = "Civil Code 203",
        .tiers_source = "二(四)3",
        .tiers = {[TIER_ANNUAL] = {true, TIER_ANNUAL, 30, "local"},
                  [TIER_SEMI_ANNUAL] = {true, TIER_SEMI_ANNUAL, 20, "local"},
                  [TIER_QUARTERLY] = {true, TIER_QUARTERLY, 15, "local"}},
        .restart = true,
        .restart_source = "local",
        .postpone_limit_days = 30,
        .postpone_source = "local",
    };
}

static struct cycle_context context(const struct policy *policy, const char *anchor,
                                    const struct tier_span *spans, int count)
{
    return (struct cycle_context){policy, calendar, day(anchor), spans, count, NULL};
}

static const struct tier_span always[TIER_COUNT] = {
    {{INT32_MIN}, TIER_ANNUAL}, {{INT32_MIN}, TIER_SEMI_ANNUAL}, {{INT32_MIN}, TIER_QUARTERLY}};

static void assert_dates(const struct cycle_dates *d, int step, const char *nominal,
                         const char *due_on, const char *opens_on)
{
    assert_day(d->nominal, nominal);
    assert_day(d->due_on, due_on);
    assert_day(d->opens_on, opens_on);
    assert_int_equal(d->step, step);
}

/* 3.4: anchor + k × interval from the anchor itself, clamped, rolled, less the lead. */
static void test_dates(void **state)
{
    (void)state;
    static const struct {
        enum basis basis;
        enum roll roll;
        const char *anchor;
        enum tier tier;
        int step;
        const char *nominal, *due_on, *opens_on;
        bool provisional;
    } cases[] = {
        /* the National Day holiday, both rolls (Civil Code 203) */
        {ANN, FOLLOW, "2026-07-01", QUARTER, 1, "2026-10-01", "2026-10-08", "2026-09-23", false},
        {ANN, PRECEDE, "2026-07-01", QUARTER, 1, "2026-10-01", "2026-09-30", "2026-09-15", false},
        {ANN, FOLLOW, "2026-04-01", QUARTER, 1, "2026-07-01", "2026-07-01", "2026-06-16", false},
        {ANN, FOLLOW, "2026-04-01", QUARTER, 2, "2026-10-01", "2026-10-08", "2026-09-23", false},
        {ANN, FOLLOW, "2026-04-01", HALF, 2, "2026-10-01", "2026-10-08", "2026-09-18", false},
        /* 31 January: each date from the anchor, not from the one before */
        {ANN, FOLLOW, "2025-01-31", QUARTER, 1, "2025-04-30", "2025-04-30", "2025-04-15", false},
        {ANN, FOLLOW, "2025-01-31", QUARTER, 2, "2025-07-31", "2025-07-31", "2025-07-16", false},
        {ANN, FOLLOW, "2025-01-31", QUARTER, 3, "2025-10-31", "2025-10-31", "2025-10-16", false},
        {ANN, FOLLOW, "2025-01-31", QUARTER, 4, "2026-01-31", "2026-02-02", "2026-01-18", false},
        {ANN, PRECEDE, "2025-01-31", QUARTER, 4, "2026-01-31", "2026-01-30", "2026-01-15", false},
        /* 29 February: the 28th until a leap year; 2026-02-28 is a worked Saturday */
        {ANN, FOLLOW, "2024-02-29", YEAR, 4, "2025-02-28", "2025-02-28", "2025-01-29", false},
        {ANN, FOLLOW, "2024-02-29", YEAR, 8, "2026-02-28", "2026-02-28", "2026-01-29", false},
        {ANN, FOLLOW, "2024-02-29", YEAR, 12, "2027-02-28", "2027-03-01", "2027-01-30", true},
        {ANN, FOLLOW, "2024-02-29", YEAR, 16, "2028-02-29", "2028-02-29", "2028-01-30", true},
        /* opens_on falls on a day off and stays (3.2) */
        {ANN, FOLLOW, "2026-04-20", HALF, 2, "2026-10-20", "2026-10-20", "2026-09-30", false},
        {ANN, FOLLOW, "2026-04-23", HALF, 2, "2026-10-23", "2026-10-23", "2026-10-03", false},
        /* provisional as soon as a day of a year without a file is examined (3.2) */
        {ANN, PRECEDE, "2026-10-02", QUARTER, 1, "2027-01-02", "2027-01-01", "2026-12-17", true},
        /* the ends of quarters, half-years and years; one on the anchor itself is the first */
        {CAL, FOLLOW, "2026-03-31", QUARTER, 1, "2026-03-31", "2026-03-31", "2026-03-16", false},
        {CAL, FOLLOW, "2026-04-01", QUARTER, 1, "2026-06-30", "2026-06-30", "2026-06-15", false},
        {CAL, FOLLOW, "2026-04-01", QUARTER, 2, "2026-09-30", "2026-09-30", "2026-09-15", false},
        {CAL, FOLLOW, "2026-01-10", HALF, 2, "2026-06-30", "2026-06-30", "2026-06-10", false},
        {CAL, FOLLOW, "2026-01-10", YEAR, 4, "2026-12-31", "2026-12-31", "2026-12-01", false},
        {CAL, FOLLOW, "2024-12-31", QUARTER, 3, "2025-06-30", "2025-06-30", "2025-06-15", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = policy_of(cases[i].basis, cases[i].roll);
        struct cycle_context c = context(&policy, cases[i].anchor, &always[cases[i].tier], 1);
        struct cycle_dates d;
        assert_true(cycle_at(&c, cases[i].step, cases[i].tier, &d, NULL, NULL));
        assert_dates(&d, cases[i].step, cases[i].nominal, cases[i].due_on, cases[i].opens_on);
        assert_int_equal(d.provisional, cases[i].provisional);
        assert_int_equal(d.tier, cases[i].tier);
    }
}

/* 3.4: the first cycle is the first whose opens_on is after the anchor. */
static void test_first(void **state)
{
    (void)state;
    static const struct {
        enum basis basis;
        const char *anchor;
        enum tier tier;
        int lead; /* 0: the default */
        int step;
        const char *nominal;
    } cases[] = {
        {ANN, "2026-04-01", QUARTER, 0, 1, "2026-07-01"},
        {ANN, "2026-04-01", HALF, 0, 2, "2026-10-01"},
        {ANN, "2026-04-01", YEAR, 0, 4, "2027-04-01"},
        /* a lead of 91 days opens 2026-07-01 on the anchor itself, 90 the day after */
        {ANN, "2026-04-01", QUARTER, 91, 2, "2026-10-01"},
        {ANN, "2026-04-01", QUARTER, 90, 1, "2026-07-01"},
        {CAL, "2026-03-15", QUARTER, 0, 1, "2026-03-31"},
        {CAL, "2026-03-16", QUARTER, 0, 2, "2026-06-30"},
        {CAL, "2026-03-31", QUARTER, 0, 2, "2026-06-30"},
        {CAL, "2026-03-31", HALF, 0, 2, "2026-06-30"},
        {CAL, "2026-07-15", YEAR, 0, 2, "2026-12-31"},
        {CAL, "2026-12-01", YEAR, 0, 5, "2027-12-31"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = policy_of(cases[i].basis, ROLL_FOLLOWING);
        if (cases[i].lead) {
            policy.tiers[cases[i].tier].lead_days = cases[i].lead;
        }
        struct cycle_context c = context(&policy, cases[i].anchor, &always[cases[i].tier], 1);
        struct cycle_dates d;
        assert_true(cycle_first(&c, &d, NULL, NULL));
        assert_day(d.nominal, cases[i].nominal);
        assert_int_equal(d.step, cases[i].step);
    }
}

struct want_jump {
    const char *nominal;
    bool missed;
};

/* 3.4: a review satisfies the open cycle; what it jumps is missed or answered. */
static void test_after_review(void **state)
{
    (void)state;
    static const struct {
        const char *anchor;
        int satisfied;
        const char *on, *next;
        struct want_jump jumps[5];
    } cases[] = {
        /* in time; on the deadline itself */
        {"2026-01-01", 2, "2026-06-20", "2026-10-01", {{0}}},
        {"2026-01-01", 2, "2026-07-01", "2026-10-01", {{0}}},
        /* the example: the 07-01 task done on 10-05 answers 10-01 too */
        {"2026-01-01", 2, "2026-10-05", "2027-01-01", {{"2026-10-01", false}}},
        /* its deadline is the 8th: answered on that day, missed after it */
        {"2026-01-01", 2, "2026-10-08", "2027-01-01", {{"2026-10-01", false}}},
        {"2026-01-01", 2, "2026-10-09", "2027-01-01", {{"2026-10-01", true}}},
        /* opens 09-23: the day before it is not touched, on it it is answered */
        {"2026-01-01", 2, "2026-09-22", "2026-10-01", {{0}}},
        {"2026-01-01", 2, "2026-09-23", "2027-01-01", {{"2026-10-01", false}}},
        {"2025-01-31",
         1,
         "2026-01-20",
         "2026-04-30",
         {{"2025-07-31", true}, {"2025-10-31", true}, {"2026-01-31", false}}},
        {"2025-01-31", 0, "2025-05-06", "2025-07-31", {{"2025-04-30", true}}},
    };
    struct policy policy = policy_of(BASIS_ANNIVERSARY, ROLL_FOLLOWING);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cycle_context c = context(&policy, cases[i].anchor, &always[TIER_QUARTERLY], 1);
        struct cycle_next next;
        assert_true(
            cycle_after_review(&c, cases[i].satisfied, day(cases[i].on), &next, NULL, NULL));
        assert_day(next.dates.nominal, cases[i].next);
        int n = 0;
        for (; cases[i].jumps[n].nominal; n++) {
            assert_true(n < next.jump_count);
            assert_day(next.jumps[n].dates.nominal, cases[i].jumps[n].nominal);
            assert_int_equal(next.jumps[n].missed, cases[i].jumps[n].missed);
        }
        assert_int_equal(next.jump_count, n);
        cycle_next_free(&next);
        assert_null(next.jumps);
    }
}

/* 3.4: jumped cycles count with the tier in force on their nominal day. */
static void test_jumps_by_tier(void **state)
{
    (void)state;
    struct policy policy = policy_of(BASIS_ANNIVERSARY, ROLL_FOLLOWING);
    struct tier_span spans[] = {{DATE_NONE, TIER_QUARTERLY}, {day("2026-08-01"), TIER_ANNUAL}};
    struct cycle_context c = context(&policy, "2026-01-01", spans, 2);
    struct cycle_next next;
    /* 07-01 was quarterly, 10-01 would be, but the household is annual by then. */
    assert_true(cycle_after_review(&c, 1, day("2026-11-15"), &next, NULL, NULL));
    assert_int_equal(next.jump_count, 1);
    assert_dates(&next.jumps[0].dates, 2, "2026-07-01", "2026-07-01", "2026-06-16");
    assert_int_equal(next.jumps[0].dates.tier, TIER_QUARTERLY);
    assert_true(next.jumps[0].missed);
    assert_dates(&next.dates, 4, "2027-01-01", "2027-01-01", "2026-12-02");
    assert_int_equal(next.dates.tier, TIER_ANNUAL);
    cycle_next_free(&next);
    /* The change counts from its own day on. */
    spans[1].from = day("2026-07-01");
    assert_true(cycle_after_review(&c, 1, day("2026-11-15"), &next, NULL, NULL));
    assert_int_equal(next.jump_count, 0);
    cycle_next_free(&next);
    /* A change while the task of 07-01 is open: it keeps its dates, the next is of the new tier. */
    spans[1].from = day("2026-06-20");
    assert_true(cycle_after_review(&c, 2, day("2026-06-25"), &next, NULL, NULL));
    assert_int_equal(next.jump_count, 0);
    assert_dates(&next.dates, 4, "2027-01-01", "2027-01-01", "2026-12-02");
    cycle_next_free(&next);
}

/* 3.1: a version that drops a tier maps it; what was before the last change keeps its grid. */
static void test_dropped_tier(void **state)
{
    (void)state;
    struct policy policy = policy_of(BASIS_ANNIVERSARY, ROLL_FOLLOWING);
    policy.tiers[TIER_QUARTERLY] = (struct tier_terms){false, TIER_SEMI_ANNUAL, 0, NULL};
    struct cycle_context c = context(&policy, "2026-01-05", &always[TIER_QUARTERLY], 1);
    struct cycle_dates d;
    assert_true(cycle_first(&c, &d, NULL, NULL));
    assert_dates(&d, 2, "2026-07-05", "2026-07-06", "2026-06-16");
    assert_int_equal(d.tier, TIER_SEMI_ANNUAL);
    struct tier_span spans[] = {{DATE_NONE, TIER_QUARTERLY}, {day("2026-06-01"), TIER_SEMI_ANNUAL}};
    c = context(&policy, "2026-01-05", spans, 2);
    struct cycle_next next;
    assert_true(cycle_after_review(&c, 0, day("2026-06-01"), &next, NULL, NULL));
    assert_int_equal(next.jump_count, 1);
    assert_day(next.jumps[0].dates.nominal, "2026-04-05");
    assert_day(next.dates.nominal, "2026-07-05");
    cycle_next_free(&next);
}

/* 3.4: the last review satisfies the latest nominal date that has opened; nothing before is missed.
 */
static void test_import(void **state)
{
    (void)state;
    static const struct {
        enum basis basis;
        const char *anchor;
        enum tier tier;
        const char *reviewed;
        int satisfied;
        const char *next;
    } cases[] = {
        {ANN, "2025-01-31", QUARTER, "2025-07-05", 1, "2025-07-31"},
        {ANN, "2025-01-31", QUARTER, "2025-07-15", 1, "2025-07-31"},
        {ANN, "2025-01-31", QUARTER, "2025-07-16", 2, "2025-10-31"},
        {ANN, "2025-01-31", QUARTER, "2025-01-31", 0, "2025-04-30"},
        {ANN, "2025-01-31", QUARTER, "2025-04-14", 0, "2025-04-30"},
        {ANN, "2025-01-31", YEAR, "2025-12-31", 0, "2026-01-31"},
        {ANN, "2025-01-31", YEAR, "2026-01-03", 4, "2027-01-31"},
        {ANN, "2006-02-28", HALF, "2026-03-01", 80, "2026-08-28"},
        {CAL, "2024-05-10", QUARTER, "2026-05-10", 8, "2026-06-30"},
        {CAL, "2024-05-10", YEAR, "2025-12-05", 7, "2026-12-31"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = policy_of(cases[i].basis, ROLL_FOLLOWING);
        struct cycle_context c = context(&policy, cases[i].anchor, &always[cases[i].tier], 1);
        struct cycle_dates d;
        int satisfied = -1;
        assert_true(cycle_import(&c, day(cases[i].reviewed), &satisfied, &d, NULL, NULL));
        assert_int_equal(satisfied, cases[i].satisfied);
        assert_day(d.nominal, cases[i].next);
    }
    /* Before the approval is a fault. */
    struct policy policy = policy_of(ANN, FOLLOW);
    struct cycle_context c = context(&policy, "2025-01-31", &always[QUARTER], 1);
    struct error err = ERROR_INIT;
    assert_false(
        cycle_import(&c, day("2025-01-30"), &(int){0}, &(struct cycle_dates){0}, NULL, &err));
    assert_int_equal(err.reason, BAD);
    error_clear(&err);
}

/* 3.4, Import: a history that nobody knows is not lateness; one that is complete is. */
static void test_enter(void **state)
{
    (void)state;
    static const struct {
        enum basis basis;
        const char *anchor;
        enum tier tier;
        const char *reviewed, *on;
        bool partial;
        const char *nominal;
        int before;
    } cases[] = {
        /* complete: the oldest is open, however late */
        {ANN, "2020-01-15", YEAR, "", "2026-11-24", false, "2021-01-15", 0},
        /* partial: the first whose deadline is not before the entry */
        {ANN, "2020-01-15", YEAR, "", "2026-11-24", true, "2027-01-15", 6},
        {ANN, "2025-08-24", QUARTER, "", "2026-11-24", true, "2026-11-24", 4},
        {ANN, "2025-08-24", QUARTER, "", "2026-11-25", true, "2027-02-24", 5},
        /* the rolled deadline counts: 2026-10-03 is due on 2026-10-08 */
        {ANN, "2025-10-03", YEAR, "", "2026-10-08", true, "2026-10-03", 0},
        {ANN, "2025-10-03", YEAR, "", "2026-10-09", true, "2027-10-03", 1},
        /* approved lately: the approval was the last review, nothing is unknown */
        {ANN, "2026-10-30", QUARTER, "", "2026-11-24", true, "2027-01-30", 0},
        /* a review that is known settles it, also where the next is long past */
        {ANN, "2020-01-15", YEAR, "2024-01-10", "2026-11-24", true, "2025-01-15", 0},
        {CAL, "2020-05-10", HALF, "", "2026-11-24", true, "2026-12-31", 13},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = policy_of(cases[i].basis, ROLL_FOLLOWING);
        struct cycle_context c = context(&policy, cases[i].anchor, &always[cases[i].tier], 1);
        struct cycle_entry entry = {day(cases[i].on),
                                    *cases[i].reviewed ? day(cases[i].reviewed) : DATE_NONE,
                                    cases[i].partial};
        struct cycle_entered plain, traced;
        struct trace t = TRACE_INIT;
        int said = 0;
        assert_true(cycle_enter(&c, &entry, &plain, NULL, NULL));
        assert_day(plain.dates.nominal, cases[i].nominal);
        assert_int_equal(plain.before, cases[i].before);
        assert_true(cycle_enter(&c, &entry, &traced, &t, NULL));
        assert_int_equal(traced.dates.step, plain.dates.step);
        for (int k = 0; k < t.count; k++) {
            said += t.steps[k].rule == TRACE_BEFORE_ENTRY;
        }
        assert_int_equal(said, cases[i].before);
        trace_free(&t);
    }
}

/* 3.4: without an open task, the first of the new grid whose deadline is after the change. */
static void test_after_tier(void **state)
{
    (void)state;
    static const struct {
        enum basis basis;
        enum tier from, to;
        int satisfied;
        const char *on;
        int step;
        const char *nominal, *due_on, *opens_on;
    } cases[] = {
        {ANN, YEAR, QUARTER, 0, "2026-05-10", 2, "2026-07-01", "2026-07-01", "2026-06-16"},
        /* its opens_on has passed: it opens that day */
        {ANN, YEAR, QUARTER, 0, "2026-06-20", 2, "2026-07-01", "2026-07-01", "2026-06-16"},
        /* the rolled deadline decides, not the nominal date */
        {ANN, YEAR, QUARTER, 0, "2026-10-05", 3, "2026-10-01", "2026-10-08", "2026-09-23"},
        {ANN, YEAR, QUARTER, 0, "2026-10-08", 4, "2027-01-01", "2027-01-01", "2026-12-17"},
        {ANN, QUARTER, YEAR, 1, "2026-05-10", 4, "2027-01-01", "2027-01-01", "2026-12-02"},
        {ANN, QUARTER, HALF, 1, "2026-05-10", 2, "2026-07-01", "2026-07-01", "2026-06-11"},
        /* satisfied already: never twice, though its deadline is still to come */
        {ANN, QUARTER, HALF, 2, "2026-06-25", 4, "2027-01-01", "2027-01-01", "2026-12-12"},
        {CAL, YEAR, HALF, 0, "2026-05-10", 2, "2026-06-30", "2026-06-30", "2026-06-10"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = policy_of(cases[i].basis, ROLL_FOLLOWING);
        struct tier_span spans[] = {{DATE_NONE, cases[i].from}, {day(cases[i].on), cases[i].to}};
        struct cycle_context c = context(&policy, "2026-01-01", spans, 2);
        struct cycle_dates d, traced;
        struct trace t = TRACE_INIT;
        assert_true(cycle_after_tier(&c, cases[i].satisfied, day(cases[i].on), &d, NULL, NULL));
        assert_dates(&d, cases[i].step, cases[i].nominal, cases[i].due_on, cases[i].opens_on);
        assert_true(cycle_after_tier(&c, cases[i].satisfied, day(cases[i].on), &traced, &t, NULL));
        assert_int_equal(traced.step, d.step);
        trace_free(&t);
    }
}

/* 3.4: a triggered review before opens_on restarts the count, from opens_on on it is the regular.
 */
static void test_restart(void **state)
{
    (void)state;
    struct policy policy = policy_of(BASIS_ANNIVERSARY, ROLL_FOLLOWING);
    struct date opens_on = day("2026-06-16");
    assert_true(cycle_restarts(&policy, day("2026-05-20"), opens_on));
    assert_true(cycle_restarts(&policy, day("2026-06-15"), opens_on));
    assert_false(cycle_restarts(&policy, day("2026-06-16"), opens_on));
    struct cycle_context c = context(&policy, "2026-05-20", &always[TIER_QUARTERLY], 1);
    struct cycle_dates d;
    assert_true(cycle_first(&c, &d, NULL, NULL));
    assert_dates(&d, 1, "2026-08-20", "2026-08-20", "2026-08-05");
    policy.restart = false;
    assert_false(cycle_restarts(&policy, day("2026-05-20"), opens_on));
    policy = policy_of(BASIS_CALENDAR, ROLL_FOLLOWING);
    assert_false(cycle_restarts(&policy, day("2026-05-20"), opens_on));
}

/* 3.4: a postponement; the task is of 2026-07-01, the next cycle opens on 09-23. */
static void test_postpone(void **state)
{
    (void)state;
    static const struct {
        const char *today, *to, *next_opens_on;
        bool postponed, no_reason;
        enum reason reason;
    } cases[] = {
        {"2026-06-20", "2026-07-02", "2026-09-23", false, false, 0},
        {"2026-07-01", "2026-07-31", "2026-09-23", false, false, 0}, /* day 30 */
        {"2026-07-01", "2026-07-31", "", false, false, 0},
        {"2026-07-02", "2026-07-10", "2026-09-23", false, false, REASON_TOO_LATE},
        {"2026-06-20", "2026-07-10", "2026-09-23", true, false, REASON_CONFLICT},
        {"2026-06-20", "2026-07-10", "2026-09-23", false, true, BAD},
        {"2026-06-20", "", "2026-09-23", false, false, BAD},
        {"2026-06-20", "2026-07-04", "2026-09-23", false, false, BAD}, /* Saturday */
        {"2026-06-20", "2026-07-01", "2026-09-23", false, false, BAD},
        {"2026-06-20", "2026-06-30", "2026-09-23", false, false, BAD},
        {"2026-06-20", "2026-08-03", "2026-09-23", false, false, BAD}, /* day 33 */
        {"2026-06-20", "2026-07-15", "2026-07-15", false, false, BAD},
        {"2026-06-20", "2026-07-14", "2026-07-15", false, false, 0},
    };
    struct policy policy = policy_of(BASIS_ANNIVERSARY, ROLL_FOLLOWING);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct postponement p = {
            .today = day(cases[i].today),
            .due_on = day("2026-07-01"),
            .original = day("2026-07-01"),
            .postponed = cases[i].postponed,
            .next_opens_on = day(cases[i].next_opens_on),
            .to = day(cases[i].to),
            .has_reason = !cases[i].no_reason,
        };
        struct error err = ERROR_INIT;
        struct trace t = TRACE_INIT;
        bool ok = cycle_postpone(&policy, calendar, &p, &t, &err);
        assert_int_equal(ok, cases[i].reason == REASON_NONE);
        assert_int_equal(err.reason, cases[i].reason);
        if (!ok) {
            assert_string_equal(err.clause, "local");
        }
        assert_int_equal(t.count, 1);
        assert_int_equal(t.steps[0].rule, TRACE_POSTPONED);
        assert_int_equal(t.steps[0].result, ok ? TRACE_PASSED : TRACE_FAILED);
        trace_free(&t);
        error_clear(&err);
    }
}

/* A deadline that a new calendar has moved: the limit counts from the original one. */
static void test_postpone_limit_and_late(void **state)
{
    (void)state;
    struct policy policy = policy_of(BASIS_ANNIVERSARY, ROLL_FOLLOWING);
    struct postponement p = {day("2026-07-01"),
                             day("2026-07-06"),
                             day("2026-07-01"),
                             false,
                             DATE_NONE,
                             day("2026-08-03"),
                             true};
    assert_false(cycle_postpone(&policy, calendar, &p, NULL, NULL));
    p.to = day("2026-07-31");
    assert_true(cycle_postpone(&policy, calendar, &p, NULL, NULL));
    /* Late is open and due before today, nothing else. */
    assert_false(cycle_is_late(true, day("2026-10-08"), day("2026-10-08")));
    assert_true(cycle_is_late(true, day("2026-10-08"), day("2026-10-09")));
    assert_false(cycle_is_late(false, day("2026-10-08"), day("2026-10-09")));
}

/* Beyond the range of rules/date nothing is decided, and no memory is left behind. */
static void test_range(void **state)
{
    (void)state;
    struct policy policy = policy_of(BASIS_ANNIVERSARY, ROLL_FOLLOWING);
    struct cycle_context c = context(&policy, "2199-06-01", &always[TIER_QUARTERLY], 1);
    struct cycle_dates d;
    struct cycle_next next;
    struct error err = ERROR_INIT;
    int satisfied;
    assert_true(cycle_at(&c, 2, TIER_QUARTERLY, &d, NULL, &err));
    assert_false(cycle_at(&c, 3, TIER_QUARTERLY, &d, NULL, &err));
    assert_int_equal(err.reason, REASON_INTERNAL);
    assert_false(cycle_after_review(&c, 0, day("2199-12-25"), &next, NULL, &err));
    assert_int_equal(err.reason, REASON_INTERNAL);
    assert_null(next.jumps);
    assert_false(cycle_import(&c, day("2199-12-25"), &satisfied, &d, NULL, &err));
    assert_false(cycle_after_tier(&c, 0, day("2199-12-25"), &d, NULL, &err));
    policy.basis = BASIS_CALENDAR;
    assert_false(cycle_at(&c, 4, TIER_QUARTERLY, &d, NULL, &err));
    error_clear(&err);
}

struct want_step {
    enum trace_rule rule;
    const char *value, *text, *clause;
};

static void assert_trace(const struct trace *t, int from, const struct want_step *want, int count)
{
    assert_int_equal(t->count - from, count);
    for (int i = 0; i < count; i++) {
        const struct trace_step *step = &t->steps[from + i];
        assert_int_equal(step->rule, want[i].rule);
        if (want[i].value) {
            assert_string_equal(step->value, want[i].value);
        }
        if (want[i].text) {
            assert_string_equal(step->text, want[i].text);
        }
        if (want[i].clause) {
            assert_string_equal(step->clause, want[i].clause);
        }
    }
}

/* explain: anchor, interval, clamp, roll, due, lead, each with its clause. */
static void test_trace(void **state)
{
    (void)state;
    static const struct want_step holiday[] = {
        {TRACE_ANCHOR, "2026-07-01",
         "reviews are counted from 2026-07-01, the approval or the review that restarted the count",
         "二(四)3"},
        {TRACE_INTERVAL, "2026-10-01", "anchor + 1 × 3 months (quarterly)", "二(四)3"},
        {TRACE_ROLL, 0, 0, 0},
        {TRACE_ROLL, 0, 0, 0},
        {TRACE_ROLL, 0, 0, 0},
        {TRACE_ROLL, 0, 0, 0},
        {TRACE_ROLL, 0, 0, 0},
        {TRACE_ROLL, 0, 0, 0},
        {TRACE_ROLL, 0, 0, 0},
        {TRACE_DUE, "2026-10-08", "the deadline is 2026-10-08, the following working day",
         "Civil Code 203"},
        {TRACE_LEAD, "2026-09-23", "opens 15 days before the deadline", "local"},
    };
    static const struct want_step clamp[] = {
        {TRACE_ANCHOR, "2024-02-29", 0, 0},
        {TRACE_INTERVAL, "2025-02-28", "anchor + 1 × 12 months (annual)", "二(四)3"},
        {TRACE_CLAMP, "2025-02-28", "2025-02-29 does not exist: the month's end", "二(四)3"},
        {TRACE_DUE, "2025-02-28", "the deadline is 2025-02-28", "Civil Code 203"},
        {TRACE_LEAD, "2025-01-29", "opens 30 days before the deadline", "local"},
    };
    struct policy policy = policy_of(BASIS_ANNIVERSARY, ROLL_FOLLOWING);
    struct cycle_dates d;
    struct trace t = TRACE_INIT;
    struct cycle_context c = context(&policy, "2026-07-01", &always[TIER_QUARTERLY], 1);
    assert_true(cycle_first(&c, &d, &t, NULL));
    assert_trace(&t, 0, holiday, (int)COUNT(holiday));
    int from = t.count;
    c = context(&policy, "2024-02-29", &always[TIER_ANNUAL], 1);
    assert_true(cycle_first(&c, &d, &t, NULL));
    assert_trace(&t, from, clamp, (int)COUNT(clamp));
    trace_free(&t);
}

/* explain: the nominal dates passed over, then the one taken; provisional where it applies. */
static void test_trace_passed(void **state)
{
    (void)state;
    static const struct want_step want[] = {
        {TRACE_CANDIDATE, "2026-07-01",
         "2026-07-01 is missed: its deadline 2026-07-01 is before the review of 2026-10-05", 0},
        {TRACE_CANDIDATE, "2026-10-01",
         "2026-10-01 is answered by the review of 2026-10-05: it opens on 2026-09-23, its deadline "
         "is 2026-10-08",
         0},
        {TRACE_ANCHOR, "2026-01-01", 0, 0},
        {TRACE_INTERVAL, "2027-01-01", "anchor + 4 × 3 months (quarterly)", 0},
        {TRACE_DUE, "2027-01-01", 0, 0},
        {TRACE_LEAD, "2026-12-17", 0, 0},
        {TRACE_PROVISIONAL, "2027-01-01",
         "provisional: the calendar of 2027 is not published, weekends alone are counted", 0},
    };
    struct policy policy = policy_of(BASIS_ANNIVERSARY, ROLL_FOLLOWING);
    struct cycle_context c = context(&policy, "2026-01-01", &always[TIER_QUARTERLY], 1);
    struct cycle_next next;
    struct trace t = TRACE_INIT;
    assert_true(cycle_after_review(&c, 1, day("2026-10-05"), &next, &t, NULL));
    assert_trace(&t, 0, want, (int)COUNT(want));
    trace_free(&t);
    cycle_next_free(&next);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_after_review),
        cmocka_unit_test(test_jumps_by_tier),
        cmocka_unit_test(test_dropped_tier),
        cmocka_unit_test(test_import),
        cmocka_unit_test(test_enter),
        cmocka_unit_test(test_after_tier),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_postpone),
        cmocka_unit_test(test_postpone_limit_and_late),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_trace),
        cmocka_unit_test(test_trace_passed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
