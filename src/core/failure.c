/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why something failed. */
#include "core/failure.h"

#include <errno.h>
#include <stdio.h>

int error_setv(Error *reterr, int result, const char *format, va_list ap) {
        Error error;

        (void)vsnprintf(error.text, sizeof(error.text), format, ap);
        utf8_mend(error.text);
        *reterr = error;
        return result;
}

int error_set(Error *reterr, int result, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void)error_setv(reterr, result, format, ap);
        va_end(ap);
        return result;
}

int error_set_memory(Error *reterr) {
        return error_set(reterr, -ENOMEM, "out of memory");
}

static const char *const failure_table[_FAILURE_MAX] = {
        [FAILURE_NONE] = "None",
        [FAILURE_NO_KEXEC] = "NoKexec",
        [FAILURE_NO_RESERVATION] = "NoReservation",
        [FAILURE_DISABLED] = "Disabled",
        [FAILURE_LIMIT] = "LimitSpent",
        [FAILURE_LOCKDOWN] = "Lockdown",
        [FAILURE_XEN] = "Xen",
        [FAILURE_CAPTURE_KERNEL] = "CaptureKernel",
        [FAILURE_NOT_PERMITTED] = "NotPermitted",
        [FAILURE_CONFIGURATION] = "Configuration",
        [FAILURE_NO_KERNEL] = "NoKernel",
        [FAILURE_NO_INITRD] = "NoInitrd",
        [FAILURE_BAD_KERNEL] = "BadKernel",
        [FAILURE_MISMATCH] = "Mismatch",
        [FAILURE_COMMAND_LINE] = "CommandLine",
        [FAILURE_TOO_SMALL] = "TooSmall",
        [FAILURE_SIGNATURE] = "Signature",
        [FAILURE_BUSY] = "Busy",
        [FAILURE_SYSTEM] = "System",
        [FAILURE_TIMEOUT] = "Timeout",
        [FAILURE_CRASHED] = "Crashed",
        [FAILURE_VANISHED] = "Vanished",
};
DEFINE_NAME_TABLE(failure, Failure, _FAILURE_MAX);

bool failure_is_unavailable(Failure failure) {
        switch (failure) {
        case FAILURE_NO_KEXEC:
        case FAILURE_NO_RESERVATION:
        case FAILURE_DISABLED:
        case FAILURE_LIMIT:
        case FAILURE_LOCKDOWN:
        case FAILURE_XEN:
        case FAILURE_CAPTURE_KERNEL:
                return true;
        default:
                return false;
        }
}
