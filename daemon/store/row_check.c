#include "store/row_check.h"

#include "store/db.h"

static const struct db_field review_fields[] = {
    FIELD(struct row_review, review),
    FIELD(struct row_review, task),
    FIELD_NAME(struct row_review, outcome, outcomes),
    FIELD(struct row_review, on),
    FIELD_OR_NULL(struct row_review, to),
    FIELD(struct row_review, corrected),
};
static const struct db_field report_fields[] = {
    FIELD(struct row_report, report),
    FIELD_OR_NULL(struct row_report, task),
    FIELD_NAME(struct row_report, kind, report_kinds),
    FIELD_OR_NULL(struct row_report, member),
    FIELD(struct row_report, on),
    FIELD(struct row_report, recorded_on),
    FIELD(struct row_report, corrected),
};
static const struct db_field tier_fields[] = {
    FIELD(struct row_tier, on),
    FIELD_NAME(struct row_tier, before, tiers),
    FIELD_NAME(struct row_tier, after, tiers),
    FIELD(struct row_tier, corrected),
};
static const struct db_field ending_fields[] = {
    FIELD(struct row_ending, ending),
    FIELD_NAME(struct row_ending, act, acts),
    FIELD_NAME(struct row_ending, ground, grounds),
    FIELD(struct row_ending, on),
    FIELD(struct row_ending, was_protected),
    FIELD_OR_NULL(struct row_ending, clause),
    FIELD(struct row_ending, corrected),
};
static const struct db_field hold_fields[] = {
    FIELD(struct row_hold, on),
    FIELD(struct row_hold, clause),
};
static const struct db_field decision_fields[] = {
    FIELD(struct row_decision, task),
    FIELD_NAME(struct row_decision, decision, decisions),
    FIELD(struct row_decision, on),
    FIELD(struct row_decision, effect_on),
    FIELD_NAME(struct row_decision, before, register_states),
    FIELD_NAME(struct row_decision, after, register_states),
    FIELD(struct row_decision, applied),
    FIELD(struct row_decision, corrected),
};
static const struct db_field event_fields[] = {
    FIELD(struct row_event, event),
    FIELD_NAME(struct row_event, kind, event_kinds),
    FIELD(struct row_event, on),
    FIELD(struct row_event, last_cycle),
    FIELD(struct row_event, last_ending),
    FIELD(struct row_event, corrected),
    FIELD_NAME(struct row_event, status, statuses),
    FIELD_NAME(struct row_event, register_state, register_states),
    FIELD_OR_NULL(struct row_event, last_review_on),
};
static const struct db_field age_fields[] = {
    FIELD(struct row_age, age),
    FIELD(struct row_age, member),
    FIELD(struct row_age, on),
};

/* What each statement reads, and into which array of struct row_history. */
static const struct part {
    const char *sql;
    struct db_shape shape;
    size_t rows, count; /* offsets */
} parts[] = {
    {"SELECT review, task, outcome, on_day, to_day, corrected FROM review WHERE household_id = ? "
     "ORDER BY review",
     SHAPE("review", struct row_review, review_fields, 0), offsetof(struct row_history, reviews),
     offsetof(struct row_history, review_count)},
    {"SELECT report, task, kind, member, on_day, recorded_on, corrected FROM report "
     "WHERE household_id = ? ORDER BY report",
     SHAPE("report", struct row_report, report_fields, 0), offsetof(struct row_history, reports),
     offsetof(struct row_history, report_count)},
    {"SELECT on_day, tier_before, tier_after, corrected FROM tier_change WHERE household_id = ? "
     "ORDER BY number",
     SHAPE("tier_change", struct row_tier, tier_fields, 0), offsetof(struct row_history, tiers),
     offsetof(struct row_history, tier_count)},
    {"SELECT ending, act, ground, on_day, protected, clause, corrected FROM ending "
     "WHERE household_id = ? ORDER BY ending",
     SHAPE("ending", struct row_ending, ending_fields, 0), offsetof(struct row_history, endings),
     offsetof(struct row_history, cessation_count)},
    {"SELECT on_day, clause FROM hold WHERE household_id = ? ORDER BY hold",
     SHAPE("hold", struct row_hold, hold_fields, 0), offsetof(struct row_history, holds),
     offsetof(struct row_history, hold_count)},
    {"SELECT task, decision, on_day, effect_on, before, after, applied, corrected FROM decision "
     "WHERE household_id = ? ORDER BY task",
     SHAPE("decision", struct row_decision, decision_fields, 0),
     offsetof(struct row_history, decisions), offsetof(struct row_history, decision_count)},
    {"SELECT e.event, e.kind, e.on_day, e.last_cycle, e.last_ending, e.corrected, w.status, "
     "w.register, w.last_review_on FROM event e CROSS JOIN household_was w ON w.event = e.event "
     "WHERE e.household_id = ? ORDER BY e.event",
     SHAPE("event", struct row_event, event_fields, 0), offsetof(struct row_history, events),
     offsetof(struct row_history, event_count)},
    {"SELECT age, member, on_day FROM age_reached WHERE household_id = ? ORDER BY member, age",
     SHAPE("age_reached", struct row_age, age_fields, 0), offsetof(struct row_history, ages),
     offsetof(struct row_history, age_count)},
};

bool store_row_check_history(struct store *s, struct arena *a, int64_t household_id,
                             struct row_history *h, struct error *err)
{
    *h = (struct row_history){0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const struct part *p = &parts[i];
        if (!db_all_args(s, err, a, &p->shape, (char *)h + p->rows, p->shape.size,
                         (int *)((char *)h + p->count), p->sql, DB_ARGS(ARG(household_id)))) {
            return false;
        }
    }
    return true;
}

struct message_counted {
    int64_t number; /* of the message, or how many */
    enum message_state state;
};
static const struct db_field counted_fields[] = {
    FIELD(struct message_counted, number),
    FIELD_NAME(struct message_counted, state, message_states),
};
static const struct db_shape counted = SHAPE("message", struct message_counted, counted_fields, 0);

bool store_row_check_messages(struct store *s, int64_t *after, int limit, int64_t counts[5],
                              bool *more, struct error *err)
{
    sqlite3_stmt *q =
        db_query(s, err, "SELECT seq, state FROM message WHERE seq > ? ORDER BY seq LIMIT ?",
                 ARG(*after), ARG(limit));
    struct message_counted row;
    int seen = 0;
    for (bool there; db_next(s, q, err, NULL, &counted, &row, &there); seen++) {
        if (!there) {
            *more = seen == limit;
            return true;
        }
        *after = row.number;
        counts[row.state]++;
    }
    return false;
}

bool store_row_check_message_counts(struct store *s, int64_t counts[5], struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT n, state FROM message_count", NO_ARGS);
    struct message_counted row;
    memset(counts, 0, 5 * sizeof *counts);
    for (bool there; db_next(s, q, err, NULL, &counted, &row, &there);) {
        if (!there) {
            return true;
        }
        counts[row.state] = row.number;
    }
    return false;
}

static const struct db_field office_fields[] = {
    FIELD(struct row_office, township),
    FIELD(struct row_office, month),
    FIELD(struct row_office, done),
    FIELD(struct row_office, on_time),
};
static const struct db_shape offices = SHAPE("office_month", struct row_office, office_fields, 0);

bool store_row_check_offices(struct store *s, struct arena *a, int64_t township, int64_t month,
                             int limit, struct row_office **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &offices, rows, count,
                  "SELECT township, month, done, on_time FROM office_month "
                  "WHERE (township, month) > (?, ?) ORDER BY township, month LIMIT ?",
                  ARG(township), ARG(month), ARG(limit));
}

bool store_row_check_runs(struct store *s, struct date *first, struct date *last, int64_t *count,
                          struct error *err)
{
    return db_one(s, err, NULL, &db_day, first, "SELECT min(day) FROM run", NO_ARGS) &&
           db_one(s, err, NULL, &db_day, last, "SELECT max(day) FROM run", NO_ARGS) &&
           db_one(s, err, NULL, &db_number, count, "SELECT count(*) FROM run", NO_ARGS);
}

bool store_row_check_quarantine(struct store *s, int64_t household_id, enum run_phase phase,
                                bool *is, struct error *err)
{
    return db_any(s, err, is, "SELECT 1 FROM set_aside WHERE phase = ? AND household_id = ?",
                  ARG_NAME(&run_phases, phase), ARG(household_id));
}

int64_t store_changes(const struct store *s)
{
    return sqlite3_total_changes64(s->db);
}
