/* work/change: changes of a household by hand: its tier, its village. */
#pragma once

#include "work/household.h"

/* A tier given by hand (3.3): it stays until another is given. Errors: not-found, bad-argument (no
 * reason), conflict (closed household, or the policy drops the tier). */
bool change_tier(struct work *w, struct actor actor, struct str household, enum tier tier,
                 struct str reason, struct error *err);
/* A move to another village: the open tasks go along, both townships' queues are told. `division`
 * is a village or township known to the store, that stands: conflict where it was joined to
 * another. */
bool change_move(struct work *w, struct actor actor, struct str household, int64_t division,
                 struct error *err);
