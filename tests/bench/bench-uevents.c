/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the real kdumpd takes a flood of uevents: on a fake machine, in a network namespace of its
 * own, through the real netlink socket, with the receive buffer that it asks for and with the one
 * that everybody gets. Shows what was received and whether a loss was noticed, the time and the
 * memory that it took, and for how long the watchdog had to wait for its ping. Fails if an event is
 * lost and no overflow is counted, if memory grows, or if the rest of the loop starves. Wants root.
 *
 * usage: bench-uevents [EVENTS]      (100000) */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "fake-machine.h"
#include "fake-uevent.h"

#define CONFIG        KDUMPD_SYSCONFDIR "/kdumpd/kdumpd.conf"
#define WATCHDOG_MSEC 40u
#define GROWTH_MAX    1024u   /* KiB */
#define SILENCE_MAX   500000u /* microseconds */

/* In a process of its own: blocks come and go. Does not return. */
static void send_events(bool udev, unsigned n_events) {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
        char path[64];

        if (fd < 0)
                _exit(1);
        for (unsigned i = 0; i < n_events; i++) {
                const FakeUevent event = {
                        .action = i % 4 < 2 ? "add" : "remove",
                        .path = path,
                        .subsystem = "memory",
                        .seqnum = udev ? 2000 + i : 0,
                };

                strscpyf(path, sizeof(path), "/devices/system/memory/memory%u", i % 4096);
                if (!fake_send(fd, udev, &event))
                        _exit(1);
        }
        _exit(0);
}

static unsigned count = 100000;
static int root_fd;

static uint64_t memory_kib(const FakeMachine *m) {
        _cleanup_free_ char *text = NULL;
        char path[64];
        const char *line;

        strscpyf(path, sizeof(path), "/proc/%d/status", (int)m->pid);
        ck_assert_int_ge(read_file_below(root_fd, path, 65536, &text, NULL), 0);
        line = strstr(text, "VmRSS:");
        return line ? strtoull(line + strlen("VmRSS:"), NULL, 10) : 0;
}

static uint64_t cpu_usec(const FakeMachine *m) {
        char path[64], line[128];

        strscpyf(path, sizeof(path), "/proc/%d/schedstat", (int)m->pid);
        ck_assert_int_ge(read_line_below(root_fd, path, line, sizeof(line)), 0);
        return strtoull(line, NULL, 10) / 1000;
}

static bool measure(bool udev, bool small_buffer) {
        uint64_t kib, kib_after, cpu, start, last, quiet = 0, flood, received = 0, overflows;
        FakeMachine m;
        unsigned pings;
        pid_t sender;
        int status;

        machine_init_fake(&m);
        m.watchdog_msec = WATCHDOG_MSEC;
        tree_text(&m.tree, CONFIG, udev ? "" : "[Hotplug]\nSource=kernel\n");
        machine_start_bus(&m);
        m.without_net_admin = small_buffer;
        machine_start(&m);
        AWAIT_MACHINE(&m, m.n_ready > 0 && machine_number(&m, "EventsReceived") == 0);
        kib = memory_kib(&m);
        cpu = cpu_usec(&m);

        start = last = monotonic_usec();
        pings = m.n_watchdog;
        sender = fork();
        if (sender == 0)
                send_events(udev, count);
        for (flood = 0; last < start + 60 * UINT64_C(1000000);) {
                uint64_t now, n;

                machine_listen(&m);
                now = monotonic_usec();
                if (m.n_watchdog > pings) {
                        pings = m.n_watchdog;
                        last = now;
                }
                quiet = MAX(quiet, now - last);
                if (flood == 0 && waitpid(sender, &status, WNOHANG) == sender) {
                        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
                        flood = now - start;
                }
                if (flood == 0)
                        continue;
                /* Asking takes its turn like everything else. */
                n = machine_number(&m, "EventsReceived");
                if (n == count || (n == received && small_buffer))
                        break;
                received = n;
        }
        received = machine_number(&m, "EventsReceived");
        overflows = machine_number(&m, "Overflows");
        AWAIT_MACHINE(&m, machine_number(&m, "Reloads") >= 1);
        kib_after = memory_kib(&m);
        cpu = cpu_usec(&m) - cpu;
        printf("%-7s %-7s %8u %9" PRIu64 " %9" PRIu64 " %7" PRIu64 " %5" PRIu64 " ms %7" PRIu64
               " ms %7" PRIu64 " KiB %6" PRIu64 " %5" PRIu64 " ms\n",
               udev ? "udev" : "kernel", small_buffer ? "small" : "large", count, received,
               overflows, machine_number(&m, "Reloads"), flood / 1000, cpu / 1000, kib, kib_after,
               quiet / 1000);
        (void)fflush(stdout);
        machine_stop(&m);
        machine_stop_bus(&m);
        machine_done_fake(&m);
        return (received == count || overflows > 0) && kib_after <= kib + GROWTH_MAX &&
               (quiet < SILENCE_MAX || quiet < flood / 4);
}

START_TEST(flood) {
        bool ok = true;

        printf("source  buffer      sent  received overflows reloads  sending   CPU time"
               "  RSS before  after  silence\n");
        for (int udev = 1; udev >= 0; udev--)
                for (int small_buffer = 0; small_buffer < 2; small_buffer++)
                        ok = measure(udev, small_buffer) && ok;
        ck_assert_msg(ok, "events were lost unnoticed, memory grew, or the rest starved");
}
END_TEST

int main(int argc, char *argv[]) {
        Suite *suite = suite_create("flood of uevents");
        TCase *tcase = tcase_create("flood");
        SRunner *runner;
        int r;

        if (argc > 1)
                count = (unsigned)strtoul(argv[1], NULL, 10);
        if (unshare(CLONE_NEWNET) < 0) {
                perror("Cannot make a network namespace");
                return 77;
        }
        root_fd = open_root("/");
        if (root_fd < 0)
                return EXIT_FAILURE;
        tcase_add_test(tcase, flood);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_set_fork_status(runner, CK_NOFORK);
        srunner_run_all(runner, CK_NORMAL);
        r = srunner_ntests_failed(runner);
        srunner_free(runner);
        return r > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
