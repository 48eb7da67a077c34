#include "base/crash.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

#define CRASH_STATUS 137 /* what a shell shows after kill -9 */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct str armed;       /* STR_NONE: no point is asked for */
static atomic_int passes_left; /* of the armed point, the last of them fatal */

static void arm(const char *point)
{
    const char *colon = point ? strchr(point, ':') : NULL;
    int64_t n = 1;

    armed = colon ? (struct str){point, (size_t)(colon - point)} : str_of(point);
    if (colon && !str_to_int(str_of(colon + 1), 1, INT32_MAX, &n)) {
        n = 1;
    }
    atomic_store(&passes_left, (int)n);
}

static void arm_from_environment(void)
{
    arm(getenv("REVIEWD_CRASH_AT"));
}

void crash_point(const char *name)
{
    pthread_once(&once, arm_from_environment);
    if (armed.data && str_is(armed, name) && atomic_fetch_sub(&passes_left, 1) == 1) {
        _exit(CRASH_STATUS);
    }
}

void crash_arm(const char *point)
{
    pthread_once(&once, arm_from_environment);
    arm(point);
}
