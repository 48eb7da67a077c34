/* work/configuration: all that reviewd reads from files before it answers: reviewd.conf, the
 * policies and the calendars, checked together; and the same again while it runs.
 *
 * A reload takes a whole new configuration or none of it: everything is read and checked before
 * anything changes. `store`, `spool`, `socket` and `timezone` cannot change while the service runs.
 * Settings that were replaced are kept until the process ends, for the other thread or a job under
 * way may still read them: some kilobytes for each reload, against a lock in every reader. */
#pragma once

#include "work/work.h"

/* Reads and checks everything that `file` names. NULL with each fault ("file:line: what") in
 * *faults. The policies are the caller's, the settings configuration's (until configuration_end()).
 */
const struct settings *configuration_load(const char *file, struct policy_set **policies,
                                          struct faults *faults);
/* On the writer, outside any transaction; leaves one open, for the audit of it. Puts new settings,
 * policies and calendars into the writer's work. Errors: bad-argument with every fault
 * (the log has those that are too many for an answer); storage. */
bool configuration_reload(struct work *w, struct error *err);
/* Frees every settings that was loaded. Nobody may use them any more. */
void configuration_end(void);
