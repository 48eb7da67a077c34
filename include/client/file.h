/* client/file: files that go with a call.
 *
 * The daemon must never wait for a file, nor see it change under its hands (contract.md section 5,
 * Files): what it is given is memory of the kernel's, copied and, for reading, sealed. */
#pragma once

#include "base/error.h"

/* A sealed memfd with all of `path` ("-": standard input), at its start. -1: storage. */
int file_sealed(const char *path, struct error *err);
/* An empty memfd for the daemon to write into. -1: storage. */
int file_scratch(struct error *err);

/* A file that is to be written once the call is done. It is opened before the call, so that rows
 * are not lost because nobody may write there; what it held stays until file_output_save(). */
struct file_output {
    const char *path;
    int fd;    /* -1: none */
    bool made; /* it was not there before */
};

/* bad-argument where `path` is the same file as `other` (NULL: not asked). */
bool file_output_open(struct file_output *out, const char *path, const char *other,
                      struct error *err);
/* Copies all of `from` into it and closes it. */
bool file_output_save(struct file_output *out, int from, struct error *err);
/* Closes it unchanged; removes it where it was not there before. */
void file_output_drop(struct file_output *out);
