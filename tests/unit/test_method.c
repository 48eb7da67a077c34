/* control/method: what a call may be given, and that every row of the table is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/cursor.h"
#include "control/methods.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct word words_text[] = {{"red", NULL}, {"green", NULL}};
static const struct names words = NAMES_TABLE("colour", words_text);

static const struct param all_params[] = {
    {"string", PARAM_STRING, false, NULL, "s"},     {"division", PARAM_DIVISION, false, NULL, "d"},
    {"date", PARAM_DATE, false, NULL, "d"},         {"integer", PARAM_INTEGER, false, NULL, "i"},
    {"count", PARAM_COUNT, false, NULL, "c"},       {"boolean", PARAM_BOOLEAN, false, NULL, "b"},
    {"file", PARAM_FILE, false, NULL, "f"},         {"word", PARAM_WORD, false, &words, "w"},
    {"limit", PARAM_INTEGER, false, NULL, "l"},     {"cursor", PARAM_STRING, false, NULL, "c"},
    {"township", PARAM_DIVISION, false, NULL, "t"}, {"texts", PARAM_TEXTS, false, NULL, "t"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};
static const struct param one_param[] = {
    {"task", PARAM_INTEGER, true, NULL, "the task's number"},
    {NULL, PARAM_STRING, false, NULL, NULL},
};
static const struct method all = {.name = "all", .params = all_params};
static const struct method one = {.name = "one", .params = one_param};
static const struct method none = {.name = "none"};

static json_t *parse(const char *text)
{
    json_t *tree = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(tree);
    return tree;
}

/* ---- method_check ---- */

static void test_check(void **state)
{
    static const struct {
        const struct method *method;
        const char *params;
        const char *fault; /* a piece of the message; NULL: good */
    } cases[] = {
        {&all, "{}", NULL},
        {&none, "{}", NULL},
        {&none, "{\"a\": 1}", "none has no parameter \"a\"; it takes none"},
        {&all, "[]", "an object"},
        {&all, "[1]", "an object"},
        {&all, "{\"colour\": 1}", "no parameter \"colour\""},
        {&one, "{\"task\": 1, \"x\": null}", "no parameter \"x\"; it takes task"},
        {&one, "{}", "one needs task"},
        {&one, "{\"task\": null}", "one needs task"},
        {&one, "{\"task\": 7}", NULL},
        {&all, "{\"string\": null, \"file\": null, \"word\": null}", NULL},
        {&all, "{\"string\": \"x\"}", NULL},
        {&all, "{\"string\": \"\"}", "2000 characters"},
        {&all, "{\"string\": 1}", "string must be a text"},
        {&all, "{\"division\": \"500101001000\"}", NULL},
        {&all, "{\"division\": \"500101\"}", NULL},
        {&all, "{\"division\": \"5\"}", "2 to 12 digits"},
        {&all, "{\"division\": \"5001010010001\"}", "2 to 12 digits"},
        {&all, "{\"division\": \"50010x\"}", "2 to 12 digits"},
        {&all, "{\"division\": \"-500101\"}", "2 to 12 digits"},
        {&all, "{\"division\": 500101}", "2 to 12 digits"},
        {&all, "{\"date\": \"2026-11-24\"}", NULL},
        {&all, "{\"date\": \"2026-02-29\"}", "a day"},
        {&all, "{\"date\": \"2026-1-4\"}", "a day"},
        {&all, "{\"date\": \"\"}", "a day"},
        {&all, "{\"date\": 20261124}", "a day"},
        {&all, "{\"integer\": 9007199254740992}", NULL},
        {&all, "{\"integer\": 9007199254740993}", "2^53"},
        {&all, "{\"integer\": 0}", "from 1"},
        {&all, "{\"integer\": -1}", "from 1"},
        {&all, "{\"integer\": 1.0}", "an integer"},
        {&all, "{\"integer\": \"1\"}", "an integer"},
        {&all, "{\"integer\": true}", "an integer"},
        {&all, "{\"count\": 0}", NULL},
        {&all, "{\"count\": -1}", "from 0"},
        {&all, "{\"boolean\": false}", NULL},
        {&all, "{\"boolean\": 0}", "true or false"},
        {&all, "{\"boolean\": \"true\"}", "true or false"},
        {&all, "{\"file\": {\"fd\": 0}}", NULL},
        {&all, "{\"file\": {\"fd\": -1}}", "{\"fd\": n}"},
        {&all, "{\"file\": {\"fd\": \"0\"}}", "{\"fd\": n}"},
        {&all, "{\"file\": {\"fd\": 0, \"x\": 1}}", "{\"fd\": n}"},
        {&all, "{\"file\": {}}", "{\"fd\": n}"},
        {&all, "{\"file\": 0}", "{\"fd\": n}"},
        {&all, "{\"file\": \"/etc/passwd\"}", "{\"fd\": n}"},
        {&all, "{\"texts\": [\"1-1\", \"x\"]}", NULL},
        {&all, "{\"texts\": []}", "a list of 1 to 1000"},
        {&all, "{\"texts\": [\"1-1\", \"\"]}", "a list of 1 to 1000"},
        {&all, "{\"texts\": [1]}", "a list of 1 to 1000"},
        {&all, "{\"texts\": \"1-1\"}", "a list of 1 to 1000"},
        {&all, "{\"word\": \"green\"}", NULL},
        {&all, "{\"word\": \"blue\"}", "one of: red, green"},
        {&all, "{\"word\": 1}", "one of: red, green"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *params = parse(cases[i].params);
        struct error err = ERROR_INIT;
        bool good = method_check(cases[i].method, params, &err);

        if (good != !cases[i].fault || (!good && !strstr(err.message, cases[i].fault))) {
            fail_msg("%s: %s", cases[i].params, good ? "taken" : err.message);
        }
        assert_int_equal(err.reason, good ? REASON_NONE : REASON_BAD_ARGUMENT);
        error_clear(&err);
        json_decref(params);
    }
}

static void test_check_nothing(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(method_check(&all, NULL, &err));
    assert_true(method_check(&none, NULL, &err));
    assert_false(method_check(&one, NULL, &err));
    assert_int_equal(err.reason, REASON_BAD_ARGUMENT);
    error_clear(&err);
}

/* Characters are counted, not bytes: 2,000 of them, also in a list of texts. */
static void test_text_length(void **state)
{
    static const struct {
        const char *one;
        int count;
        bool good;
    } cases[] = {{"x", 2000, true}, {"x", 2001, false}, {"王", 2000, true}, {"王", 2001, false}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strbuf text = STRBUF_INIT;
        struct error err = ERROR_INIT;

        for (int n = 0; n < cases[i].count; n++) {
            strbuf_addz(&text, cases[i].one);
        }
        json_t *single = json_pack("{s:s}", "string", strbuf_text(&text));
        json_t *list = json_pack("{s:[s,s]}", "texts", "x", strbuf_text(&text));
        assert_int_equal(method_check(&all, single, &err), cases[i].good);
        error_clear(&err);
        assert_int_equal(method_check(&all, list, &err), cases[i].good);
        error_clear(&err);
        json_decref(single);
        json_decref(list);
        strbuf_free(&text);
    }
}

/* ---- call_* ---- */

static struct call call_of(const char *params)
{
    static char who[] = "li";
    static const struct peer peer = {.uid = 1000, .who = who, .role = ROLE_OPERATOR};

    return (struct call){.peer = &peer, .method = &all, .params = parse(params), .page = 1000};
}

static void test_given(void **state)
{
    struct call c = call_of("{\"string\": \"王\", \"division\": \"500101001\", \"date\": "
                            "\"2026-11-24\", \"integer\": 5, \"count\": 0, \"boolean\": true, "
                            "\"word\": \"green\"}");

    (void)state;
    assert_true(str_is(call_str(&c, "string"), "王"));
    assert_int_equal(call_division(&c, "division"), 500101001000);
    assert_int_equal(call_date(&c, "date").day, date_of(2026, 11, 24).day);
    assert_int_equal(call_int(&c, "integer"), 5);
    assert_int_equal(call_int(&c, "count"), 0);
    assert_true(call_bool(&c, "boolean"));
    assert_int_equal(call_word(&c, "word"), 1);
    assert_int_equal(call_actor(&c).uid, 1000);
    assert_string_equal(call_actor(&c).who, "li");
    json_decref(c.params);
}

static void test_absent(void **state)
{
    static const char *const cases[] = {
        "{}", "{\"string\": null, \"division\": null, \"date\": null, \"integer\": null, "
              "\"boolean\": null, \"word\": null, \"file\": null, \"limit\": null}"};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct call c = call_of(cases[i]);

        assert_null(call_str(&c, "string").data);
        assert_int_equal(call_division(&c, "division"), 0);
        assert_false(date_is(call_date(&c, "date")));
        assert_int_equal(call_int(&c, "integer"), -1);
        assert_false(call_bool(&c, "boolean"));
        assert_int_equal(call_word(&c, "word"), -1);
        assert_int_equal(call_fd(&c, "file"), -1);
        assert_int_equal(call_limit(&c), 1000);
        json_decref(c.params);
    }
}

static void test_limit(void **state)
{
    static const struct {
        const char *params;
        int limit;
    } cases[] = {{"{\"limit\": 1}", 1},
                 {"{\"limit\": 1000}", 1000},
                 {"{\"limit\": 1001}", 1000},
                 {"{\"limit\": 9007199254740992}", 1000}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct call c = call_of(cases[i].params);

        assert_int_equal(call_limit(&c), cases[i].limit);
        json_decref(c.params);
    }
}

/* A descriptor is taken once, whatever names point to it. */
static void test_fd(void **state)
{
    int fds[] = {40, 41};
    struct call c = call_of("{\"file\": {\"fd\": 1}}");

    (void)state;
    c.fds = fds;
    c.fd_count = 2;
    assert_int_equal(call_fd(&c, "file"), 41);
    assert_int_equal(call_fd(&c, "file"), -1);
    assert_int_equal(fds[0], 40);
    assert_int_equal(fds[1], -1);
    c.fd_count = 1;
    assert_int_equal(call_fd(&c, "file"), -1);
    json_decref(c.params);
}

static struct call call_at(const struct peer *peer, const struct method *m, const char *salt,
                           const char *place)
{
    struct strbuf sealed = STRBUF_INIT;
    struct call c = call_of("{}");

    cursor_seal("salt", "all", 1000, str_of(place), &sealed);
    json_object_set_new(c.params, "cursor", json_string(strbuf_text(&sealed)));
    strbuf_free(&sealed);
    c.peer = peer ? peer : c.peer;
    c.method = m ? m : c.method;
    c.salt = salt;
    return c;
}

static void test_cursor(void **state)
{
    static const struct {
        const char *place;
        bool pair, good;
        int64_t a, b;
    } cases[] = {
        {"20781 17", true, true, 20781, 17},
        {"-3 17", true, true, -3, 17},
        {"42", false, true, 42, -7},
        {"42", true, false, 0, 0},
        {"1 2", false, false, 0, 0},
        {"1 2 3", true, false, 0, 0},
        {" ", true, false, 0, 0},
        {"", false, false, 0, 0},
        {"x", false, false, 0, 0},
        {"9223372036854775808", false, false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct call c = call_at(NULL, NULL, "salt", cases[i].place);
        struct error err = ERROR_INIT;
        int64_t a = -7, b = -7;

        assert_int_equal(methods_cursor(&c, &a, cases[i].pair ? &b : NULL, &err), cases[i].good);
        if (cases[i].good) {
            assert_int_equal(a, cases[i].a);
            assert_int_equal(b, cases[i].b);
        }
        error_clear(&err);
        json_decref(c.params);
        arena_free(&c.arena);
    }
    struct call without = call_of("{}");
    struct error err = ERROR_INIT;
    int64_t a = -7;

    assert_true(methods_cursor(&without, &a, NULL, &err));
    assert_int_equal(a, -7);
    json_decref(without.params);
}

/* What another store, another method or another account was given opens nothing; nor does a text
 * of which one character differs, or none that was ever given. */
static void test_cursor_sealed(void **state)
{
    static char who[] = "wang";
    static const struct peer other = {.uid = 1001, .who = who, .role = ROLE_OPERATOR};
    static const struct method method = {.name = "late", .params = all_params};
    struct call calls[] = {
        call_at(NULL, NULL, "salt", "H000001"), call_at(NULL, NULL, "pepper", "H000001"),
        call_at(&other, NULL, "salt", "H000001"), call_at(NULL, &method, "salt", "H000001")};
    struct strbuf sealed = STRBUF_INIT, open = STRBUF_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        struct error err = ERROR_INIT;
        struct str place;

        assert_int_equal(methods_place(&calls[i], &place, &err), i == 0);
        assert_true(i > 0 || str_is(place, "H000001"));
        error_clear(&err);
        json_decref(calls[i].params);
        arena_free(&calls[i].arena);
    }
    cursor_seal("salt", "all", 1000, STR("H000001"), &sealed);
    assert_null(strstr(strbuf_text(&sealed), "H0"));
    for (size_t i = 0; i < sealed.len; i++) {
        char was = sealed.data[i];

        sealed.data[i] = was == 'A' ? 'B' : 'A';
        assert_false(cursor_open("salt", "all", 1000, strbuf_str(&sealed), &open));
        sealed.data[i] = was;
        assert_false(cursor_open("salt", "all", 1000, (struct str){sealed.data, i}, &open));
    }
    assert_true(cursor_open("salt", "all", 1000, strbuf_str(&sealed), &open));
    assert_false(cursor_open("salt", "all", 1000, STR("H000001"), &open));
    strbuf_free(&sealed);
    strbuf_free(&open);
}

/* ---- JSON ---- */

static void assert_dump(json_t *value, const char *text)
{
    char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    assert_string_equal(dump, text);
    free(dump);
    json_decref(value);
}

static void test_json(void **state)
{
    (void)state;
    assert_dump(json_day(date_of(2026, 11, 24)), "\"2026-11-24\"");
    assert_dump(json_day(DATE_NONE), "null");
    assert_dump(json_str(STR("王")), "\"王\"");
    assert_dump(json_str(STR("")), "\"\"");
    assert_dump(json_str(STR_NONE), "null");
    assert_dump(json_str(STR("\xFF")), "\"\xEF\xBF\xBD\"");
    assert_dump(json_division(500101001000), "\"500101001000\"");
    assert_dump(json_division(0), "null");
    assert_dump(json_money(540000), "\"5400.00\"");
    assert_dump(json_money(5), "\"0.05\"");
    assert_dump(json_money(0), "\"0.00\"");
    assert_dump(json_money(FEN_UNKNOWN), "null");
    assert_dump(methods_instant(0), "null");
    assert_dump(methods_tree(STR("{\"a\":1}")), "{\"a\":1}");
    assert_dump(methods_tree(STR("{")), "null");
    assert_dump(methods_tree(STR_NONE), "null");
    assert_dump(methods_list(json_array(), NULL), "{\"items\":[],\"next\":null}");
    assert_dump(methods_list(json_array(), json_string("A")), "{\"items\":[],\"next\":\"A\"}");
}

/* ---- who is bound to what ---- */

static void test_scope(void **state)
{
    static const int64_t township[] = {500101001000};
    const struct peer free_peer = {0}, bound = {.divisions = township, .division_count = 1};
    const struct scope cases[] = {
        {.peer = &free_peer},
        {.peer = &free_peer, .division = 500101000000},
        {.peer = &free_peer, .division = 500101002000},
        {.peer = &bound},
        {.peer = &bound, .division = 500101001203},
    };
    static const int64_t villages[] = {500101001203, 500101001204, 500101002200, 500102001200};
    static const bool seen[][4] = {{true, true, true, true},
                                   {true, true, true, false},
                                   {false, false, true, false},
                                   {true, true, false, false},
                                   {true, false, false, false}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t j = 0; j < COUNT(villages); j++) {
            assert_int_equal(methods_in_scope(&cases[i], villages[j] / 1000 * 1000, villages[j]),
                             seen[i][j]);
        }
    }
}

/* A village that came along with its township keeps its code: who is bound to either sees it, and a
 * list of the township that it belongs to now has it. */
static void test_scope_merged(void **state)
{
    static const int64_t was[] = {500101001000}, is[] = {500101002000}, other[] = {500101003000};
    const struct peer old = {.divisions = was, .division_count = 1},
                      now = {.divisions = is, .division_count = 1},
                      neither = {.divisions = other, .division_count = 1}, free_peer = {0};
    const struct scope list = {.peer = &free_peer, .division = 500101002000};

    (void)state;
    assert_true(peer_sees_in(&old, 500101002000, 500101001203));
    assert_true(peer_sees_in(&now, 500101002000, 500101001203));
    assert_false(peer_sees_in(&neither, 500101002000, 500101001203));
    assert_true(methods_in_scope(&list, 500101002000, 500101001203));
    assert_false(methods_in_scope(&list, 500101001000, 500101001203));
}

static bool has_param(const struct method *m, const char *name)
{
    const struct param *p = m->params;

    while (p && p->name && strcmp(p->name, name) != 0) {
        p++;
    }
    return p && p->name;
}

/* Each row says how it is bound, by a parameter that it has (5: an account can be bound). */
static void test_bound(void **state)
{
    static const char *const by[] = {[BOUND_HOUSEHOLD] = "household",
                                     [BOUND_TASK] = "task",
                                     [BOUND_DIVISION] = "division",
                                     [BOUND_ITEMS] = NULL};

    (void)state;
    for (const struct method *const *family = methods; *family; family++) {
        for (const struct method *m = *family; m->name; m++) {
            if (m->bound == BOUND_UNSAID) {
                fail_msg("%s does not say how it is bound", m->name);
            }
            if (by[m->bound] && !has_param(m, by[m->bound])) {
                fail_msg("%s is bound by %s, and has none", m->name, by[m->bound]);
            }
            if (m->bound == BOUND_NOWHERE && m->params) {
                assert_false(has_param(m, "household") || has_param(m, "task"));
            }
        }
    }
}

/* ---- the table ---- */

static void assert_params(const struct method *m)
{
    for (const struct param *p = m->params; p && p->name; p++) {
        bool words_set = p->words != NULL;

        assert_int_equal(words_set, p->type == PARAM_WORD);
        assert_true(p->help && *p->help && !strchr(p->help, '\n') && !strchr(p->help, '|'));
        for (const struct param *q = p + 1; q->name; q++) {
            assert_string_not_equal(p->name, q->name);
        }
    }
}

static void assert_row(const struct method *m)
{
    bool is_job = m->how == METHOD_JOB;

    assert_int_equal(m->run == NULL, is_job);
    assert_int_equal(m->job != NULL, is_job);
    assert_int_equal(m->result != NULL, is_job);
    assert_true(is_job || !m->failed);
    assert_true(m->least >= ROLE_VIEWER && m->least <= ROLE_ADMIN);
    assert_true(m->how == METHOD_QUERY || m->least >= ROLE_OPERATOR);
    assert_true(m->summary && *m->summary && !strchr(m->summary, '\n'));
    assert_true(m->result_help && *m->result_help);
    /* Found under its own name: so names are unique. */
    assert_ptr_equal(method_find(str_of(m->name)), m);
    assert_params(m);
}

static size_t method_count(void)
{
    size_t count = 0;

    for (const struct method *const *family = methods; *family; family++) {
        for (const struct method *m = *family; m->name; m++) {
            count++;
        }
    }
    return count;
}

static void test_table(void **state)
{
    static const char *const expected[] = {"status",
                                           "import",
                                           "map.guess",
                                           "return",
                                           "household.show",
                                           "household.list",
                                           "due",
                                           "late",
                                           "task.show",
                                           "review",
                                           "explain",
                                           "queue.show",
                                           "queue.take",
                                           "queue.ack",
                                           "queue.watch",
                                           "run",
                                           "clock.show",
                                           "clock.set",
                                           "clock.advance",
                                           "audit",
                                           "audit.verify",
                                           "verify",
                                           "reload",
                                           "backup",
                                           "division.show",
                                           "division.merge",
                                           "standards.list",
                                           "metrics",
                                           "household.members",
                                           "household.find",
                                           "doubts",
                                           "household.unmask",

                                           "rpc.discover",
                                           "household.tier",
                                           "household.move",
                                           "household.suspend",
                                           "household.resume",
                                           "household.close",
                                           "report",
                                           "correct",
                                           "protection.show",
                                           "protection.exceptions",
                                           "protection.holds",
                                           "register.list",
                                           "register.decide"};
    size_t count = 0;

    (void)state;
    for (const struct method *const *family = methods; *family; family++) {
        for (const struct method *m = *family; m->name; m++, count++) {
            assert_row(m);
        }
    }
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_non_null(method_find(str_of(expected[i])));
    }
    assert_int_equal(count, COUNT(expected));
    assert_null(method_find(STR("household")));
    assert_null(method_find(STR("")));
    assert_null(method_find(STR_NONE));
}

/* rpc.discover shows each row, and its document says so of itself. */
static void test_discover(void **state)
{
    const struct method *m = method_find(STR("rpc.discover"));
    json_t *document = NULL, *list, *item;
    struct error err = ERROR_INIT;
    size_t i;

    (void)state;
    assert_true(m->run(NULL, NULL, &document, &err));
    assert_string_equal(json_string_value(json_object_get(document, "openrpc")), "1.3.2");
    list = json_object_get(document, "methods");
    assert_int_equal(json_array_size(list), method_count());
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        const struct method *row = method_find(str_of(name));
        size_t n = 0;

        assert_non_null(row);
        while (row->params && row->params[n].name) {
            n++;
        }
        assert_int_equal(json_array_size(json_object_get(item, "params")), n);
        assert_true(json_is_object(json_object_get(json_object_get(item, "result"), "schema")));
    }
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),         cmocka_unit_test(test_check_nothing),
        cmocka_unit_test(test_given),         cmocka_unit_test(test_absent),
        cmocka_unit_test(test_limit),         cmocka_unit_test(test_fd),
        cmocka_unit_test(test_text_length),   cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_cursor_sealed), cmocka_unit_test(test_json),
        cmocka_unit_test(test_scope),         cmocka_unit_test(test_scope_merged),
        cmocka_unit_test(test_bound),         cmocka_unit_test(test_table),
        cmocka_unit_test(test_discover),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
