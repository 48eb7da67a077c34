#include "delivery/list_words.h"

static const char *const section_text[] = {"逾期", "七日内到期", "新增", "其余"};
const struct names sections_zh = NAMES_TABLE("section", section_text);

static const char *const kind_text[] = {"定期复核", "触发复核", "建档立卡调整", "建档立卡纳入",
                                        "低保申请"};
const struct names task_kinds_zh = NAMES_TABLE("kind", kind_text);

static const char *const rhythm_text[] = {"按年复核", "按半年复核", "按季度复核"};
const struct names tier_rhythms_zh = NAMES_TABLE("tier", rhythm_text);

static const char *const tier_text[] = {"年", "半年", "季度"};
const struct names tiers_zh = NAMES_TABLE("tier", tier_text);

static const char *const report_text[] = {"患病", "意外事故", "死亡",     "出生",
                                          "迁入", "迁出",     "收入变化", "财产变化",
                                          "受灾", "就学变化", "其他变化", "年龄变化"};
const struct names report_kinds_zh = NAMES_TABLE("report kind", report_text);

static const char *const event_text[] = {"复核",     "情况变化", "档次调整",
                                         "住址变动", "状态变更", "建档立卡决定"};
const struct names event_kinds_zh = NAMES_TABLE("event kind", event_text);

const char *clause_zh(const char *source)
{
    static const struct {
        const char *source; /* its beginning */
        const char *zh;
    } known[] = {
        {"Civil Code 203", "民法典第203条"},
        {"General Provisions of the Civil Law 2017, article 203", "民法总则第203条"},
        {"local", "本地规定"},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strncmp(source, known[i].source, strlen(known[i].source)) == 0) {
            return known[i].zh;
        }
    }
    return source;
}

/* The words of the shipped policies; another stands as it is. */
static const char *asset_zh(const char *word)
{
    static const struct {
        const char *word, *zh;
    } known[] = {
        {"housing", "商品房"},     {"motor-vehicle", "机动车辆"}, {"business", "经营实体"},
        {"machinery", "大型机械"}, {"savings", "大额存款"},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(word, known[i].word) == 0) {
            return known[i].zh;
        }
    }
    return word;
}

const char *protection_zh(struct arena *a, const struct policy *policy)
{
    struct strbuf text = STRBUF_INIT;

    if (!policy->continuity) {
        return NULL;
    }
    strbuf_addf(
        &text,
        "受连续保障（%s）：" FORBIDS_ZH "，除非记录证明有下列情形之一：家庭成员全部去世"
        "或迁出；上次复核以来有成员去世或迁出；人均收入明显高于低保标准（超过标准的 %g 倍）",
        clause_zh(policy->continuity_source), policy->clearly_above);
    for (const char **word = policy->assets; word && *word; word++) {
        strbuf_addf(&text, "%s%s", word == policy->assets ? "；财产明显超标（" : "、",
                    asset_zh(*word));
    }
    strbuf_addz(&text, policy->assets && *policy->assets ? "）。" : "。");
    const char *copy = arena_copy(a, strbuf_str(&text));
    strbuf_free(&text);
    return copy;
}
