#include "store/cycle.h"

#include "store/db.h"

static const struct word state_names[] = {{"open", NULL},       {"satisfied", NULL},
                                          {"answered", NULL},   {"missed", NULL},
                                          {"superseded", NULL}, {"ended", NULL}};
const struct names cycle_states = NAMES_TABLE("cycle state", state_names);

#define STEP_MAX 1200 /* quarters of the years that rules count with */

#define COLUMNS                                                                                    \
    "cycle, household_id, anchor_on, step, tier, nominal_due_on, due_on, opens_on, provisional, "  \
    "decided_on, state, closed_on, task, rolled_on"

#define QUALIFIED                                                                                  \
    "c.cycle, c.household_id, c.anchor_on, c.step, c.tier, c.nominal_due_on, c.due_on, "           \
    "c.opens_on, c.provisional, c.decided_on, c.state, c.closed_on, c.task, c.rolled_on"

static const struct db_field fields[] = {
    FIELD_OR_NULL(struct cycle_row, cycle),
    FIELD(struct cycle_row, household_id),
    FIELD(struct cycle_row, anchor_on),
    FIELD_RANGE(struct cycle_row, dates.step, 1, STEP_MAX),
    FIELD_NAME(struct cycle_row, dates.tier, tiers),
    FIELD(struct cycle_row, dates.nominal),
    FIELD(struct cycle_row, dates.due_on),
    FIELD(struct cycle_row, dates.opens_on),
    FIELD(struct cycle_row, dates.provisional),
    FIELD(struct cycle_row, decided_on),
    FIELD_NAME(struct cycle_row, state, cycle_states),
    FIELD_OR_NULL(struct cycle_row, closed_on),
    FIELD_OR_NULL(struct cycle_row, task),
    FIELD_OR_NULL(struct cycle_row, rolled_on),
    FIELD(struct cycle_row, household),
    FIELD(struct cycle_row, township),
};
static const struct db_field step_field[] = {
    FIELD_RANGE(struct cycle_row, dates.step, 0, STEP_MAX)};
static const struct db_shape steps = SHAPE("cycle", struct cycle_row, step_field, 0);
static const struct db_shape cycles = SHAPE("cycle", struct cycle_row, fields, 14);

bool store_cycle_insert(struct store *s, struct cycle_row *row, struct error *err)
{
    bool ok = db_do(
        s, err, "INSERT INTO cycle (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ARG_ROW(&cycles, row));
    row->cycle = ok ? db_inserted(s) : 0;
    return ok;
}

bool store_cycle_update(struct store *s, const struct cycle_row *row, struct error *err)
{
    return db_do(s, err,
                 "UPDATE cycle SET household_id = ?2, anchor_on = ?3, step = ?4, tier = ?5, "
                 "nominal_due_on = ?6, due_on = ?7, opens_on = ?8, provisional = ?9, "
                 "decided_on = ?10, state = ?11, closed_on = ?12, task = ?13, rolled_on = ?14 "
                 "WHERE cycle = ?1",
                 ARG_ROW(&cycles, row));
}

bool store_cycle_set_task(struct store *s, int64_t cycle, int64_t task, struct error *err)
{
    return db_do(s, err, "UPDATE cycle SET task = ?2 WHERE cycle = ?1", ARG(cycle), ARG(task));
}

bool store_cycle_get(struct store *s, int64_t cycle, struct cycle_row *row, struct error *err)
{
    return db_one(s, err, NULL, &cycles, row, "SELECT " COLUMNS " FROM cycle WHERE cycle = ?",
                  ARG(cycle));
}

bool store_cycle_open_of(struct store *s, int64_t household_id, struct cycle_row *row,
                         struct error *err)
{
    return db_one(s, err, NULL, &cycles, row,
                  "SELECT " COLUMNS " FROM cycle WHERE household_id = ? AND state = 'open'",
                  ARG(household_id));
}

bool store_cycle_last_step(struct store *s, int64_t household_id, struct date anchor, int *step,
                           struct error *err)
{
    struct cycle_row last;
    bool ok = db_one(s, err, NULL, &steps, &last,
                     "SELECT coalesce(max(step), 0) FROM cycle WHERE household_id = ? "
                     "AND anchor_on = ? AND state IN ('satisfied', 'answered', 'missed')",
                     ARG(household_id), ARG(anchor));
    *step = last.dates.step;
    return ok;
}

bool store_cycles_to_open(struct store *s, struct arena *a, struct date day,
                          struct date opens_after, int64_t after, int limit,
                          struct cycle_row **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &cycles, rows, count,
                  "SELECT " QUALIFIED ", h.household, h.township FROM cycle c "
                  "CROSS JOIN household h ON h.id = c.household_id WHERE c.state = 'open' "
                  "AND c.task IS NULL AND c.opens_on <= ? AND (c.opens_on, c.cycle) > (?, ?) "
                  "ORDER BY c.opens_on, c.cycle LIMIT ?",
                  ARG(day), ARG(opens_after.day) /* DATE_NONE is below every day */, ARG(after),
                  ARG(limit));
}

bool store_cycles_due(struct store *s, struct arena *a, struct date from, struct date to,
                      struct date after_due, int64_t after, int limit, struct cycle_row **rows,
                      int *count, struct error *err)
{
    return db_all(s, err, a, &cycles, rows, count,
                  "SELECT " COLUMNS " FROM cycle WHERE state = 'open' "
                  "AND due_on BETWEEN ? AND ? AND (due_on, cycle) > (?, ?) "
                  "ORDER BY due_on, cycle LIMIT ?",
                  ARG(from), ARG(to), ARG(after_due.day), ARG(after), ARG(limit));
}

bool store_cycles_of(struct store *s, struct arena *a, int64_t household_id,
                     struct cycle_row **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &cycles, rows, count,
                  "SELECT " COLUMNS " FROM cycle WHERE household_id = ? ORDER BY cycle",
                  ARG(household_id));
}
