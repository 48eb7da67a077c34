#include "store/campaign.h"

#include "store/db.h"

bool store_campaign_get(struct store *s, int year, struct campaign_row *row, struct error *err)
{
    static const char sql[] = "SELECT year, rolled_on, closed_on FROM campaign WHERE year = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool found;
    *row = (struct campaign_row){0, DATE_NONE, DATE_NONE};
    if (!q) {
        return false;
    }
    db_int(q, 1, year);
    if (!db_row(s, q, &found, err)) {
        return false;
    }
    if (found) {
        *row = (struct campaign_row){(int)db_get_int(q, 0), db_get_date(q, 1), db_get_date(q, 2)};
        db_end(q);
    }
    return true;
}

bool store_campaign_put(struct store *s, const struct campaign_row *row, struct error *err)
{
    static const char sql[] = "INSERT INTO campaign (year, rolled_on, closed_on) VALUES (?, ?, ?) "
                              "ON CONFLICT (year) DO UPDATE SET closed_on = excluded.closed_on";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, row->year);
    db_date(q, 2, row->rolled_on);
    db_date(q, 3, row->closed_on);
    return db_run(s, q, err);
}

#define COLUMNS                                                                                    \
    "task, household_id, decision, on_day, effect_on, before, after, applied, remark, "            \
    "recorded_at, coalesce(uid, -1), who"

static void decision_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct decision_row *row = out;
    *row = (struct decision_row){
        .task = db_get_int(q, 0),
        .household_id = db_get_int(q, 1),
        .decision = (enum decision)db_get_name(q, 2, &decisions),
        .on = db_get_date(q, 3),
        .effect_on = db_get_date(q, 4),
        .before = (enum register_state)db_get_name(q, 5, &register_states),
        .after = (enum register_state)db_get_name(q, 6, &register_states),
        .applied = db_get_int(q, 7) != 0,
        .remark = db_get_str(q, 8, a),
        .recorded_at = arena_copy(a, db_get_str(q, 9, a)),
        .uid = db_get_int(q, 10),
        .who = db_get_str(q, 11, a),
    };
}

bool store_decision_get(struct store *s, struct arena *a, int64_t task, struct decision_row *row,
                        struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM decision WHERE task = ? AND corrected = 0";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool found;
    *row = (struct decision_row){0};
    if (!q) {
        return false;
    }
    db_int(q, 1, task);
    if (!db_row(s, q, &found, err)) {
        return false;
    }
    if (found) {
        decision_read(q, a, row);
        db_end(q);
    }
    return true;
}

bool store_decision_insert(struct store *s, const struct decision_row *row, struct error *err)
{
    static const char sql[] =
        "INSERT OR REPLACE INTO decision (task, household_id, decision, on_day, effect_on, before, "
        "after, "
        "applied, remark, recorded_at, uid, who) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, row->task);
    db_int(q, 2, row->household_id);
    db_name(q, 3, &decisions, (int)row->decision);
    db_date(q, 4, row->on);
    db_date(q, 5, row->effect_on);
    db_name(q, 6, &register_states, (int)row->before);
    db_name(q, 7, &register_states, (int)row->after);
    db_int(q, 8, row->applied);
    db_str(q, 9, row->remark);
    db_str(q, 10, str_of(row->recorded_at));
    if (row->uid < 0) {
        sqlite3_bind_null(q, 11);
    } else {
        db_int(q, 11, row->uid);
    }
    db_str(q, 12, row->who);
    return db_run(s, q, err);
}

bool store_decision_applied(struct store *s, int64_t task, struct error *err)
{
    static const char sql[] = "UPDATE decision SET applied = 1 WHERE task = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, task);
    return db_run(s, q, err);
}

bool store_decisions_pending(struct store *s, struct arena *a, struct date day,
                             struct date after_day, int64_t after, int limit,
                             struct decision_row **rows, int *count, struct error *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM decision WHERE applied = 0 AND corrected = 0 "
        "AND effect_on <= ? AND (effect_on, task) > (?, ?) ORDER BY effect_on, task LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_date(q, 1, day);
    db_int(q, 2, after_day.day);
    db_int(q, 3, after);
    db_int(q, 4, limit);
    return db_rows(s, q, a, sizeof **rows, decision_read, rows, count, err);
}

bool store_task_of_year(struct store *s, struct arena *a, int64_t household_id, enum task_kind kind,
                        int year, struct task_row *row, struct error *err)
{
    static const char sql[] = "SELECT task FROM task WHERE household_id = ? AND kind = ? "
                              "AND year = ? AND year IS NOT NULL";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    int64_t task = 0;
    bool there;
    *row = (struct task_row){.outcome = -1};
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_name(q, 2, &task_kinds, (int)kind);
    db_int(q, 3, year);
    if (!db_row(s, q, &there, err)) {
        return false;
    }
    if (there) {
        task = db_get_int(q, 0);
        db_end(q);
    }
    return !there || store_task_get(s, a, task, row, err);
}
