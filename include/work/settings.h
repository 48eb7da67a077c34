/* work/settings: reviewd.conf (contract.md section 5), read whole and then only read.
 *
 * libconfig; relative paths are from the file's own folder; every key has a default; an unknown
 * key, a wrong type or an unquoted division code is a fault with its line. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "rules/policy.h"

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };
extern const struct names roles; /* "none", "viewer", "operator", "admin" */
enum delivery { DELIVERY_SPOOL, DELIVERY_SOCKET };
extern const struct names deliveries; /* "spool", "socket" */

struct account {
    const char *user; /* UNIX account name */
    enum role role;
    int64_t *divisions; /* bound to these; count 0: to none in particular, sees all */
    int division_count;
};

struct settings {
    const char *file; /* "built-in defaults" where there is none */
    const char *store, *spool, *socket, *policy_dir, *calendar_dir, *mapping_dir, *timezone;
    int daily_run_minute; /* of the local day; 07:30 is 450 */
    const char *log_ident;
    int log_facility, log_level;
    bool log_stderr;
    const char *role_groups[4]; /* [enum role]: UNIX group */
    struct account *accounts;
    int account_count;
    struct delivery_rule {
        int64_t division; /* it and everything below */
        enum delivery delivery;
    } * deliveries;
    int delivery_count;
    int spool_keep_days;
    int limit_connections, limit_connections_per_user, limit_page, limit_lease_seconds,
        limit_catch_up_days, limit_free_megabytes, limit_first_byte_seconds;
    const char *metrics_file; /* for Prometheus; NULL: none */
    struct arena arena;
};

/* Every fault ("file:line: what") is added to *faults; a key that has one keeps its default, so
 * that what the file names can be looked at in the same go: who is to use the settings asks for no
 * faults. NULL only where the file could not be read or parsed at all. */
struct settings *settings_load(const char *file, struct faults *faults);
void settings_free(struct settings *s);
/* How a division's messages leave: the rule of the nearest division above it (district, then city),
 * the spool where none says. */
enum delivery settings_delivery(const struct settings *s, int64_t division);
