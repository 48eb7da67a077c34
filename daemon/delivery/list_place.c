#include "delivery/list_place.h"

bool place_name(struct places *p, int64_t code, enum level from, struct str *name,
                struct error *err)
{
    const size_t at = (uint64_t)(code + (int)from) * UINT64_C(0x9E3779B97F4A7C15) >> 56;
    struct division_row row;
    char digits[DIVISION_TEXT];

    if (p->slots[at].code != code || p->slots[at].from != from) {
        if (!store_division_get(p->store, p->a, code, &row, err)) {
            return false;
        }
        if (!row.code) {
            row.name = str_of(arena_format(p->a, "%s", division_text(code, digits)));
        }
        if (row.level > from && row.parent) {
            struct str above;
            if (!place_name(p, row.parent, from, &above, err)) {
                return false;
            }
            row.name = str_of(arena_format(p->a, "%.*s%.*s", STR_ARG(above), STR_ARG(row.name)));
        }
        p->slots[at].code = code;
        p->slots[at].from = from;
        p->slots[at].name = row.name;
    }
    *name = p->slots[at].name;
    return true;
}
