#include "work/doubt.h"

#include "rules/protection.h"
#include "rules/tier.h"
#include "store/calendar.h"
#include "store/division.h"
#include "store/doubt.h"

static const struct word doubt_words[] = {
    [DOUBT_PERSON_TWICE] = {"person-twice", "同一身份证号重复"},
    [DOUBT_TIER_MISMATCH] = {"tier-mismatch", "复核档次不符"},
    [DOUBT_BIRTH_UNKNOWN] = {"birth-unknown", "出生日期不详"},
    [DOUBT_NOBODY_PRESENT] = {"nobody-present", "户内无在册成员"},
    [DOUBT_INCOME_ABOVE] = {"income-above", "收入高于标准"},
};
const struct names doubt_kinds = NAMES_TABLE("doubt", doubt_words);

/* The household's persons of whom the number is known: its present members, and its head where no
 * member has the head's number. */
static bool twice(struct work *w, const struct household_row *row, struct str id, struct str member,
                  struct doubt *doubts, int *n, struct error *err)
{
    int64_t other = 0;
    if (!id.data) {
        return true;
    }
    if (!store_person_elsewhere(w->store, id, row->id, &other, err)) {
        return false;
    }
    if (other > 0) {
        doubts[(*n)++] = (struct doubt){DOUBT_PERSON_TWICE, member, other};
    }
    return true;
}

bool doubts_of(struct work *w, struct arena *a, const struct household_row *row,
               struct doubt **doubts, int *count, struct error *err)
{
    struct household_view view = {.row = *row};
    struct date today = work_today(w);
    const struct policy *policy = work_policy(w, today, err);
    bool reviewed = row->status == STATUS_ACTIVE || row->status == STATUS_SUSPENDED;
    int n = 0;
    *count = 0;
    *doubts = NULL;
    if (row->status == STATUS_CLOSED) {
        return true;
    }
    if (!policy || !store_members(w->store, a, row->id, &view.members, &view.member_count, err)) {
        return false;
    }
    struct doubt *d = arena_alloc(a, (size_t)(view.member_count + 8) * sizeof *d);
    const struct member_row *no_birth = NULL;
    bool head = false; /* stands among the members */
    for (int i = 0; i < view.member_count; i++) {
        const struct member_row *m = &view.members[i];
        head = head || str_equal(m->id, row->head_id);
        if (m->status != MEMBER_PRESENT) {
            continue;
        }
        if (!twice(w, row, m->id, m->member, d, &n, err)) {
            return false;
        }
        no_birth = no_birth || date_is(m->birth_on) ? no_birth : m;
    }
    if (!head && !twice(w, row, row->head_id, STR_NONE, d, &n, err)) {
        return false;
    }
    struct household_facts facts = household_facts_of(a, &view);
    int present = household_present(&facts);
    enum tier_source source;
    if (reviewed && row->tier_source == TIER_GIVEN &&
        tier_derive(policy, &facts, &source, NULL) != row->tier && source == TIER_DERIVED) {
        d[n++] = (struct doubt){.kind = DOUBT_TIER_MISMATCH};
    }
    if (no_birth) {
        d[n++] = (struct doubt){.kind = DOUBT_BIRTH_UNKNOWN, .member = no_birth->member};
    }
    if (reviewed && view.member_count > 0 && present == 0) {
        d[n++] = (struct doubt){.kind = DOUBT_NOBODY_PRESENT};
    }
    int64_t income = row->status == STATUS_ACTIVE ? countable_income(policy, today, &facts) : -1;
    if (income >= 0) {
        struct standard_row standard;
        int64_t district;
        if (!store_division_up(w->store, row->township, LEVEL_DISTRICT, &district, err) ||
            !store_standard_latest(w->store, district, date_ymd(today).year, &standard, err)) {
            return false;
        }
        if (standard.district && income > standard.dibao * present) {
            d[n++] = (struct doubt){.kind = DOUBT_INCOME_ABOVE};
        }
    }
    *doubts = d;
    *count = n;
    return true;
}
