#include "client/value.h"

#include "client/nearest.h"

#define DAYS_MAX 36600
#define NUMBER_MAX ((int64_t)1 << 53)

void value_meant(const struct names *words, const char *typed, struct strbuf *out)
{
    struct nearest near;

    nearest_begin(&near, typed);
    for (int i = 0; i < words->count; i++) {
        nearest_try(&near, words->words[i].text);
    }
    if (near.word) {
        strbuf_addf(out, "; did you mean '%s'?", near.word);
    }
}

static bool is_day(const char *text)
{
    static const char form[] = "dddd-dd-dd";
    size_t i;

    for (i = 0; form[i] && text[i]; i++) {
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) {
            return false;
        }
    }
    return form[i] == text[i];
}

/* Each gives the value as it is sent, or NULL and what it should have been. */
typedef json_t *value_of(const struct input *in, const char *arg, struct strbuf *expected);

static json_t *value_text(const struct input *in, const char *arg, struct strbuf *expected)
{
    json_t *text = *arg ? json_string(arg) : NULL;

    (void)in;
    strbuf_addz(expected, "a text in UTF-8 that is not empty");
    return text;
}

static json_t *value_word(const struct input *in, const char *arg, struct strbuf *expected)
{
    names_list(in->words, expected);
    value_meant(in->words, arg, expected);
    return names_find(in->words, str_of(arg)) >= 0 ? json_string(arg) : NULL;
}

static json_t *value_day(const struct input *in, const char *arg, struct strbuf *expected)
{
    (void)in;
    strbuf_addz(expected, "a day such as 2026-11-24");
    return is_day(arg) ? json_string(arg) : NULL;
}

static json_t *value_number(const struct input *in, const char *arg, struct strbuf *expected)
{
    int64_t n;

    (void)in;
    strbuf_addz(expected, "a number from 1 on");
    return str_to_int(str_of(arg), 1, NUMBER_MAX, &n) ? json_integer(n) : NULL;
}

static json_t *value_days(const struct input *in, const char *arg, struct strbuf *expected)
{
    struct str text = str_of(arg);
    int64_t n;

    (void)in;
    strbuf_addz(expected, "a number of days such as 30d");
    if (text.len > 1 && text.data[text.len - 1] == 'd') {
        text.len--;
    }
    return str_to_int(text, 0, DAYS_MAX, &n) ? json_integer(n) : NULL;
}

static json_t *value_switch(const struct input *in, const char *arg, struct strbuf *expected)
{
    (void)in;
    (void)arg;
    (void)expected;
    return json_true();
}

/* A path is the kernel's business, in whatever encoding; it is not sent. */
static json_t *value_path(const struct input *in, const char *arg, struct strbuf *expected)
{
    (void)in;
    strbuf_addz(expected, "the name of a file");
    return *arg ? json_true() : NULL;
}

static value_of *const values[] = {
    [INPUT_TEXT] = value_text,     [INPUT_TEXTS] = value_text,    [INPUT_WORD] = value_word,
    [INPUT_DAY] = value_day,       [INPUT_NUMBER] = value_number, [INPUT_DAYS] = value_days,
    [INPUT_SWITCH] = value_switch, [INPUT_FILE] = value_path,     [INPUT_OUTPUT] = value_path,
    [INPUT_ALL] = value_switch,    [INPUT_COPY] = value_path,     [INPUT_FORCE] = value_switch,
};

json_t *value_parse(const struct input *in, const char *arg, struct strbuf *expected)
{
    return values[in->kind](in, arg, expected);
}
