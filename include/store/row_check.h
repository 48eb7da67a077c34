/* store/row_check: what `verify` alone reads: all that is on record of a household, corrected or
 * not, and the rows that the kept counts count. */
#pragma once

#include "store/campaign.h"
#include "store/event.h"
#include "store/message.h"
#include "store/report.h"
#include "store/run.h"

/* Of one household, each kind in order of its number; corrected: taken back (contract.md 3.10). */
struct row_review {
    int64_t review, task;
    enum outcome outcome;
    struct date on, to;
    bool corrected;
};
struct row_report {
    int64_t report, task;
    enum report_kind kind;
    struct str member;
    struct date on, recorded_on;
    bool corrected;
};
struct row_tier {
    struct date on;
    enum tier before, after;
    bool corrected;
};
struct row_ending {
    int64_t ending;
    enum act act;
    enum ground ground;
    struct date on;
    bool was_protected;
    struct str clause;
    bool corrected;
};
struct row_hold {
    struct date on;
    struct str clause;
};
struct row_decision {
    int64_t task;
    enum decision decision;
    struct date on, effect_on;
    enum register_state before, after;
    bool applied, corrected;
};
/* An event, and how the household stood before it. */
struct row_event {
    int64_t event;
    enum event_kind kind;
    struct date on;
    int64_t last_cycle, last_ending;
    bool corrected;
    enum status status;
    enum register_state register_state;
    struct date last_review_on;
};
struct row_age {
    int age;
    struct str member;
    struct date on;
};
struct row_history {
    struct row_review *reviews;
    struct row_report *reports;
    struct row_tier *tiers;
    struct row_ending *endings;
    struct row_hold *holds;
    struct row_decision *decisions;
    struct row_event *events;
    struct row_age *ages;
    int review_count, report_count, tier_count, cessation_count, hold_count, decision_count,
        event_count, age_count;
};
bool store_row_check_history(struct store *s, struct arena *a, int64_t household_id,
                             struct row_history *h, struct error *err);

/* Adds up to `limit` messages after *after to counts[enum message_state]; *after goes along, *more
 * tells whether there may be others. */
bool store_row_check_messages(struct store *s, int64_t *after, int limit, int64_t counts[5],
                              bool *more, struct error *err);
/* The counts that are kept. */
bool store_row_check_message_counts(struct store *s, int64_t counts[5], struct error *err);

struct row_office {
    int64_t township, month, done, on_time;
};
/* The tasks done of townships and months that are kept, after (township, month); at most `limit`.
 */
bool store_row_check_offices(struct store *s, struct arena *a, int64_t township, int64_t month,
                             int limit, struct row_office **rows, int *count, struct error *err);
/* The first and the last day with a run, and how many have one; count 0: none. */
bool store_row_check_runs(struct store *s, struct date *first, struct date *last, int64_t *count,
                          struct error *err);
/* Whether the household is set aside in the phase. */
bool store_row_check_quarantine(struct store *s, int64_t household_id, enum run_phase phase,
                                bool *is, struct error *err);
/* Rises with every row that this connection changes. */
int64_t store_changes(const struct store *s);
