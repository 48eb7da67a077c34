#include "store/event.h"

#include "store/db.h"

static const char *const kind_names[] = {"review", "report", "tier", "move", "status", "decision"};
const struct names event_kinds = NAMES_TABLE("event", kind_names);

/* Statements with one list of parameters: ?1 event, ?2 household, ?3 today. */
static bool run_all(struct store *s, const char *const *statements, size_t count, int64_t event,
                    int64_t household_id, struct date today, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        sqlite3_stmt *q = db_stmt(s, statements[i], err);
        if (!q) {
            return false;
        }
        int wanted = sqlite3_bind_parameter_count(q);
        db_int(q, 1, event);
        if (wanted > 1) {
            db_int(q, 2, household_id);
        }
        if (wanted > 2) {
            db_date(q, 3, today);
        }
        if (!db_run(s, q, err)) {
            return false;
        }
    }
    return true;
}

static bool event_insert(struct store *s, int64_t household_id, enum event_kind kind,
                         struct date on, struct error *err)
{
    static const char sql[] =
        "INSERT INTO event (household_id, kind, on_day, last_cycle, last_task, last_review, "
        "last_report, last_ending, last_tier) VALUES (?1, ?2, ?3, "
        "(SELECT coalesce(max(cycle), 0) FROM cycle WHERE household_id = ?1), "
        "(SELECT coalesce(max(task), 0) FROM task WHERE household_id = ?1), "
        "(SELECT coalesce(max(review), 0) FROM review WHERE household_id = ?1), "
        "(SELECT coalesce(max(report), 0) FROM report WHERE household_id = ?1), "
        "(SELECT coalesce(max(ending), 0) FROM ending WHERE household_id = ?1), "
        "(SELECT coalesce(max(number), 0) FROM tier_change WHERE household_id = ?1))";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_name(q, 2, &event_kinds, (int)kind);
    db_date(q, 3, on);
    return db_run(s, q, err);
}

bool store_event_note(struct store *s, int64_t household_id, enum event_kind kind, struct date on,
                      struct error *err)
{
    static const char household[] =
        "INSERT INTO household_was SELECT ?1, division, township, status, register, tier, "
        "tier_source, income, pension, employment_cost, anchor_on, last_review_on, missed_cycles, "
        "reports_seen FROM household WHERE id = ?2";
    static const char members[] =
        "INSERT INTO member_was SELECT ?1, member, birth_on, status, status_on FROM member "
        "WHERE household_id = ?2";
    static const char cycles[] = "INSERT INTO cycle_was SELECT ?1, cycle, due_on, task FROM cycle "
                                 "WHERE household_id = ?2 AND state = 'open'";
    static const char tasks[] =
        "INSERT INTO task_was SELECT ?1, task, township, original_due_on, due_on, raised, "
        "alert_on FROM task WHERE household_id = ?2 AND state = 'open'";
    static const char *const all[] = {household, members, cycles, tasks};
    return event_insert(s, household_id, kind, on, err) &&
           run_all(s, all, sizeof all / sizeof *all, sqlite3_last_insert_rowid(s->db), household_id,
                   on, err);
}

bool store_event_latest(struct store *s, int64_t household_id, struct event_row *row,
                        struct error *err)
{
    static const char sql[] = "SELECT event, household_id, kind, on_day FROM event "
                              "WHERE household_id = ? AND corrected = 0 "
                              "ORDER BY event DESC LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool found;
    *row = (struct event_row){0};
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    if (!db_row(s, q, &found, err)) {
        return false;
    }
    if (found) {
        *row =
            (struct event_row){db_get_int(q, 0), db_get_int(q, 1),
                               (enum event_kind)db_get_name(q, 2, &event_kinds), db_get_date(q, 3)};
        db_end(q);
    }
    return true;
}

/* What the event made. Cycles first: the open one must give way before the old one opens again. An
 * age that was reached since is nobody's entry: its report stands, and its triggered review unless
 * one that was open before opens again. */
static bool undo_made(struct store *s, const struct event_row *event, struct date today,
                      struct error *err)
{
    static const char cycles[] =
        "UPDATE cycle SET state = 'superseded', closed_on = coalesce(closed_on, ?3) "
        "WHERE household_id = ?2 AND cycle > (SELECT last_cycle FROM event WHERE event = ?1)";
    static const char tasks[] =
        "UPDATE task SET state = 'cancelled', done_on = NULL, alert_on = NULL "
        "WHERE household_id = ?2 AND state <> 'cancelled' "
        "AND task > (SELECT last_task FROM event WHERE event = ?1) "
        "AND (task NOT IN (SELECT task FROM report WHERE household_id = ?2 AND kind = 'age' "
        "AND task IS NOT NULL) OR EXISTS (SELECT 1 FROM task_was w JOIN task o ON o.task = w.task "
        "WHERE w.event = ?1 AND o.kind = 'triggered-review'))";
    static const char members[] =
        "UPDATE member SET status = 'moved-out', status_on = ?3 WHERE household_id = ?2 "
        "AND member NOT IN (SELECT member FROM member_was WHERE event = ?1)";
    static const char reviews[] = "UPDATE review SET corrected = 1 WHERE household_id = ?2 "
                                  "AND review > (SELECT last_review FROM event WHERE event = ?1)";
    static const char assets[] =
        "DELETE FROM asset WHERE household_id = ?2 AND asset IN (SELECT asset FROM report "
        "WHERE household_id = ?2 AND corrected = 0 AND asset IS NOT NULL "
        "AND report > (SELECT last_report FROM event WHERE event = ?1)) "
        "AND asset NOT IN (SELECT asset FROM report WHERE household_id = ?2 AND corrected = 0 "
        "AND asset IS NOT NULL AND report <= (SELECT last_report FROM event WHERE event = ?1))";
    static const char reports[] =
        "UPDATE report SET corrected = 1 WHERE household_id = ?2 AND kind <> 'age' "
        "AND report > (SELECT last_report FROM event WHERE event = ?1)";
    static const char endings[] = "UPDATE ending SET corrected = 1 WHERE household_id = ?2 "
                                  "AND ending > (SELECT last_ending FROM event WHERE event = ?1)";
    static const char tiers[] = "UPDATE tier_change SET corrected = 1 WHERE household_id = ?2 "
                                "AND number > (SELECT last_tier FROM event WHERE event = ?1)";
    static const char decisions[] = "UPDATE decision SET corrected = 1 "
                                    "WHERE task IN (SELECT task FROM task_was WHERE event = ?1)";
    static const char *const all[] = {cycles,  tasks,   members, reviews,  assets,
                                      reports, endings, tiers,   decisions};
    return run_all(s, all, sizeof all / sizeof *all, event->event, event->household_id, today, err);
}

bool store_event_undo(struct store *s, const struct event_row *event, struct date today,
                      struct error *err)
{
    /* A division that was joined to another since stands for that one. */
    static const char household[] =
        "UPDATE household SET division = d.code, "
        "township = CASE d.level WHEN 'township' THEN d.code ELSE d.parent END, "
        "status = w.status, "
        "register = w.register, tier = w.tier, tier_source = w.tier_source, income = w.income, "
        "pension = w.pension, employment_cost = w.employment_cost, anchor_on = w.anchor_on, "
        "last_review_on = w.last_review_on, missed_cycles = w.missed_cycles, "
        "reports_seen = w.reports_seen FROM household_was w "
        "JOIN division o ON o.code = w.division "
        "JOIN division d ON d.code = coalesce(o.merged_into, o.code) "
        "WHERE w.event = ?1 AND household.id = ?2";
    static const char members[] =
        "UPDATE member SET birth_on = w.birth_on, status = w.status, status_on = w.status_on "
        "FROM member_was w WHERE w.event = ?1 AND member.household_id = ?2 "
        "AND member.member = w.member";
    static const char cycles[] =
        "UPDATE cycle SET state = 'open', closed_on = NULL, due_on = w.due_on, task = w.task "
        "FROM cycle_was w WHERE w.event = ?1 AND cycle.cycle = w.cycle "
        "AND cycle.household_id = ?2";
    static const char tasks[] =
        "UPDATE task SET state = 'open', done_on = NULL, outcome = NULL, "
        "township = (SELECT township FROM household WHERE id = ?2), "
        "original_due_on = w.original_due_on, due_on = w.due_on, raised = w.raised, "
        "alert_on = w.alert_on FROM task_was w WHERE w.event = ?1 AND task.task = w.task "
        "AND task.household_id = ?2";
    static const char done[] = "UPDATE event SET corrected = 1 WHERE event = ?1";
    static const char *const all[] = {household, members, cycles, tasks, done};
    return undo_made(s, event, today, err) &&
           run_all(s, all, sizeof all / sizeof *all, event->event, event->household_id, today, err);
}
