/* base/error: how a function that can fail says why.
 *
 * Every fallible function returns bool (or a pointer) and takes a struct error as its last
 * parameter. The error owns its texts; whoever declared it clears it. `reason` is the stable word
 * of contract.md section 5 that goes out in `data.reason` of a JSON-RPC error. */
#pragma once

#include "base/sentence.h"

struct error {
    enum reason reason;    /* REASON_NONE: nothing went wrong */
    char *message;         /* English, for people; owned, NULL while reason is NONE */
    char *clause;          /* the clause or standard behind a refusal; owned, or NULL */
    struct sentence *said; /* what the message says: an identifier and its arguments; owned */
};

#define ERROR_INIT                                                                                 \
    (struct error)                                                                                 \
    {                                                                                              \
        REASON_NONE, 0, 0, 0                                                                       \
    }

/* Makes the sentence the error, with the reason of its row; it replaces what was there. Takes it
 * over; `err` may be NULL: it is then dropped. Always false, so that a caller can write
 * `return error_say(err, SAY_X, …)`. error_say_by() has the clause that the refusal rests on,
 * copied; NULL is none. */
bool error_put(struct error *err, const char *clause, struct sentence *said);
#define error_say(err, ...) error_put((err), NULL, sentence(__VA_ARGS__))
#define error_say_by(err, clause, ...) error_put((err), (clause), sentence(__VA_ARGS__))

/* Puts the sentence and ": " before the error's own, where there is one: where it happened. Takes
 * it over. Always false. */
bool error_put_within(struct error *err, struct sentence *where);
/* Whether the error is this sentence, or has it inside. */
bool error_says(const struct error *err, enum say id);
#define error_within(err, ...) error_put_within((err), sentence(__VA_ARGS__))

/* Appends the error in Chinese: its sentence, or the words of its reason where it has none. */
void error_zh(const struct error *err, struct strbuf *out);

/* Sets reason and message, replacing what was there; always returns false, so that a caller can
 * write `return error_set(err, ...)`. `err` may be NULL: the fault is then dropped. */
bool error_set(struct error *err, enum reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Like error_set() with the clause that the refusal rests on. */
bool error_set_clause(struct error *err, enum reason reason, const char *clause, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/* Puts "context: " before the message. Always returns false. */
bool error_context(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Moves `from` to `to`, replacing what was there; `from` is clear afterwards. `to` may be NULL.
 * Always false. */
bool error_move(struct error *to, struct error *from);
/* The same with `from` left as it is. */
bool error_copy(struct error *to, const struct error *from);
/* Frees the texts and returns to ERROR_INIT. */
void error_clear(struct error *err);
