/* store/run: the daily runs, each resumable, and imports under way. */
#pragma once

#include "base/digest.h"
#include "base/names.h"
#include "store/audit.h"
#include "store/store.h"

enum run_phase {
    RUN_OPEN,    /* what is due to open */
    RUN_EFFECT,  /* register decisions whose notice is over */
    RUN_AGE,     /* ages reached */
    RUN_ROLL,    /* the register's roll, on its day */
    RUN_CLOSE,   /* what the year left undecided, on its day */
    RUN_NOTICE,  /* a protection that runs out, a standard that is missing */
    RUN_PICKUP,  /* lists that no township fetched */
    RUN_ALERT,   /* the ladder */
    RUN_LIST,    /* the lists' messages */
    RUN_DELIVER, /* the lists themselves */
    RUN_PRUNE,   /* what is too old in the spool */
    RUN_DONE
};
extern const struct names run_phases;

struct run_row {
    struct date day; /* DATE_NONE: not there */
    enum run_phase phase;
    int64_t cursor;
    bool working_day;
    struct date for_day; /* the run that caught it up, or day itself */
    int64_t opened, alerts, lists;
    char audit_head[DIGEST_HEX + 1]; /* "" until the lists begin */
    char started_at[CLOCK_TEXT], finished_at[CLOCK_TEXT];
};

bool store_run_put(struct store *s, const struct run_row *row, struct error *err);
bool store_run_get(struct store *s, struct date day, struct run_row *row, struct error *err);
/* The latest run by day. */
bool store_run_last(struct store *s, struct run_row *row, struct error *err);
/* The latest that is done. */
bool store_run_last_done(struct store *s, struct run_row *row, struct error *err);
/* Who asked for the run of a day, and who that was (the clock where nobody is on record). */
bool store_run_asked(struct store *s, struct date day, struct actor actor, struct error *err);
bool store_run_who(struct store *s, struct arena *a, struct date day, struct actor *actor,
                   struct error *err);
/* The one that is not done; there is at most one. */
bool store_run_running(struct store *s, struct run_row *row, struct error *err);

enum import_kind {
    IMPORT_DIVISIONS,
    IMPORT_HOUSEHOLDS,
    IMPORT_MEMBERS,
    IMPORT_STANDARDS,
    IMPORT_CALENDAR,
    IMPORT_BOOK /* households and members by a mapping; on record it is one of these */
};
extern const struct names import_kinds;

struct import_row {
    int64_t import; /* 0: not there */
    enum import_kind kind;
    char sha256[DIGEST_HEX + 1];
    struct str file; /* name in the staging folder */
    bool done;
    struct date accepted_on;
    int64_t uid;
    struct str who;
    int64_t offset, line; /* the next record to apply */
    int64_t rows, bad, added, changed, unchanged;
    struct str faults; /* JSON list: rows that a change in between made impossible */
    bool partial;      /* of households: an empty last_review_on means that nobody knows */
};
bool store_import_insert(struct store *s, struct import_row *row, struct error *err);
bool store_import_update(struct store *s, const struct import_row *row, struct error *err);
/* The one being applied; there is at most one. */
bool store_import_applying(struct store *s, struct arena *a, struct import_row *row,
                           struct error *err);
