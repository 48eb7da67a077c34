/* client/nearest: the word that a mistyped one was meant to be. */
#pragma once

#include <stddef.h>

/* The search for the nearest of many words. */
struct nearest {
    const char *typed;
    const char *word; /* the nearest so far; NULL: none is near enough to be meant */
    size_t edits;
};

void nearest_begin(struct nearest *n, const char *typed);
/* Looks at one word more, which is borrowed. The word itself is not near: it is not what was meant.
 * Near are two edits (insertion, deletion, exchange of one or of two neighbours), in a word of less
 * than five letters one; beyond, it is another word and not a slip. */
void nearest_try(struct nearest *n, const char *word);
