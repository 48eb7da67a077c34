#include "base/csv.h"
#include "delivery/list.h"

/* The headings of spec.md section 4, word for word; a return file has the same. The last four are
 * for the office to fill. UTF-8 with a byte-order mark, or Excel takes it for the local code page.
 */
static const char mark_and_headings[] =
    "\xEF\xBB\xBF"
    "任务号,户号,户主,村,电话,类别,事由,依据,应核日,期限,栏目,受保护,结果,理由,日期,备注\r\n";

static void put_date(struct strbuf *out, struct date d)
{
    char text[DATE_TEXT];

    strbuf_addc(out, ',');
    strbuf_addz(out, date_text(d, text));
}

static void put_word(struct strbuf *out, const char *word)
{
    strbuf_addc(out, ',');
    strbuf_addz(out, word);
}

static void put_item(struct strbuf *out, const struct list_item *item)
{
    const struct task_row *task = &item->task;

    strbuf_addint(out, task->task);
    csv_put_text(out, task->household, false);
    csv_put_text(out, task->head_name, false);
    csv_put_text(out, item->village, false);
    csv_put_text(out, task->phone, false);
    put_word(out, item->kind_zh);
    put_word(out, item->cause_zh);
    csv_put_text(out, str_of(item->clause), false);
    put_date(out, task->nominal_due_on);
    put_date(out, task->due_on);
    put_word(out, names_text(&sections_zh, (int)item->section));
    put_word(out, item->is_protected ? "是" : "否");
    strbuf_addz(out, ",,,,\r\n");
}

void list_csv(const struct list *list, struct strbuf *out)
{
    strbuf_add(out, mark_and_headings, sizeof mark_and_headings - 1);
    for (int i = 0; i < list->item_count; i++)
        put_item(out, &list->items[i]);
}
