#include "store/merge.h"

#include "store/db.h"

static const struct db_field merging_fields[] = {
    FIELD(struct merging_row, old),
    FIELD(struct merging_row, into),
    FIELD_OR_MINUS(struct merging_row, actor.uid),
    FIELD(struct merging_row, actor.who),
};
static const struct db_shape mergings = SHAPE("merging", struct merging_row, merging_fields, 4);

bool store_merging_get(struct store *s, struct arena *a, struct merging_row *row, struct error *err)
{
    return db_one(s, err, a, &mergings, row,
                  "SELECT old_division, new_division, uid, who FROM merging WHERE one = 1",
                  NO_ARGS);
}

bool store_merging_set(struct store *s, const struct merging_row *row, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO merging (one, old_division, new_division, uid, who) "
                 "VALUES (1, ?, ?, ?, ?)",
                 ARG_ROW(&mergings, row));
}

bool store_merging_clear(struct store *s, struct error *err)
{
    return db_do(s, err, "DELETE FROM merging WHERE one = 1", NO_ARGS);
}

bool store_merge_division(struct store *s, int64_t old, int64_t into, struct date on,
                          int64_t *below, struct error *err)
{
    bool ok =
        db_do(s, err, "UPDATE division SET merged_into = ?2, merged_on = ?3 WHERE code = ?1",
              ARG(old), ARG(into), ARG(on)) &&
        db_do(s, err,
              "UPDATE division SET merged_into = ?2 WHERE merged_into IS NOT NULL "
              "AND merged_into = ?1",
              ARG(old), ARG(into)) &&
        db_do(s, err, "UPDATE division SET parent = ?2 WHERE parent = ?1", ARG(old), ARG(into));
    *below = ok ? db_changed(s) : 0;
    return ok;
}

bool store_merge_months(struct store *s, int64_t old, int64_t into, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO office_month SELECT ?2, month, done, on_time FROM office_month "
                 "WHERE township = ?1 ON CONFLICT (township, month) "
                 "DO UPDATE SET done = done + excluded.done, on_time = on_time + excluded.on_time",
                 ARG(old), ARG(into)) &&
           db_do(s, err, "DELETE FROM office_month WHERE township = ?1", ARG(old));
}

bool store_message_said(struct store *s, int64_t division, struct str kind, struct str subject,
                        bool *said, struct error *err)
{
    return db_any(s, err, said,
                  "SELECT 1 FROM message WHERE division = ? AND kind = ? AND subject = ?",
                  ARG(division), ARG(kind), ARG(subject));
}

bool store_message_give(struct store *s, int64_t seq, int64_t division, struct str subject,
                        enum message_state state, struct error *err)
{
    s->made_ready++;
    s->given++;
    return db_do(s, err,
                 "UPDATE message SET division = ?2, subject = ?3, state = ?4 WHERE seq = ?1",
                 ARG(seq), ARG(division), ARG(subject), ARG_NAME(&message_states, state));
}

uint64_t store_messages_given(const struct store *s)
{
    return s->given;
}
