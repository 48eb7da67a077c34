/* An .xlsx workbook (ECMA-376): a zip archive of XML, read as a stream by libzip and expat.
 *
 * The parts needed are found by their relations: the workbook, its first sheet, the shared strings
 * and the styles. Names are told by their local part, for Excel, WPS and LibreOffice choose their
 * own prefixes. */
#include "base/sheet_source.h"

#include <errno.h>
#include <expat.h>
#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

#include "base/file.h"
#include "base/text.h"

#define PIECE (32 * 1024)       /* of XML, unpacked; the work of one call */
#define TOKEN_MAX (1024 * 1024) /* bytes of XML without an element or text that ends */
#define DEPTH_MAX 32
#define ENTRIES_MAX 4096
#define NAME_MAX_PART 512 /* bytes of a part's name */
#define STYLES_MAX 65536
/* What all parts together may unpack to: a sheet packs some twenty times, and never a hundred. */
#define UNPACKED_FREE (INT64_C(64) << 20)
#define UNPACKED_RATIO 100
#define ROWS_MAX 1048576

/* ---- shared strings: in an unlinked file, read through a table of pages ---- */

#define PAGE 4096
#define PAGES 256

struct paged {
    int fd;
    uint64_t size;
    struct strbuf ahead; /* not yet written */
    struct {
        uint64_t number; /* 1 + page; 0: none */
        size_t have;
        char bytes[PAGE];
    } * pages;
};

static bool paged_open(struct paged *p, const char *folder, struct error *err)
{
    p->fd = sheet_unlinked(folder, err);
    p->pages = p->fd >= 0 ? xcalloc(PAGES, sizeof *p->pages) : NULL;
    return p->fd >= 0;
}

static bool paged_flush(struct paged *p, struct error *err)
{
    bool ok = file_write(p->fd, p->ahead.data, p->ahead.len);
    strbuf_reset(&p->ahead);
    return ok || error_say(err, SAY_SHEET_STRINGS, arg_system(errno));
}

static bool paged_add(struct paged *p, const void *bytes, size_t len, struct error *err)
{
    strbuf_add(&p->ahead, bytes, len);
    p->size += len;
    return p->ahead.len < 16 * PAGE || paged_flush(p, err);
}

/* Appends bytes [at, at + len) of what was flushed. */
static bool paged_get(struct paged *p, uint64_t at, size_t len, struct strbuf *out,
                      struct error *err)
{
    while (len) {
        uint64_t number = at / PAGE;
        size_t from = (size_t)(at % PAGE), slot = (size_t)(number % PAGES);
        if (p->pages[slot].number != number + 1) {
            ssize_t n = pread(p->fd, p->pages[slot].bytes, PAGE, (off_t)(number * PAGE));
            if (n < 0) {
                return error_say(err, SAY_SHEET_STRINGS, arg_system(errno));
            }
            p->pages[slot].number = number + 1;
            p->pages[slot].have = (size_t)n;
        }
        size_t there = p->pages[slot].have > from ? p->pages[slot].have - from : 0;
        size_t take = there < len ? there : len;
        if (take == 0) {
            return error_say(err, SAY_SHEET_ROWS);
        }
        strbuf_add(out, p->pages[slot].bytes + from, take);
        at += take;
        len -= take;
    }
    return true;
}

static void paged_close(struct paged *p)
{
    if (p->pages) {
        close(p->fd);
        free(p->pages);
    }
    strbuf_free(&p->ahead);
}

/* ---- the workbook ---- */

enum part {
    PART_RELATIONS,
    PART_WORKBOOK,
    PART_BOOK_RELATIONS,
    PART_STYLES,
    PART_STRINGS,
    PART_SHEET,
    PART_NONE
};

/* What text is being gathered for. */
enum gather { GATHER_NO, GATHER_STRING, GATHER_VALUE, GATHER_INLINE };

struct xlsx {
    struct sheet_source source;
    int fd;
    const char *folder;
    zip_t *zip;
    int64_t allowed; /* bytes that may still be unpacked */
    enum part part;
    zip_file_t *file; /* of `part`; NULL: to be opened */
    int64_t file_read;
    XML_Parser xml;
    bool suspended, part_ended;
    int depth;
    size_t quiet;          /* bytes since the last event */
    struct sentence *said; /* what a handler found wrong; owned */
    enum sheet_fault fault_kind;

    char *book, *sheet, *sheet_id, *styles, *strings; /* parts' names; owned */
    bool from_1904;
    bool *is_date; /* of each cell format */
    size_t formats, formats_room;
    struct {
        int id;
        bool is_date;
    } * custom;
    size_t customs;
    bool in_formats;

    struct paged text, index;
    uint64_t string_count;
    uint64_t string_at; /* of the string under way */

    enum gather gather;
    int phonetic; /* depth at which a reading aid began; 0: none */
    struct strbuf value;
    uint64_t row_line;
    size_t column; /* of the cell under way, from 1; of the last one behind it */
    char type;     /* n, s, i(nlineStr), t (str), b, e, d */
    size_t style;
    bool has_value, has_formula;
    bool row_done;
    struct sheet_cells cells;
};

static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *attribute(const char *const *attributes, const char *name)
{
    for (size_t i = 0; attributes[i]; i += 2) {
        if (strcmp(local(attributes[i]), name) == 0) {
            return attributes[i + 1];
        }
    }
    return NULL;
}

static void stop(struct xlsx *x, enum sheet_fault kind, struct sentence *said)
{
    if (x->said) {
        sentence_free(said);
    } else {
        x->said = said;
        x->fault_kind = kind;
    }
    XML_StopParser(x->xml, XML_FALSE);
}

static void stop_damaged(struct xlsx *x, const char *what)
{
    stop(x, SHEET_DAMAGED, sentence(SAY_SHEET_DAMAGED, arg_z(what)));
}

static void stop_storage(struct xlsx *x, struct error *why)
{
    stop(x, SHEET_STORAGE, sentence_copy(why->said));
    error_clear(why);
}

static bool number_of(const char *text, int64_t max, int64_t *value)
{
    return text && str_to_int(str_of(text), 0, max, value);
}

/* The name of a part in the archive: `target` against the folder of the part that names it. */
static char *part_name(const char *base, const char *target)
{
    struct strbuf out = STRBUF_INIT;
    const char *slash = strrchr(base, '/');
    if (*target == '/') {
        target++;
    } else if (slash) {
        strbuf_add(&out, base, (size_t)(slash - base) + 1);
    }
    while (strncmp(target, "../", 3) == 0 && out.len) {
        target += 3;
        out.len--; /* the slash */
        while (out.len && out.data[out.len - 1] != '/') {
            out.len--;
        }
    }
    strbuf_addz(&out, strncmp(target, "./", 2) == 0 ? target + 2 : target);
    char *name = xstrndup(strbuf_text(&out), out.len);
    strbuf_free(&out);
    return name;
}

static bool ends_with(const char *text, const char *end)
{
    size_t a = text ? strlen(text) : 0, b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static void keep_name(char **slot, const char *base, const char *target)
{
    if (!*slot && target && strlen(target) < NAME_MAX_PART) {
        *slot = part_name(base, target);
    }
}

/* ---- number formats ---- */

/* Formats 14 … 22 and those of East Asia, 27 … 36, 45 … 47, 50 … 58, are days and times. */
static bool is_builtin_date(int64_t id)
{
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) ||
           (id >= 50 && id <= 58);
}

/* A format with y, m or d (or their Japanese kin) outside of quotes and brackets. */
static bool is_date_format(const char *code)
{
    bool quoted = false, bracket = false;
    if (strcasestr(code, "general")) {
        return false; /* the only word that stands without quotes, and it has an e: a year's letter
                       */
    }
    for (const char *p = code; *p; p++) {
        if (quoted) {
            quoted = *p != '"';
        } else if (bracket) {
            bracket = *p != ']';
        } else if (*p == '"') {
            quoted = true;
        } else if (*p == '[') {
            bracket = true;
        } else if (*p == '\\' || *p == '_' || *p == '*') {
            if (p[1]) {
                p++;
            }
        } else if (*p == ';') {
            return false; /* what follows is for negative numbers */
        } else if (strchr("yYmMdDeE", *p)) {
            /* 0.00E+00 is no day */
            if ((*p == 'E' || *p == 'e') && (p[1] == '+' || p[1] == '-')) {
                return false;
            }
            return true;
        }
    }
    return false;
}

static void add_format(struct xlsx *x, const char *id_text)
{
    int64_t id = 0;
    if (x->formats == STYLES_MAX) {
        stop_damaged(x, "too many formats");
        return;
    }
    if (x->formats == x->formats_room) {
        x->formats_room = x->formats_room ? 2 * x->formats_room : 64;
        x->is_date = xrealloc(x->is_date, x->formats_room * sizeof *x->is_date);
    }
    number_of(id_text, INT32_MAX, &id);
    bool date = is_builtin_date(id);
    for (size_t i = 0; i < x->customs; i++) {
        if (x->custom[i].id == (int)id) {
            date = x->custom[i].is_date;
        }
    }
    x->is_date[x->formats++] = date;
}

static void add_custom(struct xlsx *x, const char *const *attributes)
{
    int64_t id;
    const char *code = attribute(attributes, "formatCode");
    if (x->customs < STYLES_MAX && code &&
        number_of(attribute(attributes, "numFmtId"), INT32_MAX, &id)) {
        if ((x->customs & (x->customs - 1)) == 0) {
            x->custom = xrealloc(x->custom, (x->customs ? 2 * x->customs : 1) * sizeof *x->custom);
        }
        x->custom[x->customs].id = (int)id;
        x->custom[x->customs++].is_date = is_date_format(code);
    }
}

/* ---- cells ---- */

/* "AB12" as column and row; false where it is none. */
static bool reference(const char *text, size_t *column, uint64_t *row)
{
    *column = 0;
    *row = 0;
    while (*text >= 'A' && *text <= 'Z' && *column <= SHEET_COLUMNS_MAX) {
        *column = *column * 26 + (size_t)(*text++ - 'A') + 1;
    }
    while (*text >= '0' && *text <= '9' && *row <= ROWS_MAX) {
        *row = *row * 10 + (uint64_t)(*text++ - '0');
    }
    return !*text && *column && *column <= SHEET_COLUMNS_MAX && *row <= ROWS_MAX;
}

static void row_begin(struct xlsx *x, const char *const *attributes)
{
    int64_t line;
    const char *given = attribute(attributes, "r");
    sheet_cells_reset(&x->cells);
    x->column = 0;
    if (!given) {
        line = (int64_t)x->row_line + 1;
    } else if (!number_of(given, ROWS_MAX, &line)) {
        stop_damaged(x, "a row without its number");
        return;
    }
    if (line <= (int64_t)x->row_line || line > ROWS_MAX) {
        stop_damaged(x, "its rows are out of order");
        return;
    }
    x->row_line = (uint64_t)line;
}

static void cell_begin(struct xlsx *x, const char *const *attributes)
{
    const char *at = attribute(attributes, "r"), *type = attribute(attributes, "t");
    int64_t style = 0;
    size_t column = x->column + 1;
    uint64_t row;
    if (at && !reference(at, &column, &row)) {
        stop_damaged(x, "a cell without its place");
        return;
    }
    if (column <= x->column || column > SHEET_COLUMNS_MAX) {
        stop_damaged(x, "the cells of a row are out of order");
        return;
    }
    number_of(attribute(attributes, "s"), STYLES_MAX, &style);
    x->column = column;
    x->style = (size_t)style;
    x->type = !type                            ? 'n'
              : strcmp(type, "s") == 0         ? 's'
              : strcmp(type, "inlineStr") == 0 ? 'i'
              : strcmp(type, "str") == 0       ? 't'
              : strcmp(type, "b") == 0         ? 'b'
              : strcmp(type, "e") == 0         ? 'e'
              : strcmp(type, "d") == 0         ? 'd'
                                               : 'n';
    x->has_value = x->has_formula = false;
    strbuf_reset(&x->value);
}

/* Appends the text with Excel's _x000D_ for characters that XML cannot have. */
static void add_escaped(struct strbuf *out, struct str s)
{
    for (size_t i = 0; i < s.len;) {
        unsigned code = 0;
        bool escape =
            s.len - i >= 7 && s.data[i] == '_' && s.data[i + 1] == 'x' && s.data[i + 6] == '_';
        for (size_t k = 2; escape && k < 6; k++) {
            char c = s.data[i + k];
            int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                               : -1;
            escape = digit >= 0;
            code = code * 16 + (unsigned)(digit < 0 ? 0 : digit);
        }
        if (escape && code && code < 0x80) {
            strbuf_addc(out, (char)code);
            i += 7;
        } else {
            strbuf_addc(out, s.data[i++]);
        }
    }
}

static bool shared_string(struct xlsx *x, int64_t number, struct strbuf *out)
{
    struct strbuf places = STRBUF_INIT;
    struct error why = ERROR_INIT;
    uint64_t place[2];
    if ((uint64_t)number >= x->string_count) {
        stop_damaged(x, "a cell names a string that is not there");
        return false;
    }
    bool ok = paged_get(&x->index, (uint64_t)number * sizeof place[0], sizeof place, &places, &why);
    if (ok) {
        memcpy(place, places.data, sizeof place);
        ok = paged_get(&x->text, place[0], (size_t)(place[1] - place[0]), out, &why);
    }
    strbuf_free(&places);
    if (!ok) {
        stop_storage(x, &why);
    }
    return ok;
}

/* The number of a cell without a type, under its style. */
static bool number_text(struct xlsx *x, struct strbuf *out)
{
    char *end;
    const char *text = strbuf_text(&x->value);
    if (x->value.len > 15 && strspn(text, "0123456789") == x->value.len) {
        strbuf_addstr(out, strbuf_str(&x->value)); /* none of its digits is lost */
        return true;
    }
    errno = 0;
    double value = strtod(text, &end);
    if (*end || end == text || errno) {
        return false;
    }
    bool date = x->style < x->formats && x->is_date[x->style];
    if (date && sheet_serial(value, x->from_1904, out)) {
        return true;
    }
    sheet_number(value, out);
    if (x->from_1904 && value >= 10000 && value < 100000 && value == (double)(int64_t)value) {
        strbuf_addz(out, ".0"); /* so that it is never taken for a serial number from 1900 */
    }
    return true;
}

static void cell_end(struct xlsx *x)
{
    size_t before = x->cells.bytes.len;
    struct strbuf *out = &x->cells.bytes;
    int64_t number;
    if (!x->has_value) {
        if (x->has_formula) {
            stop(x, SHEET_DAMAGED,
                 sentence(SAY_SHEET_FORMULA, arg_number((int64_t)x->row_line),
                          arg_number((int64_t)x->column)));
        }
        return;
    }
    while (x->cells.count + 1 < x->column) {
        sheet_cells_end(&x->cells, 0);
    }
    struct str value = strbuf_str(&x->value);
    if (x->type == 's') {
        if (!str_to_int(value, 0, INT32_MAX, &number)) {
            stop_damaged(x, "a string without its number");
        } else if (!shared_string(x, number, out)) {
            return;
        }
    } else if (x->type == 'b') {
        strbuf_addz(out, str_is(value, "1") ? "true" : "false");
    } else if (x->type == 'i' || x->type == 't') {
        add_escaped(out, value);
    } else if (x->type != 'n' || !number_text(x, out)) {
        strbuf_addstr(out, value); /* #N/A, an ISO day, or what is no number */
    }
    sheet_cells_end(&x->cells, out->len - before);
    if (out->len > SHEET_ROW_MAX) {
        stop(x, SHEET_TOO_LONG, sentence(SAY_SHEET_ROW_LONG, arg_number(SHEET_ROW_MAX)));
    }
}

/* ---- events ---- */

static void sheet_begin(struct xlsx *x, const char *name, const char *const *attributes)
{
    if (strcmp(name, "row") == 0) {
        row_begin(x, attributes);
    } else if (strcmp(name, "c") == 0) {
        cell_begin(x, attributes);
    } else if (strcmp(name, "v") == 0 && x->type != 'i') {
        x->gather = GATHER_VALUE;
    } else if (strcmp(name, "f") == 0) {
        x->has_formula = true;
    } else if (strcmp(name, "t") == 0 && x->type == 'i' && !x->phonetic) {
        x->gather = GATHER_INLINE;
    }
}

static void string_end(struct xlsx *x)
{
    struct strbuf text = STRBUF_INIT;
    struct error why = ERROR_INIT;
    add_escaped(&text, strbuf_str(&x->value));
    bool ok = paged_add(&x->index, &x->text.size, sizeof x->text.size, &why) &&
              paged_add(&x->text, text.data, text.len, &why);
    x->string_count++;
    strbuf_free(&text);
    if (!ok) {
        stop_storage(x, &why);
    }
}

static void on_begin(void *data, const XML_Char *qualified, const XML_Char **given)
{
    struct xlsx *x = data;
    const char *name = local(qualified);
    const char *const *attributes = (const char *const *)given;
    x->quiet = 0;
    if (++x->depth > DEPTH_MAX) {
        stop_damaged(x, "its XML is too deep");
        return;
    }
    if (strcmp(name, "rPh") == 0 && !x->phonetic) {
        x->phonetic = x->depth;
    }
    switch (x->part) {
    case PART_RELATIONS:
        if (ends_with(attribute(attributes, "Type"), "/officeDocument")) {
            keep_name(&x->book, "", attribute(attributes, "Target"));
        }
        break;
    case PART_WORKBOOK:
        if (strcmp(name, "workbookPr") == 0) {
            const char *from = attribute(attributes, "date1904");
            x->from_1904 = from && (strcmp(from, "1") == 0 || strcmp(from, "true") == 0);
        } else if (strcmp(name, "sheet") == 0 && !x->sheet_id) {
            /* `r:id`, not sheetId: the last one named so is the relation */
            for (size_t i = 0; attributes[i]; i += 2) {
                if (strcmp(local(attributes[i]), "id") == 0 && !x->sheet_id) {
                    x->sheet_id = xstrdup(attributes[i + 1]);
                }
            }
        }
        break;
    case PART_BOOK_RELATIONS: {
        const char *type = attribute(attributes, "Type"), *id = attribute(attributes, "Id");
        const char *target = attribute(attributes, "Target");
        if (ends_with(type, "/sharedStrings")) {
            keep_name(&x->strings, x->book, target);
        } else if (ends_with(type, "/styles")) {
            keep_name(&x->styles, x->book, target);
        } else if (ends_with(type, "/worksheet") && id && x->sheet_id &&
                   strcmp(id, x->sheet_id) == 0) {
            keep_name(&x->sheet, x->book, target);
        }
        break;
    }
    case PART_STYLES:
        if (strcmp(name, "numFmt") == 0) {
            add_custom(x, attributes);
        } else if (strcmp(name, "cellXfs") == 0) {
            x->in_formats = true;
        } else if (strcmp(name, "xf") == 0 && x->in_formats) {
            add_format(x, attribute(attributes, "numFmtId"));
        }
        break;
    case PART_STRINGS:
        if (strcmp(name, "si") == 0) {
            strbuf_reset(&x->value);
        } else if (strcmp(name, "t") == 0 && !x->phonetic) {
            x->gather = GATHER_STRING;
        }
        break;
    case PART_SHEET:
        sheet_begin(x, name, attributes);
        break;
    case PART_NONE:
        break;
    }
}

static void on_end(void *data, const XML_Char *qualified)
{
    struct xlsx *x = data;
    const char *name = local(qualified);
    x->quiet = 0;
    if (x->phonetic == x->depth) {
        x->phonetic = 0;
    }
    x->depth--;
    if (x->part == PART_STYLES && strcmp(name, "cellXfs") == 0) {
        x->in_formats = false;
    } else if (x->part == PART_STRINGS && strcmp(name, "si") == 0) {
        string_end(x);
    } else if (x->part == PART_SHEET && strcmp(name, "c") == 0) {
        cell_end(x);
    } else if (x->part == PART_SHEET && strcmp(name, "row") == 0) {
        x->row_done = true;
        XML_StopParser(x->xml, XML_TRUE);
    }
    x->gather = GATHER_NO;
}

static void on_text(void *data, const XML_Char *text, int len)
{
    struct xlsx *x = data;
    x->quiet = 0;
    if (x->gather == GATHER_NO) {
        return;
    }
    x->has_value = true;
    strbuf_add(&x->value, text, (size_t)len);
    if (x->value.len > SHEET_ROW_MAX) {
        stop(x, SHEET_TOO_LONG, sentence(SAY_SHEET_ROW_LONG, arg_number(SHEET_ROW_MAX)));
    }
}

static void on_other(void *data, const XML_Char *text, int len)
{
    (void)text;
    (void)len;
    ((struct xlsx *)data)->quiet = 0;
}

static void on_doctype(void *data, const XML_Char *name, const XML_Char *system,
                       const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop_damaged(data, "XML with a DOCTYPE, which no workbook has");
}

/* ---- parts ---- */

static const char *name_of(const struct xlsx *x, enum part part, struct strbuf *out)
{
    const char *slash = x->book ? strrchr(x->book, '/') : NULL;
    switch (part) {
    case PART_RELATIONS:
        return "_rels/.rels";
    case PART_WORKBOOK:
        return x->book;
    case PART_BOOK_RELATIONS:
        strbuf_addf(out, "%.*s_rels/%s.rels", slash ? (int)(slash - x->book) + 1 : 0, x->book,
                    slash ? slash + 1 : x->book);
        return strbuf_text(out);
    case PART_STYLES:
        return x->styles;
    case PART_STRINGS:
        return x->strings;
    case PART_SHEET:
        return x->sheet;
    case PART_NONE:
        break;
    }
    return NULL;
}

static enum sheet_result damaged(struct xlsx *x, struct sheet_row *row, struct error *err,
                                 const char *what)
{
    return sheet_fault_at(row, SHEET_DAMAGED, x->part == PART_SHEET ? x->row_line : 0, 0,
                          sentence(SAY_SHEET_DAMAGED, arg_z(what)), err);
}

static enum sheet_result open_archive(struct xlsx *x, struct sheet_row *row, struct error *err)
{
    int why = 0, fd = dup(x->fd);
    off_t size = lseek(x->fd, 0, SEEK_END);
    if (fd < 0 || size < 0) {
        return sheet_storage(row, err);
    }
    x->zip = zip_fdopen(fd, 0, &why); /* takes the descriptor over */
    if (!x->zip) {
        close(fd);
        return damaged(x, row, err, "it is no whole zip archive");
    }
    if (zip_get_num_entries(x->zip, 0) > ENTRIES_MAX) {
        return damaged(x, row, err, "too many parts");
    }
    x->allowed = UNPACKED_FREE + UNPACKED_RATIO * (int64_t)size;
    return SHEET_PENDING;
}

/* SHEET_AT_END: the workbook has no such part, and may lack it. */
static enum sheet_result open_part(struct xlsx *x, struct sheet_row *row, struct error *err)
{
    struct strbuf built = STRBUF_INIT;
    bool optional = x->part == PART_STYLES || x->part == PART_STRINGS;
    const char *name = name_of(x, x->part, &built);
    zip_int64_t index = name ? zip_name_locate(x->zip, name, ZIP_FL_NOCASE) : -1;
    strbuf_free(&built);
    if (index < 0 && optional) {
        return SHEET_AT_END;
    }
    if (index < 0) {
        return damaged(x, row, err,
                       x->part == PART_RELATIONS || x->part == PART_WORKBOOK
                           ? "the archive holds no workbook"
                           : "it holds no sheet");
    }
    x->file = zip_fopen_index(x->zip, (zip_uint64_t)index, 0);
    if (!x->file) {
        return damaged(x, row, err, "a part cannot be unpacked, or is locked by a password");
    }
    x->xml = XML_ParserCreate(NULL);
    if (!x->xml) {
        abort(); /* as xmalloc() does */
    }
    XML_SetUserData(x->xml, x);
    XML_SetElementHandler(x->xml, on_begin, on_end);
    XML_SetCharacterDataHandler(x->xml, on_text);
    XML_SetDefaultHandler(x->xml, on_other);
    XML_SetStartDoctypeDeclHandler(x->xml, on_doctype);
    x->depth = x->phonetic = 0;
    x->quiet = 0;
    x->gather = GATHER_NO;
    x->part_ended = x->suspended = false;
    return SHEET_PENDING;
}

static void close_part(struct xlsx *x)
{
    if (x->xml) {
        XML_ParserFree(x->xml);
        x->xml = NULL;
    }
    if (x->file) {
        zip_fclose(x->file);
        x->file = NULL;
    }
}

/* The part is read: what it leaves behind for the next. */
static enum sheet_result end_part(struct xlsx *x, struct sheet_row *row, struct error *err)
{
    bool ok = true;
    close_part(x);
    if (x->part == PART_BOOK_RELATIONS) {
        ok = paged_open(&x->text, x->folder, err) && paged_open(&x->index, x->folder, err);
    } else if (x->part == PART_STRINGS) {
        ok = paged_add(&x->index, &x->text.size, sizeof x->text.size, err) &&
             paged_flush(&x->text, err) && paged_flush(&x->index, err);
    }
    if (!ok) {
        row->fault = SHEET_STORAGE;
        return SHEET_FAULT;
    }
    x->part++;
    return x->part == PART_NONE ? SHEET_AT_END : SHEET_PENDING;
}

/* A piece of the part through the parser; SHEET_ROW where a row of the sheet is whole. */
static enum sheet_result parse_piece(struct xlsx *x, struct sheet_row *row, struct error *err)
{
    enum XML_Status status;
    if (x->suspended) {
        status = XML_ResumeParser(x->xml);
    } else {
        void *buffer = XML_GetBuffer(x->xml, PIECE);
        if (!buffer) {
            abort();
        }
        zip_int64_t n = zip_fread(x->file, buffer, PIECE);
        if (n < 0) {
            return damaged(x, row, err, "a part does not unpack to what it should be");
        }
        x->file_read += n;
        x->allowed -= n;
        x->quiet += (size_t)n;
        if (x->allowed < 0 || x->quiet > TOKEN_MAX) {
            return damaged(x, row, err, "it unpacks to far more than a sheet can hold");
        }
        x->part_ended = n == 0;
        status = XML_ParseBuffer(x->xml, (int)n, x->part_ended);
    }
    x->suspended = status == XML_STATUS_SUSPENDED;
    if (x->said) {
        struct sentence *said = x->said;
        x->said = NULL;
        return sheet_fault_at(row, x->fault_kind, x->part == PART_SHEET ? x->row_line : 0, 0, said,
                              err);
    }
    if (status == XML_STATUS_ERROR) {
        return damaged(x, row, err, XML_ErrorString(XML_GetErrorCode(x->xml)));
    }
    if (x->row_done) {
        x->row_done = false;
        sheet_cells_row(&x->cells, x->row_line, row);
        return SHEET_ROW;
    }
    /* A parser stopped at the last row of the last piece is resumed to its end first. */
    if (!x->suspended && x->part_ended) {
        return end_part(x, row, err);
    }
    return SHEET_PENDING;
}

static enum sheet_result xlsx_next(struct sheet_source *source, struct sheet_row *row,
                                   struct error *err)
{
    struct xlsx *x = (struct xlsx *)source;
    if (!x->zip) {
        return open_archive(x, row, err);
    }
    if (x->part == PART_NONE) {
        return SHEET_AT_END;
    }
    if (!x->file) {
        enum sheet_result got = open_part(x, row, err);
        return got == SHEET_AT_END ? end_part(x, row, err) : got;
    }
    return parse_piece(x, row, err);
}

static int64_t xlsx_done(const struct sheet_source *source)
{
    /* Bytes unpacked are no bytes of the file: an estimate is enough for a bar. */
    return ((const struct xlsx *)source)->file_read / 16;
}

static void xlsx_close(struct sheet_source *source)
{
    struct xlsx *x = (struct xlsx *)source;
    close_part(x);
    if (x->zip) {
        zip_discard(x->zip);
    }
    paged_close(&x->text);
    paged_close(&x->index);
    strbuf_free(&x->value);
    sheet_cells_free(&x->cells);
    free(x->is_date);
    free(x->custom);
    sentence_free(x->said);
    free(x->book);
    free(x->sheet);
    free(x->sheet_id);
    free(x->styles);
    free(x->strings);
    free(x);
}

static const struct sheet_source_class xlsx_class = {xlsx_next, xlsx_done, xlsx_close};

struct sheet_source *sheet_xlsx_open(int fd, const char *folder)
{
    struct xlsx *x = xcalloc(1, sizeof *x);
    x->source.class = &xlsx_class;
    x->fd = fd;
    x->folder = folder;
    return &x->source;
}
