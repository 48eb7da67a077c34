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

/* When a job's slices come. A job that reads runs beside all others. Of those that change something
 * one has the writer at a time. */
enum job_turn {
    JOB_READS,
    JOB_FIRST, /* before all that wait, and between the slices of those that share: the daily run */
    JOB_WHOLE, /* in order of arrival; once begun it keeps its place until it is done */
    JOB_SHARES, /* a slice at a time, by turns of the uids that ask: one user's hundred files cost
                 * the others no more than one */
};

struct job;
struct job_class {
    const char *name;
    enum job_turn turn;
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
