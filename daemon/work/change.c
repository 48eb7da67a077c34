#include "work/change.h"

#include "base/canon.h"
#include "store/division.h"
#include "store/event.h"
#include "work/tell.h"

static bool find(struct work *w, struct arena *a, struct str household, struct household_row *row,
                 struct error *err)
{
    if (!store_household_find(w->store, a, household, row, err)) {
        return false;
    }
    if (row->id == 0) {
        return error_say(err, SAY_NO_HOUSEHOLD, arg_text(household));
    }
    return row->status != STATUS_CLOSED || error_say(err, SAY_HOUSEHOLD_CLOSED);
}

bool change_tier(struct work *w, struct actor actor, struct str household, enum tier tier,
                 struct str reason, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct household_row row;
    struct date today = work_today(w);
    const struct policy *policy = work_policy(w, today, err);
    bool ok = policy && find(w, &a, household, &row, err);
    if (ok && str_trim(reason).len == 0) {
        ok = error_say(err, SAY_TIER_NEEDS_REASON);
    }
    if (ok && !policy->tiers[tier].kept) {
        ok = error_say_by(err, policy->tiers_source, SAY_NO_TIER, arg_z(policy->name),
                          arg_word(&tiers, (int)tier));
    }
    if (ok && (row.tier != tier || row.tier_source != TIER_GIVEN)) {
        ok = store_event_note(w->store, row.id, EVENT_TIER, today, err) &&
             household_set_tier(w, actor, &row, tier, TIER_GIVEN, reason, today, err) &&
             household_tier_mismatch(w, &row, today, err);
    }
    arena_free(&a);
    return ok;
}

static bool move(struct work *w, struct actor actor, struct household_row *row, int64_t division,
                 int64_t township, struct error *err)
{
    char text[DIVISION_TEXT];
    int64_t from = row->division, from_township = row->township;
    struct date today = work_today(w);
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    struct canon c = canon_open(&before);
    canon_str(&c, "division", str_of(division_text(from, text)));
    canon_close(&c);
    c = canon_open(&after);
    canon_str(&c, "division", str_of(division_text(division, text)));
    canon_close(&c);
    row->division = division;
    row->township = township;
    struct tell_facts told = {.household = row->household, .from = from, .to = division};
    char head[DIGEST_HEX + 1];
    bool ok = store_event_note(w->store, row->id, EVENT_MOVE, today, err) &&
              store_household_update(w->store, row, err) &&
              store_tasks_move(w->store, row->id, township, err) &&
              work_audit(w, actor, "household.move", row->household, strbuf_str(&before),
                         strbuf_str(&after), err) &&
              store_audit_head(w->store, head, &told.number, err);
    /* A household may move to and fro: the number of its entry tells the moves apart. */
    ok = ok && (from_township == township ||
                (tell(w, TELL_MOVED_AWAY, from_township, today, &told, NULL, err) &&
                 tell(w, TELL_MOVED_IN, township, today, &told, NULL, err)));
    strbuf_free(&before);
    strbuf_free(&after);
    return ok;
}

bool change_move(struct work *w, struct actor actor, struct str household, int64_t division,
                 struct error *err)
{
    struct arena a = ARENA_INIT;
    struct household_row row;
    struct division_row to = {0};
    int64_t township = 0;
    int64_t now;
    bool ok = find(w, &a, household, &row, err) &&
              store_division_now(w->store, division, &now, err) &&
              store_division_get(w->store, &a, division, &to, err) &&
              store_division_up(w->store, division, LEVEL_TOWNSHIP, &township, err);
    if (ok && (to.code == 0 || township == 0)) {
        char text[DIVISION_TEXT];
        ok = error_say(err, SAY_NO_VILLAGE, arg_z(division_text(division, text)));
    }
    if (ok && now != division) {
        char old[DIVISION_TEXT], text[DIVISION_TEXT];
        ok = error_say(err, SAY_DIVISION_JOINED, arg_z(division_text(division, old)),
                       arg_z(division_text(now, text)));
    }
    ok = ok && (row.division == division || move(w, actor, &row, division, township, err));
    arena_free(&a);
    return ok;
}
