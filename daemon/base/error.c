#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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
    err->said = NULL;
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
        sentence_free(err->said);
        err->said = NULL;
    }
    return false;
}

bool error_put(struct error *err, const char *clause, struct sentence *said)
{
    if (!err) {
        sentence_free(said);
        return false;
    }
    struct strbuf text = STRBUF_INIT;
    char *copy = clause ? xstrdup(clause) : NULL; /* it may point into what goes */
    sentence_text(said, &text);
    error_clear(err);
    *err = (struct error){sentence_reason(said), text.data, copy, said};
    return false;
}

bool error_put_within(struct error *err, struct sentence *where)
{
    if (!err || !err->message) {
        sentence_free(where);
        return false;
    }
    struct strbuf text = STRBUF_INIT;
    sentence_text(where, &text);
    strbuf_addz(&text, ": ");
    strbuf_addz(&text, err->message);
    free(err->message);
    err->message = text.data;
    err->said = err->said ? sentence(SAY_WITHIN, arg_said(where), arg_said(err->said)) : where;
    return false;
}

static bool says(const struct sentence *said, enum say id)
{
    bool found = said && said->id == id;
    for (int i = 0; said && !found && i < said->count; i++) {
        found = said->args[i].kind == ARG_SAID && says(said->args[i].said, id);
    }
    return found;
}

bool error_says(const struct error *err, enum say id)
{
    return err && says(err->said, id);
}

bool error_move(struct error *to, struct error *from)
{
    if (to) {
        error_clear(to);
        *to = *from;
        *from = ERROR_INIT;
    } else {
        error_clear(from);
    }
    return false;
}

bool error_copy(struct error *to, const struct error *from)
{
    if (to) {
        struct error copy = {from->reason, from->message ? xstrdup(from->message) : NULL,
                             from->clause ? xstrdup(from->clause) : NULL,
                             from->said ? sentence_copy(from->said) : NULL};
        error_clear(to);
        *to = copy;
    }
    return false;
}

void error_zh(const struct error *err, struct strbuf *out)
{
    if (err->said) {
        sentence_zh(err->said, out);
    } else {
        strbuf_addz(out, reason_zh(err->reason));
    }
}

void error_clear(struct error *err)
{
    if (!err) {
        return;
    }
    free(err->message);
    free(err->clause);
    sentence_free(err->said);
    *err = ERROR_INIT;
}
