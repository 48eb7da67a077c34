/* What the kinds of import share: faults, cells, headings. */
#include "work/import_kind.h"

#include <stdlib.h>

#include "base/cell.h"
#include "base/text.h"
#include "store/run.h"

bool import_is_free(struct work *w, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct import_row row = {0};
    bool ok = store_import_applying(w->store, &a, &row, err);
    if (ok && row.import) {
        ok = error_say(err, SAY_IMPORT_INCOMPLETE);
    }
    arena_free(&a);
    return ok;
}

static const struct import_column *column_named(const struct import_column *columns,
                                                const char *name)
{
    while (columns && columns->name && strcmp(columns->name, name) != 0) {
        columns++;
    }
    return columns && columns->name ? columns : NULL;
}

void import_fault(struct import_context *c, const char *column, const char *reason,
                  struct sentence *said)
{
    struct import_result *r = c->result;
    const struct import_column *named = column_named(c->columns, column);
    if (named && named == c->faulty && c->line == c->faulty_line) {
        sentence_free(said); /* what is wrong with the cell was said; the rest follows from it */
        return;
    }
    c->faulty = named;
    c->faulty_line = c->line;
    c->row_faults++;
    if (c->why.len) {
        strbuf_addz(&c->why, "；");
    }
    if (named) {
        strbuf_addf(&c->why, "%s：", named->chinese);
    }
    sentence_zh(said, &c->why);
    if (r->fault_count == IMPORT_FAULTS) {
        r->more++;
    } else {
        struct strbuf text = STRBUF_INIT;
        sentence_text(said, &text);
        r->faults = xrealloc(r->faults, (size_t)(r->fault_count + 1) * sizeof *r->faults);
        r->faults[r->fault_count++] =
            (struct import_fault){c->line, 0, column, reason, xstrdup(strbuf_text(&text))};
        strbuf_free(&text);
    }
    sentence_free(said);
}

/* ---- cells ---- */

const char import_cleared[] = "";

static bool is_cleared(struct str cell)
{
    return cell.data == import_cleared;
}

struct str import_text_after(struct str given, struct str old)
{
    return given.len ? given : is_cleared(given) ? STR_NONE : old;
}

int64_t import_fen_after(int64_t given, int64_t old)
{
    return given == FEN_UNKNOWN ? old : given == IMPORT_FEN_CLEARED ? FEN_UNKNOWN : given;
}

struct date import_day_after(struct date given, struct date old)
{
    return !date_is(given) ? old : given.day == IMPORT_DAY_CLEARED.day ? DATE_NONE : given;
}

/* What offices write for a word besides the one in its table. */
static const struct {
    const struct names *names;
    const char *word;
    int value;
} others[] = {
    {&statuses, "暂停", STATUS_SUSPENDED},
    {&statuses, "终止", STATUS_CLOSED},
    {&tiers, "按年", TIER_ANNUAL},
    {&tiers, "按半年", TIER_SEMI_ANNUAL},
    {&tiers, "按季度", TIER_QUARTERLY},
    {&tiers, "按季", TIER_QUARTERLY},
    {&income_kinds, "有稳定收入", INCOME_STABLE},
    {&income_kinds, "无稳定收入", INCOME_VARIABLE},
    {&register_states, "否", REGISTER_NONE},
    {&register_states, "无", REGISTER_NONE},
    {&register_states, "建档立卡户", REGISTER_REGISTERED},
    {&register_states, "监测对象", REGISTER_REGISTERED}, /* helped again, not yet fallen back */
    {&register_states, "监测户", REGISTER_REGISTERED},
    {&register_states, "脱贫户", REGISTER_EXITED},
    {&register_states, "返贫户", REGISTER_RETURNED},
    {&healths, "良好", HEALTH_HEALTHY},
    {&healths, "长期慢性病", HEALTH_CHRONIC},
    {&healths, "重病", HEALTH_SERIOUS_ILLNESS},
    {&healths, "重大疾病", HEALTH_SERIOUS_ILLNESS},
    {&disabilities, "无", DISABILITY_NONE},
    {&disabilities, "1级", DISABILITY_1},
    {&disabilities, "2级", DISABILITY_2},
    {&disabilities, "3级", DISABILITY_3},
    {&disabilities, "4级", DISABILITY_4},
    {&work_abilities, "无", WORK_NONE},
    {&work_abilities, "部分", WORK_PARTIAL},
    {&work_abilities, "有", WORK_FULL},
    {&work_abilities, "丧失劳动能力", WORK_NONE},
    {&work_abilities, "完全丧失劳动能力", WORK_NONE},
    {&work_abilities, "部分丧失劳动能力", WORK_PARTIAL},
    {&member_statuses, "去世", MEMBER_DIED},
    {&member_statuses, "已故", MEMBER_DIED},
    {&member_statuses, "已迁出", MEMBER_MOVED_OUT},
};

int import_word_value(const struct names *names, struct str word)
{
    int found = names_find_zh(names, word);
    for (size_t i = 0; found < 0 && i < sizeof others / sizeof others[0]; i++) {
        if (others[i].names == names && str_is(word, others[i].word)) {
            found = others[i].value;
        }
    }
    return found;
}

bool import_is_word(const struct import_column *column)
{
    static const char *const names[] = {"status", "tier",       "income_kind",  "register",
                                        "health", "disability", "work_ability", "student"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(column->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

void import_word(struct import_context *c, const char *column, struct str cell,
                 const struct names *names, int *value)
{
    if (is_cleared(cell)) {
        *value = 0; /* in the tables of facts that can be cleared it is the unknown one */
    }
    if (cell.len == 0) {
        return;
    }
    int found = import_word_value(names, cell_word(&c->row, cell));
    if (found >= 0) {
        *value = found;
        return;
    }
    import_fault(c, column, "bad-word",
                 sentence(SAY_IMPORT_WORD, arg_text(cell), arg_words(names)));
}

void import_day(struct import_context *c, const char *column, struct str cell, struct date *value)
{
    int year, month, day;
    struct date read = DATE_NONE;
    if (is_cleared(cell)) {
        *value = IMPORT_DAY_CLEARED;
    }
    if (cell.len == 0) {
        return;
    }
    if (cell_day(&c->row, cell, &year, &month, &day)) {
        read = date_of(year, month, day);
    }
    if (!date_is(read)) {
        import_fault(c, column, "bad-date", sentence(SAY_IMPORT_DAY, arg_text(cell)));
    } else if (year < 1900) {
        import_fault(c, column, "bad-date", sentence(SAY_IMPORT_DAY_OLD, date_arg(read)));
    } else {
        *value = read;
    }
}

void import_money(struct import_context *c, const char *column, struct str cell, int64_t *value)
{
    if (is_cleared(cell)) {
        *value = IMPORT_FEN_CLEARED;
    } else if (cell.len && !cell_money(&c->row, cell, value)) {
        import_fault(c, column, "bad-money", sentence(SAY_IMPORT_MONEY, arg_text(cell)));
    }
}

void import_text(struct import_context *c, const char *column, struct str cell, size_t max,
                 struct str *value)
{
    const struct import_column *named = column_named(c->columns, column);
    bool is_name = named && named->cell == IMPORT_NAME;
    if (cell.len > max) {
        import_fault(
            c, column, "too-long",
            sentence(SAY_IMPORT_LONG, arg_number((int64_t)cell.len), arg_number((int64_t)max)));
        return;
    }
    enum say fault = is_name ? cell_name_fault(cell) : cell_text_fault(cell);
    if (fault) {
        import_fault(c, column, "bad-text", sentence_of(fault, ARG_LAST));
    } else if (cell.len || is_cleared(cell)) {
        *value = cell;
    }
}

void import_identity(struct import_context *c, const char *column, struct str cell,
                     struct str *value, struct date *birth)
{
    struct birth b;
    if (is_cleared(cell)) {
        *value = cell;
    }
    if (cell.len == 0) {
        return;
    }
    const char *what = idnum_fault(cell, &b);
    if (what) {
        /* The number itself is personal: the message names the line, not the number. */
        import_fault(c, column, "bad-id", sentence(SAY_IMPORT_IDENTITY, arg_z(what)));
        return;
    }
    char *kept = arena_copy(&c->row, cell);
    if (kept[17] == 'x') {
        kept[17] = 'X';
    }
    *value = (struct str){kept, cell.len};
    *birth = date_of(b.year, b.month, b.day);
}

bool import_find_division(struct import_context *c, struct str cell,
                          struct import_division *division, struct error *err)
{
    int64_t code = division_code(cell);
    *division = (struct import_division){0};
    if (code == 0) {
        return true;
    }
    struct import_division *slot = &c->divisions[((uint64_t)code * 0x9E3779B97F4A7C15u) >> 54];
    if (slot->code != code) {
        struct division_row row;
        struct import_division found = {0};
        if (!store_division_now(c->w->store, code, &found.code, err) ||
            !store_division_get(c->w->store, &c->row, found.code, &row, err) ||
            !store_division_up(c->w->store, found.code, LEVEL_TOWNSHIP, &found.township, err) ||
            !store_division_up(c->w->store, found.code, LEVEL_DISTRICT, &found.district, err)) {
            return false;
        }
        if (row.code == 0) {
            return true;
        }
        found.level = row.level;
        *slot = found;
    }
    *division = *slot;
    return true;
}

/* ---- headings and rows ---- */

/* The heading of what stands behind a row that came back for mending; no column of anything. */
const char import_reasons_heading[] = "退回原因";

/* 0 … for the column of a heading's cell, -1 for none. */
static int column_of(const struct import_column *columns, struct str heading)
{
    for (int i = 0; columns[i].name; i++) {
        if (str_is(heading, columns[i].name) || str_is(heading, columns[i].chinese)) {
            return i;
        }
    }
    return -1;
}

bool import_knows(const void *columns, struct str heading)
{
    struct arena a = ARENA_INIT;
    bool knows = column_of(columns, cell_word(&a, heading)) >= 0;
    arena_free(&a);
    return knows;
}

/* What `household list` prints besides: it follows from the rest and is not imported. */
static bool is_listed(const struct import_column *columns, struct str heading)
{
    static const char *const listed[] = {
        "township",      "anchor_on", "nominal_due_on",   "due_on",    "opens_on",
        "provisional",   "open_task", "history",          "settle_by", "entered_on",
        "missed_cycles", "protected", "protection_clause"};
    for (size_t i = 0; columns == import_households.columns && i < sizeof listed / sizeof listed[0];
         i++) {
        if (str_is(heading, listed[i])) {
            return true;
        }
    }
    return false;
}

bool import_heading(struct import_context *c, const struct sheet_row *heading,
                    int positions[IMPORT_COLUMNS_MAX])
{
    const struct import_column *columns = c->columns;
    int before = c->row_faults;
    c->width = heading->count;
    c->reasons = SIZE_MAX;
    c->headed = xrealloc(c->headed, (heading->count + 1) * sizeof *c->headed);
    for (int i = 0; i < IMPORT_COLUMNS_MAX; i++) {
        positions[i] = -1;
    }
    for (size_t i = 0; i < heading->count; i++) {
        struct str name = cell_word(&c->row, heading->cells[i]);
        int column = column_of(columns, name);
        c->headed[i] = name.len > 0;
        if (str_is(name, import_reasons_heading)) {
            c->reasons = i;
        }
        if (name.len == 0 || c->reasons == i || is_listed(columns, name)) {
            continue;
        }
        if (column < 0) {
            import_fault(c, "", "unknown-column", sentence(SAY_IMPORT_COLUMN, arg_text(name)));
        } else if (positions[column] >= 0) {
            import_fault(c, columns[column].name, "duplicate", sentence(SAY_IMPORT_COLUMN_TWICE));
        } else {
            positions[column] = (int)i;
        }
    }
    for (int i = 0; columns[i].name; i++) {
        if (columns[i].required && positions[i] < 0) {
            import_fault(c, columns[i].name, "missing", sentence(SAY_IMPORT_COLUMN_MISSING));
        }
    }
    return c->row_faults == before;
}

void import_cells(struct import_context *c, const struct sheet_row *row,
                  const int positions[IMPORT_COLUMNS_MAX], struct str cells[IMPORT_COLUMNS_MAX])
{
    for (size_t i = 0; i < row->count; i++) {
        if ((i >= c->width || !c->headed[i]) && cell_trim(row->cells[i]).len) {
            import_fault(c, "", "too-many-cells",
                         sentence(SAY_IMPORT_WIDTH, arg_number((int64_t)i + 1)));
            break;
        }
    }
    for (int i = 0; c->columns[i].name; i++) {
        const struct import_column *column = &c->columns[i];
        bool there = positions[i] >= 0 && (size_t)positions[i] < row->count;
        struct str cell = there ? cell_trim(row->cells[positions[i]]) : STR_NONE;
        if (cell.len == 0) {
            cells[i] = STR_NONE;
        } else if (cell_clears(cell)) {
            cells[i] = (struct str){column->clears ? import_cleared : NULL, 0};
        } else if (column->cell == IMPORT_CODE) {
            enum say fault = cell_code(&c->row, cell, &cells[i]);
            if (fault) {
                import_fault(c, column->name, "bad-text", sentence_of(fault, ARG_LAST));
            }
        } else {
            cells[i] = column->cell == IMPORT_WORD ? cell_plain(&c->row, cell) : cell_words(cell);
        }
    }
}

bool import_sheet_fault(struct import_context *c, const struct sheet_row *row,
                        const int positions[IMPORT_COLUMNS_MAX], struct error *err)
{
    static const char *const reasons[] = {[SHEET_ENCODING] = "encoding",
                                          [SHEET_QUOTE] = "quote",
                                          [SHEET_TOO_LONG] = "too-long",
                                          [SHEET_DAMAGED] = "damaged"};
    const char *column = "";
    if (row->fault == SHEET_STORAGE) {
        return false;
    }
    for (int i = 0; row->column && c->width && c->columns[i].name; i++) {
        if (positions[i] == (int)row->column - 1) {
            column = c->columns[i].name;
        }
    }
    c->line = row->line ? row->line : 1;
    import_fault(c, column, reasons[row->fault], sentence_copy(err->said));
    error_clear(err);
    return true;
}

void import_context_free(struct import_context *c)
{
    if (!c) {
        return;
    }
    import_seen_free(c->seen);
    import_seen_free(c->coming);
    arena_free(&c->row);
    arena_free(&c->group);
    strbuf_free(&c->why);
    strbuf_free(&c->members.after);
    strbuf_free(&c->members.went_member);
    free(c->headed);
    free(c);
}

void import_result_free(struct import_result *result)
{
    for (int i = 0; i < result->fault_count; i++) {
        free(result->faults[i].message);
    }
    free(result->faults);
    *result = (struct import_result){0};
}
