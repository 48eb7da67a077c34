/* rules/date: days. A struct date wraps a day number, proleptic Gregorian, 1970-01-01 is 0.
 * Good from 1900-01-01 to 2199-12-31; DATE_NONE stands for an absent day. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sentence.h"

struct date {
    int32_t day;
};

#define DATE_NONE ((struct date){INT32_MIN})
#define DATE_TEXT 11 /* "2026-11-24" and NUL */

struct ymd {
    int year, month, day; /* month and day from 1 */
};

static inline bool date_is(struct date d)
{
    return d.day != INT32_MIN;
}

/* Below 0, 0, above 0 as a is before, on, after b. Both must be days, not DATE_NONE. */
static inline int date_cmp(struct date a, struct date b)
{
    return (a.day > b.day) - (a.day < b.day);
}

static inline struct date date_plus(struct date d, int days)
{
    return (struct date){d.day + days};
}

static inline struct date date_later(struct date a, struct date b)
{
    return a.day > b.day ? a : b;
}

/* DATE_NONE where there is no such day or it lies outside the range. */
struct date date_of(int year, int month, int day);
struct ymd date_ymd(struct date d);
/* "2026-11-24" exactly; DATE_NONE for anything else. */
struct date date_parse(struct str text);
/* Writes "2026-11-24", or "" for DATE_NONE; returns out. */
const char *date_text(struct date d, char out[DATE_TEXT]);
/* The day as an argument of a sentence. */
static inline struct arg date_arg(struct date d)
{
    return arg_day(d.day);
}
/* 0 Sunday … 6 Saturday. */
int date_weekday(struct date d);
int date_month_days(int year, int month);
/* `months` later (or earlier), clamped to the month's end: 31 January + 1 is 28 or 29 February.
 * *clamped (may be NULL) tells whether the day had to give way. */
struct date date_add_months(struct date d, int months, bool *clamped);
/* The last day of the month / calendar quarter that d lies in. */
struct date date_month_end(struct date d);
struct date date_quarter_end(struct date d);
