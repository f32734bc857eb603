/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing the dump into a file: by the core collector, or else as a plain copy. */
#include "capture/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "capture/collect.h"
#include "capture/copy.h"
#include "capture/say.h"
#include "capture/store.h"
#include "core/collector.h"

static int start_over(void *userdata) {
        store_remove(userdata, CRASH_INCOMPLETE_NAME);
        return 0;
}

/* Whether a program failed since the target is full. What file systems call free is not all to be
 * had: ext4 keeps up to 16 MiB for itself (ext4_calculate_resv_clusters() in fs/ext4/super.c),
 * btrfs may have it in chunks of the wrong kind. So it is tried. */
static bool is_full(Capture *c, const Collector *k) {
        _cleanup_close_ int fd = -EBADF;
        uint64_t left;
        bool full;

        if (k->is_full || (c->ops->free_bytes(c, c->dir_fd, &left) >= 0 && left < FULL_BYTES))
                return true;
        fd = openat(c->dir_fd, "room.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return errno == ENOSPC || errno == EDQUOT;
        full = fallocate(fd, 0, 0, (off_t)FULL_BYTES) < 0 && (errno == ENOSPC || errno == EDQUOT);
        (void)unlinkat(c->dir_fd, "room.new", 0);
        return full;
}

/* Returns -ENOSPC if it failed as the target is full, which is looked at before anything is
 * removed. */
static int collect(Capture *c, Collector *k, const char *from, const char *to) {
        int r;

        k->is_full = false;
        r = collector_run(k, (const char *const[]){ from, to }, 2, NULL, start_over, c);
        if (r < 0 && r != -ENOENT && is_full(c, k))
                r = -ENOSPC;
        if (r < 0 && r != -ENOSPC && r != -ENOENT && collector_is_makedumpfile(k)) {
                (void)start_over(c);
                r = collector_run_plain(k, (const char *const[]){ from, to }, 2, NULL, NULL);
                if (r < 0 && is_full(c, k))
                        r = -ENOSPC;
        }
        return r;
}

/* An exit status of 0 is not yet a file. */
static int commit(Capture *c, const char *name) {
        struct stat st;
        int r;

        if (fstatat(c->dir_fd, CRASH_INCOMPLETE_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size == 0)
                return -ENODATA;
        r = store_commit(c, CRASH_INCOMPLETE_NAME, name);
        if (r < 0)
                return r;
        c->info.vmcore = strdup(name);
        c->info.vmcore_bytes = (uint64_t)st.st_size;
        return 0;
}

typedef struct Room {
        uint64_t bytes;              /* that were free when there was nothing of the dump yet */
        uint64_t counted;            /* that the dump takes by makedumpfile; 0: it was not asked */
        char newest[CRASH_NAME_MAX]; /* the newest complete dump, which went; "" if it did not */
} Room;

static void blame_space(Capture *c, const char *what, const Room *room) {
        store_remove(c, CRASH_INCOMPLETE_NAME);
        capture_add(c,
                    "the target is full: %s does not fit into the %" PRIu64
                    " MiB that were free; make room, or let MinFree= do so",
                    what, room->bytes >> 20);
        if (room->counted > 0)
                capture_add(c, "makedumpfile --dry-run says that it takes %" PRIu64 " MiB",
                            room->counted >> 20);
}

static void look_at_room(Capture *c, Room *room) {
        (void)c->ops->free_bytes(c, c->dir_fd, &room->bytes);
}

/* Has old dumps removed for one of that size, the newest complete one as the last. Returns whether
 * there is more room. */
static bool replace(Capture *c, uint64_t bytes, Room *room) {
        const Retention old = store_retention(c);
        bool is_made;

        capture_say("the dump takes %" PRIu64 " MiB", bytes >> 20);
        is_made = retain_make_sure_room(&old, bytes, room->newest);
        look_at_room(c, room);
        return is_made;
}

/* What lacks too much of the memory is kept, but not called a dump. */
static int copy(Capture *c, Room *room) {
        const Retention old = store_retention(c);
        bool is_partial;
        uint64_t bytes;
        int r;

        store_remove(c, CRASH_INCOMPLETE_NAME);
        if (!copy_fits(c, room->bytes, MAX(room->bytes, retain_most_room(&old)), &bytes) ||
            (bytes > room->bytes && !replace(c, bytes, room))) {
                blame_space(c, "a plain copy", room);
                return -ENOSPC;
        }
        r = copy_to_file(c, CRASH_INCOMPLETE_NAME);
        is_partial = r > 0;
        if (r >= 0)
                r = commit(c, is_partial ? CRASH_INCOMPLETE_NAME : CRASH_VMCORE_NAME);
        if (r == -ENOSPC || r == -EDQUOT) {
                blame_space(c, "a plain copy", room);
                return -ENOSPC;
        }
        if (r < 0) {
                store_remove(c, CRASH_INCOMPLETE_NAME);
                capture_say("the memory cannot be copied: %s", strerror(-r));
                return r;
        }
        c->info.result = is_partial ? DUMP_RESULT_INCOMPLETE : DUMP_RESULT_COPIED;
        return is_partial ? -EIO : 0;
}

/* By the core collector. Returns -ENOSPC, and blames nobody yet, if there is too little room. */
static int collect_and_commit(Capture *c, Collector *k, const char *from, const char *to) {
        int r;

        r = collect(c, k, from, to);
        if (r >= 0) {
                r = commit(c, CRASH_VMCORE_NAME);
                if (r >= 0) {
                        c->info.result = DUMP_RESULT_COMPLETE;
                        return 0;
                }
                if (r == -EDQUOT)
                        r = -ENOSPC;
                if (r != -ENOSPC)
                        capture_blame(c, "the core collector left no usable dump: %s",
                                      strerror(-r));
        }
        return r;
}

/* Removes old dumps for one that did not fit; the newest complete one only when it is known how
 * large this one is. Returns whether there is more room. */
static bool make_room(Capture *c, Collector *k, const char *from, const char *to, Room *room) {
        const Retention old = store_retention(c);

        /* Twice as much, so that there are few tries. */
        if (retain_make_more_room(&old, add_saturated(room->bytes, MAX(room->bytes, FULL_BYTES))))
                return true;
        return retain_most_room(&old) > 0 && collector_size(k, from, to, &room->counted) >= 0 &&
               replace(c, room->counted, room);
}

static int collect_in_room(Capture *c, Collector *k, Room *room) {
        /* Why it is not another target, which is no matter of this one's room. */
        _cleanup_free_ char *before = c->info.message ? strdup(c->info.message) : NULL;
        _cleanup_free_ char *from = capture_path(c, VMCORE_PATH), *to = NULL;
        bool was_blamed = c->is_blamed;
        int r;

        if (asprintf(&to, "%s/%s", c->path, CRASH_INCOMPLETE_NAME) < 0)
                to = NULL;
        if (!from || !to)
                return -ENOMEM;
        for (;;) {
                look_at_room(c, room);
                r = collect_and_commit(c, k, from, to);
                if (r != -ENOSPC)
                        return r;
                store_remove(c, CRASH_INCOMPLETE_NAME);
                if (!make_room(c, k, from, to, room))
                        return r;
                capture_say("the dump does not fit: once more, with more room");
                free(c->info.message);
                c->info.message = before ? strdup(before) : NULL;
                c->is_blamed = was_blamed;
        }
}

int dump_write(Capture *c) {
        uint64_t start = monotonic_usec();
        Collector k = { 0 };
        Room room = { 0 };
        int r;

        look_at_room(c, &room);
        r = collector_init(&k, c);
        if (r >= 0) {
                k.file = CRASH_INCOMPLETE_NAME;
                r = collect_in_room(c, &k, &room);
        }
        collector_done(&k);
        /* A plain copy is larger than what did not fit. */
        if (r == -ENOSPC)
                blame_space(c, "the dump", &room);
        else if (r < 0)
                r = copy(c, &room);
        /* Whoever misses the other dump finds here where it went. */
        if (*room.newest)
                capture_add(c, "the dump in %s was removed, as there was no room for both",
                            room.newest);
        c->info.dump_usec = monotonic_usec() - start;
        return r;
}
