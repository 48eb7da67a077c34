/* protection.show, protection.exceptions, protection.holds: who is protected, why not any more, and
 * what was refused (contract.md 3.5). */
#include "control/methods.h"
#include "store/report.h"
#include "work/explain.h"

static bool show_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct household_row row;
    struct explanation e;
    const char *clause;
    bool is;
    struct date on = call_date(c, "on");
    if (!date_is(on)) {
        on = work_today(w);
    }
    if (!methods_find_household(c, w, call_str(c, "household"), &row, err) ||
        !explain_protection(w, row.household, on, &is, &clause, &e, err)) {
        return false;
    }
    *result = json_pack("{s:o, s:o, s:o, s:b, s:s?, s:o, s:o}", "subject",
                        json_str(str_of(e.subject)), "household", json_str(row.household), "on",
                        json_day(on), "protected", is, "clause", clause, "policy",
                        methods_policy(e.policy), "steps", methods_steps(&e.trace));
    explanation_free(&e);
    return true;
}

static json_t *cessation_json(const struct ending_row *e, const char *remark)
{
    return json_pack("{s:I, s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:o}", "number",
                     (json_int_t)e->number, "household", json_str(e->household), "act",
                     names_text(&acts, (int)e->act), "ground", names_text(&grounds, (int)e->ground),
                     "on", json_day(e->on), "clause", json_str(e->clause), remark,
                     json_str(e->remark), "recorded_at", e->recorded_at, "who", json_str(e->who));
}

static bool is_seen(struct call *c, struct work *w, const struct ending_row *e)
{
    struct household_row row;
    return c->peer->division_count == 0 || methods_find_household(c, w, e->household, &row, NULL);
}

static bool exceptions_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct ending_row *rows;
    int64_t day = DATE_NONE.day, after = 0;
    int count, limit = call_limit(c);
    struct page page = {.limit = limit};
    if (!methods_cursor(c, &day, &after, err) ||
        !store_exceptions(w->store, &c->arena, call_date(c, "from"), call_date(c, "to"),
                          (struct date){(int32_t)day}, after, limit + 1, &rows, &count, err)) {
        return false;
    }
    json_t *next = NULL;
    page.items = json_array();
    for (int i = 0; i < count && !next; i++) {
        if (i == limit || methods_page_full(&page)) {
            next = methods_next_pair(c, rows[i - 1].on.day, rows[i - 1].number);
        } else if (is_seen(c, w, &rows[i])) {
            methods_page_add(&page, cessation_json(&rows[i], "remark"));
        }
    }
    *result = methods_list(page.items, next);
    return true;
}

static bool holds_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct ending_row *rows;
    int64_t after = 0;
    int count, limit = call_limit(c);
    struct page page = {.limit = limit};
    if (!methods_cursor(c, &after, NULL, err) ||
        !store_holds(w->store, &c->arena, after, limit + 1, &rows, &count, err)) {
        return false;
    }
    json_t *next = NULL;
    page.items = json_array();
    for (int i = 0; i < count && !next; i++) {
        if (i == limit || methods_page_full(&page)) {
            next = methods_next_number(c, rows[i - 1].number);
        } else if (is_seen(c, w, &rows[i])) {
            methods_page_add(&page, cessation_json(&rows[i], "what"));
        }
    }
    *result = methods_list(page.items, next);
    return true;
}

static const struct param show_params[] = {
    {"household", PARAM_STRING, true, NULL, "the household's number"},
    {"on", PARAM_DATE, false, NULL, "on this day (today), by the facts as they are now"},
    {NULL, PARAM_STRING, false, NULL, NULL}};
static const struct param exceptions_params[] = {
    {"from", PARAM_DATE, false, NULL, "from this day on"},
    {"to", PARAM_DATE, false, NULL, "up to this day"},
    METHODS_PAGE,
};
static const struct param holds_params[] = {METHODS_PAGE};

const struct method methods_protection[] = {
    {.name = "protection.show",
     .least = ROLE_VIEWER,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_QUERY,
     .summary = "Whether a household is protected on a day, and why",
     .params = show_params,
     .run = show_run,
     .result_help =
         "`{subject, household, on, protected, clause, policy, steps}`; `steps` as in `explain`."},
    {.name = "protection.exceptions",
     .least = ROLE_VIEWER,
     .bound = BOUND_ITEMS,
     .how = METHOD_QUERY,
     .summary = "Every protection that ended or was interrupted, with its ground, by day",
     .params = exceptions_params,
     .run = exceptions_run,
     .result_help = "`{items, next}`, an item `{number, household, act, ground, on, clause, "
                    "remark, recorded_at, who}`."},
    {.name = "protection.holds",
     .least = ROLE_VIEWER,
     .bound = BOUND_ITEMS,
     .how = METHOD_QUERY,
     .summary = "What the continuity rule refused, in order",
     .params = holds_params,
     .run = holds_run,
     .result_help = "`{items, next}`, an item `{number, household, act, ground, on, clause, what, "
                    "recorded_at, who}`; `what` tells what would end the protection."},
    {.name = NULL},
};
