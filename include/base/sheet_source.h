/* base/sheet_source: what one form of file gives base/sheet: its rows as they stand, blank ones and
 * titles among them. Only the files of base/sheet use it. */
#pragma once

#include "base/sheet.h"

struct sheet_source {
    const struct sheet_source_class *class;
};

struct sheet_source_class {
    enum sheet_result (*next)(struct sheet_source *s, struct sheet_row *row, struct error *err);
    int64_t (*done)(const struct sheet_source *s);
    void (*close)(struct sheet_source *s);
};

enum text_form { TEXT_UTF8, TEXT_UTF16LE, TEXT_UTF16BE, TEXT_GB18030 };

/* Text in one encoding, from byte `start`. A byte that is none of it becomes 0xFF, and the row that
 * holds it a fault of its column; `bad` is the first one where it is known, for the message. */
struct sheet_source *sheet_text_open(int fd, enum text_form form, uint64_t start, char delimiter);
/* An .xlsx workbook. */
struct sheet_source *sheet_xlsx_open(int fd, const char *folder);
/* An .xls workbook: read by a process of its own, which is given nothing else. */
struct sheet_source *sheet_xls_open(int fd, const char *folder);

/* A row under way: the cells of one row, one text behind another. */
struct sheet_cells {
    struct strbuf bytes;
    struct str *cells; /* while it grows: lengths alone */
    size_t count, room;
};
/* Ends a cell whose text is all of `bytes` behind the cells before. */
void sheet_cells_end(struct sheet_cells *c, size_t len);
/* The cells with their texts, for a row. */
void sheet_cells_row(struct sheet_cells *c, uint64_t line, struct sheet_row *row);
void sheet_cells_reset(struct sheet_cells *c);
void sheet_cells_free(struct sheet_cells *c);

/* Fills *row as a fault, with the sentence, which it takes over, in err; gives SHEET_FAULT. */
enum sheet_result sheet_fault_at(struct sheet_row *row, enum sheet_fault fault, uint64_t line,
                                 size_t column, struct sentence *said, struct error *err);
/* The same for the machine's: that the file cannot be read, by errno. */
enum sheet_result sheet_storage(struct sheet_row *row, struct error *err);
/* An unlinked file in the folder, or in memory; -1 with storage. */
int sheet_unlinked(const char *folder, struct error *err);

/* The number of a cell of a workbook as text: whole numbers below 10^15 as digits, others with
 * 15 digits at most; above, where digits were lost, 5.00101195611251E+17. */
void sheet_number(double value, struct strbuf *out);
/* The day, and time, that a workbook's number is under a date's style; false where it is none. */
bool sheet_serial(double value, bool from_1904, struct strbuf *out);
