/* explain: a decision as the chain of its steps. */
#include "work/explain.h"
#include "control/methods.h"
#include "rules/protection.h"
#include "work/cessation.h"

static json_t *facts_json(const struct trace_step *step)
{
    json_t *list = json_array();

    for (int i = 0; i < step->fact_count; i++) {
        const struct trace_fact *f = &step->facts[i];

        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o, s:o}", "name", json_str(str_of(f->name)),
                                        "value", json_str(str_of(f->value)), "on", json_day(f->on),
                                        "source", json_str(str_of(f->source))));
    }
    return list;
}

json_t *methods_steps(const struct trace *trace)
{
    json_t *list = json_array();

    for (int i = 0; i < trace->count; i++) {
        const struct trace_step *s = &trace->steps[i];

        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "rule",
                                              names_text(&trace_rules, (int)s->rule), "result",
                                              names_text(&trace_results, (int)s->result), "text",
                                              json_str(str_of(s->text)), "clause",
                                              json_str(str_of(s->clause)), "facts", facts_json(s),
                                              "value", json_str(str_of(s->value))));
    }
    return list;
}

/* The same decision again, for the one of the two that was given. */
static bool decide(struct call *c, struct work *w, struct explanation *e, struct error *err)
{
    struct str household = call_str(c, "household");
    int64_t task = call_int(c, "task");
    struct household_row row;
    struct task_row task_row;

    if ((household.data != NULL) == (task >= 0)) {
        return error_say(err, SAY_EXPLAIN_ONE);
    }
    if (household.data) {
        return methods_find_household(c, w, household, &row, err) &&
               explain_household(w, household, e, err);
    }
    return methods_find_task(c, w, task, &task_row, err) && explain_task(w, task, e, err);
}

/* What an act on a ground would meet: the decision itself with its trace, nothing applied. */
static bool act_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct household_row row;
    struct trace t = TRACE_INIT;
    struct error refusal = ERROR_INIT;
    struct cessation_request request = {(enum act)call_word(c, "act"),
                                        (enum ground)call_word(c, "ground"), work_today(w),
                                        STR("remark")};
    const struct policy *policy = work_policy(w, request.on, err);

    if (!policy || !methods_find_household(c, w, call_str(c, "household"), &row, err)) {
        return false;
    }
    bool allowed = cessation_explain(w, row.household, &request, &t, &refusal);
    if (!allowed && refusal.reason == REASON_STORAGE) {
        *err = refusal;
        trace_free(&t);
        return false;
    }
    *result = json_pack("{s:s, s:o, s:o, s:b, s:s?, s:o}", "subject",
                        arena_format(&c->arena, "%s of household %.*s on the ground %s",
                                     names_text(&acts, (int)request.act), STR_ARG(row.household),
                                     names_text(&grounds, (int)request.ground)),
                        "on", json_day(request.on), "policy", methods_policy(policy), "allowed",
                        allowed, "refusal", refusal.message, "steps", methods_steps(&t));
    error_clear(&refusal);
    trace_free(&t);
    return true;
}

static bool explain_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct explanation e = {0};

    if ((call_word(c, "act") >= 0) != (call_word(c, "ground") >= 0)) {
        return error_say(err, SAY_ACT_AND_GROUND);
    }
    if (call_word(c, "act") >= 0) {
        return act_run(c, w, result, err);
    }
    if (!decide(c, w, &e, err)) {
        return false;
    }
    *result = json_pack("{s:o, s:o, s:o, s:o}", "subject", json_str(str_of(e.subject)), "on",
                        json_day(e.on), "policy", methods_policy(e.policy), "steps",
                        methods_steps(&e.trace));
    explanation_free(&e);
    return true;
}

static const struct param explain_params[] = {
    {"household", PARAM_STRING, false, NULL, "the household's number; or"},
    {"task", PARAM_INTEGER, false, NULL, "the task's number"},
    {"act", PARAM_WORD, false, &acts, "with a ground: what this act on the household would meet"},
    {"ground", PARAM_WORD, false, &grounds, "on which ground"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

const struct method methods_explain[] = {
    {.name = "explain",
     .least = ROLE_VIEWER,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_QUERY,
     .summary = "Why the dates of a household or a task are what they are",
     .params = explain_params,
     .run = explain_run,
     .result_help =
         "`{subject, on, policy: {name, from, until, hash}, steps: [{rule, result, text, clause, "
         "facts, value}]}`. `rule` is one of the table below, `result` is `passed`, `failed`, "
         "`not-reached` or `computed`, `facts` is `[{name, value, on, source}]`. The functions "
         "that decide print these steps themselves. With `act` and `ground` also `allowed` and "
         "`refusal`, and the steps are those of that act."},
    {.name = NULL},
};
