/* base/kick: no system call of this thread blocks for longer than a while.
 *
 * A descriptor that somebody else lent can block at any moment, whatever its flags say: O_NONBLOCK
 * lives in the description that both share, and close() of a socket may wait for its far end. While
 * a thread is kicked, a signal interrupts what it waits in: read(2), write(2) and poll(2) fail with
 * EINTR, a lingering close(2) ends. */
#pragma once

#include <stdbool.h>
#include <time.h>

struct kick {
    timer_t timer;
};

/* Of the calling thread, from kick_begin() to kick_end(): every so many milliseconds. False where
 * the kernel gives no timer: then nothing interrupts it. */
bool kick_begin(struct kick *k, int ms);
void kick_end(struct kick *k);
