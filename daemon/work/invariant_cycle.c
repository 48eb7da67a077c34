/* Invariants of the cycles: every nominal date from the anchor on is on record, with its dates and
 * a reason for its state (contract.md 3.4). */
#include "work/invariant.h"

/* How far a calendar that came later can have moved a window since it was looked at. */
#define SHIFT 15

/* Satisfied, missed, answered or open: a place of the grid that is taken, corrected or not. */
static bool on_grid(const struct cycle_row *c)
{
    return c->state != CYCLE_SUPERSEDED && c->state != CYCLE_ENDED;
}

static bool dates_at(const struct household_check *s, const struct cycle_row *c, int step,
                     enum tier tier, struct cycle_dates *dates)
{
    struct cycle_context context;
    struct error why = ERROR_INIT;
    if (!check_context(s, c->decided_on, c->anchor_on, &context)) {
        return false;
    }
    if (!cycle_at(&context, step, tier, dates, NULL, &why)) {
        check_fail(s, "%s", why.message);
        error_clear(&why);
        return false;
    }
    return true;
}

static bool nominal_date(const struct household_check *s, struct error *err)
{
    char is[DATE_TEXT], must[DATE_TEXT];
    (void)err;
    for (int i = 0; i < s->cycle_count; i++) {
        const struct cycle_row *c = &s->cycles[i];
        struct cycle_dates dates;
        if (dates_at(s, c, c->dates.step, c->dates.tier, &dates) &&
            dates.nominal.day != c->dates.nominal.day) {
            check_fail(s, "the nominal date of cycle %lld is %s, the grid gives %s",
                       (long long)c->cycle, date_text(c->dates.nominal, is),
                       date_text(dates.nominal, must));
        }
    }
    return true;
}

static bool is_postponed(const struct household_check *s, const struct cycle_row *c)
{
    const struct task_row *t = c->task ? check_task(s, c->task) : NULL;
    return t && t->due_on.day != t->original_due_on.day;
}

/* Rolled by the calendar of today, or where a recomputation let it be: later, for it makes none
 * late, or earlier, for it makes none punctual; or on the working day to which it was postponed. */
static bool deadline(const struct household_check *s, struct error *err)
{
    const struct cycle_row *c = s->open;
    struct cycle_dates dates;
    char is[DATE_TEXT], must[DATE_TEXT];
    (void)err;
    if (!c || s->moment->recalculating) {
        return true;
    }
    date_text(c->dates.due_on, is);
    /* A task that was late stays late, whatever its day is now. */
    bool stayed = date_cmp(c->dates.due_on, s->moment->today) < 0 &&
                  (is_postponed(s, c) || date_is(c->rolled_on));
    if (!stayed && !calendar_is_working(s->w->rules->calendar, c->dates.due_on)) {
        check_fail(s, "the deadline %s is a day off", is);
        return true;
    }
    if (is_postponed(s, c) || !dates_at(s, c, c->dates.step, c->dates.tier, &dates)) {
        return true;
    }
    bool floored = date_is(c->rolled_on) && c->rolled_on.day == dates.due_on.day &&
                   (stayed || date_cmp(c->dates.due_on, dates.due_on) > 0);
    if (c->dates.due_on.day != dates.due_on.day && !floored) {
        check_fail(s, "the deadline is %s, the nominal date rolls to %s", is,
                   date_text(dates.due_on, must));
    }
    return true;
}

/* While its tier is waited for nothing of a household opens (3.3). */
static bool in_grace(const struct household_check *s, const struct cycle_row *c)
{
    struct date from = date_plus(s->row.settle_by, 1);
    return s->row.tier_source == TIER_DEFAULT && date_is(s->row.settle_by) &&
           c->decided_on.day == s->row.entered_on.day && date_cmp(c->dates.opens_on, from) >= 0;
}

/* Of a window that has not opened; one that has stays where it was. */
static bool opens_on(const struct household_check *s, struct error *err)
{
    const struct cycle_row *c = s->open;
    const struct task_row *t = c && c->task ? check_task(s, c->task) : NULL;
    struct cycle_dates dates;
    char is[DATE_TEXT], must[DATE_TEXT];
    (void)err;
    if (t && date_cmp(c->dates.opens_on, t->opened_on) > 0) {
        check_fail(s, "task %lld opened on %s, before the window on %s", (long long)t->task,
                   date_text(t->opened_on, is), date_text(c->dates.opens_on, must));
    } else if (c && !c->task && !s->moment->recalculating &&
               dates_at(s, c, c->dates.step, c->dates.tier, &dates) &&
               dates.opens_on.day != c->dates.opens_on.day && !in_grace(s, c)) {
        check_fail(s, "the window opens on %s, deadline less lead is %s",
                   date_text(c->dates.opens_on, is), date_text(dates.opens_on, must));
    }
    return true;
}

static bool provisional(const struct household_check *s, struct error *err)
{
    const struct cycle_row *c = s->open;
    struct cycle_dates dates;
    (void)err;
    if (!c || s->moment->recalculating || !dates_at(s, c, c->dates.step, c->dates.tier, &dates)) {
        return true;
    }
    if (is_postponed(s, c)) {
        calendar_roll(s->w->rules->calendar, c->dates.due_on, ROLL_FOLLOWING, &dates.provisional,
                      NULL);
    }
    if (dates.provisional != c->dates.provisional) {
        check_fail(s,
                   "the deadline is%s marked provisional, and a year without calendar was%s "
                   "examined",
                   c->dates.provisional ? "" : " not", dates.provisional ? "" : " not");
    }
    return true;
}

/* Those that stand follow on each other, step by step and day by day; one admission after the
 * other. */
static bool cycle_order(const struct household_check *s, struct error *err)
{
    const struct cycle_row *last = NULL;
    (void)err;
    for (int i = 0; i < s->cycle_count; i++) {
        const struct cycle_row *c = &s->cycles[i];
        if (c->state == CYCLE_ENDED) {
            last = NULL;
        }
        if (!on_grid(c)) {
            continue;
        }
        bool same = last && last->anchor_on.day == c->anchor_on.day;
        if (last && (date_cmp(c->dates.nominal, last->dates.nominal) <= 0 ||
                     (same && c->dates.step <= last->dates.step))) {
            check_fail(s, "cycle %lld does not come after cycle %lld", (long long)c->cycle,
                       (long long)last->cycle);
        }
        last = c;
    }
    return true;
}

/* ---- no nominal date is skipped ---- */

/* What stands before a cycle on its anchor: the step behind it, and, where it is the first, the day
 * after which its window opens. */
struct before {
    int step;
    struct date day; /* DATE_NONE: every step later than `step` must be on record */
};

static bool first_before(const struct household_check *s, const struct cycle_row *first,
                         bool enters, struct before *b)
{
    struct cycle_context context;
    struct tier_span span = {DATE_NONE, first->dates.tier};
    struct cycle_dates dates;
    struct error why = ERROR_INIT;
    struct date reviewed = enters ? s->row.last_review_on : DATE_NONE;
    *b = (struct before){0, first->anchor_on};
    /* What the import brought is what the first event after it found. */
    for (int i = s->h.event_count - 1; enters && i >= 0; i--) {
        if (s->h.events[i].last_cycle >= first->cycle) {
            reviewed = s->h.events[i].last_review_on;
        }
    }
    if (!date_is(reviewed)) {
        return true; /* the approval, or the review that restarted the count, was the last */
    }
    if (!check_context(s, first->decided_on, first->anchor_on, &context)) {
        return false;
    }
    context.tiers = &span;
    context.tier_count = 1;
    b->day = reviewed;
    if (!cycle_import(&context, reviewed, &b->step, &dates, NULL, &why)) {
        check_fail(s, "%s", why.message);
        error_clear(&why);
        return false;
    }
    return true;
}

/* Whether a step between two cycles of an anchor is excused from the record: it is there, in any
 * state, or a change of tier passed over what its day found behind it (3.4). */
static bool step_excused(const struct household_check *s, const struct cycle_row *next, int step,
                         const struct cycle_dates *d)
{
    for (int i = 0; i < s->cycle_count; i++) {
        if (s->cycles[i].anchor_on.day == next->anchor_on.day && s->cycles[i].dates.step == step) {
            return true;
        }
    }
    /* What lies before the entry of a partial history nobody knows. */
    if (s->row.partial && next->decided_on.day == s->row.entered_on.day &&
        date_cmp(d->due_on, s->row.entered_on) < 0) {
        return true;
    }
    for (int i = 0; i < s->h.tier_count; i++) {
        struct date on = s->h.tiers[i].on;
        if (date_cmp(d->due_on, on) <= 0 && date_cmp(on, next->dates.nominal) <= 0) {
            return true;
        }
    }
    return false;
}

/* Every step after `b` and before the cycle that the tier in force on its day has, and that no
 * review stood behind, must be excused. */
static void check_between(const struct household_check *s, const struct before *b,
                          const struct cycle_row *c)
{
    const struct policy *policy = work_policy(s->w, c->decided_on, NULL);
    for (int step = b->step + 1; policy && step < c->dates.step; step++) {
        struct cycle_dates d;
        char day[DATE_TEXT];
        if (!dates_at(s, c, step, c->dates.tier, &d)) {
            continue;
        }
        int span = s->span_count - 1;
        while (span > 0 && date_cmp(s->spans[span].from, d.nominal) > 0) {
            span--;
        }
        enum tier tier = s->spans[span].tier;
        for (int i = 0; i < TIER_COUNT && !policy->tiers[tier].kept; i++) {
            tier = policy->tiers[tier].mapped;
        }
        int months = tier_months(tier);
        bool due = policy->basis == BASIS_ANNIVERSARY ? 3 * step % months == 0
                                                      : date_ymd(d.nominal).month % months == 0;
        if (!due || !dates_at(s, c, step, tier, &d)) {
            continue;
        }
        bool behind = date_is(b->day) && d.opens_on.day - SHIFT <= b->day.day;
        if (!behind && !step_excused(s, c, step, &d)) {
            check_fail(s, "the nominal date %s is not on record", date_text(d.nominal, day));
        }
    }
}

/* After a readmission the tiers of the admission before are no longer told apart. */
static bool none_skipped(const struct household_check *s, struct error *err)
{
    const struct cycle_row *last = NULL;
    struct before b;
    (void)err;
    for (int i = 0; i < s->cycle_count && !check_readmitted(s); i++) {
        const struct cycle_row *c = &s->cycles[i];
        bool enters = c->anchor_on.day == s->cycles[0].anchor_on.day;
        if (!on_grid(c)) {
            continue;
        }
        if (last && last->anchor_on.day == c->anchor_on.day) {
            b = (struct before){last->dates.step, DATE_NONE};
        } else if (!first_before(s, enters ? &s->cycles[0] : c, enters, &b)) {
            return true;
        }
        check_between(s, &b, c);
        last = c;
    }
    return true;
}

/* ---- why a cycle is what it is ---- */

static bool satisfied_by_task(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->cycle_count; i++) {
        const struct cycle_row *c = &s->cycles[i];
        const struct task_row *t = check_task(s, c->task);
        bool reviewed = false;
        if (c->state != CYCLE_SATISFIED) {
            continue;
        }
        for (int j = 0; j < s->h.review_count; j++) {
            const struct row_review *r = &s->h.reviews[j];
            reviewed = reviewed || (!r->corrected && r->outcome != OUTCOME_POSTPONE &&
                                    r->on.day == c->closed_on.day);
        }
        if (!t || t->state != TASK_DONE || t->done_on.day != c->closed_on.day) {
            check_fail(s, "cycle %lld is satisfied without a task that is done",
                       (long long)c->cycle);
        } else if (!reviewed) {
            check_fail(s, "cycle %lld is satisfied without a review on record",
                       (long long)c->cycle);
        } else if (date_cmp(c->dates.opens_on, c->closed_on) > 0) {
            check_fail(s, "cycle %lld is satisfied by a review before its window opened",
                       (long long)c->cycle);
        }
    }
    return true;
}

static bool jumped(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->cycle_count; i++) {
        const struct cycle_row *c = &s->cycles[i];
        if (c->state != CYCLE_MISSED && c->state != CYCLE_ANSWERED) {
            continue;
        }
        bool by = false;
        for (int j = 0; j < i; j++) {
            const struct cycle_row *o = &s->cycles[j];
            by = by || (o->state == CYCLE_SATISFIED && o->closed_on.day == c->closed_on.day &&
                        o->anchor_on.day == c->anchor_on.day && o->dates.step < c->dates.step);
        }
        bool before = date_cmp(c->dates.due_on, c->closed_on) < 0;
        if (!by) {
            check_fail(s, "cycle %lld was jumped by no review", (long long)c->cycle);
        } else if (before != (c->state == CYCLE_MISSED) ||
                   date_cmp(c->dates.opens_on, c->closed_on) > 0) {
            check_fail(s, "cycle %lld is %s, against its deadline or window", (long long)c->cycle,
                       names_text(&cycle_states, (int)c->state));
        }
    }
    return true;
}

static bool superseded_why(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->cycle_count; i++) {
        const struct cycle_row *c = &s->cycles[i];
        const struct task_row *t = check_task(s, c->task);
        bool why = c->state != CYCLE_SUPERSEDED;
        for (int j = i + 1; !why && j < s->cycle_count; j++) {
            why = s->cycles[j].anchor_on.day == c->closed_on.day; /* a restart */
        }
        for (int j = 0; !why && j < s->h.tier_count; j++) {
            why = s->h.tiers[j].on.day == c->closed_on.day;
        }
        for (int j = 0; !why && j < s->h.event_count; j++) {
            why = s->h.events[j].corrected && s->h.events[j].last_cycle < c->cycle;
        }
        if (!why) {
            check_fail(s, "cycle %lld is superseded by no restart, change of tier or correction",
                       (long long)c->cycle);
        } else if (c->state == CYCLE_SUPERSEDED && t && t->kind == TASK_REGULAR_REVIEW &&
                   t->state != TASK_CANCELLED) {
            check_fail(s, "cycle %lld is superseded, and its task %lld is %s", (long long)c->cycle,
                       (long long)t->task, names_text(&task_states, (int)t->state));
        }
    }
    return true;
}

static bool ended_why(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->cycle_count; i++) {
        const struct cycle_row *c = &s->cycles[i];
        bool why = c->state != CYCLE_ENDED;
        for (int j = 0; !why && j < s->h.cessation_count; j++) {
            const struct row_ending *e = &s->h.endings[j];
            why = !e->corrected && e->act != ACT_SUSPEND && e->on.day == c->closed_on.day;
        }
        if (!why) {
            check_fail(s, "cycle %lld has ended, and no ending is on record", (long long)c->cycle);
        }
    }
    return true;
}

const struct invariant invariants_cycle[] = {
    {"nominal-date", "3.4", "every cycle's nominal date is the one that the grid gives",
     nominal_date},
    {"deadline", "3.2, 3.4",
     "an open cycle's deadline is the nominal date rolled by the calendar now, or later where that "
     "would have made it late, or earlier where it was late, or a working day to which it was "
     "postponed",
     deadline},
    {"opens-on", "3.4", "`opens_on` is the deadline less the lead, and no task opens before it",
     opens_on},
    {"provisional", "3.2",
     "a deadline is marked provisional where a day of a year without calendar was examined, and "
     "nowhere else",
     provisional},
    {"cycle-order", "3.4", "the cycles that stand follow on each other", cycle_order},
    {"date-skipped", "3.4",
     "every nominal date from the anchor, or from what the imported review satisfied, up to the "
     "open cycle is on record, by the tier in force on its day",
     none_skipped},
    {"satisfied-by-task", "3.4",
     "a satisfied cycle has a task that is done and a review of the day", satisfied_by_task},
    {"missed-answered", "3.4",
     "a cycle that a review jumped is missed where its deadline is before that day, else answered",
     jumped},
    {"superseded-why", "3.4, 3.10",
     "a superseded cycle gave way to a restart, a change of tier or a correction, its task too",
     superseded_why},
    {"ended-why", "3.4", "an ended cycle has its ending on record", ended_why},
    {0},
};
