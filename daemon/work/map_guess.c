/* A mapping to begin with, out of a book's own headings and words. */
#include <stdlib.h>
#include <unistd.h>

#include "base/cell.h"
#include "work/mapping.h"

#define HEAD_NUMBER "身份证号" /* of a household: its head's */
#define GUESS_WORDS 40         /* of one heading: more are no words of a table */

/* Headings that books have for a column; `factor` 12 for an amount a month. */
static const struct {
    const char *heading;
    int rows;
    const char *column;
    int factor;
} usual[] = {
    {"户号", MAP_HOUSEHOLDS, "household", 1},
    {"家庭编号", MAP_HOUSEHOLDS, "household", 1},
    {"区划代码", MAP_HOUSEHOLDS, "division", 1},
    {"户主", MAP_HOUSEHOLDS, "head_name", 1},
    {"户主姓名", MAP_HOUSEHOLDS, "head_name", 1},
    {"户主身份证号", MAP_HOUSEHOLDS, "head_id", 1},
    {"家庭住址", MAP_HOUSEHOLDS, "address", 1},
    {"地址", MAP_HOUSEHOLDS, "address", 1},
    {"联系电话", MAP_HOUSEHOLDS, "phone", 1},
    {"电话", MAP_HOUSEHOLDS, "phone", 1},
    {"保障状态", MAP_HOUSEHOLDS, "status", 1},
    {"状态", MAP_HOUSEHOLDS, "status", 1},
    {"保障类别", MAP_HOUSEHOLDS, "income_kind", 1},
    {"家庭年收入", MAP_HOUSEHOLDS, "income", 1},
    {"家庭月收入", MAP_HOUSEHOLDS, "income", 12},
    {"批准时间", MAP_HOUSEHOLDS, "approved_on", 1},
    {"批准日期", MAP_HOUSEHOLDS, "approved_on", 1},
    {"上次复核日期", MAP_HOUSEHOLDS, "last_review_on", 1},
    {"是否脱贫户", MAP_HOUSEHOLDS, "register", 1},
    {"姓名", MAP_MEMBERS, "name", 1},
    {"身份证号", MAP_MEMBERS, "id", 1},
    {"出生日期", MAP_MEMBERS, "birth_on", 1},
    {"健康状况", MAP_MEMBERS, "health", 1},
    {"残疾等级", MAP_MEMBERS, "disability", 1},
    {"劳动能力", MAP_MEMBERS, "work_ability", 1},
    {"是否在校学生", MAP_MEMBERS, "student", 1},
};

struct map_guess {
    size_t count;
    struct guess_heading {
        char *text;
        int usual; /* -1 */
        char *words[GUESS_WORDS];
        int word_count; /* GUESS_WORDS + 1: too many */
    } * headings;
};

static struct map_guess *guess_new(const struct sheet_row *heading)
{
    struct map_guess *g = xcalloc(1, sizeof *g);
    struct arena a = ARENA_INIT;
    g->count = heading->count;
    g->headings = xcalloc(g->count + 1, sizeof *g->headings);
    for (size_t i = 0; i < g->count; i++) {
        struct str text = cell_word(&a, heading->cells[i]);
        g->headings[i].text = xstrndup(text.data, text.len);
        g->headings[i].usual = -1;
        for (size_t k = 0; k < sizeof usual / sizeof usual[0]; k++) {
            if (str_is(text, usual[k].heading)) {
                g->headings[i].usual = (int)k;
            }
        }
    }
    arena_free(&a);
    return g;
}

static void guess_row(struct map_guess *g, const struct sheet_row *row)
{
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < g->count && i < row->count; i++) {
        struct guess_heading *h = &g->headings[i];
        struct str word = cell_word(&a, row->cells[i]);
        bool known = word.len == 0 || h->word_count > GUESS_WORDS;
        for (int k = 0; k < h->word_count && !known; k++) {
            known = str_is(word, h->words[k]);
        }
        if (!known && h->word_count == GUESS_WORDS) {
            h->word_count++;
        } else if (!known) {
            h->words[h->word_count++] = xstrndup(word.data, word.len);
        }
    }
    arena_free(&a);
}

/* Blanks and full-width signs are nothing to a heading. */
static bool is_same(const char *text, const char *named)
{
    struct arena a = ARENA_INIT;
    bool same = str_equal(cell_word(&a, str_of(text)), cell_word(&a, str_of(named)));
    arena_free(&a);
    return same;
}

static void put_quoted(struct strbuf *out, const char *text)
{
    strbuf_addc(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            strbuf_addc(out, '\\');
        }
        strbuf_addc(out, (unsigned char)*text < 0x20 ? ' ' : *text);
    }
    strbuf_addc(out, '"');
}

static void put_column(const struct guess_heading *h, struct strbuf *out)
{
    static const struct import_column *tables[MAP_ROWS];
    tables[MAP_HOUSEHOLDS] = import_households.columns;
    tables[MAP_MEMBERS] = import_members.columns;
    strbuf_addz(out, "            { heading = ");
    put_quoted(out, h->text);
    strbuf_addf(out, "; column = \"%s\";", usual[h->usual].column);
    if (usual[h->usual].factor != 1) {
        strbuf_addf(out, " factor = %d;", usual[h->usual].factor);
    }
    for (const struct import_column *c = tables[usual[h->usual].rows]; c->name; c++) {
        if (strcmp(c->name, usual[h->usual].column) == 0 && import_is_word(c) &&
            h->word_count <= GUESS_WORDS) {
            strbuf_addz(out, "\n              # what each of these words means; \"\" leaves it out"
                             "\n              words = (");
            for (int k = 0; k < h->word_count; k++) {
                strbuf_addz(out,
                            k ? ",\n                  { from = " : "\n                  { from = ");
                put_quoted(out, h->words[k]);
                strbuf_addz(out, "; to = ");
                put_quoted(out, h->words[k]);
                strbuf_addz(out, "; }");
            }
            strbuf_addz(out, " );");
        }
    }
    strbuf_addz(out, " }");
}

static void guess_put(const struct map_guess *g, struct strbuf *out)
{
    static const char *const places[] = {"区县", "乡镇（街道）", "村（社区）"};
    int found[2] = {0, 0}, named = 0;
    for (size_t i = 0; i < g->count; i++) {
        if (g->headings[i].usual >= 0) {
            found[usual[g->headings[i].usual].rows]++;
        }
        for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
            named += is_same(g->headings[i].text, places[k]);
        }
    }
    int rows = found[MAP_MEMBERS] > found[MAP_HOUSEHOLDS] ? MAP_MEMBERS : MAP_HOUSEHOLDS;
    strbuf_addf(out,
                "# Made from the headings of one file: look at each line, then try it with\n"
                "# `reviewctl import book FILE --map NAME --dry-run'.\n"
                "description = \"?\";\n"
                "sheets = (\n"
                "    { rows = \"%s\";\n"
                "      columns = (\n",
                names_text(&map_rows, rows));
    bool first = true;
    for (size_t i = 0; i < g->count; i++) {
        const struct guess_heading *h = &g->headings[i];
        if (h->usual >= 0 && usual[h->usual].rows == rows) {
            strbuf_addz(out, first ? "" : ",\n");
            put_column(h, out);
            first = false;
        } else if (rows == MAP_HOUSEHOLDS && is_same(h->text, HEAD_NUMBER)) {
            strbuf_addf(
                out,
                "%s            { heading = \"%s\"; column = \"head_id\"; },\n"
                "            # the household's number, where the book has none\n"
                "            { heading = \"%s\"; column = \"household\"; as = \"digest\"; }",
                first ? "" : ",\n", HEAD_NUMBER, HEAD_NUMBER);
            first = false;
        }
    }
    strbuf_addz(out, " );\n");
    if (named == 3 && rows == MAP_HOUSEHOLDS) {
        strbuf_addf(out,
                    "      place = { district = \"%s\"; township = \"%s\"; village = \"%s\"; };\n",
                    places[0], places[1], places[2]);
    }
    first = true;
    for (size_t i = 0; i < g->count; i++) {
        const struct guess_heading *h = &g->headings[i];
        bool place = named == 3 && rows == MAP_HOUSEHOLDS;
        for (size_t k = 0; place && k < sizeof places / sizeof places[0]; k++) {
            place = !is_same(h->text, places[k]);
        }
        bool is_place = named == 3 && rows == MAP_HOUSEHOLDS && !place;
        bool is_head = rows == MAP_HOUSEHOLDS && is_same(h->text, HEAD_NUMBER);
        if (*h->text && !is_place && !is_head && (h->usual < 0 || usual[h->usual].rows != rows)) {
            strbuf_addz(out, first ? "      ignore = [ " : ", ");
            put_quoted(out, h->text);
            first = false;
        }
    }
    strbuf_addz(out, first ? "    }\n);\n" : " ];\n    }\n);\n");
}

static void guess_free(struct map_guess *g)
{
    if (!g) {
        return;
    }
    for (size_t i = 0; i < g->count; i++) {
        free(g->headings[i].text);
        for (int k = 0; k < GUESS_WORDS; k++) {
            free(g->headings[i].words[k]);
        }
    }
    free(g->headings);
    free(g);
}

/* ---- the job ---- */

struct guess_work {
    struct job job;
    int file;
    struct sheet *sheet;
    struct map_guess *guess;
    struct strbuf text;
};

static bool is_usual(const void *data, struct str heading)
{
    struct arena a = ARENA_INIT;
    struct str text = cell_word(&a, heading);
    bool is = false;
    (void)data;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0] && !is; i++) {
        is = str_is(text, usual[i].heading);
    }
    arena_free(&a);
    return is;
}

static enum job_step guess_slice(struct job *job, struct work *w, struct error *err)
{
    struct guess_work *j = (struct guess_work *)job;
    int64_t until = job_now() + JOB_SLICE_NS;
    struct sheet_row row;
    if (!j->sheet) {
        j->sheet = sheet_open(j->file, &(struct sheet_options){w->staging, is_usual, NULL});
    }
    while (job_now() < until) {
        switch (sheet_next(j->sheet, &row, err)) {
        case SHEET_PENDING:
            return JOB_MORE;
        case SHEET_FAULT:
            return JOB_FAILED;
        case SHEET_AT_END:
            if (!j->guess) {
                error_say(err, SAY_IMPORT_NO_HEADING);
                err->reason = REASON_BAD_ROWS;
                return JOB_FAILED;
            }
            guess_put(j->guess, &j->text);
            return JOB_DONE;
        case SHEET_ROW:
            if (j->guess) {
                guess_row(j->guess, &row);
            } else {
                j->guess = guess_new(&row);
            }
        }
    }
    return JOB_MORE;
}

static void guess_job_free(struct job *job)
{
    struct guess_work *j = (struct guess_work *)job;
    sheet_close(j->sheet);
    guess_free(j->guess);
    strbuf_free(&j->text);
    if (j->file >= 0) {
        close(j->file);
    }
    free(j);
}

static const struct job_class guess_class = {"map.guess", true, guess_slice, guess_job_free};

struct job *map_guess_job(int file, struct actor actor)
{
    struct guess_work *j = xcalloc(1, sizeof *j);
    j->job = (struct job){.class = &guess_class, .actor = actor, .total = -1};
    j->file = file;
    return &j->job;
}

struct str map_guess_text(const struct job *job)
{
    return strbuf_str(&((const struct guess_work *)job)->text);
}
