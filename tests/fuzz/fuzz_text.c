/* Fuzz target of base/text: any bytes; what text_to_utf8() lets pass is UTF-8 without NUL. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_file(struct str s)
{
    int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);
    uint64_t line;

    if (in < 0 || out < 0 || write(in, s.data, s.len) != (ssize_t)s.len) {
        abort();
    }
    if (text_to_utf8(in, out, &line, NULL)) {
        size_t len = (size_t)lseek(out, 0, SEEK_END);
        char *text = xmalloc(len);
        if (pread(out, text, len, 0) != (ssize_t)len ||
            !text_is_utf8((struct str){text, len}, NULL) || (len && memchr(text, 0, len))) {
            abort();
        }
        free(text);
    } else if (line < 1 || line > s.len + 1 ||
               (text_is_utf8(s, NULL) && !memchr(s.data, 0, s.len))) {
        abort();
    }
    close(in);
    close(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size};
    struct strbuf masked = STRBUF_INIT;
    struct birth birth;
    size_t bad = 0;

    if (!text_is_utf8(s, &bad) && bad >= size) {
        abort();
    }
    if (text_width(s) > 2 * size) {
        abort();
    }
    (void)idnum_fault(s, &birth);
    idnum_mask(s, &masked);
    strbuf_free(&masked);
    check_file(s);
    return 0;
}
