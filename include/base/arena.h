/* base/arena: memory of one request or one slice, freed whole. Out of memory ends the process. */
#pragma once

#include "base/str.h"

struct arena {
    struct arena_block *blocks; /* newest first */
};

#define ARENA_INIT                                                                                 \
    (struct arena)                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

/* Zeroed, aligned for any object, valid until arena_reset() or arena_free(). */
void *arena_alloc(struct arena *a, size_t size);
/* A NUL-terminated copy. */
char *arena_copy(struct arena *a, struct str s);
struct str arena_str(struct arena *a, struct str s);
char *arena_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for one more behind `count` elements of an array that this alone makes grow: the array
 * itself or a larger copy in the arena. */
void *arena_room(struct arena *a, void *array, size_t size, int count);
/* Forgets everything but keeps one block (the first size) for the next round. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);
