/* delivery/daily: the daily run (contract.md section 4), and the manual clock that passes days.
 *
 * A run goes through phases: open what is due to open, raise alerts, make the lists, deliver. Each
 * slice commits its work with the run's cursor, so that a run killed anywhere goes on where it was.
 */
#pragma once

#include "work/job.h"

struct daily_set_aside {
    char *household, *reason;
};

struct daily_result {
    struct date date;
    bool working_day, already;
    struct date *caught_up;
    int caught_up_count;
    int64_t opened, alerts, lists;
    struct daily_set_aside *set_aside;
    int set_aside_count;
};

/* `day` DATE_NONE: the local day. `confirm`: also a run that is held. Errors: bad-argument for a
 * later day, run-held. */
struct job *daily_job(struct date day, bool confirm, struct actor actor);
const struct daily_result *daily_job_result(const struct job *job);
/* At start: completes a run that a kill interrupted; *job NULL where there is none. */
bool daily_resume(struct work *w, struct job **job, struct error *err);

/* Whether the run of the day is due by the clock, and whether a gap holds it (sets w->held). */
bool daily_due(struct work *w, bool *due, struct error *err);

/* Moves a manual clock to an instant, running each daily_run_at that it passes. */
struct job *clock_job(int64_t to, struct actor actor);
struct clock_result {
    int64_t now;
    struct date *runs;
    int run_count;
};
const struct clock_result *clock_job_result(const struct job *job);
