/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small files below a directory handle, read whole with a limit or replaced atomically; the clocks.
 * Does I/O, so core/ may not include it. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"

static inline void closep(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

static inline void fclosep(FILE **f) {
        if (*f)
                (void)fclose(*f);
}
#define _cleanup_fclose_ _cleanup_(fclosep)

static inline void closedirp(DIR **dir) {
        if (*dir)
                (void)closedir(*dir);
}
#define _cleanup_closedir_ _cleanup_(closedirp)

/* Opens the directory that all kernel and system paths are taken relative to ("/" in production, a
 * made-up tree in tests). Returns a descriptor or negative errno. */
int open_root(const char *path) _must_check_;

/* Opens path, which is absolute as people write it ("/sys/..."), below the directory root_fd, with
 * O_CLOEXEC added to flags. Symbolic links are followed as after chroot(2): none leads out of
 * root_fd. So do all the others here. Returns a descriptor or negative errno. */
int open_below(int root_fd, const char *path, int flags) _must_check_;

/* Opens the file path below root_fd to read, making it with that mode if it is not there.
 * Its last part may be no link. Returns a descriptor or negative errno. */
int open_or_make_below(int root_fd, const char *path, mode_t mode) _must_check_;

/* As open_below(), but -ENOSYS (or -EPERM, by a filter) where the kernel cannot do that, before
 * Linux 5.6, instead of following links wherever they lead. */
int open_in_root(int root_fd, const char *path, int flags) _must_check_;

/* Opens the directory path below root_fd, "." for that itself, to be read from its start. Returns 0
 * or negative errno. */
int open_directory_below(int root_fd, const char *path, DIR **ret) _must_check_;

/* True if path exists below root_fd (a dangling symbolic link does not). */
bool exists_below(int root_fd, const char *path);

/* True if path is a link to /dev/null, which masks what has that name; the device itself need not
 * be below root_fd. */
bool is_masked_below(int root_fd, const char *path);

/* stat(2), mkdir(2) and unlink(2) of a path below root_fd. Return 0 or negative errno. */
int stat_below(int root_fd, const char *path, struct stat *ret) _must_check_;
int make_directory_below(int root_fd, const char *path, mode_t mode);
int remove_below(int root_fd, const char *path) _must_check_;

/* Reads the whole file path below root_fd, at most limit bytes, into a fresh buffer with a NUL
 * behind it that is not counted. ret_size may be NULL. Returns 0; -EFBIG (more than limit bytes),
 * or what open and read say. */
int read_file_below(int root_fd, const char *path, size_t limit, char **ret,
                    size_t *ret_size) _must_check_;

/* Reads all of an open file from its current position, with the same contract. */
int read_fd(int fd, size_t limit, char **ret, size_t *ret_size) _must_check_;

/* Reads all of standard input, with the same contract, if it is a file of procfs whose path ends in
 * name ("/iomem"): what such files show depends on who has opened them, and a service manager can
 * do so before it takes its privileges away. The position in the file stays, as processes share
 * it. -ENODATA if it is another file. */
int read_proc_stdin(const char *name, size_t limit, char **ret, size_t *ret_size) _must_check_;

/* Reads size bytes from offset on, however often that takes. Returns 0 with how many there were in
 * *ret_size, less than size only at the end of the file, or what pread says. */
int read_at(int fd, void *buf, size_t size, uint64_t offset, size_t *ret_size) _must_check_;

/* Reads a one-line file, white space cut off both ends, into size bytes at buf. Returns 0;
 * -EFBIG if it does not fit. Meant for sysfs and procfs attributes. */
int read_line_below(int root_fd, const char *path, char *buf, size_t size) _must_check_;

/* Reads a one-line file that holds a decimal number. Returns 0; -EINVAL if it is none. */
int read_u64_below(int root_fd, const char *path, uint64_t *ret) _must_check_;

/* Writes all of it to an open file, however often that takes. Returns 0 or negative errno. */
int write_all(int fd, const void *data, size_t size) _must_check_;

/* Replaces the file path below root_fd by size bytes at data, atomically, mode 0644: readers see
 * the old file or the new one. Returns 0 or negative errno, and leaves the old file then. */
int write_file_below(int root_fd, const char *path, const void *data, size_t size) _must_check_;

/* The same, and when it returns 0 the new file is on the disk; if the power fails before that, the
 * old one or the new one is, whole. */
int write_durable_below(int root_fd, const char *path, const void *data, size_t size) _must_check_;

/* The same with that mode, less the umask. */
int write_durable_as_below(int root_fd, const char *path, const void *data, size_t size,
                           mode_t mode) _must_check_;

/* rename(2) of paths below root_fd; when it returns 0, the new name is on the disk. Returns 0 or
 * negative errno. */
int rename_below(int root_fd, const char *from, const char *to) _must_check_;

/* CLOCK_MONOTONIC and CLOCK_REALTIME in microseconds. */
uint64_t monotonic_usec(void);
uint64_t realtime_usec(void);
