#include "delivery/returns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "delivery/return_take.h"
#include "store/division.h"
#include "work/staging.h"

/* What one township can put into its folder must not hold up the others, nor fill the memory. */
#define FOLDER_WAITING 200 /* files of one folder known at a time; the rest is found later */
#define FOLDER_TAKEN 16    /* files of one folder that one look takes before the next folder's */
/* A file that could not be taken rests for so long, or until another comes into its folder: what
 * the try itself wrote there wakes the next look at once. */
#define REST_NS INT64_C(50000000000)

/* A file that waits: told by inotify, or found. */
struct candidate {
    struct candidate *next;
    struct return_take take;
    int64_t rests_until; /* job_now() */
};

/* A folder that lists come back to. */
struct folder {
    int64_t division, district; /* the same for a district's or city's own */
    int watch;                  /* inotify's number; -1 */
    bool listed;                /* since it is watched, and since the last relist */
    bool more;                  /* than could be known */
    struct candidate *first;    /* in order of coming */
    int waiting;
    bool busy;
    struct folder *next_busy;
};

struct returns {
    char *path;
    int root, inotify;
    void *folders;           /* tsearch tree of struct folder by division */
    struct folder **watched; /* by watch number */
    int watched_room;
    struct folder *busy; /* those that have files waiting */
    bool limit_told;     /* that inotify has no watch left */
    bool relist;         /* events were lost, or folders moved: list every folder */
    bool again;          /* the last look left files that it could have taken */
};

/* ---- folders ---- */

static int by_division(const void *a, const void *b)
{
    int64_t x = ((const struct folder *)a)->division, y = ((const struct folder *)b)->division;
    return (x > y) - (x < y);
}

static struct folder *folder_of(struct returns *r, int64_t division, int64_t district)
{
    struct folder key = {.division = division};
    void *slot = tsearch(&key, &r->folders, by_division);
    if (!slot) {
        abort(); /* no memory */
    }
    if (*(struct folder **)slot == &key) {
        struct folder *f = xcalloc(1, sizeof *f);
        *f = (struct folder){.division = division, .district = district, .watch = -1};
        *(struct folder **)slot = f;
    }
    return *(struct folder **)slot;
}

static void folder_path(const struct folder *f, char path[RETURN_FOLDER])
{
    char own[DIVISION_TEXT], district[DIVISION_TEXT];
    if (f->division == f->district) {
        snprintf(path, RETURN_FOLDER, "%s/return", division_text(f->division, own));
    } else {
        snprintf(path, RETURN_FOLDER, "%s/%s/return", division_text(f->district, district),
                 division_text(f->division, own));
    }
}

static struct folder *watched(const struct returns *r, int watch)
{
    return watch >= 0 && watch < r->watched_room ? r->watched[watch] : NULL;
}

static void watch_set(struct returns *r, int watch, struct folder *f)
{
    if (watch >= r->watched_room) {
        int room = watch + 64 + watch / 2;
        r->watched = xrealloc(r->watched, (size_t)room * sizeof(struct folder *));
        memset(r->watched + r->watched_room, 0,
               (size_t)(room - r->watched_room) * sizeof(struct folder *));
        r->watched_room = room;
    }
    r->watched[watch] = f;
}

/* By the descriptor, so that what is watched is what was opened. -1: no watch. */
static int watch_add(struct returns *r, int fd, uint32_t mask)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int watch = r->inotify < 0 ? -1 : inotify_add_watch(r->inotify, path, mask | IN_ONLYDIR);
    if (watch < 0 && !r->limit_told) {
        r->limit_told = true;
        log_put(LOG_WARNING,
                "event=return-folder: not every folder can be watched, they are looked at once a "
                "minute: %s; fs.inotify.max_user_watches sets the limit",
                r->inotify < 0 ? "no inotify" : strerror(errno));
    }
    return watch;
}

static void unwatch(struct returns *r, struct folder *f)
{
    if (f->watch >= 0) {
        inotify_rm_watch(r->inotify, f->watch);
        r->watched[f->watch] = NULL;
    }
    f->watch = -1;
    f->listed = false;
}

/* A watch goes with its folder, wherever that is moved: what stands in its place has none yet. */
static void watch_folder(struct returns *r, struct folder *f, int fd)
{
    int watch = watch_add(r, fd, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVE_SELF);
    if (watch != f->watch) {
        unwatch(r, f);
        f->watch = watch;
    }
    if (watch >= 0) {
        watch_set(r, watch, f);
    }
}

/* What is under each name is to be seen anew: also of a folder that is not there at this look. */
static void forget_all(struct returns *r)
{
    for (int i = 0; r->relist && i < r->watched_room; i++) {
        if (r->watched[i]) {
            r->watched[i]->listed = false;
        }
    }
    r->relist = false;
}

/* ---- candidates ---- */

static void candidate_add(struct returns *r, struct folder *f, const char *name, bool told)
{
    struct candidate **at = &f->first;
    bool taken;
    if (!returns_is_name(name, &taken)) {
        return;
    }
    if (f->waiting == FOLDER_WAITING) {
        f->more = true;
        return;
    }
    while (*at && strcmp((*at)->take.name, name) != 0) {
        at = &(*at)->next;
    }
    if (!*at) {
        struct candidate *c = xcalloc(1, sizeof *c);
        c->take.name = xstrdup(name);
        c->take.division = f->division;
        folder_path(f, c->take.folder);
        *at = c;
        f->waiting++;
    }
    (*at)->take.told = (*at)->take.told || told;
    if (!f->busy) {
        f->busy = true;
        f->next_busy = r->busy;
        r->busy = f;
    }
}

/* Something else came: perhaps what kept the others is mended. */
static void wake_all(struct folder *f)
{
    for (struct candidate *c = f->first; c; c = c->next) {
        c->rests_until = 0;
    }
}

static void candidate_drop(struct folder *f, struct candidate **at)
{
    struct candidate *c = *at;
    *at = c->next;
    f->waiting--;
    return_take_end(&c->take);
    free(c->take.name);
    free(c);
}

static void folder_free(void *folder)
{
    struct folder *f = folder;
    while (f->first) {
        candidate_drop(f, &f->first);
    }
    free(f);
}

static bool ends_with(const char *name, const char *end)
{
    size_t a = strlen(name), b = strlen(end);
    return a >= b && strcasecmp(name + a - b, end) == 0;
}

bool returns_is_name(const char *name, bool *taken)
{
    static const char *const unfinished[] = {".rejected.csv", ".tmp", ".part", ".crdownload",
                                             ".filepart",     ".swp", "~"};
    *taken = strncmp(name, RETURN_TAKEN, strlen(RETURN_TAKEN)) == 0;
    if ((name[0] == '.' && !*taken) || strncmp(name, "~$", 2) == 0 || strcmp(name, "done") == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof unfinished / sizeof unfinished[0]; i++) {
        if (ends_with(name, unfinished[i])) {
            return false;
        }
    }
    return true;
}

/* ---- a look ---- */

enum stage { LOOK_EVENTS, LOOK_WALK, LOOK_FILES };

struct look {
    struct job job;
    struct returns *returns;
    enum stage stage;
    int64_t *districts; /* first-level folders of the spool */
    int count, at;
    struct folder **folder;  /* the one at hand; of returns->busy */
    struct candidate **next; /* its file at hand */
    int taken;               /* of its files, or tried in vain */
};

static void event_take(struct returns *r, const struct inotify_event *e)
{
    struct folder *f = watched(r, e->wd);
    bool moved = e->mask & IN_MOVE_SELF ||
                 (!f && e->mask & IN_ISDIR && e->mask & (IN_MOVED_FROM | IN_MOVED_TO));
    if (e->mask & IN_Q_OVERFLOW || moved) {
        r->relist = true;
    } else if (f && (e->mask & IN_IGNORED)) {
        f->watch = -1; /* the folder has gone; one made anew is found by the walk */
        f->listed = false;
        r->watched[e->wd] = NULL;
    } else if (f && e->len && !(e->mask & IN_ISDIR)) {
        bool taken;
        candidate_add(r, f, e->name, true);
        if (returns_is_name(e->name, &taken) && !taken) {
            wake_all(f);
        }
    }
}

static enum job_step events(struct look *l)
{
    struct returns *r = l->returns;
    _Alignas(struct inotify_event) char buffer[16384];
    ssize_t n = r->inotify < 0 ? 0 : read(r->inotify, buffer, sizeof buffer);
    if (n <= 0) {
        l->stage = LOOK_WALK;
        return JOB_MORE;
    }
    for (char *p = buffer; p < buffer + n;) {
        const struct inotify_event *e = (const struct inotify_event *)p;
        event_take(r, e);
        p += sizeof *e + e->len;
    }
    return JOB_MORE;
}

/* The folders of 12 digits in an open folder, in an array of the caller's. */
static int64_t *codes_in(int fd, int *count)
{
    int64_t *codes = NULL;
    int room = 0;
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    *count = 0;
    while (folder && (entry = readdir(folder))) {
        struct str name = str_of(entry->d_name);
        int64_t code = name.len == 12 ? division_code(name) : 0;
        if (code == 0) {
            continue;
        }
        if (*count == room) {
            room = room ? 2 * room : 64;
            codes = xrealloc(codes, (size_t)room * sizeof *codes);
        }
        codes[(*count)++] = code;
    }
    if (folder) {
        closedir(folder);
    } else if (fd >= 0) {
        close(fd);
    }
    return codes;
}

static void list_files(struct returns *r, struct folder *f, int fd)
{
    int copy = dup(fd);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;
    while (folder && !f->more && (entry = readdir(folder))) {
        if (entry->d_type != DT_DIR) {
            candidate_add(r, f, entry->d_name, false);
        }
    }
    if (folder) {
        closedir(folder);
    } else if (copy >= 0) {
        close(copy);
    }
}

/* A folder that is watched and was listed since needs no second look: inotify tells. */
static void visit(struct returns *r, int64_t division, int64_t district)
{
    char path[RETURN_FOLDER];
    struct folder *f = folder_of(r, division, district);
    if (f->watch >= 0 && f->listed && !f->more) {
        return;
    }
    folder_path(f, path);
    int fd = file_open_beneath(r->root, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        int why = errno;
        unwatch(r, f);
        if (why != ENOENT) {
            log_put(LOG_ERR, "event=return-folder folder=%s: %s", path, strerror(why));
        }
        return;
    }
    if (!f->listed) {
        watch_folder(r, f, fd);
    }
    f->more = false;
    list_files(r, f, fd);
    f->listed = f->watch >= 0;
    close(fd);
}

/* Folders are watched for new ones in them, which is what wakes the next look. */
static int open_level(struct returns *r, const char *path)
{
    int fd = file_open_beneath(r->root, path, O_RDONLY | O_DIRECTORY);
    if (fd >= 0) {
        watch_add(r, fd, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM);
    }
    return fd;
}

static void begin_folder(struct look *l)
{
    l->next = *l->folder ? &(*l->folder)->first : NULL;
    l->taken = 0;
}

static enum job_step walk(struct look *l)
{
    struct returns *r = l->returns;
    int64_t until = job_now() + JOB_SLICE_NS;
    if (!l->districts) {
        forget_all(r);
        l->districts = codes_in(open_level(r, "."), &l->count);
    }
    for (; l->at < l->count && job_now() < until; l->at++) {
        char name[DIVISION_TEXT];
        int64_t district = l->districts[l->at];
        int count;
        int64_t *townships = codes_in(open_level(r, division_text(district, name)), &count);
        visit(r, district, district);
        for (int i = 0; i < count; i++) {
            visit(r, townships[i], district);
        }
        free(townships);
    }
    if (l->at < l->count) {
        return JOB_MORE;
    }
    r->again = false;
    l->stage = LOOK_FILES;
    l->folder = &r->busy;
    begin_folder(l);
    return JOB_MORE;
}

/* The name is the office's: whatever stands in it, it is one value of one line. */
static void say_waits(const struct candidate *c, const struct error *why)
{
    struct strbuf name = STRBUF_INIT;
    log_value(&name, str_of(c->take.name));
    log_put(LOG_ERR, "event=return-waits folder=%s file=%s: %s", c->take.folder, strbuf_text(&name),
            why->message ? why->message : "");
    strbuf_free(&name);
}

/* To the next folder; one without files leaves the list. */
static void end_folder(struct look *l)
{
    struct folder *f = *l->folder;
    if (*l->next || (f->more && l->taken > 0)) {
        l->returns->again = true;
    }
    if (f->first) {
        l->folder = &f->next_busy;
    } else {
        *l->folder = f->next_busy;
        f->busy = false;
    }
    begin_folder(l);
}

/* One file after the other; a file that cannot be taken now stays for the next look. */
static enum job_step files(struct look *l, struct work *w)
{
    struct error err = ERROR_INIT;
    if (w->held || !*l->folder) {
        return JOB_DONE;
    }
    if (!*l->next || l->taken == FOLDER_TAKEN) {
        end_folder(l);
        return JOB_MORE;
    }
    struct candidate *c = *l->next;
    if (c->rests_until > job_now()) {
        l->next = &c->next;
        return JOB_MORE;
    }
    enum take_step step = return_take_slice(&c->take, l->returns->root, w, &err);
    if (step == TAKE_GONE) {
        candidate_drop(*l->folder, l->next);
        l->taken++;
    } else if (step != TAKE_MORE) {
        if (step == TAKE_FAILED) {
            say_waits(c, &err);
            c->rests_until = job_now() + REST_NS;
            l->taken++; /* it cost as much as one that was taken */
        }
        return_take_end(&c->take);
        l->next = &c->next;
    }
    error_clear(&err);
    return JOB_MORE;
}

static enum job_step look_slice(struct job *job, struct work *w, struct error *err)
{
    struct look *l = (struct look *)job;
    (void)err;
    switch (l->stage) {
    case LOOK_EVENTS:
        return events(l);
    case LOOK_WALK:
        return walk(l);
    case LOOK_FILES:
        return files(l, w);
    }
    return JOB_DONE;
}

static void look_free(struct job *job)
{
    struct look *l = (struct look *)job;
    if (l->next && *l->next) {
        return_take_end(&(*l->next)->take);
    }
    free(l->districts);
    free(l);
}

static const struct job_class look_class = {"returns", true, look_slice, look_free};

struct job *returns_look(struct returns *r)
{
    struct look *l = xcalloc(1, sizeof *l);
    l->job = (struct job){.class = &look_class, .actor = ACTOR_CLOCK, .total = -1};
    l->returns = r;
    return &l->job;
}

/* ---- the whole ---- */

struct returns *returns_open(const char *spool, struct error *err)
{
    struct returns *r = xcalloc(1, sizeof *r);
    r->path = xstrdup(spool);
    r->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    r->root = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->root < 0) {
        error_set(err, REASON_STORAGE, "spool %s: %s", spool, strerror(errno));
        returns_close(r);
        return NULL;
    }
    return r;
}

void returns_close(struct returns *r)
{
    if (!r) {
        return;
    }
    tdestroy(r->folders, folder_free);
    free(r->watched);
    staging_close(&r->inotify);
    staging_close(&r->root);
    free(r->path);
    free(r);
}

bool returns_again(const struct returns *r)
{
    return r->again;
}

int returns_fd(const struct returns *r)
{
    return r->inotify;
}
