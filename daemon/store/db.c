#include "store/db.h"

#include "rules/household.h"

static size_t slot_of(const char *sql)
{
    return ((uintptr_t)sql >> 4) * 0x9E3779B97F4A7C15u >> 56;
}

sqlite3_stmt *db_stmt(struct store *s, const char *sql, struct error *err)
{
    size_t i = slot_of(sql);
    while (s->slots[i].sql && s->slots[i].sql != sql) {
        i = (i + 1) % DB_STATEMENTS;
    }
    if (!s->slots[i].sql) {
        if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->slots[i].stmt,
                               NULL) != SQLITE_OK) {
            db_fail(s, sql, err);
            return NULL;
        }
        s->slots[i].sql = sql;
    }
    /* What was bound the last time may be gone by now: what is not bound anew is NULL. */
    sqlite3_clear_bindings(s->slots[i].stmt);
    return s->slots[i].stmt;
}

void db_int(sqlite3_stmt *q, int at, int64_t value)
{
    sqlite3_bind_int64(q, at, value);
}

void db_key(sqlite3_stmt *q, int at, int64_t value)
{
    if (value == 0) {
        sqlite3_bind_null(q, at);
    } else {
        sqlite3_bind_int64(q, at, value);
    }
}

void db_str(sqlite3_stmt *q, int at, struct str value)
{
    if (value.data) {
        sqlite3_bind_text64(q, at, value.data, value.len, SQLITE_STATIC, SQLITE_UTF8);
    } else {
        sqlite3_bind_null(q, at);
    }
}

void db_date(sqlite3_stmt *q, int at, struct date value)
{
    if (date_is(value)) {
        sqlite3_bind_int64(q, at, value.day);
    } else {
        sqlite3_bind_null(q, at);
    }
}

void db_name(sqlite3_stmt *q, int at, const struct names *names, int value)
{
    const char *text = names_text(names, value);
    if (*text) {
        sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
    } else {
        sqlite3_bind_null(q, at);
    }
}

void db_fen(sqlite3_stmt *q, int at, int64_t value)
{
    if (value == FEN_UNKNOWN) {
        sqlite3_bind_null(q, at);
    } else {
        sqlite3_bind_int64(q, at, value);
    }
}

bool db_fail(struct store *s, const char *what, struct error *err)
{
    int code = sqlite3_extended_errcode(s->db);
    /* A forbidden row is the caller's affair, everything else the disk's or ours. */
    enum reason reason = (code & 0xff) == SQLITE_CONSTRAINT ? REASON_CONFLICT : REASON_STORAGE;
    return error_set(err, reason, "store: %s (%.60s)", sqlite3_errmsg(s->db), what);
}

bool db_exec(struct store *s, const char *sql, struct error *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || db_fail(s, sql, err);
}

bool db_run(struct store *s, sqlite3_stmt *q, struct error *err)
{
    int rc = sqlite3_step(q);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
        db_fail(s, sqlite3_sql(q), err);
        sqlite3_reset(q);
        return false;
    }
    sqlite3_reset(q);
    return true;
}

bool db_row(struct store *s, sqlite3_stmt *q, bool *row, struct error *err)
{
    int rc = sqlite3_step(q);
    *row = rc == SQLITE_ROW;
    if (*row) {
        return true;
    }
    bool ok = rc == SQLITE_DONE || db_fail(s, sqlite3_sql(q), err);
    sqlite3_reset(q);
    return ok;
}

void db_end(sqlite3_stmt *q)
{
    sqlite3_reset(q);
}

int64_t db_get_int(sqlite3_stmt *q, int at)
{
    return sqlite3_column_int64(q, at);
}

struct str db_get_str(sqlite3_stmt *q, int at, struct arena *a)
{
    const char *text = (const char *)sqlite3_column_text(q, at);
    if (!text) {
        return STR_NONE;
    }
    return arena_str(a, (struct str){text, (size_t)sqlite3_column_bytes(q, at)});
}

struct date db_get_date(sqlite3_stmt *q, int at)
{
    if (sqlite3_column_type(q, at) == SQLITE_NULL) {
        return DATE_NONE;
    }
    return (struct date){sqlite3_column_int(q, at)};
}

int db_get_name(sqlite3_stmt *q, int at, const struct names *names)
{
    const char *text = (const char *)sqlite3_column_text(q, at);
    if (!text) {
        text = "";
    }
    int value = names_find(names, str_of(text));
    return value < 0 ? 0 : value;
}

int64_t db_get_fen(sqlite3_stmt *q, int at)
{
    return sqlite3_column_type(q, at) == SQLITE_NULL ? FEN_UNKNOWN : sqlite3_column_int64(q, at);
}

void *db_room(struct arena *a, void *array, size_t size, int count, int *cap)
{
    if (count < *cap) {
        return array;
    }
    *cap = *cap ? 2 * *cap : 8;
    void *larger = arena_alloc(a, (size_t)*cap * size);
    if (count) {
        memcpy(larger, array, (size_t)count * size);
    }
    return larger;
}

bool db_rows(struct store *s, sqlite3_stmt *q, struct arena *a, size_t size, db_read *read,
             void *rows, int *count, struct error *err)
{
    char *array = NULL;
    int cap = 0;
    bool row, ok;
    for (*count = 0; (ok = db_row(s, q, &row, err)) && row; ++*count) {
        array = db_room(a, array, size, *count, &cap);
        read(q, a, array + (size_t)*count * size);
    }
    memcpy(rows, &array, sizeof array);
    return ok;
}

static bool scans_of(struct store *s, const char *sql, struct strbuf *out, struct error *err)
{
    char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    sqlite3_stmt *q = NULL;
    bool ok = sqlite3_prepare_v2(s->db, explain, -1, &q, NULL) == SQLITE_OK || db_fail(s, sql, err);
    while (ok && sqlite3_step(q) == SQLITE_ROW) {
        const char *plan = (const char *)sqlite3_column_text(q, 3);
        bool scan = strncmp(plan, "SCAN", 4) == 0 && !strstr(plan, "CONSTANT ROW");
        if (scan || strstr(plan, "TEMP B-TREE")) {
            strbuf_addf(out, "%s\n    in: %s\n", plan, sql);
        }
    }
    sqlite3_finalize(q);
    sqlite3_free(explain);
    return ok;
}

bool db_scans(struct store *s, struct strbuf *out, struct error *err)
{
    for (size_t i = 0; i < DB_STATEMENTS; i++) {
        if (s->slots[i].sql && !scans_of(s, s->slots[i].sql, out, err)) {
            return false;
        }
    }
    return true;
}
