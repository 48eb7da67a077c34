/* rules/cycle against a slow oracle: the lives of random households, event by event.
 *
 * The oracle knows a day only by walking to it: its almanac counts the days of 1890 to 2210 one by
 * one, its grid walks from the anchor day by day, a deadline is found by trying each day, and a
 * next cycle by trying each step from the first. It reads the calendar files itself and shares no
 * code with what it judges. SEED=n repeats a run; a mismatch prints the whole life that led to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/chance.h"
#include "rules/cycle.h"

#define LIVES 120000
#define DAY_MIN (-29219) /* 1890-01-01 */
#define YEAR_MIN 1890
#define YEAR_MAX 2210
#define DAYS ((YEAR_MAX - YEAR_MIN + 1) * 366)
#define STEPS 200
#define SPANS 12

/* ---- the almanac ---- */

struct almanac_day {
    short year;
    signed char month, day, last; /* last: of its month */
    bool off, published;
};

static struct almanac_day almanac[DAYS];
static struct calendar *calendar;

static const struct almanac_day *at(int day)
{
    assert_true(day >= DAY_MIN && day - DAY_MIN < DAYS);
    return &almanac[day - DAY_MIN];
}

static int month_length(int year, int month)
{
    if (month == 2) {
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void count_days(void)
{
    int n = 0, weekday = 3; /* 1890-01-01 was a Wednesday */
    for (int y = YEAR_MIN; y <= YEAR_MAX; y++) {
        for (int m = 1; m <= 12; m++) {
            for (int d = 1; d <= month_length(y, m); d++, weekday = (weekday + 1) % 7) {
                almanac[n++] = (struct almanac_day){.year = (short)y,
                                                    .month = (signed char)m,
                                                    .day = (signed char)d,
                                                    .last = (signed char)month_length(y, m),
                                                    .off = weekday == 0 || weekday == 6};
            }
        }
    }
}

static int day_of(int year, int month, int day)
{
    int d = DAY_MIN + (year - YEAR_MIN) * 365;
    while (at(d)->year != year || at(d)->month != month || at(d)->day != day) {
        d++;
    }
    return d;
}

/* Reads one file of conf/calendar into the almanac and into the calendar under test. */
static bool read_year(int year)
{
    char path[64], line[256], kind[16], name[64];
    snprintf(path, sizeof path, "conf/calendar/%d.csv", year);
    FILE *f = fopen(path, "r");
    if (!f) {
        return false;
    }
    calendar_publish(calendar, year);
    for (int d = day_of(year, 1, 1); at(d)->year == year; d++) {
        almanac[d - DAY_MIN].published = true;
    }
    while (fgets(line, sizeof line, f)) {
        int y, m, d;
        if (sscanf(line, "%d-%d-%d,%15[^,],%63[^\r\n]", &y, &m, &d, kind, name) != 5) {
            continue;
        }
        int day = day_of(y, m, d);
        bool holiday = strcmp(kind, "holiday") == 0;
        almanac[day - DAY_MIN].off = holiday;
        assert_true(calendar_add(calendar, (struct date){day}, holiday ? DAY_HOLIDAY : DAY_WORKDAY,
                                 str_of(name), NULL));
    }
    fclose(f);
    return true;
}

/* ---- one life ---- */

struct life {
    struct policy policy;
    struct tier_span spans[SPANS];
    int span_count;
    int anchor;
    int grid[STEPS + 1]; /* day numbers of the steps walked so far, from 1 */
    int walked, cursor;
    /* the open cycle, and what the last review satisfied */
    struct cycle_dates open;
    int satisfied, last_review;
    bool verbose, traced;
};

static const char *text(int day)
{
    static char ring[8][DATE_TEXT];
    static int next;
    char *out = ring[next++ % 8];
    const struct almanac_day *d = at(day);
    snprintf(out, DATE_TEXT, "%04u-%02u-%02u", (unsigned)d->year % 10000u,
             (unsigned)d->month % 100u, (unsigned)d->day % 100u);
    return out;
}

#define SAY(l, ...)                                                                                \
    do {                                                                                           \
        if ((l)->verbose)                                                                          \
            print_message(__VA_ARGS__);                                                            \
    } while (0)

static struct cycle_context context_of(const struct life *l)
{
    return (struct cycle_context){&l->policy, calendar, {l->anchor}, l->spans, l->span_count, NULL};
}

/* ---- the oracle ---- */

/* Whether the day is one of the grid, for an interval of so many months. */
static bool oracle_is_grid(const struct life *l, int day, int months)
{
    const struct almanac_day *d = at(day), *a = at(l->anchor);
    if (l->policy.basis == BASIS_CALENDAR) {
        return d->day == d->last && d->month % months == 0;
    }
    int apart = (d->year - a->year) * 12 + d->month - a->month;
    return apart % months == 0 && (d->day == a->day || (d->day == d->last && d->day < a->day));
}

static int oracle_step(struct life *l, int step)
{
    assert_true(step <= STEPS);
    while (l->walked < step) {
        if (oracle_is_grid(l, l->cursor, 3)) {
            l->grid[++l->walked] = l->cursor;
        }
        l->cursor++;
    }
    return l->grid[step];
}

static void oracle_restart_grid(struct life *l)
{
    l->walked = 0;
    l->cursor = l->policy.basis == BASIS_CALENDAR ? l->anchor : l->anchor + 1;
}

static enum tier oracle_kept(const struct life *l, enum tier tier)
{
    const struct tier_terms *terms = &l->policy.tiers[tier];
    return terms->kept ? tier : terms->mapped;
}

static enum tier oracle_tier(const struct life *l, int day)
{
    enum tier tier = l->span_count == 1 ? oracle_kept(l, l->spans[0].tier) : l->spans[0].tier;
    for (int i = 1; i < l->span_count; i++) {
        if (day >= l->spans[i].from.day) {
            tier = i == l->span_count - 1 ? oracle_kept(l, l->spans[i].tier) : l->spans[i].tier;
        }
    }
    return tier;
}

static struct cycle_dates oracle_dates(struct life *l, int step, enum tier tier)
{
    int nominal = oracle_step(l, step), due = nominal;
    bool provisional = !at(due)->published;
    while (at(due)->off) {
        due += l->policy.roll == ROLL_PRECEDING ? -1 : 1;
        provisional = provisional || !at(due)->published;
    }
    int opens = due - l->policy.tiers[oracle_kept(l, tier)].lead_days;
    return (struct cycle_dates){step, tier, {nominal}, {due}, {opens}, provisional};
}

static bool oracle_candidate(struct life *l, int step, struct cycle_dates *out)
{
    static const int months[TIER_COUNT] = {12, 6, 3};
    int nominal = oracle_step(l, step);
    enum tier tier = oracle_tier(l, nominal);
    *out = oracle_dates(l, step, tier);
    return oracle_is_grid(l, nominal, months[tier]);
}

/* The first step after `after` that opens after `day`; what it goes past is put into `jumps`. */
static struct cycle_dates oracle_next(struct life *l, int after, int day, struct cycle_jump *jumps,
                                      int *count)
{
    struct cycle_dates d;
    *count = 0;
    for (int step = after + 1;; step++) {
        if (!oracle_candidate(l, step, &d)) {
            continue;
        }
        if (d.opens_on.day > day) {
            return d;
        }
        jumps[(*count)++] = (struct cycle_jump){d, d.due_on.day < day};
    }
}

static int oracle_satisfied(struct life *l, int reviewed)
{
    int latest = 0;
    struct cycle_dates d;
    /* No lead here is above 150 days and no roll above 20. */
    for (int step = 1; oracle_step(l, step) <= reviewed + 170; step++) {
        if (oracle_candidate(l, step, &d) && d.opens_on.day <= reviewed) {
            latest = step;
        }
    }
    return latest;
}

static struct cycle_dates oracle_after_tier(struct life *l, int satisfied, int day)
{
    static const int months[TIER_COUNT] = {12, 6, 3};
    enum tier tier = oracle_kept(l, l->spans[l->span_count - 1].tier);
    for (int step = satisfied + 1;; step++) {
        struct cycle_dates d = oracle_dates(l, step, tier);
        if (oracle_is_grid(l, d.nominal.day, months[tier]) && d.due_on.day > day) {
            return d;
        }
    }
}

/* ---- comparing ---- */

static bool same(const struct life *l, const char *what, const struct cycle_dates *real,
                 const struct cycle_dates *want)
{
    bool ok = real->step == want->step && real->tier == want->tier &&
              real->nominal.day == want->nominal.day && real->due_on.day == want->due_on.day &&
              real->opens_on.day == want->opens_on.day && real->provisional == want->provisional;
    SAY(l, "    %s: step %d %s nominal %s due %s opens %s%s\n", what, want->step,
        names_text(&tiers, (int)want->tier), text(want->nominal.day), text(want->due_on.day),
        text(want->opens_on.day), want->provisional ? " provisional" : "");
    if (!ok) {
        SAY(l,
            "    BUT the engine says step %d %s nominal %d due %d opens %d%s (oracle %d %d %d)\n",
            real->step, names_text(&tiers, (int)real->tier), real->nominal.day, real->due_on.day,
            real->opens_on.day, real->provisional ? " provisional" : "", want->nominal.day,
            want->due_on.day, want->opens_on.day);
    }
    return ok;
}

/* An explanation tells the dates that were decided, whoever asked for it. */
static bool explained(const struct life *l, struct trace *t, const struct cycle_dates *want)
{
    bool due = false, lead = false, provisional = false;
    for (int i = 0; i < t->count; i++) {
        const struct trace_step *s = &t->steps[i];
        due = due || (s->rule == TRACE_DUE && strcmp(s->value, text(want->due_on.day)) == 0);
        lead = lead || (s->rule == TRACE_LEAD && strcmp(s->value, text(want->opens_on.day)) == 0);
        provisional = provisional || s->rule == TRACE_PROVISIONAL;
    }
    trace_free(t);
    if (due && lead && provisional == want->provisional) {
        return true;
    }
    SAY(l, "    BUT the explanation does not tell these dates\n");
    return false;
}

/* ---- events ---- */

static bool do_first(struct life *l)
{
    struct cycle_context c = context_of(l);
    struct cycle_jump jumps[STEPS];
    int count;
    struct trace t = TRACE_INIT;
    struct cycle_dates want = oracle_next(l, 0, l->anchor, jumps, &count);
    SAY(l, "  first\n");
    if (!cycle_first(&c, &l->open, l->traced ? &t : NULL, NULL)) {
        return false;
    }
    l->satisfied = 0;
    l->last_review = l->anchor;
    return same(l, "first", &l->open, &want) && (!l->traced || explained(l, &t, &want));
}

static bool do_import(struct life *l, int reviewed)
{
    struct cycle_context c = context_of(l);
    struct cycle_jump jumps[STEPS];
    int count, satisfied, want_satisfied = oracle_satisfied(l, reviewed);
    struct trace t = TRACE_INIT;
    struct cycle_dates want = oracle_next(l, want_satisfied, reviewed, jumps, &count);
    SAY(l, "  import with last review %s: satisfies step %d\n", text(reviewed), want_satisfied);
    if (!cycle_import(&c, (struct date){reviewed}, &satisfied, &l->open, l->traced ? &t : NULL,
                      NULL)) {
        return false;
    }
    if (satisfied != want_satisfied || count != 0) {
        SAY(l, "    BUT the engine says %d\n", satisfied);
        return false;
    }
    l->satisfied = satisfied;
    l->last_review = reviewed;
    return same(l, "next", &l->open, &want) && (!l->traced || explained(l, &t, &want));
}

static bool same_jumps(const struct life *l, const struct cycle_next *next,
                       const struct cycle_jump *want, int count)
{
    if (next->jump_count != count) {
        SAY(l, "    BUT the engine jumps %d, not %d\n", next->jump_count, count);
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!same(l, want[i].missed ? "missed" : "answered", &next->jumps[i].dates,
                  &want[i].dates)) {
            return false;
        }
        if (next->jumps[i].missed != want[i].missed) {
            SAY(l, "    BUT the engine says otherwise\n");
            return false;
        }
    }
    return true;
}

/* A review of the open task: in its window, late, or very late. */
static bool do_review(struct life *l)
{
    struct cycle_context c = context_of(l);
    struct cycle_jump jumps[STEPS];
    int count, kind = below(8), from = l->open.opens_on.day;
    if (from < l->last_review) {
        from = l->last_review;
    }
    int on = from + below(kind < 4 ? 30 : kind < 7 ? 200 : 1200);
    struct trace t = TRACE_INIT;
    SAY(l, "  review of step %d on %s\n", l->open.step, text(on));
    struct cycle_dates want = oracle_next(l, l->open.step, on, jumps, &count);
    struct cycle_next next;
    if (!cycle_after_review(&c, l->open.step, (struct date){on}, &next, l->traced ? &t : NULL,
                            NULL)) {
        return false;
    }
    bool ok = same_jumps(l, &next, jumps, count) && same(l, "next", &next.dates, &want) &&
              (!l->traced || explained(l, &t, &want));
    l->satisfied = count ? jumps[count - 1].dates.step : l->open.step;
    l->last_review = on;
    l->open = next.dates;
    cycle_next_free(&next);
    return ok;
}

/* Another tier on a day, which while the task is open leaves the cycle as it is. */
static bool do_tier(struct life *l)
{
    int from = l->spans[l->span_count - 1].from.day;
    if (l->span_count == SPANS) {
        return true;
    }
    int on = (from > l->last_review ? from : l->last_review) + 1 + below(one_in(4) ? 400 : 60);
    enum tier tier = (enum tier)below(TIER_COUNT);
    l->spans[l->span_count++] = (struct tier_span){{on}, tier};
    SAY(l, "  tier %s from %s\n", names_text(&tiers, (int)tier), text(on));
    if (on >= l->open.opens_on.day) {
        return true;
    }
    struct cycle_context c = context_of(l);
    struct trace t = TRACE_INIT;
    struct cycle_dates want = oracle_after_tier(l, l->satisfied, on);
    if (!cycle_after_tier(&c, l->satisfied, (struct date){on}, &l->open, l->traced ? &t : NULL,
                          NULL)) {
        return false;
    }
    return same(l, "next", &l->open, &want) && (!l->traced || explained(l, &t, &want));
}

/* A triggered review on any day: before opens_on it restarts the count where that is allowed. */
static bool do_triggered(struct life *l)
{
    int on = l->last_review + below(200);
    bool early = on < l->open.opens_on.day;
    bool want = early && l->policy.restart && l->policy.basis != BASIS_CALENDAR;
    SAY(l, "  triggered review on %s: %s\n", text(on), want ? "restarts" : "does not restart");
    if (cycle_restarts(&l->policy, (struct date){on}, l->open.opens_on) != want) {
        SAY(l, "    BUT the engine says otherwise\n");
        return false;
    }
    if (!want) {
        return true;
    }
    l->anchor = on;
    oracle_restart_grid(l);
    return do_first(l);
}

/* Any step under any tier, on its grid or not. */
static bool do_at(struct life *l)
{
    struct cycle_context c = context_of(l);
    int step = 1 + below(60);
    enum tier tier = (enum tier)below(TIER_COUNT);
    struct cycle_dates real, want = oracle_dates(l, step, tier);
    SAY(l, "  dates of step %d\n", step);
    return cycle_at(&c, step, tier, &real, NULL, NULL) && same(l, "dates", &real, &want);
}

static bool do_postpone(struct life *l)
{
    int due = l->open.due_on.day;
    struct postponement p = {
        .today = {due - 20 + below(24)},
        .due_on = {due},
        .original = {due - below(3)},
        .postponed = one_in(8),
        .next_opens_on = {due + 10 + below(60)},
        .to = {due - 3 + below(45)},
        .has_reason = !one_in(8),
    };
    int to = p.to.day;
    bool want = p.today.day <= due && !p.postponed && p.has_reason && !at(to)->off && to > due &&
                to <= p.original.day + l->policy.postpone_limit_days && to < p.next_opens_on.day;
    SAY(l, "  on %s postpone %s (originally %s) to %s, next opens %s,%s%s: %s\n", text(p.today.day),
        text(due), text(p.original.day), text(to), text(p.next_opens_on.day),
        p.postponed ? " once already" : "", p.has_reason ? " reason" : "", want ? "yes" : "no");
    if (cycle_postpone(&l->policy, calendar, &p, NULL, NULL) == want) {
        return true;
    }
    SAY(l, "    BUT the engine says otherwise\n");
    return false;
}

/* ---- random households ---- */

static void random_terms(struct life *l)
{
    struct policy *p = &l->policy;
    p->roll = (enum roll)below(2);
    p->restart = !one_in(4);
    p->postpone_limit_days = one_in(3) ? below(40) : 30;
    int most = one_in(10) ? 150 : 45; /* above 90, a quarter's window opens before the one before */
    for (int i = 0; i < TIER_COUNT; i++) {
        p->tiers[i] = (struct tier_terms){true, (enum tier)i, below(most), "local"};
    }
    if (one_in(8)) {
        int dropped = below(TIER_COUNT);
        p->tiers[dropped].kept = false;
        p->tiers[dropped].mapped = (enum tier)((dropped + 1 + below(2)) % TIER_COUNT);
    }
    SAY(l, "  terms: roll %s, leads %d %d %d", names_text(&rolls, (int)p->roll),
        p->tiers[0].lead_days, p->tiers[1].lead_days, p->tiers[2].lead_days);
    for (int i = 0; i < TIER_COUNT; i++) {
        if (!p->tiers[i].kept) {
            SAY(l, ", %s mapped to %s", names_text(&tiers, i),
                names_text(&tiers, (int)p->tiers[i].mapped));
        }
    }
    SAY(l, "\n");
}

/* Mostly of the years with calendars; half of them on the days that months lack. */
static int random_anchor(void)
{
    int day = one_in(20) ? day_of(1920 + below(200), 1, 1) + below(366)
                         : day_of(2014 + below(13), 1, 1) + below(366);
    switch (below(5)) {
    case 0:
        while (at(day)->day < 29) {
            day++;
        }
        break;
    case 1:
        while (at(day)->day != at(day)->last) {
            day++;
        }
        break;
    case 2:
        if (one_in(2)) {
            while (at(day)->month != 2 || at(day)->day != 29) {
                day++;
            }
        }
        break;
    }
    return day;
}

static void random_life(struct life *l)
{
    l->policy = (struct policy){.name = "random", .basis_source = "a", .postpone_source = "b"};
    l->policy.basis = one_in(3) ? BASIS_CALENDAR : BASIS_ANNIVERSARY;
    l->anchor = random_anchor();
    oracle_restart_grid(l);
    l->span_count = 1 + (one_in(4) ? below(4) : 0);
    for (int i = 0, from = l->anchor; i < l->span_count; i++) {
        from += below(500);
        l->spans[i] = (struct tier_span){{from}, (enum tier)below(TIER_COUNT)};
    }
    if (one_in(2)) {
        l->spans[0].from = DATE_NONE;
    }
    SAY(l, "  anchor %s, basis %s\n", text(l->anchor), names_text(&bases, (int)l->policy.basis));
    for (int i = 0; i < l->span_count; i++) {
        SAY(l, "  tier %s from %s\n", names_text(&tiers, (int)l->spans[i].tier),
            date_is(l->spans[i].from) ? text(l->spans[i].from.day) : "the beginning");
    }
    random_terms(l);
}

static bool live(uint64_t seed, bool verbose)
{
    static struct life l;
    chance = seed;
    memset(&l, 0, sizeof l);
    l.verbose = verbose;
    l.traced = one_in(16);
    random_life(&l);
    bool ok = one_in(3) ? do_import(&l, l.anchor + below(one_in(4) ? 5000 : 800)) : do_first(&l);
    for (int events = 1 + below(6); ok && events > 0 && l.last_review < l.anchor + 9000; events--) {
        if (one_in(8)) {
            random_terms(&l); /* another version of the policy: the cycle keeps its dates */
        }
        int event = below(12);
        ok = event < 6    ? do_review(&l)
             : event < 9  ? do_tier(&l)
             : event < 10 ? do_triggered(&l)
             : event < 11 ? do_at(&l)
                          : do_postpone(&l);
    }
    return ok;
}

static uint64_t run_seed;

static void test_lives(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < LIVES; i++) {
        uint64_t seed = run_seed + i * 0x2545f4914f6cdd1du;
        if (live(seed, false)) {
            continue;
        }
        print_message("life %llu of seed %llu:\n", (unsigned long long)i,
                      (unsigned long long)run_seed);
        live(seed, true);
        fail();
    }
}

static int set_up(void **state)
{
    (void)state;
    count_days();
    calendar = calendar_new();
    int years = 0;
    for (int year = 2000; year <= 2100; year++) {
        years += read_year(year);
    }
    if (years < 10 || day_of(1970, 1, 1) != 0) {
        print_message("conf/calendar is to be found from the top of the source tree\n");
        return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    calendar_free(calendar);
    return 0;
}

int main(void)
{
    const char *given = getenv("SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    run_seed = given ? strtoull(given, NULL, 10) : (uint64_t)(now.tv_sec ^ now.tv_nsec);
    print_message("seed %llu, %d lives\n", (unsigned long long)run_seed, LIVES);
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_lives)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
