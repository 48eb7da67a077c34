#include "rules/schema.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "rules/date.h"

#define INCLUDE "@include"
#define INCLUDE_DEPTH 10

/* ---- the text ---- */

/* From line `first` of the text on, up to the next of these, stand the lines of `file` from `line`
 * on. */
struct span {
    const char *file;
    unsigned first, line;
};

struct schema_text {
    struct strbuf bytes;
    struct span *spans;
    int count;
    unsigned line;     /* the one that is being written */
    struct str folder; /* of the schema's file, with its last slash; may be empty */
};

static void span_begin(struct schema *r, const char *file, unsigned line)
{
    struct schema_text *t = r->text;

    t->spans = arena_room(r->arena, t->spans, sizeof(*t->spans), t->count);
    t->spans[t->count++] = (struct span){file, t->line, line};
}

/* libconfig would end at a NUL without a word. */
static bool check_bytes(struct schema *r, const char *file, struct str bytes)
{
    const char *nul = memchr(bytes.data, 0, bytes.len);
    size_t bad = nul ? (size_t)(nul - bytes.data) : bytes.len;
    unsigned line = 1;

    if (!text_is_utf8((struct str){bytes.data, bad}, &bad)) {
        nul = NULL;
    }
    if (bad == bytes.len) {
        return true;
    }
    for (size_t i = 0; i < bad; i++) {
        line += bytes.data[i] == '\n';
    }
    faults_add(r->faults, file, line, nul ? "has a NUL byte" : "is not UTF-8");
    return false;
}

static bool add_file(struct schema *r, const char *file, struct str bytes, int depth);

/* What `path`, named in `file` on `line`, holds. */
static bool include(struct schema *r, const char *file, unsigned line, const char *path, int depth)
{
    struct str folder = r->text->folder;
    const char *at = folder.len ? arena_copy(r->arena, folder) : ".";
    struct strbuf bytes = STRBUF_INIT, why = STRBUF_INIT;
    bool ok = false;

    if (!r->includes) {
        faults_add(r->faults, file, line,
                   INCLUDE " is not allowed: the hash would not cover the other file");
        return false;
    }
    if (depth == INCLUDE_DEPTH) {
        faults_add(r->faults, file, line, INCLUDE " \"%s\" is more than %d files deep", path,
                   INCLUDE_DEPTH);
        return false;
    }
    if (folder.len && strncmp(path, at, folder.len) == 0) {
        path += folder.len;
    }
    int fd = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (file_read(fd, path, FILE_SMALL, &bytes, &why)) {
        const char *name = arena_format(r->arena, "%.*s%s", STR_ARG(folder), path);
        ok = check_bytes(r, name, strbuf_str(&bytes)) &&
             add_file(r, name, strbuf_str(&bytes), depth + 1);
    } else {
        faults_add(r->faults, file, line, INCLUDE " \"%s\" %s", path, strbuf_text(&why));
    }
    if (fd >= 0) {
        close(fd);
    }
    strbuf_free(&bytes);
    strbuf_free(&why);
    return ok;
}

/* Length of `@include "path"` at the front of `s`, blanks before it too, or 0. */
static size_t include_at(struct str s, struct strbuf *path)
{
    size_t i = 0, blanks;

    while (i < s.len && (s.data[i] == ' ' || s.data[i] == '\t')) {
        i++;
    }
    if (s.len - i < strlen(INCLUDE) || strncmp(s.data + i, INCLUDE, strlen(INCLUDE)) != 0) {
        return 0;
    }
    for (blanks = i += strlen(INCLUDE); i < s.len && (s.data[i] == ' ' || s.data[i] == '\t'); i++) {
    }
    if (i == blanks || i == s.len || s.data[i] != '"') {
        return 0;
    }
    for (i++; i < s.len && s.data[i] != '"' && s.data[i] != '\n'; i++) {
        i += s.data[i] == '\\' && i + 1 < s.len && (s.data[i + 1] == '"' || s.data[i + 1] == '\\');
        strbuf_addc(path, s.data[i]);
    }
    return i < s.len && s.data[i] == '"' ? i + 1 : 0;
}

/* The same states as in libconfig's scanner: an @include counts where a line begins, and not within
 * a text in quotes or a comment. */
static bool add_file(struct schema *r, const char *file, struct str s, int depth)
{
    enum { PLAIN, QUOTED, COMMENT_LINE, COMMENT } state = PLAIN;
    struct schema_text *t = r->text;
    unsigned line = 1, since = 1;
    bool begins = true;

    span_begin(r, file, line);
    if (t->bytes.len + s.len > FILE_SMALL) {
        faults_add(r->faults, r->file, 0, "is larger than %zu KiB with all that it includes",
                   FILE_SMALL / 1024);
        return false;
    }
    for (size_t i = 0; i < s.len;) {
        char c = s.data[i], next = i + 1 < s.len ? s.data[i + 1] : '\0';
        struct strbuf path = STRBUF_INIT;
        size_t len = 1;
        if (state == PLAIN && begins &&
            (len = include_at((struct str){s.data + i, s.len - i}, &path))) {
            bool ok = include(r, file, line, strbuf_text(&path), depth);
            strbuf_free(&path);
            if (!ok) {
                return false;
            }
            span_begin(r, file, line);
            i += len;
            continue;
        }
        strbuf_free(&path);
        len = 1;
        if (state == PLAIN &&
            (c == '"' || c == '#' || (c == '/' && (next == '/' || next == '*')))) {
            state = c == '"' ? QUOTED : c == '/' && next == '*' ? COMMENT : COMMENT_LINE;
            since = line;
            len = state == COMMENT ? 2 : 1;
        } else if (state == QUOTED && c == '\\' && (next == '"' || next == '\\')) {
            len = 2;
        } else if ((state == QUOTED && c == '"') || (state == COMMENT_LINE && c == '\n')) {
            state = PLAIN;
        } else if (state == COMMENT && c == '*' && next == '/') {
            state = PLAIN;
            len = 2;
        }
        strbuf_add(&t->bytes, s.data + i, len);
        i += len;
        begins = c == '\n';
        line += begins;
        t->line += begins;
    }
    strbuf_addc(&t->bytes, '\n'); /* a comment on the last line ends too */
    t->line++;
    if (state == QUOTED || state == COMMENT) {
        faults_add(r->faults, file, since, "the %s that begins here has no end",
                   state == QUOTED ? "text in quotes" : "comment");
        return false;
    }
    return true;
}

static struct span span_of(const struct schema *r, unsigned line)
{
    int i = r->text->count - 1;

    while (i > 0 && r->text->spans[i].first > line) {
        i--;
    }
    struct span span = r->text->spans[i];
    span.line += line > span.first ? line - span.first : 0;
    return span;
}

bool schema_read(struct schema *r, const struct schema_field *fields, void *base,
                 char hash[DIGEST_HEX + 1])
{
    const char *slash = strrchr(r->file, '/');
    struct schema_text text = {.line = 1,
                               .folder = {r->file, slash ? (size_t)(slash - r->file) + 1 : 0}};
    struct strbuf bytes = STRBUF_INIT, why = STRBUF_INIT;
    bool ok = file_read(AT_FDCWD, r->file, FILE_SMALL, &bytes, &why);
    config_t config;

    r->text = &text;
    config_init(&config);
    config_set_include_dir(&config, "/dev/null"); /* should it see one that we did not */
    if (!ok) {
        faults_add(r->faults, r->file, 0, "%s", strbuf_text(&why));
    }
    if (ok && hash) {
        digest_of(strbuf_str(&bytes), hash);
    }
    ok = ok && check_bytes(r, r->file, strbuf_str(&bytes)) &&
         add_file(r, r->file, strbuf_str(&bytes), 0);
    if (ok && !(ok = config_read_string(&config, strbuf_text(&text.bytes)))) {
        struct span at = span_of(r, (unsigned)config_error_line(&config));
        faults_add(r->faults, at.file, at.line, "%s", config_error_text(&config));
    }
    if (ok) {
        schema_group(r, config_root_setting(&config), fields, base);
    }
    config_destroy(&config);
    strbuf_free(&text.bytes);
    strbuf_free(&bytes);
    strbuf_free(&why);
    r->text = NULL;
    return ok;
}

unsigned schema_line(const struct schema *r, const config_setting_t *s)
{
    return span_of(r, config_setting_source_line(s)).line;
}

void schema_fault(struct schema *r, const config_setting_t *s, const char *format, ...)
{
    struct span at = span_of(r, config_setting_source_line(s));
    struct strbuf what = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_vaddf(&what, format, args);
    va_end(args);
    faults_add(r->faults, at.file, at.line, "%s", what.data);
    strbuf_free(&what);
}

/* ---- values ---- */

static const char *label(const config_setting_t *s)
{
    const char *name = config_setting_name(s);

    while (!name && (s = config_setting_parent(s))) {
        name = config_setting_name(s);
    }
    return name ? name : "?";
}

/* These texts go out in JSON, messages and lists: one line of UTF-8, and something to read. */
const char *schema_text(struct schema *r, const config_setting_t *s)
{
    if (config_setting_type(s) != CONFIG_TYPE_STRING) {
        schema_fault(r, s, "\"%s\" must be a text in quotes", label(s));
        return NULL;
    }
    struct str text = str_of(config_setting_get_string(s));
    const char *fault = NULL;
    size_t bad;
    if (str_trim(text).len == 0) {
        fault = "is empty";
    } else if (!text_is_utf8(text, &bad)) {
        fault = "is not UTF-8";
    }
    for (size_t i = 0; !fault && i < text.len; i++) {
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f) {
            fault = "has a control character";
        }
    }
    if (fault) {
        schema_fault(r, s, "\"%s\" %s", label(s), fault);
        return NULL;
    }
    return arena_copy(r->arena, text);
}

const char *schema_name(struct schema *r, const config_setting_t *s)
{
    const char *text = schema_text(r, s);

    if (text &&
        (strspn(text, SCHEMA_NAME_CHARACTERS) != strlen(text) || strlen(text) > SCHEMA_NAME_MAX)) {
        schema_fault(r, s, "\"%s\" is \"%s\": only a-z, 0-9 and -, at most %d characters", label(s),
                     text, SCHEMA_NAME_MAX);
        return NULL;
    }
    return text;
}

int schema_word(struct schema *r, const config_setting_t *s, const struct names *names)
{
    const char *text = schema_text(r, s);
    int value = text ? names_find(names, str_of(text)) : -1;

    if (text && value < 0) {
        struct strbuf allowed = STRBUF_INIT;
        for (int i = 0; i < names->count; i++) {
            if (names->words[i].text &&
                *names->words[i].text) { /* an unknown fact has the empty word */
                strbuf_addf(&allowed, "%s%s", allowed.len ? ", " : "", names->words[i].text);
            }
        }
        schema_fault(r, s, "\"%s\" is \"%s\", not one of %s", label(s), text,
                     strbuf_text(&allowed));
        strbuf_free(&allowed);
    }
    return value;
}

int schema_length(struct schema *r, const config_setting_t *s, const char *of)
{
    int type = config_setting_type(s);
    int n = config_setting_length(s);

    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) {
        schema_fault(r, s, "\"%s\" must be a list of %s", label(s), of);
        return 0;
    }
    if (n == 0) {
        schema_fault(r, s, "\"%s\" is empty", label(s));
    }
    if (r->list_max && n > r->list_max) {
        schema_fault(r, s, "\"%s\" has %d elements, more than %d", label(s), n, r->list_max);
        return 0;
    }
    return n;
}

bool schema_int(struct schema *r, const config_setting_t *s, double min, double max, int *out)
{
    int type = config_setting_type(s);

    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
        schema_fault(r, s, "\"%s\" must be a whole number", label(s));
        return false;
    }
    long long value = config_setting_get_int64(s);
    if ((double)value < min || (double)value > max) {
        schema_fault(r, s, "\"%s\" is %lld, not within %.0f to %.0f", label(s), value, min, max);
        return false;
    }
    *out = (int)value;
    return true;
}

static void read_number(struct schema *r, const config_setting_t *s, const struct schema_field *f,
                        double *out)
{
    double value = config_setting_type(s) == CONFIG_TYPE_FLOAT
                       ? config_setting_get_float(s)
                       : (double)config_setting_get_int64(s);

    if (!config_setting_is_number(s)) {
        schema_fault(r, s, "\"%s\" must be a number", label(s));
    } else if (value >= f->min && value <= f->max) { /* not a number is neither */
        *out = value;
    } else {
        schema_fault(r, s, "\"%s\" is %g, not within %g to %g", label(s), value, f->min, f->max);
    }
}

static unsigned read_set(struct schema *r, const config_setting_t *s, const struct names *names)
{
    unsigned set = 0;
    int n = schema_length(r, s, "words");

    for (int i = 0; i < n; i++) {
        config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        int value = schema_word(r, e, names);
        if (value >= 0 && (set >> value & 1)) {
            schema_fault(r, e, "\"%s\" has \"%s\" twice", label(s), names_text(names, value));
        }
        if (value >= 0) {
            set |= 1U << value;
        }
    }
    return set;
}

static void read_field(struct schema *r, config_setting_t *s, const struct schema_field *f,
                       void *base)
{
    void *to = (char *)base + f->offset;
    const char *text;
    int value;

    switch (f->type) {
    case SCHEMA_TEXT:
        *(const char **)to = schema_text(r, s);
        return;
    case SCHEMA_NAME:
        *(const char **)to = schema_name(r, s);
        return;
    case SCHEMA_DAY:
        text = schema_text(r, s);
        *(struct date *)to = text ? date_parse(str_of(text)) : DATE_NONE;
        if (text && !date_is(*(struct date *)to)) {
            schema_fault(r, s, "\"%s\" is \"%s\", not a day such as \"2017-03-14\"", label(s),
                         text);
        }
        return;
    case SCHEMA_INT:
        schema_int(r, s, f->min, f->max, to);
        return;
    case SCHEMA_NUMBER:
        read_number(r, s, f, to);
        return;
    case SCHEMA_BOOL:
        if (config_setting_type(s) == CONFIG_TYPE_BOOL) {
            *(bool *)to = config_setting_get_bool(s);
        } else {
            schema_fault(r, s, "\"%s\" must be true or false", label(s));
        }
        return;
    case SCHEMA_WORD: /* an enum without negative values: an unsigned int for gcc and clang */
        if ((value = schema_word(r, s, f->names)) >= 0) {
            *(unsigned *)to = (unsigned)value;
        }
        return;
    case SCHEMA_SET:
        *(unsigned *)to = read_set(r, s, f->names);
        return;
    case SCHEMA_GROUP:
        schema_group(r, s, f->fields, base);
        return;
    case SCHEMA_CALL:
        f->call(r, s, to);
        return;
    }
}

void schema_group(struct schema *r, config_setting_t *s, const struct schema_field *fields,
                  void *base)
{
    if (!config_setting_is_group(s)) {
        schema_fault(r, s, "\"%s\" must be a group { … }", label(s));
        return;
    }
    for (int i = 0; i < config_setting_length(s); i++) {
        const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        const struct schema_field *f = fields;
        while (f->key && strcmp(f->key, config_setting_name(e)) != 0) {
            f++;
        }
        if (!f->key) {
            schema_fault(r, e, "unknown key \"%s\"", config_setting_name(e));
        }
    }
    for (const struct schema_field *f = fields; f->key; f++) {
        config_setting_t *e = config_setting_get_member(s, f->key);
        if (e) {
            read_field(r, e, f, base);
        } else if (!f->optional && config_setting_is_root(s)) {
            schema_fault(r, s, "missing group \"%s\"", f->key);
        } else if (!f->optional) {
            schema_fault(r, s, "missing key \"%s\" in \"%s\"", f->key, label(s));
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
