#include "client/command.h"

#include <stdlib.h>

#include "client/table.h"

#define SUMMARY_COLUMN 34
#define EDITS_MAX 2 /* beyond, it is another word, not a slip */

/* Whether the words of `name` are the first of `typed`; their number, else 0. */
static int words_match(const char *name, char *const *typed)
{
    const char *blank = strchr(name, ' ');
    size_t len = blank ? (size_t)(blank - name) : strlen(name);

    if (!typed[0] || strlen(typed[0]) != len || strncmp(name, typed[0], len) != 0)
        return 0;
    if (!blank)
        return 1;
    return typed[1] && strcmp(blank + 1, typed[1]) == 0 ? 2 : 0;
}

const struct command *command_find(char *const *typed, int *used)
{
    const struct command *found = NULL;

    *used = 0;
    for (const struct command *c = table_commands; c->name; c++) {
        int words = words_match(c->name, typed);

        if (words > *used) {
            *used = words;
            found = c;
        }
    }
    return found;
}

static bool in_group(const struct command *c, const char *group)
{
    size_t len = strlen(group);

    return strncmp(c->name, group, len) == 0 && c->name[len] == ' ';
}

bool command_is_group(const char *word)
{
    for (const struct command *c = table_commands; c->name; c++)
        if (in_group(c, word))
            return true;
    return false;
}

/* Edits (insertion, deletion, exchange of one or of two neighbours) from one word to another: the
 * "optimal string alignment" distance. Texts above 63 bytes are far from everything. */
static size_t distance(const char *a, const char *b)
{
    enum { MOST = 63 };
    size_t d[MOST + 1][MOST + 1], m = strlen(a), n = strlen(b);

    if (m > MOST || n > MOST)
        return MOST;
    for (size_t i = 0; i <= m; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= n; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        for (size_t j = 1; j <= n; j++) {
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            size_t least = d[i - 1][j] < d[i][j - 1] ? d[i - 1][j] + 1 : d[i][j - 1] + 1;

            d[i][j] = change < least ? change : least;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    return d[m][n];
}

const char *command_suggest(char *const *typed)
{
    struct strbuf both = STRBUF_INIT;
    const char *nearest = NULL;
    size_t least = SIZE_MAX;

    strbuf_addz(&both, typed[0]);
    if (typed[1] && typed[1][0] != '-')
        strbuf_addf(&both, " %s", typed[1]);
    for (const struct command *c = table_commands; c->name; c++) {
        const char *meant = strchr(c->name, ' ') ? strbuf_text(&both) : typed[0];
        size_t edits = distance(meant, c->name);

        /* No edits: the command itself, which is not what was meant. */
        if (edits > 0 && edits < least && edits <= (strlen(c->name) < 5 ? 1 : EDITS_MAX)) {
            least = edits;
            nearest = c->name;
        }
    }
    strbuf_free(&both);
    return nearest;
}

void command_synopsis(const struct command *c, struct strbuf *out)
{
    strbuf_addz(out, c->name);
    for (const struct input *a = c->arguments; a && a->name; a++)
        strbuf_addf(out, " %s", a->placeholder);
    for (const struct input *o = c->options; o && o->name; o++)
        if (o->needed)
            strbuf_addf(out, " --%s %s", o->name, o->placeholder);
}

void command_list(const char *group, struct strbuf *out)
{
    for (const struct command *c = table_commands; c->name; c++) {
        size_t begin = out->len;

        if (group && !in_group(c, group) && strcmp(c->name, group) != 0)
            continue;
        strbuf_addz(out, "  ");
        command_synopsis(c, out);
        if (out->len - begin >= SUMMARY_COLUMN) {
            strbuf_addc(out, '\n');
            begin = out->len;
        }
        do
            strbuf_addc(out, ' ');
        while (out->len - begin < SUMMARY_COLUMN);
        strbuf_addf(out, "%s\n", c->summary);
    }
}
