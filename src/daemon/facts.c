/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look at the kernel, as the guard wants it. */
#include "daemon/facts.h"

#include <sys/random.h>

#include "base/file-util.h"
#include "sys/kernel-state.h"

void facts_gather(int root_fd, unsigned attributes, bool fingerprint, Reservation *reservation,
                  Facts *ret) {
        Reservation now;
        Error obstacle;
        uint64_t bytes, enabled;

        *ret = (Facts){ 0 };
        ret->loaded = kernel_crash_loaded(root_fd);
        /* Reading the size can take the kexec lock, and it cannot change while an image is loaded
         * (kernel/kexec_core.c, crash_shrink_memory()). */
        if ((ret->loaded != 1 || reservation->bytes == 0) && reservation_read(root_fd, &now) >= 0)
                *reservation = now;
        /* And takes it for the moment: from an image, that could keep an update of the kernel's. */
        ret->kexec_is_busy =
                ret->loaded == 0 && kernel_reservation_bytes(root_fd, &bytes) == -EBUSY;
        ret->ftrace_is_off =
                read_u64_below(root_fd, "/proc/sys/kernel/ftrace_enabled", &enabled) >= 0 &&
                enabled == 0;
        ret->reservation_bytes = reservation->bytes;
        ret->reservation_cma_bytes = reservation->cma_bytes;
        if (kernel_elfcorehdr_bytes(root_fd, &ret->elfcorehdr_bytes) < 0)
                ret->elfcorehdr_bytes = 0;
        if (kernel_uevent_seqnum(root_fd, &ret->uevent_seqnum) < 0)
                ret->uevent_seqnum = 0;
        ret->obstacle = kernel_obstacle(root_fd, &obstacle);
        if (ret->obstacle != FAILURE_NONE)
                strscpy(ret->obstacle_text, sizeof(ret->obstacle_text), obstacle.text);
        for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++)
                if (attributes & SUBSYSTEM_BIT(s))
                        ret->answers[s] = kernel_crash_hotplug(root_fd, s);
        if (fingerprint)
                ret->has_fingerprint = kernel_fingerprint(root_fd, &ret->fingerprint) >= 0;
}

void facts_moment(void *userdata, Moment *ret) {
        *ret = (Moment){ .monotonic_usec = monotonic_usec(), .realtime_usec = realtime_usec() };
        if (getrandom(&ret->random, sizeof(ret->random), GRND_NONBLOCK) < 0)
                ret->random = (uint32_t)ret->monotonic_usec;
}
