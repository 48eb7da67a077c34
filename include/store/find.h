/* store/find: households and persons by what somebody has in hand of them (contract.md 5). */
#pragma once

#include "store/store.h"

/* Where a text is looked for: whole, or of names the beginning. */
enum find_by {
    FIND_HOUSEHOLD, /* the household's number */
    FIND_HEAD_ID,
    FIND_MEMBER_ID,
    FIND_PHONE,
    FIND_HEAD_NAME,
    FIND_MEMBER_NAME,
    FIND_END
};
struct found_row {
    struct str key; /* what stands there */
    int64_t household_id;
    struct str member; /* its number; no data: the household's own */
};
/* Those behind `after` in the order of (key, household_id, member), at most `limit`, in the arena.
 * `after` is {text, 0, no data} for the first. Each is one range of an index. */
bool store_find(struct store *s, struct arena *a, enum find_by by, struct str text,
                const struct found_row *after, int limit, struct found_row **rows, int *count,
                struct error *err);
