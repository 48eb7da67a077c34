/* Standards (spec 3.9; 二(三)1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/standard.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 二(三)1: a standard under the poverty line is refused. */
static void poverty_line(void **state)
{
    static const struct {
        int64_t dibao, line;
        const char *want; /* NULL: taken */
    } cases[] = {
        {420000, 310000, NULL},
        {310000, 310000, NULL},
        {309999, 310000, "the dibao standard of 3099.99 is under the poverty line of 3100.00"},
        {0, 1, "the dibao standard of 0.00 is under the poverty line of 0.01"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = ERROR_INIT;
        assert_int_equal(standard_check(cases[i].dibao, cases[i].line, &err),
                         cases[i].want == NULL);
        if (cases[i].want) {
            assert_int_equal(err.reason, REASON_BAD_ARGUMENT);
            assert_string_equal(err.message, cases[i].want);
            assert_string_equal(err.clause, "渝府办发〔2017〕30号 二(三)1");
        } else {
            assert_int_equal(err.reason, REASON_NONE);
        }
        error_clear(&err);
        assert_int_equal(standard_check(cases[i].dibao, cases[i].line, NULL),
                         cases[i].want == NULL);
    }
}

/* 3.9: a year with no standard by its second month is an alert. */
static void missing(void **state)
{
    static const struct {
        const char *day;
        bool has, want;
    } cases[] = {
        {"2018-01-01", false, false}, {"2018-01-31", false, false}, {"2018-02-01", false, true},
        {"2018-12-31", false, true},  {"2019-01-01", false, false}, {"2018-01-31", true, false},
        {"2018-02-01", true, false},  {"2018-12-31", true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(standard_missing(date_parse(str_of(cases[i].day)), cases[i].has),
                         cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(poverty_line), cmocka_unit_test(missing)};

    return cmocka_run_group_tests_name("standard", tests, NULL, NULL);
}
