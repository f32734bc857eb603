/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/: the shipped flow on a fake machine with a kernel that plays along. */
#include "test.h"

#include "core/backoff.h"
#include "core/kexec-mark.h"
#include "fake-load.h"
#include "fake-uki.h"
#include "load/execute.h"
#include "load/text.h"
#include "sys/gzip.h"

#define LIMIT   "/proc/sys/kernel/kexec_load_limit_panic"
#define CONTROL (1048576 + 4096)

/* What the fake kernel does and has seen. */
typedef struct Fake {
        int load_result;   /* of the calls after the busy ones */
        int unload_result; /* likewise */
        bool drops;        /* a load that fails has dropped the image before */
        unsigned busy;     /* this many calls meet the lock first */
        unsigned locked;   /* somebody has the lock, and has it for this many waits more */
        unsigned limit;    /* what is left of kernel.kexec_load_limit_panic; 0: there is none */

        unsigned loads, unloads, waits;
        char order[128]; /* 'L' and 'U' */
        uint64_t waited_usec;
        uint64_t unload_usec; /* when the last unload was */
        unsigned flags;
        bool has_kernel, has_initrd; /* the descriptors were those of the files */
        char command_line[4096];
} Fake;

static Fake fake;

static bool is_file(int fd, const char *path) {
        struct stat a, b;

        return fd >= 0 && fstat(fd, &a) == 0 && fstatat(tree.fd, path + 1, &b, 0) == 0 &&
               a.st_ino == b.st_ino;
}

static int next_result(char what, int result) {
        size_t n = strlen(fake.order);

        if (n + 1 < sizeof(fake.order))
                fake.order[n] = what;
        if (fake.limit > 0) {
                char text[16];

                fake.limit--;
                strscpyf(text, sizeof(text), "%u\n", fake.limit);
                tree_text(&tree, LIMIT, text);
        }
        if (fake.busy > 0 || fake.locked > 0) {
                fake.busy -= fake.busy > 0;
                return -EBUSY;
        }
        return result;
}

static bool fake_is_busy(void *userdata, int root_fd) {
        ck_assert_int_eq(root_fd, tree.fd);
        return fake.locked > 0;
}

static int fake_load(void *userdata, int kernel_fd, int initrd_fd, const char *command_line,
                     unsigned flags) {
        int r = next_result('L', fake.load_result);

        ck_assert_ptr_eq(userdata, &fake);
        fake.loads++;
        fake.flags = flags;
        fake.has_kernel = is_file(kernel_fd, KERNEL);
        fake.has_initrd = is_file(initrd_fd, INITRD);
        strscpy(fake.command_line, sizeof(fake.command_line), command_line);
        if (r == 0 || (fake.drops && r != -EBUSY))
                set_loaded(r == 0);
        return r;
}

static int fake_unload(void *userdata) {
        int r = next_result('U', fake.unload_result);

        fake.unloads++;
        fake.unload_usec = monotonic_usec();
        while (monotonic_usec() == fake.unload_usec)
                ;
        if (r == 0)
                set_loaded(false);
        return r;
}

static void fake_wait(void *userdata, uint64_t usec) {
        ck_assert_uint_ge(usec, 50000);
        ck_assert_uint_le(usec, 100000);
        fake.waits++;
        fake.locked -= fake.locked > 0;
        fake.waited_usec += usec;
}

static const KexecOps ops = {
        .file_load = fake_load,
        .unload = fake_unload,
        .is_busy = fake_is_busy,
        .wait_usec = fake_wait,
        .userdata = &fake,
};

static void setup(void) {
        load_init("268435456\n", false);
        tree_text(&tree, "/sys/kernel/crash_elfcorehdr_size", "917616\n");
        fake = (Fake){ 0 };
}

static bool keeps_reserve;
static const char *new_mark;

static Failure run_on(const char *architecture) {
        LoadRequest request = { .root_fd = tree.fd,
                                .settings = &settings,
                                .architecture = architecture,
                                .release = R,
                                .keeps_reserve = keeps_reserve,
                                .mark = new_mark };
        Failure failure;

        prepared_done(&prepared);
        load_report_done(&report);
        failure = load_prepare(&request, &prepared, &report);
        if (failure == FAILURE_NONE)
                failure = load_execute(&request, &prepared, &ops, &report);
        ck_assert_uint_eq(report.failure, failure);
        return failure;
}

/* A run that fails in this way, with a sentence that has this part. */
static void fails_with(Failure failure, const char *part) {
        ck_assert_str_eq(failure_to_string(run_on("x86_64")), failure_to_string(failure));
        ck_assert_ptr_nonnull(report.message);
        ck_assert_msg(strstr(report.message, part), "\"%s\" is not in: %s", part, report.message);
}

static void refused(Failure failure, const char *part) {
        fails_with(failure, part);
        ck_assert_str_eq(fake.order, ""); /* before anything was touched */
        ck_assert_int_eq(prepared.kernel_fd, -EBADF);
}

START_TEST(good) {
        struct stat st;

        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "L");
        ck_assert(fake.has_kernel);
        ck_assert(fake.has_initrd);
        ck_assert_uint_eq(fake.flags, 0x2);
        ck_assert_str_eq(fake.command_line, "root=/dev/sda1 ro nr_cpus=1 irqpoll reset_devices "
                                            "panic=10 acpi_no_memhotplug " WORD);
        ck_assert_str_eq(report.command_line, fake.command_line);
        ck_assert_ptr_null(report.message);
        ck_assert_str_eq(report.kernel.path, KERNEL);
        ck_assert_str_eq(report.initrd.path, INITRD);
        ck_assert_int_eq(fstatat(tree.fd, &(KERNEL)[1], &st, 0), 0);
        ck_assert_uint_eq(report.kernel.inode, st.st_ino);
        ck_assert_uint_eq(report.kernel.device, st.st_dev);
        ck_assert_uint_eq(report.kernel.size, FAKE_KERNEL_SIZE);
        ck_assert_uint_eq(report.kernel.mtime_nsec,
                          (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec);
        ck_assert_uint_eq(report.initrd.size, strlen("an initrd"));
        ck_assert_str_eq(report.kernel_release, R);
        ck_assert_str_eq(report.loader, "kexec_file_load");
        ck_assert_uint_gt(strlen(report.loader_reason), 0);
        ck_assert_uint_eq(report.flags, 0x2);
        ck_assert_uint_eq(report.reservation_bytes, 268435456);
        /* 8 MiB, a page, 225 pages, and what the kernel takes itself where no memory is known. */
        ck_assert_uint_eq(report.needed_bytes, FAKE_INIT_SIZE + 4096 + 225 * 4096 + CONTROL);
        ck_assert(!report.had_image);
        ck_assert_uint_gt(report.call_start_usec, 0);
        ck_assert_uint_ge(report.call_end_usec, report.call_start_usec);
        ck_assert_uint_eq(report.busy_tries, 0);
}
END_TEST

/* What the kernel of a call is: that of the tree's image, and open for reading only. */
static int load_unified(void *userdata, int kernel_fd, int initrd_fd, const char *command_line,
                        unsigned flags) {
        uint8_t content[FAKE_KERNEL_SIZE];
        size_t n;

        ck_assert_int_eq(read_at(kernel_fd, content, sizeof(content), 0, &n), 0);
        ck_assert_uint_eq(n, sizeof(content));
        ck_assert_int_eq(memcmp(content, image, sizeof(content)), 0);
        ck_assert_int_eq(fcntl(kernel_fd, F_GETFL) & O_ACCMODE, O_RDONLY);
        ck_assert_int_eq(lseek(kernel_fd, 0, SEEK_END), FAKE_KERNEL_SIZE);
        return fake_load(userdata, kernel_fd, initrd_fd, command_line, flags);
}

/* The kernel in it is what is loaded, and the file what is told. */
START_TEST(unified_kernel) {
        static uint8_t file[65536];
        size_t size = fake_uki(file);
        KexecOps unified = ops;
        LoadRequest request = {
                .root_fd = tree.fd, .settings = &settings, .architecture = "x86_64", .release = R
        };

        unified.file_load = load_unified;
        tree_unlink(&tree, KERNEL);
        size = fake_uki_add(file, size, ".uname", R, strlen(R));
        size = fake_uki_add(file, size, ".linux", image, sizeof(image));
        tree_bytes(&tree, "/efi/EFI/Linux/any.efi", file, size);
        ck_assert_uint_eq(load_prepare(&request, &prepared, &report), FAILURE_NONE);
        ck_assert_uint_eq(load_execute(&request, &prepared, &unified, &report), FAILURE_NONE);
        ck_assert_str_eq(report.kernel.path, "/efi/EFI/Linux/any.efi");
        ck_assert_uint_eq(report.kernel.size, size);
        ck_assert_str_eq(report.kernel_release, R);
        ck_assert(!fake.has_kernel);

        tree_text(&tree, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        fake = (Fake){ 0 };
        refused(FAILURE_LOCKDOWN, "the kernel in \"/efi/EFI/Linux/any.efi\" has no signature of");
        tree_unlink(&tree, "/sys/kernel/security/lockdown");
        set("Kernel", "/efi/EFI/Linux/any.efi");
        put_le(file + FAKE_UKI_SECTIONS + 40 + 20, size, 4);
        tree_bytes(&tree, "/efi/EFI/Linux/any.efi", file, size);
        refused(FAILURE_BAD_KERNEL, "it is cut short");
}
END_TEST

START_TEST(replace_atomic) {
        set_loaded(true);
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "L");
        ck_assert(report.had_image);
}
END_TEST

START_TEST(replace_explicit) {
        set("Replace", "explicit");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "L"); /* nothing to unload */
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "LUL");
        ck_assert(report.had_image);
        /* The gap begins with the unload. */
        ck_assert_uint_le(report.call_start_usec, fake.unload_usec);
        ck_assert_uint_gt(report.call_end_usec, fake.unload_usec);
        fake = (Fake){ .load_result = -ENOEXEC };
        fails_with(FAILURE_BAD_KERNEL, "is gone");
        ck_assert_str_eq(fake.order, "UL");
        set_loaded(true);
        fake = (Fake){ .unload_result = -EPERM };
        fails_with(FAILURE_NOT_PERMITTED, "is still there");
        ck_assert_str_eq(fake.order, "U");
}
END_TEST

START_TEST(explicit_needs_two) {
        set("Replace", "explicit");
        set_loaded(true);
        tree_text(&tree, "/proc/sys/kernel/kexec_load_limit_panic", "1\n");
        fails_with(FAILURE_LIMIT, "Replace=explicit takes two");
        ck_assert_str_eq(fake.order, "");
        tree_text(&tree, "/proc/sys/kernel/kexec_load_limit_panic", "2\n");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "UL");
        tree_text(&tree, "/proc/sys/kernel/kexec_load_limit_panic", "1\n");
        set("Replace", "atomic");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
}
END_TEST

/* The last call is root's, who loads by hand; but for a first image, which takes no other's
 * place. */
START_TEST(last_call_is_kept) {
        keeps_reserve = true;
        set_loaded(true);
        tree_text(&tree, LIMIT, "1\n");
        fails_with(FAILURE_LIMIT, "kept for kdump-load by hand");
        ck_assert_str_eq(fake.order, "");
        set_loaded(false);
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "L");
        keeps_reserve = false;
        set_loaded(true);
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
}
END_TEST

START_TEST(busy_then_good) {
        fake.busy = 3;
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "LLLL");
        ck_assert_uint_eq(report.busy_tries, 3);
        ck_assert_uint_eq(fake.waits, 3);
}
END_TEST

START_TEST(busy_for_ever) {
        set_loaded(true);
        fake.busy = 1000;
        fails_with(FAILURE_BUSY, "kexec lock");
        ck_assert_ptr_nonnull(strstr(report.message, "is still there"));
        ck_assert_uint_eq(fake.loads, BUSY_TRIES);
        ck_assert_uint_eq(fake.waits, BUSY_TRIES - 1);
        ck_assert_uint_eq(report.busy_tries, BUSY_TRIES - 1);
}
END_TEST

/* The kernel counts a call before it looks at its lock. */
START_TEST(busy_with_a_limit) {
        tree_text(&tree, LIMIT, "40\n");
        fake = (Fake){ .limit = 40, .locked = 20 };
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "L");
        ck_assert_uint_eq(fake.limit, 39);
        ck_assert_uint_eq(fake.waits, 20);
        ck_assert_uint_eq(report.busy_tries, 20);
        /* Between the look and the call somebody else was faster. */
        fake = (Fake){ .limit = 40, .locked = 2, .busy = 1 };
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "LL");
        ck_assert_uint_eq(fake.limit, 38);
        fake = (Fake){ .limit = 40, .locked = 1000 };
        fails_with(FAILURE_BUSY, "is still there");
        ck_assert_str_eq(fake.order, "");
        ck_assert_uint_eq(fake.limit, 40);
        ck_assert_uint_eq(report.busy_tries, BUSY_TRIES - 1);
        fake = (Fake){ .limit = 40, .locked = 3 };
        ck_assert_uint_eq(load_unload(tree.fd, &ops, &report), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "U");
        /* Without a limit, calls cost nothing, and the lock is not taken for a look. */
        tree_text(&tree, LIMIT, "-1\n");
        fake = (Fake){ .locked = 3 };
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "LLLL");
}
END_TEST

START_TEST(errors) {
        static const struct {
                int error;
                Failure failure;
                const char *part;
        } cases[] = {
                { EBUSY, FAILURE_BUSY, "try again later" },
                { EKEYREJECTED, FAILURE_SIGNATURE,
                  "\"" KERNEL "\" was not accepted: its signature" },
                { ENOKEY, FAILURE_SIGNATURE, "enrol the key" },
                { EBADMSG, FAILURE_SIGNATURE, "damaged" },
                { ENODATA, FAILURE_SIGNATURE, "has no signature" },
                { ENOPKG, FAILURE_SIGNATURE, "algorithm" },
                { ELIBBAD, FAILURE_SIGNATURE, "damaged" },
                { EACCES, FAILURE_NOT_PERMITTED, "security module" },
                { ENOEXEC, FAILURE_BAD_KERNEL, "\"" KERNEL "\" was not accepted" },
                { EADDRNOTAVAIL, FAILURE_TOO_SMALL, "\"kdumpctl estimate\" says how large" },
                { ENOSYS, FAILURE_NO_KEXEC, "CONFIG_KEXEC_FILE" },
                { EOPNOTSUPP, FAILURE_NO_KEXEC, "supports no crash kernel image" },
                { EINVAL, FAILURE_SYSTEM, "EINVAL" },
                { ENOMEM, FAILURE_TOO_SMALL, "larger crashkernel=" },
                { EIO, FAILURE_SYSTEM, "Input/output error" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                fake = (Fake){ .load_result = -cases[i].error };
                set_loaded(false);
                fails_with(cases[i].failure, cases[i].part);
                /* Nothing was loaded, so nothing is said of it. */
                ck_assert_ptr_null(strstr(report.message, "loaded before"));

                set_loaded(true);
                fails_with(cases[i].failure, "the image that was loaded before is still there");

                fake.drops = cases[i].error != EBUSY;
                fails_with(cases[i].failure,
                           fake.drops ? "the image that was loaded before is gone"
                                      : "the image that was loaded before is still there");
        }
}
END_TEST

START_TEST(not_permitted) {
        fake.load_result = -EPERM;
        set_loaded(true);
        fails_with(FAILURE_NOT_PERMITTED, "security module");
        fake_sign(image, FAKE_KERNEL_SIZE - 64, 64);
        tree_bytes(&tree, KERNEL, image, sizeof(image));
        tree_text(&tree, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        fake.drops = true;
        fails_with(FAILURE_LOCKDOWN, "locked down (integrity)");
        ck_assert_ptr_nonnull(strstr(report.message, KERNEL));
        ck_assert_ptr_nonnull(strstr(report.message, "is gone"));
        tree_text(&tree, "/proc/self/status", "CapEff:\t0000000000000000\n");
        fails_with(FAILURE_NOT_PERMITTED, "CAP_SYS_BOOT");
}
END_TEST

/* The sysctls can be set between the check and the call. */
static int disable(void *userdata, int kernel_fd, int initrd_fd, const char *command_line,
                   unsigned flags) {
        tree_text(&tree, "/proc/sys/kernel/kexec_load_disabled", "1\n");
        return -EPERM;
}

START_TEST(disabled_meanwhile) {
        LoadRequest request = {
                .root_fd = tree.fd, .settings = &settings, .architecture = "x86_64", .release = R
        };
        KexecOps disabling = ops;

        disabling.file_load = disable;
        ck_assert_uint_eq(load_prepare(&request, &prepared, &report), FAILURE_NONE);
        ck_assert_uint_eq(load_execute(&request, &prepared, &disabling, &report), FAILURE_DISABLED);
        ck_assert_ptr_nonnull(strstr(report.message, "kexec_load_disabled"));
}
END_TEST

START_TEST(obstacles) {
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "0\n");
        refused(FAILURE_NO_RESERVATION, "crashkernel=");
        ck_assert_uint_eq(report.reservation_bytes, 0);
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "268435456\n");
        tree_text(&tree, "/proc/sys/kernel/kexec_load_disabled", "1\n");
        refused(FAILURE_DISABLED, "kexec_load_disabled");
        ck_assert_uint_eq(report.reservation_bytes, 268435456);
}
END_TEST

START_TEST(other_loader) {
        set("Loader", "kexec_load");
        refused(FAILURE_CONFIGURATION, "set Loader=auto");
        set("Loader", "kexec_file_load");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(report.loader_reason, "Loader=kexec_file_load asks for it");
}
END_TEST

START_TEST(kernels_refused) {
        tree_unlink(&tree, KERNEL);
        refused(FAILURE_NO_KERNEL, "(tried " KERNEL ", /usr/lib/modules/");
        tree_dir(&tree, KERNEL);
        refused(FAILURE_NO_KERNEL, "is a directory");
        set("Kernel", "/no/such");
        refused(FAILURE_NO_KERNEL, "\"/no/such\" cannot be opened: No such file or directory "
                                   "(Kernel= in kdumpd.conf)");
        set("Kernel", "/boot/k");
        tree_text(&tree, "/boot/k", "");
        refused(FAILURE_NO_KERNEL, "is empty");
        tree_text(&tree, "/boot/k", "<html>404</html>");
        refused(FAILURE_BAD_KERNEL, "the kernel \"/boot/k\" cannot be loaded: it is a web page");
        tree_text(&tree, "/boot/k", "\1junk");
        refused(FAILURE_BAD_KERNEL, "too short");
        tree_bytes(&tree, "/boot/k", image, sizeof(image) - 16);
        refused(FAILURE_BAD_KERNEL, "cut short");
        ck_assert_int_eq(mkfifoat(tree.fd, "boot/fifo", 0644), 0);
        set("Kernel", "/boot/fifo");
        refused(FAILURE_NO_KERNEL, "not a regular file");
}
END_TEST

START_TEST(initrds_refused) {
        tree_unlink(&tree, INITRD);
        refused(FAILURE_NO_INITRD, "(tried /var/lib/kdumpd/" R "/initramfs.img, ");
        ck_assert_str_eq(report.kernel.path, KERNEL);
        set("Initrd", "/no/such");
        refused(FAILURE_NO_INITRD, "\"/no/such\" cannot be opened: No such file or directory "
                                   "(Initrd= in kdumpd.conf)");
        tree_text(&tree, "/boot/i", "");
        set("Initrd", "/boot/i");
        refused(FAILURE_NO_INITRD, "is empty");
        set("Initrd", "none");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_uint_eq(fake.flags, 0x6);
        ck_assert_uint_eq(report.flags, 0x6);
        ck_assert(!fake.has_initrd);
        ck_assert_ptr_null(report.initrd.path);
}
END_TEST

START_TEST(pairs) {
        /* What the header says against the kernel's own name. */
        fake_kernel(image, "6.1.0-9-amd64");
        tree_bytes(&tree, KERNEL, image, sizeof(image));
        refused(FAILURE_MISMATCH, "is named for " R " but contains 6.1.0-9-amd64");
        /* A name that tells nothing: the initrd is looked for by the header's release. */
        tree_bytes(&tree, "/boot/crash", image, sizeof(image));
        set("Kernel", "/boot/crash");
        refused(FAILURE_NO_INITRD, "/boot/initramfs-6.1.0-9-amd64kdump.img");
        set("Initrd", INITRD);
        refused(FAILURE_MISMATCH, "is 6.1.0-9-amd64 but the initrd \"" INITRD "\" was made for " R);
        /* A link is judged by where it leads. */
        tree_link(&tree, "/boot/initrd", "../var/lib/kdump/initrd.img-" R);
        set("Initrd", "/boot/initrd");
        refused(FAILURE_MISMATCH, "was made for " R);
        tree_text(&tree, "/boot/mine", "x");
        set("Initrd", "/boot/mine");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(report.kernel_release, "6.1.0-9-amd64");
}
END_TEST

static void line_is(const char *expected) {
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.command_line, expected);
}

#define BUILT_IN "nr_cpus=1 irqpoll reset_devices panic=10 acpi_no_memhotplug"

/* Debian's initrd needs a word, however it was chosen; what is configured goes before. */
START_TEST(words_of_an_initrd) {
        static const char *const paths[] = { INITRD, "/var/lib/kdump/initrd.img", "/boot/link",
                                             ("/var/lib/../lib/kdump//initrd.img-" R) };

        tree_link(&tree, "/boot/link", "../var/lib/kdump/initrd.img-" R);
        tree_text(&tree, "/var/lib/kdump/initrd.img", "x");
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                set("Initrd", paths[i]);
                line_is("root=/dev/sda1 ro " BUILT_IN " " WORD);
        }
        tree_text(&tree, "/proc/cmdline", "systemd.unit=rescue.target a 3\n");
        line_is("a 3 " BUILT_IN " " WORD);
        set("CommandLineAppend", "systemd.unit=mine b");
        line_is("a 3 " BUILT_IN " systemd.unit=mine b");
        set("CommandLineAppend", "");
        set("CommandLineRemove", "systemd.unit");
        line_is("a 3 " BUILT_IN);
        set("CommandLineRemove", "");
        set("CommandLine", "c systemd.unit=mine");
        line_is("c systemd.unit=mine " BUILT_IN);
        set("CommandLine", "c");
        line_is("c " BUILT_IN " " WORD);
        /* The name is one that ordinary initrds have elsewhere, and others need other words. */
        tree_text(&tree, "/boot/initrd.img-" R, "x");
        set("Initrd", "/boot/initrd.img-" R);
        line_is("c " BUILT_IN);
        tree_text(&tree, "/boot/initramfs-" R "kdump.img", "x");
        set("Initrd", "auto");
        line_is("c " BUILT_IN " rd.systemd.gpt_auto=no");
}
END_TEST

/* Without what captures it would boot the whole system inside the reservation. */
START_TEST(initrd_without_its_unit) {
        tree_unlink(&tree, UNIT);
        refused(FAILURE_NO_INITRD, INITRD " (kdump-tools-dump.service, which captures there, is "
                                          "not installed or is masked), ");
        set("Initrd", INITRD);
        refused(FAILURE_NO_INITRD,
                "the initrd \"" INITRD "\" would save no dump: kdump-tools-dump");
        tree_link(&tree, "/boot/link", "../var/lib/kdump/initrd.img-" R);
        set("Initrd", "/boot/link");
        refused(FAILURE_NO_INITRD, "would save no dump");
        tree_text(&tree, UNIT, "");
        tree_text(&tree, "/etc/default/kdump-tools", "USE_KDUMP=0\n");
        refused(FAILURE_NO_INITRD, "/etc/default/kdump-tools has USE_KDUMP=0");
        tree_text(&tree, "/etc/default/kdump-tools", "USE_KDUMP=1\n");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
}
END_TEST

START_TEST(longest_message) {
        char text[2 * ERROR_TEXT_MAX];

        memset(text, 'a', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        load_fail(&report, FAILURE_SYSTEM, "%s", text);
        ck_assert_uint_eq(strlen(report.message), ERROR_TEXT_MAX - 1);
        load_fail(&report, FAILURE_BUSY, "short"); /* replaces, and frees */
        ck_assert_str_eq(report.message, "short");
}
END_TEST

/* A clause is put around what is there already, and it stays one line. */
START_TEST(error_texts) {
        Error error;

        ck_assert_int_eq(error_set(&error, -EBUSY, "a \x1b[1m\n\xff file"), -EBUSY);
        ck_assert_str_eq(error.text, "a ?[1m?? file");
        ck_assert_uint_eq(error_set(&error, FAILURE_BUSY, "%s: %s", "it", error.text),
                          FAILURE_BUSY);
        ck_assert_str_eq(error.text, "it: a ?[1m?? file");
        ck_assert_int_eq(error_set_memory(&error), -ENOMEM);
        ck_assert_str_eq(error.text, "out of memory");
}
END_TEST

START_TEST(named_by_a_file) {
        tree_unlink(&tree, INITRD);
        tree_text(&tree, "/var/lib/kdump/initrd", "x");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        /* dracut's: the root goes, and SUSE's tool has a name for it. */
        ck_assert_ptr_null(strstr(fake.command_line, "root=/dev"));
        ck_assert_ptr_nonnull(strstr(fake.command_line, " root=kdump rootflags=bind "));
        fake = (Fake){ 0 };
        tree_text(&tree, "/var/lib/kdump/kernel-version", "6.1.0-9-amd64\n");
        refused(FAILURE_MISMATCH, "was made for 6.1.0-9-amd64");
        tree_text(&tree, "/var/lib/kdump/kernel-version", R "\n");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
}
END_TEST

START_TEST(command_lines) {
        char text[4096] = "a=";

        tree_unlink(&tree, "/proc/cmdline");
        refused(FAILURE_COMMAND_LINE, "/proc/cmdline: No such file");
        /* Not needed if the configuration has one; exactly at the kernel's limit. */
        strscpy(text + 2, sizeof(text) - 2, "");
        memset(text + 2, 'b', sizeof(text) - 2);
        text[FAKE_CMDLINE - 31 -
             strlen(" nr_cpus=1 irqpoll reset_devices panic=10 acpi_no_memhotplug " WORD)] = '\0';
        set("CommandLine", text);
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_uint_eq(strlen(fake.command_line), FAKE_CMDLINE - 31);
        fake = (Fake){ 0 };
        text[strlen(text) + 1] = '\0';
        text[strlen(text)] = 'b';
        set("CommandLine", text);
        refused(FAILURE_COMMAND_LINE, "has 2017 bytes, and this kernel takes 2016: ");
}
END_TEST

/* In front of the line that the report tells, and only if there is room for it. */
START_TEST(marked) {
        char text[4096];

        new_mark = "0123456789abcdef0123456789abcdef";
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_ptr_nonnull(
                startswith(fake.command_line, KEXEC_MARK_WORD "0123456789abcdef0123456789abcdef "));
        ck_assert_str_eq(fake.command_line + KEXEC_MARK_ADDS, report.command_line);
        ck_assert_ptr_null(strstr(report.command_line, new_mark));
        ck_assert_str_eq(report.mark, new_mark);
        memset(text, 'b', sizeof(text));
        text[FAKE_CMDLINE - 31 - KEXEC_MARK_ADDS -
             strlen(" nr_cpus=1 irqpoll reset_devices panic=10 acpi_no_memhotplug " WORD)] = '\0';
        set("CommandLine", text);
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_uint_eq(strlen(fake.command_line), FAKE_CMDLINE - 31);
        ck_assert_str_eq(report.mark, new_mark);
        text[strlen(text) + 1] = '\0';
        text[strlen(text)] = 'b';
        set("CommandLine", text);
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_str_eq(fake.command_line, report.command_line);
        ck_assert_ptr_null(report.mark);
        /* One that the running kernel was started with is not handed on. */
        set("CommandLine", "");
        tree_text(&tree, "/proc/cmdline", "ro kdumpd.mark=fedcba98765432100123456789abcdef\n");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_ptr_null(strstr(fake.command_line, "fedcba"));
}
END_TEST

START_TEST(fit) {
        char text[32];
        uint64_t needed = FAKE_INIT_SIZE + 4096 + 225 * 4096 + CONTROL;

        strscpyf(text, sizeof(text), "%lu\n", (unsigned long)needed);
        tree_text(&tree, "/sys/kernel/kexec_crash_size", text);
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        /* It can be loaded, and yet a capture takes more. */
        ck_assert_str_eq(report.advice, "48M");
        ck_assert_uint_gt(report.wanted_bytes, needed);
        fake = (Fake){ 0 };
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "536870912\n");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_ptr_null(report.advice);
        fake = (Fake){ 0 };
        strscpyf(text, sizeof(text), "%lu\n", (unsigned long)needed - 1);
        tree_text(&tree, "/sys/kernel/kexec_crash_size", text);
        refused(FAILURE_TOO_SMALL, "at least 10 MiB and 9 MiB are reserved: boot with "
                                   "crashkernel=48M or more");
        ck_assert_uint_eq(report.needed_bytes, needed);
        /* A kernel that does not say what it wants for the header: half a MiB. */
        tree_unlink(&tree, "/sys/kernel/crash_elfcorehdr_size");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_uint_eq(report.needed_bytes, FAKE_INIT_SIZE + 4096 + 524288 + CONTROL);
}
END_TEST

/* A dry run by an ordinary user says what it could not see; a load takes what it finds. */
START_TEST(closed) {
        LoadRequest request = { .root_fd = tree.fd,
                                .settings = &settings,
                                .architecture = "x86_64",
                                .release = R,
                                .dry_run = true };

        tree_text(&tree, "/var/lib/kdumpd/" R "/initramfs.img", "ours");
        tree_close(&tree, "/var/lib/kdumpd");
        ck_assert_uint_eq(load_prepare(&request, &prepared, &report), FAILURE_NO_INITRD);
        ck_assert_str_eq(report.message, "which kdump initrd is found is not known, as "
                                         "\"/var/lib/kdumpd\" cannot be looked at: run as root");
        request.dry_run = false;
        load_report_done(&report);
        ck_assert_uint_eq(load_prepare(&request, &prepared, &report), FAILURE_NONE);
        tree_reopen(&tree, "/var/lib/kdumpd");
        ck_assert_str_eq(report.initrd.path, INITRD);
        prepared_done(&prepared);
        load_report_done(&report);
        tree_close(&tree, "/boot");
        ck_assert_uint_eq(load_prepare(&request, &prepared, &report), FAILURE_NO_KERNEL);
        tree_reopen(&tree, "/boot");
        ck_assert_ptr_nonnull(strstr(report.message, "\"/boot\" cannot be looked at"));
}
END_TEST

static char *printed(LoadWhat what) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        ck_assert_ptr_nonnull(f);
        report_print(f, &report, what);
        ck_assert_int_eq(fclose(f), 0);
        return text;
}

/* Images go into the highest range, in one piece; the other is not for them. */
START_TEST(fit_in_parts) {
        static const char text[] = "00100000-7fffffff : System RAM\n"
                                   "  60000000-6fffffff : Crash kernel\n"
                                   "100000000-13fffffff : System RAM\n"
                                   "  120000000-1207fffff : Crash kernel\n";
        static const char hidden[] = "00000000-00000000 : System RAM\n"
                                     "  00000000-00000000 : Crash kernel\n"
                                     "00000000-00000000 : System RAM\n"
                                     "  00000000-00000000 : Crash kernel\n";
        _cleanup_free_ char *told = NULL;

        tree_text(&tree, "/proc/iomem", text);
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "276824064\n"); /* the sum */
        refused(FAILURE_TOO_SMALL, "at least 10 MiB and 8 MiB are reserved in one piece, high up, "
                                   "where it has to lie: boot with crashkernel=48M,high or more");
        ck_assert_uint_eq(report.reservation_bytes, 8388608);
        ck_assert(!report.reservation_is_sum);
        /* Only the sum can be seen: what is larger than that does not fit. */
        tree_text(&tree, "/proc/iomem", hidden);
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_uint_eq(report.reservation_bytes, 276824064);
        ck_assert(report.reservation_is_sum);
        told = printed(LOAD_WHAT_DRY_RUN);
        ck_assert_ptr_nonnull(strstr(told, "\nReservation:  264 MiB in parts, the highest of which "
                                           "has to hold the image; how large that is, only root "
                                           "sees\n"));
        fake = (Fake){ 0 };
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "8388608\n");
        refused(FAILURE_TOO_SMALL, "8 MiB are reserved: boot with crashkernel=48M or more");
}
END_TEST

/* The capture kernel runs in what programs were lent, too; images do not lie there. */
START_TEST(fit_with_cma) {
        _cleanup_free_ char *told = NULL;

        tree_text(&tree, "/sys/kernel/kexec/crash_cma_ranges", "100000000-11fffffff\n");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_uint_eq(report.reservation_cma_bytes, 512 << 20);
        told = printed(LOAD_WHAT_DRY_RUN);
        ck_assert_ptr_nonnull(strstr(told, "; 512 MiB of CMA for the capture kernel besides\n"));
        fake = (Fake){ 0 };
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "8388608\n");
        refused(FAILURE_TOO_SMALL, "8 MiB are reserved (none can lie in what crashkernel=SIZE,cma "
                                   "adds): boot with crashkernel=48M or more");
}
END_TEST

/* Page tables over much memory take a part of it: 4 KiB for each GiB, without larger pages. */
START_TEST(fit_page_tables) {
        uint64_t tables = (4096 + 8 + 1 + 1) * 4096;

        tree_text(&tree, "/proc/iomem",
                  "40000000-4003fffffff : System RAM\n" /* 4 TiB */
                  "  50000000-51ffffff : Crash kernel\n");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_uint_eq(report.needed_bytes,
                          FAKE_INIT_SIZE + 4096 + 225 * 4096 + 1048576 + tables + 4096);
        tree_text(&tree, "/proc/meminfo", "MemTotal: 1 kB\nDirectMap1G: 1 kB\n");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_uint_lt(report.needed_bytes, FAKE_INIT_SIZE + 4096 + 225 * 4096 + 1200000);
        tree_unlink(&tree, "/proc/meminfo");
        tree_text(&tree, "/proc/iomem",
                  "40000000-4003fffffff : System RAM\n"
                  "  50000000-515fffff : Crash kernel\n");
        fake = (Fake){ 0 };
        refused(FAILURE_TOO_SMALL, "at least 26 MiB and 22 MiB are reserved: boot with");
}
END_TEST

START_TEST(locked_down) {
        tree_text(&tree, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        set_loaded(true);
        refused(FAILURE_LOCKDOWN, "has no signature");
        fake_sign(image, FAKE_KERNEL_SIZE - 64, 64);
        tree_bytes(&tree, KERNEL, image, sizeof(image));
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        ck_assert_ptr_nonnull(strstr(report.loader_reason, "locked down"));
}
END_TEST

static void refused_on(const char *architecture, Failure failure, const char *part) {
        fake = (Fake){ 0 };
        ck_assert_uint_eq(run_on(architecture), failure);
        ck_assert_msg(strstr(report.message, part), "\"%s\" is not in: %s", part, report.message);
        ck_assert_str_eq(fake.order, ""); /* before anything was touched */
}

#define LOCKDOWN "/sys/kernel/security/lockdown"

START_TEST(other_architecture) {
        uint8_t flat[FAKE_FLAT_SIZE];

        /* No release in its header: the name says of which it is. */
        fake_flat(flat, FAKE_ARM64);
        tree_bytes(&tree, KERNEL, flat, sizeof(flat));
        ck_assert_uint_eq(run_on("aarch64"), FAILURE_NONE);
        ck_assert_str_eq(report.kernel_release, R);
        ck_assert_uint_eq(report.needed_bytes, FAKE_FLAT_MEMORY + 4096 + 225 * 4096 + 1048576);
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "4194304\n");
        refused_on("aarch64", FAILURE_TOO_SMALL, "4 MiB are reserved: boot with crashkernel=");
        tree_text(&tree, "/sys/kernel/kexec_crash_size", "268435456\n");
        refused_on("x86_64", FAILURE_BAD_KERNEL, "it is a kernel for arm64");
        refused_on("s390x", FAILURE_BAD_KERNEL, "it is a kernel for arm64");
        tree_bytes(&tree, KERNEL, image, sizeof(image));
        refused_on("aarch64", FAILURE_BAD_KERNEL, "it is a kernel for x86_64");
        /* This release takes ELF files only. */
        fake_flat(flat, FAKE_RISCV64);
        tree_bytes(&tree, KERNEL, flat, sizeof(flat));
        refused_on("riscv64", FAILURE_BAD_KERNEL, "takes from Linux 6.16 on, and " R " is running");
}
END_TEST

/* Before the call, in which the old image would be lost. */
START_TEST(other_locked_down) {
        uint8_t flat[FAKE_FLAT_SIZE];
        static const char mark[] = "~Module signature appended~\n";
        static uint8_t s390[0x11000];

        tree_text(&tree, LOCKDOWN, "none [integrity] confidentiality\n");
        fake_flat(flat, FAKE_ARM64);
        tree_bytes(&tree, KERNEL, flat, sizeof(flat));
        refused_on("aarch64", FAILURE_LOCKDOWN, "has no signature");
        fake_sign(flat, FAKE_FLAT_SIZE - 64, 64);
        fake_put(&flat[0x44], 0xaa64, 2);
        tree_bytes(&tree, KERNEL, flat, sizeof(flat));
        ck_assert_uint_eq(run_on("aarch64"), FAILURE_NONE);
        memcpy(&s390[0x10008], "S390EP", 6);
        tree_bytes(&tree, KERNEL, s390, sizeof(s390));
        refused_on("s390x", FAILURE_LOCKDOWN, "has no signature");
        tree_text(&tree, "/sys/firmware/ipl/secure", "1\n");
        refused_on("s390x", FAILURE_LOCKDOWN, "has no signature");
        tree_text(&tree, "/sys/firmware/ipl/secure", "0\n");
        ck_assert_uint_eq(run_on("s390x"), FAILURE_NONE);
        tree_unlink(&tree, "/sys/firmware/ipl/secure");
        memcpy(&s390[sizeof(s390) - strlen(mark)], mark, strlen(mark));
        tree_bytes(&tree, KERNEL, s390, sizeof(s390));
        ck_assert_uint_eq(run_on("s390x"), FAILURE_NONE);
}
END_TEST

static uint8_t inner[FAKE_FLAT_SIZE]; /* what is packed */

static int load_inner(void *userdata, int kernel_fd, int initrd_fd, const char *command_line,
                      unsigned flags) {
        uint8_t content[2 * FAKE_FLAT_SIZE];
        size_t n;

        ck_assert_int_eq(read_at(kernel_fd, content, sizeof(content), 0, &n), 0);
        ck_assert_uint_eq(n, sizeof(inner));
        ck_assert_int_eq(memcmp(content, inner, n), 0);
        ck_assert_int_eq(fcntl(kernel_fd, F_GETFL) & O_ACCMODE, O_RDONLY);
        return fake_load(userdata, kernel_fd, initrd_fd, command_line, flags);
}

static void inner_is_loaded(const void *data, size_t size) {
        LoadRequest request = {
                .root_fd = tree.fd, .settings = &settings, .architecture = "aarch64", .release = R
        };
        KexecOps packed = ops;

        packed.file_load = load_inner;
        tree_bytes(&tree, KERNEL, data, size);
        prepared_done(&prepared);
        load_report_done(&report);
        ck_assert_uint_eq(load_prepare(&request, &prepared, &report), FAILURE_NONE);
        ck_assert_uint_eq(load_execute(&request, &prepared, &packed, &report), FAILURE_NONE);
        ck_assert_uint_eq(report.kernel.size, size);
        ck_assert_uint_eq(report.needed_bytes, FAKE_FLAT_MEMORY + 4096 + 225 * 4096 + 1048576);
}

/* What is compressed with gzip is what is loaded, in each form that kernels have. */
START_TEST(packed_kernel) {
        static uint8_t zboot[65536], unified[65536];
        _cleanup_free_ void *gzip = NULL, *page = NULL;
        size_t n, n_zboot, n_page, n_unified = fake_uki(unified);

        fake_flat(inner, FAKE_ARM64);
        ck_assert_int_eq(gzip_pack(inner, sizeof(inner), &gzip, &n), 0);
        inner_is_loaded(gzip, n);
        n_zboot = fake_zboot(zboot, "gzip", 0xaa64, gzip, n);
        inner_is_loaded(zboot, n_zboot);
        n_unified = fake_uki_add(unified, n_unified, ".linux", zboot, n_zboot);
        inner_is_loaded(unified, n_unified);

        tree_bytes(&tree, KERNEL, gzip, n - 9);
        refused_on("aarch64", FAILURE_BAD_KERNEL, "compressed in it with gzip is damaged or cut");
        tree_bytes(&tree, KERNEL, zboot, n_zboot - 1);
        refused_on("aarch64", FAILURE_BAD_KERNEL, "it is cut short");
        n_zboot = fake_zboot(zboot, "zstd22", 0xaa64, gzip, n);
        tree_bytes(&tree, KERNEL, zboot, n_zboot);
        refused_on("aarch64", FAILURE_BAD_KERNEL, "EFI zboot image compressed with zstd");
        tree_bytes(&tree, KERNEL, gzip, n);
        refused_on("x86_64", FAILURE_BAD_KERNEL, "it is compressed with gzip: unpack it");
        refused_on("riscv64", FAILURE_BAD_KERNEL,
                   "the kernel in \"" KERNEL "\" cannot be loaded: "
                   "it is a kernel for arm64");
        ck_assert_int_eq(gzip_pack("<html>", 6, &page, &n_page), 0);
        tree_bytes(&tree, KERNEL, page, n_page);
        refused_on("aarch64", FAILURE_BAD_KERNEL, "it is a web page");
        tree_bytes(&tree, KERNEL, gzip, n);
        tree_text(&tree, LOCKDOWN, "none [integrity] confidentiality\n");
        refused_on("aarch64", FAILURE_LOCKDOWN, "the kernel in \"" KERNEL "\" has no signature of");
}
END_TEST

START_TEST(unload) {
        ck_assert_uint_eq(load_unload(tree.fd, &ops, &report), FAILURE_NONE);
        ck_assert(!report.had_image);
        set_loaded(true);
        fake.busy = 2;
        ck_assert_uint_eq(load_unload(tree.fd, &ops, &report), FAILURE_NONE);
        ck_assert_str_eq(fake.order, "UUUU");
        ck_assert(report.had_image);
        ck_assert_uint_eq(report.busy_tries, 2);
        ck_assert_uint_gt(report.call_start_usec, 0);
        set_loaded(true);
        fake.unload_result = -EPERM;
        tree_text(&tree, "/proc/self/status", "CapEff:\t0\n");
        ck_assert_uint_eq(load_unload(tree.fd, &ops, &report), FAILURE_NOT_PERMITTED);
        ck_assert_ptr_nonnull(strstr(report.message, "is still there"));
}
END_TEST

START_TEST(text) {
        _cleanup_free_ char *done = NULL, *dry = NULL, *failed = NULL, *unloaded = NULL;
        _cleanup_free_ char *none = NULL, *missing = NULL;

        fake.busy = 2;
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        report.call_start_usec = 1;
        report.call_end_usec = 1280001;
        report.prepare_usec = 12000;
        done = printed(LOAD_WHAT_LOAD);
        ck_assert_str_eq(
                done, "Kernel:       " KERNEL " (" R ", 6.0 KiB)\n"
                      "Initrd:       " INITRD " (9 bytes)\n"
                      "Command line: root=/dev/sda1 ro nr_cpus=1 irqpoll reset_devices panic=10 "
                      "acpi_no_memhotplug " WORD "\n"
                      "System call:  kexec_file_load, flags 0x2 (the kernel keeps such images up "
                      "to date itself, so that hotplug costs no reload)\n"
                      "Reservation:  256 MiB, of which the image takes at least 9.9 MiB\n"
                      "Result:       loaded in 1.28 s, after 12.0 ms of preparation\n"
                      "              the kernel was busy with another kexec call 2 times\n");
        dry = printed(LOAD_WHAT_DRY_RUN);
        ck_assert_ptr_nonnull(strstr(dry, "nothing was loaded: a dry run"));
        unloaded = printed(LOAD_WHAT_UNLOAD);
        ck_assert_ptr_null(strstr(unloaded, "Kernel:"));
        report.failure = FAILURE_SYSTEM;
        failed = printed(LOAD_WHAT_LOAD);
        ck_assert_ptr_null(strstr(failed, "Result:"));
        set("Initrd", "none");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NONE);
        none = printed(LOAD_WHAT_DRY_RUN);
        ck_assert_ptr_nonnull(strstr(none, "\nInitrd:       none\n"));
        set("Initrd", "/no/such");
        ck_assert_uint_eq(run_on("x86_64"), FAILURE_NO_INITRD);
        missing = printed(LOAD_WHAT_LOAD);
        ck_assert_str_eq(missing, "Kernel:       " KERNEL " (" R ", 6.0 KiB)\n"
                                  "Initrd:       /no/such\n"
                                  "Reservation:  256 MiB\n");
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, good);
        ADD_FIXTURE_TEST(s, unified_kernel);
        ADD_FIXTURE_TEST(s, replace_atomic);
        ADD_FIXTURE_TEST(s, replace_explicit);
        ADD_FIXTURE_TEST(s, explicit_needs_two);
        ADD_FIXTURE_TEST(s, last_call_is_kept);
        ADD_FIXTURE_TEST(s, busy_then_good);
        ADD_FIXTURE_TEST(s, busy_for_ever);
        ADD_FIXTURE_TEST(s, busy_with_a_limit);
        ADD_FIXTURE_TEST(s, errors);
        ADD_FIXTURE_TEST(s, not_permitted);
        ADD_FIXTURE_TEST(s, disabled_meanwhile);
        ADD_FIXTURE_TEST(s, obstacles);
        ADD_FIXTURE_TEST(s, other_loader);
        ADD_FIXTURE_TEST(s, kernels_refused);
        ADD_FIXTURE_TEST(s, initrds_refused);
        ADD_FIXTURE_TEST(s, pairs);
        ADD_FIXTURE_TEST(s, words_of_an_initrd);
        ADD_FIXTURE_TEST(s, initrd_without_its_unit);
        ADD_FIXTURE_TEST(s, longest_message);
        ADD_FIXTURE_TEST(s, error_texts);
        ADD_FIXTURE_TEST(s, named_by_a_file);
        ADD_FIXTURE_TEST(s, command_lines);
        ADD_FIXTURE_TEST(s, marked);
        ADD_FIXTURE_TEST(s, fit);
        ADD_FIXTURE_TEST(s, closed);
        ADD_FIXTURE_TEST(s, fit_in_parts);
        ADD_FIXTURE_TEST(s, fit_with_cma);
        ADD_FIXTURE_TEST(s, fit_page_tables);
        ADD_FIXTURE_TEST(s, locked_down);
        ADD_FIXTURE_TEST(s, other_architecture);
        ADD_FIXTURE_TEST(s, other_locked_down);
        ADD_FIXTURE_TEST(s, packed_kernel);
        ADD_FIXTURE_TEST(s, unload);
        ADD_FIXTURE_TEST(s, text);
}

TEST_MAIN("load", add_cases)
