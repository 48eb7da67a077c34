/* control/monitor: what is with the writer is the writer's (work/writer.h). The settings change
 * while a file of numbers waits to be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <semaphore.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/monitor.h"

#define TODAY date_of(2026, 11, 24)

struct house {
    char folder[64], store[96], file[96];
    struct settings with, without;
    struct clock clock;
    struct work writing, reading;
    struct event_base *base;
    struct writer *writer;
    struct monitor *monitor;
    sem_t begun, go_on, woken;
};

static struct house h;
static struct error err;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed");
    }
}

static void wake(void *self)
{
    (void)self;
    sem_post(&h.woken);
}

static int setup(void **state)
{
    struct faults faults = {0};
    struct policy_set *policies = policy_set_load("conf/policy", &faults);
    (void)state;
    assert_non_null(policies);
    h = (struct house){.folder = "/tmp/test_monitor.XXXXXX"};
    assert_non_null(mkdtemp(h.folder));
    snprintf(h.store, sizeof h.store, "%s/store", h.folder);
    snprintf(h.file, sizeof h.file, "%s/reviewd.prom", h.folder);
    h.with = (struct settings){.spool = h.folder, .metrics_file = h.file};
    h.without = (struct settings){.spool = h.folder};
    clock_init_manual(&h.clock, 20781 * INT64_C(86400));
    h.writing = (struct work){.store = store_open(h.store, STORE_WRITE, TODAY, &err),
                              .rules = rulebook_new(policies, calendar_new()),
                              .clock = &h.clock,
                              .settings = &h.with,
                              .staging = h.folder,
                              .metrics = metrics_new(0)};
    must(h.writing.store != NULL);
    h.reading = h.writing;
    h.reading.store = store_open(h.store, STORE_READ, TODAY, &err);
    must(h.reading.store != NULL);
    h.base = event_base_new();
    sem_init(&h.begun, 0, 0);
    sem_init(&h.go_on, 0, 0);
    sem_init(&h.woken, 0, 0);
    h.monitor = monitor_new(h.base, &h.reading, &err);
    must(h.monitor != NULL);
    h.writer = writer_start(&h.writing, wake, NULL, &err);
    must(h.writer != NULL);
    return 0;
}

static int teardown(void **state)
{
    char command[96];
    (void)state;
    monitor_free(h.monitor);
    event_base_free(h.base);
    store_close(h.reading.store);
    store_close(h.writing.store);
    rulebook_drop(h.writing.rules);
    metrics_free(h.writing.metrics);
    sem_destroy(&h.begun);
    sem_destroy(&h.go_on);
    sem_destroy(&h.woken);
    snprintf(command, sizeof command, "rm -r %s", h.folder);
    return system(command);
}

static bool stands_still(struct request *r, struct work *w, struct error *why)
{
    (void)r;
    (void)w;
    (void)why;
    sem_post(&h.begun);
    sem_wait(&h.go_on);
    return true;
}

static bool comes_last(struct request *r, struct work *w, struct error *why)
{
    (void)r;
    (void)w;
    (void)why;
    sem_post(&h.begun);
    return true;
}

static void done(struct request *r)
{
    *(bool *)r->owner = true;
}

/* The numbers were rendered for a file that the configuration then named; that it names none by the
 * time the writer comes to them is the next file's affair. */
static void the_file_that_waits_keeps_its_name(void **state)
{
    bool over = false;
    struct request still = {.change = stands_still, .done = done, .owner = &over, .alone = true};
    struct request last = {.change = comes_last, .done = done, .owner = &over, .alone = true};
    struct strbuf why = STRBUF_INIT;
    struct stat st;
    (void)state;
    writer_post(h.writer, &still);
    sem_wait(&h.begun);
    monitor_start(h.monitor, h.writer);
    h.reading.settings = &h.without;
    monitor_now(h.monitor);
    writer_post(h.writer, &last);
    sem_post(&h.go_on);
    sem_wait(&h.begun); /* the file came before it */
    assert_true(writer_stop(h.writer));
    assert_true(over);
    if (metrics_standing(h.writing.metrics, STANDING_METRICS, &why)) {
        fail_msg("%s", strbuf_text(&why));
    }
    assert_int_equal(stat(h.file, &st), 0);
    strbuf_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_file_that_waits_keeps_its_name, setup, teardown),
    };
    return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
