/* work/import_kind: what one kind of import file is: its columns, the check of a row, its
 * application.
 *
 * A row is checked against the store and the rows before it, and nothing is written; later it is
 * applied by the same parser. Cells come in the order of the kind's columns, as base/cell reads
 * them; a column that the file lacks is an empty cell, and an empty cell changes nothing. A cell of
 * "-" or 清空 alone clears a fact. */
#pragma once

#include "base/sheet.h"
#include "rules/household.h"
#include "store/division.h"
#include "work/household.h"
#include "work/import.h"

#define IMPORT_COLUMNS_MAX 16

/* How a cell is read before anything looks at it. */
enum import_cell {
    IMPORT_CODE, /* a number or code: base/cell's cell_code() */
    IMPORT_WORD, /* of a table, a day, an amount: half-width */
    IMPORT_TEXT, /* as it stands, trimmed */
    IMPORT_NAME  /* a person's: a text in which a question mark is a character lost */
};
struct import_column {
    const char *name;    /* English, of contract.md section 5 */
    const char *chinese; /* may stand for it in the heading */
    bool required;
    enum import_cell cell;
    bool clears; /* the fact can be cleared */
};

/* What a cell that clears its fact gives: the texts and values below that no cell can have. */
extern const char import_cleared[]; /* data of the cell, and of the text; len 0 */
#define IMPORT_FEN_CLEARED (-2)
#define IMPORT_DAY_CLEARED ((struct date){INT32_MIN + 1}) /* before every day */

/* Keys met in this file, each with a number (its line). Lives in an unlinked file beside the store,
 * so that memory does not grow with the rows. */
struct import_seen;
struct import_seen *import_seen_new(const char *folder, uint64_t keys, struct error *err);
/* Adds the key; where it was there already returns the number it was added with, else 0. */
uint64_t import_seen_add(struct import_seen *seen, struct str key, uint64_t number);
uint64_t import_seen_get(const struct import_seen *seen, struct str key);
void import_seen_free(struct import_seen *seen);

struct import_division {
    int64_t code; /* 0: not known */
    enum level level;
    int64_t township, district;
};
#define IMPORT_DIVISION_CACHE 1024

/* Members of one household that stand together in the file: their tier is derived once. */
struct import_group {
    struct household_row household; /* id 0: no group */
    struct member_row *known;       /* its members on record, for the check; in `group` */
    int known_count;                /* -1: not yet asked for */
    struct strbuf after;            /* the members changed, for the audit */
    struct origin_row *named;       /* the same, as origins */
    int named_count;
    bool first; /* it had no member before, and of none a day is told: one origin for all */
    bool changed;
    bool updated; /* a member that was known changed */
    bool went;    /* one that was present died or moved out: the last of them */
    struct strbuf went_member;
    enum member_status went_status;
    struct date went_on;
};

enum import_effect { IMPORT_UNCHANGED, IMPORT_ADDED, IMPORT_CHANGED };

struct import_context {
    struct work *w;
    struct arena row;   /* reset for each row */
    struct arena group; /* reset for each group */
    struct actor actor;
    struct date today;
    bool partial; /* of households: a history that is not given is not known */
    struct import_result *result;
    struct import_seen *seen; /* of the check */
    /* of a book that brings its households along: those that are good so far; NULL */
    struct import_seen *coming;
    uint64_t line;
    const struct import_column *columns;
    size_t width;                       /* columns of the heading */
    bool *headed;                       /* whether each of these has a heading; owned */
    size_t reasons;                     /* which of them is 退回原因; SIZE_MAX: none */
    int row_faults;                     /* of the row at hand */
    const struct import_column *faulty; /* of the last fault, and its line */
    uint64_t faulty_line;
    struct strbuf why; /* the same in Chinese, for whoever is to mend it */
    struct import_group members;
    int calendar_year; /* of the last calendar row */
    struct import_division divisions[IMPORT_DIVISION_CACHE];
};

struct import_class {
    enum import_kind kind;
    const struct import_column *columns; /* ends with name NULL */
    /* Adds faults to the context; false only where the store fails. */
    bool (*check)(struct import_context *c, const struct str *cells, struct error *err);
    /* In a transaction. A row that can no longer be applied adds a fault and has no effect. */
    bool (*apply)(struct import_context *c, const struct str *cells, enum import_effect *effect,
                  struct error *err);
    /* True where this row must share a commit with the one before. NULL: never. */
    bool (*joined)(const struct import_context *c, const struct str *cells);
    /* Ends a group; before every commit. NULL: nothing to do. */
    bool (*flush)(struct import_context *c, struct error *err);
};

extern const struct import_class import_divisions, import_households, import_members,
    import_standards;
extern const struct import_column import_calendar_columns[];

/* False (busy) where an import that the store's failure stopped half way is still to be completed:
 * its file is in the staging folder, and another one would write over it. */
bool import_is_free(struct work *w, struct error *err);
/* Notes a fault of the row at hand and takes the sentence over. `column` is its English name or "",
 * `reason` a word of doc/protocol.md. */
void import_fault(struct import_context *c, const char *column, const char *reason,
                  struct sentence *said);
/* Whether the column holds a word of a table. */
bool import_is_word(const struct import_column *column);
/* The value of a word in either language, or of another that offices write for it; -1. */
int import_word_value(const struct names *names, struct str word);
/* Cells of the common types; a bad one is a fault. An empty cell gives `*value` as it was. */
void import_word(struct import_context *c, const char *column, struct str cell,
                 const struct names *names, int *value);
void import_day(struct import_context *c, const char *column, struct str cell, struct date *value);
void import_money(struct import_context *c, const char *column, struct str cell, int64_t *value);
void import_text(struct import_context *c, const char *column, struct str cell, size_t max,
                 struct str *value);
void import_identity(struct import_context *c, const char *column, struct str cell,
                     struct str *value, struct date *birth);
/* The division of a cell by the store; code 0 where it is not known. Cached. An office's old sheet
 * may name one that was joined to another: it stands for that one. */
bool import_find_division(struct import_context *c, struct str cell,
                          struct import_division *division, struct error *err);

/* The number that a member of the household bears on record, known by its identity number or, where
 * it has none, by its name; else the first that is free there and in this file. In c->row or
 * c->group. */
bool import_member_number(struct import_context *c, struct str household, struct str id,
                          struct str name, struct str *number, struct error *err);

/* Frees the context with all that it holds; not the result. */
void import_context_free(struct import_context *c);

/* A calendar file is one year: that which `year` says, or else that of most of its rows. */
struct workday_row;
struct calendar_file {
    int year;                 /* 0: not said */
    struct workday_row *days; /* in order; of the year and of those beside it */
    int count;
};
/* Reads all of it from `fd`. Faults as above, also for the year. The days are in c->group. */
bool import_calendar_read(struct import_context *c, int fd, struct calendar_file *file,
                          struct error *err);
/* The file in place of what an earlier one of its year said (contract.md 3.2); days of the years
 * beside it are added to theirs. Counts into the result. `hash` as in store_calendar_year(). What
 * would take more than a third of the year's days back is conflict, unless `confirmed`. In a
 * transaction. */
bool import_calendar_apply(struct import_context *c, const struct calendar_file *file,
                           const char *hash, bool confirmed, bool *changed, struct error *err);

/* A fact after the row: as given, unknown where the cell clears it, else as it was. */
struct str import_text_after(struct str given, struct str old);
int64_t import_fen_after(int64_t given, int64_t old);
struct date import_day_after(struct date given, struct date old);

extern const char import_reasons_heading[];
/* For struct sheet_options: whether a heading is one of the columns at `columns`. */
bool import_knows(const void *columns, struct str heading);
/* The heading of a file: position of each column of c->columns in it, -1 where it is not there. */
bool import_heading(struct import_context *c, const struct sheet_row *heading,
                    int positions[IMPORT_COLUMNS_MAX]);
/* The cells of a row in the columns' order, in c->row where they are not as in the file. A fault
 * where one stands under no heading (a comma too many has shifted the row), or cannot be read. */
void import_cells(struct import_context *c, const struct sheet_row *row,
                  const int positions[IMPORT_COLUMNS_MAX], struct str cells[IMPORT_COLUMNS_MAX]);
/* That the sheet itself cannot be read. False with storage where the machine is at fault. */
bool import_sheet_fault(struct import_context *c, const struct sheet_row *row,
                        const int positions[IMPORT_COLUMNS_MAX], struct error *err);
