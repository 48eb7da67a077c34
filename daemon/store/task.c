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
/* As offices write them: the review in the words of the monthly return, the register in those of
 * its forms. */
static const struct alias outcome_also[] = {
    {"继续保障", OUTCOME_CONTINUE},
    {"继续享受", OUTCOME_CONTINUE},
    {"续保", OUTCOME_CONTINUE},
    {"维持", OUTCOME_CONTINUE},
    {"维持不变", OUTCOME_CONTINUE},
    {"维持原保障", OUTCOME_CONTINUE},
    {"不变", OUTCOME_CONTINUE},
    {"无变化", OUTCOME_CONTINUE},
    {"调整保障", OUTCOME_ADJUST},
    {"调整金额", OUTCOME_ADJUST},
    {"增发", OUTCOME_ADJUST},
    {"减发", OUTCOME_ADJUST},
    {"调增", OUTCOME_ADJUST},
    {"调减", OUTCOME_ADJUST},
    {"停发", OUTCOME_TERMINATE},
    {"取消", OUTCOME_TERMINATE},
    {"取消低保", OUTCOME_TERMINATE},
    {"取消保障", OUTCOME_TERMINATE},
    {"终止保障", OUTCOME_TERMINATE},
    {"停止保障", OUTCOME_TERMINATE},
    {"延期复核", OUTCOME_POSTPONE},
    {"延期办理", OUTCOME_POSTPONE},
    {"继续保留", OUTCOME_DECISIONS + DECISION_KEEP},
    {"脱贫退出", OUTCOME_DECISIONS + DECISION_EXIT},
    {"重新纳入", OUTCOME_DECISIONS + DECISION_RETURN},
    {"新纳入", OUTCOME_DECISIONS + DECISION_ADD},
    {"申请", OUTCOME_DECISIONS + DECISION_APPLY},
    {"不符合条件", OUTCOME_DECISIONS + DECISION_NOT_ELIGIBLE},
    {NULL, 0},
};
const struct names outcomes = NAMES_TABLE_ALSO("outcome", outcome_names, outcome_also);
const struct names review_outcomes = {"outcome", OUTCOME_DECISIONS, outcome_names, NULL};

#define COLUMNS                                                                                    \
    "task, kind, state, household_id, township, cycle, year, opened_on, nominal_due_on, "          \
    "original_due_on, due_on, listed_on, raised, alert_on, done_on, outcome, "                     \
    "rolled_on"
#define JOINED                                                                                     \
    "SELECT t.task, t.kind, t.state, t.household_id, t.township, t.cycle, t.year, t.opened_on, "   \
    "t.nominal_due_on, t.original_due_on, t.due_on, t.listed_on, t.raised, t.alert_on, "           \
    "t.done_on, t.outcome, t.rolled_on, h.household, h.head_name, h.phone, h.division, h.tier, "   \
    "h.status, h.register, h.township "
#define SELECT JOINED "FROM task t CROSS JOIN household h ON h.id = t.household_id "

static const struct db_field fields[] = {
    FIELD_OR_NULL(struct task_row, task),
    FIELD_NAME(struct task_row, kind, task_kinds),
    FIELD_NAME(struct task_row, state, task_states),
    FIELD(struct task_row, household_id),
    FIELD(struct task_row, township),
    FIELD_OR_NULL(struct task_row, cycle),
    FIELD_OR_NULL(struct task_row, year),
    FIELD(struct task_row, opened_on),
    FIELD(struct task_row, nominal_due_on),
    FIELD(struct task_row, original_due_on),
    FIELD(struct task_row, due_on),
    FIELD_OR_NULL(struct task_row, listed_on),
    FIELD_RANGE(struct task_row, raised, -1, 99),
    FIELD_OR_NULL(struct task_row, alert_on),
    FIELD_OR_NULL(struct task_row, done_on),
    FIELD_NAME_OR_MINUS(struct task_row, outcome, outcomes),
    FIELD_OR_NULL(struct task_row, rolled_on),
    /* of the household */
    FIELD(struct task_row, household),
    FIELD_OR_NULL(struct task_row, head_name),
    FIELD_OR_NULL(struct task_row, phone),
    FIELD(struct task_row, division),
    FIELD_NAME(struct task_row, tier, tiers),
    FIELD_NAME(struct task_row, status, statuses),
    FIELD_NAME(struct task_row, register_state, register_states),
    FIELD(struct task_row, lies_in),
};
static const struct db_shape tasks = SHAPE("task", struct task_row, fields, 17);

bool store_task_insert(struct store *s, struct task_row *row, struct error *err)
{
    bool ok = db_do(s, err,
                    "INSERT INTO task (" COLUMNS
                    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    ARG_ROW(&tasks, row));
    row->task = ok ? db_inserted(s) : row->task;
    return ok;
}

bool store_task_update(struct store *s, const struct task_row *row, struct error *err)
{
    return db_do(s, err,
                 "UPDATE task SET kind = ?2, state = ?3, household_id = ?4, township = ?5, "
                 "cycle = ?6, year = ?7, opened_on = ?8, nominal_due_on = ?9, "
                 "original_due_on = ?10, due_on = ?11, listed_on = ?12, raised = ?13, "
                 "alert_on = ?14, done_on = ?15, outcome = ?16, rolled_on = ?17 WHERE task = ?1",
                 ARG_ROW(&tasks, row));
}

bool store_task_get(struct store *s, struct arena *a, int64_t task, struct task_row *row,
                    struct error *err)
{
    return db_one(s, err, a, &tasks, row, SELECT "WHERE t.task = ?", ARG(task));
}

bool store_task_open_of(struct store *s, struct arena *a, int64_t household_id, enum task_kind kind,
                        struct task_row *row, struct error *err)
{
    return db_one(s, err, a, &tasks, row,
                  SELECT "WHERE t.household_id = ? AND t.kind = ? AND t.state = 'open' "
                         "AND t.year IS NULL",
                  ARG(household_id), ARG_NAME(&task_kinds, kind));
}

bool store_tasks_of_year(struct store *s, struct arena *a, int year, int64_t after, int limit,
                         struct task_row **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &tasks, rows, count,
                  SELECT "WHERE t.year IS NOT NULL AND t.year = ? AND t.task > ? ORDER BY t.task "
                         "LIMIT ?",
                  ARG(year), ARG(after), ARG(limit));
}

bool store_tasks_of_year_in(struct store *s, struct arena *a, int64_t township, int year,
                            int64_t after, struct task_row **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &tasks, rows, count,
                  JOINED "FROM household h CROSS JOIN task t ON t.household_id = h.id "
                         "WHERE h.township = ? AND t.year IS NOT NULL AND t.year = ? "
                         "AND t.task > ?",
                  ARG(township), ARG(year), ARG(after));
}

bool store_tasks_of(struct store *s, struct arena *a, int64_t household_id, struct task_row **rows,
                    int *count, struct error *err)
{
    return db_all(s, err, a, &tasks, rows, count, SELECT "WHERE t.household_id = ? ORDER BY t.task",
                  ARG(household_id));
}

#define DUE                                                                                        \
    "t.due_on BETWEEN ?1 AND ?2 AND (t.due_on, t.task) > (?3, ?4) ORDER BY t.due_on, t.task "      \
    "LIMIT ?5"

bool store_tasks_due(struct store *s, struct arena *a, int64_t township, struct date from,
                     struct date to, struct date after_due, int64_t after_task, int limit,
                     struct task_row **rows, int *count, struct error *err)
{
    struct db_arg first = ARG(date_later(from, after_due).day);
    struct db_arg last = ARG(date_is(to) ? to.day : INT32_MAX);
    return township
               ? db_all(s, err, a, &tasks, rows, count,
                        SELECT "WHERE t.state = 'open' AND t.township = ?6 AND " DUE, first, last,
                        ARG(after_due.day), ARG(after_task), ARG(limit), ARG(township))
               : db_all(s, err, a, &tasks, rows, count, SELECT "WHERE t.state = 'open' AND " DUE,
                        first, last, ARG(after_due.day), ARG(after_task), ARG(limit));
}

bool store_tasks_alert(struct store *s, struct arena *a, struct date day, struct date after_day,
                       int64_t after, int limit, struct task_row **rows, int *count,
                       struct error *err)
{
    return db_all(s, err, a, &tasks, rows, count,
                  SELECT "WHERE t.state = 'open' AND t.alert_on IS NOT NULL AND t.alert_on <= ? "
                         "AND (t.alert_on, t.task) > (?, ?) ORDER BY t.alert_on, t.task LIMIT ?",
                  ARG(day), ARG(after_day.day), ARG(after), ARG(limit));
}

bool store_task_raised(struct store *s, int64_t task, int raised, struct date alert_on,
                       struct error *err)
{
    return db_do(s, err, "UPDATE task SET raised = ?2, alert_on = ?3 WHERE task = ?1", ARG(task),
                 ARG(raised), ARG(alert_on));
}

bool store_task_township_next(struct store *s, int64_t after, int64_t *township, struct error *err)
{
    return db_one(s, err, NULL, &db_number, township,
                  "SELECT township FROM task WHERE state = 'open' AND township > ? "
                  "ORDER BY township LIMIT 1",
                  ARG(after));
}

bool store_tasks_listed(struct store *s, int64_t township, struct date on, struct error *err)
{
    return db_do(s, err,
                 "UPDATE task SET listed_on = ?2 "
                 "WHERE state = 'open' AND township = ?1 AND listed_on IS NULL",
                 ARG(township), ARG(on));
}

bool store_tasks_move(struct store *s, int64_t household_id, int64_t township, struct error *err)
{
    return db_do(s, err, "UPDATE task SET township = ?2 WHERE household_id = ?1 AND state = 'open'",
                 ARG(household_id), ARG(township));
}

#define REVIEW_COLUMNS                                                                             \
    "review, task, household_id, outcome, on_day, to_day, ground, remark, recorded_at, uid, who"
static const struct db_field review_fields[] = {
    FIELD_OR_NULL(struct review_row, review),
    FIELD(struct review_row, task),
    FIELD(struct review_row, household_id),
    FIELD_NAME(struct review_row, outcome, outcomes),
    FIELD(struct review_row, on),
    FIELD_OR_NULL(struct review_row, to),
    FIELD_OR_NULL(struct review_row, ground),
    FIELD_OR_NULL(struct review_row, remark),
    FIELD(struct review_row, recorded_at),
    FIELD_OR_MINUS(struct review_row, uid),
    FIELD(struct review_row, who),
    FIELD(struct review_row, corrected),
};
static const struct db_shape reviews = SHAPE("review", struct review_row, review_fields, 11);

bool store_review_insert(struct store *s, const struct review_row *row, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO review (" REVIEW_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 ARG_ROW(&reviews, row));
}

bool store_task_lost(struct store *s, int64_t task, bool *lost, struct error *err)
{
    return db_any(s, err, lost, "SELECT 1 FROM restored WHERE task_from <= ?1 AND task_until > ?1",
                  ARG(task));
}

bool store_reviews_of(struct store *s, struct arena *a, int64_t task, struct review_row **rows,
                      int *count, struct error *err)
{
    return db_all(s, err, a, &reviews, rows, count,
                  "SELECT " REVIEW_COLUMNS ", corrected FROM review WHERE task = ? "
                  "ORDER BY review",
                  ARG(task));
}
