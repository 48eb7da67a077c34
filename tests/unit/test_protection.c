/* The continuity rule (spec 3.5; 二(四)3, 连续享受最低生活保障兜底政策). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/protection.h"

#define LIST (1U << REGISTER_REGISTERED | 1U << REGISTER_RETURNED | 1U << REGISTER_EXITED)
#define CLAUSE "渝府办发〔2017〕30号 二(四)3"

static const struct policy with = {
    .name = "with", .continuity = true, .protected_set = LIST, .continuity_source = CLAUSE};
static const struct policy without = {.name = "without", .continuity_source = "中发〔2020〕30号"};

static const struct {
    const struct policy *policy;
    enum status status;
    enum register_state state;
    bool want;
    enum trace_result steps[3]; /* rule in force, active, on the list */
} cases[] = {
    {&with, STATUS_ACTIVE, REGISTER_REGISTERED, true, {TRACE_PASSED, TRACE_PASSED, TRACE_PASSED}},
    {&with, STATUS_ACTIVE, REGISTER_RETURNED, true, {TRACE_PASSED, TRACE_PASSED, TRACE_PASSED}},
    /* leaving poverty is exactly what must not end it: 避免边脱贫、边返贫 */
    {&with, STATUS_ACTIVE, REGISTER_EXITED, true, {TRACE_PASSED, TRACE_PASSED, TRACE_PASSED}},
    {&with, STATUS_ACTIVE, REGISTER_NONE, false, {TRACE_PASSED, TRACE_PASSED, TRACE_FAILED}},
    {&with,
     STATUS_SUSPENDED,
     REGISTER_REGISTERED,
     false,
     {TRACE_PASSED, TRACE_FAILED, TRACE_NOT_REACHED}},
    {&with,
     STATUS_CLOSED,
     REGISTER_REGISTERED,
     false,
     {TRACE_PASSED, TRACE_FAILED, TRACE_NOT_REACHED}},
    {&with,
     STATUS_REGISTER_ONLY,
     REGISTER_REGISTERED,
     false,
     {TRACE_PASSED, TRACE_FAILED, TRACE_NOT_REACHED}},
    {&without,
     STATUS_ACTIVE,
     REGISTER_REGISTERED,
     false,
     {TRACE_FAILED, TRACE_NOT_REACHED, TRACE_NOT_REACHED}},
};

static void holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct household_facts facts = {.status = cases[i].status,
                                        .register_state = cases[i].state};
        struct trace t = TRACE_INIT;
        const char *clause = "before";
        print_message("%s %s %s\n", cases[i].policy->name,
                      names_text(&statuses, (int)cases[i].status),
                      names_text(&register_states, (int)cases[i].state));
        assert_int_equal(protection_holds(cases[i].policy, &facts, &clause, &t), cases[i].want);
        if (cases[i].want) {
            assert_string_equal(clause, CLAUSE);
        } else {
            assert_null(clause);
        }
        assert_int_equal(t.count, 4);
        for (int k = 0; k < 3; k++) {
            assert_int_equal(t.steps[k].rule, TRACE_CONDITION);
            assert_int_equal(t.steps[k].result, cases[i].steps[k]);
            assert_int_equal(t.steps[k].fact_count, 1);
        }
        assert_int_equal(t.steps[3].rule, TRACE_PROTECTION);
        assert_string_equal(t.steps[3].value, cases[i].want ? "protected" : "not-protected");
        trace_free(&t);
        assert_int_equal(protection_holds(cases[i].policy, &facts, NULL, NULL), cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(holds)};

    return cmocka_run_group_tests_name("protection", tests, NULL, NULL);
}
