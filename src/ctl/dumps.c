/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dumps that the configuration leads to. */
#include "ctl/dumps.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"

/* The logs of kernels are as large as their buffers: log_buf_len= takes up to 2 GiB, but nobody
 * does that. */
#define RAW_LOG_MOST (256u * 1024u * 1024u)

/* A number counts dumps; what has more digits is the beginning of a name, as Debian's are. */
#define NUMBER_DIGITS_MOST 4u

static void found_target_done(FoundTarget *target) {
        closep(&target->fd);
        free(target->path);
        free(target->clause);
        *target = (FoundTarget){ .fd = -EBADF };
}

void dumps_done(Dumps *dumps) {
        for (size_t i = 0; i < dumps->n; i++) {
                free(dumps->items[i].dump.name);
                dump_info_done(&dumps->items[i].dump.info);
        }
        free(dumps->items);
        for (size_t i = 0; i < dumps->n_targets; i++)
                found_target_done(&dumps->targets[i]);
        *dumps = (Dumps){ 0 };
}

/* Moves the dumps of one target to the others. */
static int take_list(Dumps *dumps, const FoundTarget *target, DumpList *list) {
        FoundDump *grown;

        if (list->n == 0)
                return 0;
        grown = reallocarray(dumps->items, dumps->n + list->n, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        dumps->items = grown;
        dumps->more |= list->more;
        for (size_t i = 0; i < list->n; i++) {
                FoundDump *found = &dumps->items[dumps->n];
                int r;

                *found = (FoundDump){ .dump = list->items[i], .target = target };
                list->items[i] = (Dump){ 0 };
                dumps->n++;
                r = dump_store_describe(target->fd, target->path, &found->dump);
                if (r == -ENOMEM)
                        return r;
                found->error = r;
        }
        return 0;
}

/* Whether the last target is one of those before it, whatever either is called. A device is told by
 * its number, as it may have several nodes. */
static bool is_double(Dumps *dumps, int root_fd) {
        FoundTarget *last = &dumps->targets[dumps->n_targets - 1];
        struct stat st;

        if (!last->path || stat_below(root_fd, last->path, &st) < 0)
                st = (struct stat){ 0 };
        last->device = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
        last->inode = S_ISBLK(st.st_mode) ? 0 : st.st_ino;
        for (const FoundTarget *t = dumps->targets; t < last; t++)
                if (t->is_raw == last->is_raw &&
                    (last->device != 0 ? t->device == last->device && t->inode == last->inode
                                       : last->path && streq_ptr(t->path, last->path)))
                        return true;
        return false;
}

static void drop_last(Dumps *dumps) {
        found_target_done(&dumps->targets[--dumps->n_targets]);
}

static int read_target(Dumps *dumps, FoundTarget *target, int root_fd) {
        _cleanup_(dump_list_done) DumpList list = { 0 };

        target->error = target->fd = dump_store_open(root_fd, target->path);
        if (target->fd >= 0)
                target->error = dump_store_list(target->fd, root_fd, &list);
        if (target->error == -ENOMEM)
                return target->error;
        if (target->error >= 0)
                return take_list(dumps, target, &list);
        target->clause = strdup(strerrordesc_np(-target->error) ?: "it cannot be read");
        return target->clause ? 0 : -ENOMEM;
}

/* Adds what lies on a device, if it was not taken from there. */
static int take_raw(Dumps *dumps, FoundTarget *target, RawStore *store) {
        FoundDump *grown = reallocarray(dumps->items, dumps->n + 1, sizeof(*grown)), *found;
        Dump *dump;
        int r;

        if (!grown)
                return -ENOMEM;
        dumps->items = grown;
        found = &grown[dumps->n];
        *found = (FoundDump){ .target = target };
        dump = &found->dump;
        if (asprintf(&dump->name, "raw:%s", target->path) < 0)
                return -ENOMEM;
        dumps->n++;
        utf8_mend(dump->name);
        r = raw_store_describe(store, &dump->info, &dump->has_summary);
        if (r < 0)
                return r;
        dump->state = raw_store_state(store, &dump->info, dump->has_summary);
        dump->when_usec = dump->info.crash_usec;
        dump->described = true;
        target->raw = store->raw;
        target->fd = TAKE_FD(store->fd);
        return 0;
}

static int read_device(Dumps *dumps, FoundTarget *target, int root_fd) {
        _cleanup_(raw_store_done) RawStore store = RAW_STORE_INIT;
        int r;

        r = raw_store_open(root_fd, target->path, false, &store);
        if (r >= 0)
                return store.raw.is_recovered ? 0 : take_raw(dumps, target, &store);
        if (r == -ENOMEM)
                return r;
        /* Nothing was written there yet. */
        if (r == -ENODATA)
                return 0;
        target->error = r == -ENOENT ? -ENODEV : r;
        if (r == -EBADMSG)
                target->clause = strdup("the header of the dump on it is damaged");
        else
                target->clause = strdup(strerrordesc_np(-target->error) ?: "it cannot be read");
        return target->clause ? 0 : -ENOMEM;
}

static int read_devices(int root_fd, const Settings *settings, Dumps *dumps) {
        int r;

        for (DumpTarget which = 0; which < _DUMP_TARGET_MAX; which++) {
                FoundTarget *target = &dumps->targets[dumps->n_targets];
                _cleanup_free_ char *path = NULL;

                r = dump_target_device(settings, which, &path);
                if (r == -ENXIO)
                        continue;
                if (r < 0)
                        return r;
                *target = (FoundTarget){ .fd = -EBADF, .path = TAKE_PTR(path), .is_raw = true };
                dumps->n_targets++;
                if (is_double(dumps, root_fd)) {
                        drop_last(dumps);
                        continue;
                }
                r = read_device(dumps, target, root_fd);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int copy_raw_log(const FoundTarget *target) {
        const RawStore store = { .fd = target->fd, .raw = target->raw };
        const RawPart *log = &target->raw.log;
        _cleanup_close_ int fd = -EBADF;
        char buffer[65536];
        ssize_t n;

        if (log->size == 0)
                return -ENOENT;
        if (log->size > RAW_LOG_MOST)
                return -EFBIG;
        fd = memfd_create("log", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        for (uint64_t at = 0; at < log->size; at += (uint64_t)n) {
                n = raw_store_read(&store, log, at, buffer, sizeof(buffer));
                if (n < 0)
                        return (int)n;
                if (write_all(fd, buffer, (size_t)n) < 0)
                        return -ENOMEM;
        }
        return lseek(fd, 0, SEEK_SET) < 0 ? -errno : TAKE_FD(fd);
}

int dumps_open_log(const FoundDump *found) {
        return found->target->is_raw ? copy_raw_log(found->target)
                                     : dump_store_open_log(found->target->fd, &found->dump);
}

static int compare_found(const void *a, const void *b) {
        const Dump *x = &((const FoundDump *)a)->dump, *y = &((const FoundDump *)b)->dump;

        if (x->when_usec != y->when_usec)
                return x->when_usec < y->when_usec ? -1 : 1;
        return strcmp(x->name, y->name);
}

static int read_all(int root_fd, const Settings *settings, Dumps *dumps) {
        int r;

        for (DumpTarget which = 0; which < _DUMP_TARGET_MAX; which++) {
                FoundTarget *target = &dumps->targets[dumps->n_targets];
                Error error;

                *target = (FoundTarget){ .fd = -EBADF };
                r = dump_target_path(root_fd, settings, which, &target->path, &error);
                if (r == -ENOMEM)
                        return r;
                dumps->n_targets++;
                if (r == -ENXIO || is_double(dumps, root_fd)) {
                        drop_last(dumps);
                        continue;
                }
                target->error = MIN(r, 0);
                if (r < 0) {
                        target->clause = strdup(error.text);
                        continue;
                }
                r = read_target(dumps, target, root_fd);
                if (r < 0)
                        return r;
        }
        r = read_devices(root_fd, settings, dumps);
        if (r < 0)
                return r;
        if (dumps->n > 0)
                qsort(dumps->items, dumps->n, sizeof(dumps->items[0]), compare_found);
        return 0;
}

int dumps_read(const char *root, const Settings *settings, Dumps *ret) {
        _cleanup_close_ int root_fd = open_root(*root ? root : "/");
        Dumps dumps = { 0 };
        int r;

        if (root_fd < 0)
                return root_fd;
        *ret = dumps;
        r = read_all(root_fd, settings, ret);
        if (r < 0)
                dumps_done(ret);
        return r;
}

int dumps_find(const Dumps *dumps, const char *name) {
        uint64_t number;
        int found = -ENOENT;

        if (!name)
                return dumps->n > 0 ? (int)dumps->n - 1 : -ENOENT;
        for (size_t i = 0; i < dumps->n; i++)
                if (streq(dumps->items[i].dump.name, name))
                        return (int)i;
        if (strlen(name) <= NUMBER_DIGITS_MOST && parse_u64(name, 10, &number) >= 0)
                return number >= 1 && number <= dumps->n ? (int)(dumps->n - number) : -ENOENT;
        for (size_t i = 0; i < dumps->n && *name; i++) {
                if (!startswith(dumps->items[i].dump.name, name))
                        continue;
                if (found >= 0)
                        return -ENOTUNIQ;
                found = (int)i;
        }
        return found;
}
