#include "store/household.h"

#include "store/db.h"

#define COLUMNS                                                                                    \
    "id, household, division, township, head_name, head_id, address, phone, status, register, "    \
    "tier, tier_source, income_kind, income, pension, employment_cost, approved_on, anchor_on, "   \
    "last_review_on, missed_cycles, reports_seen"

static void household_read(sqlite3_stmt *q, struct arena *a, struct household_row *row)
{
    *row = (struct household_row){
        .id = db_get_int(q, 0),
        .household = db_get_str(q, 1, a),
        .division = db_get_int(q, 2),
        .township = db_get_int(q, 3),
        .head_name = db_get_str(q, 4, a),
        .head_id = db_get_str(q, 5, a),
        .address = db_get_str(q, 6, a),
        .phone = db_get_str(q, 7, a),
        .status = (enum status)db_get_name(q, 8, &statuses),
        .register_state = (enum register_state)db_get_name(q, 9, &register_states),
        .tier = (enum tier)db_get_name(q, 10, &tiers),
        .tier_source = (enum tier_source)db_get_name(q, 11, &tier_sources),
        .income_kind = (enum income_kind)db_get_name(q, 12, &income_kinds),
        .income = db_get_fen(q, 13),
        .pension = db_get_fen(q, 14),
        .employment_cost = db_get_fen(q, 15),
        .approved_on = db_get_date(q, 16),
        .anchor_on = db_get_date(q, 17),
        .last_review_on = db_get_date(q, 18),
        .missed_cycles = db_get_int(q, 19),
        .reports_seen = db_get_int(q, 20),
    };
}

static bool household_one(struct store *s, struct arena *a, sqlite3_stmt *q,
                          struct household_row *out, struct error *err)
{
    bool row;
    *out = (struct household_row){0};
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    if (row) {
        household_read(q, a, out);
        db_end(q);
    }
    return true;
}

bool store_household_find(struct store *s, struct arena *a, struct str household,
                          struct household_row *row, struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM household WHERE household = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_str(q, 1, household);
    return household_one(s, a, q, row, err);
}

bool store_household_get(struct store *s, struct arena *a, int64_t id, struct household_row *row,
                         struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM household WHERE id = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, id);
    return household_one(s, a, q, row, err);
}

bool store_household_next(struct store *s, struct arena *a, int64_t after,
                          struct household_row *row, struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM household WHERE id > ? ORDER BY id LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, after);
    return household_one(s, a, q, row, err);
}

/* Parameters 3 … 21 of both statements that write a row. */
static void household_bind(sqlite3_stmt *q, const struct household_row *row)
{
    db_int(q, 3, row->division);
    db_int(q, 4, row->township);
    db_str(q, 5, row->head_name);
    db_str(q, 6, row->head_id);
    db_str(q, 7, row->address);
    db_str(q, 8, row->phone);
    db_name(q, 9, &statuses, (int)row->status);
    db_name(q, 10, &register_states, (int)row->register_state);
    db_name(q, 11, &tiers, (int)row->tier);
    db_name(q, 12, &tier_sources, (int)row->tier_source);
    db_name(q, 13, &income_kinds, (int)row->income_kind);
    db_fen(q, 14, row->income);
    db_fen(q, 15, row->pension);
    db_fen(q, 16, row->employment_cost);
    db_date(q, 17, row->approved_on);
    db_date(q, 18, row->anchor_on);
    db_date(q, 19, row->last_review_on);
    db_int(q, 20, row->missed_cycles);
    db_int(q, 21, row->reports_seen);
}

bool store_household_insert(struct store *s, struct household_row *row, struct error *err)
{
    static const char sql[] = "INSERT INTO household (" COLUMNS
                              ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                              "?, ?, ?, ?, ?)";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_key(q, 1, row->id);
    db_str(q, 2, row->household);
    household_bind(q, row);
    if (!db_run(s, q, err)) {
        return false;
    }
    row->id = sqlite3_last_insert_rowid(s->db);
    return true;
}

bool store_household_update(struct store *s, const struct household_row *row, struct error *err)
{
    static const char sql[] =
        "UPDATE household SET division = ?3, township = ?4, head_name = ?5, head_id = ?6, "
        "address = ?7, phone = ?8, status = ?9, register = ?10, tier = ?11, tier_source = ?12, "
        "income_kind = ?13, income = ?14, pension = ?15, employment_cost = ?16, approved_on = ?17, "
        "anchor_on = ?18, last_review_on = ?19, missed_cycles = ?20, reports_seen = ?21 "
        "WHERE id = ?1 AND household = "
        "?2";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, row->id);
    db_str(q, 2, row->household);
    household_bind(q, row);
    return db_run(s, q, err);
}

bool store_household_each(struct store *s, struct arena *a, int64_t township, struct str after,
                          bool (*take)(void *self, const struct household_row *row), void *self,
                          struct error *err)
{
    static const char all[] =
        "SELECT " COLUMNS " FROM household WHERE household > ?2 ORDER BY household";
    static const char one[] = "SELECT " COLUMNS " FROM household "
                              "WHERE township = ?1 AND household > ?2 ORDER BY household";
    sqlite3_stmt *q = db_stmt(s, township ? one : all, err);
    bool row = q != NULL;
    if (q && township) {
        db_int(q, 1, township);
    }
    if (q) {
        db_str(q, 2, after.data ? after : STR(""));
    }
    while (row) {
        struct household_row found;
        if (!db_row(s, q, &row, err)) {
            return false;
        }
        if (!row) {
            return true;
        }
        household_read(q, a, &found);
        if (!take(self, &found)) {
            db_end(q);
            return true;
        }
    }
    return false;
}

bool store_household_any(struct store *s, int64_t from, int64_t to, bool *any, struct error *err)
{
    static const char sql[] = "SELECT id FROM household WHERE township BETWEEN ? AND ? LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, from);
    db_int(q, 2, to);
    if (!db_row(s, q, any, err)) {
        return false;
    }
    if (*any) {
        db_end(q);
    }
    return true;
}

static void untold_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct untold_row *row = out;
    *row = (struct untold_row){db_get_int(q, 0), db_get_int(q, 1), db_get_str(q, 2, a),
                               (enum tier)db_get_name(q, 3, &tiers)};
}

bool store_tiers_untold(struct store *s, struct arena *a, int limit, struct untold_row **rows,
                        int *count, struct error *err)
{
    static const char sql[] = "SELECT d.household_id, h.township, h.household, h.tier "
                              "FROM tier_default d CROSS JOIN household h ON h.id = d.household_id "
                              "WHERE d.told_on IS NULL AND d.household_id > 0 "
                              "ORDER BY d.household_id LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, limit);
    return db_rows(s, q, a, sizeof **rows, untold_read, rows, count, err);
}

bool store_tier_told(struct store *s, int64_t household_id, struct date on, struct error *err)
{
    static const char sql[] = "UPDATE tier_default SET told_on = ?2 WHERE household_id = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_date(q, 2, on);
    return db_run(s, q, err);
}

#define MEMBER_COLUMNS                                                                             \
    "member, name, id, birth_on, health, disability, work_ability, student, status, status_on"

static void member_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct member_row *row = out;
    *row = (struct member_row){
        .member = db_get_str(q, 0, a),
        .name = db_get_str(q, 1, a),
        .id = db_get_str(q, 2, a),
        .birth_on = db_get_date(q, 3),
        .health = (enum health)db_get_name(q, 4, &healths),
        .disability = (enum disability)db_get_name(q, 5, &disabilities),
        .work_ability = (enum work_ability)db_get_name(q, 6, &work_abilities),
        .student = sqlite3_column_type(q, 7) == SQLITE_NULL ? -1 : (int)db_get_int(q, 7),
        .status = (enum member_status)db_get_name(q, 8, &member_statuses),
        .status_on = db_get_date(q, 9),
    };
}

bool store_member_find(struct store *s, struct arena *a, int64_t household_id, struct str member,
                       struct member_row *row, bool *found, struct error *err)
{
    static const char sql[] =
        "SELECT " MEMBER_COLUMNS " FROM member WHERE household_id = ? AND member = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    *found = false;
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_str(q, 2, member);
    if (!db_row(s, q, found, err)) {
        return false;
    }
    if (*found) {
        member_read(q, a, row);
        db_end(q);
    }
    return true;
}

bool store_member_put(struct store *s, int64_t household_id, const struct member_row *row,
                      struct error *err)
{
    static const char sql[] =
        "INSERT INTO member (household_id, " MEMBER_COLUMNS ") "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (household_id, member) DO UPDATE SET "
        "name = excluded.name, id = excluded.id, birth_on = excluded.birth_on, "
        "health = excluded.health, disability = excluded.disability, "
        "work_ability = excluded.work_ability, student = excluded.student, "
        "status = excluded.status, status_on = excluded.status_on";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_str(q, 2, row->member);
    db_str(q, 3, row->name);
    db_str(q, 4, row->id);
    db_date(q, 5, row->birth_on);
    db_name(q, 6, &healths, (int)row->health);
    db_name(q, 7, &disabilities, (int)row->disability);
    db_name(q, 8, &work_abilities, (int)row->work_ability);
    if (row->student < 0) {
        sqlite3_bind_null(q, 9);
    } else {
        db_int(q, 9, row->student);
    }
    db_name(q, 10, &member_statuses, (int)row->status);
    db_date(q, 11, row->status_on);
    return db_run(s, q, err);
}

bool store_members(struct store *s, struct arena *a, int64_t household_id, struct member_row **rows,
                   int *count, struct error *err)
{
    static const char sql[] =
        "SELECT " MEMBER_COLUMNS " FROM member WHERE household_id = ? ORDER BY member";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    return db_rows(s, q, a, sizeof **rows, member_read, rows, count, err);
}

bool store_tier_spans(struct store *s, struct arena *a, int64_t household_id, enum tier now,
                      struct tier_span **spans, int *count, struct error *err)
{
    static const char sql[] = "SELECT on_day, tier_before, tier_after FROM tier_change "
                              "WHERE household_id = ? AND corrected = 0 ORDER BY number";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    int cap = 0;
    *spans = db_room(a, NULL, sizeof **spans, 0, &cap);
    (*spans)[0] = (struct tier_span){DATE_NONE, now};
    *count = 1;
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    for (;;) {
        bool row;
        if (!db_row(s, q, &row, err)) {
            return false;
        }
        if (!row) {
            return true;
        }
        if (*count == 1) {
            (*spans)[0].tier = (enum tier)db_get_name(q, 1, &tiers);
        }
        *spans = db_room(a, *spans, sizeof **spans, *count, &cap);
        (*spans)[(*count)++] =
            (struct tier_span){db_get_date(q, 0), (enum tier)db_get_name(q, 2, &tiers)};
    }
}

bool store_tier_change(struct store *s, int64_t household_id, struct date on, enum tier before,
                       enum tier after, enum tier_source source, struct str reason,
                       struct error *err)
{
    static const char sql[] =
        "INSERT INTO tier_change (household_id, number, on_day, tier_before, tier_after, source, "
        "reason) VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM tier_change "
        "WHERE household_id = ?1), ?2, ?3, ?4, ?5, ?6)";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_date(q, 2, on);
    db_name(q, 3, &tiers, (int)before);
    db_name(q, 4, &tiers, (int)after);
    db_name(q, 5, &tier_sources, (int)source);
    db_str(q, 6, reason);
    return db_run(s, q, err);
}
