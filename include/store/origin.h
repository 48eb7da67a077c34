/* store/origin: where each fact of a household comes from, for explanations (contract.md section
 * 5). */
#pragma once

#include "rules/household.h"
#include "store/store.h"

enum origin_source {
    ORIGIN_IMPORT,
    ORIGIN_DEFAULT, /* a tier that the import did not give */
    ORIGIN_REPORT,
    ORIGIN_REVIEW,
    ORIGIN_DECISION,
    ORIGIN_TERMINATE, /* this and the next two in the order of enum act */
    ORIGIN_CLOSE,
    ORIGIN_SUSPEND,
    ORIGIN_RESUME,
    ORIGIN_GIVEN, /* this and the next: of a tier that was set by hand, or derived */
    ORIGIN_DERIVED
};
extern const struct names origin_sources;

struct origin_row {
    int64_t household_id;
    int64_t seq; /* the audit's entry; filled by store_origin_put() */
    enum fact fact;
    struct str member; /* of FACT_MEMBER, else "" */
    struct str value;  /* what the fact became; data NULL for FACT_HOUSEHOLD and FACT_MEMBER */
    struct date on;    /* the day it happened; DATE_NONE: not known, so the day recorded */
    struct date recorded_on; /* filled by store_origin_put() */
    enum origin_source source;
    int64_t reference; /* the report, or the task that was reviewed or decided; 0: none */
    struct str ground; /* of terminate, close, suspend */
};

/* In the transaction of a change, after its entry of the audit: the fact is from it. An entry names
 * each fact (and member) once. */
bool store_origin_put(struct store *s, const struct origin_row *row, struct error *err);
/* A correction gave back a fact whose value is again `value` (data NULL: none): it is from where it
 * was before. */
bool store_origin_back(struct store *s, int64_t household_id, enum fact fact, struct str value,
                       struct error *err);
/* What the household's reports gave that were taken back (report.h) is no origin any more. */
bool store_origin_reports_back(struct store *s, int64_t household_id, struct error *err);
/* What was not taken back, in order: the last of a fact (and member) is where it comes from. */
bool store_origins_of(struct store *s, struct arena *a, int64_t household_id,
                      struct origin_row **rows, int *count, struct error *err);
