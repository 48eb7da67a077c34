/* delivery/return_*: the filled list as text (contract.md section 4, Returns), and the sentences in
 * which rows come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "delivery/list_words.h"
#include "delivery/return_parse.h"
#include "delivery/returns.h"
#include "rules/protection.h"
#include "rules/register.h"
#include "store/task.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena a;

static int tear_down(void **state)
{
    (void)state;
    arena_free(&a);
    return 0;
}

static void days(void **state)
{
    static const struct {
        const char *cell, *day; /* "": no day */
    } cases[] = {
        {"2026-11-24", "2026-11-24"},
        {"2026-1-4", "2026-01-04"},
        {"2026/11/24", "2026-11-24"},
        {"2026/1/4", "2026-01-04"},
        {"2026.11.24", "2026-11-24"},
        {"2026年11月24日", "2026-11-24"},
        {"2026年1月4日", "2026-01-04"},
        {"2026年1月4", "2026-01-04"},
        {"2026年1月4号", "2026-01-04"},
        {"2026 年 11 月 24 日", "2026-11-24"},
        {"20261124", "2026-11-24"},
        {"２０２６－１１－２４", "2026-11-24"},
        {"２０２６年１１月２４日", "2026-11-24"},
        {"　2026-11-24　", "2026-11-24"},
        {"'2026-11-24", "2026-11-24"},
        {"2026/11/24 0:00", "2026-11-24"},
        {"2026-11-24 00:00:00", "2026-11-24"},
        {"2026-11-24T00:00:00", "2026-11-24"},
        {"2024-02-29", "2024-02-29"},
        {"2026-02-29", ""},
        {"2026-13-01", ""},
        {"2026-00-10", ""},
        {"20261324", ""},
        {"2026-11-24 08:30", ""}, /* more than a day */
        {"24/11/2026", ""},
        {"11/24/2026", ""},
        {"26-11-24", ""}, /* which century, which order */
        {"2026-11", ""},
        {"2026-11-24-1", ""},
        {"2026-11/24", ""},
        {"2026年11-24", ""},
        {"11月24日", ""},
        {"46350", ""}, /* a spreadsheet's count of days */
        {"202611240", ""},
        {"2026-111-4", ""},
        {"今天", ""},
        {"1899-12-31", ""}, /* outside rules/date */
        {"2200-01-01", ""},
        {"", ""},
        {":", ""},
        {"T0:00", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct date day;
        char text[DATE_TEXT];
        bool ok = return_day(&a, str_of(cases[i].cell), &day);
        print_message("%s\n", cases[i].cell);
        assert_int_equal(ok, *cases[i].day != '\0');
        assert_string_equal(date_text(day, text), cases[i].day);
    }
}

static void tasks(void **state)
{
    static const struct {
        const char *cell;
        int64_t task; /* 0: no number */
    } cases[] = {
        {"1", 1},
        {"1234", 1234},
        {" 1234　", 1234},
        {"１２３４", 1234},
        {"'1234", 1234},
        {"1234.0", 1234},
        {"1234.00", 1234},
        {"1,234", 1234},
        {"0012", 12},
        {"12,345", 12345},
        {"1,234,567", 1234567},
        {"１，２３４", 1234},
        {"9007199254740992", INT64_C(1) << 53},
        {"9007199254740993", 0}, /* beyond what JSON can say */
        {"0", 0},
        {"-1", 0},
        {"+1", 0},
        {"1.5", 0},
        {"1.234", 0},
        {"1,23", 0},
        {"1234,567", 0},
        {"1,2345", 0},
        {",123", 0},
        {"123,", 0},
        {"1.", 0},
        {".0", 0},
        {"1e3", 0},
        {"1.2E+3", 0},
        {"1 234", 0},
        {"12a", 0},
        {"一", 0},
        {"", 0},
        {"'", 0},
        {"''1", 0},
        {"1,,234", 0},
        {"1.0.0", 0},
        {"99999999999999999999999999999999999999", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t task = 0;
        bool ok = return_task(&a, str_of(cases[i].cell), &task);
        print_message("%s\n", cases[i].cell);
        assert_int_equal(ok ? task : 0, cases[i].task);
    }
}

static void words(void **state)
{
    static const char *const zh[] = {"继续", "调整", "终止", "延期",     "保留",
                                     "退出", "返贫", "纳入", "申请低保", "不符合"};
    (void)state;
    for (int i = 0; i < (int)COUNT(zh); i++) {
        assert_int_equal(return_outcome(&a, str_of(zh[i])), i);
        /* The same value by the socket's word (store/task). */
        assert_int_equal(return_outcome(&a, str_of(names_text(&outcomes, i))), i);
    }
    assert_int_equal(return_outcome(&a, STR("　继 续 ")), OUTCOME_CONTINUE);
    assert_int_equal(return_outcome(&a, STR("'终止")), OUTCOME_TERMINATE);
    assert_int_equal(return_outcome(&a, STR("继续。")), -1);
    assert_int_equal(return_outcome(&a, STR("")), -1);
    assert_int_equal(grounds.count, GROUND_COUNT);
    for (int i = 0; i < GROUND_COUNT; i++) {
        assert_int_equal(return_ground(&a, str_of(names_zh(&grounds, i))), i);
        assert_int_equal(return_ground(&a, str_of(names_text(&grounds, i))), i);
    }
    assert_int_equal(return_ground(&a, STR("收入高")), -1);

    /* As offices write them: several for one value. */
    static const struct {
        const char *cell;
        int outcome;
    } also[] = {
        {"继续保障", OUTCOME_CONTINUE}, {"维持", OUTCOME_CONTINUE}, {"不变", OUTCOME_CONTINUE},
        {"增发", OUTCOME_ADJUST},       {"减发", OUTCOME_ADJUST},   {"停发", OUTCOME_TERMINATE},
        {" 取 消", OUTCOME_TERMINATE},  {"取消什么", -1},
    };
    for (size_t i = 0; i < COUNT(also); i++) {
        assert_int_equal(return_outcome(&a, str_of(also[i].cell)), also[i].outcome);
    }
    assert_int_equal(return_ground(&a, STR("全员消亡或迁出")), GROUND_ALL_MEMBERS_GONE);
    assert_int_equal(return_ground(&a, STR("全员死亡或迁出")), GROUND_ALL_MEMBERS_GONE);
    assert_int_equal(return_ground(&a, STR("骗保")), GROUND_FRAUD);
}

static void households(void **state)
{
    static const struct {
        const char *cell, *household;
        bool is;
    } cases[] = {
        {"", "500101000123", true},
        {"　", "500101000123", true},
        {"500101000123", "500101000123", true},
        {" ５００１０１０００１２３\t", "500101000123", true},
        {"'500101000123", "500101000123", true},
        {"500101000123.0", "500101000123", true},
        {"500,101,000,123", "500101000123", true},
        {"5.00101E+11", "500101000123", true},
        {"5E+11", "500101000123", true},
        {"5.00E+11", "500101000123", true},
        {"5.0010E+11", "500101000123", true},
        {"5.00102E+11", "500101000123", false},
        {"5.00101E+12", "500101000123", false},
        {"500101000124", "500101000123", false},
        {"50010100012", "500101000123", false},
        {"1E+12", "999999999999", true},
        {"123", "00123", true},
        {"123", "00124", false},
        {"0", "000", true},
        {"500101199001011000", "500101199001011234", true},
        {"500101199001011230", "500101199001011234", false},
        {"5.00101199001011E+17", "500101199001011234", true},
        {"1.1", "1.10", true},
        {"1.10", "11.0", false},
        {"1.2E+06", "12E5", true},
        {"1200000", "12E5", true},
        {"3月12日", "3-12", true},
        {"2026/3/12", "3-12", true},
        {"3月11日", "3-12", false},
        {"HH-1", "HH-1", true},
        {"HH-2", "HH-1", false},
        {"1", "HH-1", false},
        {"HH-1", "1", false},
        {"0.0123", "123", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("%s for %s\n", cases[i].cell, cases[i].household);
        assert_int_equal(return_is_household(&a, str_of(cases[i].cell), str_of(cases[i].household)),
                         cases[i].is);
    }
    assert_true(return_is_head(&a, STR(" 张　三 "), STR("张三")));
    assert_true(return_is_head(&a, STR(""), STR("张三")));
    assert_true(return_is_head(&a, STR("'=张三"), STR("=张三")));
    assert_true(return_is_head(&a, STR("Ｌｉ"), STR("Li")));
    assert_true(return_is_head(&a, STR("张三"), STR_NONE));
    assert_false(return_is_head(&a, STR("张四"), STR("张三")));
}

/* ---- the heading ---- */

static bool heading(const char *text, struct return_heading *h, struct error *err)
{
    int fd = memfd_create("list", MFD_CLOEXEC);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    bool ok = return_heading_read(fd, h, err);
    close(fd);
    return ok;
}

static void headings(void **state)
{
    static const struct {
        const char *text;
        char delimiter; /* 0: refused */
        int task, outcome, remark;
    } cases[] = {
        {"任务号,户号,户主,村,电话,类别,事由,依据,应核日,期限,栏目,受保护,结果,理由,日期,备注\r\n",
         ',', 0, 12, 15},
        {"\xEF\xBB\xBF任务号;结果;备注\n1;继续;", ';', 0, 1, 2},
        {"结果\t任务号\t别的\t备注\r", '\t', 1, 0, 3},
        {"\n \n任务号,结果\n", ',', 0, 1, -1},
        {"sep=;\r\n任务号;结果\r\n", ';', 0, 1, -1},
        {"\" 任 务 号\",\"结果　\"\n", ',', 0, 1, -1},
        {"备注(a,b),任务号,结果", ',', 2, 3, -1},
        {"任务号,结果,结果\n", 0, 0, 0, 0},
        {"任务号,日期\n", 0, 0, 0, 0},
        {"户号,结果\n", 0, 0, 0, 0},
        {"1,继续\n", 0, 0, 0, 0},
        {"", 0, 0, 0, 0},
        {"\"任务号", 0, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct return_heading h;
        struct error err = ERROR_INIT;
        bool ok = heading(cases[i].text, &h, &err);
        print_message("case %zu: %s\n", i, err.message ? err.message : "good");
        assert_int_equal(ok, cases[i].delimiter != 0);
        if (ok) {
            assert_int_equal(h.delimiter, cases[i].delimiter);
            assert_int_equal(h.at[RETURN_TASK], cases[i].task);
            assert_int_equal(h.at[RETURN_OUTCOME], cases[i].outcome);
            assert_int_equal(h.at[RETURN_REMARK], cases[i].remark);
        } else {
            assert_int_equal(err.reason, REASON_BAD_ROWS);
            assert_non_null(err.said);
        }
        error_clear(&err);
    }
}

/* ---- rows ---- */

static void rows(void **state)
{
    /* 任务号, 结果, 理由, 日期, 备注 */
    static const struct {
        const char *cells[6];
        const char *fault; /* NULL: a good row */
        const char *ground, *remark;
    } cases[] = {
        {{"7", "继续", "", "", "", NULL}, NULL, "", ""},
        {{"7", "终止", "收入超标", "2026/11/24", " 好\n", NULL}, NULL, "income-above", "好"},
        {{"7", "终止", "fraud", "", "'=1+1", NULL}, NULL, "fraud", "=1+1"},
        {{"7", "终止", "fraud", "", "'－1", NULL}, NULL, "fraud", "－1"},
        {{"7", "终止", "fraud", "", "'  =1", NULL}, NULL, "fraud", "=1"},
        {{"7", "终止", "fraud", "", "'引号", NULL}, NULL, "fraud", "'引号"},
        {{"7", "终止", "", "", "'好", NULL}, NULL, "", "'好"}, /* the rules ask for the ground */
        {{"7", "继续", "一切如常", "", "栠", NULL}, NULL, "一切如常", "栠"},
        {{"7", "继续", "", "", "", "　"}, NULL, "", ""},
        {{"7", "继续", "", "", "", "b"}, "the row has more cells than the heading", "", ""},
        {{"7", "终止", "穷", "", "", NULL}, "理由: \"穷\" is no ground of a termination", "", ""},
        {{"7", "好", "", "", "", NULL}, "结果: \"好\" is no outcome", "", ""},
        {{"七", "继续", "", "", "", NULL}, "任务号: \"七\" is no task's number", "", ""},
        {{"", "继续", "", "", "", NULL}, "the task's number is missing", "", ""},
        {{"7", "继续", "", "1/2/2026", "", NULL}, "日期: \"1/2/2026\" is no day", "", ""},
    };
    struct return_heading h;
    (void)state;
    assert_true(heading("任务号,结果,理由,日期,备注", &h, NULL));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str fields[6];
        struct csv_record record = {7, 0, fields};
        struct return_row row;
        struct error err = ERROR_INIT;
        for (; record.count < 6 && cases[i].cells[record.count]; record.count++) {
            fields[record.count] = str_of(cases[i].cells[record.count]);
        }
        assert_true(return_row_filled(&h, &record, &row));
        bool ok = return_row_parse(&a, &h, &record, &row, &err);
        print_message("case %zu: %s\n", i, err.message ? err.message : "good");
        assert_int_equal(ok, cases[i].fault == NULL);
        if (ok) {
            assert_int_equal(row.task, 7);
            assert_true(str_is(row.ground, cases[i].ground));
            assert_true(str_is(row.remark, cases[i].remark));
        } else {
            assert_string_equal(err.message, cases[i].fault);
        }
        error_clear(&err);
    }
    struct str blank[] = {STR("7"), STR("　 "), STR(""), STR("'"), STR(" ")};
    struct return_row row;
    struct error err = ERROR_INIT;
    blank[3] = STR("\t");
    assert_false(return_row_filled(&h, &(struct csv_record){2, 5, blank}, &row));
    /* One of the others filled alone: somebody forgot the outcome. */
    for (int i = 2; i < 5; i++) {
        struct str cells[] = {STR("7"), STR("　 "), STR(""), STR(""), STR("")};
        cells[i] = STR("2026-11-24");
        assert_true(return_row_filled(&h, &(struct csv_record){2, 5, cells}, &row));
        assert_false(return_row_parse(&a, &h, &(struct csv_record){2, 5, cells}, &row, &err));
        struct strbuf zh = STRBUF_INIT;
        error_zh(&err, &zh);
        assert_string_equal(strbuf_text(&zh), "结果未填");
        strbuf_free(&zh);
        error_clear(&err);
    }
}

/* ---- sentences ---- */

/* Each as the rules refuse it, and as the office reads it. */
static void sentences(void **state)
{
    struct arg ground_list = arg_list();
    arg_add(&ground_list, arg_word(&grounds, GROUND_ALL_MEMBERS_GONE));
    arg_add(&ground_list, arg_word(&grounds, GROUND_OTHER));
    struct {
        struct sentence *said;
        const char *clause, *message, *zh;
    } cases[] = {
        {sentence(SAY_NO_TASK, arg_number(7)), NULL, "there is no task 7",
         "本单位没有任务号为7的任务，请核对任务号"},
        {sentence(SAY_REVIEW_AFTER_TODAY, date_arg(date_of(2026, 11, 25)),
                  date_arg(date_of(2026, 11, 24))),
         NULL, "the review's day 2026-11-25 is after today, 2026-11-24",
         "复核日期2026-11-25晚于今天（2026-11-24），请填实际复核的日期"},
        {sentence(SAY_NO_WORKING_DAY, date_arg(date_of(2026, 12, 6)),
                  arg_said(sentence(SAY_WEEKEND))),
         "local", "2026-12-06 is no working day (weekend)",
         "新期限2026-12-06不是工作日（周末），请改为工作日（依据：本地规定）"},
        {sentence(SAY_NO_WORKING_DAY, date_arg(date_of(2026, 10, 1)), arg_z("国庆节")), "local",
         "2026-10-01 is no working day (国庆节)",
         "新期限2026-10-01不是工作日（国庆节），请改为工作日（依据：本地规定）"},
        {sentence(SAY_TERMINATION_NEEDS_GROUND, ground_list), NULL,
         "a termination needs its ground: one of all-members-gone, other",
         "终止须在“理由”中填写：全员死亡或迁出、其他"},
        {sentence(SAY_TASK_DONE_OTHERWISE, arg_number(7), arg_word(&outcomes, OUTCOME_CONTINUE),
                  date_arg(date_of(2026, 11, 20)), arg_z("wang"), arg_z("2026-11-21 09:15")),
         NULL,
         "task 7 is done already: continue on 2026-11-20, recorded by wang at 2026-11-21 09:15",
         "任务7已办结：wang于2026-11-21 "
         "09:15登记为“继续”，办理日期2026-11-20；本行与之不同，未采用"},
        {sentence(SAY_NO_OUTCOME, arg_z("a * b {1} is no day"), arg_words(&review_outcomes),
                  arg_words(&decisions)),
         NULL, "结果: \"a * b {1} is no day\" is no outcome",
         "结果“a * b {1} is no "
         "day”无法识别，应填：继续、调整、终止、延期；建档立卡任务填：保留、退出、返贫、"
         "纳入、申请低保、不符合"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error why = ERROR_INIT;
        struct strbuf zh = STRBUF_INIT;
        error_put(&why, cases[i].clause, cases[i].said);
        assert_string_equal(why.message, cases[i].message);
        refusal_zh(&why, &zh);
        assert_string_equal(strbuf_text(&zh), cases[i].zh);
        strbuf_free(&zh);
        error_clear(&why);
    }
}

static void refused(bool ok, struct error *why, const char *message, const char *chinese)
{
    struct strbuf zh = STRBUF_INIT;
    assert_false(ok);
    assert_string_equal(why->message, message);
    refusal_zh(why, &zh);
    assert_string_equal(strbuf_text(&zh), chinese);
    strbuf_free(&zh);
    error_clear(why);
}

/* The two longest, as the rules make them themselves. */
static void refusals(void **state)
{
    static const char *listed[] = {"housing", "motor-vehicle", "yacht", NULL};
    static const char *const owned[] = {"savings"};
    struct policy policy = {.name = "2017",
                            .continuity = true,
                            .continuity_source = "渝府办发〔2017〕30号 二(四)3",
                            .protected_set = 1u << REGISTER_REGISTERED,
                            .clearly_above = 1.5,
                            .assets = listed,
                            .pension_until = DATE_NONE};
    struct member_facts people[3] = {
        {.status = MEMBER_PRESENT}, {.status = MEMBER_PRESENT}, {.status = MEMBER_DIED}};
    struct cessation_facts facts = {
        .household = {.status = STATUS_ACTIVE,
                      .register_state = REGISTER_REGISTERED,
                      .income = 1080001,
                      .pension = -1,
                      .employment_cost = -1,
                      .members = people,
                      .member_count = 3},
        .member_left_on = DATE_NONE,
        .standard = 420000,
    };
    struct date on = date_of(2018, 3, 1);
    struct error why = ERROR_INIT;
    enum register_state after;
    (void)state;
    refused(cessation_allowed(&policy, on, ACT_TERMINATE, GROUND_FRAUD, &facts, NULL, &why), &why,
            "the allowance is protected while the household is registered: it ends only with "
            "all-members-gone (2 of 3 members present), member-change (a death or a moving out "
            "recorded since the last review: none), income-clearly-above (countable income "
            "5,400.00 a head (10,800.01 / 2), standard 4,200.00 × 1.5 = 6,300.00) or "
            "assets-clearly-above (one of housing, motor-vehicle, yacht; on record: none)",
            "该户是建档立卡户，低保受连续保障保护，不得终止；只有下列情形且有记录为证方可终止："
            "全员死亡或迁出（登记3人，现有2人）、人员变动（上次复核以来没有死亡或迁出的记录）、"
            "收入明显超标（人均可计算收入5,400.00元（10,800.01元÷2人），须超过6,300.00元，即标准"
            "4,200.00元的1.5倍）、财产明显超标（商品房、机动车辆、yacht之一，现无记录）（依据：渝府"
            "办发〔2017〕30号 二(四)3）");
    facts.household.income = -1;
    facts.standard = 0;
    facts.assets = owned;
    facts.asset_count = 1;
    facts.member_left = false;
    refused(cessation_allowed(&policy, on, ACT_TERMINATE, GROUND_FRAUD, &facts, NULL, &why), &why,
            "the allowance is protected while the household is registered: it ends only with "
            "all-members-gone (2 of 3 members present), member-change (a death or a moving out "
            "recorded since the last review: none), income-clearly-above (countable income not "
            "known, standard not known) or assets-clearly-above (one of housing, motor-vehicle, "
            "yacht; on record: savings)",
            "该户是建档立卡户，低保受连续保障保护，不得终止；只有下列情形且有记录为证方可终止："
            "全员死亡或迁出（登记3人，现有2人）、人员变动（上次复核以来没有死亡或迁出的记录）、"
            "收入明显超标（收入和保障标准均无记录）、财产明显超标（商品房、机动车辆、yacht之一，"
            "现有记录：大额存款）（依据：渝府办发〔2017〕30号 二(四)3）");
    refused(register_decide(REGISTER_CANDIDATE, REGISTER_NONE, DECISION_EXIT, &after, &why), &why,
            "exit does not answer a register-candidate of a household whose register state is "
            "none: that takes add or not-eligible",
            "“退出”不适用：该户建档立卡状态为“未建档立卡”，本任务（建档立卡纳入）结果应填：纳入、不"
            "符合");
}

/* ---- names in a return folder ---- */

static void names(void **state)
{
    static const struct {
        const char *name;
        enum returns_name is;
    } cases[] = {
        {"2026-11-24-daily.csv", RETURNS_LIST},
        {"20261124.csv", RETURNS_LIST},
        {"清单.CSV", RETURNS_LIST},
        {"清单.xlsx", RETURNS_LIST},
        {"清单.doc", RETURNS_LIST}, /* comes back with a reason */
        {".taken-清单.csv", RETURNS_CLAIMED},
        {".taken-A1B2C3D4", RETURNS_CLAIMED},
        {"清单.rejected.csv", RETURNS_NONE},
        {"清单.Rejected.CSV", RETURNS_NONE},
        {".hidden.csv", RETURNS_NONE},
        {"done", RETURNS_NONE},
        {"A1B2C3D4", RETURNS_UNFINISHED},
        {"清单", RETURNS_UNFINISHED},
        {"~$清单.xlsx", RETURNS_UNFINISHED},
        {".~lock.清单.csv#", RETURNS_UNFINISHED},
        {"清单.csv.tmp", RETURNS_UNFINISHED},
        {"A1B2C3D4.TMP", RETURNS_UNFINISHED},
        {"清单.csv.part", RETURNS_UNFINISHED},
        {"清单.csv~", RETURNS_UNFINISHED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("%s\n", cases[i].name);
        assert_int_equal(returns_name(cases[i].name), cases[i].is);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days),       cmocka_unit_test(tasks),    cmocka_unit_test(words),
        cmocka_unit_test(households), cmocka_unit_test(headings), cmocka_unit_test(rows),
        cmocka_unit_test(sentences),  cmocka_unit_test(names),    cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
