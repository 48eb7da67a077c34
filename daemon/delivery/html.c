#include "delivery/list.h"

#include <stdlib.h>

/* One page set of A4, landscape, self-contained, readable in black and white. Each section is a
 * table of its own whose heading row repeats on every page that it reaches. */
static const char style[] =
    "@page{size:A4 landscape;margin:11mm 10mm 12mm}"
    "@page{@bottom-right{content:\"第 \" counter(page) \" 页，共 \" counter(pages) \" 页\";"
    "font-size:8pt}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:277mm;color:#000;background:#fff;font:9pt/1.35 "
    "\"Noto Sans CJK SC\",\"Source Han Sans SC\",\"Microsoft YaHei\",\"SimSun\",sans-serif}"
    "header{display:flex;justify-content:space-between;align-items:flex-end;"
    "border-bottom:1.5pt solid #000;padding-bottom:2mm}"
    "h1{font-size:17pt;line-height:1.25;margin:0}"
    "h1 small{font-size:12pt;font-weight:normal;margin-left:1em}"
    ".day{text-align:right;font-size:11pt;white-space:nowrap}"
    ".day small{display:block;font-size:8pt}"
    ".sum{display:flex;border:.75pt solid #000;margin:3mm 0 2mm}"
    ".sum div{flex:1;text-align:center;padding:1mm 0;border-left:.5pt solid #000}"
    ".sum div:first-child{border-left:0}"
    ".sum b{font-size:13pt;margin-left:.4em}"
    ".note{margin:1mm 0;font-size:8.5pt}"
    "table{width:100%;border-collapse:collapse;table-layout:fixed;margin-top:4mm}"
    "th,td{border:.5pt solid #000;padding:.7mm 1mm;text-align:left;vertical-align:middle;"
    "overflow-wrap:anywhere}"
    "thead th{font-weight:bold;font-size:8.5pt;text-align:center;background:#eee;"
    "print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "thead th.s{text-align:left;font-size:11pt;background:#fff;border-width:0 0 1pt;"
    "padding:0 0 1mm}"
    "th.s small{font-size:9pt;font-weight:normal;margin-left:1em}"
    "tr{break-inside:avoid}"
    "td{height:9.5mm}"
    "td small{display:block;font-size:7.5pt;line-height:1.25;word-break:keep-all}"
    ".c{text-align:center}"
    ".n{white-space:nowrap;font-variant-numeric:tabular-nums}"
    "td.e{height:7mm;text-align:center;border-width:0 0 .5pt}"
    ".sign{display:flex;justify-content:space-between;margin-top:7mm;break-inside:avoid}"
    ".sign i{display:inline-block;width:50mm;border-bottom:.5pt solid #000}"
    "footer{margin-top:4mm;padding-top:1.5mm;border-top:.5pt solid #000;font-size:7.5pt;"
    "break-inside:avoid}"
    "footer code{font-family:\"DejaVu Sans Mono\",Consolas,\"Courier New\",monospace;"
    "overflow-wrap:anywhere}"
    "@media screen{body{box-sizing:content-box;padding:8mm}}";

/* Millimetres: 277 together, what A4 landscape leaves between the margins. */
static const struct {
    const char *heading;
    int width;
} columns[] = {
    {"序号", 9},          {"任务号", 15},       {"户号", 29},   {"户主<br>电话", 26},
    {"村", 28},           {"类别<br>事由", 24}, {"应核日", 20}, {"期限<br>依据", 45},
    {"逾期<br>剩余", 14}, {"受保护", 11},       {"结果", 20},   {"日期", 17},
    {"签字", 19},
};
#define COLUMNS (int)(sizeof columns / sizeof columns[0])

static const char *const ordinals[] = {"一", "二", "三"};

static void put(struct strbuf *out, struct str text)
{
    static const char *const entities[256] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
    };
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        const char *entity = c < ' ' || c == 0x7F ? " " : entities[c];
        if (!entity)
            continue;
        strbuf_add(out, text.data + from, i - from);
        strbuf_addz(out, entity);
        from = i + 1;
    }
    if (from < text.len)
        strbuf_add(out, text.data + from, text.len - from);
}

static void put_day(struct strbuf *out, struct date d)
{
    char text[DATE_TEXT];

    strbuf_addz(out, date_text(d, text));
}

/* 2026年11月24日 星期二 */
static void put_long_day(struct strbuf *out, struct date d)
{
    static const char *const weekdays[] = {"日", "一", "二", "三", "四", "五", "六"};
    struct ymd day = date_ymd(d);

    strbuf_addf(out, "%d年%d月%d日 星期%s", day.year, day.month, day.day,
                weekdays[date_weekday(d)]);
}

static void put_days_left(struct strbuf *out, int days)
{
    if (days == 0)
        strbuf_addz(out, "<b>今日</b>");
    else
        strbuf_addf(out, days < 0 ? "<b>逾期<br>%d 天</b>" : "剩余<br>%d 天", abs(days));
}

static void put_stacked(struct strbuf *out, struct str upper, struct str lower)
{
    strbuf_addz(out, "<td>");
    put(out, upper);
    strbuf_addz(out, "<small>");
    put(out, lower);
    strbuf_addz(out, "</small></td>");
}

static void put_cell(struct strbuf *out, struct str text)
{
    strbuf_addz(out, "<td>");
    put(out, text);
    strbuf_addz(out, "</td>");
}

static void put_row(struct strbuf *out, const struct list *list, const struct list_item *item,
                    int number)
{
    const struct task_row *task = &item->task;

    strbuf_addz(out, "<tr><td class=c>");
    strbuf_addint(out, number);
    strbuf_addz(out, "</td><td class=\"c n\">");
    strbuf_addint(out, task->task);
    strbuf_addz(out, "</td>");
    put_cell(out, task->household);
    put_stacked(out, task->head_name, task->phone);
    put_cell(out, item->village);
    put_stacked(out, str_of(item->kind_zh), str_of(item->cause_zh));
    strbuf_addz(out, "<td class=\"c n\">");
    put_day(out, task->nominal_due_on);
    strbuf_addz(out, "</td><td><b class=n>");
    put_day(out, task->due_on);
    strbuf_addz(out, item->provisional ? " *</b><small>" : "</b><small>");
    put(out, str_of(item->clause));
    strbuf_addz(out, "</small></td><td class=\"c n\">");
    put_days_left(out, task->due_on.day - list->date.day);
    strbuf_addz(out, item->is_protected ? "</td><td class=c><b>是</b></td>"
                                        : "</td><td class=c>否</td>");
    strbuf_addz(out, "<td></td><td></td><td></td></tr>\n");
}

static void put_table_head(struct strbuf *out, const struct list *list, enum section section)
{
    strbuf_addz(out, "<table><colgroup>");
    for (int i = 0; i < COLUMNS; i++)
        strbuf_addf(out, "<col style=\"width:%dmm\">", columns[i].width);
    strbuf_addf(out, "</colgroup><thead><tr><th class=s colspan=%d>%s、%s<small>共 %lld 件</small>",
                COLUMNS, ordinals[section], names_text(&sections_zh, (int)section),
                (long long)list->totals[section]);
    strbuf_addz(out, "</th></tr>");
    if (list->totals[section] > 0) {
        strbuf_addz(out, "<tr>");
        for (int i = 0; i < COLUMNS; i++)
            strbuf_addf(out, "<th>%s</th>", columns[i].heading);
        strbuf_addz(out, "</tr>");
    }
    strbuf_addz(out, "</thead>\n<tbody>\n");
}

/* `number` runs through the whole list: 第 12 户 is found by it on the telephone. */
static void put_section(struct strbuf *out, const struct list *list, enum section section,
                        int *number)
{
    put_table_head(out, list, section);
    for (int i = 0; i < list->item_count; i++)
        if (list->items[i].section == section)
            put_row(out, list, &list->items[i], ++*number);
    if (list->totals[section] == 0)
        strbuf_addf(out, "<tr><td class=e colspan=%d>无</td></tr>\n", COLUMNS);
    strbuf_addz(out, "</tbody></table>\n");
}

static void put_title(struct strbuf *out, const struct list *list)
{
    put(out, list->parent_name);
    put(out, list->name);
}

static const char *kind_of_list(const struct list *list)
{
    return list->level < LEVEL_TOWNSHIP ? "升级件清单" : "复核任务单";
}

static void put_header(struct strbuf *out, const struct list *list)
{
    strbuf_addz(out,
                "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\n<title>");
    put_title(out, list);
    strbuf_addf(out, " %s ", kind_of_list(list));
    put_day(out, list->date);
    strbuf_addf(out, "</title>\n<style>%s</style></head>\n<body>\n<header><h1>", style);
    put_title(out, list);
    strbuf_addf(out, "<small>%s</small></h1><div class=day>", kind_of_list(list));
    put_long_day(out, list->date);
    strbuf_addz(out, "<small>适用政策：");
    put(out, str_of(list->policy->name));
    strbuf_addz(out, "</small></div></header>\n");
}

static void put_sums(struct strbuf *out, const struct list *list)
{
    int64_t open = 0;

    strbuf_addz(out, "<div class=sum>");
    for (int i = SECTION_LATE; i <= SECTION_REST; i++) {
        open += list->totals[i];
        strbuf_addf(out, "<div>%s<b>%lld</b></div>", names_text(&sections_zh, i),
                    (long long)list->totals[i]);
    }
    strbuf_addf(out, "<div>未办合计<b>%lld</b></div></div>\n", (long long)open);
}

static void put_notes(struct strbuf *out, const struct list *list)
{
    strbuf_addz(
        out, "<p class=note>结果填写：继续、调整、终止、延期；建档立卡任务填写：保留、退出、"
             "返贫、纳入、申请低保、不符合。“其余”已在以前的任务单上列出，期限在七日以后。</p>\n");
    if (list->provisional)
        strbuf_addz(out,
                    "<p class=note><b>* 暂定期限：</b>该年度放假安排尚未公布，目前只按周末推算，"
                    "公布后可能变动。</p>\n");
}

static void put_notices(struct strbuf *out, const struct list *list)
{
    if (!list->notice_count)
        return;
    strbuf_addz(out, "<p class=note><b>期限变动</b>（放假安排公布或修改）：</p><ul class=note>\n");
    for (int i = 0; i < list->notice_count; i++) {
        const struct list_notice *notice = &list->notices[i];
        strbuf_addf(out, "<li>任务 %lld，户号 ", (long long)notice->task);
        put(out, notice->household);
        strbuf_addz(out, "：由 ");
        put_day(out, notice->was);
        strbuf_addz(out, " 改为 <b>");
        put_day(out, notice->due_on);
        strbuf_addz(out, "</b></li>\n");
    }
    strbuf_addz(out, "</ul>\n");
}

static void put_footer(struct strbuf *out, const struct list *list)
{
    strbuf_addz(out, "<div class=sign><span>经办人：<i></i></span><span>负责人：<i></i></span>"
                     "<span>日期：<i></i></span></div>\n<footer>审计链首：<code>");
    put(out, str_of(list->audit_head));
    strbuf_addz(out, "</code><br>任务单编号：<code>");
    put(out, str_of(list->id));
    strbuf_addz(out, "</code></footer>\n</body></html>\n");
}

void list_html(const struct list *list, struct strbuf *out)
{
    int number = 0;

    put_header(out, list);
    put_sums(out, list);
    put_notes(out, list);
    put_notices(out, list);
    for (enum section s = SECTION_LATE; s <= SECTION_NEW; s++)
        put_section(out, list, s, &number);
    put_footer(out, list);
}
