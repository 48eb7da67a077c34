#include "store/calendar.h"

#include "store/db.h"

static bool years_load(struct store *s, struct calendar *c, struct error *err)
{
    static const char sql[] = "SELECT year FROM calendar_year ORDER BY year";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    for (bool row = q != NULL; row;) {
        if (!db_row(s, q, &row, err)) {
            return false;
        }
        if (!row) {
            return true;
        }
        calendar_publish(c, (int)db_get_int(q, 0));
    }
    return false;
}

static bool days_load(struct store *s, struct calendar *c, struct error *err)
{
    static const char sql[] = "SELECT day, kind, name FROM workday ORDER BY day";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    struct arena a = ARENA_INIT;
    bool ok = q != NULL;
    for (bool row = ok; row;) {
        ok = db_row(s, q, &row, err);
        if (!ok || !row) {
            break;
        }
        ok = calendar_add(c, db_get_date(q, 0), (enum day_kind)db_get_name(q, 1, &day_kinds),
                          db_get_str(q, 2, &a), err);
        if (!ok) {
            db_end(q);
            break;
        }
    }
    arena_free(&a);
    return ok;
}

struct calendar *store_calendar_load(struct store *s, struct error *err)
{
    struct calendar *c = calendar_new();
    if (years_load(s, c, err) && days_load(s, c, err)) {
        return c;
    }
    calendar_free(c);
    return NULL;
}

static bool year_put(struct store *s, int year, const char *file_sha256, struct error *err)
{
    static const char file[] =
        "INSERT INTO calendar_year (year, file_sha256, source) VALUES (?1, ?2, 'file') "
        "ON CONFLICT (year) DO UPDATE SET file_sha256 = excluded.file_sha256, source = 'file'";
    static const char import[] = "INSERT INTO calendar_year (year, source) VALUES (?1, 'import') "
                                 "ON CONFLICT (year) DO UPDATE SET source = 'import'";
    sqlite3_stmt *q = db_stmt(s, file_sha256 ? file : import, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, year);
    if (file_sha256) {
        db_str(q, 2, str_of(file_sha256));
    }
    return db_run(s, q, err);
}

static bool days_clear(struct store *s, int year, struct error *err)
{
    static const char sql[] = "DELETE FROM workday WHERE day BETWEEN ? AND ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_date(q, 1, date_of(year, 1, 1));
    db_date(q, 2, date_of(year, 12, 31));
    return db_run(s, q, err);
}

bool store_calendar_put(struct store *s, int year, const char *file_sha256,
                        const struct workday_row *days, int count, struct error *err)
{
    static const char sql[] = "INSERT INTO workday (day, kind, name) VALUES (?, ?, ?)";
    if (!year_put(s, year, file_sha256, err) || !days_clear(s, year, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        sqlite3_stmt *q = db_stmt(s, sql, err);
        if (!q) {
            return false;
        }
        db_date(q, 1, days[i].day);
        db_name(q, 2, &day_kinds, (int)days[i].kind);
        db_str(q, 3, days[i].name.data ? days[i].name : STR(""));
        if (!db_run(s, q, err)) {
            return false;
        }
    }
    return true;
}

bool store_calendar_file(struct store *s, struct arena *a, int year, char **hash, struct error *err)
{
    static const char sql[] = "SELECT file_sha256 FROM calendar_year WHERE year = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    *hash = NULL;
    if (!q) {
        return false;
    }
    db_int(q, 1, year);
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    if (row) {
        struct str text = db_get_str(q, 0, a);
        *hash = text.data ? arena_copy(a, text) : NULL;
        db_end(q);
    }
    return true;
}

static struct standard_row standard_read(sqlite3_stmt *q)
{
    return (struct standard_row){db_get_int(q, 0), (int)db_get_int(q, 1), db_get_int(q, 2),
                                 db_get_int(q, 3)};
}

static bool standard_one(struct store *s, const char *sql, int64_t district, int year,
                         struct standard_row *row, struct error *err)
{
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool found;
    *row = (struct standard_row){0};
    if (!q) {
        return false;
    }
    db_int(q, 1, district);
    db_int(q, 2, year);
    if (!db_row(s, q, &found, err)) {
        return false;
    }
    if (found) {
        *row = standard_read(q);
        db_end(q);
    }
    return true;
}

bool store_standard_get(struct store *s, int64_t district, int year, struct standard_row *row,
                        struct error *err)
{
    static const char sql[] = "SELECT district, year, dibao, poverty_line FROM standard "
                              "WHERE district = ? AND year = ?";
    return standard_one(s, sql, district, year, row, err);
}

bool store_standard_latest(struct store *s, int64_t district, int year, struct standard_row *row,
                           struct error *err)
{
    static const char sql[] = "SELECT district, year, dibao, poverty_line FROM standard "
                              "WHERE district = ? AND year <= ? ORDER BY year DESC LIMIT 1";
    return standard_one(s, sql, district, year, row, err);
}

bool store_standard_put(struct store *s, const struct standard_row *row, struct error *err)
{
    static const char sql[] =
        "INSERT INTO standard (district, year, dibao, poverty_line) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (district, year) DO UPDATE SET dibao = excluded.dibao, "
        "poverty_line = excluded.poverty_line";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, row->district);
    db_int(q, 2, row->year);
    db_int(q, 3, row->dibao);
    db_int(q, 4, row->poverty_line);
    return db_run(s, q, err);
}

static void standard_read_row(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct standard_row *row = out;
    (void)a;
    *row = standard_read(q);
}

bool store_standards(struct store *s, struct arena *a, int year, int64_t after_district,
                     int after_year, int limit, struct standard_row **rows, int *count,
                     struct error *err)
{
    static const char sql[] = "SELECT district, year, dibao, poverty_line FROM standard "
                              "WHERE (district, year) > (?1, ?2) AND (?3 = 0 OR year = ?3) "
                              "ORDER BY district, year LIMIT ?4";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, after_district);
    db_int(q, 2, after_year);
    db_int(q, 3, year);
    db_int(q, 4, limit);
    return db_rows(s, q, a, sizeof **rows, standard_read_row, rows, count, err);
}
