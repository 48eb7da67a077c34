/* What may end an allowance (spec 3.5; 二(四)3 连续享受最低生活保障兜底政策, 二(二)3 countable
 * income). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules/protection.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CLAUSE "渝府办发〔2017〕30号 二(四)3"
#define PENSION_CLAUSE "渝府办发〔2017〕30号 二(二)3"
#define YUAN 100
#define UNKNOWN FEN_UNKNOWN

/* Short words, so that a case of a table stays on its line. */
#define GONE GROUND_ALL_MEMBERS_GONE
#define CHANGE GROUND_MEMBER_CHANGE
#define INCOME GROUND_INCOME_CLEARLY_ABOVE
#define BAD REASON_BAD_ARGUMENT
#define CONFLICT REASON_CONFLICT
#define PROTECTED REASON_PROTECTED
#define FINE REASON_NONE

static const char *words[] = {"housing", "motor-vehicle", NULL};
static struct policy with = {
    .name = "with",
    .continuity = true,
    .protected_set = 1U << REGISTER_REGISTERED | 1U << REGISTER_RETURNED | 1U << REGISTER_EXITED,
    .clearly_above = 1.5,
    .assets = words,
    .continuity_source = CLAUSE,
    .clearly_above_source = "local",
    .assets_source = "local",
    .pension_source = PENSION_CLAUSE,
};
static struct policy without = {.name = "without",
                                .clearly_above = 1.5,
                                .assets = words,
                                .continuity_source = "中发〔2020〕30号"};

static struct date day(const char *text)
{
    return date_parse(str_of(text));
}

static int set_up(void **state)
{
    (void)state;
    with.pension_until = without.pension_until = day("2020-12-31");
    return 0;
}

static const struct member_facts three[] = {{.status = MEMBER_PRESENT},
                                            {.status = MEMBER_PRESENT},
                                            {.status = MEMBER_PRESENT},
                                            {.status = MEMBER_DIED},
                                            {.status = MEMBER_MOVED_OUT}};
static const struct member_facts *const gone = &three[3];

/* Three present members, 16,200.00 yuan a year, a standard of 4,200.00: 5,400.00 a head against
 * 6,300.00. */
static struct cessation_facts usual(void)
{
    return (struct cessation_facts){
        .household = {.status = STATUS_ACTIVE,
                      .register_state = REGISTER_REGISTERED,
                      .income = 16200 * YUAN,
                      .pension = UNKNOWN,
                      .employment_cost = UNKNOWN,
                      .members = three,
                      .member_count = 3},
        .member_left_on = DATE_NONE,
        .standard = 4200 * YUAN,
        .standard_year = 2018,
    };
}

/* ---- countable income: (income − pension − employment cost, of the household; 二(二)3 ---- */

static void income(void **state)
{
    static const struct {
        int64_t income, pension, cost;
        int members; /* of `three`; the fourth and fifth are not present */
        const char *on, *until;
        int64_t want;
    } cases[] = {
        {1620000, 0, 0, 3, "2018-05-03", "2020-12-31", 1620000},
        {1620000, 120000, 0, 3, "2018-05-03", "2020-12-31", 1500000},
        {1620000, 120000, 60000, 3, "2018-05-03", "2020-12-31", 1440000},
        /* its own until, 2020-12-31 inclusive; from then on the pension counts as income */
        {1620000, 120000, 60000, 3, "2020-12-31", "2020-12-31", 1440000},
        {1620000, 120000, 60000, 3, "2021-01-01", "2020-12-31", 1560000},
        {1620000, 120000, 60000, 3, "2021-01-01", "", 1440000}, /* no until: left out for good */
        {1620000, 0, 0, 5, "2018-05-03", "2020-12-31", 1620000},
        {1620000, 0, 0, 1, "2018-05-03", "2020-12-31", 1620000},
        {1000, 0, 0, 3, "2018-05-03", "2020-12-31", 1000},
        {1000, 600, 600, 3, "2018-05-03", "2020-12-31", 0}, /* never below 0 */
        {0, 0, 0, 3, "2018-05-03", "2020-12-31", 0},
        {1620000, UNKNOWN, UNKNOWN, 3, "2018-05-03", "2020-12-31", 1620000},
        {UNKNOWN, 100, 100, 3, "2018-05-03", "2020-12-31", -1},
        {1620000, 0, 0, 0, "2018-05-03", "2020-12-31", -1}, /* nobody on record */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy policy = {.pension_until = day(cases[i].until)};
        struct household_facts h = {.income = cases[i].income,
                                    .pension = cases[i].pension,
                                    .employment_cost = cases[i].cost,
                                    .members = three,
                                    .member_count = cases[i].members};
        print_message("case %zu\n", i);
        assert_int_equal(countable_income(&policy, day(cases[i].on), &h), cases[i].want);
    }
    struct policy policy = {.pension_until = DATE_NONE};
    struct household_facts h = {.income = 100, .members = gone, .member_count = 2};
    assert_int_equal(countable_income(&policy, day("2018-05-03"), &h), -1);
}

/* ---- the answer ---- */

static void check(const struct policy *policy, const char *on, enum ground ground,
                  const struct cessation_facts *facts, enum reason want)
{
    for (enum act act = ACT_TERMINATE; act <= ACT_SUSPEND; act++) {
        struct error err = ERROR_INIT;
        struct trace t = TRACE_INIT;
        bool allowed = cessation_allowed(policy, day(on), act, ground, facts, &t, &err);
        print_message("  %s on %s: %s\n", names_text(&acts, (int)act),
                      names_text(&grounds, (int)ground), err.message ? err.message : "allowed");
        assert_int_equal(allowed, want == FINE);
        assert_int_equal(err.reason, want);
        assert_int_equal(err.clause != NULL, want == PROTECTED);
        if (want == PROTECTED) {
            assert_string_equal(err.clause, CLAUSE);
        }
        /* protection 4, income 2, grounds 4, the answer */
        assert_int_equal(t.count, 11);
        assert_int_equal(t.steps[10].rule, TRACE_ENDING);
        assert_int_equal(t.steps[10].result, allowed ? TRACE_PASSED : TRACE_FAILED);
        assert_string_equal(t.steps[10].value, allowed ? "allowed" : "refused");
        error_clear(&err);
        trace_free(&t);
        assert_int_equal(cessation_allowed(policy, day(on), act, ground, facts, NULL, NULL),
                         allowed);
    }
}

/* While protected: the first four grounds alone, each only where the facts bear it out. */
static void protected_grounds(void **state)
{
    static const char *const car[] = {"savings", "motor-vehicle"};
    static const char *const pig[] = {"savings", "pig"};
    static const struct {
        const char *what;
        int64_t income, standard;
        bool left, nobody;
        const char *const *assets;
        bool out[4]; /* borne out: gone, change, income, assets */
    } cases[] = {
        {"nothing", 1620000, 420000, false, false, NULL, {0}},
        {"a death or a moving out", 1620000, 420000, true, false, NULL, {0, 1}},
        {"all gone", 1620000, 420000, false, true, NULL, {1}},
        {"all gone, as recorded", 1620000, 420000, true, true, NULL, {1, 1}},
        /* strictly greater than 4,200.00 × 1.5 = 6,300.00 a head */
        {"at the limit", 1890000, 420000, false, false, NULL, {0}},
        {"a fen of three heads above", 1890001, 420000, false, false, NULL, {0, 0, 1}},
        {"a fen of three heads below", 1889999, 420000, false, false, NULL, {0}},
        {"a fen a head above", 1890003, 420000, false, false, NULL, {0, 0, 1}},
        {"limit within a fen", 1500, 333, false, false, NULL, {0, 0, 1}}, /* 500 > 499.5 */
        {"limit within a fen", 1499, 333, false, false, NULL, {0, 0, 1}}, /* 499.66… > 499.5 */
        {"limit within a fen", 1498, 333, false, false, NULL, {0}},       /* 499.33… < 499.5 */
        {"an asset on the list", 1620000, 420000, false, false, car, {0, 0, 0, 1}},
        {"an asset that is not", 1620000, 420000, false, false, pig, {0}},
        /* unknown facts bear out no ground */
        {"no income", UNKNOWN, 420000, false, false, NULL, {0}},
        {"no standard", 9900000, -1, false, false, NULL, {0}},
        {"no standard", 9900000, 0, false, false, NULL, {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cessation_facts facts = usual();
        facts.household.income = cases[i].income;
        facts.standard = cases[i].standard;
        facts.member_left = cases[i].left;
        facts.assets = cases[i].assets;
        facts.asset_count = cases[i].assets ? 2 : 0;
        facts.has_remark = true; /* helps nothing */
        if (cases[i].nobody) {
            facts.household.members = gone;
            facts.household.member_count = 2;
        }
        print_message("%s\n", cases[i].what);
        for (int g = 0; g < GROUND_COUNT; g++) {
            check(&with, "2018-05-03", (enum ground)g, &facts,
                  g < 4 && cases[i].out[g] ? FINE : PROTECTED);
        }
    }
    /* no member on record is not the same as no member left */
    struct cessation_facts facts = usual();
    facts.household.member_count = 0;
    check(&with, "2018-05-03", GONE, &facts, PROTECTED);
}

/* The ratio is a double: what is equal in yuan must not come out as above. */
static void ratios(void **state)
{
    static const double ratio[] = {1.1, 1.15, 1.2, 1.3, 1.35, 1.7, 2, 2.3, 3.3, 9.99, 10};

    (void)state;
    for (size_t i = 0; i < COUNT(ratio); i++) {
        struct policy policy = with;
        struct cessation_facts facts = usual();
        policy.clearly_above = ratio[i];
        facts.household.member_count = 1;
        for (int64_t standard = 100; standard < 2000000; standard += 9700) {
            facts.standard = standard;
            facts.household.income = standard / 100 * (int64_t)(ratio[i] * 100 + 0.5);
            assert_int_equal(standard % 100, 0);
            assert_false(cessation_allowed(&policy, day("2018-05-03"), ACT_CLOSE, INCOME, &facts,
                                           NULL, NULL));
            facts.household.income++;
            assert_true(cessation_allowed(&policy, day("2018-05-03"), ACT_CLOSE, INCOME, &facts,
                                          NULL, NULL));
        }
    }
}

/* The pension part runs out by itself: the same income is above from 2021 on (二(二)3). */
static void pension(void **state)
{
    struct cessation_facts facts = usual();

    (void)state;
    facts.household.income = 20000 * YUAN;
    facts.household.pension = 1200 * YUAN;
    check(&with, "2020-12-31", INCOME, &facts, PROTECTED); /* 6,266.66 */
    check(&with, "2021-01-01", INCOME, &facts, FINE);      /* 6,666.66 */
}

/* Without protection every ground stands; two ask for more than their word. */
static void unprotected(void **state)
{
    static const struct {
        const char *what;
        const struct policy *policy;
        enum status status;
        enum register_state state;
    } cases[] = {
        {"no continuity rule", &without, STATUS_ACTIVE, REGISTER_REGISTERED},
        {"not on the register", &with, STATUS_ACTIVE, REGISTER_NONE},
        {"suspended", &with, STATUS_SUSPENDED, REGISTER_REGISTERED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cessation_facts facts = usual();
        facts.household.status = cases[i].status;
        facts.household.register_state = cases[i].state;
        print_message("%s\n", cases[i].what);
        for (int g = 0; g < GROUND_COUNT; g++) {
            check(cases[i].policy, "2026-05-06", (enum ground)g, &facts,
                  g == GONE           ? CONFLICT
                  : g == GROUND_OTHER ? BAD
                                      : FINE);
        }
        facts.has_remark = true;
        check(cases[i].policy, "2026-05-06", GROUND_OTHER, &facts, FINE);
        facts.household.members = gone;
        facts.household.member_count = 2;
        check(cases[i].policy, "2026-05-06", GONE, &facts, FINE);
        facts.household.member_count = 0;
        check(cases[i].policy, "2026-05-06", GONE, &facts, CONFLICT);
    }
}

/* ---- what people read ---- */

static void expect_message(const struct policy *policy, enum ground ground,
                           const struct cessation_facts *facts, const char *want)
{
    struct error err = ERROR_INIT;

    assert_false(
        cessation_allowed(policy, day("2018-05-03"), ACT_TERMINATE, ground, facts, NULL, &err));
    assert_string_equal(err.message, want);
    error_clear(&err);
}

static void messages(void **state)
{
    static const char *const pig[] = {"pig", "cow"};
    struct cessation_facts facts = usual();

    (void)state;
    expect_message(
        &with, GROUND_VOLUNTARY, &facts,
        "the allowance is protected while the household is registered: it ends only with "
        "all-members-gone (3 of 3 members present), "
        "member-change (a death or a moving out recorded since the last review: none), "
        "income-clearly-above (countable income 5,400.00 a head, standard 4,200.00 × 1.5 = "
        "6,300.00) or assets-clearly-above (one of housing, motor-vehicle; on record: none)");
    facts.household.register_state = REGISTER_EXITED;
    facts.household.member_count = 0;
    facts.member_left = true;
    facts.member_left_on = day("2018-04-02");
    facts.assets = pig;
    facts.asset_count = 2;
    facts.standard = -1;
    expect_message(
        &with, GROUND_FRAUD, &facts,
        "the allowance is protected while the household has exited from the register: it ends only "
        "with all-members-gone (no member is on record), "
        "member-change (a death or a moving out recorded since the last review: on 2018-04-02), "
        "income-clearly-above (countable income not known, standard not known) or "
        "assets-clearly-above (one of housing, motor-vehicle; on record: pig, cow)");
    /* What is cut to fen for the eye is judged as it is, and said: 14.98 / 3 against 4.995. */
    facts = usual();
    facts.household.income = 1498;
    facts.standard = 333;
    expect_message(
        &with, GROUND_VOLUNTARY, &facts,
        "the allowance is protected while the household is registered: it ends only with "
        "all-members-gone (3 of 3 members present), "
        "member-change (a death or a moving out recorded since the last review: none), "
        "income-clearly-above (countable income 4.99 a head (14.98 / 3), standard 3.33 × 1.5 = "
        "4.995) or assets-clearly-above (one of housing, motor-vehicle; on record: none)");
    facts = usual();
    expect_message(&without, GROUND_OTHER, &facts, "the ground other needs a remark");
    expect_message(&without, GONE, &facts,
                   "the record contradicts all-members-gone: 3 of 3 members present");
}

/* Each of the four grounds has its step, its facts and its clause. */
static void traced(void **state)
{
    static const struct {
        enum trace_rule rule;
        enum trace_result result;
        const char *clause, *value, *fact, *fact_value;
    } want[] = {
        {TRACE_INCOME, TRACE_COMPUTED, PENSION_CLAUSE, "5000.00", "income", "16200.00"},
        {TRACE_INCOME, TRACE_COMPUTED, "local", "6300.00", "standard", "4200.00"},
        {TRACE_GROUND, TRACE_FAILED, CLAUSE, "all-members-gone", "members",
         "3 of 3 members present"},
        {TRACE_GROUND, TRACE_PASSED, CLAUSE, "member-change", "member_left",
         "a death or a moving out recorded since the last review: on 2018-04-02"},
        {TRACE_GROUND, TRACE_FAILED, "local", "income-clearly-above", "countable_income",
         "countable income 5,000.00 a head, standard 4,200.00 × 1.5 = 6,300.00"},
        {TRACE_GROUND, TRACE_FAILED, "local", "assets-clearly-above", "assets",
         "one of housing, motor-vehicle; on record: none"},
        {TRACE_ENDING, TRACE_PASSED, CLAUSE, "allowed", NULL, NULL},
    };
    struct cessation_facts facts = usual();
    struct trace t = TRACE_INIT;

    (void)state;
    facts.household.pension = 1200 * YUAN;
    facts.member_left = true;
    facts.member_left_on = day("2018-04-02");
    assert_true(
        cessation_allowed(&with, day("2018-05-03"), ACT_TERMINATE, CHANGE, &facts, &t, NULL));
    assert_int_equal(t.count, 4 + (int)COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        const struct trace_step *s = &t.steps[4 + i];
        print_message("%s\n", s->text);
        assert_int_equal(s->rule, want[i].rule);
        assert_int_equal(s->result, want[i].result);
        assert_string_equal(s->clause, want[i].clause);
        assert_string_equal(s->value, want[i].value);
        if (!want[i].fact) {
            continue;
        }
        assert_string_equal(s->facts[0].name, want[i].fact);
        assert_string_equal(s->facts[0].value, want[i].fact_value);
    }
    assert_int_equal(t.steps[7].facts[0].on.day, day("2018-04-02").day);
    assert_string_equal(t.steps[10].text,
                        "terminate on the ground member-change, against protection");
    trace_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(income),  cmocka_unit_test(protected_grounds), cmocka_unit_test(ratios),
        cmocka_unit_test(pension), cmocka_unit_test(unprotected),       cmocka_unit_test(messages),
        cmocka_unit_test(traced),
    };

    return cmocka_run_group_tests_name("ending", tests, set_up, NULL);
}
