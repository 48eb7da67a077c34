#include "control/walk.h"

/* Each household is loaded with its members: fewer than a list of plain rows looks at. */
#define LOOK 1000

struct from {
    struct store *store;
    struct str after;
};

struct rows {
    struct household_row *rows;
    int count, limit;
};

static bool keep(void *self, const struct household_row *row)
{
    struct rows *r = self;

    r->rows[r->count++] = *row;
    return r->count < r->limit;
}

static bool fill(void *self, struct arena *a, int64_t township, const void *after, int limit,
                 void **rows, int *count, struct error *err)
{
    const struct from *from = self;
    struct rows r = {.rows = arena_alloc(a, (size_t)limit * sizeof *r.rows), .limit = limit};
    struct str place = after ? ((const struct household_row *)after)->household : from->after;
    bool ok = store_household_each(from->store, a, township, place, keep, &r, err);

    *rows = r.rows;
    *count = r.count;
    return ok;
}

/* Bytewise, as the store has them. */
static int compare(const void *a, const void *b)
{
    struct str x = ((const struct household_row *)a)->household,
               y = ((const struct household_row *)b)->household;
    int by_bytes = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);

    return by_bytes ? by_bytes : (x.len > y.len) - (x.len < y.len);
}

bool walk_open(struct sources **sources, struct call *c, struct work *w, const struct scope *scope,
               struct str after, int page, struct error *err)
{
    static const struct source_class by_household = {sizeof(struct household_row), compare, fill};
    struct from *from = arena_alloc(&c->arena, sizeof *from);

    *from = (struct from){w->store, after};
    return sources_open(sources, &c->arena, &by_household, from, scope->townships,
                        scope->township_count, page, err);
}

/* The place: how many items of its household were given already, and the household before it:
 * "2/500101001-00042". */
static bool place_read(struct call *c, int64_t *given, struct str *after, struct error *err)
{
    struct str place;
    size_t at = 0;

    *given = 0;
    *after = STR("");
    if (!methods_place(c, &place, err) || !place.data) {
        return err->reason == REASON_NONE;
    }
    while (at < place.len && place.data[at] != '/') {
        at++;
    }
    if (at == place.len || !str_to_int((struct str){place.data, at}, 0, 1000000, given)) {
        return error_say(err, SAY_CURSOR_OF_ANOTHER, arg_z(c->method->name));
    }
    *after = (struct str){place.data + at + 1, place.len - at - 1};
    return true;
}

static json_t *place_json(struct call *c, size_t given, struct str after)
{
    return methods_next(c, str_of(arena_format(&c->arena, "%zu/%.*s", given, STR_ARG(after))));
}

bool walk_households(struct call *c, struct work *w, const struct scope *scope, walk_items *give,
                     void *self, json_t **result, struct error *err)
{
    struct page page = {.limit = call_limit(c)};
    struct sources *sources;
    const void *at;
    json_t *next = NULL;
    int64_t given;
    struct str last; /* the household before the one at hand */
    int looked = 0;

    if (!place_read(c, &given, &last, err) ||
        !walk_open(&sources, c, w, scope, last, page.limit, err)) {
        return false;
    }
    page.items = json_array();
    bool ok = true;
    while (ok && !next && (ok = sources_next(sources, &at, err)) && at) {
        const struct household_row *row = at;
        json_t *items = json_array();

        if (methods_in_scope(scope, row->township, row->division)) {
            looked++;
            ok = give(c, w, row, self, items, err);
        }
        for (size_t i = (size_t)given; ok && !next && i < json_array_size(items); i++) {
            if (methods_page_full(&page)) {
                next = place_json(c, i, last);
            } else {
                methods_page_add(&page, json_incref(json_array_get(items, i)));
            }
        }
        json_decref(items);
        given = 0;
        last = row->household;
        if (ok && !next && looked == LOOK) {
            next = place_json(c, 0, last);
        }
    }
    if (!ok) {
        json_decref(page.items);
        return false;
    }
    *result = methods_list(page.items, next);
    return true;
}
