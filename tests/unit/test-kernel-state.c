/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/kernel-state on fake machines. */
#include "test.h"

#include "daemon/guard.h"
#include "sys/kernel-state.h"
#include "sys/reservation.h"
#include "tree.h"

static Tree tree;

static void setup(void) {
        tree_init(&tree);
}

static void teardown(void) {
        tree_done(&tree);
}

START_TEST(loaded) {
        ck_assert_int_eq(kernel_crash_loaded(tree.fd), -ENOENT);
        tree_text(&tree, "/sys/kernel/kexec_crash_loaded", "1\n");
        ck_assert_int_eq(kernel_crash_loaded(tree.fd), 1);
        /* The new name wins. */
        tree_text(&tree, "/sys/kernel/kexec/crash_loaded", "0\n");
        ck_assert_int_eq(kernel_crash_loaded(tree.fd), 0);
        static const char *const garbage[] = {
                "", "\n", "2\n", "yes\n", "-1\n", "1 1\n", "00000000000000000000000000000000001\n",
        };
        for (size_t i = 0; i < ELEMENTSOF(garbage); i++) {
                tree_text(&tree, "/sys/kernel/kexec/crash_loaded", garbage[i]);
                ck_assert_int_eq(kernel_crash_loaded(tree.fd), -EINVAL);
        }
        /* Only absence leads to the old name. */
        tree_unlink(&tree, "/sys/kernel/kexec/crash_loaded");
        tree_dir(&tree, "/sys/kernel/kexec/crash_loaded");
        ck_assert_int_eq(kernel_crash_loaded(tree.fd), -EISDIR);
}
END_TEST

START_TEST(sizes) {
        uint64_t size = 7;

        ck_assert_int_eq(kernel_reservation_bytes(tree.fd, &size), -ENOENT);
        ck_assert_int_eq(kernel_elfcorehdr_bytes(tree.fd, &size), -ENOENT);
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "268435456\n");
        tree_text(&tree, "/sys/kernel/crash_elfcorehdr_size", "917616\n");
        ck_assert_int_eq(kernel_reservation_bytes(tree.fd, &size), 0);
        ck_assert_uint_eq(size, 268435456);
        ck_assert_int_eq(kernel_elfcorehdr_bytes(tree.fd, &size), 0);
        ck_assert_uint_eq(size, 917616);
        tree_text(&tree, "/sys/kernel/kexec/crash_size", "0\n");
        tree_text(&tree, "/sys/kernel/kexec/crash_elfcorehdr_size", "1\n");
        ck_assert_int_eq(kernel_reservation_bytes(tree.fd, &size), 0);
        ck_assert_uint_eq(size, 0);
        ck_assert_int_eq(kernel_elfcorehdr_bytes(tree.fd, &size), 0);
        ck_assert_uint_eq(size, 1);
        tree_text(&tree, "/sys/kernel/kexec/crash_size", "0x1000\n");
        ck_assert_int_eq(kernel_reservation_bytes(tree.fd, &size), -EINVAL);
        tree_text(&tree, "/sys/kernel/kexec/crash_size", "18446744073709551616\n");
        ck_assert_int_eq(kernel_reservation_bytes(tree.fd, &size), -ERANGE);
        ck_assert_uint_eq(size, 1);
}
END_TEST

START_TEST(crash_hotplug) {
        static const struct {
                const char *bytes;
                size_t n;
                HotplugAnswer answer;
        } cases[] = {
                { "1\n", 2, HOTPLUG_KERNEL_UPDATES },
                { "1", 1, HOTPLUG_KERNEL_UPDATES },
                { "0\n", 2, HOTPLUG_NOT_UPDATED },
                { "", 0, HOTPLUG_GARBAGE },
                { "2\n", 2, HOTPLUG_GARBAGE },
                { "11\n", 3, HOTPLUG_GARBAGE },
                { "1\0x\n", 4, HOTPLUG_GARBAGE },
                { "1\n\0\n", 4, HOTPLUG_GARBAGE },
                { "1111111111111111111111111111111\n", 32, HOTPLUG_GARBAGE },
        };
        static const char *const path[_SUBSYSTEM_MAX] = {
                "/sys/devices/system/cpu/crash_hotplug",
                "/sys/devices/system/memory/crash_hotplug",
        };
        static const char *const directory[_SUBSYSTEM_MAX] = {
                "/sys/devices/system/cpu",
                "/sys/devices/system/memory",
        };

        for (unsigned s = 0; s < _SUBSYSTEM_MAX; s++) {
                ck_assert_uint_eq(kernel_crash_hotplug(tree.fd, s), HOTPLUG_NO_SUBSYSTEM);
                tree_dir(&tree, directory[s]);
                ck_assert_uint_eq(kernel_crash_hotplug(tree.fd, s), HOTPLUG_ABSENT);
                for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                        tree_bytes(&tree, path[s], cases[i].bytes, cases[i].n);
                        ck_assert_uint_eq(kernel_crash_hotplug(tree.fd, s), cases[i].answer);
                }
                tree_unlink(&tree, path[s]);
                tree_dir(&tree, path[s]);
                ck_assert_uint_eq(kernel_crash_hotplug(tree.fd, s), HOTPLUG_UNREADABLE);
        }
}
END_TEST

START_TEST(fingerprint) {
        Fingerprint none, some, more;

        ck_assert_int_eq(kernel_fingerprint(tree.fd, &none), 0);
        ck_assert_uint_eq(none.blocks.count, 0);
        ck_assert_uint_eq(none.cpus.count, 0);
        tree_text(&tree, "/sys/devices/system/cpu/present", "0-3\n");
        tree_dir(&tree, "/sys/devices/system/memory/memory0");
        tree_dir(&tree, "/sys/devices/system/memory/memory32");
        tree_text(&tree, "/sys/devices/system/memory/block_size_bytes", "8000000\n");
        tree_dir(&tree, "/sys/devices/system/memory/power");
        tree_dir(&tree, "/sys/devices/system/memory/memory");
        tree_dir(&tree, "/sys/devices/system/memory/memoryx");
        ck_assert_int_eq(kernel_fingerprint(tree.fd, &some), 0);
        ck_assert_uint_eq(some.blocks.count, 2);
        ck_assert_uint_eq(some.cpus.count, 4);
        ck_assert_uint_eq(fingerprint_difference(&none, &some), SUBSYSTEMS_ALL);
        ck_assert_int_eq(kernel_fingerprint(tree.fd, &more), 0);
        ck_assert_uint_eq(fingerprint_difference(&some, &more), 0);
        tree_dir(&tree, "/sys/devices/system/memory/memory33");
        ck_assert_int_eq(kernel_fingerprint(tree.fd, &more), 0);
        ck_assert_uint_eq(fingerprint_difference(&some, &more), SUBSYSTEM_BIT(SUBSYSTEM_MEMORY));

        more = none;
        tree_text(&tree, "/sys/devices/system/cpu/present", "0-3,\n");
        ck_assert_int_eq(kernel_fingerprint(tree.fd, &more), -EINVAL);
        tree_bytes(&tree, "/sys/devices/system/cpu/present", "0-3\0,9\n", 7);
        ck_assert_int_eq(kernel_fingerprint(tree.fd, &more), -EINVAL);
        ck_assert_uint_eq(more.blocks.count, 0);
        ck_assert_uint_eq(kernel_possible_cpus(tree.fd), 0);
        tree_text(&tree, "/sys/devices/system/cpu/possible", "0-3,8\n");
        ck_assert_uint_eq(kernel_possible_cpus(tree.fd), 5);
        tree_text(&tree, "/sys/devices/system/cpu/possible", "x\n");
        ck_assert_uint_eq(kernel_possible_cpus(tree.fd), 0);
}
END_TEST

START_TEST(large_machine) {
        _cleanup_free_ char *list = malloc(64 * 1024);
        Fingerprint found;
        size_t used = 0;

        ck_assert_ptr_nonnull(list);
        for (unsigned i = 0; i < 10000; i++) {
                char path[64];

                strscpyf(path, sizeof(path), "/sys/devices/system/memory/memory%u", i);
                tree_dir(&tree, path);
        }
        /* Every second of 16,384: the longest that a list of 8,192 can be. */
        for (unsigned i = 0; i < 8192; i++)
                used += (size_t)snprintf(list + used, 64 * 1024 - used, "%s%u", i ? "," : "",
                                         2 * i);
        tree_text(&tree, "/sys/devices/system/cpu/present", list);
        ck_assert_int_eq(kernel_fingerprint(tree.fd, &found), 0);
        ck_assert_uint_eq(found.blocks.count, 10000);
        ck_assert_uint_eq(found.cpus.count, 8192);
}
END_TEST

START_TEST(load_limit) {
        uint64_t limit = 7;

        ck_assert_int_eq(kernel_load_limit(tree.fd, &limit), -ENOENT);
        tree_text(&tree, "/proc/sys/kernel/kexec_load_limit_panic", "-1\n");
        ck_assert_int_eq(kernel_load_limit(tree.fd, &limit), -ENOENT);
        tree_text(&tree, "/proc/sys/kernel/kexec_load_limit_panic", "x\n");
        ck_assert_int_eq(kernel_load_limit(tree.fd, &limit), -EINVAL);
        ck_assert_uint_eq(limit, 7);
        tree_text(&tree, "/proc/sys/kernel/kexec_load_limit_panic", "3\n");
        ck_assert_int_eq(kernel_load_limit(tree.fd, &limit), 0);
        ck_assert_uint_eq(limit, 3);
}
END_TEST

START_TEST(capability) {
        ck_assert_int_eq(kernel_may_kexec(tree.fd), -ENOENT);
        tree_text(&tree, "/proc/self/status", "Name:\tx\nCapPrm:\t0000000000400000\n");
        ck_assert_int_eq(kernel_may_kexec(tree.fd), -ENODATA);
        tree_text(&tree, "/proc/self/status",
                  "Name:\tCapEff:\nCapEff:\t0000000000400000\nCapBnd:\t0\n");
        ck_assert_int_eq(kernel_may_kexec(tree.fd), 1);
        tree_text(&tree, "/proc/self/status", "CapEff:\t000001ffffbfffff\n");
        ck_assert_int_eq(kernel_may_kexec(tree.fd), 0);
        tree_text(&tree, "/proc/self/status", "CapEff:\tx\n");
        ck_assert_int_eq(kernel_may_kexec(tree.fd), -EINVAL);
}
END_TEST

static void check_obstacle(Failure failure, const char *part) {
        Error error = { 0 };

        ck_assert_uint_eq(kernel_obstacle(tree.fd, &error), failure);
        ck_assert_ptr_nonnull(strstr(error.text, part));
        ck_assert_int_eq(error.text[0] == '\0', failure == FAILURE_NONE);
        ck_assert_uint_lt(strlen(error.text), FACTS_TEXT_MAX - 1); /* not cut */
}

START_TEST(obstacles) {
        check_obstacle(FAILURE_NONE, ""); /* nothing can be read: nothing is known to be wrong */
        tree_dir(&tree, "/sys/kernel");
        check_obstacle(FAILURE_NO_KEXEC, "CONFIG_KEXEC_FILE");
        tree_text(&tree, "/sys/kernel/kexec_crash_loaded", "0\n");
        check_obstacle(FAILURE_NONE, "");
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "0\n");
        check_obstacle(FAILURE_NO_RESERVATION, "run \"kdumpctl reserve --write\"");
        tree_text(&tree, "/proc/cmdline", "root=/ nocrashkernel=1\n");
        check_obstacle(FAILURE_NO_RESERVATION, "run \"kdumpctl reserve --write\"");
        tree_text(&tree, "/proc/cmdline", "root=/ crashkernel=900G\n");
        check_obstacle(FAILURE_NO_RESERVATION, "although crashkernel=900G is on");
        tree_text(&tree, "/proc/meminfo", "MemTotal:        3144704 kB\nMemFree: 1 kB\n");
        check_obstacle(FAILURE_NO_RESERVATION,
                       "crashkernel=900G is more than this machine has, 3.0");
        tree_text(&tree, "/proc/cmdline", "root=/ crashkernel=auto\n");
        check_obstacle(FAILURE_NO_RESERVATION, "does not know what crashkernel=auto means");
        tree_text(&tree, "/proc/cmdline", "crashkernel=900G crashkernel=1G,cma\n");
        check_obstacle(FAILURE_NO_RESERVATION, "crashkernel=900G is more than this machine has");
        tree_text(&tree, "/proc/sys/kernel/osrelease", "6.12.57+deb13-amd64\n");
        check_obstacle(FAILURE_NO_RESERVATION, "does not know what crashkernel=1G,cma means");
        tree_text(&tree, "/proc/sys/kernel/osrelease", "6.17.0\n");
        check_obstacle(FAILURE_NO_RESERVATION, "crashkernel=900G is more than this machine has");
        tree_text(&tree, "/proc/cmdline", "root=/ crashkernel=auto\n");
        tree_text(&tree, "/sys/kernel/fadump/enabled", "0\n");
        check_obstacle(FAILURE_NO_RESERVATION, "crashkernel=auto");
        tree_text(&tree, "/sys/kernel/fadump/enabled", "1\n");
        check_obstacle(FAILURE_NO_RESERVATION, "fadump");
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "268435456\n");
        check_obstacle(FAILURE_NONE, "");
        tree_text(&tree, "/proc/sys/kernel/kexec_load_disabled", "0\n");
        tree_text(&tree, "/proc/sys/kernel/kexec_load_limit_panic", "-1\n");
        check_obstacle(FAILURE_NONE, "");
        tree_text(&tree, "/proc/sys/kernel/kexec_load_limit_panic", "0\n");
        check_obstacle(FAILURE_LIMIT, "kexec_load_limit_panic");
        tree_text(&tree, "/proc/sys/kernel/kexec_load_limit_panic", "1\n");
        check_obstacle(FAILURE_NONE, "");
        tree_text(&tree, "/proc/sys/kernel/kexec_load_disabled", "1\n");
        check_obstacle(FAILURE_DISABLED, "kexec_load_disabled");
        tree_text(&tree, "/proc/xen/capabilities", "\n"); /* an ordinary guest */
        check_obstacle(FAILURE_DISABLED, "kexec_load_disabled");
        tree_text(&tree, "/proc/xen/capabilities", "control_d\n");
        check_obstacle(FAILURE_XEN, "Xen");
        ck_assert(!kernel_is_capture(tree.fd));
        tree_text(&tree, "/proc/vmcore", "");
        ck_assert(kernel_is_capture(tree.fd));
        check_obstacle(FAILURE_CAPTURE_KERNEL, "capture kernel");
}
END_TEST

START_TEST(lockdown) {
        static const struct {
                const char *text, *mode;
        } cases[] = {
                { "[none] integrity confidentiality\n", "none" },
                { "none [integrity] confidentiality\n", "integrity" },
                { "none integrity [confidentiality]\n", "confidentiality" },
                { "none [integrity\n", "none" },
                { "none integrity] [confidentiality\n", "none" },
                { "[paranoia]\n", "none" },
                { "", "none" },
        };

        ck_assert_str_eq(kernel_lockdown(tree.fd), "none");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                tree_text(&tree, "/sys/kernel/security/lockdown", cases[i].text);
                ck_assert_str_eq(kernel_lockdown(tree.fd), cases[i].mode);
        }
}
END_TEST

START_TEST(identities) {
        char id[37] = "x";
        uint64_t seqnum = 7;

        ck_assert_int_eq(kernel_boot_id(tree.fd, id), -ENOENT);
        tree_text(&tree, "/proc/sys/kernel/random/boot_id",
                  "0b9c1b6e-9a3d-4a0e-9c5b-2f3c1d0e4a5\n");
        ck_assert_int_eq(kernel_boot_id(tree.fd, id), -EINVAL);
        tree_text(&tree, "/proc/sys/kernel/random/boot_id",
                  "0b9c1b6e-9a3d-4a0e-9c5b-2f3c1d0e4a5g\n");
        ck_assert_int_eq(kernel_boot_id(tree.fd, id), -EINVAL);
        ck_assert_str_eq(id, "x");
        tree_text(&tree, "/proc/sys/kernel/random/boot_id",
                  "0b9c1b6e-9a3d-4a0e-9c5b-2f3c1d0e4a5f\n");
        ck_assert_int_eq(kernel_boot_id(tree.fd, id), 0);
        ck_assert_str_eq(id, "0b9c1b6e-9a3d-4a0e-9c5b-2f3c1d0e4a5f");

        ck_assert_int_eq(kernel_uevent_seqnum(tree.fd, &seqnum), -ENOENT);
        tree_text(&tree, "/sys/kernel/uevent_seqnum", "18446744073709551615\n");
        ck_assert_int_eq(kernel_uevent_seqnum(tree.fd, &seqnum), 0);
        ck_assert_uint_eq(seqnum, UINT64_MAX);
}
END_TEST

static void reservation_is(uint64_t bytes, uint64_t total, bool is_sum) {
        Reservation r;

        ck_assert_int_eq(reservation_read(tree.fd, &r), 0);
        ck_assert_uint_eq(r.bytes, bytes);
        ck_assert_uint_eq(r.total_bytes, total);
        ck_assert_int_eq(r.is_sum, is_sum);
}

/* Addresses tell most, then the number of ranges, then the sum. */
START_TEST(reservation) {
        Reservation r;

        ck_assert_int_eq(reservation_read(tree.fd, &r), -ENOENT);
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "0\n");
        reservation_is(0, 0, false);
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "12288\n");
        reservation_is(12288, 12288, false);
        tree_text(&tree, "/proc/iomem",
                  "00000000-00000000 : System RAM\n"
                  "  00000000-00000000 : Crash kernel\n");
        reservation_is(12288, 12288, false);
        tree_text(&tree, "/proc/iomem",
                  "00000000-00000000 : System RAM\n"
                  "  00000000-00000000 : Crash kernel\n"
                  "  00000000-00000000 : Crash kernel\n");
        reservation_is(12288, 12288, true);
        tree_text(&tree, "/proc/iomem", "00001000-00ffffff : System RAM\n");
        reservation_is(12288, 12288, false);
        tree_text(&tree, "/proc/iomem",
                  "00001000-00ffffff : System RAM\n"
                  "  00008000-00008fff : Crash kernel\n"
                  "  00002000-00004fff : Crash kernel\n");
        /* Without asking the kernel for the size, which can be busy. */
        tree_unlink(&tree, "/sys/kernel/kexec_crash_size");
        reservation_is(4096, 16384, false);
}
END_TEST

static uint64_t cma_bytes(const char *text) {
        Reservation r;

        tree_text(&tree, "/sys/kernel/kexec/crash_cma_ranges", text);
        ck_assert_int_eq(reservation_read(tree.fd, &r), 0);
        ck_assert_uint_eq(r.total_bytes, 12288);
        return r.cma_bytes;
}

/* What programs are lent is told beside what is reserved; the last byte is part of a range. */
START_TEST(reservation_cma) {
        static const char *const bad[] = { "x\n",
                                           "100000000\n",
                                           "100000000-\n",
                                           "-1ff\n",
                                           "200-1ff\n",
                                           "0-ffffffffffffffff\n",
                                           "100000000-11fffffff\n140000000-1g\n" };

        tree_text(&tree, "/sys/kernel/kexec_crash_size", "12288\n");
        ck_assert_uint_eq(cma_bytes(""), 0);
        ck_assert_uint_eq(cma_bytes("100000000-11fffffff\n"), 512 << 20);
        ck_assert_uint_eq(cma_bytes("08000000-0bffffff\n100000000-10fffffff\n"), 320 << 20);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_uint_eq(cma_bytes(bad[i]), 0);
        ck_assert_uint_eq(cma_bytes("0-fffffffffffffffe\n0-fffffffffffffffe\n"), UINT64_MAX);
        /* Linux 6.17 has the word and not the file, and before that there was neither. */
        ck_assert(!kernel_hides_cma(tree.fd));
        tree_text(&tree, "/proc/cmdline", "crashkernel=64M crashkernel=512M,cma quiet\n");
        ck_assert(!kernel_hides_cma(tree.fd));
        tree_unlink(&tree, "/sys/kernel/kexec/crash_cma_ranges");
        ck_assert(kernel_hides_cma(tree.fd));
        tree_text(&tree, "/proc/sys/kernel/osrelease", "6.17.0-rc1\n");
        ck_assert(kernel_hides_cma(tree.fd));
        tree_text(&tree, "/proc/sys/kernel/osrelease", "6.16.12\n");
        ck_assert(!kernel_hides_cma(tree.fd));
        tree_unlink(&tree, "/proc/sys/kernel/osrelease");
        tree_text(&tree, "/proc/cmdline", "crashkernel=64M\n");
        ck_assert(!kernel_hides_cma(tree.fd));
        /* Others can see it where they see no addresses. */
        tree_text(&tree, "/proc/iomem",
                  "00000000-00000000 : System RAM\n"
                  "  00000000-00000000 : Crash kernel\n");
        ck_assert_uint_eq(cma_bytes("100000000-100000fff\n"), 4096);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, loaded);
        ADD_FIXTURE_TEST(s, sizes);
        ADD_FIXTURE_TEST(s, reservation);
        ADD_FIXTURE_TEST(s, reservation_cma);
        ADD_FIXTURE_TEST(s, crash_hotplug);
        ADD_FIXTURE_TEST(s, fingerprint);
        ADD_FIXTURE_TEST(s, large_machine);
        ADD_FIXTURE_TEST(s, load_limit);
        ADD_FIXTURE_TEST(s, capability);
        ADD_FIXTURE_TEST(s, obstacles);
        ADD_FIXTURE_TEST(s, lockdown);
        ADD_FIXTURE_TEST(s, identities);
}

TEST_MAIN("kernel-state", add_cases)
