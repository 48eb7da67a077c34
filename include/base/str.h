/* base/str: strings that carry a length, and a buffer that grows.
 *
 * struct str is a view that owns nothing; its bytes need not end in NUL. struct strbuf owns its
 * bytes and always keeps a NUL behind them. Out of memory ends the process (architecture.md 2). */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *data;
    size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE ((struct str){0, 0})
/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, (s).data ? (s).data : ""

static inline struct str str_of(const char *text)
{
    return text ? (struct str){text, strlen(text)} : STR_NONE;
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
    return str_equal(a, str_of(text));
}

/* Without ASCII spaces, tabs and the ideographic space U+3000 at both ends. */
struct str str_trim(struct str s);

/* A whole decimal integer with an optional '-', no blanks, within [min, max]. */
bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *value);

/* Money in yuan with at most two decimals, 0 to 99,999,999,999.99, as fen (1/100 yuan).
 * "5400" and "5400.5" are taken; signs, blanks and thousands marks are not. */
bool str_to_fen(struct str s, int64_t *fen);

struct strbuf {
    char *data; /* NULL until something is put in; then NUL-terminated */
    size_t len;
    size_t cap;
};

#define STRBUF_INIT                                                                                \
    (struct strbuf)                                                                                \
    {                                                                                              \
        0, 0, 0                                                                                    \
    }

void strbuf_add(struct strbuf *b, const void *bytes, size_t len);
void strbuf_addstr(struct strbuf *b, struct str s);
void strbuf_addz(struct strbuf *b, const char *text);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_addint(struct strbuf *b, int64_t value);
void strbuf_addf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* "5400.00" for 540000 fen. */
void strbuf_addfen(struct strbuf *b, int64_t fen);
/* Keeps the memory, drops the content. */
void strbuf_reset(struct strbuf *b);
void strbuf_free(struct strbuf *b);
/* Never NULL: "" for an empty buffer. Valid until the buffer changes. */
const char *strbuf_text(const struct strbuf *b);
struct str strbuf_str(const struct strbuf *b);

/* malloc, realloc and strdup that end the process when there is no memory. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);
