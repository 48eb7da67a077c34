#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/histogram.h"
#include "base/log.h"
#include "rules/household.h"
#include "store/db.h"

/* WAL_AUTOCHECKPOINT is off: the writer checkpoints between slices (architecture.md 2). */
static const char write_pragmas[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8000;"
    "PRAGMA journal_size_limit = 67108864;";
static const char read_pragmas[] =
    "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -2000;";

#define BUSY_WAIT_MS 3000
#define BUSY_STEP_MS 20

/* The lock is on the file itself, by whatever name it was reached, and the path must go on leading
 * to it (in_place()). It stays open until SQLite has closed its own: closing it before would give
 * SQLite's locks away. SQLite would create the file by the umask; ours is private whatever the
 * umask is, and whoever put it there. */
static bool open_file(struct store *s, struct error *err)
{
    struct stat st;
    s->file = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->file < 0 || fstat(s->file, &st) != 0) {
        return error_set(err, REASON_STORAGE, "%s: %s", s->path, strerror(errno));
    }
    if (flock(s->file, LOCK_EX | LOCK_NB) != 0) {
        return error_set(err, REASON_CONFLICT, "%s: another reviewd has this store open", s->path);
    }
    s->device = st.st_dev;
    s->inode = st.st_ino;
    if ((st.st_mode & 077) && fchmod(s->file, 0600) != 0) {
        log_put(LOG_WARNING,
                "event=store-readable: others may read %s, and that cannot be "
                "changed: %s",
                s->path, strerror(errno));
    }
    return true;
}

/* Somebody who has the store open with sqlite3 holds it for a moment, as a rule. */
static int wait_busy(void *self, int count)
{
    const struct store *s = self;
    if (count == 0) {
        log_put(LOG_WARNING, "event=store-busy: another programme holds %s: waiting for up to %d s",
                s->path, BUSY_WAIT_MS / 1000);
    }
    if (count >= BUSY_WAIT_MS / BUSY_STEP_MS) {
        return 0;
    }
    usleep(BUSY_STEP_MS * 1000);
    return 1;
}

/* What would be committed into a file that the path does not lead to any more is lost with it. */
static bool in_place(struct store *s, struct error *err)
{
    struct stat st;
    if (stat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode) {
        return true;
    }
    s->failures++;
    s->passing = true;
    return error_set(err, REASON_STORAGE,
                     "%s is not the file any more that is open: it was removed or replaced, and "
                     "nothing is changed until it is back or reviewd is started anew",
                     s->path);
}

/* Bytes 18 and 19 of the file tell whether it has a WAL: 2, or none: 1. A store that was opened
 * once says 2 and a backup 1. */
static bool says_no_wal(const char *path)
{
    unsigned char head[20] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool no_wal = fd >= 0 && read(fd, head, sizeof head) == (ssize_t)sizeof head && head[18] == 1 &&
                  head[19] == 1;
    if (fd >= 0) {
        close(fd);
    }
    return no_wal;
}

/* A WAL beside a backup was left there by the store whose place it took: SQLite would write the one
 * into the other. It is kept under another name, for it can hold that store's last commits. */
static bool part_wal(const char *path, struct error *err)
{
    struct strbuf wal = STRBUF_INIT, lost = STRBUF_INIT, shm = STRBUF_INIT;
    bool ok = true;
    strbuf_addf(&wal, "%s-wal", path);
    strbuf_addf(&lost, "%s-wal.lost", path);
    strbuf_addf(&shm, "%s-shm", path);
    if (access(strbuf_text(&wal), F_OK) == 0 && says_no_wal(path)) {
        ok = rename(strbuf_text(&wal), strbuf_text(&lost)) == 0 ||
             error_say(err, SAY_FILE_FAILED, arg_z(strbuf_text(&wal)), arg_system(errno));
        unlink(strbuf_text(&shm));
        log_put(LOG_WARNING, "event=wal-parted: %s belongs to another store: it is %s now",
                strbuf_text(&wal), strbuf_text(&lost));
    }
    strbuf_free(&wal);
    strbuf_free(&lost);
    strbuf_free(&shm);
    return ok;
}

static bool load_meta(struct store *s, struct error *err)
{
    struct arena a = ARENA_INIT;
    char *salt = NULL, *epoch = NULL, *created = NULL;
    bool ok = store_meta_get(s, &a, "salt", &salt, err) &&
              store_meta_get(s, &a, "epoch", &epoch, err) &&
              store_meta_get(s, &a, "created_on", &created, err);
    if (ok && (!salt || !epoch || !created)) {
        ok = error_say(err, SAY_NO_STORE, arg_z(s->path));
    }
    if (ok) {
        snprintf(s->salt, sizeof s->salt, "%s", salt);
        s->epoch = atoll(epoch);
        s->created_on = (struct date){atoi(created)};
    }
    arena_free(&a);
    return ok;
}

static int wal_grew(void *self, sqlite3 *db, const char *name, int pages);

static bool open_db(struct store *s, struct date today, struct error *err)
{
    bool writing = s->mode == STORE_WRITE;
    if (writing && !(open_file(s, err) && part_wal(s->path, err))) {
        return false;
    }
    int flags = (writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK) {
        return db_fail(s, s->path, err);
    }
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (writing) {
        sqlite3_busy_handler(s->db, wait_busy, s);
    }
    if (!db_exec(s, writing ? write_pragmas : read_pragmas, err)) {
        return false;
    }
    /* After the pragmas: wal_autocheckpoint, even to switch it off, takes the hook's place. */
    sqlite3_wal_hook(s->db, wal_grew, s);
    return (!writing || migrate(s, today, err)) && load_meta(s, err);
}

struct store *store_open(const char *path, enum store_mode mode, struct date today,
                         struct error *err)
{
    /* Nobody asks for SQLite's memory statistics; keeping them takes a lock for each allocation.
     * Refused, and without harm, once SQLite is in use. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct store *s = xcalloc(1, sizeof *s);
    s->mode = mode;
    s->path = xstrdup(path);
    s->file = -1;
    s->digest = digest_new();
    if (!open_db(s, today, err)) {
        store_close(s);
        return NULL;
    }
    return s;
}

void store_close(struct store *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < DB_STATEMENTS; i++) {
        sqlite3_finalize(s->slots[i].stmt);
    }
    sqlite3_close(s->db);
    if (s->file >= 0) {
        close(s->file);
    }
    digest_free(s->digest);
    strbuf_free(&s->scratch);
    free(s->path);
    free(s);
}

/* What is cached of the audit is true of the transaction under way only. */
static void forget(struct store *s)
{
    s->head_known = false;
    s->audit_day_known = false;
}

bool store_begin(struct store *s, struct error *err)
{
    return db_do(s, err, "BEGIN IMMEDIATE", NO_ARGS);
}

bool store_commit(struct store *s, struct error *err)
{
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (in_place(s, err) && db_do(s, err, "COMMIT", NO_ARGS)) {
        clock_gettime(CLOCK_MONOTONIC, &after);
        if (s->sync) {
            histogram_add(s->sync, (after.tv_sec - before.tv_sec) * INT64_C(1000000000) +
                                       after.tv_nsec - before.tv_nsec);
        }
        return true;
    }
    store_rollback(s);
    return false;
}

uint64_t store_failures(const struct store *s)
{
    return s->failures;
}

bool store_passing(const struct store *s)
{
    return s->passing;
}

void store_measure(struct store *s, struct histogram *sync)
{
    s->sync = sync;
}

void store_rollback(struct store *s)
{
    if (store_in_transaction(s)) {
        db_do(s, NULL, "ROLLBACK", NO_ARGS);
    }
    forget(s);
}

bool store_in_transaction(const struct store *s)
{
    return !sqlite3_get_autocommit(s->db);
}

bool store_savepoint(struct store *s, struct error *err)
{
    return db_do(s, err, "SAVEPOINT change", NO_ARGS);
}

bool store_release(struct store *s, struct error *err)
{
    return db_do(s, err, "RELEASE change", NO_ARGS);
}

void store_rollback_to(struct store *s)
{
    db_do(s, NULL, "ROLLBACK TO change", NO_ARGS);
    db_do(s, NULL, "RELEASE change", NO_ARGS);
    forget(s);
}

bool store_read_begin(struct store *s, struct error *err)
{
    forget(s);
    return db_do(s, err, "BEGIN", NO_ARGS);
}

void store_read_end(struct store *s)
{
    if (store_in_transaction(s)) {
        db_do(s, NULL, "ROLLBACK", NO_ARGS);
    }
}

bool store_checkpoint(struct store *s, bool all, struct error *err)
{
    int mode = all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int in_log = 0, copied = 0;
    int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, mode, &in_log, &copied);
    /* A reader in the way is no fault: the rest is copied next time. */
    s->wal_pages = copied >= in_log ? 0 : in_log;
    return rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED ||
           db_fail(s, "checkpoint", err);
}

/* The file keeps its size when the log begins anew: pages in use tell when to copy. */
static int wal_grew(void *self, sqlite3 *db, const char *name, int pages)
{
    struct store *s = self;
    (void)db;
    (void)name;
    s->wal_pages = pages;
    return SQLITE_OK;
}

int64_t store_wal_bytes(const struct store *s)
{
    return (int64_t)s->wal_pages * 4096;
}

void store_rest(struct store *s)
{
    sqlite3_db_release_memory(s->db);
}

const char *store_salt(const struct store *s)
{
    return s->salt;
}

struct date store_created_on(const struct store *s)
{
    return s->created_on;
}

int64_t store_epoch(const struct store *s)
{
    return s->epoch;
}

struct household_counted {
    int64_t n;
    enum status status;
    enum register_state state;
};
static const struct db_field counted_fields[] = {
    FIELD(struct household_counted, n),
    FIELD_NAME(struct household_counted, status, statuses),
    FIELD_NAME(struct household_counted, state, register_states),
};
static const struct db_shape counted =
    SHAPE("household_count", struct household_counted, counted_fields, 0);

static bool count_households(struct store *s, struct store_counts *counts, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT n, status, register FROM household_count", NO_ARGS);
    struct household_counted row;
    for (bool more; db_next(s, q, err, NULL, &counted, &row, &more);) {
        if (!more) {
            return true;
        }
        counts->by_status_register[row.status][row.state] = row.n;
        counts->households += row.n;
        counts->active += row.status == STATUS_ACTIVE ? row.n : 0;
    }
    return false;
}

bool store_counts(struct store *s, struct date today, int64_t now, struct store_counts *counts,
                  struct error *err)
{
    *counts = (struct store_counts){0};
    return count_households(s, counts, err) &&
           db_one(s, err, NULL, &db_number, &counts->open_tasks, "SELECT sum(n) FROM task_count",
                  NO_ARGS) &&
           db_one(s, err, NULL, &db_number, &counts->late,
                  "SELECT sum(n) FROM task_count WHERE due_on < ?", ARG(today)) &&
           db_one(s, err, NULL, &db_number, &counts->unsettled, "SELECT unsettled FROM entry_count",
                  NO_ARGS) &&
           db_one(s, err, NULL, &db_number, &counts->history_unknown,
                  "SELECT history_unknown FROM entry_count", NO_ARGS) &&
           db_one(s, err, NULL, &db_number, &counts->birth_unknown, "SELECT n FROM birth_unknown",
                  NO_ARGS) &&
           db_one(s, err, NULL, &db_number, &counts->messages,
                  "SELECT sum(n) FROM message_count WHERE state IN ('queued', 'staged', 'ready')",
                  NO_ARGS) &&
           db_one(s, err, NULL, &db_number, &counts->leased,
                  "SELECT count(*) FROM message WHERE state = 'ready' AND lease_until > ?",
                  ARG(now));
}
