#include "rules/register.h"

static const struct word kind_text[] = {{"register-adjustment", "建档立卡调整"},
                                        {"register-candidate", "建档立卡纳入"},
                                        {"dibao-candidate", "低保申请"}};
static const struct word decision_text[] = {{"keep", "保留"},      {"exit", "退出"},
                                            {"return", "返贫"},    {"add", "纳入"},
                                            {"apply", "申请低保"}, {"not-eligible", "不符合"}};
const struct names register_kinds = NAMES_TABLE("kind", kind_text);
const struct names decisions = NAMES_TABLE("decision", decision_text);

#define STATE(name) (1U << REGISTER_##name)
#define ON_REGISTER (STATE(REGISTERED) | STATE(RETURNED))
#define OFF_REGISTER (STATE(NONE) | STATE(EXITED))
#define ANY_STATE (ON_REGISTER | OFF_REGISTER)
#define STATUS(name) (1U << STATUS_##name)
#define ANY_STATUS (STATUS(ACTIVE) | STATUS(SUSPENDED) | STATUS(CLOSED) | STATUS(REGISTER_ONLY))

/* ---- the steps of a year ---- */

static struct date step_day(int year, struct month_day d)
{
    return date_of(year, d.month, d.day);
}

static void trace_step_day(struct trace *t, const struct policy *policy, const char *what,
                           struct date day)
{
    char text[DATE_TEXT];

    if (t) {
        trace_step(t, TRACE_CAMPAIGN, TRACE_COMPUTED, policy->register_steps.source,
                   date_text(day, text), "%s %s", what, text);
    }
}

static void trace_notice(struct trace *t, const struct policy *policy)
{
    if (!t) {
        return;
    }
    int days = policy->register_steps.notice_days;
    trace_step(t, TRACE_CAMPAIGN, TRACE_COMPUTED, policy->register_steps.source, NULL,
               "a decision takes effect after %d calendar day%s of public notice, counted from the "
               "next day",
               days, days == 1 ? "" : "s");
}

struct campaign register_campaign(const struct policy *policy, const struct calendar *calendar,
                                  int year, struct trace *t)
{
    const struct register_steps *steps = &policy->register_steps;
    struct date township_by = step_day(year, steps->township_by);
    struct campaign c = {
        .year = year,
        .opens = step_day(year, steps->opens),
        .visits_until = step_day(year, steps->visits_until),
        .due_on = DATE_NONE,
        .county_by = step_day(year, steps->county_by),
        .closes = step_day(year, steps->closes),
    };

    trace_step_day(t, policy, "the year's roll is taken on", c.opens);
    trace_step_day(t, policy, "household visits until", c.visits_until);
    trace_step_day(t, policy, "the township's step is by", township_by);
    int first = t ? t->count : 0;
    if (date_is(township_by)) {
        c.due_on = calendar_roll(calendar, township_by, ROLL_FOLLOWING, &c.provisional, t);
    }
    trace_clause(t, first, policy->roll_source);
    trace_step_day(t, policy, "so the township's tasks are due on", c.due_on);
    trace_step_day(t, policy, "the county's step is by", c.county_by);
    trace_step_day(t, policy, "the year's adjustment closes on", c.closes);
    trace_notice(t, policy);
    return c;
}

/* ---- who has which task ---- */

int register_tasks(enum status status, enum register_state state, enum register_kind kinds[2])
{
    static const struct {
        unsigned statuses, states;
        enum register_kind kind;
    } roll[] = {
        {ANY_STATUS, ON_REGISTER, REGISTER_ADJUSTMENT},
        {STATUS(ACTIVE), OFF_REGISTER, REGISTER_CANDIDATE},  /* 应扶尽扶 */
        {STATUS(REGISTER_ONLY), ANY_STATE, DIBAO_CANDIDATE}, /* 应保尽保 */
    };
    int count = 0;

    for (size_t i = 0; i < sizeof(roll) / sizeof(roll[0]); i++) {
        if ((roll[i].statuses >> status & 1) && (roll[i].states >> state & 1)) {
            kinds[count++] = roll[i].kind;
        }
    }
    return count;
}

/* ---- decisions ---- */

/* What answers a task of a kind for a household in one of the states, and what it becomes. */
static const struct answer {
    enum register_kind kind;
    unsigned states;
    enum decision decision;
    bool stays; /* in its state */
    enum register_state becomes;
} answers[] = {
    {REGISTER_ADJUSTMENT, ON_REGISTER, DECISION_KEEP, .stays = true},
    {REGISTER_ADJUSTMENT, ON_REGISTER, DECISION_EXIT, .becomes = REGISTER_EXITED},
    {REGISTER_CANDIDATE, STATE(NONE), DECISION_ADD, .becomes = REGISTER_REGISTERED},
    {REGISTER_CANDIDATE, STATE(EXITED), DECISION_RETURN, .becomes = REGISTER_RETURNED},
    {REGISTER_CANDIDATE, OFF_REGISTER, DECISION_NOT_ELIGIBLE, .stays = true},
    {DIBAO_CANDIDATE, ANY_STATE, DECISION_APPLY, .stays = true},
    {DIBAO_CANDIDATE, ANY_STATE, DECISION_NOT_ELIGIBLE, .stays = true},
};
#define ANSWER_COUNT (sizeof(answers) / sizeof(answers[0]))

static bool answer_fits(const struct answer *a, enum register_kind kind, enum register_state state)
{
    return a->kind == kind && (a->states >> state & 1);
}

static bool refuse_decision(enum register_kind kind, enum register_state state,
                            enum decision decision, struct error *err)
{
    struct arg allowed = arg_either();
    struct arg task = arg_word(&register_kinds, (int)kind);
    struct arg of = arg_word(&register_states, (int)state);

    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        if (answer_fits(&answers[i], kind, state)) {
            arg_add(&allowed, arg_word(&decisions, (int)answers[i].decision));
        }
    }
    if (allowed.said->count) {
        return error_say(err, SAY_DECISION_UNFIT, arg_word(&decisions, (int)decision), task, of,
                         allowed);
    }
    arg_free(allowed);
    return error_say(err, SAY_DECISION_NONE, of, task);
}

bool register_decide(enum register_kind kind, enum register_state state, enum decision decision,
                     enum register_state *after, struct error *err)
{
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        if (!answer_fits(&answers[i], kind, state) || answers[i].decision != decision) {
            continue;
        }
        *after = answers[i].stays ? state : answers[i].becomes;
        return true;
    }
    return refuse_decision(kind, state, decision, err);
}

struct date register_effect(const struct policy *policy, struct date on)
{
    return date_plus(on, policy->register_steps.notice_days + 1);
}
