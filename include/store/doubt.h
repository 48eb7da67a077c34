/* store/doubt: households whose facts may contradict each other, for work/doubt.
 *
 * A household is due to be looked at once something that a doubt rests on has changed: its own row,
 * a member, its district's standard. The store marks that itself; who has looked takes it off. */
#pragma once

#include "store/store.h"

bool store_doubt_mark(struct store *s, int64_t household_id, struct error *err);
bool store_doubt_done(struct store *s, int64_t household_id, struct error *err);
/* Those that are due, by id, at most `limit`, in the arena. */
bool store_doubts_due(struct store *s, struct arena *a, int limit, int64_t **ids, int *count,
                      struct error *err);
/* Whether a township was told a doubt whose subject begins so; the last character is '/'. */
bool store_doubt_told(struct store *s, int64_t township, struct str begins, bool *told,
                      struct error *err);
/* Another household, neither closed nor `household_id`, in which the person of an identity number
 * is present, or whose head has it; *other 0: none. */
bool store_person_elsewhere(struct store *s, struct str id, int64_t household_id, int64_t *other,
                            struct error *err);
