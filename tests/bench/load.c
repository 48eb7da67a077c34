/* load: household.show at a steady rate, whatever the daemon does meanwhile.
 *
 *   load SOCKET HOUSEHOLDS.csv RATE SECONDS
 *
 * Open loop: the time of each request is fixed beforehand, and its latency counts from that time,
 * so that a daemon that stalls is charged for every request that the stall delays. Ends after
 * SECONDS, or at SIGTERM. Prints `count p50 p99 max`, in milliseconds. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "work/job.h"

#define CONNECTIONS 8

struct peer {
    int fd;
    struct strbuf in;
};

struct load {
    struct peer peers[CONNECTIONS];
    char **households;
    int household_count;
    int64_t begin, interval;
    int sent, answered, wrong, total;
    int64_t *latency; /* [total], ns; -1: not answered */
};

static volatile sig_atomic_t stopped;

static void on_term(int signal)
{
    (void)signal;
    stopped = 1;
}

static void fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void households_read(struct load *l, const char *path)
{
    char *line = NULL;
    size_t room = 0;
    FILE *in = fopen(path, "re");
    if (!in || getline(&line, &room, in) < 0) {
        fail(path);
    }
    while (getline(&line, &room, in) > 0) {
        if (l->household_count % 1024 == 0) {
            l->households = xrealloc(l->households,
                                     (size_t)(l->household_count + 1024) * sizeof *l->households);
        }
        l->households[l->household_count++] = xstrndup(line, strcspn(line, ","));
    }
    free(line);
    fclose(in);
}

static int connect_to(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        fail(path);
    }
    return fd;
}

static void send_one(struct load *l)
{
    char line[256];
    uint64_t pick = (uint64_t)l->sent * UINT64_C(0x9E3779B97F4A7C15) >> 33;
    int len = snprintf(line, sizeof line,
                       "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"household.show\",\"params\":"
                       "{\"household\":\"%s\"}}\n",
                       l->sent, l->households[pick % (uint64_t)l->household_count]);
    if (write(l->peers[l->sent % CONNECTIONS].fd, line, (size_t)len) != len) {
        fail("write");
    }
    l->sent++;
}

static void take_line(struct load *l, const char *line, int64_t now)
{
    const char *at = strstr(line, "\"id\":");
    int id = at ? atoi(at + 5) : -1;
    if (id < 0 || id >= l->sent || l->latency[id] >= 0) {
        fprintf(stderr, "load: an answer that nobody waits for: %s\n", line);
        exit(1);
    }
    l->latency[id] = now - (l->begin + id * l->interval);
    l->wrong += !strstr(line, "\"result\":");
    l->answered++;
}

static void read_some(struct load *l, struct peer *p)
{
    char block[16384];
    ssize_t n = read(p->fd, block, sizeof block);
    int64_t now = job_now();
    if (n <= 0) {
        fail("read");
    }
    strbuf_add(&p->in, block, (size_t)n);
    char *from = p->in.data, *end;
    while ((end = strchr(from, '\n'))) {
        *end = '\0';
        take_line(l, from, now);
        from = end + 1;
    }
    size_t left = p->in.len - (size_t)(from - p->in.data);
    memmove(p->in.data, from, left + 1);
    p->in.len = left;
}

/* Sends what is due and reads what has come, until all is sent and answered. */
static void run(struct load *l)
{
    struct pollfd fds[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = (struct pollfd){.fd = l->peers[i].fd, .events = POLLIN};
    }
    while ((l->sent < l->total && !stopped) || l->answered < l->sent) {
        if (stopped) {
            l->total = l->sent;
        }
        int64_t now = job_now(), next = l->begin + l->sent * l->interval;
        if (l->sent < l->total && now >= next) {
            send_one(l);
            continue;
        }
        int64_t wait = l->sent < l->total ? next - now : INT64_C(10000000000);
        struct timespec timeout = {wait / 1000000000, wait % 1000000000};
        int n = ppoll(fds, CONNECTIONS, &timeout, NULL);
        if (n == 0 && l->sent == l->total) {
            fail("no answer for 10 seconds");
        }
        for (int i = 0; i < CONNECTIONS && n > 0; i++) {
            if (fds[i].revents) {
                read_some(l, &l->peers[i]);
            }
        }
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double percentile(const struct load *l, int percent)
{
    return (double)l->latency[(int64_t)(l->sent - 1) * percent / 100] / 1e6;
}

int main(int argc, char **argv)
{
    struct load l = {0};
    if (argc != 5) {
        fputs("usage: load SOCKET HOUSEHOLDS.csv RATE SECONDS\n", stderr);
        return 2;
    }
    signal(SIGTERM, on_term);
    households_read(&l, argv[2]);
    l.interval = 1000000000 / atoi(argv[3]);
    l.total = atoi(argv[3]) * atoi(argv[4]);
    l.latency = xmalloc((size_t)l.total * sizeof *l.latency);
    memset(l.latency, 0xff, (size_t)l.total * sizeof *l.latency);
    for (int i = 0; i < CONNECTIONS; i++) {
        l.peers[i].fd = connect_to(argv[1]);
    }
    l.begin = job_now();
    run(&l);
    if (l.sent == 0 || l.wrong) {
        fprintf(stderr, "load: %d of %d answers were errors\n", l.wrong, l.sent);
        return 1;
    }
    qsort(l.latency, (size_t)l.sent, sizeof *l.latency, compare);
    printf("%d %.2f %.2f %.2f\n", l.sent, percentile(&l, 50), percentile(&l, 99),
           percentile(&l, 100));
    return 0;
}
