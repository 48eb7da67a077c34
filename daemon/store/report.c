#include "store/report.h"

#include "store/db.h"

static const struct word kind_names[] = {
    {"illness", "患病"},  {"accident", "意外事故"},  {"death", "死亡"},      {"birth", "出生"},
    {"move-in", "迁入"},  {"move-out", "迁出"},      {"income", "收入变化"}, {"assets", "财产变化"},
    {"disaster", "受灾"}, {"schooling", "就学变化"}, {"other", "其他变化"},  {"age", "年龄变化"}};
const struct names report_kinds = NAMES_TABLE("kind", kind_names);
const struct names report_told_kinds = {"kind", REPORT_AGE, kind_names};

static void bind_uid(sqlite3_stmt *q, int at, int64_t uid)
{
    if (uid < 0) {
        sqlite3_bind_null(q, at);
    } else {
        db_int(q, at, uid);
    }
}

bool store_report_insert(struct store *s, struct report_row *row, struct error *err)
{
    static const char sql[] = "INSERT INTO report (household_id, task, kind, member, on_day, "
                              "recorded_on, income, pension, "
                              "employment_cost, asset, source, recorded_at, uid, who) "
                              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, row->household_id);
    db_key(q, 2, row->task);
    db_name(q, 3, &report_kinds, (int)row->kind);
    db_str(q, 4, row->member);
    db_date(q, 5, row->on);
    db_date(q, 6, row->recorded_on);
    db_fen(q, 7, row->income);
    db_fen(q, 8, row->pension);
    db_fen(q, 9, row->employment_cost);
    db_str(q, 10, row->asset);
    db_str(q, 11, row->source);
    db_str(q, 12, str_of(row->recorded_at));
    bind_uid(q, 13, row->uid);
    db_str(q, 14, row->who);
    if (!db_run(s, q, err)) {
        return false;
    }
    row->report = sqlite3_last_insert_rowid(s->db);
    return true;
}

#define COLUMNS                                                                                    \
    "report, household_id, task, kind, member, on_day, recorded_on, income, pension, "             \
    "employment_cost, asset, source, recorded_at, coalesce(uid, -1), who, corrected"

static void report_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct report_row *row = out;
    *row = (struct report_row){
        .report = db_get_int(q, 0),
        .household_id = db_get_int(q, 1),
        .task = db_get_int(q, 2),
        .kind = (enum report_kind)db_get_name(q, 3, &report_kinds),
        .member = db_get_str(q, 4, a),
        .on = db_get_date(q, 5),
        .recorded_on = db_get_date(q, 6),
        .income = db_get_fen(q, 7),
        .pension = db_get_fen(q, 8),
        .employment_cost = db_get_fen(q, 9),
        .asset = db_get_str(q, 10, a),
        .source = db_get_str(q, 11, a),
        .recorded_at = arena_copy(a, db_get_str(q, 12, a)),
        .uid = db_get_int(q, 13),
        .who = db_get_str(q, 14, a),
        .corrected = db_get_int(q, 15) != 0,
    };
}

bool store_reports_of(struct store *s, struct arena *a, int64_t household_id, int64_t task,
                      struct report_row **rows, int *count, struct error *err)
{
    static const char all[] =
        "SELECT " COLUMNS " FROM report WHERE household_id = ? ORDER BY report";
    static const char one[] = "SELECT " COLUMNS " FROM report WHERE task = ? ORDER BY report";
    sqlite3_stmt *q = db_stmt(s, task ? one : all, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, task ? task : household_id);
    return db_rows(s, q, a, sizeof **rows, report_read, rows, count, err);
}

static bool one_value(struct store *s, sqlite3_stmt *q, int64_t *value, bool *found,
                      struct error *err)
{
    if (!db_row(s, q, found, err)) {
        return false;
    }
    if (*found) {
        *value = db_get_int(q, 0);
        db_end(q);
    }
    return true;
}

bool store_report_last(struct store *s, int64_t household_id, struct date until, int64_t *last,
                       struct error *err)
{
    static const char sql[] = "SELECT report FROM report WHERE household_id = ? "
                              "AND recorded_on <= ? AND corrected = 0 "
                              "ORDER BY report DESC LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool found;
    *last = 0;
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_date(q, 2, until);
    return one_value(s, q, last, &found, err);
}

bool store_report_member_left(struct store *s, int64_t household_id, int64_t seen, struct date *on,
                              struct error *err)
{
    static const char sql[] =
        "SELECT on_day FROM report WHERE household_id = ? AND report > ? "
        "AND corrected = 0 AND kind IN ('death', 'move-out') ORDER BY report DESC LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    int64_t day = 0;
    bool found;
    *on = DATE_NONE;
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_int(q, 2, seen);
    if (!one_value(s, q, &day, &found, err)) {
        return false;
    }
    if (found) {
        *on = (struct date){(int32_t)day};
    }
    return true;
}

bool store_asset_put(struct store *s, int64_t household_id, struct str asset, struct date on,
                     struct date recorded_on, struct error *err)
{
    static const char sql[] = "INSERT INTO asset (household_id, asset, on_day, recorded_on) "
                              "VALUES (?, ?, ?, ?) ON CONFLICT (household_id, asset) DO NOTHING";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    db_str(q, 2, asset);
    db_date(q, 3, on);
    db_date(q, 4, recorded_on);
    return db_run(s, q, err);
}

static void asset_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct asset_row *row = out;
    *row = (struct asset_row){arena_copy(a, db_get_str(q, 0, a)), db_get_date(q, 1),
                              db_get_date(q, 2)};
}

bool store_assets_of(struct store *s, struct arena *a, int64_t household_id,
                     struct asset_row **assets, int *count, struct error *err)
{
    static const char sql[] = "SELECT asset, on_day, recorded_on FROM asset "
                              "WHERE household_id = ? ORDER BY asset";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, household_id);
    return db_rows(s, q, a, sizeof **assets, asset_read, assets, count, err);
}

/* Ends and refusals have the same first nine columns. */
static void cessation_bind(sqlite3_stmt *q, const struct ending_row *row)
{
    db_int(q, 1, row->household_id);
    db_name(q, 2, &acts, (int)row->act);
    db_name(q, 3, &grounds, (int)row->ground);
    db_date(q, 4, row->on);
    db_str(q, 5, row->clause);
    db_str(q, 6, row->remark);
    db_str(q, 7, str_of(row->recorded_at));
    bind_uid(q, 8, row->uid);
    db_str(q, 9, row->who);
}

bool store_ending_insert(struct store *s, const struct ending_row *row, struct error *err)
{
    static const char sql[] =
        "INSERT INTO ending (household_id, act, ground, on_day, clause, remark, recorded_at, uid, "
        "who, protected) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    cessation_bind(q, row);
    db_int(q, 10, row->was_protected);
    return db_run(s, q, err);
}

bool store_hold_insert(struct store *s, const struct ending_row *row, struct error *err)
{
    static const char sql[] =
        "INSERT INTO hold (household_id, act, ground, on_day, clause, what, recorded_at, uid, who) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    cessation_bind(q, row);
    return db_run(s, q, err);
}

bool store_hold_known(struct store *s, const struct ending_row *row, bool *known, struct error *err)
{
    static const char sql[] = "SELECT 1 FROM hold WHERE household_id = ? AND on_day = ? "
                              "AND act = ? AND ground = ? AND coalesce(uid, -1) = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    *known = false;
    if (!q) {
        return false;
    }
    db_int(q, 1, row->household_id);
    db_date(q, 2, row->on);
    db_name(q, 3, &acts, (int)row->act);
    db_name(q, 4, &grounds, (int)row->ground);
    db_int(q, 5, row->uid);
    if (!db_row(s, q, known, err)) {
        return false;
    }
    if (*known) {
        db_end(q);
    }
    return true;
}

static void cessation_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct ending_row *row = out;
    *row = (struct ending_row){
        .number = db_get_int(q, 0),
        .household_id = db_get_int(q, 1),
        .household = db_get_str(q, 2, a),
        .act = (enum act)db_get_name(q, 3, &acts),
        .ground = (enum ground)db_get_name(q, 4, &grounds),
        .on = db_get_date(q, 5),
        .was_protected = true,
        .clause = db_get_str(q, 6, a),
        .remark = db_get_str(q, 7, a),
        .recorded_at = arena_copy(a, db_get_str(q, 8, a)),
        .uid = db_get_int(q, 9),
        .who = db_get_str(q, 10, a),
    };
}

static bool endings_read(struct store *s, sqlite3_stmt *q, struct arena *a,
                         struct ending_row **rows, int *count, struct error *err)
{
    return db_rows(s, q, a, sizeof **rows, cessation_read, rows, count, err);
}

bool store_exceptions(struct store *s, struct arena *a, struct date from, struct date to,
                      struct date after_on, int64_t after, int limit, struct ending_row **rows,
                      int *count, struct error *err)
{
    static const char sql[] =
        "SELECT e.ending, e.household_id, h.household, e.act, e.ground, e.on_day, e.clause, "
        "e.remark, e.recorded_at, coalesce(e.uid, -1), e.who FROM ending e "
        "CROSS JOIN household h ON h.id = e.household_id WHERE e.protected = 1 AND e.corrected = 0 "
        "AND e.on_day BETWEEN ? AND ? AND (e.on_day, e.ending) > (?, ?) "
        "ORDER BY e.on_day, e.ending LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, from.day); /* DATE_NONE is below every day */
    db_int(q, 2, date_is(to) ? to.day : INT32_MAX);
    db_int(q, 3, after_on.day);
    db_int(q, 4, after);
    db_int(q, 5, limit);
    return endings_read(s, q, a, rows, count, err);
}

bool store_holds(struct store *s, struct arena *a, int64_t after, int limit,
                 struct ending_row **rows, int *count, struct error *err)
{
    static const char sql[] =
        "SELECT o.hold, o.household_id, h.household, o.act, o.ground, o.on_day, o.clause, o.what, "
        "o.recorded_at, coalesce(o.uid, -1), o.who FROM hold o "
        "CROSS JOIN household h ON h.id = o.household_id WHERE o.hold > ? ORDER BY o.hold LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, after);
    db_int(q, 2, limit);
    return endings_read(s, q, a, rows, count, err);
}

static void birthday_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct birthday_row *row = out;
    *row = (struct birthday_row){db_get_int(q, 0), db_get_str(q, 1, a), db_get_str(q, 2, a),
                                 db_get_str(q, 3, a)};
}

bool store_birthdays(struct store *s, struct arena *a, struct date birth, int64_t after_household,
                     struct str after_member, int limit, struct birthday_row **rows, int *count,
                     struct error *err)
{
    static const char sql[] =
        "SELECT m.household_id, h.household, m.member, m.id FROM member m "
        "CROSS JOIN household h ON h.id = m.household_id WHERE m.status = 'present' "
        "AND m.birth_on IS NOT NULL AND m.birth_on = ? AND h.status = 'active' "
        "AND (m.household_id, m.member) > (?, ?) ORDER BY m.household_id, m.member LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_date(q, 1, birth);
    db_int(q, 2, after_household);
    db_str(q, 3, after_member.data ? after_member : STR(""));
    db_int(q, 4, limit);
    return db_rows(s, q, a, sizeof **rows, birthday_read, rows, count, err);
}

bool store_age_put(struct store *s, struct str person, int age, int64_t household_id,
                   struct str member, struct date on, bool *added, struct error *err)
{
    static const char sql[] = "INSERT INTO age_reached (person, age, household_id, member, on_day) "
                              "VALUES (?, ?, ?, ?, ?) ON CONFLICT (person, age) DO NOTHING";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_str(q, 1, person);
    db_int(q, 2, age);
    db_int(q, 3, household_id);
    db_str(q, 4, member);
    db_date(q, 5, on);
    if (!db_run(s, q, err)) {
        return false;
    }
    *added = sqlite3_changes(s->db) > 0;
    return true;
}
