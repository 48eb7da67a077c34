/* base/crash: named points at which a test can kill the process.
 *
 * With REVIEWD_CRASH_AT=name[:n] in the environment the process ends at once, as by kill -9 (exit
 * status 137, nothing flushed), when it passes the point `name` for the nth time (n = 1 where it is
 * not given). Otherwise a point costs one comparison. Thread-safe. */
#pragma once

/* Ends the process where this point and this pass are the ones asked for. */
void crash_point(const char *name);
/* Asks for a point as the environment would; NULL asks for none. For tests that fork. */
void crash_arm(const char *point);
