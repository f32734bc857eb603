/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl finds out of the files of a capture, and of makedumpfile. */
#include "ctl/needs.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "ctl/collector.h"
#include "fake-kernel.h"
#include "test.h"
#include "tree.h"

#define MIB (UINT64_C(1) << 20)

static Tree tree;
static Settings settings;
static Needs needs;
static char error[NEEDS_ERROR_MAX];

static void set(const char *key, const char *value) {
        char reason[SETTINGS_ERROR_MAX];

        ck_assert_int_eq(settings_set(&settings, "Image", key, value, reason), 0);
}

static void setup(void) {
        uint8_t image[FAKE_KERNEL_SIZE];

        tree_init(&tree);
        ck_assert_int_eq(settings_init(&settings), 0);
        fake_kernel(image, "6.1.99-test");
        tree_bytes(&tree, "/boot/vmlinuz-6.1.99-test", image, sizeof(image));
        tree_text(&tree, "/proc/meminfo", "MemTotal:        2097152 kB\nMemFree: 1 kB\n");
        set("Kernel", "/boot/vmlinuz-6.1.99-test");
        error[0] = '\0';
}

static void teardown(void) {
        needs_done(&needs);
        settings_done(&settings);
        tree_done(&tree);
}

static void find(int wanted) {
        needs_done(&needs);
        ck_assert_int_eq(needs_find(tree.fd, &settings, &needs, error), wanted);
}

START_TEST(test_own) {
        tree_text(&tree, "/var/lib/kdumpd/6.1.99-test/initramfs.img", "12345678");
        tree_text(&tree, "/var/lib/kdumpd/6.1.99-test/inputs.json",
                  "{\"PackedBytes\":8,\"UnpackedBytes\":7000000,\"Files\":[{\"Path\":\"/x\"}]}");
        tree_text(&tree, "/sys/kernel/crash_elfcorehdr_size", "917616\n");
        find(0);
        ck_assert_str_eq(needs.initrd, "/var/lib/kdumpd/6.1.99-test/initramfs.img");
        ck_assert_uint_eq(needs.input.kernel_bytes, FAKE_INIT_SIZE);
        ck_assert_uint_eq(needs.input.initrd_bytes, 8);
        ck_assert_uint_eq(needs.input.initrd_unpacked_bytes, 7000000);
        ck_assert_uint_eq(needs.input.elfcorehdr_bytes, 917616);
        ck_assert_uint_eq(needs.input.memory_bytes, 2048 * MIB);
        ck_assert(!needs.unpacked_is_guess);
        ck_assert_uint_gt(needs.estimate.advice, needs.estimate.needed);
}
END_TEST

/* Somebody else's says nothing of itself. */
START_TEST(test_others) {
        set("Initrd", "/boot/other.img");
        tree_text(&tree, "/boot/other.img", "\x28\xb5\x2f\xfd....");
        find(0);
        ck_assert(needs.unpacked_is_guess);
        ck_assert_uint_eq(needs.input.initrd_unpacked_bytes, 24);
        ck_assert_uint_eq(needs.input.elfcorehdr_bytes, 524288);
        tree_text(&tree, "/boot/other.img", "0707010000000");
        find(0);
        ck_assert(!needs.unpacked_is_guess);
        ck_assert_uint_eq(needs.input.initrd_unpacked_bytes, 13);
        set("Initrd", "none");
        find(0);
        ck_assert_ptr_null(needs.initrd);
        ck_assert_uint_eq(needs.estimate.initrd, 0);
}
END_TEST

START_TEST(test_missing) {
        find(-ENOENT);
        ck_assert_ptr_nonnull(strstr(error, "no capture initramfs for 6.1.99-test"));
        set("Initrd", "/boot/other.img");
        find(-ENOENT);
        ck_assert_str_eq(error, "'/boot/other.img' cannot be read: No such file or directory.");
        tree_dir(&tree, "/boot/other.img/");
        find(-EBADMSG);
        ck_assert_str_eq(error, "'/boot/other.img' cannot be read: it is no regular file.");
        set("Kernel", "/boot/nothing");
        find(-ENOENT);
        ck_assert_ptr_nonnull(strstr(error, "'/boot/nothing'"));
        set("Kernel", "auto");
        find(-ENOENT);
        ck_assert_ptr_nonnull(strstr(error, "No image of the running kernel"));
}
END_TEST

START_TEST(test_bad_kernel) {
        struct utsname uts;

        ck_assert_int_eq(uname(&uts), 0);
        if (!streq(uts.machine, "x86_64"))
                return;
        tree_text(&tree, "/boot/junk", "junk");
        set("Kernel", "/boot/junk");
        find(-EBADMSG);
        ck_assert_ptr_nonnull(strstr(error, "'/boot/junk' is no kernel that can be loaded: "));
}
END_TEST

/* A note that makes no sense is none. */
START_TEST(test_bad_note) {
        tree_text(&tree, "/var/lib/kdumpd/6.1.99-test/initramfs.img", "12345678");
        tree_text(&tree, "/var/lib/kdumpd/6.1.99-test/inputs.json", "{\"UnpackedBytes\":");
        find(0);
        ck_assert(needs.unpacked_is_guess);
        ck_assert_uint_eq(needs.input.initrd_unpacked_bytes, 24);
}
END_TEST

static CollectorKnows ask(const char *script) {
        _cleanup_free_ char *text = NULL;
        char program[128];

        ck_assert_int_gt(asprintf(&text, "#!/bin/sh\n%s\n", script), 0);
        tree_text(&tree, "/makedumpfile", text);
        ck_assert_int_eq(fchmodat(tree.fd, "makedumpfile", 0755, 0), 0);
        strscpyf(program, sizeof(program), "%s/makedumpfile -l -d 31", tree.path);
        return collector_knows_kernel(program);
}

START_TEST(test_collector) {
        ck_assert_int_eq(ask("[ \"$*\" = '--mem-usage /proc/kcore' ]"), COLLECTOR_KNOWS);
        ck_assert_int_eq(ask("exit 1"), COLLECTOR_SILENT);
        ck_assert_int_eq(ask("echo 'The kernel version is not supported.' >&2; exit 1"),
                         COLLECTOR_DOES_NOT_KNOW);
        ck_assert_int_eq(ask("echo 'The makedumpfile operation may be incomplete.'"),
                         COLLECTOR_DOES_NOT_KNOW);
        /* More than anybody reads. */
        ck_assert_int_eq(ask("yes"), COLLECTOR_SILENT);
        ck_assert_int_eq(collector_knows_kernel("/bin/cat"), COLLECTOR_SILENT);
        ck_assert_int_eq(collector_knows_kernel("/nothing/makedumpfile"), COLLECTOR_SILENT);
        ck_assert_int_eq(collector_knows_kernel(""), COLLECTOR_SILENT);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, test_own);
        ADD_FIXTURE_TEST(suite, test_others);
        ADD_FIXTURE_TEST(suite, test_missing);
        ADD_FIXTURE_TEST(suite, test_bad_kernel);
        ADD_FIXTURE_TEST(suite, test_bad_note);
        ADD_FIXTURE_TEST(suite, test_collector);
}

TEST_MAIN("needs", add_cases)
