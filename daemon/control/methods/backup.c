/* backup: a copy of the store for the caller. */
#include "work/backup.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

#include "control/methods.h"

/* Whether `target` is `path`, or lies beneath it. */
static bool lies_in(const char *target, const char *path)
{
    char *whole = path ? file_whole_path(path) : NULL;
    size_t len = whole ? strlen(whole) : 0;
    bool in = whole && strncmp(target, whole, len) == 0 && (!target[len] || target[len] == '/');
    free(whole);
    return in;
}

/* A copy that took the place of the live store, or of what belongs to it, would be the end of both
 * (contract.md section 6). */
static bool backup_may(const char *target, struct work *w, struct error *err)
{
    const struct settings *s = w->settings;
    struct strbuf beside = STRBUF_INIT;
    struct stat store, there;
    char *whole = file_whole_path(s->store);
    size_t len = whole ? strlen(whole) : 0;
    const char *slash = strrchr(s->store, '/');
    strbuf_add(&beside, s->store, slash ? (size_t)(slash - s->store) + 1 : 0);
    strbuf_addz(&beside, "staging");
    bool ours = (stat(target, &there) == 0 && stat(s->store, &store) == 0 &&
                 there.st_dev == store.st_dev && there.st_ino == store.st_ino) ||
                (whole && strncmp(target, whole, len) == 0 && strchr("-", target[len])) ||
                lies_in(target, strbuf_text(&beside)) || lies_in(target, s->spool) ||
                lies_in(target, s->file) || lies_in(target, s->policy_dir) ||
                lies_in(target, s->calendar_dir);
    free(whole);
    strbuf_free(&beside);
    return !ours || error_set(err, REASON_CONFLICT,
                              "%s belongs to the service itself: a backup goes elsewhere", target);
}

static struct job *backup_make(struct call *c, struct work *w, struct error *err)
{
    struct str target = call_str(c, "target");
    if (target.data && !backup_may(arena_copy(&c->arena, target), w, err)) {
        return NULL;
    }
    return backup_job(call_fd(c, "file"), call_actor(c));
}

static json_t *backup_done(struct call *c, struct job *job)
{
    const struct backup_result *r = backup_job_result(job);

    (void)c;
    return json_pack("{s:I, s:s, s:s, s:I, s:s, s:I}", "bytes", (json_int_t)r->bytes, "sha256",
                     r->sha256, "taken_at", r->taken_at, "households", (json_int_t)r->households,
                     "audit_head", r->audit_head, "seq", (json_int_t)r->seq);
}

static const struct param backup_params[] = {
    {"file", PARAM_FILE_OUT, true, NULL,
     "where the copy is written: a pipe's writing end, or an unsealed memfd"},
    {"target", PARAM_STRING, false, NULL,
     "the path, without links, that the caller gives the copy: `conflict` where the store, what "
     "lies beside it, the spool or the configuration is there"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

const struct method methods_backup[] = {
    {.name = "backup",
     .least = ROLE_ADMIN,
     .bound = BOUND_WHOLE,
     .how = METHOD_JOB,
     .summary = "A copy of the whole store as it stands at one moment, checked",
     .params = backup_params,
     .job = backup_make,
     .result = backup_done,
     .result_help =
         "`{bytes, sha256, taken_at, households, audit_head, seq}`: size and SHA-256 of what was "
         "written, and the moment: its instant, its households, and the number and hash of the "
         "audit's last entry. The answer comes when all is written and the descriptor closed; "
         "`busy` where another backup is under way. The file is a store that a start of `reviewd` "
         "takes up with a new epoch (reviewd(8), Restore)."},
    {.name = NULL},
};
