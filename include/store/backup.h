/* store/backup: a copy of the whole store as it stood at one moment, and what a store that came
 * back from such a copy needs (contract.md section 6).
 *
 * A copy has connections of its own and shares nothing with a `struct store`: it is begun where the
 * moment matters, and may then be given to another thread, with its errors. The file that comes out
 * is a store in one piece (no WAL beside it), private, marked in its meta as `backup`. */
#pragma once

#include "base/digest.h"
#include "store/store.h"

struct store_copy_facts {
    int64_t bytes;      /* of the file, about */
    int64_t households; /* of the moment */
    int64_t seq;        /* of the audit's last entry; 0: none */
    char head[DIGEST_HEX + 1];
    char at[CLOCK_TEXT];
};
struct store_copy;

/* Takes the moment, `at`: everything committed so far, and nothing later. `to` is made, mode 0600.
 * NULL: busy where `to` is there already (a copy is under way), storage where its disk has not the
 * room for it and 64 MiB more. */
struct store_copy *store_copy_begin(const char *from, const char *to, int64_t at,
                                    struct error *err);
/* Some 4 MiB more, on disk when it returns: what is committed beside it never waits for much. At
 * the *end the moment is let go of, so that the store's WAL can begin anew. */
bool store_copy_step(struct store_copy *c, bool *end, struct error *err);
/* Bytes copied so far. */
int64_t store_copy_done(const struct store_copy *c);
/* After the last step: marks the copy, and holds it against the moment: the integrity of every page
 * and index, the number of households, the audit's number of entries and head. storage where it is
 * damaged. Long: `go_on` (may be NULL) is asked all the time, and where it says no the check fails
 * with busy. */
bool store_copy_check(struct store_copy *c, bool (*go_on)(void *self), void *self,
                      struct error *err);
const struct store_copy_facts *store_copy_facts(const struct store_copy *c);
/* Closes; the file stays. NULL is fine. */
void store_copy_end(struct store_copy *c);

/* A time that the store came back from a backup. */
struct restored_row {
    int64_t epoch; /* from then on; 0: not there */
    char *at, *backed_up;
    int64_t task_from, task_until; /* lost: [from, until) */
};
/* The instant of the copy that this store is, NULL where it is none: `restore` is to be done. */
bool store_backup_mark(struct store *s, struct arena *a, char **backed_up, struct error *err);
/* In the transaction under way: a new epoch, tasks and messages go on beyond `gap` numbers, nothing
 * is leased, the mark is taken off. Fills row but its `backed_up`, which is given. */
bool store_restore(struct store *s, int64_t at, int64_t gap, struct restored_row *row,
                   struct error *err);
/* The latest; row->epoch 0 where the store never came back. */
bool store_restored_last(struct store *s, struct arena *a, struct restored_row *row,
                         struct error *err);
