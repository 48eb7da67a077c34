/* delivery/list: the three renderings as pure functions (contract.md section 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "delivery/list.h"
#include "delivery/list_words.h"

#define HEAD "3f1a0c9be27d45aa61b8ef01932c7d5e8804fa1b6c3e9d7720ab54c1f0e8d9b2"
#define HEADINGS                                                                                                                  \
    "\xEF\xBB\xBF任务号,户号,户主,村,电话,类别,事由,依据,应核日,期限,栏目,受保护,结果,理由,日期," \
    "备注\r\n"

static const struct policy policy = {.name = "2026-regular", .hash = "00ff"};

static struct list_item item_of(int64_t task, enum section section, const char *head, int days)
{
    struct date due = date_plus(date_of(2026, 11, 24), days);

    return (struct list_item){
        .task = {.task = task,
                 .kind = TASK_REGULAR_REVIEW,
                 .household = STR("H-7"),
                 .head_name = str_of(head),
                 .nominal_due_on = date_plus(due, -2),
                 .original_due_on = due,
                 .due_on = due,
                 .opened_on = date_plus(due, -15),
                 .division = 500101001001,
                 .township = 500101001000,
                 .tier = TIER_QUARTERLY},
        .section = section,
        .village = STR("青羊宫社区"),
        .kind_zh = "定期复核",
        .cause_zh = "按季度复核",
        .clause = "渝府办发〔2017〕30号 二(四)3；参照民法典第203条",
        .is_protected = task % 2 == 1,
    };
}

static struct list list_of(struct list_item *items, int count)
{
    struct list list = {.id = "1-42",
                        .division = 500101001000,
                        .name = STR("高笋塘街道"),
                        .parent_name = STR("万州区"),
                        .level = LEVEL_TOWNSHIP,
                        .date = date_of(2026, 11, 24),
                        .policy = &policy,
                        .audit_head = HEAD,
                        .items = items,
                        .item_count = count,
                        .totals = {[SECTION_REST] = 5}};

    for (int i = 0; i < count; i++) {
        list.totals[items[i].section]++;
    }
    return list;
}

static void has(const struct strbuf *out, const char *text)
{
    if (!strstr(strbuf_text(out), text)) {
        fail_msg("no %s in:\n%s", text, strbuf_text(out));
    }
}

static void has_not(const struct strbuf *out, const char *text)
{
    if (strstr(strbuf_text(out), text)) {
        fail_msg("%s in:\n%s", text, strbuf_text(out));
    }
}

static void csv_has_mark_headings_and_rows(void **state)
{
    struct list_item items[] = {item_of(7, SECTION_LATE, "冉启明", -3)};
    struct list list = list_of(items, 1);
    struct strbuf out = STRBUF_INIT;

    (void)state;
    list_csv(&list, &out);
    assert_string_equal(
        strbuf_text(&out),
        HEADINGS "7,H-7,冉启明,青羊宫社区,,定期复核,按季度复核,"
                 "渝府办发〔2017〕30号 二(四)3；参照民法典第203条,2026-11-19,2026-11-21,逾期,是,,,,"
                 "\r\n");
    strbuf_free(&out);
}

static void csv_of_nothing_is_its_headings(void **state)
{
    struct list list = list_of(NULL, 0);
    struct strbuf out = STRBUF_INIT;

    (void)state;
    list_csv(&list, &out);
    assert_string_equal(strbuf_text(&out), HEADINGS);
    strbuf_free(&out);
}

static void csv_neutralises_and_quotes(void **state)
{
    static const struct {
        const char *name, *cell;
    } cases[] = {
        {"=1+1", ",'=1+1,"},
        {"+86", ",'+86,"},
        {"-1", ",'-1,"},
        {"@x", ",'@x,"},
        {"\tx", ",\"'\tx\","},
        {"\r=x", ",\"'\r=x\","},
        {"张,三", ",\"张,三\","},
        {"=HYPERLINK(\"u\",\"v\")", ",\"'=HYPERLINK(\"\"u\"\",\"\"v\"\")\","},
        {"张\r\n三", ",\"张\r\n三\","},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct list_item items[] = {item_of(8, SECTION_NEW, cases[i].name, 20)};
        struct list list = list_of(items, 1);
        struct strbuf out = STRBUF_INIT;
        list_csv(&list, &out);
        has(&out, cases[i].cell);
        strbuf_free(&out);
    }
}

/* What a spreadsheet would take for a number or a day ends with a TAB, which makes it text; the
 * rest is as it was. */
static void csv_keeps_codes_whole(void **state)
{
    static const struct {
        const char *code, *cell;
    } cases[] = {
        {"500101001001", ",\"500101001001\t\","},
        {"13800138000", ",\"13800138000\t\","},
        {"007", ",\"007\t\","},
        {"3-12", ",\"3-12\t\","},
        {"3/12", ",\"3/12\t\","},
        {"1.10", ",\"1.10\t\","},
        {"12E5", ",\"12E5\t\","},
        {"1,234", ",\"1,234\t\","},
        {"0", ",0,"},
        {"1001", ",1001,"},
        {"H-7", ",H-7,"},
        {"500151123-20773", ",500151123-20773,"},
        {"023-58123456", ",023-58123456,"},
        {"-", ",'-,"},
        {"-7", ",\"'-7\t\","},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct list_item items[] = {item_of(8, SECTION_NEW, "甲", 20)};
        struct list list = list_of(items, 1);
        struct strbuf out = STRBUF_INIT;
        items[0].task.household = str_of(cases[i].code);
        list_csv(&list, &out);
        has(&out, cases[i].cell);
        items[0].task.household = STR("H-8");
        items[0].task.phone = str_of(cases[i].code);
        strbuf_reset(&out);
        list_csv(&list, &out);
        has(&out, cases[i].cell);
        strbuf_free(&out);
    }
}

/* Every field that comes from outside is escaped, and nothing of it can end a cell. */
static void html_escapes(void **state)
{
    struct list_item items[] = {item_of(8, SECTION_DUE, "<script>&'\"\n\x01", 0)};
    struct list list = list_of(items, 1);
    struct strbuf out = STRBUF_INIT;

    (void)state;
    items[0].village = items[0].task.phone = items[0].task.household = STR("<i>");
    list.name = list.parent_name = STR("<b>");
    list_html(&list, &out);
    has(&out, "<td>&lt;script&gt;&amp;&#39;&quot;  <small>&lt;i&gt;</small></td>");
    has(&out, "<h1>&lt;b&gt;&lt;b&gt;<small>");
    has(&out, "content:\"\\3C b\\3E \\3C b\\3E  "); /* at the foot of each page */
    has_not(&out, "<script>");
    has_not(&out, "<td><i>");
    strbuf_free(&out);
}

static void html_says_what_a_clerk_needs(void **state)
{
    struct list_item items[] = {item_of(7, SECTION_LATE, "甲", -3),
                                item_of(8, SECTION_LATE, "乙", -1),
                                item_of(9, SECTION_DUE, "丙", 0)};
    struct list list = list_of(items, 3);
    struct strbuf out = STRBUF_INIT;

    (void)state;
    list_html(&list, &out);
    has(&out, "size:A4");
    has(&out, "万州区高笋塘街道");
    has(&out, "2026年11月24日 星期二");
    has(&out, "2026-regular");
    has(&out, "一、逾期<small>共 2 件</small>");
    has(&out, "二、七日内到期<small>共 1 件</small>");
    has(&out, "三、新增<small>共 0 件</small>");
    has(&out, ">无</td>");
    has(&out, "<b>逾期<br>3 天</b>");
    has(&out, "<b>今日</b>");
    has(&out, "参照民法典第203条");
    has(&out, "其余<b>5</b>");
    has(&out, "未办合计<b>8</b>");
    has(&out, HEAD);
    has(&out, "1-42");
    has_not(&out, "暂定");
    has_not(&out, "督办件");
    strbuf_free(&out);
}

/* contract.md 3.2: a prediction is never shown as published. */
static void html_says_what_is_predicted(void **state)
{
    struct list_item items[] = {item_of(8, SECTION_NEW, "甲", 40)};
    struct list list = list_of(items, 1);
    struct strbuf out = STRBUF_INIT;

    (void)state;
    items[0].provisional = list.provisional = true;
    list_html(&list, &out);
    has(&out, "2027-01-03 *");
    has(&out, "暂定期限");
    strbuf_free(&out);
}

/* contract.md 3.5: who is protected, and what that forbids, by which clause. */
static void html_says_what_protection_forbids(void **state)
{
    struct policy campaign = {.continuity = true,
                              .continuity_source = "渝府办发〔2017〕30号 二(四)3",
                              .clearly_above = 1.5,
                              .assets = (const char *[]){"housing", "yacht", NULL}};
    struct list_item items[] = {item_of(7, SECTION_DUE, "甲", 1), item_of(8, SECTION_DUE, "乙", 1)};
    struct list list = list_of(items, 2);
    struct strbuf out = STRBUF_INIT;
    struct arena a = ARENA_INIT;

    (void)state;
    assert_null(protection_zh(&a, &policy));
    list.protection = protection_zh(&a, &campaign);
    list_html(&list, &out);
    has(&out, "<b>是</b><small>见注</small>");
    has(&out, ">否</td>");
    has(&out, "受连续保障（渝府办发〔2017〕30号 二(四)3）：不得终止、停发、注销，除非");
    has(&out, "超过标准的 1.5 倍");
    has(&out, "财产明显超标（商品房、yacht）。");
    strbuf_free(&out);
    arena_free(&a);
}

static struct list_change change_of(const char *text)
{
    return (struct list_change){.kind = "moved-in",
                                .kind_zh = "迁入",
                                .id = STR("1-9"),
                                .on = date_of(2026, 11, 23),
                                .task = 7,
                                .household = STR("H-<7>"),
                                .head_name = STR("冉启明"),
                                .text = str_of(text),
                                .households = STR("[\"H-1\"]"),
                                .households_zh = STR("H-1")};
}

static void html_tells_changes(void **state)
{
    struct list_change changes[] = {change_of("由甲村迁入<乙村>")};
    struct list list = list_of(NULL, 0);
    struct strbuf out = STRBUF_INIT;

    (void)state;
    list_html(&list, &out);
    has_not(&out, "<table class=free>");
    has(&out, "情况变动<b>0</b>");
    strbuf_reset(&out);
    list.changes = changes;
    list.change_count = 1;
    list_html(&list, &out);
    has(&out, "情况变动<b>1</b>");
    has(&out, "情况变动<small>共 1 项</small>");
    has(&out, "<tr><td>迁入</td><td class=\"c n\">7</td><td class=n>H-&lt;7&gt;</td>"
              "<td>冉启明</td><td>由甲村迁入&lt;乙村&gt;<small>H-1</small></td>"
              "<td class=\"c n d\">2026-11-23</td></tr>");
    /* One foot, in the last table: no page has it alone. */
    const char *foot = strstr(strbuf_text(&out), "<tr class=end>");
    assert_non_null(foot);
    assert_null(strstr(foot + 1, "<tr class=end>"));
    assert_true(foot > strstr(strbuf_text(&out), "<table class=free>"));
    strbuf_free(&out);
}

/* A district has the table of its townships and no columns to fill. */
static void html_of_a_district(void **state)
{
    struct list_item items[] = {item_of(7, SECTION_LATE, "甲", -9)};
    struct list_office offices[] = {{500101001000, STR("高笋塘<街道>"), 12, 3, 40, 39},
                                    {500101002000, STR("太白街道"), 5, 0, 0, 0}};
    struct list list = list_of(items, 1);
    struct strbuf out = STRBUF_INIT;

    (void)state;
    list.level = LEVEL_DISTRICT;
    list.division = 500101000000;
    list.offices = offices;
    list.office_count = 2;
    list.quiet_offices = 3;
    list_html(&list, &out);
    has(&out, "督办件清单");
    has(&out, "督办件合计<b>6</b>");
    has(&out, "各乡镇办理情况<small>11月</small>");
    has(&out, "<tr><td>高笋塘&lt;街道&gt;</td><td class=\"r n\">12</td><td class=\"r n\">3</td>"
              "<td class=\"r n\">40</td><td class=\"r n\">39</td><td class=\"r n\">97%</td></tr>");
    has(&out, "<td class=\"r n\">0</td><td class=\"r n\">0</td><td class=\"r n\">—</td></tr>");
    has(&out, "<tr class=sum><td>合计</td><td class=\"r n\">17</td><td class=\"r n\">3</td>");
    has(&out, "其余 3 个乡镇没有未办任务");
    has_not(&out, "<th>结果");
    has_not(&out, "结果填写");
    strbuf_reset(&out);
    list.level = LEVEL_CITY;
    list_html(&list, &out);
    has(&out, "各区县办理情况");
    strbuf_free(&out);
}

/* 100 % is all of them; nothing done has no share. */
static void shares_are_cut_down(void **state)
{
    static const struct {
        int64_t done, on_time;
        int share;
    } cases[] = {{0, 0, -1}, {1, 1, 100}, {1, 0, 0}, {3, 2, 66}, {1000, 999, 99}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct list_office office = {.done = cases[i].done, .on_time = cases[i].on_time};
        assert_int_equal(list_office_share(&office), cases[i].share);
    }
}

static json_t *json_of(const struct list *list)
{
    struct strbuf out = STRBUF_INIT;
    json_error_t fault;

    list_json(list, &out);
    assert_int_equal(out.data[out.len - 1], '\n');
    json_t *root = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &fault);
    if (!root) {
        fail_msg("%s in %s", fault.text, out.data);
    }
    /* Canonical: the same bytes as a dump with sorted keys. */
    char *sorted = json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);
    assert_memory_equal(sorted, out.data, out.len - 1);
    free(sorted);
    strbuf_free(&out);
    return root;
}

static void json_has_the_fields(void **state)
{
    struct list_item items[] = {item_of(7, SECTION_LATE, "甲\"\n", -3),
                                item_of(8, SECTION_DUE, NULL, 0),
                                item_of(9, SECTION_NEW, "丙", 20)};
    struct list list = list_of(items, 3);
    const char *id, *division, *name, *date, *head, *policy_name, *hash;
    int late, due, fresh, rest, open;
    json_t *sections_of, *task;

    (void)state;
    json_t *root = json_of(&list);
    assert_int_equal(json_unpack(root,
                                 "{s:s,s:s,s:s,s:s,s:s,s:{s:s,s:s},s:o,s:{s:i,s:i,s:i,s:i,s:i!}}",
                                 "id", &id, "division", &division, "name", &name, "date", &date,
                                 "audit_head", &head, "policy", "name", &policy_name, "hash", &hash,
                                 "sections", &sections_of, "totals", "late", &late, "due", &due,
                                 "new", &fresh, "rest", &rest, "open", &open),
                     0);
    assert_string_equal(id, "1-42");
    assert_string_equal(division, "500101001000");
    assert_string_equal(name, "高笋塘街道");
    assert_string_equal(date, "2026-11-24");
    assert_string_equal(head, HEAD);
    assert_string_equal(policy_name, "2026-regular");
    assert_true(late == 1 && due == 1 && fresh == 1 && rest == 5 && open == 8);
    assert_int_equal(json_object_size(root), 13);
    assert_int_equal(json_object_size(sections_of), 3);
    task = json_array_get(json_object_get(sections_of, "late"), 0);
    assert_int_equal(json_object_size(task), 24);
    assert_int_equal(json_integer_value(json_object_get(task, "task")), 7);
    assert_int_equal(json_integer_value(json_object_get(task, "days_left")), -3);
    assert_string_equal(json_string_value(json_object_get(task, "head_name")), "甲\"\n");
    assert_string_equal(json_string_value(json_object_get(task, "kind")), "regular-review");
    assert_string_equal(json_string_value(json_object_get(task, "section")), "late");
    assert_string_equal(json_string_value(json_object_get(task, "due_on")), "2026-11-21");
    assert_true(json_is_true(json_object_get(task, "protected")));
    assert_true(json_is_null(json_object_get(task, "outcome")));
    assert_string_equal(json_string_value(json_object_get(task, "protected_forbids")),
                        "不得终止、停发、注销");
    assert_string_equal(json_string_value(json_object_get(task, "tier")), "quarterly");
    assert_string_equal(json_string_value(json_object_get(task, "township")), "500101001000");
    assert_string_equal(json_string_value(json_object_get(task, "opened_on")), "2026-11-06");
    assert_true(json_is_null(json_object_get(task, "year")));
    task = json_array_get(json_object_get(sections_of, "due"), 0);
    assert_true(json_is_null(json_object_get(task, "head_name")));
    assert_true(json_is_null(json_object_get(task, "protected_forbids")));
    json_decref(root);
}

static void json_of_nothing(void **state)
{
    struct list list = list_of(NULL, 0);

    (void)state;
    json_t *root = json_of(&list);
    assert_int_equal(json_array_size(json_object_get(json_object_get(root, "sections"), "new")), 0);
    json_decref(root);
}

static void json_has_changes_and_offices(void **state)
{
    struct list_change changes[] = {change_of("由甲村迁入乙村"), change_of("…")};
    struct list_office offices[] = {{500101001000, STR("高笋塘街道"), 12, 3, 40, 39},
                                    {500101002000, STR("太白街道"), 5, 0, 0, 0}};
    struct list list = list_of(NULL, 0);

    (void)state;
    changes[1].id = changes[1].household = changes[1].head_name = changes[1].households = STR_NONE;
    changes[1].task = 0;
    list.level = LEVEL_DISTRICT;
    list.changes = changes;
    list.change_count = 2;
    list.offices = offices;
    list.office_count = 2;
    list.protection = "受连续保障";
    json_t *root = json_of(&list);
    json_t *change = json_array_get(json_object_get(root, "changes"), 0);
    assert_string_equal(json_string_value(json_object_get(change, "text")), "由甲村迁入乙村");
    assert_string_equal(json_string_value(json_object_get(change, "kind")), "moved-in");
    assert_string_equal(json_string_value(json_object_get(change, "id")), "1-9");
    assert_string_equal(json_string_value(json_object_get(change, "household")), "H-<7>");
    assert_string_equal(json_string_value(json_object_get(change, "created_on")), "2026-11-23");
    assert_int_equal(json_array_size(json_object_get(change, "households")), 1);
    assert_int_equal(json_integer_value(json_object_get(change, "task")), 7);
    change = json_array_get(json_object_get(root, "changes"), 1);
    assert_true(json_is_null(json_object_get(change, "task")));
    assert_true(json_is_null(json_object_get(change, "id")));
    assert_true(json_is_null(json_object_get(change, "households")));
    json_t *office = json_array_get(json_object_get(root, "offices"), 0);
    assert_string_equal(json_string_value(json_object_get(office, "division")), "500101001000");
    assert_int_equal(json_integer_value(json_object_get(office, "on_time_percent")), 97);
    assert_int_equal(json_integer_value(json_object_get(office, "late")), 3);
    office = json_array_get(json_object_get(root, "offices"), 1);
    assert_true(json_is_null(json_object_get(office, "on_time_percent")));
    assert_string_equal(json_string_value(json_object_get(root, "protection")), "受连续保障");
    assert_string_equal(json_string_value(json_object_get(root, "level")), "district");
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_has_mark_headings_and_rows),
        cmocka_unit_test(csv_of_nothing_is_its_headings),
        cmocka_unit_test(csv_neutralises_and_quotes),
        cmocka_unit_test(csv_keeps_codes_whole),
        cmocka_unit_test(html_escapes),
        cmocka_unit_test(html_says_what_a_clerk_needs),
        cmocka_unit_test(html_says_what_is_predicted),
        cmocka_unit_test(html_says_what_protection_forbids),
        cmocka_unit_test(html_tells_changes),
        cmocka_unit_test(html_of_a_district),
        cmocka_unit_test(shares_are_cut_down),
        cmocka_unit_test(json_has_the_fields),
        cmocka_unit_test(json_of_nothing),
        cmocka_unit_test(json_has_changes_and_offices),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
