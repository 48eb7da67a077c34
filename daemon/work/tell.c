#include "work/tell.h"

#include <stddef.h>

#include "base/canon.h"
#include "store/division.h"
#include "store/message.h"

enum field {
    END,
    AUDIT_HEAD,
    CLAUSE,
    DATE,
    DERIVED,
    DOUBT,
    DUE_ON,
    EVENT,
    FROM,
    GIVEN,
    HOUSEHOLD,
    HOUSEHOLDS,
    KIND,
    MEMBER,
    NAME,
    NUMBER,
    OTHER,
    POLICY,
    PROPOSES,
    REASON,
    SINCE,
    TASK,
    TIER,
    TO,
    TOWNSHIP,
    UNTIL,
    WAS,
    YEAR
};

static const struct {
    const char *key;
    enum { TEXT, JSON, DAY, CODE, COUNT } type;
    size_t at; /* in struct tell_facts */
} fields[] = {
#define FIELD(key, type)                                                                           \
    {                                                                                              \
#key, type, offsetof(struct tell_facts, key)                                               \
    }
    [AUDIT_HEAD] = FIELD(audit_head, TEXT),
    [CLAUSE] = FIELD(clause, TEXT),
    [DATE] = FIELD(date, DAY),
    [DERIVED] = FIELD(derived, TEXT),
    [DOUBT] = FIELD(doubt, TEXT),
    [DUE_ON] = FIELD(due_on, DAY),
    [EVENT] = FIELD(event, TEXT),
    [FROM] = FIELD(from, CODE),
    [GIVEN] = FIELD(given, TEXT),
    [HOUSEHOLD] = FIELD(household, TEXT),
    [HOUSEHOLDS] = FIELD(households, JSON),
    [KIND] = FIELD(kind, TEXT),
    [MEMBER] = FIELD(member, TEXT),
    [NAME] = FIELD(name, TEXT),
    [NUMBER] = FIELD(number, COUNT),
    [OTHER] = FIELD(other, TEXT),
    [POLICY] = FIELD(policy, TEXT),
    [PROPOSES] = FIELD(proposes, TEXT),
    [REASON] = FIELD(reason, TEXT),
    [SINCE] = FIELD(since, DAY),
    [TASK] = FIELD(task, COUNT),
    [TIER] = FIELD(tier, TEXT),
    [TO] = FIELD(to, CODE),
    [TOWNSHIP] = FIELD(township, CODE),
    [UNTIL] = FIELD(until, DAY),
    [WAS] = FIELD(was, DAY),
    [YEAR] = FIELD(year, COUNT),
};

/* Whom a kind goes to, seen from the division that the caller gives. */
enum whom { ITSELF, ITS_DISTRICT, DISTRICT_AND_CITY, AS_THE_FACTS_SAY };

static const struct {
    const char *word;
    enum whom whom;
    enum field body[6]; /* in the order of their keys */
    enum field once[4]; /* told once for each of these together, and division */
    const char *event;  /* of a body whose event is always the same */
} kinds[] = {
    [TELL_ALERT] = {"alert",
                    AS_THE_FACTS_SAY,
                    {DUE_ON, EVENT, HOUSEHOLD, TASK, TOWNSHIP},
                    {TASK, EVENT, DUE_ON}},
    [TELL_UNDECIDED] = {"alert",
                        DISTRICT_AND_CITY,
                        {EVENT, HOUSEHOLD, TASK, YEAR},
                        {TASK, EVENT, YEAR},
                        "undecided-at-close"},
    [TELL_CORRECTED] = {"corrected", ITSELF, {HOUSEHOLD, KIND, REASON}, {NUMBER}},
    [TELL_DEADLINE_MOVED] = {"deadline-moved",
                             ITSELF,
                             {DUE_ON, HOUSEHOLD, TASK, WAS},
                             {TASK, WAS, DUE_ON}},
    [TELL_DIVISION_MERGED] = {"division-merged", ITSELF, {FROM, NAME, TO}, {FROM}},
    [TELL_DOUBT] = {"doubt", ITSELF, {DOUBT, HOUSEHOLD, MEMBER, OTHER}, {HOUSEHOLD, DOUBT, MEMBER}},
    [TELL_MOVED_AWAY] = {"moved-away", ITSELF, {FROM, HOUSEHOLD, TO}, {HOUSEHOLD, NUMBER}},
    [TELL_MOVED_IN] = {"moved-in", ITSELF, {FROM, HOUSEHOLD, TO}, {HOUSEHOLD, NUMBER}},
    [TELL_NOT_PICKED_UP] = {"not-picked-up",
                            ITS_DISTRICT,
                            {EVENT, SINCE, TOWNSHIP},
                            {TOWNSHIP, SINCE},
                            "not-picked-up"},
    [TELL_PROPOSAL] = {"proposal", ITSELF, {HOUSEHOLD, PROPOSES, TASK}, {TASK}},
    [TELL_PROTECTION_ENDS] = {"protection-ends",
                              ITSELF,
                              {CLAUSE, HOUSEHOLDS, POLICY, UNTIL},
                              {UNTIL}},
    [TELL_STANDARD_MISSING] =
        {"standard-missing", ITSELF, {EVENT, YEAR}, {YEAR}, "standard-missing"},
    [TELL_TIER_DEFAULT] = {"tier-default", ITSELF, {HOUSEHOLD, TIER}, {HOUSEHOLD}},
    [TELL_TIER_PENDING] = {"tier-pending", ITSELF, {HOUSEHOLD, UNTIL}, {HOUSEHOLD}},
    [TELL_TIER_MISMATCH] = {"tier-mismatch",
                            ITSELF,
                            {DERIVED, GIVEN, HOUSEHOLD},
                            {HOUSEHOLD, GIVEN, DERIVED}},
    [TELL_DAILY] = {MESSAGE_DAILY, ITSELF, {AUDIT_HEAD, DATE}, {DATE}},
};

const char *tell_word(enum told_kind kind)
{
    return kinds[kind].word;
}

/* The value of a field: into the body under its key, or, c NULL, into the subject as plain text. */
static void put(const struct tell_facts *facts, enum field f, struct canon *c,
                struct strbuf *subject)
{
    const void *at = (const char *)facts + fields[f].at;
    char buffer[DATE_TEXT > DIVISION_TEXT ? DATE_TEXT : DIVISION_TEXT];
    struct str text = STR_NONE;
    switch (fields[f].type) {
    case COUNT:
        if (c) {
            canon_int(c, fields[f].key, *(const int64_t *)at);
        } else {
            strbuf_addf(subject, "%lld", (long long)*(const int64_t *)at);
        }
        return;
    case JSON:
        canon_raw(c, fields[f].key, *(const struct str *)at);
        return;
    case TEXT:
        text = *(const struct str *)at;
        break;
    case DAY:
        text = str_of(date_text(*(const struct date *)at, buffer));
        break;
    case CODE:
        text = str_of(division_text(*(const int64_t *)at, buffer));
        break;
    }
    if (c) {
        canon_str(c, fields[f].key, text);
    } else {
        strbuf_addstr(subject, text);
    }
}

bool tell(struct work *w, enum told_kind kind, int64_t division, struct date on,
          const struct tell_facts *facts, int *told, struct error *err)
{
    const enum level all[] = {LEVEL_DISTRICT, LEVEL_CITY};
    const enum level *above = kinds[kind].whom == AS_THE_FACTS_SAY ? &facts->level : all;
    int count = kinds[kind].whom == DISTRICT_AND_CITY ? 2 : 1;
    struct tell_facts said = *facts;
    struct strbuf body = STRBUF_INIT, subject = STRBUF_INIT;
    struct canon c = canon_open(&body);
    bool ok = true;
    if (kinds[kind].event) {
        said.event = str_of(kinds[kind].event);
    }
    for (const enum field *f = kinds[kind].body; *f; f++) {
        put(&said, *f, &c, NULL);
    }
    canon_close(&c);
    for (const enum field *f = kinds[kind].once; *f; f++) {
        strbuf_addz(&subject, f == kinds[kind].once ? "" : "/");
        put(&said, *f, NULL, &subject);
    }
    for (int i = 0; ok && i < count; i++) {
        struct message_row message = {.division = division,
                                      .kind = str_of(kinds[kind].word),
                                      .subject = strbuf_str(&subject),
                                      .created_on = on,
                                      .body = strbuf_str(&body)};
        bool added = false;
        if (kinds[kind].whom != ITSELF) {
            ok = store_division_up(w->store, division, above[i], &message.division, err);
            message.division = message.division ? message.division : division;
        }
        ok = ok && store_message_put(w->store, &message, &added, err);
        if (told) {
            *told = (i ? *told : 0) + added;
        }
    }
    strbuf_free(&body);
    strbuf_free(&subject);
    return ok;
}
