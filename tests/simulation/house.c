#include "house.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(struct house *h, const char *what, const char *more)
{
    fprintf(stderr, "simulate: %s: %s (%s; the daemon's log: %s/log)\n", what, more,
            strerror(errno), h->folder);
    if (h->pid > 0) {
        kill(h->pid, SIGKILL);
    }
    exit(1);
}

static void copy_file(struct house *h, const char *from, const char *to)
{
    char piece[65536];
    size_t n;
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    if (!in || !out) {
        fail(h, "copy", in ? to : from);
    }
    while ((n = fread(piece, 1, sizeof piece, in)) > 0) {
        /* The oracle knows no grace: its households without a tier are quarterly at once. */
        char *grace = memmem(piece, n, "grace_days = 10;", 16);
        if (grace) {
            memcpy(grace, "grace_days = 0; ", 16);
        }
        fwrite(piece, 1, n, out);
    }
    fclose(in);
    fclose(out);
}

void house_new(struct house *h, const char *folder, const char *programs, int year)
{
    static const char *const names[] = {"policy/2017-campaign.conf", "policy/2021-transition.conf",
                                        "policy/2026-regular.conf", NULL};
    char from[512], to[512];
    *h = (struct house){.folder = folder, .programs = programs, .fd = -1};
    mkdir(folder, 0755);
    snprintf(to, sizeof to, "%s/policy", folder);
    mkdir(to, 0755);
    snprintf(to, sizeof to, "%s/calendar", folder);
    mkdir(to, 0755);
    for (int i = 0; names[i]; i++) {
        snprintf(from, sizeof from, "conf/%s", names[i]);
        snprintf(to, sizeof to, "%s/%s", folder, names[i]);
        copy_file(h, from, to);
    }
    snprintf(from, sizeof from, "conf/calendar/%d.csv", year);
    snprintf(to, sizeof to, "%s/calendar/%d.csv", folder, year);
    copy_file(h, from, to);
    snprintf(to, sizeof to, "%s/reviewd.conf", folder);
    FILE *f = fopen(to, "we");
    if (!f) {
        fail(h, "open", to);
    }
    fputs("store = \"reviewd.db\";\nspool = \"spool\";\nsocket = \"s\";\npolicy_dir = \"policy\";\n"
          "calendar_dir = \"calendar\";\nlog = { stderr = true; };\n"
          "delivery = ( { division = \"50\"; by = \"socket\"; },\n"
          "             { division = \"500101001\"; by = \"spool\"; } );\n",
          f);
    fclose(f);
}

static bool dial(struct house *h)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s/s", h->folder);
    h->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (h->fd >= 0 && connect(h->fd, (struct sockaddr *)&at, sizeof at) == 0) {
        return true;
    }
    close(h->fd);
    h->fd = -1;
    return false;
}

void house_start(struct house *h, const char *at)
{
    char program[512], conf[512], log[512];
    snprintf(program, sizeof program, "%s/reviewd", h->programs);
    snprintf(conf, sizeof conf, "%s/reviewd.conf", h->folder);
    snprintf(log, sizeof log, "%s/log", h->folder);
    h->pid = fork();
    if (h->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        for (int i = 3; i < 64; i++) {
            close(i);
        }
        execl(program, program, "-f", conf, "--manual-clock", at, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 3000; i++) {
        if (waitpid(h->pid, NULL, WNOHANG) != 0) {
            fail(h, "start", "the daemon ended");
        }
        if (dial(h)) {
            return;
        }
        nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
    }
    fail(h, "start", "no answer for 30 seconds");
}

void house_end(struct house *h, int signal)
{
    if (h->pid <= 0) {
        return;
    }
    kill(h->pid, signal);
    waitpid(h->pid, NULL, 0);
    h->pid = 0;
    close(h->fd);
    h->fd = -1;
    free(h->rest);
    h->rest = NULL;
    h->rest_len = 0;
}

/* The first byte carries the descriptor. */
static void send_all(struct house *h, const char *bytes, size_t len, int passed)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    while (len > 0) {
        struct iovec piece = {(void *)(uintptr_t)bytes, len};
        struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};
        if (passed >= 0) {
            msg.msg_control = control.bytes;
            msg.msg_controllen = sizeof control.bytes;
            struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
            c->cmsg_level = SOL_SOCKET;
            c->cmsg_type = SCM_RIGHTS;
            c->cmsg_len = CMSG_LEN(sizeof passed);
            memcpy(CMSG_DATA(c), &passed, sizeof passed);
        }
        ssize_t n = sendmsg(h->fd, &msg, MSG_NOSIGNAL);
        if (n <= 0) {
            fail(h, "send", bytes);
        }
        passed = -1;
        bytes += n;
        len -= (size_t)n;
    }
}

/* One line, without its end; the caller frees it. */
static char *read_line(struct house *h)
{
    for (;;) {
        char *end = h->rest ? memchr(h->rest, '\n', h->rest_len) : NULL;
        if (end) {
            size_t len = (size_t)(end - h->rest);
            char *line = strndup(h->rest, len);
            h->rest_len -= len + 1;
            memmove(h->rest, end + 1, h->rest_len);
            return line;
        }
        h->rest = realloc(h->rest, h->rest_len + 65536);
        ssize_t n = read(h->fd, h->rest + h->rest_len, 65536);
        if (n <= 0) {
            fail(h, "read", "the daemon closed the connection");
        }
        h->rest_len += (size_t)n;
    }
}

static void ask(struct house *h, const char *method, json_t *params, int passed)
{
    json_t *call = json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", (json_int_t)++h->calls,
                             "method", method, "params", params ? params : json_object());
    char *text = json_dumps(call, JSON_COMPACT);
    size_t len = strlen(text);
    text[len] = '\n';
    send_all(h, text, len + 1, passed);
    free(text);
    json_decref(call);
}

void house_send(struct house *h, const char *method, json_t *params)
{
    ask(h, method, params, -1);
}

/* Progress is passed over. */
static json_t *answer(struct house *h, char reason[32])
{
    for (;;) {
        char *line = read_line(h);
        json_t *got = json_loads(line, 0, NULL);
        json_t *result = json_incref(json_object_get(got, "result"));
        json_t *error = json_object_get(got, "error");
        if (!result && !error) {
            json_decref(got);
            free(line);
            continue;
        }
        if (error) {
            const char *why =
                json_string_value(json_object_get(json_object_get(error, "data"), "reason"));
            snprintf(reason, 32, "%s", why ? why : "no reason");
            if (!why || strcmp(why, "internal") == 0 || strcmp(why, "storage") == 0) {
                fail(h, "answer", line);
            }
        }
        json_decref(got);
        free(line);
        return result;
    }
}

json_t *house_call(struct house *h, const char *method, json_t *params, char reason[32])
{
    reason[0] = '\0';
    ask(h, method, params, -1);
    return answer(h, reason);
}

json_t *house_must(struct house *h, const char *method, json_t *params)
{
    char reason[32];
    json_t *result = house_call(h, method, params, reason);
    if (!result) {
        fail(h, method, reason);
    }
    return result;
}

bool house_try_import(struct house *h, const char *kind, const char *bytes, size_t len,
                      char reason[32])
{
    reason[0] = '\0';
    int fd = memfd_create("import", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
        fail(h, "memfd", kind);
    }
    json_t *params = json_pack("{s:s, s:{s:i}}", "kind", kind, "file", "fd", 0);
    if (strcmp(kind, "households") == 0) {
        json_object_set_new(params, "history", json_string("complete"));
    }
    ask(h, "import", params, fd);
    close(fd);
    json_t *result = answer(h, reason);
    if (result && (json_integer_value(json_object_get(result, "bad")) != 0 ||
                   json_array_size(json_object_get(result, "faults")) != 0)) {
        fail(h, "import", "rows were refused");
    }
    json_decref(result);
    return result != NULL;
}

void house_import(struct house *h, const char *kind, const char *bytes, size_t len)
{
    char reason[32];
    if (!house_try_import(h, kind, bytes, len, reason)) {
        fail(h, "import", reason);
    }
}

sqlite3_stmt *house_sql(struct house *h, const char *sql)
{
    char path[512];
    sqlite3_stmt *q = NULL;
    snprintf(path, sizeof path, "%s/reviewd.db", h->folder);
    if (!h->db && sqlite3_open_v2(path, &h->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        fail(h, "open", path);
    }
    sqlite3_busy_timeout(h->db, 10000);
    if (sqlite3_prepare_v2(h->db, sql, -1, &q, NULL) != SQLITE_OK) {
        fail(h, sql, sqlite3_errmsg(h->db));
    }
    return q;
}
