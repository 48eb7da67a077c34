/* delivery/words: the Chinese words that an office fills into its list and reads on it. */
#pragma once

#include "base/names.h"

/* The four outcomes of a review and the six decisions of the register: the values are those of
 * store/task's enum outcome, the decisions from OUTCOME_DECISIONS on (contract.md section 4). */
extern const struct names outcomes_zh;
/* The grounds of an ending in the order of rules/protection's enum ground (3.5). */
extern const struct names grounds_zh;

/* The value of a word that an office wrote, Chinese or the English one of the socket; -1 where it
 * is none. Blanks are the caller's to take away. */
int words_outcome(struct str word);
int words_ground(struct str word);
