#include "delivery/daily.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/canon.h"
#include "base/crash.h"
#include "base/log.h"
#include "delivery/maintenance.h"
#include "delivery/spool.h"
#include "store/household.h"
#include "work/quarantine.h"

struct daily {
    struct job job;
    struct daily_result result;
    struct date asked; /* DATE_NONE: the local day */
    bool confirm;
    bool begun;
    char *who;              /* of a run that goes on after a kill: job.actor's name */
    struct rulebook *rules; /* pinned: what a reload brings is for the next run */
    struct work pinned;     /* the writer's, with these rules */
    struct phase p;         /* what the phases work with: the day at hand */
};

/* ---- a day begins ---- */

static void run_new(struct daily *d, const struct work *w, struct date day)
{
    d->p.run = (struct run_row){
        .day = day,
        .phase = RUN_OPEN,
        .working_day = calendar_is_working(d->rules->calendar, day),
        .for_day = d->result.date,
    };
    clock_format(clock_now(w->clock), d->p.run.started_at);
    d->p.after_day = DATE_NONE;
    d->p.after = 0;
}

static bool is_target(const struct daily *d)
{
    return d->p.run.day.day == d->p.run.for_day.day;
}

static void note_caught_up(struct daily *d, struct date day)
{
    struct daily_result *r = &d->result;
    r->caught_up = xrealloc(r->caught_up, (size_t)(r->caught_up_count + 1) * sizeof *r->caught_up);
    r->caught_up[r->caught_up_count++] = day;
}

static bool begin_day(struct daily *d, struct work *w, struct date day, struct error *err)
{
    run_new(d, w, day);
    if (!is_target(d)) {
        note_caught_up(d, day);
    }
    if (store_begin(w->store, err) && store_run_put(w->store, &d->p.run, err) &&
        store_run_asked(w->store, day, d->job.actor, err) && store_commit(w->store, err)) {
        crash_point("run-begun");
        return true;
    }
    store_rollback(w->store);
    return false;
}

/* A run that failed on its way (a full disk, a spool that cannot be written) goes on where it was,
 * for its own day, before any other begins. */
static bool go_on(struct daily *d, const struct run_row *run)
{
    d->p.run = *run;
    d->p.after_day = DATE_NONE;
    if (date_cmp(run->day, d->result.date) < 0) {
        note_caught_up(d, run->day);
    }
    return true;
}

static bool held(const struct daily *d, struct work *w, const struct run_row *last)
{
    return !w->clock->manual && !d->confirm && date_is(last->day) &&
           d->result.date.day - last->day.day > w->settings->limit_catch_up_days;
}

/* Decides which day comes first; *done where there is nothing to do. */
static bool begin(struct daily *d, struct work *w, bool *done, struct error *err)
{
    struct run_row last;
    struct date today = work_today(w);
    char text[DATE_TEXT];
    *done = false;
    d->result.date = date_is(d->asked) ? d->asked : today;
    if (!store_run_last(w->store, &last, err)) {
        return false;
    }
    if (date_cmp(d->result.date, today) > 0) {
        return error_say(err, SAY_RUN_AFTER_TODAY, date_arg(d->result.date));
    }
    if (!work_policy(w, d->result.date, err)) {
        return false;
    }
    d->rules = rulebook_use(w->rules);
    d->result.working_day = calendar_is_working(d->rules->calendar, d->result.date);
    if (date_is(last.day) && date_cmp(last.day, d->result.date) >= 0 && last.phase == RUN_DONE) {
        if (date_cmp(last.day, today) > 0) {
            log_put(LOG_WARNING, "event=clock-back last_run=%s: nothing is repeated",
                    date_text(last.day, text));
        }
        d->result.already = *done = true;
        return true;
    }
    if (held(d, w, &last)) {
        w->held = true;
        return error_say(err, SAY_RUN_TOO_OLD, date_arg(last.day),
                         arg_number(w->settings->limit_catch_up_days));
    }
    w->held = false;
    if (date_is(last.day) && last.phase != RUN_DONE) {
        return go_on(d, &last);
    }
    struct date first = date_is(last.day) ? date_plus(last.day, 1) : d->result.date;
    return begin_day(d, w, first, err);
}

/* ---- the phases of a day ---- */

/* A phase ends in the commit of its last batch. `again` is done at the end of a phase for each
 * household that an earlier run set aside in it (work/quarantine.h); NULL where the phase looks at
 * them by itself. */
static const struct {
    phase_batch *batch; /* NULL: the run does it itself */
    phase_act *again;
    bool lists; /* only on a working day that is the run's own, which sends lists */
} phases[] = {
    [RUN_OPEN] = {phase_open, NULL, false},
    [RUN_EFFECT] = {campaign_effects, NULL, false},
    [RUN_AGE] = {report_ages, report_ages_again, false},
    [RUN_ROLL] = {campaign_roll, campaign_roll_again, false},
    [RUN_CLOSE] = {campaign_close, campaign_close_again, false},
    [RUN_NOTICE] = {notice_all, NULL, false},
    [RUN_PICKUP] = {maintenance_pickup, NULL, true},
    [RUN_ALERT] = {phase_alert, NULL, false},
    [RUN_LIST] = {phase_list, NULL, true},
    [RUN_DELIVER] = {NULL, NULL, true},
    [RUN_PRUNE] = {maintenance_prune, NULL, true},
    [RUN_DONE] = {NULL, NULL, false},
};

static bool audit_run(struct daily *d, struct work *w, struct error *err)
{
    char day[DATE_TEXT], target[DATE_TEXT];
    struct strbuf after = STRBUF_INIT;
    struct canon c = canon_open(&after);
    canon_int(&c, "alerts", d->p.run.alerts);
    canon_str(&c, "date", str_of(date_text(d->p.run.day, day)));
    canon_str(&c, "for", str_of(date_text(d->p.run.for_day, target)));
    canon_int(&c, "lists", d->p.run.lists);
    canon_int(&c, "opened", d->p.run.opened);
    canon_close(&c);
    bool ok = work_audit(w, d->job.actor, "run", STR_NONE, STR_NONE, strbuf_str(&after), err);
    strbuf_free(&after);
    return ok;
}

static bool advance(struct daily *d, struct work *w, struct error *err)
{
    bool lists = is_target(d) && d->p.run.working_day;
    if (!quarantine_end(&d->p, phases[d->p.run.phase].again, err)) {
        return false;
    }
    do {
        d->p.run.phase++;
    } while (phases[d->p.run.phase].lists && !lists);
    d->p.run.cursor = 0;
    d->p.after_day = DATE_NONE;
    d->p.after = 0;
    if (d->p.run.phase != RUN_DONE) {
        return true;
    }
    clock_format(clock_now(w->clock), d->p.run.finished_at);
    return audit_run(d, w, err);
}

/* Lines of the slice, now that what they tell is on disk. */
static void log_lines(struct daily *d)
{
    for (char *line = d->p.log.len ? d->p.log.data : NULL; line && *line;) {
        char *end = strchr(line, '\n');
        *end = '\0';
        log_put(LOG_NOTICE, "%s", line);
        line = end + 1;
    }
    strbuf_reset(&d->p.log);
}

static bool phase_slice(struct daily *d, struct work *w, struct error *err)
{
    int64_t until = job_now() + JOB_SLICE_NS;
    bool end = false, ok = true;
    if (!store_begin(w->store, err)) {
        return false;
    }
    while (ok && !end && job_now() < until) {
        ok = phases[d->p.run.phase].batch(&d->p, &end, err);
        arena_reset(&d->p.arena);
    }
    ok = ok && (!end || advance(d, w, err)) && store_run_put(w->store, &d->p.run, err) &&
         store_commit(w->store, err);
    if (!ok) {
        store_rollback(w->store);
        strbuf_reset(&d->p.log);
    } else {
        crash_point(d->p.run.phase == RUN_DONE ? "run-done" : "run-slice");
    }
    log_lines(d);
    return ok;
}

/* A record that fails its slice: the slice is done again, each record in a savepoint. */
static bool phase_retry(struct daily *d, struct work *w, struct error *err)
{
    if (d->p.careful || !quarantine_may(err)) {
        return false;
    }
    error_clear(err);
    d->p.careful = true;
    d->p.after_day = DATE_NONE;
    d->p.after = 0;
    return store_run_get(w->store, d->p.run.day, &d->p.run, err);
}

static bool deliver(struct daily *d, struct work *w, struct error *err)
{
    bool more = false;
    if (w->spool && !spool_deliver(w->spool, w, d->p.run.day, &more, err)) {
        return false;
    }
    d->job.done++;
    if (more) {
        return true;
    }
    if (store_begin(w->store, err) && advance(d, w, err) &&
        store_run_put(w->store, &d->p.run, err) && store_commit(w->store, err)) {
        crash_point("run-delivered");
        return true;
    }
    store_rollback(w->store);
    return false;
}

static bool take_set_aside(void *self, const struct quarantine_row *row)
{
    struct daily_result *r = self;
    size_t room = (size_t)(r->set_aside_count + 1);
    r->set_aside = xrealloc(r->set_aside, room * sizeof *r->set_aside);
    r->set_aside[r->set_aside_count++] =
        (struct daily_set_aside){xstrndup(row->household.data, row->household.len),
                                 xstrndup(row->reason.data, row->reason.len)};
    return true;
}

static enum job_step finish(struct daily *d, struct work *w, struct error *err)
{
    char day[DATE_TEXT], head[DIGEST_HEX + 1];
    if (!store_quarantine_each(w->store, &d->p.arena, take_set_aside, &d->result, err) ||
        !store_audit_head(w->store, head, NULL, err)) {
        return JOB_FAILED;
    }
    if (!d->result.already) {
        log_put(LOG_NOTICE,
                "event=run date=%s opened=%lld alerts=%lld lists=%lld set_aside=%d caught_up=%d "
                "audit_head=%s",
                date_text(d->result.date, day), (long long)d->result.opened,
                (long long)d->result.alerts, (long long)d->result.lists, d->result.set_aside_count,
                d->result.caught_up_count, head);
    }
    return JOB_DONE;
}

/* A day is done: on to the next, until the day of the run itself. */
static enum job_step day_done(struct daily *d, struct work *w, struct error *err)
{
    d->result.opened += d->p.run.opened;
    d->result.alerts += d->p.run.alerts;
    d->result.lists += d->p.run.lists;
    d->p.careful = false;
    if (date_cmp(d->p.run.day, d->result.date) >= 0) {
        return finish(d, w, err);
    }
    return begin_day(d, w, date_plus(d->p.run.day, 1), err) ? JOB_MORE : JOB_FAILED;
}

static enum job_step daily_slice(struct job *job, struct work *w, struct error *err)
{
    struct daily *d = (struct daily *)job;
    if (!d->begun) {
        bool done;
        d->begun = true;
        if (!begin(d, w, &done, err)) {
            return JOB_FAILED;
        }
        if (done) {
            return finish(d, w, err);
        }
    }
    d->job.phase = "apply";
    d->pinned = *w;
    d->pinned.rules = d->rules;
    d->p.w = &d->pinned;
    bool ok = d->p.run.phase == RUN_DELIVER ? deliver(d, w, err)
                                            : phase_slice(d, w, err) || phase_retry(d, w, err);
    if (!ok) {
        return JOB_FAILED;
    }
    return d->p.run.phase == RUN_DONE ? day_done(d, w, err) : JOB_MORE;
}

static void daily_free(struct job *job)
{
    struct daily *d = (struct daily *)job;
    for (int i = 0; i < d->result.set_aside_count; i++) {
        free(d->result.set_aside[i].household);
        free(d->result.set_aside[i].reason);
    }
    free(d->result.set_aside);
    free(d->result.caught_up);
    free(d->who);
    rulebook_drop(d->rules);
    arena_free(&d->p.arena);
    strbuf_free(&d->p.log);
    free(d);
}

static const struct job_class daily_class = {"run", JOB_FIRST, daily_slice, daily_free};

struct job *daily_job(struct date day, bool confirm, struct actor actor)
{
    struct daily *d = xcalloc(1, sizeof *d);
    d->job = (struct job){.class = &daily_class, .actor = actor, .total = -1};
    d->asked = day;
    d->confirm = confirm;
    return &d->job;
}

const struct daily_result *daily_job_result(const struct job *job)
{
    return &((const struct daily *)job)->result;
}

/* The run under way, or the next day of one that was to catch up more. */
static bool resume_at(struct daily *d, struct work *w, const struct run_row *run, struct error *err)
{
    d->begun = true;
    d->result.date = run->for_day;
    d->rules = rulebook_use(w->rules);
    d->result.working_day = calendar_is_working(d->rules->calendar, run->for_day);
    if (!store_run_who(w->store, &d->p.arena, run->day, &d->job.actor, err)) {
        return false;
    }
    d->job.actor.who = d->who = xstrdup(d->job.actor.who);
    if (run->phase == RUN_DONE) {
        return begin_day(d, w, date_plus(run->day, 1), err);
    }
    d->p.run = *run;
    d->p.after_day = DATE_NONE;
    return true;
}

bool daily_resume(struct work *w, struct job **job, struct error *err)
{
    struct run_row run;
    char day[DATE_TEXT];
    *job = NULL;
    if (!store_run_running(w->store, &run, err) ||
        (!date_is(run.day) && !store_run_last(w->store, &run, err))) {
        return false;
    }
    if (!date_is(run.day) || (run.phase == RUN_DONE && run.day.day >= run.for_day.day)) {
        return true;
    }
    struct daily *d = (struct daily *)daily_job(run.for_day, true, ACTOR_CLOCK);
    if (!resume_at(d, w, &run, err)) {
        daily_free(&d->job);
        return false;
    }
    log_put(LOG_NOTICE, "event=recover run=%s phase=%s", date_text(run.day, day),
            names_text(&run_phases, (int)run.phase));
    *job = &d->job;
    return true;
}

bool daily_due(struct work *w, bool *due, struct error *err)
{
    struct run_row last;
    struct date today = work_today(w);
    int64_t now = clock_now(w->clock);
    if (!store_run_last(w->store, &last, err)) {
        return false;
    }
    /* A run that failed on its way is due until it is done. A store made today after the hour has
     * its first run tomorrow. */
    bool late = now >= work_run_instant(w, today);
    if (!date_is(last.day)) {
        *due = late && date_cmp(store_created_on(w->store), today) < 0;
    } else {
        *due = last.phase != RUN_DONE || (late && date_cmp(last.day, today) < 0);
    }
    int gap = date_is(last.day) ? today.day - last.day.day : 0;
    w->held = !w->clock->manual && gap > w->settings->limit_catch_up_days;
    return true;
}
