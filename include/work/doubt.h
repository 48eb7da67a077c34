/* work/doubt: contradictions in what is on record of a household that forbid nothing (contract.md
 * 5, doubts). They are computed from the facts of the day, and kept nowhere; the run tells each to
 * the township once. */
#pragma once

#include "work/household.h"

enum doubt_kind {
    DOUBT_PERSON_TWICE,   /* a person present here is present in another household */
    DOUBT_TIER_MISMATCH,  /* the tier given by hand is not the one that the facts give */
    DOUBT_BIRTH_UNKNOWN,  /* of a present member: no age of theirs is ever told */
    DOUBT_NOBODY_PRESENT, /* members are known, and each has died or moved out */
    DOUBT_INCOME_ABOVE    /* active, and the countable income a head is above the standard */
};
extern const struct names doubt_kinds;

struct doubt {
    enum doubt_kind kind;
    struct str member; /* of person-twice, and the first of birth-unknown; no data: the head */
    int64_t other;     /* of person-twice: the other household's id */
};

/* All of a household, in the order of their kinds, in the arena; none of a closed one. */
bool doubts_of(struct work *w, struct arena *a, const struct household_row *row,
               struct doubt **doubts, int *count, struct error *err);
