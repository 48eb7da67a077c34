/* queue.*: the messages of a division, shown, taken, acknowledged, watched. */
#include "work/queue.h"
#include "control/methods.h"

json_t *methods_message(const struct message_row *m)
{
    char id[MESSAGE_ID];

    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "id", message_id(m, id), "kind",
                     json_str(m->kind), "division", json_division(m->division), "created_on",
                     json_day(m->created_on), "body", methods_tree(m->body));
}

/* ---- show ---- */

static json_t *shown(const struct work *w, const struct message_row *m)
{
    json_t *item = methods_message(m);

    json_object_set_new(item, "state", json_string(names_text(&message_states, (int)m->state)));
    json_object_set_new(item, "lease_until",
                        methods_instant(queue_leased(w, m) ? m->lease_until : 0));
    return item;
}

static bool show_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    int64_t code = call_division(c, "division"), after = 0;
    struct division_row division;
    struct message_page page;
    json_t *items, *next = NULL;

    if (!methods_find_division(c, w, code, &division, err) ||
        !methods_cursor(c, &after, NULL, err) ||
        !store_messages_of(w->store, &c->arena, code, false, after, call_limit(c), QUEUE_BYTES,
                           &page, err)) {
        return false;
    }
    items = json_array();
    for (int i = 0; i < page.count; i++) {
        json_array_append_new(items, shown(w, &page.rows[i]));
    }
    if (page.more) {
        next = methods_next_number(c, page.rows[page.count - 1].seq);
    }
    *result = methods_list(items, next);
    return true;
}

/* ---- take and ack ---- */

static bool lease_of(struct call *c, const struct work *w, int64_t *seconds, struct error *err)
{
    *seconds = call_int(c, "lease_seconds");
    if (*seconds < 0) {
        *seconds = w->settings->limit_lease_seconds;
    } else if (*seconds > QUEUE_LEASE_MAX) {
        return error_say(err, SAY_LEASE_TOO_LONG, arg_number(QUEUE_LEASE_MAX));
    }
    return true;
}

static bool take_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    int64_t code = call_division(c, "division"), seconds;
    struct division_row division;
    struct queue_taken taken;
    json_t *items;

    if (!methods_find_division(c, w, code, &division, err) || !lease_of(c, w, &seconds, err) ||
        !queue_take(w, &c->arena, code, call_limit(c), seconds, &taken, err)) {
        return false;
    }
    items = json_array();
    for (int i = 0; i < taken.count; i++) {
        json_array_append_new(items, methods_message(&taken.rows[i]));
    }
    *result =
        json_pack("{s:o, s:o}", "items", items, "lease_until", methods_instant(taken.lease_until));
    return true;
}

static bool sees(const void *caller, int64_t division)
{
    return peer_sees(caller, division);
}

static bool ack_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct str *ids;
    int count = call_texts(c, "ids", &ids), acked;

    if (!queue_ack(w, call_actor(c), ids, count, sees, c->peer, &acked, err)) {
        return false;
    }
    *result = json_pack("{s:i, s:i}", "acked", acked, "unknown", count - acked);
    return true;
}

/* ---- watch ---- */

static bool watch_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    int64_t code = call_division(c, "division");
    struct division_row division;

    if (!methods_find_division(c, w, code, &division, err) || !queue_by_socket(w, code, err)) {
        return false;
    }
    c->watch = code;
    *result = json_pack("{s:o}", "division", json_division(code));
    return true;
}

/* ---- the table ---- */

#define END                                                                                        \
    {                                                                                              \
        NULL, PARAM_STRING, false, NULL, NULL                                                      \
    }
#define DIVISION                                                                                   \
    {                                                                                              \
        "division", PARAM_DIVISION, true, NULL, "whose messages"                                   \
    }

static const struct param show_params[] = {DIVISION, METHODS_PAGE};
static const struct param take_params[] = {
    DIVISION,
    {"limit", PARAM_INTEGER, false, NULL, "messages at most (default and most: limits.page)"},
    {"lease_seconds", PARAM_INTEGER, false, NULL,
     "for how long, at most 86400 (default: limits.lease_seconds)"},
    END};
static const struct param ack_params[] = {
    {"ids", PARAM_TEXTS, true, NULL, "the identifiers of messages that were taken"}, END};
static const struct param watch_params[] = {DIVISION, END};

const struct method methods_queue[] = {
    {.name = "queue.show",
     .least = ROLE_VIEWER,
     .bound = BOUND_DIVISION,
     .how = METHOD_QUERY,
     .summary = "The messages of a division in order, delivered ones too",
     .params = show_params,
     .run = show_run,
     .result_help =
         "`{items, next}`; an item is `{id, kind, division, created_on, body, state, "
         "lease_until}`. `state` is `queued` (a list that the run has yet to make), `staged` (its "
         "files are not yet all in place), `ready`, `delivered` or `acked`. `lease_until` is null "
         "where no lease holds the message. A page ends early where its bodies are above 1 MiB."},
    {.name = "queue.take",
     .least = ROLE_OPERATOR,
     .bound = BOUND_DIVISION,
     .how = METHOD_CHANGE,
     .summary = "Lease the oldest messages of a division that is delivered by the socket",
     .params = take_params,
     .run = take_run,
     .result_help =
         "`{items, lease_until}`; an item is `{id, kind, division, created_on, body}`. A division "
         "is held by one lease at a time: messages are given in order, and none while an earlier "
         "one is leased. `items` is then empty and `lease_until` says when that lease runs out; "
         "it is null where nothing waits. A list whose body the run has yet to make holds back "
         "what is behind it. `items` ends early where its bodies are above 1 MiB. `conflict`: the "
         "division is delivered by the spool, or was joined to another."},
    {.name = "queue.ack",
     .least = ROLE_OPERATOR,
     .bound = BOUND_ITEMS,
     .how = METHOD_CHANGE,
     .summary = "Acknowledge messages that were taken: they are done with",
     .params = ack_params,
     .run = ack_run,
     .result_help =
         "`{acked, unknown}`, two counts: of the messages that this call ended, and of identifiers "
         "that mean none it could end (acknowledged before, never taken, delivered by the spool "
         "meanwhile, not there, or not this account's). A message is counted in `acked` once, "
         "whoever acknowledges it first, also after its lease has run out."},
    {.name = "queue.watch",
     .least = ROLE_OPERATOR,
     .bound = BOUND_DIVISION,
     .how = METHOD_QUERY,
     .summary = "Be told of the messages of a division as they become ready to be taken",
     .params = watch_params,
     .run = watch_run,
     .result_help = "`{division}`; then notifications as long as the connection stands, see "
                    "[Watching](#watching)."},
    {.name = NULL},
};
