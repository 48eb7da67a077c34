#include "work/origin.h"

#include <jansson.h>

#include "store/report.h"

#define PAGE 500

/* What a fact was in the past, the latest first: a correction goes back to one of them. */
struct past {
    const char *value;
    struct fact_origin origin;
    struct past *before;
};

/* The walk through the audit, one entry at a time. */
struct walk {
    struct arena *a;
    struct origins *out;
    struct past *facts[FACT_COUNT];
    const struct report_row *reports;
    int report_count;
    struct date recorded;
    json_t *before, *after; /* of the entry; NULL where it has none */
};

static const char *text_of(json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static struct fact_origin origin_of(const struct walk *w, struct date on, const char *source)
{
    char recorded[DATE_TEXT];
    if (!date_is(on) || on.day == w->recorded.day) {
        return (struct fact_origin){w->recorded, arena_copy(w->a, str_of(source))};
    }
    return (struct fact_origin){
        on, arena_format(w->a, "%s, recorded %s", source, date_text(w->recorded, recorded))};
}

static void became(struct walk *w, enum fact fact, const char *value, struct date on,
                   const char *source)
{
    struct past *p = arena_alloc(w->a, sizeof *p);
    *p = (struct past){arena_copy(w->a, str_of(value)), origin_of(w, on, source), w->facts[fact]};
    w->facts[fact] = p;
}

static bool differs(const struct walk *w, const char *key)
{
    return !json_equal(json_object_get(w->before, key), json_object_get(w->after, key));
}

/* ---- what each action of the audit says ---- */

/* The facts of a household's import, and whether each is a day itself. */
static const struct {
    const char *key;
    enum fact fact;
    bool is_day;
} imported[] = {
    {"status", FACT_STATUS, false},
    {"register", FACT_REGISTER, false},
    {"tier", FACT_TIER, false},
    {"approved_on", FACT_APPROVED, true},
    {"approved_on", FACT_ANCHOR, true},
    {"last_review_on", FACT_LAST_REVIEW, true},
    {"income_kind", FACT_INCOME_KIND, false},
    {"income", FACT_INCOME, false},
    {"pension", FACT_PENSION, false},
    {"employment_cost", FACT_EMPLOYMENT_COST, false},
};

static void by_import(struct walk *w)
{
    for (size_t i = 0; i < sizeof imported / sizeof *imported; i++) {
        const char *value = text_of(w->after, imported[i].key);
        if (value && *value && (!w->before || differs(w, imported[i].key))) {
            became(w, imported[i].fact, value,
                   imported[i].is_day ? date_parse(str_of(value)) : DATE_NONE, "import");
        }
    }
    /* A tier that nobody gave is not the import's. */
    const char *tier_source = text_of(w->after, "tier_source");
    if (w->facts[FACT_TIER] && tier_source && strcmp(tier_source, "default") == 0) {
        w->facts[FACT_TIER]->origin.source = "default: none was given";
    }
}

static void member_named(struct walk *w, const char *member, struct date on, const char *source)
{
    struct member_origin *m = arena_alloc(w->a, sizeof *m);
    *m = (struct member_origin){arena_str(w->a, str_of(member)), origin_of(w, on, source),
                                w->out->members};
    w->out->members = m;
}

static void by_members(struct walk *w)
{
    json_t *member;
    size_t i;
    json_array_foreach(json_object_get(w->after, "members"), i, member)
    {
        const char *name = text_of(member, "member"), *on = text_of(member, "status_on");
        if (name) {
            member_named(w, name, on ? date_parse(str_of(on)) : DATE_NONE, "import");
        }
    }
}

static void money_became(struct walk *w, enum fact fact, int64_t fen, const struct report_row *r,
                         const char *source)
{
    struct strbuf text = STRBUF_INIT;
    if (fen != FEN_UNKNOWN) {
        strbuf_addfen(&text, fen);
        became(w, fact, strbuf_text(&text), r->on, source);
    }
    strbuf_free(&text);
}

static void by_report(struct walk *w)
{
    int64_t number = json_integer_value(json_object_get(w->after, "report"));
    const char *source = arena_format(w->a, "report %lld", (long long)number);
    for (int i = 0; i < w->report_count; i++) {
        const struct report_row *r = &w->reports[i];
        if (r->report != number || r->corrected) {
            continue;
        }
        money_became(w, FACT_INCOME, r->income, r, source);
        money_became(w, FACT_PENSION, r->pension, r, source);
        money_became(w, FACT_EMPLOYMENT_COST, r->employment_cost, r, source);
        if (r->kind == REPORT_DEATH || r->kind == REPORT_BIRTH || r->kind == REPORT_MOVE_IN ||
            r->kind == REPORT_MOVE_OUT) {
            member_named(w, arena_copy(w->a, r->member), r->on, source);
        }
    }
}

static void by_ending(struct walk *w)
{
    const char *act = text_of(w->after, "act"), *ground = text_of(w->after, "ground");
    const char *on = text_of(w->after, "on");
    if (act && ground && on) {
        became(w, FACT_STATUS, strcmp(act, "suspend") == 0 ? "suspended" : "closed",
               date_parse(str_of(on)), arena_format(w->a, "%s on the ground %s", act, ground));
    }
}

static void by_resume(struct walk *w)
{
    became(w, FACT_STATUS, "active", DATE_NONE, "resume");
}

static void by_tier(struct walk *w)
{
    const char *tier = text_of(w->after, "tier"), *source = text_of(w->after, "tier_source");
    if (tier && source) {
        became(w, FACT_TIER, tier, DATE_NONE,
               strcmp(source, "given") == 0 ? "set by hand" : source);
    }
}

static void by_review(struct walk *w)
{
    const char *source =
        arena_format(w->a, "review of task %lld",
                     (long long)json_integer_value(json_object_get(w->after, "task")));
    const char *last = text_of(w->after, "last_review_on"),
               *anchor = text_of(w->after, "anchor_on");
    if (last) {
        became(w, FACT_LAST_REVIEW, last, date_parse(str_of(last)), source);
    }
    if (anchor && differs(w, "anchor_on")) {
        became(w, FACT_ANCHOR, anchor, date_parse(str_of(anchor)), source);
    }
}

static void by_decision(struct walk *w)
{
    const char *state = text_of(w->after, "register");
    if (state) {
        became(w, FACT_REGISTER, state, DATE_NONE,
               arena_format(w->a, "decision of task %lld",
                            (long long)json_integer_value(json_object_get(w->after, "task"))));
    }
}

/* Each fact that the correction gave back is again from where it was before. */
static void by_correction(struct walk *w)
{
    json_t *state = json_object_get(w->after, "state");
    static const struct {
        const char *key;
        enum fact fact;
    } given_back[] = {{"status", FACT_STATUS},
                      {"register", FACT_REGISTER},
                      {"tier", FACT_TIER},
                      {"anchor_on", FACT_ANCHOR},
                      {"last_review_on", FACT_LAST_REVIEW}};
    for (size_t i = 0; i < sizeof given_back / sizeof *given_back; i++) {
        const char *value = text_of(state, given_back[i].key);
        struct past **now = &w->facts[given_back[i].fact], *p = *now;
        while (p && value && strcmp(p->value, value) != 0) {
            p = p->before;
        }
        if (!value || p) {
            *now = value ? p : NULL;
        } else {
            became(w, given_back[i].fact, value, DATE_NONE, "correction");
        }
    }
}

static const struct {
    const char *action;
    void (*tell)(struct walk *w);
} actions[] = {
    {"household.add", by_import},
    {"household.change", by_import},
    {"household.readmit", by_import},
    {"household.members", by_members},
    {"report", by_report},
    {"household.end", by_ending},
    {"household.resume", by_resume},
    {"household.tier", by_tier},
    {"review", by_review},
    {"register.effect", by_decision},
    {"correct", by_correction},
};

static void take(struct walk *w, const struct audit_row *row)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(row->action, actions[i].action) != 0) {
            continue;
        }
        w->recorded = date_parse((struct str){row->at, 10});
        w->before = json_loadb(row->before.data ? row->before.data : "", row->before.len, 0, NULL);
        w->after = json_loadb(row->after.data ? row->after.data : "", row->after.len, 0, NULL);
        actions[i].tell(w);
        json_decref(w->before);
        json_decref(w->after);
        return;
    }
}

bool origins_load(struct work *w, struct arena *a, const struct household_row *row,
                  struct origins *out, struct error *err)
{
    struct walk walk = {.a = a, .out = out};
    struct report_row *reports;
    struct audit_row *rows;
    int64_t after = 0;
    int count = PAGE;
    *out = (struct origins){0};
    if (!store_reports_of(w->store, a, row->id, 0, &reports, &walk.report_count, err)) {
        return false;
    }
    walk.reports = reports;
    while (count == PAGE) {
        if (!store_audit_list(w->store, a, row->household, after, PAGE, &rows, &count, err)) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            after = rows[i].seq;
            take(&walk, &rows[i]);
        }
    }
    for (int i = 0; i < FACT_COUNT; i++) {
        out->facts[i] =
            walk.facts[i] ? walk.facts[i]->origin : (struct fact_origin){DATE_NONE, NULL};
    }
    return true;
}

const struct fact_origin *origins_member(const struct origins *o, struct str member)
{
    for (const struct member_origin *m = o->members; m; m = m->before) {
        if (str_equal(m->member, member)) {
            return &m->origin;
        }
    }
    return NULL;
}
