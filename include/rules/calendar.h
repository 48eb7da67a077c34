/* rules/calendar: working days by the State Council's yearly notices (contract.md 3.2).
 *
 * Weekends are off, holidays are off, make-up weekend days are worked. A year is published once its
 * file is loaded; for any other year weekends count and what a neighbour's notice says of it, and a
 * date for which a day of such a year was examined is provisional. A calendar is built, then only
 * read. */
#pragma once

#include "base/error.h"
#include "rules/date.h"
#include "rules/trace.h"

enum day_kind { DAY_HOLIDAY, DAY_WORKDAY };
extern const struct names day_kinds; /* "holiday", "workday" */

enum roll { ROLL_FOLLOWING, ROLL_PRECEDING };
extern const struct names rolls; /* "following", "preceding" */

struct calendar;

struct calendar *calendar_new(void);
void calendar_free(struct calendar *c);
/* Declares a year published, with no days; what was known of it before is forgotten. */
void calendar_publish(struct calendar *c, int year);
/* One day of a notice. It counts where its year is not published yet as well, as a New Year notice
 * names days of two years; such a year stays provisional. A day twice, or a workday that is no
 * weekend day, is bad-argument. `name` is copied. */
bool calendar_add(struct calendar *c, struct date day, enum day_kind kind, struct str name,
                  struct error *err);
bool calendar_is_published(const struct calendar *c, int year);
/* The published years in order: *year starts at 0; false when there is none after it. */
bool calendar_next_year(const struct calendar *c, int *year);
bool calendar_is_working(const struct calendar *c, struct date day);
/* The holiday's name, "weekend" for a plain weekend day, NULL for a working day. */
const char *calendar_day_off(const struct calendar *c, struct date day);
extern const char calendar_weekend[];
/* What the notice says of a day: false where it does not name it. *name lives as long as the
 * calendar. */
bool calendar_notice(const struct calendar *c, struct date day, enum day_kind *kind,
                     const char **name);
/* `day` itself if it is worked, else the next (Civil Code 203) or the previous working day. Sets
 * *provisional to true (never to false) where a day of an unpublished year was examined. Traces one
 * TRACE_ROLL step for each day passed over and nothing for a working day. */
struct date calendar_roll(const struct calendar *c, struct date day, enum roll roll,
                          bool *provisional, struct trace *t);
/* n working days after (n > 0) or before (n < 0) day: counting starts with the first working day
 * after (before) it. n = 0 is `day` itself. *provisional and the trace as above; may be NULL. */
struct date calendar_add_working(const struct calendar *c, struct date day, int n,
                                 bool *provisional, struct trace *t);
