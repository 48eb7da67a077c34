/* rules/schema: a libconfig file read by tables of keys, every fault collected with its line.
 *
 * A table says for each key what it may hold and where it goes in a struct; unknown keys, missing
 * keys, wrong types and values out of range are faults, and reading goes on behind each. The words
 * in quotes in the messages are those of the file. libconfig opens no file here: its scanner ends
 * the process where a read fails. */
#pragma once

#include <libconfig.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/faults.h"
#include "base/names.h"
#include "base/str.h"

#define SCHEMA_NAME_MAX 64 /* characters of a name */
#define SCHEMA_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"

/* One file being read. */
struct schema {
    const char *file;
    struct arena *arena; /* takes every text and list that is read */
    struct faults *faults;
    void *user;               /* for the calls of the reader's own */
    int list_max;             /* elements of a list; 0: as many as the file holds */
    bool includes;            /* takes `@include "path"`, whose path is from the folder of `file` */
    struct schema_text *text; /* schema_read()'s own */
};

/* What lies at `offset` in the struct that a group is read into: const char * (TEXT, NAME), struct
 * date (DAY), int (INT), an enum (WORD), double (NUMBER), bool (BOOL) or unsigned (SET, a bit for
 * each word). The fields of a GROUP go into the same struct. CALL reads the key itself. A key that
 * is missing or at fault leaves its place as it was, pointers NULL, days DATE_NONE, sets smaller.
 */
enum schema_type {
    SCHEMA_TEXT, /* one line of UTF-8, not blank */
    SCHEMA_NAME, /* a word of the protocol: "escalated-district" */
    SCHEMA_DAY,  /* "2017-03-14" */
    SCHEMA_INT,
    SCHEMA_NUMBER,
    SCHEMA_BOOL,
    SCHEMA_WORD,
    SCHEMA_SET,
    SCHEMA_GROUP,
    SCHEMA_CALL
};

struct schema_field {
    const char *key; /* NULL ends a table */
    enum schema_type type;
    bool optional;
    size_t offset;
    double min, max;                                               /* INT, NUMBER; both inclusive */
    const struct names *names;                                     /* WORD, SET */
    const struct schema_field *fields;                             /* GROUP */
    void (*call)(struct schema *r, config_setting_t *s, void *to); /* to: at the offset */
};

/* Reads r->file, and what it includes, by a table into `base`. Every byte is read before libconfig
 * sees any: regular files alone, UTF-8 without NUL, all together at most FILE_SMALL bytes, and
 * those that are included beneath the folder of r->file (file_open_beneath()). `hash` (may be NULL)
 * becomes the SHA-256 of r->file. False where the text could not be read or parsed, so that `base`
 * is as it was; faults of single keys leave it true. */
bool schema_read(struct schema *r, const struct schema_field *fields, void *base,
                 char hash[DIGEST_HEX + 1]);

/* The line of a setting in its file; 1 for the root. */
unsigned schema_line(const struct schema *r, const config_setting_t *s);
/* A fault at a setting, in the file and line where it stands; line 1 for the root, which has none
 * of its own. */
void schema_fault(struct schema *r, const config_setting_t *s, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads a group by its table into `base`. */
void schema_group(struct schema *r, config_setting_t *s, const struct schema_field *fields,
                  void *base);
/* Reads a list of groups into `size` zeroed bytes each, in the arena; *count of them. `check` (may
 * be NULL) looks at each with those before it. */
void *schema_list(struct schema *r, config_setting_t *s, const struct schema_field *fields,
                  size_t size, int *count,
                  void (*check)(struct schema *r, config_setting_t *s, void *items, int i));

/* One value; NULL, -1 or 0 after a fault. Texts are in the arena. */
const char *schema_text(struct schema *r, const config_setting_t *s);
const char *schema_name(struct schema *r, const config_setting_t *s);
int schema_word(struct schema *r, const config_setting_t *s, const struct names *names);
/* A whole number within min and max; false and *out untouched after a fault. */
bool schema_int(struct schema *r, const config_setting_t *s, double min, double max, int *out);
/* Elements of "[ … ]" or "( … )", which must have one at least; `of` says what they are. */
int schema_length(struct schema *r, const config_setting_t *s, const char *of);

/* The setting of a key, or the group itself where it is missing: for the line of a fault. */
config_setting_t *schema_key(config_setting_t *s, const char *key);
/* Both there and equal. */
bool schema_same(const char *a, const char *b);
