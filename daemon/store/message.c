#include "store/message.h"

#include <stdio.h>

#include "store/db.h"

static const struct word state_names[] = {
    {"queued", NULL}, {"staged", NULL}, {"ready", NULL}, {"delivered", NULL}, {"acked", NULL}};
const struct names message_states = NAMES_TABLE("message state", state_names);

#define COLUMNS "seq, epoch, division, kind, subject, created_on, body, state, lease_until"

const char *message_id(const struct message_row *row, char out[MESSAGE_ID])
{
    snprintf(out, MESSAGE_ID, "%lld-%lld", (long long)row->epoch, (long long)row->seq);
    return out;
}

bool message_id_parse(struct str id, int64_t *epoch, int64_t *seq)
{
    const char *dash = id.len ? memchr(id.data, '-', id.len) : NULL;
    if (!dash) {
        return false;
    }
    struct str first = {id.data, (size_t)(dash - id.data)};
    struct str second = {dash + 1, id.len - first.len - 1};
    return str_to_int(first, 1, INT64_MAX, epoch) && str_to_int(second, 1, INT64_MAX, seq);
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
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (division, kind, subject) DO NOTHING";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    row->epoch = s->epoch;
    row->state = str_is(row->kind, MESSAGE_DAILY) ? MESSAGE_QUEUED : MESSAGE_READY;
    db_int(q, 1, row->epoch);
    db_int(q, 2, row->division);
    db_str(q, 3, row->kind);
    db_str(q, 4, row->subject);
    db_date(q, 5, row->created_on);
    db_str(q, 6, row->body);
    db_name(q, 7, &message_states, (int)row->state);
    if (!db_run(s, q, err)) {
        return false;
    }
    s->made_ready++;
    *added = sqlite3_changes(s->db) > 0;
    row->seq = *added ? sqlite3_last_insert_rowid(s->db) : 0;
    return true;
}

bool store_message_state(struct store *s, int64_t seq, enum message_state state, struct error *err)
{
    static const char sql[] = "UPDATE message SET state = ?2, lease_until = NULL WHERE seq = ?1";
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
    static const char sql[] =
        "UPDATE message SET state = 'ready', listed = 1, body = ?2 WHERE seq = ?1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, seq);
    db_str(q, 2, body);
    s->made_ready++;
    return db_run(s, q, err);
}

bool store_message_unmake(struct store *s, int64_t seq, struct error *err)
{
    static const char sql[] =
        "UPDATE message SET listed = 0, lease_until = NULL, "
        "state = CASE WHEN kind = '" MESSAGE_DAILY "' THEN 'queued' ELSE 'ready' END "
        "WHERE seq = ? AND state = 'ready'";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, seq);
    return db_run(s, q, err);
}

bool store_message_lease(struct store *s, int64_t seq, int64_t until, struct error *err)
{
    static const char sql[] =
        "UPDATE message SET lease_until = ?2 WHERE seq = ?1 AND state = 'ready'";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, seq);
    db_int(q, 2, until);
    return db_run(s, q, err);
}

bool store_message_get(struct store *s, int64_t seq, struct message_row *row, struct error *err)
{
    static const char sql[] =
        "SELECT seq, epoch, division, state, lease_until FROM message WHERE seq = ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool there;
    *row = (struct message_row){0};
    if (!q) {
        return false;
    }
    db_int(q, 1, seq);
    if (!db_row(s, q, &there, err)) {
        return false;
    }
    if (there) {
        row->seq = db_get_int(q, 0);
        row->epoch = db_get_int(q, 1);
        row->division = db_get_int(q, 2);
        row->state = (enum message_state)db_get_name(q, 3, &message_states);
        row->lease_until = db_get_int(q, 4);
        db_end(q);
    }
    return true;
}

uint64_t store_messages_made_ready(const struct store *s)
{
    return s->made_ready;
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

bool store_messages_made(struct store *s, struct arena *a, int64_t after, int limit,
                         struct message_row **rows, int *count, struct error *err)
{
    static const char sql[] =
        "SELECT seq, epoch, division, kind, subject, created_on, '', state, lease_until "
        "FROM message WHERE state = 'ready' AND listed = 1 AND seq > ? ORDER BY seq LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, after);
    db_int(q, 2, limit);
    return message_all(s, a, q, rows, count, err);
}

/* Bodies can be large: the page ends with the one that goes above `bytes`, and what comes behind it
 * is not read. */
bool store_messages_of(struct store *s, struct arena *a, int64_t division, bool waiting,
                       int64_t after, int limit, size_t bytes, struct message_page *page,
                       struct error *err)
{
    static const char all_sql[] =
        "SELECT " COLUMNS " FROM message WHERE division = ? AND seq > ? ORDER BY seq LIMIT ?";
    static const char waiting_sql[] =
        "SELECT " COLUMNS " FROM message WHERE division = ? AND seq > ? "
        "AND state IN ('queued', 'staged', 'ready') ORDER BY seq LIMIT ?";
    sqlite3_stmt *q = db_stmt(s, waiting ? waiting_sql : all_sql, err);
    bool row, ok;
    size_t read = 0;
    int room = 0;
    *page = (struct message_page){0};
    if (!q) {
        return false;
    }
    db_int(q, 1, division);
    db_int(q, 2, after);
    db_int(q, 3, (int64_t)limit + 1);
    while ((ok = db_row(s, q, &row, err)) && row) {
        page->more = page->count == limit || read > bytes;
        if (page->more) {
            db_end(q);
            return true;
        }
        page->rows = db_room(a, page->rows, sizeof *page->rows, page->count, &room);
        message_read(q, a, &page->rows[page->count]);
        read += page->rows[page->count++].body.len;
    }
    return ok;
}

bool store_messages_told(struct store *s, struct arena *a, int64_t division, int64_t until,
                         int64_t after, int limit, struct message_row **rows, int *count,
                         struct error *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM message WHERE division = ? AND seq > ? AND seq <= ? "
        "AND listed = 0 AND kind <> '" MESSAGE_DAILY "' ORDER BY seq LIMIT ?";
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

bool store_messages_carried(struct store *s, int64_t division, int64_t seq, bool delivered,
                            struct error *err)
{
    static const char listed_sql[] =
        "UPDATE message SET listed = 1 WHERE division = ?1 AND seq <= ?2 AND listed = 0 "
        "AND kind <> '" MESSAGE_DAILY "'";
    static const char delivered_sql[] =
        "UPDATE message SET listed = 1, lease_until = NULL, "
        "state = CASE state WHEN 'ready' THEN 'delivered' ELSE state END "
        "WHERE division = ?1 AND seq <= ?2 AND listed = 0 AND kind <> '" MESSAGE_DAILY "'";
    sqlite3_stmt *q = db_stmt(s, delivered ? delivered_sql : listed_sql, err);
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
                              "AND listed = 0 AND kind <> '" MESSAGE_DAILY "' "
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
