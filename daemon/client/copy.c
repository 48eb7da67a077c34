#include "client/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

#define PIECE ((size_t)64 * 1024)

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/* Waits for more; false where nobody wants it any more. */
static bool wait_more(const struct copy *c)
{
    struct pollfd p = {.fd = c->from, .events = POLLIN};

    while (poll(&p, 1, 100) == 0) {
        if (atomic_load(&c->stop)) {
            return false;
        }
    }
    return true;
}

/* Where the disk is full the pipe is closed: the daemon need not send the rest. */
static void *receive(void *self)
{
    struct copy *c = self;
    struct digest *digest = digest_new();
    char *piece = xmalloc(PIECE);
    ssize_t n;

    while (wait_more(c) && (n = read(c->from, piece, PIECE)) != 0) {
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 || !file_write(c->file, piece, (size_t)n)) {
            c->why = errno;
            break;
        }
        digest_add(digest, piece, (size_t)n);
        c->bytes += n;
    }
    digest_hex(digest, c->sha256);
    digest_free(digest);
    free(piece);
    close_fd(&c->from);
    return NULL;
}

static bool fail(const struct copy *c, int why, struct error *err)
{
    return error_say(err, SAY_OUTPUT_UNWRITABLE, arg_z(strbuf_text(&c->part)), arg_system(why));
}

bool copy_begin(struct copy *c, const char *path, bool force, int *to, struct error *err)
{
    int ends[2], fault;

    *c = (struct copy){.path = path, .file = -1, .from = -1};
    if (!force && access(path, F_OK) == 0) {
        return error_say(err, SAY_OUTPUT_EXISTS, arg_z(path));
    }
    c->target = file_whole_path(path);
    strbuf_addf(&c->part, "%s.part", path);
    unlink(strbuf_text(&c->part));
    c->file = open(strbuf_text(&c->part), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (c->file < 0) {
        return fail(c, errno, err);
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_say(err, SAY_NO_PIPE, arg_system(errno));
    }
    c->from = ends[0];
    fault = pthread_create(&c->thread, NULL, receive, c);
    c->running = fault == 0;
    if (!c->running) {
        close(ends[1]);
        return error_say(err, SAY_NO_THREAD, arg_system(fault));
    }
    *to = ends[1];
    return true;
}

static bool sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    close_fd(&fd);
    free(folder);
    return ok;
}

bool copy_keep(struct copy *c, int64_t bytes, const char *sha256, struct error *err)
{
    pthread_join(c->thread, NULL);
    c->running = false;
    if (c->why) {
        return fail(c, c->why, err);
    }
    if (c->bytes != bytes || !sha256 || strcmp(c->sha256, sha256) != 0) {
        return error_say(err, SAY_COPY_TORN, arg_number(c->bytes), arg_number(bytes),
                         arg_z(c->sha256));
    }
    if (fsync(c->file) != 0 || rename(strbuf_text(&c->part), c->path) != 0 ||
        !sync_folder(c->path)) {
        return fail(c, errno, err);
    }
    close_fd(&c->file);
    return true;
}

void copy_drop(struct copy *c)
{
    if (c->running) { /* a daemon that died, or a call that never came to be: nothing more comes */
        atomic_store(&c->stop, true);
        pthread_join(c->thread, NULL);
    }
    close_fd(&c->from);
    if (c->file >= 0) {
        unlink(strbuf_text(&c->part));
    }
    close_fd(&c->file);
    strbuf_free(&c->part);
    free(c->target);
    c->target = NULL;
}
