#include "delivery/return_why.h"

#include "delivery/list_words.h"

#define PIECES 6 /* wildcards of one pattern at most */

/* `*` is whatever stands there. In the Chinese, $n is the nth of them as it stands, @n its Chinese
 * by the table of pieces; of a list each of its parts. */
struct pattern {
    const char *english, *chinese;
};

#define REVIEW_OUTCOMES "“继续”“调整”“终止”或“延期”"

/* Of the whole refusal. The first that fits counts. */
static const struct pattern sentences[] = {
    /* The file as text. */
    {"the first line is not the heading of a list",
     "首行不是清单的表头（应有：任务号、户号……结果、理由、日期、备注），请在下发的清单上填写后交"
     "回"},
    {"the heading lacks *", "表头缺少“$1”列"},
    {"the heading has * twice", "表头中“$1”出现两次，无法判断以哪一列为准"},
    {"the file is empty: its heading is missing", "文件是空的，没有表头"},
    {"the file is no text: *", "这是@1，不是 CSV，请打开后另存为 CSV（逗号分隔）再交回"},
    {"neither UTF-8 nor GB18030 on line *",
     "第$1行起文字编码无法识别，请另存为 UTF-8 或 GBK（GB18030）编码的 CSV 再交回"},
    {"UTF-16, not UTF-8 or GB18030: a NUL byte on line *",
     "文件是 UTF-16（“Unicode 文本”）编码，请另存为 CSV UTF-8 再交回"},
    {"a NUL byte on line *", "第$1行含有非文本内容，这不是 CSV 文件，请另存为 CSV 再交回"},
    {"the file is larger than * MiB", "文件超过$1MB，请分成几个文件交回"},
    {"the file has more than * rows", "文件超过$1行，其后各行未处理，请分成几个文件交回"},
    {"a quotation mark *", "引号不成对，从本行起其后各行无法识别、均未处理，请检查引号后重新交回"},
    {"a record longer than * bytes", "本行过长，从本行起其后各行均未处理，请检查引号是否成对"},
    {"the file is a link, a pipe or a device", "不是普通文件，未读取；请把 CSV 文件本身放入文件夹"},
    {"the file has more than one name", "该文件另有硬链接，未读取；请复制一份后放入文件夹"},
    {"the owner of the file may not record reviews", "文件所有者的账户没有登记权限，未处理"},
    {"the name of the file does not end in .csv",
     "只接收 CSV 文件，请另存为 CSV（逗号分隔）再交回"},
    {"the owner of the file cannot be told", "无法识别文件所有者，未处理"},
    /* The cells of a row. */
    {"the task's number is missing", "没有填任务号，无法登记"},
    {"任务号: \"*\" is no task's number", "任务号“$1”无法识别，请照清单原样填写数字"},
    {"结果: \"*\" is no outcome",
     "结果“$"
     "1”无法识别，应填：继续、调整、终止、延期；建档立卡任务填：保留、退出、返贫、纳入、申请低保、"
     "不符合"},
    {"日期: \"*\" is no day", "日期“$1”无法识别或没有这一天，请按 2026-11-24 的形式填写"},
    {"理由: \"*\" is no ground of a termination",
     "终止的理由“$"
     "1”不在规定之列，应填：全员消亡或迁出、人员变动、收入明显超标、财产明显超标、收入超标、"
     "财产超标、转特困供养、自愿放弃、骗保、其他"},
    {"the row has more cells than the heading",
     "本行单元格比表头多，内容可能错列，请核对逗号和引号"},
    {"the row names household *, task * is another household's",
     "户号“$1”与任务号$2不是同一户，可能错行，请核对"},
    /* The task. */
    {"there is no task *", "本单位没有任务号为$1的任务，请核对任务号"},
    {"task * is of a future that was lost *",
     "任务号$1属于备份恢复前的数据，恢复后已失效；请按最新清单上的任务号重新填报"},
    {"task * is done already: * on *, recorded by * at *",
     "任务$1已办结：$4于$5登记为“@2”，办理日期$3；本行与之不同，未采用"},
    {"task * is cancelled already*",
     "任务$1已取消（该户已停保、销户或复核已由其他任务完成），无需再办"},
    {"task * is a register-adjustment: it is decided, not reviewed",
     "任务$1是建档立卡调整，结果应填“保留”或“退出”"},
    {"task * is a register-candidate: it is decided, not reviewed",
     "任务$1是建档立卡纳入，结果应填“纳入”（已脱贫户填“返贫”）或“不符合”"},
    {"task * is a dibao-candidate: it is decided, not reviewed",
     "任务$1是低保申请，结果应填“申请低保”或“不符合”"},
    {"task * is a *-review", "任务$1是复核任务，结果应填" REVIEW_OUTCOMES},
    /* The day. */
    {"the review's day * is after today, *", "复核日期$1晚于今天（$2），请填实际复核的日期"},
    {"the review's day * is before the window opens on *",
     "复核日期$1过早，本次复核自$2起方可办理；$2及以后的复核才算数"},
    {"the review's day * is before the report was recorded on *",
     "复核日期$1早于情况变化登记日$2，应在$2及以后复核"},
    {"the review's day * is before the last review on *",
     "复核日期$1早于上一次复核（$2），请填$2及以后的日期"},
    {"* is after today, *", "日期$1晚于今天（$2）"},
    {"* is before the task opened on *", "日期$1早于任务下达日$2，应为$2及以后"},
    {"nothing is decided before *", "日期早于政策施行日$1，不能登记"},
    /* A postponement. */
    {"the deadline * has passed", "期限$1已过，不能延期，请尽快复核"},
    {"the task has been postponed once already", "该任务已延期一次，不能再次延期"},
    {"a postponement needs a reason", "延期须在“备注”中说明原因"},
    {"a postponement needs the day to which it goes", "延期须在“日期”中填写新的期限"},
    {"* is no working day (*)", "新期限$1不是工作日（@2），请改为工作日"},
    {"* is not after the deadline *", "新期限$1不晚于原期限$2"},
    {"* is after *, the limit of * days after the original deadline",
     "新期限$1超过延期上限：最迟$2（原期限后$3天）"},
    {"* is not before *, when the next cycle opens", "新期限$1须早于下一轮复核开始日$2"},
    /* An ending. */
    {"a termination needs its ground: one of *", "终止须在“理由”中填写：@1"},
    {"the ground other needs a remark", "理由为“其他”时须在“备注”中说明"},
    {"the record contradicts all-members-gone: *", "“全员消亡或迁出”与记录不符：@1"},
    {"the household is *: there is nothing to *", "该户状态为“@1”，不能@2"},
    {"the allowance is protected while the household *: it ends only with all-members-gone (*), "
     "member-change (*), income-clearly-above (*) or assets-clearly-above (*)",
     "该户@1，低保受连续保障保护，不得终止；只有下列情形且有记录为证方可终止：全员消亡或迁出（@"
     "2）、"
     "人员变动（@3）、收入明显超标（@4）、财产明显超标（@5）"},
    /* The register. */
    {"* does not answer a * of a household whose register state is *: that takes *",
     "“@1”不适用：该户建档立卡状态为“@3”，本任务（@2）结果应填：@4"},
    {"a household whose register state is * has no * to decide",
     "该户建档立卡状态为“@1”，没有@2可办"},
};

/* Of what a sentence captured. */
static const struct pattern pieces[] = {
    {"continue", "继续"},
    {"adjust", "调整"},
    {"terminate", "终止"},
    {"postpone", "延期"},
    {"keep", "保留"},
    {"exit", "退出"},
    {"return", "返贫"},
    {"add", "纳入"},
    {"apply", "申请低保"},
    {"not-eligible", "不符合"},
    {"all-members-gone", "全员消亡或迁出"},
    {"member-change", "人员变动"},
    {"income-clearly-above", "收入明显超标"},
    {"assets-clearly-above", "财产明显超标"},
    {"income-above", "收入超标"},
    {"assets-above", "财产超标"},
    {"transferred", "转特困供养"},
    {"voluntary", "自愿放弃"},
    {"fraud", "骗保"},
    {"other", "其他"},
    {"regular-review", "定期复核"},
    {"triggered-review", "触发复核"},
    {"register-adjustment", "建档立卡调整"},
    {"register-candidate", "建档立卡纳入"},
    {"dibao-candidate", "低保申请"},
    {"active", "在保"},
    {"suspended", "停保"},
    {"closed", "已终止"},
    {"register-only", "仅建档立卡"},
    {"none", "未建档立卡"},
    {"registered", "建档立卡"},
    {"exited", "已脱贫"},
    {"returned", "返贫"},
    {"is not on the register", "未建档立卡"},
    {"is registered", "是建档立卡户"},
    {"has exited from the register", "是已脱贫户"},
    {"has returned to the register", "是返贫户"},
    {"no member is on record", "没有成员记录"},
    {"* of * members present", "登记$2人，现有$1人"},
    {"a death or a moving out recorded since the last review: none",
     "上次复核以来没有死亡或迁出的记录"},
    {"a death or a moving out recorded since the last review: on *", "$1有死亡或迁出的记录"},
    {"a death or a moving out recorded since the last review", "上次复核以来有死亡或迁出的记录"},
    {"countable income not known, standard not known", "收入和保障标准均无记录"},
    {"countable income not known, standard * × * = *",
     "收入无记录；须人均超过$3元，即标准$1元的$2倍"},
    {"countable income * a head, standard not known", "人均可计算收入$1元，保障标准无记录"},
    {"countable income * a head, standard * × * = *",
     "人均可计算收入$1元，须超过$4元，即标准$2元的$3倍"},
    {"one of *; on record: none", "@1之一，现无记录"},
    {"one of *; on record: *", "@1之一，现有记录：@2"},
    {"housing", "商品房"},
    {"motor-vehicle", "机动车辆"},
    {"business", "经营实体"},
    {"machinery", "大型机械"},
    {"savings", "大额存款"},
    {"weekend", "周末"},
    {"an Excel workbook or an archive", "Excel 工作簿（xlsx）或压缩包"},
    {"an Excel or Word file", "Excel（xls）或 Word 文件"},
    {"a PDF", "PDF 文件"},
    {"a picture", "图片"},
    {"an RTF text", "RTF 文档"},
    {"a web page", "网页"},
};

/* Where no sentence fits. */
static const char *const by_reason[REASON_COUNT] = {
    [REASON_NOT_FOUND] = "没有找到，请核对任务号",
    [REASON_NOT_ALLOWED] = "没有权限",
    [REASON_PROTECTED] = "该户低保受连续保障保护，不得终止",
    [REASON_BAD_ARGUMENT] = "填写的内容不符合要求",
    [REASON_BAD_ROWS] = "文件无法识别，请在下发的清单上填写，另存为 CSV 后交回",
    [REASON_CONFLICT] = "与已登记的情况不一致",
    [REASON_TOO_EARLY] = "日期过早",
    [REASON_TOO_LATE] = "已过期限",
    [REASON_RUN_HELD] = "系统暂停登记，请稍后再交",
    [REASON_BUSY] = "系统正忙，请稍后再交",
    [REASON_TOO_LARGE] = "文件过大",
    [REASON_STORAGE] = "系统存储故障，请联系管理员",
    [REASON_INTERNAL] = "系统内部错误，请联系管理员",
};

/* Whether `text` is the pattern's, and what its wildcards stand for: each as short as can be, the
 * last up to what follows it at the end. */
static bool fits(const char *pattern, struct str text, struct str found[PIECES])
{
    size_t count = 0;
    for (;;) {
        const char *star = strchr(pattern, '*');
        size_t len = star ? (size_t)(star - pattern) : strlen(pattern);
        if (text.len < len || memcmp(text.data, pattern, len) != 0) {
            return false;
        }
        text.data += len;
        text.len -= len;
        if (!star) {
            return text.len == 0;
        }
        pattern = star + 1;
        const char *next = strchr(pattern, '*');
        size_t want = next ? (size_t)(next - pattern) : strlen(pattern);
        const char *at;
        if (next) {
            at = memmem(text.data, text.len, pattern, want);
        } else {
            at = text.len >= want ? text.data + text.len - want : NULL;
        }
        if (!at || count == PIECES) {
            return false;
        }
        found[count++] = (struct str){text.data, (size_t)(at - text.data)};
        text.len -= (size_t)(at - text.data);
        text.data = at;
    }
}

static const char *find(const struct pattern *table, size_t rows, struct str text,
                        struct str found[PIECES])
{
    for (size_t i = 0; i < rows; i++) {
        if (fits(table[i].english, text, found)) {
            return table[i].chinese;
        }
    }
    return NULL;
}
#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void put_list(struct str list, struct strbuf *out);

/* The Chinese with its $n and @n; those of a piece are lists of words at most. */
static void fill(const char *chinese, const struct str *found, struct strbuf *out)
{
    for (const char *p = chinese; *p; p++) {
        if ((*p == '$' || *p == '@') && p[1] >= '1' && p[1] < '1' + PIECES) {
            struct str piece = found[p[1] - '1'];
            if (*p == '$') {
                strbuf_addstr(out, piece);
            } else {
                put_list(piece, out);
            }
            p++;
        } else {
            strbuf_addc(out, *p);
        }
    }
}

/* A piece that the table has whole; else its parts, divided by ", " or " or ", by the table or as
 * they stand. */
static void put_list(struct str list, struct strbuf *out)
{
    static const char *const dividers[] = {", ", " or "};
    struct str found[PIECES];
    const char *chinese = find(pieces, ROWS(pieces), list, found);
    if (chinese) {
        fill(chinese, found, out);
        return;
    }
    for (size_t i = 0; i < ROWS(dividers); i++) {
        const char *at = memmem(list.data, list.len, dividers[i], strlen(dividers[i]));
        if (at) {
            size_t len = (size_t)(at - list.data), skip = len + strlen(dividers[i]);
            put_list((struct str){list.data, len}, out);
            strbuf_addz(out, "、");
            put_list((struct str){list.data + skip, list.len - skip}, out);
            return;
        }
    }
    strbuf_addstr(out, list);
}

bool return_why(const struct error *why, struct strbuf *out)
{
    struct str found[PIECES];
    const char *chinese =
        why->said ? "" : find(sentences, ROWS(sentences), str_of(why->message), found);
    if (why->said) {
        error_zh(why, out);
    } else if (chinese) {
        fill(chinese, found, out);
    } else {
        strbuf_addz(out, by_reason[why->reason] ? by_reason[why->reason] : "未登记");
    }
    if (why->clause && *why->clause) {
        strbuf_addz(out, "（依据：");
        strbuf_addz(out, clause_zh(why->clause));
        strbuf_addz(out, "）");
    }
    return chinese != NULL;
}
