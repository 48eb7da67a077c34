/* metrics: counters and histograms. */
#include "control/gauges.h"
#include "control/methods.h"

static bool metrics_run(struct call *c, struct work *w, json_t **result, struct error *err)
{
    json_t *gauges = gauges_read(w, err);

    (void)c;
    if (gauges) {
        *result = json_pack("{s:o}", "metrics", gauges);
    }
    return gauges != NULL;
}

const struct method methods_metrics[] = {
    {.name = "metrics",
     .least = ROLE_VIEWER,
     .bound = BOUND_WHOLE,
     .how = METHOD_QUERY,
     .summary = "Counters and histograms of the service",
     .run = metrics_run,
     .result_help =
         "`{metrics: [{name, type, help, samples: [{name, labels, value}]}]}`; names, units and "
         "`type` (`gauge`, `counter`, `histogram`) are Prometheus', whose text file "
         "(`metrics_file` in reviewd.conf(5)) has the same. What is not known has no sample. "
         "Counters begin at 0 with each start. Not for accounts that are bound to divisions."},
    {.name = NULL},
};
