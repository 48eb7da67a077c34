#include "base/csv.h"
#include "delivery/list.h"
#include "delivery/list_words.h"

/* The headings of contract.md section 4, word for word; a return file has the same. The last four
 * are for the office to fill. UTF-8 with a byte-order mark, or Excel takes it for the local code
 * page.
 */
static const char mark_and_headings[] =
    "\xEF\xBB\xBF"
    "任务号,户号,户主,村,电话,类别,事由,依据,应核日,期限,栏目,受保护,结果,理由,日期,备注\r\n";

void list_csv(const struct list *list, struct strbuf *out)
{
    char nominal[DATE_TEXT], due[DATE_TEXT];

    strbuf_add(out, mark_and_headings, sizeof mark_and_headings - 1);
    for (int i = 0; i < list->item_count; i++) {
        const struct list_item *item = &list->items[i];
        const struct task_row *task = &item->task;
        strbuf_addint(out, task->task);
        csv_put_code(out, task->household, false);
        csv_put_text(out, task->head_name, false);
        csv_put_text(out, item->village, false);
        csv_put_code(out, task->phone, false);
        csv_put_text(out, str_of(item->kind_zh), false);
        csv_put_text(out, str_of(item->cause_zh), false);
        csv_put_text(out, str_of(item->clause), false);
        strbuf_addf(out, ",%s,%s,%s,%s,,,,\r\n", date_text(task->nominal_due_on, nominal),
                    date_text(task->due_on, due), names_zh(&sections, (int)item->section),
                    item->is_protected ? "是" : "否");
    }
}
