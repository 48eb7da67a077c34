/* work/quarantine: what of a record that fails is undone, who is set aside, and what stops a run
 * (contract.md section 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/sample.h"
#include "work/quarantine.h"

#define TODAY date_of(2026, 11, 24)

static struct sample m;
static struct error err;
static struct household_row h;
static struct work w;
static struct phase p;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed without a word");
    }
}

/* Changes the store, the counts and the log, then answers as the record says. */
static bool act(struct phase *phase, const void *record, struct error *why)
{
    enum reason reason = *(const enum reason *)record;
    phase->run.opened++;
    strbuf_addz(&phase->log, "opened\n");
    must(store_meta_set(phase->w->store, "acted", "yes", &err));
    return reason == REASON_NONE || error_set(why, reason, "because");
}

static bool did(enum reason reason)
{
    return quarantine_record(&p, h.id, act, &reason, &err);
}

static bool acted(void)
{
    char *value;
    must(store_meta_get(m.s, &m.a, "acted", &value, &err));
    return value != NULL;
}

static int setup(void **state)
{
    (void)state;
    sample_folder(&m);
    must(sample_open(&m, &err));
    must(sample_divisions(&m, &err));
    h = sample_household(STR("h1"));
    must(store_household_insert(m.s, &h, &err));
    w = (struct work){.store = m.s};
    p = (struct phase){.w = &w, .run = {.day = TODAY, .phase = RUN_AGE}, .careful = true};
    must(store_begin(m.s, &err));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_rollback(m.s);
    arena_free(&p.arena);
    strbuf_free(&p.log);
    error_clear(&err);
    sample_remove(&m);
    return 0;
}

static struct quarantine_row row_of(enum run_phase phase)
{
    struct quarantine_row row;
    must(store_quarantine_next(m.s, &m.a, phase, 0, date_plus(TODAY, 9), &row, &err));
    return row;
}

static void test_good_record_stands(void **state)
{
    (void)state;
    must(did(REASON_NONE));
    assert_true(acted());
    assert_int_equal(p.run.opened, 1);
    assert_string_equal(strbuf_text(&p.log), "opened\n");
    assert_int_equal(row_of(RUN_AGE).household_id, 0);
}

static void test_bad_record_is_undone_and_set_aside(void **state)
{
    (void)state;
    must(did(REASON_CONFLICT));
    assert_false(acted());
    assert_int_equal(p.run.opened, 0);
    assert_string_equal(strbuf_text(&p.log),
                        "event=set-aside household=h1 phase=age reason=because\n");
    assert_int_equal(row_of(RUN_AGE).household_id, h.id);
    assert_int_equal(row_of(RUN_OPEN).household_id, 0);
}

/* Before the slice is done again with care, a failure is the slice's. */
static void test_careless_failure_fails_the_slice(void **state)
{
    (void)state;
    p.careful = false;
    assert_false(did(REASON_CONFLICT));
    assert_int_equal(err.reason, REASON_CONFLICT);
    assert_int_equal(row_of(RUN_AGE).household_id, 0);
}

static void test_storage_fault_stops_the_run(void **state)
{
    (void)state;
    assert_false(did(REASON_STORAGE));
    assert_int_equal(err.reason, REASON_STORAGE);
    assert_int_equal(row_of(RUN_AGE).household_id, 0);
}

static enum reason again_gives;

static bool again(struct phase *phase, const void *record, struct error *why)
{
    const struct quarantine_row *row = record;
    assert_int_equal(row->household_id, h.id);
    assert_int_equal(row->since.day, TODAY.day);
    return act(phase, &again_gives, why);
}

/* The next day's end of the phase does it again: aside while it fails, and not a day longer. */
static void test_end_does_again(void **state)
{
    (void)state;
    must(did(REASON_CONFLICT));
    must(quarantine_end(&p, again, &err)); /* of the same day: nothing is older */
    assert_int_equal(row_of(RUN_AGE).on.day, TODAY.day);
    p.run.day = date_plus(TODAY, 1);
    again_gives = REASON_NOT_FOUND;
    must(quarantine_end(&p, again, &err));
    assert_int_equal(row_of(RUN_AGE).since.day, TODAY.day);
    assert_int_equal(row_of(RUN_AGE).on.day, TODAY.day + 1);
    p.run.day = date_plus(TODAY, 2);
    again_gives = REASON_NONE;
    must(quarantine_end(&p, again, &err));
    assert_int_equal(row_of(RUN_AGE).household_id, 0);
    assert_true(acted());
}

static void test_end_without_again_forgets_what_no_run_put(void **state)
{
    (void)state;
    must(did(REASON_CONFLICT));
    p.run.day = date_plus(TODAY, 1);
    must(quarantine_end(&p, NULL, &err));
    assert_int_equal(row_of(RUN_AGE).household_id, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good_record_stands),
        TEST(test_bad_record_is_undone_and_set_aside),
        TEST(test_careless_failure_fails_the_slice),
        TEST(test_storage_fault_stops_the_run),
        TEST(test_end_does_again),
        TEST(test_end_without_again_forgets_what_no_run_put),
    };
    return cmocka_run_group_tests_name("aside", tests, NULL, NULL);
}
