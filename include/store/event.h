/* store/event: what `correct` can take back (spec.md 3.10), and how things stood before it. */
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
};

/* Before an event is applied: keeps the household, its members, its open cycle and open tasks as
 * they stand. In the transaction of the event. */
bool store_event_note(struct store *s, int64_t household_id, enum event_kind kind, struct date on,
                      struct error *err);
/* The household's latest event that was not taken back. */
bool store_event_latest(struct store *s, int64_t household_id, struct event_row *row,
                        struct error *err);
/* Everything as it stood before the event. What the event made stays on record: cycles superseded,
 * tasks cancelled, members moved out on `today`; its review, report, ending, change of tier or
 * decision marked corrected. */
bool store_event_undo(struct store *s, const struct event_row *event, struct date today,
                      struct error *err);
