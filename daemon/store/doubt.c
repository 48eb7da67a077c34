#include "store/doubt.h"

#include "store/db.h"

bool store_doubt_mark(struct store *s, int64_t household_id, struct error *err)
{
    return db_do(s, err, "INSERT INTO doubt_due VALUES (?) ON CONFLICT DO NOTHING",
                 ARG(household_id));
}

bool store_doubt_done(struct store *s, int64_t household_id, struct error *err)
{
    return db_do(s, err, "DELETE FROM doubt_due WHERE household_id = ?", ARG(household_id));
}

bool store_doubts_due(struct store *s, struct arena *a, int limit, int64_t **ids, int *count,
                      struct error *err)
{
    return db_all(s, err, a, &db_number, ids, count,
                  "SELECT household_id FROM doubt_due WHERE household_id > 0 "
                  "ORDER BY household_id LIMIT ?",
                  ARG(limit));
}

bool store_doubt_told(struct store *s, int64_t township, struct str begins, bool *told,
                      struct error *err)
{
    /* '0' is the character behind '/'. */
    return db_any(s, err, told,
                  "SELECT 1 FROM message WHERE division = ?1 AND kind = 'doubt' AND subject >= ?2 "
                  "AND subject < substr(?2, 1, length(?2) - 1) || '0' LIMIT 1",
                  ARG(township), ARG(begins));
}

bool store_person_elsewhere(struct store *s, struct str id, int64_t household_id, int64_t *other,
                            struct error *err)
{
    return db_one(s, err, NULL, &db_number, other,
                  "SELECT h.id FROM member m CROSS JOIN household h ON h.id = m.household_id "
                  "WHERE m.id = ?1 AND m.status = 'present' AND m.household_id <> ?2 "
                  "AND h.status <> 'closed' "
                  "UNION ALL SELECT h.id FROM household h WHERE h.head_id = ?1 AND h.id <> ?2 "
                  "AND h.status <> 'closed' AND NOT EXISTS "
                  "(SELECT 1 FROM member m WHERE m.household_id = h.id AND m.id = ?1) LIMIT 1",
                  ARG(id), ARG(household_id));
}
