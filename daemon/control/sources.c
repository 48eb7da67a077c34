#include "control/sources.h"

#define BATCH_MIN 16
#define BATCH_MAX 500

struct source {
    int64_t township;
    const char *rows;
    int at, count;
};

/* A heap by the row at hand: the first source has the smallest. */
struct sources {
    struct arena *arena;
    const struct source_class *class;
    void *self;
    struct source **heap;
    int count, batch;
};

static const void *head(const struct sources *s, const struct source *one)
{
    return one->rows + (size_t)one->at * s->class->size;
}

static bool fill(struct sources *s, struct source *one, const void *after, struct error *err)
{
    void *rows = NULL;
    one->at = 0;
    bool ok =
        s->class->fill(s->self, s->arena, one->township, after, s->batch, &rows, &one->count, err);
    one->rows = rows;
    return ok;
}

static void sink(struct sources *s, int at)
{
    for (;;) {
        int least = at;
        for (int child = 2 * at + 1; child <= 2 * at + 2 && child < s->count; child++) {
            if (s->class->compare(head(s, s->heap[child]), head(s, s->heap[least])) < 0) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        struct source *other = s->heap[at];
        s->heap[at] = s->heap[least];
        s->heap[least] = other;
        at = least;
    }
}

bool sources_open(struct sources **out, struct arena *a, const struct source_class *class,
                  void *self, const int64_t *townships, int count, int page, struct error *err)
{
    struct sources *s = arena_alloc(a, sizeof *s);
    struct source *all = arena_alloc(a, (size_t)(count + 1) * sizeof *all);
    int batch = count > 1 ? 2 * page / count : page;
    *s = (struct sources){.arena = a, .class = class, .self = self};
    s->batch = batch < BATCH_MIN ? BATCH_MIN : batch > BATCH_MAX ? BATCH_MAX : batch;
    s->heap = arena_alloc(a, (size_t)(count + 1) * sizeof(struct source *));
    for (int i = 0; i < count; i++) {
        all[i] = (struct source){.township = townships[i]};
        if (!fill(s, &all[i], NULL, err)) {
            return false;
        }
        if (all[i].count > 0) {
            s->heap[s->count++] = &all[i];
        }
    }
    for (int i = s->count / 2 - 1; i >= 0; i--) {
        sink(s, i);
    }
    *out = s;
    return true;
}

bool sources_next(struct sources *s, const void **row, struct error *err)
{
    *row = NULL;
    if (s->count == 0) {
        return true;
    }
    struct source *one = s->heap[0];
    *row = head(s, one);
    if (++one->at == one->count) {
        if (one->count < s->batch) {
            one->count = 0;
        } else if (!fill(s, one, *row, err)) {
            return false;
        }
        if (one->count == 0) {
            s->heap[0] = s->heap[--s->count];
        }
    }
    sink(s, 0);
    return true;
}
