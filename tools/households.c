/* households: synthetic households and members over real villages, for the demo and the benchmarks.
 *
 *   households DIVISIONS.csv FOLDER COUNT SEED TODAY
 *
 * writes FOLDER/households.csv, members.csv and standards.csv. The same arguments give the same
 * bytes. Names, numbers and phones are made up; identity numbers have a right check digit and name
 * nobody. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/csv.h"
#include "rules/date.h"
#include "rules/household.h"
#include "store/division.h"

/* What it holds ends with it: under a sanitizer that is no leak. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

struct village {
    int64_t code;
    char *name;
};

struct maker {
    uint64_t state;
    struct village *villages;
    size_t count;
    int64_t *districts;
    size_t district_count;
    struct date today;
    FILE *households, *members;
};

/* xorshift64*: the same numbers on every machine. */
static uint64_t next(struct maker *m)
{
    m->state ^= m->state >> 12;
    m->state ^= m->state << 25;
    m->state ^= m->state >> 27;
    return m->state * 0x2545F4914F6CDD1Du;
}

static int below(struct maker *m, int n)
{
    return (int)(next(m) >> 33) % n;
}

static bool chance(struct maker *m, int percent)
{
    return below(m, 100) < percent;
}

static void villages_read(struct maker *m, const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    struct csv_reader *r = csv_reader_open(fd, 0, 1, ',');
    struct csv_record record;
    struct error err = ERROR_INIT;
    size_t cap = 0, district_cap = 0;
    while (fd >= 0 && csv_reader_next(r, &record, &err) == CSV_RECORD) {
        int64_t code = division_code(record.fields[0]);
        if (str_is(record.fields[2], "village")) {
            if (m->count == cap) {
                cap = cap ? cap * 2 : 1024;
                m->villages = xrealloc(m->villages, cap * sizeof *m->villages);
            }
            m->villages[m->count++] =
                (struct village){code, xstrndup(record.fields[3].data, record.fields[3].len)};
        } else if (str_is(record.fields[2], "district")) {
            if (m->district_count == district_cap) {
                district_cap = district_cap ? district_cap * 2 : 64;
                m->districts = xrealloc(m->districts, district_cap * sizeof *m->districts);
            }
            m->districts[m->district_count++] = code;
        }
    }
    if (m->count == 0) {
        fprintf(stderr, "households: %s: no village in it\n", file);
        exit(1);
    }
    csv_reader_close(r);
    close(fd);
}

static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "杨", "黄", "赵",
                                       "周", "吴", "冉", "谭", "向", "田", "秦", "欧阳"};
static const char *const given[] = {"明华", "秀英", "建国", "桂兰", "德福", "小红", "志强",
                                    "玉珍", "光明", "素芬", "大勇", "淑芳", "世平", "春梅",
                                    "永贵", "丽",   "军",   "芳",   "伟",   "静"};

static void name_put(struct maker *m, const char *surname, FILE *out)
{
    fprintf(out, "%s%s", surname, given[below(m, 20)]);
}

/* An identity number of GB 11643 form in a district, born `age` years before today. */
static struct date identity(struct maker *m, int64_t village, int age, char out[19])
{
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    struct date born = date_plus(date_add_months(m->today, -12 * age, NULL), -below(m, 365));
    struct ymd d = date_ymd(born);
    char digits[64];
    snprintf(digits, sizeof digits, "%06d%04d%02d%02d%03d", (int)(village / 1000000), d.year,
             d.month, d.day, below(m, 1000));
    memcpy(out, digits, 17);
    int sum = 0;
    for (int i = 0; i < 17; i++) {
        sum += (out[i] - '0') * weights[i];
    }
    out[17] = "10X98765432"[sum % 11];
    out[18] = '\0';
    return born;
}

/* The day of the last review of an office that is mostly in time: in the window of the latest date.
 */
static struct date last_review(struct maker *m, struct date approved, enum tier tier)
{
    int months = tier_months(tier), k = 0;
    while (date_cmp(date_add_months(approved, (k + 1) * months, NULL), m->today) <= 0) {
        k++;
    }
    int luck = below(m, 1000);
    if (luck < 12) {
        k--; /* the last date was let pass: late or missed */
    }
    if (k <= 0 || luck >= 996) {
        return DATE_NONE; /* never yet */
    }
    struct date d = date_plus(date_add_months(approved, k * months, NULL), -below(m, 12));
    return date_later(d, approved);
}

static void member_put(struct maker *m, const char *household, int number, int64_t village,
                       const char *surname, bool able)
{
    static const char *const health_words[] = {"healthy", "healthy", "healthy",
                                               "chronic", "chronic", "serious-illness"};
    static const char *const disability_words[] = {"none", "none", "none", "none", "none",
                                                   "none", "1",    "2",    "3",    "4"};
    char id[19], day[DATE_TEXT];
    int age = number == 1 ? 35 + below(m, 50) : below(m, 85);
    struct date born = identity(m, village, age, id);
    bool child = age < 16, old = age >= 60;
    const char *work = child || old || !able ? (chance(m, 60) ? "none" : "partial") : "full";
    fprintf(m->members, "%s,%d,", household, number);
    name_put(m, surname, m->members);
    fprintf(m->members, ",%s,%s,%s,%s,%s,%s,present,\r\n", id, date_text(born, day),
            health_words[below(m, 6)], disability_words[below(m, 10)], work,
            age >= 6 && age < 22 && chance(m, 80) ? "yes" : "no");
}

static void household_put(struct maker *m, size_t number, size_t total)
{
    static const int tier_share[] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 2};
    /* Every township gets its share: villages are walked evenly, with a little wander. */
    size_t at = (number * m->count / total + (size_t)below(m, 7)) % m->count;
    const struct village *v = &m->villages[at];
    const char *surname = surnames[below(m, 16)];
    char code[48], id[19], day[DATE_TEXT];
    struct date begin = date_of(2015, 1, 1);
    struct date approved = date_plus(begin, below(m, m->today.day - begin.day - 20));
    enum tier tier = (enum tier)tier_share[below(m, 10)];
    bool by_rules = chance(m, 35), variable = chance(m, 30);
    snprintf(code, sizeof code, "%09d-%05zu", (int)(v->code / 1000), number + 1);
    identity(m, v->code, 40 + below(m, 40), id);
    fprintf(m->households, "%s,%012lld,", code, (long long)v->code);
    name_put(m, surname, m->households);
    fprintf(m->households, ",%s,\"%s%d组%d号\",1%d%09d,active,%s,%s,", id, v->name, 1 + below(m, 9),
            1 + below(m, 120), 3 + below(m, 6), below(m, 1000000000),
            by_rules ? "" : names_text(&tiers, (int)tier), variable ? "variable" : "stable");
    int income = 2000 + below(m, 18000);
    fprintf(m->households, "%d.%02d,%d.00,%d.00,%s,", income, below(m, 100), below(m, 4) * 600,
            below(m, 3) * 500, date_text(approved, day));
    struct date last = last_review(m, approved, by_rules ? TIER_QUARTERLY : tier);
    const char *state = chance(m, 67)   ? "none"
                        : chance(m, 60) ? "registered"
                        : chance(m, 85) ? "exited"
                                        : "returned";
    fprintf(m->households, "%s,%s\r\n", date_text(last, day), state);
    int members = 1 + below(m, 4);
    bool able = chance(m, 40);
    for (int i = 1; i <= members; i++) {
        member_put(m, code, i, v->code, surname, able);
    }
}

static FILE *file_open(const char *folder, const char *name)
{
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s/%s", folder, name);
    FILE *out = fopen(strbuf_text(&path), "we");
    if (!out) {
        perror(strbuf_text(&path));
        exit(1);
    }
    strbuf_free(&path);
    return out;
}

static void standards_put(struct maker *m, FILE *out)
{
    fputs("district,year,dibao,poverty_line\r\n", out);
    for (size_t i = 0; i < m->district_count; i++) {
        for (int year = 2017; year <= date_ymd(m->today).year; year++) {
            fprintf(out, "%012lld,%d,%d.00,%d.00\r\n", (long long)m->districts[i], year,
                    3600 + (year - 2017) * 360, 3000 + (year - 2017) * 200);
        }
    }
    fclose(out);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("usage: households DIVISIONS.csv FOLDER COUNT SEED TODAY\n", stderr);
        return 2;
    }
    struct maker m = {.state = strtoull(argv[4], NULL, 10) * 2 + 1,
                      .today = date_parse(str_of(argv[5]))};
    size_t total = strtoull(argv[3], NULL, 10);
    if (total == 0 || !date_is(m.today)) {
        fputs("households: COUNT and TODAY must be a number and a day\n", stderr);
        return 2;
    }
    villages_read(&m, argv[1]);
    m.households = file_open(argv[2], "households.csv");
    m.members = file_open(argv[2], "members.csv");
    fputs("household,division,head_name,head_id,address,phone,status,tier,income_kind,income,"
          "pension,employment_cost,approved_on,last_review_on,register\r\n",
          m.households);
    fputs("household,member,name,id,birth_on,health,disability,work_ability,student,status,"
          "status_on\r\n",
          m.members);
    for (size_t i = 0; i < total; i++) {
        household_put(&m, i, total);
    }
    standards_put(&m, file_open(argv[2], "standards.csv"));
    bool ok = fclose(m.households) == 0 && fclose(m.members) == 0;
    return ok ? 0 : 1;
}
