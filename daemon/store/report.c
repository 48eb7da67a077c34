#include "store/report.h"

#include "store/db.h"

static const struct word kind_names[] = {
    {"illness", "患病"},  {"accident", "意外事故"},  {"death", "死亡"},      {"birth", "出生"},
    {"move-in", "迁入"},  {"move-out", "迁出"},      {"income", "收入变化"}, {"assets", "财产变化"},
    {"disaster", "受灾"}, {"schooling", "就学变化"}, {"other", "其他变化"},  {"age", "年龄变化"}};
const struct names report_kinds = NAMES_TABLE("kind", kind_names);
const struct names report_told_kinds = {"kind", REPORT_AGE, kind_names, NULL};

#define COLUMNS                                                                                    \
    "report, household_id, task, kind, member, on_day, recorded_on, income, pension, "             \
    "employment_cost, asset, source, age, recorded_at, uid, who"
static const struct db_field report_fields[] = {
    FIELD_OR_NULL(struct report_row, report),   FIELD(struct report_row, household_id),
    FIELD_OR_NULL(struct report_row, task),     FIELD_NAME(struct report_row, kind, report_kinds),
    FIELD_OR_NULL(struct report_row, member),   FIELD(struct report_row, on),
    FIELD(struct report_row, recorded_on),      FIELD_OR_MINUS(struct report_row, income),
    FIELD_OR_MINUS(struct report_row, pension), FIELD_OR_MINUS(struct report_row, employment_cost),
    FIELD_OR_NULL(struct report_row, asset),    FIELD(struct report_row, source),
    FIELD_OR_NULL(struct report_row, age),      FIELD(struct report_row, recorded_at),
    FIELD_OR_MINUS(struct report_row, uid),     FIELD(struct report_row, who),
    FIELD(struct report_row, corrected),
};
static const struct db_shape reports = SHAPE("report", struct report_row, report_fields, 16);

bool store_report_insert(struct store *s, struct report_row *row, struct error *err)
{
    bool ok = db_do(s, err,
                    "INSERT INTO report (" COLUMNS
                    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    ARG_ROW(&reports, row));
    row->report = ok ? db_inserted(s) : 0;
    return ok;
}

bool store_reports_of(struct store *s, struct arena *a, int64_t household_id, int64_t task,
                      struct report_row **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &reports, rows, count,
                  task ? "SELECT " COLUMNS ", corrected FROM report WHERE task = ? ORDER BY report"
                       : "SELECT " COLUMNS
                         ", corrected FROM report WHERE household_id = ? ORDER BY report",
                  ARG(task ? task : household_id));
}

bool store_report_join(struct store *s, int64_t report, int64_t task, struct error *err)
{
    return db_do(s, err, "UPDATE report SET task = ?2 WHERE report = ?1", ARG(report), ARG(task));
}

bool store_report_last(struct store *s, int64_t household_id, struct date until, int64_t *last,
                       struct error *err)
{
    return db_one(s, err, NULL, &db_number, last,
                  "SELECT report FROM report WHERE household_id = ? AND recorded_on <= ? "
                  "AND corrected = 0 ORDER BY report DESC LIMIT 1",
                  ARG(household_id), ARG(until));
}

bool store_report_member_left(struct store *s, int64_t household_id, int64_t seen, struct date *on,
                              struct error *err)
{
    return db_one(s, err, NULL, &db_day, on,
                  "SELECT on_day FROM report WHERE household_id = ? AND report > ? "
                  "AND corrected = 0 AND kind IN ('death', 'move-out') "
                  "ORDER BY report DESC LIMIT 1",
                  ARG(household_id), ARG(seen));
}

bool store_asset_put(struct store *s, int64_t household_id, struct str asset, struct date on,
                     struct date recorded_on, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO asset (household_id, asset, on_day, recorded_on) "
                 "VALUES (?, ?, ?, ?) ON CONFLICT (household_id, asset) DO NOTHING",
                 ARG(household_id), ARG(asset), ARG(on), ARG(recorded_on));
}

bool store_asset_remove(struct store *s, int64_t household_id, struct str asset, struct error *err)
{
    return db_do(s, err, "DELETE FROM asset WHERE household_id = ? AND asset = ?",
                 ARG(household_id), ARG(asset));
}

static const struct db_field asset_fields[] = {
    FIELD(struct asset_row, asset),
    FIELD(struct asset_row, on),
    FIELD(struct asset_row, recorded_on),
};
static const struct db_shape assets_on_record = SHAPE("asset", struct asset_row, asset_fields, 0);

bool store_assets_of(struct store *s, struct arena *a, int64_t household_id,
                     struct asset_row **assets, int *count, struct error *err)
{
    return db_all(s, err, a, &assets_on_record, assets, count,
                  "SELECT asset, on_day, recorded_on FROM asset WHERE household_id = ? "
                  "ORDER BY asset",
                  ARG(household_id));
}

/* Ends and refusals have one shape but for their table's name. */
static const struct db_field cessation_fields[] = {
    FIELD_OR_NULL(struct ending_row, number),
    FIELD(struct ending_row, household_id),
    FIELD_NAME(struct ending_row, act, acts),
    FIELD_NAME(struct ending_row, ground, grounds),
    FIELD(struct ending_row, on),
    FIELD_OR_NULL(struct ending_row, clause),
    FIELD_OR_NULL(struct ending_row, remark),
    FIELD(struct ending_row, recorded_at),
    FIELD_OR_MINUS(struct ending_row, uid),
    FIELD(struct ending_row, who),
    FIELD(struct ending_row, was_protected),
    FIELD(struct ending_row, household),
};
static const struct db_shape endings = SHAPE("ending", struct ending_row, cessation_fields, 11);
static const struct db_shape holds = SHAPE("hold", struct ending_row, cessation_fields, 10);

bool store_ending_insert(struct store *s, const struct ending_row *row, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO ending (ending, household_id, act, ground, on_day, clause, remark, "
                 "recorded_at, uid, who, protected) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 ARG_ROW(&endings, row));
}

bool store_hold_insert(struct store *s, const struct ending_row *row, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO hold (hold, household_id, act, ground, on_day, clause, what, "
                 "recorded_at, uid, who) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 ARG_ROW(&holds, row));
}

bool store_hold_known(struct store *s, const struct ending_row *row, bool *known, struct error *err)
{
    return db_any(s, err, known,
                  "SELECT 1 FROM hold WHERE household_id = ? AND on_day = ? AND act = ? "
                  "AND ground = ? AND coalesce(uid, -1) = ?",
                  ARG(row->household_id), ARG(row->on), ARG_NAME(&acts, row->act),
                  ARG_NAME(&grounds, row->ground), ARG(row->uid));
}

bool store_exceptions(struct store *s, struct arena *a, struct date from, struct date to,
                      struct date after_on, int64_t after, int limit, struct ending_row **rows,
                      int *count, struct error *err)
{
    return db_all(s, err, a, &endings, rows, count,
                  "SELECT e.ending, e.household_id, e.act, e.ground, e.on_day, e.clause, e.remark, "
                  "e.recorded_at, e.uid, e.who, e.protected, h.household FROM ending e "
                  "CROSS JOIN household h ON h.id = e.household_id "
                  "WHERE e.protected = 1 AND e.corrected = 0 AND e.on_day BETWEEN ? AND ? "
                  "AND (e.on_day, e.ending) > (?, ?) ORDER BY e.on_day, e.ending LIMIT ?",
                  ARG(from.day) /* DATE_NONE is below every day */,
                  ARG(date_is(to) ? to.day : INT32_MAX), ARG(after_on.day), ARG(after), ARG(limit));
}

bool store_holds(struct store *s, struct arena *a, int64_t after, int limit,
                 struct ending_row **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &holds, rows, count,
                  "SELECT o.hold, o.household_id, o.act, o.ground, o.on_day, o.clause, o.what, "
                  "o.recorded_at, o.uid, o.who, 1, h.household FROM hold o "
                  "CROSS JOIN household h ON h.id = o.household_id WHERE o.hold > ? "
                  "ORDER BY o.hold LIMIT ?",
                  ARG(after), ARG(limit));
}

static const struct db_field birthday_fields[] = {
    FIELD(struct birthday_row, household_id),
    FIELD(struct birthday_row, household),
    FIELD(struct birthday_row, member),
    FIELD_OR_NULL(struct birthday_row, id),
};
static const struct db_shape birthdays = SHAPE("member", struct birthday_row, birthday_fields, 0);

bool store_birthdays(struct store *s, struct arena *a, struct date birth, int64_t after_household,
                     struct str after_member, int limit, struct birthday_row **rows, int *count,
                     struct error *err)
{
    return db_all(s, err, a, &birthdays, rows, count,
                  "SELECT m.household_id, h.household, m.member, m.id FROM member m "
                  "CROSS JOIN household h ON h.id = m.household_id WHERE m.status = 'present' "
                  "AND m.birth_on IS NOT NULL AND m.birth_on = ? AND h.status = 'active' "
                  "AND (m.household_id, m.member) > (?, ?) ORDER BY m.household_id, m.member "
                  "LIMIT ?",
                  ARG(birth), ARG(after_household), ARG(after_member.data ? after_member : STR("")),
                  ARG(limit));
}

bool store_age_put(struct store *s, struct str person, int age, int64_t household_id,
                   struct str member, struct date on, bool *added, struct error *err)
{
    bool ok = db_do(s, err,
                    "INSERT INTO age_reached (person, age, household_id, member, on_day) "
                    "VALUES (?, ?, ?, ?, ?) ON CONFLICT (person, age) DO NOTHING",
                    ARG(person), ARG(age), ARG(household_id), ARG(member), ARG(on));
    *added = ok && db_changed(s) > 0;
    return ok;
}
