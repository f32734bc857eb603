/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Old dumps: removes what Keep= and MinFree= say, and never anything else. */
#include "sys/dump-retain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/rotation.h"
#include "sys/dump-json.h"
#include "sys/dump-store.h"

#define LINE_MAX_SAID 512u

typedef struct OldDumps {
        OldDump *dump;
        size_t n;
} OldDumps;

static void old_dumps_done(OldDumps *old) {
        free(old->dump);
}

_printf_(2, 3) static void say(const Retention *r, const char *format, ...) {
        char text[LINE_MAX_SAID];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        r->say(r->userdata, text);
}

static void progress(const Retention *r) {
        if (r->progress)
                r->progress(r->userdata);
}

/* What is free without that file of a dump, bytes. */
static uint64_t file_bytes(int dump_fd, const char *name) {
        struct stat st;

        if (fstatat(dump_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
            st.st_nlink != 1)
                return 0;
        return (uint64_t)st.st_blocks * 512;
}

static int add_old(const Retention *r, OldDumps *old, const char *name, const char *own_host) {
        _cleanup_close_ int fd = -EBADF;
        char host[CRASH_NAME_MAX];
        uint64_t when, bytes = 0;
        OldDump *dump;
        int is_whole;

        if (crash_directory_parse(name, host, &when) < 0 || !streq(host, own_host))
                return 0;
        progress(r);
        /* Before it counts: others must neither push dumps out nor keep them all in. */
        fd = dump_store_open_dump(r->base_fd, name);
        if (fd < 0)
                return 0;
        is_whole = dump_store_is_whole(fd, &bytes);
        if (is_whole <= 0)
                bytes = file_bytes(fd, CRASH_INCOMPLETE_NAME);
        /* The power can fail before there is a description, but no other program has this name. */
        if (is_whole == -ENODATA && bytes > 0 && !exists_below(fd, CRASH_VMCORE_NAME))
                is_whole = 0;
        if (is_whole < 0)
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
        *dump = (OldDump){
                .time_usec = when,
                .is_complete = is_whole > 0,
                /* The one that is added is no old one as long as it is not complete. */
                .is_gone = is_whole == 0 && streq(name, r->name),
                .bytes = bytes,
        };
        strscpy(dump->name, sizeof(dump->name), name);
        return 0;
}

/* Those of this host: another machine's, on a disk that both have, are not ours to remove. */
static int list_old(const Retention *retention, OldDumps *old) {
        _cleanup_closedir_ DIR *dir = NULL;
        char own[CRASH_NAME_MAX];
        struct dirent *entry;
        int r;

        r = open_directory_below(retention->base_fd, ".", &dir);
        if (r >= 0)
                r = crash_directory_parse(retention->name, own, NULL);
        while (r >= 0 && (entry = readdir(dir)))
                r = add_old(retention, old, entry->d_name, own);
        if (r >= 0)
                rotation_sort(old->dump, old->n);
        if (r == -E2BIG)
                say(retention,
                    "there are more than %u complete dumps, so that none of them is removed",
                    OLD_DUMPS_MOST);
        return r;
}

/* The dump first and its description last: what is cut off in between shows as what it is. A
 * subdirectory is nothing of ours: it stays, and the directory with it. */
static int remove_files(const Retention *retention, int fd) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;
        int r;

        r = open_directory_below(fd, ".", &dir);
        if (r < 0)
                return r;
        /* Without its dump it would be none, but still take up the space. */
        if (unlinkat(fd, CRASH_VMCORE_NAME, 0) < 0 && errno != ENOENT)
                return -errno;
        (void)retention->sync(retention->userdata, fd, "old");
        while ((entry = readdir(dir)))
                if (!streq(entry->d_name, CRASH_INFO_NAME) && !streq(entry->d_name, ".") &&
                    !streq(entry->d_name, ".."))
                        (void)unlinkat(fd, entry->d_name, 0);
        (void)unlinkat(fd, CRASH_INFO_NAME, 0);
        return 0;
}

/* Log and description of an incomplete one stay: they may be all that is known of a crash. */
static int remove_incomplete(const Retention *retention, int fd) {
        int r = unlinkat(fd, CRASH_INCOMPLETE_NAME, 0) < 0 ? -errno : 0;

        return r < 0 ? r : retention->sync(retention->userdata, fd, "old");
}

static int remove_all(const Retention *retention, int fd, const char *name) {
        int r = remove_files(retention, fd);

        if (r >= 0 && unlinkat(retention->base_fd, name, AT_REMOVEDIR) < 0)
                r = -errno;
        (void)retention->sync(retention->userdata, retention->base_fd, ".");
        return r;
}

/* Returns whether it takes no space any more. with_log: of an incomplete one, all is to go. */
static bool remove_dump(const Retention *retention, OldDump *dump, bool with_log, const char *why) {
        _cleanup_close_ int fd = -EBADF;
        bool is_gone = false;
        int r;

        dump->is_gone = true;
        if (streq(dump->name, retention->name))
                return false;
        fd = dump_store_open_dump(retention->base_fd, dump->name);
        if (fd < 0)
                return false;
        if (dump->is_complete || with_log)
                r = remove_all(retention, fd, dump->name);
        else
                r = remove_incomplete(retention, fd);
        is_gone = r >= 0 || r == -ENOTEMPTY || r == -EEXIST;
        progress(retention);
        if (r < 0)
                say(retention, "the old dump %s cannot be removed: %s", dump->name, strerror(-r));
        else if (dump->is_complete)
                say(retention, "removed the old dump %s, as %s says", dump->name, why);
        else if (with_log)
                say(retention, "removed what there was of the crash %s: %s", dump->name, why);
        else
                say(retention, "removed the incomplete dump in %s, as %s says", dump->name, why);
        return is_gone;
}

/* Whether there is room, now or as soon as the file system has caught up: some free the space of a
 * removed file in the background. */
static bool is_room(const Retention *r, uint64_t wanted, uint64_t left, uint64_t freed) {
        uint64_t now;

        if (r->free_bytes(r->userdata, r->base_fd, &now) < 0)
                now = 0;
        return MAX(now, add_saturated(left, freed)) >= wanted;
}

/* Returns how much was removed, bytes. */
static uint64_t make_room(const Retention *r, OldDumps *old, uint64_t wanted, uint64_t left) {
        uint64_t freed = 0;
        size_t i;

        while (!is_room(r, wanted, left, freed) && (i = rotation_next(old->dump, old->n)) < old->n)
                if (remove_dump(r, &old->dump[i], false, "MinFree="))
                        freed = add_saturated(freed, old->dump[i].bytes);
        return freed;
}

/* Of the file system, bytes; 0 if it does not tell. */
static uint64_t all_bytes(const Retention *r) {
        struct statvfs st;

        return fstatvfs(r->base_fd, &st) < 0 ? 0 : (uint64_t)st.f_blocks * st.f_frsize;
}

static uint64_t min_free(const Retention *r) {
        return r->min_free_bytes != MIN_FREE_AUTO ? r->min_free_bytes
                                                  : rotation_min_free(all_bytes(r));
}

void retain_make_room(const Retention *r) {
        _cleanup_(old_dumps_done) OldDumps old = { 0 };
        uint64_t left, most, wanted = min_free(r);

        if (wanted == 0 || r->free_bytes(r->userdata, r->base_fd, &left) < 0 || left >= wanted ||
            list_old(r, &old) < 0)
                return;
        most = add_saturated(left, rotation_most(old.dump, old.n));
        if (most < wanted) {
                say(r,
                    "%" PRIu64 " MiB are free, less than MinFree=, and without all old dumps that "
                    "may go it would be %" PRIu64 " MiB, so that complete ones stay",
                    left >> 20, most >> 20);
                for (size_t i = 0; i < old.n; i++)
                        old.dump[i].is_gone |= old.dump[i].is_complete;
        }
        (void)make_room(r, &old, wanted, left);
}

bool retain_make_more_room(const Retention *r, uint64_t bytes) {
        _cleanup_(old_dumps_done) OldDumps old = { 0 };
        uint64_t left;

        if (r->min_free_bytes == 0 || r->free_bytes(r->userdata, r->base_fd, &left) < 0 ||
            list_old(r, &old) < 0)
                return false;
        return make_room(r, &old, bytes, left) > 0;
}

static const char *file_of(const DumpInfo *info) {
        return info->vmcore && !strchr(info->vmcore, '/') ? info->vmcore : CRASH_VMCORE_NAME;
}

/* Where its dump went, in its description: it is one now that has little more than a log. */
static int describe_gone(const Retention *retention, int fd, DumpInfo *info) {
        static const char new_name[] = CRASH_INFO_NAME ".new";
        _cleanup_close_ int file_fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        char *message;
        int r;

        if (asprintf(&message, "%s%sits dump went for that in %s, as there was no room for both",
                     strempty(info->message), isempty(info->message) ? "" : "; ",
                     retention->name) < 0)
                return -ENOMEM;
        free(info->message);
        info->message = message;
        free(info->vmcore);
        info->vmcore = NULL;
        info->vmcore_bytes = 0;
        info->result = info->log ? DUMP_RESULT_LOG_ONLY : DUMP_RESULT_FAILED;
        r = dump_info_to_json(info, &text);
        if (r < 0)
                return r;
        file_fd = openat(fd, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file_fd < 0)
                return -errno;
        r = write_all(file_fd, text, strlen(text));
        if (r >= 0)
                r = retention->sync(retention->userdata, file_fd, "old");
        if (r >= 0 && renameat(fd, new_name, fd, CRASH_INFO_NAME) < 0)
                r = -errno;
        if (r < 0)
                (void)unlinkat(fd, new_name, 0);
        return r < 0 ? r : retention->sync(retention->userdata, fd, "old");
}

/* The dump alone, after which there is no complete one; or else nothing. */
static bool remove_newest(const Retention *retention, const OldDump *dump) {
        _cleanup_close_ int fd = dump_store_open_dump(retention->base_fd, dump->name);
        DumpInfo info;
        int r;

        if (fd < 0 || dump_store_read_summary(fd, &info) < 0)
                return false;
        r = unlinkat(fd, file_of(&info), 0) < 0 ? -errno : 0;
        if (r < 0)
                say(retention, "the dump in %s cannot be removed: %s", dump->name, strerror(-r));
        else {
                (void)retention->sync(retention->userdata, fd, "old");
                say(retention, "removed the dump in %s: there is no room for the new one beside it",
                    dump->name);
                if (describe_gone(retention, fd, &info) < 0)
                        say(retention, "%s/" CRASH_INFO_NAME " cannot be written", dump->name);
        }
        dump_info_done(&info);
        progress(retention);
        return r >= 0;
}

/* Lists them for a dump whose size is known, for which the file of the newest complete one may go,
 * too. Returns how many bytes are free now, and without all that may go; 0 if nothing may. */
static uint64_t list_all(const Retention *r, OldDumps *old, uint64_t *ret_left) {
        uint64_t most;
        size_t newest;

        if (r->min_free_bytes == 0 || r->free_bytes(r->userdata, r->base_fd, ret_left) < 0 ||
            list_old(r, old) < 0)
                return 0;
        most = rotation_most(old->dump, old->n);
        newest = rotation_newest(old->dump, old->n);
        if (newest < old->n) {
                OldDump *dump = &old->dump[newest];
                _cleanup_close_ int fd = dump_store_open_dump(r->base_fd, dump->name);
                DumpInfo info;

                if (fd >= 0 && dump_store_read_summary(fd, &info) >= 0) {
                        dump->bytes = file_bytes(fd, file_of(&info));
                        dump_info_done(&info);
                }
                most = add_saturated(most, dump->bytes);
        }
        return most > 0 ? add_saturated(*ret_left, most) : 0;
}

uint64_t retain_most_room(const Retention *r) {
        _cleanup_(old_dumps_done) OldDumps old = { 0 };
        uint64_t left;

        return list_all(r, &old, &left);
}

/* Where it should fit into what is free nothing goes: that is not as much as it seems then. */
bool retain_make_sure_room(const Retention *r, uint64_t bytes,
                           char ret_newest[static CRASH_NAME_MAX]) {
        uint64_t wanted = rotation_needed(all_bytes(r), bytes), left, freed;
        _cleanup_(old_dumps_done) OldDumps old = { 0 };
        const OldDump *newest;

        if (list_all(r, &old, &left) < wanted)
                return false;
        freed = make_room(r, &old, wanted, left);
        newest = old.dump + rotation_newest(old.dump, old.n);
        if (is_room(r, wanted, left, freed) || newest == old.dump + old.n ||
            add_saturated(left, add_saturated(freed, newest->bytes)) < wanted ||
            !remove_newest(r, newest))
                return freed > 0;
        strscpy(ret_newest, CRASH_NAME_MAX, newest->name);
        return true;
}

/* Removes those whose indices pick() gives. */
static void remove_picked(const Retention *r, uint64_t keep,
                          size_t (*pick)(const OldDump *dumps, size_t n, uint64_t keep,
                                         size_t *ret),
                          const char *why) {
        _cleanup_(old_dumps_done) OldDumps old = { 0 };
        _cleanup_free_ size_t *doomed = NULL;
        size_t n;

        if (list_old(r, &old) < 0 || old.n == 0)
                return;
        doomed = calloc(old.n, sizeof(size_t));
        if (!doomed)
                return;
        n = pick(old.dump, old.n, keep, doomed);
        for (size_t i = 0; i < n; i++)
                (void)remove_dump(r, &old.dump[doomed[i]], true, why);
}

void retain_newest(const Retention *r) {
        if (r->keep > 0)
                remove_picked(r, r->keep, rotation_beyond, "Keep=");
}

void retain_traces(const Retention *r) {
        remove_picked(r, TRACES_MOST, rotation_traces, "there are many that left no dump");
}

int retain_free_bytes(int fd, uint64_t *ret) {
        struct statvfs st;

        if (fstatvfs(fd, &st) < 0)
                return -errno;
        *ret = (uint64_t)st.f_bfree * st.f_frsize;
        return 0;
}
