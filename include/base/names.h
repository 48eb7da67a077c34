/* base/names: the words of an enum, in one table.
 *
 * A table has the words in the order of the enum's values from 0, each in English and in Chinese.
 * The English one serves C, SQL, JSON and messages alike (contract.md section 2), the Chinese one
 * lists, filled lists that come back, and whatever an office reads. */
#pragma once

#include "base/str.h"

struct word {
    const char *text; /* NULL: the enum has no such value */
    const char *zh;   /* NULL: a code, which stands as it is in Chinese too */
};

/* Another way in which an office writes the Chinese word of a value. */
struct alias {
    const char *zh;
    int value;
};

struct names {
    const char *what;         /* "tier", for messages */
    int count;                /* values 0 … count-1 */
    const struct word *words; /* words[value] */
    const struct alias *also; /* up to {NULL}; NULL: none */
};

#define NAMES_TABLE(what, array)                                                                   \
    {                                                                                              \
        (what), (int)(sizeof(array) / sizeof((array)[0])), (array), NULL                           \
    }
#define NAMES_TABLE_ALSO(what, array, also)                                                        \
    {                                                                                              \
        (what), (int)(sizeof(array) / sizeof((array)[0])), (array), (also)                         \
    }

/* The English word of a value; "?" outside the table. */
const char *names_text(const struct names *names, int value);
/* Its Chinese word; the English one where it has none. */
const char *names_zh(const struct names *names, int value);
/* The value of an English word, or -1. */
int names_find(const struct names *names, struct str text);
/* The value of a Chinese word, in any way in which it is written, or of an English one; -1 where it
 * is none. */
int names_find_zh(const struct names *names, struct str text);
/* "annual, semi-annual, quarterly" appended, for messages that tell what is allowed. */
void names_list(const struct names *names, struct strbuf *out);
/* "年、半年、季度" appended. */
void names_list_zh(const struct names *names, struct strbuf *out);
