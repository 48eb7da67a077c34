/* household.show, household.list */
#include "work/household.h"
#include "control/methods.h"
#include "control/walk.h"
#include "rules/protection.h"

/* ---- one household ---- */

static const char *word(const struct names *names, int value)
{
    return names_text(names, value);
}

static json_t *household_json(const struct household_row *row, const struct cycle_row *cycle,
                              bool is_protected, const char *clause)
{
    bool open = cycle->cycle != 0;

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:o, s:I, s:s, "
        "s:b, s:s?}",
        "household", json_str(row->household), "division", json_division(row->division), "township",
        json_division(row->township), "head_name", json_str(row->head_name), "tier",
        word(&tiers, (int)row->tier), "tier_source", word(&tier_sources, (int)row->tier_source),
        "settle_by", json_day(row->settle_by), "history", word(&histories, (int)row->history),
        "entered_on", json_day(row->entered_on), "status", word(&statuses, (int)row->status),
        "approved_on", json_day(row->approved_on), "anchor_on", json_day(row->anchor_on),
        "last_review_on", json_day(row->last_review_on), "nominal_due_on",
        open ? json_day(cycle->dates.nominal) : json_null(), "due_on",
        open ? json_day(cycle->dates.due_on) : json_null(), "opens_on",
        open ? json_day(cycle->dates.opens_on) : json_null(), "provisional",
        open ? json_boolean(cycle->dates.provisional) : json_null(), "open_task",
        open && cycle->task ? json_integer(cycle->task) : json_null(), "missed_cycles",
        (json_int_t)row->missed_cycles, "register",
        word(&register_states, (int)row->register_state), "protected", (int)is_protected,
        "protection_clause", is_protected ? clause : NULL);
}

static bool show_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct household_view view;
    struct household_row row;
    struct str household = call_str(c, "household");

    if (!methods_find_household(c, w, household, &row, err) ||
        !household_load(w, &c->arena, household, &view, err)) {
        return false;
    }
    *result = household_json(&view.row, &view.cycle, view.is_protected, view.protection_clause);
    return true;
}

/* ---- a page of them ---- */

/* Which households are wanted. Protection rests on status and register alone, so that it needs no
 * members. */
struct filter {
    const struct policy *policy;               /* NULL before the first version */
    int tier, status, register_state, history; /* -1: any */
    bool only_protected;
};

static bool is_protected(const struct policy *policy, const struct household_row *row,
                         const char **clause)
{
    const struct household_facts facts = {.status = row->status,
                                          .register_state = row->register_state,
                                          .income = FEN_UNKNOWN,
                                          .pension = FEN_UNKNOWN,
                                          .employment_cost = FEN_UNKNOWN};

    *clause = NULL;
    return policy && protection_holds(policy, &facts, clause, NULL);
}

static bool is_wanted(const struct filter *f, const struct household_row *row)
{
    const char *clause;

    return (f->tier < 0 || f->tier == (int)row->tier) &&
           (f->status < 0 || f->status == (int)row->status) &&
           (f->history < 0 || f->history == (int)row->history) &&
           (f->register_state < 0 || f->register_state == (int)row->register_state) &&
           (!f->only_protected || is_protected(f->policy, row, &clause));
}

static bool item(const struct filter *f, struct work *w, const struct household_row *row,
                 json_t *items, struct error *err)
{
    struct cycle_row cycle;
    const char *clause;
    bool protects = is_protected(f->policy, row, &clause);

    if (!store_cycle_open_of(w->store, row->id, &cycle, err)) {
        return false;
    }
    json_array_append_new(items, household_json(row, &cycle, protects, clause));
    return true;
}

static bool list_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    const struct filter f = {
        .policy = work_policy(w, work_today(w), NULL),
        .tier = call_word(c, "tier"),
        .status = call_word(c, "status"),
        .register_state = call_word(c, "register"),
        .history = call_word(c, "history"),
        .only_protected = call_bool(c, "protected"),
    };
    int limit = call_limit(c), looked = 0;
    struct str place, last = STR_NONE; /* looked at, of what the caller sees */
    struct scope scope;
    struct sources *sources;
    const void *at;
    json_t *items, *next = NULL;

    if (!methods_scope(c, w, &scope, err) || !methods_place(c, &place, err) ||
        !walk_open(&sources, c, w, &scope, place, limit + 1, err)) {
        return false;
    }
    items = json_array();
    while (!next) {
        if (!sources_next(sources, &at, err)) {
            json_decref(items);
            return false;
        }
        const struct household_row *row = at;
        if (!row) {
            break;
        }
        if (!methods_in_scope(&scope, row->township, row->division)) {
            continue;
        }
        bool wanted = is_wanted(&f, row), full = (int)json_array_size(items) == limit;
        if ((wanted && full) || looked++ == METHODS_LOOK) {
            next = methods_next(c, last);
        } else if (wanted && !item(&f, w, row, items, err)) {
            json_decref(items);
            return false;
        }
        last = row->household;
    }
    *result = methods_list(items, next);
    return true;
}

/* ---- the table ---- */

static const struct param show_params[] = {
    {"household", PARAM_STRING, true, NULL, "the household's number in the office's books"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

static const struct param list_params[] = {
    METHODS_TOWNSHIP,
    {"tier", PARAM_WORD, false, &tiers, "only this tier"},
    {"status", PARAM_WORD, false, &statuses, "only this status"},
    {"register", PARAM_WORD, false, &register_states, "only this state on the poverty register"},
    {"history", PARAM_WORD, false, &histories,
     "unknown: only those whose reviews before their entry are unknown"},
    {"protected", PARAM_BOOLEAN, false, NULL, "true: only those that the continuity rule protects"},
    METHODS_PAGE,
};

const struct method methods_household[] = {
    {.name = "household.show",
     .least = ROLE_VIEWER,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_QUERY,
     .summary = "One household: its tier, its open cycle, its protection",
     .params = show_params,
     .run = show_run,
     .result_help =
         "`{household, division, township, head_name, tier, tier_source, settle_by, history, "
         "entered_on, status, approved_on, "
         "anchor_on, last_review_on, nominal_due_on, due_on, opens_on, provisional, open_task, "
         "missed_cycles, register, protected, protection_clause}`. The four dates and marks from "
         "`nominal_due_on` to `provisional` are of the open cycle, null without one; `provisional` "
         "says that they rest on a year whose calendar is not published. `settle_by` is the last "
         "day on which a tier that comes later counts as if it had stood in the file, null when "
         "that is over; with `tier_source` default nothing is due until then."},
    {.name = "household.list",
     .least = ROLE_VIEWER,
     .bound = BOUND_ITEMS,
     .how = METHOD_QUERY,
     .summary = "Households in bytewise order of their numbers",
     .params = list_params,
     .run = list_run,
     .result_help = "`{items, next}`; an item has the fields of `household.show`."},
    {.name = NULL},
};
