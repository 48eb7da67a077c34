#include "base/canon.h"

#include <assert.h>

#define SAFE_INTEGER (INT64_C(1) << 53)

/* RFC 8785 3.2.2.2: the two-character escapes where JSON has one, \u00xx for the other controls,
 * every other character as it is. 0 stands for "as it is", 'u' for the long form. */
static const char escapes[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b',         't',           'n', 'u',
    'f', 'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\',
};

static void put_escape(struct strbuf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";

    if (escapes[c] == 'u') {
        const char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        strbuf_add(out, text, sizeof text);
    } else {
        const char text[2] = {'\\', escapes[c]};
        strbuf_add(out, text, sizeof text);
    }
}

void canon_string(struct strbuf *out, struct str s)
{
    size_t from = 0;

    strbuf_addc(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (!escapes[c]) {
            continue;
        }
        strbuf_add(out, s.data + from, i - from);
        put_escape(out, c);
        from = i + 1;
    }
    if (from < s.len) {
        strbuf_add(out, s.data + from, s.len - from);
    }
    strbuf_addc(out, '"');
}

struct canon canon_open(struct strbuf *out)
{
    strbuf_addc(out, '{');
    return (struct canon){.out = out, .last_key = NULL, .first = true};
}

static void put_key(struct canon *c, const char *key)
{
    assert(!c->last_key || strcmp(c->last_key, key) < 0);
    if (!c->first) {
        strbuf_addc(c->out, ',');
    }
    c->first = false;
    c->last_key = key;
    canon_string(c->out, str_of(key));
    strbuf_addc(c->out, ':');
}

void canon_str(struct canon *c, const char *key, struct str value)
{
    put_key(c, key);
    if (value.data) {
        canon_string(c->out, value);
    } else {
        strbuf_add(c->out, "null", 4);
    }
}

void canon_int(struct canon *c, const char *key, int64_t value)
{
    assert(value >= -SAFE_INTEGER && value <= SAFE_INTEGER);
    put_key(c, key);
    strbuf_addint(c->out, value);
}

void canon_bool(struct canon *c, const char *key, bool value)
{
    put_key(c, key);
    strbuf_addz(c->out, value ? "true" : "false");
}

void canon_null(struct canon *c, const char *key)
{
    put_key(c, key);
    strbuf_add(c->out, "null", 4);
}

void canon_raw(struct canon *c, const char *key, struct str json)
{
    put_key(c, key);
    strbuf_addstr(c->out, json.data ? json : STR("null"));
}

void canon_close(struct canon *c)
{
    strbuf_addc(c->out, '}');
}
