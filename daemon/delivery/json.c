#include "base/canon.h"
#include "delivery/list.h"
#include "delivery/list_words.h"

static void put_date(struct canon *c, const char *key, struct date d)
{
    char text[DATE_TEXT];

    if (date_is(d)) {
        canon_str(c, key, str_of(date_text(d, text)));
    } else {
        canon_null(c, key);
    }
}

static void put_key_int(struct canon *c, const char *key, int64_t value)
{
    if (value) {
        canon_int(c, key, value);
    } else {
        canon_null(c, key);
    }
}

/* The CSV's fields and those of task.show; the words of programmes in English (contract.md section
 * 5), texts as on the list. */
static void put_item(struct strbuf *out, const struct list *list, const struct list_item *item)
{
    const struct task_row *task = &item->task;
    char code[DIVISION_TEXT];
    struct canon c = canon_open(out);

    canon_str(&c, "cause", str_of(item->cause_zh));
    canon_str(&c, "clause", str_of(item->clause));
    canon_int(&c, "days_left", task->due_on.day - list->date.day);
    canon_str(&c, "division", str_of(division_text(task->division, code)));
    put_date(&c, "due_on", task->due_on);
    canon_null(&c, "ground");
    canon_str(&c, "head_name", task->head_name);
    canon_str(&c, "household", task->household);
    canon_str(&c, "kind", str_of(names_text(&task_kinds, (int)task->kind)));
    put_date(&c, "nominal_due_on", task->nominal_due_on);
    canon_null(&c, "on");
    put_date(&c, "opened_on", task->opened_on);
    canon_null(&c, "outcome");
    canon_str(&c, "phone", task->phone);
    canon_bool(&c, "protected", item->is_protected);
    canon_str(&c, "protected_forbids", item->is_protected ? STR(FORBIDS_ZH) : STR_NONE);
    canon_bool(&c, "provisional", item->provisional);
    canon_null(&c, "remark");
    canon_str(&c, "section", str_of(names_text(&sections, (int)item->section)));
    canon_int(&c, "task", task->task);
    canon_str(&c, "tier", str_of(names_text(&tiers, (int)task->tier)));
    canon_str(&c, "township", str_of(division_text(task->township, code)));
    canon_str(&c, "village", item->village);
    put_key_int(&c, "year", task->year);
    canon_close(&c);
}

/* Canon has no arrays: they and their keys are written by hand. */
static void put_sections(struct strbuf *out, const struct list *list)
{
    static const enum section ordered[] = {SECTION_DUE, SECTION_LATE, SECTION_NEW};

    strbuf_addc(out, '{');
    for (size_t s = 0; s < sizeof ordered / sizeof ordered[0]; s++) {
        const char *comma = "";
        strbuf_addz(out, s ? "," : "");
        canon_string(out, str_of(names_text(&sections, (int)ordered[s])));
        strbuf_addz(out, ":[");
        for (int i = 0; i < list->item_count; i++) {
            if (list->items[i].section == ordered[s]) {
                strbuf_addz(out, comma);
                put_item(out, list, &list->items[i]);
                comma = ",";
            }
        }
        strbuf_addc(out, ']');
    }
    strbuf_addc(out, '}');
}

static void put_changes(struct strbuf *out, const struct list *list)
{
    strbuf_addc(out, '[');
    for (int i = 0; i < list->change_count; i++) {
        const struct list_change *change = &list->changes[i];
        strbuf_addz(out, i ? "," : "");
        struct canon c = canon_open(out);
        put_date(&c, "created_on", change->on);
        canon_str(&c, "head_name", change->head_name);
        canon_str(&c, "household", change->household);
        canon_raw(&c, "households", change->households);
        canon_str(&c, "id", change->id);
        canon_str(&c, "kind", str_of(change->kind));
        put_key_int(&c, "task", change->task);
        canon_str(&c, "text", change->text);
        canon_close(&c);
    }
    strbuf_addc(out, ']');
}

static void put_offices(struct strbuf *out, const struct list *list)
{
    char code[DIVISION_TEXT];

    strbuf_addc(out, '[');
    for (int i = 0; i < list->office_count; i++) {
        const struct list_office *office = &list->offices[i];
        int share = list_office_share(office);
        strbuf_addz(out, i ? "," : "");
        struct canon c = canon_open(out);
        canon_str(&c, "division", str_of(division_text(office->division, code)));
        canon_int(&c, "done", office->done);
        canon_int(&c, "late", office->late);
        canon_str(&c, "name", office->name);
        canon_int(&c, "on_time", office->on_time);
        if (share < 0) {
            canon_null(&c, "on_time_percent");
        } else {
            canon_int(&c, "on_time_percent", share);
        }
        canon_int(&c, "open", office->open);
        canon_close(&c);
    }
    strbuf_addc(out, ']');
}

/* A nested value is written in place: its key with an empty text, then itself. */
void list_json(const struct list *list, struct strbuf *out)
{
    const int64_t *n = list->totals;
    char code[DIVISION_TEXT];
    struct canon c = canon_open(out);

    canon_str(&c, "audit_head", str_of(list->audit_head));
    canon_raw(&c, "changes", STR(""));
    put_changes(out, list);
    put_date(&c, "date", list->date);
    canon_str(&c, "division", str_of(division_text(list->division, code)));
    canon_str(&c, "id", str_of(list->id));
    canon_str(&c, "level", str_of(names_text(&levels, (int)list->level)));
    canon_str(&c, "name", list->name);
    canon_raw(&c, "offices", STR(""));
    put_offices(out, list);
    canon_raw(&c, "policy", STR(""));
    struct canon policy = canon_open(out);
    canon_str(&policy, "hash", str_of(list->policy->hash));
    canon_str(&policy, "name", str_of(list->policy->name));
    canon_close(&policy);
    canon_str(&c, "protection", str_of(list->protection));
    canon_bool(&c, "provisional", list->provisional);
    canon_raw(&c, "sections", STR(""));
    put_sections(out, list);
    canon_raw(&c, "totals", STR(""));
    struct canon totals = canon_open(out);
    canon_int(&totals, "due", n[SECTION_DUE]);
    canon_int(&totals, "late", n[SECTION_LATE]);
    canon_int(&totals, "new", n[SECTION_NEW]);
    canon_int(&totals, "open", n[SECTION_LATE] + n[SECTION_DUE] + n[SECTION_NEW] + n[SECTION_REST]);
    canon_int(&totals, "rest", n[SECTION_REST]);
    canon_close(&totals);
    canon_close(&c);
    strbuf_addc(out, '\n');
}
