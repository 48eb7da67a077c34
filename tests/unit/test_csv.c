/* base/csv: RFC 4180 with exact lines and offsets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/csv.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int file_of(struct str content)
{
    int fd = memfd_create("csv", MFD_CLOEXEC);

    assert_true(fd >= 0);
    for (size_t at = 0; at < content.len;) {
        ssize_t n = write(fd, content.data + at, content.len - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
    return fd;
}

/* "line:field|field;" for each record, then "$" at the end or "!line" at a fault. */
static void dump(struct csv_reader *r, struct strbuf *out)
{
    struct csv_record record;
    struct error err = ERROR_INIT;
    enum csv_result result;

    while ((result = csv_reader_next(r, &record, &err)) == CSV_RECORD) {
        strbuf_addf(out, "%d:", (int)record.line);
        for (size_t i = 0; i < record.count; i++) {
            assert_non_null(record.fields[i].data);
            if (i) {
                strbuf_addc(out, '|');
            }
            strbuf_addstr(out, record.fields[i]);
        }
        strbuf_addc(out, ';');
    }
    if (result == CSV_AT_END) {
        strbuf_addc(out, '$');
    } else {
        assert_int_equal(err.reason, REASON_BAD_ROWS);
        strbuf_addf(out, "!%d", (int)record.line);
    }
    error_clear(&err);
    assert_int_equal(csv_reader_next(r, &record, &err), CSV_AT_END);
}

struct reading {
    const char *text;
    char delimiter;
    const char *expected;
};

static const struct reading readings[] = {
    {"", ',', "$"},
    {"a,b\r\n1,2\r\n", ',', "1:a|b;2:1|2;$"},     /* RFC 4180 2.1 */
    {"a,b\r\n1,2", ',', "1:a|b;2:1|2;$"},         /* 2.2: no line break at the end */
    {"a,b\n1,2\n", ',', "1:a|b;2:1|2;$"},         /* LF */
    {"a,b\r1,2\r", ',', "1:a|b;2:1|2;$"},         /* CR */
    {"a\r\n\r\n\nb\r\rc", ',', "1:a;4:b;6:c;$"},  /* all three, and blank lines */
    {"\"a\",\"b\"\n", ',', "1:a|b;$"},            /* 2.5 */
    {"\"a\r\nb\",c\nd", ',', "1:a\r\nb|c;3:d;$"}, /* 2.6 */
    {"\"a\rb\nc\"\nd", ',', "1:a\rb\nc;4:d;$"},   /* 2.6, lone CR and LF */
    {"\"a,b\",c", ',', "1:a,b|c;$"},              /* 2.6 */
    {"\"a\"\"b\"\n", ',', "1:a\"b;$"},            /* 2.7 */
    {"\"\"\"\"\n", ',', "1:\";$"},                /* 2.7 */
    {",\n", ',', "1:|;$"},
    {"a,,\n", ',', "1:a||;$"},
    {"\"\"\nx", ',', "1:;2:x;$"},      /* one empty field is no blank line */
    {"   \n \t\nx\n  ", ',', "3:x;$"}, /* lines of blanks are blank */
    {" a , b \n", ',', "1:a|b;$"},
    {"\" a \"\n", ',', "1: a ;$"},
    {"\n\n\"a\n\n\nb\"\n\n\nc\n", ',', "3:a\n\n\nb;9:c;$"}, /* blank lines inside of quotes */
    {"\xEF\xBB\xBFhousehold\n1\n", ',', "1:household;2:1;$"},
    {"\xEF\xBB\xBF\"a\"\n", ',', "1:a;$"},
    {"\xEF\xBB\xBF", ',', "$"},
    {"a\n\xEF\xBB\xBF"
     "b\n",
     ',',
     "1:a;2:\xEF\xBB\xBF"
     "b;$"},
    {"a;b,c\n", ';', "1:a|b,c;$"},
    {"a\tb\t\n\t\n", '\t', "1:a|b|;2:|;$"},
    {"王,\"小，一\"\n", ',', "1:王|小，一;$"},
    /* faults: nothing behind a broken quote can be trusted */
    {"a\n\"b\nc\nd\n", ',', "1:a;!2"},
    {"a\nb\"c\nd\n", ',', "1:a;!2"},
    {"a\n\"b\"c\nd\n", ',', "1:a;!2"},
    {"a\n\n\"b\nc,\"d\",e\nf\n", ',', "1:a;!3"},
    {"\"", ',', "!1"},
};

static void test_readings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(readings); i++) {
        struct strbuf got = STRBUF_INIT;
        int fd = file_of(str_of(readings[i].text));
        struct csv_reader *r = csv_reader_open(fd, 0, 1, readings[i].delimiter);
        dump(r, &got);
        if (strcmp(strbuf_text(&got), readings[i].expected) != 0) {
            fail_msg("case %zu: \"%s\", not \"%s\"", i, strbuf_text(&got), readings[i].expected);
        }
        csv_reader_close(r);
        close(fd);
        strbuf_free(&got);
    }
}

/* What a reader gives after `skip` records equals what one gives that begins where it stood. */
static void check_resume(int fd, char delimiter)
{
    struct csv_record record;
    struct error err = ERROR_INIT;

    for (size_t skip = 0;; skip++) {
        struct strbuf rest = STRBUF_INIT, again = STRBUF_INIT;
        struct csv_reader *r = csv_reader_open(fd, 0, 1, delimiter);
        enum csv_result result = CSV_RECORD;
        for (size_t i = 0; i < skip && result == CSV_RECORD; i++) {
            result = csv_reader_next(r, &record, &err);
        }
        error_clear(&err);
        struct csv_reader *other =
            csv_reader_open(fd, csv_reader_offset(r), csv_reader_line(r), delimiter);
        if (result == CSV_RECORD) {
            dump(r, &rest);
            dump(other, &again);
            assert_string_equal(strbuf_text(&rest), strbuf_text(&again));
        } else { /* at the end it stays there, before a fault it meets the same */
            assert_int_equal(csv_reader_next(other, &record, &err), result);
            error_clear(&err);
        }
        csv_reader_close(r);
        csv_reader_close(other);
        strbuf_free(&rest);
        strbuf_free(&again);
        if (result != CSV_RECORD) {
            break;
        }
    }
}

static void test_resume(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(readings); i++) {
        int fd = file_of(str_of(readings[i].text));
        check_resume(fd, readings[i].delimiter);
        close(fd);
    }
}

/* Every place of a line's end and of a quoted break around the end of the 64 KiB block. */
static void test_block_edges(void **state)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};

    (void)state;
    for (size_t e = 0; e < COUNT(ends); e++) {
        for (size_t pad = 65536 - 12; pad < 65536 + 4; pad++) {
            struct strbuf text = STRBUF_INIT, got = STRBUF_INIT, want = STRBUF_INIT;
            for (size_t i = 0; i < pad; i++) {
                strbuf_addc(&text, 'x');
            }
            strbuf_addf(&want, "1:%s|q%sr;3:y;4:z;$", text.data, ends[e]);
            strbuf_addf(&text, ",\"q%sr\"%sy%sz", ends[e], ends[e], ends[e]);
            int fd = file_of(strbuf_str(&text));
            struct csv_reader *r = csv_reader_open(fd, 0, 1, ',');
            dump(r, &got);
            assert_string_equal(strbuf_text(&got), strbuf_text(&want));
            assert_int_equal(csv_reader_offset(r), text.len);
            csv_reader_close(r);
            check_resume(fd, ',');
            close(fd);
            strbuf_free(&text);
            strbuf_free(&got);
            strbuf_free(&want);
        }
    }
}

static void test_record_max(void **state)
{
    static const struct {
        size_t len;
        enum csv_result result;
    } cases[] = {
        {CSV_RECORD_MAX - 1, CSV_RECORD}, {CSV_RECORD_MAX, CSV_FAULT}, {900000, CSV_FAULT}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strbuf text = STRBUF_INIT;
        struct csv_record record;
        struct error err = ERROR_INIT;
        strbuf_addz(&text, "a\n");
        for (size_t n = 0; n < cases[i].len; n++) {
            strbuf_addc(&text, 'x');
        }
        strbuf_addz(&text, "\nb\n");
        int fd = file_of(strbuf_str(&text));
        struct csv_reader *r = csv_reader_open(fd, 0, 1, ',');
        assert_int_equal(csv_reader_next(r, &record, &err), CSV_RECORD);
        assert_int_equal(csv_reader_next(r, &record, &err), cases[i].result);
        assert_int_equal(record.line, 2);
        assert_int_equal(csv_reader_offset(r), cases[i].result == CSV_RECORD ? text.len - 2 : 2);
        error_clear(&err);
        csv_reader_close(r);
        close(fd);
        strbuf_free(&text);
    }
}

static void test_read_error(void **state)
{
    struct csv_reader *r = csv_reader_open(-1, 0, 1, ',');
    struct csv_record record;
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(csv_reader_next(r, &record, &err), CSV_FAULT);
    assert_int_equal(err.reason, REASON_STORAGE);
    assert_int_equal(csv_reader_next(r, &record, &err), CSV_AT_END);
    error_clear(&err);
    csv_reader_close(r);
}

static void test_put(void **state)
{
    static const struct {
        const char *field, *plain, *text;
    } cases[] = {
        {"a", "a", "a"},
        {"", "", ""},
        {"a,b", "\"a,b\"", "\"a,b\""},        /* RFC 4180 2.6 */
        {"a\"b", "\"a\"\"b\"", "\"a\"\"b\""}, /* 2.7 */
        {"\"", "\"\"\"\"", "\"\"\"\""},
        {"a\nb", "\"a\nb\"", "\"a\nb\""},
        {" a", "\" a\"", "\" a\""},
        {"a\t", "\"a\t\"", "\"a\t\""},
        {"=1+1", "=1+1", "'=1+1"}, /* OWASP, CSV Injection */
        {"+86", "+86", "'+86"},
        {"-1", "-1", "'-1"},
        {"@SUM(A1)", "@SUM(A1)", "'@SUM(A1)"},
        {"\t=1", "\"\t=1\"", "\"'\t=1\""},
        {"\r=1", "\"\r=1\"", "\"'\r=1\""},
        {"=\"x\"", "\"=\"\"x\"\"\"", "\"'=\"\"x\"\"\""},
        {"＝1+1", "＝1+1", "'＝1+1"},
        {"＋86", "＋86", "'＋86"},
        {"－1", "－1", "'－1"},
        {"＠SUM(A1)", "＠SUM(A1)", "'＠SUM(A1)"},
        {"\n=1", "\"\n=1\"", "\"'\n=1\""},
        {"  =1", "\"  =1\"", "\"'  =1\""},
        {"王-小", "王-小", "王-小"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strbuf b = STRBUF_INIT;
        csv_put(&b, str_of(cases[i].field), true);
        assert_string_equal(strbuf_text(&b), cases[i].plain);
        strbuf_reset(&b);
        csv_put_text(&b, str_of(cases[i].field), true);
        assert_string_equal(strbuf_text(&b), cases[i].text);
        /* and back */
        strbuf_reset(&b);
        csv_put(&b, STR("k"), true);
        csv_put(&b, str_of(cases[i].field), false);
        int fd = file_of(strbuf_str(&b));
        struct csv_reader *r = csv_reader_open(fd, 0, 1, ',');
        struct csv_record record;
        assert_int_equal(csv_reader_next(r, &record, NULL), CSV_RECORD);
        assert_int_equal(record.count, 2);
        assert_true(str_is(record.fields[1], cases[i].field));
        csv_reader_close(r);
        close(fd);
        strbuf_free(&b);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings),    cmocka_unit_test(test_resume),
        cmocka_unit_test(test_block_edges), cmocka_unit_test(test_record_max),
        cmocka_unit_test(test_read_error),  cmocka_unit_test(test_put),
    };

    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
