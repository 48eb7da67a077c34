/* control/rpc: the examples of the JSON-RPC 2.0 specification, section 7, and what it says around
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/rpc.h"

/* Stands in for the methods of the specification's examples: subtract, sum, get_data; every other
 * is not found. NULL for a notification. */
static json_t *answer_call(const struct rpc_call *call)
{
    json_t *a = json_array_get(call->params, 0), *b = json_array_get(call->params, 1);
    if (json_is_object(call->params)) {
        a = json_object_get(call->params, "minuend");
        b = json_object_get(call->params, "subtrahend");
    }
    if (!call->id) {
        return NULL;
    }
    if (str_is(call->method, "subtract")) {
        return rpc_result(call->id, json_integer(json_integer_value(a) - json_integer_value(b)));
    }
    if (str_is(call->method, "sum")) {
        json_int_t sum = 0;
        size_t i;
        json_t *n;
        json_array_foreach(call->params, i, n)
        {
            sum += json_integer_value(n);
        }
        return rpc_result(call->id, json_integer(sum));
    }
    if (str_is(call->method, "get_data")) {
        return rpc_result(call->id, json_pack("[s, i]", "hello", 5));
    }
    return rpc_fault(call->id, RPC_METHOD_NOT_FOUND, "there is no such method");
}

/* What the whole line is answered with; NULL: nothing. */
static json_t *answer_line(const char *text)
{
    struct rpc_line line;
    json_t *answer, *all = json_array();
    if (!rpc_line_parse(&line, str_of(text), &answer)) {
        json_decref(all);
        return answer;
    }
    for (size_t i = 0; i < line.count; i++) {
        struct rpc_call call;
        if (rpc_call_at(&line, i, &call, &answer)) {
            answer = answer_call(&call);
        }
        if (answer) {
            json_array_append_new(all, answer);
        }
    }
    if (json_array_size(all) == 0) {
        json_decref(all);
        all = NULL;
    } else if (!line.batch) {
        json_t *only = json_incref(json_array_get(all, 0));
        json_decref(all);
        all = only;
    }
    rpc_line_free(&line);
    return all;
}

/* The texts and data of errors are ours: the specification fixes their codes. */
static void strip(json_t *answer)
{
    size_t i;
    json_t *each;
    if (json_is_array(answer)) {
        json_array_foreach(answer, i, each)
        {
            strip(each);
        }
        return;
    }
    json_object_del(json_object_get(answer, "error"), "message");
    json_object_del(json_object_get(answer, "error"), "data");
}

struct example {
    const char *in, *out; /* out NULL: nothing is returned */
};

static void check(const struct example *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_t *got = answer_line(table[i].in);
        json_t *want = table[i].out ? json_loads(table[i].out, 0, NULL) : NULL;
        strip(got);
        char *text = got ? json_dumps(got, JSON_COMPACT) : NULL;
        if (!(got == want || json_equal(got, want))) {
            print_error("%s\n gives  %s\n wanted %s\n", table[i].in, text, table[i].out);
            fail();
        }
        free(text);
        json_decref(got);
        json_decref(want);
    }
}

#define RESULT(value, id) "{\"jsonrpc\":\"2.0\",\"result\":" value ",\"id\":" id "}"
#define FAULT(code, id) "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" code "},\"id\":" id "}"
#define NO_REQUEST FAULT("-32600", "null")
#define CALL(rest) "{\"jsonrpc\":\"2.0\"," rest "}"

#define NOTIFY_SUM CALL("\"method\":\"notify_sum\",\"params\":[1,2,4]")
#define NOTIFY_HELLO CALL("\"method\":\"notify_hello\",\"params\":[7]")
/* clang-format off */
#define SIX_CALLS                                                                                  \
    "[" CALL("\"method\":\"sum\",\"params\":[1,2,4],\"id\":\"1\"")                                 \
    "," NOTIFY_HELLO                                                                               \
    "," CALL("\"method\":\"subtract\",\"params\":[42,23],\"id\":\"2\"")                            \
    ",{\"foo\":\"boo\"}"                                                                           \
    "," CALL("\"method\":\"foo.get\",\"params\":{\"name\":\"myself\"},\"id\":\"5\"")               \
    "," CALL("\"method\":\"get_data\",\"id\":\"9\"") "]"
#define SIX_ANSWERS                                                                                \
    "[" RESULT("7", "\"1\"") "," RESULT("19", "\"2\"") "," NO_REQUEST                              \
    "," FAULT("-32601", "\"5\"") "," RESULT("[\"hello\",5]", "\"9\"") "]"
/* clang-format on */

static void test_specification_examples(void **state)
{
    static const struct example table[] = {
        {CALL("\"method\":\"subtract\",\"params\":[42,23],\"id\":1"), RESULT("19", "1")},
        {CALL("\"method\":\"subtract\",\"params\":[23,42],\"id\":2"), RESULT("-19", "2")},
        {CALL("\"method\":\"subtract\",\"params\":{\"subtrahend\":23,\"minuend\":42},\"id\":3"),
         RESULT("19", "3")},
        {CALL("\"method\":\"subtract\",\"params\":{\"minuend\":42,\"subtrahend\":23},\"id\":4"),
         RESULT("19", "4")},
        {CALL("\"method\":\"update\",\"params\":[1,2,3,4,5]"), NULL},
        {CALL("\"method\":\"foobar\""), NULL},
        {CALL("\"method\":\"foobar\",\"id\":\"1\""), FAULT("-32601", "\"1\"")},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"foobar,\"params\":\"bar\",\"baz]",
         FAULT("-32700", "null")},
        {CALL("\"method\":1,\"params\":\"bar\""), FAULT("-32600", "null")},
        {"[{\"jsonrpc\":\"2.0\",\"method\":\"sum\",\"params\":[1,2,4],\"id\":\"1\"},"
         "{\"jsonrpc\":\"2.0\",\"method\"]",
         FAULT("-32700", "null")},
        {"[]", FAULT("-32600", "null")},
        {"[1]", "[" FAULT("-32600", "null") "]"},
        {"[1,2,3]", "[" NO_REQUEST "," NO_REQUEST "," NO_REQUEST "]"},
        {SIX_CALLS, SIX_ANSWERS},
        {"[" NOTIFY_SUM "," NOTIFY_HELLO "]", NULL},
    };
    (void)state;
    check(table, sizeof table / sizeof *table);
}

static void test_identifiers_and_shapes(void **state)
{
    static const struct example table[] = {
        /* null is an id like another: only its absence makes a notification */
        {CALL("\"method\":\"get_data\",\"id\":null"), RESULT("[\"hello\",5]", "null")},
        {CALL("\"method\":\"get_data\",\"id\":1.5"), RESULT("[\"hello\",5]", "1.5")},
        {CALL("\"method\":\"get_data\",\"id\":\"\""), RESULT("[\"hello\",5]", "\"\"")},
        {CALL("\"method\":\"get_data\",\"id\":true"), FAULT("-32600", "null")},
        {CALL("\"method\":\"get_data\",\"id\":[1]"), FAULT("-32600", "null")},
        {CALL("\"method\":\"get_data\",\"id\":{}"), FAULT("-32600", "null")},
        /* a fault of an invalid request names the id where it can be told */
        {CALL("\"method\":null,\"id\":7"), FAULT("-32600", "7")},
        {CALL("\"method\":\"get_data\",\"params\":\"bar\",\"id\":7"), FAULT("-32600", "7")},
        {CALL("\"method\":\"get_data\",\"params\":null,\"id\":7"), FAULT("-32600", "7")},
        {"{\"method\":\"get_data\",\"id\":7}", FAULT("-32600", "7")},
        {"{\"jsonrpc\":\"1.0\",\"method\":\"get_data\",\"id\":7}", FAULT("-32600", "7")},
        {"{\"jsonrpc\":2.0,\"method\":\"get_data\",\"id\":7}", FAULT("-32600", "7")},
        {"1", FAULT("-32600", "null")},
        {"null", FAULT("-32600", "null")},
        {"\"text\"", FAULT("-32600", "null")},
        {"[[]]", "[" FAULT("-32600", "null") "]"},
        {"", FAULT("-32700", "null")},
        {"   ", FAULT("-32700", "null")},
        {"{} {}", FAULT("-32700", "null")},
        {"\xff", FAULT("-32700", "null")},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"\xc3\",\"id\":1}", FAULT("-32700", "null")},
        /* two readers could take two different values: refused */
        {CALL("\"method\":\"get_data\",\"id\":1,\"id\":2"), FAULT("-32700", "null")},
        {"{\"a\":\"\\u0000\"}", FAULT("-32700", "null")},
        {"123456789012345678901234567890", FAULT("-32700", "null")},
    };
    (void)state;
    check(table, sizeof table / sizeof *table);
}

/* A batch of `count` notifications. */
static json_t *answer_batch(int count)
{
    struct strbuf text = STRBUF_INIT;
    strbuf_addc(&text, '[');
    for (int i = 0; i < count; i++) {
        strbuf_addf(&text, "%s" CALL("\"method\":\"foobar\""), i ? "," : "");
    }
    strbuf_addc(&text, ']');
    json_t *answer = answer_line(strbuf_text(&text));
    strbuf_free(&text);
    return answer;
}

static void test_batch_limit(void **state)
{
    (void)state;
    assert_null(answer_batch(RPC_BATCH_MAX));
    json_t *answer = answer_batch(RPC_BATCH_MAX + 1);
    json_t *code = json_object_get(json_object_get(answer, "error"), "code");
    assert_int_equal(json_integer_value(code), RPC_INVALID_REQUEST);
    assert_true(json_is_null(json_object_get(answer, "id")));
    json_decref(answer);
}

static void test_deep_nesting_is_a_parse_error(void **state)
{
    struct strbuf text = STRBUF_INIT;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        strbuf_addc(&text, '[');
    }
    json_t *answer = answer_line(strbuf_text(&text));
    json_t *code = json_object_get(json_object_get(answer, "error"), "code");
    assert_int_equal(json_integer_value(code), RPC_PARSE_ERROR);
    json_decref(answer);
    strbuf_free(&text);
}

/* contract.md section 5: −32000 with data.reason, data.clause where a clause refuses, and more data
 * beside. */
static void test_refusals(void **state)
{
    struct error err = ERROR_INIT;
    json_t *id = json_integer(3);
    (void)state;
    error_set_clause(&err, REASON_PROTECTED, "二(四)3", "the continuity rule protects");
    json_t *got = rpc_refusal(id, 0, &err, json_pack("{s:i, s:s}", "more", 2, "reason", "mine"));
    json_t *want = json_pack("{s:s, s:i, s:{s:i, s:s, s:{s:s, s:s, s:i}}}", "jsonrpc", "2.0", "id",
                             3, "error", "code", -32000, "message", "the continuity rule protects",
                             "data", "reason", "protected", "clause", "二(四)3", "more", 2);
    assert_true(json_equal(got, want));
    json_decref(got);
    json_decref(want);
    error_clear(&err);

    error_set(&err, REASON_BAD_ARGUMENT, "on: \"\xff\" is no day");
    got = rpc_refusal(NULL, RPC_INVALID_PARAMS, &err, NULL);
    want = json_pack("{s:s, s:n, s:{s:i, s:s, s:{s:s}}}", "jsonrpc", "2.0", "id", "error", "code",
                     -32602, "message", "bad-argument", "data", "reason", "bad-argument");
    assert_true(json_equal(got, want));
    json_decref(got);
    json_decref(want);
    json_decref(id);
    error_clear(&err);
}

static void test_progress(void **state)
{
    json_t *id = json_string("a");
    (void)state;
    json_t *got = rpc_progress(id, "check", 5, -1);
    json_t *want = json_pack("{s:s, s:s, s:{s:s, s:s, s:i, s:n}}", "jsonrpc", "2.0", "method",
                             "progress", "params", "id", "a", "phase", "check", "done", 5, "total");
    assert_true(json_equal(got, want));
    json_decref(got);
    json_decref(want);
    json_decref(id);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specification_examples),
        cmocka_unit_test(test_identifiers_and_shapes),
        cmocka_unit_test(test_batch_limit),
        cmocka_unit_test(test_deep_nesting_is_a_parse_error),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_progress),
    };
    return cmocka_run_group_tests_name("rpc", tests, NULL, NULL);
}
