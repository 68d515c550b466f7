/*
 * Load for a server of files over HTTP/1.1: one thread, one epoll, kept connections, every answer looked at.
 *
 *     http_load PORT PATH FILE [-n CONNECTIONS] [-s SECONDS]
 *
 * Asks 127.0.0.1:PORT for PATH over and over, one request outstanding on each connection. An answer is right
 * when it says 200, its Content-Length is the size of FILE, and what comes is what stands in FILE: the first
 * and the last bytes of every read are compared. Everything else is an error, counted, the first one told.
 *
 * Prints one line of JSON. `requests` and `bytes` of bodies came within `seconds`, those of answers that were
 * under way then included; `cpu_seconds` are its own: near `seconds`, it and not the server was the limit.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (256 * 1024)
#define HEAD_BYTES 4096
#define LOOKED_AT 64
#define EVENTS 256
#define PATIENCE_NS 20000000000LL /* no answer at all for so long: given up */

struct connection {
    int fd;
    size_t head_bytes; /* of the head, as far as it came */
    bool in_body;
    size_t body_bytes; /* of the body, as far as it came */
    long long began_ns;
    char head[HEAD_BYTES];
};

static int connections = 64, poller;
static double seconds = 5;
static const char *expected;
static size_t expected_bytes;
static char request[1024];
static size_t request_bytes;
static char data[READ_BYTES];
static long long answered, body_bytes, errors, end_ns, last_ns;
static char first_error[200];

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "http_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void note_error(const char *what)
{
    if (errors++ == 0)
        snprintf(first_error, sizeof first_error, "%.150s", what);
}

/* Times: 128 steps to each power of two, so that a quantile is true to 0.8 %. */

#define STEPS 128
static uint64_t histogram[64 * STEPS];
static long long timed;

static void note_time(long long ns)
{
    int shift = 0;
    while ((ns >> shift) >= 2 * STEPS)
        shift++;
    histogram[shift * STEPS + (ns >> shift)]++;
    timed++;
}

static double quantile_us(double share)
{
    uint64_t wanted = (uint64_t)(share * (double)timed), seen = 0;
    for (int i = 0; i < 64 * STEPS; i++) {
        seen += histogram[i];
        if (histogram[i] && seen > wanted) {
            int shift = i < 2 * STEPS ? 0 : i / STEPS - 1;
            return (double)((long long)(i - shift * STEPS) << shift) / 1000.0;
        }
    }
    return 0;
}

static void ask(struct connection *peer)
{
    peer->head_bytes = peer->body_bytes = 0;
    peer->in_body = false;
    peer->began_ns = now_ns();
    if (send(peer->fd, request, request_bytes, MSG_NOSIGNAL) != (ssize_t)request_bytes)
        note_error("a request could not be sent");
}

static void open_connection(struct connection *peer, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer->fd < 0 || connect(peer->fd, (struct sockaddr *)&at, sizeof at) < 0)
        die("connect");
    int on = 1;
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(peer->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, peer->fd, &event) < 0)
        die("epoll_ctl");
    ask(peer);
}

static bool is_good_head(struct connection *peer, size_t end)
{
    peer->head[end] = '\0';
    const char *length = strcasestr(peer->head, "\r\ncontent-length:");
    if (strncmp(peer->head, "HTTP/1.1 200", 12) != 0 || length == NULL) {
        note_error(peer->head);
        return false;
    }
    if (strtoull(length + 17, NULL, 10) != expected_bytes) {
        note_error("a wrong Content-Length");
        return false;
    }
    return true;
}

static bool is_right(const char *body, size_t count, size_t offset)
{
    if (offset + count > expected_bytes)
        return false;
    size_t looked = count < LOOKED_AT ? count : LOOKED_AT;
    return memcmp(body, expected + offset, looked) == 0 &&
           memcmp(body + count - looked, expected + offset + count - looked, looked) == 0;
}

/* Takes part of a body; whether the connection goes on. */
static bool take_body(struct connection *peer, const char *body, size_t count)
{
    if (count && !is_right(body, count, peer->body_bytes)) {
        note_error("a wrong body");
        return false;
    }
    peer->body_bytes += count;
    if (peer->body_bytes < expected_bytes)
        return true;
    last_ns = now_ns();
    note_time(last_ns - peer->began_ns);
    answered++;
    body_bytes += (long long)expected_bytes;
    if (last_ns >= end_ns)
        return false;
    ask(peer);
    return true;
}

static bool take(struct connection *peer, const char *came, size_t count)
{
    if (peer->in_body)
        return take_body(peer, came, count);
    size_t room = HEAD_BYTES - 1 - peer->head_bytes, copied = count < room ? count : room;
    memcpy(peer->head + peer->head_bytes, came, copied);
    size_t before = peer->head_bytes;
    peer->head_bytes += copied;
    char *end = memmem(peer->head, peer->head_bytes, "\r\n\r\n", 4);
    if (end == NULL) {
        if (copied < count)
            note_error("a head without an end");
        return copied == count;
    }
    size_t head_bytes = (size_t)(end - peer->head) + 4, of_this_read = head_bytes - before;
    if (!is_good_head(peer, head_bytes - 2))
        return false;
    peer->in_body = true;
    return take_body(peer, came + of_this_read, count - of_this_read);
}

static bool receive(struct connection *peer)
{
    ssize_t count = recv(peer->fd, data, sizeof data, 0);
    if (count < 0 && errno == EAGAIN)
        return true;
    if (count <= 0) {
        note_error(count < 0 ? "a connection was reset" : "a connection was closed");
        return false;
    }
    return take(peer, data, (size_t)count);
}

int main(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "n:s:")) != -1) {
        if (option == 'n')
            connections = atoi(optarg);
        else if (option == 's')
            seconds = atof(optarg);
        else
            return 2;
    }
    if (argc - optind != 3) {
        fprintf(stderr, "usage: http_load [-n CONNECTIONS] [-s SECONDS] PORT PATH FILE\n");
        return 2;
    }
    int port = atoi(argv[optind]), file = open(argv[optind + 2], O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if (file < 0 || fstat(file, &facts) < 0)
        die(argv[optind + 2]);
    expected_bytes = (size_t)facts.st_size;
    expected = mmap(NULL, expected_bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    if (expected == MAP_FAILED)
        die("mmap");
    request_bytes = (size_t)snprintf(request, sizeof request,
                                     "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: http_load\r\n"
                                     "Accept: */*\r\n\r\n",
                                     argv[optind + 1], port);
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct connection *all = calloc((size_t)connections, sizeof *all);
    long long begun_ns = last_ns = now_ns();
    end_ns = begun_ns + (long long)(seconds * 1e9);
    for (int i = 0; i < connections; i++)
        open_connection(&all[i], port);
    int open_now = connections;
    struct epoll_event events[EVENTS];
    while (open_now > 0 && now_ns() - last_ns < PATIENCE_NS) {
        int count = epoll_wait(poller, events, EVENTS, 1000);
        for (int i = 0; i < count; i++) {
            struct connection *peer = events[i].data.ptr;
            if (!receive(peer)) {
                close(peer->fd);
                open_now--;
            }
        }
    }
    if (open_now > 0)
        note_error("no answer for 20 s");
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    for (char *c = first_error; *c; c++)
        if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
            *c = ' ';
    printf("{\"requests\": %lld, \"bytes\": %lld, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"p50_us\": %.1f, "
           "\"p99_us\": %.1f, \"errors\": %lld, \"first_error\": \"%s\"}\n",
           answered, body_bytes, (double)(last_ns - begun_ns) / 1e9, cpu, quantile_us(0.5), quantile_us(0.99),
           errors, first_error);
    return 0;
}
