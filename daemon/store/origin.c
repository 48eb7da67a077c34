#include "store/origin.h"

#include "store/db.h"

static const struct word source_names[] = {
    {"import", "导入"},   {"default", "暂定"},   {"report", "报告"},       {"review", "复核"},
    {"decision", "决定"}, {"terminate", "终止"}, {"close", "销户"},        {"suspend", "停保"},
    {"resume", "恢复"},   {"given", "人工确定"}, {"derived", "按情况确定"}};
const struct names origin_sources = NAMES_TABLE("source", source_names);

#define COLUMNS                                                                                    \
    "household_id, seq, fact, member, value, on_day, recorded_on, source, reference, ground"
static const struct db_field fields[] = {
    FIELD(struct origin_row, household_id),
    FIELD(struct origin_row, seq),
    FIELD_NAME(struct origin_row, fact, fact_names),
    FIELD(struct origin_row, member),
    FIELD_OR_NULL(struct origin_row, value),
    FIELD(struct origin_row, on),
    FIELD(struct origin_row, recorded_on),
    FIELD_NAME(struct origin_row, source, origin_sources),
    FIELD_OR_NULL(struct origin_row, reference),
    FIELD_OR_NULL(struct origin_row, ground),
};
static const struct db_shape origins = SHAPE("origin", struct origin_row, fields, 10);

bool store_origin_put(struct store *s, const struct origin_row *row, struct error *err)
{
    struct origin_row put = *row;
    put.seq = s->head_seq;
    put.recorded_on = s->entry_on;
    put.on = date_is(row->on) ? row->on : s->entry_on;
    put.member = row->member.data ? row->member : STR("");
    return db_do(s, err, "INSERT INTO origin (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 ARG_ROW(&origins, &put));
}

bool store_origin_back(struct store *s, int64_t household_id, enum fact fact, struct str value,
                       struct error *err)
{
    return db_do(s, err,
                 "UPDATE origin SET corrected = 1 WHERE household_id = ?1 AND fact = ?2 "
                 "AND corrected = 0 AND seq > coalesce((SELECT max(o.seq) FROM origin o "
                 "WHERE o.household_id = ?1 AND o.fact = ?2 AND o.corrected = 0 "
                 "AND o.value = ?3), 0)",
                 ARG(household_id), ARG_NAME(&fact_names, fact), ARG(value));
}

bool store_origin_reports_back(struct store *s, int64_t household_id, struct error *err)
{
    return db_do(s, err,
                 "UPDATE origin SET corrected = 1 WHERE household_id = ?1 AND source = 'report' "
                 "AND reference IN (SELECT report FROM report WHERE household_id = ?1 "
                 "AND corrected = 1)",
                 ARG(household_id));
}

bool store_origins_of(struct store *s, struct arena *a, int64_t household_id,
                      struct origin_row **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &origins, rows, count,
                  "SELECT " COLUMNS " FROM origin WHERE household_id = ? AND corrected = 0 "
                  "ORDER BY seq",
                  ARG(household_id));
}
