#include "control/closer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/kick.h"
#include "base/str.h"
#include "work/job.h"

#define THREADS_MAX 64
#define KICK_MS 10
#define SLOW_NS INT64_C(100000000) /* the queue stands still for so long: one thread more */

struct lent {
    int fd;
    int64_t uid;
    struct lent *next;
};

struct tally {
    int64_t uid;
    int count;
    struct tally *next;
};

/* `lock` guards all of it. A tally stands for each uid with something that is not closed yet. */
struct closer {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct lent *first, **end;
    struct tally *tallies;
    int all, threads, idle;
    int64_t moved_at; /* CLOCK_MONOTONIC: something was last taken off the queue */
    bool over;        /* the last thread frees it */
};

static void release(struct closer *c)
{
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->cond);
    free(c);
}

static struct tally **tally_of(struct closer *c, int64_t uid)
{
    struct tally **t = &c->tallies;
    while (*t && (*t)->uid != uid) {
        t = &(*t)->next;
    }
    return t;
}

static void closed(struct closer *c, int64_t uid)
{
    struct tally **t = tally_of(c, uid), *none = *t;
    c->all--;
    if (--none->count == 0) {
        *t = none->next;
        free(none);
    }
}

static void *run(void *self)
{
    struct closer *c = self;
    pthread_mutex_lock(&c->lock);
    for (;;) {
        c->idle++;
        while (!c->first && !c->over) {
            pthread_cond_wait(&c->cond, &c->lock);
        }
        c->idle--;
        if (!c->first) {
            break;
        }
        struct lent *lent = c->first;
        c->first = lent->next;
        if (!c->first) {
            c->end = &c->first;
        }
        c->moved_at = job_now();
        pthread_mutex_unlock(&c->lock);
        struct kick kick;
        bool kicked = kick_begin(&kick, KICK_MS);
        close(lent->fd); /* EINTR or not, it is closed */
        if (kicked) {
            kick_end(&kick);
        }
        pthread_mutex_lock(&c->lock);
        closed(c, lent->uid);
        free(lent);
    }
    bool last = --c->threads == 0;
    pthread_mutex_unlock(&c->lock);
    if (last) {
        release(c);
    }
    return NULL;
}

/* Under the lock. Without a thread, what was lent stays open: better than to wait. */
static void thread_add(struct closer *c)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, run, c) == 0) {
        pthread_setname_np(thread, "closer");
        pthread_detach(thread);
        c->threads++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Under the lock: something waits, and every thread hangs in a close of its own. */
static bool is_standing(const struct closer *c)
{
    return c->first && c->idle == 0 && c->threads < THREADS_MAX &&
           job_now() - c->moved_at > SLOW_NS;
}

struct closer *closer_new(void)
{
    struct closer *c = xcalloc(1, sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->cond, NULL);
    c->end = &c->first;
    return c;
}

void closer_put(struct closer *c, int64_t uid, int fd)
{
    struct lent *lent = xcalloc(1, sizeof *lent);
    int64_t now = job_now();
    lent->fd = fd;
    lent->uid = uid;
    pthread_mutex_lock(&c->lock);
    struct tally **t = tally_of(c, uid);
    if (!*t) {
        *t = xcalloc(1, sizeof **t);
        (*t)->uid = uid;
    }
    (*t)->count++;
    c->all++;
    bool stands = is_standing(c);
    if (!c->first) {
        c->moved_at = now;
    }
    *c->end = lent;
    c->end = &lent->next;
    if (c->threads == 0 || stands) {
        thread_add(c);
    }
    pthread_cond_signal(&c->cond);
    pthread_mutex_unlock(&c->lock);
}

void closer_relieve(struct closer *c)
{
    pthread_mutex_lock(&c->lock);
    if (is_standing(c)) {
        thread_add(c);
    }
    pthread_mutex_unlock(&c->lock);
}

/* Once it is shut down nothing more comes in: where nothing lies in it, nothing can wait. */
void closer_put_socket(struct closer *c, int64_t uid, int fd)
{
    int unread = 0;
    if (shutdown(fd, SHUT_RDWR) == 0 && ioctl(fd, FIONREAD, &unread) == 0 && unread == 0) {
        close(fd);
    } else {
        closer_put(c, uid, fd);
    }
}

int closer_waiting(struct closer *c, int64_t uid)
{
    pthread_mutex_lock(&c->lock);
    struct tally *t = *tally_of(c, uid);
    int count = t ? t->count : 0;
    pthread_mutex_unlock(&c->lock);
    return count;
}

int closer_waiting_all(struct closer *c)
{
    pthread_mutex_lock(&c->lock);
    int count = c->all;
    pthread_mutex_unlock(&c->lock);
    return count;
}

void closer_free(struct closer *c)
{
    if (!c) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->over = true;
    bool none = c->threads == 0;
    pthread_cond_broadcast(&c->cond);
    pthread_mutex_unlock(&c->lock);
    if (none) {
        release(c);
    }
}
