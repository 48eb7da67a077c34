/* rules/standard: dibao standard and poverty line of a district and year (contract.md 3.9;
 * 二(三)1), in fen a head and year. */
#pragma once

#include "base/error.h"
#include "rules/date.h"

/* Refuses a standard under the poverty line: bad-argument with 二(三)1. Equal is allowed. */
bool standard_check(int64_t dibao, int64_t poverty_line, struct error *err);
/* Whether a year without a standard is an alert on `day`: from its second month on. */
bool standard_missing(struct date day, bool has_this_year);
