/* The daemon of the simulation: the real one, in a folder of its own, on a manual clock.
 *
 * Calls go over its socket; where an answer cannot be had the simulation ends with what was asked.
 * The store is read beside it, by SQL, for what no call lists. */
#ifndef SIMULATION_HOUSE_H
#define SIMULATION_HOUSE_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

struct house {
    const char *folder, *programs; /* the last holds reviewd */
    pid_t pid;
    int fd;
    char *rest; /* of what was read beyond the last line */
    size_t rest_len;
    sqlite3 *db;
    long calls;
};

/* Makes the folder with the policies and the calendar of the first year; nothing runs yet. */
void house_new(struct house *h, const char *folder, const char *programs, int year);
/* Starts the daemon at a local time such as "2017-03-14 07:00" and waits until it answers. */
void house_start(struct house *h, const char *at);
/* kill -9; with SIGTERM the daemon may end on its own. */
void house_end(struct house *h, int signal);

/* Sends a call without waiting for its answer. */
void house_send(struct house *h, const char *method, json_t *params);
/* The result of a call (a new reference); NULL where it was refused, the reason in `reason`. */
json_t *house_call(struct house *h, const char *method, json_t *params, char reason[32]);
/* The same of one that cannot be refused. */
json_t *house_must(struct house *h, const char *method, json_t *params);
void house_import(struct house *h, const char *kind, const char *bytes, size_t len);
/* The same of a file that may be refused: false, with the reason. */
bool house_try_import(struct house *h, const char *kind, const char *bytes, size_t len,
                      char reason[32]);

/* A statement on the store, prepared for the caller to finalize. */
sqlite3_stmt *house_sql(struct house *h, const char *sql);

#endif
