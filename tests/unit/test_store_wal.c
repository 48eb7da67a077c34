/* The log beside the store stays small: the writer knows its size, and copying it empties it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/str.h"
#include "store/store.h"

#define VALUE (64 * 1024)

static char folder[] = "/tmp/reviewd-store-wal-XXXXXX";

static struct store *store_new(const char *path)
{
    struct error err = ERROR_INIT;
    struct store *s = store_open(path, STORE_WRITE, date_of(2026, 11, 24), &err);
    assert_non_null(s);
    return s;
}

static void write_some(struct store *s)
{
    static char value[VALUE + 1];
    struct error err = ERROR_INIT;
    memset(value, 'x', VALUE);
    assert_true(store_begin(s, &err));
    assert_true(store_meta_set(s, "test", value, &err));
    assert_true(store_commit(s, &err));
}

/* architecture.md 2: autocheckpoint is off, the WAL is kept below 64 MiB by the writer. */
static void test_size_is_known(void **state)
{
    struct error err = ERROR_INIT;
    struct strbuf path = STRBUF_INIT;
    struct stat st;
    (void)state;
    strbuf_addf(&path, "%s/reviewd.db", folder);
    struct store *s = store_new(strbuf_text(&path));
    write_some(s);
    assert_true(store_wal_bytes(s) >= VALUE);
    assert_true(store_checkpoint(s, false, &err));
    assert_int_equal(store_wal_bytes(s), 0);

    /* The log begins anew: a hundred writes, each copied, do not make it a hundred times as
     * long. */
    for (int i = 0; i < 100; i++) {
        write_some(s);
        assert_true(store_checkpoint(s, false, &err));
    }
    strbuf_addz(&path, "-wal");
    assert_int_equal(stat(strbuf_text(&path), &st), 0);
    assert_true(st.st_size < 16 * 1024 * 1024);
    store_close(s);
    strbuf_free(&path);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"reviewd.db", NULL};
    struct strbuf path = STRBUF_INIT;
    (void)state;
    for (int i = 0; names[i]; i++) {
        strbuf_reset(&path);
        strbuf_addf(&path, "%s/%s", folder, names[i]);
        remove(strbuf_text(&path));
    }
    strbuf_free(&path);
    return remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_size_is_known)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
