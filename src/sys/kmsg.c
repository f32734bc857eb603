/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's log, watched for what it says about crash images and hotplug. */
#include "sys/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"

int kmsg_open(int root_fd) {
        _cleanup_close_ int fd = -EBADF;

        fd = open_below(root_fd, "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return fd;
        if (lseek(fd, 0, SEEK_END) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int kmsg_parse(const char *record, size_t size, char ret_text[static KMSG_TEXT_MAX]) {
        const char *text = memchr(record, ';', size), *end;
        uint64_t priority = 0;
        size_t i;

        if (!text)
                return 0;
        for (i = 0; i < size && record[i] >= '0' && record[i] <= '9' && priority < 100000; i++)
                priority = priority * 10 + (uint64_t)(record[i] - '0');
        /* Whoever may write to /dev/kmsg can write these words, too, but the kernel does not let
         * them pass for its own: facility 0 is refused (devkmsg_write()). */
        if (i == 0 || record[i] != ',' || priority >> 3 != 0)
                return 0;
        text++;
        end = memchr(text, '\n', size - (size_t)(text - record));
        if (!end)
                end = record + size;
        size = MIN((size_t)(end - text), (size_t)KMSG_TEXT_MAX - 1);
        memcpy(ret_text, text, size);
        ret_text[size] = '\0';
        return startswith(ret_text, "crash hp:") != NULL;
}

int kmsg_receive(int fd, char ret_text[static KMSG_TEXT_MAX]) {
        char record[KMSG_RECORD_MAX];

        for (unsigned i = 0; i < KMSG_AT_ONCE; i++) {
                ssize_t n = read(fd, record, sizeof(record));

                if (n < 0) {
                        if (errno == EAGAIN)
                                return 0;
                        /* A record longer than any that there should be is none of ours. */
                        if (errno == EINTR || errno == EINVAL)
                                continue;
                        return -errno;
                }
                if (n == 0)
                        return 0;
                if (kmsg_parse(record, (size_t)n, ret_text) > 0)
                        return 1;
        }
        return 0;
}
