/* work/import: CSV files into the store (contract.md section 5).
 *
 * Three phases. Receive: the file is copied as UTF-8 into the staging folder beside the store.
 * Check: every row is checked whole, nothing is written. Accept: one commit with the file's
 * SHA-256; from then on the import always completes. Apply: slices, each a commit that moves the
 * offset along. */
#pragma once

#include "base/faults.h"
#include "store/run.h"
#include "work/job.h"

#define IMPORT_FAULTS 1000

struct import_fault {
    uint64_t line;
    const char *column; /* English name, or "" for the whole row */
    const char *reason; /* a stable word of import_reasons */
    char *message;
};

struct import_result {
    enum import_kind kind;
    int64_t rows, added, changed, unchanged, bad;
    struct import_fault *faults; /* at most IMPORT_FAULTS */
    int fault_count;
    int64_t more; /* faults beyond */
};

/* Takes over `file` (a regular file of ours, read from its start) and `skip_bad` (-1, or such a
 * file that the bad rows are written to with a last column of reasons). */
struct job *import_job(enum import_kind kind, int file, int skip_bad, struct actor actor);
/* Valid after the job is done, or failed with bad-rows; lives as long as the job. */
const struct import_result *import_job_result(const struct job *job);
/* Frees the faults, not the result itself. */
void import_result_free(struct import_result *result);
/* At start: the job that completes an import which a kill interrupted; *job NULL where there is
 * none. */
bool import_resume(struct work *w, struct job **job, struct error *err);
/* Loads each calendar_dir/YEAR.csv that is new or changed since it was last taken. */
bool import_calendar_dir(struct work *w, struct actor actor, struct error *err);
/* Adds what is wrong with the files YEAR.csv of a folder, or with the folder. Needs no store. */
void import_calendar_check(const char *folder, struct faults *faults);
