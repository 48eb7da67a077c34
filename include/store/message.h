/* store/message: the durable queue of each division.
 *
 * A message moves only forward: queued → staged → delivered for the spool (its files are in tmp/,
 * synced, when it is staged; in new/ when it is delivered), queued → ready → acked for the socket.
 * A message of a division by spool that has no file of its own (an alert) is delivered with the
 * day's list. */
#pragma once

#include "base/names.h"
#include "store/store.h"

enum message_state {
    MESSAGE_QUEUED,
    MESSAGE_STAGED,
    MESSAGE_READY,
    MESSAGE_DELIVERED,
    MESSAGE_ACKED
};
extern const struct names message_states;
#define MESSAGE_DAILY "daily" /* the kind of a list; every other kind is told, not filed */

struct message_row {
    int64_t seq; /* 0: not there */
    int64_t epoch;
    int64_t division;
    struct str kind, subject;
    struct date created_on;
    struct str body; /* JSON */
    enum message_state state;
    int64_t lease_until; /* 0: not leased */
};

/* "1-42": never changes, never used again after a restore. */
#define MESSAGE_ID 48
const char *message_id(const struct message_row *row, char out[MESSAGE_ID]);

/* Inserts as queued; *added false where (division, kind, subject) was said before. */
bool store_message_put(struct store *s, struct message_row *row, bool *added, struct error *err);
bool store_message_state(struct store *s, int64_t seq, enum message_state state, struct error *err);
/* Replaces the body and makes it ready (the socket's side). */
bool store_message_ready(struct store *s, int64_t seq, struct str body, struct error *err);
/* Messages of a state in order of seq after `after`; kind NULL: any. */
bool store_messages_in(struct store *s, struct arena *a, enum message_state state, const char *kind,
                       int64_t after, int limit, struct message_row **rows, int *count,
                       struct error *err);
/* Messages of a division in order; `waiting`: only those neither delivered nor acknowledged. */
bool store_messages_of(struct store *s, struct arena *a, int64_t division, bool waiting,
                       int64_t after, int limit, struct message_row **rows, int *count,
                       struct error *err);
/* The queued messages of a division that are no list, with seq in (after, until], in order: what
 * its next list has to say. */
bool store_messages_told(struct store *s, struct arena *a, int64_t division, int64_t until,
                         int64_t after, int limit, struct message_row **rows, int *count,
                         struct error *err);
/* Each queued message of the division up to `seq` that is no list becomes delivered: the list with
 * number `seq` carried it. */
bool store_messages_carried(struct store *s, int64_t division, int64_t seq, struct error *err);
/* The day of the oldest message that is neither delivered nor acknowledged; DATE_NONE: none. */
bool store_message_oldest(struct store *s, struct date *day, struct error *err);
/* The next division after `after` that has a queued message of a kind other than MESSAGE_DAILY. */
bool store_message_division_next(struct store *s, int64_t after, int64_t *division,
                                 struct error *err);
