/* What the kinds of import share: faults, cells, headings. */
#include "work/import_kind.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "store/run.h"

bool import_is_free(struct work *w, struct error *err)
{
    struct arena a = ARENA_INIT;
    struct import_row row = {0};
    bool ok = store_import_applying(w->store, &a, &row, err);
    if (ok && row.import) {
        ok = error_set(err, REASON_BUSY,
                       "an import that was accepted before is not complete: it goes on when the "
                       "disk has room, within a minute");
    }
    arena_free(&a);
    return ok;
}

void import_fault(struct import_context *c, const char *column, const char *reason,
                  const char *format, ...)
{
    struct import_result *r = c->result;
    c->row_faults++;
    if (r->fault_count == IMPORT_FAULTS) {
        r->more++;
        return;
    }
    struct strbuf text = STRBUF_INIT;
    va_list args;
    va_start(args, format);
    strbuf_vaddf(&text, format, args);
    va_end(args);
    r->faults = xrealloc(r->faults, (size_t)(r->fault_count + 1) * sizeof *r->faults);
    r->faults[r->fault_count++] =
        (struct import_fault){c->line, column, reason, xstrdup(strbuf_text(&text))};
    strbuf_free(&text);
}

void import_word(struct import_context *c, const char *column, struct str cell,
                 const struct names *names, int *value)
{
    if (cell.len == 0) {
        return;
    }
    int found = names_find(names, cell);
    if (found >= 0) {
        *value = found;
        return;
    }
    struct strbuf allowed = STRBUF_INIT;
    names_list(names, &allowed);
    import_fault(c, column, "bad-word", "\"%.*s\" is not one of %s", STR_ARG(cell),
                 strbuf_text(&allowed));
    strbuf_free(&allowed);
}

void import_day(struct import_context *c, const char *column, struct str cell, struct date *value)
{
    if (cell.len == 0) {
        return;
    }
    struct date day = date_parse(cell);
    if (date_is(day)) {
        *value = day;
    } else {
        import_fault(c, column, "bad-date", "\"%.*s\" is no day of the form 2026-11-24",
                     STR_ARG(cell));
    }
}

void import_money(struct import_context *c, const char *column, struct str cell, int64_t *value)
{
    if (cell.len && !str_to_fen(cell, value)) {
        import_fault(c, column, "bad-money",
                     "\"%.*s\" is no amount in yuan with at most two decimals", STR_ARG(cell));
    }
}

void import_text(struct import_context *c, const char *column, struct str cell, size_t max,
                 struct str *value)
{
    if (cell.len == 0) {
        return;
    }
    if (cell.len > max) {
        import_fault(c, column, "too-long", "%zu bytes, at most %zu", cell.len, max);
        return;
    }
    for (size_t i = 0; i < cell.len; i++) {
        unsigned char byte = (unsigned char)cell.data[i];
        if (byte < 0x20 || byte == 0x7f) {
            import_fault(c, column, "bad-text", "control character 0x%02x", byte);
            return;
        }
    }
    *value = cell;
}

void import_identity(struct import_context *c, const char *column, struct str cell,
                     struct str *value, struct date *birth)
{
    struct birth b;
    if (cell.len == 0) {
        return;
    }
    const char *what = idnum_fault(cell, &b);
    if (what) {
        /* The number itself is personal: the message names the line, not the number. */
        import_fault(c, column, "bad-id", "identity number: %s (GB 11643)", what);
        return;
    }
    *value = cell;
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

bool import_heading(struct import_context *c, const struct import_column *columns,
                    const struct csv_record *heading, int positions[IMPORT_COLUMNS_MAX])
{
    int before = c->row_faults;
    c->width = heading->count;
    for (int i = 0; i < IMPORT_COLUMNS_MAX; i++) {
        positions[i] = -1;
    }
    for (size_t i = 0; i < heading->count; i++) {
        struct str name = str_trim(heading->fields[i]);
        int column = 0;
        while (columns[column].name && !str_is(name, columns[column].name) &&
               !str_is(name, columns[column].chinese)) {
            column++;
        }
        if (!columns[column].name) {
            import_fault(c, "", "unknown-column", "heading \"%.*s\" is no column of this import",
                         STR_ARG(name));
        } else if (positions[column] >= 0) {
            import_fault(c, columns[column].name, "duplicate", "the heading stands twice");
        } else {
            positions[column] = (int)i;
        }
    }
    for (int i = 0; columns[i].name; i++) {
        if (columns[i].required && positions[i] < 0) {
            import_fault(c, columns[i].name, "missing", "the column is not in the heading");
        }
    }
    return c->row_faults == before;
}

void import_width(struct import_context *c, const struct csv_record *record)
{
    for (size_t i = c->width; i < record->count; i++) {
        if (str_trim(record->fields[i]).len) {
            import_fault(c, "", "too-many-cells", "%zu cells under a heading of %zu", i + 1,
                         c->width);
            return;
        }
    }
}

void import_cells(const struct csv_record *record, const int positions[IMPORT_COLUMNS_MAX],
                  const struct import_column *columns, struct str cells[IMPORT_COLUMNS_MAX])
{
    for (int i = 0; columns[i].name; i++) {
        bool there = positions[i] >= 0 && (size_t)positions[i] < record->count;
        cells[i] = there ? str_trim(record->fields[positions[i]]) : STR_NONE;
    }
}

void import_result_free(struct import_result *result)
{
    for (int i = 0; i < result->fault_count; i++) {
        free(result->faults[i].message);
    }
    free(result->faults);
    *result = (struct import_result){0};
}
