#include "rules/protection.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"

static const struct word act_text[] = {
    {"terminate", "终止"}, {"close", "注销"}, {"suspend", "停发"}};
static const struct word ground_text[] = {
    {"all-members-gone", "全员死亡或迁出"},
    {"member-change", "人员变动"},
    {"income-clearly-above", "收入明显超标"},
    {"assets-clearly-above", "财产明显超标"},
    {"income-above", "收入超标"},
    {"assets-above", "财产超标"},
    {"transferred", "转特困供养"},
    {"voluntary", "自愿放弃"},
    {"fraud", "骗取低保"},
    {"other", "其他"},
};
_Static_assert(sizeof(ground_text) / sizeof(ground_text[0]) == GROUND_COUNT, "a name each");
const struct names acts = NAMES_TABLE("act", act_text);
/* The first and the one of fraud as lists had them before, the others as offices write them. */
static const struct alias ground_also[] = {
    {"全员消亡或迁出", GROUND_ALL_MEMBERS_GONE},
    {"全员去世或迁出", GROUND_ALL_MEMBERS_GONE},
    {"骗保", GROUND_FRAUD},
    {"骗取低保金", GROUND_FRAUD},
    {"自愿退出", GROUND_VOLUNTARY},
    {"转特困", GROUND_TRANSFERRED},
    {"转为特困供养", GROUND_TRANSFERRED},
    {"其它", GROUND_OTHER},
    {NULL, 0},
};
const struct names grounds = NAMES_TABLE_ALSO("ground", ground_text, ground_also);
static const struct word asset_text[] = {
    {"housing", "商品房"},     {"motor-vehicle", "机动车辆"}, {"business", "经营实体"},
    {"machinery", "大型机械"}, {"savings", "大额存款"},
};
const struct names known_assets = NAMES_TABLE("asset", asset_text);

/* ---- protected or not ---- */

/* What must all hold, in the order in which an auditor asks it. */
enum condition { IN_FORCE, IN_DIBAO, ON_LIST, CONDITION_COUNT };

static bool condition_holds(enum condition which, const struct policy *policy,
                            const struct household_facts *facts)
{
    switch (which) {
    case IN_FORCE:
        return policy->continuity;
    case IN_DIBAO:
        return facts->status == STATUS_ACTIVE;
    case ON_LIST:
        return policy->protected_set >> facts->register_state & 1;
    default:
        return false;
    }
}

static void trace_condition(enum condition which, enum trace_result result,
                            const struct policy *policy, const struct household_facts *facts,
                            struct trace *t)
{
    static const char *const text[CONDITION_COUNT] = {
        "the policy in force has a continuity rule",
        "the household is active in dibao",
        "its register state is one that the policy protects",
    };

    if (!t) {
        return;
    }
    trace_step(t, TRACE_CONDITION, result, policy->continuity_source, NULL, "%s", text[which]);
    if (which == IN_FORCE) {
        trace_fact(t, "policy", policy->name, policy->from, "policy");
    } else if (which == IN_DIBAO) {
        household_fact(t, facts->origins, FACT_STATUS, names_text(&statuses, (int)facts->status));
    } else {
        household_fact(t, facts->origins, FACT_REGISTER,
                       names_text(&register_states, (int)facts->register_state));
    }
}

bool protection_holds(const struct policy *policy, const struct household_facts *facts,
                      const char **clause, struct trace *t)
{
    bool holds = true;

    for (enum condition i = IN_FORCE; i < CONDITION_COUNT; i++) {
        enum trace_result result = TRACE_NOT_REACHED;
        if (holds) {
            holds = condition_holds(i, policy, facts);
            result = holds ? TRACE_PASSED : TRACE_FAILED;
        }
        trace_condition(i, result, policy, facts, t);
    }
    trace_step(t, TRACE_PROTECTION, TRACE_COMPUTED, policy->continuity_source,
               holds ? "protected" : "not-protected",
               holds ? "the allowance goes on without a break" : "the household is not protected");
    if (clause) {
        *clause = holds ? policy->continuity_source : NULL;
    }
    return holds;
}

int64_t protection_count(const struct policy *policy, int64_t counts[4][4])
{
    int64_t count = 0;

    for (int r = 0; policy && policy->continuity && r < register_states.count; r++) {
        if (policy->protected_set & 1U << r) {
            count += counts[STATUS_ACTIVE][r];
        }
    }
    return count;
}

/* ---- countable income ---- */

/* The clause of the income for a version that says nothing of the pension. */
#define INCOME_CLAUSE "渝府办发〔2017〕30号 二(二)3"

static const char *income_clause(const struct policy *policy)
{
    return policy->pension_source ? policy->pension_source : INCOME_CLAUSE;
}

static int64_t known(int64_t fen)
{
    return fen < 0 ? 0 : fen;
}

static bool pension_left_out(const struct policy *policy, struct date on)
{
    return !date_is(policy->pension_until) || date_cmp(on, policy->pension_until) <= 0;
}

int64_t countable_income(const struct policy *policy, struct date on,
                         const struct household_facts *facts)
{
    int64_t total = facts->income - known(facts->employment_cost);

    if (facts->income < 0 || household_present(facts) == 0) {
        return -1;
    }
    if (pension_left_out(policy, on)) {
        total -= known(facts->pension);
    }
    return known(total);
}

/* Money is at most 10^13 fen and a ratio 10 at most: products of the two, in millionths and times
 * the members of a household, need more than 64 bits. */
__extension__ typedef __int128 wide;
#define MILLION 1000000

/* standard × ratio in millionths of a fen; -1 unknown. The ratio of a policy is a decimal of a few
 * places: as a double it may lie a bit beside it. */
static wide income_limit(const struct policy *policy, const struct cessation_facts *facts)
{
    if (facts->standard <= 0) {
        return -1;
    }
    return (wide)facts->standard * (int64_t)(policy->clearly_above * MILLION + 0.5);
}

/* "5,400.00" for 540000 fen. */
static void add_money(struct strbuf *out, int64_t fen)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%" PRId64, fen / 100);

    for (int i = 0; i < n; i++) {
        strbuf_addf(out, "%c%s", digits[i], i + 1 < n && (n - 1 - i) % 3 == 0 ? "," : "");
    }
    strbuf_addf(out, ".%02d", (int)(fen % 100));
}

/* The decimals beyond the fen, as many as it takes: "5" of 499,999.5 fen, behind "4,999.99". */
static void add_part(struct strbuf *out, wide millionths)
{
    int part = (int)(millionths % MILLION), digits = 6;

    for (; part > 0 && part % 10 == 0; part /= 10) {
        digits--;
    }
    if (part > 0) {
        strbuf_addf(out, "%0*d", digits, part);
    }
}

/* ---- the grounds that stand against protection ---- */

/* What a ground is judged by, computed once. */
struct cessation {
    const struct policy *policy;
    const struct cessation_facts *facts;
    struct date on;
    int present;
    int64_t income; /* countable, fen of all; -1 unknown */
    wide limit;     /* a head, in millionths of a fen; -1 unknown */
};

static bool all_gone(const struct cessation *e)
{
    /* Nobody on record is not the same as nobody left. */
    return e->facts->household.member_count > 0 && e->present == 0;
}

static struct sentence *tell_gone(const struct cessation *e)
{
    return e->facts->household.member_count == 0
               ? sentence(SAY_NO_MEMBERS)
               : sentence(SAY_MEMBERS_PRESENT, arg_number(e->present),
                          arg_number(e->facts->household.member_count));
}

static bool member_change(const struct cessation *e)
{
    return e->facts->member_left;
}

static struct sentence *tell_change(const struct cessation *e)
{
    if (!e->facts->member_left) {
        return sentence(SAY_LEFT_NONE);
    }
    return date_is(e->facts->member_left_on)
               ? sentence(SAY_LEFT_ON, date_arg(e->facts->member_left_on))
               : sentence(SAY_LEFT);
}

static bool income_above(const struct cessation *e)
{
    return e->income >= 0 && e->limit >= 0 && (wide)e->income * MILLION > e->limit * e->present;
}

static struct arg money_arg(int64_t fen, wide beyond)
{
    struct strbuf text = STRBUF_INIT;

    add_money(&text, fen);
    add_part(&text, beyond);
    struct arg arg = arg_text(strbuf_str(&text));
    strbuf_free(&text);
    return arg;
}

/* A head, cut to fen; with what is divided where that leaves something over. */
static struct sentence *tell_head(const struct cessation *e)
{
    struct arg head = money_arg(e->income / e->present, 0);

    return e->income % e->present == 0
               ? sentence(SAY_A_HEAD, head)
               : sentence(SAY_A_HEAD_OF, head, money_arg(e->income, 0), arg_number(e->present));
}

static struct sentence *tell_income(const struct cessation *e)
{
    if (e->limit < 0) {
        return e->income < 0 ? sentence(SAY_INCOME_UNKNOWN)
                             : sentence(SAY_STANDARD_UNKNOWN, arg_said(tell_head(e)));
    }
    struct arg standard = money_arg(e->facts->standard, 0);
    struct arg ratio = arg_factor(e->policy->clearly_above);
    struct arg limit = money_arg((int64_t)(e->limit / MILLION), e->limit);

    return e->income < 0
               ? sentence(SAY_INCOME_UNKNOWN_LIMIT, standard, ratio, limit)
               : sentence(SAY_INCOME_AND_LIMIT, arg_said(tell_head(e)), standard, ratio, limit);
}

static bool on_list(const struct policy *policy, const char *asset)
{
    for (const char **word = policy->assets; word && *word; word++) {
        if (strcmp(*word, asset) == 0) {
            return true;
        }
    }
    return false;
}

static bool assets_above(const struct cessation *e)
{
    for (int i = 0; i < e->facts->asset_count; i++) {
        if (on_list(e->policy, e->facts->assets[i])) {
            return true;
        }
    }
    return false;
}

struct arg asset_arg(const char *word)
{
    int known = names_find(&known_assets, str_of(word));

    return known < 0 ? arg_z(word) : arg_word(&known_assets, known);
}

static struct sentence *tell_assets(const struct cessation *e)
{
    struct arg listed = arg_list(), found = arg_list();

    for (const char **word = e->policy->assets; word && *word; word++) {
        arg_add(&listed, asset_arg(*word));
    }
    for (int i = 0; i < e->facts->asset_count; i++) {
        arg_add(&found, asset_arg(e->facts->assets[i]));
    }
    if (e->facts->asset_count) {
        return sentence(SAY_ASSETS_ON_RECORD, listed, found);
    }
    arg_free(found);
    return sentence(SAY_ASSETS_NONE, listed);
}

/* Each with what bears it out, and how its facts are told to people. In the order of the enum. */
static const struct against {
    bool (*borne_out)(const struct cessation *e);
    struct sentence *(*tell)(const struct cessation *e);
    const char *fact; /* its name in a trace */
} against[] = {
    [GROUND_ALL_MEMBERS_GONE] = {all_gone, tell_gone, "members"},
    [GROUND_MEMBER_CHANGE] = {member_change, tell_change, "member_left"},
    [GROUND_INCOME_CLEARLY_ABOVE] = {income_above, tell_income, "countable_income"},
    [GROUND_ASSETS_CLEARLY_ABOVE] = {assets_above, tell_assets, "assets"},
};
#define AGAINST_COUNT ((int)(sizeof(against) / sizeof(against[0])))

static bool borne_out(const struct cessation *e, enum ground ground)
{
    return (int)ground < AGAINST_COUNT && against[ground].borne_out(e);
}

/* ---- tracing ---- */

static void money_fact(const struct cessation *e, struct trace *t, enum fact which, int64_t fen)
{
    struct strbuf text = STRBUF_INIT;

    if (fen >= 0) {
        strbuf_addfen(&text, fen);
    }
    household_fact(t, fen >= 0 ? e->facts->household.origins : NULL, which,
                   fen >= 0 ? strbuf_text(&text) : "unknown");
    strbuf_free(&text);
}

static void count_fact(struct trace *t, const char *name, int count)
{
    char text[16];

    snprintf(text, sizeof text, "%d", count);
    trace_fact(t, name, text, DATE_NONE, NULL);
}

static void trace_income(const struct cessation *e, struct trace *t)
{
    const struct household_facts *h = &e->facts->household;
    struct strbuf value = STRBUF_INIT;
    char until[DATE_TEXT];

    if (e->income >= 0) {
        strbuf_addfen(&value, e->income / e->present);
    }
    trace_step(t, TRACE_INCOME, TRACE_COMPUTED, income_clause(e->policy),
               e->income >= 0 ? strbuf_text(&value) : NULL,
               "countable income a head: (income%s − employment cost) / present members%s",
               pension_left_out(e->policy, e->on) ? " − pension" : "",
               e->income >= 0 ? "" : "; not known");
    money_fact(e, t, FACT_INCOME, h->income);
    money_fact(e, t, FACT_PENSION, h->pension);
    money_fact(e, t, FACT_EMPLOYMENT_COST, h->employment_cost);
    count_fact(t, "present", e->present);
    if (e->income >= 0) { /* what is divided: the comparison is with the quotient, not cut to fen */
        strbuf_reset(&value);
        strbuf_addfen(&value, e->income);
        trace_fact(t, "countable", strbuf_text(&value), DATE_NONE, NULL);
    }
    if (date_is(e->policy->pension_until)) {
        trace_fact(t, "pension_until", date_text(e->policy->pension_until, until), DATE_NONE,
                   e->policy->name);
    }
    strbuf_free(&value);
}

static void trace_limit(const struct cessation *e, struct trace *t)
{
    struct strbuf value = STRBUF_INIT;

    if (e->limit >= 0) {
        strbuf_addfen(&value, (int64_t)(e->limit / MILLION));
        add_part(&value, e->limit);
    }
    trace_step(t, TRACE_INCOME, TRACE_COMPUTED, e->policy->clearly_above_source,
               e->limit >= 0 ? strbuf_text(&value) : NULL,
               "clearly above: more than the dibao standard × %g%s", e->policy->clearly_above,
               e->limit >= 0 ? "" : "; not known");
    strbuf_reset(&value);
    if (e->limit >= 0) {
        strbuf_addfen(&value, e->facts->standard);
    }
    trace_fact(t, "standard", e->limit >= 0 ? strbuf_text(&value) : "unknown", DATE_NONE,
               e->limit >= 0 ? "import of standards" : NULL);
    if (e->limit >= 0) {
        count_fact(t, "standard_year", e->facts->standard_year);
    }
    strbuf_free(&value);
}

static void trace_assets(const struct cessation *e, struct trace *t)
{
    const struct fact_origin *from = e->facts->asset_origins;

    for (int i = 0; i < e->facts->asset_count; i++) {
        trace_fact(t, "asset", e->facts->assets[i], from ? from[i].on : DATE_NONE,
                   from ? from[i].source : NULL);
    }
}

static const char *ground_clause(const struct policy *policy, enum ground ground)
{
    return ground == GROUND_INCOME_CLEARLY_ABOVE   ? policy->clearly_above_source
           : ground == GROUND_ASSETS_CLEARLY_ABOVE ? policy->assets_source
                                                   : policy->continuity_source;
}

static void trace_grounds(const struct cessation *e, struct trace *t)
{
    struct strbuf text = STRBUF_INIT;

    if (!t) {
        return;
    }
    trace_income(e, t);
    trace_limit(e, t);
    for (int i = 0; i < AGAINST_COUNT; i++) {
        const char *name = names_text(&grounds, i);
        bool out = borne_out(e, (enum ground)i);
        struct sentence *told = against[i].tell(e);
        strbuf_reset(&text);
        sentence_text(told, &text);
        sentence_free(told);
        trace_step(t, TRACE_GROUND, out ? TRACE_PASSED : TRACE_FAILED,
                   ground_clause(e->policy, (enum ground)i), name, "%s: %s", name,
                   out ? "the facts bear it out" : "the facts do not bear it out");
        trace_fact(t, against[i].fact, strbuf_text(&text),
                   i == GROUND_MEMBER_CHANGE && out ? e->facts->member_left_on : DATE_NONE,
                   i == GROUND_MEMBER_CHANGE && out ? "report" : NULL);
        if (i == GROUND_ASSETS_CLEARLY_ABOVE) {
            trace_assets(e, t);
        }
    }
    strbuf_free(&text);
}

/* ---- the answer ---- */

/* What ends a protected allowance, each ground with the facts as they are. */
static bool refuse_protected(const struct cessation *e, const char *clause, struct error *err)
{
    static const enum say while_it[] = {
        [REGISTER_NONE] = SAY_WHILE_NONE,
        [REGISTER_REGISTERED] = SAY_WHILE_REGISTERED,
        [REGISTER_EXITED] = SAY_WHILE_EXITED,
        [REGISTER_RETURNED] = SAY_WHILE_RETURNED,
    };
    struct arg told[AGAINST_COUNT];

    for (int i = 0; i < AGAINST_COUNT; i++) {
        told[i] = arg_said(against[i].tell(e));
    }
    return error_say_by(
        err, clause, SAY_PROTECTED,
        arg_said(sentence_of(while_it[e->facts->household.register_state], ARG_LAST)),
        arg_word(&grounds, 0), told[0], arg_word(&grounds, 1), told[1], arg_word(&grounds, 2),
        told[2], arg_word(&grounds, 3), told[3]);
}

/* Without protection: two grounds ask for more than their word. */
static bool allowed_unprotected(const struct cessation *e, enum ground ground, struct error *err)
{
    if (ground == GROUND_OTHER && !e->facts->has_remark) {
        return error_say(err, SAY_OTHER_NEEDS_REMARK);
    }
    return ground != GROUND_ALL_MEMBERS_GONE || all_gone(e) ||
           error_say(err, SAY_NOT_ALL_GONE, arg_said(tell_gone(e)));
}

bool cessation_allowed(const struct policy *policy, struct date on, enum act act,
                       enum ground ground, const struct cessation_facts *facts, struct trace *t,
                       struct error *err)
{
    struct cessation e = {policy,
                          facts,
                          on,
                          household_present(&facts->household),
                          countable_income(policy, on, &facts->household),
                          income_limit(policy, facts)};
    const char *clause;
    bool is_protected = protection_holds(policy, &facts->household, &clause, t);
    bool allowed;

    trace_grounds(&e, t);
    if (is_protected) {
        allowed = borne_out(&e, ground) || refuse_protected(&e, clause, err);
    } else {
        allowed = allowed_unprotected(&e, ground, err);
    }
    trace_step(t, TRACE_ENDING, allowed ? TRACE_PASSED : TRACE_FAILED, clause,
               allowed ? "allowed" : "refused", "%s on the ground %s%s",
               names_text(&acts, (int)act), names_text(&grounds, (int)ground),
               is_protected ? ", against protection" : "");
    return allowed;
}
