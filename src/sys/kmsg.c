/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's log, watched for what it says about crash kernel images and hotplug. */
#include "sys/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"

/* Returns a descriptor of its own of what is open as fd, or -ENODEV if that is not /dev/kmsg
 * (Documentation/admin-guide/devices.txt), or another negative errno. */
static int duplicate_kmsg(int fd) {
        _cleanup_close_ int copy = -EBADF;
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 11))
                return -ENODEV;
        copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (copy < 0 || fcntl(copy, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        return TAKE_FD(copy);
}

int kmsg_open(int root_fd) {
        _cleanup_close_ int fd = -EBADF;

        fd = duplicate_kmsg(STDIN_FILENO);
        if (fd < 0)
                fd = open_below(root_fd, "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return fd;
        if (lseek(fd, 0, SEEK_END) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* What the kernel says when it could not update the image, whole: "#" stands for a number. The
 * beginning alone proves nothing, as a line can begin with the name of a process, which is
 * anybody's choice (show_signal_msg() in arch/x86/mm/fault.c). Kernels 6.6 to 7.3. */
static const char *const sentences[] = {
        /* kernel/crash_core.c; the first of the two until 6.9 */
        "crash hp: kexec_trylock() failed, elfcorehdr may be inaccurate",
        "crash hp: kexec_trylock() failed, kdump image may be inaccurate",
        "crash hp: unable to locate elfcorehdr segment",
        /* arch/x86/kernel/crash.c */
        "crash hp: unable to create new elfcorehdr",
        "crash hp: update elfcorehdr elfsz # > memsz #",
        "crash hp: mapping elfcorehdr segment failed",
        /* arch/powerpc/kexec/crash.c */
        "crash hp: Failed to get crash mem range",
        "crash hp: Failed to remove hot-unplugged memory from crash memory ranges",
        "crash hp: Failed to prepare elf header",
        "crash hp: Updated crash elfcorehdr elfsz # > memsz #",
        "crash hp: Unable to locate FDT segment.",
        "crash hp: Failed to update crash FDT",
};

static bool is_sentence(const char *text, const char *sentence) {
        for (; *sentence; sentence++)
                if (*sentence == '#') {
                        size_t digits = strspn(text, "0123456789");

                        if (digits == 0)
                                return false;
                        text += digits;
                } else if (*text++ != *sentence)
                        return false;
        return *text == '\0';
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
        if ((size_t)(end - text) >= KMSG_TEXT_MAX || memchr(text, '\0', (size_t)(end - text)))
                return 0;
        size = (size_t)(end - text);
        memcpy(ret_text, text, size);
        ret_text[size] = '\0';
        for (i = 0; i < ELEMENTSOF(sentences); i++)
                if (is_sentence(ret_text, sentences[i]))
                        return 1;
        return 0;
}

uint64_t kmsg_seqnum(const char *record, size_t size) {
        const char *comma = memchr(record, ',', size), *end = record + size;
        uint64_t seqnum = 0;

        for (const char *p = comma ? comma + 1 : end; p < end && *p >= '0' && *p <= '9'; p++)
                if (__builtin_mul_overflow(seqnum, 10, &seqnum) ||
                    __builtin_add_overflow(seqnum, (uint64_t)(*p - '0'), &seqnum))
                        return 0;
        return seqnum;
}

/* Reads one record. Returns its size, 0 if there is none now, or negative errno. */
static ssize_t read_record(int fd, char *record) {
        for (unsigned i = 0; i < KMSG_AT_ONCE; i++) {
                ssize_t n = read(fd, record, KMSG_RECORD_MAX);

                if (n >= 0)
                        return n;
                if (errno == EAGAIN)
                        return 0;
                /* A record longer than any that there should be is none of ours. */
                if (errno != EINTR && errno != EINVAL)
                        return -errno;
        }
        return 0;
}

int kmsg_receive(int fd, uint64_t *seqnum, char ret_text[static KMSG_TEXT_MAX]) {
        char record[KMSG_RECORD_MAX];

        for (unsigned i = 0; i < KMSG_AT_ONCE; i++) {
                ssize_t n = read_record(fd, record);

                if (n <= 0)
                        return (int)n;
                *seqnum = kmsg_seqnum(record, (size_t)n) ?: *seqnum;
                if (kmsg_parse(record, (size_t)n, ret_text) > 0)
                        return 1;
        }
        return 0;
}

int kmsg_catch_up(int fd, uint64_t since, uint64_t *seqnum, bool *ret_is_whole,
                  char ret_text[static KMSG_TEXT_MAX]) {
        uint64_t oldest = 0, newest = 0;
        char record[KMSG_RECORD_MAX], text[KMSG_TEXT_MAX];
        bool is_torn = false, found = false;

        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        for (unsigned i = 0; i < KMSG_CATCH_UP_MAX; i++) {
                ssize_t n = read_record(fd, record);
                uint64_t number;

                if (n == 0)
                        break;
                if (n == -EPIPE) {
                        is_torn = true;
                        continue;
                }
                if (n < 0)
                        return (int)n;
                number = kmsg_seqnum(record, (size_t)n);
                newest = MAX(newest, number);
                if (oldest == 0)
                        oldest = number;
                if (number > since && kmsg_parse(record, (size_t)n, text) > 0) {
                        memcpy(ret_text, text, sizeof(text));
                        found = true;
                }
        }
        *ret_is_whole = since != 0 && oldest != 0 && oldest - 1 <= since && !is_torn;
        *seqnum = newest;
        return found;
}
