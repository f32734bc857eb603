/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the running kernel tells of its pages in a dump, and whether makedumpfile knows that. */
#include "sys/vmcoreinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/collector.h"
#include "core/vmcore.h"
#include "sys/path.h"

#define KCORE_PATH      "/proc/kcore"
#define PROGRAM_LARGEST (64u * 1024u * 1024u) /* bytes */

static int read_exactly(void *userdata, uint64_t offset, void *buf, size_t size) {
        size_t n;
        int r;

        r = read_at(*(int *)userdata, buf, size, offset, &n);
        return r < 0 ? r : n < size ? -ENXIO : 0;
}

/* Of the kernel itself. Returns 0 with a fresh string; -ENODATA if it has no such note. */
static int read_kcore(int root_fd, char **ret) {
        _cleanup_close_ int fd = open_below(root_fd, KCORE_PATH, O_RDONLY);
        Vmcore v = { 0 };
        int r;

        if (fd < 0)
                return fd;
        r = vmcore_open(read_exactly, &fd, &v);
        if (r < 0)
                return r;
        r = v.info[0] == '\0' ? -ENODATA : level_info(v.info, ret);
        vmcore_done(&v);
        return r;
}

int vmcoreinfo_note(int root_fd) {
        _cleanup_free_ char *info = NULL;
        int r;

        r = read_kcore(root_fd, &info);
        return r < 0 ? r : write_file_below(root_fd, VMCOREINFO_NOTE_PATH, info, strlen(info));
}

void vmcoreinfo_check_program(int root_fd, const char *program, const char *info, LevelCheck *ret) {
        _cleanup_free_ char *path = NULL, *data = NULL;
        size_t size;

        *ret = (LevelCheck){ .verdict = LEVEL_NOT_KNOWN };
        if (path_find_program(root_fd, program, &path) >= 0 &&
            read_file_below(root_fd, path, PROGRAM_LARGEST, &data, &size) >= 0)
                level_check(info, data, size, ret);
}

uint64_t vmcoreinfo_check(int root_fd, const char *core_collector, LevelCheck *ret) {
        _cleanup_words_ char **words = NULL;
        _cleanup_free_ char *info = NULL;
        uint64_t level = UINT64_MAX;
        int r;

        *ret = (LevelCheck){ .verdict = LEVEL_NOT_KNOWN };
        if (collector_split(core_collector, &words) < 0)
                return UINT64_MAX;
        r = read_kcore(root_fd, &info);
        if (r < 0)
                r = read_file_below(root_fd, VMCOREINFO_NOTE_PATH, VMCORE_INFO_MOST, &info, NULL);
        if (r >= 0)
                vmcoreinfo_check_program(root_fd, words[0], info, ret);
        return collector_level(words, &level) < 0 ? UINT64_MAX : level;
}
