#include "store/audit.h"

#include <stdlib.h>

#include "base/canon.h"
#include "store/db.h"

/* The item without its hash, in RFC 8785 form: keys in order. */
static void audit_item(struct strbuf *out, const struct audit_row *row)
{
    struct canon c = canon_open(out);
    canon_str(&c, "action", str_of(row->action));
    canon_raw(&c, "after", row->after);
    canon_str(&c, "at", str_of(row->at));
    canon_raw(&c, "before", row->before);
    canon_str(&c, "household", row->household);
    canon_int(&c, "seq", row->seq);
    if (row->uid < 0) {
        canon_null(&c, "uid");
    } else {
        canon_int(&c, "uid", row->uid);
    }
    canon_str(&c, "who", str_of(row->who));
    canon_close(&c);
}

void audit_hash(const char previous[DIGEST_HEX + 1], const struct audit_row *row,
                char out[DIGEST_HEX + 1])
{
    struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, previous, DIGEST_HEX);
    strbuf_addc(&text, '\n');
    audit_item(&text, row);
    digest_of(strbuf_str(&text), out);
    strbuf_free(&text);
}

static void hash_to_bytes(const char hex[DIGEST_HEX], unsigned char out[32])
{
    for (int i = 0; i < 32; i++) {
        int high = hex[2 * i], low = hex[2 * i + 1];
        high = high <= '9' ? high - '0' : high - 'a' + 10;
        low = low <= '9' ? low - '0' : low - 'a' + 10;
        out[i] = (unsigned char)(high << 4 | low);
    }
}

static void hash_to_hex(const unsigned char *bytes, char out[DIGEST_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 32; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[DIGEST_HEX] = '\0';
}

static bool head_load(struct store *s, struct error *err)
{
    static const char sql[] = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    if (!q || !db_row(s, q, &row, err)) {
        return false;
    }
    s->head_seq = 0;
    memset(s->head, '0', DIGEST_HEX);
    s->head[DIGEST_HEX] = '\0';
    if (row) {
        s->head_seq = db_get_int(q, 0);
        hash_to_hex(sqlite3_column_blob(q, 1), s->head);
        db_end(q);
    }
    s->head_known = true;
    return true;
}

static bool day_load(struct store *s, struct error *err)
{
    static const char sql[] = "SELECT coalesce(max(day), -2147483647) FROM audit_day";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    if (!q || !db_row(s, q, &row, err)) {
        return false;
    }
    s->audit_day = (int32_t)db_get_int(q, 0);
    db_end(q);
    return true;
}

static bool day_mark(struct store *s, int32_t day, struct error *err)
{
    static const char sql[] = "INSERT OR IGNORE INTO audit_day (day, seq) VALUES (?, ?)";
    if (s->audit_day == INT32_MIN && !day_load(s, err)) {
        return false;
    }
    if (day <= s->audit_day) {
        return true; /* also where the clock went back: a later day's mark covers it */
    }
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    db_int(q, 1, day);
    db_int(q, 2, s->head_seq + 1);
    s->audit_day = day;
    return db_run(s, q, err);
}

static bool audit_insert(struct store *s, const struct audit_row *row, struct error *err)
{
    static const char sql[] =
        "INSERT INTO audit (seq, at, uid, who, action, household, before, after, hash) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    unsigned char hash[32];
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (!q) {
        return false;
    }
    hash_to_bytes(row->hash, hash);
    db_int(q, 1, row->seq);
    db_str(q, 2, str_of(row->at));
    if (row->uid < 0) {
        sqlite3_bind_null(q, 3);
    } else {
        db_int(q, 3, row->uid);
    }
    db_str(q, 4, str_of(row->who));
    db_str(q, 5, str_of(row->action));
    db_str(q, 6, row->household);
    db_str(q, 7, row->before);
    db_str(q, 8, row->after);
    sqlite3_bind_blob(q, 9, hash, sizeof hash, SQLITE_STATIC);
    return db_run(s, q, err);
}

bool store_audit_add(struct store *s, int64_t at, struct actor actor, const char *action,
                     struct str household, struct str before, struct str after, struct error *err)
{
    char text[CLOCK_TEXT];
    if ((!s->head_known && !head_load(s, err)) || !day_mark(s, clock_local_day(at), err)) {
        return false;
    }
    clock_format(at, text);
    struct audit_row row = {.seq = s->head_seq + 1,
                            .at = text,
                            .uid = actor.uid,
                            .who = actor.who,
                            .action = action,
                            .household = household,
                            .before = before,
                            .after = after};
    strbuf_reset(&s->scratch);
    audit_item(&s->scratch, &row);
    digest_add(s->digest, s->head, DIGEST_HEX);
    digest_add(s->digest, "\n", 1);
    digest_add(s->digest, s->scratch.data, s->scratch.len);
    digest_hex(s->digest, row.hash);
    if (!audit_insert(s, &row, err)) {
        s->head_known = false;
        return false;
    }
    s->head_seq = row.seq;
    memcpy(s->head, row.hash, sizeof s->head);
    return true;
}

bool store_audit_head(struct store *s, char head[DIGEST_HEX + 1], int64_t *seq, struct error *err)
{
    if (s->mode == STORE_READ) {
        s->head_known = false; /* the writer moves it */
    }
    if (!s->head_known && !head_load(s, err)) {
        return false;
    }
    memcpy(head, s->head, sizeof s->head);
    if (seq) {
        *seq = s->head_seq;
    }
    return true;
}

static void audit_read(sqlite3_stmt *q, struct arena *a, void *out)
{
    struct audit_row *row = out;
    *row = (struct audit_row){
        .seq = db_get_int(q, 0),
        .at = arena_copy(a, db_get_str(q, 1, a)),
        .uid = db_get_int(q, 2),
        .who = arena_copy(a, db_get_str(q, 3, a)),
        .action = arena_copy(a, db_get_str(q, 4, a)),
        .household = db_get_str(q, 5, a),
        .before = db_get_str(q, 6, a),
        .after = db_get_str(q, 7, a),
    };
    hash_to_hex(sqlite3_column_blob(q, 8), row->hash);
}

bool store_audit_list(struct store *s, struct arena *a, struct str household, int64_t after,
                      int limit, struct audit_row **rows, int *count, struct error *err)
{
    static const char all[] =
        "SELECT seq, at, coalesce(uid, -1), who, action, household, before, after, hash "
        "FROM audit WHERE seq > ?2 ORDER BY seq LIMIT ?3";
    static const char one[] =
        "SELECT seq, at, coalesce(uid, -1), who, action, household, before, after, hash "
        "FROM audit WHERE household = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    sqlite3_stmt *q = db_stmt(s, household.data ? one : all, err);
    if (!q) {
        return false;
    }
    if (household.data) {
        db_str(q, 1, household);
    }
    db_int(q, 2, after);
    db_int(q, 3, limit);
    return db_rows(s, q, a, sizeof **rows, audit_read, rows, count, err);
}

bool store_audit_since(struct store *s, struct date since, int64_t *after, struct error *err)
{
    static const char sql[] = "SELECT min(seq) FROM audit_day WHERE day >= ?";
    sqlite3_stmt *q = db_stmt(s, sql, err);
    bool row;
    if (!q) {
        return false;
    }
    db_date(q, 1, since);
    if (!db_row(s, q, &row, err)) {
        return false;
    }
    bool some = row && sqlite3_column_type(q, 0) != SQLITE_NULL;
    *after = some ? db_get_int(q, 0) - 1 : INT64_MAX;
    db_end(q);
    return true;
}

struct str audit_personal(struct store *s, struct arena *a, struct str value)
{
    if (!value.data) {
        return STR_NONE;
    }
    char hex[DIGEST_HEX + 1], *out = arena_alloc(a, 7 + 16 + 1);
    digest_add(s->digest, s->salt, 32);
    digest_add(s->digest, value.data, value.len);
    digest_hex(s->digest, hex);
    memcpy(out, "sha256:", 7);
    memcpy(out + 7, hex, 16);
    return (struct str){out, 23};
}
