/* work/verify: every invariant over the whole store, in slices; and the chain of the audit. */
#pragma once

#include "work/job.h"

#define VERIFY_FAILURES 1000

struct verify_failure {
    const char *invariant; /* a stable word */
    char *household;       /* NULL: none in particular */
    char *what;
};
struct verify_result {
    int64_t checked;                 /* households */
    struct verify_failure *failures; /* at most VERIFY_FAILURES */
    int failure_count;
};
struct job *verify_job(struct actor actor);
const struct verify_result *verify_job_result(const struct job *job);

struct chain_result {
    int64_t rows;
    char head[DIGEST_HEX + 1];
    bool ok;
    int64_t first_bad; /* seq, 0: none */
    bool head_asked, head_found;
};
/* `head` NULL or 64 hex digits to look for. */
struct job *chain_job(const char *head, struct actor actor);
const struct chain_result *chain_job_result(const struct job *job);
