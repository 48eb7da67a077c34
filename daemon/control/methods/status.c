/* status: how the service is. */
#include "control/methods.h"
#include "delivery/daily.h"
#include "delivery/maintenance.h"
#include "rules/protection.h"
#include "store/backup.h"
#include "store/message.h"
#include "store/quarantine.h"

#define NAMED_MAX 10      /* households set aside that a warning names */
#define ASIDE_LOOK 10000  /* rows looked at to count them */
#define GRACE_SECONDS 600 /* a run that takes its time is not overdue yet */

/* ---- calendars ---- */

static void add_year(json_t *list, int year, bool published)
{
    json_array_append_new(list, json_pack("{s:i, s:s}", "year", year, "state",
                                          published ? "published" : "provisional"));
}

/* The published years and, where they are not among them, this one and the next. */
static json_t *calendars(const struct work *w, int this_year)
{
    const struct calendar *calendar = w->rules->calendar;
    json_t *list = json_array();
    int wanted = this_year;

    for (int year = 0; calendar_next_year(calendar, &year);) {
        for (; wanted <= this_year + 1 && wanted < year; wanted++) {
            add_year(list, wanted, false);
        }
        wanted += wanted == year;
        add_year(list, year, true);
    }
    for (; wanted <= this_year + 1; wanted++) {
        add_year(list, wanted, false);
    }
    return list;
}

/* ---- counts ---- */

/* The counts are kept for the whole store: an account bound to divisions is not told them. */
static json_t *count(const struct call *c, int64_t value)
{
    return c->peer->division_count == 0 ? json_integer(value) : json_null();
}

static json_t *counts_of(const struct call *c, const struct store_counts *n, int64_t is_protected)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "households",
                     count(c, n->households), "active", count(c, n->active), "protected",
                     count(c, is_protected), "open_tasks", count(c, n->open_tasks), "late",
                     count(c, n->late), "birth_unknown", count(c, n->birth_unknown),
                     "history_unknown", count(c, n->history_unknown), "unsettled",
                     count(c, n->unsettled));
}

/* ---- warnings ---- */

static void warn(json_t *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void warn(json_t *list, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_vaddf(&text, format, args);
    va_end(args);
    json_array_append_new(list, json_str(strbuf_str(&text)));
    strbuf_free(&text);
}

static void warn_calendars(json_t *list, const struct work *w, int this_year)
{
    for (int year = this_year; year <= this_year + 1; year++) {
        if (!calendar_is_published(w->rules->calendar, year)) {
            warn(list, "no calendar of %d is published: dates in that year are provisional", year);
        }
    }
}

/* Both lists, or the warnings alone: what `status --check` fails on is an alarm. */
struct findings {
    json_t *warnings, *alarms;
};

static void alarm_put(struct findings *f, struct str text)
{
    json_array_append_new(f->alarms, json_str(text));
    json_array_append_new(f->warnings, json_str(text));
}

static bool find_run(struct findings *f, struct work *w, const struct run_row *last,
                     struct error *err)
{
    struct date today = work_today(w);
    struct strbuf text = STRBUF_INIT;
    char day[DATE_TEXT];
    bool due;

    if (!daily_due(w, &due, err)) {
        return false;
    }
    if (w->held) {
        strbuf_addf(
            &text,
            "the daily run is held: nothing ran since %s; reviewctl run --confirm catches up",
            date_is(last->day) ? date_text(last->day, day) : "the store was made");
    } else if (due && clock_now(w->clock) >= work_run_instant(w, today) + GRACE_SECONDS) {
        strbuf_addf(&text, "the run of %s is overdue", date_text(today, day));
    }
    if (text.len) {
        alarm_put(f, strbuf_str(&text));
    }
    strbuf_free(&text);
    return true;
}

/* What the machine refused, and will be asked again. Where that was can be another township: an
 * account that is bound to divisions is told what, not where. */
static void find_standing(struct findings *f, const struct call *c, struct work *w)
{
    static const struct {
        const char *what;
        bool alarm;
    } kinds[STANDING_COUNT] = {
        [STANDING_STORE] = {"the store refused the last change", true},
        [STANDING_SPOOL] = {"no list can be delivered", true},
        [STANDING_FOLDER] = {"the spool has broken folders", true},
        [STANDING_IMPORT] = {"an accepted import waits to be applied", true},
        [STANDING_CALENDAR] = {"a calendar is not taken", true},
        [STANDING_METRICS] = {"the metrics file is not written", false},
    };

    for (int i = 0; i < STANDING_COUNT; i++) {
        struct strbuf text = STRBUF_INIT;
        strbuf_addf(&text, "%s: ", kinds[i].what);
        bool stands = metrics_standing(w->metrics, (enum standing)i, &text);
        if (c->peer->division_count > 0) {
            strbuf_reset(&text);
            strbuf_addz(&text, kinds[i].what);
        }
        if (!stands) {
            ;
        } else if (kinds[i].alarm) {
            alarm_put(f, strbuf_str(&text));
        } else {
            json_array_append_new(f->warnings, json_str(strbuf_str(&text)));
        }
        strbuf_free(&text);
    }
}

/* Of any township, so for accounts that see all. Messages that lie: by socket nobody takes them, by
 * spool no run delivered them. */
static bool find_messages(struct findings *f, struct work *w, struct error *err)
{
    struct strbuf text = STRBUF_INIT;
    struct date oldest, today = work_today(w);
    char day[DATE_TEXT];

    if (!store_message_oldest(w->store, &oldest, err)) {
        return false;
    }
    if (date_is(oldest) &&
        date_cmp(calendar_add_working(w->rules->calendar, oldest, UPKEEP_PATIENCE, NULL, NULL),
                 today) <= 0) {
        strbuf_addf(&text, "a message of %s is neither delivered nor acknowledged",
                    date_text(oldest, day));
        alarm_put(f, strbuf_str(&text));
    }
    strbuf_free(&text);
    return true;
}

struct quarantine {
    struct call *c;
    struct work *w;
    struct error *err;
    struct strbuf names;
    int count, looked;
    bool failed;
};

static bool take_aside(void *self, const struct quarantine_row *row)
{
    struct quarantine *a = self;
    struct household_row household;

    if (a->c->peer->division_count > 0) {
        if (!store_household_get(a->w->store, &a->c->arena, row->household_id, &household,
                                 a->err)) {
            a->failed = true;
            return false;
        }
        if (!peer_sees_in(a->c->peer, household.township, household.division)) {
            return ++a->looked < ASIDE_LOOK;
        }
    }
    if (a->count++ < NAMED_MAX) {
        strbuf_addf(&a->names, "%s%.*s", a->count > 1 ? ", " : "", STR_ARG(row->household));
    }
    return ++a->looked < ASIDE_LOOK;
}

static bool warn_aside(json_t *list, struct call *c, struct work *w, struct error *err)
{
    struct quarantine a = {.c = c, .w = w, .err = err};
    bool ok = store_quarantine_each(w->store, &c->arena, take_aside, &a, err) && !a.failed;

    if (ok && a.count > 0) {
        warn(list, "%d household%s set aside by the daily run: %s%s", a.count,
             a.count == 1 ? " is" : "s are", strbuf_text(&a.names),
             a.count > NAMED_MAX ? ", …" : "");
    }
    strbuf_free(&a.names);
    return ok;
}

/* For as long as papers of the lost future can still come back. */
#define RESTORED_DAYS 30

static bool warn_restored(json_t *list, struct call *c, struct work *w, struct error *err)
{
    struct restored_row row;
    int64_t at;

    if (!store_restored_last(w->store, &c->arena, &row, err)) {
        return false;
    }
    if (row.epoch == 0 || !clock_parse(str_of(row.at), &at, NULL) ||
        clock_now(w->clock) > at + (int64_t)RESTORED_DAYS * 24 * 3600) {
        return true;
    }
    warn(list,
         "restored on %.10s from the backup of %s: what was recorded in between is lost, and lists "
         "printed in between carry task numbers that nobody knows",
         row.at, row.backed_up);
    return true;
}

/* Bindings are the configuration's: nobody but its owner can say what becomes of them. */
static bool warn_bound(json_t *list, struct call *c, struct work *w, struct error *err)
{
    const struct settings *s = w->settings;
    char old[DIVISION_TEXT], text[DIVISION_TEXT];

    for (int i = 0; c->peer->division_count == 0 && i < s->account_count; i++) {
        for (int k = 0; k < s->accounts[i].division_count; k++) {
            int64_t code = s->accounts[i].divisions[k], now;
            if (!store_division_now(w->store, code, &now, err)) {
                return false;
            }
            if (now != code) {
                warn(list, "account %s is bound to %s, which was joined to %s: see reviewd.conf",
                     s->accounts[i].user, division_text(code, old), division_text(now, text));
            }
        }
    }
    return true;
}

static bool find(struct findings *f, struct call *c, struct work *w, const struct run_row *last,
                 struct error *err)
{
    bool ok =
        find_run(f, w, last, err) && (c->peer->division_count > 0 || find_messages(f, w, err));

    if (!ok) {
        return false;
    }
    find_standing(f, c, w);
    warn_calendars(f->warnings, w, date_ymd(work_today(w)).year);
    return warn_aside(f->warnings, c, w, err) && warn_restored(f->warnings, c, w, err) &&
           warn_bound(f->warnings, c, w, err);
}

/* ---- the call ---- */

/* The latest day whose run is complete: the one under way has each day before it behind it. */
static bool last_run(struct work *w, const struct run_row *last, struct date *day,
                     struct error *err)
{
    struct run_row before;

    *day = last->day;
    if (!date_is(last->day) || last->phase == RUN_DONE) {
        return true;
    }
    if (!store_run_get(w->store, date_plus(last->day, -1), &before, err)) {
        return false;
    }
    *day = before.day;
    return true;
}

struct facts {
    const struct policy *policy;
    struct store_counts counts;
    struct run_row last;
    struct date last_run;
    int64_t next_run;
    char head[DIGEST_HEX + 1];
};

static bool facts_load(struct work *w, struct facts *f, struct error *err)
{
    struct date today = work_today(w);

    f->policy = work_policy(w, today, NULL);
    if (!store_counts(w->store, today, clock_now(w->clock), &f->counts, err) ||
        !store_audit_head(w->store, f->head, NULL, err) ||
        !store_run_last(w->store, &f->last, err) || !last_run(w, &f->last, &f->last_run, err)) {
        return false;
    }
    f->next_run = work_next_run(w, err);
    return f->next_run >= 0;
}

static bool status_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct facts f;
    struct findings found = {json_array(), json_array()};

    if (!facts_load(w, &f, err) || !find(&found, c, w, &f.last, err)) {
        json_decref(found.warnings);
        json_decref(found.alarms);
        return false;
    }
    if (call_bool(c, "check")) {
        json_decref(found.warnings);
        *result = json_pack("{s:o}", "alarms", found.alarms);
        return true;
    }
    *result = json_pack(
        "{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:s, s:o, s:o}", "version",
        REVIEWD_VERSION, "now", methods_instant(clock_now(w->clock)), "timezone",
        w->settings->timezone, "policy", methods_policy(f.policy), "calendars",
        calendars(w, date_ymd(work_today(w)).year), "counts",
        counts_of(c, &f.counts, protection_count(f.policy, f.counts.by_status_register)),
        "last_run", json_day(f.last_run), "next_run", methods_instant(f.next_run), "queues",
        "messages", count(c, f.counts.messages), "leased", count(c, f.counts.leased), "audit_head",
        f.head, "warnings", found.warnings, "alarms", found.alarms);
    return true;
}

static const struct param status_params[] = {
    {"check", PARAM_BOOLEAN, false, NULL, "only what a person must act on"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

const struct method methods_status[] = {
    {.name = "status",
     .least = ROLE_VIEWER,
     .bound = BOUND_NOWHERE,
     .how = METHOD_QUERY,
     .summary = "How the service is: policy, calendars, counts, runs, queues, warnings",
     .params = status_params,
     .run = status_run,
     .result_help =
         "`{version, now, timezone, policy: {name, from, until, hash}, calendars: [{year, state}], "
         "counts: {households, active, protected, open_tasks, late, birth_unknown, "
         "history_unknown, unsettled}, last_run, "
         "next_run, queues: "
         "{messages, leased}, audit_head, warnings, alarms}`. `policy` is null before the first "
         "version. "
         "`state` is `published` or `provisional`. `last_run` is the latest day whose run is "
         "complete, `next_run` the instant of the next. `birth_unknown` counts present members "
         "whose birthday is not known, so that no age of theirs is ever told; `history_unknown` "
         "households whose reviews before their entry are unknown; `unsettled` those whose tier is "
         "waited for (待补成员信息), which are not late. `messages` are those "
         "neither delivered nor "
         "acknowledged. `warnings` are texts; those that a person must act on (the run is overdue "
         "or "
         "held, the spool fails, an accepted import waits, messages lie for three working days) "
         "are "
         "in `alarms` too. With `check` the result is `{alarms}` alone, and `reviewctl` exits 1 "
         "where "
         "there is one. An account bound to divisions gets null for each "
         "count: they are of the whole store."},
    {.name = NULL},
};
