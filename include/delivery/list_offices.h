/* delivery/list_offices: the table of a district's townships, or of a city's districts. */
#pragma once

#include "delivery/list.h"

/* Fills list->offices and list->quiet_offices for a list above the townships; others have none. */
bool list_offices(struct work *w, struct arena *a, struct list *list, struct error *err);
/* The sum of all, with the list's own name. */
struct list_office list_offices_sum(const struct list *list);
/* The share done on time in whole per cent, cut down: 100 is all. -1 where nothing was done. */
int list_office_share(const struct list_office *office);
