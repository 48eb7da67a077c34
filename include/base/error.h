/* base/error: how a function that can fail says why.
 *
 * Every fallible function returns bool (or a pointer) and takes a struct error as its last
 * parameter. The error owns its texts; whoever declared it clears it. `reason` is the stable word
 * of contract.md section 5 that goes out in `data.reason` of a JSON-RPC error. */
#pragma once

#include <stdbool.h>

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

struct error {
    enum reason reason; /* REASON_NONE: nothing went wrong */
    char *message;      /* English, for people; owned, NULL while reason is NONE */
    char *clause;       /* the clause or standard behind a refusal; owned, or NULL */
};

#define ERROR_INIT                                                                                 \
    (struct error)                                                                                 \
    {                                                                                              \
        REASON_NONE, 0, 0                                                                          \
    }

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

/* Frees the texts and returns to ERROR_INIT. */
void error_clear(struct error *err);

/* The word of contract.md section 5, e.g. "not-found". Static text. */
const char *reason_name(enum reason reason);
