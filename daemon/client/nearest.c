#include "client/nearest.h"

#include <stdint.h>
#include <string.h>

#define EDITS_MAX 2
#define SHORT_WORD 5

/* The "optimal string alignment" distance. Texts above 63 bytes are far from everything. */
static size_t distance(const char *a, const char *b)
{
    enum { MOST = 63 };
    size_t d[MOST + 1][MOST + 1], m = strlen(a), n = strlen(b);

    if (m > MOST || n > MOST) {
        return MOST;
    }
    for (size_t i = 0; i <= m; i++) {
        d[i][0] = i;
    }
    for (size_t j = 0; j <= n; j++) {
        d[0][j] = j;
    }
    for (size_t i = 1; i <= m; i++) {
        for (size_t j = 1; j <= n; j++) {
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            size_t least = d[i - 1][j] < d[i][j - 1] ? d[i - 1][j] + 1 : d[i][j - 1] + 1;

            d[i][j] = change < least ? change : least;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < d[i][j]) {
                d[i][j] = d[i - 2][j - 2] + 1;
            }
        }
    }
    return d[m][n];
}

void nearest_begin(struct nearest *n, const char *typed)
{
    *n = (struct nearest){typed, NULL, SIZE_MAX};
}

void nearest_try(struct nearest *n, const char *word)
{
    size_t edits = distance(n->typed, word);

    if (edits > 0 && edits < n->edits && edits <= (strlen(word) < SHORT_WORD ? 1 : EDITS_MAX)) {
        n->edits = edits;
        n->word = word;
    }
}
