#include "rules/date.h"

/* All arithmetic is in closed form. Years are counted from 1 March, so that the leap day is the
 * last of its year and the months' lengths follow one linear rule: month m of such a year (0 is
 * March) begins on its day (153 m + 2) / 5. Eras are the 400 years after which the calendar
 * repeats. */

enum {
    YEAR_MIN = 1900,
    YEAR_MAX = 2199,
    ERA_YEARS = 400,
    ERA_DAYS = 146097,
    CENTURY_DAYS = 36524,
    FOUR_YEARS_DAYS = 1461,
    EPOCH_DAYS = 719468, /* from 0000-03-01 to 1970-01-01 */
};

static int floor_div(int a, int b)
{
    return a / b - (a % b < 0);
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int date_month_days(int year, int month)
{
    static const int8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12) {
        return 0;
    }
    return days[month - 1] + (month == 2 && is_leap(year));
}

struct date date_of(int year, int month, int day)
{
    if (year < YEAR_MIN || year > YEAR_MAX || day < 1 || day > date_month_days(year, month)) {
        return DATE_NONE;
    }
    int march_year = year - (month <= 2);
    int march_month = (month + 9) % 12;
    int day_of_year = (153 * march_month + 2) / 5 + day - 1;
    int days = march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400;
    return (struct date){days + day_of_year - EPOCH_DAYS};
}

struct ymd date_ymd(struct date d)
{
    if (!date_is(d)) {
        return (struct ymd){0, 0, 0};
    }
    int days = d.day + EPOCH_DAYS;
    int era = floor_div(days, ERA_DAYS);
    int of_era = days - era * ERA_DAYS;
    int year = (of_era - of_era / (FOUR_YEARS_DAYS - 1) + of_era / CENTURY_DAYS -
                of_era / (ERA_DAYS - 1)) /
               365;
    int of_year = of_era - (365 * year + year / 4 - year / 100);
    int march_month = (5 * of_year + 2) / 153;
    int month = march_month < 10 ? march_month + 3 : march_month - 9;
    return (struct ymd){
        .year = year + era * ERA_YEARS + (month <= 2),
        .month = month,
        .day = of_year - (153 * march_month + 2) / 5 + 1,
    };
}

/* The number of `len` decimal digits, or -1. */
static int digits(const char *text, int len)
{
    int value = 0;
    for (int i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

struct date date_parse(struct str text)
{
    if (text.len != DATE_TEXT - 1 || text.data[4] != '-' || text.data[7] != '-') {
        return DATE_NONE;
    }
    return date_of(digits(text.data, 4), digits(text.data + 5, 2), digits(text.data + 8, 2));
}

static void put_digits(char *out, int value, int len)
{
    while (len-- > 0) {
        out[len] = (char)('0' + value % 10);
        value /= 10;
    }
}

const char *date_text(struct date d, char out[DATE_TEXT])
{
    out[0] = '\0';
    if (!date_is(d)) {
        return out;
    }
    struct ymd y = date_ymd(d);
    put_digits(out, y.year, 4);
    out[4] = '-';
    put_digits(out + 5, y.month, 2);
    out[7] = '-';
    put_digits(out + 8, y.day, 2);
    out[10] = '\0';
    return out;
}

int date_weekday(struct date d)
{
    int weekday = (d.day + 4) % 7; /* 1970-01-01 was a Thursday */
    return weekday < 0 ? weekday + 7 : weekday;
}

struct date date_add_months(struct date d, int months, bool *clamped)
{
    if (clamped) {
        *clamped = false;
    }
    if (!date_is(d)) {
        return DATE_NONE;
    }
    struct ymd y = date_ymd(d);
    int total = y.year * 12 + y.month - 1 + months;
    int year = floor_div(total, 12);
    int month = total - year * 12 + 1;
    int last = date_month_days(year, month);
    if (y.day > last && clamped) {
        *clamped = true;
    }
    return date_of(year, month, y.day > last ? last : y.day);
}

struct date date_month_end(struct date d)
{
    struct ymd y = date_ymd(d);
    return date_of(y.year, y.month, date_month_days(y.year, y.month));
}

struct date date_quarter_end(struct date d)
{
    struct ymd y = date_ymd(d);
    int month = (y.month + 2) / 3 * 3;
    return date_of(y.year, month, date_month_days(y.year, month));
}
