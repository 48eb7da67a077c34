/* delivery/spool_care: the spool after delivery: what nobody fetched, and what is too old.
 *
 * Folders that a township broke are an error that names
 * them; a folder that is not there holds nothing. */
#pragma once

#include "rules/date.h"
#include "store/division.h"

struct spool;

/* The day of the oldest list in the division's new/: a file named DAY-daily.*; DATE_NONE: none. */
bool spool_unfetched(const struct spool *s, const struct division_row *division,
                     struct date *oldest, struct error *err);
/* Removes lists of days before `before` in new/, and what came back, by the day on which it was
 * put there: return/done/ and the *.rejected.csv of return/. Adds to *removed. */
bool spool_prune(const struct spool *s, const struct division_row *division, struct date before,
                 int64_t *removed, struct error *err);
