/* import: sheets into the store. */
#include "work/import.h"
#include "control/methods.h"
#include "work/mapping.h"

enum { HISTORY_PARTIAL, HISTORY_COMPLETE };
static const struct word history_words[] = {{"partial", NULL}, {"complete", NULL}};
static const struct names given_histories = NAMES_TABLE("history", history_words);

static struct job *import_make(struct call *c, struct work *w, struct error *err)
{
    struct import_request request = {.kind = (enum import_kind)call_word(c, "kind"),
                                     .confirmed = call_bool(c, "confirm"),
                                     .map = call_str(c, "map"),
                                     .dry_run = call_bool(c, "dry_run")};
    int64_t year = call_int(c, "year");
    int history = call_word(c, "history");

    (void)w;
    if (request.kind != IMPORT_CALENDAR && (year >= 0 || request.confirmed)) {
        error_say(err, SAY_IMPORT_OF_CALENDAR, arg_z(year >= 0 ? "year" : "confirm"));
        return NULL;
    }
    if (year >= 0 && (year < 1900 || year > 2199)) {
        error_say(err, SAY_CALENDAR_YEAR, arg_number(year));
        return NULL;
    }
    if (request.kind == IMPORT_BOOK && !request.map.data) {
        error_say(err, SAY_MAP_NAME);
        return NULL;
    }
    if (request.kind != IMPORT_BOOK && request.map.data) {
        error_say(err, SAY_MAP_WITHOUT_BOOK);
        return NULL;
    }
    request.year = year < 0 ? 0 : (int)year;
    if (history >= 0 && request.kind != IMPORT_HOUSEHOLDS && request.kind != IMPORT_BOOK) {
        error_say(err, SAY_HISTORY_HOUSEHOLDS);
        return NULL;
    }
    request.partial = history != HISTORY_COMPLETE;
    request.file = call_fd(c, "file");
    request.skip_bad = call_fd(c, "skip_bad");
    return import_job(&request, call_actor(c));
}

/* ---- what is answered ---- */

static json_t *fault(const struct import_fault *f)
{
    json_t *one = json_pack("{s:I, s:o, s:s, s:o}", "line", (json_int_t)f->line, "column",
                            f->column && *f->column ? json_string(f->column) : json_null(),
                            "reason", f->reason, "message", json_str(str_of(f->message)));
    if (f->written) {
        json_object_set_new(one, "written", json_integer((json_int_t)f->written));
    }
    return one;
}

/* faults and more, where there are some. */
static void add_faults(json_t *to, const struct import_result *r)
{
    json_t *faults;

    if (r->fault_count == 0) {
        return;
    }
    faults = json_array();
    for (int i = 0; i < r->fault_count; i++) {
        json_array_append_new(faults, fault(&r->faults[i]));
    }
    json_object_set_new(to, "faults", faults);
    if (r->more > 0) {
        json_object_set_new(to, "more", json_integer(r->more));
    }
}

/* What becomes of a book: its headings, and the words under those that have some. */
static void add_book(json_t *to, const struct job *job)
{
    json_t *headings = json_array(), *words = json_array();
    const char *heading;
    int count;
    for (int i = 0; (heading = import_job_heading(job, i)); i++) {
        struct strbuf becomes = STRBUF_INIT;
        import_job_becomes(job, str_of(heading), &becomes);
        json_array_append_new(headings, json_pack("{s:s, s:o}", "heading", heading, "becomes",
                                                  json_str(strbuf_str(&becomes))));
        strbuf_free(&becomes);
    }
    for (int pass = 0; import_job_words(job, pass, &count) || count >= 0; pass++) {
        const struct map_count *counts = import_job_words(job, pass, &count);
        for (int i = 0; i < count; i++) {
            json_array_append_new(
                words, json_pack("{s:s, s:s, s:s, s:s, s:I}", "heading", counts[i].heading, "word",
                                 counts[i].word, "column", counts[i].column, "becomes",
                                 counts[i].value, "rows", (json_int_t)counts[i].rows));
        }
    }
    json_object_set_new(to, "headings", headings);
    json_object_set_new(to, "words", words);
}

static json_t *import_done(struct call *c, struct job *job)
{
    const struct import_result *r = import_job_result(job);
    json_t *result = json_pack("{s:I, s:I, s:I, s:I, s:I}", "rows", (json_int_t)r->rows, "added",
                               (json_int_t)r->added, "changed", (json_int_t)r->changed, "unchanged",
                               (json_int_t)r->unchanged, "bad", (json_int_t)r->bad);

    if (call_bool(c, "dry_run")) {
        json_object_set_new(result, "dry_run", json_true());
    }
    if (r->kind == IMPORT_BOOK) {
        add_book(result, job);
    }
    add_faults(result, r);
    return result;
}

static json_t *import_refused(struct call *c, struct job *job)
{
    const struct import_result *r = import_job_result(job);
    json_t *data;

    (void)c;
    if (!r || r->fault_count == 0) {
        return NULL;
    }
    data = json_object();
    add_faults(data, r);
    return data;
}

static const struct param import_params[] = {
    {"kind", PARAM_WORD, true, &import_kinds, "what the file holds"},
    {"file", PARAM_FILE, true, NULL,
     "a sheet with a heading, as text, .xlsx or .xls: a pipe or sealed memfd"},
    {"skip_bad", PARAM_FILE_BACK, false, NULL,
     "take the good rows; the bad ones are written here, an unsealed memfd"},
    {"year", PARAM_INTEGER, false, NULL,
     "of a calendar: the year that it is of, where most of its rows are of another"},
    {"confirm", PARAM_BOOLEAN, false, NULL,
     "of a calendar: it may take more than a third of the year's published days back"},
    {"history", PARAM_WORD, false, &given_histories,
     "of households, what an empty last_review_on means: nobody knows (partial, the default), or "
     "never (complete)"},
    {"map", PARAM_STRING, false, NULL, "of a book: mapping_dir/NAME.conf says what is what in it"},
    {"dry_run", PARAM_BOOLEAN, false, NULL, "only tell what would become of it"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};
static const struct param guess_params[] = {
    {"file", PARAM_FILE, true, NULL, "the book, as for an import"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

static struct job *guess_make(struct call *c, struct work *w, struct error *err)
{
    (void)w;
    (void)err;
    return map_guess_job(call_fd(c, "file"), call_actor(c));
}

static json_t *guess_done(struct call *c, struct job *job)
{
    (void)c;
    return json_pack("{s:o}", "text", json_str(map_guess_text(job)));
}

const struct method methods_import[] = {
    {.name = "import",
     .least = ROLE_ADMIN,
     .bound = BOUND_WHOLE,
     .how = METHOD_JOB,
     .summary = "Load a sheet: all of it, or with `skip_bad` its good rows",
     .params = import_params,
     .job = import_make,
     .result = import_done,
     .failed = import_refused,
     .result_help =
         "`{rows, added, changed, unchanged, bad}`, and `faults` for the rows that a change in "
         "between made impossible. Refused with `bad-rows`, the error's data has `faults`: "
         "`[{line, column, reason, message}]`, at most 1,000, and `more` where there are more. "
         "`line` is the physical line on which the row starts, or its row in a workbook; `column` "
         "the English name, null for the whole row; `written` its line in the file of bad rows, "
         "where there is one. Of a book `headings`: `[{heading, becomes}]`, and `words`: "
         "`[{heading, word, column, becomes, rows}]`; with `dry_run` nothing is taken. The file is "
         "not looked at twice: an import "
         "that was accepted always completes."},
    {.name = "map.guess",
     .least = ROLE_ADMIN,
     .bound = BOUND_WHOLE,
     .how = METHOD_JOB,
     .summary = "A mapping to begin with, out of a book's own headings and words",
     .params = guess_params,
     .job = guess_make,
     .result = guess_done,
     .result_help = "`{text}`: the mapping's file, to be looked at and saved in mapping_dir"},
    {.name = NULL},
};
