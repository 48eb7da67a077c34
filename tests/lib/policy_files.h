/* lib/policy_files: a folder of policy versions made for a test. */
#pragma once

#include <stddef.h>

/* A good version, each line with its number beside it. */
extern const char policy_files_good[];
/* The folder, once it is set up. */
extern char policy_files_folder[];

/* For cmocka: makes the folder, removes what was put into it, removes it. */
int policy_files_setup(void **state);
int policy_files_empty(void **state);
int policy_files_teardown(void **state);

/* Writes a file of the folder, at most eight. */
void policy_files_put_bytes(const char *name, const char *bytes, size_t len);
void policy_files_put(const char *name, const char *text);
/* `text` with its first `find` replaced; malloc'ed. */
char *policy_files_replaced(const char *text, const char *find, const char *with);
/* All faults of the folder, a line each, without the folder's own name; malloc'ed. */
char *policy_files_faults(void);
void policy_files_expect(const char *want);
