#include "work/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/canon.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/text.h"
#include "store/calendar.h"
#include "work/import_kind.h"
#include "work/recalculate.h"
#include "work/staging.h"

/* What a byte of a file comes to on disk: the copies of it in the staging folder, the rows with
 * their cycles, indexes and audit, and the log that they go through. */
#define IMPORT_SPACE 12

static const char raw_name[] = "incoming.raw", text_name[] = "incoming.csv",
                  good_name[] = "incoming.good", accepted_name[] = "accepted.csv";

static const struct import_class *const classes[] = {
    [IMPORT_DIVISIONS] = &import_divisions,
    [IMPORT_HOUSEHOLDS] = &import_households,
    [IMPORT_MEMBERS] = &import_members,
    [IMPORT_STANDARDS] = &import_standards,
};

enum import_stage { IMPORT_RECEIVE, IMPORT_DECODE, IMPORT_CHECK, IMPORT_APPLY, IMPORT_RECALCULATE };

struct import_work {
    struct job job;
    const struct import_class *class; /* NULL for a calendar */
    struct import_result result;
    struct import_context *context;
    enum import_stage stage;
    struct arrival arrival;
    int skip_bad;   /* the caller's; -1 */
    int text, good; /* in the staging folder; -1 */
    char sha256[DIGEST_HEX + 1];
    struct csv_reader *reader;
    int positions[IMPORT_COLUMNS_MAX];
    bool heading;
    struct import_row row; /* once accepted: as of the last commit */
    bool careful;          /* after a slice that the schema refused: a savepoint for each row */
    struct arena arena;
    struct calendar_file calendar; /* its year as the caller said it */
    bool confirmed;
    struct recalculation recalculation;
};

static enum job_step import_receive(struct import_work *j, struct work *w, struct error *err)
{
    bool whole;
    j->job.phase = "check";
    if (!work_not_held(w, err)) {
        return JOB_FAILED;
    }
    if (!staging_room(w, IMPORT_SPACE * (j->arrival.total - j->arrival.received), err) ||
        !arrival_slice(&j->arrival, w, raw_name, &whole, err)) {
        return JOB_FAILED;
    }
    j->job.done = j->arrival.received;
    j->job.total = j->arrival.total;
    if (whole) {
        memcpy(j->sha256, j->arrival.sha256, sizeof j->sha256);
        j->stage = IMPORT_DECODE;
    }
    return JOB_MORE;
}

static struct import_context *context_new(struct import_work *j, struct work *w)
{
    struct import_context *c = xcalloc(1, sizeof *c);
    c->w = w;
    c->actor = j->job.actor;
    c->today = work_today(w);
    c->result = &j->result;
    return c;
}

/* bad-rows with the whole list in the result. */
static enum job_step import_refuse(struct import_work *j, struct error *err)
{
    int64_t n = j->result.fault_count + j->result.more;
    error_set(err, REASON_BAD_ROWS, "%lld fault%s, nothing was changed", (long long)n,
              n == 1 ? "" : "s");
    return JOB_FAILED;
}

static enum job_step import_decode(struct import_work *j, struct work *w, struct error *err)
{
    uint64_t line = 0;
    struct error why = ERROR_INIT;
    if (!import_is_free(w, err)) {
        return JOB_FAILED;
    }
    j->context = context_new(j, w);
    j->text = staging_open(w, text_name, O_RDWR | O_CREAT | O_TRUNC, err);
    if (j->text < 0) {
        return JOB_FAILED;
    }
    if (!text_to_utf8(j->arrival.raw, j->text, &line, &why)) {
        if (why.reason != REASON_BAD_ROWS) {
            *err = why;
            return JOB_FAILED;
        }
        j->context->line = line;
        import_fault(j->context, "", "encoding", "%s", why.message);
        error_clear(&why);
        return import_refuse(j, err);
    }
    staging_close(&j->arrival.raw);
    staging_remove(w, raw_name);
    j->job.done = 0;
    j->job.total = lseek(j->text, 0, SEEK_END);
    j->reader = csv_reader_open(j->text, 0, 1, ',');
    if (j->class) {
        j->context->seen = import_seen_new(w->staging, j->arrival.lines + 2, err);
        if (!j->context->seen) {
            return JOB_FAILED;
        }
    }
    j->stage = IMPORT_CHECK;
    return JOB_MORE;
}

static bool check_heading(struct import_work *j, const struct csv_record *record)
{
    j->heading = true;
    j->context->line = record->line;
    return import_heading(j->context, j->class->columns, record, j->positions);
}

static enum job_step import_accept(struct import_work *j, struct work *w, struct error *err);

static enum job_step check_slice(struct import_work *j, struct work *w, struct error *err)
{
    int64_t until = job_now() + JOB_SLICE_NS;
    struct csv_record record;
    if (!store_read_begin(w->store, err)) {
        return JOB_FAILED;
    }
    bool ok = true, end = false;
    for (int n = 0; ok && !end && (n % 32 || job_now() < until); n++) {
        uint64_t start = csv_reader_offset(j->reader);
        int64_t bad = j->result.bad;
        bool heading = !j->heading;
        enum csv_result got = csv_reader_next(j->reader, &record, err);
        if (got == CSV_FAULT) {
            j->context->line = record.line;
            import_fault(j->context, "", "quote", "%s", err->message);
            error_clear(err);
            store_read_end(w->store);
            return import_refuse(j, err);
        }
        end = got == CSV_AT_END;
        if (!end && heading && !check_heading(j, &record)) {
            store_read_end(w->store);
            return import_refuse(j, err);
        }
        if (!end && !heading) {
            struct import_context *c = j->context;
            struct str cells[IMPORT_COLUMNS_MAX];
            c->row_faults = 0;
            c->line = record.line;
            import_width(c, &record);
            import_cells(&record, j->positions, j->class->columns, cells);
            ok = j->class->check(c, cells, err);
            j->result.rows++;
            j->result.bad += c->row_faults > 0;
            arena_reset(&c->row);
        }
        if (ok && !end && j->good >= 0) {
            enum staging_part part = heading                ? STAGING_HEADING
                                     : j->result.bad == bad ? STAGING_GOOD
                                                            : STAGING_BAD;
            ok = staging_split(j->text, start, csv_reader_offset(j->reader), part, j->good,
                               j->skip_bad, err);
        }
        j->job.done = (int64_t)csv_reader_offset(j->reader);
    }
    store_read_end(w->store);
    if (!ok) {
        return JOB_FAILED;
    }
    if (!end) {
        return JOB_MORE;
    }
    if (!j->heading) {
        j->context->line = 1;
        import_fault(j->context, "", "missing", "the file is empty: its heading is missing");
    }
    bool only_rows = j->skip_bad >= 0 && j->heading;
    return j->result.fault_count && !only_rows ? import_refuse(j, err) : import_accept(j, w, err);
}

/* ---- calendars: checked and applied at once, then the deadlines in slices ---- */

static bool audit_import(struct import_work *j, struct work *w, struct error *err)
{
    struct strbuf after = STRBUF_INIT;
    struct canon c = canon_open(&after);
    canon_int(&c, "added", j->result.added);
    canon_int(&c, "bad", j->result.bad);
    canon_int(&c, "changed", j->result.changed);
    canon_str(&c, "kind", str_of(names_text(&import_kinds, (int)j->result.kind)));
    canon_int(&c, "rows", j->result.rows);
    canon_str(&c, "sha256", str_of(j->sha256));
    canon_int(&c, "unchanged", j->result.unchanged);
    canon_close(&c);
    bool ok = work_audit(w, j->job.actor, "import", STR_NONE, STR_NONE, strbuf_str(&after), err);
    strbuf_free(&after);
    return ok;
}

static enum job_step check_calendar(struct import_work *j, struct work *w, struct error *err)
{
    struct import_context *c = j->context;
    bool changed;
    if (!import_calendar_read(c, j->reader, &j->calendar, err)) {
        if (err->reason != REASON_BAD_ROWS) {
            return JOB_FAILED;
        }
        import_fault(c, "", "quote", "%s", err->message);
        error_clear(err);
    }
    if (j->result.fault_count) {
        return import_refuse(j, err);
    }
    if (!store_begin(w->store, err)) {
        return JOB_FAILED;
    }
    if (!import_calendar_apply(c, &j->calendar, NULL, j->confirmed, &changed, err) ||
        (changed && !audit_import(j, w, err)) || !store_commit(w->store, err)) {
        store_rollback(w->store);
        return JOB_FAILED;
    }
    if (!changed) {
        return JOB_DONE;
    }
    if (!work_reload_calendar(w, err)) {
        return JOB_FAILED;
    }
    j->recalculation = recalculation_begin();
    j->stage = IMPORT_RECALCULATE;
    j->job.phase = "apply";
    return JOB_MORE;
}

static enum job_step recalculate(struct import_work *j, struct work *w, struct error *err)
{
    bool more;
    if (!recalculate_slice(&j->recalculation, w, j->job.actor, &more, err)) {
        return JOB_FAILED;
    }
    if (!more) {
        log_put(LOG_INFO, "event=calendar moved=%lld", (long long)j->recalculation.moved);
    }
    return more ? JOB_MORE : JOB_DONE;
}

/* ---- acceptance and application ---- */

static enum job_step import_accept(struct import_work *j, struct work *w, struct error *err)
{
    int fd = j->good >= 0 ? j->good : j->text;
    if (fsync(fd) != 0 || !staging_rename(w, j->good >= 0 ? good_name : text_name, accepted_name)) {
        error_set(err, REASON_STORAGE, "staging: %s: %s", accepted_name, strerror(errno));
        return JOB_FAILED;
    }
    crash_point("import-renamed");
    j->row = (struct import_row){
        .kind = j->result.kind,
        .file = str_of(accepted_name),
        .accepted_on = j->context->today,
        .uid = j->job.actor.uid,
        .who = str_of(j->job.actor.who),
        .line = 1,
        .rows = j->result.rows,
        .bad = j->result.bad,
        .faults = STR("[]"),
    };
    memcpy(j->row.sha256, j->sha256, sizeof j->row.sha256);
    if (!store_begin(w->store, err) || !store_import_insert(w->store, &j->row, err) ||
        !store_commit(w->store, err)) {
        store_rollback(w->store);
        return JOB_FAILED;
    }
    crash_point("import-accepted");
    import_seen_free(j->context->seen);
    j->context->seen = NULL;
    j->context->members.household.id = 0;
    csv_reader_close(j->reader);
    j->reader = csv_reader_open(fd, 0, 1, ',');
    j->heading = false;
    j->stage = IMPORT_APPLY;
    j->job.phase = "apply";
    j->job.done = 0;
    j->job.total = j->result.rows - j->result.bad;
    return JOB_MORE;
}

static bool apply_record(struct import_work *j, const struct csv_record *record,
                         const struct str *cells, struct error *err)
{
    struct import_context *c = j->context;
    enum import_effect effect = IMPORT_UNCHANGED;
    c->row_faults = 0;
    c->line = record->line;
    bool ok = (!j->careful || store_savepoint(c->w->store, err)) &&
              j->class->apply(c, cells, &effect, err);
    if (j->careful && !ok && err->reason == REASON_CONFLICT) {
        /* The schema says what a check could not see: this row alone has no effect. */
        store_rollback_to(c->w->store);
        import_fault(c, "", "conflict", "%s", err->message);
        error_clear(err);
        ok = true;
    } else if (j->careful && ok) {
        ok = store_release(c->w->store, err);
    }
    j->job.done++;
    j->result.bad += c->row_faults > 0;
    j->result.added += c->row_faults == 0 && effect == IMPORT_ADDED;
    j->result.changed += c->row_faults == 0 && effect == IMPORT_CHANGED;
    j->result.unchanged += c->row_faults == 0 && effect == IMPORT_UNCHANGED;
    arena_reset(&c->row);
    return ok;
}

/* Records until the slice's time is up, at a record that need not share its commit with the one
 * before. */
static bool apply_records(struct import_work *j, bool *end, struct error *err)
{
    int64_t until = job_now() + JOB_SLICE_NS;
    struct str cells[IMPORT_COLUMNS_MAX];
    struct csv_record record;
    *end = false;
    for (int n = 1;; n++) {
        uint64_t offset = csv_reader_offset(j->reader), line = csv_reader_line(j->reader);
        bool due = n % 16 == 0 && job_now() >= until;
        if (due && !j->class->joined) {
            return true;
        }
        if (csv_reader_next(j->reader, &record, err) != CSV_RECORD) {
            *end = true;
            return err->reason == REASON_NONE;
        }
        if (!j->heading) {
            check_heading(j, &record);
        } else {
            import_cells(&record, j->positions, j->class->columns, cells);
            if (job_now() >= until && j->class->joined && !j->class->joined(j->context, cells)) {
                csv_reader_close(j->reader);
                j->reader = csv_reader_open(j->good >= 0 ? j->good : j->text, offset, line, ',');
                return true;
            }
            if (!apply_record(j, &record, cells, err)) {
                return false;
            }
        }
    }
}

/* The slice again from its beginning, row by row: an accepted import always completes. */
static enum job_step apply_again(struct import_work *j)
{
    j->careful = true;
    j->result.added = j->row.added;
    j->result.changed = j->row.changed;
    j->result.unchanged = j->row.unchanged;
    j->result.bad = j->row.bad;
    j->heading = j->row.offset > 0;
    j->context->members.household.id = 0;
    j->context->members.changed = false;
    strbuf_reset(&j->context->members.after);
    csv_reader_close(j->reader);
    j->reader = csv_reader_open(j->good >= 0 ? j->good : j->text, (uint64_t)j->row.offset,
                                (uint64_t)j->row.line, ',');
    return JOB_MORE;
}

static enum job_step apply_slice(struct import_work *j, struct work *w, struct error *err)
{
    bool end, changes;
    if (!store_begin(w->store, err)) {
        return JOB_FAILED;
    }
    bool ok = apply_records(j, &end, err) && (!j->class->flush || j->class->flush(j->context, err));
    if (ok) {
        j->row.offset = (int64_t)csv_reader_offset(j->reader);
        j->row.line = (int64_t)csv_reader_line(j->reader);
        j->row.added = j->result.added;
        j->row.changed = j->result.changed;
        j->row.unchanged = j->result.unchanged;
        j->row.bad = j->result.bad;
        j->row.done = end;
        changes = j->result.added + j->result.changed > 0;
        ok = (!end || !changes || audit_import(j, w, err)) &&
             store_import_update(w->store, &j->row, err) && store_commit(w->store, err);
    }
    if (!ok) {
        store_rollback(w->store);
        if (err->reason == REASON_CONFLICT && !j->careful) {
            error_clear(err);
            return apply_again(j);
        }
        error_context(err, "import of %s, line %llu", names_text(&import_kinds, (int)j->row.kind),
                      (unsigned long long)j->context->line);
        return JOB_FAILED;
    }
    crash_point(end ? "import-done" : "import-slice");
    if (!end) {
        return JOB_MORE;
    }
    staging_remove(w, accepted_name);
    log_put(LOG_INFO,
            "event=import kind=%s rows=%lld added=%lld changed=%lld unchanged=%lld sha256=%s",
            names_text(&import_kinds, (int)j->row.kind), (long long)j->result.rows,
            (long long)j->result.added, (long long)j->result.changed,
            (long long)j->result.unchanged, j->sha256);
    return JOB_DONE;
}

static enum job_step import_slice(struct job *job, struct work *w, struct error *err)
{
    struct import_work *j = (struct import_work *)job;
    switch (j->stage) {
    case IMPORT_RECEIVE:
        return import_receive(j, w, err);
    case IMPORT_DECODE:
        if (j->skip_bad >= 0 && j->class && j->good < 0) {
            j->good = staging_open(w, good_name, O_RDWR | O_CREAT | O_TRUNC, err);
            if (j->good < 0) {
                return JOB_FAILED;
            }
        }
        return import_decode(j, w, err);
    case IMPORT_CHECK:
        return j->class ? check_slice(j, w, err) : check_calendar(j, w, err);
    case IMPORT_APPLY:
        return apply_slice(j, w, err);
    case IMPORT_RECALCULATE:
        return recalculate(j, w, err);
    }
    return JOB_FAILED;
}

static void import_free(struct job *job)
{
    struct import_work *j = (struct import_work *)job;
    if (j->context) {
        import_seen_free(j->context->seen);
        arena_free(&j->context->row);
        arena_free(&j->context->group);
        strbuf_free(&j->context->members.after);
        strbuf_free(&j->context->members.went_member);
        free(j->context);
    }
    if (j->reader) {
        csv_reader_close(j->reader);
    }
    arrival_free(&j->arrival);
    staging_close(&j->skip_bad);
    staging_close(&j->text);
    staging_close(&j->good);
    import_result_free(&j->result);
    arena_free(&j->arena);
    free(j);
}

static const struct job_class import_job_class = {"import", JOB_WHOLE, import_slice, import_free};

static struct import_work *import_new(enum import_kind kind, struct actor actor)
{
    struct import_work *j = xcalloc(1, sizeof *j);
    j->job = (struct job){.class = &import_job_class, .actor = actor, .total = -1};
    j->class = kind == IMPORT_CALENDAR ? NULL : classes[kind];
    j->result.kind = kind;
    j->arrival.file = j->arrival.raw = j->skip_bad = j->text = j->good = -1;
    return j;
}

struct job *import_job(const struct import_request *request, struct actor actor)
{
    struct import_work *j = import_new(request->kind, actor);
    j->arrival.file = request->file;
    j->skip_bad = request->skip_bad;
    j->calendar.year = request->year;
    j->confirmed = request->confirmed;
    return &j->job;
}

const struct import_result *import_job_result(const struct job *job)
{
    return &((const struct import_work *)job)->result;
}

bool import_resume(struct work *w, struct job **job, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct import_row row;
    struct csv_record record;
    *job = NULL;
    if (!store_import_applying(w->store, &a, &row, err)) {
        return false;
    }
    if (row.import == 0) {
        arena_free(&a);
        staging_remove(w, raw_name);
        staging_remove(w, text_name);
        staging_remove(w, good_name);
        staging_remove(w, accepted_name);
        return true;
    }
    struct import_work *j = import_new(row.kind, (struct actor){row.uid, arena_copy(&a, row.who)});
    j->arena = a;
    j->row = row;
    memcpy(j->sha256, row.sha256, sizeof j->sha256);
    j->result.rows = row.rows;
    j->result.bad = row.bad;
    j->result.added = row.added;
    j->result.changed = row.changed;
    j->result.unchanged = row.unchanged;
    j->job.total = row.rows - row.bad;
    j->context = context_new(j, w);
    j->context->today = row.accepted_on;
    j->stage = IMPORT_APPLY;
    j->job.phase = "apply";
    j->text = staging_open(w, accepted_name, O_RDONLY, err);
    if (j->text < 0) {
        import_free(&j->job);
        return false;
    }
    /* The heading tells the order of the columns; then on from where the last commit left off. */
    j->reader = csv_reader_open(j->text, 0, 1, ',');
    if (csv_reader_next(j->reader, &record, err) != CSV_RECORD || !check_heading(j, &record)) {
        import_free(&j->job);
        return error_set(err, REASON_STORAGE, "staging: %s is damaged", accepted_name);
    }
    if (row.offset > 0) {
        csv_reader_close(j->reader);
        j->reader = csv_reader_open(j->text, (uint64_t)row.offset, (uint64_t)row.line, ',');
    }
    log_put(LOG_NOTICE, "event=recover import=%lld kind=%s line=%lld", (long long)row.import,
            names_text(&import_kinds, (int)row.kind), (long long)row.line);
    *job = &j->job;
    return true;
}
