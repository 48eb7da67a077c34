#include "delivery/list.h"

#include <stdlib.h>

#include "delivery/list_changes.h"
#include "delivery/list_offices.h"
#include "delivery/list_place.h"
#include "delivery/list_steps.h"
#include "delivery/list_words.h"
#include "rules/protection.h"
#include "store/cycle.h"
#include "store/message.h"
#include "store/report.h"
#include "store/run.h"

#define PAGE 512

struct builder {
    struct work *w;
    struct arena *a;
    struct list *list;
    struct places places;
    struct change_told_tasks alerted;
    int64_t undecided[2]; /* register tasks of last year and of this */
    /* The last clause made: most tasks of a list rest on the same. */
    struct clause {
        const struct policy *policy;
        enum task_kind kind;
        bool age, rolled, postponed, provisional;
        const char *text;
    } clause;
};

/* Where a regular review's dates come from, and what a triggered one was reported for. */
struct origin {
    struct cycle_row cycle; /* cycle 0: none */
    struct report_row *reports;
    int report_count;
    bool age; /* one of them an age reached */
};

/* ---- 事由 ---- */

/* 年满70周岁 of the calendar's own "calendar: age 70". */
static void put_age(struct strbuf *out, struct str source)
{
    int64_t age;
    const char prefix[] = "calendar: age ";
    const size_t len = sizeof prefix - 1;

    if (source.len > len && memcmp(source.data, prefix, len) == 0 &&
        str_to_int((struct str){source.data + len, source.len - len}, 1, 200, &age)) {
        strbuf_addf(out, "年满%lld周岁", (long long)age);
    } else {
        strbuf_addz(out, names_zh(&report_kinds, REPORT_AGE));
    }
}

/* 家庭情况变化：死亡、迁出. Each kind once, in the order of the reports. */
static const char *reported(struct builder *b, const struct origin *o)
{
    struct strbuf text = STRBUF_INIT;
    unsigned said = 0;

    for (int i = 0; i < o->report_count; i++) {
        const struct report_row *report = &o->reports[i];
        if (said >> report->kind & 1) {
            continue;
        }
        strbuf_addz(&text, said ? "、" : "家庭情况变化：");
        said |= 1u << report->kind;
        if (report->kind == REPORT_AGE) {
            put_age(&text, report->source);
        } else {
            strbuf_addz(&text, names_zh(&report_kinds, (int)report->kind));
        }
    }
    const char *copy = said ? arena_copy(b->a, strbuf_str(&text)) : "家庭情况变化";
    strbuf_free(&text);
    return copy;
}

static const char *cause_of(struct builder *b, const struct task_row *task, const struct origin *o)
{
    static const char *const yearly[] = {[TASK_REGISTER_ADJUSTMENT] = "年度动态调整",
                                         [TASK_REGISTER_CANDIDATE] = "年度应扶尽扶",
                                         [TASK_DIBAO_CANDIDATE] = "年度应保尽保"};

    if (task->kind == TASK_TRIGGERED_REVIEW) {
        return reported(b, o);
    }
    if (task->year) {
        return arena_format(b->a, "%d%s", task->year, yearly[task->kind]);
    }
    return o->cycle.cycle
               ? arena_format(b->a, "按%s复核", names_zh(&tiers, (int)o->cycle.dates.tier))
               : "定期复核";
}

/* ---- 依据 ---- */

/* The clause that sets the date, and for an age the one that names it. */
static const char *clause_source(struct builder *b, const struct clause *c)
{
    const struct policy *policy = c->policy;

    if (c->kind != TASK_TRIGGERED_REVIEW) {
        return clause_zh(policy->tiers_source);
    }
    if (!c->age) {
        return clause_zh(policy->triggered_source);
    }
    return arena_format(b->a, "%s；%s", clause_zh(policy->ages_source),
                        clause_zh(policy->triggered_source));
}

/* With what moved the date off a day off, and what else there is to know of the deadline. A
 * predicted deadline says so in every rendering (contract.md 3.2). */
static const char *clause_of(struct builder *b, const struct policy *policy,
                             const struct list_item *item, bool age)
{
    const struct task_row *task = &item->task;
    const struct clause *last = &b->clause;
    struct clause c = {
        .policy = policy,
        .kind = task->kind,
        .age = age,
        .rolled = date_cmp(task->original_due_on, task->nominal_due_on) != 0,
        .postponed = date_cmp(task->due_on, task->original_due_on) != 0,
        .provisional = item->provisional,
    };

    if (!last->text || c.policy != last->policy || c.kind != last->kind || c.age != last->age ||
        c.rolled != last->rolled || c.postponed != last->postponed ||
        c.provisional != last->provisional) {
        c.text = arena_format(b->a, "%s%s%s%s%s", clause_source(b, &c), c.rolled ? "；" : "",
                              c.rolled ? clause_zh(policy->roll_source) : "",
                              c.postponed ? "；已延期" : "",
                              c.provisional ? "；暂定，待放假安排公布" : "");
        b->clause = c;
    }
    return b->clause.text;
}

/* The policy whose rules gave the task its dates; that of the list where none was in force then. */
static const struct policy *policy_of(struct builder *b, struct date decided)
{
    const struct policy *policy = NULL;

    if (date_is(decided)) {
        policy = policy_on(b->w->rules->policies, decided, NULL, NULL);
    }
    return policy ? policy : b->list->policy;
}

/* ---- items ---- */

static bool provisional_day(const struct builder *b, struct date day)
{
    return !calendar_is_published(b->w->rules->calendar, date_ymd(day).year);
}

/* One look-up for a regular review, one for a triggered one, none for the register's. */
static bool origin_of(struct builder *b, const struct task_row *task, struct origin *o,
                      struct error *err)
{
    *o = (struct origin){.cycle = {.decided_on = task->opened_on}};
    if (task->cycle && !store_cycle_get(b->w->store, task->cycle, &o->cycle, err)) {
        return false;
    }
    if (!o->cycle.cycle) {
        o->cycle.decided_on = task->opened_on;
    }
    if (task->kind != TASK_TRIGGERED_REVIEW) {
        return true;
    }
    if (!store_reports_of(b->w->store, b->a, task->household_id, task->task, &o->reports,
                          &o->report_count, err)) {
        return false;
    }
    for (int i = 0; i < o->report_count; i++) {
        o->age = o->age || o->reports[i].kind == REPORT_AGE;
    }
    return true;
}

static void put_item(struct builder *b, const struct list_item *item)
{
    struct list *list = b->list;

    list->provisional = list->provisional || item->provisional;
    if (item->is_protected && !list->protection) {
        list->protection = protection_zh(b->a, list->policy);
    }
    list->items = arena_room(b->a, list->items, sizeof *item, list->item_count);
    list->items[list->item_count++] = *item;
}

static void count_undecided(struct builder *b, const struct task_row *task)
{
    int ago = task->year ? date_ymd(b->list->date).year - task->year : -1;

    if (ago == 0 || ago == 1) {
        b->undecided[1 - ago]++;
    }
}

/* Counts the task and, unless it belongs to the rest, puts it on the list. */
static bool add_task(struct builder *b, const struct task_row *task, struct error *err)
{
    struct list *list = b->list;
    struct list_item item = {.task = *task, .section = task_section(task, list->date)};
    struct household_facts facts = {.status = task->status, .register_state = task->register_state};
    struct origin o;

    if (item.section == SECTION_NONE) {
        return true;
    }
    list->totals[item.section]++;
    count_undecided(b, task);
    if (item.section == SECTION_REST) {
        return true;
    }
    if (!origin_of(b, task, &o, err) ||
        !place_name(&b->places, task->division, list->level + 1, &item.village, err)) {
        return false;
    }
    item.kind_zh = names_zh(&task_kinds, (int)task->kind);
    item.cause_zh = cause_of(b, task, &o);
    item.provisional =
        provisional_day(b, task->due_on) || (o.cycle.cycle && o.cycle.dates.provisional);
    item.clause = clause_of(b, policy_of(b, o.cycle.decided_on), &item, o.age);
    item.is_protected = protection_holds(list->policy, &facts, NULL, NULL);
    put_item(b, &item);
    return true;
}

static bool add_open_tasks(struct builder *b, struct error *err)
{
    const struct date last = date_of(2199, 12, 31);
    struct date after_due = DATE_NONE;
    int64_t after = 0;
    int count;

    do {
        struct task_row *rows;
        if (!store_tasks_due(b->w->store, b->a, b->list->division, DATE_NONE, last, after_due,
                             after, PAGE, &rows, &count, err)) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            if (!add_task(b, &rows[i], err)) {
                return false;
            }
        }
        if (count) {
            after_due = rows[count - 1].due_on;
            after = rows[count - 1].task;
        }
    } while (count == PAGE);
    return true;
}

static int compare_items(const void *a, const void *b)
{
    const struct list_item *x = a, *y = b;
    int order = date_cmp(x->task.due_on, y->task.due_on);

    return order ? order : (x->task.task > y->task.task) - (x->task.task < y->task.task);
}

/* The list of a district or city: what was escalated to it. A task done meanwhile needs no help. */
static bool add_escalations(struct builder *b, struct error *err)
{
    struct list *list = b->list;

    for (int i = 0; i < b->alerted.count; i++) {
        struct task_row task;
        if (!store_task_get(b->w->store, b->a, b->alerted.tasks[i], &task, err) ||
            (task.task && !add_task(b, &task, err))) {
            return false;
        }
    }
    if (list->item_count) {
        qsort(list->items, (size_t)list->item_count, sizeof *list->items, compare_items);
    }
    return true;
}

/* ---- the list ---- */

/* All lists of one run carry the same head: the one that the run noted before its first list. */
static bool audit_head(struct builder *b, struct error *err)
{
    struct run_row run;
    char head[DIGEST_HEX + 1];
    int64_t seq;

    if (!store_run_get(b->w->store, b->list->date, &run, err)) {
        return false;
    }
    if (date_is(run.day) && run.audit_head[0]) {
        memcpy(head, run.audit_head, sizeof head);
    } else if (!store_audit_head(b->w->store, head, &seq, err)) {
        return false;
    }
    b->list->audit_head = arena_copy(b->a, str_of(head));
    return true;
}

static bool describe(struct builder *b, const struct message_row *message, struct error *err)
{
    struct list *list = b->list;
    struct division_row row, parent = {0};
    char code[DIVISION_TEXT];

    message_id(message, list->id);
    list->division = message->division;
    list->date = message->created_on;
    list->policy = work_policy(b->w, list->date, err);
    if (!list->policy || !audit_head(b, err) ||
        !store_division_get(b->w->store, b->a, list->division, &row, err)) {
        return false;
    }
    if (!row.code) {
        return error_set(err, REASON_NOT_FOUND, "no division %s",
                         division_text(list->division, code));
    }
    if (row.parent && !store_division_get(b->w->store, b->a, row.parent, &parent, err)) {
        return false;
    }
    list->name = row.name;
    list->level = row.level;
    list->parent_name = parent.name;
    return true;
}

bool list_build(struct work *w, struct arena *a, const struct message_row *message,
                struct list *list, struct error *err)
{
    struct builder b = {.w = w, .a = a, .list = list, .places = {.store = w->store, .a = a}};

    *list = (struct list){0};
    if (!describe(&b, message, err) ||
        !list_changes(w, a, &b.places, list, message->seq, &b.alerted, err) ||
        !list_offices(w, a, list, err)) {
        return false;
    }
    bool above = list->level < LEVEL_TOWNSHIP;
    if (!(above ? add_escalations(&b, err) : add_open_tasks(&b, err))) {
        return false;
    }
    if (above) {
        b.undecided[0] = b.undecided[1] = -1; /* only the escalated ones were counted */
    }
    if (!list_steps(w, a, list, b.undecided, err)) {
        return false;
    }
    list_changes_sort(list);
    return true;
}
