#include "base/histogram.h"

const double histogram_bounds[HISTOGRAM_BUCKETS] = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05,
                                                    0.1,    0.2,   0.5,   1,     5,    30};

void histogram_add(struct histogram *h, int64_t ns)
{
    int i = 0;

    ns = ns < 0 ? 0 : ns;
    while (i < HISTOGRAM_BUCKETS && (double)ns > histogram_bounds[i] * 1e9) {
        i++;
    }
    atomic_fetch_add_explicit(&h->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum_ns, (uint64_t)ns, memory_order_relaxed);
}

double histogram_read(const struct histogram *h, uint64_t cumulative[HISTOGRAM_BUCKETS + 1])
{
    uint64_t all = 0;

    for (int i = 0; i <= HISTOGRAM_BUCKETS; i++) {
        all += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
        cumulative[i] = all;
    }
    return (double)atomic_load_explicit(&h->sum_ns, memory_order_relaxed) / 1e9;
}
