/* The ladder of an open task (spec 3.8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/alert.h"

/* The default ladder. */
static struct alert_rung rungs[] = {
    {"due-soon", -5, ALERT_TOWNSHIP},   {"due-today", 0, ALERT_TOWNSHIP},
    {"late", 1, ALERT_TOWNSHIP},        {"escalated-district", 5, ALERT_DISTRICT},
    {"escalated-city", 15, ALERT_CITY},
};
static const struct policy policy = {.rungs = rungs, .rung_count = 5};
static struct calendar *calendar;

static struct date day(const char *text)
{
    return date_parse(str_of(text));
}

static int setup(void **state)
{
    static const char *const off[] = {"2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06",
                                      "2026-10-07"};

    (void)state;
    calendar = calendar_new();
    calendar_publish(calendar, 2026);
    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        assert_true(calendar_add(calendar, day(off[i]), DAY_HOLIDAY, STR("国庆节"), NULL));
    }
    return calendar_add(calendar, day("2026-10-10"), DAY_WORKDAY, STR("国庆节"), NULL) ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    calendar_free(calendar);
    return 0;
}

/* Due on 2026-10-08, the first day after 国庆节: working days before and after it. */
static void days(void **state)
{
    static const char *const want[] = {"2026-09-24", "2026-10-08", "2026-10-09", "2026-10-14",
                                       "2026-10-28"};
    char text[DATE_TEXT];

    (void)state;
    for (int i = 0; i < policy.rung_count; i++) {
        assert_string_equal(date_text(alert_day(&rungs[i], calendar, day("2026-10-08")), text),
                            want[i]);
    }
}

static void due(void **state)
{
    static const struct {
        const char *today;
        int raised, want;
        const char *next_on; /* "": none left */
    } cases[] = {
        {"2026-09-23", -1, -1, "2026-09-24"}, /* nothing yet */
        {"2026-09-24", -1, 0, "2026-10-08"},  /* due soon: on its day */
        {"2026-09-24", 0, -1, "2026-10-08"},  /* once for each rung */
        {"2026-10-03", 0, -1, "2026-10-08"},
        {"2026-10-08", 0, 1, "2026-10-09"},
        {"2026-10-09", 1, 2, "2026-10-14"},
        {"2026-10-14", 2, 3, "2026-10-28"},
        {"2026-10-28", 3, 4, ""},
        {"2026-10-29", 4, -1, ""},
        {"2026-10-12", -1, 2, "2026-10-14"}, /* enters past three rungs: only the highest */
        {"2027-03-01", -1, 4, ""},           /* past all of them */
        {"2026-09-24", 3, -1, "2026-10-28"}, /* a rung raised before is never raised again */
    };
    char text[DATE_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct date next;
        print_message("%s raised %d\n", cases[i].today, cases[i].raised);
        assert_int_equal(alert_due(&policy, calendar, day("2026-10-08"), cases[i].raised,
                                   day(cases[i].today), &next),
                         cases[i].want);
        assert_string_equal(date_text(next, text), cases[i].next_on);
    }
}

/* Catch-up day by day raises each rung once, on its own day, and the answers agree with next_on. */
static void each_on_its_day(void **state)
{
    struct date next = day("2026-09-24");
    int raised = -1, count = 0;

    (void)state;
    for (struct date d = day("2026-09-01"); d.day <= day("2026-12-31").day; d.day++) {
        struct date then = next;
        int rung = alert_due(&policy, calendar, day("2026-10-08"), raised, d, &next);
        if (rung < 0) {
            continue;
        }
        assert_int_equal(d.day, then.day);
        assert_int_equal(rung, raised + 1);
        raised = rung;
        count++;
    }
    assert_int_equal(count, 5);
    assert_false(date_is(next));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days),
        cmocka_unit_test(due),
        cmocka_unit_test(each_on_its_day),
    };

    return cmocka_run_group_tests_name("alert", tests, setup, teardown);
}
