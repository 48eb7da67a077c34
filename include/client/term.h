/* client/term: the terminal that a person reads: locale, width, colours.
 *
 * What comes from outside (names, remarks) may hold control characters; everything printed for
 * people goes through term_put() or libsmartcols, and both show them instead of sending them. */
#pragma once

#include <stdio.h>

#include "base/str.h"

enum term_tone { TONE_PLAIN, TONE_STRONG, TONE_GOOD, TONE_BAD, TONE_WARN, TONE_FAINT, TONE_COUNT };

/* Takes the user's locale; where its characters are not UTF-8, C.UTF-8's, so that widths are right.
 * Colours are used on a terminal only, and not with NO_COLOR (no-color.org) or TERM=dumb. */
void term_init(void);
/* Columns of the terminal on stdout; 0 where stdout is none: nothing is wrapped then. */
size_t term_width(void);
/* Whether stdout gets colours. */
bool term_colours(void);
/* The escape sequence of a tone, for libsmartcols; NULL for TONE_PLAIN. */
const char *term_sequence(enum term_tone tone);
/* Appends `s` with each control character as '?'. */
void term_clean(struct strbuf *out, struct str s);
/* Writes a clean copy of `s` in a tone; colours only where `out` is a terminal. */
void term_put(FILE *out, enum term_tone tone, struct str s);
/* Writes `s` from column `indent` on, going on at that column of the next line where the terminal's
 * width is reached: between words, and anywhere between wide characters. `at` is the column in
 * which the cursor stands. Ends without a line feed. */
void term_wrap(struct str s, size_t at, size_t indent, enum term_tone tone);
