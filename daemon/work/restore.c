#include "work/restore.h"

#include "base/canon.h"
#include "base/crash.h"
#include "base/log.h"
#include "store/backup.h"

/* Numbers that the lost future can have given: a thousand for each second since the copy was made
 * and for a quarter of an hour more, and of a large store a thousandth of its households. Because
 * they grow with the time, a backup that is restored a second time goes on beyond the first. */
#define BASE_SECONDS 1000

static bool restore_begin(struct work *w, struct restored_row *row, struct error *err)
{
    struct store_counts counts;
    struct strbuf after = STRBUF_INIT;
    int64_t taken, now = clock_now(w->clock);
    if (!clock_parse(str_of(row->backed_up), &taken, err)) {
        return error_within(err, SAY_MARK_OF_BACKUP);
    }
    int64_t seconds = now > taken ? now - taken : 0;
    bool ok = store_begin(w->store, err) &&
              store_counts(w->store, work_today(w), now, &counts, err) &&
              store_restore(w->store, now,
                            (1000 + counts.households / 1000) * (seconds + BASE_SECONDS), row, err);
    if (ok) {
        struct canon c = canon_open(&after);
        canon_str(&c, "backed_up", str_of(row->backed_up));
        canon_int(&c, "epoch", row->epoch);
        canon_int(&c, "task_from", row->task_from);
        canon_int(&c, "task_until", row->task_until);
        canon_close(&c);
        ok = work_audit(w, ACTOR_CLOCK, "restore", STR_NONE, STR_NONE, strbuf_str(&after), err) &&
             store_commit(w->store, err);
    }
    strbuf_free(&after);
    if (!ok) {
        store_rollback(w->store);
        error_within(err, SAY_START_FROM_BACKUP);
    }
    return ok;
}

bool restore_pending(struct work *w, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct restored_row row = {0};
    bool ok = store_backup_mark(w->store, &a, &row.backed_up, err);
    if (ok && row.backed_up) {
        crash_point("restore-begun");
        ok = restore_begin(w, &row, err);
    }
    if (ok && row.backed_up) {
        log_put(LOG_WARNING,
                "event=restore backed_up=%s epoch=%lld task_from=%lld task_until=%lld: what was "
                "recorded since is lost; numbers in between are given to nobody",
                row.backed_up, (long long)row.epoch, (long long)row.task_from,
                (long long)row.task_until);
        crash_point("restore-done");
    }
    arena_free(&a);
    return ok;
}
