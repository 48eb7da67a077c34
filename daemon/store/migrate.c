/* Versions of the schema. Version n+1 is reached by schema-(n+1).sql, in one transaction. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/log.h"
#include "store/db.h"
#include "store_sql.h"

/* One entry a version, in order; the first makes an empty store. */
static const char *const steps[] = {sql_schema_1, sql_schema_2, sql_schema_3};
#define VERSION (int)(sizeof(steps) / sizeof(steps[0]))

/* Some milliseconds of SQLite's work. */
#define STEPS_BETWEEN 100000

void (*store_migrating)(const char *what);

static int tell(void *what)
{
    store_migrating(what);
    return 0;
}

/* From here on whoever waits is told that `what` goes on; NULL: no more. */
static void telling(struct store *s, char *what)
{
    if (store_migrating) {
        sqlite3_progress_handler(s->db, what ? STEPS_BETWEEN : 0, what ? tell : NULL, what);
        if (what) {
            tell(what);
        }
    }
}

static bool version_get(struct store *s, int *version, struct error *err)
{
    static const char sql[] = "PRAGMA user_version";
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_ROW) {
        db_fail(s, sql, err);
        sqlite3_finalize(q);
        return false;
    }
    *version = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return true;
}

static bool synced(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* On disk under its own name: the file, then the folder that names it. */
static bool copied(const char *from, const char *to)
{
    const char *slash = strrchr(to, '/');
    char *folder = slash ? xstrndup(to, (size_t)(slash - to) + 1) : xstrdup(".");
    bool ok = chmod(from, 0600) == 0 && synced(from) && rename(from, to) == 0 && synced(folder);
    free(folder);
    return ok;
}

/* A copy of the old store stands beside the new one until somebody removes it. It gets its name
 * when it is whole: what a kill left is made anew. */
static bool copy_first(struct store *s, int version, struct error *err)
{
    static char copying[] = "copying the store before it is migrated";
    struct strbuf copy = STRBUF_INIT, part = STRBUF_INIT;
    strbuf_addf(&copy, "%s.before-v%d", s->path, version + 1);
    strbuf_addf(&part, "%s.part", strbuf_text(&copy));
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", strbuf_text(&part));
    telling(s, copying);
    unlink(strbuf_text(&part));
    bool ok = db_exec(s, sql, err);
    if (ok && !copied(strbuf_text(&part), strbuf_text(&copy))) {
        ok = error_say(err, SAY_FILE_FAILED, arg_z(strbuf_text(&copy)), arg_system(errno));
    }
    if (!ok) {
        unlink(strbuf_text(&part));
        error_within(err, SAY_COPY_BEFORE_MIGRATION);
    }
    sqlite3_free(sql);
    strbuf_free(&copy);
    strbuf_free(&part);
    return ok;
}

static bool new_store(struct store *s, struct date today, struct error *err)
{
    char salt[33], day[16];
    random_hex(16, salt);
    snprintf(day, sizeof day, "%d", today.day);
    return store_meta_set(s, "salt", salt, err) && store_meta_set(s, "epoch", "1", err) &&
           store_meta_set(s, "created_on", day, err);
}

static bool step_to(struct store *s, int version, struct date today, struct error *err)
{
    char pragma[48];
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", version + 1);
    if (!db_exec(s, "BEGIN IMMEDIATE", err)) {
        return false;
    }
    if (db_exec(s, steps[version], err) && (version > 0 || new_store(s, today, err)) &&
        db_exec(s, pragma, err) && db_exec(s, "COMMIT", err)) {
        return true;
    }
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return error_within(err, SAY_SCHEMA_VERSION, arg_number(version + 1));
}

static bool steps_from(struct store *s, int version, struct date today, struct error *err)
{
    static char migrating[] = "migrating the store";
    if (version > 0 && version < VERSION) {
        if (!copy_first(s, version, err)) {
            return false;
        }
        crash_point("migrate-copied");
        log_put(LOG_NOTICE, "event=migrate store=%s from=%d to=%d", s->path, version, VERSION);
        telling(s, migrating);
    }
    for (; version < VERSION; version++) {
        if (!step_to(s, version, today, err)) {
            return false;
        }
    }
    return true;
}

bool migrate(struct store *s, struct date today, struct error *err)
{
    int version;
    if (!version_get(s, &version, err)) {
        return false;
    }
    if (version > VERSION) {
        return error_say(err, SAY_SCHEMA_TOO_NEW, arg_z(s->path), arg_number(version),
                         arg_number(VERSION));
    }
    bool ok = steps_from(s, version, today, err);
    telling(s, NULL);
    return ok;
}
