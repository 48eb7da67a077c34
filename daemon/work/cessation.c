#include "work/cessation.h"

#include <stdlib.h>

#include "base/canon.h"
#include "base/log.h"
#include "store/calendar.h"
#include "store/division.h"
#include "store/event.h"
#include "store/quarantine.h"
#include "store/report.h"
#include "work/campaign.h"
#include "work/task.h"

/* A refusal, kept beyond the rollback of the change that it refused. */
struct hold_note {
    struct arena arena;
    struct ending_row row;
    struct str household;
    struct actor actor;
};

/* The district's standard of the latest year not after the day's (3.5). */
static bool standard_load(struct work *w, const struct household_row *row, struct date on,
                          struct cessation_facts *facts, struct error *err)
{
    int64_t district;
    struct standard_row standard = {0};
    int year = date_ymd(on).year;
    facts->standard = -1;
    if (!store_division_up(w->store, row->township, LEVEL_DISTRICT, &district, err) ||
        !store_standard_latest(w->store, district, year, &standard, err)) {
        return false;
    }
    if (standard.district) {
        facts->standard = standard.dibao;
        facts->standard_year = standard.year;
    }
    return true;
}

static bool assets_load(struct work *w, struct arena *a, const struct household_row *row,
                        struct cessation_facts *facts, struct error *err)
{
    char day[DATE_TEXT];
    struct asset_row *rows;
    if (!store_assets_of(w->store, a, row->id, &rows, &facts->asset_count, err)) {
        return false;
    }
    size_t count = (size_t)facts->asset_count + 1;
    const char **words = arena_alloc(a, count * sizeof *words);
    struct fact_origin *origins = arena_alloc(a, count * sizeof *origins);
    for (int i = 0; i < facts->asset_count; i++) {
        const struct asset_row *r = &rows[i];
        words[i] = r->asset;
        origins[i] = (struct fact_origin){
            r->on, r->on.day == r->recorded_on.day
                       ? "report"
                       : arena_format(a, "report, recorded %s", date_text(r->recorded_on, day))};
    }
    facts->assets = words;
    facts->asset_origins = origins;
    return true;
}

/* Everything that a ground is held against, by what is on record; in the arena. */
static bool facts_load(struct work *w, struct arena *a, const struct household_row *row,
                       struct date on, const struct origins *origins, struct cessation_facts *facts,
                       struct error *err)
{
    struct household_view view = {.row = *row, .origins = origins};
    *facts = (struct cessation_facts){.member_left_on = DATE_NONE};
    if (!store_members(w->store, a, row->id, &view.members, &view.member_count, err) ||
        !assets_load(w, a, row, facts, err) ||
        !store_report_member_left(w->store, row->id, row->reports_seen, &facts->member_left_on,
                                  err) ||
        !standard_load(w, row, on, facts, err)) {
        return false;
    }
    facts->household = household_facts_of(a, &view);
    facts->member_left = date_is(facts->member_left_on);
    return true;
}

static void hold_free(struct work *w)
{
    if (w->hold) {
        arena_free(&w->hold->arena);
        free(w->hold);
        w->hold = NULL;
    }
}

static void hold_note(struct work *w, struct actor actor, const struct household_row *row,
                      const struct cessation_request *request, const struct error *why)
{
    hold_free(w);
    struct hold_note *n = w->hold = xcalloc(1, sizeof *n);
    n->actor = (struct actor){actor.uid, arena_copy(&n->arena, str_of(actor.who))};
    n->household = arena_str(&n->arena, row->household);
    n->row = (struct ending_row){
        .household_id = row->id,
        .act = request->act,
        .ground = request->ground,
        .on = request->on,
        .clause = arena_str(&n->arena, str_of(why->clause ? why->clause : "")),
        .remark = arena_str(&n->arena, str_of(why->message)),
        .uid = actor.uid,
        .who = str_of(n->actor.who),
    };
}

static void cessation_json(struct strbuf *out, const struct ending_row *e)
{
    char on[DATE_TEXT];
    struct canon c = canon_open(out);
    canon_str(&c, "act", str_of(names_text(&acts, (int)e->act)));
    canon_str(&c, "clause", e->clause.len ? e->clause : STR_NONE);
    canon_str(&c, "ground", str_of(names_text(&grounds, (int)e->ground)));
    canon_str(&c, "on", str_of(date_text(e->on, on)));
    canon_bool(&c, "protected", e->was_protected);
    canon_close(&c);
}

bool cessation_record_hold(struct work *w, struct error *err)
{
    struct hold_note *n = w->hold;
    char at[CLOCK_TEXT];
    if (!n) {
        return true;
    }
    struct strbuf after = STRBUF_INIT;
    clock_format(clock_now(w->clock), at);
    n->row.recorded_at = at;
    n->row.was_protected = true;
    cessation_json(&after, &n->row);
    bool ok = store_hold_insert(w->store, &n->row, err) &&
              work_audit(w, n->actor, "hold", n->household, STR_NONE, strbuf_str(&after), err);
    if (ok) {
        struct strbuf household = STRBUF_INIT;
        log_value(&household, n->household);
        log_put(LOG_NOTICE, "event=hold household=%s act=%s ground=%s", strbuf_text(&household),
                names_text(&acts, (int)n->row.act), names_text(&grounds, (int)n->row.ground));
        strbuf_free(&household);
    }
    strbuf_free(&after);
    hold_free(w);
    return ok;
}

bool cessation_record_hold_once(struct work *w, struct error *err)
{
    bool known = false;
    if (w->hold && !store_hold_known(w->store, &w->hold->row, &known, err)) {
        return false;
    }
    if (known) {
        hold_free(w);
    }
    return cessation_record_hold(w, err);
}

/* Which status an act starts from, and where it leads. */
static const struct {
    bool from[4]; /* [enum status] */
    enum status to;
} moves[] = {
    [ACT_TERMINATE] = {{[STATUS_ACTIVE] = true, [STATUS_SUSPENDED] = true}, STATUS_CLOSED},
    [ACT_CLOSE] =
        {{[STATUS_ACTIVE] = true, [STATUS_SUSPENDED] = true, [STATUS_REGISTER_ONLY] = true},
         STATUS_CLOSED},
    [ACT_SUSPEND] = {{[STATUS_ACTIVE] = true}, STATUS_SUSPENDED},
};

static bool check_status(const struct household_row *row, enum act act, struct error *err)
{
    return moves[act].from[row->status] ||
           error_say(err, SAY_NOTHING_TO_END, arg_word(&statuses, (int)row->status),
                     arg_word(&acts, (int)act));
}

/* Closing ends the cycle and cancels open tasks except the register adjustment (3.4). */
static bool close_work(struct work *w, struct arena *a, const struct household_row *row,
                       struct date on, int64_t done_task, struct error *err)
{
    struct cycle_row cycle;
    struct task_row *tasks;
    int count;
    if (!store_cycle_open_of(w->store, row->id, &cycle, err) ||
        !store_tasks_of(w->store, a, row->id, &tasks, &count, err)) {
        return false;
    }
    if (cycle.cycle) {
        cycle.state = CYCLE_ENDED;
        cycle.closed_on = on;
        if (!store_cycle_update(w->store, &cycle, err) ||
            !store_quarantine_clear(w->store, row->id, RUN_OPEN, err)) {
            return false;
        }
    }
    for (int i = 0; i < count; i++) {
        bool cancel = tasks[i].state == TASK_OPEN && tasks[i].task != done_task &&
                      tasks[i].kind != TASK_REGISTER_ADJUSTMENT;
        if (cancel && !task_cancel(w, &tasks[i], err)) {
            return false;
        }
    }
    return true;
}

static bool cessation_write(struct work *w, struct actor actor, struct household_row *row,
                            const struct cessation_request *request, const char *clause,
                            struct error *err)
{
    char at[CLOCK_TEXT];
    clock_format(clock_now(w->clock), at);
    struct ending_row ending = {
        .household_id = row->id,
        .act = request->act,
        .ground = request->ground,
        .on = request->on,
        .was_protected = clause != NULL,
        .clause = str_of(clause),
        .remark = request->remark,
        .recorded_at = at,
        .uid = actor.uid,
        .who = str_of(actor.who),
    };
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    struct canon c = canon_open(&before);
    canon_str(&c, "status", str_of(names_text(&statuses, (int)row->status)));
    canon_close(&c);
    cessation_json(&after, &ending);
    const struct household_row was = *row;
    const struct origin_row cause = {.on = request->on,
                                     .source = ORIGIN_TERMINATE + (enum origin_source)request->act,
                                     .ground = str_of(names_text(&grounds, (int)request->ground))};
    row->status = moves[request->act].to;
    if (row->status == STATUS_CLOSED) {
        row->settle_by = DATE_NONE; /* nothing of its entry is computed anew */
    }
    bool ok = store_ending_insert(w->store, &ending, err) &&
              store_household_update(w->store, row, err) &&
              work_audit(w, actor, "household.end", row->household, strbuf_str(&before),
                         strbuf_str(&after), err) &&
              origin_changed(w, &was, row, cause, err);
    strbuf_free(&before);
    strbuf_free(&after);
    return ok;
}

static bool decide(struct work *w, struct arena *a, const struct household_row *row,
                   const struct cessation_request *request, const char **clause, struct trace *t,
                   struct error *err)
{
    struct cessation_facts facts;
    struct origins origins;
    const struct policy *policy = policy_on(w->rules->policies, request->on, t, err);
    if (!policy || (t && !origins_load(w, a, row, &origins, err)) ||
        !facts_load(w, a, row, request->on, t ? &origins : NULL, &facts, err)) {
        return false;
    }
    facts.has_remark = str_trim(request->remark).len > 0;
    protection_holds(policy, &facts.household, clause, NULL);
    return cessation_allowed(policy, request->on, request->act, request->ground, &facts, t, err);
}

bool cessation_apply(struct work *w, struct actor actor, struct household_row *row,
                     const struct cessation_request *request, int64_t done_task, struct error *err)
{
    struct arena a = ARENA_INIT;
    const char *clause = NULL;
    bool ok =
        check_status(row, request->act, err) && decide(w, &a, row, request, &clause, NULL, err);
    if (!ok && err->reason == REASON_PROTECTED) {
        hold_note(w, actor, row, request, err);
    }
    ok = ok && cessation_write(w, actor, row, request, clause, err) &&
         (request->act == ACT_SUSPEND || close_work(w, &a, row, request->on, done_task, err));
    arena_free(&a);
    return ok;
}

static bool find(struct work *w, struct arena *a, struct str household, struct household_row *row,
                 struct error *err)
{
    if (!store_household_find(w->store, a, household, row, err)) {
        return false;
    }
    return row->id || error_say(err, SAY_NO_HOUSEHOLD, arg_text(household));
}

bool cessation_change(struct work *w, struct actor actor, struct str household,
                      const struct cessation_request *request, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct household_row row;
    bool ok = find(w, &a, household, &row, err) &&
              store_event_note(w->store, row.id, EVENT_STATUS, work_today(w), err) &&
              cessation_apply(w, actor, &row, request, 0, err);
    arena_free(&a);
    return ok;
}

bool cessation_resume(struct work *w, struct actor actor, struct str household, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct household_row row;
    bool ok = find(w, &a, household, &row, err);
    if (ok && row.status != STATUS_SUSPENDED) {
        ok = error_say(err, SAY_NOT_SUSPENDED, arg_word(&statuses, (int)row.status));
    }
    if (ok) {
        struct household_row before = row;
        row.status = STATUS_ACTIVE;
        ok = store_event_note(w->store, row.id, EVENT_STATUS, work_today(w), err) &&
             store_household_update(w->store, &row, err) &&
             work_audit(w, actor, "household.resume", row.household,
                        STR("{\"status\":\"suspended\"}"), STR("{\"status\":\"active\"}"), err) &&
             origin_changed(w, &before, &row,
                            (struct origin_row){.on = DATE_NONE, .source = ORIGIN_RESUME}, err) &&
             campaign_qualify(w, actor, &before, &row, err);
    }
    arena_free(&a);
    return ok;
}

bool cessation_explain(struct work *w, struct str household,
                       const struct cessation_request *request, struct trace *t, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct household_row row;
    const char *clause;
    bool ok = find(w, &a, household, &row, err) && check_status(&row, request->act, err) &&
              decide(w, &a, &row, request, &clause, t, err);
    arena_free(&a);
    return ok;
}
