/* base/sentence and base/error: each sentence in two languages, out of one table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/error.h"

static const struct word tier_words[] = {
    {"annual", "年"}, {"semi-annual", "半年"}, {"quarterly", NULL}};
static const struct names tiers = NAMES_TABLE("tier", tier_words);

static void is(struct sentence *said, const char *english, const char *chinese)
{
    struct strbuf text = STRBUF_INIT, zh = STRBUF_INIT;

    sentence_text(said, &text);
    sentence_zh(said, &zh);
    assert_string_equal(strbuf_text(&text), english);
    assert_string_equal(strbuf_text(&zh), chinese);
    strbuf_free(&text);
    strbuf_free(&zh);
    sentence_free(said);
}

/* As a bit each: {1} is bit 1. Anything else between braces is no placeholder. */
static unsigned placeholders(const char *text)
{
    unsigned found = 0;

    for (const char *p = text; *p; p++) {
        if (p[0] == '{' && p[1] >= '0' && p[1] <= '9' && p[2] == '}') {
            found |= 1u << (p[1] - '0');
        }
    }
    return found;
}

/* Words of Latin letters that an office knows, or types, as they are. What stands between Chinese
 * quotation marks is a word of a file or of the command line. */
static bool is_code(const char *word, size_t len)
{
    static const char *const codes[] = {
        "CSV",   "UTF",     "GBK",      "GB",     "MB",      "GiB",      "MiB", "KiB",
        "Excel", "xlsx",    "xls",      "PDF",    "Word",    "RTF",      "XML", "Unicode",
        "uid",   "systemd", "UNIX",     "JSON",   "SHA",     "WAL",      "SQL", "LF",
        "ASCII", "iconv",   "libevent", "syslog", "reviewd", "reviewctl"};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strlen(codes[i]) == len && strncmp(codes[i], word, len) == 0) {
            return true;
        }
    }
    return false;
}

static void no_english_in(const char *name, const char *zh)
{
    bool quoted = false;

    for (const char *p = zh; *p;) {
        size_t len = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
        if (strncmp(p, "“", 3) == 0 || strncmp(p, "”", 3) == 0) {
            quoted = p[2] == "“"[2];
        }
        if (len && !quoted && !is_code(p, len)) {
            fail_msg("%s: \"%.*s\" in the Chinese", name, (int)len, p);
        }
        p += len ? len : 1;
    }
}

/* The whole table: both languages are there, each argument has its place in one of them, neither
 * has another, and the Chinese has no English. */
static void every_row(void **state)
{
    (void)state;
    for (enum say id = SAY_NOTHING + 1; id < SAY_COUNT; id++) {
        const struct sentence_row *row = sentence_row(id);
        unsigned all = ((1u << row->takes) - 1) << 1;
        assert_true(row->takes >= 0 && row->takes <= SENTENCE_ARGS);
        if ((placeholders(row->english) | placeholders(row->chinese)) != all) {
            fail_msg("%s: not each of %d arguments, or another: %s / %s", row->name, row->takes,
                     row->english, row->chinese);
        }
        if (!*row->english || !*row->chinese) {
            fail_msg("%s: without a language", row->name);
        }
        no_english_in(row->name, row->chinese);
    }
}

static struct sentence *with(struct arg arg)
{
    return sentence(SAY_WITHIN, arg, arg_z("x"));
}

static void arguments(void **state)
{
    struct arg list = arg_list(), either = arg_either();

    (void)state;
    is(with(arg_text(STR("石家"))), "石家: x", "石家：x");
    is(with(arg_text(STR_NONE)), ": x", "：x");
    is(with(arg_z("{1} {2}")), "{1} {2}: x", "{1} {2}：x"); /* a text is no template */
    is(with(arg_number(INT64_MIN)), "-9223372036854775808: x", "-9223372036854775808：x");
    is(with(arg_factor(1.5)), "1.5: x", "1.5：x");
    is(with(arg_day(20781)), "2026-11-24: x", "2026-11-24：x");
    is(with(arg_day(-25567)), "1900-01-01: x", "1900-01-01：x");
    is(with(arg_day(INT32_MIN)), ": x", "：x");
    is(with(arg_fen(540050)), "5400.50: x", "5400.50：x");
    is(with(arg_system(ENOENT)), "No such file or directory: x", "文件或文件夹不存在：x");
    is(with(arg_system(ESRCH)), "No such process: x", "系统错误3：x");
    is(with(arg_word(&tiers, 1)), "semi-annual: x", "半年：x");
    is(with(arg_word(&tiers, 2)), "quarterly: x", "quarterly：x");
    is(with(arg_word(&tiers, 3)), "?: x", "?：x");
    is(with(arg_words(&tiers)), "annual, semi-annual, quarterly: x", "年、半年、quarterly：x");
    arg_add(&list, arg_word(&tiers, 0));
    arg_add(&list, arg_z("b"));
    arg_add(&list, arg_said(sentence(SAY_LINE, arg_number(3))));
    is(with(list), "annual, b, line 3: x", "年、b、第3行：x");
    arg_add(&either, arg_word(&tiers, 0));
    arg_add(&either, arg_word(&tiers, 1));
    is(with(either), "annual or semi-annual: x", "年、半年：x");
    is(with(arg_list()), ": x", "：x");
    is(with(arg_said(with(arg_number(1)))), "1: x: x", "1：x：x");
}

static void errors(void **state)
{
    struct error err = ERROR_INIT, other = ERROR_INIT;
    struct strbuf zh = STRBUF_INIT;

    (void)state;
    assert_false(error_say(NULL, SAY_WITHIN, arg_z("a"), arg_z("b"))); /* dropped */
    assert_false(error_within(NULL, SAY_LINE, arg_number(1)));
    assert_false(error_within(&err, SAY_LINE, arg_number(1)));
    assert_null(err.message); /* nothing to stand before */

    assert_false(error_say_by(&err, "二(四)3", SAY_LINE, arg_number(7)));
    assert_string_equal(err.message, "line 7");
    assert_string_equal(err.clause, "二(四)3");
    assert_false(error_within(&err, SAY_LINE, arg_number(3)));
    assert_string_equal(err.message, "line 3: line 7");
    error_zh(&err, &zh);
    assert_string_equal(strbuf_text(&zh), "第3行：第7行");

    error_copy(&other, &err);
    assert_false(error_say_by(&err, err.clause, SAY_WITHIN, arg_z(err.message), arg_z("!")));
    assert_string_equal(err.message, "line 3: line 7: !"); /* of its own old texts */
    assert_string_equal(err.clause, "二(四)3");
    assert_int_equal(err.reason, REASON_INTERNAL);

    assert_false(error_move(&err, &other));
    assert_string_equal(err.message, "line 3: line 7");
    assert_string_equal(err.clause, "二(四)3");
    assert_null(other.message);
    assert_null(other.said);
    assert_int_equal(other.reason, REASON_NONE);
    error_move(NULL, &err);
    assert_null(err.message);
    strbuf_free(&zh);
}

/* An identifier out of a table is not counted by the compiler: another number of arguments ends as
 * an internal error, whatever the sentence was. */
static void another_number_of_arguments(void **state)
{
    static const enum say ids[] = {SAY_WITHIN, SAY_COUNT, SAY_NOTHING};

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct error err = ERROR_INIT;
        error_put(&err, NULL, sentence_of(ids[i], arg_z("alone"), ARG_LAST));
        assert_int_equal(err.reason, REASON_INTERNAL);
        assert_int_equal(err.said->id, SAY_BROKEN);
        error_clear(&err);
    }
    is(sentence_of(SAY_LINE, arg_number(4), ARG_LAST), "line 4", "第4行");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),
        cmocka_unit_test(arguments),
        cmocka_unit_test(errors),
        cmocka_unit_test(another_number_of_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
