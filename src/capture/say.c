/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a capture says, and to whom. */
#include "capture/say.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"

/* A console that takes nothing for so long is stuck, and what does not fit is lost. Standard error
 * does not wait by itself then; console.c sees to that. */
#define STUCK_USEC     USEC_PER_SEC
#define TRY_EVERY_MSEC 10

#define MESSAGE_MAX 512u /* bytes of a clause in crash.json */

/* All in one call if it can be, so that the kernel's own lines do not fall between. */
static void write_line(const char *line, size_t size) {
        uint64_t since = monotonic_usec();

        while (size > 0 && monotonic_usec() - since < STUCK_USEC) {
                ssize_t n = write(STDERR_FILENO, line, size);

                if (n > 0) {
                        line += n;
                        size -= (size_t)n;
                        since = monotonic_usec();
                } else if (n < 0 && errno == EAGAIN)
                        (void)poll(NULL, 0, TRY_EVERY_MSEC);
                else if (n == 0 || errno != EINTR)
                        return;
        }
}

void capture_say(const char *format, ...) {
        char line[1024];
        va_list ap;
        size_t at;

        strscpy(line, sizeof(line), "kdump-capture: ");
        at = strlen(line);
        va_start(ap, format);
        (void)vsnprintf(line + at, sizeof(line) - at - 1, format, ap);
        va_end(ap);
        utf8_mend(line);
        at = strlen(line);
        strscpy(line + at, sizeof(line) - at, "\n");
        write_line(line, strlen(line));
}

void capture_oom_score(const char *score) {
        _cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? 0 : write(fd, score, strlen(score));

        (void)n;
}

void capture_progress(Capture *c) {
        c->shared->progress_usec = monotonic_usec();
}

void capture_blame(Capture *c, const char *format, ...) {
        char text[MESSAGE_MAX];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (c->is_blamed)
                capture_say("%s", text);
        else
                capture_add(c, "%s", text);
}

void capture_add(Capture *c, const char *format, ...) {
        const char *before = strempty(c->info.message);
        char text[MESSAGE_MAX];
        char *both;
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        capture_say("%s", text);
        c->is_blamed = true;
        if (asprintf(&both, "%s%s%s", before, *before ? "; " : "", text) < 0)
                return;
        free(c->info.message);
        c->info.message = both;
}

char *capture_path(const Capture *c, const char *path) {
        char *joined;

        return asprintf(&joined, "%s%s", c->root, path) < 0 ? NULL : joined;
}
