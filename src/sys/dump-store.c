/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory that dumps are in, read. */
#include "sys/dump-store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/time-util.h"
#include "core/crash-log.h"
#include "core/dump-layout.h"
#include "sys/dump-json.h"
#include "sys/local-time.h"

/* The unit of st_blocks, whatever the file system. */
#define STAT_BLOCK 512u

static const char *const dump_state_table[_DUMP_STATE_MAX] = {
        [DUMP_COMPLETE] = "complete", [DUMP_COPIED] = "copied", [DUMP_INCOMPLETE] = "incomplete",
        [DUMP_LOG_ONLY] = "log-only", [DUMP_FAILED] = "failed", [DUMP_MISSING] = "missing",
        [DUMP_RAW] = "raw",
};
DEFINE_NAME_TABLE(dump_state, DumpState, _DUMP_STATE_MAX);

static void dump_done(Dump *dump) {
        free(dump->name);
        dump_info_done(&dump->info);
        *dump = (Dump){ 0 };
}

void dump_list_done(DumpList *list) {
        for (size_t i = 0; i < list->n; i++)
                dump_done(&list->items[i]);
        free(list->items);
        *list = (DumpList){ 0 };
}

static uint64_t timespec_usec(const struct timespec *ts) {
        if (ts->tv_sec < 0)
                return 0;
        return (uint64_t)ts->tv_sec * USEC_PER_SEC + (uint64_t)ts->tv_nsec / 1000;
}

/* Somebody else's directory says nothing about this machine's kernel. */
static bool is_ours(const struct stat *st) {
        return st->st_uid == 0 || st->st_uid == geteuid();
}

int dump_store_open(int root_fd, const char *path) {
        return open_below(root_fd, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
}

/* Names go into sentences, onto the bus and to terminals: one that would have to be mended for
 * that is nobody's dump. */
static bool is_clean(const char *name) {
        char copy[NAME_MAX + 1];

        strscpy(copy, sizeof(copy), name);
        utf8_mend(copy);
        return streq(copy, name) && name[0] != '.';
}

/* What one directory holds; names are NULL for what is not there. */
typedef struct Content {
        char *names[_DUMP_FILE_MAX];
        uint64_t bytes[_DUMP_FILE_MAX];
        uint64_t changed_usec[_DUMP_FILE_MAX];
        uint64_t disk_bytes; /* that they take, and nothing else shares */
} Content;

static void content_done(Content *c) {
        for (size_t i = 0; i < _DUMP_FILE_MAX; i++)
                free(c->names[i]);
        *c = (Content){ 0 };
}

/* Of several that are the same by their names, as Debian leaves where makedumpfile failed, the one
 * with more in it counts. */
static int take_file(Content *c, DumpFile file, const char *name, const struct stat *st) {
        uint64_t bytes = (uint64_t)st->st_size;
        char *copy;

        if (st->st_nlink == 1)
                c->disk_bytes += (uint64_t)st->st_blocks * STAT_BLOCK;
        if (c->names[file] && (bytes < c->bytes[file] ||
                               (bytes == c->bytes[file] && strcmp(name, c->names[file]) > 0)))
                return 0;
        copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        free(c->names[file]);
        c->names[file] = copy;
        c->bytes[file] = bytes;
        c->changed_usec[file] = timespec_usec(&st->st_mtim);
        return 0;
}

static int look_into(int dump_fd, Content *ret) {
        _cleanup_(content_done) Content c = { 0 };
        _cleanup_closedir_ DIR *directory = NULL;
        const struct dirent *entry;
        int r;

        r = open_directory_below(dump_fd, ".", &directory);
        if (r < 0)
                return r;
        for (size_t i = 0; i < DUMP_FILES_MOST && (entry = readdir(directory)); i++) {
                DumpFile file = dump_file_of_name(entry->d_name);
                struct stat st;

                if (file == DUMP_FILE_NONE ||
                    fstatat(dump_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
                    !S_ISREG(st.st_mode))
                        continue;
                r = take_file(&c, file, entry->d_name, &st);
                if (r < 0)
                        return r;
        }
        *ret = c;
        c = (Content){ 0 };
        return 0;
}

/* A README.txt may be in any directory: alone it counts only if the name of that tells a time. */
static bool is_dump(const Content *c, bool is_named) {
        for (DumpFile file = DUMP_FILE_SUMMARY; file < _DUMP_FILE_MAX; file++)
                if (c->names[file] && (file != DUMP_FILE_README || is_named))
                        return true;
        return false;
}

/* Returns whether the name tells the time. */
static bool time_of_name(int root_fd, const char *name, uint64_t *ret_usec) {
        CivilTime time;
        bool is_local;

        if (dump_directory_time(name, &time, &is_local) < 0)
                return false;
        if (!is_local)
                *ret_usec = civil_to_seconds(&time) * USEC_PER_SEC;
        return !is_local || local_time_usec(root_fd, &time, ret_usec) >= 0;
}

int dump_store_open_dump(int store_fd, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = openat(store_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return is_ours(&st) ? TAKE_FD(fd) : -ENOENT;
}

/* Returns 1 if the entry is a dump, 0 if not, -ENOMEM. What we may not look into can be one. */
static int try_entry(int store_fd, int root_fd, const char *name, Dump *ret) {
        _cleanup_(content_done) Content c = { 0 };
        _cleanup_close_ int fd = -EBADF;
        uint64_t when_usec;
        struct stat st;
        bool named;

        if (!is_clean(name) || fstatat(store_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISDIR(st.st_mode) || !is_ours(&st))
                return 0;
        named = time_of_name(root_fd, name, &when_usec);
        if (!named)
                when_usec = timespec_usec(&st.st_mtim);
        fd = dump_store_open_dump(store_fd, name);
        if (fd >= 0) {
                int r = look_into(fd, &c);

                if (r == -ENOMEM)
                        return r;
                if (r < 0 || !is_dump(&c, named))
                        return 0;
        } else if (fd != -EACCES || !named)
                return 0;
        ret->name = strdup(name);
        if (!ret->name)
                return -ENOMEM;
        ret->when_usec = when_usec;
        return 1;
}

static int compare_dumps(const void *a, const void *b) {
        const Dump *x = a, *y = b;

        if (x->when_usec != y->when_usec)
                return x->when_usec < y->when_usec ? -1 : 1;
        return strcmp(x->name, y->name);
}

void dump_list_sort(DumpList *list) {
        if (list->n > 0)
                qsort(list->items, list->n, sizeof(list->items[0]), compare_dumps);
}

int dump_store_list(int store_fd, int root_fd, DumpList *ret) {
        _cleanup_(dump_list_done) DumpList list = { 0 };
        _cleanup_closedir_ DIR *directory = NULL;
        const struct dirent *entry;
        int r;

        r = open_directory_below(store_fd, ".", &directory);
        if (r < 0)
                return r;
        while ((entry = readdir(directory))) {
                Dump dump = { 0 }, *grown;

                r = try_entry(store_fd, root_fd, entry->d_name, &dump);
                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                if (list.n == DUMPS_MOST) {
                        list.more = true;
                        dump_done(&dump);
                        break;
                }
                grown = reallocarray(list.items, list.n + 1, sizeof(*grown));
                if (!grown) {
                        dump_done(&dump);
                        return -ENOMEM;
                }
                list.items = grown;
                list.items[list.n++] = dump;
        }
        dump_list_sort(&list);
        *ret = list;
        list = (DumpList){ 0 };
        return 0;
}

static int open_file(int dump_fd, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = openat(dump_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADMSG;
        return TAKE_FD(fd);
}

int dump_store_read_summary(int dump_fd, DumpInfo *ret) {
        _cleanup_close_ int fd = open_file(dump_fd, CRASH_INFO_NAME);
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        if (fd < 0)
                return fd;
        r = read_fd(fd, DUMP_JSON_LONGEST, &text, &size);
        if (r < 0)
                return r;
        return dump_info_from_json(text, size, ret);
}

/* At most DUMP_LOG_PIECE of the bytes from offset on. */
static int read_piece(int fd, uint64_t offset, uint64_t bytes, char **ret, size_t *ret_size) {
        size_t size = (size_t)MIN(bytes, (uint64_t)DUMP_LOG_PIECE);
        _cleanup_free_ char *piece = malloc(size + 1);
        ssize_t n;

        if (!piece)
                return -ENOMEM;
        n = pread(fd, piece, size, (off_t)offset);
        if (n < 0)
                return -errno;
        *ret = TAKE_PTR(piece);
        *ret_size = (size_t)n;
        return 0;
}

static int take_panic(const char *log, size_t size, DumpInfo *info) {
        char message[CRASH_LINE_MAX], where[CRASH_LINE_MAX];

        if (!crash_log_panic(log, size, message, where))
                return 0;
        info->panic_message = strdup(message);
        info->panic_where = *where ? strdup(where) : NULL;
        return info->panic_message && (info->panic_where || !*where) ? 0 : -ENOMEM;
}

int dump_read_log(int fd, uint64_t offset, uint64_t bytes, DumpInfo *info) {
        uint64_t skipped = sub_saturated(bytes, (uint64_t)DUMP_LOG_PIECE);
        int r;

        for (unsigned i = 0; i < 2; i++) {
                uint64_t at = i == 0 ? 0 : skipped;
                _cleanup_free_ char *piece = NULL;
                size_t size = 0;

                r = read_piece(fd, offset + at, bytes - at, &piece, &size);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        return 0;
                r = i == 0 ? crash_log_release(piece, size, &info->kernel_release)
                           : take_panic(piece, size, info);
                if (r == -ENOMEM)
                        return r;
        }
        return 0;
}

/* Whether there is a dump that is whole by its name. An empty one is none. */
static bool is_whole(const Content *c) {
        return c->names[DUMP_FILE_DUMP] && c->bytes[DUMP_FILE_DUMP] > 0;
}

/* What somebody else has left. */
static DumpState judge_others(const Content *c, DumpWitness witness) {
        bool is_there = c->names[DUMP_FILE_DUMP] || c->names[DUMP_FILE_INCOMPLETE];
        DumpState nothing = c->names[DUMP_FILE_LOG] ? DUMP_LOG_ONLY : DUMP_FAILED;

        switch (witness) {
        case DUMP_WITNESS_SAVED:
                nothing = DUMP_MISSING;
                break;
        case DUMP_WITNESS_DELETED:
                return is_there ? DUMP_INCOMPLETE : DUMP_MISSING;
        case DUMP_WITNESS_UNFINISHED:
                return is_there || nothing == DUMP_FAILED ? DUMP_INCOMPLETE : nothing;
        case DUMP_WITNESS_FAILED:
                return is_there ? DUMP_INCOMPLETE : nothing;
        case DUMP_WITNESS_NONE:
        case DUMP_WITNESS_SKIPPED:
        default:
                break;
        }
        if (is_whole(c))
                return DUMP_COMPLETE;
        return is_there ? DUMP_INCOMPLETE : nothing;
}

static DumpState judge(const Dump *dump, const Content *c) {
        DumpState otherwise = c->names[DUMP_FILE_DUMP] ? DUMP_INCOMPLETE : DUMP_MISSING;

        switch (dump->info.result) {
        case DUMP_RESULT_COMPLETE:
                return is_whole(c) ? DUMP_COMPLETE : otherwise;
        case DUMP_RESULT_COPIED:
                return is_whole(c) ? DUMP_COPIED : otherwise;
        case DUMP_RESULT_LOG_ONLY:
                return DUMP_LOG_ONLY;
        case DUMP_RESULT_FAILED:
                return DUMP_FAILED;
        case DUMP_RESULT_INCOMPLETE:
        default:
                /* It gets that name when it is whole, before the summary says so. */
                return is_whole(c) ? DUMP_COMPLETE : DUMP_INCOMPLETE;
        }
}

/* Returns 0, with what README.txt says of the dump in info->message, and of the kernel, or
 * -ENOMEM. */
static int ask_witness(int dump_fd, const Content *c, DumpInfo *info, DumpWitness *ret) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        const char *log = c->names[DUMP_FILE_LOG];
        DumpReadme readme = { 0 };
        size_t size;

        *ret = DUMP_WITNESS_NONE;
        if (!c->names[DUMP_FILE_README])
                return 0;
        fd = open_file(dump_fd, c->names[DUMP_FILE_README]);
        if (fd >= 0 && read_fd(fd, DUMP_README_LONGEST, &text, &size) >= 0)
                dump_readme(text, size, &readme);
        if (*readme.release && !info->kernel_release) {
                info->kernel_release = strdup(readme.release);
                if (!info->kernel_release)
                        return -ENOMEM;
        }
        *ret = readme.witness;
        if (*ret == DUMP_WITNESS_NONE && log && dump_log_has_readme(log))
                *ret = DUMP_WITNESS_UNFINISHED;
        if (*ret == DUMP_WITNESS_NONE || *ret == DUMP_WITNESS_SAVED)
                return 0;
        if (asprintf(&info->message, "%s says %s%s", c->names[DUMP_FILE_README],
                     *readme.words ? "of the dump: " : "nothing of a dump that was saved",
                     readme.words) < 0) {
                info->message = NULL;
                return -ENOMEM;
        }
        return 0;
}

static bool is_flattened(int dump_fd, const char *vmcore) {
        _cleanup_close_ int fd = vmcore ? open_file(dump_fd, vmcore) : -EBADF;
        char head[DUMP_HEAD];

        return fd >= 0 && pread(fd, head, sizeof(head), 0) == sizeof(head) &&
               dump_is_flattened(head);
}

/* Files are what they are now, not what the summary said then. */
static void take_files(Content *c, DumpInfo *info) {
        DumpFile file = c->names[DUMP_FILE_DUMP] ? DUMP_FILE_DUMP : DUMP_FILE_INCOMPLETE;

        free(info->vmcore);
        info->vmcore = TAKE_PTR(c->names[file]);
        if (info->vmcore)
                info->vmcore_bytes = c->bytes[file];
        free(info->log);
        info->log = TAKE_PTR(c->names[DUMP_FILE_LOG]);
        info->log_bytes = c->bytes[DUMP_FILE_LOG];
}

/* Without a summary: the log is written first, so that it is nearest to the crash. */
static uint64_t when_written(const Dump *dump, const Content *c) {
        static const DumpFile files[] = { DUMP_FILE_LOG, DUMP_FILE_INCOMPLETE, DUMP_FILE_DUMP };
        CivilTime time;
        bool is_local;

        /* Then the list had it from there. */
        if (dump_directory_time(dump->name, &time, &is_local) >= 0)
                return dump->when_usec;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (c->names[files[i]])
                        return c->changed_usec[files[i]];
        return dump->when_usec;
}

static int describe(int dump_fd, Dump *dump) {
        _cleanup_(content_done) Content c = { 0 };
        DumpWitness witness = DUMP_WITNESS_NONE;
        int r;

        r = look_into(dump_fd, &c);
        if (r < 0)
                return r;
        if (!is_dump(&c, true))
                return -ENOENT;
        r = c.names[DUMP_FILE_SUMMARY] ? dump_store_read_summary(dump_fd, &dump->info) : -ENOENT;
        if (r == -ENOMEM)
                return r;
        dump->has_summary = r >= 0;
        if (!dump->has_summary && c.names[DUMP_FILE_LOG]) {
                _cleanup_close_ int fd = open_file(dump_fd, c.names[DUMP_FILE_LOG]);

                r = fd < 0 ? 0 : dump_read_log(fd, 0, c.bytes[DUMP_FILE_LOG], &dump->info);
                if (r < 0)
                        return r;
        }
        if (!dump->has_summary) {
                r = ask_witness(dump_fd, &c, &dump->info, &witness);
                if (r < 0)
                        return r;
        }
        dump->state = dump->has_summary ? judge(dump, &c) : judge_others(&c, witness);
        if (dump->info.crash_usec == 0)
                dump->info.crash_usec = when_written(dump, &c);
        dump->when_usec = dump->info.crash_usec;
        take_files(&c, &dump->info);
        dump->is_flattened = is_flattened(dump_fd, dump->info.vmcore);
        return 0;
}

int dump_store_describe(int store_fd, const char *path, Dump *dump) {
        _cleanup_close_ int fd = dump_store_open_dump(store_fd, dump->name);
        Dump fresh = { .name = dump->name, .when_usec = dump->when_usec };
        int r;

        if (fd < 0)
                return fd;
        r = describe(fd, &fresh);
        if (r >= 0 && asprintf(&fresh.info.directory, "%s%s%s", path,
                               endswith(path, "/") ? "" : "/", fresh.name) < 0) {
                fresh.info.directory = NULL;
                r = -ENOMEM;
        }
        if (r < 0) {
                dump_info_done(&fresh.info);
                return r;
        }
        dump_info_done(&dump->info);
        *dump = fresh;
        dump->described = true;
        return 0;
}

unsigned dump_store_next_number(int store_fd, const char *name) {
        _cleanup_closedir_ DIR *directory = NULL;
        struct dirent *entry;
        unsigned next = 0;

        if (open_directory_below(store_fd, ".", &directory) < 0)
                return 0;
        while ((entry = readdir(directory))) {
                const char *rest = startswith(entry->d_name, name);
                uint64_t number = 0;

                if (!rest || (*rest && (*rest != '-' || parse_u64(rest + 1, 10, &number) < 0)))
                        continue;
                if (number >= CRASH_NUMBER_MOST)
                        return 0;
                next = MAX(next, (unsigned)number + 1);
        }
        return next;
}

/* Of files by names that are known. */
static bool has_log_only(const Content *c) {
        return c->names[DUMP_FILE_LOG] && streq(c->names[DUMP_FILE_LOG], CRASH_LOG_NAME) &&
               !c->names[DUMP_FILE_DUMP] && !c->names[DUMP_FILE_INCOMPLETE] &&
               !c->names[DUMP_FILE_README];
}

int dump_store_is_whole(int dump_fd, uint64_t *ret_bytes) {
        _cleanup_(content_done) Content c = { 0 };
        DumpInfo info = { 0 };
        bool is_whole;

        if (look_into(dump_fd, &c) < 0)
                return -ENODATA;
        /* kdump-capture writes the log first, and may get no further. */
        if (!c.names[DUMP_FILE_SUMMARY] && has_log_only(&c))
                return 0;
        if (!c.names[DUMP_FILE_SUMMARY] || dump_store_read_summary(dump_fd, &info) < 0)
                return -ENODATA;
        is_whole = info.result == DUMP_RESULT_COMPLETE || info.result == DUMP_RESULT_COPIED;
        dump_info_done(&info);
        if (!is_whole)
                return 0;
        if (!c.names[DUMP_FILE_DUMP] || c.bytes[DUMP_FILE_DUMP] == 0)
                return -ENODATA;
        *ret_bytes = c.disk_bytes;
        return 1;
}

int dump_store_open_log(int store_fd, const Dump *dump) {
        _cleanup_close_ int fd = -EBADF;

        if (!dump->info.log)
                return -ENOENT;
        fd = dump_store_open_dump(store_fd, dump->name);
        if (fd < 0)
                return fd;
        return open_file(fd, dump->info.log);
}

bool dump_store_log_has(int store_fd, const Dump *dump, const char *text) {
        _cleanup_close_ int fd = dump_store_open_log(store_fd, dump);
        uint64_t bytes = dump->info.log_bytes;
        uint64_t skipped = sub_saturated(bytes, (uint64_t)DUMP_LOG_PIECE);
        _cleanup_free_ char *piece = NULL;
        size_t size = 0;

        if (fd < 0)
                return false;
        return read_piece(fd, skipped, bytes - skipped, &piece, &size) >= 0 &&
               crash_log_has(piece, size, text);
}
