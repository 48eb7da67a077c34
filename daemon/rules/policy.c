#include "rules/policy.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "rules/policy_read.h"

static const struct word basis_text[] = {{"anniversary", "按批准日"}, {"calendar", "按自然期"}};
static const struct word target_text[] = {
    {"township", "乡镇"}, {"district", "区县"}, {"city", "市"}};
const struct names bases = NAMES_TABLE("basis", basis_text);
const struct names alert_targets = NAMES_TABLE("to", target_text);

struct version {
    struct policy policy;
    struct policy_lines lines;
    char *path;
};

/* Versions in order of their days; once loaded, each ends on the day before the next begins. */
struct policy_set {
    struct version *versions;
    int count;
};

/* ---- loading ---- */

static int is_policy_file(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* False where the days of any file could not be read: comparing the rest would invent gaps. */
static bool read_folder(struct policy_set *set, const char *folder, struct faults *faults)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_policy_file, alphasort);
    bool dated = n > 0;

    if (n < 0) {
        faults_add(faults, folder, 0, "cannot be read: %s", strerror(errno));
        return false;
    }
    if (n == 0) {
        faults_add(faults, folder, 0, "no policy version: no file *.conf in this folder");
    }
    set->versions = xcalloc((size_t)n + 1, sizeof(*set->versions));
    for (set->count = 0; set->count < n; set->count++) {
        struct version *v = &set->versions[set->count];
        struct strbuf path = STRBUF_INIT;
        strbuf_addf(&path, "%s/%s", folder, entries[set->count]->d_name);
        v->path = path.data;
        policy_read(v->path, &v->policy, &v->lines, faults);
        dated &= date_is(v->policy.from);
        free(entries[set->count]);
    }
    free(entries);
    return dated;
}

static int version_compare(const void *a, const void *b)
{
    const struct version *x = a, *y = b;
    int order = date_cmp(x->policy.from, y->policy.from);

    return order ? order : strcmp(x->path, y->path);
}

/* `late` is the version with the latest end among those before `next`: measured against it, one
 * version that lies wholly within another is found too. */
static void check_seam(const struct version *late, const struct version *next,
                       struct faults *faults)
{
    char until[DATE_TEXT], from[DATE_TEXT];

    date_text(next->policy.from, from);
    if (!date_is(late->policy.until)) {
        faults_add(faults, next->path, next->lines.from,
                   "overlap: %s begins on %s, but %s has no \"until\"", next->policy.name, from,
                   late->policy.name);
        return;
    }
    date_text(late->policy.until, until);
    int days = next->policy.from.day - late->policy.until.day - 1;
    if (days < 0) {
        faults_add(faults, next->path, next->lines.from,
                   "overlap: %s begins on %s, but %s is in force until %s", next->policy.name, from,
                   late->policy.name, until);
    } else if (days > 0) {
        faults_add(faults, next->path, next->lines.from,
                   "gap of %d day%s: %s ends on %s, %s begins on %s", days, days == 1 ? "" : "s",
                   late->policy.name, until, next->policy.name, from);
    }
}

static bool ends_later(const struct policy *a, const struct policy *b)
{
    return date_is(b->until) && (!date_is(a->until) || date_cmp(a->until, b->until) > 0);
}

static void check_seams(const struct policy_set *set, struct faults *faults)
{
    const struct version *late = &set->versions[0];

    for (int i = 1; i < set->count; i++) {
        const struct version *next = &set->versions[i];
        check_seam(late, next, faults);
        if (ends_later(&next->policy, &late->policy)) {
            late = next;
        }
    }
    if (date_is(late->policy.until)) {
        faults_add(faults, late->path, late->lines.until,
                   "%s is the last version: it must have no \"until\"", late->policy.name);
    }
}

struct policy_set *policy_set_load(const char *folder, struct faults *faults)
{
    struct policy_set *set = xcalloc(1, sizeof(*set));
    int before = faults->count;

    if (read_folder(set, folder, faults)) {
        qsort(set->versions, (size_t)set->count, sizeof(*set->versions), version_compare);
        check_seams(set, faults);
    }
    faults_sort(faults, before);
    if (faults->count == before) {
        return set;
    }
    policy_set_free(set);
    return NULL;
}

void policy_set_free(struct policy_set *set)
{
    if (!set) {
        return;
    }
    for (int i = 0; i < set->count; i++) {
        policy_read_free(&set->versions[i].policy);
        free(set->versions[i].path);
    }
    free(set->versions);
    free(set);
}

/* ---- asking ---- */

int policy_set_count(const struct policy_set *set)
{
    return set->count;
}

const struct policy *policy_set_at(const struct policy_set *set, int index)
{
    return &set->versions[index].policy;
}

static void trace_policy(const struct policy *p, struct date day, struct trace *t)
{
    char on[DATE_TEXT], from[DATE_TEXT], until[DATE_TEXT];

    if (!t) {
        return;
    }
    date_text(day, on);
    date_text(p->from, from);
    date_text(p->until, until);
    trace_step(t, TRACE_POLICY, TRACE_PASSED, p->from_source, p->name,
               "on %s the policy %s is in force, from %s%s%s", on, p->name, from,
               *until ? " to " : " on", until);
    trace_fact(t, "sha256", p->hash, DATE_NONE, NULL);
}

const struct policy *policy_on(const struct policy_set *set, struct date day, struct trace *t,
                               struct error *err)
{
    char first[DATE_TEXT], on[DATE_TEXT];

    for (int i = set->count - 1; i >= 0; i--) {
        const struct policy *p = &set->versions[i].policy;
        if (date_cmp(p->from, day) > 0) {
            continue;
        }
        trace_policy(p, day, t);
        return p;
    }
    date_text(set->versions[0].policy.from, first);
    date_text(day, on);
    trace_step(t, TRACE_POLICY, TRACE_FAILED, set->versions[0].policy.from_source, NULL,
               "no policy is in force on %s: nothing is decided before %s", on, first);
    error_say_by(err, set->versions[0].policy.from_source, SAY_NO_POLICY_BEFORE,
                 date_arg(set->versions[0].policy.from));
    return NULL;
}
