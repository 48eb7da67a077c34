#include "base/names.h"

static bool is_in(const struct names *names, int value)
{
    return value >= 0 && value < names->count && names->words[value].text;
}

const char *names_text(const struct names *names, int value)
{
    return is_in(names, value) ? names->words[value].text : "?";
}

const char *names_zh(const struct names *names, int value)
{
    return is_in(names, value) && names->words[value].zh ? names->words[value].zh
                                                         : names_text(names, value);
}

int names_find(const struct names *names, struct str text)
{
    for (int i = 0; i < names->count; i++) {
        if (names->words[i].text && str_is(text, names->words[i].text)) {
            return i;
        }
    }
    return -1;
}

int names_find_zh(const struct names *names, struct str text)
{
    for (int i = 0; i < names->count; i++) {
        if (names->words[i].zh && str_is(text, names->words[i].zh)) {
            return i;
        }
    }
    for (const struct alias *also = names->also; also && also->zh; also++) {
        if (str_is(text, also->zh)) {
            return also->value;
        }
    }
    return names_find(names, text);
}

static void put_list(const struct names *names, const char *word(const struct names *, int),
                     const char *between, struct strbuf *out)
{
    bool first = true;

    for (int i = 0; i < names->count; i++) {
        if (is_in(names, i) && *names->words[i].text) { /* the unknown value is an empty word */
            strbuf_addz(out, first ? "" : between);
            strbuf_addz(out, word(names, i));
            first = false;
        }
    }
}

void names_list(const struct names *names, struct strbuf *out)
{
    put_list(names, names_text, ", ", out);
}

void names_list_zh(const struct names *names, struct strbuf *out)
{
    put_list(names, names_zh, "、", out);
}
