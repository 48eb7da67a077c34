/* control/cursor: the places that `next` of a list names, sealed.
 *
 * A place can be that of a row which the caller must not see, and he could ask for any place. So it
 * is enciphered and authenticated (AES-256 and HMAC-SHA256, keys from the store's salt): it tells
 * nothing, and only one that this store gave this account for this method opens. */
#pragma once

#include "base/str.h"

/* Appends the sealed place, in base64. */
void cursor_seal(const char *salt, const char *method, int64_t uid, struct str place,
                 struct strbuf *out);
/* False where it is not one that cursor_seal() gave for the same salt, method and uid. */
bool cursor_open(const char *salt, const char *method, int64_t uid, struct str sealed,
                 struct strbuf *place);
