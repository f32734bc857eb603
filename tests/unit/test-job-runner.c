/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/job-runner: kdump-load and kdump-mkinitramfs as children, played by scripts that behave
 * well and badly. */
#include "test.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/file-util.h"
#include "base/time-util.h"
#include "daemon/job-runner.h"
#include "fake-service.h"
#include "tree.h"

#define GOOD_REPORT "{\"Failure\":\"None\",\"KernelFile\":\"/boot/vmlinuz\",\"CallStartUSec\":5}"

/* So long does the slowest machine take for anything here. */
#define PATIENCE_USEC (20 * USEC_PER_SEC)

typedef struct FakeWorld {
        Tree tree;
        char program[96];
        sd_event *event;
        JobRunner *runner;

        unsigned n_aside_ended;
        unsigned n_ended, n_turns; /* jobs that ended; turns of the event loop */
        Job job;
        Failure failure;
        char message[512], kernel[64];
        bool built, build_failed;
} FakeWorld;

static void on_ended(void *userdata, JobReport *report) {
        bool builds = report->job == JOB_BUILD;
        FakeWorld *w = userdata;

        w->n_ended++;
        w->job = report->job;
        w->failure = builds ? FAILURE_NONE : report->load.failure;
        w->built = builds && report->build.built;
        w->build_failed = builds && report->build.failed;
        strscpy(w->message, sizeof(w->message),
                strempty(builds ? report->build.message : report->load.message));
        strscpy(w->kernel, sizeof(w->kernel),
                strempty(builds ? report->build.path : report->load.kernel.path));
}

static void on_aside_ended(void *userdata) {
        FakeWorld *w = userdata;

        w->n_aside_ended++;
}

static JobRunner *new_runner(FakeWorld *w, const char *root) {
        const JobRunnerSetup setup = {
                .load = w->program,
                .mkinitramfs = w->program,
                .root = root,
                .ended = on_ended,
                .aside_ended = on_aside_ended,
                .userdata = w,
        };
        JobRunner *runner = NULL;

        ck_assert_int_eq(job_runner_new(w->event, &setup, &runner), 0);
        return runner;
}

/* script is the body of a shell script; $out is a file of its own that it may write. */
static void fake_world_init(FakeWorld *w, const char *script) {
        _cleanup_free_ char *text = NULL;
        sigset_t mask;

        *w = (FakeWorld){ 0 };
        tree_init(&w->tree);
        strscpyf(w->program, sizeof(w->program), "%s/loader", w->tree.path);
        ck_assert_int_gt(asprintf(&text, "#!/bin/sh\nout=%s/out\n%s\n", w->tree.path, script), 0);
        tree_text(&w->tree, "/loader", text);
        ck_assert_int_eq(fchmodat(w->tree.fd, "loader", 0755, 0), 0);
        ck_assert_int_eq(sigemptyset(&mask), 0);
        ck_assert_int_eq(sigaddset(&mask, SIGCHLD), 0);
        ck_assert_int_eq(sigaddset(&mask, SIGTERM), 0);
        ck_assert_int_eq(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
        ck_assert_int_ge(sd_event_new(&w->event), 0);
        w->runner = new_runner(w, NULL);
}

static void fake_world_done(FakeWorld *w) {
        job_runner_free(w->runner);
        sd_event_unref(w->event);
        tree_done(&w->tree);
}

static void await_end(FakeWorld *w) {
        unsigned before = w->n_ended;
        uint64_t start = monotonic_usec();

        while (w->n_ended == before) {
                ck_assert_int_ge(sd_event_run(w->event, PATIENCE_USEC), 0);
                ck_assert_uint_lt(monotonic_usec(), start + PATIENCE_USEC);
                w->n_turns++;
        }
        ck_assert_uint_eq(w->n_ended, before + 1);
}

static int start(FakeWorld *w, Job job) {
        return job_runner_start(w->runner, &(JobOrder){ .job = job });
}

static void run(FakeWorld *w, Job job) {
        ck_assert_int_eq(start(w, job), 0);
        /* Its end is never told from within the start. */
        ck_assert_uint_eq(w->n_ended, 0);
        await_end(w);
        ck_assert_int_eq(w->job, job);
}

/* Waits for a file that the script writes, and takes its first line. */
static void await_line(FakeWorld *w, const char *path, char *buf, size_t size) {
        for (unsigned i = 0; i < 2000; i++) {
                if (read_line_below(w->tree.fd, path, buf, size) == 0 && buf[0])
                        return;
                (void)usleep(10000);
        }
        ck_abort_msg("nobody wrote %s", path);
}

START_TEST(good_report) {
        FakeWorld w;

        fake_world_init(&w, "echo '" GOOD_REPORT "'");
        run(&w, JOB_LOAD);
        ck_assert_int_eq(w.failure, FAILURE_NONE);
        ck_assert_str_eq(w.kernel, "/boot/vmlinuz");
        ck_assert_str_eq(w.message, "");
        /* And another one after it. */
        ck_assert_int_eq(start(&w, JOB_UNLOAD), 0);
        await_end(&w);
        ck_assert_int_eq(w.job, JOB_UNLOAD);
        ck_assert_int_eq(w.failure, FAILURE_NONE);
        fake_world_done(&w);
}
END_TEST

START_TEST(in_pieces) {
        FakeWorld w;

        fake_world_init(
                &w,
                "printf '{\"Failure\":\"No'; sleep 0.1; printf 'ne\",\"KernelFile\"'; sleep 0.1\n"
                "printf ':\"/boot/vmlinuz\"}'");
        run(&w, JOB_LOAD);
        ck_assert_int_eq(w.failure, FAILURE_NONE);
        ck_assert_str_eq(w.kernel, "/boot/vmlinuz");
        fake_world_done(&w);
}
END_TEST

START_TEST(arguments) {
        static const struct {
                JobOrder order;
                const char *root, *line;
        } cases[] = {
                { { .job = JOB_LOAD }, NULL, "--json" },
                { { .job = JOB_PLAN }, NULL, "--json --dry-run" },
                { { .job = JOB_UNLOAD }, "/some where", "--json --unload --root=/some where" },
                { { .job = JOB_BUILD }, NULL, "--json --if-needed" },
                { { .job = JOB_BUILD, .urgent = true }, NULL, "--json --if-needed" },
                { { .job = JOB_BUILD, .force = true }, "/x", "--json --root=/x" },
        };
        char line[256];
        FakeWorld w;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                fake_world_init(&w, "echo \"$@\" >$out; echo '" GOOD_REPORT "'");
                job_runner_free(w.runner);
                w.runner = new_runner(&w, cases[i].root);
                ck_assert_int_eq(job_runner_start(w.runner, &cases[i].order), 0);
                await_end(&w);
                await_line(&w, "/out", line, sizeof(line));
                ck_assert_str_eq(line, cases[i].line);
                fake_world_done(&w);
        }
}
END_TEST

/* What is no report, and what the failure then says. */
START_TEST(bad_reports) {
        static const struct {
                const char *script, *message;
        } cases[] = {
                { "", "kdump-load ended with status 0 and without a report" },
                { "echo hello", "kdump-load ended with status 0 and without a report" },
                { "echo '" GOOD_REPORT "' x",
                  "kdump-load ended with status 0 and without a report" },
                { "printf '{\"Failure\":\"None\"'; exit 3",
                  "kdump-load ended with status 3 and without a report" },
                { "echo '{\"Failure\":\"NoSuch\"}'",
                  "kdump-load ended with status 0 and without a report" },
                { "exit 127", "kdump-load ended with status 127 and without a report" },
                { "kill -SEGV $$", "kdump-load was ended by signal SEGV" },
                /* A good report does not outweigh a bad end. */
                { "echo '" GOOD_REPORT "'; kill -KILL $$", "kdump-load was ended by signal KILL" },
                { "echo '" GOOD_REPORT "'; exit 1", "kdump-load ended with status 1" },
        };
        FakeWorld w;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                fake_world_init(&w, cases[i].script);
                run(&w, JOB_LOAD);
                ck_assert_msg(w.failure == FAILURE_CRASHED, "%s: %s", cases[i].script,
                              failure_to_string(w.failure));
                ck_assert_msg(startswith(w.message, cases[i].message), "%s: %s", cases[i].script,
                              w.message);
                fake_world_done(&w);
        }
}
END_TEST

START_TEST(failure_reports) {
        FakeWorld w;

        fake_world_init(&w, "echo '{\"Failure\":\"NoKernel\",\"Message\":\"none found\"}'; exit 1");
        run(&w, JOB_LOAD);
        ck_assert_int_eq(w.failure, FAILURE_NO_KERNEL);
        ck_assert_str_eq(w.message, "none found");
        fake_world_done(&w);
}
END_TEST

/* Names of files may hold any bytes. The bus takes UTF-8 only, and the status line is one line. */
START_TEST(unprintable_message) {
        FakeWorld w;

        fake_world_init(
                &w, "printf '{\"Failure\":\"NoKernel\",\"Message\":\"/boot/gr\\303\\274n\\374 is "
                    "missing\\\\nREADY=1\",\"KernelFile\":\"/\\377\\303\"}'");
        run(&w, JOB_LOAD);
        ck_assert_int_eq(w.failure, FAILURE_NO_KERNEL);
        ck_assert_str_eq(w.message, "/boot/gr\u00fcn? is missing?READY=1");
        ck_assert_str_eq(w.kernel, "/??");
        fake_world_done(&w);
}
END_TEST

/* Output without end neither fills our memory nor blocks the child until it is killed. */
START_TEST(much_output) {
        FakeWorld w;

        fake_world_init(&w, "head -c 10485760 /dev/zero; exit 4");
        run(&w, JOB_LOAD);
        ck_assert_int_eq(w.failure, FAILURE_CRASHED);
        ck_assert_str_eq(w.message, "kdump-load ended with status 4 and without a report");
        fake_world_done(&w);

        /* A report is not one because its first part would be one. */
        fake_world_init(&w, "echo '" GOOD_REPORT "'; head -c 1000000 /dev/zero | tr '\\0' ' '");
        run(&w, JOB_LOAD);
        ck_assert_int_eq(w.failure, FAILURE_CRASHED);
        fake_world_done(&w);
}
END_TEST

START_TEST(endless_output) {
        FakeWorld w;

        fake_world_init(&w, "exec cat /dev/zero");
        ck_assert_int_eq(start(&w, JOB_LOAD), 0);
        for (unsigned i = 0; i < 100; i++)
                ck_assert_int_ge(sd_event_run(w.event, PATIENCE_USEC), 0);
        ck_assert_uint_eq(w.n_ended, 0);
        job_runner_kill(w.runner);
        await_end(&w);
        ck_assert_int_eq(w.failure, FAILURE_CRASHED);
        fake_world_done(&w);
}
END_TEST

START_TEST(killed) {
        FakeWorld w;

        /* It was about to end; a signal that can be ignored would not do. */
        fake_world_init(&w, "trap '' TERM INT HUP; echo '" GOOD_REPORT
                            "'; echo up >$out; exec sleep 1000");
        char line[16];

        job_runner_kill(w.runner);
        ck_assert_int_eq(start(&w, JOB_LOAD), 0);
        await_line(&w, "/out", line, sizeof(line));
        ck_assert_int_eq(start(&w, JOB_LOAD), -EBUSY);
        ck_assert_int_eq(sd_event_run(w.event, 0) < 0, 0);
        ck_assert_uint_eq(w.n_ended, 0);
        job_runner_kill(w.runner);
        job_runner_kill(w.runner);
        await_end(&w);
        ck_assert_int_eq(w.failure, FAILURE_CRASHED);
        ck_assert_str_eq(w.message, "kdump-load was ended by signal KILL");
        /* Nobody is left to be killed, and nobody else is. */
        job_runner_kill(w.runner);
        fake_world_done(&w);
}
END_TEST

/* The end of the output is not the end of the child, and must not keep the loop busy until then. */
START_TEST(closes_output_and_lives_on) {
        FakeWorld w;

        fake_world_init(&w, "echo '" GOOD_REPORT "'; exec >&-; sleep 0.4; exit 0");
        run(&w, JOB_LOAD);
        ck_assert_int_eq(w.failure, FAILURE_NONE);
        ck_assert_uint_lt(w.n_turns, 20);
        fake_world_done(&w);
}
END_TEST

/* Nor is the end of the child that of the output, if somebody else holds it open. */
START_TEST(grandchild_keeps_output) {
        char line[32];
        uint32_t pid;
        FakeWorld w;

        fake_world_init(&w, "sleep 1000 &\necho $! >$out\necho '" GOOD_REPORT "'");
        run(&w, JOB_LOAD);
        ck_assert_int_eq(w.failure, FAILURE_NONE);
        ck_assert_str_eq(w.kernel, "/boot/vmlinuz");
        await_line(&w, "/out", line, sizeof(line));
        ck_assert_int_eq(parse_u32(line, 10, &pid), 0);
        ck_assert_int_eq(kill((pid_t)pid, SIGKILL), 0);
        fake_world_done(&w);
}
END_TEST

/* Blocked and ignored signals, and descriptors, stay with us. */
START_TEST(inherits_nothing) {
        char line[64];
        FakeWorld w;

        fake_world_init(
                &w, "exec 3<&-\n"
                    "grep -E '^Sig(Blk|Ign):' /proc/self/status | tr '\\n\\t' '  ' >$out\n"
                    "p=$(readlink /proc/$$/fd/1)\n"
                    "for f in /proc/$$/fd/*; do [ \"$(readlink $f)\" != \"$p\" ] || echo ${f##*/}; "
                    "done | tr '\\n' ' ' >$out.fds\n");
        ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
        ck_assert(signal(SIGHUP, SIG_IGN) != SIG_ERR);
        run(&w, JOB_LOAD);
        await_line(&w, "/out", line, sizeof(line));
        /* Two that the C library keeps to itself are its own business. */
        ck_assert_msg(streq(line, "SigBlk: 0000000000000000 SigIgn: 0000000000000000") ||
                              streq(line, "SigBlk: 0000000000000000 SigIgn: 0000000180000000"),
                      "%s", line);
        await_line(&w, "/out.fds", line, sizeof(line));
        ck_assert_str_eq(line, "1");
        fake_world_done(&w);
}
END_TEST

static unsigned count_fds(void) {
        DIR *dir = opendir("/proc/self/fd");
        unsigned n = 0;

        ck_assert_ptr_nonnull(dir);
        while (readdir(dir))
                n++;
        (void)closedir(dir);
        return n;
}

START_TEST(cannot_be_started) {
        unsigned fds;
        FakeWorld w;

        fake_world_init(&w, "echo '" GOOD_REPORT "'");
        fds = count_fds();
        tree_unlink(&w.tree, "/loader");
        ck_assert_int_eq(start(&w, JOB_LOAD), -ENOENT);
        tree_text(&w.tree, "/loader", "no program");
        ck_assert_int_eq(fchmodat(w.tree.fd, "loader", 0644, 0), 0);
        ck_assert_int_eq(start(&w, JOB_LOAD), -EACCES);
        ck_assert_int_eq(fchmodat(w.tree.fd, "loader", 0755, 0), 0);
        ck_assert_int_eq(start(&w, JOB_LOAD), -ENOEXEC);
        ck_assert_uint_eq(count_fds(), fds);
        /* None of that spoils the next. */
        tree_text(&w.tree, "/loader", "#!/bin/sh\necho '" GOOD_REPORT "'\n");
        ck_assert_int_eq(fchmodat(w.tree.fd, "loader", 0755, 0), 0);
        run(&w, JOB_LOAD);
        ck_assert_int_eq(w.failure, FAILURE_NONE);
        fds = count_fds();
        for (unsigned i = 0; i < 20; i++) {
                ck_assert_int_eq(start(&w, JOB_LOAD), 0);
                await_end(&w);
        }
        ck_assert_uint_eq(count_fds(), fds);
        fake_world_done(&w);
}
END_TEST

/* When we end, a load that runs goes on to its end. */
START_TEST(outlives_us) {
        char line[16];
        FakeWorld w;

        fake_world_init(
                &w,
                "echo up >$out; while [ ! -e $out.go ]; do sleep 0.02; done; echo done >$out.end");
        ck_assert_int_eq(start(&w, JOB_LOAD), 0);
        await_line(&w, "/out", line, sizeof(line));
        w.runner = job_runner_free(w.runner);
        tree_text(&w.tree, "/out.go", "");
        await_line(&w, "/out.end", line, sizeof(line));
        ck_assert_str_eq(line, "done");
        ck_assert_uint_eq(w.n_ended, 0);
        fake_world_done(&w);
}
END_TEST

#define BUILT                                                                                    \
        "{\"State\":\"built\",\"Path\":\"/var/lib/kdumpd/6.1/initramfs.img\",\"PackedBytes\":1," \
        "\"UnpackedBytes\":2,\"Message\":\"6.9 MiB\"}"

/* As kdump-mkinitramfs --json prints it, behind the sentence for people. */
#define FAILED "{\"State\":\"failed\",\"PackedBytes\":0,\"UnpackedBytes\":0,\"Message\":\"no sda\"}"

/* What an end of kdump-mkinitramfs means. */
START_TEST(build_reports) {
        static const struct {
                const char *script, *message;
                bool failed;
        } cases[] = {
                { "echo '" BUILT "'", "6.9 MiB", false },
                { "echo 'kdump.conf:3: what' >&2; echo '" BUILT "'", "6.9 MiB", false },
                { "echo 'kdump-mkinitramfs: there is no module for sda.' >&2; exit 1",
                  "there is no module for sda.", true },
                { "echo one >&2; printf 'two\\033' >&2; exit 1", "two?", true },
                { "exit 1", "kdump-mkinitramfs ended with status 1 and without a report", true },
                { "kill -9 $$", "kdump-mkinitramfs was ended by signal KILL", true },
                { "echo '{}'", "{}", true },
                { "echo '" BUILT "'; exit 1", BUILT, true },
                { "echo 'kdump-mkinitramfs: no sda.' >&2; echo '" FAILED "'; exit 1", "no sda",
                  true },
                { "echo '" FAILED "'", FAILED, true },
                { "true", "kdump-mkinitramfs ended with status 0 and without a report", true },
        };
        FakeWorld w;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                fake_world_init(&w, cases[i].script);
                ck_assert_int_eq(start(&w, JOB_BUILD), 0);
                await_end(&w);
                ck_assert_int_eq(w.build_failed, cases[i].failed);
                ck_assert_int_eq(w.built, !cases[i].failed);
                ck_assert_str_eq(w.message, cases[i].message);
                ck_assert_str_eq(w.kernel,
                                 cases[i].failed ? "" : "/var/lib/kdumpd/6.1/initramfs.img");
                fake_world_done(&w);
        }
}
END_TEST

/* A build that cannot be killed is in nobody's way, and is not forgotten. */
START_TEST(set_aside) {
        char line[64];
        FakeWorld w;

        fake_world_init(&w,
                        "case $2 in\n"
                        "--if-needed) echo x >$out; while [ -e $out.hold ]; do sleep 0.05; done;;\n"
                        "*) echo '" GOOD_REPORT "';;\nesac");
        tree_text(&w.tree, "/out.hold", "");
        ck_assert_int_eq(start(&w, JOB_BUILD), 0);
        await_line(&w, "/out", line, sizeof(line));
        ck_assert_int_eq(start(&w, JOB_LOAD), -EBUSY);
        job_runner_set_aside(w.runner);
        ck_assert_int_eq(start(&w, JOB_LOAD), 0);
        await_end(&w);
        ck_assert_int_eq(w.failure, FAILURE_NONE);
        ck_assert_uint_eq(w.n_aside_ended, 0);
        tree_unlink(&w.tree, "/out.hold");
        for (unsigned i = 0; i < 2000 && w.n_aside_ended == 0; i++)
                ck_assert_int_ge(sd_event_run(w.event, 10 * USEC_PER_MSEC), 0);
        ck_assert_uint_eq(w.n_aside_ended, 1);
        ck_assert_uint_eq(w.n_ended, 1);
        fake_world_done(&w);
}
END_TEST

/* It is in nobody's way, unless nothing is loaded before it has ended. */
START_TEST(build_priority) {
        char line[64];
        FakeWorld w;

        for (unsigned urgent = 0; urgent < 2; urgent++) {
                /* The 19th field is how nice it is, in fs/proc/array.c; ps(1) may not be there to
                 * ask. */
                fake_world_init(&w, "sleep 0.2; echo \"$(cut -d' ' -f19 /proc/$$/stat) "
                                    "$(ionice -p $$ || echo idle)\" >$out");
                ck_assert_int_eq(job_runner_start(w.runner, &(JobOrder){ .job = JOB_BUILD,
                                                                         .urgent = urgent }),
                                 0);
                await_end(&w);
                await_line(&w, "/out", line, sizeof(line));
                ck_assert_int_eq(atoi(line), urgent ? getpriority(PRIO_PROCESS, 0) : 19);
                ck_assert(urgent || strstr(line, "idle"));
                fake_world_done(&w);
        }
}
END_TEST

/* --- by services ------------------------------------------------------------------------------ */

#define SERVED                                                              \
        (1u << JOB_VERB_AWAIT | 1u << JOB_VERB_PLAN | 1u << JOB_VERB_LOAD | \
         1u << JOB_VERB_UNLOAD | 1u << JOB_VERB_BUILD | 1u << JOB_VERB_REBUILD)

/* What both services do for each request: a report that has the verb in it. */
static int serve(void *userdata, const JobRequest *request) {
        const FakeWorld *w = userdata;

        switch (request->verb) {
        case JOB_VERB_BUILD:
        case JOB_VERB_REBUILD:
                (void)printf("noise\n{\"State\":\"built\",\"Path\":\"/%u/%u\"}\n", request->verb,
                             request->flags);
                return 0;
        case JOB_VERB_AWAIT:
                return 0;
        case JOB_VERB_UNLOAD: /* hangs until it is killed */
                (void)poll(NULL, 0, (int)(PATIENCE_USEC / USEC_PER_MSEC));
                return 0;
        default:
                (void)printf("{\"Failure\":\"None\",\"KernelFile\":\"/%u\"}\n", request->verb);
                return exists_below(w->tree.fd, "/fails") ? 1 : 0;
        }
}

static void use_services(FakeWorld *w, char path[static 96]) {
        JobRunnerSetup setup = { .load = "/nothing",
                                 .mkinitramfs = "/nothing",
                                 .load_service = path,
                                 .build_service = path,
                                 .ended = on_ended,
                                 .aside_ended = on_aside_ended,
                                 .userdata = w };

        fake_world_init(w, "");
        job_runner_free(w->runner);
        strscpyf(path, 96, "%s/socket", w->tree.path);
        ck_assert_int_eq(job_runner_new(w->event, &setup, &w->runner), 0);
}

static unsigned n_idle;

static void on_idle(void *userdata) {
        n_idle++;
}

START_TEST(served) {
        FakeWorld w;
        const JobServer server = { .name = "test", .verbs = SERVED, .run = serve, .userdata = &w };
        char path[96];
        pid_t pid;

        use_services(&w, path);
        /* Nobody listens: nobody is waited for, and a job is not begun. */
        n_idle = 0;
        job_runner_await_idle(w.runner, on_idle);
        ck_assert_uint_eq(n_idle, 1);
        ck_assert_int_eq(start(&w, JOB_LOAD), -ENOENT);
        pid = fake_service_start(path, &server);
        ck_assert_int_eq(start(&w, JOB_PLAN), 0);
        ck_assert_int_eq(start(&w, JOB_PLAN), -EBUSY);
        await_end(&w);
        ck_assert_str_eq(w.kernel, "/2");
        ck_assert_int_eq(w.failure, FAILURE_NONE);
        ck_assert_int_eq(start(&w, JOB_LOAD), 0);
        await_end(&w);
        ck_assert_str_eq(w.kernel, "/3");
        /* Believe the worse. */
        tree_text(&w.tree, "/fails", "");
        ck_assert_int_eq(start(&w, JOB_LOAD), 0);
        await_end(&w);
        ck_assert_int_eq(w.failure, FAILURE_CRASHED);
        ck_assert_ptr_nonnull(strstr(w.message, "ended with status 1"));
        ck_assert_int_eq(start(&w, JOB_UNLOAD), 0);
        job_runner_kill(w.runner);
        await_end(&w);
        ck_assert_int_eq(w.failure, FAILURE_CRASHED);
        ck_assert_ptr_nonnull(strstr(w.message, "kdump-load was ended by signal KILL"));
        for (unsigned i = 0; i < 4; i++) {
                char expected[16];

                ck_assert_int_eq(job_runner_start(w.runner, &(JobOrder){ .job = JOB_BUILD,
                                                                         .force = i & 1,
                                                                         .urgent = i & 2 }),
                                 0);
                await_end(&w);
                ck_assert(w.built);
                strscpyf(expected, sizeof(expected), "/%u/%u", 5 + (i & 1), i / 2);
                ck_assert_str_eq(w.kernel, expected);
        }
        fake_service_stop(pid);
        fake_world_done(&w);
}
END_TEST

START_TEST(service_trouble) {
        FakeWorld w;
        JobServer server = { .name = "test", .verbs = SERVED, .run = serve, .userdata = &w };
        char path[96];
        pid_t pid;

        use_services(&w, path);
        pid = fake_service_start(path, &server);
        n_idle = 0;
        job_runner_await_idle(w.runner, on_idle);
        while (n_idle == 0)
                ck_assert_int_ge(sd_event_run(w.event, PATIENCE_USEC), 0);
        /* It goes away in the middle. */
        ck_assert_int_eq(start(&w, JOB_UNLOAD), 0);
        ck_assert_int_ge(sd_event_run(w.event, 50 * USEC_PER_MSEC), 0);
        fake_service_stop(pid);
        await_end(&w);
        ck_assert_int_eq(w.failure, FAILURE_CRASHED);
        ck_assert_ptr_nonnull(strstr(w.message, "kdumpd-load@.service ended before it answered"));
        /* It is of another version, perhaps. */
        server.verbs = 0;
        pid = fake_service_start(path, &server);
        ck_assert_int_eq(start(&w, JOB_LOAD), 0);
        await_end(&w);
        ck_assert_ptr_nonnull(strstr(w.message, "kdumpd-load@.service did not start kdump-load: "));
        ck_assert_int_eq(start(&w, JOB_BUILD), 0);
        await_end(&w);
        ck_assert(w.build_failed);
        ck_assert_ptr_nonnull(strstr(w.message, "kdumpd-build@.service did not start "));
        fake_service_stop(pid);
        fake_world_done(&w);
}
END_TEST

/* A build that was set aside: the next one has a connection of its own. */
START_TEST(served_aside) {
        FakeWorld w;
        const JobServer server = { .name = "test", .verbs = SERVED, .run = serve, .userdata = &w };
        char path[96];
        pid_t pid;

        use_services(&w, path);
        pid = fake_service_start(path, &server);
        ck_assert_int_eq(start(&w, JOB_BUILD), 0);
        job_runner_set_aside(w.runner);
        ck_assert_int_eq(start(&w, JOB_BUILD), 0);
        await_end(&w);
        while (w.n_aside_ended == 0)
                ck_assert_int_ge(sd_event_run(w.event, PATIENCE_USEC), 0);
        ck_assert_uint_eq(w.n_ended, 1);
        fake_service_stop(pid);
        fake_world_done(&w);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, served);
        ADD_TEST(s, service_trouble);
        ADD_TEST(s, served_aside);
        ADD_TEST(s, build_reports);
        ADD_TEST(s, set_aside);
        ADD_TEST(s, build_priority);
        ADD_TEST(s, good_report);
        ADD_TEST(s, in_pieces);
        ADD_TEST(s, arguments);
        ADD_TEST(s, bad_reports);
        ADD_TEST(s, failure_reports);
        ADD_TEST(s, unprintable_message);
        ADD_TEST(s, much_output);
        ADD_TEST(s, endless_output);
        ADD_TEST(s, killed);
        ADD_TEST(s, closes_output_and_lives_on);
        ADD_TEST(s, grandchild_keeps_output);
        ADD_TEST(s, inherits_nothing);
        ADD_TEST(s, cannot_be_started);
        ADD_TEST(s, outlives_us);
}

TEST_MAIN("job-runner", add_cases)
