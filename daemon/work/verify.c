#include "work/verify.h"

#include <stdlib.h>

#include "base/text.h"
#include "store/aside.h"
#include "store/division.h"
#include "work/household.h"

#define FAILURES 1000
#define BATCH 64

struct verify_work {
    struct job job;
    struct verify_result result;
    int64_t after;
    struct arena arena;
    struct run_row last;
    /* Counted on the way, held against the counts that the store keeps: where nothing changed in
     * between, which the audit's head tells. */
    struct store_counts counted, kept;
    int64_t head;
    bool started;
};

/* What one household has. */
struct subject {
    struct verify_work *v;
    struct work *w;
    struct household_row row;
    struct cycle_row *cycles;
    int cycle_count;
    struct task_row *tasks;
    int task_count;
};

static void __attribute__((format(printf, 3, 4)))
fail(const struct subject *s, const char *invariant, const char *format, ...)
{
    struct verify_result *r = &s->v->result;
    if (r->failure_count == FAILURES) {
        return;
    }
    struct strbuf what = STRBUF_INIT;
    va_list args;
    va_start(args, format);
    strbuf_vaddf(&what, format, args);
    va_end(args);
    r->failures = xrealloc(r->failures, (size_t)(r->failure_count + 1) * sizeof *r->failures);
    r->failures[r->failure_count++] = (struct verify_failure){
        invariant,
        s->row.household.data ? xstrndup(s->row.household.data, s->row.household.len) : NULL,
        xstrdup(strbuf_text(&what))};
    strbuf_free(&what);
}

static const struct cycle_row *open_cycle(const struct subject *s)
{
    for (int i = 0; i < s->cycle_count; i++) {
        if (s->cycles[i].state == CYCLE_OPEN) {
            return &s->cycles[i];
        }
    }
    return NULL;
}

static const struct task_row *task_of(const struct subject *s, int64_t task)
{
    for (int i = 0; i < s->task_count; i++) {
        if (s->tasks[i].task == task) {
            return &s->tasks[i];
        }
    }
    return NULL;
}

/* An active household has exactly one open cycle, always; no other has any (3.4). */
static bool check_one_open(const struct subject *s, struct error *err)
{
    int open = 0;
    bool needs = s->row.status == STATUS_ACTIVE || s->row.status == STATUS_SUSPENDED;
    (void)err;
    for (int i = 0; i < s->cycle_count; i++) {
        open += s->cycles[i].state == CYCLE_OPEN;
    }
    if (open != (needs ? 1 : 0)) {
        fail(s, "one-open-cycle", "%s household with %d open cycles",
             names_text(&statuses, (int)s->row.status), open);
    }
    return true;
}

/* The task of a cycle exists from opens_on on, and agrees with it (3.4). */
static bool check_task(const struct subject *s, struct error *err)
{
    const struct cycle_row *c = open_cycle(s);
    char day[DATE_TEXT];
    (void)err;
    if (!c) {
        return true;
    }
    const struct task_row *t = c->task ? task_of(s, c->task) : NULL;
    if (c->task && (!t || t->state != TASK_OPEN || t->cycle != c->cycle)) {
        fail(s, "cycle-task", "the open cycle %lld names task %lld, which is not its open task",
             (long long)c->cycle, (long long)c->task);
    } else if (t && (t->due_on.day != c->dates.due_on.day ||
                     t->nominal_due_on.day != c->dates.nominal.day)) {
        fail(s, "cycle-task", "task %lld and its cycle differ in their dates", (long long)t->task);
    } else if (t && t->township != s->row.township) {
        fail(s, "task-township", "task %lld lies in another township than the household",
             (long long)t->task);
    } else if (!t && date_is(s->v->last.day) && date_cmp(c->dates.opens_on, s->v->last.day) <= 0) {
        fail(s, "task-opened", "the window opened on %s and there is no task",
             date_text(c->dates.opens_on, day));
    }
    return true;
}

static bool check_deadline(const struct subject *s, struct error *err)
{
    const struct cycle_row *c = open_cycle(s);
    char due[DATE_TEXT];
    (void)err;
    if (c && !calendar_is_working(s->w->rules->calendar, c->dates.due_on)) {
        fail(s, "deadline-works", "the deadline %s is a day off", date_text(c->dates.due_on, due));
    }
    return true;
}

/* The nominal date is the anchor's k-th by the function that decides (3.4). */
static bool check_grid(const struct subject *s, struct error *err)
{
    const struct cycle_row *c = open_cycle(s);
    struct cycle_context context;
    struct cycle_dates dates;
    char is[DATE_TEXT], must[DATE_TEXT];
    struct error why = ERROR_INIT;
    if (!c) {
        return true;
    }
    if (!household_context(s->w, &s->v->arena, &s->row, c->decided_on, &context, &why)) {
        if (why.reason == REASON_STORAGE) {
            *err = why;
            return false;
        }
        fail(s, "policy", "%s", why.message);
        error_clear(&why);
        return true;
    }
    context.anchor = c->anchor_on;
    if (!cycle_at(&context, c->dates.step, c->dates.tier, &dates, NULL, &why)) {
        fail(s, "nominal-date", "%s", why.message);
        error_clear(&why);
    } else if (dates.nominal.day != c->dates.nominal.day) {
        fail(s, "nominal-date", "the open cycle's nominal date is %s, the grid gives %s",
             date_text(c->dates.nominal, is), date_text(dates.nominal, must));
    }
    if (c->anchor_on.day != s->row.anchor_on.day) {
        fail(s, "anchor", "the open cycle counts from %s, the household from %s",
             date_text(c->anchor_on, is), date_text(s->row.anchor_on, must));
    }
    return true;
}

/* Cycles that are past stand in order, and what was missed is counted (3.4). */
static bool check_history(const struct subject *s, struct error *err)
{
    int64_t missed = 0;
    (void)err;
    for (int i = 0; i < s->cycle_count; i++) {
        const struct cycle_row *c = &s->cycles[i];
        missed += c->state == CYCLE_MISSED;
        if (c->state == CYCLE_SATISFIED &&
            (!c->task || !task_of(s, c->task) || task_of(s, c->task)->state != TASK_DONE)) {
            fail(s, "satisfied-by-task", "cycle %lld is satisfied without a task that is done",
                 (long long)c->cycle);
        }
    }
    if (missed != s->row.missed_cycles) {
        fail(s, "missed-counted", "%lld missed cycles on record, %lld counted", (long long)missed,
             (long long)s->row.missed_cycles);
    }
    return true;
}

/* A closed household has nothing to do but what the register still asks (3.4). */
static bool check_closed(const struct subject *s, struct error *err)
{
    (void)err;
    for (int i = 0; s->row.status == STATUS_CLOSED && i < s->task_count; i++) {
        const struct task_row *t = &s->tasks[i];
        if (t->state == TASK_OPEN && t->kind != TASK_REGISTER_ADJUSTMENT) {
            fail(s, "closed-quiet", "a closed household with an open %s, task %lld",
                 names_text(&task_kinds, (int)t->kind), (long long)t->task);
        }
    }
    return true;
}

/* A household lies in a division that stands, which lies in the township that it is counted for. */
static bool check_place(const struct subject *s, struct error *err)
{
    char text[DIVISION_TEXT];
    int64_t now, township;
    if (!store_division_now(s->w->store, s->row.division, &now, err) ||
        !store_division_up(s->w->store, s->row.division, LEVEL_TOWNSHIP, &township, err)) {
        return false;
    }
    if (now != s->row.division) {
        fail(s, "division-stands", "it lies in %s, which was joined to another",
             division_text(s->row.division, text));
    } else if (township != s->row.township) {
        fail(s, "division-township", "its division lies in another township than %s",
             division_text(s->row.township, text));
    }
    return true;
}

static bool count_subject(const struct subject *s, struct error *err)
{
    struct store_counts *c = &s->v->counted;
    (void)err;
    c->households++;
    c->by_status_register[s->row.status][s->row.register_state]++;
    for (int i = 0; i < s->task_count; i++) {
        c->open_tasks += s->tasks[i].state == TASK_OPEN;
    }
    return true;
}

static bool check_person(const struct subject *s, struct error *err)
{
    struct birth birth;
    (void)err;
    const char *what = s->row.head_id.data ? idnum_fault(s->row.head_id, &birth) : NULL;
    if (what) {
        fail(s, "identity-number", "the head's identity number: %s", what);
    }
    return true;
}

static bool (*const checks[])(const struct subject *s, struct error *err) = {
    check_one_open, check_task,   check_deadline, check_grid,   check_history,
    check_closed,   check_person, check_place,    count_subject};

static bool verify_one(struct verify_work *v, struct work *w, const struct household_row *row,
                       struct error *err)
{
    struct subject s = {.v = v, .w = w, .row = *row};
    if (!store_cycles_of(w->store, &v->arena, row->id, &s.cycles, &s.cycle_count, err) ||
        !store_tasks_of(w->store, &v->arena, row->id, &s.tasks, &s.task_count, err)) {
        return false;
    }
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (!checks[i](&s, err)) {
            return false;
        }
    }
    v->result.checked++;
    v->job.done++;
    return true;
}

static bool take_aside(void *self, const struct aside_row *row)
{
    struct subject s = {.v = self, .row = {.household = row->household}};
    char day[DATE_TEXT];
    fail(&s, "set-aside", "set aside by the run of %s, phase %s: %.*s", date_text(row->on, day),
         names_text(&run_phases, (int)row->phase), STR_ARG(row->reason));
    return true;
}

static bool start(struct verify_work *v, struct work *w, struct error *err)
{
    char head[DIGEST_HEX + 1];
    v->started = true;
    v->job.phase = "check";
    if (!store_counts(w->store, work_today(w), clock_now(w->clock), &v->kept, err) ||
        !store_audit_head(w->store, head, &v->head, err) ||
        !store_run_last(w->store, &v->last, err)) {
        return false;
    }
    if (date_is(v->last.day) && v->last.phase <= RUN_OPEN) {
        v->last.day = date_plus(v->last.day, -1); /* this day's tasks are being opened */
    }
    v->job.total = v->kept.households;
    return store_aside_each(w->store, &v->arena, take_aside, v, err);
}

/* Counts that status shows are kept, not counted: here they are. */
static bool check_counts(struct verify_work *v, struct work *w, struct error *err)
{
    struct subject s = {.v = v};
    char hash[DIGEST_HEX + 1];
    int64_t head;
    if (!store_audit_head(w->store, hash, &head, err)) {
        return false;
    }
    if (head != v->head) {
        return true;
    }
    if (v->counted.open_tasks != v->kept.open_tasks) {
        fail(&s, "counts-kept", "%lld open tasks, %lld by the count",
             (long long)v->counted.open_tasks, (long long)v->kept.open_tasks);
    }
    if (memcmp(v->counted.by_status_register, v->kept.by_status_register,
               sizeof v->kept.by_status_register) != 0) {
        fail(&s, "counts-kept", "%lld households, %lld by the count, or by status and register",
             (long long)v->counted.households, (long long)v->kept.households);
    }
    return true;
}

static enum job_step verify_slice(struct job *job, struct work *w, struct error *err)
{
    struct verify_work *v = (struct verify_work *)job;
    int64_t until = job_now() + JOB_SLICE_NS;
    struct household_row row = {0};
    if (!store_read_begin(w->store, err)) {
        return JOB_FAILED;
    }
    bool ok = v->started || start(v, w, err), end = false;
    while (ok && !end && job_now() < until) {
        ok = store_household_next(w->store, &v->arena, v->after, &row, err);
        end = row.id == 0;
        v->after = row.id;
        ok = ok && (end ? check_counts(v, w, err) : verify_one(v, w, &row, err));
        arena_reset(&v->arena);
    }
    store_read_end(w->store);
    return !ok ? JOB_FAILED : end ? JOB_DONE : JOB_MORE;
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

static const struct job_class verify_class = {"verify", false, verify_slice, verify_free};

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

/* ---- the chain of the audit. */

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

static const struct job_class chain_class = {"audit.verify", false, chain_slice, chain_free};

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
