/* control/intake: has the return folders looked at (contract.md section 4, Returns): at the start,
 * when returns_fd() says that something came in, and once a minute for what it could not
 * see or could not take. The look itself is the writer's; there is one at a time. Front thread. */
#pragma once

#include <event2/event.h>

#include "delivery/returns.h"
#include "work/writer.h"

struct intake;

/* `returns` NULL: there is nothing to look at. NULL with internal. */
struct intake *intake_new(struct event_base *base, struct returns *returns, struct error *err);
void intake_start(struct intake *i, struct writer *writer);
/* Nothing of it may be with the writer any more. */
void intake_free(struct intake *i);
