/* work/job: long work in slices. The writer runs a slice of a job of some 20 ms, lets the small
 * changes that wait pass, and goes on. A slice makes its own commits; between two slices a kill
 * loses nothing. */
#pragma once

#include "work/work.h"

#define JOB_SLICE_NS 20000000

enum job_step {
    JOB_MORE,  /* call again */
    JOB_DONE,  /* the result is there */
    JOB_FAILED /* err says why; no transaction is open */
};

struct job;
struct job_class {
    const char *name;
    bool changes; /* jobs that change go one after the other; those that only read run beside */
    enum job_step (*slice)(struct job *job, struct work *w, struct error *err);
    void (*free)(struct job *job);
};

/* The first member of every job. */
struct job {
    const struct job_class *class;
    struct actor actor;  /* `who` must outlive the job */
    const char *phase;   /* for progress: static text, NULL before the first */
    int64_t done, total; /* total -1: unknown */
};

/* Nanoseconds of CLOCK_MONOTONIC, to measure slices. */
int64_t job_now(void);
