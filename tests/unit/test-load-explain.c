/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/explain: which of its meanings an error has, by what the machine says. */
#include "fake-load.h"
#include "load/explain.h"
#include "sys/crash-keys.h"

#define MIB UINT64_C(1048576)

static void setup(void) {
        load_init("268435456\n", false);
        report.loader = strdup("kexec_file_load");
        report.kernel.path = strdup(KERNEL);
        report.kernel.size = 12 * MIB;
        report.initrd.size = 30 * MIB;
        report.needed_bytes = 100 * MIB;
}

static void check_on(const char *architecture, int error, Failure failure, const char *part) {
        ck_assert_uint_eq(load_explain(tree.fd, architecture, -error, REMAINS_LOOK, &report),
                          failure);
        ck_assert_msg(strstr(report.message, part), "\"%s\" is not in: %s", part, report.message);
}

static void check(int error, Failure failure, const char *part) {
        check_on("x86_64", error, failure, part);
}

static void set_loader(const char *name) {
        free(report.loader);
        report.loader = strdup(name);
}

/* Whether it is about the CPU only its own line tells, and only on x86. */
START_TEST(tdx) {
        static const char *const others[] = {
                "",
                "processor\t: 0\nflags\t\t: tdx_pw_mce\nbugs\t\t: spectre_v1 tdx_pw_mce2\n",
                "processor\t: 0\nbugs\t\t:\nmodel name\t: tdx_pw_mce\n",
        };
        _cleanup_free_ char *large = malloc(1 << 20);

        check(EOPNOTSUPP, FAILURE_NO_KEXEC, "supports no crash kernel image by this system call");
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                tree_text(&tree, "/proc/cpuinfo", others[i]);
                check(EOPNOTSUPP, FAILURE_NO_KEXEC, "supports no crash kernel image");
        }
        tree_text(&tree, "/proc/cpuinfo",
                  "processor\t: 0\nflags\t\t: fpu\nbugs\t\t: spectre_v1 tdx_pw_mce bhi\n");
        check(EOPNOTSUPP, FAILURE_NO_KEXEC, "turn TDX off in the firmware");
        set_loader("kexec_load"); /* which is refused in the same way */
        check(EOPNOTSUPP, FAILURE_NO_KEXEC, "turn TDX off in the firmware");
        check_on("aarch64", EOPNOTSUPP, FAILURE_NO_KEXEC, "supports no crash kernel image");
        check(ENOSYS, FAILURE_NO_KEXEC, "CONFIG_KEXEC_FILE");

        /* A file with a part for each of many CPUs. */
        memset(large, '\n', 1 << 20);
        large[(1 << 20) - 1] = '\0';
        memcpy(large, "processor\t: 0\nbugs\t\t: tdx_pw_mce", 33);
        tree_text(&tree, "/proc/cpuinfo", large);
        check(EOPNOTSUPP, FAILURE_NO_KEXEC, "turn TDX off in the firmware");
}
END_TEST

START_TEST(keys) {
        check(ENOKEY, FAILURE_SIGNATURE, "enrol the key");
        tree_text(&tree, CRASH_KEYS "/count", "0\n");
        tree_text(&tree, CRASH_KEYS "/reuse", "0\n");
        check(ENOKEY, FAILURE_SIGNATURE, "enrol the key");
        tree_text(&tree, CRASH_KEYS "/2/description", "cryptsetup:two\n");
        tree_text(&tree, CRASH_KEYS "/1/description", "cryptsetup:one\n");
        check(ENOKEY, FAILURE_SYSTEM, "the key \"cryptsetup:one\" of an encrypted disk");
        ck_assert_ptr_nonnull(strstr(report.message, KERNEL));
        check(EKEYEXPIRED, FAILURE_SYSTEM, "the key \"cryptsetup:one\" of an encrypted disk");
        check(EKEYREVOKED, FAILURE_SYSTEM, "the key \"cryptsetup:one\" of an encrypted disk");
        check(EKEYREJECTED, FAILURE_SIGNATURE, "its signature was rejected");
        check(EINVAL, FAILURE_SYSTEM, "could not describe the machine");
        /* Whatever has made the directory has not got any further. */
        tree_text(&tree, CRASH_KEYS "/3/description", "(null)\n");
        check(EINVAL, FAILURE_SYSTEM, "the key \"3\" in " CRASH_KEYS " has no description");
        check(ENOKEY, FAILURE_SYSTEM, "of an encrypted disk");
        /* The other system call hands none over. */
        set_loader("kexec_load");
        check(EINVAL, FAILURE_SYSTEM, "rejected the arguments");
}
END_TEST

START_TEST(memory) {
        check(ENOMEM, FAILURE_TOO_SMALL, "the crash reservation has no room in one piece");
        tree_text(&tree, "/proc/meminfo",
                  "MemTotal:        8000000 kB\nMemFree:  1 kB\nMemAvailable:    4000000 kB\n");
        check(ENOMEM, FAILURE_TOO_SMALL, "larger crashkernel=");
        tree_text(&tree, "/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 43008 kB\n");
        check(ENOMEM, FAILURE_TOO_SMALL, "larger crashkernel=");
        tree_text(&tree, "/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 43007 kB\n");
        check(ENOMEM, FAILURE_SYSTEM, "free some and try again");
}
END_TEST

START_TEST(arguments) {
        static const struct {
                const char *architecture;
                Failure failure;
                const char *part;
        } cases[] = {
                { "x86_64", FAILURE_SYSTEM, "set Loader=kexec_load" },
                { "aarch64", FAILURE_BAD_KERNEL,
                  "\"" KERNEL "\" was not accepted: it is no Image" },
                { "loongarch64", FAILURE_BAD_KERNEL, "no image of LoongArch" },
                { "s390x", FAILURE_BAD_KERNEL, "no image of s390" },
                { "riscv64", FAILURE_SYSTEM, "it takes 512 bytes" },
                { "ppc64le", FAILURE_SYSTEM, "device tree" },
                { "m68k", FAILURE_SYSTEM, "rejected the arguments" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                check_on(cases[i].architecture, EINVAL, cases[i].failure, cases[i].part);
                ck_assert_ptr_nonnull(strstr(report.message, "EINVAL"));
        }
        tree_text(&tree, "/proc/meminfo", "MemTotal: 204800 kB\n");
        check(EINVAL, FAILURE_SYSTEM, "set Loader=kexec_load");
        tree_text(&tree, "/proc/meminfo", "MemTotal: 204799 kB\n");
        check(EINVAL, FAILURE_SYSTEM, "more than half of the memory");
        set_loader("kexec_load");
        check(EINVAL, FAILURE_SYSTEM, "more than half of the memory");
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, tdx);
        ADD_FIXTURE_TEST(s, keys);
        ADD_FIXTURE_TEST(s, memory);
        ADD_FIXTURE_TEST(s, arguments);
}

TEST_MAIN("load-explain", add_cases)
