/* control/front: the thread that owns sockets, timers and signals (architecture.md section 2).
 *
 * It answers queries from a reading store and hands changes and jobs to the writer. It never waits
 * for the disk. */
#pragma once

#include "work/work.h"
#include "work/writer.h"

struct front;
struct returns;

struct front_options {
    struct work *work;       /* the front's own, with a reading store */
    const char *staging;     /* the folder where files that come with calls wait */
    int listen_fd;           /* from systemd, or -1: bind settings->socket */
    struct returns *returns; /* the return folders; NULL: there are none */
};

/* Opens the socket; it answers from front_run() on. */
struct front *front_new(const struct front_options *options, struct error *err);
/* The writer's wake-up: safe from any thread (an eventfd). */
void front_wake(void *front);
/* Runs until SIGTERM or SIGINT; then stops taking calls and returns. False when the writer failed.
 */
bool front_run(struct front *f, struct writer *writer);
void front_free(struct front *f);
