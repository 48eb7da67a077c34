/* client/command: what a command is, and how the one that was typed is found.
 *
 * Each command is a row of client/table: words, the method that it calls, arguments, options, and
 * how the result is shown. Parsing, usage, help, suggestions and the completion of shells all come
 * out of the row. */
#pragma once

#include "base/names.h"
#include "client/show.h"

enum input_kind {
    INPUT_TEXT,
    INPUT_TEXTS,  /* the last argument, one or more of it; an array on the wire */
    INPUT_WORD,   /* one of `words` */
    INPUT_DAY,    /* "2026-11-24" */
    INPUT_NUMBER, /* from 1 on */
    INPUT_DAYS,   /* "30d" or "30"; a number on the wire */
    INPUT_SWITCH, /* true where given */
    INPUT_FILE,   /* read here, sent as a descriptor */
    INPUT_OUTPUT, /* a descriptor to be written, saved here under the name */
    INPUT_COPY,   /* a pipe, read here and saved under the name while the call goes on */
    INPUT_FORCE,  /* not sent: a file of that name may be replaced */
    INPUT_ALL     /* not sent: every page of a list */
};

/* An argument or an option. `name` is the option without its dashes; sent under the same name with
 * '_' for '-'. An argument is sent under `name` too and shown as `placeholder`. */
struct input {
    const char *name; /* NULL ends a table */
    enum input_kind kind;
    const char *placeholder; /* "CODE"; NULL for switches */
    bool needed;             /* of an option; of an argument, but for the last ones */
    const struct names *words;
    const char *help;
};

/* What is looked up before an act is asked for: whom it concerns, in words. */
enum concern { CONCERN_NONE, CONCERN_HOUSEHOLD, CONCERN_TASK, CONCERN_CLOCK, CONCERN_MERGE };

/* An act that nothing takes back: a person at a terminal is asked, anybody else says --yes. */
struct confirm {
    const char *option; /* asked where this was given … (NULL: always) */
    const char *word;   /* … with this word (NULL: whatever) */
    enum concern concern;
    const char *act; /* what it does, after whom it concerns: "the allowance ends" */
};

/* A command that calls no method: it is answered here. */
enum local { LOCAL_NONE, LOCAL_HELP, LOCAL_COMPLETION };

struct command {
    const char *name; /* one or two words: "household show"; NULL ends the table */
    const char *method;
    const struct input *arguments; /* may be NULL */
    const struct input *options;   /* may be NULL */
    const char *summary;           /* what it does or gives, in the help */
    const char *example;           /* what follows `reviewctl' in one good call of it */
    /* NULL: a list {items, next}, by `fields`; show_message: it goes on with what is told later. */
    show_function *show;
    const struct view_field *fields;
    show_verdict *good;            /* NULL: a result is good news */
    const struct confirm *confirm; /* NULL: it can be taken back, or changes nothing */
    enum local local;
};

/* Whether the result is a list, that comes a page at a time. */
bool command_is_list(const struct command *c);
/* The command whose words `typed` (ending with NULL) begins with: two words before one. *used is
 * how many. NULL where there is none. */
const struct command *command_find(char *const *typed, int *used);
/* Whether some command of two words begins with `word`. */
bool command_is_group(const char *word);
/* The name nearest to what was typed, if near enough to be meant; else NULL. */
const char *command_suggest(char *const *typed);
/* "import KIND FILE" with its needed options, appended. */
void command_synopsis(const struct command *c, struct strbuf *out);
/* One line a command, "  synopsis   summary"; of one group where `group` is not NULL. */
void command_list(const char *group, struct strbuf *out);
