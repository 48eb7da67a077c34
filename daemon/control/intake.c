#include "control/intake.h"

#include <stdlib.h>

#define PAUSE_SECONDS 60

struct intake {
    struct returns *returns; /* NULL: nothing to look at */
    struct writer *writer;
    struct event *readable; /* NULL where only looks tell */
    struct event *timer;
    struct request look;
    bool busy;
};

static void look(struct intake *i);

/* Until the look is done the descriptor stays readable: the event is set anew only then. */
static void look_done(struct request *r)
{
    struct intake *i = r->owner;
    bool again = r->ok && returns_again(i->returns);
    r->job->class->free(r->job);
    r->job = NULL;
    error_clear(&r->error);
    i->busy = false;
    if (again) {
        look(i);
    } else if (i->readable) {
        event_add(i->readable, NULL);
    }
}

static void look(struct intake *i)
{
    if (i->busy) {
        return;
    }
    i->busy = true;
    if (i->readable) {
        event_del(i->readable);
    }
    i->look = (struct request){.job = returns_look(i->returns), .done = look_done, .owner = i};
    writer_post(i->writer, &i->look);
}

static void on_event(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    look(self);
}

struct intake *intake_new(struct event_base *base, struct returns *returns, struct error *err)
{
    struct intake *i = xcalloc(1, sizeof *i);
    if (!returns) {
        return i;
    }
    i->returns = returns;
    i->timer = event_new(base, -1, EV_PERSIST, on_event, i);
    i->readable =
        returns_fd(returns) < 0 ? NULL : event_new(base, returns_fd(returns), EV_READ, on_event, i);
    if (!i->timer || (returns_fd(returns) >= 0 && !i->readable)) {
        error_say(err, SAY_NO_RETURN_WATCH);
        intake_free(i);
        return NULL;
    }
    return i;
}

void intake_start(struct intake *i, struct writer *writer)
{
    const struct timeval pause = {PAUSE_SECONDS, 0};
    i->writer = writer;
    if (i->returns) {
        event_add(i->timer, &pause);
        look(i);
    }
}

void intake_free(struct intake *i)
{
    if (i && i->readable) {
        event_free(i->readable);
    }
    if (i && i->timer) {
        event_free(i->timer);
    }
    free(i);
}
