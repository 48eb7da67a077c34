/* delivery/return_row: one filled row into the store, by the same functions as `review` and
 * `register decide`. */
#pragma once

#include "delivery/return_parse.h"
#include "work/work.h"

/* Where the households of a row may lie: within one of the divisions. */
struct return_scope {
    const int64_t *divisions;
    int count; /* 0: anywhere */
};

enum return_effect { RETURN_RECORDED, RETURN_UNCHANGED, RETURN_REJECTED };

struct return_case {
    struct work *w;
    struct arena *arena; /* of the row */
    struct actor actor;
    struct return_scope scopes[2]; /* the folder's or the caller's; the account's. Both must hold */
    bool others; /* out: the row named a household that lies elsewhere: it is answered like a task
                  * that is not there, and the caller records it with: */
    struct str household;
    int64_t township;
};

/* In the transaction under way; leaves nothing behind of a row that it rejects, but for a refusal
 * by the continuity rule, which stands on record once. A row that says what is recorded already
 * changes nothing; an empty 日期, 理由 or 备注 says nothing and agrees with whatever is recorded.
 * *why tells a rejection. False, with err: the machine failed (storage, run-held, busy), not the
 * row. */
bool return_row_record(struct return_case *c, const struct return_row *row,
                       enum return_effect *effect, struct error *why, struct error *err);
