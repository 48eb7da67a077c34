/* base/sheet: the rows of a sheet that an office has saved, whatever it was saved as.
 *
 * Text with comma, semicolon or tab in UTF-8 (with or without mark), UTF-16 (with mark) or GB18030;
 * a workbook of Excel, WPS or LibreOffice as .xlsx or .xls, of which the first sheet is read. The
 * file's own bytes say which, never its name. Every cell comes as text: dates of a workbook as
 * 2026-11-23, with the time behind where there is one; whole numbers as their digits. What such a
 * text means, base/cell says.
 *
 * Nothing is guessed in silence: a mark settles the encoding; without one a file is UTF-8 where all
 * of it is, GB18030 where it cannot be UTF-8 with some bytes broken, else a fault with its line,
 * column and byte. Blank rows are nothing. The heading is the row among the first six that holds
 * most of the headings that the caller knows, the delimiter that under which it does (a line
 * "sep=;" settles it); what stands above is a title and skipped.
 *
 * Memory is one row, six while the heading is looked for, and 2 MiB of tables: the shared strings
 * of a workbook go to an unlinked file. What a file unpacks to is bounded by its own size. */
#pragma once

#include "base/error.h"
#include "base/str.h"

#define SHEET_ROW_MAX (256 * 1024) /* bytes of the texts of a row */
#define SHEET_COLUMNS_MAX 16384
#define SHEET_TITLES 5 /* rows that may stand above the heading */

enum sheet_fault {
    SHEET_ENCODING, /* bytes that are no text */
    SHEET_QUOTE,    /* a quotation mark out of place: no line behind it can be trusted */
    SHEET_TOO_LONG, /* a row above SHEET_ROW_MAX, or beyond the rows or columns of a sheet */
    SHEET_DAMAGED,  /* a workbook that cannot be read: torn, locked, or made to do harm */
    SHEET_STORAGE   /* the machine failed, not the file: err says storage */
};

struct sheet_row {
    uint64_t line;           /* physical: of the text line on which it starts, of the sheet's row */
    size_t count;            /* cells; cells[i] stands in column i + 1 */
    const struct str *cells; /* UTF-8, never NULL; valid until the next call */
    enum sheet_fault fault;  /* of SHEET_FAULT, with its line (0: the whole file) */
    size_t column;           /* and its column from 1; 0: no one column */
};

enum sheet_result {
    SHEET_ROW,
    SHEET_PENDING, /* some work was done and nothing is to be told yet: call again */
    SHEET_AT_END,
    SHEET_FAULT /* err says what, with bad-rows or storage; the sheet is at its end then */
};

struct sheet_options {
    const char *folder; /* where unlinked files may be made; NULL: in memory */
    /* Whether the caller has a column of this heading, which is trimmed. NULL: none is known, and
     * the heading is the first row with the most cells. */
    bool (*known)(const void *data, struct str heading);
    const void *data;
};

struct sheet;

/* `fd` is a regular file that does not change; it is read with pread() and stays the caller's, open
 * until sheet_close(). Never fails before the first sheet_next(). */
struct sheet *sheet_open(int fd, const struct sheet_options *options);
/* The next row that is not blank, the heading first. */
enum sheet_result sheet_next(struct sheet *s, struct sheet_row *row, struct error *err);
/* The same for files that are small: waits through SHEET_PENDING. */
enum sheet_result sheet_read(struct sheet *s, struct sheet_row *row, struct error *err);
/* "UTF-8", "UTF-16", "GB18030", ".xlsx", ".xls"; "" before it is known. */
const char *sheet_form(const struct sheet *s);
/* How much of the file was read, in bytes, and its size. */
void sheet_progress(const struct sheet *s, int64_t *done, int64_t *total);
void sheet_close(struct sheet *s); /* NULL is nothing */

/* ---- rows that wait in a file: read from any of them on ---- */

/* Appends the row as bytes that a sheet_rows reads. */
void sheet_rows_put(struct strbuf *out, const struct sheet_row *row);

struct sheet_rows;
/* Rows of `fd` from byte `offset` on, by pread(); does not own `fd`. */
struct sheet_rows *sheet_rows_open(int fd, uint64_t offset);
/* SHEET_ROW, SHEET_AT_END, or SHEET_FAULT with storage: the file is not as it was written. */
enum sheet_result sheet_rows_next(struct sheet_rows *r, struct sheet_row *row, struct error *err);
/* Byte offset of the row that follows the last one returned. */
uint64_t sheet_rows_offset(const struct sheet_rows *r);
void sheet_rows_close(struct sheet_rows *r); /* NULL is nothing */
