#include "work/verify.h"

#include <stdlib.h>

#include "store/division.h"
#include "store/quarantine.h"
#include "work/invariant.h"

#define BATCH 64
#define PAGE 1000

/* What is walked over, one after the other. */
enum verify_stage { VERIFY_HOUSEHOLDS, VERIFY_OFFICES, VERIFY_MESSAGES, VERIFY_END };

/* Tasks done as numbers that do not depend on the order: how many, how many on time, and both
 * weighed by township and month, so that no two of them can stand in for each other. */
struct office_sum {
    uint64_t done, on_time, weighed, weighed_on_time;
};

struct verify_work {
    struct job job;
    struct verify_result result;
    enum verify_stage stage;
    int64_t after;
    struct arena arena;
    struct check_moment moment;
    /* Counted on the way, held against the counts that the store keeps: where nothing changed in
     * between, which `changes` tells. */
    int64_t changes;
    struct store_counts counted, kept;
    int64_t messages[5];
    struct office_sum offices, offices_kept;
    int64_t office_month; /* with `after`, the cursor over what is kept */
    struct date day;      /* of which late is counted */
    bool started;
};

/* ---- what is counted of a household ---- */

static void add_office(struct office_sum *sum, int64_t township, int64_t month, int64_t done,
                       int64_t on_time)
{
    uint64_t w = (uint64_t)township * 65536 + (uint64_t)month + 0x9e3779b97f4a7c15u;
    w = (w ^ (w >> 30)) * 0xbf58476d1ce4e5b9u; /* splitmix64 */
    w = (w ^ (w >> 27)) * 0x94d049bb133111ebu;
    w ^= w >> 31;
    sum->done += (uint64_t)done;
    sum->on_time += (uint64_t)on_time;
    sum->weighed += w * (uint64_t)done;
    sum->weighed_on_time += w * (uint64_t)on_time;
}

static bool count_household(struct verify_work *v, const struct household_check *s,
                            struct error *err)
{
    struct store_counts *c = &v->counted;
    c->households++;
    c->by_status_register[s->row.status][s->row.register_state]++;
    for (int i = 0; i < s->member_count; i++) {
        c->birth_unknown +=
            s->members[i].status == MEMBER_PRESENT && !date_is(s->members[i].birth_on);
    }
    for (int i = 0; i < s->task_count; i++) {
        const struct task_row *t = &s->tasks[i];
        c->open_tasks += t->state == TASK_OPEN;
        c->late += cycle_is_late(t->state == TASK_OPEN, t->due_on, v->day);
        if (t->state == TASK_DONE) {
            struct ymd done = date_ymd(t->done_on);
            int64_t township = t->township;
            /* What a joined township did counts for the one that it was joined to. */
            if (township != s->row.township &&
                !store_division_now(s->w->store, t->township, &township, err)) {
                return false;
            }
            add_office(&v->offices, township, done.year * 12 + done.month - 1, 1,
                       date_cmp(t->done_on, t->due_on) <= 0);
        }
    }
    return true;
}

/* ---- the walks ---- */

static bool verify_one(struct verify_work *v, struct work *w, const struct household_row *row,
                       struct error *err)
{
    struct household_check s = {
        .w = w, .a = &v->arena, .moment = &v->moment, .result = &v->result, .row = *row};
    if (!check_load(&s, err)) {
        return false;
    }
    for (int i = 0; invariants[i]; i++) {
        for (const struct invariant *n = invariants[i]; n->word; n++) {
            s.word = n->word;
            if (n->check && !n->check(&s, err)) {
                return false;
            }
        }
    }
    if (!count_household(v, &s, err)) {
        return false;
    }
    v->result.checked++;
    v->job.done++;
    return true;
}

static struct household_check no_household(struct verify_work *v, const char *word)
{
    return (struct household_check){.result = &v->result, .word = word};
}

static bool quarantined(void *self, const struct quarantine_row *row)
{
    struct household_check s = no_household(self, "set-aside");
    char day[DATE_TEXT];
    s.row.household = row->household;
    check_fail(&s, "set aside by the run of %s, phase %s: %.*s", date_text(row->on, day),
               names_text(&run_phases, (int)row->phase), STR_ARG(row->reason));
    return true;
}

static bool verify_start(struct verify_work *v, struct work *w, struct error *err)
{
    struct household_check s = no_household(v, "run-days");
    struct date first, last;
    int64_t count;
    char a[DATE_TEXT], b[DATE_TEXT];
    v->started = true;
    v->job.phase = "check";
    v->day = work_today(w);
    v->changes = store_changes(w->store);
    if (!store_counts(w->store, v->day, clock_now(w->clock), &v->kept, err) ||
        !store_row_check_runs(w->store, &first, &last, &count, err)) {
        return false;
    }
    v->job.total = v->kept.households;
    if (count && last.day - first.day + 1 != count) {
        check_fail(&s, "%lld days of %s to %s have a run", (long long)count, date_text(first, a),
                   date_text(last, b));
    }
    return store_quarantine_each(w->store, &v->arena, quarantined, v, err);
}

/* Counts that status shows are kept, not counted: here they are. */
static void check_counts(struct verify_work *v)
{
    struct household_check s = no_household(v, "counts-kept");
    if (v->counted.open_tasks != v->kept.open_tasks || v->counted.late != v->kept.late) {
        check_fail(&s, "%lld open tasks, %lld of them late; by the counts %lld and %lld",
                   (long long)v->counted.open_tasks, (long long)v->counted.late,
                   (long long)v->kept.open_tasks, (long long)v->kept.late);
    }
    if (v->counted.birth_unknown != v->kept.birth_unknown) {
        check_fail(&s, "%lld members without a birthday, %lld are counted",
                   (long long)v->counted.birth_unknown, (long long)v->kept.birth_unknown);
    }
    if (memcmp(v->counted.by_status_register, v->kept.by_status_register,
               sizeof v->kept.by_status_register) != 0) {
        check_fail(&s, "%lld households, %lld by the count, or by status and register",
                   (long long)v->counted.households, (long long)v->kept.households);
    }
}

static bool walk_households(struct verify_work *v, struct work *w, bool *end, struct error *err)
{
    struct household_row row = {0};
    if (!store_household_next(w->store, &v->arena, v->after, &row, err)) {
        return false;
    }
    *end = row.id == 0;
    v->after = row.id;
    if (*end && v->changes == store_changes(w->store)) {
        check_counts(v);
    }
    return *end || verify_one(v, w, &row, err);
}

static bool walk_offices(struct verify_work *v, struct work *w, bool *end, struct error *err)
{
    struct row_office *rows;
    int count;
    if (!store_row_check_offices(w->store, &v->arena, v->after, v->office_month, PAGE, &rows,
                                 &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        v->after = rows[i].township;
        v->office_month = rows[i].month;
        add_office(&v->offices_kept, rows[i].township, rows[i].month, rows[i].done,
                   rows[i].on_time);
    }
    *end = count < PAGE;
    if (*end && v->changes == store_changes(w->store) &&
        memcmp(&v->offices, &v->offices_kept, sizeof v->offices) != 0) {
        struct household_check s = no_household(v, "office-month");
        check_fail(&s,
                   "%llu tasks done, %llu on time; by the months' counts %llu and %llu, or by "
                   "township and month",
                   (unsigned long long)v->offices.done, (unsigned long long)v->offices.on_time,
                   (unsigned long long)v->offices_kept.done,
                   (unsigned long long)v->offices_kept.on_time);
    }
    return true;
}

static bool walk_messages(struct verify_work *v, struct work *w, bool *end, struct error *err)
{
    int64_t kept[5];
    bool more;
    if (v->after == 0) { /* a walk of its own */
        v->changes = store_changes(w->store);
    }
    if (!store_row_check_messages(w->store, &v->after, PAGE, v->messages, &more, err)) {
        return false;
    }
    *end = !more;
    if (more || v->changes != store_changes(w->store)) {
        return true;
    }
    if (!store_row_check_message_counts(w->store, kept, err)) {
        return false;
    }
    for (int i = 0; i < 5; i++) {
        struct household_check s = no_household(v, "message-count");
        if (kept[i] != v->messages[i]) {
            check_fail(&s, "%lld messages are %s, %lld by the count", (long long)v->messages[i],
                       names_text(&message_states, i), (long long)kept[i]);
        }
    }
    return true;
}

static bool (*const walks[])(struct verify_work *v, struct work *w, bool *end,
                             struct error *err) = {
    [VERIFY_HOUSEHOLDS] = walk_households,
    [VERIFY_OFFICES] = walk_offices,
    [VERIFY_MESSAGES] = walk_messages,
};

/* What may have changed since the slice before. */
static bool look_around(struct verify_work *v, struct work *w, struct error *err)
{
    struct check_moment *m = &v->moment;
    struct import_row import;
    char *mark;
    m->today = work_today(w);
    if (!store_run_last(w->store, &m->last, err) ||
        !store_import_applying(w->store, &v->arena, &import, err) ||
        !store_meta_get(w->store, &v->arena, "recalculate", &mark, err)) {
        return false;
    }
    m->importing = import.import != 0;
    m->recalculating = mark && strcmp(mark, "1") == 0;
    return true;
}

static enum job_step verify_slice(struct job *job, struct work *w, struct error *err)
{
    struct verify_work *v = (struct verify_work *)job;
    int64_t until = job_now() + JOB_SLICE_NS;
    if (!store_read_begin(w->store, err)) {
        return JOB_FAILED;
    }
    bool ok = look_around(v, w, err) && (v->started || verify_start(v, w, err));
    while (ok && v->stage != VERIFY_END && job_now() < until) {
        bool end = false;
        ok = walks[v->stage](v, w, &end, err);
        if (end) {
            v->stage++;
            v->after = 0;
        }
        arena_reset(&v->arena);
    }
    store_read_end(w->store);
    return !ok ? JOB_FAILED : v->stage == VERIFY_END ? JOB_DONE : JOB_MORE;
}

static void verify_free(struct job *job)
{
    struct verify_work *v = (struct verify_work *)job;
    for (int i = 0; i < v->result.failure_count; i++) {
        free(v->result.failures[i].household);
        free(v->result.failures[i].what);
    }
    free(v->result.failures);
    arena_free(&v->arena);
    free(v);
}

static const struct job_class verify_class = {"verify", JOB_READS, verify_slice, verify_free};

struct job *verify_job(struct actor actor)
{
    struct verify_work *v = xcalloc(1, sizeof *v);
    v->job = (struct job){.class = &verify_class, .actor = actor, .total = -1};
    return &v->job;
}

const struct verify_result *verify_job_result(const struct job *job)
{
    return &((const struct verify_work *)job)->result;
}

/* ---- the chain of the audit ---- */

struct chain_work {
    struct job job;
    struct chain_result result;
    char asked[DIGEST_HEX + 1];
    int64_t after;
    struct arena arena;
};

static void chain_link(struct chain_work *c, const struct audit_row *row)
{
    struct chain_result *r = &c->result;
    char must[DIGEST_HEX + 1];
    audit_hash(r->head, row, must);
    bool gap = row->seq != c->after + 1;
    if (r->ok && (gap || strcmp(must, row->hash) != 0)) {
        r->ok = false;
        r->first_bad = gap ? c->after + 1 : row->seq;
    }
    r->rows++;
    r->head_found = r->head_found || (r->head_asked && strcmp(row->hash, c->asked) == 0);
    memcpy(r->head, row->hash, sizeof r->head);
    c->after = row->seq;
}

static enum job_step chain_slice(struct job *job, struct work *w, struct error *err)
{
    struct chain_work *c = (struct chain_work *)job;
    int64_t until = job_now() + JOB_SLICE_NS;
    c->job.phase = "check";
    int count = 0;
    do {
        struct audit_row *rows;
        if (!store_audit_list(w->store, &c->arena, STR_NONE, c->after, BATCH, &rows, &count, err)) {
            return JOB_FAILED;
        }
        for (int i = 0; i < count; i++) {
            chain_link(c, &rows[i]);
        }
        arena_reset(&c->arena);
    } while (count == BATCH && job_now() < until);
    c->job.done = c->result.rows;
    return count == BATCH ? JOB_MORE : JOB_DONE;
}

static void chain_free(struct job *job)
{
    struct chain_work *c = (struct chain_work *)job;
    arena_free(&c->arena);
    free(c);
}

static const struct job_class chain_class = {"audit.verify", JOB_READS, chain_slice, chain_free};

struct job *chain_job(const char *head, struct actor actor)
{
    struct chain_work *c = xcalloc(1, sizeof *c);
    c->job = (struct job){.class = &chain_class, .actor = actor, .total = -1};
    c->result.ok = true;
    c->result.head_asked = head != NULL;
    memset(c->result.head, '0', DIGEST_HEX);
    if (head) {
        memcpy(c->asked, head, DIGEST_HEX);
        /* The empty chain's head is 64 zeros. */
        c->result.head_found = strcmp(c->asked, c->result.head) == 0;
    }
    return &c->job;
}

const struct chain_result *chain_job_result(const struct job *job)
{
    return &((const struct chain_work *)job)->result;
}
