/* control/peer: who calls, by what the kernel says of the other end (SO_PEERCRED, SO_PEERGROUPS).
 *
 * root is admin, always. Else an `accounts` entry decides; else the service's own account is admin;
 * else the highest role among the caller's UNIX groups counts. The overflow uid 65534 is refused:
 * it is what the kernel shows where it cannot say who calls. Peers are counted: a job keeps its
 * caller's name after the connection has gone. Front thread only. */
#pragma once

#include "control/method.h"

#define PEER_OVERFLOW_UID 65534

/* The caller at the other end of a UNIX stream socket, with one user. NULL with not-allowed for the
 * overflow uid, internal where the kernel does not tell. A caller without a role is a peer with
 * ROLE_NONE. Names are looked up in the account databases, which can wait where those are remote.
 */
struct peer *peer_new(int fd, const struct settings *settings, struct error *err);
struct peer *peer_use(struct peer *peer);
void peer_drop(struct peer *peer); /* NULL is fine */

/* What peer_new() decides, without the socket: for tests. `user` is the account's name or NULL
 * where it has none; `own` the service's uid; *account the entry that decided, or NULL. */
enum role peer_role(const struct settings *settings, int64_t uid, const char *user, int64_t own,
                    const unsigned *groups, int group_count, const struct account **account);
