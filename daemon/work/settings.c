/* One table of keys: the reader, the check for unknown keys and reviewd.conf(5) follow it. */
#include "work/settings.h"

#include <errno.h>
#include <libconfig.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "store/division.h"

static const struct word role_names[] = {
    {"none", "无"}, {"viewer", "查看"}, {"operator", "操作"}, {"admin", "管理"}};
const struct names roles = NAMES_TABLE("role", role_names);
static const struct word delivery_names[] = {{"spool", "文件夹"}, {"socket", "接口"}};
const struct names deliveries = NAMES_TABLE("delivery", delivery_names);

struct reader {
    struct settings *s;
    struct policy_faults *faults;
    const char *file;
    char *folder; /* with a trailing slash */
};

static void __attribute__((format(printf, 3, 4)))
fault(struct reader *r, const config_setting_t *at, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;
    strbuf_addf(&text, "%s:%u: ", r->file, at ? config_setting_source_line(at) : 0);
    va_start(args, format);
    strbuf_vaddf(&text, format, args);
    va_end(args);
    r->faults->text =
        xrealloc(r->faults->text, (size_t)(r->faults->count + 1) * sizeof *r->faults->text);
    r->faults->text[r->faults->count++] = xstrdup(strbuf_text(&text));
    strbuf_free(&text);
}

static const char *keep(struct reader *r, const char *text)
{
    return arena_copy(&r->s->arena, str_of(text));
}

static const char *text_of(struct reader *r, const config_setting_t *at)
{
    const char *text = config_setting_get_string(at);
    if (!text || !*text) {
        fault(r, at, "%s must be a text in quotes that is not empty", config_setting_name(at));
        return NULL;
    }
    return text;
}

static void read_path(struct reader *r, const config_setting_t *at, void *out)
{
    const char *text = text_of(r, at);
    if (text) {
        *(const char **)out =
            *text == '/' ? keep(r, text) : arena_format(&r->s->arena, "%s%s", r->folder, text);
    }
}

static void read_text(struct reader *r, const config_setting_t *at, void *out)
{
    const char *text = text_of(r, at);
    if (text) {
        *(const char **)out = keep(r, text);
    }
}

static void read_zone(struct reader *r, const config_setting_t *at, void *out)
{
    const char *text = text_of(r, at);
    if (!text) {
        return;
    }
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "/usr/share/zoneinfo/%s", text);
    if (strstr(text, "..") || access(strbuf_text(&path), R_OK) != 0) {
        fault(r, at, "timezone \"%s\" is not known to this machine", text);
    }
    strbuf_free(&path);
    *(const char **)out = keep(r, text);
}

static void read_minute(struct reader *r, const config_setting_t *at, void *out)
{
    const char *text = text_of(r, at);
    int hour, minute, end = 0;
    if (!text) {
        return;
    }
    if (sscanf(text, "%2d:%2d%n", &hour, &minute, &end) != 2 || text[end] || end != 5 ||
        hour > 23 || minute > 59 || hour < 0 || minute < 0) {
        fault(r, at, "%s must be a time of day such as \"07:30\"", config_setting_name(at));
        return;
    }
    *(int *)out = hour * 60 + minute;
}

/* Every count has the same bounds: at least 1, at most a million. */
static void read_count(struct reader *r, const config_setting_t *at, void *out)
{
    int value = config_setting_get_int(at);
    if (config_setting_type(at) != CONFIG_TYPE_INT || value < 1 || value > 1000000) {
        fault(r, at, "%s must be a whole number from 1 to 1000000", config_setting_name(at));
        return;
    }
    *(int *)out = value;
}

static void read_bool(struct reader *r, const config_setting_t *at, void *out)
{
    if (config_setting_type(at) != CONFIG_TYPE_BOOL) {
        fault(r, at, "%s must be true or false", config_setting_name(at));
        return;
    }
    *(bool *)out = config_setting_get_bool(at);
}

static void read_facility(struct reader *r, const config_setting_t *at, void *out)
{
    const char *text = text_of(r, at);
    if (text && (*(int *)out = log_facility(text)) < 0) {
        fault(r, at, "facility \"%s\" is not one of syslog's", text);
    }
}

static void read_level(struct reader *r, const config_setting_t *at, void *out)
{
    const char *text = text_of(r, at);
    if (text && (*(int *)out = log_level(text)) < 0) {
        fault(r, at, "level \"%s\" is not one of syslog's", text);
    }
}

struct key {
    const char *name;
    void (*read)(struct reader *r, const config_setting_t *at, void *out);
    size_t offset;
};

static void read_group(struct reader *r, const config_setting_t *group, const struct key *keys)
{
    if (!config_setting_is_group(group)) {
        fault(r, group, "%s must be a group: { … }", config_setting_name(group));
        return;
    }
    for (int i = 0; i < config_setting_length(group); i++) {
        config_setting_t *at = config_setting_get_elem(group, (unsigned)i);
        const struct key *k = keys;
        while (k->name && strcmp(k->name, config_setting_name(at)) != 0) {
            k++;
        }
        if (k->name) {
            k->read(r, at, (char *)r->s + k->offset);
        } else {
            fault(r, at, "unknown key \"%s\"", config_setting_name(at));
        }
    }
}

#define KEY(name, read, member)                                                                    \
    {                                                                                              \
        (name), (read), offsetof(struct settings, member)                                          \
    }

static void read_log(struct reader *r, const config_setting_t *at, void *out)
{
    static const struct key keys[] = {KEY("ident", read_text, log_ident),
                                      KEY("facility", read_facility, log_facility),
                                      KEY("level", read_level, log_level),
                                      KEY("stderr", read_bool, log_stderr),
                                      {0}};
    (void)out;
    read_group(r, at, keys);
}

static void read_roles(struct reader *r, const config_setting_t *at, void *out)
{
    static const struct key keys[] = {KEY("viewer", read_text, role_groups[ROLE_VIEWER]),
                                      KEY("operator", read_text, role_groups[ROLE_OPERATOR]),
                                      KEY("admin", read_text, role_groups[ROLE_ADMIN]),
                                      {0}};
    (void)out;
    read_group(r, at, keys);
}

static void read_limits(struct reader *r, const config_setting_t *at, void *out)
{
    static const struct key keys[] = {
        KEY("connections", read_count, limit_connections),
        KEY("connections_per_user", read_count, limit_connections_per_user),
        KEY("page", read_count, limit_page),
        KEY("lease_seconds", read_count, limit_lease_seconds),
        KEY("max_catch_up_days", read_count, limit_catch_up_days),
        KEY("free_megabytes", read_count, limit_free_megabytes),
        KEY("first_byte_seconds", read_count, limit_first_byte_seconds),
        {0}};
    (void)out;
    read_group(r, at, keys);
}

/* libconfig would cut an integer of 12 digits to 32 bits: only a text will do. */
static int64_t read_division(struct reader *r, const config_setting_t *at, const char *text)
{
    int64_t code = text ? division_code(str_of(text)) : 0;
    if (code == 0) {
        fault(r, at, "a division must be its code of up to 12 digits, in quotes");
    }
    return code;
}

static void account_divisions(struct reader *r, const config_setting_t *list, struct account *out)
{
    int count = config_setting_length(list);
    out->divisions = arena_alloc(&r->s->arena, (size_t)(count + 1) * sizeof *out->divisions);
    for (int i = 0; i < count; i++) {
        int64_t code = read_division(r, list, config_setting_get_string_elem(list, i));
        if (code) {
            out->divisions[out->division_count++] = code;
        }
    }
    if (count == 0) {
        fault(r, list,
              "divisions must name at least one; leave it out for an account without bound");
    }
}

static void read_account(struct reader *r, const config_setting_t *at, struct account *out)
{
    if (!config_setting_is_group(at)) {
        fault(r, at, "an account must be a group: { user, role, divisions }");
        return;
    }
    for (int i = 0; i < config_setting_length(at); i++) {
        config_setting_t *key = config_setting_get_elem(at, (unsigned)i);
        const char *name = config_setting_name(key);
        if (strcmp(name, "user") == 0) {
            read_text(r, key, &out->user);
        } else if (strcmp(name, "role") == 0) {
            const char *text = text_of(r, key);
            int role = text ? names_find(&roles, str_of(text)) : 0;
            if (text && role < 0) {
                fault(r, key, "role \"%s\" is not one of none, viewer, operator, admin", text);
            }
            out->role = role < 0 ? ROLE_NONE : (enum role)role;
        } else if (strcmp(name, "divisions") == 0) {
            account_divisions(r, key, out);
        } else {
            fault(r, key, "unknown key \"%s\"", name);
        }
    }
    if (!out->user) {
        fault(r, at, "an account needs its user");
    }
}

static void read_accounts(struct reader *r, const config_setting_t *at, void *out)
{
    (void)out;
    if (!config_setting_is_list(at)) {
        fault(r, at, "accounts must be a list: ( { … } )");
        return;
    }
    int count = config_setting_length(at);
    r->s->accounts = arena_alloc(&r->s->arena, (size_t)(count + 1) * sizeof *r->s->accounts);
    r->s->account_count = count;
    for (int i = 0; i < count; i++) {
        read_account(r, config_setting_get_elem(at, (unsigned)i), &r->s->accounts[i]);
    }
}

/* A libconfig name cannot begin with a digit, so rules are a list: ( { division = "5001"; by =
 * "socket"; } ). */
static void read_delivery(struct reader *r, const config_setting_t *at, void *out)
{
    (void)out;
    if (!config_setting_is_list(at)) {
        fault(r, at, "delivery must be a list: ( { division = \"500101\"; by = \"socket\"; } )");
        return;
    }
    int count = config_setting_length(at);
    r->s->deliveries = arena_alloc(&r->s->arena, (size_t)(count + 1) * sizeof *r->s->deliveries);
    for (int i = 0; i < count; i++) {
        config_setting_t *rule = config_setting_get_elem(at, (unsigned)i);
        const char *division = NULL, *by = NULL;
        if (!config_setting_is_group(rule) || config_setting_length(rule) != 2 ||
            !config_setting_lookup_string(rule, "division", &division) ||
            !config_setting_lookup_string(rule, "by", &by)) {
            fault(r, rule,
                  "a delivery is { division = \"500101\"; by = \"spool\" or \"socket\"; }");
            continue;
        }
        int how = names_find(&deliveries, str_of(by));
        if (how < 0) {
            fault(r, rule, "delivery \"%s\" is not one of spool, socket", by);
            continue;
        }
        int64_t code = read_division(r, rule, division);
        r->s->deliveries[r->s->delivery_count++] = (struct delivery_rule){code, (enum delivery)how};
    }
}

static const struct key keys[] = {
    KEY("store", read_path, store),
    KEY("spool", read_path, spool),
    KEY("socket", read_path, socket),
    KEY("policy_dir", read_path, policy_dir),
    KEY("calendar_dir", read_path, calendar_dir),
    KEY("timezone", read_zone, timezone),
    KEY("daily_run_at", read_minute, daily_run_minute),
    KEY("log", read_log, store),
    KEY("roles", read_roles, store),
    KEY("accounts", read_accounts, store),
    KEY("delivery", read_delivery, store),
    KEY("spool_keep_days", read_count, spool_keep_days),
    KEY("metrics_file", read_path, metrics_file),
    KEY("limits", read_limits, store),
    {0},
};

static void defaults(struct settings *s)
{
    s->store = "/var/lib/reviewd/reviewd.db";
    s->spool = "/var/spool/reviewd";
    s->socket = "/run/reviewd/reviewd.sock";
    s->policy_dir = "/etc/reviewd/policy";
    s->calendar_dir = "/etc/reviewd/calendar";
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
    s->limit_connections_per_user = 1100;
    s->limit_page = 1000;
    s->limit_lease_seconds = 300;
    s->limit_catch_up_days = 31;
    s->limit_free_megabytes = 256;
    s->limit_first_byte_seconds = 60;
}

static char *folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? xstrndup(file, (size_t)(slash - file) + 1) : xstrdup("./");
}

struct settings *settings_load(const char *file, struct policy_faults *faults)
{
    struct settings *s = xcalloc(1, sizeof *s);
    struct reader r = {s, faults, file, folder_of(file)};
    bool legible = false;
    config_t config;
    config_init(&config);
    defaults(s);
    s->file = keep(&r, file);
    if (access(file, R_OK) != 0) {
        fault(&r, NULL, "cannot be read: %s", strerror(errno));
    } else if (!config_read_file(&config, file)) {
        struct strbuf text = STRBUF_INIT;
        strbuf_addf(&text, "%s:%d: %s", file, config_error_line(&config),
                    config_error_text(&config));
        faults->text = xrealloc(faults->text, (size_t)(faults->count + 1) * sizeof *faults->text);
        faults->text[faults->count++] = xstrdup(strbuf_text(&text));
        strbuf_free(&text);
    } else {
        legible = true;
        read_group(&r, config_root_setting(&config), keys);
    }
    config_destroy(&config);
    free(r.folder);
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
