#include "control/methods.h"

#include "control/cursor.h"

/* ---- JSON ---- */

json_t *methods_list(json_t *items, json_t *next)
{
    return json_pack("{s:o, s:o}", "items", items, "next", next ? next : json_null());
}

bool methods_page_full(const struct page *page)
{
    return (int)json_array_size(page->items) >= page->limit || page->bytes >= METHODS_BYTES;
}

void methods_page_add(struct page *page, json_t *item)
{
    page->bytes += json_dumpb(item, NULL, 0, JSON_COMPACT);
    json_array_append_new(page->items, item);
}

bool methods_place(struct call *c, struct str *place, struct error *err)
{
    struct strbuf text = STRBUF_INIT;
    struct str cursor = call_str(c, "cursor");

    *place = STR_NONE;
    if (!cursor.data) {
        return true;
    }
    bool ok = cursor_open(c->salt, c->method->name, c->peer->uid, cursor, &text);
    if (ok) {
        *place = arena_str(&c->arena, strbuf_str(&text));
    }
    strbuf_free(&text);
    return ok || error_say(err, SAY_CURSOR_UNKNOWN_HERE, arg_z(c->method->name));
}

bool methods_cursor(struct call *c, int64_t *a, int64_t *b, struct error *err)
{
    struct str first, second = STR_NONE;
    const char *space;

    if (!methods_place(c, &first, err) || !first.data) {
        return !err || err->reason == REASON_NONE;
    }
    space = memchr(first.data, ' ', first.len);
    if (space) {
        second = (struct str){space + 1, (size_t)(first.data + first.len - space) - 1};
        first.len = (size_t)(space - first.data);
    }
    return (str_to_int(first, INT32_MIN, INT64_MAX, a) && (b != NULL) == (space != NULL) &&
            (!b || str_to_int(second, 0, INT64_MAX, b))) ||
           error_say(err, SAY_CURSOR_UNKNOWN, arg_z(c->method->name));
}

json_t *methods_next(const struct call *c, struct str place)
{
    struct strbuf text = STRBUF_INIT;

    cursor_seal(c->salt, c->method->name, c->peer->uid, place, &text);
    json_t *next = json_str(strbuf_str(&text));
    strbuf_free(&text);
    return next;
}

json_t *methods_next_number(const struct call *c, int64_t a)
{
    struct strbuf place = STRBUF_INIT;

    strbuf_addint(&place, a);
    json_t *next = methods_next(c, strbuf_str(&place));
    strbuf_free(&place);
    return next;
}

json_t *methods_next_pair(const struct call *c, int64_t a, int64_t b)
{
    struct strbuf place = STRBUF_INIT;

    strbuf_addf(&place, "%lld %lld", (long long)a, (long long)b);
    json_t *next = methods_next(c, strbuf_str(&place));
    strbuf_free(&place);
    return next;
}

json_t *methods_instant(int64_t instant)
{
    char text[CLOCK_TEXT];

    if (instant == 0) {
        return json_null();
    }
    clock_format(instant, text);
    return json_string(text);
}

json_t *methods_policy(const struct policy *policy)
{
    if (!policy) {
        return json_null();
    }
    return json_pack("{s:s, s:o, s:o, s:s}", "name", policy->name, "from", json_day(policy->from),
                     "until", json_day(policy->until), "hash", policy->hash);
}

json_t *methods_tree(struct str text)
{
    json_t *tree = text.data ? json_loadb(text.data, text.len, JSON_DECODE_ANY, NULL) : NULL;

    return tree ? tree : json_null();
}

/* ---- who may see what ---- */

bool methods_find_household(struct call *c, struct work *w, struct str household,
                            struct household_row *row, struct error *err)
{
    if (!store_household_find(w->store, &c->arena, household, row, err)) {
        return false;
    }
    return (row->id != 0 && peer_sees_in(c->peer, row->township, row->division)) ||
           error_say(err, SAY_HOUSEHOLD_UNKNOWN, arg_text(household));
}

bool methods_find_task(struct call *c, struct work *w, int64_t task, struct task_row *row,
                       struct error *err)
{
    if (!store_task_get(w->store, &c->arena, task, row, err)) {
        return false;
    }
    return (row->task != 0 && peer_sees_in(c->peer, row->lies_in, row->division)) ||
           error_say(err, SAY_NO_TASK, arg_number(task));
}

bool methods_find_division(struct call *c, struct work *w, int64_t code, struct division_row *row,
                           struct error *err)
{
    if (!store_division_get(w->store, &c->arena, code, row, err)) {
        return false;
    }
    return (row->code != 0 && peer_sees(c->peer, code)) ||
           error_say(err, SAY_NO_DIVISION, arg_number(code));
}

/* ---- the scope of a list ---- */

static void scope_add(struct scope *scope, struct arena *a, int64_t township)
{
    for (int i = 0; i < scope->township_count; i++) {
        if (scope->townships[i] == township) {
            return;
        }
    }
    if ((scope->township_count & (scope->township_count - 1)) == 0) { /* a power of two: full */
        int64_t *more = arena_alloc(a, (size_t)(2 * scope->township_count + 1) * sizeof *more);
        if (scope->township_count > 0) {
            memcpy(more, scope->townships, (size_t)scope->township_count * sizeof *more);
        }
        scope->townships = more;
    }
    scope->townships[scope->township_count++] = township;
}

/* The townships in a division, or the one that it lies in. */
static bool scope_divide(struct scope *scope, struct call *c, struct work *w, int64_t division,
                         struct error *err)
{
    struct division_row row = {.code = division - 1};
    int64_t township;

    if (!store_division_now(w->store, division, &division, err) ||
        !store_division_up(w->store, division, LEVEL_TOWNSHIP, &township, err)) {
        return false;
    }
    if (township) {
        scope_add(scope, &c->arena, township);
        return true;
    }
    while (store_division_next(w->store, &c->arena, LEVEL_TOWNSHIP, row.code, &row, err)) {
        if (row.code == 0 || !division_within(division, row.code)) {
            return true;
        }
        scope_add(scope, &c->arena, row.code);
    }
    return false;
}

bool methods_scope(struct call *c, struct work *w, struct scope *scope, struct error *err)
{
    struct division_row row;

    *scope = (struct scope){.peer = c->peer, .division = call_division(c, "township")};
    if (scope->division &&
        (!methods_find_division(c, w, scope->division, &row, err) ||
         !store_division_now(w->store, scope->division, &scope->division, err))) {
        return false;
    }
    if (scope->division) {
        return scope_divide(scope, c, w, scope->division, err);
    }
    for (int i = 0; i < c->peer->division_count; i++) {
        if (!scope_divide(scope, c, w, c->peer->divisions[i], err)) {
            return false;
        }
    }
    if (c->peer->division_count == 0) {
        scope_add(scope, &c->arena, 0);
    }
    return true;
}

bool methods_in_scope(const struct scope *scope, int64_t township, int64_t division)
{
    const struct peer within = {.divisions = &scope->division, .division_count = 1};

    return peer_sees_in(scope->peer, township, division) &&
           (!scope->division || peer_sees_in(&within, township, division));
}
