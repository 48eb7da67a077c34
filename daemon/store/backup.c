#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/db.h"

#define STEP_PAGES 1024               /* 4 MiB */
#define ROOM_LEFT ((int64_t)64 << 20) /* bytes that a copy leaves free: reviews must still fit */
#define CHECK_OPCODES 100000          /* of SQLite's machine, between two questions to go on */

/* One plain file, written once: a journal would only guard against a kill, after which it is made
 * anew; syncs are asked for by store_copy_step(). Nobody else opens it. */
static const char to_pragmas[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
                                 "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -1000; "
                                 "PRAGMA trusted_schema = OFF;";
static const char from_pragmas[] = "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; "
                                   "PRAGMA cache_size = -1000; BEGIN;";

struct store_copy {
    sqlite3 *from, *to; /* from: in a read transaction, which is the moment; NULL after it */
    sqlite3_backup *backup;
    struct store_copy_facts facts;
    int64_t done;
};

/* ---- one row of a connection ---- */

static bool fail(sqlite3 *db, const char *what, struct error *err)
{
    return error_say(err, SAY_BACKUP_FAILED, arg_z(what), arg_z(sqlite3_errmsg(db)));
}

static bool exec(sqlite3 *db, const char *sql, struct error *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK || fail(db, "backup", err);
}

static bool ask(sqlite3 *db, const char *sql, int64_t *number, struct strbuf *text,
                struct error *err)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);
    bool ok = rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW;
    if (ok) {
        *number = sqlite3_column_int64(q, 0);
        if (text) {
            strbuf_addz(text, (const char *)sqlite3_column_text(q, 1));
        }
    } else {
        fail(db, "backup", err);
    }
    sqlite3_finalize(q);
    return ok;
}

static const char last_audit[] =
    "SELECT coalesce(max(seq), 0), coalesce((SELECT lower(hex(hash)) FROM audit "
    "ORDER BY seq DESC LIMIT 1), printf('%064d', 0)) FROM audit";

static bool facts_read(struct store_copy *c, int64_t at, struct error *err)
{
    static const char households[] = "SELECT coalesce(sum(n), 0) FROM household_count";
    struct store_copy_facts *f = &c->facts;
    struct strbuf head = STRBUF_INIT;
    int64_t pages, size;
    bool ok = ask(c->from, last_audit, &f->seq, &head, err) &&
              ask(c->from, households, &f->households, NULL, err) &&
              ask(c->from, "PRAGMA page_count", &pages, NULL, err) &&
              ask(c->from, "PRAGMA page_size", &size, NULL, err);
    if (ok) {
        f->bytes = pages * size;
        snprintf(f->head, sizeof f->head, "%s", strbuf_text(&head));
        clock_format(at, f->at);
    }
    strbuf_free(&head);
    return ok;
}

/* ---- the copy ---- */

static bool has_room(const char *to, int64_t bytes, struct error *err)
{
    const char *slash = strrchr(to, '/');
    char *folder = slash ? xstrndup(to, (size_t)(slash - to) + 1) : xstrdup(".");
    struct statvfs fs;
    bool ok = statvfs(folder, &fs) == 0 ||
              error_say(err, SAY_FILE_FAILED, arg_z(folder), arg_system(errno));
    int64_t room = ok ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize : 0;
    if (ok && room < bytes + ROOM_LEFT) {
        ok = error_say(err, SAY_COPY_NEEDS_ROOM, arg_number(((bytes + ROOM_LEFT) >> 20)),
                       arg_z(folder), arg_number((room >> 20)));
    }
    free(folder);
    return ok;
}

static bool make(const char *to, struct error *err)
{
    int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return errno == EEXIST ? error_say(err, SAY_BACKUP_UNDER_WAY)
                               : error_say(err, SAY_FILE_FAILED, arg_z(to), arg_system(errno));
    }
    close(fd);
    return true;
}

struct store_copy *store_copy_begin(const char *from, const char *to, int64_t at, struct error *err)
{
    const int flags = SQLITE_OPEN_NOMUTEX;
    struct store_copy *c = xcalloc(1, sizeof *c);
    bool ok = sqlite3_open_v2(from, &c->from, flags | SQLITE_OPEN_READONLY, NULL) == SQLITE_OK ||
              fail(c->from, from, err);
    /* BEGIN alone takes no snapshot, the first read does. */
    ok = ok && exec(c->from, from_pragmas, err) && facts_read(c, at, err) &&
         has_room(to, c->facts.bytes, err) && make(to, err);
    if (!ok) {
        store_copy_end(c);
        return NULL;
    }
    ok = sqlite3_open_v2(to, &c->to, flags | SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
             ? exec(c->to, to_pragmas, err)
             : fail(c->to, to, err);
    c->backup = ok ? sqlite3_backup_init(c->to, "main", c->from, "main") : NULL;
    if (ok && !c->backup) {
        ok = fail(c->to, "backup", err);
    }
    if (!ok) {
        store_copy_end(c);
        unlink(to);
        return NULL;
    }
    return c;
}

static bool sync_copy(struct store_copy *c, struct error *err)
{
    sqlite3_file *file = NULL;
    sqlite3_file_control(c->to, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return (file && file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK) ||
           error_say(err, SAY_COPY_UNSYNCED);
}

bool store_copy_step(struct store_copy *c, bool *end, struct error *err)
{
    int rc = sqlite3_backup_step(c->backup, STEP_PAGES);
    int left = sqlite3_backup_remaining(c->backup), all = sqlite3_backup_pagecount(c->backup);
    *end = rc == SQLITE_DONE;
    c->done = all ? c->facts.bytes / all * (all - left) : 0;
    if (rc != SQLITE_OK && rc != SQLITE_DONE) {
        return error_say(err, SAY_COPY_UNWRITTEN, arg_z(sqlite3_errstr(rc)));
    }
    if (*end) {
        c->done = c->facts.bytes;
        rc = sqlite3_backup_finish(c->backup);
        c->backup = NULL;
        sqlite3_close(c->from);
        c->from = NULL;
        if (rc != SQLITE_OK) {
            return fail(c->to, "the copy cannot be written", err);
        }
    }
    return sync_copy(c, err);
}

int64_t store_copy_done(const struct store_copy *c)
{
    return c->done;
}

/* ---- its check ---- */

/* The header comes from a store with a WAL: the copy is to be one file. */
static bool mark(struct store_copy *c, struct error *err)
{
    char *sql = sqlite3_mprintf("INSERT OR REPLACE INTO meta VALUES ('backup', %Q)", c->facts.at);
    bool ok = exec(c->to, "PRAGMA journal_mode = DELETE", err) && exec(c->to, sql, err) &&
              sync_copy(c, err);
    sqlite3_free(sql);
    return ok;
}

struct question {
    bool (*go_on)(void *self);
    void *self;
};

static int stops(void *self)
{
    const struct question *q = self;
    return q->go_on && !q->go_on(q->self);
}

static bool is_whole(struct store_copy *c, struct error *err)
{
    struct strbuf text = STRBUF_INIT;
    int64_t number;
    bool ok =
        ask(c->to, "SELECT 0, integrity_check FROM pragma_integrity_check(1)", &number, &text, err);
    if (ok && strcmp(strbuf_text(&text), "ok") != 0) {
        ok = error_say(err, SAY_STORE_DAMAGED, arg_text(strbuf_str(&text)));
    }
    strbuf_free(&text);
    return ok;
}

static bool is_moment(struct store_copy *c, struct error *err)
{
    const struct store_copy_facts *f = &c->facts;
    struct strbuf head = STRBUF_INIT;
    int64_t seq, entries, households;
    bool ok = ask(c->to, last_audit, &seq, &head, err) &&
              ask(c->to, "SELECT count(*) FROM audit", &entries, NULL, err) &&
              ask(c->to, "SELECT count(*) FROM household", &households, NULL, err);
    if (ok && (seq != f->seq || entries != f->seq || households != f->households ||
               strcmp(strbuf_text(&head), f->head) != 0)) {
        ok = error_say(err, SAY_COPY_DIFFERS, arg_number(households), arg_number(entries),
                       arg_number(f->households), arg_number(f->seq));
    }
    strbuf_free(&head);
    return ok;
}

bool store_copy_check(struct store_copy *c, bool (*go_on)(void *self), void *self,
                      struct error *err)
{
    struct question question = {go_on, self};
    sqlite3_progress_handler(c->to, CHECK_OPCODES, stops, &question);
    bool ok = mark(c, err) && is_whole(c, err) && is_moment(c, err);
    sqlite3_progress_handler(c->to, 0, NULL, NULL);
    if (!ok && stops(&question)) {
        error_clear(err);
        return error_say(err, SAY_SERVICE_STOPPING);
    }
    return ok;
}

const struct store_copy_facts *store_copy_facts(const struct store_copy *c)
{
    return &c->facts;
}

void store_copy_end(struct store_copy *c)
{
    if (!c) {
        return;
    }
    sqlite3_backup_finish(c->backup);
    sqlite3_close(c->from);
    sqlite3_close(c->to);
    free(c);
}

/* ---- a store that came back ---- */

bool store_backup_mark(struct store *s, struct arena *a, char **backed_up, struct error *err)
{
    return store_meta_get(s, a, "backup", backed_up, err);
}

/* The last number that AUTOINCREMENT gave, moved on by `gap`. */
static bool sequence_on(struct store *s, const char *table, int64_t gap, int64_t *last,
                        struct error *err)
{
    return db_one(s, err, NULL, &db_number, last,
                  "SELECT max(seq) FROM sqlite_sequence WHERE name = ?", ARG(table)) &&
           db_do(s, err, "DELETE FROM sqlite_sequence WHERE name = ?", ARG(table)) &&
           db_do(s, err, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", ARG(table),
                 ARG(*last + gap));
}

static const struct db_field restored_fields[] = {
    FIELD(struct restored_row, epoch),      FIELD(struct restored_row, at),
    FIELD(struct restored_row, backed_up),  FIELD(struct restored_row, task_from),
    FIELD(struct restored_row, task_until),
};
static const struct db_shape restores = SHAPE("restored", struct restored_row, restored_fields, 5);

bool store_restore(struct store *s, int64_t at, int64_t gap, struct restored_row *row,
                   struct error *err)
{
    char text[CLOCK_TEXT], epoch[24];
    int64_t task, message;
    clock_format(at, text);
    row->at = text;
    row->epoch = s->epoch + 1;
    snprintf(epoch, sizeof epoch, "%lld", (long long)row->epoch);
    bool ok =
        sequence_on(s, "task", gap, &task, err) && sequence_on(s, "message", gap, &message, err);
    row->task_from = ok ? task + 1 : 0;
    row->task_until = row->task_from + gap;
    ok = ok &&
         db_do(s, err,
               "INSERT INTO restored (epoch, at, backed_up, task_from, task_until) "
               "VALUES (?, ?, ?, ?, ?)",
               ARG_ROW(&restores, row)) &&
         store_meta_set(s, "epoch", epoch, err) &&
         store_meta_set(s, "backup_at", row->backed_up, err) &&
         db_do(s, err,
               "UPDATE message SET lease_until = NULL "
               "WHERE state = 'ready' AND lease_until IS NOT NULL",
               NO_ARGS) &&
         store_meta_clear(s, "backup", err);
    s->epoch = ok ? row->epoch : s->epoch;
    row->at = NULL;
    return ok;
}

bool store_restored_last(struct store *s, struct arena *a, struct restored_row *row,
                         struct error *err)
{
    return db_one(s, err, a, &restores, row,
                  "SELECT epoch, at, backed_up, task_from, task_until FROM restored "
                  "ORDER BY epoch DESC LIMIT 1",
                  NO_ARGS);
}
