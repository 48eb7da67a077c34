/* reviewd: options, and what is put together from the modules. */
#include <argp.h>
#include <errno.h>
#include <ftw.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "control/front.h"
#include "control/service.h"
#include "delivery/daily.h"
#include "delivery/returns.h"
#include "delivery/spool.h"
#include "store/calendar.h"
#include "work/backup.h"
#include "work/configuration.h"
#include "work/import.h"
#include "work/merge.h"
#include "work/restore.h"

#ifndef REVIEWD_VERSION
#define REVIEWD_VERSION "0"
#endif
#define DEFAULT_FILE "/etc/reviewd/reviewd.conf"

const char *argp_program_version = "reviewd " REVIEWD_VERSION;

/* ---- options ---- */

struct options {
    const char *file, *clock;
    bool check, new_store;
};

enum { OPTION_CHECK = 256, OPTION_CLOCK, OPTION_NEW_STORE };

static const struct argp_option option_table[] = {
    {"file", 'f', "FILE", 0, "configuration (default " DEFAULT_FILE ")", 0},
    {"check", OPTION_CHECK, 0, 0,
     "read configuration, policies and calendars, say every fault, leave", 0},
    {"manual-clock", OPTION_CLOCK, "DATETIME", 0,
     "start at this local time and move only by `reviewctl clock`", 0},
    {"new-store", OPTION_NEW_STORE, 0, 0,
     "make a new store also where one seems to have been before", 0},
    {0}};

static error_t option(int key, char *value, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 'f':
        o->file = value;
        return 0;
    case OPTION_CHECK:
        o->check = true;
        return 0;
    case OPTION_CLOCK:
        o->clock = value;
        return 0;
    case OPTION_NEW_STORE:
        o->new_store = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected \"%s\"", value);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {option_table,
                                   option,
                                   NULL,
                                   "Keeps the review clocks of subsistence-allowance households "
                                   "and tells each township what is due.",
                                   NULL,
                                   NULL,
                                   NULL};

/* ---- what lives as long as the process ---- */

#define RESUMED 3 /* jobs that a kill can have interrupted */

struct house {
    const struct settings *settings;
    struct clock clock;
    struct returns *returns;
    struct work writing, reading;
    struct front *front;
    struct request resumed[RESUMED];
};

static bool start_clock(struct house *h, const char *at, struct error *err)
{
    int64_t instant;
    if (!at) {
        clock_init_real(&h->clock);
        return true;
    }
    if (!clock_parse(str_of(at), &instant, err)) {
        return error_within(err, SAY_OF_MANUAL_CLOCK);
    }
    clock_init_manual(&h->clock, instant);
    return true;
}

/* A thousand clients that say nothing must leave descriptors for the one that does. */
static void raise_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int is_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)path, (void)st, (void)where;
    return kind == FTW_F;
}

/* A store that is not there, beside what one leaves: it was removed, or its disk is not mounted. An
 * empty one in its place would look as if all were well (contract.md section 6). */
static bool may_be_new(const struct settings *s, bool new_store, struct error *err)
{
    enum { DEPTH = 8 };
    struct stat st;
    struct strbuf wal = STRBUF_INIT, staging = STRBUF_INIT;
    const char *left = NULL, *slash = strrchr(s->store, '/');
    if (new_store || (stat(s->store, &st) == 0 && st.st_size > 0)) {
        return true;
    }
    strbuf_addf(&wal, "%s-wal", s->store);
    strbuf_add(&staging, s->store, slash ? (size_t)(slash - s->store) + 1 : 0);
    strbuf_addz(&staging, "staging");
    if (access(strbuf_text(&wal), F_OK) == 0) {
        left = strbuf_text(&wal);
    } else if (access(strbuf_text(&staging), F_OK) == 0) {
        left = strbuf_text(&staging);
    } else if (nftw(s->spool, is_file, DEPTH, FTW_PHYS) > 0) {
        left = s->spool;
    }
    bool ok =
        !left || error_set(err, REASON_STORAGE,
                           "%s is not there, though %s shows that a store was: put it back, or "
                           "start once with --new-store",
                           s->store, left);
    strbuf_free(&wal);
    strbuf_free(&staging);
    return ok;
}

/* The folder of the store is the service's own: made where its parent is there. */
static bool make_folder(const struct settings *s, struct strbuf *folder, struct error *err)
{
    const char *store = s->store, *slash = strrchr(store, '/');
    strbuf_add(folder, slash ? store : "./", slash ? (size_t)(slash - store) + 1 : 2);
    return mkdir(strbuf_text(folder), 0700) == 0 || errno == EEXIST ||
           error_set(err, REASON_STORAGE, "%s: %s", strbuf_text(folder), strerror(errno));
}

/* After the store: that it is there shows that there is one. */
static bool make_staging(struct house *h, struct strbuf *folder, struct error *err)
{
    strbuf_addz(folder, "staging");
    h->writing.staging = folder->data;
    return mkdir(folder->data, 0700) == 0 || errno == EEXIST ||
           error_set(err, REASON_STORAGE, "%s: %s", folder->data, strerror(errno));
}

static bool open_stores(struct house *h, struct error *err)
{
    struct date today = work_today(&h->writing);
    store_migrating = service_starting;
    h->writing.store = store_open(h->settings->store, STORE_WRITE, today, err);
    if (!h->writing.store || !restore_pending(&h->writing, err)) {
        return false;
    }
    store_measure(h->writing.store, &h->writing.metrics->sync);
    h->reading.store = store_open(h->settings->store, STORE_READ, today, err);
    return h->reading.store != NULL;
}

static bool open_rules(struct house *h, struct policy_set *policies, struct error *err)
{
    service_starting("taking up the calendars");
    struct calendar *calendar = store_calendar_load(h->writing.store, err);
    h->writing.rules = rulebook_new(policies, calendar ? calendar : calendar_new());
    return calendar && import_calendar_dir(&h->writing, ACTOR_CLOCK, true, err);
}

static bool open_spool(struct house *h, struct error *err)
{
    service_starting("looking through the spool");
    h->writing.spool = spool_open(h->settings->spool, err);
    if (!h->writing.spool) {
        return false;
    }
    spool_grant(h->writing.spool, h->settings);
    /* A spool that cannot be written stands as an alarm and is tried again; queries need none. */
    struct error why = ERROR_INIT;
    if (!spool_recover(h->writing.spool, &h->writing, &why)) {
        log_put(LOG_ERR, "event=spool-error: %s", why.message);
    }
    error_clear(&why);
    h->returns = returns_open(spool_folders(h->writing.spool));
    return true;
}

/* The socket that systemd made, or -1. */
static bool inherited(int *fd, struct error *err)
{
    int count = sd_listen_fds(1);
    *fd = -1;
    if (count > 1) {
        return error_say(err, SAY_SYSTEMD_SOCKETS, arg_number(count));
    }
    if (count == 1) {
        *fd = SD_LISTEN_FDS_START;
        return sd_is_socket_unix(*fd, SOCK_STREAM, 1, NULL, 0) > 0 ||
               error_say(err, SAY_SYSTEMD_NO_SOCKET);
    }
    return true;
}

static bool open_front(struct house *h, struct error *err)
{
    struct front_options options = {
        .work = &h->reading, .staging = h->writing.staging, .returns = h->returns};
    if (!inherited(&options.listen_fd, err)) {
        return false;
    }
    h->reading.rules = rulebook_use(h->writing.rules);
    h->writing.rules_changed = false;
    h->reading.held = h->writing.held;
    h->front = front_new(&options, err);
    return h->front != NULL;
}

static bool open_house(struct house *h, struct policy_set *policies, bool new_store,
                       struct error *err)
{
    h->writing.clock = h->reading.clock = &h->clock;
    h->writing.settings = h->reading.settings = h->settings;
    h->writing.metrics = h->reading.metrics = metrics_new(clock_now(&h->clock));
    struct strbuf folder = STRBUF_INIT;
    if (!may_be_new(h->settings, new_store, err) || !make_folder(h->settings, &folder, err) ||
        !open_stores(h, err) || !make_staging(h, &folder, err)) {
        if (!h->writing.staging) {
            strbuf_free(&folder);
        }
        policy_set_free(policies);
        return false;
    }
    return open_rules(h, policies, err) && open_spool(h, err) && open_front(h, err);
}

static void close_house(struct house *h)
{
    front_free(h->front);
    rulebook_drop(h->reading.rules);
    rulebook_drop(h->writing.rules);
    store_close(h->reading.store);
    store_close(h->writing.store);
    returns_close(h->returns);
    spool_close(h->writing.spool);
    free(h->writing.staging);
    metrics_free(h->writing.metrics);
}

/* ---- what a kill left behind ---- */

static void resumed_done(struct request *r)
{
    r->job->class->free(r->job);
    error_clear(&r->error);
}

/* An import that was accepted goes on first, then divisions that are being joined, then the run:
 * all before anything else. A backup does not go on: its caller has gone. */
static bool resume(struct house *h, struct job *jobs[RESUMED], struct error *err)
{
    backup_forget(&h->writing);
    if (!import_resume(&h->writing, &jobs[0], err) || !merge_resume(&h->writing, &jobs[1], err) ||
        !daily_resume(&h->writing, &jobs[2], err)) {
        return false;
    }
    for (int i = 0; i < RESUMED; i++) {
        if (jobs[i]) {
            log_put(LOG_NOTICE, "event=resume job=%s: goes on where it was interrupted",
                    jobs[i]->class->name);
        }
    }
    return true;
}

static bool serve(struct house *h, struct error *err)
{
    struct job *jobs[RESUMED] = {NULL};
    if (!resume(h, jobs, err)) {
        return false;
    }
    struct writer *writer = writer_start(&h->writing, front_wake, h->front, err);
    if (!writer) {
        return false;
    }
    for (int i = 0; i < RESUMED; i++) {
        if (jobs[i]) {
            h->resumed[i] = (struct request){.job = jobs[i], .done = resumed_done};
            writer_post(writer, &h->resumed[i]);
        }
    }
    log_put(LOG_NOTICE, "event=start version=%s socket=%s", REVIEWD_VERSION, h->settings->socket);
    front_run(h->front, writer);
    bool ok = writer_stop(writer);
    log_put(ok ? LOG_NOTICE : LOG_CRIT, "event=%s",
            ok ? "stop" : "store-failed: the service ends and recovers");
    return ok || error_say(err, SAY_STORE_FAILED);
}

static int run(const struct settings *settings, struct policy_set *policies,
               const struct options *options)
{
    struct house *h = xcalloc(1, sizeof *h);
    struct error err = ERROR_INIT;
    h->settings = settings;
    log_open(settings->log_ident, settings->log_facility, settings->log_level,
             settings->log_stderr);
    umask(0077);
    raise_limits();
    bool ok = start_clock(h, options->clock, &err);
    if (!ok) {
        policy_set_free(policies);
    }
    ok = ok && open_house(h, policies, options->new_store, &err) && serve(h, &err);
    if (!ok) {
        log_put(LOG_ERR, "%s", err.message);
        if (!settings->log_stderr) {
            fprintf(stderr, "reviewd: %s\n", err.message);
        }
    }
    close_house(h);
    error_clear(&err);
    free(h);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options options = {.file = DEFAULT_FILE};
    struct faults faults = {0};
    struct policy_set *policies;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    /* Slices take and give back the same memory all the time: it goes back to the machine when a
     * job ends (malloc_trim() in the writer), not in between. */
    mallopt(M_TRIM_THRESHOLD, WRITER_TRIM_THRESHOLD);
    mallopt(M_TOP_PAD, 256 << 10);
    mallopt(M_ARENA_MAX, 2);

    const struct settings *settings = configuration_load(options.file, &policies, &faults);
    for (int i = 0; i < faults.count; i++) {
        fprintf(stderr, "%s\n", faults.text[i]);
    }
    faults_free(&faults);
    if (!settings) {
        return EXIT_FAILURE;
    }
    int status = EXIT_SUCCESS;
    if (options.check) {
        printf("%s: good, %d policies\n", options.file, policy_set_count(policies));
        policy_set_free(policies);
    } else {
        setenv("TZ", settings->timezone, 1);
        tzset();
        status = run(settings, policies, &options);
    }
    configuration_end();
    return status;
}
