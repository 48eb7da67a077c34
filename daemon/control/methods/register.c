/* register.list, register.decide: the year's adjustment of the poverty register (contract.md 3.6).
 */
#include <stdlib.h>

#include "control/methods.h"
#include "work/campaign.h"

static const struct word decided_words[] = {{"undecided", NULL}, {"decided", NULL}};
static const struct names decided_names = NAMES_TABLE("state", decided_words);

static bool item_json(struct call *c, struct work *w, const struct task_row *t, json_t **item,
                      struct error *err)
{
    struct decision_row d;
    if (!store_decision_get(w->store, &c->arena, t->task, &d, err)) {
        return false;
    }
    bool decided = t->outcome >= OUTCOME_DECISIONS;
    *item =
        json_pack("{s:I, s:s, s:s, s:o, s:o, s:i, s:o, s:o, s:s?, s:o, s:o}", "task",
                  (json_int_t)t->task, "kind", names_text(&task_kinds, (int)t->kind), "state",
                  names_text(&task_states, (int)t->state), "household", json_str(t->household),
                  "township", json_division(t->township), "year", t->year, "opened_on",
                  json_day(t->opened_on), "due_on", json_day(t->due_on), "decision",
                  decided ? names_text(&outcomes, t->outcome) : NULL, "decided_on",
                  json_day(t->done_on), "effect_on", d.task ? json_day(d.effect_on) : json_null());
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct task_row *x = a, *y = b;
    return (x->task > y->task) - (x->task < y->task);
}

static bool fill(void *self, struct arena *a, int64_t township, const void *after, int limit,
                 void **rows, int *count, struct error *err)
{
    struct source_from *from = self;
    int64_t behind = after ? ((const struct task_row *)after)->task : from->number;
    struct store *s = from->w->store;
    struct task_row *tasks;
    bool ok = township
                  ? store_tasks_of_year_in(s, a, township, from->year, behind, &tasks, count, err)
                  : store_tasks_of_year(s, a, from->year, behind, limit, &tasks, count, err);
    if (ok && township && *count > 0) {
        qsort(tasks, (size_t)*count, sizeof *tasks, compare);
    }
    *rows = tasks;
    return ok;
}

static const struct source_class by_task = {sizeof(struct task_row), compare, fill};

static bool list_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    int64_t year = call_int(c, "year");
    int state = call_word(c, "state"), limit = call_limit(c), looked = 0;
    struct source_from from = {.w = w};
    struct scope scope;
    struct sources *sources;
    int64_t last = 0; /* of what the caller sees */
    const void *at;
    bool ok = methods_scope(c, w, &scope, err) && methods_cursor(c, &from.number, NULL, err);
    from.year = year < 0 ? date_ymd(work_today(w)).year : year > INT16_MAX ? INT16_MAX : (int)year;
    if (!ok || !sources_open(&sources, &c->arena, &by_task, &from, scope.townships,
                             scope.township_count, limit + 1, err)) {
        return false;
    }
    json_t *items = json_array(), *next = NULL, *item;
    while (ok && !next) {
        ok = sources_next(sources, &at, err);
        const struct task_row *row = at;
        if (!ok || !row) {
            break;
        }
        if (!methods_in_scope(&scope, row->lies_in, row->division)) {
            continue;
        }
        bool wanted = state < 0 || (row->state == TASK_OPEN) == (state == 0);
        if ((wanted && (int)json_array_size(items) == limit) || looked++ == METHODS_LOOK) {
            next = methods_next_number(c, last);
        } else if (wanted) {
            ok = item_json(c, w, row, &item, err);
            if (ok) {
                json_array_append_new(items, item);
            }
        }
        last = row->task;
    }
    if (!ok) {
        json_decref(items);
        return false;
    }
    *result = methods_list(items, next);
    return true;
}

static bool decide_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct decide_request request = {
        .task = call_int(c, "task"),
        .decision = (enum decision)call_word(c, "decision"),
        .on = call_date(c, "on"),
        .remark = call_str(c, "remark"),
    };
    struct decide_result r = {0};
    struct task_row task;
    if (!methods_find_task(c, w, request.task, &task, err) ||
        !campaign_decide(w, call_actor(c), &request, &r, err)) {
        return false;
    }
    /* A decision opens no cycle: its dates are null, and nothing is jumped. */
    *result =
        json_pack("{s:I, s:s, s:s, s:n, s:n, s:[], s:[], s:o, s:s}", "task", (json_int_t)r.task,
                  "household", r.household, "outcome", names_text(&decisions, (int)r.decision),
                  "nominal_due_on", "due_on", "missed", "answered", "effect_on",
                  json_day(r.effect_on), "register", names_text(&register_states, (int)r.after));
    free(r.household);
    return true;
}

static const struct param list_params[] = {
    {"year", PARAM_INTEGER, false, NULL, "of this year (the current one)"},
    {"state", PARAM_WORD, false, &decided_names, "only those"},
    METHODS_TOWNSHIP,
    METHODS_PAGE,
};
static const struct param decide_params[] = {
    {"task", PARAM_INTEGER, true, NULL, "the register task's number"},
    {"decision", PARAM_WORD, true, &decisions, "what was decided"},
    {"on", PARAM_DATE, false, NULL, "the day of the decision (today)"},
    {"remark", PARAM_STRING, false, NULL, "in the office's words"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

const struct method methods_register[] = {
    {.name = "register.list",
     .least = ROLE_VIEWER,
     .bound = BOUND_ITEMS,
     .how = METHOD_QUERY,
     .summary = "The register tasks of a year, in order of number",
     .params = list_params,
     .run = list_run,
     .result_help = "`{items, next}`, an item `{task, kind, state, household, township, year, "
                    "opened_on, due_on, decision, decided_on, effect_on}`."},
    {.name = "register.decide",
     .least = ROLE_OPERATOR,
     .bound = BOUND_TASK,
     .how = METHOD_CHANGE,
     .waits = true,
     .summary = "Decide a register task; it takes effect after its public notice",
     .params = decide_params,
     .run = decide_run,
     .result_help = "`{task, household, outcome, nominal_due_on, due_on, missed, answered, "
                    "effect_on, register}`: the dates are null and the lists empty, for a "
                    "decision moves no cycle; `register` is the state from `effect_on` on."},
    {.name = NULL},
};
