#include "delivery/folder.h"

#include <acl/libacl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define ROOT_MODE 0711
#define FOLDER_MODE 0750
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define FD_PATH 32

/* What an account may do with a division's folder, the more the later. */
enum access { ACCESS_NONE, ACCESS_WAY, ACCESS_ABOVE, ACCESS_VIEWER, ACCESS_OWN, ACCESSES };
enum part { PART_DIVISION, PART_NEW, PART_RETURN, PART_DONE, PART_FILE, PARTS };

#define X ACL_EXECUTE
#define R ACL_READ
#define RX (ACL_READ | ACL_EXECUTE)
#define RWX (ACL_READ | ACL_WRITE | ACL_EXECUTE)

/* The table of the header. A part without a name is no folder of that name. */
static const struct {
    const char *name;
    acl_perm_t perms[ACCESSES];
} parts[PARTS] = {
    [PART_DIVISION] = {NULL, {0, X, RX, RX, RX}},    [PART_NEW] = {"new", {0, 0, RX, RX, RWX}},
    [PART_RETURN] = {"return", {0, 0, RX, RX, RWX}}, [PART_DONE] = {"done", {0, 0, RX, RX, RX}},
    [PART_FILE] = {NULL, {0, 0, R, R, R}},
};

/* A division that an account is bound to. */
struct grant {
    int64_t division;
    uid_t uid;
    enum role role;
};

/* Who may do what with one division's folder. */
struct entry {
    uid_t uid;
    enum access access;
};

struct folders {
    char *path;
    int root;
    struct grant *grants; /* sorted by division */
    int count, cap;
    struct entry *found; /* of the division looked at last */
    int found_count, found_cap;
    bool without; /* the file system keeps no ACLs: said already */
};

/* ---- who ---- */

static bool find_user(const char *name, uid_t *uid)
{
    struct passwd row, *found = NULL;
    size_t size = 1024;
    char *room = NULL;
    int fault;

    do {
        size *= 2;
        room = xrealloc(room, size);
        fault = getpwnam_r(name, &row, room, size, &found);
    } while (fault == ERANGE);
    if (found) {
        *uid = row.pw_uid;
    }
    free(room);
    return found != NULL;
}

static int by_division(const void *a, const void *b)
{
    const struct grant *x = a, *y = b;

    return (x->division > y->division) - (x->division < y->division);
}

/* The accounts of the configuration as grants. */
static void find_grants(struct folders *f, const struct settings *settings)
{
    f->count = 0;
    for (int i = 0; i < settings->account_count; i++) {
        const struct account *account = &settings->accounts[i];
        uid_t uid = 0;
        if (account->role == ROLE_NONE || account->division_count == 0) {
            continue;
        }
        if (!find_user(account->user, &uid)) {
            struct strbuf user = STRBUF_INIT;
            log_value(&user, str_of(account->user));
            log_put(LOG_WARNING,
                    "event=account-unknown user=%s: %s: accounts: the system knows no such user, "
                    "who gets no access to the spool",
                    strbuf_text(&user), settings->file);
            strbuf_free(&user);
            continue;
        }
        if (uid == geteuid() || uid == 0) {
            continue;
        }
        for (int d = 0; d < account->division_count; d++) {
            if (f->count == f->cap) {
                f->cap = f->cap ? 2 * f->cap : 16;
                f->grants = xrealloc(f->grants, (size_t)f->cap * sizeof *f->grants);
            }
            f->grants[f->count++] = (struct grant){account->divisions[d], uid, account->role};
        }
    }
    if (f->count) {
        qsort(f->grants, (size_t)f->count, sizeof *f->grants, by_division);
    }
}

/* The first grant of `division` or of one after it. */
static int first_from(const struct folders *f, int64_t division)
{
    int low = 0, high = f->count;

    while (low < high) {
        int middle = low + (high - low) / 2;
        if (f->grants[middle].division < division) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void found_add(struct folders *f, uid_t uid, enum access access)
{
    for (int i = 0; i < f->found_count; i++) {
        if (f->found[i].uid == uid) {
            f->found[i].access = access > f->found[i].access ? access : f->found[i].access;
            return;
        }
    }
    if (f->found_count == f->found_cap) {
        f->found_cap = f->found_cap ? 2 * f->found_cap : 16;
        f->found = xrealloc(f->found, (size_t)f->found_cap * sizeof *f->found);
    }
    f->found[f->found_count++] = (struct entry){uid, access};
}

/* Fills `found`. Each level of a code has its digits (GB/T 2260), so that what lies above is known
 * by them. A village has no folder, and its township's holds more than the village. */
static void find_entries(struct folders *f, int64_t division)
{
    static const int64_t spans[] = {1000000, 100000000, 10000000000};

    f->found_count = 0;
    for (int i = first_from(f, division); i < f->count; i++) {
        const struct grant *g = &f->grants[i];
        if (g->division == division) {
            found_add(f, g->uid, g->role == ROLE_VIEWER ? ACCESS_VIEWER : ACCESS_OWN);
        } else if (division % 1000000 != 0 || g->division >= division + 1000000) {
            break;
        } else if (g->division % 1000 == 0) {
            found_add(f, g->uid, ACCESS_WAY);
        }
    }
    for (size_t s = 0; s < sizeof spans / sizeof spans[0]; s++) {
        int64_t above = division / spans[s] * spans[s];
        for (int i = first_from(f, above);
             above != division && i < f->count && f->grants[i].division == above; i++) {
            found_add(f, f->grants[i].uid, ACCESS_ABOVE);
        }
    }
}

/* ---- access lists ---- */

static void must(int result)
{
    if (result != 0) {
        abort(); /* libacl fails here for want of memory alone */
    }
}

static void entry_add(acl_t *acl, acl_tag_t tag, const uid_t *uid, acl_perm_t perms)
{
    acl_entry_t entry;
    acl_permset_t set;

    must(acl_create_entry(acl, &entry));
    must(acl_set_tag_type(entry, tag));
    if (uid) {
        must(acl_set_qualifier(entry, uid));
    }
    must(acl_get_permset(entry, &set));
    must(acl_clear_perms(set));
    must(acl_add_perm(set, perms));
    must(acl_set_permset(entry, set));
}

/* Takes the named users and the mask out; tells whether named groups are left. */
static bool users_drop(acl_t acl)
{
    acl_entry_t entry;
    bool groups = false;

    for (int n = acl_get_entry(acl, ACL_FIRST_ENTRY, &entry); n == 1;
         n = acl_get_entry(acl, ACL_NEXT_ENTRY, &entry)) {
        acl_tag_t tag;
        must(acl_get_tag_type(entry, &tag));
        groups = groups || tag == ACL_GROUP;
        if (tag == ACL_USER || tag == ACL_MASK) {
            must(acl_delete_entry(acl, entry));
        }
    }
    return groups;
}

/* Adds each account that may do something with this part of a division's folder. */
static int users_add(struct folders *f, acl_t *acl, int64_t division, enum part part)
{
    int added = 0;

    find_entries(f, division);
    for (int i = 0; i < f->found_count; i++) {
        acl_perm_t perms = parts[part].perms[f->found[i].access];
        if (perms) {
            entry_add(acl, ACL_USER, &f->found[i].uid, perms);
            added++;
        }
    }
    return added;
}

static void refused(struct folders *f, int64_t division, int fault)
{
    char code[DIVISION_TEXT];

    if (fault != ENOTSUP) {
        log_put(LOG_ERR, "event=spool-acl: spool %s: cannot let the accounts of %s in: %s", f->path,
                division_text(division, code), strerror(fault));
    } else if (!f->without) {
        log_put(LOG_WARNING,
                "event=spool-acl: spool %s: its file system keeps no ACLs: the accounts of "
                "townships cannot be "
                "let into their folders",
                f->path);
    }
    f->without = f->without || fault == ENOTSUP;
}

/* What is put into return/ by whomever: the service and the accounts can read it. Nobody but its
 * owner can write to it, for the owner answers for what it says. return/done/, made in it, needs
 * nothing of the kind. */
static bool default_apply(struct folders *f, int fd, int64_t division, enum part part)
{
    const uid_t own = geteuid();
    char path[FD_PATH];
    acl_t acl = acl_init(5);

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int users = part == PART_RETURN ? users_add(f, &acl, division, PART_DONE) : 0;
    if (users == 0) {
        acl_free(acl);
        return acl_delete_def_file(path) == 0 || errno == ENOTSUP;
    }
    entry_add(&acl, ACL_USER_OBJ, NULL, RWX);
    entry_add(&acl, ACL_GROUP_OBJ, NULL, RX);
    entry_add(&acl, ACL_OTHER, NULL, 0);
    entry_add(&acl, ACL_USER, &own, RWX);
    must(acl_calc_mask(&acl));
    bool ok = acl_set_file(path, ACL_TYPE_DEFAULT, acl) == 0;
    int why = errno;
    acl_free(acl);
    errno = why;
    return ok;
}

/* Brings the named users of a folder or file to what the accounts give; whether they were others.
 */
static bool acl_apply(struct folders *f, int fd, int64_t division, enum part part)
{
    acl_t before = acl_get_fd(fd), acl = before ? acl_dup(before) : NULL;
    bool changed = false;

    if (!acl) {
        refused(f, division, errno);
        acl_free(before);
        return false;
    }
    bool named = users_drop(acl);
    if (users_add(f, &acl, division, part) > 0 || named) {
        must(acl_calc_mask(&acl));
    }
    if (acl_cmp(before, acl) != 0) {
        changed = acl_set_fd(fd, acl) == 0;
        if (!changed) {
            refused(f, division, errno);
        }
    }
    acl_free(acl);
    acl_free(before);
    bool inside = part == PART_RETURN || part == PART_DONE;
    if (inside && !default_apply(f, fd, division, part)) {
        refused(f, division, errno);
    }
    return changed;
}

/* ---- folders ---- */

/* The folder `name` of an open folder, made where it is missing; -1 on failure. */
static int open_one(int at, const char *name, bool *made)
{
    int fd = openat(at, name, FOLDER_FLAGS);

    *made = false;
    if (fd < 0 && errno == ENOENT) {
        *made = mkdirat(at, name, FOLDER_MODE) == 0;
        if (*made || errno == EEXIST) {
            fd = openat(at, name, FOLDER_FLAGS);
        }
        if (fd >= 0 && *made) {
            fchmod(fd, FOLDER_MODE); /* the umask is the store's, not the spool's */
        }
    }
    return fd;
}

void folder_path(int64_t division, const char *name, char path[FOLDER_PATH])
{
    const int64_t district = division / 1000000 * 1000000;
    char own[DIVISION_TEXT], above[DIVISION_TEXT];

    if (division == 0) {
        snprintf(path, FOLDER_PATH, "%s", name);
    } else if (division == district) {
        snprintf(path, FOLDER_PATH, "%s/%s", division_text(division, own), name);
    } else {
        snprintf(path, FOLDER_PATH, "%s/%s/%s", division_text(district, above),
                 division_text(division, own), name);
    }
}

int folder_find(const struct folders *f, int64_t division, const char *name)
{
    char path[FOLDER_PATH];

    folder_path(division, name, path);
    return file_open_beneath(f->root, path, O_RDONLY | O_DIRECTORY);
}

DIR *folder_entries(int fd)
{
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    int why = errno;

    if (!folder && fd >= 0) {
        close(fd);
    }
    errno = why;
    return folder;
}

struct folders *folder_open(const char *path, struct error *err)
{
    struct folders *f = xcalloc(1, sizeof *f);
    bool ok = true;

    f->path = xstrdup(path);
    for (char *slash = strchr(f->path + 1, '/'); ok && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ok = mkdir(f->path, FOLDER_MODE) == 0 || errno == EEXIST;
        *slash = '/';
    }
    if (ok) {
        ok = mkdir(path, ROOT_MODE) == 0 ? chmod(path, ROOT_MODE) == 0 : errno == EEXIST;
    }
    f->root = ok ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (f->root < 0) {
        error_say(err, SAY_SPOOL_UNOPENED, arg_z(path), arg_system(errno));
        folder_close(f);
        return NULL;
    }
    return f;
}

void folder_close(struct folders *f)
{
    if (!f) {
        return;
    }
    if (f->root >= 0) {
        close(f->root);
    }
    free(f->grants);
    free(f->found);
    free(f->path);
    free(f);
}

int folder_root(const struct folders *f)
{
    return f->root;
}

int folder_private(const struct folders *f, const char *name)
{
    bool made;

    return open_one(f->root, name, &made);
}

static enum part part_of(const char *name)
{
    for (enum part part = 0; part < PARTS; part++) {
        if (parts[part].name && strcmp(parts[part].name, name) == 0) {
            return part;
        }
    }
    return PART_DIVISION;
}

int folder_of(struct folders *f, int64_t division, const char *name)
{
    const int64_t district = division / 1000000 * 1000000;
    char path[FOLDER_PATH], *rest = path, *step;
    int at = f->root;

    folder_path(division, name, path);
    for (int64_t of = district; at >= 0 && (step = strsep(&rest, "/")); of = division) {
        bool made;
        int fd = open_one(at, step, &made);
        int why = errno;
        if (at != f->root) {
            close(at);
        }
        if (fd >= 0 && made && f->count > 0) {
            acl_apply(f, fd, of, part_of(step));
        }
        errno = why;
        at = fd;
    }
    return at;
}

void folder_share(struct folders *f, int file, int64_t division)
{
    if (f->count > 0) {
        acl_apply(f, file, division, PART_FILE);
    }
}

/* ---- everything that is there ---- */

/* Brings what lies in an open folder, which is taken over, to what the accounts give: of SPOOL
 * (division 0) and a division's its folders, of new/ the files that the service itself put there;
 * the rest is the office's. */
static void grant_inside(struct folders *f, int fd, int64_t division, enum part part)
{
    const int flags =
        part == PART_NEW ? O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC : FOLDER_FLAGS;
    DIR *folder = folder_entries(fd);
    struct dirent *entry;
    struct stat st;

    if (!folder) {
        refused(f, division, errno);
        return;
    }
    while ((entry = readdir(folder))) {
        const struct str name = str_of(entry->d_name);
        int64_t below =
            part == PART_DIVISION && name.len == DIVISION_TEXT - 1 ? division_code(name) : 0;
        enum part is = part == PART_NEW ? PART_FILE : part_of(name.data);
        if (name.data[0] == '.' || (!below && is == PART_DIVISION) || (!below && !division)) {
            continue;
        }
        int inner = openat(dirfd(folder), name.data, flags);
        if (inner < 0) {
            continue;
        }
        if (below) {
            acl_apply(f, inner, below, PART_DIVISION);
            grant_inside(f, inner, below, PART_DIVISION);
            continue;
        }
        if (is == PART_FILE && (fstat(inner, &st) != 0 || !S_ISREG(st.st_mode) ||
                                st.st_uid != geteuid() || st.st_nlink != 1)) {
            close(inner);
            continue;
        }
        bool changed = acl_apply(f, inner, division, is);
        int done = is == PART_RETURN ? openat(inner, parts[PART_DONE].name, FOLDER_FLAGS) : -1;
        if (done >= 0) {
            acl_apply(f, done, division, PART_DONE);
            close(done);
        }
        if (is == PART_NEW && changed) {
            grant_inside(f, inner, division, PART_NEW);
        } else {
            close(inner);
        }
    }
    closedir(folder);
}

void folder_grant(struct folders *f, const struct settings *settings)
{
    struct stat st;

    f->without = false;
    find_grants(f, settings);
    /* An ACL of SPOOL would have to name every account there is: more than a file system keeps. */
    if (f->count > 0 && fstat(f->root, &st) == 0 && !(st.st_mode & S_IXOTH) &&
        fchmod(f->root, (st.st_mode & 07777) | S_IXOTH) != 0) {
        log_put(LOG_WARNING,
                "event=spool-acl: spool %s: cannot be passed by the accounts of townships: %s",
                f->path, strerror(errno));
    }
    grant_inside(f, openat(f->root, ".", FOLDER_FLAGS), 0, PART_DIVISION);
}
