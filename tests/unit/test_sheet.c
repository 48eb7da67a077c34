/* base/sheet: every form that an office saves a sheet in gives the same rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <iconv.h>
#include <zip.h>

#include "base/csv.h"
#include "base/sheet_source.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int file_of(struct str content)
{
    int fd = memfd_create("sheet", MFD_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t at = 0; at < content.len;) {
        ssize_t n = write(fd, content.data + at, content.len - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
    return fd;
}

static void put_row(const struct sheet_row *row, struct strbuf *out)
{
    strbuf_addf(out, "%d:", (int)row->line);
    for (size_t i = 0; i < row->count; i++) {
        assert_non_null(row->cells[i].data);
        strbuf_addf(out, i ? "|%.*s" : "%.*s", STR_ARG(row->cells[i]));
    }
    strbuf_addc(out, ';');
}

/* ---- text: lines, quotes, blocks ---- */

/* "line:cell|cell;" for each row, then "$" at the end or "!line" at a fault. */
static void dump_source(struct sheet_source *s, struct strbuf *out)
{
    struct sheet_row row;
    struct error err = ERROR_INIT;
    enum sheet_result result;
    while ((result = s->class->next(s, &row, &err)) == SHEET_ROW) {
        put_row(&row, out);
    }
    if (result == SHEET_AT_END) {
        strbuf_addc(out, '$');
    } else {
        assert_int_equal(result, SHEET_FAULT);
        assert_int_equal(err.reason, REASON_BAD_ROWS);
        strbuf_addf(out, "!%d", (int)row.line);
    }
    error_clear(&err);
}

static const struct {
    const char *text;
    char delimiter;
    const char *expected;
} readings[] = {
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
    {"\"\"\nx", ',', "1:;2:x;$"},      /* one empty cell is no blank line */
    {"   \n \t\nx\n  ", ',', "3:x;$"}, /* lines of blanks are blank */
    {" a , b \n", ',', "1:a|b;$"},
    {"\" a \"\n", ',', "1: a ;$"},
    {"\n\n\"a\n\n\nb\"\n\n\nc\n", ',', "3:a\n\n\nb;9:c;$"}, /* blank lines inside of quotes */
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

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(readings); i++) {
        struct strbuf got = STRBUF_INIT;
        int fd = file_of(str_of(readings[i].text));
        struct sheet_source *s = sheet_text_open(fd, TEXT_UTF8, 0, readings[i].delimiter);
        dump_source(s, &got);
        if (strcmp(strbuf_text(&got), readings[i].expected) != 0) {
            fail_msg("case %zu: \"%s\", not \"%s\"", i, strbuf_text(&got), readings[i].expected);
        }
        s->class->close(s);
        close(fd);
        strbuf_free(&got);
    }
}

/* Every place of a line's end, of a quoted break and of a character around the end of a piece that
 * is read or decoded at once. */
static void test_text_edges(void **state)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    static const size_t pieces[] = {32768, 65536, 131072};
    (void)state;
    for (size_t e = 0; e < COUNT(ends) * COUNT(pieces); e++) {
        size_t piece = pieces[e / COUNT(ends)];
        const char *end = ends[e % COUNT(ends)];
        for (size_t pad = piece - 16; pad < piece + 4; pad++) {
            struct strbuf text = STRBUF_INIT, got = STRBUF_INIT, want = STRBUF_INIT;
            for (size_t i = 0; i < pad; i++) {
                strbuf_addc(&text, 'x');
            }
            strbuf_addf(&want, "1:%s王𠀀|q%sr;3:y;4:z;$", text.data, end);
            strbuf_addf(&text, "王𠀀,\"q%sr\"%sy%sz", end, end, end);
            int fd = file_of(strbuf_str(&text));
            struct sheet_source *s = sheet_text_open(fd, TEXT_UTF8, 0, ',');
            dump_source(s, &got);
            assert_string_equal(strbuf_text(&got), strbuf_text(&want));
            s->class->close(s);
            close(fd);
            strbuf_free(&text);
            strbuf_free(&got);
            strbuf_free(&want);
        }
    }
}

static void test_text_long(void **state)
{
    static const struct {
        size_t len;
        enum sheet_result result;
    } cases[] = {
        {SHEET_ROW_MAX - 1, SHEET_ROW}, {SHEET_ROW_MAX, SHEET_FAULT}, {900000, SHEET_FAULT}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strbuf text = STRBUF_INIT;
        struct sheet_row row;
        struct error err = ERROR_INIT;
        strbuf_addz(&text, "a\n");
        for (size_t n = 0; n < cases[i].len; n++) {
            strbuf_addc(&text, 'x');
        }
        strbuf_addz(&text, "\nb\n");
        int fd = file_of(strbuf_str(&text));
        struct sheet_source *s = sheet_text_open(fd, TEXT_UTF8, 0, ',');
        assert_int_equal(s->class->next(s, &row, &err), SHEET_ROW);
        assert_int_equal(s->class->next(s, &row, &err), cases[i].result);
        assert_int_equal(row.line, 2);
        assert_true(cases[i].result == SHEET_ROW || row.fault == SHEET_TOO_LONG);
        error_clear(&err);
        s->class->close(s);
        close(fd);
        strbuf_free(&text);
    }
}

/* ---- a whole sheet ---- */

static bool known(const void *data, struct str heading)
{
    (void)data;
    return str_is(heading, "户号") || str_is(heading, "户主") || str_is(heading, "批准日期");
}

/* As dump_source(), with "!line.column reason" at a fault, and the form in front. */
static void dump(int fd, bool knows, struct strbuf *out)
{
    const struct sheet_options options = {.known = knows ? known : NULL};
    struct sheet *s = sheet_open(fd, &options);
    struct sheet_row row;
    struct error err = ERROR_INIT;
    enum sheet_result result;
    while ((result = sheet_next(s, &row, &err)) == SHEET_ROW || result == SHEET_PENDING) {
        if (result == SHEET_ROW) {
            put_row(&row, out);
        }
    }
    if (result == SHEET_AT_END) {
        strbuf_addf(out, "$%s", sheet_form(s));
    } else {
        strbuf_addf(out, "!%d.%zu %d %s", (int)row.line, row.column, row.fault, err.message);
        assert_int_equal(sheet_next(s, &row, &err), SHEET_AT_END);
    }
    error_clear(&err);
    sheet_close(s);
}

static void expect(struct str file, bool knows, const char *want, const char *what)
{
    struct strbuf got = STRBUF_INIT;
    int fd = file_of(file);
    dump(fd, knows, &got);
    if (strncmp(strbuf_text(&got), want, strlen(want)) != 0) {
        fail_msg("%s: \"%s\", not \"%s\"", what, strbuf_text(&got), want);
    }
    close(fd);
    strbuf_free(&got);
}

static void test_delimiters(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"户号,户主\nA1,王\n", "1:户号|户主;2:A1|王;$UTF-8"},
        {"户号;户主\nA1;王,小\n", "1:户号|户主;2:A1|王,小;$UTF-8"},
        {"户号\t户主\nA1\t王\n", "1:户号|户主;2:A1|王;$UTF-8"},
        {"sep=;\n户号;户主,乙\nA1;王\n", "2:户号|户主,乙;3:A1|王;$"},
        {"sep=,\r\n户号,户主\nA1,王\n", "2:户号|户主;3:A1|王;$"},
        {"sep=\t\n户号\t户主\n", "2:户号|户主;$"},
        {"sep=|\n户号|户主\n", "2:户号|户主;$"},
        /* more of the other sign in it than of the one that parts its headings */
        {"户号;户主;备注 a,b,c,d,e\n1;2;3\n", "1:户号|户主|备注 a,b,c,d,e;2:1|2|3;$"},
        {"户号\n1\n", "1:户号;2:1;$"},
        /* titles, blank rows and columns */
        {"某县低保花名册,,\n制表：某局,,2026年\n,,\n\n户号,户主,批准日期\n\nA1,王,\n,,\n",
         "5:户号|户主|批准日期;7:A1|王|;$"},
        {"一\n二\n三\n四\n五\n户号,户主\nA,王\n", "6:户号|户主;7:A|王;$"},
        /* a sixth title is one too many: its file has a heading that nobody knows */
        {"一\n二\n三\n四\n五\n六\n户号,户主\nA,王\n", "1:一;2:二;"},
        {"户号,户主\n\xE2\x80\x8B,\xC2\xA0\nA,王\n", "1:户号|户主;3:A|王;$"},
        {"", "$"},
        {"\n \n,,\n", "$"},
        {"\xEF\xBB\xBF\"户号\",户主\n", "1:户号|户主;$UTF-8"},
        {"户号,户主\nA,\"王\nB,李\n", "1:户号|户主;!2.0 1"},
        {"%PDF-1.7", "!0.0 3 the file is no sheet: a PDF"},
        {"a\nb", "1:a;2:b;$"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect(str_of(cases[i].text), true, cases[i].want, cases[i].text);
    }
    expect(STR("一\n二,三\n四,五\n"), false, "2:二|三;3:四|五;$", "nothing known");
}

/* `text` in another encoding, with what stands in front. */
static struct str encoded(const char *to, const char *mark, size_t mark_len, const char *text,
                          char *out, size_t room)
{
    iconv_t cd = iconv_open(to, "UTF-8");
    char *from = (char *)(uintptr_t)text, *at = out + mark_len;
    size_t left = strlen(text);
    memcpy(out, mark, mark_len);
    room -= mark_len;
    assert_int_equal(iconv(cd, &from, &left, &at, &room), 0);
    iconv_close(cd);
    return (struct str){out, (size_t)(at - out)};
}

static void test_encodings(void **state)
{
    static const char text[] = "户号,户主\nA1,𠀀王小一\nA2,é\n";
    char out[200];
    (void)state;
    expect(encoded("GB18030", "", 0, text, out, sizeof out), true,
           "1:户号|户主;2:A1|𠀀王小一;3:A2|é;$GB18030", "GB18030");
    expect(encoded("GB18030", "\x84\x31\x95\x33", 4, text, out, sizeof out), true,
           "1:户号|户主;2:A1|𠀀王小一;3:A2|é;$GB18030", "GB18030 with mark");
    expect(encoded("UTF-16LE", "\xFF\xFE", 2, text, out, sizeof out), true,
           "1:户号|户主;2:A1|𠀀王小一;3:A2|é;$UTF-16", "UTF-16LE");
    expect(encoded("UTF-16BE", "\xFE\xFF", 2, text, out, sizeof out), true,
           "1:户号|户主;2:A1|𠀀王小一;3:A2|é;$UTF-16", "UTF-16BE");
    /* English headings and one short name are enough to tell */
    expect(STR("household,head_name\nA1,\xCD\xF5\xD0\xA1\xD2\xBB\n"), false,
           "1:household|head_name;2:A1|王小一;$GB18030", "three characters");
}

/* What is neither is refused at its place, never read as something else. */
static void test_broken(void **state)
{
    const struct {
        struct str text;
        const char *want;
    } cases[] = {
        {STR("户号,户主\nL1,陈小\xE7\xBA\n"),
         "1:户号|户主;!2.2 0 byte 24 of the file is not UTF-8"},
        {STR("\xEF\xBB\xBF户号,户主\nL1,陈小\xE7\xBA\n"), "1:户号|户主;!2.2 0 byte 27 of"},
        {STR("household,head_name\nL1,\xE7\xBA\n"), "1:household|head_name;!2.2 0 byte 24"},
        {STR("household,head_name\nL1,\xE9\x99\n"), "1:household|head_name;!2.2 0"},
        {STR("a,b\n1,\"x\ny\xFF\"\n"), "1:a|b;!2.2 0 byte 11 of"},
        /* GB18030 but for one byte */
        {STR("\xBB\xA7\xBA\xC5,\xBB\xA7\xD6\xF7\nA,\xCD\xF5\nB,\xD0\xA1\xFF\n"),
         "1:户号|户主;2:A|王;!3.2 0 byte 20 of the file is not GB18030"},
        {STR("a,b\n1,\0\n"), "!2.0 0 byte 7 of the file is NUL"},
        {STR("h\0,\0b\0\n\0"), "!1.0 0 byte 2 of the file is NUL"}, /* UTF-16 without its mark */
        {STR("\xFF\xFE"
             "a\0\n\0\x00\xD8x\0\n\0"),
         "1:a;!2.1 0 byte 7 of the file is not UTF-16"},
        {STR("\xFF\xFE"
             "a\0\n\0\0\0"),
         "1:a;!2.1 0"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect(cases[i].text, false, cases[i].want, cases[i].want);
    }
}

/* ---- workbooks ---- */

struct part {
    const char *name, *xml;
};

/* The bytes of an archive of the parts. */
static struct str archive(const struct part *parts, size_t count)
{
    zip_error_t why;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, &why);
    zip_stat_t st;
    assert_non_null(zip);
    zip_source_keep(source);
    for (size_t i = 0; i < count; i++) {
        zip_source_t *part = zip_source_buffer(zip, parts[i].xml, strlen(parts[i].xml), 0);
        assert_true(zip_file_add(zip, parts[i].name, part, 0) >= 0);
    }
    assert_int_equal(zip_close(zip), 0);
    assert_int_equal(zip_source_stat(source, &st), 0);
    char *bytes = xmalloc(st.size);
    assert_int_equal(zip_source_open(source), 0);
    assert_int_equal(zip_source_read(source, bytes, st.size), (zip_int64_t)st.size);
    zip_source_close(source);
    zip_source_free(source);
    return (struct str){bytes, st.size};
}

#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
static const struct part rels = {"_rels/.rels", "<Relationships><Relationship Id='a' Type='" REL
                                                "/officeDocument' "
                                                "Target='xl/workbook.xml'/></Relationships>"};
static const struct part book = {"xl/workbook.xml",
                                 "<workbook xmlns:r='" REL
                                 "'><sheets><sheet name='一' sheetId='7' r:id='rId2'/>"
                                 "<sheet name='二' sheetId='1' r:id='rId1'/></sheets></workbook>"};
static const struct part book_rels = {
    "xl/_rels/workbook.xml.rels",
    "<Relationships><Relationship Id='rId1' Type='" REL "/worksheet' Target='worksheets/b.xml'/>"
    "<Relationship Id='rId2' Type='" REL "/worksheet' Target='/xl/worksheets/a.xml'/>"
    "<Relationship Id='s' Type='" REL "/styles' Target='styles.xml'/>"
    "<Relationship Id='t' Type='" REL "/sharedStrings' Target='./strings.xml'/></Relationships>"};
static const struct part styles = {
    "xl/styles.xml",
    "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='General'/>"
    "<numFmt numFmtId='165' formatCode='yyyy\"年\"m\"月\"d\"日\"'/>"
    "<numFmt numFmtId='166' formatCode='#,##0.00\"yd\";[Red]-0'/></numFmts>"
    "<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs><cellXfs><xf numFmtId='164'/>"
    "<xf numFmtId='14'/><xf numFmtId='165'/><xf numFmtId='166'/></cellXfs></styleSheet>"};
static const struct part strings = {
    "xl/strings.xml",
    "<x:sst xmlns:x='m'><x:si><x:t>户号</x:t></x:si><x:si><x:r><x:t>户</x:t></x:r>"
    "<x:r><x:t>主</x:t></x:r><x:rPh><x:t>こしゅ</x:t></x:rPh></x:si>"
    "<x:si><x:t>a_x000D_b</x:t></x:si></x:sst>"};

static void expect_sheet(const char *rows, const char *before, const char *want)
{
    struct strbuf sheet = STRBUF_INIT;
    strbuf_addf(&sheet, "%s<worksheet><sheetData>%s</sheetData></worksheet>", before, rows);
    const struct part parts[] = {rels,   book,    book_rels,
                                 styles, strings, {"xl/worksheets/a.xml", strbuf_text(&sheet)}};
    struct str file = archive(parts, COUNT(parts));
    expect(file, true, want, rows);
    free((char *)(uintptr_t)file.data);
    strbuf_free(&sheet);
}

static void test_xlsx(void **state)
{
    static const struct {
        const char *rows, *want;
    } cases[] = {
        {"<row r='1'><c r='A1' t='s'><v>0</v></c><c r='C1' t='s'><v>1</v></c></row>"
         "<row r='3'><c r='A3' t='inlineStr'><is><r><t>A</t></r><r><t> 1</t></r></is></c>"
         "<c r='B3' s='1'/><c r='C3' t='str'><f>x</f><v>王 &amp; 李</v></c></row>",
         "1:户号||户主;3:A 1||王 & 李;$.xlsx"},
        /* neither rows nor cells say where they stand; another prefix */
        {"<n:row xmlns:n='m'><n:c t='s'><n:v>0</n:v></n:c><n:c><n:v>5.0E2</n:v></n:c></n:row>"
         "<row/><row><c t='b'><v>1</v></c><c t='e'><v>#N/A</v></c><c t='s'><v>2</v></c></row>",
         "1:户号|500;3:true|#N/A|a\rb;$"},
        /* numbers */
        {"<row><c><v>500101001001</v></c><c><v>5.00101001001E+011</v></c><c><v>5200.5</v></c>"
         "<c><v>5200.500000000001</v></c><c><v>-3</v></c><c><v>0.1</v></c></row>",
         "1:500101001001|500101001001|5200.5|5200.5|-3|0.1;$"},
        {"<row><c><v>5.00101195611251E+17</v></c><c><v>500101195611251013</v></c></row>",
         "1:5.00101195611251E+17|500101195611251013;$"},
        /* days: 60 is a day that never was */
        {"<row><c s='1'><v>46349</v></c><c s='2'><v>46349.5</v></c><c s='3'><v>46349</v></c>"
         "<c s='1'><v>1</v></c><c s='1'><v>60</v></c><c s='1'><v>61</v></c>"
         "<c s='1'><v>2958465</v></c><c s='1'><v>-1</v></c><c s='9'><v>46349</v></c>"
         "<c t='d'><v>2026-11-23</v></c></row>",
         "1:2026-11-23|2026-11-23 12:00:00|46349|1900-01-01|60|1900-03-01|9999-12-31|-1|46349|"
         "2026-11-23;$"},
        {"", "$"},
        {"<row><c><f>A1+1</f></c></row>",
         "!1.0 3 row 1, column 1 holds a formula that was never computed"},
        {"<row r='2'/><row r='2'/>", "!2.0 3 "},
        {"<row r='1048577'/>", "!0.0 3 "},
        {"<row><c r='B1'><v>1</v></c><c r='A1'><v>1</v></c></row>", "!1.0 3 "},
        {"<row><c r='XFE1'><v>1</v></c></row>", "!1.0 3 "},
        {"<row><c t='s'><v>3</v></c></row>",
         "!1.0 3 the workbook is damaged: a cell names a string"},
        {"<row><c t='s'><v>-1</v></c></row>", "!1.0 3 "},
        {"<row><c>", "!1.0 3 the workbook is damaged: mismatched tag"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect_sheet(cases[i].rows, "", cases[i].want);
    }
    expect_sheet("<row><c><v>1</v></c></row>", "<!DOCTYPE a [<!ENTITY b 'c'>]>",
                 "!0.0 3 the workbook is damaged: XML with a DOCTYPE");
}

/* Every row of many comes, and a string of any of them. */
static void test_xlsx_many(void **state)
{
    enum { ROWS = 30000 };
    struct strbuf sst = STRBUF_INIT, sheet = STRBUF_INIT;
    struct sheet_row row;
    struct error err = ERROR_INIT;
    enum sheet_result got;
    int n = 0;
    (void)state;
    strbuf_addz(&sst, "<sst>");
    strbuf_addz(&sheet, "<worksheet><sheetData>");
    for (int i = 0; i < ROWS; i++) {
        strbuf_addf(&sst, "<si><t>王%d</t></si>", i);
        strbuf_addf(&sheet, "<row><c t='s'><v>%d</v></c><c t='s'><v>%d</v></c></row>", i,
                    (int)((uint32_t)i * 2654435761u % ROWS));
    }
    strbuf_addz(&sst, "</sst>");
    strbuf_addz(&sheet, "</sheetData></worksheet>");
    const struct part parts[] = {
        rels, book, book_rels, {"xl/strings.xml", sst.data}, {"xl/worksheets/a.xml", sheet.data}};
    struct str file = archive(parts, COUNT(parts));
    int fd = file_of(file);
    struct sheet *s = sheet_open(fd, &(struct sheet_options){.folder = "/tmp"});
    while ((got = sheet_next(s, &row, &err)) == SHEET_ROW || got == SHEET_PENDING) {
        char want[2][32];
        if (got == SHEET_ROW) {
            snprintf(want[0], sizeof want[0], "王%d", n);
            snprintf(want[1], sizeof want[1], "王%d", (int)((uint32_t)n * 2654435761u % ROWS));
            assert_int_equal(row.line, ++n);
            assert_true(row.count == 2 && str_is(row.cells[0], want[0]));
            assert_true(str_is(row.cells[1], want[1]));
        }
    }
    assert_int_equal(got, SHEET_AT_END);
    assert_int_equal(n, ROWS);
    sheet_close(s);
    close(fd);
    free((char *)(uintptr_t)file.data);
    strbuf_free(&sst);
    strbuf_free(&sheet);
}

/* Archives that are no workbook, or made to do harm. */
static void test_xlsx_hostile(void **state)
{
    struct strbuf deep = STRBUF_INIT, wide = STRBUF_INIT;
    (void)state;
    expect(STR("PK\x03\x04 torn"), true, "!0.0 3 the workbook is damaged: it is no whole zip", "");
    expect(STR("PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), true, "!0.0 3 ", "no part");
    const struct part other[] = {{"content.xml", "<office/>"}};
    struct str file = archive(other, 1);
    expect(file, true, "!0.0 3 the workbook is damaged: the archive holds no workbook", "other");
    free((char *)(uintptr_t)file.data);
    const struct part empty[] = {rels, book, {"xl/_rels/workbook.xml.rels", "<Relationships/>"}};
    file = archive(empty, COUNT(empty));
    expect(file, true, "!0.0 3 the workbook is damaged: it holds no sheet", "no sheet");
    free((char *)(uintptr_t)file.data);
    for (int i = 0; i < 100; i++) {
        strbuf_addz(&deep, "<a>");
    }
    expect_sheet(deep.data, "", "!0.0 3 the workbook is damaged: its XML is too deep");
    /* an attribute without end, and a row of one long string many times */
    strbuf_addz(&wide, "<row r='");
    for (int i = 0; i < 200000; i++) {
        strbuf_addz(&wide, "1111111111");
    }
    expect_sheet(wide.data, "", "!0.0 3 the workbook is damaged: it unpacks to far more");
    strbuf_reset(&wide);
    strbuf_addz(&wide, "<row><c t='inlineStr'><is>");
    for (int i = 0; i < 30000; i++) {
        strbuf_addz(&wide, "<t>1111111111</t>");
    }
    expect_sheet(wide.data, "", "!1.0 2 ");
    strbuf_free(&deep);
    strbuf_free(&wide);
}

/* tests/data/sheet.xls as LibreOffice saved it. */
static void test_xls(void **state)
{
    struct strbuf bytes = STRBUF_INIT;
    char piece[4096];
    size_t n;
    FILE *f = fopen("tests/data/sheet.xls", "re");
    (void)state;
    assert_non_null(f);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0) {
        strbuf_add(&bytes, piece, n);
    }
    fclose(f);
    expect(strbuf_str(&bytes), true,
           "1:户号|户主|批准日期|年收入|区划代码;2:A1|王小一|2026-11-23|5200.5|500101001001;"
           "4:A2|李四|2024-07-26|1234567.25|5.00101195611250E+17;$.xls",
           "sheet.xls");
    /* Torn anywhere: rows or a fault, and the process that reads it takes nobody along. */
    for (size_t len = 100; len < bytes.len; len += 777) {
        expect((struct str){bytes.data, len}, true, "", "torn");
    }
    bytes.data[600] ^= 0x55;
    expect(strbuf_str(&bytes), true, "", "bent");
    expect(STR("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 nothing"), true, "!0.0 3 the workbook is damaged",
           "no workbook");
    strbuf_free(&bytes);
}

/* ---- rows in a file ---- */

static void test_rows(void **state)
{
    struct strbuf bytes = STRBUF_INIT, got = STRBUF_INIT, want = STRBUF_INIT;
    struct sheet_row row;
    struct error err = ERROR_INIT;
    uint64_t offsets[3001];
    (void)state;
    for (uint64_t i = 0; i < 3000; i++) {
        char number[24];
        snprintf(number, sizeof number, "%llu", (unsigned long long)i);
        const struct str cells[] = {str_of(number), STR(""), STR("王\n小,一")};
        row = (struct sheet_row){.line = 2 * i, .count = i % 4, .cells = cells};
        if (row.count > 3) {
            row.count = 3;
        }
        offsets[i] = bytes.len;
        sheet_rows_put(&bytes, &row);
        put_row(&row, &want);
    }
    int fd = file_of(strbuf_str(&bytes));
    struct sheet_rows *r = sheet_rows_open(fd, 0);
    for (int i = 0; sheet_rows_next(r, &row, &err) == SHEET_ROW; i++) {
        put_row(&row, &got);
        assert_int_equal(sheet_rows_offset(r), i == 2999 ? bytes.len : offsets[i + 1]);
    }
    assert_int_equal(err.reason, REASON_NONE);
    assert_string_equal(strbuf_text(&got), strbuf_text(&want));
    sheet_rows_close(r);
    /* from any row on, as after a kill */
    r = sheet_rows_open(fd, offsets[1501]);
    assert_int_equal(sheet_rows_next(r, &row, &err), SHEET_ROW);
    assert_int_equal(row.line, 3002);
    sheet_rows_close(r);
    /* torn */
    assert_int_equal(ftruncate(fd, (off_t)bytes.len - 3), 0);
    r = sheet_rows_open(fd, offsets[2998]);
    assert_int_equal(sheet_rows_next(r, &row, &err), SHEET_ROW);
    assert_int_equal(sheet_rows_next(r, &row, &err), SHEET_FAULT);
    assert_int_equal(err.reason, REASON_STORAGE);
    error_clear(&err);
    sheet_rows_close(r);
    close(fd);
    strbuf_free(&bytes);
    strbuf_free(&got);
    strbuf_free(&want);
}

static void test_read_error(void **state)
{
    struct sheet *s = sheet_open(-1, &(struct sheet_options){0});
    struct sheet_row row;
    struct error err = ERROR_INIT;
    (void)state;
    assert_int_equal(sheet_next(s, &row, &err), SHEET_FAULT);
    assert_int_equal(err.reason, REASON_STORAGE);
    assert_int_equal(sheet_next(s, &row, &err), SHEET_AT_END);
    error_clear(&err);
    sheet_close(s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),         cmocka_unit_test(test_text_edges),
        cmocka_unit_test(test_text_long),    cmocka_unit_test(test_delimiters),
        cmocka_unit_test(test_encodings),    cmocka_unit_test(test_broken),
        cmocka_unit_test(test_xlsx),         cmocka_unit_test(test_xlsx_many),
        cmocka_unit_test(test_xlsx_hostile), cmocka_unit_test(test_xls),
        cmocka_unit_test(test_rows),         cmocka_unit_test(test_read_error),
    };
    return cmocka_run_group_tests_name("sheet", tests, NULL, NULL);
}
