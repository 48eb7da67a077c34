/* bare: the bare loop that `reviewctl import` is measured against.
 *
 *   bare households|members STORE FILE.csv AT POLICIES
 *
 * The file must be that of tools/households: its columns in its order, and no row of it wrong. */
#include <csv.h>

#include "bare.h"

#include <pwd.h>

#include "rules/tier.h"

#define CELLS 16
#define MEMBERS 64

struct loop {
    struct bare b;
    struct strbuf text; /* of the record's cells */
    struct str cells[CELLS];
    int count;
    void (*row)(struct loop *l);
    void (*flush)(struct loop *l); /* before a commit */
    const char *kind;
    struct digest *file;
    char sha256[DIGEST_HEX + 1];
    int64_t import, rows, offset;
    /* Of the household whose members are being read: */
    char household[64];
    int64_t household_id;
    struct household_facts facts;
    struct member_facts members[MEMBERS];
    enum tier tier;
    enum tier_source source;
    int64_t township;
    struct date anchor, last_review;
    struct strbuf list;
};

static int64_t fen(struct str s)
{
    int64_t value = FEN_UNKNOWN;
    str_to_fen(s, &value);
    return value;
}

static struct str or_none(struct str s)
{
    return s.len ? s : STR_NONE;
}

/* ---- households ---- */

static void household_audit(struct loop *l, int64_t village, enum tier tier, const char *source)
{
    struct bare *b = &l->b;
    const struct str *c = l->cells;
    char code[16];
    struct canon j = canon_open(&b->after);
    snprintf(code, sizeof code, "%012lld", (long long)village);
    canon_str(&j, "address", str_of(bare_personal(b, 0, or_none(c[4]))));
    canon_str(&j, "approved_on", or_none(c[12]));
    canon_str(&j, "division", str_of(code));
    canon_str(&j, "employment_cost", c[11]);
    canon_str(&j, "head_id", str_of(bare_personal(b, 1, or_none(c[3]))));
    canon_str(&j, "head_name", str_of(bare_personal(b, 2, or_none(c[2]))));
    canon_str(&j, "income", c[9]);
    canon_str(&j, "income_kind", c[8]);
    canon_str(&j, "last_review_on", or_none(c[13]));
    canon_str(&j, "pension", c[10]);
    canon_str(&j, "phone", str_of(bare_personal(b, 3, or_none(c[5]))));
    canon_str(&j, "register", c[14]);
    canon_str(&j, "status", c[6]);
    canon_str(&j, "tier", str_of(names_text(&tiers, (int)tier)));
    canon_str(&j, "tier_source", str_of(source));
    canon_close(&j);
    bare_audit(b, "household.add", c[0]);
}

static void cycle_put(struct loop *l, struct str household, int64_t id, int64_t township,
                      struct date anchor, const struct cycle_dates *d)
{
    struct bare *b = &l->b;
    PUT(b,
        "INSERT INTO cycle (household_id, anchor_on, step, tier, nominal_due_on, due_on, opens_on, "
        "provisional, decided_on, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')",
        "idizdddid", id, anchor, (int64_t)d->step, names_text(&tiers, (int)d->tier), d->nominal,
        d->due_on, d->opens_on, (int64_t)d->provisional, b->today);
    if (date_cmp(d->opens_on, b->today) <= 0) {
        bare_open_task(b, household, id, township, sqlite3_last_insert_rowid(b->db), d->nominal,
                       d->due_on);
    }
}

static void household_row(struct loop *l)
{
    struct bare *b = &l->b;
    const struct str *c = l->cells;
    struct error err = ERROR_INIT;
    struct date anchor = date_parse(c[12]), last = date_parse(c[13]);
    int given = names_find(&tiers, c[7]), satisfied;
    enum tier tier = given < 0 ? TIER_QUARTERLY : (enum tier)given;
    const char *source = given < 0 ? "default" : "given";
    int64_t village = atoll(c[1].data), township = village / 1000 * 1000;
    PUT(b,
        "INSERT INTO household (household, division, township, head_name, head_id, address, phone, "
        "status, register, tier, tier_source, income_kind, income, pension, employment_cost, "
        "approved_on, anchor_on, last_review_on, missed_cycles) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        "siissssssszsiiiddd", c[0], village, township, or_none(c[2]), or_none(c[3]), or_none(c[4]),
        or_none(c[5]), c[6], c[14], str_of(names_text(&tiers, (int)tier)), source, c[8], fen(c[9]),
        fen(c[10]), fen(c[11]), anchor, anchor, last);
    int64_t id = sqlite3_last_insert_rowid(b->db);
    household_audit(l, village, tier, source);
    struct tier_span span = {DATE_NONE, tier};
    struct cycle_context context = {b->policy, b->calendar, anchor, &span, 1, NULL};
    struct cycle_dates dates;
    if (!(date_is(last) ? cycle_import(&context, last, &satisfied, &dates, NULL, &err)
                        : cycle_first(&context, &dates, NULL, &err))) {
        die("%s", err.message);
    }
    cycle_put(l, c[0], id, township, anchor, &dates);
}

/* ---- members ---- */

static void group_begin(struct loop *l)
{
    static sqlite3_stmt *q;
    if (!q) {
        q = prepare(&l->b, "SELECT id, tier, tier_source, status, register, income_kind, income, "
                           "pension, employment_cost, anchor_on, last_review_on, township "
                           "FROM household WHERE household = ?");
    }
    snprintf(l->household, sizeof l->household, "%.*s", STR_ARG(l->cells[0]));
    bind(q, "z", l->household);
    if (sqlite3_step(q) != SQLITE_ROW) {
        die("no household %s", l->household);
    }
    l->household_id = sqlite3_column_int64(q, 0);
    l->tier = (enum tier)names_find(&tiers, column(q, 1));
    l->source = (enum tier_source)names_find(&tier_sources, column(q, 2));
    l->facts = (struct household_facts){
        .status = (enum status)names_find(&statuses, column(q, 3)),
        .register_state = (enum register_state)names_find(&register_states, column(q, 4)),
        .income_kind = (enum income_kind)names_find(&income_kinds, column(q, 5)),
        .income = sqlite3_column_int64(q, 6),
        .pension = sqlite3_column_int64(q, 7),
        .employment_cost = sqlite3_column_int64(q, 8),
        .members = l->members,
    };
    bool reviewed = sqlite3_column_type(q, 10) != SQLITE_NULL;
    l->anchor = (struct date){sqlite3_column_int(q, 9)};
    l->last_review = reviewed ? (struct date){sqlite3_column_int(q, 10)} : DATE_NONE;
    l->township = sqlite3_column_int64(q, 11);
    sqlite3_reset(q);
}

static void tier_canon(struct strbuf *out, enum tier tier, enum tier_source source)
{
    struct canon c = canon_open(out);
    canon_str(&c, "tier", str_of(names_text(&tiers, (int)tier)));
    canon_str(&c, "tier_source", str_of(names_text(&tier_sources, (int)source)));
    canon_close(&c);
}

/* The open cycle, unless its task is open, gives way to the first of the new tier's grid. */
static void regrid(struct loop *l, enum tier tier)
{
    static sqlite3_stmt *q;
    struct bare *b = &l->b;
    struct error err = ERROR_INIT;
    struct tier_span spans[] = {{DATE_NONE, l->tier}, {b->today, tier}};
    struct cycle_context context = {b->policy, b->calendar, l->anchor, spans, 2, NULL};
    struct cycle_dates dates;
    int satisfied = 0;
    if (!q) {
        q = prepare(b, "SELECT cycle, task FROM cycle WHERE household_id = ? AND state = 'open'");
    }
    bind(q, "i", l->household_id);
    bool waits = sqlite3_step(q) == SQLITE_ROW && sqlite3_column_type(q, 1) == SQLITE_NULL;
    int64_t cycle = waits ? sqlite3_column_int64(q, 0) : 0;
    sqlite3_reset(q);
    if (!waits) {
        return;
    }
    if ((date_is(l->last_review) &&
         !cycle_import(&context, l->last_review, &satisfied, &dates, NULL, &err)) ||
        !cycle_after_tier(&context, satisfied, b->today, &dates, NULL, &err)) {
        die("%s", err.message);
    }
    PUT(b, "UPDATE cycle SET state = 'superseded', closed_on = ? WHERE cycle = ?", "di", b->today,
        cycle);
    cycle_put(l, str_of(l->household), l->household_id, l->township, l->anchor, &dates);
}

static void tier_set(struct loop *l, enum tier tier, enum tier_source source)
{
    struct bare *b = &l->b;
    const char *word = names_text(&tiers, (int)tier);
    const char *source_word = names_text(&tier_sources, (int)source);
    PUT(b, "UPDATE household SET tier = ?, tier_source = ? WHERE id = ?", "zzi", word, source_word,
        l->household_id);
    tier_canon(&b->before, l->tier, l->source);
    tier_canon(&b->after, tier, source);
    bare_audit(b, "household.tier", str_of(l->household));
    if (tier == l->tier) {
        return;
    }
    PUT(b,
        "INSERT INTO tier_change (household_id, number, on_day, tier_before, tier_after, source, "
        "reason) VALUES (?, 1, ?, ?, ?, ?, 'derived')",
        "idzzz", l->household_id, b->today, names_text(&tiers, (int)l->tier), word, source_word);
    regrid(l, tier);
}

static void group_end(struct loop *l)
{
    struct bare *b = &l->b;
    if (!l->household_id) {
        return;
    }
    struct canon j = canon_open(&b->after);
    strbuf_addc(&l->list, ']');
    canon_raw(&j, "members", strbuf_str(&l->list));
    canon_close(&j);
    bare_audit(b, "household.members", str_of(l->household));
    if (l->source != TIER_GIVEN) {
        enum tier_source source;
        enum tier tier = tier_derive(b->policy, &l->facts, &source, NULL);
        if (tier != l->tier || source != l->source) {
            tier_set(l, tier, source);
        }
    }
    strbuf_reset(&l->list);
    l->household_id = 0;
}

static void member_audit(struct loop *l)
{
    struct bare *b = &l->b;
    const struct str *c = l->cells;
    strbuf_addc(&l->list, l->list.len ? ',' : '[');
    struct canon j = canon_open(&l->list);
    canon_str(&j, "birth_on", str_of(bare_personal(b, 0, or_none(c[4]))));
    canon_str(&j, "disability", c[6]);
    canon_str(&j, "health", c[5]);
    canon_str(&j, "id", str_of(bare_personal(b, 1, or_none(c[3]))));
    canon_str(&j, "member", c[1]);
    canon_str(&j, "name", str_of(bare_personal(b, 2, or_none(c[2]))));
    canon_str(&j, "status", c[9]);
    canon_str(&j, "status_on", or_none(c[10]));
    canon_bool(&j, "student", str_is(c[8], "yes"));
    canon_str(&j, "work_ability", c[7]);
    canon_close(&j);
}

static void member_row(struct loop *l)
{
    const struct str *c = l->cells;
    if (!l->household_id || !str_is(c[0], l->household)) {
        group_end(l);
        group_begin(l);
    }
    if (l->facts.member_count == MEMBERS) {
        die("more than %d members", MEMBERS);
    }
    l->members[l->facts.member_count++] =
        (struct member_facts){.health = (enum health)names_find(&healths, c[5]),
                              .disability = (enum disability)names_find(&disabilities, c[6]),
                              .work_ability = (enum work_ability)names_find(&work_abilities, c[7]),
                              .status = (enum member_status)names_find(&member_statuses, c[9]),
                              .birth_on = date_parse(c[4])};
    member_audit(l);
    PUT(&l->b,
        "INSERT INTO member (household_id, member, name, id, birth_on, health, disability, "
        "work_ability, student, status, status_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "isssdsssisd", l->household_id, c[1], or_none(c[2]), or_none(c[3]), date_parse(c[4]), c[5],
        c[6], c[7], (int64_t)str_is(c[8], "yes"), c[9], date_parse(c[10]));
}

/* ---- the file ---- */

static void import_begin(struct loop *l)
{
    struct bare *b = &l->b;
    bare_begin(b);
    PUT(b,
        "INSERT INTO import (kind, sha256, file, state, accepted_on, uid, who, offset, line, rows, "
        "bad) VALUES (?, ?, 'accepted.csv', 'applying', ?, ?, ?, 0, 1, 0, 0)",
        "zzdiz", l->kind, l->sha256, b->today, b->uid, b->who);
    l->import = sqlite3_last_insert_rowid(b->db);
    bare_commit(b);
    bare_begin(b);
    bare_mark_day(b);
}

static void slice_end(struct loop *l, const char *state)
{
    struct bare *b = &l->b;
    PUT(b,
        "UPDATE import SET offset = ?, line = ?, rows = ?, added = ?, state = ? WHERE import = ?",
        "iiiizi", l->offset, l->rows + 2, l->rows, l->rows, state, l->import);
    bare_commit(b);
}

static void take_cell(void *text, size_t len, void *self)
{
    struct loop *l = self;
    if (l->count < CELLS) {
        l->cells[l->count++].len = len;
    }
    strbuf_add(&l->text, text, len);
}

static void take_row(int end, void *self)
{
    struct loop *l = self;
    const char *at = l->text.data;
    (void)end;
    for (int i = 0; i < l->count; i++) {
        l->cells[i].data = at;
        at += l->cells[i].len;
    }
    if (!l->import) {
        import_begin(l); /* this was the heading */
    } else {
        bool due = l->rows % 16 == 0 && job_now() >= l->b.slice_ends;
        if (due && (!l->household_id || !str_is(l->cells[0], l->household))) {
            if (l->flush) {
                l->flush(l);
            }
            slice_end(l, "applying");
            bare_begin(&l->b);
        }
        l->row(l);
        l->rows++;
    }
    l->count = 0;
    strbuf_reset(&l->text);
}

/* The hash goes into the first row, so the file is read twice, as the daemon does. */
static void file_read(struct loop *l, FILE *in, struct csv_parser *parser)
{
    char block[65536];
    size_t n;
    rewind(in);
    while ((n = fread(block, 1, sizeof block, in)) > 0) {
        if (!parser) {
            digest_add(l->file, block, n);
        } else if (csv_parse(parser, block, n, take_cell, take_row, l) != n) {
            die("%s", csv_strerror(csv_error(parser)));
        }
        l->offset += parser ? (int64_t)n : 0;
    }
}

static void import_audit(struct loop *l)
{
    struct canon c = canon_open(&l->b.after);
    canon_int(&c, "added", l->rows);
    canon_int(&c, "bad", 0);
    canon_int(&c, "changed", 0);
    canon_str(&c, "kind", str_of(l->kind));
    canon_int(&c, "rows", l->rows);
    canon_str(&c, "sha256", str_of(l->sha256));
    canon_int(&c, "unchanged", 0);
    canon_close(&c);
    bare_audit(&l->b, "import", STR_NONE);
}

int main(int argc, char **argv)
{
    static struct loop l;
    struct csv_parser parser;
    if (argc != 6) {
        die("usage: bare households|members STORE FILE.csv AT POLICIES");
    }
    FILE *in = fopen(argv[3], "re");
    struct passwd *account = getpwuid(getuid());
    bool households = strcmp(argv[1], "households") == 0;
    if (!in || !account) {
        die("%s: cannot be read, or this user has no name", argv[3]);
    }
    l.kind = argv[1];
    l.row = households ? household_row : member_row;
    l.flush = households ? NULL : group_end;
    l.file = digest_new();
    bare_open(&l.b, argv[2], argv[4], argv[5]);
    l.b.uid = (int64_t)account->pw_uid;
    l.b.who = xstrdup(account->pw_name);
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
    file_read(&l, in, NULL);
    digest_hex(l.file, l.sha256);
    file_read(&l, in, &parser);
    csv_fini(&parser, take_cell, take_row, &l);
    if (l.flush) {
        l.flush(&l);
    }
    import_audit(&l);
    slice_end(&l, "done");
    _exit(0); /* as the daemon when it answers: what is in the log stays there */
}
