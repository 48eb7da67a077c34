/* control/service: the watchdog is fed only while both threads make progress (architecture.md). The
 * test is the service manager: its socket hears what sd_notify(3) says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <semaphore.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/service.h"

#define TODAY date_of(2026, 11, 24)
#define MANY 1000 /* turns of the loop, each of a third of WATCHDOG_USEC at most */

struct house {
    char folder[64], store[96], socket[96];
    struct settings settings;
    struct clock clock;
    struct work work;
    struct event_base *base;
    struct event *woken;
    struct writer *writer;
    struct service *service;
    int heard, wake;
    sem_t begun, go_on;
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
    const uint64_t one = 1;
    (void)self;
    assert_int_equal(write(h.wake, &one, sizeof one), sizeof one);
}

static void on_woken(evutil_socket_t fd, short what, void *self)
{
    struct rulebook *rules;
    uint64_t times;
    (void)what;
    (void)self;
    assert_int_equal(read((int)fd, &times, sizeof times), sizeof times);
    if (writer_take(h.writer, &rules)) {
        rulebook_drop(rules);
    }
    service_changed(h.service);
}

static void listen_as_manager(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(h.socket, sizeof h.socket, "%s/notify", h.folder);
    memcpy(at.sun_path, h.socket, strlen(h.socket));
    h.heard = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(h.heard, (const void *)&at, sizeof at), 0);
    setenv("NOTIFY_SOCKET", h.socket, 1);
    setenv("WATCHDOG_USEC", "30000", 1);
    unsetenv("WATCHDOG_PID");
}

static int setup(void **state)
{
    struct faults faults = {0};
    struct policy_set *policies = policy_set_load("conf/policy", &faults);
    (void)state;
    assert_non_null(policies);
    h = (struct house){.folder = "/tmp/test_service.XXXXXX"};
    assert_non_null(mkdtemp(h.folder));
    listen_as_manager();
    snprintf(h.store, sizeof h.store, "%s/store", h.folder);
    clock_init_manual(&h.clock, 20781 * INT64_C(86400));
    h.work = (struct work){.store = store_open(h.store, STORE_WRITE, TODAY, &err),
                           .rules = rulebook_new(policies, calendar_new()),
                           .clock = &h.clock,
                           .settings = &h.settings,
                           .metrics = metrics_new(0)};
    must(h.work.store != NULL);
    h.base = event_base_new();
    h.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    h.woken = event_new(h.base, h.wake, EV_READ | EV_PERSIST, on_woken, NULL);
    event_add(h.woken, NULL);
    sem_init(&h.begun, 0, 0);
    sem_init(&h.go_on, 0, 0);
    h.service = service_new(h.base, &h.work);
    h.writer = writer_start(&h.work, wake, NULL, &err);
    must(h.writer != NULL);
    return 0;
}

static int teardown(void **state)
{
    char command[96];
    (void)state;
    assert_true(writer_stop(h.writer));
    service_free(h.service);
    event_free(h.woken);
    event_base_free(h.base);
    store_close(h.work.store);
    rulebook_drop(h.work.rules);
    metrics_free(h.work.metrics);
    close(h.wake);
    close(h.heard);
    sem_destroy(&h.begun);
    sem_destroy(&h.go_on);
    snprintf(command, sizeof command, "rm -r %s", h.folder);
    return system(command);
}

/* How many of the messages that wait have a line that begins with `line`. */
static int heard(const char *line)
{
    char text[1024];
    int count = 0;
    for (ssize_t n; (n = recv(h.heard, text, sizeof text - 1, 0)) >= 0;) {
        text[n] = '\0';
        for (char *rest, *l = strtok_r(text, "\n", &rest); l; l = strtok_r(NULL, "\n", &rest)) {
            count += strncmp(l, line, strlen(line)) == 0;
        }
    }
    return count;
}

static int turn_and_hear(int turns, const char *line)
{
    int count = 0;
    for (int i = 0; i < turns; i++) {
        event_base_loop(h.base, EVLOOP_ONCE);
        count += heard(line);
    }
    return count;
}

static void turn_until(const char *line)
{
    for (int i = 0; i < MANY; i++) {
        if (turn_and_hear(1, line)) {
            return;
        }
    }
    fail_msg("never heard %s", line);
}

static bool stand_still(struct request *r, struct work *w, struct error *e)
{
    (void)r;
    (void)w;
    (void)e;
    sem_post(&h.begun);
    sem_wait(&h.go_on);
    return true;
}

static void done(struct request *r)
{
    error_clear(&r->error);
}

/* Nobody waits for an answer of the socket here: it is as with a run that the timer started. */
static void test_writer_stands_still(void **state)
{
    struct request r = {.change = stand_still, .done = done};
    (void)state;
    service_ready(h.service, h.writer);
    assert_int_equal(heard("READY=1"), 1);
    turn_until("WATCHDOG=1");
    turn_until("WATCHDOG=1");
    writer_post(h.writer, &r);
    sem_wait(&h.begun);
    turn_and_hear(10, "WATCHDOG=1"); /* a question that was answered before */
    int fed = turn_and_hear(20, "WATCHDOG=1");
    sem_post(&h.go_on);
    assert_int_equal(fed, 0);
    turn_until("WATCHDOG=1");
}

/* An older store's start: said at once, and for the same thing not again within seconds. */
static void test_starting(void **state)
{
    (void)state;
    service_starting("migrating the store");
    service_starting("migrating the store");
    assert_int_equal(heard("EXTEND_TIMEOUT_USEC=300000000"), 1);
    service_starting("looking through the spool");
    assert_int_equal(heard("STATUS=Starting: looking through the spool"), 1);
}

static void test_reload_and_stop(void **state)
{
    (void)state;
    service_ready(h.service, h.writer);
    assert_int_equal(heard("STATUS=Answering: no run yet, next 2026-11-25 00:00; 0 open, 0 of "),
                     1);
    service_reloading(h.service);
    assert_int_equal(heard("MONOTONIC_USEC="), 1);
    service_reloaded(h.service);
    assert_int_equal(heard("READY=1"), 1);
    service_stopping(h.service);
    assert_int_equal(heard("STOPPING=1"), 1);
}

static void test_held_is_said(void **state)
{
    (void)state;
    service_ready(h.service, h.writer);
    heard("");
    h.work.held = true;
    service_changed(h.service);
    turn_until("STATUS=HELD, `reviewctl run --confirm` catches up");
}

static void test_without_manager(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    struct service *s = service_new(h.base, &h.work);
    service_starting("nothing");
    service_ready(s, h.writer);
    service_changed(s);
    service_reloading(s);
    service_reloaded(s);
    service_stopping(s);
    service_free(s);
    assert_int_equal(heard(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writer_stands_still, setup, teardown),
        cmocka_unit_test_setup_teardown(test_starting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reload_and_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_held_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_manager, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
