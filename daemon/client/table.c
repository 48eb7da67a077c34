#include "client/table.h"

/* ---- words --------------------------------------------------------------------------------- */

static const char *const kind_words[] = {"divisions", "households", "members", "standards",
                                         "calendar"};
static const char *const tier_words[] = {"annual", "semi-annual", "quarterly"};
static const char *const status_words[] = {"active", "suspended", "closed", "register-only"};
static const char *const register_words[] = {"none", "registered", "exited", "returned"};
static const char *const outcome_words[] = {"continue", "adjust", "postpone", "terminate"};

static const char *const ground_words[] = {"all-members-gone",
                                           "member-change",
                                           "income-clearly-above",
                                           "assets-clearly-above",
                                           "income-above",
                                           "assets-above",
                                           "transferred",
                                           "voluntary",
                                           "fraud",
                                           "other"};
static const char *const report_words[] = {"illness",  "accident",  "death",  "birth",
                                           "move-in",  "move-out",  "income", "assets",
                                           "disaster", "schooling", "other"};
static const char *const decision_words[] = {"keep", "exit",  "return",
                                             "add",  "apply", "not-eligible"};
static const char *const decided_words[] = {"undecided", "decided"};
static const struct names decisions = NAMES_TABLE("decision", decision_words);
static const struct names decided = NAMES_TABLE("state", decided_words);
static const char *const act_words[] = {"terminate", "close", "suspend"};
static const struct names acts = NAMES_TABLE("act", act_words);
static const struct names grounds = NAMES_TABLE("ground", ground_words);
static const struct names reports = NAMES_TABLE("kind", report_words);
static const struct names kinds = NAMES_TABLE("kind", kind_words);
static const struct names tiers = NAMES_TABLE("tier", tier_words);
static const struct names statuses = NAMES_TABLE("status", status_words);
static const struct names registers = NAMES_TABLE("register", register_words);
static const struct names outcomes = NAMES_TABLE("outcome", outcome_words);

/* ---- arguments and options ----------------------------------------------------------------- */

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
    ARGUMENT("ids", INPUT_TEXTS, "ID...", NULL, "identifiers of messages that were taken"),
    INPUT_END};
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
    ARGUMENT("file", INPUT_FILE, "FILE", NULL, "a CSV file, UTF-8 or GB18030; - is standard input"),
    INPUT_END};
static const struct input import_options[] = {
    OPTION("skip-bad", INPUT_OUTPUT, "FILE", NULL,
           "take the good rows, write the bad ones to FILE"),
    INPUT_END};
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
    OPTION("protected", INPUT_SWITCH, NULL, NULL, "only those that the continuity rule protects"),
    PAGES,
    INPUT_END};
static const struct input due_options[] = {
    OPTION("within", INPUT_DAYS, "DAYS", NULL, "due from today to so many days on: 30d (7d)"),
    TOWNSHIP, PAGES, INPUT_END};
static const struct input late_options[] = {TOWNSHIP, PAGES, INPUT_END};
static const struct input review_options[] = {
    {"outcome", INPUT_WORD, "OUTCOME", true, &outcomes, "what the review found"},
    OPTION("ground", INPUT_TEXT, "GROUND", NULL, "why the allowance ends"),
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
static const struct input ending_options[] = {
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

/* ---- what is shown ------------------------------------------------------------------------- */

#define FIELD_END                                                                                  \
    {                                                                                              \
        NULL, NULL, 0                                                                              \
    }

static const struct view_field status_fields[] = {{"version", "version", 0},
                                                  {"now", "now", 0},
                                                  {"timezone", "timezone", 0},
                                                  {"policy.name", "policy", 0},
                                                  {"policy.from", "  in force from", 0},
                                                  {"policy.until", "  until", 0},
                                                  {"policy.hash", "  hash", VIEW_HASH},
                                                  {"calendars", "calendars", 0},
                                                  {"counts.households", "households", 0},
                                                  {"counts.active", "  active", 0},
                                                  {"counts.protected", "  protected", 0},
                                                  {"counts.open_tasks", "open tasks", 0},
                                                  {"counts.late", "  late", 0},
                                                  {"counts.birth_unknown", "birthdays unknown", 0},
                                                  {"last_run", "last run", 0},
                                                  {"next_run", "next run", 0},
                                                  {"queues.messages", "messages waiting", 0},
                                                  {"queues.leased", "  leased", 0},
                                                  {"audit_head", "audit head", 0},
                                                  {"warnings", NULL, VIEW_HIDDEN},
                                                  {"alarms", NULL, VIEW_HIDDEN},
                                                  FIELD_END};

static const struct view_field household_fields[] = {
    {"household", "household", 0},
    {"head_name", "head", 0},
    {"division", "division", 0},
    {"township", "township", 0},
    {"status", "status", 0},
    {"tier", "tier", 0},
    {"tier_source", "  given by", 0},
    {"register", "poverty register", 0},
    {"protected", "protected", VIEW_YES},
    {"protection_clause", "  by", 0},
    {"approved_on", "approved on", 0},
    {"anchor_on", "counted from", 0},
    {"last_review_on", "last review on", 0},
    {"nominal_due_on", "nominally due on", 0},
    {"due_on", "due on", VIEW_DUE},
    {"opens_on", "opens on", 0},
    {"provisional", NULL, VIEW_HIDDEN}, /* beside due_on */
    {"open_task", "open task", 0},
    {"missed_cycles", "missed cycles", 0},
    FIELD_END};

static const struct view_field household_columns[] = {
    {"household", "HOUSEHOLD", 0},        {"head_name", "HEAD", VIEW_SHORT},
    {"township", "TOWNSHIP", 0},          {"tier", "TIER", VIEW_SHORT},
    {"status", "STATUS", VIEW_SHORT},     {"register", "REGISTER", VIEW_SHORT},
    {"protected", "PROTECTED", VIEW_YES}, {"due_on", "DUE", VIEW_DUE},
    {"open_task", "TASK", VIEW_NUMBER},   FIELD_END};

static const struct view_field member_columns[] = {{"member", "MEMBER", 0},
                                                   {"name", "NAME", 0},
                                                   {"id", "IDENTITY NUMBER", 0},
                                                   {"birth_on", "BORN", 0},
                                                   {"age", "AGE", VIEW_NUMBER},
                                                   {"health", "HEALTH", VIEW_SHORT},
                                                   {"disability", "DISABILITY", VIEW_SHORT},
                                                   {"work_ability", "WORK", VIEW_SHORT},
                                                   {"student", "STUDENT", VIEW_YES},
                                                   {"status", "STATUS", VIEW_SHORT},
                                                   {"status_on", "SINCE", 0},
                                                   FIELD_END};

static const struct view_field task_fields[] = {{"task", "task", 0},
                                                {"kind", "kind", 0},
                                                {"state", "state", 0},
                                                {"household", "household", 0},
                                                {"head_name", "head", 0},
                                                {"township", "township", 0},
                                                {"opened_on", "opened on", 0},
                                                {"nominal_due_on", "nominally due on", 0},
                                                {"due_on", "due on", VIEW_DUE},
                                                {"days_left", "days left", VIEW_LEFT},
                                                {"section", "section", 0},
                                                {"provisional", NULL, VIEW_HIDDEN},
                                                FIELD_END};

static const struct view_field task_columns[] = {
    {"task", "TASK", VIEW_NUMBER},     {"kind", "KIND", VIEW_SHORT}, {"household", "HOUSEHOLD", 0},
    {"head_name", "HEAD", VIEW_SHORT}, {"township", "TOWNSHIP", 0},  {"due_on", "DUE", VIEW_DUE},
    {"days_left", "LEFT", VIEW_LEFT},  {"section", "SECTION", 0},    FIELD_END};

static const struct view_field message_columns[] = {
    {"id", "MESSAGE", 0},        {"kind", "KIND", 0},
    {"subject", "SUBJECT", 0},   {"created_on", "CREATED", 0},
    {"state", "STATE", 0},       {"lease_until", "LEASED UNTIL", 0},
    {"body", "BODY", VIEW_BODY}, FIELD_END};

static const struct view_field standard_columns[] = {{"district", "DISTRICT", 0},
                                                     {"name", "NAME", 0},
                                                     {"year", "YEAR", VIEW_NUMBER},
                                                     {"dibao", "DIBAO", VIEW_NUMBER},
                                                     {"poverty_line", "POVERTY LINE", VIEW_NUMBER},
                                                     FIELD_END};

static const struct view_field audit_columns[] = {{"seq", "SEQ", VIEW_NUMBER},
                                                  {"at", "AT", 0},
                                                  {"who", "WHO", 0},
                                                  {"action", "ACTION", 0},
                                                  {"household", "HOUSEHOLD", 0},
                                                  {"hash", "HASH", VIEW_HASH},
                                                  {"after", "AFTER", VIEW_BODY},
                                                  FIELD_END};

static const struct view_field chain_fields[] = {
    {"ok", "whole", VIEW_YES},
    {"rows", "rows", 0},
    {"first_bad", "first bad row", 0},
    {"head", "head", 0},
    {"head_found", "head that was asked for", VIEW_YES},
    FIELD_END};

static const struct view_field failure_columns[] = {
    {"invariant", "INVARIANT", 0}, {"household", "HOUSEHOLD", 0}, {"what", "WHAT", 0}, FIELD_END};

static const struct view_field merge_fields[] = {{"old", "joined", 0},
                                                 {"new", "to", 0},
                                                 {"divisions", "villages", 0},
                                                 {"households", "households", 0},
                                                 {"tasks", "open tasks", 0},
                                                 {"messages", "messages waiting", 0},
                                                 FIELD_END};

static const struct view_field backup_fields[] = {{"taken_at", "as of", 0},
                                                  {"households", "households", 0},
                                                  {"bytes", "bytes", 0},
                                                  {"sha256", "SHA-256", 0},
                                                  {"seq", "audit entries", 0},
                                                  {"audit_head", "audit head", 0},
                                                  FIELD_END};

/* An import's faults go to stderr, where those of a refusal go. */
static const struct view_field import_fields[] = {
    {"rows", "rows", 0},         {"added", "added", 0},
    {"changed", "changed", 0},   {"unchanged", "unchanged", 0},
    {"bad", "bad", 0},           {"faults", NULL, VIEW_HIDDEN},
    {"more", NULL, VIEW_HIDDEN}, FIELD_END};

/* The rejected rows stand below as a table of their own. */
static const struct view_field return_fields[] = {
    {"rows", "rows", 0},           {"recorded", "recorded", 0},
    {"unchanged", "unchanged", 0}, {"empty", "not filled", 0},
    {"bad", "rejected", 0},        {"rejected", NULL, VIEW_HIDDEN},
    {"more", NULL, VIEW_HIDDEN},   FIELD_END};
/* ---- the commands -------------------------------------------------------------------------- */

static const struct view_field register_columns[] = {{"task", "task", 0},
                                                     {"kind", "kind", 0},
                                                     {"household", "household", 0},
                                                     {"township", "township", 0},
                                                     {"year", "year", 0},
                                                     {"due_on", "due on", 0},
                                                     {"decision", "decision", 0},
                                                     {"decided_on", "decided on", 0},
                                                     {"effect_on", "in effect on", 0},
                                                     FIELD_END};
static const struct view_field ending_columns[] = {{"number", "no.", 0},
                                                   {"on", "on", 0},
                                                   {"household", "household", 0},
                                                   {"act", "act", 0},
                                                   {"ground", "ground", 0},
                                                   {"clause", "clause", 0},
                                                   {"who", "who", 0},
                                                   {"remark", "remark", 0},
                                                   {"what", "what", 0},
                                                   FIELD_END};

const struct command table_commands[] = {
    {"status", "status", NULL, status_options, "policy, counts, runs and warnings", show_status,
     status_fields, show_status_good},
    {"import", "import", import_arguments, import_options, "load a file", show_object,
     import_fields, NULL},
    {"return", "return", return_arguments, return_options, "outcomes from a filled list",
     show_return, return_fields, show_return_good},
    {"household show", "household.show", household_argument, NULL, "one household", show_object,
     household_fields, NULL},
    {"household members", "household.members", household_argument, NULL,
     "who lives there, identity numbers masked", show_members, member_columns, NULL},
    {"household unmask", "household.unmask", household_argument, reason_options,
     "the same with whole identity numbers, on record", show_members, member_columns, NULL},
    {"household list", "household.list", NULL, household_options, "households, a page at a time",
     NULL, household_columns, NULL},
    {"household tier", "household.tier", tier_arguments, reason_options, "give a tier by hand",
     show_object, NULL, NULL},
    {"household move", "household.move", move_arguments, NULL, "it lives in another village now",
     show_object, NULL, NULL},
    {"household suspend", "household.suspend", household_argument, ending_options,
     "suspend the payment; the clock goes on", show_object, NULL, NULL},
    {"household resume", "household.resume", household_argument, NULL, "resume a suspended payment",
     show_object, NULL, NULL},
    {"household close", "household.close", household_argument, ending_options,
     "end the allowance and the reviews", show_object, NULL, NULL},
    {"report", "report", report_arguments, report_options, "a change that was reported",
     show_object, NULL, NULL},
    {"correct", "correct", household_argument, reason_options,
     "take back a household's latest event", show_object, NULL, NULL},
    {"protection show", "protection.show", household_argument, protection_options,
     "whether a household is protected, and why", show_explain, NULL, NULL},
    {"protection exceptions", "protection.exceptions", NULL, exceptions_options,
     "protections that ended, with their grounds", NULL, ending_columns, NULL},
    {"protection holds", "protection.holds", NULL, page_options, "what the continuity rule refused",
     NULL, ending_columns, NULL},
    {"register list", "register.list", NULL, register_options,
     "the year's adjustment of the register", NULL, register_columns, NULL},
    {"register decide", "register.decide", decide_arguments, decide_options,
     "decide a register task", show_object, NULL, NULL},
    {"due", "due", NULL, due_options, "tasks whose deadline comes", NULL, task_columns, NULL},
    {"late", "late", NULL, late_options, "tasks whose deadline is past", NULL, task_columns, NULL},
    {"task show", "task.show", task_argument, NULL, "one task", show_object, task_fields, NULL},
    {"review", "review", task_argument, review_options, "the outcome of a task", show_object, NULL,
     NULL},
    {"explain", "explain", household_argument, explain_options,
     "why a household's dates are what they are", show_explain, NULL, NULL},
    {"explain task", "explain", task_argument, NULL, "why a task's dates are what they are",
     show_explain, NULL, NULL},
    {"queue show", "queue.show", division_argument, page_options, "the messages of a division",
     NULL, message_columns, NULL},
    {"queue take", "queue.take", division_argument, take_options,
     "lease the oldest messages of a division", show_taken, message_columns, NULL},
    {"queue ack", "queue.ack", ids_argument, NULL, "messages that were taken are done with",
     show_object, NULL, NULL},
    {"queue watch", "queue.watch", division_argument, NULL,
     "each message as it comes, until interrupted", show_message, NULL, NULL},
    {"standards list", "standards.list", NULL, standards_options,
     "dibao standards and poverty lines", NULL, standard_columns, NULL},
    {"run", "run", NULL, run_options, "the daily run, now", show_object, NULL, NULL},
    {"clock show", "clock.show", NULL, NULL, "what time it is for the service", show_object, NULL,
     NULL},
    {"clock set", "clock.set", to_argument, NULL, "move a manual clock to a time", show_object,
     NULL, NULL},
    {"clock advance", "clock.advance", by_argument, NULL, "move a manual clock on", show_object,
     NULL, NULL},
    {"audit", "audit", NULL, audit_options, "who did what", NULL, audit_columns, NULL},
    {"audit verify", "audit.verify", NULL, chain_options, "the chain of hashes", show_object,
     chain_fields, show_chain_good},
    {"verify", "verify", NULL, NULL, "every invariant over the whole store", show_verify,
     failure_columns, show_verify_good},
    {"metrics", "metrics", NULL, NULL, "counters and histograms", show_metrics, NULL, NULL},
    {"reload", "reload", NULL, NULL, "read the configuration again", show_done, NULL, NULL},
    {"division merge", "division.merge", merge_arguments, NULL,
     "join a township or village to another", show_object, merge_fields, NULL},
    {"backup", "backup", backup_arguments, backup_options, "a checked copy of the store",
     show_object, backup_fields, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};
