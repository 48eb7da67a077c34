/* standards.list: the dibao standard and the poverty line of each district and year. */
#include "control/methods.h"
#include "store/calendar.h"

/* A bound account sees the standards of its own district, and of those below what it is bound to.
 */
static bool is_seen(const struct peer *peer, int64_t district)
{
    const struct peer own = {.divisions = &district, .division_count = 1};

    if (peer_sees(peer, district)) {
        return true;
    }
    for (int i = 0; i < peer->division_count; i++) {
        if (peer_sees(&own, peer->divisions[i])) {
            return true;
        }
    }
    return false;
}

static json_t *standard_json(const struct standard_row *s)
{
    return json_pack("{s:o, s:i, s:o, s:o}", "district", json_division(s->district), "year",
                     s->year, "dibao", json_money(s->dibao), "poverty_line",
                     json_money(s->poverty_line));
}

/* One walk over standards by (district, year): at most METHODS_LOOK of them, read at once. */
static bool list_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    int64_t district = 0, after = 0, asked = call_int(c, "year");
    int year = asked < 0 ? 0 : asked > INT16_MAX ? INT16_MAX : (int)asked;
    int limit = call_limit(c), look = c->peer->division_count ? METHODS_LOOK : limit, count;
    struct standard_row *rows;
    json_t *items, *next = NULL;

    if (!methods_cursor(c, &district, &after, err) ||
        !store_standards(w->store, &c->arena, year, district,
                         after > INT16_MAX ? INT16_MAX : (int)after, look + 1, &rows, &count,
                         err)) {
        return false;
    }
    items = json_array();
    for (int i = 0; i < count && !next; i++) {
        bool seen = is_seen(c->peer, rows[i].district);

        if (i == look || (seen && (int)json_array_size(items) == limit)) {
            next = methods_next_pair(c, rows[i - 1].district, rows[i - 1].year);
        } else if (seen) {
            json_array_append_new(items, standard_json(&rows[i]));
        }
    }
    *result = methods_list(items, next);
    return true;
}

static const struct param list_params[] = {
    {"year", PARAM_INTEGER, false, NULL, "only this year"},
    METHODS_PAGE,
};

const struct method methods_standards[] = {
    {.name = "standards.list",
     .least = ROLE_VIEWER,
     .bound = BOUND_NOWHERE,
     .how = METHOD_QUERY,
     .summary = "The standards in order of `district, year`",
     .params = list_params,
     .run = list_run,
     .result_help = "`{items, next}`; an item is `{district, year, dibao, poverty_line}`, money in "
                    "yuan a year."},
    {.name = NULL},
};
