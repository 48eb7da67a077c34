#include "store/office.h"

#include "store/db.h"
#include "store/message.h"

static void office_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct office_row *row = out;
    *row = (struct office_row){
        .township = db_get_int(q, 0),
        .name = db_get_str(q, 1, a),
        .open = db_get_int(q, 2),
        .late = db_get_int(q, 3),
        .done = db_get_int(q, 4),
        .on_time = db_get_int(q, 5),
    };
}

bool store_offices(struct store *s, struct arena *a, int64_t district, struct date day,
                   struct office_row **rows, int *count, struct error *err)
{
    static const char sql[] =
        "SELECT d.code, d.name, "
        "(SELECT count(*) FROM task t WHERE t.state = 'open' AND t.township = d.code), "
        "(SELECT count(*) FROM task t WHERE t.state = 'open' AND t.township = d.code "
        "AND t.due_on < ?2), coalesce(m.done, 0), coalesce(m.on_time, 0) "
        "FROM division d LEFT JOIN office_month m ON m.township = d.code AND m.month = ?3 "
        "WHERE d.parent = ?1 AND d.level = 'township' AND d.merged_into IS NULL ORDER BY d.code";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    struct ymd ymd = date_ymd(day);
    if (!q) {
        return false;
    }
    db_int(q, 1, district);
    db_date(q, 2, day);
    db_int(q, 3, (int64_t)ymd.year * 12 + ymd.month - 1);
    return db_rows(s, q, a, sizeof **rows, office_read, rows, count, err);
}

bool store_office_listed(struct store *s, int64_t division, struct date day, struct date *before,
                         struct error *err)
{
    static const char sql[] = "SELECT max(subject) FROM message WHERE division = ? "
                              "AND kind = '" MESSAGE_DAILY "' AND subject < ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    char text[DATE_TEXT];
    bool row;
    if (!q) {
        return false;
    }
    db_int(q, 1, division);
    db_str(q, 2, str_of(date_text(day, text)));
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    *before = row ? date_parse(str_of((const char *)sqlite3_column_text(q, 0))) : DATE_NONE;
    db_end(q);
    return true;
}
