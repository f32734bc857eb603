/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ctl/: what kdumpctl prints, to the letter, and its JSON, by type. */
#include "test.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/string-util.h"
#include "base/time-util.h"
#include "core/status.h"
#include "ctl/json.h"
#include "ctl/metrics.h"
#include "ctl/output.h"

#define NOW (UINT64_C(1700000000) * USEC_PER_SEC)

static Status good_status(void) {
        return (Status){
                .version = "0.1.0",
                .state = "armed",
                .state_reason = "the image covers the machine",
                .armed = true,
                .stale_reason = "",
                .obstacle = "",
                .loader = "kexec_file_load",
                .loader_reason = "the kernel updates the image itself",
                .loads_watched = true,
                .loads_watched_reason = "",
                .kernel_file = "/boot/vmlinuz-6.12.107",
                .kernel_release = "6.12.107",
                .initrd_file = "/boot/initrd.img-6.12.107-kdump",
                .dump_level = 31,
                .dump_level_reason = "",
                .command_line = "root=/dev/vda1 nr_cpus=1",
                .reservation_bytes = UINT64_C(256) << 20,
                .elfcorehdr_bytes = 917616,
                .cpu_hotplug = "kernel",
                .memory_hotplug = "kernel",
                .events_received = 129,
                .batches = 2,
                .batches_skipped = 2,
                .last_event_usec = NOW - 12 * USEC_PER_SEC,
                .last_load_usec = NOW - 125 * USEC_PER_SEC,
                .last_load_duration_usec = 1312345,
                .last_unprotected_usec = 27312,
                .total_unprotected_usec = 27312,
                .settle_usec = 500000,
                .max_delay_usec = 10000000,
                .last_crash_usec = NOW - 3600 * USEC_PER_SEC,
                .last_crash_directory = "/var/crash/x",
                .last_crash_message = "BUG: x",
                .last_crash_state = "complete",
                .last_crash_complete = true,
                .last_test_result = "",
                .received = (UINT64_C(1) << _STATUS_INDEX_MAX) - 1,
        };
}

/* What print wrote, in a buffer that the next call reuses. */
static char written[16384];
static FILE *start_writing(void) {
        FILE *f = fmemopen(written, sizeof(written), "w");

        ck_assert_ptr_nonnull(f);
        return f;
}

static const char *status_text(const Status *status, bool colour) {
        FILE *f = start_writing();

        print_status(f, status, NOW, colour);
        (void)fclose(f);
        return written;
}

START_TEST(operational) {
        Status status = good_status();

        ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
        ck_assert_str_eq(status_text(&status, false),
                         "Kdump is operational\n"
                         "       State: armed: the image covers the machine\n"
                         "      Kernel: /boot/vmlinuz-6.12.107 (6.12.107)\n"
                         "      Initrd: /boot/initrd.img-6.12.107-kdump\n"
                         "       Dumps: the kernel's memory (level 31)\n"
                         "      Loader: kexec_file_load (the kernel updates the image itself)\n"
                         "    Reserved: 256 MiB\n"
                         "     Hotplug: CPU and memory: kernel updates the image\n"
                         "      Events: 129 in 2 batches: 2 skipped, 0 reloads; last 12 s ago\n"
                         "   Last load: 2 min 5 s ago, took 1.31 s, unprotected for 27.3 ms "
                         "(27.3 ms in all)\n"
                         "  Last crash: 2023-11-14 21:13:20, complete: BUG: x\n"
                         "  Crash test: never, see 'kdumpctl test --crash'\n");
        status.reservation_problem = "too little";
        ck_assert_ptr_nonnull(
                strstr(status_text(&status, false), "    Reserved: 256 MiB: too little\n"));
        status.reservation_problem = NULL;
        status.reservation_cma_bytes = UINT64_C(1) << 30;
        ck_assert_ptr_nonnull(strstr(status_text(&status, false),
                                     "    Reserved: 256 MiB, and 1024 MiB of CMA for the capture "
                                     "kernel\n"));
        /* As for somebody who is not root, and for root where the log of the kernel was lost. */
        status.last_crash_message = "";
        ck_assert_ptr_nonnull(strstr(status_text(&status, false),
                                     "21:13:20, complete: (its message is for root only)\n"));
        status.asked_by_root = true;
        ck_assert_ptr_nonnull(strstr(status_text(&status, false), "21:13:20, complete\n"));
}
END_TEST

/* What is not sure to save a dump is called what it is. */
START_TEST(initrd_kinds) {
        Status status = good_status();

        status.initrd_kind = "system";
        ck_assert_ptr_nonnull(strstr(status_text(&status, false),
                                     "-kdump (an ordinary initrd, which starts the whole system"));
        status.initrd_kind = "unknown";
        ck_assert_ptr_nonnull(strstr(status_text(&status, false),
                                     "-kdump (an initrd of a kind that is not known: only"));
        status.initrd_kind = "kdump";
        ck_assert_ptr_nonnull(strstr(status_text(&status, false), "-kdump\n"));
}
END_TEST

START_TEST(not_operational) {
        Status status = {
                .state = (char *)"failed",
                .state_reason = (char *)"no initrd was found",
                .foreign = true,
                .stale = true,
                .stale_reason = (char *)"8 memory blocks went away",
                .reservation_bytes = (UINT64_C(256) << 20) + 512,
                .cpu_hotplug = (char *)"unsupported",
                .memory_hotplug = (char *)"userspace",
                .events_received = 1,
                .batches = 1,
                .reloads = 1,
                .load_failures = 1,
                .overflows = 2,
                .next_retry_usec = NOW + 7 * USEC_PER_SEC,
                .last_event_usec = NOW + 60 * USEC_PER_SEC,
        };

        ck_assert_str_eq(
                status_text(&status, false),
                "Kdump is not operational\n"
                "       State: failed: no initrd was found\n"
                "       Image: foreign, loaded by something else than kdumpd\n"
                "       Stale: 8 memory blocks went away\n"
                "    Next try: in 7 s\n"
                "    Reserved: 256 MiB\n"
                "     Hotplug: CPU: no event matters here; memory: kdumpd reloads the image\n"
                "      Events: 1 in 1 batch: 0 skipped, 1 reload; last just now\n"
                "     Trouble: 1 failed load, 2 overflows\n");
        status.next_retry_usec = NOW - 1;
        ck_assert_ptr_nonnull(strstr(status_text(&status, false), "    Next try: now\n"));
}
END_TEST

START_TEST(unwatched) {
        Status status = good_status();

        status.loads_watched = false;
        status.loads_watched_reason = "kernel.ftrace_enabled=0";
        ck_assert_ptr_nonnull(strstr(status_text(&status, false),
                                     "\n       Watch: foreign loads cannot be seen on this kernel: "
                                     "kernel.ftrace_enabled=0\n"));
        /* A kdumpd that does not know of it. */
        status.received &= ~(UINT64_C(1) << STATUS_INDEX_LoadsWatched);
        ck_assert_ptr_null(strstr(status_text(&status, false), "Watch:"));
}
END_TEST

START_TEST(failed_build) {
        Status status = good_status();

        status.initrd_state = "failed";
        status.initrd_message = "no kernel";
        ck_assert_ptr_nonnull(strstr(status_text(&status, false), "Build: failed: no kernel\n"));
        status.state_reason = "no kernel; the image from before is still loaded";
        ck_assert_ptr_null(strstr(status_text(&status, false), "Build: "));
        status.initrd_message = "";
        ck_assert_ptr_nonnull(strstr(status_text(&status, false), "Build: failed: \n"));
        /* One that worked, with something amiss. */
        status.initrd_state = "fresh";
        ck_assert_ptr_null(strstr(status_text(&status, false), "Build: "));
        status.initrd_message = "CoreCollector= has -F: leave it out";
        ck_assert_ptr_nonnull(strstr(status_text(&status, false),
                                     "Build: CoreCollector= has -F: leave it out\n"));
}
END_TEST

/* Scripts look for the first half of the line. */
START_TEST(operational_but) {
        Status status = good_status();

        status.stale = true;
        status.stale_reason = "a CPU came";
        ck_assert_ptr_nonnull(strstr(status_text(&status, false), "Kdump is operational\n"));
        status.obstacle = "no kernel";
        ck_assert_ptr_nonnull(startswith(
                status_text(&status, false),
                "Kdump is operational, but the image is stale and cannot be reloaded\n"));
        ck_assert_ptr_nonnull(startswith(status_text(&status, true), "\x1b[1;33mKdump is oper"));
        status.stale = false;
        ck_assert_ptr_nonnull(strstr(status_text(&status, false), "Kdump is operational\n"));
        status.stale = true;
        status.armed = false;
        ck_assert_ptr_nonnull(strstr(status_text(&status, false), "Kdump is not operational\n"));
}
END_TEST

START_TEST(configuration_lines) {
        Status status = good_status();
        const char *text;
        FILE *f;

        status.configuration_problems =
                (char *[]){ (char *)"/etc/a:1: \x1b", (char *)"/etc/a:2: two", NULL };
        status.configuration_changed = true;
        text = status_text(&status, false);
        ck_assert_ptr_nonnull(strstr(text, "\n     Problem: /etc/a:1: ?\n"
                                           "     Problem: /etc/a:2: two\n"
                                           "     Changed: the configuration is newer than what "
                                           "kdumpd has read; 'systemctl reload kdumpd' reads it\n"
                                           "      Kernel: "));
        for (unsigned i = 0; i < 4; i++) {
                static const char *const texts[] = { NULL, "the kernel is newer",
                                                     "the initrd is newer",
                                                     "kernel and initrd are newer" };

                status.kernel_changed = i & 1;
                status.initrd_changed = i & 2;
                f = start_writing();
                print_changed_files(f, &status, false);
                (void)fclose(f);
                ck_assert_int_eq(startswith(written, "     Changed: ") != NULL, i > 0);
                ck_assert(i == 0 || strstr(written, texts[i]));
                written[0] = '\0';
        }
}
END_TEST

START_TEST(no_reservation) {
        Status status = {
                .state = (char *)"unavailable",
                .state_reason = (char *)"no memory\x1b[2J is reserved",
        };

        ck_assert_str_eq(status_text(&status, false),
                         "Kdump is not operational\n"
                         "       State: unavailable: no memory?[2J is reserved\n"
                         "    Reserved: nothing\n"
                         "      Events: 0 in 0 batches: 0 skipped, 0 reloads\n");
}
END_TEST

START_TEST(spans) {
        Status status = good_status();
        static const struct {
                uint64_t seconds;
                const char *text;
        } cases[] = {
                { 0, "; last just now\n" },
                { 59, "; last 59 s ago\n" },
                { 60, "; last 1 min 0 s ago\n" },
                { 3600, "; last 1 h 0 min ago\n" },
                { 172799, "; last 47 h 59 min ago\n" },
                { 172800, "; last 2 days ago\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                status.last_event_usec = NOW - cases[i].seconds * USEC_PER_SEC;
                ck_assert_ptr_nonnull(strstr(status_text(&status, false), cases[i].text));
        }
        status.reservation_bytes = 1048576 * 3 / 2;
        ck_assert_ptr_nonnull(strstr(status_text(&status, false), "Reserved: 1.5 MiB\n"));
}
END_TEST

START_TEST(colours) {
        Status status = good_status();

        ck_assert_ptr_nonnull(
                strstr(status_text(&status, true), "\x1b[1;32mKdump is operational\x1b[0m\n"));
        status.armed = false;
        ck_assert_ptr_nonnull(
                strstr(status_text(&status, true), "\x1b[1;31mKdump is not operational\x1b[0m\n"));

        ck_assert_int_eq(setenv("TERM", "xterm", 1), 0);
        ck_assert_int_eq(unsetenv("NO_COLOR"), 0);
        ck_assert_int_eq(unsetenv("SYSTEMD_COLORS"), 0);
        FILE *file = tmpfile();
        ck_assert_ptr_nonnull(file);
        ck_assert(!want_colour(fileno(file)));
        ck_assert_int_eq(setenv("SYSTEMD_COLORS", "1", 1), 0);
        ck_assert(want_colour(fileno(file)));
        ck_assert_int_eq(setenv("NO_COLOR", "1", 1), 0);
        ck_assert(want_colour(fileno(file)));
        ck_assert_int_eq(setenv("SYSTEMD_COLORS", "256", 1), 0);
        ck_assert(want_colour(fileno(file)));
        ck_assert_int_eq(setenv("SYSTEMD_COLORS", "false", 1), 0);
        ck_assert(!want_colour(fileno(file)));
        (void)fclose(file);
}
END_TEST

START_TEST(decisions) {
        DaemonDecision items[] = {
                { NOW, (char *)"", 0, (char *)"load", (char *)"no crash kernel image is loaded",
                  (char *)"ok", (char *)"" },
                { NOW + 61 * USEC_PER_SEC, (char *)"cpu memory", 128, (char *)"reload",
                  (char *)"crash_hotplug of memory is absent", (char *)"ok",
                  (char *)"took 1.31 s, unprotected for 1.28 s" },
                { NOW + 62 * USEC_PER_SEC, (char *)"cpu", 1, (char *)"skip",
                  (char *)"crash_hotplug of cpu is 1", (char *)"", (char *)"" },
        };
        DaemonDecisions list = { items, ELEMENTSOF(items) };
        FILE *f;

        ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
        tzset();
        f = start_writing();
        print_decisions(f, &list, false);
        (void)fclose(f);
        ck_assert_str_eq(
                written,
                "WHEN                 WHAT CAME              DECISION  RESULT  WHY\n"
                "2023-11-14 22:13:20  -                      load      ok      no crash kernel "
                "image is loaded\n"
                "2023-11-14 22:14:21  128 cpu memory events  reload    ok      crash_hotplug of "
                "memory is absent; took 1.31 s, unprotected for 1.28 s\n"
                "2023-11-14 22:14:22  1 cpu event            skip      -       crash_hotplug of "
                "cpu is 1\n");
        list.n = 0;
        f = start_writing();
        print_decisions(f, &list, false);
        (void)fclose(f);
        ck_assert_ptr_nonnull(startswith(written, "No decisions yet"));
}
END_TEST

START_TEST(configuration) {
        const char *origins[] = { "/etc/kdumpd/kdumpd.conf" };
        Error error;
        Settings settings = { 0 };
        FILE *f;

        ck_assert_int_eq(settings_init(&settings), 0);
        ck_assert_int_eq(settings_set(&settings, "Image", "Kernel", "/boot/vmlinuz", &error), 0);
        f = start_writing();
        print_settings(f, &settings, origins, ELEMENTSOF(origins));
        (void)fclose(f);
        settings_done(&settings);
        ck_assert_ptr_nonnull(startswith(
                written,
                "[Image]\n# /etc/kdumpd/kdumpd.conf\nKernel=/boot/vmlinuz\nInitrd=auto\n"));
        ck_assert_ptr_nonnull(strstr(written, "\n\n[Hotplug]\nCpu=auto\n"));
        f = start_writing();
        print_reservation(f, UINT64_C(256) << 20);
        (void)fclose(f);
        ck_assert_str_eq(written, "Reserved 256MB memory for crash kernel\n");
}
END_TEST

START_TEST(status_json) {
        static const json_type types[] = {
                [STATUS_STRING] = json_type_string,
                [STATUS_BOOL] = json_type_boolean,
                [STATUS_NUMBER] = json_type_int,
                [STATUS_STRINGS] = json_type_array,
        };
        Status status = good_status();
        const StatusProperty *property;
        json_object *object, *value;
        size_t n = 0;
        FILE *f;

        status.total_unprotected_usec = UINT64_MAX;
        status.configuration_problems = (char *[]){ (char *)"one", (char *)"two", NULL };
        status.kernel_changed = true;
        f = start_writing();
        ck_assert_int_eq(json_print_status(f, &status), 0);
        (void)fclose(f);
        object = json_tokener_parse(written);
        ck_assert_ptr_nonnull(object);
        for (; (property = status_property(n)); n++) {
                ck_assert(json_object_object_get_ex(object, property->name, &value));
                ck_assert_int_eq(json_object_get_type(value), types[property->kind]);
        }
        /* And two that are found out here. */
        ck_assert(json_object_object_get_ex(object, "KernelChanged", &value));
        ck_assert(json_object_get_boolean(value));
        ck_assert(json_object_object_get_ex(object, "InitrdChanged", &value));
        ck_assert(!json_object_get_boolean(value));
        ck_assert_int_eq(json_object_object_length(object), (int)n + 2);
        ck_assert(json_object_object_get_ex(object, "ConfigurationProblems", &value));
        ck_assert_uint_eq(json_object_array_length(value), 2);
        ck_assert_str_eq(json_object_get_string(json_object_array_get_idx(value, 1)), "two");
        ck_assert_uint_eq((UINT64_C(1) << n) - 1, status.received);
        ck_assert(json_object_object_get_ex(object, "KernelFile", &value));
        ck_assert_str_eq(json_object_get_string(value), "/boot/vmlinuz-6.12.107");
        ck_assert(json_object_object_get_ex(object, "TotalUnprotectedUSec", &value));
        ck_assert_uint_eq(json_object_get_uint64(value), UINT64_MAX);
        (void)json_object_put(object);
        /* Slashes are not escaped: people grep. */
        ck_assert_ptr_nonnull(strstr(written, "/boot/vmlinuz-6.12.107"));

        /* What the daemon did not say is not made up. */
        status.received = 1;
        f = start_writing();
        ck_assert_int_eq(json_print_status(f, &status), 0);
        (void)fclose(f);
        object = json_tokener_parse(written);
        ck_assert_int_eq(json_object_object_length(object), 1);
        (void)json_object_put(object);
}
END_TEST

START_TEST(decisions_json) {
        DaemonDecision items[] = { { NOW, (char *)"memory", 16, (char *)"skip",
                                     (char *)"why \"it\"", (char *)"armed", (char *)"" } };
        DaemonDecisions list = { items, 1 };
        json_object *array, *object, *value;
        FILE *f;

        f = start_writing();
        ck_assert_int_eq(json_print_decisions(f, &list), 0);
        (void)fclose(f);
        array = json_tokener_parse(written);
        ck_assert_int_eq(json_object_get_type(array), json_type_array);
        ck_assert_uint_eq(json_object_array_length(array), 1);
        object = json_object_array_get_idx(array, 0);
        ck_assert_int_eq(json_object_object_length(object), 7);
        ck_assert(json_object_object_get_ex(object, "TimeUSec", &value));
        ck_assert_uint_eq(json_object_get_uint64(value), NOW);
        ck_assert(json_object_object_get_ex(object, "Events", &value));
        ck_assert_int_eq(json_object_get_type(value), json_type_int);
        ck_assert(json_object_object_get_ex(object, "Reason", &value));
        ck_assert_str_eq(json_object_get_string(value), "why \"it\"");
        (void)json_object_put(array);
}
END_TEST

static const char *contents_text(const LevelCheck *check, uint64_t level, bool is_root) {
        const MemoryUse use = { .total = UINT64_C(1) << 30, .free = UINT64_C(512) << 20 };
        FILE *f = start_writing();

        print_dump_contents(f, check, level, 23, &use, is_root, false);
        ck_assert_int_eq(fclose(f), 0);
        return written;
}

START_TEST(dump_contents) {
        LevelCheck check = { .verdict = LEVEL_SAFE };

        ck_assert_str_eq(contents_text(&check, 31, true),
                         "Dumps:        the kernel's memory (level 31), about 512 MiB before "
                         "compression\n");
        check.is_blind = true;
        ck_assert_ptr_nonnull(strstr(contents_text(&check, 31, true), "about 1024 MiB"));
        ck_assert_ptr_nonnull(strstr(written, "\nLevel:        makedumpfile 1.7.6 does not"));
        check = (LevelCheck){ .verdict = LEVEL_LOSES_PAGES, .unknown = "page.new" };
        ck_assert_ptr_nonnull(strstr(contents_text(&check, 31, true), "of programs (level 23), "));
        ck_assert_ptr_nonnull(strstr(written, "\nLevel:        makedumpfile does not know page."));
        check = (LevelCheck){ .verdict = LEVEL_NOT_KNOWN };
        ck_assert_ptr_nonnull(strstr(contents_text(&check, 31, true),
                                     "\nLevel:        23 (UnknownKernelLevel=) if makedumpfile"));
        ck_assert_ptr_nonnull(strstr(written, "found out beforehand\n"));
        ck_assert_ptr_nonnull(strstr(contents_text(&check, 31, false), "by others than root\n"));
        ck_assert_ptr_null(strstr(contents_text(&check, 17, true), "Level:"));
}
END_TEST

static char *metrics_text(const Status *status, bool is_up, MetricsFormat format) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        print_metrics(f, status, is_up, format);
        ck_assert_int_eq(fclose(f), 0);
        return text;
}

START_TEST(metrics_of_armed) {
        Status status = good_status();
        _cleanup_free_ char *open = metrics_text(&status, true, METRICS_OPENMETRICS),
                            *prometheus = metrics_text(&status, true, METRICS_PROMETHEUS);

        ck_assert_ptr_nonnull(strstr(open, "\nkdumpd_up 1\n"));
        ck_assert_ptr_nonnull(strstr(open, "\nkdumpd_build_info{version=\"0.1.0\"} 1\n"));
        ck_assert_ptr_nonnull(strstr(open, "\nkdumpd_state{state=\"armed\"} 1\n"));
        ck_assert_ptr_nonnull(strstr(open, "\n# TYPE kdumpd_armed gauge\nkdumpd_armed 1\n"));
        ck_assert_ptr_nonnull(strstr(open, "\nkdumpd_stale 0\n"));
        ck_assert_ptr_nonnull(strstr(open, "\n# TYPE kdumpd_reservation_bytes gauge\n"
                                           "# UNIT kdumpd_reservation_bytes bytes\n"
                                           "kdumpd_reservation_bytes 268435456\n"));
        ck_assert_ptr_nonnull(strstr(open, "\n# TYPE kdumpd_events counter\n"
                                           "kdumpd_events_total 129\n"));
        ck_assert_ptr_nonnull(strstr(open, "\n# TYPE kdumpd_unprotected_seconds counter\n"
                                           "# UNIT kdumpd_unprotected_seconds seconds\n"
                                           "kdumpd_unprotected_seconds_total 0.027312\n"));
        ck_assert_ptr_nonnull(
                strstr(open, "\nkdumpd_last_crash_timestamp_seconds 1699996400.000000\n"));
        ck_assert_ptr_nonnull(strstr(open, "\nkdumpd_last_crash_complete 1\n"));
        ck_assert_ptr_nonnull(strstr(open, "\nkdumpd_configuration_problems 0\n# EOF\n"));
        ck_assert_str_eq(strstr(open, "# EOF"), "# EOF\n");

        ck_assert_ptr_nonnull(strstr(prometheus, "\n# TYPE kdumpd_events_total counter\n"
                                                 "kdumpd_events_total 129\n"));
        ck_assert_ptr_null(strstr(prometheus, "# UNIT"));
        ck_assert_ptr_null(strstr(prometheus, "# EOF"));
}
END_TEST

/* What never was, and what a kdumpd of another version does not tell, is left out. */
START_TEST(metrics_of_less) {
        Status status = good_status();
        _cleanup_free_ char *text = NULL, *nothing = NULL, *odd = NULL;
        char *problems[] = { (char *)"a", (char *)"b", NULL };

        status.last_crash_usec = 0;
        status.stale = true;
        status.configuration_problems = problems;
        status.received &= ~(UINT64_C(1) << STATUS_INDEX_Reloads);
        text = metrics_text(&status, true, METRICS_OPENMETRICS);
        ck_assert_ptr_null(strstr(text, "last_crash_timestamp"));
        ck_assert_ptr_null(strstr(text, "kdumpd_reloads"));
        ck_assert_ptr_nonnull(strstr(text, "\nkdumpd_stale 1\n"));
        ck_assert_ptr_nonnull(strstr(text, "\nkdumpd_configuration_problems 2\n"));

        status.received = UINT64_C(1) << STATUS_INDEX_Armed;
        nothing = metrics_text(&status, false, METRICS_PROMETHEUS);
        ck_assert_str_eq(nothing, "# HELP kdumpd_up Whether kdumpd could be asked.\n"
                                  "# TYPE kdumpd_up gauge\nkdumpd_up 0\n"
                                  "# HELP kdumpd_armed Whether a crash kernel image is loaded.\n"
                                  "# TYPE kdumpd_armed gauge\nkdumpd_armed 1\n");
        status.state = "\"a\\b\n\"";
        status.received |= UINT64_C(1) << STATUS_INDEX_State;
        odd = metrics_text(&status, true, METRICS_PROMETHEUS);
        ck_assert_ptr_nonnull(strstr(odd, "{state=\"\\\"a\\\\b\\n\\\"\"} 1\n"));
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_TEST(suite, operational);
        ADD_TEST(suite, initrd_kinds);
        ADD_TEST(suite, not_operational);
        ADD_TEST(suite, unwatched);
        ADD_TEST(suite, failed_build);
        ADD_TEST(suite, operational_but);
        ADD_TEST(suite, configuration_lines);
        ADD_TEST(suite, no_reservation);
        ADD_TEST(suite, spans);
        ADD_TEST(suite, colours);
        ADD_TEST(suite, decisions);
        ADD_TEST(suite, configuration);
        ADD_TEST(suite, dump_contents);
        ADD_TEST(suite, status_json);
        ADD_TEST(suite, decisions_json);
        ADD_TEST(suite, metrics_of_armed);
        ADD_TEST(suite, metrics_of_less);
}

TEST_MAIN("ctl", add_cases)
