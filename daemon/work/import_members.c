/* Members. Those of one household that stand together are one change: one entry in the audit, and
 * their household's tier is derived once (contract.md 3.3). */
#include "base/canon.h"
#include "base/cell.h"
#include "base/text.h"
#include "work/import_kind.h"
#include "work/report.h"

enum {
    MB_HOUSEHOLD,
    MB_MEMBER,
    MB_NAME,
    MB_ID,
    MB_BIRTH_ON,
    MB_HEALTH,
    MB_DISABILITY,
    MB_WORK_ABILITY,
    MB_STUDENT,
    MB_STATUS,
    MB_STATUS_ON
};
static const struct import_column columns[] = {
    {"household", "户号", true, IMPORT_CODE, false},
    {"member", "成员号", true, IMPORT_CODE, false},
    {"name", "姓名", false, IMPORT_NAME, false},
    {"id", "身份证号", false, IMPORT_CODE, true},
    {"birth_on", "出生日期", false, IMPORT_WORD, true},
    {"health", "健康状况", false, IMPORT_WORD, true},
    {"disability", "残疾等级", false, IMPORT_WORD, true},
    {"work_ability", "劳动能力", false, IMPORT_WORD, true},
    {"student", "在校", false, IMPORT_WORD, true},
    {"status", "成员状态", false, IMPORT_WORD, false},
    {"status_on", "状态日期", false, IMPORT_WORD, true},
    {0}};

static const struct word student_names[] = {{"no", NULL},   {"yes", NULL}, {"false", NULL},
                                            {"true", NULL}, {"0", NULL},   {"1", NULL},
                                            {"否", NULL},   {"是", NULL}};
static const struct names students = NAMES_TABLE("student", student_names);

#define STUDENT_CLEARED (-2)
struct member_cells {
    struct member_row row;
    int health, disability, work_ability, student, status;
};

static void member_read(struct import_context *c, const struct str *cells, struct member_cells *g)
{
    struct date birth = DATE_NONE;
    *g = (struct member_cells){.row = {.birth_on = DATE_NONE, .status_on = DATE_NONE},
                               .health = -1,
                               .disability = -1,
                               .work_ability = -1,
                               .student = -1,
                               .status = -1};
    import_text(c, "member", cells[MB_MEMBER], 64, &g->row.member);
    if (cells[MB_MEMBER].len == 0) {
        import_fault(c, "member", "missing", sentence(SAY_IMPORT_EMPTY));
    }
    import_text(c, "name", cells[MB_NAME], 120, &g->row.name);
    import_day(c, "birth_on", cells[MB_BIRTH_ON], &g->row.birth_on);
    import_identity(c, "id", cells[MB_ID], &g->row.id, &birth);
    if (date_is(birth) && date_is(g->row.birth_on) &&
        g->row.birth_on.day != IMPORT_DAY_CLEARED.day && date_cmp(birth, g->row.birth_on) != 0) {
        import_fault(c, "birth_on", "contradiction", sentence(SAY_IMPORT_BIRTH, date_arg(birth)));
    }
    if (date_is(birth)) {
        g->row.birth_on = birth; /* the number's day counts (3.7) */
    }
    if (date_is(g->row.birth_on) && date_cmp(g->row.birth_on, c->today) > 0) {
        import_fault(
            c, "birth_on", "after-today",
            sentence(SAY_IMPORT_AFTER_TODAY, date_arg(g->row.birth_on), date_arg(c->today)));
    }
    import_word(c, "health", cells[MB_HEALTH], &healths, &g->health);
    import_word(c, "disability", cells[MB_DISABILITY], &disabilities, &g->disability);
    import_word(c, "work_ability", cells[MB_WORK_ABILITY], &work_abilities, &g->work_ability);
    if (cells[MB_STUDENT].data == import_cleared) {
        g->student = STUDENT_CLEARED;
    } else {
        import_word(c, "student", cells[MB_STUDENT], &students, &g->student);
    }
    import_word(c, "status", cells[MB_STATUS], &member_statuses, &g->status);
    import_day(c, "status_on", cells[MB_STATUS_ON], &g->row.status_on);
    if (date_is(g->row.status_on) && date_cmp(g->row.status_on, c->today) > 0) {
        import_fault(
            c, "status_on", "after-today",
            sentence(SAY_IMPORT_AFTER_TODAY, date_arg(g->row.status_on), date_arg(c->today)));
    }
}

/* The household of the row into the group, where the group is not its already. */
static bool group_find(struct import_context *c, struct str household, struct error *err)
{
    struct import_group *g = &c->members;
    if (g->household.id && str_equal(g->household.household, household)) {
        return true;
    }
    arena_reset(&c->group);
    g->known_count = -1;
    return store_household_find(c->w->store, &c->group, household, &g->household, err);
}

/* A day of birth alone must agree with the number that is on record (3.7), and nobody dies or moves
 * before being born. */
static void check_days(struct import_context *c, const struct member_row *given,
                       const struct member_row *old)
{
    struct birth b;
    struct date birth = import_day_after(given->birth_on, old->birth_on);
    struct date status_on = import_day_after(given->status_on, old->status_on);
    if (!given->id.data && date_is(given->birth_on) && old->id.data && !idnum_fault(old->id, &b)) {
        struct date known = date_of(b.year, b.month, b.day);
        if (date_cmp(known, given->birth_on) != 0) {
            import_fault(c, "birth_on", "contradiction",
                         sentence(SAY_IMPORT_BIRTH_KNOWN, date_arg(known)));
            return;
        }
    }
    if (date_is(birth) && date_is(status_on) && date_cmp(status_on, birth) < 0) {
        import_fault(c, date_is(given->status_on) ? "status_on" : "birth_on", "before-birth",
                     sentence(SAY_IMPORT_BEFORE_BIRTH, date_arg(status_on), date_arg(birth)));
    }
}

/* One person is one member of a household: neither a row above nor the store has the number under
 * another. Who died or moved out is no longer one. */
static void check_person(struct import_context *c, struct str household,
                         const struct member_cells *g)
{
    const struct import_group *group = &c->members;
    if (!g->row.id.len || g->status > MEMBER_PRESENT) {
        return;
    }
    struct str key =
        str_of(arena_format(&c->row, "%.*s\n#%.*s", STR_ARG(household), STR_ARG(g->row.id)));
    uint64_t first = import_seen_add(c->seen, key, c->line);
    if (first) {
        import_fault(c, "id", "duplicate",
                     sentence(SAY_IMPORT_PERSON_LINE, arg_number((int64_t)first)));
        return;
    }
    for (int i = 0; group->household.id && i < group->known_count; i++) {
        const struct member_row *known = &group->known[i];
        struct str other =
            str_of(arena_format(&c->row, "%.*s\n%.*s", STR_ARG(household), STR_ARG(known->member)));
        if (known->status == MEMBER_PRESENT && str_equal(known->id, g->row.id) &&
            !str_equal(known->member, g->row.member) && !import_seen_get(c->seen, other)) {
            import_fault(c, "id", "duplicate",
                         sentence(SAY_IMPORT_PERSON, arg_text(known->member)));
        }
    }
}

/* The group of the row's household, with its members on record. */
static bool group_known(struct import_context *c, struct str household, struct error *err)
{
    struct import_group *group = &c->members;
    return group_find(c, household, err) &&
           (group->household.id == 0 || group->known_count >= 0 ||
            store_members(c->w->store, &c->group, group->household.id, &group->known,
                          &group->known_count, err));
}

static struct str member_key(struct import_context *c, struct str household, struct str member)
{
    return str_of(arena_format(&c->row, "%.*s\n%.*s", STR_ARG(household), STR_ARG(member)));
}

bool import_member_number(struct import_context *c, struct str household, struct str id,
                          struct str name, struct str *number, struct error *err)
{
    const struct import_group *group = &c->members;
    struct str code, kept;
    if (cell_code(&c->row, household, &code) || cell_code(&c->row, id, &kept)) {
        *number = STR("?"); /* its own column says what is wrong */
        return true;
    }
    if (!group_known(c, code, err)) {
        return false;
    }
    for (int i = 0; group->household.id && i < group->known_count; i++) {
        const struct member_row *m = &group->known[i];
        bool same = kept.len
                        ? m->id.len == kept.len && strncasecmp(m->id.data, kept.data, kept.len) == 0
                        : m->id.len == 0 && str_equal(m->name, cell_words(name));
        if (same) {
            *number = m->member;
            return true;
        }
    }
    for (int n = 1;; n++) {
        bool taken = false;
        *number = str_of(arena_format(&c->row, "%d", n));
        for (int i = 0; group->household.id && i < group->known_count && !taken; i++) {
            taken = str_equal(group->known[i].member, *number);
        }
        if (!taken && !import_seen_get(c->seen, member_key(c, code, *number))) {
            return true;
        }
    }
}

static bool member_check(struct import_context *c, const struct str *cells, struct error *err)
{
    struct member_cells g;
    struct member_row old = {.birth_on = DATE_NONE, .student = -1, .status_on = DATE_NONE};
    struct import_group *group = &c->members;
    member_read(c, cells, &g);
    if (!group_known(c, cells[MB_HOUSEHOLD], err)) {
        return false;
    }
    bool pending = c->coming && import_seen_get(c->coming, cells[MB_HOUSEHOLD]);
    if (group->household.id == 0 && !pending) {
        import_fault(c, "household", cells[MB_HOUSEHOLD].len ? "unknown-household" : "missing",
                     sentence(SAY_IMPORT_HOUSEHOLD, arg_text(cells[MB_HOUSEHOLD])));
    } else {
        for (int i = 0; group->household.id && i < group->known_count; i++) {
            if (str_equal(group->known[i].member, cells[MB_MEMBER])) {
                old = group->known[i];
            }
        }
        check_days(c, &g.row, &old);
    }
    uint64_t first =
        import_seen_add(c->seen, member_key(c, cells[MB_HOUSEHOLD], cells[MB_MEMBER]), c->line);
    if (first) {
        import_fault(c, "member", "duplicate",
                     sentence(SAY_IMPORT_DUPLICATE, arg_number((int64_t)first)));
    }
    if (group->household.id || pending) {
        check_person(c, cells[MB_HOUSEHOLD], &g);
    }
    return true;
}

static bool member_joined(const struct import_context *c, const struct str *cells)
{
    return c->members.household.id &&
           str_equal(c->members.household.household, cells[MB_HOUSEHOLD]);
}

static struct member_row member_after(const struct member_row *old, const struct member_cells *g)
{
    struct member_row r = *old;
    r.member = g->row.member;
    r.name = import_text_after(g->row.name, old->name);
    r.id = import_text_after(g->row.id, old->id);
    r.birth_on = import_day_after(g->row.birth_on, old->birth_on);
    r.health = g->health >= 0 ? (enum health)g->health : old->health;
    r.disability = g->disability >= 0 ? (enum disability)g->disability : old->disability;
    r.work_ability = g->work_ability >= 0 ? (enum work_ability)g->work_ability : old->work_ability;
    r.student = g->student >= 0                 ? g->student % 2
                : g->student == STUDENT_CLEARED ? -1
                                                : old->student;
    r.status = g->status >= 0 ? (enum member_status)g->status : old->status;
    r.status_on = import_day_after(g->row.status_on, old->status_on);
    return r;
}

static bool member_same(const struct member_row *a, const struct member_row *b)
{
    return str_equal(a->name, b->name) && str_equal(a->id, b->id) &&
           a->birth_on.day == b->birth_on.day && a->health == b->health &&
           a->disability == b->disability && a->work_ability == b->work_ability &&
           a->student == b->student && a->status == b->status &&
           a->status_on.day == b->status_on.day;
}

/* One element of the list in the audit, personal values as digests; and its origin. */
static void member_audit(struct import_context *c, const struct member_row *r)
{
    struct strbuf *out = &c->members.after;
    struct store *s = c->w->store;
    char day[DATE_TEXT];
    struct import_group *g = &c->members;
    int at = 0;
    while (at < g->named_count && !str_equal(g->named[at].member, r->member)) {
        at++;
    }
    if (at == g->named_count) {
        g->named = arena_room(&c->group, g->named, sizeof *g->named, g->named_count++);
    }
    g->named[at] = (struct origin_row){.household_id = g->household.id,
                                       .fact = FACT_MEMBER,
                                       .member = arena_str(&c->group, r->member),
                                       .on = r->status_on,
                                       .source = ORIGIN_IMPORT};
    strbuf_addc(out, out->len ? ',' : '[');
    struct canon j = canon_open(out);
    canon_str(
        &j, "birth_on",
        audit_personal(s, &c->row,
                       date_is(r->birth_on) ? str_of(date_text(r->birth_on, day)) : STR_NONE));
    canon_str(&j, "disability", str_of(names_text(&disabilities, (int)r->disability)));
    canon_str(&j, "health", str_of(names_text(&healths, (int)r->health)));
    canon_str(&j, "id", audit_personal(s, &c->row, r->id));
    canon_str(&j, "member", r->member);
    canon_str(&j, "name", audit_personal(s, &c->row, r->name));
    canon_str(&j, "status", str_of(names_text(&member_statuses, (int)r->status)));
    canon_str(&j, "status_on",
              date_is(r->status_on) ? str_of(date_text(r->status_on, day)) : STR_NONE);
    if (r->student < 0) {
        canon_null(&j, "student");
    } else {
        canon_bool(&j, "student", r->student == 1);
    }
    canon_str(&j, "work_ability", str_of(names_text(&work_abilities, (int)r->work_ability)));
    canon_close(&j);
}

static bool member_flush(struct import_context *c, struct error *err)
{
    struct import_group *g = &c->members;
    bool ok = true;
    if (g->changed) {
        struct strbuf after = STRBUF_INIT;
        struct canon j = canon_open(&after);
        strbuf_addc(&g->after, ']');
        canon_raw(&j, "members", strbuf_str(&g->after));
        canon_close(&j);
        ok = work_audit(c->w, c->actor, "household.members", g->household.household, STR_NONE,
                        strbuf_str(&after), err);
        if (g->first) {
            g->named[0].fact = FACT_MEMBERS;
            g->named[0].member = STR_NONE;
            g->named_count = 1;
        }
        for (int i = 0; ok && i < g->named_count; i++) {
            ok = store_origin_put(c->w->store, &g->named[i], err);
        }
        ok = ok && household_derive_tier(c->w, c->actor, &g->household, c->today, err) &&
             (!g->updated || household_tier_mismatch(c->w, &g->household, c->today, err)) &&
             (!g->went ||
              report_imported(c->w, c->actor, g->household.household, strbuf_str(&g->went_member),
                              g->went_status, g->went_on, err));
        strbuf_free(&after);
    }
    strbuf_reset(&g->after);
    g->named = NULL;
    g->named_count = 0;
    g->changed = g->updated = g->went = false;
    g->household.id = 0;
    return ok;
}

static bool member_apply(struct import_context *c, const struct str *cells,
                         enum import_effect *effect, struct error *err)
{
    struct member_cells g;
    struct member_row old = {.birth_on = DATE_NONE, .student = -1, .status_on = DATE_NONE};
    bool found;
    *effect = IMPORT_UNCHANGED;
    member_read(c, cells, &g);
    if (!member_joined(c, cells) && !member_flush(c, err)) {
        return false;
    }
    if (!group_find(c, cells[MB_HOUSEHOLD], err)) {
        return false;
    }
    if (c->row_faults || c->members.household.id == 0) {
        return true;
    }
    int64_t id = c->members.household.id;
    if (!store_member_find(c->w->store, &c->row, id, cells[MB_MEMBER], &old, &found, err)) {
        return false;
    }
    struct member_row r = member_after(&old, &g);
    if (found && member_same(&old, &r)) {
        return true;
    }
    *effect = found ? IMPORT_CHANGED : IMPORT_ADDED;
    if (!c->members.changed) {
        bool any;
        if (!store_member_any(c->w->store, id, &any, err)) {
            return false;
        }
        c->members.first = !any;
    }
    c->members.first = c->members.first && !date_is(r.status_on);
    c->members.changed = true;
    c->members.updated = c->members.updated || found;
    if (found && old.status == MEMBER_PRESENT && r.status != MEMBER_PRESENT) {
        struct import_group *group = &c->members;
        group->went = true;
        strbuf_reset(&group->went_member);
        strbuf_add(&group->went_member, r.member.data, r.member.len);
        group->went_status = r.status;
        group->went_on = r.status_on;
    }
    member_audit(c, &r);
    return store_member_put(c->w->store, id, &r, err);
}

const struct import_class import_members = {
    .kind = IMPORT_MEMBERS,
    .columns = columns,
    .check = member_check,
    .apply = member_apply,
    .joined = member_joined,
    .flush = member_flush,
};
