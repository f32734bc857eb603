/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small files below a directory handle, read whole with a limit or replaced atomically; the
 * clocks. */
#include "base/file-util.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>

#include "base/string-util.h"
#include "base/time-util.h"

/* People and configuration write absolute paths; the *at() calls want them relative to the root. */
static const char *relative(const char *path) {
        path += strspn(path, "/");
        return *path ? path : ".";
}

int open_root(const char *path) {
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* The kernel gives up a walk that goes up while something is mounted or renamed anywhere. */
#define WALKS_MOST 64u

int open_in_root(int root_fd, const char *path, int flags) {
        struct open_how how = {
                .flags = (uint64_t)(flags | O_CLOEXEC),
                .mode = flags & O_CREAT ? 0644 : 0,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        long fd = -1;

        for (unsigned i = 0; i < WALKS_MOST; i++) {
                fd = syscall(SYS_openat2, root_fd, relative(path), &how, sizeof(how));
                if (fd >= 0 || errno != EAGAIN)
                        break;
        }
        return fd < 0 ? -errno : (int)fd;
}

int open_below(int root_fd, const char *path, int flags) {
        int fd = open_in_root(root_fd, path, flags);

        /* Before Linux 5.6, or where a filter does not know the call. */
        if (fd == -ENOSYS || fd == -EPERM) {
                fd = openat(root_fd, relative(path), flags | O_CLOEXEC, 0644);
                fd = fd < 0 ? -errno : fd;
        }
        return fd;
}

/* Opens the directory that path is in, for a call that takes its last part, *ret_name. */
static int open_parent_below(int root_fd, const char *path, const char **ret_name) {
        const char *name = path_name(relative(path));
        _cleanup_free_ char *parent = strndup(path, strlen(path) - strlen(name));
        int fd;

        if (!parent)
                return -ENOMEM;
        fd = open_below(root_fd, parent, O_PATH | O_DIRECTORY);
        if (fd >= 0)
                *ret_name = name;
        return fd;
}

int make_directory_below(int root_fd, const char *path, mode_t mode) {
        _cleanup_close_ int fd = -EBADF;
        const char *name;

        fd = open_parent_below(root_fd, path, &name);
        if (fd < 0)
                return fd;
        return mkdirat(fd, name, mode) < 0 ? -errno : 0;
}

int open_or_make_below(int root_fd, const char *path, mode_t mode) {
        _cleanup_close_ int parent_fd = -EBADF;
        const char *name;
        int fd;

        parent_fd = open_parent_below(root_fd, path, &name);
        if (parent_fd < 0)
                return parent_fd;
        fd = openat(parent_fd, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
        return fd < 0 ? -errno : fd;
}

int remove_below(int root_fd, const char *path) {
        _cleanup_close_ int fd = -EBADF;
        const char *name;

        fd = open_parent_below(root_fd, path, &name);
        if (fd < 0)
                return fd;
        return unlinkat(fd, name, 0) < 0 ? -errno : 0;
}

int stat_below(int root_fd, const char *path, struct stat *ret) {
        _cleanup_close_ int fd = open_below(root_fd, path, O_PATH);

        if (fd < 0)
                return fd;
        return fstat(fd, ret) < 0 ? -errno : 0;
}

int open_directory_below(int root_fd, const char *path, DIR **ret) {
        _cleanup_close_ int fd = open_below(root_fd, path, O_RDONLY | O_DIRECTORY);
        DIR *directory;

        if (fd < 0)
                return fd;
        directory = fdopendir(fd);
        if (!directory)
                return -errno;
        (void)TAKE_FD(fd);
        *ret = directory;
        return 0;
}

bool exists_below(int root_fd, const char *path) {
        struct stat st;

        return stat_below(root_fd, path, &st) >= 0;
}

bool is_masked_below(int root_fd, const char *path) {
        char target[sizeof("/dev/null") + 1];
        _cleanup_close_ int fd = -EBADF;
        const char *name;
        ssize_t n;

        fd = open_parent_below(root_fd, path, &name);
        if (fd < 0)
                return false;
        n = readlinkat(fd, name, target, sizeof(target) - 1);
        target[n < 0 ? 0 : n] = '\0';
        return streq(target, "/dev/null");
}

int read_fd(int fd, size_t limit, char **ret, size_t *ret_size) {
        _cleanup_free_ char *buf = NULL;
        size_t size = 0, room = MIN(limit, (size_t)4096);

        /* sysfs and procfs say st_size 0 or 4096 whatever they hold, so grow as we read. One byte
         * more than the limit is asked for, to tell "just fits" from "too long". */
        for (;;) {
                char *grown = realloc(buf, room + 2);
                ssize_t n;

                if (!grown)
                        return -ENOMEM;
                buf = grown;
                n = read(fd, buf + size, room + 1 - size);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (n == 0)
                        break;
                size += (size_t)n;
                if (size > limit)
                        return -EFBIG;
                if (size > room)
                        room = MIN(limit, room * 2);
        }
        buf[size] = '\0';
        *ret = TAKE_PTR(buf);
        if (ret_size)
                *ret_size = size;
        return 0;
}

int read_at(int fd, void *buf, size_t size, uint64_t offset, size_t *ret_size) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = pread(fd, (char *)buf + done, size - done, (off_t)(offset + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                done += (size_t)n;
        }
        *ret_size = done;
        return 0;
}

int read_file_below(int root_fd, const char *path, size_t limit, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = -EBADF;

        fd = open_below(root_fd, path, O_RDONLY | O_NOCTTY);
        if (fd < 0)
                return fd;
        return read_fd(fd, limit, ret, ret_size);
}

/* The link has the name whatever mount the file was opened in. */
static bool is_proc_file(int fd, const char *name) {
        char link[32], target[64];
        struct statfs fs;
        ssize_t n;

        if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
                return false;
        strscpyf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, target, sizeof(target) - 1);
        target[n < 0 ? 0 : n] = '\0';
        return endswith(target, name);
}

int read_proc_stdin(const char *name, size_t limit, char **ret, size_t *ret_size) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0, room = 16384, n;

        if (!is_proc_file(STDIN_FILENO, name))
                return -ENODATA;
        for (;;) {
                char *grown = realloc(text, room + 1);
                int r;

                if (!grown)
                        return -ENOMEM;
                text = grown;
                r = read_at(STDIN_FILENO, text + size, room - size, size, &n);
                if (r < 0)
                        return r;
                size += n;
                if (size < room)
                        break;
                if (room > limit)
                        return -EFBIG;
                room *= 2;
        }
        text[size] = '\0';
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}

int read_line_below(int root_fd, const char *path, char *buf, size_t size) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_below(root_fd, path, size, &text, NULL);
        if (r < 0)
                return r;
        char *line = strstrip(text);
        if (strlen(line) >= size)
                return -EFBIG;
        strscpy(buf, size, line);
        return 0;
}

int read_u64_below(int root_fd, const char *path, uint64_t *ret) {
        char line[32];
        int r;

        r = read_line_below(root_fd, path, line, sizeof(line));
        if (r < 0)
                return r;
        return parse_u64(line, 10, ret);
}

int write_all(int fd, const void *data, size_t size) {
        const char *p = data;

        while (size > 0) {
                ssize_t n = write(fd, p, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                p += n;
                size -= (size_t)n;
        }
        return 0;
}

/* What says where a file is to be found, its directory, gets onto the disk. */
static int sync_directory(int path_fd) {
        _cleanup_close_ int fd = open_below(path_fd, ".", O_RDONLY | O_DIRECTORY);

        if (fd < 0)
                return fd;
        return fsync(fd) < 0 ? -errno : 0;
}

int rename_below(int root_fd, const char *from, const char *to) {
        _cleanup_close_ int from_fd = -EBADF, to_fd = -EBADF;
        const char *from_name, *to_name;

        from_fd = open_parent_below(root_fd, from, &from_name);
        if (from_fd < 0)
                return from_fd;
        to_fd = open_parent_below(root_fd, to, &to_name);
        if (to_fd < 0)
                return to_fd;
        return renameat(from_fd, from_name, to_fd, to_name) < 0 ? -errno : sync_directory(to_fd);
}

static int replace_file(int root_fd, const char *path, const void *data, size_t size, mode_t mode,
                        bool is_durable) {
        _cleanup_close_ int parent_fd = -EBADF, fd = -EBADF;
        _cleanup_free_ char *temporary = NULL;
        const char *name;
        int r;

        parent_fd = open_parent_below(root_fd, path, &name);
        if (parent_fd < 0)
                return parent_fd;
        if (asprintf(&temporary, "%s.new", name) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        fd = openat(parent_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                    mode);
        if (fd < 0)
                return -errno;
        r = write_all(fd, data, size);
        if (r >= 0 && is_durable && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(parent_fd, temporary, parent_fd, name) < 0)
                r = -errno;
        if (r < 0) {
                (void)unlinkat(parent_fd, temporary, 0);
                return r;
        }
        return is_durable ? sync_directory(parent_fd) : 0;
}

int write_file_below(int root_fd, const char *path, const void *data, size_t size) {
        return replace_file(root_fd, path, data, size, 0644, false);
}

int write_durable_below(int root_fd, const char *path, const void *data, size_t size) {
        return replace_file(root_fd, path, data, size, 0644, true);
}

int write_durable_as_below(int root_fd, const char *path, const void *data, size_t size,
                           mode_t mode) {
        return replace_file(root_fd, path, data, size, mode, true);
}

static uint64_t clock_usec(clockid_t id) {
        struct timespec ts;

        if (clock_gettime(id, &ts) < 0)
                return 0;
        return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t monotonic_usec(void) {
        return clock_usec(CLOCK_MONOTONIC);
}

uint64_t realtime_usec(void) {
        return clock_usec(CLOCK_REALTIME);
}
