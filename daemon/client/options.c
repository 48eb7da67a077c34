#include "client/options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>

#include "client/call.h"

#define DAYS_MAX 36600
#define NUMBER_MAX ((int64_t)1 << 53)

enum { KEY_SOCKET = 0x100, KEY_JSON, KEY_FIRST_OWN = 0x200 };

/* ---- global options ------------------------------------------------------------------------ */

static const struct argp_option global_table[] = {
    {"socket", KEY_SOCKET, "PATH", 0, "the control socket (" CALL_SOCKET ", or $REVIEWD_SOCKET)",
     9},
    {"json", KEY_JSON, NULL, 0, "print the result as it came, on one line", 9},
    {0},
};

static error_t parse_global(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case KEY_SOCKET:
        o->socket = arg;
        return 0;
    case KEY_JSON:
        o->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp global_argp = {.options = global_table, .parser = parse_global};
static const struct argp_child children[] = {{&global_argp, 0, NULL, 0}, {0}};

/* ---- values -------------------------------------------------------------------------------- */

static bool is_day(const char *text)
{
    static const char form[] = "dddd-dd-dd";
    size_t i;

    for (i = 0; form[i] && text[i]; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return form[i] == text[i];
}

/* Each gives the value as it is sent, or NULL and what it should have been. */
typedef json_t *value_of(const struct input *in, const char *arg, struct strbuf *expected);

static json_t *value_text(const struct input *in, const char *arg, struct strbuf *expected)
{
    json_t *text = *arg ? json_string(arg) : NULL;

    (void)in;
    strbuf_addz(expected, "a text in UTF-8 that is not empty");
    return text;
}

static json_t *value_word(const struct input *in, const char *arg, struct strbuf *expected)
{
    names_list(in->words, expected);
    return names_find(in->words, str_of(arg)) >= 0 ? json_string(arg) : NULL;
}

static json_t *value_day(const struct input *in, const char *arg, struct strbuf *expected)
{
    (void)in;
    strbuf_addz(expected, "a day such as 2026-11-24");
    return is_day(arg) ? json_string(arg) : NULL;
}

static json_t *value_number(const struct input *in, const char *arg, struct strbuf *expected)
{
    int64_t n;

    (void)in;
    strbuf_addz(expected, "a number from 1 on");
    return str_to_int(str_of(arg), 1, NUMBER_MAX, &n) ? json_integer(n) : NULL;
}

static json_t *value_days(const struct input *in, const char *arg, struct strbuf *expected)
{
    struct str text = str_of(arg);
    int64_t n;

    (void)in;
    strbuf_addz(expected, "a number of days such as 30d");
    if (text.len > 1 && text.data[text.len - 1] == 'd')
        text.len--;
    return str_to_int(text, 0, DAYS_MAX, &n) ? json_integer(n) : NULL;
}

static json_t *value_switch(const struct input *in, const char *arg, struct strbuf *expected)
{
    (void)in;
    (void)arg;
    (void)expected;
    return json_true();
}

/* A path is the kernel's business, in whatever encoding; it is not sent. */
static json_t *value_path(const struct input *in, const char *arg, struct strbuf *expected)
{
    (void)in;
    strbuf_addz(expected, "the name of a file");
    return *arg ? json_true() : NULL;
}

static value_of *const values[] = {
    [INPUT_TEXT] = value_text,     [INPUT_TEXTS] = value_text,    [INPUT_WORD] = value_word,
    [INPUT_DAY] = value_day,       [INPUT_NUMBER] = value_number, [INPUT_DAYS] = value_days,
    [INPUT_SWITCH] = value_switch, [INPUT_FILE] = value_path,     [INPUT_OUTPUT] = value_path,
    [INPUT_ALL] = value_switch,    [INPUT_COPY] = value_path,     [INPUT_FORCE] = value_switch,
};

/* ---- one command's own options ------------------------------------------------------------- */

struct parse {
    struct options *options;
    int arguments; /* taken so far */
};

static const char *param_name(struct parse *p, const struct input *in)
{
    char *name = arena_copy(&p->options->arena, str_of(in->name));

    for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : *c;
    return name;
}

static void take(struct parse *p, const struct input *in, bool option, const char *arg,
                 const struct argp_state *state)
{
    struct options *o = p->options;
    struct strbuf expected = STRBUF_INIT;
    json_t *value = values[in->kind](in, arg, &expected);

    if (!value)
        argp_error(state, "%s%s is '%s', should be %s%s", option ? "--" : "",
                   option ? in->name : in->placeholder, arg, in->words ? "one of " : "",
                   strbuf_text(&expected));
    strbuf_free(&expected);
    switch (in->kind) {
    case INPUT_FILE:
        o->file = arg;
        o->file_param = param_name(p, in);
        json_decref(value);
        break;
    case INPUT_OUTPUT:
        o->output = arg;
        o->output_param = param_name(p, in);
        json_decref(value);
        break;
    case INPUT_COPY:
        o->copy = arg;
        o->copy_param = param_name(p, in);
        json_decref(value);
        break;
    case INPUT_FORCE:
        o->force = true;
        json_decref(value);
        break;
    case INPUT_TEXTS: {
        json_t *list = json_object_get(o->params, param_name(p, in));
        if (!list) {
            list = json_array();
            json_object_set_new(o->params, param_name(p, in), list);
        }
        json_array_append_new(list, value);
        break;
    }
    case INPUT_ALL:
        o->all = true;
        json_decref(value);
        break;
    default:
        json_object_set_new(o->params, param_name(p, in), value);
    }
}

static void take_argument(struct parse *p, const char *arg, const struct argp_state *state)
{
    const struct command *c = p->options->command;
    char *typed[] = {NULL, NULL, NULL};
    const char *meant = NULL;

    if (c->arguments && c->arguments[p->arguments].name) {
        const struct input *in = &c->arguments[p->arguments++];
        take(p, in, false, arg, state);
        /* The last of them takes all that comes. */
        p->arguments -= in->kind == INPUT_TEXTS;
        return;
    }
    if (p->arguments == 0) { /* "audit verfy" is the command `audit` with a word too many */
        typed[0] = arena_copy(&p->options->arena, str_of(c->name));
        typed[1] = arena_copy(&p->options->arena, str_of(arg));
        meant = command_suggest(typed);
    }
    if (meant && strcmp(meant, c->name) != 0)
        argp_error(state, "'%s' is one argument too many; did you mean '%s'?", arg, meant);
    else
        argp_error(state, "'%s' is one argument too many", arg);
}

static void check_complete(struct parse *p, const struct argp_state *state)
{
    const struct command *c = p->options->command;
    const struct input *next = c->arguments ? &c->arguments[p->arguments] : NULL;

    if (next && next->name &&
        !(next->kind == INPUT_TEXTS && json_object_get(p->options->params, param_name(p, next))))
        argp_error(state, "%s is missing", next->placeholder);
    for (const struct input *in = c->options; in && in->name; in++)
        if (in->needed && !json_object_get(p->options->params, param_name(p, in)))
            argp_error(state, "--%s %s is missing", in->name, in->placeholder);
}

static error_t parse_own(int key, char *arg, struct argp_state *state)
{
    struct parse *p = state->input;
    const struct input *in = p->options->command->options;

    if (key >= KEY_FIRST_OWN && key < ARGP_KEY_END) {
        take(p, &in[key - KEY_FIRST_OWN], true, arg ? arg : "", state);
        return 0;
    }
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = p->options;
        return 0;
    case ARGP_KEY_ARG:
        take_argument(p, arg, state);
        return 0;
    case ARGP_KEY_END:
        check_complete(p, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *input_help(struct arena *arena, const struct input *in)
{
    struct strbuf text = STRBUF_INIT;
    const char *copy;

    strbuf_addz(&text, in->help);
    if (in->words) {
        strbuf_addz(&text, ": ");
        names_list(in->words, &text);
    }
    copy = arena_copy(arena, strbuf_str(&text));
    strbuf_free(&text);
    return copy;
}

static struct argp_option *own_options(struct arena *arena, const struct command *c)
{
    struct argp_option *options;
    size_t count = 0;

    while (c->options && c->options[count].name)
        count++;
    options = arena_alloc(arena, (count + 1) * sizeof(options[0]));
    for (size_t i = 0; i < count; i++)
        options[i] = (struct argp_option){
            .name = c->options[i].name,
            .key = KEY_FIRST_OWN + (int)i,
            .arg = c->options[i].placeholder,
            .doc = input_help(arena, &c->options[i]),
        };
    return options;
}

/* "Summary.\n\n  KIND   what the file holds: divisions, …" */
static const char *own_doc(struct arena *arena, const struct command *c)
{
    struct strbuf text = STRBUF_INIT;
    const char *copy;

    strbuf_addz(&text, c->summary);
    for (const struct input *a = c->arguments; a && a->name; a++)
        strbuf_addf(&text, "%s\n  %-9s %s", a == c->arguments ? "\n" : "", a->placeholder,
                    input_help(arena, a));
    copy = arena_copy(arena, strbuf_str(&text));
    strbuf_free(&text);
    return copy;
}

/* What follows the name in the usage line. */
static const char *own_usage(struct arena *arena, const struct command *c)
{
    struct strbuf text = STRBUF_INIT;
    const char *copy;

    command_synopsis(c, &text);
    copy = arena_copy(arena, strbuf_str(&text));
    strbuf_free(&text);
    copy += strlen(c->name);
    return *copy ? copy + 1 : NULL;
}

static void parse_command(struct options *o, int argc, char **argv)
{
    struct parse p = {.options = o};
    struct arena *arena = &o->arena;
    struct argp argp = {
        .options = own_options(arena, o->command),
        .parser = parse_own,
        .args_doc = own_usage(arena, o->command),
        .doc = own_doc(arena, o->command),
        .children = children,
    };

    /* argp and getopt begin their messages with argv[0]. */
    argv[0] = arena_format(arena, "%s %s", program_invocation_short_name, o->command->name);
    argp_parse(&argp, argc, argv, 0, NULL, &p);
}

/* ---- the command --------------------------------------------------------------------------- */

struct top {
    struct options *options;
    int first; /* index of the command's first word */
};

static error_t parse_top(int key, char *arg, struct argp_state *state)
{
    struct top *top = state->input;

    (void)arg;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = top->options;
        return 0;
    case ARGP_KEY_ARGS: /* everything from the first word on is the command's */
        top->first = state->next;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a command is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static _Noreturn void group_alone(const char *group, const char *next)
{
    bool help = next && strcmp(next, "--help") == 0;
    FILE *out = help ? stdout : stderr;
    struct strbuf list = STRBUF_INIT;

    command_list(group, &list);
    if (!help)
        fprintf(out, "%s: '%s' needs one of:\n", program_invocation_short_name, group);
    fputs(strbuf_text(&list), out);
    strbuf_free(&list);
    exit(help ? 0 : OPTIONS_USAGE);
}

static _Noreturn void unknown_command(char *const *typed)
{
    const char *meant = command_suggest(typed);
    const char *second = typed[1] && typed[1][0] != '-' ? typed[1] : NULL;

    if (!meant && command_is_group(typed[0]))
        group_alone(typed[0], typed[1]);
    fprintf(stderr, "%s: '%s%s%s' is not a command", program_invocation_short_name, typed[0],
            second && command_is_group(typed[0]) ? " " : "",
            second && command_is_group(typed[0]) ? second : "");
    if (meant)
        fprintf(stderr, "; did you mean '%s'?\n", meant);
    else
        fprintf(stderr, "; see %s --help\n", program_invocation_short_name);
    exit(OPTIONS_USAGE);
}

static void set_defaults(struct options *o)
{
    const char *socket = getenv("REVIEWD_SOCKET");

    *o = (struct options){.socket = socket && *socket ? socket : CALL_SOCKET};
    o->params = json_object();
    argp_err_exit_status = OPTIONS_USAGE;
    argp_program_version = "reviewctl " REVIEWD_VERSION;
}

void options_parse(int argc, char **argv, struct options *o)
{
    struct strbuf doc = STRBUF_INIT;
    struct top top = {.options = o};
    struct argp argp = {.parser = parse_top, .args_doc = "COMMAND", .children = children};
    int words;

    set_defaults(o);
    argv[0] = program_invocation_short_name;
    strbuf_addz(&doc, "Asks and tells reviewd, which keeps the reviews of dibao households.\n\n"
                      "Commands:\n");
    command_list(NULL, &doc);
    strbuf_addz(&doc, "\nGlobal options:\v`reviewctl COMMAND --help' says more of a command. Exit "
                      "status: 0 done, 1 refused or failed, 2 usage, 3 no daemon.");
    argp.doc = strbuf_text(&doc);
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &top);
    o->command = command_find(argv + top.first, &words);
    if (!o->command)
        unknown_command(argv + top.first);
    strbuf_free(&doc);
    /* The last word's place is free for the name that argv[0] is to be. */
    parse_command(o, argc - top.first - words + 1, argv + top.first + words - 1);
}

void options_free(struct options *o)
{
    json_decref(o->params);
    arena_free(&o->arena);
}
