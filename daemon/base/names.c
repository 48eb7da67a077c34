#include "base/names.h"

const char *names_text(const struct names *names, int value)
{
    if (value < 0 || value >= names->count || !names->text[value]) {
        return "?";
    }
    return names->text[value];
}

int names_find(const struct names *names, struct str text)
{
    for (int i = 0; i < names->count; i++) {
        if (names->text[i] && str_is(text, names->text[i])) {
            return i;
        }
    }
    return -1;
}

void names_list(const struct names *names, struct strbuf *out)
{
    bool first = true;

    for (int i = 0; i < names->count; i++) {
        if (!names->text[i]) {
            continue;
        }
        if (!first) {
            strbuf_addz(out, ", ");
        }
        strbuf_addz(out, names->text[i]);
        first = false;
    }
}
