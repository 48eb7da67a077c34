#include "rules/calendar.h"

#include <stdlib.h>

#define FIRST_YEAR 1900
#define LAST_YEAR 2199
#define YEARS (LAST_YEAR - FIRST_YEAR + 1)
#define FIRST_DAY (-25567) /* 1900-01-01 */
#define DAYS 109573        /* to 2199-12-31 */
#define WORDS ((DAYS + 63) / 64)

static const struct word day_kind_text[] = {{"holiday", "放假"}, {"workday", "上班"}};
static const struct word roll_text[] = {{"following", "顺延"}, {"preceding", "提前"}};
const struct names day_kinds = NAMES_TABLE("kind", day_kind_text);
const char calendar_weekend[] = "weekend";
const struct names rolls = NAMES_TABLE("roll", roll_text);

/* What a notice says about the days of its year, by day of the year from 0; name is NULL for a day
 * that the notice does not mention. */
struct notice {
    bool published;
    struct {
        char *name;
        enum day_kind kind;
    } days[366];
};

/* One bit a day over the whole range, so that the questions that are asked a hundred times for each
 * household are one load each and need neither a year nor a search: `working` is the answer of
 * notices and weekends together, `published` tells whether the day's year has a notice. */
struct calendar {
    uint64_t working[WORDS];
    uint64_t published[WORDS];
    struct notice *years[YEARS];
};

static bool in_range(struct date day)
{
    return day.day >= FIRST_DAY && day.day < FIRST_DAY + DAYS;
}

static bool bit_get(const uint64_t *bits, struct date day)
{
    unsigned i = (unsigned)(day.day - FIRST_DAY);

    return bits[i / 64] >> (i % 64) & 1;
}

static void bit_put(uint64_t *bits, struct date day, bool value)
{
    unsigned i = (unsigned)(day.day - FIRST_DAY);
    uint64_t bit = UINT64_C(1) << (i % 64);

    if (value) {
        bits[i / 64] |= bit;
    } else {
        bits[i / 64] &= ~bit;
    }
}

static bool is_weekend(struct date day)
{
    int weekday = date_weekday(day);

    return weekday == 0 || weekday == 6;
}

/* Outside the range nothing is published, and weekends alone count. */
static inline bool works(const struct calendar *c, struct date day)
{
    return in_range(day) ? bit_get(c->working, day) : !is_weekend(day);
}

static inline bool day_published(const struct calendar *c, struct date day)
{
    return in_range(day) && bit_get(c->published, day);
}

static struct notice *notice_of(const struct calendar *c, int year)
{
    return year < FIRST_YEAR || year > LAST_YEAR ? NULL : c->years[year - FIRST_YEAR];
}

static int day_of_year(struct date day, int year)
{
    return day.day - date_of(year, 1, 1).day;
}

static void notice_clear(struct notice *n)
{
    for (size_t i = 0; i < sizeof(n->days) / sizeof(n->days[0]); i++) {
        free(n->days[i].name);
        n->days[i].name = NULL;
    }
}

struct calendar *calendar_new(void)
{
    struct calendar *c = xcalloc(1, sizeof(*c));

    for (struct date d = {FIRST_DAY}; in_range(d); d.day++) {
        bit_put(c->working, d, !is_weekend(d));
    }
    return c;
}

void calendar_free(struct calendar *c)
{
    if (!c) {
        return;
    }
    for (int i = 0; i < YEARS; i++) {
        if (!c->years[i]) {
            continue;
        }
        notice_clear(c->years[i]);
        free(c->years[i]);
    }
    free(c);
}

void calendar_publish(struct calendar *c, int year)
{
    if (year < FIRST_YEAR || year > LAST_YEAR) {
        return; /* calendar_add() refuses its days */
    }

    struct notice **n = &c->years[year - FIRST_YEAR];
    if (*n) {
        notice_clear(*n);
    } else {
        *n = xcalloc(1, sizeof(**n));
    }
    (*n)->published = true;
    struct date last = date_of(year, 12, 31);
    for (struct date d = date_of(year, 1, 1); d.day <= last.day; d.day++) {
        bit_put(c->published, d, true);
        bit_put(c->working, d, !is_weekend(d));
    }
}

bool calendar_add(struct calendar *c, struct date day, enum day_kind kind, struct str name,
                  struct error *err)
{
    if (!in_range(day)) {
        return error_say(err, SAY_DAY_OUTSIDE, arg_number(FIRST_YEAR), arg_number(LAST_YEAR));
    }
    int year = date_ymd(day).year;
    struct notice **slot = &c->years[year - FIRST_YEAR];
    if (!*slot) {
        *slot = xcalloc(1, sizeof(**slot));
    }
    struct notice *n = *slot;
    int i = day_of_year(day, year);
    if (n->days[i].name) {
        return error_say(err, SAY_DAY_TWICE, date_arg(day));
    }
    if (kind == DAY_WORKDAY && !is_weekend(day)) {
        return error_say(err, SAY_NOT_WEEKEND, date_arg(day));
    }
    n->days[i].name = xstrndup(name.data ? name.data : "", name.len);
    n->days[i].kind = kind;
    bit_put(c->working, day, kind == DAY_WORKDAY);
    return true;
}

bool calendar_is_published(const struct calendar *c, int year)
{
    const struct notice *n = notice_of(c, year);

    return n && n->published;
}

bool calendar_next_year(const struct calendar *c, int *year)
{
    for (int y = *year < FIRST_YEAR ? FIRST_YEAR : *year + 1; y <= LAST_YEAR; y++) {
        if (!calendar_is_published(c, y)) {
            continue;
        }
        *year = y;
        return true;
    }
    return false;
}

bool calendar_is_working(const struct calendar *c, struct date day)
{
    return works(c, day);
}

const char *calendar_day_off(const struct calendar *c, struct date day)
{
    if (works(c, day)) {
        return NULL;
    }
    enum day_kind kind;
    const char *name;
    return calendar_notice(c, day, &kind, &name) ? name : calendar_weekend;
}

static void trace_day_off(const struct calendar *c, struct date day, enum roll roll,
                          struct trace *t)
{
    char text[DATE_TEXT];

    if (!t) {
        return;
    }
    date_text(day, text);
    trace_step(t, TRACE_ROLL, TRACE_COMPUTED, NULL, text,
               "%s is a day off (%s%s): on to the %s day", text, calendar_day_off(c, day),
               day_published(c, day) ? "" : "; no calendar published yet for its year",
               roll == ROLL_FOLLOWING ? "following" : "preceding");
}

struct date calendar_roll(const struct calendar *c, struct date day, enum roll roll,
                          bool *provisional, struct trace *t)
{
    int step = roll == ROLL_FOLLOWING ? 1 : -1;
    bool unpublished = !day_published(c, day);

    while (!works(c, day)) {
        trace_day_off(c, day, roll, t);
        day = date_plus(day, step);
        unpublished |= !day_published(c, day);
    }
    if (unpublished && provisional) {
        *provisional = true;
    }
    return day;
}

static void trace_not_counted(const struct calendar *c, struct date day, struct trace *t)
{
    char text[DATE_TEXT];

    if (!t) {
        return;
    }
    date_text(day, text);
    trace_step(t, TRACE_ROLL, TRACE_COMPUTED, NULL, text, "%s is a day off (%s%s): not counted",
               text, calendar_day_off(c, day),
               day_published(c, day) ? "" : "; no calendar published yet for its year");
}

struct date calendar_add_working(const struct calendar *c, struct date day, int n,
                                 bool *provisional, struct trace *t)
{
    int step = n > 0 ? 1 : -1;
    bool unpublished = false;

    for (int left = n * step; left > 0;) {
        day = date_plus(day, step);
        unpublished |= !day_published(c, day);
        left -= works(c, day);
        if (!works(c, day)) {
            trace_not_counted(c, day, t);
        }
    }
    if (unpublished && provisional) {
        *provisional = true;
    }
    return day;
}

bool calendar_notice(const struct calendar *c, struct date day, enum day_kind *kind,
                     const char **name)
{
    int year = date_ymd(day).year;
    const struct notice *n = notice_of(c, year);
    int i = n ? day_of_year(day, year) : 0;

    if (!n || !n->days[i].name) {
        return false;
    }
    *kind = n->days[i].kind;
    *name = n->days[i].name;
    return true;
}
