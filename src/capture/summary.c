/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a crash was, by /proc/vmcore. */
#include "capture/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "core/crash-log.h"

static int read_vmcore(void *userdata, uint64_t offset, void *buf, size_t size) {
        const Capture *c = userdata;
        size_t done;
        int r;

        if (offset > INT64_MAX)
                return -ENXIO;
        r = read_at(c->vmcore_fd, buf, size, offset, &done);
        return r < 0 ? r : done < size ? -ENXIO : 0;
}

/* The kernel's image is listed once more, by itself and before the rest. */
static bool is_listed_twice(const Vmcore *v, size_t i) {
        for (size_t j = i + 1; i == 0 && j < v->n_loads; j++)
                if (v->loads[i].physical >= v->loads[j].physical &&
                    v->loads[i].physical - v->loads[j].physical < v->loads[j].size)
                        return true;
        return false;
}

static int fill_ranges(Capture *c) {
        c->info.ranges = calloc(c->vmcore.n_loads + 1, sizeof(CrashRange));
        if (!c->info.ranges)
                return -ENOMEM;
        for (size_t i = 0; i < MIN(c->vmcore.n_loads, (size_t)CRASH_RANGES_MOST); i++) {
                const VmcoreLoad *load = &c->vmcore.loads[i];

                if (is_listed_twice(&c->vmcore, i))
                        continue;
                c->info.ranges[c->info.n_ranges++] = (CrashRange){ load->physical, load->size };
                c->info.memory_bytes = add_saturated(c->info.memory_bytes, load->size);
        }
        return 0;
}

static void fill_from_info(Capture *c) {
        char release[128];
        uint64_t seconds;

        if (vmcore_info_text(&c->vmcore, "OSRELEASE", release, sizeof(release)) >= 0)
                c->info.kernel_release = strdup(release);
        if (vmcore_info_number(&c->vmcore, "CRASHTIME", 10, &seconds) >= 0 &&
            seconds < UINT64_MAX / USEC_PER_SEC)
                c->info.crash_usec = seconds * USEC_PER_SEC;
        c->info.n_cpus = c->vmcore.n_cpus;
}

static void read_log(Capture *c) {
        char message[CRASH_LINE_MAX], where[CRASH_LINE_MAX];
        int r;

        r = vmcore_log_read(&c->vmcore, &c->log);
        if (r < 0) {
                capture_say("the log of the crashed kernel cannot be read: %s",
                            r == -ENOENT ? "it does not say where it is" : strerror(-r));
                return;
        }
        c->info.panic_uptime_usec = c->log.last_nsec / 1000;
        (void)crash_log_panic(c->log.text, c->log.size, message, where);
        if (message[0])
                c->info.panic_message = strdup(message);
        if (where[0])
                c->info.panic_where = strdup(where);
}

static int read_memory(Capture *c) {
        int r;

        r = vmcore_open(read_vmcore, c, &c->vmcore);
        if (r < 0) {
                /* The core collector may know better. */
                capture_say("the headers of %s make no sense: %s", VMCORE_PATH, strerror(-r));
                return 0;
        }
        fill_from_info(c);
        r = fill_ranges(c);
        if (r < 0)
                return r;
        read_log(c);
        capture_say("%s crashed: %s", c->info.kernel_release ?: "a kernel",
                    c->info.panic_message ?: "its log does not say why");
        return 0;
}

int summary_read(Capture *c) {
        struct utsname system;
        int r;

        if (uname(&system) == 0) {
                c->info.capture_release = strdup(system.release);
                c->info.machine = strdup(system.machine);
        }
        c->vmcore_fd = open_below(c->root_fd, VMCORE_PATH, O_RDONLY);
        if (c->vmcore_fd < 0)
                return c->vmcore_fd;
        if (c->skip.log)
                return 0;
        c->shared->is_reading = true;
        r = read_memory(c);
        c->shared->is_reading = false;
        capture_progress(c);
        return r;
}
