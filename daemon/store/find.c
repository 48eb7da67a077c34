#include "store/find.h"

#include "store/db.h"

static const struct db_field found_fields[] = {
    FIELD(struct found_row, key),
    FIELD(struct found_row, household_id),
    FIELD_OR_NULL(struct found_row, member),
};
static const struct db_shape found = SHAPE("household", struct found_row, found_fields, 0);

/* ?1 the key after which, ?2 and ?3 the household and member after which, ?4 the last key that
 * fits. */
#define IN_HOUSEHOLDS(column)                                                                      \
    "SELECT " column ", id, NULL FROM household WHERE (" column ", id) > (?1, ?2) "                \
    "AND " column " >= ?1 AND " column " <= ?4 AND ?3 IS ?3 ORDER BY " column ", id LIMIT ?5"
#define IN_MEMBERS(column)                                                                         \
    "SELECT " column ", household_id, member FROM member "                                         \
    "WHERE (" column ", household_id, member) > (?1, ?2, coalesce(?3, '')) "                       \
    "AND " column " >= ?1 AND " column " <= ?4 ORDER BY " column ", household_id, member LIMIT ?5"

bool store_find(struct store *s, struct arena *a, enum find_by by, struct str text,
                const struct found_row *after, int limit, struct found_row **rows, int *count,
                struct error *err)
{
    static const char *const sql[FIND_END] = {
        [FIND_HOUSEHOLD] = IN_HOUSEHOLDS("household"), [FIND_HEAD_ID] = IN_HOUSEHOLDS("head_id"),
        [FIND_MEMBER_ID] = IN_MEMBERS("id"),           [FIND_PHONE] = IN_HOUSEHOLDS("phone"),
        [FIND_HEAD_NAME] = IN_HOUSEHOLDS("head_name"), [FIND_MEMBER_NAME] = IN_MEMBERS("name"),
    };
    bool whole = by != FIND_HEAD_NAME && by != FIND_MEMBER_NAME;
    /* Behind every name that begins so: the last character that there is. */
    struct str last = whole ? text : str_of(arena_format(a, "%.*s\xf4\x8f\xbf\xbf", STR_ARG(text)));
    return db_all(s, err, a, &found, rows, count, sql[by], ARG(after->key),
                  ARG(after->household_id), ARG(after->member), ARG(last), ARG(limit));
}
