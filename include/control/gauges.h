/* control/gauges: everything that the service tells of itself in numbers, in one table.
 *
 * Names, units and kinds are Prometheus' (base units, _total for counters). `metrics` answers with
 * the tree, the text file is a rendering of it. Front thread. */
#pragma once

#include <jansson.h>

#include "work/work.h"

/* [{name, type, help, samples: [{name, labels: {}, value}]}], in the order of the table; what is
 * not known has no sample. Reads the store in the snapshot that is open. NULL on failure. */
json_t *gauges_read(struct work *w, struct error *err);
/* The same in the text format 0.0.4 of Prometheus, appended. */
void gauges_text(const json_t *gauges, struct strbuf *out);
