/* simulate: the life of some households, day by day, in the real daemon and in the oracle.
 *
 *   simulate [--households N] [--from DAY] [--to DAY] [--seed N] [--downtimes N] FOLDER
 *   simulate --split …       the same days run twice with other downtimes: the same alerts
 *   simulate --protected …   1,000 random commands against protected households
 *
 * Runs from the root of the tree; B names the build folder. The daemon lives in FOLDER (its socket
 * too: the path must be short). After every month the two views of every household are compared; a
 * mismatch prints the household's history and both, and ends with 1. SEED in the environment
 * repeats a run. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "house.h"
#include "oracle.h"

/* What it holds ends with it: under a sanitizer that is no leak. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

struct options {
    int households, from, to;
    uint64_t seed, downtimes;
    bool split, protected;
    const char *folder;
};

struct sim {
    struct options o;
    struct oracle oracle;
    struct house house;
    uint64_t chance, other; /* what happens; when the daemon is down */
    int today, month, failures;
    long last_task, last_message;
    int compared; /* of the oracle's messages */
    long events, refused, corrected, runs, kills;
    int late_year;   /* the calendar of this year comes late */
    char **messages; /* the daemon's */
    size_t message_count;
};

/* ---- chance ---- */

static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int below(struct sim *s, int n)
{
    return (int)(draw(&s->chance) % (uint64_t)n);
}

static bool per_mille(struct sim *s, int n)
{
    return below(s, 1000) < n;
}

/* ---- telling ---- */

static void print_rows(struct sim *s, const char *sql, const char *code)
{
    sqlite3_stmt *q = house_sql(&s->house, sql);
    sqlite3_bind_text(q, 1, code, -1, SQLITE_STATIC);
    while (sqlite3_step(q) == SQLITE_ROW) {
        printf("   ");
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            const unsigned char *text = sqlite3_column_text(q, i);
            printf(" %s", text ? (const char *)text : "-");
        }
        printf("\n");
    }
    sqlite3_finalize(q);
}

static void print_household(struct sim *s, const struct o_household *h)
{
    printf("  history of %s:\n%s", h->code, h->history ? h->history : "");
    printf("  oracle: %s, register %s, tier %s (%s), anchor %s, last review %s, missed %d\n",
           o_statuses[h->status], o_registers[h->state], o_tiers[h->tier], o_sources[h->source],
           day_text(h->anchor), day_text(h->last_review), h->missed);
    for (int i = 0; i < h->cycle_count; i++) {
        const struct o_cycle *c = &h->cycles[i];
        printf("    cycle anchor %s %s nominal %s due %s opens %s %s %s%s\n", day_text(c->anchor),
               o_tiers[c->tier], day_text(c->nominal), day_text(c->due), day_text(c->opens),
               o_states[c->state], day_text(c->closed), c->provisional ? " provisional" : "");
    }
    for (int i = 0; i < h->task_count; i++) {
        const struct o_task *t = &h->tasks[i];
        printf("    task %ld %s opened %s nominal %s due %s %s %s %s\n", t->number,
               o_kinds[t->kind], day_text(t->opened), day_text(t->nominal), day_text(t->due),
               o_task_states[t->state], day_text(t->done), t->outcome ? t->outcome : "-");
    }
    printf("  daemon (cycles: tier, anchor, nominal, due, opens, provisional, state, closed):\n");
    print_rows(s,
               "SELECT status, register, tier, tier_source, anchor_on, last_review_on, "
               "missed_cycles FROM household_view WHERE household = ?",
               h->code);
    print_rows(s,
               "SELECT 'cycle', tier, anchor_on, nominal_due_on, due_on, opens_on, provisional, "
               "state, closed_on, task FROM cycle_view WHERE household = ? ORDER BY cycle",
               h->code);
    print_rows(s,
               "SELECT 'task', task, kind, state, opened_on, nominal_due_on, due_on, done_on, "
               "outcome, raised FROM task_view WHERE household = ? ORDER BY task",
               h->code);
    print_rows(s,
               "SELECT 'alert', date(m.created_on * 86400, 'unixepoch'), m.division, m.subject "
               "FROM message m WHERE m.kind = 'alert' AND json_extract(m.body, '$.household') = ?",
               h->code);
}

static void mismatch(struct sim *s, const struct o_household *h, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void mismatch(struct sim *s, const struct o_household *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("MISMATCH on %s, %s: ", day_text(s->today), h ? h->code : "-");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    if (h) {
        print_household(s, h);
    }
    printf("  SEED=%llu repeats it\n", (unsigned long long)s->o.seed);
    fflush(stdout);
    if (++s->failures >= 3) {
        house_end(&s->house, SIGKILL);
        exit(1);
    }
}

static void check(struct sim *s)
{
    if (s->failures) {
        house_end(&s->house, SIGKILL);
        exit(1);
    }
}

/* ---- the daemon's tasks get their numbers ---- */

static struct o_household *household_of(struct sim *s, const char *code)
{
    int i = code && code[0] == 'H' ? atoi(code + 1) : -1;
    return i >= 0 && i < s->oracle.count ? s->oracle.households[i] : NULL;
}

static int kind_of(const char *text)
{
    for (int i = 0; o_kinds[i]; i++) {
        if (strcmp(o_kinds[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

static void number_tasks(struct sim *s)
{
    sqlite3_stmt *q = house_sql(&s->house, "SELECT t.task, h.household, t.kind FROM task t JOIN "
                                           "household h ON h.id = t.household_id WHERE t.task > ? "
                                           "ORDER BY t.task");
    sqlite3_bind_int64(q, 1, s->last_task);
    while (sqlite3_step(q) == SQLITE_ROW) {
        s->last_task = sqlite3_column_int64(q, 0);
        struct o_household *h = household_of(s, (const char *)sqlite3_column_text(q, 1));
        int kind = kind_of((const char *)sqlite3_column_text(q, 2));
        bool found = false;
        for (int i = 0; h && !found && i < h->task_count; i++) {
            if ((int)h->tasks[i].kind == kind && h->tasks[i].number == 0) {
                h->tasks[i].number = s->last_task;
                found = true;
            }
        }
        if (!found) {
            mismatch(s, h, "the daemon has task %ld, a %s, that the oracle has not", s->last_task,
                     kind >= 0 ? o_kinds[kind] : "?");
        }
    }
    sqlite3_finalize(q);
}

/* ---- comparing ---- */

static int day_json(json_t *value)
{
    int y, m, d;
    const char *text = json_string_value(value);
    return text && sscanf(text, "%d-%d-%d", &y, &m, &d) == 3 ? day_of(y, m, d) : NO_DAY;
}

static int column_day(sqlite3_stmt *q, int i)
{
    return sqlite3_column_type(q, i) == SQLITE_NULL ? NO_DAY : sqlite3_column_int(q, i);
}

static void compare_item(struct sim *s, json_t *item)
{
    struct o_household *h = household_of(s, json_string_value(json_object_get(item, "household")));
    if (!h) {
        mismatch(s, NULL, "a household that the oracle has not");
        return;
    }
    const struct o_cycle *c = h->open >= 0 ? &h->cycles[h->open] : NULL;
    int task = c ? c->task : -1;
    const struct {
        const char *name, *want;
    } texts[] = {
        {"status", o_statuses[h->status]},
        {"register", o_registers[h->state]},
        {"tier", o_tiers[h->tier]},
        {"tier_source", o_sources[h->source]},
    };
    const struct {
        const char *name;
        int want;
    } days[] = {
        {"approved_on", h->approved},       {"anchor_on", h->anchor},
        {"last_review_on", h->last_review}, {"nominal_due_on", c ? c->nominal : NO_DAY},
        {"due_on", c ? c->due : NO_DAY},    {"opens_on", c ? c->opens : NO_DAY},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *got = json_string_value(json_object_get(item, texts[i].name));
        if (!got || strcmp(got, texts[i].want) != 0) {
            mismatch(s, h, "%s is %s, the oracle has %s", texts[i].name, got, texts[i].want);
            return;
        }
    }
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        int got = day_json(json_object_get(item, days[i].name));
        if (got != days[i].want) {
            mismatch(s, h, "%s is %s, the oracle has %s", days[i].name, day_text(got),
                     day_text(days[i].want));
            return;
        }
    }
    if (json_is_true(json_object_get(item, "protected")) != oracle_protected(h, s->today)) {
        mismatch(s, h, "protected differs");
    } else if (json_integer_value(json_object_get(item, "missed_cycles")) != h->missed) {
        mismatch(s, h, "missed_cycles differs");
    } else if (json_integer_value(json_object_get(item, "open_task")) !=
               (task >= 0 ? h->tasks[task].number : 0)) {
        mismatch(s, h, "open_task differs");
    } else if (c && json_is_true(json_object_get(item, "provisional")) != c->provisional) {
        mismatch(s, h, "provisional differs");
    } else if (!c && (h->status == O_ACTIVE || h->status == O_SUSPENDED)) {
        mismatch(s, h, "no open cycle");
    }
}

static void compare_households(struct sim *s)
{
    json_t *cursor = NULL;
    int seen = 0;
    do {
        json_t *params = json_object();
        if (cursor) {
            json_object_set_new(params, "cursor", cursor);
        }
        json_t *page = house_must(&s->house, "household.list", params);
        json_t *items = json_object_get(page, "items");
        for (size_t i = 0; i < json_array_size(items); i++, seen++) {
            compare_item(s, json_array_get(items, i));
        }
        cursor = json_incref(json_object_get(page, "next"));
        json_decref(page);
    } while (json_is_string(cursor));
    if (seen != s->oracle.count) {
        mismatch(s, NULL, "%d households are listed, there are %d", seen, s->oracle.count);
    }
}

static void compare_tasks(struct sim *s)
{
    int *seen = calloc((size_t)s->oracle.count, sizeof *seen);
    sqlite3_stmt *q = house_sql(
        &s->house, "SELECT h.household, t.task, t.kind, t.state, t.opened_on, t.nominal_due_on, "
                   "t.original_due_on, t.due_on, t.done_on, t.outcome, t.township FROM task t "
                   "JOIN household h ON h.id = t.household_id ORDER BY t.task");
    while (sqlite3_step(q) == SQLITE_ROW) {
        struct o_household *h = household_of(s, (const char *)sqlite3_column_text(q, 0));
        long number = sqlite3_column_int64(q, 1);
        const struct o_task *t = NULL;
        for (int i = 0; h && !t && i < h->task_count; i++) {
            t = h->tasks[i].number == number ? &h->tasks[i] : NULL;
        }
        if (!t) {
            continue; /* told by number_tasks() */
        }
        seen[atoi(h->code + 1)]++;
        const char *outcome = (const char *)sqlite3_column_text(q, 9);
        const struct {
            const char *name;
            int want;
        } days[] = {{"opened_on", t->opened},
                    {"nominal_due_on", t->nominal},
                    {"original_due_on", t->original},
                    {"due_on", t->due},
                    {"done_on", t->done}};
        bool bad = false;
        for (int i = 0; !bad && i < 5; i++) {
            /* What it was due originally shows nowhere but in what follows, while it is open. */
            bad = (i != 1 || t->kind == K_REGULAR) && (i != 2 || t->state == T_OPEN) &&
                  column_day(q, 4 + i) != days[i].want;
            if (bad) {
                mismatch(s, h, "%s of task %ld is %s, the oracle has %s", days[i].name, number,
                         day_text(column_day(q, 4 + i)), day_text(days[i].want));
            }
        }
        if (!bad && strcmp((const char *)sqlite3_column_text(q, 3), o_task_states[t->state]) != 0) {
            mismatch(s, h, "task %ld is %s, the oracle has %s", number, sqlite3_column_text(q, 3),
                     o_task_states[t->state]);
        } else if (!bad && t->state == T_DONE && (!outcome || strcmp(outcome, t->outcome) != 0)) {
            mismatch(s, h, "the outcome of task %ld is %s, the oracle has %s", number, outcome,
                     t->outcome);
        } else if (!bad && t->state == T_OPEN &&
                   sqlite3_column_int64(q, 10) != villages[t->township].township) {
            mismatch(s, h, "the township of task %ld differs", number);
        }
    }
    sqlite3_finalize(q);
    for (int i = 0; i < s->oracle.count; i++) {
        if (seen[i] < s->oracle.households[i]->task_count) {
            mismatch(s, s->oracle.households[i], "the daemon has %d tasks, the oracle %d", seen[i],
                     s->oracle.households[i]->task_count);
        }
    }
    free(seen);
}

static int word_of(const char *const *words, const unsigned char *text)
{
    for (int i = 0; text && words[i]; i++) {
        if (strcmp(words[i], (const char *)text) == 0) {
            return i;
        }
    }
    return -1;
}

static void compare_cycle(struct sim *s, struct o_household *h, int at, sqlite3_stmt *q)
{
    if (at >= h->cycle_count) {
        mismatch(s, h, "the daemon has a cycle more");
        return;
    }
    const struct o_cycle *c = &h->cycles[at];
    bool same = column_day(q, 1) == c->anchor && column_day(q, 2) == c->nominal &&
                column_day(q, 3) == c->due && column_day(q, 4) == c->opens &&
                word_of(o_tiers, sqlite3_column_text(q, 5)) == (int)c->tier &&
                word_of(o_states, sqlite3_column_text(q, 6)) == (int)c->state &&
                column_day(q, 7) == c->closed;
    if (!same) {
        mismatch(s, h,
                 "cycle %d differs: nominal %s due %s opens %s %s %s %s, the oracle has "
                 "nominal %s due %s opens %s %s %s %s",
                 at + 1, day_text(column_day(q, 2)), day_text(column_day(q, 3)),
                 day_text(column_day(q, 4)), sqlite3_column_text(q, 5), sqlite3_column_text(q, 6),
                 day_text(column_day(q, 7)), day_text(c->nominal), day_text(c->due),
                 day_text(c->opens), o_tiers[c->tier], o_states[c->state], day_text(c->closed));
    }
}

/* Every nominal date is on record with what became of it. */
static void check_covered(struct sim *s, struct o_household *h, const int *nominals, int count)
{
    int day = oracle_uncovered(h, nominals, count);
    if (day != NO_DAY) {
        mismatch(s, h, "nothing is on record of the nominal date %s", day_text(day));
    }
}

static void compare_cycles(struct sim *s)
{
    struct o_household *h = NULL;
    int nominals[2048], count = 0;
    sqlite3_stmt *q =
        house_sql(&s->house, "SELECT h.household, c.anchor_on, c.nominal_due_on, c.due_on, "
                             "c.opens_on, c.tier, c.state, c.closed_on FROM cycle c JOIN household "
                             "h ON h.id = c.household_id ORDER BY c.household_id, c.cycle");
    for (bool more = true; more;) {
        more = sqlite3_step(q) == SQLITE_ROW;
        struct o_household *now =
            more ? household_of(s, (const char *)sqlite3_column_text(q, 0)) : NULL;
        if (now != h && h) {
            if (count < h->cycle_count) {
                mismatch(s, h, "the daemon has a cycle less");
            }
            check_covered(s, h, nominals, count);
        }
        count = now == h ? count : 0;
        h = now;
        if (h && count < 2048) {
            compare_cycle(s, h, count, q);
            nominals[count++] = column_day(q, 2);
        }
    }
    sqlite3_finalize(q);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void keep(char ***list, size_t *count, char *text)
{
    *list = realloc(*list, (*count + 1) * sizeof **list);
    (*list)[(*count)++] = text;
}

static struct o_household *household_of_task(struct sim *s, long task)
{
    for (int i = 0; i < s->oracle.count; i++) {
        for (int j = 0; j < s->oracle.households[i]->task_count; j++) {
            if (s->oracle.households[i]->tasks[j].number == task) {
                return s->oracle.households[i];
            }
        }
    }
    return NULL;
}

/* "2018-03-01 500101001000 alert 17/late/2018-02-28": day, division, kind, subject, list. */
static char *message_text(const struct sim *s, const struct o_message *m)
{
    char *text = NULL, number[32] = "";
    if (m->task >= 0) {
        snprintf(number, sizeof number, "%ld%s",
                 s->oracle.households[m->household]->tasks[m->task].number,
                 m->subject[0] ? "/" : "");
    }
    if (asprintf(&text, "%s %012lld %s %s%s%s", day_text(m->day), m->division, m->kind, number,
                 m->subject, m->body ? m->body : "") < 0) {
        abort();
    }
    return text;
}

static struct o_household *household_of_message(struct sim *s, const char *text)
{
    long task = 0;
    return sscanf(text, "%*s %*s %*s %ld", &task) == 1 ? household_of_task(s, task) : NULL;
}

static void free_texts(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i]);
    }
    free(list);
}

static void compare_messages(struct sim *s)
{
    char **want = NULL, **got = NULL, *text;
    size_t want_count = 0, got_count = 0, i = 0, j = 0;
    for (; s->compared < s->oracle.message_count; s->compared++) {
        keep(&want, &want_count, message_text(s, &s->oracle.messages[s->compared]));
    }
    sqlite3_stmt *q = house_sql(
        &s->house,
        "SELECT seq, created_on, division, kind, subject, CASE kind WHEN 'protection-ends' THEN "
        "json_extract(body, '$.households') ELSE '' END FROM message WHERE kind IN ('alert', "
        "'deadline-moved', 'proposal', 'standard-missing', 'protection-ends', 'tier-default') AND "
        "seq > ? "
        "ORDER BY seq");
    sqlite3_bind_int64(q, 1, s->last_message);
    while (sqlite3_step(q) == SQLITE_ROW) {
        s->last_message = sqlite3_column_int64(q, 0);
        if (asprintf(&text, "%s %012lld %s %s%s", day_text(sqlite3_column_int(q, 1)),
                     (long long)sqlite3_column_int64(q, 2), sqlite3_column_text(q, 3),
                     sqlite3_column_text(q, 4), sqlite3_column_text(q, 5)) < 0) {
            abort();
        }
        keep(&got, &got_count, text);
        keep(&s->messages, &s->message_count, strdup(text));
    }
    sqlite3_finalize(q);
    qsort(want, want_count, sizeof *want, by_text);
    qsort(got, got_count, sizeof *got, by_text);
    while (i < want_count || j < got_count) {
        int cmp = i == want_count ? 1 : j == got_count ? -1 : strcmp(want[i], got[j]);
        if (cmp != 0) {
            text = cmp < 0 ? want[i] : got[j];
            mismatch(s, household_of_message(s, text), "%s message: %s",
                     cmp < 0 ? "missing" : "unexpected", text);
        }
        i += cmp <= 0;
        j += cmp >= 0;
    }
    free_texts(want, want_count);
    free_texts(got, got_count);
}

static void check_verify(struct sim *s, bool chain)
{
    json_t *verify = house_must(&s->house, "verify", NULL);
    json_t *failures = json_object_get(verify, "failures");
    if (json_array_size(failures) != 0) {
        json_t *first = json_array_get(failures, 0);
        char *text = json_dumps(first, JSON_COMPACT);
        mismatch(s, household_of(s, json_string_value(json_object_get(first, "household"))),
                 "verify: %zu failures, the first %s", json_array_size(failures), text);
        free(text);
    }
    json_decref(verify);
    if (chain) {
        json_t *audit = house_must(&s->house, "audit.verify", NULL);
        if (!json_is_true(json_object_get(audit, "ok"))) {
            mismatch(s, NULL, "audit.verify fails");
        }
        json_decref(audit);
    }
}

static void check_counts(struct sim *s)
{
    long active = 0, guarded = 0, open = 0, late = 0;
    for (int i = 0; i < s->oracle.count; i++) {
        const struct o_household *h = s->oracle.households[i];
        active += h->status == O_ACTIVE;
        guarded += oracle_protected(h, s->today);
        for (int j = 0; j < h->task_count; j++) {
            open += h->tasks[j].state == T_OPEN;
            late += h->tasks[j].state == T_OPEN && h->tasks[j].due < s->today;
        }
    }
    json_t *status = house_must(&s->house, "status", NULL);
    json_t *counts = json_object_get(status, "counts");
    const struct {
        const char *name;
        long want;
    } all[] = {{"households", s->oracle.count},
               {"active", active},
               {"protected", guarded},
               {"open_tasks", open},
               {"late", late}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        long got = (long)json_integer_value(json_object_get(counts, all[i].name));
        if (got != all[i].want) {
            mismatch(s, NULL, "status counts %ld %s, the oracle %ld", got, all[i].name,
                     all[i].want);
        }
    }
    json_decref(status);
}

static void compare(struct sim *s)
{
    bool chain = s->oracle.count <= 300 || s->month % 6 == 0;
    number_tasks(s);
    compare_households(s);
    compare_cycles(s);
    compare_tasks(s);
    compare_messages(s);
    check_counts(s);
    check_verify(s, chain);
    check(s);
}

/* ---- households made up ---- */

static const char *cell_day(int day)
{
    return day == NO_DAY ? "" : day_text(day);
}

static int made_birth(struct sim *s)
{
    static const int leap[] = {1948, 1952, 1956, 2012, 2016};
    if (per_mille(s, 80)) {
        return NO_DAY;
    }
    if (per_mille(s, 60)) {
        int year = leap[below(s, 5)];
        return day_of(year, 2, 29);
    }
    int year = below(s, 3) == 0   ? 1946 + below(s, 12)
               : below(s, 2) == 0 ? 2010 + below(s, 7)
                                  : 1960 + below(s, 45);
    return day_of(year, 1 + below(s, 12), 1 + below(s, 28));
}

static void make_members(struct sim *s, struct o_household *h, FILE *out)
{
    int count = 1 + below(s, 4);
    h->members = calloc(64, sizeof *h->members);
    for (int i = 0; i < count; i++) {
        struct o_member *m = &h->members[h->member_count++];
        snprintf(m->name, sizeof m->name, "%d", i + 1);
        m->birth = made_birth(s);
        if (m->birth > s->today) {
            m->birth = NO_DAY;
        }
        m->work = per_mille(s, 60) ? -1 : per_mille(s, 700) ? below(s, 2) : 2;
        fprintf(out, "%s,%s,%s,%s,present\n", h->code, m->name, cell_day(m->birth),
                m->work < 0 ? "" : o_works[m->work]);
    }
}

/* The day of approval, the month's end and 29 February more often than chance has it. */
static int made_approval(struct sim *s)
{
    if (per_mille(s, 60)) {
        return day_of(2016, 2, 29);
    }
    if (per_mille(s, 100)) {
        static const int months[] = {1, 3, 5, 7, 8, 10, 12};
        return day_of(2014 + below(s, 3), months[below(s, 7)], 31);
    }
    return s->today - 1 - below(s, 1200);
}

static void make_household(struct sim *s, bool fresh, FILE *households, FILE *members)
{
    char code[24], tier[16] = "";
    snprintf(code, sizeof code, "H%06d", s->oracle.count);
    struct o_household *h = oracle_add(&s->oracle, code);
    h->village = below(s, village_count);
    h->status = per_mille(s, 70) ? O_REGISTER_ONLY : per_mille(s, 40) ? O_SUSPENDED : O_ACTIVE;
    if (s->o.protected) {
        h->status = O_ACTIVE;
    }
    h->state = (enum o_register)(!s->o.protected && per_mille(s, 450) ? 0
                                 : per_mille(s, 700)                  ? 1
                                                                      : 2 + below(s, 2));
    h->income_kind = per_mille(s, 50) ? -1 : per_mille(s, 250);
    if (per_mille(s, 850)) {
        h->income = (100000 + below(s, 2400000)) / 100 * 100;
        h->pension = below(s, 3) ? -1 : below(s, 40) * 10000;
        h->cost = below(s, 3) ? -1 : below(s, 20) * 10000;
    }
    h->tier = O_QUARTERLY;
    h->source = S_DEFAULT;
    if (per_mille(s, 600)) {
        h->tier = (enum o_tier)below(s, 3);
        h->source = S_GIVEN;
        snprintf(tier, sizeof tier, "%s", o_tiers[h->tier]);
    }
    if (h->status == O_REGISTER_ONLY) {
        h->state = h->state == O_NONE ? O_REGISTERED : h->state;
    } else {
        h->approved = fresh ? s->today - below(s, 30) : made_approval(s);
        if (!fresh && !per_mille(s, 150)) {
            int ago = below(s, 3) ? below(s, 120) : below(s, 500);
            h->last_review = s->today - ago < h->approved ? h->approved : s->today - ago;
        }
    }
    fprintf(households, "%s,%012lld,%s,%s,%s,", code, villages[h->village].village,
            o_statuses[h->status], tier, h->income_kind < 0 ? "" : o_incomes[h->income_kind]);
    for (int i = 0; i < 3; i++) {
        long fen = i == 0 ? h->income : i == 1 ? h->pension : h->cost;
        fprintf(households, fen < 0 ? "," : "%ld.%02ld,", fen / 100, fen % 100);
    }
    fprintf(households, "%s,", cell_day(h->approved));
    fprintf(households, "%s,%s\n", cell_day(h->last_review), o_registers[h->state]);
    make_members(s, h, members);
}

static void import_new(struct sim *s, int count, bool fresh)
{
    char *text[2];
    size_t len[2];
    int first = s->oracle.count;
    FILE *households = open_memstream(&text[0], &len[0]);
    FILE *members = open_memstream(&text[1], &len[1]);
    fputs("household,division,status,tier,income_kind,income,pension,employment_cost,approved_on,"
          "last_review_on,register\n",
          households);
    fputs("household,member,birth_on,work_ability,status\n", members);
    for (int i = 0; i < count; i++) {
        make_household(s, fresh, households, members);
    }
    fclose(households);
    fclose(members);
    for (int i = first; i < s->oracle.count; i++) {
        oracle_enter(&s->oracle, s->oracle.households[i], s->today);
    }
    house_import(&s->house, "households", text[0], len[0]);
    for (int i = first; i < s->oracle.count; i++) {
        oracle_members_imported(s->oracle.households[i], s->today);
    }
    house_import(&s->house, "members", text[1], len[1]);
    free(text[0]);
    free(text[1]);
    number_tasks(s);
}

static void readmit(struct sim *s, struct o_household *h)
{
    char text[512];
    int approved = s->today - below(s, 10);
    if (h->status != O_CLOSED || approved <= h->approved) {
        return;
    }
    int n =
        snprintf(text, sizeof text, "household,division,status,approved_on\n%s,%012lld,active,%s\n",
                 h->code, villages[h->village].village, day_text(approved));
    oracle_readmit(&s->oracle, h, approved, s->today);
    house_import(&s->house, "households", text, (size_t)n);
    number_tasks(s);
}

static void import_standards(struct sim *s, int year)
{
    char text[256];
    long dibao = 360000 + (year - 2017) * 36000;
    int n = snprintf(text, sizeof text,
                     "district,year,dibao,poverty_line\n500101,%d,%ld.00,3000.00\n500102,%d,%ld.00,"
                     "3000.00\n",
                     year, dibao / 100, year, dibao / 100);
    house_import(&s->house, "standards", text, (size_t)n);
    s->oracle.standards[0][year - 1900] = s->oracle.standards[1][year - 1900] = dibao;
}

static void import_calendar(struct sim *s, int year)
{
    char path[64], text[65536];
    snprintf(path, sizeof path, "conf/calendar/%d.csv", year);
    FILE *f = fopen(path, "re");
    if (!f) {
        return; /* not out yet */
    }
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    oracle_read_calendar("conf/calendar", year);
    oracle_calendar(&s->oracle, s->today);
    house_import(&s->house, "calendar", text, n);
    s->events++;
}

/* ---- events ---- */

/* The same act in both; they must agree whether it is allowed. */
static void act(struct sim *s, struct o_household *h, const char *want, const char *method,
                json_t *params)
{
    char reason[32];
    json_t *result = house_call(&s->house, method, params, reason);
    s->events++;
    s->refused += result == NULL;
    if ((result == NULL) != (want != NULL) ||
        (want && (strcmp(want, "protected") == 0) != (strcmp(reason, "protected") == 0))) {
        mismatch(s, h, "%s: %s, the oracle says %s", method, result ? "accepted" : reason,
                 want ? want : "accepted");
        check(s);
    }
    json_decref(result);
    number_tasks(s);
    check(s);
}

static void set_day(json_t *params, const char *name, int day)
{
    json_object_set_new(params, name, json_string(day_text(day)));
}

static void event_review(struct sim *s, struct o_household *h, int task)
{
    static const char *const outcomes[] = {"continue", "adjust", "terminate", "postpone"};
    struct o_task *t = &h->tasks[task];
    int luck = below(s, 1000), on = s->today, to = NO_DAY, ground = -1;
    const char *outcome = outcomes[luck < 800 ? 0 : luck < 890 ? 1 : luck < 930 ? 2 : 3];
    bool remark = per_mille(s, 930);
    json_t *params = json_pack("{s:I, s:s}", "task", (json_int_t)t->number, "outcome", outcome);
    if (strcmp(outcome, "postpone") == 0) {
        to = t->due + 1 + below(s, 34);
        while (!is_working(to) && per_mille(s, 950)) {
            to++;
        }
        set_day(params, "to", to);
    } else if (strcmp(outcome, "terminate") == 0) {
        ground = below(s, 10);
        json_object_set_new(params, "ground", json_string(o_grounds[ground]));
    }
    if (to == NO_DAY && per_mille(s, 300)) {
        on -= below(s, 12) - 1;
        set_day(params, "on", on);
    }
    if (remark) {
        json_object_set_new(params, "remark", json_string("入户"));
    }
    act(s, h, oracle_review(&s->oracle, h, task, outcome, ground, on, to, remark, s->today),
        "review", params);
}

static const char *some_member(struct sim *s, const struct o_household *h, int kind, char out[16])
{
    bool fresh = kind == R_BIRTH || kind == R_MOVE_IN;
    if (fresh && (kind == R_BIRTH || below(s, 2))) {
        snprintf(out, 16, "n%d", h->member_count + 1);
        return out;
    }
    if (h->member_count == 0 || per_mille(s, 20)) {
        return NULL;
    }
    snprintf(out, 16, "%s", h->members[below(s, h->member_count)].name);
    return out;
}

static void set_money(json_t *params, const char *name, long fen)
{
    char text[32];
    if (fen >= 0) {
        snprintf(text, sizeof text, "%ld.%02ld", fen / 100, fen % 100);
        json_object_set_new(params, name, json_string(text));
    }
}

static void event_report(struct sim *s, struct o_household *h)
{
    static const int kinds[] = {R_ILLNESS,  R_ACCIDENT,  R_DEATH,  R_DEATH,  R_BIRTH,
                                R_MOVE_IN,  R_MOVE_OUT,  R_INCOME, R_INCOME, R_ASSETS,
                                R_DISASTER, R_SCHOOLING, R_OTHER};
    int kind = kinds[below(s, (int)(sizeof kinds / sizeof *kinds))], asset = -1;
    int on = s->today - (per_mille(s, 500) ? 0 : below(s, 20));
    char name[16];
    const char *member = kind == R_DEATH || kind == R_MOVE_OUT || kind == R_BIRTH ||
                                 kind == R_MOVE_IN || kind == R_ILLNESS
                             ? some_member(s, h, kind, name)
                             : NULL;
    long income = -1, pension = -1, cost = -1;
    json_t *params = json_pack("{s:s, s:s, s:s}", "household", h->code, "kind", o_reports[kind],
                               "source", "村委会");
    if (h->member_count >= 60 && (kind == R_BIRTH || kind == R_MOVE_IN)) {
        json_decref(params);
        return;
    }
    if (member) {
        json_object_set_new(params, "member", json_string(member));
    }
    if (on != s->today) {
        set_day(params, "on", on);
    }
    if (kind == R_INCOME) {
        income = below(s, 4) ? below(s, 40000) * 100l : -1;
        pension = below(s, 3) ? -1 : below(s, 60) * 10000l;
        cost = below(s, 3) ? -1 : below(s, 40) * 10000l;
        set_money(params, "income", income);
        set_money(params, "pension", pension);
        set_money(params, "employment_cost", cost);
    }
    if (kind == R_ASSETS) {
        asset = below(s, 5);
        json_object_set_new(params, "asset", json_string(oracle_asset((unsigned)asset)));
    }
    act(s, h,
        oracle_report(&s->oracle, h, kind, member, on, income, pension, cost, asset, s->today),
        "report", params);
}

static void event_tier(struct sim *s, struct o_household *h)
{
    enum o_tier tier = (enum o_tier)below(s, 3);
    act(s, h, oracle_tier(h, tier, s->today), "household.tier",
        json_pack("{s:s, s:s, s:s}", "household", h->code, "tier", o_tiers[tier], "reason",
                  "核定"));
}

static void event_move(struct sim *s, struct o_household *h)
{
    int village = below(s, village_count);
    char code[16];
    snprintf(code, sizeof code, "%012lld", villages[village].village);
    act(s, h, oracle_move(h, village, s->today), "household.move",
        json_pack("{s:s, s:s}", "household", h->code, "village", code));
}

static void event_end(struct sim *s, struct o_household *h, const char *what)
{
    int ground = below(s, G_COUNT);
    bool remark = per_mille(s, 500);
    char method[32];
    snprintf(method, sizeof method, "household.%s", what);
    json_t *params = json_pack("{s:s, s:s}", "household", h->code, "ground", o_grounds[ground]);
    if (remark) {
        json_object_set_new(params, "remark", json_string("说明"));
    }
    act(s, h, oracle_end(&s->oracle, h, what, ground, remark, s->today), method, params);
}

static void event_resume(struct sim *s, struct o_household *h)
{
    act(s, h, oracle_resume(&s->oracle, h, s->today), "household.resume",
        json_pack("{s:s}", "household", h->code));
}

static void event_decide(struct sim *s, struct o_household *h, int task)
{
    struct o_task *t = &h->tasks[task];
    int decision = below(s, D_COUNT), on = s->today;
    json_t *params = json_pack("{s:I}", "task", (json_int_t)t->number);
    if (per_mille(s, 800)) { /* mostly one that can fit */
        decision = t->kind == K_ADJUSTMENT ? below(s, 3) == 0 ? D_EXIT : D_KEEP
                   : t->kind == K_DIBAO    ? below(s, 2) ? D_APPLY : D_NOT_ELIGIBLE
                   : below(s, 2)           ? D_NOT_ELIGIBLE
                   : h->state == O_NONE    ? D_ADD
                                           : D_RETURN;
    }
    json_object_set_new(params, "decision", json_string(o_decisions[decision]));
    if (per_mille(s, 150)) {
        on -= below(s, 6) - 1;
        set_day(params, "on", on);
    }
    act(s, h, oracle_decide(h, task, decision, on, s->today), "register.decide", params);
}

/* A new list of the office: what it knows of the household now. */
static void event_import(struct sim *s, struct o_household *h)
{
    char text[512], money[3][32] = {"", "", ""};
    long fen[3];
    int kind = per_mille(s, 300) ? below(s, 2) : -1, tier = per_mille(s, 80) ? below(s, 3) : -1;
    int state = h->state == O_NONE && per_mille(s, 100) ? O_REGISTERED : -1;
    for (int i = 0; i < 3; i++) {
        fen[i] = per_mille(s, 300) ? below(s, 40000) * 100l : -1;
        if (fen[i] >= 0) {
            snprintf(money[i], sizeof money[i], "%ld.%02ld", fen[i] / 100, fen[i] % 100);
        }
    }
    int n = snprintf(text, sizeof text,
                     "household,division,approved_on,income_kind,income,pension,employment_cost,"
                     "tier,register\n%s,%012lld,%s,%s,%s,%s,%s,%s,%s\n",
                     h->code, villages[h->village].village, cell_day(h->approved),
                     kind < 0 ? "" : o_incomes[kind], money[0], money[1], money[2],
                     tier < 0 ? "" : o_tiers[tier], state < 0 ? "" : o_registers[state]);
    oracle_import(&s->oracle, h, kind, fen[0], fen[1], fen[2], tier, state, s->today);
    house_import(&s->house, "households", text, (size_t)n);
    s->events++;
    number_tasks(s);
}

/* The same of one member: the work ability, and now and then one that was not known. */
static void event_import_member(struct sim *s, struct o_household *h)
{
    char text[256];
    struct o_member *m;
    if (h->member_count == 0 || h->member_count >= 60) {
        return;
    }
    m = &h->members[below(s, h->member_count)];
    m->work = below(s, 3);
    int n = snprintf(text, sizeof text, "household,member,work_ability\n%s,%s,%s\n", h->code,
                     m->name, o_works[m->work]);
    oracle_members_imported(h, s->today);
    house_import(&s->house, "members", text, (size_t)n);
    s->events++;
    number_tasks(s);
}

static void event_correct(struct sim *s, struct o_household *h)
{
    if (oracle_can_correct(h)) {
        s->corrected++;
        act(s, h, oracle_correct(&s->oracle, h, s->today), "correct",
            json_pack("{s:s, s:s}", "household", h->code, "reason", "录入错误"));
    }
}

/* How likely an office looks at a task within a day, in thousandths: in time, now and then, when it
 * is late already, hardly ever. Offices change their ways from year to year. */
static int zeal(const struct sim *s, const struct o_household *h, const struct o_task *t)
{
    int year, month, mday;
    day_split(s->today, &year, &month, &mday);
    switch ((h->village + year) % 4) {
    case 0:
        return 150;
    case 1:
        return 40;
    case 2:
        return t->due < s->today ? 40 : 0;
    default:
        return 2;
    }
}

static void events_of_offices(struct sim *s, int days)
{
    for (int i = 0; i < s->oracle.count; i++) {
        struct o_household *h = s->oracle.households[i];
        for (int j = 0; j < h->task_count; j++) {
            if (h->tasks[j].state != T_OPEN || !per_mille(s, zeal(s, h, &h->tasks[j]) * days)) {
                continue;
            }
            if (h->tasks[j].number == 0) {
                mismatch(s, h, "the daemon has not the oracle's task of %s",
                         day_text(h->tasks[j].opened));
                check(s);
            }
            if (h->tasks[j].kind <= K_TRIGGERED) {
                event_review(s, h, j);
            } else {
                event_decide(s, h, j);
            }
        }
    }
}

static void event_random(struct sim *s)
{
    struct o_household *h = s->oracle.households[below(s, s->oracle.count)];
    int luck = below(s, 1000);
    if (per_mille(s, 100)) {
        (per_mille(s, 500) ? event_import : event_import_member)(s, h);
        return;
    }
    if (per_mille(s, 120)) { /* mostly what was entered just now, or what is waiting for long */
        event_correct(s, h);
        return;
    }
    if (h->status == O_CLOSED && !per_mille(s, 50)) {
        return;
    }
    if (h->status == O_CLOSED && per_mille(s, 300)) {
        readmit(s, h);
    } else if (h->status == O_SUSPENDED && per_mille(s, 300)) {
        event_resume(s, h);
    } else if (luck < 600) {
        event_report(s, h);
    } else if (luck < 720) {
        event_tier(s, h);
    } else if (luck < 820) {
        event_move(s, h);
    } else if (luck < 890) {
        event_end(s, h, "suspend");
    } else if (luck < 960) {
        event_end(s, h, "close");
    } else {
        event_resume(s, h);
    }
}

static void events(struct sim *s, int days)
{
    int expected = s->oracle.count * days; /* one a household and three months or so */
    events_of_offices(s, days);
    for (int i = 0; i < expected; i++) {
        if (per_mille(s, 10)) {
            event_random(s);
        }
    }
    if (per_mille(s, 12 * days)) {
        import_new(s, 1 + below(s, 1 + s->o.households / 40), true);
    }
}

/* What the year brings: standards in January (one year late), the next calendar in December, one of
 * them late. */
static void events_of_year(struct sim *s, int before)
{
    int year, month, mday, from, to;
    day_split(before, &year, &month, &mday);
    from = year;
    day_split(s->today, &to, &month, &mday);
    for (int y = from; y <= to; y++) {
        int standards = day_of(y, y == 2020 ? 4 : 1, 12);
        int calendar = y + 1 == s->late_year ? day_of(y + 1, 2, 10) : day_of(y, 12, 4);
        int late = y == s->late_year ? day_of(y, 2, 10) : NO_DAY;
        if (standards > before && standards <= s->today) {
            import_standards(s, y);
        }
        if (calendar > before && calendar <= s->today && y + 1 != s->late_year) {
            import_calendar(s, y + 1);
        }
        if (late > before && late <= s->today) {
            import_calendar(s, y);
        }
    }
}

/* ---- time passes ---- */

static void catch_up(struct sim *s)
{
    char reason[32];
    json_t *result;
    while (!(result = house_call(&s->house, "run", NULL, reason))) {
        if (strcmp(reason, "busy") != 0) {
            mismatch(s, NULL, "run: %s", reason);
            check(s);
        }
        nanosleep(&(struct timespec){0, 5 * 1000 * 1000}, NULL);
    }
    json_decref(result);
}

/* To nine o'clock of a day: by the clock, or with the daemon down for some of the time. */
static void pass(struct sim *s, int day)
{
    char at[32], by[16];
    int how = s->o.downtimes ? (int)(draw(&s->other) % (s->o.split ? 4 : 24)) : 99;
    snprintf(at, sizeof at, "%s 09:00", day_text(day));
    snprintf(by, sizeof by, "%dd", day - s->today);
    if (how < 2) {
        s->kills++;
        if (how == 1) { /* in the midst of it */
            house_send(&s->house, "clock.advance", json_pack("{s:s}", "by", by));
            nanosleep(&(struct timespec){0, (long)(draw(&s->other) % 20) * 1000 * 1000}, NULL);
        }
        house_end(&s->house, SIGKILL);
        house_start(&s->house, at);
        catch_up(s);
    } else {
        json_decref(house_must(&s->house, "clock.advance", json_pack("{s:s}", "by", by)));
    }
    for (int d = s->today + 1; d <= day; d++) {
        oracle_run(&s->oracle, d);
        s->runs++;
    }
    s->today = day;
    number_tasks(s);
    check(s);
}

static void begin(struct sim *s)
{
    char at[32], text[65536];
    int year, month, mday;
    s->today = s->o.from;
    day_split(s->today, &year, &month, &mday);
    s->month = year * 12 + month;
    house_new(&s->house, s->o.folder, getenv("B") ? getenv("B") : "build", year);
    oracle_read_calendar("conf/calendar", year);
    snprintf(at, sizeof at, "%s 07:00", day_text(s->today));
    house_start(&s->house, at);
    FILE *f = fopen("tests/data/divisions.csv", "re");
    size_t n = f ? fread(text, 1, sizeof text, f) : 0;
    fclose(f);
    house_import(&s->house, "divisions", text, n);
    import_standards(s, year);
    import_new(s, s->o.households, false);
    catch_up(s);
    oracle_run(&s->oracle, s->today);
    json_decref(house_must(&s->house, "clock.advance", json_pack("{s:s}", "by", "2h")));
    number_tasks(s);
}

/* The alerts of a run in which downtimes are compared are worth comparing only where each rung of
 * each kind of task is among them, and the close of the register. */
static void check_rungs(struct sim *s)
{
    static const char *const rungs[] = {"due-soon",       "due-today",
                                        "late",           "escalated-district",
                                        "escalated-city", "undecided-at-close"};
    for (int kind = K_REGULAR; kind <= K_DIBAO; kind++) {
        for (int r = 0; r < (kind < K_ADJUSTMENT ? 5 : 6); r++) {
            int seen = 0;
            for (int i = 0; i < s->oracle.message_count; i++) {
                const struct o_message *m = &s->oracle.messages[i];
                seen += strcmp(m->kind, "alert") == 0 &&
                        (int)s->oracle.households[m->household]->tasks[m->task].kind == kind &&
                        strncmp(m->subject, rungs[r], strlen(rungs[r])) == 0;
            }
            if (seen == 0) {
                mismatch(s, NULL, "no %s of a %s in these days: take more households", rungs[r],
                         o_kinds[kind]);
            }
        }
    }
    check(s);
}

static void simulate(struct sim *s)
{
    begin(s);
    compare(s);
    for (int i = 0; i < s->o.households / 4; i++) { /* while imported reviews are fresh */
        event_tier(s, s->oracle.households[below(s, s->oracle.count)]);
    }
    while (s->today < s->o.to) {
        int year, month, mday, before = s->today, days = 1 + below(s, 5);
        if (below(s, 60) == 0) {
            days += below(s, 45);
        }
        pass(s, before + days > s->o.to ? s->o.to : before + days);
        events_of_year(s, before);
        events(s, s->today - before > 10 ? 10 : s->today - before);
        day_split(s->today, &year, &month, &mday);
        if (year * 12 + month != s->month || s->today == s->o.to) {
            s->month = year * 12 + month;
            compare(s);
        }
    }
    if (s->o.split) {
        check_rungs(s);
    }
    house_end(&s->house, SIGTERM);
}

/* ---- a protected household is not ended but on one of the four grounds ---- */

/* An import never takes a household off the register. */
static void import_less_protected(struct sim *s, const struct o_household *h)
{
    char text[256], reason[32];
    int n =
        snprintf(text, sizeof text,
                 "household,division,approved_on,status,register\n%s,%012lld,%s,%s,none\n", h->code,
                 villages[h->village].village, day_text(h->approved), below(s, 2) ? "closed" : "");
    if (house_try_import(&s->house, "households", text, (size_t)n, reason)) {
        mismatch(s, h, "an import took it off the register");
    }
    s->refused++;
}

static void command(struct sim *s, struct o_household *h)
{
    int task = h->task_count ? below(s, h->task_count) : -1;
    bool open = task >= 0 && h->tasks[task].state == T_OPEN;
    switch (below(s, 11)) {
    case 10:
        event_correct(s, h);
        break;
    case 0:
        import_less_protected(s, h);
        break;
    case 1:
        event_tier(s, h);
        break;
    case 2:
        event_move(s, h);
        break;
    case 3:
        event_resume(s, h);
        break;
    case 4:
        event_end(s, h, "suspend");
        break;
    case 5:
        event_end(s, h, "close");
        break;
    case 6:
        event_report(s, h);
        break;
    default:
        if (open && h->tasks[task].kind <= K_TRIGGERED) {
            event_review(s, h, task);
        } else if (open) {
            event_decide(s, h, task);
        } else {
            event_end(s, h, "close");
        }
    }
}

/* Whatever ended has its ground on record, and was not taken back: an ending against protection, on
 * one of the four. */
static void check_grounds(struct sim *s)
{
    sqlite3_stmt *q = house_sql(
        &s->house,
        "SELECT h.household FROM household h WHERE h.status IN ('closed', 'suspended') AND NOT "
        "EXISTS (SELECT 1 FROM ending e WHERE e.household_id = h.id AND e.protected = 1 AND "
        "e.corrected = 0 AND e.ground IN ('all-members-gone', 'member-change', "
        "'income-clearly-above', "
        "'assets-clearly-above')) LIMIT 1");
    if (sqlite3_step(q) == SQLITE_ROW) {
        mismatch(s, household_of(s, (const char *)sqlite3_column_text(q, 0)),
                 "ended without one of the four grounds on record");
    }
    sqlite3_finalize(q);
}

static void besiege(struct sim *s)
{
    begin(s);
    for (int i = 0; i < 1000; i++) {
        struct o_household *h = s->oracle.households[below(s, s->oracle.count)];
        if (per_mille(s, 80)) {
            int before = s->today;
            pass(s, s->today + 1 + below(s, 20));
            events_of_year(s, before);
        }
        if (h->status == O_CLOSED) {
            import_new(s, 1, true);
        } else {
            command(s, h);
        }
        check_grounds(s);
        check(s);
    }
    compare(s);
    house_end(&s->house, SIGTERM);
}

/* ---- the command ---- */

static const struct argp_option option_table[] = {
    {"households", 'n', "N", 0, "households at the beginning (100)", 0},
    {"from", 'f', "DAY", 0, "first day (2017-03-14)", 0},
    {"to", 't', "DAY", 0, "last day (2027-03-14)", 0},
    {"seed", 's', "N", 0, "what happens; SEED in the environment goes before", 0},
    {"downtimes", 'd', "N", 0, "seed of the downtimes; 0: none", 0},
    {"split", 'p', 0, 0, "run twice with other downtimes and compare the alerts", 0},
    {"protected", 'c', 0, 0, "1,000 random commands against protected households", 0},
    {0}};

static int day_option(const char *text, struct argp_state *state)
{
    int y, m, d;
    if (sscanf(text, "%d-%d-%d", &y, &m, &d) != 3) {
        argp_error(state, "%s is no day", text);
    }
    return day_of(y, m, d);
}

static error_t option(int key, char *value, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 'n':
        o->households = atoi(value);
        return 0;
    case 'f':
        o->from = day_option(value, state);
        return 0;
    case 't':
        o->to = day_option(value, state);
        return 0;
    case 's':
        o->seed = strtoull(value, NULL, 10);
        return 0;
    case 'd':
        o->downtimes = strtoull(value, NULL, 10);
        return 0;
    case 'p':
        o->split = true;
        return 0;
    case 'c':
        o->protected = true;
        return 0;
    case ARGP_KEY_ARG:
        o->folder = value;
        return 0;
    case ARGP_KEY_END:
        if (!o->folder) {
            argp_error(state, "FOLDER is missing");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {option_table, option, "FOLDER", NULL, NULL, NULL, NULL};

static struct sim new_sim(const struct options *o)
{
    struct sim s = {.o = *o, .chance = o->seed, .other = o->downtimes, .late_year = 2020};
    return s;
}

static void report(const struct sim *s)
{
    printf("%d households, %ld days, %ld events (%ld refused, %ld corrections), %d messages, %ld "
           "kills: the same\n",
           s->oracle.count, s->runs, s->events, s->refused, s->corrected, s->oracle.message_count,
           s->kills);
    fflush(stdout);
}

static int run(const struct options *o)
{
    struct sim s = new_sim(o);
    char path[4096];
    mkdir(o->folder, 0755);
    if (o->protected) {
        besiege(&s);
    } else {
        simulate(&s);
    }
    report(&s);
    qsort(s.messages, s.message_count, sizeof *s.messages, by_text);
    snprintf(path, sizeof path, "%s/messages", o->folder);
    FILE *f = fopen(path, "we");
    for (size_t i = 0; f && i < s.message_count; i++) {
        fprintf(f, "%s\n", s.messages[i]);
    }
    return f && fclose(f) == 0 ? 0 : 1;
}

/* Each in a process of its own: without a downtime, and with many, here and there. */
static int run_split(const struct options *o)
{
    char folder[3][4096], cmp[3 * 4096];
    mkdir(o->folder, 0755);
    for (int i = 0; i < 3; i++) {
        int status = 1;
        snprintf(folder[i], sizeof folder[i], "%s/%d", o->folder, i);
        pid_t pid = fork();
        if (pid == 0) {
            struct options mine = *o;
            mine.folder = folder[i];
            mine.downtimes = i == 0 ? 0 : o->seed * 2 + (uint64_t)i;
            exit(run(&mine));
        }
        if (waitpid(pid, &status, 0) != pid || status != 0) {
            return 1;
        }
        snprintf(cmp, sizeof cmp, "cmp '%s/messages' '%s/messages'", folder[0], folder[i]);
        if (i > 0 && system(cmp) != 0) {
            printf("MISMATCH: other downtimes gave other messages\n");
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {.households = 100,
                        .from = day_of(2017, 3, 14),
                        .to = day_of(2027, 3, 14),
                        .seed = 1,
                        .downtimes = 1};
    argp_parse(&parser, argc, argv, 0, NULL, &o);
    if (getenv("SEED")) {
        o.seed = strtoull(getenv("SEED"), NULL, 10);
    }
    if (!oracle_read_policies("conf/policy") ||
        !oracle_read_divisions("tests/data/divisions.csv")) {
        fputs("simulate: run it from the root of the tree\n", stderr);
        return 2;
    }
    printf("SEED=%llu\n", (unsigned long long)o.seed);
    fflush(stdout);
    return o.split ? run_split(&o) : run(&o);
}
