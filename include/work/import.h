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
    uint64_t written;   /* the line of the row in the file of bad rows; 0: it is not there */
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

/* What is asked for. The job takes the descriptors over. */
struct import_request {
    enum import_kind kind;
    int file;     /* a regular file of ours, read from its start */
    int skip_bad; /* -1, or such a file that the bad rows are written to with a column of reasons */
    /* Of a calendar: the year that the file is of, 0 where its rows tell; and whether it may take
     * more than a third of that year's days back. */
    int year;
    bool confirmed;
    bool partial; /* of households: an empty last_review_on means that nobody knows (3.4, Import) */
    /* Of a book: the mapping's name; whatever the kind, dry_run takes nothing and tells the faults.
     */
    struct str map;
    bool dry_run;
};
struct job *import_job(const struct import_request *request, struct actor actor);
/* After a book was checked: what becomes of a heading ("household, head_id", "ignore"), appended;
 * and how often each word stood, by pass (households, members): *count -1 behind the last. */
const char *import_job_heading(const struct job *job, int i); /* NULL behind the last */
bool import_job_becomes(const struct job *job, struct str heading, struct strbuf *out);
struct map_count;
const struct map_count *import_job_words(const struct job *job, int pass, int *count);
/* Valid after the job is done, or failed with bad-rows; lives as long as the job. */
const struct import_result *import_job_result(const struct job *job);
/* Frees the faults, not the result itself. */
void import_result_free(struct import_result *result);
/* At start: the job that completes an import which a kill interrupted; *job NULL where there is
 * none. */
bool import_resume(struct work *w, struct job **job, struct error *err);
/* Loads each calendar_dir/YEAR.csv that is new or changed since it was last taken. One that would
 * take more than a third of its year's days back is conflict; at the start it is left, which
 * `status` says. */
bool import_calendar_dir(struct work *w, struct actor actor, bool start, struct error *err);
/* Adds what is wrong with the files YEAR.csv of a folder, or with the folder. Needs no store. */
void import_calendar_check(const char *folder, struct faults *faults);
