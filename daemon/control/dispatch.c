#include "control/dispatch.h"

#include <stdlib.h>
#include <unistd.h>

#include "control/server.h"
#include "control/watch.h"

/* A call between the front and the writer. The writer's thread has `call` and `result` from
 * writer_post() to the result's notice, the front before and after: the trees never belong to both.
 */
struct pending {
    struct request request;
    struct call call;
    struct server *server;
    struct connection *connection; /* NULL once it has gone */
    struct peer *peer;
    json_t *id; /* NULL: a notification */
    json_t *result;
    int fds[CONNECTION_FDS];
    const struct settings *settings; /* new ones, or NULL */
};

static struct pending *pending_new(struct connection *c, const struct rpc_call *rc,
                                   const struct method *m)
{
    struct pending *p = xcalloc(1, sizeof *p);
    p->server = c->server;
    p->connection = c;
    p->peer = peer_use(c->peer);
    p->id = rc->id ? json_incref(rc->id) : NULL;
    p->call.peer = p->peer;
    p->call.method = m;
    p->call.params = rc->params ? json_incref(rc->params) : json_object();
    p->call.fds = p->fds;
    p->call.page = c->server->work->settings->limit_page;
    p->request.owner = p;
    return p;
}

static void pending_free(struct pending *p)
{
    for (int i = 0; i < p->call.fd_count; i++) {
        if (p->fds[i] >= 0) {
            close(p->fds[i]);
        }
    }
    if (p->request.job) {
        p->request.job->class->free(p->request.job);
    }
    error_clear(&p->request.error);
    json_decref(p->call.params);
    json_decref(p->result);
    json_decref(p->id);
    arena_free(&p->call.arena);
    peer_drop(p->peer);
    free(p);
}

/* Takes over `result`. */
static json_t *outcome(json_t *id, bool ok, json_t *result, const struct error *err, json_t *data)
{
    if (!id) {
        json_decref(result);
        json_decref(data);
        return NULL;
    }
    if (ok) {
        return rpc_result(id, result);
    }
    json_decref(result);
    return rpc_refusal(id, 0, err, data);
}

/* ---- queries: on the front ---- */

static void query(struct connection *c, struct pending *p)
{
    struct error err = ERROR_INIT;
    struct work *w = c->server->work;
    bool ok = store_read_begin(w->store, &err);
    if (ok) {
        ok = p->call.method->run(&p->call, w, &p->result, &err);
        store_read_end(w->store);
    }
    ok = ok && (!p->call.watch || watch_add(c, p->call.watch, &err));
    metrics_call(w->metrics, p->call.method->name, err.reason);
    connection_answer(c, outcome(p->id, ok, p->result, &err, NULL));
    p->result = NULL;
    error_clear(&err);
    pending_free(p);
}

/* ---- changes and jobs: on the writer ---- */

/* A reload, which runs alone, gives the writer's work other settings: the front takes them with the
 * result. What it leaves open is a transaction for its entry in the audit. */
static bool change(struct request *r, struct work *w, struct error *err)
{
    struct pending *p = r->owner;
    const struct settings *before = w->settings;
    bool ok = p->call.method->run(&p->call, w, &p->result, err);
    if (ok && r->alone) {
        ok = work_audit(w, call_actor(&p->call), p->call.method->name, STR_NONE, STR_NONE, STR_NONE,
                        err);
    }
    p->settings = w->settings != before ? w->settings : NULL;
    return ok;
}

static void done(struct request *r)
{
    struct pending *p = r->owner;
    struct connection *c = p->connection;
    const struct method *m = p->call.method;
    json_t *data = NULL;
    p->server->outstanding--;
    metrics_call(p->server->work->metrics, m->name, r->ok ? REASON_NONE : r->error.reason);
    if (r->ok && r->job) {
        p->result = m->result(&p->call, r->job);
    } else if (!r->ok && r->job && m->failed) {
        data = m->failed(&p->call, r->job);
    }
    if (p->settings) {
        server_settings(p->server, p->settings);
    }
    json_t *answer = outcome(p->id, r->ok, p->result, &r->error, data);
    p->result = NULL;
    pending_free(p);
    if (!c) {
        json_decref(answer);
        return;
    }
    c->pending = NULL;
    connection_answer(c, answer);
    connection_resume(c);
}

static void progress(struct request *r, const char *phase, int64_t did, int64_t total)
{
    struct pending *p = r->owner;
    if (p->connection) {
        connection_tell(p->connection, rpc_progress(p->id, phase, did, total));
        connection_send(p->connection);
    }
}

static void post(struct connection *c, struct pending *p)
{
    struct error err = ERROR_INIT;
    const struct method *m = p->call.method;
    if (m->how == METHOD_JOB) {
        p->request.job = m->job(&p->call, c->server->work, &err);
        if (!p->request.job) {
            metrics_call(c->server->work->metrics, m->name, err.reason);
            connection_answer(c, outcome(p->id, false, NULL, &err, NULL));
            error_clear(&err);
            pending_free(p);
            return;
        }
        p->request.progress = progress;
        p->request.want_progress = p->id && !c->line.batch;
    } else {
        p->request.change = change;
        p->request.alone = strcmp(m->name, "reload") == 0; /* it takes calendars, each a commit */
    }
    p->request.done = done;
    c->pending = p;
    c->server->outstanding++;
    writer_post(c->server->writer, &p->request);
}

void dispatch_forget(struct pending *p)
{
    p->connection = NULL;
}

/* ---- before a function runs ---- */

static bool has_file(const struct method *m, json_t *params)
{
    for (const struct param *p = m->params; p && p->name; p++) {
        if (p->type == PARAM_FILE && json_object_get(params, p->name)) {
            return true;
        }
    }
    return false;
}

/* 0 where the call may run, else the code of the refusal. */
static int check(const struct connection *c, const struct method *m, json_t *params,
                 struct error *err)
{
    if (c->peer->role < m->least) {
        error_set(err, REASON_NOT_ALLOWED, "%s needs the role %s; %s has %s", m->name,
                  names_text(&roles, (int)m->least), c->peer->who,
                  names_text(&roles, (int)c->peer->role));
        return RPC_REFUSED;
    }
    if (m->bound == BOUND_WHOLE && c->peer->division_count > 0) {
        error_set(err, REASON_NOT_ALLOWED,
                  "%s acts on everything; this account is bound to divisions", m->name);
        return RPC_REFUSED;
    }
    if (!method_check(m, params, err)) {
        return err->reason == REASON_BAD_ARGUMENT ? RPC_INVALID_PARAMS : RPC_REFUSED;
    }
    if (c->line.batch && has_file(m, params)) {
        error_set(err, REASON_BAD_ARGUMENT, "%s with a file cannot stand in a batch", m->name);
        return RPC_INVALID_PARAMS;
    }
    return 0;
}

void dispatch_call(struct connection *c, const struct rpc_call *rc)
{
    struct error err = ERROR_INIT;
    const struct method *m = method_find(rc->method);
    if (!m) {
        connection_answer(
            c, rc->id ? rpc_fault(rc->id, RPC_METHOD_NOT_FOUND, "there is no such method") : NULL);
        return;
    }
    int code = check(c, m, rc->params, &err);
    if (code != 0) {
        metrics_call(c->server->work->metrics, m->name, err.reason);
        connection_answer(c, rc->id ? rpc_refusal(rc->id, code, &err, NULL) : NULL);
        error_clear(&err);
        return;
    }
    struct pending *p = pending_new(c, rc, m);
    if (has_file(m, rc->params)) {
        p->call.fd_count = connection_take_fds(c, p->fds);
    }
    if (m->how == METHOD_QUERY) {
        query(c, p);
    } else {
        post(c, p);
    }
}
