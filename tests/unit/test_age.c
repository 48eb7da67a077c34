/* Ages reached (spec 3.7; 二(一)2): on which day, and by whom on a day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/age.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct date day(const char *text)
{
    return date_parse(str_of(text));
}

static void assert_day(struct date d, const char *want)
{
    char text[DATE_TEXT];
    assert_string_equal(date_text(d, text), want);
}

static void reached(void **state)
{
    static const struct {
        const char *birth;
        int age;
        const char *want;
    } cases[] = {
        {"1948-05-03", 70, "2018-05-03"}, /* 70 */
        {"2012-09-01", 6, "2018-09-01"},  /* of school age */
        {"1948-12-31", 70, "2018-12-31"},
        {"1948-01-01", 70, "2018-01-01"},
        /* 29 February as the 28th, in leap years too */
        {"1948-02-29", 70, "2018-02-28"},
        {"1952-02-29", 68, "2020-02-28"},
        {"2012-02-29", 6, "2018-02-28"},
        {"1948-02-28", 70, "2018-02-28"},
        {"1950-02-28", 70, "2020-02-28"},
        {"1950-03-01", 70, "2020-03-01"},
        {"2150-06-01", 70, ""}, /* beyond the range of rules/date */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_day(age_reached_on(day(cases[i].birth), cases[i].age), cases[i].want);
    }
}

static void births(void **state)
{
    static const struct {
        const char *day;
        int age, count;
        const char *want[2];
    } cases[] = {
        {"2018-05-03", 70, 1, {"1948-05-03"}},
        {"2018-05-03", 6, 1, {"2012-05-03"}},
        {"2018-02-28", 70, 2, {"1948-02-28", "1948-02-29"}},
        {"2018-02-28", 6, 2, {"2012-02-28", "2012-02-29"}},
        {"2019-02-28", 70, 1, {"1949-02-28"}},
        {"2020-02-28", 70, 1, {"1950-02-28"}},
        {"2020-02-28", 68, 2, {"1952-02-28", "1952-02-29"}},
        {"2020-02-29", 68, 0, {0}}, /* they reached it the day before */
        {"2020-02-29", 70, 0, {0}},
        {"2020-03-01", 70, 1, {"1950-03-01"}},
        {"1970-02-28", 70, 1, {"1900-02-28"}}, /* 1900 was no leap year */
        {"1969-05-03", 70, 0, {0}},            /* before the range of rules/date */
    };
    struct date got[2];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(age_births(day(cases[i].day), cases[i].age, got), cases[i].count);
        for (int k = 0; k < cases[i].count; k++) {
            assert_day(got[k], cases[i].want[k]);
        }
    }
}

/* The two agree, and a walk over the days finds everyone exactly once. */
static void each_once(void **state)
{
    static const int ages[] = {6, 70};
    struct date got[2];

    (void)state;
    for (size_t a = 0; a < COUNT(ages); a++) {
        int found = 0;
        for (struct date d = day("1990-01-01"); date_cmp(d, day("2030-12-31")) <= 0;
             d = date_plus(d, 1)) {
            int n = age_births(d, ages[a], got);
            for (int k = 0; k < n; k++) {
                assert_int_equal(age_reached_on(got[k], ages[a]).day, d.day);
            }
            found += n;
        }
        assert_int_equal(found, date_of(2030 - ages[a], 12, 31).day -
                                    date_of(1990 - ages[a], 1, 1).day + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reached), cmocka_unit_test(births),
                                       cmocka_unit_test(each_once)};

    return cmocka_run_group_tests_name("age", tests, NULL, NULL);
}
