/* The file of a mapping, by tables of keys. */
#include "work/mapping.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/cell.h"
#include "rules/schema.h"

static const struct word rows_words[] = {{"households", "户"}, {"members", "成员"}};
const struct names map_rows = NAMES_TABLE("rows", rows_words);
static const struct word as_words[] = {[MAP_AS_IT_STANDS] = {"it-stands", NULL},
                                       [MAP_DIGEST] = {"digest", NULL},
                                       [MAP_ORDER] = {"order", NULL}};
static const struct names map_as = NAMES_TABLE("as", as_words);

#define FACTOR_MAX 1000

/* A text that may be "". */
static void read_any_text(struct schema *r, config_setting_t *s, void *to)
{
    const char *text = config_setting_get_string(s);
    *(const char **)to = text && *text == '\0' ? "" : schema_text(r, s);
}

static const struct schema_field word_fields[] = {
    {.key = "from", .type = SCHEMA_TEXT, .offset = offsetof(struct map_word, from)},
    {.key = "to",
     .type = SCHEMA_CALL,
     .offset = offsetof(struct map_word, to),
     .call = read_any_text},
    {0}};

static void read_words(struct schema *r, config_setting_t *s, void *to)
{
    struct map_column *c = to;
    c->words = schema_list(r, s, word_fields, sizeof *c->words, &c->word_count, NULL);
}

static const struct schema_field column_fields[] = {
    {.key = "heading",
     .type = SCHEMA_TEXT,
     .optional = true,
     .offset = offsetof(struct map_column, heading)},
    {.key = "column", .type = SCHEMA_TEXT, .offset = offsetof(struct map_column, column)},
    {.key = "as",
     .type = SCHEMA_WORD,
     .optional = true,
     .offset = offsetof(struct map_column, as),
     .names = &map_as},
    {.key = "factor",
     .type = SCHEMA_NUMBER,
     .optional = true,
     .offset = offsetof(struct map_column, factor),
     .min = 0,
     .max = FACTOR_MAX},
    {.key = "words", .type = SCHEMA_CALL, .optional = true, .call = read_words},
    {.key = "may_lack",
     .type = SCHEMA_BOOL,
     .optional = true,
     .offset = offsetof(struct map_column, may_lack)},
    {0}};

static const struct import_column *columns_of(int rows)
{
    return rows == MAP_HOUSEHOLDS ? import_households.columns : import_members.columns;
}

static bool is_column(int rows, const char *name)
{
    for (const struct import_column *c = columns_of(rows); name && c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            return true;
        }
    }
    return !name; /* its fault was told */
}

static void check_column(struct schema *r, config_setting_t *s, void *items, int i)
{
    struct map_column *columns = items, *c = &columns[i];
    const struct map_sheet *sheet = r->user;
    if (!is_column(sheet->rows, c->column)) {
        schema_fault(r, schema_key(s, "column"), "there is no column \"%s\" of %s", c->column,
                     names_text(&map_rows, sheet->rows));
    }
    if ((c->heading == NULL) != (c->as == MAP_ORDER)) {
        schema_fault(r, s, "a column needs its heading, one in order has none");
    }
    if (c->as == MAP_ORDER && (sheet->rows != MAP_MEMBERS || !schema_same(c->column, "member"))) {
        schema_fault(r, s, "only \"member\" comes in order");
    }
    if (i + 1 == 2 * IMPORT_COLUMNS_MAX) {
        schema_fault(r, s, "more columns than an import has");
    }
    for (int k = 0; k < i; k++) {
        if (schema_same(columns[k].column, c->column)) {
            schema_fault(r, s, "column \"%s\" stands twice", c->column);
        }
    }
}

static void read_columns(struct schema *r, config_setting_t *s, void *to)
{
    struct map_sheet *m = r->user = to;
    m->columns =
        schema_list(r, s, column_fields, sizeof *m->columns, &m->column_count, check_column);
    if (m->column_count >= 2 * IMPORT_COLUMNS_MAX) {
        m->column_count = 0;
    }
    for (int i = 0; i < m->column_count; i++) {
        if (m->columns[i].factor == 0) {
            m->columns[i].factor = 1;
        }
    }
}

static const char **read_texts(struct schema *r, config_setting_t *s, int *count)
{
    int n = schema_length(r, s, "texts");
    const char **texts = arena_alloc(r->arena, (size_t)(n + 1) * sizeof *texts);
    *count = 0;
    for (int i = 0; i < n; i++) {
        const char *text = schema_text(r, config_setting_get_elem(s, (unsigned)i));
        if (text) {
            texts[(*count)++] = text;
        }
    }
    return texts;
}

static void read_ignored(struct schema *r, config_setting_t *s, void *to)
{
    struct map_sheet *m = to;
    m->ignored = read_texts(r, s, &m->ignored_count);
}

static void read_where_words(struct schema *r, config_setting_t *s, void *to)
{
    struct map_sheet *m = to;
    m->where.words = read_texts(r, s, &m->where.word_count);
}

static const struct schema_field where_fields[] = {
    {.key = "heading", .type = SCHEMA_TEXT, .offset = offsetof(struct map_sheet, where.heading)},
    {.key = "words", .type = SCHEMA_CALL, .call = read_where_words},
    {0}};
static const struct schema_field place_fields[] = {
    {.key = "district", .type = SCHEMA_TEXT, .offset = offsetof(struct map_sheet, place.district)},
    {.key = "township", .type = SCHEMA_TEXT, .offset = offsetof(struct map_sheet, place.township)},
    {.key = "village", .type = SCHEMA_TEXT, .offset = offsetof(struct map_sheet, place.village)},
    {0}};
static const struct schema_field default_fields[] = {
    {.key = "column", .type = SCHEMA_TEXT, .offset = offsetof(struct map_default, column)},
    {.key = "value", .type = SCHEMA_TEXT, .offset = offsetof(struct map_default, value)},
    {0}};

static void check_default(struct schema *r, config_setting_t *s, void *items, int i)
{
    const struct map_default *d = (struct map_default *)items + i;
    const struct map_sheet *sheet = r->user;
    if (!is_column(sheet->rows, d->column)) {
        schema_fault(r, schema_key(s, "column"), "there is no column \"%s\" of %s", d->column,
                     names_text(&map_rows, sheet->rows));
    }
}

static void read_defaults(struct schema *r, config_setting_t *s, void *to)
{
    struct map_sheet *m = r->user = to;
    m->defaults =
        schema_list(r, s, default_fields, sizeof *m->defaults, &m->default_count, check_default);
}

static const struct schema_field sheet_fields[] = {
    {.key = "rows",
     .type = SCHEMA_WORD,
     .offset = offsetof(struct map_sheet, rows),
     .names = &map_rows},
    {.key = "where", .type = SCHEMA_GROUP, .optional = true, .fields = where_fields},
    {.key = "columns", .type = SCHEMA_CALL, .call = read_columns},
    {.key = "place", .type = SCHEMA_GROUP, .optional = true, .fields = place_fields},
    {.key = "defaults", .type = SCHEMA_CALL, .optional = true, .call = read_defaults},
    {.key = "ignore", .type = SCHEMA_CALL, .optional = true, .call = read_ignored},
    {0}};

/* What the import itself cannot do without has to come from somewhere. */
static void check_sheet(struct schema *r, config_setting_t *s, void *items, int i)
{
    const struct map_sheet *m = (struct map_sheet *)items + i;
    for (const struct import_column *c = columns_of(m->rows); c->name; c++) {
        bool there = !c->required || (m->place.village && strcmp(c->name, "division") == 0);
        for (int k = 0; k < m->column_count && !there; k++) {
            there = schema_same(m->columns[k].column, c->name);
        }
        for (int k = 0; k < m->default_count && !there; k++) {
            there = schema_same(m->defaults[k].column, c->name);
        }
        if (!there) {
            schema_fault(r, s, "nothing becomes the column \"%s\" of %s", c->name,
                         names_text(&map_rows, m->rows));
        }
    }
    for (int k = 0; k < i; k++) {
        if (((struct map_sheet *)items)[k].rows == m->rows) {
            schema_fault(r, s, "%s stand twice", names_text(&map_rows, m->rows));
        }
    }
}

static void read_sheets(struct schema *r, config_setting_t *s, void *to)
{
    struct mapping *m = to;
    m->sheets = schema_list(r, s, sheet_fields, sizeof *m->sheets, &m->sheet_count, check_sheet);
}

static const struct schema_field root_fields[] = {
    {.key = "description", .type = SCHEMA_TEXT, .offset = offsetof(struct mapping, description)},
    {.key = "sheets", .type = SCHEMA_CALL, .call = read_sheets},
    {0}};

bool mapping_read(const char *folder, struct str name, struct mapping *m, struct error *err)
{
    struct faults faults = {0};
    *m = (struct mapping){0};
    for (size_t i = 0; i < name.len; i++) {
        if (!memchr(SCHEMA_NAME_CHARACTERS, name.data[i], sizeof SCHEMA_NAME_CHARACTERS - 1)) {
            name.len = 0;
        }
    }
    if (name.len == 0 || name.len > SCHEMA_NAME_MAX) {
        return error_say(err, SAY_MAP_NAME);
    }
    struct schema r = {.file = arena_format(&m->arena, "%s/%.*s.conf", folder, STR_ARG(name)),
                       .arena = &m->arena,
                       .faults = &faults};
    schema_read(&r, root_fields, m, NULL);
    if (faults.count) {
        struct strbuf all = STRBUF_INIT;
        faults_sort(&faults, 0);
        for (int i = 0; i < faults.count; i++) {
            strbuf_addf(&all, "%s%s", i ? "; " : "", faults.text[i]);
        }
        error_say(err, SAY_MAP_FILE, arg_text(strbuf_str(&all)));
        strbuf_free(&all);
    }
    bool ok = faults.count == 0;
    faults_free(&faults);
    return ok;
}

void mapping_free(struct mapping *m)
{
    arena_free(&m->arena);
    *m = (struct mapping){0};
}

/* ---- headings ---- */

/* Whether a heading of the book is the one that the mapping names: blanks and full-width signs are
 * nothing to it. */
static bool is_heading(struct str cell, const char *named)
{
    struct arena a = ARENA_INIT;
    bool is = named && str_equal(cell_word(&a, cell), cell_word(&a, str_of(named)));
    arena_free(&a);
    return is;
}

static bool sheet_knows(const struct map_sheet *s, struct str heading)
{
    bool knows = is_heading(heading, s->where.heading) || is_heading(heading, s->place.district) ||
                 is_heading(heading, s->place.township) || is_heading(heading, s->place.village);
    for (int i = 0; i < s->column_count && !knows; i++) {
        knows = is_heading(heading, s->columns[i].heading);
    }
    for (int i = 0; i < s->ignored_count && !knows; i++) {
        knows = is_heading(heading, s->ignored[i]);
    }
    return knows;
}

bool mapping_knows(const void *data, struct str heading)
{
    const struct mapping *m = data;
    for (int i = 0; i < m->sheet_count; i++) {
        if (sheet_knows(&m->sheets[i], heading)) {
            return true;
        }
    }
    return false;
}

static int place_of(const struct sheet_row *heading, const char *named)
{
    for (size_t i = 0; named && i < heading->count; i++) {
        if (is_heading(heading->cells[i], named)) {
            return (int)i;
        }
    }
    return -1;
}

bool mapper_fits(struct mapper *m, const struct map_sheet *sheet,
                 const struct import_column *columns, const struct sheet_row *heading)
{
    *m = (struct mapper){.sheet = sheet,
                         .columns = columns,
                         .where = place_of(heading, sheet->where.heading),
                         .district = place_of(heading, sheet->place.district),
                         .township = place_of(heading, sheet->place.township),
                         .village = place_of(heading, sheet->place.village)};
    bool fits =
        (!sheet->where.heading || m->where >= 0) &&
        (!sheet->place.village || (m->village >= 0 && m->township >= 0 && m->district >= 0));
    m->at = xcalloc((size_t)sheet->column_count + 1, sizeof *m->at);
    for (int i = 0; i < sheet->column_count; i++) {
        const struct map_column *c = &sheet->columns[i];
        m->at[i] = place_of(heading, c->heading);
        fits = fits && (m->at[i] >= 0 || c->may_lack || c->as == MAP_ORDER);
        for (int k = 0; columns[k].name; k++) {
            if (strcmp(columns[k].name, c->column) == 0) {
                m->target[i] = k;
            }
        }
    }
    return fits;
}

void mapper_free(struct mapper *m)
{
    for (int i = 0; i < m->count; i++) {
        free(m->counts[i].heading);
        free(m->counts[i].word);
        free(m->counts[i].column);
        free(m->counts[i].value);
    }
    free(m->counts);
    free(m->at);
    *m = (struct mapper){0};
}

bool mapper_becomes(const struct mapper *m, struct str heading, struct strbuf *out)
{
    const struct map_sheet *s = m->sheet;
    size_t before = out->len;
    for (int i = 0; i < s->column_count; i++) {
        if (is_heading(heading, s->columns[i].heading)) {
            strbuf_addf(out, "%s%s", out->len > before ? ", " : "", s->columns[i].column);
        }
    }
    if (is_heading(heading, s->place.district) || is_heading(heading, s->place.township) ||
        is_heading(heading, s->place.village)) {
        strbuf_addf(out, "%sdivision", out->len > before ? ", " : "");
    }
    if (out->len == before && sheet_knows(s, heading)) {
        strbuf_addz(out, "ignore");
    }
    return out->len > before;
}

/* ---- rows ---- */

static struct str cell_at(const struct sheet_row *row, int at)
{
    return at >= 0 && (size_t)at < row->count ? cell_trim(row->cells[at]) : STR_NONE;
}

/* What offices leave off and put on: 温泉社区居民委员会, 温泉社区居委会, 温泉社区. */
static struct str short_name(struct str name)
{
    static const char *const ends[] = {"居民委员会", "村民委员会", "村委会",
                                       "居委会",     "办事处",     "人民政府"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t len = strlen(ends[i]);
        if (name.len > len && memcmp(name.data + name.len - len, ends[i], len) == 0) {
            name.len -= len;
            break;
        }
    }
    return name;
}

struct found {
    int64_t code;
    int count;
    struct strbuf names; /* of those that it may be */
};

/* The division of that name within `parent`: by its whole name, or by what is left without the
 * office's title. */
static bool find_named(struct import_context *c, int64_t parent, enum level level, struct str name,
                       struct found *f, struct error *err)
{
    char code[DIVISION_TEXT];
    struct str plain = short_name(name);
    struct division_row row = {.code = parent};
    bool exact = false;
    *f = (struct found){0};
    for (;;) {
        if (!store_division_next(c->w->store, &c->row, level, row.code, &row, err)) {
            return false;
        }
        if (row.code == 0 || !division_within(parent, row.code)) {
            return true;
        }
        bool same = str_equal(row.name, name);
        if ((!same && exact) || (!same && !str_equal(short_name(row.name), plain))) {
            continue;
        }
        if (same && !exact) {
            exact = true;
            f->count = 0;
            strbuf_reset(&f->names);
        }
        f->code = row.code;
        strbuf_addf(&f->names, "%s%.*s %s", f->count++ ? ", " : "", STR_ARG(row.name),
                    division_text(row.code, code));
    }
}

/* The village by three names. An empty text and a fault where none has them, or more than one. */
static bool map_place(const struct mapper *m, struct import_context *c, const struct sheet_row *row,
                      struct str *out, struct error *err)
{
    const struct {
        int at;
        enum level level;
    } steps[] = {
        {m->district, LEVEL_DISTRICT}, {m->township, LEVEL_TOWNSHIP}, {m->village, LEVEL_VILLAGE}};
    char code[DIVISION_TEXT];
    struct division_row city;
    if (!store_division_next(c->w->store, &c->row, LEVEL_CITY, 0, &city, err)) {
        return false;
    }
    int64_t parent = city.code;
    *out = STR_NONE;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct str name = cell_word(&c->row, cell_at(row, steps[i].at));
        struct found f;
        if (!find_named(c, parent, steps[i].level, name, &f, err)) {
            strbuf_free(&f.names);
            return false;
        }
        if (f.count != 1) {
            import_fault(
                c, "division", "unknown-division",
                f.count ? sentence(SAY_MAP_PLACES, arg_text(name), arg_text(strbuf_str(&f.names)))
                        : sentence(SAY_MAP_PLACE, arg_text(name),
                                   arg_z(parent ? division_text(parent, code) : "")));
            strbuf_free(&f.names);
            return true;
        }
        strbuf_free(&f.names);
        parent = f.code;
    }
    *out = str_of(arena_copy(&c->row, str_of(division_text(parent, code))));
    return true;
}

static void count_word(struct mapper *m, const struct map_column *column, struct str word,
                       struct str value)
{
    for (int i = 0; i < m->count; i++) {
        if (str_is(word, m->counts[i].word) && strcmp(m->counts[i].heading, column->heading) == 0) {
            m->counts[i].rows++;
            return;
        }
    }
    if (m->count < MAP_COUNTS) {
        if (!m->counts) {
            m->counts = xcalloc(MAP_COUNTS, sizeof *m->counts);
        }
        m->counts[m->count++] =
            (struct map_count){xstrdup(column->heading), xstrndup(word.data, word.len),
                               xstrdup(column->column), xstrndup(value.data, value.len), 1};
    }
}

/* One cell of the book as one of the import. */
static struct str map_cell(struct mapper *m, struct import_context *c, const struct map_column *map,
                           const struct import_column *column, struct str cell)
{
    struct str word = cell_word(&c->row, cell), value = cell;
    int64_t fen;
    for (int i = 0; i < map->word_count; i++) {
        if (str_equal(word, cell_word(&c->row, str_of(map->words[i].from)))) {
            value = str_of(map->words[i].to);
            break;
        }
    }
    if (import_is_word(column) && cell.len) {
        count_word(m, map, word, value);
    }
    if (map->factor != 1 && cell_money(&c->row, value, &fen)) {
        struct strbuf text = STRBUF_INIT;
        strbuf_addfen(&text, (int64_t)((double)fen * map->factor + 0.5));
        value = arena_str(&c->row, strbuf_str(&text));
        strbuf_free(&text);
    }
    if (map->as == MAP_DIGEST && value.len) {
        struct str id;
        char *kept;
        if (cell_code(&c->row, value, &id) != SAY_NOTHING || id.len == 0) {
            return value; /* its own column says what is wrong */
        }
        kept = arena_copy(&c->row, id);
        if (kept[id.len - 1] == 'x') {
            kept[id.len - 1] = 'X';
        }
        struct str digest = audit_personal(c->w->store, &c->row,
                                           str_of(arena_format(&c->row, "household %s", kept)));
        value = str_of(arena_format(&c->row, "H%.*s", 16, digest.data));
    }
    return value;
}

bool mapper_row(struct mapper *m, struct import_context *c, const struct sheet_row *row,
                struct sheet_row *out, bool *skip, struct error *err)
{
    const struct map_sheet *s = m->sheet;
    struct str *cells = arena_alloc(&c->row, IMPORT_COLUMNS_MAX * sizeof *cells);
    int order = -1, count = 0, household = -1, id = -1, name = -1;
    *skip = false;
    if (s->where.heading) {
        struct str word = cell_word(&c->row, cell_at(row, m->where));
        *skip = true;
        for (int i = 0; i < s->where.word_count; i++) {
            *skip = *skip && !str_is(word, s->where.words[i]);
        }
        if (*skip) {
            return true;
        }
    }
    for (; m->columns[count].name; count++) {
        const char *column = m->columns[count].name;
        household = strcmp(column, "household") == 0 ? count : household;
        id = strcmp(column, "id") == 0 ? count : id;
        name = strcmp(column, "name") == 0 ? count : name;
        cells[count] = STR("");
    }
    for (int i = 0; i < s->column_count; i++) {
        int to = m->target[i];
        if (s->columns[i].as == MAP_ORDER) {
            order = to;
        } else {
            cells[to] = map_cell(m, c, &s->columns[i], &m->columns[to], cell_at(row, m->at[i]));
        }
    }
    for (int i = 0; i < s->default_count; i++) {
        for (int k = 0; k < count; k++) {
            if (cells[k].len == 0 && strcmp(m->columns[k].name, s->defaults[i].column) == 0) {
                cells[k] = str_of(s->defaults[i].value);
            }
        }
    }
    for (int k = 0; s->place.village && k < count; k++) {
        if (strcmp(m->columns[k].name, "division") == 0 && !map_place(m, c, row, &cells[k], err)) {
            return false;
        }
    }
    if (order >= 0 &&
        !import_member_number(c, cells[household], cells[id], cells[name], &cells[order], err)) {
        return false;
    }
    for (int k = 0; k < count; k++) {
        cells[k] = cells[k].data ? cells[k] : STR("");
    }
    *out = (struct sheet_row){.line = row->line, .count = (size_t)count, .cells = cells};
    return true;
}
