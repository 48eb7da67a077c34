/* consumer: takes and acknowledges messages at random, until it is killed.
 *
 *   consumer SOCKET LOG SEED DIVISION…   consume; what it does goes to LOG first (judge.h)
 *   consumer --judge STORE LOG…          hold the logs against the store
 *
 * It acknowledges in order or not, one by one or together, some of what it took, or nothing. A
 * daemon that has gone is waited for. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "judge.h"

#define PAUSE_NS 2000000 /* where there is nothing to take, or nobody to take it from */
#define LIMIT 6

struct consumer {
    const char *path;
    char **divisions;
    int division_count;
    uint64_t random;
    int log;
    FILE *in; /* NULL: not connected */
    int out;
};

static uint64_t below(struct consumer *c, uint64_t n)
{
    c->random ^= c->random >> 12;
    c->random ^= c->random << 25;
    c->random ^= c->random >> 27;
    return (c->random * UINT64_C(0x2545F4914F6CDD1D) >> 33) % n;
}

static int64_t monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){0, PAUSE_NS}, NULL);
}

/* One line, on disk when it returns. */
static void note(struct consumer *c, struct strbuf *line)
{
    strbuf_addc(line, '\n');
    if (write(c->log, line->data, line->len) != (ssize_t)line->len || fdatasync(c->log) != 0) {
        perror("log");
        exit(1);
    }
    strbuf_free(line);
}

/* ---- calls ---- */

static void hang_up(struct consumer *c)
{
    if (c->in) {
        fclose(c->in);
    }
    c->in = NULL;
}

static bool dial(struct consumer *c)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(c->path) >= sizeof at.sun_path) {
        exit(1);
    }
    strcpy(at.sun_path, c->path);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return false;
    }
    c->out = fd;
    c->in = fdopen(fd, "r");
    return c->in != NULL;
}

/* The result of a call, or NULL where the daemon went away. Takes over the params. */
static json_t *ask(struct consumer *c, const char *method, json_t *params)
{
    json_t *call = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1, "method", method,
                             "params", params);
    char *text = json_dumps(call, JSON_COMPACT), *line = NULL;
    struct strbuf out = STRBUF_INIT;
    json_t *answer = NULL, *result = NULL;
    size_t room = 0;

    strbuf_addf(&out, "%s\n", text);
    free(text);
    json_decref(call);
    if (send(c->out, out.data, out.len, MSG_NOSIGNAL) == (ssize_t)out.len &&
        getline(&line, &room, c->in) > 0) {
        answer = json_loads(line, 0, NULL);
    }
    result = json_incref(json_object_get(answer, "result"));
    const char *reason = json_string_value(
        json_object_get(json_object_get(json_object_get(answer, "error"), "data"), "reason"));
    if (answer && !result && (!reason || strcmp(reason, "busy") != 0)) {
        fprintf(stderr, "%s: %s\n", method, line);
        exit(1);
    }
    if (!result) {
        hang_up(c);
    }
    json_decref(answer);
    strbuf_free(&out);
    free(line);
    return result;
}

/* ---- what it does ---- */

/* Acknowledges items [from, to); false where no answer came. */
static bool ack(struct consumer *c, json_t *items, size_t from, size_t to)
{
    struct strbuf line = STRBUF_INIT;
    json_t *ids = json_array();

    if (from == to) {
        json_decref(ids);
        return true;
    }
    strbuf_addf(&line, "A %lld", (long long)monotonic());
    for (size_t i = from; i < to; i++) {
        json_t *id = json_object_get(json_array_get(items, i), "id");
        json_array_append(ids, id);
        strbuf_addf(&line, " %s", json_string_value(id));
    }
    note(c, &line);
    json_t *result = ask(c, "queue.ack", json_pack("{s:o}", "ids", ids));
    strbuf_reset(&line);
    if (result) {
        strbuf_addf(&line, "R %lld %lld",
                    (long long)json_integer_value(json_object_get(result, "acked")),
                    (long long)json_integer_value(json_object_get(result, "unknown")));
    } else {
        strbuf_addz(&line, "X");
    }
    note(c, &line);
    json_decref(result);
    return result != NULL;
}

static void one_by_one(struct consumer *c, json_t *items)
{
    for (size_t i = 0; i < json_array_size(items) && ack(c, items, i, i + 1); i++) {
        ;
    }
}

static void together(struct consumer *c, json_t *items)
{
    ack(c, items, 0, json_array_size(items));
}

static void backwards(struct consumer *c, json_t *items)
{
    for (size_t i = json_array_size(items); i > 0 && ack(c, items, i - 1, i); i--) {
        ;
    }
}

static void some(struct consumer *c, json_t *items)
{
    ack(c, items, 0, below(c, json_array_size(items)));
}

static void twice(struct consumer *c, json_t *items)
{
    if (ack(c, items, 0, 1)) {
        one_by_one(c, items);
    }
}

static void nothing(struct consumer *c, json_t *items)
{
    (void)c;
    (void)items;
}

static void (*const ways[])(struct consumer *c, json_t *items) = {
    one_by_one, one_by_one, one_by_one, together, together, backwards, some, twice, nothing};

static void log_taken(struct consumer *c, const char *division, json_t *result, int64_t lease)
{
    struct strbuf line = STRBUF_INIT;
    struct error err = ERROR_INIT;
    int64_t until;
    json_t *item;
    size_t i;

    if (!clock_parse(str_of(json_string_value(json_object_get(result, "lease_until"))), &until,
                     &err)) {
        exit(1);
    }
    strbuf_addf(&line, "T %lld %lld %lld %s", (long long)monotonic(), (long long)(until - lease),
                (long long)until, division);
    json_array_foreach(json_object_get(result, "items"), i, item)
    {
        strbuf_addf(&line, " %s", json_string_value(json_object_get(item, "id")));
    }
    note(c, &line);
}

static void step(struct consumer *c)
{
    const char *division = c->divisions[below(c, (uint64_t)c->division_count)];
    int64_t lease = 1 + (int64_t)below(c, 900);

    if (!c->in && !dial(c)) {
        pause_briefly();
        return;
    }
    json_t *result = ask(c, "queue.take",
                         json_pack("{s:s, s:i, s:I}", "division", division, "limit",
                                   1 + (int)below(c, LIMIT), "lease_seconds", (json_int_t)lease));
    json_t *items = json_object_get(result, "items");
    if (json_array_size(items) > 0) {
        log_taken(c, division, result, lease);
        ways[below(c, sizeof ways / sizeof ways[0])](c, items);
    } else {
        pause_briefly();
    }
    json_decref(result);
}

int main(int argc, char **argv)
{
    struct consumer c = {0};

    if (argc >= 4 && strcmp(argv[1], "--judge") == 0) {
        return judge(argv[2], argv + 3, argc - 3);
    }
    if (argc < 5) {
        fputs("consumer SOCKET LOG SEED DIVISION…\n", stderr);
        return 2;
    }
    c.path = argv[1];
    c.log = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    c.random = strtoull(argv[3], NULL, 10) * 2 + 1;
    c.divisions = argv + 4;
    c.division_count = argc - 4;
    if (c.log < 0) {
        perror(argv[2]);
        return 1;
    }
    for (;;) {
        step(&c);
    }
}
