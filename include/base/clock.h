/* base/clock: the only way to know what time it is.
 *
 * A real clock reads CLOCK_REALTIME. A manual clock stands still and moves only by clock_set(): for
 * rehearsals and tests of whole years. The writer sets it, the front reads it: the instant is one
 * atomic word, the only thing that the two threads share outside their queues.
 * Local time is that of the process's TZ (set from `timezone` before any thread starts). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "base/str.h"

struct clock {
    bool manual;
    _Atomic int64_t instant; /* manual: seconds since 1970-01-01T00:00:00Z */
};

void clock_init_real(struct clock *c);
void clock_init_manual(struct clock *c, int64_t instant);
int64_t clock_now(const struct clock *c);
void clock_set(struct clock *c, int64_t instant); /* manual clocks only */

/* Broken-down local time of an instant, and back (a local time that daylight saving skips is moved
 * forward; of one that it repeats, the first). */
void clock_local(int64_t instant, struct tm *tm);
int64_t clock_instant(int year, int month, int day, int hour, int minute, int second);
/* Days since 1970-01-01 of the local day in which the instant lies. */
int32_t clock_local_day(int64_t instant);
/* "2026-11-24T07:30:00+08:00", NUL-terminated. */
#define CLOCK_TEXT 26
void clock_format(int64_t instant, char out[CLOCK_TEXT]);
/* Local "2026-11-24T07:30[:00]" or "2026-11-24 07:30[:00]", or with an offset "+08:00" or "Z". A
 * day alone is that day's 00:00. Fails with bad-argument. */
bool clock_parse(struct str text, int64_t *instant, struct error *err);
/* "1d", "90m", "2h", "30s" as seconds; positive. Fails with bad-argument. */
bool clock_parse_span(struct str text, int64_t *seconds, struct error *err);
