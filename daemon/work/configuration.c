#include "work/configuration.h"

#include <stdlib.h>

#include "base/log.h"
#include "work/import.h"

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

const struct settings *configuration_load(const char *file, struct policy_set **policies,
                                          struct faults *faults)
{
    struct settings *settings = settings_load(file, faults);
    *policies = NULL;
    if (!settings) {
        return NULL;
    }
    *policies = policy_set_load(settings->policy_dir, faults);
    import_calendar_check(settings->calendar_dir, faults);
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

static bool refuse(struct faults *faults, struct error *err)
{
    struct strbuf text = STRBUF_INIT;
    for (int i = 0; i < faults->count; i++) {
        log_put(LOG_ERR, "event=reload-refused: %s", faults->text[i]);
        if (i < TOLD) {
            strbuf_addf(&text, "\n%s", faults->text[i]);
        }
    }
    if (faults->count > TOLD) {
        strbuf_addf(&text, "\nand %d more, which are in the log", faults->count - TOLD);
    }
    error_say(err, SAY_RELOAD_FAULTS,
              arg_said(faults->count == 1 ? sentence(SAY_ONE_FAULT, arg_number(faults->count))
                                          : sentence(SAY_MANY_FAULTS, arg_number(faults->count))),
              arg_text(strbuf_str(&text)));
    strbuf_free(&text);
    faults_free(faults);
    return false;
}

static void fixed_keys(const struct settings *old, const struct settings *new,
                       struct faults *faults)
{
    const struct {
        const char *key, *old, *new;
    } table[] = {{"store", old->store, new->store},
                 {"spool", old->spool, new->spool},
                 {"socket", old->socket, new->socket},
                 {"timezone", old->timezone, new->timezone}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].old, table[i].new) != 0) {
            faults_add(faults, new->file, 0,
                       "%s cannot change while the service runs: it is \"%s\"", table[i].key,
                       table[i].old);
        }
    }
}

/* The policies come out of work_reload_calendar(), which makes the new rulebook. */
static bool apply(struct work *w, const struct settings *new, struct error *err)
{
    const struct settings *old = w->settings;
    w->settings = new;
    if (import_calendar_dir(w, ACTOR_CLOCK, false, err) && work_reload_calendar(w, err) &&
        store_begin(w->store, err)) {
        log_open(new->log_ident, new->log_facility, new->log_level, new->log_stderr);
        return true;
    }
    w->settings = old;
    return false;
}

bool configuration_reload(struct work *w, struct error *err)
{
    struct faults faults = {0};
    struct policy_set *policies;
    const struct settings *new = configuration_load(w->settings->file, &policies, &faults);
    if (new) {
        policy_set_free(policies);
        fixed_keys(w->settings, new, &faults);
    }
    return faults.count ? refuse(&faults, err) : apply(w, new, err);
}
