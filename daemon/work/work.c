#include "work/work.h"

#include <stdlib.h>

#include "store/calendar.h"
#include "store/run.h"

struct rulebook *rulebook_new(struct policy_set *policies, struct calendar *calendar)
{
    struct rulebook *rules = xcalloc(1, sizeof *rules);
    rules->policies = policies;
    rules->calendar = calendar;
    atomic_init(&rules->users, 1);
    return rules;
}

struct rulebook *rulebook_use(struct rulebook *rules)
{
    atomic_fetch_add(&rules->users, 1);
    return rules;
}

void rulebook_drop(struct rulebook *rules)
{
    if (rules && atomic_fetch_sub(&rules->users, 1) == 1) {
        policy_set_free(rules->policies);
        calendar_free(rules->calendar);
        free(rules);
    }
}

struct date work_today(const struct work *w)
{
    return (struct date){clock_local_day(clock_now(w->clock))};
}

const struct policy *work_policy(const struct work *w, struct date day, struct error *err)
{
    return policy_on(w->rules->policies, day, NULL, err);
}

bool work_not_held(const struct work *w, struct error *err)
{
    return !w->held || error_say(err, SAY_RUN_HELD);
}

bool work_audit(struct work *w, struct actor actor, const char *action, struct str household,
                struct str before, struct str after, struct error *err)
{
    return store_audit_add(w->store, clock_now(w->clock), actor, action, household, before, after,
                           err);
}

/* A rulebook owns its policies, so a new one with another calendar reads them anew: the files may
 * have changed since, and a rulebook is what is on disk or nothing. */
bool work_reload_calendar(struct work *w, struct error *err)
{
    struct faults faults = {0};
    struct calendar *calendar = store_calendar_load(w->store, err);
    if (!calendar) {
        return false;
    }
    struct policy_set *policies = policy_set_load(w->settings->policy_dir, &faults);
    if (!policies) {
        if (faults.count) {
            error_say(err, SAY_POLICY_FAULT, arg_z(faults.text[0]));
        } else {
            error_say(err, SAY_NO_POLICIES);
        }
        faults_free(&faults);
        calendar_free(calendar);
        return false;
    }
    rulebook_drop(w->rules);
    w->rules = rulebook_new(policies, calendar);
    w->rules_changed = true;
    return true;
}

int64_t work_run_instant(const struct work *w, struct date day)
{
    struct ymd d = date_ymd(day);
    int minute = w->settings->daily_run_minute;
    return clock_instant(d.year, d.month, d.day, minute / 60, minute % 60, 0);
}

int64_t work_next_run(struct work *w, struct error *err)
{
    struct run_row last;
    struct date today = work_today(w);
    if (!store_run_last(w->store, &last, err)) {
        return -1;
    }
    /* A new store has nothing to catch up: its first run is the first that comes by the clock. */
    bool done = date_is(last.day) ? date_cmp(last.day, today) >= 0
                                  : clock_now(w->clock) >= work_run_instant(w, today);
    return work_run_instant(w, done ? date_plus(today, 1) : today);
}
