#include "store/row_check.h"

#include "store/db.h"

static void review_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    (void)a;
    *(struct row_review *)out = (struct row_review){
        db_get_int(q, 0),  db_get_int(q, 1),  (enum outcome)db_get_name(q, 2, &outcomes),
        db_get_date(q, 3), db_get_date(q, 4), db_get_int(q, 5) != 0};
}

static void report_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    *(struct row_report *)out = (struct row_report){
        db_get_int(q, 0),     db_get_int(q, 1),  (enum report_kind)db_get_name(q, 2, &report_kinds),
        db_get_str(q, 3, a),  db_get_date(q, 4), db_get_date(q, 5),
        db_get_int(q, 6) != 0};
}

static void tier_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    (void)a;
    *(struct row_tier *)out =
        (struct row_tier){db_get_date(q, 0), (enum tier)db_get_name(q, 1, &tiers),
                          (enum tier)db_get_name(q, 2, &tiers), db_get_int(q, 3) != 0};
}

static void cessation_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    *(struct row_ending *)out = (struct row_ending){db_get_int(q, 0),
                                                    (enum act)db_get_name(q, 1, &acts),
                                                    (enum ground)db_get_name(q, 2, &grounds),
                                                    db_get_date(q, 3),
                                                    db_get_int(q, 4) != 0,
                                                    db_get_str(q, 5, a),
                                                    db_get_int(q, 6) != 0};
}

static void hold_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    *(struct row_hold *)out = (struct row_hold){db_get_date(q, 0), db_get_str(q, 1, a)};
}

static void decision_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    (void)a;
    *(struct row_decision *)out =
        (struct row_decision){db_get_int(q, 0),
                              (enum decision)db_get_name(q, 1, &decisions),
                              db_get_date(q, 2),
                              db_get_date(q, 3),
                              (enum register_state)db_get_name(q, 4, &register_states),
                              (enum register_state)db_get_name(q, 5, &register_states),
                              db_get_int(q, 6) != 0,
                              db_get_int(q, 7) != 0};
}

static void event_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    (void)a;
    *(struct row_event *)out =
        (struct row_event){db_get_int(q, 0),
                           (enum event_kind)db_get_name(q, 1, &event_kinds),
                           db_get_date(q, 2),
                           db_get_int(q, 3),
                           db_get_int(q, 4),
                           db_get_int(q, 5) != 0,
                           (enum status)db_get_name(q, 6, &statuses),
                           (enum register_state)db_get_name(q, 7, &register_states),
                           db_get_date(q, 8)};
}

static void age_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    *(struct row_age *)out =
        (struct row_age){(int)db_get_int(q, 0), db_get_str(q, 1, a), db_get_date(q, 2)};
}

/* What each statement reads, and into which array of struct row_history. */
static const struct part {
    const char *sql;
    size_t size;
    db_read *read;
    size_t rows, count; /* offsets */
} parts[] = {
    {"SELECT review, task, outcome, on_day, to_day, corrected FROM review WHERE household_id = ? "
     "ORDER BY review",
     sizeof(struct row_review), review_read, offsetof(struct row_history, reviews),
     offsetof(struct row_history, review_count)},
    {"SELECT report, task, kind, member, on_day, recorded_on, corrected FROM report "
     "WHERE household_id = ? ORDER BY report",
     sizeof(struct row_report), report_read, offsetof(struct row_history, reports),
     offsetof(struct row_history, report_count)},
    {"SELECT on_day, tier_before, tier_after, corrected FROM tier_change WHERE household_id = ? "
     "ORDER BY number",
     sizeof(struct row_tier), tier_read, offsetof(struct row_history, tiers),
     offsetof(struct row_history, tier_count)},
    {"SELECT ending, act, ground, on_day, protected, clause, corrected FROM ending "
     "WHERE household_id = ? ORDER BY ending",
     sizeof(struct row_ending), cessation_read, offsetof(struct row_history, endings),
     offsetof(struct row_history, cessation_count)},
    {"SELECT on_day, clause FROM hold WHERE household_id = ? ORDER BY hold",
     sizeof(struct row_hold), hold_read, offsetof(struct row_history, holds),
     offsetof(struct row_history, hold_count)},
    {"SELECT task, decision, on_day, effect_on, before, after, applied, corrected FROM decision "
     "WHERE household_id = ? ORDER BY task",
     sizeof(struct row_decision), decision_read, offsetof(struct row_history, decisions),
     offsetof(struct row_history, decision_count)},
    {"SELECT e.event, e.kind, e.on_day, e.last_cycle, e.last_ending, e.corrected, w.status, "
     "w.register, w.last_review_on FROM event e CROSS JOIN household_was w ON w.event = e.event "
     "WHERE e.household_id = ? ORDER BY e.event",
     sizeof(struct row_event), event_read, offsetof(struct row_history, events),
     offsetof(struct row_history, event_count)},
    {"SELECT age, member, on_day FROM age_reached WHERE household_id = ? ORDER BY member, age",
     sizeof(struct row_age), age_read, offsetof(struct row_history, ages),
     offsetof(struct row_history, age_count)},
};

bool store_row_check_history(struct store *s, struct arena *a, int64_t household_id,
                             struct row_history *h, struct error *err)
{
    *h = (struct row_history){0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const struct part *p = &parts[i];
        sqlite3_stmt *q = db_stmt(s, p->sql, err);
        if (!q) {
            return false;
        }
        db_int(q, 1, household_id);
        if (!db_rows(s, q, a, p->size, p->read, (char *)h + p->rows, (int *)((char *)h + p->count),
                     err)) {
            return false;
        }
    }
    return true;
}

bool store_row_check_messages(struct store *s, int64_t *after, int limit, int64_t counts[5],
                              bool *more, struct error *err)
{
    static const char sql[] = "SELECT seq, state FROM message WHERE seq > ? ORDER BY seq LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    int seen = 0;
    if (!q) {
        return false;
    }
    db_int(q, 1, *after);
    db_int(q, 2, limit);
    for (bool row = true;;) {
        if (!db_row(s, q, &row, err)) {
            return false;
        }
        if (!row) {
            *more = seen == limit;
            return true;
        }
        *after = db_get_int(q, 0);
        counts[db_get_name(q, 1, &message_states)]++;
        seen++;
    }
}

bool store_row_check_message_counts(struct store *s, int64_t counts[5], struct error *err)
{
    static const char sql[] = "SELECT state, n FROM message_count";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    memset(counts, 0, 5 * sizeof *counts);
    for (bool row = q != NULL; row;) {
        if (!db_row(s, q, &row, err)) {
            return false;
        }
        if (!row) {
            return true;
        }
        counts[db_get_name(q, 0, &message_states)] = db_get_int(q, 1);
    }
    return false;
}

static void office_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    (void)a;
    *(struct row_office *)out =
        (struct row_office){db_get_int(q, 0), db_get_int(q, 1), db_get_int(q, 2), db_get_int(q, 3)};
}

bool store_row_check_offices(struct store *s, struct arena *a, int64_t township, int64_t month,
                             int limit, struct row_office **rows, int *count, struct error *err)
{
    static const char sql[] = "SELECT township, month, done, on_time FROM office_month "
                              "WHERE (township, month) > (?, ?) ORDER BY township, month LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, township);
    db_int(q, 2, month);
    db_int(q, 3, limit);
    return db_rows(s, q, a, sizeof **rows, office_read, rows, count, err);
}

bool store_row_check_runs(struct store *s, struct date *first, struct date *last, int64_t *count,
                          struct error *err)
{
    static const char sql[] = "SELECT min(day), max(day), count(*) FROM run";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    if (!q || !db_row(s, q, &row, err)) {
        return false;
    }
    *first = db_get_date(q, 0);
    *last = db_get_date(q, 1);
    *count = db_get_int(q, 2);
    db_end(q);
    return true;
}

bool store_row_check_quarantine(struct store *s, int64_t household_id, enum run_phase phase,
                                bool *is, struct error *err)
{
    static const char sql[] = "SELECT 1 FROM set_aside WHERE phase = ? AND household_id = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_name(q, 1, &run_phases, (int)phase);
    db_int(q, 2, household_id);
    if (!db_row(s, q, is, err)) {
        return false;
    }
    if (*is) {
        db_end(q);
    }
    return true;
}

int64_t store_changes(const struct store *s)
{
    return sqlite3_total_changes64(s->db);
}
