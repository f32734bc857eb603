/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that comes before the system call. */
#include "load/prepare.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/string-util.h"
#include "base/time-util.h"
#include "core/kernel-image.h"
#include "core/kernel-release.h"
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
#define RISCV_FLAT_MAJOR  6u
#define RISCV_FLAT_MINOR  16u
#define FILE_SIZE_LARGEST (UINT64_C(1) << 40) /* keeps the sums far from overflow */

/* A file that cannot be loaded is named together with the setting that names it. */
static Failure blame_setting(Failure failure, const char *key, const char *value,
                             LoadReport *report) {
        _cleanup_free_ char *message = report->message ? strdup(report->message) : NULL;
        char named[32];

        strscpyf(named, sizeof(named), "%s=", key);
        if (failure == FAILURE_NONE || failure == FAILURE_SYSTEM || streq(value, "auto") ||
            !message || strstr(message, named))
                return failure;
        return load_fail(report, failure, "%s (%s in kdumpd.conf)", message, named);
}

/* One of the two files, while it is being looked at. */
typedef struct Input {
        const char *what; /* "kernel", "initrd" */
        Failure missing;  /* the failure that a file that cannot be had is */
        int fd;
        FileIdentity *identity;
        uint64_t size;           /* of what fd has */
        bool is_inner;           /* what identity tells has fd's kernel in it, in another form */
        char resolved[PATH_MAX]; /* where the path led to below the root, "" if that is unknown */
} Input;

static void input_close(Input *input) {
        closep(&input->fd);
}

static void path_of_descriptor(int fd, char ret[static PATH_MAX]) {
        char link[64];
        ssize_t n;

        strscpyf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, ret, PATH_MAX - 1);
        ret[n < 0 ? 0 : n] = '\0';
}

static void note_resolved(Input *input, int root_fd) {
        char root[PATH_MAX], path[PATH_MAX];
        const char *below;

        path_of_descriptor(root_fd, root);
        path_of_descriptor(input->fd, path);
        below = startswith(path, root);
        strscpy(input->resolved, sizeof(input->resolved), below && *below == '/' ? below : path);
}

static Failure input_open(Input *input, int root_fd, LoadReport *report) {
        const char *path = input->identity->path;
        struct stat st;
        int r;

        /* A FIFO or a terminal at that path must not stop us. */
        input->fd = open_below(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (input->fd == -EACCES)
                return load_fail(report, input->missing,
                                 "the %s \"%s\" cannot be read: run as root", input->what, path);
        if (input->fd < 0)
                return load_fail(report, input->missing, "the %s \"%s\" cannot be opened: %s",
                                 input->what, path, strerror(-input->fd));
        r = fstat(input->fd, &st) < 0 ? -errno : 0;
        if (r < 0)
                return load_fail(report, FAILURE_SYSTEM, "the %s \"%s\" cannot be examined: %s",
                                 input->what, path, strerror(-r));
        if (!S_ISREG(st.st_mode))
                return load_fail(report, input->missing, "the %s \"%s\" is %s", input->what, path,
                                 S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
        if (st.st_size == 0 || (uint64_t)st.st_size > FILE_SIZE_LARGEST)
                return load_fail(report, input->missing, "the %s \"%s\" is %s", input->what, path,
                                 st.st_size == 0 ? "empty" : "too large");
        input->identity->device = st.st_dev;
        input->identity->inode = st.st_ino;
        input->identity->mtime_nsec =
                (uint64_t)st.st_mtim.tv_sec * 1000 * USEC_PER_SEC + (uint64_t)st.st_mtim.tv_nsec;
        input->identity->size = input->size = (uint64_t)st.st_size;
        note_resolved(input, root_fd);
        return FAILURE_NONE;
}

/* What a user without privileges cannot look at may be what is loaded. What was found all the same
 * is good enough for loading it, but not for saying what would be loaded. */
static Failure fail_closed(Failure failure, const char *what, const char *closed,
                           LoadReport *report) {
        return load_fail(report, failure,
                         "%s is not known, as \"%s\" cannot be looked at: run as root", what,
                         closed);
}

/* A kernel can come in a file with other things, or packed. */
static Failure unwrap(const LoadRequest *request, Input *kernel, LoadReport *report) {
        const char *why;
        int r = kernel_file_unwrap(request->architecture, &kernel->fd, &kernel->size, &why);

        kernel->is_inner = r > 0;
        if (r >= 0)
                return FAILURE_NONE;
        return load_fail(report, r == -EBADMSG ? FAILURE_BAD_KERNEL : FAILURE_SYSTEM,
                         "the kernel cannot be taken out of \"%s\": %s", kernel->identity->path,
                         r == -EBADMSG ? why : strerror(-r));
}

static Failure find_kernel(const LoadRequest *request, LoadReport *report) {
        const char *setting = request->settings->kernel;
        _cleanup_free_ char *tried = NULL;
        int r;

        if (!streq(setting, "auto")) {
                report->kernel.path = strdup(setting);
                return report->kernel.path ? FAILURE_NONE : load_fail_memory(report);
        }
        r = locate_kernel(request->root_fd, request->release, request->architecture,
                          &report->kernel.path, &tried);
        if (r == -EACCES || (r == 1 && request->dry_run))
                return fail_closed(FAILURE_NO_KERNEL, "which image of the running kernel is found",
                                   tried, report);
        if (r == -ENOENT)
                return load_fail(report, FAILURE_NO_KERNEL,
                                 "no image of the running kernel %s was found: set Kernel= in "
                                 "kdumpd.conf (tried %s)",
                                 request->release, tried);
        return r < 0 ? load_fail_memory(report) : FAILURE_NONE;
}

static Failure find_initrd(const LoadRequest *request, const char *release, LoadReport *report) {
        const char *setting = request->settings->initrd;
        _cleanup_free_ char *tried = NULL;
        int r;

        if (streq(setting, "none"))
                return FAILURE_NONE;
        if (!streq(setting, "auto")) {
                report->initrd.path = strdup(setting);
                return report->initrd.path ? FAILURE_NONE : load_fail_memory(report);
        }
        r = locate_initrd(request->root_fd, release, &report->initrd.path, &tried);
        if (r == -EACCES || (r == 1 && request->dry_run))
                return fail_closed(FAILURE_NO_INITRD, "which kdump initrd is found", tried, report);
        if (r == -ENOENT)
                return load_fail(report, FAILURE_NO_INITRD,
                                 "no kdump initrd for kernel %s was found: make one with "
                                 "\"kdump-mkinitramfs\", or set Initrd= in kdumpd.conf "
                                 "(tried %s)",
                                 release, tried);
        return r < 0 ? load_fail_memory(report) : FAILURE_NONE;
}

static Failure parse_kernel(const LoadRequest *request, const Input *kernel, KernelImage *ret,
                            LoadReport *report) {
        _cleanup_(kernel_head_done) KernelHead head = { 0 };
        const FileIdentity *id = kernel->identity;
        const char *why;
        int r;

        r = kernel_head_read(kernel->fd, &head);
        if (r == -ENOMEM)
                return load_fail_memory(report);
        if (r < 0)
                return load_fail(report, FAILURE_NO_KERNEL, "the kernel \"%s\" cannot be read: %s",
                                 id->path, strerror(-r));
        if (kernel_image_parse(request->architecture, head.data, head.size, kernel->size, ret,
                               &why) < 0)
                return load_fail(report, FAILURE_BAD_KERNEL,
                                 "the kernel %s\"%s\" cannot be loaded: %s",
                                 kernel->is_inner ? "in " : "", id->path, why);
        if (ret->is_flat && streq(request->architecture, "riscv64") &&
            kernel_release_before(request->release, RISCV_FLAT_MAJOR, RISCV_FLAT_MINOR))
                return load_fail(report, FAILURE_BAD_KERNEL,
                                 "the kernel %s\"%s\" is an Image, which kexec_file_load takes "
                                 "from Linux %u.%u on, and %s is running: set Kernel= in "
                                 "kdumpd.conf to its ELF file (vmlinux)",
                                 kernel->is_inner ? "in " : "", id->path, RISCV_FLAT_MAJOR,
                                 RISCV_FLAT_MINOR, request->release);
        return FAILURE_NONE;
}

/* The release that a file's names carry; what a link leads to is surer than what it is called. */
static bool release_of_input(const Input *input, char ret[static LOCATE_RELEASE_MAX]) {
        return locate_release_of_path(input->resolved, ret) ||
               locate_release_of_path(input->identity->path, ret);
}

/* SUSE's initrd has a fixed name, and a file beside it that says what it is for. */
static bool release_of_initrd(const LoadRequest *request, const Input *initrd,
                              char ret[static LOCATE_RELEASE_MAX]) {
        if (release_of_input(initrd, ret))
                return true;
        return streq(initrd->identity->path, "/var/lib/kdump/initrd") &&
               read_line_below(request->root_fd, "/var/lib/kdump/kernel-version", ret,
                               LOCATE_RELEASE_MAX) == 0 &&
               ret[0] != '\0';
}

/* Finds out what release the kernel is of: by its header, else by its name. ret is "" if neither
 * tells. */
static Failure kernel_release(const Input *kernel, const char *in_header, LoadReport *report,
                              char ret[static LOCATE_RELEASE_MAX]) {
        char named[LOCATE_RELEASE_MAX];
        bool has_name = release_of_input(kernel, named);

        if (!isempty(in_header) && has_name && !locate_releases_match(in_header, named))
                return load_fail(report, FAILURE_MISMATCH,
                                 "the kernel \"%s\" is named for %s but contains %s",
                                 kernel->identity->path, named, in_header);
        strscpy(ret, LOCATE_RELEASE_MAX, !isempty(in_header) ? in_header : has_name ? named : "");
        if (ret[0] == '\0')
                return FAILURE_NONE;
        report->kernel_release = strdup(ret);
        return report->kernel_release ? FAILURE_NONE : load_fail_memory(report);
}

static Failure check_pair(const LoadRequest *request, const Input *initrd, const char *release,
                          LoadReport *report) {
        char named[LOCATE_RELEASE_MAX];

        if (release[0] == '\0' || !release_of_initrd(request, initrd, named) ||
            locate_releases_match(release, named))
                return FAILURE_NONE;
        return load_fail(report, FAILURE_MISMATCH,
                         "the kernel \"%s\" is %s but the initrd \"%s\" was made for %s: rebuild "
                         "the kdump initrd, or set Kernel= and Initrd= in kdumpd.conf",
                         report->kernel.path, release, report->initrd.path, named);
}

/* A link to an initrd is one, and so is a path of some other shape that leads there. */
static const char *initrd_words(const Input *initrd) {
        const char *words = initrd->fd < 0 ? "" : locate_initrd_words(initrd->identity->path);

        return initrd->fd < 0 || words[0] ? words : locate_initrd_words(initrd->resolved);
}

/* What Initrd=auto finds is ready; this is for what somebody has chosen. */
static Failure check_captures(const LoadRequest *request, const Input *initrd, LoadReport *report) {
        Error why;

        if (locate_initrd_captures(request->root_fd, initrd->identity->path, &why) &&
            locate_initrd_captures(request->root_fd, initrd->resolved, &why))
                return FAILURE_NONE;
        return load_fail(report, FAILURE_NO_INITRD,
                         "the initrd \"%s\" would save no dump: %s (set Initrd=auto in "
                         "kdumpd.conf, or install kdump-tools and turn it on)",
                         report->initrd.path, why.text);
}

/* Compares what the kernel will ask for, as far as it can be known, with the reservation. */
static Failure check_fit(const LoadRequest *request, const KernelImage *image, const Input *initrd,
                         const Reservation *reservation, LoadReport *report) {
        bool has_parts = reservation->total_bytes > reservation->bytes;
        char advice[NEEDS_ADVICE_MAX];
        Needs needs = {
                .initrd = report->initrd.path,
                .input = { .kernel_bytes = image->init_size, .initrd_bytes = report->initrd.size },
                .reservation = *reservation,
        };

        needs_measure(request->root_fd, request->architecture, initrd->fd, &needs);
        report->needed_bytes = needs.estimate.loaded;
        if (reservation->bytes == 0 ||
            estimate_fits(&needs.estimate, reservation->bytes, UINT64_MAX))
                return FAILURE_NONE;
        return load_fail(report, FAILURE_TOO_SMALL,
                         "the image takes at least %" PRIu64 " MiB and %" PRIu64
                         " MiB are reserved%s%s: boot with crashkernel=%s or more",
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
static Failure check_lockdown(const LoadRequest *request, const Input *kernel,
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
static Failure choose_loader(const LoadRequest *request, const Input *kernel,
                             const KernelImage *image, const Input *initrd, const char *obstacle,
                             AssembledImage **ret, LoadReport *report) {
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
        failure = load_assemble(request, kernel->fd, initrd->fd, report->command_line, ret, &error);
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

static Failure prepare_initrd(const LoadRequest *request, Input *initrd, const char *release,
                              LoadReport *report) {
        Failure failure;

        failure = find_initrd(request, release[0] ? release : request->release, report);
        if (failure != FAILURE_NONE || !report->initrd.path)
                return failure;
        failure = blame_setting(input_open(initrd, request->root_fd, report), "Initrd",
                                request->settings->initrd, report);
        if (failure == FAILURE_NONE)
                failure = check_captures(request, initrd, report);
        if (failure != FAILURE_NONE)
                return failure;
        report->initrd_kind = strdup(
                initrd_kind_to_string(locate_initrd_kind(request->root_fd, report->initrd.path)));
        if (!report->initrd_kind)
                return load_fail_memory(report);
        return check_pair(request, initrd, release, report);
}

static Failure prepare_kernel(const LoadRequest *request, Input *kernel, KernelImage *ret_image,
                              LoadReport *report) {
        Failure failure;

        failure = find_kernel(request, report);
        if (failure == FAILURE_NONE)
                failure = input_open(kernel, request->root_fd, report);
        if (failure == FAILURE_NONE)
                failure = unwrap(request, kernel, report);
        if (failure == FAILURE_NONE)
                failure = parse_kernel(request, kernel, ret_image, report);
        return blame_setting(failure, "Kernel", request->settings->kernel, report);
}

static Failure prepare_files(const LoadRequest *request, Input *kernel, Input *initrd,
                             const Reservation *reservation, KernelImage *ret_image,
                             LoadReport *report) {
        bool is_x86 = streq(request->architecture, "x86_64");
        char release[LOCATE_RELEASE_MAX];
        Failure failure;

        failure = prepare_kernel(request, kernel, ret_image, report);
        if (failure == FAILURE_NONE)
                failure = kernel_release(kernel, ret_image->release, report, release);
        if (failure == FAILURE_NONE)
                failure = prepare_initrd(request, initrd, release, report);
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
        _cleanup_(input_close) Input kernel = { .what = "kernel",
                                                .missing = FAILURE_NO_KERNEL,
                                                .fd = -EBADF,
                                                .identity = &report->kernel };
        _cleanup_(input_close) Input initrd = { .what = "initrd",
                                                .missing = FAILURE_NO_INITRD,
                                                .fd = -EBADF,
                                                .identity = &report->initrd };
        _cleanup_(assembled_image_freep) AssembledImage *assembled = NULL;
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
        if (failure == FAILURE_NONE)
                failure = choose_loader(request, &kernel, &image, &initrd, file_obstacle.text,
                                        &assembled, report);
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
                           .file_call_serves = file_obstacle.text[0] == '\0' };
        return FAILURE_NONE;
}
