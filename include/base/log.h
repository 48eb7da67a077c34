/* base/log: what operators read, by syslog(3), and on stderr where asked. English, one line an
 * event. Never called on the front thread's hot path: syslog(3) can block (architecture.md 2). */
#pragma once

#include <stdbool.h>
#include <syslog.h>

#include "base/str.h"

/* Opens syslog with `ident` (kept by pointer: must stay valid), LOG_PID, `facility` (LOG_DAEMON …);
 * messages above `level` (LOG_DEBUG is 7) are dropped; `to_stderr` copies each line there. */
void log_open(const char *ident, int facility, int level, bool to_stderr);
void log_put(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends a value of a field ("household=…"): as it is, or between double quotes with \ before
 * quotes and itself where it is empty or holds blanks, quotes or control characters (those as
 * blanks). */
void log_value(struct strbuf *out, struct str value);
/* LOG_DAEMON for "daemon", "local0" … ; -1 where unknown. Likewise "info", "debug" … */
int log_facility(const char *name);
int log_level(const char *name);
