#include "work/writer.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/str.h"
#include "store/merge.h"
#include "store/message.h"
#include "work/cessation.h"

#define GROUP_MAX 64                               /* small changes in one commit */
#define WAL_CHECKPOINT ((int64_t)16 * 1024 * 1024) /* bytes: from here on the WAL is copied */
#define CHECKPOINT_PAUSE_NS ((int64_t)100000000)   /* after one that a reader held up */
#define PROGRESS_PAUSE_NS ((int64_t)200000000)

/* Something for the front, in the order in which it happened: a report of a job's progress (phase
 * not NULL), or the end of a request. */
struct notice {
    struct request *r;
    const char *phase;
    int64_t done, total;
    struct notice *next;
};

/* A job that the thread has taken. */
struct running {
    struct request *r;
    int64_t reported_at;
    bool begun;
    uint64_t served; /* of those that share: its uid's last slice, as `shares` counts; 0: none */
    struct running *next;
};

struct running_list {
    struct running *first, **end;
};

/* `lock` guards the two queues, `stopping`, `ended` and `rules`; everything below `thread` belongs
 * to the thread alone. Notices are appended after the commit that makes them true, and a new
 * rulebook together with the notices of the turn that made it. */
struct writer {
    struct work *w;
    void (*wake)(void *self);
    void *self;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct request *in, **in_end;
    struct notice *out, **out_end;
    struct rulebook *rules; /* not yet taken by the front */
    bool stopping;
    bool ended; /* the thread takes nothing any more */
    atomic_bool failed, held;
    atomic_uint_fast64_t turns, made_ready, given;
    pthread_t thread;
    struct running_list changing, reading;
    uint64_t shares;          /* slices given to jobs that share */
    int64_t checkpoint_after; /* CLOCK_MONOTONIC */
};

/* ---- queues ---- */

static void notice_add(struct writer *wr, struct request *r, const char *phase)
{
    struct notice *n = xcalloc(1, sizeof *n);
    n->r = r;
    n->phase = phase;
    if (phase) {
        n->done = r->job->done;
        n->total = r->job->total;
    }
    *wr->out_end = n;
    wr->out_end = &n->next;
}

static void publish(struct writer *wr, struct request *const *finished, int count)
{
    pthread_mutex_lock(&wr->lock);
    if (wr->w->rules_changed) {
        rulebook_drop(wr->rules);
        wr->rules = rulebook_use(wr->w->rules);
        wr->w->rules_changed = false;
    }
    for (int i = 0; i < count; i++) {
        notice_add(wr, finished[i], NULL);
    }
    pthread_mutex_unlock(&wr->lock);
    atomic_store(&wr->held, wr->w->held);
    wr->wake(wr->self);
}

static void refuse(struct request *r, const struct error *why)
{
    r->ok = false;
    error_copy(&r->error, why);
}

static void running_add(struct running_list *list, struct request *r)
{
    struct running *job = xcalloc(1, sizeof *job);
    job->r = r;
    job->reported_at = job_now(); /* a short job reports nothing */
    for (const struct running *other = list->first; other; other = other->next) {
        if (other->r->job->actor.uid == r->job->actor.uid && other->served > job->served) {
            job->served = other->served;
        }
    }
    *list->end = job;
    list->end = &job->next;
}

static struct running *running_take(struct running_list *list)
{
    struct running *job = list->first;
    list->first = job->next;
    if (!list->first) {
        list->end = &list->first;
    }
    job->next = NULL;
    return job;
}

static void running_put(struct running_list *list, struct running *job, bool in_front)
{
    if (in_front) {
        job->next = list->first;
        if (!list->first) {
            list->end = &job->next;
        }
        list->first = job;
    } else {
        *list->end = job;
        list->end = &job->next;
    }
}

/* Takes up to GROUP_MAX changes off the queue, and every job that waits before them; a change that
 * wants to be alone is a group by itself. Waits where there is nothing at all to do. False: it is
 * time to stop. */
static bool collect(struct writer *wr, struct request **group, int *count)
{
    *count = 0;
    pthread_mutex_lock(&wr->lock);
    while (!wr->in && !wr->stopping && !wr->changing.first && !wr->reading.first) {
        pthread_cond_wait(&wr->cond, &wr->lock);
    }
    bool full = false;
    while (wr->in && !wr->stopping && !full) {
        struct request *r = wr->in;
        if (r->alone && *count > 0) {
            break;
        }
        wr->in = r->next;
        r->next = NULL;
        histogram_add(&wr->w->metrics->queue_delay, job_now() - r->posted_at);
        if (r->change) {
            group[(*count)++] = r;
        } else {
            running_add(r->job->class->turn == JOB_READS ? &wr->reading : &wr->changing, r);
        }
        full = *count == GROUP_MAX || r->alone;
    }
    if (!wr->in) {
        wr->in_end = &wr->in;
    }
    bool go_on = !wr->stopping;
    pthread_mutex_unlock(&wr->lock);
    return go_on;
}

/* ---- small changes ---- */

/* A full disk or a failed read can make the store take back the whole transaction, not only the
 * change that met it: what was done before in the group is then undone as well, and must say so. */
static bool group_lost(struct writer *wr, struct request **group, int upto, struct error *err)
{
    if (store_in_transaction(wr->w->store)) {
        return false;
    }
    for (int i = 0; i <= upto; i++) {
        if (group[i]->ok) {
            group[i]->ok = error_say(&group[i]->error, SAY_COMMIT_TAKEN_BACK);
        }
    }
    log_put(LOG_ERR, "event=store-error: the store took back a commit of %d changes", upto + 1);
    return !store_begin(wr->w->store, err);
}

static void change_one(struct writer *wr, struct request *r)
{
    struct store *s = wr->w->store;
    if (!store_savepoint(s, &r->error)) {
        r->ok = false;
        return;
    }
    r->ok = r->change(r, wr->w, &r->error);
    if (r->ok) {
        r->ok = store_release(s, &r->error);
    }
    if (!r->ok && store_in_transaction(s)) {
        store_rollback_to(s);
        /* A refusal by the continuity rule stands on record though its change does not (3.5). */
        struct error err = ERROR_INIT;
        if (!cessation_record_hold(wr->w, &err)) {
            log_put(LOG_ERR, "event=store-error: a hold was not recorded: %s", err.message);
            error_clear(&err);
        }
    }
}

/* Of a commit that failed, or could not begin: true where that can pass, so that it refuses these
 * changes and no more; it stands as an alarm until a change goes through. */
static bool can_pass(struct writer *wr, const char *what, const struct error *err)
{
    bool passing = store_passing(wr->w->store);
    if (metrics_stand(wr->w->metrics, STANDING_STORE, err->message) || !passing) {
        log_put(passing ? LOG_ERR : LOG_CRIT, "event=%s: %s: %s",
                passing ? "store-error" : "store-failed", what, err->message);
    }
    return passing;
}

/* One commit for the whole group. False: the store cannot be trusted any more. */
static bool group_run(struct writer *wr, struct request **group, int count)
{
    struct error err = ERROR_INIT;
    bool begun = store_begin(wr->w->store, &err);
    for (int i = 0; begun && i < count; i++) {
        change_one(wr, group[i]);
        begun = store_in_transaction(wr->w->store) || !group_lost(wr, group, i, &err);
        if (!begun) {
            for (int later = i + 1; later < count; later++) {
                refuse(group[later], &err);
            }
        }
    }
    bool committed = begun && store_commit(wr->w->store, &err);
    bool good = committed || can_pass(wr, "commit", &err);
    if (committed) {
        metrics_stand(wr->w->metrics, STANDING_STORE, NULL);
    }
    for (int i = 0; i < count && !committed; i++) {
        error_clear(&group[i]->error);
        refuse(group[i], &err);
    }
    error_clear(&err);
    publish(wr, group, count);
    return good;
}

static bool alone_run(struct writer *wr, struct request *r)
{
    struct store *s = wr->w->store;
    bool good = true;
    r->ok = r->change(r, wr->w, &r->error);
    if (store_in_transaction(s)) {
        if (r->ok) {
            r->ok = store_commit(s, &r->error);
            good = r->ok || can_pass(wr, "commit", &r->error);
        }
        if (good && !r->ok) {
            store_rollback(s);
        }
    }
    publish(wr, &r, 1);
    return good;
}

static bool changes_run(struct writer *wr, struct request **group, int count)
{
    if (count == 0) {
        return true;
    }
    return group[0]->alone ? alone_run(wr, group[0]) : group_run(wr, group, count);
}

/* ---- jobs ---- */

static void report(struct writer *wr, struct running *job, int64_t now)
{
    struct request *r = job->r;
    if (!r->want_progress || !r->progress || !r->job->phase ||
        now - job->reported_at < PROGRESS_PAUSE_NS) {
        return;
    }
    job->reported_at = now;
    pthread_mutex_lock(&wr->lock);
    notice_add(wr, r, r->job->phase);
    pthread_mutex_unlock(&wr->lock);
    wr->wake(wr->self);
}

/* What nobody waits for must be found in the log: the clock's own jobs, and faults of the machine.
 */
static void log_failure(const struct request *r)
{
    enum reason reason = r->error.reason;
    bool machine = reason == REASON_STORAGE || reason == REASON_INTERNAL;
    if (machine || r->job->actor.uid < 0) {
        log_put(machine ? LOG_ERR : LOG_WARNING, "event=job-failed job=%s reason=%s: %s",
                r->job->class->name, reason_name(reason), r->error.message ? r->error.message : "");
    }
}

/* At rest nothing of a job stays. malloc_trim() gives back what lies free between what is used, but
 * of a thread's own heap not its end: that goes when a piece at the end is freed while it is above
 * the threshold, which main() keeps high for the slices' sake. */
static void memory_rest(void)
{
    enum { REST = 128 << 10, PIECE = 100 << 10 };
    mallopt(M_TRIM_THRESHOLD, REST);
    void *volatile piece = malloc(PIECE);
    free(piece);
    mallopt(M_TRIM_THRESHOLD, WRITER_TRIM_THRESHOLD);
    malloc_trim(0);
}

/* One slice; true where the job goes on. */
static bool job_slice(struct writer *wr, struct running *job)
{
    struct request *r = job->r;
    uint64_t failures = store_failures(wr->w->store);
    enum job_step step = r->job->class->slice(r->job, wr->w, &r->error);
    if (store_in_transaction(wr->w->store)) {
        store_rollback(wr->w->store);
        r->ok = error_say(&r->error, SAY_SLICE_OPEN);
        step = JOB_FAILED;
    }
    if (step == JOB_MORE) {
        report(wr, job, job_now());
        return true;
    }
    r->ok = step == JOB_DONE;
    if (r->ok) {
        error_clear(&r->error);
    } else {
        log_failure(r);
    }
    if (r->job->class->turn != JOB_READS && (r->ok || store_failures(wr->w->store) != failures)) {
        metrics_stand(wr->w->metrics, STANDING_STORE, r->ok ? NULL : r->error.message);
    }
    publish(wr, &r, 1);
    free(job);
    store_rest(wr->w->store);
    memory_rest();
    return false;
}

/* Which of two goes first (enum job_turn). */
static bool goes_before(const struct running *a, const struct running *b)
{
    enum job_turn x = a->r->job->class->turn, y = b->r->job->class->turn;
    bool a_keeps = x != JOB_SHARES && a->begun, b_keeps = y != JOB_SHARES && b->begun;
    if (a_keeps != b_keeps) {
        return a_keeps;
    }
    if ((x == JOB_FIRST) != (y == JOB_FIRST)) {
        return x == JOB_FIRST;
    }
    return a->served < b->served;
}

/* Takes the changing job whose turn it is off the list; of equals the one that came first. */
static struct running *changing_next(struct writer *wr)
{
    struct running_list *list = &wr->changing;
    struct running **best = &list->first;
    for (struct running **at = &list->first; *at; at = &(*at)->next) {
        if (goes_before(*at, *best)) {
            best = at;
        }
    }
    struct running *job = *best;
    *best = job->next;
    if (!*best) {
        list->end = best;
    }
    job->next = NULL;
    job->begun = true;
    return job;
}

/* The uid has had its slice: all that it asked for waits behind the others. */
static void share_taken(struct writer *wr, struct running *job, int64_t uid)
{
    wr->shares++;
    for (struct running *other = wr->changing.first; other; other = other->next) {
        if (other->r->job->actor.uid == uid) {
            other->served = wr->shares;
        }
    }
    if (job) {
        job->served = wr->shares;
        running_put(&wr->changing, job, false);
    }
}

/* Reading jobs take turns. */
static void slices_run(struct writer *wr)
{
    if (wr->changing.first) {
        struct running *job = changing_next(wr);
        bool shares = job->r->job->class->turn == JOB_SHARES;
        int64_t uid = job->r->job->actor.uid;
        bool goes_on = job_slice(wr, job);
        if (shares) {
            share_taken(wr, goes_on ? job : NULL, uid);
        } else if (goes_on) {
            running_put(&wr->changing, job, true);
        }
    }
    if (wr->reading.first) {
        struct running *job = running_take(&wr->reading);
        if (job_slice(wr, job)) {
            running_put(&wr->reading, job, false);
        }
    }
}

/* ---- the thread ---- */

/* A reader in the way leaves a rest for the next time, after a pause. */
static bool checkpoint(struct writer *wr)
{
    struct error err = ERROR_INIT;
    atomic_store(&wr->w->metrics->wal, store_wal_bytes(wr->w->store));
    if (store_wal_bytes(wr->w->store) <= WAL_CHECKPOINT || job_now() < wr->checkpoint_after) {
        return true;
    }
    bool ok = store_checkpoint(wr->w->store, false, &err);
    if (!ok) {
        ok = can_pass(wr, "checkpoint", &err);
        error_clear(&err);
    }
    wr->checkpoint_after = job_now() + CHECKPOINT_PAUSE_NS;
    return ok;
}

static void answer_all(struct writer *wr, struct running_list *list, const struct error *why)
{
    while (list->first) {
        struct running *job = running_take(list);
        refuse(job->r, why);
        publish(wr, &job->r, 1);
        free(job);
    }
}

/* From here on whatever is posted is answered by writer_take() itself. */
/* Takes the sentence over. */
static void end(struct writer *wr, struct sentence *said)
{
    struct error why = ERROR_INIT;
    error_put(&why, NULL, said);
    pthread_mutex_lock(&wr->lock);
    wr->ended = true;
    struct request *left = wr->in;
    wr->in = NULL;
    wr->in_end = &wr->in;
    pthread_mutex_unlock(&wr->lock);
    answer_all(wr, &wr->changing, &why);
    answer_all(wr, &wr->reading, &why);
    while (left) {
        struct request *r = left;
        left = r->next;
        r->next = NULL;
        refuse(r, &why);
        publish(wr, &r, 1);
    }
    error_clear(&why);
}

/* Within a job too: whoever watches a queue is not to wait for its end. */
static void tell_ready(struct writer *wr)
{
    uint64_t made_ready = store_messages_made_ready(wr->w->store);
    if (made_ready != atomic_load(&wr->made_ready)) {
        atomic_store(&wr->given, store_messages_given(wr->w->store));
        atomic_store(&wr->made_ready, made_ready);
        wr->wake(wr->self);
    }
}

static void *run(void *self)
{
    struct writer *wr = self;
    struct request *group[GROUP_MAX];
    struct error err = ERROR_INIT;
    int count;
    bool ok = true;
    while (collect(wr, group, &count)) {
        ok = changes_run(wr, group, count);
        if (!ok) {
            break;
        }
        tell_ready(wr);
        slices_run(wr);
        tell_ready(wr);
        ok = checkpoint(wr);
        atomic_fetch_add(&wr->turns, 1);
        if (!ok) {
            break;
        }
    }
    if (!ok) {
        atomic_store(&wr->failed, true);
        end(wr, sentence(SAY_STORE_ENDS));
        wr->wake(wr->self);
        return NULL;
    }
    end(wr, sentence(SAY_SERVICE_STOPPING));
    if (!store_checkpoint(wr->w->store, true, &err)) {
        log_put(LOG_ERR, "event=store-error: last checkpoint: %s", err.message);
        error_clear(&err);
    }
    return NULL;
}

/* ---- the front's side ---- */

struct writer *writer_start(struct work *w, void (*wake)(void *self), void *self, struct error *err)
{
    struct writer *wr = xcalloc(1, sizeof *wr);
    wr->w = w;
    wr->wake = wake;
    wr->self = self;
    wr->in_end = &wr->in;
    wr->out_end = &wr->out;
    wr->changing.end = &wr->changing.first;
    wr->reading.end = &wr->reading.first;
    pthread_mutex_init(&wr->lock, NULL);
    pthread_cond_init(&wr->cond, NULL);

    /* Signals are the front's. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = pthread_create(&wr->thread, NULL, run, wr);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (fault != 0) {
        error_say(err, SAY_NO_THREAD, arg_system(fault));
        free(wr);
        return NULL;
    }
    pthread_setname_np(wr->thread, "writer");
    return wr;
}

void writer_post(struct writer *wr, struct request *r)
{
    r->next = NULL;
    r->ok = false;
    r->posted_at = job_now();
    pthread_mutex_lock(&wr->lock);
    bool refused = wr->stopping || wr->ended;
    if (refused) {
        r->ok = error_say(&r->error, SAY_SERVICE_STOPPING);
        notice_add(wr, r, NULL);
    } else {
        *wr->in_end = r;
        wr->in_end = &r->next;
        pthread_cond_signal(&wr->cond);
    }
    pthread_mutex_unlock(&wr->lock);
    if (refused) {
        wr->wake(wr->self);
    }
}

bool writer_take(struct writer *wr, struct rulebook **rules)
{
    pthread_mutex_lock(&wr->lock);
    struct notice *n = wr->out;
    wr->out = NULL;
    wr->out_end = &wr->out;
    *rules = wr->rules;
    wr->rules = NULL;
    pthread_mutex_unlock(&wr->lock);
    while (n) {
        struct notice *next = n->next;
        if (n->phase) {
            n->r->progress(n->r, n->phase, n->done, n->total);
        } else {
            n->r->done(n->r); /* may free the request, and may post another */
        }
        free(n);
        n = next;
    }
    return *rules != NULL;
}

bool writer_stop(struct writer *wr)
{
    pthread_mutex_lock(&wr->lock);
    wr->stopping = true;
    pthread_cond_signal(&wr->cond);
    pthread_mutex_unlock(&wr->lock);
    pthread_join(wr->thread, NULL);

    struct rulebook *rules;
    do {
        writer_take(wr, &rules);
        rulebook_drop(rules);
    } while (wr->out);
    bool ok = !writer_failed(wr);
    pthread_cond_destroy(&wr->cond);
    pthread_mutex_destroy(&wr->lock);
    free(wr);
    return ok;
}

uint64_t writer_turns(const struct writer *wr)
{
    return atomic_load(&wr->turns);
}

bool writer_failed(const struct writer *wr)
{
    return atomic_load(&wr->failed);
}

uint64_t writer_made_ready(const struct writer *wr)
{
    return atomic_load(&wr->made_ready);
}

uint64_t writer_given(const struct writer *wr)
{
    return atomic_load(&wr->given);
}

bool writer_held(const struct writer *wr)
{
    return atomic_load(&wr->held);
}
