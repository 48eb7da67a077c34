/* work/import_kind: what one kind of import file is: its columns, the check of a row, its
 * application.
 *
 * A row is checked against the store and the rows before it, and nothing is written; later it is
 * applied by the same parser. Cells come in the order of the kind's columns, trimmed; a column that
 * the file lacks is an empty cell, and an empty cell changes nothing. */
#pragma once

#include "base/csv.h"
#include "rules/household.h"
#include "store/division.h"
#include "work/household.h"
#include "work/import.h"

#define IMPORT_COLUMNS_MAX 16

struct import_column {
    const char *name;    /* English, of contract.md section 5 */
    const char *chinese; /* may stand for it in the heading */
    bool required;
};

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
    struct import_result *result;
    struct import_seen *seen; /* of the check */
    uint64_t line;
    size_t width; /* columns of the heading */
    int row_faults;
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
/* Notes a fault of the row at hand. `reason` is a word of doc/protocol.md. */
void import_fault(struct import_context *c, const char *column, const char *reason,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
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

/* A calendar file is one year: that which `year` says, or else that of most of its rows. */
struct workday_row;
struct calendar_file {
    int year;                 /* 0: not said */
    struct workday_row *days; /* in order; of the year and of those beside it */
    int count;
};
/* Reads all of it. Faults as above, also for the year. The days are in c->group. */
bool import_calendar_read(struct import_context *c, struct csv_reader *reader,
                          struct calendar_file *file, struct error *err);
/* The file in place of what an earlier one of its year said (contract.md 3.2); days of the years
 * beside it are added to theirs. Counts into the result. `hash` as in store_calendar_year(). What
 * would take more than a third of the year's days back is conflict, unless `confirmed`. In a
 * transaction. */
bool import_calendar_apply(struct import_context *c, const struct calendar_file *file,
                           const char *hash, bool confirmed, bool *changed, struct error *err);
/* The heading of a file: position of each column of the class in the file, -1 where it is not
 * there. */
bool import_heading(struct import_context *c, const struct import_column *columns,
                    const struct csv_record *heading, int positions[IMPORT_COLUMNS_MAX]);
/* A fault where a cell stands beyond the heading's: a comma too many has shifted the row. */
void import_width(struct import_context *c, const struct csv_record *record);
void import_cells(const struct csv_record *record, const int positions[IMPORT_COLUMNS_MAX],
                  const struct import_column *columns, struct str cells[IMPORT_COLUMNS_MAX]);
