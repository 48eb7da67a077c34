/* store: the data on disk. An interface of plain structs and functions; nobody outside daemon/store
 * sees SQLite, so that another store can stand behind the same headers.
 *
 * A store is used by one thread. The writer opens it for writing (and alone: a lock on the file
 * keeps a second daemon out, by whatever name it comes); the front opens another, read-only, on the
 * same file and reads committed snapshots. Texts in rows that a function returns are copied into
 * the arena that the caller gives.
 *
 * Every function returns false with storage in *err where the disk or the database fails or a row
 * is damaged (then with its table, number and column), with busy where another programme holds the
 * store for longer than some seconds, with conflict where a constraint (an invariant of the schema)
 * forbids the change. A look-up that finds nothing is no error: the row's key is 0. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "rules/date.h"

struct store;

enum store_mode { STORE_WRITE, STORE_READ };

/* Opens `path` (created with mode 0600, and its folder must exist). STORE_WRITE takes the lock,
 * creates or migrates the schema (a copy `path`.before-vN first) and refuses a store
 * of a newer version; conflict where another daemon holds the lock. */
struct store *store_open(const char *path, enum store_mode mode, struct date today,
                         struct error *err);
void store_close(struct store *s); /* NULL is fine */
/* Called now and then while store_open() copies and migrates an older store, on its thread, at
 * least once for each: `what` says which of the two it does. Set before; NULL: nobody is told. It
 * must not touch the store. */
extern void (*store_migrating)(const char *what);

bool store_begin(struct store *s, struct error *err); /* immediate, for writing */
/* Synchronous: on disk when it returns. storage, and nothing changed, where the path does not lead
 * to the open file any more. */
bool store_commit(struct store *s, struct error *err);
/* How often the store failed so far, refused rows aside; and whether the last failure can pass: no
 * room, somebody else's lock, a file that is not in its place. After any other a failed commit
 * leaves it unknown what the disk holds: the store is to be opened anew. */
uint64_t store_failures(const struct store *s);
bool store_passing(const struct store *s);
void store_rollback(struct store *s);
bool store_in_transaction(const struct store *s);
/* One nested level, for a change among others of one commit. */
bool store_savepoint(struct store *s, struct error *err);
bool store_release(struct store *s, struct error *err);
void store_rollback_to(struct store *s);
/* One snapshot over several reads. */
bool store_read_begin(struct store *s, struct error *err);
void store_read_end(struct store *s);

/* How long each commit takes is added to `sync`, which must outlive the store. */
struct histogram;
void store_measure(struct store *s, struct histogram *sync);
/* Copies WAL pages into the store; truncates the WAL where `all`. Called by the writer between
 * slices; waits for no reader. */
bool store_checkpoint(struct store *s, bool all, struct error *err);
int64_t store_wal_bytes(const struct store *s);
/* Gives the cached pages back: after long work, before a rest. */
void store_rest(struct store *s);

/* Named values: "epoch", "salt", "created_on". NULL where there is none. */
bool store_meta_get(struct store *s, struct arena *a, const char *name, char **value,
                    struct error *err);
bool store_meta_set(struct store *s, const char *name, const char *value, struct error *err);
bool store_meta_clear(struct store *s, const char *name, struct error *err);
const char *store_salt(const struct store *s); /* 32 hex digits */
struct date store_created_on(const struct store *s);
int64_t store_epoch(const struct store *s);

/* Counts that are kept, not counted. */
struct store_counts {
    int64_t by_status_register[4][4]; /* [enum status][enum register_state] */
    int64_t households, active, open_tasks, late;
    int64_t unsettled;        /* households whose tier is not known yet (contract.md 3.3) */
    int64_t history_unknown;  /* households whose reviews before their entry are unknown (3.4) */
    int64_t birth_unknown;    /* present members whose birthday is not known */
    int64_t messages, leased; /* not yet delivered or acknowledged; of them leased at `now` */
};
bool store_counts(struct store *s, struct date today, int64_t now, struct store_counts *counts,
                  struct error *err);
