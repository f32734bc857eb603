/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A crash kernel image of our own, from files to the system call. */
#include "load/assemble.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "core/kernel-release.h"
#include "load/crash-image.h"
#include "sys/crash-machine.h"
#include "sys/kernel-file.h"
#include "sys/kernel-state.h"

static const char *const spoil_table[_SPOIL_MAX] = {
        [SPOIL_NOTHING] = "nothing", [SPOIL_DIGEST] = "digest", [SPOIL_FLAG] = "flag",
        [SPOIL_SEGMENT] = "segment", [SPOIL_EFI] = "efi",
};
DEFINE_NAME_TABLE(spoil, Spoil, _SPOIL_MAX);

/* From here on the low 1 MiB needs no copy that is kept for the dump: the kernel keeps off it
 * (commit "x86/setup: Always reserve the first 1M of RAM", Linux 5.13). */
#define OLDEST_MAJOR 5u
#define OLDEST_MINOR 13u

/* A file's content, in pages of its own that are there. */
typedef struct Content {
        void *data;
        size_t size;
} Content;

struct AssembledImage {
        CrashImage image;
        KernelImage header;
        Content kernel, initrd;
        unsigned long kexec_flag; /* of the architecture */
        bool updatable;           /* the kernel says that it can update images like this one */
        Spoil spoil;
};

static void content_done(Content *content) {
        if (content->data)
                (void)munmap(content->data, content->size);
        *content = (Content){ 0 };
}

AssembledImage *assembled_image_free(AssembledImage *assembled) {
        if (!assembled)
                return NULL;
        crash_image_done(&assembled->image);
        content_done(&assembled->kernel);
        content_done(&assembled->initrd);
        free(assembled);
        return NULL;
}

/* A copy, not a mapping of the file: what is loaded is what was digested, whatever happens to the
 * file meanwhile. What no piece fills is zero. */
static int content_read(int fd, size_t size, const KernelPiece *pieces, size_t n, Content *ret) {
        _cleanup_(content_done) Content content = { 0 };
        void *data;

        data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
                    -1, 0);
        if (data == MAP_FAILED)
                return -errno;
        content = (Content){ .data = data, .size = size };
        for (size_t i = 0; i < n; i++) {
                size_t done;
                int r;

                r = read_at(fd, (char *)data + pieces[i].at, pieces[i].size, pieces[i].offset,
                            &done);
                if (r < 0)
                        return r;
                if (done != pieces[i].size)
                        return -ENODATA;
        }
        *ret = content;
        content = (Content){ 0 };
        return 0;
}

static Failure check_possible(const AssembleInput *input, Error *reterr) {
        const char *mode = kernel_lockdown(input->root_fd);

        if (!image_architecture(input->architecture))
                return error_set(
                        reterr, FAILURE_CONFIGURATION,
                        "images for kexec_load are assembled for x86_64 only, and this is %s",
                        input->architecture);
        if (!streq(mode, "none"))
                return error_set(reterr, FAILURE_LOCKDOWN,
                                 "the kernel is locked down (%s), which forbids kexec_load", mode);
        if (kernel_release_before(input->release, OLDEST_MAJOR, OLDEST_MINOR))
                return error_set(
                        reterr, FAILURE_CONFIGURATION,
                        "for kexec_load the running kernel has to be %u.%u or newer, and it is "
                        "%s",
                        OLDEST_MAJOR, OLDEST_MINOR, input->release);
        return FAILURE_NONE;
}

static Failure plan(const AssembleInput *input, AssembledImage *assembled, Error *reterr) {
        const ImageArchitecture *architecture = image_architecture(input->architecture);
        _cleanup_(crash_machine_done) CrashMachine machine = { 0 };
        _cleanup_free_ char *head = NULL;
        struct stat kernel, initrd = { 0 };
        size_t head_size;
        const char *why;
        Failure failure;
        int r;

        r = crash_machine_read(input->root_fd, &machine, reterr);
        if (r < 0)
                return r == -ENODATA || r == -EPERM || r == -EACCES ? FAILURE_NOT_PERMITTED
                                                                    : FAILURE_CONFIGURATION;
        if (input->spoil == SPOIL_EFI)
                machine.efi.n_ranges = 0;
        if (fstat(input->kernel_fd, &kernel) < 0 ||
            (input->initrd_fd >= 0 && fstat(input->initrd_fd, &initrd) < 0) ||
            kernel_head_read(input->kernel_fd, 0, &head, &head_size) < 0)
                return error_set(reterr, FAILURE_SYSTEM, "the files cannot be read");
        if (kernel_image_parse(input->architecture, head, head_size, (uint64_t)kernel.st_size,
                               &assembled->header, &why) < 0)
                return error_set(reterr, FAILURE_BAD_KERNEL, "the kernel cannot be loaded: %s",
                                 why);
        failure = crash_image_plan(architecture, &machine,
                                   &(CrashFiles){ .head = (const uint8_t *)head,
                                                  .head_size = head_size,
                                                  .header = &assembled->header,
                                                  .initrd_size = (uint64_t)initrd.st_size,
                                                  .command_line = input->command_line,
                                                  .halt_on_damage = input->halt_on_damage },
                                   &assembled->image, reterr);
        if (failure != FAILURE_NONE)
                return failure;
        assembled->kexec_flag = architecture->kexec_flag;
        assembled->updatable =
                assembled->image.elfcorehdr.is_updatable && input->spoil != SPOIL_FLAG;
        assembled->spoil = input->spoil;
        return FAILURE_NONE;
}

static Failure fill(const AssembleInput *input, AssembledImage *assembled, Error *reterr) {
        Segment *kernel = &assembled->image.segments[SEGMENT_KERNEL];
        Segment *initrd = &assembled->image.segments[SEGMENT_INITRD];
        int r;

        r = content_read(input->kernel_fd, kernel->size, assembled->header.pieces,
                         assembled->header.n_pieces, &assembled->kernel);
        if (r >= 0 && initrd->size > 0)
                r = content_read(input->initrd_fd, initrd->size,
                                 &(KernelPiece){ .size = initrd->size }, 1, &assembled->initrd);
        if (r < 0)
                return error_set(reterr, FAILURE_SYSTEM, "the files cannot be read: %s",
                                 r == -ENODATA ? "they became shorter meanwhile" : strerror(-r));
        kernel->data = assembled->kernel.data;
        initrd->data = assembled->initrd.data;
        crash_image_seal(&assembled->image, sha256_blocks_best());
        if (assembled->spoil == SPOIL_SEGMENT)
                *((uint8_t *)assembled->kernel.data + kernel->size / 2) ^= 1;
        return FAILURE_NONE;
}

Failure assemble_image(const AssembleInput *input, AssembledImage **ret, Error *reterr) {
        _cleanup_(assembled_image_freep) AssembledImage *assembled = NULL;
        Failure failure;

        failure = check_possible(input, reterr);
        if (failure != FAILURE_NONE)
                return failure;
        assembled = calloc(1, sizeof(*assembled));
        if (!assembled)
                return error_set(reterr, FAILURE_SYSTEM, "out of memory");
        failure = plan(input, assembled, reterr);
        if (failure == FAILURE_NONE && !input->dry_run)
                failure = fill(input, assembled, reterr);
        if (failure == FAILURE_NONE)
                *ret = TAKE_PTR(assembled);
        return failure;
}

unsigned long assembled_image_flags(const AssembledImage *assembled) {
        return assembled->kexec_flag | KEXEC_FLAG_ON_CRASH |
               (assembled->updatable ? KEXEC_FLAG_UPDATE_ELFCOREHDR : 0);
}

int assembled_image_load(AssembledImage *assembled, const KexecOps *ops, LoadReport *report) {
        /* What a kernel that updates images knows them by: first the flag that all of them take, as
         * kernel.kexec_load_limit_panic counts refused calls, too. The last resort is an image that
         * it does not update. */
        static const unsigned long updatable[] = { KEXEC_FLAG_UPDATE_ELFCOREHDR,
                                                   KEXEC_FLAG_CRASH_HOTPLUG_SUPPORT, 0 };
        KexecSegment segments[_SEGMENT_MAX];
        size_t n = 0;
        int r = -EINVAL;

        for (size_t i = 0; i < _SEGMENT_MAX; i++) {
                const Segment *s = &assembled->image.segments[i];

                if (s->size > 0)
                        segments[n++] = (KexecSegment){ .data = s->data,
                                                        .size = s->size,
                                                        .address = s->address,
                                                        .memory_size = s->memory_size };
        }
        /* A page that has to come back from swap would make the gap longer. */
        (void)mlockall(MCL_CURRENT);
        for (size_t i = assembled->updatable ? 0 : ELEMENTSOF(updatable) - 1;
             r == -EINVAL && i < ELEMENTSOF(updatable); i++) {
                report->flags = assembled->kexec_flag | KEXEC_FLAG_ON_CRASH | updatable[i];
                crash_image_select(&assembled->image,
                                   updatable[i] == 0 || assembled->spoil == SPOIL_DIGEST);
                report->call_start_usec = monotonic_usec();
                r = ops->load(ops->userdata, assembled->image.entry, segments, n, report->flags);
                report->call_end_usec = monotonic_usec();
        }
        (void)munlockall();
        return r;
}
