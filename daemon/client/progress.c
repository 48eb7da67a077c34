#include "client/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "client/interrupt.h"

#define EVERY_MS 50 /* a terminal over a slow line should not be the brake */
#define BAR_MAX 40
#define BAR_LEAST 8
#define RATE_AFTER_MS 500

void progress_init(struct progress *p)
{
    *p = (struct progress){.wanted = isatty(STDERR_FILENO)};
}

static json_int_t milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (json_int_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int terminal_width(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* The phases are a closed table: nothing that comes from outside reaches the terminal. */
static const char *phase_text(json_t *params)
{
    static const char *const phases[] = {"check", "apply"};
    const char *phase = json_string_value(json_object_get(params, "phase"));

    for (size_t i = 0; phase && i < sizeof(phases) / sizeof(phases[0]); i++) {
        if (strcmp(phase, phases[i]) == 0) {
            return phases[i];
        }
    }
    return "work";
}

/* "1:02:03", "2:03" */
static void add_span(struct strbuf *out, json_int_t seconds)
{
    if (seconds >= 3600) {
        strbuf_addf(out, "%lld:%02lld:%02lld", (long long)seconds / 3600,
                    (long long)seconds / 60 % 60, (long long)seconds % 60);
    } else {
        strbuf_addf(out, "%lld:%02lld", (long long)seconds / 60, (long long)seconds % 60);
    }
}

/* " 45% 4500/10000  2310/s  0:02 left": of the phase since it began; the rate once it means
 * something. */
static void add_numbers(const struct progress *p, json_int_t done, json_int_t total,
                        struct strbuf *out)
{
    json_int_t passed = p->at - p->began_at, gone = done - p->began_with;

    if (total > 0) {
        strbuf_addf(out, "%3d%% %lld/%lld", (int)(done * 100 / total), (long long)done,
                    (long long)total);
    } else {
        strbuf_addf(out, "%lld", (long long)done);
    }
    if (passed < RATE_AFTER_MS || gone <= 0) {
        return;
    }
    strbuf_addf(out, "  %lld/s", (long long)(gone * 1000 / passed));
    if (total > 0) {
        strbuf_addz(out, "  ");
        add_span(out, ((total - done) * passed / gone + 999) / 1000);
        strbuf_addz(out, " left");
    }
}

static void draw(const struct progress *p, json_int_t done, json_int_t total)
{
    static const char full[] = "########################################";
    struct strbuf numbers = STRBUF_INIT;
    int width, filled;

    add_numbers(p, done, total, &numbers);
    width = terminal_width() - (int)strlen(p->phase) - (int)numbers.len - 5;
    width = width > BAR_MAX ? BAR_MAX : width;
    fprintf(stderr, "\r\033[K%s ", p->phase);
    if (total > 0 && width >= BAR_LEAST) {
        filled = (int)(done * width / total);
        fprintf(stderr, "[%.*s%*s] ", filled, full, width - filled, "");
    }
    fputs(strbuf_text(&numbers), stderr);
    fflush(stderr);
    strbuf_free(&numbers);
}

void progress_show(void *progress, json_t *params)
{
    struct progress *p = progress;
    const char *phase = phase_text(params);
    json_int_t done = json_integer_value(json_object_get(params, "done"));
    json_int_t total = json_integer_value(json_object_get(params, "total")); /* null: 0 */
    json_int_t now = milliseconds();
    bool ended = total > 0 && done >= total;

    if (!p->wanted || done < 0) {
        return;
    }
    if (total > 0 && done > total) {
        done = total;
    }
    if (p->shown && p->phase == phase && !ended && now - p->at < EVERY_MS) {
        return;
    }
    if (!p->shown || p->phase != phase) {
        p->began_at = now;
        p->began_with = done;
    }
    p->shown = true;
    p->phase = phase;
    p->at = now;
    interrupt_line(true);
    draw(p, done, total);
}

void progress_clear(struct progress *p)
{
    if (p->shown) {
        fputs("\r\033[K", stderr);
    }
    p->shown = false;
    interrupt_line(false);
}
