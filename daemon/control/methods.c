#include "control/methods.h"

bool (*method_reload)(struct work *w, struct error *err);

/* ---- JSON ---- */

json_t *methods_list(json_t *items, json_t *next)
{
    return json_pack("{s:o, s:o}", "items", items, "next", next ? next : json_null());
}

bool methods_cursor(const struct call *c, int64_t *a, int64_t *b, struct error *err)
{
    struct str cursor = call_str(c, "cursor"), first = cursor, second = STR_NONE;
    const char *dash;

    if (!cursor.data) {
        return true;
    }
    /* The first number may have a minus sign: a day before 1970. */
    dash = cursor.len > 1 ? memchr(cursor.data + 1, '-', cursor.len - 1) : NULL;
    if (dash) {
        first.len = (size_t)(dash - cursor.data);
        second = (struct str){dash + 1, cursor.len - first.len - 1};
    }
    if (str_to_int(first, INT32_MIN, INT64_MAX, a) && (b != NULL) == (dash != NULL) &&
        (!b || str_to_int(second, 0, INT64_MAX, b))) {
        return true;
    }
    return error_set(err, REASON_BAD_ARGUMENT, "cursor is not one that %s gave", c->method->name);
}

json_t *methods_cursor_of(int64_t a, int64_t b)
{
    return json_sprintf("%lld-%lld", (long long)a, (long long)b);
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
           error_set(err, REASON_NOT_FOUND, "there is no household %.*s", STR_ARG(household));
}

bool methods_find_task(struct call *c, struct work *w, int64_t task, struct task_row *row,
                       struct error *err)
{
    if (!store_task_get(w->store, &c->arena, task, row, err)) {
        return false;
    }
    return (row->task != 0 && peer_sees_in(c->peer, row->lies_in, row->division)) ||
           error_set(err, REASON_NOT_FOUND, "there is no task %lld", (long long)task);
}

bool methods_find_division(struct call *c, struct work *w, int64_t code, struct division_row *row,
                           struct error *err)
{
    if (!store_division_get(w->store, &c->arena, code, row, err)) {
        return false;
    }
    return (row->code != 0 && peer_sees(c->peer, code)) ||
           error_set(err, REASON_NOT_FOUND, "there is no division %lld", (long long)code);
}

/* ---- the scope of a list ---- */

bool methods_scope(struct call *c, struct work *w, struct scope *scope, struct error *err)
{
    struct division_row row;

    *scope = (struct scope){.peer = c->peer, .division = call_division(c, "township")};
    if (scope->division && !methods_find_division(c, w, scope->division, &row, err)) {
        return false;
    }
    if (!scope->division && c->peer->division_count == 1) {
        scope->division = c->peer->divisions[0];
    }
    if (!store_division_now(w->store, scope->division, &scope->division, err)) {
        return false;
    }
    return !scope->division ||
           store_division_up(w->store, scope->division, LEVEL_TOWNSHIP, &scope->township, err);
}

bool methods_in_scope(const struct scope *scope, int64_t township, int64_t division)
{
    const struct peer within = {.divisions = &scope->division, .division_count = 1};

    return peer_sees_in(scope->peer, township, division) &&
           (!scope->division || peer_sees_in(&within, township, division));
}
