/* delivery/return_take: one file of a return folder: whether it is whole and whose, and where it
 * goes once it was read (contract.md section 4, Returns).
 *
 * Its owner is the actor; of rejected rows that were put back as they are, the owner of the file
 * that they came from. Who may write into a folder may return for its division: that is what the
 * folder's permissions say. An `accounts` entry of the owner counts as well: its role must be
 * operator at least, and its divisions bind. A file that has a second name (a hard link) may be
 * somebody else's and is not read; nor is what is no regular file.
 *
 * It is claimed first: under a name of ours nobody replaces it any more, nor opens it by its own.
 * A kill leaves it under that name, where the next look finds it. */
#pragma once

#include <sys/stat.h>

#include "delivery/folder.h"
#include "delivery/return_file.h"

#define RETURN_TAKEN ".taken-" /* before the name of a file that is claimed */

/* Zero it, and set the first four. */
struct return_take {
    char *name;       /* in the folder; changes when the file is claimed */
    int64_t division; /* the folder's */
    bool told;        /* inotify says that it was closed or moved in */
    bool unfinished;  /* its name is one that is given before the last one */
    struct {
        struct stat st;
        int64_t since; /* job_now() at which it was first seen so; 0: never */
    } seen;
    char audited[DIGEST_HEX + 1]; /* RETURN_KEY() of what the audit has of it, or "" */
    /* Of one try: */
    bool begun;
    int dir, fd; /* -1 */
    struct stat st;
    uid_t owner;   /* of the rows: the file's, or of the file that they were rejected from */
    char *who;     /* the owner's account */
    int64_t scope; /* the division that the folder's was joined to, or itself */
};

enum take_step {
    TAKE_MORE,  /* claimed, and *file made of it */
    TAKE_GONE,  /* filed, or no file of ours any more */
    TAKE_WAITS, /* somebody writes it still: look again later */
    TAKE_FAILED /* err says why; look again later */
};
/* Claims the file and reads it into memory: *file is to be read by slices then. */
enum take_step return_take(struct return_take *t, const struct folders *folders, struct work *w,
                           struct return_file **file, struct error *err);
/* Puts the rejected rows of a file that was read beside it, and itself into done/. */
enum take_step return_take_file(struct return_take *t, struct folders *folders,
                                const struct return_file *file, struct error *err);
/* Ends this try, also where there was none: nothing is lost by it. */
void return_take_end(struct return_take *t);
