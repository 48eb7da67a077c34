/* pages: a list as long as one wants, for the tests of reviewctl.
 *
 *   pages [--progress] SOCKET PAGES ITEMS PROGRAMME [ARGUMENT …]
 *
 * Listens at SOCKET and runs the programme with what follows; answers each of its calls with a page
 * of ITEMS households, PAGES times, `next` being null in the last. Then prints what memory the
 * programme took at most, in KiB, on stderr, and exits as it did. Each page has one longer name
 * than the one before, up to ten characters: columns must not be made for the last.
 * --progress: the first page takes a second, and tells how far it has come. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"

static void die(const char *what)
{
    fprintf(stderr, "pages: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int listener(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(at.sun_path)) {
        die(path);
    }
    memcpy(at.sun_path, path, strlen(path) + 1);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 1) != 0) {
        die(path);
    }
    return fd;
}

/* A call is one line; what is in it does not matter here. */
static bool call(int fd)
{
    char c = 0;

    while (c != '\n') {
        if (read(fd, &c, 1) != 1) {
            return false;
        }
    }
    return true;
}

static void item(struct strbuf *out, int page, int number)
{
    strbuf_addf(out,
                "%s{\"household\":\"5001%05d-%04d\",\"division\":\"500101001001\","
                "\"township\":\"500101001000\",\"head_name\":\"",
                number > 0 ? "," : "", page % 100000, number);
    for (int i = 0; i < 2 + (page < 9 ? page : 8); i++) {
        strbuf_addz(out, "王");
    }
    strbuf_addz(out, "\",\"tier\":\"semi-annual\",\"tier_source\":\"given\",\"status\":\"active\","
                     "\"register\":\"none\",\"protected\":false,\"due_on\":\"2026-11-25\","
                     "\"open_task\":null,\"provisional\":false}");
}

/* A hundred steps of 10 ms. */
static void progress(int fd)
{
    const struct timespec step = {.tv_nsec = 10000000};
    struct strbuf out = STRBUF_INIT;
    bool ok = true;

    for (int i = 0; i < 100 && ok; i++) {
        strbuf_reset(&out);
        strbuf_addf(&out,
                    "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":1,"
                    "\"phase\":\"apply\",\"done\":%d,\"total\":1000}}\n",
                    i * 10);
        ok = send(fd, out.data, out.len, MSG_NOSIGNAL) == (ssize_t)out.len;
        nanosleep(&step, NULL);
    }
    strbuf_free(&out);
}

static bool answer(int fd, int page, int pages, int items)
{
    struct strbuf out = STRBUF_INIT;
    size_t sent = 0;
    ssize_t n = 1;

    strbuf_addf(&out, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"items\":[", page + 1);
    for (int i = 0; i < items; i++) {
        item(&out, page, i);
    }
    strbuf_addz(&out, "],\"next\":");
    strbuf_addz(&out, page + 1 < pages ? "\"more\"}}\n" : "null}}\n");
    while (sent < out.len && n > 0) {
        n = send(fd, out.data + sent, out.len - sent, MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
    }
    strbuf_free(&out);
    return n > 0;
}

/* The connection of the child; -1 where it ended without one. */
static int dialled(int at, pid_t child)
{
    int ended = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd p[] = {{.fd = at, .events = POLLIN}, {.fd = ended, .events = POLLIN}};
    int fd = -1;

    if (ended < 0 || poll(p, 2, -1) < 0) {
        die("poll");
    }
    if (p[0].revents & POLLIN) {
        fd = accept4(at, NULL, NULL, SOCK_CLOEXEC);
    }
    close(ended);
    return fd;
}

int main(int argc, char **argv)
{
    bool steps = argc > 1 && strcmp(argv[1], "--progress") == 0;
    struct rusage usage;
    int status, at, fd;
    pid_t child;

    argc -= steps;
    argv += steps;
    if (argc < 5) {
        fprintf(stderr, "usage: pages [--progress] SOCKET PAGES ITEMS PROGRAMME [ARGUMENT ...]\n");
        return EXIT_FAILURE;
    }
    at = listener(argv[1]);
    /* Before anything else is taken: what a child had before execve() counts as its own. */
    child = fork();
    if (child == 0) {
        execvp(argv[4], argv + 4);
        die(argv[4]);
    }
    fd = dialled(at, child);
    for (int page = 0; fd >= 0 && page < atoi(argv[2]) && call(fd); page++) {
        if (steps && page == 0) {
            progress(fd);
        }
        if (!answer(fd, page, atoi(argv[2]), atoi(argv[3]))) {
            break;
        }
    }
    if (wait4(child, &status, 0, &usage) != child) {
        die("wait4");
    }
    unlink(argv[1]);
    fprintf(stderr, "%ld KiB\n", usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
