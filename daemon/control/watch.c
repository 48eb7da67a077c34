#include "control/watch.h"

#include <stdlib.h>

#include "base/log.h"
#include "control/methods.h"
#include "control/server.h"
#include "work/queue.h"

#define PAGE 64
#define PAGE_BYTES ((size_t)64 * 1024)

struct watched {
    int64_t division;
    int64_t after; /* the sequence number that was told last */
};

struct watch {
    struct watched *list;
    int count;
    bool behind;         /* not all is told */
    struct event *again; /* goes on, in a turn of its own */
};

static void on_again(evutil_socket_t fd, short what, void *self);

bool watch_add(struct connection *c, int64_t division, struct error *err)
{
    struct watch *w = c->watch;
    int at = 0;

    while (w && at < w->count && w->list[at].division != division) {
        at++;
    }
    if (at == WATCH_MAX) {
        return error_say(err, SAY_WATCH_TOO_MANY, arg_number(WATCH_MAX));
    }
    if (!w) {
        w = c->watch = xcalloc(1, sizeof *w);
        w->again = evtimer_new(c->server->base, on_again, c);
        if (!w->again) {
            abort(); /* out of memory */
        }
    }
    if (at == w->count) {
        w->list = xrealloc(w->list, (size_t)++w->count * sizeof *w->list);
    }
    w->list[at] = (struct watched){.division = division};
    w->behind = true;
    watch_room(c);
    return true;
}

void watch_drop(struct connection *c)
{
    event_free(c->watch->again);
    free(c->watch->list);
    free(c->watch);
    c->watch = NULL;
}

void watch_room(struct connection *c)
{
    static const struct timeval at_once = {0, 0};

    if (c->watch->behind && connection_may_tell(c)) {
        event_add(c->watch->again, &at_once);
    }
}

/* ---- telling ---- */

static bool tell(struct connection *c, const char *method, json_t *params)
{
    return connection_tell(
        c, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params));
}

/* Why a division may not be watched any more. */
static bool may_watch(struct connection *c, int64_t division, struct error *err)
{
    const struct peer *peer = connection_peer(c);

    if (peer->role < ROLE_OPERATOR) {
        return error_say(err, SAY_NO_OPERATOR);
    }
    if (!peer_sees(peer, division)) {
        return error_say(err, SAY_NO_DIVISION, arg_number(division));
    }
    return queue_by_socket(c->server->work, division, err);
}

/* Tells that it is over; false where that has to wait for room. */
static bool end(struct connection *c, int64_t division, struct error *why)
{
    return tell(c, "queue.unwatched",
                json_pack("{s:o, s:s, s:s}", "division", json_division(division), "reason",
                          reason_name(why->reason), "message", why->message));
}

/* What is ready behind the place; *more: there is more than one page. False where the connection
 * has no room, or the store failed. */
static bool tell_page(struct connection *c, struct watched *at, bool *more, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct message_page page;
    bool ok = store_messages_of(c->server->work->store, &a, at->division, true, at->after, PAGE,
                                PAGE_BYTES, &page, err);

    *more = ok && page.more;
    for (int i = 0; ok && i < page.count; i++) {
        const struct message_row *row = &page.rows[i];
        if (row->state == MESSAGE_QUEUED) {
            *more = false;
            break;
        }
        ok = row->state != MESSAGE_READY || tell(c, "queue.message", methods_message(row));
        at->after = ok ? row->seq : at->after;
    }
    arena_free(&a);
    return ok;
}

/* One page of each division; the rest in further turns. Where the store cannot be read the watch
 * ends, for it would be told nothing any more. */
static void tell_some(struct connection *c)
{
    struct watch *w = c->watch;
    int kept = 0;

    for (int i = 0; i < w->count; i++) {
        struct error why = ERROR_INIT;
        if (!connection_may_tell(c)) {
            w->behind = true;
            w->list[kept++] = w->list[i];
            continue;
        }
        bool more = false, done = may_watch(c, w->list[i].division, &why) &&
                                  tell_page(c, &w->list[i], &more, &why);
        bool over = why.message != NULL;
        if (why.reason == REASON_STORAGE) {
            log_put(LOG_ERR, "queue.watch: %s", why.message);
        }
        if (over) {
            done = end(c, w->list[i].division, &why);
        }
        w->behind = w->behind || !done || (more && !over);
        if (!over || !done) {
            w->list[kept++] = w->list[i];
        }
        error_clear(&why);
    }
    w->count = kept;
}

/* May free the connection. */
static void go_on(struct connection *c)
{
    struct error err = ERROR_INIT;
    struct store *store = c->server->work->store;

    c->watch->behind = false;
    if (store_read_begin(store, &err)) {
        tell_some(c);
        store_read_end(store);
    } else {
        log_put(LOG_ERR, "queue.watch: %s", err.message);
    }
    error_clear(&err);
    connection_send(c);
}

static void on_again(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    go_on(self);
}

void watch_anew(struct server *s)
{
    for (struct connection *c = s->first; c; c = c->next) {
        for (int i = 0; c->watch && i < c->watch->count; i++) {
            c->watch->list[i].after = 0;
        }
    }
}

void watch_tell_all(struct server *s)
{
    struct connection *next;

    for (struct connection *c = s->first; c; c = next) {
        next = c->next;
        if (!c->watch) {
            continue;
        }
        if (connection_may_tell(c)) {
            go_on(c);
        } else {
            c->watch->behind = true;
        }
    }
}
