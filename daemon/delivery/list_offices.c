#include "delivery/list_offices.h"

#include "store/office.h"

static void add_counts(struct list_office *sum, int64_t open, int64_t late, int64_t done,
                       int64_t on_time)
{
    sum->open += open;
    sum->late += late;
    sum->done += done;
    sum->on_time += on_time;
}

static void put_office(struct arena *a, struct list *list, const struct list_office *office)
{
    if (!office->open && !office->done) {
        list->quiet_offices++;
        return;
    }
    list->offices = arena_room(a, list->offices, sizeof *office, list->office_count);
    list->offices[list->office_count++] = *office;
}

static bool townships(struct work *w, struct arena *a, struct list *list, struct error *err)
{
    struct office_row *rows;
    int count;

    if (!store_offices(w->store, a, list->division, list->date, &rows, &count, err)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct list_office office = {.division = rows[i].township, .name = rows[i].name};
        add_counts(&office, rows[i].open, rows[i].late, rows[i].done, rows[i].on_time);
        put_office(a, list, &office);
    }
    return true;
}

static bool districts(struct work *w, struct arena *a, struct list *list, struct error *err)
{
    struct division_row d = {.code = list->division};
    struct office_row *rows;
    int count;

    for (;;) {
        if (!store_division_next(w->store, a, LEVEL_DISTRICT, d.code, &d, err)) {
            return false;
        }
        if (!d.code || d.parent != list->division) {
            return true;
        }
        if (!store_offices(w->store, a, d.code, list->date, &rows, &count, err)) {
            return false;
        }
        struct list_office office = {.division = d.code, .name = d.name};
        for (int i = 0; i < count; i++) {
            add_counts(&office, rows[i].open, rows[i].late, rows[i].done, rows[i].on_time);
        }
        put_office(a, list, &office);
    }
}

bool list_offices(struct work *w, struct arena *a, struct list *list, struct error *err)
{
    switch (list->level) {
    case LEVEL_CITY:
        return districts(w, a, list, err);
    case LEVEL_DISTRICT:
        return townships(w, a, list, err);
    default:
        return true;
    }
}

struct list_office list_offices_sum(const struct list *list)
{
    struct list_office sum = {.division = list->division, .name = list->name};

    for (int i = 0; i < list->office_count; i++) {
        const struct list_office *o = &list->offices[i];
        add_counts(&sum, o->open, o->late, o->done, o->on_time);
    }
    return sum;
}

int list_office_share(const struct list_office *office)
{
    return office->done ? (int)(office->on_time * 100 / office->done) : -1;
}
