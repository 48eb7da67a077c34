/* libcsv owns every short csv_ name: its header comes first. */
#include <csv.h>

#include "base/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK (64 * 1024)

static const char byte_order_mark[3] = {'\xEF', '\xBB', '\xBF'};

/* The parser is fed one physical line at a time, or a piece of one that is longer than the block.
 * A line that ends a record ends the feeding, so that no record is ever found behind another in
 * one call: `next_offset` and `next_line` are then exactly those of the record that follows.
 *
 * In `block`, bytes [at, have) are unread. `lf` is the place of the first LF at or after `at`, or
 * `have`: kept from one line to the next, or a file with lone CRs would be searched again for
 * each of its lines. */
struct csv_reader {
    struct csv_parser parser;
    int fd;
    bool file_ended; /* pread() gave 0 */
    bool ended;      /* nothing more to give */
    uint64_t offset; /* in the file, of block[at] */
    uint64_t line;   /* physical, of block[at] */
    uint64_t next_offset, next_line;
    uint64_t start_line; /* of the record that is being read */
    size_t at, have, lf;

    struct strbuf bytes; /* of the fields, one behind another */
    struct str *fields;  /* lengths alone until the record ends */
    size_t count, room;
    size_t size; /* bytes fed since the record's start */
    bool complete, blank;
    char delimiter;
    char block[BLOCK];
};

static void take_field(void *text, size_t len, void *data)
{
    struct csv_reader *r = data;

    if (r->count == r->room) {
        r->room *= 2;
        r->fields = xrealloc(r->fields, r->room * sizeof *r->fields);
    }
    r->fields[r->count++].len = len;
    strbuf_add(&r->bytes, text, len);
}

static void take_row(int terminator, void *data)
{
    (void)terminator;
    ((struct csv_reader *)data)->complete = true;
}

struct csv_reader *csv_reader_open(int fd, uint64_t offset, uint64_t line, char delimiter)
{
    struct csv_reader *r = xmalloc(sizeof *r);

    memset(r, 0, offsetof(struct csv_reader, block));
    csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_delim(&r->parser, (unsigned char)delimiter);
    csv_set_realloc_func(&r->parser, xrealloc);
    csv_set_blk_size(&r->parser, 4096);
    r->fd = fd;
    r->offset = r->next_offset = offset;
    r->line = r->next_line = r->start_line = line;
    r->delimiter = delimiter;
    r->room = 32;
    r->fields = xmalloc(r->room * sizeof *r->fields);
    strbuf_add(&r->bytes, "", 0); /* an empty field has data, too */
    return r;
}

/* Moves what is unread to the front and reads behind it, until the block is full or the file ends.
 * A short read is no end: only 0 is. */
static bool fill(struct csv_reader *r, struct error *err)
{
    r->have -= r->at;
    memmove(r->block, r->block + r->at, r->have);
    r->at = 0;
    while (r->have < BLOCK && !r->file_ended) {
        ssize_t n = pread(r->fd, r->block + r->have, BLOCK - r->have, (off_t)(r->offset + r->have));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return error_say(err, SAY_FILE_UNREADABLE, arg_system(errno));
        }
        r->have += (size_t)n;
        r->file_ended = n == 0;
    }
    const char *lf = memchr(r->block, '\n', r->have);
    r->lf = lf ? (size_t)(lf - r->block) : r->have;
    if (r->offset == 0 && r->have >= sizeof byte_order_mark &&
        memcmp(r->block, byte_order_mark, sizeof byte_order_mark) == 0) {
        r->at = sizeof byte_order_mark;
        r->offset = sizeof byte_order_mark;
    }
    return true;
}

/* Length of the physical line at block[at] with its end, or of all there is of it; *whole says
 * which. A CR that is the last byte of the block waits: its LF may be in the next. */
static size_t find_line(struct csv_reader *r, bool *whole)
{
    if (r->lf < r->at) {
        const char *lf = memchr(r->block + r->at, '\n', r->have - r->at);
        r->lf = lf ? (size_t)(lf - r->block) : r->have;
    }
    const char *from = r->block + r->at;
    const char *cr = memchr(from, '\r', r->lf - r->at);

    *whole = true;
    if (!cr) {
        *whole = r->lf < r->have;
        return r->lf - r->at + *whole;
    }
    size_t len = (size_t)(cr - from) + 1;
    if (r->at + len < r->have) {
        return len + (cr[1] == '\n');
    }
    if (r->file_ended) {
        return len;
    }
    *whole = false;
    return len - 1;
}

static bool is_blank_piece(const struct csv_reader *r, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool space = text[i] == ' ' || text[i] == '\t';
        bool end = text[i] == '\r' || text[i] == '\n';
        if (!end && (!space || text[i] == r->delimiter)) {
            return false;
        }
    }
    return true;
}

static bool bad_quote(struct csv_reader *r, struct error *err)
{
    if (r->line == r->start_line) {
        return error_say(err, SAY_QUOTE_MISPLACED);
    }
    return error_say(err, SAY_QUOTE_MISPLACED_ON, arg_number(r->line));
}

/* Feeds the next line, or piece of one. False with err on a fault. */
static bool feed(struct csv_reader *r, struct error *err)
{
    bool whole;
    size_t len = find_line(r, &whole);

    if (!whole && !r->file_ended && r->at > 0) { /* more of the line may fit */
        if (!fill(r, err)) {
            return false;
        }
        len = find_line(r, &whole);
    }
    const char *text = r->block + r->at;
    if (r->size + len > CSV_RECORD_MAX) {
        return error_say(err, SAY_RECORD_TOO_LONG, arg_number(CSV_RECORD_MAX));
    }
    if (csv_parse(&r->parser, text, len, take_field, take_row, r) != len) {
        return bad_quote(r, err);
    }
    r->blank = r->blank && is_blank_piece(r, text, len);
    r->size += len;
    r->at += len;
    r->offset += len;
    r->line += whole;
    if (whole && !r->complete && r->blank) { /* a blank line: the record starts behind it */
        r->size = 0;
        r->start_line = r->line;
    }
    return true;
}

static bool read_record(struct csv_reader *r, struct error *err)
{
    while (!r->complete) {
        if (r->at == r->have && !fill(r, err)) {
            return false;
        }
        if (r->at < r->have) {
            if (!feed(r, err)) {
                return false;
            }
            continue;
        }
        /* The end of the file ends the last record too. */
        r->ended = true;
        if (csv_fini(&r->parser, take_field, take_row, r) != 0) {
            return error_say(err, SAY_QUOTE_OPEN);
        }
        break;
    }
    return true;
}

static void finish_record(struct csv_reader *r, struct csv_record *record)
{
    const char *data = strbuf_text(&r->bytes);

    for (size_t i = 0; i < r->count; i++) {
        r->fields[i].data = data;
        data += r->fields[i].len;
    }
    *record = (struct csv_record){r->start_line, r->count, r->fields};
}

enum csv_result csv_reader_next(struct csv_reader *r, struct csv_record *record, struct error *err)
{
    strbuf_reset(&r->bytes);
    r->count = 0;
    r->size = 0;
    r->complete = false;
    r->blank = true;
    r->start_line = r->line;
    *record = (struct csv_record){r->line, 0, r->fields};
    if (r->ended) {
        return CSV_AT_END;
    }
    if (!read_record(r, err)) {
        r->ended = true;
        record->line = r->start_line;
        return CSV_FAULT;
    }
    r->next_offset = r->offset;
    r->next_line = r->line;
    if (!r->complete) {
        record->line = r->line;
        return CSV_AT_END;
    }
    finish_record(r, record);
    return CSV_RECORD;
}

uint64_t csv_reader_offset(const struct csv_reader *r)
{
    return r->next_offset;
}

uint64_t csv_reader_line(const struct csv_reader *r)
{
    return r->next_line;
}

void csv_reader_close(struct csv_reader *r)
{
    if (!r) {
        return;
    }
    csv_free(&r->parser);
    free(r->fields);
    strbuf_free(&r->bytes);
    free(r);
}

static bool is_edge_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool needs_quotes(struct str s)
{
    if (s.len == 0) {
        return false;
    }
    if (is_edge_blank(s.data[0]) || is_edge_blank(s.data[s.len - 1])) {
        return true;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == ',' || s.data[i] == '"' || s.data[i] == '\r' || s.data[i] == '\n') {
            return true;
        }
    }
    return false;
}

static void put_field(struct strbuf *out, struct str prefix, struct str field)
{
    if (!needs_quotes(field)) {
        strbuf_addstr(out, prefix);
        strbuf_addstr(out, field);
        return;
    }
    strbuf_addc(out, '"');
    strbuf_addstr(out, prefix);
    for (size_t from = 0; from < field.len;) {
        const char *rest = field.data + from;
        const char *quote = memchr(rest, '"', field.len - from);
        size_t len = quote ? (size_t)(quote - rest) + 1 : field.len - from;
        strbuf_add(out, rest, len);
        if (quote) {
            strbuf_addc(out, '"');
        }
        from += len;
    }
    strbuf_addc(out, '"');
}

void csv_put(struct strbuf *out, struct str field, bool first)
{
    if (!first) {
        strbuf_addc(out, ',');
    }
    put_field(out, STR(""), field);
}

bool csv_is_formula(struct str field)
{
    static const char *const starts[] = {"=",  "+",  "-",  "@",  "\t", "\r",
                                         "\n", "＝", "＋", "－", "＠"};

    while (field.len && field.data[0] == ' ') {
        field.data++;
        field.len--;
    }
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        size_t len = strlen(starts[i]);
        if (field.len >= len && memcmp(field.data, starts[i], len) == 0) {
            return true;
        }
    }
    return false;
}

void csv_put_text(struct strbuf *out, struct str field, bool first)
{
    if (!first) {
        strbuf_addc(out, ',');
    }
    put_field(out, csv_is_formula(field) ? STR("'") : STR(""), field);
}

#define WHOLE_DIGITS 8 /* more of them a spreadsheet shows as 5.00E+11 in its usual column */
#define DATE_LENGTH 10 /* "12-7" and "2026-11-24" are days to it; longer texts are not */

/* Whether a spreadsheet would take the text for a number or a day and so not show it, or not give
 * it back, as it was: a zero in front, many digits, 3-12, 1.10, 12E5. */
static bool is_mangled(struct str text)
{
    size_t digits = 0, marks = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c >= '0' && c <= '9') {
            digits++;
        } else if (memchr("-/.:,eE+% ", c, 10)) {
            marks++;
        } else {
            return false;
        }
    }
    if (!digits) {
        return false;
    }
    if (!marks) {
        return digits > WHOLE_DIGITS || (text.data[0] == '0' && digits > 1);
    }
    return text.len <= DATE_LENGTH || memchr(text.data, 'e', text.len) ||
           memchr(text.data, 'E', text.len);
}

void csv_put_code(struct strbuf *out, struct str field, bool first)
{
    if (!is_mangled(field)) {
        csv_put_text(out, field, first);
        return;
    }
    struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "%.*s\t", STR_ARG(field));
    csv_put_text(out, strbuf_str(&text), first);
    strbuf_free(&text);
}
