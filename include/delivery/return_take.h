/* delivery/return_take: one file of a return folder: whether it is whole and whose, its rows, and
 * where it goes then (contract.md section 4, Returns).
 *
 * Its owner is the actor; of rejected rows that were put back as they are, the owner of the file
 * that they came from. Who may write into a folder may return for its division: that is what the
 * folder's permissions say. An `accounts` entry of the owner counts as well: its role must be
 * operator at least, and its divisions bind. A file that has a second name (a hard link) may be
 * somebody else's and is not read; nor is what is no regular file. */
#pragma once

#include <sys/stat.h>

#include "delivery/return_file.h"

#define RETURN_FOLDER 40       /* "500101000000/500101001000/return" */
#define RETURN_TAKEN ".taken-" /* before the name of a file that was read, on its way to done/ */

/* Zero it, and set the first four. What is below stands for one try, but for the last two. */
struct return_take {
    char *name;                 /* in the folder */
    char folder[RETURN_FOLDER]; /* below the spool */
    int64_t division;           /* the folder's */
    bool told;                  /* inotify says that it was closed or moved in */
    int state;
    int64_t scope; /* the division that the folder's was joined to, or itself */
    int dir, fd;   /* while state is not 0 */
    struct stat st;
    uid_t owner; /* of the rows: the file's, or of the file that they were rejected from */
    char *who;   /* the owner's account */
    struct return_file *file;
    char audited[DIGEST_HEX + 1];
    struct {
        struct stat st;
        int64_t since; /* job_now() at which it was first seen so; 0: never */
    } seen;
};

enum take_step {
    TAKE_MORE,  /* call again */
    TAKE_GONE,  /* filed, or no file of ours any more */
    TAKE_WAITS, /* somebody writes it still: look again later */
    TAKE_FAILED /* err says why; look again later */
};
/* One slice; `root` is the spool's folder. Outside any transaction. */
enum take_step return_take_slice(struct return_take *t, int root, struct work *w,
                                 struct error *err);
/* Gives up this try: nothing is lost by it. */
void return_take_end(struct return_take *t);
