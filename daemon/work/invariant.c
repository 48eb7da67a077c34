#include "work/invariant.h"

const struct invariant invariants_store[] = {
    {"set-aside", "4", "no household is set aside by the daily run; each is named with its reason",
     NULL},
    {"counts-kept", "3.4, 6",
     "the counts that are kept of households, open and late tasks are those that are counted",
     NULL},
    {"office-month", "6", "so are each township's tasks done and done on time in each month", NULL},
    {"message-count", "6", "so are the messages in each state", NULL},
    {"run-days", "4", "every day from the first run to the last has its run", NULL},
    {0},
};

const struct invariant *const invariants[] = {invariants_household, invariants_cycle,
                                              invariants_task,      invariants_record,
                                              invariants_store,     NULL};
