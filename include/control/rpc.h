/* control/rpc: JSON-RPC 2.0 as text and trees: what a line asks, and what is answered.
 *
 * Pure functions of their input: no socket, no store. A line is one call or a batch of at most 100;
 * each call is a request (with an id: string, number or null) or a notification (without). */
#pragma once

#include <jansson.h>

#include "base/error.h"
#include "base/str.h"

#define RPC_BATCH_MAX 100
#define RPC_LINE_MAX ((size_t)256 * 1024) /* bytes, without the line feed */
#define RPC_VALUES_MAX 32768              /* in a line: each takes some hundred bytes as a tree */

enum rpc_code {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_REFUSED = -32000 /* every refusal of ours; data.reason says which */
};

struct rpc_line {
    json_t *root; /* owned */
    bool batch;
    size_t count; /* calls; 1 unless a batch */
};

/* Reads a line without its line feed. False: the whole line is at fault, and *answer is the one
 * response to it (−32700 for what is no JSON, a name twice in an object included; −32600 for an
 * empty batch or one too long). Else rpc_line_free() when done. */
bool rpc_line_parse(struct rpc_line *line, struct str text, json_t **answer);
void rpc_line_free(struct rpc_line *line);

/* One call of a line. Everything borrowed from the line. */
struct rpc_call {
    json_t *id;        /* NULL: a notification, never answered */
    struct str method; /* data NULL: not a valid request, to be answered with −32600 */
    json_t *params;    /* an object or an array, or NULL */
};

/* The call at `index` (below count). False where it is not a valid request: *answer is then the
 * response, for such a thing is never a notification. */
bool rpc_call_at(const struct rpc_line *line, size_t index, struct rpc_call *call, json_t **answer);

/* Responses: new references; `id` NULL stands for null; `result`, `data` are taken over. */
json_t *rpc_result(json_t *id, json_t *result);
/* A fault of the standard's; data.reason is not-found for −32601, else bad-argument. */
json_t *rpc_fault(json_t *id, enum rpc_code code, const char *message);
/* An error of ours: data.reason, data.clause where there is one, and the members of `data` (or
 * NULL). Its code is −32000, or the one given where it is not 0. */
json_t *rpc_refusal(json_t *id, enum rpc_code code, const struct error *err, json_t *data);
/* The notification `progress` (contract.md section 5). total −1: null. */
json_t *rpc_progress(json_t *id, const char *phase, int64_t done, int64_t total);
