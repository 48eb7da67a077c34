/* run: the daily run, now. */
#include "control/methods.h"
#include "delivery/daily.h"

static struct job *run_make(struct call *c, struct work *w, struct error *err)
{
    (void)w;
    (void)err;
    return daily_job(call_date(c, "date"), call_bool(c, "confirm"), call_actor(c));
}

static json_t *run_done(struct call *c, struct job *job)
{
    const struct daily_result *r = daily_job_result(job);
    json_t *caught_up = json_array(), *set_aside = json_array();

    (void)c;
    for (int i = 0; i < r->caught_up_count; i++) {
        json_array_append_new(caught_up, json_day(r->caught_up[i]));
    }
    for (int i = 0; i < r->set_aside_count; i++) {
        json_array_append_new(set_aside,
                              json_pack("{s:o, s:o}", "household",
                                        json_str(str_of(r->set_aside[i].household)), "reason",
                                        json_str(str_of(r->set_aside[i].reason))));
    }
    return json_pack("{s:o, s:b, s:b, s:o, s:I, s:I, s:I, s:o}", "date", json_day(r->date),
                     "working_day", (int)r->working_day, "already", (int)r->already, "caught_up",
                     caught_up, "opened", (json_int_t)r->opened, "alerts", (json_int_t)r->alerts,
                     "lists", (json_int_t)r->lists, "set_aside", set_aside);
}

static const struct param run_params[] = {
    {"date", PARAM_DATE, false, NULL, "the run of this day (the local day); never a later one"},
    {"confirm", PARAM_BOOLEAN, false, NULL, "true: catch up after a gap that held the run"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

const struct method methods_run[] = {
    {.name = "run",
     .least = ROLE_ADMIN,
     .bound = BOUND_WHOLE,
     .how = METHOD_JOB,
     .summary = "The daily run; answers when every list is delivered",
     .params = run_params,
     .job = run_make,
     .result = run_done,
     .result_help =
         "`{date, working_day, already, caught_up, opened, alerts, lists, set_aside}`: "
         "`caught_up` the earlier days done now, `set_aside` `[{household, reason}]`. A day "
         "already run gives `already: true`, zeros and empty lists."},
    {.name = NULL},
};
