#include "base/kick.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define KICK_SIGNAL SIGURG /* whose default is to be ignored: a stray one does nothing */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static void on_kick(int number)
{
    (void)number;
}

static void prepare(void)
{
    struct sigaction action = {.sa_handler = on_kick}; /* no SA_RESTART: that is the point */
    sigemptyset(&action.sa_mask);
    sigaction(KICK_SIGNAL, &action, NULL);
}

bool kick_begin(struct kick *k, int ms)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sigevent event;
    const struct timespec pause = {ms / 1000, (ms % 1000) * 1000000L};
    const struct itimerspec spec = {pause, pause};
    sigset_t mine;
    pthread_once(&once, prepare);
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = KICK_SIGNAL;
    event.sigev_notify_thread_id = gettid();
    sigemptyset(&mine);
    sigaddset(&mine, KICK_SIGNAL);
    pthread_sigmask(SIG_UNBLOCK, &mine, NULL);
    if (timer_create(CLOCK_MONOTONIC, &event, &k->timer) != 0) {
        return false;
    }
    timer_settime(k->timer, 0, &spec, NULL);
    return true;
}

void kick_end(struct kick *k)
{
    timer_delete(k->timer);
}
