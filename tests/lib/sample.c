#include "sample.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "store/division.h"

void sample_folder(struct sample *m)
{
    /* In memory where there is such a place: what these tests look at is not the disk. */
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    *m = (struct sample){.a = ARENA_INIT};
    snprintf(m->folder, sizeof m->folder, "%s/store-XXXXXX", root);
    if (!mkdtemp(m->folder)) {
        perror(m->folder);
        exit(1);
    }
    snprintf(m->path, sizeof m->path, "%s/t.db", m->folder);
}

bool sample_open(struct sample *m, struct error *err)
{
    m->s = store_open(m->path, STORE_WRITE, date_of(2026, 11, 24), err);
    return m->s != NULL;
}

bool sample_divisions(struct sample *m, struct error *err)
{
    const struct division_row rows[] = {
        {CITY, 0, LEVEL_CITY, STR("重庆市")},
        {DISTRICT, CITY, LEVEL_DISTRICT, STR("万州区")},
        {TOWNSHIP, DISTRICT, LEVEL_TOWNSHIP, STR("高笋塘街道")},
        {OTHER_TOWNSHIP, DISTRICT, LEVEL_TOWNSHIP, STR("太白街道")},
        {VILLAGE, TOWNSHIP, LEVEL_VILLAGE, STR("红光村")},
    };
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof rows / sizeof rows[0]; i++) {
        ok = store_division_put(m->s, &rows[i], err);
    }
    return ok;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void sample_remove(struct sample *m)
{
    store_close(m->s);
    arena_free(&m->a);
    nftw(m->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

struct household_row sample_household(struct str household)
{
    return (struct household_row){
        .household = household,
        .division = VILLAGE,
        .township = TOWNSHIP,
        .head_name = STR("冉启明"),
        .phone = STR("13800000000"),
        .tier = TIER_QUARTERLY,
        .income_kind = INCOME_VARIABLE,
        .income = 540000,
        .pension = FEN_UNKNOWN,
        .employment_cost = FEN_UNKNOWN,
        .approved_on = date_of(2026, 7, 1),
        .anchor_on = date_of(2026, 7, 1),
        .last_review_on = DATE_NONE,
    };
}

struct cycle_row sample_cycle(int64_t household_id, int step)
{
    return (struct cycle_row){
        .household_id = household_id,
        .anchor_on = date_of(2026, 7, 1),
        .dates = {.step = step,
                  .tier = TIER_QUARTERLY,
                  .nominal = date_of(2026, 10, 1),
                  .due_on = date_of(2026, 10, 8),
                  .opens_on = date_of(2026, 9, 8)},
        .decided_on = date_of(2026, 7, 1),
        .closed_on = DATE_NONE,
    };
}

struct task_row sample_task(int64_t household_id, int64_t cycle)
{
    return (struct task_row){
        .kind = cycle ? TASK_REGULAR_REVIEW : TASK_TRIGGERED_REVIEW,
        .household_id = household_id,
        .township = TOWNSHIP,
        .cycle = cycle,
        .opened_on = date_of(2026, 9, 8),
        .nominal_due_on = date_of(2026, 10, 1),
        .original_due_on = date_of(2026, 10, 8),
        .due_on = date_of(2026, 10, 8),
        .listed_on = DATE_NONE,
        .raised = -1,
        .alert_on = date_of(2026, 10, 1),
        .done_on = DATE_NONE,
        .outcome = -1,
    };
}
