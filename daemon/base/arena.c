#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

/* A block is twice the one before it, so that a small round costs little and a large one few calls.
 */
#define BLOCK_MIN ((size_t)1024)
#define BLOCK_MAX ((size_t)64 * 1024) /* below malloc's mmap threshold */
#define ALIGNMENT alignof(max_align_t)

struct arena_block {
    struct arena_block *older;
    size_t size, used; /* of bytes[] */
    alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *add_block(struct arena *a, size_t size)
{
    struct arena_block *block = xmalloc(sizeof *block + size);

    block->older = a->blocks;
    block->size = size;
    block->used = 0;
    a->blocks = block;
    return block;
}

static void *take(struct arena *a, size_t size)
{
    struct arena_block *block = a->blocks;
    size_t wanted = block ? block->size * 2 : BLOCK_MIN;

    wanted = wanted > BLOCK_MAX ? BLOCK_MAX : wanted;
    if (size > SIZE_MAX / 2) {
        return xmalloc(SIZE_MAX); /* ends the process */
    }
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!block || block->size - block->used < size) {
        block = add_block(a, size > wanted ? size : wanted);
    }
    void *p = block->bytes + block->used;
    block->used += size;
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(take(a, size ? size : 1), 0, size);
}

char *arena_copy(struct arena *a, struct str s)
{
    char *copy = take(a, s.len + 1);

    if (s.len) {
        memcpy(copy, s.data, s.len);
    }
    copy[s.len] = '\0';
    return copy;
}

struct str arena_str(struct arena *a, struct str s)
{
    if (!s.data) {
        return STR_NONE;
    }
    return (struct str){arena_copy(a, s), s.len};
}

char *arena_format(struct arena *a, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_vaddf(&text, format, args);
    va_end(args);
    char *copy = arena_copy(a, strbuf_str(&text));
    strbuf_free(&text);
    return copy;
}

/* Sixteen at first, then twice as many: no room need be remembered. */
void *arena_room(struct arena *a, void *array, size_t size, int count)
{
    const int first = 16;

    if (count && (count < first || count & (count - 1))) {
        return array;
    }
    void *larger = arena_alloc(a, (size_t)(count ? 2 * count : first) * size);
    if (count) {
        memcpy(larger, array, (size_t)count * size);
    }
    return larger;
}

void arena_reset(struct arena *a)
{
    struct arena_block *kept = NULL;

    for (struct arena_block *block = a->blocks, *older; block; block = older) {
        older = block->older;
        if (!kept && block->size <= BLOCK_MAX) {
            kept = block; /* the newest, so the largest of the regular ones */
        } else {
            free(block);
        }
    }
    if (kept) {
        kept->older = NULL;
        kept->used = 0;
    }
    a->blocks = kept;
}

void arena_free(struct arena *a)
{
    for (struct arena_block *block = a->blocks, *older; block; block = older) {
        older = block->older;
        free(block);
    }
    a->blocks = NULL;
}
