#include "delivery/maintenance.h"

#include <stdlib.h>

#include "base/log.h"
#include "delivery/spool.h"
#include "store/division.h"
#include "store/message.h"
#include "store/run.h"
#include "work/import.h"
#include "work/merge.h"
#include "work/staging.h"
#include "work/tell.h"

/* ---- the phases of the daily run ---- */

/* The next township whose lists leave by the spool; code 0 at the end. run.cursor is the last. */
static bool next_township(struct phase *p, struct division_row *row, struct error *err)
{
    do {
        if (!store_division_next(p->w->store, &p->arena, LEVEL_TOWNSHIP, p->run.cursor, row, err)) {
            return false;
        }
        if (row->code) {
            p->run.cursor = row->code;
        }
    } while (row->code && settings_delivery(p->w->settings, row->code) != DELIVERY_SPOOL);
    return true;
}

static bool tell_unfetched(struct phase *p, const struct division_row *township, struct date since,
                           struct error *err)
{
    char code[DIVISION_TEXT], day[DATE_TEXT];
    struct tell_facts facts = {.since = since, .township = township->code};
    int told;

    if (!tell(p->w, TELL_NOT_PICKED_UP, township->code, p->run.day, &facts, &told, err)) {
        return false;
    }
    if (told) {
        strbuf_addf(&p->log, "event=not-picked-up township=%s since=%s\n",
                    division_text(township->code, code), date_text(since, day));
    }
    return true;
}

/* A folder that cannot be read is a matter for the log; the run goes on. */
bool maintenance_pickup(struct phase *p, bool *end, struct error *err)
{
    struct division_row township = {0};
    struct error why = ERROR_INIT;
    struct date oldest;

    if (!next_township(p, &township, err)) {
        return false;
    }
    *end = township.code == 0 || !p->w->spool;
    if (*end) {
        return true;
    }
    if (!spool_unfetched(p->w->spool, township.code, &oldest, &why)) {
        log_put(LOG_WARNING, "event=spool-folder: %s", why.message);
        error_clear(&why);
        return true;
    }
    return !date_is(oldest) ||
           date_cmp(
               calendar_add_working(p->w->rules->calendar, oldest, UPKEEP_PATIENCE, NULL, NULL),
               p->run.day) > 0 ||
           tell_unfetched(p, &township, oldest, err);
}

/* Townships, then the districts, then the city. */
static bool next_division(struct phase *p, struct division_row *row, struct error *err)
{
    static const enum level order[] = {LEVEL_TOWNSHIP, LEVEL_DISTRICT, LEVEL_CITY};
    /* A code has 12 digits; which level it is of stands above them. */
    const int64_t step = 1000000000000;
    int64_t level = p->run.cursor / step, after = p->run.cursor % step;

    for (; level < 3; level++, after = 0) {
        if (!store_division_next(p->w->store, &p->arena, order[level], after, row, err)) {
            return false;
        }
        if (row->code) {
            p->run.cursor = level * step + row->code;
            return true;
        }
    }
    return true;
}

bool maintenance_prune(struct phase *p, bool *end, struct error *err)
{
    struct date before = date_plus(p->run.day, -p->w->settings->spool_keep_days);
    struct division_row division = {0};
    struct error why = ERROR_INIT;
    char code[DIVISION_TEXT], day[DATE_TEXT];
    int64_t removed = 0;

    if (!next_division(p, &division, err)) {
        return false;
    }
    *end = division.code == 0 || !p->w->spool;
    if (*end) {
        return true;
    }
    if (!spool_prune(p->w->spool, division.code, before, &removed, &why)) {
        log_put(LOG_WARNING, "event=spool-folder: %s", why.message);
        error_clear(&why);
    }
    if (removed) {
        strbuf_addf(&p->log, "event=pruned division=%s before=%s files=%lld\n",
                    division_text(division.code, code), date_text(before, day), (long long)removed);
    }
    return true;
}

/* ---- the round ---- */

struct maintenance {
    struct job job;
    struct job *import; /* it, or a merge, that a fault left: going on */
    bool begun;
};

/* Jobs that change go one after the other: while this one runs, an import that is being applied, or
 * a division that is being joined, has no job of its own. */
static bool begin(struct maintenance *u, struct work *w, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct import_row row;

    u->begun = true;
    atomic_store(&w->metrics->free_store, staging_free(w->staging));
    atomic_store(&w->metrics->free_spool, staging_free(w->settings->spool));
    bool ok = store_import_applying(w->store, &a, &row, err) &&
              (row.import == 0 || import_resume(w, &u->import, err)) &&
              (u->import || merge_resume(w, &u->import, err));
    arena_free(&a);
    return ok;
}

static bool lists_wait(struct work *w, bool *wait, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct message_row *rows;
    struct run_row run;
    int count;

    /* A run that has not come to its end delivers by itself. */
    bool ok =
        store_run_running(w->store, &run, err) &&
        store_messages_in(w->store, &a, MESSAGE_STAGED, MESSAGE_DAILY, 0, 1, &rows, &count, err);
    *wait = ok && count > 0 && !date_is(run.day);
    arena_free(&a);
    return ok;
}

static enum job_step import_slice(struct maintenance *u, struct work *w, struct error *err)
{
    enum job_step step = u->import->class->slice(u->import, w, err);

    if (step == JOB_MORE) {
        return JOB_MORE;
    }
    u->import->class->free(u->import);
    u->import = NULL;
    return step == JOB_DONE ? JOB_MORE : JOB_FAILED;
}

static enum job_step maintenance_slice(struct job *job, struct work *w, struct error *err)
{
    struct maintenance *u = (struct maintenance *)job;
    bool wait, more = false;

    if (!u->begun && !begin(u, w, err)) {
        metrics_stand(w->metrics, STANDING_IMPORT, err->message);
        return JOB_FAILED;
    }
    if (u->import) {
        enum job_step step = import_slice(u, w, err);
        if (step == JOB_FAILED) {
            metrics_stand(w->metrics, STANDING_IMPORT, err->message);
        }
        return step;
    }
    metrics_stand(w->metrics, STANDING_IMPORT, NULL);
    if (!lists_wait(w, &wait, err)) {
        return JOB_FAILED;
    }
    if (!wait || !w->spool) {
        return JOB_DONE;
    }
    if (!spool_deliver(w->spool, w, work_today(w), &more, err)) {
        return JOB_FAILED;
    }
    return more ? JOB_MORE : JOB_DONE;
}

static void maintenance_free(struct job *job)
{
    struct maintenance *u = (struct maintenance *)job;

    if (u->import) {
        u->import->class->free(u->import);
    }
    free(u);
}

static const struct job_class maintenance_class = {"upkeep", JOB_WHOLE, maintenance_slice,
                                                   maintenance_free};

struct job *maintenance_job(void)
{
    struct maintenance *u = xcalloc(1, sizeof *u);

    u->job = (struct job){.class = &maintenance_class, .actor = ACTOR_CLOCK, .total = -1};
    return &u->job;
}
