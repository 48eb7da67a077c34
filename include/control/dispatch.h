/* control/dispatch: from a call to the method's function and back to an answer. */
#pragma once

#include "control/connection.h"

/* Checks the caller's role and the parameters, then runs a query at once in a snapshot of its own,
 * or hands a change or a job to the writer: c->pending is then set until the answer is there. */
void dispatch_call(struct connection *c, const struct rpc_call *call);
/* The connection goes away: the answer will be dropped. */
void dispatch_forget(struct pending *p);
