#include "work/daily.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/canon.h"
#include "base/crash.h"
#include "base/log.h"
#include "rules/alert.h"
#include "store/division.h"
#include "store/message.h"
#include "store/run.h"
#include "work/household.h"

#define BATCH 256

struct daily {
    struct job job;
    struct daily_result result;
    struct date asked; /* DATE_NONE: the local day */
    bool confirm;
    bool begun;
    bool again;             /* completes a run that a kill interrupted */
    struct rulebook *rules; /* pinned for the whole run */
    struct run_row run;     /* the day at hand */
    /* Cursor of the opening phase, in memory: what was opened has left the query anyway. */
    struct date opens_after;
    int64_t after;
    bool careful; /* after a failure: a savepoint for each household */
    struct arena arena;
    struct strbuf log; /* lines of this slice, told after its commit */
};

/* ---- a day begins. */

static void run_new(struct daily *d, const struct work *w, struct date day)
{
    d->run = (struct run_row){
        .day = day,
        .phase = RUN_OPEN,
        .working_day = calendar_is_working(d->rules->calendar, day),
        .for_day = d->result.date,
    };
    clock_format(clock_now(w->clock), d->run.started_at);
    d->opens_after = DATE_NONE;
    d->after = 0;
}

static bool is_target(const struct daily *d)
{
    return d->run.day.day == d->run.for_day.day;
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
    if (store_begin(w->store, err) && store_run_put(w->store, &d->run, err) &&
        store_commit(w->store, err)) {
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
    d->run = *run;
    d->opens_after = DATE_NONE;
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
        return error_set(err, REASON_BAD_ARGUMENT, "%s is after today",
                         date_text(d->result.date, text));
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
        return error_set(err, REASON_RUN_HELD,
                         "the last run was on %s, more than %d days ago: reviewctl run --confirm "
                         "catches up every day",
                         date_text(last.day, text), w->settings->limit_catch_up_days);
    }
    w->held = false;
    if (date_is(last.day) && last.phase != RUN_DONE) {
        return go_on(d, &last);
    }
    struct date first = date_is(last.day) ? date_plus(last.day, 1) : d->result.date;
    return begin_day(d, w, first, err);
}

/* ---- phase open. */

static bool open_one(struct daily *d, struct work *w, struct cycle_row *cycle, struct error *err)
{
    struct household_row row = {
        .id = cycle->household_id, .household = cycle->household, .township = cycle->township};
    return household_open_task(w, ACTOR_CLOCK, &row, cycle, d->run.day, err);
}

/* With a savepoint: a record that fails is set aside, the run goes on (spec.md section 4). */
static bool open_carefully(struct daily *d, struct work *w, struct cycle_row *cycle, bool *opened,
                           struct error *err)
{
    struct error why = ERROR_INIT;
    if (!store_savepoint(w->store, err)) {
        return false;
    }
    *opened = open_one(d, w, cycle, &why);
    if (*opened) {
        return store_release(w->store, err) &&
               store_set_aside_clear(w->store, cycle->household_id, err);
    }
    store_rollback_to(w->store);
    strbuf_addf(&d->log, "event=set-aside household=%.*s reason=%s\n", STR_ARG(cycle->household),
                why.message);
    bool ok =
        store_set_aside_put(w->store, cycle->household_id, str_of(why.message), d->run.day, err);
    error_clear(&why);
    return ok;
}

static bool open_batch(struct daily *d, struct work *w, bool *end, struct error *err)
{
    struct cycle_row *rows;
    int count;
    if (!store_cycles_to_open(w->store, &d->arena, d->run.day, d->opens_after, d->after, BATCH,
                              &rows, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        bool opened = true;
        d->opens_after = rows[i].dates.opens_on;
        d->after = rows[i].cycle;
        if (!(d->careful ? open_carefully(d, w, &rows[i], &opened, err)
                         : open_one(d, w, &rows[i], err))) {
            return false;
        }
        d->run.opened += opened;
    }
    *end = count < BATCH;
    return true;
}

/* ---- phase alert (3.8). */

static bool alert_division(struct work *w, enum alert_target to, int64_t township,
                           int64_t *division, struct error *err)
{
    static const enum level level_of[] = {LEVEL_TOWNSHIP, LEVEL_DISTRICT, LEVEL_CITY};
    *division = township;
    return to == ALERT_TOWNSHIP ||
           store_division_up(w->store, township, level_of[to], division, err);
}

static bool alert_message(struct daily *d, struct work *w, const struct task_row *task,
                          const struct alert_rung *rung, struct error *err)
{
    char due[DATE_TEXT], code[DIVISION_TEXT];
    int64_t division;
    if (!alert_division(w, rung->to, task->township, &division, err)) {
        return false;
    }
    date_text(task->due_on, due);
    division_text(task->township, code);
    struct strbuf body = STRBUF_INIT, subject = STRBUF_INIT;
    struct canon c = canon_open(&body);
    canon_str(&c, "due_on", str_of(due));
    canon_str(&c, "event", str_of(rung->name));
    canon_str(&c, "household", task->household);
    canon_int(&c, "task", task->task);
    canon_str(&c, "township", str_of(code));
    canon_close(&c);
    strbuf_addf(&subject, "%lld/%s/%s", (long long)task->task, rung->name, due);
    struct message_row message = {.division = division ? division : task->township,
                                  .kind = STR("alert"),
                                  .subject = strbuf_str(&subject),
                                  .created_on = d->run.day,
                                  .body = strbuf_str(&body)};
    bool added = false, ok = store_message_put(w->store, &message, &added, err);
    if (added) {
        d->run.alerts++;
        strbuf_addf(&d->log, "event=%s task=%lld household=%.*s township=%s due_on=%s\n",
                    rung->name, (long long)task->task, STR_ARG(task->household), code, due);
    }
    strbuf_free(&body);
    strbuf_free(&subject);
    return ok;
}

static bool alert_batch(struct daily *d, struct work *w, bool *end, struct error *err)
{
    struct task_row *rows;
    int count;
    const struct policy *policy = policy_on(d->rules->policies, d->run.day, NULL, err);
    if (!policy || !store_tasks_alert(w->store, &d->arena, d->run.day, BATCH, &rows, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct date next;
        int rung = alert_due(policy, d->rules->calendar, rows[i].due_on, rows[i].raised, d->run.day,
                             &next);
        if (rung >= 0 && !alert_message(d, w, &rows[i], &policy->rungs[rung], err)) {
            return false;
        }
        int raised = rung >= 0 ? rung : rows[i].raised;
        if (!store_task_raised(w->store, rows[i].task, raised, next, err)) {
            return false;
        }
    }
    *end = count < BATCH;
    return true;
}

/* ---- phase list: one message for each township that has anything open, and for each division
 * above that was told something; run.cursor is the last division done. */

static bool list_next(struct daily *d, struct work *w, int64_t *division, struct error *err)
{
    int64_t township, told;
    if (!store_task_township_next(w->store, d->run.cursor, &township, err) ||
        !store_message_division_next(w->store, d->run.cursor, &told, err)) {
        return false;
    }
    *division = township == 0 || (told != 0 && told < township) ? told : township;
    return true;
}

static bool list_batch(struct daily *d, struct work *w, bool *end, struct error *err)
{
    char day[DATE_TEXT];
    if (!d->run.audit_head[0] && !store_audit_head(w->store, d->run.audit_head, NULL, err)) {
        return false;
    }
    struct strbuf body = STRBUF_INIT;
    struct canon c = canon_open(&body);
    canon_str(&c, "audit_head", str_of(d->run.audit_head));
    canon_str(&c, "date", str_of(date_text(d->run.day, day)));
    canon_close(&c);
    bool ok = true;
    for (int i = 0; ok && !*end && i < BATCH; i++) {
        int64_t division = 0;
        bool added = false;
        ok = list_next(d, w, &division, err);
        *end = division == 0;
        if (!ok || *end) {
            break;
        }
        struct message_row message = {.division = division,
                                      .kind = STR(MESSAGE_DAILY),
                                      .subject = str_of(day),
                                      .created_on = d->run.day,
                                      .body = strbuf_str(&body)};
        ok = store_message_put(w->store, &message, &added, err);
        d->run.lists += added;
        d->run.cursor = division;
    }
    strbuf_free(&body);
    return ok;
}

/* ---- the phases as one table; a phase ends in the commit of its last batch. */

typedef bool phase_batch(struct daily *d, struct work *w, bool *end, struct error *err);
static phase_batch *const batches[] = {
    [RUN_OPEN] = open_batch, [RUN_ALERT] = alert_batch, [RUN_LIST] = list_batch};

static enum run_phase phase_after(const struct daily *d)
{
    bool lists = is_target(d) && d->run.working_day;
    switch (d->run.phase) {
    case RUN_OPEN:
        return RUN_ALERT;
    case RUN_ALERT:
        return lists ? RUN_LIST : RUN_DONE;
    case RUN_LIST:
        return RUN_DELIVER;
    default:
        return RUN_DONE;
    }
}

static bool audit_run(struct daily *d, struct work *w, struct error *err)
{
    char day[DATE_TEXT], target[DATE_TEXT];
    struct strbuf after = STRBUF_INIT;
    struct canon c = canon_open(&after);
    canon_int(&c, "alerts", d->run.alerts);
    canon_str(&c, "date", str_of(date_text(d->run.day, day)));
    canon_str(&c, "for", str_of(date_text(d->run.for_day, target)));
    canon_int(&c, "lists", d->run.lists);
    canon_int(&c, "opened", d->run.opened);
    canon_close(&c);
    bool ok = work_audit(w, ACTOR_CLOCK, "run", STR_NONE, STR_NONE, strbuf_str(&after), err);
    strbuf_free(&after);
    return ok;
}

static bool advance(struct daily *d, struct work *w, struct error *err)
{
    d->run.phase = phase_after(d);
    d->run.cursor = 0;
    if (d->run.phase != RUN_DONE) {
        return true;
    }
    clock_format(clock_now(w->clock), d->run.finished_at);
    return audit_run(d, w, err);
}

/* Lines of the slice, now that what they tell is on disk. */
static void tell(struct daily *d)
{
    for (char *line = d->log.len ? d->log.data : NULL; line && *line;) {
        char *end = strchr(line, '\n');
        *end = '\0';
        log_put(LOG_NOTICE, "%s", line);
        line = end + 1;
    }
    strbuf_reset(&d->log);
}

static bool phase_slice(struct daily *d, struct work *w, struct error *err)
{
    int64_t until = job_now() + JOB_SLICE_NS;
    bool end = false, ok = true;
    if (!store_begin(w->store, err)) {
        return false;
    }
    while (ok && !end && job_now() < until) {
        ok = batches[d->run.phase](d, w, &end, err);
        arena_reset(&d->arena);
    }
    ok = ok && (!end || advance(d, w, err)) && store_run_put(w->store, &d->run, err) &&
         store_commit(w->store, err);
    if (!ok) {
        store_rollback(w->store);
        strbuf_reset(&d->log);
    } else {
        crash_point(d->run.phase == RUN_DONE ? "run-done" : "run-slice");
    }
    tell(d);
    return ok;
}

/* A record that the schema refuses fails its slice: the slice is done again household by household.
 */
static bool phase_retry(struct daily *d, struct work *w, struct error *err)
{
    if (d->run.phase != RUN_OPEN || d->careful || err->reason == REASON_STORAGE) {
        return false;
    }
    error_clear(err);
    d->careful = true;
    d->opens_after = DATE_NONE;
    d->after = 0;
    return store_run_get(w->store, d->run.day, &d->run, err);
}

static bool deliver(struct daily *d, struct work *w, struct error *err)
{
    bool more = false;
    if (w->outlet && !w->outlet->deliver(w->outlet->self, w, d->run.day, &more, err)) {
        return false;
    }
    d->job.done++;
    if (more) {
        return true;
    }
    if (store_begin(w->store, err) && advance(d, w, err) && store_run_put(w->store, &d->run, err) &&
        store_commit(w->store, err)) {
        crash_point("run-done");
        return true;
    }
    store_rollback(w->store);
    return false;
}

static bool take_set_aside(void *self, const struct set_aside_row *row)
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
    if (!store_set_aside_each(w->store, &d->arena, take_set_aside, &d->result, err) ||
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
    d->result.opened += d->run.opened;
    d->result.alerts += d->run.alerts;
    d->result.lists += d->run.lists;
    d->careful = false;
    if (date_cmp(d->run.day, d->result.date) >= 0) {
        return finish(d, w, err);
    }
    return begin_day(d, w, date_plus(d->run.day, 1), err) ? JOB_MORE : JOB_FAILED;
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
    bool ok = d->run.phase == RUN_DELIVER ? deliver(d, w, err)
                                          : phase_slice(d, w, err) || phase_retry(d, w, err);
    if (!ok) {
        return JOB_FAILED;
    }
    return d->run.phase == RUN_DONE ? day_done(d, w, err) : JOB_MORE;
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
    rulebook_drop(d->rules);
    arena_free(&d->arena);
    strbuf_free(&d->log);
    free(d);
}

static const struct job_class daily_class = {"run", true, daily_slice, daily_free};

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
    if (run->phase == RUN_DONE) {
        return begin_day(d, w, date_plus(run->day, 1), err);
    }
    d->run = *run;
    d->opens_after = DATE_NONE;
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
    /* A store made today after the hour has its first run tomorrow. */
    *due = date_is(last.day) ? date_cmp(last.day, today) < 0 && now >= work_run_instant(w, today)
                             : date_cmp(store_created_on(w->store), today) < 0 &&
                                   now >= work_run_instant(w, today);
    int gap = date_is(last.day) ? today.day - last.day.day : 0;
    w->held = !w->clock->manual && gap > w->settings->limit_catch_up_days;
    return true;
}
