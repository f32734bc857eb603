/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches /sys/kernel/kexec_crash_loaded as closely as it can, from real-time threads.
 *
 * Prints "ready", samples until SIGTERM, then prints one line of JSON. One thread is bound to each of
 * the first two CPUs, because a load that computes in the kernel lets nothing else run on its own
 * CPU. An interval at 0 counts from the last sample that read 1 to the first that reads 1 again, so
 * it is never shown too short. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREADS 2
#define PAUSE_NSEC 500000

struct record {
        pthread_mutex_t lock;
        unsigned long samples, zeros, transitions;
        uint64_t start, last, down_since, total, longest, gap;
        bool loaded;
};

static struct record record = { .lock = PTHREAD_MUTEX_INITIALIZER, .loaded = true };
static volatile sig_atomic_t stop;
static int fd;

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static void end_interval(struct record *r, uint64_t now) {
        uint64_t length = now - r->down_since;

        r->total += length;
        if (length > r->longest)
                r->longest = length;
}

static void take_sample(struct record *r) {
        uint64_t now;
        bool loaded;
        char value;

        pthread_mutex_lock(&r->lock);
        if (pread(fd, &value, 1, 0) != 1) {
                perror("sampler: read");
                _exit(EXIT_FAILURE);
        }
        now = now_usec();
        loaded = value == '1';
        r->samples++;
        if (!loaded)
                r->zeros++;
        if (r->loaded && !loaded) {
                r->transitions++;
                r->down_since = r->last;
        }
        if (!r->loaded && loaded)
                end_interval(r, now);
        if (now - r->last > r->gap)
                r->gap = now - r->last;
        r->loaded = loaded;
        r->last = now;
        pthread_mutex_unlock(&r->lock);
}

static void *sample(void *argument) {
        const struct timespec pause = { .tv_nsec = PAUSE_NSEC };
        struct sched_param priority = { .sched_priority = 50 };
        cpu_set_t cpus;

        CPU_ZERO(&cpus);
        CPU_SET((int) (intptr_t) argument, &cpus);
        if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
                perror("sampler: affinity");
        if (sched_setscheduler(0, SCHED_FIFO, &priority) < 0)
                perror("sampler: real-time priority");
        while (!stop) {
                take_sample(&record);
                nanosleep(&pause, NULL);
        }
        return NULL;
}

int main(void) {
        pthread_t threads[THREADS];
        sigset_t terms;
        int number;

        fd = open("/sys/kernel/kexec_crash_loaded", O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                perror("sampler: kexec_crash_loaded");
                return EXIT_FAILURE;
        }
        mlockall(MCL_CURRENT | MCL_FUTURE);
        sigemptyset(&terms);
        sigaddset(&terms, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &terms, NULL);

        record.start = record.last = now_usec();
        for (int i = 0; i < THREADS; i++)
                if (pthread_create(&threads[i], NULL, sample, (void *) (intptr_t) i) != 0) {
                        fputs("sampler: no thread\n", stderr);
                        return EXIT_FAILURE;
                }
        puts("ready");
        fflush(stdout);
        sigwait(&terms, &number);
        stop = 1;
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);

        if (!record.loaded)
                end_interval(&record, record.last);
        printf("{\"samples\": %lu, \"zeros\": %lu, \"transitions\": %lu, \"total_usec\": %llu, "
               "\"longest_usec\": %llu, \"elapsed_usec\": %llu, \"widest_gap_usec\": %llu, "
               "\"loaded\": %s}\n",
               record.samples, record.zeros, record.transitions,
               (unsigned long long) record.total, (unsigned long long) record.longest,
               (unsigned long long) (record.last - record.start),
               (unsigned long long) record.gap, record.loaded ? "true" : "false");
        return EXIT_SUCCESS;
}
