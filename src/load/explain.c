/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the errors of the kernel's calls mean. */
#include "load/explain.h"

#include <errno.h>

#include "load/prepare.h"
#include "sys/crash-keys.h"
#include "sys/kernel-state.h"

/* What stands behind the sentence on a failure: a call that fails can have dropped the old
 * image. */
static const char *what_is_left(int root_fd, Remains remains, const LoadReport *report) {
        int loaded;

        if (remains == REMAINS_RESTORED)
                return "; the image that was loaded before was gone, and has been loaded again";
        loaded = kernel_crash_loaded(root_fd);
        if (loaded < 0 || (!report->had_image && loaded == 0))
                return "";
        return loaded > 0 ? "; the image that was loaded before is still there"
                          : "; the image that was loaded before is gone";
}

/* EPERM has many fathers; the kernel asks them in this order. */
static Failure explain_eperm(int root_fd, const char *left, LoadReport *report) {
        const char *mode = kernel_lockdown(root_fd);
        Error obstacle;
        Failure failure;

        if (kernel_may_kexec(root_fd) == 0)
                return load_fail(report, FAILURE_NOT_PERMITTED,
                                 "the privilege CAP_SYS_BOOT is missing: run as root%s", left);
        failure = kernel_obstacle(root_fd, &obstacle);
        if (failure == FAILURE_DISABLED || failure == FAILURE_LIMIT)
                return load_fail(report, failure, "%s%s", obstacle.text, left);
        if (!streq(mode, "none"))
                return load_fail(report, FAILURE_LOCKDOWN,
                                 "the kernel is locked down (%s) and does not accept the signature "
                                 "of \"%s\": install a kernel signed with a key that it trusts, or "
                                 "boot without secure boot%s",
                                 mode, strempty(report->kernel.path), left);
        return load_fail(report, FAILURE_NOT_PERMITTED,
                         "the kernel does not permit it although CAP_SYS_BOOT is there: look for a "
                         "security module's denial in the audit log%s",
                         left);
}

/* What is known of a call that failed. */
typedef struct Call {
        int root_fd;
        const char *architecture;
        const LoadReport *report;
} Call;

typedef struct Explanation {
        int error;
        Failure failure;
        const char *text;              /* what it means, and what to do */
        bool names_the_kernel;         /* the path of the kernel belongs in front */
        const char *architecture;      /* NULL for all */
        bool (*applies)(const Call *); /* what speaks for it; NULL if that needs nothing */
} Explanation;

/* machine_kexec_prepare() in arch/x86/kernel/machine_kexec_64.c: from Linux 6.18 on, until a later
 * one took that back. So it says something only when the kernel has refused. */
static bool has_tdx_fault(const Call *call) {
        return kernel_has_cpu_bug(call->root_fd, "tdx_pw_mce");
}

/* Files are read into memory of the running system first; all else comes out of the reservation
 * (kimage_alloc_crash_control_pages() in kernel/kexec_core.c). */
static bool is_short_of_memory(const Call *call) {
        uint64_t available = kernel_available_bytes(call->root_fd);

        return available > 0 && available < call->report->kernel.size + call->report->initrd.size;
}

/* sanity_check_segment_list() in kernel/kexec_core.c. */
static bool exceeds_half_of_memory(const Call *call) {
        uint64_t memory = kernel_memory_bytes(call->root_fd);

        return memory > 0 && call->report->needed_bytes > memory / 2;
}

static bool is_file_call(const Call *call) {
        return streq_ptr(call->report->loader, loader_choice_to_string(LOADER_KEXEC_FILE_LOAD));
}

/* The first that fits is told. */
static const Explanation explanations[] = {
        { EBUSY, FAILURE_BUSY,
          .text = "another kexec call or hotplug update holds the kernel's kexec lock: try "
                  "again later" },
        { EKEYREJECTED, FAILURE_SIGNATURE,
          .text = "its signature was rejected: install a signed kernel", .names_the_kernel = true },
        { ENOKEY, FAILURE_SIGNATURE,
          .text = "it is signed with a key that the running kernel does not trust: enrol the key",
          .names_the_kernel = true },
        { EBADMSG, FAILURE_SIGNATURE, .text = "its signature is damaged: install the kernel again",
          .names_the_kernel = true },
        { ENODATA, FAILURE_SIGNATURE,
          .text = "it has no signature, and the running kernel wants one: install a signed "
                  "kernel",
          .names_the_kernel = true },
        { ENOPKG, FAILURE_SIGNATURE,
          .text = "its signature uses an algorithm that the running kernel lacks: sign it "
                  "otherwise",
          .names_the_kernel = true },
        { ELIBBAD, FAILURE_SIGNATURE,
          .text = "the part of it that holds the signature is damaged: install the kernel again",
          .names_the_kernel = true },
        { EACCES, FAILURE_NOT_PERMITTED,
          .text = "a security module (IMA appraisal, SELinux) refuses it or the initrd: look in "
                  "the audit log",
          .names_the_kernel = true },
        { ENOEXEC, FAILURE_BAD_KERNEL,
          .text = "the running kernel cannot load an image of this format: set Kernel= in "
                  "kdumpd.conf",
          .names_the_kernel = true },
        { EADDRNOTAVAIL, FAILURE_TOO_SMALL,
          .text = "the image does not fit into the crash reservation: boot with a larger "
                  "crashkernel= (\"kdumpctl estimate\" says how large)" },
        { ENOSYS, FAILURE_NO_KEXEC,
          .text = "the kernel is built without this system call: use one with CONFIG_KEXEC_FILE "
                  "(kexec_file_load) or CONFIG_KEXEC (kexec_load)" },
        { EOPNOTSUPP, FAILURE_NO_KEXEC,
          .text = "the kernel loads no crash kernel image on this CPU, which has the fault "
                  "tdx_pw_mce (/proc/cpuinfo) while TDX is on: turn TDX off in the "
                  "firmware, or boot a newer kernel, which does not mind",
          .architecture = "x86_64", .applies = has_tdx_fault },
        { EOPNOTSUPP, FAILURE_NO_KEXEC,
          .text = "the kernel supports no crash kernel image by this system call on this machine: "
                  "look for \"kexec\" in its log, or use a newer one" },
        { EINVAL, FAILURE_SYSTEM,
          .text = "the image takes more than half of the memory that the running system has, "
                  "which the kernel does not load (EINVAL): use a smaller initrd",
          .applies = exceeds_half_of_memory },
        { EINVAL, FAILURE_BAD_KERNEL,
          .text = "it is no Image of arm64, is compressed, or is for pages of a size that the "
                  "CPU does not have (EINVAL): set Kernel= in kdumpd.conf to an Image that is "
                  "not compressed",
          .names_the_kernel = true, .architecture = "aarch64", .applies = is_file_call },
        { EINVAL, FAILURE_BAD_KERNEL,
          .text = "it is no image of LoongArch, or is compressed (EINVAL): set Kernel= in "
                  "kdumpd.conf to one that is not (vmlinux.efi)",
          .names_the_kernel = true, .architecture = "loongarch64", .applies = is_file_call },
        { EINVAL, FAILURE_BAD_KERNEL,
          .text = "it is no image of s390, or has not the room for this command line (EINVAL): "
                  "set Kernel= in kdumpd.conf, or shorten the command line with "
                  "CommandLineRemove=",
          .names_the_kernel = true, .architecture = "s390x", .applies = is_file_call },
        { EINVAL, FAILURE_SYSTEM,
          .text = "the kernel could not write the command line for the capture kernel (EINVAL): "
                  "before Linux 6.4 it takes 512 bytes, so shorten it with CommandLineRemove= "
                  "in kdumpd.conf, or look for \"kexec\" in the kernel's log",
          .architecture = "riscv64", .applies = is_file_call },
        { EINVAL, FAILURE_SYSTEM,
          .text = "the kernel could not make the device tree for the capture kernel (EINVAL): "
                  "look for \"kexec\" in its log",
          .architecture = "ppc64le", .applies = is_file_call },
        { EINVAL, FAILURE_SYSTEM,
          .text = "the kernel could not describe the machine (EINVAL): it may have more CPUs "
                  "and ranges of memory than kexec_file_load lists; set Loader=kexec_load in "
                  "kdumpd.conf, which lists them all, or look for \"kexec\" in the kernel's log",
          .architecture = "x86_64", .applies = is_file_call },
        { EINVAL, FAILURE_SYSTEM,
          .text = "the kernel rejected the arguments (EINVAL): look for \"kexec\" in its log" },
        { ENOMEM, FAILURE_SYSTEM,
          .text = "the running system has not enough free memory for reading the kernel and the "
                  "initrd: free some and try again",
          .applies = is_short_of_memory },
        { ENOMEM, FAILURE_TOO_SMALL,
          .text = "beside the image the crash reservation has no room in one piece for what the "
                  "kernel itself puts there (ENOMEM): boot with a larger crashkernel= "
                  "(\"kdumpctl estimate\" says how large)" },
};

/* kernel/crash_dump_dm_crypt.c hands keys for encrypted disks over with the image, and gives up if
 * it has not got one. Returns FAILURE_NONE if that is not what happened. */
static Failure explain_keys(const Call *call, int error, const char *left, LoadReport *report) {
        char description[CRASH_KEY_MAX];
        bool is_missing = error == -ENOKEY || error == -EKEYEXPIRED || error == -EKEYREVOKED;
        CrashKeys keys;

        if (!is_file_call(call) || (!is_missing && error != -EINVAL))
                return FAILURE_NONE;
        keys = crash_keys_look(call->root_fd, description);
        if (is_missing && keys != CRASH_KEYS_NONE)
                return load_fail(report, FAILURE_SYSTEM,
                                 "the kernel is to hand over the key \"%s\" of an encrypted disk, "
                                 "which is not in a keyring that kdump-load can search, or has "
                                 "expired: link it again, or remove its directory in " CRASH_KEYS
                                 "; if the key is there, the kernel \"%s\" is signed with one that "
                                 "the running kernel does not trust%s",
                                 description, strempty(report->kernel.path), left);
        if (!is_missing && keys == CRASH_KEYS_UNNAMED)
                return load_fail(report, FAILURE_SYSTEM,
                                 "the key \"%s\" in " CRASH_KEYS " has no description: write one, "
                                 "or remove its directory%s",
                                 description, left);
        return FAILURE_NONE;
}

static bool fits(const Explanation *e, int error, const Call *call) {
        return e->error == -error &&
               (!e->architecture || streq(e->architecture, call->architecture)) &&
               (!e->applies || e->applies(call));
}

Failure load_explain(int root_fd, const char *architecture, int error, Remains remains,
                     LoadReport *report) {
        const char *left = what_is_left(root_fd, remains, report);
        Call call = { .root_fd = root_fd, .architecture = architecture, .report = report };
        Failure failure;

        if (error == -EPERM)
                return explain_eperm(root_fd, left, report);
        failure = explain_keys(&call, error, left, report);
        if (failure != FAILURE_NONE)
                return failure;
        for (size_t i = 0; i < ELEMENTSOF(explanations); i++) {
                const Explanation *e = &explanations[i];

                if (!fits(e, error, &call))
                        continue;
                if (e->names_the_kernel)
                        return load_fail(report, e->failure,
                                         "the kernel \"%s\" was not accepted: %s%s",
                                         strempty(report->kernel.path), e->text, left);
                return load_fail(report, e->failure, "%s%s", e->text, left);
        }
        return load_fail(report, FAILURE_SYSTEM, "the kernel could not do it: %s%s",
                         strerror(-error), left);
}
