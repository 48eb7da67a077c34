#include "control/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/closer.h"
#include "control/server.h"
#include "control/transfer.h"

#define CLOSING_UID_MAX 8
#define CLOSING_PAUSE_US 20000
#define PASSED_MAX 253 /* the kernel's SCM_MAX_FD */
#define READ_PIECE ((size_t)16 * 1024)
/* Output that may wait in one connection; and in all of them: beyond it each gets one answer at a
 * time. */
#define OUTPUT_MAX ((size_t)1024 * 1024)
#define OUTPUT_ALL_MAX ((int64_t)64 * 1024 * 1024)
#define TELL_MAX ((size_t)64 * 1024)
/* Bytes of lines, half or under way, of one uid and of all: 32 of the longest, and 256. */
#define INPUT_USER_MAX ((int64_t)8 * 1024 * 1024)
#define INPUT_ALL_MAX ((int64_t)64 * 1024 * 1024)
#define TURN_NS ((int64_t)2000000)
#define LINGER_SECONDS 2
#define LINGER_BYTES ((size_t)16 * 1024 * 1024)

/* ---- descriptors ---- */

static void fds_close(struct connection *c, const int *fds, int count)
{
    for (int i = 0; i < count; i++) {
        if (fds[i] >= 0) {
            closer_put(c->server->closer, c->peer->uid, fds[i]);
        }
    }
}

static void passed_drop(struct connection *c, int index)
{
    c->passed_count--;
    memmove(&c->passed[index], &c->passed[index + 1],
            (size_t)(c->passed_count - index) * sizeof *c->passed);
}

/* What a call can use is kept, at its place among the others; the rest goes to the closer. */
static void passed_add(struct connection *c, struct msghdr *msg, uint64_t from, uint64_t to)
{
    struct passed set = {.from = from, .to = to};
    int queued = 0;
    for (int i = 0; i < c->passed_count; i++) {
        queued += c->passed[i].count;
    }
    for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
            bool keep = queued < CONNECTION_FDS && !c->closing && transfer_keeps(fd);
            if (!keep) {
                fds_close(c, &fd, 1);
            }
            if (queued < CONNECTION_FDS) {
                set.fds[set.count++] = keep ? fd : -1;
                queued++;
            }
        }
    }
    if (set.count > 0) {
        c->passed[c->passed_count++] = set;
    }
}

/* Those that came before this call belonged to one that did not want them. */
int connection_take_fds(struct connection *c, int fds[CONNECTION_FDS])
{
    while (c->passed_count > 0 && c->passed[0].to <= c->line_at) {
        fds_close(c, c->passed[0].fds, c->passed[0].count);
        passed_drop(c, 0);
    }
    if (c->passed_count == 0 || c->passed[0].from > c->line_at) {
        return 0;
    }
    int count = c->passed[0].count;
    memcpy(fds, c->passed[0].fds, (size_t)count * sizeof *fds);
    passed_drop(c, 0);
    return count;
}

/* ---- output ---- */

static int put(const char *bytes, size_t len, void *out)
{
    return evbuffer_add(out, bytes, len);
}

static void put_json(struct connection *c, json_t *value)
{
    json_dump_callback(value, put, c->out, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
}

/* A batch is written as it is answered: a hundred pages are never held at once. */
void connection_answer(struct connection *c, json_t *response)
{
    if (!response) {
        return;
    }
    if (c->line.batch) {
        evbuffer_add(c->out, c->answered ? "," : "[", 1);
    }
    c->answered = true;
    put_json(c, response);
    if (!c->line.batch) {
        evbuffer_add(c->out, "\n", 1);
    }
}

bool connection_may_tell(const struct connection *c)
{
    return !c->line.batch && !c->closing && evbuffer_get_length(c->out) <= TELL_MAX;
}

bool connection_tell(struct connection *c, json_t *notification)
{
    if (!connection_may_tell(c)) {
        json_decref(notification);
        return false;
    }
    put_json(c, notification);
    evbuffer_add(c->out, "\n", 1);
    return true;
}

static bool write_some(struct connection *c)
{
    bool ok = true;
    if (evbuffer_get_length(c->out) > 0) {
        int n = evbuffer_write(c->out, c->fd);
        if (n > 0) {
            c->active_at = job_now();
        }
        ok = n > 0 || errno == EAGAIN || errno == EINTR;
    }
    size_t left = evbuffer_get_length(c->out);
    c->server->output += (int64_t)left - (int64_t)c->counted;
    c->counted = left;
    return ok;
}

bool connection_flush(struct connection *c)
{
    return write_some(c) && evbuffer_get_length(c->out) > 0;
}

static bool output_full(const struct connection *c)
{
    size_t bound = c->server->output > OUTPUT_ALL_MAX ? 0 : OUTPUT_MAX;
    return evbuffer_get_length(c->out) > bound;
}

/* ---- lines ---- */

/* The length of the line that `in` begins with, -1 where it has no end yet. */
static ssize_t line_length(struct connection *c)
{
    size_t len = evbuffer_get_length(c->in);
    struct evbuffer_ptr at;
    if (c->scanned < len) {
        evbuffer_ptr_set(c->in, &at, c->scanned, EVBUFFER_PTR_SET);
        at = evbuffer_search(c->in, "\n", 1, &at);
        if (at.pos >= 0) {
            c->scanned = (size_t)at.pos;
            return at.pos;
        }
        c->scanned = len;
    }
    return c->eof && len > 0 ? (ssize_t)len : -1;
}

static bool has_input(struct connection *c)
{
    return line_length(c) >= 0 || evbuffer_get_length(c->in) > RPC_LINE_MAX;
}

static bool may_go_on(struct connection *c)
{
    return !c->pending && !c->closing && !output_full(c) && (c->line.root || has_input(c));
}

/* The last answer: takes it over. */
static void refuse_line(struct connection *c, json_t *answer)
{
    connection_answer(c, answer);
    c->closing = true;
    evbuffer_drain(c->in, evbuffer_get_length(c->in));
}

/* What it holds, on its user's account. */
static void account(struct connection *c)
{
    size_t held = evbuffer_get_length(c->in) + (c->line.root ? c->line_bytes : 0);
    int64_t more = (int64_t)held - (int64_t)c->held;
    c->user->input += more;
    c->server->input += more;
    c->server->released += more < 0 ? -more : 0;
    c->held = held;
}

/* Whether one more piece may be read. A line that is whole already is never refused. */
static bool has_room(const struct connection *c)
{
    return c->user->input + (int64_t)READ_PIECE <= INPUT_USER_MAX &&
           c->server->input + (int64_t)READ_PIECE <= INPUT_ALL_MAX;
}

static void line_end(struct connection *c)
{
    c->owes_since = job_now();
    if (c->line.batch && c->answered) {
        evbuffer_add(c->out, "]\n", 2);
    }
    rpc_line_free(&c->line);
    c->served = true;
}

static void line_begin(struct connection *c)
{
    ssize_t len = line_length(c);
    if (len < 0 || (size_t)len > RPC_LINE_MAX) {
        refuse_line(c, rpc_fault(NULL, RPC_INVALID_REQUEST, "a line holds at most 262144 bytes"));
        return;
    }
    c->line_bytes = (size_t)len;
    const char *text = (const char *)evbuffer_pullup(c->in, len);
    json_t *answer;
    c->answered = false;
    c->next_call = 0;
    c->line_at = c->position;
    if (!rpc_line_parse(&c->line, (struct str){text, (size_t)len}, &answer)) {
        connection_answer(c, answer);
    }
    c->owes_since = job_now();
    size_t taken = evbuffer_get_length(c->in) > (size_t)len ? (size_t)len + 1 : (size_t)len;
    evbuffer_drain(c->in, taken);
    c->position += taken;
    c->scanned = 0;
}

/* One whose caller cannot be told any more is of no use. */
const struct peer *connection_peer(struct connection *c)
{
    struct error err = ERROR_INIT;
    if (!c->peer_stale) {
        return c->peer;
    }
    struct peer *peer = peer_new(c->fd, c->server->work->settings, &err);
    if (peer) {
        peer_drop(c->peer);
        c->peer = peer;
    } else {
        c->peer->role = ROLE_NONE;
        error_clear(&err);
    }
    c->peer_stale = false;
    return c->peer;
}

/* The rest waits for the others. */
void connection_turn(struct connection *c)
{
    int64_t until = job_now() + TURN_NS;
    bool batch = false, over = false;
    while (!batch && !over && may_go_on(c)) {
        struct rpc_call call;
        json_t *answer;
        if (!c->line.root) {
            line_begin(c);
        }
        batch = c->line.batch;
        over = job_now() >= until;
        if (!c->line.root) {
            continue;
        }
        connection_peer(c);
        if (rpc_call_at(&c->line, c->next_call++, &call, &answer)) {
            c->server->call(c, &call);
        } else {
            connection_answer(c, answer);
        }
        if (!c->pending && c->next_call == c->line.count) {
            line_end(c);
        }
        over = job_now() >= until;
    }
    connection_send(c);
}

void connection_resume(struct connection *c)
{
    if (c->next_call == c->line.count) {
        line_end(c);
    }
    connection_send(c);
}

/* ---- events ---- */

static void event_want(struct event *event, bool wanted)
{
    if (wanted) {
        event_add(event, NULL);
    } else {
        event_del(event);
    }
}

/* Writes what there is, then asks for the events that the state of things calls for. The last thing
 * that is done with a connection in each callback: it may be gone afterwards. */
void connection_send(struct connection *c)
{
    const struct timeval wait = {LINGER_SECONDS, 0};
    bool ok = write_some(c);
    bool empty = evbuffer_get_length(c->out) == 0;
    bool over = c->eof && !c->pending && !c->line.root && empty && !has_input(c);
    if (!ok || over) {
        connection_free(c);
        return;
    }
    account(c);
    /* Closing a socket with unread input cuts the client's writing short before it has read our
     * answer: we say that nothing more comes, and throw away for a while what it still sends. */
    if (c->closing && empty && !c->lingering) {
        c->lingering = true;
        shutdown(c->fd, SHUT_WR);
        event_add(c->linger, &wait);
    }
    bool go_on = may_go_on(c);
    bool reads =
        !c->eof && !c->pending && !c->closing && !c->line.root && !go_on && !output_full(c);
    event_want(c->read, reads || c->lingering);
    event_want(c->write, !empty);
    if (go_on) {
        server_turn_soon(c->server, c);
    }
    if (c->watch) {
        c->server->room(c);
    }
}

/* With room for every descriptor that a message can have: one that finds none the kernel closes
 * itself, here. */
static ssize_t receive(struct connection *c, struct iovec *piece, uint64_t from)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(PASSED_MAX * sizeof(int))];
    } control;
    struct msghdr msg = {.msg_iov = piece,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    ssize_t n = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n > 0) {
        passed_add(c, &msg, from, from + (uint64_t)n);
    }
    return n;
}

static void throw_away(struct connection *c)
{
    char bytes[READ_PIECE];
    struct iovec piece = {bytes, sizeof bytes};
    ssize_t n = receive(c, &piece, c->position);
    c->drained += n > 0 ? (size_t)n : 0;
    bool goes_on = n > 0 ? c->drained < LINGER_BYTES : n < 0 && (errno == EAGAIN || errno == EINTR);
    if (!goes_on) {
        connection_free(c);
    }
}

/* What it passed before is still being closed: nothing more is taken meanwhile. */
static void on_read(evutil_socket_t fd, short what, void *self)
{
    static const struct timeval pause = {0, CLOSING_PAUSE_US};
    struct connection *c = self;
    (void)fd;
    (void)what;
    if (closer_waiting(c->server->closer, c->peer->uid) > CLOSING_UID_MAX) {
        event_del(c->read);
        event_add(c->pause, &pause);
        return;
    }
    if (c->lingering) {
        throw_away(c);
        return;
    }
    if (connection_peer(c)->role == ROLE_NONE) { /* it had one: the settings changed */
        connection_free(c);
        return;
    }
    if (evbuffer_get_length(c->in) == 0) {
        c->owes_since = job_now();
    }
    if (!has_room(c)) {
        struct error err = ERROR_INIT;
        error_say(&err, SAY_TOO_MUCH_INPUT, arg_number((c->server->input >> 10)),
                  arg_number((c->user->input >> 10)));
        refuse_line(c, rpc_refusal(NULL, 0, &err, NULL));
        error_clear(&err);
        connection_send(c);
        return;
    }
    struct iovec piece;
    if (evbuffer_reserve_space(c->in, READ_PIECE, &piece, 1) != 1) {
        abort(); /* out of memory */
    }
    ssize_t n = receive(c, &piece, c->position + evbuffer_get_length(c->in));
    int why = errno;
    piece.iov_len = n > 0 ? (size_t)n : 0;
    evbuffer_commit_space(c->in, &piece, 1);
    if (n < 0 && why != EAGAIN && why != EINTR) {
        connection_free(c);
        return;
    }
    if (n >= 0) {
        c->active_at = job_now();
    }
    c->eof = n == 0;
    connection_send(c);
}

/* It can be written to again, or read after a pause. */
static void on_ready(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    connection_send(self);
}

static void on_linger(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    connection_free(self);
}

struct connection *connection_new(struct server *server, int fd, struct peer *peer)
{
    struct connection *c = xcalloc(1, sizeof *c);
    c->server = server;
    c->fd = fd;
    c->peer = peer;
    c->active_at = c->owes_since = job_now();
    c->in = evbuffer_new();
    c->out = evbuffer_new();
    c->read = event_new(server->base, fd, EV_READ | EV_PERSIST, on_read, c);
    c->write = event_new(server->base, fd, EV_WRITE | EV_PERSIST, on_ready, c);
    c->pause = evtimer_new(server->base, on_ready, c);
    c->linger = evtimer_new(server->base, on_linger, c);
    if (!c->in || !c->out || !c->read || !c->write || !c->pause || !c->linger) {
        abort(); /* out of memory */
    }
    c->prev = server->last;
    *(server->last ? &server->last->next : &server->first) = c;
    server->last = c;
    server->count++;
    c->user = server_user(server, peer->uid);
    connection_send(c);
    return c;
}

void connection_free(struct connection *c)
{
    struct server *s = c->server;
    *(c->prev ? &c->prev->next : &s->first) = c->next;
    *(c->next ? &c->next->prev : &s->last) = c->prev;
    s->count--;
    s->input -= (int64_t)c->held;
    s->released += (int64_t)(c->held + c->counted);
    c->user->input -= (int64_t)c->held;
    server_turn_drop(c);
    server_user_drop(s, c->user);
    s->output -= (int64_t)c->counted;
    if (c->pending) {
        c->server->forget(c->pending);
    }
    if (c->watch) {
        c->server->unwatch(c);
    }
    for (int i = 0; i < c->passed_count; i++) {
        fds_close(c, c->passed[i].fds, c->passed[i].count);
    }
    rpc_line_free(&c->line);
    event_free(c->read);
    event_free(c->write);
    event_free(c->pause);
    event_free(c->linger);
    evbuffer_free(c->in);
    evbuffer_free(c->out);
    closer_put_socket(s->closer, c->peer->uid, c->fd);
    peer_drop(c->peer);
    free(c);
}
