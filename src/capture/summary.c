/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a crash was, by /proc/vmcore. */
#include "capture/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "capture/child.h"
#include "capture/say.h"
#include "core/crash-log.h"

static int read_vmcore(void *userdata, uint64_t offset, void *buf, size_t size) {
        Capture *c = userdata;
        char *to = buf;

        if (offset > INT64_MAX - size)
                return -ENXIO;
        while (size > 0) {
                ssize_t n = c->ops->read_memory(c, to, size, offset);

                if (n <= 0)
                        return n < 0 ? (int)n : -ENXIO;
                to += n;
                offset += (uint64_t)n;
                size -= (size_t)n;
        }
        return 0;
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
        c->info.ranges = calloc(c->vmcore.n_loads + 1, sizeof(DumpRange));
        if (!c->info.ranges)
                return -ENOMEM;
        for (size_t i = 0; i < MIN(c->vmcore.n_loads, (size_t)CRASH_RANGES_MOST); i++) {
                const VmcoreLoad *load = &c->vmcore.loads[i];

                if (is_listed_twice(&c->vmcore, i))
                        continue;
                c->info.ranges[c->info.n_ranges++] = (DumpRange){ load->physical, load->size };
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

/* What the process that reads the log hands over, in front of the text. */
typedef struct LogHead {
        int error;
        uint64_t last_nsec;
        char message[CRASH_LINE_MAX], where[CRASH_LINE_MAX];
} LogHead;

static int tell_log(void *userdata, int data_fd) {
        Capture *c = userdata;
        LogHead head = { 0 };
        VmcoreLog log = { 0 };
        int r;

        head.error = vmcore_log_read(&c->vmcore, &log);
        head.last_nsec = log.last_nsec;
        if (head.error >= 0)
                (void)crash_log_panic(log.text, log.size, head.message, head.where);
        r = write_all(data_fd, &head, sizeof(head));
        if (r >= 0 && head.error >= 0)
                r = write_all(data_fd, log.text, log.size);
        vmcore_log_done(&log);
        return r < 0;
}

static int take_log(void *userdata, const char *data, size_t size) {
        VmcoreLog *log = &((Capture *)userdata)->log;
        char *grown;

        if (size > sizeof(LogHead) + VMCORE_LOG_MOST - log->size)
                return -EFBIG;
        grown = realloc(log->text, log->size + size + 1);
        if (!grown)
                return -ENOMEM;
        memcpy(grown + log->size, data, size);
        log->text = grown;
        log->size += size;
        log->text[log->size] = '\0';
        return 0;
}

/* Takes the head off what came. Returns 0, or why there is no log. */
static int take_head(Capture *c) {
        LogHead head;

        if (c->log.size < sizeof(head))
                return -EBADMSG;
        memcpy(&head, c->log.text, sizeof(head));
        if (head.error < 0)
                return head.error;
        c->log.size -= sizeof(head);
        memmove(c->log.text, c->log.text + sizeof(head), c->log.size + 1);
        c->info.panic_uptime_usec = head.last_nsec / 1000;
        if (head.message[0])
                c->info.panic_message = strndup(head.message, sizeof(head.message));
        if (head.where[0])
                c->info.panic_where = strndup(head.where, sizeof(head.where));
        return 0;
}

/* In a process of its own: the memory of a crashed kernel may be such that reading it hangs, or
 * kills who does. */
static void read_log(Capture *c) {
        Child child = {
                .capture = c,
                .function = tell_log,
                .on_data = take_log,
                .userdata = c,
                .silence_usec = c->log_limit_usec ?: LOG_LIMIT_USEC,
        };
        int64_t status;
        int r;

        r = child_run(&child, &status);
        if (r >= 0 && status >= 256)
                capture_say("what read the log was killed by signal %d", (int)(status - 256));
        if (r >= 0)
                r = status == 0 ? take_head(c) : -EIO;
        if (r >= 0)
                return;
        vmcore_log_done(&c->log);
        capture_say("the log of the crashed kernel cannot be read: %s",
                    r == -ENOENT  ? "it does not say where it is"
                    : r == -ETIME ? "it takes too long"
                                  : strerror(-r));
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
        if (c->skip.summary)
                return 0;
        c->shared->is_reading = true;
        r = read_memory(c);
        c->shared->is_reading = false;
        capture_progress(c);
        return r;
}
