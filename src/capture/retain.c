/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Old dumps: removes what Keep= and MinFree= say, and never anything else. */
#include "capture/retain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/rotation.h"
#include "sys/crash-json.h"

typedef struct OldDumps {
        OldDump *dump;
        size_t n;
} OldDumps;

static void old_dumps_done(OldDumps *old) {
        free(old->dump);
}

static int open_dump(Capture *c, const char *name) {
        return openat(c->base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* kdump.json says so, and the file that it names is there. */
static bool is_complete(Capture *c, const char *name) {
        _cleanup_close_ int fd = open_dump(c, name);
        _cleanup_free_ char *text = NULL;
        CrashInfo info;
        struct stat st;
        size_t size;
        bool result;

        if (fd < 0 || read_file_below(fd, CRASH_INFO_NAME, CRASH_JSON_LONGEST, &text, &size) < 0 ||
            crash_info_from_json(text, size, &info) < 0)
                return false;
        result = (info.result == CRASH_RESULT_COMPLETE || info.result == CRASH_RESULT_COPIED) &&
                 fstatat(fd, CRASH_VMCORE_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                 S_ISREG(st.st_mode);
        crash_info_done(&info);
        return result;
}

static int add_old(Capture *c, OldDumps *old, const char *name, const char *own_host) {
        char host[CRASH_NAME_MAX];
        uint64_t when;
        OldDump *dump;

        if (crash_directory_parse(name, host, &when) < 0 || !streq(host, own_host))
                return 0;
        if (old->n == OLD_DUMPS_MOST)
                return -E2BIG;
        if ((old->n & (old->n - 1)) == 0) {
                dump = reallocarray(old->dump, MAX(old->n * 2, (size_t)8), sizeof(OldDump));
                if (!dump)
                        return -ENOMEM;
                old->dump = dump;
        }
        dump = &old->dump[old->n++];
        *dump = (OldDump){ .time_usec = when, .is_complete = is_complete(c, name) };
        strscpy(dump->name, sizeof(dump->name), name);
        capture_progress(c);
        return 0;
}

/* Those of this host: another machine's, on a disk that both have, are not ours to remove. */
static int list_old(Capture *c, OldDumps *old) {
        _cleanup_closedir_ DIR *dir = NULL;
        char own[CRASH_NAME_MAX];
        struct dirent *entry;
        int r;

        r = open_directory_below(c->base_fd, ".", &dir);
        if (r >= 0)
                r = crash_directory_parse(c->name, own, NULL);
        while (r >= 0 && (entry = readdir(dir)))
                r = add_old(c, old, entry->d_name, own);
        if (r >= 0)
                rotation_sort(old->dump, old->n);
        return r;
}

/* The dump first and its description last: what is cut off in between shows as what it is. A
 * subdirectory is nothing of ours: it stays, and the directory with it. */
static int remove_files(Capture *c, int fd) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;
        int r;

        r = open_directory_below(fd, ".", &dir);
        if (r < 0)
                return r;
        (void)unlinkat(fd, CRASH_VMCORE_NAME, 0);
        (void)c->ops->sync(c, fd, "old");
        while ((entry = readdir(dir)))
                if (!streq(entry->d_name, CRASH_INFO_NAME) && !streq(entry->d_name, ".") &&
                    !streq(entry->d_name, ".."))
                        (void)unlinkat(fd, entry->d_name, 0);
        (void)unlinkat(fd, CRASH_INFO_NAME, 0);
        return 0;
}

static int remove_dump(Capture *c, const char *name, const char *why) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (streq(name, c->name))
                return -EBUSY;
        fd = open_dump(c, name);
        if (fd < 0)
                return -errno;
        r = remove_files(c, fd);
        if (r >= 0 && unlinkat(c->base_fd, name, AT_REMOVEDIR) < 0)
                r = -errno;
        (void)c->ops->sync(c, c->base_fd, ".");
        capture_progress(c);
        if (r < 0)
                capture_say("the old dump %s cannot be removed: %s", name, strerror(-r));
        else
                capture_say("removed the old dump %s, as %s says", name, why);
        return r;
}

void retain_make_room(Capture *c) {
        _cleanup_(old_dumps_done) OldDumps old = { 0 };
        uint64_t left;

        if (c->plan.min_free_bytes == 0 || c->ops->free_bytes(c, c->base_fd, &left) < 0 ||
            left >= c->plan.min_free_bytes)
                return;
        if (list_old(c, &old) < 0)
                return;
        while (c->ops->free_bytes(c, c->base_fd, &left) >= 0 && left < c->plan.min_free_bytes) {
                size_t i = rotation_next(old.dump, old.n);

                if (i == old.n) {
                        capture_say("%" PRIu64 " MiB are free, less than MinFree=, and no old "
                                    "dump may go",
                                    left >> 20);
                        return;
                }
                /* Gone, or it does not go: it is not looked at again. */
                old.dump[i].is_complete = false;
                (void)remove_dump(c, old.dump[i].name, "MinFree=");
        }
}

void retain_newest(Capture *c) {
        _cleanup_(old_dumps_done) OldDumps old = { 0 };
        _cleanup_free_ size_t *doomed = NULL;
        size_t n;

        if (c->plan.keep == 0 || list_old(c, &old) < 0 || old.n == 0)
                return;
        doomed = calloc(old.n, sizeof(size_t));
        if (!doomed)
                return;
        n = rotation_beyond(old.dump, old.n, c->plan.keep, doomed);
        for (size_t i = 0; i < n; i++)
                (void)remove_dump(c, old.dump[doomed[i]].name, "Keep=");
}
