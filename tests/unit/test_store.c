/* store: what goes in comes out, and the schema itself refuses what must not be (issue 4, part 2:
 * the invariants as constraints). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "../lib/sample.h"
#include "store/audit.h"
#include "store/calendar.h"
#include "store/db.h"
#include "store/division.h"
#include "store/message.h"
#include "store/quarantine.h"
#include "store/run.h"
#include "store_sql.h"

static struct sample m;
static struct error err;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed without a word");
    }
}

/* The schema says no, and nothing else does. */
static void refused(bool ok)
{
    assert_false(ok);
    assert_int_equal(err.reason, REASON_CONFLICT);
    error_clear(&err);
}

static int begin(void **state)
{
    (void)state;
    sample_folder(&m);
    return sample_open(&m, &err) && sample_divisions(&m, &err) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    error_clear(&err);
    sample_remove(&m);
    return 0;
}

static struct household_row household(const char *code)
{
    struct household_row row = sample_household(str_of(code));
    must(store_household_insert(m.s, &row, &err));
    return row;
}

static void same_str(struct str a, struct str b)
{
    assert_true(str_equal(a, b));
}

/* ---- round trips ---- */

static void test_division(void **state)
{
    struct division_row row;
    char text[DIVISION_TEXT];
    int64_t up;
    (void)state;
    must(store_division_get(m.s, &m.a, VILLAGE, &row, &err));
    assert_int_equal(row.parent, TOWNSHIP);
    assert_int_equal(row.level, LEVEL_VILLAGE);
    same_str(row.name, STR("红光村"));
    must(store_division_get(m.s, &m.a, VILLAGE + 1, &row, &err));
    assert_int_equal(row.code, 0);
    must(store_division_up(m.s, VILLAGE, LEVEL_DISTRICT, &up, &err));
    assert_int_equal(up, DISTRICT);
    must(store_division_up(m.s, DISTRICT, LEVEL_VILLAGE, &up, &err));
    assert_int_equal(up, 0);
    must(store_division_next(m.s, &m.a, LEVEL_TOWNSHIP, TOWNSHIP, &row, &err));
    assert_int_equal(row.code, OTHER_TOWNSHIP);
    must(store_division_next(m.s, &m.a, LEVEL_TOWNSHIP, OTHER_TOWNSHIP, &row, &err));
    assert_int_equal(row.code, 0);
    assert_int_equal(division_code(STR("500101001")), TOWNSHIP);
    assert_string_equal(division_text(TOWNSHIP, text), "500101001000");
    row = (struct division_row){TOWNSHIP + 500, CITY + 7, LEVEL_TOWNSHIP, STR("无此上级")};
    refused(store_division_put(m.s, &row, &err));
}

static void test_household(void **state)
{
    struct household_row in = household("h1"), out;
    (void)state;
    must(store_household_find(m.s, &m.a, STR("h1"), &out, &err));
    assert_int_equal(out.id, in.id);
    same_str(out.head_name, in.head_name);
    assert_null(out.head_id.data);
    assert_int_equal(out.income, 540000);
    assert_int_equal(out.pension, FEN_UNKNOWN);
    assert_int_equal(out.anchor_on.day, in.anchor_on.day);
    assert_false(date_is(out.last_review_on));
    out.tier = TIER_ANNUAL;
    out.missed_cycles = 3;
    out.phone = STR_NONE;
    must(store_household_update(m.s, &out, &err));
    must(store_household_get(m.s, &m.a, in.id, &in, &err));
    assert_int_equal(in.tier, TIER_ANNUAL);
    assert_int_equal(in.missed_cycles, 3);
    assert_null(in.phone.data);
    must(store_household_find(m.s, &m.a, STR("nobody"), &out, &err));
    assert_int_equal(out.id, 0);
    out = sample_household(STR("h1"));
    refused(store_household_insert(m.s, &out, &err)); /* a code is one household */
    out = sample_household(STR("h2"));
    out.division = 1;
    refused(store_household_insert(m.s, &out, &err)); /* its village is known */
    out = sample_household(STR("h2"));
    out.approved_on = DATE_NONE;
    refused(store_household_insert(m.s, &out, &err)); /* an active one was approved */
}

static bool take_three(void *self, const struct household_row *row)
{
    struct strbuf *out = self;
    strbuf_addf(out, "%.*s ", STR_ARG(row->household));
    return out->len < 9;
}

static void test_household_order(void **state)
{
    struct strbuf out = STRBUF_INIT;
    struct household_row row;
    (void)state;
    household("b");
    household("B");
    household("a");
    household("c1");
    must(store_household_each(m.s, &m.a, 0, STR(""), take_three, &out, &err));
    assert_string_equal(strbuf_text(&out), "B a b c1 "); /* bytewise */
    strbuf_reset(&out);
    must(store_household_each(m.s, &m.a, TOWNSHIP, STR("a"), take_three, &out, &err));
    assert_string_equal(strbuf_text(&out), "b c1 ");
    strbuf_reset(&out);
    must(store_household_each(m.s, &m.a, OTHER_TOWNSHIP, STR(""), take_three, &out, &err));
    assert_int_equal(out.len, 0);
    must(store_household_next(m.s, &m.a, 2, &row, &err));
    same_str(row.household, STR("a"));
    must(store_household_next(m.s, &m.a, 4, &row, &err));
    assert_int_equal(row.id, 0);
    strbuf_free(&out);
}

static void test_member(void **state)
{
    struct household_row h = household("h1");
    struct member_row in = {.member = STR("2"),
                            .name = STR("冉小红"),
                            .birth_on = date_of(2019, 2, 28),
                            .health = HEALTH_CHRONIC,
                            .disability = DISABILITY_2,
                            .work_ability = WORK_NONE,
                            .student = -1,
                            .status_on = DATE_NONE};
    struct member_row out, *rows;
    bool found;
    int count;
    (void)state;
    must(store_member_put(m.s, h.id, &in, &err));
    in.member = STR("1");
    must(store_member_put(m.s, h.id, &in, &err));
    in.student = 1;
    in.status = MEMBER_DIED;
    in.status_on = date_of(2026, 1, 1);
    must(store_member_put(m.s, h.id, &in, &err)); /* again: put in its place */
    must(store_members(m.s, &m.a, h.id, &rows, &count, &err));
    assert_int_equal(count, 2);
    same_str(rows[0].member, STR("1"));
    assert_int_equal(rows[0].status, MEMBER_DIED);
    assert_int_equal(rows[0].student, 1);
    assert_int_equal(rows[1].student, -1);
    assert_int_equal(rows[1].disability, DISABILITY_2);
    must(store_member_find(m.s, &m.a, h.id, STR("2"), &out, &found, &err));
    assert_true(found);
    assert_int_equal(out.birth_on.day, date_of(2019, 2, 28).day);
    must(store_member_find(m.s, &m.a, h.id, STR("3"), &out, &found, &err));
    assert_false(found);
    refused(store_member_put(m.s, h.id + 1, &in, &err)); /* a household that is there */
}

static void test_tier_spans(void **state)
{
    struct household_row h = household("h1");
    struct tier_span *spans;
    int count;
    (void)state;
    must(store_tier_spans(m.s, &m.a, h.id, TIER_QUARTERLY, &spans, &count, &err));
    assert_int_equal(count, 1);
    must(store_tier_change(m.s, h.id, date_of(2026, 8, 1), TIER_QUARTERLY, TIER_ANNUAL, TIER_GIVEN,
                           STR("稳定"), &err));
    must(store_tier_change(m.s, h.id, date_of(2026, 9, 1), TIER_ANNUAL, TIER_SEMI_ANNUAL,
                           TIER_DERIVED, STR_NONE, &err));
    must(store_tier_spans(m.s, &m.a, h.id, TIER_SEMI_ANNUAL, &spans, &count, &err));
    assert_int_equal(count, 3);
    assert_int_equal(spans[0].tier, TIER_QUARTERLY);
    assert_int_equal(spans[1].tier, TIER_ANNUAL);
    assert_int_equal(spans[2].tier, TIER_SEMI_ANNUAL);
}

static bool count_aside(void *self, const struct quarantine_row *row)
{
    same_str(row->reason, STR("second"));
    assert_int_equal(row->since.day, date_of(2026, 1, 1).day);
    assert_int_equal(row->on.day, date_of(2026, 1, 2).day);
    ++*(int *)self;
    return true;
}

/* Set aside in one phase, by the first run and the last; it goes with the phase that works again.
 */
static void test_set_aside(void **state)
{
    struct household_row h = household("h1");
    struct quarantine_row row;
    int n = 0;
    (void)state;
    must(store_quarantine_put(m.s, h.id, RUN_OPEN, STR("first"), date_of(2026, 1, 1), &err));
    must(store_quarantine_put(m.s, h.id, RUN_OPEN, STR("second"), date_of(2026, 1, 2), &err));
    must(store_quarantine_each(m.s, &m.a, count_aside, &n, &err));
    assert_int_equal(n, 1);
    must(store_quarantine_next(m.s, &m.a, RUN_OPEN, 0, date_of(2026, 1, 2), &row, &err));
    assert_int_equal(row.household_id, 0);
    must(store_quarantine_next(m.s, &m.a, RUN_OPEN, 0, date_of(2026, 1, 3), &row, &err));
    assert_int_equal(row.household_id, h.id);
    must(store_quarantine_clear(m.s, h.id, RUN_ALERT, &err));
    must(store_quarantine_expire(m.s, RUN_OPEN, date_of(2026, 1, 2), &err));
    must(store_quarantine_expire(m.s, RUN_ALERT, date_of(2026, 1, 3), &err));
    must(store_quarantine_each(m.s, &m.a, count_aside, &n, &err));
    assert_int_equal(n, 2);
    must(store_quarantine_clear(m.s, h.id, RUN_OPEN, &err));
    must(store_quarantine_each(m.s, &m.a, count_aside, &n, &err));
    assert_int_equal(n, 2);
}

static void test_cycle(void **state)
{
    struct household_row h = household("h1");
    struct cycle_row c = sample_cycle(h.id, 1), out, *rows;
    int step, count;
    (void)state;
    must(store_cycle_insert(m.s, &c, &err));
    must(store_cycle_open_of(m.s, h.id, &out, &err));
    assert_int_equal(out.cycle, c.cycle);
    assert_int_equal(out.dates.due_on.day, date_of(2026, 10, 8).day);
    must(
        store_cycles_to_open(m.s, &m.a, date_of(2026, 9, 7), DATE_NONE, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 0);
    must(
        store_cycles_to_open(m.s, &m.a, date_of(2026, 9, 8), DATE_NONE, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 1);
    same_str(rows[0].household, STR("h1"));
    assert_int_equal(rows[0].township, TOWNSHIP);
    must(store_cycles_to_open(m.s, &m.a, date_of(2026, 9, 8), rows[0].dates.opens_on, c.cycle, 9,
                              &rows, &count, &err));
    assert_int_equal(count, 0); /* after it there is none */
    must(store_cycles_due(m.s, &m.a, date_of(2026, 10, 8), date_of(2026, 10, 8), DATE_NONE, 0, 9,
                          &rows, &count, &err));
    assert_int_equal(count, 1);

    /* An active household has one open cycle (3.4). */
    struct cycle_row second = sample_cycle(h.id, 2);
    refused(store_cycle_insert(m.s, &second, &err));
    c.state = CYCLE_SATISFIED;
    refused(store_cycle_update(m.s, &c, &err)); /* a closed one has a day */
    c.closed_on = date_of(2026, 10, 1);
    must(store_cycle_update(m.s, &c, &err));
    must(store_cycle_insert(m.s, &second, &err));
    must(store_cycle_last_step(m.s, h.id, c.anchor_on, &step, &err));
    assert_int_equal(step, 1);
    must(store_cycles_of(m.s, &m.a, h.id, &rows, &count, &err));
    assert_int_equal(count, 2);
    must(store_cycle_get(m.s, 99, &out, &err));
    assert_int_equal(out.cycle, 0);
}

static void test_task(void **state)
{
    struct household_row h = household("h1");
    struct cycle_row c = sample_cycle(h.id, 1);
    (void)state;
    must(store_cycle_insert(m.s, &c, &err));
    struct task_row t = sample_task(h.id, c.cycle), out, *rows;
    int count;
    int64_t township;
    must(store_task_insert(m.s, &t, &err));
    must(store_task_get(m.s, &m.a, t.task, &out, &err));
    same_str(out.household, STR("h1"));
    same_str(out.phone, STR("13800000000"));
    assert_int_equal(out.division, VILLAGE);
    assert_int_equal(out.outcome, -1);
    must(store_tasks_due(m.s, &m.a, TOWNSHIP, DATE_NONE, date_of(2026, 10, 8), DATE_NONE, 0, 9,
                         &rows, &count, &err));
    assert_int_equal(count, 1);
    must(store_tasks_due(m.s, &m.a, 0, DATE_NONE, date_of(2026, 10, 8), t.due_on, t.task, 9, &rows,
                         &count, &err));
    assert_int_equal(count, 0);
    must(store_tasks_alert(m.s, &m.a, date_of(2026, 10, 1), DATE_NONE, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 1);
    must(store_task_raised(m.s, t.task, 0, DATE_NONE, &err));
    must(store_tasks_alert(m.s, &m.a, date_of(2026, 10, 1), DATE_NONE, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 0);
    must(store_tasks_listed(m.s, TOWNSHIP, date_of(2026, 9, 9), &err));
    must(store_tasks_listed(m.s, TOWNSHIP, date_of(2026, 9, 10), &err));
    must(store_task_open_of(m.s, &m.a, h.id, TASK_REGULAR_REVIEW, &out, &err));
    assert_int_equal(out.listed_on.day, date_of(2026, 9, 9).day); /* the first list's day stays */
    must(store_task_township_next(m.s, 0, &township, &err));
    assert_int_equal(township, TOWNSHIP);
    must(store_tasks_move(m.s, h.id, OTHER_TOWNSHIP, &err));
    must(store_task_township_next(m.s, 0, &township, &err));
    assert_int_equal(township, OTHER_TOWNSHIP);
    must(store_task_township_next(m.s, OTHER_TOWNSHIP, &township, &err));
    assert_int_equal(township, 0);
    must(store_tasks_of(m.s, &m.a, h.id, &rows, &count, &err));
    assert_int_equal(count, 1);

    /* One open review task of a kind a household (3.7). */
    struct task_row second = sample_task(h.id, c.cycle);
    refused(store_task_insert(m.s, &second, &err));
    struct task_row triggered = sample_task(h.id, 0);
    must(store_task_insert(m.s, &triggered, &err)); /* another kind may be open beside it */
    second = sample_task(h.id, 0);
    refused(store_task_insert(m.s, &second, &err));
    t = out;
    t.state = TASK_DONE;
    t.outcome = OUTCOME_CONTINUE;
    refused(store_task_update(m.s, &t, &err)); /* done on a day */
    t.done_on = date_of(2026, 10, 2);
    must(store_task_update(m.s, &t, &err));
    second = sample_task(h.id, c.cycle);
    must(store_task_insert(m.s, &second, &err));
}

static void test_register_task(void **state)
{
    struct household_row h = household("h1");
    struct task_row t = sample_task(h.id, 0);
    (void)state;
    t.kind = TASK_REGISTER_ADJUSTMENT;
    refused(store_task_insert(m.s, &t, &err)); /* of a year */
    t.year = 2026;
    must(store_task_insert(m.s, &t, &err));
    t.state = TASK_DONE;
    t.done_on = date_of(2026, 11, 1);
    must(store_task_update(m.s, &t, &err));
    /* Once a year, done or not (3.6). */
    struct task_row again = sample_task(h.id, 0);
    again.kind = TASK_REGISTER_ADJUSTMENT;
    again.year = 2026;
    refused(store_task_insert(m.s, &again, &err));
    again.year = 2027;
    must(store_task_insert(m.s, &again, &err));
}

static void test_review(void **state)
{
    struct household_row h = household("h1");
    struct task_row t = sample_task(h.id, 0);
    struct review_row *rows;
    int count;
    (void)state;
    must(store_task_insert(m.s, &t, &err));
    struct review_row r = {.task = t.task,
                           .household_id = h.id,
                           .outcome = OUTCOME_POSTPONE,
                           .on = date_of(2026, 9, 9),
                           .to = date_of(2026, 10, 20),
                           .recorded_at = (char *)"2026-09-09T08:00:00+08:00",
                           .uid = -1,
                           .who = STR("clock")};
    must(store_review_insert(m.s, &r, &err));
    must(store_reviews_of(m.s, &m.a, t.task, &rows, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].outcome, OUTCOME_POSTPONE);
    assert_int_equal(rows[0].uid, -1);
    assert_null(rows[0].ground.data);
    assert_string_equal(rows[0].recorded_at, r.recorded_at);
    r.task++;
    refused(store_review_insert(m.s, &r, &err));
}

static void test_message(void **state)
{
    struct message_row row = {.division = TOWNSHIP,
                              .kind = STR("alert"),
                              .subject = STR("1/late"),
                              .created_on = date_of(2026, 11, 24),
                              .body = STR("{}")};
    struct message_row list = row, *rows;
    struct message_page page;
    char id[MESSAGE_ID];
    bool added;
    int count;
    int64_t division, epoch, seq;
    (void)state;
    must(store_message_put(m.s, &row, &added, &err));
    assert_true(added);
    assert_string_equal(message_id(&row, id), "1-1");
    assert_true(message_id_parse(STR("2-42"), &epoch, &seq));
    assert_int_equal(epoch * 100 + seq, 242);
    static const char *const no_ids[] = {"",    "1",     "1-",   "-1",   "1-1-1",
                                         "1-0", "01x-1", "1- 1", "1--1", "9223372036854775808-1"};
    for (size_t i = 0; i < sizeof no_ids / sizeof no_ids[0]; i++) {
        assert_false(message_id_parse(str_of(no_ids[i]), &epoch, &seq));
    }
    struct message_row twice = row;
    must(store_message_put(m.s, &twice, &added, &err)); /* said twice: not added */
    assert_false(added);
    assert_int_equal(twice.seq, 0);
    list.kind = STR(MESSAGE_DAILY);
    list.subject = STR("2026-11-24");
    must(store_message_put(m.s, &list, &added, &err));
    must(store_messages_in(m.s, &m.a, MESSAGE_QUEUED, MESSAGE_DAILY, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 1);
    must(store_messages_in(m.s, &m.a, MESSAGE_READY, NULL, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 1); /* what is no list is ready from the start */
    must(store_messages_told(m.s, &m.a, TOWNSHIP, list.seq, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 1);
    must(store_message_division_next(m.s, 0, &division, &err));
    assert_int_equal(division, TOWNSHIP);
    must(store_messages_carried(m.s, TOWNSHIP, list.seq, true, &err));
    must(store_message_division_next(m.s, 0, &division, &err));
    assert_int_equal(division, 0);
    must(store_message_state(m.s, list.seq, MESSAGE_STAGED, &err));
    must(store_messages_of(m.s, &m.a, TOWNSHIP, true, 0, 9, 99, &page, &err));
    assert_int_equal(page.count, 1);
    must(store_message_ready(m.s, list.seq, STR("{\"a\":1}"), &err));
    must(store_messages_of(m.s, &m.a, TOWNSHIP, false, 0, 9, 99, &page, &err));
    assert_int_equal(page.count, 2);
    assert_false(page.more);
    assert_int_equal(page.rows[0].state, MESSAGE_DELIVERED);
    assert_int_equal(page.rows[1].state, MESSAGE_READY);
    same_str(page.rows[1].body, STR("{\"a\":1}"));
    must(store_messages_of(m.s, &m.a, TOWNSHIP, false, 0, 1, 99, &page, &err));
    assert_true(page.count == 1 && page.more); /* the limit */
    must(store_messages_of(m.s, &m.a, TOWNSHIP, false, 0, 9, 1, &page, &err));
    assert_true(page.count == 1 && page.more); /* the bytes */
}

/* What a list says is independent of what was acknowledged before it was made. */
static void test_message_by_socket(void **state)
{
    struct message_row told = {.division = TOWNSHIP,
                               .kind = STR("alert"),
                               .subject = STR("1/late"),
                               .created_on = date_of(2026, 11, 24),
                               .body = STR("{}")};
    struct message_row list = told, row, *rows;
    uint64_t ready = store_messages_made_ready(m.s);
    bool added;
    int count;
    (void)state;
    must(store_message_put(m.s, &told, &added, &err));
    assert_true(store_messages_made_ready(m.s) > ready);
    list.kind = STR(MESSAGE_DAILY);
    must(store_message_put(m.s, &list, &added, &err));
    must(store_message_lease(m.s, told.seq, 500, &err));
    must(store_message_lease(m.s, list.seq, 500, &err)); /* not ready: not leased */
    must(store_message_get(m.s, list.seq, &row, &err));
    assert_true(row.state == MESSAGE_QUEUED && row.lease_until == 0);
    must(store_message_get(m.s, told.seq, &row, &err));
    assert_true(row.division == TOWNSHIP && row.epoch == 1 && row.lease_until == 500);
    must(store_message_state(m.s, told.seq, MESSAGE_ACKED, &err));
    must(store_message_get(m.s, told.seq, &row, &err));
    assert_true(row.state == MESSAGE_ACKED && row.lease_until == 0);
    must(store_messages_told(m.s, &m.a, TOWNSHIP, list.seq, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 1);
    ready = store_messages_made_ready(m.s);
    must(store_message_ready(m.s, list.seq, STR("{}"), &err));
    assert_true(store_messages_made_ready(m.s) > ready);
    must(store_messages_carried(m.s, TOWNSHIP, list.seq, true, &err));
    must(store_messages_told(m.s, &m.a, TOWNSHIP, list.seq, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 0);
    must(store_message_get(m.s, told.seq, &row, &err));
    assert_int_equal(row.state, MESSAGE_ACKED); /* a list does not deliver it again */
    /* Back to the spool: the list alone was not acknowledged. */
    must(store_messages_made(m.s, &m.a, 0, 9, &rows, &count, &err));
    assert_true(count == 1 && rows[0].seq == list.seq);
    must(store_message_unmake(m.s, list.seq, &err));
    must(store_message_unmake(m.s, told.seq, &err)); /* acknowledged: it stays so */
    must(store_messages_made(m.s, &m.a, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 0);
    must(store_messages_in(m.s, &m.a, MESSAGE_QUEUED, MESSAGE_DAILY, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 1);
    must(store_message_get(m.s, 99, &row, &err));
    assert_int_equal(row.seq, 0);
}

static void test_run(void **state)
{
    struct run_row row = {.day = date_of(2026, 11, 24),
                          .phase = RUN_ALERT,
                          .cursor = 7,
                          .working_day = true,
                          .for_day = date_of(2026, 11, 25),
                          .opened = 3,
                          .started_at = "2026-11-24T07:30:00+08:00"};
    struct run_row out, second = row;
    (void)state;
    must(store_run_last(m.s, &out, &err));
    assert_false(date_is(out.day));
    must(store_run_put(m.s, &row, &err));
    must(store_run_running(m.s, &out, &err));
    assert_int_equal(out.day.day, row.day.day);
    assert_int_equal(out.cursor, 7);
    assert_string_equal(out.finished_at, "");
    second.day = date_of(2026, 11, 25);
    refused(store_run_put(m.s, &second, &err)); /* one at a time */
    row.phase = RUN_DONE;
    must(store_run_put(m.s, &row, &err));
    must(store_run_put(m.s, &second, &err));
    must(store_run_last(m.s, &out, &err));
    assert_int_equal(out.day.day, second.day.day);
    must(store_run_get(m.s, row.day, &out, &err));
    assert_int_equal(out.phase, RUN_DONE);
    assert_int_equal(out.opened, 3);
}

static void test_import(void **state)
{
    struct import_row row = {.kind = IMPORT_MEMBERS,
                             .file = STR("accepted.csv"),
                             .accepted_on = date_of(2026, 11, 24),
                             .uid = -1,
                             .who = STR("clock"),
                             .line = 1,
                             .rows = 10,
                             .faults = STR("[]")};
    struct import_row out, second = row;
    (void)state;
    must(store_import_applying(m.s, &m.a, &out, &err));
    assert_int_equal(out.import, 0);
    must(store_import_insert(m.s, &row, &err));
    refused(store_import_insert(m.s, &second, &err)); /* one at a time */
    row.offset = 123;
    must(store_import_update(m.s, &row, &err));
    must(store_import_applying(m.s, &m.a, &out, &err));
    assert_int_equal(out.kind, IMPORT_MEMBERS);
    assert_int_equal(out.offset, 123);
    assert_int_equal(out.uid, -1);
    row.done = true;
    must(store_import_update(m.s, &row, &err));
    must(store_import_insert(m.s, &second, &err));
}

static void test_calendar_and_standards(void **state)
{
    struct workday_row days[] = {{date_of(2026, 10, 1), DAY_HOLIDAY, STR("国庆节"), 2026},
                                 {date_of(2026, 10, 10), DAY_WORKDAY, STR("国庆节"), 2026}},
                       *found;
    struct standard_row standard = {DISTRICT, 2026, 864000, 700000}, *rows;
    char *hash;
    int count;
    (void)state;
    must(store_calendar_year(m.s, 2026, "abc", &err));
    must(store_workday_put(m.s, &days[0], &err));
    must(store_workday_put(m.s, &days[0], &err)); /* a day is replaced */
    must(store_workday_put(m.s, &days[1], &err));
    must(store_calendar_year(m.s, 2026, NULL, &err)); /* an import leaves the file's hash */
    must(
        store_workdays(m.s, &m.a, date_of(2026, 10, 2), date_of(2027, 1, 1), &found, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(found[0].day.day, date_of(2026, 10, 10).day);
    assert_int_equal(found[0].of_year, 2026);
    must(store_calendar_file(m.s, &m.a, 2026, &hash, &err));
    assert_string_equal(hash, "abc");
    struct calendar *c = store_calendar_load(m.s, &err);
    must(c != NULL);
    assert_false(calendar_is_working(c, date_of(2026, 10, 1)));
    assert_true(calendar_is_working(c, date_of(2026, 10, 10)));
    calendar_free(c);
    must(store_workday_drop(m.s, days[1].day, &err));
    must(store_workdays(m.s, &m.a, days[0].day, days[1].day, &found, &count, &err));
    assert_int_equal(count, 1);
    must(store_standard_put(m.s, &standard, &err));
    standard.dibao = 1;
    refused(store_standard_put(m.s, &standard, &err)); /* not below the poverty line */
    must(store_standard_get(m.s, DISTRICT, 2026, &standard, &err));
    assert_int_equal(standard.dibao, 864000);
    must(store_standards(m.s, &m.a, 0, 0, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 1);
    must(store_standards(m.s, &m.a, 2025, 0, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 0);
}

/* ---- the audit ---- */

static void test_audit(void **state)
{
    struct audit_row *rows;
    char head[DIGEST_HEX + 1], hash[DIGEST_HEX + 1], zeros[DIGEST_HEX + 1];
    int64_t seq, after;
    int count;
    (void)state;
    memset(zeros, '0', DIGEST_HEX);
    zeros[DIGEST_HEX] = '\0';
    must(store_audit_head(m.s, head, &seq, &err));
    assert_string_equal(head, zeros);
    struct actor someone = {1000, "ran"};
    must(store_audit_add(m.s, 1790000000, someone, "tier", STR("h1"), STR("{}"), STR("{\"a\":1}"),
                         &err));
    must(store_audit_add(m.s, 1790000000 + 86400, ACTOR_CLOCK, "run", STR_NONE, STR_NONE, STR_NONE,
                         &err));
    must(store_audit_list(m.s, &m.a, STR_NONE, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 2);
    audit_hash(zeros, &rows[0], hash);
    assert_string_equal(hash, rows[0].hash);
    audit_hash(rows[0].hash, &rows[1], hash);
    assert_string_equal(hash, rows[1].hash);
    must(store_audit_head(m.s, head, &seq, &err));
    assert_string_equal(head, hash);
    assert_int_equal(seq, 2);
    must(store_audit_list(m.s, &m.a, STR("h1"), 0, 9, &rows, &count, &err));
    assert_int_equal(count, 1);
    must(store_audit_since(m.s, (struct date){clock_local_day(1790000000) + 1}, &after, &err));
    assert_int_equal(after, 1);
    struct str a = audit_personal(m.s, &m.a, STR("500101194910010013"));
    assert_int_equal(a.len, 23);
    assert_true(str_equal(a, audit_personal(m.s, &m.a, STR("500101194910010013"))));

    refused(db_exec(m.s, "UPDATE audit SET who = 'other' WHERE seq = 1", &err));
    refused(db_exec(m.s, "DELETE FROM audit WHERE seq = 2", &err));
    refused(db_exec(m.s, "DELETE FROM audit", &err));
}

/* A transaction that is taken back leaves no trace in the chain. */
static void test_audit_rollback(void **state)
{
    struct audit_row *rows;
    char hash[DIGEST_HEX + 1];
    int count;
    (void)state;
    must(store_audit_add(m.s, 1790000000, ACTOR_CLOCK, "one", STR_NONE, STR_NONE, STR_NONE, &err));
    must(store_begin(m.s, &err));
    must(store_audit_add(m.s, 1790090000, ACTOR_CLOCK, "lost", STR_NONE, STR_NONE, STR_NONE, &err));
    store_rollback(m.s);
    must(store_begin(m.s, &err));
    must(store_savepoint(m.s, &err));
    must(store_audit_add(m.s, 1790190000, ACTOR_CLOCK, "lost", STR_NONE, STR_NONE, STR_NONE, &err));
    store_rollback_to(m.s);
    must(store_savepoint(m.s, &err));
    must(store_audit_add(m.s, 1790290000, ACTOR_CLOCK, "two", STR_NONE, STR_NONE, STR_NONE, &err));
    must(store_release(m.s, &err));
    must(store_commit(m.s, &err));
    must(store_audit_list(m.s, &m.a, STR_NONE, 0, 9, &rows, &count, &err));
    assert_int_equal(count, 2);
    audit_hash(rows[0].hash, &rows[1], hash);
    assert_string_equal(hash, rows[1].hash);
}

/* ---- the file ---- */

static void test_private_file(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct stat st;
    char path[128];
    (void)state;
    household("h1");
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", m.path, suffixes[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void test_lock(void **state)
{
    (void)state;
    assert_null(store_open(m.path, STORE_WRITE, date_of(2026, 11, 24), &err));
    assert_int_equal(err.reason, REASON_CONFLICT);
    error_clear(&err);
    struct store *reader = store_open(m.path, STORE_READ, date_of(2026, 11, 24), &err);
    must(reader != NULL);
    assert_string_equal(store_salt(reader), store_salt(m.s));
    assert_int_equal(store_epoch(reader), 1);
    assert_int_equal(store_created_on(reader).day, date_of(2026, 11, 24).day);
    struct household_row row = sample_household(STR("h9"));
    assert_false(store_household_insert(reader, &row, &err)); /* it only reads */
    error_clear(&err);
    store_close(reader);
}

/* A reader keeps its snapshot while the writer goes on. */
static void test_snapshot(void **state)
{
    struct household_row row;
    (void)state;
    struct store *reader = store_open(m.path, STORE_READ, date_of(2026, 11, 24), &err);
    must(reader != NULL);
    must(store_read_begin(reader, &err));
    must(store_household_find(reader, &m.a, STR("h1"), &row, &err));
    household("h1");
    must(store_household_find(reader, &m.a, STR("h1"), &row, &err));
    assert_int_equal(row.id, 0);
    must(store_checkpoint(m.s, false, &err)); /* waits for no reader */
    store_read_end(reader);
    must(store_household_find(reader, &m.a, STR("h1"), &row, &err));
    assert_int_equal(row.id, 1);
    store_close(reader);
}

static void test_newer_version(void **state)
{
    (void)state;
    must(db_exec(m.s, "PRAGMA user_version = 999", &err));
    store_close(m.s);
    m.s = NULL;
    assert_false(sample_open(&m, &err));
    assert_int_equal(err.reason, REASON_CONFLICT);
    assert_non_null(strstr(err.message, "version 999"));
}

static int told_of_copy, told_of_migration;

static void told(const char *what)
{
    told_of_copy += strstr(what, "copying") != NULL;
    told_of_migration += strstr(what, "migrating the") != NULL;
}

static void leave(const char *path, const char *suffix)
{
    char name[192];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs("cut off midway", f);
    fclose(f);
}

/* What version 1 held is there after the migration, the new table is filled from it, and the copy
 * that was made first still opens as version 1. An attempt that was killed midway, in the copy or
 * after it, is no obstacle; who starts the service is told that it goes on. */
static void test_migration(void **state)
{
    char path[128], copy[160];
    int64_t done, version;
    (void)state;
    snprintf(path, sizeof path, "%s/old", m.folder);
    snprintf(copy, sizeof copy, "%s.before-v2", path);
    sqlite3 *old;
    assert_int_equal(sqlite3_open(path, &old), SQLITE_OK);
    char *why = NULL;
    sqlite3_exec(old, sql_schema_1, NULL, NULL, &why);
    assert_null(why);
    sqlite3_exec(old,
                 "PRAGMA user_version = 1;"
                 "INSERT INTO meta VALUES ('salt', '00'), ('epoch', '1'), ('created_on', '20000');"
                 "INSERT INTO division VALUES (500000000000, NULL, 'city', 'c'),"
                 " (500101000000, 500000000000, 'district', 'd'),"
                 " (500101001000, 500101000000, 'township', 't');"
                 "INSERT INTO household (id, household, division, township, status, register, tier,"
                 " tier_source, approved_on, anchor_on) VALUES (1, 'h', 500101001000, 500101001000,"
                 " 'active', 'none', 'annual', 'given', 1, 1);"
                 /* done on 2026-11-30 in time, on 2026-12-01 late, on 2026-12-31 in time */
                 "INSERT INTO task (task, kind, state, household_id, township, opened_on,"
                 " nominal_due_on, original_due_on, due_on, done_on, outcome) VALUES"
                 " (1, 'triggered-review', 'done', 1, 500101001000, 1, 20787, 20787, 20787, 20787,"
                 " 'continue'), (2, 'triggered-review', 'done', 1, 500101001000, 1, 20787, 20787,"
                 " 20787, 20788, 'continue'), (3, 'triggered-review', 'done', 1, 500101001000, 1,"
                 " 20818, 20818, 20818, 20818, 'continue');"
                 "INSERT INTO run (day, state, phase, cursor, working_day, for_day, started_at)"
                 " VALUES (20787, 'running', 'open', 0, 1, 20787, 'x');"
                 /* one that no list carried, one that is done, a list to be made */
                 "INSERT INTO message (epoch, division, kind, subject, created_on, body, state)"
                 " VALUES (1, 500101001000, 'alert', 'a', 1, '{}', 'queued'),"
                 " (1, 500101001000, 'alert', 'b', 1, '{}', 'delivered'),"
                 " (1, 500101001000, 'daily', 'c', 1, '{}', 'queued')",
                 NULL, NULL, &why);
    assert_null(why);
    sqlite3_close(old);
    leave(copy, "");
    leave(copy, ".part");

    store_migrating = told;
    struct store *s = store_open(path, STORE_WRITE, date_of(2027, 1, 4), &err);
    store_migrating = NULL;
    must(s != NULL);
    assert_true(told_of_copy > 0);
    assert_true(told_of_migration > 0);
    static const struct {
        const char *sql;
        int64_t value;
    } cases[] = {
        {"SELECT done * 10 + on_time FROM office_month WHERE month = 2026 * 12 + 10", 11},
        {"SELECT done * 10 + on_time FROM office_month WHERE month = 2026 * 12 + 11", 21},
        {"SELECT count(*) FROM office_month", 2},
        {"SELECT count(*) FROM division WHERE merged_into IS NULL", 3},
        {"SELECT count(*) FROM restored", 0},
        {"SELECT seq FROM message WHERE state = 'ready' AND listed = 0", 1},
        {"SELECT seq FROM message WHERE state = 'delivered' AND listed = 1", 2},
        {"SELECT seq FROM message WHERE state = 'queued' AND listed = 0", 3},
        {"SELECT n FROM message_count WHERE state = 'ready'", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        must(db_one(s, &err, NULL, &db_number, &done, cases[i].sql, NO_ARGS));
        assert_int_equal(done, cases[i].value);
    }
    /* A run under way when the old version ended goes on as the clock's. */
    struct actor actor;
    must(store_run_who(s, &m.a, (struct date){20787}, &actor, &err));
    assert_int_equal(actor.uid, -1);
    store_close(s);

    assert_int_equal(sqlite3_open(copy, &old), SQLITE_OK);
    sqlite3_stmt *q;
    sqlite3_prepare_v2(old, "PRAGMA user_version", -1, &q, NULL);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    version = sqlite3_column_int64(q, 0);
    assert_int_equal(version, 1);
    sqlite3_finalize(q);
    sqlite3_close(old);
}

/* The clock's run after one that somebody asked for is the clock's. */
static void test_run_asked(void **state)
{
    char *who = xstrdup("wang");
    struct run_row run = {.day = date_of(2026, 11, 24), .for_day = date_of(2026, 11, 24)};
    struct actor actor;
    (void)state;
    must(store_run_put(m.s, &run, &err));
    must(store_run_asked(m.s, run.day, (struct actor){1000, who}, &err));
    free(who);
    must(store_run_who(m.s, &m.a, run.day, &actor, &err));
    assert_int_equal(actor.uid, 1000);
    assert_string_equal(actor.who, "wang");
    run.phase = RUN_DONE;
    must(store_run_put(m.s, &run, &err));
    run = (struct run_row){.day = date_of(2026, 11, 25), .for_day = date_of(2026, 11, 25)};
    must(store_run_put(m.s, &run, &err));
    must(store_run_asked(m.s, run.day, ACTOR_CLOCK, &err));
    must(store_run_who(m.s, &m.a, run.day, &actor, &err));
    assert_int_equal(actor.uid, -1);
}

/* Tasks done of a township and month, as they come and are taken back (store.md, office_month). */
static void test_office_month(void **state)
{
    static const char sql[] = "SELECT coalesce(sum(done * 10 + on_time), 0) FROM office_month "
                              "WHERE township = 500101001000 AND month = 2026 * 12 + 10";
    (void)state;
    struct household_row row = household("h1");
    struct task_row task = sample_task(row.id, 0);
    task.kind = TASK_TRIGGERED_REVIEW;
    task.due_on = date_of(2026, 11, 24);
    must(store_task_insert(m.s, &task, &err));
    const struct {
        enum task_state state;
        struct date done_on;
        int64_t value;
    } steps[] = {{TASK_DONE, date_of(2026, 11, 24), 11},
                 {TASK_OPEN, DATE_NONE, 0},
                 {TASK_DONE, date_of(2026, 11, 25), 10},
                 {TASK_OPEN, DATE_NONE, 0},
                 {TASK_CANCELLED, DATE_NONE, 0}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        task.state = steps[i].state;
        task.done_on = steps[i].done_on;
        task.outcome = task.state == TASK_DONE ? OUTCOME_CONTINUE : -1;
        must(store_task_update(m.s, &task, &err));
        int64_t value;
        must(db_one(m.s, &err, NULL, &db_number, &value, sql, NO_ARGS));
        assert_int_equal(value, steps[i].value);
    }
}

static void test_no_store(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/other", m.folder);
    FILE *f = fopen(path, "we");
    for (int i = 0; i < 4096; i++) {
        fputc('x', f);
    }
    fclose(f);
    assert_null(store_open(path, STORE_WRITE, date_of(2026, 11, 24), &err));
    assert_int_equal(err.reason, REASON_STORAGE);
    error_clear(&err);
    snprintf(path, sizeof path, "%s/none/here", m.folder);
    assert_null(store_open(path, STORE_WRITE, date_of(2026, 11, 24), &err));
    assert_int_equal(err.reason, REASON_STORAGE);
}

static void test_meta(void **state)
{
    char *value;
    (void)state;
    must(store_meta_get(m.s, &m.a, "nothing", &value, &err));
    assert_null(value);
    must(store_meta_set(m.s, "a", "1", &err));
    must(store_meta_set(m.s, "a", "2", &err));
    must(store_meta_get(m.s, &m.a, "a", &value, &err));
    assert_string_equal(value, "2");
}

/* ---- counts ---- */

static uint64_t luck = 88172645463325252u;

static int below(int n)
{
    luck ^= luck << 13;
    luck ^= luck >> 7;
    luck ^= luck << 17;
    return (int)((luck >> 33) % (uint64_t)n);
}

static int64_t counted(const char *sql)
{
    sqlite3_stmt *q = NULL;
    assert_int_equal(sqlite3_prepare_v2(m.s->db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return n;
}

static void counts_are_true(void)
{
    struct store_counts c;
    struct strbuf sql = STRBUF_INIT;
    must(store_counts(m.s, date_of(2026, 11, 24), 500, &c, &err));
    assert_int_equal(c.households, counted("SELECT count(*) FROM household"));
    assert_int_equal(c.active, counted("SELECT count(*) FROM household WHERE status = 'active'"));
    for (int status = 0; status < 4; status++) {
        for (int state = 0; state < 4; state++) {
            strbuf_reset(&sql);
            strbuf_addf(&sql,
                        "SELECT count(*) FROM household WHERE status = '%s' AND register = '%s'",
                        names_text(&statuses, status), names_text(&register_states, state));
            assert_int_equal(c.by_status_register[status][state], counted(strbuf_text(&sql)));
        }
    }
    assert_int_equal(c.open_tasks, counted("SELECT count(*) FROM task WHERE state = 'open'"));
    strbuf_reset(&sql);
    strbuf_addf(&sql, "SELECT count(*) FROM task WHERE state = 'open' AND due_on < %d",
                date_of(2026, 11, 24).day);
    assert_int_equal(c.late, counted(strbuf_text(&sql)));
    assert_int_equal(c.messages, counted("SELECT count(*) FROM message WHERE state IN "
                                         "('queued', 'staged', 'ready')"));
    assert_int_equal(c.leased, counted("SELECT count(*) FROM message WHERE state = 'ready' "
                                       "AND lease_until > 500"));
    strbuf_free(&sql);
}

static void random_step(int number)
{
    char text[32];
    struct household_row h;
    struct task_row t;
    bool added;
    snprintf(text, sizeof text, "h%d", number);
    int64_t id = 1 + below(number + 1);
    must(store_household_get(m.s, &m.a, id, &h, &err));
    switch (below(6)) {
    case 0:
    case 1:
        h = sample_household(str_of(text));
        h.status = (enum status)below(4);
        h.register_state = (enum register_state)below(4);
        must(store_household_insert(m.s, &h, &err));
        break;
    case 2:
        if (h.id) {
            h.status = (enum status)below(4);
            h.register_state = (enum register_state)below(4);
            must(store_household_update(m.s, &h, &err));
        }
        break;
    case 3:
        if (h.id) {
            t = sample_task(h.id, 0);
            t.kind = TASK_REGISTER_ADJUSTMENT;
            t.year = 1950 + number;
            t.due_on = date_plus(date_of(2026, 11, 24), below(9) - 4);
            must(store_task_insert(m.s, &t, &err));
        }
        break;
    case 4:
        must(store_task_get(m.s, &m.a, id, &t, &err));
        if (t.task) {
            t.state = (enum task_state)below(3);
            t.done_on = t.state == TASK_DONE ? date_of(2026, 11, 1) : DATE_NONE;
            t.due_on = date_plus(t.due_on, below(5) - 2);
            must(store_task_update(m.s, &t, &err));
        }
        break;
    default: {
        struct message_row row = {.division = TOWNSHIP,
                                  .kind = STR("alert"),
                                  .subject = str_of(text),
                                  .created_on = date_of(2026, 11, 24),
                                  .body = STR("{}")};
        must(store_message_put(m.s, &row, &added, &err));
        must(store_message_state(m.s, 1 + below(number + 1), (enum message_state)below(5), &err));
    }
    }
}

/* `status` shows counts that are kept: they must be what one would count. */
static void test_counts(void **state)
{
    (void)state;
    must(store_begin(m.s, &err));
    for (int i = 0; i < 2000; i++) {
        if (below(10) == 0) {
            must(store_savepoint(m.s, &err));
            random_step(10000 + i);
            store_rollback_to(m.s);
        }
        random_step(i);
        if (i % 100 == 0) {
            counts_are_true();
        }
        arena_reset(&m.a);
    }
    must(store_commit(m.s, &err));
    counts_are_true();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_division),  TEST(test_household),      TEST(test_household_order),
        TEST(test_member),    TEST(test_tier_spans),     TEST(test_set_aside),
        TEST(test_cycle),     TEST(test_task),           TEST(test_register_task),
        TEST(test_review),    TEST(test_message),        TEST(test_message_by_socket),
        TEST(test_run),       TEST(test_import),         TEST(test_calendar_and_standards),
        TEST(test_audit),     TEST(test_audit_rollback), TEST(test_private_file),
        TEST(test_lock),      TEST(test_snapshot),       TEST(test_newer_version),
        TEST(test_migration), TEST(test_office_month),   TEST(test_run_asked),
        TEST(test_no_store),  TEST(test_meta),           TEST(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
