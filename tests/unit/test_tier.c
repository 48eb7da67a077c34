/* How often a household is reviewed (spec 3.3; 二(四)3, 分类管理). The rules are the shipped ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/tier.h"

static struct policy_set *set;
static const struct policy *shipped;

static int setup(void **state)
{
    struct faults faults = {0};

    (void)state;
    set = policy_set_load("conf/policy", &faults);
    for (int i = 0; i < faults.count; i++) {
        print_error("%s\n", faults.text[i]);
    }
    faults_free(&faults);
    if (!set) {
        return 1;
    }
    shipped = policy_set_at(set, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    policy_set_free(set);
    return 0;
}

/* Members as letters: work ability n none, p partial, f full, ? unknown; N P F of one who left. */
static int members_of(const char *text, struct member_facts *out)
{
    static const char letters[] = "?npf";
    int n = 0;

    for (; text[n]; n++) {
        bool gone = text[n] >= 'A' && text[n] <= 'Z';
        char letter = (char)(gone ? text[n] + 32 : text[n]);
        out[n] = (struct member_facts){
            .member = {&"12345678"[n], 1},
            .work_ability = (enum work_ability)(strchr(letters, letter) - letters),
            .status = gone ? (n % 2 ? MEMBER_DIED : MEMBER_MOVED_OUT) : MEMBER_PRESENT,
            .birth_on = DATE_NONE,
        };
    }
    return n;
}

static const struct {
    const char *members;
    enum income_kind income;
    enum tier want;
    enum tier_source source;
} cases[] = {
    /* some present member with full work ability, or variable income: quarterly */
    {"f", INCOME_STABLE, TIER_QUARTERLY, TIER_DERIVED},
    {"nnf", INCOME_UNKNOWN, TIER_QUARTERLY, TIER_DERIVED},
    {"?f", INCOME_STABLE, TIER_QUARTERLY, TIER_DERIVED},
    {"n", INCOME_VARIABLE, TIER_QUARTERLY, TIER_DERIVED},
    {"?", INCOME_VARIABLE, TIER_QUARTERLY, TIER_DERIVED},
    /* every present member without work ability and stable income: annual */
    {"n", INCOME_STABLE, TIER_ANNUAL, TIER_DERIVED},
    {"nnn", INCOME_STABLE, TIER_ANNUAL, TIER_DERIVED},
    {"nF", INCOME_STABLE, TIER_ANNUAL, TIER_DERIVED}, /* who left does not count */
    /* else semi-annual */
    {"p", INCOME_STABLE, TIER_SEMI_ANNUAL, TIER_DERIVED},
    {"npP", INCOME_STABLE, TIER_SEMI_ANNUAL, TIER_DERIVED},
    /* an unknown fact matches no rule */
    {"n?", INCOME_STABLE, TIER_QUARTERLY, TIER_DEFAULT},
    {"?", INCOME_STABLE, TIER_QUARTERLY, TIER_DEFAULT},
    {"n", INCOME_UNKNOWN, TIER_QUARTERLY, TIER_DEFAULT},
    {"p", INCOME_UNKNOWN, TIER_QUARTERLY, TIER_DEFAULT},
    /* without members: quarterly, and reported, whatever the income */
    {"", INCOME_STABLE, TIER_QUARTERLY, TIER_DEFAULT},
    {"", INCOME_VARIABLE, TIER_QUARTERLY, TIER_DEFAULT},
    {"FN", INCOME_STABLE, TIER_QUARTERLY, TIER_DEFAULT},
};

static void derive(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct member_facts members[8];
        struct household_facts facts = {.income_kind = cases[i].income, .members = members};
        enum tier_source source;
        struct trace t = TRACE_INIT;
        facts.member_count = members_of(cases[i].members, members);
        print_message("\"%s\" %s\n", cases[i].members,
                      names_text(&income_kinds, (int)cases[i].income));
        assert_int_equal(tier_derive(shipped, &facts, &source, NULL), cases[i].want);
        assert_int_equal(source, cases[i].source);
        assert_int_equal(tier_derive(shipped, &facts, &source, &t), cases[i].want);
        assert_int_equal(t.count, shipped->tier_rule_count); /* each rule, tried or not */
        trace_free(&t);
    }
}

static void traces_each_rule(void **state)
{
    static const enum trace_result want[] = {TRACE_FAILED, TRACE_FAILED, TRACE_PASSED,
                                             TRACE_NOT_REACHED};
    struct member_facts members[2];
    struct household_facts facts = {.income_kind = INCOME_STABLE, .members = members};
    enum tier_source source;
    struct trace t = TRACE_INIT;

    (void)state;
    facts.member_count = members_of("nn", members);
    tier_derive(shipped, &facts, &source, &t);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(t.steps[i].rule, TRACE_TIER_RULE);
        assert_int_equal(t.steps[i].result, want[i]);
        assert_string_equal(t.steps[i].clause, shipped->tier_rules[i].source);
    }
    assert_string_equal(t.steps[2].value, "annual");
    trace_free(&t);
}

/* A failed "every" names the member that does not fit. */
static void names_the_member(void **state)
{
    struct member_facts members[2];
    struct household_facts facts = {.income_kind = INCOME_STABLE, .members = members};
    enum tier_source source;
    struct trace t = TRACE_INIT;

    (void)state;
    facts.member_count = members_of("np", members);
    tier_derive(shipped, &facts, &source, &t);
    assert_int_equal(t.steps[2].fact_count, 2);
    assert_string_equal(t.steps[2].facts[0].value, "2");
    assert_string_equal(t.steps[2].facts[1].name, "work_ability");
    assert_string_equal(t.steps[2].facts[1].value, "partial");
    trace_free(&t);
}

/* The default leaves health out; a policy may use it, beside work ability of the same member. */
static void health_rule(void **state)
{
    struct tier_condition ill = {TIER_ANY_MEMBER, 1U << WORK_PARTIAL,
                                 1U << HEALTH_SERIOUS_ILLNESS | 1U << HEALTH_CHRONIC};
    struct tier_rule rule = {"ill", TIER_SEMI_ANNUAL, &ill, 1, 0, "local"};
    struct policy policy = {.tier_rules = &rule, .tier_rule_count = 1};
    struct member_facts members[2] = {{.work_ability = WORK_PARTIAL, .health = HEALTH_HEALTHY},
                                      {.work_ability = WORK_FULL, .health = HEALTH_CHRONIC}};
    struct household_facts facts = {.members = members, .member_count = 2};
    enum tier_source source;

    (void)state;
    policy.tiers[TIER_QUARTERLY].kept = true;
    assert_int_equal(tier_derive(&policy, &facts, &source, NULL), TIER_QUARTERLY);
    assert_int_equal(source, TIER_DEFAULT);
    members[0].health = HEALTH_CHRONIC;
    assert_int_equal(tier_derive(&policy, &facts, &source, NULL), TIER_SEMI_ANNUAL);
    assert_int_equal(source, TIER_DERIVED);
}

/* 3.1: where the version drops the quarterly tier, its table says what stands for it. */
static void default_of_a_dropped_tier(void **state)
{
    struct policy policy = {.tier_rule_count = 0};
    struct household_facts facts = {.member_count = 0};
    enum tier_source source;

    (void)state;
    policy.tiers[TIER_QUARTERLY] = (struct tier_terms){.kept = false, .mapped = TIER_SEMI_ANNUAL};
    assert_int_equal(tier_derive(&policy, &facts, &source, NULL), TIER_SEMI_ANNUAL);
    assert_int_equal(source, TIER_DEFAULT);
}

/* 二(四)3: by the year, the half-year or the quarter. */
static void months(void **state)
{
    (void)state;
    assert_int_equal(tier_months(TIER_ANNUAL), 12);
    assert_int_equal(tier_months(TIER_SEMI_ANNUAL), 6);
    assert_int_equal(tier_months(TIER_QUARTERLY), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derive),           cmocka_unit_test(traces_each_rule),
        cmocka_unit_test(names_the_member), cmocka_unit_test(health_rule),
        cmocka_unit_test(months),           cmocka_unit_test(default_of_a_dropped_tier),
    };

    return cmocka_run_group_tests_name("tier", tests, setup, teardown);
}
