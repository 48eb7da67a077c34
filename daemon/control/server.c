#include "control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/closer.h"
#include "control/connection.h"

#define CLOSING_MAX 1024 /* descriptors that are not closed yet: no more are taken */
#define GIVE_WAY_NS ((int64_t)10000000000) /* of silence */
#define FLUSH_NS ((int64_t)500000000)
#define RESUME_MS 100
#define TRIM_BYTES ((int64_t)1024 * 1024)

/* ---- who may come in ---- */

/* Best effort: a client that cannot take one line at once gets none. */
static void turn_away(struct server *s, int fd, int64_t uid, const struct error *err)
{
    json_t *answer = rpc_refusal(NULL, 0, err, NULL);
    struct strbuf line = STRBUF_INIT;
    char *text = json_dumps(answer, JSON_COMPACT);
    strbuf_addf(&line, "%s\n", text ? text : "");
    send(fd, strbuf_text(&line), line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    strbuf_free(&line);
    free(text);
    json_decref(answer);
    closer_put_socket(s->closer, uid, fd);
}

static bool gives_way(const struct connection *c, int64_t now)
{
    bool useless = !c->served || evbuffer_get_length(c->out) > 0;
    return useless && !c->pending && now - c->active_at > GIVE_WAY_NS;
}

/* Closes one connection of `uid` (-1: of anyone) that gives way. */
static bool make_room(struct server *s, int64_t uid)
{
    int64_t now = job_now();
    for (struct connection *c = s->first; c; c = c->next) {
        if ((uid < 0 || c->peer->uid == uid) && gives_way(c, now)) {
            connection_free(c);
            return true;
        }
    }
    return false;
}

static struct user *user_find(const struct server *s, int64_t uid)
{
    struct user *u = s->users;
    while (u && u->uid != uid) {
        u = u->next;
    }
    return u;
}

struct user *server_user(struct server *s, int64_t uid)
{
    struct user *u = user_find(s, uid);
    if (!u) {
        u = xcalloc(1, sizeof *u);
        u->uid = uid;
        u->ready_end = &u->ready;
        u->next = s->users;
        s->users = u;
        s->user_count++;
    }
    u->connections++;
    return u;
}

static void turn_remove(struct server *s, struct user *u)
{
    struct user **at = &s->turn_first;
    while (*at != u) {
        at = &(*at)->turn_next;
    }
    *at = u->turn_next;
    if (s->turn_last == &u->turn_next) {
        s->turn_last = at;
    }
    u->in_turn = false;
}

void server_user_drop(struct server *s, struct user *u)
{
    struct user **at = &s->users;
    if (--u->connections > 0) {
        return;
    }
    if (u->in_turn) {
        turn_remove(s, u);
    }
    while (*at != u) {
        at = &(*at)->next;
    }
    *at = u->next;
    s->user_count--;
    free(u);
}

/* The first connection of a uid has a slot of its own. */
static bool admit(struct server *s, const struct peer *peer, struct error *err)
{
    const struct settings *set = s->work->settings;
    bool exempt = peer->uid == 0 || peer->uid == geteuid();
    if (peer->role == ROLE_NONE) {
        return error_say(err, SAY_NO_ROLE, arg_z(peer->who));
    }
    const struct user *user = user_find(s, peer->uid);
    if (!user) {
        return true;
    }
    if (!exempt && user->connections >= set->limit_connections_per_user &&
        !make_room(s, peer->uid)) {
        return error_say(err, SAY_CONNECTIONS_OF_USER, arg_z(peer->who),
                         arg_number(set->limit_connections_per_user));
    }
    int slots = set->limit_connections - (peer->role == ROLE_ADMIN ? 0 : 1);
    if (s->count - s->user_count >= slots && !make_room(s, -1)) {
        return error_say(err, SAY_CONNECTIONS_TAKEN, arg_number(slots));
    }
    return true;
}

/* A pause lets others close what they have. */
static void pause_accepting(struct server *s)
{
    const struct timeval pause = {0, RESUME_MS * 1000};
    evconnlistener_disable(s->listener);
    event_add(s->resume, &pause);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int len, void *self)
{
    struct server *s = self;
    struct error err = ERROR_INIT;
    struct peer *peer = peer_new(fd, s->work->settings, &err);
    (void)listener;
    (void)from;
    (void)len;
    if (peer && admit(s, peer, &err)) {
        connection_new(s, fd, peer);
        return;
    }
    turn_away(s, fd, peer ? peer->uid : PEER_OVERFLOW_UID, &err);
    peer_drop(peer);
    error_clear(&err);
    if (closer_waiting_all(s->closer) > CLOSING_MAX) {
        pause_accepting(s);
    }
}

/* Without descriptors the listener would report ready for ever. */
static void on_accept_error(struct evconnlistener *listener, void *self)
{
    struct server *s = self;
    (void)listener;
    make_room(s, -1);
    pause_accepting(s);
}

/* ---- whose turn it is ---- */

static void user_in_turn(struct server *s, struct user *u)
{
    static const struct timeval at_once = {0, 0};
    u->in_turn = true;
    u->turn_next = NULL;
    *s->turn_last = u;
    s->turn_last = &u->turn_next;
    event_add(s->turn, &at_once);
}

void server_turn_soon(struct server *s, struct connection *c)
{
    struct user *u = c->user;
    if (c->ready) {
        return;
    }
    c->ready = true;
    c->ready_next = NULL;
    *u->ready_end = c;
    u->ready_end = &c->ready_next;
    if (!u->in_turn) {
        user_in_turn(s, u);
    }
}

void server_turn_drop(struct connection *c)
{
    struct connection **at = &c->user->ready;
    if (!c->ready) {
        return;
    }
    while (*at != c) {
        at = &(*at)->ready_next;
    }
    *at = c->ready_next;
    if (c->user->ready_end == &c->ready_next) {
        c->user->ready_end = at;
    }
    c->ready = false;
}

/* One connection of the user whose turn it is; then what came in meanwhile is read. */
static void on_turn(evutil_socket_t fd, short what, void *self)
{
    static const struct timeval at_once = {0, 0};
    struct server *s = self;
    struct user *u = s->turn_first;
    (void)fd;
    (void)what;
    if (!u) {
        return;
    }
    turn_remove(s, u);
    struct connection *c = u->ready;
    if (c) {
        server_turn_drop(c);
        if (u->ready) {
            user_in_turn(s, u);
        }
        connection_turn(c);
    }
    if (s->turn_first) {
        event_add(s->turn, &at_once);
    }
}

/* ---- who owes a line ---- */

/* Between two calls a client owes nothing. */
static bool owes_a_line(const struct connection *c)
{
    bool nothing_yet = c->position == 0, half_a_line = evbuffer_get_length(c->in) > 0;
    return !c->pending && !c->line.root && !c->closing && evbuffer_get_length(c->out) == 0 &&
           (nothing_yet || half_a_line);
}

static void on_sweep(evutil_socket_t fd, short what, void *self)
{
    struct server *s = self;
    int64_t since = job_now() - s->work->settings->limit_first_byte_seconds * INT64_C(1000000000);
    (void)fd;
    (void)what;
    for (struct connection *c = s->first, *next; c; c = next) {
        next = c->next;
        if (owes_a_line(c) && c->owes_since < since) {
            connection_free(c);
        }
    }
    closer_relieve(s->closer);
    if (s->released > TRIM_BYTES) {
        s->released = 0;
        malloc_trim(0);
    }
}

static void on_resume(evutil_socket_t fd, short what, void *self)
{
    struct server *s = self;
    (void)fd;
    (void)what;
    if (s->listener) {
        evconnlistener_enable(s->listener);
    }
}

/* ---- the socket ---- */

/* A folder deep down can make a path longer than sun_path: the kernel takes the way by the folder's
 * descriptor as well. */
static bool address_of(const char *path, int folder, struct sockaddr_un *address, struct error *err)
{
    const char *slash = strrchr(path, '/');
    size_t room = sizeof address->sun_path;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = strlen(path) < room ? snprintf(address->sun_path, room, "%s", path)
                                : snprintf(address->sun_path, room, "/proc/self/fd/%d%s", folder,
                                           slash ? slash : "");
    return (n > 0 && (size_t)n < room) || error_say(err, SAY_SOCKET_PATH_LONG, arg_z(path));
}

static bool fails(const char *path, struct error *err)
{
    return error_say(err, SAY_SOCKET_FAILED, arg_z(path), arg_system(errno));
}

/* Only a socket that nobody answers is removed. */
static bool clear_the_place(const char *path, const struct sockaddr_un *address, struct error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        return errno == ENOENT || fails(path, err);
    }
    if (!S_ISSOCK(st.st_mode)) {
        return error_say(err, SAY_NOT_A_SOCKET, arg_z(path));
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answered =
        fd >= 0 && (connect(fd, (const void *)address, sizeof *address) == 0 || errno == EAGAIN);
    if (fd >= 0) {
        close(fd);
    }
    if (answered) {
        return error_say(err, SAY_SOCKET_ANSWERS, arg_z(path));
    }
    return unlink(path) == 0 || fails(path, err);
}

static int bind_at(const char *path, const struct sockaddr_un *address, struct error *err)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0111);
    bool ok = fd >= 0 && bind(fd, (const void *)address, sizeof *address) == 0 &&
              listen(fd, SOMAXCONN) == 0;
    umask(before);
    if (!ok) {
        fails(path, err);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static int socket_at(const char *path, struct error *err)
{
    struct sockaddr_un address;
    const char *slash = strrchr(path, '/');
    char *parent = slash && slash != path ? xstrndup(path, (size_t)(slash - path))
                                          : xstrdup(slash ? "/" : ".");
    if (mkdir(parent, 0755) == 0) {
        chmod(parent, 0755);
    }
    int folder = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = -1;
    if (folder < 0) {
        fails(path, err);
    } else if (address_of(path, folder, &address, err) && clear_the_place(path, &address, err)) {
        fd = bind_at(path, &address, err);
    }
    if (folder >= 0) {
        close(folder);
    }
    free(parent);
    return fd;
}

bool server_open(struct server *s, int fd, const char *path, struct error *err)
{
    if (fd < 0) {
        fd = socket_at(path, err);
        if (fd < 0) {
            return false;
        }
        s->path = xstrdup(path);
    }
    evutil_make_socket_nonblocking(fd);
    s->listener = evconnlistener_new(s->base, on_accept, s, LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    const struct timeval second = {1, 0};
    s->resume = evtimer_new(s->base, on_resume, s);
    s->turn_last = &s->turn_first;
    s->turn = evtimer_new(s->base, on_turn, s);
    s->sweep = event_new(s->base, -1, EV_PERSIST, on_sweep, s);
    if (!s->listener || !s->resume || !s->sweep || !s->turn || event_add(s->sweep, &second) != 0) {
        return error_say(err, SAY_NO_LISTEN);
    }
    evconnlistener_set_error_cb(s->listener, on_accept_error);
    return true;
}

void server_stop(struct server *s)
{
    if (s->listener) { /* with all that lies in connections which were not accepted */
        closer_put(s->closer, PEER_OVERFLOW_UID, evconnlistener_get_fd(s->listener));
        evconnlistener_free(s->listener);
        s->listener = NULL;
    }
}

static void flush_all(struct server *s)
{
    int64_t until = job_now() + FLUSH_NS;
    for (struct connection *c = s->first; c; c = c->next) {
        while (connection_flush(c) && job_now() < until) {
            struct pollfd ready = {.fd = c->fd, .events = POLLOUT};
            poll(&ready, 1, 50);
        }
    }
}

void server_close(struct server *s)
{
    server_stop(s);
    flush_all(s);
    while (s->first) {
        connection_free(s->first);
    }
    if (s->resume) {
        event_free(s->resume);
        s->resume = NULL;
    }
    if (s->turn) {
        event_free(s->turn);
        s->turn = NULL;
    }
    if (s->sweep) {
        event_free(s->sweep);
        s->sweep = NULL;
    }
    if (s->path) {
        unlink(s->path);
        free(s->path);
        s->path = NULL;
    }
}

void server_settings(struct server *s, const struct settings *settings)
{
    s->work->settings = settings;
    for (struct connection *c = s->first; c; c = c->next) {
        c->peer_stale = true;
    }
    if (s->reloaded) {
        s->reloaded(s);
    }
}
