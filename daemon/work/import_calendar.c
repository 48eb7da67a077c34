/* Calendars: small files, taken whole in one commit, by `import calendar` or from calendar_dir. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/canon.h"
#include "base/file.h"
#include "base/log.h"
#include "store/calendar.h"
#include "work/import_kind.h"
#include "work/recalculate.h"

#define DAYS_MAX 20000 /* of one file: more is no calendar */

enum { CAL_DATE, CAL_KIND, CAL_NAME };
const struct import_column import_calendar_columns[] = {
    {"date", "日期", true}, {"kind", "类别", true}, {"name", "名称", false}, {0}};

/* A day as it was read, with its line. */
struct noted {
    struct workday_row row;
    uint64_t line;
};

static int by_day(const void *a, const void *b)
{
    const struct noted *x = a, *y = b;
    int cmp = date_cmp(x->row.day, y->row.day);
    return cmp ? cmp : (x->line > y->line) - (x->line < y->line);
}

static bool day_read(struct import_context *c, const struct str *cells, struct workday_row *day)
{
    int kind = -1, before = c->row_faults;
    *day = (struct workday_row){.day = DATE_NONE, .name = STR("")};
    import_day(c, "date", cells[CAL_DATE], &day->day);
    import_word(c, "kind", cells[CAL_KIND], &day_kinds, &kind);
    import_text(c, "name", cells[CAL_NAME], 60, &day->name);
    if (cells[CAL_DATE].len == 0) {
        import_fault(c, "date", "missing", "the day is empty");
    }
    if (cells[CAL_KIND].len == 0) {
        import_fault(c, "kind", "missing", "the kind is empty");
    }
    day->kind = kind == DAY_WORKDAY ? DAY_WORKDAY : DAY_HOLIDAY;
    int weekday = date_is(day->day) ? date_weekday(day->day) : 0;
    if (kind == DAY_WORKDAY && weekday != 0 && weekday != 6) {
        import_fault(c, "kind", "bad-word", "a workday must be a Saturday or Sunday");
    }
    day->name = arena_str(&c->group, day->name);
    return c->row_faults == before;
}

static void day_keep(struct import_context *c, const struct workday_row *day, struct noted **days,
                     int *count, int *cap)
{
    if (*count == *cap) {
        *cap = *cap ? *cap * 2 : 64;
        struct noted *more = arena_alloc(&c->group, (size_t)*cap * sizeof *more);
        if (*count) {
            memcpy(more, *days, (size_t)*count * sizeof *more);
        }
        *days = more;
    }
    (*days)[(*count)++] = (struct noted){*day, c->line};
}

/* In order of their days; one that stands twice is a fault of its own line. */
static struct workday_row *in_order(struct import_context *c, struct noted *days, int count)
{
    struct workday_row *rows = arena_alloc(&c->group, (size_t)(count + 1) * sizeof *rows);
    if (count) {
        qsort(days, (size_t)count, sizeof *days, by_day);
    }
    for (int i = 0; i < count; i++) {
        rows[i] = days[i].row;
        if (i > 0 && rows[i].day.day == rows[i - 1].day.day) {
            c->line = days[i].line;
            import_fault(c, "date", "duplicate", "stands in line %llu already",
                         (unsigned long long)days[i - 1].line);
        }
    }
    return rows;
}

bool import_calendar_read(struct import_context *c, struct csv_reader *reader,
                          struct workday_row **days, int *count, struct error *err)
{
    struct csv_record record;
    struct str cells[IMPORT_COLUMNS_MAX];
    struct noted *noted = NULL;
    int positions[IMPORT_COLUMNS_MAX], cap = 0;
    bool heading = false;
    *days = NULL;
    *count = 0;
    for (;;) {
        enum csv_result got = csv_reader_next(reader, &record, err);
        c->line = record.line;
        if (got == CSV_FAULT) {
            return false;
        }
        if (got == CSV_AT_END || *count > DAYS_MAX) {
            break;
        }
        struct workday_row day;
        if (!heading) {
            heading = true;
            if (!import_heading(c, import_calendar_columns, &record, positions)) {
                return true;
            }
            continue;
        }
        c->result->rows++;
        import_width(c, &record);
        import_cells(&record, positions, import_calendar_columns, cells);
        if (day_read(c, cells, &day)) {
            day_keep(c, &day, &noted, count, &cap);
        } else {
            c->result->bad++;
        }
    }
    if (*count > DAYS_MAX) {
        import_fault(c, "", "too-long", "more than %d days are no calendar", DAYS_MAX);
    } else if (*count == 0 && !c->row_faults) {
        c->line = 1;
        import_fault(c, "", "missing", "the file names no day");
    }
    *days = in_order(c, noted, *count);
    return true;
}

/* Days of a year in the calendar in force that differ from the file's. */
static void year_counts(struct import_context *c, int year, const struct workday_row *days,
                        int count, int64_t *removed)
{
    const struct calendar *old = c->w->rules->calendar;
    bool known = calendar_is_published(old, year);
    int64_t same = 0, before = 0;
    for (int i = 0; i < count; i++) {
        enum day_kind kind;
        const char *name;
        if (!known || !calendar_notice(old, days[i].day, &kind, &name)) {
            c->result->added++;
        } else if (kind == days[i].kind && str_is(days[i].name, name)) {
            c->result->unchanged++;
            same++;
        } else {
            c->result->changed++;
            same++;
        }
    }
    for (struct date d = date_of(year, 1, 1); known && date_cmp(d, date_of(year, 12, 31)) <= 0;
         d = date_plus(d, 1)) {
        enum day_kind kind;
        const char *name;
        before += calendar_notice(old, d, &kind, &name);
    }
    *removed = before - same;
}

bool import_calendar_apply(struct import_context *c, const struct workday_row *days, int count,
                           const char *hash, bool *changed, struct error *err)
{
    *changed = false;
    for (int i = 0; i < count;) {
        int year = date_ymd(days[i].day).year, end = i;
        int64_t before = c->result->added + c->result->changed, removed;
        while (end < count && date_ymd(days[end].day).year == year) {
            end++;
        }
        year_counts(c, year, days + i, end - i, &removed);
        c->result->changed += removed; /* a day taken off the notice is a change too */
        bool differs = c->result->added + c->result->changed != before ||
                       !calendar_is_published(c->w->rules->calendar, year);
        if ((differs || hash) &&
            !store_calendar_put(c->w->store, year, hash, days + i, end - i, err)) {
            return false;
        }
        *changed = *changed || differs;
        i = end;
    }
    /* The deadlines follow in slices; a kill before their end leaves the mark. */
    return !*changed || store_meta_set(c->w->store, "recalculate", "1", err);
}

static bool year_audit(struct import_context *c, int year, const char *hash, struct error *err)
{
    struct strbuf after = STRBUF_INIT;
    struct canon j = canon_open(&after);
    canon_int(&j, "added", c->result->added);
    canon_int(&j, "changed", c->result->changed);
    canon_str(&j, "sha256", str_of(hash));
    canon_int(&j, "year", year);
    canon_close(&j);
    bool ok = work_audit(c->w, c->actor, "calendar", STR_NONE, STR_NONE, strbuf_str(&after), err);
    strbuf_free(&after);
    return ok;
}

static bool file_take(struct import_context *c, int fd, int year, const char *hash,
                      struct error *err)
{
    struct workday_row *days;
    int count;
    bool changed;
    struct csv_reader *reader = csv_reader_open(fd, 0, 1, ',');
    bool ok = import_calendar_read(c, reader, &days, &count, err);
    csv_reader_close(reader);
    if (ok && c->row_faults) {
        const struct import_fault *f = c->result->faults;
        ok = error_set(err, REASON_BAD_ROWS, "line %llu: %s: %s", (unsigned long long)f->line,
                       f->column, f->message);
    }
    if (ok && count &&
        (date_ymd(days[0].day).year != year || date_ymd(days[count - 1].day).year != year)) {
        ok = error_set(err, REASON_BAD_ROWS, "holds days of other years than %d", year);
    }
    if (!ok || !store_begin(c->w->store, err)) {
        return false;
    }
    if (import_calendar_apply(c, days, count, hash, &changed, err) &&
        (!changed || year_audit(c, year, hash, err)) && store_commit(c->w->store, err)) {
        if (changed) {
            log_put(LOG_INFO, "event=calendar year=%d days=%d sha256=%s", year, count, hash);
            c->calendar_year = year;
        }
        return true;
    }
    store_rollback(c->w->store);
    return false;
}

/* A copy in memory of a file of calendar_dir, so that what was hashed and checked is what is taken;
 * -1 with the reason. */
static int file_copy(const char *path, char hash[DIGEST_HEX + 1], struct strbuf *why)
{
    struct strbuf bytes = STRBUF_INIT;
    int fd = -1;
    if (file_read(AT_FDCWD, path, FILE_SMALL, &bytes, why)) {
        digest_of(strbuf_str(&bytes), hash);
        fd = file_in_memory(strbuf_str(&bytes));
        if (fd < 0) {
            strbuf_addf(why, "cannot be read: %s", strerror(errno));
        }
    }
    strbuf_free(&bytes);
    return fd;
}

static bool file_consider(struct work *w, struct actor actor, const char *path, int year,
                          bool *changed, struct error *err)
{
    struct import_result result = {0};
    struct import_context *c = xcalloc(1, sizeof *c);
    struct strbuf why = STRBUF_INIT;
    char hash[DIGEST_HEX + 1], *known = NULL;
    *c = (struct import_context){.w = w, .actor = actor, .today = work_today(w), .result = &result};
    int fd = file_copy(path, hash, &why);
    bool ok = fd >= 0;
    if (!ok) {
        error_set(err, REASON_STORAGE, "%s", strbuf_text(&why));
    }
    ok = ok && store_calendar_file(w->store, &c->row, year, &known, err);
    if (ok && (!known || strcmp(known, hash) != 0)) {
        ok = file_take(c, fd, year, hash, err);
        *changed = *changed || c->calendar_year;
    }
    if (fd >= 0) {
        close(fd);
    }
    import_result_free(&result);
    arena_free(&c->row);
    arena_free(&c->group);
    strbuf_free(&why);
    free(c);
    return ok || error_context(err, "%s", path);
}

/* The same reader that takes the file into the store; it needs no store itself. */
static void file_check(const char *path, int year, struct faults *faults)
{
    struct import_result result = {0};
    struct import_context *c = xcalloc(1, sizeof *c);
    struct strbuf why = STRBUF_INIT;
    struct workday_row *days;
    struct error err = ERROR_INIT;
    char text[DATE_TEXT], hash[DIGEST_HEX + 1];
    int count = 0, fd = file_copy(path, hash, &why);
    struct csv_reader *reader = csv_reader_open(fd, 0, 1, ',');
    c->result = &result;
    if (fd < 0) {
        faults_add(faults, path, 0, "%s", strbuf_text(&why));
    } else if (!import_calendar_read(c, reader, &days, &count, &err)) {
        faults_add(faults, path, (unsigned)c->line, "%s", err.message);
        count = 0;
    }
    for (int i = 0; i < result.fault_count; i++) {
        const struct import_fault *f = &result.faults[i];
        faults_add(faults, path, (unsigned)f->line, "%s%s%s", f->column, *f->column ? ": " : "",
                   f->message);
    }
    for (int i = 0; i < count; i++) {
        if (date_ymd(days[i].day).year != year) {
            faults_add(faults, path, 1, "%s is no day of %d", date_text(days[i].day, text), year);
        }
    }
    csv_reader_close(reader);
    if (fd >= 0) {
        close(fd);
    }
    import_result_free(&result);
    arena_free(&c->row);
    arena_free(&c->group);
    strbuf_free(&why);
    error_clear(&err);
    free(c);
}

static int is_year(const struct dirent *e)
{
    int64_t year;
    return strlen(e->d_name) == 8 && strcmp(e->d_name + 4, ".csv") == 0 &&
           str_to_int((struct str){e->d_name, 4}, 1900, 2199, &year);
}

void import_calendar_check(const char *folder, struct faults *faults)
{
    struct dirent **names;
    int n = scandir(folder, &names, is_year, alphasort);
    if (n < 0) {
        faults_add(faults, folder, 0, "%s", strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        struct strbuf path = STRBUF_INIT;
        strbuf_addf(&path, "%s/%s", folder, names[i]->d_name);
        file_check(strbuf_text(&path), atoi(names[i]->d_name), faults);
        strbuf_free(&path);
        free(names[i]);
    }
    free(names);
}

bool import_calendar_dir(struct work *w, struct actor actor, struct error *err)
{
    struct dirent **names;
    const char *folder = w->settings->calendar_dir;
    bool ok = true, changed = false;
    int n = scandir(folder, &names, is_year, alphasort);
    if (n < 0) {
        return error_set(err, REASON_STORAGE, "%s: %s", folder, strerror(errno));
    }
    for (int i = 0; i < n; i++) {
        struct strbuf path = STRBUF_INIT;
        strbuf_addf(&path, "%s/%s", folder, names[i]->d_name);
        ok = ok &&
             file_consider(w, actor, strbuf_text(&path), atoi(names[i]->d_name), &changed, err);
        strbuf_free(&path);
        free(names[i]);
    }
    free(names);
    return ok && (!changed || work_reload_calendar(w, err)) && recalculate_pending(w, actor, err);
}
