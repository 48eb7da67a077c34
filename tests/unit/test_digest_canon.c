/* base/digest (FIPS 180-4) and base/canon (RFC 8785). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/canon.h"
#include "base/digest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* NIST's example values for SHA-256 (FIPS 180-4). */
static const char *const digests[][2] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"王", "3399a0e651ad104cd1f53cd0c44d08b70c6c2e8e1eba56f2d244368264322118"},
};

static void test_digest(void **state)
{
    struct digest *d = digest_new();
    char hex[DIGEST_HEX + 1];

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT(digests); i++) {
            struct str s = str_of(digests[i][0]);
            digest_of(s, hex);
            assert_string_equal(hex, digests[i][1]);
            for (size_t at = 0; at < s.len; at++) {
                digest_add(d, s.data + at, 1);
            }
            digest_hex(d, hex); /* and starts anew */
            assert_string_equal(hex, digests[i][1]);
        }
    }
    for (int i = 0; i < 10000; i++) { /* FIPS 180-4: a million times 'a' */
        digest_add(d,
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                   100);
    }
    digest_hex(d, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    digest_of(STR_NONE, hex);
    assert_string_equal(hex, digests[0][1]);
    digest_free(d);
    digest_free(NULL);
}

static void *digest_often(void *wrong)
{
    char hex[DIGEST_HEX + 1];

    for (int i = 0; i < 2000; i++) {
        size_t n = (size_t)i % COUNT(digests);
        digest_of(str_of(digests[n][0]), hex);
        if (strcmp(hex, digests[n][1]) != 0) {
            *(int *)wrong = 1;
        }
    }
    return NULL;
}

static void test_digest_threads(void **state)
{
    pthread_t threads[4];
    int wrong[4] = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, digest_often, &wrong[i]), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

static void test_random(void **state)
{
    char one[401], two[401];

    (void)state;
    random_hex(0, one);
    assert_string_equal(one, "");
    random_hex(200, one);
    random_hex(200, two);
    assert_int_equal(strlen(one), 400);
    assert_int_equal(strspn(one, "0123456789abcdef"), 400);
    assert_string_not_equal(one, two);
}

/* RFC 8785 3.2.2.2. */
static void test_canon_string(void **state)
{
    const struct {
        struct str text;
        const char *json;
    } cases[] = {
        {STR(""), "\"\""},
        {STR("abc"), "\"abc\""},
        {STR("\"\\/"), "\"\\\"\\\\/\""},                    /* the solidus stays */
        {STR("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\""},         /* the short forms */
        {STR("\x01\x0b\x1f"), "\"\\u0001\\u000b\\u001f\""}, /* lowercase hex */
        {STR("a\0b"), "\"a\\u0000b\""},
        {STR("\x7f"), "\"\x7f\""}, /* not below U+0020: as it is */
        {STR("王\xE2\x80\xA8€😀"), "\"王\xE2\x80\xA8€😀\""},
        {STR("\xE2\x82\xAC$\x0F\nA'B\"\\\\\"/"), /* the example of 3.2.2 */
         "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strbuf b = STRBUF_INIT;
        canon_string(&b, cases[i].text);
        assert_string_equal(strbuf_text(&b), cases[i].json);
        strbuf_free(&b);
    }
}

static void test_canon_object(void **state)
{
    struct strbuf b = STRBUF_INIT, inner = STRBUF_INIT;
    struct canon c = canon_open(&b);

    (void)state;
    canon_close(&c);
    assert_string_equal(b.data, "{}");
    strbuf_reset(&b);

    c = canon_open(&inner);
    canon_int(&c, "k", 3);
    canon_close(&c);
    c = canon_open(&b);
    canon_int(&c, "a", INT64_C(9007199254740992)); /* 2^53 */
    canon_int(&c, "a-", -1);
    canon_int(&c, "a0", 0);
    canon_bool(&c, "b", true);
    canon_bool(&c, "c", false);
    canon_null(&c, "d");
    canon_raw(&c, "e", strbuf_str(&inner));
    canon_raw(&c, "f", STR_NONE);
    canon_str(&c, "g", STR("x\"y"));
    canon_str(&c, "h", STR(""));
    canon_str(&c, "i", STR_NONE);
    canon_close(&c);
    assert_string_equal(b.data, "{\"a\":9007199254740992,\"a-\":-1,\"a0\":0,\"b\":true,\"c\":false,"
                                "\"d\":null,\"e\":{\"k\":3},\"f\":null,\"g\":\"x\\\"y\",\"h\":\"\","
                                "\"i\":null}");
    strbuf_free(&b);
    strbuf_free(&inner);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest),       cmocka_unit_test(test_digest_threads),
        cmocka_unit_test(test_random),       cmocka_unit_test(test_canon_string),
        cmocka_unit_test(test_canon_object),
    };

    return cmocka_run_group_tests_name("digest_canon", tests, NULL, NULL);
}
