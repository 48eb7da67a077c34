#include "client/options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>

#include "client/call.h"
#include "client/nearest.h"
#include "client/table.h"
#include "client/value.h"

enum { KEY_SOCKET = 0x100, KEY_JSON, KEY_FORMAT, KEY_BOM, KEY_YES, KEY_FIRST_OWN = 0x200 };

/* ---- global options ---- */

static const struct argp_option global_table[] = {
    {NULL, 0, NULL, 0, "With every command:", 9},
    {"socket", KEY_SOCKET, "PATH", 0, "the control socket (" CALL_SOCKET ", or $REVIEWD_SOCKET)",
     9},
    {"json", KEY_JSON, NULL, 0, "print the result as it came: --format json", 9},
    {"format", KEY_FORMAT, "FORMAT", 0, "table, json, or, of lists, csv (table)", 9},
    {"bom", KEY_BOM, NULL, 0, "begin csv with a byte-order mark, for Excel", 9},
    {"yes", KEY_YES, NULL, 0, "do not ask before what cannot be taken back", 9},
    {0},
};

static const struct word format_words[] = {{"table", NULL}, {"json", NULL}, {"csv", NULL}};
static const struct names formats = NAMES_TABLE("format", format_words);

static void take_format(struct options *o, const char *arg, const struct argp_state *state)
{
    int format = names_find(&formats, str_of(arg));
    struct strbuf expected = STRBUF_INIT;

    if (format < 0) {
        names_list(&formats, &expected);
        value_meant(&formats, arg, &expected);
        argp_error(state, "--format is '%s', should be one of %s", arg, strbuf_text(&expected));
    }
    o->format = (enum format)format;
    strbuf_free(&expected);
}

static error_t parse_global(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case KEY_SOCKET:
        o->socket = arg;
        return 0;
    case KEY_JSON:
        o->format = FORMAT_JSON;
        return 0;
    case KEY_FORMAT:
        take_format(o, arg, state);
        return 0;
    case KEY_BOM:
        o->bom = true;
        return 0;
    case KEY_YES:
        o->yes = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp global_argp = {.options = global_table, .parser = parse_global};

void options_globals(options_visitor *each, void *context)
{
    for (const struct argp_option *g = global_table + 1; g->name; g++) {
        each(context, g->name, g->arg, g->doc);
    }
    each(context, "help", NULL, "this help");
}

static const struct argp_child children[] = {{&global_argp, 0, NULL, 0}, {0}};

/* ---- one command's own options ---- */

struct parse {
    struct options *options;
    int arguments; /* taken so far */
};

static const char *param_name(struct parse *p, const struct input *in)
{
    char *name = arena_copy(&p->options->arena, str_of(in->name));

    for (char *c = name; *c; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    return name;
}

static void append(json_t *params, const char *name, json_t *value)
{
    if (!json_object_get(params, name)) {
        json_object_set_new(params, name, json_array());
    }
    json_array_append_new(json_object_get(params, name), value);
}

static void take(struct parse *p, const struct input *in, bool option, const char *arg,
                 const struct argp_state *state)
{
    struct options *o = p->options;
    struct strbuf expected = STRBUF_INIT;
    json_t *value = value_parse(in, arg, &expected);

    if (!value) {
        argp_error(state, "%s%s is '%s', should be %s%s", option ? "--" : "",
                   option ? in->name : in->placeholder, arg, in->words ? "one of " : "",
                   strbuf_text(&expected));
    }
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
    case INPUT_ALL:
        o->all = true;
        json_decref(value);
        break;
    case INPUT_TEXTS:
        append(o->params, param_name(p, in), value);
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
        const struct input *in = &c->arguments[p->arguments];

        p->arguments += in->kind != INPUT_TEXTS; /* which takes all the others */
        take(p, in, false, arg, state);
        return;
    }
    if (p->arguments == 0) { /* "audit verfy" is the command `audit` with a word too many */
        typed[0] = arena_copy(&p->options->arena, str_of(c->name));
        typed[1] = arena_copy(&p->options->arena, str_of(arg));
        meant = command_suggest(typed);
    }
    if (meant && strcmp(meant, c->name) != 0) {
        argp_error(state, "'%s' is one argument too many; did you mean '%s'?", arg, meant);
    } else {
        argp_error(state, "'%s' is one argument too many", arg);
    }
}

static void check_complete(struct parse *p, const struct argp_state *state)
{
    const struct options *o = p->options;
    const struct command *c = o->command;
    const struct input *next = c->arguments ? &c->arguments[p->arguments] : NULL;

    if (next && next->name && next->needed && !json_object_get(o->params, param_name(p, next))) {
        argp_error(state, "%s%s is missing", next->placeholder,
                   next->kind == INPUT_TEXTS ? "..." : "");
    }
    if (o->format == FORMAT_CSV && !command_is_list(c)) {
        argp_error(state, "--format csv is for lists");
    }
    if (o->bom && o->format != FORMAT_CSV) {
        argp_error(state, "--bom goes with --format csv");
    }
    for (const struct input *in = c->options; in && in->name; in++) {
        if (in->needed && !json_object_get(p->options->params, param_name(p, in))) {
            argp_error(state, "--%s %s is missing", in->name, in->placeholder);
        }
    }
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

    while (c->options && c->options[count].name) {
        count++;
    }
    options = arena_alloc(arena, (count + 1) * sizeof(options[0]));
    for (size_t i = 0; i < count; i++) {
        options[i] = (struct argp_option){
            .name = c->options[i].name,
            .key = KEY_FIRST_OWN + (int)i,
            .arg = c->options[i].placeholder,
            .doc = input_help(arena, &c->options[i]),
        };
    }
    return options;
}

/* "Summary.\n\n  KIND   what the file holds: divisions, …" */
static const char *own_doc(struct arena *arena, const struct command *c)
{
    struct strbuf text = STRBUF_INIT;
    const char *copy;

    strbuf_addz(&text, c->summary);
    for (const struct input *a = c->arguments; a && a->name; a++) {
        strbuf_addf(&text, "%s\n  %-9s %s", a == c->arguments ? "\n" : "", a->placeholder,
                    input_help(arena, a));
    }
    strbuf_addf(&text, "\vExample:\n  %s %s", program_invocation_short_name, c->example);
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

/* ---- mistyped options ---- */

/* What an argument "--name" or "--name=value" may be, by the rules of getopt_long(3): the name
 * whole, or as far as it is typed. */
struct scan {
    const char *typed; /* without the dashes */
    size_t len;        /* up to '=' */
    bool known, takes; /* found; and what it takes is the next argument */
    struct nearest near;
};

static void scan_name(void *context, const char *name, const char *takes, const char *help)
{
    struct scan *s = context;

    (void)help;
    if (strncmp(name, s->typed, s->len) == 0) {
        s->takes = (s->known ? s->takes : false) || (takes && s->typed[s->len] == '\0');
        s->known = true;
    }
    nearest_try(&s->near, name);
}

/* getopt would say no more than that it does not know the option. Without a command yet (`c` NULL)
 * the first word that is no option ends them. */
static void check_options(struct options *o, char **argv, int count, const struct command *c)
{
    for (int i = 0; i < count && strcmp(argv[i], "--") != 0; i++) {
        struct scan s = {.typed = argv[i] + 2};

        if (!c && argv[i][0] != '-') {
            return;
        }
        if (strncmp(argv[i], "--", 2) != 0) {
            continue;
        }
        s.len = strcspn(s.typed, "=");
        nearest_begin(&s.near, arena_copy(&o->arena, (struct str){s.typed, s.len}));
        for (const struct input *in = c ? c->options : NULL; in && in->name; in++) {
            scan_name(&s, in->name, in->placeholder, NULL);
        }
        options_globals(scan_name, &s);
        scan_name(&s, "usage", NULL, NULL);
        scan_name(&s, "version", NULL, NULL);
        i += s.takes;
        if (s.known) {
            continue;
        }
        fprintf(stderr, "%s: unrecognized option '--%.*s'", program_invocation_short_name,
                (int)s.len, s.typed);
        if (s.near.word) {
            fprintf(stderr, "; did you mean '--%s'?\n", s.near.word);
        } else {
            fprintf(stderr, "; see --help\n");
        }
        exit(OPTIONS_USAGE);
    }
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

    check_options(o, argv + 1, argc - 1, o->command);
    /* argp and getopt begin their messages with argv[0]. */
    argv[0] = arena_format(arena, "%s %s", program_invocation_short_name, o->command->name);
    argp_parse(&argp, argc, argv, 0, NULL, &p);
}

/* ---- the command ---- */

struct top {
    struct options *options;
    int first; /* index of the command's first word */
};

static _Noreturn void no_command(void)
{
    struct strbuf list = STRBUF_INIT;

    command_list(NULL, &list);
    fprintf(stderr, "%s: a command is missing\n\nUsage: %s [OPTION...] COMMAND\n\nCommands:\n%s",
            program_invocation_short_name, program_invocation_short_name, strbuf_text(&list));
    strbuf_free(&list);
    exit(OPTIONS_USAGE);
}

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
        no_command();
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
    if (!help) {
        fprintf(out, "%s: '%s' needs one of:\n", program_invocation_short_name, group);
    }
    fputs(strbuf_text(&list), out);
    strbuf_free(&list);
    exit(help ? 0 : OPTIONS_USAGE);
}

static _Noreturn void unknown_command(char *const *typed)
{
    const char *meant = command_suggest(typed);
    const char *second = typed[1] && typed[1][0] != '-' ? typed[1] : NULL;

    if (!meant && command_is_group(typed[0])) {
        group_alone(typed[0], typed[1]);
    }
    fprintf(stderr, "%s: '%s%s%s' is not a command", program_invocation_short_name, typed[0],
            second && command_is_group(typed[0]) ? " " : "",
            second && command_is_group(typed[0]) ? second : "");
    if (meant) {
        fprintf(stderr, "; did you mean '%s'?\n", meant);
    } else {
        fprintf(stderr, "; see %s --help\n", program_invocation_short_name);
    }
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
    strbuf_addz(&doc, "\v`reviewctl COMMAND --help' says more of a command. Exit "
                      "status: 0 done, 1 refused or failed, 2 usage, 3 no daemon.");
    argp.doc = strbuf_text(&doc);
    check_options(o, argv + 1, argc - 1, NULL);
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &top);
    o->command = command_find(argv + top.first, &words);
    if (!o->command) {
        unknown_command(argv + top.first);
    }
    strbuf_free(&doc);
    /* The last word's place is free for the name that argv[0] is to be. */
    parse_command(o, argc - top.first - words + 1, argv + top.first + words - 1);
}

_Noreturn void options_help(const struct options *o)
{
    static char name[] = "reviewctl", help[] = "--help";
    const char *first = json_string_value(json_object_get(o->params, "command"));
    const char *second = json_string_value(json_object_get(o->params, "second"));
    char *argv[] = {name, (char *)(uintptr_t)first, (char *)(uintptr_t)second, help, NULL};
    struct options again;
    int count = 1 + (first != NULL) + (second != NULL);

    argv[count] = help;
    argv[count + 1] = NULL;
    options_parse(count + 1, argv, &again);
    exit(OPTIONS_USAGE); /* not reached: --help ends the programme */
}

void options_free(struct options *o)
{
    json_decref(o->params);
    arena_free(&o->arena);
}
