/* work/staging: the folder beside the store where a file that comes in waits until it is applied.
 */
#pragma once

#include "base/digest.h"
#include "work/job.h"

/* A file of the folder; -1 with storage. */
int staging_open(const struct work *w, const char *name, int flags, struct error *err);
void staging_remove(const struct work *w, const char *name);
/* Renames and syncs the folder; errno on failure. */
bool staging_rename(const struct work *w, const char *from, const char *to);
void staging_close(int *fd); /* and sets it to -1 */

/* Bytes that the service can still write where `path` lies; -1 where the machine does not tell. */
int64_t staging_free(const char *path);
/* Refuses with storage what would leave less than limits.free_megabytes beside the store, so that
 * reviews still fit. `bytes` is what is going to be taken there. */
bool staging_room(const struct work *w, int64_t bytes, struct error *err);

/* A file on its way in. */
struct arrival {
    int file;                    /* a regular file: taken over; -1 once it is whole */
    int raw;                     /* the copy as it came; -1 before the first slice */
    int64_t received;            /* bytes */
    int64_t total;               /* bytes */
    char sha256[DIGEST_HEX + 1]; /* of the bytes as they came, once whole */
    struct digest *digest;
};

/* One slice of copying into `name`; *whole at its end. */
bool arrival_slice(struct arrival *a, const struct work *w, const char *name, bool *whole,
                   struct error *err);
void arrival_free(struct arrival *a);
