#include "rules/age.h"

static bool is_leap_day(struct ymd d)
{
    return d.month == 2 && d.day == 29;
}

struct date age_reached_on(struct date birth, int age)
{
    struct ymd born = date_ymd(birth);

    return date_of(born.year + age, born.month, is_leap_day(born) ? 28 : born.day);
}

int age_births(struct date day, int age, struct date births[2])
{
    struct ymd d = date_ymd(day);
    int count = 0;

    if (is_leap_day(d)) {
        return 0; /* who was born on one reached the age the day before */
    }
    births[count] = date_of(d.year - age, d.month, d.day);
    count += date_is(births[count]);
    if (d.month == 2 && d.day == 28) {
        births[count] = date_of(d.year - age, 2, 29);
        count += date_is(births[count]);
    }
    return count;
}
