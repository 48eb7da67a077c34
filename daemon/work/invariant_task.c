/* Invariants of the tasks: where they come from, their deadlines and their ladder
 * (contract.md 3.4, 3.6 to 3.8). */
#include "rules/alert.h"
#include "rules/register.h"
#include "store/audit.h"
#include "work/invariant.h"

#define PAGE 64

static bool is_open(const struct task_row *t)
{
    return t->state == TASK_OPEN;
}

static bool cycle_task(const struct household_check *s, struct error *err)
{
    const struct cycle_row *c = s->open;
    (void)err;
    const struct task_row *t = c && c->task ? check_task(s, c->task) : NULL;
    if (c && c->task && (!t || !is_open(t) || t->cycle != c->cycle)) {
        check_fail(s, "the open cycle %lld names task %lld, which is not its open task",
                   (long long)c->cycle, (long long)c->task);
    } else if (t && (t->due_on.day != c->dates.due_on.day ||
                     t->nominal_due_on.day != c->dates.nominal.day)) {
        check_fail(s, "task %lld and its cycle differ in their dates", (long long)t->task);
    }
    for (int i = 0; i < s->task_count; i++) {
        t = &s->tasks[i];
        if (is_open(t) && t->kind == TASK_REGULAR_REVIEW && (!c || c->task != t->task)) {
            check_fail(s, "task %lld is open, and the open cycle does not name it",
                       (long long)t->task);
        }
    }
    return true;
}

/* A calendar that came today can have moved a window to before the run that is behind us. */
static bool moved_today(const struct household_check *s, bool *moved, struct error *err)
{
    struct audit_row *rows;
    int64_t after = 0;
    int count;
    char today[DATE_TEXT];
    date_text(s->moment->today, today);
    do {
        if (!store_audit_list(s->w->store, s->a, s->row.household, after, PAGE, &rows, &count,
                              err)) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            after = rows[i].seq;
            *moved = *moved || (strcmp(rows[i].action, "deadline.move") == 0 &&
                                strncmp(rows[i].at, today, strlen(today)) == 0);
        }
    } while (count == PAGE);
    return true;
}

static bool task_opened(const struct household_check *s, struct error *err)
{
    const struct cycle_row *c = s->open;
    struct date ran = check_ran(s, RUN_OPEN);
    char day[DATE_TEXT];
    bool excused = false;
    if (!c || c->task || !date_is(ran) || date_cmp(c->dates.opens_on, ran) > 0 ||
        s->moment->recalculating) {
        return true;
    }
    if (!store_row_check_quarantine(s->w->store, s->row.id, RUN_OPEN, &excused, err) ||
        (!excused && !moved_today(s, &excused, err))) {
        return false;
    }
    if (!excused) {
        check_fail(s, "the window opened on %s and there is no task",
                   date_text(c->dates.opens_on, day));
    }
    return true;
}

static bool task_township(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->task_count; i++) {
        if (is_open(&s->tasks[i]) && s->tasks[i].township != s->row.township) {
            check_fail(s, "task %lld lies in another township than the household",
                       (long long)s->tasks[i].task);
        }
    }
    return true;
}

/* ---- deadlines ---- */

/* Once, to a day within the limit; from there the deadline can only have moved on to a working day.
 * A register task cannot be postponed. */
static bool postponed_once(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->task_count; i++) {
        const struct task_row *t = &s->tasks[i];
        const struct row_review *last = NULL;
        int count = 0;
        if (!is_open(t)) {
            continue;
        }
        for (int j = 0; j < s->h.review_count; j++) {
            const struct row_review *r = &s->h.reviews[j];
            if (!r->corrected && r->task == t->task && r->outcome == OUTCOME_POSTPONE) {
                last = r;
                count++;
            }
        }
        const struct policy *policy = last ? work_policy(s->w, last->on, NULL) : NULL;
        bool moved = t->due_on.day != t->original_due_on.day;
        if (count > 1 || (count && t->year)) {
            check_fail(s, "task %lld is postponed %d times", (long long)t->task, count);
        } else if (!count && moved) {
            check_fail(s,
                       "the deadline of task %lld is not its own, and no postponement is on record",
                       (long long)t->task);
        } else if (moved && date_cmp(t->due_on, t->original_due_on) < 0) {
            check_fail(s, "the deadline of task %lld is before its own", (long long)t->task);
        } else if (policy &&
                   (date_cmp(t->due_on, last->to) < 0 ||
                    last->to.day > t->original_due_on.day + policy->postpone_limit_days)) {
            check_fail(s, "task %lld is postponed beyond the limit, or its deadline is earlier",
                       (long long)t->task);
        }
    }
    return true;
}

/* The deadline of what has no cycle, by the policy of the day on which it opened. */
static void check_own_deadline(const struct household_check *s, const struct task_row *t)
{
    char is[DATE_TEXT], must[DATE_TEXT];
    const struct policy *policy = work_policy(s->w, t->opened_on, NULL);
    if (!policy || !is_open(t) || s->moment->recalculating) {
        return;
    }
    date_text(t->due_on, is);
    /* A recomputation makes none late, and gave it a later day than the rules do; one that was late
     * stayed where it was. */
    const struct calendar *calendar = s->w->rules->calendar;
    struct date due = t->year ? register_campaign(policy, calendar, t->year, NULL).due_on
                              : calendar_add_working(calendar, t->opened_on,
                                                     policy->triggered_working_days, NULL, NULL);
    struct date own = date_is(t->rolled_on) ? t->rolled_on : t->due_on;
    bool stayed = date_cmp(t->due_on, s->moment->today) < 0 &&
                  (date_is(t->rolled_on) || t->due_on.day != t->original_due_on.day);
    if (t->due_on.day == t->original_due_on.day &&
        (own.day != due.day || (date_cmp(t->due_on, due) < 0 && !stayed))) {
        check_fail(s, "task %lld is due on %s, by the rules on %s", (long long)t->task, is,
                   date_text(due, must));
    } else if (!stayed && !calendar_is_working(calendar, t->due_on)) {
        check_fail(s, "task %lld is due on %s, a day off", (long long)t->task, is);
    }
}

static bool triggered_deadline(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->task_count; i++) {
        if (s->tasks[i].kind == TASK_TRIGGERED_REVIEW) {
            check_own_deadline(s, &s->tasks[i]);
        }
    }
    return true;
}

static bool register_deadline(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->task_count; i++) {
        if (s->tasks[i].year) {
            check_own_deadline(s, &s->tasks[i]);
        }
    }
    return true;
}

/* Opened by the first of its reports; one that is not cancelled has one that stands. Where a review
 * was taken back, the reports since have joined the task that is open again, and theirs is
 * cancelled. */
static bool triggered_report(const struct household_check *s, struct error *err)
{
    (void)err;
    for (int i = 0; i < s->task_count; i++) {
        const struct task_row *t = &s->tasks[i];
        const struct row_report *first = NULL;
        bool standing = false;
        for (int j = 0; j < s->h.report_count; j++) {
            const struct row_report *r = &s->h.reports[j];
            if (r->task == t->task) {
                first = first ? first : r;
                standing = standing || !r->corrected;
            }
        }
        if (t->kind != TASK_TRIGGERED_REVIEW || t->state == TASK_CANCELLED) {
            continue;
        }
        if (!standing) {
            check_fail(s, "task %lld is a triggered review without a report", (long long)t->task);
        } else if (first->recorded_on.day != t->opened_on.day) {
            check_fail(s, "task %lld did not open on the day of its first report",
                       (long long)t->task);
        }
    }
    return true;
}

/* ---- the ladder ---- */

/* Whether the next rung is the one after `raised`: on its day, or, where that had passed when
 * somebody last looked, at the next run: of today, or behind the last one where the clock went
 * back. */
static bool ladder_fits(const struct household_check *s, const struct policy *policy,
                        const struct task_row *t)
{
    struct date ran = check_ran(s, RUN_ALERT), next;
    if (t->raised >= policy->rung_count) {
        return false;
    }
    if (t->raised == policy->rung_count - 1) {
        return !date_is(t->alert_on);
    }
    next = alert_day(&policy->rungs[t->raised + 1], s->w->rules->calendar, t->due_on);
    if (!date_is(t->alert_on) || t->alert_on.day < next.day) {
        return false;
    }
    bool waits = !date_is(ran) || date_cmp(t->alert_on, ran) >= 0;
    return waits && (t->alert_on.day == next.day || t->alert_on.day == ran.day ||
                     date_cmp(t->alert_on, s->moment->today) <= 0);
}

static bool ladder(const struct household_check *s, struct error *err)
{
    bool aside = false, looked = false;
    for (int i = 0; i < s->task_count && !s->moment->recalculating; i++) {
        const struct task_row *t = &s->tasks[i];
        const struct policy *then = work_policy(s->w, t->opened_on, NULL);
        const struct policy *now = work_policy(s->w, s->moment->today, NULL);
        if (!is_open(t) || (then && ladder_fits(s, then, t)) || (now && ladder_fits(s, now, t))) {
            continue;
        }
        if (!looked &&
            !store_row_check_quarantine(s->w->store, s->row.id, RUN_ALERT, &aside, err)) {
            return false;
        }
        looked = true;
        if (!aside) {
            check_fail(s, "task %lld has rung %d and its next alert is not that of the ladder",
                       (long long)t->task, t->raised);
        }
    }
    return true;
}

const struct invariant invariants_task[] = {
    {"cycle-task", "3.4", "the open regular review is the open cycle's, with its dates",
     cycle_task},
    {"task-opened", "3.4, 4",
     "the regular review exists from `opens_on` on, as far as the run has come, unless the "
     "household is set aside",
     task_opened},
    {"task-township", "5", "open tasks lie in the household's township", task_township},
    {"postponed", "3.4",
     "a deadline later than its own has its one postponement on record, within the limit",
     postponed_once},
    {"triggered-report", "3.7", "a triggered review opened with its first report",
     triggered_report},
    {"triggered-deadline", "3.7",
     "a triggered review is due its working days after it opened, unless postponed or moved on",
     triggered_deadline},
    {"register-deadline", "3.6", "a register task is due on the township's step, rolled",
     register_deadline},
    {"ladder", "3.8", "the next alert of an open task is the rung above the highest raised",
     ladder},
    {0},
};
