/* One table of keys: rules/schema reads by it, and reviewd.conf(5) describes it. */
#include "work/settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "rules/schema.h"
#include "store/division.h"

static const struct word role_names[] = {
    {"none", "无"}, {"viewer", "查看"}, {"operator", "操作"}, {"admin", "管理"}};
const struct names roles = NAMES_TABLE("role", role_names);
static const struct word delivery_names[] = {{"spool", "文件夹"}, {"socket", "接口"}};
const struct names deliveries = NAMES_TABLE("delivery", delivery_names);

static void read_path(struct schema *r, config_setting_t *s, void *to)
{
    const char *text = schema_text(r, s), *slash = strrchr(r->file, '/');

    if (text && *text != '/') {
        text = arena_format(r->arena, "%.*s/%s", slash ? (int)(slash - r->file) : 1,
                            slash ? r->file : ".", text);
    }
    if (text) {
        *(const char **)to = text;
    }
}

static void read_zone(struct schema *r, config_setting_t *s, void *to)
{
    const char *text = schema_text(r, s);

    if (text && (strstr(text, "..") ||
                 access(arena_format(r->arena, "/usr/share/zoneinfo/%s", text), R_OK) != 0)) {
        schema_fault(r, s, "timezone \"%s\" is not known to this machine", text);
    } else if (text) {
        *(const char **)to = text;
    }
}

static void read_minute(struct schema *r, config_setting_t *s, void *to)
{
    const char *text = schema_text(r, s);
    struct str time = str_of(text);
    int64_t hour, minute;

    if (!text) {
        return;
    }
    if (time.len == 5 && text[2] == ':' && str_to_int((struct str){text, 2}, 0, 23, &hour) &&
        str_to_int((struct str){text + 3, 2}, 0, 59, &minute)) {
        *(int *)to = (int)(hour * 60 + minute);
    } else {
        schema_fault(r, s, "%s must be a time of day such as \"07:30\"", config_setting_name(s));
    }
}

static void read_facility(struct schema *r, config_setting_t *s, void *to)
{
    const char *text = schema_text(r, s);

    if (text && (*(int *)to = log_facility(text)) < 0) {
        schema_fault(r, s, "facility \"%s\" is not one of syslog's", text);
    }
}

static void read_level(struct schema *r, config_setting_t *s, void *to)
{
    const char *text = schema_text(r, s);

    if (text && (*(int *)to = log_level(text)) < 0) {
        schema_fault(r, s, "level \"%s\" is not one of syslog's", text);
    }
}

/* libconfig would take a code of 12 digits for a number of its own kind: only a text will do. */
static void read_division(struct schema *r, config_setting_t *s, void *to)
{
    const char *text = config_setting_get_string(s);
    int64_t code = text ? division_code(str_of(text)) : 0;

    if (code == 0) {
        schema_fault(r, s, "a division must be its code of up to 12 digits, in quotes: %s = %s",
                     config_setting_name(s) ? config_setting_name(s) : "divisions",
                     config_setting_name(s) ? "\"500101\"" : "[ \"500101\" ]");
    }
    *(int64_t *)to = code;
}

static void read_divisions(struct schema *r, config_setting_t *s, void *to)
{
    struct account *account = to;
    int count = schema_length(r, s, "divisions");

    account->divisions = arena_alloc(r->arena, (size_t)(count + 1) * sizeof *account->divisions);
    for (int i = 0; i < count; i++) {
        int64_t *code = &account->divisions[account->division_count];
        read_division(r, config_setting_get_elem(s, (unsigned)i), code);
        account->division_count += *code != 0;
    }
}

/* A list of groups, which may have none. */
static void *read_list(struct schema *r, config_setting_t *s, const struct schema_field *fields,
                       size_t size, int *count)
{
    bool none = config_setting_is_list(s) && config_setting_length(s) == 0;

    return none ? NULL : schema_list(r, s, fields, size, count, NULL);
}

static void read_accounts(struct schema *r, config_setting_t *s, void *to)
{
    static const struct schema_field fields[] = {
        {"user", SCHEMA_TEXT, .offset = offsetof(struct account, user)},
        {"role", SCHEMA_WORD, true, .offset = offsetof(struct account, role), .names = &roles},
        {"divisions", SCHEMA_CALL, true, .call = read_divisions}, /* none: without bound */
        {0},
    };
    struct settings *settings = to;

    settings->accounts =
        read_list(r, s, fields, sizeof *settings->accounts, &settings->account_count);
}

/* A libconfig name cannot begin with a digit, so the rules are a list. */
static void read_delivery(struct schema *r, config_setting_t *s, void *to)
{
    static const struct schema_field fields[] = {
        {"division", SCHEMA_CALL, .offset = offsetof(struct delivery_rule, division),
         .call = read_division},
        {"by", SCHEMA_WORD, .offset = offsetof(struct delivery_rule, delivery),
         .names = &deliveries},
        {0},
    };
    struct settings *settings = to;

    settings->deliveries =
        read_list(r, s, fields, sizeof *settings->deliveries, &settings->delivery_count);
}

#define AT(member) true, .offset = offsetof(struct settings, member)
#define LIMIT(key, member)                                                                         \
    {                                                                                              \
        key, SCHEMA_INT, AT(member), .min = 1, .max = 1000000                                      \
    }

static const struct schema_field log_fields[] = {
    {"ident", SCHEMA_TEXT, AT(log_ident)},
    {"facility", SCHEMA_CALL, AT(log_facility), .call = read_facility},
    {"level", SCHEMA_CALL, AT(log_level), .call = read_level},
    {"stderr", SCHEMA_BOOL, AT(log_stderr)},
    {0},
};
static const struct schema_field role_fields[] = {
    {"viewer", SCHEMA_TEXT, AT(role_groups[ROLE_VIEWER])},
    {"operator", SCHEMA_TEXT, AT(role_groups[ROLE_OPERATOR])},
    {"admin", SCHEMA_TEXT, AT(role_groups[ROLE_ADMIN])},
    {0},
};
static const struct schema_field limit_fields[] = {
    LIMIT("connections", limit_connections),
    LIMIT("connections_per_user", limit_connections_per_user),
    LIMIT("page", limit_page),
    LIMIT("lease_seconds", limit_lease_seconds),
    LIMIT("max_catch_up_days", limit_catch_up_days),
    LIMIT("free_megabytes", limit_free_megabytes),
    LIMIT("first_byte_seconds", limit_first_byte_seconds),
    {0},
};
static const struct schema_field fields[] = {
    {"store", SCHEMA_CALL, AT(store), .call = read_path},
    {"spool", SCHEMA_CALL, AT(spool), .call = read_path},
    {"socket", SCHEMA_CALL, AT(socket), .call = read_path},
    {"policy_dir", SCHEMA_CALL, AT(policy_dir), .call = read_path},
    {"calendar_dir", SCHEMA_CALL, AT(calendar_dir), .call = read_path},
    {"mapping_dir", SCHEMA_CALL, AT(mapping_dir), .call = read_path},
    {"timezone", SCHEMA_CALL, AT(timezone), .call = read_zone},
    {"daily_run_at", SCHEMA_CALL, AT(daily_run_minute), .call = read_minute},
    {"log", SCHEMA_GROUP, true, .fields = log_fields},
    {"roles", SCHEMA_GROUP, true, .fields = role_fields},
    {"accounts", SCHEMA_CALL, true, .call = read_accounts},
    {"delivery", SCHEMA_CALL, true, .call = read_delivery},
    LIMIT("spool_keep_days", spool_keep_days),
    {"metrics_file", SCHEMA_CALL, AT(metrics_file), .call = read_path},
    {"limits", SCHEMA_GROUP, true, .fields = limit_fields},
    {0},
};

static void defaults(struct settings *s)
{
    s->store = "/var/lib/reviewd/reviewd.db";
    s->spool = "/var/spool/reviewd";
    s->socket = "/run/reviewd/reviewd.sock";
    s->policy_dir = "/etc/reviewd/policy";
    s->calendar_dir = "/etc/reviewd/calendar";
    s->mapping_dir = "/etc/reviewd/mapping";
    s->timezone = "Asia/Shanghai";
    s->daily_run_minute = 7 * 60 + 30;
    s->log_ident = "reviewd";
    s->log_facility = LOG_DAEMON;
    s->log_level = LOG_INFO;
    s->role_groups[ROLE_VIEWER] = "reviewd-viewer";
    s->role_groups[ROLE_OPERATOR] = "reviewd-operator";
    s->role_groups[ROLE_ADMIN] = "reviewd-admin";
    s->spool_keep_days = 400;
    s->limit_connections = 2048;
    s->limit_connections_per_user = 32;
    s->limit_page = 1000;
    s->limit_lease_seconds = 300;
    s->limit_catch_up_days = 31;
    s->limit_free_megabytes = 256;
    s->limit_first_byte_seconds = 60;
}

struct settings *settings_load(const char *file, struct faults *faults)
{
    struct settings *s = xcalloc(1, sizeof *s);
    struct schema r = {file, &s->arena, faults, .includes = true};
    int before = faults->count;

    defaults(s);
    s->file = arena_copy(&s->arena, str_of(file));
    bool legible = schema_read(&r, fields, s, NULL);
    faults_sort(faults, before);
    if (!legible) {
        settings_free(s);
        return NULL;
    }
    return s;
}

void settings_free(struct settings *s)
{
    if (s) {
        arena_free(&s->arena);
        free(s);
    }
}

/* How many trailing pairs of zeros a code has tells its level: a longer prefix is nearer. */
static bool covers(int64_t rule, int64_t division)
{
    static const int64_t spans[] = {1, 1000, 1000000, 100000000, 10000000000};
    int64_t span = 1;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        if (rule % spans[i] == 0) {
            span = spans[i];
        }
    }
    return division / span == rule / span;
}

enum delivery settings_delivery(const struct settings *s, int64_t division)
{
    enum delivery how = DELIVERY_SPOOL;
    int64_t nearest = 0;
    for (int i = 0; i < s->delivery_count; i++) {
        /* Of two rules that cover a division, the one for the lower division has the larger code.
         */
        if (covers(s->deliveries[i].division, division) && s->deliveries[i].division >= nearest) {
            nearest = s->deliveries[i].division;
            how = s->deliveries[i].delivery;
        }
    }
    return how;
}
