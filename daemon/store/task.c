#include "store/task.h"

#include "store/campaign.h"
#include "store/db.h"

static const struct word kind_names[] = {{"regular-review", "定期复核"},
                                         {"triggered-review", "触发复核"},
                                         {"register-adjustment", "建档立卡调整"},
                                         {"register-candidate", "建档立卡纳入"},
                                         {"dibao-candidate", "低保申请"}};
const struct names task_kinds = NAMES_TABLE("kind", kind_names);
static const struct word state_names[] = {
    {"open", "未办"}, {"done", "办结"}, {"cancelled", "取消"}};
const struct names task_states = NAMES_TABLE("state", state_names);
static const struct word outcome_names[] = {
    {"continue", "继续"},  {"adjust", "调整"},        {"terminate", "终止"}, {"postpone", "延期"},
    {"keep", "保留"},      {"exit", "退出"},          {"return", "返贫"},    {"add", "纳入"},
    {"apply", "申请低保"}, {"not-eligible", "不符合"}};
const struct names outcomes = NAMES_TABLE("outcome", outcome_names);
const struct names review_outcomes = {"outcome", OUTCOME_DECISIONS, outcome_names};

#define COLUMNS                                                                                    \
    "task, kind, state, household_id, township, cycle, year, opened_on, nominal_due_on, "          \
    "original_due_on, due_on, listed_on, raised, alert_on, done_on, outcome, "                     \
    "rolled_on"
#define SELECT                                                                                     \
    "SELECT t.task, t.kind, t.state, t.household_id, t.township, t.cycle, t.year, t.opened_on, "   \
    "t.nominal_due_on, t.original_due_on, t.due_on, t.listed_on, t.raised, t.alert_on, "           \
    "t.done_on, t.outcome, t.rolled_on, h.household, h.head_name, h.phone, h.division, h.tier, "   \
    "h.status, h.register, h.township "                                                            \
    "FROM task t CROSS JOIN household h ON h.id = t.household_id "

static void task_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct task_row *row = out;
    bool said = sqlite3_column_type(q, 15) != SQLITE_NULL;
    *row = (struct task_row){
        .task = db_get_int(q, 0),
        .kind = (enum task_kind)db_get_name(q, 1, &task_kinds),
        .state = (enum task_state)db_get_name(q, 2, &task_states),
        .household_id = db_get_int(q, 3),
        .township = db_get_int(q, 4),
        .cycle = db_get_int(q, 5),
        .year = (int)db_get_int(q, 6),
        .opened_on = db_get_date(q, 7),
        .nominal_due_on = db_get_date(q, 8),
        .original_due_on = db_get_date(q, 9),
        .due_on = db_get_date(q, 10),
        .listed_on = db_get_date(q, 11),
        .raised = (int)db_get_int(q, 12),
        .alert_on = db_get_date(q, 13),
        .done_on = db_get_date(q, 14),
        .outcome = said ? db_get_name(q, 15, &outcomes) : -1,
        .rolled_on = db_get_date(q, 16),
        .household = db_get_str(q, 17, a),
        .head_name = db_get_str(q, 18, a),
        .phone = db_get_str(q, 19, a),
        .division = db_get_int(q, 20),
        .tier = (enum tier)db_get_name(q, 21, &tiers),
        .status = (enum status)db_get_name(q, 22, &statuses),
        .register_state = (enum register_state)db_get_name(q, 23, &register_states),
        .lies_in = db_get_int(q, 24),
    };
}

static void task_bind(sqlite3_stmt *q, const struct task_row *row)
{
    db_key(q, 1, row->task);
    db_name(q, 2, &task_kinds, (int)row->kind);
    db_name(q, 3, &task_states, (int)row->state);
    db_int(q, 4, row->household_id);
    db_int(q, 5, row->township);
    db_key(q, 6, row->cycle);
    db_key(q, 7, row->year);
    db_date(q, 8, row->opened_on);
    db_date(q, 9, row->nominal_due_on);
    db_date(q, 10, row->original_due_on);
    db_date(q, 11, row->due_on);
    db_date(q, 12, row->listed_on);
    db_int(q, 13, row->raised);
    db_date(q, 14, row->alert_on);
    db_date(q, 15, row->done_on);
    db_str(q, 16, row->outcome < 0 ? STR_NONE : str_of(names_text(&outcomes, row->outcome)));
    db_date(q, 17, row->rolled_on);
}

bool store_task_insert(struct store *s, struct task_row *row, struct error *err)
{
    static const char sql[] =
        "INSERT INTO task (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    task_bind(q, row);
    if (!db_run(s, q, err)) {
        return false;
    }
    row->task = sqlite3_last_insert_rowid(s->db);
    return true;
}

bool store_task_update(struct store *s, const struct task_row *row, struct error *err)
{
    static const char sql[] =
        "UPDATE task SET kind = ?2, state = ?3, household_id = ?4, township = ?5, cycle = ?6, "
        "year = ?7, opened_on = ?8, nominal_due_on = ?9, original_due_on = ?10, due_on = ?11, "
        "listed_on = ?12, raised = ?13, alert_on = ?14, done_on = ?15, outcome = ?16, "
        "rolled_on = ?17 "
        "WHERE task = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    task_bind(q, row);
    return db_run(s, q, err);
}

static bool task_one(struct store *s, struct arena *a, sqlite3_stmt *q, struct task_row *out,
                     struct error *err)
{
    bool row;
    *out = (struct task_row){.outcome = -1};
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    if (row) {
        task_read(q, a, out);
        db_end(q);
    }
    return true;
}

bool store_task_get(struct store *s, struct arena *a, int64_t task, struct task_row *row,
                    struct error *err)
{
    static const char sql[] = SELECT "WHERE t.task = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, task);
    return task_one(s, a, q, row, err);
}

bool store_task_open_of(struct store *s, struct arena *a, int64_t household_id, enum task_kind kind,
                        struct task_row *row, struct error *err)
{
    static const char sql[] =
        SELECT "WHERE t.household_id = ? AND t.kind = ? AND t.state = 'open' AND t.year IS NULL";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_name(q, 2, &task_kinds, (int)kind);
    return task_one(s, a, q, row, err);
}

static bool task_all(struct store *s, struct arena *a, sqlite3_stmt *q, struct task_row **rows,
                     int *count, struct error *err)
{
    return db_rows(s, q, a, sizeof **rows, task_read, rows, count, err);
}

bool store_tasks_of_year(struct store *s, struct arena *a, int year, int64_t after, int limit,
                         struct task_row **rows, int *count, struct error *err)
{
    static const char sql[] =
        SELECT "WHERE t.year IS NOT NULL AND t.year = ? AND t.task > ? ORDER BY t.task LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, year);
    db_int(q, 2, after);
    db_int(q, 3, limit);
    return task_all(s, a, q, rows, count, err);
}

bool store_tasks_of(struct store *s, struct arena *a, int64_t household_id, struct task_row **rows,
                    int *count, struct error *err)
{
    static const char sql[] = SELECT "WHERE t.household_id = ? ORDER BY t.task";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    return task_all(s, a, q, rows, count, err);
}

bool store_tasks_due(struct store *s, struct arena *a, int64_t township, struct date from,
                     struct date to, struct date after_due, int64_t after_task, int limit,
                     struct task_row **rows, int *count, struct error *err)
{
    static const char all[] =
        SELECT "WHERE t.state = 'open' AND t.due_on BETWEEN ?2 AND ?3 "
               "AND (t.due_on, t.task) > (?4, ?5) ORDER BY t.due_on, t.task LIMIT ?6";
    static const char one[] =
        SELECT "WHERE t.state = 'open' AND t.township = ?1 AND t.due_on BETWEEN ?2 AND ?3 "
               "AND (t.due_on, t.task) > (?4, ?5) ORDER BY t.due_on, t.task LIMIT ?6";
    sqlite3_stmt *q = db_stmt(s, township ? one : all, err);
    if (!q) {
        return false;
    }
    if (township) {
        db_int(q, 1, township);
    }
    db_int(q, 2, date_is(after_due) && after_due.day > from.day ? after_due.day : from.day);
    db_int(q, 3, date_is(to) ? to.day : INT32_MAX);
    db_int(q, 4, after_due.day);
    db_int(q, 5, after_task);
    db_int(q, 6, limit);
    return task_all(s, a, q, rows, count, err);
}

bool store_tasks_alert(struct store *s, struct arena *a, struct date day, struct date after_day,
                       int64_t after, int limit, struct task_row **rows, int *count,
                       struct error *err)
{
    static const char sql[] =
        SELECT "WHERE t.state = 'open' AND t.alert_on IS NOT NULL AND t.alert_on <= ? "
               "AND (t.alert_on, t.task) > (?, ?) ORDER BY t.alert_on, t.task LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_date(q, 1, day);
    db_int(q, 2, after_day.day);
    db_int(q, 3, after);
    db_int(q, 4, limit);
    return task_all(s, a, q, rows, count, err);
}

bool store_task_raised(struct store *s, int64_t task, int raised, struct date alert_on,
                       struct error *err)
{
    static const char sql[] = "UPDATE task SET raised = ?2, alert_on = ?3 WHERE task = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, task);
    db_int(q, 2, raised);
    db_date(q, 3, alert_on);
    return db_run(s, q, err);
}

bool store_task_township_next(struct store *s, int64_t after, int64_t *township, struct error *err)
{
    static const char sql[] = "SELECT township FROM task WHERE state = 'open' AND township > ? "
                              "ORDER BY township LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    if (!q) {
        return false;
    }
    db_int(q, 1, after);
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    *township = row ? db_get_int(q, 0) : 0;
    db_end(q);
    return true;
}

bool store_tasks_listed(struct store *s, int64_t township, struct date on, struct error *err)
{
    static const char sql[] = "UPDATE task SET listed_on = ?2 "
                              "WHERE state = 'open' AND township = ?1 AND listed_on IS NULL";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, township);
    db_date(q, 2, on);
    return db_run(s, q, err);
}

bool store_tasks_move(struct store *s, int64_t household_id, int64_t township, struct error *err)
{
    static const char sql[] =
        "UPDATE task SET township = ?2 WHERE household_id = ?1 AND state = 'open'";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_int(q, 2, township);
    return db_run(s, q, err);
}

bool store_review_insert(struct store *s, const struct review_row *row, struct error *err)
{
    static const char sql[] = "INSERT INTO review (task, household_id, outcome, on_day, to_day, "
                              "ground, remark, recorded_at, uid, who) "
                              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, row->task);
    db_int(q, 2, row->household_id);
    db_name(q, 3, &outcomes, (int)row->outcome);
    db_date(q, 4, row->on);
    db_date(q, 5, row->to);
    db_str(q, 6, row->ground);
    db_str(q, 7, row->remark);
    db_str(q, 8, str_of(row->recorded_at));
    if (row->uid < 0) {
        sqlite3_bind_null(q, 9);
    } else {
        db_int(q, 9, row->uid);
    }
    db_str(q, 10, row->who);
    return db_run(s, q, err);
}

static void review_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct review_row *row = out;
    *row = (struct review_row){
        .review = db_get_int(q, 0),
        .task = db_get_int(q, 1),
        .household_id = db_get_int(q, 2),
        .outcome = (enum outcome)db_get_name(q, 3, &outcomes),
        .on = db_get_date(q, 4),
        .to = db_get_date(q, 5),
        .ground = db_get_str(q, 6, a),
        .remark = db_get_str(q, 7, a),
        .recorded_at = arena_copy(a, db_get_str(q, 8, a)),
        .uid = db_get_int(q, 9),
        .who = db_get_str(q, 10, a),
        .corrected = db_get_int(q, 11) != 0,
    };
}

bool store_task_lost(struct store *s, int64_t task, bool *lost, struct error *err)
{
    static const char sql[] = "SELECT 1 FROM restored WHERE task_from <= ?1 AND task_until > ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    *lost = false;
    if (!q) {
        return false;
    }
    db_int(q, 1, task);
    if (!db_row(s, q, lost, err)) {
        return false;
    }
    if (*lost) {
        db_end(q);
    }
    return true;
}

bool store_reviews_of(struct store *s, struct arena *a, int64_t task, struct review_row **rows,
                      int *count, struct error *err)
{
    static const char sql[] =
        "SELECT review, task, household_id, outcome, on_day, to_day, ground, remark, recorded_at, "
        "coalesce(uid, -1), who, corrected FROM review WHERE task = ? ORDER BY review";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, task);
    return db_rows(s, q, a, sizeof **rows, review_read, rows, count, err);
}
