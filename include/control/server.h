/* control/server: the listening socket, and who may hold how many connections.
 *
 * At most limits.connections, one slot of them kept for an admin; at most
 * limits.connections_per_user for each uid, except root and the service's own account, who could
 * stop the service anyway. Where a limit is reached, the oldest connection that never completed a
 * call and has been silent for 10 seconds gives way, or one whose client has not read for as long.
 * Who finds no room is told `busy`. Who has no role is told so at once and closed: nothing of his
 * is read or kept. Who owes a line (nothing came yet, or half of one) for
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
    int64_t output;  /* bytes that wait in all connections */
    int outstanding; /* calls with the writer */
    char *path;      /* of the socket that it made, or NULL */
};

/* Listens on `fd`, or, where that is -1, on a new socket at `path` (its folder is made where it is
 * missing; one that nobody answers is replaced; mode 0666: the role decides who may do what).
 * conflict where a daemon answers there. */
bool server_open(struct server *s, int fd, const char *path, struct error *err);
/* Stops taking connections; those that are there stay. */
void server_stop(struct server *s);
/* Writes what still goes out within half a second, closes all, removes its socket. */
void server_close(struct server *s);
/* The settings are new: callers are looked up again before their next call. */
void server_settings(struct server *s, const struct settings *settings);
