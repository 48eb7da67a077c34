#include "base/cell.h"

#include <ctype.h>

#include "base/csv.h"
#include "base/text.h"

#define DIGITS_MAX 24 /* of an amount: more is none */

/* ---- characters ---- */

/* Unicode White_Space. */
static bool is_blank(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

/* General category Cf, and letters and marks that show nothing. */
static bool is_invisible(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x0600, 0x0605},   {0x061C, 0x061C},
        {0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x0890, 0x0891},   {0x08E2, 0x08E2},
        {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},
        {0x202A, 0x202E},   {0x2060, 0x206F},   {0x2800, 0x2800},   {0x3164, 0x3164},
        {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},   {0x110BD, 0x110BD},
        {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
        {0xE0000, 0xE00FF},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* The character that ends at `end`, and where it begins. */
static uint32_t last_character(struct str s, size_t *begin)
{
    size_t at = s.len - 1, step;
    while (at > 0 && s.len - at < 4 && ((unsigned char)s.data[at] & 0xC0) == 0x80) {
        at--;
    }
    uint32_t c = text_character(s, at, &step);
    if (at + step != s.len) { /* malformed: the last byte alone */
        at = s.len - 1;
        c = (unsigned char)s.data[at];
    }
    *begin = at;
    return c;
}

struct str cell_trim(struct str s)
{
    size_t step;
    while (s.len) {
        uint32_t c = text_character(s, 0, &step);
        if (!is_blank(c) && !is_invisible(c)) {
            break;
        }
        s.data += step;
        s.len -= step;
    }
    while (s.len) {
        uint32_t c = last_character(s, &step);
        if (!is_blank(c) && !is_invisible(c)) {
            break;
        }
        s.len = step;
    }
    return s;
}

struct str cell_words(struct str cell)
{
    struct str s = cell_trim(cell);
    if (s.len && s.data[0] == '\'' && csv_is_formula((struct str){s.data + 1, s.len - 1})) {
        return cell_trim((struct str){s.data + 1, s.len - 1});
    }
    return s;
}

struct str cell_plain(struct arena *a, struct str cell)
{
    struct str s = cell_trim(cell);
    char *out = arena_alloc(a, s.len + 1);
    size_t n = 0, step;
    for (size_t i = 0; i < s.len; i += step) {
        uint32_t c = text_character(s, i, &step);
        if (is_invisible(c)) {
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

struct str cell_word(struct arena *a, struct str cell)
{
    struct str text = cell_plain(a, cell);
    char *out = arena_alloc(a, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != ' ') {
            out[n++] = text.data[i];
        }
    }
    return (struct str){out, n};
}

/* ---- codes ---- */

static size_t digits_at(struct str s, size_t at)
{
    size_t n = 0;
    while (at + n < s.len && isdigit((unsigned char)s.data[at + n])) {
        n++;
    }
    return n;
}

/* 5.00101E+11: one digit, perhaps more behind a point, E+ and a power. */
static bool is_scientific(struct str s)
{
    if (digits_at(s, 0) != 1) {
        return false;
    }
    size_t at = 1;
    if (at < s.len && s.data[at] == '.') {
        at += 1 + digits_at(s, at + 1);
    }
    if (at + 2 >= s.len || (s.data[at] != 'E' && s.data[at] != 'e') || s.data[at + 1] != '+') {
        return false;
    }
    return at + 2 + digits_at(s, at + 2) == s.len;
}

static bool is_only(struct str s, char c)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] != c) {
            return false;
        }
    }
    return s.len > 0;
}

enum say cell_code(struct arena *a, struct str cell, struct str *code)
{
    struct str s = cell_plain(a, cell);
    *code = s;
    if (is_scientific(s)) {
        return SAY_CELL_DIGITS;
    }
    if (s.len > 1 && is_only(s, '#')) {
        return SAY_CELL_NARROW;
    }
    size_t whole = digits_at(s, 0);
    if (whole && whole < s.len && s.data[whole] == '.' &&
        is_only((struct str){s.data + whole + 1, s.len - whole - 1}, '0')) {
        code->len = whole;
    }
    return SAY_NOTHING;
}

/* ---- days ---- */

/* "2026/11/24 0:00:00": a day that went through a cell of date and time. Any other time is more
 * than a day can mean. */
static bool cut_midnight(struct str *s)
{
    static const char *const times[] = {"0:00", "00:00", "0:00:00", "00:00:00", "00:00:00.000"};
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

bool cell_day(struct arena *a, struct str cell, int *year, int *month, int *day)
{
    static const struct {
        const char *year, *month, *day; /* what stands behind each */
    } forms[] = {{"-", "-", ""},     {"/", "/", ""},     {".", ".", ""},
                 {"年", "月", "日"}, {"年", "月", "号"}, {"年", "月", ""}};
    struct str text = cell_plain(a, cell), rest;
    if (!cut_midnight(&text)) {
        return false;
    }
    rest = text = cell_word(a, text);
    if (digits_at(text, 0) == text.len && text.len == 8) {
        return take_number(&rest, 4, year) && take_number(&rest, 2, month) &&
               take_number(&rest, 2, day);
    }
    if (digits_at(text, 0) == text.len && text.len == 5 && text.data[0] != '0') {
        int serial;
        take_number(&rest, 5, &serial);
        text_civil(serial - 25569, year, month, day); /* 25569 is 1970-01-01 */
        return true;
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        rest = text;
        if (take_number(&rest, 4, year) && text.len - rest.len == 4 &&
            take_text(&rest, forms[i].year) && take_number(&rest, 2, month) &&
            take_text(&rest, forms[i].month) && take_number(&rest, 2, day) &&
            take_text(&rest, forms[i].day) && rest.len == 0) {
            return true;
        }
    }
    return false;
}

/* ---- money ---- */

bool cell_money(struct arena *a, struct str cell, int64_t *fen)
{
    struct str s = cell_word(a, cell);
    char digits[DIGITS_MAX + 4];
    size_t n = 0, group = 0, decimals = 0;
    bool marks = false, point = false;
    if (!take_text(&s, "¥")) {
        take_text(&s, "￥");
    }
    if (s.len > 3 && memcmp(s.data + s.len - 3, "元", 3) == 0) {
        s.len -= 3;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == ',' && !point) {
            if (n == 0 || group > 3 || (marks && group != 3)) {
                return false;
            }
            marks = true;
            group = 0;
        } else if (c == '.' && !point && n && i + 1 < s.len) {
            point = true;
            digits[n++] = c;
        } else if (!isdigit((unsigned char)c)) {
            return false;
        } else if (point && ++decimals > 2) {
            if (c != '0') {
                return false;
            }
        } else if (n == DIGITS_MAX) {
            return false;
        } else {
            digits[n++] = c;
            group += !point;
        }
    }
    return n && (!marks || group == 3) && str_to_fen((struct str){digits, n}, fen);
}

/* ---- texts ---- */

bool cell_clears(struct str cell)
{
    static const char *const words[] = {"-", "－", "—", "——", "–", "清空"};
    struct str s = cell_trim(cell);
    if (s.len > 1 && s.data[0] == '\'') { /* as csv_put_text() writes it */
        s = (struct str){s.data + 1, s.len - 1};
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_is(s, words[i])) {
            return true;
        }
    }
    return false;
}

enum say cell_text_fault(struct str s)
{
    static const char *const failures[] = {"#N/A",    "#REF!",  "#VALUE!", "#NAME?",
                                           "#DIV/0!", "#NULL!", "#NUM!"};
    size_t step;
    for (size_t i = 0; i < s.len; i += step) {
        uint32_t c = text_character(s, i, &step);
        if (c == 0xFFFD) {
            return SAY_CELL_LOST;
        }
        if (is_control(c) || c == 0x2028 || c == 0x2029) {
            return SAY_CELL_CONTROL;
        }
        if (is_invisible(c)) {
            return SAY_CELL_INVISIBLE;
        }
    }
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (str_is(s, failures[i])) {
            return SAY_CELL_FAILURE;
        }
    }
    return s.len > 1 && is_only(s, '#') ? SAY_CELL_NARROW : SAY_NOTHING;
}

enum say cell_name_fault(struct str s)
{
    size_t step;
    for (size_t i = 0; i < s.len; i += step) {
        uint32_t c = text_character(s, i, &step);
        if (c == '?' || c == 0xFF1F) {
            return SAY_CELL_QUESTION;
        }
    }
    return cell_text_fault(s);
}
