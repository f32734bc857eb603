/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The image that is loaded. */
#include "load/previous.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/time-util.h"
#include "sys/kernel-file.h"
#include "sys/kernel-state.h"
#include "sys/kexec.h"
#include "sys/log.h"
#include "sys/report-json.h"

/* Returns a descriptor; -ESTALE if the file is another one by now, or negative errno. */
static int open_same(int root_fd, const FileIdentity *id) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = open_below(root_fd, id->path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_dev != id->device || st.st_ino != id->inode || (uint64_t)st.st_size != id->size ||
            (uint64_t)st.st_mtim.tv_sec * 1000 * USEC_PER_SEC + (uint64_t)st.st_mtim.tv_nsec !=
                    id->mtime_nsec)
                return -ESTALE;
        return TAKE_FD(fd);
}

void previous_open(int root_fd, const char *architecture, Previous *ret) {
        _cleanup_(previous_close) Previous p = PREVIOUS_INIT;
        const LoadReport *report = &p.record.report;
        char boot_id[sizeof(p.record.boot_id)];
        uint64_t kernel_size;
        const char *why;

        if (kernel_boot_id(root_fd, boot_id) < 0 || image_record_read(root_fd, &p.record) < 0)
                return;
        if (!streq(p.record.boot_id, boot_id) || !report->kernel.path || !report->command_line)
                return;
        p.kernel_fd = open_same(root_fd, &report->kernel);
        kernel_size = report->kernel.size;
        if (p.kernel_fd < 0 ||
            kernel_file_unwrap(architecture, &p.kernel_fd, &kernel_size, &why) < 0)
                return;
        if (report->initrd.path) {
                p.initrd_fd = open_same(root_fd, &report->initrd);
                if (p.initrd_fd < 0)
                        return;
        }
        p.file_flags =
                KEXEC_FILE_FLAG_ON_CRASH | (report->initrd.path ? 0 : KEXEC_FILE_FLAG_NO_INITRAMFS);
        p.was_own = streq(strempty(report->loader), "kexec_load");
        p.is_known = true;
        *ret = p;
        p = PREVIOUS_INIT;
}

void previous_close(Previous *previous) {
        closep(&previous->kernel_fd);
        closep(&previous->initrd_fd);
        image_record_done(&previous->record);
        *previous = PREVIOUS_INIT;
}

void previous_write(int root_fd, const LoadReport *report) {
        ImageRecord record = { .loaded_realtime_usec = realtime_usec() };
        int r = 0;

        if (report) {
                record.report = *report; /* a shallow copy */
                r = kernel_boot_id(root_fd, record.boot_id);
                if (r >= 0)
                        (void)make_directory_below(root_fd, LOAD_DIRECTORY, 0755);
                if (r >= 0)
                        r = image_record_write(root_fd, IMAGE_RECORD_PATH, &record);
                if (r >= 0)
                        return;
                log_warning("Cannot write " IMAGE_RECORD_PATH ", so nothing can take the place of "
                            "an image that the kernel refuses: %s",
                            strerrordesc_np(-r));
        }
        r = remove_below(root_fd, IMAGE_RECORD_PATH);
        if (r < 0 && r != -ENOENT)
                log_warning("Cannot remove " IMAGE_RECORD_PATH ": %s", strerrordesc_np(-r));
}
