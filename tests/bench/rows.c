/* rows: how many rows each table of a store has, and the head of its audit.
 *
 *   rows STORE [OTHER]
 *
 * With OTHER: exit 1, saying where, unless both say the same. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static void fail(sqlite3 *db)
{
    fprintf(stderr, "rows: %s\n", sqlite3_errmsg(db));
    exit(1);
}

/* The value of a query as text, appended with a line feed. */
static void value_add(sqlite3 *db, const char *sql, const char *label, struct strbuf *out)
{
    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK || sqlite3_step(q) != SQLITE_ROW) {
        fail(db);
    }
    strbuf_addf(out, "%s %s\n", label, (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
}

static void rows_of(const char *path, struct strbuf *out)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db,
                           "SELECT name FROM sqlite_schema WHERE type = 'table' "
                           "AND name NOT LIKE 'sqlite_%' ORDER BY name",
                           -1, &q, NULL) != SQLITE_OK) {
        fail(db);
    }
    while (sqlite3_step(q) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(q, 0);
        char *sql = sqlite3_mprintf("SELECT count(*) FROM %Q", name);
        value_add(db, sql, name, out);
        sqlite3_free(sql);
    }
    sqlite3_finalize(q);
    value_add(db, "SELECT max(seq) || ' ' || lower(hex(hash)) FROM audit", "head", out);
    sqlite3_close(db);
}

int main(int argc, char **argv)
{
    struct strbuf one = STRBUF_INIT, other = STRBUF_INIT;
    if (argc != 2 && argc != 3) {
        fputs("usage: rows STORE [OTHER]\n", stderr);
        return 2;
    }
    rows_of(argv[1], &one);
    if (argc == 2) {
        fputs(strbuf_text(&one), stdout);
        return 0;
    }
    rows_of(argv[2], &other);
    if (strcmp(strbuf_text(&one), strbuf_text(&other)) == 0) {
        return 0;
    }
    printf("--- %s\n%s--- %s\n%s", argv[1], strbuf_text(&one), argv[2], strbuf_text(&other));
    return 1;
}
