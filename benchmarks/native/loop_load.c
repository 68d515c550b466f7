/*
 * A second load for a server of the line protocol, to be held against line_load.c: nothing of that is in here.
 *
 *     loop_load once|kept PORT PEERS SECONDS WARM_UP_SECONDS LINE EXPECTED
 *
 * One thread and one loop, as wrk has them: epoll over PEERS sockets to 127.0.0.1:PORT that never block. Each peer
 * gathers what it hears into a text of its own and looks only at how that text ends.
 *
 * once  connect, read the greeting, send LINE, read to the end, close; again
 * kept  the same with the greeting in the place of the end, on one connection
 *
 * The peers work for WARM_UP_SECONDS and then SECONDS; counted are the answers whose last byte came within the latter.
 * Every time is written down, and all of them are sorted in the end. An answer is right when it is one line and holds
 * EXPECTED. Prints one line of JSON; `all` are the answers before and within.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WELCOME "What can I do for you?\n"
#define WELCOME_LENGTH (sizeof WELCOME - 1)
#define PATIENCE_MS 20000

typedef struct {
    int s, has_asked;
    size_t length;
    double began;
    char text[2048];
} peer;

static int keeps, port, poller, failed;
static double from, until;
static char question[512];
static const char *wanted;
static char trouble[200];
static double *took; /* seconds, one for each answer that counts */
static size_t taken, room, all;

static double clock_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void fails(const char *why, int error)
{
    if (!failed++)
        snprintf(trouble, sizeof trouble, "%s (%s)", why, strerror(error));
}

static void write_down(double began, double now)
{
    all++;
    if (now < from || now > until)
        return;
    if (taken == room) {
        room = room ? room * 2 : 65536;
        took = realloc(took, room * sizeof *took);
        if (!took)
            abort();
    }
    took[taken++] = now - began;
}

static void visit(peer *me, double now)
{
    struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = me};
    me->s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    me->has_asked = 0;
    me->length = 0;
    me->began = now;
    if (me->s < 0 || (connect(me->s, (struct sockaddr *)&there, sizeof there) != 0 && errno != EINPROGRESS) ||
        epoll_ctl(poller, EPOLL_CTL_ADD, me->s, &event) != 0)
        fails("it cannot connect", errno);
}

static void ask(peer *me)
{
    me->has_asked = 1;
    me->length = 0;
    if (write(me->s, question, strlen(question)) != (ssize_t)strlen(question))
        fails("it cannot ask", errno);
}

/* The text is a whole answer: one line that holds what is wanted, and nothing before `ending`. */
static int is_right(peer *me, size_t ending)
{
    char *line_end = memchr(me->text, '\n', me->length);
    if (!line_end || (size_t)(line_end + 1 - me->text) != me->length - ending)
        return 0;
    *line_end = 0;
    return strstr(me->text, wanted) != NULL;
}

static void has_answer(peer *me, size_t ending, double now)
{
    if (!is_right(me, ending))
        fails("a wrong answer", 0);
    write_down(me->began, now);
}

static int ends_with_welcome(const peer *me)
{
    return me->length >= WELCOME_LENGTH &&
           memcmp(me->text + me->length - WELCOME_LENGTH, WELCOME, WELCOME_LENGTH) == 0;
}

static void ends(peer *me, int error, double now)
{
    if (error || keeps || !me->has_asked) {
        fails("the connection ended too early", error);
        return;
    }
    has_answer(me, 0, now);
    close(me->s);
    visit(me, now);
}

static void hear(peer *me, unsigned events)
{
    size_t space = sizeof me->text - me->length;
    ssize_t got = read(me->s, me->text + me->length, space);
    double now = clock_seconds();
    if (got > 0)
        me->length += (size_t)got;
    if (got <= 0 || (me->has_asked && (events & EPOLLRDHUP) && (size_t)got < space))
        ends(me, got < 0 ? errno : 0, now);
    else if (me->length == sizeof me->text)
        fails("there is no end to it", 0);
    else if ((keeps || !me->has_asked) && ends_with_welcome(me)) {
        if (me->has_asked)
            has_answer(me, WELCOME_LENGTH, now);
        if (keeps)
            me->began = now;
        ask(me);
    }
}

static void run(peer *crowd, int peers)
{
    struct epoll_event events[64];
    for (int i = 0; i < peers; i++)
        visit(&crowd[i], clock_seconds());
    while (!failed && clock_seconds() < until) {
        int ready = epoll_wait(poller, events, 64, PATIENCE_MS);
        if (ready <= 0)
            fails("nobody answers", ready < 0 ? errno : 0);
        for (int i = 0; i < ready; i++)
            hear(events[i].data.ptr, events[i].events);
    }
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
    int peers = argc == 8 ? atoi(argv[3]) : 0;
    if (peers < 1 || (strcmp(argv[1], "once") != 0 && strcmp(argv[1], "kept") != 0)) {
        fputs("usage: loop_load once|kept PORT PEERS SECONDS WARM_UP_SECONDS LINE EXPECTED\n", stderr);
        return 2;
    }
    keeps = strcmp(argv[1], "kept") == 0;
    port = atoi(argv[2]);
    snprintf(question, sizeof question, "%s\n", argv[6]);
    wanted = argv[7];
    peer *crowd = calloc((size_t)peers, sizeof *crowd);
    poller = epoll_create1(0);
    if (!crowd || poller < 0)
        abort();
    from = clock_seconds() + atof(argv[5]);
    until = from + atof(argv[4]);
    run(crowd, peers);
    qsort(took, taken, sizeof *took, compare);
    printf("{\"answers\": %zu, \"all\": %zu, \"seconds\": %.3f, \"p50_ms\": %.4f, \"p99_ms\": %.4f, "
           "\"cpu_seconds\": %.3f, \"failed\": %d, \"trouble\": \"%s\"}\n",
           taken, all, until - from, taken ? took[taken / 2] * 1e3 : 0, taken ? took[taken * 99 / 100] * 1e3 : 0,
           (double)clock() / CLOCKS_PER_SEC, failed, trouble);
    return 0;
}
