#include "control/cursor.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define TAG 16
#define BLOCK 16
#define PLACE_MAX ((size_t)4096)

/* The tag is the cipher's counter as well (a synthetic one, as in RFC 5297): the same place has the
 * same seal, and two places have nothing in common. */
static void tag_of(const char *salt, const char *method, int64_t uid, const struct strbuf *place,
                   unsigned char tag[EVP_MAX_MD_SIZE])
{
    struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "cursor %s %lld ", method, (long long)uid);
    strbuf_add(&text, place->data, place->len);
    if (!HMAC(EVP_sha256(), salt, (int)strlen(salt), (const unsigned char *)text.data, text.len,
              tag, NULL)) {
        abort(); /* out of memory */
    }
    strbuf_free(&text);
}

static void cipher(const char *salt, const unsigned char tag[TAG], struct strbuf *bytes)
{
    static const unsigned char name[] = "cursor key";
    unsigned char key[EVP_MAX_MD_SIZE], *data = (unsigned char *)bytes->data;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len;
    if (!ctx || !HMAC(EVP_sha256(), salt, (int)strlen(salt), name, sizeof name - 1, key, NULL) ||
        !EVP_EncryptInit_ex(ctx, EVP_aes_256_ctr(), NULL, key, tag) ||
        !EVP_EncryptUpdate(ctx, data, &len, data, (int)bytes->len)) {
        abort(); /* out of memory */
    }
    EVP_CIPHER_CTX_free(ctx);
}

void cursor_seal(const char *salt, const char *method, int64_t uid, struct str place,
                 struct strbuf *out)
{
    unsigned char tag[EVP_MAX_MD_SIZE];
    struct strbuf bytes = STRBUF_INIT, sealed = STRBUF_INIT;
    strbuf_addstr(&bytes, place);
    do { /* its length tells nothing either */
        strbuf_addc(&bytes, '\0');
    } while (bytes.len % BLOCK != 0);
    tag_of(salt, method, uid, &bytes, tag);
    cipher(salt, tag, &bytes);
    strbuf_add(&sealed, (const char *)tag, TAG);
    strbuf_add(&sealed, bytes.data, bytes.len);
    char *text = xmalloc(sealed.len * 4 / 3 + 8);
    int len =
        EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)sealed.data, (int)sealed.len);
    strbuf_add(out, text, (size_t)len);
    free(text);
    strbuf_free(&bytes);
    strbuf_free(&sealed);
}

bool cursor_open(const char *salt, const char *method, int64_t uid, struct str sealed,
                 struct strbuf *place)
{
    unsigned char tag[EVP_MAX_MD_SIZE], bytes[PLACE_MAX];
    if (sealed.len % 4 != 0 || sealed.len / 4 * 3 > PLACE_MAX) {
        return false;
    }
    int len = EVP_DecodeBlock(bytes, (const unsigned char *)sealed.data, (int)sealed.len);
    for (size_t i = sealed.len; i > 0 && i + 2 > sealed.len && sealed.data[i - 1] == '='; i--) {
        len--; /* libcrypto counts the padding as bytes */
    }
    if (len < TAG + BLOCK || (len - TAG) % BLOCK != 0) {
        return false;
    }
    strbuf_reset(place);
    strbuf_add(place, (const char *)bytes + TAG, (size_t)len - TAG);
    cipher(salt, bytes, place);
    tag_of(salt, method, uid, place, tag);
    bool ok = CRYPTO_memcmp(tag, bytes, TAG) == 0;
    if (ok) {
        place->len = strnlen(place->data, place->len);
    }
    return ok;
}
