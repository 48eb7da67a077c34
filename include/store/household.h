/* store/household: households, their members and their changes of tier. */
#pragma once

#include "rules/cycle.h"
#include "rules/household.h"
#include "store/store.h"

struct household_row {
    int64_t id; /* 0: not there */
    struct str household;
    int64_t division, township;
    struct str head_name, head_id, address, phone; /* data NULL: unknown */
    enum status status;
    enum register_state register_state;
    enum tier tier;
    enum tier_source tier_source;
    enum income_kind income_kind;
    int64_t income, pension, employment_cost; /* fen; FEN_UNKNOWN */
    struct date approved_on, anchor_on, last_review_on;
    int64_t missed_cycles;
    int64_t reports_seen;   /* the last report before the last completed review; 0 */
    struct date entered_on; /* the day of its entry, or of its latest admission */
    bool partial;           /* its history was said to be partial (contract.md 3.4, Import) */
    enum history history;   /* whether reviews before the entry are unknown */
    /* The last day on which its entry may be computed anew from a tier that comes later; DATE_NONE:
     * it is settled. */
    struct date settle_by;
};

struct member_row {
    struct str member, name, id;
    struct date birth_on;
    enum health health;
    enum disability disability;
    enum work_ability work_ability;
    int student; /* -1 unknown, 0, 1 */
    enum member_status status;
    struct date status_on;
};

bool store_household_find(struct store *s, struct arena *a, struct str household,
                          struct household_row *row, struct error *err);
bool store_household_get(struct store *s, struct arena *a, int64_t id, struct household_row *row,
                         struct error *err);
bool store_household_insert(struct store *s, struct household_row *row, struct error *err);
/* The number in the office's books alone, in the arena. */
bool store_household_number(struct store *s, struct arena *a, int64_t id, struct str *household,
                            struct error *err);
/* All columns but id and household. */
bool store_household_update(struct store *s, const struct household_row *row, struct error *err);

/* A page in bytewise order of `household` after `after` ("" from the start), of one township (0:
 * all): calls `take` for each row until it returns false or the end. */
bool store_household_each(struct store *s, struct arena *a, int64_t township, struct str after,
                          bool (*take)(void *self, const struct household_row *row), void *self,
                          struct error *err);
/* The next household by id, for walks over the whole store; row->id 0 at the end. */
bool store_household_next(struct store *s, struct arena *a, int64_t after,
                          struct household_row *row, struct error *err);

/* Whether any household belongs to a township in [from, to]. */
bool store_household_any(struct store *s, int64_t from, int64_t to, bool *any, struct error *err);

/* Households whose tier is the default and whose township was not told yet that it is waited for
 * or, when the grace is over, that it is the default; at most `limit`, in the arena. */
struct untold_row {
    int64_t household_id, township;
    struct str household;
    enum tier tier;
    struct date settle_by; /* DATE_NONE: its grace is over */
};
bool store_tiers_untold(struct store *s, struct arena *a, int limit, struct untold_row **rows,
                        int *count, struct error *err);
/* The grace of entries that ended before a day is over, of at most `limit`; *more: call again. */
bool store_households_settled(struct store *s, struct date before, int limit, bool *more,
                              struct error *err);
/* `pending`: that the tier is waited for. */
bool store_tier_told(struct store *s, int64_t household_id, bool pending, struct date on,
                     struct error *err);

bool store_member_find(struct store *s, struct arena *a, int64_t household_id, struct str member,
                       struct member_row *row, bool *found, struct error *err);
bool store_member_put(struct store *s, int64_t household_id, const struct member_row *row,
                      struct error *err);
/* Whether the household has a member, gone or present. */
bool store_member_any(struct store *s, int64_t household_id, bool *any, struct error *err);
/* All members in order of `member`, in the arena. */
bool store_members(struct store *s, struct arena *a, int64_t household_id, struct member_row **rows,
                   int *count, struct error *err);

/* The spans of the household's tiers for struct cycle_context, in the arena; the last is `now`. */
bool store_tier_spans(struct store *s, struct arena *a, int64_t household_id, enum tier now,
                      struct tier_span **spans, int *count, struct error *err);
bool store_tier_change(struct store *s, int64_t household_id, struct date on, enum tier before,
                       enum tier after, enum tier_source source, struct str reason,
                       struct error *err);
/* Whether a change above number `after` has this reason. */
bool store_tier_changed_by(struct store *s, int64_t household_id, int64_t after, struct str reason,
                           bool *is, struct error *err);
