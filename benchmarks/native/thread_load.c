/*
 * A second load for a server of the line protocol, to be held against line_load.c: nothing of that is in here.
 *
 *     thread_load once|kept PORT THREADS SECONDS WARM_UP_SECONDS LINE EXPECTED
 *
 * A thread a connection to 127.0.0.1:PORT, and every call blocks: there is no poller, no table of states and no histogram.
 *
 * once  connect, read the greeting, send LINE, read to the end, close; again
 * kept  the same with the greeting in the place of the end, on one connection
 *
 * The threads work for WARM_UP_SECONDS and then SECONDS. Counted are the answers whose last byte came within the
 * latter, by the clock of the thread that took it; each thread writes its times down, and all of them are sorted in
 * the end. An answer is right when it is one line and holds EXPECTED. Prints one line of JSON; `all` are the answers
 * before, within and after.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WELCOME "What can I do for you?\n"

typedef struct {
    pthread_t thread;
    double *took; /* seconds, one for each answer that counts */
    size_t taken, room, all;
    char trouble[200]; /* why this thread gave up */
} asker;

static int keeps, port;
static double from, until;
static char question[512];
static const char *wanted;
static pthread_barrier_t start;

static double clock_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int gives_up(asker *me, const char *why)
{
    snprintf(me->trouble, sizeof me->trouble, "%s (%s)", why, strerror(errno));
    return -1;
}

static void write_down(asker *me, double began)
{
    double now = clock_seconds();
    me->all++;
    if (now < from || now > until)
        return;
    if (me->taken == me->room) {
        me->room = me->room ? me->room * 2 : 4096;
        me->took = realloc(me->took, me->room * sizeof *me->took);
        if (!me->took)
            abort();
    }
    me->took[me->taken++] = now - began;
}

static int reach(asker *me)
{
    struct timeval patience = {.tv_sec = 20};
    struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int s = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (s < 0 || connect(s, (struct sockaddr *)&there, sizeof there) != 0)
        return gives_up(me, "it cannot connect");
    return s;
}

/* Read until `text` ends as `ending` says, or to the end of the connection when there is none. */
static int hear(asker *me, int s, char *text, size_t room, const char *ending)
{
    size_t length = 0, tail = ending ? strlen(ending) : 0;
    for (;;) {
        ssize_t got = read(s, text + length, room - 1 - length);
        if (got < 0 || (got == 0 && ending))
            return gives_up(me, "the connection ended too early");
        length += (size_t)got;
        text[length] = 0;
        if (got == 0 || (ending && length >= tail && strcmp(text + length - tail, ending) == 0))
            return 0;
        if (length == room - 1)
            return gives_up(me, "there is no end to it");
    }
}

static int is_one_right_line(asker *me, char *answer)
{
    char *line_end = strchr(answer, '\n');
    if (line_end && strcmp(line_end + 1, keeps ? WELCOME : "") == 0) {
        *line_end = 0;
        if (strstr(answer, wanted))
            return 1;
    }
    errno = 0;
    gives_up(me, "a wrong answer");
    return 0;
}

static int ask(asker *me, int s, double began)
{
    char answer[2048];
    if (write(s, question, strlen(question)) != (ssize_t)strlen(question))
        return gives_up(me, "it cannot ask");
    if (hear(me, s, answer, sizeof answer, keeps ? WELCOME : NULL) != 0 || !is_one_right_line(me, answer))
        return -1;
    write_down(me, began);
    return 0;
}

static int visit(asker *me)
{
    char welcome[64];
    double began = clock_seconds();
    int s = reach(me), came_to = -1;
    if (s >= 0 && hear(me, s, welcome, sizeof welcome, WELCOME) == 0)
        do
            came_to = ask(me, s, keeps ? clock_seconds() : began);
        while (keeps && came_to == 0 && clock_seconds() < until);
    if (s >= 0)
        close(s);
    return came_to;
}

static void *work(void *argument)
{
    pthread_barrier_wait(&start);
    while (clock_seconds() < until && visit(argument) == 0)
        ;
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void run(asker *crowd, int askers, double warm_up, double seconds)
{
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 128 * 1024);
    pthread_barrier_init(&start, NULL, (unsigned)askers + 1);
    for (int i = 0; i < askers; i++)
        if (pthread_create(&crowd[i].thread, &small, work, &crowd[i]) != 0)
            abort();
    /* nobody looks at these before the barrier opens */
    from = clock_seconds() + warm_up;
    until = from + seconds;
    pthread_barrier_wait(&start);
    for (int i = 0; i < askers; i++)
        pthread_join(crowd[i].thread, NULL);
}

static void report(const asker *crowd, int askers, double seconds)
{
    size_t counted = 0, all = 0;
    int failed = 0;
    const char *trouble = "";
    double *times = NULL;
    for (int i = 0; i < askers; i++) {
        times = realloc(times, (counted + crowd[i].taken + 1) * sizeof *times);
        if (!times)
            abort();
        if (crowd[i].taken)
            memcpy(times + counted, crowd[i].took, crowd[i].taken * sizeof *times);
        counted += crowd[i].taken;
        all += crowd[i].all;
        failed += crowd[i].trouble[0] != 0;
        if (crowd[i].trouble[0])
            trouble = crowd[i].trouble;
    }
    qsort(times, counted, sizeof *times, compare);
    printf("{\"answers\": %zu, \"all\": %zu, \"seconds\": %.3f, \"p50_ms\": %.4f, \"p99_ms\": %.4f, "
           "\"cpu_seconds\": %.3f, \"failed\": %d, \"trouble\": \"%s\"}\n",
           counted, all, seconds, counted ? times[counted / 2] * 1e3 : 0, counted ? times[counted * 99 / 100] * 1e3 : 0,
           (double)clock() / CLOCKS_PER_SEC, failed, trouble);
}

int main(int argc, char **argv)
{
    int askers = argc == 8 ? atoi(argv[3]) : 0;
    if (askers < 1 || (strcmp(argv[1], "once") != 0 && strcmp(argv[1], "kept") != 0)) {
        fputs("usage: thread_load once|kept PORT THREADS SECONDS WARM_UP_SECONDS LINE EXPECTED\n", stderr);
        return 2;
    }
    keeps = strcmp(argv[1], "kept") == 0;
    port = atoi(argv[2]);
    snprintf(question, sizeof question, "%s\n", argv[6]);
    wanted = argv[7];
    asker *crowd = calloc((size_t)askers, sizeof *crowd);
    if (!crowd)
        abort();
    run(crowd, askers, atof(argv[5]), atof(argv[4]));
    report(crowd, askers, atof(argv[4]));
    return 0;
}
