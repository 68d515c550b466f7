/* The limit that a runner of programs could reach: posix_spawn, two pipes and an epoll, in C.
 *
 *     posix_spawn_loop AT_ONCE RUNS ARENA_MB PROGRAM [ARGUMENT...]
 *
 * Keeps AT_ONCE children running until RUNS have ended; each in a session of its own, stdin from /dev/null,
 * stdout and stderr read apart to their ends, then waited for. A tenth of the runs goes before, unmeasured.
 * Prints runs a second, and the median and the 99th percentile of a run in milliseconds.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct run {
    int pipes[2];
    int open;
    pid_t pid;
    double began;
};

static char *environment[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/", NULL};
static int epoll, null;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void start(struct run *run, char **argv) {
    int pipes[2][2];
    posix_spawn_file_actions_t moves;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&moves);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_adddup2(&moves, null, 0);
    run->began = now();
    for (int i = 0; i < 2; i++) {
        if (pipe2(pipes[i], O_CLOEXEC)) exit(3);
        posix_spawn_file_actions_adddup2(&moves, pipes[i][1], i + 1);
    }
    if (posix_spawn(&run->pid, argv[0], &moves, &attributes, argv, environment)) exit(4);
    run->open = 2;
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uintptr_t)run | i};
        close(pipes[i][1]);
        run->pipes[i] = pipes[i][0];
        epoll_ctl(epoll, EPOLL_CTL_ADD, run->pipes[i], &event);
    }
    posix_spawn_file_actions_destroy(&moves);
    posix_spawnattr_destroy(&attributes);
}

/* Whether the run is over. */
static int take(struct run *run, int which) {
    static char output[65536];
    int status;
    if (read(run->pipes[which], output, sizeof output) > 0) return 0;
    /* A child that is just being executed may still have a copy, so that closing alone would not do. */
    epoll_ctl(epoll, EPOLL_CTL_DEL, run->pipes[which], NULL);
    close(run->pipes[which]);
    if (--run->open) return 0;
    if (waitpid(run->pid, &status, 0) != run->pid || status) exit(5);
    return 1;
}

static void repeat(struct run *runs, int at_once, int total, char **argv, double *seconds) {
    struct epoll_event events[128];
    int begun = 0, ended = 0;
    while (begun < at_once && begun < total) start(&runs[begun++], argv);
    while (ended < total) {
        int ready = epoll_wait(epoll, events, 128, -1);
        for (int i = 0; i < ready; i++) {
            struct run *run = (struct run *)(uintptr_t)(events[i].data.u64 & ~(uint64_t)1);
            if (!take(run, events[i].data.u64 & 1)) continue;
            seconds[ended++] = now() - run->began;
            if (begun < total) begun++, start(run, argv);
        }
    }
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int count, char **words) {
    if (count < 5) return 2;
    int at_once = atoi(words[1]), total = atoi(words[2]);
    size_t arena = (size_t)atoi(words[3]) << 20;
    if (arena) memset(malloc(arena), 1, arena);
    struct run *runs = calloc(at_once, sizeof *runs);
    double *seconds = calloc(total, sizeof *seconds);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    repeat(runs, at_once, total / 10 > at_once ? total / 10 : (at_once < total ? at_once : total), words + 4, seconds);
    double began = now();
    repeat(runs, at_once, total, words + 4, seconds);
    double took = now() - began;
    qsort(seconds, total, sizeof *seconds, compare);
    printf("%.1f %.3f %.3f\n", total / took, seconds[total / 2] * 1e3, seconds[total * 99 / 100] * 1e3);
}
