/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kdumpctl finds out of the files of a capture, and of makedumpfile. */
#include "sys/needs.h"

#include <stdio.h>

#include "fake-kernel.h"
#include "sys/gzip.h"
#include "test.h"
#include "tree.h"

#define MIB     (UINT64_C(1) << 20)
#define MACHINE "x86_64"
#define RELEASE "6.1.99-test"

static Tree tree;
static Settings settings;
static Needs needs;
static Error error;

static void set(const char *key, const char *value) {
        Error reason;

        ck_assert_int_eq(settings_set(&settings, "Image", key, value, &reason), 0);
}

static void setup(void) {
        uint8_t image[FAKE_KERNEL_SIZE];

        tree_init(&tree);
        ck_assert_int_eq(settings_init(&settings), 0);
        fake_kernel(image, "6.1.99-test");
        tree_bytes(&tree, "/boot/vmlinuz-6.1.99-test", image, sizeof(image));
        tree_text(&tree, "/proc/meminfo", "MemTotal:        2097152 kB\nMemFree: 1 kB\n");
        set("Kernel", "/boot/vmlinuz-6.1.99-test");
        error.text[0] = '\0';
}

static void teardown(void) {
        needs_done(&needs);
        settings_done(&settings);
        tree_done(&tree);
}

static void find(Failure wanted) {
        needs_done(&needs);
        ck_assert_uint_eq(needs_find(tree.fd, &settings, MACHINE, RELEASE, &needs, &error), wanted);
}

START_TEST(test_own) {
        tree_text(&tree, "/var/lib/kdumpd/6.1.99-test/initramfs.img", "12345678");
        tree_text(&tree, "/var/lib/kdumpd/6.1.99-test/inputs.json",
                  "{\"PackedBytes\":8,\"UnpackedBytes\":7000000,\"Files\":[{\"Path\":\"/x\"}]}");
        tree_text(&tree, "/sys/kernel/crash_elfcorehdr_size", "917616\n");
        find(FAILURE_NONE);
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
        find(FAILURE_NONE);
        ck_assert(needs.unpacked_is_guess);
        ck_assert_uint_eq(needs.input.initrd_unpacked_bytes, 24);
        ck_assert_uint_eq(needs.input.elfcorehdr_bytes, 524288);
        tree_text(&tree, "/boot/other.img", "0707010000000");
        find(FAILURE_NONE);
        ck_assert(!needs.unpacked_is_guess);
        ck_assert_uint_eq(needs.input.initrd_unpacked_bytes, 13);
        set("Initrd", "none");
        find(FAILURE_NONE);
        ck_assert_ptr_null(needs.initrd);
        ck_assert_uint_eq(needs.estimate.initrd, 0);
}
END_TEST

/* Before the first one was built, one of a usual size is assumed, and that is said. */
START_TEST(test_not_yet) {
        uint64_t without;

        find(FAILURE_NONE);
        ck_assert(needs.initrd_is_assumed);
        ck_assert_ptr_null(needs.initrd);
        ck_assert_uint_gt(needs.input.initrd_bytes, 0);
        ck_assert_uint_gt(needs.input.initrd_unpacked_bytes, needs.input.initrd_bytes);
        without = needs.estimate.advice;
        set("Initrd", "none");
        find(FAILURE_NONE);
        ck_assert(!needs.initrd_is_assumed);
        ck_assert_uint_lt(needs.estimate.advice, without);
}
END_TEST

/* What this user may not look at is no answer, and named. */
START_TEST(test_closed) {
        tree_text(&tree, "/var/lib/kdumpd/6.1.99-test/initramfs.img", "12345678");
        tree_close(&tree, "/var/lib/kdumpd");
        find(FAILURE_NONE);
        tree_reopen(&tree, "/var/lib/kdumpd");
        ck_assert(needs.initrd_is_assumed);
        ck_assert_str_eq(needs.unseen, "whether there is a capture initramfs in '/var/lib/kdumpd'");
        find(FAILURE_NONE);
        ck_assert_str_eq(needs.unseen, "");
        tree_close(&tree, "/var/lib/kdumpd/6.1.99-test/initramfs.img");
        find(FAILURE_NONE);
        tree_reopen(&tree, "/var/lib/kdumpd/6.1.99-test/initramfs.img");
        ck_assert_uint_eq(needs.input.initrd_bytes, 8);
        ck_assert(needs.unpacked_is_guess && !needs.initrd_is_assumed);
        ck_assert_str_eq(needs.unseen, "how large '/var/lib/kdumpd/6.1.99-test/initramfs.img' is "
                                       "unpacked");
        tree_close(&tree, "/boot/vmlinuz-6.1.99-test");
        find(FAILURE_NO_KERNEL);
        ck_assert_str_eq(error.text,
                         "the kernel \"/boot/vmlinuz-6.1.99-test\" cannot be read: run as root "
                         "(Kernel= in kdumpd.conf)");
        set("Kernel", "auto");
        find(FAILURE_NO_KERNEL);
        tree_reopen(&tree, "/boot/vmlinuz-6.1.99-test");
        tree_close(&tree, "/boot");
        find(FAILURE_NO_KERNEL);
        tree_reopen(&tree, "/boot");
        ck_assert_str_eq(error.text,
                         "which image of the running kernel is found is not known, as \"/boot\" "
                         "cannot be looked at: run as root");
}
END_TEST

#define FLAGS(flags) "processor\t: 0\nflags\t\t: fpu " flags " lm\n\nprocessor\t: 1\n"
#define LINE(line)   "6,1,0,-;Linux version 6.1\n" line "\n6,3,0,-;x\n"

/* Whether memory is encrypted, by each of the ways in which that shows. That the processor could
 * do so is none. */
START_TEST(test_encrypted) {
        static const struct {
                const char *path, *text;
                const char *flags, *words;
                bool active;
        } cases[] = {
                { "/x", "", FLAGS("sme sev sev_es"), "quiet", false },
                { "/x", "", FLAGS("sme sev"), "mem_encrypt=on quiet", true },
                { "/x", "", FLAGS("sme"), "mem_encrypt=on mem_encrypt=off", false },
                { "/x", "", FLAGS("sme"), "xmem_encrypt=on", false },
                { "/x", "", FLAGS("vmx"), "mem_encrypt=on", false },
                { "/x", "", FLAGS("smep smap sme2"), "mem_encrypt=on", false },
                { "/x", "", FLAGS("sme hypervisor"), "", false },
                { "/x", "", FLAGS("hypervisor sev"), "", true },
                { "/x", "", FLAGS("tdx_guest hypervisor"), "", true },
                { "/x", "", FLAGS("tdx_host_platform"), "", false },
                { "/dev/kmsg", LINE("6,2,0,-;AMD Memory Encryption Features active: SME"),
                  FLAGS("sme"), "", true },
                { "/dev/kmsg", LINE("6,2,0,-;Memory Encryption Features active: AMD SEV SEV-ES"),
                  FLAGS("hypervisor"), "", true },
                { "/dev/kmsg", LINE("14,2,0,-;Memory Encryption Features active: AMD SEV"),
                  FLAGS("hypervisor"), "", false },
                { "/dev/kmsg", LINE("6,2,0,-;x: Memory Encryption Features active: AMD SEV"),
                  FLAGS("hypervisor"), "", false },
                { "/sys/firmware/uv/prot_virt_guest", "1\n", "", "", true },
                { "/sys/firmware/uv/prot_virt_guest", "0\n", "", "", false },
                { "/sys/devices/system/cpu/svm", "1\n", "", "", true },
                { "/sys/devices/system/cpu/sev/vmpl", "0\n", "", "", true },
        };

        set("Initrd", "none");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                tree_text(&tree, cases[i].path, cases[i].text);
                tree_text(&tree, "/proc/cpuinfo", cases[i].flags);
                tree_text(&tree, "/proc/cmdline", cases[i].words);
                find(FAILURE_NONE);
                ck_assert_msg(needs.input.is_encrypted == cases[i].active, "case %zu", i);
                ck_assert_uint_eq(needs.estimate.bounce, cases[i].active ? 64 * MIB : 0);
                tree_unlink(&tree, cases[i].path);
        }
        tree_text(&tree, "/dev/kmsg", "");
        tree_text(&tree, "/proc/cpuinfo", FLAGS("hypervisor"));
        tree_close(&tree, "/dev/kmsg");
        find(FAILURE_NONE);
        tree_reopen(&tree, "/dev/kmsg");
        ck_assert_str_eq(needs.unseen, "in the kernel's log, whether memory encryption is active");
}
END_TEST

START_TEST(test_missing) {
        set("Initrd", "/boot/other.img");
        find(FAILURE_NO_INITRD);
        ck_assert_str_eq(error.text,
                         "the initrd \"/boot/other.img\" cannot be opened: No such file or "
                         "directory (Initrd= in kdumpd.conf)");
        tree_dir(&tree, "/boot/other.img/");
        find(FAILURE_NO_INITRD);
        ck_assert_ptr_nonnull(strstr(error.text, "\"/boot/other.img\" is a directory"));
        set("Kernel", "/boot/nothing");
        find(FAILURE_NO_KERNEL);
        ck_assert_ptr_nonnull(strstr(error.text, "\"/boot/nothing\""));
        set("Kernel", "auto");
        tree_unlink(&tree, "/boot/vmlinuz-6.1.99-test");
        find(FAILURE_NO_KERNEL);
        ck_assert_ptr_nonnull(strstr(error.text, "no image of the running kernel"));
        ck_assert_ptr_nonnull(strstr(error.text, "tried /boot/vmlinuz-6.1.99-test, "));
}
END_TEST

/* A kernel that does not tell its release does so by its name, and the initrd is that one's. */
START_TEST(test_named_kernel) {
        uint8_t image[FAKE_KERNEL_SIZE];

        fake_kernel(image, "");
        tree_bytes(&tree, "/boot/vmlinuz-6.9.9-other", image, sizeof(image));
        tree_text(&tree, "/var/lib/kdumpd/6.9.9-other/initramfs.img", "12345678");
        set("Kernel", "/boot/vmlinuz-6.9.9-other");
        find(FAILURE_NONE);
        ck_assert_str_eq(needs.initrd, "/var/lib/kdumpd/6.9.9-other/initramfs.img");
}
END_TEST

START_TEST(test_bad_kernel) {
        tree_text(&tree, "/boot/junk", "junk");
        set("Kernel", "/boot/junk");
        find(FAILURE_BAD_KERNEL);
        ck_assert_ptr_nonnull(strstr(error.text, "the kernel \"/boot/junk\" cannot be loaded: "));
}
END_TEST

/* What it is packed in does not count, and what is none is called that. */
START_TEST(test_other_architecture) {
        uint8_t flat[FAKE_FLAT_SIZE];
        _cleanup_free_ void *packed = NULL;
        size_t n;

        fake_flat(flat, FAKE_ARM64);
        ck_assert_int_eq(gzip_pack(flat, sizeof(flat), &packed, &n), 0);
        tree_bytes(&tree, "/boot/Image.gz", packed, n);
        set("Kernel", "/boot/Image.gz");
        set("Initrd", "none");
        ck_assert_uint_eq(needs_find(tree.fd, &settings, "aarch64", RELEASE, &needs, &error), 0);
        ck_assert_uint_eq(needs.input.kernel_bytes, FAKE_FLAT_MEMORY);
        ck_assert_uint_eq(needs.estimate.kernel, FAKE_FLAT_MEMORY);
        find(FAILURE_BAD_KERNEL);
        ck_assert_str_eq(error.text, "the kernel \"/boot/Image.gz\" cannot be loaded: it is "
                                     "compressed with gzip: unpack it (Kernel= in kdumpd.conf)");
}
END_TEST

/* A note that makes no sense is none. */
START_TEST(test_bad_note) {
        tree_text(&tree, "/var/lib/kdumpd/6.1.99-test/initramfs.img", "12345678");
        tree_text(&tree, "/var/lib/kdumpd/6.1.99-test/inputs.json", "{\"UnpackedBytes\":");
        find(FAILURE_NONE);
        ck_assert(needs.unpacked_is_guess);
        ck_assert_uint_eq(needs.input.initrd_unpacked_bytes, 24);
}
END_TEST

static void add_cases(Suite *suite) {
        ADD_FIXTURE_TEST(suite, test_own);
        ADD_FIXTURE_TEST(suite, test_others);
        ADD_FIXTURE_TEST(suite, test_not_yet);
        ADD_FIXTURE_TEST(suite, test_closed);
        ADD_FIXTURE_TEST(suite, test_encrypted);
        ADD_FIXTURE_TEST(suite, test_missing);
        ADD_FIXTURE_TEST(suite, test_named_kernel);
        ADD_FIXTURE_TEST(suite, test_bad_kernel);
        ADD_FIXTURE_TEST(suite, test_other_architecture);
        ADD_FIXTURE_TEST(suite, test_bad_note);
}

TEST_MAIN("needs", add_cases)
