/* household.find: by what somebody has in hand. Whoever sees all is answered by the indexes of the
 * whole store; an account that is bound to divisions, or a search in one, by looking at those
 * households alone, so that nothing elsewhere shows in what comes or how long it takes. */
#include "store/find.h"
#include "base/text.h"
#include "control/methods.h"
#include "control/walk.h"

#define TEXT_MAX 200
#define BATCH 100

static const struct word found_words[] = {
    [FIND_HOUSEHOLD] = {"household", "户号"},     [FIND_HEAD_ID] = {"head-id", "户主身份证号"},
    [FIND_MEMBER_ID] = {"member-id", "身份证号"}, [FIND_PHONE] = {"phone", "电话"},
    [FIND_HEAD_NAME] = {"head-name", "户主"},     [FIND_MEMBER_NAME] = {"member-name", "姓名"},
};
static const struct names found_names = NAMES_TABLE("matched", found_words);

static json_t *item(const struct household_row *h, enum find_by by, const struct member_row *m)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o}", "household", json_str(h->household), "township",
        json_division(h->township), "division", json_division(h->division), "head_name",
        json_str(h->head_name), "status", names_text(&statuses, (int)h->status), "matched",
        names_text(&found_names, (int)by), "member", json_str(m ? m->member : STR_NONE), "name",
        json_str(m ? m->name : h->head_name));
}

/* Numbers and codes as they are typed: without blanks, and an identity number with its X. */
static struct str looked_for(struct call *c)
{
    struct str text = str_trim(call_str(c, "text"));
    struct birth birth;

    if (text.len == 18 && text.data[17] == 'x') {
        char *copy = arena_copy(&c->arena, text);
        copy[17] = 'X';
        if (!idnum_fault(str_of(copy), &birth)) {
            return str_of(copy);
        }
    }
    return text;
}

/* ---- in divisions ---- */

static bool begins(struct str text, struct str with)
{
    return text.data && text.len >= with.len && memcmp(text.data, with.data, with.len) == 0;
}

/* A head that stands among the members is found once, as the head. */
static bool matches(struct call *c, struct work *w, const struct household_row *h, void *self,
                    json_t *items, struct error *err)
{
    const struct str text = *(const struct str *)self;
    struct member_row *members;
    int count;

    const struct {
        enum find_by by;
        bool is;
    } own[] = {{FIND_HOUSEHOLD, str_equal(h->household, text)},
               {FIND_HEAD_ID, str_equal(h->head_id, text)},
               {FIND_PHONE, str_equal(h->phone, text)},
               {FIND_HEAD_NAME, begins(h->head_name, text)}};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (own[i].is) {
            json_array_append_new(items, item(h, own[i].by, NULL));
        }
    }
    if (!store_members(w->store, &c->arena, h->id, &members, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        const struct member_row *m = &members[i];
        if (str_equal(m->id, text) && !str_equal(h->head_id, text)) {
            json_array_append_new(items, item(h, FIND_MEMBER_ID, m));
        } else if (begins(m->name, text) && !str_equal(h->head_name, m->name)) {
            json_array_append_new(items, item(h, FIND_MEMBER_NAME, m));
        }
    }
    return true;
}

/* ---- in the whole store ---- */

/* The place where a page ends: "BY/HOUSEHOLD/LENGTH/" and the member's number, of that length, and
 * the key. */
struct place {
    enum find_by by;
    struct found_row after;
};

static bool place_read(struct call *c, struct str text, struct place *place, struct error *err)
{
    struct str sealed;
    int64_t number[3] = {0};

    *place = (struct place){.after = {.key = text}};
    if (!methods_place(c, &sealed, err)) {
        return false;
    }
    if (!sealed.data) {
        return true;
    }
    for (int i = 0; i < 3; i++) {
        const char *end = memchr(sealed.data, '/', sealed.len);
        size_t len = end ? (size_t)(end - sealed.data) : sealed.len;
        if (!end || !str_to_int((struct str){sealed.data, len}, 0, INT64_C(1) << 53, &number[i])) {
            return error_say(err, SAY_CURSOR_OF_ANOTHER, arg_z(c->method->name));
        }
        sealed = (struct str){end + 1, sealed.len - len - 1};
    }
    if (number[0] >= FIND_END || (size_t)number[2] > sealed.len) {
        return error_say(err, SAY_CURSOR_OF_ANOTHER, arg_z(c->method->name));
    }
    size_t length = (size_t)number[2];
    place->by = (enum find_by)number[0];
    place->after = (struct found_row){
        .key = {sealed.data + length, sealed.len - length},
        .household_id = number[1],
        .member = length ? (struct str){sealed.data, length} : STR_NONE,
    };
    return true;
}

static bool everywhere(struct call *c, struct work *w, struct str text, json_t **result,
                       struct error *err)
{
    struct place place;
    struct page page = {.limit = call_limit(c)};
    json_t *next = NULL;
    bool ok = place_read(c, text, &place, err);

    page.items = json_array();
    while (ok && place.by < FIND_END && !next) {
        struct found_row *rows;
        int count = 0;

        ok = store_find(w->store, &c->arena, place.by, text, &place.after, BATCH, &rows, &count,
                        err);
        for (int i = 0; ok && i < count && !next; i++) {
            const struct found_row *r = &rows[i];
            struct household_row h;
            struct member_row m;
            bool is_member = r->member.data != NULL, found;

            if (methods_page_full(&page)) {
                const struct found_row *last = &place.after;
                next = methods_next(
                    c, str_of(arena_format(&c->arena, "%d/%lld/%zu/%.*s%.*s", (int)place.by,
                                           (long long)last->household_id, last->member.len,
                                           STR_ARG(last->member), STR_ARG(last->key))));
                break;
            }
            place.after = *r;
            ok = store_household_get(w->store, &c->arena, r->household_id, &h, err) &&
                 (!is_member ||
                  store_member_find(w->store, &c->arena, h.id, r->member, &m, &found, err));
            if (ok &&
                !(is_member && (str_equal(h.head_id, r->key) || str_equal(h.head_name, r->key)))) {
                methods_page_add(&page, item(&h, place.by, is_member ? &m : NULL));
            }
        }
        if (!next && count < BATCH) {
            place = (struct place){.by = place.by + 1, .after = {.key = text}};
        }
    }
    if (!ok) {
        json_decref(page.items);
        json_decref(next);
        return false;
    }
    *result = methods_list(page.items, next);
    return true;
}

static bool find_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct scope scope;
    struct str text = looked_for(c);

    if (text.len == 0 || text.len > TEXT_MAX) {
        return error_say(err, SAY_FIND_TEXT, arg_number(TEXT_MAX));
    }
    if (!methods_scope(c, w, &scope, err)) {
        return false;
    }
    bool all = scope.division == 0 && scope.township_count == 1 && scope.townships[0] == 0;
    return all ? everywhere(c, w, text, result, err)
               : walk_households(c, w, &scope, matches, &text, result, err);
}

static const struct param find_params[] = {
    {"text", PARAM_STRING, true, NULL,
     "a household's number, an identity number, a telephone, or how a name begins"},
    METHODS_TOWNSHIP,
    METHODS_PAGE,
};

const struct method methods_find[] = {
    {.name = "household.find",
     .least = ROLE_VIEWER,
     .bound = BOUND_ITEMS,
     .how = METHOD_QUERY,
     .summary = "Households and persons by number, identity number, telephone or name",
     .params = find_params,
     .run = find_run,
     .result_help =
         "`{items, next}`; an item is `{household, township, division, head_name, status, matched, "
         "member, name}`: `matched` says where the text stands (`household`, `head-id`, "
         "`member-id`, `phone` whole, `head-name`, `member-name` at their beginning), `member` "
         "and `name` whose it is; `member` is null for the head. In that order and names in the "
         "order of their bytes; in a division by household. A head that stands among the members "
         "is found once. A page may be short while `next` is given."},
    {.name = NULL},
};
