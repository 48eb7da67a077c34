#include "work/household.h"

#include "base/canon.h"
#include "rules/protection.h"
#include "rules/tier.h"
#include "store/quarantine.h"
#include "work/task.h"
#include "work/tell.h"

struct household_facts household_facts_of(struct arena *a, const struct household_view *view)
{
    struct member_facts *members =
        arena_alloc(a, (size_t)(view->member_count + 1) * sizeof *members);
    for (int i = 0; i < view->member_count; i++) {
        const struct member_row *m = &view->members[i];
        members[i] = (struct member_facts){
            m->member,
            m->health,
            m->disability,
            m->work_ability,
            m->status,
            m->birth_on,
            view->origins ? origins_member(view->origins, m->member) : NULL,
        };
    }
    return (struct household_facts){
        .status = view->row.status,
        .register_state = view->row.register_state,
        .income_kind = view->row.income_kind,
        .income = view->row.income,
        .pension = view->row.pension,
        .employment_cost = view->row.employment_cost,
        .members = members,
        .member_count = view->member_count,
        .origins = view->origins ? view->origins->facts : NULL,
    };
}

bool household_load(struct work *w, struct arena *a, struct str household,
                    struct household_view *view, struct error *err)
{
    *view = (struct household_view){0};
    if (!store_household_find(w->store, a, household, &view->row, err)) {
        return false;
    }
    if (view->row.id == 0) {
        return true;
    }
    if (!store_cycle_open_of(w->store, view->row.id, &view->cycle, err) ||
        !store_members(w->store, a, view->row.id, &view->members, &view->member_count, err)) {
        return false;
    }
    const struct policy *policy = work_policy(w, work_today(w), NULL);
    if (policy) {
        struct household_facts facts = household_facts_of(a, view);
        view->is_protected = protection_holds(policy, &facts, &view->protection_clause, NULL);
    }
    return true;
}

bool household_context(struct work *w, struct arena *a, const struct household_row *row,
                       struct date day, struct cycle_context *context, struct error *err)
{
    struct tier_span *spans;
    *context = (struct cycle_context){.policy = work_policy(w, day, err),
                                      .calendar = w->rules->calendar,
                                      .anchor = row->anchor_on};
    if (!context->policy ||
        !store_tier_spans(w->store, a, row->id, row->tier, &spans, &context->tier_count, err)) {
        return false;
    }
    context->tiers = spans;
    return true;
}

bool household_open_task(struct work *w, struct actor actor, const struct household_row *row,
                         struct cycle_row *cycle, struct date on, struct error *err)
{
    struct task_row task = {
        .kind = TASK_REGULAR_REVIEW,
        .household_id = row->id,
        .household = row->household,
        .township = row->township,
        .cycle = cycle->cycle,
        .opened_on = on,
        .nominal_due_on = cycle->dates.nominal,
        .due_on = cycle->dates.due_on,
    };
    if (!task_open(w, actor, &task, err)) {
        return false;
    }
    cycle->task = task.task;
    return store_cycle_set_task(w->store, cycle->cycle, task.task, err);
}

static bool begin_cycle(struct work *w, struct actor actor, const struct household_row *row,
                        const struct cycle_dates *dates, struct date rolled_on, struct date day,
                        struct error *err)
{
    struct date today = work_today(w);
    struct cycle_row cycle = {
        .household_id = row->id,
        .anchor_on = row->anchor_on,
        .dates = *dates,
        .decided_on = day,
        .state = CYCLE_OPEN,
        .closed_on = DATE_NONE,
        .rolled_on = rolled_on,
    };
    if (!store_cycle_insert(w->store, &cycle, err)) {
        return false;
    }
    return date_cmp(dates->opens_on, today) > 0 ||
           household_open_task(w, actor, row, &cycle, today, err);
}

bool household_begin_cycle(struct work *w, struct actor actor, const struct household_row *row,
                           const struct cycle_dates *dates, struct date day, struct error *err)
{
    return begin_cycle(w, actor, row, dates, DATE_NONE, day, err);
}

/* ---- entry (contract.md 3.3, 3.4 Import) ---- */

/* The open cycle that the household's entry gives, by its tier, as of the day of entry. A tier that
 * is not known makes nobody late: nothing opens before its grace is over, or, where that is cut
 * short (`settling`), before today, and the deadline is at least the next working day after that;
 * *rolled_on is then what the nominal date gave. */
static bool entry_cycle(struct work *w, struct household_row *row, bool settling,
                        struct cycle_dates *dates, struct date *rolled_on, struct error *err)
{
    struct tier_span span = {DATE_NONE, row->tier};
    struct cycle_context context = {.policy = work_policy(w, row->entered_on, err),
                                    .calendar = w->rules->calendar,
                                    .anchor = row->anchor_on,
                                    .tiers = &span,
                                    .tier_count = 1};
    struct cycle_entry entry = {row->entered_on, row->last_review_on, row->partial};
    struct cycle_entered entered;
    if (!context.policy || !cycle_enter(&context, &entry, &entered, NULL, err)) {
        return false;
    }
    *dates = entered.dates;
    *rolled_on = DATE_NONE;
    row->history = entered.before > 0 ? HISTORY_UNKNOWN : HISTORY_KNOWN;
    bool waits = date_is(row->settle_by);
    if (row->tier_source == TIER_DEFAULT && (waits || settling)) {
        struct date from = waits ? row->settle_by : work_today(w);
        struct date least = calendar_add_working(w->rules->calendar, from, 1, NULL, NULL);
        if (date_cmp(dates->due_on, least) < 0) {
            *rolled_on = dates->due_on;
            dates->due_on = least;
        }
        dates->opens_on = date_later(dates->opens_on, date_plus(from, waits));
    }
    return true;
}

bool household_entry(struct work *w, struct household_row *row, struct date day,
                     struct household_entry *entry, struct error *err)
{
    const struct policy *policy = work_policy(w, day, err);
    row->entered_on = day;
    row->history = HISTORY_KNOWN;
    row->settle_by = DATE_NONE;
    *entry = (struct household_entry){0};
    if (!policy) {
        return false;
    }
    if (row->status != STATUS_ACTIVE && row->status != STATUS_SUSPENDED) {
        return true;
    }
    if (row->tier_source == TIER_DEFAULT && policy->grace_days > 0) {
        row->settle_by = calendar_add_working(w->rules->calendar, row->entered_on,
                                              policy->grace_days, NULL, NULL);
    }
    entry->begins = true;
    return entry_cycle(w, row, false, &entry->dates, &entry->rolled_on, err);
}

bool household_enter(struct work *w, struct actor actor, const struct household_row *row,
                     const struct household_entry *entry, struct error *err)
{
    return !entry->begins ||
           begin_cycle(w, actor, row, &entry->dates, entry->rolled_on, row->entered_on, err);
}

static bool tier_origin(struct work *w, const struct household_row *row, struct error *err)
{
    const struct origin_row origin = {.household_id = row->id,
                                      .fact = FACT_TIER,
                                      .value = str_of(names_text(&tiers, (int)row->tier)),
                                      .on = DATE_NONE,
                                      .source = row->tier_source == TIER_GIVEN ? ORIGIN_GIVEN
                                                : row->tier_source == TIER_DERIVED
                                                    ? ORIGIN_DERIVED
                                                    : ORIGIN_DEFAULT};
    return store_origin_put(w->store, &origin, err);
}

static void settle_json(struct strbuf *out, const struct household_row *row,
                        const struct cycle_dates *dates)
{
    char due[DATE_TEXT], nominal[DATE_TEXT];
    struct canon c = canon_open(out);
    canon_str(&c, "due_on", str_of(date_text(dates->due_on, due)));
    canon_str(&c, "history", str_of(names_text(&histories, (int)row->history)));
    canon_str(&c, "nominal_due_on", str_of(date_text(dates->nominal, nominal)));
    canon_str(&c, "tier", str_of(names_text(&tiers, (int)row->tier)));
    canon_str(&c, "tier_source", str_of(names_text(&tier_sources, (int)row->tier_source)));
    canon_close(&c);
}

/* The open task of the cycle follows its dates: it keeps its number where the window is open. */
static bool settle_task(struct work *w, struct actor actor, struct arena *a,
                        const struct household_row *row, struct cycle_row *cycle, struct error *err)
{
    struct task_row task;
    bool open = date_cmp(cycle->dates.opens_on, work_today(w)) <= 0;
    if (!cycle->task) {
        return !open || household_open_task(w, actor, row, cycle, work_today(w), err);
    }
    if (!store_task_get(w->store, a, cycle->task, &task, err)) {
        return false;
    }
    if (!open) {
        cycle->task = 0;
        return store_cycle_set_task(w->store, cycle->cycle, 0, err) && task_cancel(w, &task, err);
    }
    struct tell_facts facts = {.household = task.household,
                               .task = task.task,
                               .was = task.due_on,
                               .due_on = cycle->dates.due_on};
    /* As if it had been opened for these dates. */
    task.opened_on = date_later(cycle->dates.opens_on, row->entered_on);
    task.nominal_due_on = cycle->dates.nominal;
    return task_resettle(w, &task, cycle->dates.due_on, err) &&
           (facts.was.day == facts.due_on.day ||
            tell(w, TELL_DEADLINE_MOVED, task.township, work_today(w), &facts, NULL, err));
}

bool household_settle(struct work *w, struct actor actor, struct household_row *row, enum tier tier,
                      enum tier_source source, struct error *err)
{
    struct arena arena = ARENA_INIT;
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    struct cycle_row cycle;
    struct household_row was = *row;
    row->tier = tier;
    row->tier_source = source;
    bool ok = store_cycle_open_of(w->store, row->id, &cycle, err);
    if (ok && cycle.cycle) {
        settle_json(&before, &was, &cycle.dates);
        ok = entry_cycle(w, row, true, &cycle.dates, &cycle.rolled_on, err) &&
             store_household_update(w->store, row, err);
        cycle.decided_on = row->entered_on;
        settle_json(&after, row, &cycle.dates);
        ok = ok && store_cycle_update(w->store, &cycle, err) &&
             store_quarantine_clear(w->store, row->id, RUN_OPEN, err) &&
             work_audit(w, actor, "household.settle", row->household, strbuf_str(&before),
                        strbuf_str(&after), err) &&
             tier_origin(w, row, err) && settle_task(w, actor, &arena, row, &cycle, err);
    } else if (ok) {
        ok = store_household_update(w->store, row, err);
    }
    strbuf_free(&before);
    strbuf_free(&after);
    arena_free(&arena);
    return ok;
}

bool household_settle_now(struct work *w, struct actor actor, struct household_row *row,
                          struct error *err)
{
    if (!date_is(row->settle_by)) {
        return true;
    }
    row->settle_by = DATE_NONE;
    return row->tier_source == TIER_DEFAULT
               ? household_settle(w, actor, row, row->tier, TIER_DEFAULT, err)
               : store_household_update(w->store, row, err);
}

static bool tier_audit(struct work *w, struct actor actor, const struct household_row *row,
                       enum tier before, enum tier_source source_before, struct error *err)
{
    struct strbuf old = STRBUF_INIT, now = STRBUF_INIT;
    struct canon c = canon_open(&old);
    canon_str(&c, "tier", str_of(names_text(&tiers, (int)before)));
    canon_str(&c, "tier_source", str_of(names_text(&tier_sources, (int)source_before)));
    canon_close(&c);
    c = canon_open(&now);
    canon_str(&c, "tier", str_of(names_text(&tiers, (int)row->tier)));
    canon_str(&c, "tier_source", str_of(names_text(&tier_sources, (int)row->tier_source)));
    canon_close(&c);
    bool ok = work_audit(w, actor, "household.tier", row->household, strbuf_str(&old),
                         strbuf_str(&now), err) &&
              tier_origin(w, row, err);
    strbuf_free(&old);
    strbuf_free(&now);
    return ok;
}

/* The last step that is behind the household on its anchor: of its cycles, or by the review that
 * the import brought, which left no cycle. */
static bool household_satisfied(struct work *w, const struct household_row *row,
                                const struct cycle_context *context, int *satisfied,
                                struct error *err)
{
    struct cycle_dates dates;
    struct cycle_context then = *context;
    struct tier_span span = context->tiers[0];
    if (!store_cycle_last_step(w->store, row->id, row->anchor_on, satisfied, err)) {
        return false;
    }
    /* By the tier with which it entered, not by what the tier became before the nominal day. */
    for (int i = 1; i < context->tier_count; i++) {
        if (date_cmp(context->tiers[i].from, row->anchor_on) <= 0) {
            span = context->tiers[i];
        }
    }
    then.tiers = &span;
    then.tier_count = 1;
    return *satisfied > 0 || !date_is(row->last_review_on) ||
           cycle_import(&then, row->last_review_on, satisfied, &dates, NULL, err);
}

bool household_regrid(struct work *w, struct actor actor, const struct household_row *row,
                      struct cycle_row *open, struct date day, struct error *err)
{
    struct arena arena = ARENA_INIT;
    struct cycle_context context;
    struct cycle_dates dates;
    int satisfied;
    bool ok = household_context(w, &arena, row, day, &context, err) &&
              household_satisfied(w, row, &context, &satisfied, err) &&
              cycle_after_tier(&context, satisfied, day, &dates, NULL, err);
    if (ok) {
        open->state = CYCLE_SUPERSEDED;
        open->closed_on = day;
        ok = store_cycle_update(w->store, open, err) &&
             store_quarantine_clear(w->store, row->id, RUN_OPEN, err) &&
             household_begin_cycle(w, actor, row, &dates, day, err);
    }
    arena_free(&arena);
    return ok;
}

bool household_set_tier(struct work *w, struct actor actor, struct household_row *row,
                        enum tier tier, enum tier_source source, struct str reason, struct date day,
                        struct error *err)
{
    enum tier before = row->tier;
    enum tier_source source_before = row->tier_source;
    struct cycle_row open;
    if (date_is(row->settle_by)) {
        row->settle_by = source == TIER_GIVEN ? DATE_NONE : row->settle_by;
        return household_settle(w, actor, row, tier, source, err);
    }
    row->tier = tier;
    row->tier_source = source;
    if (!store_household_update(w->store, row, err) ||
        !tier_audit(w, actor, row, before, source_before, err)) {
        return false;
    }
    if (tier == before) {
        return true;
    }
    if (!store_tier_change(w->store, row->id, day, before, tier, source, reason, err) ||
        !store_cycle_open_of(w->store, row->id, &open, err)) {
        return false;
    }
    return open.cycle == 0 || open.task != 0 || household_regrid(w, actor, row, &open, day, err);
}

bool household_derive_tier(struct work *w, struct actor actor, struct household_row *row,
                           struct date day, struct error *err)
{
    if (row->tier_source == TIER_GIVEN) {
        return true;
    }
    struct arena arena = ARENA_INIT;
    struct household_view view = {.row = *row};
    const struct policy *policy = work_policy(w, day, err);
    bool ok =
        policy && store_members(w->store, &arena, row->id, &view.members, &view.member_count, err);
    if (ok && view.member_count) {
        struct household_facts facts = household_facts_of(&arena, &view);
        enum tier_source source;
        enum tier tier = tier_derive(policy, &facts, &source, NULL);
        /* When the last present member goes, the tier stays (3.3). */
        bool differs = tier != row->tier || source != row->tier_source;
        if (household_present(&facts) && differs) {
            ok = household_set_tier(w, actor, row, tier, source, STR("derived"), day, err);
        }
    }
    arena_free(&arena);
    return ok;
}

bool household_tier_mismatch(struct work *w, const struct household_row *row, struct date day,
                             struct error *err)
{
    if (row->tier_source != TIER_GIVEN) {
        return true;
    }
    struct arena arena = ARENA_INIT;
    struct household_view view = {.row = *row};
    const struct policy *policy = work_policy(w, day, err);
    bool ok =
        policy && store_members(w->store, &arena, row->id, &view.members, &view.member_count, err);
    if (ok) {
        struct household_facts facts = household_facts_of(&arena, &view);
        enum tier_source source;
        enum tier tier = tier_derive(policy, &facts, &source, NULL);
        if (source == TIER_DERIVED && tier != row->tier) {
            struct tell_facts told = {.household = row->household,
                                      .given = str_of(names_text(&tiers, (int)row->tier)),
                                      .derived = str_of(names_text(&tiers, (int)tier))};
            ok = tell(w, TELL_TIER_MISMATCH, row->township, work_today(w), &told, NULL, err);
        }
    }
    arena_free(&arena);
    return ok;
}
