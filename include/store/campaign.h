/* store/campaign: the register's years and decisions (contract.md 3.6). */
#pragma once

#include "rules/register.h"
#include "store/task.h"

struct campaign_row {
    int year; /* 0: not there */
    struct date rolled_on, closed_on;
};
bool store_campaign_get(struct store *s, int year, struct campaign_row *row, struct error *err);
bool store_campaign_put(struct store *s, const struct campaign_row *row, struct error *err);

struct decision_row {
    int64_t task; /* 0: not there */
    int64_t household_id;
    enum decision decision;
    struct date on, effect_on;
    enum register_state before, after;
    bool applied;
    struct str remark;
    char *recorded_at;
    int64_t uid;
    struct str who;
};
bool store_decision_get(struct store *s, struct arena *a, int64_t task, struct decision_row *row,
                        struct error *err);
bool store_decision_insert(struct store *s, const struct decision_row *row, struct error *err);
bool store_decision_applied(struct store *s, int64_t task, struct error *err);
/* Not yet applied, in force by `day`, in order of (effect_on, task), after (after_day, after); at
 * most `limit`. */
bool store_decisions_pending(struct store *s, struct arena *a, struct date day,
                             struct date after_day, int64_t after, int limit,
                             struct decision_row **rows, int *count, struct error *err);

/* Register tasks of a year in order of number, after `after`; at most `limit`. */
bool store_tasks_of_year(struct store *s, struct arena *a, int year, int64_t after, int limit,
                         struct task_row **rows, int *count, struct error *err);
/* The same of the households that lie in one township, all of them and in no order. */
bool store_tasks_of_year_in(struct store *s, struct arena *a, int64_t township, int year,
                            int64_t after, struct task_row **rows, int *count, struct error *err);
/* The household's task of the kind in the year, open or not; task 0 where it has none. */
bool store_task_of_year(struct store *s, struct arena *a, int64_t household_id, enum task_kind kind,
                        int year, struct task_row *row, struct error *err);
