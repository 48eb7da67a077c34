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

#define COLUMNS "seq, at, uid, who, action, household, before, after, hash"
static const struct db_field fields[] = {
    FIELD(struct audit_row, seq),
    FIELD(struct audit_row, at),
    FIELD_OR_MINUS(struct audit_row, uid),
    FIELD(struct audit_row, who),
    FIELD(struct audit_row, action),
    FIELD_OR_NULL(struct audit_row, household),
    FIELD_OR_NULL(struct audit_row, before),
    FIELD_OR_NULL(struct audit_row, after),
    FIELD_HASH(struct audit_row, hash),
};
static const struct db_shape entries = SHAPE("audit", struct audit_row, fields, 9);

static const struct db_field head_fields[] = {
    FIELD(struct audit_row, seq),
    FIELD_HASH(struct audit_row, hash),
};
static const struct db_shape heads = SHAPE("audit", struct audit_row, head_fields, 0);

static bool head_load(struct store *s, struct error *err)
{
    struct audit_row row;
    if (!db_one(s, err, NULL, &heads, &row, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
                NO_ARGS)) {
        return false;
    }
    s->head_seq = row.seq;
    if (row.seq) {
        memcpy(s->head, row.hash, sizeof s->head);
    } else {
        memset(s->head, '0', DIGEST_HEX);
        s->head[DIGEST_HEX] = '\0';
    }
    s->head_known = true;
    return true;
}

/* The first entry of a local day is found by it. Where the clock went back a later day's mark
 * covers the entry. */
static bool day_mark(struct store *s, struct date day, struct error *err)
{
    if (!s->audit_day_known &&
        !db_one(s, err, NULL, &db_day, &s->audit_day, "SELECT max(day) FROM audit_day", NO_ARGS)) {
        return false;
    }
    s->audit_day_known = true;
    if (date_is(s->audit_day) && day.day <= s->audit_day.day) {
        return true;
    }
    s->audit_day = day;
    return db_do(s, err, "INSERT OR IGNORE INTO audit_day (day, seq) VALUES (?, ?)", ARG(day),
                 ARG(s->head_seq + 1));
}

bool store_audit_add(struct store *s, int64_t at, struct actor actor, const char *action,
                     struct str household, struct str before, struct str after, struct error *err)
{
    char text[CLOCK_TEXT];
    s->entry_on = (struct date){clock_local_day(at)};
    if ((!s->head_known && !head_load(s, err)) || !day_mark(s, s->entry_on, err)) {
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
    if (!db_do(s, err, "INSERT INTO audit (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
               ARG_ROW(&entries, &row))) {
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

bool store_audit_list(struct store *s, struct arena *a, struct str household, int64_t after,
                      int limit, struct audit_row **rows, int *count, struct error *err)
{
    return household.data
               ? db_all(s, err, a, &entries, rows, count,
                        "SELECT " COLUMNS " FROM audit WHERE household = ? AND seq > ? "
                        "ORDER BY seq LIMIT ?",
                        ARG(household), ARG(after), ARG(limit))
               : db_all(s, err, a, &entries, rows, count,
                        "SELECT " COLUMNS " FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",
                        ARG(after), ARG(limit));
}

bool store_audit_since(struct store *s, struct date since, int64_t *after, struct error *err)
{
    bool ok = db_one(s, err, NULL, &db_number, after,
                     "SELECT min(seq) FROM audit_day WHERE day >= ?", ARG(since));
    *after = *after ? *after - 1 : INT64_MAX;
    return ok;
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
