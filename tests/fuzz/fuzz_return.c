/* Fuzz target of delivery/return_parse: any bytes as a filled list. What is
 * read means one thing: written in the plainest form it is read as the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "delivery/return_parse.h"
#include "store/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_plain(struct arena *a, const struct return_row *row)
{
    char text[DATE_TEXT], number[24];
    struct date day;
    int64_t task;

    snprintf(number, sizeof number, "%lld", (long long)row->task);
    if (!return_task(a, str_of(number), &task) || task != row->task) {
        abort();
    }
    if (date_is(row->day) &&
        (!return_day(a, str_of(date_text(row->day, text)), &day) || day.day != row->day.day)) {
        abort();
    }
    if (return_outcome(a, str_of(names_zh(&outcomes, row->outcome))) != row->outcome) {
        abort();
    }
}

static void read_rows(int fd, const struct return_heading *heading)
{
    struct csv_reader *r = csv_reader_open(fd, heading->offset, heading->line, heading->delimiter);
    struct csv_record record;
    struct arena a = ARENA_INIT;

    while (csv_reader_next(r, &record, NULL) == CSV_RECORD) {
        struct return_row row;
        struct error why = ERROR_INIT;
        if (return_row_filled(heading, &record, &row)) {
            if (return_row_parse(&a, heading, &record, &row, &why)) {
                check_plain(&a, &row);
            } else if (!why.said) {
                abort(); /* every fault of a cell has its sentence */
            }
        }
        error_clear(&why);
        arena_reset(&a);
    }
    arena_free(&a);
    csv_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct return_heading heading;
    struct error why = ERROR_INIT;
    struct strbuf zh = STRBUF_INIT;
    uint64_t line;
    int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);

    if (in < 0 || out < 0 || write(in, data, size) != (ssize_t)size) {
        abort();
    }
    if (text_to_utf8(in, out, &line, &why) && return_heading_read(out, &heading, &why)) {
        read_rows(out, &heading);
    } else {
        error_zh(&why, &zh);
    }
    error_clear(&why);
    strbuf_free(&zh);
    close(in);
    close(out);
    return 0;
}
