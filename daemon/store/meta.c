#include "store/db.h"

bool store_meta_get(struct store *s, struct arena *a, const char *name, char **value,
                    struct error *err)
{
    static const char sql[] = "SELECT value FROM meta WHERE name = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    *value = NULL;
    if (!q) {
        return false;
    }
    db_str(q, 1, str_of(name));
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    if (row) {
        *value = arena_copy(a, (struct str){(const char *)sqlite3_column_text(q, 0),
                                            (size_t)sqlite3_column_bytes(q, 0)});
        db_end(q);
    }
    return true;
}

bool store_meta_set(struct store *s, const char *name, const char *value, struct error *err)
{
    static const char sql[] = "INSERT INTO meta VALUES (?, ?) "
                              "ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_str(q, 1, str_of(name));
    db_str(q, 2, str_of(value));
    return db_run(s, q, err);
}

bool store_meta_clear(struct store *s, const char *name, struct error *err)
{
    static const char sql[] = "DELETE FROM meta WHERE name = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_str(q, 1, str_of(name));
    return db_run(s, q, err);
}
