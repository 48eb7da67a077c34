/* work/inlet: how filled lists come in (contract.md section 4, Returns). Given by main, so that
 * control need not know delivery. */
#pragma once

#include "work/job.h"

#define RETURN_REFUSALS 1000

/* A row that was not recorded. */
struct return_refusal {
    uint64_t line; /* physical line on which the row starts, the heading being 1 */
    int64_t task;  /* 0: none could be read */
    enum reason reason;
    char *message;    /* English */
    char *message_zh; /* what the office reads */
};
struct return_result {
    int64_t rows; /* below the heading; of them: */
    int64_t recorded;
    int64_t unchanged; /* identical to what is recorded */
    int64_t empty;     /* not filled */
    int64_t rejected;
    struct return_refusal *refusals; /* at most RETURN_REFUSALS */
    int refusal_count;
    int64_t more;                /* refusals beyond */
    char *fault_zh;              /* why the whole file was refused; NULL where it was not */
    char sha256[DIGEST_HEX + 1]; /* of the file as it came; "" before it was whole */
};

struct inlet {
    /* Readable when something may have come in; -1: only a look can tell. Emptied by look(). */
    int fd;
    /* One look at the return folders: records what came in whole. NULL: there are none. */
    struct job *(*look)(void *self);
    /* After a look, before the next: it left something for another one at once, so that other work
     * could come between. */
    bool (*again)(void *self);
    /* One file: takes over `file` (a pipe or sealed memory) and `rejected` (-1, or where the
     * rejected rows are written as CSV). Only rows of households within one of `divisions`
     * (borrowed while the job lives; count 0: of all) are found. Fails with bad-rows (fault_zh says
     * why) where no row can be read; run-held, storage: what was recorded before stays. */
    struct job *(*file)(void *self, int file, int rejected, struct actor actor,
                        const int64_t *divisions, int division_count);
    /* Of a job of file(); lives as long as the job. */
    const struct return_result *(*result)(const struct job *job);
    void *self;
};
