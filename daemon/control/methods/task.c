/* due, late, task.show, review: what is to be done, and what was done. */
#include "control/methods.h"
#include "rules/protection.h"
#include "work/review.h"
#include "work/section.h"

#define WITHIN 7 /* days of `due` where the call does not say */
#define WITHIN_MAX 36500

/* ---- a task ---- */

static json_t *task_json(const struct task_row *t, struct date today)
{
    enum section section = task_section(t, today);
    bool open = t->state == TASK_OPEN;

    return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s?}", "task",
                     (json_int_t)t->task, "kind", names_text(&task_kinds, (int)t->kind), "state",
                     names_text(&task_states, (int)t->state), "household", json_str(t->household),
                     "township", json_division(t->township), "opened_on", json_day(t->opened_on),
                     "nominal_due_on", json_day(t->nominal_due_on), "due_on", json_day(t->due_on),
                     "days_left", open ? json_integer(t->due_on.day - today.day) : json_null(),
                     "section",
                     section == SECTION_NONE ? NULL : names_text(&sections, (int)section));
}

/* Done in time but entered after the deadline (contract.md section 3). */
static bool entered_late(const struct task_row *t, const struct review_row *r)
{
    struct date entered = date_parse((struct str){r->recorded_at, 10});

    return date_cmp(r->on, t->due_on) <= 0 && date_cmp(entered, t->due_on) > 0;
}

static json_t *review_json(const struct task_row *t, const struct review_row *r)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:s?, s:o, s:b}", "outcome",
                     names_text(&outcomes, (int)r->outcome), "on", json_day(r->on), "to",
                     json_day(r->to), "ground", json_str(r->ground), "remark", json_str(r->remark),
                     "recorded_at", r->recorded_at, "who", json_str(r->who), "entered_late",
                     entered_late(t, r));
}

static bool show_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct task_row task;
    struct review_row *rows;
    json_t *reviews;
    int count;

    if (!methods_find_task(c, w, call_int(c, "task"), &task, err) ||
        !store_reviews_of(w->store, &c->arena, task.task, &rows, &count, err)) {
        return false;
    }
    reviews = json_array();
    for (int i = 0; i < count; i++) {
        json_array_append_new(reviews, review_json(&task, &rows[i]));
    }
    *result = task_json(&task, work_today(w));
    json_object_set_new(*result, "reviews", reviews);
    return true;
}

/* ---- due and late ---- */

static bool fill(void *self, struct arena *a, int64_t township, const void *after, int limit,
                 void **rows, int *count, struct error *err)
{
    struct source_from *from = self;
    const struct task_row *last = after;
    struct task_row *tasks;
    bool ok = store_tasks_due(from->w->store, a, township, from->first, from->to,
                              last ? last->due_on : from->day, last ? last->task : from->number,
                              limit, &tasks, count, err);

    *rows = tasks;
    return ok;
}

static int compare(const void *a, const void *b)
{
    const struct task_row *x = a, *y = b;
    int by_day = date_cmp(x->due_on, y->due_on);

    return by_day ? by_day : (x->task > y->task) - (x->task < y->task);
}

static const struct source_class by_deadline = {sizeof(struct task_row), compare, fill};

static bool list_tasks(struct call *c, struct work *w, struct date first, struct date to,
                       json_t **result, struct error *err)
{
    struct source_from from = {.w = w, .first = first, .to = to};
    int limit = call_limit(c);
    int64_t day = DATE_NONE.day;
    struct scope scope;
    struct sources *sources;
    const struct task_row *last = NULL; /* of what the caller sees */
    const void *at;
    json_t *items, *next = NULL;

    if (!methods_scope(c, w, &scope, err) || !methods_cursor(c, &day, &from.number, err)) {
        return false;
    }
    from.day = (struct date){(int32_t)(day > INT32_MAX ? INT32_MAX : day)};
    if (!sources_open(&sources, &c->arena, &by_deadline, &from, scope.townships,
                      scope.township_count, limit + 1, err)) {
        return false;
    }
    items = json_array();
    while (!next) {
        if (!sources_next(sources, &at, err)) {
            json_decref(items);
            return false;
        }
        const struct task_row *row = at;
        if (!row) {
            break;
        }
        if (!methods_in_scope(&scope, row->lies_in, row->division)) {
            continue;
        }
        if ((int)json_array_size(items) == limit) {
            next = methods_next_pair(c, last->due_on.day, last->task);
        } else {
            json_array_append_new(items, task_json(row, work_today(w)));
        }
        last = row;
    }
    *result = methods_list(items, next);
    return true;
}

static bool due_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    int64_t within = call_int(c, "within");
    struct date today = work_today(w);

    if (within < 0) {
        within = WITHIN;
    }
    return list_tasks(c, w, today, date_plus(today, within < WITHIN_MAX ? (int)within : WITHIN_MAX),
                      result, err);
}

static bool late_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    return list_tasks(c, w, DATE_NONE, date_plus(work_today(w), -1), result, err);
}

/* ---- review ---- */

static json_t *days_json(const struct date *days, int count)
{
    json_t *list = json_array();

    for (int i = 0; i < count; i++) {
        json_array_append_new(list, json_day(days[i]));
    }
    return list;
}

static bool review_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    const struct review_request request = {
        .task = call_int(c, "task"),
        .outcome = (enum outcome)call_word(c, "outcome"),
        .on = call_date(c, "on"),
        .to = call_date(c, "to"),
        .ground = call_str(c, "ground"),
        .remark = call_str(c, "remark"),
    };
    struct review_result r = {0};
    struct task_row task;

    if (!methods_find_task(c, w, request.task, &task, err) ||
        !review_record(w, call_actor(c), &request, &r, err)) {
        return false;
    }
    *result = json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:o}", "task", (json_int_t)r.task,
                        "household", r.household, "outcome", names_text(&outcomes, (int)r.outcome),
                        "nominal_due_on", json_day(r.nominal_due_on), "due_on", json_day(r.due_on),
                        "missed", days_json(r.missed, r.missed_count), "answered",
                        days_json(r.answered, r.answered_count));
    review_result_free(&r);
    return true;
}

/* ---- the table ---- */

static const struct param task_params[] = {
    {"task", PARAM_INTEGER, true, NULL, "the task's number"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};
static const struct param due_params[] = {
    {"within", PARAM_COUNT, false, NULL, "so many days from today on, both ends included (7)"},
    METHODS_TOWNSHIP,
    METHODS_PAGE,
};
static const struct param late_params[] = {METHODS_TOWNSHIP, METHODS_PAGE};
static const struct param review_params[] = {
    {"task", PARAM_INTEGER, true, NULL, "the task's number"},
    {"outcome", PARAM_WORD, true, &review_outcomes, "what the review found"},
    {"on", PARAM_DATE, false, NULL, "the review's own day (today)"},
    {"to", PARAM_DATE, false, NULL, "of a postponement: the new deadline"},
    {"ground", PARAM_WORD, false, &grounds, "why the allowance ends"},
    {"remark", PARAM_STRING, false, NULL, "in the office's words; a postponement needs it"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

const struct method methods_task[] = {
    {.name = "due",
     .least = ROLE_VIEWER,
     .bound = BOUND_ITEMS,
     .how = METHOD_QUERY,
     .summary = "Open tasks whose deadline comes, in order of `due_on, task`",
     .params = due_params,
     .run = due_run,
     .result_help = "`{items, next}`; an item has the fields of `task.show` without `reviews`. "
                    "Late tasks are only in `late`."},
    {.name = "late",
     .least = ROLE_VIEWER,
     .bound = BOUND_ITEMS,
     .how = METHOD_QUERY,
     .summary = "Open tasks whose deadline is before today, in order of `due_on, task`",
     .params = late_params,
     .run = late_run,
     .result_help = "`{items, next}`, as for `due`."},
    {.name = "task.show",
     .least = ROLE_VIEWER,
     .bound = BOUND_TASK,
     .how = METHOD_QUERY,
     .summary = "One task, and what was said of it",
     .params = task_params,
     .run = show_run,
     .result_help =
         "`{task, kind, state, household, township, opened_on, nominal_due_on, due_on, days_left, "
         "section, reviews}`. `days_left` is in calendar days, negative when late; `section` is "
         "`late`, `due`, `new` or `rest`; both are null where the task is not open. `reviews` is "
         "`[{outcome, on, to, ground, remark, recorded_at, who, entered_late}]`, the oldest first; "
         "`entered_late` where the review was in time but was entered after the deadline."},
    {.name = "review",
     .least = ROLE_OPERATOR,
     .bound = BOUND_TASK,
     .how = METHOD_CHANGE,
     .waits = true,
     .summary = "Record the outcome of a task",
     .params = review_params,
     .run = review_run,
     .result_help = "`{task, household, outcome, nominal_due_on, due_on, missed, answered}`: the "
                    "dates of the next cycle (of a postponement, of this task), and the nominal "
                    "dates that the review jumped."},
    {.name = NULL},
};
