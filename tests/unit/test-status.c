/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* daemon/status: what is told in each state. */
#include "test-guard.h"

#include "daemon/status.h"

static Status status;

/* Compares the state, its reason and the line. A NULL line is "state: reason". */
static void check(const char *state, const char *reason, const char *line) {
        char buf[STATUS_TEXT_MAX], plain[STATUS_TEXT_MAX];

        status_fill(&status, &s.guard, NULL);
        strscpyf(plain, sizeof(plain), "%s: %s", state, reason);
        ck_assert_str_eq(status.state, state);
        ck_assert_str_eq(status.state_reason, reason);
        ck_assert_str_eq(status_line(&status, buf), line ?: plain);
        ck_assert_str_eq(status.version, PACKAGE_VERSION);
        ck_assert_uint_eq(status.settle_usec, 500 * USEC_PER_MSEC);
        ck_assert_uint_eq(status.max_delay_usec, 10 * USEC_PER_SEC);
}

START_TEST(before_and_during_the_first_load) {
        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        guard_init(&s.guard, &s.settings, "x86_64");
        check("loading", "looking at what is loaded", NULL);
        ck_assert_str_eq(status.cpu_hotplug, "unknown");
        ck_assert(!status.armed && !status.foreign);
        ck_assert_str_eq(status.kernel_file, "");
        ck_assert_str_eq(status.loader_reason, "");
        ck_assert_uint_eq(status.next_retry_usec, 0);
        fake_system_start(&s);
        check("loading", "no crash kernel image is loaded", NULL);
        ck_assert_uint_eq(status.reservation_bytes, 256u << 20);
        finish();
}
END_TEST

/* What was asked for and is not there comes before what is too little. */
START_TEST(reservation_problem) {
        Aftermath aftermath = { .asked = { .value = "192M", .boot_id = "a" },
                                .machine = { .boot_id = "b", .memory_bytes = UINT64_C(4) << 30 } };

        aftermath.machine.command_line = strdup("ro crashkernel=256M");
        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        s.wanted_bytes = 300u << 20;
        fake_system_start(&s);
        status_fill(&status, &s.guard, &aftermath);
        ck_assert_str_eq(status.reservation_problem, "");
        fake_system_run(&s, 40 * USEC_PER_SEC);
        status_fill(&status, &s.guard, &aftermath);
        ck_assert_ptr_nonnull(
                strstr(status.reservation_problem, "asked for 192M, reserved 256 MiB: the kernel"));
        strscpy(aftermath.asked.value, sizeof(aftermath.asked.value), "256M");
        status_fill(&status, &s.guard, &aftermath);
        ck_assert_str_eq(status.reservation_problem,
                         "a capture takes about 300 MiB, and 256 MiB are reserved: run "
                         "\"kdumpctl reserve --write\", which asks for crashkernel=512M, and "
                         "reboot");
        asked_machine_done(&aftermath.machine);
        finish();
}
END_TEST

START_TEST(armed) {
        boot(HOTPLUG_KERNEL_UPDATES);
        check("armed", "loaded; it covers all memory and CPUs",
              "armed: 6.12.107, 256 MiB reserved, kernel updates it; 0 events, 0 reloads");
        ck_assert(status.armed && !status.foreign);
        ck_assert_str_eq(status.kernel_file, "/boot/vmlinuz-6.12.107");
        ck_assert_str_eq(status.initrd_file, "/boot/initramfs-6.12.107kdump.img");
        ck_assert_str_eq(status.initrd_kind, "");
        ck_assert_str_eq(status.kernel_release, "6.12.107");
        ck_assert_str_eq(status.command_line, "root=/dev/vda1 irqpoll");
        ck_assert_str_eq(status.loader, "kexec_file_load");
        ck_assert_str_eq(status.memory_hotplug, "kernel");
        ck_assert_uint_eq(status.last_load_duration_usec, 320 * USEC_PER_MSEC);
        ck_assert_uint_eq(status.last_event_usec, 0);
        plug(1);
        check("armed", "loaded; waiting for the end of a hotplug, 2 events so far",
              "armed: 6.12.107, 256 MiB reserved, kernel updates it; 2 events, 0 reloads");
        ck_assert_uint_eq(status.events_received, 2);
        ck_assert_uint_ge(status.last_event_usec, s.realtime_offset_usec);
        fake_system_log_line(&s);
        fake_system_run(&s, USEC_PER_MSEC);
        check("armed",
              "loaded, but the kernel missed an update of it: reloading as soon as the hotplug is "
              "over",
              "armed: 6.12.107, 256 MiB reserved, kernel updates it; 2 events, 0 reloads");
        fake_system_run(&s, 600 * USEC_PER_MSEC);
        check("loading", "the kernel logged that it could not update the image", NULL);
        finish();
        status_fill(&status, &s.guard, NULL);
        ck_assert_uint_eq(status.batches, 1);
        ck_assert_uint_eq(status.batches_skipped, 0);
        ck_assert_uint_eq(status.reloads, 1);
        ck_assert_uint_eq(status.last_unprotected_usec, 300 * USEC_PER_MSEC);
        ck_assert_uint_eq(status.total_unprotected_usec, 300 * USEC_PER_MSEC);
}
END_TEST

/* As the report of the load has it. */
/* kdumpd may not see the addresses by which the highest of several ranges is found; the loader
 * may, whose report tells. */
START_TEST(reservation) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.guard.record.report.reservation_bytes = 100u << 20;
        s.guard.record.report.reservation_cma_bytes = 7;
        check("armed", "loaded; it covers all memory and CPUs",
              "armed: 6.12.107, 100 MiB reserved, kernel updates it; 0 events, 0 reloads");
        ck_assert_uint_eq(status.reservation_bytes, 100u << 20);
        ck_assert_uint_eq(status.reservation_cma_bytes, 7);
        s.guard.record.report.reservation_is_sum = true;
        check("armed", "loaded; it covers all memory and CPUs",
              "armed: 6.12.107, 256 MiB reserved, kernel updates it; 0 events, 0 reloads");
        finish();
}
END_TEST

START_TEST(initrd_kind) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.guard.record.report.initrd_kind = strdup("system");
        status_fill(&status, &s.guard, NULL);
        ck_assert_str_eq(status.initrd_kind, "system");
}
END_TEST

START_TEST(where_the_kernel_does_not_follow) {
        static const struct {
                HotplugAnswer kernel;
                const char *mode, *line;
        } kernels[] = {
                { HOTPLUG_ABSENT, "userspace", ", reloaded after hotplug" },
                { HOTPLUG_NOT_UPDATED, "userspace", ", reloaded after hotplug" },
                { HOTPLUG_GARBAGE, "unknown", "" },
                { HOTPLUG_UNREADABLE, "unknown", "" },
                { HOTPLUG_NO_SUBSYSTEM, "unsupported", "" },
        };
        char line[STATUS_TEXT_MAX];

        boot(kernels[_i].kernel);
        strscpyf(line, sizeof(line), "armed: 6.12.107, 256 MiB reserved%s; 0 events, 0 reloads",
                 kernels[_i].line);
        check("armed", "loaded; it covers all memory and CPUs", line);
        ck_assert_str_eq(status.cpu_hotplug, kernels[_i].mode);
        ck_assert_str_eq(status.memory_hotplug, kernels[_i].mode);
        finish();
}
END_TEST

START_TEST(failed) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.fate = FATE_BROKEN;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 400 * USEC_PER_MSEC);
        check("failed", "the kernel did not like it", NULL);
        ck_assert(!status.armed);
        ck_assert_uint_eq(status.load_failures, 1);
        ck_assert_uint_gt(status.next_retry_usec, s.now_usec + s.realtime_offset_usec);
        ck_assert_uint_le(status.next_retry_usec,
                          s.now_usec + s.realtime_offset_usec + USEC_PER_SEC);
        ck_assert_str_eq(status.kernel_file, "");
        fake_system_run(&s, 2 * USEC_PER_SEC);
        s.fate = FATE_REFUSED;
        s.n_fate = 1;
        fake_system_request(&s, REQUEST_RELOAD);
        fake_system_run(&s, 100 * USEC_PER_MSEC);
        check("failed", "the kexec lock stayed taken; the image from before is still loaded", NULL);
        ck_assert(status.armed);
        finish();
        status_fill(&status, &s.guard, NULL);
        ck_assert_uint_eq(status.next_retry_usec, 0);
}
END_TEST

START_TEST(unavailable) {
        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        s.obstacle = FAILURE_NO_RESERVATION;
        fake_system_start(&s);
        check("unavailable", "there is no reservation", NULL);
        fake_system_foreign_load(&s, true, 0);
        fake_system_run(&s, USEC_PER_MINUTE);
        check("armed", "loaded, but it cannot be loaded again: there is no reservation", NULL);
        ck_assert(status.armed && status.foreign);
        finish();
}
END_TEST

START_TEST(unloaded) {
        boot(HOTPLUG_KERNEL_UPDATES);
        fake_system_request(&s, REQUEST_UNLOAD);
        fake_system_run(&s, USEC_PER_SEC);
        check("unloaded", "the image was unloaded on request", NULL);
        ck_assert(!status.armed);
        ck_assert_str_eq(status.kernel_release, "");
        finish();
}
END_TEST

START_TEST(foreign) {
        fake_system_init(&s, HOTPLUG_KERNEL_UPDATES);
        s.settings.foreign = FOREIGN_ADOPT;
        fake_system_foreign_load(&s, true, 0);
        fake_system_start(&s);
        check("armed", "an image that somebody else loaded is in place", NULL);
        ck_assert(status.armed && status.foreign);
        finish();
}
END_TEST

/* What was said of our image is not said of somebody else's. */
START_TEST(foreign_after_ours) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.fate = FATE_REFUSED;
        s.n_fate = 1;
        fake_system_input(&s, INPUT_RECONFIGURED);
        fake_system_run(&s, USEC_PER_SEC);
        check("armed", "loaded, but it cannot be loaded again: the kexec lock stayed taken",
              "armed: 6.12.107, 256 MiB reserved, kernel updates it; 0 events, 0 reloads");
        s.settings.foreign = FOREIGN_ADOPT;
        fake_system_foreign_load(&s, false, 0);
        fake_system_run(&s, USEC_PER_MINUTE);
        check("armed", "an image that somebody else loaded is in place", NULL);
        finish();
}
END_TEST

START_TEST(image_found_missing) {
        boot(HOTPLUG_KERNEL_UPDATES);
        s.guard.facts.loaded = 0;
        check("failed", "the kernel says that no crash kernel image is loaded", NULL);
        s.guard.facts.loaded = 1;
        finish();
}
END_TEST

/* A kernel that is no good keeps both from being made, and is told once. */
START_TEST(one_reason) {
        fake_system_init(&s, HOTPLUG_ABSENT);
        fake_system_builds(&s);
        free(s.settings.kernel);
        s.settings.kernel = strdup(_i ? "auto" : "/no/such");
        s.fate = FATE_BROKEN;
        s.n_fate = UINT_MAX;
        fake_system_start(&s);
        fake_system_run(&s, 10 * USEC_PER_SEC);
        status_fill(&status, &s.guard, NULL);
        ck_assert_str_eq(status.initrd_state, "failed");
        ck_assert_str_eq(status.initrd_message,
                         _i ? "there is no module for the disk" : "the kernel did not like it");
        fake_system_done(&s);
}
END_TEST

static void add_cases(Suite *suite) {
        TCase *each = tcase_create("each");

        tcase_add_loop_test(each, where_the_kernel_does_not_follow, 0, 5);
        tcase_add_loop_test(each, one_reason, 0, 2);
        suite_add_tcase(suite, each);
        ADD_TEST(suite, before_and_during_the_first_load);
        ADD_TEST(suite, reservation_problem);
        ADD_TEST(suite, armed);
        ADD_TEST(suite, reservation);
        ADD_TEST(suite, initrd_kind);
        ADD_TEST(suite, failed);
        ADD_TEST(suite, unavailable);
        ADD_TEST(suite, unloaded);
        ADD_TEST(suite, foreign);
        ADD_TEST(suite, foreign_after_ours);
        ADD_TEST(suite, image_found_missing);
}

TEST_MAIN("status", add_cases)
