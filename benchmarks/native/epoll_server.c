/*
 * The limit of the line protocol: one thread, one epoll, a fixed answer to every line, nothing behind it.
 *
 *     epoll_server ANSWER [--keep]
 *
 * ANSWER is sent with an LF after it. Prints its port on 127.0.0.1 and serves until a signal ends it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING "What can I do for you?\n"
#define BACKLOG 4096
#define EVENTS 512
#define READ_BYTES 65536
#define REPLIES_BYTES (1 << 20)

/* All replies are equal, so what is owed to a peer is a place in an endless row of them: no buffer a peer. */
struct peer {
    size_t owed_bytes;
    size_t place;
};

static struct peer *peers;
static char replies[REPLIES_BYTES];
static size_t reply_bytes, row_bytes;
static bool keep;
static int poller;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(poller, operation, fd, &event) < 0)
        die("epoll_ctl");
}

static void prepare_replies(const char *answer)
{
    char reply[4096];
    int written = snprintf(reply, sizeof reply, "%s\n%s", answer, keep ? GREETING : "");
    if (written < 0 || (size_t)written >= sizeof reply) {
        fputs("epoll_server: the answer is too long\n", stderr);
        exit(2);
    }
    reply_bytes = (size_t)written;
    while (row_bytes + reply_bytes <= REPLIES_BYTES) {
        memcpy(replies + row_bytes, reply, reply_bytes);
        row_bytes += reply_bytes;
    }
}

static int listen_on_loopback(void)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t address_bytes = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, address_bytes) < 0)
        die("bind");
    /* Accepted sockets inherit it. */
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (listen(listener, BACKLOG) < 0)
        die("listen");
    getsockname(listener, (struct sockaddr *)&address, &address_bytes);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void accept_all(int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
                return;
            die("accept4");
        }
        peers[fd] = (struct peer){0, 0};
        if (send(fd, GREETING, sizeof GREETING - 1, MSG_NOSIGNAL) < 0)
            close(fd);
        else
            watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
}

/* False when the peer is gone. */
static bool send_owed(int fd)
{
    struct peer *peer = &peers[fd];
    while (peer->owed_bytes) {
        size_t piece = row_bytes - peer->place;
        if (piece > peer->owed_bytes)
            piece = peer->owed_bytes;
        ssize_t sent = send(fd, replies + peer->place, piece, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN;
        peer->owed_bytes -= (size_t)sent;
        peer->place = (peer->place + (size_t)sent) % row_bytes;
    }
    return true;
}

static size_t count_lines(const char *data, size_t data_bytes)
{
    size_t lines = 0;
    const char *end = data + data_bytes;
    while ((data = memchr(data, '\n', (size_t)(end - data))) != NULL) {
        lines++;
        data++;
    }
    return lines;
}

static void serve(int fd, uint32_t events)
{
    static char data[READ_BYTES];
    struct peer *peer = &peers[fd];
    bool was_stalled = peer->owed_bytes > 0;
    if (!was_stalled) {
        ssize_t received = recv(fd, data, sizeof data, 0);
        if (received <= 0) {
            if (received == 0 || errno != EAGAIN)
                close(fd);
            return;
        }
        peer->owed_bytes = count_lines(data, (size_t)received) * reply_bytes;
        peer->place = 0;
        if (!keep && peer->owed_bytes > reply_bytes)
            peer->owed_bytes = reply_bytes;
        if (peer->owed_bytes == 0)
            return;
    }
    if ((events & (EPOLLERR | EPOLLHUP)) || !send_owed(fd) || (!keep && peer->owed_bytes == 0)) {
        close(fd);
        return;
    }
    /* Nothing more is read from a peer that does not read. */
    if (was_stalled != (peer->owed_bytes > 0))
        watch(EPOLL_CTL_MOD, fd, peer->owed_bytes ? EPOLLOUT : EPOLLIN);
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    struct rlimit files;
    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "--keep") != 0)) {
        fputs("usage: epoll_server ANSWER [--keep]\n", stderr);
        return 2;
    }
    keep = argc == 3;
    prepare_replies(argv[1]);
    getrlimit(RLIMIT_NOFILE, &files);
    peers = calloc(files.rlim_cur, sizeof *peers);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (peers == NULL || poller < 0)
        die("epoll_create1");
    int listener = listen_on_loopback();
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    for (;;) {
        int ready = epoll_wait(poller, events, EVENTS, -1);
        if (ready < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener)
                accept_all(listener);
            else
                serve(events[i].data.fd, events[i].events);
        }
    }
}
