/* work/section: the part of a township's list in which an open task stands (contract.md section 4).
 * The lists and the socket's answers use this one rule. */
#pragma once

#include "store/task.h"

enum section { SECTION_NONE = -1, SECTION_LATE, SECTION_DUE, SECTION_NEW, SECTION_REST };
extern const struct names sections; /* "late", "due", "new", "rest" */
#define SECTION_DUE_DAYS 7

/* The section of a task on a day, the first that fits: late; due within SECTION_DUE_DAYS; new, that
 * is not on any list before `today`'s; rest. SECTION_NONE where the task is not open. */
enum section task_section(const struct task_row *task, struct date today);
