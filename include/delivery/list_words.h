/* delivery/list_words: what the lists say of clauses and protection. Their words are those of the
 * tables of each enum (base/names). */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "rules/policy.h"

/* What protection forbids, in a few characters. */
#define FORBIDS_ZH "不得终止、停发、注销"

/* A source of the policy files as it stands on a list: those that are written in English there, in
 * Chinese; any other as it is. */
const char *clause_zh(const char *source);

/* Why a row or a file came back: the error in Chinese, and the clause behind it where there is one,
 * appended. */
void refusal_zh(const struct error *why, struct strbuf *out);

/* What the policy's continuity rule forbids, by which clause, and what stands against it (3.5): one
 * paragraph in the arena. NULL for a policy without such a rule. */
const char *protection_zh(struct arena *a, const struct policy *policy);
