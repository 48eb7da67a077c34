#include "control/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "control/gauges.h"
#include "delivery/maintenance.h"

#define FILE_SECONDS 5
#define UPKEEP_SECONDS 60
#define FILE_MODE 0644 /* numbers alone: whoever watches may read them */

struct monitor {
    struct work *w; /* the front's */
    struct writer *writer;
    struct event *file_timer, *maintenance_timer;
    /* Each is with the writer while busy; text and path belong to it then. */
    struct request file, upkeep;
    bool file_busy, maintenance_busy, again;
    struct strbuf text;
    const char *path;
};

/* ---- the file ---- */

/* A reader sees the old file or the new one. It is worth nothing after a power cut: no sync. */
static bool replace(const char *path, struct str text, struct error *err)
{
    struct strbuf part = STRBUF_INIT;

    strbuf_addf(&part, "%s.part", path);
    int fd = open(strbuf_text(&part), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    bool ok = fd >= 0 && fchmod(fd, FILE_MODE) == 0 && file_write(fd, text.data, text.len);
    if (fd >= 0) {
        ok = close(fd) == 0 && ok;
    }
    ok = ok && rename(strbuf_text(&part), path) == 0;
    if (!ok) {
        error_say(err, SAY_METRICS_FILE, arg_z(path), arg_system(errno));
        unlink(strbuf_text(&part));
    }
    strbuf_free(&part);
    return ok;
}

static bool file_change(struct request *r, struct work *w, struct error *err)
{
    struct monitor *m = r->owner;
    bool ok = replace(m->path, strbuf_str(&m->text), err);

    if (metrics_stand(w->metrics, STANDING_METRICS, ok ? NULL : err->message) && !ok) {
        log_put(LOG_WARNING, "event=metrics-file: %s", err->message);
    }
    return ok;
}

static void file_done(struct request *r)
{
    struct monitor *m = r->owner;

    error_clear(&r->error);
    m->file_busy = false;
}

static bool render(struct monitor *m, struct error *err)
{
    if (!store_read_begin(m->w->store, err)) {
        return false;
    }
    json_t *gauges = gauges_read(m->w, err);
    store_read_end(m->w->store);
    if (!gauges) {
        return false;
    }
    strbuf_reset(&m->text);
    gauges_text(gauges, &m->text);
    json_decref(gauges);
    return true;
}

static void on_file(evutil_socket_t fd, short what, void *self)
{
    struct monitor *m = self;
    const char *path = m->w->settings->metrics_file;
    struct error err = ERROR_INIT;

    (void)fd;
    (void)what;
    if (!path || m->file_busy) {
        return;
    }
    if (render(m, &err)) {
        m->file_busy = true;
        m->path = path;
        m->file =
            (struct request){.change = file_change, .done = file_done, .owner = m, .alone = true};
        writer_post(m->writer, &m->file);
    }
    error_clear(&err);
}

/* ---- the round ---- */

static void maintenance_post(struct monitor *m);

static void maintenance_done(struct request *r)
{
    struct monitor *m = r->owner;
    bool again = m->again && r->error.reason != REASON_BUSY;

    r->job->class->free(r->job);
    r->job = NULL;
    error_clear(&r->error);
    m->maintenance_busy = m->again = false;
    if (again) {
        maintenance_post(m);
    }
}

static void maintenance_post(struct monitor *m)
{
    m->again = m->maintenance_busy;
    if (m->maintenance_busy) {
        return;
    }
    m->maintenance_busy = true;
    m->upkeep = (struct request){.job = maintenance_job(), .done = maintenance_done, .owner = m};
    writer_post(m->writer, &m->upkeep);
}

static void on_upkeep(evutil_socket_t fd, short what, void *self)
{
    struct monitor *m = self;

    (void)fd;
    (void)what;
    if (!m->maintenance_busy) {
        maintenance_post(m);
    }
}

/* ---- both ---- */

struct monitor *monitor_new(struct event_base *base, struct work *w, struct error *err)
{
    struct monitor *m = xcalloc(1, sizeof *m);

    m->w = w;
    m->file_timer = event_new(base, -1, EV_PERSIST, on_file, m);
    m->maintenance_timer = event_new(base, -1, EV_PERSIST, on_upkeep, m);
    if (!m->file_timer || !m->maintenance_timer) {
        error_say(err, SAY_NO_TIMER_MADE);
        monitor_free(m);
        return NULL;
    }
    return m;
}

void monitor_start(struct monitor *m, struct writer *writer)
{
    const struct timeval file = {FILE_SECONDS, 0}, upkeep = {UPKEEP_SECONDS, 0};

    m->writer = writer;
    event_add(m->file_timer, &file);
    event_add(m->maintenance_timer, &upkeep);
    monitor_now(m);
}

void monitor_now(struct monitor *m)
{
    maintenance_post(m);
    on_file(-1, 0, m);
}

void monitor_free(struct monitor *m)
{
    if (!m) {
        return;
    }
    if (m->file_timer) {
        event_free(m->file_timer);
    }
    if (m->maintenance_timer) {
        event_free(m->maintenance_timer);
    }
    strbuf_free(&m->text);
    free(m);
}
