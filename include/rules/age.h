/* rules/age: ages at which the circular's categories change (contract.md 3.7; 二(一)2). */
#pragma once

#include "rules/date.h"

/* The day on which someone born on `birth` reaches `age`: for a birth on 29 February the 28th, in
 * leap years too. DATE_NONE where it lies outside the range of rules/date. */
struct date age_reached_on(struct date birth, int age);
/* The birth dates of those who reach `age` on `day`, and how many there are: one; two where 28
 * February brings the 29th along; none on a 29 February. */
int age_births(struct date day, int age, struct date births[2]);
