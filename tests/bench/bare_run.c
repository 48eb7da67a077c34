/* bare_run: the bare loop that the daily run is measured against.
 *
 *   bare_run STORE SPOOL AT POLICIES
 *
 * A first run on a working day, delivered by files. The lists are built and rendered by
 * delivery/list, as the daemon does it: what differs is everything round it. */
#include "bare.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include "delivery/list.h"
#include "store/message.h"

#define BATCH 128

struct opening {
    int64_t cycle, household_id, township;
    struct date nominal, due_on;
    char *household;
};

struct alert {
    int64_t task, township;
    struct date due_on;
    int raised;
    char *household;
};

struct outgoing {
    int64_t seq, division;
};

struct run {
    struct bare b;
    struct work w;
    struct clock clock;
    int root, tmp;
    int64_t opened, alerts, lists;
    char audit_head[DIGEST_HEX + 1];
    struct arena arena, list_arena;
    struct strbuf text;
};

static void slice(struct bare *b)
{
    if (job_now() < b->slice_ends) {
        return;
    }
    bare_commit(b);
    bare_begin(b);
}

static void run_put(struct run *r, const char *phase, const char *state)
{
    PUT(&r->b,
        "UPDATE run SET phase = ?, state = ?, opened = ?, alerts = ?, lists = ?, audit_head = ?, "
        "finished_at = CASE ?2 WHEN 'done' THEN started_at END WHERE day = ?",
        "zziiizd", phase, state, r->opened, r->alerts, r->lists,
        r->audit_head[0] ? r->audit_head : NULL, r->b.today);
}

/* All rows of a query as an array in the arena, each read by `read`. */
static int rows_read(struct run *r, sqlite3_stmt *q, void **rows, size_t size,
                     void (*read)(struct run *r, sqlite3_stmt *q, void *row))
{
    int count = 0, room = 0;
    *rows = NULL;
    while (sqlite3_step(q) == SQLITE_ROW) {
        if (count == room) {
            room = room ? 2 * room : 4096;
            *rows = xrealloc(*rows, (size_t)room * size);
        }
        read(r, q, (char *)*rows + (size_t)count++ * size);
    }
    sqlite3_finalize(q);
    return count;
}

/* ---- open ---- */

static void opening_read(struct run *r, sqlite3_stmt *q, void *row)
{
    *(struct opening *)row =
        (struct opening){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
                         sqlite3_column_int64(q, 2), {sqlite3_column_int(q, 3)},
                         {sqlite3_column_int(q, 4)}, arena_copy(&r->arena, column(q, 5))};
}

static void open_all(struct run *r)
{
    struct bare *b = &r->b;
    void *rows;
    sqlite3_stmt *q = prepare(
        b, "SELECT c.cycle, c.household_id, h.township, c.nominal_due_on, c.due_on, h.household "
           "FROM cycle c CROSS JOIN household h ON h.id = c.household_id WHERE c.state = 'open' "
           "AND c.task IS NULL AND c.opens_on <= ? ORDER BY c.opens_on, c.cycle");
    bare_begin(b);
    PUT(b,
        "INSERT INTO run (day, phase, cursor, working_day, for_day, started_at, state) "
        "VALUES (?, 'open', 0, 1, ?, ?, 'running')",
        "ddz", b->today, b->today, b->at);
    bare_commit(b);
    bare_begin(b);
    bare_mark_day(b);
    bind(q, "d", b->today);
    int count = rows_read(r, q, &rows, sizeof(struct opening), opening_read);
    for (int i = 0; i < count; i++) {
        const struct opening *o = (struct opening *)rows + i;
        bare_open_task(b, str_of(o->household), o->household_id, o->township, o->cycle, o->nominal,
                       o->due_on);
        r->opened++;
        slice(b);
    }
    run_put(r, "alert", "running");
    bare_commit(b);
    free(rows);
}

/* ---- alert ---- */

static void alert_read(struct run *r, sqlite3_stmt *q, void *row)
{
    *(struct alert *)row = (struct alert){sqlite3_column_int64(q, 0),
                                          sqlite3_column_int64(q, 1),
                                          {sqlite3_column_int(q, 2)},
                                          sqlite3_column_int(q, 3),
                                          arena_copy(&r->arena, column(q, 4))};
}

static void alert_put(struct run *r, const struct alert *a, const struct alert_rung *rung)
{
    static const int64_t unit[] = {1, 1000000, 10000000000};
    struct bare *b = &r->b;
    char due[DATE_TEXT], code[DIVISION_TEXT], subject[96];
    strbuf_reset(&r->text);
    struct canon c = canon_open(&r->text);
    canon_str(&c, "due_on", str_of(date_text(a->due_on, due)));
    canon_str(&c, "event", str_of(rung->name));
    canon_str(&c, "household", str_of(a->household));
    canon_int(&c, "task", a->task);
    canon_str(&c, "township", str_of(division_text(a->township, code)));
    canon_close(&c);
    snprintf(subject, sizeof subject, "%lld/%s/%s", (long long)a->task, rung->name, due);
    PUT(b,
        "INSERT INTO message (epoch, division, kind, subject, created_on, body, state) "
        "VALUES (1, ?, 'alert', ?, ?, ?, 'ready')",
        "izds", a->township / unit[rung->to] * unit[rung->to], subject, b->today,
        strbuf_str(&r->text));
    r->alerts++;
}

static void alert_all(struct run *r)
{
    struct bare *b = &r->b;
    void *rows;
    sqlite3_stmt *q =
        prepare(b, "SELECT t.task, t.township, t.due_on, t.raised, h.household FROM task t "
                   "CROSS JOIN household h ON h.id = t.household_id WHERE t.state = 'open' "
                   "AND t.alert_on IS NOT NULL AND t.alert_on <= ? ORDER BY t.alert_on, t.task");
    bind(q, "d", b->today);
    bare_begin(b);
    int count = rows_read(r, q, &rows, sizeof(struct alert), alert_read);
    for (int i = 0; i < count; i++) {
        const struct alert *a = (struct alert *)rows + i;
        struct date next;
        int rung = alert_due(b->policy, b->calendar, a->due_on, a->raised, b->today, &next);
        if (rung >= 0) {
            alert_put(r, a, &b->policy->rungs[rung]);
        }
        PUT(b, "UPDATE task SET raised = ?, alert_on = ? WHERE task = ?", "idi",
            (int64_t)(rung >= 0 ? rung : a->raised), next, a->task);
        slice(b);
    }
    run_put(r, "list", "running");
    bare_commit(b);
    free(rows);
}

/* ---- list ---- */

static void division_read(struct run *r, sqlite3_stmt *q, void *row)
{
    (void)r;
    *(int64_t *)row = sqlite3_column_int64(q, 0);
}

static void list_all(struct run *r)
{
    struct bare *b = &r->b;
    char day[DATE_TEXT];
    void *rows;
    sqlite3_stmt *q =
        prepare(b, "WITH t (code) AS (SELECT DISTINCT township FROM task WHERE state = 'open'), "
                   "d (code) AS (SELECT DISTINCT parent FROM division WHERE code IN t) "
                   "SELECT code FROM t UNION SELECT code FROM d "
                   "UNION SELECT parent FROM division WHERE code IN d "
                   "UNION SELECT division FROM message WHERE listed = 0 AND kind <> 'daily' "
                   "ORDER BY 1");
    memcpy(r->audit_head, b->head, sizeof r->audit_head);
    strbuf_reset(&r->text);
    struct canon c = canon_open(&r->text);
    canon_str(&c, "audit_head", str_of(r->audit_head));
    canon_str(&c, "date", str_of(date_text(b->today, day)));
    canon_close(&c);
    bare_begin(b);
    int count = rows_read(r, q, &rows, sizeof(int64_t), division_read);
    for (int i = 0; i < count; i++) {
        PUT(b,
            "INSERT INTO message (epoch, division, kind, subject, created_on, body, state) "
            "VALUES (1, ?, 'daily', ?, ?, ?, 'queued')",
            "izds", ((int64_t *)rows)[i], day, b->today, strbuf_str(&r->text));
        r->lists++;
        slice(b);
    }
    run_put(r, "deliver", "running");
    bare_commit(b);
    free(rows);
}

/* ---- deliver ---- */

static const struct {
    const char *extension;
    void (*render)(const struct list *list, struct strbuf *out);
} files[] = {{"csv", list_csv}, {"html", list_html}, {"json", list_json}};

static void write_lists(struct run *r, const struct outgoing *o)
{
    struct message_row message = {.seq = o->seq,
                                  .epoch = 1,
                                  .division = o->division,
                                  .kind = STR("daily"),
                                  .created_on = r->b.today};
    struct list list;
    struct error err = ERROR_INIT;
    arena_reset(&r->list_arena);
    if (!list_build(&r->w, &r->list_arena, &message, &list, &err)) {
        die("%s", err.message);
    }
    for (int i = 0; i < 3; i++) {
        char name[64];
        strbuf_reset(&r->text);
        files[i].render(&list, &r->text);
        snprintf(name, sizeof name, "%lld-%012lld.%s", (long long)o->seq, (long long)o->division,
                 files[i].extension);
        int fd = openat(r->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
        if (fd < 0 || write(fd, r->text.data, r->text.len) != (ssize_t)r->text.len ||
            close(fd) != 0) {
            die("%s: %s", name, strerror(errno));
        }
    }
}

static void rename_lists(struct run *r, const struct outgoing *o)
{
    char path[96], from[64], to[160], day[DATE_TEXT];
    int64_t district = o->division / 1000000 * 1000000;
    int len = 0;
    if (o->division % 1000000) {
        len = snprintf(path, sizeof path, "%012lld/", (long long)district);
    }
    if (len) {
        mkdirat(r->root, path, 0750);
    }
    len += snprintf(path + len, sizeof path - (size_t)len, "%012lld", (long long)o->division);
    mkdirat(r->root, path, 0750);
    snprintf(path + len, sizeof path - (size_t)len, "/new");
    mkdirat(r->root, path, 0750);
    for (int i = 0; i < 3; i++) {
        snprintf(from, sizeof from, "%lld-%012lld.%s", (long long)o->seq, (long long)o->division,
                 files[i].extension);
        snprintf(to, sizeof to, "%s/%s-daily.%s", path, date_text(r->b.today, day),
                 files[i].extension);
        if (renameat(r->tmp, from, r->root, to) != 0) {
            die("%s: %s", to, strerror(errno));
        }
    }
}

static void deliver_batch(struct run *r, const struct outgoing *rows, int count)
{
    struct bare *b = &r->b;
    for (int i = 0; i < count; i++) {
        write_lists(r, &rows[i]);
    }
    if (syncfs(r->root) != 0) {
        die("%s", strerror(errno));
    }
    bare_begin(b);
    for (int i = 0; i < count; i++) {
        const struct outgoing *o = &rows[i];
        PUT(b, "UPDATE message SET state = 'staged' WHERE seq = ?", "i", o->seq);
        PUT(b,
            "UPDATE task SET listed_on = ? WHERE state = 'open' AND township = ? "
            "AND listed_on IS NULL",
            "di", b->today, o->division);
        PUT(b,
            "UPDATE message SET state = 'delivered', listed = 1 WHERE division = ? AND seq <= ? "
            "AND listed = 0 AND kind <> 'daily'",
            "ii", o->division, o->seq);
    }
    bare_commit(b);
    for (int i = 0; i < count; i++) {
        rename_lists(r, &rows[i]);
    }
    if (syncfs(r->root) != 0) {
        die("%s", strerror(errno));
    }
    bare_begin(b);
    for (int i = 0; i < count; i++) {
        PUT(b, "UPDATE message SET state = 'delivered' WHERE seq = ?", "i", rows[i].seq);
    }
    bare_commit(b);
}

static void outgoing_read(struct run *r, sqlite3_stmt *q, void *row)
{
    (void)r;
    *(struct outgoing *)row =
        (struct outgoing){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1)};
}

static void deliver_all(struct run *r)
{
    void *rows;
    sqlite3_stmt *q = prepare(&r->b, "SELECT seq, division FROM message WHERE state = 'queued' "
                                     "AND kind = 'daily' ORDER BY seq");
    int count = rows_read(r, q, &rows, sizeof(struct outgoing), outgoing_read);
    for (int i = 0; i < count; i += BATCH) {
        deliver_batch(r, (struct outgoing *)rows + i, count - i < BATCH ? count - i : BATCH);
    }
    free(rows);
}

/* ---- the end ---- */

/* The run is on record as asked for by whoever called for it: the account that runs both sides. */
static void run_done(struct run *r)
{
    char day[DATE_TEXT];
    struct passwd *account = getpwuid(getuid());
    if (account) {
        r->b.uid = (int64_t)account->pw_uid;
        r->b.who = account->pw_name;
    }
    bare_begin(&r->b);
    struct canon c = canon_open(&r->b.after);
    canon_int(&c, "alerts", r->alerts);
    canon_str(&c, "date", str_of(date_text(r->b.today, day)));
    canon_str(&c, "for", str_of(day));
    canon_int(&c, "lists", r->lists);
    canon_int(&c, "opened", r->opened);
    canon_close(&c);
    bare_audit(&r->b, "run", STR_NONE);
    run_put(r, "done", "done");
    bare_commit(&r->b);
}

static void spool_open_bare(struct run *r, const char *path)
{
    if (mkdir(path, 0750) != 0 && errno != EEXIST) {
        die("%s: %s", path, strerror(errno));
    }
    r->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mkdirat(r->root, "tmp", 0750);
    r->tmp = openat(r->root, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->tmp < 0) {
        die("%s: %s", path, strerror(errno));
    }
}

int main(int argc, char **argv)
{
    static struct run r;
    struct error err = ERROR_INIT;
    if (argc != 5) {
        die("usage: bare_run STORE SPOOL AT POLICIES");
    }
    bare_open(&r.b, argv[1], argv[3], argv[4]);
    r.b.uid = -1;
    r.b.who = "clock";
    spool_open_bare(&r, argv[2]);
    clock_init_manual(&r.clock, r.b.now);
    r.w.clock = &r.clock;
    r.w.rules = rulebook_new(r.b.policies, r.b.calendar);
    r.w.store = store_open(argv[1], STORE_READ, r.b.today, &err);
    if (!r.w.store) {
        die("%s", err.message);
    }
    open_all(&r);
    alert_all(&r);
    list_all(&r);
    deliver_all(&r);
    run_done(&r);
    _exit(0);
}
