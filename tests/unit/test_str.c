/* base/str, arena, names, error: views, numbers, buffers and who owns what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_trim(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"a", "a"},
        {"  a b\t", "a b"},
        {" \t ", ""},
        {"\xE3\x80\x80王\xE3\x80\x80 ", "王"}, /* U+3000 */
        {"\xE3\x80\x80", ""},
        {"\xC2\xA0"
         "a",
         "\xC2\xA0"
         "a"}, /* a no-break space stays */
        {"a\n", "a\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str got = str_trim(str_of(cases[i][0]));
        assert_true(str_is(got, cases[i][1]));
    }
    assert_int_equal(str_trim(STR_NONE).len, 0);
}

static void test_to_int(void **state)
{
    static const struct {
        const char *text;
        int64_t min, max;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", 0, 9, true, 0},
        {"007", 0, 9, true, 7},
        {"-5", -9, 9, true, -5},
        {"-0", 0, 9, true, 0},
        {"10", 0, 9, false, 0},
        {"-1", 0, 9, false, 0},
        {"", 0, 9, false, 0},
        {"-", -9, 9, false, 0},
        {"+5", 0, 9, false, 0},
        {" 5", 0, 9, false, 0},
        {"5 ", 0, 9, false, 0},
        {"1.0", 0, 9, false, 0},
        {"--1", -9, 9, false, 0},
        {"９", 0, 9, false, 0}, /* a full-width digit is no digit */
        {"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
        {"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
        {"99999999999999999999999", INT64_MIN, INT64_MAX, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t value = 4711;
        bool ok = str_to_int(str_of(cases[i].text), cases[i].min, cases[i].max, &value);
        if (ok != cases[i].ok) {
            fail_msg("str_to_int(\"%s\")", cases[i].text);
        }
        assert_int_equal(value, ok ? cases[i].value : 4711);
    }
}

/* contract.md 5: money has at most two decimals. */
static void test_fen(void **state)
{
    static const struct {
        const char *text;
        int64_t fen; /* -1: refused */
        const char *back;
    } cases[] = {
        {"0", 0, "0.00"},
        {"5400", 540000, "5400.00"},
        {"5400.5", 540050, "5400.50"},
        {"5400.05", 540005, "5400.05"},
        {"0.01", 1, "0.01"},
        {"99999999999.99", INT64_C(9999999999999), "99999999999.99"},
        {"100000000000", -1, NULL},
        {"5400.005", -1, NULL},
        {"5400.", -1, NULL},
        {".5", -1, NULL},
        {".", -1, NULL},
        {"", -1, NULL},
        {"-1", -1, NULL},
        {"-0", -1, NULL},
        {"1.-1", -1, NULL},
        {"+1", -1, NULL},
        {"5,400", -1, NULL},
        {" 1", -1, NULL},
        {"1e3", -1, NULL},
        {"1.2.3", -1, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t fen = -1;
        bool ok = str_to_fen(str_of(cases[i].text), &fen);
        if (ok != (cases[i].fen >= 0) || fen != cases[i].fen) {
            fail_msg("str_to_fen(\"%s\") gave %lld", cases[i].text, (long long)fen);
        }
        if (!ok) {
            continue;
        }
        struct strbuf b = STRBUF_INIT;
        strbuf_addfen(&b, fen);
        assert_string_equal(strbuf_text(&b), cases[i].back);
        strbuf_free(&b);
    }
}

static void test_strbuf(void **state)
{
    struct strbuf b = STRBUF_INIT;

    (void)state;
    assert_string_equal(strbuf_text(&b), "");
    assert_int_equal(strbuf_str(&b).len, 0);
    strbuf_addint(&b, INT64_MIN);
    assert_string_equal(strbuf_text(&b), "-9223372036854775808");
    strbuf_reset(&b);
    strbuf_addfen(&b, -150);
    strbuf_addc(&b, ' ');
    strbuf_addf(&b, "%s-%d", "a", 1);
    strbuf_addstr(&b, STR_NONE);
    assert_string_equal(strbuf_text(&b), "-1.50 a-1");
    strbuf_reset(&b);
    strbuf_addf(&b, "%500d", 7);
    assert_int_equal(b.len, 500);
    assert_int_equal(strlen(b.data), 500);
    for (int i = 0; i < 100000; i++) {
        strbuf_addz(&b, "xy");
    }
    assert_int_equal(b.len, 200500);
    assert_int_equal(b.data[b.len], 0);
    strbuf_free(&b);
    strbuf_addf(&b, "%s", "");
    assert_string_equal(b.data, "");
    strbuf_free(&b);
}

static void test_copies(void **state)
{
    char *copy = xstrndup("abc", 2);

    (void)state;
    assert_string_equal(copy, "ab");
    free(copy);
    copy = xstrndup("abc", 99); /* never past the NUL */
    assert_string_equal(copy, "abc");
    free(copy);
    copy = xstrdup(NULL);
    assert_string_equal(copy, "");
    free(copy);
    free(xmalloc(0));
}

static void test_arena(void **state)
{
    struct arena a = ARENA_INIT;

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 3000; size += 7) {
            unsigned char *p = arena_alloc(&a, size);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++) {
                assert_int_equal(p[i], 0);
            }
            memset(p, 0xAA, size);
        }
        char *big = arena_alloc(&a, 1000000);
        assert_int_equal(big[999999], 0);
        assert_string_equal(arena_copy(&a, STR("王小")), "王小");
        assert_string_equal(arena_copy(&a, STR_NONE), "");
        assert_null(arena_str(&a, STR_NONE).data);
        assert_true(str_is(arena_str(&a, STR("x")), "x"));
        assert_string_equal(arena_format(&a, "%d/%s", 3, "q"), "3/q");
        arena_reset(&a);
    }
    arena_free(&a);
    assert_null(a.blocks);
    arena_reset(&a);
}

static void test_names(void **state)
{
    static const struct word tiers[] = {
        {"annual", NULL}, {"semi-annual", NULL}, {"quarterly", NULL}};
    static const struct names table = NAMES_TABLE("tier", tiers);
    struct strbuf b = STRBUF_INIT;

    (void)state;
    assert_string_equal(names_text(&table, 1), "semi-annual");
    assert_string_equal(names_text(&table, 3), "?");
    assert_string_equal(names_text(&table, -1), "?");
    assert_int_equal(names_find(&table, STR("quarterly")), 2);
    assert_int_equal(names_find(&table, STR("quarter")), -1);
    assert_int_equal(names_find(&table, STR_NONE), -1);
    names_list(&table, &b);
    assert_string_equal(b.data, "annual, semi-annual, quarterly");
    strbuf_free(&b);
}

static void test_error(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(error_set(NULL, REASON_INTERNAL, "dropped"));
    assert_false(error_context(NULL, "dropped"));
    error_context(&err, "nothing to add to");
    assert_null(err.message);
    assert_false(error_set_clause(&err, REASON_PROTECTED, "二(四)3", "household %d", 7));
    assert_int_equal(err.reason, REASON_PROTECTED);
    assert_string_equal(err.clause, "二(四)3");
    error_context(&err, "line %d", 3);
    assert_string_equal(err.message, "line 3: household 7");
    error_set(&err, REASON_CONFLICT, "%s!", err.message); /* from its own old text */
    assert_string_equal(err.message, "line 3: household 7!");
    assert_null(err.clause);
    error_clear(&err);
    assert_int_equal(err.reason, REASON_NONE);
    assert_null(err.message);
}

/* The words of contract.md 5, "Errors". */
static void test_reasons(void **state)
{
    static const char *const words[] = {
        "none",     "not-found", "not-allowed", "protected", "bad-argument",
        "bad-rows", "conflict",  "too-early",   "too-late",  "run-held",
        "busy",     "too-large", "storage",     "internal",
    };

    (void)state;
    assert_int_equal(COUNT(words), REASON_COUNT);
    for (int i = 0; i < REASON_COUNT; i++) {
        assert_string_equal(reason_name((enum reason)i), words[i]);
    }
}

static void test_log_words(void **state)
{
    (void)state;
    assert_int_equal(log_facility("daemon"), LOG_DAEMON);
    assert_int_equal(log_facility("local7"), LOG_LOCAL7);
    assert_int_equal(log_facility("nonsense"), -1);
    assert_int_equal(log_level("info"), LOG_INFO);
    assert_int_equal(log_level("warning"), LOG_WARNING);
    assert_int_equal(log_level("err"), LOG_ERR);
    assert_int_equal(log_level(""), -1);
    assert_int_equal(log_level(NULL), -1);
}

/* A text from outside cannot forge a second line. */
static void test_log_line(void **state)
{
    char got[200];
    int ends[2], kept = dup(STDERR_FILENO);

    (void)state;
    assert_int_equal(pipe(ends), 0);
    fflush(stderr);
    dup2(ends[1], STDERR_FILENO);
    log_open("test", LOG_USER, LOG_NOTICE, true);
    log_put(LOG_INFO, "below the level");
    log_put(LOG_NOTICE, "one %s", "a\nb\x1b[2J王");
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    ssize_t n = read(ends[0], got, sizeof got - 1);
    assert_true(n > 0);
    got[n] = '\0';
    assert_string_equal(got, "test: notice: one a b [2J王\n");
    close(ends[0]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trim),     cmocka_unit_test(test_to_int),
        cmocka_unit_test(test_fen),      cmocka_unit_test(test_strbuf),
        cmocka_unit_test(test_copies),   cmocka_unit_test(test_arena),
        cmocka_unit_test(test_names),    cmocka_unit_test(test_error),
        cmocka_unit_test(test_reasons),  cmocka_unit_test(test_log_words),
        cmocka_unit_test(test_log_line),
    };

    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
