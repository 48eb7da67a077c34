/* store/office: how each township stands, for the lists of districts and cities (contract.md
 * section 4).
 */
#pragma once

#include "store/store.h"

struct office_row {
    int64_t township;
    struct str name;
    int64_t open, late;    /* tasks, on the day asked for */
    int64_t done, on_time; /* in its month; on_time: of these, not after due_on */
};

/* Every township of the district in order of codes, in the arena. What is late is by the one
 * definition: open, and due_on before `day` (contract.md 3.4). One query, over the open tasks of
 * the district. */
bool store_offices(struct store *s, struct arena *a, int64_t district, struct date day,
                   struct office_row **rows, int *count, struct error *err);

/* The day of the division's latest list before the one of `day`; DATE_NONE where there is none. */
bool store_office_listed(struct store *s, int64_t division, struct date day, struct date *before,
                         struct error *err);
