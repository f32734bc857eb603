/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configured capture kernel and its initrd need. */
#include "sys/needs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/x86-control.h"
#include "sys/build-report-json.h"
#include "sys/crash-machine.h"
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
static void note_closed(Needs *needs, const LocatedFile *file, const char *what) {
        char text[NEEDS_UNSEEN_MAX];

        if (!file->closed)
                return;
        strscpyf(text, sizeof(text), "whether there is %s in '%s'", what, file->closed);
        note_unseen(needs, text);
}

static Failure find_kernel(const LocateRequest *request, LocatedFile *kernel, Needs *needs,
                           Error *reterr) {
        KernelImage image;
        Failure failure;

        failure = locate_open_kernel(request, kernel, reterr);
        if (failure == FAILURE_NONE)
                failure = locate_read_kernel(request, kernel, &image, reterr);
        if (failure != FAILURE_NONE)
                return failure;
        note_closed(needs, kernel, "a kernel");
        needs->input.kernel_bytes = image.init_size;
        needs->kernel = strdup(kernel->identity.path);
        if (!needs->kernel) {
                (void)error_set_memory(reterr);
                return FAILURE_SYSTEM;
        }
        return FAILURE_NONE;
}

/* A cpio archive as it is, or a compressed one. */
static bool is_unpacked(int fd) {
        char magic[6] = "";

        return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
               memcmp(magic, "070701", sizeof(magic)) == 0;
}

/* What somebody has chosen has to be there. */
static Failure find_initrd(const LocateRequest *request, const char *release, LocatedFile *initrd,
                           Needs *needs, Error *reterr) {
        Failure failure = locate_open_initrd(request, release, initrd, reterr);
        char text[NEEDS_UNSEEN_MAX];

        note_closed(needs, initrd, "a capture initramfs");
        needs->initrd_is_assumed = failure == FAILURE_NO_INITRD && !initrd->identity.path;
        if (needs->initrd_is_assumed)
                return FAILURE_NONE;
        if (initrd->is_denied) {
                strscpyf(text, sizeof(text), "how large '%s' is unpacked", initrd->identity.path);
                note_unseen(needs, text);
                failure = FAILURE_NONE;
        }
        if (failure != FAILURE_NONE || !initrd->identity.path)
                return failure;
        needs->input.initrd_bytes = initrd->identity.size;
        needs->initrd = strdup(initrd->identity.path);
        if (!needs->initrd) {
                (void)error_set_memory(reterr);
                return FAILURE_SYSTEM;
        }
        return FAILURE_NONE;
}

static void measure_initrd(int root_fd, int fd, Needs *needs) {
        EstimateInput *input = &needs->input;

        if (needs->initrd_is_assumed) {
                input->initrd_bytes = ASSUMED_INITRD;
                input->initrd_unpacked_bytes = ASSUMED_UNPACKED;
                return;
        }
        if (!needs->initrd ||
            (places_initrd_is_own(needs->initrd) &&
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
                needs->initrd_kind = places_initrd_kind(root_fd, needs->initrd);
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

Failure needs_find(int root_fd, const Settings *settings, const char *architecture,
                   const char *release, Needs *ret, Error *reterr) {
        const LocateRequest request = {
                .root_fd = root_fd,
                .settings = settings,
                .architecture = architecture,
                .release = release,
        };
        _cleanup_(located_file_done) LocatedFile kernel = LOCATED_FILE_INIT;
        _cleanup_(located_file_done) LocatedFile initrd = LOCATED_FILE_INIT;
        _cleanup_(needs_done) Needs needs = { 0 };
        Failure failure;

        failure = find_kernel(&request, &kernel, &needs, reterr);
        if (failure == FAILURE_NONE)
                failure = find_initrd(&request, kernel.release[0] ? kernel.release : release,
                                      &initrd, &needs, reterr);
        if (failure != FAILURE_NONE)
                return failure;
        if (reservation_read(root_fd, &needs.reservation) < 0)
                needs.reservation = (Reservation){ 0 };
        needs_measure(root_fd, architecture, initrd.fd, &needs);
        *ret = needs;
        needs = (Needs){ 0 };
        return FAILURE_NONE;
}
