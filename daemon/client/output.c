#include "client/output.h"

#include <stdlib.h>

#include "base/csv.h"

#define BOM "\xEF\xBB\xBF"
#define CRLF "\r\n"

static void put(const struct strbuf *text)
{
    fwrite(strbuf_text(text), 1, text->len, stdout);
}

/* ---- tables ---- */

static void page_table(struct output *out, json_t *result, bool more)
{
    json_t *items = json_object_get(result, "items"), *next = json_object_get(result, "next");

    columns_page(&out->columns, items);
    if (more) {
        return;
    }
    if (!out->columns.begun && (!next || json_is_null(next))) {
        puts("none");
    }
    columns_end(&out->columns);
    if (next && !json_is_null(next)) {
        fflush(stdout);
        fputs("there is more: --all shows it\n", stderr);
    }
}

/* ---- JSON ---- */

static void page_json(struct output *out, json_t *result, bool more)
{
    json_t *item;
    size_t i;

    if (!out->begun && !more) { /* the only one */
        json_dumpf(result, stdout, JSON_COMPACT);
        putchar('\n');
        return;
    }
    if (!out->begun) {
        fputs("{\"items\":[", stdout);
    }
    json_array_foreach(json_object_get(result, "items"), i, item)
    {
        fputs(out->items ? ",\n" : "\n", stdout);
        json_dumpf(item, stdout, JSON_COMPACT);
        out->items = true;
    }
    if (!more) {
        fputs("\n],\"next\":null}\n", stdout);
    }
}

/* ---- CSV ---- */

static void csv_cell(struct strbuf *line, json_t *value, bool first)
{
    struct strbuf text = STRBUF_INIT;
    char *dump;

    if (json_is_string(value)) {
        csv_put_text(line, (struct str){json_string_value(value), json_string_length(value)},
                     first);
        return;
    }
    if (value && !json_is_null(value)) {
        dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        strbuf_addz(&text, dump ? dump : "");
        free(dump);
    }
    csv_put(line, strbuf_str(&text), first);
    strbuf_free(&text);
}

static void page_csv(struct output *out, json_t *result, bool more)
{
    const struct view_field *fields = out->options->command->fields, *f;
    struct strbuf line = STRBUF_INIT;
    json_t *item;
    size_t i;

    (void)more;
    if (!out->begun) {
        strbuf_addz(&line, out->options->bom ? BOM : "");
        for (f = fields; f->key; f++) {
            csv_put(&line, str_of(f->key), f == fields);
        }
        strbuf_addz(&line, CRLF);
        put(&line);
    }
    json_array_foreach(json_object_get(result, "items"), i, item)
    {
        strbuf_reset(&line);
        for (f = fields; f->key; f++) {
            csv_cell(&line, cell_get(item, f->key), f == fields);
        }
        strbuf_addz(&line, CRLF);
        put(&line);
    }
    strbuf_free(&line);
}

void output_begin(struct output *out, const struct options *o)
{
    *out = (struct output){.options = o};
    columns_begin(&out->columns, o->command->fields);
}

void output_page(struct output *out, json_t *result, bool more)
{
    static void (*const pages[])(struct output *, json_t *, bool) = {
        [FORMAT_TABLE] = page_table, [FORMAT_JSON] = page_json, [FORMAT_CSV] = page_csv};

    pages[out->options->format](out, result, more);
    out->begun = true;
}

void output_end(struct output *out)
{
    columns_end(&out->columns);
}
