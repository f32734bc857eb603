/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configured capture kernel and its initrd need. */
#include "ctl/needs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/kernel-image.h"
#include "core/x86-control.h"
#include "sys/build-report-json.h"
#include "sys/crash-machine.h"
#include "sys/kernel-file.h"
#include "sys/kernel-state.h"
#include "sys/locate.h"

/* 8,192 CPUs and some ranges, where the kernel does not say. */
#define ELFCOREHDR_DEFAULT (512u * 1024u)

/* What a compressed initrd is the larger for unpacked, of those that were seen. */
#define UNPACKED_FACTOR 3u

/* What is loaded besides, on architectures other than x86_64. */
#define LOAD_SLACK (UINT64_C(1) << 20)

void needs_done(Needs *needs) {
        free(needs->kernel);
        free(needs->initrd);
        *needs = (Needs){ 0 };
}

static int open_file(int root_fd, const char *path, uint64_t *ret_size,
                     char reterr[static NEEDS_ERROR_MAX]) {
        int fd = open_below(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd >= 0 && fstat(fd, &st) >= 0 && S_ISREG(st.st_mode)) {
                *ret_size = (uint64_t)st.st_size;
                return fd;
        }
        strscpyf(reterr, NEEDS_ERROR_MAX, "'%s' cannot be read: %s.", path,
                 fd < 0 ? strerror(-fd) : "it is no regular file");
        closep(&fd);
        return fd < 0 ? fd : -EBADMSG;
}

static int find_kernel(int root_fd, const Settings *settings, const struct utsname *uts,
                       Needs *needs, char release[static KERNEL_RELEASE_MAX],
                       char reterr[static NEEDS_ERROR_MAX]) {
        _cleanup_free_ char *tried = NULL, *head = NULL;
        _cleanup_close_ int fd = -EBADF;
        const char *why = "";
        uint64_t size = 0;
        KernelImage image;
        ssize_t n;
        int r;

        if (!streq(settings->kernel, "auto"))
                needs->kernel = strdup(settings->kernel);
        else if (locate_kernel(root_fd, uts->release, uts->machine, &needs->kernel, &tried) ==
                 -ENOENT) {
                strscpyf(reterr, NEEDS_ERROR_MAX,
                         "No image of the running kernel %s was found, set Kernel= in kdumpd.conf.",
                         uts->release);
                return -ENOENT;
        }
        head = malloc(KERNEL_HEAD_MAX);
        if (!needs->kernel || !head) {
                strscpy(reterr, NEEDS_ERROR_MAX, "Out of memory.");
                return -ENOMEM;
        }
        fd = open_file(root_fd, needs->kernel, &size, reterr);
        if (fd < 0)
                return fd;
        r = kernel_file_unwrap(&fd, &size);
        if (r < 0) {
                strscpyf(reterr, NEEDS_ERROR_MAX, "'%s' cannot be read: %s.", needs->kernel,
                         strerror(-r));
                return r;
        }
        n = pread(fd, head, KERNEL_HEAD_MAX, 0);
        r = n < 0 ? -errno : kernel_image_parse(head, (size_t)n, size, &image, &why);
        if (r >= 0) {
                needs->input.kernel_bytes = image.init_size;
                strscpy(release, KERNEL_RELEASE_MAX, image.release);
                return 0;
        }
        /* Kernels of other architectures say nothing of themselves; their size is near. */
        if (streq(uts->machine, "x86_64")) {
                strscpyf(reterr, NEEDS_ERROR_MAX, "'%s' is no kernel that can be loaded: %s.",
                         needs->kernel, n < 0 ? strerror(-r) : why);
                return r;
        }
        needs->input.kernel_bytes = size;
        return 0;
}

/* A cpio archive as it is, or a compressed one. */
static bool is_unpacked(int fd) {
        char magic[6] = "";

        return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
               memcmp(magic, "070701", sizeof(magic)) == 0;
}

static int find_initrd(int root_fd, const Settings *settings, const char *release, Needs *needs,
                       char reterr[static NEEDS_ERROR_MAX]) {
        EstimateInput *input = &needs->input;
        _cleanup_free_ char *tried = NULL;
        _cleanup_close_ int fd = -EBADF;

        if (streq(settings->initrd, "none"))
                return 0;
        if (!streq(settings->initrd, "auto"))
                needs->initrd = strdup(settings->initrd);
        else if (locate_initrd(root_fd, release, &needs->initrd, &tried) == -ENOENT) {
                strscpyf(reterr, NEEDS_ERROR_MAX,
                         "There is no capture initramfs for %s yet, build one with "
                         "'kdumpctl rebuild'.",
                         release);
                return -ENOENT;
        }
        if (!needs->initrd) {
                strscpy(reterr, NEEDS_ERROR_MAX, "Out of memory.");
                return -ENOMEM;
        }
        fd = open_file(root_fd, needs->initrd, &input->initrd_bytes, reterr);
        if (fd < 0)
                return fd;
        if (locate_initrd_is_own(needs->initrd) &&
            build_note_unpacked_bytes(root_fd, needs->initrd, &input->initrd_unpacked_bytes) >= 0)
                return 0;
        needs->unpacked_is_guess = !is_unpacked(fd);
        input->initrd_unpacked_bytes =
                input->initrd_bytes * (needs->unpacked_is_guess ? UNPACKED_FACTOR : 1);
        return 0;
}

/* As for memory in one piece, where it cannot be seen in how many it is. */
static uint64_t control_bytes(int root_fd, const struct utsname *uts, const Needs *needs) {
        MemoryRange range = { .end = MAX(needs->input.memory_bytes, UINT64_C(1)) };
        MemoryMap memory = { .ranges = &range, .n = 1 };

        if (!streq(uts->machine, "x86_64"))
                return LOAD_SLACK;
        return MAX(needs->reservation.control_bytes,
                   x86_control_bytes(&memory, crash_machine_has_1g_pages(root_fd)));
}

int needs_find(int root_fd, const Settings *settings, Needs *ret,
               char reterr[static NEEDS_ERROR_MAX]) {
        _cleanup_(needs_done) Needs needs = { 0 };
        char release[KERNEL_RELEASE_MAX] = "";
        struct utsname uts;
        int r;

        if (uname(&uts) < 0)
                return -errno;
        r = find_kernel(root_fd, settings, &uts, &needs, release, reterr);
        if (r >= 0)
                r = find_initrd(root_fd, settings, *release ? release : uts.release, &needs,
                                reterr);
        if (r < 0)
                return r;
        if (kernel_elfcorehdr_bytes(root_fd, &needs.input.elfcorehdr_bytes) < 0)
                needs.input.elfcorehdr_bytes = ELFCOREHDR_DEFAULT;
        needs.input.memory_bytes = kernel_memory_bytes(root_fd);
        if (reservation_read(root_fd, &needs.reservation) < 0)
                needs.reservation = (Reservation){ 0 };
        needs.input.control_bytes = control_bytes(root_fd, &uts, &needs);
        estimate_needs(&needs.input, &needs.estimate);
        *ret = needs;
        needs = (Needs){ 0 };
        return 0;
}
