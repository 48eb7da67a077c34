#include "work/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/canon.h"
#include "base/cell.h"
#include "base/crash.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/log.h"
#include "store/calendar.h"
#include "work/import_kind.h"
#include "work/mapping.h"
#include "work/recalculate.h"
#include "work/staging.h"

/* What a byte of a file comes to on disk: the copies of it in the staging folder, the rows with
 * their cycles, indexes and audit, and the log that they go through. */
#define IMPORT_SPACE 12

static const char raw_name[] = "incoming.raw", rows_name[] = "incoming.rows",
                  good_name[] = "incoming.good", accepted_name[] = "accepted.rows";

static const struct import_class *const classes[] = {
    [IMPORT_DIVISIONS] = &import_divisions,
    [IMPORT_HOUSEHOLDS] = &import_households,
    [IMPORT_MEMBERS] = &import_members,
    [IMPORT_STANDARDS] = &import_standards,
};

/* The rows of one kind that a file holds: a book may hold households and members in the same ones.
 * What is accepted of a book are rows of the import's own columns, one kind behind another, each
 * behind a heading with line 0. */
struct import_pass {
    const struct import_class *class;
    struct mapper mapper; /* sheet NULL: the file's columns are those of the import */
};

enum import_stage { IMPORT_RECEIVE, IMPORT_DECODE, IMPORT_CHECK, IMPORT_APPLY, IMPORT_RECALCULATE };

struct import_work {
    struct job job;
    bool partial;                     /* of households: their history */
    char *map_name;                   /* owned; NULL */
    const struct import_class *class; /* of the pass at hand; NULL for a calendar */
    struct mapping *map;              /* of a book; NULL */
    struct import_pass passes[MAP_ROWS];
    int pass_count, pass;
    char **headings; /* of the book, as they stand; owned */
    int heading_count;
    struct import_seen *bad_rows; /* lines that an earlier pass has written out */
    bool dry_run, own;            /* own: the accepted rows are those of a book */
    struct import_result result;
    struct import_context *context;
    enum import_stage stage;
    struct arrival arrival;
    int rows,
        good; /* the file's rows, heading first, and the good ones; in the staging folder; -1 */
    char sha256[DIGEST_HEX + 1];
    struct sheet *sheet;
    struct strbuf ahead; /* of `rows` or `good`, not yet written */
    uint64_t count;      /* rows below the heading */
    int skip_bad;        /* the caller's; -1 */
    struct strbuf bad;   /* of skip_bad, not yet written */
    uint64_t bad_lines;  /* lines of it so far */
    struct sheet_rows *reader;
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
    c->partial = j->partial;
    c->result = &j->result;
    return c;
}

/* bad-rows with the whole list in the result. */
static enum job_step import_refuse(struct import_work *j, struct error *err)
{
    int64_t n = j->result.fault_count + j->result.more;
    error_say(err, SAY_IMPORT_FAULTS,
              arg_said(n == 1 ? sentence(SAY_ONE_FAULT, arg_number(n))
                              : sentence(SAY_MANY_FAULTS, arg_number(n))));
    return JOB_FAILED;
}

/* What waits in memory goes to its file once there is enough of it. */
static bool flush(struct strbuf *ahead, size_t enough, int fd, struct error *err)
{
    if (ahead->len < enough) {
        return true;
    }
    bool ok = file_write(fd, ahead->data, ahead->len);
    strbuf_reset(ahead);
    return ok || error_say(err, SAY_STAGING, arg_system(errno));
}

static bool decode_begin(struct import_work *j, struct work *w, struct error *err)
{
    if (!import_is_free(w, err)) {
        return false;
    }
    j->context = context_new(j, w);
    j->rows = staging_open(w, rows_name, O_RDWR | O_CREAT | O_TRUNC, err);
    if (j->rows < 0) {
        return false;
    }
    const struct sheet_options options = {.folder = w->staging,
                                          .known = j->map ? mapping_knows : import_knows,
                                          .data = j->map ? (const void *)j->map
                                                         : (const void *)j->class->columns};
    j->sheet = sheet_open(j->arrival.raw, &options);
    j->context->columns = j->map ? NULL : j->class->columns;
    return true;
}

/* Which sheets of the mapping the file is: those whose headings it has. One that no sheet at hand
 * knows is a fault, for nobody has said what it means. */
static bool book_heading(struct import_work *j, const struct sheet_row *row)
{
    static const struct import_class *const rows[] = {
        [MAP_HOUSEHOLDS] = &import_households, [MAP_MEMBERS] = &import_members};
    struct import_context *c = j->context;
    for (int kind = 0; kind < MAP_ROWS; kind++) {
        for (int i = 0; i < j->map->sheet_count; i++) {
            struct import_pass *p = &j->passes[j->pass_count];
            if (j->map->sheets[i].rows != kind) {
                continue;
            }
            p->class = rows[kind];
            if (mapper_fits(&p->mapper, &j->map->sheets[i], rows[kind]->columns, row)) {
                j->pass_count++;
            } else {
                mapper_free(&p->mapper);
            }
        }
    }
    if (j->pass_count == 0) {
        import_fault(c, "", "missing", sentence(SAY_MAP_SHEET));
        return false;
    }
    c->width = row->count;
    c->reasons = SIZE_MAX;
    for (size_t i = 0; i < row->count; i++) {
        struct strbuf becomes = STRBUF_INIT;
        struct str name = cell_word(&c->row, row->cells[i]);
        bool known = name.len == 0 || str_is(name, import_reasons_heading);
        if (str_is(name, import_reasons_heading)) {
            c->reasons = i;
        }
        for (int k = 0; k < j->pass_count; k++) {
            known = mapper_becomes(&j->passes[k].mapper, name, &becomes) || known;
        }
        if (!known) {
            import_fault(c, "", "unknown-column", sentence(SAY_MAP_HEADING, arg_text(name)));
        }
        strbuf_free(&becomes);
        if (name.len) {
            j->headings =
                xrealloc(j->headings, (size_t)(j->heading_count + 1) * sizeof *j->headings);
            j->headings[j->heading_count++] = xstrndup(name.data, name.len);
        }
    }
    return c->row_faults == 0;
}

static void read_from_rows(struct import_work *j)
{
    sheet_rows_close(j->reader);
    j->reader = sheet_rows_open(j->rows, 0);
}

/* The next pass over the rows. What was good among the households of the one before is coming. */
static bool pass_begin(struct import_work *j, struct work *w, struct error *err)
{
    struct import_context *c = j->context;
    read_from_rows(j);
    j->heading = false;
    j->class = j->passes[j->pass].class;
    c->columns = j->class->columns;
    c->members.household.id = 0;
    import_seen_free(c->seen);
    c->seen = import_seen_new(w->staging, 2 * j->count + 2, err);
    if (c->seen && j->pass == 0 && j->pass_count > 1) {
        c->coming = import_seen_new(w->staging, j->count + 2, err);
        j->bad_rows = c->coming ? import_seen_new(w->staging, j->count + 2, err) : NULL;
        return j->bad_rows != NULL;
    }
    return c->seen != NULL;
}

static bool decode_end(struct import_work *j, struct work *w, struct error *err)
{
    sheet_close(j->sheet);
    j->sheet = NULL;
    staging_close(&j->arrival.raw);
    staging_remove(w, raw_name);
    j->job.done = 0;
    j->job.total = lseek(j->rows, 0, SEEK_END);
    j->stage = IMPORT_CHECK;
    return pass_begin(j, w, err);
}

/* The file into rows, whatever it is. */
static enum job_step import_decode(struct import_work *j, struct work *w, struct error *err)
{
    int64_t until = job_now() + JOB_SLICE_NS;
    struct sheet_row row;
    if (!j->sheet && !decode_begin(j, w, err)) {
        return JOB_FAILED;
    }
    for (int n = 1; n % 32 || job_now() < until; n++) {
        switch (sheet_next(j->sheet, &row, err)) {
        case SHEET_PENDING:
            sheet_progress(j->sheet, &j->job.done, &j->job.total);
            return JOB_MORE;
        case SHEET_FAULT:
            return import_sheet_fault(j->context, &row, j->positions, err) ? import_refuse(j, err)
                                                                           : JOB_FAILED;
        case SHEET_AT_END:
            if (!j->heading) {
                j->context->line = 1;
                import_fault(j->context, "", "missing", sentence(SAY_IMPORT_NO_HEADING));
                return import_refuse(j, err);
            }
            return flush(&j->ahead, 1, j->rows, err) && decode_end(j, w, err) ? JOB_MORE
                                                                              : JOB_FAILED;
        case SHEET_ROW:
            j->context->line = row.line;
            if (!j->heading && !(j->map ? book_heading(j, &row)
                                        : import_heading(j->context, &row, j->positions))) {
                return import_refuse(j, err);
            }
            j->count += j->heading;
            j->heading = true;
            sheet_rows_put(&j->ahead, &row);
            if (!flush(&j->ahead, 1 << 16, j->rows, err)) {
                return JOB_FAILED;
            }
        }
    }
    sheet_progress(j->sheet, &j->job.done, &j->job.total);
    return JOB_MORE;
}

static bool bad_write(struct import_work *j, struct error *err)
{
    bool ok = j->bad.len == 0 || file_write(j->skip_bad, j->bad.data, j->bad.len);
    strbuf_reset(&j->bad);
    return ok || error_say(err, SAY_IMPORT_SKIP, arg_system(errno));
}

static bool heading_read(struct import_work *j, const struct sheet_row *row)
{
    j->heading = true;
    j->context->line = row->line;
    return import_heading(j->context, row, j->positions);
}

/* A row as it was and, behind it, the reasons (a heading's: that they are the reasons), for whoever
 * is to mend it. UTF-8 with its mark, so that every spreadsheet opens it. */
static void bad_row(struct import_work *j, const struct sheet_row *row, struct str why)
{
    size_t before = j->bad.len;
    if (j->bad_lines == 0) {
        strbuf_addz(&j->bad, "\xEF\xBB\xBF");
    }
    for (size_t i = 0; i < j->context->width; i++) {
        struct str cell = i < row->count ? row->cells[i] : STR("");
        if (i != j->context->reasons) { /* those of before make room for the reasons of today */
            csv_put_code(&j->bad, cell, i == 0);
        }
    }
    csv_put_text(&j->bad, why, j->context->width == 0);
    strbuf_addz(&j->bad, "\r\n");
    for (size_t i = before; i < j->bad.len; i++) {
        j->bad_lines += j->bad.data[i] == '\n';
    }
}

/* The cells of a row by the columns of the pass. For a book *own is the row of the import's own
 * columns, and *skip says that this pass leaves it out. */
static bool row_cells(struct import_work *j, const struct sheet_row *row, struct sheet_row *own,
                      struct str cells[IMPORT_COLUMNS_MAX], bool *skip, struct error *err)
{
    struct import_context *c = j->context;
    bool all[IMPORT_COLUMNS_MAX];
    int straight[IMPORT_COLUMNS_MAX];
    *own = *row;
    *skip = false;
    if (!j->map) {
        import_cells(c, row, j->positions, cells);
        return true;
    }
    if (!mapper_row(&j->passes[j->pass].mapper, c, row, own, skip, err)) {
        return false;
    }
    size_t width = c->width;
    bool *headed = c->headed;
    for (int i = 0; i < IMPORT_COLUMNS_MAX; i++) {
        straight[i] = i;
        all[i] = true;
    }
    if (!*skip) {
        c->width = own->count;
        c->headed = all;
        import_cells(c, own, straight, cells);
        c->width = width;
        c->headed = headed;
    }
    return true;
}

static bool was_bad(struct import_work *j, struct str line)
{
    return j->bad_rows && import_seen_get(j->bad_rows, line);
}

/* Checks one row; where bad ones are skipped it goes to its file, and its faults name its line
 * there as well. */
static bool check_row(struct import_work *j, const struct sheet_row *row, struct error *err)
{
    struct import_context *c = j->context;
    struct str cells[IMPORT_COLUMNS_MAX];
    struct sheet_row own;
    int first = j->result.fault_count;
    bool skip;
    c->row_faults = 0;
    c->line = row->line;
    strbuf_reset(&c->why);
    struct str line = str_of(arena_format(&c->row, "%llu", (unsigned long long)row->line));
    bool ok = row_cells(j, row, &own, cells, &skip, err);
    skip = skip || was_bad(j, line);
    if (!ok || skip) {
        arena_reset(&c->row);
        return ok;
    }
    ok = j->class->check(c, cells, err);
    j->result.rows++;
    j->result.bad += c->row_faults > 0;
    if (ok && c->row_faults == 0) {
        if (j->good >= 0) {
            sheet_rows_put(&j->ahead, &own);
        }
        if (j->pass + 1 < j->pass_count) {
            import_seen_add(c->coming, cells[0], c->line);
        }
    } else if (ok && j->skip_bad >= 0) {
        for (int i = first; i < j->result.fault_count; i++) {
            j->result.faults[i].written = j->bad_lines + 1;
        }
        bad_row(j, row, strbuf_str(&c->why));
        if (j->bad_rows) {
            import_seen_add(j->bad_rows, line, c->line);
        }
    }
    arena_reset(&c->row);
    return ok;
}

/* Before the good rows of a pass: the file's own heading, of a book the import's columns. */
static void good_heading(struct import_work *j, const struct sheet_row *heading)
{
    struct str names[IMPORT_COLUMNS_MAX];
    struct sheet_row own = *heading;
    if (j->map) {
        size_t n = 0;
        for (; j->class->columns[n].name; n++) {
            names[n] = str_of(j->class->columns[n].name);
        }
        own = (struct sheet_row){.line = 0, .count = n, .cells = names};
    }
    if (j->good >= 0) {
        sheet_rows_put(&j->ahead, &own);
    }
    if (j->skip_bad >= 0 && j->pass == 0) {
        bad_row(j, heading, str_of(import_reasons_heading));
    }
}

static enum job_step import_accept(struct import_work *j, struct work *w, struct error *err);

static enum job_step check_slice(struct import_work *j, struct work *w, struct error *err)
{
    int64_t until = job_now() + JOB_SLICE_NS;
    struct sheet_row row;
    if (!store_read_begin(w->store, err)) {
        return JOB_FAILED;
    }
    bool ok = true, end = false;
    for (int n = 0; ok && !end && (n % 32 || job_now() < until); n++) {
        enum sheet_result got = sheet_rows_next(j->reader, &row, err);
        end = got == SHEET_AT_END;
        ok = got != SHEET_FAULT;
        if (got == SHEET_ROW && !j->heading) {
            j->heading = true;
            if (!j->map) {
                heading_read(j, &row);
            }
            good_heading(j, &row);
        } else if (got == SHEET_ROW) {
            ok = check_row(j, &row, err);
        }
        j->job.done = (int64_t)sheet_rows_offset(j->reader);
    }
    store_read_end(w->store);
    ok = ok && (j->good < 0 || flush(&j->ahead, end ? 1 : 1 << 16, j->good, err)) &&
         (j->skip_bad < 0 || bad_write(j, err));
    if (!ok) {
        return JOB_FAILED;
    }
    if (!end) {
        return JOB_MORE;
    }
    if (++j->pass < j->pass_count) {
        return pass_begin(j, w, err) ? JOB_MORE : JOB_FAILED;
    }
    if (j->dry_run) {
        return JOB_DONE;
    }
    return j->result.fault_count && j->skip_bad < 0 ? import_refuse(j, err)
                                                    : import_accept(j, w, err);
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
    struct import_context *c = j->context = context_new(j, w);
    bool changed;
    if (!import_is_free(w, err) || !import_calendar_read(c, j->arrival.raw, &j->calendar, err)) {
        return JOB_FAILED;
    }
    staging_close(&j->arrival.raw);
    staging_remove(w, raw_name);
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

static int accepted(const struct import_work *j)
{
    return j->good >= 0 ? j->good : j->rows;
}

static void read_from(struct import_work *j, uint64_t offset)
{
    sheet_rows_close(j->reader);
    j->reader = sheet_rows_open(accepted(j), offset);
}

static enum job_step import_accept(struct import_work *j, struct work *w, struct error *err)
{
    const char *name = j->good >= 0 ? good_name : rows_name;
    if (fsync(accepted(j)) != 0 || !staging_rename(w, name, accepted_name)) {
        error_say(err, SAY_STAGING_FILE_FAILED, arg_z(accepted_name), arg_system(errno));
        return JOB_FAILED;
    }
    crash_point("import-renamed");
    j->row = (struct import_row){
        .kind = j->passes[0].class->kind,
        .file = str_of(accepted_name),
        .accepted_on = j->context->today,
        .uid = j->job.actor.uid,
        .who = str_of(j->job.actor.who),
        .line = 1,
        .rows = j->result.rows,
        .bad = j->result.bad,
        .faults = STR("[]"),
        .partial = j->partial,
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
    read_from(j, 0);
    j->heading = false;
    j->class = j->passes[0].class;
    j->context->columns = j->class->columns;
    j->own = j->map != NULL;
    j->stage = IMPORT_APPLY;
    j->job.phase = "apply";
    j->job.done = 0;
    j->job.total = j->result.rows - j->result.bad;
    return JOB_MORE;
}

static bool apply_row(struct import_work *j, const struct sheet_row *row, const struct str *cells,
                      struct error *err)
{
    struct import_context *c = j->context;
    enum import_effect effect = IMPORT_UNCHANGED;
    c->row_faults = 0;
    c->line = row->line;
    strbuf_reset(&c->why);
    bool ok = (!j->careful || store_savepoint(c->w->store, err)) &&
              j->class->apply(c, cells, &effect, err);
    if (j->careful && !ok && err->reason == REASON_CONFLICT) {
        /* The schema says what a check could not see: this row alone has no effect. */
        store_rollback_to(c->w->store);
        import_fault(c, "", "conflict", sentence(SAY_IMPORT_CONFLICT, arg_z(err->message)));
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

/* The heading that the rows of a book have. */
static void heading_own(struct import_work *j)
{
    struct str names[IMPORT_COLUMNS_MAX];
    size_t n = 0;
    for (; j->class->columns[n].name; n++) {
        names[n] = str_of(j->class->columns[n].name);
    }
    heading_read(j, &(struct sheet_row){.count = n, .cells = names});
}

/* From here on the rows of a book are members. */
static void apply_members(struct import_work *j)
{
    j->class = &import_members;
    j->context->columns = j->class->columns;
}

/* Rows until the slice's time is up, at one that need not share its commit with the one before. */
static bool apply_rows(struct import_work *j, bool *end, struct error *err)
{
    int64_t until = job_now() + JOB_SLICE_NS;
    struct str cells[IMPORT_COLUMNS_MAX];
    struct sheet_row row;
    *end = false;
    for (int n = 1;; n++) {
        uint64_t offset = sheet_rows_offset(j->reader);
        if (n % 16 == 0 && job_now() >= until && !j->class->joined) {
            return true;
        }
        enum sheet_result got = sheet_rows_next(j->reader, &row, err);
        if (got != SHEET_ROW) {
            *end = true;
            return got == SHEET_AT_END;
        }
        if (!j->heading || row.line == 0) {
            if (j->heading) { /* the members of a book, behind its households */
                apply_members(j);
            }
            heading_read(j, &row);
            continue;
        }
        import_cells(j->context, &row, j->positions, cells);
        if (job_now() >= until && j->class->joined && !j->class->joined(j->context, cells)) {
            read_from(j, offset);
            arena_reset(&j->context->row);
            return true;
        }
        if (!apply_row(j, &row, cells, err)) {
            return false;
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
    j->class = classes[j->row.kind];
    j->context->columns = j->class->columns;
    if (j->own) {
        heading_own(j);
    }
    j->context->members.household.id = 0;
    j->context->members.changed = false;
    strbuf_reset(&j->context->members.after);
    read_from(j, (uint64_t)j->row.offset);
    return JOB_MORE;
}

static enum job_step apply_slice(struct import_work *j, struct work *w, struct error *err)
{
    bool end, changes;
    if (!store_begin(w->store, err)) {
        return JOB_FAILED;
    }
    bool ok = apply_rows(j, &end, err) && (!j->class->flush || j->class->flush(j->context, err));
    if (ok) {
        j->row.offset = (int64_t)sheet_rows_offset(j->reader);
        j->row.line = (int64_t)j->context->line;
        j->row.kind = j->class->kind;
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
        error_within(err, SAY_IN_IMPORT, arg_word(&import_kinds, (int)j->row.kind),
                     arg_number(j->context->line));
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

/* The mapping is read when the file is whole: with the settings of that moment. */
static bool map_begin(struct import_work *j, struct work *w, struct error *err)
{
    if (j->result.kind != IMPORT_BOOK || j->map) {
        return true;
    }
    j->map = xcalloc(1, sizeof *j->map);
    return mapping_read(w->settings->mapping_dir, str_of(j->map_name), j->map, err);
}

static enum job_step import_slice(struct job *job, struct work *w, struct error *err)
{
    struct import_work *j = (struct import_work *)job;
    switch (j->stage) {
    case IMPORT_RECEIVE:
        return import_receive(j, w, err);
    case IMPORT_DECODE:
        if (j->result.kind == IMPORT_CALENDAR) {
            return check_calendar(j, w, err);
        }
        if (!map_begin(j, w, err)) {
            return JOB_FAILED;
        }
        if ((j->skip_bad >= 0 || j->map) && j->good < 0) {
            j->good = staging_open(w, good_name, O_RDWR | O_CREAT | O_TRUNC, err);
            if (j->good < 0) {
                return JOB_FAILED;
            }
        }
        return import_decode(j, w, err);
    case IMPORT_CHECK:
        return check_slice(j, w, err);
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
    import_context_free(j->context);
    sheet_close(j->sheet);
    sheet_rows_close(j->reader);
    for (int i = 0; i < j->pass_count; i++) {
        mapper_free(&j->passes[i].mapper);
    }
    if (j->map) {
        mapping_free(j->map);
        free(j->map);
    }
    free(j->map_name);
    for (int i = 0; i < j->heading_count; i++) {
        free(j->headings[i]);
    }
    free(j->headings);
    import_seen_free(j->bad_rows);
    strbuf_free(&j->ahead);
    strbuf_free(&j->bad);
    arrival_free(&j->arrival);
    staging_close(&j->skip_bad);
    staging_close(&j->rows);
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
    j->class = kind < IMPORT_CALENDAR ? classes[kind] : NULL;
    j->result.kind = kind;
    j->passes[0].class = j->class;
    j->pass_count = kind != IMPORT_BOOK;
    j->arrival.file = j->arrival.raw = j->skip_bad = j->rows = j->good = -1;
    return j;
}

struct job *import_job(const struct import_request *request, struct actor actor)
{
    struct import_work *j = import_new(request->kind, actor);
    j->arrival.file = request->file;
    j->skip_bad = request->skip_bad;
    j->calendar.year = request->year;
    j->confirmed = request->confirmed;
    j->partial = request->partial;
    j->map_name = request->map.data ? xstrndup(request->map.data, request->map.len) : NULL;
    j->dry_run = request->dry_run;
    return &j->job;
}

const char *import_job_heading(const struct job *job, int i)
{
    const struct import_work *j = (const struct import_work *)job;
    return i < j->heading_count ? j->headings[i] : NULL;
}

bool import_job_becomes(const struct job *job, struct str heading, struct strbuf *out)
{
    const struct import_work *j = (const struct import_work *)job;
    bool known = false;
    for (int i = 0; i < j->pass_count && j->map; i++) {
        struct strbuf one = STRBUF_INIT;
        if (mapper_becomes(&j->passes[i].mapper, heading, &one) &&
            (!known || !str_is(strbuf_str(&one), "ignore"))) {
            if (str_is(strbuf_str(out), "ignore")) {
                strbuf_reset(out);
            }
            strbuf_addf(out, "%s%s", out->len ? ", " : "", strbuf_text(&one));
            known = true;
        }
        strbuf_free(&one);
    }
    return known;
}

const struct map_count *import_job_words(const struct job *job, int pass, int *count)
{
    const struct import_work *j = (const struct import_work *)job;
    *count = pass < j->pass_count ? j->passes[pass].mapper.count : -1;
    return *count > 0 ? j->passes[pass].mapper.counts : NULL;
}

const struct import_result *import_job_result(const struct job *job)
{
    return &((const struct import_work *)job)->result;
}

bool import_resume(struct work *w, struct job **job, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct import_row row;
    struct sheet_row first;
    *job = NULL;
    if (!store_import_applying(w->store, &a, &row, err)) {
        return false;
    }
    if (row.import == 0) {
        arena_free(&a);
        staging_remove(w, raw_name);
        staging_remove(w, rows_name);
        staging_remove(w, good_name);
        staging_remove(w, accepted_name);
        return true;
    }
    struct import_work *j = import_new(row.kind, (struct actor){row.uid, arena_copy(&a, row.who)});
    j->arena = a;
    j->row = row;
    memcpy(j->sha256, row.sha256, sizeof j->sha256);
    j->partial = row.partial;
    j->result.rows = row.rows;
    j->result.bad = row.bad;
    j->result.added = row.added;
    j->result.changed = row.changed;
    j->result.unchanged = row.unchanged;
    j->job.total = row.rows - row.bad;
    j->context = context_new(j, w);
    j->context->today = row.accepted_on;
    j->context->columns = j->class->columns;
    j->stage = IMPORT_APPLY;
    j->job.phase = "apply";
    j->rows = staging_open(w, accepted_name, O_RDONLY, err);
    if (j->rows < 0) {
        import_free(&j->job);
        return false;
    }
    /* The heading tells the order of the columns; then on from where the last commit left off. */
    read_from(j, 0);
    j->own = sheet_rows_next(j->reader, &first, err) == SHEET_ROW && first.line == 0;
    if (j->own) { /* of a book: the columns in their order */
        heading_own(j);
    } else if (err->reason || !heading_read(j, &first)) {
        import_free(&j->job);
        return error_say(err, SAY_STAGING_DAMAGED, arg_z(accepted_name));
    }
    if (row.offset > 0) {
        read_from(j, (uint64_t)row.offset);
    }
    log_put(LOG_NOTICE, "event=recover import=%lld kind=%s line=%lld", (long long)row.import,
            names_text(&import_kinds, (int)row.kind), (long long)row.line);
    *job = &j->job;
    return true;
}
