#include "delivery/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/file.h"
#include "base/log.h"
#include "delivery/folder.h"
#include "delivery/list.h"
#include "store/message.h"
#include "work/quarantine.h"
#include "work/queue.h"

#define BATCH                                                                                      \
    128 /* lists that share a sync: large enough to be cheap, small enough to be quick             \
         */
#define FILE_MODE 0640
#define FILE_NAME 64

struct spool {
    char *path;
    struct folders *folders;
    int tmp;
    struct date day;    /* of the run that delivers */
    int64_t failed;     /* the last list of this delivery that could not be made; 0: none */
    struct arena arena; /* of one list */
    struct strbuf text; /* of one file */
    const struct settings *settings; /* those by which nothing has to come back from the socket */
};

static const struct {
    const char *extension;
    void (*render)(const struct list *list, struct strbuf *out);
} files[] = {{"csv", list_csv}, {"html", list_html}, {"json", list_json}};
#define FILES (sizeof files / sizeof files[0])

static bool fail(const struct spool *s, struct error *err, const char *what, const char *name)
{
    return error_say(err, SAY_SPOOL_CANNOT, arg_z(s->path), arg_z(what), arg_z(name),
                     arg_system(errno));
}

/* tmp/42-500101001000.csv */
static void tmp_name(const struct message_row *m, size_t file, char out[FILE_NAME])
{
    snprintf(out, FILE_NAME, "%lld-%012lld.%s", (long long)m->seq, (long long)m->division,
             files[file].extension);
}

/* new/2026-11-24-daily.csv */
static void new_name(const struct message_row *m, size_t file, char out[FILE_NAME])
{
    char day[DATE_TEXT];

    snprintf(out, FILE_NAME, "%s-daily.%s", date_text(m->created_on, day), files[file].extension);
}

struct spool *spool_open(const char *path, struct error *err)
{
    struct spool *s = xcalloc(1, sizeof *s);

    s->path = xstrdup(path);
    s->tmp = -1;
    s->folders = folder_open(path, err);
    if (!s->folders) {
        spool_close(s);
        return NULL;
    }
    s->tmp = folder_private(s->folders, "tmp");
    if (s->tmp < 0) {
        fail(s, err, "open", "tmp");
        spool_close(s);
        return NULL;
    }
    return s;
}

struct folders *spool_folders(const struct spool *s)
{
    return s->folders;
}

void spool_grant(struct spool *s, const struct settings *settings)
{
    folder_grant(s->folders, settings);
}

void spool_close(struct spool *s)
{
    if (!s) {
        return;
    }
    if (s->tmp >= 0) {
        close(s->tmp);
    }
    folder_close(s->folders);
    arena_free(&s->arena);
    strbuf_free(&s->text);
    free(s->path);
    free(s);
}

/* ---- writing ---- */

/* A new file of the division in an open folder. What an attempt that failed left under the name
 * goes first, so that no page of it that the disk refused can be mistaken for the new one's. -1
 * with errno. */
static int make_file(struct spool *s, int folder, const char *name, int64_t division)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(folder, name, flags, FILE_MODE);

    if (fd < 0 && errno == EEXIST && unlinkat(folder, name, 0) == 0) {
        fd = openat(folder, name, flags, FILE_MODE);
    }
    if (fd >= 0) {
        /* The umask keeps the store private; a list is for its office, whose group may read it. */
        fchmod(fd, FILE_MODE);
        folder_share(s->folders, fd, division);
    }
    return fd;
}

static bool write_list(struct spool *s, const struct message_row *m, const struct list *list,
                       struct error *err)
{
    for (size_t i = 0; i < FILES; i++) {
        char name[FILE_NAME];
        tmp_name(m, i, name);
        strbuf_reset(&s->text);
        files[i].render(list, &s->text);
        int fd = make_file(s, s->tmp, name, m->division);
        if (fd < 0) {
            return fail(s, err, "make", name);
        }
        bool ok = file_write(fd, s->text.data, s->text.len);
        int why = errno;
        if (close(fd) != 0 && ok) {
            why = errno;
            ok = false;
        }
        if (!ok) {
            errno = why;
            return fail(s, err, "write", name);
        }
    }
    return true;
}

static bool sync_spool(struct spool *s, struct error *err)
{
    return syncfs(folder_root(s->folders)) == 0 || fail(s, err, "sync", "its file system");
}

/* ---- staging ---- */

/* Brings each message to the state in one transaction: delivered, or queued anew. */
static bool mark_all(struct work *w, const struct message_row *rows, int count,
                     enum message_state state, struct error *err)
{
    bool ok = store_begin(w->store, err);

    for (int i = 0; ok && i < count; i++) {
        ok = state == MESSAGE_DELIVERED ? store_message_state(w->store, rows[i].seq, state, err)
                                        : store_message_unmake(w->store, rows[i].seq, err);
    }
    if (ok && store_commit(w->store, err)) {
        return true;
    }
    if (store_in_transaction(w->store)) {
        store_rollback(w->store);
    }
    return false;
}

static bool build(struct spool *s, struct work *w, const struct message_row *m, struct list *list,
                  struct error *err)
{
    char id[MESSAGE_ID];

    arena_reset(&s->arena);
    return list_build(w, &s->arena, m, list, err) ||
           error_within(err, SAY_OF_LIST, arg_z(message_id(m, id)));
}

/* The list as the body of its message, ready to be taken: a transaction of its own, since the body
 * can be large. */
static bool make_ready(void *self, struct work *w, const struct message_row *m, struct error *err)
{
    struct spool *s = self;
    struct list list;

    if (!build(s, w, m, &list, err)) {
        return false;
    }
    strbuf_reset(&s->text);
    list_json(&list, &s->text);
    struct str body = strbuf_str(&s->text);
    body.len--; /* the line feed at its end */
    return store_message_ready(w->store, m->seq, body, err) &&
           store_tasks_listed(w->store, m->division, m->created_on, err) &&
           store_messages_carried(w->store, m->division, m->seq, false, err);
}

/* For what is not a township's code there is no task to mark. */
static bool mark_staged(void *self, struct work *w, const struct message_row *m, struct error *err)
{
    (void)self;
    return store_message_state(w->store, m->seq, MESSAGE_STAGED, err) &&
           store_tasks_listed(w->store, m->division, m->created_on, err) &&
           store_messages_carried(w->store, m->division, m->seq, true, err);
}

static bool stage_lists(struct spool *s, struct work *w, struct message_row *rows, int count,
                        struct error *err)
{
    int good = 0;

    for (int i = 0; i < count; i++) {
        struct list list;
        struct error why = ERROR_INIT;
        if (!build(s, w, &rows[i], &list, &why)) {
            if (!quarantine_list(w, &rows[i], s->day, &why, &s->failed, err)) {
                return false;
            }
            continue;
        }
        if (!write_list(s, &rows[i], &list, err)) {
            return false;
        }
        rows[good++] = rows[i];
    }
    if (!good) {
        return true;
    }
    crash_point("spool-written");
    if (!sync_spool(s, err)) {
        return false;
    }
    crash_point("spool-synced");
    if (!quarantine_lists(w, rows, good, s->day, mark_staged, s, &s->failed, err)) {
        return false;
    }
    crash_point("spool-staged");
    return true;
}

/* The next batch, parted by the way that each leaves. All are of one day: what is new on a list
 * depends on the list before it, which therefore is marked first. */
static bool stage_batch(struct spool *s, struct work *w, struct arena *a, bool *more,
                        struct error *err)
{
    struct message_row *rows;
    int count, day_count = 0, filed = 0, ready = 0;

    if (!store_messages_in(w->store, a, MESSAGE_QUEUED, MESSAGE_DAILY, s->failed, BATCH, &rows,
                           &count, err)) {
        return false;
    }
    while (day_count < count && date_cmp(rows[day_count].created_on, rows[0].created_on) == 0) {
        day_count++;
    }
    *more = day_count < count || count == BATCH;
    struct message_row *by_spool = arena_alloc(a, (size_t)count * sizeof *rows);
    struct message_row *by_socket = arena_alloc(a, (size_t)count * sizeof *rows);
    for (int i = 0; i < day_count; i++) {
        if (settings_delivery(w->settings, rows[i].division) == DELIVERY_SOCKET) {
            by_socket[ready++] = rows[i];
        } else {
            by_spool[filed++] = rows[i];
        }
    }
    return (!ready ||
            quarantine_lists(w, by_socket, ready, s->day, make_ready, s, &s->failed, err)) &&
           stage_lists(s, w, by_spool, filed, err);
}

/* ---- into new/ ---- */

struct finish {
    int delivered, renamed; /* messages, files */
    int waiting;            /* messages that stay staged, to be tried again */
    char why[256];          /* of the last list that waits */
};

/* What rename() does within a file system: the file is copied into new/ under a hidden name, goes
 * from tmp/ for good, and only then appears. A kill before that leaves it in tmp/, to be copied
 * again; a kill after it leaves the hidden one, which is whole. */
static bool copy_file(struct spool *s, const char *from, int folder, const char *hidden,
                      int64_t division)
{
    char block[65536];
    ssize_t n = -1;
    int in = openat(s->tmp, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int out = in < 0 ? -1 : make_file(s, folder, hidden, division);
    while (out >= 0 && (n = read(in, block, sizeof block)) > 0) {
        if (!file_write(out, block, (size_t)n)) {
            n = -1;
            break;
        }
    }
    bool ok = n == 0 && fsync(out) == 0 && fsync(folder) == 0;
    int why = errno;
    if (in >= 0) {
        close(in);
    }
    if (out >= 0) {
        close(out);
    }
    if (out >= 0 && !ok) {
        unlinkat(folder, hidden, 0);
    }
    errno = why;
    return ok && unlinkat(s->tmp, from, 0) == 0 && fsync(s->tmp) == 0;
}

/* A file that is not in tmp/ any more had been renamed before a kill, and perhaps fetched since.
 * What is in new/ under its name can only be itself, a division has one list a day; or, after a
 * restore, the list of a day that was lost, which it replaces (reviewd(8)). */
static bool rename_files(struct spool *s, const struct message_row *m, int folder, struct finish *f,
                         struct error *err)
{
    bool copied = false;
    struct stat st;

    for (size_t i = 0; i < FILES; i++) {
        char from[FILE_NAME], to[FILE_NAME], hidden[FILE_NAME + 1];
        tmp_name(m, i, from);
        new_name(m, i, to);
        snprintf(hidden, sizeof hidden, ".%s", from);
        if (renameat(s->tmp, from, folder, to) == 0) {
            f->renamed++;
        } else if (errno == EXDEV || errno == ENOENT) {
            if (fstatat(s->tmp, from, &st, AT_SYMLINK_NOFOLLOW) == 0) {
                if (!copy_file(s, from, folder, hidden, m->division)) {
                    return fail(s, err, "copy", from);
                }
                crash_point("spool-copied");
            }
            if (renameat(folder, hidden, folder, to) == 0) {
                copied = true;
                f->renamed++;
            } else if (errno != ENOENT) {
                return fail(s, err, "rename", hidden);
            }
        } else {
            return fail(s, err, "rename", from);
        }
        crash_point("spool-renamed-one");
    }
    /* The spool's own file system is synced for many lists at once. */
    return !copied || fsync(folder) == 0 || fail(s, err, "sync", "new/");
}

/* Renames, syncs and marks one page of staged messages. What cannot be put into one folder (a
 * township broke it, its quota is full, its mount is gone) waits, and the others get their lists.
 */
static bool finish_page(struct spool *s, struct work *w, struct message_row *rows, int count,
                        struct finish *f, struct error *err)
{
    int good = 0;

    for (int i = 0; i < count; i++) {
        const struct message_row *m = &rows[i];
        struct error why = ERROR_INIT;
        char path[FOLDER_PATH];
        /* Where it comes back to, filled (delivery/returns); a list is delivered without it, too.
         */
        int back = folder_of(s->folders, m->division, "return/done");
        if (back >= 0) {
            close(back);
        }
        int folder = folder_of(s->folders, m->division, "new");
        bool ok = folder >= 0 && rename_files(s, m, folder, f, &why);
        if (folder < 0) {
            folder_path(m->division, "new", path);
            fail(s, &why, "open", path);
        } else {
            close(folder);
        }
        if (ok) {
            rows[good++] = *m;
        } else {
            log_put(LOG_ERR, "event=spool-waits: a list waits in tmp/: %s", why.message);
            snprintf(f->why, sizeof f->why, "%s", why.message);
            f->waiting++;
        }
        error_clear(&why);
    }
    crash_point("spool-renamed");
    if (!good) {
        return true;
    }
    if (!sync_spool(s, err) || !mark_all(w, rows, good, MESSAGE_DELIVERED, err)) {
        return false;
    }
    crash_point("spool-delivered");
    f->delivered += good;
    return true;
}

/* All that is staged, by this call or by one that failed or was killed. */
static bool finish_all(struct spool *s, struct work *w, struct arena *a, struct finish *f,
                       struct error *err)
{
    int64_t after = 0;
    int count;

    *f = (struct finish){0};
    do {
        struct message_row *rows;
        if (!store_messages_in(w->store, a, MESSAGE_STAGED, MESSAGE_DAILY, after, BATCH, &rows,
                               &count, err)) {
            return false;
        }
        if (!count) {
            return true;
        }
        after = rows[count - 1].seq;
        if (!finish_page(s, w, rows, count, f, err)) {
            return false;
        }
    } while (count == BATCH);
    return true;
}

/* ---- back from the socket ---- */

/* What was made for the socket and never acknowledged leaves by the spool where the settings now
 * say so. What is leased waits until its lease has run out. */
static bool take_back(struct spool *s, struct work *w, struct arena *a, struct error *err)
{
    int64_t after = 0;
    bool all = true;
    int count;

    do {
        struct message_row *rows;
        int back = 0;
        if (!store_messages_made(w->store, a, after, BATCH, &rows, &count, err)) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            after = rows[i].seq;
            if (settings_delivery(w->settings, rows[i].division) == DELIVERY_SOCKET) {
                continue;
            }
            if (queue_leased(w, &rows[i])) {
                all = false;
            } else {
                rows[back++] = rows[i];
            }
        }
        if (back && !mark_all(w, rows, back, MESSAGE_QUEUED, err)) {
            return false;
        }
    } while (count == BATCH);
    s->settings = all ? w->settings : NULL;
    return true;
}

/* ---- a delivery ---- */

/* What `status --check` says until the next attempt succeeds. */
static void stand(struct work *w, bool ok, const struct finish *f, const struct error *why)
{
    struct strbuf text = STRBUF_INIT;

    if (!ok) {
        atomic_fetch_add(&w->metrics->spool_errors, 1);
    }
    metrics_stand(w->metrics, STANDING_SPOOL, ok ? NULL : why->message);
    if (ok) {
        atomic_fetch_add(&w->metrics->spool_errors, f->waiting);
        if (f->waiting) {
            strbuf_addf(&text, "%d list%s in tmp/: %s", f->waiting,
                        f->waiting == 1 ? " waits" : "s wait", f->why);
        }
        metrics_stand(w->metrics, STANDING_FOLDER, f->waiting ? strbuf_text(&text) : NULL);
    }
    strbuf_free(&text);
}

/* A message of an earlier day that a kill left queued leaves like the others, under its own date.
 */
bool spool_deliver(struct spool *s, struct work *w, struct date day, bool *more, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct error why = ERROR_INIT;
    struct finish f = {0};
    struct stat st;

    s->day = day;
    *more = false;
    if (fstat(s->tmp, &st) != 0 || st.st_nlink == 0) { /* somebody tidied up: it is made anew */
        close(s->tmp);
        s->tmp = folder_private(s->folders, "tmp");
    }
    bool ok = (s->tmp >= 0 || fail(s, &why, "open", "tmp")) &&
              (s->settings == w->settings || take_back(s, w, &a, &why)) &&
              stage_batch(s, w, &a, more, &why) && finish_all(s, w, &a, &f, &why);
    stand(w, ok, &f, &why);
    if (!ok) {
        log_put(LOG_ERR, "event=spool-error: %s", why.message);
        error_copy(err, &why);
    }
    error_clear(&why);
    arena_free(&a);
    if (!*more) { /* a city's list can be large: nothing of it stays */
        s->failed = 0;
        arena_free(&s->arena);
        strbuf_free(&s->text);
    }
    return ok;
}

bool spool_recover(struct spool *s, struct work *w, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct finish f;
    int removed = 0;

    bool ok = finish_all(s, w, &a, &f, err);
    if (ok && !f.waiting) {
        /* Files that belong to no staged message: theirs is queued still and written anew. */
        struct dirent *entry;
        DIR *tmp = folder_entries(folder_private(s->folders, "tmp"));
        ok = tmp || fail(s, err, "read", "tmp");
        while (tmp && (entry = readdir(tmp))) {
            removed += entry->d_name[0] != '.' && unlinkat(s->tmp, entry->d_name, 0) == 0;
        }
        if (tmp) {
            closedir(tmp);
        }
    }
    stand(w, ok, &f, err);
    arena_free(&a);
    if (f.delivered || removed || !ok) {
        log_put(ok ? LOG_NOTICE : LOG_ERR,
                "event=recover-spool: after a stop midway %d lists were delivered, %d files of "
                "them renamed, "
                "%d left-over files removed",
                f.delivered, f.renamed, removed);
    }
    return ok;
}

/* ---- what nobody fetched, and what is too old ---- */

/* The entries of a folder of the division, and its path; one that is not there has none: errno 0.
 */
static DIR *entries_of(const struct spool *s, int64_t division, const char *name,
                       char path[FOLDER_PATH])
{
    DIR *folder = folder_entries(folder_find(s->folders, division, name));

    folder_path(division, name, path);
    if (!folder && errno == ENOENT) {
        errno = 0;
    }
    return folder;
}

/* The day of "2026-11-24-daily.csv"; DATE_NONE for any other name. */
static struct date day_of(const char *entry)
{
    const size_t day = DATE_TEXT - 1;

    if (strlen(entry) <= day || strncmp(entry + day, "-daily.", strlen("-daily.")) != 0) {
        return DATE_NONE;
    }
    return date_parse((struct str){entry, day});
}

bool spool_unfetched(const struct spool *s, int64_t division, struct date *oldest,
                     struct error *err)
{
    char path[FOLDER_PATH];
    struct dirent *entry;
    DIR *folder = entries_of(s, division, "new", path);

    *oldest = DATE_NONE;
    if (!folder) {
        return errno == 0 || fail(s, err, "read", path);
    }
    while ((entry = readdir(folder))) {
        struct date day = day_of(entry->d_name);
        if (date_is(day) && (!date_is(*oldest) || date_cmp(day, *oldest) < 0)) {
            *oldest = day;
        }
    }
    closedir(folder);
    return true;
}

/* Whether a file in `place` is of a day before `before`. What came back is by the day on which it
 * was put there: what a file says of its own last change is the office's. A folder is none of ours.
 */
static bool is_old(int folder, const char *place, const char *name, struct date before)
{
    static const char rejected[] = ".rejected.csv";
    const size_t end = sizeof rejected - 1, len = strlen(name);
    struct stat st;

    if (name[0] == '.' || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISDIR(st.st_mode)) {
        return false;
    }
    if (strcmp(place, "new") == 0) {
        struct date day = day_of(name);
        return date_is(day) && date_cmp(day, before) < 0;
    }
    return (strcmp(place, "return/done") == 0 ||
            (len > end && strcmp(name + len - end, rejected) == 0)) &&
           clock_local_day(st.st_ctime) < before.day;
}

bool spool_prune(const struct spool *s, int64_t division, struct date before, int64_t *removed,
                 struct error *err)
{
    static const char *const places[] = {"new", "return/done", "return"};
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof places / sizeof places[0]; i++) {
        char path[FOLDER_PATH];
        struct dirent *entry;
        DIR *folder = entries_of(s, division, places[i], path);
        if (!folder) {
            ok = errno == 0 || fail(s, err, "read", path);
            continue;
        }
        while (ok && (entry = readdir(folder))) {
            if (!is_old(dirfd(folder), places[i], entry->d_name, before)) {
                continue;
            }
            if (unlinkat(dirfd(folder), entry->d_name, 0) == 0) {
                ++*removed;
            } else {
                ok = errno == ENOENT || fail(s, err, "remove a file of", path); /* fetched */
            }
        }
        closedir(folder);
    }
    return ok;
}
