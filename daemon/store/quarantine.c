#include "store/quarantine.h"

#include "store/db.h"

#define SELECT                                                                                     \
    "SELECT a.household_id, h.household, a.reason, a.phase, a.since, a.on_day FROM set_aside a "   \
    "CROSS JOIN household h ON h.id = a.household_id "

bool store_quarantine_put(struct store *s, int64_t household_id, enum run_phase phase,
                          struct str reason, struct date on, struct error *err)
{
    static const char sql[] =
        "INSERT INTO set_aside (phase, household_id, since, on_day, reason) "
        "VALUES (?1, ?2, ?3, ?3, ?4) ON CONFLICT (phase, household_id) DO UPDATE SET "
        "reason = excluded.reason, on_day = excluded.on_day";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_name(q, 1, &run_phases, (int)phase);
    db_int(q, 2, household_id);
    db_date(q, 3, on);
    db_str(q, 4, reason);
    return db_run(s, q, err);
}

bool store_quarantine_clear(struct store *s, int64_t household_id, enum run_phase phase,
                            struct error *err)
{
    static const char sql[] = "DELETE FROM set_aside WHERE phase = ? AND household_id = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_name(q, 1, &run_phases, (int)phase);
    db_int(q, 2, household_id);
    return db_run(s, q, err);
}

bool store_quarantine_expire(struct store *s, enum run_phase phase, struct date day,
                             struct error *err)
{
    static const char sql[] = "DELETE FROM set_aside WHERE phase = ? AND on_day < ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_name(q, 1, &run_phases, (int)phase);
    db_date(q, 2, day);
    return db_run(s, q, err);
}

static struct quarantine_row quarantine_read(sqlite3_stmt *q, struct arena *a)
{
    return (struct quarantine_row){
        .household_id = db_get_int(q, 0),
        .household = db_get_str(q, 1, a),
        .reason = db_get_str(q, 2, a),
        .phase = (enum run_phase)db_get_name(q, 3, &run_phases),
        .since = db_get_date(q, 4),
        .on = db_get_date(q, 5),
    };
}

bool store_quarantine_next(struct store *s, struct arena *a, enum run_phase phase, int64_t after,
                           struct date day, struct quarantine_row *row, struct error *err)
{
    static const char sql[] = SELECT "WHERE a.phase = ? AND a.household_id > ? AND a.on_day < ? "
                                     "ORDER BY a.household_id LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool found;
    *row = (struct quarantine_row){0};
    if (!q) {
        return false;
    }
    db_name(q, 1, &run_phases, (int)phase);
    db_int(q, 2, after);
    db_date(q, 3, day);
    if (!db_row(s, q, &found, err)) {
        return false;
    }
    if (found) {
        *row = quarantine_read(q, a);
        db_end(q);
    }
    return true;
}

bool store_quarantine_each(struct store *s, struct arena *a,
                           bool (*take)(void *self, const struct quarantine_row *row), void *self,
                           struct error *err)
{
    static const char sql[] = SELECT "ORDER BY a.phase, a.household_id";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    for (bool row = q != NULL; row;) {
        if (!db_row(s, q, &row, err)) {
            return false;
        }
        if (!row) {
            return true;
        }
        struct quarantine_row found = quarantine_read(q, a);
        if (!take(self, &found)) {
            db_end(q);
            return true;
        }
    }
    return false;
}
