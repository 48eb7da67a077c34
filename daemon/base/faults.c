#include "base/faults.h"

#include <stdlib.h>

#include "base/str.h"

void faults_add(struct faults *f, const char *file, unsigned line, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    strbuf_addf(&text, "%s:%u: ", file, line);
    va_start(args, format);
    strbuf_vaddf(&text, format, args);
    va_end(args);
    f->text = xrealloc(f->text, (size_t)(f->count + 1) * sizeof(*f->text));
    f->text[f->count++] = text.data;
}

/* Numbers within a text by their value: line 9 before line 10. */
static int compare(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

void faults_sort(struct faults *f, int from)
{
    if (f->count > from) {
        qsort(f->text + from, (size_t)(f->count - from), sizeof(*f->text), compare);
    }
}

void faults_free(struct faults *f)
{
    for (int i = 0; i < f->count; i++) {
        free(f->text[i]);
    }
    free(f->text);
    *f = (struct faults){0};
}
