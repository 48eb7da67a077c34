/* delivery/returns: the return folders of the spool (contract.md section 4, Returns).
 *
 * SPOOL/DISTRICT/TOWNSHIP/return/ and SPOOL/DISTRICT/return/, SPOOL/CITY/return/. inotify tells of
 * files that were closed after writing or moved in; a look also finds what lay there before,
 * folders made since, and whatever inotify could not watch. A file is taken when nobody has it open
 * for writing: a read lease says so exactly, and where the service may not ask for one (the file is
 * not its own, and it lacks CAP_LEASE), a file that inotify told of, or one unchanged for some
 * seconds.
 *
 * A file that is taken gets a hidden name, is read into memory and recorded, and moves to
 * return/done/; its rejected rows stand in return/NAME.rejected.csv. A kill at any moment only
 * repeats it. What the service cannot read or move it leaves, says so, and tries again in a minute,
 * or when another file comes into the folder. */
#pragma once

#include "work/job.h"

struct returns;

struct folders;

/* `folders` is borrowed. */
struct returns *returns_open(struct folders *folders);
void returns_close(struct returns *r); /* NULL is fine */
/* Readable when something may have come in; -1: only a look can tell. Emptied by a look. */
int returns_fd(const struct returns *r);
/* One look at the return folders: records what came in whole. */
struct job *returns_look(struct returns *r);
/* After a look, before the next: it left something for another one at once, so that other work
 * could come between. */
bool returns_again(const struct returns *r);

/* What a name in a return folder tells. For tests. */
enum returns_name {
    RETURNS_NONE,       /* hidden, done/, or what came back: never taken */
    RETURNS_LIST,       /* taken when nobody writes it any more */
    RETURNS_UNFINISHED, /* what a program writes before it renames: left alone for a minute after
                         * its last change */
    RETURNS_CLAIMED     /* one of ours, under way when the service ended */
};
enum returns_name returns_name(const char *name);
