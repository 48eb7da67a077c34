/* return: outcomes from a filled list (contract.md section 4, Returns). */
#include "control/methods.h"
#include "delivery/return_file.h"

static struct job *return_make(struct call *c, struct work *w, struct error *err)
{
    (void)w;
    (void)err;
    return return_file_job(call_fd(c, "file"), call_fd(c, "rejected"), call_actor(c),
                           c->peer->divisions, c->peer->division_count);
}

static json_t *refusal(const struct return_refusal *r)
{
    return json_pack("{s:I, s:o, s:s, s:o, s:o}", "line", (json_int_t)r->line, "task",
                     r->task ? json_integer(r->task) : json_null(), "reason",
                     reason_name(r->reason), "message", json_str(str_of(r->message)), "message_zh",
                     json_str(str_of(r->message_zh)));
}

static json_t *return_done(struct call *c, struct job *job)
{
    const struct return_result *r = return_file_job_result(job);
    json_t *list = json_array();
    (void)c;
    for (int i = 0; i < r->refusal_count; i++) {
        json_array_append_new(list, refusal(&r->refusals[i]));
    }
    json_t *result =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "rows", (json_int_t)r->rows, "recorded",
                  (json_int_t)r->recorded, "unchanged", (json_int_t)r->unchanged, "empty",
                  (json_int_t)r->empty, "bad", (json_int_t)r->rejected, "rejected", list);
    if (r->more > 0) {
        json_object_set_new(result, "more", json_integer(r->more));
    }
    return result;
}

static json_t *return_failed(struct call *c, struct job *job)
{
    const struct return_result *r = return_file_job_result(job);
    (void)c;
    return r->fault_zh ? json_pack("{s:o}", "message_zh", json_str(str_of(r->fault_zh))) : NULL;
}

static const struct param return_params[] = {
    {"file", PARAM_FILE, true, NULL,
     "the list, filled: CSV by comma, semicolon or tab, UTF-8 or GB18030: a pipe or sealed memfd"},
    {"rejected", PARAM_FILE_BACK, false, NULL,
     "the rejected rows are written here with the reason, an unsealed memfd"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

const struct method methods_return[] = {
    {.name = "return",
     .least = ROLE_OPERATOR,
     .bound = BOUND_ITEMS,
     .how = METHOD_JOB,
     .summary = "Record the outcomes of a filled list, each row by itself",
     .params = return_params,
     .job = return_make,
     .result = return_done,
     .failed = return_failed,
     .file_most = RETURN_BYTES_MAX + 1,
     .result_help =
         "`{rows, recorded, unchanged, empty, bad, rejected}`: rows recorded; identical to what is "
         "recorded already; not filled; not recorded. `rejected` is `[{line, task, reason, "
         "message, message_zh}]` for the latter, at most 1,000, and `more` where there are more. "
         "`line` is the physical line on which the row starts, the heading being 1; `task` null "
         "where no number could be read; `message_zh` what the office reads. Refused with "
         "`bad-rows` where no row could be read; the error's data then has `message_zh`. What was "
         "recorded before a failure stays; the same file again changes nothing for it."},
    {.name = NULL},
};
