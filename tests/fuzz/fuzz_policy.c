/* Any bytes as a policy file: no crash, no leak, and either a set or faults, never both or neither.
 *
 * A folder for each input: libFuzzer ends without atexit(), and nothing shall stay behind. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rules/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libconfig 1.5 loses the text that it was reading when it meets a syntax error: a few bytes for
 * each faulty file, and nothing that its callers could free. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

static void put(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0) {
        abort();
    }
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0) {
            abort();
        }
        data += n;
        size -= (size_t)n;
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/tmp/reviewd-fuzz-policy-XXXXXX", path[sizeof(folder) + 16];
    struct faults faults = {0};

    if (!mkdtemp(folder)) {
        abort();
    }
    snprintf(path, sizeof(path), "%s/fuzz.conf", folder);
    put(path, data, size);
    struct policy_set *set = policy_set_load(folder, &faults);
    if ((set != NULL) != (faults.count == 0)) {
        abort();
    }
    for (int i = 0; i < faults.count; i++) {
        if (strncmp(faults.text[i], path, strlen(path)) != 0) {
            abort(); /* each fault names the file */
        }
    }
    faults_free(&faults);
    policy_set_free(set);
    unlink(path);
    rmdir(folder);
    return 0;
}
