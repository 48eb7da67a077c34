/* delivery/list and list_changes: steps, offices and the items' words: what a list makes of a
 * store (contract.md section 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/sample.h"
#include "delivery/list.h"
#include "delivery/list_words.h"
#include "store/campaign.h"
#include "store/event.h"
#include "store/message.h"
#include "store/office.h"
#include "store/report.h"

#define TODAY date_of(2026, 11, 24)

static struct sample m;
static struct work work;
static struct clock hour;
static struct settings settings;
static struct error err;
static int subjects;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed");
    }
}

static int set_up(void **state)
{
    struct faults faults = {0};
    struct calendar *calendar = calendar_new();
    struct policy_set *policies = policy_set_load("conf/policy", &faults);

    (void)state;
    assert_non_null(policies);
    for (int year = 2017; year <= 2026; year++) {
        calendar_publish(calendar, year);
    }
    clock_init_manual(&hour, 20781 * INT64_C(86400));
    sample_folder(&m);
    must(sample_open(&m, &err));
    must(sample_divisions(&m, &err));
    work = (struct work){.store = m.s,
                         .rules = rulebook_new(policies, calendar),
                         .clock = &hour,
                         .settings = &settings};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rulebook_drop(work.rules);
    sample_remove(&m);
    return 0;
}

static int64_t tell(int64_t division, const char *kind, const char *body, struct date on)
{
    bool added;
    char subject[16];

    snprintf(subject, sizeof subject, "%d", ++subjects);
    struct message_row row = {.division = division,
                              .kind = str_of(kind),
                              .subject = str_of(subject),
                              .created_on = on,
                              .body = str_of(body)};
    must(store_message_put(m.s, &row, &added, &err));
    assert_true(added);
    return row.seq;
}

/* The list of a division on a day, made after all that was told. */
static struct list list_on(int64_t division, struct date day)
{
    char text[DATE_TEXT];
    bool added;
    struct message_row row = {.division = division,
                              .kind = STR(MESSAGE_DAILY),
                              .subject = str_of(date_text(day, text)),
                              .created_on = day,
                              .body = STR("{}")};
    struct list list;

    must(store_message_put(m.s, &row, &added, &err));
    assert_true(added);
    must(list_build(&work, &m.a, &row, &list, &err));
    return list;
}

static const struct list_change *change_at(const struct list *list, int at, const char *kind,
                                           const char *kind_zh)
{
    assert_true(at < list->change_count);
    assert_string_equal(list->changes[at].kind, kind);
    assert_string_equal(list->changes[at].kind_zh, kind_zh);
    return &list->changes[at];
}

static void is(struct str text, const char *expected)
{
    if (!str_is(text, expected)) {
        fail_msg("%.*s is not %s", STR_ARG(text), expected);
    }
}

static struct household_row put_household(const char *household)
{
    struct household_row row = sample_household(arena_str(&m.a, str_of(household)));

    must(store_household_insert(m.s, &row, &err));
    return row;
}

static int64_t put_task(int64_t household, enum task_kind kind, int year, struct date due)
{
    struct task_row task = sample_task(household, 0);

    task.kind = kind;
    task.year = year;
    task.nominal_due_on = task.original_due_on = task.due_on = due;
    must(store_task_insert(m.s, &task, &err));
    return task.task;
}

/* ---- messages ---- */

static void each_kind_has_its_line(void **state)
{
    static const struct {
        const char *kind, *zh, *body, *text;
    } cases[] = {
        {"protection-ends", "连续保障到期",
         "{\"clause\":\"渝府办发〔2017〕30号 "
         "二(四)3\",\"households\":[\"A-1\",\"A-2\"],\"policy\":\"p\",\"until\":\"2025-12-31\"}",
         "连续保障（渝府办发〔2017〕30号 二(四)3）于 2025-12-31 到期，其后的政策没有这一规定。"
         "到期后不再受保障的共 2 户，请提前安排"},
        {"moved-in", "迁入",
         "{\"from\":\"500101002000\",\"household\":\"A-1\",\"to\":\"500101001001\"}",
         "由太白街道迁入高笋塘街道红光村，未办任务随户转入"},
        {"moved-away", "迁出",
         "{\"from\":\"500101001001\",\"household\":\"A-1\",\"to\":\"500101002000\"}",
         "由高笋塘街道红光村迁往太白街道，未办任务随户转出"},
        {"deadline-moved", "期限变动",
         "{\"due_on\":\"2026-11-26\",\"household\":\"A-1\",\"task\":2,\"was\":\"2026-11-25\"}",
         "期限由 2026-11-25 改为 2026-11-26（放假安排公布或修改）"},
        {"proposal", "复核提示",
         "{\"household\":\"A-1\",\"proposes\":\"all-members-gone\",\"task\":2}",
         "家庭成员已全部去世或迁出，请复核；属实的以此为由终止"},
        {"tier-mismatch", "复核周期不符",
         "{\"derived\":\"quarterly\",\"given\":\"annual\",\"household\":\"A-1\"}",
         "人工定为按年复核，按现有情况应为按季度复核，请核实"},
        {"tier-default", "复核周期未定", "{\"household\":\"A-1\",\"tier\":\"quarterly\"}",
         "成员和收入情况不明，未定复核周期，暂按季度复核，请补报"},
        {"doubt", "待核实",
         "{\"doubt\":\"person-twice\",\"household\":\"A-1\",\"member\":\"2\",\"other\":\"B-1\"}",
         "同一身份证号重复（成员2），另见于户B-1，请核实"},
        {"corrected", "更正", "{\"household\":\"A-1\",\"kind\":\"move\",\"reason\":\"录入有误\"}",
         "已撤销一项登记（住址变动），原因：录入有误"},
        {"division-merged", "区划合并",
         "{\"from\":\"500101003000\",\"name\":\"牌楼街道\",\"to\":\"500101002000\"}",
         "牌楼街道（500101003000）并入太白街道，其户和未办任务随之转入"},
        {"standard-missing", "缺少标准", "{\"event\":\"standard-missing\",\"year\":2026}",
         "2026年的低保标准和扶贫标准尚未录入"},
        {"not-picked-up", "任务单未取",
         "{\"event\":\"not-picked-up\",\"since\":\"2026-11-18\",\"township\":\"500101002000\"}",
         "太白街道自 2026-11-18 起的任务单至今未取，请督促"},
        {"alert", "提醒", "{\"event\":\"spool-full\",\"since\":\"2026-11-20\"}",
         "spool-full：起自 2026-11-20"},
        {"office-joined", "其他通知", "{\"count\":3,\"more\":[1],\"township\":\"500101002000\"}",
         "office-joined：数量 3，more [1]，乡镇 太白街道"},
        {"broken", "其他通知", "not JSON", "broken"},
    };
    const size_t count = sizeof cases / sizeof cases[0];

    (void)state;
    put_household("A-1");
    for (size_t i = count; i-- > 0;) {
        tell(TOWNSHIP, cases[i].kind, cases[i].body, date_of(2026, 11, 23));
    }
    struct list list = list_on(TOWNSHIP, TODAY);
    assert_int_equal(list.change_count, count);
    for (size_t i = 0; i < count - 2; i++) {
        const struct list_change *change = change_at(&list, (int)i, cases[i].kind, cases[i].zh);
        is(change->text, cases[i].text);
        assert_int_equal(change->on.day, date_of(2026, 11, 23).day);
        assert_int_equal(change->task, strstr(cases[i].body, "\"task\":2") ? 2 : 0);
        bool household = strstr(cases[i].body, "\"household\":") != NULL;
        is(change->household, household ? "A-1" : "");
        is(change->head_name, household ? "冉启明" : "");
        assert_true(change->id.len > 0);
    }
    /* What the table does not know comes last, as it was said. */
    is(change_at(&list, (int)count - 2, "broken", "其他通知")->text, "broken");
    is(change_at(&list, (int)count - 1, "office-joined", "其他通知")->text, cases[count - 2].text);
    is(list.changes[0].households, "[\"A-1\",\"A-2\"]");
    is(list.changes[0].households_zh, "A-1、A-2");
}

/* Of another district with its name; a division that is not known by its digits. */
static void places_are_named_as_far_as_needed(void **state)
{
    struct division_row rows[] = {{500102000000, CITY, LEVEL_DISTRICT, STR("涪陵区")},
                                  {500102006000, 500102000000, LEVEL_TOWNSHIP, STR("敦仁街道")}};

    (void)state;
    must(store_division_put(m.s, &rows[0], &err) && store_division_put(m.s, &rows[1], &err));
    tell(TOWNSHIP, "moved-in",
         "{\"from\":\"500102006000\",\"household\":\"X\",\"to\":\"500101001001\"}", TODAY);
    tell(TOWNSHIP, "moved-in",
         "{\"from\":\"500101009009\",\"household\":\"Y\",\"to\":\"500101001001\"}", TODAY);
    struct list list = list_on(TOWNSHIP, TODAY);
    is(list.changes[0].text, "由涪陵区敦仁街道迁入高笋塘街道红光村，未办任务随户转入");
    is(list.changes[1].text, "由500101009009迁入高笋塘街道红光村，未办任务随户转入");
    assert_null(list.changes[0].head_name.data);
}

/* A list that a kill lost is built again from messages that are queued still; once it carried them
 * the next says nothing of them. */
static void a_list_rebuilt_says_the_same(void **state)
{
    struct strbuf first = STRBUF_INIT, again = STRBUF_INIT;
    struct message_row *rows;
    struct list list;
    int count;

    (void)state;
    put_household("A-1");
    tell(TOWNSHIP, "moved-in",
         "{\"from\":\"500101002000\",\"household\":\"A-1\",\"to\":\"500101001001\"}", TODAY);
    tell(TOWNSHIP, "strange", "{\"b\":1,\"a\":[1,{\"z\":2,\"y\":3}]}", TODAY);
    list = list_on(TOWNSHIP, TODAY);
    list_html(&list, &first);
    list_json(&list, &first);
    must(store_messages_in(m.s, &m.a, MESSAGE_QUEUED, MESSAGE_DAILY, 0, 9, &rows, &count, &err));
    /* Said after the list was queued: the next one's. */
    tell(TOWNSHIP, "later", "{}", TODAY);
    must(list_build(&work, &m.a, &rows[0], &list, &err));
    list_html(&list, &again);
    list_json(&list, &again);
    assert_string_equal(strbuf_text(&first), strbuf_text(&again));
    must(store_messages_carried(m.s, TOWNSHIP, rows[0].seq, true, &err));
    list = list_on(TOWNSHIP, date_plus(TODAY, 1));
    assert_int_equal(list.change_count, 1);
    change_at(&list, 0, "later", "其他通知");
    strbuf_free(&first);
    strbuf_free(&again);
}

/* Alerts of tasks are seen in the sections; the close of a year is one line above. */
static void escalations_and_the_close(void **state)
{
    struct household_row h = put_household("A-1");
    char body[128];

    (void)state;
    int64_t late = put_task(h.id, TASK_TRIGGERED_REVIEW, 0, date_of(2026, 11, 3));
    int64_t year = put_task(h.id, TASK_REGISTER_ADJUSTMENT, 2025, date_of(2025, 11, 17));
    const char *const events[] = {"escalated-district", "escalated-district", "undecided-at-close"};
    const int64_t tasks[] = {late, late, year};
    for (int i = 0; i < 3; i++) {
        snprintf(body, sizeof body,
                 "{\"event\":\"%s\",\"household\":\"A-1\",\"task\":%d,\"year\":2025}", events[i],
                 (int)tasks[i]);
        tell(DISTRICT, "alert", body, TODAY);
        tell(TOWNSHIP, "alert", "{\"event\":\"late\",\"household\":\"A-1\",\"task\":1}", TODAY);
    }
    struct list list = list_on(TOWNSHIP, TODAY);
    assert_int_equal(list.change_count, 0);
    assert_int_equal(list.item_count, 2);
    list = list_on(DISTRICT, TODAY);
    assert_int_equal(list.item_count, 2);
    assert_int_equal(list.items[0].task.task, year);
    assert_int_equal(list.change_count, 1);
    is(change_at(&list, 0, "register-step", "年度动态核查")->text,
       "2025年度动态核查截止时仍有 1 件未作决定，仍须补办，请督促");
}

/* ---- steps of the register's year (3.6) ---- */

static struct list steps_on(int year, int month, int day)
{
    return list_on(TOWNSHIP, date_of(year, month, day));
}

static void register_steps_are_said_once(void **state)
{
    struct campaign_row campaign = {2026, date_of(2026, 9, 1), DATE_NONE};
    struct household_row h = put_household("A-1");
    struct list list;

    (void)state;
    put_task(h.id, TASK_REGISTER_ADJUSTMENT, 2026, date_of(2026, 11, 16));
    assert_int_equal(steps_on(2026, 8, 31).change_count, 0);
    assert_int_equal(steps_on(2026, 9, 1).change_count, 0); /* no roll was taken */
    must(store_campaign_put(m.s, &campaign, &err));
    list = steps_on(2026, 9, 1 + 1);
    assert_int_equal(list.change_count, 0); /* said by the list of the day before */
    list = steps_on(2026, 10, 23);
    assert_int_equal(list.change_count, 0);
    list = steps_on(2026, 10, 26);
    assert_int_equal(list.change_count, 1);
    is(change_at(&list, 0, "register-step", "年度动态核查")->text,
       "2026年度动态核查：入户核查将于 2026-10-31 截止；未作决定 1 件");
    assert_null(list.changes[0].id.data);
    assert_int_equal(steps_on(2026, 10, 27).change_count, 0);
    list = steps_on(2026, 11, 2); /* 31 October is a Saturday */
    is(change_at(&list, 0, "register-step", "年度动态核查")->text,
       "2026年度动态核查：入户核查已于 2026-10-31 截止；未作决定 1 件");
    list = steps_on(2026, 11, 16);
    assert_int_equal(list.change_count, 1); /* the seven days before it were said by none */
    is(list.changes[0].text, "2026年度动态核查：乡镇环节今日（2026-11-16）截止；未作决定 1 件");
    /* After a long silence, into the next year: each step that came, in order. */
    list = steps_on(2027, 1, 4);
    assert_int_equal(list.change_count, 2);
    is(list.changes[0].text, "2026年度动态核查：县级环节已于 2026-11-30 截止；未作决定 1 件");
    is(list.changes[1].text, "2026年度动态核查：本年度已于 2026-12-31 截止；未作决定 1 件");
}

static void the_opening_tells_the_year(void **state)
{
    struct campaign_row campaign = {2026, date_of(2026, 9, 1), DATE_NONE};
    struct household_row h = put_household("A-1");

    (void)state;
    put_task(h.id, TASK_REGISTER_ADJUSTMENT, 2026, date_of(2026, 11, 16));
    must(store_campaign_put(m.s, &campaign, &err));
    struct list list = steps_on(2026, 9, 1);
    assert_int_equal(list.change_count, 1);
    is(list.changes[0].text,
       "2026年度动态核查开始：入户核查至 2026-10-31，乡镇 2026-11-16 前办结，县级至 2026-11-30，"
       "2026-12-31 截止；决定公示 7 日后生效；本单位任务 1 件");
    /* A district does not know its townships' numbers from its own tasks. */
    list = list_on(DISTRICT, date_of(2026, 9, 1));
    assert_int_equal(list.change_count, 1);
    assert_null(strstr(list.changes[0].text.data, "本单位"));
}

/* ---- why it is due ---- */

static void report(int64_t household, int64_t task, enum report_kind kind, const char *source)
{
    struct report_row row = {.household_id = household,
                             .task = task,
                             .kind = kind,
                             .on = date_of(2026, 11, 10),
                             .recorded_on = date_of(2026, 11, 10),
                             .income = FEN_UNKNOWN,
                             .pension = FEN_UNKNOWN,
                             .employment_cost = FEN_UNKNOWN,
                             .source = str_of(source),
                             .age = kind == REPORT_AGE ? 70 : 0,
                             .recorded_at = (char *)"2026-11-10T08:00:00+08:00",
                             .uid = -1,
                             .who = STR("clock")};

    must(store_report_insert(m.s, &row, &err));
}

static void causes_and_clauses(void **state)
{
    struct household_row h[5];
    int64_t task[5];
    const char *const name[] = {"A", "B", "C", "D", "E"};

    (void)state;
    for (int i = 0; i < 5; i++) {
        h[i] = put_household(name[i]);
    }
    task[0] = put_task(h[0].id, TASK_TRIGGERED_REVIEW, 0, TODAY);
    report(h[0].id, task[0], REPORT_DEATH, "村委会");
    report(h[0].id, task[0], REPORT_MOVE_OUT, "村委会");
    report(h[0].id, task[0], REPORT_DEATH, "村委会");
    task[1] = put_task(h[1].id, TASK_TRIGGERED_REVIEW, 0, TODAY);
    report(h[1].id, task[1], REPORT_AGE, "calendar: age 70");
    task[2] = put_task(h[2].id, TASK_REGISTER_ADJUSTMENT, 2026, TODAY);
    task[3] = put_task(h[3].id, TASK_REGISTER_CANDIDATE, 2026, TODAY);
    task[4] = put_task(h[4].id, TASK_DIBAO_CANDIDATE, 2025, TODAY);
    struct list list = list_on(TOWNSHIP, TODAY);
    static const char *const causes[] = {"家庭情况变化：死亡、迁出", "家庭情况变化：年满70周岁",
                                         "2026年度动态核查", "2026年度应扶尽扶",
                                         "2025年度应保尽保"};
    static const char *const kinds[] = {"触发复核", "触发复核", "建档立卡调整", "建档立卡纳入",
                                        "低保申请"};
    assert_int_equal(list.item_count, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(list.items[i].task.task, task[i]);
        assert_string_equal(list.items[i].cause_zh, causes[i]);
        assert_string_equal(list.items[i].kind_zh, kinds[i]);
        assert_int_equal(list.items[i].task.tier, TIER_QUARTERLY);
    }
    assert_string_equal(list.items[0].clause, "本地规定");
    assert_string_equal(list.items[1].clause, "渝府办发〔2017〕30号 二(一)2；本地规定");
    assert_string_equal(list.items[2].clause, "渝府办发〔2017〕30号 二(四)3");
}

/* Each report kind has a word of its own. */
static void every_word_is_there(void **state)
{
    static const struct names *const tables[] = {&report_kinds, &task_kinds, &tiers, &sections,
                                                 &event_kinds};

    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (int a = 0; a < tables[i]->count; a++) {
            assert_non_null(tables[i]->words[a].zh);
            for (int b = 0; b < a; b++) {
                assert_string_not_equal(tables[i]->words[a].zh, tables[i]->words[b].zh);
            }
        }
    }
}

/* 3.5: protected by the policy of the list's day; what that forbids stands on the list. */
static void protection_is_of_the_day(void **state)
{
    struct household_row h = put_household("A-1");

    (void)state;
    put_task(h.id, TASK_TRIGGERED_REVIEW, 0, date_of(2018, 6, 21));
    h.register_state = REGISTER_EXITED;
    must(store_household_update(m.s, &h, &err));
    struct list list = list_on(TOWNSHIP, date_of(2018, 6, 20));
    assert_true(list.items[0].is_protected);
    assert_non_null(strstr(list.protection, "不得终止、停发、注销"));
    assert_non_null(strstr(list.protection, "超过标准的 1.5 倍"));
    list = list_on(TOWNSHIP, TODAY);
    assert_false(list.items[0].is_protected);
    assert_null(list.protection);
    h.status = STATUS_SUSPENDED;
    must(store_household_update(m.s, &h, &err));
    list = list_on(TOWNSHIP, date_of(2018, 6, 21));
    assert_false(list.items[0].is_protected);
}

/* ---- offices ---- */

static void finish(int64_t number, struct date on)
{
    struct task_row task;

    must(store_task_get(m.s, &m.a, number, &task, &err));
    task.state = TASK_DONE;
    task.done_on = on;
    task.outcome = OUTCOME_CONTINUE;
    must(store_task_update(m.s, &task, &err));
}

static void offices_are_counted(void **state)
{
    struct division_row third = {500101003000, DISTRICT, LEVEL_TOWNSHIP, STR("牌楼街道")};
    struct household_row h[6];
    int64_t task[6];
    char name[8];

    (void)state;
    must(store_division_put(m.s, &third, &err));
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "A-%d", i);
        h[i] = put_household(name);
        task[i] = put_task(h[i].id, TASK_TRIGGERED_REVIEW, 0, date_plus(TODAY, i - 1));
    }
    must(store_tasks_move(m.s, h[5].id, OTHER_TOWNSHIP, &err));
    finish(task[2], date_of(2026, 11, 2));  /* in time: due on the 25th */
    finish(task[3], date_of(2026, 11, 27)); /* a day late */
    finish(task[4], date_of(2026, 10, 31)); /* last month */
    struct list list = list_on(DISTRICT, TODAY);
    assert_int_equal(list.office_count, 2);
    assert_int_equal(list.quiet_offices, 1);
    const struct list_office *o = &list.offices[0];
    assert_int_equal(o->division, TOWNSHIP);
    is(o->name, "高笋塘街道");
    assert_true(o->open == 2 && o->late == 1 && o->done == 2 && o->on_time == 1);
    o = &list.offices[1];
    assert_true(o->division == OTHER_TOWNSHIP && o->open == 1 && o->late == 0 && o->done == 0);
    list = list_on(CITY, TODAY);
    assert_int_equal(list.office_count, 1);
    o = &list.offices[0];
    assert_true(o->division == DISTRICT && o->open == 3 && o->late == 1 && o->done == 2 &&
                o->on_time == 1);
    assert_int_equal(list_on(TOWNSHIP, TODAY).office_count, 0);
}

static void the_list_before(void **state)
{
    struct date before;

    (void)state;
    list_on(TOWNSHIP, TODAY);
    must(store_office_listed(m.s, TOWNSHIP, TODAY, &before, &err));
    assert_false(date_is(before));
    must(store_office_listed(m.s, TOWNSHIP, date_plus(TODAY, 9), &before, &err));
    assert_int_equal(before.day, TODAY.day);
    must(store_office_listed(m.s, DISTRICT, date_plus(TODAY, 9), &before, &err));
    assert_false(date_is(before));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_kind_has_its_line),
        CASE(places_are_named_as_far_as_needed),
        CASE(a_list_rebuilt_says_the_same),
        CASE(escalations_and_the_close),
        CASE(register_steps_are_said_once),
        CASE(the_opening_tells_the_year),
        CASE(causes_and_clauses),
        CASE(every_word_is_there),
        CASE(protection_is_of_the_day),
        CASE(offices_are_counted),
        CASE(the_list_before),
    };
    return cmocka_run_group_tests_name("told", tests, NULL, NULL);
}
