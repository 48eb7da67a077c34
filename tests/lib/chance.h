/* Chance for the property tests: the same numbers for the same seed, on every machine (splitmix64).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

extern uint64_t chance; /* the seed, then the state */
int below(int n);       /* 0 … n - 1 */
bool one_in(int n);
