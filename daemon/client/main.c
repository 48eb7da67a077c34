/* reviewctl: one call to reviewd, its result for people or as JSON. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/completion.h"
#include "client/confirm.h"
#include "client/copy.h"
#include "client/fault.h"
#include "client/file.h"
#include "client/interrupt.h"
#include "client/output.h"
#include "client/progress.h"

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = OPTIONS_USAGE, EXIT_NO_DAEMON = 3 };

/* Everything of one run of the programme. */
struct session {
    struct options options;
    struct call call;
    struct call_request request;
    struct file_output file;
    int scratch; /* index of its descriptor among those that are sent */
    struct copy copy;
    struct progress progress;
    struct output output; /* of a list */
};

static bool add_file(struct session *s, const char *param, int fd)
{
    if (fd < 0) {
        return false;
    }
    json_object_set_new(s->options.params, param, json_pack("{s:i}", "fd", s->request.fd_count));
    s->request.fds[s->request.fd_count++] = fd;
    return true;
}

/* Before the connection is made: reading standard input can take its time. */
static bool open_files(struct session *s, struct error *err)
{
    struct options *o = &s->options;
    int to = -1;

    if (o->file && !add_file(s, o->file_param, file_sealed(o->file, err))) {
        return false;
    }
    if (o->copy) {
        if (!copy_begin(&s->copy, o->copy, o->force, &to, err)) {
            return false;
        }
        interrupt_file(strbuf_text(&s->copy.part));
        if (s->copy.target) {
            json_object_set_new(o->params, "target", json_string(s->copy.target));
        }
        return add_file(s, o->copy_param, to);
    }
    if (!o->output) {
        return true;
    }
    /* Before it is made: a signal may come at any moment. */
    interrupt_file(access(o->output, F_OK) != 0 ? o->output : NULL);
    if (!file_output_open(&s->file, o->output, o->file, err)) {
        return false;
    }
    s->scratch = s->request.fd_count;
    return add_file(s, o->output_param, file_scratch(err));
}

static enum exit_code own_fault(struct session *s, struct error *err, enum exit_code code)
{
    progress_clear(&s->progress);
    fault_own(err);
    error_clear(err);
    return code;
}

static enum exit_code exit_of(const struct error *err)
{
    return err->reason == REASON_BAD_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static void print_json(json_t *value)
{
    json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    putchar('\n');
}

/* A script that asked for JSON finds a refusal on stdout too: {"error": …}; not behind the pages of
 * a list, whose document just has no end then. */
static enum exit_code refused(struct session *s, json_t *error)
{
    if (s->options.format == FORMAT_JSON && !s->output.begun) {
        json_t *object = json_pack("{s:O}", "error", error);

        print_json(object);
        json_decref(object);
    }
    fflush(stdout);
    fault_answer(error, s->options.file);
    return EXIT_FAILED;
}

/* A page of a list; false where more pages are to come. */
static bool show_page(struct session *s, json_t *result)
{
    json_t *next = json_object_get(result, "next");
    bool more = s->options.all && next && !json_is_null(next);

    output_page(&s->output, result, more);
    if (more) {
        json_object_set(s->options.params, "cursor", next);
    }
    return !more;
}

static enum exit_code show_result(struct session *s, json_t *result, bool *again)
{
    const struct command *c = s->options.command;
    struct error err = ERROR_INIT;

    if (s->file.path && !file_output_save(&s->file, s->request.fds[s->scratch], &err)) {
        return own_fault(s, &err, EXIT_FAILED);
    }
    interrupt_file(NULL);
    if (c->show == show_message) {
        return EXIT_DONE; /* follow() has more to say */
    }
    if (command_is_list(c)) {
        *again = !show_page(s, result);
    } else if (s->options.format == FORMAT_JSON) {
        print_json(result);
    } else {
        c->show(result, c->fields);
    }
    if (s->options.file && s->options.format != FORMAT_JSON) {
        fault_rows(result, s->options.file);
    }
    return c->good && !c->good(result) ? EXIT_FAILED : EXIT_DONE;
}

static void close_files(struct session *s)
{
    for (int i = 0; i < s->request.fd_count; i++) {
        close(s->request.fds[i]);
    }
    s->request.fd_count = 0;
}

/* The pipe is closed on this side too, for the copy to have an end. */
static bool keep_copy(struct session *s, json_t *result, struct error *err)
{
    close_files(s);
    return copy_keep(&s->copy, json_integer_value(json_object_get(result, "bytes")),
                     json_string_value(json_object_get(result, "sha256")), err);
}

static enum exit_code ask(struct session *s, bool *again)
{
    struct error err = ERROR_INIT;
    json_t *response, *error, *result;
    enum exit_code code;

    *again = false;
    interrupt_sent(!command_is_list(s->options.command));
    if (!call_ask(&s->call, &s->request, progress_show, &s->progress, &response, &err)) {
        return own_fault(s, &err, EXIT_FAILED);
    }
    interrupt_sent(false);
    progress_clear(&s->progress);
    error = json_object_get(response, "error");
    result = json_object_get(response, "result");
    if (result && s->copy.path && !keep_copy(s, result, &err)) {
        json_decref(response);
        return own_fault(s, &err, EXIT_FAILED);
    }
    code = error ? refused(s, error) : show_result(s, result ? result : json_null(), again);
    json_decref(response);
    return code;
}

/* The watch is over: its params hold the reason. */
static enum exit_code unwatched(struct session *s, json_t *params)
{
    json_t *error = json_pack("{s:O, s:{s:O}}", "message", json_object_get(params, "message"),
                              "data", "reason", json_object_get(params, "reason"));
    enum exit_code code = refused(s, error);

    json_decref(error);
    return code;
}

/* What a watched queue tells, until somebody ends it. */
static enum exit_code follow(struct session *s)
{
    struct error err = ERROR_INIT;
    enum exit_code code = EXIT_DONE;
    json_t *told;

    while (code == EXIT_DONE && !ferror(stdout)) {
        if (!call_hear(&s->call, &told, &err)) {
            return own_fault(s, &err, EXIT_FAILED);
        }
        const char *method = json_string_value(json_object_get(told, "method"));
        json_t *params = json_object_get(told, "params");

        if (method && strcmp(method, "queue.unwatched") == 0) {
            code = unwatched(s, params);
        } else if (method && strcmp(method, "queue.message") == 0) {
            if (s->options.format == FORMAT_JSON) {
                print_json(params);
            } else {
                s->options.command->show(params, NULL);
            }
            fflush(stdout);
        }
        json_decref(told);
    }
    return code;
}

static enum exit_code pages(struct session *s)
{
    enum exit_code code;
    bool again;

    output_begin(&s->output, &s->options);
    do {
        code = ask(s, &again);
    } while (again && code == EXIT_DONE && !ferror(stdout));
    output_end(&s->output);
    return code;
}

/* Asks a person first, where the command wants it. */
static enum exit_code agreed(struct session *s)
{
    struct error err = ERROR_INIT;
    json_t *refusal;
    enum exit_code code = EXIT_DONE;

    switch (confirm_ask(&s->options, &s->call, &refusal, &err)) {
    case CONFIRM_YES:
        break;
    case CONFIRM_NO:
        fputs("not done\n", stderr);
        code = EXIT_FAILED;
        break;
    case CONFIRM_NOBODY:
        code = EXIT_USAGE;
        break;
    case CONFIRM_REFUSED:
        code = refused(s, refusal);
        break;
    case CONFIRM_FAILED:
        code = own_fault(s, &err, EXIT_FAILED);
        break;
    }
    json_decref(refusal);
    return code;
}

static enum exit_code run(struct session *s)
{
    struct error err = ERROR_INIT;
    enum exit_code code;

    if (confirm_before(&s->options) != CONFIRM_YES) {
        return EXIT_USAGE;
    }
    if (!open_files(s, &err)) {
        return own_fault(s, &err, exit_of(&err));
    }
    if (!call_open(&s->call, s->options.socket, &err)) {
        return own_fault(s, &err, err.reason == REASON_NOT_FOUND ? EXIT_NO_DAEMON : exit_of(&err));
    }
    code = agreed(s);
    if (code == EXIT_DONE) {
        code = pages(s);
    }
    if (code == EXIT_DONE && s->options.command->show == show_message) {
        code = follow(s);
    }
    return code;
}

/* What calls no method. */
static enum exit_code local(const struct options *o)
{
    if (o->command->local == LOCAL_HELP) {
        options_help(o);
    }
    completion_print(json_string_value(json_object_get(o->params, "shell")));
    return EXIT_DONE;
}

/* `reviewctl … | head': the reader has what it wanted. */
static bool reader_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

static enum exit_code written(enum exit_code code)
{
    bool failed = fflush(stdout) != 0;

    if ((!failed && !ferror(stdout)) || reader_gone()) {
        return code;
    }
    fprintf(stderr, "%s: standard output: %s\n", program_invocation_short_name,
            failed ? strerror(errno) : "not all could be written");
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct session s = {.call.fd = -1, .file.fd = -1, .copy = {.file = -1, .from = -1}};
    enum exit_code code;

    interrupt_init();
    term_init();
    options_parse(argc, argv, &s.options);
    progress_init(&s.progress);
    s.request.method = s.options.command->method;
    s.request.params = s.options.params;
    code = s.options.command->local ? local(&s.options) : run(&s);
    file_output_drop(&s.file);
    close_files(&s);
    interrupt_file(NULL);
    copy_drop(&s.copy);
    call_close(&s.call);
    options_free(&s.options);
    return (int)written(code);
}
