/* work/tell: the bytes of each kind's body, whom it goes to, and that it is said once. A queue's
 * reader (contract.md 5, `queue.take`) lives by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/sample.h"
#include "store/message.h"
#include "work/tell.h"

#define ON date_of(2026, 11, 24)

static struct sample m;
static struct work w;
static struct error err;
static struct tell_facts facts;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed without a word");
    }
}

static int setup(void **state)
{
    (void)state;
    sample_folder(&m);
    must(sample_open(&m, &err));
    must(sample_divisions(&m, &err));
    w = (struct work){.store = m.s};
    facts = (struct tell_facts){
        .audit_head = STR("00ff"),
        .clause = STR("二(四)3"),
        .derived = STR("annual"),
        .doubt = STR("person-twice"),
        .event = STR("late"),
        .given = STR("quarterly"),
        .household = STR("H\"1"),
        .kind = STR("review"),
        .member = STR("2"),
        .name = STR("北门"),
        .other = STR("H2"),
        .policy = STR("2026-regular"),
        .proposes = STR("all-members-gone"),
        .reason = STR("录入错误"),
        .tier = STR("quarterly"),
        .households = STR("[\"a\",\"b\"]"),
        .date = {20781},
        .due_on = {20782},
        .since = {20783},
        .until = {20784},
        .was = {20785},
        .from = TOWNSHIP,
        .to = OTHER_TOWNSHIP,
        .township = TOWNSHIP,
        .task = 7,
        .year = 2026,
        .number = 9,
        .level = LEVEL_CITY,
    };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    error_clear(&err);
    sample_remove(&m);
    return 0;
}

static int waiting(int64_t division, struct message_row **rows)
{
    struct message_page page;
    must(store_messages_of(m.s, &m.a, division, true, 0, 99, 1 << 20, &page, &err));
    *rows = page.rows;
    return page.count;
}

static const struct {
    enum told_kind kind;
    const char *word, *subject, *body;
    int64_t to[2];
} kinds[] = {
    {TELL_ALERT,
     "alert",
     "7/late/2026-11-25",
     "{\"due_on\":\"2026-11-25\",\"event\":\"late\",\"household\":\"H\\\"1\",\"task\":7,"
     "\"township\":\"500101001000\"}",
     {CITY}},
    {TELL_UNDECIDED,
     "alert",
     "7/undecided-at-close/2026",
     "{\"event\":\"undecided-at-close\",\"household\":\"H\\\"1\",\"task\":7,\"year\":2026}",
     {DISTRICT, CITY}},
    {TELL_CORRECTED,
     "corrected",
     "9",
     "{\"household\":\"H\\\"1\",\"kind\":\"review\",\"reason\":\"录入错误\"}",
     {TOWNSHIP}},
    {TELL_DEADLINE_MOVED,
     "deadline-moved",
     "7/2026-11-28/2026-11-25",
     "{\"due_on\":\"2026-11-25\",\"household\":\"H\\\"1\",\"task\":7,\"was\":\"2026-11-28\"}",
     {TOWNSHIP}},
    {TELL_DIVISION_MERGED,
     "division-merged",
     "500101001000",
     "{\"from\":\"500101001000\",\"name\":\"北门\",\"to\":\"500101002000\"}",
     {TOWNSHIP}},
    {TELL_DOUBT,
     "doubt",
     "H\"1/person-twice/2",
     "{\"doubt\":\"person-twice\",\"household\":\"H\\\"1\",\"member\":\"2\",\"other\":\"H2\"}",
     {TOWNSHIP}},
    {TELL_MOVED_AWAY,
     "moved-away",
     "H\"1/9",
     "{\"from\":\"500101001000\",\"household\":\"H\\\"1\",\"to\":\"500101002000\"}",
     {TOWNSHIP}},
    {TELL_MOVED_IN,
     "moved-in",
     "H\"1/9",
     "{\"from\":\"500101001000\",\"household\":\"H\\\"1\",\"to\":\"500101002000\"}",
     {TOWNSHIP}},
    {TELL_NOT_PICKED_UP,
     "not-picked-up",
     "500101001000/2026-11-26",
     "{\"event\":\"not-picked-up\",\"since\":\"2026-11-26\",\"township\":\"500101001000\"}",
     {DISTRICT}},
    {TELL_PROPOSAL,
     "proposal",
     "7",
     "{\"household\":\"H\\\"1\",\"proposes\":\"all-members-gone\",\"task\":7}",
     {TOWNSHIP}},
    {TELL_PROTECTION_ENDS,
     "protection-ends",
     "2026-11-27",
     "{\"clause\":\"二(四)3\",\"households\":[\"a\",\"b\"],\"policy\":\"2026-regular\","
     "\"until\":\"2026-11-27\"}",
     {TOWNSHIP}},
    {TELL_STANDARD_MISSING,
     "standard-missing",
     "2026",
     "{\"event\":\"standard-missing\",\"year\":2026}",
     {TOWNSHIP}},
    {TELL_TIER_DEFAULT,
     "tier-default",
     "H\"1",
     "{\"household\":\"H\\\"1\",\"tier\":\"quarterly\"}",
     {TOWNSHIP}},
    {TELL_TIER_PENDING,
     "tier-pending",
     "H\"1",
     "{\"household\":\"H\\\"1\",\"until\":\"2026-11-27\"}",
     {TOWNSHIP}},
    {TELL_TIER_MISMATCH,
     "tier-mismatch",
     "H\"1/quarterly/annual",
     "{\"derived\":\"annual\",\"given\":\"quarterly\",\"household\":\"H\\\"1\"}",
     {TOWNSHIP}},
    {TELL_DAILY,
     "daily",
     "2026-11-24",
     "{\"audit_head\":\"00ff\",\"date\":\"2026-11-24\"}",
     {TOWNSHIP}},
};

static void test_kinds(void **state)
{
    const size_t count = sizeof kinds / sizeof *kinds;
    (void)state;
    assert_int_equal(count, TELL_DAILY + 1); /* a row for each */
    for (size_t i = 0; i < count; i++) {
        int told, expect = kinds[i].to[1] ? 2 : 1;
        assert_string_equal(tell_word(kinds[i].kind), kinds[i].word);
        must(store_begin(m.s, &err));
        must(tell(&w, kinds[i].kind, TOWNSHIP, ON, &facts, &told, &err));
        assert_int_equal(told, expect);
        for (int t = 0; t < expect; t++) {
            struct message_row *rows;
            assert_int_equal(waiting(kinds[i].to[t], &rows), 1);
            assert_true(str_is(rows[0].kind, kinds[i].word));
            assert_true(str_is(rows[0].subject, kinds[i].subject));
            assert_true(str_is(rows[0].body, kinds[i].body));
            assert_int_equal(rows[0].created_on.day, ON.day);
        }
        must(tell(&w, kinds[i].kind, TOWNSHIP, date_plus(ON, 1), &facts, &told, &err));
        assert_int_equal(told, 0); /* once */
        store_rollback(m.s);
    }
}

/* Where a division has none above it, it is told itself; and it once for both. */
static void test_nobody_above(void **state)
{
    struct message_row *rows;
    int told;
    (void)state;
    must(store_begin(m.s, &err));
    must(tell(&w, TELL_UNDECIDED, CITY, ON, &facts, &told, &err));
    assert_int_equal(told, 1);
    assert_int_equal(waiting(CITY, &rows), 1);
    store_rollback(m.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_above, setup, teardown),
    };
    return cmocka_run_group_tests_name("tell", tests, NULL, NULL);
}
