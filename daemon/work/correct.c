#include "work/correct.h"

#include "base/canon.h"
#include "store/report.h"
#include "work/campaign.h"
#include "work/origin.h"
#include "work/recalculate.h"
#include "work/task.h"
#include "work/tell.h"

/* What a correction works with, loaded once. Of each kind of event that goes back which it can have
 * changed, and nothing that came in since: from a run, an import, the register's year, a calendar.
 */
struct correction {
    struct work *w;
    struct arena arena;
    struct actor actor;
    struct date today;
    struct event_row event;
    struct event_was was;
    struct household_row before, now; /* `now` is written when all of it has gone back */
    struct cycle_row *cycles;
    int cycle_count;
    struct task_row *tasks;
    int task_count;
    struct report_row *reports;
    int report_count;
};

static struct task_row *task_of(const struct correction *c, int64_t task)
{
    for (int i = 0; i < c->task_count; i++) {
        if (c->tasks[i].task == task) {
            return &c->tasks[i];
        }
    }
    return NULL;
}

/* ---- what goes back ---- */

/* Cycles that the event began give way, and their tasks with them. */
static bool cycles_go(struct correction *c, struct error *err)
{
    for (int i = 0; i < c->cycle_count; i++) {
        struct cycle_row *cycle = &c->cycles[i];
        if (cycle->cycle > c->event.last_cycle) {
            cycle->closed_on = cycle->state == CYCLE_OPEN ? c->today : cycle->closed_on;
            cycle->state = CYCLE_SUPERSEDED;
            if (!store_cycle_update(c->w->store, cycle, err)) {
                return false;
            }
        }
    }
    for (int i = 0; i < c->task_count; i++) {
        struct task_row *task = &c->tasks[i];
        if (task->cycle > c->event.last_cycle && task->state == TASK_OPEN &&
            !task_cancel(c->w, task, err)) {
            return false;
        }
    }
    return true;
}

/* The cycle that the event closed is open again; unless another is, which came since. */
static bool cycle_back(struct correction *c, struct error *err)
{
    struct cycle_row *was = NULL;
    for (int i = 0; i < c->cycle_count; i++) {
        if (c->cycles[i].state == CYCLE_OPEN) {
            return true;
        }
        if (c->cycles[i].cycle == c->was.cycle.cycle) {
            was = &c->cycles[i];
        }
    }
    if (!was) {
        return true;
    }
    was->state = CYCLE_OPEN;
    was->closed_on = DATE_NONE;
    was->task = c->was.cycle.task;
    return store_cycle_update(c->w->store, was, err);
}

/* Tasks that the event closed are open again, in the township where the household is now. */
static bool tasks_back(struct correction *c, struct error *err)
{
    for (int i = 0; i < c->was.task_count; i++) {
        struct task_row *task = task_of(c, c->was.tasks[i].task);
        if (task && task->state != TASK_OPEN && !task_reopen(c->w, task, err)) {
            return false;
        }
    }
    return store_tasks_move(c->w->store, c->now.id, c->now.township, err);
}

/* An age that was reached since is nobody's entry: its report joins the triggered review that opens
 * again, instead of the one that it opened. */
static bool ages_join(struct correction *c, struct error *err)
{
    int64_t back = 0;
    for (int i = 0; i < c->was.task_count; i++) {
        const struct task_row *task = task_of(c, c->was.tasks[i].task);
        if (task && task->kind == TASK_TRIGGERED_REVIEW) {
            back = task->task;
        }
    }
    for (int i = 0; back && i < c->report_count; i++) {
        const struct report_row *r = &c->reports[i];
        if (r->kind == REPORT_AGE && r->task > c->event.last_task &&
            !store_report_join(c->w->store, r->report, back, err)) {
            return false;
        }
    }
    for (int i = 0; back && i < c->task_count; i++) {
        struct task_row *task = &c->tasks[i];
        if (task->kind == TASK_TRIGGERED_REVIEW && task->state == TASK_OPEN &&
            task->task > c->event.last_task && !task_cancel(c->w, task, err)) {
            return false;
        }
    }
    return true;
}

/* A postponement closes nothing: its deadlines go back. */
static bool postponement_back(struct correction *c, struct error *err)
{
    for (int i = 0; i < c->was.task_count; i++) {
        const struct task_was *was = &c->was.tasks[i];
        struct task_row *task = task_of(c, was->task);
        struct review_row *said;
        int count;
        if (!store_reviews_of(c->w->store, &c->arena, was->task, &said, &count, err)) {
            return false;
        }
        const struct review_row *last = count ? &said[count - 1] : NULL;
        if (!task || !last || last->review <= c->event.last_review || last->corrected ||
            last->outcome != OUTCOME_POSTPONE) {
            continue;
        }
        for (int k = 0; k < c->cycle_count; k++) {
            struct cycle_row *cycle = &c->cycles[k];
            if (cycle->cycle == c->was.cycle.cycle && cycle->task == task->task) {
                cycle->dates.due_on = c->was.cycle.due_on;
                cycle->rolled_on = c->was.cycle.rolled_on;
                if (!store_cycle_update(c->w->store, cycle, err)) {
                    return false;
                }
            }
        }
        struct task_deadline to = {was->due_on, was->original_due_on, was->rolled_on};
        if (!task_move_back(c->w, task, &to, was->raised, err)) {
            return false;
        }
    }
    return true;
}

static bool review_back(struct correction *c, struct error *err)
{
    const struct household_was *was = &c->was.household;
    struct store *s = c->w->store;
    c->now.status = was->status;
    c->now.anchor_on = was->anchor_on;
    c->now.last_review_on = was->last_review_on;
    c->now.missed_cycles = was->missed_cycles;
    c->now.reports_seen = was->reports_seen;
    c->now.history = was->history;
    /* What was made goes before what was comes back: a household has one of each open. */
    return cycles_go(c, err) && ages_join(c, err) && cycle_back(c, err) && tasks_back(c, err) &&
           postponement_back(c, err) &&
           store_event_taken_back(s, ENTRIES_REVIEW, c->now.id, c->event.last_review, err) &&
           store_event_taken_back(s, ENTRIES_ENDING, c->now.id, c->event.last_ending, err);
}

/* A change of tier, by hand or derived from a report; unless an import has given another since. */
static bool tier_back(struct correction *c, struct error *err)
{
    struct store *s = c->w->store;
    bool imported;
    if (!store_tier_changed_by(s, c->now.id, c->event.last_tier, STR("import"), &imported, err)) {
        return false;
    }
    if (imported) {
        return true;
    }
    c->now.tier = c->was.household.tier;
    c->now.tier_source = c->was.household.tier_source;
    struct cycle_row cycle;
    if (!cycles_go(c, err) || !cycle_back(c, err) ||
        !store_event_taken_back(s, ENTRIES_TIER, c->now.id, c->event.last_tier, err) ||
        !store_cycle_open_of(s, c->now.id, &cycle, err)) {
        return false;
    }
    /* One that settled its entry made no other cycle: the entry is computed anew (3.3). */
    bool entry = cycle.cycle && c->was.household.tier_source == TIER_DEFAULT &&
                 cycle.decided_on.day == c->now.entered_on.day && cycle.dates.tier != c->now.tier;
    return !entry ||
           household_settle(c->w, c->actor, &c->now, c->now.tier, c->now.tier_source, err);
}

/* The member that a report named as gone or come, as it was; one that it made is gone. */
static bool member_back(struct correction *c, const struct report_row *report, struct error *err)
{
    const struct member_was *was = NULL;
    struct member_row member;
    bool found;
    for (int i = 0; i < c->was.member_count; i++) {
        if (str_equal(c->was.members[i].member, report->member)) {
            was = &c->was.members[i];
        }
    }
    if (!store_member_find(c->w->store, &c->arena, c->now.id, report->member, &member, &found,
                           err)) {
        return false;
    }
    if (!found) {
        return true;
    }
    member.birth_on = was ? was->birth_on : member.birth_on;
    member.status = was ? was->status : MEMBER_MOVED_OUT;
    member.status_on = was ? was->status_on : c->today;
    return store_member_put(c->w->store, c->now.id, &member, err);
}

static bool report_back(struct correction *c, struct error *err)
{
    const struct household_was *was = &c->was.household;
    const struct report_row *report = NULL;
    bool asset_known = false, task_shared = false;
    for (int i = 0; i < c->report_count && !report; i++) {
        const struct report_row *r = &c->reports[i];
        if (r->report > c->event.last_report && !r->corrected && r->kind != REPORT_AGE) {
            report = r;
        }
    }
    if (!tier_back(c, err)) {
        return false;
    }
    if (!report) {
        return true;
    }
    for (int i = 0; i < c->report_count; i++) {
        const struct report_row *r = &c->reports[i];
        if (r != report && !r->corrected) {
            asset_known |= r->report < report->report && r->asset.data && report->asset.data &&
                           str_equal(r->asset, report->asset);
            task_shared |= r->task == report->task;
        }
    }
    /* What somebody has told anew since stays. */
    if (c->now.income == report->income) {
        c->now.income = was->income;
    }
    if (c->now.pension == report->pension) {
        c->now.pension = was->pension;
    }
    if (c->now.employment_cost == report->employment_cost) {
        c->now.employment_cost = was->employment_cost;
    }
    bool came_or_went = report->kind == REPORT_DEATH || report->kind == REPORT_BIRTH ||
                        report->kind == REPORT_MOVE_IN || report->kind == REPORT_MOVE_OUT;
    struct task_row *task = task_of(c, report->task);
    bool opened = task && task->task > c->event.last_task && task->state == TASK_OPEN;
    return (!came_or_went || member_back(c, report, err)) &&
           (!report->asset.data || asset_known ||
            store_asset_remove(c->w->store, c->now.id, report->asset, err)) &&
           /* Unless the calendar has reported an age to it since. */
           (!opened || task_shared || task_cancel(c->w, task, err)) &&
           store_event_taken_back(c->w->store, ENTRY_REPORT, c->now.id, report->report, err);
}

/* A division that was joined to another since is that one. */
static bool move_back(struct correction *c, struct error *err)
{
    struct store *s = c->w->store;
    return store_division_now(s, c->was.household.division, &c->now.division, err) &&
           store_division_up(s, c->now.division, LEVEL_TOWNSHIP, &c->now.township, err) &&
           store_tasks_move(s, c->now.id, c->now.township, err);
}

static bool status_back(struct correction *c, struct error *err)
{
    c->now.status = c->was.household.status;
    return cycle_back(c, err) && tasks_back(c, err) &&
           store_event_taken_back(c->w->store, ENTRIES_ENDING, c->now.id, c->event.last_ending,
                                  err);
}

/* A state of the register that another decision gave in the meantime stays. */
static bool decision_back(struct correction *c, struct error *err)
{
    struct decision_row decision = {0};
    for (int i = 0; decision.task == 0 && i < c->was.task_count; i++) {
        const struct task_row *task = task_of(c, c->was.tasks[i].task);
        if (task && task->state == TASK_DONE &&
            !store_decision_get(c->w->store, &c->arena, task->task, &decision, err)) {
            return false;
        }
    }
    if (decision.task && decision.applied && c->now.register_state == decision.after) {
        c->now.register_state = decision.before;
    }
    return tasks_back(c, err) &&
           store_event_taken_back(c->w->store, ENTRY_DECISION, c->now.id, decision.task, err);
}

static bool (*const back[])(struct correction *, struct error *) = {
    [EVENT_REVIEW] = review_back, [EVENT_REPORT] = report_back, [EVENT_TIER] = tier_back,
    [EVENT_MOVE] = move_back,     [EVENT_STATUS] = status_back, [EVENT_DECISION] = decision_back,
};

/* ---- what would have happened since, had the event not been ---- */

static bool follow(struct correction *c, struct correct_result *result, struct error *err)
{
    struct work *w = c->w;
    struct household_row *row = &c->now;
    struct cycle_row cycle;
    struct cycle_context context;
    if (!store_cycle_open_of(w->store, row->id, &cycle, err)) {
        return false;
    }
    if (cycle.cycle) {
        /* The open cycle by the calendars and the tier of today; its task, where its window has
         * come. A tier that changed while the cycle was closed, and stays, finds it open or not as
         * it would have been. */
        if (!recalculate_cycle(w, c->actor, &cycle, err) ||
            !household_context(w, &c->arena, row, c->today, &context, err)) {
            return false;
        }
        struct date since = context.tiers[context.tier_count - 1].from;
        bool regrid = cycle.task == 0 && cycle.dates.tier != row->tier && date_is(since) &&
                      date_cmp(cycle.dates.opens_on, since) > 0;
        bool opens = !regrid && cycle.task == 0 && date_cmp(cycle.dates.opens_on, c->today) <= 0;
        if ((regrid && !household_regrid(w, c->actor, row, &cycle, since, err)) ||
            (opens && !household_open_task(w, c->actor, row, &cycle, c->today, err))) {
            return false;
        }
    }
    /* Deadlines and rungs of what is open again. */
    if (!store_tasks_of(w->store, &c->arena, row->id, &c->tasks, &c->task_count, err)) {
        return false;
    }
    for (int i = 0; i < c->task_count; i++) {
        if (c->tasks[i].state == TASK_OPEN && !recalculate_task(w, c->actor, &c->tasks[i], err)) {
            return false;
        }
    }
    bool elsewhere =
        c->before.status != row->status || c->before.register_state != row->register_state;
    if (!household_derive_tier(w, c->actor, row, c->today, err) ||
        (elsewhere &&
         !campaign_corrected(w, c->actor, row, c->event.on, c->event.last_task, err)) ||
        !store_cycle_open_of(w->store, row->id, &cycle, err)) {
        return false;
    }
    if (cycle.cycle) {
        result->nominal_due_on = cycle.dates.nominal;
        result->due_on = cycle.dates.due_on;
    }
    return true;
}

/* ---- the correction ---- */

static void state_json(struct strbuf *out, const struct household_row *r)
{
    char anchor[DATE_TEXT], last[DATE_TEXT], code[DIVISION_TEXT];
    struct canon c = canon_open(out);
    canon_str(&c, "anchor_on",
              date_is(r->anchor_on) ? str_of(date_text(r->anchor_on, anchor)) : STR_NONE);
    canon_str(&c, "division", str_of(division_text(r->division, code)));
    canon_str(&c, "last_review_on",
              date_is(r->last_review_on) ? str_of(date_text(r->last_review_on, last)) : STR_NONE);
    canon_int(&c, "missed_cycles", r->missed_cycles);
    canon_str(&c, "register", str_of(names_text(&register_states, (int)r->register_state)));
    canon_str(&c, "status", str_of(names_text(&statuses, (int)r->status)));
    canon_str(&c, "tier", str_of(names_text(&tiers, (int)r->tier)));
    canon_close(&c);
}

static bool audit(struct correction *c, struct str reason, struct error *err)
{
    struct strbuf old = STRBUF_INIT, state = STRBUF_INIT, now = STRBUF_INIT;
    state_json(&old, &c->before);
    state_json(&state, &c->now);
    struct canon j = canon_open(&now);
    canon_int(&j, "event", c->event.event);
    canon_str(&j, "kind", str_of(names_text(&event_kinds, (int)c->event.kind)));
    canon_str(&j, "reason", reason);
    canon_raw(&j, "state", strbuf_str(&state));
    canon_close(&j);
    bool ok = work_audit(c->w, c->actor, "correct", c->now.household, strbuf_str(&old),
                         strbuf_str(&now), err);
    strbuf_free(&old);
    strbuf_free(&state);
    strbuf_free(&now);
    return ok;
}

static bool load(struct correction *c, struct str household, struct error *err)
{
    struct store *s = c->w->store;
    if (!store_household_find(s, &c->arena, household, &c->before, err)) {
        return false;
    }
    int64_t id = c->before.id;
    if (id == 0) {
        return error_say(err, SAY_NO_HOUSEHOLD, arg_text(household));
    }
    if (!store_event_latest(s, id, &c->event, err)) {
        return false;
    }
    if (c->event.event == 0) {
        return error_say(err, SAY_NOTHING_TO_CORRECT);
    }
    if (!store_event_was(s, &c->arena, c->event.event, &c->was, err)) {
        return false;
    }
    if (c->was.household.approved_on.day != c->before.approved_on.day) {
        return error_say(err, SAY_NOTHING_SINCE_ADMITTED);
    }
    c->now = c->before;
    return store_cycles_of(s, &c->arena, id, &c->cycles, &c->cycle_count, err) &&
           store_tasks_of(s, &c->arena, id, &c->tasks, &c->task_count, err) &&
           store_reports_of(s, &c->arena, id, 0, &c->reports, &c->report_count, err);
}

bool correct_latest(struct work *w, struct actor actor, struct str household, struct str reason,
                    struct correct_result *result, struct error *err)
{
    struct correction c = {.w = w, .actor = actor, .today = work_today(w)};
    *result = (struct correct_result){.nominal_due_on = DATE_NONE, .due_on = DATE_NONE};
    bool ok = true;
    if (str_trim(reason).len == 0) {
        ok = error_set(err, REASON_BAD_ARGUMENT, "a correction needs its reason");
    }
    ok = ok && load(&c, household, err) && back[c.event.kind](&c, err) &&
         store_event_taken_back(w->store, ENTRY_EVENT, c.now.id, c.event.event, err) &&
         store_household_update(w->store, &c.now, err) && audit(&c, reason, err) &&
         origin_corrected(w, &c.before, &c.now, err) && follow(&c, result, err);
    if (ok) {
        struct tell_facts told = {.household = c.now.household,
                                  .kind = str_of(names_text(&event_kinds, (int)c.event.kind)),
                                  .reason = reason,
                                  .number = c.event.event};
        result->kind = c.event.kind;
        result->on = c.event.on;
        ok = tell(w, TELL_CORRECTED, c.now.township, c.today, &told, NULL, err) &&
             tell(w, TELL_CORRECTED, c.before.township, c.today, &told, NULL, err);
    }
    arena_free(&c.arena);
    return ok;
}
