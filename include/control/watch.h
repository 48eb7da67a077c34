/* control/watch: connections that are told of messages as they become ready (queue.watch).
 *
 * A watch is a place in the queue of a division: what waits behind it is told in order, as far as
 * it is ready, and the place moves on. Nothing is kept of what was told or is to be told: a client
 * that does not read holds its place back and loses nothing, and costs no memory. Watching is
 * looking: nobody is kept from taking what was told, and what was taken by another is told all the
 * same. A watch ends with its connection, or with a notification where the account may not see the
 * division any more, the division leaves by the spool or was joined to another, or the store cannot
 * be read. Front thread only. */
#pragma once

#include "control/connection.h"

#define WATCH_MAX 1000 /* divisions of one connection */

/* From the oldest message that waits on; a division that is watched already begins anew. too-large
 * beyond WATCH_MAX. Nothing is told before the turn under way has ended. */
bool watch_add(struct connection *c, int64_t division, struct error *err);
/* Every watch goes back to the oldest message that waits: a division that another was joined to has
 * messages before its place. */
void watch_anew(struct server *s);
/* Tells all connections of the server what is new. May free connections. */
void watch_tell_all(struct server *s);
/* The connection's output has room: goes on where it had to stop. */
void watch_room(struct connection *c);
/* The connection goes away. */
void watch_drop(struct connection *c);
