#include "store/division.h"

#include "store/db.h"

static const struct word level_names[] = {
    {"city", "市"}, {"district", "区县"}, {"township", "乡镇"}, {"village", "村"}};
const struct names levels = NAMES_TABLE("level", level_names);

int64_t division_code(struct str text)
{
    int64_t code;
    if (text.len < 2 || text.len > 12 || !str_to_int(text, 10, 999999999999, &code)) {
        return 0;
    }
    for (size_t i = text.len; i < 12; i++) {
        code *= 10;
    }
    return code >= 100000000000 ? code : 0;
}

const char *division_text(int64_t code, char out[DIVISION_TEXT])
{
    for (int i = 11; i >= 0; i--) {
        out[i] = (char)('0' + code % 10);
        code /= 10;
    }
    out[12] = '\0';
    return out;
}

bool division_within(int64_t outer, int64_t inner)
{
    static const int64_t spans[] = {10000000000, 100000000, 1000000, 1000, 1};
    size_t i = 0;
    while (outer % spans[i] != 0) {
        i++;
    }
    return outer / spans[i] == inner / spans[i];
}

static void division_read(sqlite3_stmt *q, struct arena *a, struct division_row *row)
{
    row->code = db_get_int(q, 0);
    row->parent = db_get_int(q, 1);
    row->level = (enum level)db_get_name(q, 2, &levels);
    row->name = db_get_str(q, 3, a);
}

static bool division_one(struct store *s, struct arena *a, sqlite3_stmt *q,
                         struct division_row *out, struct error *err)
{
    bool row;
    *out = (struct division_row){0};
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    if (row) {
        division_read(q, a, out);
        db_end(q);
    }
    return true;
}

bool store_division_get(struct store *s, struct arena *a, int64_t code, struct division_row *row,
                        struct error *err)
{
    static const char sql[] = "SELECT code, parent, level, name FROM division WHERE code = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, code);
    return division_one(s, a, q, row, err);
}

bool store_division_put(struct store *s, const struct division_row *row, struct error *err)
{
    static const char sql[] =
        "INSERT INTO division (code, parent, level, name) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (code) DO UPDATE SET parent = excluded.parent, level = excluded.level, "
        "name = excluded.name";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, row->code);
    db_key(q, 2, row->parent);
    db_name(q, 3, &levels, (int)row->level);
    db_str(q, 4, row->name);
    return db_run(s, q, err);
}

bool store_division_up(struct store *s, int64_t code, enum level level, int64_t *ancestor,
                       struct error *err)
{
    static const char sql[] = "SELECT parent, level FROM division WHERE code = ?";
    *ancestor = 0;
    while (code != 0) {
        sqlite3_stmt *q = db_stmt(s, sql, err);
        bool row;
        if (!q) {
            return false;
        }
        db_int(q, 1, code);
        if (!db_row(s, q, &row, err)) {
            return false;
        }
        if (!row) {
            return true;
        }
        enum level at = (enum level)db_get_name(q, 1, &levels);
        int64_t parent = db_get_int(q, 0);
        db_end(q);
        if (at == level) {
            *ancestor = code;
            return true;
        }
        code = at < level ? 0 : parent;
    }
    return true;
}

bool store_division_next(struct store *s, struct arena *a, enum level level, int64_t after,
                         struct division_row *row, struct error *err)
{
    static const char sql[] = "SELECT code, parent, level, name FROM division "
                              "WHERE code > ? AND level = ? ORDER BY code LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, after);
    db_name(q, 2, &levels, (int)level);
    return division_one(s, a, q, row, err);
}

bool store_division_now(struct store *s, int64_t code, int64_t *now, struct error *err)
{
    static const char sql[] = "SELECT coalesce(merged_into, code) FROM division WHERE code = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    *now = code;
    if (!q) {
        return false;
    }
    db_int(q, 1, code);
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    if (row) {
        *now = db_get_int(q, 0);
        db_end(q);
    }
    return true;
}
