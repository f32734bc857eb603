/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the last boot ended. */
#include "daemon/last-boot.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "sys/json-fields.h"
#include "sys/kernel-state.h"
#include "sys/log.h"

#define LONGEST           4096u /* bytes of a note */
#define END_PATIENCE_USEC (2 * USEC_PER_SEC)
#define END_POLL_USEC     (10 * USEC_PER_MSEC)

static const JsonField table[] = {
        JSON_FIELD_TEXT(LastBoot, "BootId", boot_id),
        JSON_FIELD(NUMBER, LastBoot, "StartedUSec", started_usec),
        JSON_FIELD(BOOL, LastBoot, "Running", is_running),
};
static const JsonFields fields = JSON_FIELDS_MENDED(table, LONGEST);

static int read_note(int root_fd, const char *path, LastBoot *ret) {
        _cleanup_free_ char *text = NULL;
        LastBoot boot = { 0 };
        size_t size;
        int r;

        r = read_file_below(root_fd, path, LONGEST, &text, &size);
        if (r >= 0)
                r = json_fields_from_text(&fields, text, size, LONGEST, &boot);
        if (r >= 0)
                *ret = boot;
        return r;
}

static int write_note(int root_fd, const char *path, const LastBoot *boot) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_fields_to_text(&fields, boot, &text);
        if (r < 0)
                return r;
        /* What is mounted there late need not have it. */
        (void)make_directory_below(root_fd, STATE_DIRECTORY, 0700);
        return write_durable_below(root_fd, path, text, strlen(text));
}

uint64_t last_boot_begin(int root_fd, uint64_t now_usec) {
        LastBoot last = { 0 }, boot = { .started_usec = now_usec, .is_running = true };
        bool is_known;
        int r;

        if (kernel_boot_id(root_fd, boot.boot_id) < 0)
                return now_usec;
        is_known = read_note(root_fd, LAST_BOOT_PATH, &last) >= 0;
        if (is_known && streq(last.boot_id, boot.boot_id)) {
                boot.started_usec = last.started_usec;
                if (last.is_running)
                        return boot.started_usec;
        }
        r = is_known && last.is_running ? write_note(root_fd, LAST_BOOT_UNCLEAN, &last) : 0;
        if (r >= 0)
                r = write_note(root_fd, LAST_BOOT_PATH, &boot);
        if (r < 0)
                log_debug("Cannot note in %s that this boot has begun: %s", STATE_DIRECTORY,
                          strerrordesc_np(-r));
        return boot.started_usec;
}

static int note_end(int root_fd) {
        char boot_id[sizeof((LastBoot){ 0 }.boot_id)];
        LastBoot boot;
        int r;

        r = kernel_boot_id(root_fd, boot_id);
        if (r >= 0)
                r = read_note(root_fd, LAST_BOOT_PATH, &boot);
        /* What is not of this boot is nothing that ends now. */
        if (r < 0 || !boot.is_running || !streq(boot.boot_id, boot_id))
                return r;
        boot.is_running = false;
        return write_note(root_fd, LAST_BOOT_PATH, &boot);
}

void last_boot_end(int root_fd) {
        pid_t pid = fork();
        int status;

        if (pid == 0)
                _exit(note_end(root_fd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        for (uint64_t waited = 0; pid > 0 && waited < END_PATIENCE_USEC; waited += END_POLL_USEC) {
                if (waitpid(pid, &status, WNOHANG) != 0)
                        return;
                (void)usleep(END_POLL_USEC);
        }
}

bool last_boot_unclean(int root_fd, LastBoot *ret) {
        return read_note(root_fd, LAST_BOOT_UNCLEAN, ret) >= 0;
}

void last_boot_told(int root_fd) {
        int r = remove_below(root_fd, LAST_BOOT_UNCLEAN);

        if (r < 0)
                log_debug("Cannot remove %s: %s", LAST_BOOT_UNCLEAN, strerrordesc_np(-r));
}

static bool has_newer(int root_fd, const char *path, uint64_t since_usec) {
        _cleanup_closedir_ DIR *directory = NULL;
        const struct dirent *entry;
        struct stat st;

        if (open_directory_below(root_fd, path, &directory) < 0)
                return false;
        while ((entry = readdir(directory)))
                if (entry->d_name[0] != '.' &&
                    fstatat(dirfd(directory), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
                    st.st_mtim.tv_sec >= 0 &&
                    (uint64_t)st.st_mtim.tv_sec >= since_usec / USEC_PER_SEC)
                        return true;
        return false;
}

const char *last_boot_pstore(int root_fd, uint64_t since_usec) {
        /* systemd-pstore.service takes it from the firmware, and keeps it in the other one. */
        static const char *const directories[] = { "/sys/fs/pstore", "/var/lib/systemd/pstore" };

        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                if (has_newer(root_fd, directories[i], since_usec))
                        return directories[i];
        return NULL;
}
