/* A store in a folder of its own, with a few divisions, for tests of the store. */
#pragma once

#include "store/cycle.h"
#include "store/household.h"
#include "store/task.h"

#define CITY 500000000000
#define DISTRICT 500101000000
#define TOWNSHIP 500101001000
#define OTHER_TOWNSHIP 500101002000
#define VILLAGE 500101001001

struct sample {
    char folder[64], path[96];
    struct store *s; /* NULL where it did not open */
    struct arena a;
};

/* The folder alone; then the store in it. */
void sample_folder(struct sample *m);
bool sample_open(struct sample *m, struct error *err);
bool sample_divisions(struct sample *m, struct error *err);
/* Closes the store and removes the folder with all that is in it. */
void sample_remove(struct sample *m);

/* Rows that the schema takes. */
struct household_row sample_household(struct str household);
struct cycle_row sample_cycle(int64_t household_id, int step);
struct task_row sample_task(int64_t household_id, int64_t cycle);
