/* Open addressing over a sparse file: 128 bits of a seeded hash stand for a key. At 20 million keys
 * two that share all 128 bits have a chance of 1 in 10^24. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/digest.h"
#include "work/import_kind.h"

struct seen_key {
    uint64_t hash[2];
    uint64_t number; /* 0: free */
};

struct import_seen {
    struct seen_key *entries;
    uint64_t mask;
    uint64_t seed[2];
};

struct import_seen *import_seen_new(const char *folder, uint64_t keys, struct error *err)
{
    struct import_seen *s = xcalloc(1, sizeof *s);
    char hex[33];
    random_hex(16, hex);
    s->seed[1] = strtoull(hex + 16, NULL, 16);
    hex[16] = '\0';
    s->seed[0] = strtoull(hex, NULL, 16);
    s->mask = 1023;
    while (s->mask < keys * 2) {
        s->mask = s->mask * 2 + 1;
    }
    size_t size = (size_t)(s->mask + 1) * sizeof *s->entries;
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && ftruncate(fd, (off_t)size) == 0;
    s->entries = ok ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (s->entries == MAP_FAILED) {
        error_say(err, SAY_FILE_FAILED, arg_z(folder), arg_system(errno));
        free(s);
        s = NULL;
    }
    if (fd >= 0) {
        close(fd);
    }
    return s;
}

static uint64_t mix(uint64_t h, uint64_t word, uint64_t factor)
{
    h = (h ^ word) * factor;
    h = (h ^ h >> 32) * 0xFF51AFD7ED558CCDu;
    return h ^ h >> 29;
}

static void hash_of(const struct import_seen *s, struct str key, uint64_t hash[2])
{
    uint64_t a = s->seed[0] ^ key.len, b = s->seed[1] + key.len;
    for (size_t i = 0; i < key.len; i += 8) {
        uint64_t word = 0;
        memcpy(&word, key.data + i, key.len - i < 8 ? key.len - i : 8);
        a = mix(a, word, 0x9E3779B97F4A7C15u);
        b = mix(b, word, 0xD6E8FEB86659FD93u);
    }
    /* Each lane stays on its own: whatever joined them would halve what they tell apart. */
    hash[0] = mix(a, 0, 0xA0761D6478BD642Fu);
    hash[1] = mix(b, 0, 0xE7037ED1A0B428DBu);
}

static struct seen_key *seen_slot(const struct import_seen *s, struct str key, uint64_t hash[2])
{
    hash_of(s, key, hash);
    uint64_t i = hash[0] & s->mask;
    while (s->entries[i].number &&
           (s->entries[i].hash[0] != hash[0] || s->entries[i].hash[1] != hash[1])) {
        i = (i + 1) & s->mask;
    }
    return &s->entries[i];
}

uint64_t import_seen_add(struct import_seen *seen, struct str key, uint64_t number)
{
    uint64_t hash[2];
    struct seen_key *e = seen_slot(seen, key, hash);
    if (e->number) {
        return e->number;
    }
    *e = (struct seen_key){{hash[0], hash[1]}, number};
    return 0;
}

uint64_t import_seen_get(const struct import_seen *seen, struct str key)
{
    uint64_t hash[2];
    return seen_slot(seen, key, hash)->number;
}

void import_seen_free(struct import_seen *seen)
{
    if (seen) {
        munmap(seen->entries, (size_t)(seen->mask + 1) * sizeof *seen->entries);
        free(seen);
    }
}
