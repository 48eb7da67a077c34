/* base/text: RFC 3629, GB 18030-2005, UAX #11, GB 11643-1999. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_is_utf8(void **state)
{
    static const struct {
        const char *text;
        int bad; /* -1: well-formed */
    } cases[] = {
        {"", -1},
        {"abc", -1},
        {"王小一", -1},
        {"\xC2\x80", -1},         /* U+0080, the least of two bytes */
        {"\xE0\xA0\x80", -1},     /* U+0800 */
        {"\xED\x9F\xBF", -1},     /* U+D7FF */
        {"\xEE\x80\x80", -1},     /* U+E000 */
        {"\xF0\x90\x80\x80", -1}, /* U+10000 */
        {"\xF4\x8F\xBF\xBF", -1}, /* U+10FFFF */
        {"\xC0\x80", 0},          /* RFC 3629 3: overlong */
        {"\xC1\xBF", 0},          /* overlong */
        {"\xE0\x9F\xBF", 0},      /* overlong */
        {"\xF0\x8F\xBF\xBF", 0},  /* overlong */
        {"\xED\xA0\x80", 0},      /* RFC 3629 3: a surrogate */
        {"\xF4\x90\x80\x80", 0},  /* above U+10FFFF */
        {"\xF5\x80\x80\x80", 0},  /* never a first byte */
        {"\xFF", 0},
        {"a\x80", 1},               /* a stray continuation */
        {"abcdefghij\xE7\x8E", 10}, /* torn off */
        {"王\xE7\x8Ex", 3},
        {"\xCD\xF5", 0}, /* 王 in GB18030 */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t bad = SIZE_MAX;
        bool ok = text_is_utf8(str_of(cases[i].text), &bad);
        if (ok != (cases[i].bad < 0) || (!ok && bad != (size_t)cases[i].bad)) {
            fail_msg("case %zu: bad at %zu", i, bad);
        }
    }
    assert_true(text_is_utf8(STR_NONE, NULL));
}

static int file_of(struct str content)
{
    int fd = memfd_create("text", MFD_CLOEXEC);

    assert_true(fd >= 0);
    for (size_t at = 0; at < content.len;) {
        ssize_t n = write(fd, content.data + at, content.len - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
    return fd;
}

static void read_back(int fd, struct strbuf *out)
{
    char piece[4096];
    ssize_t n;

    lseek(fd, 0, SEEK_SET);
    while ((n = read(fd, piece, sizeof piece)) > 0) {
        strbuf_add(out, piece, (size_t)n);
    }
}

/* Checks one conversion; `expected` NULL data: a fault on `line`. */
static void check(struct str in, struct str expected, uint64_t line)
{
    int from = file_of(in), to = file_of(STR(""));
    struct strbuf got = STRBUF_INIT;
    struct error err = ERROR_INIT;
    uint64_t fault;
    bool ok = text_to_utf8(from, to, &fault, &err);

    assert_int_equal(ok, expected.data != NULL);
    if (ok) {
        read_back(to, &got);
        assert_true(str_equal(strbuf_str(&got), expected));
    } else {
        assert_int_equal(err.reason, REASON_BAD_ROWS);
        assert_int_equal(fault, line);
    }
    error_clear(&err);
    strbuf_free(&got);
    close(from);
    close(to);
}

static void test_to_utf8(void **state)
{
    const struct {
        struct str in;
        const char *out; /* NULL: a fault */
        uint64_t line;
    } cases[] = {
        {STR(""), "", 0},
        {STR("a,b\n"), "a,b\n", 0},
        {STR("王小一\n"), "王小一\n", 0},
        {STR("\xEF\xBB\xBF王\n"), "王\n", 0}, /* the mark goes */
        {STR("\xEF\xBB\xBF"), "", 0},
        {STR("a\xEF\xBB\xBF"), "a\xEF\xBB\xBF", 0},         /* only at the start */
        {STR("\xCD\xF5\xD0\xA1\xD2\xBB\n"), "王小一\n", 0}, /* GB 18030: two bytes */
        {STR("\x95\x32\x82\x36"), "𠀀", 0},                 /* four bytes: U+20000 */
        {STR("\xA8\xA6"), "é", 0},
        {STR("\x84\x31\x95\x33\xCD\xF5"), "王", 0},     /* the mark in GB18030 */
        {STR("\xCD\xF5\n\xD0\xA1\n\xFF\n"), NULL, 3},   /* GB18030 but for one byte */
        {STR("\xCD\xF5\r\n\r\xD0\xA1\r\xFF"), NULL, 4}, /* CRLF and CR */
        {STR("王小\n王\n\n\xFF王\n"), NULL, 4},         /* UTF-8 but for one byte */
        {STR("\xCD\xF5\n\xCD"), NULL, 2},               /* torn off */
        {STR("a\nb\0c\n"), NULL, 2},                    /* a NUL */
        {STR("\xCD\xF5\n\0"), NULL, 2},
        {STR("\0"), NULL, 1},
        {STR("\xFF\xFEh\0\n\0"), NULL, 1}, /* UTF-16 */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check(cases[i].in, str_of(cases[i].out), cases[i].line);
    }
}

/* A character in every place across the end of the 64 KiB piece. */
static void test_to_utf8_edges(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"𠀀王", "𠀀王"}, {"\x95\x32\x82\x36\xCD\xF5", "𠀀王"}, {"\xCD\xF5\xD0\xA1", "王小"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t pad = 65536 - 9; pad < 65536 + 2; pad++) {
            struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
            for (size_t n = 0; n < pad; n++) {
                strbuf_addc(&in, n % 100 == 99 ? '\n' : 'x');
            }
            strbuf_addstr(&out, strbuf_str(&in));
            strbuf_addz(&in, cases[i].in);
            strbuf_addz(&out, cases[i].out);
            check(strbuf_str(&in), strbuf_str(&out), 0);
            strbuf_addz(&in, "\n\xFF");
            check(strbuf_str(&in), STR_NONE, pad / 100 + 2);
            strbuf_free(&in);
            strbuf_free(&out);
        }
    }
}

static void test_to_utf8_errors(void **state)
{
    struct error err = ERROR_INIT;
    uint64_t line;
    int fd = file_of(STR("a"));

    (void)state;
    assert_false(text_to_utf8(-1, fd, &line, &err));
    assert_int_equal(err.reason, REASON_STORAGE);
    assert_false(text_to_utf8(fd, -1, &line, &err));
    assert_int_equal(err.reason, REASON_STORAGE);
    error_clear(&err);
    close(fd);
}

/* UAX #11, East Asian Width. */
static void test_width(void **state)
{
    static const struct {
        const char *text;
        size_t width;
    } cases[] = {
        {"", 0},
        {"abc", 3},
        {"王小一", 6},
        {"（一）", 6},       /* full-width brackets */
        {"\xE3\x80\x80", 2}, /* U+3000 */
        {"é", 1},
        {"e\xCC\x81", 1},    /* with a combining acute */
        {"a\tb\n", 2},       /* controls are 0 */
        {"\xEF\xBB\xBF", 0}, /* U+FEFF */
        {"\xE2\x80\x8B", 0}, /* U+200B */
        {"ｱ", 1},            /* half-width kana */
        {"한", 2},
        {"𠀀", 2}, /* U+20000 */
        {"😀", 2},
        {"—…", 2}, /* ambiguous is narrow */
        {"a\xFF"
         "b",
         3}, /* a malformed byte shows as one */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (text_width(str_of(cases[i].text)) != cases[i].width) {
            fail_msg("width of \"%s\"", cases[i].text);
        }
    }
}

/* GB 11643-1999. The first is the example of its annex. */
static void test_idnum(void **state)
{
    static const char count[] = "must have 18 characters",
                      form[] = "must be digits, the last a digit or X",
                      birth_date[] = "birth date is not a real day from 1900 on",
                      check_digit[] = "check digit is wrong";
    static const struct {
        const char *id, *fault;
        struct birth birth;
    } cases[] = {
        {"11010519491231002X", NULL, {1949, 12, 31}},
        {"11010519491231002x", NULL, {1949, 12, 31}},
        {"500101198001010013", NULL, {1980, 1, 1}},
        {"500101190001010017", NULL, {1900, 1, 1}},
        {"500101200002290010", NULL, {2000, 2, 29}}, /* divisible by 400 */
        {"500101202402290019", NULL, {2024, 2, 29}},
        {"500101190002290014", birth_date, {0, 0, 0}}, /* by 100 and not by 400 */
        {"440524188001010014", birth_date, {0, 0, 0}}, /* good, but before 1900 */
        {"500101189912310012", birth_date, {0, 0, 0}},
        {"500101199904310011", birth_date, {0, 0, 0}},
        {"500101199913010010", birth_date, {0, 0, 0}},
        {"500101199900010011", birth_date, {0, 0, 0}},
        {"500101199901000018", birth_date, {0, 0, 0}},
        {"110105194912310021", check_digit, {0, 0, 0}},
        {"500101198001010031", check_digit, {0, 0, 0}},
        {"500101198001010103", check_digit, {0, 0, 0}}, /* two digits changed over */
        {"", count, {0, 0, 0}},
        {"110105491231002", count, {0, 0, 0}}, /* the old 15 digits */
        {"11010519491231002X ", count, {0, 0, 0}},
        {"1101051949123100X2", form, {0, 0, 0}},
        {"11010519491231002Y", form, {0, 0, 0}},
        {"-10105194912310021", form, {0, 0, 0}},
        {"王王王王王王", form, {0, 0, 0}}, /* 18 bytes */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct birth b = {0, 0, 0};
        const char *fault = idnum_fault(str_of(cases[i].id), &b);
        if (!cases[i].fault) {
            assert_null(fault);
        } else {
            assert_string_equal(fault ? fault : "good", cases[i].fault);
        }
        assert_memory_equal(&b, &cases[i].birth, sizeof b);
    }
    assert_null(idnum_fault(STR("11010519491231002X"), NULL));
}

/* Every single wrong digit is found: what ISO 7064 MOD 11-2 promises. */
static void test_idnum_single_errors(void **state)
{
    static const char good[] = "500101198001010013";

    (void)state;
    for (size_t i = 0; i < 18; i++) {
        for (char c = '0'; c <= '9'; c++) {
            char id[19];
            memcpy(id, good, sizeof id);
            id[i] = c;
            const char *fault = idnum_fault(str_of(id), NULL);
            if (c == good[i]) {
                assert_null(fault);
            } else {
                assert_non_null(fault);
            }
        }
    }
}

static void test_mask(void **state)
{
    static const char *const cases[][2] = {
        {"500101198001010013", "500101********0013"},
        {"123456789012", "123456**9012"},
        {"12345678901", "***********"},
        {"", ""},
        {"一二三四五六七八九十甲乙", "一二三四五六**九十甲乙"},
        {"王小一", "***"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strbuf b = STRBUF_INIT;
        idnum_mask(str_of(cases[i][0]), &b);
        assert_string_equal(strbuf_text(&b), cases[i][1]);
        strbuf_free(&b);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_utf8),
        cmocka_unit_test(test_to_utf8),
        cmocka_unit_test(test_to_utf8_edges),
        cmocka_unit_test(test_to_utf8_errors),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_idnum),
        cmocka_unit_test(test_idnum_single_errors),
        cmocka_unit_test(test_mask),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
