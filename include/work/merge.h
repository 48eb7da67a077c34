/* work/merge: a township or village that is joined to another (contract.md section 5, `division
 * merge`).
 *
 * Accepted with one commit, in which the old division is marked and what lies in it lies in the
 * other; then its households follow with their open tasks, in slices; at the end its messages that
 * nobody has fetched, and its counts. A kill in between is gone on from at the next start. From the
 * first commit on the old code stands for the new division (store_division_now()). */
#pragma once

#include "work/job.h"

struct merge_result {
    int64_t old, into;
    int64_t divisions, households, tasks, messages; /* that went along */
};

/* Errors: bad-argument (the same, no township or village, of two levels, of two districts),
 * conflict (one of them was joined to another before), busy (another merge, or an import, is half
 * done), run-held. The same merge again completes one that a full disk stopped half way. */
struct job *merge_job(int64_t old, int64_t into, struct actor actor);
const struct merge_result *merge_job_result(const struct job *job);
/* At start: the job that completes what a kill interrupted; *job NULL where there is none. */
bool merge_resume(struct work *w, struct job **job, struct error *err);
