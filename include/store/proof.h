/* store/proof: what `verify` alone reads: all that is on record of a household, corrected or not,
 * and the rows that the kept counts count. */
#pragma once

#include "store/campaign.h"
#include "store/event.h"
#include "store/message.h"
#include "store/report.h"
#include "store/run.h"

/* Of one household, each kind in order of its number; corrected: taken back (contract.md 3.10). */
struct proof_review {
    int64_t review, task;
    enum outcome outcome;
    struct date on, to;
    bool corrected;
};
struct proof_report {
    int64_t report, task;
    enum report_kind kind;
    struct str member;
    struct date on, recorded_on;
    bool corrected;
};
struct proof_tier {
    struct date on;
    enum tier before, after;
    bool corrected;
};
struct proof_ending {
    int64_t ending;
    enum act act;
    enum ground ground;
    struct date on;
    bool was_protected;
    struct str clause;
    bool corrected;
};
struct proof_hold {
    struct date on;
    struct str clause;
};
struct proof_decision {
    int64_t task;
    enum decision decision;
    struct date on, effect_on;
    enum register_state before, after;
    bool applied, corrected;
};
/* An event, and how the household stood before it. */
struct proof_event {
    int64_t event;
    enum event_kind kind;
    struct date on;
    int64_t last_cycle, last_ending;
    bool corrected;
    enum status status;
    enum register_state register_state;
    struct date last_review_on;
};
struct proof_age {
    int age;
    struct str member;
    struct date on;
};
struct proof_history {
    struct proof_review *reviews;
    struct proof_report *reports;
    struct proof_tier *tiers;
    struct proof_ending *endings;
    struct proof_hold *holds;
    struct proof_decision *decisions;
    struct proof_event *events;
    struct proof_age *ages;
    int review_count, report_count, tier_count, ending_count, hold_count, decision_count,
        event_count, age_count;
};
bool store_proof_history(struct store *s, struct arena *a, int64_t household_id,
                         struct proof_history *h, struct error *err);

/* Adds up to `limit` messages after *after to counts[enum message_state]; *after goes along, *more
 * tells whether there may be others. */
bool store_proof_messages(struct store *s, int64_t *after, int limit, int64_t counts[5], bool *more,
                          struct error *err);
/* The counts that are kept. */
bool store_proof_message_counts(struct store *s, int64_t counts[5], struct error *err);

struct proof_office {
    int64_t township, month, done, on_time;
};
/* The tasks done of townships and months that are kept, after (township, month); at most `limit`.
 */
bool store_proof_offices(struct store *s, struct arena *a, int64_t township, int64_t month,
                         int limit, struct proof_office **rows, int *count, struct error *err);
/* The first and the last day with a run, and how many have one; count 0: none. */
bool store_proof_runs(struct store *s, struct date *first, struct date *last, int64_t *count,
                      struct error *err);
/* Whether the household is set aside in the phase. */
bool store_proof_aside(struct store *s, int64_t household_id, enum run_phase phase, bool *is,
                       struct error *err);
/* Rises with every row that this connection changes. */
int64_t store_changes(const struct store *s);
