#include "rules/policy_read.h"

#include <stddef.h>
#include <stdlib.h>

#define AGE_MAX 120 /* years */
#define LIST_MAX 64 /* elements of a list */

/* What the calls of the schema know beside their own group. */
struct reading {
    struct policy *policy;
    struct policy_lines *lines;
    unsigned tiers_named; /* bit 1 << enum tier: in `tiers` or `dropped` */
    bool tiers_unsure;    /* one of them could not be read */
};

/* clang-format off */
#define AT(member) .offset = offsetof(struct policy, member)
#define SOURCE(member) {"source", SCHEMA_TEXT, AT(member)}
#define END {.key = NULL}
/* clang-format on */

static struct reading *reading_of(struct schema *r)
{
    return r->user;
}

/* ---- in_force ---- */

static void read_in_force(struct schema *r, config_setting_t *s, void *base)
{
    static const struct schema_field fields[] = {
        {"from", SCHEMA_DAY, AT(from)},
        SOURCE(from_source),
        {"until", SCHEMA_DAY, .optional = true, AT(until)},
        {"until_source", SCHEMA_TEXT, .optional = true, AT(until_source)},
        END,
    };
    struct policy *p = base;
    config_setting_t *until;

    schema_group(r, s, fields, p);
    if (!config_setting_is_group(s)) {
        return;
    }
    *reading_of(r)->lines = (struct policy_lines){schema_line(r, schema_key(s, "from")),
                                                  schema_line(r, schema_key(s, "until"))};
    until = config_setting_get_member(s, "until");
    if (until && !config_setting_get_member(s, "until_source")) {
        schema_fault(r, until,
                     "missing key \"until_source\" in \"in_force\": an end has a clause too");
    }
    if (!until && config_setting_get_member(s, "until_source")) {
        schema_fault(r, schema_key(s, "until_source"), "\"until_source\" without \"until\"");
    }
    if (until && date_is(p->from) && date_is(p->until) && date_cmp(p->until, p->from) < 0) {
        schema_fault(r, until, "\"until\" is before \"from\"");
    }
    if (until && (!date_is(p->until) || !date_is(p->from) || date_cmp(p->until, p->from) < 0)) {
        p->from = DATE_NONE; /* no days to compare with those of other versions */
    }
}

/* ---- cycle: tiers, dropped ---- */

#define LEAD_PER_MONTH 20 /* a window stays well within its interval */

struct tier_entry {
    unsigned tier, becomes; /* TIER_COUNT where it could not be read */
    int lead_days;
    const char *source;
};

static bool tier_named_once(struct schema *r, config_setting_t *s, unsigned tier)
{
    if (!config_setting_get_member(s, "tier") || tier >= TIER_COUNT) {
        reading_of(r)->tiers_unsure = true;
        return false;
    }
    if (reading_of(r)->tiers_named >> tier & 1) {
        schema_fault(r, schema_key(s, "tier"), "tier %s is named twice",
                     names_text(&tiers, (int)tier));
        return false;
    }
    reading_of(r)->tiers_named |= 1U << tier;
    return true;
}

/* The words of a tier are read by hand: 0 is a tier, and no sign of a fault. */
static void read_tier(struct schema *r, config_setting_t *s, void *to)
{
    int value = schema_word(r, s, &tiers);

    *(unsigned *)to = value < 0 ? TIER_COUNT : (unsigned)value;
}

static void check_kept(struct schema *r, config_setting_t *s, void *items, int i)
{
    const struct tier_entry *e = (struct tier_entry *)items + i;

    if (!tier_named_once(r, s, e->tier)) {
        return;
    }
    struct tier_terms *terms = &reading_of(r)->policy->tiers[e->tier];
    int most = LEAD_PER_MONTH * tier_months((enum tier)e->tier);
    if (e->lead_days > most) {
        schema_fault(r, schema_key(s, "lead_days"),
                     "\"lead_days\" is %d, not within 1 to %d for tier %s", e->lead_days, most,
                     names_text(&tiers, (int)e->tier));
    }
    *terms = (struct tier_terms){true, (enum tier)e->tier, e->lead_days, e->source};
}

static void read_tiers(struct schema *r, config_setting_t *s, void *base)
{
    static const struct schema_field fields[] = {
        {"tier", SCHEMA_CALL, .call = read_tier},
        {"lead_days", SCHEMA_INT, .offset = offsetof(struct tier_entry, lead_days), .min = 1,
         .max = LEAD_PER_MONTH * 12},
        {"source", SCHEMA_TEXT, .offset = offsetof(struct tier_entry, source)},
        END,
    };
    int count;

    (void)base;
    schema_list(r, s, fields, sizeof(struct tier_entry), &count, check_kept);
}

static void check_dropped(struct schema *r, config_setting_t *s, void *items, int i)
{
    const struct tier_entry *e = (struct tier_entry *)items + i;

    if (!tier_named_once(r, s, e->tier) || e->becomes >= TIER_COUNT) {
        return;
    }
    reading_of(r)->policy->tiers[e->tier] =
        (struct tier_terms){false, (enum tier)e->becomes, 0, e->source};
    /* `tiers` stands before `dropped` in the schema, whatever the order in the file. */
    if (!reading_of(r)->policy->tiers[e->becomes].kept && config_setting_get_member(s, "becomes")) {
        schema_fault(r, schema_key(s, "becomes"),
                     "\"becomes\" is \"%s\", which is not among \"tiers\"",
                     names_text(&tiers, (int)e->becomes));
    }
}

static void read_dropped(struct schema *r, config_setting_t *s, void *base)
{
    static const struct schema_field fields[] = {
        {"tier", SCHEMA_CALL, .call = read_tier},
        {"becomes", SCHEMA_CALL, .offset = offsetof(struct tier_entry, becomes), .call = read_tier},
        {"source", SCHEMA_TEXT, .offset = offsetof(struct tier_entry, source)},
        END,
    };
    int count;

    (void)base;
    schema_list(r, s, fields, sizeof(struct tier_entry), &count, check_dropped);
}

static void read_cycle(struct schema *r, config_setting_t *s, void *base)
{
    static const struct schema_field basis[] = {
        {"value", SCHEMA_WORD, AT(basis), .names = &bases}, SOURCE(basis_source), END};
    static const struct schema_field roll[] = {
        {"value", SCHEMA_WORD, AT(roll), .names = &rolls}, SOURCE(roll_source), END};
    static const struct schema_field restart[] = {
        {"value", SCHEMA_BOOL, AT(restart)}, SOURCE(restart_source), END};
    static const struct schema_field postpone[] = {
        {"limit_days", SCHEMA_INT, AT(postpone_limit_days), .min = 0, .max = 90},
        SOURCE(postpone_source),
        END};
    static const struct schema_field fields[] = {
        SOURCE(tiers_source),
        {"basis", SCHEMA_GROUP, .fields = basis},
        {"roll", SCHEMA_GROUP, .fields = roll},
        {"tiers", SCHEMA_CALL, .call = read_tiers},
        {"dropped", SCHEMA_CALL, .optional = true, .call = read_dropped},
        {"restart", SCHEMA_GROUP, .fields = restart},
        {"postpone", SCHEMA_GROUP, .fields = postpone},
        END,
    };

    schema_group(r, s, fields, base);
    if (!config_setting_is_group(s) || !config_setting_get_member(s, "tiers") ||
        reading_of(r)->tiers_unsure) {
        return;
    }
    for (int t = 0; t < TIER_COUNT; t++) {
        if (!(reading_of(r)->tiers_named >> t & 1)) {
            schema_fault(r, schema_key(s, "tiers"),
                         "tier %s is neither in \"tiers\" nor in \"dropped\"",
                         names_text(&tiers, t));
        }
    }
}

/* ---- tier: rules ---- */

static const struct word quantifier_text[] = {{"any", "任一"}, {"every", "全部"}};
static const struct names quantifiers = NAMES_TABLE("who", quantifier_text);

static void check_condition(struct schema *r, config_setting_t *s, void *items, int i)
{
    (void)items;
    (void)i;
    if (!config_setting_get_member(s, "work_ability") && !config_setting_get_member(s, "health")) {
        schema_fault(r, s, "a condition of \"when\" needs \"work_ability\" or \"health\"");
    }
}

static void read_when(struct schema *r, config_setting_t *s, void *base)
{
    static const struct schema_field fields[] = {
        {"who", SCHEMA_WORD, .offset = offsetof(struct tier_condition, who), .names = &quantifiers},
        {"work_ability", SCHEMA_SET, .optional = true,
         .offset = offsetof(struct tier_condition, work_ability_set), .names = &work_abilities},
        {"health", SCHEMA_SET, .optional = true,
         .offset = offsetof(struct tier_condition, health_set), .names = &healths},
        END,
    };
    struct tier_rule *rule = base;

    rule->conditions = schema_list(r, s, fields, sizeof(struct tier_condition),
                                   &rule->condition_count, check_condition);
}

static void check_rule(struct schema *r, config_setting_t *s, void *items, int i)
{
    const struct tier_rule *rules = items;
    const struct tier_terms *terms = &reading_of(r)->policy->tiers[rules[i].tier];

    /* It would hold for households of which nothing is known; those are to be reported. */
    if (!config_setting_get_member(s, "when") && !config_setting_get_member(s, "income_kind")) {
        schema_fault(r, s, "a tier rule needs \"when\" or \"income_kind\"");
    }
    if (config_setting_get_member(s, "tier") && !terms->kept &&
        (reading_of(r)->tiers_named >> rules[i].tier & 1)) {
        schema_fault(r, schema_key(s, "tier"), "\"tier\" is \"%s\", which this version drops",
                     names_text(&tiers, (int)rules[i].tier));
    }
    for (int k = 0; k < i; k++) {
        if (schema_same(rules[k].name, rules[i].name)) {
            schema_fault(r, schema_key(s, "name"), "tier rule \"%s\" is named twice",
                         rules[i].name);
        }
    }
}

static void read_rules(struct schema *r, config_setting_t *s, void *base)
{
    static const struct schema_field fields[] = {
        {"name", SCHEMA_NAME, .offset = offsetof(struct tier_rule, name)},
        {"tier", SCHEMA_WORD, .offset = offsetof(struct tier_rule, tier), .names = &tiers},
        {"when", SCHEMA_CALL, .optional = true, .call = read_when},
        {"income_kind", SCHEMA_SET, .optional = true,
         .offset = offsetof(struct tier_rule, income_kind_set), .names = &income_kinds},
        {"source", SCHEMA_TEXT, .offset = offsetof(struct tier_rule, source)},
        END,
    };
    struct policy *p = base;

    p->tier_rules =
        schema_list(r, s, fields, sizeof(struct tier_rule), &p->tier_rule_count, check_rule);
}

/* ---- protection ---- */

static void read_assets(struct schema *r, config_setting_t *s, void *base)
{
    struct policy *p = base;
    int n = schema_length(r, s, "words");

    p->assets = arena_alloc(r->arena, ((size_t)n + 1) * sizeof(*p->assets));
    for (int i = 0; i < n; i++) {
        config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        p->assets[i] = schema_name(r, e);
        for (int k = 0; k < i; k++) {
            if (schema_same(p->assets[k], p->assets[i])) {
                schema_fault(r, e, "\"words\" has \"%s\" twice", p->assets[i]);
            }
        }
    }
}

static void read_protection(struct schema *r, config_setting_t *s, void *base)
{
    static const struct schema_field above[] = {
        {"ratio", SCHEMA_NUMBER, AT(clearly_above), .min = 1, .max = 10},
        SOURCE(clearly_above_source),
        END};
    static const struct schema_field assets[] = {
        {"words", SCHEMA_CALL, .call = read_assets}, SOURCE(assets_source), END};
    static const struct schema_field announce[] = {
        {"days", SCHEMA_INT, AT(announce_days), .min = 0, .max = 365},
        SOURCE(announce_source),
        END};
    static const struct schema_field pension[] = {
        {"until", SCHEMA_DAY, .optional = true, AT(pension_until)}, SOURCE(pension_source), END};
    static const struct schema_field fields[] = {
        {"continuity", SCHEMA_BOOL, AT(continuity)},
        SOURCE(continuity_source),
        {"states", SCHEMA_SET, .optional = true, AT(protected_set), .names = &register_states},
        {"announce", SCHEMA_GROUP, .optional = true, .fields = announce},
        {"clearly_above", SCHEMA_GROUP, .fields = above},
        {"assets", SCHEMA_GROUP, .fields = assets},
        {"pension", SCHEMA_GROUP, .fields = pension},
        END,
    };
    static const char *const with_continuity[] = {"states", "announce"};
    const struct policy *p = base;

    schema_group(r, s, fields, base);
    config_setting_t *rule = config_setting_is_group(s) ? schema_key(s, "continuity") : s;
    if (rule == s || config_setting_type(rule) != CONFIG_TYPE_BOOL) {
        return;
    }
    for (size_t i = 0; i < sizeof(with_continuity) / sizeof(with_continuity[0]); i++) {
        config_setting_t *e = config_setting_get_member(s, with_continuity[i]);
        if (!e && p->continuity) {
            schema_fault(r, s, "missing key \"%s\" in \"protection\"", with_continuity[i]);
        }
        if (e && !p->continuity) {
            schema_fault(r, e, "\"%s\" has no effect while \"continuity\" is false",
                         with_continuity[i]);
        }
    }
}

/* ---- register, ages ---- */

enum { STEP_COUNT = 5, STEP_TEXT = sizeof("09-01") - 1 };

/* The steps in the order in which a year must have them. */
static const struct {
    const char *key;
    size_t offset;
} steps[STEP_COUNT] = {
    {"opens", offsetof(struct register_steps, opens)},
    {"visits_until", offsetof(struct register_steps, visits_until)},
    {"township_by", offsetof(struct register_steps, township_by)},
    {"county_by", offsetof(struct register_steps, county_by)},
    {"closes", offsetof(struct register_steps, closes)},
};

/* A day that every year has: 29 February is none. */
static void read_month_day(struct schema *r, config_setting_t *s, void *to)
{
    const char *text = schema_text(r, s);
    struct strbuf day = STRBUF_INIT;

    if (!text) {
        return;
    }
    strbuf_addf(&day, "2017-%s", text);
    struct date found = strlen(text) == STEP_TEXT ? date_parse(strbuf_str(&day)) : DATE_NONE;
    strbuf_free(&day);
    if (date_is(found)) {
        *(struct month_day *)to = (struct month_day){date_ymd(found).month, date_ymd(found).day};
    } else {
        schema_fault(r, s, "\"%s\" is \"%s\", not a day of every year such as \"09-01\"",
                     config_setting_name(s), text);
    }
}

static int day_rank(struct month_day d)
{
    return d.month * 100 + d.day;
}

static void read_register(struct schema *r, config_setting_t *s, void *base)
{
    static const struct schema_field fields[] = {
        {"opens", SCHEMA_CALL, AT(register_steps.opens), .call = read_month_day},
        {"visits_until", SCHEMA_CALL, AT(register_steps.visits_until), .call = read_month_day},
        {"township_by", SCHEMA_CALL, AT(register_steps.township_by), .call = read_month_day},
        {"county_by", SCHEMA_CALL, AT(register_steps.county_by), .call = read_month_day},
        {"closes", SCHEMA_CALL, AT(register_steps.closes), .call = read_month_day},
        {"notice_days", SCHEMA_INT, AT(register_steps.notice_days), .min = 0, .max = 60},
        SOURCE(register_steps.source),
        END,
    };
    const char *at = (const char *)&((struct policy *)base)->register_steps;

    schema_group(r, s, fields, base);
    for (int i = 1; i < STEP_COUNT; i++) {
        const struct month_day *day = (const void *)(at + steps[i].offset);
        const struct month_day *before = (const void *)(at + steps[i - 1].offset);
        if (day->month && before->month && day_rank(*day) <= day_rank(*before)) {
            schema_fault(r, schema_key(s, steps[i].key),
                         "\"%s\" is %02d-%02d, not after the %02d-%02d of \"%s\"", steps[i].key,
                         day->month, day->day, before->month, before->day, steps[i - 1].key);
        }
    }
}

static void read_years(struct schema *r, config_setting_t *s, void *base)
{
    struct policy *p = base;

    p->age_count = schema_length(r, s, "ages");
    p->ages = arena_alloc(r->arena, ((size_t)p->age_count + 1) * sizeof(*p->ages));
    for (int i = 0; i < p->age_count; i++) {
        config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        if (!schema_int(r, e, 1, AGE_MAX, &p->ages[i])) {
            continue;
        }
        if (i > 0 && p->ages[i] <= p->ages[i - 1]) {
            schema_fault(r, e, "\"years\" has %d, not after the %d before it", p->ages[i],
                         p->ages[i - 1]);
        }
    }
}

/* ---- alerts ---- */

/* alert_due() relies on the order. */
static void check_rung(struct schema *r, config_setting_t *s, void *items, int i)
{
    const struct alert_rung *rungs = items;

    for (int k = 0; k < i; k++) {
        if (schema_same(rungs[k].name, rungs[i].name)) {
            schema_fault(r, schema_key(s, "name"), "rung \"%s\" is named twice", rungs[i].name);
        }
    }
    if (i > 0 && rungs[i].working_days <= rungs[i - 1].working_days) {
        schema_fault(r, schema_key(s, "working_days"),
                     "\"working_days\" is %d, not after the %d of the rung before",
                     rungs[i].working_days, rungs[i - 1].working_days);
    }
}

static void read_rungs(struct schema *r, config_setting_t *s, void *base)
{
    static const struct schema_field fields[] = {
        {"name", SCHEMA_NAME, .offset = offsetof(struct alert_rung, name)},
        {"working_days", SCHEMA_INT, .offset = offsetof(struct alert_rung, working_days),
         .min = -60, .max = 250},
        {"to", SCHEMA_WORD, .offset = offsetof(struct alert_rung, to), .names = &alert_targets},
        END,
    };
    struct policy *p = base;

    p->rungs = schema_list(r, s, fields, sizeof(struct alert_rung), &p->rung_count, check_rung);
}

/* ---- the file ---- */

static const struct schema_field tier_fields[] = {{"rules", SCHEMA_CALL, .call = read_rules}, END};
static const struct schema_field ages_fields[] = {
    {"years", SCHEMA_CALL, .call = read_years}, SOURCE(ages_source), END};
/* A version that was written before the key was known: as the shipped ones have it. */
#define GRACE_DAYS 10

static const struct schema_field entry_fields[] = {
    {"grace_days", SCHEMA_INT, AT(grace_days), .min = 0, .max = 60},
    SOURCE(grace_source),
    END,
};
static const struct schema_field triggered_fields[] = {
    {"working_days", SCHEMA_INT, AT(triggered_working_days), .min = 1, .max = 60},
    SOURCE(triggered_source),
    END};
static const struct schema_field alerts_fields[] = {
    SOURCE(alerts_source), {"rungs", SCHEMA_CALL, .call = read_rungs}, END};
/* `cycle` before `tier`: rules may only give a tier that is kept. */
static const struct schema_field root_fields[] = {
    {"in_force", SCHEMA_CALL, .call = read_in_force},
    {"cycle", SCHEMA_CALL, .call = read_cycle},
    {"tier", SCHEMA_GROUP, .fields = tier_fields},
    {"protection", SCHEMA_CALL, .call = read_protection},
    {"register", SCHEMA_CALL, .call = read_register},
    {"ages", SCHEMA_GROUP, .fields = ages_fields},
    {"entry", SCHEMA_GROUP, .optional = true, .fields = entry_fields},
    {"triggered", SCHEMA_GROUP, .fields = triggered_fields},
    {"alerts", SCHEMA_GROUP, .fields = alerts_fields},
    END,
};

/* The file's name without .conf names the version, in messages and in every record. */
static void read_name(struct schema *r)
{
    const char *slash = strrchr(r->file, '/');
    const char *base = slash ? slash + 1 : r->file;
    const char *dot = strrchr(base, '.');
    struct str name = {base, dot && dot != base ? (size_t)(dot - base) : strlen(base)};

    reading_of(r)->policy->name = arena_copy(r->arena, name);
    if (strspn(reading_of(r)->policy->name, SCHEMA_NAME_CHARACTERS) != name.len ||
        name.len > SCHEMA_NAME_MAX) {
        faults_add(r->faults, r->file, 0,
                   "the name of a policy file has only a-z, 0-9 and -, at most %d characters",
                   SCHEMA_NAME_MAX);
    }
}

bool policy_read(const char *path, struct policy *out, struct policy_lines *lines,
                 struct faults *faults)
{
    int before = faults->count;
    struct arena *arena = xcalloc(1, sizeof(*arena));
    struct reading reading = {.policy = out, .lines = lines};
    struct schema r = {path, arena, faults, &reading, LIST_MAX, .includes = false};

    *out = (struct policy){
        .from = DATE_NONE,
        .until = DATE_NONE,
        .pension_until = DATE_NONE,
        .grace_days = GRACE_DAYS,
        .grace_source = "local",
        .memory = arena};
    *lines = (struct policy_lines){1, 1};
    read_name(&r);
    schema_read(&r, root_fields, out, out->hash);
    return faults->count == before;
}

void policy_read_free(struct policy *policy)
{
    if (!policy->memory) {
        return;
    }
    arena_free(policy->memory);
    free(policy->memory);
    *policy = (struct policy){0};
}
