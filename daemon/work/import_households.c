/* Households (contract.md 3.4 Import, section 5). */
#include "base/canon.h"
#include "rules/tier.h"
#include "work/campaign.h"
#include "work/import_kind.h"
#include "work/origin.h"

enum {
    HH_HOUSEHOLD,
    HH_DIVISION,
    HH_HEAD_NAME,
    HH_HEAD_ID,
    HH_ADDRESS,
    HH_PHONE,
    HH_STATUS,
    HH_TIER,
    HH_INCOME_KIND,
    HH_INCOME,
    HH_PENSION,
    HH_EMPLOYMENT_COST,
    HH_APPROVED_ON,
    HH_LAST_REVIEW_ON,
    HH_REGISTER,
    HH_TIER_SOURCE
};
static const struct import_column columns[] = {
    {"household", "户号", true, IMPORT_CODE, false},
    {"division", "区划代码", true, IMPORT_CODE, false},
    {"head_name", "户主", false, IMPORT_NAME, false},
    {"head_id", "户主身份证号", false, IMPORT_CODE, true},
    {"address", "地址", false, IMPORT_TEXT, true},
    {"phone", "电话", false, IMPORT_CODE, true},
    {"status", "状态", false, IMPORT_WORD, false},
    {"tier", "复核档次", false, IMPORT_WORD, false},
    {"income_kind", "收入类型", false, IMPORT_WORD, true},
    {"income", "年收入", false, IMPORT_WORD, true},
    {"pension", "养老金", false, IMPORT_WORD, true},
    {"employment_cost", "就业成本", false, IMPORT_WORD, true},
    {"approved_on", "批准日期", true, IMPORT_WORD, false},
    {"last_review_on", "上次复核日期", false, IMPORT_WORD, false},
    {"register", "建档立卡", false, IMPORT_WORD, false},
    {"tier_source", "档次来源", false, IMPORT_WORD, false},
    {0}};

/* A row as the file gives it: -1, no data or DATE_NONE where the cell is empty. */
struct household_cells {
    struct household_row row;
    int status, register_state, tier, income_kind;
    struct import_division division;
};

static bool household_read(struct import_context *c, const struct str *cells,
                           struct household_cells *g, struct error *err)
{
    int source = -1;
    struct date birth = DATE_NONE;
    struct household_row *r = &g->row;
    *g = (struct household_cells){.row = {.income = FEN_UNKNOWN,
                                          .pension = FEN_UNKNOWN,
                                          .employment_cost = FEN_UNKNOWN,
                                          .approved_on = DATE_NONE,
                                          .anchor_on = DATE_NONE,
                                          .last_review_on = DATE_NONE}};
    import_text(c, "household", cells[HH_HOUSEHOLD], 64, &r->household);
    if (cells[HH_HOUSEHOLD].len == 0) {
        import_fault(c, "household", "missing", sentence(SAY_IMPORT_EMPTY));
    }
    if (!import_find_division(c, cells[HH_DIVISION], &g->division, err)) {
        return false;
    }
    if (g->division.code == 0) {
        import_fault(c, "division", cells[HH_DIVISION].len ? "unknown-division" : "missing",
                     sentence(SAY_IMPORT_DIVISION, arg_text(cells[HH_DIVISION])));
    } else if (g->division.level < LEVEL_TOWNSHIP || !g->division.township) {
        import_fault(
            c, "division", "bad-level",
            sentence(SAY_IMPORT_HOUSEHOLD_LEVEL, arg_word(&levels, (int)g->division.level)));
    }
    r->division = g->division.code;
    r->township = g->division.township;
    import_text(c, "head_name", cells[HH_HEAD_NAME], 120, &r->head_name);
    import_identity(c, "head_id", cells[HH_HEAD_ID], &r->head_id, &birth);
    import_text(c, "address", cells[HH_ADDRESS], 400, &r->address);
    import_text(c, "phone", cells[HH_PHONE], 40, &r->phone);
    g->status = g->register_state = g->tier = g->income_kind = -1;
    import_word(c, "status", cells[HH_STATUS], &statuses, &g->status);
    import_word(c, "register", cells[HH_REGISTER], &register_states, &g->register_state);
    import_word(c, "tier", cells[HH_TIER], &tiers, &g->tier);
    import_word(c, "tier_source", cells[HH_TIER_SOURCE], &tier_sources, &source);
    if (source >= 0 && source != TIER_GIVEN) {
        g->tier = -1; /* `household list` tells it; nobody gave it */
    }
    import_word(c, "income_kind", cells[HH_INCOME_KIND], &income_kinds, &g->income_kind);
    import_money(c, "income", cells[HH_INCOME], &r->income);
    import_money(c, "pension", cells[HH_PENSION], &r->pension);
    import_money(c, "employment_cost", cells[HH_EMPLOYMENT_COST], &r->employment_cost);
    import_day(c, "approved_on", cells[HH_APPROVED_ON], &r->approved_on);
    import_day(c, "last_review_on", cells[HH_LAST_REVIEW_ON], &r->last_review_on);
    return true;
}

/* A new admission: a closed household that is approved again, later. */
static bool readmitted(const struct household_row *old, const struct household_cells *g)
{
    return old->status == STATUS_CLOSED && date_is(g->row.approved_on) &&
           (!date_is(old->approved_on) || date_cmp(g->row.approved_on, old->approved_on) > 0);
}

/* What an import may not change in a household that is known (contract.md 3.5, section 5). */
static void check_conflicts(struct import_context *c, const struct household_row *old,
                            const struct household_cells *g)
{
    if (g->division.code && old->township / 1000000 != g->division.township / 1000000) {
        import_fault(c, "division", "conflict", sentence(SAY_IMPORT_OTHER_DISTRICT));
    }
    if (readmitted(old, g)) {
        return;
    }
    if (date_is(g->row.approved_on) && g->row.approved_on.day != old->approved_on.day) {
        import_fault(c, "approved_on", "conflict",
                     date_is(old->approved_on)
                         ? sentence(SAY_IMPORT_APPROVED, date_arg(old->approved_on))
                         : sentence(SAY_IMPORT_NOT_APPROVED));
    }
    if (date_is(g->row.last_review_on) &&
        (!date_is(old->last_review_on) ||
         date_cmp(g->row.last_review_on, old->last_review_on) != 0)) {
        import_fault(c, "last_review_on", "conflict",
                     date_is(old->last_review_on)
                         ? sentence(SAY_IMPORT_LAST_REVIEW, date_arg(old->last_review_on))
                         : sentence(SAY_IMPORT_NO_REVIEW));
    }
    if (g->status >= 0 && g->status != (int)old->status) {
        import_fault(c, "status", "conflict",
                     sentence(SAY_IMPORT_STATUS, arg_word(&statuses, (int)old->status)));
    }
    if (g->register_state == REGISTER_NONE && old->register_state != REGISTER_NONE) {
        import_fault(c, "register", "conflict",
                     sentence(SAY_IMPORT_OFF_REGISTER,
                              arg_word(&register_states, (int)old->register_state)));
    }
}

static bool household_check_row(struct import_context *c, const struct str *cells,
                                struct error *err)
{
    struct household_cells g;
    struct household_row old = {0};
    if (!household_read(c, cells, &g, err) ||
        !store_household_find(c->w->store, &c->row, cells[HH_HOUSEHOLD], &old, err)) {
        return false;
    }
    struct date a = g.row.approved_on, l = g.row.last_review_on;
    if (old.id == 0 && g.status != STATUS_REGISTER_ONLY && cells[HH_APPROVED_ON].len == 0) {
        import_fault(c, "approved_on", "missing", sentence(SAY_IMPORT_APPROVAL));
    }
    if (date_is(a) && date_cmp(a, c->today) > 0) {
        import_fault(c, "approved_on", "after-today",
                     sentence(SAY_IMPORT_AFTER_TODAY, date_arg(a), date_arg(c->today)));
    }
    if (date_is(l) && date_cmp(l, c->today) > 0) {
        import_fault(c, "last_review_on", "after-today",
                     sentence(SAY_IMPORT_AFTER_TODAY, date_arg(l), date_arg(c->today)));
    }
    if (date_is(l) && date_is(a) && date_cmp(l, a) < 0) {
        import_fault(c, "last_review_on", "before-approval",
                     sentence(SAY_IMPORT_BEFORE_APPROVAL, date_arg(a)));
    }
    if (old.id) {
        check_conflicts(c, &old, &g);
    }
    if (cells[HH_HOUSEHOLD].len) {
        uint64_t first = import_seen_add(c->seen, cells[HH_HOUSEHOLD], c->line);
        if (first) {
            import_fault(c, "household", "duplicate",
                         sentence(SAY_IMPORT_DUPLICATE, arg_number((int64_t)(first))));
        }
    }
    return true;
}

/* Yuan with two decimals, as on the socket. */
static void audit_money(struct canon *j, const char *key, int64_t fen)
{
    struct strbuf text = STRBUF_INIT;
    if (fen == FEN_UNKNOWN) {
        canon_null(j, key);
    } else {
        strbuf_addfen(&text, fen);
        canon_str(j, key, strbuf_str(&text));
    }
    strbuf_free(&text);
}

/* The household as the audit sees it: personal values as digests only. */
static void household_audit(struct import_context *c, struct strbuf *out,
                            const struct household_row *r)
{
    char day[DATE_TEXT], code[DIVISION_TEXT];
    struct store *s = c->w->store;
    struct canon j = canon_open(out);
    canon_str(&j, "address", audit_personal(s, &c->row, r->address));
    canon_str(&j, "approved_on",
              date_is(r->approved_on) ? str_of(date_text(r->approved_on, day)) : STR_NONE);
    canon_str(&j, "division", str_of(division_text(r->division, code)));
    audit_money(&j, "employment_cost", r->employment_cost);
    canon_str(&j, "head_id", audit_personal(s, &c->row, r->head_id));
    canon_str(&j, "head_name", audit_personal(s, &c->row, r->head_name));
    audit_money(&j, "income", r->income);
    canon_str(&j, "income_kind", str_of(names_text(&income_kinds, (int)r->income_kind)));
    canon_str(&j, "last_review_on",
              date_is(r->last_review_on) ? str_of(date_text(r->last_review_on, day)) : STR_NONE);
    audit_money(&j, "pension", r->pension);
    canon_str(&j, "phone", audit_personal(s, &c->row, r->phone));
    canon_str(&j, "register", str_of(names_text(&register_states, (int)r->register_state)));
    canon_str(&j, "status", str_of(names_text(&statuses, (int)r->status)));
    canon_str(&j, "tier", str_of(names_text(&tiers, (int)r->tier)));
    canon_str(&j, "tier_source", str_of(names_text(&tier_sources, (int)r->tier_source)));
    canon_close(&j);
}

static bool audit_change(struct import_context *c, const char *action,
                         const struct household_row *old, const struct household_row *row,
                         struct error *err)
{
    struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
    if (old) {
        household_audit(c, &before, old);
    }
    household_audit(c, &after, row);
    bool ok = work_audit(c->w, c->actor, action, row->household,
                         old ? strbuf_str(&before) : STR_NONE, strbuf_str(&after), err);
    strbuf_free(&before);
    strbuf_free(&after);
    return ok;
}

static const struct origin_row imported = {.source = ORIGIN_IMPORT, .on = {INT32_MIN}};

static bool household_add(struct import_context *c, struct household_cells *g, struct error *err)
{
    struct household_row *r = &g->row;
    r->head_id = import_text_after(r->head_id, STR_NONE);
    r->address = import_text_after(r->address, STR_NONE);
    r->phone = import_text_after(r->phone, STR_NONE);
    r->income = import_fen_after(r->income, FEN_UNKNOWN);
    r->pension = import_fen_after(r->pension, FEN_UNKNOWN);
    r->employment_cost = import_fen_after(r->employment_cost, FEN_UNKNOWN);
    r->status = g->status < 0 ? STATUS_ACTIVE : (enum status)g->status;
    r->register_state =
        g->register_state < 0 ? REGISTER_NONE : (enum register_state)g->register_state;
    r->income_kind = g->income_kind < 0 ? INCOME_UNKNOWN : (enum income_kind)g->income_kind;
    r->tier = g->tier < 0 ? TIER_QUARTERLY : (enum tier)g->tier;
    r->tier_source = g->tier < 0 ? TIER_DEFAULT : TIER_GIVEN;
    r->anchor_on = r->approved_on;
    r->partial = c->partial;
    struct household_entry entry;
    return household_entry(c->w, r, c->today, &entry, err) &&
           store_household_insert(c->w->store, r, err) &&
           audit_change(c, "household.add", NULL, r, err) && origin_added(c->w, r, err) &&
           household_enter(c->w, c->actor, r, &entry, err) &&
           campaign_qualify(c->w, c->actor, NULL, r, err);
}

/* The household after the row: empty cells change nothing. */
static struct household_row household_after(const struct household_row *old,
                                            const struct household_cells *g)
{
    struct household_row r = *old;
    r.division = g->division.code;
    r.township = g->division.township;
    r.head_name = import_text_after(g->row.head_name, old->head_name);
    r.head_id = import_text_after(g->row.head_id, old->head_id);
    r.address = import_text_after(g->row.address, old->address);
    r.phone = import_text_after(g->row.phone, old->phone);
    r.income = import_fen_after(g->row.income, old->income);
    r.pension = import_fen_after(g->row.pension, old->pension);
    r.employment_cost = import_fen_after(g->row.employment_cost, old->employment_cost);
    if (g->income_kind >= 0) {
        r.income_kind = (enum income_kind)g->income_kind;
    }
    if (g->register_state >= 0) {
        r.register_state = (enum register_state)g->register_state;
    }
    if (g->tier >= 0) {
        r.tier = (enum tier)g->tier;
        r.tier_source = TIER_GIVEN;
    }
    return r;
}

static bool household_readmit(struct import_context *c, const struct household_row *old,
                              struct household_cells *g, struct error *err)
{
    struct household_row r = household_after(old, g);
    r.status = g->status < 0 ? STATUS_ACTIVE : (enum status)g->status;
    r.approved_on = r.anchor_on = g->row.approved_on;
    r.last_review_on = g->row.last_review_on;
    r.partial = c->partial;
    struct household_entry entry;
    return household_entry(c->w, &r, c->today, &entry, err) &&
           store_household_update(c->w->store, &r, err) &&
           audit_change(c, "household.readmit", old, &r, err) &&
           origin_changed(c->w, old, &r, imported, err) &&
           household_enter(c->w, c->actor, &r, &entry, err) &&
           campaign_qualify(c->w, c->actor, old, &r, err);
}

static bool household_change(struct import_context *c, const struct household_row *old,
                             struct household_row *r, struct error *err)
{
    enum tier tier = r->tier;
    bool facts = r->income_kind != old->income_kind; /* the derived tier follows them (3.3) */
    bool settles = date_is(old->settle_by) && r->tier_source != old->tier_source;
    r->tier = old->tier; /* household_set_tier() changes it, with its cycle */
    if (tier == old->tier && !settles && !store_household_update(c->w->store, r, err)) {
        return false;
    }
    if ((tier != old->tier || settles) &&
        !household_set_tier(c->w, c->actor, r, tier, r->tier_source, STR("import"), c->today,
                            err)) {
        return false;
    }
    return (old->township == r->township ||
            store_tasks_move(c->w->store, r->id, r->township, err)) &&
           audit_change(c, "household.change", old, r, err) &&
           origin_changed(c->w, old, r, imported, err) &&
           (!facts || household_derive_tier(c->w, c->actor, r, c->today, err)) &&
           campaign_qualify(c->w, c->actor, old, r, err);
}

static bool household_apply(struct import_context *c, const struct str *cells,
                            enum import_effect *effect, struct error *err)
{
    struct household_cells g;
    struct household_row old = {0};
    *effect = IMPORT_UNCHANGED;
    if (!household_read(c, cells, &g, err) ||
        !store_household_find(c->w->store, &c->row, cells[HH_HOUSEHOLD], &old, err)) {
        return false;
    }
    if (old.id == 0) {
        *effect = IMPORT_ADDED;
        return household_add(c, &g, err);
    }
    check_conflicts(c, &old, &g); /* a change may have come in between */
    if (c->row_faults) {
        return true;
    }
    if (readmitted(&old, &g)) {
        *effect = IMPORT_CHANGED;
        return household_readmit(c, &old, &g, err);
    }
    struct household_row r = household_after(&old, &g);
    if (old.division == r.division && str_equal(old.head_name, r.head_name) &&
        str_equal(old.head_id, r.head_id) && str_equal(old.address, r.address) &&
        str_equal(old.phone, r.phone) && old.income == r.income && old.pension == r.pension &&
        old.employment_cost == r.employment_cost && old.income_kind == r.income_kind &&
        old.register_state == r.register_state && old.tier == r.tier &&
        old.tier_source == r.tier_source) {
        return true;
    }
    *effect = IMPORT_CHANGED;
    return household_change(c, &old, &r, err);
}

const struct import_class import_households = {
    .kind = IMPORT_HOUSEHOLDS,
    .columns = columns,
    .check = household_check_row,
    .apply = household_apply,
};
