#include "delivery/returns.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/log.h"
#include "delivery/return_take.h"
#include "store/division.h"
#include "work/staging.h"

/* What one township can put into its folder must not hold up the others, nor fill the memory. */
#define FOLDER_WAITING 200 /* files of one folder known at a time; the rest is found later */
#define EVENTS_READ 64     /* pieces of 16 KiB of what inotify tells that one look reads */
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
struct office {
    int64_t division;
    int watch;               /* inotify's number; -1 */
    bool listed;             /* since it is watched, and since the last relist */
    bool more;               /* than could be known */
    struct candidate *first; /* in order of coming */
    int waiting;
    bool busy;
    struct office *next_busy;
};

struct returns {
    struct folders *folders;
    int inotify;
    void *offices;           /* tsearch tree of struct office by division */
    struct office **watched; /* by watch number */
    int watched_room;
    struct office *busy; /* those that have files waiting */
    bool limit_told;     /* that inotify has no watch left */
    bool relist;         /* events were lost, or folders moved: list every folder */
    bool again;          /* the last look left files that it could have taken */
};

/* ---- folders ---- */

static int by_division(const void *a, const void *b)
{
    int64_t x = ((const struct office *)a)->division, y = ((const struct office *)b)->division;
    return (x > y) - (x < y);
}

static struct office *office_of(struct returns *r, int64_t division)
{
    struct office key = {.division = division};
    void *slot = tsearch(&key, &r->offices, by_division);
    if (!slot) {
        abort(); /* no memory */
    }
    if (*(struct office **)slot == &key) {
        struct office *o = xcalloc(1, sizeof *o);
        *o = (struct office){.division = division, .watch = -1};
        *(struct office **)slot = o;
    }
    return *(struct office **)slot;
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

static void unwatch(struct returns *r, struct office *o)
{
    if (o->watch >= 0) {
        inotify_rm_watch(r->inotify, o->watch);
        r->watched[o->watch] = NULL;
    }
    o->watch = -1;
    o->listed = false;
}

/* A watch goes with its folder, wherever that is moved: what stands in its place has none yet. */
static void watch_office(struct returns *r, struct office *o, int fd)
{
    int watch = watch_add(r, fd, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVE_SELF);
    if (watch != o->watch) {
        unwatch(r, o);
        o->watch = watch;
    }
    if (watch >= r->watched_room) {
        int room = watch + 64 + watch / 2;
        r->watched = xrealloc(r->watched, (size_t)room * sizeof(struct office *));
        memset(r->watched + r->watched_room, 0,
               (size_t)(room - r->watched_room) * sizeof(struct office *));
        r->watched_room = room;
    }
    if (watch >= 0) {
        r->watched[watch] = o;
    }
}

/* ---- candidates ---- */

static void candidate_add(struct returns *r, struct office *o, const char *name, bool told)
{
    struct candidate **at = &o->first;
    enum returns_name is = returns_name(name);
    if (is == RETURNS_NONE) {
        return;
    }
    if (o->waiting == FOLDER_WAITING) {
        o->more = true;
        return;
    }
    while (*at && strcmp((*at)->take.name, name) != 0) {
        at = &(*at)->next;
    }
    if (!*at) {
        *at = xcalloc(1, sizeof **at);
        (*at)->take.name = xstrdup(name);
        (*at)->take.division = o->division;
        (*at)->take.unfinished = is == RETURNS_UNFINISHED;
        o->waiting++;
    }
    (*at)->take.told = (*at)->take.told || told;
    if (!o->busy) {
        o->busy = true;
        o->next_busy = r->busy;
        r->busy = o;
    }
}

static void candidate_drop(struct office *o, struct candidate **at)
{
    struct candidate *c = *at;
    *at = c->next;
    o->waiting--;
    return_take_end(&c->take);
    free(c->take.name);
    free(c);
}

static void office_free(void *office)
{
    struct office *o = office;
    while (o->first) {
        candidate_drop(o, &o->first);
    }
    free(o);
}

enum returns_name returns_name(const char *name)
{
    static const struct {
        const char *start, *end;
        enum returns_name is;
    } looks[] = {
        {RETURN_TAKEN, "", RETURNS_CLAIMED},
        {"", ".rejected.csv", RETURNS_NONE},
        {"~$", "", RETURNS_UNFINISHED},
        {".~lock", "", RETURNS_UNFINISHED},
        {".", "", RETURNS_NONE},
        {"", ".tmp", RETURNS_UNFINISHED},
        {"", ".part", RETURNS_UNFINISHED},
        {"", ".filepart", RETURNS_UNFINISHED},
        {"", ".crdownload", RETURNS_UNFINISHED},
        {"", ".swp", RETURNS_UNFINISHED},
        {"", "~", RETURNS_UNFINISHED},
    };
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        size_t start = strlen(looks[i].start), end = strlen(looks[i].end);
        if (len >= start + end && strncmp(name, looks[i].start, start) == 0 &&
            strcasecmp(name + len - end, looks[i].end) == 0) {
            return looks[i].is;
        }
    }
    if (strcmp(name, "done") == 0) {
        return RETURNS_NONE;
    }
    /* A1B2C3D4 is what Excel writes before it renames. */
    return strchr(name, '.') ? RETURNS_LIST : RETURNS_UNFINISHED;
}

/* ---- a look ---- */

enum stage { LOOK_EVENTS, LOOK_WALK, LOOK_FILES };

struct look {
    struct job job;
    struct returns *returns;
    enum stage stage;
    int events_read;
    int64_t *districts; /* first-level folders of the spool; NULL before they were read */
    int count, at;
    struct office **office;   /* the one at hand; of returns->busy */
    struct candidate **next;  /* its file at hand */
    int taken;                /* of its files, or tried in vain */
    struct return_file *file; /* that is being read */
};

/* What inotify tells, in pieces; a flood of it is left to the next look. */
static void read_events(struct look *l)
{
    struct returns *r = l->returns;
    _Alignas(struct inotify_event) char buffer[16384];
    ssize_t n = r->inotify < 0 ? 0 : read(r->inotify, buffer, sizeof buffer);
    if (n <= 0 || ++l->events_read == EVENTS_READ) {
        l->stage = LOOK_WALK;
    }
    for (char *p = buffer; p < buffer + n;) {
        const struct inotify_event *e = (const struct inotify_event *)p;
        struct office *o = e->wd >= 0 && e->wd < r->watched_room ? r->watched[e->wd] : NULL;
        bool moved = e->mask & IN_MOVE_SELF ||
                     (!o && e->mask & IN_ISDIR && e->mask & (IN_MOVED_FROM | IN_MOVED_TO));
        p += sizeof *e + e->len;
        if (e->mask & IN_Q_OVERFLOW || moved) {
            r->relist = true;
        } else if (o && (e->mask & IN_IGNORED)) {
            r->watched[e->wd] = NULL;
            o->watch = -1; /* the folder has gone; one made anew is found by the walk */
            o->listed = false;
        } else if (o && e->len && !(e->mask & IN_ISDIR)) {
            enum returns_name is = returns_name(e->name);
            bool came = is == RETURNS_LIST || is == RETURNS_UNFINISHED;
            candidate_add(r, o, e->name, true);
            /* Something else came: perhaps what kept the others is mended. */
            for (struct candidate *c = came ? o->first : NULL; c; c = c->next) {
                c->rests_until = 0;
            }
        }
    }
}

/* A folder that is watched and was listed since needs no second look: inotify tells. */
static void visit(struct returns *r, int64_t division)
{
    struct office *o = office_of(r, division);
    struct dirent *entry;
    if (o->watch >= 0 && o->listed && !o->more) {
        return;
    }
    DIR *folder = folder_entries(folder_find(r->folders, division, "return"));
    if (!folder) {
        char path[FOLDER_PATH];
        int why = errno;
        unwatch(r, o);
        if (why != ENOENT) {
            folder_path(division, "return", path);
            log_put(LOG_ERR, "event=return-folder folder=%s: %s", path, strerror(why));
        }
        return;
    }
    if (!o->listed) {
        watch_office(r, o, dirfd(folder));
    }
    o->more = false;
    while (!o->more && (entry = readdir(folder))) {
        if (entry->d_type != DT_DIR) {
            candidate_add(r, o, entry->d_name, false);
        }
    }
    o->listed = o->watch >= 0;
    closedir(folder);
}

/* The divisions in the folder of one (0: in SPOOL). It is watched for new ones in it, which is what
 * wakes the next look. */
static int64_t *divisions_in(struct returns *r, int64_t division, int *count)
{
    int64_t *codes = NULL;
    int room = 0;
    DIR *folder = folder_entries(folder_find(r->folders, division, "."));
    struct dirent *entry;
    *count = 0;
    if (!folder) {
        return NULL;
    }
    watch_add(r, dirfd(folder), IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM);
    while ((entry = readdir(folder))) {
        struct str name = str_of(entry->d_name);
        int64_t code = name.len == DIVISION_TEXT - 1 ? division_code(name) : 0;
        if (code == 0) {
            continue;
        }
        if (*count == room) {
            room = room ? 2 * room : 64;
            codes = xrealloc(codes, (size_t)room * sizeof *codes);
        }
        codes[(*count)++] = code;
    }
    closedir(folder);
    return codes;
}

static void begin_office(struct look *l)
{
    l->next = *l->office ? &(*l->office)->first : NULL;
    l->taken = 0;
}

static void walk_folders(struct look *l)
{
    struct returns *r = l->returns;
    int64_t until = job_now() + JOB_SLICE_NS;
    if (!l->districts) {
        /* What is under each name is to be seen anew: also of a folder that is not there now. */
        for (int i = 0; r->relist && i < r->watched_room; i++) {
            if (r->watched[i]) {
                r->watched[i]->listed = false;
            }
        }
        r->relist = false;
        l->districts = divisions_in(r, 0, &l->count);
    }
    for (; l->at < l->count && job_now() < until; l->at++) {
        int64_t district = l->districts[l->at];
        int count;
        int64_t *townships = divisions_in(r, district, &count);
        visit(r, district);
        for (int i = 0; i < count; i++) {
            if (townships[i] / 1000000 == district / 1000000) {
                visit(r, townships[i]);
            }
        }
        free(townships);
    }
    if (l->at == l->count) {
        r->again = false;
        l->stage = LOOK_FILES;
        l->office = &r->busy;
        begin_office(l);
    }
}

/* To the next folder; one without files leaves the list. */
static void end_office(struct look *l)
{
    struct office *o = *l->office;
    if (*l->next || (o->more && l->taken > 0)) {
        l->returns->again = true;
    }
    if (o->first) {
        l->office = &o->next_busy;
    } else {
        *l->office = o->next_busy;
        o->busy = false;
    }
    begin_office(l);
}

/* One slice of the file at hand. */
static enum take_step take_slice(struct look *l, struct return_take *t, struct work *w,
                                 struct error *err)
{
    struct folders *folders = l->returns->folders;
    if (!l->file) {
        return return_take(t, folders, w, &l->file, err);
    }
    enum job_step step = return_file_slice(l->file, w, err);
    if (step == JOB_MORE) {
        return TAKE_MORE;
    }
    if (step == JOB_FAILED && err->reason != REASON_BAD_ROWS) {
        return TAKE_FAILED;
    }
    return return_take_file(t, folders, l->file, err);
}

/* One file after the other; a file that cannot be taken now stays for the next look. */
static enum job_step take_files(struct look *l, struct work *w)
{
    struct error err = ERROR_INIT;
    if (w->held || !*l->office) {
        return JOB_DONE;
    }
    if (!*l->next || l->taken == FOLDER_TAKEN) {
        end_office(l);
        return JOB_MORE;
    }
    struct candidate *c = *l->next;
    if (c->rests_until > job_now()) {
        l->next = &c->next;
        return JOB_MORE;
    }
    enum take_step step = take_slice(l, &c->take, w, &err);
    if (step == TAKE_FAILED) {
        char path[FOLDER_PATH];
        struct strbuf name = STRBUF_INIT; /* the office's: whatever stands in it, it is one value */
        log_value(&name, str_of(c->take.name));
        folder_path(c->take.division, "return", path);
        log_put(LOG_ERR, "event=return-waits folder=%s file=%s: %s", path, strbuf_text(&name),
                err.message);
        strbuf_free(&name);
        c->rests_until = job_now() + REST_NS;
    }
    error_clear(&err);
    if (step == TAKE_MORE) {
        return JOB_MORE;
    }
    return_file_free(l->file);
    l->file = NULL;
    l->taken += step != TAKE_WAITS; /* what failed cost as much as what was taken */
    if (step == TAKE_GONE) {
        candidate_drop(*l->office, l->next);
    } else {
        return_take_end(&c->take);
        l->next = &c->next;
    }
    return JOB_MORE;
}

static enum job_step look_slice(struct job *job, struct work *w, struct error *err)
{
    struct look *l = (struct look *)job;
    (void)err;
    switch (l->stage) {
    case LOOK_EVENTS:
        read_events(l);
        return JOB_MORE;
    case LOOK_WALK:
        walk_folders(l);
        return JOB_MORE;
    case LOOK_FILES:
        return take_files(l, w);
    }
    return JOB_DONE;
}

static void look_free(struct job *job)
{
    struct look *l = (struct look *)job;
    return_file_free(l->file);
    if (l->next && *l->next) {
        return_take_end(&(*l->next)->take);
    }
    free(l->districts);
    free(l);
}

static const struct job_class look_class = {"returns", JOB_SHARES, look_slice, look_free};

struct job *returns_look(struct returns *r)
{
    struct look *l = xcalloc(1, sizeof *l);
    l->job = (struct job){.class = &look_class, .actor = ACTOR_CLOCK, .total = -1};
    l->returns = r;
    return &l->job;
}

/* ---- the whole ---- */

struct returns *returns_open(struct folders *folders)
{
    struct returns *r = xcalloc(1, sizeof *r);
    r->folders = folders;
    r->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return r;
}

void returns_close(struct returns *r)
{
    if (!r) {
        return;
    }
    tdestroy(r->offices, office_free);
    free(r->watched);
    staging_close(&r->inotify);
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
