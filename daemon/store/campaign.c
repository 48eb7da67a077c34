#include "store/campaign.h"

#include "store/db.h"

static const struct db_field campaign_fields[] = {
    FIELD(struct campaign_row, year),
    FIELD(struct campaign_row, rolled_on),
    FIELD_OR_NULL(struct campaign_row, closed_on),
};
static const struct db_shape campaigns = SHAPE("campaign", struct campaign_row, campaign_fields, 3);

#define COLUMNS                                                                                    \
    "task, household_id, decision, on_day, effect_on, before, after, applied, remark, "            \
    "recorded_at, uid, who"
static const struct db_field decision_fields[] = {
    FIELD(struct decision_row, task),
    FIELD(struct decision_row, household_id),
    FIELD_NAME(struct decision_row, decision, decisions),
    FIELD(struct decision_row, on),
    FIELD(struct decision_row, effect_on),
    FIELD_NAME(struct decision_row, before, register_states),
    FIELD_NAME(struct decision_row, after, register_states),
    FIELD(struct decision_row, applied),
    FIELD_OR_NULL(struct decision_row, remark),
    FIELD(struct decision_row, recorded_at),
    FIELD_OR_MINUS(struct decision_row, uid),
    FIELD(struct decision_row, who),
};
static const struct db_shape decided = SHAPE("decision", struct decision_row, decision_fields, 12);

bool store_campaign_get(struct store *s, int year, struct campaign_row *row, struct error *err)
{
    return db_one(s, err, NULL, &campaigns, row,
                  "SELECT year, rolled_on, closed_on FROM campaign WHERE year = ?", ARG(year));
}

bool store_campaign_put(struct store *s, const struct campaign_row *row, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO campaign (year, rolled_on, closed_on) VALUES (?, ?, ?) "
                 "ON CONFLICT (year) DO UPDATE SET closed_on = excluded.closed_on",
                 ARG_ROW(&campaigns, row));
}

bool store_decision_get(struct store *s, struct arena *a, int64_t task, struct decision_row *row,
                        struct error *err)
{
    return db_one(s, err, a, &decided, row,
                  "SELECT " COLUMNS " FROM decision WHERE task = ? AND corrected = 0", ARG(task));
}

bool store_decision_insert(struct store *s, const struct decision_row *row, struct error *err)
{
    return db_do(s, err,
                 "INSERT OR REPLACE INTO decision (" COLUMNS ") "
                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 ARG_ROW(&decided, row));
}

bool store_decision_applied(struct store *s, int64_t task, struct error *err)
{
    return db_do(s, err, "UPDATE decision SET applied = 1 WHERE task = ?", ARG(task));
}

bool store_decisions_pending(struct store *s, struct arena *a, struct date day,
                             struct date after_day, int64_t after, int limit,
                             struct decision_row **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &decided, rows, count,
                  "SELECT " COLUMNS " FROM decision WHERE applied = 0 AND corrected = 0 "
                  "AND effect_on <= ? AND (effect_on, task) > (?, ?) ORDER BY effect_on, task "
                  "LIMIT ?",
                  ARG(day), ARG(after_day.day), ARG(after), ARG(limit));
}

bool store_task_of_year(struct store *s, struct arena *a, int64_t household_id, enum task_kind kind,
                        int year, struct task_row *row, struct error *err)
{
    int64_t task;
    return db_one(s, err, NULL, &db_number, &task,
                  "SELECT task FROM task WHERE household_id = ? AND kind = ? AND year = ? "
                  "AND year IS NOT NULL",
                  ARG(household_id), ARG_NAME(&task_kinds, kind), ARG(year)) &&
           store_task_get(s, a, task, row, err);
}
