#include "store/run.h"

#include <stdio.h>

#include "store/db.h"

static const struct word phase_names[] = {{"open", NULL},    {"effect", NULL}, {"age", NULL},
                                          {"roll", NULL},    {"close", NULL},  {"notice", NULL},
                                          {"pickup", NULL},  {"alert", NULL},  {"list", NULL},
                                          {"deliver", NULL}, {"prune", NULL},  {"done", NULL}};
const struct names run_phases = NAMES_TABLE("phase", phase_names);
static const struct word kind_names[] = {{"divisions", "区划"},
                                         {"households", "户"},
                                         {"members", "成员"},
                                         {"standards", "标准"},
                                         {"calendar", "日历"}};
const struct names import_kinds = NAMES_TABLE("kind", kind_names);

#define COLUMNS                                                                                    \
    "day, phase, cursor, working_day, for_day, opened, alerts, lists, audit_head, started_at, "    \
    "finished_at"

static void copy_text(sqlite3_stmt *q, int at, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(q, at);
    snprintf(out, size, "%s", text ? text : "");
}

static bool run_one(struct store *s, sqlite3_stmt *q, struct run_row *out, struct error *err)
{
    bool row;
    *out = (struct run_row){.day = DATE_NONE};
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    if (!row) {
        return true;
    }
    *out = (struct run_row){
        .day = db_get_date(q, 0),
        .phase = (enum run_phase)db_get_name(q, 1, &run_phases),
        .cursor = db_get_int(q, 2),
        .working_day = db_get_int(q, 3) != 0,
        .for_day = db_get_date(q, 4),
        .opened = db_get_int(q, 5),
        .alerts = db_get_int(q, 6),
        .lists = db_get_int(q, 7),
    };
    copy_text(q, 8, out->audit_head, sizeof out->audit_head);
    copy_text(q, 9, out->started_at, sizeof out->started_at);
    copy_text(q, 10, out->finished_at, sizeof out->finished_at);
    db_end(q);
    return true;
}

static struct str text_or_none(const char *text)
{
    return *text ? str_of(text) : STR_NONE;
}

bool store_run_put(struct store *s, const struct run_row *row, struct error *err)
{
    static const char sql[] =
        "INSERT INTO run (" COLUMNS ", state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (day) DO UPDATE SET phase = excluded.phase, cursor = excluded.cursor, "
        "for_day = excluded.for_day, opened = excluded.opened, alerts = excluded.alerts, "
        "lists = excluded.lists, audit_head = excluded.audit_head, "
        "finished_at = excluded.finished_at, state = excluded.state";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_date(q, 1, row->day);
    db_name(q, 2, &run_phases, (int)row->phase);
    db_int(q, 3, row->cursor);
    db_int(q, 4, row->working_day);
    db_date(q, 5, row->for_day);
    db_int(q, 6, row->opened);
    db_int(q, 7, row->alerts);
    db_int(q, 8, row->lists);
    db_str(q, 9, text_or_none(row->audit_head));
    db_str(q, 10, str_of(row->started_at));
    db_str(q, 11, text_or_none(row->finished_at));
    db_str(q, 12, str_of(row->phase == RUN_DONE ? "done" : "running"));
    return db_run(s, q, err);
}

bool store_run_get(struct store *s, struct date day, struct run_row *row, struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM run WHERE day = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_date(q, 1, day);
    return run_one(s, q, row, err);
}

bool store_run_last(struct store *s, struct run_row *row, struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM run ORDER BY day DESC LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    return q && run_one(s, q, row, err);
}

bool store_run_last_done(struct store *s, struct run_row *row, struct error *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM run WHERE state = 'done' ORDER BY day DESC LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    return q && run_one(s, q, row, err);
}

bool store_run_running(struct store *s, struct run_row *row, struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM run WHERE state = 'running'";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    return q && run_one(s, q, row, err);
}

bool store_run_asked(struct store *s, struct date day, struct actor actor, struct error *err)
{
    static const char sql[] = "UPDATE run SET uid = ?2, who = ?3 WHERE day = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_date(q, 1, day);
    if (actor.uid >= 0) {
        db_int(q, 2, actor.uid);
        db_str(q, 3, str_of(actor.who));
    } else { /* a statement keeps what was bound to it the last time */
        sqlite3_bind_null(q, 2);
        sqlite3_bind_null(q, 3);
    }
    return db_run(s, q, err);
}

bool store_run_who(struct store *s, struct arena *a, struct date day, struct actor *actor,
                   struct error *err)
{
    static const char sql[] = "SELECT uid, who FROM run WHERE day = ? AND who IS NOT NULL";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    *actor = ACTOR_CLOCK;
    if (!q) {
        return false;
    }
    db_date(q, 1, day);
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    if (row) {
        *actor = (struct actor){db_get_int(q, 0), arena_copy(a, db_get_str(q, 1, a))};
        db_end(q);
    }
    return true;
}

#define IMPORT_COLUMNS                                                                             \
    "import, kind, sha256, file, accepted_on, uid, who, offset, line, rows, bad, added, changed, " \
    "unchanged, faults, state"

static void import_bind(sqlite3_stmt *q, const struct import_row *row)
{
    db_key(q, 1, row->import);
    db_name(q, 2, &import_kinds, (int)row->kind);
    db_str(q, 3, str_of(row->sha256));
    db_str(q, 4, row->file);
    db_date(q, 5, row->accepted_on);
    if (row->uid < 0) {
        sqlite3_bind_null(q, 6);
    } else {
        db_int(q, 6, row->uid);
    }
    db_str(q, 7, row->who);
    db_int(q, 8, row->offset);
    db_int(q, 9, row->line);
    db_int(q, 10, row->rows);
    db_int(q, 11, row->bad);
    db_int(q, 12, row->added);
    db_int(q, 13, row->changed);
    db_int(q, 14, row->unchanged);
    db_str(q, 15, row->faults);
    db_str(q, 16, str_of(row->done ? "done" : "applying"));
}

bool store_import_insert(struct store *s, struct import_row *row, struct error *err)
{
    static const char sql[] = "INSERT INTO import (" IMPORT_COLUMNS
                              ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    import_bind(q, row);
    if (!db_run(s, q, err)) {
        return false;
    }
    row->import = sqlite3_last_insert_rowid(s->db);
    return true;
}

bool store_import_update(struct store *s, const struct import_row *row, struct error *err)
{
    static const char sql[] =
        "UPDATE import SET kind = ?2, sha256 = ?3, file = ?4, accepted_on = ?5, uid = ?6, who = "
        "?7, "
        "offset = ?8, line = ?9, rows = ?10, bad = ?11, added = ?12, changed = ?13, "
        "unchanged = ?14, faults = ?15, state = ?16 WHERE import = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    import_bind(q, row);
    return db_run(s, q, err);
}

bool store_import_applying(struct store *s, struct arena *a, struct import_row *row,
                           struct error *err)
{
    static const char sql[] = "SELECT " IMPORT_COLUMNS " FROM import WHERE state = 'applying'";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool found;
    *row = (struct import_row){0};
    if (!q || !db_row(s, q, &found, err)) {
        return false;
    }
    if (!found) {
        return true;
    }
    row->import = db_get_int(q, 0);
    row->kind = (enum import_kind)db_get_name(q, 1, &import_kinds);
    copy_text(q, 2, row->sha256, sizeof row->sha256);
    row->file = db_get_str(q, 3, a);
    row->accepted_on = db_get_date(q, 4);
    row->uid = sqlite3_column_type(q, 5) == SQLITE_NULL ? -1 : db_get_int(q, 5);
    row->who = db_get_str(q, 6, a);
    row->offset = db_get_int(q, 7);
    row->line = db_get_int(q, 8);
    row->rows = db_get_int(q, 9);
    row->bad = db_get_int(q, 10);
    row->added = db_get_int(q, 11);
    row->changed = db_get_int(q, 12);
    row->unchanged = db_get_int(q, 13);
    row->faults = db_get_str(q, 14, a);
    db_end(q);
    return true;
}
