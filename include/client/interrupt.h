/* client/interrupt: SIGINT, SIGTERM and SIGHUP leave nothing half-done behind on this side, and the
 * programme ends by the signal, as the shell that waits for it expects. */
#pragma once

#include <stdbool.h>

/* Takes the signals that are not ignored already (nohup). Standard streams that are closed become
 * /dev/null first: nothing that is opened later may be taken for one. */
void interrupt_init(void);
/* A file to be removed; NULL: none any more. Borrowed. */
void interrupt_file(const char *path);
/* A progress line stands on the terminal. */
void interrupt_line(bool shown);
/* A call that may change something is on its way: then it is said that it may take effect. */
void interrupt_sent(bool sent);
