/* work: what the service does. Load the facts, decide with rules, apply in one transaction.
 *
 * struct work is what a thread needs to do it: the writer's holds the writing store, the front's a
 * reading one. The rulebook (policies and calendar) is immutable and counted: a run pins the one
 * that it began with, a reload makes a new one. */
#pragma once

#include <stdatomic.h>

#include "base/clock.h"
#include "rules/calendar.h"
#include "rules/policy.h"
#include "store/audit.h"
#include "store/store.h"
#include "work/metrics.h"
#include "work/settings.h"

struct rulebook {
    struct policy_set *policies;
    struct calendar *calendar;
    atomic_int users;
};

struct rulebook *rulebook_new(struct policy_set *policies, struct calendar *calendar);
struct rulebook *rulebook_use(struct rulebook *rules);
void rulebook_drop(struct rulebook *rules); /* NULL is fine */

struct work;
struct hold_note;
struct spool;

struct work {
    struct store *store;
    struct rulebook *rules;
    struct clock *clock;
    const struct settings *settings;
    struct spool *spool; /* the writer's only, of delivery/spool; NULL: nothing leaves the house */
    struct metrics *metrics; /* shared by both */
    char *staging;           /* folder for imports under way; the writer's only */
    bool rules_changed;      /* the writer made a new rulebook: tell the front */
    struct hold_note *hold;  /* a refusal to be recorded (work/cessation) */
    bool held;               /* a gap holds the daily run (contract.md section 4) */
};

/* The local day. */
struct date work_today(const struct work *w);
/* The policy in force on a day; NULL with too-early before the first. */
const struct policy *work_policy(const struct work *w, struct date day, struct error *err);
/* Appends to the audit at the clock's now. */
bool work_audit(struct work *w, struct actor actor, const char *action, struct str household,
                struct str before, struct str after, struct error *err);
/* False with run-held while a gap holds the daily run: changes wait for `run` with `confirm`. */
bool work_not_held(const struct work *w, struct error *err);
/* Replaces the calendar of the rulebook by what the store now holds. */
bool work_reload_calendar(struct work *w, struct error *err);
/* The instant of daily_run_at on a local day. */
int64_t work_run_instant(const struct work *w, struct date day);
/* When the next daily run is due by the clock. */
int64_t work_next_run(struct work *w, struct error *err);
