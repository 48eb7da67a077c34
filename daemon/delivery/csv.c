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

#define WHOLE_DIGITS 8 /* more of them a spreadsheet shows as 5.00E+11 in its usual column */
#define DATE_LENGTH 10 /* "12-7" and "2026-11-24" are days to it; longer texts are not */

/* Whether a spreadsheet would take the text for a number or a day and so not show it, or not give
 * it back, as it was: a zero in front, many digits, 3-12, 1.10, 12E5. */
static bool is_mangled(struct str text)
{
    size_t digits = 0, marks = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c >= '0' && c <= '9') {
            digits++;
        } else if (memchr("-/.:,eE+% ", c, 10)) {
            marks++;
        } else {
            return false;
        }
    }
    if (!digits) {
        return false;
    }
    if (!marks) {
        return digits > WHOLE_DIGITS || (text.data[0] == '0' && digits > 1);
    }
    return text.len <= DATE_LENGTH || memchr(text.data, 'e', text.len) ||
           memchr(text.data, 'E', text.len);
}

/* A number or code of the office's own books. What a spreadsheet would mangle ends with a TAB: that
 * makes it text to Excel, WPS and LibreOffice, is not seen, and is trimmed off a return. */
static void put_code(struct strbuf *out, struct arena *a, struct str text)
{
    if (is_mangled(text)) {
        text = str_of(arena_format(a, "%.*s\t", STR_ARG(text)));
    }
    csv_put_text(out, text, false);
}

void list_csv(const struct list *list, struct strbuf *out)
{
    struct arena a = ARENA_INIT;
    char nominal[DATE_TEXT], due[DATE_TEXT];

    strbuf_add(out, mark_and_headings, sizeof mark_and_headings - 1);
    for (int i = 0; i < list->item_count; i++) {
        const struct list_item *item = &list->items[i];
        const struct task_row *task = &item->task;
        arena_reset(&a);
        strbuf_addint(out, task->task);
        put_code(out, &a, task->household);
        csv_put_text(out, task->head_name, false);
        csv_put_text(out, item->village, false);
        put_code(out, &a, task->phone);
        csv_put_text(out, str_of(item->kind_zh), false);
        csv_put_text(out, str_of(item->cause_zh), false);
        csv_put_text(out, str_of(item->clause), false);
        strbuf_addf(out, ",%s,%s,%s,%s,,,,\r\n", date_text(task->nominal_due_on, nominal),
                    date_text(task->due_on, due), names_zh(&sections, (int)item->section),
                    item->is_protected ? "是" : "否");
    }
    arena_free(&a);
}
