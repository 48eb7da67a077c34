/* store: a disk that fails at any one call, or from then on, costs an error and nothing else: the
 * store opens again, whole, with all of a transaction or nothing of it (contract.md section 6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/fault_vfs.h"
#include "../lib/sample.h"
#include "store/audit.h"
#include "store/db.h"

#define MOST 5000 /* calls of one kind in one scenario: far fewer in truth */

static const char *const kinds[] = {"read", "write", "sync", "truncate", "open"};

/* How far a scenario came before something said that it failed. */
enum reached { REACHED_NOTHING, REACHED_OPEN, REACHED_COMMIT, REACHED_END };

static bool put_household(struct sample *m, struct str code, struct error *err)
{
    struct household_row h = sample_household(code);
    if (!store_household_insert(m->s, &h, err)) {
        return false;
    }
    struct cycle_row c = sample_cycle(h.id, 1);
    if (!store_cycle_insert(m->s, &c, err)) {
        return false;
    }
    struct task_row t = sample_task(h.id, c.cycle);
    return store_task_insert(m->s, &t, err) && store_cycle_set_task(m->s, c.cycle, t.task, err) &&
           store_audit_add(m->s, 1790000000, ACTOR_CLOCK, "added", code, STR_NONE, STR("{}"), err);
}

/* Opens (which makes or migrates), changes, commits, checkpoints. */
static enum reached scenario(struct sample *m, struct str code, struct error *err)
{
    if (!sample_open(m, err)) {
        return REACHED_NOTHING;
    }
    if (!store_begin(m->s, err)) {
        return REACHED_OPEN;
    }
    if (!sample_divisions(m, err) || !put_household(m, code, err)) {
        store_rollback(m->s);
        return REACHED_OPEN;
    }
    if (!store_commit(m->s, err)) {
        return REACHED_OPEN;
    }
    return store_checkpoint(m->s, true, err) ? REACHED_END : REACHED_COMMIT;
}

static void one_text(struct sample *m, const char *sql, const char *expected)
{
    sqlite3_stmt *q = NULL;
    assert_int_equal(sqlite3_prepare_v2(m->s->db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(q, 0), expected);
    sqlite3_finalize(q);
}

static int chain(struct sample *m)
{
    struct audit_row *rows;
    struct error err = ERROR_INIT;
    char previous[DIGEST_HEX + 1], hash[DIGEST_HEX + 1];
    int count;
    memset(previous, '0', DIGEST_HEX);
    previous[DIGEST_HEX] = '\0';
    assert_true(store_audit_list(m->s, &m->a, STR_NONE, 0, 100, &rows, &count, &err));
    for (int i = 0; i < count; i++) {
        audit_hash(previous, &rows[i], hash);
        assert_string_equal(hash, rows[i].hash);
        assert_int_equal(rows[i].seq, i + 1);
        memcpy(previous, hash, sizeof previous);
    }
    return count;
}

/* All of the household or nothing of it. */
static bool is_there(struct sample *m, struct str code)
{
    struct household_row h;
    struct error err = ERROR_INIT;
    struct task_row task;
    struct cycle_row cycle = {0};
    struct audit_row *rows;
    int count;
    assert_true(store_household_find(m->s, &m->a, code, &h, &err));
    assert_true(store_audit_list(m->s, &m->a, code, 0, 10, &rows, &count, &err));
    assert_int_equal(count, h.id != 0);
    if (!h.id) {
        return false;
    }
    assert_true(store_task_open_of(m->s, &m->a, h.id, TASK_REGULAR_REVIEW, &task, &err));
    assert_true(store_cycle_open_of(m->s, h.id, &cycle, &err));
    assert_int_not_equal(task.task, 0);
    assert_int_equal(cycle.task, task.task);
    return true;
}

/* Without faults: whole, in order, and of the household what `reached` allows. */
static void look(struct sample *m, const char *code, enum reached reached, int before)
{
    struct error err = ERROR_INIT;
    struct store_counts counts;
    if (!sample_open(m, &err)) {
        fail_msg("does not open again: %s", err.message);
    }
    one_text(m, "PRAGMA integrity_check", "ok");
    one_text(m, "SELECT count(*) || '' FROM pragma_foreign_key_check", "0");
    bool there = is_there(m, str_of(code));
    if (reached >= REACHED_COMMIT) {
        assert_true(there); /* what was acknowledged is on disk */
    }
    if (reached == REACHED_NOTHING) {
        assert_false(there);
    }
    assert_int_equal(chain(m), before + there);
    assert_true(store_counts(m->s, date_of(2026, 11, 24), 0, &counts, &err));
    assert_int_equal(counts.households, before + there);
    assert_int_equal(counts.open_tasks, before + there);
    /* And it can be worked with. */
    assert_true(store_begin(m->s, &err));
    assert_true(sample_divisions(m, &err));
    assert_true(put_household(m, STR("afterwards"), &err));
    assert_true(store_commit(m->s, &err));
}

static void copy(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    assert_true(in && out);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, in)) > 0;) {
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    }
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* A store with one household, closed, that scenarios start from. */
static struct sample made_before;

static int make_before(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    sample_folder(&made_before);
    bool ok = scenario(&made_before, STR("first"), &err) == REACHED_END;
    store_close(made_before.s);
    made_before.s = NULL;
    return ok ? 0 : -1;
}

static int remove_before(void **state)
{
    (void)state;
    sample_remove(&made_before);
    return 0;
}

/* The nth call of a kind fails; false where the scenario does not make so many. */
static bool strike(enum fault_kind kind, int nth, bool stuck, bool existing)
{
    struct sample m;
    struct error err = ERROR_INIT;
    sample_folder(&m);
    if (existing) {
        copy(made_before.path, m.path);
    }
    fault_vfs_arm(kind, nth, stuck);
    enum reached reached = scenario(&m, STR("struck"), &err);
    bool fired = fault_vfs_fired();
    /* Nobody is told of what SQLite itself can do without. */
    if (fired && reached != REACHED_END) {
        assert_int_equal(err.reason, REASON_STORAGE);
        assert_non_null(err.message);
    }
    if (!fired && reached != REACHED_END) {
        fail_msg("%s %d: failed without a fault: %s", kinds[kind], nth, err.message);
    }
    store_close(m.s); /* with the disk as it is */
    m.s = NULL;
    fired = fault_vfs_fired();
    fault_vfs_disarm();
    error_clear(&err);
    look(&m, "struck", reached, existing);
    sample_remove(&m);
    return fired;
}

static void every_call(bool existing)
{
    for (int stuck = 0; stuck < 2; stuck++) {
        for (int kind = 0; kind < FAULT_KINDS; kind++) {
            int nth = 1, struck = 0;
            while (strike((enum fault_kind)kind, nth, stuck, existing)) {
                struck++;
                nth += stuck && nth > 8 ? 5 : 1; /* much the same from here on */
                assert_true(nth < MOST);
            }
            print_message("%s %s, %s: %d calls failed\n", existing ? "existing" : "new",
                          kinds[kind], stuck ? "for good" : "once", struck);
        }
    }
}

static void test_new_store(void **state)
{
    (void)state;
    every_call(false);
}

static void test_existing_store(void **state)
{
    (void)state;
    every_call(true);
}

/* One connection goes on after a fault that passes, and its audit chain stays right. */
static void test_same_connection(void **state)
{
    (void)state;
    for (int kind = FAULT_READ; kind <= FAULT_SYNC; kind++) {
        for (int nth = 1, fired = 1; fired; nth++) {
            struct sample m;
            struct error err = ERROR_INIT;
            sample_folder(&m);
            copy(made_before.path, m.path);
            assert_true(sample_open(&m, &err));
            fault_vfs_arm((enum fault_kind)kind, nth, false);
            bool ok = store_begin(m.s, &err) && put_household(&m, STR("second"), &err);
            ok = ok ? store_commit(m.s, &err) : (store_rollback(m.s), false);
            fired = fault_vfs_fired();
            fault_vfs_disarm();
            assert_true(ok || fired);
            error_clear(&err);
            assert_false(store_in_transaction(m.s));
            assert_true(store_begin(m.s, &err));
            assert_true(put_household(&m, STR("third"), &err));
            assert_true(store_commit(m.s, &err));
            assert_int_equal(is_there(&m, STR("second")), ok);
            assert_int_equal(chain(&m), 2 + ok);
            one_text(&m, "PRAGMA integrity_check", "ok");
            sample_remove(&m);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_store),
        cmocka_unit_test(test_existing_store),
        cmocka_unit_test(test_same_connection),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, make_before, remove_before);
}
