#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

struct code {
    const char *name;
    int value;
};

static const struct code facilities[] = {
    {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV},
    {"cron", LOG_CRON},     {"daemon", LOG_DAEMON},
    {"mail", LOG_MAIL},     {"syslog", LOG_SYSLOG},
    {"user", LOG_USER},     {"local0", LOG_LOCAL0},
    {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2},
    {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
    {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6},
    {"local7", LOG_LOCAL7}, {NULL, -1},
};

/* The first name of a level is the one that is printed. */
static const struct code levels[] = {
    {"emerg", LOG_EMERG},     {"alert", LOG_ALERT},   {"crit", LOG_CRIT}, {"err", LOG_ERR},
    {"warning", LOG_WARNING}, {"notice", LOG_NOTICE}, {"info", LOG_INFO}, {"debug", LOG_DEBUG},
    {"error", LOG_ERR},       {"warn", LOG_WARNING},  {NULL, -1},
};

static const char *log_ident = "reviewd";
static int log_max = LOG_INFO;
static bool log_stderr;

static int find_code(const struct code *codes, const char *name)
{
    while (codes->name && (!name || strcmp(codes->name, name) != 0)) {
        codes++;
    }
    return codes->value;
}

static const char *level_name(int level)
{
    return levels[level & LOG_PRIMASK].name;
}

void log_open(const char *ident, int facility, int level, bool to_stderr)
{
    log_ident = ident;
    log_max = level;
    log_stderr = to_stderr;
    openlog(ident, LOG_PID, facility);
}

/* One event is one line, whatever its arguments hold: nobody outside can forge a second line. */
static void make_one_line(struct strbuf *line)
{
    for (size_t i = 0; i < line->len; i++) {
        if ((unsigned char)line->data[i] < 0x20 || line->data[i] == 0x7f) {
            line->data[i] = ' ';
        }
    }
}

void log_put(int level, const char *format, ...)
{
    struct strbuf line = STRBUF_INIT;
    va_list args;

    if (LOG_PRI(level) > log_max) {
        return;
    }
    va_start(args, format);
    strbuf_vaddf(&line, format, args);
    va_end(args);
    make_one_line(&line);
    syslog(level, "%s", strbuf_text(&line));
    if (log_stderr) {
        fprintf(stderr, "%s: %s: %s\n", log_ident, level_name(level), strbuf_text(&line));
    }
    strbuf_free(&line);
}

void log_value(struct strbuf *out, struct str value)
{
    bool plain = value.len > 0;

    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        plain = plain && c > ' ' && c != 0x7f && c != '"' && c != '\\';
    }
    if (plain) {
        strbuf_add(out, value.data, value.len);
        return;
    }
    strbuf_addc(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c == '"' || c == '\\') {
            strbuf_addc(out, '\\');
        }
        strbuf_addc(out, c < ' ' || c == 0x7f ? ' ' : (char)c);
    }
    strbuf_addc(out, '"');
}

int log_facility(const char *name)
{
    return find_code(facilities, name);
}

int log_level(const char *name)
{
    return find_code(levels, name);
}
