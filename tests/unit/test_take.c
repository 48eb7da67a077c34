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
#include "delivery/return_take.h"

#define FOLDER "500101000000/500101001000/return"

static struct sample m;
static struct error err;
static struct settings settings;
static struct clock now;
static struct work work;
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
    root = open(m.folder, O_RDONLY | O_DIRECTORY);
    make_folder("500101000000");
    make_folder("500101000000/500101001000");
    make_folder(FOLDER);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(root);
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

/* Until the slice that leaves the folder, which is the last. */
static struct return_take taken_up_to_filing(void)
{
    struct return_take t = {.name = strdup("x.csv"), .division = TOWNSHIP, .told = true};
    snprintf(t.folder, sizeof t.folder, "%s", FOLDER);
    while (!t.file || !*return_file_result(t.file)->sha256 ||
           return_file_result(t.file)->rows == 0) {
        if (return_take_slice(&t, root, &work, &err) != TAKE_MORE) {
            fail_msg("%s", err.message ? err.message : "not taken");
        }
    }
    return t;
}

static void drop(struct return_take *t)
{
    return_take_end(t);
    free(t->name);
}

static void a_file_that_nobody_touches_is_filed(void **state)
{
    (void)state;
    put("任务号,结果\n1,\n");
    struct return_take t = taken_up_to_filing();
    assert_int_equal(return_take_slice(&t, root, &work, &err), TAKE_GONE);
    assert_true(there(FOLDER "/done/x.csv"));
    drop(&t);
}

static void a_file_opened_to_write_meanwhile_waits_until_it_is_closed(void **state)
{
    (void)state;
    put("任务号,结果\n1,\n");
    struct return_take t = taken_up_to_filing();
    int writer = openat(root, FOLDER "/x.csv", O_WRONLY | O_APPEND);
    assert_true(writer >= 0);
    assert_int_equal(return_take_slice(&t, root, &work, &err), TAKE_WAITS);
    return_take_end(&t);
    assert_int_equal(return_take_slice(&t, root, &work, &err), TAKE_WAITS);
    return_take_end(&t);
    assert_int_equal(write(writer, "2,\n", 3), 3);
    close(writer);
    enum take_step step;
    int64_t rows = 0;
    while ((step = return_take_slice(&t, root, &work, &err)) == TAKE_MORE) {
        rows = return_file_result(t.file)->rows;
    }
    assert_int_equal(step, TAKE_GONE);
    assert_int_equal(rows, 2);
    assert_true(there(FOLDER "/done/x.csv"));
    drop(&t);
}

static void a_file_written_meanwhile_is_read_again(void **state)
{
    (void)state;
    put("任务号,结果\n1,\n");
    struct return_take t = taken_up_to_filing();
    put("任务号,结果\n1,\n2,\n3,\n");
    assert_int_equal(return_take_slice(&t, root, &work, &err), TAKE_WAITS);
    assert_true(there(FOLDER "/x.csv"));
    drop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_nobody_touches_is_filed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_opened_to_write_meanwhile_waits_until_it_is_closed,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_written_meanwhile_is_read_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
