/* work/backup: a copy of the store for the caller (contract.md section 6); work/restore is the way
 * back.
 *
 * The copy is taken at one moment, between two slices of the writer's and while no import is being
 * applied, so that it is whole. Copying, checking and sending then go on in a thread of their own,
 * which shares with the writer's nothing but how far it has come: the integrity check of a large
 * store takes minutes and has no slices, and nobody's pipe holds the writer. */
#pragma once

#include "work/job.h"

struct backup_result {
    int64_t bytes, households, seq;
    char sha256[DIGEST_HEX + 1], audit_head[DIGEST_HEX + 1], taken_at[CLOCK_TEXT];
};

/* Takes over `out`: a pipe's writing end, or memory that can be written. Errors: busy (another one
 * is under way, an import does not get on, the service stops), storage (no room, a damaged store),
 * bad-argument (nobody reads the pipe). A good one is in the audit and sets the store's meta
 * `backup_at`. */
struct job *backup_job(int out, struct actor actor);
const struct backup_result *backup_job_result(const struct job *job);
/* At start: removes what a kill left of one. */
void backup_forget(const struct work *w);
