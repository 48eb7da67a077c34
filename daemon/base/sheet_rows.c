/* Rows in a file: line, count, the lengths, the texts. */
#include "base/sheet.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE (64 * 1024)

struct head {
    uint64_t line;
    uint32_t count, bytes; /* cells, and bytes of their texts */
};

struct sheet_rows {
    int fd;
    uint64_t offset; /* of the next row */
    uint64_t from;   /* of buffer[0] in the file */
    size_t have, room;
    char *buffer;
    struct str *cells;
    size_t cell_room;
};

void sheet_rows_put(struct strbuf *out, const struct sheet_row *row)
{
    struct head head = {row->line, (uint32_t)row->count, 0};
    for (size_t i = 0; i < row->count; i++) {
        head.bytes += (uint32_t)row->cells[i].len;
    }
    strbuf_add(out, &head, sizeof head);
    for (size_t i = 0; i < row->count; i++) {
        uint32_t len = (uint32_t)row->cells[i].len;
        strbuf_add(out, &len, sizeof len);
    }
    for (size_t i = 0; i < row->count; i++) {
        strbuf_addstr(out, row->cells[i]);
    }
}

struct sheet_rows *sheet_rows_open(int fd, uint64_t offset)
{
    struct sheet_rows *r = xcalloc(1, sizeof *r);
    r->fd = fd;
    r->offset = r->from = offset;
    r->room = PIECE;
    r->buffer = xmalloc(r->room);
    return r;
}

/* `len` bytes of the row at r->offset; NULL at the file's end, or with err where it breaks off. */
static const char *bytes(struct sheet_rows *r, size_t len, struct error *err)
{
    size_t at = (size_t)(r->offset - r->from);
    if (at + len <= r->have) {
        return r->buffer + at;
    }
    memmove(r->buffer, r->buffer + at, r->have - at);
    r->have -= at;
    r->from = r->offset;
    if (len > r->room) {
        r->room = len;
        r->buffer = xrealloc(r->buffer, r->room);
    }
    while (r->have < len) {
        ssize_t n =
            pread(r->fd, r->buffer + r->have, r->room - r->have, (off_t)(r->from + r->have));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            error_say(err, SAY_FILE_UNREADABLE, arg_system(errno));
            return NULL;
        }
        if (n == 0) {
            if (r->have) {
                error_say(err, SAY_SHEET_ROWS);
            }
            return NULL;
        }
        r->have += (size_t)n;
    }
    return r->buffer;
}

enum sheet_result sheet_rows_next(struct sheet_rows *r, struct sheet_row *row, struct error *err)
{
    struct error why = ERROR_INIT;
    struct head head;
    size_t size = 0;
    uint64_t total = 0;
    *row = (struct sheet_row){.fault = SHEET_STORAGE};
    const char *p = bytes(r, sizeof head, &why);
    if (p) {
        memcpy(&head, p, sizeof head);
        size = sizeof head + head.count * sizeof(uint32_t) + head.bytes;
        if (head.count > SHEET_ROW_MAX || head.bytes > 2 * SHEET_ROW_MAX) {
            p = NULL;
            error_say(&why, SAY_SHEET_ROWS);
        } else {
            p = bytes(r, size, &why);
        }
    }
    if (!p) {
        enum sheet_result result = why.reason == REASON_NONE ? SHEET_AT_END : SHEET_FAULT;
        if (result == SHEET_FAULT) {
            error_move(err, &why);
        }
        return result;
    }
    if (head.count > r->cell_room) {
        r->cell_room = head.count;
        r->cells = xrealloc(r->cells, r->cell_room * sizeof *r->cells);
    }
    const char *lengths = p + sizeof head, *text = lengths + head.count * sizeof(uint32_t);
    for (uint32_t i = 0; i < head.count; i++) {
        uint32_t len;
        memcpy(&len, lengths + i * sizeof len, sizeof len);
        total += len;
        if (total > head.bytes) {
            error_say(err, SAY_SHEET_ROWS);
            return SHEET_FAULT;
        }
        r->cells[i] = (struct str){text, len};
        text += len;
    }
    r->offset += size;
    *row = (struct sheet_row){.line = head.line, .count = head.count, .cells = r->cells};
    return SHEET_ROW;
}

uint64_t sheet_rows_offset(const struct sheet_rows *r)
{
    return r->offset;
}

void sheet_rows_close(struct sheet_rows *r)
{
    if (!r) {
        return;
    }
    free(r->buffer);
    free(r->cells);
    free(r);
}
