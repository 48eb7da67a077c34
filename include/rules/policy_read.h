/* rules/policy_read: one policy file into one struct policy, checked key by key.
 *
 * Not for callers outside rules/policy: those load a whole set. reviewd-policy(5) describes the
 * keys for people. */
#pragma once

#include "rules/policy.h"
#include "rules/schema.h"

/* Where the days of a version stand in its file: what policy.c says about gaps and overlaps names
 * these lines. */
struct policy_lines {
    unsigned from, until; /* until: of in_force where there is no such key */
};

/* Reads `path` into *out, whose memory is to be freed with policy_read_free() whatever the result.
 * The file is read once: the hash is that of the bytes that were parsed. False where anything in
 * the file is a fault; then only name, from and until may be looked at, and from is DATE_NONE
 * unless both days were good. */
bool policy_read(const char *path, struct policy *out, struct policy_lines *lines,
                 struct faults *faults);
void policy_read_free(struct policy *policy);
