/*
 * Load for a server of the line protocol: one thread, one epoll, every answer verified.
 *
 *     line_load MODE TARGET [-n CONNECTIONS] [-s SECONDS | -r REQUESTS] [-w WARM_UP_SECONDS] [-d DEPTH]
 *               [-k PROBES] [-K] [-e EXPECTED] [-c COMMAND] [-a ADDRESSES]
 *
 * MODE    once      a connection a request, CONNECTIONS of them at once
 *         kept      CONNECTIONS sessions, one request outstanding in each
 *         pipelined CONNECTIONS sessions, DEPTH requests in each write; the times are those of a whole batch
 *         datagrams CONNECTIONS askers over UDP, one question outstanding in each, and no greeting
 *         idle      opens CONNECTIONS, waits for every greeting, asks PROBES times on a fresh connection beside
 *                   them (-K: the server keeps sessions), prints, and holds them until its stdin ends
 * TARGET  tcp:ADDRESS:PORT (IPv4) or unix:PATH; udp:ADDRESS:PORT for datagrams
 * -w      for how long answers do not count before SECONDS begin; they are `early`
 * -e      what every answer must hold; nothing unless given
 * -a      source addresses to spread connections over, from 127.0.0.1 on (tcp to loopback only)
 *
 * A session is: the greeting, exactly; COMMAND and LF go out; one line comes back that is not empty, ends in LF
 * and holds EXPECTED; then the end (once) or the greeting again. Everything else is an error, counted, the first
 * one told in words.
 *
 * Prints one line of JSON. `requests` were answered within `seconds`, `late` after them (no new ones are begun
 * then). The times are those of both: without the late ones, no time would be longer than `seconds`, and a server
 * with a long queue would look quick. `cpu_seconds` are its own: near `seconds`, it and not the server was the limit.
 * Nothing is sent again: a datagram that is lost is a question without an answer, which is an error.
 *
 * Ports: in `once` the server closes first, so that TIME_WAIT is on its side, where a new SYN with a later
 * timestamp may take the place of an old connection (RFC 6191): the ephemeral ports do not run out. Where this
 * side closes first it resets (SO_LINGER 0) after the last figure is taken, and leaves no TIME_WAIT either.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define GREETING "What can I do for you?\n"
#define GREETING_BYTES (sizeof GREETING - 1)
#define ANSWER_BYTES 1024
#define READ_BYTES (256 * 1024)
#define EVENTS 512
#define OPENING_AT_ONCE 1000 /* idle: fewer than any backlog worth measuring */
#define ERRORS_AT_MOST 1000
#define LATE_NS 30000000000LL     /* a long queue is worked off in it */
#define PATIENCE_NS 20000000000LL /* no answer at all for so long: given up */
#define HOLD_MS 60000
#define PROBE_SECONDS 5

enum mode { ONCE, KEPT, PIPELINED, IDLE, DATAGRAMS };
enum state { AT_GREETING, AT_ANSWER, AT_END };

struct connection {
    int fd;
    enum state state;
    unsigned greeting_seen; /* bytes of it */
    unsigned answer_seen;   /* bytes of it that came in an earlier read */
    unsigned outstanding;   /* requests of the batch */
    long long began_ns;
    char answer[ANSWER_BYTES];
};

static enum mode mode;
static struct sockaddr_storage target;
static socklen_t target_bytes;
static int connections = 64, depth = 1, probes = 200, addresses = 1;
static bool probe_keeps;
static double seconds, warm_up_seconds;
static long long requests_wanted;
static const char *expected = "", *command = "uptime";

static struct connection *all;
static int poller;
static char *batch;
static size_t batch_bytes;
static char data[READ_BYTES];

static long long begun, answered, early, late, errors, began_ns, end_ns, last_ns; /* warmed up at began_ns */
static char first_error[160];
static int open_now;

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "line_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void note_error(const char *what, int error)
{
    if (errors++ == 0)
        snprintf(first_error, sizeof first_error, "%s%s%s", what, error ? ": " : "", error ? strerror(error) : "");
}

/* Times: 128 steps to each power of two, so that a quantile is true to 0.8 %. */

#define STEPS 128
static uint64_t histogram[64 * STEPS];
static long long slowest_ns, timed;

static void note_time(long long ns)
{
    int shift = 0;
    while ((ns >> shift) >= 2 * STEPS)
        shift++;
    histogram[shift * STEPS + (ns >> shift)]++;
    timed++;
    if (ns > slowest_ns)
        slowest_ns = ns;
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
    return (double)slowest_ns / 1000.0;
}

/* What came is right */

static bool is_right(const char *answer, size_t answer_bytes)
{
    /* Answers repeat: one that equals the last right one need not be searched again. */
    static char last[ANSWER_BYTES];
    static size_t last_bytes;
    if (answer_bytes == last_bytes && memcmp(answer, last, answer_bytes) == 0)
        return true;
    if (answer_bytes <= 1 || memmem(answer, answer_bytes, expected, strlen(expected)) == NULL)
        return false;
    memcpy(last, answer, answer_bytes);
    last_bytes = answer_bytes;
    return true;
}

static const char *note_wrong(const char *answer, size_t answer_bytes)
{
    char what[128];
    while (answer_bytes && (answer[answer_bytes - 1] == '\n' || answer[answer_bytes - 1] == '\r'))
        answer_bytes--;
    snprintf(what, sizeof what, "a wrong answer: %.*s", (int)answer_bytes, answer);
    note_error(what, 0);
    return NULL;
}

/* Take the rest of the greeting. NULL: it is another one. */
static const char *take_greeting(struct connection *connection, const char *at, const char *end)
{
    size_t piece = GREETING_BYTES - connection->greeting_seen;
    if (piece > (size_t)(end - at))
        piece = (size_t)(end - at);
    if (memcmp(at, GREETING + connection->greeting_seen, piece) != 0) {
        note_error("another greeting", 0);
        return NULL;
    }
    connection->greeting_seen += (unsigned)piece;
    return at + piece;
}

/* Take the rest of an answer, or what there is of it. NULL: it is wrong. */
static const char *take_answer(struct connection *connection, const char *at, const char *end)
{
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    size_t piece = (size_t)((line_end ? line_end + 1 : end) - at);
    if (connection->answer_seen + piece > ANSWER_BYTES) {
        note_error("an answer beyond 1024 bytes", 0);
        return NULL;
    }
    const char *answer = at;
    if (connection->answer_seen || !line_end) {
        memcpy(connection->answer + connection->answer_seen, at, piece);
        answer = connection->answer;
    }
    size_t answer_bytes = connection->answer_seen + piece;
    connection->answer_seen = line_end ? 0 : (unsigned)answer_bytes;
    if (line_end && !is_right(answer, answer_bytes))
        return note_wrong(answer, answer_bytes);
    if (line_end)
        connection->state = mode == ONCE ? AT_END : AT_GREETING;
    return at + piece;
}

/* Connections */

static void set_linger_zero(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static void bind_source(int fd)
{
    static unsigned turn;
    int on = 1;
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn++ % (unsigned)addresses);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&source, sizeof source) < 0)
        die("bind");
}

/* A socket on its way to the target, blocking for at most PROBE_SECONDS if asked to; -1 and errno. */
static int connect_socket(bool blocking)
{
    /* A full backlog makes connect() to a unix socket fail at once unless it may block. */
    bool is_unix = target.ss_family == AF_UNIX;
    int type = mode == DATAGRAMS ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(target.ss_family, type | SOCK_CLOEXEC | (blocking || is_unix ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0)
        return -1;
    if (blocking || is_unix) {
        struct timeval patience = {.tv_sec = PROBE_SECONDS};
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    if (addresses > 1 && !is_unix)
        bind_source(fd);
    if (connect(fd, (struct sockaddr *)&target, target_bytes) < 0 && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    if (is_unix && !blocking)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static bool open_connection(struct connection *connection, long long at_ns)
{
    int fd = connect_socket(false);
    if (fd < 0) {
        note_error("connect", errno);
        return false;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = connection};
    connection->fd = fd;
    connection->state = AT_GREETING;
    connection->greeting_seen = connection->answer_seen = connection->outstanding = 0;
    connection->began_ns = at_ns;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll_ctl");
    begun += mode == ONCE;
    open_now++;
    return true;
}

static void close_connection(struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
    open_now--;
}

static bool may_begin(long long at_ns)
{
    if (errors >= ERRORS_AT_MOST)
        return false;
    return requests_wanted ? begun < requests_wanted : at_ns < end_ns;
}

static void note_answers(struct connection *connection, unsigned count, long long at_ns)
{
    if (at_ns < began_ns) {
        early += count;
        return;
    }
    note_time(at_ns - connection->began_ns);
    if (!requests_wanted && at_ns > end_ns) {
        late += count;
        return;
    }
    answered += count;
    last_ns = at_ns;
}

static bool send_batch(struct connection *connection)
{
    begun += mode == ONCE ? 0 : depth;
    connection->outstanding = (unsigned)depth;
    ssize_t sent = send(connection->fd, batch, batch_bytes, MSG_NOSIGNAL);
    /* A batch is far smaller than a send buffer, and nothing else is in it. */
    if (sent != (ssize_t)batch_bytes) {
        note_error("send", sent < 0 ? errno : ENOBUFS);
        return false;
    }
    return true;
}

/* The greeting is whole: a request may go out, or a batch of them has come back. False: close. */
static bool on_greeting(struct connection *connection, long long at_ns)
{
    connection->greeting_seen = 0;
    connection->state = AT_ANSWER;
    if (mode == ONCE)
        return send_batch(connection);
    if (connection->outstanding) {
        if (--connection->outstanding)
            return true;
        note_answers(connection, (unsigned)depth, at_ns);
    }
    if (!may_begin(at_ns))
        return false;
    connection->began_ns = at_ns;
    return send_batch(connection);
}

/* False: close. */
static bool on_bytes(struct connection *connection, const char *end, long long at_ns)
{
    const char *at = data;
    while (at < end) {
        if (connection->state == AT_END || (connection->state == AT_ANSWER && !connection->outstanding)) {
            note_error("bytes after the answer", 0);
            return false;
        }
        at = connection->state == AT_GREETING ? take_greeting(connection, at, end) : take_answer(connection, at, end);
        if (at == NULL)
            return false;
        if (connection->greeting_seen == GREETING_BYTES && !on_greeting(connection, at_ns))
            return false;
    }
    return true;
}

/* False: close. */
static bool on_end(struct connection *connection, int error, long long at_ns)
{
    if (connection->state == AT_END && !error)
        note_answers(connection, 1, at_ns);
    else
        note_error("the connection ended before the answer did", error);
    return false;
}

/* False: close. */
static bool on_datagram(struct connection *connection, size_t received, long long at_ns)
{
    if (received > ANSWER_BYTES)
        note_error("an answer beyond 1024 bytes", 0);
    else if (!is_right(data, received))
        note_wrong(data, received);
    else {
        note_answers(connection, 1, at_ns);
        connection->began_ns = at_ns;
        return may_begin(at_ns) && send_batch(connection);
    }
    return false;
}

static bool on_event(struct connection *connection, uint32_t events, long long at_ns)
{
    ssize_t received = recv(connection->fd, data, sizeof data, 0);
    if (received < 0)
        return errno == EAGAIN ? true : on_end(connection, errno, at_ns);
    if (mode == DATAGRAMS)
        return on_datagram(connection, (size_t)received, at_ns);
    if (received > 0 && !on_bytes(connection, data + received, at_ns))
        return false;
    /* The peer's end was there before this read took all there was: a second read would say no more. */
    bool has_ended = received == 0 || ((events & EPOLLRDHUP) && (size_t)received < sizeof data);
    return has_ended ? on_end(connection, 0, at_ns) : true;
}

/* The modes with requests */

static void open_all(long long at_ns)
{
    for (int i = 0; i < connections && may_begin(at_ns); i++)
        if (!open_connection(&all[i], at_ns))
            all[i].fd = -1;
        else if (mode == DATAGRAMS && !send_batch(&all[i]))
            close_connection(&all[i]);
}

static void run_requests(void)
{
    struct epoll_event events[EVENTS];
    long long at_ns = now_ns(), heard_ns = at_ns;
    open_all(at_ns);
    while (open_now > 0) {
        int ready = epoll_wait(poller, events, EVENTS, 100);
        if (ready < 0 && errno != EINTR)
            die("epoll_wait");
        at_ns = now_ns();
        if (ready > 0)
            heard_ns = at_ns;
        if ((!requests_wanted && at_ns > end_ns + LATE_NS) || at_ns - heard_ns > PATIENCE_NS) {
            note_error("connections without an answer at the end", 0);
            return;
        }
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            at_ns = now_ns();
            if (on_event(connection, events[i].events, at_ns))
                continue;
            close_connection(connection);
            if (mode == ONCE && may_begin(at_ns))
                open_connection(connection, at_ns);
        }
    }
}

/* Idle */

static double open_idle(void)
{
    struct epoll_event events[EVENTS];
    long long at_ns = began_ns, heard_ns = began_ns;
    int opened = 0, greeted = 0;
    while (greeted + errors < connections) {
        while (opened < connections && opened - greeted - errors < OPENING_AT_ONCE)
            open_connection(&all[opened++], at_ns);
        int ready = epoll_wait(poller, events, EVENTS, 100);
        at_ns = now_ns();
        if (ready > 0)
            heard_ns = at_ns;
        if (at_ns - heard_ns > PATIENCE_NS) {
            note_error("connections without a greeting", 0);
            return 0;
        }
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            ssize_t received = recv(connection->fd, data, sizeof data, 0);
            if (received < 0 && errno == EAGAIN)
                continue;
            if (received <= 0) {
                note_error("closed instead of greeted", received < 0 ? errno : 0);
                close_connection(connection);
            } else if (!take_greeting(connection, data, data + received))
                close_connection(connection);
            else if (connection->greeting_seen == GREETING_BYTES)
                greeted++;
        }
    }
    return (double)(now_ns() - began_ns) / 1e9;
}

/* One question on a fresh connection, start to end. */
static void probe(void)
{
    struct connection connection = {.state = AT_GREETING, .began_ns = now_ns()};
    connection.fd = connect_socket(true);
    if (connection.fd < 0) {
        note_error("probe: connect", errno);
        return;
    }
    bool goes_on = true;
    mode = probe_keeps ? KEPT : ONCE;
    long long answered_before = answered;
    while (goes_on && answered == answered_before) {
        ssize_t received = recv(connection.fd, data, sizeof data, 0);
        long long at_ns = now_ns();
        if (received > 0)
            goes_on = on_bytes(&connection, data + received, at_ns);
        else
            goes_on = on_end(&connection, received < 0 ? errno : 0, at_ns);
    }
    if (probe_keeps)
        set_linger_zero(connection.fd);
    close(connection.fd);
}

/* Idle connections that are not silent were not kept. */
static void count_dropped(void)
{
    struct epoll_event events[EVENTS];
    int dropped = epoll_wait(poller, events, EVENTS, 0);
    for (int i = 0; i < dropped; i++)
        note_error("an idle connection was not left alone", 0);
}

static double run_idle(void)
{
    double open_seconds = open_idle();
    for (int i = 0; i < probes && !errors; i++) {
        requests_wanted = begun + 1;
        probe();
    }
    count_dropped();
    return open_seconds;
}

static void hold_until_stdin_ends(void)
{
    struct pollfd stdin_end = {.fd = STDIN_FILENO, .events = POLLIN};
    poll(&stdin_end, 1, HOLD_MS);
}

/* From the command line to the report */

static void usage(void)
{
    fputs("usage: line_load once|kept|pipelined|idle|datagrams tcp:ADDRESS:PORT|unix:PATH|udp:ADDRESS:PORT\n"
          "                 [-n CONNECTIONS] [-s SECONDS | -r REQUESTS] [-w WARM_UP_SECONDS] [-d DEPTH]\n"
          "                 [-k PROBES] [-K] [-e EXPECTED] [-c COMMAND] [-a ADDRESSES]\n", stderr);
    exit(2);
}

static void parse_mode(const char *name)
{
    static const char *names[] = {"once", "kept", "pipelined", "idle", "datagrams"};
    for (int i = 0; i < 5; i++)
        if (strcmp(name, names[i]) == 0) {
            mode = (enum mode)i;
            return;
        }
    usage();
}

static void parse_target(const char *text)
{
    if (mode != DATAGRAMS && strncmp(text, "unix:", 5) == 0) {
        struct sockaddr_un *address = (struct sockaddr_un *)&target;
        if (strlen(text + 5) >= sizeof address->sun_path)
            usage();
        address->sun_family = AF_UNIX;
        strcpy(address->sun_path, text + 5);
        target_bytes = sizeof *address;
        return;
    }
    char scheme[4], host[64];
    unsigned port;
    struct sockaddr_in *address = (struct sockaddr_in *)&target;
    if (sscanf(text, "%3[a-z]:%63[^:]:%u", scheme, host, &port) != 3 || port > 65535 ||
        strcmp(scheme, mode == DATAGRAMS ? "udp" : "tcp") != 0 || !inet_aton(host, &address->sin_addr))
        usage();
    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)port);
    target_bytes = sizeof *address;
}

static void parse(int argc, char **argv)
{
    int option;
    if (argc < 3)
        usage();
    parse_mode(argv[1]);
    parse_target(argv[2]);
    optind = 3;
    while ((option = getopt(argc, argv, "n:s:r:w:d:k:Ke:c:a:")) != -1)
        switch (option) {
        case 'n': connections = atoi(optarg); break;
        case 's': seconds = atof(optarg); break;
        case 'r': requests_wanted = atoll(optarg); break;
        case 'w': warm_up_seconds = atof(optarg); break;
        case 'd': depth = atoi(optarg); break;
        case 'k': probes = atoi(optarg); break;
        case 'K': probe_keeps = true; break;
        case 'e': expected = optarg; break;
        case 'c': command = optarg; break;
        case 'a': addresses = atoi(optarg); break;
        default: usage();
        }
    if (mode != PIPELINED)
        depth = 1;
    if (optind != argc || connections < 1 || depth < 1 || depth > 4096 || probes < 0 || addresses < 1 || addresses > 250)
        usage();
    if (mode != IDLE && (seconds > 0) == (requests_wanted > 0))
        usage();
    if (warm_up_seconds < 0 || (warm_up_seconds > 0 && seconds <= 0))
        usage();
}

static void prepare(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    size_t command_bytes = strlen(command) + 1;
    batch_bytes = command_bytes * (size_t)depth;
    batch = malloc(batch_bytes + 1);
    all = calloc((size_t)connections, sizeof *all);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (batch == NULL || all == NULL || poller < 0)
        die("epoll_create1");
    for (int i = 0; i < depth; i++)
        sprintf(batch + (size_t)i * command_bytes, "%s\n", command);
    for (int i = 0; i < connections; i++)
        all[i].fd = -1;
}

static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else
            putchar((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e ? '?' : *text);
    putchar('"');
}

static void report(double open_seconds, bool is_idle)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    double window = !is_idle && seconds > 0 ? seconds : (double)(last_ns - began_ns) / 1e9;
    printf("{\"requests\": %lld, \"early\": %lld, \"late\": %lld, \"errors\": %lld, \"seconds\": %.6f, ", answered, early, late, errors,
           answered || seconds > 0 ? window : 0.0);
    printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, \"cpu_seconds\": %.3f", quantile_us(0.5),
           quantile_us(0.99), (double)slowest_ns / 1000.0, cpu);
    if (is_idle)
        printf(", \"idle\": %d, \"open_seconds\": %.4f, \"probe_p50_ms\": %.3f, \"probe_p99_ms\": %.3f", open_now,
               open_seconds, quantile_us(0.5) / 1000.0, quantile_us(0.99) / 1000.0);
    printf(", \"first_error\": ");
    print_quoted(first_error);
    puts("}");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    prepare();
    bool is_idle = mode == IDLE;
    double open_seconds = 0;
    began_ns = now_ns() + (long long)(warm_up_seconds * 1e9);
    end_ns = began_ns + (long long)(seconds * 1e9);
    if (is_idle)
        open_seconds = run_idle();
    else
        run_requests();
    report(open_seconds, is_idle);
    if (is_idle)
        hold_until_stdin_ends();
    for (int i = 0; i < connections; i++)
        if (all[i].fd >= 0)
            set_linger_zero(all[i].fd);
    return 0;
}
