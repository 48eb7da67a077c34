#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct digest {
    EVP_MD_CTX *ctx;
};

static const char hex_digits[] = "0123456789abcdef";

/* Fetching the algorithm takes a lock and a search each time: it is fetched once, and each thread
 * keeps a context of its own for digest_of(). The key is there only for its destructor. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t own_key;
static EVP_MD *sha256;
static _Thread_local struct digest *own;

static void fault(const char *what)
{
    fprintf(stderr, "libcrypto: %s failed\n", what);
    abort();
}

static void free_own(void *d)
{
    own = NULL;
    digest_free(d);
}

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sha256) {
        fault("SHA-256");
    }
    if (pthread_key_create(&own_key, free_own) != 0) {
        fault("thread key");
    }
}

static void put_hex(const unsigned char *bytes, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex_digits[bytes[i] >> 4];
        out[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

struct digest *digest_new(void)
{
    pthread_once(&once, fetch);
    struct digest *d = xmalloc(sizeof *d);
    d->ctx = EVP_MD_CTX_new();
    if (!d->ctx || !EVP_DigestInit_ex2(d->ctx, sha256, NULL)) {
        fault("digest");
    }
    return d;
}

void digest_add(struct digest *d, const void *bytes, size_t len)
{
    if (len && !EVP_DigestUpdate(d->ctx, bytes, len)) {
        fault("update");
    }
}

void digest_hex(struct digest *d, char out[DIGEST_HEX + 1])
{
    unsigned char bytes[DIGEST_HEX / 2];

    if (!EVP_DigestFinal_ex(d->ctx, bytes, NULL) || !EVP_DigestInit_ex2(d->ctx, NULL, NULL)) {
        fault("final");
    }
    put_hex(bytes, sizeof bytes, out);
}

void digest_free(struct digest *d)
{
    if (!d) {
        return;
    }
    EVP_MD_CTX_free(d->ctx);
    free(d);
}

void digest_of(struct str s, char out[DIGEST_HEX + 1])
{
    if (!own) {
        own = digest_new();
        pthread_setspecific(own_key, own);
    }
    digest_add(own, s.data, s.len);
    digest_hex(own, out);
}

void random_hex(size_t bytes, char *out)
{
    unsigned char some[64];

    *out = '\0';
    while (bytes) {
        size_t want = bytes < sizeof some ? bytes : sizeof some;
        ssize_t got = getrandom(some, want, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            perror("getrandom");
            abort();
        }
        put_hex(some, (size_t)got, out);
        out += 2 * got;
        bytes -= (size_t)got;
    }
}
