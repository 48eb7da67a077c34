#include "delivery/list_changes.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/canon.h"
#include "delivery/list_words.h"
#include "store/event.h"
#include "store/household.h"
#include "store/message.h"
#include "work/doubt.h"

#define PAGE 512

struct undecided {
    int year;
    int64_t count;
};

/* One reading of a queue. */
struct reader {
    struct work *w;
    struct arena *a; /* the list's */
    struct places *places;
    struct list *list;
    struct change_told_tasks *alerted;
    struct undecided *years; /* what each closed year left undecided */
    int year_count;
    struct date on; /* the day of the message at hand */
    struct strbuf text;
};

/* ---- fields of a body ---- */

/* "" where there is none. */
static const char *word(json_t *body, const char *key)
{
    const char *text = json_string_value(json_object_get(body, key));

    return text ? text : "";
}

static int64_t number(json_t *body, const char *key)
{
    return json_integer_value(json_object_get(body, key));
}

/* A place as this office knows it: of its own district without the district's name. */
static bool place_of(struct reader *r, json_t *body, const char *key, struct str *name,
                     struct error *err)
{
    int64_t code = division_code(str_of(word(body, key)));
    bool own = code / 1000000 == r->list->division / 1000000;

    if (code) {
        return place_name(r->places, code, own ? LEVEL_TOWNSHIP : LEVEL_DISTRICT, name, err);
    }
    *name = arena_str(r->a, str_of(word(body, key)));
    return true;
}

/* Into r->text: {due_on} is what the body has under that key, {to:place} a division by its name,
 * {given:tier} and {kind:event} words of those tables in Chinese. */
static bool put_template(struct reader *r, json_t *body, const char *text, struct error *err)
{
    static const struct {
        const char *how;
        const struct names *names;
    } tables[] = {{"tier", &tiers}, {"event", &event_kinds}};

    for (const char *open; (open = strchr(text, '{')); text = strchr(open, '}') + 1) {
        char key[32], how[32] = "";
        struct str value;
        strbuf_add(&r->text, text, (size_t)(open - text));
        sscanf(open, "{%31[a-z_]:%31[a-z]}", key, how);
        value = str_of(word(body, key));
        if (strcmp(how, "place") == 0 && !place_of(r, body, key, &value, err)) {
            return false;
        }
        for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
            int at = strcmp(how, tables[i].how) == 0 ? names_find(tables[i].names, value) : -1;
            value = at < 0 ? value : str_of(names_zh(tables[i].names, at));
        }
        if (json_is_integer(json_object_get(body, key))) {
            strbuf_addint(&r->text, number(body, key));
        }
        strbuf_addstr(&r->text, value);
    }
    strbuf_addz(&r->text, text);
    return true;
}

/* ---- kinds whose line is more than a template ---- */

/* Each writes its line into r->text, and may add to the change. False on failure, or with *say
 * false where the line is not to be. */
typedef bool tell_kind(struct reader *r, json_t *body, struct list_change *change, bool *say,
                       struct error *err);

static bool tell_protection_ends(struct reader *r, json_t *body, struct list_change *change,
                                 bool *say, struct error *err)
{
    json_t *households = json_object_get(body, "households"), *household;
    struct strbuf list = STRBUF_INIT, names = STRBUF_INIT;
    size_t i;

    (void)say, (void)err;
    strbuf_addc(&list, '[');
    json_array_foreach(households, i, household)
    {
        struct str text = str_of(json_string_value(household));
        strbuf_addz(&list, i ? "," : "");
        canon_string(&list, text);
        strbuf_addz(&names, i ? "、" : "");
        strbuf_addstr(&names, text);
    }
    strbuf_addc(&list, ']');
    change->households = arena_str(r->a, strbuf_str(&list));
    change->households_zh = arena_str(r->a, strbuf_str(&names));
    strbuf_addf(&r->text,
                "连续保障（%s）于 %s 到期，其后的政策没有这一规定。到期后不再受保障的共 %zu 户，"
                "请提前安排",
                clause_zh(word(body, "clause")), word(body, "until"), json_array_size(households));
    strbuf_free(&list);
    strbuf_free(&names);
    return true;
}

static bool tell_proposal(struct reader *r, json_t *body, struct list_change *change, bool *say,
                          struct error *err)
{
    (void)change, (void)say, (void)err;
    if (strcmp(word(body, "proposes"), "all-members-gone") == 0) {
        strbuf_addz(&r->text, "家庭成员已全部去世或迁出，请复核；属实的以此为由终止");
    } else {
        strbuf_addf(&r->text, "请复核：%s", word(body, "proposes"));
    }
    return true;
}

static bool tell_doubt(struct reader *r, json_t *body, struct list_change *change, bool *say,
                       struct error *err)
{
    const char *member = word(body, "member"), *other = word(body, "other");

    (void)change, (void)say, (void)err;
    strbuf_addz(&r->text,
                names_zh(&doubt_kinds, names_find(&doubt_kinds, str_of(word(body, "doubt")))));
    if (*member) {
        strbuf_addf(&r->text, "（成员%s）", member);
    }
    if (strcmp(word(body, "doubt"), "person-twice") == 0) {
        strbuf_addf(&r->text, "，另见于%s%s", *other ? "户" : "其他乡镇的户", other);
    }
    strbuf_addz(&r->text, "，请核实");
    return true;
}

/* Any message: its kind, or the event of an alert, and what its body says. */
static bool tell_other(struct reader *r, json_t *body, struct list_change *change, bool *say,
                       struct error *err)
{
    static const struct {
        const char *key, *zh;
    } known[] = {
        {"household", NULL}, /* these have columns of their own, or were said */
        {"task", NULL},       {"event", NULL},    {"count", "数量"}, {"date", "日期"},
        {"division", "单位"}, {"due_on", "期限"}, {"from", "由"},    {"name", "名称"},
        {"on", "日期"},       {"reason", "原因"}, {"since", "起自"}, {"to", "至"},
        {"township", "乡镇"}, {"until", "截至"},  {"was", "原为"},   {"year", "年度"},
    };
    const char *key, *event = word(body, "event");
    json_t *value;
    int n = 0;

    (void)say;
    strbuf_addz(&r->text, *event ? event : change->kind);
    json_object_foreach(body, key, value)
    {
        const char *zh = key;
        struct str text = str_of(json_string_value(value));
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            zh = strcmp(key, known[i].key) == 0 ? known[i].zh : zh;
        }
        if (!zh) {
            continue;
        }
        strbuf_addf(&r->text, "%s%s ", n++ ? "，" : "：", zh);
        bool is_place = text.len == DIVISION_TEXT - 1 && division_code(text);
        if (is_place && !place_of(r, body, key, &text, err)) {
            return false;
        }
        char *json =
            text.data ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
        strbuf_addstr(&r->text, json ? str_of(json) : text);
        free(json);
    }
    return true;
}

/* A task that is told stands in a section, or was done meanwhile: nothing is to be said of it
 * beside. An alert of no task is. What the close of a year left undecided is counted. */
static bool tell_alert(struct reader *r, json_t *body, struct list_change *change, bool *say,
                       struct error *err)
{
    struct change_told_tasks *alerted = r->alerted;
    int64_t task = number(body, "task");

    if (task <= 0) {
        return tell_other(r, body, change, say, err);
    }
    *say = false;
    if (strcmp(word(body, "event"), "undecided-at-close") == 0) {
        const int year = (int)number(body, "year");
        int i = 0;
        while (i < r->year_count && r->years[i].year != year) {
            i++;
        }
        if (i == r->year_count) {
            r->years = arena_room(r->a, r->years, sizeof *r->years, i);
            r->years[r->year_count++] = (struct undecided){year, 0};
        }
        r->years[i].count++;
    }
    alerted->tasks = arena_room(r->a, alerted->tasks, sizeof *alerted->tasks, alerted->count);
    alerted->tasks[alerted->count++] = task;
    return true;
}

/* In the order of the list. */
static const struct kind {
    const char *kind, *zh;
    const char *text; /* the line (put_template()), or NULL where `tell` makes it */
    tell_kind *tell;
} kinds[] = {
    {"protection-ends", "连续保障到期", NULL, tell_protection_ends},
    {"moved-in", "迁入", "由{from:place}迁入{to:place}，未办任务随户转入", NULL},
    {"moved-away", "迁出", "由{from:place}迁往{to:place}，未办任务随户转出", NULL},
    {"deadline-moved", "期限变动", "期限由 {was} 改为 {due_on}（放假安排公布或修改）", NULL},
    {"proposal", "复核提示", NULL, tell_proposal},
    {"tier-mismatch", "复核周期不符",
     "人工定为按{given:tier}复核，按现有情况应为按{derived:tier}复核，请核实", NULL},
    {"tier-pending", "待补成员信息",
     "成员和收入情况待补，暂不安排复核，请于{until}前补报；逾期未补的按季度复核", NULL},
    {"tier-default", "复核周期未定", "成员和收入情况不明，未定复核周期，暂按{tier:tier}复核，请补报",
     NULL},
    {"doubt", "待核实", NULL, tell_doubt},
    {"corrected", "更正", "已撤销一项登记（{kind:event}），原因：{reason}", NULL},
    {"division-merged", "区划合并", "{name}（{from}）并入{to:place}，其户和未办任务随之转入", NULL},
    {"standard-missing", "缺少标准", "{year}年的低保标准和扶贫标准尚未录入", NULL},
    {"not-picked-up", "任务单未取", "{township:place}自 {since} 起的任务单至今未取，请督促", NULL},
    {"alert", "提醒", NULL, tell_alert},
    {NULL, "其他通知", NULL, tell_other},
};

/* ---- reading ---- */

void list_change_put(struct arena *a, struct list *list, int group, struct list_change change)
{
    change.rank = ((int64_t)group << 32) + list->change_count;
    list->changes = arena_room(a, list->changes, sizeof change, list->change_count);
    list->changes[list->change_count++] = change;
}

static int compare_changes(const void *a, const void *b)
{
    const struct list_change *x = a, *y = b;

    return (x->rank > y->rank) - (x->rank < y->rank);
}

void list_changes_sort(struct list *list)
{
    if (list->change_count) {
        qsort(list->changes, (size_t)list->change_count, sizeof *list->changes, compare_changes);
    }
}

static bool add_message(struct reader *r, const struct message_row *m, struct error *err)
{
    const struct kind *kind = kinds;
    char id[MESSAGE_ID];
    bool say = true;

    while (kind->kind && !str_is(m->kind, kind->kind)) {
        kind++;
    }
    json_t *body = json_loadb(m->body.data, m->body.len, 0, NULL);
    struct list_change change = {
        .kind = kind->kind ? kind->kind : arena_copy(r->a, m->kind),
        .kind_zh = kind->zh,
        .on = m->created_on,
        .task = number(body, "task"),
        .household = arena_str(r->a, str_of(json_string_value(json_object_get(body, "household")))),
    };
    strbuf_reset(&r->text);
    bool ok = kind->text ? put_template(r, body, kind->text, err)
                         : kind->tell(r, body, &change, &say, err);
    json_decref(body);
    if (!ok || !say) {
        return ok;
    }
    change.id = str_of(arena_format(r->a, "%s", message_id(m, id)));
    change.text = arena_str(r->a, strbuf_str(&r->text));
    if (change.household.len) {
        struct household_row row;
        if (!store_household_find(r->w->store, r->a, change.household, &row, err)) {
            return false;
        }
        change.head_name = row.head_name;
    }
    list_change_put(r->a, r->list, (int)(kind - kinds) + 1, change);
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* A task may wait with several rungs. */
static void each_once(struct change_told_tasks *alerted)
{
    int kept = 0;

    if (!alerted->count) {
        return;
    }
    qsort(alerted->tasks, (size_t)alerted->count, sizeof *alerted->tasks, compare_numbers);
    for (int i = 0; i < alerted->count; i++) {
        if (!i || alerted->tasks[i] != alerted->tasks[i - 1]) {
            alerted->tasks[kept++] = alerted->tasks[i];
        }
    }
    alerted->count = kept;
}

bool list_changes(struct work *w, struct arena *a, struct places *places, struct list *list,
                  int64_t until, struct change_told_tasks *alerted, struct error *err)
{
    struct reader r = {.w = w, .a = a, .places = places, .list = list, .alerted = alerted};
    struct arena page = ARENA_INIT;
    int64_t after = 0;
    int count;
    bool ok;

    *alerted = (struct change_told_tasks){0};
    do {
        struct message_row *rows;
        arena_reset(&page);
        ok = store_messages_told(w->store, &page, list->division, until, after, PAGE, &rows, &count,
                                 err);
        for (int i = 0; ok && i < count; i++) {
            ok = add_message(&r, &rows[i], err);
            after = rows[i].seq;
        }
    } while (ok && count == PAGE);
    /* The close of a year is told for each of its tasks: here it is one line. */
    for (int i = 0; i < r.year_count; i++) {
        struct list_change change = {
            .kind = "register-step",
            .kind_zh = "年度动态核查",
            .on = list->date,
            .text =
                str_of(arena_format(a, "%d年度动态核查截止时仍有 %lld 件未作决定，仍须补办，请督促",
                                    r.years[i].year, (long long)r.years[i].count))};
        list_change_put(a, list, 0, change);
    }
    each_once(alerted);
    arena_free(&page);
    strbuf_free(&r.text);
    return ok;
}
