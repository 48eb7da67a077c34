#include "control/service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/log.h"
#include "store/run.h"

#define STARTING_NS ((int64_t)5000000000) /* between two lines of the same */
#define STARTING_MORE "EXTEND_TIMEOUT_USEC=300000000"
#define STATUS_SECONDS 2

/* `question` asks the writer for a sign of life, one at a time: a writer that stands still leaves
 * it unanswered, and makes no turn. */
struct service {
    struct work *w;
    struct writer *writer;
    struct event *watchdog, *refresh;
    struct request question;
    bool asked;
    uint64_t turns; /* of the writer, when the watchdog was last looked at */
    struct strbuf status, said;
};

static bool managed(void)
{
    return getenv("NOTIFY_SOCKET") != NULL;
}

void service_starting(const char *doing)
{
    static const char *last;
    static int64_t at;
    int64_t now = job_now();
    if (!managed() || (last && strcmp(last, doing) == 0 && now - at < STARTING_NS)) {
        return;
    }
    last = doing;
    at = now;
    sd_notifyf(0, STARTING_MORE "\nSTATUS=Starting: %s", doing);
}

/* ---- what it does ---- */

static bool add_runs(struct work *w, struct strbuf *out, struct error *err)
{
    struct run_row last;
    char day[DATE_TEXT], at[CLOCK_TEXT];
    if (!store_run_last(w->store, &last, err)) {
        return false;
    }
    if (!date_is(last.day)) {
        strbuf_addz(out, "no run yet");
    } else if (last.phase == RUN_DONE) {
        strbuf_addf(out, "last run %s", date_text(last.day, day));
    } else {
        strbuf_addf(out, "the run of %s is under way", date_text(last.day, day));
    }
    int64_t next = work_next_run(w, err);
    if (next < 0) {
        return false;
    }
    clock_format(next, at);
    at[10] = ' ';
    strbuf_addf(out, ", next %.16s", at);
    return true;
}

bool service_status(struct work *w, struct strbuf *out, struct error *err)
{
    struct store_counts counts;
    strbuf_addz(out, w->held ? "HELD, `reviewctl run --confirm` catches up: " : "Answering: ");
    if (!add_runs(w, out, err) ||
        !store_counts(w->store, work_today(w), clock_now(w->clock), &counts, err)) {
        return false;
    }
    strbuf_addf(out, "; %" PRId64 " open, %" PRId64 " of them late", counts.open_tasks,
                counts.late);
    return true;
}

/* The same words are not said twice. */
static void on_refresh(evutil_socket_t fd, short what, void *self)
{
    struct service *s = self;
    struct error err = ERROR_INIT;
    (void)fd;
    (void)what;
    strbuf_reset(&s->status);
    if (!store_read_begin(s->w->store, &err) || !service_status(s->w, &s->status, &err)) {
        strbuf_reset(&s->status);
        strbuf_addf(&s->status, "The store cannot be read: %s", err.message);
    }
    store_read_end(s->w->store);
    error_clear(&err);
    if (strcmp(strbuf_text(&s->status), strbuf_text(&s->said)) != 0) {
        sd_notifyf(0, "STATUS=%s", strbuf_text(&s->status));
        strbuf_reset(&s->said);
        strbuf_add(&s->said, s->status.data, s->status.len);
    }
}

void service_changed(struct service *s)
{
    const struct timeval soon = {STATUS_SECONDS, 0};
    if (s->refresh && !event_pending(s->refresh, EV_TIMEOUT, NULL)) {
        event_add(s->refresh, &soon);
    }
}

/* ---- that it lives ---- */

static bool question_change(struct request *r, struct work *w, struct error *err)
{
    (void)r;
    (void)w;
    (void)err;
    return true;
}

static void question_done(struct request *r)
{
    struct service *s = r->owner;
    error_clear(&r->error);
    s->asked = false;
}

/* That this runs shows that the front lives. */
static void on_watchdog(evutil_socket_t fd, short what, void *self)
{
    struct service *s = self;
    uint64_t turns = writer_turns(s->writer);
    (void)fd;
    (void)what;
    if (!s->asked || turns != s->turns) {
        sd_notify(0, "WATCHDOG=1");
    }
    s->turns = turns;
    if (!s->asked) {
        s->asked = true;
        s->question = (struct request){
            .change = question_change, .done = question_done, .owner = s, .alone = true};
        writer_post(s->writer, &s->question);
    }
}

static void watchdog_start(struct service *s, struct event_base *base)
{
    uint64_t usec;
    if (sd_watchdog_enabled(0, &usec) <= 0) {
        return;
    }
    /* A third: the question of one turn is looked at in the next, and one may come late. */
    usec /= 3;
    const struct timeval third = {(time_t)(usec / 1000000), (suseconds_t)(usec % 1000000)};
    s->watchdog = event_new(base, -1, EV_PERSIST, on_watchdog, s);
    if (s->watchdog) {
        event_add(s->watchdog, &third);
    }
}

/* ---- from start to end ---- */

struct service *service_new(struct event_base *base, struct work *w)
{
    struct service *s = xcalloc(1, sizeof *s);
    s->w = w;
    if (managed()) {
        s->refresh = evtimer_new(base, on_refresh, s);
    }
    return s;
}

void service_ready(struct service *s, struct writer *writer)
{
    s->writer = writer;
    if (s->refresh) {
        watchdog_start(s, event_get_base(s->refresh));
        sd_notify(0, "READY=1");
        on_refresh(-1, EV_TIMEOUT, s);
    }
}

void service_reloading(struct service *s)
{
    struct timespec now;
    (void)s;
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=Reading the configuration anew",
               (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void service_reloaded(struct service *s)
{
    sd_notify(0, "READY=1");
    if (s->refresh) {
        strbuf_reset(&s->said);
        on_refresh(-1, EV_TIMEOUT, s);
    }
}

void service_stopping(struct service *s)
{
    (void)s;
    sd_notify(0, "STOPPING=1\nSTATUS=Finishing what is under way");
}

void service_free(struct service *s)
{
    if (!s) {
        return;
    }
    if (s->watchdog) {
        event_free(s->watchdog);
    }
    if (s->refresh) {
        event_free(s->refresh);
    }
    strbuf_free(&s->status);
    strbuf_free(&s->said);
    free(s);
}
