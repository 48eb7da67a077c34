/* queue.show: the messages of a division. */
#include "control/methods.h"
#include "store/message.h"

#define PAGE_BYTES (1024 * 1024) /* of bodies; then the page is short */

static json_t *message_json(const struct message_row *m)
{
    char id[MESSAGE_ID];

    return json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o}", "id", message_id(m, id), "kind",
                     json_str(m->kind), "division", json_division(m->division), "created_on",
                     json_day(m->created_on), "state", names_text(&message_states, (int)m->state),
                     "lease_until", methods_instant(m->lease_until), "body", methods_tree(m->body));
}

static bool show_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    int64_t code = call_division(c, "division"), after = 0;
    struct division_row division;
    struct message_row *rows;
    int limit = call_limit(c), count, i;
    size_t bytes = 0;
    json_t *items;

    if (!methods_find_division(c, w, code, &division, err) ||
        !methods_cursor(c, &after, NULL, err) ||
        !store_messages_of(w->store, &c->arena, code, false, after, limit + 1, &rows, &count, err))
        return false;
    items = json_array();
    for (i = 0; i < count && i < limit && bytes < PAGE_BYTES; i++) {
        json_array_append_new(items, message_json(&rows[i]));
        bytes += rows[i].body.len;
    }
    *result =
        methods_list(items, i < count ? json_sprintf("%lld", (long long)rows[i - 1].seq) : NULL);
    return true;
}

static const struct param show_params[] = {
    {"division", PARAM_DIVISION, true, NULL, "whose messages"},
    METHODS_PAGE,
};

const struct method methods_queue[] = {
    {.name = "queue.show",
     .least = ROLE_VIEWER,
     .bound = BOUND_DIVISION,
     .how = METHOD_QUERY,
     .summary = "The messages of a division in order, delivered ones too",
     .params = show_params,
     .run = show_run,
     .result_help =
         "`{items, next}`; an item is `{id, kind, division, created_on, state, lease_until, "
         "body}`. `state` is `queued`, `staged`, `ready`, `delivered` or `acked`. A page ends "
         "early where its bodies are above 1 MiB."},
    {.name = NULL},
};
