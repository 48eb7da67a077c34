#include "delivery/list.h"

#include <stdlib.h>

#include "delivery/list_words.h"
#include "rules/protection.h"
#include "rules/register.h"

/* One page set of A4, landscape, self-contained, readable in black and white. All tasks stand in
 * one table, whose headings repeat on every page; the signatures and the foot are its last row, so
 * that they never stand on a page without headings. */
static const char style[] =
    "@page{size:A4 landscape;margin:11mm 10mm 12mm}"
    "@page{@bottom-right{content:\"第 \" counter(page) \" 页，共 \" counter(pages) \" 页\";"
    "font-size:8pt}@bottom-left{font-size:8pt}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:277mm;color:#000;background:#fff;font:9pt/1.35 "
    "\"Noto Sans CJK SC\",\"Source Han Sans SC\",\"Microsoft YaHei\",\"SimSun\",sans-serif}"
    "header{display:flex;justify-content:space-between;align-items:flex-end;"
    "border-bottom:1.5pt solid #000;padding-bottom:2mm}"
    "h1{font-size:17pt;line-height:1.25;margin:0}"
    "h1 small{font-size:12pt;font-weight:normal;margin-left:1em}"
    ".day{text-align:right;font-size:11pt;white-space:nowrap}"
    ".day small{display:block;font-size:8pt}"
    ".sums{display:flex;border:.75pt solid #000;margin:3mm 0 2mm}"
    ".sums div{flex:1;text-align:center;padding:1mm 0;border-left:.5pt solid #000}"
    ".sums div:first-child{border-left:0}"
    ".sums b{font-size:13pt;margin-left:.4em}"
    ".note{margin:1mm 0;font-size:8.5pt}"
    "table{width:100%;border-collapse:collapse;table-layout:fixed;margin-top:4mm}"
    "th,td{border:.5pt solid #000;padding:.7mm 1mm;text-align:left;vertical-align:middle;"
    "overflow-wrap:anywhere}"
    "thead th{font-weight:bold;font-size:8.5pt;text-align:center;background:#eee;"
    "print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "thead th.s,tr.s th{text-align:left;font-size:11pt;background:#fff}"
    "thead th.s{border-width:0 0 .5pt;padding:0 0 1mm}"
    "tr.s{break-after:avoid}"
    "tr.s th{border-width:.5pt 0;padding:2.5mm 0 1mm}"
    "th.s small,tr.s small{font-size:9pt;font-weight:normal;margin-left:1em}"
    "tr{break-inside:avoid}"
    ".free tr{break-inside:auto}"
    "td{height:9.5mm}"
    ".free td,.offices td{height:7mm}"
    "td small{display:block;font-size:7.3pt;line-height:1.25}"
    ".c{text-align:center}"
    ".r{text-align:right}"
    ".n{font-variant-numeric:tabular-nums}"
    ".d{white-space:nowrap}"
    ".t{font-size:8.5pt}"
    ".k small{word-break:keep-all}"
    ".sum td,.sum th{font-weight:bold}"
    "td.e{height:7mm;text-align:center;border-width:0 0 .5pt}"
    "tr.end{break-before:avoid}"
    "tr.end td{border:0;padding:5mm 0 0}"
    ".sign{display:flex;justify-content:space-between}"
    ".sign i{display:inline-block;width:50mm;border-bottom:.5pt solid #000}"
    "footer{margin-top:4mm;padding-top:1.5mm;border-top:.5pt solid #000;font-size:7.5pt}"
    "footer code{font-family:\"DejaVu Sans Mono\",Consolas,\"Courier New\",monospace}"
    "@media screen{body{box-sizing:content-box;padding:8mm}}";

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
        if (!entity) {
            continue;
        }
        strbuf_add(out, text.data + from, i - from);
        strbuf_addz(out, entity);
        from = i + 1;
    }
    if (from < text.len) {
        strbuf_add(out, text.data + from, text.len - from);
    }
}

static void put_day(struct strbuf *out, struct date d)
{
    char text[DATE_TEXT];

    strbuf_addz(out, date_text(d, text));
}

static void put_stacked(struct strbuf *out, struct str upper, struct str lower)
{
    put(out, upper);
    if (!lower.len) {
        return;
    }
    strbuf_addz(out, "<small>");
    put(out, lower);
    strbuf_addz(out, "</small>");
}

/* ---- the tasks ---- */

enum column {
    COLUMN_NUMBER,
    COLUMN_TASK,
    COLUMN_HOUSEHOLD,
    COLUMN_HEAD,
    COLUMN_VILLAGE,
    COLUMN_TIER,
    COLUMN_CAUSE,
    COLUMN_NOMINAL,
    COLUMN_DUE,
    COLUMN_LEFT,
    COLUMN_PROTECTED,
    COLUMN_OUTCOME, /* the last three are filled by hand */
    COLUMN_DAY,
    COLUMN_REMARK,
    COLUMNS
};

/* Millimetres, 276 together: what A4 landscape leaves between the margins, and the borders. A
 * township has columns to fill by hand; a district or city has none, and longer names of places. */
static const struct {
    const char *heading;
    int township, above; /* width; 0: not there */
    const char *class;
} columns[COLUMNS] = {
    [COLUMN_NUMBER] = {"序号", 9, 9, "c"},
    [COLUMN_TASK] = {"任务号", 14, 15, "c n t"},
    [COLUMN_HOUSEHOLD] = {"户号", 30, 32, "n"},
    [COLUMN_HEAD] = {"户主<br>电话", 24, 30, ""},
    [COLUMN_VILLAGE] = {"村", 28, 50, ""},
    [COLUMN_TIER] = {"周期", 10, 12, "c"},
    [COLUMN_CAUSE] = {"类别<br>事由", 25, 38, ""},
    [COLUMN_NOMINAL] = {"应核日", 19, 20, "c n d"},
    [COLUMN_DUE] = {"期限<br>依据", 43, 43, "k"},
    [COLUMN_LEFT] = {"逾期<br>剩余", 12, 14, "c n d"},
    [COLUMN_PROTECTED] = {"受保护", 12, 13, "c"},
    [COLUMN_OUTCOME] = {"结果<br>理由", 18, 0, ""},
    [COLUMN_DAY] = {"日期", 15, 0, ""},
    [COLUMN_REMARK] = {"备注", 17, 0, ""},
};

/* `number` runs through the whole list: 第 12 户 is found by it on the telephone. */
static void put_cell(struct strbuf *out, const struct list *list, const struct list_item *item,
                     int number, enum column column)
{
    const struct task_row *task = &item->task;
    const int days = task->due_on.day - list->date.day;

    switch (column) {
    case COLUMN_NUMBER:
        strbuf_addint(out, number);
        break;
    case COLUMN_TASK:
        strbuf_addint(out, task->task);
        break;
    case COLUMN_HOUSEHOLD:
        put(out, task->household);
        break;
    case COLUMN_HEAD:
        put_stacked(out, task->head_name, task->phone);
        break;
    case COLUMN_VILLAGE:
        put(out, item->village);
        break;
    case COLUMN_TIER:
        strbuf_addz(out, names_zh(&tiers, (int)task->tier));
        break;
    case COLUMN_CAUSE:
        put_stacked(out, str_of(item->kind_zh), str_of(item->cause_zh));
        break;
    case COLUMN_NOMINAL:
        put_day(out, task->nominal_due_on);
        break;
    case COLUMN_DUE:
        strbuf_addz(out, "<b class=\"n d\">");
        put_day(out, task->due_on);
        strbuf_addz(out, item->provisional ? " *</b><small>" : "</b><small>");
        put(out, str_of(item->clause));
        strbuf_addz(out, "</small>");
        break;
    case COLUMN_LEFT:
        if (days == 0) {
            strbuf_addz(out, "<b>今日</b>");
        } else {
            strbuf_addf(out, days < 0 ? "<b>逾期<br>%d 天</b>" : "剩余<br>%d 天", abs(days));
        }
        break;
    case COLUMN_PROTECTED:
        strbuf_addz(out, item->is_protected ? "<b>是</b><small>见注</small>" : "否");
        break;
    default:
        break;
    }
}

static bool is_above(const struct list *list)
{
    return list->level < LEVEL_TOWNSHIP;
}

static int width_of(const struct list *list, int column)
{
    return is_above(list) ? columns[column].above : columns[column].township;
}

static void put_foot(struct strbuf *out, const struct list *list, int span)
{
    strbuf_addf(out,
                "<tr class=end><td colspan=%d><div class=sign><span>经办人：<i></i></span>"
                "<span>负责人：<i></i></span><span>日期：<i></i></span></div>\n"
                "<footer>校验码：<code>",
                span);
    put(out, str_of(list->audit_head));
    strbuf_addz(out, "</code><br>任务单编号：<code>");
    put(out, str_of(list->id));
    strbuf_addz(out, "</code></footer></td></tr>\n");
}

static void put_tasks(struct strbuf *out, const struct list *list)
{
    int number = 0, span = 0;

    strbuf_addz(out, "<table><colgroup>");
    for (int i = 0; i < COLUMNS; i++) {
        if (width_of(list, i)) {
            span++;
            strbuf_addf(out, "<col style=\"width:%dmm\">", width_of(list, i));
        }
    }
    strbuf_addz(out, "</colgroup><thead><tr>");
    for (int i = 0; i < COLUMNS; i++) {
        if (width_of(list, i)) {
            strbuf_addf(out, "<th>%s</th>", columns[i].heading);
        }
    }
    strbuf_addz(out, "</tr></thead>\n<tbody>\n");
    for (enum section section = SECTION_LATE; section <= SECTION_NEW; section++) {
        strbuf_addf(out, "<tr class=s><th colspan=%d>%s、%s<small>共 %lld 件</small></th></tr>\n",
                    span, ordinals[section], names_zh(&sections, (int)section),
                    (long long)list->totals[section]);
        for (int n = 0; n < list->item_count; n++) {
            if (list->items[n].section != section) {
                continue;
            }
            number++;
            strbuf_addz(out, "<tr>");
            for (int i = 0; i < COLUMNS; i++) {
                if (!width_of(list, i)) {
                    continue;
                }
                if (*columns[i].class) {
                    strbuf_addf(out, "<td class=\"%s\">", columns[i].class);
                } else {
                    strbuf_addz(out, "<td>");
                }
                put_cell(out, list, &list->items[n], number, (enum column)i);
                strbuf_addz(out, "</td>");
            }
            strbuf_addz(out, "</tr>\n");
        }
        if (list->totals[section] == 0) {
            strbuf_addf(out, "<tr><td class=e colspan=%d>无</td></tr>\n", span);
        }
    }
    if (!list->change_count) {
        put_foot(out, list, span);
    }
    strbuf_addz(out, "</tbody></table>\n");
}

/* ---- changes ---- */

static void put_changes(struct strbuf *out, const struct list *list)
{
    if (!list->change_count) {
        return;
    }
    strbuf_addf(out,
                "<table class=free><colgroup><col style=\"width:28mm\"><col style=\"width:15mm\">"
                "<col style=\"width:34mm\"><col style=\"width:28mm\"><col style=\"width:151mm\">"
                "<col style=\"width:21mm\"></colgroup><thead><tr><th class=s colspan=6>情况变动"
                "<small>共 %d 项</small></th></tr><tr><th>事项</th><th>任务号</th><th>户号</th>"
                "<th>户主</th><th>内容</th><th>日期</th></tr></thead>\n<tbody>\n",
                list->change_count);
    for (int i = 0; i < list->change_count; i++) {
        const struct list_change *change = &list->changes[i];
        strbuf_addz(out, "<tr><td>");
        put(out, str_of(change->kind_zh));
        strbuf_addz(out, "</td><td class=\"c n\">");
        if (change->task) {
            strbuf_addint(out, change->task);
        }
        strbuf_addz(out, "</td><td class=n>");
        put(out, change->household);
        strbuf_addz(out, "</td><td>");
        put(out, change->head_name);
        strbuf_addz(out, "</td><td>");
        put_stacked(out, change->text, change->households_zh);
        strbuf_addz(out, "</td><td class=\"c n d\">");
        put_day(out, change->on);
        strbuf_addz(out, "</td></tr>\n");
    }
    put_foot(out, list, 6);
    strbuf_addz(out, "</tbody></table>\n");
}

/* ---- offices ---- */

static void put_office(struct strbuf *out, const struct list_office *office, const char *row)
{
    const int64_t counts[] = {office->open, office->late, office->done, office->on_time};
    int share = list_office_share(office);

    strbuf_addf(out, "%s<td>", row);
    put(out, office->name);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        strbuf_addf(out, "</td><td class=\"r n\">%lld", (long long)counts[i]);
    }
    if (share < 0) {
        strbuf_addz(out, "</td><td class=\"r n\">—</td></tr>\n");
    } else {
        strbuf_addf(out, "</td><td class=\"r n\">%d%%</td></tr>\n", share);
    }
}

static void put_offices(struct strbuf *out, const struct list *list)
{
    struct list_office sum = list_offices_sum(list);
    const char *what = list->level == LEVEL_CITY ? "区县" : "乡镇";

    if (!is_above(list)) {
        return;
    }
    sum.name = STR("合计");
    strbuf_addf(out,
                "<table class=offices><colgroup><col style=\"width:87mm\">"
                "<col style=\"width:38mm\" span=5></colgroup><thead><tr><th class=s colspan=6>"
                "各%s办理情况<small>%d月</small></th></tr><tr><th>%s</th><th>未办</th>"
                "<th>其中逾期</th><th>本月办结</th><th>其中按期</th><th>按期率</th></tr></thead>\n"
                "<tbody>\n",
                what, date_ymd(list->date).month, what);
    for (int i = 0; i < list->office_count; i++) {
        put_office(out, &list->offices[i], "<tr>");
    }
    put_office(out, &sum, "<tr class=sum>");
    strbuf_addz(out, "</tbody></table>\n");
    if (list->quiet_offices) {
        strbuf_addf(out, "<p class=note>其余 %d 个%s没有未办任务，本月也没有办结。</p>\n",
                    list->quiet_offices, what);
    }
}

/* ---- the page ---- */

/* Inside a string of a style sheet. */
static void put_css(struct strbuf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < ' ' || c == 0x7F) {
            strbuf_addc(out, ' ');
        } else if (strchr("\"\\<>&", c)) {
            strbuf_addf(out, "\\%X ", c);
        } else {
            strbuf_addc(out, (char)c);
        }
    }
}

static void put_header(struct strbuf *out, const struct list *list)
{
    static const char *const weekdays[] = {"日", "一", "二", "三", "四", "五", "六"};
    const char *kind = is_above(list) ? "督办件清单" : "复核任务单";
    const struct ymd day = date_ymd(list->date);
    int64_t open = 0;

    strbuf_addz(out,
                "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\n<title>");
    put(out, list->parent_name);
    put(out, list->name);
    strbuf_addf(out, " %s ", kind);
    put_day(out, list->date);
    /* Each page says whose it is: a sheet that fell out of its list finds back. */
    strbuf_addf(out, "</title>\n<style>%s@page{@bottom-left{content:\"", style);
    put_css(out, list->parent_name);
    put_css(out, list->name);
    strbuf_addf(out, " %s ", kind);
    put_day(out, list->date);
    strbuf_addz(out, " （编号 ");
    put_css(out, str_of(list->id));
    strbuf_addz(out, "）\"}}</style></head>\n<body>\n<header><h1>");
    put(out, list->parent_name);
    put(out, list->name);
    strbuf_addf(out, "<small>%s</small></h1><div class=day>%d年%d月%d日 星期%s<small>适用政策：",
                kind, day.year, day.month, day.day, weekdays[date_weekday(list->date)]);
    put(out, str_of(list->policy->name));
    strbuf_addz(out, "</small></div></header>\n<div class=sums>");
    for (int i = SECTION_LATE; i <= SECTION_REST; i++) {
        open += list->totals[i];
        strbuf_addf(out, "<div>%s<b>%lld</b></div>", names_zh(&sections, i),
                    (long long)list->totals[i]);
    }
    strbuf_addf(out, "<div>%s<b>%lld</b></div>", is_above(list) ? "督办件合计" : "未办合计",
                (long long)open);
    strbuf_addf(out, "<div>情况变动<b>%d</b></div></div>\n", list->change_count);
}

static void put_notes(struct strbuf *out, const struct list *list)
{
    if (!is_above(list)) {
        strbuf_addz(out, "<p class=note>结果填写：");
        names_list_zh(&review_outcomes, out);
        strbuf_addz(out, "；建档立卡任务填写：");
        names_list_zh(&decisions, out);
        strbuf_addz(out, "。终止须填理由：");
        names_list_zh(&grounds, out);
        strbuf_addz(out,
                    "（“其他”须备注）。延期须在日期栏填新期限、备注原因。“其余”已在以前的任务单"
                    "上列出，期限在七日以后。</p>\n");
    }
    if (list->protection) {
        strbuf_addz(out, "<p class=note><b>注　“受保护”为“是”的户：</b>");
        put(out, str_of(list->protection));
        strbuf_addz(out, "</p>\n");
    }
    if (list->provisional) {
        strbuf_addz(out,
                    "<p class=note><b>* 暂定期限：</b>该年度放假安排尚未公布，目前只按周末推算，"
                    "公布后可能变动。</p>\n");
    }
    if (list->change_count) {
        strbuf_addz(out, "<p class=note><b>情况变动</b>见任务表之后。</p>\n");
    }
}

void list_html(const struct list *list, struct strbuf *out)
{
    put_header(out, list);
    put_notes(out, list);
    put_offices(out, list);
    put_tasks(out, list);
    put_changes(out, list);
    strbuf_addz(out, "</body></html>\n");
}
