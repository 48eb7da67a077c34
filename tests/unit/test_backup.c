/* store/backup: a copy is one moment, whole or refused, whatever the disk does; and a store that
 * came back from one gives no number twice (contract.md section 6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/fault_vfs.h"
#include "../lib/sample.h"
#include "base/str.h"
#include "store/audit.h"
#include "store/backup.h"
#include "store/db.h"
#include "store/message.h"

#define AT 1795476600 /* 2026-11-24T07:30:00+08:00 */
#define MOST 5000     /* calls of one kind while a copy is made: far fewer in truth */

static struct sample m;
static struct error err;
static char to[128];

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed without a word");
    }
}

static void put(struct sample *s, const char *code)
{
    struct household_row h = sample_household(str_of(code));
    must(store_begin(s->s, &err));
    must(store_household_insert(s->s, &h, &err));
    struct cycle_row c = sample_cycle(h.id, 1);
    must(store_cycle_insert(s->s, &c, &err));
    struct task_row t = sample_task(h.id, c.cycle);
    must(store_task_insert(s->s, &t, &err));
    must(store_audit_add(s->s, AT, ACTOR_CLOCK, "added", str_of(code), STR_NONE, STR("{}"), &err));
    must(store_commit(s->s, &err));
}

static int begin(void **state)
{
    (void)state;
    sample_folder(&m);
    snprintf(to, sizeof to, "%s/copy.db", m.folder);
    if (!sample_open(&m, &err) || !sample_divisions(&m, &err)) {
        return -1;
    }
    put(&m, "h1");
    return 0;
}

static int end(void **state)
{
    (void)state;
    error_clear(&err);
    sample_remove(&m);
    return 0;
}

static struct store_copy *copy_begin(void)
{
    struct store_copy *c = store_copy_begin(m.path, to, AT, &err);
    must(c != NULL);
    return c;
}

static void copy_all(struct store_copy *c)
{
    for (bool last = false; !last;) {
        must(store_copy_step(c, &last, &err));
    }
}

/* One number of a file, by a connection of its own. */
static int64_t number(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return value;
}

static bool is_whole(const char *path)
{
    return number(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check(1)") == 1;
}

/* ---- the moment ---- */

/* What is committed while it is copied is in the store and not in the copy; the copy ends. */
static void test_moment(void **state)
{
    const size_t large = (size_t)9 << 20; /* more than two steps */
    char *filler = xmalloc(large + 1), code[16];
    struct stat st;
    bool last = false;
    int steps = 0;
    (void)state;
    memset(filler, 'x', large);
    filler[large] = '\0';
    must(store_meta_set(m.s, "filler", filler, &err));
    free(filler);
    struct store_copy *c = copy_begin();
    for (; !last; steps++) {
        snprintf(code, sizeof code, "later%d", steps);
        put(&m, code);
        must(store_checkpoint(m.s, false, &err));
        must(store_copy_step(c, &last, &err));
    }
    assert_in_range(steps, 3, 10);
    must(store_copy_check(c, NULL, NULL, &err));
    const struct store_copy_facts *f = store_copy_facts(c);
    assert_int_equal(f->households, 1);
    assert_int_equal(f->seq, 1);
    assert_string_equal(f->at, "2026-11-24T07:30:00+08:00");
    assert_int_equal(store_copy_done(c), f->bytes);
    store_copy_end(c);
    assert_int_equal(number(to, "SELECT count(*) FROM household"), 1);
    assert_int_equal(number(m.path, "SELECT count(*) FROM household"), steps + 1);
    assert_true(is_whole(to));
    assert_int_equal(stat(to, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* One plain file: nothing beside it, and a header that says so. */
    snprintf(code, sizeof code, "-wal");
    char beside[160];
    snprintf(beside, sizeof beside, "%s%s", to, code);
    assert_int_not_equal(access(beside, F_OK), 0);
    assert_int_equal(number(to, "SELECT count(*) FROM meta WHERE name = 'backup'"), 1);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    struct store_copy *c = copy_begin();
    assert_null(store_copy_begin(m.path, to, AT, &err));
    assert_int_equal(err.reason, REASON_BUSY);
    store_copy_end(c);
}

static bool never(void *self)
{
    ++*(int *)self;
    return false;
}

/* Enough rows for the check to be asked on its way. */
static void test_stops(void **state)
{
    int asked = 0;
    (void)state;
    must(
        db_exec(m.s,
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
                "INSERT INTO meta SELECT 'n' || i, i FROM n",
                &err));
    struct store_copy *c = copy_begin();
    copy_all(c);
    assert_false(store_copy_check(c, never, &asked, &err));
    assert_int_equal(err.reason, REASON_BUSY);
    assert_true(asked > 0);
    store_copy_end(c);
}

/* A page of an index that holds nothing: whoever works with the store does not meet it. */
static void test_damaged(void **state)
{
    static const char junk[64] = "this is no page of an index";
    (void)state;
    must(store_checkpoint(m.s, true, &err));
    int64_t page = number(m.path, "SELECT rootpage FROM sqlite_schema WHERE name = 'report_task'");
    store_close(m.s);
    m.s = NULL;
    FILE *f = fopen(m.path, "r+e");
    assert_non_null(f);
    assert_int_equal(fseek(f, (page - 1) * 4096, SEEK_SET), 0);
    assert_int_equal(fwrite(junk, 1, sizeof junk, f), sizeof junk);
    assert_int_equal(fclose(f), 0);
    struct store_copy *c = copy_begin();
    copy_all(c);
    assert_false(store_copy_check(c, NULL, NULL, &err));
    assert_int_equal(err.reason, REASON_STORAGE);
    store_copy_end(c);
}

/* ---- a disk that fails ---- */

/* The nth call of a kind fails, or all from there on; false where there are not so many. */
static bool strike(enum fault_kind kind, int nth, bool stuck)
{
    bool last = false, ok;
    fault_vfs_arm(kind, nth, stuck);
    struct store_copy *c = store_copy_begin(m.path, to, AT, &err);
    ok = c != NULL;
    while (ok && !last) {
        ok = store_copy_step(c, &last, &err);
    }
    ok = ok && store_copy_check(c, NULL, NULL, &err);
    store_copy_end(c);
    bool fired = fault_vfs_fired();
    fault_vfs_disarm();
    if (ok) {
        assert_true(is_whole(to));
        assert_int_equal(number(to, "SELECT count(*) FROM household"), 1);
        assert_int_equal(number(to, "SELECT count(*) FROM meta WHERE name = 'backup'"), 1);
    } else {
        assert_true(fired);
        assert_int_equal(err.reason, REASON_STORAGE);
        assert_non_null(err.message);
    }
    error_clear(&err);
    unlink(to);
    return fired;
}

static void test_disk(void **state)
{
    (void)state;
    for (int stuck = 0; stuck < 2; stuck++) {
        for (int kind = 0; kind < FAULT_KINDS; kind++) {
            int nth = 1;
            while (nth < MOST && strike((enum fault_kind)kind, nth, stuck)) {
                nth++;
            }
            assert_true(nth < MOST);
        }
    }
    put(&m, "afterwards"); /* the store itself noticed nothing */
    assert_true(is_whole(m.path));
}

/* ---- the way back ---- */

static void test_restore(void **state)
{
    struct restored_row row = {0}, found;
    struct message_row message = {.division = TOWNSHIP,
                                  .kind = STR("alert"),
                                  .subject = STR("x"),
                                  .created_on = date_of(2026, 11, 24),
                                  .body = STR("{}")};
    struct sample back = {.a = ARENA_INIT};
    bool added;
    char id[MESSAGE_ID];
    (void)state;
    must(store_message_put(m.s, &message, &added, &err));
    must(store_message_ready(m.s, message.seq, STR("{}"), &err));
    must(db_exec(m.s, "UPDATE message SET lease_until = 1", &err));
    struct store_copy *c = copy_begin();
    copy_all(c);
    must(store_copy_check(c, NULL, NULL, &err));
    store_copy_end(c);

    snprintf(back.path, sizeof back.path, "%s/copy.db", m.folder);
    must(sample_open(&back, &err));
    must(store_backup_mark(back.s, &back.a, &row.backed_up, &err));
    assert_string_equal(row.backed_up, "2026-11-24T07:30:00+08:00");
    must(store_begin(back.s, &err));
    must(store_restore(back.s, AT + 60, 1000, &row, &err));
    must(store_commit(back.s, &err));
    assert_int_equal(store_epoch(back.s), 2);
    assert_int_equal(row.task_from, 2);
    assert_int_equal(row.task_until, 1002);
    char *mark;
    must(store_backup_mark(back.s, &back.a, &mark, &err));
    assert_null(mark);
    must(store_restored_last(back.s, &back.a, &found, &err));
    assert_int_equal(found.epoch, 2);
    assert_string_equal(found.at, "2026-11-24T07:31:00+08:00");
    assert_string_equal(found.backed_up, row.backed_up);
    assert_int_equal(found.task_until, 1002);
    /* The next of each. */
    put(&back, "next");
    assert_int_equal(number(to, "SELECT max(task) FROM task"), 1002);
    message.subject = STR("y");
    must(store_message_put(back.s, &message, &added, &err));
    assert_string_equal(message_id(&message, id), "2-1002");
    assert_int_equal(number(to, "SELECT count(*) FROM message WHERE lease_until IS NOT NULL"), 0);
    store_close(back.s);
    arena_free(&back.a);
}

/* Where no task was ever opened there is no sequence yet. */
static void test_restore_empty(void **state)
{
    struct sample empty;
    struct restored_row row = {.backed_up = (char *)"2026-11-24T07:30:00+08:00"};
    (void)state;
    sample_folder(&empty);
    must(sample_open(&empty, &err));
    must(store_begin(empty.s, &err));
    must(store_restore(empty.s, AT, 1000, &row, &err));
    must(store_commit(empty.s, &err));
    assert_int_equal(row.task_from, 1);
    must(sample_divisions(&empty, &err));
    put(&empty, "first");
    assert_int_equal(number(empty.path, "SELECT task FROM task"), 1001);
    sample_remove(&empty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_moment), TEST(test_one_at_a_time), TEST(test_stops),        TEST(test_damaged),
        TEST(test_disk),   TEST(test_restore),       TEST(test_restore_empty)};
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
