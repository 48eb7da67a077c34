#include "work/section.h"

#include "rules/cycle.h"

static const struct word section_text[] = {
    {"late", "逾期"}, {"due", "七日内到期"}, {"new", "新增"}, {"rest", "其余"}};
const struct names sections = NAMES_TABLE("section", section_text);

enum section task_section(const struct task_row *task, struct date today)
{
    if (task->state != TASK_OPEN) {
        return SECTION_NONE;
    }
    if (cycle_is_late(true, task->due_on, today)) {
        return SECTION_LATE;
    }
    if (date_cmp(task->due_on, date_plus(today, SECTION_DUE_DAYS)) <= 0) {
        return SECTION_DUE;
    }
    if (!date_is(task->listed_on) || date_cmp(task->listed_on, today) == 0) {
        return SECTION_NEW;
    }
    return SECTION_REST;
}
