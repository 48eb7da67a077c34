/* work/writer: the thread that owns the writing store.
 *
 * Requests go in, results come out, each in order. Small changes that wait together share one
 * commit; each runs in a savepoint of its own, so that one refused undoes only itself; their
 * results are published after the commit. Jobs run in slices between them. The front is woken by a
 * callback and collects what is finished with writer_take(). */
#pragma once

#include "work/job.h"

struct request {
    /* Set by the front: */
    bool (*change)(struct request *r, struct work *w, struct error *err); /* or NULL for a job */
    struct job *job;                 /* owned by the writer from writer_post() to its result */
    void (*done)(struct request *r); /* on the front, by writer_take(): once */
    void (*progress)(struct request *r, const char *phase, int64_t done, int64_t total);
    bool want_progress;
    bool alone; /* the change makes its own commits: it runs by itself, outside any transaction; one
                 * that it leaves open is committed with it, or rolled back where it failed */
    void *owner;
    /* Set by the writer before `done`: */
    bool ok;
    struct error error;
    /* The writer's own: */
    int64_t posted_at; /* CLOCK_MONOTONIC, ns */
    struct request *next;
};

/* M_TRIM_THRESHOLD while jobs run, for main() to set: slices take and give back the same memory. */
#define WRITER_TRIM_THRESHOLD (16 << 20)

struct writer;

/* `wake` is called on the writer's thread whenever a result waits. The work is the writer's from
 * here on, until writer_stop(). */
struct writer *writer_start(struct work *w, void (*wake)(void *self), void *self,
                            struct error *err);
/* Thread-safe. After writer_stop() began: done with `busy` at the next writer_take(). */
void writer_post(struct writer *wr, struct request *r);
/* On the front: runs `progress` and `done` of everything that is finished; returns whether the
 * rulebook changed, then *rules is a new reference. */
bool writer_take(struct writer *wr, struct rulebook **rules);
/* Called on the front. Finishes the slice under way, checkpoints, joins. Jobs not finished are
 * answered `busy`; what they had committed goes on at the next start. Runs the `done` of everything
 * that is left, frees the writer, and returns false where it had failed. */
bool writer_stop(struct writer *wr);
/* Turns that the thread has made: grows while it makes progress (the watchdog's). */
uint64_t writer_turns(const struct writer *wr);
/* True when a fatal storage fault ended the thread: the process must end and recover. */
bool writer_failed(const struct writer *wr);
/* Grows after a commit that may have made messages ready; the front is woken then. */
uint64_t writer_made_ready(const struct writer *wr);
/* Grows where messages came to another division: behind those that it was told of, there are new
 * ones. */
uint64_t writer_given(const struct writer *wr);
/* work->held of the writer's work, for the front to show. */
bool writer_held(const struct writer *wr);
