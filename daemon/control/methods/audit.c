/* audit, audit.verify: who did what, and the chain of hashes. */
#include "store/audit.h"
#include "control/methods.h"
#include "work/verify.h"

#define LOOK                                                                                       \
    2000 /* entries that one call of a bound account looks at: each needs its household            \
          */
#define BATCH 200

/* ---- audit ---- */

static json_t *entry_json(const struct audit_row *r)
{
    return json_pack("{s:I, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:s}", "seq", (json_int_t)r->seq,
                     "at", r->at, "uid", r->uid < 0 ? json_null() : json_integer(r->uid), "who",
                     json_str(str_of(r->who)), "action", r->action, "household",
                     json_str(r->household), "before", methods_tree(r->before), "after",
                     methods_tree(r->after), "hash", r->hash);
}

/* A bound account sees what concerns its own households, and nothing of the whole (imports, runs).
 */
static bool is_seen(struct call *c, struct work *w, struct arena *a, const struct audit_row *r,
                    bool *seen, struct error *err)
{
    struct household_row household = {0};

    *seen = c->peer->division_count == 0;
    if (*seen || !r->household.data) {
        return true;
    }
    if (!store_household_find(w->store, a, r->household, &household, err)) {
        return false;
    }
    *seen = household.id != 0 && peer_sees_in(c->peer, household.township, household.division);
    return true;
}

struct walk {
    struct str household; /* data NULL: all */
    int64_t at;           /* the last seq looked at */
    int looked;
    struct page page;
    bool more;
};

static bool walk_batch(struct walk *walk, struct call *c, struct work *w, struct arena *a,
                       bool *end, struct error *err)
{
    struct audit_row *rows;
    int count;

    if (!store_audit_list(w->store, a, walk->household, walk->at, BATCH, &rows, &count, err)) {
        return false;
    }
    *end = count < BATCH;
    for (int i = 0; i < count && !walk->more; i++) {
        bool seen;

        if (!is_seen(c, w, a, &rows[i], &seen, err)) {
            return false;
        }
        if (seen && methods_page_full(&walk->page)) {
            walk->more = true;
            break;
        }
        if (seen) {
            methods_page_add(&walk->page, entry_json(&rows[i]));
        }
        walk->at = rows[i].seq;
        walk->more = ++walk->looked == LOOK;
    }
    return true;
}

static bool walk_entries(struct walk *walk, struct call *c, struct work *w, struct error *err)
{
    bool ok = true, end = false;

    while (ok && !end && !walk->more) {
        struct arena arena = ARENA_INIT;

        ok = walk_batch(walk, c, w, &arena, &end, err);
        arena_free(&arena);
    }
    return ok;
}

static bool audit_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct walk walk = {.household = call_str(c, "household"), .page.limit = call_limit(c)};
    struct date since = call_date(c, "since");
    struct household_row row;
    int64_t before_since = 0;

    if ((walk.household.data && !methods_find_household(c, w, walk.household, &row, err)) ||
        !methods_cursor(c, &walk.at, NULL, err) ||
        (date_is(since) && !store_audit_since(w->store, since, &before_since, err))) {
        return false;
    }
    if (walk.at < before_since) {
        walk.at = before_since;
    }
    walk.page.items = json_array();
    if (!walk_entries(&walk, c, w, err)) {
        json_decref(walk.page.items);
        return false;
    }
    *result = methods_list(walk.page.items, walk.more ? methods_next_number(c, walk.at) : NULL);
    return true;
}

/* ---- audit.verify ---- */

static bool is_hash(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!strchr("0123456789abcdef", s.data[i])) {
            return false;
        }
    }
    return s.len == DIGEST_HEX;
}

static struct job *chain_make(struct call *c, struct work *w, struct error *err)
{
    struct str head = call_str(c, "head");

    (void)w;
    if (head.data && !is_hash(head)) {
        error_say(err, SAY_HEAD_HEX);
        return NULL;
    }
    return chain_job(head.data ? arena_copy(&c->arena, head) : NULL, call_actor(c));
}

static json_t *chain_done(struct call *c, struct job *job)
{
    const struct chain_result *r = chain_job_result(job);

    (void)c;
    return json_pack("{s:I, s:s, s:b, s:o, s:o}", "rows", (json_int_t)r->rows, "head", r->head,
                     "ok", (int)r->ok, "first_bad",
                     r->first_bad ? json_integer(r->first_bad) : json_null(), "head_found",
                     r->head_asked ? json_boolean(r->head_found) : json_null());
}

/* ---- the table ---- */

static const struct param audit_params[] = {
    {"household", PARAM_STRING, false, NULL, "only what concerns this household"},
    {"since", PARAM_DATE, false, NULL, "from this day on"},
    METHODS_PAGE,
};
static const struct param chain_params[] = {
    {"head", PARAM_STRING, false, NULL, "a hash from a printed list: is it in the chain?"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

const struct method methods_audit[] = {
    {.name = "audit",
     .least = ROLE_VIEWER,
     .bound = BOUND_ITEMS,
     .how = METHOD_QUERY,
     .summary = "Who did what, in order of `seq`",
     .params = audit_params,
     .run = audit_run,
     .result_help =
         "`{items, next}`; an item is `{seq, at, uid, who, action, household, before, after, "
         "hash}`. `hash` is the lowercase hex SHA-256 of the previous hash (at first 64 zeros), a "
         "line feed, and the item without `hash` in RFC 8785 form. `uid` is null for the service's "
         "own clock. Personal values in `before` and `after` are salted digests. An account bound "
         "to divisions gets the entries of its own households."},
    {.name = "audit.verify",
     .least = ROLE_ADMIN,
     .bound = BOUND_WHOLE,
     .how = METHOD_JOB,
     .summary = "Compute the chain of hashes anew",
     .params = chain_params,
     .job = chain_make,
     .result = chain_done,
     .result_help = "`{rows, head, ok, first_bad, head_found}`: `first_bad` is the `seq` of the "
                    "first entry whose hash is wrong, or null; `head_found` null where no `head` "
                    "was asked for."},
    {.name = NULL},
};
