/* base/names: the text names of an enum, in one table.
 *
 * A table lists the names in the order of the enum's values from 0. The same words serve C, SQL,
 * JSON and messages (contract.md section 2). */
#pragma once

#include "base/str.h"

struct names {
    const char *what;        /* "tier", for messages */
    int count;               /* values 0 … count-1 */
    const char *const *text; /* text[value] */
};

#define NAMES_TABLE(what, array)                                                                   \
    {                                                                                              \
        (what), (int)(sizeof(array) / sizeof((array)[0])), (array)                                 \
    }

/* The name of a value; "?" outside the table. */
const char *names_text(const struct names *names, int value);
/* The value of a name, or -1. */
int names_find(const struct names *names, struct str text);
/* "annual, semi-annual, quarterly" appended, for messages that tell what is allowed. */
void names_list(const struct names *names, struct strbuf *out);
