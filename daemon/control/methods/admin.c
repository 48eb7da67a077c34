/* clock.show, clock.set, clock.advance, reload, verify */
#include "control/methods.h"
#include "delivery/daily.h"
#include "delivery/spool.h"
#include "work/configuration.h"
#include "work/verify.h"

/* ---- clock ---- */

static bool clock_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    (void)c;
    (void)err;
    *result = json_pack("{s:o, s:s, s:b}", "now", methods_instant(clock_now(w->clock)), "timezone",
                        w->settings->timezone, "manual", (int)w->clock->manual);
    return true;
}

static bool may_move(const struct work *w, struct error *err)
{
    return w->clock->manual || error_say(err, SAY_CLOCK_STANDS);
}

/* rules/date ends with 2199, and decisions look some years ahead. */
static struct job *move(struct call *c, int64_t to, struct error *err)
{
    if (to < clock_instant(1970, 2, 1, 0, 0, 0) || to >= clock_instant(2190, 1, 1, 0, 0, 0)) {
        error_say(err, SAY_CLOCK_RANGE);
        return NULL;
    }
    return clock_job(to, call_actor(c));
}

static struct job *set_make(struct call *c, struct work *w, struct error *err)
{
    int64_t to;

    if (!may_move(w, err) || !clock_parse(call_str(c, "to"), &to, err)) {
        return NULL;
    }
    return move(c, to, err);
}

static struct job *advance_make(struct call *c, struct work *w, struct error *err)
{
    int64_t by, to;

    if (!may_move(w, err) || !clock_parse_span(call_str(c, "by"), &by, err)) {
        return NULL;
    }
    if (__builtin_add_overflow(clock_now(w->clock), by, &to)) {
        to = INT64_MAX;
    }
    return move(c, to, err);
}

static json_t *clock_done(struct call *c, struct job *job)
{
    const struct clock_result *r = clock_job_result(job);
    json_t *runs = json_array();

    (void)c;
    for (int i = 0; i < r->run_count; i++) {
        json_array_append_new(runs, json_day(r->runs[i]));
    }
    return json_pack("{s:o, s:o}", "now", methods_instant(r->now), "runs", runs);
}

/* ---- reload ---- */

/* Who reaches which folder follows the configuration. */
bool methods_reload(struct work *w, struct actor actor, struct error *err)
{
    if (!configuration_reload(w, err)) {
        return false;
    }
    spool_grant(w->spool, w->settings);
    return work_audit(w, actor, "reload", STR_NONE, STR_NONE, STR_NONE, err);
}

static bool reload_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    *result = json_object();
    return methods_reload(w, call_actor(c), err);
}

/* ---- verify ---- */

static struct job *verify_make(struct call *c, struct work *w, struct error *err)
{
    (void)w;
    (void)err;
    return verify_job(call_actor(c));
}

static json_t *failure_json(const struct verify_failure *f)
{
    json_t *failure = json_pack("{s:s}", "invariant", f->invariant);

    if (f->household) {
        json_object_set_new(failure, "household", json_str(str_of(f->household)));
    }
    json_object_set_new(failure, "what", json_str(str_of(f->what)));
    return failure;
}

static json_t *verify_done(struct call *c, struct job *job)
{
    const struct verify_result *r = verify_job_result(job);
    json_t *failures = json_array();

    (void)c;
    for (int i = 0; i < r->failure_count; i++) {
        json_array_append_new(failures, failure_json(&r->failures[i]));
    }
    return json_pack("{s:I, s:o}", "checked", (json_int_t)r->checked, "failures", failures);
}

/* ---- the table ---- */

static const struct param set_params[] = {
    {"to", PARAM_STRING, true, NULL, "local time: \"2026-11-24\" or \"2026-11-24T07:30\""},
    {NULL, PARAM_STRING, false, NULL, NULL},
};
static const struct param advance_params[] = {
    {"by", PARAM_STRING, true, NULL, "\"1d\", \"12h\", \"90m\" or \"30s\""},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

#define CLOCK_RESULT                                                                               \
    "`{now, runs}`: the days whose run the clock passed, each with its lists delivered. Backward " \
    "is allowed and runs nothing. `conflict` where the clock is the machine's."

const struct method methods_admin[] = {
    {.name = "clock.show",
     .least = ROLE_VIEWER,
     .bound = BOUND_NOWHERE,
     .how = METHOD_QUERY,
     .summary = "What time it is for the service",
     .run = clock_run,
     .result_help = "`{now, timezone, manual}`."},
    {.name = "clock.set",
     .least = ROLE_ADMIN,
     .bound = BOUND_WHOLE,
     .how = METHOD_JOB,
     .summary = "Move a manual clock to a time",
     .params = set_params,
     .job = set_make,
     .result = clock_done,
     .result_help = CLOCK_RESULT},
    {.name = "clock.advance",
     .least = ROLE_ADMIN,
     .bound = BOUND_WHOLE,
     .how = METHOD_JOB,
     .summary = "Move a manual clock on",
     .params = advance_params,
     .job = advance_make,
     .result = clock_done,
     .result_help = CLOCK_RESULT},
    {.name = "reload",
     .least = ROLE_ADMIN,
     .bound = BOUND_WHOLE,
     .how = METHOD_CHANGE,
     .alone = true, /* it takes calendars, each a commit */
     .summary = "Read configuration, policies and calendars again",
     .run = reload_run,
     .result_help = "`{}`. A fault refuses it and leaves everything as it was; a run under way "
                    "keeps the rules that it began with."},
    {.name = "verify",
     .least = ROLE_ADMIN,
     .bound = BOUND_WHOLE,
     .how = METHOD_JOB,
     .summary = "Check every invariant over the whole store",
     .job = verify_make,
     .result = verify_done,
     .result_help = "`{checked, failures: [{invariant, household?, what}]}`, at most 1,000 "
                    "failures; `checked` counts households, `invariant` is a word of the table "
                    "\"Invariants\" below."},
    {.name = NULL},
};
