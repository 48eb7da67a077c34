#include "work/report.h"

#include "base/canon.h"
#include "rules/age.h"
#include "store/event.h"
#include "work/quarantine.h"
#include "work/task.h"
#include "work/tell.h"

struct report_case {
    struct arena arena;
    struct actor actor;
    const struct report_request *request;
    struct household_row household;
    struct member_row member;
    bool has_member;
    struct date today, on;
    struct date born_on; /* of the member named, else of the oldest of the household; DATE_NONE */
};

/* What each kind needs and does. */
static const struct {
    bool member;           /* one must be named, and be there */
    bool new_member;       /* one must be named, and not be there */
    bool money;            /* income, pension or employment cost */
    bool asset;            /* an asset */
    enum member_status to; /* MEMBER_PRESENT: no change */
} kind_table[] = {
    [REPORT_ILLNESS] = {0},
    [REPORT_ACCIDENT] = {0},
    [REPORT_DEATH] = {.member = true, .to = MEMBER_DIED},
    [REPORT_BIRTH] = {.new_member = true},
    [REPORT_MOVE_IN] = {.new_member = true},
    [REPORT_MOVE_OUT] = {.member = true, .to = MEMBER_MOVED_OUT},
    [REPORT_INCOME] = {.money = true},
    [REPORT_ASSETS] = {.asset = true},
    [REPORT_DISASTER] = {0},
    [REPORT_SCHOOLING] = {0},
    [REPORT_OTHER] = {0},
    [REPORT_AGE] = {.member = true},
};

static bool load(struct work *w, struct report_case *c, struct error *err)
{
    const struct report_request *r = c->request;
    if (!store_household_find(w->store, &c->arena, r->household, &c->household, err)) {
        return false;
    }
    if (c->household.id == 0) {
        return error_say(err, SAY_NO_HOUSEHOLD, arg_text(r->household));
    }
    struct member_row *members;
    int count;
    if (r->member.data && !store_member_find(w->store, &c->arena, c->household.id, r->member,
                                             &c->member, &c->has_member, err)) {
        return false;
    }
    if (!store_members(w->store, &c->arena, c->household.id, &members, &count, err)) {
        return false;
    }
    c->born_on = c->has_member ? c->member.birth_on : DATE_NONE;
    /* Of nobody who is known: the eldest's, where every birthday is known. */
    for (int i = 0; i < count && !c->has_member; i++) {
        struct date birth = members[i].birth_on;
        if (!date_is(birth)) {
            c->born_on = DATE_NONE;
            break;
        }
        c->born_on = i == 0 || date_cmp(birth, c->born_on) < 0 ? birth : c->born_on;
    }
    return true;
}

static bool check_member(const struct report_case *c, struct error *err)
{
    const struct report_request *r = c->request;
    bool named = r->member.data != NULL, fresh = kind_table[r->kind].new_member;
    if ((kind_table[r->kind].member || fresh) && !named) {
        return error_say(err, SAY_REPORT_NEEDS_MEMBER, arg_word(&report_kinds, (int)r->kind));
    }
    if (named && !fresh && !c->has_member) {
        return error_say(err, SAY_NO_MEMBER, arg_text(r->member));
    }
    bool here = c->has_member && c->member.status == MEMBER_PRESENT;
    if (named && fresh && here) {
        return error_say(err, SAY_MEMBER_PRESENT, arg_text(r->member));
    }
    if (named && !fresh && !here) {
        return error_say(err, SAY_MEMBER_GONE, arg_text(r->member),
                         arg_word(&member_statuses, (int)c->member.status));
    }
    return true;
}

static bool is_asset(const struct policy *policy, struct str asset)
{
    for (int i = 0; policy->assets && policy->assets[i]; i++) {
        if (str_is(asset, policy->assets[i])) {
            return true;
        }
    }
    return false;
}

static bool check_facts(const struct report_case *c, const struct policy *policy, struct error *err)
{
    const struct report_request *r = c->request;
    struct arg kind = arg_word(&report_kinds, (int)r->kind);
    bool money =
        r->income != FEN_UNKNOWN || r->pension != FEN_UNKNOWN || r->employment_cost != FEN_UNKNOWN;
    if (kind_table[r->kind].money && !money) {
        return error_say(err, SAY_REPORT_NEEDS_INCOME, kind);
    }
    if (kind_table[r->kind].asset && !r->asset.data) {
        return error_say(err, SAY_REPORT_NEEDS_ASSET, kind);
    }
    if (r->asset.data && !is_asset(policy, r->asset)) {
        struct arg words = arg_list();
        for (int i = 0; policy->assets && policy->assets[i]; i++) {
            arg_add(&words, asset_arg(policy->assets[i]));
        }
        return error_say_by(err, policy->assets_source, SAY_ASSET_UNKNOWN, arg_text(r->asset),
                            words);
    }
    return true;
}

static bool check(const struct report_case *c, const struct policy *policy, struct error *err)
{
    if (date_cmp(c->on, c->today) > 0) {
        return error_say(err, SAY_DAY_AFTER_TODAY, date_arg(c->on), date_arg(c->today));
    }
    if (date_ymd(c->on).year < 1900 || (date_is(c->born_on) && date_cmp(c->on, c->born_on) < 0)) {
        return error_say(err, SAY_REPORT_BEFORE_BIRTH, date_arg(c->on));
    }
    if (str_trim(c->request->source).len == 0) {
        return error_say(err, SAY_REPORT_NEEDS_SOURCE);
    }
    if (c->household.status == STATUS_CLOSED) {
        return error_say(err, SAY_HOUSEHOLD_CLOSED);
    }
    return check_member(c, err) && check_facts(c, policy, err);
}

static bool change_member(struct work *w, struct report_case *c, struct error *err)
{
    const struct report_request *r = c->request;
    enum report_kind kind = r->kind;
    if (kind_table[kind].new_member) {
        if (!c->has_member) {
            c->member =
                (struct member_row){.member = r->member, .student = -1, .birth_on = DATE_NONE};
        }
        if (kind == REPORT_BIRTH) {
            c->member.birth_on = c->on;
        }
        c->member.status = MEMBER_PRESENT;
    } else if (kind_table[kind].to != MEMBER_PRESENT) {
        c->member.status = kind_table[kind].to;
    } else {
        return true;
    }
    c->member.status_on = c->on;
    return store_member_put(w->store, c->household.id, &c->member, err);
}

static bool change_household(struct work *w, struct report_case *c, struct error *err)
{
    const struct report_request *r = c->request;
    struct household_row *h = &c->household;
    h->income = r->income != FEN_UNKNOWN ? r->income : h->income;
    h->pension = r->pension != FEN_UNKNOWN ? r->pension : h->pension;
    h->employment_cost =
        r->employment_cost != FEN_UNKNOWN ? r->employment_cost : h->employment_cost;
    return store_household_update(w->store, h, err) &&
           (!r->asset.data || store_asset_put(w->store, h->id, r->asset, c->on, c->today, err));
}

/* The triggered review: due in the policy's working days, counted from the day recorded; a further
 * report joins the open one and does not move it (3.7). Register-only households have none. */
static bool open_or_join(struct work *w, struct report_case *c, const struct policy *policy,
                         struct report_result *result, struct error *err)
{
    struct task_row task;
    if (!store_task_open_of(w->store, &c->arena, c->household.id, TASK_TRIGGERED_REVIEW, &task,
                            err)) {
        return false;
    }
    result->joined = task.task != 0;
    if (!result->joined) {
        struct date due = calendar_add_working(w->rules->calendar, c->today,
                                               policy->triggered_working_days, NULL, NULL);
        task = (struct task_row){.kind = TASK_TRIGGERED_REVIEW,
                                 .household_id = c->household.id,
                                 .household = c->household.household,
                                 .township = c->household.township,
                                 .opened_on = c->today,
                                 .nominal_due_on = due,
                                 .due_on = due};
        if (!task_open(w, c->actor, &task, err)) {
            return false;
        }
    }
    result->task = task.task;
    result->due_on = task.due_on;
    return true;
}

static bool write_report(struct work *w, struct report_case *c, struct report_result *result,
                         struct error *err)
{
    const struct report_request *r = c->request;
    char at[CLOCK_TEXT];
    clock_format(clock_now(w->clock), at);
    struct report_row row = {
        .household_id = c->household.id,
        .task = result->task,
        .kind = r->kind,
        .member = r->member,
        .on = c->on,
        .recorded_on = c->today,
        .income = r->income,
        .pension = r->pension,
        .employment_cost = r->employment_cost,
        .asset = r->asset,
        .source = r->source,
        .age = r->age,
        .recorded_at = at,
        .uid = c->actor.uid,
        .who = str_of(c->actor.who),
    };
    bool ok = store_report_insert(w->store, &row, err);
    result->report = row.report;
    return ok;
}

/* The facts that the report gives are from it. */
static bool origins(struct work *w, struct report_case *c, int64_t report, struct error *err)
{
    const struct report_request *r = c->request;
    const struct {
        enum fact fact;
        int64_t fen;
    } money[] = {{FACT_INCOME, r->income},
                 {FACT_PENSION, r->pension},
                 {FACT_EMPLOYMENT_COST, r->employment_cost}};
    struct origin_row origin = {.household_id = c->household.id,
                                .fact = FACT_MEMBER,
                                .member = r->member,
                                .on = c->on,
                                .source = ORIGIN_REPORT,
                                .reference = report};
    bool ok = !(kind_table[r->kind].new_member || kind_table[r->kind].to != MEMBER_PRESENT) ||
              store_origin_put(w->store, &origin, err);
    origin.member = STR_NONE;
    for (size_t i = 0; ok && i < sizeof money / sizeof *money; i++) {
        struct strbuf text = STRBUF_INIT;
        if (money[i].fen != FEN_UNKNOWN) {
            strbuf_addfen(&text, money[i].fen);
            origin.fact = money[i].fact;
            origin.value = strbuf_str(&text);
            ok = store_origin_put(w->store, &origin, err);
        }
        strbuf_free(&text);
    }
    return ok;
}

static bool audit_report(struct work *w, struct report_case *c, const struct report_result *result,
                         struct error *err)
{
    const struct report_request *r = c->request;
    char on[DATE_TEXT];
    struct strbuf after = STRBUF_INIT;
    struct canon j = canon_open(&after);
    canon_str(&j, "asset", r->asset);
    if (r->income != FEN_UNKNOWN) {
        canon_int(&j, "income", r->income);
    }
    canon_str(&j, "kind", str_of(names_text(&report_kinds, (int)r->kind)));
    canon_str(&j, "member", r->member);
    canon_str(&j, "on", str_of(date_text(c->on, on)));
    canon_int(&j, "report", result->report);
    canon_str(&j, "source", r->source);
    canon_int(&j, "task", result->task);
    canon_close(&j);
    bool ok = work_audit(w, c->actor, "report", c->household.household, STR_NONE,
                         strbuf_str(&after), err);
    strbuf_free(&after);
    return ok && origins(w, c, result->report, err);
}

static bool all_gone(struct work *w, struct report_case *c, bool *gone, struct error *err)
{
    struct household_view view = {.row = c->household};
    if (!store_members(w->store, &c->arena, c->household.id, &view.members, &view.member_count,
                       err)) {
        return false;
    }
    struct household_facts facts = household_facts_of(&c->arena, &view);
    *gone = household_present(&facts) == 0;
    return true;
}

/* Where the last present member went, the township is told what the review proposes (3.3). */
static bool propose(struct work *w, struct report_case *c, const struct report_result *result,
                    struct error *err)
{
    bool gone;
    if (kind_table[c->request->kind].to == MEMBER_PRESENT || result->task == 0) {
        return true; /* nobody went, or no review opens: the household has no allowance */
    }
    if (!all_gone(w, c, &gone, err)) {
        return false;
    }
    struct tell_facts facts = {.household = c->household.household,
                               .proposes = STR("all-members-gone"),
                               .task = result->task};
    return !gone || tell(w, TELL_PROPOSAL, c->household.township, c->today, &facts, NULL, err);
}

/* What the calendar reports is nobody's entry: there is nothing to take back. */
static bool note(struct work *w, const struct report_case *c, struct error *err)
{
    return c->request->kind == REPORT_AGE ||
           store_event_note(w->store, c->household.id, EVENT_REPORT, c->today, err);
}

static bool report(struct work *w, struct report_case *c, struct report_result *result,
                   struct error *err)
{
    const struct policy *policy = work_policy(w, c->today, err);
    if (!policy || !load(w, c, err) || !check(c, policy, err) ||
        (c->request->kind != REPORT_AGE &&
         !household_settle_now(w, c->actor, &c->household, err)) ||
        !note(w, c, err) || !change_member(w, c, err) || !change_household(w, c, err)) {
        return false;
    }
    bool reviewed = c->household.status != STATUS_REGISTER_ONLY;
    bool ok = (!reviewed || open_or_join(w, c, policy, result, err)) &&
              write_report(w, c, result, err) && audit_report(w, c, result, err) &&
              propose(w, c, result, err) &&
              household_derive_tier(w, c->actor, &c->household, c->today, err) &&
              household_tier_mismatch(w, &c->household, c->today, err);
    result->tier = c->household.tier;
    return ok;
}

bool report_record(struct work *w, struct actor actor, const struct report_request *request,
                   struct report_result *result, struct error *err)
{
    struct date today = work_today(w);
    struct report_case c = {.actor = actor,
                            .request = request,
                            .today = today,
                            .on = date_is(request->on) ? request->on : today};
    *result = (struct report_result){.due_on = DATE_NONE};
    bool ok = true;
    if (request->kind == REPORT_AGE) {
        ok = error_set(err, REASON_BAD_ARGUMENT, "an age is reported by the calendar itself");
    }
    ok = ok && report(w, &c, result, err);
    arena_free(&c.arena);
    return ok;
}

bool report_imported(struct work *w, struct actor actor, struct str household, struct str member,
                     enum member_status status, struct date on, struct error *err)
{
    struct date today = work_today(w);
    struct report_request request = {
        .household = household,
        .kind = status == MEMBER_DIED ? REPORT_DEATH : REPORT_MOVE_OUT,
        .member = member,
        .income = FEN_UNKNOWN,
        .pension = FEN_UNKNOWN,
        .employment_cost = FEN_UNKNOWN,
        .source = STR("import"),
    };
    struct report_case c = {.actor = actor,
                            .request = &request,
                            .today = today,
                            .on = date_is(on) && date_cmp(on, today) < 0 ? on : today};
    struct report_result result = {0};
    const struct policy *policy = work_policy(w, today, err);
    bool gone = false;
    bool ok = policy && load(w, &c, err) && all_gone(w, &c, &gone, err);
    bool paid = c.household.status == STATUS_ACTIVE || c.household.status == STATUS_SUSPENDED;
    if (ok && gone && paid) {
        ok = open_or_join(w, &c, policy, &result, err) && write_report(w, &c, &result, err) &&
             audit_report(w, &c, &result, err) && propose(w, &c, &result, err);
    }
    arena_free(&c.arena);
    return ok;
}

/* The person by the identity number, else by household and member: as a salted digest. */
static struct str person_of(struct work *w, struct arena *a, const struct birthday_row *p)
{
    struct str key =
        p->id.data
            ? p->id
            : str_of(arena_format(a, "%.*s/%.*s", STR_ARG(p->household), STR_ARG(p->member)));
    return audit_personal(w->store, a, key);
}

/* Somebody who reached an age on a day, told on the day of the run. */
struct reached {
    const struct birthday_row *person;
    int age;
    struct date on;
};

static bool tell_age(struct phase *p, const void *record, struct error *err)
{
    const struct reached *r = record;
    const struct birthday_row *person = r->person;
    struct work *w = p->w;
    struct report_case c = {.actor = ACTOR_CLOCK, .today = p->run.day, .on = r->on};
    bool opened = false;
    struct report_request request = {
        .household = person->household,
        .kind = REPORT_AGE,
        .member = person->member,
        .on = r->on,
        .income = FEN_UNKNOWN,
        .pension = FEN_UNKNOWN,
        .employment_cost = FEN_UNKNOWN,
        .source = str_of(arena_format(&c.arena, "calendar: age %d", r->age)),
        .age = r->age,
    };
    struct report_result result = {0};
    c.request = &request;
    bool ok = store_age_put(w->store, person_of(w, &c.arena, person), r->age, person->household_id,
                            person->member, r->on, &opened, err) &&
              (!opened || report(w, &c, &result, err));
    p->run.opened += opened;
    arena_free(&c.arena);
    return ok;
}

static bool report_born(struct phase *p, struct date birth, int age, struct error *err)
{
    struct birthday_row *rows;
    int64_t after = 0;
    struct str after_member = STR_NONE;
    int count;
    do {
        if (!store_birthdays(p->w->store, &p->arena, birth, after, after_member, PHASE_BATCH, &rows,
                             &count, err)) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            struct reached r = {&rows[i], age, p->run.day};
            if (!quarantine_record(p, rows[i].household_id, tell_age, &r, err)) {
                return false;
            }
            after = rows[i].household_id;
            after_member = rows[i].member;
        }
    } while (count == PHASE_BATCH);
    return true;
}

/* The ages that a member reached since the household was set aside, as far as they are not told. */
static bool member_again(struct phase *p, const struct policy *policy,
                         const struct quarantine_row *aside, const struct member_row *m,
                         struct error *err)
{
    struct birthday_row person = {aside->household_id, aside->household, m->member, m->id};
    bool ok = true;
    for (int i = 0; ok && i < policy->age_count; i++) {
        struct reached r = {&person, policy->ages[i], age_reached_on(m->birth_on, policy->ages[i])};
        bool since =
            date_is(r.on) && date_cmp(r.on, aside->since) >= 0 && date_cmp(r.on, p->run.day) <= 0;
        ok = !since || tell_age(p, &r, err);
    }
    return ok;
}

bool report_ages_again(struct phase *p, const void *record, struct error *err)
{
    const struct quarantine_row *aside = record;
    const struct policy *policy = work_policy(p->w, p->run.day, err);
    struct household_row row;
    struct member_row *members;
    int count;
    if (!policy || !store_household_get(p->w->store, &p->arena, aside->household_id, &row, err) ||
        !store_members(p->w->store, &p->arena, aside->household_id, &members, &count, err)) {
        return false;
    }
    bool ok = true;
    for (int i = 0; ok && row.status == STATUS_ACTIVE && i < count; i++) {
        ok = members[i].status != MEMBER_PRESENT || !date_is(members[i].birth_on) ||
             member_again(p, policy, aside, &members[i], err);
    }
    return ok;
}

/* Everybody who reaches an age today; the day's births are few enough for one batch. */
bool report_ages(struct phase *p, bool *end, struct error *err)
{
    const struct policy *policy = work_policy(p->w, p->run.day, err);
    *end = true;
    for (int i = 0; policy && i < policy->age_count; i++) {
        struct date births[2];
        int count = age_births(p->run.day, policy->ages[i], births);
        for (int b = 0; b < count; b++) {
            if (!report_born(p, births[b], policy->ages[i], err)) {
                return false;
            }
        }
    }
    return policy != NULL;
}
