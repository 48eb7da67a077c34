/* Invariants of what is on record beside the clock: decisions, endings, holds, ages
 * (contract.md 3.5 to 3.7). */
#include "rules/register.h"
#include "work/invariant.h"

/* ---- the register ---- */

static bool decision_effect(const struct household_check *s, struct error *err)
{
    char is[DATE_TEXT], must[DATE_TEXT];
    (void)err;
    for (int i = 0; i < s->h.decision_count; i++) {
        const struct row_decision *d = &s->h.decisions[i];
        const struct policy *policy = work_policy(s->w, d->on, NULL);
        const struct task_row *t = check_task(s, d->task);
        if (d->corrected) {
            continue;
        }
        if (policy && register_effect(policy, d->on).day != d->effect_on.day) {
            check_fail(s, "the decision of task %lld takes effect on %s, after its notice on %s",
                       (long long)d->task, date_text(d->effect_on, is),
                       date_text(register_effect(policy, d->on), must));
        }
        if (!t || t->state != TASK_DONE || t->done_on.day != d->on.day ||
            t->outcome != OUTCOME_DECISIONS + (int)d->decision) {
            check_fail(s, "task %lld is decided, and not done with that", (long long)d->task);
        }
    }
    return true;
}

/* A decision that changes nothing is in effect at once. */
static bool decision_applied(const struct household_check *s, struct error *err)
{
    struct date ran = check_ran(s, RUN_EFFECT);
    char day[DATE_TEXT];
    for (int i = 0; i < s->h.decision_count; i++) {
        const struct row_decision *d = &s->h.decisions[i];
        bool come = date_is(ran) && date_cmp(d->effect_on, ran) <= 0, aside = false;
        if (d->corrected || d->applied == come || (d->applied && d->before == d->after)) {
            continue;
        }
        if (come && !store_row_check_quarantine(s->w->store, s->row.id, RUN_EFFECT, &aside, err)) {
            return false;
        }
        /* The run under way may be at it. */
        bool now = d->applied && date_cmp(d->effect_on, s->moment->last.day) <= 0;
        if (!aside && !now) {
            check_fail(s, "the decision of task %lld is%s in effect, its day is %s",
                       (long long)d->task, d->applied ? "" : " not", date_text(d->effect_on, day));
        }
    }
    return true;
}

/* A register task that is done has its decision, or that of the kind in a later year. */
static bool register_answer(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->task_count; i++) {
        const struct task_row *t = &s->tasks[i];
        bool found = t->year == 0 || t->state != TASK_DONE;
        for (int j = 0; !found && j < s->h.decision_count; j++) {
            const struct row_decision *d = &s->h.decisions[j];
            const struct task_row *of = check_task(s, d->task);
            found = !d->corrected && of && of->kind == t->kind && of->year >= t->year &&
                    d->on.day == t->done_on.day &&
                    t->outcome == OUTCOME_DECISIONS + (int)d->decision;
        }
        if (!found) {
            check_fail(s, "task %lld is done without a decision", (long long)t->task);
        }
    }
    return true;
}

/* From the roll to the visits' date whoever qualifies has the task; later changes no longer count,
 * so that only then the present state tells. */
static bool register_roll(const struct household_check *s, struct error *err)
{
    enum register_kind kinds[2];
    struct campaign_row taken;
    bool aside = false;
    struct date today = s->moment->today;
    int year = date_ymd(today).year;
    int count = register_tasks(s->row.status, s->row.register_state, kinds);
    const struct policy *policy = work_policy(s->w, today, NULL);
    if (!policy || count == 0) {
        return true;
    }
    for (int i = 0; i < s->h.decision_count; i++) {
        if (date_ymd(s->h.decisions[i].effect_on).year == year) {
            return true; /* this year's campaign gave the state: it is not looked at again */
        }
    }
    if (!store_campaign_get(s->w->store, year, &taken, err) ||
        !store_row_check_quarantine(s->w->store, s->row.id, RUN_ROLL, &aside, err)) {
        return false;
    }
    struct campaign campaign = register_campaign(policy, s->w->rules->calendar, year, NULL);
    if (taken.year == 0 || aside || date_cmp(today, campaign.visits_until) > 0) {
        return true;
    }
    for (int i = 0; i < count; i++) {
        bool found = false;
        for (int j = 0; j < s->task_count; j++) {
            found = found || (s->tasks[j].year == year &&
                              (int)s->tasks[j].kind == TASK_REGISTER_ADJUSTMENT + (int)kinds[i]);
        }
        if (!found) {
            check_fail(s, "the roll of %d was taken, and there is no %s", year,
                       names_text(&register_kinds, (int)kinds[i]));
        }
    }
    return true;
}

/* ---- endings and protection ---- */

/* Protected by the policy of its day and what was so before it: then it was ended as protected. */
static bool cessation_protected(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->h.cessation_count; i++) {
        const struct row_ending *e = &s->h.endings[i];
        const struct row_event *was = NULL; /* the event that made it: the last that found fewer */
        for (int j = 0; j < s->h.event_count; j++) {
            was = s->h.events[j].last_ending < e->ending ? &s->h.events[j] : was;
        }
        const struct policy *policy = work_policy(s->w, e->on, NULL);
        if (!policy || !was) {
            continue;
        }
        bool must = policy->continuity && was->status == STATUS_ACTIVE &&
                    (policy->protected_set >> was->register_state & 1);
        if (must != e->was_protected) {
            check_fail(s, "ending %lld was%s protected by the record, and is noted as%s",
                       (long long)e->ending, must ? "" : " not", e->was_protected ? "" : " not");
        }
    }
    return true;
}

/* What bears a ground out, as far as it is on record for ever. */
static bool ground_on_record(const struct household_check *s, const struct row_ending *e)
{
    bool found = e->ground != GROUND_MEMBER_CHANGE && e->ground != GROUND_ALL_MEMBERS_GONE;
    for (int i = 0; !found && i < s->h.report_count; i++) {
        const struct row_report *r = &s->h.reports[i];
        found = (r->kind == REPORT_DEATH || r->kind == REPORT_MOVE_OUT) &&
                (!r->corrected || e->corrected);
    }
    for (int i = 0; !found && e->ground == GROUND_ALL_MEMBERS_GONE && i < s->member_count; i++) {
        found = s->members[i].status != MEMBER_PRESENT;
    }
    return found;
}

static bool cessation_ground(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->h.cessation_count; i++) {
        const struct row_ending *e = &s->h.endings[i];
        const char *ground = names_text(&grounds, (int)e->ground);
        if (e->was_protected && e->ground > GROUND_ASSETS_CLEARLY_ABOVE) {
            check_fail(s, "a protected allowance ended on the ground %s", ground);
        } else if (e->was_protected && e->clause.len == 0) {
            check_fail(s, "a protected allowance ended, and no clause is noted");
        } else if (e->was_protected && !ground_on_record(s, e)) {
            check_fail(s, "a protected allowance ended on %s, and nothing bears it out", ground);
        }
    }
    return true;
}

static bool hold_clause(const struct household_check *s, struct error *err)
{
    char day[DATE_TEXT];
    (void)err;
    for (int i = 0; i < s->h.hold_count; i++) {
        const struct row_hold *hold = &s->h.holds[i];
        const struct policy *policy = work_policy(s->w, hold->on, NULL);
        if (hold->clause.len == 0 || (policy && !policy->continuity)) {
            check_fail(s, "the hold of %s has no clause, or no rule of its day held",
                       date_text(hold->on, day));
        }
    }
    return true;
}

/* Suspended or closed by an ending, or so since the import: then no event found it otherwise. */
static bool status_recorded(const struct household_check *s, struct error *err)
{
    const struct row_ending *last = NULL;
    bool ends = s->row.status == STATUS_SUSPENDED || s->row.status == STATUS_CLOSED;
    bool other = s->row.status == STATUS_CLOSED && s->cycle_count > 0;
    (void)err;
    for (int i = 0; i < s->h.cessation_count; i++) {
        last = s->h.endings[i].corrected ? last : &s->h.endings[i];
    }
    for (int i = 0; i < s->h.event_count; i++) {
        other = other || s->h.events[i].status == STATUS_ACTIVE;
    }
    enum status by = last && last->act != ACT_SUSPEND ? STATUS_CLOSED : STATUS_SUSPENDED;
    if (ends && !check_readmitted(s) && (last ? by != s->row.status : other)) {
        check_fail(s, "the household is %s, and no ending on record made it so",
                   names_text(&statuses, (int)s->row.status));
    }
    return true;
}

/* ---- ages ---- */

/* Each age told has its report, each report its age; the key tells each person and age once. */
static bool age_report(const struct household_check *s, struct error *err)
{
    int reports = 0;
    (void)err;
    for (int i = 0; i < s->h.report_count; i++) {
        reports += s->h.reports[i].kind == REPORT_AGE;
    }
    for (int i = 0; i < s->h.age_count; i++) {
        const struct row_age *age = &s->h.ages[i];
        bool found = false;
        for (int j = 0; !found && j < s->h.report_count; j++) {
            const struct row_report *r = &s->h.reports[j];
            found = r->kind == REPORT_AGE && r->on.day == age->on.day &&
                    str_equal(r->member, age->member);
        }
        if (!found) {
            check_fail(s, "member %.*s reached %d, and no report is on record",
                       STR_ARG(age->member), age->age);
        }
    }
    if (reports != s->h.age_count) {
        check_fail(s, "%d reports of an age, %d ages told", reports, s->h.age_count);
    }
    return true;
}

const struct invariant invariants_record[] = {
    {"decision-effect", "3.6",
     "a decision takes effect after its notice, and its task is done with "
     "it",
     decision_effect},
    {"decision-applied", "3.6",
     "a decision is in effect from its day on, as far as the run has come, and not before",
     decision_applied},
    {"register-answer", "3.6",
     "a register task that is done has its decision, or one of the kind of a later year",
     register_answer},
    {"register-roll", "3.6",
     "between the roll and the visits' date whoever qualifies has the year's task", register_roll},
    {"ending-protected", "3.5",
     "whoever was protected on the day of an ending was ended as protected, and nobody else",
     cessation_protected},
    {"ending-ground", "3.5",
     "what ended a protection is one of the four grounds, with its clause and, for persons, the "
     "report",
     cessation_ground},
    {"hold-clause", "3.5", "every hold names the clause of a continuity rule of its day",
     hold_clause},
    {"status-recorded", "3.4, 3.5",
     "whoever is suspended or closed is so by an ending or an import", status_recorded},
    {"age-report", "3.7", "every age told has its report, once", age_report},
    {0},
};
