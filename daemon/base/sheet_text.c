/* Text into rows: decoded piece by piece, then parsed by libcsv one physical line at a time. */
/* libcsv owns every short csv_ name: its header comes first. */
#include <csv.h>

#include "base/sheet_source.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

#define RAW (32 * 1024)
#define BLOCK (4 * RAW) /* two bytes of GB18030 or UTF-16 are at most three of UTF-8 */
#define BROKEN '\xFF'   /* stands for a byte that is no text: never part of UTF-8 */

/* In `block`, bytes [at, have) are unread. `lf` is the place of the first LF at or after `at`, or
 * `have`: kept from one line to the next, or a file with lone CRs would be searched again for each
 * of its lines. */
struct sheet_text {
    struct sheet_source source;
    struct csv_parser parser;
    int fd;
    enum text_form form;
    iconv_t cd;      /* of all but UTF-8 */
    uint64_t offset; /* in the file, behind raw[kept] */
    uint64_t broken; /* place in the file of the first byte that is no text; UINT64_MAX: none */
    size_t kept;     /* raw bytes that wait for the rest of their character */
    bool file_ended; /* nothing more to decode */
    bool ended;
    uint64_t line, start_line; /* of block[at]; of the row under way */
    size_t at, have, lf;
    struct sheet_cells cells;
    size_t size; /* bytes fed since the row's start */
    bool complete, blank;
    char delimiter;
    char raw[RAW];
    char block[BLOCK];
};

static void take_field(void *text, size_t len, void *data)
{
    struct sheet_text *t = data;
    strbuf_add(&t->cells.bytes, text, len);
    sheet_cells_end(&t->cells, len);
}

static void take_row(int terminator, void *data)
{
    (void)terminator;
    ((struct sheet_text *)data)->complete = true;
}

/* ---- bytes of the file as UTF-8 ---- */

static void note_broken(struct sheet_text *t, uint64_t at)
{
    if (t->broken == UINT64_MAX) {
        t->broken = at;
    }
}

/* From raw[0, n) behind block[have]; what is a character's beginning stays for the next piece, but
 * not at the `end` of the file. Gives the bytes taken. */
static size_t decode_utf8(struct sheet_text *t, size_t n, bool end)
{
    size_t i = 0;
    while (i < n) {
        bool torn;
        size_t good = text_well_formed((struct str){t->raw + i, n - i}, &torn);
        for (char *nul; (nul = memchr(t->raw + i, '\0', good)); *nul = BROKEN) {
            note_broken(t, t->offset + (uint64_t)(nul - t->raw));
        }
        memcpy(t->block + t->have, t->raw + i, good);
        t->have += good;
        i += good;
        if (i == n || (torn && !end)) {
            break;
        }
        note_broken(t, t->offset + i);
        t->block[t->have++] = BROKEN;
        i++;
    }
    return i;
}

static size_t decode_other(struct sheet_text *t, size_t n, bool end)
{
    char *from = t->raw, *to = t->block + t->have;
    size_t left = n, room = BLOCK - t->have;
    while (left) {
        char *before = to;
        bool ok = iconv(t->cd, &from, &left, &to, &room) != (size_t)-1;
        for (char *nul; (nul = memchr(before, '\0', (size_t)(to - before))); *nul = BROKEN) {
            note_broken(t, t->offset + (uint64_t)(from - t->raw));
        }
        if (ok || (errno == EINVAL && !end) || errno == E2BIG) {
            break;
        }
        note_broken(t, t->offset + (uint64_t)(from - t->raw));
        size_t unit = t->form == TEXT_GB18030 || left == 1 ? 1 : 2;
        from += unit, left -= unit;
        if (room == 0) {
            break;
        }
        *to++ = BROKEN, room--;
    }
    t->have = (size_t)(to - t->block);
    return n - left;
}

/* Moves what is unread to the front and decodes behind it until there is no room for another piece
 * or the file ends. A short read is no end: only 0 is. */
static bool fill(struct sheet_text *t, struct error *err)
{
    if (t->form != TEXT_UTF8 && t->cd == (iconv_t)-1) {
        return error_say(err, SAY_SHEET_ICONV);
    }
    t->have -= t->at;
    memmove(t->block, t->block + t->at, t->have);
    t->at = 0;
    while (BLOCK - t->have >= 2 * RAW && !t->file_ended) {
        ssize_t got = pread(t->fd, t->raw + t->kept, RAW - t->kept, (off_t)(t->offset + t->kept));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return error_say(err, SAY_FILE_UNREADABLE, arg_system(errno));
        }
        size_t n = t->kept + (size_t)got;
        size_t taken =
            t->form == TEXT_UTF8 ? decode_utf8(t, n, got == 0) : decode_other(t, n, got == 0);
        t->kept = n - taken;
        memmove(t->raw, t->raw + taken, t->kept);
        t->offset += taken;
        t->file_ended = got == 0;
    }
    const char *lf = memchr(t->block, '\n', t->have);
    t->lf = lf ? (size_t)(lf - t->block) : t->have;
    return true;
}

/* ---- rows ---- */

/* Length of the physical line at block[at] with its end, or of all there is of it; *whole says
 * which. A CR that is the last byte of the block waits: its LF may be in the next. */
static size_t find_line(struct sheet_text *t, bool *whole)
{
    if (t->lf < t->at) {
        const char *lf = memchr(t->block + t->at, '\n', t->have - t->at);
        t->lf = lf ? (size_t)(lf - t->block) : t->have;
    }
    const char *from = t->block + t->at;
    const char *cr = memchr(from, '\r', t->lf - t->at);

    *whole = true;
    if (!cr) {
        *whole = t->lf < t->have;
        return t->lf - t->at + *whole;
    }
    size_t len = (size_t)(cr - from) + 1;
    if (t->at + len < t->have) {
        return len + (cr[1] == '\n');
    }
    if (t->file_ended) {
        return len;
    }
    *whole = false;
    return len - 1;
}

static bool is_blank_piece(const struct sheet_text *t, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool space = text[i] == ' ' || text[i] == '\t';
        bool end = text[i] == '\r' || text[i] == '\n';
        if (!end && (!space || text[i] == t->delimiter)) {
            return false;
        }
    }
    return true;
}

static enum sheet_result bad_quote(struct sheet_text *t, struct sheet_row *row, struct error *err)
{
    struct sentence *said = t->line == t->start_line
                                ? sentence(SAY_QUOTE_MISPLACED)
                                : sentence(SAY_QUOTE_MISPLACED_ON, arg_number((int64_t)t->line));
    return sheet_fault_at(row, SHEET_QUOTE, t->start_line, 0, said, err);
}

/* Feeds the next line, or piece of one: a line that ends a row ends the feeding, so that no row is
 * ever found behind another in one call. SHEET_PENDING: go on. */
static enum sheet_result feed(struct sheet_text *t, struct sheet_row *row, struct error *err)
{
    bool whole;
    size_t len = find_line(t, &whole);

    if (!whole && !t->file_ended && t->at > 0) { /* more of the line may fit */
        if (!fill(t, err)) {
            row->fault = SHEET_STORAGE;
            return SHEET_FAULT;
        }
        len = find_line(t, &whole);
    }
    const char *text = t->block + t->at;
    if (t->size + len > SHEET_ROW_MAX) {
        return sheet_fault_at(row, SHEET_TOO_LONG, t->start_line, 0,
                              sentence(SAY_SHEET_ROW_LONG, arg_number(SHEET_ROW_MAX)), err);
    }
    if (csv_parse(&t->parser, text, len, take_field, take_row, t) != len) {
        return bad_quote(t, row, err);
    }
    t->blank = t->blank && is_blank_piece(t, text, len);
    t->size += len;
    t->at += len;
    t->line += whole;
    if (whole && !t->complete && t->blank) { /* a blank line: the row starts behind it */
        t->size = 0;
        t->start_line = t->line;
    }
    return SHEET_PENDING;
}

/* A row that holds a byte that is no text is where the file goes wrong. */
static enum sheet_result check_broken(const struct sheet_text *t, struct sheet_row *row,
                                      struct error *err)
{
    static const struct word form_words[] = {
        [TEXT_UTF8] = {"UTF-8, as the rest of the file is", "UTF-8 编码（文件其余部分是）"},
        [TEXT_UTF16LE] = {"UTF-16, as its mark says", "UTF-16 编码（文件标记是）"},
        [TEXT_UTF16BE] = {"UTF-16, as its mark says", "UTF-16 编码（文件标记是）"},
        [TEXT_GB18030] = {"GB18030, and the file is no UTF-8 either",
                          "GB18030 编码，全文也不是 UTF-8"},
    };
    static const struct names forms = NAMES_TABLE("encoding", form_words);
    for (size_t i = 0; t->broken != UINT64_MAX && i < row->count; i++) {
        if (memchr(row->cells[i].data, BROKEN, row->cells[i].len)) {
            return sheet_fault_at(row, SHEET_ENCODING, row->line, i + 1,
                                  sentence(SAY_SHEET_BROKEN, arg_number((int64_t)t->broken + 1),
                                           arg_word(&forms, (int)t->form)),
                                  err);
        }
    }
    return SHEET_ROW;
}

static enum sheet_result text_next(struct sheet_source *source, struct sheet_row *row,
                                   struct error *err)
{
    struct sheet_text *t = (struct sheet_text *)source;
    sheet_cells_reset(&t->cells);
    t->size = 0;
    t->complete = false;
    t->blank = true;
    t->start_line = t->line;
    while (!t->complete) {
        if (t->ended) {
            return SHEET_AT_END;
        }
        if (t->at == t->have && !fill(t, err)) {
            row->fault = SHEET_STORAGE;
            return SHEET_FAULT;
        }
        if (t->at < t->have) {
            enum sheet_result got = feed(t, row, err);
            if (got != SHEET_PENDING) {
                return got;
            }
            continue;
        }
        /* The end of the file ends the last row too. */
        t->ended = true;
        if (csv_fini(&t->parser, take_field, take_row, t) != 0) {
            return sheet_fault_at(row, SHEET_QUOTE, t->start_line, 0, sentence(SAY_QUOTE_OPEN),
                                  err);
        }
    }
    sheet_cells_row(&t->cells, t->start_line, row);
    return check_broken(t, row, err);
}

static int64_t text_done(const struct sheet_source *source)
{
    return (int64_t)((const struct sheet_text *)source)->offset;
}

static void text_close(struct sheet_source *source)
{
    struct sheet_text *t = (struct sheet_text *)source;
    csv_free(&t->parser);
    if (t->cd != (iconv_t)-1) {
        iconv_close(t->cd);
    }
    sheet_cells_free(&t->cells);
    free(t);
}

static const struct sheet_source_class text_class = {text_next, text_done, text_close};

struct sheet_source *sheet_text_open(int fd, enum text_form form, uint64_t start, char delimiter)
{
    static const char *const names[] = {
        [TEXT_UTF16LE] = "UTF-16LE", [TEXT_UTF16BE] = "UTF-16BE", [TEXT_GB18030] = "GB18030"};
    struct sheet_text *t = xmalloc(sizeof *t);
    memset(t, 0, offsetof(struct sheet_text, raw));
    t->source.class = &text_class;
    csv_init(&t->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_delim(&t->parser, (unsigned char)delimiter);
    csv_set_realloc_func(&t->parser, xrealloc);
    csv_set_blk_size(&t->parser, 4096);
    t->fd = fd;
    t->form = form;
    t->cd = form == TEXT_UTF8 ? (iconv_t)-1 : iconv_open("UTF-8", names[form]);
    t->offset = start;
    t->broken = UINT64_MAX;
    t->line = t->start_line = 1;
    t->delimiter = delimiter;
    return &t->source;
}
