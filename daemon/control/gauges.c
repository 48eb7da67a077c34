#include "control/gauges.h"

#include <math.h>
#include <stdlib.h>

#include "rules/protection.h"
#include "store/household.h"
#include "store/message.h"
#include "store/quarantine.h"

/* ---- what is known ---- */

#define UNKNOWN NAN

struct facts {
    double start, last_run, last_run_seconds, open, late, households, active, is_protected;
    double waiting, leased, oldest, spool_errors, spool_faults, wal, backup, free_store, free_spool;
    double held, set_aside;
};

static double instant_of(const char *text)
{
    int64_t instant;
    struct error why = ERROR_INIT;
    bool ok = text && *text && clock_parse(str_of(text), &instant, &why);

    error_clear(&why);
    return ok ? (double)instant : UNKNOWN;
}

static double bytes_of(const atomic_int_fast64_t *bytes)
{
    int64_t n = atomic_load(bytes);

    return n < 0 ? UNKNOWN : (double)n;
}

static bool read_run(struct work *w, struct facts *f, struct error *err)
{
    struct run_row run;

    if (!store_run_last_done(w->store, &run, err)) {
        return false;
    }
    f->last_run = date_is(run.day) ? instant_of(run.finished_at) : UNKNOWN;
    f->last_run_seconds = date_is(run.day) ? f->last_run - instant_of(run.started_at) : UNKNOWN;
    return true;
}

/* A message has a day; its age counts from the first second of that day. */
static bool read_oldest(struct work *w, struct facts *f, struct error *err)
{
    struct date day;

    if (!store_message_oldest(w->store, &day, err)) {
        return false;
    }
    struct ymd d = date_is(day) ? date_ymd(day) : (struct ymd){0};
    f->oldest = date_is(day) ? (double)clock_instant(d.year, d.month, d.day, 0, 0, 0) : UNKNOWN;
    return true;
}

static bool count_aside(void *self, const struct quarantine_row *row)
{
    (void)row;
    return ++*(double *)self < 10000;
}

static bool read_counts(struct work *w, struct facts *f, struct error *err)
{
    struct store_counts n;
    struct date today = work_today(w);

    if (!store_counts(w->store, today, clock_now(w->clock), &n, err)) {
        return false;
    }
    f->open = (double)n.open_tasks;
    f->late = (double)n.late;
    f->households = (double)n.households;
    f->active = (double)n.active;
    f->is_protected = (double)protection_count(work_policy(w, today, NULL), n.by_status_register);
    f->waiting = (double)n.messages;
    f->leased = (double)n.leased;
    return true;
}

static bool read_backup(struct work *w, struct arena *a, struct facts *f, struct error *err)
{
    char *at;

    if (!store_meta_get(w->store, a, "backup_at", &at, err)) {
        return false;
    }
    f->backup = instant_of(at);
    return true;
}

static bool read_facts(struct work *w, struct facts *f, struct error *err)
{
    struct metrics *m = w->metrics;
    struct arena a = ARENA_INIT;
    struct strbuf why = STRBUF_INIT;

    *f = (struct facts){
        .start = (double)m->started_at,
        .spool_errors = (double)atomic_load(&m->spool_errors),
        .free_store = bytes_of(&m->free_store),
        .free_spool = bytes_of(&m->free_spool),
        .wal = bytes_of(&m->wal),
        .held = w->held,
    };
    f->spool_faults =
        metrics_standing(m, STANDING_SPOOL, &why) + metrics_standing(m, STANDING_FOLDER, &why);
    bool ok = read_counts(w, f, err) && read_run(w, f, err) && read_oldest(w, f, err) &&
              read_backup(w, &a, f, err) &&
              store_quarantine_each(w->store, &a, count_aside, &f->set_aside, err);
    arena_free(&a);
    strbuf_free(&why);
    return ok;
}

/* ---- the table ---- */

static const struct {
    const char *name, *type, *help;
    size_t offset;
} table[] = {
#define GAUGE(name, type, member, help)                                                            \
    {                                                                                              \
        "reviewd_" name, type, help, offsetof(struct facts, member)                                \
    }
    GAUGE("start_timestamp_seconds", "gauge", start, "When the service started"),
    GAUGE("last_run_timestamp_seconds", "gauge", last_run, "When the last good daily run ended"),
    GAUGE("last_run_seconds", "gauge", last_run_seconds, "How long that run took"),
    GAUGE("run_held", "gauge", held, "1 while a gap holds the daily run"),
    GAUGE("set_aside_households", "gauge", set_aside, "Households that the run set aside"),
    GAUGE("households", "gauge", households, "Households on record"),
    GAUGE("active_households", "gauge", active, "Households that get the allowance"),
    GAUGE("protected_households", "gauge", is_protected, "Households under the continuity rule"),
    GAUGE("open_tasks", "gauge", open, "Tasks that are open"),
    GAUGE("late_tasks", "gauge", late, "Open tasks whose deadline is past"),
    GAUGE("messages_waiting", "gauge", waiting, "Messages neither delivered nor acknowledged"),
    GAUGE("messages_leased", "gauge", leased, "Of them, taken under a lease"),
    GAUGE("oldest_message_timestamp_seconds", "gauge", oldest,
          "Day of the oldest message neither delivered nor acknowledged"),
    GAUGE("spool_errors_total", "counter", spool_errors, "Attempts of delivery that failed"),
    GAUGE("spool_faults", "gauge", spool_faults, "Faults of the spool that stand"),
    GAUGE("wal_bytes", "gauge", wal, "Size of the store's write-ahead log"),
    GAUGE("backup_timestamp_seconds", "gauge", backup, "When the last good backup was taken"),
    GAUGE("store_free_bytes", "gauge", free_store, "Free bytes beside the store"),
    GAUGE("spool_free_bytes", "gauge", free_spool, "Free bytes in the spool"),
#undef GAUGE
};

/* Takes over `labels`. Whole numbers stay whole. */
static json_t *sample(const char *name, json_t *labels, double value)
{
    bool whole = value == floor(value) && fabs(value) < 9e15;

    return json_pack("{s:s, s:o, s:o}", "name", name, "labels", labels, "value",
                     whole ? json_integer((json_int_t)value) : json_real(value));
}

/* Takes over `samples`. */
static json_t *family(const char *name, const char *type, const char *help, json_t *samples)
{
    return json_pack("{s:s, s:s, s:s, s:o}", "name", name, "type", type, "help", help, "samples",
                     samples);
}

static json_t *number(size_t row, const struct facts *f)
{
    double value = *(const double *)((const char *)f + table[row].offset);
    json_t *samples = json_array();

    if (!isnan(value)) {
        json_array_append_new(samples, sample(table[row].name, json_object(), value));
    }
    return family(table[row].name, table[row].type, table[row].help, samples);
}

static json_t *histogram(const char *name, const char *help, const struct histogram *h)
{
    uint64_t counts[HISTOGRAM_BUCKETS + 1];
    double sum = histogram_read(h, counts);
    json_t *samples = json_array();
    struct strbuf part = STRBUF_INIT;
    char bound[32];

    strbuf_addf(&part, "%s_bucket", name);
    for (int i = 0; i <= HISTOGRAM_BUCKETS; i++) {
        snprintf(bound, sizeof bound, "%g", i < HISTOGRAM_BUCKETS ? histogram_bounds[i] : INFINITY);
        json_array_append_new(
            samples, sample(strbuf_text(&part),
                            json_pack("{s:s}", "le", i < HISTOGRAM_BUCKETS ? bound : "+Inf"),
                            (double)counts[i]));
    }
    strbuf_reset(&part);
    strbuf_addf(&part, "%s_sum", name);
    json_array_append_new(samples, sample(strbuf_text(&part), json_object(), sum));
    strbuf_reset(&part);
    strbuf_addf(&part, "%s_count", name);
    json_array_append_new(
        samples, sample(strbuf_text(&part), json_object(), (double)counts[HISTOGRAM_BUCKETS]));
    strbuf_free(&part);
    return family(name, "histogram", help, samples);
}

static json_t *calls(const struct metrics *m)
{
    static const char name[] = "reviewd_calls_total";
    json_t *samples = json_array();

    for (int i = 0; i < m->call_count; i++) {
        for (int r = 0; r < REASON_COUNT; r++) {
            if (m->calls[i].by[r]) {
                json_array_append_new(
                    samples, sample(name,
                                    json_pack("{s:s, s:s}", "method", m->calls[i].method, "reason",
                                              r == REASON_NONE ? "done" : reason_name(r)),
                                    (double)m->calls[i].by[r]));
            }
        }
    }
    return family(name, "counter", "Calls answered, by method and reason of refusal", samples);
}

json_t *gauges_read(struct work *w, struct error *err)
{
    struct facts f;
    json_t *all;

    if (!read_facts(w, &f, err)) {
        return NULL;
    }
    all = json_array();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        json_array_append_new(all, number(i, &f));
    }
    json_array_append_new(
        all, histogram("reviewd_sync_seconds", "How long commits took", &w->metrics->sync));
    json_array_append_new(all, histogram("reviewd_queue_delay_seconds",
                                         "How long changes waited for the writer",
                                         &w->metrics->queue_delay));
    json_array_append_new(all, calls(w->metrics));
    return all;
}

/* ---- text ---- */

static void text_labels(const json_t *labels, struct strbuf *out)
{
    const char *key;
    json_t *value;
    bool first = true;

    if (json_object_size(labels) == 0) {
        return;
    }
    strbuf_addc(out, '{');
    json_object_foreach((json_t *)labels, key, value)
    {
        /* Words of our own tables: nothing in them needs an escape. */
        strbuf_addf(out, "%s%s=\"%s\"", first ? "" : ",", key, json_string_value(value));
        first = false;
    }
    strbuf_addc(out, '}');
}

void gauges_text(const json_t *gauges, struct strbuf *out)
{
    size_t i, k;
    json_t *each, *one;

    json_array_foreach((json_t *)gauges, i, each)
    {
        const char *name = json_string_value(json_object_get(each, "name"));
        json_t *samples = json_object_get(each, "samples");
        if (json_array_size(samples) == 0) {
            continue;
        }
        strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name,
                    json_string_value(json_object_get(each, "help")), name,
                    json_string_value(json_object_get(each, "type")));
        json_array_foreach(samples, k, one)
        {
            strbuf_addz(out, json_string_value(json_object_get(one, "name")));
            text_labels(json_object_get(one, "labels"), out);
            strbuf_addf(out, " %.17g\n", json_number_value(json_object_get(one, "value")));
        }
    }
}
