/* The versions of the rules (spec 3.1): what is shipped, and each fault as `file:line: what`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/policy.h"

/* libconfig 1.5 loses the text that it was reading when it meets a syntax error: a few bytes for
 * each faulty file, and nothing that its callers could free. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

static char folder[] = "/tmp/reviewd-policy-XXXXXX";
static int folder_files;
static char file_names[8][64];

/* A good version; the number of each line is what the cases below expect. */
static const char good[] =
    "in_force = {\n"                                                         /* 1 */
    "  from = \"2026-01-01\";\n"                                             /* 2 */
    "  source = \"a\";\n"                                                    /* 3 */
    "};\n"                                                                   /* 4 */
    "cycle = {\n"                                                            /* 5 */
    "  source = \"b\";\n"                                                    /* 6 */
    "  basis = { value = \"anniversary\"; source = \"c\"; };\n"              /* 7 */
    "  roll = { value = \"following\"; source = \"d\"; };\n"                 /* 8 */
    "  tiers = (\n"                                                          /* 9 */
    "    { tier = \"annual\"; lead_days = 30; source = \"e\"; },\n"          /* 10 */
    "    { tier = \"semi-annual\"; lead_days = 20; source = \"e\"; },\n"     /* 11 */
    "    { tier = \"quarterly\"; lead_days = 15; source = \"e\"; }\n"        /* 12 */
    "  );\n"                                                                 /* 13 */
    "  restart = { value = true; source = \"f\"; };\n"                       /* 14 */
    "  postpone = { limit_days = 30; source = \"g\"; };\n"                   /* 15 */
    "};\n"                                                                   /* 16 */
    "tier = { rules = (\n"                                                   /* 17 */
    "  { name = \"one\"; tier = \"quarterly\";\n"                            /* 18 */
    "    when = ( { who = \"any\"; work_ability = [ \"full\" ]; } );\n"      /* 19 */
    "    source = \"h\"; },\n"                                               /* 20 */
    "  { name = \"two\"; tier = \"annual\"; income_kind = [ \"stable\" ];\n" /* 21 */
    "    source = \"h\"; } ); };\n"                                          /* 22 */
    "protection = {\n"                                                       /* 23 */
    "  continuity = true;\n"                                                 /* 24 */
    "  source = \"i\";\n"                                                    /* 25 */
    "  states = [ \"registered\", \"exited\" ];\n"                           /* 26 */
    "  announce = { days = 60; source = \"j\"; };\n"                         /* 27 */
    "  clearly_above = { ratio = 1.5; source = \"k\"; };\n"                  /* 28 */
    "  assets = { words = [ \"car\", \"house\" ]; source = \"l\"; };\n"      /* 29 */
    "};\n"                                                                   /* 30 */
    "triggered = { working_days = 10; source = \"m\"; };\n"                  /* 31 */
    "alerts = { source = \"n\"; rungs = (\n"                                 /* 32 */
    "  { name = \"soon\"; working_days = -5; to = \"township\"; },\n"        /* 33 */
    "  { name = \"late\"; working_days = 1; to = \"district\"; } ); };\n";   /* 34 */

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : 1;
}

static void put_bytes(const char *name, const char *bytes, size_t len)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
    snprintf(file_names[folder_files++], sizeof(file_names[0]), "%s", name);
}

static void put(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

static int empty_folder(void **state)
{
    char path[128];

    (void)state;
    while (folder_files > 0) {
        snprintf(path, sizeof(path), "%s/%s", folder, file_names[--folder_files]);
        remove(path);
    }
    return 0;
}

static int teardown(void **state)
{
    empty_folder(state);
    return rmdir(folder);
}

/* `text` with its first `find` replaced; malloc'ed. */
static char *replaced(const char *text, const char *find, const char *with)
{
    const char *at = strstr(text, find);
    char *out;

    if (!at)
        fail_msg("the good text has no %s", find);
    if (asprintf(&out, "%.*s%s%s", (int)(at - text), text, with, at + strlen(find)) < 0)
        abort();
    return out;
}

/* All faults of the folder, a line each, without the folder's own name. */
static char *load_faults(void)
{
    struct policy_faults faults;
    struct strbuf all = STRBUF_INIT;
    struct policy_set *set = policy_set_load(folder, &faults);
    size_t prefix = strlen(folder);

    assert_int_equal(set != NULL, faults.count == 0);
    for (int i = 0; i < faults.count; i++) {
        const char *text = faults.text[i];
        bool inside = strncmp(text, folder, prefix) == 0 && text[prefix] == '/';
        strbuf_addf(&all, "%s\n", inside ? text + prefix + 1 : text);
    }
    policy_faults_free(&faults);
    policy_set_free(set);
    return all.data ? all.data : xstrdup("");
}

static void expect_faults(const char *want)
{
    char *got = load_faults();

    if (strcmp(got, want) != 0)
        fail_msg("expected:\n%sgot:\n%s", want, got);
    free(got);
}

/* ---- what is shipped ---- */

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
    struct policy_faults faults;
    struct policy_set *set = policy_set_load("conf/policy", &faults);
    char text[DATE_TEXT];

    (void)state;
    for (int i = 0; i < faults.count; i++)
        print_error("%s\n", faults.text[i]);
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
        shipped_values(p);
    }
    policy_faults_free(&faults);
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
    struct policy_faults faults;
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
        if (p)
            assert_string_equal(p->name, cases[i].want);
        else
            assert_int_equal(err.reason, REASON_TOO_EARLY);
        if (!p)
            assert_string_equal(err.message, "nothing is decided before 2017-03-14");
        error_clear(&err);
        trace_free(&t);
    }
    policy_set_free(set);
}

/* The hash is that of the file's bytes: `sha256sum` says the same. */
static void hash(void **state)
{
    char want[DIGEST_HEX + 1];
    struct policy_faults faults;

    (void)state;
    put("2026-x.conf", good);
    struct policy_set *set = policy_set_load(folder, &faults);
    assert_non_null(set);
    digest_of(str_of(good), want);
    assert_string_equal(policy_set_at(set, 0)->hash, want);
    assert_string_equal(policy_set_at(set, 0)->name, "2026-x");
    policy_set_free(set);
}

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
     "p.conf:1: missing group \"triggered\"\np.conf:31: unknown key \"trigered\"\n"},
    {"lead_days = 20", "leed_days = 20",
     "p.conf:11: missing key \"lead_days\" in \"tiers\"\n"
     "p.conf:11: unknown key \"leed_days\"\n"},
    {"triggered = { working_days = 10; source = \"m\"; };", "triggered = 10;",
     "p.conf:31: \"triggered\" must be a group { … }\n"},
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
    {"source = \"n\";", "", "p.conf:32: missing key \"source\" in \"alerts\"\n"},
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
     "p.conf:31: \"working_days\" is 0, not within 1 to 60\n"},
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
    /* alerts: alert_due() relies on the order */
    {"working_days = 1;", "working_days = -5;",
     "p.conf:34: \"working_days\" is -5, not after the -5 of the rung before\n"},
    {"\"late\"", "\"soon\"", "p.conf:34: rung \"soon\" is named twice\n"},
    {"\"district\"", "\"county\"",
     "p.conf:34: \"to\" is \"county\", not one of township, district, city\n"},
};

static void one_broken_file(void **state)
{
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        char *text = replaced(good, broken[i].find, broken[i].with);
        put("p.conf", text);
        expect_faults(broken[i].want);
        empty_folder(state);
        free(text);
    }
}

static void good_file(void **state)
{
    (void)state;
    put("p.conf", good);
    put("notes.txt", "not a policy");
    put(".hidden.conf", "not one either");
    expect_faults("");
}

/* 3.1: a version that drops a tier has a table that maps it. */
static const char without_semi_annual[] = "    { tier = \"semi-annual\"; lead_days = 20; "
                                          "source = \"e\"; },\n";

static void dropped_tier(void **state)
{
    struct policy_faults faults;
    char *less = replaced(good, without_semi_annual, "\n");
    char *text = replaced(less, "  restart",
                          "  dropped = ( { tier = \"semi-annual\"; becomes = \"quarterly\"; source "
                          "= \"z\"; } ); restart");

    put("p.conf", text);
    struct policy_set *set = policy_set_load(folder, &faults);
    assert_non_null(set);
    const struct policy *p = policy_set_at(set, 0);
    assert_false(p->tiers[TIER_SEMI_ANNUAL].kept);
    assert_int_equal(p->tiers[TIER_SEMI_ANNUAL].mapped, TIER_QUARTERLY);
    assert_string_equal(p->tiers[TIER_SEMI_ANNUAL].lead_source, "z");
    assert_int_equal(p->tiers[TIER_QUARTERLY].mapped, TIER_QUARTERLY);
    policy_set_free(set);
    empty_folder(state);

    char *loop = replaced(text, "becomes = \"quarterly\"", "becomes = \"semi-annual\"");
    put("p.conf", loop);
    expect_faults("p.conf:14: \"becomes\" is \"semi-annual\", which is not among \"tiers\"\n");
    empty_folder(state);
    char *rule = replaced(text, "\"two\"; tier = \"annual\"", "\"two\"; tier = \"semi-annual\"");
    put("p.conf", rule);
    expect_faults("p.conf:21: \"tier\" is \"semi-annual\", which this version drops\n");
    free(less);
    free(text);
    free(loop);
    free(rule);
}

/* Not just the first: an administrator corrects a file in one go. */
static void all_faults(void **state)
{
    char *a = replaced(good, "\"following\"", "\"sideways\"");
    char *b = replaced(a, "limit_days = 30", "limit_days = -1");
    char *c = replaced(b, "announce", "anounce");

    (void)state;
    put("b.conf", c);
    put("a.conf", "in_force = 3");
    char *got = load_faults();
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

/* ---- files that are none ---- */

static void strange_files(void **state)
{
    static const char nul[] = "in_force = {};\n\0junk";
    char *large = xmalloc(300000);

    memset(large, '\n', 300000);
    put_bytes("nul.conf", nul, sizeof(nul) - 1);
    expect_faults("nul.conf:2: has a NUL byte\n");
    empty_folder(state);
    put_bytes("large.conf", large, 300000);
    expect_faults("large.conf:0: is larger than 256 KiB\n");
    empty_folder(state);
    put("Bad Name.conf", good);
    expect_faults("Bad Name.conf:0: the name of a policy file has only a-z, 0-9 and -, at most 64 "
                  "characters\n");
    free(large);
}

static void no_folder(void **state)
{
    struct policy_faults faults;
    char want[128];

    (void)state;
    assert_null(policy_set_load("/nonexistent/policy", &faults));
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.text[0],
                        "/nonexistent/policy:0: cannot be read: No such file or directory");
    policy_faults_free(&faults);
    snprintf(want, sizeof(want), "%s:0: no policy version: no file *.conf in this folder\n",
             folder);
    expect_faults(want);
}

/* ---- between versions ---- */

static void put_version(const char *name, const char *from, const char *until)
{
    char force[160];

    if (until)
        snprintf(force, sizeof(force), "\"%s\"; until = \"%s\"; until_source = \"u\"", from, until);
    else
        snprintf(force, sizeof(force), "\"%s\"", from);
    char *text = replaced(good, "\"2026-01-01\"", force);
    put(name, text);
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
        for (int k = 0; k < 3; k++)
            if (cases[i].version[k].from)
                put_version(names[k], cases[i].version[k].from, cases[i].version[k].until);
        expect_faults(cases[i].want);
        empty_folder(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped),
        cmocka_unit_test(on_a_day),
        cmocka_unit_test_teardown(hash, empty_folder),
        cmocka_unit_test_teardown(good_file, empty_folder),
        cmocka_unit_test_teardown(one_broken_file, empty_folder),
        cmocka_unit_test_teardown(dropped_tier, empty_folder),
        cmocka_unit_test_teardown(all_faults, empty_folder),
        cmocka_unit_test_teardown(strange_files, empty_folder),
        cmocka_unit_test_teardown(no_folder, empty_folder),
        cmocka_unit_test_teardown(seams, empty_folder),
    };

    return cmocka_run_group_tests_name("policy", tests, setup, teardown);
}
