/* base/cell: what people and spreadsheets write means one thing, or is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/cell.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena arena;

static void test_trim(void **state)
{
    static const struct {
        const char *in, *trimmed, *plain, *word;
    } cases[] = {
        {"", "", "", ""},
        {" \t\r\n", "", "", ""},
        {"D1\xC2\xA0", "D1", "D1", "D1"}, /* no-break space */
        {"\xEF\xBB\xBF"
         "D1\xE2\x80\x8B",
         "D1", "D1", "D1"},                                          /* mark, zero width space */
        {"\xE3\x80\x80王 小\xE3\x80\x80", "王 小", "王 小", "王小"}, /* ideographic space */
        {"Ｄ１－２", "Ｄ１－２", "D1-2", "D1-2"},                    /* full-width */
        {"5\xE2\x80\x8B"
         "0\xE3\x80\x80"
         "1",
         "5\xE2\x80\x8B"
         "0\xE3\x80\x80"
         "1",
         "50 1", "501"},
        {"'0012", "'0012", "0012", "0012"},
        {"'=1", "'=1", "=1", "=1"},
        {"é", "é", "é", "é"},
        {"\x80", "\x80", "\x80", "\x80"}, /* malformed: stays for others to refuse */
        {"\xE3\x80", "\xE3\x80", "\xE3\x80", "\xE3\x80"},
        {"x\xE2\x80\xA8", "x", "x", "x"}, /* line separator */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str in = str_of(cases[i].in);
        assert_true(str_is(cell_trim(in), cases[i].trimmed));
        assert_true(str_is(cell_plain(&arena, in), cases[i].plain));
        assert_true(str_is(cell_word(&arena, in), cases[i].word));
    }
    assert_true(str_is(cell_words(STR(" '=1 ")), "=1"));
    assert_true(str_is(cell_words(STR("'王")), "'王"));
}

static void test_code(void **state)
{
    static const struct {
        const char *in, *code; /* NULL: refused */
    } cases[] = {
        {"500101001001", "500101001001"},
        {"５００１０１００１００１", "500101001001"},
        {"500101001001.0", "500101001001"},
        {"500101001001.00", "500101001001"},
        {"12.5", "12.5"},
        {"K1.0", "K1.0"},
        {"1.", "1."},
        {"1E5", "1E5"}, /* a code like any other */
        {"5E-3", "5E-3"},
        {"5.00101E+11", NULL},
        {"5E+11", NULL},
        {"5.0e+11", NULL},
        {"５.００１０１Ｅ＋１１", NULL},
        {"#####", NULL},
        {"#1", "#1"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str code;
        enum say fault = cell_code(&arena, str_of(cases[i].in), &code);
        assert_int_equal(fault == SAY_NOTHING, cases[i].code != NULL);
        if (!fault && !str_is(code, cases[i].code)) {
            fail_msg("%s: %.*s", cases[i].in, STR_ARG(code));
        }
    }
}

static void test_day(void **state)
{
    static const struct {
        const char *in;
        int year, month, day; /* 0: none */
    } cases[] = {
        {"2026-11-23", 2026, 11, 23},
        {"2026/1/6", 2026, 1, 6},
        {"2026.1.6", 2026, 1, 6},
        {"20260106", 2026, 1, 6},
        {"2026年11月23日", 2026, 11, 23},
        {"2026 年 1 月 6 号", 2026, 1, 6},
        {"2026年1月6", 2026, 1, 6},
        {"２０２６－１１－２３", 2026, 11, 23},
        {"2026/11/23 0:00:00", 2026, 11, 23},
        {"2026-11-23T00:00:00", 2026, 11, 23},
        {"2026-11-23 00:00:00.000", 2026, 11, 23},
        {"46349", 2026, 11, 23},
        {"25569", 1970, 1, 1},
        {"10000", 1927, 5, 18},
        {"2026-02-30", 2026, 2, 30}, /* that there is none, others say */
        {"46349.0", 0, 0, 0},
        {"9999", 0, 0, 0},
        {"01234", 0, 0, 0},
        {"2026-11-23 8:30", 0, 0, 0},
        {"26-11-23", 0, 0, 0},
        {"2026-11", 0, 0, 0},
        {"2026年11月", 0, 0, 0},
        {"11/23/2026", 0, 0, 0},
        {"2026-1/6", 0, 0, 0},
        {"2026-11-230", 0, 0, 0},
        {"", 0, 0, 0},
        {":", 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int y = 0, m = 0, d = 0;
        bool ok = cell_day(&arena, str_of(cases[i].in), &y, &m, &d);
        if (ok != (cases[i].year > 0) ||
            (ok && (y != cases[i].year || m != cases[i].month || d != cases[i].day))) {
            fail_msg("%s: %d-%d-%d", cases[i].in, y, m, d);
        }
    }
}

static void test_money(void **state)
{
    static const struct {
        const char *in;
        int64_t fen; /* -1: none */
    } cases[] = {
        {"5200", 520000},
        {"5200.5", 520050},
        {"5200.50", 520050},
        {"5200.500", 520050},
        {"5,200.50", 520050},
        {"¥5,200", 520000},
        {"￥5,200元", 520000},
        {"５，２００．５０", 520050},
        {" 1,234,567.25 ", 123456725},
        {"0", 0},
        {"99999999999.99", 9999999999999},
        {"1234,567", -1},
        {"12,34", -1},
        {"1,2345", -1},
        {",200", -1},
        {"5,200,", -1},
        {"5200.501", -1},
        {"5200.", -1},
        {".5", -1},
        {"-1", -1},
        {"5.2E+3", -1},
        {"5200万", -1},
        {"元", -1},
        {"", -1},
        {"1.2.3", -1},
        {"1.2,3", -1},
        {"1000000000000000000000000000000", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t fen = -1;
        bool ok = cell_money(&arena, str_of(cases[i].in), &fen);
        if (ok != (cases[i].fen >= 0) || (ok && fen != cases[i].fen)) {
            fail_msg("%s: %lld", cases[i].in, (long long)fen);
        }
    }
}

static void test_texts(void **state)
{
    static const struct {
        const char *in;
        bool text, name; /* good as such */
    } cases[] = {
        {"王小一", true, true},
        {"", true, true},
        {"买买提·艾力", true, true},
        {"王\xF3\xA0\x84\x80", true, true}, /* the form of a rare character is part of it */
        {"哪一条路?", true, false},
        {"?小红", true, false},
        {"王？", true, false},
        {"李\xEF\xBF\xBD", false, false},
        {"a\nb", false, false},
        {"a\tb", false, false},
        {"a\x7F", false, false},
        {"a\xC2\x85"
         "b",
         false, false},
        {"王\xE2\x80\x8B小", false, false}, /* zero width space */
        {"\xE2\x80\xAE王", false, false},   /* right to left */
        {"王\xE2\x81\xA6小", false, false},
        {"王\xC2\xAD小", false, false},
        {"王\xE2\x80\xA8小", false, false},
        {"#N/A", false, false},
        {"##", false, false},
        {"#", true, true},
        {"#REF", true, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if ((cell_text_fault(str_of(cases[i].in)) == SAY_NOTHING) != cases[i].text ||
            (cell_name_fault(str_of(cases[i].in)) == SAY_NOTHING) != cases[i].name) {
            fail_msg("%s", cases[i].in);
        }
    }
}

static void test_clears(void **state)
{
    static const char *const yes[] = {"-", " - ", "清空", "－", "'-", "——"};
    static const char *const no[] = {"", " ", "--1", "无", "0", "'"};
    (void)state;
    for (size_t i = 0; i < COUNT(yes); i++) {
        assert_true(cell_clears(str_of(yes[i])));
    }
    for (size_t i = 0; i < COUNT(no); i++) {
        assert_false(cell_clears(str_of(no[i])));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trim),  cmocka_unit_test(test_code),  cmocka_unit_test(test_day),
        cmocka_unit_test(test_money), cmocka_unit_test(test_texts), cmocka_unit_test(test_clears),
    };
    int failed = cmocka_run_group_tests_name("cell", tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
