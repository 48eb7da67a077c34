/* work/tell: what a division is told.
 *
 * Every message of a queue is made here. Each kind is one row of one table: its word, the fields of
 * its body, whom it goes to, and which facts make it the same message as before: that is said once
 * (contract.md 2, "queue"). A new kind is a row there and, for the Chinese of the next list, one in
 * delivery/list_changes. */
#pragma once

#include "store/division.h"
#include "work/work.h"

enum told_kind {
    TELL_ALERT,     /* a rung of a task's ladder (3.8) */
    TELL_UNDECIDED, /* a register task at the year's close (3.6); its word is "alert" too */
    TELL_CORRECTED,
    TELL_DEADLINE_MOVED,
    TELL_DIVISION_MERGED,
    TELL_DOUBT, /* a contradiction that forbids nothing (work/doubt) */
    TELL_MOVED_AWAY,
    TELL_MOVED_IN,
    TELL_NOT_PICKED_UP,
    TELL_PROPOSAL,
    TELL_PROTECTION_ENDS,
    TELL_STANDARD_MISSING,
    TELL_TIER_PENDING,
    TELL_TIER_DEFAULT,
    TELL_TIER_MISMATCH,
    TELL_DAILY /* the list itself */
};
/* The word of a kind, as it stands in the queue. */
const char *tell_word(enum told_kind kind);

/* What there is to say: a kind takes what its row names, each under its own name. Borrowed. */
struct tell_facts {
    struct str audit_head, clause, derived, doubt, event, given, household, kind, member, name,
        other, policy, proposes, reason, tier;
    struct str households; /* a list as JSON */
    struct date date, due_on, since, until, was;
    int64_t from, to, township; /* codes of divisions */
    int64_t task, year;
    int64_t number;   /* in no body: tells apart what can be said again in the same words */
    enum level level; /* whom an alert goes to */
};

/* Tells it on day `on`, in the transaction under way, to `division`, or to those above it that the
 * kind goes to; to `division` itself where there is none above. *told: how many did not know it
 * yet; NULL where nobody asks. */
bool tell(struct work *w, enum told_kind kind, int64_t division, struct date on,
          const struct tell_facts *facts, int *told, struct error *err);
