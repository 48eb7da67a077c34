/* control/server: the listening socket, who may hold how much, and whose turn it is.
 *
 * At most limits.connections_per_user for each uid, except root and the service's own account, who
 * could stop the service anyway; at most limits.connections in all, one slot of them kept for an
 * admin, and beside them one for each uid that has no other. Where a limit is reached, the oldest
 * connection that never completed a call and has been silent for 10 seconds gives way, or one whose
 * client has not read for as long. What lines hold, half or under way, is bounded in bytes, for a
 * uid and for all. Who finds no room is told `busy`. Turns go round by uid: a thousand connections
 * of one are served as often as the only one of another. Who has no role is told so at once and
 * closed: nothing of his is read or kept. Who owes a line (nothing came yet, or half of one) for
 * limits.first_byte_seconds, whatever drips in meanwhile, is closed. */
#pragma once

#include <event2/event.h>
#include <event2/listener.h>

#include "work/writer.h"

struct closer;
struct connection;
struct peer;
struct pending;
struct rpc_call;
struct transfers;

/* A uid with connections. */
struct user {
    int64_t uid;
    int connections;
    int64_t input; /* bytes of lines that its connections hold */
    /* Its connections that have something to do, in order; and the next user that has such. */
    struct connection *ready, **ready_end;
    bool in_turn;
    struct user *turn_next;
    struct user *next;
};

struct server {
    struct event_base *base;
    struct work *work; /* the front's */
    struct writer *writer;
    struct closer *closer; /* of what others lent */
    struct transfers *transfers;
    /* What its connections do with a call, and with one that nobody waits for any more: dispatch's,
     * set by the front, so that a connection need not know who answers. */
    void (*call)(struct connection *c, const struct rpc_call *call);
    void (*forget)(struct pending *p);
    /* Of a connection that watches, control/watch's: it can be told more; it goes away. */
    void (*room)(struct connection *c);
    void (*unwatch)(struct connection *c);
    void (*reloaded)(struct server *s); /* on the front, once work->settings are new; may be NULL */
    void *owner;
    struct evconnlistener *listener;
    struct event *resume; /* after a want of descriptors */
    struct event *sweep;  /* for those who owe a line */
    struct connection *first, *last;
    int count;
    struct user *users;
    int user_count;
    int64_t input;                        /* of all users */
    struct user *turn_first, **turn_last; /* whose turn comes, in order */
    struct event *turn;
    int64_t released; /* bytes given up since memory was last handed back to the machine */
    int64_t output;   /* bytes that wait in all connections */
    int outstanding;  /* calls with the writer */
    char *path;       /* of the socket that it made, or NULL */
};

/* Listens on `fd`, or, where that is -1, on a new socket at `path` (its folder is made where it is
 * missing; one that nobody answers is replaced; mode 0666: the role decides who may do what).
 * conflict where a daemon answers there. */
bool server_open(struct server *s, int fd, const char *path, struct error *err);
/* The uid's record, made where there is none; and one connection less of it. */
struct user *server_user(struct server *s, int64_t uid);
void server_user_drop(struct server *s, struct user *u);
/* The connection has something to do: its turn comes. It is dropped when the connection ends. */
void server_turn_soon(struct server *s, struct connection *c);
void server_turn_drop(struct connection *c);
/* Stops taking connections; those that are there stay. */
void server_stop(struct server *s);
/* Writes what still goes out within half a second, closes all, removes its socket. */
void server_close(struct server *s);
/* The settings are new: callers are looked up again before their next call. */
void server_settings(struct server *s, const struct settings *settings);
