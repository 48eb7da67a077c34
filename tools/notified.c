/* notified SOCKET: a service manager's ear for the tests: prints what comes to the notify socket
 * (sd_notify(3)), one variable a line, as it comes. The first line says that it listens. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char text[4096];
    ssize_t n;
    if (argc != 2 || strlen(argv[1]) >= sizeof at.sun_path) {
        fprintf(stderr, "usage: notified SOCKET\n");
        return EXIT_FAILURE;
    }
    memcpy(at.sun_path, argv[1], strlen(argv[1]));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const void *)&at, sizeof at) != 0) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("listening");
    while ((n = recv(fd, text, sizeof text, 0)) >= 0) {
        printf("%.*s\n", (int)n, text);
    }
    close(fd);
    return EXIT_SUCCESS;
}
