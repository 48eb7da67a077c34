/* work/quarantine: a record that makes a phase of the daily run fail is set aside, and the run goes
 * on for all others (contract.md section 4).
 *
 * A phase does each of its records through quarantine_record(). At first they are done without more
 * ado, which is cheap; where one fails, the slice is undone and done again with a savepoint for
 * each record (phase.careful). A storage fault is nobody's record: it fails the run. */
#pragma once

#include "store/message.h"
#include "store/quarantine.h"
#include "work/phase.h"

/* Whether an error is a record's: anything but a failing store; a damaged row is its record's. */
bool quarantine_may(const struct error *why);
/* Does one record in the transaction under way. Where it fails and the phase is careful, what it
 * did is undone, the household is set aside with the reason, and the answer is true all the same.
 */
bool quarantine_record(struct phase *p, int64_t household_id, phase_act *act, const void *record,
                       struct error *err);
/* The same for what concerns a whole division: of a township a household with an open task is set
 * aside, of others the log alone tells. */
bool quarantine_division(struct phase *p, int64_t division, phase_act *act, const void *record,
                         struct error *err);
/* A list that cannot be made for a reason that is no storage fault stays queued for the next run,
 * and stops no other. quarantine_list(): one failed with *why in the run of `day`; in the
 * transaction under way, or in its own. quarantine_lists(): makes each in one transaction, each in
 * a savepoint. *failed becomes the number of the last message that failed. */
typedef bool quarantine_make(void *self, struct work *w, const struct message_row *m,
                             struct error *err);
bool quarantine_list(struct work *w, const struct message_row *m, struct date day,
                     struct error *why, int64_t *failed, struct error *err);
bool quarantine_lists(struct work *w, const struct message_row *rows, int count, struct date day,
                      quarantine_make *make, void *self, int64_t *failed, struct error *err);

/* At the end of a phase: those whom an earlier run set aside in it are done again by `again` with
 * their struct quarantine_row (NULL: the phase has looked at them by itself), and those for whom it
 * worked, or nothing was left to do, are set aside no more. */
bool quarantine_end(struct phase *p, phase_act *again, struct error *err);
