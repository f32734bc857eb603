/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that a machine cannot boot without. */
#include "setup/boot-file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/statvfs.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/path.h"

void saved_file_done(SavedFile *saved) {
        free(saved->path);
        free(saved->data);
        *saved = (SavedFile){ 0 };
}

int saved_file_take(int root_fd, const char *path, SavedFile *ret, Error *reterr) {
        _cleanup_(saved_file_done) SavedFile saved = { .path = strdup(path), .mode = 0644 };
        struct stat st;
        int r;

        if (!saved.path)
                return error_set_memory(reterr);
        r = read_file_below(root_fd, path, BOOT_FILE_LONGEST, &saved.data, &saved.size);
        if (r < 0 && r != -ENOENT)
                return error_set(reterr, r, "\"%s\" cannot be read: %s", path, strerrordesc_np(-r));
        if (r >= 0 && stat_below(root_fd, path, &st) >= 0)
                saved.mode = st.st_mode & 0777;
        *ret = saved;
        saved = (SavedFile){ 0 };
        return 0;
}

void saved_file_restore(int root_fd, const SavedFile *saved) {
        if (!saved->path)
                return;
        if (saved->data)
                (void)!write_durable_as_below(root_fd, saved->path, saved->data, saved->size,
                                              saved->mode);
        else
                (void)!remove_below(root_fd, saved->path);
}

int saved_file_replace(int root_fd, const SavedFile *saved, const char *text, Error *reterr) {
        int r = write_durable_as_below(root_fd, saved->path, text, strlen(text), saved->mode);

        return r < 0 ? error_set(reterr, r, "\"%s\" cannot be written: %s", saved->path,
                                 strerrordesc_np(-r))
                     : 0;
}

int boot_file_remove(int root_fd, const char *path, Error *reterr) {
        int r = remove_below(root_fd, path);

        return r < 0 && r != -ENOENT ? error_set(reterr, r, "\"%s\" cannot be removed: %s", path,
                                                 strerrordesc_np(-r))
                                     : 0;
}

#define KIB UINT64_C(1024)

int boot_file_room(int root_fd, const char *directory, uint64_t bytes, Error *reterr) {
        _cleanup_close_ int fd = open_below(root_fd, directory, O_RDONLY | O_DIRECTORY);
        struct statvfs st;
        uint64_t room;

        if (fd < 0 || fstatvfs(fd, &st) < 0) {
                int r = fd < 0 ? fd : -errno;

                return error_set(reterr, r, "\"%s\" cannot be looked at: %s", directory,
                                 strerrordesc_np(-r));
        }
        if (st.f_flag & ST_RDONLY)
                return error_set(reterr, -EROFS,
                                 "\"%s\" is on a file system that is mounted read-only: mount it "
                                 "read-write",
                                 directory);
        room = (uint64_t)st.f_bavail * st.f_frsize;
        if (room < bytes)
                return error_set(reterr, -ENOSPC,
                                 "\"%s\" has room for %" PRIu64 " KiB, and %" PRIu64
                                 " KiB are needed: make room there, as by removing old kernels",
                                 directory, room / KIB, (bytes + KIB - 1) / KIB);
        return 0;
}

/* Of many lines, the last that says that something is wrong, or else the last. */
static const char *telling_line(char *said) {
        char *telling = said, *save = NULL;
        bool has_error = false;

        for (char *line = strtok_r(said, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                bool is_error = strcasestr(line, "error") && !strstr(line, "no errors");

                if (is_error || !has_error)
                        telling = line;
                has_error |= is_error;
        }
        telling[strlen(telling) - endswith(telling, ".")] = '\0';
        return telling;
}

int helper_run(int root_fd, const Helper *helper, const char **argv, HelperResult *result,
               Error *reterr) {
        _cleanup_free_ char *program = NULL;
        const char *name = argv[0];
        HelperResult own;
        int r;

        result = result ?: &own;
        r = path_find_program(root_fd, name, &program);
        if (r < 0)
                return error_set(reterr, r, "\"%s\" is needed for this: %s", name,
                                 r == -ENOENT ? "install it" : strerrordesc_np(-r));
        argv[0] = program;
        r = helper->run(helper->userdata, argv, result, reterr);
        argv[0] = name;
        if (r < 0)
                return r;
        if (result->status == 0)
                return 0;
        if (result->said[0] == '\0')
                return error_set(reterr, -EPROTO, "\"%s\" failed without a word, with status %d",
                                 name, result->status);
        return error_set(reterr, -EPROTO, "\"%s\" failed: %s", name, telling_line(result->said));
}

int helper_find_esp(int root_fd, const Helper *helper, char **ret, Error *reterr) {
        const char *argv[] = { "bootctl", "-p", NULL };
        HelperResult result;
        char *path;
        int r;

        r = helper_run(root_fd, helper, argv, &result, reterr);
        if (r < 0 && r != -EPROTO)
                return r;
        if (r < 0)
                result.output[0] = '\0';
        path = strstrip(result.output);
        /* What it says itself has several lines. */
        if (path[0] != '/' || strchr(path, '\n') || !exists_below(root_fd, path))
                return error_set(reterr, -EPROTO,
                                 "\"bootctl -p\" finds no EFI system partition that is mounted: "
                                 "mount it");
        path = strdup(path);
        if (!path)
                return error_set_memory(reterr);
        *ret = path;
        return 0;
}
