#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where the kernel has no openat2(): one step after the other, none of them a link. */
static int open_steps(int at, const char *path, int flags)
{
    char *copy = xstrdup(path), *rest = copy, *step;
    int fd = -1, from = at;
    while ((step = strsep(&rest, "/"))) {
        int mode = rest ? O_RDONLY | O_DIRECTORY : flags;
        fd = strcmp(step, "..") == 0 ? -1 : openat(from, step, mode | O_NOFOLLOW | O_CLOEXEC);
        int why = errno;
        if (from != at) {
            close(from);
        }
        errno = why;
        if (fd < 0) {
            break;
        }
        from = fd;
    }
    free(copy);
    return fd;
}

int file_open_beneath(int at, const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    int fd = (int)syscall(SYS_openat2, at, path, &how, sizeof how);
    return fd < 0 && (errno == ENOSYS || errno == EPERM) ? open_steps(at, path, flags) : fd;
}

bool file_read(int at, const char *path, size_t max, struct strbuf *bytes, struct strbuf *why)
{
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    int fd = at == AT_FDCWD ? open(path, flags | O_CLOEXEC) : file_open_beneath(at, path, flags);
    size_t before = bytes->len;
    char piece[16384];
    struct stat st;
    ssize_t n = -1;

    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        strbuf_addz(why, "is not a regular file");
        close(fd);
        return false;
    }
    /* The size that fstat() tells is not relied on: a file under /proc has none. */
    while (fd >= 0 && bytes->len - before <= max && (n = read(fd, piece, sizeof piece)) > 0) {
        strbuf_add(bytes, piece, (size_t)n);
    }
    if (n < 0) {
        strbuf_addf(why, "cannot be read: %s",
                    errno == EXDEV   ? "it lies outside the folder"
                    : errno == ELOOP ? "a symbolic link stands in its path"
                                     : strerror(errno));
    } else if (bytes->len - before > max) {
        strbuf_addf(why, "is larger than %zu KiB", max / 1024);
    }
    if (fd >= 0) {
        close(fd);
    }
    return why->len == 0;
}

int file_in_memory(struct str bytes)
{
    int fd = memfd_create("reviewd", MFD_CLOEXEC);
    if (fd >= 0 && !file_write(fd, bytes.data, bytes.len)) {
        close(fd);
        return -1;
    }
    return fd;
}

bool file_write(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

char *file_whole_path(const char *path)
{
    char *whole = realpath(path, NULL);
    if (whole) {
        return whole;
    }
    const char *slash = strrchr(path, '/');
    char *folder = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    char *real = realpath(folder, NULL);
    free(folder);
    if (!real) {
        return NULL;
    }
    struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "%s/%s", strcmp(real, "/") == 0 ? "" : real, slash ? slash + 1 : path);
    free(real);
    return text.data;
}
