/* base/faults: all that is wrong with what was read, each as "file:line: what". */
#pragma once

struct faults {
    char **text; /* owned */
    int count;
};

/* Line 0 stands for the file as a whole. */
void faults_add(struct faults *f, const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Those from index `from` on in order of file, line and text, so that the list never depends on the
 * order in which checks run. */
void faults_sort(struct faults *f, int from);
void faults_free(struct faults *f);
