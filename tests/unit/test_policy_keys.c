/* A policy file key by key (spec 3.1): each fault as `file:line: what`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../lib/policy_files.h"
#include "rules/policy.h"

/* ---- one broken file ---- */

static const struct {
    const char *find, *with, *want;
} broken[] = {
    /* syntax, as libconfig says it */
    {"from = ", "from ", "p.conf:2: syntax error\n"},
    {"  source = \"a\";\n", "  from = \"2026-01-02\";\n", "p.conf:3: duplicate setting name\n"},
    {"cycle = {\n", "\t@include \"x\"\ncycle = {\n",
     "p.conf:5: @include is not allowed: the hash would not cover the other file\n"},
    {"\"b\"", "\"\xff\"", "p.conf:6: is not UTF-8\n"},
    {"\"b\"", "\"\\xff\"", "p.conf:6: \"source\" is not UTF-8\n"},
    {"\"b\"", "\"x\\ny\"", "p.conf:6: \"source\" has a control character\n"},
    /* keys */
    {"restart", "restarts",
     "p.conf:5: missing key \"restart\" in \"cycle\"\np.conf:14: unknown key \"restarts\"\n"},
    {"triggered", "trigered",
     "p.conf:1: missing group \"triggered\"\np.conf:32: unknown key \"trigered\"\n"},
    {"lead_days = 20", "leed_days = 20",
     "p.conf:11: missing key \"lead_days\" in \"tiers\"\n"
     "p.conf:11: unknown key \"leed_days\"\n"},
    {"triggered = { working_days = 10; source = \"m\"; };", "triggered = 10;",
     "p.conf:32: \"triggered\" must be a group { … }\n"},
    {"tiers = (\n    { tier = \"annual\"; lead_days = 30; source = \"e\"; },", "tiers = (\n 7,",
     "p.conf:9: tier annual is neither in \"tiers\" nor in \"dropped\"\n"
     "p.conf:10: \"tiers\" must be a group { … }\n"},
    /* every rule has its clause */
    {"source = \"a\";", "", "p.conf:1: missing key \"source\" in \"in_force\"\n"},
    {"source = \"b\";", "", "p.conf:5: missing key \"source\" in \"cycle\"\n"},
    {"source = \"d\";", "", "p.conf:8: missing key \"source\" in \"roll\"\n"},
    {"source = \"e\";", "", "p.conf:10: missing key \"source\" in \"tiers\"\n"},
    {"source = \"h\";", "", "p.conf:18: missing key \"source\" in \"rules\"\n"},
    {"source = \"j\";", "", "p.conf:27: missing key \"source\" in \"announce\"\n"},
    {"source = \"n\";", "", "p.conf:33: missing key \"source\" in \"alerts\"\n"},
    {"\"g\"", "\" \"", "p.conf:15: \"source\" is empty\n"},
    {"\"g\"", "7", "p.conf:15: \"source\" must be a text in quotes\n"},
    /* days */
    {"2026-01-01", "2026-02-29",
     "p.conf:2: \"from\" is \"2026-02-29\", not a day such as \"2017-03-14\"\n"},
    {"source = \"a\"", "source = \"a\"; until = \"2025-12-31\"; until_source = \"a\"",
     "p.conf:3: \"until\" is before \"from\"\n"},
    {"source = \"a\"", "source = \"a\"; until_source = \"a\"",
     "p.conf:3: \"until_source\" without \"until\"\n"},
    {"source = \"a\"", "source = \"a\"; until = \"2026-12-31\"",
     "p.conf:3: missing key \"until_source\" in \"in_force\": an end has a clause too\n"
     "p.conf:3: p is the last version: it must have no \"until\"\n"},
    /* words, types, ranges */
    {"\"anniversary\"", "\"birthday\"",
     "p.conf:7: \"value\" is \"birthday\", not one of anniversary, calendar\n"},
    {"value = true", "value = 1", "p.conf:14: \"value\" must be true or false\n"},
    {"limit_days = 30", "limit_days = 91", "p.conf:15: \"limit_days\" is 91, not within 0 to 90\n"},
    {"limit_days = 30", "limit_days = 30.0", "p.conf:15: \"limit_days\" must be a whole number\n"},
    {"limit_days = 30", "limit_days = 4294967326L",
     "p.conf:15: \"limit_days\" is 4294967326, not within 0 to 90\n"},
    {"lead_days = 15", "lead_days = 61",
     "p.conf:12: \"lead_days\" is 61, not within 1 to 60 for tier quarterly\n"},
    {"lead_days = 15", "lead_days = 0", "p.conf:12: \"lead_days\" is 0, not within 1 to 240\n"},
    {"ratio = 1.5", "ratio = 0.99", "p.conf:28: \"ratio\" is 0.99, not within 1 to 10\n"},
    {"ratio = 1.5", "ratio = \"1.5\"", "p.conf:28: \"ratio\" must be a number\n"},
    {"ratio = 1.5", "ratio = 2", ""}, /* a whole number is a number */
    {"working_days = 10", "working_days = 0",
     "p.conf:32: \"working_days\" is 0, not within 1 to 60\n"},
    /* tiers: each one kept or mapped */
    {"\"semi-annual\"", "\"annual\"",
     "p.conf:9: tier semi-annual is neither in \"tiers\" nor in \"dropped\"\n"
     "p.conf:11: tier annual is named twice\n"},
    {"\"semi-annual\"", "\"monthly\"",
     "p.conf:11: \"tier\" is \"monthly\", not one of annual, semi-annual, quarterly\n"},
    {"    { tier = \"semi-annual\"; lead_days = 20; source = \"e\"; },\n", "\n",
     "p.conf:9: tier semi-annual is neither in \"tiers\" nor in \"dropped\"\n"},
    {"  restart",
     "  dropped = ( { tier = \"annual\"; becomes = \"quarterly\"; source = \"e\"; } );"
     " restart",
     "p.conf:14: tier annual is named twice\n"},
    /* tier rules */
    {"\"two\"", "\"one\"", "p.conf:21: tier rule \"one\" is named twice\n"},
    {"\"two\"", "\"Two\"",
     "p.conf:21: \"name\" is \"Two\": only a-z, 0-9 and -, at most 64 "
     "characters\n"},
    {"income_kind = [ \"stable\" ];", "",
     "p.conf:21: a tier rule needs \"when\" or \"income_kind\"\n"},
    {"[ \"stable\" ]", "[ \"\" ]", "p.conf:21: \"income_kind\" is empty\n"},
    {"[ \"stable\" ]", "\"stable\"", "p.conf:21: \"income_kind\" must be a list of words\n"},
    {"[ \"stable\" ]", "[ ]", "p.conf:21: \"income_kind\" is empty\n"},
    {"[ \"full\" ]", "[ \"full\", \"all\" ]",
     "p.conf:19: \"work_ability\" is \"all\", not one of none, partial, full\n"},
    {"[ \"full\" ]", "[ \"full\", \"full\" ]", "p.conf:19: \"work_ability\" has \"full\" twice\n"},
    {"work_ability = [ \"full\" ];", "",
     "p.conf:19: a condition of \"when\" needs \"work_ability\" or \"health\"\n"},
    {"\"any\"", "\"all\"", "p.conf:19: \"who\" is \"all\", not one of any, every\n"},
    /* protection */
    {"continuity = true", "continuity = false",
     "p.conf:26: \"states\" has no effect while \"continuity\" is false\n"
     "p.conf:27: \"announce\" has no effect while \"continuity\" is false\n"},
    {"  states = [ \"registered\", \"exited\" ];\n", "\n",
     "p.conf:23: missing key \"states\" in \"protection\"\n"},
    {"\"exited\"", "\"gone\"",
     "p.conf:26: \"states\" is \"gone\", not one of none, registered, exited, returned\n"},
    {"\"house\"", "\"car\"", "p.conf:29: \"words\" has \"car\" twice\n"},
    {"pension = { until = \"2020-12-31\"; source = \"o\"; };", "",
     "p.conf:23: missing key \"pension\" in \"protection\"\n"},
    {"source = \"o\";", "", "p.conf:30: missing key \"source\" in \"pension\"\n"},
    {"until = \"2020-12-31\";", "", ""}, /* left out without an end */
    {"\"2020-12-31\"", "\"2020\"",
     "p.conf:30: \"until\" is \"2020\", not a day such as \"2017-03-14\"\n"},
    /* register (3.6): real days, each after the one before */
    {"register = {", "registers = {",
     "p.conf:1: missing group \"register\"\np.conf:36: unknown key \"registers\"\n"},
    {"\"09-01\"", "\"09-31\"",
     "p.conf:37: \"opens\" is \"09-31\", not a day of every year such as \"09-01\"\n"},
    {"\"09-01\"", "\"02-29\"",
     "p.conf:37: \"opens\" is \"02-29\", not a day of every year such as \"09-01\"\n"},
    {"\"09-01\"", "\"02-28\"", ""},
    {"\"09-01\"", "\"9-1\"",
     "p.conf:37: \"opens\" is \"9-1\", not a day of every year such as \"09-01\"\n"},
    {"\"09-01\"", "\"2017-09-01\"",
     "p.conf:37: \"opens\" is \"2017-09-01\", not a day of every year such as \"09-01\"\n"},
    {"\"09-01\"", "901", "p.conf:37: \"opens\" must be a text in quotes\n"},
    {"\"10-31\"", "\"09-01\"",
     "p.conf:37: \"visits_until\" is 09-01, not after the 09-01 of \"opens\"\n"},
    {"\"11-15\"", "\"12-01\"",
     "p.conf:38: \"county_by\" is 11-30, not after the 12-01 of \"township_by\"\n"},
    {"\"12-31\";\n", "\"01-31\";\n",
     "p.conf:39: \"closes\" is 01-31, not after the 11-30 of \"county_by\"\n"},
    {"closes = \"12-31\";", "", "p.conf:36: missing key \"closes\" in \"register\"\n"},
    {"notice_days = 7", "notice_days = 61",
     "p.conf:40: \"notice_days\" is 61, not within 0 to 60\n"},
    {"source = \"p\";", "", "p.conf:36: missing key \"source\" in \"register\"\n"},
    /* ages (3.7): ascending */
    {"[ 6, 70 ]", "[ 70, 6 ]", "p.conf:41: \"years\" has 6, not after the 70 before it\n"},
    {"[ 6, 70 ]", "[ 6, 6 ]", "p.conf:41: \"years\" has 6, not after the 6 before it\n"},
    {"[ 6, 70 ]", "[ 0, 121 ]",
     "p.conf:41: \"years\" is 0, not within 1 to 120\n"
     "p.conf:41: \"years\" is 121, not within 1 to 120\n"},
    {"[ 6, 70 ]", "[ 1, 120 ]", ""},
    {"[ 6, 70 ]", "[ ]", "p.conf:41: \"years\" is empty\n"},
    {"[ 6, 70 ]", "70", "p.conf:41: \"years\" must be a list of ages\n"},
    {"[ 6, 70 ]", "( 6, \"70\" )", "p.conf:41: \"years\" must be a whole number\n"},
    {"source = \"q\";", "", "p.conf:41: missing key \"source\" in \"ages\"\n"},
    /* alerts: alert_due() relies on the order */
    {"working_days = 1;", "working_days = -5;",
     "p.conf:35: \"working_days\" is -5, not after the -5 of the rung before\n"},
    {"\"late\"", "\"soon\"", "p.conf:35: rung \"soon\" is named twice\n"},
    {"\"district\"", "\"county\"",
     "p.conf:35: \"to\" is \"county\", not one of township, district, city\n"},
};

static void one_broken_file(void **state)
{
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        char *text = policy_files_replaced(policy_files_good, broken[i].find, broken[i].with);
        policy_files_put("p.conf", text);
        policy_files_expect(broken[i].want);
        policy_files_empty(state);
        free(text);
    }
}

static void good_file(void **state)
{
    (void)state;
    policy_files_put("p.conf", policy_files_good);
    policy_files_put("notes.txt", "not a policy");
    policy_files_put(".hidden.conf", "not one either");
    policy_files_expect("");
}

/* 3.1: a version that drops a tier has a table that maps it. */
static const char without_semi_annual[] = "    { tier = \"semi-annual\"; lead_days = 20; "
                                          "source = \"e\"; },\n";

static void dropped_tier(void **state)
{
    struct faults faults = {0};
    char *less = policy_files_replaced(policy_files_good, without_semi_annual, "\n");
    char *text = policy_files_replaced(
        less, "  restart",
        "  dropped = ( { tier = \"semi-annual\"; becomes = \"quarterly\"; source "
        "= \"z\"; } ); restart");

    policy_files_put("p.conf", text);
    struct policy_set *set = policy_set_load(policy_files_folder, &faults);
    assert_non_null(set);
    const struct policy *p = policy_set_at(set, 0);
    assert_false(p->tiers[TIER_SEMI_ANNUAL].kept);
    assert_int_equal(p->tiers[TIER_SEMI_ANNUAL].mapped, TIER_QUARTERLY);
    assert_string_equal(p->tiers[TIER_SEMI_ANNUAL].lead_source, "z");
    assert_int_equal(p->tiers[TIER_QUARTERLY].mapped, TIER_QUARTERLY);
    policy_set_free(set);
    policy_files_empty(state);

    char *loop =
        policy_files_replaced(text, "becomes = \"quarterly\"", "becomes = \"semi-annual\"");
    policy_files_put("p.conf", loop);
    policy_files_expect(
        "p.conf:14: \"becomes\" is \"semi-annual\", which is not among \"tiers\"\n");
    policy_files_empty(state);
    char *rule = policy_files_replaced(text, "\"two\"; tier = \"annual\"",
                                       "\"two\"; tier = \"semi-annual\"");
    policy_files_put("p.conf", rule);
    policy_files_expect("p.conf:21: \"tier\" is \"semi-annual\", which this version drops\n");
    free(less);
    free(text);
    free(loop);
    free(rule);
}

/* Not just the first: an administrator corrects a file in one go. */
static void all_faults(void **state)
{
    char *a = policy_files_replaced(policy_files_good, "\"following\"", "\"sideways\"");
    char *b = policy_files_replaced(a, "limit_days = 30", "limit_days = -1");
    char *c = policy_files_replaced(b, "announce", "anounce");

    (void)state;
    policy_files_put("b.conf", c);
    policy_files_put("a.conf", "in_force = 3");
    char *got = policy_files_faults();
    assert_non_null(strstr(got, "a.conf:1: missing group \"cycle\"\n"));
    assert_non_null(strstr(got, "a.conf:1: \"in_force\" must be a group { … }\n"));
    assert_non_null(strstr(got,
                           "b.conf:8: \"value\" is \"sideways\", not one of following, preceding\n"
                           "b.conf:15: \"limit_days\" is -1, not within 0 to 90\n"
                           "b.conf:23: missing key \"announce\" in \"protection\"\n"
                           "b.conf:27: unknown key \"anounce\"\n"));
    free(got);
    free(a);
    free(b);
    free(c);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(good_file, policy_files_empty),
        cmocka_unit_test_teardown(one_broken_file, policy_files_empty),
        cmocka_unit_test_teardown(dropped_tier, policy_files_empty),
        cmocka_unit_test_teardown(all_faults, policy_files_empty),
    };

    return cmocka_run_group_tests_name("policy keys", tests, policy_files_setup,
                                       policy_files_teardown);
}
