#include "work/quarantine.h"

#include "base/log.h"
#include "store/division.h"
#include "store/household.h"
#include "store/task.h"

bool quarantine_may(const struct error *why)
{
    return why->reason != REASON_STORAGE || error_says(why, SAY_STORE_ROW_DAMAGED);
}

/* The row, and the line for the log. */
static bool put(struct phase *p, int64_t household_id, const char *why, struct error *err)
{
    struct str household; /* its number alone: the rest of the row may be damaged */
    if (!store_household_number(p->w->store, &p->arena, household_id, &household, err)) {
        return false;
    }
    strbuf_addz(&p->log, "event=set-aside household=");
    log_value(&p->log, household);
    strbuf_addf(&p->log, " phase=%s reason=", names_text(&run_phases, (int)p->run.phase));
    log_value(&p->log, str_of(why));
    strbuf_addc(&p->log, '\n');
    return store_quarantine_put(p->w->store, household_id, p->run.phase, str_of(why), p->run.day,
                                err);
}

/* In a savepoint: *why is set where the record failed, and everything is as before. False where the
 * store fails. */
static bool attempt(struct phase *p, phase_act *act, const void *record, struct error *why,
                    struct error *err)
{
    struct run_row counts = p->run;
    size_t log = p->log.len;
    if (!store_savepoint(p->w->store, err)) {
        return false;
    }
    if (act(p, record, why)) {
        return store_release(p->w->store, err);
    }
    if (!quarantine_may(why)) {
        *err = *why;
        *why = ERROR_INIT;
        return false;
    }
    store_rollback_to(p->w->store);
    p->run = counts;
    p->log.len = log;
    if (p->log.data) {
        p->log.data[log] = '\0';
    }
    return true;
}

bool quarantine_record(struct phase *p, int64_t household_id, phase_act *act, const void *record,
                       struct error *err)
{
    struct error why = ERROR_INIT;
    if (!p->careful) {
        return act(p, record, err);
    }
    bool ok = attempt(p, act, record, &why, err);
    if (ok && why.reason != REASON_NONE) {
        ok = put(p, household_id, why.message, err);
    }
    error_clear(&why);
    return ok;
}

/* Of a township, a household that has something to do there is set aside. */
static bool put_division(struct work *w, int64_t division, enum run_phase phase, struct date day,
                         const char *why, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct task_row *rows;
    int count;
    char code[DIVISION_TEXT];
    struct str reason =
        str_of(arena_format(&a, "division %s: %s", division_text(division, code), why));
    bool ok = store_tasks_due(w->store, &a, division, DATE_NONE, date_of(2199, 12, 31), DATE_NONE,
                              0, 1, &rows, &count, err) &&
              (count == 0 ||
               store_quarantine_put(w->store, rows[0].household_id, phase, reason, day, err));
    arena_free(&a);
    return ok;
}

bool quarantine_division(struct phase *p, int64_t division, phase_act *act, const void *record,
                         struct error *err)
{
    struct error why = ERROR_INIT;
    char code[DIVISION_TEXT];
    if (!p->careful) {
        return act(p, record, err);
    }
    bool ok = attempt(p, act, record, &why, err);
    if (ok && why.reason != REASON_NONE) {
        strbuf_addf(&p->log,
                    "event=set-aside division=%s phase=%s reason=", division_text(division, code),
                    names_text(&run_phases, (int)p->run.phase));
        log_value(&p->log, str_of(why.message));
        strbuf_addc(&p->log, '\n');
        ok = put_division(p->w, division, p->run.phase, p->run.day, why.message, err);
    }
    error_clear(&why);
    return ok;
}

static bool list_put(struct work *w, const struct message_row *m, struct date day, const char *why,
                     struct error *err)
{
    char code[DIVISION_TEXT];
    struct strbuf line = STRBUF_INIT;
    strbuf_addf(&line,
                "event=set-aside division=%s phase=%s reason=", division_text(m->division, code),
                names_text(&run_phases, RUN_DELIVER));
    log_value(&line, str_of(why));
    log_put(LOG_ERR, "%s", strbuf_text(&line));
    strbuf_free(&line);
    return put_division(w, m->division, RUN_DELIVER, day, why, err);
}

bool quarantine_list(struct work *w, const struct message_row *m, struct date day,
                     struct error *why, int64_t *failed, struct error *err)
{
    bool own = !store_in_transaction(w->store);
    if (!quarantine_may(why)) {
        *err = *why;
        *why = ERROR_INIT;
        return false;
    }
    bool ok = (!own || store_begin(w->store, err)) && list_put(w, m, day, why->message, err) &&
              (!own || store_commit(w->store, err));
    if (!ok && own && store_in_transaction(w->store)) {
        store_rollback(w->store);
    }
    *failed = m->seq > *failed ? m->seq : *failed;
    error_clear(why);
    return ok;
}

bool quarantine_lists(struct work *w, const struct message_row *rows, int count, struct date day,
                      quarantine_make *make, void *self, int64_t *failed, struct error *err)
{
    bool ok = store_begin(w->store, err);
    for (int i = 0; ok && i < count; i++) {
        struct error why = ERROR_INIT;
        ok = store_savepoint(w->store, err);
        if (ok && make(self, w, &rows[i], &why)) {
            ok = store_release(w->store, err);
        } else if (ok) {
            store_rollback_to(w->store);
            ok = quarantine_list(w, &rows[i], day, &why, failed, err);
        }
    }
    if (ok && store_commit(w->store, err)) {
        return true;
    }
    if (store_in_transaction(w->store)) {
        store_rollback(w->store);
    }
    return false;
}

bool quarantine_end(struct phase *p, phase_act *again, struct error *err)
{
    struct store *s = p->w->store;
    struct quarantine_row row = {0};
    bool careful = p->careful, ok = true;
    p->careful = true;
    while (ok && again) {
        int64_t after = row.household_id;
        ok = store_quarantine_next(s, &p->arena, p->run.phase, after, p->run.day, &row, err);
        if (!ok || row.household_id == 0) {
            break;
        }
        ok = quarantine_record(p, row.household_id, again, &row, err);
    }
    p->careful = careful;
    return ok && store_quarantine_expire(s, p->run.phase, p->run.day, err);
}
