/* delivery/return_parse: the filled list as text: its heading and its rows (contract.md section 4,
 * Returns).
 *
 * Spreadsheets save what they like: comma, semicolon or tab; days as 2026/11/24; full-width digits;
 * an apostrophe in front of what could be a formula. Only what can mean one thing is taken. Knows
 * no store: whether a row can be recorded is return_row's to say. */
#pragma once

#include "base/arena.h"
#include "base/csv.h"
#include "base/names.h"
#include "rules/date.h"

/* The columns of the list, in its order. */
enum return_column {
    RETURN_TASK,
    RETURN_HOUSEHOLD,
    RETURN_HEAD,
    RETURN_VILLAGE,
    RETURN_PHONE,
    RETURN_KIND,
    RETURN_CAUSE,
    RETURN_CLAUSE,
    RETURN_NOMINAL,
    RETURN_DUE,
    RETURN_SECTION,
    RETURN_PROTECTED,
    RETURN_OUTCOME,
    RETURN_GROUND,
    RETURN_DAY,
    RETURN_REMARK,
    RETURN_COLUMNS
};
extern const struct names return_headings; /* 任务号, 户号, … */

struct return_heading {
    char delimiter;
    int at[RETURN_COLUMNS]; /* place of each column in the file; -1: it is not there */
    size_t width;           /* columns of the file */
    uint64_t offset, line;  /* of the first row below */
};
/* Finds the delimiter and the columns in the first record of a UTF-8 file; Excel's line sep=; may
 * stand before it. False with bad-rows (no heading, 任务号 or 结果 missing, a column twice) or
 * storage. */
bool return_heading_read(int fd, struct return_heading *heading, struct error *err);

/* One row. Texts borrow from the record or the arena. */
struct return_row {
    uint64_t line;
    int64_t task;    /* 0 before it was read */
    int outcome;     /* enum outcome */
    struct date day; /* 日期; DATE_NONE: empty */
    struct str household, ground,
        remark;                       /* ground: the English word where it is one; len 0: empty */
    struct str cells[RETURN_COLUMNS]; /* as they came */
};
/* The cells of a record by column; true where one of the last four is filled. */
bool return_row_filled(const struct return_heading *heading, const struct csv_record *record,
                       struct return_row *row);
/* Reads the cells of a row that is filled. False with bad-argument, and row->task where that much
 * could be read. */
bool return_row_parse(struct arena *a, const struct return_heading *heading,
                      const struct csv_record *record, struct return_row *row, struct error *err);

/* Cells. A task's number: digits, full-width too, with thousands marks or ".0" as spreadsheets
 * write them. 1 to 2^53. */
bool return_task(struct arena *a, struct str cell, int64_t *task);
/* 2026-11-24, 2026/1/4, 2026.11.24, 2026年11月24日, 20261124; midnight may follow. */
bool return_day(struct arena *a, struct str cell, struct date *day);
/* Whether a cell of 户号 can stand for the household: empty, its number, or what a spreadsheet
 * makes of that: zeros in front or digits beyond the fifteenth lost, 5.00101E+11, 3月12日 for 3-12.
 */
bool return_is_household(struct arena *a, struct str cell, struct str household);
/* Whether a cell of 户主 can stand for the head: empty, or the name with other blanks or in full
 * width. Any where no name is on record. */
bool return_is_head(struct arena *a, struct str cell, struct str name);
/* enum outcome; -1. */
int return_outcome(struct arena *a, struct str cell);
/* enum ground; -1. */
int return_ground(struct arena *a, struct str cell);
