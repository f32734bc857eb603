/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dump that was written over a device, taken into files. */
#include "ctl/recover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "core/collector.h"
#include "ctl/command.h"
#include "sys/dump-json.h"
#include "sys/dump-retain.h"
#include "sys/dump-store.h"
#include "sys/dump-target.h"
#include "sys/raw-store.h"

#define CHUNK     65536u
#define FLAT_NAME "vmcore.flat"

/* Hidden from all who look for dumps; with something random behind it. */
#define UNFINISHED ".recovering"

/* Directories that are made until nobody has taken one for a stale one. */
#define UNFINISHED_TRIES 16u

typedef struct Recovery {
        const Settings *settings;
        RawStore store;
        DumpInfo info;
        bool has_summary;
        void (*say)(const char *text);
        unsigned patience_sec;
        int base_fd, dir_fd; /* Path=, and what is not finished in it */
        char unfinished[32]; /* the name of that */
        Error *reterr;
} Recovery;

static void recovery_done(Recovery *c) {
        raw_store_done(&c->store);
        dump_info_done(&c->info);
        closep(&c->base_fd);
        closep(&c->dir_fd);
        (void)alarm(0);
}

/* A step forward: the time that the next one may take begins. */
static void go_on(const Recovery *c) {
        (void)alarm(c->patience_sec);
}

static int make_durable(int fd) {
        return fsync(fd) < 0 ? -errno : 0;
}

/* Makes the directory path, if it is not there, which is below parent_fd. */
static int enter(int root_fd, const char *path, int parent_fd) {
        bool is_new = mkdirat(parent_fd, path_name(path), 0700) == 0;
        _cleanup_close_ int fd = -EBADF;

        if (!is_new && errno != EEXIST)
                return -errno;
        fd = open_below(root_fd, path, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fd;
        if (is_new && fsync(parent_fd) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int open_base(int root_fd, const char *path) {
        _cleanup_close_ int fd = open_below(root_fd, ".", O_RDONLY | O_DIRECTORY);
        _cleanup_free_ char *copy = strdup(path);
        char *end = copy;

        if (fd < 0 || !copy)
                return copy ? fd : -ENOMEM;
        for (char *part; *(part = end + strspn(end, "/"));) {
                char separator;
                int next;

                end = part + strcspn(part, "/");
                separator = *end;
                *end = '\0';
                next = enter(root_fd, copy, fd);
                *end = separator;
                if (next < 0)
                        return next;
                (void)close(fd);
                fd = next;
        }
        return TAKE_FD(fd);
}

static bool is_same(int fd, int parent_fd, const char *name) {
        struct stat a, b;

        return fstat(fd, &a) >= 0 && fstatat(parent_fd, name, &b, AT_SYMLINK_NOFOLLOW) >= 0 &&
               a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* Nobody is at work there, and it did not get its own name before that could be told. */
static bool is_stale(const Recovery *c, int fd, const char *name) {
        return flock(fd, LOCK_EX | LOCK_NB) >= 0 && is_same(fd, c->base_fd, name);
}

/* Of an attempt that did not get to its end: this one, or one before. What looks like the latter
 * may be that of another device, which is being recovered now. */
static void drop_unfinished(const Recovery *c, const char *name, bool is_own) {
        _cleanup_close_ int fd = dump_store_open_dump(c->base_fd, name);
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;

        if (fd < 0 || (!is_own && !is_stale(c, fd, name)) ||
            open_directory_below(fd, ".", &dir) < 0)
                return;
        while ((entry = readdir(dir)))
                if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
                        (void)unlinkat(fd, entry->d_name, 0);
        (void)unlinkat(c->base_fd, name, AT_REMOVEDIR);
}

static void drop_stale(const Recovery *c) {
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;

        if (open_directory_below(c->base_fd, ".", &dir) < 0)
                return;
        while ((entry = readdir(dir)))
                if (startswith(entry->d_name, UNFINISHED))
                        drop_unfinished(c, entry->d_name, false);
}

/* A directory that nobody else knows: where everyone may write, any fixed name may be taken. The
 * lock is on it and not on the one around, which everyone could lock. */
static int make_unfinished(Recovery *c) {
        for (unsigned i = 0; i < UNFINISHED_TRIES; i++) {
                _cleanup_close_ int fd = -EBADF;
                char path[64];

                strscpyf(path, sizeof(path), "/proc/self/fd/%d/" UNFINISHED "-XXXXXX", c->base_fd);
                if (!mkdtemp(path))
                        return -errno;
                strscpy(c->unfinished, sizeof(c->unfinished), path_name(path));
                fd = openat(c->base_fd, c->unfinished,
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0 && errno != ENOENT)
                        return -errno;
                /* Before it was locked, it looked stale to others. */
                if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) >= 0 &&
                    is_same(fd, c->base_fd, c->unfinished)) {
                        c->dir_fd = TAKE_FD(fd);
                        return 0;
                }
        }
        return -EBUSY;
}

static int create_file(const Recovery *c, const char *name) {
        int fd =
                openat(c->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

        return fd < 0 ? -errno : fd;
}

/* With holes for what is zero, as most of a plain copy is. */
static int copy_part(const Recovery *c, const RawPart *part, const char *name) {
        _cleanup_close_ int fd = create_file(c, name);
        char buffer[CHUNK];
        ssize_t n;
        int r;

        if (fd < 0)
                return fd;
        for (uint64_t at = 0; at < part->size; at += (uint64_t)n) {
                go_on(c);
                n = raw_store_read(&c->store, part, at, buffer, sizeof(buffer));
                if (n < 0)
                        return (int)n;
                if (is_all_zero(buffer, (size_t)n))
                        r = lseek(fd, n, SEEK_CUR) < 0 ? -errno : 0;
                else
                        r = write_all(fd, buffer, (size_t)n);
                if (r < 0)
                        return r;
        }
        return ftruncate(fd, (off_t)part->size) < 0 ? -errno : make_durable(fd);
}

/* The dump, as a program reads it. */
typedef struct Feed {
        const Recovery *recovery;
        uint64_t at;
        int error; /* of the device */
} Feed;

/* Reading the device may hang, and so may a program that gets nothing; each has a limit. */
static ssize_t feed(void *userdata, char *buf, size_t size) {
        Feed *f = userdata;
        const RawStore *store = &f->recovery->store;
        const RawPart *part = &store->raw.dump;
        ssize_t n;

        if (f->at >= part->size)
                return 0;
        go_on(f->recovery);
        n = raw_store_read(store, part, f->at, buf, size);
        (void)alarm(0);
        if (n < 0)
                f->error = (int)n;
        else
                f->at += (uint64_t)n;
        return n;
}

/* The program that wrote it, if that is makedumpfile. */
static char *collector_program(const Settings *settings) {
        _cleanup_words_ char **words = NULL;

        if (collector_split(settings->core_collector, &words) < 0)
                return strdup("makedumpfile");
        return strdup(streq(path_name(words[0]), "makedumpfile") ? words[0] : "makedumpfile");
}

/* Runs "makedumpfile -R FILE" in the directory. Returns 0; -EBADMSG if it made nothing of the dump,
 * or why that cannot be read. */
static int run_collector(const Recovery *c, const char *program) {
        const char *const argv[] = { program, "-R", CRASH_INCOMPLETE_NAME, NULL };
        Feed f = { .recovery = c };
        const Command command = {
                .argv = argv,
                .directory_fd = c->dir_fd,
                .feed = feed,
                .on_output = command_pass_to_stderr,
                .userdata = &f,
                .silence_usec =
                        c->patience_sec > 0 ? c->patience_sec * USEC_PER_SEC : USEC_INFINITY,
                .most = COMMAND_PASSED_MOST,
        };
        int r, status;
        Error error;

        (void)alarm(0);
        r = command_run(&command, &status, &error);
        go_on(c);
        if (f.error < 0)
                return f.error;
        if (r < 0 && r != -ENOENT && c->say)
                c->say(error.text);
        return r < 0 || status != 0 ? -EBADMSG : 0;
}

/* Returns 0; -EBADMSG if makedumpfile can not make a dump of it, or another negative errno. */
static int expand(const Recovery *c) {
        _cleanup_free_ char *program = collector_program(c->settings);
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        if (!program)
                return -ENOMEM;
        r = run_collector(c, program);
        if (r < 0)
                return r;
        fd = openat(c->dir_fd, CRASH_INCOMPLETE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
                return -EBADMSG;
        r = make_durable(fd);
        if (r >= 0 && renameat(c->dir_fd, CRASH_INCOMPLETE_NAME, c->dir_fd, CRASH_VMCORE_NAME) < 0)
                r = -errno;
        return r;
}

/* The dump, under the name that *ret_name tells. */
static int take_dump(const Recovery *c, const char **ret_name) {
        const RawDump *raw = &c->store.raw;
        int r;

        *ret_name = CRASH_VMCORE_NAME;
        if (!raw->is_flat)
                return copy_part(c, &raw->dump, CRASH_VMCORE_NAME);
        r = expand(c);
        if (r != -EBADMSG)
                return r;
        (void)unlinkat(c->dir_fd, CRASH_INCOMPLETE_NAME, 0);
        *ret_name = FLAT_NAME;
        return copy_part(c, &raw->dump, FLAT_NAME);
}

/* Whether the description tells how the capture ended: one that was cut off has said only how it
 * began, or what was to be true a moment later. */
static bool is_final(const Recovery *c, bool has_dump) {
        return c->has_summary && (has_dump || c->info.result == DUMP_RESULT_LOG_ONLY ||
                                  c->info.result == DUMP_RESULT_FAILED);
}

static int know_host(Recovery *c) {
        struct utsname system;

        if (c->info.host)
                return 0;
        if (uname(&system) < 0)
                return -errno;
        c->info.host = strdup(system.nodename);
        return c->info.host ? 0 : -ENOMEM;
}

/* What the capture could not say any more. */
static int complete_info(Recovery *c, bool has_dump) {
        DumpInfo *info = &c->info;

        if (is_final(c, has_dump))
                return 0;
        info->collector_status = -1;
        info->result = has_dump    ? DUMP_RESULT_COMPLETE
                       : info->log ? DUMP_RESULT_LOG_ONLY
                                   : DUMP_RESULT_FAILED;
        if (!has_dump && !info->message)
                info->message = strdup("the capture was cut off");
        return has_dump || info->message ? 0 : -ENOMEM;
}

static int write_info(Recovery *c, const char *vmcore) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        struct stat st;
        int r;

        r = complete_info(c, vmcore != NULL);
        if (r < 0)
                return r;
        free(c->info.vmcore);
        c->info.vmcore = vmcore ? strdup(vmcore) : NULL;
        c->info.vmcore_bytes = 0;
        if (vmcore && fstatat(c->dir_fd, vmcore, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                c->info.vmcore_bytes = (uint64_t)st.st_size;
        r = dump_info_to_json(&c->info, &text);
        if (r < 0)
                return r;
        fd = create_file(c, CRASH_INFO_NAME);
        if (fd < 0)
                return fd;
        r = write_all(fd, text, strlen(text));
        return r < 0 ? r : make_durable(fd);
}

/* Under its own name, with a number if there is one of its second already. */
static int publish(const Recovery *c, char name[static CRASH_NAME_MAX]) {
        uint64_t when = c->info.crash_usec;
        char plain[CRASH_NAME_MAX];
        int r;

        r = make_durable(c->dir_fd);
        if (r < 0)
                return r;
        crash_directory_name(plain, c->info.host, when > 0 ? when : realtime_usec());
        for (unsigned number = dump_store_next_number(c->base_fd, plain);
             number <= CRASH_NUMBER_MOST; number++) {
                strscpy(name, CRASH_NAME_MAX, plain);
                if (number > 0)
                        crash_directory_number(name, number);
                if (renameat2(c->base_fd, c->unfinished, c->base_fd, name, RENAME_NOREPLACE) >= 0)
                        return make_durable(c->base_fd);
                if (errno != EEXIST)
                        return -errno;
        }
        return -EEXIST;
}

static int retain_free(void *userdata, int fd, uint64_t *ret) {
        return retain_free_bytes(fd, ret);
}

static int retain_sync(void *userdata, int fd, const char *name) {
        return make_durable(fd);
}

static void retain_say(void *userdata, const char *text) {
        const Recovery *c = userdata;

        if (c->say)
                c->say(text);
}

/* As after a capture into files; name is that of the dump that was added, or will be. */
static Retention retention(Recovery *c, const char *name) {
        return (Retention){
                .base_fd = c->base_fd,
                .name = name,
                .keep = c->settings->keep,
                .min_free_bytes = c->settings->min_free_bytes,
                .free_bytes = retain_free,
                .sync = retain_sync,
                .say = retain_say,
                .userdata = c,
        };
}

static void make_room(Recovery *c) {
        char name[CRASH_NAME_MAX];
        Retention old = retention(c, name);

        crash_directory_name(name, c->info.host, c->info.crash_usec);
        retain_make_room(&old);
}

/* A copy that came to its end and lacks memory. */
static bool is_partial(const Recovery *c) {
        const RawDump *raw = &c->store.raw;

        return !raw->is_complete && !raw->is_flat && raw->dump.size > 0 && c->has_summary &&
               c->info.result == DUMP_RESULT_INCOMPLETE;
}

static int take_all(Recovery *c, RecoverNote *ret_note, char name[static CRASH_NAME_MAX]) {
        const RawDump *raw = &c->store.raw;
        bool has_dump = raw->is_complete && raw->dump.size > 0;
        const char *vmcore = NULL;
        int r;

        r = know_host(c);
        if (r < 0)
                return error_set(c->reterr, r, "the host has no name: %s", strerror(-r));
        make_room(c);
        if (raw->log.size > 0)
                r = copy_part(c, &raw->log, CRASH_LOG_NAME);
        if (r < 0)
                return error_set(c->reterr, r, "the log cannot be copied: %s", strerror(-r));
        if (has_dump)
                r = take_dump(c, &vmcore);
        else if (is_partial(c)) {
                vmcore = CRASH_INCOMPLETE_NAME;
                r = copy_part(c, &raw->dump, vmcore);
        }
        if (r < 0)
                return error_set(c->reterr, r, "the dump cannot be copied: %s", strerror(-r));
        r = write_info(c, vmcore);
        if (r < 0)
                return error_set(c->reterr, r, CRASH_INFO_NAME " cannot be written: %s",
                                 strerror(-r));
        r = publish(c, name);
        if (r < 0)
                return error_set(c->reterr, r, "the files cannot be made durable: %s",
                                 strerror(-r));
        if (has_dump) {
                Retention old = retention(c, name);

                retain_newest(&old);
        }
        *ret_note = !vmcore                            ? RECOVER_NO_DUMP
                    : !has_dump                        ? RECOVER_PARTIAL
                    : streq(vmcore, CRASH_VMCORE_NAME) ? RECOVER_WHOLE
                                                       : RECOVER_FLAT;
        return 0;
}

static int open_device(Recovery *c, int root_fd, const char *device) {
        int r;

        r = raw_store_open(root_fd, device, true, &c->store);
        if (r == -EAGAIN)
                return error_set(c->reterr, -EBUSY, "somebody else has locked it");
        if (r == -ENODATA)
                return error_set(c->reterr, r, "there is no dump on it");
        if (r == -EBADMSG)
                return error_set(c->reterr, r, "the header of the dump on it is damaged");
        if (r < 0)
                return error_set(c->reterr, r, "it cannot be opened: %s", strerror(-r));
        if (c->store.raw.is_recovered)
                return error_set(c->reterr, -EALREADY, "its dump was recovered before");
        r = raw_store_describe(&c->store, &c->info, &c->has_summary);
        return r < 0 ? error_set(c->reterr, r, "it cannot be read: %s", strerror(-r)) : 0;
}

/* What would be written beneath a mount that is still to come would be hidden by it. */
static int check_mounted(Recovery *c, int root_fd) {
        return dump_target_mounted(root_fd, c->settings->capture_path, c->reterr);
}

int recover_dump(int root_fd, const Settings *settings, const char *device,
                 void (*say)(const char *text), unsigned patience_sec, char **ret,
                 RecoverNote *ret_note, Error *reterr) {
        _cleanup_(recovery_done) Recovery c = {
                .settings = settings,
                .say = say,
                .patience_sec = patience_sec,
                .store = RAW_STORE_INIT,
                .base_fd = -EBADF,
                .dir_fd = -EBADF,
                .reterr = reterr,
        };
        _cleanup_free_ char *path = NULL;
        char name[CRASH_NAME_MAX];
        int r;

        go_on(&c);
        r = open_device(&c, root_fd, device);
        if (r >= 0)
                r = check_mounted(&c, root_fd);
        if (r < 0)
                return r;
        c.base_fd = open_base(root_fd, settings->capture_path);
        if (c.base_fd < 0)
                return error_set(reterr, c.base_fd, "%s: %s", settings->capture_path,
                                 strerror(-c.base_fd));
        drop_stale(&c);
        r = make_unfinished(&c);
        if (r < 0)
                return error_set(reterr, r, "%s: %s", settings->capture_path, strerror(-r));
        r = take_all(&c, ret_note, name);
        if (r < 0) {
                drop_unfinished(&c, c.unfinished, true);
                return r;
        }
        if (asprintf(&path, "%s/%s", settings->capture_path, name) < 0) {
                path = NULL;
                return error_set(reterr, -ENOMEM, "the dump is there: out of memory");
        }
        r = raw_store_mark(&c.store);
        *ret = TAKE_PTR(path);
        return r < 0 ? error_set(reterr, -EROFS, "it cannot be written to: %s", strerror(-r)) : 0;
}
