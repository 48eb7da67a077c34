#include "client/cell.h"

#include <stdlib.h>

#define PREFIX_HASH 12
#define CUT_LEAST 6
#define KIND_LEAST 11 /* register-a…, register-c… */
#define AT_LEAST 17   /* 2026-11-24T07:30… */
#define BODY_MAX 200  /* bytes */
#define ABSENT "-"
#define PROVISIONAL "*"

typedef enum term_tone tone_of(json_t *value);
typedef void text_of(json_t *item, json_t *value, struct strbuf *out);

json_t *cell_get(json_t *object, const char *path)
{
    const char *dot;

    while (object && (dot = strchr(path, '.'))) {
        object = json_object_getn(object, path, (size_t)(dot - path));
        path = dot + 1;
    }
    return object ? json_object_get(object, path) : NULL;
}

static void add_dump(json_t *value, struct strbuf *out)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    term_clean(out, str_of(text ? text : ""));
    free(text);
}

bool cell_is_table(json_t *value)
{
    return json_is_array(value) && json_is_object(json_array_get(value, 0));
}

static void add_list(json_t *list, struct strbuf *out)
{
    size_t i;
    json_t *item;

    if (json_array_size(list) == 0) {
        strbuf_addz(out, ABSENT);
    }
    json_array_foreach(list, i, item)
    {
        strbuf_addz(out, i > 0 ? ", " : "");
        cell_plain(item, out);
    }
}

void cell_plain(json_t *value, struct strbuf *out)
{
    if (json_is_string(value)) {
        term_clean(out, (struct str){json_string_value(value), json_string_length(value)});
    } else if (!value || json_is_null(value)) {
        strbuf_addz(out, ABSENT);
    } else if (json_is_boolean(value)) {
        strbuf_addz(out, json_is_true(value) ? "yes" : "no");
    } else if (json_is_array(value) && !cell_is_table(value)) {
        add_list(value, out);
    } else {
        add_dump(value, out);
    }
}

static void text_plain(json_t *item, json_t *value, struct strbuf *out)
{
    (void)item;
    cell_plain(value, out);
}

bool cell_is_provisional(json_t *item)
{
    return json_is_true(json_object_get(item, "provisional"));
}

void cell_footnote(bool provisional)
{
    if (provisional) {
        puts(PROVISIONAL " provisional: the calendar of that year is not published");
    }
}

static void text_due(json_t *item, json_t *value, struct strbuf *out)
{
    cell_plain(value, out);
    if (json_is_string(value) && cell_is_provisional(item)) {
        strbuf_addz(out, PROVISIONAL);
    }
}

static void text_hash(json_t *item, json_t *value, struct strbuf *out)
{
    (void)item;
    if (json_is_string(value) && json_string_length(value) > PREFIX_HASH) {
        strbuf_add(out, json_string_value(value), PREFIX_HASH);
    } else {
        cell_plain(value, out);
    }
}

/* The codes of the levels end with 6, 9 and 12 digits (GB/T 2260 and its extension). */
static void text_code(json_t *item, json_t *value, struct strbuf *out)
{
    size_t len = json_string_length(value);
    const char *code = json_string_value(value);

    (void)item;
    while (len > 6 && strncmp(code + len - 3, "000", 3) == 0) {
        len -= 3;
    }
    if (code && json_string_length(value) == 12) {
        strbuf_add(out, code, len);
    } else {
        cell_plain(value, out);
    }
}

/* "task=671 event=due-soon": enough to know it by. --json has it whole. */
void cell_body(json_t *value, struct strbuf *out)
{
    struct strbuf whole = STRBUF_INIT;
    size_t len;
    const char *key;
    json_t *member;

    json_object_foreach(value, key, member)
    {
        strbuf_addz(&whole, whole.len > 0 ? " " : "");
        term_clean(&whole, str_of(key));
        strbuf_addc(&whole, '=');
        if (json_is_object(member) || cell_is_table(member)) {
            strbuf_addf(&whole, "(%zu)",
                        json_is_object(member) ? json_object_size(member)
                                               : json_array_size(member));
        } else {
            cell_plain(member, &whole);
        }
    }
    if (!json_is_object(value)) {
        cell_plain(value, &whole);
    }
    len = whole.len;
    if (len > BODY_MAX) {
        for (len = BODY_MAX; len > 0 && ((unsigned char)whole.data[len] & 0xC0) == 0x80; len--) {
            ;
        }
    }
    strbuf_add(out, strbuf_text(&whole), len);
    strbuf_addz(out, len < whole.len ? "…" : "");
    strbuf_free(&whole);
}

static void text_body(json_t *item, json_t *value, struct strbuf *out)
{
    (void)item;
    cell_body(value, out);
}

static enum term_tone tone_left(json_t *value)
{
    if (!json_is_integer(value) || json_integer_value(value) > 0) {
        return TONE_PLAIN;
    }
    return json_integer_value(value) < 0 ? TONE_BAD : TONE_WARN;
}

static enum term_tone tone_yes(json_t *value)
{
    return json_is_true(value) ? TONE_GOOD : TONE_PLAIN;
}

static enum term_tone tone_word(json_t *value)
{
    static const struct {
        const char *word;
        enum term_tone tone;
    } tones[] = {
        {"late", TONE_BAD},       {"suspended", TONE_WARN}, {"closed", TONE_FAINT},
        {"undecided", TONE_WARN}, {"leased", TONE_WARN},
    };
    const char *word = json_string_value(value);

    for (size_t i = 0; word && i < sizeof(tones) / sizeof(tones[0]); i++) {
        if (strcmp(word, tones[i].word) == 0) {
            return tones[i].tone;
        }
    }
    return TONE_PLAIN;
}

static const struct {
    text_of *text;
    tone_of *tone; /* may be NULL */
    bool right;
    size_t least; /* that is left where it is cut; 0: it is not */
} forms[] = {
    [VIEW_PLAIN] = {text_plain, NULL, false, 0},
    [VIEW_NUMBER] = {text_plain, NULL, true, 0},
    [VIEW_AT] = {text_plain, NULL, false, AT_LEAST},
    [VIEW_LEFT] = {text_plain, tone_left, true, 0},
    [VIEW_DUE] = {text_due, NULL, false, 0},
    [VIEW_YES] = {text_plain, tone_yes, false, CUT_LEAST},
    [VIEW_CODE] = {text_code, NULL, false, 0},
    [VIEW_WORD] = {text_plain, tone_word, false, CUT_LEAST},
    [VIEW_KIND] = {text_plain, NULL, false, KIND_LEAST},
    [VIEW_SHORT] = {text_plain, NULL, false, CUT_LEAST},
    [VIEW_HASH] = {text_hash, NULL, false, 0},
    [VIEW_BODY] = {text_body, NULL, false, CUT_LEAST},
    [VIEW_HIDDEN] = {text_plain, NULL, false, 0},
};

enum term_tone cell_text(json_t *item, const struct view_field *field, struct strbuf *out)
{
    json_t *value = cell_get(item, field->key);
    tone_of *tone = forms[field->form].tone;

    forms[field->form].text(item, value, out);
    return tone ? tone(value) : TONE_PLAIN;
}

bool cell_to_right(enum view_form form)
{
    return forms[form].right;
}

size_t cell_cut_least(enum view_form form)
{
    return forms[form].least;
}
