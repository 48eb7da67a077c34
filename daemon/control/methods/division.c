/* division.show, division.merge: what a code stands for; townships and villages do merge. */
#include "control/methods.h"
#include "work/merge.h"

static bool show_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    int64_t code = call_division(c, "division"), now;
    struct division_row d;
    bool joined;

    if (!methods_find_division(c, w, code, &d, err) ||
        !store_division_now(w->store, code, &now, err)) {
        return false;
    }
    joined = now != code && peer_sees(c->peer, now);
    *result = json_pack("{s:o, s:o, s:s, s:o, s:o}", "division", json_division(code), "name",
                        json_str(d.name), "level", names_text(&levels, (int)d.level), "parent",
                        json_division(d.parent), "joined_to", json_division(joined ? now : 0));
    return true;
}

static struct job *merge_make(struct call *c, struct work *w, struct error *err)
{
    (void)w;
    (void)err;
    return merge_job(call_division(c, "old"), call_division(c, "new"), call_actor(c));
}

static json_t *merge_done(struct call *c, struct job *job)
{
    const struct merge_result *r = merge_job_result(job);

    (void)c;
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I}", "old", json_division(r->old), "new",
                     json_division(r->into), "divisions", (json_int_t)r->divisions, "households",
                     (json_int_t)r->households, "tasks", (json_int_t)r->tasks, "messages",
                     (json_int_t)r->messages);
}

static const struct param show_params[] = {
    {"division", PARAM_DIVISION, true, NULL, "which division"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

static const struct param merge_params[] = {
    {"old", PARAM_DIVISION, true, NULL, "the township or village that is no more"},
    {"new", PARAM_DIVISION, true, NULL, "the one that it belongs to from now on"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

const struct method methods_division[] = {
    {.name = "division.show",
     .least = ROLE_VIEWER,
     .bound = BOUND_DIVISION,
     .how = METHOD_QUERY,
     .summary = "What the code of a division stands for",
     .params = show_params,
     .run = show_run,
     .result_help = "`{division, name, level, parent, joined_to}`; `level` is `city`, `district`, "
                    "`township` or `village`. `joined_to` is the division that it stands for since "
                    "a `division.merge`, else null."},
    {.name = "division.merge",
     .least = ROLE_ADMIN,
     .bound = BOUND_WHOLE,
     .how = METHOD_JOB,
     .summary = "Join a township or village to another of its district",
     .params = merge_params,
     .job = merge_make,
     .result = merge_done,
     .result_help =
         "`{old, new, divisions, households, tasks, messages}`: how many villages, households, "
         "open tasks and undelivered messages went along. It cannot be taken back. From now on the "
         "old code stands for the new division in imports and filters; to move a household there "
         "is `conflict`. What lies in the old folder of the spool stays. A call that was "
         "interrupted is completed at the next start, or by the same call."},
    {.name = NULL},
};
