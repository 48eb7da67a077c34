/* Working days by the State Council's yearly notices (spec 3.2), rolls by Civil Code 203. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/calendar.h"

/* The shipped notices, 2017 to 2026; nothing is published from 2027 on. */
static struct calendar *shipped;

static struct date day(const char *text)
{
    struct date d = date_parse(str_of(text));

    assert_true(date_is(d));
    return d;
}

static void assert_day(struct date got, const char *want)
{
    char text[DATE_TEXT];

    assert_string_equal(date_text(got, text), want);
}

/* The files have three plain columns and no quotes. */
static void load_year(struct calendar *c, int year)
{
    char path[64], line[256];
    struct error err = ERROR_INIT;

    snprintf(path, sizeof(path), "conf/calendar/%d.csv", year);
    FILE *f = fopen(path, "r");
    if (!f) {
        fail_msg("%s: run from the root of the source", path);
    }
    calendar_publish(c, year);
    assert_non_null(fgets(line, sizeof(line), f));
    while (fgets(line, sizeof(line), f)) {
        char *save, *on = strtok_r(line, ",\r\n", &save), *kind = strtok_r(NULL, ",\r\n", &save);
        char *name = strtok_r(NULL, ",\r\n", &save);
        int value = names_find(&day_kinds, str_of(kind));
        assert_true(value >= 0);
        if (!calendar_add(c, day(on), (enum day_kind)value, str_of(name), &err)) {
            fail_msg("%s: %s", path, err.message);
        }
    }
    fclose(f);
}

static int setup(void **state)
{
    (void)state;
    shipped = calendar_new();
    for (int year = 2017; year <= 2026; year++) {
        load_year(shipped, year);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    calendar_free(shipped);
    return 0;
}

static void working_days(void **state)
{
    static const struct {
        const char *day;
        const char *off; /* NULL: worked */
    } cases[] = {
        {"2026-09-30", NULL},      /* a Wednesday */
        {"2026-10-01", "国庆节"},  /* the notice */
        {"2026-10-03", "国庆节"},  /* a weekend day within it */
        {"2026-10-10", NULL},      /* a Saturday, worked for it */
        {"2026-10-11", "weekend"}, /* a plain Sunday */
        {"2020-01-31", "春节"},    /* lengthened midway in 2020 */
        {"2020-02-01", "春节"},    /* likewise: a Saturday, no make-up day any more */
        {"2027-01-01", NULL},      /* not published: weekends alone count */
        {"2027-01-02", "weekend"}, {"1900-01-01", NULL}, /* both ends of the range */
        {"2199-12-31", NULL},      {"2199-12-29", "weekend"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *off = calendar_day_off(shipped, day(cases[i].day));
        print_message("%s\n", cases[i].day);
        assert_int_equal(calendar_is_working(shipped, day(cases[i].day)), !cases[i].off);
        if (cases[i].off) {
            assert_string_equal(off, cases[i].off);
        } else {
            assert_null(off);
        }
    }
}

static void roll(void **state)
{
    static const struct {
        const char *day;
        enum roll roll;
        const char *want;
        bool provisional;
        int passed; /* days passed over */
    } cases[] = {
        {"2026-09-30", ROLL_FOLLOWING, "2026-09-30", false, 0}, /* a working day stays */
        {"2026-10-01", ROLL_FOLLOWING, "2026-10-08", false, 7}, /* Civil Code 203, 国庆节 */
        {"2026-10-01", ROLL_PRECEDING, "2026-09-30", false, 1},
        {"2026-10-10", ROLL_FOLLOWING, "2026-10-10", false, 0}, /* a make-up Saturday is worked */
        {"2026-10-17", ROLL_FOLLOWING, "2026-10-19", false, 2}, /* plain weekend */
        {"2026-10-18", ROLL_PRECEDING, "2026-10-16", false, 2},
        {"2026-02-15", ROLL_FOLLOWING, "2026-02-24", false, 9}, /* 春节 */
        {"2026-02-15", ROLL_PRECEDING, "2026-02-14", false, 1}, /* onto a make-up Saturday */
        {"2026-12-31", ROLL_FOLLOWING, "2026-12-31", false, 0}, /* 2027 was not examined */
        {"2027-01-01", ROLL_FOLLOWING, "2027-01-01", true, 0},  /* not published */
        {"2027-01-02", ROLL_FOLLOWING, "2027-01-04", true, 2},
        {"2027-01-03", ROLL_PRECEDING, "2027-01-01", true, 2},
        {"2017-01-01", ROLL_PRECEDING, "2016-12-30", true,
         2}, /* the year before is not published */
        {"2199-12-29", ROLL_FOLLOWING, "2199-12-30", true, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trace t = TRACE_INIT;
        bool provisional = false;
        print_message("%s %s\n", cases[i].day, names_text(&rolls, (int)cases[i].roll));
        struct date got =
            calendar_roll(shipped, day(cases[i].day), cases[i].roll, &provisional, &t);
        assert_day(got, cases[i].want);
        assert_int_equal(t.count, cases[i].passed);
        assert_int_equal(provisional, cases[i].provisional);
        trace_free(&t);
    }
}

static void roll_never_clears_provisional(void **state)
{
    bool provisional = true;

    (void)state;
    calendar_roll(shipped, day("2026-10-01"), ROLL_FOLLOWING, &provisional, NULL);
    assert_true(provisional);
}

static void roll_says_over_which_holiday(void **state)
{
    struct trace t = TRACE_INIT;

    (void)state;
    calendar_roll(shipped, day("2026-10-06"), ROLL_FOLLOWING, NULL, &t);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.steps[0].rule, TRACE_ROLL);
    assert_string_equal(t.steps[0].value, "2026-10-06");
    assert_non_null(strstr(t.steps[0].text, "国庆节"));
    assert_string_equal(t.steps[1].value, "2026-10-07");
    trace_free(&t);
}

/* "n working days after D" starts with the first working day after D. */
static void add_working(void **state)
{
    static const struct {
        const char *day;
        int n;
        const char *want;
        bool provisional;
    } cases[] = {
        {"2026-11-24", 0, "2026-11-24", false},
        {"2026-10-01", 0, "2026-10-01", false}, /* 0 is the day itself, off or not */
        {"2026-11-24", 1, "2026-11-25", false},
        {"2026-11-24", 10, "2026-12-08", false}, /* 3.7: 10 working days */
        {"2026-09-30", 1, "2026-10-08", false},  /* over 国庆节 */
        {"2026-10-01", 1, "2026-10-08", false},  /* from a day off */
        {"2026-10-08", 2, "2026-10-10", false},  /* the make-up Saturday counts */
        {"2026-10-08", -1, "2026-09-30", false},
        {"2026-10-12", -5, "2026-09-29", false}, /* 10-10, 10-09, 10-08, 09-30, 09-29 */
        {"2026-12-31", -1, "2026-12-30", false},
        {"2026-12-31", 1, "2027-01-01", true}, /* 2027 is not published */
        {"2027-01-04", -1, "2027-01-01", true},
        {"2027-01-01", -1, "2026-12-31", false}, /* the day itself is not examined */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool provisional = false;
        print_message("%s %+d\n", cases[i].day, cases[i].n);
        assert_day(calendar_add_working(shipped, day(cases[i].day), cases[i].n, &provisional, NULL),
                   cases[i].want);
        assert_int_equal(provisional, cases[i].provisional);
        calendar_add_working(shipped, day(cases[i].day), cases[i].n, NULL, NULL);
    }
}

static void faults(void **state)
{
    static const struct {
        const char *day;
        enum day_kind kind;
        const char *message;
    } cases[] = {
        {"2028-01-03", DAY_HOLIDAY, "2028-01-03 is given twice"},
        {"2028-01-04", DAY_WORKDAY,
         "2028-01-04 is no weekend day: only a weekend day can be a make-up workday"},
    };
    struct calendar *c = calendar_new();

    (void)state;
    calendar_publish(c, 2028);
    assert_true(calendar_add(c, day("2028-01-03"), DAY_HOLIDAY, STR("元旦"), NULL));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = ERROR_INIT;
        assert_false(calendar_add(c, day(cases[i].day), cases[i].kind, STR("x"), &err));
        assert_int_equal(err.reason, REASON_BAD_ARGUMENT);
        assert_string_equal(err.message, cases[i].message);
        error_clear(&err);
    }
    assert_false(calendar_add(c, DATE_NONE, DAY_HOLIDAY, STR("x"), NULL));
    calendar_free(c);
}

/* A New Year notice names days of two years: they count, and the other year stays provisional. */
static void neighbour(void **state)
{
    struct calendar *c = calendar_new();
    bool provisional = false;
    int year = 0;

    (void)state;
    calendar_publish(c, 2027);
    assert_true(calendar_add(c, day("2027-01-01"), DAY_HOLIDAY, STR("元旦"), NULL));
    assert_true(calendar_add(c, day("2026-12-31"), DAY_HOLIDAY, STR("元旦"), NULL));
    assert_false(calendar_is_published(c, 2026));
    assert_string_equal(calendar_day_off(c, day("2026-12-31")), "元旦");
    assert_day(calendar_roll(c, day("2026-12-31"), ROLL_FOLLOWING, &provisional, NULL),
               "2027-01-04");
    assert_true(provisional);
    assert_true(calendar_next_year(c, &year));
    assert_int_equal(year, 2027);
    assert_false(calendar_next_year(c, &year));
    calendar_free(c);
}

/* What the notice itself says, apart from plain weekends and working days. */
static void notice(void **state)
{
    enum day_kind kind;
    const char *name;

    (void)state;
    assert_true(calendar_notice(shipped, day("2026-10-10"), &kind, &name));
    assert_int_equal(kind, DAY_WORKDAY);
    assert_string_equal(name, "国庆节");
    assert_true(calendar_notice(shipped, day("2026-10-03"), &kind, &name));
    assert_int_equal(kind, DAY_HOLIDAY);
    assert_false(calendar_notice(shipped, day("2026-10-11"), &kind, &name));
    assert_false(calendar_notice(shipped, day("2027-01-01"), &kind, &name));
}

/* 3.2: a later file replaces a year. */
static void republish(void **state)
{
    struct calendar *c = calendar_new();
    int year = 0;

    (void)state;
    assert_false(calendar_next_year(c, &year));
    calendar_publish(c, 2021);
    calendar_publish(c, 2020);
    calendar_publish(c, 1899); /* outside the range: nothing */
    assert_true(calendar_add(c, day("2020-01-31"), DAY_HOLIDAY, STR("春节"), NULL));
    assert_true(calendar_add(c, day("2020-02-01"), DAY_WORKDAY, STR("春节"), NULL));
    assert_true(calendar_is_working(c, day("2020-02-01")));
    calendar_publish(c, 2020);
    assert_true(calendar_is_working(c, day("2020-01-31")));
    assert_false(calendar_is_working(c, day("2020-02-01")));
    assert_true(calendar_next_year(c, &year));
    assert_int_equal(year, 2020);
    assert_true(calendar_next_year(c, &year));
    assert_int_equal(year, 2021);
    assert_false(calendar_next_year(c, &year));
    assert_true(calendar_is_published(c, 2020));
    assert_false(calendar_is_published(c, 2022));
    calendar_free(c);
}

/* Without a notice every day of the range is worked exactly from Monday to Friday. */
static void whole_range(void **state)
{
    struct calendar *c = calendar_new();

    (void)state;
    for (struct date d = day("1900-01-01"); d.day <= day("2199-12-31").day; d.day++) {
        int weekday = date_weekday(d);
        if (calendar_is_working(c, d) != (weekday != 0 && weekday != 6)) {
            fail_msg("day %d", d.day);
        }
    }
    calendar_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(working_days),
        cmocka_unit_test(roll),
        cmocka_unit_test(roll_never_clears_provisional),
        cmocka_unit_test(roll_says_over_which_holiday),
        cmocka_unit_test(add_working),
        cmocka_unit_test(faults),
        cmocka_unit_test(neighbour),
        cmocka_unit_test(notice),
        cmocka_unit_test(republish),
        cmocka_unit_test(whole_range),
    };

    return cmocka_run_group_tests_name("calendar", tests, setup, teardown);
}
