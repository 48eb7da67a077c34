#include "work/metrics.h"

#include <stdlib.h>
#include <string.h>

struct metrics *metrics_new(int64_t started_at)
{
    struct metrics *m = xcalloc(1, sizeof *m);

    m->started_at = started_at;
    atomic_init(&m->free_store, -1);
    atomic_init(&m->free_spool, -1);
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void metrics_free(struct metrics *m)
{
    if (!m) {
        return;
    }
    for (int i = 0; i < STANDING_COUNT; i++) {
        free(m->standing[i]);
    }
    free(m->calls);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

bool metrics_stand(struct metrics *m, enum standing which, const char *why)
{
    char *after = why ? xstrdup(why) : NULL;

    pthread_mutex_lock(&m->lock);
    char *before = m->standing[which];
    bool changed = (before == NULL) != (after == NULL) || (before && strcmp(before, after) != 0);
    m->standing[which] = after;
    pthread_mutex_unlock(&m->lock);
    free(before);
    return changed;
}

void metrics_call(struct metrics *m, const char *method, enum reason reason)
{
    int i = 0;

    while (i < m->call_count && m->calls[i].method != method) {
        i++;
    }
    if (i == m->call_count) {
        m->calls = xrealloc(m->calls, (size_t)(i + 1) * sizeof *m->calls);
        m->calls[m->call_count++] = (struct metrics_calls){.method = method};
    }
    m->calls[i].by[reason]++;
}

bool metrics_standing(struct metrics *m, enum standing which, struct strbuf *out)
{
    pthread_mutex_lock(&m->lock);
    bool stands = m->standing[which] != NULL;
    if (stands) {
        strbuf_addz(out, m->standing[which]);
    }
    pthread_mutex_unlock(&m->lock);
    return stands;
}
