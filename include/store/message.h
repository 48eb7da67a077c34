/* store/message: the durable queue of each division.
 *
 * A list is queued → staged → delivered for the spool (its files are in tmp/, synced, when it is
 * staged; in new/ when it is delivered), queued → ready → acked for the socket (its body is made
 * when it is ready). Any other message is ready from the start: for the socket it ends acked; for
 * the spool, where it has no file of its own, it is delivered with the next list of its division.
 * That list carries it in either case, once: `listed` is no part of the state, so that what a list
 * says does not depend on how fast somebody acknowledges.
 *
 * A ready message can be leased, until an instant of the product's clock; a lease that is past
 * holds nothing. A state moves only forward, but for one case: a list that was made for the socket
 * goes back to queued where its division now leaves by the spool. */
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
    int64_t lease_until; /* Unix seconds; 0: never leased in this state */
};

/* "1-42": never changes, never used again after a restore. */
#define MESSAGE_ID 48
const char *message_id(const struct message_row *row, char out[MESSAGE_ID]);
/* The way back; false where it is none. */
bool message_id_parse(struct str id, int64_t *epoch, int64_t *seq);

/* Inserts, a list as queued, another as ready; *added false where (division, kind, subject) was
 * said before. */
bool store_message_put(struct store *s, struct message_row *row, bool *added, struct error *err);
/* A lease ends with it. */
bool store_message_state(struct store *s, int64_t seq, enum message_state state, struct error *err);
/* Replaces the body of a list and makes it ready (the socket's side). */
bool store_message_ready(struct store *s, int64_t seq, struct str body, struct error *err);
/* As it was before a list was made: a list is queued again, another is for the next list. */
bool store_message_unmake(struct store *s, int64_t seq, struct error *err);
/* A ready message is leased until an instant; any other stays as it is. */
bool store_message_lease(struct store *s, int64_t seq, int64_t until, struct error *err);
/* By number, without its texts. */
bool store_message_get(struct store *s, int64_t seq, struct message_row *row, struct error *err);
/* Messages of a state in order of seq after `after`; kind NULL: any. */
bool store_messages_in(struct store *s, struct arena *a, enum message_state state, const char *kind,
                       int64_t after, int limit, struct message_row **rows, int *count,
                       struct error *err);
/* What was made or listed for the socket and is not acknowledged, in order of seq, without body. */
bool store_messages_made(struct store *s, struct arena *a, int64_t after, int limit,
                         struct message_row **rows, int *count, struct error *err);

/* A stretch of a division's messages in order of seq. */
struct message_page {
    struct message_row *rows;
    int count;
    bool more;
};
/* After `after`, at most `limit`, and no further once their bodies are above `bytes`; `waiting`:
 * only those neither delivered nor acknowledged. */
bool store_messages_of(struct store *s, struct arena *a, int64_t division, bool waiting,
                       int64_t after, int limit, size_t bytes, struct message_page *page,
                       struct error *err);

/* The messages of a division that are no lists and that no list carried yet, with seq in (after,
 * until], in order: what its next list has to say. */
bool store_messages_told(struct store *s, struct arena *a, int64_t division, int64_t until,
                         int64_t after, int limit, struct message_row **rows, int *count,
                         struct error *err);
/* The list with number `seq` carried what the division was told before it; `delivered`: by the
 * spool, so that what was not acknowledged is delivered. */
bool store_messages_carried(struct store *s, int64_t division, int64_t seq, bool delivered,
                            struct error *err);
/* The day of the oldest message that is neither delivered nor acknowledged; DATE_NONE: none. */
bool store_message_oldest(struct store *s, struct date *day, struct error *err);
/* The next division after `after` that was told something that no list carried yet. */
bool store_message_division_next(struct store *s, int64_t after, int64_t *division,
                                 struct error *err);
/* Grows whenever this store (the writer's) may have made a message ready. */
uint64_t store_messages_made_ready(const struct store *s);
