/* The versions of the rules (spec 3.1): what is shipped, files that are none, and the days between
 * versions. Keys and values: test_policy_keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../lib/policy_files.h"
#include "rules/policy.h"

/* ---- what is shipped ---- */

static void assert_month_day(struct month_day d, int month, int day)
{
    assert_int_equal(d.month, month);
    assert_int_equal(d.day, day);
}

static void shipped_dates(const struct policy *p)
{
    char text[DATE_TEXT];

    assert_month_day(p->register_steps.opens, 9, 1); /* 3.6 */
    assert_month_day(p->register_steps.visits_until, 10, 31);
    assert_month_day(p->register_steps.township_by, 11, 15);
    assert_month_day(p->register_steps.county_by, 11, 30);
    assert_month_day(p->register_steps.closes, 12, 31);
    assert_int_equal(p->register_steps.notice_days, 7);
    assert_string_equal(p->register_steps.source, "local");
    assert_int_equal(p->age_count, 2); /* 3.7, 二(一)2 */
    assert_int_equal(p->ages[0], 6);
    assert_int_equal(p->ages[1], 70);
    assert_string_equal(p->ages_source, "渝府办发〔2017〕30号 二(一)2");
    /* 3.5, 二(二)3: later versions keep the day, so that the pension counts from 2021 on */
    assert_string_equal(date_text(p->pension_until, text), "2020-12-31");
    assert_string_equal(p->pension_source, "渝府办发〔2017〕30号 二(二)3");
}

static void shipped_values(const struct policy *p)
{
    static const int leads[TIER_COUNT] = {30, 20, 15}; /* 3.4 */
    static const struct alert_rung ladder[] = {
        /* 3.8 */
        {"due-soon", -5, ALERT_TOWNSHIP},   {"due-today", 0, ALERT_TOWNSHIP},
        {"late", 1, ALERT_TOWNSHIP},        {"escalated-district", 5, ALERT_DISTRICT},
        {"escalated-city", 15, ALERT_CITY},
    };

    for (int i = 0; i < TIER_COUNT; i++) {
        assert_true(p->tiers[i].kept);
        assert_int_equal(p->tiers[i].lead_days, leads[i]);
    }
    assert_int_equal(p->basis, BASIS_ANNIVERSARY);
    assert_int_equal(p->roll, ROLL_FOLLOWING);
    assert_true(p->restart);
    assert_int_equal(p->postpone_limit_days, 30);
    assert_int_equal(p->triggered_working_days, 10);
    assert_int_equal(p->rung_count, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(p->rungs[i].name, ladder[i].name);
        assert_int_equal(p->rungs[i].working_days, ladder[i].working_days);
        assert_int_equal(p->rungs[i].to, ladder[i].to);
    }
    assert_true(p->clearly_above > 1.4999 && p->clearly_above < 1.5001);
    assert_non_null(p->assets[0]);
    assert_int_equal(strlen(p->hash), DIGEST_HEX);
    shipped_dates(p);
}

static void shipped(void **state)
{
    static const struct {
        const char *name, *from, *until;
        unsigned protected_set; /* 3.5 */
        int announce_days;
    } want[] = {
        {"2017-campaign", "2017-03-14", "2020-12-31",
         1U << REGISTER_REGISTERED | 1U << REGISTER_RETURNED | 1U << REGISTER_EXITED, 60},
        {"2021-transition", "2021-01-01", "2025-12-31",
         1U << REGISTER_REGISTERED | 1U << REGISTER_RETURNED | 1U << REGISTER_EXITED, 60},
        {"2026-regular", "2026-01-01", "", 0, 0}, /* no continuity rule */
    };
    struct faults faults = {0};
    struct policy_set *set = policy_set_load("conf/policy", &faults);
    char text[DATE_TEXT];

    (void)state;
    for (int i = 0; i < faults.count; i++) {
        print_error("%s\n", faults.text[i]);
    }
    assert_non_null(set);
    assert_int_equal(policy_set_count(set), 3);
    for (int i = 0; i < 3; i++) {
        const struct policy *p = policy_set_at(set, i);
        assert_string_equal(p->name, want[i].name);
        assert_string_equal(date_text(p->from, text), want[i].from);
        assert_string_equal(date_text(p->until, text), want[i].until);
        assert_int_equal(p->continuity, want[i].protected_set != 0);
        assert_int_equal(p->protected_set, want[i].protected_set);
        assert_int_equal(p->announce_days, want[i].announce_days);
        assert_int_equal(p->announce_source != NULL, p->continuity);
        shipped_values(p);
    }
    faults_free(&faults);
    policy_set_free(set);
}

/* 3.1: the policy of a decision is the one in force on the decision's own day. */
static void on_a_day(void **state)
{
    static const struct {
        const char *day, *want; /* NULL: before the first version */
    } cases[] = {
        {"2017-03-13", NULL},
        {"2017-03-14", "2017-campaign"},
        {"2020-12-31", "2017-campaign"},
        {"2021-01-01", "2021-transition"},
        {"2025-12-31", "2021-transition"},
        {"2026-01-01", "2026-regular"},
        {"2199-12-31", "2026-regular"},
        {"1900-01-01", NULL},
    };
    struct faults faults = {0};
    struct policy_set *set = policy_set_load("conf/policy", &faults);

    (void)state;
    assert_non_null(set);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = ERROR_INIT;
        struct trace t = TRACE_INIT;
        const struct policy *p = policy_on(set, date_parse(str_of(cases[i].day)), &t, &err);
        assert_int_equal(t.count, 1);
        assert_int_equal(t.steps[0].rule, TRACE_POLICY);
        assert_int_equal(t.steps[0].result, cases[i].want ? TRACE_PASSED : TRACE_FAILED);
        assert_int_equal(p != NULL, cases[i].want != NULL);
        if (p) {
            assert_string_equal(p->name, cases[i].want);
        } else {
            assert_int_equal(err.reason, REASON_TOO_EARLY);
        }
        if (!p) {
            assert_string_equal(err.message, "nothing is decided before 2017-03-14");
        }
        error_clear(&err);
        trace_free(&t);
    }
    policy_set_free(set);
}

/* The hash is that of the file's bytes: `sha256sum` says the same. */
static void hash(void **state)
{
    char want[DIGEST_HEX + 1];
    struct faults faults = {0};

    (void)state;
    policy_files_put("2026-x.conf", policy_files_good);
    struct policy_set *set = policy_set_load(policy_files_folder, &faults);
    assert_non_null(set);
    digest_of(str_of(policy_files_good), want);
    assert_string_equal(policy_set_at(set, 0)->hash, want);
    assert_string_equal(policy_set_at(set, 0)->name, "2026-x");
    policy_set_free(set);
}

/* ---- files that are none ---- */

static void strange_files(void **state)
{
    static const char nul[] = "in_force = {};\n\0junk";
    char *large = xmalloc(300000);

    memset(large, '\n', 300000);
    policy_files_put_bytes("nul.conf", nul, sizeof(nul) - 1);
    policy_files_expect("nul.conf:2: has a NUL byte\n");
    policy_files_empty(state);
    policy_files_put_bytes("large.conf", large, 300000);
    policy_files_expect("large.conf:0: is larger than 256 KiB\n");
    policy_files_empty(state);
    policy_files_put("Bad Name.conf", policy_files_good);
    policy_files_expect(
        "Bad Name.conf:0: the name of a policy file has only a-z, 0-9 and -, at most 64 "
        "characters\n");
    free(large);
}

static void no_folder(void **state)
{
    struct faults faults = {0};
    char want[128];

    (void)state;
    assert_null(policy_set_load("/nonexistent/policy", &faults));
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.text[0],
                        "/nonexistent/policy:0: cannot be read: No such file or directory");
    faults_free(&faults);
    snprintf(want, sizeof(want), "%s:0: no policy version: no file *.conf in this folder\n",
             policy_files_folder);
    policy_files_expect(want);
}

/* ---- between versions ---- */

static void put_version(const char *name, const char *from, const char *until)
{
    char force[160];

    if (until) {
        snprintf(force, sizeof(force), "\"%s\"; until = \"%s\"; until_source = \"u\"", from, until);
    } else {
        snprintf(force, sizeof(force), "\"%s\"", from);
    }
    char *text = policy_files_replaced(policy_files_good, "\"2026-01-01\"", force);
    policy_files_put(name, text);
    free(text);
}

static void seams(void **state)
{
    static const struct {
        struct {
            const char *from, *until;
        } version[3]; /* a.conf, b.conf, c.conf */
        const char *want;
    } cases[] = {
        {{{"2017-03-14", "2020-12-31"}, {"2021-01-01", NULL}}, ""},
        {{{"2021-01-01", NULL}, {"2017-03-14", "2020-12-31"}}, ""}, /* order is by day, not name */
        {{{"2017-03-14", "2020-12-30"}, {"2021-01-01", NULL}},
         "b.conf:2: gap of 1 day: a ends on 2020-12-30, b begins on 2021-01-01\n"},
        {{{"2017-03-14", "2020-12-31"}, {"2022-01-01", NULL}},
         "b.conf:2: gap of 365 days: a ends on 2020-12-31, b begins on 2022-01-01\n"},
        {{{"2017-03-14", "2021-01-01"}, {"2021-01-01", NULL}},
         "b.conf:2: overlap: b begins on 2021-01-01, but a is in force until 2021-01-01\n"},
        {{{"2017-03-14", NULL}, {"2021-01-01", NULL}},
         "b.conf:2: overlap: b begins on 2021-01-01, but a has no \"until\"\n"},
        {{{"2017-03-14", NULL}, {"2017-03-14", NULL}},
         "b.conf:2: overlap: b begins on 2017-03-14, but a has no \"until\"\n"},
        {{{"2017-03-14", "2020-12-31"}, {"2021-01-01", "2025-12-31"}},
         "b.conf:2: b is the last version: it must have no \"until\"\n"},
        {{{"2017-03-14", "2025-12-31"}, {"2018-01-01", "2018-12-31"}, {"2026-01-01", NULL}},
         "b.conf:2: overlap: b begins on 2018-01-01, but a is in force until 2025-12-31\n"},
        {{{"2017-03-14", "2019-12-31"}, {"2021-01-01", "2022-12-31"}, {"2022-01-01", NULL}},
         "b.conf:2: gap of 366 days: a ends on 2019-12-31, b begins on 2021-01-01\n"
         "c.conf:2: overlap: c begins on 2022-01-01, but b is in force until 2022-12-31\n"},
        /* days that cannot be read: no gap is invented */
        {{{"2017-03-14", "2019-12-31"}, {"soon", "2022-12-31"}, {"2023-01-01", NULL}},
         "b.conf:2: \"from\" is \"soon\", not a day such as \"2017-03-14\"\n"},
    };
    static const char *const names[] = {"a.conf", "b.conf", "c.conf"};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int k = 0; k < 3; k++) {
            if (cases[i].version[k].from) {
                put_version(names[k], cases[i].version[k].from, cases[i].version[k].until);
            }
        }
        policy_files_expect(cases[i].want);
        policy_files_empty(state);
    }
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped),
        cmocka_unit_test(on_a_day),
        cmocka_unit_test_teardown(hash, policy_files_empty),
        cmocka_unit_test_teardown(strange_files, policy_files_empty),
        cmocka_unit_test_teardown(no_folder, policy_files_empty),
        cmocka_unit_test_teardown(seams, policy_files_empty),
    };

    return cmocka_run_group_tests_name("policy", tests, policy_files_setup, policy_files_teardown);
}
