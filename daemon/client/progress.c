#include "client/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define EVERY_MS 50 /* a terminal over a slow line should not be the brake */
#define BAR_MAX 40

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

static int bar_width(void)
{
    struct winsize size;
    int room = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;

    room -= 45; /* phase, percent and counts */
    return room > BAR_MAX ? BAR_MAX : room;
}

/* The phases are a closed table: nothing that comes from outside reaches the terminal. */
static const char *phase_text(json_t *params)
{
    static const char *const phases[] = {"check", "apply"};
    const char *phase = json_string_value(json_object_get(params, "phase"));

    for (size_t i = 0; phase && i < sizeof(phases) / sizeof(phases[0]); i++)
        if (strcmp(phase, phases[i]) == 0)
            return phases[i];
    return "work";
}

static void draw(const char *phase, json_int_t done, json_int_t total)
{
    static const char full[] = "########################################";
    int width = bar_width();
    int filled = (int)(done * width / (total > 0 ? total : 1));

    fprintf(stderr, "\r\033[K%s ", phase);
    if (total > 0 && width >= 8)
        fprintf(stderr, "[%.*s%*s] ", filled, full, width - filled, "");
    if (total > 0)
        fprintf(stderr, "%3d%% %lld/%lld", (int)(done * 100 / total), (long long)done,
                (long long)total);
    else
        fprintf(stderr, "%lld", (long long)done);
    fflush(stderr);
}

void progress_show(void *progress, json_t *params)
{
    struct progress *p = progress;
    const char *phase = phase_text(params);
    json_int_t done = json_integer_value(json_object_get(params, "done"));
    json_int_t total = json_integer_value(json_object_get(params, "total")); /* null: 0 */
    json_int_t now = milliseconds();
    bool ended = total > 0 && done >= total;

    if (!p->wanted || done < 0)
        return;
    if (total > 0 && done > total)
        done = total;
    if (p->shown && p->phase == phase && !ended && now - p->at < EVERY_MS)
        return;
    draw(phase, done, total);
    p->shown = true;
    p->phase = phase;
    p->at = now;
}

void progress_clear(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}
