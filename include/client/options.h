/* client/options: the command line, by argp, from the rows of client/table.
 *
 * A mistake in it ends the programme with exit code 2 and a line on stderr; --help and --version
 * end it with 0. The global options may stand before the command or among its own. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "client/command.h"

#define OPTIONS_USAGE 2 /* exit code */

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV /* of lists alone */ };

struct options {
    const char *socket;
    enum format format;
    bool bom; /* FORMAT_CSV begins with a byte-order mark */
    bool yes; /* what nothing takes back is not asked for */
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
/* Prints the help of the command or group that `help' was given, or of all, and exits with 0; with
 * OPTIONS_USAGE where there is none such. */
_Noreturn void options_help(const struct options *o);
/* Calls `each` for the global options: their names, what they take (NULL: nothing), and what they
 * do.
 */
typedef void options_visitor(void *context, const char *name, const char *takes, const char *help);
void options_globals(options_visitor *each, void *context);
void options_free(struct options *o);
