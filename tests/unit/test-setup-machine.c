/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "kdumpctl setup" finds on made-up machines. */
#include "setup/machine.h"

#include "setup/services.h"
#include "sys/gzip.h"
#include "sys/kernel-config.h"
#include "test.h"
#include "tree.h"

#define RELEASE "6.12.1-amd64"
#define GOOD_CONFIG                                                             \
        "# CONFIG_KEXEC is not set\nCONFIG_KEXEC_FILE=y\nCONFIG_CRASH_DUMP=y\n" \
        "CONFIG_PROC_VMCORE=y\nCONFIG_PROC_VMCORE_DEVICE_DUMP=y\nCONFIG_BLK_DEV_INITRD=y"

static Tree tree;
static Settings settings;
static Checks checks;

static void setup(void) {
        tree_init(&tree);
        ck_assert_int_eq(settings_init(&settings), 0);
        checks = (Checks){ 0 };
        tree_text(&tree, "/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
        tree_text(&tree, "/proc/meminfo", "MemTotal: 2048 kB\nMemFree: 1024 kB\n");
        tree_text(&tree, "/sys/kernel/kexec_crash_loaded", "0\n");
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "268435456\n");
        tree_text(&tree, "/boot/config-" RELEASE, GOOD_CONFIG "\n");
        tree_text(&tree, "/usr/bin/makedumpfile", "");
}

static void teardown(void) {
        settings_done(&settings);
        tree_done(&tree);
}

static const Check *look(const char *name) {
        checks = (Checks){ 0 };
        machine_check(tree.fd, &settings, RELEASE, "x86_64", &checks);
        for (size_t i = 0; i < checks.n; i++)
                if (streq(checks.items[i].name, name))
                        return &checks.items[i];
        ck_abort_msg("there is no row %s", name);
        return NULL;
}

static void expect(const char *name, CheckState state, const char *part) {
        const Check *check = look(name);

        ck_assert_msg(check->state == state, "%s: %s: %s", name,
                      check_state_to_string(check->state), check->text);
        ck_assert_msg(strstr(check->text, part), "%s: %s", name, check->text);
}

START_TEST(test_good) {
        static const char *const names[] = { "machine", "kernel", "secure-boot", "collector",
                                             "dumps" };

        expect("machine", CHECK_OK, "no container");
        expect("kernel", CHECK_OK, RELEASE);
        expect("secure-boot", CHECK_OK, "none");
        expect("collector", CHECK_OK, "/usr/bin/makedumpfile");
        expect("dumps", CHECK_OK, "/var/crash has ");
        ck_assert_uint_eq(checks.n, ELEMENTSOF(names));
        for (size_t i = 0; i < checks.n; i++)
                ck_assert_str_eq(checks.items[i].name, names[i]);
        ck_assert(checks_have(&checks, CHECK_OK));
        ck_assert(!checks_have(&checks, CHECK_FAILED));
}
END_TEST

START_TEST(test_virtualization) {
        tree_text(&tree, "/sys/class/dmi/id/sys_vendor", "QEMU\n");
        expect("machine", CHECK_OK, "QEMU");
        tree_text(&tree, "/sys/hypervisor/guest_type", "HVM\n");
        expect("machine", CHECK_OK, "QEMU");
        tree_text(&tree, "/sys/hypervisor/guest_type", "PV\n");
        expect("machine", CHECK_FAILED, "paravirtualized guest of Xen");
        tree_text(&tree, "/run/systemd/container", "lxc\n");
        expect("machine", CHECK_FAILED, "this is a container (lxc)");
}
END_TEST

START_TEST(test_kernel) {
        tree_text(&tree, "/boot/config-" RELEASE,
                  "CONFIG_KEXEC=y\nCONFIG_CRASH_DUMP=y\nCONFIG_PROC_VMCORE=y\n"
                  "CONFIG_BLK_DEV_INITRD=y\n");
        expect("kernel", CHECK_OK, RELEASE);
        checks = (Checks){ 0 };
        machine_check(tree.fd, &settings, RELEASE, "aarch64", &checks);
        ck_assert_int_eq(checks.items[1].state, CHECK_FAILED);
        ck_assert_str_eq(checks.items[1].text,
                         RELEASE " is built without CONFIG_KEXEC_FILE (a call "
                                 "that loads images): use one that has it");
        tree_text(&tree, "/boot/config-" RELEASE,
                  "CONFIG_KEXEC_FILE=y\nCONFIG_CRASH_DUMP=y\nCONFIG_PROC_VMCORE_DEVICE_DUMP=y\n");
        expect("kernel", CHECK_FAILED, "without CONFIG_PROC_VMCORE ");
        /* What the kernel says itself. */
        tree_text(&tree, "/boot/config-" RELEASE, GOOD_CONFIG);
        tree_text(&tree, "/proc/sys/kernel/kexec_load_disabled", "1\n");
        expect("kernel", CHECK_FAILED, "kexec_load_disabled");
        tree_text(&tree, "/proc/sys/kernel/kexec_load_disabled", "0\n");
        /* That there is no reservation is the matter of another row. */
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "0\n");
        expect("kernel", CHECK_OK, RELEASE);
        tree_remove(&tree, "/boot");
        expect("kernel", CHECK_OK, "whose configuration is not installed");
}
END_TEST

static void write_config_gz(const char *text) {
        _cleanup_free_ void *packed = NULL;
        size_t size;

        ck_assert_int_eq(gzip_pack(text, strlen(text), &packed, &size), 0);
        tree_bytes(&tree, "/proc/config.gz", packed, size);
}

START_TEST(test_config_places) {
        _cleanup_free_ char *text = NULL, *other = NULL;

        tree_remove(&tree, "/boot");
        write_config_gz("CONFIG_CRASH_DUMP=y\n");
        ck_assert_int_eq(kernel_config_read(tree.fd, RELEASE, &text), -ENOENT);
        tree_text(&tree, "/proc/sys/kernel/osrelease", "6.1.0-other\n");
        ck_assert_int_eq(kernel_config_read(tree.fd, RELEASE, &text), -ENOENT);
        tree_text(&tree, "/proc/sys/kernel/osrelease", RELEASE "\n");
        ck_assert_int_eq(kernel_config_read(tree.fd, RELEASE, &text), 0);
        ck_assert(kernel_config_has(text, "CONFIG_CRASH_DUMP=y"));
        ck_assert(!kernel_config_has(text, "CONFIG_CRASH_DUMP"));
        ck_assert(!kernel_config_has(text, "CRASH_DUMP=y"));
        ck_assert(!kernel_config_has(NULL, "CONFIG_CRASH_DUMP=y"));
        tree_text(&tree, "/usr/lib/modules/" RELEASE "/config", "# nothing\n");
        ck_assert_int_eq(kernel_config_read(tree.fd, RELEASE, &other), 0);
        ck_assert_str_eq(other, "# nothing\n");
        /* Cut off. */
        tree_remove(&tree, "/usr/lib/modules");
        tree_text(&tree, "/proc/config.gz", "\x1f\x8b\x08");
        expect("kernel", CHECK_OK, "whose configuration is not installed");
}
END_TEST

static void secure_boot(const char *data, size_t size) {
        tree_bytes(&tree,
                   "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                   data, size);
}

START_TEST(test_secure_boot) {
        secure_boot("\6\0\0\0\1", 5);
        expect("secure-boot", CHECK_OK, "on");
        secure_boot("\6\0\0\0\0", 5);
        expect("secure-boot", CHECK_OK, "off");
        secure_boot("\6\0", 2);
        expect("secure-boot", CHECK_OK, "not known");
        tree_text(&tree, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        expect("secure-boot", CHECK_OK, "locked down (integrity)");
}
END_TEST

START_TEST(test_collector_and_room) {
        Error error;

        tree_unlink(&tree, "/usr/bin/makedumpfile");
        expect("collector", CHECK_LEFT, "makedumpfile is not installed");
        tree_text(&tree, "/proc/meminfo", "MemTotal: 9007199254740992 kB\n");
        expect("dumps", CHECK_FAILED, "make room");
        ck_assert_int_eq(settings_set(&settings, "Capture", "Target", "/dev/nowhere", &error), 0);
        expect("dumps", CHECK_FAILED, "/dev/nowhere");
}
END_TEST

START_TEST(test_services) {
        static const char unit[] = "kdump-tools.service";

        ck_assert(!services_is_enabled(tree.fd, unit));
        tree_text(&tree, "/usr/lib/systemd/system/kdump-tools.service", "");
        ck_assert(!services_is_enabled(tree.fd, unit));
        /* The link leads nowhere here, as systemd's do from outside of the root. */
        tree_link(&tree, "/etc/systemd/system/multi-user.target.wants/kdump-tools.service",
                  "/lib/systemd/system/kdump-tools.service");
        ck_assert(services_is_enabled(tree.fd, unit));
        ck_assert(!services_is_enabled(tree.fd, "kdump.service"));
        tree_link(&tree, "/etc/systemd/system/kdump-tools.service", "/dev/null");
        ck_assert(!services_is_enabled(tree.fd, unit));
        tree_link(&tree, "/usr/lib/systemd/system/basic.target.requires/kdump.service",
                  "../kdump.service");
        ck_assert(services_is_enabled(tree.fd, "kdump.service"));
}
END_TEST

START_TEST(test_too_many_rows) {
        checks = (Checks){ 0 };
        for (size_t i = 0; i < CHECKS_MAX + 2; i++)
                checks_add(&checks, i == CHECKS_MAX ? CHECK_FAILED : CHECK_LEFT, "machine",
                           "a line\n%zu", i);
        ck_assert_uint_eq(checks.n, CHECKS_MAX);
        ck_assert(!checks_have(&checks, CHECK_FAILED));
        ck_assert_str_eq(checks.items[3].text, "a line?3");
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, test_good);
        ADD_FIXTURE_TEST(suite, test_virtualization);
        ADD_FIXTURE_TEST(suite, test_kernel);
        ADD_FIXTURE_TEST(suite, test_config_places);
        ADD_FIXTURE_TEST(suite, test_secure_boot);
        ADD_FIXTURE_TEST(suite, test_collector_and_room);
        ADD_FIXTURE_TEST(suite, test_services);
        ADD_TEST(suite, test_too_many_rows);
}

TEST_MAIN("setup-machine", add_cases)
