/* store/quarantine: households whose record made a phase of the daily run fail (contract.md section
 * 4).
 *
 * One row for each household and phase. It stays until a run does that phase's work for the
 * household, or finds that there is none left to do. */
#pragma once

#include "store/run.h"

struct quarantine_row {
    int64_t household_id; /* 0: not there */
    struct str household, reason;
    enum run_phase phase;
    struct date since, on; /* the first and the last run that it made fail */
};
/* Where there is one already its reason and last day are replaced. */
bool store_quarantine_put(struct store *s, int64_t household_id, enum run_phase phase,
                          struct str reason, struct date on, struct error *err);
bool store_quarantine_clear(struct store *s, int64_t household_id, enum run_phase phase,
                            struct error *err);
/* Every one of a phase whose last run is before `day`. */
bool store_quarantine_expire(struct store *s, enum run_phase phase, struct date day,
                             struct error *err);
/* The next household of a phase, by id after `after`, whose last run is before `day`. */
bool store_quarantine_next(struct store *s, struct arena *a, enum run_phase phase, int64_t after,
                           struct date day, struct quarantine_row *row, struct error *err);
/* All, in order of phase and household, until `take` returns false. */
bool store_quarantine_each(struct store *s, struct arena *a,
                           bool (*take)(void *self, const struct quarantine_row *row), void *self,
                           struct error *err);
