/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configured capture kernel and its initrd need. */
#include "sys/needs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/kernel-image.h"
#include "core/x86-control.h"
#include "sys/build-report-json.h"
#include "sys/crash-machine.h"
#include "sys/kernel-file.h"
#include "sys/kernel-state.h"
#include "sys/locate.h"
#include "sys/memory-encryption.h"

/* 8,192 CPUs and some ranges, where the kernel does not say. */
#define ELFCOREHDR_DEFAULT (512u * 1024u)

/* What a compressed initrd is the larger for unpacked, of those that were seen. */
#define UNPACKED_FACTOR 3u

/* What kdump-mkinitramfs makes is a few MiB as a rule, and these with many drivers. */
#define ASSUMED_INITRD   (UINT64_C(8) << 20)
#define ASSUMED_UNPACKED (UINT64_C(24) << 20)

/* What is loaded besides, on architectures other than x86_64. */
#define LOAD_SLACK (UINT64_C(1) << 20)

void needs_done(Needs *needs) {
        free(needs->kernel);
        free(needs->initrd);
        *needs = (Needs){ 0 };
}

static void note_unseen(Needs *needs, const char *what) {
        size_t n = strlen(needs->unseen);

        strscpyf(needs->unseen + n, sizeof(needs->unseen) - n, "%s%s", n > 0 ? "; " : "", what);
}

/* Root may find another file in front of the one that was found, or one where none was. */
static void note_closed(Needs *needs, const char *place, const char *what) {
        char text[NEEDS_UNSEEN_MAX];

        strscpyf(text, sizeof(text), "whether there is %s in '%s'", what, place);
        note_unseen(needs, text);
}

static int open_file(int root_fd, const char *path, uint64_t *ret_size, Error *reterr) {
        int fd = open_below(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd >= 0 && fstat(fd, &st) >= 0 && S_ISREG(st.st_mode)) {
                *ret_size = (uint64_t)st.st_size;
                return fd;
        }
        (void)error_set(reterr, 0, "\"%s\" cannot be read: %s", path,
                        fd == -EACCES ? "run as root"
                        : fd < 0      ? strerror(-fd)
                                      : "it is no regular file");
        closep(&fd);
        return fd < 0 ? fd : -EBADMSG;
}

static int locate(int root_fd, const Settings *settings, const char *architecture,
                  const char *release, Needs *needs, Error *reterr) {
        _cleanup_free_ char *tried = NULL;
        int r;

        if (!streq(settings->kernel, "auto")) {
                needs->kernel = strdup(settings->kernel);
                return needs->kernel ? 0 : -ENOMEM;
        }
        r = locate_kernel(root_fd, release, architecture, &needs->kernel, &tried);
        if (r == 1)
                note_closed(needs, tried, "a kernel");
        if (r == -ENOENT)
                (void)error_set(
                        reterr, 0,
                        "no image of the running kernel %s was found: set Kernel= in kdumpd.conf",
                        release);
        if (r == -EACCES)
                (void)error_set(
                        reterr, 0,
                        "no image of the running kernel %s was found, and only root may look into "
                        "\"%s\": run as root",
                        release, tried);
        return r;
}

static int find_kernel(int root_fd, const char *architecture, Needs *needs,
                       char release[static KERNEL_RELEASE_MAX], Error *reterr) {
        _cleanup_free_ char *head = malloc(KERNEL_HEAD_MAX);
        _cleanup_close_ int fd = -EBADF;
        const char *why = "";
        uint64_t size = 0;
        KernelImage image;
        ssize_t n;
        int r;

        if (!head)
                return -ENOMEM;
        fd = open_file(root_fd, needs->kernel, &size, reterr);
        if (fd < 0)
                return fd;
        r = kernel_file_unwrap(architecture, &fd, &size, &why);
        n = r < 0 ? 0 : pread(fd, head, KERNEL_HEAD_MAX, 0);
        if (n < 0)
                r = -errno;
        if (r >= 0)
                r = kernel_image_parse(architecture, head, (size_t)n, size, &image, &why);
        if (r < 0) {
                (void)error_set(reterr, 0, "\"%s\" is no kernel that can be loaded: %s",
                                needs->kernel, r == -EBADMSG ? why : strerror(-r));
                return r;
        }
        needs->input.kernel_bytes = image.init_size;
        strscpy(release, KERNEL_RELEASE_MAX, image.release);
        return 0;
}

/* A cpio archive as it is, or a compressed one. */
static bool is_unpacked(int fd) {
        char magic[6] = "";

        return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
               memcmp(magic, "070701", sizeof(magic)) == 0;
}

/* Of a file that only root may read, as initrds often are, everybody sees the size. */
static bool see_size(int root_fd, Needs *needs) {
        char text[NEEDS_UNSEEN_MAX];
        struct stat st;

        if (fstatat(root_fd, needs->initrd + strspn(needs->initrd, "/"), &st, 0) < 0 ||
            !S_ISREG(st.st_mode))
                return false;
        needs->input.initrd_bytes = (uint64_t)st.st_size;
        strscpyf(text, sizeof(text), "how large '%s' is unpacked", needs->initrd);
        note_unseen(needs, text);
        return true;
}

/* Returns a descriptor; -ENOENT if there is none to be read, or another negative errno. */
static int find_initrd(int root_fd, const Settings *settings, const char *release, Needs *needs,
                       Error *reterr) {
        _cleanup_free_ char *tried = NULL;
        int r = 0;

        if (streq(settings->initrd, "none"))
                return -ENOENT;
        if (!streq(settings->initrd, "auto"))
                needs->initrd = strdup(settings->initrd);
        else
                r = locate_initrd(root_fd, release, &needs->initrd, &tried);
        if (r == 1 || r == -EACCES)
                note_closed(needs, tried, "a capture initramfs");
        needs->initrd_is_assumed = r == -ENOENT || r == -EACCES;
        if (needs->initrd_is_assumed)
                return -ENOENT;
        if (r < 0 || !needs->initrd)
                return -ENOMEM;
        r = open_file(root_fd, needs->initrd, &needs->input.initrd_bytes, reterr);
        if (r == -EACCES && see_size(root_fd, needs))
                return -ENOENT;
        /* What somebody has chosen has to be there. */
        return r == -ENOENT ? -ENODATA : r;
}

static void measure_initrd(int root_fd, int fd, Needs *needs) {
        EstimateInput *input = &needs->input;

        if (needs->initrd_is_assumed) {
                input->initrd_bytes = ASSUMED_INITRD;
                input->initrd_unpacked_bytes = ASSUMED_UNPACKED;
                return;
        }
        if (!needs->initrd ||
            (locate_initrd_is_own(needs->initrd) &&
             build_note_unpacked_bytes(root_fd, needs->initrd, &input->initrd_unpacked_bytes) >= 0))
                return;
        needs->unpacked_is_guess = !is_unpacked(fd);
        input->initrd_unpacked_bytes =
                input->initrd_bytes * (needs->unpacked_is_guess ? UNPACKED_FACTOR : 1);
}

/* As for memory in one piece, where it cannot be seen in how many it is. */
static uint64_t control_bytes(int root_fd, const char *architecture, const Needs *needs) {
        MemoryRange range = { .end = needs->input.memory_bytes };
        MemoryMap memory = { .ranges = &range, .n = 1 };

        if (!streq(architecture, "x86_64"))
                return LOAD_SLACK;
        if (range.end == 0)
                return needs->reservation.control_bytes;
        return MAX(needs->reservation.control_bytes,
                   x86_control_bytes(&memory, crash_machine_has_1g_pages(root_fd)));
}

void needs_measure(int root_fd, const char *architecture, int initrd_fd, Needs *needs) {
        EstimateInput *input = &needs->input;
        int r;

        if (needs->initrd)
                needs->initrd_kind = locate_initrd_kind(root_fd, needs->initrd);
        input->starts_system = needs->initrd_kind == INITRD_SYSTEM;
        measure_initrd(root_fd, initrd_fd, needs);
        input->kernel_unpacks_itself = streq(architecture, "x86_64");
        if (kernel_elfcorehdr_bytes(root_fd, &input->elfcorehdr_bytes) < 0)
                input->elfcorehdr_bytes = ELFCOREHDR_DEFAULT;
        input->memory_bytes = kernel_memory_bytes(root_fd);
        input->control_bytes = control_bytes(root_fd, architecture, needs);
        r = memory_encryption_is_active(root_fd);
        if (r == -EACCES || r == -EPERM)
                note_unseen(needs, "in the kernel's log, whether memory encryption is active");
        input->is_encrypted = r > 0;
        if (needs->reservation.is_sum)
                note_unseen(needs, "in /proc/iomem, in which parts memory is reserved");
        estimate_needs(input, &needs->estimate);
}

const char *needs_advice(const Needs *needs, char ret[static NEEDS_ADVICE_MAX]) {
        const Reservation *r = &needs->reservation;
        bool is_high = !r->is_sum && r->bytes < r->total_bytes;

        strscpyf(ret, NEEDS_ADVICE_MAX, "%" PRIu64 "M%s", needs->estimate.advice >> 20,
                 is_high ? ",high" : "");
        return ret;
}

int needs_find(int root_fd, const Settings *settings, const char *architecture, const char *release,
               Needs *ret, Error *reterr) {
        _cleanup_(needs_done) Needs needs = { 0 };
        char in_header[KERNEL_RELEASE_MAX] = "";
        _cleanup_close_ int fd = -EBADF;
        int r;

        (void)error_set_memory(reterr);
        r = locate(root_fd, settings, architecture, release, &needs, reterr);
        if (r >= 0)
                r = find_kernel(root_fd, architecture, &needs, in_header, reterr);
        if (r < 0)
                return r;
        fd = find_initrd(root_fd, settings, *in_header ? in_header : release, &needs, reterr);
        if (fd < 0 && fd != -ENOENT)
                return fd == -ENODATA ? -ENOENT : fd;
        if (reservation_read(root_fd, &needs.reservation) < 0)
                needs.reservation = (Reservation){ 0 };
        needs_measure(root_fd, architecture, fd, &needs);
        *ret = needs;
        needs = (Needs){ 0 };
        return 0;
}
