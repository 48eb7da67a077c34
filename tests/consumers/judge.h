/* What the logs of consumers say, held against the store (tests/faults/consumers.bats). */
#pragma once

/* A consumer's log, a line for each thing, on disk before the next is done:
 *
 *   T ANSWERED NOW UNTIL DIVISION ID…   taken: nanoseconds of CLOCK_MONOTONIC at which the answer
 *                                       was there; Unix seconds of the product's clock
 *   A SENT ID…                          about to be acknowledged
 *   R ACKED UNKNOWN                     what the acknowledgement before was answered
 *   X                                   that no answer came: the daemon had gone
 *
 * A kill can leave an A without either, and a taking without its T.
 *
 * The store's file: "M ID DIVISION STATE" for each message, in order, "K ID" for each identifier
 * in the audit's entries of queue.ack. */

/* Prints what it found; 0 where everything held. */
int judge(const char *store, char *const *logs, int count);
