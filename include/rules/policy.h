/* rules/policy: the versions of the rules, one libconfig file each (contract.md 3.1).
 *
 * A policy is read whole, checked, and then only read. Each parameter carries the clause that it
 * comes from ("local" where the circular leaves it to the localities). Policies form a set in order
 * of their days, without gap or overlap; the policy of a decision is the one in force on its day.
 */
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "base/faults.h"
#include "rules/calendar.h"
#include "rules/date.h"
#include "rules/household.h"

enum basis { BASIS_ANNIVERSARY, BASIS_CALENDAR };
extern const struct names bases; /* "anniversary", "calendar" */

/* An ordered tier rule: `when` conditions that must all hold (contract.md 3.3). */
enum tier_quantifier { TIER_ANY_MEMBER, TIER_EVERY_MEMBER };
struct tier_condition {
    enum tier_quantifier who;  /* of the present members */
    unsigned work_ability_set; /* bit 1 << enum work_ability; 0: not looked at */
    unsigned health_set;       /* bit 1 << enum health; 0: not looked at */
};
struct tier_rule {
    const char *name;
    enum tier tier;
    struct tier_condition *conditions; /* all must hold */
    int condition_count;
    unsigned income_kind_set; /* bit 1 << enum income_kind; 0: not looked at */
    const char *source;
};

enum alert_target { ALERT_TOWNSHIP, ALERT_DISTRICT, ALERT_CITY };
extern const struct names alert_targets; /* "township", "district", "city" */
struct alert_rung {
    const char *name; /* "due-soon", "due-today", "late", "escalated-district", … */
    int working_days; /* before (negative) or after `due_on` */
    enum alert_target to;
};

struct tier_terms {
    bool kept;        /* false: this version drops the tier */
    enum tier mapped; /* what a dropped tier becomes */
    int lead_days;    /* calendar days from opens_on to the deadline */
    const char *lead_source;
};

struct policy {
    const char *name;  /* "2017-campaign": the file's name without .conf */
    struct date from;  /* in force, both inclusive */
    struct date until; /* DATE_NONE for the last */
    const char *from_source, *until_source;
    char hash[DIGEST_HEX + 1]; /* SHA-256 of the file */
    /* cycle (3.4) */
    enum basis basis;
    const char *basis_source;
    enum roll roll;
    const char *roll_source;
    struct tier_terms tiers[TIER_COUNT];
    const char *tiers_source;
    bool restart; /* an early triggered review restarts the count */
    const char *restart_source;
    int postpone_limit_days; /* calendar days after the original deadline */
    const char *postpone_source;
    /* entry (3.3, 3.4): working days that a household may wait for the facts that give its tier */
    int grace_days;
    const char *grace_source;
    /* tier (3.3) */
    struct tier_rule *tier_rules;
    int tier_rule_count;
    /* protection (3.5) */
    bool continuity;        /* false: this version has no continuity rule */
    unsigned protected_set; /* bit 1 << enum register_state */
    double clearly_above;   /* countable income per head over standard, strictly */
    const char **assets;    /* the words of assets-clearly-above; NULL-terminated */
    int announce_days;      /* before the rule runs out */
    const char *continuity_source, *clearly_above_source, *assets_source;
    const char *announce_source;
    struct date pension_until; /* the pension is no income until then; DATE_NONE: without end */
    const char *pension_source;
    /* register (3.6): the year's steps as days of the year */
    struct register_steps {
        struct month_day {
            int month, day;
        } opens, visits_until, township_by, county_by, closes;
        int notice_days; /* calendar days of public notice, counted from the next day */
        const char *source;
    } register_steps;
    /* ages at which the circular's categories change (3.7), ascending */
    int *ages;
    int age_count;
    const char *ages_source;
    /* triggered reviews (3.7) */
    int triggered_working_days;
    const char *triggered_source;
    /* alerts (3.8), ascending in working_days */
    struct alert_rung *rungs;
    int rung_count;
    const char *alerts_source;
    void *memory; /* owns every text above */
};

struct policy_set;

/* Reads every *.conf of a folder. On any fault (syntax, unknown key, wrong type, value out of
 * range, missing key, gap, overlap, last version with an end, no version) returns NULL and adds
 * every fault to *faults, in order of file and line. Day texts are "2017-03-14". A folder that
 * cannot be read is one fault. */
struct policy_set *policy_set_load(const char *folder, struct faults *faults);
void policy_set_free(struct policy_set *set);
int policy_set_count(const struct policy_set *set);
const struct policy *policy_set_at(const struct policy_set *set, int index); /* in order of days */
/* The version in force on a day; NULL before the first (err: too-early, "nothing is decided before
 * …"). Traces one TRACE_POLICY step. */
const struct policy *policy_on(const struct policy_set *set, struct date day, struct trace *t,
                               struct error *err);
