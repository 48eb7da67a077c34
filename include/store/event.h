/* store/event: what `correct` can take back (contract.md 3.10), and how things stood before it.
 *
 * What is given back, of which kind of event, is work/correct's to say: here are the snapshots. */
#pragma once

#include "base/names.h"
#include "rules/household.h"
#include "store/store.h"

enum event_kind {
    EVENT_REVIEW,
    EVENT_REPORT,
    EVENT_TIER,
    EVENT_MOVE,
    EVENT_STATUS,
    EVENT_DECISION
};
extern const struct names event_kinds;

struct event_row {
    int64_t event; /* 0: not there */
    int64_t household_id;
    enum event_kind kind;
    struct date on;
    /* The household's highest numbers before it: what is above came with it or since. */
    int64_t last_cycle, last_task, last_review, last_report, last_ending, last_tier;
};

/* The household, its members, its open cycle and its open tasks, as they stood before an event. */
struct household_was {
    int64_t division;
    enum status status;
    enum tier tier;
    enum tier_source tier_source;
    int64_t income, pension, employment_cost; /* fen; FEN_UNKNOWN */
    struct date approved_on, anchor_on, last_review_on;
    int64_t missed_cycles, reports_seen;
    enum history history;
};
struct member_was {
    struct str member;
    struct date birth_on, status_on;
    enum member_status status;
};
struct cycle_was {
    int64_t cycle; /* 0: none was open */
    struct date due_on, rolled_on;
    int64_t task; /* 0: not opened yet */
};
struct task_was {
    int64_t task;
    struct date original_due_on, due_on, rolled_on;
    int raised;
};
struct event_was {
    struct household_was household;
    struct member_was *members;
    int member_count;
    struct cycle_was cycle;
    struct task_was *tasks;
    int task_count;
};

/* Before an event is applied: keeps how things stand. In the transaction of the event. */
bool store_event_note(struct store *s, int64_t household_id, enum event_kind kind, struct date on,
                      struct error *err);
/* The household's latest event that was not taken back. */
bool store_event_latest(struct store *s, int64_t household_id, struct event_row *row,
                        struct error *err);
/* What was kept before it; in the arena. */
bool store_event_was(struct store *s, struct arena *a, int64_t event, struct event_was *was,
                     struct error *err);

/* Entries of a household that an event left, which stay on record and are marked as taken back: the
 * one with the number; of reviews, endings and changes of tier every one above it. */
enum event_entry {
    ENTRY_EVENT,
    ENTRY_REPORT,
    ENTRY_DECISION,
    ENTRIES_REVIEW,
    ENTRIES_ENDING,
    ENTRIES_TIER
};
bool store_event_taken_back(struct store *s, enum event_entry entry, int64_t household_id,
                            int64_t number, struct error *err);
