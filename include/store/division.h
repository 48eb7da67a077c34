/* store/division: administrative divisions. Codes are the 12 digits as an integer. */
#pragma once

#include "base/names.h"
#include "store/store.h"

enum level { LEVEL_CITY, LEVEL_DISTRICT, LEVEL_TOWNSHIP, LEVEL_VILLAGE };
extern const struct names levels;

struct division_row {
    int64_t code;   /* 0: not there */
    int64_t parent; /* 0: none */
    enum level level;
    struct str name;
};

/* "500101001" and other prefixes are filled up with zeros; 2 to 12 digits, else 0. */
int64_t division_code(struct str text);
#define DIVISION_TEXT 13
const char *division_text(int64_t code, char out[DIVISION_TEXT]);

/* Whether `inner` is `outer` or lies in it, by their codes: a division without the lower digits
 * covers what shares the rest (GB/T 2260: 2 province, 2 city, 2 district, 3 township, 3 village).
 */
bool division_within(int64_t outer, int64_t inner);

bool store_division_get(struct store *s, struct arena *a, int64_t code, struct division_row *row,
                        struct error *err);
bool store_division_put(struct store *s, const struct division_row *row, struct error *err);
/* The ancestor of a level, itself included; 0 where there is none. */
bool store_division_up(struct store *s, int64_t code, enum level level, int64_t *ancestor,
                       struct error *err);
/* The next division of a level after `code`, in order of codes; row->code 0 at the end. */
bool store_division_next(struct store *s, struct arena *a, enum level level, int64_t after,
                         struct division_row *row, struct error *err);
/* The division that a code stands for today: itself, or the one that it was joined to. The code
 * itself where it is not known. */
bool store_division_now(struct store *s, int64_t code, int64_t *now, struct error *err);
