#include "client/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

#define PIECE ((size_t)256 * 1024)
#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* Copies from the position of `from` to its end. False with errno. */
static bool copy(int from, int to)
{
    char *piece = xmalloc(PIECE);
    ssize_t n;

    for (;;) {
        n = read(from, piece, PIECE);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || !file_write(to, piece, (size_t)n)) {
            break;
        }
    }
    free(piece);
    return n == 0;
}

int file_sealed(const char *path, struct error *err)
{
    bool standard = strcmp(path, "-") == 0;
    int from = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int to = memfd_create("reviewctl", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    /* The position is shared with whoever receives the descriptor: back to the start. */
    bool ok = from >= 0 && to >= 0 && copy(from, to) && lseek(to, 0, SEEK_SET) == 0 &&
              fcntl(to, F_ADD_SEALS, SEALS) == 0;
    int why = errno;

    if (from >= 0 && !standard) {
        close(from);
    }
    if (ok) {
        return to;
    }
    if (to >= 0) {
        close(to);
    }
    if (standard) {
        error_say(err, SAY_STDIN_UNREADABLE, arg_system(why));
    } else {
        error_say(err, SAY_CLIENT_UNREADABLE, arg_z(path), arg_system(why));
    }
    return -1;
}

int file_scratch(struct error *err)
{
    int fd = memfd_create("reviewctl", MFD_CLOEXEC);

    if (fd < 0) {
        error_say(err, SAY_NO_MEMORY_FILE, arg_system(errno));
    }
    return fd;
}

static bool same_file(int fd, const char *other)
{
    struct stat a, b;

    return fstat(fd, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

bool file_output_open(struct file_output *out, const char *path, const char *other,
                      struct error *err)
{
    *out = (struct file_output){.path = path, .made = access(path, F_OK) != 0};
    out->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (out->fd < 0) {
        return error_say(err, SAY_OUTPUT_UNWRITABLE, arg_z(path), arg_system(errno));
    }
    if (other && strcmp(other, "-") != 0 && same_file(out->fd, other)) {
        file_output_drop(out);
        return error_say(err, SAY_OUTPUT_IS_INPUT, arg_z(path));
    }
    return true;
}

bool file_output_save(struct file_output *out, int from, struct error *err)
{
    /* A terminal or a pipe has no length to cut: EINVAL is fine. */
    bool ok = lseek(from, 0, SEEK_SET) == 0 && (ftruncate(out->fd, 0) == 0 || errno == EINVAL) &&
              copy(from, out->fd);
    int why = errno;

    if (close(out->fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    out->fd = -1;
    return ok || error_say(err, SAY_OUTPUT_UNWRITABLE, arg_z(out->path), arg_system(why));
}

void file_output_drop(struct file_output *out)
{
    if (out->fd < 0) {
        return;
    }
    close(out->fd);
    out->fd = -1;
    if (out->made) {
        unlink(out->path);
    }
}
