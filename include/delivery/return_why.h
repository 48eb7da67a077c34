/* delivery/return_why: why a row came back, in Chinese.
 *
 * The rules refuse in English, with the days and numbers that matter. One table has the sentence of
 * each refusal and takes those over; what no row of it fits is told by the reason alone, never in
 * English. */
#pragma once

#include "base/error.h"
#include "base/str.h"

/* Appends the sentence, and the clause behind the refusal where there is one. True where the table
 * has it, false where the reason alone was told. */
bool return_why(const struct error *why, struct strbuf *out);
