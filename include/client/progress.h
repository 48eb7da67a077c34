/* client/progress: how far a long call has come, as one line on stderr, on a terminal only: a
 * bar, how much of how much, the rate and the time left. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct progress {
    bool wanted;                     /* stderr is a terminal */
    bool shown;                      /* a line stands there */
    const char *phase;               /* of the last line; static text */
    json_int_t at;                   /* when it was drawn: milliseconds of the monotonic clock */
    json_int_t began_at, began_with; /* the first of the phase: when, and how much was done then */
};

void progress_init(struct progress *p);
/* A call_progress: `params` is {id, phase, done, total}. */
void progress_show(void *progress, json_t *params);
/* Takes the line away, before anything else is printed. */
void progress_clear(struct progress *p);
