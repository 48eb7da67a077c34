/* store/calendar: the published working days, and the standards of districts and years. */
#pragma once

#include "rules/calendar.h"
#include "store/store.h"

/* All published years as a calendar of rules/calendar; the caller frees it. NULL on failure. */
struct calendar *store_calendar_load(struct store *s, struct error *err);
/* A day that a notice names, and the year whose notice it was: a New Year notice names days of two
 * years. */
struct workday_row {
    struct date day;
    enum day_kind kind;
    struct str name;
    int of_year;
};
/* The days from `from` to `to`, in order. */
bool store_workdays(struct store *s, struct arena *a, struct date from, struct date to,
                    struct workday_row **rows, int *count, struct error *err);
/* Adds a day, or replaces it. */
bool store_workday_put(struct store *s, const struct workday_row *row, struct error *err);
bool store_workday_drop(struct store *s, struct date day, struct error *err);
/* The year is published. `file_sha256` is of the file in calendar_dir, NULL for an import (the hash
 * of the last file is then kept). */
bool store_calendar_year(struct store *s, int year, const char *file_sha256, struct error *err);
/* The hash of the file last taken for the year; *hash NULL where none was. */
bool store_calendar_file(struct store *s, struct arena *a, int year, char **hash,
                         struct error *err);

struct standard_row {
    int64_t district; /* 0: not there */
    int year;
    int64_t dibao, poverty_line; /* fen a year */
};
bool store_standard_get(struct store *s, int64_t district, int year, struct standard_row *row,
                        struct error *err);
/* Of the latest year not after `year`. */
bool store_standard_latest(struct store *s, int64_t district, int year, struct standard_row *row,
                           struct error *err);
bool store_standard_put(struct store *s, const struct standard_row *row, struct error *err);
/* In order of (district, year), after the given; year 0: all years. At most `limit`. */
bool store_standards(struct store *s, struct arena *a, int year, int64_t after_district,
                     int after_year, int limit, struct standard_row **rows, int *count,
                     struct error *err);
