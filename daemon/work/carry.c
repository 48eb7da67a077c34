#include "work/carry.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/kick.h"
#include "work/job.h"

#define PIECE ((size_t)64 * 1024)
#define KICK_MS 100
#define LOOK ((int64_t)1024 * 1024) /* bytes between two looks at the disk */

/* One end. A file in memory shares its position with the caller, and a lock on it: hence pread(2)
 * and pwrite(2), which need neither. */
struct end {
    int fd;
    bool stream; /* found out by the first attempt */
    off_t at;
};

static ssize_t take(struct end *e, char *bytes, size_t len)
{
    ssize_t n = e->stream ? read(e->fd, bytes, len) : pread(e->fd, bytes, len, e->at);
    if (n < 0 && errno == ESPIPE && !e->stream) {
        e->stream = true;
        return take(e, bytes, len);
    }
    e->at += n > 0 ? n : 0;
    return n;
}

static ssize_t give(struct end *e, const char *bytes, size_t len)
{
    ssize_t n = e->stream ? write(e->fd, bytes, len) : pwrite(e->fd, bytes, len, e->at);
    if (n < 0 && errno == ESPIPE && !e->stream) {
        e->stream = true;
        return give(e, bytes, len);
    }
    e->at += n > 0 ? n : 0;
    return n;
}

/* What one attempt that moved nothing means: try again (true), or the end with the error. */
static bool again(struct carry *c, int fd, short events, int64_t until, struct error *err)
{
    static const enum say broken[2][2] = {
        /* [reading][the disk's own fault] */
        {SAY_CARRIED_UNWRITABLE, SAY_CARRIED_FULL},
        {SAY_CARRIED_UNREADABLE, SAY_CARRIED_FULL_READING},
    };
    int why = errno;
    if (why == EAGAIN) {
        poll(&(struct pollfd){.fd = fd, .events = events}, 1, KICK_MS);
    } else if (why != EINTR) {
        bool full = why == ENOSPC || why == EDQUOT || why == EIO || why == EFBIG;
        return error_put(err, NULL,
                         sentence_of(broken[events == POLLIN][full], arg_system(why), ARG_LAST));
    }
    if (!c->goes_on(c->self, c->done)) {
        return error_say(err, SAY_SERVICE_STOPPING);
    }
    return job_now() < until ||
           error_put(err, NULL,
                     sentence_of(events == POLLIN ? SAY_PIPE_SLOW : SAY_PIPE_UNREAD_FOR,
                                 arg_number(CARRY_PACE >> 10), arg_number(CARRY_PATIENCE_SECONDS),
                                 ARG_LAST));
}

static bool room(const struct carry *c, struct error *err)
{
    struct statvfs fs;
    if (c->floor == 0 || fstatvfs(c->to, &fs) != 0) {
        return true;
    }
    int64_t left = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    return left >= c->floor ||
           error_say(err, SAY_NO_ROOM_FREE, arg_number((left >> 20)), arg_number((c->floor >> 20)));
}

static bool carry_all(struct carry *c, char *piece, struct error *err)
{
    struct end from = {.fd = c->from}, to = {.fd = c->to};
    int64_t patience = CARRY_PATIENCE_SECONDS * INT64_C(1000000000);
    int64_t until = job_now() + patience, paced = 0, looked = -LOOK;
    for (;;) {
        if (c->done - looked >= LOOK) {
            looked = c->done;
            if (!room(c, err)) {
                return false;
            }
        }
        size_t want = c->most - c->done < (int64_t)PIECE ? (size_t)(c->most - c->done) : PIECE;
        ssize_t n = want ? take(&from, piece, want) : 0;
        if (n == 0) {
            return true;
        }
        if (n < 0) {
            if (!again(c, c->from, POLLIN, until, err)) {
                return false;
            }
            continue;
        }
        if (c->digest) {
            digest_add(c->digest, piece, (size_t)n);
        }
        for (ssize_t written = 0; written < n;) {
            ssize_t m = give(&to, piece + written, (size_t)(n - written));
            if (m > 0) {
                written += m;
                c->done += m;
            } else if (!again(c, c->to, POLLOUT, until, err)) {
                return false;
            }
            if (c->done - paced >= CARRY_PACE) {
                paced = c->done;
                until = job_now() + patience;
            }
        }
        errno = EINTR;
        if (!again(c, c->from, POLLIN, until, err)) {
            return false;
        }
    }
}

bool carry(struct carry *c, struct error *err)
{
    struct kick kick;
    if (!kick_begin(&kick, KICK_MS)) {
        return error_say(err, SAY_NO_TIMER_LEFT, arg_system(errno));
    }
    char *piece = xmalloc(PIECE);
    bool ok = carry_all(c, piece, err);
    free(piece);
    kick_end(&kick);
    return ok;
}
