#include "judge.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

#define WORDS 1100

struct message {
    const char *id;
    int64_t division;
    bool acked;           /* by its state */
    int audited;          /* entries of the audit that ended it */
    int64_t sent_at;      /* the earliest acknowledgement that can have ended it; 0: none */
    int confirmed;        /* answers that said so of this one alone */
    int64_t since, until; /* the latest taking, by the product's clock, and its lease */
};

struct take {
    int64_t answered, now, until, division;
    int first, count; /* of `taken` */
};

struct court {
    struct arena a;
    struct message *messages; /* in order of their numbers */
    int message_count, message_room;
    struct take *takes;
    int take_count, take_room;
    int *taken; /* indexes of messages */
    int taken_count, taken_room;
    int64_t told_acked, open_acks; /* ids: said to be ended; asked for without an answer */
    int faults;
};

#define FAULT(c, ...) ((c)->faults++ < 20 ? (void)printf(__VA_ARGS__) : (void)0)

/* Room for one more in a growing array. */
#define MORE(array, count, room)                                                                   \
    ((count) < (room) ? (void)0                                                                    \
                      : (void)((array) = xrealloc((array), (size_t)((room) = 2 * (room) + 64) *    \
                                                               sizeof *(array))))

static int find(const struct court *c, const char *id)
{
    for (int i = 0; i < c->message_count; i++) {
        if (strcmp(c->messages[i].id, id) == 0) {
            return i;
        }
    }
    printf("no message %s in the store\n", id);
    exit(1);
}

/* Calls `take` with the words of each line that is whole. */
static void each_line(struct court *c, const char *file,
                      void (*take)(struct court *c, char **words, int count))
{
    FILE *f = fopen(file, "r");
    char *line = NULL, *words[WORDS];
    size_t room = 0;
    ssize_t len;

    if (!f) {
        perror(file);
        exit(1);
    }
    while ((len = getline(&line, &room, f)) > 0 && line[len - 1] == '\n') {
        int count = 0;
        for (char *word = strtok(line, " \n"); word && count < WORDS; word = strtok(NULL, " \n")) {
            words[count++] = word;
        }
        if (count) {
            take(c, words, count);
        }
    }
    free(line);
    fclose(f);
}

static void store_line(struct court *c, char **words, int count)
{
    if (words[0][0] == 'K' && count == 2) {
        c->messages[find(c, words[1])].audited++;
        return;
    }
    MORE(c->messages, c->message_count, c->message_room);
    c->messages[c->message_count++] = (struct message){.id = arena_copy(&c->a, str_of(words[1])),
                                                       .division = atoll(words[2]),
                                                       .acked = strcmp(words[3], "acked") == 0};
}

static void take_line(struct court *c, char **words, int count)
{
    MORE(c->takes, c->take_count, c->take_room);
    struct take *t = &c->takes[c->take_count++];
    *t = (struct take){.answered = atoll(words[1]),
                       .now = atoll(words[2]),
                       .until = atoll(words[3]),
                       .division = atoll(words[4]),
                       .first = c->taken_count,
                       .count = count - 5};
    for (int i = 5; i < count; i++) {
        MORE(c->taken, c->taken_count, c->taken_room);
        c->taken[c->taken_count++] = find(c, words[i]);
    }
}

/* An acknowledgement and its answer; `acked` −1: there was none. */
static void acknowledged(struct court *c, int64_t sent, const int *ids, int count, int64_t acked)
{
    c->told_acked += acked > 0 ? acked : 0;
    c->open_acks += acked < 0 ? count : 0;
    for (int i = 0; i < count; i++) {
        struct message *m = &c->messages[ids[i]];
        if (acked && (!m->sent_at || sent < m->sent_at)) {
            m->sent_at = sent;
        }
        if (acked == 1 && count == 1 && m->confirmed++) {
            FAULT(c, "%s was acknowledged twice\n", m->id);
        }
    }
}

static struct {
    int64_t sent;
    int ids[WORDS], count;
} asked;

static void log_line(struct court *c, char **words, int count)
{
    switch (words[0][0]) {
    case 'T':
        take_line(c, words, count);
        return;
    case 'A':
        asked.sent = atoll(words[1]);
        for (int i = 2; i < count; i++) {
            asked.ids[i - 2] = find(c, words[i]);
        }
        if (asked.count) { /* the one before has no answer */
            abort();
        }
        asked.count = count - 2;
        return;
    case 'R':
        acknowledged(c, asked.sent, asked.ids, asked.count, atoll(words[1]));
        asked.count = 0;
        return;
    case 'X': /* the connection broke before the answer */
        acknowledged(c, asked.sent, asked.ids, asked.count, -1);
        asked.count = 0;
    }
}

/* ---- what must hold ---- */

static bool in_take(const struct court *c, const struct take *t, int message)
{
    for (int i = 0; i < t->count; i++) {
        if (c->taken[t->first + i] == message) {
            return true;
        }
    }
    return false;
}

/* In order, of the division, and nothing earlier was passed over that nobody had acknowledged. */
static void check_order(struct court *c, const struct take *t)
{
    for (int i = 0; i < t->count; i++) {
        int m = c->taken[t->first + i];
        if (c->messages[m].division != t->division) {
            FAULT(c, "%s is of another division\n", c->messages[m].id);
        }
        if (i && m <= c->taken[t->first + i - 1]) {
            FAULT(c, "%s was given out of order\n", c->messages[m].id);
        }
    }
    int last = c->taken[t->first + t->count - 1];
    for (int e = 0; e < last; e++) {
        const struct message *m = &c->messages[e];
        if (m->division == t->division && !in_take(c, t, e) &&
            (!m->sent_at || m->sent_at > t->answered)) {
            FAULT(c, "%s was given while %s was not acknowledged\n", c->messages[last].id, m->id);
        }
    }
}

/* Takings in the order of the product's clock: no lease of a message begins before the one before
 * has run out. */
static void check_leases(struct court *c, const struct take *t)
{
    for (int i = 0; i < t->count; i++) {
        struct message *m = &c->messages[c->taken[t->first + i]];
        if (m->until > t->now) {
            FAULT(c, "two held %s: taken at %lld until %lld, and at %lld\n", m->id,
                  (long long)m->since, (long long)m->until, (long long)t->now);
        }
        m->since = t->now;
        m->until = t->until;
    }
}

static int by_clock(const void *a, const void *b)
{
    const struct take *x = a, *y = b;

    return x->now != y->now ? (x->now > y->now) - (x->now < y->now)
                            : (x->answered > y->answered) - (x->answered < y->answered);
}

static void check_messages(struct court *c, int *again)
{
    int64_t audited = 0;

    for (int i = 0; i < c->message_count; i++) {
        const struct message *m = &c->messages[i];
        audited += m->audited;
        if (!m->acked || m->audited != 1) {
            FAULT(c, "%s was acknowledged %d times%s\n", m->id, m->audited,
                  m->acked ? "" : " and is not acked");
        }
        if (!m->sent_at) {
            FAULT(c, "%s was acknowledged by nobody\n", m->id);
        }
    }
    if (c->told_acked > audited || audited > c->told_acked + c->open_acks) {
        FAULT(c, "%lld were ended, consumers were told of %lld and do not know of %lld\n",
              (long long)audited, (long long)c->told_acked, (long long)c->open_acks);
    }
    *again = c->taken_count - c->message_count;
}

int judge(const char *store, char *const *logs, int count)
{
    struct court c = {.a = ARENA_INIT};
    int again;

    each_line(&c, store, store_line);
    for (int i = 0; i < count; i++) {
        each_line(&c, logs[i], log_line);
        if (asked.count) {
            acknowledged(&c, asked.sent, asked.ids, asked.count, -1);
        }
        asked.count = 0;
    }
    for (int i = 0; i < c.take_count; i++) {
        check_order(&c, &c.takes[i]);
    }
    if (c.take_count) {
        qsort(c.takes, (size_t)c.take_count, sizeof *c.takes, by_clock);
    }
    for (int i = 0; i < c.take_count; i++) {
        check_leases(&c, &c.takes[i]);
    }
    check_messages(&c, &again);
    printf("%d messages, %d takings, %d given again, %lld acknowledgements without an answer: ",
           c.message_count, c.take_count, again, (long long)c.open_acks);
    printf(c.faults ? "%d FAULTS\n" : "all held\n", c.faults);
    arena_free(&c.a);
    free(c.messages);
    free(c.takes);
    free(c.taken);
    return c.faults || !c.message_count || !c.take_count;
}
