/* Invariants of a household's own row: its open cycle, anchor, tier, counts and persons. */
#include "base/text.h"
#include "rules/tier.h"
#include "store/division.h"
#include "work/household.h"
#include "work/invariant.h"

static bool one_open(const struct household_check *s, struct error *err)
{
    int open = 0;
    bool needs = s->row.status == STATUS_ACTIVE || s->row.status == STATUS_SUSPENDED;
    (void)err;
    for (int i = 0; i < s->cycle_count; i++) {
        open += s->cycles[i].state == CYCLE_OPEN;
    }
    if (open != (needs ? 1 : 0)) {
        check_fail(s, "%s household with %d open cycles", names_text(&statuses, (int)s->row.status),
                   open);
    }
    return true;
}

static bool anchor(const struct household_check *s, struct error *err)
{
    char is[DATE_TEXT], must[DATE_TEXT];
    /* The approval, or the day of a triggered review that restarted the count. */
    bool known = s->row.anchor_on.day == s->row.approved_on.day || check_readmitted(s);
    (void)err;
    for (int i = 0; !known && i < s->h.review_count; i++) {
        const struct row_review *r = &s->h.reviews[i];
        const struct task_row *t = check_task(s, r->task);
        known = !r->corrected && r->on.day == s->row.anchor_on.day && t &&
                t->kind == TASK_TRIGGERED_REVIEW;
    }
    if (s->open && s->open->anchor_on.day != s->row.anchor_on.day) {
        check_fail(s, "the open cycle counts from %s, the household from %s",
                   date_text(s->open->anchor_on, is), date_text(s->row.anchor_on, must));
    } else if (s->open && !known) {
        check_fail(s, "the anchor %s is neither the approval nor a triggered review's day",
                   date_text(s->row.anchor_on, is));
    }
    return true;
}

static bool missed_counted(const struct household_check *s, struct error *err)
{
    int64_t missed = 0;
    (void)err;
    for (int i = 0; i < s->cycle_count; i++) {
        missed += s->cycles[i].state == CYCLE_MISSED;
    }
    if (missed != s->row.missed_cycles) {
        check_fail(s, "%lld missed cycles on record, %lld counted", (long long)missed,
                   (long long)s->row.missed_cycles);
    }
    return true;
}

static bool last_review(const struct household_check *s, struct error *err)
{
    const struct row_review *last = NULL;
    char is[DATE_TEXT] = "none", must[DATE_TEXT];
    (void)err;
    for (int i = 0; i < s->h.review_count; i++) {
        const struct row_review *r = &s->h.reviews[i];
        last = !r->corrected && r->outcome != OUTCOME_POSTPONE ? r : last;
    }
    if (!last || check_readmitted(s) || last->on.day == s->row.last_review_on.day) {
        return true;
    }
    if (date_is(s->row.last_review_on)) {
        date_text(s->row.last_review_on, is);
    }
    check_fail(s, "the last review is of %s by the household, of %s on record", is,
               date_text(last->on, must));
    return true;
}

/* Each change begins with the tier that the one before it left, and the household has the last. */
static bool tier_recorded(const struct household_check *s, struct error *err)
{
    const struct row_tier *last = NULL;
    (void)err;
    for (int i = 0; !check_readmitted(s) && i < s->h.tier_count; i++) {
        const struct row_tier *t = &s->h.tiers[i];
        if (t->corrected) {
            continue;
        }
        if (last && last->after != t->before) {
            check_fail(s, "a change of tier begins with %s, the one before ended with %s",
                       names_text(&tiers, (int)t->before), names_text(&tiers, (int)last->after));
        }
        last = t;
    }
    if (last && last->after != s->row.tier) {
        check_fail(s, "the tier is %s, the last change gave %s",
                   names_text(&tiers, (int)s->row.tier), names_text(&tiers, (int)last->after));
    }
    return true;
}

/* By one of the versions at least: a tier is derived on the day on which facts change, not when the
 * policy does. */
static bool tier_derived(const struct household_check *s, struct error *err)
{
    struct household_view view = {
        .row = s->row, .members = s->members, .member_count = s->member_count};
    struct household_facts facts = household_facts_of(s->a, &view);
    const struct policy_set *set = s->w->rules->policies;
    enum tier_source source;
    (void)err;
    bool derived = s->row.tier_source == TIER_DERIVED && household_present(&facts) > 0;
    if (!derived || s->moment->importing || s->row.status == STATUS_CLOSED) {
        return true;
    }
    for (int i = 0; i < policy_set_count(set); i++) {
        if (tier_derive(policy_set_at(set, i), &facts, &source, NULL) == s->row.tier &&
            source == TIER_DERIVED) {
            return true;
        }
    }
    check_fail(s, "the tier %s is derived, and no version of the rules derives it",
               names_text(&tiers, (int)s->row.tier));
    return true;
}

static bool township_of_division(const struct household_check *s, struct error *err)
{
    int64_t up;
    char code[DIVISION_TEXT];
    if (!store_division_up(s->w->store, s->row.division, LEVEL_TOWNSHIP, &up, err)) {
        return false;
    }
    if (up != s->row.township) {
        check_fail(s, "the division lies in another township than %s",
                   division_text(s->row.township, code));
    }
    return true;
}

/* A closed household has nothing to do but what the register still asks. */
static bool closed_quiet(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; s->row.status == STATUS_CLOSED && i < s->task_count; i++) {
        const struct task_row *t = &s->tasks[i];
        if (t->state == TASK_OPEN && t->kind != TASK_REGISTER_ADJUSTMENT) {
            check_fail(s, "a closed household with an open %s, task %lld",
                       names_text(&task_kinds, (int)t->kind), (long long)t->task);
        }
    }
    return true;
}

static bool identity_number(const struct household_check *s, struct error *err)
{
    struct birth birth;
    (void)err;
    const char *what = s->row.head_id.data ? idnum_fault(s->row.head_id, &birth) : NULL;
    if (what) {
        check_fail(s, "the head's identity number: %s", what);
    }
    for (int i = 0; i < s->member_count; i++) {
        const struct member_row *m = &s->members[i];
        what = m->id.data ? idnum_fault(m->id, &birth) : NULL;
        if (what) {
            check_fail(s, "member %.*s: the identity number: %s", STR_ARG(m->member), what);
        }
    }
    return true;
}

static bool division_stands(const struct household_check *s, struct error *err)
{
    char text[DIVISION_TEXT];
    int64_t now;
    if (!store_division_now(s->w->store, s->row.division, &now, err)) {
        return false;
    }
    if (now != s->row.division) {
        check_fail(s, "it lies in %s, which was joined to another",
                   division_text(s->row.division, text));
    }
    return true;
}

const struct invariant invariants_household[] = {
    {"one-open-cycle", "3.4", "an active or suspended household has one open cycle, no other any",
     one_open},
    {"anchor", "3.4",
     "the open cycle counts from the household's anchor: the approval, or a triggered review that "
     "restarted the count",
     anchor},
    {"missed-counted", "3.4", "`missed_cycles` is the number of missed cycles on record",
     missed_counted},
    {"last-review", "3.4", "`last_review_on` is the day of the last completed review on record",
     last_review},
    {"tier-recorded", "3.3, 3.4", "the changes of tier follow on each other, up to the tier now",
     tier_recorded},
    {"tier-derived", "3.3", "a derived tier follows from the facts by a version of the policy",
     tier_derived},
    {"household-township", "2", "the township is the one in which the household's division lies",
     township_of_division},
    {"division-stands", "5", "the household lies in no division that was joined to another",
     division_stands},
    {"closed-quiet", "3.4", "a closed household has no open task but a register adjustment",
     closed_quiet},
    {"identity-number", "5", "identity numbers have their form and check digit (GB 11643)",
     identity_number},
    {0},
};
