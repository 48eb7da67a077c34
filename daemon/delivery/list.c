#include "delivery/list.h"

#include <jansson.h>
#include <stdlib.h>

#include "rules/protection.h"
#include "store/cycle.h"
#include "store/household.h"
#include "store/message.h"
#include "store/run.h"

#define PAGE 512
#define PLACES 256 /* a power of two: more than a township has villages */

static const char *const section_text[] = {"逾期", "七日内到期", "新增", "其余"};
const struct names sections_zh = NAMES_TABLE("section", section_text);

static const char *const kind_text[] = {"定期复核", "触发复核", "建档立卡调整", "建档立卡纳入",
                                        "低保申请"};
const struct names task_kinds_zh = NAMES_TABLE("kind", kind_text);

/* 事由. That of a regular review is the rhythm of its cycle. */
static const char *const cause_text[] = {"定期复核", "家庭情况变化", "年度动态调整", "应扶尽扶",
                                         "应保尽保"};
static const char *const tier_text[TIER_COUNT] = {"按年复核", "按半年复核", "按季度复核"};

/* Sources of the policy files that are written in English, as they stand on a list; any other
 * stands there as it is in the file. */
static const struct {
    const char *source; /* its beginning */
    const char *zh;
} clause_text[] = {
    {"Civil Code 203", "民法典第203条"},
    {"General Provisions of the Civil Law 2017, article 203", "民法总则第203条"},
    {"local", "本地规定"},
};

/* The names on a list come from few divisions, each many times: a small cache, overwritten where
 * two fall on one slot. */
struct place {
    int64_t code;
    struct str name;
};

struct builder {
    struct work *w;
    struct arena *a;
    struct list *list;
    int item_room, notice_room;
    int64_t *alerted; /* tasks that alerts speak of; one may wait with several rungs */
    int alerted_count, alerted_room;
    struct place places[PLACES];
    /* The last clause made: most tasks of a list rest on the same. */
    struct clause {
        const struct policy *policy;
        enum task_kind kind;
        bool rolled, postponed, provisional;
        const char *text;
    } clause;
};

/* Room for one more at the end of an array of the arena. */
static void *more_room(struct arena *a, void *array, size_t size, int count, int *room)
{
    if (count < *room)
        return array;
    *room = *room ? 2 * *room : 64;
    void *larger = arena_alloc(a, (size_t)*room * size);
    if (count)
        memcpy(larger, array, (size_t)count * size);
    return larger;
}

static bool place_name(struct builder *b, int64_t code, struct str *name, struct error *err)
{
    struct place *place = &b->places[(uint64_t)code * UINT64_C(0x9E3779B97F4A7C15) >> 56];
    struct division_row row;

    if (place->code != code) {
        if (!store_division_get(b->w->store, b->a, code, &row, err))
            return false;
        if (row.level > b->list->level + 1 && row.parent) {
            struct str above;
            if (!place_name(b, row.parent, &above, err))
                return false;
            row.name = str_of(arena_format(b->a, "%.*s%.*s", STR_ARG(above), STR_ARG(row.name)));
        }
        *place = (struct place){code, row.name};
    }
    *name = place->name;
    return true;
}

static const char *source_zh(const char *source)
{
    for (size_t i = 0; i < sizeof clause_text / sizeof clause_text[0]; i++)
        if (strncmp(source, clause_text[i].source, strlen(clause_text[i].source)) == 0)
            return clause_text[i].zh;
    return source;
}

/* 依据: the clause that sets the date, the one that moved it off a day off, and what else there is
 * to know of the deadline. A predicted deadline says so in every rendering (spec.md 3.2). */
static const char *clause_of(struct builder *b, const struct policy *policy,
                             const struct list_item *item)
{
    const struct task_row *task = &item->task;
    struct clause c = {
        .policy = policy,
        .kind = task->kind,
        .rolled = date_cmp(task->original_due_on, task->nominal_due_on) != 0,
        .postponed = date_cmp(task->due_on, task->original_due_on) != 0,
        .provisional = item->provisional,
    };
    const struct clause *last = &b->clause;

    if (!last->text || c.policy != last->policy || c.kind != last->kind ||
        c.rolled != last->rolled || c.postponed != last->postponed ||
        c.provisional != last->provisional) {
        bool triggered = task->kind == TASK_TRIGGERED_REVIEW;
        c.text = arena_format(
            b->a, "%s%s%s%s%s",
            source_zh(triggered ? policy->triggered_source : policy->tiers_source),
            c.rolled ? "；" : "", c.rolled ? source_zh(policy->roll_source) : "",
            c.postponed ? "；已延期" : "", c.provisional ? "；暂定，待放假安排公布" : "");
        b->clause = c;
    }
    return b->clause.text;
}

/* The policy whose rules gave the task its dates; that of the list where none was in force then. */
static const struct policy *policy_of(struct builder *b, struct date decided)
{
    const struct policy *policy = NULL;

    if (date_is(decided))
        policy = policy_on(b->w->rules->policies, decided, NULL, NULL);
    return policy ? policy : b->list->policy;
}

static bool provisional_day(const struct builder *b, struct date day)
{
    return !calendar_is_published(b->w->rules->calendar, date_ymd(day).year);
}

/* Where the policy has no continuity rule nobody is protected, and the household need not be read.
 */
static bool protected_on(struct builder *b, struct list_item *item, struct error *err)
{
    const struct policy *policy = b->list->policy;
    struct household_row row;

    item->is_protected = false;
    if (!policy->continuity)
        return true;
    if (!store_household_get(b->w->store, b->a, item->task.household_id, &row, err))
        return false;
    struct household_facts facts = {.status = row.status, .register_state = row.register_state};
    item->is_protected = protection_holds(policy, &facts, NULL, NULL);
    return true;
}

/* Counts the task and, unless it belongs to the rest, puts it on the list. */
static bool add_task(struct builder *b, const struct task_row *task, struct error *err)
{
    struct list *list = b->list;
    struct list_item item = {.task = *task, .section = task_section(task, list->date)};
    struct cycle_row cycle = {.decided_on = task->opened_on};

    if (item.section == SECTION_NONE)
        return true;
    list->totals[item.section]++;
    if (item.section == SECTION_REST)
        return true;
    item.kind_zh = names_text(&task_kinds_zh, (int)task->kind);
    item.cause_zh = cause_text[task->kind];
    item.provisional = provisional_day(b, task->due_on);
    if (task->cycle && !store_cycle_get(b->w->store, task->cycle, &cycle, err))
        return false;
    if (cycle.cycle) {
        item.cause_zh = tier_text[cycle.dates.tier];
        item.provisional = item.provisional || cycle.dates.provisional;
    }
    item.clause = clause_of(b, policy_of(b, cycle.decided_on), &item);
    if (!place_name(b, task->division, &item.village, err) || !protected_on(b, &item, err))
        return false;
    list->provisional = list->provisional || item.provisional;
    list->items = more_room(b->a, list->items, sizeof item, list->item_count, &b->item_room);
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
                             after, PAGE, &rows, &count, err))
            return false;
        for (int i = 0; i < count; i++)
            if (!add_task(b, &rows[i], err))
                return false;
        if (count) {
            after_due = rows[count - 1].due_on;
            after = rows[count - 1].task;
        }
    } while (count == PAGE);
    return true;
}

static void add_alert(struct builder *b, json_t *body)
{
    int64_t task = json_integer_value(json_object_get(body, "task"));

    if (task <= 0)
        return;
    b->alerted =
        more_room(b->a, b->alerted, sizeof *b->alerted, b->alerted_count, &b->alerted_room);
    b->alerted[b->alerted_count++] = task;
}

static void add_notice(struct builder *b, json_t *body)
{
    struct list *list = b->list;
    struct str household = str_of(json_string_value(json_object_get(body, "household")));
    struct list_notice notice = {
        .task = json_integer_value(json_object_get(body, "task")),
        .household = arena_str(b->a, household),
        .was = date_parse(str_of(json_string_value(json_object_get(body, "was")))),
        .due_on = date_parse(str_of(json_string_value(json_object_get(body, "due_on")))),
    };

    if (notice.task <= 0 || !date_is(notice.was) || !date_is(notice.due_on))
        return;
    list->notices =
        more_room(b->a, list->notices, sizeof notice, list->notice_count, &b->notice_room);
    list->notices[list->notice_count++] = notice;
}

static void add_message(struct builder *b, const struct message_row *message)
{
    static const struct {
        const char *kind;
        void (*add)(struct builder *b, json_t *body);
    } kinds[] = {{"alert", add_alert}, {"deadline-moved", add_notice}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!str_is(message->kind, kinds[i].kind))
            continue;
        json_t *body = json_loadb(message->body.data, message->body.len, 0, NULL);
        kinds[i].add(b, body);
        json_decref(body);
    }
}

/* What else the division has been told since its last list, and this one therefore has to say. */
static bool add_told(struct builder *b, int64_t until, struct error *err)
{
    struct arena page = ARENA_INIT;
    int64_t after = 0;
    int count;
    bool ok;

    do {
        struct message_row *rows;
        arena_reset(&page);
        ok = store_messages_told(b->w->store, &page, b->list->division, until, after, PAGE, &rows,
                                 &count, err);
        for (int i = 0; ok && i < count; i++) {
            add_message(b, &rows[i]);
            after = rows[i].seq;
        }
    } while (ok && count == PAGE);
    arena_free(&page);
    return ok;
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int compare_items(const void *a, const void *b)
{
    const struct list_item *x = a, *y = b;
    int order = date_cmp(x->task.due_on, y->task.due_on);

    return order ? order : compare_numbers(&x->task.task, &y->task.task);
}

/* The list of a district or city: what was escalated to it. A task done meanwhile needs no help. */
static bool add_escalations(struct builder *b, struct error *err)
{
    struct list *list = b->list;

    if (!b->alerted_count)
        return true;
    qsort(b->alerted, (size_t)b->alerted_count, sizeof *b->alerted, compare_numbers);
    for (int i = 0; i < b->alerted_count; i++) {
        struct task_row task;
        if (i && b->alerted[i] == b->alerted[i - 1])
            continue;
        if (!store_task_get(b->w->store, b->a, b->alerted[i], &task, err))
            return false;
        if (task.task && !add_task(b, &task, err))
            return false;
    }
    if (list->item_count)
        qsort(list->items, (size_t)list->item_count, sizeof *list->items, compare_items);
    return true;
}

/* All lists of one run carry the same head: the one that the run noted before its first list. */
static bool audit_head(struct builder *b, struct error *err)
{
    struct run_row run;
    char head[DIGEST_HEX + 1];
    int64_t seq;

    if (!store_run_get(b->w->store, b->list->date, &run, err))
        return false;
    if (date_is(run.day) && run.audit_head[0])
        memcpy(head, run.audit_head, sizeof head);
    else if (!store_audit_head(b->w->store, head, &seq, err))
        return false;
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
        !store_division_get(b->w->store, b->a, list->division, &row, err))
        return false;
    if (!row.code)
        return error_set(err, REASON_NOT_FOUND, "no division %s",
                         division_text(list->division, code));
    if (row.parent && !store_division_get(b->w->store, b->a, row.parent, &parent, err))
        return false;
    list->name = row.name;
    list->level = row.level;
    list->parent_name = parent.name;
    return true;
}

bool list_build(struct work *w, struct arena *a, const struct message_row *message,
                struct list *list, struct error *err)
{
    struct builder b = {.w = w, .a = a, .list = list};

    *list = (struct list){0};
    if (!describe(&b, message, err))
        return false;
    if (!add_told(&b, message->seq, err))
        return false;
    return list->level < LEVEL_TOWNSHIP ? add_escalations(&b, err) : add_open_tasks(&b, err);
}
