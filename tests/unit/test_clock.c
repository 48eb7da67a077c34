/* base/clock: local time in zones with and without daylight saving, ISO 8601 texts, spans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* POSIX TZ rules, so that no zone file is needed. */
#define SHANGHAI "CST-8"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define BEIRUT "EET-2EEST,M3.5.0/0,M10.5.0/0" /* daylight saving skips midnight */
#define NEWFOUNDLAND "NST3:30NDT,M3.2.0,M11.1.0"

static void use_zone(const char *tz)
{
    setenv("TZ", tz, 1);
    tzset();
}

static void test_instant(void **state)
{
    static const struct {
        const char *tz;
        int year, month, day, hour, minute;
        const char *shown;
    } cases[] = {
        {SHANGHAI, 2026, 11, 24, 7, 30, "2026-11-24T07:30:00+08:00"},
        {SHANGHAI, 1969, 12, 31, 23, 59, "1969-12-31T23:59:00+08:00"},
        {SHANGHAI, 2024, 2, 29, 0, 0, "2024-02-29T00:00:00+08:00"},
        {NEW_YORK, 2026, 3, 8, 1, 59, "2026-03-08T01:59:00-05:00"},
        {NEW_YORK, 2026, 3, 8, 2, 30, "2026-03-08T03:30:00-04:00"}, /* skipped: forward */
        {NEW_YORK, 2026, 3, 8, 3, 0, "2026-03-08T03:00:00-04:00"},
        {NEW_YORK, 2026, 11, 1, 0, 59, "2026-11-01T00:59:00-04:00"},
        {NEW_YORK, 2026, 11, 1, 1, 30, "2026-11-01T01:30:00-04:00"}, /* repeated: the first */
        {NEW_YORK, 2026, 11, 1, 2, 0, "2026-11-01T02:00:00-05:00"},
        {BEIRUT, 2026, 3, 29, 0, 0, "2026-03-29T01:00:00+03:00"}, /* no midnight that day */
        {BEIRUT, 2026, 3, 28, 23, 59, "2026-03-28T23:59:00+02:00"},
        {NEWFOUNDLAND, 2026, 1, 1, 12, 0, "2026-01-01T12:00:00-03:30"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[CLOCK_TEXT];
        use_zone(cases[i].tz);
        int64_t t = clock_instant(cases[i].year, cases[i].month, cases[i].day, cases[i].hour,
                                  cases[i].minute, 0);
        clock_format(t, text);
        assert_string_equal(text, cases[i].shown);
        int64_t back;
        assert_true(clock_parse(str_of(text), &back, NULL)); /* what is shown can be read */
        assert_int_equal(back, t);
    }
}

/* Every quarter of an hour of a year that happens comes back from its own local time, or, in the
 * hour that is repeated, as the first of the two. */
static void test_round_trip(void **state)
{
    static const char *const zones[] = {SHANGHAI, NEW_YORK, BEIRUT, NEWFOUNDLAND};

    (void)state;
    for (size_t z = 0; z < COUNT(zones); z++) {
        use_zone(zones[z]);
        int64_t from = clock_instant(2026, 1, 1, 0, 0, 0);
        int64_t repeated = 0;
        int32_t day = clock_local_day(from);
        for (int64_t t = from; t < from + INT64_C(365) * 86400; t += 900) {
            struct tm tm;
            clock_local(t, &tm);
            int64_t back = clock_instant(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                                         tm.tm_min, tm.tm_sec);
            assert_true(back == t || back == t - 3600);
            repeated += back != t;
            int32_t today = clock_local_day(t);
            /* The day never goes back, but where the hour before midnight repeats. */
            assert_true(today == day || today == day + 1 || back != t);
            day = today;
        }
        assert_int_equal(repeated, strchr(zones[z], ',') ? 4 : 0);
    }
}

static void test_local_day(void **state)
{
    static const struct {
        const char *tz, *time;
        int32_t day;
    } cases[] = {
        {SHANGHAI, "1970-01-01T00:00", 0},
        {SHANGHAI, "1970-01-01T07:59", 0}, /* the day before in UTC */
        {SHANGHAI, "1969-12-31T23:59:59", -1},
        {SHANGHAI, "2000-03-01", 11017},
        {NEW_YORK, "1970-01-01T23:00", 0}, /* the day after in UTC */
        {NEW_YORK, "2026-11-01T23:59:59", 20758},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t t;
        use_zone(cases[i].tz);
        assert_true(clock_parse(str_of(cases[i].time), &t, NULL));
        assert_int_equal(clock_local_day(t), cases[i].day);
    }
}

/* ISO 8601 as the header narrows it. */
static void test_parse(void **state)
{
    static const struct {
        const char *text, *shown; /* shown NULL: bad-argument */
    } cases[] = {
        {"2026-11-24", "2026-11-24T00:00:00+08:00"},
        {"2026-11-24T07:30", "2026-11-24T07:30:00+08:00"},
        {"2026-11-24 07:30", "2026-11-24T07:30:00+08:00"},
        {"2026-11-24 07:30:59", "2026-11-24T07:30:59+08:00"},
        {"2026-11-24T07:30Z", "2026-11-24T15:30:00+08:00"},
        {"2026-11-24T07:30:00-05:30", "2026-11-24T21:00:00+08:00"},
        {"2024-02-29", "2024-02-29T00:00:00+08:00"},
        {"2026-02-29", NULL},
        {"2026-04-31", NULL},
        {"2026-13-01", NULL},
        {"2026-00-01", NULL},
        {"2026-01-00", NULL},
        {"0000-01-01", NULL},
        {"26-01-01", NULL},
        {"2026-1-1", NULL},
        {"2026/01/01", NULL},
        {"", NULL},
        {"2026-11-24T", NULL},
        {"2026-11-24T7:30", NULL},
        {"2026-11-24T24:00", NULL},
        {"2026-11-24T07:60", NULL},
        {"2026-11-24T07:30:60", NULL},
        {"2026-11-24T07:30:", NULL},
        {"2026-11-24T07:30 ", NULL},
        {"2026-11-24T07:30z", NULL},
        {"2026-11-24Z", NULL},
        {"2026-11-24T07:30Zx", NULL},
        {"2026-11-24T07:30+0800", NULL},
        {"2026-11-24T07:30+24:00", NULL},
        {"2026-11-24T-7:30", NULL},
        {" 2026-11-24", NULL},
    };

    (void)state;
    use_zone(SHANGHAI);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = ERROR_INIT;
        char text[CLOCK_TEXT];
        int64_t t;
        bool ok = clock_parse(str_of(cases[i].text), &t, &err);
        if (ok != (cases[i].shown != NULL)) {
            fail_msg("clock_parse(\"%s\")", cases[i].text);
        }
        if (ok) {
            clock_format(t, text);
            assert_string_equal(text, cases[i].shown);
        } else {
            assert_int_equal(err.reason, REASON_BAD_ARGUMENT);
        }
        error_clear(&err);
    }
}

static void test_span(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* 0: bad-argument */
    } cases[] = {
        {"30s", 30}, {"90m", 5400}, {"2h", 7200}, {"1d", 86400}, {"365d", 31536000},
        {"0s", 0},   {"-1d", 0},    {"1", 0},     {"d", 0},      {"", 0},
        {"1 d", 0},  {"1.5h", 0},   {"1w", 0},    {"1D", 0},     {"99999999999999999d", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = ERROR_INIT;
        int64_t seconds = 0;
        bool ok = clock_parse_span(str_of(cases[i].text), &seconds, &err);
        assert_int_equal(ok, cases[i].seconds != 0);
        assert_int_equal(seconds, cases[i].seconds);
        assert_int_equal(err.reason, ok ? REASON_NONE : REASON_BAD_ARGUMENT);
        error_clear(&err);
    }
}

static void test_clocks(void **state)
{
    struct clock c;

    (void)state;
    clock_init_manual(&c, 1000);
    assert_int_equal(clock_now(&c), 1000);
    clock_set(&c, 500); /* may go back */
    assert_int_equal(clock_now(&c), 500);
    clock_init_real(&c);
    clock_set(&c, 500); /* only a manual clock can be set */
    int64_t now = time(NULL);
    assert_in_range(clock_now(&c), now - 1, now + 1);
}

/* Whatever the instant, the text fits. */
static void test_extremes(void **state)
{
    static const int64_t instants[] = {INT64_MIN, INT64_MAX, 0, INT64_C(253402300799)};
    char text[CLOCK_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT(instants); i++) {
        clock_format(instants[i], text);
        assert_int_equal(strlen(text), CLOCK_TEXT - 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instant),   cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_local_day), cmocka_unit_test(test_parse),
        cmocka_unit_test(test_span),      cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_extremes),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
