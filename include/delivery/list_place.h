/* delivery/list_place: names of divisions for the lists. They come from few divisions, each many
 * times: a small cache, overwritten where two fall on one slot. */
#pragma once

#include "store/division.h"

#define PLACES 256 /* a power of two: more than a township has villages */

struct places {
    struct store *store;
    struct arena *a; /* owns the names */
    struct {
        int64_t code; /* 0: free */
        enum level from;
        struct str name;
    } slots[PLACES];
};

/* The division's name, with those of the divisions above it in front from level `from` on; its
 * digits where it is not known. */
bool place_name(struct places *p, int64_t code, enum level from, struct str *name,
                struct error *err);
