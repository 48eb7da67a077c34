/* delivery/return_take: a file that changes while it is taken (contract.md section 4, Returns). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/sample.h"
#include "delivery/folder.h"
#include "delivery/return_take.h"

#define FOLDER "500101000000/500101001000/return"

static struct sample m;
static struct error err;
static struct settings settings;
static struct clock now;
static struct work work;
static struct folders *folders;
static int root;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed");
    }
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdirat(root, path, 0700), 0);
}

static int setup(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct calendar *calendar = calendar_new();
    struct policy_set *policies = policy_set_load("conf/policy", &faults);
    assert_non_null(policies);
    sample_folder(&m);
    must(sample_open(&m, &err) && sample_divisions(&m, &err));
    clock_init_manual(&now, 20781 * INT64_C(86400));
    work = (struct work){.store = m.s,
                         .rules = rulebook_new(policies, calendar),
                         .clock = &now,
                         .settings = &settings,
                         .staging = m.folder};
    folders = folder_open(m.folder, &err);
    must(folders != NULL);
    root = folder_root(folders);
    make_folder("500101000000");
    make_folder("500101000000/500101001000");
    make_folder(FOLDER);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    folder_close(folders);
    rulebook_drop(work.rules);
    sample_remove(&m);
    return 0;
}

static void put(const char *text)
{
    int fd = openat(root, FOLDER "/x.csv", O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static bool there(const char *path)
{
    return faccessat(root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static struct return_file *file;

static struct return_take waiting_file(void)
{
    return (struct return_take){.name = strdup("x.csv"), .division = TOWNSHIP, .told = true};
}

static void drop(struct return_take *t)
{
    return_file_free(file);
    file = NULL;
    return_take_end(t);
    free(t->name);
}

/* Up to the step that leaves the folder, which is the last. */
static void read_whole(struct return_take *t)
{
    if (return_take(t, folders, &work, &file, &err) != TAKE_MORE) {
        fail_msg("%s", err.message ? err.message : "not taken");
    }
    while (return_file_slice(file, &work, &err) == JOB_MORE) {
    }
    assert_int_equal(err.reason, REASON_NONE);
}

static void a_file_that_nobody_touches_is_filed(void **state)
{
    (void)state;
    put("任务号,结果\n1,\n");
    struct return_take t = waiting_file();
    read_whole(&t);
    assert_false(there(FOLDER "/x.csv"));
    assert_int_equal(return_take_file(&t, folders, file, &err), TAKE_GONE);
    assert_true(there(FOLDER "/done/x.csv"));
    drop(&t);
}

static void a_file_opened_to_write_waits_until_it_is_closed(void **state)
{
    (void)state;
    put("任务号,结果\n1,\n");
    struct return_take t = waiting_file();
    int writer = openat(root, FOLDER "/x.csv", O_WRONLY | O_APPEND);
    assert_true(writer >= 0);
    assert_int_equal(return_take(&t, folders, &work, &file, &err), TAKE_WAITS);
    assert_true(there(FOLDER "/x.csv"));
    return_take_end(&t);
    close(writer);
    read_whole(&t);
    /* Somebody finds it under the name that it has now. */
    writer = openat(root, FOLDER "/.taken-x.csv", O_WRONLY | O_APPEND);
    assert_true(writer >= 0);
    assert_int_equal(return_take_file(&t, folders, file, &err), TAKE_WAITS);
    return_take_end(&t);
    return_file_free(file);
    assert_int_equal(return_take(&t, folders, &work, &file, &err), TAKE_WAITS);
    return_take_end(&t);
    assert_int_equal(write(writer, "2,\n", 3), 3);
    close(writer);
    read_whole(&t);
    assert_int_equal(return_file_result(file)->rows, 2);
    assert_int_equal(return_take_file(&t, folders, file, &err), TAKE_GONE);
    assert_true(there(FOLDER "/done/x.csv"));
    drop(&t);
}

static void a_file_that_is_replaced_meanwhile_takes_nothing_from_it(void **state)
{
    (void)state;
    put("任务号,结果\n1,\n");
    struct return_take t = waiting_file();
    read_whole(&t);
    put("任务号,结果\n1,\n2,\n3,\n");
    assert_int_equal(return_take_file(&t, folders, file, &err), TAKE_GONE);
    assert_int_equal(return_file_result(file)->rows, 1);
    assert_true(there(FOLDER "/done/x.csv"));
    assert_true(there(FOLDER "/x.csv"));
    drop(&t);
    t = waiting_file();
    read_whole(&t);
    assert_int_equal(return_file_result(file)->rows, 3);
    assert_int_equal(return_take_file(&t, folders, file, &err), TAKE_GONE);
    assert_true(there(FOLDER "/done/x-2.csv"));
    drop(&t);
}

/* The last mark of a writer whom no lease tells of: the bytes are others than those read. */
static void a_file_written_after_it_was_read_is_read_again(void **state)
{
    (void)state;
    put("任务号,结果\n1,\n");
    struct return_take t = waiting_file();
    read_whole(&t);
    int writer = openat(root, FOLDER "/.taken-x.csv", O_WRONLY | O_APPEND);
    assert_int_equal(write(writer, "2,\n", 3), 3);
    close(writer);
    assert_int_equal(return_take_file(&t, folders, file, &err), TAKE_WAITS);
    return_take_end(&t);
    return_file_free(file);
    read_whole(&t);
    assert_int_equal(return_file_result(file)->rows, 2);
    drop(&t);
}

/* What an office program writes before it renames: a minute after its last change nobody renames it
 * any more. */
static void an_unfinished_file_is_left_for_a_minute_after_its_last_change(void **state)
{
    const int64_t second = INT64_C(1000000000);
    (void)state;
    put("任务号,结果\n1,\n");
    assert_int_equal(renameat(root, FOLDER "/x.csv", root, FOLDER "/A1B2C3D4"), 0);
    struct return_take t = {
        .name = strdup("A1B2C3D4"), .division = TOWNSHIP, .told = true, .unfinished = true};
    assert_int_equal(return_take(&t, folders, &work, &file, &err), TAKE_WAITS);
    return_take_end(&t);
    t.seen.since -= 59 * second;
    assert_int_equal(return_take(&t, folders, &work, &file, &err), TAKE_WAITS);
    return_take_end(&t);
    /* A change, and the minute begins anew. */
    assert_int_equal(renameat(root, FOLDER "/A1B2C3D4", root, FOLDER "/x.csv"), 0);
    put("任务号,结果\n1,\n2,\n");
    assert_int_equal(renameat(root, FOLDER "/x.csv", root, FOLDER "/A1B2C3D4"), 0);
    t.seen.since -= 2 * second;
    assert_int_equal(return_take(&t, folders, &work, &file, &err), TAKE_WAITS);
    return_take_end(&t);
    assert_true(there(FOLDER "/A1B2C3D4"));
    t.seen.since -= 61 * second;
    assert_int_equal(return_take(&t, folders, &work, &file, &err), TAKE_MORE);
    while (return_file_slice(file, &work, &err) == JOB_MORE) {
    }
    assert_int_equal(return_take_file(&t, folders, file, &err), TAKE_GONE);
    assert_true(there(FOLDER "/done/A1B2C3D4"));
    assert_true(there(FOLDER "/A1B2C3D4.rejected.csv"));
    error_clear(&err);
    drop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_nobody_touches_is_filed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_opened_to_write_waits_until_it_is_closed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_replaced_meanwhile_takes_nothing_from_it,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_written_after_it_was_read_is_read_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            an_unfinished_file_is_left_for_a_minute_after_its_last_change, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
