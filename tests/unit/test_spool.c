/* delivery/spool: each list exactly once, whatever stops it midway (contract.md section 4,
 * architecture.md "Files exactly once"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crash.h"
#include "delivery/list.h"
#include "delivery/spool.h"
#include "store/cycle.h"
#include "store/household.h"
#include "store/message.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CITY 500000000000
#define DISTRICT 500101000000
#define TOWNSHIP 500101001000
#define OTHER 500101002000
#define VILLAGE 500101001001
#define TODAY date_of(2026, 11, 24)

static const char *const all_files[] = {
    "500101000000/500101001000/new/2026-11-24-daily.csv",
    "500101000000/500101001000/new/2026-11-24-daily.html",
    "500101000000/500101001000/new/2026-11-24-daily.json",
    "500101000000/500101002000/new/2026-11-24-daily.csv",
    "500101000000/500101002000/new/2026-11-24-daily.html",
    "500101000000/500101002000/new/2026-11-24-daily.json",
    "500101000000/new/2026-11-24-daily.csv",
    "500101000000/new/2026-11-24-daily.html",
    "500101000000/new/2026-11-24-daily.json",
};

/* A folder with a store and a spool, and what the writer works with. */
struct house {
    char folder[64], store_path[96], spool_path[96];
    struct settings settings;
    struct clock clock;
    struct work work;
    struct spool *spool;
    struct arena arena;
};

static struct error err;

static void must(bool ok)
{
    if (!ok) {
        fail_msg("%s", err.message ? err.message : "failed");
    }
}

static void house_open(struct house *h)
{
    struct faults faults = {0};
    struct calendar *calendar = calendar_new();
    struct policy_set *policies = policy_set_load("conf/policy", &faults);

    assert_non_null(policies);
    calendar_publish(calendar, 2026);
    clock_init_manual(&h->clock, 20781 * INT64_C(86400));
    h->work = (struct work){.store = store_open(h->store_path, STORE_WRITE, TODAY, &err),
                            .rules = rulebook_new(policies, calendar),
                            .clock = &h->clock,
                            .metrics = metrics_new(0),
                            .settings = &h->settings};
    must(h->work.store != NULL);
    h->spool = spool_open(h->spool_path, &err);
    must(h->spool != NULL);
}

static void house_close(struct house *h)
{
    spool_close(h->spool);
    store_close(h->work.store);
    metrics_free(h->work.metrics);
    rulebook_drop(h->work.rules);
    arena_free(&h->arena);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void house_remove(struct house *h)
{
    house_close(h);
    nftw(h->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void put_division(struct house *h, int64_t code, int64_t parent, enum level level,
                         struct str name)
{
    struct division_row row = {code, parent, level, name};
    must(store_division_put(h->work.store, &row, &err));
}

/* A household whose regular review is due on a day; the number of its task. */
static int64_t put_task(struct house *h, struct str household, int64_t division, int64_t township,
                        struct date due)
{
    struct store *s = h->work.store;
    struct household_row row = {.household = household,
                                .division = division,
                                .township = township,
                                .head_name = STR("冉启明"),
                                .tier = TIER_QUARTERLY,
                                .income = FEN_UNKNOWN,
                                .pension = FEN_UNKNOWN,
                                .employment_cost = FEN_UNKNOWN,
                                .approved_on = date_of(2026, 1, 5),
                                .anchor_on = date_of(2026, 1, 5),
                                .last_review_on = DATE_NONE};
    must(store_household_insert(s, &row, &err));
    struct cycle_row cycle = {
        .household_id = row.id,
        .anchor_on = row.anchor_on,
        .dates = {1, TIER_QUARTERLY, date_plus(due, -1), due, date_plus(due, -15), false},
        .decided_on = row.anchor_on,
        .closed_on = DATE_NONE};
    must(store_cycle_insert(s, &cycle, &err));
    struct task_row task = {.household_id = row.id,
                            .township = township,
                            .cycle = cycle.cycle,
                            .opened_on = date_plus(due, -15),
                            .nominal_due_on = cycle.dates.nominal,
                            .original_due_on = due,
                            .due_on = due,
                            .rolled_on = DATE_NONE,
                            .listed_on = DATE_NONE,
                            .raised = -1,
                            .alert_on = DATE_NONE,
                            .done_on = DATE_NONE,
                            .outcome = -1};
    must(store_task_insert(s, &task, &err));
    return task.task;
}

static int64_t put_message(struct house *h, int64_t division, struct str kind, struct str subject,
                           struct str body, struct date on)
{
    bool added;
    struct message_row row = {
        .division = division, .kind = kind, .subject = subject, .created_on = on, .body = body};
    must(store_message_put(h->work.store, &row, &added, &err));
    assert_true(added);
    return row.seq;
}

/* Two townships and their district; a late task that was escalated; the lists of today. */
static void house_new(struct house *h)
{
    char body[64];

    *h = (struct house){0};
    snprintf(h->folder, sizeof h->folder, "/tmp/spool-XXXXXX");
    assert_non_null(mkdtemp(h->folder));
    snprintf(h->store_path, sizeof h->store_path, "%s/store.db", h->folder);
    snprintf(h->spool_path, sizeof h->spool_path, "%s/a/spool", h->folder);
    house_open(h);
    must(store_begin(h->work.store, &err));
    put_division(h, CITY, 0, LEVEL_CITY, STR("重庆市"));
    put_division(h, DISTRICT, CITY, LEVEL_DISTRICT, STR("万州区"));
    put_division(h, TOWNSHIP, DISTRICT, LEVEL_TOWNSHIP, STR("高笋塘街道"));
    put_division(h, OTHER, DISTRICT, LEVEL_TOWNSHIP, STR("太白街道"));
    put_division(h, VILLAGE, TOWNSHIP, LEVEL_VILLAGE, STR("青羊宫社区"));
    int64_t late = put_task(h, STR("H-1"), VILLAGE, TOWNSHIP, date_of(2026, 11, 10));
    put_task(h, STR("H-2"), VILLAGE, TOWNSHIP, date_of(2026, 11, 26));
    put_task(h, STR("H-3"), TOWNSHIP, TOWNSHIP, date_of(2026, 12, 9));
    put_task(h, STR("H-4"), OTHER, OTHER, date_of(2026, 11, 24));
    snprintf(body, sizeof body, "{\"rung\":\"escalated-district\",\"task\":%d}", (int)late);
    put_message(h, DISTRICT, STR("alert"), STR("1"), str_of(body), TODAY);
    put_message(h, TOWNSHIP, STR("deadline-moved"), STR("2"),
                STR("{\"due_on\":\"2026-11-26\",\"household\":\"H-2\",\"task\":2,"
                    "\"was\":\"2026-11-25\"}"),
                TODAY);
    put_message(h, TOWNSHIP, STR(MESSAGE_DAILY), STR("2026-11-24"), STR("{}"), TODAY);
    put_message(h, OTHER, STR(MESSAGE_DAILY), STR("2026-11-24"), STR("{}"), TODAY);
    put_message(h, DISTRICT, STR(MESSAGE_DAILY), STR("2026-11-24"), STR("{}"), TODAY);
    must(store_commit(h->work.store, &err));
}

static void deliver_all(struct house *h)
{
    for (bool more = true; more;) {
        must(spool_deliver(h->spool, &h->work, TODAY, &more, &err));
    }
}

/* The bytes of a file of the spool; NULL where there is none. The caller frees. */
static char *file_text(const struct house *h, const char *name)
{
    char path[256], block[4096];
    struct strbuf text = STRBUF_INIT;
    size_t n;

    snprintf(path, sizeof path, "%s/%s", h->spool_path, name);
    FILE *file = fopen(path, "r");
    if (!file) {
        return NULL;
    }
    strbuf_add(&text, "", 0);
    while ((n = fread(block, 1, sizeof block, file)) > 0) {
        strbuf_add(&text, block, n);
    }
    fclose(file);
    return text.data;
}

static void file_has(const struct house *h, const char *name, const char *part)
{
    char *text = file_text(h, name);

    assert_non_null(text);
    if (!strstr(text, part)) {
        fail_msg("no %s in %s:\n%s", part, name, text);
    }
    free(text);
}

static int files_in(const struct house *h, const char *folder)
{
    char path[256];
    struct dirent *entry;
    int n = 0;

    snprintf(path, sizeof path, "%s/%s", h->spool_path, folder);
    DIR *d = opendir(path);
    if (!d) {
        return 0;
    }
    while ((entry = readdir(d))) {
        n += entry->d_name[0] != '.';
    }
    closedir(d);
    return n;
}

static int waiting(struct house *h, enum message_state state, const char *kind)
{
    struct message_row *rows;
    int count;

    must(store_messages_in(h->work.store, &h->arena, state, kind, 0, 100, &rows, &count, &err));
    return count;
}

static void house_is_delivered(struct house *h)
{
    assert_int_equal(waiting(h, MESSAGE_QUEUED, NULL), 0);
    assert_int_equal(waiting(h, MESSAGE_STAGED, NULL), 0);
    assert_int_equal(waiting(h, MESSAGE_READY, NULL), 0);
    assert_int_equal(files_in(h, "tmp"), 0);
    assert_int_equal(files_in(h, "500101000000/500101001000/new"), 3);
    assert_int_equal(files_in(h, "500101000000/500101002000/new"), 3);
    assert_int_equal(files_in(h, "500101000000/new"), 3);
    assert_int_equal(files_in(h, "."), 2); /* tmp and the district */
}

static void lists_arrive(void **state)
{
    struct house h;
    struct stat st;
    char path[256];
    struct task_row task;

    (void)state;
    house_new(&h);
    deliver_all(&h);
    house_is_delivered(&h);
    file_has(&h, all_files[0], ",H-1,冉启明,青羊宫社区,,定期复核,按季度复核,");
    file_has(&h, all_files[0], "；参照民法典第203条,2026-11-09,2026-11-10,逾期,否,,,,\r\n");
    file_has(&h, all_files[0], "2026-11-26,七日内到期,");
    file_has(&h, all_files[0], "2026-12-09,新增,");
    file_has(&h, all_files[1], "期限由 2026-11-25 改为 2026-11-26");
    file_has(&h, all_files[2], "\"totals\":{\"due\":1,\"late\":1,\"new\":1,\"open\":3,\"rest\":0}");
    /* The district sees what was escalated to it, with the township's name. */
    file_has(&h, all_files[6], ",H-1,冉启明,高笋塘街道青羊宫社区,");
    file_has(&h, all_files[7], "督办件");
    file_has(&h, all_files[8], "\"totals\":{\"due\":0,\"late\":1,\"new\":0,\"open\":1,\"rest\":0}");
    snprintf(path, sizeof path, "%s/%s", h.spool_path, all_files[0]);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07137, 0); /* 0640 at most */
    must(store_task_get(h.work.store, &h.arena, 3, &task, &err));
    assert_int_equal(task.listed_on.day, TODAY.day);
    house_remove(&h);
}

/* A list that was fetched does not come back; what was new is rest on the next list. */
static void twice_changes_nothing(void **state)
{
    struct house h;
    char path[256];

    (void)state;
    house_new(&h);
    deliver_all(&h);
    snprintf(path, sizeof path, "%s/%s", h.spool_path, all_files[0]);
    assert_int_equal(unlink(path), 0);
    deliver_all(&h);
    must(spool_recover(h.spool, &h.work, &err));
    assert_int_equal(access(path, F_OK), -1);
    must(store_begin(h.work.store, &err));
    put_message(&h, TOWNSHIP, STR(MESSAGE_DAILY), STR("2026-11-25"), STR("{}"),
                date_plus(TODAY, 1));
    must(store_commit(h.work.store, &err));
    deliver_all(&h);
    file_has(&h, "500101000000/500101001000/new/2026-11-25-daily.json",
             "\"totals\":{\"due\":1,\"late\":1,\"new\":0,\"open\":3,\"rest\":1}");
    house_remove(&h);
}

/* A list that a kill left behind leaves under its own date, before the next one: what is new on it
 * is not new again. */
static void earlier_list_goes_first(void **state)
{
    struct house h;
    struct date tomorrow = date_plus(TODAY, 1);

    (void)state;
    house_new(&h);
    must(store_begin(h.work.store, &err));
    put_task(&h, STR("H-5"), OTHER, OTHER, date_of(2026, 12, 10));
    put_message(&h, OTHER, STR(MESSAGE_DAILY), STR("2026-11-25"), STR("{}"), tomorrow);
    must(store_commit(h.work.store, &err));
    deliver_all(&h);
    assert_int_equal(files_in(&h, "500101000000/500101002000/new"), 6);
    file_has(&h, all_files[5], "\"totals\":{\"due\":1,\"late\":0,\"new\":1,\"open\":2,\"rest\":0}");
    file_has(&h, "500101000000/500101002000/new/2026-11-25-daily.json",
             "\"totals\":{\"due\":0,\"late\":1,\"new\":0,\"open\":2,\"rest\":1}");
    house_remove(&h);
}

/* Ends by the crash point in a child; then a new start has to bring about what an undisturbed run
 * would have. */
static void crash_and_recover(const char *point, char *const expected[])
{
    struct house h;
    int status;

    house_new(&h);
    house_close(&h);
    pid_t child = fork();
    if (child == 0) {
        crash_arm(point);
        house_open(&h);
        deliver_all(&h);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 137) {
        fail_msg("%s was not reached (status %d)", point, status);
    }
    h.arena = ARENA_INIT;
    house_open(&h);
    must(spool_recover(h.spool, &h.work, &err));
    deliver_all(&h);
    house_is_delivered(&h);
    for (size_t i = 0; i < COUNT(all_files); i++) {
        char *text = file_text(&h, all_files[i]);
        assert_non_null(text);
        assert_string_equal(text, expected[i]);
        free(text);
    }
    house_remove(&h);
}

static void survives_every_crash_point(void **state)
{
    static const char *const points[] = {
        "spool-written",       "spool-synced",        "spool-staged",        "spool-renamed-one",
        "spool-renamed-one:2", "spool-renamed-one:3", "spool-renamed-one:4", "spool-renamed-one:9",
        "spool-renamed",       "spool-delivered",
    };
    struct house h;
    char *expected[COUNT(all_files)];

    (void)state;
    house_new(&h);
    deliver_all(&h);
    for (size_t i = 0; i < COUNT(all_files); i++) {
        expected[i] = file_text(&h, all_files[i]);
    }
    house_remove(&h);
    for (size_t i = 0; i < COUNT(points); i++) {
        crash_and_recover(points[i], expected);
    }
    for (size_t i = 0; i < COUNT(all_files); i++) {
        free(expected[i]);
    }
}

/* A disk that takes no more: nothing is marked, nothing is in new/, and later all is. */
static void write_error_marks_nothing(void **state)
{
    struct house h;
    struct rlimit old, small;
    bool more;

    (void)state;
    house_new(&h);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){100, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    bool ok = spool_deliver(h.spool, &h.work, TODAY, &more, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_false(ok);
    assert_int_equal(err.reason, REASON_STORAGE);
    error_clear(&err);
    assert_int_equal(waiting(&h, MESSAGE_QUEUED, MESSAGE_DAILY), 3);
    assert_int_equal(files_in(&h, "500101000000"), 0);
    deliver_all(&h);
    house_is_delivered(&h);
    house_remove(&h);
}

/* A township that puts a link where its folder was reaches nothing by it, and harms no other. */
static void links_are_not_followed(void **state)
{
    struct house h;
    char path[256], elsewhere[128];

    (void)state;
    house_new(&h);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", h.folder);
    assert_int_equal(mkdir(elsewhere, 0700), 0);
    snprintf(path, sizeof path, "%s/500101000000", h.spool_path);
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/500101001000");
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/new");
    assert_int_equal(symlink(elsewhere, path), 0);
    deliver_all(&h);
    assert_int_equal(rmdir(elsewhere), 0); /* it is empty */
    assert_int_equal(waiting(&h, MESSAGE_STAGED, MESSAGE_DAILY), 1);
    assert_int_equal(files_in(&h, "500101000000/500101002000/new"), 3);
    must(spool_recover(h.spool, &h.work, &err));
    assert_int_equal(files_in(&h, "tmp"), 3);
    assert_int_equal(unlink(path), 0);
    must(spool_recover(h.spool, &h.work, &err));
    house_is_delivered(&h);
    house_remove(&h);
}

static struct house *by_socket(struct house *h)
{
    static struct delivery_rule rule = {DISTRICT, DELIVERY_SOCKET};

    h->settings.deliveries = &rule;
    h->settings.delivery_count = 1;
    return h;
}

static void socket_divisions_get_bodies(void **state)
{
    struct house h;
    struct message_row *rows;
    int count;

    (void)state;
    house_new(&h);
    assert_int_equal(waiting(&h, MESSAGE_READY, NULL), 2); /* what is no list need not wait */
    deliver_all(by_socket(&h));
    assert_int_equal(files_in(&h, "500101000000"), 0);
    assert_int_equal(waiting(&h, MESSAGE_QUEUED, NULL), 0);
    assert_int_equal(waiting(&h, MESSAGE_READY, NULL), 5);
    must(store_messages_in(h.work.store, &h.arena, MESSAGE_READY, MESSAGE_DAILY, 0, 10, &rows,
                           &count, &err));
    assert_int_equal(count, 3);
    json_t *body = json_loadb(rows[0].body.data, rows[0].body.len, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(body, "name")), "高笋塘街道");
    assert_string_equal(json_string_value(json_object_get(body, "id")),
                        message_id(&rows[0], (char[MESSAGE_ID]){0}));
    json_decref(body);
    house_remove(&h);
}

/* A list acknowledged over the socket does not come again, one that is leased waits, the rest
 * leaves by the spool: with what it carried, that nobody acknowledged. */
static void back_from_the_socket(void **state)
{
    struct house h;
    struct message_row *rows;
    struct settings again;
    int count;

    (void)state;
    house_new(&h);
    deliver_all(by_socket(&h));
    must(store_messages_in(h.work.store, &h.arena, MESSAGE_READY, MESSAGE_DAILY, 0, 10, &rows,
                           &count, &err));
    must(store_message_state(h.work.store, rows[1].seq, MESSAGE_ACKED, &err));
    must(store_message_lease(h.work.store, rows[2].seq, clock_now(h.work.clock) + 60, &err));
    again = h.settings;
    again.delivery_count = 0;
    h.work.settings = &again;
    deliver_all(&h);
    assert_int_equal(files_in(&h, "500101000000/500101001000/new"), 3);
    file_has(&h, all_files[1], "期限由 2026-11-25 改为 2026-11-26");
    assert_int_equal(files_in(&h, "500101000000/500101002000/new"), 0);
    assert_int_equal(files_in(&h, "500101000000/new"), 0);
    assert_int_equal(waiting(&h, MESSAGE_READY, MESSAGE_DAILY), 1);
    must(store_message_lease(h.work.store, rows[2].seq, clock_now(h.work.clock), &err));
    deliver_all(&h);
    deliver_all(&h);
    assert_int_equal(files_in(&h, "500101000000/500101001000/new"), 3);
    assert_int_equal(files_in(&h, "500101000000/500101002000/new"), 0);
    file_has(&h, all_files[7], "督办件");
    assert_int_equal(waiting(&h, MESSAGE_QUEUED, NULL), 0);
    assert_int_equal(waiting(&h, MESSAGE_READY, NULL), 0);
    house_remove(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_arrive),
        cmocka_unit_test(twice_changes_nothing),
        cmocka_unit_test(earlier_list_goes_first),
        cmocka_unit_test(survives_every_crash_point),
        cmocka_unit_test(write_error_marks_nothing),
        cmocka_unit_test(links_are_not_followed),
        cmocka_unit_test(socket_divisions_get_bodies),
        cmocka_unit_test(back_from_the_socket),
    };
    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
