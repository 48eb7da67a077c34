/* control/transfer: the files that come and go with calls (contract.md section 5, Files).
 *
 * Neither the front nor the writer ever reads or writes a descriptor that a caller lent: it may
 * block, or change under their hands. A thread copies what comes into a file of our own before the
 * writer hears of the call, and what goes back out of one after the writer is done (work/carry). At
 * most a few go on for each uid; the others wait their turn. Front thread only, but for the threads
 * of its own. */
#pragma once

#include <stdatomic.h>

#include <event2/event.h>

#include "base/error.h"
#include "control/method.h"

#define TRANSFER_FILES 2
#define TRANSFER_UID_MAX 4  /* at one time, of one uid */
#define TRANSFER_ALL_MAX 32 /* of all */

/* Whether a descriptor is one that a call may keep at all: a pipe without a name, or memory that
 * can be sealed. Asks nothing that could wait, of whatever was passed. */
bool transfer_keeps(int fd);
/* Whether it serves this way of use; else bad-argument. */
bool transfer_fits(int fd, const struct param *p, struct error *err);

struct transfer_file {
    enum param_type way; /* PARAM_FILE: comes in; PARAM_FILE_BACK: goes back */
    int lent, own;       /* own -1 until fetched: then a file of ours, from its start */
};

struct transfer {
    /* Set by the owner: */
    int64_t uid;
    struct transfer_file files[TRANSFER_FILES];
    int count;
    bool back;     /* what goes back is carried, rather than what comes */
    int64_t most;  /* bytes of a file that comes: one byte beyond tells that it is longer */
    int64_t floor; /* bytes that stay free where our files lie */
    void (*done)(struct transfer *t); /* on the front, once */
    void (*progress)(struct transfer *t, int64_t bytes);
    void *owner;
    /* Set before `done`: */
    bool ok;
    struct error error;
    /* Its own: */
    struct transfers *all;
    struct transfer *next, *beside;
    bool told;
    atomic_bool stop;
    atomic_llong bytes;
    int64_t told_at;
};

struct transfers;
/* `folder` is where our files are made, without a name. */
struct transfers *transfers_new(struct event_base *base, const char *folder, struct error *err);
void transfer_start(struct transfers *all, struct transfer *t);
/* Nobody waits for it any more: `done` comes all the same, sooner. */
void transfer_stop(struct transfer *t);
/* Stops all and waits for a moment; `done` of those that ended. What hangs is left, its memory with
 * it. NULL is fine. */
void transfers_free(struct transfers *all);
