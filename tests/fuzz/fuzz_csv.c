/* Fuzz target of base/csv: any bytes; and where a reader stands, another goes on alike. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The fields of a record with their lengths, so that two records can be compared. */
static void flatten(const struct csv_record *record, struct strbuf *out)
{
    strbuf_reset(out);
    strbuf_addf(out, "%llu", (unsigned long long)record->line);
    for (size_t i = 0; i < record->count; i++) {
        strbuf_addf(out, "|%zu:", record->fields[i].len);
        strbuf_addstr(out, record->fields[i]);
    }
}

static void check_resume(int fd, const struct csv_reader *r, char delimiter, struct strbuf *out)
{
    struct csv_reader *other =
        csv_reader_open(fd, csv_reader_offset(r), csv_reader_line(r), delimiter);
    struct csv_record record;

    strbuf_reset(out);
    if (csv_reader_next(other, &record, NULL) == CSV_RECORD) {
        flatten(&record, out);
    }
    csv_reader_close(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char delimiter = size && data[0] == '#' ? '\t' : ',';
    struct strbuf got = STRBUF_INIT, expected = STRBUF_INIT;
    struct csv_record record;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    struct csv_reader *r = csv_reader_open(fd, 0, 1, delimiter);
    for (int count = 0; csv_reader_next(r, &record, NULL) == CSV_RECORD; count++) {
        flatten(&record, &got);
        if (count && count < 64 && !str_equal(strbuf_str(&got), strbuf_str(&expected))) {
            abort();
        }
        if (csv_reader_offset(r) > size) {
            abort();
        }
        if (count < 63) {
            check_resume(fd, r, delimiter, &expected);
        }
    }
    csv_reader_close(r);
    strbuf_free(&got);
    strbuf_free(&expected);
    close(fd);
    return 0;
}
