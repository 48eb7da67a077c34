/* client/value: what was typed for an argument or an option, as the JSON that is sent. */
#pragma once

#include <jansson.h>

#include "client/command.h"

/* A new reference; NULL where `arg` is not of the input's kind. What it should have been is
 * appended to `expected` in either case. */
json_t *value_parse(const struct input *in, const char *arg, struct strbuf *expected);
/* Appends "; did you mean 'annual'?" where one of the words is near to what was typed. */
void value_meant(const struct names *words, const char *typed, struct strbuf *out);
