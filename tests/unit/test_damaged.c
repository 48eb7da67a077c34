/* store: whatever bytes of its file are damaged, a read gives rows that the rest of the house can
 * count with, or storage; never anything else (contract.md section 6). 1,000 damaged stores, SEED
 * printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/chance.h"
#include "../lib/sample.h"
#include "store/audit.h"
#include "store/calendar.h"
#include "store/division.h"
#include "store/message.h"
#include "store/office.h"
#include "store/origin.h"
#include "store/row_check.h"

#define STORES 1000
#define HOUSEHOLDS 30
#define TODAY date_of(2026, 11, 24)

static struct error err;
static int rows_read, refused;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed without a word");
    }
}

static void fill(struct sample *m)
{
    must(sample_open(m, &err) && sample_divisions(m, &err) && store_begin(m->s, &err));
    for (int i = 1; i <= HOUSEHOLDS; i++) {
        char name[16];
        bool added;
        snprintf(name, sizeof name, "h%d", i);
        struct household_row h = sample_household(str_of(name));
        must(store_household_insert(m->s, &h, &err));
        struct cycle_row c = sample_cycle(h.id, 1);
        must(store_cycle_insert(m->s, &c, &err));
        struct task_row t = sample_task(h.id, c.cycle);
        must(store_task_insert(m->s, &t, &err));
        struct member_row member = {.member = STR("1"),
                                    .name = STR("冉启明"),
                                    .student = -1,
                                    .birth_on = date_of(1960, 5, 6),
                                    .status_on = DATE_NONE};
        must(store_member_put(m->s, h.id, &member, &err));
        struct report_row report = {.household_id = h.id,
                                    .kind = REPORT_OTHER,
                                    .on = TODAY,
                                    .recorded_on = TODAY,
                                    .income = 100,
                                    .pension = FEN_UNKNOWN,
                                    .employment_cost = FEN_UNKNOWN,
                                    .source = STR("村委会"),
                                    .recorded_at = (char *)"2026-11-24T08:00:00+08:00",
                                    .uid = 1,
                                    .who = STR("x")};
        must(store_report_insert(m->s, &report, &err));
        struct message_row message = {.division = TOWNSHIP,
                                      .kind = STR("moved-in"),
                                      .subject = str_of(name),
                                      .created_on = TODAY,
                                      .body = STR("{}")};
        must(store_message_put(m->s, &message, &added, &err));
        must(store_audit_add(m->s, 1790000000 + i, ACTOR_CLOCK, "a", str_of(name), STR_NONE,
                             STR("{}"), &err));
        struct origin_row origin = {
            .household_id = h.id, .fact = FACT_TIER, .value = STR("annual"), .on = DATE_NONE};
        must(store_origin_put(m->s, &origin, &err));
    }
    must(store_commit(m->s, &err));
    store_close(m->s);
    m->s = NULL;
}

static void read_bytes(const char *path, struct strbuf *bytes)
{
    char piece[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0) {
        strbuf_add(bytes, piece, n);
    }
    fclose(f);
}

static void write_bytes(const char *path, const struct strbuf *bytes)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes->data, 1, bytes->len, f), bytes->len);
    assert_int_equal(fclose(f), 0);
}

/* A read that fails says storage, and what it is about. */
static void came(bool ok, int rows)
{
    rows_read += ok ? rows : 0;
    if (!ok) {
        refused++;
        assert_int_equal(err.reason, REASON_STORAGE);
        assert_non_null(err.message);
        error_clear(&err);
    }
}

static bool take(void *self, const struct household_row *row)
{
    (void)self;
    assert_true(row->tier < TIER_COUNT);
    rows_read++;
    return true;
}

static void check_day(struct date day)
{
    assert_true(!date_is(day) || (date_ymd(day).year >= 1900 && date_ymd(day).year <= 2199));
}

static void look_at(struct sample *m)
{
    struct store *s = m->s;
    struct arena *a = &m->a;
    struct store_counts counts;
    struct audit_row *entries;
    struct message_page page;
    struct office_row *offices;
    struct standard_row *standards;
    struct calendar *calendar;
    char head[DIGEST_HEX + 1];
    int64_t seq;
    int count = 0;
    bool ok = store_counts(s, TODAY, 0, &counts, &err);
    came(ok, 1);
    ok = store_household_each(s, a, 0, STR(""), take, NULL, &err);
    came(ok, 0);
    ok = store_audit_head(s, head, &seq, &err);
    came(ok, 1);
    ok = store_audit_list(s, a, STR_NONE, 0, 1000, &entries, &count, &err);
    for (int i = 0; ok && i < count; i++) {
        assert_int_equal(strlen(entries[i].hash), DIGEST_HEX);
        audit_hash(head, &entries[i], head);
    }
    came(ok, count);
    ok = store_messages_of(s, a, TOWNSHIP, false, 0, 1000, 1 << 20, &page, &err);
    came(ok, page.count);
    ok = store_offices(s, a, DISTRICT, TODAY, &offices, &count, &err);
    came(ok, count);
    ok = store_standards(s, a, 0, 0, 0, 100, &standards, &count, &err);
    came(ok, count);
    calendar = store_calendar_load(s, &err); /* days that stand twice are the calendar's refusal */
    calendar_free(calendar);
    error_clear(&err);
    for (int64_t id = 1; id <= HOUSEHOLDS; id++) {
        struct task_row *tasks;
        struct cycle_row *cycles;
        struct member_row *members;
        struct report_row *reports;
        struct origin_row *origins;
        struct tier_span *spans;
        struct row_history history;
        ok = store_tasks_of(s, a, id, &tasks, &count, &err);
        for (int i = 0; ok && i < count; i++) {
            assert_true(tasks[i].kind <= TASK_DIBAO_CANDIDATE && tasks[i].raised >= -1);
            check_day(tasks[i].due_on);
        }
        came(ok, count);
        ok = store_cycles_of(s, a, id, &cycles, &count, &err);
        for (int i = 0; ok && i < count; i++) {
            assert_true(cycles[i].dates.step >= 1 && cycles[i].dates.step <= 1200);
            check_day(cycles[i].anchor_on);
        }
        came(ok, count);
        ok = store_members(s, a, id, &members, &count, &err);
        came(ok, count);
        ok = store_reports_of(s, a, id, 0, &reports, &count, &err);
        came(ok, count);
        ok = store_origins_of(s, a, id, &origins, &count, &err);
        came(ok, count);
        ok = store_tier_spans(s, a, id, TIER_ANNUAL, &spans, &count, &err);
        came(ok, count);
        ok = store_row_check_history(s, a, id, &history, &err);
        came(ok, history.report_count);
        arena_reset(a);
    }
}

static void test_damaged(void **state)
{
    struct sample whole, m;
    struct strbuf bytes = STRBUF_INIT, damaged = STRBUF_INIT;
    int opened = 0;
    (void)state;
    const char *seed = getenv("SEED");
    chance = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    print_message("SEED=%llu\n", (unsigned long long)chance);
    sample_folder(&whole);
    fill(&whole);
    read_bytes(whole.path, &bytes);
    for (int i = 0; i < STORES; i++) {
        sample_folder(&m);
        strbuf_reset(&damaged);
        strbuf_add(&damaged, bytes.data, bytes.len);
        for (int n = 1 + below(8); n > 0; n--) {
            damaged.data[100 + below((int)bytes.len - 100)] = (char)below(256);
        }
        write_bytes(m.path, &damaged);
        m.s = store_open(m.path, STORE_READ, TODAY, &err);
        if (m.s) {
            opened++;
            look_at(&m);
        } else {
            error_clear(&err);
        }
        sample_remove(&m);
    }
    sample_remove(&whole);
    strbuf_free(&bytes);
    strbuf_free(&damaged);
    print_message("%d stores opened, %d rows read, %d reads refused\n", opened, rows_read, refused);
    assert_true(opened > STORES / 3 && refused > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
