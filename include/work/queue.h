/* work/queue: a division's messages over the socket: leased, acknowledged, given again.
 *
 * A queue is in order for whoever takes from it. Taking gives the oldest messages that wait, as far
 * as each is ready and not leased; behind one that is not, nothing is given. So a division is held
 * by one lease at a time, no message is handed out before every earlier one of its division is
 * acknowledged or handed out in the same taking, and two consumers never hold one message. A list
 * whose body the run has yet to make is such a message: what is said after it comes after it.
 *
 * A lease is an instant of the product's clock and no secret: who knows the identifier of a message
 * that was taken can acknowledge it, in any order, also when the lease has run out or the message
 * has been given to another since. The first acknowledgement ends it; each later one finds it
 * unknown. So the counts that consumers get add up to one for each message. What was never taken
 * cannot be acknowledged. */
#pragma once

#include "store/message.h"
#include "work/work.h"

#define QUEUE_BYTES ((size_t)1024 * 1024) /* of bodies; then a page ends */
#define QUEUE_LEASE_MAX 86400             /* seconds that a caller may ask for */

struct queue_taken {
    struct message_row *rows; /* of the arena */
    int count;
    /* Unix seconds: of the messages taken; where there are none, of the one that holds the
     * division; 0 where nothing waits, or a list is being made. */
    int64_t lease_until;
};

/* Whether a lease holds the message: until it has run out, or where the clock went back so far that
 * nobody can have taken it for so long. */
bool queue_leased(const struct work *w, const struct message_row *row);
/* False with conflict where the division's messages leave by the spool, or where it was joined to
 * another, to which they went. */
bool queue_by_socket(const struct work *w, int64_t division, struct error *err);
/* Leases at most `limit` messages for `seconds` (above 0). In a transaction. conflict as above. */
bool queue_take(struct work *w, struct arena *a, int64_t division, int limit, int64_t seconds,
                struct queue_taken *taken, struct error *err);
/* Whether the caller may know of a division. */
typedef bool queue_sees(const void *caller, int64_t division);
/* Ends the messages with these identifiers, with one entry in the audit; *acked is how many were
 * ended by it. What the caller does not see is as unknown as what is not there. In a transaction.
 */
bool queue_ack(struct work *w, struct actor actor, const struct str *ids, int count,
               queue_sees *sees, const void *caller, int *acked, struct error *err);
