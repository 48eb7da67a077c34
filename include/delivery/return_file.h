/* delivery/return_file: one filled list, from its bytes to recorded rows (contract.md section 4,
 * Returns).
 *
 * It is made UTF-8 in memory and read row by row; each slice commits the rows that it recorded. A
 * kill loses nothing: a row recorded stays, and the same file again changes nothing for it. */
#pragma once

#include "delivery/return_row.h"
#include "work/job.h"

#define RETURN_BYTES_MAX (16 << 20)
#define RETURN_ROWS_MAX 100000
#define RETURN_REFUSALS 1000 /* that a result names */

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

struct return_source {
    int file;           /* taken over; whole, read from its start with pread(); -1: unread */
    struct error fault; /* taken over; why it is refused unread; no reason: it is read */
    int bad;            /* taken over; -1, or what the rejected rows are written to */
    int folder;         /* borrowed; where RETURN_PART is made for them; -1: see `bad` */
    struct actor actor; /* borrowed */
    struct return_scope scopes[2]; /* borrowed */
    int64_t division;              /* of the folder; 0: none */
    const char *name;              /* of the file, for the audit; NULL: it came by the socket */
    char audited[DIGEST_HEX + 1];  /* RETURN_KEY() of a file that the audit has already, or "" */
};

/* The rejected rows in a folder, until they are whole. */
#define RETURN_PART ".rejected.part"

/* What tells whether the audit has a file: its SHA-256, or that it was not read. */
#define RETURN_KEY(result) (*(result)->sha256 ? (result)->sha256 : "unread")

struct return_file;
struct return_file *return_file_new(const struct return_source *source);
/* Outside any transaction. JOB_FAILED: bad-rows where no row could be read (the whole file is
 * refused; that is in the audit and in the rejected rows); anything else: try again later. */
enum job_step return_file_slice(struct return_file *f, struct work *w, struct error *err);
const struct return_result *return_file_result(const struct return_file *f);
/* The descriptor of the rejected rows, the file's own; -1 where there are none. */
int return_file_bad(const struct return_file *f);
void return_file_free(struct return_file *f); /* NULL is fine */

/* The job of one file that came by the socket; takes over `file` (a regular file of ours)
 * and `bad` (-1, or where the rejected rows are written as CSV). Only rows of households within one
 * of `divisions` (borrowed while the job lives; count 0: of all) are found. Fails with bad-rows
 * (fault_zh says why) where no row can be read; run-held, storage: what was recorded before stays.
 * The result lives as long as the job. */
struct job *return_file_job(int file, int bad, struct actor actor, const int64_t *divisions,
                            int division_count);
const struct return_result *return_file_job_result(const struct job *job);
