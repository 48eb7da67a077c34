/* work/carry: bytes from one descriptor to another where one of the two is lent by a caller.
 *
 * It may block at any moment, whatever its flags say now, and for as long as the caller likes: so
 * this runs on a thread that nobody waits for. The thread is kicked (base/kick) and gives up when
 * too little comes through, when it is told to stop, or when the disk would be full. The flags and
 * the position of the lent descriptor stay as they are where it is no pipe. */
#pragma once

#include "base/digest.h"
#include "base/error.h"

#define CARRY_PATIENCE_SECONDS 30
#define CARRY_PACE ((int64_t)64 * 1024) /* bytes that must come in that time */

struct carry {
    int from, to;  /* each read or written from its start where it is no pipe */
    int64_t most;  /* bytes; what lies beyond is left unread */
    int64_t floor; /* bytes that stay free on the disk where `to` lies; 0: it is not looked at */
    /* Asked at least every 100 ms; false: stop. */
    bool (*goes_on)(void *self, int64_t done);
    void *self;
    struct digest *digest; /* of what was carried, or NULL */
    int64_t done;          /* bytes */
};

/* Until the end of `from`, or `most`. Fails with bad-argument where the caller is at fault, storage
 * where the disk is, busy when told to stop. Closes nothing. */
bool carry(struct carry *c, struct error *err);
