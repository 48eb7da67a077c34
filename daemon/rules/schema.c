#include "rules/schema.h"

#include <stdlib.h>

#include "base/text.h"
#include "rules/date.h"

void schema_fault(struct schema_faults *faults, const char *file, int line, const char *format, ...)
{
    struct strbuf what = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_vaddf(&what, format, args);
    va_end(args);
    if (faults->count == faults->cap) {
        faults->cap = faults->cap ? faults->cap * 2 : 16;
        faults->list = xrealloc(faults->list, (size_t)faults->cap * sizeof(*faults->list));
    }
    faults->list[faults->count++] = (struct schema_fault){xstrdup(file), line, what.data};
}

int schema_line(const config_setting_t *s)
{
    int line = (int)config_setting_source_line(s);

    return line > 0 ? line : 1; /* the root has no line of its own */
}

/* "annual, semi-annual, quarterly", without the empty word of an unknown fact. */
static const char *words_allowed(struct schema *r, const struct names *names)
{
    struct strbuf list = STRBUF_INIT;

    for (int i = 0; i < names->count; i++) {
        if (*names->words[i].text) {
            strbuf_addf(&list, "%s%s", list.len ? ", " : "", names->words[i].text);
        }
    }
    const char *text = arena_copy(r->arena, strbuf_str(&list));
    strbuf_free(&list);
    return text;
}

static const char *label(const config_setting_t *s)
{
    const char *name = config_setting_name(s);

    while (!name && (s = config_setting_parent(s))) {
        name = config_setting_name(s);
    }
    return name ? name : "?";
}

/* These texts go out in JSON, messages and lists: one line of UTF-8, and something to read. */
static const char *text_fault(struct str text)
{
    size_t bad;

    if (str_trim(text).len == 0) {
        return "is empty";
    }
    if (!text_is_utf8(text, &bad)) {
        return "is not UTF-8";
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return "has a control character";
        }
    }
    return NULL;
}

const char *schema_text(struct schema *r, const config_setting_t *s)
{
    if (config_setting_type(s) != CONFIG_TYPE_STRING) {
        SCHEMA_FAULT(r, s, "\"%s\" must be a text in quotes", label(s));
        return NULL;
    }
    struct str text = str_of(config_setting_get_string(s));
    const char *fault = text_fault(text);
    if (fault) {
        SCHEMA_FAULT(r, s, "\"%s\" %s", label(s), fault);
        return NULL;
    }
    return arena_copy(r->arena, text);
}

const char *schema_name(struct schema *r, const config_setting_t *s)
{
    const char *text = schema_text(r, s);

    if (text &&
        (strspn(text, SCHEMA_NAME_CHARACTERS) != strlen(text) || strlen(text) > SCHEMA_NAME_MAX)) {
        SCHEMA_FAULT(r, s, "\"%s\" is \"%s\": only a-z, 0-9 and -, at most %d characters", label(s),
                     text, SCHEMA_NAME_MAX);
        return NULL;
    }
    return text;
}

int schema_word(struct schema *r, const config_setting_t *s, const struct names *names)
{
    const char *text = schema_text(r, s);

    if (!text) {
        return -1;
    }
    int value = names_find(names, str_of(text));
    if (value < 0) {
        SCHEMA_FAULT(r, s, "\"%s\" is \"%s\", not one of %s", label(s), text,
                     words_allowed(r, names));
    }
    return value;
}

static struct date get_day(struct schema *r, const config_setting_t *s)
{
    const char *text = schema_text(r, s);

    if (!text) {
        return DATE_NONE;
    }
    struct date day = date_parse(str_of(text));
    if (!date_is(day)) {
        SCHEMA_FAULT(r, s, "\"%s\" is \"%s\", not a day such as \"2017-03-14\"", label(s), text);
    }
    return day;
}

int schema_length(struct schema *r, const config_setting_t *s, const char *of)
{
    int type = config_setting_type(s);
    int n = config_setting_length(s);

    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) {
        SCHEMA_FAULT(r, s, "\"%s\" must be a list of %s", label(s), of);
        return 0;
    }
    if (n == 0) {
        SCHEMA_FAULT(r, s, "\"%s\" is empty", label(s));
    }
    if (n > SCHEMA_LIST_MAX) {
        SCHEMA_FAULT(r, s, "\"%s\" has %d elements, more than %d", label(s), n, SCHEMA_LIST_MAX);
    }
    return n > SCHEMA_LIST_MAX ? 0 : n;
}

static unsigned get_set(struct schema *r, const config_setting_t *s, const struct names *names)
{
    unsigned set = 0;
    int n = schema_length(r, s, "words");

    for (int i = 0; i < n; i++) {
        config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        int value = schema_word(r, e, names);
        if (value >= 0 && (set >> value & 1)) {
            SCHEMA_FAULT(r, e, "\"%s\" has \"%s\" twice", label(s), names_text(names, value));
        }
        if (value >= 0) {
            set |= 1U << value;
        }
    }
    return set;
}

bool schema_int(struct schema *r, const config_setting_t *s, double min, double max, int *out)
{
    int type = config_setting_type(s);

    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
        SCHEMA_FAULT(r, s, "\"%s\" must be a whole number", label(s));
        return false;
    }
    long long value = config_setting_get_int64(s);
    if ((double)value < min || (double)value > max) {
        SCHEMA_FAULT(r, s, "\"%s\" is %lld, not within %.0f to %.0f", label(s), value, min, max);
        return false;
    }
    *out = (int)value;
    return true;
}

static bool get_number(struct schema *r, const config_setting_t *s, const struct schema_field *f,
                       double *out)
{
    if (!config_setting_is_number(s)) {
        SCHEMA_FAULT(r, s, "\"%s\" must be a number", label(s));
        return false;
    }
    double value = config_setting_type(s) == CONFIG_TYPE_FLOAT
                       ? config_setting_get_float(s)
                       : (double)config_setting_get_int64(s);
    if (!(value >= f->min && value <= f->max)) { /* not a number fails too */
        SCHEMA_FAULT(r, s, "\"%s\" is %g, not within %g to %g", label(s), value, f->min, f->max);
        return false;
    }
    *out = value;
    return true;
}

static bool get_bool(struct schema *r, const config_setting_t *s, bool *out)
{
    if (config_setting_type(s) != CONFIG_TYPE_BOOL) {
        SCHEMA_FAULT(r, s, "\"%s\" must be true or false", label(s));
        return false;
    }
    *out = config_setting_get_bool(s);
    return true;
}

static void read_field(struct schema *r, config_setting_t *s, const struct schema_field *f,
                       void *base)
{
    void *to = (char *)base + f->offset;
    int value;

    switch (f->type) {
    case SCHEMA_TEXT:
        *(const char **)to = schema_text(r, s);
        return;
    case SCHEMA_NAME:
        *(const char **)to = schema_name(r, s);
        return;
    case SCHEMA_DAY:
        *(struct date *)to = get_day(r, s);
        return;
    case SCHEMA_INT:
        schema_int(r, s, f->min, f->max, to);
        return;
    case SCHEMA_NUMBER:
        get_number(r, s, f, to);
        return;
    case SCHEMA_BOOL:
        get_bool(r, s, to);
        return;
    case SCHEMA_WORD: /* an enum without negative values: an unsigned int for gcc and clang */
        if ((value = schema_word(r, s, f->names)) >= 0) {
            *(unsigned *)to = (unsigned)value;
        }
        return;
    case SCHEMA_SET:
        *(unsigned *)to = get_set(r, s, f->names);
        return;
    case SCHEMA_GROUP:
        schema_group(r, s, f->fields, base);
        return;
    case SCHEMA_CALL:
        f->call(r, s, base);
        return;
    }
}

static void check_unknown(struct schema *r, const config_setting_t *s,
                          const struct schema_field *fields)
{
    for (int i = 0; i < config_setting_length(s); i++) {
        const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        const struct schema_field *f = fields;
        while (f->key && strcmp(f->key, config_setting_name(e)) != 0) {
            f++;
        }
        if (!f->key) {
            SCHEMA_FAULT(r, e, "unknown key \"%s\"", config_setting_name(e));
        }
    }
}

void schema_group(struct schema *r, config_setting_t *s, const struct schema_field *fields,
                  void *base)
{
    if (!config_setting_is_group(s)) {
        SCHEMA_FAULT(r, s, "\"%s\" must be a group { … }", label(s));
        return;
    }
    check_unknown(r, s, fields);
    for (const struct schema_field *f = fields; f->key; f++) {
        config_setting_t *e = config_setting_get_member(s, f->key);
        if (e) {
            read_field(r, e, f, base);
        } else if (!f->optional && config_setting_is_root(s)) {
            SCHEMA_FAULT(r, s, "missing group \"%s\"", f->key);
        } else if (!f->optional) {
            SCHEMA_FAULT(r, s, "missing key \"%s\" in \"%s\"", f->key, label(s));
        }
    }
}

void *schema_list(struct schema *r, config_setting_t *s, const struct schema_field *fields,
                  size_t size, int *count,
                  void (*check)(struct schema *r, config_setting_t *s, void *items, int i))
{
    int n = schema_length(r, s, "groups ( { … }, … )");
    char *items = arena_alloc(r->arena, size * (size_t)(n ? n : 1));

    for (int i = 0; i < n; i++) {
        config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        schema_group(r, e, fields, items + size * (size_t)i);
        if (check && config_setting_is_group(e)) {
            check(r, e, items, i);
        }
    }
    *count = n;
    return items;
}

config_setting_t *schema_key(config_setting_t *s, const char *key)
{
    config_setting_t *e = config_setting_get_member(s, key);

    return e ? e : s;
}

bool schema_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}
