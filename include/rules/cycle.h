/* rules/cycle: the clock of one household's reviews (contract.md 3.4; circular 二(四)3).
 *
 * Nominal dates lie on a grid of quarter steps. On the anniversary basis step j is anchor + 3j
 * months, computed from the anchor itself and clamped to the month's end; on the calendar basis it
 * is the j-th calendar quarter's end on or after the anchor. A tier's own dates are the steps that
 * its interval divides: every step quarterly, every second (anniversary) or June and December
 * (calendar) semi-annual, every fourth or December annual. So a change of tier never moves the
 * grid. */
#pragma once

#include "rules/calendar.h"
#include "rules/policy.h"

/* The tiers of one household over time, ascending by day; the first entry's day may be DATE_NONE:
 * "from the beginning". An entry counts from its day on. */
struct tier_span {
    struct date from;
    enum tier tier;
};

/* What a decision about cycles looks at. All pointers are borrowed. */
struct cycle_context {
    const struct policy *policy; /* in force on the day of the decision */
    const struct calendar *calendar;
    struct date anchor;
    const struct tier_span *tiers; /* at least one; the last is the tier in force now */
    int tier_count;
    const struct fact_origin *origins; /* of the anchor, for a trace; may be NULL */
};

struct cycle_dates {
    int step; /* j, from 1 */
    enum tier tier;
    struct date nominal;  /* grid date */
    struct date due_on;   /* rolled to a working day */
    struct date opens_on; /* due_on less the tier's lead; never rolled */
    bool provisional;     /* a year without published calendar was examined */
};

/* A nominal date that a review jumped: missed (deadline before the review) or answered by it. */
struct cycle_jump {
    struct cycle_dates dates;
    bool missed;
};

struct cycle_next {
    struct cycle_dates dates;
    struct cycle_jump *jumps; /* ascending; malloc'ed */
    int jump_count;
};
void cycle_next_free(struct cycle_next *next);

/* The dates of step `step` under `tier`. Traces anchor, interval, clamp, rolls, due, lead,
 * provisional. Fails with internal where the date leaves the range of rules/date. */
bool cycle_at(const struct cycle_context *c, int step, enum tier tier, struct cycle_dates *out,
              struct trace *t, struct error *err);

/* The first cycle of a household: the first whose opens_on is after the anchor. */
bool cycle_first(const struct cycle_context *c, struct cycle_dates *out, struct trace *t,
                 struct error *err);

/* After a review on `day` satisfied step `satisfied` (0: none yet, the anchor stands): the first
 * later step whose opens_on is after `day`; each one jumped counts with the tier in force on its
 * nominal day and is missed if its deadline is before `day`, else answered. */
bool cycle_after_review(const struct cycle_context *c, int satisfied, struct date day,
                        struct cycle_next *out, struct trace *t, struct error *err);

/* Import with a last review: *satisfied is the latest step whose opens_on is not after `reviewed`
 * (0 where there is none), then the rule of cycle_after_review() with no jump recorded: nothing
 * earlier is missed. */
bool cycle_import(const struct cycle_context *c, struct date reviewed, int *satisfied,
                  struct cycle_dates *out, struct trace *t, struct error *err);

/* How a household enters the store by an import (3.4, Import). */
struct cycle_entry {
    struct date on;       /* the day of entry */
    struct date reviewed; /* the last review before it; DATE_NONE: none is known */
    bool partial;         /* DATE_NONE means that nobody knows, not that there was none */
};
struct cycle_entered {
    struct cycle_dates dates; /* of the open cycle */
    int satisfied;            /* the step that `reviewed` satisfies; 0 */
    int before; /* nominal dates passed over because they lie before the entry, of which nothing is
                 * known: neither late nor missed */
};
/* The open cycle of a household that enters: with a review as cycle_import(), without one as
 * cycle_first(); where the history is partial and no review is known, the first whose deadline is
 * not before the day of entry either. */
bool cycle_enter(const struct cycle_context *c, const struct cycle_entry *entry,
                 struct cycle_entered *out, struct trace *t, struct error *err);

/* After a change of tier on `day` while no task is open (the last tier_span is the new one): the
 * first step of the new grid after `satisfied` whose deadline is after `day`. Its opens_on may have
 * passed: then it opens that day. */
bool cycle_after_tier(const struct cycle_context *c, int satisfied, struct date day,
                      struct cycle_dates *out, struct trace *t, struct error *err);

/* Where a completed triggered review on `day` restarts the count: policy and basis allow it and
 * `day` is before the open cycle's opens_on. Then `day` is the new anchor and the open cycle
 * superseded. */
bool cycle_restarts(const struct policy *policy, struct date day, struct date opens_on);

struct postponement {
    struct date today;         /* the day of the request */
    struct date due_on;        /* the deadline as it stands */
    struct date original;      /* the deadline before any postponement */
    bool postponed;            /* already once */
    struct date next_opens_on; /* of the next cycle */
    struct date to;
    bool has_reason;
};
/* Whether a review task may be postponed so (3.4). Fails with too-late (deadline passed), conflict
 * (already once), bad-argument (no reason, day off, not after the deadline, beyond the limit, not
 * before the next cycle opens), each with its clause. */
bool cycle_postpone(const struct policy *policy, const struct calendar *calendar,
                    const struct postponement *p, struct trace *t, struct error *err);

/* Late: the task is open and its deadline is before today. The one definition. */
static inline bool cycle_is_late(bool open, struct date due_on, struct date today)
{
    return open && date_cmp(due_on, today) < 0;
}
