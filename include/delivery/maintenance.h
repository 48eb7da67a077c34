/* delivery/maintenance: what keeps the house in order: lists that nobody fetched, old files, and
 * second attempts of what the machine refused (contract.md section 4).
 *
 */
#pragma once

#include "work/job.h"
#include "work/phase.h"

/* Working days after which a list that still lies in new/, or a message that nobody takes, is told.
 */
#define UPKEEP_PATIENCE 3

/* One round: an accepted import that a fault of the machine left is applied; lists that wait are
 * delivered; free space is measured. Posted now and then, and after a reload. */
struct job *maintenance_job(void);
/* Two phases of the daily run. */
phase_batch maintenance_pickup, maintenance_prune;
