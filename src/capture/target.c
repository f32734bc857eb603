/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations of the real machine: waiting for a target, mounting it. */
#include "capture/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "capture/devices.h"
#include "capture/say.h"
#include "sys/btrfs-scan.h"
#include "sys/dm-create.h"
#include "sys/dump-retain.h"
#include "sys/md-assemble.h"
#include "sys/module-load.h"

#define LOOK_EVERY_MSEC 50

static int load_module(Capture *c, const PlanModule *module) {
        return module_load(c->root_fd, module->path, module->options);
}

/* A btrfs of several devices can be mounted when the kernel knows them all. */
static bool is_btrfs_ready(const Devices *d, const PlanTarget *target) {
        bool is_ready = false;

        for (size_t i = 0; i < d->n_seen; i++) {
                char path[80];

                if (!devices_seen_is(d, &d->seen[i], &target->device, "btrfs"))
                        continue;
                strscpyf(path, sizeof(path), "/dev/%s", d->seen[i].name);
                is_ready = d->capture->ops->scan_btrfs(d->capture, path) > 0 || is_ready;
        }
        return is_ready;
}

static bool is_ready(const Devices *d, const PlanTarget *target, char ret_path[static 64]) {
        if (devices_find(d, &target->device, ret_path, NULL) < 0)
                return false;
        for (size_t i = 0; i < target->n_parts; i++)
                if (devices_find(d, &target->parts[i].device, NULL, NULL) < 0)
                        return false;
        return !streq_ptr(target->file_system, "btrfs") || target->device.tag != DEVICE_BY_UUID ||
               is_btrfs_ready(d, target);
}

/* Returns 0; -ENODEV at the deadline. In the second half of the time arrays may start without all
 * of their members. */
static int wait_for(Devices *d, const PlanTarget *target, uint64_t deadline_usec,
                    char ret_path[static 64]) {
        uint64_t start = monotonic_usec();
        bool told = false;

        for (;;) {
                uint64_t now = monotonic_usec();

                devices_look(d, now - start >= sub_saturated(deadline_usec, start) / 2);
                if (is_ready(d, target, ret_path))
                        return 0;
                if (now >= deadline_usec)
                        return -ENODEV;
                if (!told)
                        capture_say("waiting for %s", target->label);
                told = true;
                capture_progress(d->capture);
                (void)poll(NULL, 0, LOOK_EVERY_MSEC);
        }
}

static int mount_at_point(const char *device, const char *type, unsigned long flags,
                          const char *options) {
        if (mkdir(RUN_DIRECTORY, 0700) < 0 && errno != EEXIST)
                return -errno;
        if (mkdir(MOUNT_POINT, 0700) < 0 && errno != EEXIST)
                return -errno;
        return mount(device, MOUNT_POINT, type, flags, options) < 0 ? -errno : 0;
}

/* Takes options over, and gives them back with one more; NULL for lack of memory. */
static char *add_option(char *options, const char *name, const char *value) {
        _cleanup_free_ char *old = options;
        char *joined;

        if (!old || asprintf(&joined, "%s%s%s%s%s", old, *old ? "," : "", name, *value ? "=" : "",
                             value) < 0)
                return NULL;
        return joined;
}

/* Nothing on it is run or opened as a device: what is there was not checked by anybody. */
static int mount_target(Devices *d, const char *device, const PlanTarget *target,
                        bool is_degraded) {
        _cleanup_free_ char *options = strdup(strempty(target->options));

        for (size_t i = 0; i < target->n_parts; i++) {
                const PlanPart *part = &target->parts[i];
                char path[64];

                if (devices_find(d, &part->device, path, NULL) < 0)
                        return -ENXIO;
                options = add_option(options, part->option, path);
        }
        if (is_degraded)
                options = add_option(options, "degraded", "");
        if (!options)
                return -ENOMEM;
        return d->capture->ops->mount(device, target->file_system, MS_NOSUID | MS_NODEV, options);
}

static int attach(Capture *c, const PlanTarget *target, uint64_t deadline_usec,
                  char ret_device[static 64], Error *reterr) {
        Devices *d = c->userdata;
        bool is_degraded = false;
        int r;

        d->capture = c;
        r = wait_for(d, target, deadline_usec, ret_device);
        if (r < 0 && streq_ptr(target->file_system, "btrfs") &&
            devices_find(d, &target->device, ret_device, NULL) >= 0) {
                is_degraded = true;
                r = 0;
        }
        if (r < 0) {
                return error_set(reterr, r, "no such device appeared within TargetTimeout=");
        }
        if (target->type == PLAN_TARGET_RAW)
                return 0;
        r = mount_target(d, ret_device, target, is_degraded);
        if (r == -ENODEV)
                (void)error_set(reterr, 0, "this kernel has no file system %s",
                                target->file_system);
        else if (r < 0)
                (void)error_set(reterr, 0, "%s cannot be mounted: %s", ret_device, strerror(-r));
        return r;
}

static int unmount_point(void) {
        return umount2(MOUNT_POINT, 0) < 0 && umount2(MOUNT_POINT, MNT_DETACH) < 0 ? -errno : 0;
}

static int probe(Capture *c, const char *path, dev_t *ret_number, BlockIdentity *ret) {
        _cleanup_close_ int fd = open_below(c->root_fd, path, O_RDONLY | O_NONBLOCK);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISBLK(st.st_mode))
                return -ENOTBLK;
        *ret_number = st.st_rdev;
        return block_probe(fd, ret);
}

static int scan_btrfs(Capture *c, const char *path) {
        return btrfs_scan(c->root_fd, path);
}

static int make_mapper(Capture *c, const PlanDevice *device, char *const *parameters, dev_t *ret) {
        return dm_create(c->root_fd, device, parameters, ret);
}

static int remove_mapper(Capture *c, const char *name) {
        return dm_remove(c->root_fd, name);
}

static int make_array(Capture *c, const PlanDevice *device, const dev_t *members, size_t n,
                      dev_t *ret) {
        return md_assemble(c->root_fd, device, members, n, ret);
}

static void detach(Capture *c, const PlanTarget *target) {
        int r = 0;

        if (target->type == PLAN_TARGET_FILE_SYSTEM)
                r = c->ops->unmount();
        if (r < 0)
                capture_say("%s cannot be unmounted: %s", target->label, strerror(-r));
        /* Who gets a shell may want to look at it, and cannot put it together by hand. */
        if ((c->shared->is_complete ? c->plan.final_action : c->plan.failure_action) != FINAL_SHELL)
                devices_release(c->userdata);
}

static int sync_fd(Capture *c, int fd, const char *name) {
        return fsync(fd) < 0 ? -errno : 0;
}

static ssize_t read_memory(Capture *c, void *buf, size_t size, uint64_t offset) {
        ssize_t n;

        do
                n = pread(c->vmcore_fd, buf, size, (off_t)offset);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

static int free_bytes(Capture *c, int fd, uint64_t *ret) {
        return retain_free_bytes(fd, ret);
}

const CaptureOps capture_ops = {
        .load_module = load_module,
        .attach = attach,
        .mount = mount_at_point,
        .detach = detach,
        .unmount = unmount_point,
        .probe = probe,
        .scan_btrfs = scan_btrfs,
        .make_mapper = make_mapper,
        .remove_mapper = remove_mapper,
        .make_array = make_array,
        .sync = sync_fd,
        .read_memory = read_memory,
        .free_bytes = free_bytes,
};

/* On a made-up machine nothing is loaded or mounted: what is to be the target is there or not, and
 * a raw target is the file with the name of its device. */
static int tree_load_module(Capture *c, const PlanModule *module) {
        return exists_below(c->root_fd, module->path) ? 0 : -ENOENT;
}

static int tree_attach(Capture *c, const PlanTarget *target, uint64_t deadline_usec,
                       char ret_device[static 64], Error *reterr) {
        strscpyf(ret_device, 64, "/dev/%.58s", strempty(target->device.value));
        if (exists_below(c->root_fd, target->type == PLAN_TARGET_RAW ? ret_device : MOUNT_POINT))
                return 0;
        return error_set(reterr, -ENODEV, "it is not in the tree");
}

static void tree_detach(Capture *c, const PlanTarget *target) {
}

const CaptureOps capture_tree_ops = {
        .load_module = tree_load_module,
        .attach = tree_attach,
        .detach = tree_detach,
        .sync = sync_fd,
        .read_memory = read_memory,
        .free_bytes = free_bytes,
};
