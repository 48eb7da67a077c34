/* work/metrics: what the service counts of itself while it runs, for `metrics`, the Prometheus file
 * and `status --check`.
 *
 * One is shared by both threads: numbers are atomic, the faults that stand are guarded by a lock.
 * What the store knows (tasks, messages, runs) is not counted here again. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/error.h"
#include "base/histogram.h"
#include "base/str.h"

/* A fault that stands: the last attempt failed, and will be made again. */
enum standing {
    STANDING_STORE,    /* the store refuses changes */
    STANDING_SPOOL,    /* no list can be written */
    STANDING_FOLDER,   /* lists that wait for a folder of their township */
    STANDING_IMPORT,   /* an accepted import waits to be applied */
    STANDING_CALENDAR, /* a file of calendar_dir is not taken */
    STANDING_METRICS,  /* the Prometheus file cannot be written */
    STANDING_COUNT
};

struct metrics {
    int64_t started_at;           /* instant */
    struct histogram sync;        /* a commit of the writer, with its fsync */
    struct histogram queue_delay; /* from the front's posting to the writer's taking */
    atomic_int_fast64_t spool_errors, wal, free_store, free_spool; /* bytes; -1 not known */
    /* Calls that were answered, by method and reason (REASON_NONE: done): the front's alone. */
    struct metrics_calls {
        const char *method; /* static text */
        int64_t by[REASON_COUNT];
    } * calls;
    int call_count;
    pthread_mutex_t lock;
    char *standing[STANDING_COUNT]; /* why; NULL: well */
};

struct metrics *metrics_new(int64_t started_at);
void metrics_free(struct metrics *m); /* NULL is fine */
/* Sets or (why NULL) clears a standing fault. Returns whether it was another before. */
bool metrics_stand(struct metrics *m, enum standing which, const char *why);
/* Front thread. `method` static text. */
void metrics_call(struct metrics *m, const char *method, enum reason reason);
/* Appends the text; false where nothing stands. */
bool metrics_standing(struct metrics *m, enum standing which, struct strbuf *out);
