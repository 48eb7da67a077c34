/* control/daily_timer: starts the daily run when the clock says so (contract.md section 4).
 *
 * For a real clock a timerfd stands at the next run's instant; a clock that is set wakes it as well
 * (TFD_TIMER_CANCEL_ON_SET). Each time it wakes, the writer looks whether a run is due and does it;
 * then the timer is set anew. A manual clock passes its days by itself and needs no timer. Front
 * thread. */
#pragma once

#include <event2/event.h>

#include "work/writer.h"

struct daily_timer;

/* `w` is the front's. NULL with internal. */
struct daily_timer *daily_timer_new(struct event_base *base, struct work *w, struct error *err);
/* Looks at once whether a run is due, and from then on whenever the timer wakes. */
void daily_timer_start(struct daily_timer *t, struct writer *writer);
/* Sets the timer anew: the settings changed. */
void daily_timer_set(struct daily_timer *t);
/* When it wakes next; 0: never. */
int64_t daily_timer_at(const struct daily_timer *t);
/* Nothing of it may be with the writer any more. */
void daily_timer_free(struct daily_timer *t);
