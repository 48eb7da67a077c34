#include "client/confirm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "client/cell.h"

/* Whether the act is one to be asked for, as far as the command line tells. */
static bool wanted(const struct options *o)
{
    const struct confirm *c = o->command->confirm;
    json_t *value = c && c->option ? json_object_get(o->params, c->option) : NULL;

    if (!c || o->yes) {
        return false;
    }
    return !c->option || (value && (!c->word || strcmp(json_string_value(value), c->word) == 0));
}

static bool terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static enum confirm_answer nobody(const struct options *o)
{
    fprintf(stderr, "%s %s: %s; there is no terminal to ask at: say --yes\n",
            program_invocation_short_name, o->command->name, o->command->confirm->act);
    return CONFIRM_NOBODY;
}

enum confirm_answer confirm_before(const struct options *o)
{
    /* Whether a clock goes back is not known yet. */
    if (wanted(o) && o->command->confirm->concern != CONCERN_CLOCK && !terminal()) {
        return nobody(o);
    }
    return CONFIRM_YES;
}

/* ---- whom it concerns ---- */

/* A look-up: the result as a new reference, or NULL and *answer. */
struct look {
    struct call *call;
    json_t **refusal;
    struct error *err;
    enum confirm_answer answer;
};

static json_t *look_up(struct look *l, const char *method, const char *name, json_t *value)
{
    struct call_request request = {.method = method, .params = json_object()};
    json_t *response = NULL, *error, *result = NULL;

    if (name) {
        json_object_set(request.params, name, value);
    }
    l->answer = CONFIRM_FAILED;
    if (call_ask(l->call, &request, NULL, NULL, &response, l->err)) {
        error = json_object_get(response, "error");
        result = error ? NULL : json_incref(json_object_get(response, "result"));
        *l->refusal = json_incref(error);
        l->answer = error ? CONFIRM_REFUSED : CONFIRM_YES;
    }
    json_decref(request.params);
    json_decref(response);
    return result;
}

/* "household 500101001-7, 田桂兰, active, protected by …" */
static void add_household(json_t *household, struct strbuf *out)
{
    json_t *clause = json_object_get(household, "protection_clause");
    bool is_protected = json_is_true(json_object_get(household, "protected"));

    strbuf_addz(out, "household ");
    cell_plain(json_object_get(household, "household"), out);
    strbuf_addz(out, ", ");
    cell_plain(json_object_get(household, "head_name"), out);
    strbuf_addz(out, ", ");
    cell_plain(json_object_get(household, "status"), out);
    strbuf_addz(out, is_protected ? ", protected" : ", not protected");
    if (is_protected && json_is_string(clause)) {
        strbuf_addz(out, " by ");
        cell_plain(clause, out);
    }
    strbuf_addz(out, ": ");
}

static void concern_none(struct look *l, const struct options *o, struct strbuf *out)
{
    (void)l;
    strbuf_addz(out, o->command->name);
    for (const struct input *a = o->command->arguments; a && a->name; a++) {
        strbuf_addc(out, ' ');
        cell_plain(json_object_get(o->params, a->name), out);
    }
    strbuf_addz(out, ": ");
}

static void concern_household(struct look *l, const struct options *o, struct strbuf *out)
{
    json_t *household =
        look_up(l, "household.show", "household", json_object_get(o->params, "household"));

    add_household(household, out);
    json_decref(household);
}

static void concern_task(struct look *l, const struct options *o, struct strbuf *out)
{
    json_t *task = look_up(l, "task.show", "task", json_object_get(o->params, "task"));
    json_t *household =
        task ? look_up(l, "household.show", "household", json_object_get(task, "household")) : NULL;

    add_household(household, out);
    json_decref(household);
    json_decref(task);
}

/* "township 分水镇 (500101144000)": a code alone says nothing to whoever mistyped it. */
static void add_division(struct look *l, const struct options *o, const char *name,
                         struct strbuf *out)
{
    json_t *division = look_up(l, "division.show", "division", json_object_get(o->params, name));

    cell_plain(json_object_get(division, "level"), out);
    strbuf_addc(out, ' ');
    cell_plain(json_object_get(division, "name"), out);
    strbuf_addz(out, " (");
    cell_plain(json_object_get(division, "division"), out);
    strbuf_addc(out, ')');
    json_decref(division);
}

static void concern_merge(struct look *l, const struct options *o, struct strbuf *out)
{
    add_division(l, o, "old", out);
    if (l->answer != CONFIRM_YES) {
        return;
    }
    strbuf_addz(out, " is joined to ");
    add_division(l, o, "new", out);
    strbuf_addz(out, ": ");
}

/* Times of one form, "2026-11-24T07:30:00", are ordered as texts. Forward is nothing to ask for. */
static void concern_clock(struct look *l, const struct options *o, struct strbuf *out)
{
    json_t *clock = look_up(l, "clock.show", NULL, NULL);
    const char *now = json_string_value(json_object_get(clock, "now"));
    struct strbuf to = STRBUF_INIT;

    cell_plain(json_object_get(o->params, "to"), &to);
    if (to.len > 10) {
        to.data[10] = 'T';
    }
    strbuf_addz(&to, to.len == 10 ? "T00:00:00" : to.len == 16 ? ":00" : "");
    if (now && strncmp(strbuf_text(&to), now, to.len) < 0) {
        strbuf_addf(out, "from %.19s to %s: ", now, strbuf_text(&to));
    }
    strbuf_free(&to);
    json_decref(clock);
}

/* Nothing appended: nothing to ask for. */
static void (*const concerns[])(struct look *l, const struct options *o, struct strbuf *out) = {
    [CONCERN_NONE] = concern_none,   [CONCERN_HOUSEHOLD] = concern_household,
    [CONCERN_TASK] = concern_task,   [CONCERN_CLOCK] = concern_clock,
    [CONCERN_MERGE] = concern_merge,
};

/* ---- the question ---- */

static bool agreed(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len = getline(&line, &size, stdin);
    bool yes;

    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == ' ')) {
        line[--len] = '\0';
    }
    yes = len > 0 && (strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0);
    if (len < 0) {
        fputc('\n', stderr);
    }
    free(line);
    return yes;
}

enum confirm_answer confirm_ask(const struct options *o, struct call *call, json_t **refusal,
                                struct error *err)
{
    struct look look = {call, refusal, err, CONFIRM_YES};
    struct strbuf whom = STRBUF_INIT;

    *refusal = NULL;
    if (!wanted(o)) {
        return CONFIRM_YES;
    }
    concerns[o->command->confirm->concern](&look, o, &whom);
    if (look.answer == CONFIRM_YES && whom.len > 0) {
        if (!terminal()) {
            look.answer = nobody(o);
        } else {
            term_put(stderr, TONE_PLAIN, strbuf_str(&whom));
            fprintf(stderr, "%s.\nGo on? [y/N] ", o->command->confirm->act);
            look.answer = agreed() ? CONFIRM_YES : CONFIRM_NO;
        }
    }
    strbuf_free(&whom);
    return look.answer;
}
