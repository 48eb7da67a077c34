/* delivery/spool: lists as files, each exactly once (architecture.md section 2).
 *
 * A batch: files are written to SPOOL/tmp, one syncfs; the messages are committed as staged; the
 * files are renamed into new/, one syncfs; the messages are committed as delivered. Into new/ on
 * another file system they are copied under a hidden name and renamed there. What cannot be put
 * into one folder waits, staged, and is tried again. After a kill spool_recover() renames what a
 * staged message still has in tmp/ and removes what belongs to none. Divisions that are delivered
 * by the socket get the list as the body of their message, ready to be taken. */
#pragma once

#include "work/work.h"

struct spool;
struct folders;

/* Makes SPOOL and SPOOL/tmp (0750). */
struct spool *spool_open(const char *path, struct error *err);
void spool_close(struct spool *s); /* NULL is fine */
/* Its folders; the spool's. */
struct folders *spool_folders(const struct spool *s);
/* Lets the accounts of `settings` into their folders (delivery/folder): at start and after a
 * reload. */
void spool_grant(struct spool *s, const struct settings *settings);
/* Delivers a batch of what is queued or staged for `day`, outside any transaction; makes its own
 * commits. *more: call again. On failure nothing is marked that was not delivered. */
bool spool_deliver(struct spool *s, struct work *w, struct date day, bool *more, struct error *err);
/* At start: finishes what a kill interrupted. */
bool spool_recover(struct spool *s, struct work *w, struct error *err);

/* After delivery. A folder that a township broke is an error that names it, one that is not there
 * holds nothing.
 *
 * The day of the oldest list in the division's new/: a file named DAY-daily.*; DATE_NONE: none. */
bool spool_unfetched(const struct spool *s, int64_t division, struct date *oldest,
                     struct error *err);
/* Removes lists of days before `before` in new/, and what came back, by the day on which it was
 * put there: return/done/ and the *.rejected.csv of return/. Adds to *removed. */
bool spool_prune(const struct spool *s, int64_t division, struct date before, int64_t *removed,
                 struct error *err);
