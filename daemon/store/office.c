#include "store/office.h"

#include "store/db.h"
#include "store/message.h"

static const struct db_field fields[] = {
    FIELD(struct office_row, township), FIELD(struct office_row, name),
    FIELD(struct office_row, open),     FIELD(struct office_row, late),
    FIELD(struct office_row, done),     FIELD(struct office_row, on_time),
};
static const struct db_shape offices = SHAPE("division", struct office_row, fields, 0);

bool store_offices(struct store *s, struct arena *a, int64_t district, struct date day,
                   struct office_row **rows, int *count, struct error *err)
{
    struct ymd ymd = date_ymd(day);
    return db_all(s, err, a, &offices, rows, count,
                  "SELECT d.code, d.name, "
                  "(SELECT count(*) FROM task t WHERE t.state = 'open' AND t.township = d.code), "
                  "(SELECT count(*) FROM task t WHERE t.state = 'open' AND t.township = d.code "
                  "AND t.due_on < ?2), coalesce(m.done, 0), coalesce(m.on_time, 0) "
                  "FROM division d LEFT JOIN office_month m "
                  "ON m.township = d.code AND m.month = ?3 "
                  "WHERE d.parent = ?1 AND d.level = 'township' AND d.merged_into IS NULL "
                  "ORDER BY d.code",
                  ARG(district), ARG(day), ARG(ymd.year * 12 + ymd.month - 1));
}

bool store_office_listed(struct store *s, int64_t division, struct date day, struct date *before,
                         struct error *err)
{
    struct arena a = ARENA_INIT;
    struct str subject;
    char text[DATE_TEXT];
    bool ok = db_one(s, err, &a, &db_text, &subject,
                     "SELECT max(subject) FROM message WHERE division = ? "
                     "AND kind = '" MESSAGE_DAILY "' AND subject < ?",
                     ARG(division), ARG(date_text(day, text)));
    *before = date_parse(subject);
    arena_free(&a);
    return ok;
}
