#include "store/event.h"

#include "store/db.h"

static const struct word kind_names[] = {{"review", "复核"},       {"report", "情况变化"},
                                         {"tier", "复核周期调整"}, {"move", "住址变动"},
                                         {"status", "状态变更"},   {"decision", "建档立卡决定"}};
const struct names event_kinds = NAMES_TABLE("event", kind_names);

bool store_event_note(struct store *s, int64_t household_id, enum event_kind kind, struct date on,
                      struct error *err)
{
    if (!db_do(s, err,
               "INSERT INTO event (household_id, kind, on_day, last_cycle, last_task, last_review, "
               "last_report, last_ending, last_tier) VALUES (?1, ?2, ?3, "
               "(SELECT coalesce(max(cycle), 0) FROM cycle WHERE household_id = ?1), "
               "(SELECT coalesce(max(task), 0) FROM task WHERE household_id = ?1), "
               "(SELECT coalesce(max(review), 0) FROM review WHERE household_id = ?1), "
               "(SELECT coalesce(max(report), 0) FROM report WHERE household_id = ?1), "
               "(SELECT coalesce(max(ending), 0) FROM ending WHERE household_id = ?1), "
               "(SELECT coalesce(max(number), 0) FROM tier_change WHERE household_id = ?1))",
               ARG(household_id), ARG_NAME(&event_kinds, kind), ARG(on))) {
        return false;
    }
    struct db_arg event = ARG(db_inserted(s)), household = ARG(household_id);
    return db_do(
               s, err,
               "INSERT INTO household_was (event, division, township, status, register, tier, "
               "tier_source, income, pension, employment_cost, anchor_on, last_review_on, "
               "missed_cycles, reports_seen, approved_on, history) SELECT ?1, division, township, "
               "status, register, tier, tier_source, income, pension, employment_cost, anchor_on, "
               "last_review_on, missed_cycles, reports_seen, approved_on, history FROM household "
               "WHERE id = ?2",
               event, household) &&
           db_do(s, err,
                 "INSERT INTO member_was SELECT ?1, member, birth_on, status, status_on "
                 "FROM member WHERE household_id = ?2",
                 event, household) &&
           db_do(s, err,
                 "INSERT INTO cycle_was (event, cycle, due_on, task, rolled_on) SELECT ?1, cycle, "
                 "due_on, task, rolled_on FROM cycle WHERE household_id = ?2 AND state = 'open'",
                 event, household) &&
           db_do(s, err,
                 "INSERT INTO task_was (event, task, township, original_due_on, due_on, raised, "
                 "alert_on, rolled_on) SELECT ?1, task, township, original_due_on, due_on, raised, "
                 "alert_on, rolled_on FROM task WHERE household_id = ?2 AND state = 'open'",
                 event, household);
}

static const struct db_field event_fields[] = {
    FIELD_OR_NULL(struct event_row, event),
    FIELD(struct event_row, household_id),
    FIELD_NAME(struct event_row, kind, event_kinds),
    FIELD(struct event_row, on),
    FIELD(struct event_row, last_cycle),
    FIELD(struct event_row, last_task),
    FIELD(struct event_row, last_review),
    FIELD(struct event_row, last_report),
    FIELD(struct event_row, last_ending),
    FIELD(struct event_row, last_tier),
};
static const struct db_shape events = SHAPE("event", struct event_row, event_fields, 0);

bool store_event_latest(struct store *s, int64_t household_id, struct event_row *row,
                        struct error *err)
{
    return db_one(s, err, NULL, &events, row,
                  "SELECT event, household_id, kind, on_day, last_cycle, last_task, last_review, "
                  "last_report, last_ending, last_tier FROM event "
                  "WHERE household_id = ? AND corrected = 0 ORDER BY event DESC LIMIT 1",
                  ARG(household_id));
}

static const struct db_field household_fields[] = {
    FIELD(struct household_was, division),
    FIELD_NAME(struct household_was, status, statuses),
    FIELD_NAME(struct household_was, tier, tiers),
    FIELD_NAME(struct household_was, tier_source, tier_sources),
    FIELD_OR_MINUS(struct household_was, income),
    FIELD_OR_MINUS(struct household_was, pension),
    FIELD_OR_MINUS(struct household_was, employment_cost),
    FIELD_OR_NULL(struct household_was, approved_on),
    FIELD_OR_NULL(struct household_was, anchor_on),
    FIELD_OR_NULL(struct household_was, last_review_on),
    FIELD(struct household_was, missed_cycles),
    FIELD(struct household_was, reports_seen),
    FIELD_NAME(struct household_was, history, histories),
};
static const struct db_shape household_shape =
    SHAPE("household_was", struct household_was, household_fields, 0);

static const struct db_field member_fields[] = {
    FIELD(struct member_was, member),
    FIELD_OR_NULL(struct member_was, birth_on),
    FIELD_NAME(struct member_was, status, member_statuses),
    FIELD_OR_NULL(struct member_was, status_on),
};
static const struct db_shape member_shape =
    SHAPE("member_was", struct member_was, member_fields, 0);

static const struct db_field cycle_fields[] = {
    FIELD_OR_NULL(struct cycle_was, cycle),
    FIELD(struct cycle_was, due_on),
    FIELD_OR_NULL(struct cycle_was, rolled_on),
    FIELD_OR_NULL(struct cycle_was, task),
};
static const struct db_shape cycle_shape = SHAPE("cycle_was", struct cycle_was, cycle_fields, 0);

static const struct db_field task_fields[] = {
    FIELD(struct task_was, task),
    FIELD(struct task_was, original_due_on),
    FIELD(struct task_was, due_on),
    FIELD_OR_NULL(struct task_was, rolled_on),
    FIELD_RANGE(struct task_was, raised, -1, 99),
};
static const struct db_shape task_shape = SHAPE("task_was", struct task_was, task_fields, 0);

bool store_event_was(struct store *s, struct arena *a, int64_t event, struct event_was *was,
                     struct error *err)
{
    return db_one(s, err, a, &household_shape, &was->household,
                  "SELECT division, status, tier, tier_source, income, pension, employment_cost, "
                  "approved_on, anchor_on, last_review_on, missed_cycles, reports_seen, history "
                  "FROM household_was WHERE event = ?",
                  ARG(event)) &&
           db_all(s, err, a, &member_shape, &was->members, &was->member_count,
                  "SELECT member, birth_on, status, status_on FROM member_was WHERE event = ?",
                  ARG(event)) &&
           db_one(s, err, a, &cycle_shape, &was->cycle,
                  "SELECT cycle, due_on, rolled_on, task FROM cycle_was WHERE event = ?",
                  ARG(event)) &&
           db_all(s, err, a, &task_shape, &was->tasks, &was->task_count,
                  "SELECT task, original_due_on, due_on, rolled_on, raised FROM task_was "
                  "WHERE event = ? ORDER BY task",
                  ARG(event));
}

bool store_event_taken_back(struct store *s, enum event_entry entry, int64_t household_id,
                            int64_t number, struct error *err)
{
    static const char *const sql[] = {
        [ENTRY_EVENT] = "UPDATE event SET corrected = 1 WHERE household_id = ? AND event = ?",
        [ENTRY_REPORT] = "UPDATE report SET corrected = 1 WHERE household_id = ? AND report = ?",
        [ENTRY_DECISION] = "UPDATE decision SET corrected = 1 WHERE household_id = ? AND task = ?",
        [ENTRIES_REVIEW] = "UPDATE review SET corrected = 1 WHERE household_id = ? AND review > ?",
        [ENTRIES_ENDING] = "UPDATE ending SET corrected = 1 WHERE household_id = ? AND ending > ?",
        [ENTRIES_TIER] =
            "UPDATE tier_change SET corrected = 1 WHERE household_id = ? AND number > ?",
    };
    return db_do(s, err, sql[entry], ARG(household_id), ARG(number));
}
