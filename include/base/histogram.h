/* base/histogram: how long things took, counted in buckets, as Prometheus has them.
 *
 * One thread adds, any thread reads; a reader may see an addition half done, never a torn number.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 13

struct histogram {
    atomic_uint_fast64_t counts[HISTOGRAM_BUCKETS + 1]; /* the last: above every bound */
    atomic_uint_fast64_t sum_ns;
};

/* Upper bounds in seconds, ascending, inclusive; as texts for an exposition. */
extern const double histogram_bounds[HISTOGRAM_BUCKETS];
void histogram_add(struct histogram *h, int64_t ns); /* negative counts as 0 */
/* Observations up to each bound (cumulative), the last being all; returns the sum in seconds. */
double histogram_read(const struct histogram *h, uint64_t cumulative[HISTOGRAM_BUCKETS + 1]);
