#include "policy_files.h"

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

char policy_files_folder[] = "/tmp/reviewd-policy-XXXXXX";
static int folder_files;
static char file_names[8][64];

/* The number of each line is what the cases expect. */
const char policy_files_good[] =
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
    "  pension = { until = \"2020-12-31\"; source = \"o\"; };\n"             /* 30 */
    "};\n"                                                                   /* 31 */
    "triggered = { working_days = 10; source = \"m\"; };\n"                  /* 32 */
    "alerts = { source = \"n\"; rungs = (\n"                                 /* 33 */
    "  { name = \"soon\"; working_days = -5; to = \"township\"; },\n"        /* 34 */
    "  { name = \"late\"; working_days = 1; to = \"district\"; } ); };\n"    /* 35 */
    "register = {\n"                                                         /* 36 */
    "  opens = \"09-01\"; visits_until = \"10-31\";\n"                       /* 37 */
    "  township_by = \"11-15\"; county_by = \"11-30\";\n"                    /* 38 */
    "  closes = \"12-31\";\n"                                                /* 39 */
    "  notice_days = 7; source = \"p\"; };\n"                                /* 40 */
    "ages = { years = [ 6, 70 ]; source = \"q\"; };\n";                      /* 41 */

int policy_files_setup(void **state)
{
    (void)state;
    return mkdtemp(policy_files_folder) ? 0 : 1;
}

void policy_files_put_bytes(const char *name, const char *bytes, size_t len)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", policy_files_folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
    snprintf(file_names[folder_files++], sizeof(file_names[0]), "%s", name);
}

void policy_files_put(const char *name, const char *text)
{
    policy_files_put_bytes(name, text, strlen(text));
}

int policy_files_empty(void **state)
{
    char path[128];

    (void)state;
    while (folder_files > 0) {
        snprintf(path, sizeof(path), "%s/%s", policy_files_folder, file_names[--folder_files]);
        remove(path);
    }
    return 0;
}

int policy_files_teardown(void **state)
{
    policy_files_empty(state);
    return rmdir(policy_files_folder);
}

char *policy_files_replaced(const char *text, const char *find, const char *with)
{
    const char *at = strstr(text, find);
    char *out;

    if (!at) {
        fail_msg("the good text has no %s", find);
    }
    if (asprintf(&out, "%.*s%s%s", (int)(at - text), text, with, at + strlen(find)) < 0) {
        abort();
    }
    return out;
}

char *policy_files_faults(void)
{
    struct faults faults = {0};
    struct strbuf all = STRBUF_INIT;
    struct policy_set *set = policy_set_load(policy_files_folder, &faults);
    size_t prefix = strlen(policy_files_folder);

    assert_int_equal(set != NULL, faults.count == 0);
    for (int i = 0; i < faults.count; i++) {
        const char *text = faults.text[i];
        bool inside = strncmp(text, policy_files_folder, prefix) == 0 && text[prefix] == '/';
        strbuf_addf(&all, "%s\n", inside ? text + prefix + 1 : text);
    }
    faults_free(&faults);
    policy_set_free(set);
    return all.data ? all.data : xstrdup("");
}

void policy_files_expect(const char *want)
{
    char *got = policy_files_faults();

    if (strcmp(got, want) != 0) {
        fail_msg("expected:\n%sgot:\n%s", want, got);
    }
    free(got);
}
