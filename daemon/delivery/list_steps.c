#include "delivery/list_steps.h"

#include "delivery/list_changes.h"
#include "rules/register.h"
#include "store/campaign.h"
#include "store/office.h"

static struct date opens(const struct campaign *c)
{
    return c->opens;
}

static struct date visits(const struct campaign *c)
{
    return c->visits_until;
}

static struct date township(const struct campaign *c)
{
    return c->due_on;
}

static struct date county(const struct campaign *c)
{
    return c->county_by;
}

static struct date closes(const struct campaign *c)
{
    return c->closes;
}

/* In the order of the year. */
static const struct step {
    struct date (*day)(const struct campaign *c);
    const char *zh;
} steps[] = {
    {opens, NULL},        {visits, "入户核查"}, {township, "乡镇环节"},
    {county, "县级环节"}, {closes, "本年度"},
};

enum when { NOT_NOW, SOON, COME };

static enum when when_is(struct date day, struct date since, struct date today)
{
    if (!date_is(day)) {
        return NOT_NOW;
    }
    if (date_cmp(day, today) <= 0) {
        return date_cmp(day, since) > 0 ? COME : NOT_NOW;
    }
    struct date first = date_plus(day, -SECTION_DUE_DAYS);
    return date_cmp(first, today) <= 0 && date_cmp(first, since) > 0 ? SOON : NOT_NOW;
}

static void say_opening(struct strbuf *text, const struct campaign *c, const struct policy *policy)
{
    char visits_until[DATE_TEXT], due[DATE_TEXT], by[DATE_TEXT], end[DATE_TEXT];

    strbuf_addf(text,
                "%d年度动态调整开始：入户核查至 %s，乡镇 %s 前办结，县级至 %s，%s 截止；决定公示 "
                "%d 日后生效",
                c->year, date_text(c->visits_until, visits_until), date_text(c->due_on, due),
                date_text(c->county_by, by), date_text(c->closes, end),
                policy->register_steps.notice_days);
}

static void say_step(struct strbuf *text, const struct step *step, const struct campaign *c,
                     enum when when, struct date today)
{
    struct date day = step->day(c);
    char at[DATE_TEXT];
    bool is_today = date_cmp(day, today) == 0;

    strbuf_addf(text, "%d年度动态调整：%s%s%s%s截止", c->year, step->zh,
                when == SOON ? "将于 "
                : is_today   ? "今日（"
                             : "已于 ",
                date_text(day, at), is_today ? "）" : " ");
}

static void put_step(struct arena *a, struct list *list, const struct step *step,
                     const struct campaign *c, enum when when, int64_t undecided)
{
    struct strbuf text = STRBUF_INIT;

    if (step == steps) {
        say_opening(&text, c, list->policy);
    } else {
        say_step(&text, step, c, when, list->date);
    }
    if (undecided > 0) {
        strbuf_addf(&text, step == steps ? "；本单位任务 %lld 件" : "；未作决定 %lld 件",
                    (long long)undecided);
    }
    list_change_put(a, list, 0,
                    (struct list_change){.kind = "register-step",
                                         .kind_zh = "年度动态调整",
                                         .on = list->date,
                                         .text = arena_str(a, strbuf_str(&text))});
    strbuf_free(&text);
}

/* Only of a year whose roll was taken. */
static bool year_steps(struct work *w, struct arena *a, struct list *list, int year,
                       struct date since, int64_t undecided, struct error *err)
{
    struct campaign c = register_campaign(list->policy, w->rules->calendar, year, NULL);
    struct campaign_row taken = {0};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        enum when when = when_is(steps[i].day(&c), since, list->date);
        if (when == NOT_NOW) {
            continue;
        }
        if (!taken.year && !store_campaign_get(w->store, year, &taken, err)) {
            return false;
        }
        if (!taken.year) {
            return true;
        }
        put_step(a, list, &steps[i], &c, when, undecided);
    }
    return true;
}

bool list_steps(struct work *w, struct arena *a, struct list *list, const int64_t undecided[2],
                struct error *err)
{
    int year = date_ymd(list->date).year;
    struct date since;

    if (!store_office_listed(w->store, list->division, list->date, &since, err)) {
        return false;
    }
    if (!date_is(since)) {
        since = date_plus(list->date, -1);
    }
    for (int i = 0; i < 2; i++) {
        if (!year_steps(w, a, list, year - 1 + i, since, undecided[i], err)) {
            return false;
        }
    }
    return true;
}
