/* work/aside: a record that makes a phase of the daily run fail is set aside, and the run goes on
 * for all others (spec.md section 4).
 *
 * A phase does each of its records through aside_record(). At first they are done without more ado,
 * which is cheap; where one fails, the slice is undone and done again with a savepoint for each
 * record (phase.careful). A storage fault is nobody's record: it fails the run. */
#pragma once

#include "store/aside.h"
#include "work/phase.h"

/* Does one record in the transaction under way. Where it fails and the phase is careful, what it
 * did is undone, the household is set aside with the reason, and the answer is true all the same.
 */
bool aside_record(struct phase *p, int64_t household_id, phase_act *act, const void *record,
                  struct error *err);
/* The same for what concerns a whole division: of a township a household with an open task is set
 * aside, of others the log alone tells. */
bool aside_division(struct phase *p, int64_t division, phase_act *act, const void *record,
                    struct error *err);
/* A list of `day` could not be made, for a reason that is no storage fault. In a transaction. */
bool aside_list(struct work *w, int64_t division, struct date day, const char *why,
                struct error *err);

/* At the end of a phase: those whom an earlier run set aside in it are done again by `again` with
 * their struct aside_row (NULL: the phase has looked at them by itself), and those for whom it
 * worked, or nothing was left to do, are set aside no more. */
bool aside_end(struct phase *p, phase_act *again, struct error *err);
