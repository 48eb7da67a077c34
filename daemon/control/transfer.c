#include "control/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "work/carry.h"
#include "work/job.h"

#define TELL_NS INT64_C(200000000)
#define END_SECONDS 2

/* `lock` guards `ended`, `running`, `told` of each and `over`; the rest is the front's. */
struct transfers {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct transfer *waiting, **waiting_end; /* for their turn */
    struct transfer *under_way;
    struct transfer *ended;
    int running;
    bool over;
    int wake;
    struct event *woken;
    char *folder;
};

/* ---- what may be lent ---- */

/* fstat(2) and the like ask the file system, which may be the caller's own programme; what the
 * kernel calls an open file it knows by itself. */
bool transfer_keeps(int fd)
{
    char path[32], name[16];
    if (fcntl(fd, F_GET_SEALS) >= 0) {
        return true;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(path, name, sizeof name);
    return n > 6 && memcmp(name, "pipe:[", 6) == 0;
}

bool transfer_fits(int fd, const struct param *p, struct error *err)
{
    static const char *const words[] = {
        [PARAM_FILE] = "a pipe, or a memfd sealed against writing, shrinking and growing",
        [PARAM_FILE_BACK] = "a memfd that can be written",
        [PARAM_FILE_OUT] = "a pipe's writing end, or a memfd that can be written",
    };
    const int fixed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
    int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS), mode = fcntl(fd, F_GETFL) & O_ACCMODE;
    bool in = p->type == PARAM_FILE;
    bool fits = fd >= 0 && (mode == O_RDWR || mode == (in ? O_RDONLY : O_WRONLY));
    if (seals < 0) {
        fits = fits && p->type != PARAM_FILE_BACK;
    } else {
        fits =
            fits && (in ? (seals & fixed) == fixed : (seals & (F_SEAL_WRITE | F_SEAL_GROW)) == 0);
    }
    return fits || error_say(err, SAY_PARAM_MUST_BE, arg_z(p->name), arg_z(words[p->type]));
}

/* ---- the thread of one ---- */

static void tell(struct transfers *all)
{
    const uint64_t one = 1;
    if (!all->over) {
        ssize_t n = write(all->wake, &one, sizeof one);
        (void)n;
    }
}

static bool goes_on(void *self, int64_t done)
{
    struct transfer *t = self;
    int64_t now = job_now();
    atomic_store(&t->bytes, done);
    if (now - t->told_at > TELL_NS) {
        t->told_at = now;
        pthread_mutex_lock(&t->all->lock);
        t->told = true;
        tell(t->all);
        pthread_mutex_unlock(&t->all->lock);
    }
    return !atomic_load(&t->stop);
}

static bool own_file(struct transfers *all, int *fd, struct error *err)
{
    *fd = open(all->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return *fd >= 0 || error_say(err, SAY_NO_FILE_MADE, arg_z(all->folder), arg_system(errno));
}

static bool transfer_file(struct transfer *t, struct transfer_file *f)
{
    struct carry c = {.goes_on = goes_on, .self = t};
    if (t->back) {
        c.from = f->own;
        c.to = f->lent;
        c.most = INT64_MAX;
        return f->way == PARAM_FILE || carry(&c, &t->error);
    }
    if (!own_file(t->all, &f->own, &t->error)) {
        return false;
    }
    c.from = f->lent;
    c.to = f->own;
    c.most = t->most;
    c.floor = t->floor;
    return f->way != PARAM_FILE || carry(&c, &t->error);
}

static void *run(void *self)
{
    struct transfer *t = self;
    struct transfers *all = t->all;
    t->ok = true;
    for (int i = 0; i < t->count && t->ok; i++) {
        t->ok = transfer_file(t, &t->files[i]);
    }
    pthread_mutex_lock(&all->lock);
    t->next = all->ended;
    all->ended = t;
    all->running--;
    tell(all);
    pthread_cond_signal(&all->cond);
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* ---- the front's side ---- */

static bool thread_start(struct transfer *t, struct error *err)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = pthread_create(&thread, NULL, run, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (fault != 0) {
        return error_say(err, SAY_NO_THREAD, arg_system(fault));
    }
    pthread_setname_np(thread, "transfer");
    pthread_detach(thread);
    return true;
}

static int under_way(const struct transfers *all, int64_t uid)
{
    int count = 0;
    for (const struct transfer *t = all->under_way; t; t = t->beside) {
        count += uid < 0 || t->uid == uid;
    }
    return count;
}

static void take_off(struct transfers *all, struct transfer *t)
{
    struct transfer **at = &all->under_way;
    while (*at != t) {
        at = &(*at)->beside;
    }
    *at = t->beside;
}

/* Those whose turn it is, oldest first. */
static void start_some(struct transfers *all)
{
    for (struct transfer **at = &all->waiting, *t; (t = *at);) {
        if (under_way(all, -1) >= TRANSFER_ALL_MAX) {
            return;
        }
        if (!atomic_load(&t->stop) && under_way(all, t->uid) >= TRANSFER_UID_MAX) {
            at = &t->next;
            continue;
        }
        *at = t->next;
        if (!*at) {
            all->waiting_end = at;
        }
        t->beside = all->under_way;
        all->under_way = t;
        pthread_mutex_lock(&all->lock);
        all->running++;
        pthread_mutex_unlock(&all->lock);
        if (!thread_start(t, &t->error)) {
            pthread_mutex_lock(&all->lock);
            all->running--;
            t->next = all->ended;
            all->ended = t;
            tell(all);
            pthread_mutex_unlock(&all->lock);
        }
    }
}

/* Runs `done` of what ended, and `progress` of what goes on. */
static void take_ended(struct transfers *all)
{
    struct transfer *told[TRANSFER_ALL_MAX], *ended;
    int count = 0;
    pthread_mutex_lock(&all->lock);
    ended = all->ended;
    all->ended = NULL;
    for (struct transfer *t = ended; t; t = t->next) {
        t->told = false;
    }
    for (struct transfer *t = all->under_way; t; t = t->beside) {
        if (t->told) {
            told[count++] = t;
            t->told = false;
        }
    }
    pthread_mutex_unlock(&all->lock);
    for (int i = 0; i < count; i++) {
        told[i]->progress(told[i], atomic_load(&told[i]->bytes));
    }
    while (ended) {
        struct transfer *t = ended;
        ended = t->next;
        take_off(all, t);
        t->done(t);
    }
}

static void on_woken(evutil_socket_t fd, short what, void *self)
{
    struct transfers *all = self;
    uint64_t times;
    ssize_t n = read((int)fd, &times, sizeof times);
    (void)n;
    (void)what;
    take_ended(all);
    start_some(all);
}

struct transfers *transfers_new(struct event_base *base, const char *folder, struct error *err)
{
    struct transfers *all = xcalloc(1, sizeof *all);
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->cond, NULL);
    all->waiting_end = &all->waiting;
    all->folder = xstrdup(folder);
    all->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    all->woken =
        all->wake < 0 ? NULL : event_new(base, all->wake, EV_READ | EV_PERSIST, on_woken, all);
    if (!all->woken || event_add(all->woken, NULL) != 0) {
        error_say(err, SAY_NO_EVENT, arg_system(errno));
        transfers_free(all);
        return NULL;
    }
    return all;
}

void transfer_start(struct transfers *all, struct transfer *t)
{
    t->all = all;
    t->next = NULL;
    t->ok = false;
    atomic_store(&t->stop, false);
    t->told_at = job_now();
    *all->waiting_end = t;
    all->waiting_end = &t->next;
    start_some(all);
}

void transfer_stop(struct transfer *t)
{
    atomic_store(&t->stop, true);
}

void transfers_free(struct transfers *all)
{
    if (!all) {
        return;
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += END_SECONDS;
    for (struct transfer *t = all->under_way; t; t = t->beside) {
        transfer_stop(t);
    }
    pthread_mutex_lock(&all->lock);
    while (all->running > 0 && pthread_cond_timedwait(&all->cond, &all->lock, &until) == 0) {
    }
    int left = all->running;
    all->over = true;
    pthread_mutex_unlock(&all->lock);
    take_ended(all);
    while (all->waiting) {
        struct transfer *t = all->waiting;
        all->waiting = t->next;
        t->ok = error_say(&t->error, SAY_SERVICE_STOPPING);
        t->done(t);
    }
    if (all->woken) {
        event_free(all->woken);
    }
    if (all->wake >= 0) {
        close(all->wake);
    }
    if (left > 0) { /* each of them still looks at it */
        return;
    }
    pthread_mutex_destroy(&all->lock);
    pthread_cond_destroy(&all->cond);
    free(all->folder);
    free(all);
}
