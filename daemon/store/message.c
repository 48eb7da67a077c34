#include "store/message.h"

#include <stdio.h>

#include "store/db.h"

static const char *const state_names[] = {"queued", "staged", "ready", "delivered", "acked"};
const struct names message_states = NAMES_TABLE("message state", state_names);

#define COLUMNS "seq, epoch, division, kind, subject, created_on, body, state, lease_until"

const char *message_id(const struct message_row *row, char out[MESSAGE_ID])
{
    snprintf(out, MESSAGE_ID, "%lld-%lld", (long long)row->epoch, (long long)row->seq);
    return out;
}

static void message_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct message_row *row = out;
    *row = (struct message_row){
        .seq = db_get_int(q, 0),
        .epoch = db_get_int(q, 1),
        .division = db_get_int(q, 2),
        .kind = db_get_str(q, 3, a),
        .subject = db_get_str(q, 4, a),
        .created_on = db_get_date(q, 5),
        .body = db_get_str(q, 6, a),
        .state = (enum message_state)db_get_name(q, 7, &message_states),
        .lease_until = db_get_int(q, 8),
    };
}

bool store_message_put(struct store *s, struct message_row *row, bool *added, struct error *err)
{
    static const char sql[] =
        "INSERT INTO message (epoch, division, kind, subject, created_on, body, state) "
        "VALUES (?, ?, ?, ?, ?, ?, 'queued') ON CONFLICT (division, kind, subject) DO NOTHING";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    row->epoch = s->epoch;
    row->state = MESSAGE_QUEUED;
    db_int(q, 1, row->epoch);
    db_int(q, 2, row->division);
    db_str(q, 3, row->kind);
    db_str(q, 4, row->subject);
    db_date(q, 5, row->created_on);
    db_str(q, 6, row->body);
    if (!db_run(s, q, err)) {
        return false;
    }
    *added = sqlite3_changes(s->db) > 0;
    row->seq = *added ? sqlite3_last_insert_rowid(s->db) : 0;
    return true;
}

bool store_message_state(struct store *s, int64_t seq, enum message_state state, struct error *err)
{
    static const char sql[] = "UPDATE message SET state = ?2 WHERE seq = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, seq);
    db_name(q, 2, &message_states, (int)state);
    return db_run(s, q, err);
}

bool store_message_ready(struct store *s, int64_t seq, struct str body, struct error *err)
{
    static const char sql[] = "UPDATE message SET state = 'ready', body = ?2 WHERE seq = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, seq);
    db_str(q, 2, body);
    return db_run(s, q, err);
}

static bool message_all(struct store *s, struct arena *a, sqlite3_stmt *q,
                        struct message_row **rows, int *count, struct error *err)
{
    return db_rows(s, q, a, sizeof **rows, message_read, rows, count, err);
}

bool store_messages_in(struct store *s, struct arena *a, enum message_state state, const char *kind,
                       int64_t after, int limit, struct message_row **rows, int *count,
                       struct error *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM message WHERE state = ?1 "
                              "AND state IN ('queued', 'staged', 'ready') AND seq > ?2 "
                              "AND (?3 IS NULL OR kind = ?3) ORDER BY seq LIMIT ?4";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_name(q, 1, &message_states, (int)state);
    db_int(q, 2, after);
    db_str(q, 3, str_of(kind));
    db_int(q, 4, limit);
    return message_all(s, a, q, rows, count, err);
}

bool store_messages_of(struct store *s, struct arena *a, int64_t division, bool waiting,
                       int64_t after, int limit, struct message_row **rows, int *count,
                       struct error *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM message WHERE division = ? AND seq > ? "
        "AND (NOT ? OR state IN ('queued', 'staged', 'ready')) ORDER BY seq LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, division);
    db_int(q, 2, after);
    db_int(q, 3, waiting);
    db_int(q, 4, limit);
    return message_all(s, a, q, rows, count, err);
}

bool store_messages_told(struct store *s, struct arena *a, int64_t division, int64_t until,
                         int64_t after, int limit, struct message_row **rows, int *count,
                         struct error *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM message WHERE division = ? AND seq > ? AND seq <= ? "
        "AND state = 'queued' AND kind <> '" MESSAGE_DAILY "' ORDER BY seq LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, division);
    db_int(q, 2, after);
    db_int(q, 3, until);
    db_int(q, 4, limit);
    return message_all(s, a, q, rows, count, err);
}

bool store_messages_carried(struct store *s, int64_t division, int64_t seq, struct error *err)
{
    static const char sql[] = "UPDATE message SET state = 'delivered' WHERE division = ?1 "
                              "AND seq <= ?2 AND state = 'queued' AND kind <> '" MESSAGE_DAILY "'";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, division);
    db_int(q, 2, seq);
    return db_run(s, q, err);
}

bool store_message_division_next(struct store *s, int64_t after, int64_t *division,
                                 struct error *err)
{
    static const char sql[] = "SELECT division FROM message WHERE division > ? "
                              "AND state = 'queued' AND kind <> '" MESSAGE_DAILY "' "
                              "ORDER BY division LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    if (!q) {
        return false;
    }
    db_int(q, 1, after);
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    *division = row ? db_get_int(q, 0) : 0;
    db_end(q);
    return true;
}

/* Numbers and days grow together, so the lowest number of each state that waits is enough. */
bool store_message_oldest(struct store *s, struct date *day, struct error *err)
{
    static const char sql[] =
        "SELECT created_on FROM message WHERE seq = (SELECT min(seq) FROM ("
        "SELECT min(seq) AS seq FROM message WHERE state = 'queued' UNION ALL "
        "SELECT min(seq) FROM message WHERE state = 'staged' UNION ALL "
        "SELECT min(seq) FROM message WHERE state = 'ready'))";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    *day = DATE_NONE;
    if (!q || !db_row(s, q, &row, err)) {
        return false;
    }
    if (row) {
        *day = db_get_date(q, 0);
        db_end(q);
    }
    return true;
}
