/* control/connection: one client: lines in, calls in order, answers out.
 *
 * A connection is in one of these states at any time: it reads (nothing whole has come); it has a
 * line under way, of which one call after the other is dispatched, a few in a turn; it waits for
 * the writer
 * (`pending` set: nothing further is read or dispatched, so that calls take effect in order); or it
 * is closing (what is written goes out, what comes in is thrown away). It neither reads nor
 * dispatches while its output is above a bound: a client that does not read stops being served, and
 * grows nothing. Front thread only. */
#pragma once

#include <event2/buffer.h>
#include <event2/event.h>

#include "control/peer.h"
#include "control/rpc.h"

struct pending;
struct server;
struct watch;

#define CONNECTION_FDS 4 /* descriptors queued; what comes beyond is closed, and what is unfit */

/* Descriptors of one message. The stream tells their place only to the read that brought them: they
 * are for a call whose first byte lies in [from, to). */
struct passed {
    uint64_t from, to;
    int fds[CONNECTION_FDS]; /* -1: it was none that a call can use */
    int count;
};

struct connection {
    struct server *server;
    struct user *user;
    struct connection *prev, *next; /* the server's, oldest first */
    struct connection *ready_next;  /* the user's */
    bool ready;
    int fd;
    struct peer *peer;
    bool peer_stale; /* the settings changed: look again before the next call */
    struct event *read, *write, *pause, *linger;
    struct evbuffer *in, *out;
    uint64_t position; /* of the first byte of `in` in the stream */
    size_t scanned;    /* bytes of `in` that hold no line feed */
    struct passed passed[CONNECTION_FDS];
    int passed_count;
    struct rpc_line line; /* root NULL: none under way */
    size_t line_bytes;
    size_t held;      /* bytes of `in` and of the line under way, as the user's record has them */
    uint64_t line_at; /* its position in the stream */
    size_t next_call;
    bool answered; /* of the batch something is written */
    struct pending *pending;
    struct watch *watch; /* what it is told of unasked (control/watch), or NULL */
    size_t counted;      /* bytes of `out` that the server knows of */
    size_t drained;      /* bytes thrown away while closing */
    bool eof, closing, lingering;
    bool served;        /* a call was completed */
    int64_t active_at;  /* CLOCK_MONOTONIC, ns: the last byte in or out */
    int64_t owes_since; /* the same: since then it owes the line that `in` holds a part of */
};

/* Takes over fd (not blocking) and the reference to the peer; joins the server's list. */
struct connection *connection_new(struct server *server, int fd, struct peer *peer);
/* Closes it, at once and with all its descriptors; a call of it with the writer goes on unanswered.
 */
void connection_free(struct connection *c);
/* Appends one response; takes it over; NULL: a notification's, nothing. */
void connection_answer(struct connection *c, json_t *response);
/* Whether a line that answers nothing (progress, a message) can be appended now: not inside the
 * answer to a batch, and not where the client does not keep up. */
bool connection_may_tell(const struct connection *c);
/* Appends one where it can; takes it over either way. It leaves by connection_send(). */
bool connection_tell(struct connection *c, json_t *notification);
/* Writes what there is, and sees to what comes next. May free the connection. */
void connection_send(struct connection *c);
/* Its caller, by the settings of now. */
const struct peer *connection_peer(struct connection *c);
/* The call with the writer has been answered: goes on with the next. May free the connection. */
void connection_resume(struct connection *c);
/* The descriptors that came with the call under way, at most CONNECTION_FDS; they are the caller's
 * then. */
int connection_take_fds(struct connection *c, int fds[CONNECTION_FDS]);
/* Its turn: lines until a while is over, of a batch one call. May free the connection. */
void connection_turn(struct connection *c);
/* Writes what can be written without waiting; false once nothing more will go out. */
bool connection_flush(struct connection *c);
