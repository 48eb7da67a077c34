#include "delivery/return_take.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/log.h"
#include "store/division.h"
#include "work/staging.h"

#define QUIET_NS INT64_C(5000000000) /* unchanged for so long: nobody writes it any more */
#define OVERFLOW_UID 65534           /* what the kernel shows where it cannot say whose a file is */
#define NAME_ROOM 200                /* bytes of a name that others are made from */
#define COPIES 10000

enum state { TAKE_OPEN, TAKE_READ, TAKE_FILE };

static enum take_step failed(const char *what, struct error *err)
{
    error_set(err, REASON_STORAGE, "%s: %s", what, strerror(errno));
    return TAKE_FAILED;
}

static bool same_bytes(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Whether somebody has it open for writing. A read lease is given only where nobody has; it is
 * given back at once. Should somebody open it for writing in between, the kernel sends a signal:
 * one that is ignored. */
enum writers { WRITERS_NONE, WRITERS_SOME, WRITERS_UNKNOWN };
static enum writers writers_of(int fd)
{
    fcntl(fd, F_SETSIG, SIGURG);
    if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
        fcntl(fd, F_SETLEASE, F_UNLCK);
        return WRITERS_NONE;
    }
    return errno == EAGAIN || errno == EBUSY ? WRITERS_SOME : WRITERS_UNKNOWN;
}

static bool is_settled(struct return_take *t)
{
    bool told = t->told;
    t->told = false;
    enum writers writers = writers_of(t->fd);
    if (writers != WRITERS_UNKNOWN || told) {
        return writers != WRITERS_SOME;
    }
    if (t->seen.since == 0 || !same_bytes(&t->seen.st, &t->st)) {
        t->seen.st = t->st;
        t->seen.since = job_now();
    }
    return job_now() - t->seen.since >= QUIET_NS;
}

/* ---- whose it is ---- */

static char *account_name(uid_t uid)
{
    char buffer[4096];
    struct passwd pw, *found = NULL;
    struct strbuf digits = STRBUF_INIT;
    if (getpwuid_r(uid, &pw, buffer, sizeof buffer, &found) == 0 && found) {
        return xstrdup(pw.pw_name);
    }
    strbuf_addint(&digits, uid);
    return digits.data;
}

/* The rejected rows are a file of the service: put back under another name, they are still whose
 * they were, and not the service's. Only who may write the file can set the attribute. */
static const char returned_by[] = "user.reviewd.returned-by";

static uid_t owner_of(int fd, const struct stat *st)
{
    char digits[16];
    int64_t uid;
    ssize_t n =
        fd >= 0 && st->st_uid == geteuid() ? fgetxattr(fd, returned_by, digits, sizeof digits) : -1;
    return n > 0 && str_to_int((struct str){digits, (size_t)n}, 0, UINT32_MAX, &uid) ? (uid_t)uid
                                                                                     : st->st_uid;
}

/* A file system without attributes leaves the file the service's. */
static bool mark_owner(int fd, uid_t owner)
{
    char digits[16];
    int n = snprintf(digits, sizeof digits, "%u", (unsigned)owner);
    return owner == geteuid() || fsetxattr(fd, returned_by, digits, (size_t)n, 0) == 0 ||
           errno == ENOTSUP;
}

static const struct account *account_of(const struct work *w, const char *who)
{
    for (int i = 0; i < w->settings->account_count; i++) {
        if (strcmp(w->settings->accounts[i].user, who) == 0) {
            return &w->settings->accounts[i];
        }
    }
    return NULL;
}

/* Lists are saved as .csv, by tabs also as .txt. */
static bool is_list_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcasecmp(dot, ".csv") == 0 || strcasecmp(dot, ".txt") == 0);
}

static const char *shown_name(const struct return_take *t)
{
    bool taken = strncmp(t->name, RETURN_TAKEN, strlen(RETURN_TAKEN)) == 0;
    return t->name + (taken ? strlen(RETURN_TAKEN) : 0);
}

/* What forbids to read it; false with the refusal in *why. */
static bool may_read(const struct return_take *t, const struct account *account, struct error *why)
{
    if (!S_ISREG(t->st.st_mode)) {
        return error_say(why, SAY_FILE_NOT_REGULAR);
    }
    if (t->st.st_nlink != 1) {
        return error_say(why, SAY_FILE_LINKED);
    }
    if (t->owner == OVERFLOW_UID) {
        return error_say(why, SAY_FILE_OWNER_UNKNOWN);
    }
    if (account && account->role < ROLE_OPERATOR && t->owner != 0) {
        return error_say(why, SAY_FILE_OWNER_REFUSED);
    }
    if (t->st.st_size > RETURN_BYTES_MAX) {
        return error_say(why, SAY_FILE_TOO_LARGE_UNREAD, arg_number(RETURN_BYTES_MAX >> 20));
    }
    return is_list_name(shown_name(t)) || error_say(why, SAY_FILE_NOT_CSV);
}

static enum take_step begin(struct return_take *t, struct work *w, struct error *err)
{
    struct error why = ERROR_INIT;
    if (!store_division_now(w->store, t->division, &t->scope, err)) {
        return TAKE_FAILED;
    }
    t->owner = owner_of(t->fd, &t->st);
    t->who = account_name(t->owner);
    const struct account *account = account_of(w, t->who);
    struct return_source source = {
        .file = -1,
        .bad = staging_open(w, "return.bad", O_RDWR | O_CREAT | O_TRUNC, err),
        .actor = {(int64_t)t->owner, t->who},
        .scopes = {{&t->scope, 1}, {NULL, 0}},
        .division = t->division,
        .name = shown_name(t),
    };
    if (source.bad < 0) {
        return TAKE_FAILED;
    }
    staging_remove(w, "return.bad");
    memcpy(source.audited, t->audited, sizeof source.audited);
    if (account && t->owner != 0) {
        source.scopes[1] = (struct return_scope){account->divisions, account->division_count};
    }
    bool readable = may_read(t, account, &why);
    if (readable) {
        source.file = fcntl(t->fd, F_DUPFD_CLOEXEC, 0);
    }
    t->file = return_file_new(&source);
    bool ok = readable || return_file_refuse(t->file, w, &why, err);
    error_clear(&why);
    t->state = readable ? TAKE_READ : TAKE_FILE;
    return ok ? TAKE_MORE : TAKE_FAILED;
}

static enum take_step open_file(struct return_take *t, int root, struct work *w, struct error *err)
{
    t->fd = -1;
    t->dir = file_open_beneath(root, t->folder, O_RDONLY | O_DIRECTORY);
    if (t->dir < 0) {
        return errno == ENOENT ? TAKE_GONE : failed(t->folder, err);
    }
    if (fstatat(t->dir, t->name, &t->st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? TAKE_GONE : failed(t->name, err);
    }
    if (S_ISDIR(t->st.st_mode)) {
        return TAKE_GONE;
    }
    if (!S_ISREG(t->st.st_mode)) {
        return begin(t, w, err);
    }
    t->fd = file_open_beneath(t->dir, t->name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (t->fd < 0) {
        return errno == ENOENT ? TAKE_GONE : failed("cannot be opened", err);
    }
    if (fstat(t->fd, &t->st) != 0) {
        return failed("cannot be looked at", err);
    }
    /* An empty file is one whose content is still to come. */
    if (S_ISREG(t->st.st_mode) && (!is_settled(t) || t->st.st_size == 0)) {
        return TAKE_WAITS;
    }
    return begin(t, w, err);
}

/* ---- where it goes ---- */

/* "stem", "-2", ".csv" of a name, cut so that what is made of it is a name still, and "list" where
 * it is none by itself. */
static void make_name(struct strbuf *out, const char *prefix, const char *name, int copy,
                      const char *ending)
{
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        name = "list";
    }
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot != name && strlen(dot) <= 8 ? (size_t)(dot - name) : strlen(name);
    size_t len = stem < NAME_ROOM ? stem : NAME_ROOM;
    for (int i = 0; i < 3 && len < stem && ((unsigned char)name[len] & 0xC0) == 0x80; i++) {
        len--; /* no half of a character */
    }
    strbuf_reset(out);
    strbuf_addz(out, prefix);
    strbuf_add(out, name, len);
    if (copy > 1) {
        strbuf_addf(out, "-%d", copy);
    }
    strbuf_addz(out, ending ? ending : name + stem);
}

static bool copy_out(int from, int to)
{
    char buffer[65536];
    ssize_t n;
    for (off_t at = 0; (n = pread(from, buffer, sizeof buffer, at)) > 0; at += n) {
        if (!file_write(to, buffer, (size_t)n)) {
            return false;
        }
    }
    return n == 0;
}

/* Written under a hidden name, synced, renamed: it appears whole. */
static bool write_rejected(struct return_take *t, const char *name)
{
    static const char part[] = ".rejected.part";
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    unlinkat(t->dir, part, 0);
    int fd = openat(t->dir, part, flags, 0640);
    if (fd < 0) {
        return false;
    }
    bool ok = fchmod(fd, 0640) == 0 && mark_owner(fd, t->owner) &&
              copy_out(return_file_bad(t->file), fd) && fsync(fd) == 0;
    int why = errno;
    close(fd);
    if (ok && renameat(t->dir, part, t->dir, name) == 0) {
        return fsync(t->dir) == 0;
    }
    why = ok ? errno : why;
    unlinkat(t->dir, part, 0); /* a full disk needs its room */
    errno = why;
    return false;
}

/* The rejected rows of this file; what an earlier one of the name left there has had its day. */
static enum take_step put_rejected(struct return_take *t, struct error *err)
{
    const struct return_result *r = return_file_result(t->file);
    struct strbuf name = STRBUF_INIT;
    struct stat st;
    const char *shown = shown_name(t);
    size_t len = strlen(shown);
    bool is_csv = len > 4 && strcmp(shown + len - 4, ".csv") == 0; /* x.txt is another than x.csv */
    make_name(&name, "", shown, 1, is_csv ? "" : NULL);
    strbuf_addz(&name, ".rejected.csv");
    bool ok = true;
    if (r->rejected || r->fault_zh) {
        ok = write_rejected(t, strbuf_text(&name));
    } else if (fstatat(t->dir, strbuf_text(&name), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               S_ISREG(st.st_mode) && st.st_uid == geteuid()) {
        unlinkat(t->dir, strbuf_text(&name), 0);
    }
    enum take_step step = ok ? TAKE_MORE : failed("the rejected rows cannot be written", err);
    strbuf_free(&name);
    return step;
}

/* A file system without RENAME_NOREPLACE: nobody else makes names of ours but this thread. */
static bool move_new(int from, const char *name, int to, const char *as)
{
    struct stat st;
    if (renameat2(from, name, to, as, RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return false;
    }
    if (fstatat(to, as, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return false;
    }
    return renameat(from, name, to, as) == 0;
}

/* Gives it a name of ours that no other file has: the name, the caller's; NULL with errno. */
static char *take_name(const struct return_take *t)
{
    struct strbuf taken = STRBUF_INIT;
    bool ok = false;
    for (int copy = 1; !ok && copy < COPIES; copy++) {
        make_name(&taken, RETURN_TAKEN, shown_name(t), copy, NULL);
        ok = strcmp(t->name, strbuf_text(&taken)) == 0 ||
             move_new(t->dir, t->name, t->dir, strbuf_text(&taken));
        if (!ok && errno != EEXIST) {
            break;
        }
    }
    char *name = ok ? xstrdup(strbuf_text(&taken)) : NULL;
    int why = errno;
    strbuf_free(&taken);
    errno = why;
    return name;
}

/* Under a name of ours the file cannot be replaced any more, nor opened by its old one: then it is
 * the one that was read, or a newer one, which goes back; or one that somebody had opened meanwhile
 * to write, which is read again when it is closed. A kill in between leaves it under that name,
 * where a look finds it. */
static enum take_step claim(struct return_take *t, struct error *err)
{
    struct stat now;
    if (t->fd >= 0 && (fstat(t->fd, &now) != 0 || !same_bytes(&now, &t->st))) {
        return TAKE_WAITS; /* written while it was read: once more, from the start */
    }
    char *taken = take_name(t);
    if (!taken) {
        return errno == ENOENT ? TAKE_GONE : failed("cannot be moved", err);
    }
    if (fstatat(t->dir, taken, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
        (now.st_ino != t->st.st_ino || now.st_dev != t->st.st_dev)) {
        renameat2(t->dir, taken, t->dir, t->name, RENAME_NOREPLACE);
        free(taken);
        return TAKE_WAITS;
    }
    free(t->name);
    t->name = taken;
    bool written = t->fd >= 0 && (writers_of(t->fd) == WRITERS_SOME || fstat(t->fd, &now) != 0 ||
                                  !same_bytes(&now, &t->st));
    return written ? TAKE_WAITS : TAKE_MORE;
}

static int open_done(int dir)
{
    bool made = mkdirat(dir, "done", 0750) == 0;
    int fd = file_open_beneath(dir, "done", O_RDONLY | O_DIRECTORY);
    if (fd >= 0 && made) {
        fchmod(fd, 0750); /* the umask is the store's, not the spool's */
    }
    return fd;
}

static enum take_step put_done(struct return_take *t, struct error *err)
{
    struct strbuf as = STRBUF_INIT;
    bool ok = false;
    int done = open_done(t->dir);
    for (int copy = 1; done >= 0 && !ok && copy < COPIES; copy++) {
        make_name(&as, "", shown_name(t), copy, NULL);
        ok = move_new(t->dir, t->name, done, strbuf_text(&as));
        if (!ok && errno != EEXIST) {
            break;
        }
    }
    ok = ok && fsync(done) == 0 && fsync(t->dir) == 0;
    enum take_step step = ok ? TAKE_GONE : failed("cannot be moved to done/", err);
    staging_close(&done);
    strbuf_free(&as);
    return step;
}

static enum take_step file_away(struct return_take *t, struct error *err)
{
    const struct return_result *r = return_file_result(t->file);
    enum take_step step;
    snprintf(t->audited, sizeof t->audited, "%s", RETURN_KEY(r));
    step = put_rejected(t, err);
    crash_point("return-rejected");
    if (step == TAKE_MORE) {
        step = claim(t, err);
        crash_point("return-taken");
    }
    if (step == TAKE_MORE) {
        step = put_done(t, err);
        crash_point("return-filed");
    }
    return step;
}

/* ---- the whole ---- */

static enum take_step read_file(struct return_take *t, struct work *w, struct error *err)
{
    enum job_step step = return_file_slice(t->file, w, err);
    if (step == JOB_FAILED && err->reason != REASON_BAD_ROWS) {
        return TAKE_FAILED;
    }
    error_clear(err);
    if (step != JOB_MORE) {
        t->state = TAKE_FILE;
    }
    return TAKE_MORE;
}

enum take_step return_take_slice(struct return_take *t, int root, struct work *w, struct error *err)
{
    switch ((enum state)t->state) {
    case TAKE_OPEN:
        return open_file(t, root, w, err);
    case TAKE_READ:
        return read_file(t, w, err);
    case TAKE_FILE:
        return file_away(t, err);
    }
    return TAKE_FAILED;
}

void return_take_end(struct return_take *t)
{
    return_file_free(t->file);
    t->file = NULL;
    free(t->who);
    t->who = NULL;
    if (t->dir > 0) {
        close(t->dir);
    }
    if (t->fd > 0) {
        close(t->fd);
    }
    t->dir = t->fd = 0;
    t->state = TAKE_OPEN;
}
