#include "delivery/list.h"

#include <stdlib.h>

#include "delivery/list_changes.h"
#include "delivery/list_place.h"
#include "delivery/list_words.h"
#include "rules/protection.h"
#include "rules/register.h"
#include "store/campaign.h"
#include "store/cycle.h"
#include "store/message.h"
#include "store/office.h"
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
struct cause {
    struct cycle_row cycle; /* cycle 0: none */
    struct report_row *reports;
    int report_count;
    bool age; /* one of them an age reached */
};

/* ---- 事由 ---- */

/* 家庭情况变化：死亡、迁出. Each kind once, in the order of the reports. */
static const char *reported(struct builder *b, const struct cause *o)
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
            strbuf_addf(&text, "年满%d周岁", report->age);
        } else {
            strbuf_addz(&text, names_zh(&report_kinds, (int)report->kind));
        }
    }
    const char *copy = said ? arena_copy(b->a, strbuf_str(&text)) : "家庭情况变化";
    strbuf_free(&text);
    return copy;
}

static const char *cause_of(struct builder *b, const struct task_row *task, const struct cause *o)
{
    static const char *const yearly[] = {[TASK_REGISTER_ADJUSTMENT] = "年度动态核查",
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
        /* The clause that sets the date, and for an age the one that names it. */
        bool triggered = c.kind == TASK_TRIGGERED_REVIEW, both = triggered && c.age;
        c.text = arena_format(
            b->a, "%s%s%s%s%s%s%s", both ? clause_zh(policy->ages_source) : "", both ? "；" : "",
            clause_zh(triggered ? policy->triggered_source : policy->tiers_source),
            c.rolled ? "；" : "", c.rolled ? clause_zh(policy->roll_source) : "",
            c.postponed ? "；已延期" : "", c.provisional ? "；暂定，待放假安排公布" : "");
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

/* One look-up for a regular review, one for a triggered one, none for the register's. */
static bool cause_facts(struct builder *b, const struct task_row *task, struct cause *o,
                        struct error *err)
{
    *o = (struct cause){.cycle = {.decided_on = task->opened_on}};
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

/* Counts the task and, unless it belongs to the rest, puts it on the list. */
static bool add_task(struct builder *b, const struct task_row *task, struct error *err)
{
    struct list *list = b->list;
    struct list_item item = {.task = *task, .section = task_section(task, list->date)};
    struct household_facts facts = {.status = task->status, .register_state = task->register_state};
    struct cause o;

    if (item.section == SECTION_NONE) {
        return true;
    }
    list->totals[item.section]++;
    int ago = task->year ? date_ymd(list->date).year - task->year : -1;
    if (ago == 0 || ago == 1) {
        b->undecided[1 - ago]++;
    }
    if (item.section == SECTION_REST) {
        return true;
    }
    if (!cause_facts(b, task, &o, err) ||
        !place_name(&b->places, task->division, list->level + 1, &item.village, err)) {
        return false;
    }
    item.kind_zh = names_zh(&task_kinds, (int)task->kind);
    item.cause_zh = cause_of(b, task, &o);
    item.provisional = !calendar_is_published(b->w->rules->calendar, date_ymd(task->due_on).year) ||
                       (o.cycle.cycle && o.cycle.dates.provisional);
    item.clause = clause_of(b, policy_of(b, o.cycle.decided_on), &item, o.age);
    item.is_protected = protection_holds(list->policy, &facts, NULL, NULL);
    list->provisional = list->provisional || item.provisional;
    if (item.is_protected && !list->protection) {
        list->protection = protection_zh(b->a, list->policy);
    }
    list->items = arena_room(b->a, list->items, sizeof item, list->item_count);
    list->items[list->item_count++] = item;
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

/* ---- the offices below ---- */

static void put_office(struct builder *b, const struct list_office *office)
{
    struct list *list = b->list;

    if (!office->open && !office->done) {
        list->quiet_offices++;
        return;
    }
    list->offices = arena_room(b->a, list->offices, sizeof *office, list->office_count);
    list->offices[list->office_count++] = *office;
}

/* Townships of a district, or of a city its districts with the sums of theirs. */
static bool add_offices(struct builder *b, struct error *err)
{
    const bool city = b->list->level == LEVEL_CITY;
    struct division_row of = {.code = b->list->division};
    struct office_row *rows;
    int count;

    if (b->list->level >= LEVEL_TOWNSHIP) {
        return true;
    }
    do {
        if (city && !store_division_next(b->w->store, b->a, LEVEL_DISTRICT, of.code, &of, err)) {
            return false;
        }
        if (city && (!of.code || of.parent != b->list->division)) {
            return true;
        }
        if (!store_offices(b->w->store, b->a, of.code, b->list->date, &rows, &count, err)) {
            return false;
        }
        struct list_office sum = {.division = of.code, .name = of.name};
        for (int i = 0; i < count; i++) {
            const struct office_row *r = &rows[i];
            const struct list_office one = {r->township, r->name, r->open,
                                            r->late,     r->done, r->on_time};
            sum.open += one.open;
            sum.late += one.late;
            sum.done += one.done;
            sum.on_time += one.on_time;
            if (!city) {
                put_office(b, &one);
            }
        }
        if (city) {
            put_office(b, &sum);
        }
    } while (city);
    return true;
}

struct list_office list_offices_sum(const struct list *list)
{
    struct list_office sum = {.division = list->division, .name = list->name};

    for (int i = 0; i < list->office_count; i++) {
        sum.open += list->offices[i].open;
        sum.late += list->offices[i].late;
        sum.done += list->offices[i].done;
        sum.on_time += list->offices[i].on_time;
    }
    return sum;
}

int list_office_share(const struct list_office *office)
{
    return office->done ? (int)(office->on_time * 100 / office->done) : -1;
}

/* ---- steps of the register's year (3.6) ---- */

/* They are days of the policy, not messages: a list says those that came since the list before it,
 * and those that are less than SECTION_DUE_DAYS away. */
static bool add_steps_of(struct builder *b, int year, struct date since, int64_t undecided,
                         struct error *err)
{
    static const char *const names[] = {NULL, "入户核查", "乡镇环节", "县级环节", "本年度"};
    struct list *list = b->list;
    const struct campaign c = register_campaign(list->policy, b->w->rules->calendar, year, NULL);
    const struct date days[] = {c.opens, c.visits_until, c.due_on, c.county_by, c.closes};
    const struct date today = list->date;
    struct campaign_row taken = {0};
    char texts[5][DATE_TEXT];

    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        date_text(days[i], texts[i]);
    }
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        struct date told = days[i];
        bool soon = date_is(told) && date_cmp(told, today) > 0;
        if (soon) {
            told = date_plus(told, -SECTION_DUE_DAYS);
        }
        if (!date_is(told) || date_cmp(told, today) > 0 || date_cmp(told, since) <= 0) {
            continue;
        }
        /* Only of a year whose roll was taken. */
        if (!taken.year && !store_campaign_get(b->w->store, year, &taken, err)) {
            return false;
        }
        if (!taken.year) {
            return true;
        }
        struct strbuf text = STRBUF_INIT;
        bool is_today = date_cmp(days[i], today) == 0;
        if (i == 0) {
            strbuf_addf(&text,
                        "%d年度动态核查开始：入户核查至 %s，乡镇 %s 前办结，县级至 %s，%s "
                        "截止；决定公示 %d 日后生效",
                        year, texts[1], texts[2], texts[3], texts[4],
                        list->policy->register_steps.notice_days);
        } else {
            strbuf_addf(&text, "%d年度动态核查：%s%s%s%s截止", year, names[i],
                        soon       ? "将于 "
                        : is_today ? "今日（"
                                   : "已于 ",
                        texts[i], is_today ? "）" : " ");
        }
        if (undecided > 0) {
            strbuf_addf(&text, i == 0 ? "；本单位任务 %lld 件" : "；未作决定 %lld 件",
                        (long long)undecided);
        }
        list_change_put(b->a, list, 0,
                        (struct list_change){.kind = "register-step",
                                             .kind_zh = "年度动态核查",
                                             .on = today,
                                             .text = arena_str(b->a, strbuf_str(&text))});
        strbuf_free(&text);
    }
    return true;
}

static bool add_steps(struct builder *b, struct error *err)
{
    const int year = date_ymd(b->list->date).year;
    struct date since;

    if (!store_office_listed(b->w->store, b->list->division, b->list->date, &since, err)) {
        return false;
    }
    if (!date_is(since)) {
        since = date_plus(b->list->date, -1);
    }
    return add_steps_of(b, year - 1, since, b->undecided[0], err) &&
           add_steps_of(b, year, since, b->undecided[1], err);
}

/* ---- the list ---- */

static bool describe(struct builder *b, const struct message_row *message, struct error *err)
{
    struct list *list = b->list;
    struct division_row row, parent = {0};
    char code[DIVISION_TEXT], head[DIGEST_HEX + 1];
    struct run_row run;
    int64_t seq;

    message_id(message, list->id);
    list->division = message->division;
    list->date = message->created_on;
    list->policy = work_policy(b->w, list->date, err);
    if (!list->policy || !store_run_get(b->w->store, list->date, &run, err)) {
        return false;
    }
    /* All lists of one run carry the same head: the one that the run noted before its first list.
     */
    if (date_is(run.day) && run.audit_head[0]) {
        memcpy(head, run.audit_head, sizeof head);
    } else if (!store_audit_head(b->w->store, head, &seq, err)) {
        return false;
    }
    list->audit_head = arena_copy(b->a, str_of(head));
    if (!store_division_get(b->w->store, b->a, list->division, &row, err)) {
        return false;
    }
    if (!row.code) {
        return error_say(err, SAY_DIVISION_MISSING, arg_z(division_text(list->division, code)));
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
        !add_offices(&b, err)) {
        return false;
    }
    bool above = list->level < LEVEL_TOWNSHIP;
    if (!(above ? add_escalations(&b, err) : add_open_tasks(&b, err))) {
        return false;
    }
    if (above) {
        b.undecided[0] = b.undecided[1] = -1; /* only the escalated ones were counted */
    }
    if (!add_steps(&b, err)) {
        return false;
    }
    list_changes_sort(list);
    return true;
}
