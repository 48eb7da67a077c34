#include "work/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"

#define FILE_MAX (INT64_C(64) << 30)

int64_t job_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int staging_open(const struct work *w, const char *name, int flags, struct error *err)
{
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s/%s", w->staging, name);
    int fd = open(strbuf_text(&path), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        error_say(err, SAY_FILE_FAILED, arg_z(strbuf_text(&path)), arg_system(errno));
    }
    strbuf_free(&path);
    return fd;
}

void staging_remove(const struct work *w, const char *name)
{
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s/%s", w->staging, name);
    unlink(strbuf_text(&path));
    strbuf_free(&path);
}

bool staging_rename(const struct work *w, const char *from, const char *to)
{
    struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
    strbuf_addf(&a, "%s/%s", w->staging, from);
    strbuf_addf(&b, "%s/%s", w->staging, to);
    bool ok = rename(strbuf_text(&a), strbuf_text(&b)) == 0;
    strbuf_free(&a);
    strbuf_free(&b);
    int folder = open(w->staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = ok && folder >= 0 && fsync(folder) == 0;
    staging_close(&folder);
    return ok;
}

void staging_close(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

int64_t staging_free(const char *path)
{
    struct statvfs fs;
    return statvfs(path, &fs) == 0 ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize : -1;
}

bool staging_room(const struct work *w, int64_t bytes, struct error *err)
{
    int64_t floor = (int64_t)w->settings->limit_free_megabytes << 20;
    int64_t left = staging_free(w->staging);
    return left < 0 || left - bytes >= floor ||
           error_say(err, SAY_NO_ROOM, arg_number((left >> 20)), arg_number((bytes >> 20)),
                     arg_number(w->settings->limit_free_megabytes));
}

static bool arrival_begin(struct arrival *a, const struct work *w, const char *name,
                          struct error *err)
{
    struct stat st;
    a->digest = digest_new();
    a->total = -1;
    a->raw = staging_open(w, name, O_RDWR | O_CREAT | O_TRUNC, err);
    if (a->raw < 0) {
        return false;
    }
    if (fstat(a->file, &st) != 0 || !S_ISREG(st.st_mode)) {
        return error_say(err, SAY_FILE_REGULAR);
    }
    a->total = st.st_size;
    return lseek(a->file, 0, SEEK_SET) == 0 ||
           error_say(err, SAY_INPUT_UNREADABLE, arg_system(errno));
}

bool arrival_slice(struct arrival *a, const struct work *w, const char *name, bool *whole,
                   struct error *err)
{
    char buffer[65536];
    int64_t until = job_now() + JOB_SLICE_NS;
    *whole = false;
    if (a->raw < 0 && !arrival_begin(a, w, name, err)) {
        return false;
    }
    while (job_now() < until) {
        ssize_t n = read(a->file, buffer, sizeof buffer);
        if (n < 0) {
            return error_say(err, SAY_INPUT_UNREADABLE, arg_system(errno));
        }
        if (n == 0) {
            *whole = true;
            digest_hex(a->digest, a->sha256);
            staging_close(&a->file);
            return true;
        }
        a->received += n;
        digest_add(a->digest, buffer, (size_t)n);
        if (a->received > FILE_MAX) {
            return error_say(err, SAY_FILE_AT_MOST);
        }
        if (!file_write(a->raw, buffer, (size_t)n)) {
            return error_say(err, SAY_STAGING_FAILED, arg_system(errno));
        }
    }
    return true;
}

void arrival_free(struct arrival *a)
{
    staging_close(&a->file);
    staging_close(&a->raw);
    if (a->digest) {
        digest_free(a->digest);
        a->digest = NULL;
    }
}
