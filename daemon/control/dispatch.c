#include "control/dispatch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/closer.h"
#include "control/server.h"
#include "control/transfer.h"
#include "control/watch.h"

/* A call between the front and the writer. The writer's thread has `call` and `result` from
 * writer_post() to the result's notice, the front before and after: the trees never belong to both.
 * A call with files is with a transfer before that, and once more where something goes back: the
 * writer has only files of ours. */
struct pending {
    struct request request;
    struct call call;
    struct server *server;
    struct connection *connection; /* NULL once it has gone */
    struct peer *peer;
    json_t *id; /* NULL: a notification */
    json_t *result;
    int fds[CONNECTION_FDS];  /* ours, at the places of those that were lent */
    int lent[CONNECTION_FDS]; /* -1: none, or handed on */
    int lent_count;
    struct transfer transfer;
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
    for (int i = 0; i < CONNECTION_FDS; i++) {
        p->fds[i] = p->lent[i] = -1;
    }
    p->call.page = c->server->work->settings->limit_page;
    p->call.salt = store_salt(c->server->work->store);
    p->request.owner = p;
    return p;
}

static void pending_free(struct pending *p)
{
    for (int i = 0; i < CONNECTION_FDS; i++) {
        if (p->fds[i] >= 0) {
            close(p->fds[i]);
        }
        if (p->lent[i] >= 0) {
            closer_put(p->server->closer, p->peer->uid, p->lent[i]);
        }
    }
    for (int i = 0; i < p->transfer.count; i++) {
        if (p->transfer.files[i].own >= 0) {
            close(p->transfer.files[i].own);
        }
    }
    error_clear(&p->transfer.error);
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

/* A reload gives the writer's work other settings: the front takes them with the result. */
static bool change(struct request *r, struct work *w, struct error *err)
{
    struct pending *p = r->owner;
    const struct settings *before = w->settings;
    const struct method *m = p->call.method;
    bool ok = (!m->waits || work_not_held(w, err)) && m->run(&p->call, w, &p->result, err);
    p->settings = w->settings != before ? w->settings : NULL;
    return ok;
}

/* The end of a call that was with the writer, or never came to it; frees it. */
static void finish(struct pending *p, bool ok, const struct error *err)
{
    struct connection *c = p->connection;
    const struct method *m = p->call.method;
    struct job *job = p->request.job;
    json_t *data = NULL;
    metrics_call(p->server->work->metrics, m->name, ok ? REASON_NONE : err->reason);
    if (ok && job) {
        p->result = m->result(&p->call, job);
    } else if (!ok && job && m->failed) {
        data = m->failed(&p->call, job);
    }
    json_t *answer = outcome(p->id, ok, p->result, err, data);
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

static void went_back(struct transfer *t)
{
    struct pending *p = t->owner;
    struct request *r = &p->request;
    if (r->ok && !t->ok) {
        error_within(&t->error, SAY_ROWS_NOT_BACK, arg_z(p->call.method->name));
        finish(p, false, &t->error);
    } else {
        finish(p, r->ok, &r->error);
    }
}

static bool goes_back(const struct pending *p)
{
    bool back = false;
    for (int i = 0; i < p->transfer.count; i++) {
        back = back || p->transfer.files[i].way == PARAM_FILE_BACK;
    }
    return back;
}

static void done(struct request *r)
{
    struct pending *p = r->owner;
    p->server->outstanding--;
    if (p->settings) {
        server_settings(p->server, p->settings);
    }
    if (p->connection && goes_back(p)) {
        p->transfer.back = true;
        p->transfer.done = went_back;
        transfer_start(p->server->transfers, &p->transfer);
    } else {
        finish(p, r->ok, &r->error);
    }
}

static void progress(struct request *r, const char *phase, int64_t did, int64_t total)
{
    struct pending *p = r->owner;
    if (p->connection) {
        connection_tell(p->connection, rpc_progress(p->id, phase, did, total));
        connection_send(p->connection);
    }
}

static bool post(struct pending *p, struct error *err)
{
    struct connection *c = p->connection;
    const struct method *m = p->call.method;
    if (m->how == METHOD_JOB) {
        p->request.job = m->job(&p->call, p->server->work, err);
        if (!p->request.job) {
            return false;
        }
        p->request.progress = progress;
        p->request.want_progress = p->id && !c->line.batch;
    } else {
        p->request.change = change;
        p->request.alone = m->alone;
    }
    p->request.done = done;
    c->pending = p;
    p->server->outstanding++;
    writer_post(p->server->writer, &p->request);
    return true;
}

void dispatch_forget(struct pending *p)
{
    p->connection = NULL;
    transfer_stop(&p->transfer);
}

/* ---- files, before the writer hears of the call ---- */

static json_t *file_given(const struct param *p, json_t *params)
{
    json_t *value = param_is_file(p) ? json_object_get(params, p->name) : NULL;
    return json_is_null(value) ? NULL : value;
}

static bool has_file(const struct method *m, json_t *params)
{
    for (const struct param *p = m->params; p && p->name; p++) {
        if (file_given(p, params)) {
            return true;
        }
    }
    return false;
}

static void fetched(struct transfer *t)
{
    struct pending *p = t->owner;
    struct error err = ERROR_INIT;
    bool ok = t->ok && p->connection;
    for (int i = 0; ok && i < t->count; i++) {
        int at = 0;
        while (p->lent[at] != t->files[i].lent) {
            at++;
        }
        p->fds[at] = fcntl(t->files[i].own, F_DUPFD_CLOEXEC, 0);
    }
    if (!ok) {
        finish(p, false, &t->error);
    } else if (!post(p, &err)) {
        finish(p, false, &err);
    }
    error_clear(&err);
}

static void fetching(struct transfer *t, int64_t bytes)
{
    struct pending *p = t->owner;
    if (p->connection && p->id && !t->back) {
        connection_tell(p->connection, rpc_progress(p->id, "check", bytes, -1));
        connection_send(p->connection);
    }
}

/* Looks at the descriptors that the call names, and has those fetched that come in. False where one
 * is missing or unfit. */
static bool fetch(struct connection *c, struct pending *p, struct error *err)
{
    struct transfer *t = &p->transfer;
    p->lent_count = connection_take_fds(c, p->lent);
    p->call.fd_count = p->lent_count;
    for (const struct param *f = p->call.method->params; f && f->name; f++) {
        json_t *value = file_given(f, p->call.params);
        json_int_t at = json_integer_value(json_object_get(value, "fd"));
        if (!value) {
            continue;
        }
        if (at >= p->lent_count) {
            return error_say(err, SAY_NO_DESCRIPTOR, arg_z(f->name));
        }
        if (!transfer_fits(p->lent[at], f, err)) {
            return false;
        }
        if (f->type == PARAM_FILE_OUT) {
            p->fds[at] = p->lent[at];
            p->lent[at] = -1;
        } else {
            t->files[t->count++] =
                (struct transfer_file){.way = f->type, .lent = p->lent[at], .own = -1};
        }
    }
    if (t->count == 0) {
        return post(p, err);
    }
    t->uid = p->peer->uid;
    t->most = p->call.method->file_most ? p->call.method->file_most : METHOD_FILE_MOST;
    t->floor = (int64_t)c->server->work->settings->limit_free_megabytes << 20;
    t->done = fetched;
    t->progress = fetching;
    t->owner = p;
    c->pending = p;
    transfer_start(c->server->transfers, t);
    return true;
}

/* ---- before a function runs ---- */

/* 0 where the call may run, else the code of the refusal. */
static int check(const struct connection *c, const struct method *m, json_t *params,
                 struct error *err)
{
    if (c->peer->role < m->least) {
        error_say(err, SAY_ROLE_TOO_LOW, arg_z(m->name), arg_word(&roles, (int)m->least),
                  arg_z(c->peer->who), arg_word(&roles, (int)c->peer->role));
        return RPC_REFUSED;
    }
    if (m->bound == BOUND_WHOLE && c->peer->division_count > 0) {
        error_say(err, SAY_ACTS_ON_ALL, arg_z(m->name));
        return RPC_REFUSED;
    }
    if (!method_check(m, params, err)) {
        return err->reason == REASON_BAD_ARGUMENT ? RPC_INVALID_PARAMS : RPC_REFUSED;
    }
    if (c->line.batch && has_file(m, params)) {
        error_say(err, SAY_FILE_IN_BATCH, arg_z(m->name));
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
    if (m->how == METHOD_QUERY) {
        query(c, p);
        return;
    }
    bool ok = has_file(m, rc->params) ? fetch(c, p, &err) : post(p, &err);
    if (!ok) {
        metrics_call(c->server->work->metrics, m->name, err.reason);
        connection_answer(c, outcome(p->id, false, NULL, &err, NULL));
        pending_free(p);
        error_clear(&err);
    }
}
