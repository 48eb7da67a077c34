#include "client/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* What the handler reads; pointers and flags are stored whole. */
static const char *volatile file;
static volatile sig_atomic_t line_shown, call_sent;

static void say(const char *text)
{
    ssize_t n = write(STDERR_FILENO, text, strlen(text));

    (void)n; /* nobody is left to be told */
}

static void interrupted(int number)
{
    const char *path = file;

    if (line_shown) {
        say("\n");
    }
    if (path) {
        unlink(path);
    }
    if (call_sent) {
        say("reviewctl: interrupted; what was asked for may take effect nevertheless\n");
    }
    raise(number); /* by default now (SA_RESETHAND), once the handler is left */
}

void interrupt_init(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0) {
            _exit(1);
        }
    }
    signal(SIGPIPE, SIG_IGN); /* a reader that is gone is found by main() */
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction action = {.sa_handler = interrupted, .sa_flags = (int)SA_RESETHAND}, old;

        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
            sigaction(numbers[i], &action, NULL);
        }
    }
}

void interrupt_file(const char *path)
{
    file = path;
}

void interrupt_line(bool shown)
{
    line_shown = shown;
}

void interrupt_sent(bool sent)
{
    call_sent = sent;
}
