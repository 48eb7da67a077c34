#include "delivery/return_parse.h"

#include <ctype.h>
#include <stdio.h>

#include "base/cell.h"
#include "rules/protection.h"
#include "rules/register.h"
#include "store/task.h"

#define TASK_MAX (INT64_C(1) << 53)
#define SHOWN 60 /* bytes of a cell that a message repeats */

static const struct word heading_text[RETURN_COLUMNS] = {
    [RETURN_TASK] = {"任务号", NULL},    [RETURN_HOUSEHOLD] = {"户号", NULL},
    [RETURN_HEAD] = {"户主", NULL},      [RETURN_VILLAGE] = {"村", NULL},
    [RETURN_PHONE] = {"电话", NULL},     [RETURN_KIND] = {"类别", NULL},
    [RETURN_CAUSE] = {"事由", NULL},     [RETURN_CLAUSE] = {"依据", NULL},
    [RETURN_NOMINAL] = {"应核日", NULL}, [RETURN_DUE] = {"期限", NULL},
    [RETURN_SECTION] = {"栏目", NULL},   [RETURN_PROTECTED] = {"受保护", NULL},
    [RETURN_OUTCOME] = {"结果", NULL},   [RETURN_GROUND] = {"理由", NULL},
    [RETURN_DAY] = {"日期", NULL},       [RETURN_REMARK] = {"备注", NULL},
};
const struct names return_headings = NAMES_TABLE("column", heading_text);

/* ---- text as a person reads it ---- */

/* The character at `at` of well-formed UTF-8, and its length. */
static uint32_t character(struct str s, size_t at, size_t *len)
{
    const unsigned char *p = (const unsigned char *)s.data + at;
    size_t left = s.len - at;
    *len = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (*len > left) {
        *len = left;
        return p[0];
    }
    switch (*len) {
    case 1:
        return p[0];
    case 2:
        return (p[0] & 0x1FU) << 6 | (p[1] & 0x3FU);
    case 3:
        return (p[0] & 0x0FU) << 12 | (p[1] & 0x3FU) << 6 | (p[2] & 0x3FU);
    default:
        return (p[0] & 0x07U) << 18 | (p[1] & 0x3FU) << 12 | (p[2] & 0x3FU) << 6 | (p[3] & 0x3FU);
    }
}

static bool is_blank(uint32_t c)
{
    return c <= 0x20 || c == 0xA0 || c == 0x3000;
}

static bool is_nothing(uint32_t c) /* shows nothing and means nothing */
{
    return (c >= 0x200B && c <= 0x200F) || c == 0xFEFF;
}

/* Full-width characters as their ASCII ones, any blank as a space, as Unicode's NFKC has it;
 * without blanks at the ends and without the apostrophe by which a spreadsheet marks text. */
static struct str plain(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.len + 1);
    size_t n = 0, step;
    for (size_t i = 0; i < s.len; i += step) {
        uint32_t c = character(s, i, &step);
        if (is_nothing(c)) {
            continue;
        }
        if (is_blank(c)) {
            out[n++] = ' ';
        } else if (c >= 0xFF01 && c <= 0xFF5E) {
            out[n++] = (char)(c - 0xFEE0);
        } else {
            memcpy(out + n, s.data + i, step);
            n += step;
        }
    }
    struct str text = str_trim((struct str){out, n});
    if (text.len && text.data[0] == '\'') {
        text = str_trim((struct str){text.data + 1, text.len - 1});
    }
    return text;
}

static struct str without_blanks(struct arena *a, struct str s)
{
    struct str text = plain(a, s);
    char *out = arena_alloc(a, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != ' ') {
            out[n++] = text.data[i];
        }
    }
    return (struct str){out, n};
}

/* Text in the office's words: only what csv_put_text() put in front is taken away. */
static struct str words_of(struct str cell)
{
    struct str s = cell;
    size_t len;
    while (s.len && is_blank(character(s, 0, &len))) {
        s.data += len;
        s.len -= len;
    }
    while (s.len && (unsigned char)s.data[s.len - 1] <= 0x20) {
        s.len--;
    }
    s = str_trim(s);
    struct str behind = {s.data + 1, s.len ? s.len - 1 : 0};
    return s.len && s.data[0] == '\'' && csv_is_formula(behind) ? str_trim(behind) : s;
}

/* ---- cells ---- */

bool return_task(struct arena *a, struct str cell, int64_t *task)
{
    struct str s = plain(a, cell);
    char digits[32];
    size_t n = 0, point = s.len, group = 0;
    bool marks = memchr(s.data, ',', s.len) != NULL;
    const char *dot = memchr(s.data, '.', s.len);
    if (dot) {
        point = (size_t)(dot - s.data);
        for (size_t i = point + 1; i < s.len; i++) {
            if (s.data[i] != '0') {
                return false;
            }
        }
        if (point + 1 == s.len || s.len - point > 7) {
            return false;
        }
    }
    for (size_t i = 0; i < point; i++) {
        if (s.data[i] == ',') {
            if (n == 0 || group > 3 || (n > group && group != 3)) {
                return false;
            }
            group = 0;
        } else if (!isdigit((unsigned char)s.data[i]) || n + 1 == sizeof digits) {
            return false;
        } else {
            digits[n++] = s.data[i];
            group++;
        }
    }
    return n && (!marks || group == 3) && str_to_int((struct str){digits, n}, 1, TASK_MAX, task);
}

/* "2026/11/24 0:00:00": a day that went through a cell of date and time. Any other time is more
 * than a day can mean. */
static bool cut_midnight(struct str *s)
{
    static const char *const times[] = {"0:00", "00:00", "0:00:00", "00:00:00"};
    if (!memchr(s->data, ':', s->len)) {
        return true;
    }
    size_t at = s->len;
    while (at && s->data[at - 1] != ' ' && s->data[at - 1] != 'T') {
        at--;
    }
    for (size_t i = 0; at && i < sizeof times / sizeof times[0]; i++) {
        if (str_is((struct str){s->data + at, s->len - at}, times[i])) {
            *s = str_trim((struct str){s->data, at - 1});
            return true;
        }
    }
    return false;
}

/* Up to `most` digits at the start of `s`, taken off. */
static bool take_number(struct str *s, size_t most, int *value)
{
    size_t n = 0;
    *value = 0;
    while (n < s->len && n < most && isdigit((unsigned char)s->data[n])) {
        *value = *value * 10 + (s->data[n++] - '0');
    }
    s->data += n;
    s->len -= n;
    return n > 0;
}

static bool take_text(struct str *s, const char *text)
{
    size_t len = strlen(text);
    if (s->len < len || memcmp(s->data, text, len) != 0) {
        return false;
    }
    s->data += len;
    s->len -= len;
    return true;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!isdigit((unsigned char)s.data[i])) {
            return false;
        }
    }
    return true;
}

bool return_day(struct arena *a, struct str cell, struct date *day)
{
    static const struct {
        const char *year, *month, *day; /* what stands behind each */
    } forms[] = {{"-", "-", ""},     {"/", "/", ""},     {".", ".", ""},
                 {"年", "月", "日"}, {"年", "月", "号"}, {"年", "月", ""}};
    struct str text = plain(a, cell);
    int y, m, d;
    *day = DATE_NONE;
    if (!cut_midnight(&text)) {
        return false;
    }
    text = without_blanks(a, text);
    if (text.len == 8 && all_digits(text)) {
        struct str rest = text;
        *day = take_number(&rest, 4, &y) && take_number(&rest, 2, &m) && take_number(&rest, 2, &d)
                   ? date_of(y, m, d)
                   : DATE_NONE;
        return date_is(*day);
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct str rest = text;
        if (take_number(&rest, 4, &y) && text.len - rest.len == 4 &&
            take_text(&rest, forms[i].year) && take_number(&rest, 2, &m) &&
            take_text(&rest, forms[i].month) && take_number(&rest, 2, &d) &&
            take_text(&rest, forms[i].day) && rest.len == 0) {
            *day = date_of(y, m, d);
            return date_is(*day);
        }
    }
    return false;
}

/* A decimal number: 0.DIGITS × 10^EXPONENT, without zeros at either end of the digits. */
struct number {
    char digits[40];
    int count, exponent;
    bool scientific;
};

/* "00123", "1,234", "1.10", "5.00101E+11"; false for any other text. */
static bool read_number(struct str s, struct number *n)
{
    bool point = false;
    size_t i = 0;
    int seen = 0, power = 0;
    *n = (struct number){.count = 0};
    for (; i < s.len && (isdigit((unsigned char)s.data[i]) || strchr(",.", s.data[i])); i++) {
        if (s.data[i] == '.' && point) {
            return false;
        }
        point = point || s.data[i] == '.';
        if (!isdigit((unsigned char)s.data[i])) {
            continue;
        }
        seen++;
        bool leading = n->count == 0 && s.data[i] == '0';
        n->exponent += leading ? -(point ? 1 : 0) : !point;
        if (!leading) {
            if (n->count == (int)sizeof n->digits) {
                return false;
            }
            n->digits[n->count++] = s.data[i];
        }
    }
    if (i < s.len && (s.data[i] == 'E' || s.data[i] == 'e')) {
        struct str rest = {s.data + i + 1, s.len - i - 1};
        bool minus = rest.len && rest.data[0] == '-';
        int64_t value;
        if (rest.len && (minus || rest.data[0] == '+')) {
            rest = (struct str){rest.data + 1, rest.len - 1};
        }
        if (!str_to_int(rest, 0, 999, &value)) {
            return false;
        }
        power = minus ? -(int)value : (int)value;
        n->scientific = true;
        i = s.len;
    }
    while (n->count && n->digits[n->count - 1] == '0') {
        n->count--;
    }
    n->exponent = n->count ? n->exponent + power : 0;
    return seen && i == s.len;
}

/* Whether `says` is what is left of `is` with so many digits, cut or rounded. */
static bool is_shortened(const struct number *says, const struct number *is, int digits)
{
    struct number up = *is;
    if (is->count <= digits || says->count > digits) {
        return false;
    }
    int at = digits - 1;
    while (at >= 0 && up.digits[at] == '9') {
        at--;
    }
    if (at < 0) {
        up = (struct number){.digits = "1", .count = 1, .exponent = is->exponent + 1};
    } else {
        up.digits[at]++;
        up.count = at + 1;
    }
    struct number cut = *is;
    cut.count = digits;
    while (cut.count && cut.digits[cut.count - 1] == '0') {
        cut.count--;
    }
    const struct number *ways[] = {&cut, is->digits[digits] >= '5' ? &up : &cut};
    for (int i = 0; i < 2; i++) {
        if (says->count == ways[i]->count && says->exponent == ways[i]->exponent &&
            memcmp(says->digits, ways[i]->digits, (size_t)says->count) == 0) {
            return true;
        }
    }
    return false;
}

bool return_is_household(struct arena *a, struct str cell, struct str household)
{
    struct str says = cell_word(a, cell), is = cell_word(a, household);
    struct number n, m;
    int y, month, day, of_month, of_day, used = 0;
    if (says.len == 0 || str_equal(says, is)) {
        return true;
    }
    if (read_number(says, &n) && read_number(is, &m)) {
        bool same = n.count == m.count && n.exponent == m.exponent &&
                    memcmp(n.digits, m.digits, (size_t)n.count) == 0;
        for (int digits = 3; !same && n.scientific && digits < 15; digits++) {
            same = is_shortened(&n, &m, digits);
        }
        return same || is_shortened(&n, &m, 15);
    }
    const char *text = arena_copy(a, is), *cell_text = arena_copy(a, says);
    if (sscanf(text, "%2d%*[-/]%2d%n", &of_month, &of_day, &used) != 2 || (size_t)used != is.len) {
        return false;
    }
    used = 0;
    if (sscanf(cell_text, "%2d月%2d日%n", &month, &day, &used) != 2 || (size_t)used != says.len) {
        return cell_day(a, cell, &y, &month, &day) && month == of_month && day == of_day;
    }
    return month == of_month && day == of_day;
}

bool return_is_head(struct arena *a, struct str cell, struct str name)
{
    struct str says = cell_word(a, cell_words(cell)), is = cell_word(a, name);
    return says.len == 0 || is.len == 0 || str_equal(says, is);
}

int return_outcome(struct arena *a, struct str cell)
{
    return names_find_zh(&outcomes, without_blanks(a, cell));
}

int return_ground(struct arena *a, struct str cell)
{
    return names_find_zh(&grounds, without_blanks(a, cell));
}

/* ---- the heading ---- */

struct guess {
    struct return_heading heading;
    int found; /* columns of ours */
    int twice; /* one of them that stands there again; -1 */
};

static void guess_columns(struct arena *a, const struct csv_record *record, struct guess *g)
{
    g->heading.width = record->count;
    g->found = 0;
    g->twice = -1;
    for (int i = 0; i < RETURN_COLUMNS; i++) {
        g->heading.at[i] = -1;
    }
    for (size_t i = 0; i < record->count; i++) {
        int column = names_find(&return_headings, without_blanks(a, record->fields[i]));
        if (column >= 0 && g->heading.at[column] >= 0) {
            g->twice = column;
        } else if (column >= 0) {
            g->heading.at[column] = (int)i;
            g->found++;
        }
    }
}

/* Excel's own word on the delimiter, "sep=;", in a first line of its own. */
static bool is_separator(const struct csv_record *record)
{
    return record->count >= 1 && record->fields[0].len >= 4 && record->fields[0].len <= 5 &&
           memcmp(record->fields[0].data, "sep=", 4) == 0;
}

static bool guess_read(int fd, char delimiter, struct arena *a, struct guess *g, struct error *err)
{
    struct csv_record record;
    struct csv_reader *r = csv_reader_open(fd, 0, 1, delimiter);
    enum csv_result got = csv_reader_next(r, &record, err);
    if (got == CSV_RECORD && is_separator(&record)) {
        got = csv_reader_next(r, &record, err);
    }
    if (got == CSV_RECORD) {
        guess_columns(a, &record, g);
    } else {
        record.count = 0;
        guess_columns(a, &record, g);
    }
    g->heading.delimiter = delimiter;
    g->heading.offset = csv_reader_offset(r);
    g->heading.line = csv_reader_line(r);
    csv_reader_close(r);
    if (got == CSV_FAULT && err->reason == REASON_BAD_ROWS) {
        error_clear(err); /* another delimiter may make sense of it */
    }
    return err->reason == REASON_NONE;
}

static bool check_columns(const struct guess *g, struct error *err)
{
    static const enum return_column needed[] = {RETURN_TASK, RETURN_OUTCOME};
    if (g->found == 0) {
        return error_say(err, SAY_NO_HEADING);
    }
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (g->heading.at[needed[i]] < 0) {
            return error_say(err, SAY_HEADING_LACKS, arg_z(heading_text[needed[i]].text));
        }
    }
    return g->twice < 0 || error_say(err, SAY_HEADING_TWICE, arg_z(heading_text[g->twice].text));
}

bool return_heading_read(int fd, struct return_heading *heading, struct error *err)
{
    static const char delimiters[] = {',', ';', '\t'};
    struct arena a = ARENA_INIT;
    struct guess best = {.found = -1}, g = {0};
    struct error why = ERROR_INIT;
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof delimiters; i++) {
        ok = guess_read(fd, delimiters[i], &a, &g, &why);
        if (ok && g.found > best.found) {
            best = g;
        }
    }
    ok = ok && check_columns(&best, &why);
    *heading = best.heading;
    arena_free(&a);
    return ok || error_move(err, &why);
}

/* ---- rows ---- */

bool return_row_filled(const struct return_heading *heading, const struct csv_record *record,
                       struct return_row *row)
{
    *row = (struct return_row){.line = record->line, .outcome = -1, .day = DATE_NONE};
    for (int i = 0; i < RETURN_COLUMNS; i++) {
        int at = heading->at[i];
        row->cells[i] =
            at >= 0 && (size_t)at < record->count ? record->fields[at] : (struct str){"", 0};
    }
    return words_of(row->cells[RETURN_OUTCOME]).len || words_of(row->cells[RETURN_GROUND]).len ||
           words_of(row->cells[RETURN_DAY]).len || words_of(row->cells[RETURN_REMARK]).len;
}

/* The beginning of a cell, for a message. */
static struct str shown(struct arena *a, struct str cell)
{
    struct str s = plain(a, cell);
    size_t len = 0, step;
    while (len < s.len) {
        character(s, len, &step);
        if (len + step > SHOWN) {
            break;
        }
        len += step;
    }
    return (struct str){s.data, len};
}

/* A comma too many has shifted what stands behind it. */
static bool check_width(const struct return_heading *heading, const struct csv_record *record,
                        struct error *err)
{
    for (size_t i = heading->width; i < record->count; i++) {
        if (words_of(record->fields[i]).len) {
            return error_say(err, SAY_ROW_TOO_WIDE);
        }
    }
    return true;
}

static bool parse_ground(struct arena *a, struct return_row *row, struct error *err)
{
    int ground = return_ground(a, row->cells[RETURN_GROUND]);
    row->ground =
        ground >= 0 ? str_of(names_text(&grounds, ground)) : words_of(row->cells[RETURN_GROUND]);
    if (row->outcome != OUTCOME_TERMINATE || ground >= 0 || row->ground.len == 0) {
        return true;
    }
    return error_say(err, SAY_NO_GROUND, arg_text(shown(a, row->cells[RETURN_GROUND])),
                     arg_words(&grounds));
}

bool return_row_parse(struct arena *a, const struct return_heading *heading,
                      const struct csv_record *record, struct return_row *row, struct error *err)
{
    struct str day = words_of(row->cells[RETURN_DAY]);
    row->household = words_of(row->cells[RETURN_HOUSEHOLD]);
    row->remark = words_of(row->cells[RETURN_REMARK]);
    if (!words_of(row->cells[RETURN_OUTCOME]).len) {
        return error_say(err, SAY_OUTCOME_MISSING);
    }
    if (!return_task(a, row->cells[RETURN_TASK], &row->task)) {
        row->task = 0;
        return words_of(row->cells[RETURN_TASK]).len
                   ? error_say(err, SAY_NO_TASK_NUMBER, arg_text(shown(a, row->cells[RETURN_TASK])))
                   : error_say(err, SAY_TASK_MISSING);
    }
    if (!check_width(heading, record, err)) {
        return false;
    }
    row->outcome = return_outcome(a, row->cells[RETURN_OUTCOME]);
    if (row->outcome < 0) {
        return error_say(err, SAY_NO_OUTCOME, arg_text(shown(a, row->cells[RETURN_OUTCOME])),
                         arg_words(&review_outcomes), arg_words(&decisions));
    }
    if (day.len && !return_day(a, day, &row->day)) {
        return error_say(err, SAY_NO_DAY, arg_text(shown(a, row->cells[RETURN_DAY])));
    }
    return parse_ground(a, row, err);
}
