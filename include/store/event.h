/* store/event: what `correct` can take back (contract.md 3.10), and how things stood before it. */
#pragma once

#include "base/names.h"
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
    int64_t last_task; /* the household's highest before it */
    bool readmitted;   /* the household was admitted anew since: it cannot be taken back any more */
};

/* Before an event is applied: keeps the household, its members, its open cycle and open tasks as
 * they stand. In the transaction of the event. */
bool store_event_note(struct store *s, int64_t household_id, enum event_kind kind, struct date on,
                      struct error *err);
/* The household's latest event that was not taken back. */
bool store_event_latest(struct store *s, int64_t household_id, struct event_row *row,
                        struct error *err);
/* What the event changed, as it stood before; what came in since from elsewhere (a run, an import,
 * a calendar) stands. What the event made stays on record: cycles superseded, tasks cancelled,
 * members moved out on `today`; its review, report, ending, change of tier or decision marked
 * corrected. Deadlines and rungs of what opens again are those of the day it was closed: the caller
 * computes them anew. */
bool store_event_undo(struct store *s, const struct event_row *event, struct date today,
                      struct error *err);
