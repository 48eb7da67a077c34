/* control/sources: the rows of several townships in one order, each read by its own index.
 *
 * A list of an account that is bound to divisions looks at nothing else (contract.md section 5):
 * each township is read in order, a batch at a time, and the smallest row of all comes next. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

struct source_class {
    size_t size; /* of a row */
    int (*compare)(const void *a, const void *b);
    /* About `limit` rows of a township (0: of all) behind `after` (NULL: from the place that the
     * call asks for), in order, in the arena; fewer only at the end. */
    bool (*fill)(void *self, struct arena *a, int64_t township, const void *after, int limit,
                 void **rows, int *count, struct error *err);
};

struct sources;
/* Everything lives in the arena. `page` is how many rows are likely to be wanted. */
bool sources_open(struct sources **s, struct arena *a, const struct source_class *class, void *self,
                  const int64_t *townships, int count, int page, struct error *err);
/* The next row; *row NULL at the end. */
bool sources_next(struct sources *s, const void **row, struct error *err);
