/* rules/date: days in closed form against a walk over every day of the range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/date.h"

static void assert_day(struct date d, const char *want)
{
    char text[DATE_TEXT];
    assert_string_equal(date_text(d, text), want);
}

static struct date day(const char *text)
{
    return date_parse(str_of(text));
}

/* Every day from 1900-01-01, a Monday, to 2199-12-31 by the rules that a child knows. */
static void test_every_day(void **state)
{
    (void)state;
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t number = -25567;
    int weekday = 1;
    for (int y = 1900; y <= 2199; y++) {
        bool leap = (y % 4 == 0 && y % 100 != 0) || y == 2000;
        for (int m = 1; m <= 12; m++) {
            int last = m == 2 && leap ? 29 : days[m - 1];
            assert_int_equal(date_month_days(y, m), last);
            for (int d = 1; d <= last; d++, number++, weekday = (weekday + 1) % 7) {
                struct date date = date_of(y, m, d);
                assert_int_equal(date.day, number);
                struct ymd ymd = date_ymd(date);
                assert_true(ymd.year == y && ymd.month == m && ymd.day == d);
                assert_int_equal(date_weekday(date), weekday);
                char text[DATE_TEXT];
                assert_int_equal(day(date_text(date, text)).day, number);
                assert_int_equal(date_month_end(date).day, number + last - d);
            }
        }
    }
    assert_int_equal(date_of(1970, 1, 1).day, 0);
    assert_int_equal(number - 1, date_of(2199, 12, 31).day);
}

static void test_none(void **state)
{
    (void)state;
    static const int none[][3] = {
        {1899, 12, 31}, {2200, 1, 1},  {2026, 0, 1},  {2026, 13, 1}, {2026, 1, 0},
        {2026, 1, 32},  {2026, 2, 29}, {1900, 2, 29}, {2100, 2, 29}, {2026, 4, 31},
    };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_false(date_is(date_of(none[i][0], none[i][1], none[i][2])));
    }
    static const char *const texts[] = {
        "",           "2026-1-01",   "2026-11-2",   "2026/11/24",
        "20261124",   "2026-11-24 ", " 2026-11-24", "2026-02-30",
        "2026-13-01", "2026-00-10",  "+026-11-24",  "2026-11-2x",
        "-026-11-24", "2026-11-241", "2026--1-24",  "1899-12-31",
        "2200-01-01",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(date_is(day(texts[i])));
    }
    assert_false(date_is(date_parse(STR_NONE)));
    assert_day(DATE_NONE, "");
    assert_false(date_is(date_add_months(DATE_NONE, 3, NULL)));
    assert_false(date_is(date_add_months(day("2199-12-01"), 1, NULL)));
    assert_false(date_is(date_add_months(day("1900-01-31"), -1, NULL)));
    /* The bytes behind a view are not its own. */
    assert_day(date_parse((struct str){"2026-11-24T07:30", 10}), "2026-11-24");
}

/* 3.4: each nominal date is clamped to the month's end. */
static void test_add_months(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int months;
        const char *to;
        bool clamped;
    } cases[] = {
        {"2025-01-31", 1, "2025-02-28", true},    {"2024-01-31", 1, "2024-02-29", true},
        {"2025-01-31", 3, "2025-04-30", true},    {"2025-01-31", 6, "2025-07-31", false},
        {"2025-01-31", 12, "2026-01-31", false},  {"2024-02-29", 12, "2025-02-28", true},
        {"2024-02-29", 48, "2028-02-29", false},  {"2096-02-29", 48, "2100-02-28", true},
        {"2026-07-01", 3, "2026-10-01", false},   {"2026-07-01", 0, "2026-07-01", false},
        {"2026-11-30", 3, "2027-02-28", true},    {"2026-03-31", -1, "2026-02-28", true},
        {"2026-01-15", -1, "2025-12-15", false},  {"2026-01-15", -13, "2024-12-15", false},
        {"2026-12-31", 1, "2027-01-31", false},   {"2026-03-29", -13, "2025-02-28", true},
        {"2025-12-31", -12, "2024-12-31", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool clamped = !cases[i].clamped;
        assert_day(date_add_months(day(cases[i].from), cases[i].months, &clamped), cases[i].to);
        assert_int_equal(clamped, cases[i].clamped);
    }
}

static void test_quarter_end(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"2026-01-01", "2026-03-31"}, {"2026-03-31", "2026-03-31"}, {"2026-04-01", "2026-06-30"},
        {"2026-06-30", "2026-06-30"}, {"2026-07-31", "2026-09-30"}, {"2026-12-31", "2026-12-31"},
        {"2199-11-01", "2199-12-31"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_day(date_quarter_end(day(cases[i][0])), cases[i][1]);
    }
    assert_day(date_month_end(day("2024-02-01")), "2024-02-29");
}

static void test_order(void **state)
{
    (void)state;
    struct date a = day("2026-10-01"), b = day("2026-10-08");
    assert_true(date_cmp(a, b) < 0 && date_cmp(b, a) > 0 && date_cmp(a, a) == 0);
    assert_int_equal(date_later(a, b).day, b.day);
    assert_day(date_plus(a, 7), "2026-10-08");
    assert_day(date_plus(day("2026-03-01"), -1), "2026-02-28");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day),  cmocka_unit_test(test_none),
        cmocka_unit_test(test_add_months), cmocka_unit_test(test_quarter_end),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
