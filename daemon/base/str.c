#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

#define IDEOGRAPHIC_SPACE "\xE3\x80\x80" /* U+3000 */
#define FEN_MAX INT64_C(9999999999999)   /* 99,999,999,999.99 yuan */

static void out_of_memory(void)
{
    static const char line[] = "out of memory\n";
    fwrite(line, 1, sizeof line - 1, stderr);
    abort();
}

void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p) {
        out_of_memory();
    }
    return p;
}

void *xcalloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p) {
        out_of_memory();
    }
    return p;
}

void *xrealloc(void *p, size_t size)
{
    void *grown = realloc(p, size ? size : 1);
    if (!grown) {
        out_of_memory();
    }
    return grown;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, text ? strlen(text) : 0);
}

char *xstrndup(const char *text, size_t len)
{
    size_t n = text ? strnlen(text, len) : 0;
    char *copy = xmalloc(n + 1);

    if (n) {
        memcpy(copy, text, n);
    }
    copy[n] = '\0';
    return copy;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
    for (;;) {
        if (s.len && is_blank(s.data[0])) {
            s.data++, s.len--;
        } else if (s.len >= 3 && memcmp(s.data, IDEOGRAPHIC_SPACE, 3) == 0) {
            s.data += 3, s.len -= 3;
        } else {
            break;
        }
    }
    for (;;) {
        if (s.len && is_blank(s.data[s.len - 1])) {
            s.len--;
        } else if (s.len >= 3 && memcmp(s.data + s.len - 3, IDEOGRAPHIC_SPACE, 3) == 0) {
            s.len -= 3;
        } else {
            break;
        }
    }
    return s;
}

/* Counted downwards, below zero: there INT64_MIN fits. */
bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *value)
{
    bool negative = s.len && s.data[0] == '-';
    int64_t v = 0;

    if (s.len == (negative ? 1 : 0)) {
        return false;
    }
    for (size_t i = negative; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return false;
        }
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, s.data[i] - '0', &v)) {
            return false;
        }
    }
    if (!negative && __builtin_sub_overflow(0, v, &v)) {
        return false;
    }
    if (v < min || v > max) {
        return false;
    }
    *value = v;
    return true;
}

bool str_to_fen(struct str s, int64_t *fen)
{
    const char *dot = s.len ? memchr(s.data, '.', s.len) : NULL;
    struct str yuan = {s.data, dot ? (size_t)(dot - s.data) : s.len};
    int64_t whole, part = 0;

    if (!yuan.len || yuan.data[0] == '-' || !str_to_int(yuan, 0, FEN_MAX / 100, &whole)) {
        return false;
    }
    if (dot) {
        struct str cents = {dot + 1, s.len - yuan.len - 1};
        if (cents.len < 1 || cents.len > 2 || cents.data[0] == '-' ||
            !str_to_int(cents, 0, 99, &part)) {
            return false;
        }
        if (cents.len == 1) {
            part *= 10;
        }
    }
    *fen = whole * 100 + part;
    return true;
}

/* Room for `extra` bytes and the NUL. */
static void make_room(struct strbuf *b, size_t extra)
{
    size_t need, cap = b->cap ? b->cap : 64;

    if (__builtin_add_overflow(b->len, extra, &need) || need >= SIZE_MAX / 2) {
        out_of_memory();
    }
    need++;
    if (need <= b->cap) {
        return;
    }
    while (cap < need) {
        cap *= 2;
    }
    b->data = xrealloc(b->data, cap);
    b->cap = cap;
}

void strbuf_add(struct strbuf *b, const void *bytes, size_t len)
{
    make_room(b, len);
    if (len) {
        memcpy(b->data + b->len, bytes, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
}

void strbuf_addstr(struct strbuf *b, struct str s)
{
    strbuf_add(b, s.data, s.len);
}

void strbuf_addz(struct strbuf *b, const char *text)
{
    strbuf_add(b, text, strlen(text));
}

void strbuf_addc(struct strbuf *b, char c)
{
    strbuf_add(b, &c, 1);
}

void strbuf_addint(struct strbuf *b, int64_t value)
{
    char digits[24];
    char *p = digits + sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        *--p = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (value < 0) {
        *--p = '-';
    }
    strbuf_add(b, p, (size_t)(digits + sizeof digits - p));
}

void strbuf_addf(struct strbuf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strbuf_vaddf(b, format, args);
    va_end(args);
}

void strbuf_vaddf(struct strbuf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    make_room(b, 63);
    int n = vsnprintf(b->data + b->len, b->cap - b->len, format, args);
    if (n < 0) { /* only for a text above INT_MAX */
        fputs("text too long to format\n", stderr);
        abort();
    }
    if ((size_t)n >= b->cap - b->len) {
        make_room(b, (size_t)n);
        vsnprintf(b->data + b->len, b->cap - b->len, format, again);
    }
    va_end(again);
    b->len += (size_t)n;
}

void strbuf_addfen(struct strbuf *b, int64_t fen)
{
    uint64_t left = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;

    if (fen < 0) {
        strbuf_addc(b, '-');
    }
    strbuf_addint(b, (int64_t)(left / 100));
    char part[3] = {'.', (char)('0' + left / 10 % 10), (char)('0' + left % 10)};
    strbuf_add(b, part, sizeof part);
}

void strbuf_reset(struct strbuf *b)
{
    b->len = 0;
    if (b->data) {
        b->data[0] = '\0';
    }
}

void strbuf_free(struct strbuf *b)
{
    free(b->data);
    *b = STRBUF_INIT;
}

const char *strbuf_text(const struct strbuf *b)
{
    return b->data ? b->data : "";
}

struct str strbuf_str(const struct strbuf *b)
{
    return (struct str){strbuf_text(b), b->len};
}
