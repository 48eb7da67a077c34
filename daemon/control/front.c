#include "control/front.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "control/closer.h"
#include "control/daily_timer.h"
#include "control/dispatch.h"
#include "control/intake.h"
#include "control/methods.h"
#include "control/monitor.h"
#include "control/server.h"
#include "control/service.h"
#include "control/transfer.h"
#include "control/watch.h"

#define TELL_US 20000 /* what becomes ready within it is told together */

enum { ON_TERM, ON_INT, ON_HUP, SIGNALS };

/* Callers of a reload by signal: nobody waits for the answer, so it is logged on the writer's side.
 */
struct front {
    struct front_options options;
    struct event_base *base;
    struct server server;
    struct writer *writer;
    struct daily_timer *daily;
    struct monitor *monitor;
    struct intake *intake;
    struct service *service;
    struct event *woken, *tell, *signals[SIGNALS];
    int wake_fd;
    struct request reload;
    const struct settings *reloaded;
    bool reloading, reload_again;
    uint64_t made_ready, given; /* messages, when watchers were last told */
    bool writer_failed;
};

/* ---- the writer's results ---- */

void front_wake(void *front)
{
    struct front *f = front;
    const uint64_t one = 1;
    /* Fails only where the counter is full: then it is awake already. */
    ssize_t n = write(f->wake_fd, &one, sizeof one);
    (void)n;
}

static void on_tell(evutil_socket_t fd, short what, void *self)
{
    struct front *f = self;
    (void)fd;
    (void)what;
    watch_tell_all(&f->server);
}

static void tell_soon(struct front *f)
{
    static const struct timeval soon = {0, TELL_US};
    if (!event_pending(f->tell, EV_TIMEOUT, NULL)) {
        event_add(f->tell, &soon);
    }
}

static void on_woken(evutil_socket_t fd, short what, void *self)
{
    struct front *f = self;
    struct work *w = f->options.work;
    struct rulebook *rules;
    uint64_t times;
    ssize_t n = read((int)fd, &times, sizeof times);
    (void)n;
    (void)what;
    w->held = writer_held(f->writer);
    if (writer_take(f->writer, &rules)) {
        rulebook_drop(w->rules);
        w->rules = rules;
    }
    uint64_t made_ready = writer_made_ready(f->writer), given = writer_given(f->writer);
    if (given != f->given) {
        f->given = given;
        watch_anew(&f->server);
    }
    if (made_ready != f->made_ready) {
        f->made_ready = made_ready;
        tell_soon(f);
    }
    service_changed(f->service);
    if (writer_failed(f->writer)) {
        f->writer_failed = true;
        event_base_loopbreak(f->base);
    }
}

/* ---- signals ---- */

static bool reload_change(struct request *r, struct work *w, struct error *err)
{
    struct front *f = r->owner;
    const struct settings *before = w->settings;
    bool ok = methods_reload(w, (struct actor){-1, "signal"}, err);
    f->reloaded = w->settings != before ? w->settings : NULL;
    if (ok) {
        log_put(LOG_NOTICE, "event=reload");
    } else if (err->reason != REASON_BAD_ARGUMENT) { /* faults are in the log, a line each */
        log_put(LOG_ERR, "event=reload-refused: %s", err->message);
    }
    return ok;
}

static void reload_post(struct front *f);

static void reload_done(struct request *r)
{
    struct front *f = r->owner;
    error_clear(&r->error);
    f->reloading = false;
    if (f->reloaded) {
        server_settings(&f->server, f->reloaded);
    }
    service_reloaded(f->service);
    if (f->reload_again) {
        reload_post(f);
    }
}

/* A signal while one is under way may be about what was written since that one read it. */
static void reload_post(struct front *f)
{
    f->reload_again = f->reloading;
    if (f->reloading) {
        return;
    }
    service_reloading(f->service);
    f->reloading = true;
    f->reload =
        (struct request){.change = reload_change, .done = reload_done, .owner = f, .alone = true};
    writer_post(f->writer, &f->reload);
}

static void on_hup(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    reload_post(self);
}

static void on_stop(evutil_socket_t fd, short what, void *self)
{
    struct front *f = self;
    (void)fd;
    (void)what;
    event_base_loopbreak(f->base);
}

static bool signals_new(struct front *f, struct error *err)
{
    static const struct {
        int number;
        event_callback_fn call;
    } table[SIGNALS] = {
        [ON_TERM] = {SIGTERM, on_stop}, [ON_INT] = {SIGINT, on_stop}, [ON_HUP] = {SIGHUP, on_hup}};
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < SIGNALS; i++) {
        f->signals[i] = evsignal_new(f->base, table[i].number, table[i].call, f);
        if (!f->signals[i] || event_add(f->signals[i], NULL) != 0) {
            return error_say(err, SAY_NO_SIGNAL, arg_number(table[i].number));
        }
    }
    return true;
}

/* ---- the whole ---- */

static void settings_changed(struct server *s)
{
    struct front *f = s->owner;
    daily_timer_set(f->daily);
    monitor_now(f->monitor);
    tell_soon(f); /* a watch may have lost its ground */
}

static struct event_base *base_new(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config) {
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
        base = event_base_new_with_config(config);
        event_config_free(config);
    }
    return base;
}

static bool open_all(struct front *f, struct error *err)
{
    struct work *w = f->options.work;
    f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    f->base = base_new();
    if (f->wake_fd < 0 || !f->base) {
        return error_say(err, SAY_NO_LOOP, arg_system(errno));
    }
    f->woken = event_new(f->base, f->wake_fd, EV_READ | EV_PERSIST, on_woken, f);
    f->service = service_new(f->base, w);
    f->tell = evtimer_new(f->base, on_tell, f);
    f->daily = daily_timer_new(f->base, w, err);
    f->monitor = f->daily ? monitor_new(f->base, w, err) : NULL;
    f->intake = f->monitor ? intake_new(f->base, f->options.returns, err) : NULL;
    f->server = (struct server){.base = f->base,
                                .work = w,
                                .call = dispatch_call,
                                .forget = dispatch_forget,
                                .room = watch_room,
                                .unwatch = watch_drop,
                                .reloaded = settings_changed,
                                .closer = closer_new(),
                                .owner = f};
    f->server.transfers = f->intake ? transfers_new(f->base, f->options.staging, err) : NULL;
    return f->server.transfers && signals_new(f, err) &&
           server_open(&f->server, f->options.listen_fd, w->settings->socket, err);
}

struct front *front_new(const struct front_options *options, struct error *err)
{
    struct front *f = xcalloc(1, sizeof *f);
    f->options = *options;
    f->wake_fd = -1;
    if (!open_all(f, err)) {
        front_free(f);
        return NULL;
    }
    return f;
}

bool front_run(struct front *f, struct writer *writer)
{
    f->writer = f->server.writer = writer;
    event_add(f->woken, NULL);
    daily_timer_start(f->daily, writer);
    monitor_start(f->monitor, writer);
    intake_start(f->intake, writer);
    service_ready(f->service, writer);
    event_base_dispatch(f->base);
    service_stopping(f->service);
    server_stop(&f->server);
    return !f->writer_failed;
}

static void event_drop(struct event *event)
{
    if (event) {
        event_free(event);
    }
}

void front_free(struct front *f)
{
    if (!f) {
        return;
    }
    server_close(&f->server);
    transfers_free(f->server.transfers);
    closer_free(f->server.closer);
    daily_timer_free(f->daily);
    monitor_free(f->monitor);
    intake_free(f->intake);
    service_free(f->service);
    event_drop(f->woken);
    event_drop(f->tell);
    for (int i = 0; i < SIGNALS; i++) {
        event_drop(f->signals[i]);
    }
    if (f->base) {
        event_base_free(f->base);
    }
    if (f->wake_fd >= 0) {
        close(f->wake_fd);
    }
    free(f);
}
