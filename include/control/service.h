/* control/service: what the service manager is told (sd_notify(3)): that the service is ready, what
 * it does, that it lives. Without a manager (no NOTIFY_SOCKET) every call does nothing. */
#pragma once

#include <event2/event.h>

#include "work/writer.h"

struct service;

/* While the process starts: what it does, and that it needs up to five minutes more from here on.
 * Safe to call often: it says no more than one line in a few seconds for the same `doing`. */
void service_starting(const char *doing);

/* `w` is the front's. NULL never. Front thread from here on. */
struct service *service_new(struct event_base *base, struct work *w);
/* READY=1; from here on the watchdog is fed, where the manager has one: only while this thread runs
 * and the writer took something up since the last time, or answered that it is at rest. */
void service_ready(struct service *s, struct writer *writer);
/* Something may have changed: STATUS= is made anew within two seconds. */
void service_changed(struct service *s);
void service_reloading(struct service *s);
void service_reloaded(struct service *s);
void service_stopping(struct service *s);
/* What STATUS= says now. */
bool service_status(struct work *w, struct strbuf *out, struct error *err);
/* Nothing of it may be with the writer any more. NULL is fine. */
void service_free(struct service *s);
