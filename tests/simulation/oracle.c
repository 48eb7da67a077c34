#include "oracle.h"

#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const o_tiers[] = {"annual", "semi-annual", "quarterly", NULL};
const char *const o_statuses[] = {"active", "suspended", "closed", "register-only", NULL};
const char *const o_registers[] = {"none", "registered", "exited", "returned", NULL};
const char *const o_states[] = {"open",       "satisfied", "answered", "missed",
                                "superseded", "ended",     NULL};
const char *const o_kinds[] = {"regular-review",     "triggered-review", "register-adjustment",
                               "register-candidate", "dibao-candidate",  NULL};
const char *const o_task_states[] = {"open", "done", "cancelled", NULL};
const char *const o_presents[] = {"present", "died", "moved-out", NULL};
const char *const o_sources[] = {"given", "derived", "default", NULL};
const char *const o_works[] = {"none", "partial", "full", NULL};
const char *const o_incomes[] = {"stable", "variable", NULL};
const char *const o_reports[] = {"illness",  "accident", "death",  "birth",    "move-in",
                                 "move-out", "income",   "assets", "disaster", "schooling",
                                 "other",    "age",      NULL};
const char *const o_grounds[] = {"all-members-gone",
                                 "member-change",
                                 "income-clearly-above",
                                 "assets-clearly-above",
                                 "income-above",
                                 "assets-above",
                                 "transferred",
                                 "voluntary",
                                 "fraud",
                                 "other",
                                 NULL};
const char *const o_decisions[] = {"keep", "exit", "return", "add", "apply", "not-eligible", NULL};

static const int tier_interval[] = {12, 6, 3};

static void *grow(void *items, int count, size_t size)
{
    if ((count & (count - 1)) == 0) { /* full at each power of two */
        items = realloc(items, (size_t)(count ? count * 2 : 1) * size);
        if (!items) {
            abort();
        }
    }
    return items;
}

/* The place for one element more of a list, cleared. */
#define ADD(list, count)                                                                           \
    ((list) = grow((list), (count), sizeof *(list)), memset(&(list)[(count)], 0, sizeof *(list)),  \
     &(list)[(count)++])

/* ---- the almanac: every day from 1900 to 2060, counted one by one ---- */

#define FIRST_YEAR 1900
#define LAST_YEAR 2060
#define FIRST_DAY (-25567) /* 1900-01-01, a Monday */

static struct {
    short year;
    signed char month, day, last;
    bool off;
} almanac[(LAST_YEAR - FIRST_YEAR + 1) * 366];
static bool published[LAST_YEAR + 1];
static int almanac_count;

static int length_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static void count_days(void)
{
    int weekday = 1;
    if (almanac_count) {
        return;
    }
    for (int y = FIRST_YEAR; y <= LAST_YEAR; y++) {
        for (int m = 1; m <= 12; m++) {
            for (int d = 1; d <= length_of(y, m); d++) {
                almanac[almanac_count].year = (short)y;
                almanac[almanac_count].month = (signed char)m;
                almanac[almanac_count].day = (signed char)d;
                almanac[almanac_count].last = (signed char)length_of(y, m);
                almanac[almanac_count++].off = weekday == 0 || weekday == 6;
                weekday = (weekday + 1) % 7;
            }
        }
    }
}

#define AT(d) (almanac[(d)-FIRST_DAY])

int day_of(int year, int month, int day)
{
    count_days();
    int i = (year - FIRST_YEAR) * 365;
    while (almanac[i].year != year || almanac[i].month != month || almanac[i].day != day) {
        if (++i >= almanac_count) {
            fprintf(stderr, "oracle: no such day: %d-%d-%d\n", year, month, day);
            abort();
        }
    }
    return i + FIRST_DAY;
}

void day_split(int day, int *year, int *month, int *mday)
{
    count_days();
    *year = AT(day).year;
    *month = AT(day).month;
    *mday = AT(day).day;
}

const char *day_text(int day)
{
    static char ring[16][40];
    static int at;
    char *out = ring[at++ % 16];
    if (day == NO_DAY) {
        return "-";
    }
    snprintf(out, sizeof ring[0], "%04d-%02d-%02d", AT(day).year, AT(day).month, AT(day).day);
    return out;
}

static int day_read(const char *text)
{
    int y, m, d;
    return text && sscanf(text, "%d-%d-%d", &y, &m, &d) == 3 ? day_of(y, m, d) : NO_DAY;
}

bool is_working(int day)
{
    return !AT(day).off;
}

bool is_published(int year)
{
    return published[year];
}

bool oracle_read_calendar(const char *folder, int year)
{
    char path[4096], line[256], kind[16];
    int y, m, d;
    count_days();
    snprintf(path, sizeof path, "%s/%d.csv", folder, year);
    FILE *f = fopen(path, "re");
    if (!f) {
        return false;
    }
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%d-%d-%d,%15[^,]", &y, &m, &d, kind) == 4) {
            AT(day_of(y, m, d)).off = strcmp(kind, "holiday") == 0;
        }
    }
    fclose(f);
    published[year] = true;
    return true;
}

/* Whether a year without its file was looked at goes into *provisional. */
static int roll(int day, bool following, bool *provisional)
{
    bool unknown = !published[AT(day).year];
    while (AT(day).off) {
        day += following ? 1 : -1;
        unknown = unknown || !published[AT(day).year];
    }
    if (provisional) {
        *provisional = unknown;
    }
    return day;
}

int add_working(int day, int n)
{
    while (n != 0) {
        day += n > 0 ? 1 : -1;
        if (!AT(day).off) {
            n += n > 0 ? -1 : 1;
        }
    }
    return day;
}

/* ---- the policies ---- */

struct month_day {
    int month, day;
};
struct tier_rule {
    enum o_tier tier;
    bool has_when, any;
    unsigned works, incomes; /* sets; 0: not asked */
};
struct rung {
    char name[24];
    int working_days, to; /* 0 township, 1 district, 2 city */
};
static struct o_policy {
    int from, until;
    bool calendar_basis, following, restart, continuity;
    int lead[3], postpone_limit;
    struct tier_rule rules[8];
    int rule_count;
    unsigned states;
    double ratio;
    char assets[8][24];
    int asset_count, pension_until, notice_days, announce, ages[8], age_count, triggered;
    struct month_day opens, visits, township, closes;
    struct rung rungs[8];
    int rung_count;
} policies[8];
static int policy_count;

static const char *text_at(config_t *c, const char *path)
{
    const char *text = NULL;
    config_lookup_string(c, path, &text);
    return text;
}

static int word(const char *const *words, const char *text)
{
    for (int i = 0; text && words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    fprintf(stderr, "oracle: unknown word %s\n", text ? text : "(none)");
    abort();
}

static unsigned set_of(config_setting_t *list, const char *const *words)
{
    unsigned set = 0;
    for (int i = 0; list && i < config_setting_length(list); i++) {
        set |= 1u << word(words, config_setting_get_string_elem(list, i));
    }
    return set;
}

static struct month_day month_day_at(config_t *c, const char *path)
{
    struct month_day d = {0, 0};
    if (sscanf(text_at(c, path), "%d-%d", &d.month, &d.day) != 2) {
        abort();
    }
    return d;
}

static void read_rules(config_t *c, struct o_policy *p)
{
    config_setting_t *rules = config_lookup(c, "tier.rules");
    for (int i = 0; i < config_setting_length(rules); i++) {
        config_setting_t *s = config_setting_get_elem(rules, (unsigned)i);
        struct tier_rule *r = &p->rules[p->rule_count++];
        const char *tier = NULL, *who = NULL;
        config_setting_lookup_string(s, "tier", &tier);
        r->tier = (enum o_tier)word(o_tiers, tier);
        r->incomes = set_of(config_setting_get_member(s, "income_kind"), o_incomes);
        config_setting_t *when = config_setting_get_member(s, "when");
        if (when && config_setting_length(when) > 0) {
            config_setting_t *w = config_setting_get_elem(when, 0);
            config_setting_lookup_string(w, "who", &who);
            r->has_when = true;
            r->any = strcmp(who, "any") == 0;
            r->works = set_of(config_setting_get_member(w, "work_ability"), o_works);
        }
    }
}

static void read_lists(config_t *c, struct o_policy *p)
{
    static const char *const targets[] = {"township", "district", "city", NULL};
    config_setting_t *list = config_lookup(c, "cycle.tiers");
    for (int i = 0; i < config_setting_length(list); i++) {
        config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
        const char *tier = NULL;
        int lead = 0;
        config_setting_lookup_string(s, "tier", &tier);
        config_setting_lookup_int(s, "lead_days", &lead);
        p->lead[word(o_tiers, tier)] = lead;
    }
    list = config_lookup(c, "protection.assets.words");
    for (int i = 0; i < config_setting_length(list); i++) {
        snprintf(p->assets[p->asset_count++], sizeof p->assets[0], "%s",
                 config_setting_get_string_elem(list, i));
    }
    list = config_lookup(c, "ages.years");
    for (int i = 0; i < config_setting_length(list); i++) {
        p->ages[p->age_count++] = config_setting_get_int_elem(list, i);
    }
    list = config_lookup(c, "alerts.rungs");
    for (int i = 0; i < config_setting_length(list); i++) {
        config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
        struct rung *r = &p->rungs[p->rung_count++];
        const char *name = NULL, *to = NULL;
        config_setting_lookup_string(s, "name", &name);
        config_setting_lookup_string(s, "to", &to);
        config_setting_lookup_int(s, "working_days", &r->working_days);
        snprintf(r->name, sizeof r->name, "%s", name);
        r->to = word(targets, to);
    }
}

static bool read_policy(const char *path)
{
    config_t c;
    struct o_policy *p = &policies[policy_count];
    int flag = 0;
    config_init(&c);
    if (!config_read_file(&c, path)) {
        fprintf(stderr, "oracle: %s: %s\n", path, config_error_text(&c));
        return false;
    }
    p->from = day_read(text_at(&c, "in_force.from"));
    p->until = day_read(text_at(&c, "in_force.until"));
    p->calendar_basis = strcmp(text_at(&c, "cycle.basis.value"), "calendar") == 0;
    p->following = strcmp(text_at(&c, "cycle.roll.value"), "following") == 0;
    config_lookup_bool(&c, "cycle.restart.value", &flag);
    p->restart = flag;
    config_lookup_int(&c, "cycle.postpone.limit_days", &p->postpone_limit);
    flag = 0;
    config_lookup_bool(&c, "protection.continuity", &flag);
    p->continuity = flag;
    p->states = set_of(config_lookup(&c, "protection.states"), o_registers);
    config_lookup_float(&c, "protection.clearly_above.ratio", &p->ratio);
    p->pension_until = day_read(text_at(&c, "protection.pension.until"));
    p->opens = month_day_at(&c, "register.opens");
    p->visits = month_day_at(&c, "register.visits_until");
    p->township = month_day_at(&c, "register.township_by");
    p->closes = month_day_at(&c, "register.closes");
    config_lookup_int(&c, "register.notice_days", &p->notice_days);
    config_lookup_int(&c, "protection.announce.days", &p->announce);
    config_lookup_int(&c, "triggered.working_days", &p->triggered);
    read_rules(&c, p);
    read_lists(&c, p);
    config_destroy(&c);
    policy_count++;
    return true;
}

bool oracle_read_policies(const char *folder)
{
    static const char *const names[] = {"2017-campaign", "2021-transition", "2026-regular"};
    char path[4096];
    count_days();
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s.conf", folder, names[i]);
        if (!read_policy(path)) {
            return false;
        }
    }
    return true;
}

static const struct o_policy *policy_on(int day)
{
    for (int i = 0; i < policy_count; i++) {
        if (day >= policies[i].from && (policies[i].until == NO_DAY || day <= policies[i].until)) {
            return &policies[i];
        }
    }
    fprintf(stderr, "oracle: no policy on %s\n", day_text(day));
    abort();
}

const char *oracle_asset(unsigned which)
{
    return (int)which < policies[0].asset_count ? policies[0].assets[which] : NULL;
}

/* ---- divisions ---- */

struct o_village *villages;
int village_count;

bool oracle_read_divisions(const char *path)
{
    char line[512], level[16];
    long long code, parent;
    long long districts[2] = {0, 0};
    FILE *f = fopen(path, "re");
    if (!f) {
        return false;
    }
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%lld,%lld,%15[^,]", &code, &parent, level) == 3 &&
            strcmp(level, "village") == 0) {
            struct o_village *v = ADD(villages, village_count);
            v->village = code;
            v->township = parent;
            v->district = parent / 1000000 * 1000000;
            v->district_index = districts[0] && districts[0] != v->district;
            districts[v->district_index] = v->district;
        }
    }
    fclose(f);
    return village_count > 0;
}

/* ---- households ---- */

struct o_household *oracle_add(struct oracle *o, const char *code)
{
    struct o_household *h = calloc(1, sizeof *h);
    *ADD(o->households, o->count) = h;
    snprintf(h->code, sizeof h->code, "%s", code);
    h->approved = h->anchor = h->last_review = h->satisfied = NO_DAY;
    h->income = h->pension = h->cost = h->income_kind = h->open = -1;
    return h;
}

void oracle_note(struct o_household *h, int day, const char *format, ...)
{
    char line[512];
    va_list args;
    int n = snprintf(line, sizeof line, "%s ", day_text(day));
    va_start(args, format);
    n += vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);
    va_end(args);
    n = n > (int)sizeof line - 2 ? (int)sizeof line - 2 : n;
    line[n++] = '\n';
    h->history = realloc(h->history, h->history_len + (size_t)n + 1);
    memcpy(h->history + h->history_len, line, (size_t)n);
    h->history_len += (size_t)n;
    h->history[h->history_len] = '\0';
}

int oracle_open_task(const struct o_household *h, enum o_kind kind)
{
    for (int i = h->task_count - 1; i >= 0; i--) {
        if (h->tasks[i].kind == kind && h->tasks[i].state == T_OPEN) {
            return i;
        }
    }
    return -1;
}

static int present(const struct o_household *h)
{
    int n = 0;
    for (int i = 0; i < h->member_count; i++) {
        n += h->members[i].status == M_PRESENT;
    }
    return n;
}

static struct o_member *member_of(const struct o_household *h, const char *name)
{
    for (int i = 0; name && i < h->member_count; i++) {
        if (strcmp(h->members[i].name, name) == 0) {
            return &h->members[i];
        }
    }
    return NULL;
}

/* ---- what can be taken back ---- */

static void *list_copy(const void *list, int count, size_t size)
{
    void *copy = malloc((size_t)count * size + 1);
    if (count) {
        memcpy(copy, list, (size_t)count * size);
    }
    return copy;
}

/* The household as it stands; without its history. */
static struct o_household *copy_of(const struct o_household *h)
{
    struct o_household *c = malloc(sizeof *c);
    *c = *h;
    c->members = list_copy(h->members, h->member_count, sizeof *h->members);
    c->cycles = list_copy(h->cycles, h->cycle_count, sizeof *h->cycles);
    c->tasks = list_copy(h->tasks, h->task_count, sizeof *h->tasks);
    c->reports = list_copy(h->reports, h->report_count, sizeof *h->reports);
    c->spans = list_copy(h->spans, h->span_count, sizeof *h->spans);
    c->pending = list_copy(h->pending, h->pending_count, sizeof *h->pending);
    c->history = NULL;
    c->events = NULL;
    return c;
}

static void free_copy(struct o_household *c)
{
    if (c) {
        free(c->members);
        free(c->cycles);
        free(c->tasks);
        free(c->reports);
        free(c->spans);
        free(c->pending);
        free(c);
    }
}

#define KEPT 3 /* so many events back, for memory's sake */

/* An act that was accepted is an event. */
static const char *noted(struct o_household *h, int kind, struct o_household *was,
                         const char *refused, int today)
{
    if (refused) {
        free_copy(was);
        return refused;
    }
    *ADD(h->events, h->event_count) = (struct o_event){.kind = kind, .day = today, .was = was};
    if (h->event_count > KEPT) {
        struct o_event *old = &h->events[h->event_count - 1 - KEPT];
        free_copy(old->was);
        old->was = NULL;
    }
    return NULL;
}

static void forget_events(struct o_household *h)
{
    for (int i = 0; i < h->event_count; i++) {
        free_copy(h->events[i].was);
    }
    h->event_count = 0;
}

/* ---- messages ---- */

static struct o_message *say(struct oracle *o, const char *kind, long long division,
                             const char *subject, int day)
{
    struct o_message *m = ADD(o->messages, o->message_count);
    *m = (struct o_message){-1, -1, day, division, kind, "", NULL};
    snprintf(m->subject, sizeof m->subject, "%s", subject);
    return m;
}

/* To the division of the task: 0 its township, 1 the district, 2 the city. */
static void say_of(struct oracle *o, const char *kind, const struct o_household *h, int task,
                   const char *subject, int to, int day)
{
    const struct o_village *v = &villages[h->tasks[task].township];
    struct o_message *m = say(o, kind,
                              to == 0   ? v->township
                              : to == 1 ? v->district
                                        : CITY,
                              subject, day);
    m->task = task;
    for (m->household = 0; o->households[m->household] != h; m->household++) {
    }
}

/* ---- the grid (3.4) ---- */

static bool is_nominal(const struct o_policy *p, int anchor, enum o_tier tier, int day)
{
    int months = tier_interval[tier];
    if (p->calendar_basis) {
        return AT(day).day == AT(day).last && AT(day).month % months == 0;
    }
    int apart = (AT(day).year - AT(anchor).year) * 12 + AT(day).month - AT(anchor).month;
    int wanted = AT(anchor).day < AT(day).last ? AT(anchor).day : AT(day).last;
    return apart > 0 && apart % months == 0 && AT(day).day == wanted;
}

/* The tier in force on a day; of a day to come, the tier now. */
static enum o_tier tier_on(const struct o_household *h, int day)
{
    enum o_tier tier = h->spans[0].tier;
    for (int i = 1; i < h->span_count; i++) {
        if (day >= h->spans[i].from) {
            tier = h->spans[i].tier;
        }
    }
    return tier;
}

static struct o_cycle dates_of(const struct o_policy *p, int anchor, enum o_tier tier, int nominal)
{
    struct o_cycle c = {.anchor = anchor,
                        .nominal = nominal,
                        .tier = tier,
                        .state = C_OPEN,
                        .closed = NO_DAY,
                        .task = -1};
    c.due = c.rolled = roll(nominal, p->following, &c.provisional);
    c.opens = c.due - p->lead[tier];
    return c;
}

static struct o_task *task_add(struct o_household *h, enum o_kind kind, int due, int today)
{
    struct o_task *t = ADD(h->tasks, h->task_count);
    t->kind = kind;
    t->opened = t->first = today;
    t->nominal = t->original = t->due = t->rolled = due;
    t->done = NO_DAY;
    t->township = h->village;
    t->raised = -1;
    return t;
}

static void open_regular(struct o_household *h, struct o_cycle *c, int today)
{
    struct o_task *t = task_add(h, K_REGULAR, c->due, today);
    t->nominal = c->nominal;
    t->rolled = c->rolled;
    c->task = h->task_count - 1;
}

static void begin_cycle(struct o_household *h, struct o_cycle c, int today)
{
    *ADD(h->cycles, h->cycle_count) = c;
    h->open = h->cycle_count - 1;
    if (c.opens <= today) {
        open_regular(h, &h->cycles[h->open], today);
    }
}

static void close_cycle(struct o_household *h, enum o_cycle_state state, int on)
{
    h->cycles[h->open].state = state;
    h->cycles[h->open].closed = on;
    h->open = -1;
}

/* The first nominal date of the grid that opens after `opens_after`. */
static struct o_cycle first_cycle(const struct o_household *h, const struct o_policy *p, int after,
                                  int opens_after)
{
    for (int day = after + 1;; day++) {
        enum o_tier tier = tier_on(h, day);
        if (is_nominal(p, h->anchor, tier, day)) {
            struct o_cycle c = dates_of(p, h->anchor, tier, day);
            if (c.opens > opens_after) {
                return c;
            }
        }
    }
}

static void qualify(struct oracle *o, struct o_household *h, const struct o_household *was,
                    int today);
static void forget_events(struct o_household *h);

/* A household enters by an import (3.4, Import). */
void oracle_enter(struct oracle *o, struct o_household *h, int today)
{
    const struct o_policy *p = policy_on(today);
    *ADD(h->spans, h->span_count) = (struct o_span){NO_DAY, h->tier};
    h->anchor = h->approved;
    oracle_note(h, today,
                "enters: %s, register %s, tier %s (%s), approved %s, last review %s, village %lld",
                o_statuses[h->status], o_registers[h->state], o_tiers[h->tier],
                o_sources[h->source], day_text(h->approved), day_text(h->last_review),
                villages[h->village].village);
    if (h->status != O_REGISTER_ONLY) {
        int reviewed = h->last_review == NO_DAY ? h->anchor : h->last_review;
        /* No window is longer than a year: a date that opens by then is found within it. */
        for (int day = h->anchor + 1; h->last_review != NO_DAY && day <= reviewed + 366; day++) {
            if (is_nominal(p, h->anchor, h->tier, day) &&
                dates_of(p, h->anchor, h->tier, day).opens <= reviewed) {
                h->satisfied = day;
            }
        }
        int after = h->satisfied == NO_DAY ? h->anchor : h->satisfied;
        begin_cycle(h, first_cycle(h, p, after, reviewed), today);
    }
    qualify(o, h, NULL, today);
}

void oracle_readmit(struct oracle *o, struct o_household *h, int approved, int today)
{
    const struct o_household was = *h;
    h->status = O_ACTIVE;
    h->approved = h->anchor = approved;
    h->last_review = h->satisfied = NO_DAY;
    forget_events(h); /* what was before is not taken back any more */
    oracle_note(h, today, "readmitted, approved %s", day_text(approved));
    begin_cycle(h, first_cycle(h, policy_on(today), approved, approved), today);
    qualify(o, h, &was, today);
}

int oracle_uncovered(const struct o_household *h, const int *nominals, int count)
{
    int first = NO_DAY;
    for (int i = 0; i < count; i++) {
        if (nominals[i] > h->anchor && (first == NO_DAY || nominals[i] < first)) {
            first = nominals[i];
        }
    }
    for (int day = first; h->open >= 0 && first != NO_DAY && day < h->cycles[h->open].nominal;
         day++) {
        bool there = !is_nominal(policy_on(day < policies[0].from ? policies[0].from : day),
                                 h->anchor, tier_on(h, day), day);
        for (int i = 0; !there && i < count; i++) {
            there = nominals[i] == day;
        }
        for (int i = 1; !there && i < h->span_count; i++) {
            there = h->spans[i].from == day;
        }
        if (!there) {
            return day;
        }
    }
    return NO_DAY;
}

/* ---- tiers (3.3) ---- */

static bool rule_holds(const struct tier_rule *r, const struct o_household *h)
{
    if (r->incomes && (h->income_kind < 0 || !(r->incomes >> h->income_kind & 1))) {
        return false;
    }
    if (!r->has_when) {
        return true;
    }
    for (int i = 0; i < h->member_count; i++) {
        const struct o_member *m = &h->members[i];
        bool fits = m->work >= 0 && (r->works >> m->work & 1);
        if (m->status == M_PRESENT && fits == r->any) {
            return r->any;
        }
    }
    return !r->any;
}

/* The open cycle gives way to the first of the new grid whose deadline is ahead. */
static void regrid(struct o_household *h, int changed, int today)
{
    const struct o_policy *p = policy_on(changed);
    close_cycle(h, C_SUPERSEDED, changed);
    for (int day = (h->satisfied == NO_DAY ? h->anchor : h->satisfied) + 1;; day++) {
        if (is_nominal(p, h->anchor, h->tier, day) &&
            dates_of(p, h->anchor, h->tier, day).due > changed) {
            begin_cycle(h, dates_of(p, h->anchor, h->tier, day), today);
            return;
        }
    }
}

static void set_tier(struct o_household *h, enum o_tier tier, enum o_source source, int today)
{
    if (tier != h->tier || source != h->source) {
        oracle_note(h, today, "tier %s (%s) -> %s (%s)", o_tiers[h->tier], o_sources[h->source],
                    o_tiers[tier], o_sources[source]);
    }
    h->source = source;
    if (tier == h->tier) {
        return;
    }
    h->tier = tier;
    *ADD(h->spans, h->span_count) = (struct o_span){today, tier};
    if (h->open < 0 || h->cycles[h->open].task >= 0) {
        return; /* an open task keeps its dates */
    }
    regrid(h, today, today);
}

static void derive_tier(struct o_household *h, int today)
{
    const struct o_policy *p = policy_on(today);
    if (h->source == S_GIVEN || present(h) == 0) {
        return;
    }
    for (int i = 0; i < p->rule_count; i++) {
        if (rule_holds(&p->rules[i], h)) {
            set_tier(h, p->rules[i].tier, S_DERIVED, today);
            return;
        }
    }
    set_tier(h, O_QUARTERLY, S_DEFAULT, today);
}

void oracle_import(struct oracle *o, struct o_household *h, int income_kind, long income,
                   long pension, long cost, int tier, int state, int today)
{
    const struct o_household was = *h;
    bool other_kind = income_kind >= 0 && income_kind != h->income_kind;
    oracle_note(h, today, "import of facts: income %s, tier %s, register %s",
                income_kind >= 0 ? o_incomes[income_kind] : "-", tier >= 0 ? o_tiers[tier] : "-",
                state >= 0 ? o_registers[state] : "-");
    for (int i = 0; tier >= 0 && tier != (int)h->tier && i < h->event_count; i++) {
        h->events[i].tier_imported = true;
    }
    h->income_kind = income_kind >= 0 ? income_kind : h->income_kind;
    h->income = income >= 0 ? income : h->income;
    h->pension = pension >= 0 ? pension : h->pension;
    h->cost = cost >= 0 ? cost : h->cost;
    h->state = state >= 0 ? (enum o_register)state : h->state;
    if (tier >= 0) {
        set_tier(h, (enum o_tier)tier, S_GIVEN, today);
    }
    if (other_kind) {
        derive_tier(h, today);
    }
    qualify(o, h, &was, today);
}

void oracle_members_imported(struct o_household *h, int today)
{
    int year, month, mday;
    for (int i = 0; i < h->member_count; i++) {
        const struct o_member *m = &h->members[i];
        if (m->birth == NO_DAY) {
            oracle_note(h, today, "member %s, birth unknown, work %s", m->name,
                        m->work < 0 ? "unknown" : o_works[m->work]);
            continue;
        }
        day_split(m->birth, &year, &month, &mday);
        oracle_note(h, today, "member %s, born %s, work %s", m->name, day_text(m->birth),
                    m->work < 0 ? "unknown" : o_works[m->work]);
    }
    derive_tier(h, today);
}

/* ---- protection (3.5) ---- */

bool oracle_protected(const struct o_household *h, int today)
{
    const struct o_policy *p = policy_on(today);
    return p->continuity && h->status == O_ACTIVE && (p->states >> h->state & 1);
}

unsigned oracle_grounds(struct oracle *o, const struct o_household *h, int on)
{
    const struct o_policy *p = policy_on(on);
    unsigned out = 0;
    int n = present(h);
    if (h->member_count > 0 && n == 0) {
        out |= 1u << G_GONE;
    }
    for (int i = 0; i < h->report_count; i++) {
        if (!h->reports[i].seen &&
            (h->reports[i].kind == R_DEATH || h->reports[i].kind == R_MOVE_OUT)) {
            out |= 1u << G_CHANGE;
        }
    }
    long standard = -1;
    for (int year = AT(on).year - 1900; year >= 0 && standard < 0; year--) {
        if (o->standards[villages[h->village].district_index][year] > 0) {
            standard = o->standards[villages[h->village].district_index][year];
        }
    }
    if (h->income >= 0 && n > 0 && standard > 0) {
        long countable = h->income - (h->cost > 0 ? h->cost : 0);
        if (p->pension_until == NO_DAY || on <= p->pension_until) {
            countable -= h->pension > 0 ? h->pension : 0;
        }
        if (countable * 1000 > standard * (long)(p->ratio * 1000 + 0.5) * n) {
            out |= 1u << G_INCOME_CLEARLY;
        }
    }
    for (int i = 0; i < p->asset_count; i++) {
        for (unsigned j = 0; oracle_asset(j); j++) {
            if ((h->assets >> j & 1) && strcmp(p->assets[i], oracle_asset(j)) == 0) {
                out |= 1u << G_ASSETS_CLEARLY;
            }
        }
    }
    return out;
}

static const char *may_end(struct oracle *o, struct o_household *h, int ground, bool remark, int on)
{
    unsigned borne_out = oracle_grounds(o, h, on);
    if (oracle_protected(h, on)) {
        return ground <= G_ASSETS_CLEARLY && (borne_out >> ground & 1) ? NULL : "protected";
    }
    if (ground == G_OTHER && !remark) {
        return "bad-argument";
    }
    return ground == G_GONE && !(borne_out >> G_GONE & 1) ? "conflict" : NULL;
}

/* Closing ends the cycle and cancels open tasks except the register adjustment (3.4). */
static void close_household(struct o_household *h, int done_task, int on)
{
    h->status = O_CLOSED;
    if (h->open >= 0) {
        close_cycle(h, C_ENDED, on);
    }
    for (int i = 0; i < h->task_count; i++) {
        if (h->tasks[i].state == T_OPEN && i != done_task && h->tasks[i].kind != K_ADJUSTMENT) {
            h->tasks[i].state = T_CANCELLED;
        }
    }
}

static const char *end(struct oracle *o, struct o_household *h, const char *act, int ground,
                       bool remark, int today)
{
    bool suspend = strcmp(act, "suspend") == 0;
    if (h->status == O_CLOSED || (suspend && h->status != O_ACTIVE)) {
        return "conflict";
    }
    const char *refused = may_end(o, h, ground, remark, today);
    if (refused) {
        return refused;
    }
    oracle_note(h, today, "%s on %s", act, o_grounds[ground]);
    if (suspend) {
        h->status = O_SUSPENDED;
    } else {
        close_household(h, -1, today);
    }
    return NULL;
}

const char *oracle_end(struct oracle *o, struct o_household *h, const char *act, int ground,
                       bool remark, int today)
{
    struct o_household *was = copy_of(h);
    return noted(h, E_STATUS, was, end(o, h, act, ground, remark, today), today);
}

static const char *resume(struct oracle *o, struct o_household *h, int today)
{
    if (h->status != O_SUSPENDED) {
        return "conflict";
    }
    const struct o_household was = *h;
    oracle_note(h, today, "resume");
    h->status = O_ACTIVE;
    qualify(o, h, &was, today);
    return NULL;
}

const char *oracle_resume(struct oracle *o, struct o_household *h, int today)
{
    struct o_household *was = copy_of(h);
    return noted(h, E_STATUS, was, resume(o, h, today), today);
}

/* ---- reviews (3.4) ---- */

static void task_done(struct o_task *t, const char *outcome, int on)
{
    t->state = T_DONE;
    t->done = on;
    t->outcome = outcome;
}

/* Reports recorded by the day of a completed review are behind it. */
static void completed(struct o_household *h, int on)
{
    h->last_review = on;
    for (int i = 0; i < h->report_count; i++) {
        h->reports[i].seen = h->reports[i].seen || h->reports[i].recorded <= on;
    }
}

static void satisfy_cycle(struct o_household *h, const struct o_policy *p, int on, int today)
{
    int day = h->cycles[h->open].nominal;
    h->satisfied = day;
    close_cycle(h, C_SATISFIED, on);
    for (day++;; day++) {
        enum o_tier tier = tier_on(h, day);
        if (!is_nominal(p, h->anchor, tier, day)) {
            continue;
        }
        struct o_cycle c = dates_of(p, h->anchor, tier, day);
        if (c.opens > on) {
            begin_cycle(h, c, today);
            return;
        }
        c.state = c.due < on ? C_MISSED : C_ANSWERED;
        c.closed = on;
        h->missed += c.state == C_MISSED;
        h->satisfied = day;
        *ADD(h->cycles, h->cycle_count) = c;
    }
}

static void restart(struct o_household *h, const struct o_policy *p, int on, int today)
{
    int task = h->cycles[h->open].task;
    if (task >= 0 && h->tasks[task].state == T_OPEN) {
        h->tasks[task].state = T_CANCELLED; /* of a cycle that is superseded */
    }
    close_cycle(h, C_SUPERSEDED, on);
    h->anchor = on;
    h->satisfied = NO_DAY;
    begin_cycle(h, first_cycle(h, p, on, on), today);
}

static const char *complete(struct o_household *h, int task, const char *outcome, int on, int today)
{
    const struct o_policy *p = policy_on(on);
    enum o_kind kind = h->tasks[task].kind;
    int regular = oracle_open_task(h, K_REGULAR), triggered = oracle_open_task(h, K_TRIGGERED);
    bool in_window = h->open >= 0 && h->cycles[h->open].opens <= on;
    task_done(&h->tasks[task], outcome, on);
    if (kind == K_REGULAR && triggered >= 0 && h->tasks[triggered].opened <= on) {
        task_done(&h->tasks[triggered], outcome, on);
    }
    if (kind == K_TRIGGERED && regular >= 0 && in_window) {
        task_done(&h->tasks[regular], outcome, on);
    }
    completed(h, on);
    if (in_window) {
        satisfy_cycle(h, p, on, today);
    } else if (h->open >= 0 && p->restart && !p->calendar_basis) {
        restart(h, p, on, today);
    }
    return NULL;
}

static const char *terminate(struct oracle *o, struct o_household *h, int task, int ground,
                             bool remark, int on)
{
    if (ground < 0) {
        return "bad-argument";
    }
    const char *refused = may_end(o, h, ground, remark, on);
    if (refused) {
        return refused;
    }
    close_household(h, task, on);
    task_done(&h->tasks[task], "terminate", on);
    completed(h, on);
    return NULL;
}

static const char *postpone(struct o_household *h, struct o_task *t, int to, bool remark, int today)
{
    const struct o_policy *p = policy_on(today);
    if (t->due < today) {
        return "too-late";
    }
    if (t->due != t->original) {
        return "conflict";
    }
    if (!remark || to == NO_DAY || !is_working(to) || to <= t->due ||
        to > t->original + p->postpone_limit) {
        return "bad-argument";
    }
    if (t->kind == K_REGULAR) {
        struct o_cycle *c = &h->cycles[h->open];
        if (to >= first_cycle(h, p, c->nominal, c->opens).opens) {
            return "bad-argument";
        }
        c->due = to;
        c->provisional = c->provisional || !is_published(AT(to).year);
    }
    t->due = to;
    t->raised = -1;
    return NULL;
}

static const char *review(struct oracle *o, struct o_household *h, int task, const char *outcome,
                          int ground, int on, int to, bool remark, int today)
{
    struct o_task *t = &h->tasks[task];
    const char *refused = NULL;
    bool late = strcmp(outcome, "postpone") == 0;
    if (t->state != T_OPEN || t->kind > K_TRIGGERED) {
        return "conflict";
    }
    if (late) {
        refused = postpone(h, t, to, remark, today);
    } else if (on > today || on < policies[0].from) {
        refused = "bad-argument"; /* nothing is decided before the first version */
    } else if (on < (t->kind == K_REGULAR ? h->cycles[h->open].opens : t->opened) ||
               (h->last_review != NO_DAY && on < h->last_review)) {
        refused = "too-early";
    } else if (strcmp(outcome, "terminate") == 0) {
        refused = terminate(o, h, task, ground, remark, on);
    } else {
        refused = complete(h, task, outcome, on, today);
    }
    oracle_note(h, today, "%s of %s: %s%s%s on %s%s%s: %s", late ? "postponement" : "review",
                o_kinds[h->tasks[task].kind], outcome, ground >= 0 ? " " : "",
                ground >= 0 ? o_grounds[ground] : "", day_text(on), late ? " to " : "",
                late ? day_text(to) : "", refused ? refused : "accepted");
    return refused;
}

const char *oracle_review(struct oracle *o, struct o_household *h, int task, const char *outcome,
                          int ground, int on, int to, bool remark, int today)
{
    struct o_household *was = copy_of(h);
    const char *refused =
        noted(h, E_REVIEW, was, review(o, h, task, outcome, ground, on, to, remark, today), today);
    if (!refused) {
        h->events[h->event_count - 1].task = task;
        h->events[h->event_count - 1].postponed = strcmp(outcome, "postpone") == 0;
    }
    return refused;
}

/* ---- reports (3.7) ---- */

static void record_report(struct o_household *h, int kind, int today)
{
    struct o_report *r = ADD(h->reports, h->report_count);
    r->kind = kind;
    r->recorded = today;
    if (h->status != O_REGISTER_ONLY && oracle_open_task(h, K_TRIGGERED) < 0) {
        task_add(h, K_TRIGGERED, add_working(today, policy_on(today)->triggered), today);
    }
    r->task = oracle_open_task(h, K_TRIGGERED);
    derive_tier(h, today);
}

static const char *check_member(const struct o_household *h, int kind, const char *member)
{
    bool fresh = kind == R_BIRTH || kind == R_MOVE_IN;
    const struct o_member *m = member_of(h, member);
    bool here = m && m->status == M_PRESENT;
    if ((fresh || kind == R_DEATH || kind == R_MOVE_OUT) && !member) {
        return "bad-argument";
    }
    if (member && !fresh && !m) {
        return "not-found";
    }
    return member && fresh == here ? "conflict" : NULL;
}

static void change_member(struct o_household *h, int kind, const char *member, int on)
{
    struct o_member *m = member_of(h, member);
    if (kind == R_BIRTH || kind == R_MOVE_IN) {
        if (!m) {
            m = ADD(h->members, h->member_count);
            snprintf(m->name, sizeof m->name, "%s", member);
            m->birth = NO_DAY;
            m->work = -1;
        }
        m->status = M_PRESENT;
        m->birth = kind == R_BIRTH ? on : m->birth;
    } else if (kind == R_DEATH || kind == R_MOVE_OUT) {
        m->status = kind == R_DEATH ? M_DIED : M_MOVED_OUT;
    }
}

/* The last present member went: the review proposes all-members-gone, once (3.3). */
static void propose(struct oracle *o, struct o_household *h, int task, int today)
{
    for (int i = 0; task >= 0 && i < o->message_count; i++) {
        const struct o_message *m = &o->messages[i];
        if (m->task == task && o->households[m->household] == h &&
            m->division == villages[h->tasks[task].township].township &&
            strcmp(m->kind, "proposal") == 0) {
            return;
        }
    }
    if (task >= 0) {
        say_of(o, "proposal", h, task, "", 0, today);
    }
}

/* Nothing happens before the member that it names was born, nor, where it names none that is known,
 * before anybody of a household whose birthdays are all known (3.7). No day here is before 1900. */
static bool before_birth(const struct o_household *h, const char *member, int on)
{
    const struct o_member *m = member ? member_of(h, member) : NULL;
    if (m) {
        return m->birth != NO_DAY && on < m->birth;
    }
    for (int i = 0; i < h->member_count; i++) {
        if (h->members[i].birth == NO_DAY || h->members[i].birth <= on) {
            return false;
        }
    }
    return h->member_count > 0;
}

static const char *report(struct oracle *o, struct o_household *h, int kind, const char *member,
                          int on, long income, long pension, long cost, int asset, int today)
{
    const char *refused = on > today || before_birth(h, member, on) ? "bad-argument"
                          : h->status == O_CLOSED                   ? "conflict"
                                                                    : check_member(h, kind, member);
    if (!refused && kind == R_INCOME && income < 0 && pension < 0 && cost < 0) {
        refused = "bad-argument";
    }
    if (!refused && kind == R_ASSETS && asset < 0) {
        refused = "bad-argument";
    }
    oracle_note(h, today, "report of %s, member %s, on %s: %s", o_reports[kind],
                member ? member : "-", day_text(on), refused ? refused : "accepted");
    if (refused) {
        return refused;
    }
    change_member(h, kind, member, on);
    h->income = income >= 0 ? income : h->income;
    h->pension = pension >= 0 ? pension : h->pension;
    h->cost = cost >= 0 ? cost : h->cost;
    h->assets |= asset >= 0 ? 1u << asset : 0;
    record_report(h, kind, today);
    int task = oracle_open_task(h, K_TRIGGERED);
    if ((kind == R_DEATH || kind == R_MOVE_OUT) && present(h) == 0) {
        propose(o, h, task, today);
    }
    return NULL;
}

const char *oracle_report(struct oracle *o, struct o_household *h, int kind, const char *member,
                          int on, long income, long pension, long cost, int asset, int today)
{
    struct o_household *was = copy_of(h);
    const char *refused =
        noted(h, E_REPORT, was, report(o, h, kind, member, on, income, pension, cost, asset, today),
              today);
    if (!refused) {
        h->events[h->event_count - 1].income = income;
        h->events[h->event_count - 1].pension = pension;
        h->events[h->event_count - 1].cost = cost;
    }
    bool named = kind == R_DEATH || kind == R_BIRTH || kind == R_MOVE_IN || kind == R_MOVE_OUT;
    if (!refused && named) {
        snprintf(h->events[h->event_count - 1].member, 16, "%s", member);
    }
    return refused;
}

/* Whoever was born on 29 February reaches an age on the 28th. */
static bool reaches(int birth, int age, int day)
{
    int mday = AT(birth).month == 2 && AT(birth).day == 29 ? 28 : AT(birth).day;
    return AT(day).year == AT(birth).year + age && AT(day).month == AT(birth).month &&
           AT(day).day == mday;
}

static void run_ages(struct o_household *h, int day)
{
    const struct o_policy *p = policy_on(day);
    for (int i = 0; h->status == O_ACTIVE && i < h->member_count; i++) {
        for (int a = 0; a < p->age_count; a++) {
            struct o_member *m = &h->members[i];
            if (m->status == M_PRESENT && m->birth != NO_DAY && !m->reached[p->ages[a]] &&
                reaches(m->birth, p->ages[a], day)) {
                m->reached[p->ages[a]] = true;
                oracle_note(h, day, "member %s reaches %d", m->name, p->ages[a]);
                record_report(h, R_AGE, day);
            }
        }
    }
}

/* ---- changes by hand ---- */

const char *oracle_tier(struct o_household *h, enum o_tier tier, int today)
{
    if (h->status == O_CLOSED) {
        return "conflict";
    }
    if (h->tier == tier && h->source == S_GIVEN) {
        return NULL; /* nothing to take back */
    }
    struct o_household *was = copy_of(h);
    set_tier(h, tier, S_GIVEN, today);
    return noted(h, E_TIER, was, NULL, today);
}

static void live_in(struct o_household *h, int village)
{
    h->village = village;
    for (int i = 0; i < h->task_count; i++) {
        if (h->tasks[i].state == T_OPEN) {
            h->tasks[i].township = village;
        }
    }
}

const char *oracle_move(struct o_household *h, int village, int today)
{
    if (h->status == O_CLOSED) {
        return "conflict";
    }
    if (h->village == village) {
        return NULL;
    }
    struct o_household *was = copy_of(h);
    live_in(h, village);
    return noted(h, E_MOVE, was, NULL, today);
}

/* ---- the register (3.6) ---- */

static int step_day(struct month_day d, int year)
{
    return day_of(year, d.month, d.day);
}

static void open_register(struct o_household *h, enum o_kind kind, int year, int today)
{
    int due = roll(step_day(policy_on(today)->township, year), true, NULL);
    for (int i = 0; i < h->task_count; i++) {
        struct o_task *t = &h->tasks[i];
        if (t->kind != kind || t->year != year) {
            continue;
        }
        if (t->state == T_CANCELLED) { /* the same task again */
            t->state = T_OPEN;
            t->opened = today;
            t->due = t->original = t->rolled = due;
            t->raised = -1;
            t->township = h->village;
        }
        return;
    }
    task_add(h, kind, due, today)->year = year;
}

/* Whether the household has a register task of the kind. */
static bool fits_register(const struct o_household *h, enum o_kind kind)
{
    bool on = h->state == O_REGISTERED || h->state == O_RETURNED;
    return kind == K_ADJUSTMENT  ? on
           : kind == K_CANDIDATE ? h->status == O_ACTIVE && !on
                                 : h->status == O_REGISTER_ONLY;
}

static void open_registers(struct o_household *h, int year, int today)
{
    for (int kind = K_ADJUSTMENT; kind <= K_DIBAO; kind++) {
        if (fits_register(h, (enum o_kind)kind)) {
            open_register(h, (enum o_kind)kind, year, today);
        }
    }
}

/* Who comes to qualify by the visits' date: for what it had no part in as it was; NULL: it is new.
 */
static void qualify(struct oracle *o, struct o_household *h, const struct o_household *was,
                    int today)
{
    int year = AT(today).year;
    for (int kind = K_ADJUSTMENT; kind <= K_DIBAO; kind++) {
        if (o->rolled_year == year && today <= step_day(policy_on(today)->visits, year) &&
            fits_register(h, (enum o_kind)kind) &&
            !(was && fits_register(was, (enum o_kind)kind))) {
            open_register(h, (enum o_kind)kind, year, today);
        }
    }
}

static const char *decide(struct o_household *h, int task, int decision, int on, int today)
{
    struct o_task *t = &h->tasks[task];
    bool on_it = h->state == O_REGISTERED || h->state == O_RETURNED;
    enum o_register after = h->state;
    bool fits = false;
    if (t->state != T_OPEN || t->kind < K_ADJUSTMENT) {
        return "conflict";
    }
    if (on > today) {
        return "bad-argument";
    }
    if (on < t->opened) {
        return "too-early";
    }
    for (int i = 0; i < h->task_count; i++) { /* a later year's closes it, and only that */
        if (h->tasks[i].state == T_OPEN && h->tasks[i].kind == t->kind &&
            h->tasks[i].year > t->year) {
            return "conflict";
        }
    }
    switch (decision) {
    case D_KEEP:
        fits = t->kind == K_ADJUSTMENT && on_it;
        break;
    case D_EXIT:
        fits = t->kind == K_ADJUSTMENT && on_it;
        after = O_EXITED;
        break;
    case D_ADD:
        fits = t->kind == K_CANDIDATE && h->state == O_NONE;
        after = O_REGISTERED;
        break;
    case D_RETURN:
        fits = t->kind == K_CANDIDATE && h->state == O_EXITED;
        after = O_RETURNED;
        break;
    case D_APPLY:
        fits = t->kind == K_DIBAO;
        break;
    case D_NOT_ELIGIBLE:
        fits = (t->kind == K_CANDIDATE && !on_it) || t->kind == K_DIBAO;
        break;
    default:
        break;
    }
    oracle_note(h, today, "decision of %s %d: %s on %s: %s", o_kinds[t->kind], t->year,
                o_decisions[decision], day_text(on), fits ? "accepted" : "refused");
    if (!fits) {
        return "bad-argument";
    }
    if (after != h->state) {
        *ADD(h->pending, h->pending_count) =
            (struct o_pending){task, on, on + policy_on(on)->notice_days + 1, after};
    }
    for (int i = 0; i < h->task_count; i++) {
        if (h->tasks[i].state == T_OPEN && h->tasks[i].kind == t->kind &&
            h->tasks[i].year <= t->year) {
            task_done(&h->tasks[i], o_decisions[decision], on);
        }
    }
    return NULL;
}

const char *oracle_decide(struct o_household *h, int task, int decision, int on, int today)
{
    struct o_household *was = copy_of(h);
    const char *refused = noted(h, E_DECISION, was, decide(h, task, decision, on, today), today);
    if (!refused) {
        struct o_event *e = &h->events[h->event_count - 1];
        e->task = task;
        e->after = was->state;
        for (int i = 0; i < h->pending_count; i++) {
            e->after = h->pending[i].task == task ? h->pending[i].after : e->after;
        }
    }
    return refused;
}

static void run_effects(struct o_household *h, int day)
{
    int left = 0;
    for (int i = 0; i < h->pending_count; i++) {
        if (h->pending[i].effect <= day) {
            if (h->state != h->pending[i].after) {
                oracle_note(h, day, "register %s -> %s", o_registers[h->state],
                            o_registers[h->pending[i].after]);
            }
            h->state = h->pending[i].after;
        } else {
            h->pending[left++] = h->pending[i];
        }
    }
    h->pending_count = left;
}

/* ---- alerts (3.8) ---- */

/* Each rung on its day, by the working days as they are known that day; of several that are passed
 * already the highest. */
static void run_alerts(struct oracle *o, int household, int day)
{
    const struct o_policy *p = policy_on(day);
    struct o_household *h = o->households[household];
    char what[64];
    for (int i = 0; i < h->task_count; i++) {
        struct o_task *t = &h->tasks[i];
        int passed = -1;
        if (t->state != T_OPEN || t->raised == p->rung_count - 1) {
            continue;
        }
        for (int r = t->raised + 1; r < p->rung_count; r++) {
            passed = add_working(t->due, p->rungs[r].working_days) <= day ? r : passed;
        }
        if (passed < 0) {
            continue;
        }
        t->raised = passed;
        snprintf(what, sizeof what, "%s/%s", p->rungs[passed].name, day_text(t->due));
        bool said = false; /* for this deadline, before it moved to and fro */
        for (int a = o->message_count - 1; a >= 0 && o->messages[a].day >= t->first; a--) {
            said = said || (o->messages[a].household == household && o->messages[a].task == i &&
                            strcmp(o->messages[a].subject, what) == 0);
        }
        if (!said) {
            say_of(o, "alert", h, i, what, p->rungs[passed].to, day);
        }
    }
}

static void run_close(struct oracle *o, int household, int year, int day)
{
    struct o_household *h = o->households[household];
    char what[40];
    snprintf(what, sizeof what, "undecided-at-close/%d", year);
    for (int i = 0; i < h->task_count; i++) {
        if (h->tasks[i].state == T_OPEN && h->tasks[i].year == year) {
            say_of(o, "alert", h, i, what, 1, day);
            say_of(o, "alert", h, i, what, 2, day);
        }
    }
}

/* ---- what divisions are told once (3.5, 3.9) ---- */

static void run_standards(struct oracle *o, int day)
{
    char year[8];
    for (int i = 0; i < village_count && AT(day).month >= 2; i++) {
        int d = villages[i].district_index, y = AT(day).year - 1900;
        if (o->standards[d][y] == 0 && !o->missing_told[d][y]) {
            o->missing_told[d][y] = true;
            snprintf(year, sizeof year, "%d", AT(day).year);
            say(o, "standard-missing", villages[i].district, year, day);
        }
    }
}

/* A division's protected households in the order of their numbers, as a list in JSON. */
static void tell_ends(struct oracle *o, long long division, int district, int until, int day)
{
    char *list = NULL;
    size_t len = 0;
    int count = 0;
    FILE *f = open_memstream(&list, &len);
    for (int t = 0; t < village_count; t++) { /* township by township */
        bool first = t == 0 || villages[t].township != villages[t - 1].township;
        bool here = district ? villages[t].district == division : villages[t].township == division;
        for (int i = 0; first && here && i < o->count; i++) {
            if (villages[o->households[i]->village].township == villages[t].township &&
                oracle_protected(o->households[i], day)) {
                fprintf(f, "%s\"%s\"", count++ ? "," : "[", o->households[i]->code);
            }
        }
    }
    fputc(']', f);
    fclose(f);
    if (count == 0) {
        free(list);
        return;
    }
    say(o, "protection-ends", division, day_text(until), day)->body = list;
}

static void run_ends(struct oracle *o, int day)
{
    const struct o_policy *p = policy_on(day);
    if (!p->continuity || p->until == NO_DAY || policy_on(p->until + 1)->continuity ||
        day < p->until - p->announce || o->ends_told) {
        return;
    }
    o->ends_told = true;
    for (int t = 0; t < village_count; t++) {
        if (t == 0 || villages[t].township != villages[t - 1].township) {
            tell_ends(o, villages[t].township, 0, p->until, day);
        }
        if (t == 0 || villages[t].district != villages[t - 1].district) {
            tell_ends(o, villages[t].district, 1, p->until, day);
        }
    }
}

/* ---- the day (section 4) ---- */

void oracle_run(struct oracle *o, int day)
{
    const struct o_policy *p = policy_on(day);
    int year = AT(day).year;
    bool take = o->rolled_year != year && day >= step_day(p->opens, year) &&
                day <= step_day(p->visits, year);
    bool close =
        o->rolled_year == year && o->closed_year != year && day >= step_day(p->closes, year);
    for (int i = 0; i < o->count; i++) {
        struct o_household *h = o->households[i];
        if (h->open >= 0 && h->cycles[h->open].task < 0 && h->cycles[h->open].opens <= day) {
            open_regular(h, &h->cycles[h->open], day);
        }
        run_effects(h, day);
        run_ages(h, day);
        if (take) {
            open_registers(h, year, day);
        }
        if (close) {
            run_close(o, i, year, day);
        }
        run_alerts(o, i, day);
        if (h->source == S_DEFAULT && !h->default_told &&
            (h->status == O_ACTIVE || h->status == O_SUSPENDED)) {
            h->default_told = true;
            say(o, "tier-default", villages[h->village].township, h->code, day);
        }
    }
    run_standards(o, day);
    run_ends(o, day);
    o->rolled_year = take ? year : o->rolled_year;
    o->rolled_on = take ? day : o->rolled_on;
    o->closed_year = close ? year : o->closed_year;
}

/* ---- a calendar arrives (3.2) ---- */

/* Neither late where it was not, nor punctual where it was late. */
static int moved(int due, int to, int today)
{
    int least = add_working(today, 1);
    if (due < today) {
        return to < today ? to : due;
    }
    return to > least ? to : least;
}

/* What a deadline is computed to be now; a postponed one only gives way to a day off. */
static void recompute_task(struct oracle *o, struct o_household *h, int task, int today)
{
    struct o_task *t = &h->tasks[task];
    const struct o_policy *p = policy_on(t->opened);
    char moved_text[40];
    int due = t->due;
    int rolled = t->kind == K_REGULAR     ? roll(t->nominal, p->following, NULL)
                 : t->kind == K_TRIGGERED ? add_working(t->opened, p->triggered)
                                          : roll(step_day(p->township, t->year), true, NULL);
    if (t->due != t->original) {
        due = roll(t->due, true, NULL);
        due = due == t->due ? due : moved(t->due, due, today);
    } else if (rolled != t->rolled) {
        t->original = due = moved(t->due, rolled, today);
    } else if (t->due > rolled && roll(t->due, true, NULL) != t->due) {
        t->original = due = moved(t->due, roll(t->due, true, NULL), today);
    }
    t->rolled = rolled;
    if (due != t->due) {
        oracle_note(h, today, "deadline of %s %s -> %s", o_kinds[t->kind], day_text(t->due),
                    day_text(due));
        snprintf(moved_text, sizeof moved_text, "%s/%s", day_text(t->due), day_text(due));
        say_of(o, "deadline-moved", h, task, moved_text, 0, today);
        t->due = due;
        t->raised = -1;
    }
}

static void recompute(struct oracle *o, struct o_household *h, int today)
{
    for (int i = 0; i < h->task_count; i++) {
        if (h->tasks[i].state == T_OPEN) {
            recompute_task(o, h, i, today);
        }
    }
    if (h->open < 0) {
        return;
    }
    struct o_cycle *c = &h->cycles[h->open];
    const struct o_policy *p = policy_on(today);
    struct o_cycle now = dates_of(p, c->anchor, c->tier, c->nominal);
    bool postponed = c->task >= 0 && h->tasks[c->task].due != h->tasks[c->task].original;
    c->provisional = now.provisional;
    if (postponed) {
        roll(h->tasks[c->task].due, true, &now.provisional);
    }
    c->provisional = c->provisional || now.provisional;
    if (c->task >= 0) {
        c->due = h->tasks[c->task].due;
    } else if (now.due != c->rolled) {
        c->due = moved(c->due, now.due, today);
        c->opens = c->due - p->lead[c->tier];
    } else if (c->due > now.due && roll(c->due, true, NULL) != c->due) {
        c->due = moved(c->due, roll(c->due, true, NULL), today);
        c->opens = c->due - p->lead[c->tier];
    }
    c->rolled = now.due;
}

void oracle_calendar(struct oracle *o, int today)
{
    for (int i = 0; i < o->count; i++) {
        recompute(o, o->households[i], today);
    }
}

/* ---- correction (3.10) ---- */

/* Everything that was begun since gives way to the cycle that was open. */
static void cycles_back(struct o_household *h, const struct o_household *was, int today)
{
    for (int i = was->cycle_count; i < h->cycle_count; i++) {
        struct o_cycle *c = &h->cycles[i];
        c->closed = c->state == C_OPEN ? today : c->closed;
        c->state = C_SUPERSEDED;
        if (c->task >= 0 && h->tasks[c->task].state != T_CANCELLED) {
            h->tasks[c->task].state = T_CANCELLED;
            h->tasks[c->task].done = NO_DAY;
        }
    }
    if (was->open >= 0 && h->cycles[was->open].state != C_OPEN) {
        struct o_cycle *c = &h->cycles[was->open];
        c->state = C_OPEN;
        c->closed = NO_DAY;
        c->task = was->cycles[was->open].task;
    }
    h->open = was->open;
}

/* Tasks that were open are open again; one triggered review at a time. */
static void tasks_back(struct o_household *h, const struct o_household *was)
{
    int old = oracle_open_task(was, K_TRIGGERED), fresh = oracle_open_task(h, K_TRIGGERED);
    if (old >= 0 && fresh > old) {
        h->tasks[fresh].state = T_CANCELLED;
        for (int i = 0; i < h->report_count; i++) {
            h->reports[i].task = h->reports[i].task == fresh ? old : h->reports[i].task;
        }
    }
    for (int i = 0; i < was->task_count; i++) {
        if (was->tasks[i].state == T_OPEN && h->tasks[i].state != T_OPEN) {
            h->tasks[i].state = T_OPEN;
            h->tasks[i].done = NO_DAY;
            h->tasks[i].outcome = NULL;
        }
    }
    live_in(h, h->village);
}

static void review_back(struct o_household *h, const struct o_event *e, int today)
{
    const struct o_household *was = e->was;
    if (e->postponed) {
        struct o_task *t = &h->tasks[e->task];
        const struct o_task *then = &was->tasks[e->task];
        t->due = then->due;
        t->original = then->original;
        t->rolled = then->rolled;
        t->raised = then->raised;
        return; /* the cycle follows its task */
    }
    h->status = was->status;
    h->anchor = was->anchor;
    h->last_review = was->last_review;
    h->satisfied = was->satisfied;
    h->missed = was->missed;
    for (int i = 0; i < was->report_count; i++) {
        h->reports[i].seen = was->reports[i].seen;
    }
    cycles_back(h, was, today);
    tasks_back(h, was);
}

static void member_back(struct o_household *h, const struct o_event *e)
{
    struct o_member *m = member_of(h, e->member);
    const struct o_member *then = member_of(e->was, e->member);
    if (m && then) {
        m->status = then->status;
        m->birth = then->birth;
    } else if (m) {
        m->status = M_MOVED_OUT;
    }
}

/* Unless an import has given another since. */
static void tier_back(struct o_household *h, const struct o_event *e, int today)
{
    const struct o_household *was = e->was;
    if (e->tier_imported) {
        return;
    }
    h->tier = was->tier;
    h->source = was->source;
    h->span_count = was->span_count;
    cycles_back(h, was, today);
}

static void report_back(struct o_household *h, const struct o_event *e, int today)
{
    const struct o_household *was = e->was;
    int at = was->report_count, task = h->reports[at].task, others = 0;
    member_back(h, e);
    h->income = e->income >= 0 && h->income == e->income ? was->income : h->income;
    h->pension = e->pension >= 0 && h->pension == e->pension ? was->pension : h->pension;
    h->cost = e->cost >= 0 && h->cost == e->cost ? was->cost : h->cost;
    h->assets = was->assets;
    h->report_count--;
    memmove(&h->reports[at], &h->reports[at + 1],
            (size_t)(h->report_count - at) * sizeof *h->reports);
    for (int i = 0; i < h->report_count; i++) {
        others += h->reports[i].task == task;
    }
    if (task >= was->task_count && others == 0) {
        h->tasks[task].state = T_CANCELLED;
    }
    tier_back(h, e, today);
}

static void decision_back(struct o_household *h, const struct o_event *e)
{
    bool waits = false;
    for (int i = 0; i < h->pending_count; i++) {
        if (h->pending[i].task == e->task) {
            waits = true;
            h->pending[i] = h->pending[--h->pending_count];
        }
    }
    if (!waits && e->after != e->was->state && h->state == e->after) {
        h->state = e->was->state;
    }
    tasks_back(h, e->was);
}

/* The register by the status and the state that are again. */
static void register_follows(struct oracle *o, struct o_household *h, const struct o_event *e,
                             int today)
{
    int year = AT(today).year;
    for (int i = e->was->task_count; i < h->task_count; i++) {
        struct o_task *t = &h->tasks[i];
        if (t->state == T_OPEN && t->kind >= K_ADJUSTMENT && !fits_register(h, t->kind)) {
            t->state = T_CANCELLED;
        }
    }
    if (o->rolled_year == year && o->rolled_on >= e->day) {
        open_registers(h, year, today);
    }
}

/* What would have come since, had the event not been. */
static void follow(struct oracle *o, struct o_household *h, int today)
{
    recompute(o, h, today);
    if (h->open >= 0 && h->cycles[h->open].task < 0) {
        int changed = h->spans[h->span_count - 1].from;
        if (h->cycles[h->open].tier != h->tier && h->cycles[h->open].opens > changed) {
            regrid(h, changed, today);
        } else if (h->cycles[h->open].opens <= today) {
            open_regular(h, &h->cycles[h->open], today);
        }
    }
    derive_tier(h, today);
}

bool oracle_can_correct(const struct o_household *h)
{
    return h->event_count == 0 || h->events[h->event_count - 1].was;
}

const char *oracle_correct(struct oracle *o, struct o_household *h, int today)
{
    static const char *const words[] = {"review", "report", "tier", "move", "status", "decision"};
    if (h->event_count == 0) {
        return "conflict";
    }
    struct o_event *e = &h->events[h->event_count - 1];
    enum o_status status = h->status;
    enum o_register state = h->state;
    oracle_note(h, today, "correction of the %s of %s", words[e->kind], day_text(e->day));
    switch (e->kind) {
    case E_REVIEW:
        review_back(h, e, today);
        break;
    case E_REPORT:
        report_back(h, e, today);
        break;
    case E_TIER:
        tier_back(h, e, today);
        break;
    case E_MOVE:
        live_in(h, e->was->village);
        break;
    case E_STATUS:
        h->status = e->was->status;
        cycles_back(h, e->was, today);
        tasks_back(h, e->was);
        break;
    default:
        decision_back(h, e);
    }
    follow(o, h, today);
    if (h->status != status || h->state != state) {
        register_follows(o, h, e, today);
    }
    free_copy(e->was);
    h->event_count--;
    return NULL;
}
