/* base/sentence: what is said to people, as an identifier with its arguments.
 *
 * base/sentences.def has a row for each identifier: the reason of the refusal that it is (NONE for
 * a part of others), how many arguments it takes, and its English and its Chinese with {1}, {2} …
 * where those stand. The socket and syslog take the English, lists and rejected rows the Chinese.
 * A language may leave out an argument: the Chinese one that has only English (a system's message,
 * a help text), the English a list of words that the office is to choose from.
 *
 *     sentence(SAY_REVIEW_AFTER_TODAY, date_arg(on), date_arg(today))
 *
 * The compiler counts the arguments of a sentence(). An argument is made by its constructor and
 * belongs to the sentence from then on. */
#pragma once

#include "base/names.h"
#include "base/str.h"

/* The stable words of contract.md section 5, "Errors". */
enum reason {
    REASON_NONE,
    REASON_NOT_FOUND,
    REASON_NOT_ALLOWED,
    REASON_PROTECTED,
    REASON_BAD_ARGUMENT,
    REASON_BAD_ROWS,
    REASON_CONFLICT,
    REASON_TOO_EARLY,
    REASON_TOO_LATE,
    REASON_RUN_HELD,
    REASON_BUSY,
    REASON_TOO_LARGE,
    REASON_STORAGE,
    REASON_INTERNAL,
    REASON_COUNT
};

enum say {
    SAY_NOTHING,
#define SENTENCE(id, reason, takes, english, chinese) SAY_##id,
#include "base/sentences.def"
#undef SENTENCE
    SAY_COUNT
};
enum { /* how many arguments each takes */
#define SENTENCE(id, reason, takes, english, chinese) SAY_##id##_TAKES = (takes),
#include "base/sentences.def"
#undef SENTENCE
};

#define SENTENCE_ARGS 9 /* at most: {1} to {9} */

enum arg_kind {
    ARG_END, /* behind the last */
    ARG_TEXT,
    ARG_NUMBER,
    ARG_FACTOR,
    ARG_DAY,
    ARG_FEN,
    ARG_SYSTEM,
    ARG_WORD,
    ARG_WORDS,
    ARG_LIST,
    ARG_EITHER,
    ARG_SAID
};

struct arg {
    enum arg_kind kind;
    const struct names *names; /* of a word, or of all words of a table */
    union {
        int64_t number; /* also a day number, fen, an errno, a word's value */
        double factor;
        char *text;            /* owned */
        struct sentence *said; /* owned; of a list: its elements are the arguments */
    };
};

struct sentence {
    enum say id;
    int count;
    struct arg *args;
};

/* A text from outside, a number, a name: the same in both languages. Copied. */
struct arg arg_text(struct str text);
struct arg arg_z(const char *text);
struct arg arg_int64(int64_t number);
#define arg_number(integer) arg_int64((int64_t)(integer))
struct arg arg_factor(double factor); /* "1.5" */
/* Days since 1970-01-01, as "2026-11-24"; "" for INT32_MIN. rules/date has date_arg(). */
struct arg arg_day(int32_t day);
struct arg arg_fen(int64_t fen); /* "5400.00" */
/* What the system says of an errno. */
struct arg arg_system(int number);
/* A word of a table, in the language of the sentence; `names` is static. */
struct arg arg_word(const struct names *names, int value);
/* All words of a table: "annual, semi-annual, quarterly". */
struct arg arg_words(const struct names *names);
/* A sentence inside another. Takes it over. */
struct arg arg_said(struct sentence *said);
/* "a, b, c" and "a or b or c", in Chinese with 、 between them; filled by arg_add(), which
 * takes the element over. */
struct arg arg_list(void);
struct arg arg_either(void);
void arg_add(struct arg *list, struct arg element);
/* Of an argument that no sentence took. */
void arg_free(struct arg arg);
#define ARG_LAST ((struct arg){ARG_END, NULL, {0}})

/* sentence(SAY_X, …): the sentence with its arguments, owned by the caller. */
#define sentence(...)                                                                              \
    ((void)sizeof(struct {                                                                         \
         _Static_assert(SAY_GIVEN(__VA_ARGS__) == SAY_TAKES(__VA_ARGS__, 0),                       \
                        "the sentence takes another number of arguments");                         \
         int counted;                                                                              \
     }),                                                                                           \
     sentence_of(__VA_ARGS__, ARG_LAST))
#define SAY_TAKES(id, ...) SAY_TAKES_(id)
#define SAY_TAKES_(id) id##_TAKES
#define SAY_GIVEN(...) SAY_GIVEN_(__VA_ARGS__, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0)
#define SAY_GIVEN_(id, a, b, c, d, e, f, g, h, i, count, ...) count

/* The word of contract.md section 5, e.g. "not-found"; and what an office reads for it. */
const char *reason_name(enum reason reason);
const char *reason_zh(enum reason reason);

/* The same where the identifier comes out of a table: struct args up to ARG_LAST. Another number
 * of them than the row takes is logged, and the sentence is then SAY_BROKEN, an internal error. */
struct sentence *sentence_of(enum say id, ...);
struct sentence *sentence_copy(const struct sentence *said);
void sentence_free(struct sentence *said); /* NULL is none */
/* Appends it in English, in Chinese; nothing for NULL. */
void sentence_text(const struct sentence *said, struct strbuf *out);
void sentence_zh(const struct sentence *said, struct strbuf *out);
enum reason sentence_reason(const struct sentence *said);

/* The row of an identifier as it stands in the table, for the test that walks it. */
struct sentence_row {
    const char *name; /* "REVIEW_AFTER_TODAY" */
    enum reason reason;
    int takes;
    const char *english, *chinese;
};
const struct sentence_row *sentence_row(enum say id);
