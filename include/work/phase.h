/* work/phase: the phases of a daily run, one after the other (contract.md section 4).
 *
 * Each phase is a function that does one batch in the transaction under way and tells when it has
 * come to its end; the run's row carries the cursor, so that a kill costs the batch at most. Order
 * and conditions stand in one table, delivery/daily.c. */
#pragma once

#include "store/run.h"
#include "store/task.h"
#include "work/work.h"

#define PHASE_BATCH 256

struct phase {
    struct work *w;     /* the run's own: its rules are pinned for the whole run */
    struct run_row run; /* the day at hand */
    /* Cursor, in memory, of the phases whose work leaves their query when it is done: a kill begins
     * with what is left. */
    struct date after_day;
    int64_t after;
    bool careful; /* after a failure: a savepoint for each record (work/quarantine.h) */
    struct arena arena;
    struct strbuf log; /* lines of this slice, told after its commit */
};

typedef bool phase_batch(struct phase *p, bool *end, struct error *err);
/* What a phase does for one record. */
typedef bool phase_act(struct phase *p, const void *record, struct error *err);

/* A line for the log: event=… task=… household=… township=… due_on=… */
void phase_log_task(struct phase *p, const char *event, const struct task_row *task);

/* Open what is due to open; raise alerts (3.8); make the lists' messages: one for each township
 * that has anything open, for the district and city above it, and for whoever was told something.
 */
phase_batch phase_open, phase_alert, phase_list;
/* Of work/campaign, work/report and work/notice. */
phase_batch campaign_effects, campaign_roll, campaign_close, report_ages, notice_all;
phase_act campaign_roll_again, campaign_close_again, report_ages_again;
