/* delivery/list: the daily list of one division, as data, and its three renderings (spec.md
 * section 4).
 *
 * Each open task stands in one section only, by work/section: late, else due within 7 days, else
 * new since the last list; the rest is counted. Order within a section: due_on, task. */
#pragma once

#include "store/division.h"
#include "store/task.h"
#include "work/section.h"
#include "work/work.h"

extern const struct names sections_zh;   /* 逾期, 七日内到期, 新增, 其余 */
extern const struct names task_kinds_zh; /* 定期复核, 触发复核, 建档立卡调整, … */

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

/* A deadline that a changed calendar moved since the last list (spec.md 3.2). */
struct list_notice {
    int64_t task;
    struct str household;
    struct date was, due_on;
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
    int64_t totals[4]; /* [enum section] */
    struct list_notice *notices;
    int notice_count;
    bool provisional; /* one of the deadlines on it is */
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
