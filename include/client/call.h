/* client/call: one JSON-RPC 2.0 call over the control socket (contract.md section 5). */
#pragma once

#include <jansson.h>

#include "base/error.h"
#include "base/str.h"

#define CALL_SOCKET "/run/reviewd/reviewd.sock"
#define CALL_FILES 2

struct call {
    int fd;
    json_int_t id;
    struct strbuf in; /* received, not yet taken */
};

/* What goes out in one call. */
struct call_request {
    const char *method;
    json_t *params;      /* an object; borrowed */
    int fds[CALL_FILES]; /* sent with the first byte, in the order of their {"fd": n}; borrowed */
    int fd_count;
};

/* Told of each `progress` notification's params; may be NULL. */
typedef void call_progress(void *context, json_t *params);

/* not-found: nobody listens at `path` (no daemon); not-allowed: no permission; bad-argument: the
 * path is too long for a socket; storage: anything else. */
bool call_open(struct call *c, const char *path, struct error *err);
/* Sends and waits. *response is a new reference to the whole answer, with `result` or `error` in
 * it. Fails with storage where the connection ends before, internal where what comes is no answer.
 */
bool call_ask(struct call *c, const struct call_request *request, call_progress *progress,
              void *context, json_t **response, struct error *err);
/* Waits for the next line that answers no call: *notification is a new reference. Fails as
 * call_ask() does. */
bool call_hear(struct call *c, json_t **notification, struct error *err);
void call_close(struct call *c);
