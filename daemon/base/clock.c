#include "base/clock.h"

#include <stdatomic.h>
#include <stdlib.h>

#define DAY 86400
#define INSTANT_MIN INT64_C(-62135510400) /* 0001-01-02T00:00:00Z */
#define INSTANT_MAX INT64_C(253402214399) /* 9999-12-30T23:59:59Z: four digits in any zone */
#define ECHO_MAX 40                       /* bytes of a bad argument worth repeating */

void clock_init_real(struct clock *c)
{
    c->manual = false;
    atomic_store(&c->instant, 0);
}

void clock_init_manual(struct clock *c, int64_t instant)
{
    c->manual = true;
    atomic_store(&c->instant, instant);
}

int64_t clock_now(const struct clock *c)
{
    struct timespec now;

    if (c->manual) {
        return atomic_load(&c->instant);
    }
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

void clock_set(struct clock *c, int64_t instant)
{
    if (c->manual) {
        atomic_store(&c->instant, instant);
    }
}

void clock_local(int64_t instant, struct tm *tm)
{
    time_t t = instant < INSTANT_MIN ? INSTANT_MIN : instant > INSTANT_MAX ? INSTANT_MAX : instant;

    if (!localtime_r(&t, tm)) {
        abort(); /* only for a year beyond int */
    }
}

static int64_t local_seconds(int64_t instant)
{
    struct tm tm;

    clock_local(instant, &tm);
    return instant + tm.tm_gmtoff;
}

/* mktime() leaves open which of two instants a repeated local time is. The offsets in force a day
 * before and a day after are the only two that can apply: each gives a candidate. Where neither
 * shows the wanted time it was skipped, and the offset before moves it forward by the gap. */
int64_t clock_instant(int year, int month, int day, int hour, int minute, int second)
{
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    struct tm before, after;
    int64_t wanted = timegm(&tm);

    clock_local(wanted - DAY, &before);
    clock_local(wanted + DAY, &after);
    int64_t early = wanted - before.tm_gmtoff, late = wanted - after.tm_gmtoff;
    if (early > late) {
        /* The offset grew: nothing is repeated, and the later offset counts where it holds. */
        return local_seconds(late) == wanted ? late : early;
    }
    return local_seconds(early) == wanted ? early : late;
}

int32_t clock_local_day(int64_t instant)
{
    int64_t seconds = local_seconds(instant);

    return (int32_t)(seconds / DAY - (seconds % DAY < 0));
}

static char *put_digits(char *p, int width, int value)
{
    for (int i = width; i-- > 0; value /= 10) {
        p[i] = (char)('0' + value % 10);
    }
    return p + width;
}

void clock_format(int64_t instant, char out[CLOCK_TEXT])
{
    struct tm tm;
    char *p = out;

    clock_local(instant, &tm);
    int offset = abs((int)(tm.tm_gmtoff / 60));
    p = put_digits(p, 4, tm.tm_year + 1900);
    *p++ = '-';
    p = put_digits(p, 2, tm.tm_mon + 1);
    *p++ = '-';
    p = put_digits(p, 2, tm.tm_mday);
    *p++ = 'T';
    p = put_digits(p, 2, tm.tm_hour);
    *p++ = ':';
    p = put_digits(p, 2, tm.tm_min);
    *p++ = ':';
    p = put_digits(p, 2, tm.tm_sec);
    *p++ = tm.tm_gmtoff < 0 ? '-' : '+';
    p = put_digits(p, 2, offset / 60);
    *p++ = ':';
    p = put_digits(p, 2, offset % 60);
    *p = '\0';
}

/* Takes `width` digits within [min, max] from the front of *s. */
static bool take_number(struct str *s, size_t width, int min, int max, int *value)
{
    int64_t v;

    if (s->len < width || s->data[0] == '-' ||
        !str_to_int((struct str){s->data, width}, min, max, &v)) {
        return false;
    }
    *value = (int)v;
    s->data += width;
    s->len -= width;
    return true;
}

static bool take_char(struct str *s, char c)
{
    if (!s->len || s->data[0] != c) {
        return false;
    }
    s->data++;
    s->len--;
    return true;
}

static bool take_day(struct str *s, struct tm *tm)
{
    if (!take_number(s, 4, 1, 9999, &tm->tm_year) || !take_char(s, '-') ||
        !take_number(s, 2, 1, 12, &tm->tm_mon) || !take_char(s, '-') ||
        !take_number(s, 2, 1, 31, &tm->tm_mday)) {
        return false;
    }
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    struct tm real = *tm;
    timegm(&real); /* moves 31 April to May */
    return real.tm_mday == tm->tm_mday;
}

static bool take_time(struct str *s, struct tm *tm)
{
    if (!take_number(s, 2, 0, 23, &tm->tm_hour) || !take_char(s, ':') ||
        !take_number(s, 2, 0, 59, &tm->tm_min)) {
        return false;
    }
    return !take_char(s, ':') || take_number(s, 2, 0, 59, &tm->tm_sec);
}

/* "Z", "+08:00" or "-05:30", to the end. */
static bool take_offset(struct str *s, int *seconds)
{
    int hours, minutes;

    *seconds = 0;
    if (take_char(s, 'Z')) {
        return s->len == 0;
    }
    bool west = s->len && s->data[0] == '-';
    if (!take_char(s, '+') && !take_char(s, '-')) {
        return false;
    }
    if (!take_number(s, 2, 0, 23, &hours) || !take_char(s, ':') ||
        !take_number(s, 2, 0, 59, &minutes)) {
        return false;
    }
    *seconds = (hours * 60 + minutes) * (west ? -60 : 60);
    return s->len == 0;
}

static bool bad_time(struct str text, struct error *err)
{
    return text.len > ECHO_MAX ? error_say(err, SAY_NOT_TIME_LONG)
                               : error_say(err, SAY_NOT_TIME, arg_text(text));
}

bool clock_parse(struct str text, int64_t *instant, struct error *err)
{
    struct str s = text;
    struct tm tm = {0};
    int offset;

    if (!take_day(&s, &tm)) {
        return bad_time(text, err);
    }
    if (s.len && !((take_char(&s, 'T') || take_char(&s, ' ')) && take_time(&s, &tm))) {
        return bad_time(text, err);
    }
    if (s.len) {
        if (!take_offset(&s, &offset)) {
            return bad_time(text, err);
        }
        *instant = timegm(&tm) - offset;
    } else {
        *instant = clock_instant(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                                 tm.tm_min, tm.tm_sec);
    }
    return true;
}

bool clock_parse_span(struct str text, int64_t *seconds, struct error *err)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY}};
    int64_t count;

    for (size_t i = 0; text.len && i < sizeof units / sizeof units[0]; i++) {
        if (text.data[text.len - 1] != units[i].unit) {
            continue;
        }
        if (!str_to_int((struct str){text.data, text.len - 1}, 1, INT64_MAX / DAY, &count)) {
            break;
        }
        *seconds = count * units[i].seconds;
        return true;
    }
    return text.len > ECHO_MAX ? error_say(err, SAY_NOT_SPAN_LONG)
                               : error_say(err, SAY_NOT_SPAN, arg_text(text));
}
