#include "store/event.h"

#include "store/db.h"

static const struct word kind_names[] = {{"review", "复核"},     {"report", "情况变化"},
                                         {"tier", "档次调整"},   {"move", "住址变动"},
                                         {"status", "状态变更"}, {"decision", "建档立卡决定"}};
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
        "INSERT INTO household_was (event, division, township, status, register, tier, "
        "tier_source, income, pension, employment_cost, anchor_on, last_review_on, missed_cycles, "
        "reports_seen, approved_on) SELECT ?1, division, township, status, register, tier, "
        "tier_source, income, pension, employment_cost, anchor_on, last_review_on, missed_cycles, "
        "reports_seen, approved_on FROM household WHERE id = ?2";
    static const char members[] =
        "INSERT INTO member_was SELECT ?1, member, birth_on, status, status_on FROM member "
        "WHERE household_id = ?2";
    static const char cycles[] = "INSERT INTO cycle_was (event, cycle, due_on, task, rolled_on) "
                                 "SELECT ?1, cycle, due_on, task, rolled_on FROM cycle "
                                 "WHERE household_id = ?2 AND state = 'open'";
    static const char tasks[] =
        "INSERT INTO task_was (event, task, township, original_due_on, due_on, raised, alert_on, "
        "rolled_on) SELECT ?1, task, township, original_due_on, due_on, raised, alert_on, "
        "rolled_on FROM task WHERE household_id = ?2 AND state = 'open'";
    static const char *const all[] = {household, members, cycles, tasks};
    return event_insert(s, household_id, kind, on, err) &&
           run_all(s, all, sizeof all / sizeof *all, sqlite3_last_insert_rowid(s->db), household_id,
                   on, err);
}

bool store_event_latest(struct store *s, int64_t household_id, struct event_row *row,
                        struct error *err)
{
    static const char sql[] =
        "SELECT e.event, e.household_id, e.kind, e.on_day, e.last_task, "
        "w.approved_on IS NOT h.approved_on "
        "FROM event e CROSS JOIN household_was w ON w.event = e.event "
        "CROSS JOIN household h ON h.id = e.household_id "
        "WHERE e.household_id = ? AND e.corrected = 0 ORDER BY e.event DESC LIMIT 1";
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
        *row = (struct event_row){
            db_get_int(q, 0),  db_get_int(q, 1), (enum event_kind)db_get_name(q, 2, &event_kinds),
            db_get_date(q, 3), db_get_int(q, 4), db_get_int(q, 5) != 0};
        db_end(q);
    }
    return true;
}

/* ---- taking back: of each kind what it can have changed, and nothing that came in since ---- */

#define LAST(of) "(SELECT last_" of " FROM event WHERE event = ?1)"
/* The report that the event is, and the member that it named as gone or come. */
#define THE_REPORT                                                                                 \
    "(SELECT report FROM report WHERE household_id = ?2 AND corrected = 0 AND kind <> 'age' "      \
    "AND report > " LAST("report") ")"
#define THE_MEMBER                                                                                 \
    "(SELECT member FROM report WHERE report = " THE_REPORT                                        \
    " AND kind IN ('death', 'birth', 'move-in', 'move-out'))"
/* A triggered review that was open before the event. */
#define TRIGGERED_WAS                                                                              \
    "(SELECT t.task FROM task_was w JOIN task t ON t.task = w.task "                               \
    "WHERE w.event = ?1 AND t.kind = 'triggered-review')"

/* Cycles that the event began, with their tasks. */
static const char cycles_made[] =
    "UPDATE cycle SET state = 'superseded', closed_on = coalesce(closed_on, ?3) "
    "WHERE household_id = ?2 AND cycle > " LAST("cycle");
static const char cycle_tasks_made[] =
    "UPDATE task SET state = 'cancelled', done_on = NULL, alert_on = NULL "
    "WHERE household_id = ?2 AND state <> 'cancelled' AND cycle > " LAST("cycle");
/* The cycle that the event closed. */
static const char cycle_back[] =
    "UPDATE cycle SET state = 'open', closed_on = NULL, task = w.task FROM cycle_was w "
    "WHERE w.event = ?1 AND cycle.cycle = w.cycle AND cycle.household_id = ?2 "
    "AND cycle.state <> 'open'";
/* Tasks that the event closed. */
static const char tasks_back[] =
    "UPDATE task SET state = 'open', done_on = NULL, outcome = NULL FROM task_was w "
    "WHERE w.event = ?1 AND task.task = w.task AND task.household_id = ?2 AND task.state <> 'open'";
static const char tasks_moved[] =
    "UPDATE task SET township = (SELECT township FROM household WHERE id = ?2) "
    "WHERE household_id = ?2 AND state = 'open' "
    "AND township <> (SELECT township FROM household WHERE id = ?2)";
/* An age that was reached since is nobody's entry: its report joins the triggered review that opens
 * again, instead of the one that it opened. */
static const char ages_join[] =
    "UPDATE report SET task = " TRIGGERED_WAS " WHERE household_id = ?2 AND kind = 'age' "
    "AND task > " LAST("task") " AND " TRIGGERED_WAS " IS NOT NULL";
static const char triggered_made[] =
    "UPDATE task SET state = 'cancelled', done_on = NULL, alert_on = NULL "
    "WHERE household_id = ?2 AND state = 'open' AND kind = 'triggered-review' "
    "AND task > " LAST("task") " AND " TRIGGERED_WAS " IS NOT NULL";
static const char endings[] = "UPDATE ending SET corrected = 1 WHERE household_id = ?2 "
                              "AND ending > " LAST("ending");

static const char review_household[] =
    "UPDATE household SET status = w.status, anchor_on = w.anchor_on, "
    "last_review_on = w.last_review_on, missed_cycles = w.missed_cycles, "
    "reports_seen = w.reports_seen FROM household_was w WHERE w.event = ?1 AND household.id = ?2";
/* A postponement closes nothing: its deadlines go back. */
#define POSTPONED                                                                                  \
    "(SELECT task FROM review WHERE household_id = ?2 AND outcome = 'postpone' "                   \
    "AND corrected = 0 AND review > " LAST("review") ")"
static const char postponed_cycle[] =
    "UPDATE cycle SET due_on = w.due_on, rolled_on = w.rolled_on FROM cycle_was w "
    "WHERE w.event = ?1 AND cycle.cycle = w.cycle AND cycle.household_id = ?2 "
    "AND cycle.task = " POSTPONED;
static const char postponed_task[] =
    "UPDATE task SET original_due_on = w.original_due_on, due_on = w.due_on, raised = w.raised, "
    "alert_on = w.alert_on, rolled_on = w.rolled_on FROM task_was w "
    "WHERE w.event = ?1 AND task.task = w.task AND task.household_id = ?2 "
    "AND task.task = " POSTPONED;
static const char reviews[] = "UPDATE review SET corrected = 1 WHERE household_id = ?2 "
                              "AND review > " LAST("review");

static const char report_money[] =
    "UPDATE household SET "
    "income = iif(household.income IS r.income, w.income, household.income), "
    "pension = iif(household.pension IS r.pension, w.pension, household.pension), "
    "employment_cost = "
    "iif(household.employment_cost IS r.employment_cost, w.employment_cost, "
    "household.employment_cost) "
    "FROM household_was w, report r WHERE w.event = ?1 AND household.id = ?2 "
    "AND r.report = " THE_REPORT;
static const char member_made[] =
    "UPDATE member SET status = 'moved-out', status_on = ?3 WHERE household_id = ?2 "
    "AND member = " THE_MEMBER
    " AND member NOT IN (SELECT member FROM member_was WHERE event = ?1)";
static const char member_back[] =
    "UPDATE member SET birth_on = w.birth_on, status = w.status, status_on = w.status_on "
    "FROM member_was w WHERE w.event = ?1 AND member.household_id = ?2 "
    "AND member.member = w.member AND w.member = " THE_MEMBER;
static const char assets[] =
    "DELETE FROM asset WHERE household_id = ?2 "
    "AND asset = (SELECT asset FROM report WHERE report = " THE_REPORT ") "
    "AND asset NOT IN (SELECT asset FROM report WHERE household_id = ?2 AND corrected = 0 "
    "AND asset IS NOT NULL AND report <= " LAST("report") ")";
/* Unless the calendar has reported an age to it since. */
static const char report_task[] =
    "UPDATE task SET state = 'cancelled', done_on = NULL, alert_on = NULL "
    "WHERE task = (SELECT task FROM report WHERE report = " THE_REPORT ") "
    "AND task > " LAST(
        "task") " AND household_id = ?2 AND NOT EXISTS (SELECT 1 FROM report r "
                "WHERE r.task = task.task AND r.corrected = 0 AND r.report <> " THE_REPORT ")";
static const char report_taken[] = "UPDATE report SET corrected = 1 WHERE report = " THE_REPORT;

static const char tier_household[] =
    "UPDATE household SET tier = w.tier, tier_source = w.tier_source FROM household_was w "
    "WHERE w.event = ?1 AND household.id = ?2";
static const char tier_changes[] = "UPDATE tier_change SET corrected = 1 WHERE household_id = ?2 "
                                   "AND number > " LAST("tier");

/* A division that was joined to another since is that one. */
#define DIVISION_WAS                                                                               \
    "(SELECT coalesce(d.merged_into, d.code) FROM household_was w JOIN division d "                \
    "ON d.code = w.division WHERE w.event = ?1)"
static const char move_household[] =
    "UPDATE household SET division = " DIVISION_WAS ", township = (SELECT iif(level = 'village', "
    "parent, code) FROM division WHERE code = " DIVISION_WAS ") WHERE id = ?2";

static const char status_household[] =
    "UPDATE household SET status = w.status FROM household_was w "
    "WHERE w.event = ?1 AND household.id = ?2";

/* The decision that the event is; a state that another gave in the meantime stays. */
#define THE_DECISION                                                                               \
    "(SELECT d.task FROM task_was w JOIN decision d ON d.task = w.task JOIN task t "               \
    "ON t.task = w.task WHERE w.event = ?1 AND d.corrected = 0 AND t.state = 'done')"
static const char decision_household[] =
    "UPDATE household SET register = d.before FROM decision d WHERE household.id = ?2 "
    "AND d.task = " THE_DECISION " AND d.applied = 1 AND household.register = d.after";
static const char decision_taken[] =
    "UPDATE decision SET corrected = 1 WHERE task = " THE_DECISION " AND household_id = ?2";

/* In order: what was made goes before what was comes back. */
static const struct undo {
    const char *statements[14];
} undo[] = {
    [EVENT_REVIEW] = {{review_household, cycles_made, cycle_tasks_made, ages_join, triggered_made,
                       cycle_back, tasks_back, postponed_cycle, postponed_task, reviews, endings,
                       tasks_moved}},
    [EVENT_REPORT] = {{report_money, member_made, member_back, assets, report_task, report_taken}},
    [EVENT_TIER] = {{NULL}},
    [EVENT_MOVE] = {{move_household, tasks_moved}},
    [EVENT_STATUS] = {{status_household, cycle_back, tasks_back, endings, tasks_moved}},
    [EVENT_DECISION] = {{decision_household, decision_taken, tasks_back, tasks_moved}},
};
/* What a change of tier made, unless an import has given another since. */
static const struct undo undo_tier = {
    {tier_household, cycles_made, cycle_tasks_made, cycle_back, tier_changes}};

static bool tier_by_import(struct store *s, const struct event_row *event, bool *is,
                           struct error *err)
{
    static const char sql[] = "SELECT 1 FROM tier_change WHERE household_id = ?2 "
                              "AND reason = 'import' AND number > " LAST("tier") " LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, event->event);
    db_int(q, 2, event->household_id);
    if (!db_row(s, q, is, err)) {
        return false;
    }
    if (*is) {
        db_end(q);
    }
    return true;
}

static bool run_undo(struct store *s, const struct undo *u, const struct event_row *event,
                     struct date today, struct error *err)
{
    size_t count = 0;
    while (u->statements[count]) {
        count++;
    }
    return run_all(s, u->statements, count, event->event, event->household_id, today, err);
}

bool store_event_undo(struct store *s, const struct event_row *event, struct date today,
                      struct error *err)
{
    static const char *const taken[] = {"UPDATE event SET corrected = 1 WHERE event = ?1"};
    bool by_import = true;
    if (event->kind == EVENT_TIER || event->kind == EVENT_REPORT) {
        if (!tier_by_import(s, event, &by_import, err)) {
            return false;
        }
    }
    return (by_import || run_undo(s, &undo_tier, event, today, err)) &&
           run_undo(s, &undo[event->kind], event, today, err) &&
           run_all(s, taken, 1, event->event, event->household_id, today, err);
}
