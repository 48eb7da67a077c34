/* household.members, household.unmask: who lives in a household. Identity numbers are shown masked,
 * but to an admin who asks and says why (contract.md section 5); asking is on record. */
#include "base/canon.h"
#include "base/text.h"
#include "control/methods.h"
#include "rules/date.h"

/* Whole years on a day; null where the birthday is not known. */
static json_t *age_json(struct date birth_on, struct date today)
{
    if (!date_is(birth_on) || date_cmp(birth_on, today) > 0) {
        return json_null();
    }
    struct ymd b = date_ymd(birth_on), t = date_ymd(today);
    bool before = t.month < b.month || (t.month == b.month && t.day < b.day);
    return json_integer(t.year - b.year - before);
}

static json_t *id_json(struct call *c, struct str id, bool whole)
{
    struct strbuf text = STRBUF_INIT;

    if (!id.data || whole) {
        return json_str(id);
    }
    idnum_mask(id, &text);
    struct str masked = arena_str(&c->arena, strbuf_str(&text));
    strbuf_free(&text);
    return json_str(masked);
}

/* A word of a table, null for what is not known. */
static json_t *word_json(const struct names *names, int value)
{
    return value >= 0 && value < names->count && *names->words[value].text
               ? json_string(names->words[value].text)
               : json_null();
}

/* The masked number hides the birthday: so does the row. */
static json_t *member_json(struct call *c, const struct member_row *m, struct date today,
                           bool whole)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "member",
                     json_str(m->member), "name", json_str(m->name), "id", id_json(c, m->id, whole),
                     "birth_on", whole ? json_day(m->birth_on) : json_null(), "age",
                     age_json(m->birth_on, today), "health", word_json(&healths, (int)m->health),
                     "disability", word_json(&disabilities, (int)m->disability), "work_ability",
                     word_json(&work_abilities, (int)m->work_ability), "student",
                     m->student < 0 ? json_null() : json_boolean(m->student), "status",
                     word_json(&member_statuses, (int)m->status), "status_on",
                     json_day(m->status_on));
}

static bool people(struct call *c, struct work *w, const struct household_row *row, bool whole,
                   json_t **result, struct error *err)
{
    struct member_row *members;
    int count;

    if (!store_members(w->store, &c->arena, row->id, &members, &count, err)) {
        return false;
    }
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        json_array_append_new(list, member_json(c, &members[i], work_today(w), whole));
    }
    *result = json_pack("{s:o, s:o, s:o, s:o}", "household", json_str(row->household), "head_name",
                        json_str(row->head_name), "head_id", id_json(c, row->head_id, whole),
                        "members", list);
    return true;
}

static bool members_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct household_row row;

    return methods_find_household(c, w, call_str(c, "household"), &row, err) &&
           people(c, w, &row, false, result, err);
}

static bool unmask_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    struct household_row row;
    struct strbuf after = STRBUF_INIT;

    if (!methods_find_household(c, w, call_str(c, "household"), &row, err) ||
        !people(c, w, &row, true, result, err)) {
        return false;
    }
    struct canon object = canon_open(&after);
    canon_str(&object, "reason", call_str(c, "reason"));
    canon_close(&object);
    bool ok =
        work_audit(w, call_actor(c), "unmask", row.household, STR_NONE, strbuf_str(&after), err);
    strbuf_free(&after);
    if (!ok) {
        json_decref(*result);
        *result = NULL;
    }
    return ok;
}

static const struct param members_params[] = {
    {"household", PARAM_STRING, true, NULL, "the household's number in the office's books"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};
static const struct param unmask_params[] = {
    {"household", PARAM_STRING, true, NULL, "the household's number in the office's books"},
    {"reason", PARAM_STRING, true, NULL, "why the numbers are needed; on record"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};

const struct method methods_person[] = {
    {.name = "household.members",
     .least = ROLE_VIEWER,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_QUERY,
     .summary = "The members of a household, identity numbers masked",
     .params = members_params,
     .run = members_run,
     .result_help =
         "`{household, head_name, head_id, members: [{member, name, id, birth_on, age, health, "
         "disability, work_ability, student, status, status_on}]}`. A masked `id` is "
         "`500101********0013`, and `birth_on`, which it hides, is null; what is not known is null "
         "too."},
    {.name = "household.unmask",
     .least = ROLE_ADMIN,
     .bound = BOUND_HOUSEHOLD,
     .how = METHOD_CHANGE,
     .summary = "The same with whole identity numbers; who asked and why is audited",
     .params = unmask_params,
     .run = unmask_run,
     .result_help = "As `household.members`, with whole numbers and birthdays."},
    {.name = NULL},
};
