#include "control/daily_timer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "delivery/daily.h"

#define RETRY_SECONDS 60       /* after a run that failed */
#define HELD_RETRY_SECONDS 600 /* a held run waits for a person */

/* At most one request is with the writer: `check` is the question whether a run is due, `run` the
 * run. */
struct daily_timer {
    struct work *w;
    struct writer *writer;
    struct event *event;
    int fd;
    int64_t at;
    bool for_run; /* it stands at a run's instant, not at a retry of a failed look-up */
    bool expired; /* that instant has come */
    bool busy, due;
    struct request check, run;
};

static int64_t next_instant(struct daily_timer *t)
{
    struct error err = ERROR_INIT;
    int64_t now = clock_now(t->w->clock), next = -1;
    if (store_read_begin(t->w->store, &err)) {
        next = work_next_run(t->w, &err);
        store_read_end(t->w->store);
    }
    error_clear(&err);
    t->for_run = next >= 0;
    if (next > now) {
        return next;
    }
    return now + (t->w->held ? HELD_RETRY_SECONDS : RETRY_SECONDS);
}

/* The kernel tells of a clock that was set before the call by failing it with ECANCELED, once. */
void daily_timer_set(struct daily_timer *t)
{
    if (t->w->clock->manual || t->busy) {
        return;
    }
    t->at = next_instant(t);
    struct itimerspec spec = {.it_value = {.tv_sec = t->at}};
    int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    if (timerfd_settime(t->fd, flags, &spec, NULL) != 0 && errno == ECANCELED) {
        timerfd_settime(t->fd, flags, &spec, NULL);
    }
}

static void run_done(struct request *r)
{
    struct daily_timer *t = r->owner;
    r->job->class->free(r->job);
    r->job = NULL;
    error_clear(&r->error);
    t->busy = false;
    daily_timer_set(t);
}

static void run_post(struct daily_timer *t)
{
    t->busy = true;
    t->run = (struct request){
        .job = daily_job(DATE_NONE, false, ACTOR_CLOCK), .done = run_done, .owner = t};
    writer_post(t->writer, &t->run);
}

/* The instant that the timer stood at makes a run due whatever else does: on the first day of a
 * store nothing else would. */
static bool check_change(struct request *r, struct work *w, struct error *err)
{
    struct daily_timer *t = r->owner;
    bool held = w->held;
    bool ok = daily_due(w, &t->due, err);
    t->due = ok && (t->due || t->expired) && !w->held;
    if (!ok) {
        log_put(LOG_ERR, "event=run-unknown: cannot tell whether the daily run is due: %s",
                err->message);
    } else if (w->held && !held) {
        log_put(LOG_ALERT,
                "event=run-held: the daily run is held: the gap since the last one is longer than "
                "max_catch_up_days; `reviewctl run --confirm` catches up");
    }
    return ok;
}

static void check_done(struct request *r)
{
    struct daily_timer *t = r->owner;
    bool due = r->ok && t->due;
    t->expired = false;
    error_clear(&r->error);
    t->busy = false;
    if (due) {
        run_post(t);
    } else {
        daily_timer_set(t);
    }
}

static void check_post(struct daily_timer *t)
{
    if (t->busy) {
        return;
    }
    t->busy = true;
    t->due = false;
    t->check = (struct request){.change = check_change, .done = check_done, .owner = t};
    writer_post(t->writer, &t->check);
}

/* Expired, or the clock was set (the read then fails with ECANCELED): in both cases what is due may
 * be another thing than it was. */
static void on_timer(evutil_socket_t fd, short what, void *self)
{
    struct daily_timer *t = self;
    uint64_t times;
    (void)what;
    ssize_t n = read((int)fd, &times, sizeof times);
    if (n < 0 && errno != ECANCELED) {
        return;
    }
    t->expired = t->expired || (n > 0 && t->for_run);
    check_post(t);
}

struct daily_timer *daily_timer_new(struct event_base *base, struct work *w, struct error *err)
{
    struct daily_timer *t = xcalloc(1, sizeof *t);
    t->w = w;
    t->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    t->event = t->fd >= 0 ? event_new(base, t->fd, EV_READ | EV_PERSIST, on_timer, t) : NULL;
    if (!t->event) {
        error_say(err, SAY_NO_TIMER, arg_system(errno));
        daily_timer_free(t);
        return NULL;
    }
    return t;
}

void daily_timer_start(struct daily_timer *t, struct writer *writer)
{
    t->writer = writer;
    if (!t->w->clock->manual) {
        event_add(t->event, NULL);
        check_post(t);
    }
}

int64_t daily_timer_at(const struct daily_timer *t)
{
    return t->at;
}

void daily_timer_free(struct daily_timer *t)
{
    if (t && t->event) {
        event_free(t->event);
    }
    if (t && t->fd >= 0) {
        close(t->fd);
    }
    free(t);
}
