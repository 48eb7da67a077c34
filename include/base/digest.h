/* base/digest: SHA-256 (FIPS 180-4) by libcrypto, and random bytes. */
#pragma once

#include "base/str.h"

#define DIGEST_HEX 64 /* characters of a digest in lowercase hex, without the NUL */

struct digest; /* a running SHA-256 */

struct digest *digest_new(void);
void digest_add(struct digest *d, const void *bytes, size_t len);
/* Writes 64 lowercase hex digits and a NUL, and starts anew. */
void digest_hex(struct digest *d, char out[DIGEST_HEX + 1]);
void digest_free(struct digest *d);

/* One text at once. */
void digest_of(struct str s, char out[DIGEST_HEX + 1]);
/* Random bytes of the kernel, in hex: 2 × bytes digits and a NUL. */
void random_hex(size_t bytes, char *out);
