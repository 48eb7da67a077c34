#include "store/merge.h"

#include "store/db.h"

/* A statement with ?1 old and ?2 into. */
static bool run_pair(struct store *s, const char *sql, int64_t old, int64_t into, struct error *err)
{
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, old);
    if (sqlite3_bind_parameter_count(q) > 1) {
        db_int(q, 2, into);
    }
    return db_run(s, q, err);
}

bool store_merge_division(struct store *s, int64_t old, int64_t into, struct date on,
                          int64_t *below, struct error *err)
{
    static const char self[] =
        "UPDATE division SET merged_into = ?2, merged_on = ?3 WHERE code = ?1";
    static const char before[] =
        "UPDATE division SET merged_into = ?2 WHERE merged_into IS NOT NULL AND merged_into = ?1";
    static const char children[] = "UPDATE division SET parent = ?2 WHERE parent = ?1";
    sqlite3_stmt *q = db_stmt(s, self, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, old);
    db_int(q, 2, into);
    db_date(q, 3, on);
    if (!db_run(s, q, err) || !run_pair(s, before, old, into, err) ||
        !run_pair(s, children, old, into, err)) {
        return false;
    }
    *below = sqlite3_changes(s->db);
    return true;
}

bool store_merge_months(struct store *s, int64_t old, int64_t into, struct error *err)
{
    static const char add[] =
        "INSERT INTO office_month SELECT ?2, month, done, on_time FROM office_month "
        "WHERE township = ?1 ON CONFLICT (township, month) "
        "DO UPDATE SET done = done + excluded.done, on_time = on_time + excluded.on_time";
    static const char drop[] = "DELETE FROM office_month WHERE township = ?1";
    return run_pair(s, add, old, into, err) && run_pair(s, drop, old, into, err);
}

bool store_message_said(struct store *s, int64_t division, struct str kind, struct str subject,
                        bool *said, struct error *err)
{
    static const char sql[] =
        "SELECT 1 FROM message WHERE division = ? AND kind = ? AND subject = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, division);
    db_str(q, 2, kind);
    db_str(q, 3, subject);
    if (!db_row(s, q, said, err)) {
        return false;
    }
    db_end(q);
    return true;
}

bool store_message_give(struct store *s, int64_t seq, int64_t division, struct str subject,
                        enum message_state state, struct error *err)
{
    static const char sql[] =
        "UPDATE message SET division = ?2, subject = ?3, state = ?4 WHERE seq = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, seq);
    db_int(q, 2, division);
    db_str(q, 3, subject);
    db_name(q, 4, &message_states, (int)state);
    s->made_ready++;
    s->given++;
    return db_run(s, q, err);
}

uint64_t store_messages_given(const struct store *s)
{
    return s->given;
}
