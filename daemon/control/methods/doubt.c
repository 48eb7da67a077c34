/* doubts */
#include "work/doubt.h"
#include "control/walk.h"

/* `self` is the kind that is wanted; -1: any. */
static bool doubts_give(struct call *c, struct work *w, const struct household_row *row, void *self,
                        json_t *items, struct error *err)
{
    const int kind = *(const int *)self;
    struct doubt *doubts;
    int count;

    if (!doubts_of(w, &c->arena, row, &doubts, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        const struct doubt *d = &doubts[i];
        struct household_row other = {0};

        if (kind >= 0 && kind != (int)d->kind) {
            continue;
        }
        if (d->other && !store_household_get(w->store, &c->arena, d->other, &other, err)) {
            return false;
        }
        bool seen = d->other && peer_sees_in(c->peer, other.township, other.division);
        json_array_append_new(
            items, json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o}", "household",
                             json_str(row->household), "township", json_division(row->township),
                             "division", json_division(row->division), "head_name",
                             json_str(row->head_name), "status",
                             names_text(&statuses, (int)row->status), "doubt",
                             names_text(&doubt_kinds, (int)d->kind), "member", json_str(d->member),
                             "other", seen ? json_str(other.household) : json_null()));
    }
    return true;
}

static bool doubts_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct scope scope;
    int kind = call_word(c, "kind");

    return methods_scope(c, w, &scope, err) &&
           walk_households(c, w, &scope, doubts_give, &kind, result, err);
}

static const struct param doubts_params[] = {
    METHODS_TOWNSHIP,
    {"kind", PARAM_WORD, false, &doubt_kinds, "only this kind"},
    METHODS_PAGE,
};

const struct method methods_doubt[] = {
    {.name = "doubts",
     .least = ROLE_VIEWER,
     .bound = BOUND_ITEMS,
     .how = METHOD_QUERY,
     .summary = "Contradictions in what is on record that forbid nothing",
     .params = doubts_params,
     .run = doubts_run,
     .result_help =
         "`{items, next}`, in bytewise order of the households; an item is `{household, township, "
         "division, head_name, status, doubt, member, other}`. `doubt` is `person-twice` "
         "(`member`, "
         "null for the head, is present in the household `other` too, null where the caller does "
         "not see that), `tier-mismatch` (the tier given by hand is not the one that the facts "
         "give), `birth-unknown` (of a present member, the first of "
         "them), `nobody-present`, or `income-above` (active, and the countable income a head is "
         "above the district's standard). A page may be short while `next` is given."},
    {.name = NULL},
};
