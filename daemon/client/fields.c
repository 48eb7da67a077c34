#include "client/fields.h"

#define FIELD_END                                                                                  \
    {                                                                                              \
        NULL, NULL, 0                                                                              \
    }

const struct view_field status_fields[] = {{"version", "version", 0},
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
                                           {"counts.history_unknown", "history unknown", 0},
                                           {"counts.unsettled", "tier waited for", 0},
                                           {"last_run", "last run", 0},
                                           {"next_run", "next run", 0},
                                           {"queues.messages", "messages waiting", 0},
                                           {"queues.leased", "  leased", 0},
                                           {"audit_head", "audit head", 0},
                                           {"warnings", NULL, VIEW_HIDDEN},
                                           {"alarms", NULL, VIEW_HIDDEN},
                                           FIELD_END};

const struct view_field household_fields[] = {
    {"household", "household", 0},
    {"head_name", "head", 0},
    {"division", "division", 0},
    {"township", "township", 0},
    {"status", "status", 0},
    {"tier", "tier", 0},
    {"tier_source", "  given by", 0},
    {"settle_by", "  settles until", 0},
    {"history", "history", 0},
    {"entered_on", "entered on", 0},
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

const struct view_field doubt_columns[] = {{"household", "HOUSEHOLD", 0},
                                           {"head_name", "HEAD", VIEW_SHORT},
                                           {"township", "TOWNSHIP", VIEW_CODE},
                                           {"division", NULL, VIEW_HIDDEN},
                                           {"status", "STATUS", VIEW_WORD},
                                           {"doubt", "DOUBT", VIEW_WORD},
                                           {"member", "MEMBER", VIEW_WORD},
                                           {"other", "OTHER", VIEW_WORD},
                                           FIELD_END};

const struct view_field found_columns[] = {{"household", "HOUSEHOLD", 0},
                                           {"member", "MEMBER", VIEW_WORD},
                                           {"name", "NAME", VIEW_SHORT},
                                           {"matched", "MATCHED", VIEW_WORD},
                                           {"head_name", "HEAD", VIEW_SHORT},
                                           {"township", "TOWNSHIP", VIEW_CODE},
                                           {"division", NULL, VIEW_HIDDEN},
                                           {"status", "STATUS", VIEW_WORD},
                                           FIELD_END};

const struct view_field household_columns[] = {{"household", "HOUSEHOLD", 0},
                                               {"head_name", "HEAD", VIEW_SHORT},
                                               {"township", "TOWNSHIP", VIEW_CODE},
                                               {"division", NULL, VIEW_HIDDEN},
                                               {"tier", "TIER", VIEW_WORD},
                                               {"tier_source", NULL, VIEW_HIDDEN},
                                               {"status", "STATUS", VIEW_WORD},
                                               {"register", "REGISTER", VIEW_WORD},
                                               {"protected", "PROTECTED", VIEW_YES},
                                               {"due_on", "DUE", VIEW_DUE},
                                               {"open_task", "TASK", VIEW_NUMBER},
                                               {"approved_on", NULL, VIEW_HIDDEN},
                                               {"anchor_on", NULL, VIEW_HIDDEN},
                                               {"last_review_on", NULL, VIEW_HIDDEN},
                                               {"nominal_due_on", NULL, VIEW_HIDDEN},
                                               {"opens_on", NULL, VIEW_HIDDEN},
                                               {"provisional", NULL, VIEW_HIDDEN},
                                               {"missed_cycles", NULL, VIEW_HIDDEN},
                                               {"protection_clause", NULL, VIEW_HIDDEN},
                                               {"settle_by", NULL, VIEW_HIDDEN},
                                               {"history", NULL, VIEW_HIDDEN},
                                               {"entered_on", NULL, VIEW_HIDDEN},
                                               FIELD_END};

const struct view_field member_columns[] = {{"member", "MEMBER", 0},
                                            {"name", "NAME", VIEW_SHORT},
                                            {"id", "IDENTITY NUMBER", 0},
                                            {"birth_on", "BORN", 0},
                                            {"age", "AGE", VIEW_NUMBER},
                                            {"health", "HEALTH", VIEW_WORD},
                                            {"disability", "DISABILITY", VIEW_WORD},
                                            {"work_ability", "WORK", VIEW_WORD},
                                            {"student", "STUDENT", VIEW_YES},
                                            {"status", "STATUS", VIEW_WORD},
                                            {"status_on", "SINCE", 0},
                                            FIELD_END};

const struct view_field task_fields[] = {{"task", "task", 0},
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

const struct view_field task_columns[] = {{"task", "TASK", VIEW_NUMBER},
                                          {"kind", "KIND", VIEW_KIND},
                                          {"state", NULL, VIEW_HIDDEN},
                                          {"household", "HOUSEHOLD", 0},
                                          {"township", "TOWNSHIP", VIEW_CODE},
                                          {"due_on", "DUE", VIEW_DUE},
                                          {"days_left", "LEFT", VIEW_LEFT},
                                          {"section", "SECTION", VIEW_WORD},
                                          {"opened_on", NULL, VIEW_HIDDEN},
                                          {"nominal_due_on", NULL, VIEW_HIDDEN},
                                          FIELD_END};

const struct view_field message_columns[] = {{"id", "MESSAGE", 0},
                                             {"kind", "KIND", 0},
                                             {"division", NULL, VIEW_HIDDEN},
                                             {"created_on", "CREATED", 0},
                                             {"state", "STATE", VIEW_WORD},
                                             {"lease_until", "LEASED UNTIL", VIEW_AT},
                                             {"body", "BODY", VIEW_BODY},
                                             FIELD_END};

const struct view_field standard_columns[] = {{"district", "DISTRICT", VIEW_CODE},
                                              {"year", "YEAR", VIEW_NUMBER},
                                              {"dibao", "DIBAO", VIEW_NUMBER},
                                              {"poverty_line", "POVERTY LINE", VIEW_NUMBER},
                                              FIELD_END};

const struct view_field audit_columns[] = {
    {"seq", "SEQ", VIEW_NUMBER},   {"at", "AT", VIEW_AT},
    {"uid", NULL, VIEW_HIDDEN},    {"who", "WHO", 0},
    {"action", "ACTION", 0},       {"household", "HOUSEHOLD", 0},
    {"before", NULL, VIEW_HIDDEN}, {"after", "AFTER", VIEW_BODY},
    {"hash", "HASH", VIEW_HASH},   FIELD_END};

const struct view_field chain_fields[] = {{"ok", "whole", VIEW_YES},
                                          {"rows", "rows", 0},
                                          {"first_bad", "first bad row", 0},
                                          {"head", "head", 0},
                                          {"head_found", "head that was asked for", VIEW_YES},
                                          FIELD_END};

const struct view_field failure_columns[] = {
    {"invariant", "INVARIANT", 0}, {"household", "HOUSEHOLD", 0}, {"what", "WHAT", 0}, FIELD_END};

const struct view_field division_fields[] = {
    {"division", "division", 0}, {"name", "name", 0},           {"level", "level", 0},
    {"parent", "lies in", 0},    {"joined_to", "joined to", 0}, FIELD_END};

const struct view_field merge_fields[] = {{"old", "joined", 0},
                                          {"new", "to", 0},
                                          {"divisions", "villages", 0},
                                          {"households", "households", 0},
                                          {"tasks", "open tasks", 0},
                                          {"messages", "messages waiting", 0},
                                          FIELD_END};

const struct view_field backup_fields[] = {{"taken_at", "as of", 0},
                                           {"households", "households", 0},
                                           {"bytes", "bytes", 0},
                                           {"sha256", "SHA-256", 0},
                                           {"seq", "audit entries", 0},
                                           {"audit_head", "audit head", 0},
                                           FIELD_END};

/* An import's faults go to stderr, where those of a refusal go. */
const struct view_field import_fields[] = {{"rows", "rows", 0},
                                           {"added", "added", 0},
                                           {"changed", "changed", 0},
                                           {"unchanged", "unchanged", 0},
                                           {"bad", "bad", 0},
                                           {"faults", NULL, VIEW_HIDDEN},
                                           {"more", NULL, VIEW_HIDDEN},
                                           {"dry_run", NULL, VIEW_HIDDEN},
                                           {"headings", NULL, VIEW_HIDDEN},
                                           {"words", NULL, VIEW_HIDDEN},
                                           FIELD_END};

/* The rejected rows stand below as a table of their own. */
const struct view_field return_fields[] = {
    {"rows", "rows", 0},           {"recorded", "recorded", 0},
    {"unchanged", "unchanged", 0}, {"empty", "not filled", 0},
    {"bad", "rejected", 0},        {"rejected", NULL, VIEW_HIDDEN},
    {"more", NULL, VIEW_HIDDEN},   FIELD_END};

const struct view_field register_columns[] = {
    {"task", "TASK", VIEW_NUMBER},       {"kind", "KIND", VIEW_KIND},
    {"state", NULL, VIEW_HIDDEN},        {"household", "HOUSEHOLD", 0},
    {"township", "TOWNSHIP", VIEW_CODE}, {"year", "YEAR", VIEW_NUMBER},
    {"opened_on", NULL, VIEW_HIDDEN},    {"due_on", "DUE", VIEW_DUE},
    {"decision", "DECISION", VIEW_WORD}, {"decided_on", NULL, VIEW_HIDDEN},
    {"effect_on", "IN EFFECT", 0},       FIELD_END};
const struct view_field exception_columns[] = {{"number", "NO.", VIEW_NUMBER},
                                               {"on", "ON", 0},
                                               {"household", "HOUSEHOLD", 0},
                                               {"act", "ACT", 0},
                                               {"ground", "GROUND", VIEW_WORD},
                                               {"clause", "CLAUSE", VIEW_BODY},
                                               {"who", "WHO", 0},
                                               {"remark", "REMARK", VIEW_BODY},
                                               {"recorded_at", NULL, VIEW_HIDDEN},
                                               FIELD_END};

const struct view_field hold_columns[] = {{"number", "NO.", VIEW_NUMBER},
                                          {"on", "ON", 0},
                                          {"household", "HOUSEHOLD", 0},
                                          {"act", "ACT", 0},
                                          {"ground", "GROUND", VIEW_WORD},
                                          {"clause", "CLAUSE", VIEW_BODY},
                                          {"who", "WHO", 0},
                                          {"what", "WHAT", VIEW_BODY},
                                          {"recorded_at", NULL, VIEW_HIDDEN},
                                          FIELD_END};
