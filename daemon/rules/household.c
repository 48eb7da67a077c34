#include "rules/household.h"

static const struct word status_text[] = {{"active", "在保"},
                                          {"suspended", "停发"},
                                          {"closed", "已终止"},
                                          {"register-only", "仅建档立卡"}};
static const struct word register_text[] = {
    {"none", "未建档立卡"}, {"registered", "建档立卡"}, {"exited", "已脱贫"}, {"returned", "返贫"}};
static const struct word income_kind_text[] = {
    {"", NULL}, {"stable", "稳定"}, {"variable", "不稳定"}};
static const struct word health_text[] = {
    {"", NULL}, {"healthy", "健康"}, {"chronic", "慢性病"}, {"serious-illness", "大病"}};
static const struct word disability_text[] = {{"", NULL},    {"none", "无残疾"}, {"1", "一级"},
                                              {"2", "二级"}, {"3", "三级"},      {"4", "四级"}};
static const struct word work_ability_text[] = {
    {"", NULL}, {"none", "无劳动能力"}, {"partial", "部分劳动能力"}, {"full", "有劳动能力"}};
static const struct word member_status_text[] = {
    {"present", "在户"}, {"died", "死亡"}, {"moved-out", "迁出"}};
static const struct word tier_text[] = {
    {"annual", "年"}, {"semi-annual", "半年"}, {"quarterly", "季度"}};
static const struct word tier_source_text[] = {
    {"given", "人工确定"}, {"derived", "按情况确定"}, {"default", "暂定"}};

const struct names statuses = NAMES_TABLE("status", status_text);
const struct names register_states = NAMES_TABLE("register", register_text);
const struct names income_kinds = NAMES_TABLE("income_kind", income_kind_text);
const struct names healths = NAMES_TABLE("health", health_text);
const struct names disabilities = NAMES_TABLE("disability", disability_text);
const struct names work_abilities = NAMES_TABLE("work_ability", work_ability_text);
const struct names member_statuses = NAMES_TABLE("status", member_status_text);
const struct names tiers = NAMES_TABLE("tier", tier_text);
static const struct word history_text[] = {{"known", "清楚"}, {"unknown", "历次复核不详"}};
const struct names histories = NAMES_TABLE("history", history_text);
const struct names tier_sources = NAMES_TABLE("tier_source", tier_source_text);

static const struct word fact_text[] = {
    {"status", NULL},          {"register", NULL},       {"tier", NULL},
    {"approved_on", NULL},     {"last_review_on", NULL}, {"anchor_on", NULL},
    {"income_kind", NULL},     {"income", NULL},         {"pension", NULL},
    {"employment_cost", NULL}, {"household", NULL},      {"members", NULL},
    {"member", NULL}};
const struct names fact_names = NAMES_TABLE("fact", fact_text);

void household_fact(struct trace *t, const struct fact_origin *origins, enum fact which,
                    const char *value)
{
    trace_fact(t, names_text(&fact_names, (int)which), value,
               origins ? origins[which].on : DATE_NONE, origins ? origins[which].source : NULL);
}

int tier_months(enum tier tier)
{
    static const int months[TIER_COUNT] = {12, 6, 3};

    return months[tier];
}

int household_present(const struct household_facts *facts)
{
    int present = 0;

    for (int i = 0; i < facts->member_count; i++) {
        present += facts->members[i].status == MEMBER_PRESENT;
    }
    return present;
}
