/* rpc: raw bytes to the control socket, for the tests. What it sends is stdin, as it is.
 *
 *   rpc SOCKET            send stdin, say that no more comes, print what is answered until the end
 *   rpc --rest SOCKET     send stdin, then stay and say nothing, until the other side closes
 *   rpc --mute SOCKET     send stdin again and again and never read; until killed
 *   rpc --flood SOCKET    send stdin again and again, read and drop the answers; until killed
 *   rpc --hold N SOCKET   open N connections, send stdin on each and say nothing more, print how
 *                         many stand; until killed
 *
 * --file PATH passes a memfd with the file's bytes, sealed, along with the first byte; --pipe the
 * writing end of a pipe that is never read, for as long as this programme lives; --lend WHAT what
 * is meant to hang the other side: `thaw`, a pipe that never blocks by its flags and is made to
 * block again and again; `drip`, one that gets a byte at times; `linger`, a TCP socket whose last
 * close waits for a minute, which is the other side's. --leave ends the connection once all is
 * sent, and stays. --slow sends a byte at a time, ten in a second. Exit 1 where the other side is
 * not there or says nothing for 20 seconds. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

#define PATIENCE_MS 20000

enum mode { MODE_ASK, MODE_REST, MODE_MUTE, MODE_FLOOD, MODE_HOLD };

struct options {
    enum mode mode;
    int hold;
    const char *socket, *file, *lend;
    bool pipe, slow, leave;
};

static const struct argp_option option_table[] = {
    {"rest", 'r', 0, 0, "stay and say nothing more, until the other side closes", 0},
    {"mute", 'm', 0, 0, "send again and again, never read", 0},
    {"flood", 'f', 0, 0, "send again and again, drop the answers", 0},
    {"hold", 'n', "N", 0, "N connections that say nothing", 0},
    {"pipe", 'p', 0, 0, "pass the writing end of a pipe that nobody reads", 0},
    {"lend", 'l', "WHAT", 0, "pass what is meant to hang the other side: thaw, drip, linger", 0},
    {"leave", 'e', 0, 0, "end the connection once all is sent, and stay", 0},
    {"slow", 's', 0, 0, "a byte at a time, ten in a second", 0},
    {"file", 'd', "PATH", 0, "pass the file along with the first byte", 0},
    {0}};

static error_t option(int key, char *value, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 'r':
        o->mode = MODE_REST;
        return 0;
    case 'm':
        o->mode = MODE_MUTE;
        return 0;
    case 'f':
        o->mode = MODE_FLOOD;
        return 0;
    case 'n':
        o->mode = MODE_HOLD;
        o->hold = atoi(value);
        return 0;
    case 'l':
        o->lend = value;
        return 0;
    case 'e':
        o->leave = true;
        return 0;
    case 's':
        o->slow = true;
        return 0;
    case 'p':
        o->pipe = true;
        return 0;
    case 'd':
        o->file = value;
        return 0;
    case ARGP_KEY_ARG:
        o->socket = value;
        return 0;
    case ARGP_KEY_END:
        if (!o->socket) {
            argp_error(state, "SOCKET is missing");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {option_table, option, "SOCKET", NULL, NULL, NULL, NULL};

static void die(const char *what)
{
    fprintf(stderr, "rpc: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int dial(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || strlen(path) >= sizeof at.sun_path) {
        die(path);
    }
    strcpy(at.sun_path, path);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void slurp(int fd, struct strbuf *out)
{
    char piece[65536];
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) > 0) {
        strbuf_add(out, piece, (size_t)n);
    }
    if (n < 0) {
        die("read");
    }
}

static int sealed(const char *path)
{
    struct strbuf bytes = STRBUF_INIT;
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int fd = memfd_create("rpc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (from < 0 || fd < 0) {
        die(path);
    }
    slurp(from, &bytes);
    if (write(fd, strbuf_text(&bytes), bytes.len) != (ssize_t)bytes.len ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
        die(path);
    }
    strbuf_free(&bytes);
    close(from);
    return fd;
}

static int unread(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        die("pipe");
    }
    return ends[1];
}

/* In a child that goes with this programme, for ten minutes at most. */
static bool beside(void)
{
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(600);
        return getppid() == parent;
    }
    return false;
}

static int thaw(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0 || write(ends[1], ",", 1) != 1) {
        die("pipe");
    }
    if (beside()) {
        for (;;) {
            fcntl(ends[0], F_SETFL, 0);
        }
    }
    return ends[0];
}

static int drip(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        die("pipe");
    }
    if (beside()) {
        while (write(ends[1], ",", 1) == 1) {
            poll(NULL, 0, 200);
        }
        _exit(0);
    }
    return ends[0];
}

static int linger(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    struct linger wait = {1, 60};
    char piece[65536] = {0};
    int small = 4096, ear = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(ear, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (bind(ear, (struct sockaddr *)&at, len) != 0 || listen(ear, 1) != 0 ||
        getsockname(ear, (struct sockaddr *)&at, &len) != 0 ||
        connect(fd, (struct sockaddr *)&at, len) != 0 || accept(ear, NULL, NULL) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &wait, sizeof wait) != 0) {
        die("a TCP socket");
    }
    while (send(fd, piece, sizeof piece, MSG_DONTWAIT) > 0) {
    }
    return fd;
}

static int lend(const char *what)
{
    return strcmp(what, "thaw") == 0     ? thaw()
           : strcmp(what, "drip") == 0   ? drip()
           : strcmp(what, "linger") == 0 ? linger()
                                         : (die(what), -1);
}

static ssize_t send_some(int fd, struct str bytes, int passed)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec piece = {(void *)bytes.data, bytes.len};
    struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};
    if (passed >= 0) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = sizeof control.bytes;
        struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof passed);
        memcpy(CMSG_DATA(h), &passed, sizeof passed);
    }
    return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Sends and reads at the same time, so that neither side waits for the other. */
static int talk(const struct options *o, struct str bytes)
{
    char piece[65536];
    int passed = o->file ? sealed(o->file) : o->lend ? lend(o->lend) : o->pipe ? unread() : -1;
    int fd = dial(o->socket);
    size_t sent = 0;
    bool over = bytes.len == 0 && o->mode == MODE_REST, again = o->mode > MODE_REST;
    if (fd < 0) {
        die(o->socket);
    }
    for (;;) {
        struct pollfd p = {fd, 0, 0};
        p.events |= (short)(over ? 0 : POLLOUT);
        p.events |= (short)(o->mode == MODE_MUTE ? 0 : POLLIN);
        if (poll(&p, 1, again ? -1 : PATIENCE_MS) == 0) {
            fprintf(stderr, "rpc: no answer\n");
            return EXIT_FAILURE;
        }
        if (p.revents & POLLOUT) {
            size_t len = o->slow ? 1 : bytes.len - sent;
            ssize_t n = send_some(fd, (struct str){bytes.data + sent, len}, sent ? -1 : passed);
            if (o->slow) {
                poll(NULL, 0, 100);
            }
            over = over || (n < 0 && errno != EAGAIN); /* closed on us: what was answered counts */
            sent += n > 0 ? (size_t)n : 0;
            if (o->leave && (over || sent == bytes.len)) {
                close(passed); /* the last one is theirs, where they have not been quicker */
                close(fd);
                pause();
            }
            if (!over && sent == bytes.len) {
                sent = 0;
                over = !again;
                if (over && o->mode == MODE_ASK) {
                    shutdown(fd, SHUT_WR);
                }
            }
        }
        if (p.revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t n = read(fd, piece, sizeof piece);
            if (n <= 0) {
                return EXIT_SUCCESS;
            }
            if (!again) {
                fwrite(piece, 1, (size_t)n, stdout);
                fflush(stdout);
            }
        }
    }
}

static int hold(const struct options *o, struct str bytes)
{
    struct rlimit files;
    int stand = 0;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    for (int i = 0; i < o->hold; i++) {
        int fd = dial(o->socket);
        stand += fd >= 0;
        for (size_t sent = 0; sent < bytes.len;) {
            ssize_t n = send(fd, bytes.data + sent, bytes.len - sent, MSG_NOSIGNAL);
            if (n <= 0) {
                break; /* turned away */
            }
            sent += (size_t)n;
        }
    }
    printf("%d\n", stand);
    fflush(stdout);
    pause();
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct strbuf bytes = STRBUF_INIT;
    argp_parse(&parser, argc, argv, 0, NULL, &o);
    slurp(STDIN_FILENO, &bytes);
    int status = o.mode == MODE_HOLD ? hold(&o, strbuf_str(&bytes)) : talk(&o, strbuf_str(&bytes));
    fflush(stdout);
    strbuf_free(&bytes);
    return status;
}
