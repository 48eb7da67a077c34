/* store/db: SQLite, for the files of daemon/store alone.
 *
 * One call for each statement: it is found prepared (by the address of its text, so each text is a
 * literal at its place of use), bound to the arguments, stepped and reset. What comes back is read
 * by a shape: the table of a struct's fields, which also says what each column may hold. Nothing is
 * trusted because a CHECK should hold: a value that the shape does not allow is storage, with
 * table, row and column named. */
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

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
    int file; /* the store's own, which holds the lock */
    dev_t device;
    ino_t inode;
    uint64_t failures; /* (store.h) */
    bool passing;      /* of the last of them */
    struct db_slot slots[DB_STATEMENTS];
    char salt[33];
    int64_t epoch;
    struct date created_on;
    /* The audit's head as of the transaction under way; read anew where `head_known` is false. */
    bool head_known;
    int64_t head_seq;
    char head[DIGEST_HEX + 1];
    bool audit_day_known;
    struct date audit_day; /* the latest local day with an entry */
    struct date entry_on;  /* the local day of the entry that this connection added last */
    struct digest *digest;
    struct strbuf scratch;
    struct histogram *sync; /* or NULL */
    int wal_pages;          /* in the log since it last began anew */
    uint64_t made_ready;    /* messages that may have become ready (message.h) */
    uint64_t given;         /* messages given to another division (merge.h) */
};

/* ---- what is bound ---- */

enum db_kind {
    DB_END,
    DB_INT64,
    DB_INT,
    DB_BOOL,
    DB_DATE,
    DB_STR,
    DB_TEXT,  /* char * */
    DB_CHARS, /* char[] */
    DB_HASH,  /* char[DIGEST_HEX + 1], in the table 32 bytes */
    DB_ROW    /* all stored fields of a shape */
};

struct db_shape;
struct db_arg {
    enum db_kind kind; /* DB_INT64, DB_STR, DB_ROW or DB_END */
    bool null;
    int64_t number;
    struct str text;
    const struct db_shape *shape;
    const void *row;
};

static inline struct db_arg db_arg_int(int64_t value)
{
    return (struct db_arg){.kind = DB_INT64, .number = value};
}

static inline struct db_arg db_arg_date(struct date value)
{
    return (struct db_arg){.kind = DB_INT64, .null = !date_is(value), .number = value.day};
}

static inline struct db_arg db_arg_str(struct str value)
{
    return (struct db_arg){.kind = DB_STR, .null = !value.data, .text = value};
}

static inline struct db_arg db_arg_text(const char *value)
{
    return db_arg_str(str_of(value));
}

static inline struct db_arg db_arg_name(const struct names *names, int value)
{
    const char *word = names_text(names, value);
    return db_arg_text(*word ? word : NULL);
}

static inline struct db_arg db_arg_row(const struct db_shape *shape, const void *row)
{
    return (struct db_arg){.kind = DB_ROW, .shape = shape, .row = row};
}

/* A value of any type but an enum. An absent day, a str without data and a NULL pointer are NULL.
 */
#define ARG(value)                                                                                 \
    _Generic((value), int64_t                                                                      \
             : db_arg_int, int                                                                     \
             : db_arg_int, bool                                                                    \
             : db_arg_int, struct date                                                             \
             : db_arg_date, struct str                                                             \
             : db_arg_str, char *                                                                  \
             : db_arg_text, const char *                                                           \
             : db_arg_text)(value)
/* The word of an enum's value. */
#define ARG_NAME(names, value) db_arg_name((names), (int)(value)) /* "" is NULL */
/* NULL where the value is `none`. */
#define ARG_OR_NULL(value, none)                                                                   \
    ((struct db_arg){.kind = DB_INT64, .null = (value) == (none), .number = (value)})
#define ARG_ROW(shape, row) db_arg_row((shape), (row))
#define NO_ARGS ((struct db_arg){.kind = DB_END})
#define DB_ARGS(...) ((const struct db_arg[]){__VA_ARGS__, {.kind = DB_END}})

/* ---- what is read ---- */

struct db_field {
    enum db_kind kind;
    bool null; /* the column may be NULL: `none`, DATE_NONE, no data */
    size_t offset, size;
    int64_t none, min, max;
    const struct names *names; /* an enum by its words; NULL in the column is the word "" */
};

#define DB_MAX (INT64_C(1) << 53) /* what JSON keeps exact */
#define DB_KIND(row, field)                                                                        \
    _Generic(((row *)0)->field, int64_t                                                            \
             : DB_INT64, int                                                                       \
             : DB_INT, bool                                                                        \
             : DB_BOOL, struct date                                                                \
             : DB_DATE, struct str                                                                 \
             : DB_STR, char *                                                                      \
             : DB_TEXT, const char *                                                               \
             : DB_TEXT)
#define DB_FIELD(row, field, ...)                                                                  \
    {                                                                                              \
        .offset = offsetof(row, field), .size = sizeof(((row *)0)->field), __VA_ARGS__             \
    }
/* An integer from 0, a day from 1900 to 2199, a text in UTF-8; never NULL. */
#define FIELD(row, field) DB_FIELD(row, field, .kind = DB_KIND(row, field), .max = DB_MAX)
#define FIELD_RANGE(row, field, low, high)                                                         \
    DB_FIELD(row, field, .kind = DB_KIND(row, field), .min = (low), .max = (high))
/* NULL is 0, DATE_NONE, a str without data, a NULL pointer. */
#define FIELD_OR_NULL(row, field)                                                                  \
    DB_FIELD(row, field, .kind = DB_KIND(row, field), .max = DB_MAX, .null = true)
/* NULL is -1: an unknown amount, the clock as caller, a word not said. */
#define FIELD_OR_MINUS(row, field)                                                                 \
    DB_FIELD(row, field, .kind = DB_KIND(row, field), .max = DB_MAX, .null = true, .none = -1)
#define FIELD_NAME(row, field, table) DB_FIELD(row, field, .kind = DB_INT, .names = &(table))
#define FIELD_NAME_OR_MINUS(row, field, table)                                                     \
    DB_FIELD(row, field, .kind = DB_INT, .names = &(table), .null = true, .none = -1)
#define FIELD_CHARS(row, field) DB_FIELD(row, field, .kind = DB_CHARS)
#define FIELD_CHARS_OR_NULL(row, field) DB_FIELD(row, field, .kind = DB_CHARS, .null = true)
#define FIELD_HASH(row, field) DB_FIELD(row, field, .kind = DB_HASH)

/* The fields of a struct in the order of a statement's columns. The first is the key that a damaged
 * row is named by. A statement may give the first of them only; ARG_ROW binds the first `stored`.
 */
struct db_shape {
    const char *table;
    const struct db_field *fields;
    int count, stored;
    size_t size;
};
#define SHAPE(table, row, fields, stored)                                                          \
    {                                                                                              \
        (table), (fields), (int)(sizeof(fields) / sizeof *(fields)), (stored), sizeof(row)         \
    }
/* A single number, day or text (int64_t, struct date, struct str). */
extern const struct db_shape db_number, db_day, db_text;

/* ---- statements ---- */

/* A statement that gives no rows. */
#define db_do(s, err, sql, ...) db_do_args((s), (err), (sql), DB_ARGS(__VA_ARGS__))
/* The only row, or the first. Where there is none each field is as NULL reads. Texts go into the
 * arena, which may be NULL where the shape has none. */
#define db_one(s, err, a, shape, row, sql, ...)                                                    \
    db_one_args((s), (err), (a), (shape), (row), sizeof *(row), (sql), DB_ARGS(__VA_ARGS__))
/* Every row, into an array of the arena; `rows` points to the array's pointer. */
#define db_all(s, err, a, shape, rows, count, sql, ...)                                            \
    db_all_args((s), (err), (a), (shape), (rows), sizeof **(rows), (count), (sql),                 \
                DB_ARGS(__VA_ARGS__))
/* Whether there is a row. */
#define db_any(s, err, found, sql, ...)                                                            \
    db_any_args((s), (err), (found), (sql), DB_ARGS(__VA_ARGS__))
/* Row by row: `db_query(…)`, then db_next() until *more is false; db_end() where one stops before
 * that. NULL on failure, and db_next() of NULL fails. The arguments must stay where they are. */
#define db_query(s, err, sql, ...) db_query_args((s), (err), (sql), DB_ARGS(__VA_ARGS__))
bool db_next(struct store *s, sqlite3_stmt *q, struct error *err, struct arena *a,
             const struct db_shape *shape, void *row, bool *more);
void db_end(sqlite3_stmt *q);
/* The number that the last insert gave; how many rows the last change changed. */
int64_t db_inserted(const struct store *s);
int64_t db_changed(const struct store *s);

bool db_do_args(struct store *s, struct error *err, const char *sql, const struct db_arg *args);
bool db_one_args(struct store *s, struct error *err, struct arena *a, const struct db_shape *shape,
                 void *row, size_t size, const char *sql, const struct db_arg *args);
bool db_all_args(struct store *s, struct error *err, struct arena *a, const struct db_shape *shape,
                 void *rows, size_t size, int *count, const char *sql, const struct db_arg *args);
bool db_any_args(struct store *s, struct error *err, bool *found, const char *sql,
                 const struct db_arg *args);
sqlite3_stmt *db_query_args(struct store *s, struct error *err, const char *sql,
                            const struct db_arg *args);

/* Several statements without arguments, not kept. */
bool db_exec(struct store *s, const char *sql, struct error *err);
/* The error from the connection's last error. Always false. */
bool db_fail(struct store *s, const char *what, struct error *err);

/* Brings the schema to the version of this programme (migrate.c). */
bool migrate(struct store *s, struct date today, struct error *err);
/* Plans of every statement prepared so far that scan a table whole, for the test of section 2. */
bool db_scans(struct store *s, struct strbuf *out, struct error *err);
