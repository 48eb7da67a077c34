/* base/text: encodings and numbers that come from outside: UTF-8, GB18030, GB 11643. */
#pragma once

#include "base/error.h"
#include "base/str.h"

/* True where `s` is well-formed UTF-8 (RFC 3629); else *bad is the offset of the first bad byte. */
bool text_is_utf8(struct str s, size_t *bad);

/* Bytes of `s` from its front that are whole well-formed characters; *torn where what follows them
 * is the beginning of one. */
size_t text_well_formed(struct str s, bool *torn);

/* The character at byte `at` of `s`, and its length; a malformed byte is a character of its own. */
uint32_t text_character(struct str s, size_t at, size_t *len);
/* The date that lies `days` after 1970-01-01, proleptic Gregorian. */
void text_civil(int64_t days, int *year, int *month, int *day);

/* Copies all of `in` (a file, from its start) to `out` as UTF-8 without a byte-order mark. The
 * whole file is UTF-8 if it is well-formed as such, else GB18030 (GB 18030-2005) if well-formed as
 * that; else false with bad-rows and *line the physical line of the first byte that is neither.
 * Works in pieces of 64 KiB whatever the size. NUL bytes are a fault. */
bool text_to_utf8(int in, int out, uint64_t *line, struct error *err);

/* Columns of a terminal that the text takes: wide characters are 2. Control characters are 0. */
size_t text_width(struct str s);

struct birth {
    int year, month, day;
};

/* A citizen's identity number by GB 11643-1999: 18 characters, the last a digit or X (also x), the
 * check character right (ISO 7064 MOD 11-2), the birth date a real day from 1900 on. NULL if good
 * (then *birth is set), else a stable English reason such as "check digit is wrong". */
const char *idnum_fault(struct str id, struct birth *birth);

/* "500101********0013": the first six and last four characters; for a text shorter than 12 only
 * stars. Appended to `out`. */
void idnum_mask(struct str id, struct strbuf *out);
