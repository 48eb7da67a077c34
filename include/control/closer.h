/* control/closer: descriptors that others lent are closed on threads of their own.
 *
 * The last close(2) of a socket with SO_LINGER waits for its far end, one of a file in a user's own
 * file system for that user; a connection that is closed takes along what lies unread in it. So
 * neither the front nor the writer closes such a thing itself. A close that waits is interrupted
 * (base/kick); one that cannot be is left to its thread, and others go on. Every function may be
 * called by any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct closer;

struct closer *closer_new(void);
/* Closes fd, which `uid` lent. Never waits. */
void closer_put(struct closer *c, int64_t uid, int fd);
/* The same for a connection: whoever is at its other end hears of it at once. */
void closer_put_socket(struct closer *c, int64_t uid, int fd);
/* Descriptors that are not closed yet: of one uid, of all. */
int closer_waiting(struct closer *c, int64_t uid);
int closer_waiting_all(struct closer *c);
/* Now and then: one thread more where those that there are hang. */
void closer_relieve(struct closer *c);
/* Ends the threads that have nothing to do; one that hangs is left, and its memory with it. */
void closer_free(struct closer *c);
