#include "client/completion.h"

#include <stdio.h>
#include <string.h>

#include "client/options.h"
#include "client/table.h"
#include "completion_text.h" /* made of completion.bash and completion.zsh */

/* ---- what an input may be ---- */

static const char *const kinds[] = {
    [INPUT_TEXT] = "text",     [INPUT_TEXTS] = "texts",   [INPUT_WORD] = "word",
    [INPUT_DAY] = "day",       [INPUT_NUMBER] = "number", [INPUT_DAYS] = "days",
    [INPUT_SWITCH] = "switch", [INPUT_FILE] = "file",     [INPUT_OUTPUT] = "output",
    [INPUT_ALL] = "all",       [INPUT_COPY] = "copy",     [INPUT_FORCE] = "force",
};

static bool is_file(const struct input *in)
{
    return in->kind == INPUT_FILE || in->kind == INPUT_OUTPUT || in->kind == INPUT_COPY;
}

static void put_words(const struct names *words)
{
    for (int i = 0; words && i < words->count; i++) {
        printf("%s%s", i > 0 ? " " : "", words->words[i].text);
    }
}

static void put_wire_name(const char *name)
{
    for (; *name; name++) {
        putchar(*name == '-' ? '_' : *name);
    }
}

/* Calls `each` for every first word of a command, once. */
static void first_words(void (*each)(const char *word, size_t len, const struct command *c))
{
    for (const struct command *c = table_commands; c->name; c++) {
        size_t len = strcspn(c->name, " ");
        bool before = false;

        for (const struct command *b = table_commands; b < c; b++) {
            before |= strcspn(b->name, " ") == len && strncmp(b->name, c->name, len) == 0;
        }
        if (!before) {
            each(c->name, len, c);
        }
    }
}

/* ---- words ---- */

static void words_inputs(const struct command *c, const struct input *in, const char *role)
{
    for (; in && in->name; in++) {
        printf("%s\t%s\t", c->name, c->method ? c->method : "-");
        put_wire_name(in->name);
        printf("\t%s%s\t%s\t", role, in->needed ? " needed" : "", kinds[in->kind]);
        put_words(in->words);
        putchar('\n');
    }
}

static void print_words(void)
{
    for (const struct command *c = table_commands; c->name; c++) {
        printf("%s\t%s\n", c->name, c->method ? c->method : "-");
        words_inputs(c, c->arguments, "argument");
        words_inputs(c, c->options, "option");
    }
}

/* ---- bash ---- */

static void bash_first(const char *word, size_t len, const struct command *c)
{
    (void)c;
    printf(" %.*s", (int)len, word);
}

/* With a context: those alone that take something, and what. */
static void bash_global(void *context, const char *name, const char *takes, const char *help)
{
    (void)help;
    if (!context) {
        printf(" --%s", name);
    } else if (takes) {
        printf("    *:--%s) words=%s;;\n", name,
               strcmp(name, "format") == 0 ? "'table json csv'" : "@file");
    }
}

/* "    'import:1') words=…;;": what an argument by its number, or an option, may be. */
static void bash_values(const struct command *c)
{
    for (int option = 0; option < 2; option++) {
        const struct input *in = option ? c->options : c->arguments;

        for (int i = 1; in && in->name; in++, i++) {
            if (!in->placeholder) {
                continue;
            }
            printf(option ? "    '%s:--%s') " : "    '%s:%.0s%d') ", c->name, in->name, i);
            fputs(is_file(in) ? "words=@file" : "words='", stdout);
            put_words(in->words);
            puts(is_file(in) ? ";;" : "';;");
        }
    }
}

static void bash_options(const struct command *c)
{
    printf("    '%s') options='", c->name);
    for (const struct input *in = c->options; in && in->name; in++) {
        printf("--%s ", in->name);
    }
    puts("';;");
}

/* The words after the first, of those that have any. */
static void bash_second(const char *word, size_t len, const struct command *c)
{
    bool group = false;

    for (; c->name; c++) {
        if (strncmp(c->name, word, len) != 0 || c->name[len] != ' ') {
            continue;
        }
        if (!group) {
            printf("    '%.*s') words='", (int)len, word);
        }
        printf("%s%s", group ? " " : "", c->name + len + 1);
        group = true;
    }
    if (group) {
        puts("';;");
    }
}

/* The tables are functions, which set the variables of the one that asks. */
static void print_bash(void)
{
    bool taking = true;

    puts("# bash completion of reviewctl, made by `reviewctl completion bash'.");
    fputs("_reviewctl_lists() {\n    commands='", stdout);
    first_words(bash_first);
    fputs("' globals='", stdout);
    options_globals(bash_global, NULL);
    puts("'\n}\n_reviewctl_second() {\n    words=\n    case $1 in");
    first_words(bash_second);
    puts("    esac\n}\n_reviewctl_options() {\n    case $1 in");
    for (const struct command *c = table_commands; c->name; c++) {
        bash_options(c);
    }
    puts("    *) return 1;;\n    esac\n}\n_reviewctl_values() {\n    words=\n    case $1 in");
    for (const struct command *c = table_commands; c->name; c++) {
        bash_values(c);
    }
    options_globals(bash_global, &taking);
    puts("    *) return 1;;\n    esac\n}");
    fputs(bash_completion, stdout);
}

/* ---- zsh ---- */

/* Within '…' and within […]: the quote, the bracket and the colon are taken care of. */
static void zsh_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'') {
            fputs("'\\''", stdout);
        } else if (strchr("[]:\\", *text)) {
            printf("\\%c", *text);
        } else {
            putchar(*text);
        }
    }
}

static void zsh_action(const struct input *in)
{
    putchar(':');
    zsh_text(in->placeholder);
    if (is_file(in)) {
        fputs(":_files", stdout);
    } else if (in->words) {
        fputs(":(", stdout);
        put_words(in->words);
        putchar(')');
    } else {
        fputs(": ", stdout);
    }
}

static void zsh_option(const struct input *in)
{
    printf(" \\\n            '--%s%s[", in->name, in->placeholder ? "=" : "");
    zsh_text(in->help);
    putchar(']');
    if (in->placeholder) {
        zsh_action(in);
    }
    putchar('\'');
}

static void zsh_command(const struct command *c)
{
    printf("    '%s')\n        _arguments $globals", c->name);
    for (const struct input *in = c->options; in && in->name; in++) {
        zsh_option(in);
    }
    for (const struct input *in = c->arguments; in && in->name; in++) {
        printf(" \\\n            '%s", in->kind == INPUT_TEXTS ? "*" : in->needed ? "" : ":");
        zsh_action(in);
        putchar('\'');
    }
    puts(";;");
}

static void zsh_global(void *context, const char *name, const char *takes, const char *help)
{
    (void)context;
    printf("        '--%s%s[", name, takes ? "=" : "");
    zsh_text(help);
    fputs("]", stdout);
    if (takes) {
        printf(":%s:%s", takes, strcmp(name, "socket") == 0 ? "_files" : "(table json csv)");
    }
    puts("'");
}

static void zsh_name(const char *name, size_t len, const char *help)
{
    printf("        '%.*s:", (int)len, name);
    zsh_text(help);
    puts("'");
}

static void zsh_first(const char *word, size_t len, const struct command *c)
{
    bool group = c->name[len] == ' ';
    const char *help = c->summary;
    char text[64];

    if (group) {
        snprintf(text, sizeof(text), "%.40s …", c->name);
        help = text;
    }
    zsh_name(word, len, help);
}

static void zsh_second(const char *word, size_t len, const struct command *c)
{
    bool group = false;

    for (; c->name; c++) {
        if (strncmp(c->name, word, len) != 0 || c->name[len] != ' ') {
            continue;
        }
        if (!group) {
            printf("    %.*s) second=(\n", (int)len, word);
        }
        zsh_name(c->name + len + 1, strlen(c->name + len + 1), c->summary);
        group = true;
    }
    if (group) {
        puts("        );;");
    }
}

static void print_zsh(void)
{
    puts("#compdef reviewctl\n"
         "# zsh completion of reviewctl, made by `reviewctl completion zsh'.\n"
         "_reviewctl_globals() {\n    globals=(");
    options_globals(zsh_global, NULL);
    puts("    )\n}\n_reviewctl_first() {\n    first=(");
    first_words(zsh_first);
    puts("    )\n}\n_reviewctl_second() {\n    case $1 in");
    first_words(zsh_second);
    puts("    esac\n}\n_reviewctl_inputs() {\n    case $1 in");
    for (const struct command *c = table_commands; c->name; c++) {
        zsh_command(c);
    }
    puts("    esac\n}");
    fputs(zsh_completion, stdout);
}

void completion_print(const char *shell)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } scripts[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"words", print_words}};

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        if (strcmp(shell, scripts[i].shell) == 0) {
            scripts[i].print();
        }
    }
}
