/* work/household: what is known of one household together, and how its cycles begin and end. */
#pragma once

#include "store/cycle.h"
#include "store/household.h"
#include "store/task.h"
#include "work/origin.h"

struct household_view {
    struct household_row row;
    struct cycle_row cycle; /* the open one; cycle 0: none */
    struct member_row *members;
    int member_count;
    bool is_protected;
    const char *protection_clause; /* NULL unless protected */
    const struct origins *origins; /* for an explanation; else NULL */
};

/* row.id 0 where there is no such household. */
bool household_load(struct work *w, struct arena *a, struct str household,
                    struct household_view *view, struct error *err);
/* The facts for rules, borrowed from the view. */
struct household_facts household_facts_of(struct arena *a, const struct household_view *view);
/* The context for rules/cycle by the policy of `day`; false with too-early. */
bool household_context(struct work *w, struct arena *a, const struct household_row *row,
                       struct date day, struct cycle_context *context, struct error *err);
/* Begins a cycle that `day`'s policy decided: inserts it and, where its opens_on has come by today,
 * opens its task. */
bool household_begin_cycle(struct work *w, struct actor actor, const struct household_row *row,
                           const struct cycle_dates *dates, struct date day, struct error *err);
/* How a household enters (contract.md 3.4, Import): household_entry() fills
 * entered_on, history and settle_by of a row that is about to be inserted or admitted again and
 * computes its first cycle; household_enter() begins that once the row is stored. */
struct household_entry {
    bool begins; /* it has a cycle: active or suspended */
    struct cycle_dates dates;
    struct date rolled_on;
};
bool household_entry(struct work *w, struct household_row *row, struct date day,
                     struct household_entry *entry, struct error *err);
bool household_enter(struct work *w, struct actor actor, const struct household_row *row,
                     const struct household_entry *entry, struct error *err);
/* The entry computed anew by another tier, as if that had stood in the file (3.3): the open cycle
 * takes the dates, its open task keeps its number where the window is open and is cancelled where
 * it is not. Where `source` is the default, nothing opens before row->settle_by is over, or before
 * today where that is none, and the deadline is at least the next working day after it. Stores the
 * row as the caller changed it; audited as household.settle. */
bool household_settle(struct work *w, struct actor actor, struct household_row *row, enum tier tier,
                      enum tier_source source, struct error *err);
/* Before what a person says of it: its entry is computed anew no more, and where its tier is still
 * not known it is quarterly from today on. */
bool household_settle_now(struct work *w, struct actor actor, struct household_row *row,
                          struct error *err);
/* A change of tier on `day` (contract.md 3.4): updates the household (every column of *row) and
 * records the change; an open task keeps its dates, else the open cycle gives way to the first of
 * the new grid. */
bool household_set_tier(struct work *w, struct actor actor, struct household_row *row,
                        enum tier tier, enum tier_source source, struct str reason, struct date day,
                        struct error *err);
/* The open cycle, whose task is not open yet, gives way to the first of the grid of the tier in
 * force, counted from `day` (3.4). */
bool household_regrid(struct work *w, struct actor actor, const struct household_row *row,
                      struct cycle_row *open, struct date day, struct error *err);
/* Derives the tier of a household whose tier is not given by hand, and sets it where it differs. */
bool household_derive_tier(struct work *w, struct actor actor, struct household_row *row,
                           struct date day, struct error *err);
/* After facts changed: where the tier was given by hand and the rules would now derive another, the
 * township is told of the tier-mismatch, once for each tier derived (3.3). */
bool household_tier_mismatch(struct work *w, const struct household_row *row, struct date day,
                             struct error *err);
/* Opens the regular task of an open cycle; on the day given. */
bool household_open_task(struct work *w, struct actor actor, const struct household_row *row,
                         struct cycle_row *cycle, struct date on, struct error *err);
