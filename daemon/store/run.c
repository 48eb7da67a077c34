#include "store/run.h"

#include "store/db.h"

static const struct word phase_names[] = {{"open", NULL},    {"effect", NULL}, {"age", NULL},
                                          {"roll", NULL},    {"close", NULL},  {"notice", NULL},
                                          {"pickup", NULL},  {"alert", NULL},  {"list", NULL},
                                          {"deliver", NULL}, {"prune", NULL},  {"done", NULL}};
const struct names run_phases = NAMES_TABLE("phase", phase_names);
static const struct word kind_names[] = {{"divisions", "区划"}, {"households", "户"},
                                         {"members", "成员"},   {"standards", "标准"},
                                         {"calendar", "日历"},  {"book", "台账"}};
const struct names import_kinds = NAMES_TABLE("kind", kind_names);

#define COLUMNS                                                                                    \
    "day, phase, cursor, working_day, for_day, opened, alerts, lists, audit_head, started_at, "    \
    "finished_at"
static const struct db_field fields[] = {
    FIELD_OR_NULL(struct run_row, day),
    FIELD_NAME(struct run_row, phase, run_phases),
    FIELD(struct run_row, cursor),
    FIELD(struct run_row, working_day),
    FIELD(struct run_row, for_day),
    FIELD(struct run_row, opened),
    FIELD(struct run_row, alerts),
    FIELD(struct run_row, lists),
    FIELD_CHARS_OR_NULL(struct run_row, audit_head),
    FIELD_CHARS(struct run_row, started_at),
    FIELD_CHARS_OR_NULL(struct run_row, finished_at),
};
static const struct db_shape runs = SHAPE("run", struct run_row, fields, 11);

bool store_run_put(struct store *s, const struct run_row *row, struct error *err)
{
    return db_do(
        s, err,
        "INSERT INTO run (" COLUMNS ", state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (day) DO UPDATE SET phase = excluded.phase, cursor = excluded.cursor, "
        "for_day = excluded.for_day, opened = excluded.opened, alerts = excluded.alerts, "
        "lists = excluded.lists, audit_head = excluded.audit_head, "
        "finished_at = excluded.finished_at, state = excluded.state",
        ARG_ROW(&runs, row), ARG(row->phase == RUN_DONE ? "done" : "running"));
}

bool store_run_get(struct store *s, struct date day, struct run_row *row, struct error *err)
{
    return db_one(s, err, NULL, &runs, row, "SELECT " COLUMNS " FROM run WHERE day = ?", ARG(day));
}

bool store_run_last(struct store *s, struct run_row *row, struct error *err)
{
    return db_one(s, err, NULL, &runs, row, "SELECT " COLUMNS " FROM run ORDER BY day DESC LIMIT 1",
                  NO_ARGS);
}

bool store_run_last_done(struct store *s, struct run_row *row, struct error *err)
{
    return db_one(s, err, NULL, &runs, row,
                  "SELECT " COLUMNS " FROM run WHERE state = 'done' ORDER BY day DESC LIMIT 1",
                  NO_ARGS);
}

bool store_run_running(struct store *s, struct run_row *row, struct error *err)
{
    return db_one(s, err, NULL, &runs, row, "SELECT " COLUMNS " FROM run WHERE state = 'running'",
                  NO_ARGS);
}

static const struct db_field actor_fields[] = {
    FIELD(struct actor, who),
    FIELD_OR_MINUS(struct actor, uid),
};
static const struct db_shape actors = SHAPE("run", struct actor, actor_fields, 0);

bool store_run_asked(struct store *s, struct date day, struct actor actor, struct error *err)
{
    return db_do(s, err, "UPDATE run SET uid = ?2, who = ?3 WHERE day = ?1", ARG(day),
                 ARG_OR_NULL(actor.uid, -1), ARG(actor.uid < 0 ? NULL : actor.who));
}

bool store_run_who(struct store *s, struct arena *a, struct date day, struct actor *actor,
                   struct error *err)
{
    bool ok = db_one(s, err, a, &actors, actor,
                     "SELECT who, uid FROM run WHERE day = ? AND who IS NOT NULL", ARG(day));
    *actor = actor->who ? *actor : ACTOR_CLOCK;
    return ok;
}

#define IMPORT_COLUMNS                                                                             \
    "import, kind, sha256, file, accepted_on, uid, who, offset, line, rows, bad, added, changed, " \
    "unchanged, faults, partial"
static const struct db_field import_fields[] = {
    FIELD_OR_NULL(struct import_row, import),
    FIELD_NAME(struct import_row, kind, import_kinds),
    FIELD_CHARS(struct import_row, sha256),
    FIELD(struct import_row, file),
    FIELD(struct import_row, accepted_on),
    FIELD_OR_MINUS(struct import_row, uid),
    FIELD(struct import_row, who),
    FIELD(struct import_row, offset),
    FIELD(struct import_row, line),
    FIELD(struct import_row, rows),
    FIELD(struct import_row, bad),
    FIELD(struct import_row, added),
    FIELD(struct import_row, changed),
    FIELD(struct import_row, unchanged),
    FIELD(struct import_row, faults),
    FIELD(struct import_row, partial),
};
static const struct db_shape imports = SHAPE("import", struct import_row, import_fields, 16);

bool store_import_insert(struct store *s, struct import_row *row, struct error *err)
{
    bool ok = db_do(s, err,
                    "INSERT INTO import (" IMPORT_COLUMNS
                    ", state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    ARG_ROW(&imports, row), ARG(row->done ? "done" : "applying"));
    row->import = ok ? db_inserted(s) : 0;
    return ok;
}

bool store_import_update(struct store *s, const struct import_row *row, struct error *err)
{
    return db_do(s, err,
                 "UPDATE import SET kind = ?2, sha256 = ?3, file = ?4, accepted_on = ?5, uid = ?6, "
                 "who = ?7, offset = ?8, line = ?9, rows = ?10, bad = ?11, added = ?12, "
                 "changed = ?13, unchanged = ?14, faults = ?15, partial = ?16, state = ?17 WHERE "
                 "import = ?1",
                 ARG_ROW(&imports, row), ARG(row->done ? "done" : "applying"));
}

bool store_import_applying(struct store *s, struct arena *a, struct import_row *row,
                           struct error *err)
{
    return db_one(s, err, a, &imports, row,
                  "SELECT " IMPORT_COLUMNS " FROM import WHERE state = 'applying'", NO_ARGS);
}
