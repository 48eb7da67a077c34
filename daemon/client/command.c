#include "client/command.h"

#include "client/nearest.h"
#include "client/table.h"

#define SUMMARY_COLUMN 34

/* Whether the words of `name` are the first of `typed`; their number, else 0. */
static int words_match(const char *name, char *const *typed)
{
    const char *blank = strchr(name, ' ');
    size_t len = blank ? (size_t)(blank - name) : strlen(name);

    if (!typed[0] || strlen(typed[0]) != len || strncmp(name, typed[0], len) != 0) {
        return 0;
    }
    if (!blank) {
        return 1;
    }
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
    for (const struct command *c = table_commands; c->name; c++) {
        if (in_group(c, word)) {
            return true;
        }
    }
    return false;
}

/* The first word of a group that was meant by one word alone; static text. */
static const char *suggest_group(const char *typed)
{
    static char group[32];
    struct nearest n;

    for (const struct command *c = table_commands; c->name; c++) {
        size_t len = strcspn(c->name, " ");

        if (c->name[len] == '\0' || len >= sizeof(group)) {
            continue;
        }
        memcpy(group, c->name, len);
        group[len] = '\0';
        nearest_begin(&n, typed);
        nearest_try(&n, group);
        if (n.word) {
            return group;
        }
    }
    return NULL;
}

const char *command_suggest(char *const *typed)
{
    const char *second = typed[1] && typed[1][0] != '-' ? typed[1] : NULL;
    struct strbuf both = STRBUF_INIT;
    struct nearest one, two;
    bool nearer;

    strbuf_addz(&both, typed[0]);
    if (second) {
        strbuf_addf(&both, " %s", second);
    }
    nearest_begin(&one, typed[0]);
    nearest_begin(&two, strbuf_text(&both));
    for (const struct command *c = table_commands; c->name; c++) {
        nearest_try(strchr(c->name, ' ') ? &two : &one, c->name);
    }
    nearer = one.word && one.edits <= two.edits;
    strbuf_free(&both);
    if (!one.word && !two.word && !second) {
        return suggest_group(typed[0]);
    }
    return nearer ? one.word : two.word;
}

bool command_is_list(const struct command *c)
{
    return !c->show && !c->local;
}

void command_synopsis(const struct command *c, struct strbuf *out)
{
    strbuf_addz(out, c->name);
    for (const struct input *a = c->arguments; a && a->name; a++) {
        strbuf_addf(out, a->needed ? " %s%s" : " [%s%s]", a->placeholder,
                    a->kind == INPUT_TEXTS ? "..." : "");
    }
    for (const struct input *o = c->options; o && o->name; o++) {
        if (o->needed) {
            strbuf_addf(out, " --%s %s", o->name, o->placeholder);
        }
    }
}

void command_list(const char *group, struct strbuf *out)
{
    for (const struct command *c = table_commands; c->name; c++) {
        size_t begin = out->len;

        if (group && !in_group(c, group) && strcmp(c->name, group) != 0) {
            continue;
        }
        strbuf_addz(out, "  ");
        command_synopsis(c, out);
        if (out->len - begin >= SUMMARY_COLUMN) {
            strbuf_addc(out, '\n');
            begin = out->len;
        }
        do {
            strbuf_addc(out, ' ');
        } while (out->len - begin < SUMMARY_COLUMN);
        strbuf_addf(out, "%s\n", c->summary);
    }
}
