#include "work/origin.h"

static struct str day_value(struct arena *a, struct date day)
{
    char text[DATE_TEXT];
    return date_is(day) ? str_of(arena_copy(a, str_of(date_text(day, text)))) : STR_NONE;
}

static struct str money_value(struct arena *a, int64_t fen)
{
    struct strbuf text = STRBUF_INIT;
    if (fen == FEN_UNKNOWN) {
        return STR_NONE;
    }
    strbuf_addfen(&text, fen);
    struct str value = arena_str(a, strbuf_str(&text));
    strbuf_free(&text);
    return value;
}

/* The day that a fact is, where it is one. */
static struct date fact_day(const struct household_row *row, enum fact fact)
{
    return fact == FACT_APPROVED      ? row->approved_on
           : fact == FACT_LAST_REVIEW ? row->last_review_on
           : fact == FACT_ANCHOR      ? row->anchor_on
                                      : DATE_NONE;
}

/* As explanations show it; data NULL where it is not known. */
static struct str fact_value(struct arena *a, const struct household_row *row, enum fact fact)
{
    switch (fact) {
    case FACT_STATUS:
        return str_of(names_text(&statuses, (int)row->status));
    case FACT_REGISTER:
        return str_of(names_text(&register_states, (int)row->register_state));
    case FACT_TIER:
        return str_of(names_text(&tiers, (int)row->tier));
    case FACT_INCOME_KIND:
        return row->income_kind == INCOME_UNKNOWN
                   ? STR_NONE
                   : str_of(names_text(&income_kinds, (int)row->income_kind));
    case FACT_INCOME:
        return money_value(a, row->income);
    case FACT_PENSION:
        return money_value(a, row->pension);
    case FACT_EMPLOYMENT_COST:
        return money_value(a, row->employment_cost);
    case FACT_APPROVED:
    case FACT_LAST_REVIEW:
    case FACT_ANCHOR:
    default:
        return day_value(a, fact_day(row, fact));
    }
}

bool origin_added(struct work *w, const struct household_row *row, struct error *err)
{
    struct origin_row all = {
        .household_id = row->id, .fact = FACT_HOUSEHOLD, .source = ORIGIN_IMPORT, .on = DATE_NONE};
    struct origin_row tier = {.household_id = row->id,
                              .fact = FACT_TIER,
                              .value = str_of(names_text(&tiers, (int)row->tier)),
                              .source = ORIGIN_DEFAULT,
                              .on = DATE_NONE};
    return store_origin_put(w->store, &all, err) &&
           (row->tier_source != TIER_DEFAULT || store_origin_put(w->store, &tier, err));
}

bool origin_changed(struct work *w, const struct household_row *old,
                    const struct household_row *now, struct origin_row cause, struct error *err)
{
    struct arena a = ARENA_INIT;
    const struct date on = cause.on;
    bool ok = true;
    for (enum fact fact = 0; ok && fact < FACT_COUNT; fact++) {
        cause.household_id = now->id;
        cause.fact = fact;
        cause.value = fact_value(&a, now, fact);
        cause.on = date_is(fact_day(now, fact)) ? fact_day(now, fact) : on;
        if (cause.value.data && !str_equal(cause.value, fact_value(&a, old, fact))) {
            ok = store_origin_put(w->store, &cause, err);
        }
    }
    arena_free(&a);
    return ok;
}

bool origin_corrected(struct work *w, const struct household_row *old,
                      const struct household_row *now, struct error *err)
{
    static const enum fact given_back[] = {FACT_STATUS, FACT_REGISTER, FACT_TIER, FACT_ANCHOR,
                                           FACT_LAST_REVIEW};
    struct arena a = ARENA_INIT;
    bool ok = store_origin_reports_back(w->store, now->id, err);
    for (size_t i = 0; ok && i < sizeof given_back / sizeof *given_back; i++) {
        struct str value = fact_value(&a, now, given_back[i]);
        ok = str_equal(value, fact_value(&a, old, given_back[i])) ||
             store_origin_back(w->store, now->id, given_back[i], value, err);
    }
    arena_free(&a);
    return ok;
}

static const char *source_text(struct arena *a, const struct origin_row *row)
{
    switch (row->source) {
    case ORIGIN_DEFAULT:
        return "default: none was given";
    case ORIGIN_REPORT:
        return arena_format(a, "report %lld", (long long)row->reference);
    case ORIGIN_REVIEW:
    case ORIGIN_DECISION:
        return arena_format(a, "%s of task %lld", names_text(&origin_sources, (int)row->source),
                            (long long)row->reference);
    case ORIGIN_TERMINATE:
    case ORIGIN_CLOSE:
    case ORIGIN_SUSPEND:
        return arena_format(a, "%s on the ground %.*s",
                            names_text(&origin_sources, (int)row->source), STR_ARG(row->ground));
    case ORIGIN_GIVEN:
        return "set by hand";
    case ORIGIN_IMPORT:
    case ORIGIN_RESUME:
    case ORIGIN_DERIVED:
    default:
        return names_text(&origin_sources, (int)row->source);
    }
}

static struct fact_origin origin_of(struct arena *a, const struct origin_row *row, struct date on)
{
    const char *source = source_text(a, row);
    char recorded[DATE_TEXT];
    if (!date_is(on) || on.day == row->recorded_on.day) {
        return (struct fact_origin){row->recorded_on, source};
    }
    return (struct fact_origin){
        on, arena_format(a, "%s, recorded %s", source, date_text(row->recorded_on, recorded))};
}

bool origins_load(struct work *w, struct arena *a, const struct household_row *row,
                  struct origins *out, struct error *err)
{
    struct origin_row *rows;
    int count;
    *out = (struct origins){0};
    for (int i = 0; i < FACT_COUNT; i++) {
        out->facts[i] = (struct fact_origin){DATE_NONE, NULL};
    }
    if (!store_origins_of(w->store, a, row->id, &rows, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        const struct origin_row *r = &rows[i];
        if (r->fact == FACT_MEMBER || r->fact == FACT_MEMBERS) {
            struct member_origin *m = arena_alloc(a, sizeof *m);
            *m = (struct member_origin){r->member, origin_of(a, r, r->on), out->members};
            out->members = m;
        } else if (r->fact == FACT_HOUSEHOLD) {
            for (enum fact fact = 0; fact < FACT_COUNT; fact++) {
                out->facts[fact] = origin_of(a, r, fact_day(row, fact));
            }
        } else {
            out->facts[r->fact] = origin_of(a, r, r->on);
        }
    }
    return true;
}

const struct fact_origin *origins_member(const struct origins *o, struct str member)
{
    for (const struct member_origin *m = o->members; m; m = m->before) {
        if (m->member.len == 0 || str_equal(m->member, member)) {
            return &m->origin;
        }
    }
    return NULL;
}
