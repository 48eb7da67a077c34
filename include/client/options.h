/* client/options: the command line, by argp, from the rows of client/table.
 *
 * A mistake in it ends the programme with exit code 2 and a line on stderr; --help and --version
 * end it with 0. The global options may stand before the command or among its own. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "client/command.h"

#define OPTIONS_USAGE 2 /* exit code */

struct options {
    const char *socket;
    bool json;
    const struct command *command;
    json_t *params;         /* what goes out, but for the files */
    const char *file;       /* INPUT_FILE, or NULL */
    const char *file_param; /* the name that it is sent under */
    const char *output;     /* INPUT_OUTPUT, likewise */
    const char *output_param;
    const char *copy; /* INPUT_COPY, likewise */
    const char *copy_param;
    bool force; /* what `copy` names may be replaced */
    bool all;
    struct arena arena; /* of names made here */
};

/* Starts `o` and fills it; texts point into argv, the environment and the arena. */
void options_parse(int argc, char **argv, struct options *o);
void options_free(struct options *o);
