/* base/file: files read and written whole. */
#pragma once

#include "base/str.h"

#define FILE_SMALL ((size_t)256 * 1024) /* bytes of a file that people write by hand, at most */

/* Opens `path` beneath the folder `at`, without following any link; -1 with errno (EXDEV: it leads
 * out of the folder, ELOOP: over a link). O_NOFOLLOW and O_CLOEXEC are set. */
int file_open_beneath(int at, const char *path, int flags);
/* Appends all bytes of a regular file of at most `max` bytes. With `at` AT_FDCWD `path` is any
 * path, else one beneath that folder, as file_open_beneath() has it. Never waits for a FIFO or a
 * device. False with the reason in *why ("is not a regular file"), English, without the path. */
bool file_read(int at, const char *path, size_t max, struct strbuf *bytes, struct strbuf *why);
/* A descriptor of a file in memory that holds the bytes; the caller closes it. -1 with errno. */
int file_in_memory(struct str bytes);
/* The path without links, from the root: of a file that is not there yet, its folder's with its
 * name. Owned by the caller; NULL with errno where there is no such folder. */
char *file_whole_path(const char *path);
/* All of it to a descriptor that blocks; false with errno. */
bool file_write(int fd, const char *bytes, size_t len);
