#include "base/sheet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cell.h"
#include "base/sheet_source.h"
#include "base/text.h"

#define SCAN_PIECE (256 * 1024) /* of one call: well below a slice of the writer's time */
#define PROBED (SHEET_TITLES + 1)
#define BLANK_ROWS 1000 /* passed over in one call */

enum sheet_state { STATE_OPEN, STATE_SCAN, STATE_PROBE, STATE_ROWS, STATE_ENDED };

/* What the bytes of a text say about its encoding. */
struct scan {
    uint64_t at;          /* read so far */
    size_t kept;          /* bytes before `at` that wait for the rest of their character */
    uint64_t characters;  /* whole UTF-8 characters of three or four bytes: Chinese ones */
    uint64_t broken;      /* places that are no UTF-8 */
    uint64_t pairs, rare; /* two-byte characters were it GB18030; those that GB 2312 lacks */
    bool lead;            /* the last byte was the first of such a pair */
    uint64_t nul;         /* of the first NUL byte; UINT64_MAX */
    uint64_t lines;       /* line feeds before it */
    unsigned char first;  /* of the pair under way */
};

/* A row kept while the heading is looked for. */
struct probe {
    struct sheet_row row;
    struct sheet_cells cells;
};

struct sheet {
    int fd;
    struct sheet_options options;
    enum sheet_state state;
    const char *form;
    int64_t size;
    bool is_text; /* then: */
    enum text_form encoding;
    uint64_t start; /* behind the mark */
    struct scan scan;
    char delimiter;      /* under trial */
    char best_delimiter; /* and the best before it */
    uint64_t best;

    struct sheet_source *source;
    struct probe probes[PROBED];
    size_t probe_count, probe_next;
    enum sheet_result ending; /* what came behind the probes: SHEET_ROW: nothing yet */
    struct sheet_row fault;
    struct error why;
};

/* ---- shared with the sources ---- */

void sheet_cells_end(struct sheet_cells *c, size_t len)
{
    if (c->count == c->room) {
        c->room = c->room ? 2 * c->room : 32;
        c->cells = xrealloc(c->cells, c->room * sizeof *c->cells);
    }
    c->cells[c->count++] = (struct str){NULL, len};
}

void sheet_cells_row(struct sheet_cells *c, uint64_t line, struct sheet_row *row)
{
    const char *data = strbuf_text(&c->bytes);
    for (size_t i = 0; i < c->count; i++) {
        c->cells[i].data = data;
        data += c->cells[i].len;
    }
    *row = (struct sheet_row){.line = line, .count = c->count, .cells = c->cells};
}

void sheet_cells_reset(struct sheet_cells *c)
{
    strbuf_reset(&c->bytes);
    c->count = 0;
}

void sheet_cells_free(struct sheet_cells *c)
{
    strbuf_free(&c->bytes);
    free(c->cells);
    *c = (struct sheet_cells){0};
}

enum sheet_result sheet_fault_at(struct sheet_row *row, enum sheet_fault fault, uint64_t line,
                                 size_t column, struct sentence *said, struct error *err)
{
    error_put(err, NULL, said);
    *row = (struct sheet_row){.line = line, .fault = fault, .column = column};
    return SHEET_FAULT;
}

enum sheet_result sheet_storage(struct sheet_row *row, struct error *err)
{
    return sheet_fault_at(row, SHEET_STORAGE, 0, 0,
                          sentence(SAY_FILE_UNREADABLE, arg_system(errno)), err);
}

int sheet_unlinked(const char *folder, struct error *err)
{
    int fd = folder ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)
                    : memfd_create("sheet", MFD_CLOEXEC);
    if (fd < 0) {
        error_say(err, SAY_SHEET_UNLINKED, arg_z(folder ? folder : "memory"), arg_system(errno));
    }
    return fd;
}

void sheet_number(double value, struct strbuf *out)
{
    char text[40];
    if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value) {
        strbuf_addint(out, (int64_t)value);
        return;
    }
    /* A spreadsheet knows 15 digits and shows no dust of its arithmetic behind them. */
    bool lost = value <= -1e15 || value >= 1e15;
    snprintf(text, sizeof text, lost ? "%.14E" : "%.15g", value);
    strbuf_addz(out, text);
}

bool sheet_serial(double value, bool from_1904, struct strbuf *out)
{
    int year, month, day;
    /* 2,958,465 is 9999-12-31. Day 60 of 1900 is 29 February, which never was. */
    double last = from_1904 ? 2957003 : 2958465;
    if (!(value >= (from_1904 ? 0 : 1) && value < last + 1)) {
        return false;
    }
    int64_t whole = (int64_t)value, seconds = (int64_t)((value - (double)whole) * 86400 + 0.5);
    if (!from_1904 && whole == 60) {
        return false;
    }
    whole += seconds / 86400;
    seconds %= 86400;
    /* Serial 25569 is 1970-01-01; before that false leap day all are one less. */
    int64_t days = from_1904 ? whole - 24107 : whole - 25569 + (whole < 60);
    text_civil(days, &year, &month, &day);
    strbuf_addf(out, "%04d-%02d-%02d", year, month, day);
    if (seconds) {
        strbuf_addf(out, " %02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                    (int)(seconds % 60));
    }
    return true;
}

/* ---- what the file is ---- */

struct sheet *sheet_open(int fd, const struct sheet_options *options)
{
    struct sheet *s = xcalloc(1, sizeof *s);
    struct stat st;
    s->fd = fd;
    s->options = *options;
    s->form = "";
    s->size = fstat(fd, &st) == 0 ? st.st_size : 0;
    s->ending = SHEET_ROW;
    return s;
}

static enum sheet_result fault(struct sheet *s, enum sheet_result got)
{
    s->state = STATE_ENDED;
    return got;
}

static enum sheet_result open_form(struct sheet *s, struct sheet_row *row, struct error *err)
{
    enum { PDF, PICTURE, RTF, PAGE, XML };
    static const struct word kind_words[] = {[PDF] = {"a PDF", "PDF 文件"},
                                             [PICTURE] = {"a picture", "图片"},
                                             [RTF] = {"an RTF text", "RTF 文档"},
                                             [PAGE] = {"a web page", "网页"},
                                             [XML] = {"an XML text", "XML 文本"}};
    static const struct names kinds = NAMES_TABLE("kind", kind_words);
    static const struct {
        const char *start;
        size_t len;
        int kind;
    } others[] = {
        {"%PDF", 4, PDF},        {"\xFF\xD8\xFF", 3, PICTURE},
        {"\x89PNG", 4, PICTURE}, {"{\\rtf", 5, RTF},
        {"<html", 5, PAGE},      {"<!DOC", 5, PAGE},
        {"<table", 6, PAGE},     {"<?xml", 5, XML},
    };
    static const struct {
        const char *mark;
        size_t len;
        enum text_form encoding;
        const char *form;
    } marks[] = {
        {"\xEF\xBB\xBF", 3, TEXT_UTF8, "UTF-8"},
        {"\xFF\xFE", 2, TEXT_UTF16LE, "UTF-16"},
        {"\xFE\xFF", 2, TEXT_UTF16BE, "UTF-16"},
        {"\x84\x31\x95\x33", 4, TEXT_GB18030, "GB18030"},
    };
    char start[8];
    ssize_t n = pread(s->fd, start, sizeof start, 0);
    if (n < 0) {
        return fault(s, sheet_storage(row, err));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if ((size_t)n >= others[i].len && memcmp(start, others[i].start, others[i].len) == 0) {
            return fault(s, sheet_fault_at(
                                row, SHEET_DAMAGED, 0, 0,
                                sentence(SAY_SHEET_OTHER, arg_word(&kinds, others[i].kind)), err));
        }
    }
    if (n >= 2 && memcmp(start, "PK", 2) == 0 && (n < 4 || start[2] < ' ')) {
        s->form = ".xlsx";
        s->source = sheet_xlsx_open(s->fd, s->options.folder);
        s->state = STATE_PROBE;
        return SHEET_PENDING;
    }
    if (n >= 4 && memcmp(start, "\xD0\xCF\x11\xE0", 4) == 0) {
        s->form = ".xls";
        s->source = sheet_xls_open(s->fd, s->options.folder);
        s->state = STATE_PROBE;
        return SHEET_PENDING;
    }
    s->is_text = true;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if ((size_t)n >= marks[i].len && memcmp(start, marks[i].mark, marks[i].len) == 0) {
            s->encoding = marks[i].encoding;
            s->form = marks[i].form;
            s->start = marks[i].len;
            s->state = STATE_PROBE;
            return SHEET_PENDING;
        }
    }
    s->scan.nul = UINT64_MAX;
    s->state = STATE_SCAN;
    return SHEET_PENDING;
}

/* Were it GB18030: pairs of a first byte 0x81 … 0xFE and a second 0x40 … 0xFE. */
static void scan_pairs(struct scan *c, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c->lead) {
            c->lead = false;
            if (p[i] >= 0x40) {
                c->pairs++;
                c->rare += p[i] < 0xA1 || c->first < 0xA1 || c->first > 0xF7;
            }
        } else if (p[i] > 0x80) {
            c->lead = true;
            c->first = p[i];
        }
    }
}

static void scan_utf8(struct scan *c, const char *p, size_t n, bool end, size_t *left)
{
    size_t i = 0;
    bool torn = false;
    while (i < n) {
        size_t good = text_well_formed((struct str){p + i, n - i}, &torn);
        for (size_t k = 0; k < good; k++) {
            c->characters += (unsigned char)p[i + k] >= 0xE0;
        }
        i += good;
        if (i == n || (torn && !end)) {
            break;
        }
        c->broken++;
        i++;
        while (i < n && ((unsigned char)p[i] & 0xC0) == 0x80) { /* of the same broken one */
            i++;
        }
    }
    *left = n - i;
}

/* A file that is not UTF-8 is GB18030 where it looks like that and not like UTF-8 that was damaged.
 * Of Chinese in GB18030 hardly a character in fifty is by chance a whole one of UTF-8, and most are
 * of GB 2312; of damaged UTF-8 it is the other way round. One pair alone tells nothing. */
static bool is_gb18030(const struct scan *c)
{
    return c->pairs >= 2 && 2 * c->rare <= c->pairs && 4 * c->characters <= c->pairs;
}

static enum sheet_result scan_slice(struct sheet *s, struct sheet_row *row, struct error *err)
{
    struct scan *c = &s->scan;
    char *piece = xmalloc(SCAN_PIECE);
    /* The beginning of a character that was torn is read again. */
    ssize_t n = pread(s->fd, piece, SCAN_PIECE, (off_t)(c->at - c->kept));
    if (n < 0) {
        free(piece);
        return fault(s, sheet_storage(row, err));
    }
    size_t have = (size_t)n, before = c->kept < have ? c->kept : have;
    bool end = have == before;
    const char *nul = memchr(piece, '\0', have);
    if (nul && c->nul == UINT64_MAX) {
        c->nul = c->at - c->kept + (uint64_t)(nul - piece);
    }
    const char *stop = nul ? nul : piece + have;
    for (const char *p = piece + before; p < stop && (p = memchr(p, '\n', (size_t)(stop - p)));
         p++) {
        c->lines++;
    }
    scan_pairs(c, (const unsigned char *)piece + before, have - before);
    scan_utf8(c, piece, have, end, &c->kept);
    c->at += have - before;
    free(piece);
    if (c->nul != UINT64_MAX) {
        return fault(s,
                     sheet_fault_at(row, SHEET_ENCODING, c->lines + 1, 0,
                                    sentence(SAY_SHEET_NUL, arg_number((int64_t)c->nul + 1)), err));
    }
    if (end) {
        bool gb = c->broken && is_gb18030(c);
        s->encoding = gb ? TEXT_GB18030 : TEXT_UTF8;
        s->form = gb ? "GB18030" : "UTF-8";
        s->state = STATE_PROBE;
    }
    return SHEET_PENDING;
}

/* ---- the heading ---- */

/* Delimiters alone say nothing, whichever is the file's. */
static bool is_blank_row(const struct sheet_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        struct str cell = cell_trim(row->cells[i]);
        while (cell.len && strchr(",;", cell.data[0])) {
            cell.data++;
            cell.len--;
        }
        if (cell.len) {
            return false;
        }
    }
    return true;
}

/* The next row that is not blank; SHEET_PENDING where the source has it, and behind many blanks. */
static enum sheet_result source_row(struct sheet_source *source, struct sheet_row *row,
                                    struct error *err)
{
    for (int i = 0; i < BLANK_ROWS; i++) {
        *row = (struct sheet_row){0};
        enum sheet_result got = source->class->next(source, row, err);
        if (got != SHEET_ROW || !is_blank_row(row)) {
            return got;
        }
    }
    return SHEET_PENDING;
}

static void keep(struct probe *p, const struct sheet_row *row)
{
    sheet_cells_reset(&p->cells);
    for (size_t i = 0; i < row->count; i++) {
        strbuf_addstr(&p->cells.bytes, row->cells[i]);
        sheet_cells_end(&p->cells, row->cells[i].len);
    }
    sheet_cells_row(&p->cells, row->line, &p->row);
}

/* How much of a heading a row is: the headings known, then the cells filled. */
static uint64_t score(const struct sheet *s, const struct sheet_row *row)
{
    uint64_t known = 0, filled = 0;
    for (size_t i = 0; i < row->count; i++) {
        struct str cell = cell_trim(row->cells[i]);
        filled += cell.len > 0;
        known += cell.len && s->options.known && s->options.known(s->options.data, cell);
    }
    return known << 32 | (filled < UINT32_MAX ? filled : UINT32_MAX);
}

/* The best of the rows kept; 0 for none. Of equal ones the first. */
static uint64_t best_probe(const struct sheet *s, size_t *which)
{
    uint64_t best = 0;
    *which = 0;
    for (size_t i = 0; i < s->probe_count; i++) {
        uint64_t value = score(s, &s->probes[i].row);
        if (value > best) {
            best = value;
            *which = i;
        }
    }
    return best;
}

/* Excel's own word on the delimiter, "sep=;", in a first line of its own; libcsv has cut the tab of
 * "sep=<tab>", and split "sep=,". */
static char told_delimiter(const struct sheet_row *row)
{
    struct str first = row->count ? row->cells[0] : STR_NONE;
    if (first.len < 4 || first.len > 5 || memcmp(first.data, "sep=", 4) != 0) {
        return 0;
    }
    if (first.len == 5) {
        return first.data[4];
    }
    return row->count > 1 ? ',' : '\t';
}

/* Rows until there are enough to find the heading in, or what ends them. */
static bool probe_rows(struct sheet *s, struct sheet_row *row)
{
    while (s->probe_count < PROBED && s->ending == SHEET_ROW) {
        enum sheet_result got = source_row(s->source, row, &s->why);
        if (got == SHEET_PENDING) {
            return false;
        }
        if (got == SHEET_ROW) {
            keep(&s->probes[s->probe_count++], row);
        } else {
            s->ending = got;
            s->fault = *row;
        }
    }
    return true;
}

static void text_under(struct sheet *s, char delimiter)
{
    if (s->source) {
        s->source->class->close(s->source);
    }
    s->source = sheet_text_open(s->fd, s->encoding, s->start, delimiter);
    s->delimiter = delimiter;
    s->probe_count = 0;
    s->ending = SHEET_ROW;
    error_clear(&s->why);
}

/* The rows under one delimiter are there: tries the next, or comes back to the best. True where
 * the delimiter is found, and its rows stand. */
static bool choose_delimiter(struct sheet *s)
{
    static const char delimiters[] = {',', ';', '\t'};
    size_t which, next = 0;
    char told = s->probe_count ? told_delimiter(&s->probes[0].row) : 0;
    uint64_t value = best_probe(s, &which);
    if (s->best_delimiter == s->delimiter) {
        return true;
    }
    if (told) {
        s->best_delimiter = told;
    } else {
        while (delimiters[next++] != s->delimiter) {
        }
        if (value > s->best || s->best_delimiter == 0) {
            s->best = value;
            s->best_delimiter = s->delimiter;
        }
        if (next < sizeof delimiters) {
            text_under(s, delimiters[next]);
            return false;
        }
    }
    if (s->best_delimiter == s->delimiter) {
        return true;
    }
    text_under(s, s->best_delimiter);
    return false;
}

static enum sheet_result find_heading(struct sheet *s, struct sheet_row *row)
{
    size_t which;
    if (!s->source) {
        text_under(s, ',');
    }
    if (!probe_rows(s, row) || (s->is_text && !choose_delimiter(s))) {
        return SHEET_PENDING;
    }
    bool told = s->is_text && s->probe_count && told_delimiter(&s->probes[0].row);
    best_probe(s, &which);
    s->probe_next = told && which == 0 ? 1 : which;
    s->state = STATE_ROWS;
    return SHEET_PENDING;
}

/* ---- rows ---- */

static enum sheet_result give(struct sheet *s, struct sheet_row *row, struct error *err)
{
    if (s->probe_next < s->probe_count) {
        *row = s->probes[s->probe_next++].row;
        return SHEET_ROW;
    }
    enum sheet_result got = s->ending;
    if (got == SHEET_ROW) {
        got = source_row(s->source, row, err);
    } else {
        *row = s->fault;
        if (got == SHEET_FAULT) {
            error_move(err, &s->why);
        }
    }
    if (got == SHEET_FAULT || got == SHEET_AT_END) {
        s->state = STATE_ENDED;
    }
    return got;
}

enum sheet_result sheet_next(struct sheet *s, struct sheet_row *row, struct error *err)
{
    *row = (struct sheet_row){0};
    switch (s->state) {
    case STATE_OPEN:
        return open_form(s, row, err);
    case STATE_SCAN:
        return scan_slice(s, row, err);
    case STATE_PROBE:
        return find_heading(s, row);
    case STATE_ROWS:
        return give(s, row, err);
    case STATE_ENDED:
        break;
    }
    return SHEET_AT_END;
}

enum sheet_result sheet_read(struct sheet *s, struct sheet_row *row, struct error *err)
{
    enum sheet_result got;
    do {
        got = sheet_next(s, row, err);
    } while (got == SHEET_PENDING);
    return got;
}

const char *sheet_form(const struct sheet *s)
{
    return s->form;
}

void sheet_progress(const struct sheet *s, int64_t *done, int64_t *total)
{
    *total = s->size;
    *done = s->source ? s->source->class->done(s->source) : 0;
}

void sheet_close(struct sheet *s)
{
    if (!s) {
        return;
    }
    if (s->source) {
        s->source->class->close(s->source);
    }
    for (size_t i = 0; i < PROBED; i++) {
        sheet_cells_free(&s->probes[i].cells);
    }
    error_clear(&s->why);
    free(s);
}
