#include "work/configuration.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "store/calendar.h"
#include "work/import_kind.h"

/* Every settings that was loaded, newest first. Loaded at start and by the writer, freed at the
 * end. */
static struct kept {
    struct settings *settings;
    struct kept *next;
} * kept;

static const struct settings *keep(struct settings *settings)
{
    struct kept *k = xcalloc(1, sizeof *k);
    k->settings = settings;
    k->next = kept;
    kept = k;
    return settings;
}

void configuration_end(void)
{
    while (kept) {
        struct kept *next = kept->next;
        settings_free(kept->settings);
        free(kept);
        kept = next;
    }
}

/* ---- the calendars ---- */

static void __attribute__((format(printf, 4, 5)))
fault(struct policy_faults *faults, const char *path, uint64_t line, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;
    strbuf_addf(&text, "%s:%llu: ", path, (unsigned long long)line);
    va_start(args, format);
    strbuf_vaddf(&text, format, args);
    va_end(args);
    faults->text = xrealloc(faults->text, (size_t)(faults->count + 1) * sizeof *faults->text);
    faults->text[faults->count++] = xstrdup(strbuf_text(&text));
    strbuf_free(&text);
}

/* The same reader that takes the file into the store; it needs no store itself. */
static void calendar_check(const char *path, int year, int fd, struct policy_faults *faults)
{
    struct import_result result = {0};
    struct import_context *c = xcalloc(1, sizeof *c);
    struct csv_reader *reader = csv_reader_open(fd, 0, 1, ',');
    struct workday_row *days;
    struct error err = ERROR_INIT;
    char text[DATE_TEXT];
    int count;
    c->result = &result;
    if (!import_calendar_read(c, reader, &days, &count, &err)) {
        fault(faults, path, c->line, "%s", err.message);
        count = 0;
    }
    for (int i = 0; i < result.fault_count; i++) {
        const struct import_fault *f = &result.faults[i];
        fault(faults, path, f->line, "%s%s%s", f->column, *f->column ? ": " : "", f->message);
    }
    for (int i = 0; i < count; i++) {
        if (date_ymd(days[i].day).year != year) {
            fault(faults, path, 1, "%s is no day of %d", date_text(days[i].day, text), year);
        }
    }
    csv_reader_close(reader);
    import_result_free(&result);
    arena_free(&c->row);
    arena_free(&c->group);
    error_clear(&err);
    free(c);
}

static int is_calendar(const struct dirent *e)
{
    int64_t year;
    return strlen(e->d_name) == 8 && strcmp(e->d_name + 4, ".csv") == 0 &&
           str_to_int((struct str){e->d_name, 4}, 1900, 2199, &year);
}

static void calendars_check(const char *folder, struct policy_faults *faults)
{
    struct dirent **names;
    int n = scandir(folder, &names, is_calendar, alphasort);
    if (n < 0) {
        fault(faults, folder, 0, "%s", strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        struct strbuf path = STRBUF_INIT;
        strbuf_addf(&path, "%s/%s", folder, names[i]->d_name);
        int fd = open(strbuf_text(&path), O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            fault(faults, strbuf_text(&path), 0, "%s", strerror(errno));
        } else {
            calendar_check(strbuf_text(&path), atoi(names[i]->d_name), fd, faults);
            close(fd);
        }
        strbuf_free(&path);
        free(names[i]);
    }
    free(names);
}

/* ---- the whole ---- */

static void faults_move(struct policy_faults *all, struct policy_faults *more)
{
    size_t size = (size_t)(all->count + more->count) * sizeof *all->text;
    if (more->count > 0) {
        all->text = xrealloc(all->text, size);
        memcpy(all->text + all->count, more->text, (size_t)more->count * sizeof *more->text);
        all->count += more->count;
    }
    free(more->text);
}

const struct settings *configuration_load(const char *file, struct policy_set **policies,
                                          struct policy_faults *faults)
{
    struct policy_faults of_policies = {0};
    struct settings *settings = settings_load(file, faults);
    *policies = NULL;
    if (!settings) {
        return NULL;
    }
    *policies = policy_set_load(settings->policy_dir, &of_policies);
    faults_move(faults, &of_policies);
    calendars_check(settings->calendar_dir, faults);
    if (faults->count > 0) {
        policy_set_free(*policies);
        settings_free(settings);
        *policies = NULL;
        return NULL;
    }
    return keep(settings);
}

/* ---- while it runs ---- */

#define TOLD 20 /* faults that the answer names; the log has all */

static bool refuse(struct policy_faults *faults, struct error *err)
{
    struct strbuf text = STRBUF_INIT;
    for (int i = 0; i < faults->count; i++) {
        log_put(LOG_ERR, "event=reload-refused: %s", faults->text[i]);
        if (i < TOLD) {
            strbuf_addf(&text, "%s%s", i ? "; " : "", faults->text[i]);
        }
    }
    if (faults->count > TOLD) {
        strbuf_addf(&text, "; and %d more, which are in the log", faults->count - TOLD);
    }
    error_set(err, REASON_BAD_ARGUMENT, "%d fault%s, nothing was changed: %s", faults->count,
              faults->count == 1 ? "" : "s", strbuf_text(&text));
    strbuf_free(&text);
    policy_faults_free(faults);
    return false;
}

static void fixed_keys(const struct settings *old, const struct settings *new,
                       struct policy_faults *faults)
{
    const struct {
        const char *key, *old, *new;
    } table[] = {{"store", old->store, new->store},
                 {"spool", old->spool, new->spool},
                 {"socket", old->socket, new->socket},
                 {"timezone", old->timezone, new->timezone}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].old, table[i].new) != 0) {
            fault(faults, new->file, 0, "%s cannot change while the service runs: it is \"%s\"",
                  table[i].key, table[i].old);
        }
    }
}

/* The policies come out of work_reload_calendar(), which makes the new rulebook. */
static bool apply(struct work *w, const struct settings *new, struct error *err)
{
    const struct settings *old = w->settings;
    w->settings = new;
    if (import_calendar_dir(w, ACTOR_CLOCK, err) && work_reload_calendar(w, err) &&
        store_begin(w->store, err)) {
        log_open(new->log_ident, new->log_facility, new->log_level, new->log_stderr);
        return true;
    }
    w->settings = old;
    return false;
}

bool configuration_reload(struct work *w, struct error *err)
{
    struct policy_faults faults = {0};
    struct policy_set *policies;
    const struct settings *new = configuration_load(w->settings->file, &policies, &faults);
    if (new) {
        policy_set_free(policies);
        fixed_keys(w->settings, new, &faults);
    }
    return faults.count ? refuse(&faults, err) : apply(w, new, err);
}
