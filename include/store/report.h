/* store/report: reported changes, assets, what ended an allowance and what was refused. */
#pragma once

#include "base/names.h"
#include "rules/household.h"
#include "rules/protection.h"
#include "store/store.h"

enum report_kind {
    REPORT_ILLNESS,
    REPORT_ACCIDENT,
    REPORT_DEATH,
    REPORT_BIRTH,
    REPORT_MOVE_IN,
    REPORT_MOVE_OUT,
    REPORT_INCOME,
    REPORT_ASSETS,
    REPORT_DISASTER,
    REPORT_SCHOOLING,
    REPORT_OTHER,
    REPORT_AGE /* the calendar's own (3.7) */
};
extern const struct names report_kinds;
extern const struct names report_told_kinds; /* those that people report */

struct report_row {
    int64_t report;
    int64_t household_id;
    int64_t task; /* the triggered review that it opened or joined; 0: none */
    enum report_kind kind;
    struct str member;
    struct date on, recorded_on;
    int64_t income, pension, employment_cost; /* fen; FEN_UNKNOWN */
    struct str asset, source;
    int age; /* of REPORT_AGE: the age that was reached; else 0 */
    char *recorded_at;
    int64_t uid; /* -1: the clock */
    struct str who;
    bool corrected; /* taken back since; filled by reads */
};
bool store_report_insert(struct store *s, struct report_row *row, struct error *err);
/* It belongs to another triggered review from now on. */
bool store_report_join(struct store *s, int64_t report, int64_t task, struct error *err);
/* All of a household in order; or, `task` not 0, those of one triggered review. */
bool store_reports_of(struct store *s, struct arena *a, int64_t household_id, int64_t task,
                      struct report_row **rows, int *count, struct error *err);
/* The number of the household's latest report that was recorded by `until`, 0 for none; and the day
 * of the latest death or moving out that was recorded after report `seen`, DATE_NONE for none. */
bool store_report_last(struct store *s, int64_t household_id, struct date until, int64_t *last,
                       struct error *err);
bool store_report_member_left(struct store *s, int64_t household_id, int64_t seen, struct date *on,
                              struct error *err);

bool store_asset_put(struct store *s, int64_t household_id, struct str asset, struct date on,
                     struct date recorded_on, struct error *err);
bool store_asset_remove(struct store *s, int64_t household_id, struct str asset, struct error *err);
struct asset_row {
    const char *asset; /* the policy's word */
    struct date on, recorded_on;
};
/* In the order of the words, in the arena. */
bool store_assets_of(struct store *s, struct arena *a, int64_t household_id,
                     struct asset_row **assets, int *count, struct error *err);

/* Ends and refusals have one shape. */
struct ending_row {
    int64_t number;
    int64_t household_id;
    struct str household; /* filled by reads */
    enum act act;
    enum ground ground;
    struct date on;
    bool was_protected; /* of an ending; every hold is of a protected household */
    struct str clause;
    struct str remark; /* of an ending; the refusal's text of a hold */
    char *recorded_at;
    int64_t uid;
    struct str who;
};
bool store_ending_insert(struct store *s, const struct ending_row *row, struct error *err);
bool store_hold_insert(struct store *s, const struct ending_row *row, struct error *err);
/* Whether the same hold is on record: household, act, ground, day and caller. */
bool store_hold_known(struct store *s, const struct ending_row *row, bool *known,
                      struct error *err);
/* Endings of protected households with on in [from, to], in order of (on, number), after (after_on,
 * after); and holds in order of number after `after`. At most `limit`. */
bool store_exceptions(struct store *s, struct arena *a, struct date from, struct date to,
                      struct date after_on, int64_t after, int limit, struct ending_row **rows,
                      int *count, struct error *err);
bool store_holds(struct store *s, struct arena *a, int64_t after, int limit,
                 struct ending_row **rows, int *count, struct error *err);

/* Present members of active households born on a day, in order of (household, member). */
struct birthday_row {
    int64_t household_id;
    struct str household, member, id; /* id data NULL: unknown */
};
bool store_birthdays(struct store *s, struct arena *a, struct date birth, int64_t after_household,
                     struct str after_member, int limit, struct birthday_row **rows, int *count,
                     struct error *err);
/* *added false where the person's age was told before. */
bool store_age_put(struct store *s, struct str person, int age, int64_t household_id,
                   struct str member, struct date on, bool *added, struct error *err);
