/* Fuzz target of base/sheet and base/cell: any bytes as a file. Rows come in order and as UTF-8 and
 * keep to their bounds; they are the same when read from a file of rows; cells mean one thing. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cell.h"
#include "base/sheet.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool known(const void *data, struct str heading)
{
    (void)data;
    return heading.len && heading.data[0] == 'h';
}

static void check_cell(struct arena *a, struct str cell)
{
    struct str code, again;
    int y, m, d;
    int64_t fen;
    if (!text_is_utf8(cell, NULL)) {
        abort();
    }
    struct str plain = cell_plain(a, cell);
    if (!str_equal(cell_plain(a, plain), plain) && plain.len && plain.data[0] != '\'') {
        abort();
    }
    if (cell_code(a, cell, &code) == SAY_NOTHING && cell_code(a, code, &again) == SAY_NOTHING &&
        code.len && code.data[0] != '\'' && !str_equal(code, again)) {
        abort();
    }
    cell_day(a, cell, &y, &m, &d);
    cell_money(a, cell, &fen);
    cell_clears(cell);
    cell_name_fault(cell_words(cell));
    arena_reset(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sheet_options options = {.known = known};
    struct strbuf rows = STRBUF_INIT;
    struct arena a = ARENA_INIT;
    struct sheet_row row;
    enum sheet_result got;
    uint64_t line = 0, count = 0;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    struct sheet *s = sheet_open(fd, &options);
    while ((got = sheet_next(s, &row, NULL)) == SHEET_ROW || got == SHEET_PENDING) {
        if (got == SHEET_PENDING) {
            continue;
        }
        size_t total = 0;
        if (row.line <= line) {
            abort();
        }
        line = row.line;
        for (size_t i = 0; i < row.count; i++) {
            total += row.cells[i].len;
            check_cell(&a, row.cells[i]);
        }
        if (total > SHEET_ROW_MAX || rows.len > 64 << 20) {
            abort();
        }
        sheet_rows_put(&rows, &row);
        count++;
    }
    sheet_close(s);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, rows.data, rows.len, 0) != (ssize_t)rows.len) {
        abort();
    }
    struct sheet_rows *r = sheet_rows_open(fd, 0);
    while (sheet_rows_next(r, &row, NULL) == SHEET_ROW) {
        count--;
    }
    if (count) {
        abort();
    }
    sheet_rows_close(r);
    /* and any bytes as such a file */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) {
        abort();
    }
    r = sheet_rows_open(fd, 0);
    while (sheet_rows_next(r, &row, NULL) == SHEET_ROW) {
    }
    sheet_rows_close(r);
    strbuf_free(&rows);
    arena_free(&a);
    close(fd);
    return 0;
}
