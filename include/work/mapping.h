/* work/mapping: how a book of another shape becomes the columns of an import (contract.md 5).
 *
 * mapping_dir/NAME.conf says for each kind of row, households or members, which heading of the book
 * is which column, which words mean which, and what is left alone. A row of the book becomes one of
 * the import's own, with its line; from there on it goes the way of every import. */
#pragma once

#include "base/sheet.h"
#include "work/import_kind.h"

enum map_rows { MAP_HOUSEHOLDS, MAP_MEMBERS, MAP_ROWS };
extern const struct names map_rows;

enum map_as {
    MAP_AS_IT_STANDS,
    MAP_DIGEST, /* of an identity number: the number of a household that the book gives none */
    MAP_ORDER   /* of members: as they stand, and as they are known already */
};

struct map_word {
    const char *from, *to; /* to: "" leaves the cell empty */
};
struct map_column {
    const char *heading; /* of the book; NULL with MAP_ORDER */
    const char *column;  /* of the import, in English */
    int as;
    double factor; /* of an amount: 12 where it is one a month */
    struct map_word *words;
    int word_count;
    bool may_lack; /* the book need not have the heading */
};
struct map_default {
    const char *column, *value;
};
/* Only rows whose cell under `heading` is one of the words. */
struct map_where {
    const char *heading;
    const char **words;
    int word_count;
};
/* The headings of the names by which a village is found. */
struct map_place {
    const char *district, *township, *village;
};
struct map_sheet {
    int rows; /* enum map_rows */
    struct map_column *columns;
    int column_count;
    const char **ignored;
    int ignored_count;
    struct map_default *defaults;
    int default_count;
    struct map_where where; /* heading NULL: every row */
    struct map_place place; /* village NULL: the division's code is a column */
};

struct mapping {
    struct arena arena;
    const char *description;
    struct map_sheet *sheets;
    int sheet_count;
};

/* Reads folder/NAME.conf. False with bad-argument, or not-found, and every fault of the file in the
 * message. mapping_free() whatever the result. */
bool mapping_read(const char *folder, struct str name, struct mapping *m, struct error *err);
void mapping_free(struct mapping *m);
/* For struct sheet_options, data being a struct mapping: whether any of its sheets has the heading.
 */
bool mapping_knows(const void *mapping, struct str heading);

/* How often a word stood in a column of words. */
struct map_count {
    char *heading, *word, *column, *value; /* value: what it becomes; owned */
    int64_t rows;
};
#define MAP_COUNTS 200

/* One sheet of a mapping at work on one file. */
struct mapper {
    const struct map_sheet *sheet;
    const struct import_column *columns; /* of the import */
    int *at;                             /* place of each column's heading in the file; -1; owned */
    int where, district, township, village;
    int target[IMPORT_COLUMNS_MAX * 2]; /* column of the import for each of the mapping's */
    struct map_count *counts;           /* owned */
    int count;
};

/* Whether the file has every heading that the sheet needs. Fills the mapper, which mapper_free()
 * frees. */
bool mapper_fits(struct mapper *m, const struct map_sheet *sheet,
                 const struct import_column *columns, const struct sheet_row *heading);
void mapper_free(struct mapper *m);
/* What becomes of a heading: "head_name, household", "ignore", or "" for one that it does not know.
 * Appended; true where it was known. */
bool mapper_becomes(const struct mapper *m, struct str heading, struct strbuf *out);
/* The row of the import's own columns, in c->row; *skip where the sheet leaves it out. Faults are
 * those of names that no village has, or more than one. False where the store fails. */
bool mapper_row(struct mapper *m, struct import_context *c, const struct sheet_row *row,
                struct sheet_row *out, bool *skip, struct error *err);

/* The job that makes a mapping to begin with out of the headings and words of a file, which it
 * takes over; and the text, once it is done. bad-rows where the file is no sheet. */
struct job *map_guess_job(int file, struct actor actor);
struct str map_guess_text(const struct job *job);
