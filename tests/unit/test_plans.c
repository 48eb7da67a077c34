/* store: no statement scans a table that grows with the households, and none sorts in a temporary
 * b-tree (architecture.md section 2, "The store"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/sample.h"
#include "store/audit.h"
#include "store/backup.h"
#include "store/calendar.h"
#include "store/campaign.h"
#include "store/db.h"
#include "store/division.h"
#include "store/doubt.h"
#include "store/event.h"
#include "store/find.h"
#include "store/merge.h"
#include "store/message.h"
#include "store/office.h"
#include "store/origin.h"
#include "store/quarantine.h"
#include "store/report.h"
#include "store/row_check.h"
#include "store/run.h"

#define TODAY date_of(2026, 11, 24)

/* Tables that stay small whatever the county's size, by the name or alias that the plan shows. */
static const char *const small[] = {"household_count",
                                    "task_count",
                                    "message_count",
                                    "calendar_year",
                                    "workday",
                                    "audit_day",
                                    "set_aside",
                                    "a",
                                    "restored",
                                    "sqlite_sequence",
                                    "birth_unknown",
                                    "entry_count",
                                    "run"};

static struct sample m;
static struct error err;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed without a word");
    }
}

static bool take_household(void *self, const struct household_row *row)
{
    (void)self, (void)row;
    return true;
}

static bool take_aside(void *self, const struct quarantine_row *row)
{
    (void)self, (void)row;
    return true;
}

static void call_households(struct household_row *h)
{
    struct untold_row *untold;
    struct member_row member = {
        .member = STR("1"), .student = -1, .birth_on = DATE_NONE, .status_on = DATE_NONE};
    struct member_row *members;
    struct tier_span *spans;
    struct quarantine_row aside;
    bool found;
    int count;
    *h = sample_household(STR("h1"));
    must(store_household_insert(m.s, h, &err));
    must(store_household_update(m.s, h, &err));
    must(store_household_find(m.s, &m.a, STR("h1"), h, &err));
    must(store_household_get(m.s, &m.a, h->id, h, &err));
    struct str number;
    must(store_household_number(m.s, &m.a, h->id, &number, &err));
    must(store_household_next(m.s, &m.a, 0, h, &err));
    must(store_tiers_untold(m.s, &m.a, 9, &untold, &count, &err));
    must(store_tier_told(m.s, h->id, true, TODAY, &err));
    must(store_tier_told(m.s, h->id, false, TODAY, &err));
    bool more;
    must(store_households_settled(m.s, TODAY, 10, &more, &err));
    must(store_household_any(m.s, TOWNSHIP, OTHER_TOWNSHIP, &found, &err));
    must(store_household_each(m.s, &m.a, 0, STR(""), take_household, NULL, &err));
    must(store_household_each(m.s, &m.a, TOWNSHIP, STR(""), take_household, NULL, &err));
    must(store_member_put(m.s, h->id, &member, &err));
    must(store_member_find(m.s, &m.a, h->id, STR("1"), &member, &found, &err));
    must(store_member_any(m.s, h->id, &found, &err));
    must(store_members(m.s, &m.a, h->id, &members, &count, &err));
    must(store_tier_change(m.s, h->id, TODAY, TIER_ANNUAL, TIER_QUARTERLY, TIER_GIVEN, STR_NONE,
                           &err));
    must(store_tier_spans(m.s, &m.a, h->id, TIER_ANNUAL, &spans, &count, &err));
    must(store_quarantine_put(m.s, h->id, RUN_OPEN, STR("why"), TODAY, &err));
    must(store_quarantine_each(m.s, &m.a, take_aside, NULL, &err));
    must(store_quarantine_next(m.s, &m.a, RUN_OPEN, 0, TODAY, &aside, &err));
    must(store_quarantine_clear(m.s, h->id, RUN_OPEN, &err));
    must(store_quarantine_expire(m.s, RUN_OPEN, TODAY, &err));
}

static void call_divisions(void)
{
    struct division_row row;
    int64_t up;
    must(store_division_get(m.s, &m.a, VILLAGE, &row, &err));
    must(store_division_up(m.s, VILLAGE, LEVEL_CITY, &up, &err));
    must(store_division_next(m.s, &m.a, LEVEL_TOWNSHIP, 0, &row, &err));
    must(store_division_now(m.s, VILLAGE, &up, &err));
}

static void call_cycles(int64_t household, struct cycle_row *c)
{
    struct cycle_row *rows;
    int step, count;
    *c = sample_cycle(household, 1);
    must(store_cycle_insert(m.s, c, &err));
    must(store_cycle_update(m.s, c, &err));
    must(store_cycle_get(m.s, c->cycle, c, &err));
    must(store_cycle_open_of(m.s, household, c, &err));
    must(store_cycle_last_step(m.s, household, c->anchor_on, &step, &err));
    must(store_cycles_to_open(m.s, &m.a, TODAY, DATE_NONE, 0, 9, &rows, &count, &err));
    must(store_cycles_due(m.s, &m.a, TODAY, TODAY, DATE_NONE, 0, 9, &rows, &count, &err));
    must(store_cycles_of(m.s, &m.a, household, &rows, &count, &err));
}

static void call_tasks(int64_t household, int64_t cycle)
{
    struct task_row t = sample_task(household, cycle), *rows;
    struct review_row review = {.household_id = household,
                                .on = TODAY,
                                .to = DATE_NONE,
                                .recorded_at = (char *)"2026-11-24T08:00:00+08:00",
                                .who = STR("ran")};
    struct review_row *reviews;
    int64_t township;
    bool lost;
    int count;
    must(store_task_insert(m.s, &t, &err));
    must(store_cycle_set_task(m.s, cycle, t.task, &err));
    must(store_task_update(m.s, &t, &err));
    must(store_task_get(m.s, &m.a, t.task, &t, &err));
    must(store_task_open_of(m.s, &m.a, household, TASK_REGULAR_REVIEW, &t, &err));
    must(store_tasks_of(m.s, &m.a, household, &rows, &count, &err));
    must(store_tasks_due(m.s, &m.a, 0, TODAY, TODAY, DATE_NONE, 0, 9, &rows, &count, &err));
    must(store_tasks_due(m.s, &m.a, TOWNSHIP, TODAY, TODAY, DATE_NONE, 0, 9, &rows, &count, &err));
    must(store_tasks_alert(m.s, &m.a, TODAY, DATE_NONE, 0, 9, &rows, &count, &err));
    must(store_task_raised(m.s, t.task, 0, TODAY, &err));
    must(store_task_township_next(m.s, 0, &township, &err));
    must(store_tasks_listed(m.s, TOWNSHIP, TODAY, &err));
    must(store_tasks_move(m.s, household, OTHER_TOWNSHIP, &err));
    review.task = t.task;
    must(store_review_insert(m.s, &review, &err));
    must(store_task_lost(m.s, t.task, &lost, &err));
    must(store_reviews_of(m.s, &m.a, t.task, &reviews, &count, &err));
}

static void call_offices(void)
{
    struct office_row *rows;
    struct date before;
    int count;
    must(store_offices(m.s, &m.a, DISTRICT, TODAY, &rows, &count, &err));
    must(store_office_listed(m.s, TOWNSHIP, TODAY, &before, &err));
}

static void call_register(int64_t household)
{
    struct campaign_row campaign = {2026, TODAY, DATE_NONE};
    struct task_row t = sample_task(household, 0), *tasks;
    struct decision_row d = {.household_id = household,
                             .on = TODAY,
                             .effect_on = date_of(2027, 1, 1),
                             .recorded_at = (char *)"2026-11-24T08:00:00+08:00",
                             .who = STR("ran")};
    struct decision_row *rows;
    struct task_row of_year;
    int count;
    t.kind = TASK_REGISTER_ADJUSTMENT;
    t.year = 2026;
    must(store_task_insert(m.s, &t, &err));
    must(store_campaign_put(m.s, &campaign, &err));
    must(store_campaign_get(m.s, 2026, &campaign, &err));
    d.task = t.task;
    must(store_decision_insert(m.s, &d, &err));
    must(store_decision_get(m.s, &m.a, d.task, &d, &err));
    must(store_decisions_pending(m.s, &m.a, date_of(2027, 1, 1), DATE_NONE, 0, 9, &rows, &count,
                                 &err));
    must(store_decision_applied(m.s, d.task, &err));
    must(store_tasks_of_year(m.s, &m.a, 2026, 0, 9, &tasks, &count, &err));
    must(store_tasks_of_year_in(m.s, &m.a, TOWNSHIP, 2026, 0, &tasks, &count, &err));
    must(store_task_of_year(m.s, &m.a, household, TASK_REGISTER_ADJUSTMENT, 2026, &of_year, &err));
}

static void call_reports(int64_t household)
{
    struct report_row report = {.household_id = household,
                                .on = TODAY,
                                .recorded_on = TODAY,
                                .income = FEN_UNKNOWN,
                                .pension = FEN_UNKNOWN,
                                .employment_cost = FEN_UNKNOWN,
                                .source = STR("visit"),
                                .recorded_at = (char *)"2026-11-24T08:00:00+08:00",
                                .who = STR("ran")};
    struct report_row *reports;
    struct ending_row ending = {.household_id = household,
                                .on = TODAY,
                                .recorded_at = report.recorded_at,
                                .who = STR("ran")};
    struct ending_row *endings;
    struct birthday_row *births;
    struct asset_row *assets;
    struct date on;
    int64_t last;
    bool added;
    int count;
    must(store_report_insert(m.s, &report, &err));
    must(store_reports_of(m.s, &m.a, household, 0, &reports, &count, &err));
    must(store_reports_of(m.s, &m.a, household, 1, &reports, &count, &err));
    must(store_report_last(m.s, household, TODAY, &last, &err));
    must(store_report_member_left(m.s, household, 0, &on, &err));
    must(store_asset_put(m.s, household, STR("car"), TODAY, TODAY, &err));
    must(store_assets_of(m.s, &m.a, household, &assets, &count, &err));
    must(store_ending_insert(m.s, &ending, &err));
    ending.clause = STR("3.5");
    ending.remark = STR("protected");
    must(store_hold_insert(m.s, &ending, &err));
    must(store_hold_known(m.s, &ending, &added, &err));
    must(store_exceptions(m.s, &m.a, TODAY, TODAY, DATE_NONE, 0, 9, &endings, &count, &err));
    must(store_holds(m.s, &m.a, 0, 9, &endings, &count, &err));
    must(store_birthdays(m.s, &m.a, TODAY, 0, STR(""), 9, &births, &count, &err));
    must(store_age_put(m.s, STR("sha256:1"), 16, household, STR("1"), TODAY, &added, &err));
}

static void call_events(int64_t household)
{
    struct event_row event;
    struct event_was was;
    bool imported;
    for (int kind = EVENT_REVIEW; kind <= EVENT_DECISION; kind++) {
        must(store_event_note(m.s, household, (enum event_kind)kind, TODAY, &err));
        must(store_event_latest(m.s, household, &event, &err));
        must(store_event_was(m.s, &m.a, event.event, &was, &err));
    }
    for (int entry = ENTRY_EVENT; entry <= ENTRIES_TIER; entry++) {
        must(store_event_taken_back(m.s, (enum event_entry)entry, household, 1, &err));
    }
    must(store_tier_changed_by(m.s, household, 0, STR("import"), &imported, &err));
    must(store_report_join(m.s, 1, 1, &err));
    must(store_asset_remove(m.s, household, STR("car"), &err));
}

static void call_messages(void)
{
    struct message_row row = {.division = TOWNSHIP,
                              .kind = STR("alert"),
                              .subject = STR("1/late"),
                              .created_on = TODAY,
                              .body = STR("{}")};
    struct message_row *rows;
    struct message_page page;
    bool added;
    int count;
    int64_t division;
    must(store_message_put(m.s, &row, &added, &err));
    must(store_message_state(m.s, row.seq, MESSAGE_QUEUED, &err));
    must(store_messages_in(m.s, &m.a, MESSAGE_QUEUED, NULL, 0, 9, &rows, &count, &err));
    must(store_messages_in(m.s, &m.a, MESSAGE_STAGED, MESSAGE_DAILY, 0, 9, &rows, &count, &err));
    must(store_messages_made(m.s, &m.a, 0, 9, &rows, &count, &err));
    must(store_messages_of(m.s, &m.a, TOWNSHIP, true, 0, 9, 9, &page, &err));
    must(store_messages_of(m.s, &m.a, TOWNSHIP, false, 0, 9, 9, &page, &err));
    must(store_messages_told(m.s, &m.a, TOWNSHIP, 9, 0, 9, &rows, &count, &err));
    must(store_message_division_next(m.s, 0, &division, &err));
    must(store_messages_carried(m.s, TOWNSHIP, 9, true, &err));
    must(store_messages_carried(m.s, TOWNSHIP, 9, false, &err));
    must(store_message_ready(m.s, row.seq, STR("{}"), &err));
    must(store_message_lease(m.s, row.seq, 1790000000, &err));
    must(store_message_get(m.s, row.seq, &row, &err));
    must(store_message_unmake(m.s, row.seq, &err));
}

static void call_merge(void)
{
    struct message_row row = {.division = TOWNSHIP,
                              .kind = STR("told"),
                              .subject = STR("x"),
                              .created_on = TODAY,
                              .body = STR("{}")};
    struct merging_row merging = {TOWNSHIP, OTHER_TOWNSHIP, ACTOR_CLOCK};
    int64_t below;
    bool said;
    must(store_message_put(m.s, &row, &said, &err));
    must(store_message_said(m.s, OTHER_TOWNSHIP, row.kind, row.subject, &said, &err));
    must(store_message_give(m.s, row.seq, OTHER_TOWNSHIP, row.subject, MESSAGE_QUEUED, &err));
    must(store_merge_division(m.s, TOWNSHIP, OTHER_TOWNSHIP, TODAY, &below, &err));
    must(store_merge_months(m.s, TOWNSHIP, OTHER_TOWNSHIP, &err));
    must(store_merging_set(m.s, &merging, &err));
    must(store_merging_get(m.s, &m.a, &merging, &err));
    must(store_merging_clear(m.s, &err));
}

static void call_origins(int64_t household)
{
    struct origin_row row = {.household_id = household, .fact = FACT_TIER, .value = STR("annual")};
    struct origin_row *rows;
    int count;
    must(store_origin_put(m.s, &row, &err));
    must(store_origin_back(m.s, household, FACT_TIER, STR("annual"), &err));
    must(store_origin_reports_back(m.s, household, &err));
    must(store_origins_of(m.s, &m.a, household, &rows, &count, &err));
    assert_int_equal(count, 1);
}

static void call_restore(void)
{
    struct restored_row row = {.backed_up = (char *)"2026-11-24T07:30:00+08:00"};
    char *text;
    must(store_meta_set(m.s, "backup", row.backed_up, &err));
    must(store_backup_mark(m.s, &m.a, &text, &err));
    must(store_restore(m.s, 1790000000, 1000, &row, &err));
    must(store_restored_last(m.s, &m.a, &row, &err));
    must(store_meta_clear(m.s, "a", &err));
}

static void call_runs(void)
{
    struct run_row run = {
        .day = TODAY, .for_day = TODAY, .started_at = "2026-11-24T07:30:00+08:00"};
    struct import_row import = {
        .accepted_on = TODAY, .file = STR("f"), .who = STR("ran"), .faults = STR("[]")};
    must(store_run_put(m.s, &run, &err));
    must(store_run_get(m.s, TODAY, &run, &err));
    must(store_run_last(m.s, &run, &err));
    must(store_run_running(m.s, &run, &err));
    must(store_run_last_done(m.s, &run, &err));
    struct date oldest;
    must(store_message_oldest(m.s, &oldest, &err));
    struct actor actor;
    must(store_run_asked(m.s, run.day, (struct actor){1, "a"}, &err));
    must(store_run_who(m.s, &m.a, run.day, &actor, &err));
    must(store_import_insert(m.s, &import, &err));
    must(store_import_update(m.s, &import, &err));
    must(store_import_applying(m.s, &m.a, &import, &err));
}

static void call_proofs(int64_t household)
{
    struct row_history history;
    struct row_office *offices;
    struct date first, last;
    int64_t after = 0, counts[5] = {0}, runs;
    int count;
    bool is;
    must(store_row_check_history(m.s, &m.a, household, &history, &err));
    must(store_row_check_messages(m.s, &after, 9, counts, &is, &err));
    must(store_row_check_message_counts(m.s, counts, &err));
    must(store_row_check_offices(m.s, &m.a, 0, 0, 9, &offices, &count, &err));
    must(store_row_check_runs(m.s, &first, &last, &runs, &err));
    must(store_row_check_quarantine(m.s, household, RUN_OPEN, &is, &err));
}

static void call_others(void)
{
    struct workday_row day = {date_of(2026, 10, 1), DAY_HOLIDAY, STR("国庆节"), 2026}, *days;
    struct standard_row standard = {DISTRICT, 2026, 864000, 700000}, *standards;
    struct audit_row *audit;
    struct store_counts counts;
    char head[DIGEST_HEX + 1], *text;
    int64_t after;
    int count;
    must(store_calendar_year(m.s, 2026, "abc", &err));
    must(store_calendar_year(m.s, 2026, NULL, &err));
    must(store_workday_put(m.s, &day, &err));
    for (int by = 0; by < FIND_END; by++) {
        struct found_row from = {.key = STR("x")}, *found;
        must(store_find(m.s, &m.a, (enum find_by)by, STR("x"), &from, 9, &found, &count, &err));
    }
    int64_t *due;
    bool is_told;
    must(store_person_elsewhere(m.s, STR("x"), 1, &after, &err));
    must(store_doubt_mark(m.s, 1, &err));
    must(store_doubts_due(m.s, &m.a, 9, &due, &count, &err));
    must(store_doubt_done(m.s, 1, &err));
    must(store_doubt_told(m.s, TOWNSHIP, STR("x/"), &is_told, &err));
    must(store_workday_drop(m.s, day.day, &err));
    must(store_workdays(m.s, &m.a, day.day, day.day, &days, &count, &err));
    must(store_calendar_file(m.s, &m.a, 2026, &text, &err));
    struct calendar *c = store_calendar_load(m.s, &err);
    must(c != NULL);
    calendar_free(c);
    must(store_standard_put(m.s, &standard, &err));
    must(store_standard_get(m.s, DISTRICT, 2026, &standard, &err));
    must(store_standard_latest(m.s, DISTRICT, 2027, &standard, &err));
    must(store_standards(m.s, &m.a, 0, 0, 0, 9, &standards, &count, &err));
    must(store_audit_add(m.s, 1790000000, ACTOR_CLOCK, "a", STR("h1"), STR_NONE, STR_NONE, &err));
    must(store_audit_head(m.s, head, NULL, &err));
    must(store_audit_list(m.s, &m.a, STR_NONE, 0, 9, &audit, &count, &err));
    must(store_audit_list(m.s, &m.a, STR("h1"), 0, 9, &audit, &count, &err));
    must(store_audit_since(m.s, TODAY, &after, &err));
    must(store_counts(m.s, TODAY, 0, &counts, &err));
    must(store_meta_set(m.s, "a", "1", &err));
    must(store_meta_get(m.s, &m.a, "a", &text, &err));
}

/* "SCAN t …\n    in: SQL": a small table, or the one row at an end of an order. */
static bool is_allowed(const char *plan, const char *sql)
{
    if (strncmp(plan, "SCAN ", 5) != 0) {
        return false;
    }
    size_t len = strcspn(plan + 5, " \n");
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        if (strlen(small[i]) == len && strncmp(plan + 5, small[i], len) == 0 &&
            (len > 1 || strstr(sql, "FROM set_aside a"))) {
            return true;
        }
    }
    const char *end = strchr(sql, '\n'), *one = strstr(sql, " DESC LIMIT 1\n");
    const char *select = strstr(sql, "SELECT");
    /* What refers to a row that is inserted is looked for only where a statement left a reference
     * without its row; the plan shows it all the same. */
    bool insert = strncmp(sql, "INSERT INTO", 11) == 0 && !(select && select < end);
    return insert || (one && one < end);
}

/* A queue grows for years: what waits, is told or is leased is found by an index of its own. */
static void queues_by_index(void)
{
    static const struct {
        const char *sql; /* a piece of it */
        const char *index;
    } cases[] = {
        {"division = ? AND seq > ? AND state IN", "message_waiting"},
        {"division = ? AND seq > ? ORDER BY seq", "message_queue"},
        {"division = ? AND seq > ? AND seq <= ? AND listed", "message_told"},
        {"SELECT division FROM message", "message_told"},
        {"SET listed = 1 WHERE division", "message_told"},
        {"SET listed = 1, lease_until", "message_told"},
        {"WHERE state = 'ready' AND listed = 1", "message_made"},
        {"SELECT count(*) FROM message", "message_leased"},
        {"WHERE state = ?1 AND state IN", "message_leaving"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *sql = NULL;
        for (size_t slot = 0; slot < DB_STATEMENTS && !sql; slot++) {
            const char *is = m.s->slots[slot].sql;
            sql = is && strstr(is, cases[i].sql) && strstr(is, "message") ? is : NULL;
        }
        assert_non_null(sql);
        char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
        sqlite3_stmt *q;
        assert_int_equal(sqlite3_prepare_v2(m.s->db, explain, -1, &q, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(q), SQLITE_ROW);
        const char *plan = (const char *)sqlite3_column_text(q, 3);
        if (!strstr(plan, cases[i].index)) {
            fail_msg("%s\n    in: %s", plan, sql);
        }
        sqlite3_finalize(q);
        sqlite3_free(explain);
    }
}

static void test_plans(void **state)
{
    struct household_row h;
    struct cycle_row c;
    struct strbuf found = STRBUF_INIT, bad = STRBUF_INIT;
    (void)state;
    sample_folder(&m);
    must(sample_open(&m, &err));
    must(sample_divisions(&m, &err));
    call_divisions();
    call_households(&h);
    call_cycles(h.id, &c);
    call_tasks(h.id, c.cycle);
    call_offices();
    call_register(h.id);
    call_reports(h.id);
    call_events(h.id);
    call_messages();
    call_runs();
    call_others();
    call_origins(h.id);
    call_merge();
    call_restore();
    call_proofs(h.id);
    queues_by_index();
    must(db_scans(m.s, &found, &err));
    const char *text = strbuf_text(&found), *line = text;
    while (line && *line) {
        const char *sql = strstr(line, "\n    in: ");
        assert_non_null(sql);
        const char *next = strchr(sql + 1, '\n');
        assert_non_null(next);
        if (!is_allowed(line, sql + 9)) {
            strbuf_add(&bad, line, (size_t)(next + 1 - line));
        }
        line = next + 1;
    }
    if (bad.len) {
        print_error("%s", strbuf_text(&bad));
        fail();
    }
    strbuf_free(&found);
    strbuf_free(&bad);
    sample_remove(&m);
}

/* A function of the store that is not called above has plans that nobody looked at. A copy is read
 * whole, by a connection and a thread of its own. */
static void test_nothing_forgotten(void **state)
{
    char name[256];
    int missing = 0;
    (void)state;
    FILE *names = popen("grep -ohE '^bool (store|audit)_[a-z_]+\\(' include/store/*.h | "
                        "grep -oE '[a-z_]+\\(' | sort -u | while read -r f; do "
                        "grep -qF \"$f\" tests/unit/test_plans.c tests/lib/sample.c || "
                        "echo \"$f\"; done | grep -vE '^store_(begin|commit|in_transaction|"
                        "savepoint|release|passing|read_begin|checkpoint|copy)'",
                        "r");
    assert_non_null(names);
    while (fgets(name, sizeof name, names)) {
        print_error("not called: %s", name);
        missing++;
    }
    pclose(names);
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plans),
                                       cmocka_unit_test(test_nothing_forgotten)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
