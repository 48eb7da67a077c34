/* base/csv: records of a CSV file (RFC 4180), with the physical line of each, by libcsv.
 *
 * The reader takes UTF-8 from a descriptor, with or without byte-order mark, with LF, CRLF or CR.
 * It can begin at any record and tells the offset of the next: that is how an import goes on after
 * a kill. Memory: one record; a record above CSV_RECORD_MAX is a fault. */
#pragma once

#include "base/error.h"
#include "base/str.h"

#define CSV_RECORD_MAX (256 * 1024) /* bytes */

struct csv_reader;

struct csv_record {
    uint64_t line;            /* physical line on which the record starts; the first is 1 */
    size_t count;             /* fields */
    const struct str *fields; /* valid until the next call */
};

enum csv_result { CSV_RECORD, CSV_AT_END, CSV_FAULT };

/* Reads `fd` with pread() from byte `offset`, which lies on line `line`; does not own `fd`.
 * offset 0 skips a byte-order mark. Never fails before the first csv_next(). */
struct csv_reader *csv_reader_open(int fd, uint64_t offset, uint64_t line, char delimiter);
/* The next record, skipping blank lines. CSV_FAULT: err says what (bad-rows for an open or stray
 * quote or a record too long, storage for a read error) and record->line where; the reader is
 * then at its end, for behind a broken quote no line can be trusted. */
enum csv_result csv_reader_next(struct csv_reader *r, struct csv_record *record, struct error *err);
/* Byte offset and physical line of the record that follows the last one returned. */
uint64_t csv_reader_offset(const struct csv_reader *r);
uint64_t csv_reader_line(const struct csv_reader *r);
void csv_reader_close(struct csv_reader *r);

/* Appends one field, quoted where it must be (delimiter, quote, CR, LF, blank at an end). */
void csv_put(struct strbuf *out, struct str field, bool first);
/* Whether a spreadsheet could take the text for a formula: it begins with = + - @, also full-width,
 * as Chinese and Japanese ones do, or TAB, CR or LF; blanks may stand before (OWASP, CSV
 * Injection).
 */
bool csv_is_formula(struct str field);
/* Like csv_put() for a cell of text: one that could be a formula gets an apostrophe in front. */
void csv_put_text(struct strbuf *out, struct str field, bool first);
/* Like csv_put_text() for a number or code of the office's own books. What a spreadsheet would
 * mangle (many digits, a zero in front, 3-12) ends with a TAB: that makes it text to Excel, WPS and
 * LibreOffice, is not seen, and is trimmed off where the file comes back. */
void csv_put_code(struct strbuf *out, struct str field, bool first);
