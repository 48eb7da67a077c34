#include "store/cycle.h"

#include "store/db.h"

static const struct word state_names[] = {{"open", NULL},       {"satisfied", NULL},
                                          {"answered", NULL},   {"missed", NULL},
                                          {"superseded", NULL}, {"ended", NULL}};
const struct names cycle_states = NAMES_TABLE("cycle state", state_names);

#define COLUMNS                                                                                    \
    "cycle, household_id, anchor_on, step, tier, nominal_due_on, due_on, opens_on, provisional, "  \
    "decided_on, state, closed_on, task, rolled_on"

#define QUALIFIED                                                                                  \
    "c.cycle, c.household_id, c.anchor_on, c.step, c.tier, c.nominal_due_on, c.due_on, "           \
    "c.opens_on, c.provisional, c.decided_on, c.state, c.closed_on, c.task, c.rolled_on"

static void cycle_read(sqlite3_stmt *q, struct cycle_row *row)
{
    *row = (struct cycle_row){
        .cycle = db_get_int(q, 0),
        .household_id = db_get_int(q, 1),
        .anchor_on = db_get_date(q, 2),
        .dates = {.step = (int)db_get_int(q, 3),
                  .tier = (enum tier)db_get_name(q, 4, &tiers),
                  .nominal = db_get_date(q, 5),
                  .due_on = db_get_date(q, 6),
                  .opens_on = db_get_date(q, 7),
                  .provisional = db_get_int(q, 8) != 0},
        .decided_on = db_get_date(q, 9),
        .state = (enum cycle_state)db_get_name(q, 10, &cycle_states),
        .closed_on = db_get_date(q, 11),
        .task = db_get_int(q, 12),
        .rolled_on = db_get_date(q, 13),
    };
}

static void cycle_bind(sqlite3_stmt *q, const struct cycle_row *row)
{
    db_key(q, 1, row->cycle);
    db_int(q, 2, row->household_id);
    db_date(q, 3, row->anchor_on);
    db_int(q, 4, row->dates.step);
    db_name(q, 5, &tiers, (int)row->dates.tier);
    db_date(q, 6, row->dates.nominal);
    db_date(q, 7, row->dates.due_on);
    db_date(q, 8, row->dates.opens_on);
    db_int(q, 9, row->dates.provisional);
    db_date(q, 10, row->decided_on);
    db_name(q, 11, &cycle_states, (int)row->state);
    db_date(q, 12, row->closed_on);
    db_key(q, 13, row->task);
    db_date(q, 14, row->rolled_on);
}

bool store_cycle_insert(struct store *s, struct cycle_row *row, struct error *err)
{
    static const char sql[] =
        "INSERT INTO cycle (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    cycle_bind(q, row);
    if (!db_run(s, q, err)) {
        return false;
    }
    row->cycle = sqlite3_last_insert_rowid(s->db);
    return true;
}

bool store_cycle_update(struct store *s, const struct cycle_row *row, struct error *err)
{
    static const char sql[] =
        "UPDATE cycle SET household_id = ?2, anchor_on = ?3, step = ?4, tier = ?5, "
        "nominal_due_on = ?6, due_on = ?7, opens_on = ?8, provisional = ?9, decided_on = ?10, "
        "state = ?11, closed_on = ?12, task = ?13, rolled_on = ?14 WHERE cycle = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    cycle_bind(q, row);
    return db_run(s, q, err);
}

bool store_cycle_set_task(struct store *s, int64_t cycle, int64_t task, struct error *err)
{
    static const char sql[] = "UPDATE cycle SET task = ?2 WHERE cycle = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, cycle);
    db_int(q, 2, task);
    return db_run(s, q, err);
}

static bool cycle_one(struct store *s, sqlite3_stmt *q, struct cycle_row *out, struct error *err)
{
    bool row;
    *out = (struct cycle_row){0};
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    if (row) {
        cycle_read(q, out);
        db_end(q);
    }
    return true;
}

bool store_cycle_get(struct store *s, int64_t cycle, struct cycle_row *row, struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM cycle WHERE cycle = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, cycle);
    return cycle_one(s, q, row, err);
}

bool store_cycle_open_of(struct store *s, int64_t household_id, struct cycle_row *row,
                         struct error *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM cycle WHERE household_id = ? AND state = 'open'";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    return cycle_one(s, q, row, err);
}

bool store_cycle_last_step(struct store *s, int64_t household_id, struct date anchor, int *step,
                           struct error *err)
{
    static const char sql[] =
        "SELECT coalesce(max(step), 0) FROM cycle WHERE household_id = ? AND anchor_on = ? "
        "AND state IN ('satisfied', 'answered', 'missed')";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_date(q, 2, anchor);
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    *step = row ? (int)db_get_int(q, 0) : 0;
    db_end(q);
    return true;
}

static void cycle_read_listed(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct cycle_row *row = out;
    cycle_read(q, row);
    if (sqlite3_column_count(q) > 14) {
        row->household = db_get_str(q, 14, a);
        row->township = db_get_int(q, 15);
    }
}

static bool cycle_all(struct store *s, struct arena *a, sqlite3_stmt *q, struct cycle_row **rows,
                      int *count, struct error *err)
{
    return db_rows(s, q, a, sizeof **rows, cycle_read_listed, rows, count, err);
}

bool store_cycles_to_open(struct store *s, struct arena *a, struct date day,
                          struct date opens_after, int64_t after, int limit,
                          struct cycle_row **rows, int *count, struct error *err)
{
    static const char sql[] =
        "SELECT " QUALIFIED ", h.household, h.township FROM cycle c "
        "CROSS JOIN household h ON h.id = c.household_id WHERE c.state = 'open' "
        "AND c.task IS NULL AND c.opens_on <= ? AND (c.opens_on, c.cycle) > (?, ?) "
        "ORDER BY c.opens_on, c.cycle LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_date(q, 1, day);
    db_int(q, 2, opens_after.day); /* DATE_NONE is below every day */
    db_int(q, 3, after);
    db_int(q, 4, limit);
    return cycle_all(s, a, q, rows, count, err);
}

bool store_cycles_due(struct store *s, struct arena *a, struct date from, struct date to,
                      struct date after_due, int64_t after, int limit, struct cycle_row **rows,
                      int *count, struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM cycle WHERE state = 'open' "
                              "AND due_on BETWEEN ? AND ? AND (due_on, cycle) > (?, ?) "
                              "ORDER BY due_on, cycle LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_date(q, 1, from);
    db_date(q, 2, to);
    db_int(q, 3, after_due.day);
    db_int(q, 4, after);
    db_int(q, 5, limit);
    return cycle_all(s, a, q, rows, count, err);
}

bool store_cycles_of(struct store *s, struct arena *a, int64_t household_id,
                     struct cycle_row **rows, int *count, struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM cycle WHERE household_id = ? ORDER BY cycle";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    return cycle_all(s, a, q, rows, count, err);
}
