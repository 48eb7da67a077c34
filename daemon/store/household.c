#include "store/household.h"

#include "store/db.h"

#define COLUMNS                                                                                    \
    "id, household, division, township, head_name, head_id, address, phone, status, register, "    \
    "tier, tier_source, income_kind, income, pension, employment_cost, approved_on, anchor_on, "   \
    "last_review_on, missed_cycles, reports_seen, entered_on, partial, history, settle_by"

static const struct db_field fields[] = {
    FIELD_OR_NULL(struct household_row, id),
    FIELD(struct household_row, household),
    FIELD(struct household_row, division),
    FIELD(struct household_row, township),
    FIELD_OR_NULL(struct household_row, head_name),
    FIELD_OR_NULL(struct household_row, head_id),
    FIELD_OR_NULL(struct household_row, address),
    FIELD_OR_NULL(struct household_row, phone),
    FIELD_NAME(struct household_row, status, statuses),
    FIELD_NAME(struct household_row, register_state, register_states),
    FIELD_NAME(struct household_row, tier, tiers),
    FIELD_NAME(struct household_row, tier_source, tier_sources),
    FIELD_NAME(struct household_row, income_kind, income_kinds),
    FIELD_OR_MINUS(struct household_row, income),
    FIELD_OR_MINUS(struct household_row, pension),
    FIELD_OR_MINUS(struct household_row, employment_cost),
    FIELD_OR_NULL(struct household_row, approved_on),
    FIELD_OR_NULL(struct household_row, anchor_on),
    FIELD_OR_NULL(struct household_row, last_review_on),
    FIELD(struct household_row, missed_cycles),
    FIELD(struct household_row, reports_seen),
    FIELD_OR_NULL(struct household_row, entered_on),
    FIELD(struct household_row, partial),
    FIELD_NAME(struct household_row, history, histories),
    FIELD_OR_NULL(struct household_row, settle_by),
};
static const struct db_shape households = SHAPE("household", struct household_row, fields, 25);

bool store_household_find(struct store *s, struct arena *a, struct str household,
                          struct household_row *row, struct error *err)
{
    return db_one(s, err, a, &households, row,
                  "SELECT " COLUMNS " FROM household WHERE household = ?", ARG(household));
}

bool store_household_get(struct store *s, struct arena *a, int64_t id, struct household_row *row,
                         struct error *err)
{
    return db_one(s, err, a, &households, row, "SELECT " COLUMNS " FROM household WHERE id = ?",
                  ARG(id));
}

bool store_household_number(struct store *s, struct arena *a, int64_t id, struct str *household,
                            struct error *err)
{
    return db_one(s, err, a, &db_text, household, "SELECT household FROM household WHERE id = ?",
                  ARG(id));
}

bool store_household_next(struct store *s, struct arena *a, int64_t after,
                          struct household_row *row, struct error *err)
{
    return db_one(s, err, a, &households, row,
                  "SELECT " COLUMNS " FROM household WHERE id > ? ORDER BY id LIMIT 1", ARG(after));
}

bool store_household_insert(struct store *s, struct household_row *row, struct error *err)
{
    bool ok = db_do(s, err,
                    "INSERT INTO household (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    ARG_ROW(&households, row));
    row->id = ok ? db_inserted(s) : row->id;
    return ok;
}

bool store_household_update(struct store *s, const struct household_row *row, struct error *err)
{
    return db_do(s, err,
                 "UPDATE household SET division = ?3, township = ?4, head_name = ?5, "
                 "head_id = ?6, address = ?7, phone = ?8, status = ?9, register = ?10, "
                 "tier = ?11, tier_source = ?12, income_kind = ?13, income = ?14, pension = ?15, "
                 "employment_cost = ?16, approved_on = ?17, anchor_on = ?18, "
                 "last_review_on = ?19, missed_cycles = ?20, reports_seen = ?21, entered_on = ?22, "
                 "partial = ?23, history = ?24, settle_by = ?25 "
                 "WHERE id = ?1 AND household = ?2",
                 ARG_ROW(&households, row));
}

bool store_household_each(struct store *s, struct arena *a, int64_t township, struct str after,
                          bool (*take)(void *self, const struct household_row *row), void *self,
                          struct error *err)
{
    struct str from = after.data ? after : STR("");
    sqlite3_stmt *q = township ? db_query(s, err,
                                          "SELECT " COLUMNS " FROM household WHERE township = ? "
                                          "AND household > ? ORDER BY household",
                                          ARG(township), ARG(from))
                               : db_query(s, err,
                                          "SELECT " COLUMNS " FROM household WHERE household > ? "
                                          "ORDER BY household",
                                          ARG(from));
    struct household_row row;
    bool more;
    while (db_next(s, q, err, a, &households, &row, &more)) {
        if (!more) {
            return true;
        }
        if (!take(self, &row)) {
            db_end(q);
            return true;
        }
    }
    return false;
}

bool store_household_any(struct store *s, int64_t from, int64_t to, bool *any, struct error *err)
{
    return db_any(s, err, any, "SELECT id FROM household WHERE township BETWEEN ? AND ? LIMIT 1",
                  ARG(from), ARG(to));
}

static const struct db_field untold_fields[] = {
    FIELD(struct untold_row, household_id),      FIELD(struct untold_row, township),
    FIELD(struct untold_row, household),         FIELD_NAME(struct untold_row, tier, tiers),
    FIELD_OR_NULL(struct untold_row, settle_by),
};
static const struct db_shape untold = SHAPE("household", struct untold_row, untold_fields, 0);

bool store_tiers_untold(struct store *s, struct arena *a, int limit, struct untold_row **rows,
                        int *count, struct error *err)
{
    return db_all(s, err, a, &untold, rows, count,
                  "SELECT d.household_id, h.township, h.household, h.tier, h.settle_by "
                  "FROM tier_default d CROSS JOIN household h ON h.id = d.household_id "
                  "WHERE d.told_on IS NULL AND d.household_id > 0 "
                  "AND (h.settle_by IS NULL OR d.pending_on IS NULL) "
                  "ORDER BY d.household_id LIMIT ?",
                  ARG(limit));
}

bool store_tier_told(struct store *s, int64_t household_id, bool pending, struct date on,
                     struct error *err)
{
    return pending
               ? db_do(s, err, "UPDATE tier_default SET pending_on = ?2 WHERE household_id = ?1",
                       ARG(household_id), ARG(on))
               : db_do(s, err, "UPDATE tier_default SET told_on = ?2 WHERE household_id = ?1",
                       ARG(household_id), ARG(on));
}

bool store_households_settled(struct store *s, struct date before, int limit, bool *more,
                              struct error *err)
{
    struct arena a = ARENA_INIT;
    int64_t *ids;
    int count = 0;
    bool ok = db_all(s, err, &a, &db_number, &ids, &count,
                     "SELECT id FROM household WHERE settle_by < ? ORDER BY settle_by LIMIT ?",
                     ARG(before), ARG(limit));
    for (int i = 0; ok && i < count; i++) {
        ok = db_do(s, err, "UPDATE household SET settle_by = NULL WHERE id = ?", ARG(ids[i]));
    }
    *more = ok && count == limit;
    arena_free(&a);
    return ok;
}

#define MEMBER_COLUMNS                                                                             \
    "member, name, id, birth_on, health, disability, work_ability, student, status, status_on"

static const struct db_field member_fields[] = {
    FIELD(struct member_row, member),
    FIELD_OR_NULL(struct member_row, name),
    FIELD_OR_NULL(struct member_row, id),
    FIELD_OR_NULL(struct member_row, birth_on),
    FIELD_NAME(struct member_row, health, healths),
    FIELD_NAME(struct member_row, disability, disabilities),
    FIELD_NAME(struct member_row, work_ability, work_abilities),
    FIELD_OR_MINUS(struct member_row, student),
    FIELD_NAME(struct member_row, status, member_statuses),
    FIELD_OR_NULL(struct member_row, status_on),
};
static const struct db_shape members = SHAPE("member", struct member_row, member_fields, 10);

bool store_member_find(struct store *s, struct arena *a, int64_t household_id, struct str member,
                       struct member_row *row, bool *found, struct error *err)
{
    bool ok = db_one(s, err, a, &members, row,
                     "SELECT " MEMBER_COLUMNS " FROM member WHERE household_id = ? AND member = ?",
                     ARG(household_id), ARG(member));
    *found = row->member.data != NULL;
    return ok;
}

bool store_member_any(struct store *s, int64_t household_id, bool *any, struct error *err)
{
    return db_any(s, err, any, "SELECT 1 FROM member WHERE household_id = ? LIMIT 1",
                  ARG(household_id));
}

bool store_member_put(struct store *s, int64_t household_id, const struct member_row *row,
                      struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO member (household_id, " MEMBER_COLUMNS ") "
                 "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (household_id, member) "
                 "DO UPDATE SET name = excluded.name, id = excluded.id, "
                 "birth_on = excluded.birth_on, health = excluded.health, "
                 "disability = excluded.disability, work_ability = excluded.work_ability, "
                 "student = excluded.student, status = excluded.status, "
                 "status_on = excluded.status_on",
                 ARG(household_id), ARG_ROW(&members, row));
}

bool store_members(struct store *s, struct arena *a, int64_t household_id, struct member_row **rows,
                   int *count, struct error *err)
{
    return db_all(s, err, a, &members, rows, count,
                  "SELECT " MEMBER_COLUMNS " FROM member WHERE household_id = ? ORDER BY member",
                  ARG(household_id));
}

struct tier_changed {
    struct date on;
    enum tier before, after;
};
static const struct db_field change_fields[] = {
    FIELD(struct tier_changed, on),
    FIELD_NAME(struct tier_changed, before, tiers),
    FIELD_NAME(struct tier_changed, after, tiers),
};
static const struct db_shape changes = SHAPE("tier_change", struct tier_changed, change_fields, 0);

bool store_tier_spans(struct store *s, struct arena *a, int64_t household_id, enum tier now,
                      struct tier_span **spans, int *count, struct error *err)
{
    struct tier_changed *changed;
    bool ok = db_all(s, err, a, &changes, &changed, count,
                     "SELECT on_day, tier_before, tier_after FROM tier_change "
                     "WHERE household_id = ? AND corrected = 0 ORDER BY number",
                     ARG(household_id));
    *spans = arena_alloc(a, ((size_t)*count + 1) * sizeof **spans);
    (*spans)[0] = (struct tier_span){DATE_NONE, *count ? changed[0].before : now};
    for (int i = 0; i < *count; i++) {
        (*spans)[i + 1] = (struct tier_span){changed[i].on, changed[i].after};
    }
    ++*count;
    return ok;
}

bool store_tier_change(struct store *s, int64_t household_id, struct date on, enum tier before,
                       enum tier after, enum tier_source source, struct str reason,
                       struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO tier_change (household_id, number, on_day, tier_before, tier_after, "
                 "source, reason) VALUES (?1, (SELECT coalesce(max(number), 0) + 1 "
                 "FROM tier_change WHERE household_id = ?1), ?2, ?3, ?4, ?5, ?6)",
                 ARG(household_id), ARG(on), ARG_NAME(&tiers, before), ARG_NAME(&tiers, after),
                 ARG_NAME(&tier_sources, source), ARG(reason));
}

bool store_tier_changed_by(struct store *s, int64_t household_id, int64_t after, struct str reason,
                           bool *is, struct error *err)
{
    return db_any(s, err, is,
                  "SELECT 1 FROM tier_change WHERE household_id = ? AND number > ? "
                  "AND reason = ? LIMIT 1",
                  ARG(household_id), ARG(after), ARG(reason));
}
