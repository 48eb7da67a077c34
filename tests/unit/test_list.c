/* delivery/list: the three renderings as pure functions (spec.md section 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "delivery/list.h"

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
                 .due_on = due},
        .section = section,
        .village = STR("青羊宫社区"),
        .kind_zh = "定期复核",
        .cause_zh = "按季度复核",
        .clause = "渝府办发〔2017〕30号 二(四)3；民法典第203条",
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

    for (int i = 0; i < count; i++)
        list.totals[items[i].section]++;
    return list;
}

static void has(const struct strbuf *out, const char *text)
{
    if (!strstr(strbuf_text(out), text))
        fail_msg("no %s in:\n%s", text, strbuf_text(out));
}

static void has_not(const struct strbuf *out, const char *text)
{
    if (strstr(strbuf_text(out), text))
        fail_msg("%s in:\n%s", text, strbuf_text(out));
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
                 "渝府办发〔2017〕30号 二(四)3；民法典第203条,2026-11-19,2026-11-21,逾期,是,,,,"
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
    has(&out, "民法典第203条");
    has(&out, "其余<b>5</b>");
    has(&out, "未办合计<b>8</b>");
    has(&out, HEAD);
    has(&out, "1-42");
    has_not(&out, "暂定");
    has_not(&out, "升级件");
    strbuf_free(&out);
}

/* spec.md 3.2: a prediction is never shown as published, and a moved deadline is told. */
static void html_says_what_is_predicted_or_moved(void **state)
{
    struct list_item items[] = {item_of(7, SECTION_NEW, "甲", 40)};
    struct list list = list_of(items, 1);
    struct list_notice notice = {7, STR("H-7"), date_of(2026, 11, 20), date_of(2026, 11, 25)};
    struct strbuf out = STRBUF_INIT;

    (void)state;
    items[0].provisional = list.provisional = true;
    list.notices = &notice;
    list.notice_count = 1;
    list.level = LEVEL_DISTRICT;
    list_html(&list, &out);
    has(&out, "2027-01-03 *");
    has(&out, "暂定期限");
    has(&out, "由 2026-11-20 改为 <b>2026-11-25</b>");
    has(&out, "升级件");
    strbuf_free(&out);
}

static json_t *json_of(const struct list *list)
{
    struct strbuf out = STRBUF_INIT;
    json_error_t fault;

    list_json(list, &out);
    assert_int_equal(out.data[out.len - 1], '\n');
    json_t *root = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &fault);
    if (!root)
        fail_msg("%s in %s", fault.text, out.data);
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
                                 "{s:s,s:s,s:s,s:s,s:s,s:{s:s,s:s},s:o,s:{s:i,s:i,s:i,s:i,s:i}!}",
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
    assert_int_equal(json_object_size(sections_of), 3);
    task = json_array_get(json_object_get(sections_of, "late"), 0);
    assert_int_equal(json_object_size(task), 17);
    assert_int_equal(json_integer_value(json_object_get(task, "task")), 7);
    assert_int_equal(json_integer_value(json_object_get(task, "days_left")), -3);
    assert_string_equal(json_string_value(json_object_get(task, "head_name")), "甲\"\n");
    assert_string_equal(json_string_value(json_object_get(task, "kind")), "regular-review");
    assert_string_equal(json_string_value(json_object_get(task, "section")), "late");
    assert_string_equal(json_string_value(json_object_get(task, "due_on")), "2026-11-21");
    assert_true(json_is_true(json_object_get(task, "protected")));
    assert_true(json_is_null(json_object_get(task, "outcome")));
    task = json_array_get(json_object_get(sections_of, "due"), 0);
    assert_true(json_is_null(json_object_get(task, "head_name")));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_has_mark_headings_and_rows),
        cmocka_unit_test(csv_of_nothing_is_its_headings),
        cmocka_unit_test(csv_neutralises_and_quotes),
        cmocka_unit_test(html_escapes),
        cmocka_unit_test(html_says_what_a_clerk_needs),
        cmocka_unit_test(html_says_what_is_predicted_or_moved),
        cmocka_unit_test(json_has_the_fields),
        cmocka_unit_test(json_of_nothing),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
