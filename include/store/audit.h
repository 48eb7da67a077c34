/* store/audit: who did what, each entry holding the hash of the one before (contract.md section 5,
 * 6).
 *
 * hash = SHA-256(previous hash in hex, LF, the item without `hash` in RFC 8785 form). Append only.
 */
#pragma once

#include "base/digest.h"
#include "store/store.h"

struct actor {
    int64_t uid;     /* -1: the daemon's own clock */
    const char *who; /* account name; "clock" */
};
#define ACTOR_CLOCK ((struct actor){-1, "clock"})

struct audit_row {
    int64_t seq;
    const char *at; /* CLOCK_TEXT form, the product's clock */
    int64_t uid;    /* -1: null */
    const char *who, *action;
    struct str household, before, after; /* data NULL: null; before and after canonical JSON */
    char hash[DIGEST_HEX + 1];
};

/* Appends in the transaction under way. `at` is an instant. */
bool store_audit_add(struct store *s, int64_t at, struct actor actor, const char *action,
                     struct str household, struct str before, struct str after, struct error *err);
/* The head: 64 zeros for an empty chain. */
bool store_audit_head(struct store *s, char head[DIGEST_HEX + 1], int64_t *seq, struct error *err);
/* Entries after seq `after`, of one household (data NULL: all), in order; at most `limit`. */
bool store_audit_list(struct store *s, struct arena *a, struct str household, int64_t after,
                      int limit, struct audit_row **rows, int *count, struct error *err);
/* The seq before the first entry of `since` or later: to be given as `after`. */
bool store_audit_since(struct store *s, struct date since, int64_t *after, struct error *err);
/* The hash that the entry must have after `previous`. */
void audit_hash(const char previous[DIGEST_HEX + 1], const struct audit_row *row,
                char out[DIGEST_HEX + 1]);
/* A personal value as a salted digest, "sha256:…" of 16 hex digits, or NULL data for none. */
struct str audit_personal(struct store *s, struct arena *a, struct str value);
