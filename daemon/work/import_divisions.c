/* Divisions and standards. */
#include "rules/standard.h"
#include "store/calendar.h"
#include "work/import_kind.h"

enum { DIV_CODE, DIV_PARENT, DIV_LEVEL, DIV_NAME };
static const struct import_column division_columns[] = {
    {"code", "区划代码", true, IMPORT_CODE, false},
    {"parent", "上级代码", true, IMPORT_CODE, false},
    {"level", "级别", true, IMPORT_WORD, false},
    {"name", "名称", true, IMPORT_TEXT, false},
    {0}};

/* The digits of a code that its parent gives, by level (GB/T 2260 and its extension). */
static const int64_t parent_span[] = {0, 10000000000, 1000000, 1000};

static bool division_read_row(struct import_context *c, const struct str *cells,
                              struct division_row *row)
{
    int level = -1, before = c->row_faults;
    *row = (struct division_row){.code = division_code(cells[DIV_CODE])};
    if (row->code == 0) {
        import_fault(c, "code", "bad-code", sentence(SAY_IMPORT_CODE, arg_text(cells[DIV_CODE])));
    }
    import_word(c, "level", cells[DIV_LEVEL], &levels, &level);
    if (cells[DIV_LEVEL].len == 0) {
        import_fault(c, "level", "missing", sentence(SAY_IMPORT_EMPTY));
    }
    row->level = (enum level)(level < 0 ? 0 : level);
    if (cells[DIV_PARENT].len) {
        row->parent = division_code(cells[DIV_PARENT]);
    }
    if (level >= 0 && (level == LEVEL_CITY) != (cells[DIV_PARENT].len == 0)) {
        import_fault(c, "parent", level == LEVEL_CITY ? "bad-parent" : "missing",
                     sentence(SAY_IMPORT_PARENT));
    } else if (level > 0 && row->code &&
               (row->parent == 0 ||
                row->code / parent_span[level] != row->parent / parent_span[level])) {
        import_fault(c, "parent", "bad-parent",
                     sentence(SAY_IMPORT_PARENT_CODE, arg_text(cells[DIV_PARENT]),
                              arg_word(&levels, level)));
    }
    import_text(c, "name", cells[DIV_NAME], 120, &row->name);
    if (cells[DIV_NAME].len == 0) {
        import_fault(c, "name", "missing", sentence(SAY_IMPORT_EMPTY));
    }
    return c->row_faults == before;
}

static bool division_check(struct import_context *c, const struct str *cells, struct error *err)
{
    struct division_row row, old, above;
    char text[DIVISION_TEXT];
    int64_t parent;
    if (!division_read_row(c, cells, &row)) {
        return true;
    }
    if (!store_division_get(c->w->store, &c->row, row.code, &old, err) ||
        !store_division_now(c->w->store, row.parent, &parent, err) ||
        !store_division_get(c->w->store, &c->row, row.parent, &above, err)) {
        return false;
    }
    /* The parent stands in this file, where its number in `seen` is 4 × line + level, or in the
     * store. */
    uint64_t seen = import_seen_get(c->seen, str_of(division_text(row.parent, text)));
    int level = seen ? (int)(seen % 4) : above.code ? (int)above.level : -1;
    if (row.parent && level < 0) {
        import_fault(c, "parent", "unknown-division",
                     sentence(SAY_IMPORT_PARENT_UNKNOWN, arg_text(cells[DIV_PARENT])));
    } else if (row.parent && level != (int)row.level - 1) {
        import_fault(c, "parent", "bad-parent",
                     sentence(SAY_IMPORT_PARENT_LEVEL, arg_word(&levels, (int)row.level),
                              arg_word(&levels, level)));
    }
    if (old.code && (old.parent != parent || old.level != row.level)) {
        import_fault(c, "parent", "conflict", sentence(SAY_IMPORT_DIVISION_OTHER));
    }
    uint64_t first = import_seen_add(c->seen, str_of(division_text(row.code, text)),
                                     c->line * 4 + (uint64_t)row.level);
    if (first) {
        import_fault(c, "code", "duplicate",
                     sentence(SAY_IMPORT_DUPLICATE, arg_number((int64_t)((first / 4)))));
    }
    return true;
}

static bool division_apply(struct import_context *c, const struct str *cells,
                           enum import_effect *effect, struct error *err)
{
    struct division_row row, old;
    if (!division_read_row(c, cells, &row)) {
        return true;
    }
    /* A file that is older than a merge: its villages lie in the township that there is today. */
    if (!store_division_get(c->w->store, &c->row, row.code, &old, err) ||
        !store_division_now(c->w->store, row.parent, &row.parent, err)) {
        return false;
    }
    *effect = old.code == 0                   ? IMPORT_ADDED
              : str_equal(old.name, row.name) ? IMPORT_UNCHANGED
                                              : IMPORT_CHANGED;
    return *effect == IMPORT_UNCHANGED || store_division_put(c->w->store, &row, err);
}

const struct import_class import_divisions = {
    .kind = IMPORT_DIVISIONS,
    .columns = division_columns,
    .check = division_check,
    .apply = division_apply,
};

enum { STD_DISTRICT, STD_YEAR, STD_DIBAO, STD_LINE };
static const struct import_column standard_columns[] = {
    {"district", "区县代码", true, IMPORT_CODE, false},
    {"year", "年度", true, IMPORT_CODE, false},
    {"dibao", "低保标准", true, IMPORT_WORD, false},
    {"poverty_line", "扶贫标准", true, IMPORT_WORD, false},
    {0}};

static bool standard_read_row(struct import_context *c, const struct str *cells,
                              struct standard_row *row, struct error *err)
{
    struct import_division district;
    int64_t year = 0;
    *row = (struct standard_row){.dibao = -1, .poverty_line = -1};
    if (!import_find_division(c, cells[STD_DISTRICT], &district, err)) {
        return false;
    }
    if (district.code == 0 || district.level != LEVEL_DISTRICT) {
        import_fault(c, "district", "unknown-division",
                     sentence(SAY_IMPORT_DISTRICT, arg_text(cells[STD_DISTRICT])));
    }
    if (!str_to_int(cells[STD_YEAR], 1990, 2199, &year)) {
        import_fault(c, "year", "bad-number", sentence(SAY_IMPORT_YEAR, arg_text(cells[STD_YEAR])));
    }
    import_money(c, "dibao", cells[STD_DIBAO], &row->dibao);
    import_money(c, "poverty_line", cells[STD_LINE], &row->poverty_line);
    if (cells[STD_DIBAO].len == 0 || cells[STD_LINE].len == 0) {
        import_fault(c, cells[STD_LINE].len ? "dibao" : "poverty_line", "missing",
                     sentence(SAY_IMPORT_EMPTY));
    } else if (row->poverty_line == 0) {
        import_fault(c, "poverty_line", "bad-money", sentence(SAY_IMPORT_LINE_ZERO));
    } else if (row->dibao >= 0 && row->poverty_line > 0) {
        struct error why = ERROR_INIT;
        if (!standard_check(row->dibao, row->poverty_line, &why)) {
            import_fault(c, "dibao", "below-poverty-line",
                         sentence(SAY_IMPORT_STANDARD, arg_z(why.message), arg_z(why.clause)));
        }
        error_clear(&why);
    }
    row->district = district.code;
    row->year = (int)year;
    return true;
}

static bool standard_row_check(struct import_context *c, const struct str *cells, struct error *err)
{
    struct standard_row row;
    if (!standard_read_row(c, cells, &row, err)) {
        return false;
    }
    struct str key = str_of(arena_format(&c->row, "%lld/%d", (long long)row.district, row.year));
    uint64_t first = c->row_faults ? 0 : import_seen_add(c->seen, key, c->line);
    if (first) {
        import_fault(c, "year", "duplicate",
                     sentence(SAY_IMPORT_DUPLICATE, arg_number((int64_t)(first))));
    }
    return true;
}

static bool standard_apply(struct import_context *c, const struct str *cells,
                           enum import_effect *effect, struct error *err)
{
    struct standard_row row, old;
    if (!standard_read_row(c, cells, &row, err)) {
        return false;
    }
    if (c->row_faults) {
        return true;
    }
    if (!store_standard_get(c->w->store, row.district, row.year, &old, err)) {
        return false;
    }
    bool same = old.dibao == row.dibao && old.poverty_line == row.poverty_line;
    *effect = old.district == 0 ? IMPORT_ADDED : same ? IMPORT_UNCHANGED : IMPORT_CHANGED;
    return *effect == IMPORT_UNCHANGED || store_standard_put(c->w->store, &row, err);
}

const struct import_class import_standards = {
    .kind = IMPORT_STANDARDS,
    .columns = standard_columns,
    .check = standard_row_check,
    .apply = standard_apply,
};
