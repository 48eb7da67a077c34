/* base/canon: JSON text in the canonical form of RFC 8785, written without a tree.
 *
 * The audit hashes millions of small objects: this writes them straight into a buffer. The caller
 * gives the keys of an object in ascending order of their UTF-16 code units (ours are ASCII: byte
 * order); a debug build asserts it. Values are strings, integers within ±2^53, booleans, null and
 * text that is canonical JSON already. */
#pragma once

#include "base/str.h"

struct canon {
    struct strbuf *out;
    const char *last_key; /* of the innermost object, for the check of the order */
    bool first;
};

/* Appends a JSON string with quotes, escaped as RFC 8785 3.2.2.2 says. `s` must be UTF-8. */
void canon_string(struct strbuf *out, struct str s);

struct canon canon_open(struct strbuf *out);
void canon_str(struct canon *c, const char *key, struct str value); /* null where data is NULL */
void canon_int(struct canon *c, const char *key, int64_t value);
void canon_bool(struct canon *c, const char *key, bool value);
void canon_null(struct canon *c, const char *key);
void canon_raw(struct canon *c, const char *key, struct str json); /* null where data is NULL */
void canon_close(struct canon *c);
