/* client/copy: a file that comes through a pipe while the call is under way, as a backup does.
 *
 * It is written as NAME.part, mode 0600, and gets its name when it is whole, on disk and its
 * SHA-256 the one that the daemon tells. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/str.h"

struct copy {
    const char *path; /* NULL: none */
    char *target;     /* the same without links, for the daemon to look at; NULL: no such folder */
    struct strbuf part;
    int file, from; /* -1: closed */
    int why;        /* errno of the thread's failure, 0: none */
    int64_t bytes;
    char sha256[DIGEST_HEX + 1];
    pthread_t thread;
    bool running;
    atomic_bool stop; /* nothing more is wanted */
};

/* Makes NAME.part and starts reading. *to is the pipe's writing end, for the call: the caller
 * closes it once the call has been answered. Errors: conflict where `path` is there and may not be
 * replaced; storage. */
bool copy_begin(struct copy *c, const char *path, bool force, int *to, struct error *err);
/* After the pipe was closed at both writers': waits for the rest, and gives the file its name. What
 * is not the copy that was told of is storage, and goes. */
bool copy_keep(struct copy *c, int64_t bytes, const char *sha256, struct error *err);
/* Without copy_keep(): what came is removed. */
void copy_drop(struct copy *c);
