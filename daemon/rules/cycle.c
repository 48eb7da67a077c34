#include "rules/cycle.h"

#include <stdlib.h>

/* Two things in here know the grid: grid_date() gives the date of a step, grid_floor() the step of
 * a date. All else is a walk over steps, begun by grid_floor() near its end, so that a household of
 * twenty years costs what a new one does. Deadlines never decrease from step to step whatever the
 * tiers, for rolling keeps the order of days; opens_on keeps it within a tier only. */

/* How a walk speaks of the day that it compares opens_on or the deadline with. */
enum passing { PASS_FIRST, PASS_REVIEW, PASS_IMPORT, PASS_ENTRY, PASS_TIER };

/* What a version that drops a tier puts in its place. The bound is for a table that maps in a
 * circle; policy_set_load() refuses one. */
static enum tier kept_tier(const struct policy *policy, enum tier tier)
{
    for (int i = 0; i < TIER_COUNT && !policy->tiers[tier].kept; i++) {
        tier = policy->tiers[tier].mapped;
    }
    return tier;
}

static const struct tier_terms *terms_of(const struct policy *policy, enum tier tier)
{
    return &policy->tiers[kept_tier(policy, tier)];
}

static enum tier tier_now(const struct cycle_context *c)
{
    return kept_tier(c->policy, c->tiers[c->tier_count - 1].tier);
}

/* The tier in force on a day. What was in force before the last change stays what it was, even
 * where today's version drops that tier: the past keeps its grid. */
static enum tier tier_on(const struct cycle_context *c, struct date day)
{
    int last = c->tier_count - 1;
    int i = last;
    while (i > 0 && date_is(c->tiers[i].from) && date_cmp(c->tiers[i].from, day) > 0) {
        i--;
    }
    return i == last ? tier_now(c) : c->tiers[i].tier;
}

/* The grid's date of a step; DATE_NONE beyond the range. */
static struct date grid_date(const struct cycle_context *c, int step, bool *clamped)
{
    if (c->policy->basis == BASIS_ANNIVERSARY) {
        return date_add_months(c->anchor, 3 * step, clamped);
    }
    if (clamped) {
        *clamped = false;
    }
    struct ymd anchor = date_ymd(c->anchor);
    int quarter = anchor.year * 4 + (anchor.month - 1) / 3 + step - 1;
    int month = quarter % 4 * 3 + 3;
    return date_of(quarter / 4, month, date_month_days(quarter / 4, month));
}

/* The last step whose date is not after `day`; may be 0 or less. */
static int grid_floor(const struct cycle_context *c, struct date day)
{
    struct ymd from = date_ymd(c->anchor), to = date_ymd(day);
    if (c->policy->basis == BASIS_CALENDAR) {
        int quarters = (to.year - from.year) * 4 + (to.month - 1) / 3 - (from.month - 1) / 3;
        bool is_end = to.month % 3 == 0 && to.day == date_month_days(to.year, to.month);
        return quarters + is_end;
    }
    int months = (to.year - from.year) * 12 + to.month - from.month;
    int step = months / 3 - (months % 3 < 0);
    /* Only where the months fall together can the day within the month still decide. */
    int last = date_month_days(to.year, to.month);
    if (months % 3 == 0 && to.day < (from.day < last ? from.day : last)) {
        step--;
    }
    return step;
}

static bool on_grid(const struct cycle_context *c, int step, struct date nominal, enum tier tier)
{
    int months = tier_months(tier);
    if (c->policy->basis == BASIS_ANNIVERSARY) {
        return 3 * step % months == 0;
    }
    return months == 3 || date_ymd(nominal).month % months == 0;
}

static bool in_range(struct date d)
{
    int year = date_ymd(d).year;
    return year >= 1900 && year <= 2199;
}

static bool out_of_range(const struct cycle_context *c, int step, struct error *err)
{
    return error_say(err, SAY_CYCLE_OUTSIDE, arg_number(step), date_arg(c->anchor));
}

/* Fills *out without a trace from a grid date that is known. */
static bool dates_of(const struct cycle_context *c, int step, enum tier tier, struct date nominal,
                     struct cycle_dates *out, struct error *err)
{
    if (!date_is(nominal)) {
        return out_of_range(c, step, err);
    }
    bool provisional = false;
    struct date due = calendar_roll(c->calendar, nominal, c->policy->roll, &provisional, NULL);
    struct date opens = date_plus(due, -terms_of(c->policy, tier)->lead_days);
    if (!in_range(due) || !in_range(opens)) {
        return out_of_range(c, step, err);
    }
    *out = (struct cycle_dates){step, tier, nominal, due, opens, provisional};
    return true;
}

/* ---- explanations ---- */

static void trace_interval(const struct cycle_context *c, const struct cycle_dates *d, bool clamped,
                           struct trace *t)
{
    const struct policy *policy = c->policy;
    char nominal[DATE_TEXT];
    const char *tier = names_text(&tiers, (int)d->tier);
    int months = tier_months(d->tier);
    date_text(d->nominal, nominal);
    struct ymd y = date_ymd(d->nominal);
    if (policy->basis == BASIS_CALENDAR) {
        const char *period = months == 12  ? "the year"
                             : months == 6 ? "the half-year"
                                           : "the calendar quarter";
        trace_step(t, TRACE_INTERVAL, TRACE_COMPUTED, policy->basis_source, nominal,
                   "the last day of %s (%s)", period, tier);
        return;
    }
    bool whole = 3 * d->step % months == 0;
    trace_step(t, TRACE_INTERVAL, TRACE_COMPUTED, policy->tiers_source, nominal,
               "anchor + %d × %d months (%s)", whole ? 3 * d->step / months : d->step,
               whole ? months : 3, tier);
    if (clamped) {
        trace_step(t, TRACE_CLAMP, TRACE_COMPUTED, policy->basis_source, nominal,
                   "%04d-%02d-%02d does not exist: the month's end", y.year, y.month,
                   date_ymd(c->anchor).day);
    }
}

static void trace_provisional(const struct cycle_context *c, const struct cycle_dates *d,
                              struct trace *t)
{
    int first = date_ymd(d->nominal).year, last = date_ymd(d->due_on).year;
    int year = calendar_is_published(c->calendar, first) ? last : first;
    char due[DATE_TEXT];
    trace_step(t, TRACE_PROVISIONAL, TRACE_COMPUTED, NULL, date_text(d->due_on, due),
               "provisional: the calendar of %d is not published, weekends alone are counted",
               year);
}

static void trace_dates(const struct cycle_context *c, const struct cycle_dates *d, bool clamped,
                        struct trace *t)
{
    const struct policy *policy = c->policy;
    char text[DATE_TEXT], value[DATE_TEXT];
    date_text(c->anchor, text);
    trace_step(t, TRACE_ANCHOR, TRACE_COMPUTED, policy->basis_source, text,
               "reviews are counted from %s, the approval or the review that restarted the count",
               text);
    household_fact(t, c->origins, FACT_ANCHOR, text);
    trace_interval(c, d, clamped, t);
    bool provisional = false;
    int first = t->count;
    calendar_roll(c->calendar, d->nominal, policy->roll, &provisional, t);
    trace_clause(t, first, policy->roll_source);
    date_text(d->due_on, text);
    trace_step(t, TRACE_DUE, TRACE_COMPUTED, policy->roll_source, text, "the deadline is %s%s",
               text,
               date_cmp(d->nominal, d->due_on) == 0 ? ""
               : policy->roll == ROLL_FOLLOWING     ? ", the following working day"
                                                    : ", the preceding working day");
    const struct tier_terms *terms = terms_of(policy, d->tier);
    trace_step(t, TRACE_LEAD, TRACE_COMPUTED, terms->lead_source, date_text(d->opens_on, value),
               terms->lead_days == 1 ? "opens %d day before the deadline"
                                     : "opens %d days before the deadline",
               terms->lead_days);
    if (d->provisional) {
        trace_provisional(c, d, t);
    }
}

/* Why a walk went past a step. */
static void trace_passed(const struct cycle_dates *d, enum passing why, struct date day,
                         bool missed, struct trace *t)
{
    if (!t) {
        return;
    }
    char nominal[DATE_TEXT], due[DATE_TEXT], opens[DATE_TEXT], on[DATE_TEXT];
    date_text(d->nominal, nominal);
    date_text(d->due_on, due);
    date_text(d->opens_on, opens);
    date_text(day, on);
    switch (why) {
    case PASS_FIRST:
        trace_step(t, TRACE_CANDIDATE, TRACE_FAILED, NULL, nominal,
                   "%s is not the first review: it opens on %s, not after the anchor", nominal,
                   opens);
        break;
    case PASS_REVIEW:
        if (missed) {
            trace_step(t, TRACE_CANDIDATE, TRACE_FAILED, NULL, nominal,
                       "%s is missed: its deadline %s is before the review of %s", nominal, due,
                       on);
        } else {
            trace_step(t, TRACE_CANDIDATE, TRACE_FAILED, NULL, nominal,
                       "%s is answered by the review of %s: it opens on %s, its deadline is %s",
                       nominal, on, opens, due);
        }
        break;
    case PASS_IMPORT:
        trace_step(t, TRACE_CANDIDATE, TRACE_FAILED, NULL, nominal,
                   "%s is satisfied by the last review of %s: it opens on %s, not after it",
                   nominal, on, opens);
        break;
    case PASS_ENTRY:
        trace_step(t, TRACE_BEFORE_ENTRY, TRACE_FAILED, NULL, nominal,
                   "%s is before the entry: its deadline %s is before %s, and whether it was "
                   "reviewed nobody knows",
                   nominal, due, on);
        break;
    case PASS_TIER:
        trace_step(t, TRACE_CANDIDATE, TRACE_FAILED, NULL, nominal,
                   "%s is passed over: its deadline %s is not after the change of tier on %s",
                   nominal, due, on);
        break;
    }
}

/* ---- walks ---- */

bool cycle_at(const struct cycle_context *c, int step, enum tier tier, struct cycle_dates *out,
              struct trace *t, struct error *err)
{
    bool clamped;
    struct date nominal = grid_date(c, step, &clamped);
    if (!dates_of(c, step, tier, nominal, out, err)) {
        return false;
    }
    if (t) {
        trace_dates(c, out, clamped, t);
    }
    return true;
}

/* The dates of a step under the tier in force on its day, with *candidate; a step that is none of
 * that tier's costs no roll. */
static bool candidate_at(const struct cycle_context *c, int step, struct cycle_dates *out,
                         bool *candidate, struct error *err)
{
    struct date nominal = grid_date(c, step, NULL);
    if (!date_is(nominal)) {
        return out_of_range(c, step, err);
    }
    enum tier tier = tier_on(c, nominal);
    *candidate = on_grid(c, step, nominal, tier);
    return !*candidate || dates_of(c, step, tier, nominal, out, err);
}

static void add_jump(struct cycle_next *next, const struct cycle_dates *dates, bool missed)
{
    int n = next->jump_count;
    if ((n & (n - 1)) == 0) { /* full at each power of two */
        next->jumps = xrealloc(next->jumps, (n ? (size_t)n * 2 : 1) * sizeof(next->jumps[0]));
    }
    next->jumps[next->jump_count++] = (struct cycle_jump){*dates, missed};
}

/* The first step after `after` whose opens_on is after `day`, traced. `jumps` may be NULL. */
static bool walk(const struct cycle_context *c, int after, struct date day, enum passing why,
                 struct cycle_dates *out, struct cycle_next *jumps, struct trace *t,
                 struct error *err)
{
    for (int step = after + 1;; step++) {
        bool candidate;
        if (!candidate_at(c, step, out, &candidate, err)) {
            return false;
        }
        if (!candidate) {
            continue;
        }
        if (date_cmp(out->opens_on, day) > 0) {
            return !t || cycle_at(c, step, out->tier, out, t, err);
        }
        bool missed = date_cmp(out->due_on, day) < 0;
        trace_passed(out, why, day, missed, t);
        if (jumps) {
            add_jump(jumps, out, missed);
        }
    }
}

bool cycle_first(const struct cycle_context *c, struct cycle_dates *out, struct trace *t,
                 struct error *err)
{
    return walk(c, 0, c->anchor, PASS_FIRST, out, NULL, t, err);
}

bool cycle_after_review(const struct cycle_context *c, int satisfied, struct date day,
                        struct cycle_next *out, struct trace *t, struct error *err)
{
    *out = (struct cycle_next){0};
    if (walk(c, satisfied, day, PASS_REVIEW, &out->dates, out, t, err)) {
        return true;
    }
    cycle_next_free(out);
    return false;
}

void cycle_next_free(struct cycle_next *next)
{
    free(next->jumps);
    *next = (struct cycle_next){0};
}

/* The last step, at least 0, whose deadline is not after `day` whatever its tier. */
static int due_floor(const struct cycle_context *c, struct date day)
{
    const struct policy *policy = c->policy;
    int step = grid_floor(c, day);
    if (step < 0) {
        return 0;
    }
    if (policy->roll == ROLL_PRECEDING) {
        for (struct date next = grid_date(c, step + 1, NULL); date_is(next);
             next = grid_date(c, step + 1, NULL)) {
            if (date_cmp(calendar_roll(c->calendar, next, ROLL_PRECEDING, NULL, NULL), day) > 0) {
                break;
            }
            step++;
        }
        return step;
    }
    while (step > 0) {
        struct date nominal = grid_date(c, step, NULL);
        if (date_is(nominal) &&
            date_cmp(calendar_roll(c->calendar, nominal, ROLL_FOLLOWING, NULL, NULL), day) <= 0) {
            break;
        }
        step--;
    }
    return step;
}

/* A step that opens by `day` has its deadline by `day` plus the longest lead: from there downwards
 * the first candidate that has opened is the latest. */
static bool latest_opened(const struct cycle_context *c, struct date day, int *step,
                          struct cycle_dates *out, struct error *err)
{
    int lead = 0;
    for (int i = 0; i < c->tier_count; i++) {
        int days = terms_of(c->policy, c->tiers[i].tier)->lead_days;
        lead = days > lead ? days : lead;
    }
    for (*step = due_floor(c, date_plus(day, lead)); *step > 0; (*step)--) {
        bool candidate;
        if (!candidate_at(c, *step, out, &candidate, err)) {
            return false;
        }
        if (candidate && date_cmp(out->opens_on, day) <= 0) {
            break;
        }
    }
    return true;
}

bool cycle_import(const struct cycle_context *c, struct date reviewed, int *satisfied,
                  struct cycle_dates *out, struct trace *t, struct error *err)
{
    if (date_cmp(reviewed, c->anchor) < 0) {
        return error_say_by(err, c->policy->basis_source, SAY_REVIEW_BEFORE_APPROVAL);
    }
    if (!latest_opened(c, reviewed, satisfied, out, err)) {
        return false;
    }
    if (*satisfied > 0) {
        trace_passed(out, PASS_IMPORT, reviewed, false, t);
    }
    return walk(c, *satisfied, reviewed, PASS_IMPORT, out, NULL, t, err);
}

bool cycle_enter(const struct cycle_context *c, const struct cycle_entry *entry,
                 struct cycle_entered *out, struct trace *t, struct error *err)
{
    *out = (struct cycle_entered){0};
    if (date_is(entry->reviewed)) {
        return cycle_import(c, entry->reviewed, &out->satisfied, &out->dates, t, err);
    }
    if (!walk(c, 0, c->anchor, PASS_FIRST, &out->dates, NULL, NULL, err)) {
        return false;
    }
    if (!entry->partial || date_cmp(out->dates.due_on, entry->on) >= 0) {
        return walk(c, 0, c->anchor, PASS_FIRST, &out->dates, NULL, t, err);
    }
    for (int step = out->dates.step;; step++) {
        bool candidate;
        if (!candidate_at(c, step, &out->dates, &candidate, err)) {
            return false;
        }
        if (!candidate) {
            continue;
        }
        if (date_cmp(out->dates.due_on, entry->on) >= 0) {
            return !t || cycle_at(c, step, out->dates.tier, &out->dates, t, err);
        }
        trace_passed(&out->dates, PASS_ENTRY, entry->on, false, t);
        out->before++;
    }
}

bool cycle_after_tier(const struct cycle_context *c, int satisfied, struct date day,
                      struct cycle_dates *out, struct trace *t, struct error *err)
{
    enum tier tier = tier_now(c);
    int past = due_floor(c, day);
    for (int step = satisfied + 1;; step++) {
        /* Steps long past are walked only where somebody reads why they are none. */
        if (!t && step <= past) {
            step = past + 1;
        }
        struct date nominal = grid_date(c, step, NULL);
        if (!date_is(nominal)) {
            return out_of_range(c, step, err);
        }
        if (!on_grid(c, step, nominal, tier)) {
            continue;
        }
        if (step > past) {
            return cycle_at(c, step, tier, out, t, err);
        }
        if (!dates_of(c, step, tier, nominal, out, err)) {
            return false;
        }
        trace_passed(out, PASS_TIER, day, false, t);
    }
}

/* ---- restart and postponement ---- */

bool cycle_restarts(const struct policy *policy, struct date day, struct date opens_on)
{
    return policy->restart && policy->basis == BASIS_ANNIVERSARY && date_cmp(day, opens_on) < 0;
}

/* The refusals that look at the new day alone. */
static bool check_postponed_day(const struct policy *policy, const struct calendar *calendar,
                                const struct postponement *p, struct error *err)
{
    const char *clause = policy->postpone_source;
    if (!date_is(p->to)) {
        return error_say_by(err, clause, SAY_POSTPONE_NEEDS_DAY);
    }
    const char *off = calendar_day_off(calendar, p->to);
    if (off) {
        return error_say_by(err, clause, SAY_NO_WORKING_DAY, date_arg(p->to),
                            off == calendar_weekend ? arg_said(sentence(SAY_WEEKEND)) : arg_z(off));
    }
    if (date_cmp(p->to, p->due_on) <= 0) {
        return error_say_by(err, clause, SAY_POSTPONE_NOT_LATER, date_arg(p->to),
                            date_arg(p->due_on));
    }
    struct date limit = date_plus(p->original, policy->postpone_limit_days);
    if (date_cmp(p->to, limit) > 0) {
        return error_say_by(err, clause, SAY_POSTPONE_TOO_LATE, date_arg(p->to), date_arg(limit),
                            arg_number(policy->postpone_limit_days));
    }
    if (date_is(p->next_opens_on) && date_cmp(p->to, p->next_opens_on) >= 0) {
        return error_say_by(err, clause, SAY_POSTPONE_INTO_NEXT, date_arg(p->to),
                            date_arg(p->next_opens_on));
    }
    return true;
}

static bool check_postponement(const struct policy *policy, const struct calendar *calendar,
                               const struct postponement *p, struct error *err)
{
    const char *clause = policy->postpone_source;
    if (cycle_is_late(true, p->due_on, p->today)) {
        return error_say_by(err, clause, SAY_DEADLINE_PASSED, date_arg(p->due_on));
    }
    if (p->postponed) {
        return error_say_by(err, clause, SAY_POSTPONED_ALREADY);
    }
    if (!p->has_reason) {
        return error_say_by(err, clause, SAY_POSTPONE_NEEDS_REASON);
    }
    return check_postponed_day(policy, calendar, p, err);
}

bool cycle_postpone(const struct policy *policy, const struct calendar *calendar,
                    const struct postponement *p, struct trace *t, struct error *err)
{
    struct error why = ERROR_INIT;
    bool ok = check_postponement(policy, calendar, p, &why);
    if (t) {
        char from[DATE_TEXT], to[DATE_TEXT];
        date_text(p->due_on, from);
        date_text(p->to, to);
        if (ok) {
            trace_step(t, TRACE_POSTPONED, TRACE_PASSED, policy->postpone_source, to,
                       "the deadline is postponed from %s to %s", from, to);
        } else {
            trace_step(t, TRACE_POSTPONED, TRACE_FAILED, why.clause, from, "not postponed: %s",
                       why.message);
        }
    }
    return ok || error_move(err, &why);
}
