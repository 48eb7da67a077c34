#include "delivery/list_words.h"

#include "rules/protection.h"

const char *clause_zh(const char *source)
{
    static const struct {
        const char *source; /* its beginning */
        const char *zh;
    } known[] = {
        {"Civil Code 203", "参照民法典第203条"},
        {"General Provisions of the Civil Law 2017, article 203", "参照民法总则第203条"},
        {"local", "本地规定"},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strncmp(source, known[i].source, strlen(known[i].source)) == 0) {
            return known[i].zh;
        }
    }
    return source;
}

void refusal_zh(const struct error *why, struct strbuf *out)
{
    error_zh(why, out);
    if (why->clause && *why->clause) {
        strbuf_addz(out, "（依据：");
        strbuf_addz(out, clause_zh(why->clause));
        strbuf_addz(out, "）");
    }
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
        int known = names_find(&known_assets, str_of(*word));
        strbuf_addz(&text, word == policy->assets ? "；财产明显超标（" : "、");
        strbuf_addz(&text, known < 0 ? *word : names_zh(&known_assets, known));
    }
    strbuf_addz(&text, policy->assets && *policy->assets ? "）。" : "。");
    const char *copy = arena_copy(a, strbuf_str(&text));
    strbuf_free(&text);
    return copy;
}
