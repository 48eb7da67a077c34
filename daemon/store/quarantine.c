#include "store/quarantine.h"

#include "store/db.h"

#define SELECT                                                                                     \
    "SELECT a.household_id, h.household, a.reason, a.phase, a.since, a.on_day FROM set_aside a "   \
    "CROSS JOIN household h ON h.id = a.household_id "

static const struct db_field fields[] = {
    FIELD(struct quarantine_row, household_id),
    FIELD(struct quarantine_row, household),
    FIELD(struct quarantine_row, reason),
    FIELD_NAME(struct quarantine_row, phase, run_phases),
    FIELD(struct quarantine_row, since),
    FIELD(struct quarantine_row, on),
};
static const struct db_shape quarantines = SHAPE("set_aside", struct quarantine_row, fields, 0);

bool store_quarantine_put(struct store *s, int64_t household_id, enum run_phase phase,
                          struct str reason, struct date on, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO set_aside (phase, household_id, since, on_day, reason) "
                 "VALUES (?1, ?2, ?3, ?3, ?4) ON CONFLICT (phase, household_id) DO UPDATE SET "
                 "reason = excluded.reason, on_day = excluded.on_day",
                 ARG_NAME(&run_phases, phase), ARG(household_id), ARG(on), ARG(reason));
}

bool store_quarantine_clear(struct store *s, int64_t household_id, enum run_phase phase,
                            struct error *err)
{
    return db_do(s, err, "DELETE FROM set_aside WHERE phase = ? AND household_id = ?",
                 ARG_NAME(&run_phases, phase), ARG(household_id));
}

bool store_quarantine_expire(struct store *s, enum run_phase phase, struct date day,
                             struct error *err)
{
    return db_do(s, err, "DELETE FROM set_aside WHERE phase = ? AND on_day < ?",
                 ARG_NAME(&run_phases, phase), ARG(day));
}

bool store_quarantine_next(struct store *s, struct arena *a, enum run_phase phase, int64_t after,
                           struct date day, struct quarantine_row *row, struct error *err)
{
    return db_one(s, err, a, &quarantines, row,
                  SELECT "WHERE a.phase = ? AND a.household_id > ? AND a.on_day < ? "
                         "ORDER BY a.household_id LIMIT 1",
                  ARG_NAME(&run_phases, phase), ARG(after), ARG(day));
}

bool store_quarantine_each(struct store *s, struct arena *a,
                           bool (*take)(void *self, const struct quarantine_row *row), void *self,
                           struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, SELECT "ORDER BY a.phase, a.household_id", NO_ARGS);
    struct quarantine_row row;
    for (bool more; db_next(s, q, err, a, &quarantines, &row, &more);) {
        if (!more) {
            return true;
        }
        if (!take(self, &row)) {
            db_end(q);
            return true;
        }
    }
    return false;
}
