/* tests/bench/bare: what the two bare loops share. SQLite, libcsv and the rules, nothing else: no
 * check, no layer, no thread, and every failure ends the programme. They write the rows that the
 * daemon writes, under the same schema, pragmas, size of commits and checkpoints. */
#pragma once

#include <malloc.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/canon.h"
#include "base/digest.h"
#include "rules/alert.h"
#include "rules/cycle.h"
#include "store/audit.h"
#include "store/calendar.h"
#include "work/job.h"

#define BARE_WAL_PAGES (16 * 1024 * 1024 / 4096)

struct bare {
    sqlite3 *db;
    int64_t now; /* of the manual clock */
    char at[CLOCK_TEXT];
    struct date today;
    int64_t uid; /* -1: the clock */
    const char *who;
    char salt[33];
    int64_t seq;
    char head[DIGEST_HEX + 1];
    unsigned char hash[32];
    struct digest *digest;
    struct policy_set *policies;
    const struct policy *policy;
    struct calendar *calendar;
    struct strbuf item, before, after;
    char personal[5][24]; /* digests of one entry */
    int64_t slice_ends;
    int wal_pages;
};

__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static inline sqlite3_stmt *prepare(struct bare *b, const char *sql)
{
    sqlite3_stmt *q;
    if (sqlite3_prepare_v3(b->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK) {
        die("%s: %s", sqlite3_errmsg(b->db), sql);
    }
    return q;
}

/* Binds one value after the other: i int64_t, d struct date, s struct str, z text or NULL. */
static inline void bind_list(sqlite3_stmt *q, const char *types, va_list args)
{
    for (int at = 1; types[at - 1]; at++) {
        struct str s;
        switch (types[at - 1]) {
        case 'i':
            sqlite3_bind_int64(q, at, va_arg(args, int64_t));
            continue;
        case 'd':
            s.len = (size_t)va_arg(args, struct date).day;
            if ((int32_t)s.len == DATE_NONE.day) {
                sqlite3_bind_null(q, at);
            } else {
                sqlite3_bind_int(q, at, (int32_t)s.len);
            }
            continue;
        case 'z':
            s = str_of(va_arg(args, const char *));
            break;
        default:
            s = va_arg(args, struct str);
        }
        if (s.data) {
            sqlite3_bind_text(q, at, s.data, (int)s.len, SQLITE_STATIC);
        } else {
            sqlite3_bind_null(q, at);
        }
    }
}

static inline void bind(sqlite3_stmt *q, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    bind_list(q, types, args);
    va_end(args);
}

/* Binds, steps and resets. */
static inline void put(struct bare *b, sqlite3_stmt *q, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    bind_list(q, types, args);
    va_end(args);
    if (sqlite3_step(q) != SQLITE_DONE) {
        die("%s: %s", sqlite3_errmsg(b->db), sqlite3_sql(q));
    }
    sqlite3_reset(q);
}

/* A statement of its own at each place, prepared once. */
#define PUT(b, sql, types, ...)                                                                    \
    do {                                                                                           \
        static sqlite3_stmt *q_;                                                                   \
        if (!q_)                                                                                   \
            q_ = prepare((b), (sql));                                                              \
        put((b), q_, (types), __VA_ARGS__);                                                        \
    } while (0)

static inline struct str column(sqlite3_stmt *q, int at)
{
    return (struct str){(const char *)sqlite3_column_text(q, at),
                        (size_t)sqlite3_column_bytes(q, at)};
}

/* ---- commits ---- */

static inline void bare_begin(struct bare *b)
{
    if (sqlite3_exec(b->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
        die("%s", sqlite3_errmsg(b->db));
    }
    b->slice_ends = job_now() + JOB_SLICE_NS;
}

static inline void bare_commit(struct bare *b)
{
    if (sqlite3_exec(b->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        die("%s", sqlite3_errmsg(b->db));
    }
    if (b->wal_pages > BARE_WAL_PAGES) {
        int in_log, copied;
        sqlite3_wal_checkpoint_v2(b->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
        b->wal_pages = 0;
    }
}

static inline int bare_grew(void *self, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct bare *)self)->wal_pages = pages;
    return SQLITE_OK;
}

/* ---- the audit ---- */

static inline const char *bare_personal(struct bare *b, int slot, struct str value)
{
    char hex[DIGEST_HEX + 1];
    if (!value.data) {
        return NULL;
    }
    digest_add(b->digest, b->salt, 32);
    digest_add(b->digest, value.data, value.len);
    digest_hex(b->digest, hex);
    memcpy(b->personal[slot], "sha256:", 7);
    memcpy(b->personal[slot] + 7, hex, 16);
    b->personal[slot][23] = '\0';
    return b->personal[slot];
}

static inline void bare_hash_bytes(struct bare *b)
{
    for (int i = 0; i < 32; i++) {
        int high = b->head[2 * i], low = b->head[2 * i + 1];
        high = high <= '9' ? high - '0' : high - 'a' + 10;
        low = low <= '9' ? low - '0' : low - 'a' + 10;
        b->hash[i] = (unsigned char)(high << 4 | low);
    }
}

/* One entry, its `before` and `after` in the buffers of those names (empty: null). */
static inline void bare_audit(struct bare *b, const char *action, struct str household)
{
    static sqlite3_stmt *q;
    struct str before = b->before.len ? strbuf_str(&b->before) : STR_NONE;
    struct str after = b->after.len ? strbuf_str(&b->after) : STR_NONE;
    if (!q) {
        q = prepare(b,
                    "INSERT INTO audit (seq, at, uid, who, action, household, before, after, hash) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    }
    strbuf_reset(&b->item);
    struct canon c = canon_open(&b->item);
    canon_str(&c, "action", str_of(action));
    canon_raw(&c, "after", after);
    canon_str(&c, "at", str_of(b->at));
    canon_raw(&c, "before", before);
    canon_str(&c, "household", household);
    canon_int(&c, "seq", ++b->seq);
    if (b->uid < 0) {
        canon_null(&c, "uid");
    } else {
        canon_int(&c, "uid", b->uid);
    }
    canon_str(&c, "who", str_of(b->who));
    canon_close(&c);
    digest_add(b->digest, b->head, DIGEST_HEX);
    digest_add(b->digest, "\n", 1);
    digest_add(b->digest, b->item.data, b->item.len);
    digest_hex(b->digest, b->head);
    bare_hash_bytes(b);
    sqlite3_bind_blob(q, 9, b->hash, sizeof b->hash, SQLITE_STATIC);
    put(b, q, "izizzsss", b->seq, b->at, b->uid, b->who, action, household, before, after);
    strbuf_reset(&b->before);
    strbuf_reset(&b->after);
}

/* ---- tasks ---- */

static inline void bare_open_task(struct bare *b, struct str household, int64_t household_id,
                                  int64_t township, int64_t cycle, struct date nominal,
                                  struct date due_on)
{
    char due[DATE_TEXT], nominal_text[DATE_TEXT], opened[DATE_TEXT];
    struct date alert_on;
    if (alert_due(b->policy, b->calendar, due_on, -1, b->today, &alert_on) >= 0) {
        alert_on = b->today;
    }
    PUT(b,
        "INSERT INTO task (kind, state, household_id, township, cycle, opened_on, nominal_due_on, "
        "original_due_on, due_on, raised, alert_on) "
        "VALUES ('regular-review', 'open', ?, ?, ?, ?, ?, ?, ?, -1, ?)",
        "iiiddddd", household_id, township, cycle, b->today, nominal, due_on, due_on, alert_on);
    int64_t task = sqlite3_last_insert_rowid(b->db);
    PUT(b, "UPDATE cycle SET task = ? WHERE cycle = ?", "ii", task, cycle);
    struct canon c = canon_open(&b->after);
    canon_str(&c, "due_on", str_of(date_text(due_on, due)));
    canon_str(&c, "kind", STR("regular-review"));
    canon_str(&c, "nominal_due_on", str_of(date_text(nominal, nominal_text)));
    canon_str(&c, "opened_on", str_of(date_text(b->today, opened)));
    canon_int(&c, "task", task);
    canon_close(&c);
    bare_audit(b, "task.open", household);
}

/* ---- opening ---- */

static inline void bare_rules(struct bare *b, const char *path, const char *policies)
{
    struct error err = ERROR_INIT;
    struct faults faults = {0};
    struct store *s = store_open(path, STORE_READ, b->today, &err);
    b->calendar = s ? store_calendar_load(s, &err) : NULL;
    b->policies = policy_set_load(policies, &faults);
    b->policy = b->policies ? policy_on(b->policies, b->today, NULL, &err) : NULL;
    if (!b->calendar || !b->policy) {
        die("%s: %s", path, err.message ? err.message : "no policy");
    }
    snprintf(b->salt, sizeof b->salt, "%s", store_salt(s));
    if (!store_audit_head(s, b->head, &b->seq, &err)) {
        die("%s", err.message);
    }
    store_close(s);
}

/* A store that the daemon made: its schema, its divisions, its calendar. */
static inline void bare_open(struct bare *b, const char *path, const char *at, const char *policies)
{
    struct error err = ERROR_INIT;
    mallopt(M_TRIM_THRESHOLD, 16 << 20); /* as reviewd */
    mallopt(M_TOP_PAD, 256 << 10);
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    if (!clock_parse(str_of(at), &b->now, &err)) {
        die("%s", err.message);
    }
    clock_format(b->now, b->at);
    b->today = (struct date){clock_local_day(b->now)};
    b->digest = digest_new();
    bare_rules(b, path, policies);
    if (sqlite3_open_v2(path, &b->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ||
        sqlite3_exec(b->db,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON;"
                     "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8000;"
                     "PRAGMA journal_size_limit = 67108864;",
                     NULL, NULL, NULL)) {
        die("%s: %s", path, sqlite3_errmsg(b->db));
    }
    sqlite3_wal_hook(b->db, bare_grew, b);
}

/* The first entry of a day is marked; called inside the first transaction. */
static inline void bare_mark_day(struct bare *b)
{
    PUT(b, "INSERT OR IGNORE INTO audit_day VALUES (?, ?)", "di", b->today, b->seq + 1);
}
