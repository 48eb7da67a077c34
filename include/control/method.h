/* control/method: the calls that the socket answers, in one table.
 *
 * A row gives name, least role, parameters and function; validation, rpc.discover, doc/protocol.md
 * and the refusals all come out of the table. A query runs on the front with a reading store; a
 * change on the writer, inside its group commit; a job on the writer in slices. */
#pragma once

#include <jansson.h>

#include "work/job.h"

#define METHOD_TEXT_MAX 2000 /* characters of one text */
#define METHOD_TEXTS 1000
#define METHOD_FILE_MOST (INT64_C(64) << 30)

enum param_type {
    PARAM_STRING,   /* any text of 1 to METHOD_TEXT_MAX characters */
    PARAM_DIVISION, /* a code, may lack its trailing zeros; of 12 digits when handed over */
    PARAM_DATE,     /* "2026-11-24" */
    PARAM_INTEGER,  /* 1 to 2^53 */
    PARAM_COUNT,    /* 0 to 2^53 */
    PARAM_BOOLEAN,
    PARAM_FILE,      /* {"fd": n}: it comes in; the function gets a file of ours with its bytes */
    PARAM_FILE_BACK, /* what the function writes into a file of ours goes back to it at the end */
    PARAM_FILE_OUT,  /* the descriptor itself, for a job with a thread of its own to write to it */
    PARAM_TEXTS,     /* a list of 1 to METHOD_TEXTS such texts */
    PARAM_WORD       /* one of `words` */
};

struct param {
    const char *name;
    enum param_type type;
    bool required;
    const struct names *words; /* of PARAM_WORD */
    const char *help;          /* one line */
};

/* How a call is bound to the divisions of an account that has some. What it does not see is
 * not-found, in the words for what is not there; the functions hold to it, a test walks the table.
 */
enum bound {
    BOUND_UNSAID,    /* no row of the table */
    BOUND_NOWHERE,   /* tells nothing of any division */
    BOUND_WHOLE,     /* acts on the whole store: not-allowed, before its function runs */
    BOUND_HOUSEHOLD, /* by the parameter `household` (or `task`) */
    BOUND_TASK,      /* by `task` */
    BOUND_DIVISION,  /* by `division` */
    BOUND_ITEMS      /* does, or shows, only what the account sees of what was asked for */
};
extern const struct names bounds;

enum method_how { METHOD_QUERY, METHOD_CHANGE, METHOD_JOB };

/* Who calls (SO_PEERCRED, SO_PEERGROUPS). */
struct peer {
    int64_t uid;
    char *who; /* account name, or the uid's digits */
    enum role role;
    const int64_t *divisions; /* bound to these; count 0: not bound */
    int division_count;
};
/* Whether a division (any level) lies in what the peer may see: at or below one of its own. */
bool peer_sees(const struct peer *peer, int64_t division);
/* The same for what lies in a division of a township: a village that came along with its township
 * when that was joined to another has a code that does not begin with the other's. */
bool peer_sees_in(const struct peer *peer, int64_t township, int64_t division);

/* One call under way. Parameters are checked against the table before the function runs. */
struct call {
    struct arena arena;
    const struct peer *peer;
    const struct method *method;
    json_t *params; /* an object; owned by the call */
    int *fds;       /* call_fd() takes one and leaves -1; whoever made the call closes the rest */
    int fd_count;
    int page;         /* limits.page */
    const char *salt; /* the store's: what cursors are sealed with */
    /* Set by a query that was answered: this division's messages are told to the connection from
     * now on. */
    int64_t watch;
};

/* A parameter that was given, by its type; absent: NULL data / 0 / DATE_NONE / false / -1. */
struct str call_str(const struct call *c, const char *name);
int64_t call_division(const struct call *c, const char *name);
struct date call_date(const struct call *c, const char *name);
int64_t call_int(const struct call *c, const char *name); /* -1 where absent */
bool call_bool(const struct call *c, const char *name);
/* Of a PARAM_TEXTS: how many, and the texts in the call's arena. */
int call_texts(struct call *c, const char *name, struct str **texts);
int call_word(const struct call *c, const char *name);
/* Takes the descriptor of a parameter for a file: the caller closes it; -1 where absent or taken.
 */
int call_fd(struct call *c, const char *name);
bool param_is_file(const struct param *p);
/* `limit` of the call within limits.page. */
int call_limit(const struct call *c);
/* The actor for the audit; valid as long as the peer. */
struct actor call_actor(const struct call *c);

struct method {
    const char *name;
    enum role least;
    enum bound bound;
    enum method_how how;
    bool alone;                 /* a change that makes its own commits (work/writer) */
    bool waits;                 /* a change that is run-held while a gap holds the daily run */
    const char *summary;        /* one line for rpc.discover and doc/protocol.md */
    const struct param *params; /* ends with name NULL; may be NULL */
    /* METHOD_QUERY (front) and METHOD_CHANGE (writer): */
    bool (*run)(struct call *c, struct work *w, json_t **result, struct error *err);
    /* METHOD_JOB: makes the job on the front (no I/O; `w` is the front's, for its clock), and its
     * result once it is done. `failed` may be NULL: extra members of the error's `data` (import's
     * faults), or NULL for none. */
    struct job *(*job)(struct call *c, struct work *w, struct error *err);
    json_t *(*result)(struct call *c, struct job *job);
    json_t *(*failed)(struct call *c, struct job *job);
    int64_t file_most;       /* bytes that are taken of a PARAM_FILE; 0: METHOD_FILE_MOST */
    const char *result_help; /* what `result` holds, in Markdown, for doc/protocol.md */
};

/* The whole table: one list of rows for each family, ending with a row whose name is NULL; after
 * the last family NULL. And the row of a name, NULL where there is none. */
extern const struct method *const methods[];
const struct method *method_find(struct str name);

/* Checks params (NULL or an object; positional arrays are refused with −32602) against the row. */
bool method_check(const struct method *m, json_t *params, struct error *err);

/* JSON of the common types (contract.md section 5, Types). New references. */
json_t *json_day(struct date d);     /* "2026-11-24" or null */
json_t *json_str(struct str s);      /* null where data is NULL */
json_t *json_division(int64_t code); /* "500101001000"; null for 0 */
json_t *json_money(int64_t fen);     /* "5400.00"; null for FEN_UNKNOWN */
