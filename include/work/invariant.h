/* work/invariant: what must hold of every household, as tables of a word, its clause and its check.
 *
 * The words are stable: `verify` answers with them, and doc/protocol.md lists them out of these
 * tables. A check looks at one household, computes with the functions that decide (rules/), and
 * consults the record where a date depends on what was so then. It writes each failure down; false
 * is for a store that fails alone. */
#pragma once

#include "work/household_check.h"

typedef bool invariant_check(const struct household_check *s, struct error *err);

struct invariant {
    const char *word;   /* NULL: the end of a table */
    const char *clause; /* of the product's specification */
    const char *what;
    invariant_check *check; /* NULL: of the store as a whole, work/verify */
};

extern const struct invariant invariants_household[], invariants_cycle[], invariants_task[],
    invariants_record[], invariants_store[];
/* All five, NULL-terminated. */
extern const struct invariant *const invariants[];
