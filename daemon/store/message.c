#include "store/message.h"

#include <stdio.h>

#include "store/db.h"

static const struct word state_names[] = {
    {"queued", NULL}, {"staged", NULL}, {"ready", NULL}, {"delivered", NULL}, {"acked", NULL}};
const struct names message_states = NAMES_TABLE("message state", state_names);

#define WITHOUT_BODY "seq, epoch, division, state, lease_until, created_on, kind, subject"
#define COLUMNS WITHOUT_BODY ", body"

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

static const struct db_field fields[] = {
    FIELD(struct message_row, seq),
    FIELD(struct message_row, epoch),
    FIELD(struct message_row, division),
    FIELD_NAME(struct message_row, state, message_states),
    FIELD_OR_NULL(struct message_row, lease_until),
    FIELD(struct message_row, created_on),
    FIELD(struct message_row, kind),
    FIELD(struct message_row, subject),
    FIELD(struct message_row, body),
};
static const struct db_shape messages = SHAPE("message", struct message_row, fields, 0);

bool store_message_put(struct store *s, struct message_row *row, bool *added, struct error *err)
{
    row->epoch = s->epoch;
    row->state = str_is(row->kind, MESSAGE_DAILY) ? MESSAGE_QUEUED : MESSAGE_READY;
    if (!db_do(s, err,
               "INSERT INTO message (epoch, division, kind, subject, created_on, body, state) "
               "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (division, kind, subject) DO NOTHING",
               ARG(row->epoch), ARG(row->division), ARG(row->kind), ARG(row->subject),
               ARG(row->created_on), ARG(row->body), ARG_NAME(&message_states, row->state))) {
        return false;
    }
    s->made_ready++;
    *added = db_changed(s) > 0;
    row->seq = *added ? db_inserted(s) : 0;
    return true;
}

bool store_message_state(struct store *s, int64_t seq, enum message_state state, struct error *err)
{
    return db_do(s, err, "UPDATE message SET state = ?2, lease_until = NULL WHERE seq = ?1",
                 ARG(seq), ARG_NAME(&message_states, state));
}

bool store_message_ready(struct store *s, int64_t seq, struct str body, struct error *err)
{
    s->made_ready++;
    return db_do(s, err, "UPDATE message SET state = 'ready', listed = 1, body = ?2 WHERE seq = ?1",
                 ARG(seq), ARG(body));
}

bool store_message_unmake(struct store *s, int64_t seq, struct error *err)
{
    return db_do(s, err,
                 "UPDATE message SET listed = 0, lease_until = NULL, "
                 "state = CASE WHEN kind = '" MESSAGE_DAILY "' THEN 'queued' ELSE 'ready' END "
                 "WHERE seq = ? AND state = 'ready'",
                 ARG(seq));
}

bool store_message_lease(struct store *s, int64_t seq, int64_t until, struct error *err)
{
    return db_do(s, err, "UPDATE message SET lease_until = ?2 WHERE seq = ?1 AND state = 'ready'",
                 ARG(seq), ARG(until));
}

bool store_message_get(struct store *s, int64_t seq, struct message_row *row, struct error *err)
{
    return db_one(s, err, NULL, &messages, row,
                  "SELECT seq, epoch, division, state, lease_until FROM message WHERE seq = ?",
                  ARG(seq));
}

uint64_t store_messages_made_ready(const struct store *s)
{
    return s->made_ready;
}

bool store_messages_in(struct store *s, struct arena *a, enum message_state state, const char *kind,
                       int64_t after, int limit, struct message_row **rows, int *count,
                       struct error *err)
{
    return db_all(s, err, a, &messages, rows, count,
                  "SELECT " COLUMNS " FROM message WHERE state = ?1 "
                  "AND state IN ('queued', 'staged', 'ready') AND seq > ?2 "
                  "AND (?3 IS NULL OR kind = ?3) ORDER BY seq LIMIT ?4",
                  ARG_NAME(&message_states, state), ARG(after), ARG(kind), ARG(limit));
}

bool store_messages_made(struct store *s, struct arena *a, int64_t after, int limit,
                         struct message_row **rows, int *count, struct error *err)
{
    return db_all(s, err, a, &messages, rows, count,
                  "SELECT " WITHOUT_BODY " FROM message WHERE state = 'ready' AND listed = 1 "
                  "AND seq > ? ORDER BY seq LIMIT ?",
                  ARG(after), ARG(limit));
}

/* Bodies can be large: the page ends with the one that goes above `bytes`, and what comes behind it
 * is not read. */
bool store_messages_of(struct store *s, struct arena *a, int64_t division, bool waiting,
                       int64_t after, int limit, size_t bytes, struct message_page *page,
                       struct error *err)
{
    const struct db_arg *args = DB_ARGS(ARG(division), ARG(after), ARG((int64_t)limit + 1));
    sqlite3_stmt *q =
        db_query_args(s, err,
                      waiting ? "SELECT " COLUMNS " FROM message WHERE division = ? AND seq > ? "
                                "AND state IN ('queued', 'staged', 'ready') ORDER BY seq LIMIT ?"
                              : "SELECT " COLUMNS
                                " FROM message WHERE division = ? AND seq > ? ORDER BY seq LIMIT ?",
                      args);
    struct message_row row;
    size_t read = 0;
    *page = (struct message_page){0};
    for (bool more; db_next(s, q, err, a, &messages, &row, &more);) {
        if (!more) {
            return true;
        }
        if (page->count == limit || read > bytes) {
            page->more = true;
            db_end(q);
            return true;
        }
        page->rows = arena_room(a, page->rows, sizeof row, page->count);
        page->rows[page->count++] = row;
        read += row.body.len;
    }
    return false;
}

bool store_messages_told(struct store *s, struct arena *a, int64_t division, int64_t until,
                         int64_t after, int limit, struct message_row **rows, int *count,
                         struct error *err)
{
    return db_all(s, err, a, &messages, rows, count,
                  "SELECT " COLUMNS " FROM message WHERE division = ? AND seq > ? AND seq <= ? "
                  "AND listed = 0 AND kind <> '" MESSAGE_DAILY "' ORDER BY seq LIMIT ?",
                  ARG(division), ARG(after), ARG(until), ARG(limit));
}

bool store_messages_carried(struct store *s, int64_t division, int64_t seq, bool delivered,
                            struct error *err)
{
    return db_do(s, err,
                 delivered ? "UPDATE message SET listed = 1, lease_until = NULL, "
                             "state = CASE state WHEN 'ready' THEN 'delivered' ELSE state END "
                             "WHERE division = ?1 AND seq <= ?2 AND listed = 0 "
                             "AND kind <> '" MESSAGE_DAILY "'"
                           : "UPDATE message SET listed = 1 WHERE division = ?1 AND seq <= ?2 "
                             "AND listed = 0 AND kind <> '" MESSAGE_DAILY "'",
                 ARG(division), ARG(seq));
}

bool store_message_division_next(struct store *s, int64_t after, int64_t *division,
                                 struct error *err)
{
    return db_one(s, err, NULL, &db_number, division,
                  "SELECT division FROM message WHERE division > ? AND listed = 0 "
                  "AND kind <> '" MESSAGE_DAILY "' ORDER BY division LIMIT 1",
                  ARG(after));
}

/* Numbers and days grow together, so the lowest number of each state that waits is enough. */
bool store_message_oldest(struct store *s, struct date *day, struct error *err)
{
    return db_one(s, err, NULL, &db_day, day,
                  "SELECT created_on FROM message WHERE seq = (SELECT min(seq) FROM ("
                  "SELECT min(seq) AS seq FROM message WHERE state = 'queued' UNION ALL "
                  "SELECT min(seq) FROM message WHERE state = 'staged' UNION ALL "
                  "SELECT min(seq) FROM message WHERE state = 'ready'))",
                  NO_ARGS);
}
