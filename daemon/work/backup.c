#include "work/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/canon.h"
#include "base/crash.h"
#include "base/log.h"
#include "store/backup.h"
#include "store/run.h"
#include "work/carry.h"
#include "work/staging.h"

#define PATIENCE_SECONDS 30
#define JOIN_SECONDS 20 /* a step of the copy, or a page of its check, on a slow disk */
#define WAIT_MS 5       /* of the writer, for the thread; small changes wait for it as well */
#define SECOND_NS INT64_C(1000000000)

static const char copy_name[] = "backup.db";
static const char *const left_names[] = {"backup.db", "backup.db-journal", "backup.db-wal",
                                         "backup.db-shm"};

enum backup_phase { PHASE_COPY, PHASE_CHECK, PHASE_SEND };
/* The words of contract.md section 5, Progress. */
static const char *const phase_words[] = {"apply", "check", "apply"};

/* The thread has `copy`, `out`, `result`, `ok` and `error` from its start until `ended`; the
 * writer's before and after. The atomics are for both. */
struct backup {
    struct job job;
    struct backup_result result;
    char *path; /* of the copy; NULL before there is one */
    struct store_copy *copy;
    int out;
    bool ok;
    struct error error;
    pthread_t thread;
    bool running; /* to be joined */
    atomic_bool stop, ended;
    atomic_int phase;
    atomic_llong done, total;
    int64_t import_offset, import_since; /* of the import that is waited for */
};

/* ---- the thread ---- */

static bool backup_goes_on(void *self)
{
    struct backup *b = self;
    return !atomic_load(&b->stop);
}

static bool stopping(struct error *err)
{
    return error_say(err, SAY_SERVICE_STOPPING);
}

static void enter(struct backup *b, enum backup_phase phase, int64_t total)
{
    atomic_store(&b->done, 0);
    atomic_store(&b->total, total);
    atomic_store(&b->phase, (int)phase);
}

static bool sending(void *self, int64_t done)
{
    struct backup *b = self;
    atomic_store(&b->done, done);
    return backup_goes_on(b);
}

/* What is on the disk is what is sent, and what the hash is of. */
static bool send_copy(struct backup *b)
{
    struct stat st;
    struct digest *digest = digest_new();
    int from = open(b->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = (from >= 0 && fstat(from, &st) == 0) ||
              error_say(&b->error, SAY_FILE_FAILED, arg_z(b->path), arg_system(errno));
    if (ok) {
        struct carry c = {.from = from,
                          .to = b->out,
                          .most = INT64_MAX,
                          .goes_on = sending,
                          .self = b,
                          .digest = digest};
        enter(b, PHASE_SEND, st.st_size);
        ok = carry(&c, &b->error);
        b->result.bytes = c.done;
        digest_hex(digest, b->result.sha256);
    }
    digest_free(digest);
    staging_close(&from);
    staging_close(&b->out);
    return ok;
}

static void *backup_run(void *self)
{
    struct backup *b = self;
    bool end = false;
    b->ok = true;
    while (b->ok && !end) {
        b->ok = backup_goes_on(b) ? store_copy_step(b->copy, &end, &b->error) : stopping(&b->error);
        atomic_store(&b->done, store_copy_done(b->copy));
        crash_point("backup-step");
    }
    if (b->ok) {
        enter(b, PHASE_CHECK, -1);
        b->ok = store_copy_check(b->copy, backup_goes_on, b, &b->error);
        crash_point("backup-checked");
    }
    store_copy_end(b->copy);
    b->copy = NULL;
    b->ok = b->ok && send_copy(b);
    unlink(b->path);
    atomic_store(&b->ended, true);
    return NULL;
}

/* ---- the writer's side ---- */

/* A copy in the middle of an import would lack the file that completes it. *wait: not yet. */
static bool import_waits(struct backup *b, struct work *w, bool *wait, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct import_row row;
    bool ok = store_import_applying(w->store, &a, &row, err);
    *wait = ok && row.import != 0;
    if (*wait && (b->import_since == 0 || row.offset != b->import_offset)) {
        b->import_offset = row.offset;
        b->import_since = job_now();
    } else if (*wait && job_now() > b->import_since + PATIENCE_SECONDS * SECOND_NS) {
        ok = error_say(err, SAY_IMPORT_STUCK);
    }
    arena_free(&a);
    return ok;
}

static bool backup_start(struct backup *b, struct work *w, struct error *err)
{
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s/%s", w->staging, copy_name);
    b->copy = store_copy_begin(w->settings->store, strbuf_text(&path), clock_now(w->clock), err);
    if (!b->copy) {
        strbuf_free(&path);
        return false;
    }
    b->path = path.data;
    const struct store_copy_facts *facts = store_copy_facts(b->copy);
    b->result.households = facts->households;
    b->result.seq = facts->seq;
    memcpy(b->result.audit_head, facts->head, sizeof facts->head);
    memcpy(b->result.taken_at, facts->at, sizeof facts->at);
    enter(b, PHASE_COPY, facts->bytes);
    int fault = pthread_create(&b->thread, NULL, backup_run, b);
    b->running = fault == 0;
    return b->running || error_say(err, SAY_NO_THREAD, arg_system(fault));
}

/* False where the thread hangs in the caller's pipe: then all of it is left to the thread. */
static bool join(struct backup *b)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += JOIN_SECONDS;
    if (b->running && pthread_clockjoin_np(b->thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
        return false;
    }
    b->running = false;
    return true;
}

static enum job_step backup_end(struct backup *b, struct work *w, struct error *err)
{
    const struct backup_result *r = &b->result;
    struct strbuf after = STRBUF_INIT;
    join(b);
    if (!b->ok) {
        error_move(err, &b->error);
        return JOB_FAILED;
    }
    struct canon c = canon_open(&after);
    canon_int(&c, "bytes", r->bytes);
    canon_int(&c, "seq", r->seq);
    canon_str(&c, "sha256", str_of(r->sha256));
    canon_str(&c, "taken_at", str_of(r->taken_at));
    canon_close(&c);
    bool ok = store_begin(w->store, err) &&
              store_meta_set(w->store, "backup_at", r->taken_at, err) &&
              work_audit(w, b->job.actor, "backup", STR_NONE, STR_NONE, strbuf_str(&after), err) &&
              store_commit(w->store, err);
    strbuf_free(&after);
    if (!ok) {
        store_rollback(w->store);
        return JOB_FAILED;
    }
    log_put(LOG_NOTICE, "event=backup bytes=%lld seq=%lld sha256=%s", (long long)r->bytes,
            (long long)r->seq, r->sha256);
    return JOB_DONE;
}

static enum job_step backup_slice(struct job *job, struct work *w, struct error *err)
{
    struct backup *b = (struct backup *)job;
    bool wait;
    if (!b->running) {
        if (!import_waits(b, w, &wait, err) || (!wait && !backup_start(b, w, err))) {
            return JOB_FAILED;
        }
    } else if (atomic_load(&b->ended)) {
        return backup_end(b, w, err);
    } else {
        poll(NULL, 0, WAIT_MS);
    }
    b->job.phase = phase_words[atomic_load(&b->phase)];
    b->job.done = atomic_load(&b->done);
    b->job.total = atomic_load(&b->total);
    return JOB_MORE;
}

static void backup_free(struct job *job)
{
    struct backup *b = (struct backup *)job;
    atomic_store(&b->stop, true);
    if (!join(b)) {
        unlink(b->path);
        return;
    }
    if (b->copy) { /* no thread ever had it */
        store_copy_end(b->copy);
        unlink(b->path);
    }
    staging_close(&b->out);
    error_clear(&b->error);
    free(b->path);
    free(b);
}

static const struct job_class backup_class = {"backup", JOB_READS, backup_slice, backup_free};

struct job *backup_job(int out, struct actor actor)
{
    struct backup *b = xcalloc(1, sizeof *b);
    b->job = (struct job){.class = &backup_class, .actor = actor, .total = -1};
    b->out = out;
    return &b->job;
}

const struct backup_result *backup_job_result(const struct job *job)
{
    return &((const struct backup *)job)->result;
}

void backup_forget(const struct work *w)
{
    for (size_t i = 0; i < sizeof left_names / sizeof *left_names; i++) {
        staging_remove(w, left_names[i]);
    }
}
