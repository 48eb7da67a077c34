/* client/output: a list on stdout as it comes, a page at a time, in the format that was asked for.
 *
 * No page is kept: memory does not grow with the list. JSON of all pages is one document of the
 * form of a page, {"items": […], "next": null}, with each item on a line of its own. CSV is RFC
 * 4180 in UTF-8: the English names as heading, an empty cell for null, true and false, and a text
 * that a spreadsheet could take for a formula with an apostrophe in front. */
#pragma once

#include "client/columns.h"
#include "client/options.h"

struct output {
    const struct options *options;
    struct columns columns;
    bool begun;
    bool items; /* JSON: some item stands */
};

void output_begin(struct output *out, const struct options *o);
/* A page, `result` as it came. `more`: another page follows. */
void output_page(struct output *out, json_t *result, bool more);
/* Also where a page failed: what stands of a table is complete, of a document it is not. */
void output_end(struct output *out);
