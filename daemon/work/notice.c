/* What the run tells townships and districts once: doubts (contract.md 5), a tier that is the
 * default (contract.md 3.3), a protection that runs out (3.5), a standard that is missing (3.9).
 * run.cursor is the last division done; at 0 the tiers are told. */
#include "base/canon.h"
#include "base/log.h"
#include "rules/standard.h"
#include "store/calendar.h"
#include "store/division.h"
#include "store/doubt.h"
#include "store/household.h"
#include "work/doubt.h"
#include "work/quarantine.h"
#include "work/tell.h"

/* The last day of a continuity rule that the next version does not carry on, if its announcement is
 * due; else DATE_NONE. */
static struct date runs_out(const struct phase *p, const struct policy *policy)
{
    if (!policy->continuity || !date_is(policy->until) ||
        date_cmp(p->run.day, date_plus(policy->until, -policy->announce_days)) < 0) {
        return DATE_NONE;
    }
    const struct policy *next =
        policy_on(p->w->rules->policies, date_plus(policy->until, 1), NULL, NULL);
    return next && next->continuity ? DATE_NONE : policy->until;
}

struct protected_list {
    const struct policy *policy;
    struct strbuf *body;
    int count;
};

static bool roll_one(void *self, const struct household_row *row)
{
    struct protected_list *r = self;
    bool is = row->status == STATUS_ACTIVE && (r->policy->protected_set >> row->register_state & 1);
    if (is) {
        strbuf_addz(r->body, r->count++ ? "," : "");
        canon_string(r->body, row->household);
    }
    return true;
}

/* The protected households of a township, or of every township of a district. */
static bool roll_of(struct phase *p, const struct division_row *of, struct protected_list *r,
                    struct error *err)
{
    struct division_row t = *of;
    if (of->level == LEVEL_TOWNSHIP) {
        return store_household_each(p->w->store, &p->arena, of->code, STR_NONE, roll_one, r, err);
    }
    for (t.code = of->code;;) {
        if (!store_division_next(p->w->store, &p->arena, LEVEL_TOWNSHIP, t.code, &t, err)) {
            return false;
        }
        if (t.code == 0 || t.parent != of->code) {
            return true;
        }
        if (!store_household_each(p->w->store, &p->arena, t.code, STR_NONE, roll_one, r, err)) {
            return false;
        }
    }
}

/* `about` is what the log tells of it. */
static bool tell_once(struct phase *p, enum told_kind kind, int64_t division,
                      const struct tell_facts *facts, const char *about, struct error *err)
{
    char code[DIVISION_TEXT];
    int told;
    if (!tell(p->w, kind, division, p->run.day, facts, &told, err)) {
        return false;
    }
    if (told) {
        strbuf_addf(&p->log, "event=%s division=%s subject=%s\n", tell_word(kind),
                    division_text(division, code), about);
    }
    return true;
}

static bool tell_runs_out(struct phase *p, const struct policy *policy, struct date until,
                          const struct division_row *d, struct error *err)
{
    char day[DATE_TEXT];
    struct strbuf list = STRBUF_INIT;
    struct protected_list r = {policy, &list, 0};
    strbuf_addc(&list, '[');
    bool ok = roll_of(p, d, &r, err);
    strbuf_addc(&list, ']');
    struct tell_facts facts = {.clause = str_of(policy->continuity_source),
                               .households = strbuf_str(&list),
                               .policy = str_of(policy->name),
                               .until = until};
    ok = ok && (r.count == 0 ||
                tell_once(p, TELL_PROTECTION_ENDS, d->code, &facts, date_text(until, day), err));
    strbuf_free(&list);
    return ok;
}

static bool tell_standard(struct phase *p, const struct division_row *d, struct error *err)
{
    struct standard_row row;
    int year = date_ymd(p->run.day).year;
    if (!store_standard_get(p->w->store, d->code, year, &row, err)) {
        return false;
    }
    if (!standard_missing(p->run.day, row.district != 0)) {
        return true;
    }
    /* The divisions of a whole city are known, also to a county: only who has households is told.
     */
    bool any;
    if (!store_household_any(p->w->store, d->code, d->code + 999999, &any, err)) {
        return false;
    }
    struct tell_facts facts = {.year = year};
    return !any || tell_once(p, TELL_STANDARD_MISSING, d->code, &facts,
                             arena_format(&p->arena, "%d", year), err);
}

static bool tell_tier(struct phase *p, const void *record, struct error *err)
{
    const struct untold_row *row = record;
    bool pending = date_is(row->settle_by);
    struct tell_facts facts = {.household = row->household,
                               .tier = str_of(names_text(&tiers, (int)row->tier)),
                               .until = row->settle_by};
    return tell_once(p, pending ? TELL_TIER_PENDING : TELL_TIER_DEFAULT, row->township, &facts,
                     arena_copy(&p->arena, row->household), err) &&
           store_tier_told(p->w->store, row->household_id, pending, p->run.day, err);
}

/* Reviewed quarterly only because nothing is known of its members: the run tells it, so that what
 * is imported together with the household on one day is in by then. */
static bool tell_tiers(struct phase *p, bool *more, struct error *err)
{
    struct untold_row *rows;
    int count;
    if (!store_households_settled(p->w->store, p->run.day, PHASE_BATCH, more, err) || *more) {
        return *more; /* the grace of more has ended: the next batch */
    }
    if (!store_tiers_untold(p->w->store, &p->arena, PHASE_BATCH, &rows, &count, err)) {
        return false;
    }
    *more = count == PHASE_BATCH && !p->careful; /* one that fails stays: the rest tomorrow */
    for (int i = 0; i < count; i++) {
        if (!quarantine_record(p, rows[i].household_id, tell_tier, &rows[i], err)) {
            return false;
        }
    }
    return true;
}

/* A household's doubts to its township, each once; what has a message of its own is told by that.
 * The other household of a person who stands twice is named where it is the same township's, and is
 * looked at as well where it was not told yet. */
static bool tell_doubts_of(struct phase *p, const void *record, struct error *err)
{
    struct household_row household, *row = &household;
    struct store *s = p->w->store;
    struct doubt *doubts;
    struct error why = ERROR_INIT;
    int64_t id = *(const int64_t *)record;
    int count;
    if (!store_household_get(s, &p->arena, id, row, &why) ||
        !doubts_of(p->w, &p->arena, row, &doubts, &count, &why)) {
        /* What cannot be read has no doubts, and stops no run: `verify` names it. */
        strbuf_addf(&p->log, "event=doubts-unread id=%lld reason=", (long long)id);
        log_value(&p->log, str_of(why.message));
        strbuf_addc(&p->log, '\n');
        error_clear(&why);
        return store_doubt_done(s, id, err);
    }
    for (int i = 0; i < count; i++) {
        const struct doubt *d = &doubts[i];
        const char *word = names_text(&doubt_kinds, (int)d->kind);
        struct household_row other = {0};
        bool said = true;
        if (d->kind == DOUBT_TIER_MISMATCH) {
            continue;
        }
        if (d->other && (!store_household_get(s, &p->arena, d->other, &other, err) ||
                         !store_doubt_told(s, other.township,
                                           str_of(arena_format(&p->arena, "%.*s/%s/",
                                                               STR_ARG(other.household), word)),
                                           &said, err) ||
                         (!said && !store_doubt_mark(s, other.id, err)))) {
            return false;
        }
        bool near = d->other && other.township == row->township;
        struct tell_facts facts = {.doubt = str_of(word),
                                   .household = row->household,
                                   .member = d->member,
                                   .other = near ? other.household : STR_NONE};
        if (!tell_once(p, TELL_DOUBT, row->township, &facts,
                       arena_format(&p->arena, "%.*s/%s", STR_ARG(row->household), word), err)) {
            return false;
        }
    }
    return store_doubt_done(s, id, err);
}

static bool tell_doubts(struct phase *p, bool *more, struct error *err)
{
    int64_t *ids;
    int count, left;
    if (!store_doubts_due(p->w->store, &p->arena, PHASE_BATCH, &ids, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!quarantine_record(p, ids[i], tell_doubts_of, &ids[i], err)) {
            return false;
        }
    }
    /* Also those that were marked meanwhile. One that fails stays: then the rest tomorrow. */
    if (!store_doubts_due(p->w->store, &p->arena, 1, &ids, &left, err)) {
        return false;
    }
    *more = left > 0 && !p->careful;
    return true;
}

/* What a division is told today. */
static bool tell_division(struct phase *p, const void *record, struct error *err)
{
    const struct division_row *d = record;
    const struct policy *policy = work_policy(p->w, p->run.day, err);
    if (!policy) {
        return false;
    }
    struct date until = runs_out(p, policy);
    return (d->level != LEVEL_DISTRICT || tell_standard(p, d, err)) &&
           (!date_is(until) || tell_runs_out(p, policy, until, d, err));
}

/* One division a batch: districts first, then townships; the cursor of townships is negative. */
bool notice_all(struct phase *p, bool *end, struct error *err)
{
    const struct policy *policy = work_policy(p->w, p->run.day, err);
    struct division_row d = {0};
    bool district = p->run.cursor >= 0, more = false;
    if (!policy || (p->run.cursor == 0 &&
                    (!tell_tiers(p, &more, err) || (!more && !tell_doubts(p, &more, err))))) {
        return false;
    }
    if (more) {
        return true;
    }
    *end = !district && !date_is(runs_out(p, policy));
    if (*end) {
        return true;
    }
    if (!store_division_next(p->w->store, &p->arena, district ? LEVEL_DISTRICT : LEVEL_TOWNSHIP,
                             district ? p->run.cursor : -p->run.cursor, &d, err)) {
        return false;
    }
    *end = !district && d.code == 0;
    p->run.cursor = district ? (d.code ? d.code : -1) : d.code ? -d.code : p->run.cursor;
    return d.code == 0 || quarantine_division(p, d.code, tell_division, &d, err);
}
