/* Calendars: one year a file (contract.md 3.2), small, taken whole in one commit, by `import
 * calendar` or from calendar_dir. */
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
#include "work/metrics.h"
#include "work/recalculate.h"

#define DAYS_MAX 20000 /* of one file: more is no calendar */

enum { CAL_DATE, CAL_KIND, CAL_NAME };
const struct import_column import_calendar_columns[] = {{"date", "日期", true, IMPORT_WORD, false},
                                                        {"kind", "类别", true, IMPORT_WORD, false},
                                                        {"name", "名称", false, IMPORT_TEXT, false},
                                                        {0}};

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
        import_fault(c, "date", "missing", sentence(SAY_IMPORT_EMPTY));
    }
    if (cells[CAL_KIND].len == 0) {
        import_fault(c, "kind", "missing", sentence(SAY_IMPORT_EMPTY));
    }
    day->kind = kind == DAY_WORKDAY ? DAY_WORKDAY : DAY_HOLIDAY;
    int weekday = date_is(day->day) ? date_weekday(day->day) : 0;
    if (kind == DAY_WORKDAY && weekday != 0 && weekday != 6) {
        import_fault(c, "kind", "bad-word", sentence(SAY_IMPORT_WORKDAY));
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

/* The year that most rows are of, where the caller does not say; 0, with a fault, where two are
 * even. `days` in order. */
static int year_most(struct import_context *c, const struct noted *days, int count)
{
    int year = 0, most = 0, even = 0;
    for (int i = 0, end; i < count; i = end) {
        int y = date_ymd(days[i].row.day).year;
        for (end = i; end < count && date_ymd(days[end].row.day).year == y; end++) {
        }
        even = end - i > most ? 0 : end - i == most ? y : even;
        if (end - i > most) {
            year = y;
            most = end - i;
        }
    }
    if (even) {
        c->line = 1;
        import_fault(c, "date", "ambiguous",
                     sentence(SAY_CALENDAR_YEARS, arg_number(year), arg_number(even)));
    }
    return even ? 0 : year;
}

/* In order of their days, and of which year they are. One that stands twice, or that is neither of
 * the file's year nor of one beside it, is a fault of its own line. */
static void in_order(struct import_context *c, struct noted *days, int count,
                     struct calendar_file *file)
{
    int own = 0;
    file->days = arena_alloc(&c->group, (size_t)(count + 1) * sizeof *file->days);
    file->count = count;
    if (count) {
        qsort(days, (size_t)count, sizeof *days, by_day);
    }
    file->year = file->year ? file->year : year_most(c, days, count);
    for (int i = 0; i < count; i++) {
        struct workday_row *row = &file->days[i];
        *row = days[i].row;
        row->of_year = file->year;
        int off = date_ymd(row->day).year - file->year;
        own += off == 0;
        c->line = days[i].line;
        if (i > 0 && row->day.day == row[-1].day.day) {
            import_fault(c, "date", "duplicate",
                         sentence(SAY_IMPORT_DUPLICATE, arg_number((int64_t)days[i - 1].line)));
        } else if (file->year && (off < -1 || off > 1)) {
            import_fault(
                c, "date", "other-year",
                sentence(SAY_CALENDAR_OTHER_YEAR, date_arg(row->day), arg_number(file->year)));
        }
    }
    if (count && file->year && own == 0) {
        c->line = 1;
        import_fault(c, "date", "other-year",
                     sentence(SAY_CALENDAR_NO_DAY, arg_number(file->year)));
    }
}

bool import_calendar_read(struct import_context *c, int fd, struct calendar_file *file,
                          struct error *err)
{
    const struct sheet_options options = {.known = import_knows, .data = import_calendar_columns};
    struct sheet *sheet = sheet_open(fd, &options);
    struct sheet_row row;
    struct str cells[IMPORT_COLUMNS_MAX];
    struct noted *noted = NULL;
    int positions[IMPORT_COLUMNS_MAX], cap = 0, count = 0;
    bool heading = false, ok = true;
    enum sheet_result got;
    file->days = NULL;
    file->count = 0;
    c->columns = import_calendar_columns;
    while ((got = sheet_read(sheet, &row, err)) == SHEET_ROW && count <= DAYS_MAX) {
        struct workday_row day;
        c->line = row.line;
        if (!heading) {
            heading = true;
            if (!import_heading(c, &row, positions)) {
                break;
            }
            continue;
        }
        c->result->rows++;
        import_cells(c, &row, positions, cells);
        if (day_read(c, cells, &day)) {
            day_keep(c, &day, &noted, &count, &cap);
        } else {
            c->result->bad++;
        }
        arena_reset(&c->row);
    }
    if (got == SHEET_FAULT) {
        ok = import_sheet_fault(c, &row, positions, err);
    } else if (count > DAYS_MAX) {
        import_fault(c, "", "too-long", sentence(SAY_IMPORT_CALENDAR_LONG, arg_number(DAYS_MAX)));
    } else if (count == 0 && !c->row_faults) {
        c->line = 1;
        import_fault(c, "", "missing", sentence(SAY_IMPORT_CALENDAR_EMPTY));
    }
    sheet_close(sheet);
    in_order(c, noted, count, file);
    return ok;
}

/* What the file says of a day that is known. A neighbour's notice calls the same day by another
 * name: that is no difference. */
static enum import_effect day_effect(const struct workday_row *known, const struct workday_row *day)
{
    bool own = date_ymd(day->day).year == day->of_year;
    return known->kind == day->kind && (!own || str_equal(known->name, day->name))
               ? IMPORT_UNCHANGED
               : IMPORT_CHANGED;
}

bool import_calendar_apply(struct import_context *c, const struct calendar_file *file,
                           const char *hash, bool confirmed, bool *changed, struct error *err)
{
    struct store *s = c->w->store;
    struct workday_row *known;
    int known_count, before = 0, removed = 0, year = file->year;
    *changed = false;
    if (!store_workdays(s, &c->group, date_of(year - 1, 1, 1), date_of(year + 1, 12, 31), &known,
                        &known_count, err)) {
        return false;
    }
    /* Both in order of their days. Days of this year's own notice that the file lacks go; what
     * another year's notice says of days of this year stays. */
    for (int k = 0, i = 0; k < known_count || i < file->count;) {
        const struct workday_row *day = i < file->count ? &file->days[i] : NULL;
        const struct workday_row *old = k < known_count ? &known[k] : NULL;
        int side = !day ? -1 : !old ? 1 : date_cmp(old->day, day->day);
        bool ok = true;
        before += side <= 0 && old->of_year == year;
        if (side < 0 && old->of_year == year) {
            removed++;
            ok = store_workday_drop(s, old->day, err);
        } else if (side > 0) {
            c->result->added++;
            ok = store_workday_put(s, day, err);
        } else if (side == 0) {
            bool differs = day_effect(old, day) == IMPORT_CHANGED;
            bool taken = date_ymd(day->day).year == year && old->of_year != year;
            c->result->changed += differs;
            c->result->unchanged += !differs;
            ok = (!differs && !taken) || store_workday_put(s, day, err);
        }
        if (!ok) {
            return false;
        }
        k += side <= 0;
        i += side >= 0;
    }
    if (removed * 3 > before && !confirmed) {
        return error_say(err, SAY_CALENDAR_LOSES, arg_number(removed), arg_number(before),
                         arg_number(year));
    }
    c->result->changed += removed; /* a day taken off the notice is a change too */
    *changed = c->result->added + c->result->changed > 0 ||
               !calendar_is_published(c->w->rules->calendar, year);
    /* The deadlines follow in slices; a kill before their end leaves the mark. */
    return ((!*changed && !hash) || store_calendar_year(s, year, hash, err)) &&
           (!*changed || store_meta_set(s, "recalculate", "1", err));
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
    struct calendar_file file = {.year = year};
    bool changed;
    bool ok = import_calendar_read(c, fd, &file, err);
    if (ok && c->row_faults) {
        const struct import_fault *f = c->result->faults;
        ok = error_say(err, SAY_CALENDAR_FAULT, arg_number(f->line), arg_z(f->column),
                       arg_z(f->message));
    }
    if (!ok || !store_begin(c->w->store, err)) {
        return false;
    }
    if (import_calendar_apply(c, &file, hash, false, &changed, err) &&
        (!changed || year_audit(c, year, hash, err)) && store_commit(c->w->store, err)) {
        if (changed) {
            log_put(LOG_INFO, "event=calendar year=%d days=%d sha256=%s", year, file.count, hash);
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
        error_say(err, SAY_CALENDAR_UNREAD, arg_text(strbuf_str(&why)));
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
    strbuf_free(&why);
    import_context_free(c);
    return ok || error_within(err, SAY_OF_FILE, arg_z(path));
}

/* The same reader that takes the file into the store; it needs no store itself. */
static void file_check(const char *path, int year, struct faults *faults)
{
    struct import_result result = {0};
    struct import_context *c = xcalloc(1, sizeof *c);
    struct strbuf why = STRBUF_INIT;
    struct calendar_file file = {.year = year};
    struct error err = ERROR_INIT;
    char hash[DIGEST_HEX + 1];
    int fd = file_copy(path, hash, &why);
    c->result = &result;
    if (fd < 0) {
        faults_add(faults, path, 0, "%s", strbuf_text(&why));
    } else if (!import_calendar_read(c, fd, &file, &err)) {
        faults_add(faults, path, (unsigned)c->line, "%s", err.message);
    }
    for (int i = 0; i < result.fault_count; i++) {
        const struct import_fault *f = &result.faults[i];
        faults_add(faults, path, (unsigned)f->line, "%s%s%s", f->column, *f->column ? ": " : "",
                   f->message);
    }
    if (fd >= 0) {
        close(fd);
    }
    import_result_free(&result);
    strbuf_free(&why);
    error_clear(&err);
    import_context_free(c);
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

bool import_calendar_dir(struct work *w, struct actor actor, bool start, struct error *err)
{
    struct dirent **names;
    struct strbuf left = STRBUF_INIT;
    const char *folder = w->settings->calendar_dir;
    bool ok = true, changed = false;
    int n = scandir(folder, &names, is_year, alphasort);
    if (n < 0) {
        return error_say(err, SAY_FILE_FAILED, arg_z(folder), arg_system(errno));
    }
    for (int i = 0; i < n; i++) {
        struct strbuf path = STRBUF_INIT;
        strbuf_addf(&path, "%s/%s", folder, names[i]->d_name);
        ok = ok &&
             file_consider(w, actor, strbuf_text(&path), atoi(names[i]->d_name), &changed, err);
        if (!ok && start && err->reason == REASON_CONFLICT) {
            log_put(LOG_ERR, "event=calendar-left: %s", err->message);
            strbuf_addf(&left, "%s%s", left.len ? "; " : "", err->message);
            error_clear(err);
            ok = true;
        }
        strbuf_free(&path);
        free(names[i]);
    }
    free(names);
    if (ok) {
        metrics_stand(w->metrics, STANDING_CALENDAR, left.len ? strbuf_text(&left) : NULL);
    }
    strbuf_free(&left);
    return ok && (!changed || work_reload_calendar(w, err)) && recalculate_pending(w, actor, err);
}
