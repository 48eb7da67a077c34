/* control/monitor: what the front does now and then, whoever calls: the Prometheus file every few
 * seconds, a round of delivery/maintenance every minute and after each reload.
 *
 * Both clocks here are the machine's: a manual clock stands still, a full disk does not. The file
 * is rendered on the front from a snapshot and written by the writer, who may wait for the disk. */
#pragma once

#include <event2/event.h>

#include "work/writer.h"

struct monitor;

/* `w` is the front's. NULL with internal. */
struct monitor *monitor_new(struct event_base *base, struct work *w, struct error *err);
void monitor_start(struct monitor *m, struct writer *writer);
/* A round of upkeep at once: the settings are new, or what failed was mended. */
void monitor_now(struct monitor *m);
/* Nothing of it may be with the writer any more. */
void monitor_free(struct monitor *m);
