#include "delivery/return_take.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "store/division.h"
#include "work/staging.h"

#define QUIET_NS INT64_C(5000000000)       /* unchanged for so long: nobody writes it any more */
#define UNFINISHED_NS INT64_C(60000000000) /* nor renames it */
#define OVERFLOW_UID 65534 /* what the kernel shows where it cannot say whose a file is */
#define NAME_ROOM 200      /* bytes of a name that others are made from */
#define COPIES 10000

static enum take_step failed(const char *what, struct error *err)
{
    error_say(err, SAY_RETURN_FILE_FAILED, arg_z(what), arg_system(errno));
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
    if (writers == WRITERS_SOME || (!t->unfinished && (told || writers == WRITERS_NONE))) {
        return writers != WRITERS_SOME;
    }
    if (t->seen.since == 0 || !same_bytes(&t->seen.st, &t->st)) {
        t->seen.st = t->st;
        t->seen.since = job_now();
    }
    return job_now() - t->seen.since >= (t->unfinished ? UNFINISHED_NS : QUIET_NS);
}

/* Whether it is still what was read. */
static bool is_untouched(const struct return_take *t)
{
    struct stat now;
    return t->fd < 0 || (writers_of(t->fd) != WRITERS_SOME && fstat(t->fd, &now) == 0 &&
                         same_bytes(&now, &t->st));
}

/* ---- names ---- */

static const char *shown_name(const struct return_take *t)
{
    bool taken = strncmp(t->name, RETURN_TAKEN, strlen(RETURN_TAKEN)) == 0;
    return t->name + (taken ? strlen(RETURN_TAKEN) : 0);
}

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

/* Renames the file to `prefix` and its own name in the folder `to`, or to the first such name with
 * a number that no other file has: the name, the caller's; NULL with errno. */
static char *move_new(const struct return_take *t, int to, const char *prefix)
{
    struct strbuf as = STRBUF_INIT;
    struct stat st;
    bool ok = false;
    errno = EEXIST;
    for (int copy = 1; !ok && errno == EEXIST && copy < COPIES; copy++) {
        make_name(&as, prefix, shown_name(t), copy, NULL);
        ok = renameat2(t->dir, t->name, to, strbuf_text(&as), RENAME_NOREPLACE) == 0;
        if (!ok && (errno == EINVAL || errno == ENOSYS)) {
            /* Nobody else makes names of ours but this thread. */
            if (fstatat(to, strbuf_text(&as), &st, AT_SYMLINK_NOFOLLOW) == 0) {
                errno = EEXIST;
            } else {
                ok = renameat(t->dir, t->name, to, strbuf_text(&as)) == 0;
            }
        }
    }
    char *name = ok ? xstrdup(strbuf_text(&as)) : NULL;
    int why = errno;
    strbuf_free(&as);
    errno = why;
    return name;
}

/* ---- whose it is ---- */

/* The rejected rows are a file of the service: put back under another name, they are still whose
 * they were, and not the service's. Only who may write the file can set the attribute. */
static const char returned_by[] = "user.reviewd.returned-by";

static void find_owner(struct return_take *t)
{
    char text[4096];
    struct passwd pw, *found = NULL;
    struct strbuf digits = STRBUF_INIT;
    int64_t uid;
    ssize_t n = t->fd >= 0 && t->st.st_uid == geteuid()
                    ? fgetxattr(t->fd, returned_by, text, sizeof text)
                    : -1;
    bool given = n > 0 && str_to_int((struct str){text, (size_t)n}, 0, UINT32_MAX, &uid);
    t->owner = given ? (uid_t)uid : t->st.st_uid;
    if (getpwuid_r(t->owner, &pw, text, sizeof text, &found) == 0 && found) {
        t->who = xstrdup(pw.pw_name);
    } else {
        strbuf_addint(&digits, t->owner);
        t->who = digits.data;
    }
}

/* What forbids to read it; false with the refusal in *why. */
static bool may_read(const struct return_take *t, const struct account *account, struct error *why)
{
    const char *dot = strrchr(shown_name(t), '.');
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
    /* Lists are saved as .csv, by tabs also as .txt. */
    return (dot && (strcasecmp(dot, ".csv") == 0 || strcasecmp(dot, ".txt") == 0)) ||
           error_say(why, SAY_FILE_NOT_CSV);
}

/* ---- claiming ---- */

/* Its bytes in memory; -1 with errno. */
static int copy_of(int fd)
{
    char buffer[65536];
    ssize_t n = 0;
    int copy = memfd_create("return", MFD_CLOEXEC);
    bool ok = copy >= 0;
    for (off_t at = 0;
         ok && at <= RETURN_BYTES_MAX && (n = pread(fd, buffer, sizeof buffer, at)) > 0; at += n) {
        ok = file_write(copy, buffer, (size_t)n);
    }
    if (ok && n >= 0) {
        return copy;
    }
    int why = errno;
    staging_close(&copy);
    errno = why;
    return -1;
}

enum take_step return_take(struct return_take *t, const struct folders *folders, struct work *w,
                           struct return_file **file, struct error *err)
{
    struct return_source source = {.file = -1, .bad = -1, .division = t->division};
    struct stat now;

    t->begun = true;
    t->fd = -1;
    t->dir = folder_find(folders, t->division, "return");
    if (t->dir < 0) {
        return errno == ENOENT ? TAKE_GONE : failed("the folder cannot be opened", err);
    }
    if (fstatat(t->dir, t->name, &t->st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? TAKE_GONE : failed("cannot be looked at", err);
    }
    if (S_ISDIR(t->st.st_mode)) {
        return TAKE_GONE;
    }
    if (S_ISREG(t->st.st_mode)) {
        t->fd = file_open_beneath(t->dir, t->name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (t->fd < 0 || fstat(t->fd, &t->st) != 0) {
            return t->fd < 0 && errno == ENOENT ? TAKE_GONE : failed("cannot be opened", err);
        }
        /* An empty file is one whose content is still to come. */
        if (!is_settled(t) || t->st.st_size == 0) {
            return TAKE_WAITS;
        }
    }
    if (shown_name(t) == t->name) {
        char *taken = move_new(t, t->dir, RETURN_TAKEN);
        if (!taken) {
            return errno == ENOENT ? TAKE_GONE : failed("cannot be moved", err);
        }
        free(t->name);
        t->name = taken;
        t->unfinished = false;
        crash_point("return-taken");
    }
    /* Another file may have come under the name meanwhile: that one is looked at next. */
    if (fstatat(t->dir, t->name, &now, AT_SYMLINK_NOFOLLOW) != 0 || now.st_ino != t->st.st_ino ||
        now.st_dev != t->st.st_dev || !is_untouched(t)) {
        return TAKE_WAITS;
    }
    if (!store_division_now(w->store, t->division, &t->scope, err)) {
        return TAKE_FAILED;
    }
    find_owner(t);
    source.name = shown_name(t);
    source.folder = t->dir;
    source.actor = (struct actor){(int64_t)t->owner, t->who};
    source.scopes[0] = (struct return_scope){&t->scope, 1};
    memcpy(source.audited, t->audited, sizeof source.audited);
    const struct account *account = NULL;
    for (int i = 0; i < w->settings->account_count && !account; i++) {
        const struct account *a = &w->settings->accounts[i];
        account = strcmp(a->user, t->who) == 0 ? a : NULL;
    }
    if (account && t->owner != 0) {
        source.scopes[1] = (struct return_scope){account->divisions, account->division_count};
    }
    if (may_read(t, account, &source.fault)) {
        source.file = copy_of(t->fd);
        if (source.file < 0) {
            return failed("cannot be read", err);
        }
    }
    *file = return_file_new(&source);
    return TAKE_MORE;
}

/* ---- where it goes ---- */

/* Synced and renamed: they appear whole. What an earlier file of the name left there has had its
 * day. */
static bool put_rejected(struct return_take *t, const struct return_file *file)
{
    const int bad = return_file_bad(file);
    struct strbuf name = STRBUF_INIT;
    struct stat st;
    char owner[16];
    const char *shown = shown_name(t);
    size_t len = strlen(shown);
    bool is_csv = len > 4 && strcmp(shown + len - 4, ".csv") == 0; /* x.txt is another than x.csv */
    bool ok = true;
    make_name(&name, "", shown, 1, is_csv ? "" : NULL);
    strbuf_addz(&name, ".rejected.csv");
    if (bad >= 0) {
        int n = snprintf(owner, sizeof owner, "%u", (unsigned)t->owner);
        ok = fchmod(bad, 0640) == 0 &&
             (t->owner == geteuid() || fsetxattr(bad, returned_by, owner, (size_t)n, 0) == 0 ||
              errno == ENOTSUP) && /* without attributes the file is the service's */
             fsync(bad) == 0 &&
             renameat(t->dir, RETURN_PART, t->dir, strbuf_text(&name)) == 0 && fsync(t->dir) == 0;
    } else if (fstatat(t->dir, strbuf_text(&name), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               S_ISREG(st.st_mode) && st.st_uid == geteuid()) {
        unlinkat(t->dir, strbuf_text(&name), 0);
    }
    int why = errno;
    strbuf_free(&name);
    errno = why;
    return ok;
}

enum take_step return_take_file(struct return_take *t, struct folders *folders,
                                const struct return_file *file, struct error *err)
{
    snprintf(t->audited, sizeof t->audited, "%s", RETURN_KEY(return_file_result(file)));
    if (!put_rejected(t, file)) {
        return failed("the rejected rows cannot be written", err);
    }
    crash_point("return-rejected");
    if (!is_untouched(t)) {
        return TAKE_WAITS; /* somebody who had it open wrote on: once more, from the start */
    }
    int done = folder_of(folders, t->division, "return/done");
    char *as = done < 0 ? NULL : move_new(t, done, "");
    bool ok = as && fsync(done) == 0 && fsync(t->dir) == 0;
    enum take_step step = ok ? TAKE_GONE : failed("cannot be moved to done/", err);
    staging_close(&done);
    free(as);
    crash_point("return-filed");
    return step;
}

void return_take_end(struct return_take *t)
{
    if (!t->begun) {
        return;
    }
    free(t->who);
    t->who = NULL;
    if (t->dir >= 0) {
        unlinkat(t->dir, RETURN_PART, 0); /* what a kill or a full disk left of rejected rows */
    }
    staging_close(&t->dir);
    staging_close(&t->fd);
    t->begun = false;
}
