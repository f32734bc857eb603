/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* load/: images of our own, the choice between the two system calls, and the way back. */
#include "test.h"

#include "core/kexec-mark.h"
#include "fake-load.h"
#include "fake-physical.h"
#include "fake-vmlinux.h"
#include "load/execute.h"
#include "purgatory/parameters.h"
#include "sys/report-json.h"

#define OLD_MARK "fedcba98765432100123456789abcdef"

#define BOOT_ID "01234567-89ab-cdef-0123-456789abcdef"
#define X86     (62ul << 16)

/* What the fake kernel does and has seen. */
typedef struct Fake {
        unsigned long known_flags; /* others are EINVAL, and leave the old image */
        int own_result, file_result;
        bool drops;             /* a load that fails has dropped the image before */
        const char *only_takes; /* file calls with another command line fail */
        uint64_t last_usec;     /* when the last call returned */
        char order[32];         /* 'o'wn, 'f'ile, 'U'nload; capitals worked */
        bool is_vmlinux;        /* what is loaded has to be one */
        unsigned long flags;
        uint64_t n_areas;
        size_t n_segments;
} Fake;

static Fake fake;
static LoadRequest request;

static int outcome(char what, int r) {
        size_t n = strlen(fake.order);

        ck_assert_uint_lt(n + 1, sizeof(fake.order));
        fake.last_usec = monotonic_usec();
        fake.order[n] = (char)(r == 0 ? what - 'a' + 'A' : what);
        if (r == 0 || fake.drops)
                set_loaded(r == 0);
        return r;
}

/* Each piece is where it belongs, and between them there is nothing. */
static void check_vmlinux(const KexecSegment *kernel) {
        static const struct {
                size_t at, size;
        } pieces[] = {
                { 0, 0x1000 }, { 0x200000, 0x1000 }, { 0x400000, 0x800 }, { 0x401000, 0x1000 }
        };
        const uint8_t *data = kernel->data;
        size_t done = 0;

        ck_assert_uint_eq(kernel->size, FAKE_VMLINUX_PAYLOAD);
        ck_assert_uint_eq(kernel->memory_size, FAKE_VMLINUX_MEMORY);
        for (size_t i = 0; i < ELEMENTSOF(pieces); i++) {
                for (; done < pieces[i].at; done++)
                        if (data[done] != 0)
                                ck_abort_msg("byte %zx", done);
                for (; done < pieces[i].at + pieces[i].size; done++)
                        if (data[done] != i + 1)
                                ck_abort_msg("byte %zx", done);
        }
}

/* In one small segment: where it is looked for. */
static void find_mark(const KexecSegment *segments, size_t n) {
        char mark[KEXEC_MARK_MAX];
        size_t found = 0;

        for (size_t i = 0; i < n; i++)
                if (kexec_mark_find(segments[i].data, segments[i].size, mark)) {
                        found++;
                        ck_assert_str_eq(mark, request.mark);
                        ck_assert_uint_lt(segments[i].size, 65536);
                }
        ck_assert_uint_eq(found, 1);
}

static int fake_own(void *userdata, unsigned long entry, const KexecSegment *segments, size_t n,
                    unsigned long flags) {
        const KexecSegment *last = &segments[n - 1];
        PurgatoryParameters p;

        if (flags & ~(fake.known_flags | X86)) {
                fake.order[strlen(fake.order)] = 'e';
                return -EINVAL;
        }
        fake.flags = flags;
        fake.n_segments = n;
        ck_assert_uint_eq(last->address, entry);
        memcpy(&p, (const char *)last->data + PURGATORY_AT, sizeof(p));
        ck_assert_uint_eq(p.magic, PURGATORY_MAGIC);
        fake.n_areas = p.n_areas;
        if (fake.is_vmlinux)
                check_vmlinux(&segments[0]);
        if (request.mark)
                find_mark(segments, n);
        return outcome('o', fake.own_result);
}

static int fake_file(void *userdata, int kernel_fd, int initrd_fd, const char *command_line,
                     unsigned flags) {
        bool refused = fake.only_takes && !streq(command_line, fake.only_takes);

        ck_assert_int_ge(kernel_fd, 0);
        ck_assert_int_ge(initrd_fd, 0);
        ck_assert_uint_eq(flags, KEXEC_FILE_FLAG_ON_CRASH);
        return outcome('f', refused ? -EADDRNOTAVAIL : fake.file_result);
}

static int fake_unload(void *userdata) {
        return outcome('u', 0);
}

static bool fake_is_busy(void *userdata, int root_fd) {
        return false;
}

static void fake_wait(void *userdata, uint64_t usec) {
}

static const KexecOps ops = {
        .file_load = fake_file,
        .load = fake_own,
        .unload = fake_unload,
        .is_busy = fake_is_busy,
        .wait_usec = fake_wait,
};

/* An old kernel's machine: nothing updates images. */
static void setup(void) {
        load_init("201326592\n", true);
        fake_machine(&tree);
        tree_text(&tree, "/proc/sys/kernel/random/boot_id", BOOT_ID "\n");
        tree_dir(&tree, "/run/kdumpd-load");
        fake = (Fake){ .known_flags = KEXEC_FLAG_ON_CRASH };
        request = (LoadRequest){
                .root_fd = tree.fd, .settings = &settings, .architecture = "x86_64", .release = R
        };
}

static void updates_itself(unsigned long known_flags) {
        tree_text(&tree, "/sys/kernel/crash_elfcorehdr_size", "917616\n");
        fake.known_flags = KEXEC_FLAG_ON_CRASH | known_flags;
}

static Failure run(void) {
        Failure failure;

        prepared_done(&prepared);
        load_report_done(&report);
        memset(fake.order, 0, sizeof(fake.order));
        failure = load_prepare(&request, &prepared, &report);
        if (failure == FAILURE_NONE)
                failure = load_execute(&request, &prepared, &ops, &report);
        ck_assert_uint_eq(report.failure, failure);
        return failure;
}

static void loaded(const char *order, const char *loader) {
        ck_assert_uint_eq(run(), FAILURE_NONE);
        ck_assert_str_eq(fake.order, order);
        ck_assert_str_eq(report.loader, loader);
        ck_assert_uint_gt(report.call_end_usec, 0);
}

static void refused(Failure failure, const char *words) {
        ck_assert_uint_eq(run(), failure);
        ck_assert_ptr_nonnull(report.message);
        ck_assert_msg(strstr(report.message, words), "\"%s\" lacks \"%s\"", report.message, words);
}

static void reason_has(const char *words) {
        ck_assert_msg(strstr(report.loader_reason, words), "\"%s\" lacks \"%s\"",
                      report.loader_reason, words);
}

START_TEST(automatic) {
        loaded("O", "kexec_load");
        reason_has("hotplug costs reloads");
        ck_assert_uint_eq(report.flags, X86 | 1);
        ck_assert_uint_eq(fake.n_segments, 5);
        ck_assert_uint_eq(fake.n_areas, 4); /* the elfcorehdr too */
        updates_itself(0xc);
        loaded("F", "kexec_file_load");
        reason_has("up to date itself");
        tree_text(&tree, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        ck_assert_uint_eq(run(), FAILURE_LOCKDOWN); /* the fake kernel has no signature */
        tree_unlink(&tree, "/sys/kernel/security/lockdown");
        tree_unlink(&tree, "/sys/kernel/crash_elfcorehdr_size");
        tree_unlink(&tree, "/proc/kcore");
        loaded("F", "kexec_file_load");
        reason_has("kexec_load cannot be used: /proc/kcore");
        tree_unlink(&tree, "/proc/iomem");
        loaded("F", "kexec_file_load");
}
END_TEST

START_TEST(flags) {
        set("Loader", "kexec_load");
        updates_itself(0xc);
        loaded("O", "kexec_load");
        ck_assert_uint_eq(report.flags, X86 | 5);
        ck_assert_uint_eq(fake.flags, X86 | 5);
        ck_assert_uint_eq(fake.n_areas, 3); /* not the elfcorehdr */
        updates_itself(0x4);                /* Linux 6.6 to 6.9 */
        loaded("O", "kexec_load");
        ck_assert_uint_eq(report.flags, X86 | 5);
        updates_itself(0x8);
        loaded("eO", "kexec_load");
        ck_assert_uint_eq(report.flags, X86 | 9);
        ck_assert_uint_eq(fake.n_areas, 3);
        updates_itself(0);
        loaded("eeO", "kexec_load");
        ck_assert_uint_eq(report.flags, X86 | 1);
        ck_assert_uint_eq(fake.n_areas, 4);
        request.spoil = SPOIL_FLAG;
        loaded("O", "kexec_load");
        request.spoil = SPOIL_DIGEST;
        updates_itself(0xc);
        loaded("O", "kexec_load");
        ck_assert_uint_eq(fake.n_areas, 4);
}
END_TEST

START_TEST(forced) {
        uint8_t flat[FAKE_FLAT_SIZE];

        set("Loader", "kexec_load");
        loaded("O", "kexec_load");
        reason_has("Loader=kexec_load asks for it");
        tree_text(&tree, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        refused(FAILURE_LOCKDOWN, "forbids kexec_load");
        tree_unlink(&tree, "/sys/kernel/security/lockdown");
        request.release = "5.12.19";
        refused(FAILURE_NO_KERNEL, "5.12.19");
        set("Kernel", KERNEL);
        set("Initrd", INITRD);
        refused(FAILURE_CONFIGURATION, "has to be 5.13 or newer");
        request.release = "5.13.0";
        loaded("O", "kexec_load");
        request.release = R;
        request.architecture = "aarch64";
        fake_flat(flat, FAKE_ARM64);
        tree_bytes(&tree, KERNEL, flat, sizeof(flat));
        refused(FAILURE_CONFIGURATION, "for x86_64 only");
        tree_bytes(&tree, KERNEL, image, sizeof(image));
        request.architecture = "x86_64";
        tree_text(&tree, "/proc/iomem", "00000000-00000000 : System RAM\n");
        refused(FAILURE_NOT_PERMITTED, "CAP_SYS_ADMIN");
        ck_assert_str_eq(fake.order, "");
}
END_TEST

static void lock_down(bool locked) {
        if (!locked) {
                tree_unlink(&tree, "/sys/kernel/security/lockdown");
                return;
        }
        tree_text(&tree, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        fake_sign(image, FAKE_KERNEL_SIZE - 64, 64);
        tree_bytes(&tree, KERNEL, image, sizeof(image));
}

/* The first call is refused, and the other one mends it. */
START_TEST(other) {
        static const int mendable[] = { ENOSYS, ENOEXEC, ENOKEY, EKEYREJECTED };

        fake.drops = true;
        fake.own_result = -ENOMEM;
        loaded("oF", "kexec_file_load");
        reason_has("kexec_load did not accept the image (Cannot allocate memory)");
        updates_itself(0xc);
        fake.own_result = 0;
        for (size_t i = 0; i < ELEMENTSOF(mendable); i++) {
                fake.file_result = -mendable[i];
                loaded("fO", "kexec_load");
                reason_has("kexec_file_load did not accept the image");
                ck_assert_uint_eq(report.flags, X86 | 5);
        }
        /* What was loaded just now can be loaded again, unless nobody knows what it was. */
        fake.file_result = -ENOMEM;
        refused(FAILURE_TOO_SMALL, "has been loaded again");
        ck_assert_str_eq(fake.order, "fO");
        tree_unlink(&tree, IMAGE_RECORD_PATH);
        set_loaded(true);
        refused(FAILURE_TOO_SMALL, "is gone");
        ck_assert_str_eq(fake.order, "f");
        set("Loader", "kexec_file_load");
        fake.file_result = -ENOEXEC;
        set_loaded(true);
        refused(FAILURE_BAD_KERNEL, "is gone");
        ck_assert_str_eq(fake.order, "f");
}
END_TEST

/* An image that the first call refused is known again by who only plans, and so picks that call:
 * a restart of kdumpd must not cost a reload. */
START_TEST(other_is_known_again) {
        _cleanup_(load_report_done) LoadReport first = { 0 };
        const char *what = "";

        for (unsigned own = 0; own < 2; own++) {
                fake.own_result = own ? -ENOMEM : 0;
                fake.file_result = own ? 0 : -ENOEXEC;
                if (!own)
                        updates_itself(0xc);
                loaded(own ? "oF" : "fO", own ? "kexec_file_load" : "kexec_load");
                load_report_done(&first);
                first = report;
                report = (LoadReport){ 0 };
                ck_assert_str_eq(first.first_loader, own ? "kexec_load" : "kexec_file_load");
                request.dry_run = true;
                prepared_done(&prepared);
                ck_assert_uint_eq(load_prepare(&request, &prepared, &report), FAILURE_NONE);
                ck_assert_str_eq(report.loader, first.first_loader);
                ck_assert(load_report_same_image(&report, &first, &what));
                ck_assert(load_report_same_image(&first, &report, &what));
                /* The flags of another kernel, or a loader that was asked for. */
                first.first_flags ^= 1;
                ck_assert(!load_report_same_image(&report, &first, &what));
                first.first_flags ^= 1;
                load_report_done(&report);
                prepared_done(&prepared);
                set("Loader", first.first_loader);
                ck_assert_uint_eq(load_prepare(&request, &prepared, &report), FAILURE_NONE);
                ck_assert(!load_report_same_image(&report, &first, &what));
                ck_assert_str_eq(what, "loader");
                set("Loader", "auto");
                request.dry_run = false;
                if (!own)
                        tree_unlink(&tree, "/sys/kernel/crash_elfcorehdr_size");
                fake.known_flags = KEXEC_FLAG_ON_CRASH;
        }
}
END_TEST

/* What kdumpd's record would say of the pair with another command line. */
static void record(const char *command_line, const char *loader) {
        ImageRecord r = { .boot_id = BOOT_ID };
        _cleanup_free_ char *text = NULL;
        struct stat st;

        r.report.command_line = (char *)command_line;
        r.report.mark = request.mark ? (char *)OLD_MARK : NULL;
        r.report.loader = (char *)loader;
        FileIdentity *const ids[] = { &r.report.kernel, &r.report.initrd };
        static const char *const paths[] = { KERNEL, INITRD };
        for (size_t i = 0; i < 2; i++) {
                ck_assert_int_eq(fstatat(tree.fd, paths[i] + 1, &st, 0), 0);
                *ids[i] = (FileIdentity){ .path = (char *)paths[i],
                                          .device = st.st_dev,
                                          .inode = st.st_ino,
                                          .mtime_nsec = (uint64_t)st.st_mtim.tv_sec * 1000000000 +
                                                        (uint64_t)st.st_mtim.tv_nsec,
                                          .size = (uint64_t)st.st_size };
        }
        ck_assert_int_eq(image_record_to_json(&r, &text), 0);
        tree_text(&tree, IMAGE_RECORD_PATH, text);
}

/* A kernel that is locked down takes files only: neither to mend what it refused of them, nor to
 * have the old image back, is it asked for anything else. */
START_TEST(other_locked_down) {
        static const int mendable[] = { ENOSYS, ENOEXEC, ENOKEY, EKEYREJECTED };

        lock_down(true);
        fake.drops = true;
        for (size_t i = 0; i < ELEMENTSOF(mendable); i++) {
                fake.file_result = -mendable[i];
                ck_assert_uint_ne(run(), FAILURE_NONE);
                ck_assert_str_eq(fake.order, "f");
                record("the previous one", "kexec_load");
                set_loaded(true);
                ck_assert_uint_ne(run(), FAILURE_NONE);
                ck_assert_str_eq(fake.order, "ff");
                /* It is of no image any more. */
                ck_assert_int_lt(faccessat(tree.fd, &(IMAGE_RECORD_PATH)[1], F_OK, 0), 0);
        }
}
END_TEST

/* With the mark of its own, as it is not loaded anew. */
START_TEST(way_back_is_marked) {
        fake.drops = true;
        fake.own_result = -ENOMEM;
        fake.only_takes = KEXEC_MARK_WORD OLD_MARK " the previous one";
        request.mark = "0123456789abcdef0123456789abcdef";
        record("the previous one", "kexec_file_load");
        refused(FAILURE_TOO_SMALL, "has been loaded again");
        ck_assert_str_eq(fake.order, "ofF");
        fake.own_result = 0;
        loaded("O", "kexec_load");
        ck_assert_str_eq(report.mark, request.mark);
}
END_TEST

START_TEST(way_back) {
        fake.drops = true;
        fake.own_result = -ENOMEM;
        fake.only_takes = "the previous one";
        record("the previous one", "kexec_file_load");
        refused(FAILURE_TOO_SMALL, "has been loaded again");
        ck_assert_str_eq(fake.order, "ofF");
        ck_assert(report.was_restored);
        /* So long was there no image. */
        ck_assert_uint_gt(report.call_end_usec, report.call_start_usec);
        ck_assert_uint_ge(report.call_end_usec, fake.last_usec);
        /* It was one of our own, and that call does not work: the other one. */
        record("the previous one", "kexec_load");
        set_loaded(true);
        refused(FAILURE_TOO_SMALL, "has been loaded again");
        ck_assert_str_eq(fake.order, "ofoF");
        /* The old one is still there, or there was none: no way back is needed. */
        fake.drops = false;
        set_loaded(true);
        refused(FAILURE_TOO_SMALL, "is still there");
        ck_assert(!report.was_restored);
        ck_assert_str_eq(fake.order, "of");
        fake.drops = true;
        set_loaded(false);
        refused(FAILURE_TOO_SMALL, "");
        ck_assert_str_eq(fake.order, "of");
        /* The files are others by now; or the record is none. */
        tree_text(&tree, INITRD, "another initrd");
        set_loaded(true);
        refused(FAILURE_TOO_SMALL, "is gone");
        tree_text(&tree, IMAGE_RECORD_PATH, "junk");
        set_loaded(true);
        refused(FAILURE_TOO_SMALL, "is gone");
        ck_assert_str_eq(fake.order, "of");
}
END_TEST

START_TEST(vmlinux) {
        uint8_t file[FAKE_VMLINUX_SIZE];

        fake_vmlinux(file);
        tree_bytes(&tree, "/boot/vmlinux-" R, file, sizeof(file));
        set("Kernel", "/boot/vmlinux-" R);
        fake.is_vmlinux = true;
        loaded("O", "kexec_load");
        ck_assert_str_eq(report.kernel_release, R);
        reason_has("ELF file");
        /* Where the file call is the better one, too; and it is no way out. */
        updates_itself(0xc);
        loaded("O", "kexec_load");
        ck_assert_uint_eq(report.flags, X86 | 5);
        fake.own_result = -ENOMEM;
        refused(FAILURE_TOO_SMALL, "no room in one piece");
        ck_assert_str_eq(fake.order, "o");
        set("Loader", "kexec_file_load");
        refused(FAILURE_BAD_KERNEL, "which kexec_file_load does not take");
        set("Loader", "auto");
        tree_unlink(&tree, "/proc/kcore");
        refused(FAILURE_CONFIGURATION, "which only kexec_load takes");
        ck_assert_ptr_nonnull(strstr(report.message, "/proc/kcore"));
        tree_bytes(&tree, "/boot/vmlinux-" R, file, sizeof(file) - 1);
        refused(FAILURE_BAD_KERNEL, "cut short");
        ck_assert_str_eq(fake.order, "");
}
END_TEST

/* An iomem with so many ranges more of one name, of a page each, from 4 GiB on. */
static void ranges(size_t n, const char *name) {
        size_t size;
        char *text;
        FILE *f = open_memstream(&text, &size);

        ck_assert_ptr_nonnull(f);
        (void)fputs(FAKE_IOMEM, f);
        for (size_t i = 0; i < n; i++)
                (void)fprintf(f, "%zx-%zx : %s\n", ((size_t)1 << 33) + i * 8192,
                              ((size_t)1 << 33) + i * 8192 + 4095, name);
        ck_assert_int_eq(fclose(f), 0);
        tree_text(&tree, "/proc/iomem", text);
        free(text);
}

/* Where the kernel's own loader cannot serve, it is not called, and what is loaded stays. */
static void only_own(unsigned long expected, const char *words) {
        for (unsigned i = 0; i < 2; i++) {
                loaded("O", "kexec_load");
                if (i == 0)
                        reason_has(words);
                ck_assert_uint_eq(report.flags, X86 | expected);
                ck_assert_uint_eq(fake.flags, X86 | expected);
                set("Loader", "kexec_load");
        }
        set("Loader", "kexec_file_load");
        refused(FAILURE_CONFIGURATION, words);
        ck_assert_str_eq(fake.order, "");
        set("Loader", "auto");
        lock_down(true);
        refused(FAILURE_LOCKDOWN, words);
        ck_assert_str_eq(fake.order, "");
        lock_down(false);
        fake.own_result = -EINVAL; /* the other call is no way out, and none back */
        fake.drops = true;
        record("the previous one", "kexec_file_load");
        set_loaded(true);
        refused(FAILURE_SYSTEM, "is gone");
        ck_assert_uint_eq(strspn(fake.order, "o"), strlen(fake.order));
        fake.own_result = 0;
        fake.drops = false;
        tree_unlink(&tree, "/proc/kcore");
        refused(FAILURE_CONFIGURATION, words);
        ck_assert_ptr_nonnull(strstr(report.message, "; and kexec_load cannot be used: /proc/kc"));
        ck_assert_str_eq(fake.order, "");
}

/* Two CPUs, vmcoreinfo and the kernel's text, and four ranges and more: 72 have room where the
 * kernel asks for 66, as it does with 64 CPUs. */
START_TEST(many_ranges) {
        updates_itself(0xc);
        tree_text(&tree, "/sys/kernel/crash_elfcorehdr_size", "3696\n");
        tree_text(&tree, "/sys/devices/system/cpu/possible", "0-1\n");
        ranges(72 - 8, "System RAM");
        loaded("F", "kexec_file_load");
        set("Loader", "kexec_load");
        loaded("O", "kexec_load");
        ck_assert_uint_eq(report.flags, X86 | 5);
        set("Loader", "auto");
        ranges(72 - 7, "System RAM (kmem)");
        only_own(1, "are 73, and kexec_file_load has room for 72");
        ck_assert_uint_eq(fake.n_areas, 4);
}
END_TEST

/* The same for CPUs that can be plugged, and at the size of kernels that distributions make. */
START_TEST(many_cpus) {
        updates_itself(0xc);
        tree_text(&tree, "/sys/devices/system/cpu/possible", "0-8191\n");
        ranges(16456 - 8192 - 6, "System RAM (virtio_mem)");
        loaded("F", "kexec_file_load");
        ranges(16456 - 8192 - 5, "System RAM (virtio_mem)");
        only_own(1, "are 16457, and kexec_file_load has room for 16456");
}
END_TEST

/* RAM below 1 MiB, two that are reserved, the tables and the NVS of ACPI, and the reservation: with
 * 122 more, the e820 of the kernel's own loader is full. */
START_TEST(many_firmware_ranges) {
        updates_itself(0xc);
        ranges(122, "Reserved");
        loaded("F", "kexec_file_load");
        ranges(123, "ACPI Tables");
        only_own(5, "129 with that, and it ends at 128");
}
END_TEST

START_TEST(firmware_ranges_by_hundreds) {
        updates_itself(0xc);
        ranges(200, "Reserved");
        only_own(5, "206 with that, and it ends at 128");
}
END_TEST

START_TEST(firmware_ranges_by_thousands) {
        ranges(4000, "ACPI Non-volatile Storage");
        only_own(1, "4006 with that, and it ends at 128");
}
END_TEST

/* Who does not see addresses is not told of them. */
START_TEST(ranges_unseen) {
        uint8_t flat[FAKE_FLAT_SIZE];

        updates_itself(0xc);
        tree_text(&tree, "/proc/iomem", "00000000-00000000 : System RAM\n");
        loaded("F", "kexec_file_load");
        ranges(200, "Reserved");
        fake_flat(flat, FAKE_ARM64);
        tree_bytes(&tree, KERNEL, flat, sizeof(flat));
        request.architecture = "aarch64";
        loaded("F", "kexec_file_load");
}
END_TEST

START_TEST(dry_run) {
        request.dry_run = true;
        ck_assert_uint_eq(load_prepare(&request, &prepared, &report), FAILURE_NONE);
        ck_assert_str_eq(report.loader, "kexec_load");
        ck_assert_uint_eq(report.flags, X86 | 1);
        ck_assert_str_eq(fake.order, "");
}
END_TEST

/* A restarted daemon knows its image again, whichever flag the kernel has taken. */
START_TEST(same_image) {
        LoadReport a = { .loader = (char *)"kexec_load", .flags = X86 | 9 }, b = a;
        const char *what = "";

        b.flags = X86 | 5;
        ck_assert(load_report_same_image(&a, &b, &what));
        b.flags = X86 | 1;
        ck_assert(load_report_same_image(&a, &b, &what));
        b.flags = 1;
        ck_assert(!load_report_same_image(&a, &b, &what));
        ck_assert_str_eq(what, "loader");
        a.loader = b.loader = (char *)"kexec_file_load";
        a.flags = 2;
        b.flags = 6;
        ck_assert(!load_report_same_image(&a, &b, &what));
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, automatic);
        ADD_FIXTURE_TEST(s, flags);
        ADD_FIXTURE_TEST(s, forced);
        ADD_FIXTURE_TEST(s, other);
        ADD_FIXTURE_TEST(s, other_is_known_again);
        ADD_FIXTURE_TEST(s, other_locked_down);
        ADD_FIXTURE_TEST(s, way_back);
        ADD_FIXTURE_TEST(s, way_back_is_marked);
        ADD_FIXTURE_TEST(s, vmlinux);
        ADD_FIXTURE_TEST(s, many_ranges);
        ADD_FIXTURE_TEST(s, many_cpus);
        ADD_FIXTURE_TEST(s, many_firmware_ranges);
        ADD_FIXTURE_TEST(s, firmware_ranges_by_hundreds);
        ADD_FIXTURE_TEST(s, firmware_ranges_by_thousands);
        ADD_FIXTURE_TEST(s, ranges_unseen);
        ADD_FIXTURE_TEST(s, dry_run);
        ADD_FIXTURE_TEST(s, same_image);
}

TEST_MAIN("load-own", add_cases)
