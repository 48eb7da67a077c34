#include "work/campaign.h"

#include "base/canon.h"
#include "store/event.h"
#include "work/quarantine.h"
#include "work/task.h"
#include "work/tell.h"

static const enum task_kind task_of_kind[] = {[REGISTER_ADJUSTMENT] = TASK_REGISTER_ADJUSTMENT,
                                              [REGISTER_CANDIDATE] = TASK_REGISTER_CANDIDATE,
                                              [DIBAO_CANDIDATE] = TASK_DIBAO_CANDIDATE};

/* One that was cancelled since, with a closing or by a correction, opens again under its number. */
static bool open_one(struct work *w, struct actor actor, const struct household_row *row,
                     enum task_kind kind, const struct campaign *year, struct date on,
                     struct error *err)
{
    struct arena a = ARENA_INIT;
    struct task_row was;
    bool ok = store_task_of_year(w->store, &a, row->id, kind, year->year, &was, err);
    if (ok && (was.task == 0 || was.state == TASK_CANCELLED)) {
        struct task_row task = {
            .task = was.task,
            .state = was.state,
            .kind = kind,
            .household_id = row->id,
            .household = row->household,
            .township = row->township,
            .year = year->year,
            .opened_on = on,
            .nominal_due_on = year->due_on,
            .due_on = year->due_on,
        };
        ok = task_open(w, actor, &task, err);
    }
    arena_free(&a);
    return ok;
}

static bool fits(const struct household_row *row, enum task_kind kind)
{
    enum register_kind kinds[2];
    int count = row ? register_tasks(row->status, row->register_state, kinds) : 0;
    for (int i = 0; i < count; i++) {
        if (task_of_kind[kinds[i]] == kind) {
            return true;
        }
    }
    return false;
}

/* What the household has in the year's campaign, as far as it has not got it yet; but for what it
 * was there for already, as `before`. */
static bool open_all(struct work *w, struct actor actor, const struct household_row *before,
                     const struct household_row *row, const struct campaign *year, struct date on,
                     struct error *err)
{
    enum register_kind kinds[2];
    int count = register_tasks(row->status, row->register_state, kinds);
    for (int i = 0; i < count; i++) {
        if (!fits(before, task_of_kind[kinds[i]]) &&
            !open_one(w, actor, row, task_of_kind[kinds[i]], year, on, err)) {
            return false;
        }
    }
    return true;
}

bool campaign_qualify(struct work *w, struct actor actor, const struct household_row *before,
                      const struct household_row *row, struct error *err)
{
    struct date today = work_today(w);
    struct campaign_row taken;
    const struct policy *policy = work_policy(w, today, err);
    if (!policy || !store_campaign_get(w->store, date_ymd(today).year, &taken, err)) {
        return false;
    }
    if (taken.year == 0) {
        return true; /* the roll will find it */
    }
    struct campaign year = register_campaign(policy, w->rules->calendar, taken.year, NULL);
    return date_cmp(today, year.visits_until) > 0 ||
           open_all(w, actor, before, row, &year, today, err);
}

/* What opened since an event for what the household is not. */
static bool cancel_unfit(struct work *w, const struct household_row *row, int64_t last_task,
                         struct error *err)
{
    struct arena a = ARENA_INIT;
    struct task_row *tasks;
    int count;
    bool ok = store_tasks_of(w->store, &a, row->id, &tasks, &count, err);
    for (int i = 0; ok && i < count; i++) {
        struct task_row *t = &tasks[i];
        if (t->task > last_task && t->year && t->state == TASK_OPEN && !fits(row, t->kind)) {
            ok = task_cancel(w, t, err);
        }
    }
    arena_free(&a);
    return ok;
}

bool campaign_corrected(struct work *w, struct actor actor, const struct household_row *row,
                        struct date on, int64_t last_task, struct error *err)
{
    struct date today = work_today(w);
    struct campaign_row taken;
    const struct policy *policy = work_policy(w, today, err);
    if (!policy || !cancel_unfit(w, row, last_task, err) ||
        !store_campaign_get(w->store, date_ymd(today).year, &taken, err)) {
        return false;
    }
    if (taken.year == 0 || date_cmp(taken.rolled_on, on) < 0) {
        return true; /* the roll will find it, or has found it as it is again */
    }
    struct campaign year = register_campaign(policy, w->rules->calendar, taken.year, NULL);
    return open_all(w, actor, NULL, row, &year, today, err);
}

/* ---- phases of the daily run ---- */

struct roll_call {
    const struct household_row *row;
    const struct campaign *year;
};

static bool roll_one(struct phase *p, const void *record, struct error *err)
{
    const struct roll_call *r = record;
    return open_all(p->w, ACTOR_CLOCK, NULL, r->row, r->year, p->run.day, err);
}

/* Every year's roll that was taken since: a household that it could not call gets its task late. */
bool campaign_roll_again(struct phase *p, const void *record, struct error *err)
{
    const struct quarantine_row *aside = record;
    struct household_row row;
    const struct policy *policy = work_policy(p->w, p->run.day, err);
    bool ok = policy && store_household_get(p->w->store, &p->arena, aside->household_id, &row, err);
    for (int y = date_ymd(aside->since).year; ok && y <= date_ymd(p->run.day).year; y++) {
        struct campaign_row taken;
        struct campaign year = register_campaign(policy, p->w->rules->calendar, y, NULL);
        ok = store_campaign_get(p->w->store, y, &taken, err) &&
             (taken.year == 0 || roll_one(p, &(struct roll_call){&row, &year}, err));
    }
    return ok;
}

/* The roll: on the opening day, or on the first run after it that still leaves time for visits. */
bool campaign_roll(struct phase *p, bool *end, struct error *err)
{
    struct store *s = p->w->store;
    struct campaign_row taken;
    int number = date_ymd(p->run.day).year;
    const struct policy *policy = work_policy(p->w, p->run.day, err);
    if (!policy || !store_campaign_get(s, number, &taken, err)) {
        return false;
    }
    struct campaign year = register_campaign(policy, p->w->rules->calendar, number, NULL);
    bool due =
        date_cmp(p->run.day, year.opens) >= 0 && date_cmp(p->run.day, year.visits_until) <= 0;
    *end = taken.year != 0 || !due;
    for (int i = 0; !*end && i < PHASE_BATCH; i++) {
        struct household_row row;
        if (!store_household_next(s, &p->arena, p->run.cursor, &row, err)) {
            return false;
        }
        if (row.id == 0) {
            *end = true;
            return store_campaign_put(s, &(struct campaign_row){number, p->run.day, DATE_NONE},
                                      err);
        }
        p->run.cursor = row.id;
        if (!quarantine_record(p, row.id, roll_one, &(struct roll_call){&row, &year}, err)) {
            return false;
        }
    }
    return true;
}

static bool close_one(struct phase *p, const void *record, struct error *err)
{
    const struct task_row *task = record;
    struct tell_facts facts = {
        .household = task->household, .task = task->task, .year = task->year};
    int told;
    if (!tell(p->w, TELL_UNDECIDED, task->township, p->run.day, &facts, &told, err)) {
        return false;
    }
    for (p->run.alerts += told; told > 0; told--) {
        phase_log_task(p, "undecided-at-close", task);
    }
    return true;
}

/* Each is told once, so those of the household that were told are not told again. */
bool campaign_close_again(struct phase *p, const void *record, struct error *err)
{
    const struct quarantine_row *aside = record;
    struct task_row *tasks;
    int count;
    bool ok = store_tasks_of(p->w->store, &p->arena, aside->household_id, &tasks, &count, err);
    for (int i = 0; ok && i < count; i++) {
        struct campaign_row taken = {.closed_on = DATE_NONE};
        bool open = tasks[i].state == TASK_OPEN && tasks[i].year != 0;
        ok = (!open || store_campaign_get(p->w->store, tasks[i].year, &taken, err)) &&
             (!date_is(taken.closed_on) || close_one(p, &tasks[i], err));
    }
    return ok;
}

/* The close is one more rung: what is undecided stays open and late, and is told above. A year
 * whose close fell into a downtime is closed by the day that catches it up. */
bool campaign_close(struct phase *p, bool *end, struct error *err)
{
    struct store *s = p->w->store;
    struct campaign_row taken;
    struct task_row *tasks;
    int count, number = date_ymd(p->run.day).year;
    const struct policy *policy = work_policy(p->w, p->run.day, err);
    *end = true;
    if (!policy || !store_campaign_get(s, number, &taken, err)) {
        return false;
    }
    struct campaign year = register_campaign(policy, p->w->rules->calendar, number, NULL);
    if (taken.year == 0 || date_is(taken.closed_on) || date_cmp(p->run.day, year.closes) < 0) {
        return true;
    }
    if (!store_tasks_of_year(s, &p->arena, number, p->run.cursor, PHASE_BATCH, &tasks, &count,
                             err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        p->run.cursor = tasks[i].task;
        if (tasks[i].state == TASK_OPEN &&
            !quarantine_record(p, tasks[i].household_id, close_one, &tasks[i], err)) {
            return false;
        }
    }
    *end = count < PHASE_BATCH;
    taken.closed_on = p->run.day;
    return !*end || store_campaign_put(s, &taken, err);
}

static void state_json(struct strbuf *out, enum register_state state, int64_t task)
{
    struct canon c = canon_open(out);
    canon_str(&c, "register", str_of(names_text(&register_states, (int)state)));
    canon_int(&c, "task", task);
    canon_close(&c);
}

/* A state that the campaign itself gave is not looked at again in the same year. */
static bool effect(struct phase *p, const void *record, struct error *err)
{
    const struct decision_row *d = record;
    struct work *w = p->w;
    struct household_row row;
    if (!store_decision_applied(w->store, d->task, err) ||
        !store_household_get(w->store, &p->arena, d->household_id, &row, err)) {
        return false;
    }
    if (row.register_state == d->after) {
        return true;
    }
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    state_json(&before, row.register_state, d->task);
    state_json(&after, d->after, d->task);
    const struct household_row was = row;
    const struct origin_row cause = {
        .on = DATE_NONE, .source = ORIGIN_DECISION, .reference = d->task};
    row.register_state = d->after;
    bool ok = store_household_update(w->store, &row, err) &&
              work_audit(w, ACTOR_CLOCK, "register.effect", row.household, strbuf_str(&before),
                         strbuf_str(&after), err) &&
              origin_changed(w, &was, &row, cause, err);
    strbuf_free(&before);
    strbuf_free(&after);
    return ok;
}

bool campaign_effects(struct phase *p, bool *end, struct error *err)
{
    struct decision_row *rows;
    int count;
    if (!store_decisions_pending(p->w->store, &p->arena, p->run.day, p->after_day, p->after,
                                 PHASE_BATCH, &rows, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        p->after_day = rows[i].effect_on;
        p->after = rows[i].task;
        if (!quarantine_record(p, rows[i].household_id, effect, &rows[i], err)) {
            return false;
        }
    }
    *end = count < PHASE_BATCH;
    return true;
}

/* ---- decisions ---- */

struct decide_case {
    struct arena arena;
    struct actor actor;
    const struct decide_request *request;
    struct task_row task;
    struct household_row household;
    const struct policy *policy;
    struct date on;
    enum register_state after;
};

/* A later year's decision closes the earlier ones (3.6), and only it: what an earlier year's would
 * decide now would leave the later one without an answer that fits. */
static bool check_latest(struct work *w, struct decide_case *c, struct error *err)
{
    struct task_row *tasks;
    int count;
    if (!store_tasks_of(w->store, &c->arena, c->task.household_id, &tasks, &count, err)) {
        return false;
    }
    for (int i = count - 1; i >= 0; i--) {
        const struct task_row *t = &tasks[i];
        if (t->state == TASK_OPEN && t->kind == c->task.kind && t->year > c->task.year) {
            return error_say(err, SAY_TASK_WAITS_FOR_LATER, arg_number(c->task.task),
                             arg_number(c->task.year), arg_number(t->task), arg_number(t->year));
        }
    }
    return true;
}

static bool check(struct work *w, struct decide_case *c, struct error *err)
{
    struct date today = work_today(w);
    if (!store_task_get(w->store, &c->arena, c->request->task, &c->task, err)) {
        return false;
    }
    if (c->task.task == 0) {
        return error_say(err, SAY_NO_TASK, arg_number(c->request->task));
    }
    if (c->task.year == 0) {
        return error_say(err, SAY_TASK_IS_REVIEW, arg_number(c->task.task),
                         arg_word(&task_kinds, (int)c->task.kind));
    }
    if (c->task.state == TASK_CANCELLED) {
        return error_say(err, SAY_DECISION_CANCELLED, arg_number(c->task.task));
    }
    if (c->task.state != TASK_OPEN) {
        return error_say(err, SAY_TASK_ALREADY, arg_number(c->task.task),
                         arg_word(&task_states, (int)c->task.state));
    }
    if (date_cmp(c->on, today) > 0) {
        return error_say(err, SAY_DAY_AFTER_TODAY, date_arg(c->on), date_arg(today));
    }
    if (date_cmp(c->on, c->task.opened_on) < 0) {
        return error_say(err, SAY_DAY_BEFORE_TASK, date_arg(c->on), date_arg(c->task.opened_on));
    }
    c->policy = work_policy(w, c->on, err);
    return c->policy && check_latest(w, c, err) &&
           store_household_get(w->store, &c->arena, c->task.household_id, &c->household, err) &&
           register_decide((enum register_kind)(c->task.kind - TASK_REGISTER_ADJUSTMENT),
                           c->household.register_state, c->request->decision, &c->after, err);
}

/* The task itself, and earlier years' of the kind that are open still. */
static bool close_tasks(struct work *w, struct decide_case *c, struct error *err)
{
    struct task_row *tasks;
    int count;
    if (!store_tasks_of(w->store, &c->arena, c->household.id, &tasks, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct task_row *t = &tasks[i];
        if (t->state != TASK_OPEN || t->kind != c->task.kind || t->year == 0 ||
            t->year > c->task.year) {
            continue;
        }
        if (!task_done(w, t, OUTCOME_DECISIONS + (int)c->request->decision, c->on, err)) {
            return false;
        }
    }
    return true;
}

static bool write_decision(struct work *w, struct decide_case *c, struct decide_result *result,
                           struct error *err)
{
    char at[CLOCK_TEXT], on[DATE_TEXT], effect_on[DATE_TEXT];
    clock_format(clock_now(w->clock), at);
    struct decision_row row = {
        .task = c->task.task,
        .household_id = c->household.id,
        .decision = c->request->decision,
        .on = c->on,
        .effect_on = register_effect(c->policy, c->on),
        .before = c->household.register_state,
        .after = c->after,
        .applied = c->after == c->household.register_state,
        .remark = c->request->remark,
        .recorded_at = at,
        .uid = c->actor.uid,
        .who = str_of(c->actor.who),
    };
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    state_json(&before, row.before, row.task);
    struct canon j = canon_open(&after);
    canon_str(&j, "decision", str_of(names_text(&decisions, (int)row.decision)));
    canon_str(&j, "effect_on", str_of(date_text(row.effect_on, effect_on)));
    canon_str(&j, "on", str_of(date_text(row.on, on)));
    canon_str(&j, "register", str_of(names_text(&register_states, (int)row.after)));
    canon_int(&j, "task", row.task);
    canon_close(&j);
    bool ok = store_decision_insert(w->store, &row, err) &&
              work_audit(w, c->actor, "register.decide", c->household.household,
                         strbuf_str(&before), strbuf_str(&after), err);
    *result = (struct decide_result){row.task, NULL, row.decision, row.effect_on, row.after};
    strbuf_free(&before);
    strbuf_free(&after);
    return ok;
}

bool campaign_decide(struct work *w, struct actor actor, const struct decide_request *request,
                     struct decide_result *result, struct error *err)
{
    struct decide_case c = {.actor = actor,
                            .request = request,
                            .on = date_is(request->on) ? request->on : work_today(w)};
    bool ok = check(w, &c, err) &&
              store_event_note(w->store, c.household.id, EVENT_DECISION, work_today(w), err) &&
              close_tasks(w, &c, err) && write_decision(w, &c, result, err);
    if (ok) {
        result->household = xstrndup(c.household.household.data, c.household.household.len);
    }
    arena_free(&c.arena);
    return ok;
}
