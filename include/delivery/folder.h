/* delivery/folder: the folders of the spool: the one place that makes and opens them, and that says
 * who reaches what in them.
 *
 * SPOOL/DISTRICT/TOWNSHIP/new, SPOOL/DISTRICT/new, SPOOL/CITY/new. All belong to the service
 * (0750); no folder below SPOOL may be a symbolic link, for townships can write in theirs. An
 * account that `accounts` binds to a division reaches its folders by POSIX ACLs (acl(5)):
 *
 *                          SPOOL/DISTRICT   the division's   new, return   return/done   a file
 *   of a township below    --x
 *   of a division above                     r-x              r-x           r-x           r--
 *   of it, a viewer        r-x              r-x              r-x           r-x           r--
 *   of it, otherwise       r-x              r-x              rwx           r-x           r--
 *
 * What is put into return/ is readable for the service by a default ACL. Accounts without a role or
 * without divisions get nothing. The entries of named users are the service's own: those that the
 * configuration does not give are taken away; entries of groups stay. The writer's thread. */
#pragma once

#include <dirent.h>

#include "store/division.h"
#include "work/settings.h"

struct folders;

/* Makes SPOOL (0711: who knows the way may pass, nobody sees who else is there) with the folders
 * above it. storage on failure. Nobody reaches anything before folder_grant(). */
struct folders *folder_open(const char *path, struct error *err);
void folder_close(struct folders *f); /* NULL is fine */
/* SPOOL itself; it stays f's. */
int folder_root(const struct folders *f);
/* A folder of SPOOL that is the service's alone ("tmp"), made where it is missing; the caller's
 * descriptor, -1 with errno. */
int folder_private(const struct folders *f, const char *name);
/* The folder `name` ("new", "return", "return/done") of a township, a district or the city, made
 * where it is missing, and its accounts let in; the caller's descriptor, -1 with errno. */
int folder_of(struct folders *f, int64_t division, const char *name);
/* The same where it is there already: -1 with ENOENT where it is not. "." is the division's own
 * folder, of division 0 SPOOL. */
int folder_find(const struct folders *f, int64_t division, const char *name);
/* The entries of an open folder, which is taken over; NULL with errno. */
DIR *folder_entries(int fd);
/* Its path below SPOOL, for messages: "500101000000/500101001000/return". */
#define FOLDER_PATH 48
void folder_path(int64_t division, const char *name, char path[FOLDER_PATH]);
/* Lets the accounts of a division read a file that is to be renamed into its folder. */
void folder_share(struct folders *f, int file, int64_t division);
/* Takes the accounts of `settings` from here on, and applies them to everything that is there: what
 * was given to an account that is bound no more is taken back. Warns of accounts that the system
 * does not know, and once where the file system keeps no ACLs; the service goes on. */
void folder_grant(struct folders *f, const struct settings *settings);
