#include "work/merge.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/canon.h"
#include "base/crash.h"
#include "base/log.h"
#include "store/division.h"
#include "store/household.h"
#include "store/merge.h"
#include "store/task.h"
#include "work/import_kind.h"
#include "work/queue.h"
#include "work/tell.h"

#define BATCH 64

enum stage { STAGE_BEGIN, STAGE_HOUSEHOLDS, STAGE_MESSAGES, STAGE_END };

struct merge {
    struct job job;
    struct merge_result result;
    enum stage stage;
    enum level level;      /* of both */
    int64_t from_township; /* whose households are looked at: the old one, or the old village's */
    int64_t into_township;
    struct strbuf cursor; /* the last household looked at */
    int64_t after;        /* and the last message */
    char *who;            /* of one that goes on after a kill */
    struct arena arena;
};

/* ---- may they be joined? ---- */

static bool stands(struct work *w, int64_t code, struct error *err)
{
    char a[DIVISION_TEXT], b[DIVISION_TEXT];
    int64_t now;
    return store_division_now(w->store, code, &now, err) &&
           (now == code || error_say(err, SAY_DIVISION_JOINED, arg_z(division_text(code, a)),
                                     arg_z(division_text(now, b))));
}

static bool same_district(struct work *w, int64_t one, int64_t other, struct error *err)
{
    int64_t a, b;
    return store_division_up(w->store, one, LEVEL_DISTRICT, &a, err) &&
           store_division_up(w->store, other, LEVEL_DISTRICT, &b, err) &&
           (a == b || error_say(err, SAY_TWO_DISTRICTS));
}

static bool levels_of(struct merge *m, struct work *w, struct error *err)
{
    struct division_row old, into;
    char text[DIVISION_TEXT];
    if (!store_division_get(w->store, &m->arena, m->result.old, &old, err) ||
        !store_division_get(w->store, &m->arena, m->result.into, &into, err)) {
        return false;
    }
    if (!old.code || !into.code) {
        return error_say(err, SAY_NO_DIVISION_CODE,
                         arg_z(division_text(old.code ? m->result.into : m->result.old, text)));
    }
    if (old.code == into.code) {
        return error_say(err, SAY_JOINED_TO_ITSELF);
    }
    if (old.level != into.level || old.level < LEVEL_TOWNSHIP) {
        return error_say(err, SAY_LEVELS_NOT_JOINED, arg_word(&levels, (int)old.level),
                         arg_word(&levels, (int)into.level));
    }
    m->level = old.level;
    return true;
}

/* A village that was joined may have had its township joined too: where its households are is what
 * its own row says. */
static bool places(struct merge *m, struct work *w, struct error *err)
{
    return store_division_up(w->store, m->result.old, LEVEL_TOWNSHIP, &m->from_township, err) &&
           store_division_up(w->store, m->result.into, LEVEL_TOWNSHIP, &m->into_township, err);
}

/* *again: this very merge is half done. */
static bool may_begin(struct merge *m, struct work *w, bool *again, struct error *err)
{
    struct merging_row mark;
    char a[DIVISION_TEXT], b[DIVISION_TEXT];
    if (!levels_of(m, w, err) || !store_merging_get(w->store, &m->arena, &mark, err)) {
        return false;
    }
    *again = mark.old && mark.old == m->result.old && mark.into == m->result.into;
    if (mark.old && !*again) {
        return error_say(err, SAY_MERGE_UNDER_WAY, arg_z(division_text(mark.old, a)),
                         arg_z(division_text(mark.into, b)));
    }
    /* What was accepted completes, whatever else holds. */
    return *again ||
           (work_not_held(w, err) && import_is_free(w, err) && stands(w, m->result.old, err) &&
            stands(w, m->result.into, err) && same_district(w, m->result.old, m->result.into, err));
}

/* ---- what is recorded and told ---- */

static bool audit_merge(struct merge *m, struct work *w, struct error *err)
{
    char old[DIVISION_TEXT], into[DIVISION_TEXT];
    struct strbuf after = STRBUF_INIT;
    struct canon c = canon_open(&after);
    canon_int(&c, "divisions", m->result.divisions);
    canon_str(&c, "into", str_of(division_text(m->result.into, into)));
    canon_str(&c, "old", str_of(division_text(m->result.old, old)));
    canon_close(&c);
    bool ok =
        work_audit(w, m->job.actor, "division.merge", STR_NONE, STR_NONE, strbuf_str(&after), err);
    strbuf_free(&after);
    return ok;
}

static void place_json(struct strbuf *out, const struct household_row *row)
{
    char text[DIVISION_TEXT];
    struct canon c = canon_open(out);
    canon_str(&c, "division", str_of(division_text(row->division, text)));
    canon_str(&c, "township", str_of(division_text(row->township, text)));
    canon_close(&c);
}

static bool audit_household(struct merge *m, struct work *w, const struct household_row *before,
                            const struct household_row *row, struct error *err)
{
    struct strbuf was = STRBUF_INIT, is = STRBUF_INIT;
    place_json(&was, before);
    place_json(&is, row);
    bool ok = work_audit(w, m->job.actor, "household.move", row->household, strbuf_str(&was),
                         strbuf_str(&is), err);
    strbuf_free(&was);
    strbuf_free(&is);
    return ok;
}

/* The township that it belongs to now, the one that a village left, and the district. */
static bool tell_all(struct merge *m, struct work *w, struct error *err)
{
    struct date today = work_today(w);
    struct division_row old;
    int64_t district, left;
    if (!store_division_get(w->store, &m->arena, m->result.old, &old, err) ||
        !store_division_up(w->store, m->result.into, LEVEL_DISTRICT, &district, err) ||
        !store_division_now(w->store, m->from_township, &left, err)) {
        return false;
    }
    struct tell_facts facts = {.from = m->result.old, .name = old.name, .to = m->result.into};
    return tell(w, TELL_DIVISION_MERGED, m->into_township, today, &facts, NULL, err) &&
           tell(w, TELL_DIVISION_MERGED, left, today, &facts, NULL, err) &&
           (district == 0 || tell(w, TELL_DIVISION_MERGED, district, today, &facts, NULL, err));
}

/* ---- the stages ---- */

static bool begin(struct merge *m, struct work *w, struct error *err)
{
    bool again;
    if (!may_begin(m, w, &again, err)) {
        return false;
    }
    /* Before the first commit it is the old one's own place. */
    if (!places(m, w, err)) {
        return false;
    }
    m->stage = STAGE_HOUSEHOLDS;
    if (again) {
        return true;
    }
    const struct merging_row mark = {m->result.old, m->result.into, m->job.actor};
    return store_merge_division(w->store, m->result.old, m->result.into, work_today(w),
                                &m->result.divisions, err) &&
           (m->level == LEVEL_VILLAGE ||
            store_merge_months(w->store, m->result.old, m->result.into, err)) &&
           store_merging_set(w->store, &mark, err) && audit_merge(m, w, err);
}

struct page {
    struct household_row rows[BATCH];
    int count;
};

static bool take(void *self, const struct household_row *row)
{
    struct page *page = self;
    page->rows[page->count++] = *row;
    return page->count < BATCH;
}

static bool household(struct merge *m, struct work *w, const struct household_row *before,
                      struct error *err)
{
    struct household_row row = *before;
    struct task_row *tasks;
    int count;
    bool here = row.division == m->result.old;
    if (m->level == LEVEL_VILLAGE && !here) {
        return true;
    }
    row.division = here ? m->result.into : row.division;
    row.township = m->into_township;
    if (!store_tasks_of(w->store, &m->arena, row.id, &tasks, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        m->result.tasks += tasks[i].state == TASK_OPEN;
    }
    m->result.households++;
    m->job.done++;
    return store_household_update(w->store, &row, err) &&
           store_tasks_move(w->store, row.id, row.township, err) &&
           audit_household(m, w, before, &row, err);
}

/* The next households of the township, in their order. */
static bool households(struct merge *m, struct work *w, struct error *err)
{
    struct page page = {.count = 0};
    if (!store_household_each(w->store, &m->arena, m->from_township, strbuf_str(&m->cursor), take,
                              &page, err)) {
        return false;
    }
    for (int i = 0; i < page.count; i++) {
        if (!household(m, w, &page.rows[i], err)) {
            return false;
        }
    }
    if (page.count < BATCH) {
        m->stage = m->level == LEVEL_TOWNSHIP ? STAGE_MESSAGES : STAGE_END;
        return true;
    }
    strbuf_reset(&m->cursor);
    strbuf_addstr(&m->cursor, page.rows[page.count - 1].household);
    return true;
}

/* A list that is not made yet is the other division's own of the same day, which has its tasks; any
 * other message that the other was told in the same words is told beside it. */
static bool message(struct merge *m, struct work *w, const struct message_row *row,
                    struct error *err)
{
    char old[DIVISION_TEXT];
    struct str subject = row->subject;
    enum message_state state = row->state;
    bool said;
    if (!store_message_said(w->store, m->result.into, row->kind, subject, &said, err)) {
        return false;
    }
    if (state == MESSAGE_READY &&
        settings_delivery(w->settings, m->result.into) == DELIVERY_SPOOL) {
        state = str_is(row->kind, MESSAGE_DAILY) ? MESSAGE_QUEUED : MESSAGE_READY;
        if (!store_message_unmake(w->store, row->seq, err)) {
            return false;
        }
    }
    if (said && state == MESSAGE_QUEUED && str_is(row->kind, MESSAGE_DAILY)) {
        return store_message_state(w->store, row->seq, MESSAGE_DELIVERED, err);
    }
    if (said) {
        /* Not behind it: a list's subject is its day, and days are looked for in their order. */
        subject = str_of(arena_format(&m->arena, "%s/%.*s", division_text(m->result.old, old),
                                      STR_ARG(subject)));
    }
    m->result.messages += state != MESSAGE_ACKED;
    return store_message_give(w->store, row->seq, m->result.into, subject, state, err);
}

/* What was acknowledged before a list told of it is for the other's next list, as all else. */
static bool untold(struct merge *m, struct work *w, struct error *err)
{
    struct message_row *rows;
    int count;
    do {
        if (!store_messages_told(w->store, &m->arena, m->result.old, INT64_MAX, 0, BATCH, &rows,
                                 &count, err)) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            if (!message(m, w, &rows[i], err)) {
                return false;
            }
        }
    } while (count == BATCH);
    return true;
}

/* The next ones that wait. What is staged lies in tmp/ under the old code and ends in its folder.
 */
static bool messages(struct merge *m, struct work *w, struct error *err)
{
    struct message_page page;
    if (!store_messages_of(w->store, &m->arena, m->result.old, true, m->after, BATCH, QUEUE_BYTES,
                           &page, err)) {
        return false;
    }
    for (int i = 0; i < page.count; i++) {
        const struct message_row *row = &page.rows[i];
        m->after = row->seq;
        if (row->state != MESSAGE_STAGED && !message(m, w, row, err)) {
            return false;
        }
    }
    if (page.more) {
        return true;
    }
    m->stage = STAGE_END;
    return untold(m, w, err);
}

static bool finish(struct merge *m, struct work *w, struct error *err)
{
    return tell_all(m, w, err) && store_merging_clear(w->store, err);
}

static bool (*const stages[])(struct merge *m, struct work *w, struct error *err) = {
    [STAGE_BEGIN] = begin,
    [STAGE_HOUSEHOLDS] = households,
    [STAGE_MESSAGES] = messages,
    [STAGE_END] = finish,
};
static const char *const points[] = {"merge-begun", "merge-slice", "merge-slice", "merge-done"};

static void tell_log(const struct merge *m)
{
    char old[DIVISION_TEXT], into[DIVISION_TEXT];
    log_put(LOG_NOTICE, "event=merge old=%s into=%s households=%lld tasks=%lld messages=%lld",
            division_text(m->result.old, old), division_text(m->result.into, into),
            (long long)m->result.households, (long long)m->result.tasks,
            (long long)m->result.messages);
}

/* One stage a commit, and of it as many batches as fit a slice. */
static enum job_step merge_slice(struct job *job, struct work *w, struct error *err)
{
    struct merge *m = (struct merge *)job;
    int64_t until = job_now() + JOB_SLICE_NS;
    enum stage stage = m->stage;
    bool ok = store_begin(w->store, err);
    m->job.phase = "apply";
    do {
        ok = ok && stages[stage](m, w, err);
        arena_reset(&m->arena);
    } while (ok && stage != STAGE_END && m->stage == stage && job_now() < until);
    if (!ok || !store_commit(w->store, err)) {
        char old[DIVISION_TEXT];
        store_rollback(w->store);
        if (stage != STAGE_BEGIN) {
            error_within(err, SAY_HALF_JOINED, arg_z(division_text(m->result.old, old)));
        }
        return JOB_FAILED;
    }
    crash_point(points[stage]);
    if (stage != STAGE_END) {
        return JOB_MORE;
    }
    tell_log(m);
    return JOB_DONE;
}

static void merge_free(struct job *job)
{
    struct merge *m = (struct merge *)job;
    strbuf_free(&m->cursor);
    arena_free(&m->arena);
    free(m->who);
    free(m);
}

static const struct job_class merge_class = {"division.merge", JOB_WHOLE, merge_slice, merge_free};

struct job *merge_job(int64_t old, int64_t into, struct actor actor)
{
    struct merge *m = xcalloc(1, sizeof *m);
    m->job = (struct job){.class = &merge_class, .actor = actor, .total = -1};
    m->result.old = old;
    m->result.into = into;
    return &m->job;
}

const struct merge_result *merge_job_result(const struct job *job)
{
    return &((const struct merge *)job)->result;
}

bool merge_resume(struct work *w, struct job **job, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct merging_row mark;
    char old[DIVISION_TEXT];
    *job = NULL;
    bool ok = store_merging_get(w->store, &a, &mark, err);
    if (ok && mark.old) {
        struct merge *m = (struct merge *)merge_job(mark.old, mark.into, ACTOR_CLOCK);
        m->who = xstrdup(mark.actor.who);
        m->job.actor = (struct actor){mark.actor.uid, m->who};
        log_put(LOG_NOTICE, "event=recover merge=%s", division_text(mark.old, old));
        *job = &m->job;
    }
    arena_free(&a);
    return ok;
}
