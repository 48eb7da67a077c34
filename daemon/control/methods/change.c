/* Changes of a household: household.tier, household.move, household.suspend, household.resume,
 * household.close, report. Each answers the household as it then is. */
#include "work/change.h"
#include "control/methods.h"
#include "work/cessation.h"
#include "work/correct.h"
#include "work/report.h"

static bool seen(struct call *c, struct work *w, struct error *err)
{
    struct household_row row;
    return methods_find_household(c, w, call_str(c, "household"), &row, err);
}

static json_t *changed(struct call *c, struct work *w, struct error *err)
{
    struct household_view view;
    if (!household_load(w, &c->arena, call_str(c, "household"), &view, err)) {
        return NULL;
    }
    const struct household_row *r = &view.row;
    bool open = view.cycle.cycle != 0;
    return json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:o}", "household", json_str(r->household),
                     "division", json_division(r->division), "status",
                     names_text(&statuses, (int)r->status), "tier",
                     names_text(&tiers, (int)r->tier), "tier_source",
                     names_text(&tier_sources, (int)r->tier_source), "nominal_due_on",
                     open ? json_day(view.cycle.dates.nominal) : json_null(), "due_on",
                     open ? json_day(view.cycle.dates.due_on) : json_null());
}

static bool tier_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    return seen(c, w, err) &&
           change_tier(w, call_actor(c), call_str(c, "household"), (enum tier)call_word(c, "tier"),
                       call_str(c, "reason"), err) &&
           (*result = changed(c, w, err)) != NULL;
}

static bool move_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct division_row village;
    return seen(c, w, err) &&
           methods_find_division(c, w, call_division(c, "village"), &village, err) &&
           change_move(w, call_actor(c), call_str(c, "household"), village.code, err) &&
           (*result = changed(c, w, err)) != NULL;
}

static bool end_by(struct call *c, struct work *w, enum act act, json_t **result, struct error *err)
{
    struct cessation_request request = {act, (enum ground)call_word(c, "ground"), work_today(w),
                                        call_str(c, "remark")};
    return seen(c, w, err) &&
           cessation_change(w, call_actor(c), call_str(c, "household"), &request, err) &&
           (*result = changed(c, w, err)) != NULL;
}

static bool suspend_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    return end_by(c, w, ACT_SUSPEND, result, err);
}

static bool close_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    return end_by(c, w, ACT_CLOSE, result, err);
}

static bool resume_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    return seen(c, w, err) && cessation_resume(w, call_actor(c), call_str(c, "household"), err) &&
           (*result = changed(c, w, err)) != NULL;
}

static bool money(const struct call *c, const char *name, int64_t *fen, struct error *err)
{
    struct str text = call_str(c, name);
    *fen = FEN_UNKNOWN;
    return !text.data || str_to_fen(text, fen) ||
           error_say(err, SAY_PARAM_NOT_MONEY, arg_z(name), arg_text(text));
}

static bool report_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct report_request request = {
        .household = call_str(c, "household"),
        .kind = (enum report_kind)call_word(c, "kind"),
        .member = call_str(c, "member"),
        .on = call_date(c, "on"),
        .asset = call_str(c, "asset"),
        .source = call_str(c, "source"),
    };
    struct report_result r;
    if (!seen(c, w, err) || !money(c, "income", &request.income, err) ||
        !money(c, "pension", &request.pension, err) ||
        !money(c, "employment_cost", &request.employment_cost, err) ||
        !report_record(w, call_actor(c), &request, &r, err)) {
        return false;
    }
    *result = json_pack("{s:I, s:o, s:s, s:o, s:b, s:o, s:s}", "report", (json_int_t)r.report,
                        "household", json_str(request.household), "kind",
                        names_text(&report_kinds, (int)request.kind), "task",
                        r.task ? json_integer(r.task) : json_null(), "joined", r.joined, "due_on",
                        json_day(r.due_on), "tier", names_text(&tiers, (int)r.tier));
    return true;
}

static bool correct_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct correct_result r;
    if (!seen(c, w, err) || !correct_latest(w, call_actor(c), call_str(c, "household"),
                                            call_str(c, "reason"), &r, err)) {
        return false;
    }
    *result =
        json_pack("{s:o, s:s, s:o, s:o, s:o}", "household", json_str(call_str(c, "household")),
                  "corrected", names_text(&event_kinds, (int)r.kind), "entered_on", json_day(r.on),
                  "nominal_due_on", json_day(r.nominal_due_on), "due_on", json_day(r.due_on));
    return true;
}

#define END                                                                                        \
    {                                                                                              \
        NULL, PARAM_STRING, false, NULL, NULL                                                      \
    }
#define HOUSEHOLD                                                                                  \
    {                                                                                              \
        "household", PARAM_STRING, true, NULL, "the household's number"                            \
    }
#define RESULT                                                                                     \
    "`{household, division, status, tier, tier_source, nominal_due_on, due_on}`: the household "   \
    "as it then is; the dates are those of its open cycle."

static const struct param tier_params[] = {
    HOUSEHOLD,
    {"tier", PARAM_WORD, true, &tiers, "the tier from now on"},
    {"reason", PARAM_STRING, true, NULL, "why"},
    END};
static const struct param move_params[] = {
    HOUSEHOLD, {"village", PARAM_DIVISION, true, NULL, "where it lives now"}, END};
static const struct param cessation_params[] = {
    HOUSEHOLD,
    {"ground", PARAM_WORD, true, &grounds, "on which ground"},
    {"remark", PARAM_STRING, false, NULL, "in the office's words; `other` needs it"},
    END};
static const struct param correct_params[] = {
    HOUSEHOLD, {"reason", PARAM_STRING, true, NULL, "why"}, END};
static const struct param resume_params[] = {HOUSEHOLD, END};
static const struct param report_params[] = {
    HOUSEHOLD,
    {"kind", PARAM_WORD, true, &report_told_kinds, "what changed"},
    {"source", PARAM_STRING, true, NULL, "who told it"},
    {"member", PARAM_STRING, false, NULL, "the member that it concerns"},
    {"on", PARAM_DATE, false, NULL, "the day it happened (today)"},
    {"income", PARAM_STRING, false, NULL, "yuan a year for the household"},
    {"pension", PARAM_STRING, false, NULL, "of it, pension"},
    {"employment_cost", PARAM_STRING, false, NULL, "cost of employment"},
    {"asset", PARAM_STRING, false, NULL, "a word of the policy's list of assets"},
    END};

const struct method methods_change[] = {
    {.name = "household.tier",
     .least = ROLE_OPERATOR,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_CHANGE,
     .waits = true,
     .summary = "Give a household its tier by hand",
     .params = tier_params,
     .run = tier_run,
     .result_help = RESULT},
    {.name = "household.move",
     .least = ROLE_OPERATOR,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_CHANGE,
     .waits = true,
     .summary = "A household moved to another village: its open tasks go along",
     .params = move_params,
     .run = move_run,
     .result_help = RESULT},
    {.name = "household.suspend",
     .least = ROLE_OPERATOR,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_CHANGE,
     .waits = true,
     .summary = "Suspend the payment; the clock goes on",
     .params = cessation_params,
     .run = suspend_run,
     .result_help = RESULT},
    {.name = "household.resume",
     .least = ROLE_OPERATOR,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_CHANGE,
     .waits = true,
     .summary = "Resume a suspended payment; no date moves",
     .params = resume_params,
     .run = resume_run,
     .result_help = RESULT},
    {.name = "household.close",
     .least = ROLE_OPERATOR,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_CHANGE,
     .waits = true,
     .summary = "Close a household: its cycle ends, its open reviews are cancelled",
     .params = cessation_params,
     .run = close_run,
     .result_help = RESULT},
    {.name = "report",
     .least = ROLE_OPERATOR,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_CHANGE,
     .waits = true,
     .summary = "A reported change: the facts change, a triggered review opens or is joined",
     .params = report_params,
     .run = report_run,
     .result_help = "`{report, household, kind, task, joined, due_on, tier}`: `task` is the "
                    "triggered review, `joined` whether it was open already, `tier` the tier "
                    "after the change."},
    {.name = "correct",
     .least = ROLE_ADMIN,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_CHANGE,
     .waits = true,
     .summary = "Take back the household's latest event; what followed is computed anew",
     .params = correct_params,
     .run = correct_run,
     .result_help = "`{household, corrected, entered_on, nominal_due_on, due_on}`: `corrected` is "
                    "`review`, `report`, `tier`, `move`, `status` or `decision`."},
    {.name = NULL},
};
