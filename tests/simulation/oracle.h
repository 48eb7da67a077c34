/* The oracle of the simulation: the rules of contract.md section 3, written apart from the daemon.
 *
 * It is slow on purpose. A day is known from an almanac that counts every day since 1900; a nominal
 * date is found by trying each day after the anchor; a rung's day by walking working days; each day
 * of the simulation looks at every household and every open task. It shares no code with daemon/
 * and reads conf/policy and conf/calendar with its own readers. Days are day numbers (1970-01-01 is
 * 0), NO_DAY is none; money is fen a year, -1 unknown.
 *
 * An act gives NULL where it is to be accepted, else the reason of the refusal. */
#ifndef SIMULATION_ORACLE_H
#define SIMULATION_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

#define NO_DAY (-1000000)
#define DAY_TEXT 11

enum o_tier { O_ANNUAL, O_SEMI, O_QUARTERLY };
enum o_status { O_ACTIVE, O_SUSPENDED, O_CLOSED, O_REGISTER_ONLY };
enum o_register { O_NONE, O_REGISTERED, O_EXITED, O_RETURNED };
enum o_cycle_state { C_OPEN, C_SATISFIED, C_ANSWERED, C_MISSED, C_SUPERSEDED, C_ENDED };
enum o_kind { K_REGULAR, K_TRIGGERED, K_ADJUSTMENT, K_CANDIDATE, K_DIBAO };
enum o_task_state { T_OPEN, T_DONE, T_CANCELLED };
enum o_present { M_PRESENT, M_DIED, M_MOVED_OUT };
enum o_source { S_GIVEN, S_DERIVED, S_DEFAULT };

/* The words of the protocol for each enum above, and for the others below. */
extern const char *const o_tiers[],
    *const o_statuses[], *const o_registers[],
                             *const o_states[],
                                 *const o_kinds[], *const o_task_states[],
                                                       *const o_presents[],
                                                           *const o_sources[],
                                                               *const o_works[],
                                                                   *const o_incomes[],
                                                                       *const o_reports[],
                                                                           *const o_grounds[],
                                                                               *const o_decisions[];
enum {
    R_ILLNESS,
    R_ACCIDENT,
    R_DEATH,
    R_BIRTH,
    R_MOVE_IN,
    R_MOVE_OUT,
    R_INCOME,
    R_ASSETS,
    R_DISASTER,
    R_SCHOOLING,
    R_OTHER,
    R_AGE
};
enum {
    G_GONE,
    G_CHANGE,
    G_INCOME_CLEARLY,
    G_ASSETS_CLEARLY,
    G_INCOME,
    G_ASSETS,
    G_TRANSFERRED,
    G_VOLUNTARY,
    G_FRAUD,
    G_OTHER,
    G_COUNT
};
enum { D_KEEP, D_EXIT, D_RETURN, D_ADD, D_APPLY, D_NOT_ELIGIBLE, D_COUNT };

struct o_member {
    char name[16];
    int birth, work, income_seen; /* work: -1 unknown, 0 none, 1 partial, 2 full */
    enum o_present status;
    bool reached[121];
};
struct o_cycle {
    int anchor, nominal, due, opens, rolled, closed, task; /* task: index, -1 none */
    enum o_tier tier;
    enum o_cycle_state state;
    bool provisional;
};
struct o_task {
    long number; /* the daemon's, once it was seen; 0 */
    enum o_kind kind;
    enum o_task_state state;
    int first; /* the day it opened first; `opened`: the last */
    int opened, nominal, original, due, rolled, year, done, township, raised;
    const char *outcome;
};
struct o_report {
    int kind, recorded, task; /* task: index of the triggered review, -1 */
    bool seen;                /* by a completed review */
};
struct o_span {
    int from;
    enum o_tier tier;
};
struct o_pending {
    int task, on, effect;
    enum o_register after;
};
enum { E_REVIEW, E_REPORT, E_TIER, E_MOVE, E_STATUS, E_DECISION };
/* What can be taken back (3.10), with the household as it stood before. */
struct o_event {
    int kind, day;
    struct o_household *was;       /* NULL: too long ago, it was not kept */
    int task;                      /* reviewed or decided */
    bool postponed, tier_imported; /* the last: an import has given another tier since */
    long income, pension, cost;    /* that a report gave */
    char member[16];               /* of a death, a birth, a moving */
    enum o_register after;
};
struct o_household {
    char code[24];
    int village; /* index of the divisions */
    enum o_status status;
    enum o_register state;
    enum o_tier tier;
    enum o_source source;
    int approved, anchor, last_review, satisfied, missed, income_kind;
    long income, pension, cost;
    unsigned assets;
    struct o_member *members;
    struct o_cycle *cycles;
    struct o_task *tasks;
    struct o_report *reports;
    struct o_span *spans;
    struct o_pending *pending;
    int member_count, cycle_count, task_count, report_count, span_count, pending_count;
    bool default_told;
    int open; /* index of the open cycle, -1 */
    struct o_event *events;
    int event_count;
    char *history; /* what happened, a line each */
    size_t history_len;
};
/* Every message of these kinds as the daemon's queue has it: alert, deadline-moved, proposal,
 * standard-missing, protection-ends, tier-default. The subject begins with the task's number, where
 * it is one's.
 */
struct o_message {
    int household, task, day; /* indexes, -1 */
    long long division;
    const char *kind;
    char subject[40];
    char *body; /* of protection-ends: its households */
};

struct oracle {
    struct o_household **households;
    struct o_message *messages;
    int count, message_count;
    int rolled_year, rolled_on, closed_year; /* of the register's campaign */
    long standards[2][200];                  /* by district and year - 1900; fen */
    bool missing_told[2][200], ends_told;
};

/* ---- the almanac ---- */
int day_of(int year, int month, int day);
void day_split(int day, int *year, int *month, int *mday);
const char *day_text(int day); /* one of a ring of 16 */
bool is_working(int day);
bool is_published(int year);
int add_working(int day, int n);

/* ---- the rules ---- */
bool oracle_read_policies(const char *folder);
bool oracle_read_calendar(const char *folder, int year);
const char *oracle_asset(unsigned which); /* a word of the first version's list, or NULL */
bool oracle_protected(const struct o_household *h, int today);
int oracle_open_task(const struct o_household *h, enum o_kind kind); /* index or -1 */

/* ---- what happens ---- */
struct o_household *oracle_add(struct oracle *o, const char *code);
void oracle_note(struct o_household *h, int day, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void oracle_enter(struct oracle *o, struct o_household *h, int today);
void oracle_members_imported(struct o_household *h, int today);
/* Facts of a household that is known; what is -1 is not given. */
void oracle_import(struct oracle *o, struct o_household *h, int income_kind, long income,
                   long pension, long cost, int tier, int state, int today);
/* A closed household is approved again (section 5, imports). */
void oracle_readmit(struct oracle *o, struct o_household *h, int approved, int today);
void oracle_run(struct oracle *o, int day);
void oracle_calendar(struct oracle *o, int today);
const char *oracle_review(struct oracle *o, struct o_household *h, int task, const char *outcome,
                          int ground, int on, int to, bool remark, int today);
const char *oracle_report(struct oracle *o, struct o_household *h, int kind, const char *member,
                          int on, long income, long pension, long cost, int asset, int today);
const char *oracle_tier(struct o_household *h, enum o_tier tier, int today);
const char *oracle_move(struct o_household *h, int village, int today);
const char *oracle_end(struct oracle *o, struct o_household *h, const char *act, int ground,
                       bool remark, int today);
const char *oracle_resume(struct oracle *o, struct o_household *h, int today);
/* Takes the latest event back. */
bool oracle_can_correct(const struct o_household *h);
const char *oracle_correct(struct oracle *o, struct o_household *h, int today);
const char *oracle_decide(struct o_household *h, int task, int decision, int on, int today);

/* A nominal date between the first on record and the open one that is none of `nominals`, or
 * NO_DAY: each by the tier that was in force on it. Those on a change's own day are left alone. */
int oracle_uncovered(const struct o_household *h, const int *nominals, int count);

/* Which grounds the facts bear out, as bits. */
unsigned oracle_grounds(struct oracle *o, const struct o_household *h, int on);

/* ---- divisions: tests/data/divisions.csv ---- */
struct o_village {
    long long village, township, district;
    int district_index;
};
extern struct o_village *villages;
extern int village_count;
#define CITY 500000000000ll
bool oracle_read_divisions(const char *path);

#endif
