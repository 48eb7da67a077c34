/* store/task: what townships have to do, and what they said. */
#pragma once

#include "base/names.h"
#include "rules/household.h"
#include "store/store.h"

enum task_kind {
    TASK_REGULAR_REVIEW,
    TASK_TRIGGERED_REVIEW,
    TASK_REGISTER_ADJUSTMENT,
    TASK_REGISTER_CANDIDATE,
    TASK_DIBAO_CANDIDATE
};
enum task_state { TASK_OPEN, TASK_DONE, TASK_CANCELLED };
/* The first four answer a review, the rest (rules/register's enum decision, in its order) a
 * register task. */
enum outcome {
    OUTCOME_CONTINUE,
    OUTCOME_ADJUST,
    OUTCOME_TERMINATE,
    OUTCOME_POSTPONE,
    OUTCOME_DECISIONS
};
extern const struct names task_kinds, task_states, outcomes, review_outcomes;

struct task_row {
    int64_t task; /* 0: not there */
    enum task_kind kind;
    enum task_state state;
    int64_t household_id;
    int64_t township;
    int64_t cycle; /* 0 unless a regular review */
    int year;      /* 0 unless a register task */
    struct date opened_on, nominal_due_on;
    struct date original_due_on, due_on; /* they differ where it was postponed */
    /* Without a cycle: what a new calendar gave, where the deadline could not go back so far. */
    struct date rolled_on;
    struct date listed_on; /* first list that it stood on */
    int raised;            /* highest rung raised for this deadline; -1 */
    struct date alert_on;  /* the next rung's day; DATE_NONE */
    struct date done_on;
    int outcome; /* enum outcome, or -1 */
    /* Of the household, filled by every read: */
    struct str household, head_name, phone;
    int64_t division;
    enum tier tier;
    enum status status;
    enum register_state register_state;
    int64_t lies_in; /* its township today: of a task that is done `township` is that of then */
};

struct review_row {
    int64_t review;
    int64_t task, household_id;
    enum outcome outcome;
    struct date on, to;
    struct str ground, remark;
    char *recorded_at; /* CLOCK_TEXT form */
    int64_t uid;       /* -1: the clock */
    struct str who;
    bool corrected; /* taken back since; filled by reads */
};

bool store_task_insert(struct store *s, struct task_row *row, struct error *err);
bool store_task_update(struct store *s, const struct task_row *row, struct error *err);
bool store_task_get(struct store *s, struct arena *a, int64_t task, struct task_row *row,
                    struct error *err);
/* The open task of a kind of a household. */
bool store_task_open_of(struct store *s, struct arena *a, int64_t household_id, enum task_kind kind,
                        struct task_row *row, struct error *err);
/* Every task of a household in order of number. */
bool store_tasks_of(struct store *s, struct arena *a, int64_t household_id, struct task_row **rows,
                    int *count, struct error *err);

/* Open tasks with due_on in [from, to], of one township (0: all), in order of (due_on, task), after
 * (after_due, after_task); `from` DATE_NONE: from the beginning. At most `limit`. */
bool store_tasks_due(struct store *s, struct arena *a, int64_t township, struct date from,
                     struct date to, struct date after_due, int64_t after_task, int limit,
                     struct task_row **rows, int *count, struct error *err);
/* Open tasks whose next rung is on or before `day`, in order of (alert_on, task), after (after_day,
 * after); `after_day` DATE_NONE: from the beginning. At most `limit`. */
bool store_tasks_alert(struct store *s, struct arena *a, struct date day, struct date after_day,
                       int64_t after, int limit, struct task_row **rows, int *count,
                       struct error *err);
/* The highest rung raised, and the day of the next (DATE_NONE: none). */
bool store_task_raised(struct store *s, int64_t task, int raised, struct date alert_on,
                       struct error *err);
/* The next township after `after` that has an open task; 0 at the end. */
bool store_task_township_next(struct store *s, int64_t after, int64_t *township, struct error *err);
/* Every open task of the township that was never listed gets listed_on. */
bool store_tasks_listed(struct store *s, int64_t township, struct date on, struct error *err);

/* The household's open tasks go along to another township. */
bool store_tasks_move(struct store *s, int64_t household_id, int64_t township, struct error *err);

bool store_review_insert(struct store *s, const struct review_row *row, struct error *err);
/* Whether a number was, or can have been, printed by a future that a restore from a backup lost: no
 * task has it or will ever have it. */
bool store_task_lost(struct store *s, int64_t task, bool *lost, struct error *err);
/* What was said of a task, in order. */
bool store_reviews_of(struct store *s, struct arena *a, int64_t task, struct review_row **rows,
                      int *count, struct error *err);
