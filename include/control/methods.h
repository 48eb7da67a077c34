/* control/methods: the families of calls, and what they share.
 *
 * Who is bound to divisions must not learn what exists elsewhere: each look-up here answers
 * not-found for a thing that the peer does not see, in the words for a thing that is not there. */
#pragma once

#include "control/method.h"
#include "control/sources.h"
#include "store/division.h"
#include "store/household.h"
#include "store/task.h"

extern const struct method methods_status[], methods_import[], methods_household[], methods_task[],
    methods_explain[], methods_queue[], methods_standards[], methods_run[], methods_admin[],
    methods_audit[], methods_metrics[], methods_person[], methods_discover[], methods_change[],
    methods_protection[], methods_register[], methods_backup[], methods_division[],
    methods_return[], methods_find[], methods_doubt[];

/* Reads the configuration anew, for `reload` and SIGHUP. On the writer, outside any transaction;
 * what it leaves open is its entry in the audit, to be committed. */
bool methods_reload(struct work *w, struct actor actor, struct error *err);

/* Appends what a value of the parameter must be, in English. */
void method_type_text(const struct param *p, struct strbuf *out);

/* Rows that one call looks at while it searches for its page; then it gives a short page with
 * `next`, so that no filter makes the front slow for the others. */
#define METHODS_LOOK 10000

/* The parameters that every list has; the last rows of its table. */
#define METHODS_PAGE                                                                               \
    {"limit", PARAM_INTEGER, false, NULL, "items at most (default and most: limits.page)"},        \
        {"cursor", PARAM_STRING, false, NULL, "`next` of the page before"},                        \
    {                                                                                              \
        NULL, PARAM_STRING, false, NULL, NULL                                                      \
    }
#define METHODS_TOWNSHIP                                                                           \
    {                                                                                              \
        "township", PARAM_DIVISION, false, NULL, "only this township (a district or village too)"  \
    }

/* The items of a page, with a budget of bytes as well as of rows: texts are long. */
#define METHODS_BYTES ((size_t)1024 * 1024)
struct page {
    json_t *items;
    int limit;
    size_t bytes;
};
bool methods_page_full(const struct page *page);
/* Appends; takes it over. */
void methods_page_add(struct page *page, json_t *item);
/* {items, next}; both are taken over, `next` NULL is null. */
json_t *methods_list(json_t *items, json_t *next);
/* The place that the parameter `cursor` names, in the arena; data NULL without one. Fails with
 * bad-argument where it is none that this method gave this account. */
bool methods_place(struct call *c, struct str *place, struct error *err);
/* A place of one number, or of two; both stay as they are without a cursor. `b` NULL: of one. */
bool methods_cursor(struct call *c, int64_t *a, int64_t *b, struct error *err);
/* `next`: the place, sealed (control/cursor). */
json_t *methods_next(const struct call *c, struct str place);
json_t *methods_next_number(const struct call *c, int64_t a);
json_t *methods_next_pair(const struct call *c, int64_t a, int64_t b);

/* "2026-11-24T07:30:00+08:00"; null for 0. */
json_t *methods_instant(int64_t instant);
/* {name, from, until, hash}; null for NULL. */
json_t *methods_policy(const struct policy *policy);
/* {id, kind, division, created_on, body}. */
struct message_row;
json_t *methods_message(const struct message_row *m);
/* The steps of a trace: [{rule, result, text, clause, facts, value}]. */
struct trace;
json_t *methods_steps(const struct trace *trace);
/* JSON text from the store as a tree; null where there is none. */
json_t *methods_tree(struct str text);

/* Each fails with not-found where there is no such thing or the peer does not see it. */
bool methods_find_household(struct call *c, struct work *w, struct str household,
                            struct household_row *row, struct error *err);
bool methods_find_task(struct call *c, struct work *w, int64_t task, struct task_row *row,
                       struct error *err);
bool methods_find_division(struct call *c, struct work *w, int64_t code, struct division_row *row,
                           struct error *err);

/* What the source_class of a list gets as its `self`. */
struct source_from {
    struct work *w;
    struct str place;      /* behind which it begins: a household, */
    int64_t number;        /* or a task, */
    struct date day;       /* with its deadline */
    struct date first, to; /* the days that are asked for */
    int year;
};

/* What a list looks at: what the peer sees and, where a division was given, what lies in it. A
 * list reads the rows of `townships` alone, each by its index; [0] is 0 for one that may see all.
 */
struct scope {
    const struct peer *peer;
    int64_t division;
    int64_t *townships; /* in the arena of the call */
    int township_count;
};
/* From the parameter `township`; without one, from the divisions that the peer is bound to. The
 * code of a division that was joined to another stands for that one. */
bool methods_scope(struct call *c, struct work *w, struct scope *scope, struct error *err);
bool methods_in_scope(const struct scope *scope, int64_t township, int64_t division);
