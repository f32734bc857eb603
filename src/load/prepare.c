/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that comes before the system call. */
#include "load/prepare.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/xattr.h>

#include "base/string-util.h"
#include "base/time-util.h"
#include "core/kernel-image.h"
#include "core/kernel-release.h"
#include "core/kexec-mark.h"
#include "load/command-line.h"
#include "load/file-call.h"
#include "sys/kernel-file.h"
#include "sys/kernel-state.h"
#include "sys/kexec.h"
#include "sys/locate.h"
#include "sys/needs.h"

#define MIB        (UINT64_C(1024) * 1024)
#define WARM_CHUNK (256u * 1024u)
/* Before that it is for ELF files only (arch/riscv/kernel/kexec_image.c in the kernel tree). */
#define RISCV_FLAT_MAJOR 6u
#define RISCV_FLAT_MINOR 16u

/* What is to be told of a file that was found, whether or not it will do. */
static void note_file(LocatedFile *file, FileIdentity *told) {
        *told = file->identity;
        told->path = file->identity.path ? strdup(file->identity.path) : NULL;
}

static Failure check_flat(const LoadRequest *request, const LocatedFile *kernel,
                          const KernelImage *image, LoadReport *report) {
        if (!image->is_flat || !streq(request->architecture, "riscv64") ||
            !kernel_release_before(request->release, RISCV_FLAT_MAJOR, RISCV_FLAT_MINOR))
                return FAILURE_NONE;
        return load_fail(report, FAILURE_BAD_KERNEL,
                         "the kernel %s\"%s\" is an Image, which kexec_file_load takes "
                         "from Linux %u.%u on, and %s is running: set Kernel= in "
                         "kdumpd.conf to its ELF file (vmlinux)",
                         kernel->is_inner ? "in " : "", kernel->identity.path, RISCV_FLAT_MAJOR,
                         RISCV_FLAT_MINOR, request->release);
}

/* SUSE's initrd has a fixed name, and a file beside it that says what it is for. */
static bool release_of_initrd(const LoadRequest *request, const LocatedFile *initrd,
                              char ret[static PLACES_RELEASE_MAX]) {
        if (located_file_named(initrd, ret))
                return true;
        return streq(initrd->identity.path, "/var/lib/kdump/initrd") &&
               read_line_below(request->root_fd, "/var/lib/kdump/kernel-version", ret,
                               PLACES_RELEASE_MAX) == 0 &&
               ret[0] != '\0';
}

/* A kernel under another's name is not what somebody wanted. */
static Failure check_name(const LocatedFile *kernel, LoadReport *report) {
        char named[PLACES_RELEASE_MAX];

        if (!located_file_named(kernel, named) || places_releases_match(kernel->release, named))
                return FAILURE_NONE;
        return load_fail(report, FAILURE_MISMATCH,
                         "the kernel \"%s\" is named for %s but contains %s", kernel->identity.path,
                         named, kernel->release);
}

static Failure check_pair(const LoadRequest *request, const LocatedFile *initrd,
                          const char *release, LoadReport *report) {
        char named[PLACES_RELEASE_MAX];

        if (release[0] == '\0' || !release_of_initrd(request, initrd, named) ||
            places_releases_match(release, named))
                return FAILURE_NONE;
        return load_fail(report, FAILURE_MISMATCH,
                         "the kernel \"%s\" is %s but the initrd \"%s\" was made for %s: rebuild "
                         "the kdump initrd, or set Kernel= and Initrd= in kdumpd.conf",
                         report->kernel.path, release, report->initrd.path, named);
}

/* A link to an initrd is one, and so is a path of some other shape that leads there. */
static const char *initrd_words(const LocatedFile *initrd) {
        const char *words = initrd->fd < 0 ? "" : places_initrd_words(initrd->identity.path);

        return initrd->fd < 0 || words[0] ? words : places_initrd_words(initrd->resolved);
}

/* What Initrd=auto finds is ready; this is for what somebody has chosen. */
static Failure check_captures(const LoadRequest *request, const LocatedFile *initrd,
                              LoadReport *report) {
        Error why;

        if (places_initrd_captures(request->root_fd, initrd->identity.path, &why) &&
            places_initrd_captures(request->root_fd, initrd->resolved, &why))
                return FAILURE_NONE;
        return load_fail(report, FAILURE_NO_INITRD,
                         "the initrd \"%s\" would save no dump: %s (set Initrd=auto in "
                         "kdumpd.conf, or install kdump-tools and turn it on)",
                         report->initrd.path, why.text);
}

/* Compares what the kernel will ask for, as far as it can be known, with the reservation. */
static Failure check_fit(const LoadRequest *request, const KernelImage *image,
                         const LocatedFile *initrd, const Reservation *reservation,
                         LoadReport *report) {
        bool has_parts = reservation->total_bytes > reservation->bytes;
        char advice[NEEDS_ADVICE_MAX];
        Needs needs = {
                .initrd = report->initrd.path,
                .input = { .kernel_bytes = image->init_size, .initrd_bytes = report->initrd.size },
                .reservation = *reservation,
        };

        needs_measure(request->root_fd, request->architecture, initrd->fd, &needs);
        report->needed_bytes = needs.estimate.loaded;
        report->wanted_bytes = needs.estimate.needed;
        if (reservation->bytes > 0 && !reservation->cma_is_hidden &&
            !estimate_fits(&needs.estimate, reservation->bytes,
                           add_saturated(reservation->total_bytes, reservation->cma_bytes))) {
                report->advice = strdup(needs_advice(&needs, advice));
                if (!report->advice)
                        return load_fail_memory(report);
        }
        if (reservation->bytes == 0 ||
            estimate_fits(&needs.estimate, reservation->bytes, UINT64_MAX))
                return FAILURE_NONE;
        return load_fail(report, FAILURE_TOO_SMALL,
                         "the image takes at least %" PRIu64 " MiB and %" PRIu64
                         " MiB are reserved%s%s: boot with crashkernel=%s or more "
                         "(\"kdumpctl reserve --write\" writes it)",
                         (report->needed_bytes + MIB - 1) / MIB, reservation->bytes / MIB,
                         has_parts ? " in one piece, high up, where it has to lie" : "",
                         reservation->cma_bytes > 0
                                 ? " (none can lie in what crashkernel=SIZE,cma adds)"
                                 : "",
                         needs_advice(&needs, advice));
}

/* s390x looks at signatures only when it was started like that itself (s390_verify_sig() in
 * arch/s390/kernel/machine_kexec_file.c). */
static bool takes_unsigned(const LoadRequest *request) {
        uint64_t secure;

        return streq(request->architecture, "s390x") &&
               read_u64_below(request->root_fd, "/sys/firmware/ipl/secure", &secure) >= 0 &&
               secure == 0;
}

/* Under lockdown the kernel drops the old image before it looks at the new one's signature. An
 * image without any would surely cost us the old one. (IMA can vouch for it instead, by an
 * attribute.) */
static Failure check_lockdown(const LoadRequest *request, const LocatedFile *kernel,
                              const KernelImage *image, LoadReport *report) {
        const char *mode = kernel_lockdown(request->root_fd);

        if (request->settings->loader == LOADER_KEXEC_LOAD || streq(mode, "none") ||
            takes_unsigned(request) || image->has_signature ||
            kernel_file_has_appended_signature(kernel->fd, kernel->size) ||
            fgetxattr(kernel->fd, "security.ima", NULL, 0) > 0)
                return FAILURE_NONE;
        return load_fail(report, FAILURE_LOCKDOWN,
                         "the kernel is locked down (%s) and takes only signed images, and "
                         "%s\"%s\" has no signature%s: install a signed kernel, or boot without "
                         "secure boot",
                         mode, kernel->is_inner ? "the kernel in " : "", report->kernel.path,
                         kernel->is_inner ? " of its own" : "");
}

Failure load_note_loader(LoadReport *report, LoaderChoice loader, const char *format, ...) {
        char *name = strdup(loader_choice_to_string(loader)), *reason;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&reason, format, ap) < 0)
                reason = NULL;
        va_end(ap);
        free(report->loader);
        free(report->loader_reason);
        report->loader = name;
        report->loader_reason = reason;
        return name && reason ? FAILURE_NONE : load_fail_memory(report);
}

char *load_marked_line(const LoadReport *report) {
        char *line;

        if (!report->mark)
                return strdup(report->command_line);
        return asprintf(&line, KEXEC_MARK_WORD "%s %s", report->mark, report->command_line) < 0
                       ? NULL
                       : line;
}

Failure load_assemble(const LoadRequest *request, int kernel_fd, int initrd_fd,
                      const char *command_line, AssembledImage **ret, Error *reterr) {
        return assemble_image(
                &(AssembleInput){
                        .root_fd = request->root_fd,
                        .architecture = request->architecture,
                        .release = request->release,
                        .kernel_fd = kernel_fd,
                        .initrd_fd = initrd_fd,
                        .command_line = command_line,
                        .halt_on_damage = request->settings->on_damage == ON_DAMAGE_HALT,
                        .spoil = request->spoil,
                        .dry_run = request->dry_run,
                },
                ret, reterr);
}

/* Why kexec_file_load serves better here; NULL if kexec_load is to be tried. */
static const char *why_file(const LoadRequest *request, const KernelImage *image) {
        uint64_t bytes;

        if (request->settings->loader == LOADER_KEXEC_FILE_LOAD)
                return "Loader=kexec_file_load asks for it";
        if (request->settings->loader == LOADER_KEXEC_LOAD || image->is_elf)
                return NULL;
        if (!streq(kernel_lockdown(request->root_fd), "none"))
                return "the kernel is locked down and takes images only this way";
        if (kernel_elfcorehdr_bytes(request->root_fd, &bytes) == 0 && bytes > 0)
                return "the kernel keeps such images up to date itself, so that hotplug costs no "
                       "reload";
        return NULL;
}

/* The call that would be made for this reason fails, or makes an image that no panic could start:
 * the first costs the image that is loaded, the second leaves the machine hanging after a panic,
 * where one without any image restarts. */
static Failure refuse_file(const LoadRequest *request, const char *obstacle, LoadReport *report) {
        if (request->settings->loader == LOADER_KEXEC_FILE_LOAD)
                return load_fail(report, FAILURE_CONFIGURATION,
                                 "Loader=kexec_file_load cannot be followed: %s (set Loader=auto "
                                 "in kdumpd.conf for the other system call)",
                                 obstacle);
        return load_fail(report, FAILURE_LOCKDOWN,
                         "the kernel is locked down (%s) and takes images only by kexec_file_load, "
                         "but %s: boot without secure boot",
                         kernel_lockdown(request->root_fd), obstacle);
}

/* Whether a system call is left when that for an image of our own is not. */
static Failure own_failed(const LoadRequest *request, const KernelImage *image, Failure failure,
                          const char *error, const char *obstacle, LoadReport *report) {
        if (request->settings->loader == LOADER_KEXEC_LOAD)
                return load_fail(report, failure,
                                 "Loader=kexec_load cannot be followed: %s (set Loader=auto in "
                                 "kdumpd.conf for the other system call)",
                                 error);
        if (image->is_elf)
                return load_fail(report, failure,
                                 "the kernel \"%s\" is an ELF file (vmlinux), which only "
                                 "kexec_load takes, and that cannot be used: %s (set Kernel= in "
                                 "kdumpd.conf to the bzImage for the other system call)",
                                 report->kernel.path, error);
        if (obstacle[0])
                return load_fail(report, failure, "%s; and kexec_load cannot be used: %s", obstacle,
                                 error);
        return load_note_loader(report, LOADER_KEXEC_FILE_LOAD, "kexec_load cannot be used: %s",
                                error);
}

/* obstacle is what is in the way of kexec_file_load, "" if nothing is. */
static Failure choose_loader(const LoadRequest *request, const LocatedFile *kernel,
                             const KernelImage *image, const LocatedFile *initrd,
                             const char *obstacle, const char *command_line, AssembledImage **ret,
                             LoadReport *report) {
        const char *why = why_file(request, image);
        Error error;
        Failure failure;

        if (why && image->is_elf)
                return load_fail(report, FAILURE_BAD_KERNEL,
                                 "the kernel \"%s\" is an ELF file (vmlinux), which "
                                 "kexec_file_load does not take: set Loader=auto, or Kernel= to "
                                 "the bzImage (vmlinuz)",
                                 report->kernel.path);
        if (why && obstacle[0] &&
            (request->settings->loader != LOADER_AUTO ||
             !streq(kernel_lockdown(request->root_fd), "none")))
                return refuse_file(request, obstacle, report);
        if (why && !obstacle[0])
                return load_note_loader(report, LOADER_KEXEC_FILE_LOAD, "%s", why);
        failure = load_assemble(request, kernel->fd, initrd->fd, command_line, ret, &error);
        if (failure != FAILURE_NONE)
                return own_failed(request, image, failure, error.text, obstacle, report);
        return load_note_loader(
                report, LOADER_KEXEC_LOAD, "%s",
                request->settings->loader == LOADER_KEXEC_LOAD ? "Loader=kexec_load asks for it"
                : image->is_elf ? "the kernel is an ELF file (vmlinux), which only this system "
                                  "call takes"
                : obstacle[0]   ? obstacle
                                : "hotplug costs reloads on this kernel, and it leaves the machine "
                                  "without an image for the shorter time");
}

/* Brings a file into the page cache: the kernel reads it when the old image is gone already. */
static void warm(int fd) {
        _cleanup_free_ char *chunk = malloc(WARM_CHUNK);
        off_t offset = 0;
        ssize_t n;

        if (fd < 0 || !chunk)
                return;
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
        while ((n = pread(fd, chunk, WARM_CHUNK, offset)) > 0 || (n < 0 && errno == EINTR))
                offset += n > 0 ? n : 0;
}

static LocateRequest locate_request(const LoadRequest *request) {
        return (LocateRequest){ .root_fd = request->root_fd,
                                .settings = request->settings,
                                .architecture = request->architecture,
                                .release = request->release,
                                .must_be_sure = request->dry_run };
}

static Failure prepare_initrd(const LoadRequest *request, LocatedFile *initrd, const char *release,
                              LoadReport *report) {
        LocateRequest located = locate_request(request);
        Failure failure;
        Error error;

        failure = locate_open_initrd(&located, release[0] ? release : request->release, initrd,
                                     &error);
        note_file(initrd, &report->initrd);
        if (failure != FAILURE_NONE)
                return load_fail(report, failure, "%s", error.text);
        if (!initrd->identity.path)
                return FAILURE_NONE;
        report->initrd_kind = strdup(
                initrd_kind_to_string(places_initrd_kind(request->root_fd, initrd->identity.path)));
        if (!report->initrd.path || !report->initrd_kind)
                return load_fail_memory(report);
        failure = check_captures(request, initrd, report);
        return failure != FAILURE_NONE ? failure : check_pair(request, initrd, release, report);
}

static Failure prepare_kernel(const LoadRequest *request, LocatedFile *kernel,
                              KernelImage *ret_image, LoadReport *report) {
        LocateRequest located = locate_request(request);
        Failure failure;
        Error error;

        failure = locate_open_kernel(&located, kernel, &error);
        note_file(kernel, &report->kernel);
        if (failure == FAILURE_NONE)
                failure = locate_read_kernel(&located, kernel, ret_image, &error);
        if (failure != FAILURE_NONE)
                return load_fail(report, failure, "%s", error.text);
        if (!report->kernel.path)
                return load_fail_memory(report);
        failure = check_flat(request, kernel, ret_image, report);
        if (failure == FAILURE_NONE)
                failure = check_name(kernel, report);
        if (failure != FAILURE_NONE || kernel->release[0] == '\0')
                return failure;
        report->kernel_release = strdup(kernel->release);
        return report->kernel_release ? FAILURE_NONE : load_fail_memory(report);
}

static Failure prepare_files(const LoadRequest *request, LocatedFile *kernel, LocatedFile *initrd,
                             const Reservation *reservation, KernelImage *ret_image,
                             LoadReport *report) {
        bool is_x86 = streq(request->architecture, "x86_64");
        Failure failure;

        failure = prepare_kernel(request, kernel, ret_image, report);
        if (failure == FAILURE_NONE)
                failure = prepare_initrd(request, initrd, kernel->release, report);
        if (failure == FAILURE_NONE)
                failure = load_command_line(request, is_x86 ? ret_image : NULL, kernel->fd,
                                            initrd_words(initrd), report);
        if (failure == FAILURE_NONE)
                failure = check_fit(request, ret_image, initrd, reservation, report);
        if (failure == FAILURE_NONE)
                failure = check_lockdown(request, kernel, ret_image, report);
        return failure;
}

Failure load_prepare(const LoadRequest *request, Prepared *ret, LoadReport *report) {
        _cleanup_(located_file_done) LocatedFile kernel = LOCATED_FILE_INIT;
        _cleanup_(located_file_done) LocatedFile initrd = LOCATED_FILE_INIT;
        _cleanup_(assembled_image_freep) AssembledImage *assembled = NULL;
        _cleanup_free_ char *line = NULL;
        Error obstacle, file_obstacle;
        Reservation reservation;
        KernelImage image = { 0 };
        Failure failure;
        unsigned flags;

        report->is_automatic = request->settings->loader == LOADER_AUTO;
        if (reservation_read(request->root_fd, &reservation) < 0)
                reservation = (Reservation){ 0 };
        report->reservation_bytes = reservation.bytes;
        report->reservation_is_sum = reservation.is_sum;
        report->reservation_cma_bytes = reservation.cma_bytes;
        failure = kernel_obstacle(request->root_fd, &obstacle);
        if (failure != FAILURE_NONE)
                return load_fail(report, failure, "%s", obstacle.text);
        failure = prepare_files(request, &kernel, &initrd, &reservation, &image, report);
        if (file_call_serves(request->root_fd, request->architecture, &file_obstacle))
                file_obstacle = (Error){ 0 };
        if (failure == FAILURE_NONE) {
                line = load_marked_line(report);
                failure = !line ? load_fail_memory(report)
                                : choose_loader(request, &kernel, &image, &initrd,
                                                file_obstacle.text, line, &assembled, report);
        }
        if (failure != FAILURE_NONE)
                return failure;

        flags = KEXEC_FILE_FLAG_ON_CRASH | (report->initrd.path ? 0 : KEXEC_FILE_FLAG_NO_INITRAMFS);
        report->flags = assembled ? assembled_image_flags(assembled) : flags;
        if (!request->dry_run && !assembled) {
                warm(kernel.fd);
                warm(initrd.fd);
        }
        *ret = (Prepared){ .kernel_fd = TAKE_FD(kernel.fd),
                           .initrd_fd = TAKE_FD(initrd.fd),
                           .flags = flags,
                           .assembled = TAKE_PTR(assembled),
                           .is_elf = image.is_elf,
                           .file_call_serves = file_obstacle.text[0] == '\0',
                           .command_line = TAKE_PTR(line) };
        return FAILURE_NONE;
}
