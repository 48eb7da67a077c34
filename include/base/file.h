/* base/file: a file descriptor written whole. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* All of it to a descriptor that blocks; false with errno. */
bool file_write(int fd, const char *bytes, size_t len);
