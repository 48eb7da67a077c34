#include "delivery/return_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/canon.h"
#include "base/crash.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "delivery/list_words.h"
#include "store/division.h"
#include "work/staging.h"

static const char reason_heading[] = "退回原因";
static const char whole[] = "整份文件退回，未登记任何一行：";

struct return_file {
    struct return_source source;
    char *name;  /* source.name for the audit; NULL */
    int text;    /* UTF-8, in memory; -1 */
    off_t bytes; /* of it */
    struct return_heading heading;
    struct csv_reader *reader; /* NULL before it is read */
    struct return_result result;
    int64_t others; /* rows of other townships; the first of them: */
    struct {
        uint64_t line;
        int64_t task, township;
        struct strbuf household;
    } other;
    struct arena row;
    struct strbuf bad; /* rejected rows of this slice, not yet written */
    bool bad_begun;
};

struct return_file *return_file_new(const struct return_source *source)
{
    struct return_file *f = xcalloc(1, sizeof *f);
    f->source = *source;
    f->text = -1;
    if (source->name) { /* any bytes; the audit is UTF-8 */
        struct strbuf name = STRBUF_INIT;
        struct str rest = str_of(source->name);
        size_t bad;
        while (!text_is_utf8(rest, &bad)) {
            strbuf_add(&name, rest.data, bad);
            strbuf_addz(&name, "\xEF\xBF\xBD");
            rest = (struct str){rest.data + bad + 1, rest.len - bad - 1};
        }
        strbuf_addstr(&name, rest);
        f->name = xstrdup(strbuf_text(&name));
        strbuf_free(&name);
    }
    return f;
}

void return_file_free(struct return_file *f)
{
    if (!f) {
        return;
    }
    for (int i = 0; i < f->result.refusal_count; i++) {
        free(f->result.refusals[i].message);
        free(f->result.refusals[i].message_zh);
    }
    free(f->result.refusals);
    free(f->result.fault_zh);
    free(f->name);
    csv_reader_close(f->reader);
    staging_close(&f->source.file);
    staging_close(&f->text);
    staging_close(&f->source.bad);
    error_clear(&f->source.fault);
    arena_free(&f->row);
    strbuf_free(&f->bad);
    strbuf_free(&f->other.household);
    free(f);
}

const struct return_result *return_file_result(const struct return_file *f)
{
    return &f->result;
}

int return_file_bad(const struct return_file *f)
{
    return f->source.bad;
}

/* ---- what comes back ---- */

/* A row and its reason, under the list's own headings; UTF-8 with its mark, so that every
 * spreadsheet opens it. `cells` NULL: the reason alone. */
static void bad_row(struct return_file *f, const struct str *cells, struct str why)
{
    if (f->source.bad < 0 && f->source.folder < 0) {
        return;
    }
    if (!f->bad_begun) {
        f->bad_begun = true;
        strbuf_addz(&f->bad, "\xEF\xBB\xBF");
        for (int i = 0; i < RETURN_COLUMNS; i++) {
            csv_put(&f->bad, str_of(names_text(&return_headings, i)), i == 0);
        }
        csv_put(&f->bad, str_of(reason_heading), false);
        strbuf_addz(&f->bad, "\r\n");
    }
    for (int i = 0; i < RETURN_COLUMNS; i++) {
        csv_put_text(&f->bad, cells ? cells[i] : STR(""), i == 0);
    }
    csv_put_text(&f->bad, why, false);
    strbuf_addz(&f->bad, "\r\n");
}

/* In a folder they stand beside the file under a hidden name, whatever lay there under it. */
static bool bad_write(struct return_file *f, struct error *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    if (f->bad.len == 0) {
        return true;
    }
    if (f->source.bad < 0) {
        unlinkat(f->source.folder, RETURN_PART, 0);
        f->source.bad = openat(f->source.folder, RETURN_PART, flags, 0640);
    }
    bool ok = f->source.bad >= 0 && file_write(f->source.bad, f->bad.data, f->bad.len);
    strbuf_reset(&f->bad);
    return ok || error_put(err, NULL,
                           f->source.name ? sentence(SAY_REJECTED_UNWRITABLE, arg_system(errno))
                                          : sentence(SAY_BAD_UNWRITABLE, arg_system(errno)));
}

static void reject(struct return_file *f, const struct return_row *row, const struct error *why)
{
    struct return_result *r = &f->result;
    struct strbuf zh = STRBUF_INIT;
    refusal_zh(why, &zh);
    r->rejected++;
    bad_row(f, row->cells[0].data ? row->cells : NULL, strbuf_str(&zh));
    if (r->refusal_count < RETURN_REFUSALS) {
        if (!r->refusals) {
            r->refusals = xcalloc(RETURN_REFUSALS, sizeof *r->refusals);
        }
        r->refusals[r->refusal_count++] = (struct return_refusal){
            row->line, row->task, why->reason, xstrdup(why->message ? why->message : ""),
            xstrdup(strbuf_text(&zh))};
    } else {
        r->more++;
    }
    strbuf_free(&zh);
}

/* ---- the audit ---- */

static struct str folder_text(const struct return_file *f, char out[DIVISION_TEXT])
{
    return f->source.division ? str_of(division_text(f->source.division, out)) : STR_NONE;
}

static bool is_audited(const struct return_file *f)
{
    return strcmp(RETURN_KEY(&f->result), f->source.audited) == 0;
}

/* Rows that name households of other townships: who tried, from where, the first of them and how
 * many. One entry a file: a row of it costs no more than one of a task that is nowhere. */
static bool audit_others(struct return_file *f, struct work *w, struct error *err)
{
    char folder[DIVISION_TEXT], township[DIVISION_TEXT];
    struct strbuf after = STRBUF_INIT, line = STRBUF_INIT;
    struct canon c = canon_open(&after);
    division_text(f->other.township, township);
    canon_str(&c, "division", folder_text(f, folder));
    canon_str(&c, "file", str_of(f->name));
    canon_int(&c, "line", (int64_t)f->other.line);
    canon_int(&c, "others", f->others);
    canon_int(&c, "task", f->other.task);
    canon_str(&c, "township", str_of(township));
    canon_close(&c);
    bool ok = work_audit(w, f->source.actor, "return-refused", strbuf_str(&f->other.household),
                         STR_NONE, strbuf_str(&after), err);
    strbuf_addf(&line, "event=return-refused task=%lld household=", (long long)f->other.task);
    log_value(&line, strbuf_str(&f->other.household));
    strbuf_addf(&line, " township=%s who=", township);
    log_value(&line, str_of(f->source.actor.who));
    strbuf_addf(&line, " rows=%lld", (long long)f->others);
    log_put(LOG_WARNING, "%s", strbuf_text(&line));
    strbuf_free(&after);
    strbuf_free(&line);
    return ok;
}

/* That the file came, and what became of it: once, though its filing may be tried again. */
static bool audit_file(struct return_file *f, struct work *w, struct error *err)
{
    const struct return_result *r = &f->result;
    char folder[DIVISION_TEXT];
    if (is_audited(f)) {
        return true;
    }
    struct strbuf after = STRBUF_INIT;
    struct canon c = canon_open(&after);
    canon_str(&c, "division", folder_text(f, folder));
    canon_int(&c, "empty", r->empty);
    canon_str(&c, "fault", str_of(r->fault_zh));
    canon_str(&c, "file", str_of(f->name));
    canon_int(&c, "others", f->others);
    canon_int(&c, "recorded", r->recorded);
    canon_int(&c, "rejected", r->rejected);
    canon_int(&c, "rows", r->rows);
    canon_str(&c, "sha256", *r->sha256 ? str_of(r->sha256) : STR_NONE);
    canon_int(&c, "unchanged", r->unchanged);
    canon_close(&c);
    bool ok = work_audit(w, f->source.actor, "return", STR_NONE, STR_NONE, strbuf_str(&after), err);
    strbuf_free(&after);
    return ok && (f->others == 0 || audit_others(f, w, err));
}

/* ---- its beginning ---- */

/* What offices put into the folder by mistake, by its first bytes. */
static bool is_text(int file, struct error *why)
{
    static const struct {
        const char *start;
        size_t len;
        enum say what;
    } kinds[] = {
        {"PK\x03\x04", 4, SAY_IS_WORKBOOK},
        {"\xD0\xCF\x11\xE0", 4, SAY_IS_OFFICE},
        {"%PDF", 4, SAY_IS_PDF},
        {"\xFF\xD8\xFF", 3, SAY_IS_PICTURE},
        {"\x89PNG", 4, SAY_IS_PICTURE},
        {"{\\rtf", 5, SAY_IS_RTF},
        {"<html", 5, SAY_IS_WEB_PAGE},
        {"<!DOC", 5, SAY_IS_WEB_PAGE},
    };
    char start[8];
    ssize_t n = pread(file, start, sizeof start, 0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (n >= (ssize_t)kinds[i].len && memcmp(start, kinds[i].start, kinds[i].len) == 0) {
            return error_say(why, SAY_FILE_NO_TEXT, arg_said(sentence_of(kinds[i].what, ARG_LAST)));
        }
    }
    return n > 0 || error_say(why, SAY_FILE_EMPTY);
}

/* The file as UTF-8 in memory, and its heading. *fault: what is the file's own; err: the machine's.
 */
static bool read_heading(struct return_file *f, struct error *fault, struct error *err)
{
    const int file = f->source.file;
    char buffer[65536];
    struct stat st;
    ssize_t n = 0;
    uint64_t line = 0;
    if (fstat(file, &st) != 0) {
        return error_say(err, SAY_SYSTEM_FAILED, arg_system(errno));
    }
    if (st.st_size > RETURN_BYTES_MAX) {
        return error_say(fault, SAY_FILE_TOO_LARGE, arg_number(RETURN_BYTES_MAX >> 20));
    }
    struct digest *digest = digest_new();
    for (off_t at = 0; (n = pread(file, buffer, sizeof buffer, at)) > 0; at += n) {
        digest_add(digest, buffer, (size_t)n);
    }
    digest_hex(digest, f->result.sha256);
    digest_free(digest);
    f->text = memfd_create("return", MFD_CLOEXEC);
    if (n < 0 || f->text < 0) {
        return error_say(err, SAY_SYSTEM_FAILED, arg_system(errno));
    }
    if (!is_text(file, fault) || !text_to_utf8(file, f->text, &line, fault) ||
        !return_heading_read(f->text, &f->heading, fault)) {
        if (fault->reason != REASON_BAD_ROWS) {
            error_move(err, fault);
        }
        return false;
    }
    return true;
}

static enum job_step begin(struct return_file *f, struct work *w, struct error *err)
{
    struct error *fault = &f->source.fault;
    if (fault->reason == REASON_NONE && read_heading(f, fault, err)) {
        f->reader =
            csv_reader_open(f->text, f->heading.offset, f->heading.line, f->heading.delimiter);
        f->bytes = lseek(f->text, 0, SEEK_END);
        return JOB_MORE;
    }
    if (fault->reason == REASON_NONE) {
        return JOB_FAILED;
    }
    /* The whole file is refused: its audit entry, and the one line of its rejected rows. */
    struct strbuf zh = STRBUF_INIT;
    strbuf_addz(&zh, whole);
    refusal_zh(fault, &zh);
    free(f->result.fault_zh);
    f->result.fault_zh = xstrdup(strbuf_text(&zh));
    strbuf_free(&zh);
    bad_row(f, NULL, str_of(f->result.fault_zh));
    if (bad_write(f, err) && store_begin(w->store, err)) {
        if (audit_file(f, w, err) && store_commit(w->store, err)) {
            error_move(err, fault);
            err->reason = REASON_BAD_ROWS;
        } else if (store_in_transaction(w->store)) {
            store_rollback(w->store);
        }
    }
    return JOB_FAILED;
}

/* ---- its rows ---- */

static bool take_row(struct return_file *f, struct work *w, const struct csv_record *record,
                     struct error *err)
{
    struct return_row row;
    struct return_case c = {.w = w,
                            .arena = &f->row,
                            .actor = f->source.actor,
                            .scopes = {f->source.scopes[0], f->source.scopes[1]}};
    struct error why = ERROR_INIT;
    enum return_effect effect = RETURN_REJECTED;
    f->result.rows++;
    if (!return_row_filled(&f->heading, record, &row)) {
        f->result.empty++;
        return true;
    }
    bool ok = !return_row_parse(&f->row, &f->heading, record, &row, &why) ||
              return_row_record(&c, &row, &effect, &why, err);
    if (ok && c.others && f->others++ == 0) {
        f->other.line = row.line;
        f->other.task = row.task;
        f->other.township = c.township;
        strbuf_addstr(&f->other.household, c.household);
    }
    if (ok && effect == RETURN_REJECTED) {
        reject(f, &row, &why);
    }
    f->result.recorded += ok && effect == RETURN_RECORDED;
    f->result.unchanged += ok && effect == RETURN_UNCHANGED;
    error_clear(&why);
    arena_reset(&f->row);
    return ok;
}

static bool take_rows(struct return_file *f, struct work *w, bool *end, struct error *err)
{
    int64_t until = job_now() + JOB_SLICE_NS;
    struct csv_record record;
    struct error why = ERROR_INIT;
    *end = false;
    for (int n = 1; !*end && (n % 4 || job_now() < until); n++) {
        enum csv_result got = csv_reader_next(f->reader, &record, &why);
        *end = got != CSV_RECORD;
        if (got == CSV_FAULT && why.reason != REASON_BAD_ROWS) {
            return error_move(err, &why);
        }
        if (got == CSV_RECORD && f->result.rows == RETURN_ROWS_MAX) {
            *end = true;
            got = CSV_FAULT;
            error_say(&why, SAY_FILE_TOO_MANY_ROWS, arg_number(RETURN_ROWS_MAX));
        }
        if (got == CSV_FAULT) { /* what cannot be read from here on comes back as one row */
            struct return_row row = {.line = record.line};
            f->result.rows++;
            reject(f, &row, &why);
            error_clear(&why);
        } else if (got == CSV_RECORD && !take_row(f, w, &record, err)) {
            return false;
        }
    }
    return true;
}

static enum job_step rows_slice(struct return_file *f, struct work *w, struct error *err)
{
    const struct return_result *r = &f->result;
    bool end;
    if (!store_begin(w->store, err)) {
        return JOB_FAILED;
    }
    if (!take_rows(f, w, &end, err) || !bad_write(f, err) || (end && !audit_file(f, w, err)) ||
        !store_commit(w->store, err)) {
        if (store_in_transaction(w->store)) {
            store_rollback(w->store);
        }
        error_within(err, SAY_A_FILLED_LIST);
        return JOB_FAILED;
    }
    crash_point(end ? "return-recorded" : "return-slice");
    if (!end) {
        return JOB_MORE;
    }
    char folder[DIVISION_TEXT];
    struct strbuf who = STRBUF_INIT;
    log_value(&who, str_of(f->source.actor.who));
    log_put(LOG_INFO,
            "event=return division=%s rows=%lld recorded=%lld unchanged=%lld empty=%lld "
            "rejected=%lld who=%s sha256=%s",
            f->source.division ? division_text(f->source.division, folder) : "-",
            (long long)r->rows, (long long)r->recorded, (long long)r->unchanged,
            (long long)r->empty, (long long)r->rejected, strbuf_text(&who), r->sha256);
    strbuf_free(&who);
    return JOB_DONE;
}

enum job_step return_file_slice(struct return_file *f, struct work *w, struct error *err)
{
    if (!work_not_held(w, err)) {
        return JOB_FAILED;
    }
    return f->reader ? rows_slice(f, w, err) : begin(f, w, err);
}

/* ---- the socket's job ---- */

struct file_job {
    struct job job;
    struct return_file *file;
};

static enum job_step file_job_slice(struct job *job, struct work *w, struct error *err)
{
    struct return_file *f = ((struct file_job *)job)->file;
    enum job_step step = return_file_slice(f, w, err);
    if (f->reader) {
        job->phase = "apply";
        job->done = (int64_t)csv_reader_offset(f->reader);
        job->total = f->bytes;
    }
    return step;
}

static void file_job_free(struct job *job)
{
    return_file_free(((struct file_job *)job)->file);
    free(job);
}

static const struct job_class file_job_class = {"return", JOB_SHARES, file_job_slice,
                                                file_job_free};

struct job *return_file_job(int file, int bad, struct actor actor, const int64_t *divisions,
                            int division_count)
{
    struct file_job *j = xcalloc(1, sizeof *j);
    const struct return_source source = {.file = file,
                                         .bad = bad,
                                         .folder = -1,
                                         .actor = actor,
                                         .scopes = {{divisions, division_count}, {NULL, 0}}};
    j->job = (struct job){.class = &file_job_class, .actor = actor, .total = -1};
    j->file = return_file_new(&source);
    return &j->job;
}

const struct return_result *return_file_job_result(const struct job *job)
{
    return &((const struct file_job *)job)->file->result;
}
