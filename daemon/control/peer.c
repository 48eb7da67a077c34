#include "control/peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "store/division.h"

struct counted {
    int users;
    struct peer peer;
};

static struct counted *counted_of(struct peer *peer)
{
    return (struct counted *)((char *)peer - offsetof(struct counted, peer));
}

bool peer_sees(const struct peer *peer, int64_t division)
{
    bool seen = peer->division_count == 0;
    for (int i = 0; i < peer->division_count && !seen; i++) {
        seen = division_within(peer->divisions[i], division);
    }
    return seen;
}

bool peer_sees_in(const struct peer *peer, int64_t township, int64_t division)
{
    return peer_sees(peer, division) || peer_sees(peer, township);
}

static bool in_group(const char *name, const unsigned *groups, int count)
{
    struct group *group = name ? getgrnam(name) : NULL;
    for (int i = 0; group && i < count; i++) {
        if (groups[i] == group->gr_gid) {
            return true;
        }
    }
    return false;
}

enum role peer_role(const struct settings *settings, int64_t uid, const char *user, int64_t own,
                    const unsigned *groups, int group_count, const struct account **account)
{
    *account = NULL;
    if (uid == 0) {
        return ROLE_ADMIN;
    }
    for (int i = 0; user && i < settings->account_count; i++) {
        if (strcmp(settings->accounts[i].user, user) == 0) {
            *account = &settings->accounts[i];
            return settings->accounts[i].role;
        }
    }
    if (uid == own) {
        return ROLE_ADMIN;
    }
    for (enum role role = ROLE_ADMIN; role > ROLE_NONE; role--) {
        if (in_group(settings->role_groups[role], groups, group_count)) {
            return role;
        }
    }
    return ROLE_NONE;
}

/* The supplementary groups and, last, the primary one. The kernel says how many there are. */
static unsigned *groups_of(int fd, gid_t primary, int *count)
{
    socklen_t len = 0;
    unsigned *groups = NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) != 0 && errno != ERANGE) {
        len = 0;
    }
    groups = xmalloc(len + sizeof *groups);
    if (len > 0 && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0) {
        len = 0;
    }
    *count = (int)(len / sizeof *groups);
    groups[(*count)++] = primary;
    return groups;
}

/* The peer's divisions are its own copy: a reload replaces the settings under it. */
static void bind_to(struct peer *peer, const struct account *account)
{
    if (!account || account->division_count == 0) {
        return;
    }
    size_t size = (size_t)account->division_count * sizeof *account->divisions;
    int64_t *divisions = xmalloc(size);
    memcpy(divisions, account->divisions, size);
    peer->divisions = divisions;
    peer->division_count = account->division_count;
}

struct peer *peer_new(int fd, const struct settings *settings, struct error *err)
{
    struct ucred cred;
    socklen_t len = sizeof cred;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
        error_say(err, SAY_CALLER_UNKNOWN, arg_system(errno));
        return NULL;
    }
    if (cred.uid == PEER_OVERFLOW_UID || cred.uid == (uid_t)-1) {
        error_say(err, SAY_UID_OVERFLOW, arg_number(cred.uid));
        return NULL;
    }
    const struct account *account;
    int count;
    unsigned *groups = groups_of(fd, cred.gid, &count);
    struct passwd *pw = getpwuid(cred.uid);
    struct strbuf who = STRBUF_INIT;
    if (pw) {
        strbuf_addz(&who, pw->pw_name);
    } else {
        strbuf_addint(&who, cred.uid);
    }
    struct counted *c = xcalloc(1, sizeof *c);
    c->users = 1;
    c->peer.uid = cred.uid;
    c->peer.who = xstrdup(strbuf_text(&who));
    c->peer.role =
        peer_role(settings, cred.uid, pw ? c->peer.who : NULL, geteuid(), groups, count, &account);
    bind_to(&c->peer, account);
    strbuf_free(&who);
    free(groups);
    return &c->peer;
}

struct peer *peer_use(struct peer *peer)
{
    counted_of(peer)->users++;
    return peer;
}

void peer_drop(struct peer *peer)
{
    if (peer && --counted_of(peer)->users == 0) {
        free((void *)(uintptr_t)peer->divisions);
        free(peer->who);
        free(counted_of(peer));
    }
}
