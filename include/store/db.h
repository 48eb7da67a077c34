/* store/db: SQLite, for the files of daemon/store alone.
 *
 * Statements are prepared once per connection and found again by the address of their text, so each
 * is a static string of its own. A statement is bound, stepped by db_run() or db_row(), and reset
 * by them at its end. */
#pragma once

#include <sqlite3.h>

#include "base/digest.h"
#include "base/names.h"
#include "store/store.h"

#define DB_STATEMENTS 256 /* a power of two, above the number of statements */

struct db_slot {
    const char *sql;
    sqlite3_stmt *stmt;
};

struct store {
    sqlite3 *db;
    enum store_mode mode;
    char *path;
    int lock_fd;
    struct db_slot slots[DB_STATEMENTS];
    char salt[33];
    int64_t epoch;
    struct date created_on;
    /* The audit's head as of the transaction under way; read anew where `head_known` is false. */
    bool head_known;
    int64_t head_seq;
    char head[DIGEST_HEX + 1];
    int32_t audit_day; /* the latest local day with an entry, INT32_MIN: not read yet */
    struct digest *digest;
    struct strbuf scratch;
    struct histogram *sync; /* or NULL */
    int wal_pages;          /* in the log since it last began anew */
    uint64_t made_ready;    /* messages that may have become ready (message.h) */
    uint64_t given;         /* messages given to another division (merge.h) */
};

/* The prepared statement, reset and unbound; NULL on failure. */
sqlite3_stmt *db_stmt(struct store *s, const char *sql, struct error *err);
void db_int(sqlite3_stmt *q, int at, int64_t value);
void db_key(sqlite3_stmt *q, int at, int64_t value); /* 0 is NULL */
void db_str(sqlite3_stmt *q, int at, struct str value);
void db_date(sqlite3_stmt *q, int at, struct date value);
void db_name(sqlite3_stmt *q, int at, const struct names *names, int value); /* "" is NULL */
void db_fen(sqlite3_stmt *q, int at, int64_t value); /* FEN_UNKNOWN is NULL */

/* Steps a statement that gives no rows, and resets it. */
bool db_run(struct store *s, sqlite3_stmt *q, struct error *err);
/* The next row: *row tells whether there is one; at the end, or on failure, the statement is reset.
 */
bool db_row(struct store *s, sqlite3_stmt *q, bool *row, struct error *err);
void db_end(sqlite3_stmt *q); /* after the last row that is wanted */

int64_t db_get_int(sqlite3_stmt *q, int at); /* 0 for NULL */
struct str db_get_str(sqlite3_stmt *q, int at, struct arena *a);
struct date db_get_date(sqlite3_stmt *q, int at);
int db_get_name(sqlite3_stmt *q, int at, const struct names *names);
int64_t db_get_fen(sqlite3_stmt *q, int at);

/* Room for one more than `count` in an array of an arena: the array itself or a larger copy. */
void *db_room(struct arena *a, void *array, size_t size, int count, int *cap);

/* Every row of a bound statement, read by `read` into an array of the arena; `rows` points to the
 * array's pointer. */
typedef void db_read(sqlite3_stmt *q, struct arena *a, void *row);
bool db_rows(struct store *s, sqlite3_stmt *q, struct arena *a, size_t size, db_read *read,
             void *rows, int *count, struct error *err);

/* error_set() from the connection's last error. Always false. */
bool db_fail(struct store *s, const char *what, struct error *err);
bool db_exec(struct store *s, const char *sql, struct error *err);

/* Brings the schema to the version of this programme (migrate.c). */
bool migrate(struct store *s, struct date today, struct error *err);
/* Plans of every statement prepared so far that scan a table whole, for the test of section 2. */
bool db_scans(struct store *s, struct strbuf *out, struct error *err);
