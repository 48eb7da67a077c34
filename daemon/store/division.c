#include "store/division.h"

#include "store/db.h"

static const struct word level_names[] = {
    {"city", "市"}, {"district", "区县"}, {"township", "乡镇"}, {"village", "村"}};
const struct names levels = NAMES_TABLE("level", level_names);

int64_t division_code(struct str text)
{
    int64_t code;
    if (text.len < 2 || text.len > 12 || !str_to_int(text, 10, 999999999999, &code)) {
        return 0;
    }
    for (size_t i = text.len; i < 12; i++) {
        code *= 10;
    }
    return code >= 100000000000 ? code : 0;
}

const char *division_text(int64_t code, char out[DIVISION_TEXT])
{
    for (int i = 11; i >= 0; i--) {
        out[i] = (char)('0' + code % 10);
        code /= 10;
    }
    out[12] = '\0';
    return out;
}

bool division_within(int64_t outer, int64_t inner)
{
    static const int64_t spans[] = {10000000000, 100000000, 1000000, 1000, 1};
    size_t i = 0;
    while (outer % spans[i] != 0) {
        i++;
    }
    return outer / spans[i] == inner / spans[i];
}

#define COLUMNS "code, parent, level, name"
static const struct db_field fields[] = {
    FIELD(struct division_row, code),
    FIELD_OR_NULL(struct division_row, parent),
    FIELD_NAME(struct division_row, level, levels),
    FIELD(struct division_row, name),
};
static const struct db_shape divisions = SHAPE("division", struct division_row, fields, 4);

bool store_division_get(struct store *s, struct arena *a, int64_t code, struct division_row *row,
                        struct error *err)
{
    return db_one(s, err, a, &divisions, row, "SELECT " COLUMNS " FROM division WHERE code = ?",
                  ARG(code));
}

bool store_division_put(struct store *s, const struct division_row *row, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO division (" COLUMNS ") VALUES (?, ?, ?, ?) "
                 "ON CONFLICT (code) DO UPDATE SET parent = excluded.parent, "
                 "level = excluded.level, name = excluded.name",
                 ARG_ROW(&divisions, row));
}

bool store_division_up(struct store *s, int64_t code, enum level level, int64_t *ancestor,
                       struct error *err)
{
    *ancestor = 0;
    while (code != 0) {
        struct division_row row;
        if (!db_one(s, err, NULL, &divisions, &row,
                    "SELECT code, parent, level FROM division WHERE code = ?", ARG(code))) {
            return false;
        }
        if (row.code != 0 && row.level == level) {
            *ancestor = code;
            return true;
        }
        code = row.level < level ? 0 : row.parent;
    }
    return true;
}

bool store_division_next(struct store *s, struct arena *a, enum level level, int64_t after,
                         struct division_row *row, struct error *err)
{
    return db_one(s, err, a, &divisions, row,
                  "SELECT " COLUMNS " FROM division "
                  "WHERE code > ? AND level = ? ORDER BY code LIMIT 1",
                  ARG(after), ARG_NAME(&levels, level));
}

bool store_division_now(struct store *s, int64_t code, int64_t *now, struct error *err)
{
    if (!db_one(s, err, NULL, &db_number, now,
                "SELECT coalesce(merged_into, code) FROM division WHERE code = ?", ARG(code))) {
        return false;
    }
    *now = *now ? *now : code;
    return true;
}
