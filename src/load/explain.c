/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the errors of the kernel's calls mean. */
#include "load/explain.h"

#include <errno.h>

#include "load/prepare.h"
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
        char obstacle[OBSTACLE_TEXT_MAX];
        Failure failure;

        if (kernel_may_kexec(root_fd) == 0)
                return load_fail(report, FAILURE_NOT_PERMITTED,
                                 "the privilege CAP_SYS_BOOT is missing: run as root%s", left);
        failure = kernel_obstacle(root_fd, obstacle);
        if (failure == FAILURE_DISABLED || failure == FAILURE_LIMIT)
                return load_fail(report, failure, "%s%s", obstacle, left);
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

typedef struct Explanation {
        int error;
        Failure failure;
        const char *text;      /* what it means, and what to do */
        bool names_the_kernel; /* the path of the kernel belongs in front */
} Explanation;

static const Explanation explanations[] = {
        { EBUSY, FAILURE_BUSY,
          "another kexec call or hotplug update holds the kernel's kexec lock: try again later",
          false },
        { EKEYREJECTED, FAILURE_SIGNATURE, "its signature was rejected: install a signed kernel",
          true },
        { ENOKEY, FAILURE_SIGNATURE,
          "it is signed with a key that the running kernel does not trust: enrol the key", true },
        { EBADMSG, FAILURE_SIGNATURE, "its signature is damaged: install the kernel again", true },
        { ENODATA, FAILURE_SIGNATURE,
          "it has no signature, and the running kernel wants one: install a signed kernel", true },
        { ENOPKG, FAILURE_SIGNATURE,
          "its signature uses an algorithm that the running kernel lacks: sign it otherwise",
          true },
        { ELIBBAD, FAILURE_SIGNATURE,
          "the part of it that holds the signature is damaged: install the kernel again", true },
        { EACCES, FAILURE_NOT_PERMITTED,
          "a security module (IMA appraisal, SELinux) refuses it or the initrd: look in the audit "
          "log",
          true },
        { ENOEXEC, FAILURE_BAD_KERNEL,
          "the running kernel cannot load an image of this format: set Kernel= in kdumpd.conf",
          true },
        { EADDRNOTAVAIL, FAILURE_TOO_SMALL,
          "the image does not fit into the crash reservation: boot with a larger crashkernel=",
          false },
        { ENOSYS, FAILURE_NO_KEXEC,
          "the kernel is built without this system call: use one with CONFIG_KEXEC_FILE "
          "(kexec_file_load) or CONFIG_KEXEC (kexec_load)",
          false },
        { EOPNOTSUPP, FAILURE_NO_KEXEC,
          "the kernel does not support kexec_file_load here: use one with CONFIG_KEXEC_FILE",
          false },
        { EINVAL, FAILURE_SYSTEM,
          "the kernel rejected the arguments (EINVAL): the command line may be too long for it, or "
          "the initrd be damaged; look for \"kexec\" in the kernel's log",
          false },
        { ENOMEM, FAILURE_SYSTEM,
          "the kernel had not enough free memory for loading the image: free some and try again",
          false },
};

Failure load_explain(int root_fd, int error, Remains remains, LoadReport *report) {
        const char *left = what_is_left(root_fd, remains, report);

        if (error == -EPERM)
                return explain_eperm(root_fd, left, report);
        for (size_t i = 0; i < ELEMENTSOF(explanations); i++) {
                const Explanation *e = &explanations[i];

                if (e->error != -error)
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
