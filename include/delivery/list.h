/* delivery/list: the daily list of one division, as data, and its three renderings (contract.md
 * section 4).
 *
 * Each open task stands in one section only, by work/section: late, else due within 7 days, else
 * new since the last list; the rest is counted. Order within a section: due_on, task. What else the
 * division was told since its last list are the changes; a district or city has a table of the
 * offices below it. */
#pragma once

#include "store/division.h"
#include "store/task.h"
#include "work/section.h"
#include "work/work.h"

struct list_item {
    struct task_row task;
    enum section section;
    /* Name of the household's division; on the list of a district or city with the names of the
     * divisions between: 高笋塘街道青羊宫社区. */
    struct str village;
    const char *kind_zh, *cause_zh, *clause; /* 类别, 事由, 依据 */
    bool is_protected;
    bool provisional; /* the deadline rests on a year without a published calendar */
};

/* Something that happened since the last list and concerns the office: a message of its queue, or a
 * step of the register's year. */
struct list_change {
    const char *kind;         /* the message's kind; "register-step" */
    const char *kind_zh;      /* 迁入 */
    struct str id;            /* of the message; data NULL for what is none */
    struct date on;           /* the day it was said */
    int64_t task;             /* 0: none */
    struct str household;     /* data NULL: none */
    struct str head_name;     /* data NULL: unknown */
    struct str text;          /* what happened, in Chinese, one line */
    struct str households;    /* those that it speaks of, a JSON list; data NULL: none */
    struct str households_zh; /* the same to read; empty */
    int64_t rank;             /* order on the list */
};

/* An office below: of a district its townships, of a city its districts. */
struct list_office {
    int64_t division;
    struct str name;
    int64_t open, late;
    int64_t done, on_time; /* this month; on_time of these, not after the deadline */
};

struct list {
    char id[48]; /* of the message */
    int64_t division;
    struct str name;        /* 高笋塘街道 */
    struct str parent_name; /* 万州区; empty for the city */
    enum level level;
    struct date date;
    const struct policy *policy; /* in force on `date` */
    const char *audit_head;      /* 64 hex digits: the run's */
    struct list_item *items;     /* late, due, new in this order; `rest` is not listed */
    int item_count;
    int64_t totals[4];           /* [enum section] */
    struct list_change *changes; /* in order of kind, then as they were said */
    int change_count;
    struct list_office *offices; /* with something open, or done this month */
    int office_count;
    int quiet_offices;      /* the others */
    const char *protection; /* what protection forbids; NULL where nobody on it is protected */
    bool provisional;       /* one of the deadlines on it is */
};

struct message_row;
/* Everything in the arena. `message` is the daily message of the division; its day is the list's.
 * For a township: its open tasks; for a district or city: the tasks its queued alerts speak of.
 * Errors: storage; too-early before the first policy; not-found for an unknown division. */
bool list_build(struct work *w, struct arena *a, const struct message_row *message,
                struct list *list, struct error *err);

/* The three renderings, appended. Pure functions of the list: same list, same bytes. */
void list_csv(const struct list *list, struct strbuf *out);
void list_html(const struct list *list, struct strbuf *out);
void list_json(const struct list *list, struct strbuf *out); /* canonical key order, ends with LF */

/* The sum of all offices below, with the list's own name. */
struct list_office list_offices_sum(const struct list *list);
/* The share done on time in whole per cent, cut down: 100 is all. -1 where nothing was done. */
int list_office_share(const struct list_office *office);
