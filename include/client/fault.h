/* client/fault: what went wrong, on stderr. */
#pragma once

#include <jansson.h>

#include "base/error.h"

/* A fault of this programme's own: "reviewctl: message". */
void fault_own(const struct error *err);
/* The `error` of an answer: its faults as "FILE:N: column: reason message", then the message, the
 * reason and the clause. `file` may be NULL. */
void fault_answer(json_t *error, const char *file);
/* Faults of a result that was accepted nevertheless. */
void fault_rows(json_t *data, const char *file);
