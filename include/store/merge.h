/* store/merge: what changes where a division is joined to another, and no other file changes.
 *
 * Each in the transaction under way. */
#pragma once

#include "store/audit.h"
#include "store/message.h"

/* The merge that is under way: from its first commit to its last, so that it is completed after a
 * kill. At most one. */
struct merging_row {
    int64_t old, into; /* old 0: none */
    struct actor actor;
};
bool store_merging_get(struct store *s, struct arena *a, struct merging_row *row,
                       struct error *err);
bool store_merging_set(struct store *s, const struct merging_row *row, struct error *err);
bool store_merging_clear(struct store *s, struct error *err);
/* `old` was joined to `into` on a day: so were those that had been joined to `old`, and what lies
 * in it lies in `into` from here on; *below is their number. */
bool store_merge_division(struct store *s, int64_t old, int64_t into, struct date on,
                          int64_t *below, struct error *err);
/* The tasks done that are counted for each month of `old` are counted for `into`. */
bool store_merge_months(struct store *s, int64_t old, int64_t into, struct error *err);
/* Whether the division was told this: (division, kind, subject). */
bool store_message_said(struct store *s, int64_t division, struct str kind, struct str subject,
                        bool *said, struct error *err);
/* Gives a message to another division: its id stays. conflict where that was told the same. */
bool store_message_give(struct store *s, int64_t seq, int64_t division, struct str subject,
                        enum message_state state, struct error *err);
/* Grows whenever this store gave one. */
uint64_t store_messages_given(const struct store *s);
