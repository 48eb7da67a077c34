#include "store/db.h"

#include <assert.h>

#include "base/text.h"

static size_t slot_of(const char *sql)
{
    return ((uintptr_t)sql >> 4) * 0x9E3779B97F4A7C15u >> 56;
}

static sqlite3_stmt *db_stmt(struct store *s, const char *sql, struct error *err)
{
    size_t i = slot_of(sql);
    while (s->slots[i].sql && s->slots[i].sql != sql) {
        i = (i + 1) % DB_STATEMENTS;
    }
    if (!s->slots[i].sql) {
        if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->slots[i].stmt,
                               NULL) != SQLITE_OK) {
            db_fail(s, sql, err);
            return NULL;
        }
        s->slots[i].sql = sql;
    }
    /* What was bound the last time may be gone by now: what is not bound anew is NULL. */
    sqlite3_clear_bindings(s->slots[i].stmt);
    return s->slots[i].stmt;
}

static void db_date(sqlite3_stmt *q, int at, struct date value)
{
    if (date_is(value)) {
        sqlite3_bind_int64(q, at, value.day);
    } else {
        sqlite3_bind_null(q, at);
    }
}

bool db_fail(struct store *s, const char *what, struct error *err)
{
    int code = sqlite3_extended_errcode(s->db);
    int primary = code & 0xff;
    /* A forbidden row is the caller's affair, everything else the disk's or ours. */
    if (primary == SQLITE_CONSTRAINT) {
        return error_set(err, REASON_CONFLICT, "store: %s (%.60s)", sqlite3_errmsg(s->db), what);
    }
    s->failures++;
    s->passing = primary == SQLITE_FULL || primary == SQLITE_BUSY || primary == SQLITE_LOCKED ||
                 code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE;
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) {
        return error_set(err, REASON_BUSY, "the store is held by another programme: %s",
                         sqlite3_errmsg(s->db));
    }
    return error_set(err, REASON_STORAGE, "store: %s (%.60s)", sqlite3_errmsg(s->db), what);
}

bool db_exec(struct store *s, const char *sql, struct error *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || db_fail(s, sql, err);
}

static bool db_run(struct store *s, sqlite3_stmt *q, struct error *err)
{
    int rc = sqlite3_step(q);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
        db_fail(s, sqlite3_sql(q), err);
        sqlite3_reset(q);
        return false;
    }
    sqlite3_reset(q);
    return true;
}

static bool db_row(struct store *s, sqlite3_stmt *q, bool *row, struct error *err)
{
    int rc = sqlite3_step(q);
    *row = rc == SQLITE_ROW;
    if (*row) {
        return true;
    }
    bool ok = rc == SQLITE_DONE || db_fail(s, sqlite3_sql(q), err);
    sqlite3_reset(q);
    return ok;
}

void db_end(sqlite3_stmt *q)
{
    sqlite3_reset(q);
}

/* ---- by shapes ---- */

static const struct db_field number_field[] = {
    {.kind = DB_INT64, .size = sizeof(int64_t), .null = true, .min = INT64_MIN, .max = INT64_MAX}};
static const struct db_field day_field[] = {
    {.kind = DB_DATE, .size = sizeof(struct date), .null = true}};
static const struct db_field text_field[] = {
    {.kind = DB_STR, .size = sizeof(struct str), .null = true}};
const struct db_shape db_number = SHAPE("one number", int64_t, number_field, 0);
const struct db_shape db_day = SHAPE("one day", struct date, day_field, 0);
const struct db_shape db_text = SHAPE("one text", struct str, text_field, 0);

/* What `rules` can count with: 1900-01-01 to 2199-12-31. */
#define DAY_FIRST (-25567)
#define DAY_LAST 84005

static void bind_text(sqlite3_stmt *q, int at, struct str text)
{
    sqlite3_bind_text64(q, at, text.data, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

static void bind_hash(sqlite3_stmt *q, int at, const char *hex)
{
    unsigned char bytes[DIGEST_HEX / 2];
    for (int i = 0; i < DIGEST_HEX / 2; i++) {
        int high = hex[2 * i], low = hex[2 * i + 1];
        high = high <= '9' ? high - '0' : high - 'a' + 10;
        low = low <= '9' ? low - '0' : low - 'a' + 10;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    sqlite3_bind_blob(q, at, bytes, sizeof bytes, SQLITE_TRANSIENT);
}

static void bind_field(sqlite3_stmt *q, int at, const struct db_field *f, const void *value)
{
    int64_t number = 0;
    struct str text = STR_NONE;
    switch (f->kind) {
    case DB_INT64:
        number = *(const int64_t *)value;
        break;
    case DB_INT:
        number = *(const int *)value;
        break;
    case DB_BOOL:
        number = *(const bool *)value;
        break;
    case DB_DATE:
        db_date(q, at, *(const struct date *)value);
        return;
    case DB_HASH:
        bind_hash(q, at, value);
        return;
    case DB_STR:
        text = *(const struct str *)value;
        break;
    case DB_TEXT:
        text = str_of(*(const char *const *)value);
        break;
    case DB_CHARS:
        text = *(const char *)value || !f->null ? str_of(value) : STR_NONE;
        break;
    case DB_ROW:
    case DB_END:
        return;
    }
    if (f->names) {
        struct db_arg word = db_arg_name(f->names, (int)number);
        text = f->null && number == f->none ? STR_NONE : word.text;
    } else if (f->kind <= DB_BOOL) {
        if (!(f->null && number == f->none)) {
            sqlite3_bind_int64(q, at, number);
        }
        return;
    }
    if (text.data) {
        bind_text(q, at, text);
    }
}

/* Parameters in order from ?1; what is not bound is NULL. */
static void bind_args(sqlite3_stmt *q, const struct db_arg *args)
{
    int at = 0;
    for (; args->kind != DB_END; args++) {
        if (args->kind == DB_ROW) {
            const struct db_shape *shape = args->shape;
            for (int i = 0; i < shape->stored; i++) {
                const struct db_field *f = &shape->fields[i];
                bind_field(q, ++at, f, (const char *)args->row + f->offset);
            }
            continue;
        }
        at++;
        if (args->null) {
            continue;
        }
        if (args->kind == DB_STR) {
            bind_text(q, at, args->text);
        } else {
            sqlite3_bind_int64(q, at, args->number);
        }
    }
    assert(at == sqlite3_bind_parameter_count(q));
}

sqlite3_stmt *db_query_args(struct store *s, struct error *err, const char *sql,
                            const struct db_arg *args)
{
    sqlite3_stmt *q = db_stmt(s, sql, err);
    if (q) {
        bind_args(q, args);
    }
    return q;
}

bool db_do_args(struct store *s, struct error *err, const char *sql, const struct db_arg *args)
{
    sqlite3_stmt *q = db_query_args(s, err, sql, args);
    return q && db_run(s, q, err);
}

/* What NULL is. */
static void field_none(const struct db_field *f, void *out)
{
    switch (f->kind) {
    case DB_INT64:
        *(int64_t *)out = f->none;
        break;
    case DB_INT:
        *(int *)out = (int)f->none;
        break;
    case DB_DATE:
        *(struct date *)out = DATE_NONE;
        break;
    default:
        memset(out, 0, f->size);
    }
}

static const char *read_number(sqlite3_stmt *q, int at, const struct db_field *f, void *out)
{
    int64_t number = sqlite3_column_int64(q, at);
    if (sqlite3_column_type(q, at) != SQLITE_INTEGER) {
        return "is no number";
    }
    if (f->kind == DB_DATE ? number < DAY_FIRST || number > DAY_LAST
        : f->kind == DB_BOOL
            ? number != 0 && number != 1
            : number < f->min ||
                  number > (f->kind == DB_INT && f->max > INT32_MAX ? INT32_MAX : f->max)) {
        return "is out of range";
    }
    switch (f->kind) {
    case DB_INT64:
        *(int64_t *)out = number;
        break;
    case DB_BOOL:
        *(bool *)out = number != 0;
        break;
    case DB_DATE:
        *(struct date *)out = (struct date){(int32_t)number};
        break;
    default:
        *(int *)out = (int)number;
    }
    return NULL;
}

static const char *read_text(sqlite3_stmt *q, int at, const struct db_field *f, struct arena *a,
                             void *out)
{
    if (sqlite3_column_type(q, at) != SQLITE_TEXT) {
        return "is no text";
    }
    struct str text = {(const char *)sqlite3_column_text(q, at), 0};
    text.len = (size_t)sqlite3_column_bytes(q, at);
    if (f->names) {
        int value = names_find(f->names, text);
        *(int *)out = value < 0 ? 0 : value;
        return value < 0 ? "is no word that it can be" : NULL;
    }
    if (!text_is_utf8(text, NULL) || memchr(text.data, '\0', text.len)) {
        return "is no text in UTF-8";
    }
    if (f->kind == DB_CHARS) {
        if (text.len >= f->size) {
            return "is too long";
        }
        memcpy(out, text.data, text.len + 1);
    } else if (f->kind == DB_TEXT) {
        *(char **)out = arena_copy(a, text);
    } else {
        *(struct str *)out = arena_str(a, text);
    }
    return NULL;
}

static const char *read_hash(sqlite3_stmt *q, int at, void *out)
{
    static const char digits[] = "0123456789abcdef";
    if (sqlite3_column_type(q, at) != SQLITE_BLOB ||
        sqlite3_column_bytes(q, at) != DIGEST_HEX / 2) {
        return "is no hash of 32 bytes";
    }
    const unsigned char *bytes = sqlite3_column_blob(q, at);
    char *hex = out;
    for (int i = 0; i < DIGEST_HEX / 2; i++) {
        *hex++ = digits[bytes[i] >> 4];
        *hex++ = digits[bytes[i] & 15];
    }
    *hex = '\0';
    return NULL;
}

/* NULL, or what is wrong. */
static const char *read_field(sqlite3_stmt *q, int at, const struct db_field *f, struct arena *a,
                              void *out)
{
    if (sqlite3_column_type(q, at) == SQLITE_NULL) {
        field_none(f, out);
        if (f->names && !f->null) {
            *(int *)out = names_find(f->names, STR(""));
            return *(int *)out < 0 ? "is missing" : NULL;
        }
        return f->null ? NULL : "is missing";
    }
    if (f->kind == DB_HASH) {
        return read_hash(q, at, out);
    }
    return f->kind <= DB_DATE && !f->names ? read_number(q, at, f, out)
                                           : read_text(q, at, f, a, out);
}

/* A row that is not there. */
static void row_none(const struct db_shape *shape, void *row)
{
    memset(row, 0, shape->size);
    for (int i = 0; i < shape->count; i++) {
        field_none(&shape->fields[i], (char *)row + shape->fields[i].offset);
    }
}

/* Where a value is not what it can be the statement is at its end. */
static bool read_row(sqlite3_stmt *q, const struct db_shape *shape, struct arena *a, void *row,
                     struct error *err)
{
    int columns = sqlite3_column_count(q);
    assert(columns <= shape->count);
    for (int i = 0; i < columns; i++) {
        const struct db_field *f = &shape->fields[i];
        const char *wrong = read_field(q, i, f, a, (char *)row + f->offset);
        if (wrong) {
            const char *key = (const char *)sqlite3_column_text(q, 0);
            bool shown = key && text_is_utf8(str_of(key), NULL);
            error_say(err, SAY_STORE_ROW_DAMAGED, arg_z(shape->table),
                      arg_z(sqlite3_column_name(q, 0)),
                      shown ? arg_text((struct str){key, strnlen(key, 40)}) : arg_z("?"),
                      arg_z(sqlite3_column_name(q, i)), arg_z(wrong));
            db_end(q);
            return false;
        }
    }
    return true;
}

bool db_next(struct store *s, sqlite3_stmt *q, struct error *err, struct arena *a,
             const struct db_shape *shape, void *row, bool *more)
{
    row_none(shape, row);
    *more = false;
    bool ok = q && db_row(s, q, more, err);
    if (ok && *more) {
        *more = ok = read_row(q, shape, a, row, err);
    }
    return ok;
}

bool db_one_args(struct store *s, struct error *err, struct arena *a, const struct db_shape *shape,
                 void *row, size_t size, const char *sql, const struct db_arg *args)
{
    bool there;
    assert(size == shape->size);
    sqlite3_stmt *q = db_query_args(s, err, sql, args);
    if (!db_next(s, q, err, a, shape, row, &there)) {
        return false;
    }
    if (there) {
        db_end(q);
    }
    return true;
}

bool db_all_args(struct store *s, struct error *err, struct arena *a, const struct db_shape *shape,
                 void *rows, size_t size, int *count, const char *sql, const struct db_arg *args)
{
    sqlite3_stmt *q = db_query_args(s, err, sql, args);
    char *array = NULL;
    bool more, ok = q != NULL;
    assert(size == shape->size);
    for (*count = 0; ok && (ok = db_row(s, q, &more, err)) && more; ++*count) {
        array = arena_room(a, array, size, *count);
        row_none(shape, array + (size_t)*count * size);
        ok = read_row(q, shape, a, array + (size_t)*count * size, err);
    }
    memcpy(rows, &array, sizeof array);
    return ok;
}

bool db_any_args(struct store *s, struct error *err, bool *found, const char *sql,
                 const struct db_arg *args)
{
    sqlite3_stmt *q = db_query_args(s, err, sql, args);
    *found = false;
    if (!q || !db_row(s, q, found, err)) {
        return false;
    }
    db_end(q);
    return true;
}

int64_t db_inserted(const struct store *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

int64_t db_changed(const struct store *s)
{
    return sqlite3_changes64(s->db);
}

static bool scans_of(struct store *s, const char *sql, struct strbuf *out, struct error *err)
{
    char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    sqlite3_stmt *q = NULL;
    bool ok = sqlite3_prepare_v2(s->db, explain, -1, &q, NULL) == SQLITE_OK || db_fail(s, sql, err);
    while (ok && sqlite3_step(q) == SQLITE_ROW) {
        const char *plan = (const char *)sqlite3_column_text(q, 3);
        bool scan = strncmp(plan, "SCAN", 4) == 0 && !strstr(plan, "CONSTANT ROW");
        if (scan || strstr(plan, "TEMP B-TREE")) {
            strbuf_addf(out, "%s\n    in: %s\n", plan, sql);
        }
    }
    sqlite3_finalize(q);
    sqlite3_free(explain);
    return ok;
}

bool db_scans(struct store *s, struct strbuf *out, struct error *err)
{
    for (size_t i = 0; i < DB_STATEMENTS; i++) {
        if (s->slots[i].sql && !scans_of(s, s->slots[i].sql, out, err)) {
            return false;
        }
    }
    return true;
}
