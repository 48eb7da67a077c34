#include "client/call.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Far above any page of a list; a peer that sends more without a line feed is not our daemon. */
#define LINE_MAX_IN ((size_t)256 * 1024 * 1024)

static const struct {
    int number;
    enum say said;
} connect_errors[] = {
    {ENOENT, SAY_NO_DAEMON}, {ECONNREFUSED, SAY_NO_DAEMON}, {ENOTDIR, SAY_NO_DAEMON},
    {EACCES, SAY_NO_ACCESS}, {EPERM, SAY_NO_ACCESS},        {0, SAY_NO_CONNECTION},
};

static bool connect_error(const char *path, int number, struct error *err)
{
    size_t i = 0;

    while (connect_errors[i].number != 0 && connect_errors[i].number != number) {
        i++;
    }
    return error_put(
        err, NULL, sentence_of(connect_errors[i].said, arg_z(path), arg_system(number), ARG_LAST));
}

bool call_open(struct call *c, const char *path, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *c = (struct call){.fd = -1};
    if (strlen(path) >= sizeof(address.sun_path)) {
        return error_say(err, SAY_CALL_PATH_LONG, arg_z(path));
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        return connect_error(path, errno, err);
    }
    return true;
}

/* The descriptors travel with the first byte: only the first sendmsg() carries them. */
static bool send_line(int fd, const char *line, size_t len, const struct call_request *request)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * CALL_FILES)];
        struct cmsghdr align;
    } control = {0};
    struct iovec piece = {(void *)(uintptr_t)line, len};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    size_t size = sizeof(int) * (size_t)request->fd_count;

    if (size > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        *head = (struct cmsghdr){CMSG_LEN(size), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(head), request->fds, size);
    }
    while (piece.iov_len > 0) {
        ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        message.msg_control = NULL;
        message.msg_controllen = 0;
        piece.iov_base = (char *)piece.iov_base + n;
        piece.iov_len -= (size_t)n;
    }
    return true;
}

static bool closed(struct error *err, int number)
{
    return number ? error_say(err, SAY_ANSWER_LOST_BY, arg_system(number))
                  : error_say(err, SAY_ANSWER_LOST);
}

/* One line as JSON, or NULL: then `ended` has said why. */
static json_t *receive(struct call *c, bool (*ended)(struct error *err, int number),
                       struct error *err)
{
    size_t looked = 0;

    for (;;) {
        char piece[65536];
        char *end =
            c->in.len > looked ? memchr(c->in.data + looked, '\n', c->in.len - looked) : NULL;

        if (end) {
            size_t len = (size_t)(end - c->in.data);
            json_t *message = json_loadb(c->in.data, len, JSON_ALLOW_NUL, NULL);
            struct str rest = {end + 1, c->in.len - len - 1};

            memmove(c->in.data, rest.data, rest.len);
            c->in.len = rest.len;
            if (!message) {
                error_say(err, SAY_ANSWER_NO_JSON);
            }
            return message;
        }
        looked = c->in.len;
        ssize_t n = read(c->fd, piece, sizeof(piece));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || c->in.len > LINE_MAX_IN) {
            ended(err, n < 0 ? errno : 0);
            return NULL;
        }
        strbuf_add(&c->in, piece, (size_t)n);
    }
}

/* Ours, or an error that could not be tied to a call (id null): there is only one under way. */
static bool is_answer(const struct call *c, json_t *message)
{
    json_t *id = json_object_get(message, "id");

    if (json_object_get(message, "method")) {
        return false;
    }
    return (json_is_integer(id) && json_integer_value(id) == c->id) ||
           (json_object_get(message, "error") && json_is_null(id));
}

static bool wait_answer(struct call *c, call_progress *progress, void *context, json_t **response,
                        struct error *err)
{
    json_t *message;

    while ((message = receive(c, closed, err))) {
        const char *method = json_string_value(json_object_get(message, "method"));

        if (is_answer(c, message)) {
            *response = message;
            return true;
        }
        if (progress && method && strcmp(method, "progress") == 0) {
            progress(context, json_object_get(message, "params"));
        }
        json_decref(message);
    }
    return false;
}

bool call_ask(struct call *c, const struct call_request *request, call_progress *progress,
              void *context, json_t **response, struct error *err)
{
    json_t *message = json_pack("{s:s, s:I, s:s, s:O}", "jsonrpc", "2.0", "id", ++c->id, "method",
                                request->method, "params", request->params);
    char *text = json_dumps(message, JSON_COMPACT);
    struct strbuf line = STRBUF_INIT;
    bool sent;
    int why;

    strbuf_addz(&line, text ? text : "");
    strbuf_addc(&line, '\n');
    free(text);
    json_decref(message);
    sent = send_line(c->fd, line.data, line.len, request);
    why = errno;
    strbuf_free(&line);
    /* A daemon that turns a caller away says so and closes: the answer may lie there already. */
    if (wait_answer(c, progress, context, response, err)) {
        return true;
    }
    return sent ? false : closed(err, why);
}

static bool gone(struct error *err, int number)
{
    return number ? error_say(err, SAY_DAEMON_ENDED_BY, arg_system(number))
                  : error_say(err, SAY_DAEMON_ENDED);
}

bool call_hear(struct call *c, json_t **notification, struct error *err)
{
    while ((*notification = receive(c, gone, err))) {
        if (json_object_get(*notification, "method")) {
            return true;
        }
        json_decref(*notification);
    }
    return false;
}

void call_close(struct call *c)
{
    if (c->fd >= 0) {
        close(c->fd);
    }
    c->fd = -1;
    strbuf_free(&c->in);
}
