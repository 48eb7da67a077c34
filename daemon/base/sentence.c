#include "base/sentence.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"

static const struct sentence_row rows[SAY_COUNT] = {
    [SAY_NOTHING] = {"NOTHING", REASON_INTERNAL, 0, "", ""},
#define SENTENCE(id, reason, takes, english, chinese)                                              \
    [SAY_##id] = {#id, REASON_##reason, takes, english, chinese},
#include "base/sentences.def"
#undef SENTENCE
};

/* What the system says most often; any other by its number. */
static const struct {
    int number;
    const char *zh;
} system_words[] = {
    {ENOENT, "文件或文件夹不存在"}, {EACCES, "没有权限"},
    {EPERM, "不允许这样操作"},      {ENOSPC, "磁盘空间不足"},
    {EDQUOT, "超出磁盘配额"},       {EIO, "读写出错"},
    {EROFS, "文件系统只读"},        {EISDIR, "是文件夹"},
    {ENOTDIR, "不是文件夹"},        {EEXIST, "已经存在"},
    {EMFILE, "打开的文件过多"},     {ENFILE, "打开的文件过多"},
    {ELOOP, "链接层数过多"},        {ENAMETOOLONG, "名称过长"},
    {EPIPE, "对方已关闭管道"},      {EINVAL, "参数无效"},
    {EAGAIN, "资源暂时不可用"},     {ENOMEM, "内存不足"},
    {ECONNREFUSED, "连接被拒绝"},   {ECONNRESET, "连接被对方中断"},
    {ETXTBSY, "文件正在使用"},      {EBUSY, "正在使用"},
    {EXDEV, "不在同一文件系统"},    {EFBIG, "文件过大"},
};

static const struct word reason_words[REASON_COUNT] = {
    [REASON_NONE] = {"none", "未登记"},
    [REASON_NOT_FOUND] = {"not-found", "没有找到，请核对任务号"},
    [REASON_NOT_ALLOWED] = {"not-allowed", "没有权限"},
    [REASON_PROTECTED] = {"protected", "该户低保受连续保障保护，不得终止"},
    [REASON_BAD_ARGUMENT] = {"bad-argument", "填写的内容不符合要求"},
    [REASON_BAD_ROWS] = {"bad-rows", "文件无法识别，请在下发的清单上填写，另存为 CSV 后交回"},
    [REASON_CONFLICT] = {"conflict", "与已登记的情况不一致"},
    [REASON_TOO_EARLY] = {"too-early", "日期过早"},
    [REASON_TOO_LATE] = {"too-late", "已过期限"},
    [REASON_RUN_HELD] = {"run-held", "系统暂停登记，请稍后再交"},
    [REASON_BUSY] = {"busy", "系统正忙，请稍后再交"},
    [REASON_TOO_LARGE] = {"too-large", "文件过大"},
    [REASON_STORAGE] = {"storage", "系统存储故障，请联系管理员"},
    [REASON_INTERNAL] = {"internal", "系统内部错误，请联系管理员"},
};
static const struct names reasons = NAMES_TABLE("reason", reason_words);

/* ---- arguments ---- */

struct arg arg_text(struct str text)
{
    return (struct arg){ARG_TEXT, NULL, {.text = xstrndup(text.data ? text.data : "", text.len)}};
}

struct arg arg_z(const char *text)
{
    return arg_text(str_of(text));
}

struct arg arg_int64(int64_t number)
{
    return (struct arg){ARG_NUMBER, NULL, {.number = number}};
}

struct arg arg_factor(double factor)
{
    return (struct arg){ARG_FACTOR, NULL, {.factor = factor}};
}

struct arg arg_day(int32_t day)
{
    return (struct arg){ARG_DAY, NULL, {.number = day}};
}

struct arg arg_fen(int64_t fen)
{
    return (struct arg){ARG_FEN, NULL, {.number = fen}};
}

struct arg arg_system(int number)
{
    return (struct arg){ARG_SYSTEM, NULL, {.number = number}};
}

struct arg arg_word(const struct names *names, int value)
{
    return (struct arg){ARG_WORD, names, {.number = value}};
}

struct arg arg_words(const struct names *names)
{
    return (struct arg){ARG_WORDS, names, {.number = 0}};
}

struct arg arg_said(struct sentence *said)
{
    return (struct arg){ARG_SAID, NULL, {.said = said}};
}

struct arg arg_list(void)
{
    return (struct arg){ARG_LIST, NULL, {.said = xcalloc(1, sizeof(struct sentence))}};
}

struct arg arg_either(void)
{
    return (struct arg){ARG_EITHER, NULL, {.said = xcalloc(1, sizeof(struct sentence))}};
}

void arg_add(struct arg *list, struct arg element)
{
    struct sentence *s = list->said;

    s->args = xrealloc(s->args, (size_t)(s->count + 1) * sizeof *s->args);
    s->args[s->count++] = element;
}

void arg_free(struct arg arg)
{
    if (arg.kind == ARG_TEXT) {
        free(arg.text);
    } else if (arg.kind == ARG_LIST || arg.kind == ARG_EITHER || arg.kind == ARG_SAID) {
        sentence_free(arg.said);
    }
}

/* ---- sentences ---- */

struct sentence *sentence_of(enum say id, ...)
{
    struct sentence *s = xcalloc(1, sizeof *s);
    struct arg list = {ARG_LIST, NULL, {.said = s}};
    va_list args;

    s->id = id;
    va_start(args, id);
    for (;;) {
        struct arg arg = va_arg(args, struct arg);
        if (arg.kind == ARG_END) {
            break;
        }
        arg_add(&list, arg);
    }
    va_end(args);
    if (id <= SAY_NOTHING || id >= SAY_COUNT || s->count != rows[id].takes) {
        log_put(LOG_ERR, "event=fault: sentence %d was given %d arguments", (int)id, s->count);
        sentence_free(s);
        return sentence(SAY_BROKEN, arg_number((int64_t)id));
    }
    return s;
}

struct sentence *sentence_copy(const struct sentence *said)
{
    struct sentence *copy = xmalloc(sizeof *copy);

    *copy = (struct sentence){said->id, said->count, NULL};
    if (said->count) {
        copy->args = xmalloc((size_t)said->count * sizeof *copy->args);
    }
    for (int i = 0; i < said->count; i++) {
        struct arg arg = said->args[i];
        if (arg.kind == ARG_TEXT) {
            arg.text = xstrdup(arg.text);
        } else if (arg.kind == ARG_LIST || arg.kind == ARG_EITHER || arg.kind == ARG_SAID) {
            arg.said = sentence_copy(arg.said);
        }
        copy->args[i] = arg;
    }
    return copy;
}

void sentence_free(struct sentence *said)
{
    if (said) {
        for (int i = 0; i < said->count; i++) {
            arg_free(said->args[i]);
        }
        free(said->args);
        free(said);
    }
}

static void put_day(int64_t day, struct strbuf *out)
{
    char text[16];
    time_t instant = (time_t)(day * 86400);
    struct tm tm;

    if (day != INT32_MIN && gmtime_r(&instant, &tm) && strftime(text, sizeof text, "%F", &tm)) {
        strbuf_addz(out, text);
    }
}

static void put_system(int number, bool zh, struct strbuf *out)
{
    if (!zh) {
        strbuf_addz(out, strerror(number));
        return;
    }
    for (size_t i = 0; i < sizeof system_words / sizeof system_words[0]; i++) {
        if (system_words[i].number == number) {
            strbuf_addz(out, system_words[i].zh);
            return;
        }
    }
    strbuf_addf(out, "系统错误%d", number);
}

static void put_sentence(const struct sentence *s, bool zh, struct strbuf *out);

static void put_arg(const struct arg *arg, bool zh, struct strbuf *out)
{
    switch (arg->kind) {
    case ARG_END:
        break;
    case ARG_TEXT:
        strbuf_addz(out, arg->text);
        break;
    case ARG_NUMBER:
        strbuf_addint(out, arg->number);
        break;
    case ARG_FACTOR:
        strbuf_addf(out, "%g", arg->factor);
        break;
    case ARG_DAY:
        put_day(arg->number, out);
        break;
    case ARG_FEN:
        strbuf_addfen(out, arg->number);
        break;
    case ARG_SYSTEM:
        put_system((int)arg->number, zh, out);
        break;
    case ARG_WORD:
        strbuf_addz(out, (zh ? names_zh : names_text)(arg->names, (int)arg->number));
        break;
    case ARG_WORDS:
        (zh ? names_list_zh : names_list)(arg->names, out);
        break;
    case ARG_LIST:
    case ARG_EITHER:
        for (int i = 0; i < arg->said->count; i++) {
            if (i > 0) {
                strbuf_addz(out, zh ? "、" : arg->kind == ARG_LIST ? ", " : " or ");
            }
            put_arg(&arg->said->args[i], zh, out);
        }
        break;
    case ARG_SAID:
        put_sentence(arg->said, zh, out);
        break;
    }
}

static void put_sentence(const struct sentence *s, bool zh, struct strbuf *out)
{
    const struct sentence_row *row = &rows[s->id];

    for (const char *p = zh ? row->chinese : row->english; *p; p++) {
        if (p[0] == '{' && p[1] >= '1' && p[1] < '1' + s->count && p[2] == '}') {
            put_arg(&s->args[p[1] - '1'], zh, out);
            p += 2;
        } else {
            strbuf_addc(out, *p);
        }
    }
}

void sentence_text(const struct sentence *said, struct strbuf *out)
{
    if (said) {
        put_sentence(said, false, out);
    }
}

void sentence_zh(const struct sentence *said, struct strbuf *out)
{
    if (said) {
        put_sentence(said, true, out);
    }
}

enum reason sentence_reason(const struct sentence *said)
{
    return rows[said->id].reason;
}

const struct sentence_row *sentence_row(enum say id)
{
    return &rows[id];
}

const char *reason_name(enum reason reason)
{
    bool known = (int)reason >= 0 && reason < REASON_COUNT;

    return names_text(&reasons, known ? (int)reason : REASON_INTERNAL);
}

const char *reason_zh(enum reason reason)
{
    return names_zh(&reasons, (int)reason);
}
