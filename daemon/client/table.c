#include "client/table.h"

#include "client/fields.h"

/* ---- words ---- */

static const struct word kind_words[] = {{"divisions", NULL}, {"households", NULL},
                                         {"members", NULL},   {"standards", NULL},
                                         {"calendar", NULL},  {"book", NULL}};
static const struct word tier_words[] = {
    {"annual", NULL}, {"semi-annual", NULL}, {"quarterly", NULL}};
static const struct word status_words[] = {
    {"active", NULL}, {"suspended", NULL}, {"closed", NULL}, {"register-only", NULL}};
static const struct word register_words[] = {
    {"none", NULL}, {"registered", NULL}, {"exited", NULL}, {"returned", NULL}};
static const struct word outcome_words[] = {
    {"continue", NULL}, {"adjust", NULL}, {"terminate", NULL}, {"postpone", NULL}};

static const struct word ground_words[] = {{"all-members-gone", NULL},
                                           {"member-change", NULL},
                                           {"income-clearly-above", NULL},
                                           {"assets-clearly-above", NULL},
                                           {"income-above", NULL},
                                           {"assets-above", NULL},
                                           {"transferred", NULL},
                                           {"voluntary", NULL},
                                           {"fraud", NULL},
                                           {"other", NULL}};
static const struct word report_words[] = {
    {"illness", NULL},  {"accident", NULL},  {"death", NULL},  {"birth", NULL},
    {"move-in", NULL},  {"move-out", NULL},  {"income", NULL}, {"assets", NULL},
    {"disaster", NULL}, {"schooling", NULL}, {"other", NULL}};
static const struct word decision_words[] = {{"keep", NULL},   {"exit", NULL},
                                             {"return", NULL}, {"add", NULL},
                                             {"apply", NULL},  {"not-eligible", NULL}};
static const struct word decided_words[] = {{"undecided", NULL}, {"decided", NULL}};
static const struct word shell_words[] = {{"bash", NULL}, {"zsh", NULL}, {"words", NULL}};
static const struct names shells = NAMES_TABLE("shell", shell_words);
static const struct names decisions = NAMES_TABLE("decision", decision_words);
static const struct names decided = NAMES_TABLE("state", decided_words);
static const struct word act_words[] = {{"terminate", NULL}, {"close", NULL}, {"suspend", NULL}};
static const struct names acts = NAMES_TABLE("act", act_words);
static const struct names grounds = NAMES_TABLE("ground", ground_words);
static const struct names reports = NAMES_TABLE("kind", report_words);
static const struct names kinds = NAMES_TABLE("kind", kind_words);
static const struct names tiers = NAMES_TABLE("tier", tier_words);
static const struct word history_words[] = {{"partial", NULL}, {"complete", NULL}};
static const struct names histories = NAMES_TABLE("history", history_words);
static const struct word known_history_words[] = {{"known", NULL}, {"unknown", NULL}};
static const struct names known_histories = NAMES_TABLE("history", known_history_words);
static const struct names statuses = NAMES_TABLE("status", status_words);
static const struct names registers = NAMES_TABLE("register", register_words);
static const struct names outcomes = NAMES_TABLE("outcome", outcome_words);

/* ---- arguments and options ---- */

#define INPUT_END                                                                                  \
    {                                                                                              \
        NULL, 0, NULL, false, NULL, NULL                                                           \
    }
#define ARGUMENT(name, kind, placeholder, words, help)                                             \
    {                                                                                              \
        name, kind, placeholder, true, words, help                                                 \
    }
#define OPTION(name, kind, placeholder, words, help)                                               \
    {                                                                                              \
        name, kind, placeholder, false, words, help                                                \
    }
#define TOWNSHIP OPTION("township", INPUT_TEXT, "CODE", NULL, "only this township")
#define PAGES                                                                                      \
    OPTION("limit", INPUT_NUMBER, "N", NULL, "at most N items a page"),                            \
        OPTION("cursor", INPUT_TEXT, "CURSOR", NULL, "go on where `next' of a page says"),         \
        OPTION("all", INPUT_ALL, NULL, NULL, "every page, not only the first")

static const struct input household_argument[] = {
    ARGUMENT("household", INPUT_TEXT, "CODE", NULL, "the household's number in the office's books"),
    INPUT_END};
static const struct input task_argument[] = {
    ARGUMENT("task", INPUT_NUMBER, "N", NULL, "the task's number"), INPUT_END};
static const struct input division_argument[] = {
    ARGUMENT("division", INPUT_TEXT, "DIVISION", NULL,
             "code of a division, with or without its trailing zeros"),
    INPUT_END};
static const struct input ids_argument[] = {
    ARGUMENT("ids", INPUT_TEXTS, "ID", NULL, "identifiers of messages that were taken"), INPUT_END};
static const struct input take_options[] = {
    OPTION("limit", INPUT_NUMBER, "N", NULL, "at most N messages"),
    OPTION("lease-seconds", INPUT_NUMBER, "S", NULL, "for so long, instead of lease_seconds"),
    INPUT_END};
static const struct input to_argument[] = {
    ARGUMENT("to", INPUT_TEXT, "TO", NULL, "local time: 2026-11-24, or 2026-11-24T07:30"),
    INPUT_END};
static const struct input by_argument[] = {
    ARGUMENT("by", INPUT_TEXT, "BY", NULL, "1d, 12h, 90m or 30s"), INPUT_END};

static const struct input import_arguments[] = {
    ARGUMENT("kind", INPUT_WORD, "KIND", &kinds, "what it holds"),
    ARGUMENT("file", INPUT_FILE, "FILE", NULL, "CSV, .xlsx or .xls; - is standard input"),
    INPUT_END};
static const struct input import_options[] = {
    OPTION("skip-bad", INPUT_OUTPUT, "FILE", NULL,
           "take the good rows, write the bad ones to FILE"),
    OPTION("year", INPUT_NUMBER, "YEAR", NULL,
           "the year that a calendar is of (that of most rows)"),
    OPTION("confirm", INPUT_SWITCH, NULL, NULL,
           "a calendar may take more than a third of its year's days back"),
    OPTION("history", INPUT_WORD, "HISTORY", &histories,
           "of households without a last review: nobody knows (partial), or none was (complete)"),
    OPTION("map", INPUT_TEXT, "NAME", NULL, "of a book: the mapping that says what is what in it"),
    OPTION("dry-run", INPUT_SWITCH, NULL, NULL, "only tell what would become of it"),
    INPUT_END};
static const struct input guess_arguments[] = {
    ARGUMENT("file", INPUT_FILE, "FILE", NULL, "the book; - is standard input"), INPUT_END};
static const struct input return_arguments[] = {
    ARGUMENT("file", INPUT_FILE, "FILE", NULL, "the filled list as CSV; - is standard input"),
    INPUT_END};
static const struct input return_options[] = {
    OPTION("rejected", INPUT_OUTPUT, "FILE", NULL, "write the rejected rows to FILE"), INPUT_END};
static const struct input household_options[] = {
    TOWNSHIP,
    OPTION("tier", INPUT_WORD, "TIER", &tiers, "only this tier"),
    OPTION("status", INPUT_WORD, "STATUS", &statuses, "only this status"),
    OPTION("register", INPUT_WORD, "STATE", &registers, "only this state on the poverty register"),
    OPTION("history", INPUT_WORD, "HISTORY", &known_histories,
           "unknown: only those whose reviews before their entry are unknown"),
    OPTION("protected", INPUT_SWITCH, NULL, NULL, "only those that the continuity rule protects"),
    PAGES,
    INPUT_END};
static const struct word doubt_words[] = {{"person-twice", NULL},
                                          {"tier-mismatch", NULL},
                                          {"birth-unknown", NULL},
                                          {"nobody-present", NULL},
                                          {"income-above", NULL}};
static const struct names doubts = NAMES_TABLE("kind", doubt_words);
static const struct input doubts_options[] = {
    TOWNSHIP, OPTION("kind", INPUT_WORD, "KIND", &doubts, "only this kind"), PAGES, INPUT_END};
static const struct input find_arguments[] = {
    ARGUMENT("text", INPUT_TEXT, "TEXT", NULL,
             "number, identity number, telephone, or how a name begins"),
    INPUT_END};
static const struct input find_options[] = {TOWNSHIP, PAGES, INPUT_END};
static const struct input due_options[] = {
    OPTION("within", INPUT_DAYS, "DAYS", NULL, "due from today to so many days on: 30d (7d)"),
    TOWNSHIP, PAGES, INPUT_END};
static const struct input late_options[] = {TOWNSHIP, PAGES, INPUT_END};
static const struct input review_options[] = {
    {"outcome", INPUT_WORD, "OUTCOME", true, &outcomes, "what the review found"},
    OPTION("ground", INPUT_WORD, "GROUND", &grounds, "why the allowance ends"),
    OPTION("on", INPUT_DAY, "DAY", NULL, "the review's own day (today)"),
    OPTION("to", INPUT_DAY, "DAY", NULL, "postpone: the new deadline"),
    OPTION("remark", INPUT_TEXT, "TEXT", NULL, "in the office's words; a postponement needs it"),
    INPUT_END};
static const struct input tier_arguments[] = {
    ARGUMENT("household", INPUT_TEXT, "CODE", NULL, "the household's number"),
    ARGUMENT("tier", INPUT_WORD, "TIER", &tiers, "the tier from now on"), INPUT_END};
static const struct input reason_options[] = {{"reason", INPUT_TEXT, "TEXT", true, NULL, "why"},
                                              INPUT_END};
static const struct input move_arguments[] = {
    ARGUMENT("household", INPUT_TEXT, "CODE", NULL, "the household's number"),
    ARGUMENT("village", INPUT_TEXT, "VILLAGE", NULL, "code of the village where it lives now"),
    INPUT_END};
static const struct input cessation_options[] = {
    {"ground", INPUT_WORD, "GROUND", true, &grounds, "on which ground"},
    OPTION("remark", INPUT_TEXT, "TEXT", NULL, "in the office's words; `other' needs it"),
    INPUT_END};
static const struct input report_arguments[] = {
    ARGUMENT("household", INPUT_TEXT, "CODE", NULL, "the household's number"),
    ARGUMENT("kind", INPUT_WORD, "KIND", &reports, "what changed"), INPUT_END};
static const struct input report_options[] = {
    {"source", INPUT_TEXT, "TEXT", true, NULL, "who told it"},
    OPTION("member", INPUT_TEXT, "M", NULL, "the member that it concerns"),
    OPTION("on", INPUT_DAY, "DAY", NULL, "the day it happened (today)"),
    OPTION("income", INPUT_TEXT, "YUAN", NULL, "income a year"),
    OPTION("pension", INPUT_TEXT, "YUAN", NULL, "of it, pension"),
    OPTION("employment-cost", INPUT_TEXT, "YUAN", NULL, "cost of employment a year"),
    OPTION("asset", INPUT_TEXT, "ASSET", NULL, "an asset on the policy's list"),
    INPUT_END};
static const struct input explain_options[] = {
    OPTION("act", INPUT_WORD, "ACT", &acts, "what this act on a --ground would meet"),
    OPTION("ground", INPUT_WORD, "GROUND", &grounds, "on which ground"), INPUT_END};
static const struct input protection_options[] = {
    OPTION("on", INPUT_DAY, "DAY", NULL, "on this day (today)"), INPUT_END};
static const struct input exceptions_options[] = {
    OPTION("from", INPUT_DAY, "DAY", NULL, "from this day on"),
    OPTION("to", INPUT_DAY, "DAY", NULL, "up to this day"), PAGES, INPUT_END};
static const struct input register_options[] = {
    OPTION("year", INPUT_NUMBER, "YEAR", NULL, "of this year (the current one)"),
    OPTION("state", INPUT_WORD, "STATE", &decided, "undecided or decided"), TOWNSHIP, PAGES,
    INPUT_END};
static const struct input decide_arguments[] = {
    ARGUMENT("task", INPUT_NUMBER, "N", NULL, "the register task's number"),
    ARGUMENT("decision", INPUT_WORD, "DECISION", &decisions, "what was decided"), INPUT_END};
static const struct input decide_options[] = {
    OPTION("on", INPUT_DAY, "DAY", NULL, "the day of the decision (today)"),
    OPTION("remark", INPUT_TEXT, "TEXT", NULL, "in the office's words"), INPUT_END};
static const struct input merge_arguments[] = {
    ARGUMENT("old", INPUT_TEXT, "OLD", NULL, "code of the township or village that is no more"),
    ARGUMENT("new", INPUT_TEXT, "NEW", NULL, "code of the one that it belongs to from now on"),
    INPUT_END};
static const struct input backup_arguments[] = {
    ARGUMENT("file", INPUT_COPY, "FILE", NULL, "where the copy is saved, mode 0600"), INPUT_END};
static const struct input backup_options[] = {
    OPTION("force", INPUT_FORCE, NULL, NULL, "replace FILE where it is there"), INPUT_END};
static const struct input page_options[] = {PAGES, INPUT_END};
static const struct input standards_options[] = {
    OPTION("year", INPUT_NUMBER, "YEAR", NULL, "only this year"), PAGES, INPUT_END};
static const struct input status_options[] = {
    OPTION("check", INPUT_SWITCH, NULL, NULL,
           "only what needs a person; exits 1 where there is any"),
    INPUT_END};
static const struct input run_options[] = {
    OPTION("date", INPUT_DAY, "DAY", NULL, "the run of this day (today)"),
    OPTION("confirm", INPUT_SWITCH, NULL, NULL, "catch up after a gap that held the run"),
    INPUT_END};
static const struct input audit_options[] = {
    OPTION("household", INPUT_TEXT, "CODE", NULL, "only what concerns this household"),
    OPTION("since", INPUT_DAY, "DAY", NULL, "from this day on"), PAGES, INPUT_END};
static const struct input chain_options[] = {
    OPTION("head", INPUT_TEXT, "HASH", NULL, "whether this hash, from a printed list, is in it"),
    INPUT_END};

static const struct input help_arguments[] = {
    {"command", INPUT_TEXT, "COMMAND", false, NULL, "a command, or the first word of several"},
    {"second", INPUT_TEXT, "WORD", false, NULL, "its second word"},
    INPUT_END};
static const struct input completion_arguments[] = {
    ARGUMENT("shell", INPUT_WORD, "SHELL", &shells, "for this shell"), INPUT_END};

/* ---- what nothing takes back ---- */

static const struct confirm closing = {NULL, NULL, CONCERN_HOUSEHOLD,
                                       "its allowance and its reviews end"};
static const struct confirm terminating = {"outcome", "terminate", CONCERN_TASK,
                                           "its allowance and its reviews end"};
static const struct confirm catching_up = {
    "confirm", NULL, CONCERN_NONE,
    "every day since the last run is caught up: its alerts are raised and its messages sent"};
static const struct confirm joining = {
    NULL, NULL, CONCERN_MERGE,
    "households, open tasks and messages of the first go to the second, for good"};
static const struct confirm setting_back = {"to", NULL, CONCERN_CLOCK, "the clock goes back"};

/* ---- the commands ---- */

const struct command table_commands[] = {
    {.name = "status",
     .method = "status",
     .options = status_options,
     .summary = "policy, counts, runs and warnings",
     .example = "status",
     .show = show_status,
     .fields = status_fields,
     .good = show_status_good},
    {.name = "import",
     .method = "import",
     .arguments = import_arguments,
     .options = import_options,
     .summary = "load a file",
     .example = "import households households.csv --skip-bad bad.csv",
     .show = show_import,
     .fields = import_fields},
    {.name = "map guess",
     .method = "map.guess",
     .arguments = guess_arguments,
     .summary = "a mapping to begin with, for a book of another shape",
     .example = "map guess households.csv",
     .show = show_text},
    {.name = "return",
     .method = "return",
     .arguments = return_arguments,
     .options = return_options,
     .summary = "outcomes from a filled list",
     .example = "return filled.csv --rejected rejected.csv",
     .show = show_return,
     .fields = return_fields,
     .good = show_return_good},
    {.name = "household show",
     .method = "household.show",
     .arguments = household_argument,
     .summary = "one household",
     .example = "household show 500101001-00042",
     .show = show_object,
     .fields = household_fields},
    {.name = "household members",
     .method = "household.members",
     .arguments = household_argument,
     .summary = "who lives there, identity numbers masked",
     .example = "household members 500101001-00042",
     .show = show_members,
     .fields = member_columns},
    {.name = "household unmask",
     .method = "household.unmask",
     .arguments = household_argument,
     .options = reason_options,
     .summary = "the same with whole identity numbers, on record",
     .example = "household unmask 500101001-00042 --reason \"asked by the court\"",
     .show = show_members,
     .fields = member_columns},
    {.name = "household list",
     .method = "household.list",
     .options = household_options,
     .summary = "households, a page at a time",
     .example = "household list --township 500101001 --tier quarterly",
     .fields = household_columns},
    {.name = "household find",
     .method = "household.find",
     .arguments = find_arguments,
     .options = find_options,
     .summary = "households and persons by what is known of them",
     .example = "household find 田桂",
     .fields = found_columns},
    {.name = "household tier",
     .method = "household.tier",
     .arguments = tier_arguments,
     .options = reason_options,
     .summary = "give a tier by hand",
     .example = "household tier 500101001-00042 quarterly --reason \"two children at school\"",
     .show = show_object},
    {.name = "household move",
     .method = "household.move",
     .arguments = move_arguments,
     .summary = "it lives in another village now",
     .example = "household move 500101001-00042 500101001003",
     .show = show_object},
    {.name = "household suspend",
     .method = "household.suspend",
     .arguments = household_argument,
     .options = cessation_options,
     .summary = "suspend the payment; the clock goes on",
     .example = "household suspend 500101001-00042 --ground other --remark \"abroad until May\"",
     .show = show_object},
    {.name = "household resume",
     .method = "household.resume",
     .arguments = household_argument,
     .summary = "resume a suspended payment",
     .example = "household resume 500101001-00042",
     .show = show_object},
    {.name = "household close",
     .method = "household.close",
     .arguments = household_argument,
     .options = cessation_options,
     .summary = "end the allowance and the reviews",
     .example = "household close 500101001-00042 --ground voluntary",
     .show = show_object,
     .confirm = &closing},
    {.name = "report",
     .method = "report",
     .arguments = report_arguments,
     .options = report_options,
     .summary = "a change that was reported",
     .example = "report 500101001-00042 illness --member 1 --source \"village doctor\"",
     .show = show_object},
    {.name = "correct",
     .method = "correct",
     .arguments = household_argument,
     .options = reason_options,
     .summary = "take back a household's latest event",
     .example = "correct 500101001-00042 --reason \"entered for the wrong household\"",
     .show = show_object},
    {.name = "protection show",
     .method = "protection.show",
     .arguments = household_argument,
     .options = protection_options,
     .summary = "whether a household is protected, and why",
     .example = "protection show 500101001-00042",
     .show = show_explain},
    {.name = "protection exceptions",
     .method = "protection.exceptions",
     .options = exceptions_options,
     .summary = "protections that ended, with their grounds",
     .example = "protection exceptions --from 2026-01-01",
     .fields = exception_columns},
    {.name = "doubts",
     .method = "doubts",
     .options = doubts_options,
     .summary = "contradictions that forbid nothing, to be looked into",
     .example = "doubts --township 500101001",
     .fields = doubt_columns},
    {.name = "protection holds",
     .method = "protection.holds",
     .options = page_options,
     .summary = "what the continuity rule refused",
     .example = "protection holds",
     .fields = hold_columns},
    {.name = "register list",
     .method = "register.list",
     .options = register_options,
     .summary = "the year's adjustment of the register",
     .example = "register list --year 2026 --state undecided",
     .fields = register_columns},
    {.name = "register decide",
     .method = "register.decide",
     .arguments = decide_arguments,
     .options = decide_options,
     .summary = "decide a register task",
     .example = "register decide 1204 keep",
     .show = show_object},
    {.name = "due",
     .method = "due",
     .options = due_options,
     .summary = "tasks whose deadline comes",
     .example = "due --within 30d --township 500101001",
     .fields = task_columns},
    {.name = "late",
     .method = "late",
     .options = late_options,
     .summary = "tasks whose deadline is past",
     .example = "late --township 500101001",
     .fields = task_columns},
    {.name = "task show",
     .method = "task.show",
     .arguments = task_argument,
     .summary = "one task",
     .example = "task show 1203",
     .show = show_object,
     .fields = task_fields},
    {.name = "review",
     .method = "review",
     .arguments = task_argument,
     .options = review_options,
     .summary = "the outcome of a task",
     .example = "review 1203 --outcome continue --on 2026-11-23",
     .show = show_object,
     .confirm = &terminating},
    {.name = "explain",
     .method = "explain",
     .arguments = household_argument,
     .options = explain_options,
     .summary = "why a household's dates are what they are",
     .example = "explain 500101001-00042",
     .show = show_explain},
    {.name = "explain task",
     .method = "explain",
     .arguments = task_argument,
     .summary = "why a task's dates are what they are",
     .example = "explain task 1203",
     .show = show_explain},
    {.name = "queue show",
     .method = "queue.show",
     .arguments = division_argument,
     .options = page_options,
     .summary = "the messages of a division",
     .example = "queue show 500101001",
     .fields = message_columns},
    {.name = "queue take",
     .method = "queue.take",
     .arguments = division_argument,
     .options = take_options,
     .summary = "lease the oldest messages of a division",
     .example = "queue take 500101001 --limit 10 --lease-seconds 60",
     .show = show_taken,
     .fields = message_columns},
    {.name = "queue ack",
     .method = "queue.ack",
     .arguments = ids_argument,
     .summary = "messages that were taken are done with",
     .example = "queue ack 1-17 1-18",
     .show = show_object},
    {.name = "queue watch",
     .method = "queue.watch",
     .arguments = division_argument,
     .summary = "each message as it comes, until interrupted",
     .example = "queue watch 500101001",
     .show = show_message},
    {.name = "standards list",
     .method = "standards.list",
     .options = standards_options,
     .summary = "dibao standards and poverty lines",
     .example = "standards list --year 2026",
     .fields = standard_columns},
    {.name = "run",
     .method = "run",
     .options = run_options,
     .summary = "the daily run, now",
     .example = "run",
     .show = show_object,
     .confirm = &catching_up},
    {.name = "clock show",
     .method = "clock.show",
     .summary = "what time it is for the service",
     .example = "clock show",
     .show = show_object},
    {.name = "clock set",
     .method = "clock.set",
     .arguments = to_argument,
     .summary = "move a manual clock to a time",
     .example = "clock set 2026-12-15T08:00",
     .show = show_object,
     .confirm = &setting_back},
    {.name = "clock advance",
     .method = "clock.advance",
     .arguments = by_argument,
     .summary = "move a manual clock on",
     .example = "clock advance 1d",
     .show = show_object},
    {.name = "audit",
     .method = "audit",
     .options = audit_options,
     .summary = "who did what",
     .example = "audit --household 500101001-00042",
     .fields = audit_columns},
    {.name = "audit verify",
     .method = "audit.verify",
     .options = chain_options,
     .summary = "the chain of hashes",
     .example = "audit verify",
     .show = show_object,
     .fields = chain_fields,
     .good = show_chain_good},
    {.name = "verify",
     .method = "verify",
     .summary = "every invariant over the whole store",
     .example = "verify",
     .show = show_verify,
     .fields = failure_columns,
     .good = show_verify_good},
    {.name = "metrics",
     .method = "metrics",
     .summary = "counters and histograms",
     .example = "metrics",
     .show = show_metrics},
    {.name = "reload",
     .method = "reload",
     .summary = "read the configuration again",
     .example = "reload",
     .show = show_done},
    {.name = "division show",
     .method = "division.show",
     .arguments = division_argument,
     .summary = "what the code of a division stands for",
     .example = "division show 500101001",
     .show = show_object,
     .fields = division_fields},
    {.name = "division merge",
     .method = "division.merge",
     .arguments = merge_arguments,
     .summary = "join a township or village to another",
     .example = "division merge 500101017 500101001",
     .show = show_object,
     .fields = merge_fields,
     .confirm = &joining},
    {.name = "backup",
     .method = "backup",
     .arguments = backup_arguments,
     .options = backup_options,
     .summary = "a checked copy of the store",
     .example = "backup night.db --force",
     .show = show_object,
     .fields = backup_fields},
    {.name = "help",
     .arguments = help_arguments,
     .summary = "what a command does and takes",
     .example = "help household list",
     .local = LOCAL_HELP},
    {.name = "completion",
     .arguments = completion_arguments,
     .summary = "completion for a shell, on standard output",
     .example = "completion bash",
     .local = LOCAL_COMPLETION},
    {.name = NULL},
};
