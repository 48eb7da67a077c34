/* backup: a copy of the store for the caller. */
#include "work/backup.h"

#include "control/methods.h"

static struct job *backup_make(struct call *c, struct work *w, struct error *err)
{
    (void)w;
    (void)err;
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
