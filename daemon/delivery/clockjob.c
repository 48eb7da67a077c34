/* The manual clock: it stands still until it is set, and runs each daily_run_at that it passes. */
#include <stdlib.h>

#include "delivery/daily.h"
#include "store/run.h"

struct clock_work {
    struct job job;
    struct clock_result result;
    int64_t to;
    struct job *run; /* the run at hand */
};

/* The next run between now and the goal; false where there is none. */
static bool next_run(const struct clock_work *c, const struct work *w, struct date *day)
{
    int64_t now = clock_now(w->clock);
    *day = work_today(w);
    if (work_run_instant(w, *day) <= now) {
        *day = date_plus(*day, 1);
    }
    return work_run_instant(w, *day) <= c->to;
}

static void note_run(struct clock_work *c, struct date day)
{
    size_t room = (size_t)(c->result.run_count + 1);
    c->result.runs = xrealloc(c->result.runs, room * sizeof *c->result.runs);
    c->result.runs[c->result.run_count++] = day;
}

static enum job_step run_some(struct clock_work *c, struct work *w, struct error *err)
{
    enum job_step step = c->run->class->slice(c->run, w, err);
    if (step == JOB_MORE) {
        return JOB_MORE;
    }
    const struct daily_result *r = daily_job_result(c->run);
    if (step == JOB_DONE && !r->already) {
        note_run(c, r->date);
    }
    c->run->class->free(c->run);
    c->run = NULL;
    return step == JOB_DONE ? JOB_MORE : JOB_FAILED;
}

static enum job_step clock_slice(struct job *job, struct work *w, struct error *err)
{
    struct clock_work *c = (struct clock_work *)job;
    struct date day;
    if (!w->clock->manual) {
        error_say(err, SAY_CLOCK_IS_REAL);
        return JOB_FAILED;
    }
    c->job.phase = "apply";
    if (c->run) {
        return run_some(c, w, err);
    }
    if (next_run(c, w, &day)) {
        clock_set(w->clock, work_run_instant(w, day));
        c->run = daily_job(day, true, ACTOR_CLOCK);
        c->job.done++;
        return JOB_MORE;
    }
    clock_set(w->clock, c->to);
    c->result.now = c->to;
    return JOB_DONE;
}

static void clock_free(struct job *job)
{
    struct clock_work *c = (struct clock_work *)job;
    if (c->run) {
        c->run->class->free(c->run);
    }
    free(c->result.runs);
    free(c);
}

static const struct job_class clock_class = {"clock", JOB_WHOLE, clock_slice, clock_free};

struct job *clock_job(int64_t to, struct actor actor)
{
    struct clock_work *c = xcalloc(1, sizeof *c);
    c->job = (struct job){.class = &clock_class, .actor = actor, .total = -1};
    c->to = to;
    return &c->job;
}

const struct clock_result *clock_job_result(const struct job *job)
{
    return &((const struct clock_work *)job)->result;
}
