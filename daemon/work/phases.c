#include "work/phase.h"

#include "base/log.h"
#include "store/division.h"
#include "store/message.h"
#include "work/household.h"
#include "work/quarantine.h"
#include "work/task.h"
#include "work/tell.h"

void phase_log_task(struct phase *p, const char *event, const struct task_row *task)
{
    char code[DIVISION_TEXT], due[DATE_TEXT];

    strbuf_addf(&p->log, "event=%s task=%lld household=", event, (long long)task->task);
    log_value(&p->log, task->household);
    strbuf_addf(&p->log, " township=%s due_on=%s\n", division_text(task->township, code),
                date_text(task->due_on, due));
}

/* ---- phase open ---- */

static bool open_one(struct phase *p, const void *record, struct error *err)
{
    struct cycle_row cycle = *(const struct cycle_row *)record;
    struct household_row row = {
        .id = cycle.household_id, .household = cycle.household, .township = cycle.township};
    p->run.opened++;
    return household_open_task(p->w, ACTOR_CLOCK, &row, &cycle, p->run.day, err);
}

bool phase_open(struct phase *p, bool *end, struct error *err)
{
    struct cycle_row *rows;
    int count;
    if (!store_cycles_to_open(p->w->store, &p->arena, p->run.day, p->after_day, p->after,
                              PHASE_BATCH, &rows, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        p->after_day = rows[i].dates.opens_on;
        p->after = rows[i].cycle;
        if (!quarantine_record(p, rows[i].household_id, open_one, &rows[i], err)) {
            return false;
        }
    }
    *end = count < PHASE_BATCH;
    return true;
}

/* ---- phase alert (3.8) ---- */

static bool alert_one(struct phase *p, const void *record, struct error *err)
{
    static const enum level level_of[] = {LEVEL_TOWNSHIP, LEVEL_DISTRICT, LEVEL_CITY};
    struct task_row task = *(const struct task_row *)record;
    const struct alert_rung *rung;
    int told;
    if (!task_raise(p->w, &task, p->run.day, &rung, err)) {
        return false;
    }
    if (!rung) {
        return true;
    }
    struct tell_facts facts = {.level = level_of[rung->to],
                               .due_on = task.due_on,
                               .event = str_of(rung->name),
                               .household = task.household,
                               .task = task.task,
                               .township = task.township};
    if (!tell(p->w, TELL_ALERT, task.township, p->run.day, &facts, &told, err)) {
        return false;
    }
    if (told) {
        p->run.alerts++;
        phase_log_task(p, rung->name, &task);
    }
    return true;
}

bool phase_alert(struct phase *p, bool *end, struct error *err)
{
    struct task_row *rows;
    int count;
    if (!store_tasks_alert(p->w->store, &p->arena, p->run.day, p->after_day, p->after, PHASE_BATCH,
                           &rows, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        p->after_day = rows[i].alert_on;
        p->after = rows[i].task;
        if (!quarantine_record(p, rows[i].household_id, alert_one, &rows[i], err)) {
            return false;
        }
    }
    *end = count < PHASE_BATCH;
    return true;
}

/* ---- phase list: one message for each township that has anything open, for the district and city
 * above it, and for whoever was told something; run.cursor is the last division done. */

/* A city's code comes before its districts', a district's before its townships'. */
static bool list_above(struct phase *p, int64_t township, int64_t *division, struct error *err)
{
    for (enum level level = LEVEL_CITY; level < LEVEL_TOWNSHIP; level++) {
        int64_t above;
        if (!store_division_up(p->w->store, township, level, &above, err)) {
            return false;
        }
        if (above > p->run.cursor && above < *division) {
            *division = above;
        }
    }
    return true;
}

static bool list_next(struct phase *p, int64_t *division, struct error *err)
{
    int64_t township, told;
    if (!store_task_township_next(p->w->store, p->run.cursor, &township, err) ||
        !store_message_division_next(p->w->store, p->run.cursor, &told, err)) {
        return false;
    }
    *division = township == 0 || (told != 0 && told < township) ? told : township;
    return township == 0 || list_above(p, township, division, err);
}

static bool list_one(struct phase *p, const void *record, struct error *err)
{
    struct tell_facts facts = {.audit_head = str_of(p->run.audit_head), .date = p->run.day};
    int told;
    if (!tell(p->w, TELL_DAILY, *(const int64_t *)record, p->run.day, &facts, &told, err)) {
        return false;
    }
    p->run.lists += told;
    return true;
}

bool phase_list(struct phase *p, bool *end, struct error *err)
{
    if (!p->run.audit_head[0] && !store_audit_head(p->w->store, p->run.audit_head, NULL, err)) {
        return false;
    }
    for (int i = 0; !*end && i < PHASE_BATCH; i++) {
        int64_t division;
        if (!list_next(p, &division, err)) {
            return false;
        }
        *end = division == 0;
        if (!*end) {
            p->run.cursor = division;
            if (!quarantine_division(p, division, list_one, &division, err)) {
                return false;
            }
        }
    }
    return true;
}
