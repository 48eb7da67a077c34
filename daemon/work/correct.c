#include "work/correct.h"

#include "base/canon.h"
#include "work/campaign.h"
#include "work/recalculate.h"
#include "work/tell.h"

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

/* The state with what was taken back and why; keys in order: "correct" comes before "state". */
static bool audit(struct work *w, struct actor actor, const struct event_row *event,
                  const struct household_row *before, const struct household_row *after,
                  struct str reason, struct error *err)
{
    struct strbuf old = STRBUF_INIT, state = STRBUF_INIT, now = STRBUF_INIT;
    state_json(&old, before);
    state_json(&state, after);
    struct canon c = canon_open(&now);
    canon_int(&c, "event", event->event);
    canon_str(&c, "kind", str_of(names_text(&event_kinds, (int)event->kind)));
    canon_str(&c, "reason", reason);
    canon_raw(&c, "state", strbuf_str(&state));
    canon_close(&c);
    bool ok =
        work_audit(w, actor, "correct", after->household, strbuf_str(&old), strbuf_str(&now), err);
    strbuf_free(&old);
    strbuf_free(&state);
    strbuf_free(&now);
    return ok;
}

/* The open cycle by the calendars and the tier of today; its task, where its window has come. A
 * tier that changed while the cycle was closed, and stays, finds it open or not as it would have
 * been. */
static bool follow_cycle(struct work *w, struct arena *a, struct actor actor,
                         const struct household_row *row, struct error *err)
{
    struct cycle_row cycle;
    struct cycle_context context;
    struct date today = work_today(w);
    if (!store_cycle_open_of(w->store, row->id, &cycle, err)) {
        return false;
    }
    if (cycle.cycle == 0) {
        return true;
    }
    if (!recalculate_cycle(w, actor, &cycle, err) ||
        !household_context(w, a, row, today, &context, err)) {
        return false;
    }
    struct date since = context.tiers[context.tier_count - 1].from;
    if (cycle.task == 0 && cycle.dates.tier != row->tier && date_is(since) &&
        date_cmp(cycle.dates.opens_on, since) > 0) {
        return household_regrid(w, actor, row, &cycle, since, err);
    }
    return cycle.task != 0 || date_cmp(cycle.dates.opens_on, today) > 0 ||
           household_open_task(w, actor, row, &cycle, today, err);
}

/* Deadlines and rungs of what opened again. */
static bool follow_tasks(struct work *w, struct arena *a, struct actor actor, int64_t household_id,
                         struct error *err)
{
    struct task_row *tasks;
    int count;
    if (!store_tasks_of(w->store, a, household_id, &tasks, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (tasks[i].state == TASK_OPEN && !recalculate_task(w, actor, &tasks[i], err)) {
            return false;
        }
    }
    return true;
}

/* What would have happened since, had the event not been. */
static bool follow(struct work *w, struct arena *a, struct actor actor,
                   const struct event_row *event, const struct household_row *before,
                   struct household_row *row, struct correct_result *result, struct error *err)
{
    struct cycle_row cycle;
    bool elsewhere = before->status != row->status || before->register_state != row->register_state;
    if (!follow_cycle(w, a, actor, row, err) || !follow_tasks(w, a, actor, row->id, err) ||
        !household_derive_tier(w, actor, row, work_today(w), err) ||
        (elsewhere && !campaign_corrected(w, actor, row, event->on, event->last_task, err)) ||
        !store_cycle_open_of(w->store, row->id, &cycle, err)) {
        return false;
    }
    if (cycle.cycle) {
        result->nominal_due_on = cycle.dates.nominal;
        result->due_on = cycle.dates.due_on;
    }
    return true;
}

static bool correct(struct work *w, struct arena *a, struct actor actor, struct str household,
                    struct str reason, struct correct_result *result, struct error *err)
{
    struct household_row before, after;
    struct event_row event;
    if (!store_household_find(w->store, a, household, &before, err)) {
        return false;
    }
    if (before.id == 0) {
        return error_set(err, REASON_NOT_FOUND, "there is no household \"%.*s\"",
                         STR_ARG(household));
    }
    if (!store_event_latest(w->store, before.id, &event, err)) {
        return false;
    }
    if (event.event == 0) {
        return error_set(err, REASON_CONFLICT, "nothing was entered that could be taken back");
    }
    if (event.readmitted) {
        return error_set(err, REASON_CONFLICT,
                         "nothing was entered since the household was admitted anew: what was "
                         "before is not taken back");
    }
    struct tell_facts told = {.household = before.household,
                              .kind = str_of(names_text(&event_kinds, (int)event.kind)),
                              .reason = reason,
                              .number = event.event};
    result->kind = event.kind;
    result->on = event.on;
    return store_event_undo(w->store, &event, work_today(w), err) &&
           store_household_get(w->store, a, before.id, &after, err) &&
           audit(w, actor, &event, &before, &after, reason, err) &&
           follow(w, a, actor, &event, &before, &after, result, err) &&
           tell(w, TELL_CORRECTED, after.township, work_today(w), &told, NULL, err) &&
           tell(w, TELL_CORRECTED, before.township, work_today(w), &told, NULL, err);
}

bool correct_latest(struct work *w, struct actor actor, struct str household, struct str reason,
                    struct correct_result *result, struct error *err)
{
    struct arena a = ARENA_INIT;
    *result = (struct correct_result){.nominal_due_on = DATE_NONE, .due_on = DATE_NONE};
    bool ok = work_not_held(w, err);
    if (ok && str_trim(reason).len == 0) {
        ok = error_set(err, REASON_BAD_ARGUMENT, "a correction needs its reason");
    }
    ok = ok && correct(w, &a, actor, household, reason, result, err);
    arena_free(&a);
    return ok;
}
