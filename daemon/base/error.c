#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

static const char *const reason_names[REASON_COUNT] = {
    [REASON_NONE] = "none",
    [REASON_NOT_FOUND] = "not-found",
    [REASON_NOT_ALLOWED] = "not-allowed",
    [REASON_PROTECTED] = "protected",
    [REASON_BAD_ARGUMENT] = "bad-argument",
    [REASON_BAD_ROWS] = "bad-rows",
    [REASON_CONFLICT] = "conflict",
    [REASON_TOO_EARLY] = "too-early",
    [REASON_TOO_LATE] = "too-late",
    [REASON_RUN_HELD] = "run-held",
    [REASON_BUSY] = "busy",
    [REASON_TOO_LARGE] = "too-large",
    [REASON_STORAGE] = "storage",
    [REASON_INTERNAL] = "internal",
};

static char *format_text(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
static void set_text(struct error *err, enum reason reason, const char *clause, const char *format,
                     va_list args) __attribute__((format(printf, 4, 0)));

static char *format_text(const char *format, va_list args)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_vaddf(&text, format, args);
    return text.data ? text.data : xstrdup("");
}

/* The new texts are made before the old ones go: an argument may point into the old message. */
static void set_text(struct error *err, enum reason reason, const char *clause, const char *format,
                     va_list args)
{
    char *message = format_text(format, args);
    char *copy = clause ? xstrdup(clause) : NULL;

    error_clear(err);
    err->reason = reason;
    err->message = message;
    err->clause = copy;
}

bool error_set(struct error *err, enum reason reason, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        set_text(err, reason, NULL, format, args);
        va_end(args);
    }
    return false;
}

bool error_set_clause(struct error *err, enum reason reason, const char *clause, const char *format,
                      ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        set_text(err, reason, clause, format, args);
        va_end(args);
    }
    return false;
}

bool error_context(struct error *err, const char *format, ...)
{
    if (err && err->message) {
        struct strbuf text = STRBUF_INIT;
        va_list args;
        va_start(args, format);
        strbuf_vaddf(&text, format, args);
        va_end(args);
        strbuf_addz(&text, ": ");
        strbuf_addz(&text, err->message);
        free(err->message);
        err->message = text.data;
    }
    return false;
}

void error_clear(struct error *err)
{
    if (!err) {
        return;
    }
    free(err->message);
    free(err->clause);
    *err = ERROR_INIT;
}

const char *reason_name(enum reason reason)
{
    if ((int)reason < 0 || reason >= REASON_COUNT) {
        return "internal";
    }
    return reason_names[reason];
}
