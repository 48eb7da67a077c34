/* protocol: prints doc/protocol.md. The methods come out of the table that the service checks calls
 * by; the rest is prose that stands here. */
#include <stdio.h>
#include <string.h>

#include "control/methods.h"
#include "rules/trace.h"
#include "work/invariant.h"

static const char head[] =
    "# The control socket\n"
    "\n"
    "This file is printed by `build/protocol` from the table of methods; `rpc.discover` gives the "
    "same as an\nOpenRPC document.\n"
    "\n"
    "## Calls\n"
    "\n"
    "A UNIX stream socket (`socket` in `reviewd.conf`), JSON-RPC 2.0, one object a line, UTF-8, "
    "ended by a line\nfeed. A line holds at most 256 KiB. Parameters are an object; an unknown "
    "one, "
    "a wrong type or a missing one\nis refused before anything runs, and `null` counts as absent. "
    "Batches (at most 100 calls) and notifications\nare as the standard has them. Calls of one "
    "connection take effect in the order in which they came, and a\ncall sees what the ones before "
    "it did.\n"
    "\n"
    "Who calls is known by SO_PEERCRED and SO_PEERGROUPS. The roles `viewer`, `operator` and "
    "`admin` "
    "each include\nthe one before. An account that is bound to divisions sees and changes those "
    "alone: anything else is\n`not-found`, in the words used for what is not there; lists pass "
    "over "
    "it; and what acts on the whole store\nis `not-allowed`.\n"
    "\n"
    "```\n"
    "> {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"task.show\",\"params\":{\"task\":17}}\n"
    "< {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"task\":17,\"kind\":\"regular-review\",…}}\n"
    "```\n"
    "\n"
    "## Errors\n"
    "\n"
    "`{code, message, data: {reason, clause?}}`. `message` is English, for people; `reason` is a "
    "stable word for\nprograms; `clause` is there where the refusal rests on one.\n"
    "\n"
    "| code | when |\n"
    "| --- | --- |\n"
    "| −32700 | the line is no JSON, or no UTF-8 |\n"
    "| −32600 | it is no request, or an empty batch, or one too long; a line over the limit is "
    "answered so with id null and the connection closed |\n"
    "| −32601 | there is no such method |\n"
    "| −32602 | the parameters do not fit the table below |\n"
    "| −32000 | every refusal of the service; `data.reason` says which |\n"
    "\n"
    "| reason | means |\n"
    "| --- | --- |\n";

static const char types_text[] =
    "\n"
    "## Types\n"
    "\n"
    "`task`, `seq` and counts are integers; `household`, `member`, codes and message ids strings; "
    "money a string\nin yuan with two decimals (`\"5400.00\"`); days `\"2026-11-24\"`; instants "
    "`\"2026-11-24T07:30:00+08:00\"`; absent\nis `null`. A division's code may be typed without "
    "its "
    "trailing zeros and is answered with its 12 digits.\n"
    "\n"
    "**Lists** are `{items, next}`. `next` is null at the end, else an opaque text to be given as "
    "`cursor` for the\nnext page. One call looks at a bounded number of rows: a page can be short, "
    "or empty, and still have a `next`.\n"
    "\n"
    "**Files.** A file parameter is `{\"fd\": n}`, the index among the descriptors of the call, "
    "which come in one\nSCM_RIGHTS message with the call's first byte. What is read is a pipe, or "
    "a "
    "memfd sealed against writing,\nshrinking and growing; what is written is an unsealed memfd, "
    "for "
    "`backup` a pipe too. A call with a file\ncannot stand in a batch.\n"
    "\n"
    "**Progress.** While a long call runs, its connection gets notifications\n"
    "`{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":…,\"phase\":\"check\","
    "\"done\":n,"
    "\"total\":n}}`; `total` is null\nwhere it is not known.\n"
    "\n"
    "## Methods\n";

static const char watching[] =
    "\n## Watching\n\n"
    "A connection that called `queue.watch` gets, as long as it stands, a notification for each "
    "message that waits in the\ndivision: first those that wait already, oldest first, then each "
    "as it becomes ready to be taken. Several divisions\n(at most 1,000) can be watched on one "
    "connection; one that is watched already begins anew.\n\n"
    "```\n"
    "< {\"jsonrpc\":\"2.0\",\"method\":\"queue.message\",\"params\":{\"id\":\"1-42\","
    "\"kind\":\"daily\",\"division\":\"500101001000\",…}}\n"
    "< {\"jsonrpc\":\"2.0\",\"method\":\"queue.unwatched\",\"params\":{\"division\":"
    "\"500101001000\",\"reason\":\"conflict\",\"message\":…}}\n"
    "```\n\n"
    "`params` of `queue.message` is an item as `queue.take` gives it, and it is not leased: a "
    "message that is pushed to somebody\nwho has just died would be held by nobody, and two "
    "watchers would have to share what both asked to see. A consumer that is\ntold takes with "
    "`queue.take`, on the same connection or another, and is told in the order in which it can "
    "take. A message that\nis told may be taken and acknowledged by another before; one whose "
    "lease runs out is not told again, but\n`queue.take` says until when a lease holds the "
    "division. Nothing is kept for a client that does not read: it is told\nfrom where it "
    "stopped once it does, and misses only what was acknowledged meanwhile. After a "
    "`division.merge` all that waits is told\nanew: what came along with a division is older than "
    "what was told of the other.\n\n"
    "`queue.unwatched` is the last that is told of a division: the account may not see it any "
    "more, or is no operator any more,\nor the division is delivered by the spool now, or was "
    "joined to another, or the store cannot be read.\n";

static const struct {
    enum reason reason;
    const char *text;
} reasons[] = {
    {REASON_NOT_FOUND, "there is no such thing, or the account may not know of it"},
    {REASON_NOT_ALLOWED, "the account's role or its divisions do not reach so far"},
    {REASON_PROTECTED, "the continuity rule protects the household"},
    {REASON_BAD_ARGUMENT, "a value that the rules refuse"},
    {REASON_BAD_ROWS, "a file with faults: `data.faults`, and `data.more` beyond 1,000"},
    {REASON_CONFLICT, "not in the state that things are in"},
    {REASON_TOO_EARLY, "before the day on which it may be done"},
    {REASON_TOO_LATE, "after the day until which it could be done"},
    {REASON_RUN_HELD, "a gap holds the daily run; `run` with `confirm` first"},
    {REASON_BUSY, "not now: the service is full or about to end"},
    {REASON_TOO_LARGE, "more than the limits allow"},
    {REASON_STORAGE, "the disk or the store failed"},
    {REASON_INTERNAL, "a fault of the service's own"},
};

/* The `reason` of a fault of an import (work/import_kind.h). */
static const struct {
    const char *reason, *text;
} faults[] = {
    {"after-today", "a day that is not yet"},
    {"ambiguous", "a calendar with as many days of one year as of another"},
    {"bad-code", "no division code of up to 12 digits"},
    {"bad-date", "no day such as 2026-11-24, or one that no calendar has"},
    {"bad-id", "an identity number of another form, or with a wrong check digit (GB 11643)"},
    {"bad-level", "a division of another level than is wanted here"},
    {"bad-money", "no amount in yuan with at most two decimals"},
    {"bad-number", "no year from 1990 to 2199"},
    {"bad-parent", "the parent is of another level, or does not begin the code"},
    {"bad-text",
     "a sign of a loss on the way: control or invisible characters, U+FFFD, lost digits"},
    {"bad-word", "none of the words of the column"},
    {"before-approval", "a day before that of the approval"},
    {"before-birth", "a death or a move before the member was born"},
    {"damaged", "a workbook that cannot be read, or no sheet at all"},
    {"below-poverty-line", "the standard is under the poverty line"},
    {"conflict", "what is on record is something else, and an import does not change it"},
    {"contradiction", "the identity number says another day of birth"},
    {"duplicate", "it stands in the file already"},
    {"encoding", "a byte that is no text in the encoding of the file"},
    {"missing", "a cell or a column that must be there"},
    {"other-year", "a day of a calendar that is neither of its year nor of one beside it"},
    {"quote", "a quoted cell that does not end, or goes on behind its end"},
    {"too-long", "a cell or the file is longer than it may be"},
    {"too-many-cells", "a row with more cells than the heading has"},
    {"unknown-column", "a heading that is no column of this file"},
    {"unknown-division", "no such division is known"},
    {"unknown-household", "no such household is known"},
};

static const char *const rules[] = {
    [TRACE_POLICY] = "the version of the policy in force on the day of the decision",
    [TRACE_HOUSEHOLD] = "the facts on record, each with its day and where it comes from",
    [TRACE_TIER] = "the tier in force and where it comes from",
    [TRACE_TIER_RULE] = "one of the policy's ordered rules tried",
    [TRACE_ANCHOR] = "the day from which cycles are counted",
    [TRACE_INTERVAL] = "anchor + k × interval, or the end of the k-th period",
    [TRACE_CLAMP] = "the day gives way to the end of a shorter month",
    [TRACE_ROLL] = "a day off passed over, one step for each",
    [TRACE_REPORT] = "a reported change that opened or joined the triggered review",
    [TRACE_WORKING] = "a number of working days counted after a day",
    [TRACE_DUE] = "the deadline that results",
    [TRACE_LEAD] = "the deadline less the lead: `opens_on`",
    [TRACE_PROVISIONAL] = "a year without a published calendar was examined",
    [TRACE_CANDIDATE] = "a nominal date passed over, and why",
    [TRACE_BEFORE_ENTRY] = "a nominal date before the household's entry, of which nothing is known",
    [TRACE_POSTPONED] = "the deadline was postponed",
    [TRACE_LATE] = "whether the task is late today",
    [TRACE_CONDITION] = "one condition of the continuity rule",
    [TRACE_PROTECTION] = "protected or not",
    [TRACE_INCOME] = "countable income a head, and the limit that it is held against",
    [TRACE_GROUND] = "a ground that ends a protected allowance: borne out by the facts or not",
    [TRACE_ENDING] = "whether the act may rest on its ground",
    [TRACE_CAMPAIGN] = "a step of the year's adjustment of the register and its day",
    [TRACE_ALERT] = "a rung of the ladder of alerts and its day",
};
_Static_assert(sizeof rules / sizeof *rules == TRACE_RULE_COUNT, "a line for each rule");

static const char *const hows[] = {
    [METHOD_QUERY] = "a query, answered from one snapshot",
    [METHOD_CHANGE] = "a change, on disk when it is answered",
    [METHOD_JOB] = "long work, with progress",
};

/* What a value must be; the words of a table as code. */
static void print_type(const struct param *p)
{
    struct strbuf text = STRBUF_INIT;

    if (p->type != PARAM_WORD) {
        method_type_text(p, &text);
        printf("%s", strbuf_text(&text));
        strbuf_free(&text);
        return;
    }
    for (int i = 0; i < p->words->count; i++) {
        if (p->words->words[i].text && *p->words->words[i].text) {
            printf("%s`%s`", i > 0 ? ", " : "", p->words->words[i].text);
        }
    }
}

static const char *const bounds_text[] = {
    [BOUND_UNSAID] = "",
    [BOUND_NOWHERE] = "the same for accounts that are bound to divisions",
    [BOUND_WHOLE] = "not for accounts that are bound to divisions",
    [BOUND_HOUSEHOLD] = "bound by the household",
    [BOUND_TASK] = "bound by the task",
    [BOUND_DIVISION] = "bound by the division",
    [BOUND_ITEMS] = "bound accounts get what they see of it",
};

static void print_method(const struct method *m)
{
    printf("\n### %s\n\n%s. Least role: %s; %s; %s.\n\n", m->name, m->summary,
           names_text(&roles, (int)m->least), hows[m->how], bounds_text[m->bound]);
    if (m->params) {
        printf("| parameter | is | |\n| --- | --- | --- |\n");
        for (const struct param *p = m->params; p->name; p++) {
            printf("| `%s`%s | ", p->name, p->required ? "" : "?");
            print_type(p);
            printf(" | %s |\n", p->help);
        }
        printf("\n");
    }
    printf("Result: %s\n", m->result_help);
}

/* What rpc.discover answers, to be committed and compared (doc/openrpc.json). */
static int print_openrpc(void)
{
    json_t *document = NULL;
    struct error err = ERROR_INIT;

    if (!method_find(STR("rpc.discover"))->run(NULL, NULL, &document, &err)) {
        return 1;
    }
    json_dumpf(document, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(document);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--openrpc") == 0) {
        return print_openrpc();
    }
    fputs(head, stdout);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        printf("| `%s` | %s |\n", reason_name(reasons[i].reason), reasons[i].text);
    }
    fputs(types_text, stdout);
    for (const struct method *const *family = methods; *family; family++) {
        for (const struct method *m = *family; m->name; m++) {
            print_method(m);
        }
    }
    fputs(watching, stdout);
    printf("\n## Faults of an import\n\nThe `reason` of a fault.\n\n"
           "| reason | means |\n| --- | --- |\n");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        printf("| `%s` | %s |\n", faults[i].reason, faults[i].text);
    }
    printf(
        "\n## Invariants\n\nWhat `verify` checks, and the section of the specification that asks "
        "it.\n\n| invariant | holds where | section |\n| --- | --- | --- |\n");
    for (int i = 0; invariants[i]; i++) {
        for (const struct invariant *n = invariants[i]; n->word; n++) {
            printf("| `%s` | %s | %s |\n", n->word, n->what, n->clause);
        }
    }
    printf("\n## Rules of `explain`\n\nThe closed table of the `rule` of a step.\n\n"
           "| rule | the step says |\n| --- | --- |\n");
    for (int i = 0; i < TRACE_RULE_COUNT; i++) {
        printf("| `%s` | %s |\n", names_text(&trace_rules, i), rules[i]);
    }
    return ferror(stdout) || fflush(stdout) != 0;
}
