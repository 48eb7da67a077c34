#include "store/calendar.h"

#include "store/db.h"

static const struct db_field day_fields[] = {
    FIELD(struct workday_row, day),
    FIELD_NAME(struct workday_row, kind, day_kinds),
    FIELD(struct workday_row, name),
    FIELD_RANGE(struct workday_row, of_year, 1900, 2199),
};
static const struct db_shape workdays = SHAPE("workday", struct workday_row, day_fields, 4);

static const struct db_field standard_fields[] = {
    FIELD(struct standard_row, district),
    FIELD(struct standard_row, year),
    FIELD(struct standard_row, dibao),
    FIELD(struct standard_row, poverty_line),
};
static const struct db_shape standards = SHAPE("standard", struct standard_row, standard_fields, 4);

static bool load(struct store *s, struct calendar *c, struct arena *a, struct error *err)
{
    struct workday_row day;
    int64_t year;
    bool more = true;
    sqlite3_stmt *q = db_query(s, err, "SELECT year FROM calendar_year ORDER BY year", NO_ARGS);
    while (more) {
        if (!db_next(s, q, err, NULL, &db_number, &year, &more)) {
            return false;
        }
        if (more) {
            calendar_publish(c, (int)year);
        }
    }
    q = db_query(s, err, "SELECT day, kind, name FROM workday ORDER BY day", NO_ARGS);
    while (db_next(s, q, err, a, &workdays, &day, &more)) {
        if (!more) {
            return true;
        }
        if (!calendar_add(c, day.day, day.kind, day.name, err)) {
            db_end(q);
            return false;
        }
    }
    return false;
}

struct calendar *store_calendar_load(struct store *s, struct error *err)
{
    struct calendar *c = calendar_new();
    struct arena a = ARENA_INIT;
    bool ok = load(s, c, &a, err);
    arena_free(&a);
    if (ok) {
        return c;
    }
    calendar_free(c);
    return NULL;
}

bool store_workdays(struct store *s, struct arena *a, struct date from, struct date to,
                    struct workday_row **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &workdays, rows, count,
                  "SELECT day, kind, name, of_year FROM workday WHERE day BETWEEN ? AND ? "
                  "ORDER BY day",
                  ARG(from), ARG(to));
}

bool store_workday_put(struct store *s, const struct workday_row *row, struct error *err)
{
    struct workday_row day = *row;
    day.name = day.name.data ? day.name : STR("");
    return db_do(s, err,
                 "INSERT INTO workday (day, kind, name, of_year) VALUES (?, ?, ?, ?) "
                 "ON CONFLICT (day) DO UPDATE SET kind = excluded.kind, name = excluded.name, "
                 "of_year = excluded.of_year",
                 ARG_ROW(&workdays, &day));
}

bool store_workday_drop(struct store *s, struct date day, struct error *err)
{
    return db_do(s, err, "DELETE FROM workday WHERE day = ?", ARG(day));
}

bool store_calendar_year(struct store *s, int year, const char *file_sha256, struct error *err)
{
    return file_sha256 ? db_do(s, err,
                               "INSERT INTO calendar_year (year, file_sha256, source) "
                               "VALUES (?1, ?2, 'file') ON CONFLICT (year) "
                               "DO UPDATE SET file_sha256 = excluded.file_sha256, source = 'file'",
                               ARG(year), ARG(file_sha256))
                       : db_do(s, err,
                               "INSERT INTO calendar_year (year, source) VALUES (?1, 'import') "
                               "ON CONFLICT (year) DO UPDATE SET source = 'import'",
                               ARG(year));
}

bool store_calendar_file(struct store *s, struct arena *a, int year, char **hash, struct error *err)
{
    struct str text;
    bool ok = db_one(s, err, a, &db_text, &text,
                     "SELECT file_sha256 FROM calendar_year WHERE year = ?", ARG(year));
    *hash = text.data ? arena_copy(a, text) : NULL;
    return ok;
}

bool store_standard_get(struct store *s, int64_t district, int year, struct standard_row *row,
                        struct error *err)
{
    return db_one(s, err, NULL, &standards, row,
                  "SELECT district, year, dibao, poverty_line FROM standard "
                  "WHERE district = ? AND year = ?",
                  ARG(district), ARG(year));
}

bool store_standard_latest(struct store *s, int64_t district, int year, struct standard_row *row,
                           struct error *err)
{
    return db_one(s, err, NULL, &standards, row,
                  "SELECT district, year, dibao, poverty_line FROM standard "
                  "WHERE district = ? AND year <= ? ORDER BY year DESC LIMIT 1",
                  ARG(district), ARG(year));
}

bool store_standard_put(struct store *s, const struct standard_row *row, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO standard (district, year, dibao, poverty_line) VALUES (?, ?, ?, ?) "
                 "ON CONFLICT (district, year) DO UPDATE SET dibao = excluded.dibao, "
                 "poverty_line = excluded.poverty_line",
                 ARG_ROW(&standards, row));
}

bool store_standards(struct store *s, struct arena *a, int year, int64_t after_district,
                     int after_year, int limit, struct standard_row **rows, int *count,
                     struct error *err)
{
    return db_all(s, err, a, &standards, rows, count,
                  "SELECT district, year, dibao, poverty_line FROM standard "
                  "WHERE (district, year) > (?1, ?2) AND (?3 = 0 OR year = ?3) "
                  "ORDER BY district, year LIMIT ?4",
                  ARG(after_district), ARG(after_year), ARG(year), ARG(limit));
}
