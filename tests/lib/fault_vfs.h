/* A SQLite VFS over the system's own that fails on demand: the nth call of a kind, counted from
 * fault_vfs_arm(). It becomes the default VFS; while nothing is armed it passes everything on. */
#pragma once

#include <stdbool.h>

enum fault_kind { FAULT_READ, FAULT_WRITE, FAULT_SYNC, FAULT_TRUNCATE, FAULT_OPEN, FAULT_KINDS };

void fault_vfs_install(void);
/* `stuck`: every later call of the kind fails as well, as on a disk that is full or gone. */
void fault_vfs_arm(enum fault_kind kind, int nth, bool stuck);
void fault_vfs_disarm(void);
/* Whether the armed call has come. */
bool fault_vfs_fired(void);
