#include "delivery/spool_care.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "delivery/folder.h"
#include "delivery/spool.h"

static bool fail(struct error *err, const char *what, const char *path)
{
    return error_set(err, REASON_STORAGE, "spool: cannot %s %s: %s", what, path, strerror(errno));
}

/* Calls `see` for each entry but the dots, until it says stop. */
static bool each_entry(const struct spool *s, const struct division_row *division, const char *name,
                       bool (*see)(void *self, int folder, const char *entry), void *self,
                       struct error *err)
{
    char path[FOLDER_PATH];
    struct dirent *entry;
    int fd = folder_find(spool_folders(s), division->code, name);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);

    folder_path(division->code, name, path);
    if (!folder) {
        if (fd >= 0) {
            close(fd);
        }
        return errno == ENOENT || fail(err, "read", path);
    }
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] != '.' && !see(self, dirfd(folder), entry->d_name)) {
            fail(err, "remove a file of", path);
            closedir(folder);
            return false;
        }
    }
    closedir(folder);
    return true;
}

/* The day of "2026-11-24-daily.csv"; DATE_NONE for any other name. */
static struct date day_of(const char *entry)
{
    const size_t day = DATE_TEXT - 1;

    if (strlen(entry) <= day || strncmp(entry + day, "-daily.", strlen("-daily.")) != 0) {
        return DATE_NONE;
    }
    return date_parse((struct str){entry, day});
}

static bool see_oldest(void *self, int folder, const char *entry)
{
    struct date *oldest = self, day = day_of(entry);

    (void)folder;
    if (date_is(day) && (!date_is(*oldest) || date_cmp(day, *oldest) < 0)) {
        *oldest = day;
    }
    return true;
}

bool spool_unfetched(const struct spool *s, const struct division_row *division,
                     struct date *oldest, struct error *err)
{
    *oldest = DATE_NONE;
    return each_entry(s, division, "new", see_oldest, oldest, err);
}

/* ---- what is too old ---- */

struct pruning {
    struct date before;
    int64_t *removed;
};

/* What vanished meanwhile was fetched; a folder is none of ours, and must not keep the rest. */
static bool drop(struct pruning *p, int folder, const char *entry)
{
    struct stat st;

    if (fstatat(folder, entry, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
        return true;
    }
    if (unlinkat(folder, entry, 0) == 0) {
        ++*p->removed;
    } else if (errno != ENOENT) {
        return false;
    }
    return true;
}

static bool drop_list(void *self, int folder, const char *entry)
{
    struct pruning *p = self;
    struct date day = day_of(entry);

    return !date_is(day) || date_cmp(day, p->before) >= 0 || drop(p, folder, entry);
}

/* By the day on which it was put there: what a file says of its own last change is the office's. */
static bool drop_returned(void *self, int folder, const char *entry)
{
    struct pruning *p = self;
    struct stat st;

    if (fstatat(folder, entry, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return true;
    }
    return clock_local_day(st.st_ctime) >= p->before.day || drop(p, folder, entry);
}

static bool drop_rejected(void *self, int folder, const char *entry)
{
    static const char end[] = ".rejected.csv";
    size_t len = strlen(entry);

    return len < sizeof end || strcmp(entry + len - (sizeof end - 1), end) != 0 ||
           drop_returned(self, folder, entry);
}

bool spool_prune(const struct spool *s, const struct division_row *division, struct date before,
                 int64_t *removed, struct error *err)
{
    static const struct {
        const char *folder;
        bool (*see)(void *self, int folder, const char *entry);
    } places[] = {{"new", drop_list}, {"return/done", drop_returned}, {"return", drop_rejected}};
    struct pruning p = {before, removed};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (!each_entry(s, division, places[i].folder, places[i].see, &p, err)) {
            return false;
        }
    }
    return true;
}
